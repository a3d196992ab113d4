//! Opening the sources of a catalog, and checking every query against them.
//!
//! Knows no search result and no scope. `connection` has the read-only and the writing connections.

mod cells;
mod connection;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

pub(crate) use cells::Arguments;
pub(crate) use connection::{Connection, Moment, RowsError};

use crate::catalog::{Catalog, Column, ColumnKind, EffectWay, Engine, PostgresUrl, Source};
use crate::folder::{self, FolderError};
use crate::sql::Statement;
use crate::{effect, language, resolve};

/// Longest wait for a lock that a writer of the company's own holds on an SQLite file.
const SQLITE_BUSY_WAIT_MAX: Duration = Duration::from_secs(5);
/// Longest wait for a connection to PostgreSQL.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for one query's preparation in [`Records::check`].
const CHECK_WAIT_MAX: Duration = Duration::from_secs(30);
/// Looks at the same time; more wait. Each has one connection to each source that it searches.
const LOOKS_AT_ONCE_MAX: usize = 8;
/// Most idle connections kept for each source.
const IDLE_CONNECTION_COUNT_MAX: usize = LOOKS_AT_ONCE_MAX;

/// An opened catalog: sources are connected when they are first asked. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) catalog: Catalog,
    pub(crate) sources: Vec<OpenSource>,
    pub(crate) http: reqwest::Client,
    looks: Arc<Semaphore>,
}

/// A source whose place is known.
pub(crate) struct OpenSource {
    pub(crate) source: Source,
    place: Place,
    idle: Mutex<Vec<Connection>>,
    /// Queries of an SQLite source whose columns were compared since it was opened.
    verified: Mutex<HashSet<String>>,
}

enum Place {
    Postgres(Box<PgConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
    /// Loaded record files; the folder goes when the catalog is closed.
    Loaded {
        options: Box<SqliteConnectOptions>,
        _cache: tempfile::TempDir,
    },
}

impl Records {
    /// Opens a catalog. `base` is its folder; relative paths start there. Record files are loaded
    /// and SQLite files with `import` made, if absent; PostgreSQL is connected when first asked.
    ///
    /// # Errors
    /// A source cannot be opened, an environment variable is missing, a record file is unsound.
    pub async fn open(catalog: Catalog, base: &Path) -> Result<Self, SourceError> {
        let mut sources = Vec::with_capacity(catalog.sources.len());
        for source in &catalog.sources {
            let place = open(source, base).await?;
            let (idle, verified) = (Mutex::new(Vec::new()), Mutex::new(HashSet::new()));
            sources.push(OpenSource { source: source.clone(), place, idle, verified });
        }
        // A redirect could send an account id to somebody else, so none is followed.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("comity/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|source| SourceError::Http { source })?;
        let looks = Arc::new(Semaphore::new(LOOKS_AT_ONCE_MAX));
        Ok(Self { inner: Arc::new(Inner { catalog, sources, http, looks }) })
    }

    /// The catalog it was opened from.
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// Prepares every query of the catalog on its source and compares the columns; for
    /// `serve --check`. Runs none of them.
    ///
    /// # Errors
    /// The first source, search or effect that does not work, by name.
    pub async fn check(&self) -> Result<(), SourceError> {
        let catalog = &self.inner.catalog;
        for search in &catalog.searches {
            let what = format!("search `{}`", search.name);
            self.check_query(&search.source, &search.statement, &search.columns, &what).await?;
        }
        if let Some(lookup) = &catalog.deposit_addresses {
            let columns = resolve::LOOKUP_COLUMNS.map(text_column);
            let what = "[deposit_addresses]";
            self.check_query(&lookup.source, &lookup.statement, &columns, what).await?;
        }
        if let Some(lookup) = &catalog.languages {
            let columns = language::LANGUAGE_COLUMNS.map(text_column);
            self.check_query(&lookup.source, &lookup.statement, &columns, "[languages]").await?;
        }
        for entry in &catalog.effects {
            let EffectWay::Sql(sql) = &entry.way else { continue };
            let columns = effect::CONFIRM_COLUMNS.map(text_column);
            let what = format!("[effects.{}] confirm", entry.kind.as_str());
            self.check_query(&sql.source, &sql.confirm, &columns, &what).await?;
        }
        Ok(())
    }

    async fn check_query(
        &self,
        source: &str,
        statement: &Statement,
        columns: &[Column],
        what: &str,
    ) -> Result<(), SourceError> {
        let source = self.source(source)?;
        let checked = async {
            let mut connection = source.connect_reading().await?;
            source.begin_reading(&mut connection, CHECK_WAIT_MAX).await?;
            source.verify_columns(&mut connection, statement, columns, what).await?;
            source.give_back(connection).await;
            Ok(())
        };
        match tokio::time::timeout(CHECK_WAIT_MAX, checked).await {
            Ok(result) => result,
            Err(_) => Err(SourceError::Slow {
                source_name: source.source.name.clone(),
                doing: format!("preparing {what}"),
                wait: CHECK_WAIT_MAX,
            }),
        }
    }

    /// Waits until a look may begin at this source.
    pub(crate) async fn may_look(
        &self,
        source: &str,
        wait: Duration,
    ) -> Result<OwnedSemaphorePermit, SourceError> {
        let waiting = Arc::clone(&self.inner.looks).acquire_owned();
        match tokio::time::timeout(wait, waiting).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(SourceError::Slow {
                source_name: source.to_owned(),
                doing: "waiting for other searches to end".to_owned(),
                wait,
            }),
        }
    }

