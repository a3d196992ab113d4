//! Where a store is, who may have it open, and how its connections are set up. Knows no table but
//! the question whether there are any.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlSafeStr as _};

use crate::config::{Config, UrlAgain};
use crate::db::{Connection, Db};
use crate::error::{DbError, OpenError};
use crate::files;
use crate::limits::{BUSY_WAIT_MAX, LOCK_WAIT_MAX, READ_CONNECTIONS_MAX};

/// Migrations in order: number, name, text for SQLite, text for PostgreSQL.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "store",
        include_str!("../migrations/sqlite/0001_store.sql"),
        include_str!("../migrations/postgres/0001_store.sql"),
    ),
    (
        2,
        "queue",
        include_str!("../migrations/sqlite/0002_queue.sql"),
        include_str!("../migrations/postgres/0002_queue.sql"),
    ),
    (
        3,
        "search",
        include_str!("../migrations/sqlite/0003_search.sql"),
        include_str!("../migrations/postgres/0003_search.sql"),
    ),
    (
        4,
        "dead_jobs",
        include_str!("../migrations/sqlite/0004_dead_jobs.sql"),
        include_str!("../migrations/postgres/0004_dead_jobs.sql"),
    ),
    (
        5,
        "drafts",
        include_str!("../migrations/sqlite/0005_drafts.sql"),
        include_str!("../migrations/postgres/0005_drafts.sql"),
    ),
    (
        6,
        "security",
        include_str!("../migrations/sqlite/0006_security.sql"),
        include_str!("../migrations/postgres/0006_security.sql"),
    ),
    (
        7,
        "owners",
        include_str!("../migrations/sqlite/0007_owners.sql"),
        include_str!("../migrations/postgres/0007_owners.sql"),
    ),
    (
        8,
        "words",
        include_str!("../migrations/sqlite/0008_words.sql"),
        include_str!("../migrations/postgres/0008_words.sql"),
    ),
    (
        10,
        "readers",
        include_str!("../migrations/sqlite/0010_readers.sql"),
        include_str!("../migrations/postgres/0010_readers.sql"),
    ),
];

/// Pages of SQLite's write-ahead log (4 KiB each) that are gathered before they are moved into the
/// database file. More of them means fewer syncs and a longer pause when it happens.
const WAL_PAGES_MAX: u32 = 4_000;
/// Memory for pages of the writing connection, in KiB.
const WRITER_CACHE_KIB: u32 = 64 * 1024;
const LOCK_TRY_EVERY: Duration = Duration::from_millis(50);

/// A parsed store URL.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// Whether a store is made when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenMissing {
    Refuse,
    Create,
}

/// Held as long as a store is open; on PostgreSQL the writing session itself holds the lock.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Option<File>,
}

