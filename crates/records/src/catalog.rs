//! `catalog.toml`: the company's sources, one or more searches per data category, effects.
//!
//! Knows no connection: it reads the file, refuses what it does not know, and names file, line and
//! field of whatever is wrong. The format is written up in docs/formats/catalog.md.

mod column;
mod effects;
mod read;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use crate::scope::Category;
use crate::selector::SelectorKind;
use crate::sql::{Dialect, Statement};

/// Longest catalog that is read, in bytes.
pub const CATALOG_BYTES_MAX: usize = 1 << 20;
/// Most sources, searches, columns or tables that a catalog may list.
pub const CATALOG_ITEM_COUNT_MAX: usize = 1_000;

/// A catalog that has been read and checked, not yet connected.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The file's name, for messages.
    pub file: String,
    /// Where rows come from, by name.
    pub sources: Vec<Source>,
    /// What may be searched.
    pub searches: Vec<Search>,
    /// How an address on the chain is turned into an account of ours.
    pub deposit_addresses: Option<Lookup>,
    /// In which language the user of an account is written to.
    pub languages: Option<Lookup>,
    /// What the company's own systems are asked to do, at most one entry of each kind.
    pub effects: Vec<EffectEntry>,
}

impl Catalog {
    /// Reads a catalog. `file` is its name, used in messages only.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line and field.
    pub fn parse(text: &str, file: &str) -> Result<Self, CatalogError> {
        read::catalog(text, file)
    }

    /// The source of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The search of that name.
    pub fn search(&self, name: &str) -> Option<&Search> {
        self.searches.iter().find(|search| search.name == name)
    }

    /// Every search of a category that answers to at least one of the kinds of selector.
    pub fn searches_for(
        &self,
        category: Category,
        kinds: &[SelectorKind],
    ) -> impl Iterator<Item = &Search> {
        let answers = move |search: &&Search| {
            search.answers_to.iter().any(|answer| kinds.contains(&answer.kind))
        };
        self.searches.iter().filter(move |search| search.category == category).filter(answers)
    }

    /// The entry for a kind of effect.
    pub fn effect(&self, kind: EffectKind) -> Option<&EffectEntry> {
        self.effects.iter().find(|entry| entry.kind == kind)
    }
}

/// One place where the company keeps records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The catalog's name of it; stands in every exhibit.
    pub name: String,
    /// What it is for a reader of the exhibit: "core banking database, Frankfurt".
    pub title: String,
    /// What kind of place.
    pub engine: Engine,
    /// May an SQL effect write to it? Searches never can, whatever this says.
    pub writes: bool,
}

impl Source {
    /// The spelling of SQL that it takes.
    pub fn dialect(&self) -> Dialect {
        match self.engine {
            Engine::Postgres(_) => Dialect::Postgres,
            Engine::Sqlite { .. } | Engine::Folder(_) => Dialect::Sqlite,
        }
    }
}

/// What kind of place a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
    /// An SQLite file. When it is absent and `import` is given, it is made from those files once.
    Sqlite {
        /// The file, relative to the catalog's folder.
        path: PathBuf,
        /// What to make it from when it is absent.
        import: Option<Folder>,
    },
    /// CSV or JSON lines files, loaded into a private SQLite database at every start.
    Folder(Folder),
}

/// Where the PostgreSQL URL stands.
#[derive(Clone, PartialEq, Eq)]
pub enum PostgresUrl {
    /// In the catalog itself.
    Written(String),
    /// In an environment variable of this name, so that a password stays out of the file.
    Environment(String),
}

/// A URL may hold a password, so only its place is shown.
impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Written(_) => f.write_str("Written(..)"),
            Self::Environment(name) => write!(f, "Environment({name})"),
        }
    }
}

/// A folder of record files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder, relative to the catalog's folder.
    pub path: PathBuf,
    /// Its files, one table each.
    pub tables: Vec<Table>,
}

/// One file of records and the table that it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name in SQL.
    pub name: String,
    /// File name inside the folder.
    pub file: String,
    /// How its lines are written.
    pub format: FileFormat,
    /// Columns in order; a CSV heading must say the same.
    pub columns: Vec<Column>,
    /// The column that holds no value twice, if any.
    pub key: Option<String>,
    /// Columns that are searched by, one index each.
    pub indexed: Vec<String>,
}

/// How the lines of a record file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// RFC 4180 with a heading line.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// A column of a search's result, or of a record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name, the same in SQL, CSV and JSON.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds, and how the source writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text as it stands.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`; 0 and 1 in SQLite.
    Boolean,
    /// An instant.
    Time(TimeForm),
    /// An amount of money in its smallest unit.
    Amount {
        /// Digits after the point of a whole unit: 8 for BTC, 2 for EUR.
        decimals: u8,
        /// How the source writes it.
        form: AmountForm,
    },
}

/// How a source writes an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeForm {
    /// Text with an offset: `2021-10-01T12:00:00Z`, `2021-10-01 14:00:00+02`.
    Offset,
    /// Text without an offset that is known to be UTC.
    Utc,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMilliseconds,
}

