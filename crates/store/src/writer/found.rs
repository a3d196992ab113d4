//! The words that requests are found by. Knows the tables `payload_words` and `request_words`.
//!
//! A request's rows are made of the words of its payloads, so that all words of a question may
//! stand in different ones (`words::index`); they stand at the newest leaf that has words, so that
//! the newest is found first. Whatever changes the words of payloads makes the rows of their
//! requests anew.

use std::collections::BTreeMap;

use ledger::LeafIndex;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::db::{Connection, Insert, Value, tuples};
use crate::error::DbError;
use crate::words::Words;
use crate::words::index::{self, Kept};

pub(super) const PAYLOAD_WORDS: Insert = Insert {
    doing: "storing words",
    into: "payload_words (leaf, stream, readers, words)",
    columns: 4,
    after: "",
};
const REQUEST_WORDS: Insert =
    Insert { doing: "storing words", into: "request_words (rowid, words)", columns: 2, after: "" };
/// Requests whose rows are made anew at a time: all their words are in memory.
const REQUESTS_AT_ONCE_MAX: usize = 100;

/// One row of `payload_words`.
pub(super) fn payload_row(leaf: LeafIndex, stream: Uuid, words: &Words) -> [Value; 4] {
    let readers = words.readers().map(|readers| readers.as_bytes().to_vec());
    [leaf.0.into(), stream.into(), Value::BytesOrNull(readers), words.text().into()]
}

/// Makes the rows of these requests anew from what `payload_words` has.
pub(super) async fn refresh(connection: &mut Connection, streams: &[Uuid]) -> Result<(), DbError> {
    for streams in streams.chunks(REQUESTS_AT_ONCE_MAX) {
        let mut leaves: Vec<LeafIndex> = Vec::new();
        let mut requests: BTreeMap<Uuid, Vec<Kept>> = BTreeMap::new();
        for (stream, kept) in kept_of(connection, streams).await? {
            leaves.push(kept.leaf);
            requests.entry(stream).or_default().push(kept);
        }
        delete(connection, &leaves).await?;
        let rows = requests.values().flat_map(|payloads| index::rows(payloads));
        let values = rows.flat_map(|(number, words)| [number.into(), words.into()]);
        connection.insert(&REQUEST_WORDS, values.collect()).await?;
    }
    Ok(())
}

/// What `payload_words` has of these requests, in the order of the log.
pub(crate) async fn kept_of(
    connection: &mut Connection,
    streams: &[Uuid],
) -> Result<Vec<(Uuid, Kept)>, DbError> {
    let sql = AssertSqlSafe(format!(
        "select stream, leaf, readers, words from payload_words where stream in {} order by leaf",
        tuples(streams.len(), 1, 1)
    ));
    let values = streams.iter().map(|stream| (*stream).into()).collect();
    let rows = connection.query("reading words", sql, values).await?;
    let kept = |row: &crate::db::Row| {
        let readers: Option<Vec<u8>> = row.get(2)?;
        let readers = readers.and_then(|bytes| Uuid::from_slice(&bytes).ok());
        let kept = Kept { leaf: LeafIndex(row.count(1)?), readers, text: row.get(3)? };
        Ok((Uuid::from_bytes(row.array(0)?), kept))
    };
    rows.iter().map(kept).collect()
}

/// Deletes the rows that stand at these leaves.
async fn delete(connection: &mut Connection, leaves: &[LeafIndex]) -> Result<(), DbError> {
    for leaves in leaves.chunks(crate::limits::PAGE_ROWS_MAX) {
        let some: Vec<Value> =
            leaves.iter().flat_map(|leaf| index::numbers_at(*leaf)).map(Value::from).collect();
        let wanted = tuples(some.len(), 1, 1);
        let sql = AssertSqlSafe(format!("delete from request_words where rowid in {wanted}"));
        connection.execute("replacing words", sql, some).await?;
    }
    Ok(())
}

/// Erases the words of payloads, with a condition on the leaf that names its values from `$1` on.
/// What the other payloads of a request say stays.
pub(super) async fn erase(
    connection: &mut Connection,
    wanted: &str,
    ids: &[Value],
) -> Result<(), DbError> {
    let doing = "erasing words";
    let sql = format!("select distinct stream from payload_words where leaf in {wanted}");
    let rows = connection.query(doing, AssertSqlSafe(sql), ids.to_vec()).await?;
    let streams = rows.iter().map(|row| Ok(Uuid::from_bytes(row.array(0)?)));
    let streams = streams.collect::<Result<Vec<Uuid>, DbError>>()?;
    // A row may stand at a leaf that is erased, or at one that stays.
    for part in streams.chunks(REQUESTS_AT_ONCE_MAX) {
        let kept = kept_of(connection, part).await?;
        let leaves: Vec<LeafIndex> = kept.iter().map(|(_, kept)| kept.leaf).collect();
        delete(connection, &leaves).await?;
    }
    let sql = format!("delete from payload_words where leaf in {wanted}");
    connection.execute(doing, AssertSqlSafe(sql), ids.to_vec()).await?;
    refresh(connection, &streams).await
}
