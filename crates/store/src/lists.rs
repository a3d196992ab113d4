//! The list of requests: by age, as a queue, by words. Knows the table `request_view`; what a
//! state, a mark or a word means is the caller's.

mod found;

pub use found::{FoundPage, ORDER_WALKED_MAX, RANKED_MAX};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::act::{Labels, QueueCursor, QueueFilter, View, ViewCursor, ViewQuery};
use crate::db::{Connection, Db, Row, Value, tuples};
use crate::error::{DbError, ReadError};
use crate::limits::PAGE_ROWS_MAX;
use crate::read::{Reader, read_uuid_or_null};
use crate::writer::time;

impl Reader {
    /// A page of the list of requests, newest first.
    pub async fn views(&self, query: &ViewQuery) -> Result<Vec<View>, ReadError> {
        let (size, max) = (query.rows_max, PAGE_ROWS_MAX);
        if size > max {
            return Err(ReadError::TooLarge { what: "number of rows of a page", size, max });
        }
        let mut sql = format!("select {VIEW_COLUMNS} from request_view where opened < $1");
        let after = query.after.map_or(i64::MAX as u64, |cursor| cursor.0);
        let mut values: Vec<Value> = vec![after.into(), (size as u64).into()];
        self.filter_rows(&query.filter, &mut sql, &mut values);
        if !query.states.is_empty() {
            let first = values.len() + 1;
            values.extend(query.states.iter().map(|state| state.as_str().into()));
            let places: Vec<String> = (first..=values.len()).map(|at| format!("${at}")).collect();
            sql.push_str(&format!(" and state in ({})", places.join(", ")));
        }
        sql.push_str(" order by opened desc limit $2");
        self.read_views(AssertSqlSafe(sql), values).await
    }

    /// A page of the queue in one state: what falls due next first, what never does last.
    pub async fn queue(
        &self,
        state: &str,
        filter: &QueueFilter,
        after: QueueCursor,
        rows_max: usize,
    ) -> Result<Vec<View>, ReadError> {
        let (size, max) = (rows_max, PAGE_ROWS_MAX);
        if size > max {
            return Err(ReadError::TooLarge { what: "number of rows of a page", size, max });
        }
        // The first comparison is what the index is entered by.
        let mut sql = format!(
            "select {VIEW_COLUMNS} from request_view where state = $1 and {DUE} >= $2 \
             and ({DUE} > $2 or opened > $3)"
        );
        let mut values: Vec<Value> =
            vec![state.into(), after.due.into(), after.opened.0.into(), (size as u64).into()];
        self.filter_rows(filter, &mut sql, &mut values);
        sql.push_str(&format!(" order by {DUE}, opened limit $4"));
        self.read_views(AssertSqlSafe(sql), values).await
    }

    /// The list's rows of these requests, in any order; those that are not in the list are missing.
    pub async fn views_of(&self, streams: &[Uuid]) -> Result<Vec<View>, ReadError> {
        let (size, max) = (streams.len(), PAGE_ROWS_MAX);
        if size > max {
            return Err(ReadError::TooLarge { what: "number of rows of a page", size, max });
        }
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let sql = AssertSqlSafe(format!(
            "select {VIEW_COLUMNS} from request_view where stream in {}",
            tuples(size, 1, 1)
        ));
        self.read_views(sql, streams.iter().map(|stream| (*stream).into()).collect()).await
    }

    /// The list's row of one request.
    pub async fn view(&self, stream: Uuid) -> Result<Option<View>, ReadError> {
        Ok(view_on(&mut self.db.connection().await?, stream).await?)
    }

    /// Requests in one state in which something falls due before a time, the most urgent first.
    pub async fn views_due(
        &self,
        state: &str,
        before: Timestamp,
        rows_max: usize,
    ) -> Result<Vec<View>, ReadError> {
        let sql = AssertSqlSafe(format!(
            "select {VIEW_COLUMNS} from request_view where state = $1 and {DUE} < $2 \
             order by {DUE}, opened limit $3"
        ));
        let rows = rows_max.min(PAGE_ROWS_MAX) as u64;
        let values = vec![state.into(), before.as_microsecond().into(), rows.into()];
        self.read_views(sql, values).await
    }

    /// Adds the conditions of a filter to a statement.
    fn filter_rows(&self, filter: &QueueFilter, sql: &mut String, values: &mut Vec<Value>) {
        // SQLite takes the index of an agency before that of a mark and then sorts what it found; a
        // plus keeps it from that (https://sqlite.org/queryplanner-ng.html).
        let plus = match (&self.db, filter.label) {
            (Db::Sqlite(_), Some(_)) => "+",
            _ => "",
        };
        for (column, wanted) in [("agency", filter.agency), ("assignee", filter.assignee)] {
            if let Some(wanted) = wanted {
                values.push(wanted.into());
                sql.push_str(&format!(" and {plus}{column} = ${}", values.len()));
            }
        }
        if let Some(label) = filter.label {
            // Spelled as in the partial indexes, which a bound value would not match.
            sql.push_str(&format!(" and (labels & {}) <> 0", label.bit()));
        }
    }

    async fn read_views(
        &self,
        sql: AssertSqlSafe<String>,
        values: Vec<Value>,
    ) -> Result<Vec<View>, ReadError> {
        let rows = self.db.query("listing requests", sql, values).await?;
        rows.iter().map(|row| Ok(read_view(row)?)).collect()
    }
}

/// The list's row of a stream, on a connection of the caller's.
pub(crate) async fn view_on(
    connection: &mut Connection,
    stream: Uuid,
) -> Result<Option<View>, DbError> {
    let sql = AssertSqlSafe(format!("select {VIEW_COLUMNS} from request_view where stream = $1"));
    let rows = connection.query("listing requests", sql, vec![stream.into()]).await?;
    rows.first().map(read_view).transpose()
}

/// When a row falls due, as the indexes `request_view_queue` and its sisters spell it.
const DUE: &str = "coalesce(next_due, 9223372036854775807)";

const VIEW_COLUMNS: &str =
    "stream, agency, state, summary, next_due, updated_at, opened, labels, assignee";

pub(crate) fn read_view(row: &Row) -> Result<View, DbError> {
    Ok(View {
        stream: Uuid::from_bytes(row.array(0)?),
        agency: Uuid::from_bytes(row.array(1)?),
        state: row.get(2)?,
        summary_json: row.get(3)?,
        next_due: row.get::<Option<i64>>(4)?.map(time),
        updated_at: time(row.get(5)?),
        cursor: ViewCursor(row.count(6)?),
        labels: Labels::of_bits(row.get(7)?),
        assignee: read_uuid_or_null(row, 8)?,
    })
}
