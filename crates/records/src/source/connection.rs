//! One connection to a source: reading (cannot write, one moment, limited time) or writing.
//!
//! Knows no rules of the desk. Read-only is the database's own: SQLite files are opened with
//! `mode=ro` and `query_only`, PostgreSQL runs every search in `read only` transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
};

use super::cells::{Arguments, as_text, postgres_cells, postgres_types, sqlite_cells};

use super::{
    CONNECT_WAIT_MAX, IDLE_CONNECTION_COUNT_MAX, OpenSource, Place, SourceError, database,
};
use crate::catalog::{Column, ColumnKind};
use crate::sql::Statement;
use crate::value::Raw;

/// SQLite instructions between two looks at the clock: well under a millisecond.
const SQLITE_INSTRUCTIONS_PER_LOOK: i32 = 2_000;

/// A connection of either engine.
pub(crate) enum Connection {
    Postgres(Box<PgConnection>),
    Sqlite(Box<SqliteConnection>, SqliteDeadline),
}

/// The moment that a reading connection shows.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) promise: String,
}

/// When an SQLite query is to stop: milliseconds after `start`. Dropping the connection stops it
/// at once, so that a caller who went away leaves no query running.
pub(crate) struct SqliteDeadline {
    start: Instant,
    milliseconds: Arc<AtomicU64>,
}

impl SqliteDeadline {
    fn set(&self, wait: Option<Duration>) {
        let until = wait.map_or(u64::MAX, |wait| {
            let end = self.start.elapsed().saturating_add(wait);
            u64::try_from(end.as_millis()).unwrap_or(u64::MAX)
        });
        self.milliseconds.store(until, Ordering::Relaxed);
    }
}

impl Drop for SqliteDeadline {
    fn drop(&mut self) {
        self.milliseconds.store(0, Ordering::Relaxed);
    }
}

/// Why a stream of rows ended early.
pub(crate) enum RowsError<E> {
    /// The source failed.
    Source(SourceError),
    /// The time was up, here or in the database.
    Time,
    /// Whoever took the rows refused one.
    Taker(E),
}

impl OpenSource {
    /// A connection on which nothing can be written.
    pub(crate) async fn connect_reading(&self) -> Result<Connection, SourceError> {
        if let Some(idle) = self.idle.lock().await.pop() {
            return Ok(idle);
        }
        match &self.place {
            Place::Postgres(options) => {
                let mut connection = self.in_time(PgConnection::connect_with(options)).await?;
                // The tokeniser in `sql` relies on standard texts; reading relies on UTC and ISO.
                let settings = "set default_transaction_read_only = on; set timezone = 'UTC'; \
                    set datestyle = 'ISO, YMD'; set standard_conforming_strings = on";
                self.in_time(connection.execute(settings)).await?;
                Ok(Connection::Postgres(Box::new(connection)))
            }
            Place::Sqlite(options) | Place::Loaded { options, .. } => {
                let options = (**options).clone().read_only(true).pragma("query_only", "ON");
                self.open_sqlite(&options).await
            }
        }
    }

    /// A connection for an effect, inside a transaction that holds off other writers.
    pub(crate) async fn connect_writing(&self, wait: Duration) -> Result<Connection, SourceError> {
        if !self.source.writes {
            return Err(SourceError::ReadOnly { source_name: self.source.name.clone() });
        }
        match &self.place {
            Place::Postgres(options) => {
                let mut connection = self.in_time(PgConnection::connect_with(options)).await?;
                let begin = "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; \
                    set standard_conforming_strings = on; \
                    begin isolation level serializable read write";
                self.in_time(connection.execute(begin)).await?;
                self.set_statement_timeout(&mut connection, wait).await?;
                Ok(Connection::Postgres(Box::new(connection)))
            }
            Place::Sqlite(options) | Place::Loaded { options, .. } => {
                let options = (**options).clone().foreign_keys(true);
                let mut connection = self.open_sqlite(&options).await?;
                if let Connection::Sqlite(sqlite, deadline) = &mut connection {
                    deadline.set(Some(wait));
                    let begun = sqlite.execute("begin immediate").await;
                    begun.map_err(|error| database(&self.source, "beginning", error))?;
                }
                Ok(connection)
            }
        }
    }

