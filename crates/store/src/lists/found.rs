//! Requests by words. Knows the tables `request_words` and `payload_words`.
//!
//! The index says which requests have all the words, where those stand that the reader may see; the
//! order of more than two words is read from the payloads' own, in the same way on both engines.

use std::collections::HashMap;

use ledger::LeafIndex;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::act::Found;
use crate::db::{Connection, Row, tuples};
use crate::error::{DbError, ReadError};
use crate::limits::{PAGE_ROWS_MAX, TEXTS_ROWS_MAX};
use crate::read::Reader;
use crate::words::{Question, index};
use crate::writer::time;

/// Requests that have all words of a question, side by side, and are looked at for their order, for
/// one page. A phrase of pairs that everybody writes and nobody in this order may end a page early;
/// its `next` goes on.
pub const ORDER_WALKED_MAX: usize = 150;
/// Requests that are ranked: the newest that were found.
pub const RANKED_MAX: usize = 300;
/// Requests whose words are in memory at a time.
const WORDS_AT_ONCE_MAX: usize = 50;
/// Payloads that the walk looks at on PostgreSQL before it turns to the index. A word of one in
/// twenty requests is found among them a hundred times.
const NEWEST_WALKED_MAX: u32 = 2_000;

/// What was found, and where it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPage {
    /// The requests.
    pub rows: Vec<Found>,
    /// Before which leaf the next page begins; none when this was the last.
    pub next: Option<LeafIndex>,
}

impl Reader {
    /// Requests that have all of these words, the one with the newest words first: those before a
    /// leaf, or from the newest of all. Whoever asks has noted the read.
    pub async fn find(
        &self,
        question: &Question,
        before: Option<LeafIndex>,
        rows_max: usize,
    ) -> Result<FoundPage, ReadError> {
        let (size, max) = (rows_max, PAGE_ROWS_MAX);
        if size > max {
            return Err(ReadError::TooLarge { what: "number of rows of a page", size, max });
        }
        let mut connection = self.db.connection().await?;
        let at_once = if question.needs_texts() { TEXTS_ROWS_MAX } else { size };
        let (mut page, mut before, mut walked) = (FoundPage::default(), before, 0);
        loop {
            let some = candidates(&mut connection, question, before, at_once).await?;
            let (count, last) = (some.len(), some.last().map(|found| found.leaf));
            walked += count;
            let kept = in_texts(&mut connection, question, some).await?;
            let room = size - page.rows.len();
            if kept.len() > room {
                page.rows.extend(kept.into_iter().take(room));
                page.next = page.rows.last().map(|found| found.leaf);
                return Ok(page);
            }
            page.rows.extend(kept);
            before = last;
            if count < at_once {
                return Ok(page);
            }
            if page.rows.len() == size || walked >= ORDER_WALKED_MAX {
                page.next = last;
                return Ok(page);
            }
        }
    }

    /// The best of the newest [`RANKED_MAX`] requests that have all of these words, the best first.
    /// Whoever asks has noted the read.
    pub async fn find_best(
        &self,
        question: &Question,
        rows_max: usize,
    ) -> Result<Vec<Found>, ReadError> {
        let mut newest = Vec::new();
        let mut before = None;
        while newest.len() < RANKED_MAX {
            let room = (RANKED_MAX - newest.len()).min(PAGE_ROWS_MAX);
            let page = self.find(question, before, room).await?;
            newest.extend(page.rows);
            before = page.next;
            // A page of a phrase that found nothing has walked far enough.
            if before.is_none() || question.needs_texts() {
                break;
            }
        }
        let mut connection = self.db.connection().await?;
        let mut ranked = Vec::with_capacity(newest.len());
        for some in newest.chunks(WORDS_AT_ONCE_MAX) {
            let words = words_of(&mut connection, question, some).await?;
            ranked.extend(some.iter().map(|found| {
                let texts = words.get(&found.stream).map(Vec::as_slice).unwrap_or_default();
                (question.relevance(texts), *found)
            }));
        }
        // Stable: what is equally good stays newest first.
        ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        Ok(ranked.into_iter().map(|(_, found)| found).take(rows_max).collect())
    }
}

