//! The two engines behind one face. Knows no table: what is asked, and in which order, is said by
//! the files that own the tables. The SQL text is the same for both engines (`$1` works in both);
//! the values bound are integers, texts and bytes only, so that no type differs.

use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, Decode, Encode, Executor as _, PgPool, Postgres, Row as _, SqlSafeStr, Sqlite,
    SqlitePool, Type,
};

use crate::error::DbError;
use crate::place::Login;

/// A pool of connections to one engine.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool, Login),
}

/// One connection.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// A value to be bound.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Integer(i64),
    IntegerOrNull(Option<i64>),
    Text(String),
    TextOrNull(Option<String>),
    Bytes(Vec<u8>),
    BytesOrNull(Option<Vec<u8>>),
}

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

impl Db {
    pub async fn connection(&self) -> Result<Connection, DbError> {
        let connection = match self {
            Db::Sqlite(pool) => pool.acquire().await.map(Connection::Sqlite),
            Db::Postgres(pool, login) => login.acquire(pool).await.map(Connection::Postgres),
        };
        connection.map_err(failed("connecting to the database"))
    }

    /// Runs one query on a connection of its own.
    pub async fn query(
        &self,
        doing: &'static str,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, DbError> {
        self.connection().await?.query(doing, sql, values).await
    }

    pub async fn close(&self) {
        match self {
            Db::Sqlite(pool) => pool.close().await,
            Db::Postgres(pool, _) => pool.close().await,
        }
    }
}

impl Connection {
    /// Runs one statement and says how many rows it touched.
    pub async fn execute(
        &mut self,
        doing: &'static str,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<u64, DbError> {
        self.run(doing, sql, values, true).await
    }

    /// `keep` says whether the same text will come again.
    async fn run(
        &mut self,
        doing: &'static str,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
        keep: bool,
    ) -> Result<u64, DbError> {
        let result = match self {
            Connection::Sqlite(connection) => {
                let query = sqlx::query_with(sql, arguments::<Sqlite>(values, doing)?);
                let query = query.persistent(keep);
                (&mut **connection).execute(query).await.map(|done| done.rows_affected())
            }
            Connection::Postgres(connection) => {
                let query = sqlx::query_with(sql, arguments::<Postgres>(values, doing)?);
                let query = query.persistent(keep);
                (&mut **connection).execute(query).await.map(|done| done.rows_affected())
            }
        };
        result.map_err(failed(doing))
    }

    /// Runs one query and takes all of its rows; the caller has limited them.
    pub async fn query(
        &mut self,
        doing: &'static str,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, DbError> {
        let rows = match self {
            Connection::Sqlite(connection) => {
                let query = sqlx::query_with(sql, arguments::<Sqlite>(values, doing)?);
                let rows = (&mut **connection).fetch_all(query).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Connection::Postgres(connection) => {
                let query = sqlx::query_with(sql, arguments::<Postgres>(values, doing)?);
                let rows = (&mut **connection).fetch_all(query).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        rows.map_err(failed(doing))
    }

    /// Begins a transaction that will write.
    pub async fn begin_writing(&mut self) -> Result<(), DbError> {
        // The one statement that differs: SQLite must take its write lock at once, or a reader
        // that turns writer could fail in the middle.
        let sql = match self {
            Connection::Sqlite(_) => "begin immediate",
            Connection::Postgres(_) => "begin",
        };
        self.execute("beginning a transaction", sql, Vec::new()).await.map(drop)
    }

    /// Begins a transaction in which every query sees the same state.
    pub async fn begin_reading(&mut self) -> Result<(), DbError> {
        let sql = match self {
            Connection::Sqlite(_) => "begin",
            Connection::Postgres(_) => "begin isolation level repeatable read read only",
        };
        self.execute("beginning to read", sql, Vec::new()).await.map(drop)
    }

    pub async fn commit(&mut self) -> Result<(), DbError> {
        self.execute("committing", "commit", Vec::new()).await.map(drop)
    }

    pub async fn rollback(&mut self) -> Result<(), DbError> {
        self.execute("rolling back", "rollback", Vec::new()).await.map(drop)
    }

    /// Closes a connection whose state is not known, so that the pool makes a new one.
    pub async fn discard(self) {
        // It is thrown away because it failed; a failure to close it tells nothing new.
        let _ = match self {
            Connection::Sqlite(connection) => connection.close().await,
            Connection::Postgres(connection) => connection.close().await,
        };
    }

    /// Inserts rows, many with each statement.
    ///
    /// Full statements have the same text each time, so that the engine reads it once.
    pub async fn insert(&mut self, insert: &Insert, rows: Vec<Value>) -> Result<(), DbError> {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let values: Vec<Value> = rows.by_ref().take(INSERT_ROWS * insert.columns).collect();
            let count = values.len() / insert.columns;
            let rows = self.row_list(insert.columns, count);
            let sql = format!("insert into {} values {rows} {}", insert.into, insert.after);
            let keep = count == INSERT_ROWS || count == 1;
            self.run(insert.doing, AssertSqlSafe(sql), values, keep).await?;
        }
        Ok(())
    }

    /// Rows of placeholders that are the only ones of their statement.
    ///
    /// The one text that is spelled differently: SQLite takes `$7` for a name and looks names up
    /// one by one, in time that grows with the square of their number (docs/decisions/053).
    pub fn row_list(&self, columns: usize, rows: usize) -> String {
        match self {
            Connection::Postgres(_) => tuples(columns, rows, 1),
            Connection::Sqlite(_) => {
                let row = format!("({})", ["?"].repeat(columns).join(", "));
                vec![row; rows].join(", ")
            }
        }
    }
}

/// Rows of one full insert statement. Ten columns of them stay far below the values that either
/// engine lets a statement bind.
const INSERT_ROWS: usize = 64;

/// An insert of many rows: `insert into t (a, b) values ($1, $2), ($3, $4) on conflict ...`.
pub(crate) struct Insert {
    pub doing: &'static str,
    pub into: &'static str,
    pub columns: usize,
    pub after: &'static str,
}

/// `($1, $2), ($3, $4)`: rows of placeholders, counted from `first`.
pub(crate) fn tuples(columns: usize, rows: usize, first: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let separator = if column == 0 { "$" } else { ", $" };
            text.push_str(separator);
            let _ = write!(text, "{}", first + row * columns + column);
        }
        text.push(')');
    }
    text
}

