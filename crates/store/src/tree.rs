//! Reads the stored tree: nodes, proofs, tiles, checkpoints. Knows no event.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::tile::{self, TileId, TileKind};
use ledger::tree::{self, NodeId};
use ledger::{Entry, Hash, LeafIndex, TreeSize};
use sqlx::AssertSqlSafe;

use crate::config::Published;
use crate::db::{Connection, Value, tuples};
use crate::error::ReadError;
use crate::read::Reader;

impl Reader {
    /// Inclusion proof of a leaf in the tree of `size` leaves.
    pub async fn inclusion_proof(
        &self,
        leaf: LeafIndex,
        size: TreeSize,
    ) -> Result<Vec<Hash>, ReadError> {
        let needed = tree::nodes_for_inclusion(leaf, size)?;
        let nodes = fetch_nodes(&mut self.db.connection().await?, &needed).await?;
        Ok(tree::inclusion_proof(leaf, size, |id| nodes.get(&id).copied())?)
    }

    /// Consistency proof from the tree of `old` leaves to that of `new` leaves.
    pub async fn consistency_proof(
        &self,
        old: TreeSize,
        new: TreeSize,
    ) -> Result<Vec<Hash>, ReadError> {
        let needed = tree::nodes_for_consistency(old, new)?;
        let nodes = fetch_nodes(&mut self.db.connection().await?, &needed).await?;
        Ok(tree::consistency_proof(old, new, |id| nodes.get(&id).copied())?)
    }

    /// Bytes of a tile or entry bundle (C2SP tlog-tiles); `None` when the tree is too small.
    ///
    /// Give the size of a published checkpoint, so that nothing is shown that is not published.
    pub async fn tile(&self, id: TileId, size: TreeSize) -> Result<Option<Vec<u8>>, ReadError> {
        if !id.exists_in(size) {
            return Ok(None);
        }
        let damaged = |error: tile::TileError| ReadError::Damaged(error.to_string());
        if id.kind() == TileKind::Entries {
            let first = id.index() * u64::from(tile::TILE_WIDTH_MAX);
            let entries = self.entries(first..first + u64::from(id.width().get())).await?;
            return tile::bundle(&entries).map(Some).map_err(damaged);
        }
        let mut ids = id.nodes();
        let Some(first) = ids.next() else { return Ok(None) };
        let width = i64::from(id.width().get());
        let (sql, mut values) = if first.level == 0 {
            let sql = "select leaf_index, hash from leaf \
                       where leaf_index >= $1 and leaf_index < $1 + $2";
            (sql, Vec::new())
        } else {
            let sql = "select node_index, hash from node \
                       where node_index >= $1 and node_index < $1 + $2 and level = $3";
            (sql, vec![i64::from(first.level).into()])
        };
        values.splice(0..0, [Value::from(first.index), width.into()]);
        let mut nodes = HashMap::new();
        for row in self.db.query("reading a tile", sql, values).await? {
            let id = NodeId { level: first.level, index: row.count(0)? };
            nodes.insert(id, Hash(row.array(1)?));
        }
        tile::contents(id, size, |id| nodes.get(&id).copied()).map(Some).map_err(damaged)
    }

    /// Entries of neighbouring leaves; all of them must exist.
    pub async fn entries(&self, leaves: std::ops::Range<u64>) -> Result<Vec<Entry>, ReadError> {
        let count = leaves.end.saturating_sub(leaves.start);
        let max = crate::limits::CHECK_ROWS_MAX;
        let size = usize::try_from(count).unwrap_or(usize::MAX);
        if size > max {
            return Err(ReadError::TooLarge { what: "number of entries", size, max });
        }
        let sql = "select entry from leaf where leaf_index >= $1 and leaf_index < $2 \
                   order by leaf_index";
        let values = vec![leaves.start.into(), leaves.end.into()];
        let rows = self.db.query("reading entries", sql, values).await?;
        if rows.len() != size {
            let why = format!("{} of the leaves {leaves:?} are there", rows.len());
            return Err(ReadError::Damaged(why));
        }
        rows.iter().map(|row| Ok(Entry(row.array(0)?))).collect()
    }

