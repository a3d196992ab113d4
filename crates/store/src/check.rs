//! Derives everything again from the events and compares: entries, leaves, nodes, roots, signed
//! checkpoints, the list of requests, blobs. Knows no rule; what a list's row must say is told by
//! the caller.
//!
//! It reads one unchanging state of the store, a page at a time, and may run beside a serving
//! process.

mod derived;

use std::collections::HashMap;

use jiff::Timestamp;
use ledger::checkpoint::SignedCheckpoint;
use ledger::note::VerifierKey;
use ledger::tree::{Frontier, Node, NodeId};
use ledger::{Entry, Hash, LeafIndex, TreeSize, leaf_hash};
use uuid::Uuid;

use crate::act::{BlobDigest, Derived, Part};
use crate::db::{Connection, Row};
use crate::error::{BlobError, DbError, ReadError};
use crate::limits::{CHECK_FINDINGS_MAX, CHECK_ROWS_MAX, PAGE_ROWS_MAX};
use crate::read::{self, Reader};
use crate::record;
use crate::writer::{Head, read_head, time};

/// What a check has seen and found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Leaves of the tree.
    pub size: TreeSize,
    /// Root of the tree, as derived.
    pub root: Hash,
    /// Leaves whose record was derived again and hashed.
    pub derived: u64,
    /// Leaves whose payload was erased: the hash is kept, the record is not derivable.
    pub erased: u64,
    /// Nodes compared.
    pub nodes: u64,
    /// Checkpoints whose size, root and signature were compared.
    pub checkpoints: u64,
    /// Rows of the list compared.
    pub views: u64,
    /// Blobs whose digest was compared.
    pub blobs: u64,
    /// The first defects, at most [`CHECK_FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many defects there are in all.
    pub findings_count: u64,
}

/// One defect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// A leaf index without an event.
    #[error("leaf {0} has no event")]
    EventMissing(LeafIndex),
    /// An event without a leaf row.
    #[error("event of leaf {0} has no leaf row")]
    LeafMissing(LeafIndex),
    /// An event without a payload row, or without body or salt although it was not erased.
    #[error("the payload of leaf {0} is missing, but was not erased")]
    PayloadMissing(LeafIndex),
    /// Event, payload, time or salt are not those that were hashed.
    #[error("the record of leaf {leaf} gives entry {derived}, the leaf row says {stored}")]
    EntryDiffers {
        /// The leaf.
        leaf: LeafIndex,
        /// From event and payload.
        derived: Entry,
        /// In the leaf row.
        stored: Entry,
    },
    /// The leaf's hash is not that of its entry.
    #[error("the hash of leaf {0} is not that of its entry")]
    LeafHashDiffers(LeafIndex),
    /// A node that the leaves give is not stored.
    #[error("node {} of level {} is missing", .0.index, .0.level)]
    NodeMissing(NodeId),
    /// A stored node is not what the leaves give.
    #[error("node {} of level {} is not what the leaves give", .0.index, .0.level)]
    NodeDiffers(NodeId),
    /// More nodes or leaves are stored than the events give.
    #[error("{what}: {stored} are stored, the events give {derived}")]
    CountDiffers {
        /// Of what.
        what: &'static str,
        /// Rows there are.
        stored: u64,
        /// Rows there should be.
        derived: u64,
    },
    /// The head's row does not agree with the events.
    #[error("the head says {stored_size} leaves and root {stored}, the events give {derived}")]
    HeadDiffers {
        /// Size in the head.
        stored_size: TreeSize,
        /// Root in the head.
        stored: Hash,
        /// Root that the events give.
        derived: Hash,
    },
    /// The newest size has no checkpoint.
    #[error("there is no checkpoint of {0} leaves, the newest size")]
    CheckpointMissing(TreeSize),
    /// A checkpoint signs another tree than the events give.
    #[error("the checkpoint of {size} leaves signs root {signed}, the events give {derived}")]
    CheckpointRoot {
        /// Its size.
        size: TreeSize,
        /// What it signs.
        signed: Hash,
        /// What the events give.
        derived: Hash,
    },
    /// A checkpoint is not a signed note of one of the keys, or not of its row's size.
    #[error("the checkpoint of {size} leaves: {why}")]
    CheckpointUnsound {
        /// Its row's size.
        size: TreeSize,
        /// What is wrong.
        why: String,
    },
    /// A stream's events are not numbered 1, 2, 3 ...
    #[error("stream {stream} has {count} events, the last is numbered {last}")]
    SeqGap {
        /// The stream.
        stream: Uuid,
        /// Its events.
        count: u64,
        /// The greatest number.
        last: u64,
    },
    /// An event is older than its predecessor.
    #[error("the event of leaf {leaf} is of {at}, its predecessor of {before}")]
    TimeBackwards {
        /// The leaf.
        leaf: LeafIndex,
        /// Its time.
        at: Timestamp,
        /// Its predecessor's.
        before: Timestamp,
    },
    /// A stream that should be in the list is not, or is and should not be.
    #[error("stream {0} is in the list, or missing from it, against its events")]
    ViewPresence(Uuid),
    /// A row of the list is not what the events give.
    #[error("the list's row of stream {0} is not what its events give")]
    ViewDiffers(Uuid),
    /// The words that a payload is found by are not what it gives.
    #[error("the words of leaf {0} are not what its payload gives")]
    WordsDiffer(LeafIndex),
    /// The blobs that an event or its payload names are not those it owns.
    #[error("the blobs that leaf {0} owns are not those it names")]
    OwnersDiffer(LeafIndex),
    /// A file in the folder of blobs that no row names.
    #[error(
        "the file {0} in the folder of blobs belongs to no blob: `comity retention --erase` \
         removes it"
    )]
    StrayFile(String),
    /// A blob's bytes are missing or others.
    #[error("blob {digest}: {why}")]
    Blob {
        /// Its name.
        digest: BlobDigest,
        /// What is wrong.
        why: String,
    },
}