impl Place {
    pub fn parse(url: &str) -> Result<Place, OpenError> {
        let wrong = |why: &str| OpenError::Url { url: without_password(url), why: why.to_owned() };
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(wrong("the path is empty"));
            }
            return Ok(Place::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url).map_err(|error| match error {
                sqlx::Error::Configuration(why) => wrong(&why.to_string()),
                _ => wrong("it cannot be read"),
            })?;
            return Ok(Place::Postgres(Box::new(options.application_name("comity"))));
        }
        Err(wrong("its scheme is neither"))
    }

    /// For messages; holds no password.
    pub fn shown(&self) -> String {
        match self {
            Place::Sqlite(path) => path.display().to_string(),
            Place::Postgres(options) => {
                format!("{}/{}", options.get_host(), options.get_database().unwrap_or(""))
            }
        }
    }

    /// Where large blobs are kept when nothing else is said.
    pub fn blob_folder(&self) -> Option<PathBuf> {
        match self {
            Place::Sqlite(path) => Some(files::parent(path).join("blobs")),
            Place::Postgres(_) => None,
        }
    }

    /// Makes sure that no other process writes. SQLite's own locks would let two processes take
    /// turns, which the one writer's memory of the head does not allow.
    pub fn lock(&self, missing: WhenMissing) -> Result<Lock, OpenError> {
        let Place::Sqlite(path) = self else { return Ok(Lock { _file: None }) };
        if !path.exists() && missing == WhenMissing::Refuse {
            return Err(OpenError::Missing { place: self.shown() });
        }
        let file_error = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::File { path, source }
        };
        let folder = files::parent(path);
        files::make_private_folder(folder).map_err(file_error(folder))?;
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock_path = PathBuf::from(name);
        let file = files::open_private_file(&lock_path).map_err(file_error(&lock_path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: Some(file) }),
            Err(std::fs::TryLockError::WouldBlock) => {
                Err(OpenError::Locked { place: self.shown() })
            }
            Err(std::fs::TryLockError::Error(source)) => {
                Err(OpenError::File { path: lock_path, source })
            }
        }
    }

    /// The pool of the one connection that writes. Makes SQLite's file when that was asked for.
    pub fn writer(&self, missing: WhenMissing, config: &Config) -> Result<Db, OpenError> {
        match self {
            Place::Sqlite(path) => {
                let file_error = |source| OpenError::File { path: path.clone(), source };
                if !path.exists() && missing == WhenMissing::Create {
                    files::make_private_file(path).map_err(file_error)?;
                    files::sync_folder(files::parent(path)).map_err(file_error)?;
                }
                files::make_private(path).map_err(file_error)?;
                let mut options = sqlite_options(path)
                    .pragma("secure_delete", "on")
                    .pragma("wal_autocheckpoint", WAL_PAGES_MAX.to_string())
                    .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"));
                if let Some(pages) = config.faults.pages_max() {
                    options = options.pragma("max_page_count", pages.to_string());
                }
                Ok(Db::Sqlite(lasting(SqlitePoolOptions::new()).connect_lazy_with(options)))
            }
            Place::Postgres(options) => {
                let login = Login { again: config.url_again.clone(), dress: writing };
                let options = writing((**options).clone());
                Ok(Db::Postgres(lasting(PgPoolOptions::new()).connect_lazy_with(options), login))
            }
        }
    }

    /// The pool of the connections that only read.
    pub fn readers(&self, again: Option<UrlAgain>) -> Db {
        match self {
            Place::Sqlite(path) => {
                let options = sqlite_options(path).pragma("query_only", "on");
                let pool = SqlitePoolOptions::new()
                    .max_connections(READ_CONNECTIONS_MAX)
                    .test_before_acquire(false);
                Db::Sqlite(pool.connect_lazy_with(options))
            }
            Place::Postgres(options) => {
                let login = Login { again, dress: reading };
                let pool = PgPoolOptions::new().max_connections(READ_CONNECTIONS_MAX);
                Db::Postgres(pool.connect_lazy_with(reading((**options).clone())), login)
            }
        }
    }
}

fn writing(options: PgConnectOptions) -> PgConnectOptions {
    options.disable_statement_logging()
}

fn reading(options: PgConnectOptions) -> PgConnectOptions {
    options.disable_statement_logging().options([
        ("default_transaction_read_only", "on"),
        // A plan for any word at all reads the whole table for a rare one.
        ("plan_cache_mode", "force_custom_plan"),
    ])
}

/// How the connections of a pool log in, now that the password may have been changed.
#[derive(Clone)]
pub(crate) struct Login {
    again: Option<UrlAgain>,
    dress: fn(PgConnectOptions) -> PgConnectOptions,
}

