//! The words that requests are found by. Knows the tables `payload_words` and `request_words`.
//!
//! A request's row is made of the words of its payloads, so that all words of a question may stand
//! in different ones; it stands at the newest leaf that has words, so that the newest is found
//! first. Whatever changes the words of payloads makes the rows of their requests anew.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::db::{Connection, Insert, Value, tuples};
use crate::error::DbError;
use crate::words::set_of;

pub(super) const PAYLOAD_WORDS: Insert = Insert {
    doing: "storing words",
    into: "payload_words (leaf, stream, words)",
    columns: 3,
    after: "",
};
const REQUEST_WORDS: Insert =
    Insert { doing: "storing words", into: "request_words (rowid, words)", columns: 2, after: "" };
/// Requests whose rows are made anew at a time: all their words are in memory.
const REQUESTS_AT_ONCE_MAX: usize = 100;

/// Makes the rows of these requests anew from what `payload_words` has.
pub(super) async fn refresh(connection: &mut Connection, streams: &[Uuid]) -> Result<(), DbError> {
    for streams in streams.chunks(REQUESTS_AT_ONCE_MAX) {
        let sql = AssertSqlSafe(format!(
            "select leaf, stream, words from payload_words where stream in {} order by leaf",
            tuples(streams.len(), 1, 1)
        ));
        let values = streams.iter().map(|stream| (*stream).into()).collect();
        let rows = connection.query("reading words", sql, values).await?;
        let mut leaves: Vec<Value> = Vec::with_capacity(rows.len());
        let mut requests: BTreeMap<Uuid, (u64, Vec<String>)> = BTreeMap::new();
        for row in &rows {
            let leaf = row.count(0)?;
            let (newest, words) = requests.entry(Uuid::from_bytes(row.array(1)?)).or_default();
            *newest = leaf;
            words.push(row.get(2)?);
            leaves.push(leaf.into());
        }
        delete(connection, leaves).await?;
        let values = requests.into_values().flat_map(|(leaf, words)| {
            [leaf.into(), set_of(words.iter().map(String::as_str)).into()]
        });
        connection.insert(&REQUEST_WORDS, values.collect()).await?;
    }
    Ok(())
}

/// Deletes the rows that stand at these leaves.
async fn delete(connection: &mut Connection, leaves: Vec<Value>) -> Result<(), DbError> {
    let mut leaves = leaves.into_iter().peekable();
    while leaves.peek().is_some() {
        let some: Vec<Value> = leaves.by_ref().take(crate::limits::PAGE_ROWS_MAX).collect();
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
    // The row may stand at a leaf that is erased, or at one that stays.
    let sql = format!(
        "delete from request_words where rowid in (select leaf from payload_words where stream in \
         (select stream from payload_words where leaf in {wanted}))"
    );
    connection.execute(doing, AssertSqlSafe(sql), ids.to_vec()).await?;
    let sql = format!("delete from payload_words where leaf in {wanted}");
    connection.execute(doing, AssertSqlSafe(sql), ids.to_vec()).await?;
    refresh(connection, &streams).await
}