impl Report {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings_count == 0
    }

    fn find(&mut self, finding: Finding) {
        self.findings_count += 1;
        if self.findings.len() < CHECK_FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// What must be derived from a stream with these events.
pub type Derive<'a> = &'a mut (dyn FnMut(&Part<'_>) -> Derived + Send);

/// Checks the whole store. `keys` are the log's public keys, old ones included; `derive` is
/// `None` where the caller does not know how.
pub async fn check(
    reader: &Reader,
    keys: &[VerifierKey],
    derive: Option<Derive<'_>>,
) -> Result<Report, ReadError> {
    let mut connection = reader.db.connection().await?;
    connection.begin_reading().await?;
    let done = check_all(&mut connection, reader, keys, derive).await;
    // Reading leaves nothing to roll back; a connection that cannot even do that is thrown away.
    if connection.rollback().await.is_err() {
        connection.discard().await;
    }
    done
}

async fn check_all(
    connection: &mut Connection,
    reader: &Reader,
    keys: &[VerifierKey],
    derive: Option<Derive<'_>>,
) -> Result<Report, ReadError> {
    let head = read_head(connection).await?;
    let mut report = Report {
        size: TreeSize(0),
        root: Hash::EMPTY_ROOT,
        derived: 0,
        erased: 0,
        nodes: 0,
        checkpoints: 0,
        views: 0,
        blobs: 0,
        findings: Vec::new(),
        findings_count: 0,
    };
    check_tree(connection, &mut report, &head, keys).await?;
    check_counts(connection, &mut report).await?;
    check_seqs(connection, &mut report).await?;
    if let Some(derive) = derive {
        derived::check_derived(connection, &mut report, derive).await?;
    }
    check_blobs(connection, reader, &mut report).await?;
    check_files(reader, &mut report).await?;
    Ok(report)
}

/// Events in the order of the log: records, leaves, nodes, and every checkpoint on the way.
async fn check_tree(
    connection: &mut Connection,
    report: &mut Report,
    head: &Head,
    keys: &[VerifierKey],
) -> Result<(), ReadError> {
    let mut frontier = Frontier::new();
    let mut before = i64::MIN;
    loop {
        let size = frontier.size().0;
        let rows = read::events_from(connection, size).await?;
        if rows.is_empty() {
            break;
        }
        let mut checkpoints = checkpoints_from(connection, size, rows.len()).await?;
        let mut derived = Vec::with_capacity(2 * rows.len());
        for row in &rows {
            // A gap is filled with nothing: what follows cannot be at its place any more.
            let leaf = LeafIndex(row.count(0)?);
            if leaf.0 != frontier.size().0 {
                report.find(Finding::EventMissing(LeafIndex(frontier.size().0)));
                return finish_tree(report, &frontier, head);
            }
            check_time(report, leaf, row.get(3)?, &mut before);
            let hash = check_leaf(report, leaf, row)?;
            frontier.append(hash, &mut derived);
            if let Some(note) = checkpoints.remove(&(leaf.0 + 1)) {
                check_checkpoint(report, frontier.size(), frontier.root(), &note, keys);
            }
        }
        check_nodes(connection, report, &derived).await?;
    }
    finish_tree(report, &frontier, head)
}

fn finish_tree(report: &mut Report, frontier: &Frontier, head: &Head) -> Result<(), ReadError> {
    report.size = frontier.size();
    report.root = frontier.root();
    if (head.size, head.root) != (report.size.0, report.root) {
        report.find(Finding::HeadDiffers {
            stored_size: TreeSize(head.size),
            stored: head.root,
            derived: report.root,
        });
    }
    Ok(())
}

fn check_time(report: &mut Report, leaf: LeafIndex, at: i64, before: &mut i64) {
    if at < *before {
        report.find(Finding::TimeBackwards { leaf, at: time(at), before: time(*before) });
    }
    *before = at;
}

/// Compares one event with its leaf, and gives the leaf's hash.
fn check_leaf(report: &mut Report, leaf: LeafIndex, row: &Row) -> Result<Hash, DbError> {
    let stored = match (row.get::<Option<&[u8]>>(9)?, row.get::<Option<&[u8]>>(10)?) {
        (Some(_), Some(_)) => Some((Hash(row.array(9)?), Entry(row.array(10)?))),
        _ => None,
    };
    let derived = derive_entry(report, leaf, row)?;
    let Some((hash, entry)) = stored else {
        report.find(Finding::LeafMissing(leaf));
        return Ok(derived.map_or(Hash([0; 32]), leaf_hash));
    };
    if let Some(derived) = derived
        && derived != entry
    {
        report.find(Finding::EntryDiffers { leaf, derived, stored: entry });
    }
    if hash != leaf_hash(entry) {
        report.find(Finding::LeafHashDiffers(leaf));
    }
    Ok(leaf_hash(entry))
}

/// The entry of the stored event and payload; `None` when it cannot be derived.
fn derive_entry(report: &mut Report, leaf: LeafIndex, row: &Row) -> Result<Option<Entry>, DbError> {
    if row.get::<Option<i64>>(8)?.is_some() {
        report.erased += 1;
        return Ok(None);
    }
    let (has_body, body): (Option<i64>, Option<&str>) = (row.get(5)?, row.get(6)?);
    let salt: Option<&[u8]> = row.get(7)?;
    let whole = has_body == Some(i64::from(body.is_some())) && salt.is_some();
    if !whole {
        report.find(Finding::PayloadMissing(leaf));
        return Ok(None);
    }
    let stream = Uuid::from_bytes(row.array(1)?);
    let json = record::record_json(stream, row.count(2)?, time(row.get(3)?), row.get(4)?, body);
    report.derived += 1;
    Ok(Some(record::entry(&row.array(7)?, &json)))
}

/// Notes of the checkpoints of sizes `size + 1 ..= size + count`.
async fn checkpoints_from(
    connection: &mut Connection,
    size: u64,
    count: usize,
) -> Result<HashMap<u64, (Hash, String)>, DbError> {
    let sql = "select size, root, note from checkpoint where size > $1 and size <= $1 + $2";
    let values = vec![size.into(), (count as u64).into()];
    let rows = connection.query("reading checkpoints", sql, values).await?;
    rows.iter().map(|row| Ok((row.count(0)?, (Hash(row.array(1)?), row.get(2)?)))).collect()
}

fn check_checkpoint(
    report: &mut Report,
    size: TreeSize,
    derived: Hash,
    (root, note): &(Hash, String),
    keys: &[VerifierKey],
) {
    report.checkpoints += 1;
    let unsound = |why: String| Finding::CheckpointUnsound { size, why };
    let signed = match SignedCheckpoint::parse(note.as_bytes()) {
        Ok(signed) => signed,
        Err(error) => return report.find(unsound(error.to_string())),
    };
    if signed.checkpoint().size() != size || signed.checkpoint().root() != *root {
        report.find(unsound("the note does not say what its row says".to_owned()));
    }
    if !keys.iter().any(|key| signed.verify(key).is_ok()) {
        report.find(unsound("it is not signed by a key of this log".to_owned()));
    }
    let signed = signed.checkpoint().root();
    if signed != derived {
        report.find(Finding::CheckpointRoot { size, signed, derived });
    }
}

/// Compares the inner nodes that a page of events completes.
async fn check_nodes(
    connection: &mut Connection,
    report: &mut Report,
    derived: &[Node],
) -> Result<(), ReadError> {
    let inner: Vec<&Node> = derived.iter().filter(|node| node.id.level > 0).collect();
    for part in inner.chunks(CHECK_ROWS_MAX) {
        let ids: Vec<NodeId> = part.iter().map(|node| node.id).collect();
        let stored = crate::tree::fetch_nodes(connection, &ids).await?;
        for node in part {
            report.nodes += 1;
            match stored.get(&node.id) {
                None => report.find(Finding::NodeMissing(node.id)),
                Some(hash) if *hash != node.hash => report.find(Finding::NodeDiffers(node.id)),
                Some(_) => (),
            }
        }
    }
    Ok(())
}

/// Rows that no event asks for, which the walk along the events does not meet.
async fn check_counts(connection: &mut Connection, report: &mut Report) -> Result<(), DbError> {
    // A tree of n leaves has as many perfect subtrees above them as n halves, quarters, ... has.
    let nodes = (1..64).map(|level| report.size.0 >> level).sum();
    let expected = [
        ("leaf rows", "select count(*) from leaf", report.size.0),
        ("payload rows", "select count(*) from payload", report.size.0),
        ("nodes", "select count(*) from node", nodes),
        (
            "checkpoints beyond the newest event",
            "select count(*) from checkpoint where size > (select size from head where id = 1)",
            0,
        ),
    ];
    for (what, sql, derived) in expected {
        let rows = connection.query("counting rows", sql, Vec::new()).await?;
        let stored = rows.first().map(|row| row.count(0)).transpose()?.unwrap_or(0);
        if stored != derived {
            report.find(Finding::CountDiffers { what, stored, derived });
        }
    }
    let sql = "select count(*) from checkpoint where size = $1";
    let rows = connection.query("counting rows", sql, vec![report.size.0.into()]).await?;
    let newest = rows.first().map(|row| row.count(0)).transpose()?.unwrap_or(0);
    if newest == 0 && report.size.0 > 0 {
        report.find(Finding::CheckpointMissing(report.size));
    }
    Ok(())
}

/// Numbers are unique by the table, so that count and greatest number tell every gap.
async fn check_seqs(connection: &mut Connection, report: &mut Report) -> Result<(), DbError> {
    let sql = "select stream, count(*), max(seq) from event group by stream \
               having count(*) <> max(seq) order by stream limit $1";
    let values = vec![(CHECK_FINDINGS_MAX as u64).into()];
    for row in connection.query("counting events", sql, values).await? {
        report.find(Finding::SeqGap {
            stream: Uuid::from_bytes(row.array(0)?),
            count: row.count(1)?,
            last: row.count(2)?,
        });
    }
    Ok(())
}

async fn check_blobs(
    connection: &mut Connection,
    reader: &Reader,
    report: &mut Report,
) -> Result<(), ReadError> {
    let sql = "select digest from blob where erased_at is null and digest > $1 \
               order by digest limit $2";
    let mut after: Vec<u8> = Vec::new();
    loop {
        let values = vec![after.clone().into(), (PAGE_ROWS_MAX as u64).into()];
        let rows = connection.query("listing blobs", sql, values).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.get(0)?;
        for row in &rows {
            let digest = BlobDigest(row.array(0)?);
            report.blobs += 1;
            match reader.check_blob(digest).await {
                // Erased since the check began.
                Ok(()) | Err(BlobError::Erased { .. }) => (),
                Err(BlobError::Db(error)) => return Err(error.into()),
                Err(error) => report.find(Finding::Blob { digest, why: with_sources(&error) }),
            }
        }
    }
}

/// Files that no row names. Beside a serving process none is taken for one that is being made, so
/// that none needs to have an age.
async fn check_files(reader: &Reader, report: &mut Report) -> Result<(), ReadError> {
    match reader.stray_files(Timestamp::MAX).await {
        Ok(stray) => stray.into_iter().for_each(|name| report.find(Finding::StrayFile(name))),
        Err(BlobError::Db(error)) => return Err(error.into()),
        Err(error) => return Err(ReadError::Damaged(with_sources(&error))),
    }
    Ok(())
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