impl Login {
    /// A connection; when a new one is refused for its user or password, both are read anew, once.
    pub async fn acquire(
        &self,
        pool: &sqlx::PgPool,
    ) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, sqlx::Error> {
        let refused = match pool.acquire().await {
            Err(error) if is_refused(&error) => error,
            done => return done,
        };
        let Some(again) = &self.again else { return Err(refused) };
        let failed = |why: String| {
            let what = format!("{refused}, and no other password could be read: {why}");
            sqlx::Error::Configuration(what.into())
        };
        let url = again().map_err(failed)?;
        let known = pool.connect_options();
        match Place::parse(&url).map_err(|error| failed(error.to_string()))? {
            Place::Postgres(options) if is_same(&options, &known) => {
                pool.set_connect_options((self.dress)(*options));
            }
            other => {
                let shown = other.shown();
                return Err(failed(format!("it names another database, {shown}")));
            }
        }
        tracing::info!("The database refused its password; it was read anew");
        pool.acquire().await
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("reads_anew", &self.again.is_some()).finish()
    }
}

/// SQLSTATE 28P01, a wrong password, and 28000, a user that is not there or may not log in.
fn is_refused(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["28P01", "28000"].contains(&code.as_ref()))
}

/// Whether two addresses are of one database, whoever logs in. Another one has another history.
fn is_same(a: &PgConnectOptions, b: &PgConnectOptions) -> bool {
    (a.get_host(), a.get_port(), a.get_socket(), a.get_database())
        == (b.get_host(), b.get_port(), b.get_socket(), b.get_database())
}

/// On PostgreSQL the writing session takes an advisory lock, which ends with the session. On SQLite
/// the lock file has said all.
pub(crate) async fn lock_session(connection: &mut Connection) -> Result<bool, DbError> {
    if matches!(connection, Connection::Sqlite(_)) {
        return Ok(true);
    }
    // A killed process may stay connected for the moment that the server needs to notice.
    let until = Instant::now() + LOCK_WAIT_MAX;
    loop {
        let rows = connection
            .query(
                "taking the lock of the store",
                "select case when pg_try_advisory_lock(\
                 hashtextextended('comity store ' || current_schema(), 0)) \
                 then 1::bigint else 0::bigint end",
                Vec::new(),
            )
            .await?;
        if rows.first().map(|row| row.get::<i64>(0)).transpose()? == Some(1) {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        tokio::time::sleep(LOCK_TRY_EVERY).await;
    }
}

/// Whether the store's tables are there at all.
pub(crate) async fn has_tables(connection: &mut Connection) -> Result<bool, DbError> {
    let sql = match connection {
        Connection::Sqlite(_) => {
            "select count(*) from sqlite_schema where type = 'table' and name = 'head'"
        }
        Connection::Postgres(_) => {
            "select count(*) from information_schema.tables \
             where table_schema = current_schema() and table_name = 'head'"
        }
    };
    let rows = connection.query("looking for the tables", sql, Vec::new()).await?;
    Ok(rows.first().map(|row| row.get::<i64>(0)).transpose()? == Some(1))
}

/// Brings the tables to this release; a store of a newer release is refused.
pub(crate) async fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let migrator = |engine: fn(&(i64, &str, &'static str, &'static str)) -> &'static str| {
        Migrator::with_migrations(
            MIGRATIONS
                .iter()
                .map(|migration| {
                    let (version, name, ..) = *migration;
                    let text = engine(migration).into_sql_str();
                    Migration::new(version, name.into(), MigrationType::Simple, text, false)
                })
                .collect(),
        )
    };
    match connection {
        Connection::Sqlite(connection) => migrator(|m| m.2).run(&mut **connection).await?,
        Connection::Postgres(connection) => migrator(|m| m.3).run(&mut **connection).await?,
    }
    Ok(())
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_WAIT_MAX)
        .disable_statement_logging()
}

/// One connection that is never dropped for its age: the lock on PostgreSQL hangs on it.
fn lasting<D: sqlx::Database>(options: sqlx::pool::PoolOptions<D>) -> sqlx::pool::PoolOptions<D> {
    options.max_connections(1).idle_timeout(None).max_lifetime(None)
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://...@{host}"),
        None => url.to_owned(),
    }
}