impl Row {
    pub fn get<'r, T>(&'r self, column: usize) -> Result<T, DbError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        let value = match self {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        };
        value.map_err(failed("reading a row"))
    }

    /// A count, size or index: never negative where we wrote it.
    pub fn count(&self, column: usize) -> Result<u64, DbError> {
        let value: i64 = self.get(column)?;
        u64::try_from(value).map_err(|_| unreadable(format!("{value} where a count should be")))
    }

    /// Exactly `N` bytes.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], DbError> {
        let bytes: &[u8] = self.get(column)?;
        bytes
            .try_into()
            .map_err(|_| unreadable(format!("{} bytes where {N} should be", bytes.len())))
    }
}

pub(crate) fn failed(doing: &'static str) -> impl FnOnce(sqlx::Error) -> DbError {
    move |error| DbError { doing, source: Arc::new(error) }
}

/// A row is there, but does not hold what this crate writes.
pub(crate) fn unreadable(why: String) -> DbError {
    DbError { doing: "reading a row", source: Arc::new(sqlx::Error::Decode(why.into())) }
}

fn arguments<'q, D>(values: Vec<Value>, doing: &'static str) -> Result<D::Arguments, DbError>
where
    D: sqlx::Database,
    D::Arguments: sqlx::Arguments<Database = D> + Default,
    i64: Encode<'q, D> + Type<D>,
    Option<i64>: Encode<'q, D> + Type<D>,
    String: Encode<'q, D> + Type<D>,
    Option<String>: Encode<'q, D> + Type<D>,
    Vec<u8>: Encode<'q, D> + Type<D>,
    Option<Vec<u8>>: Encode<'q, D> + Type<D>,
{
    use sqlx::Arguments as _;
    let mut arguments = D::Arguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            Value::Integer(value) => arguments.add(value),
            Value::IntegerOrNull(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::TextOrNull(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::BytesOrNull(value) => arguments.add(value),
        };
        added.map_err(|error| failed(doing)(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Integer(value)
    }
}
impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Value {
        Value::IntegerOrNull(value)
    }
}
impl From<u64> for Value {
    /// Counts and indexes stay far below 2^63; one beyond it would be refused by the tables.
    fn from(value: u64) -> Value {
        Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}
impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Value {
        Value::TextOrNull(value)
    }
}
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Value {
        Value::Bytes(value.to_vec())
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Bytes(value)
    }
}
impl From<uuid::Uuid> for Value {
    fn from(value: uuid::Uuid) -> Value {
        Value::Bytes(value.as_bytes().to_vec())
    }
}