    /// Starts the one transaction of a look and says which moment it shows.
    pub(crate) async fn begin_reading(
        &self,
        connection: &mut Connection,
        wait: Duration,
    ) -> Result<Moment, SourceError> {
        let failed = |error| database(&self.source, "beginning a read-only transaction", error);
        let (text, promise) = match connection {
            Connection::Postgres(postgres) => {
                let begin = "begin isolation level repeatable read read only";
                postgres.execute(begin).await.map_err(failed)?;
                self.set_statement_timeout(postgres, wait).await?;
                let row = postgres
                    .fetch_one("select transaction_timestamp()::text")
                    .await
                    .map_err(failed)?;
                let promise = "one repeatable read transaction: every search of this look shows \
                    the same moment";
                (row.try_get::<String, _>(0).map_err(failed)?, promise.to_owned())
            }
            Connection::Sqlite(sqlite, deadline) => {
                deadline.set(Some(wait));
                if matches!(self.place, Place::Loaded { .. }) {
                    sqlite.execute("begin").await.map_err(failed)?;
                    self.loaded_moment(sqlite).await.map_err(failed)?
                } else {
                    // Reading the schema in the same statement is what fixes the moment.
                    let now = "begin; select strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), \
                        (select count(*) from sqlite_schema)";
                    let row = sqlite.fetch_one(now).await.map_err(failed)?;
                    let promise = "one read transaction: every search of this look shows the same \
                        moment";
                    (row.try_get::<String, _>(0).map_err(failed)?, promise.to_owned())
                }
            }
        };
        let at = text.parse().map_err(|_| {
            failed(sqlx::Error::Protocol("the database's clock gave no time".to_owned()))
        })?;
        Ok(Moment { at, promise })
    }

    /// Compares a query's columns with those declared, without running it.
    pub(crate) async fn verify_columns(
        &self,
        connection: &mut Connection,
        statement: &Statement,
        columns: &[Column],
        what: &str,
    ) -> Result<(), SourceError> {
        let doing = format!("preparing {what}");
        let failed = |error| database(&self.source, &doing, error);
        let sql = AssertSqlSafe(statement.numbered().to_owned()).into_sql_str();
        let (found, floats) = match connection {
            Connection::Postgres(postgres) => {
                let types = postgres_types(statement);
                let prepared = postgres.prepare_with(sql, &types).await.map_err(failed)?;
                let columns = prepared.columns().iter();
                let is_float = |name: &str| matches!(name, "FLOAT4" | "FLOAT8");
                columns
                    .map(|found| (found.name().to_owned(), is_float(found.type_info().name())))
                    .unzip::<String, bool, Vec<_>, Vec<_>>()
            }
            Connection::Sqlite(sqlite, _) => {
                // Once is enough: every run compares the columns of its first row again.
                let mut verified = self.verified.lock().await;
                if verified.contains(statement.numbered()) {
                    return Ok(());
                }
                let prepared = sqlite.prepare(sql).await.map_err(failed)?;
                if prepared.columns().iter().map(|c| c.name()).eq(columns.iter().map(|c| &c.name)) {
                    verified.insert(statement.numbered().to_owned());
                }
                // SQLite's cells have types, its columns do not: floats show row by row.
                prepared
                    .columns()
                    .iter()
                    .map(|found| (found.name().to_owned(), false))
                    .unzip::<String, bool, Vec<_>, Vec<_>>()
            }
        };
        if !found.iter().eq(columns.iter().map(|column| &column.name)) {
            let declared: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            return Err(SourceError::Columns {
                what: what.to_owned(),
                found: found.join(", "),
                declared: declared.join(", "),
            });
        }
        let exact = |kind| matches!(kind, ColumnKind::Amount { .. } | ColumnKind::Integer);
        for (column, is_float) in columns.iter().zip(floats) {
            if is_float && exact(column.kind) {
                let (what, column) = (what.to_owned(), column.name.clone());
                return Err(SourceError::Float { what, column });
            }
        }
        Ok(())
    }