    /// The checkpoint that was signed when the tree had exactly this size, if one was.
    pub async fn checkpoint_at(&self, size: TreeSize) -> Result<Option<Published>, ReadError> {
        self.one_checkpoint("select size, root, note from checkpoint where size = $1", size).await
    }

    /// The first checkpoint that covers a leaf, or the first of at least this size.
    pub async fn checkpoint_from(&self, size: TreeSize) -> Result<Option<Published>, ReadError> {
        let sql = "select size, root, note from checkpoint where size >= $1 \
                   order by size limit 1";
        self.one_checkpoint(sql, size).await
    }

    /// The newest stored checkpoint. A serving process asks [`crate::Store::checkpoint`] instead:
    /// the newest stored one may not yet be kept beside the key.
    pub async fn newest_checkpoint(&self) -> Result<Option<Published>, ReadError> {
        let sql = "select size, root, note from checkpoint where size >= $1 \
                   order by size desc limit 1";
        self.one_checkpoint(sql, TreeSize(0)).await
    }

    async fn one_checkpoint(
        &self,
        sql: &'static str,
        size: TreeSize,
    ) -> Result<Option<Published>, ReadError> {
        let rows = self.db.query("reading a checkpoint", sql, vec![size.0.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Published {
            size: TreeSize(row.count(0)?),
            root: Hash(row.array(1)?),
            note: Arc::from(row.get::<String>(2)?),
        }))
    }

    /// Signature lines of log witnesses for the checkpoint of this size, by name.
    pub async fn cosignatures(&self, size: TreeSize) -> Result<Vec<String>, ReadError> {
        let sql = "select line from cosignature where size = $1 order by name limit $2";
        let values = vec![size.0.into(), (crate::limits::PAGE_ROWS_MAX as u64).into()];
        let rows = self.db.query("reading cosignatures", sql, values).await?;
        rows.iter().map(|row| Ok(row.get(0)?)).collect()
    }
}

/// Reads nodes of any level in one query.
pub(crate) async fn fetch_nodes(
    connection: &mut Connection,
    ids: &[NodeId],
) -> Result<HashMap<NodeId, Hash>, ReadError> {
    let max = crate::limits::CHECK_ROWS_MAX;
    if ids.len() > max {
        return Err(ReadError::TooLarge { what: "number of nodes", size: ids.len(), max });
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (leaves, inner): (Vec<&NodeId>, Vec<&NodeId>) = ids.iter().partition(|id| id.level == 0);
    let mut parts = Vec::new();
    if !leaves.is_empty() {
        // A plain 0 is another type on PostgreSQL when nothing is united with it.
        parts.push(format!(
            "select cast(0 as bigint), leaf_index, hash from leaf where leaf_index in {}",
            tuples(leaves.len(), 1, 1)
        ));
    }
    if !inner.is_empty() {
        parts.push(format!(
            "select node.level, node.node_index, node.hash from (values {}) as wanted \
             join node on node.level = wanted.column1 and node.node_index = wanted.column2",
            tuples(2, inner.len(), 1 + leaves.len())
        ));
    }
    let values = leaves
        .iter()
        .map(|id| id.index.into())
        .chain(inner.iter().flat_map(|id| [i64::from(id.level).into(), id.index.into()]))
        .collect();
    let sql = AssertSqlSafe(parts.join(" union all "));
    let mut nodes = HashMap::with_capacity(ids.len());
    for row in connection.query("reading nodes", sql, values).await? {
        let level: i64 = row.get(0)?;
        // Levels come from the ids that were asked for, all of them 63 at most.
        let id = NodeId { level: level as u8, index: row.count(1)? };
        nodes.insert(id, Hash(row.array(2)?));
    }
    Ok(nodes)
}