/// Requests that have all the words, whatever their order.
async fn candidates(
    connection: &mut Connection,
    question: &Question,
    before: Option<LeafIndex>,
    rows_max: usize,
) -> Result<Vec<Found>, DbError> {
    let [before, _] = before.map_or([i64::MAX as u64; 2], index::numbers_at);
    let (condition, asked) = question.on(connection);
    let look = match connection {
        Connection::Sqlite(_) => &[Look::Walk][..],
        Connection::Postgres(_) => &[Look::Newest, Look::Index][..],
    };
    let mut leaves = Vec::new();
    for how in look {
        let sql = AssertSqlSafe(how.sql(&condition));
        let values = vec![asked.as_str().into(), before.into(), (rows_max as u64).into()];
        leaves = connection.query("looking for words", sql, values).await?;
        if leaves.len() == rows_max {
            break;
        }
    }
    if leaves.is_empty() {
        return Ok(Vec::new());
    }
    // Not one statement with the search: a planner that expects many rows reads all events.
    let sql = AssertSqlSafe(format!(
        "select stream, leaf_index, at from event where leaf_index in {} order by leaf_index desc",
        tuples(leaves.len(), 1, 1)
    ));
    let leaves = leaves.iter().map(|row| Ok(index::leaf_at(row.count(0)?).0.into()));
    let leaves = leaves.collect::<Result<_, DbError>>()?;
    let rows = connection.query("looking for words", sql, leaves).await?;
    let read = |row: &Row| {
        Ok(Found {
            stream: Uuid::from_bytes(row.array(0)?),
            leaf: LeafIndex(row.count(1)?),
            at: time(row.get(2)?),
        })
    };
    rows.iter().map(read).collect()
}

/// Those whose texts have what the index does not know: the order of more than two words.
async fn in_texts(
    connection: &mut Connection,
    question: &Question,
    found: Vec<Found>,
) -> Result<Vec<Found>, DbError> {
    if !question.needs_texts() {
        return Ok(found);
    }
    let mut kept = Vec::new();
    for some in found.chunks(WORDS_AT_ONCE_MAX) {
        let words = words_of(connection, question, some).await?;
        kept.extend(
            some.iter()
                .filter(|one| words.get(&one.stream).is_some_and(|texts| question.is_in(texts))),
        );
    }
    Ok(kept)
}

/// The words of those payloads of some requests that count for a question, in their order.
async fn words_of(
    connection: &mut Connection,
    question: &Question,
    found: &[Found],
) -> Result<HashMap<Uuid, Vec<String>>, DbError> {
    let mut words: HashMap<Uuid, Vec<String>> = HashMap::new();
    if found.is_empty() {
        return Ok(words);
    }
    let streams: Vec<Uuid> = found.iter().map(|found| found.stream).collect();
    for (stream, kept) in crate::writer::kept_of(connection, &streams).await? {
        if question.readers().is_none_or(|readers| kept.readers == Some(readers)) {
            words.entry(stream).or_default().push(kept.text);
        }
    }
    Ok(words)
}

/// How words are looked for.
#[derive(Clone, Copy)]
enum Look {
    /// FTS5 gives what it finds in the order of the rows, the newest first.
    Walk,
    /// A common word: among the newest payloads, without the index.
    Newest,
    /// A rare word: all that the index knows, then the newest of it. The planner left to itself
    /// takes a rare word for a common one and walks the whole table.
    Index,
}

impl Look {
    /// Rows with the condition, for `$1` the question, `$2` the leaf before, `$3` the rows.
    fn sql(self, condition: &str) -> String {
        const NEWEST: &str = "order by rowid desc limit $3";
        match self {
            Self::Walk => {
                format!("select rowid from request_words where {condition} and rowid < $2 {NEWEST}")
            }
            Self::Newest => format!(
                "select rowid from (select rowid, words from request_words where rowid < $2 \
                 order by rowid desc limit {NEWEST_WALKED_MAX}) newest \
                 where {condition} {NEWEST}"
            ),
            Self::Index => format!(
                "with found as materialized (select rowid from request_words \
                 where {condition} and rowid < $2) select rowid from found {NEWEST}"
            ),
        }
    }
}