    /// Runs a query and hands over its rows one by one, in order.
    pub(crate) async fn rows<E>(
        &self,
        connection: &mut Connection,
        statement: &Statement,
        arguments: Arguments,
        columns: &[String],
        wait: Duration,
        mut take: impl FnMut(Vec<Raw>) -> Result<(), E>,
    ) -> Result<(), RowsError<E>> {
        let failed = |error| RowsError::Source(database(&self.source, "the query", error));
        let end = tokio::time::Instant::now() + wait;
        match connection {
            Connection::Postgres(postgres) => {
                let set = self.set_statement_timeout(postgres, wait).await;
                set.map_err(RowsError::Source)?;
                let sql = AssertSqlSafe(as_text(statement, columns));
                let arguments = arguments.postgres().map_err(failed)?;
                let mut rows = sqlx::query_with(sql, arguments).fetch(&mut **postgres);
                loop {
                    let Ok(next) = tokio::time::timeout_at(end, rows.try_next()).await else {
                        return Err(RowsError::Time);
                    };
                    match next {
                        Ok(Some(row)) => {
                            take(postgres_cells(&row).map_err(failed)?)
                                .map_err(RowsError::Taker)?;
                        }
                        Ok(None) => return Ok(()),
                        Err(error) if is_stopped(&error, "57014") => return Err(RowsError::Time),
                        Err(error) => return Err(failed(error)),
                    }
                }
            }
            Connection::Sqlite(sqlite, deadline) => {
                deadline.set(Some(wait));
                let sql = AssertSqlSafe(statement.numbered().to_owned());
                let arguments = arguments.sqlite().map_err(failed)?;
                let mut rows = sqlx::query_with(sql, arguments).fetch(&mut **sqlite);
                let mut first = true;
                loop {
                    let Ok(next) = tokio::time::timeout_at(end, rows.try_next()).await else {
                        return Err(RowsError::Time);
                    };
                    match next {
                        Ok(Some(row)) => {
                            if std::mem::take(&mut first) {
                                same_columns(&row, columns).map_err(RowsError::Source)?;
                            }
                            take(sqlite_cells(&row).map_err(failed)?).map_err(RowsError::Taker)?;
                        }
                        Ok(None) => return Ok(()),
                        Err(error) if is_stopped(&error, "9") => return Err(RowsError::Time),
                        Err(error) => return Err(failed(error)),
                    }
                }
            }
        }
    }

    /// The first row of a query inside a writing transaction.
    pub(crate) async fn fetch_first(
        &self,
        connection: &mut Connection,
        statement: &Statement,
        arguments: Arguments,
        columns: &[String],
    ) -> Result<Option<Vec<Raw>>, SourceError> {
        let failed = |error| database(&self.source, "the confirming query", error);
        match connection {
            Connection::Postgres(postgres) => {
                let sql = AssertSqlSafe(as_text(statement, columns));
                let arguments = arguments.postgres().map_err(failed)?;
                let row = sqlx::query_with(sql, arguments)
                    .fetch_optional(&mut **postgres)
                    .await
                    .map_err(failed)?;
                row.map(|row| postgres_cells(&row).map_err(failed)).transpose()
            }
            Connection::Sqlite(sqlite, _) => {
                let sql = AssertSqlSafe(statement.numbered().to_owned());
                let arguments = arguments.sqlite().map_err(failed)?;
                let row = sqlx::query_with(sql, arguments)
                    .fetch_optional(&mut **sqlite)
                    .await
                    .map_err(failed)?;
                let Some(row) = row else { return Ok(None) };
                same_columns(&row, columns)?;
                Ok(Some(sqlite_cells(&row).map_err(failed)?))
            }
        }
    }