/// How a source writes an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountForm {
    /// A whole number of smallest units (satoshi, cent).
    Smallest,
    /// Whole units with a decimal point, exact, never a float.
    Whole,
}

/// One search: an SQL query and what is known of its result.
#[derive(Clone, Debug)]
pub struct Search {
    /// The catalog's name of it, `[a-z0-9_]+`.
    pub name: String,
    /// What it shows, for the exhibit's reader.
    pub title: String,
    /// The data category that its rows belong to.
    pub category: Category,
    /// The source that it asks.
    pub source: String,
    /// The query.
    pub statement: Statement,
    /// The kinds of selector it answers to, and the column that shows the answer.
    pub answers_to: Vec<Answer>,
    /// Result columns in order.
    pub columns: Vec<Column>,
    /// The column that says when the record came about; none for a file that has no time.
    pub time: Option<String>,
}

/// A kind of selector that a search answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The kind.
    pub kind: SelectorKind,
    /// The result column in which the selector must stand, for the second check of each row.
    pub column: String,
    /// For [`SelectorKind::IpPort`]: the columns in which port and moment must fit as well.
    pub beside: Option<PortAndTime>,
}

/// The result columns that say at which port and when an IP address was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortAndTime {
    /// The port; of kind integer or text.
    pub port: String,
    /// The moment; of kind time.
    pub time: String,
}

/// A query that turns a batch of values into accounts.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The source that it asks.
    pub source: String,
    /// A query with one parameter, a JSON array: `:addresses`, columns address, account_id; or
    /// `:accounts`, columns account_id, language.
    pub statement: Statement,
}

/// What the company's own systems can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKind {
    /// Stop an amount of an asset from leaving an account.
    Freeze,
    /// Let it go again.
    Unfreeze,
    /// Keep an account's records from routine deletion.
    HoldRecords,
    /// End that.
    ReleaseRecords,
    /// Give the user of an account a text.
    NotifyUser,
}

impl EffectKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Freeze, Self::Unfreeze, Self::HoldRecords, Self::ReleaseRecords, Self::NotifyUser];

    /// The word used in `catalog.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::HoldRecords => "hold_records",
            Self::ReleaseRecords => "release_records",
            Self::NotifyUser => "notify_user",
        }
    }
}

/// How the company's systems are asked for one kind of effect.
#[derive(Clone, Debug)]
pub struct EffectEntry {
    /// The kind.
    pub kind: EffectKind,
    /// By HTTP or by SQL.
    pub way: EffectWay,
    /// Longest that one attempt may take.
    pub wait_max: Duration,
}

/// The two ways to ask.
#[derive(Clone, Debug)]
pub enum EffectWay {
    /// One HTTP call.
    Http(Box<HttpEffect>),
    /// Statements in one transaction on a source marked `writes = true`.
    Sql(SqlEffect),
}

/// An effect by HTTP. The effect id travels as idempotency key.
#[derive(Clone, Debug)]
pub struct HttpEffect {
    /// The call that asks.
    pub request: HttpCall,
    /// Header that carries the effect id.
    pub idempotency_header: String,
    /// Status codes that mean "done or being done".
    pub success: Vec<u16>,
    /// The call that asks again how it stands, when the first answer was not yet a confirmation.
    pub poll: Option<HttpCall>,
    /// What in the answer is the confirmation.
    pub confirmation: Confirmation,
}

/// One HTTP call with placeholders.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// Method.
    pub method: HttpMethod,
    /// URL; `{account}` and the like are percent-encoded into it.
    pub url: String,
    /// Headers: name, and where the value stands.
    pub headers: Vec<(String, HeaderValue)>,
    /// JSON body; a string that is exactly a placeholder becomes the typed value.
    pub body: Option<serde_json::Value>,
}

/// HTTP methods that an effect may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET, for polling.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

/// Where a header's value stands.
#[derive(Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// In the catalog.
    Written(String),
    /// In an environment variable of this name.
    Environment(String),
}

/// A header may hold a token, so only its place is shown.
impl std::fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Written(_) => f.write_str("Written(..)"),
            Self::Environment(name) => write!(f, "Environment({name})"),
        }
    }
}

/// What in an HTTP answer says that the effect holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// JSON pointer (RFC 6901) of the member that tells the state.
    pub state: String,
    /// Its value when the effect holds.
    pub confirmed: String,
    /// Its values that mean "never".
    pub failed: Vec<String>,
    /// JSON pointer of the amount that is held, in smallest units, if the company says it.
    pub amount: Option<String>,
}

/// An effect by SQL procedure, all in one transaction.
#[derive(Clone, Debug)]
pub struct SqlEffect {
    /// The source, marked `writes = true`.
    pub source: String,
    /// What is done, in order.
    pub statements: Vec<Statement>,
    /// A query that returns one row (amount, detail) once the effect holds, and none before.
    pub confirm: Statement,
}

/// What is wrong with a catalog, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {field}: {why}")]
pub struct CatalogError {
    /// The file as named by the caller.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The field, as a path: `searches.deposits.sql`.
    pub field: String,
    /// What is wrong and how to put it right.
    pub why: String,
}

#[cfg(test)]
mod tests;