    /// The opened source of that name.
    pub(crate) fn source(&self, name: &str) -> Result<&OpenSource, SourceError> {
        let found = self.inner.sources.iter().find(|open| open.source.name == name);
        found.ok_or_else(|| SourceError::NoSource { source_name: name.to_owned() })
    }
}

fn text_column(name: &str) -> Column {
    Column { name: name.to_owned(), kind: ColumnKind::Text }
}

async fn open(source: &Source, base: &Path) -> Result<Place, SourceError> {
    match &source.engine {
        Engine::Postgres(url) => {
            let url = match url {
                PostgresUrl::Written(url) => url.clone(),
                PostgresUrl::Environment(variable) => {
                    std::env::var(variable).map_err(|_| SourceError::NoVariable {
                        source_name: source.name.clone(),
                        variable: variable.clone(),
                    })?
                }
            };
            let options: PgConnectOptions =
                url.parse().map_err(|error| database(source, "reading its URL", error))?;
            Ok(Place::Postgres(Box::new(options.application_name("comity records"))))
        }
        Engine::Sqlite { path, import } => {
            let path = base.join(path);
            if let Some(import) = import
                && !path.exists()
            {
                folder::import(import, base, &path).await?;
            }
            Ok(Place::Sqlite(Box::new(sqlite(&path))))
        }
        Engine::Folder(folder) => {
            let cache =
                tempfile::Builder::new().prefix("comity-records-").tempdir().map_err(|source| {
                    FolderError::Read { file: "a temporary folder".into(), source }
                })?;
            let path = cache.path().join("loaded.sqlite");
            folder::import(folder, base, &path).await?;
            let options = Box::new(sqlite(&path).immutable(true));
            Ok(Place::Loaded { options, _cache: cache })
        }
    }
}

fn sqlite(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(SQLITE_BUSY_WAIT_MAX)
        .synchronous(SqliteSynchronous::Full)
        // Functions that a view or trigger of the file names are not trusted.
        .pragma("trusted_schema", "OFF")
}

pub(crate) fn database(source: &Source, doing: &str, error: sqlx::Error) -> SourceError {
    SourceError::Database {
        source_name: source.name.clone(),
        doing: doing.to_owned(),
        source: error,
    }
}

/// A source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The database refused or failed.
    #[error("source `{source_name}`: {doing} failed")]
    Database {
        /// The catalog's name of the source.
        source_name: String,
        /// What was being done.
        doing: String,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// It did not answer in time.
    #[error("source `{source_name}`: {doing} took longer than {wait:?}")]
    Slow {
        /// The catalog's name of the source.
        source_name: String,
        /// What was being done.
        doing: String,
        /// The limit.
        wait: Duration,
    },
    /// The catalog names a source that it does not have; `Catalog::parse` refuses such a file.
    #[error("there is no source `{source_name}`")]
    NoSource {
        /// The name.
        source_name: String,
    },
    /// An effect names a source that is not marked `writes = true`; refused by `Catalog::parse`.
    #[error("source `{source_name}` is not marked `writes = true`")]
    ReadOnly {
        /// The catalog's name of the source.
        source_name: String,
    },
    /// An environment variable that the catalog names is not set.
    #[error("source `{source_name}`: environment variable {variable} is not set")]
    NoVariable {
        /// The catalog's name of the source.
        source_name: String,
        /// The variable.
        variable: String,
    },
    /// A record file is unsound.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The columns are not those that the catalog declares.
    #[error("{what}: the query returns columns ({found}), the catalog declares ({declared})")]
    Columns {
        /// The search or other entry.
        what: String,
        /// What the query returns.
        found: String,
        /// What the catalog says.
        declared: String,
    },
    /// A float column is declared as an amount or a whole number.
    #[error("{what}: column `{column}` is a float; cast it to numeric or text in the query")]
    Float {
        /// The search or other entry.
        what: String,
        /// The column.
        column: String,
    },
    /// The HTTP client for effects cannot be made.
    #[error("the HTTP client cannot be made")]
    Http {
        /// Why.
        #[source]
        source: reqwest::Error,
    },
}

impl SourceError {
    /// May the same thing work later, unchanged?
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Slow { .. } => true,
            Self::Database { source: sqlx::Error::Database(error), .. } => {
                let code = error.code().unwrap_or_default();
                // PostgreSQL: 08 connection, 40 rollback, 53 resources, 57 operator.
                // SQLite, its extended codes cut to 8 bits: 5 busy, 6 locked, 9 interrupted,
                // 10 input/output, 13 full.
                let sqlite_passing = |code: u32| matches!(code & 0xff, 5 | 6 | 9 | 10 | 13);
                match code.len() {
                    5 => ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)),
                    _ => code.parse().is_ok_and(sqlite_passing),
                }
            }
            Self::Database { source, .. } => matches!(
                source,
                sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed
            ),
            _ => false,
        }
    }

    /// The whole chain in one line. A database's message may repeat a value, so only its code is
    /// given.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Database { source: sqlx::Error::Database(error), .. } => {
                let code = error.code().unwrap_or_default();
                let constraint = error.constraint().map(|name| format!(", constraint {name}"));
                format!("{self} (code {code}{})", constraint.unwrap_or_default())
            }
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