    /// Runs a statement of an effect.
    pub(crate) async fn execute(
        &self,
        connection: &mut Connection,
        statement: &Statement,
        arguments: Arguments,
    ) -> Result<(), SourceError> {
        let failed = |error| database(&self.source, "a statement of the effect", error);
        let sql = AssertSqlSafe(statement.numbered().to_owned());
        match connection {
            Connection::Postgres(postgres) => {
                let arguments = arguments.postgres().map_err(failed)?;
                sqlx::query_with(sql, arguments).execute(&mut **postgres).await.map_err(failed)?;
            }
            Connection::Sqlite(sqlite, _) => {
                let arguments = arguments.sqlite().map_err(failed)?;
                sqlx::query_with(sql, arguments).execute(&mut **sqlite).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Makes an effect last.
    pub(crate) async fn commit(&self, connection: &mut Connection) -> Result<(), SourceError> {
        match connection {
            Connection::Postgres(postgres) => postgres.execute("commit").await.map(|_| ()),
            Connection::Sqlite(sqlite, _) => sqlite.execute("commit").await.map(|_| ()),
        }
        .map_err(|error| database(&self.source, "committing the effect", error))
    }

    /// Ends a look. A connection that does not end it cleanly is closed instead of kept.
    pub(crate) async fn give_back(&self, mut connection: Connection) {
        let ended = match &mut connection {
            Connection::Postgres(postgres) => postgres.execute("rollback").await.is_ok(),
            Connection::Sqlite(sqlite, deadline) => {
                deadline.set(None);
                sqlite.execute("rollback").await.is_ok()
            }
        };
        let mut idle = self.idle.lock().await;
        if ended && idle.len() < IDLE_CONNECTION_COUNT_MAX {
            idle.push(connection);
        }
    }

    async fn open_sqlite(
        &self,
        options: &sqlx::sqlite::SqliteConnectOptions,
    ) -> Result<Connection, SourceError> {
        let mut sqlite = self.in_time(SqliteConnection::connect_with(options)).await?;
        let deadline =
            SqliteDeadline { start: Instant::now(), milliseconds: Arc::new(u64::MAX.into()) };
        let (start, limit) = (deadline.start, Arc::clone(&deadline.milliseconds));
        let go_on = move || {
            let now = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            now < limit.load(Ordering::Relaxed)
        };
        self.in_time(async {
            let mut handle = sqlite.lock_handle().await?;
            handle.set_progress_handler(SQLITE_INSTRUCTIONS_PER_LOOK, go_on);
            Ok(())
        })
        .await?;
        Ok(Connection::Sqlite(Box::new(sqlite), deadline))
    }

    /// The files behind a folder: when they were loaded and what they were.
    async fn loaded_moment(
        &self,
        sqlite: &mut SqliteConnection,
    ) -> Result<(String, String), sqlx::Error> {
        let rows = sqlite
            .fetch_all("select loaded_at, file, sha256 from comity_loaded order by file")
            .await?;
        let mut promise = String::from("record files as they were when loaded:");
        let mut at = String::new();
        for row in &rows {
            at = row.try_get(0)?;
            let (file, sha256): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            promise.push_str(&format!(" {file} sha256 {sha256};"));
        }
        promise.pop();
        Ok((at, promise))
    }

    async fn set_statement_timeout(
        &self,
        postgres: &mut PgConnection,
        wait: Duration,
    ) -> Result<(), SourceError> {
        // 0 would mean no limit.
        let milliseconds = wait.as_millis().clamp(1, i32::MAX as u128);
        sqlx::query("select set_config('statement_timeout', $1, true)")
            .bind(milliseconds.to_string())
            .execute(postgres)
            .await
            .map_err(|error| database(&self.source, "setting its time limit", error))?;
        Ok(())
    }

    async fn in_time<T>(
        &self,
        attempt: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        match tokio::time::timeout(CONNECT_WAIT_MAX, attempt).await {
            Ok(result) => result.map_err(|error| database(&self.source, "connecting", error)),
            Err(_) => Err(SourceError::Slow {
                source_name: self.source.name.clone(),
                doing: "connecting".to_owned(),
                wait: CONNECT_WAIT_MAX,
            }),
        }
    }
}

/// Compares the columns that came with those that the catalog declares.
fn same_columns(row: &SqliteRow, columns: &[String]) -> Result<(), SourceError> {
    let found: Vec<_> = row.columns().iter().map(|column| column.name()).collect();
    if found.iter().eq(columns.iter()) {
        return Ok(());
    }
    Err(SourceError::Columns {
        what: "a query that ran".to_owned(),
        found: found.join(", "),
        declared: columns.join(", "),
    })
}

/// Was the query stopped by its own time limit?
fn is_stopped(error: &sqlx::Error, stop_code: &str) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == stop_code)
}
