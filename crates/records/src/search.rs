//! One search: rows streamed from a source into CSV and JSON, each checked against the scope.
//!
//! Knows no permit and no package: whoever calls was allowed to, and keeps what is written.

mod run;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use evidence::digest::Digests;
use evidence::table::TableError;
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use crate::scope::{Category, Scope, TimeRange};
use crate::selector::Selector;
use crate::source::{Connection, Moment, Records, SourceError};

/// Longest reason that staff may give for withholding a row, in bytes.
pub const WITHHELD_REASON_BYTES_MAX: usize = 500;
/// Most withheld rows that are listed one by one; beyond it they are only counted by reason.
pub const WITHHELD_LISTED_COUNT_MAX: usize = 10_000;

/// How far one search may go. Reaching a limit is an error, never a shortened result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchLimits {
    /// Most rows that the source may return.
    pub row_count_max: u64,
    /// Most bytes of the CSV and of the JSON, each.
    pub bytes_max: u64,
    /// Longest time from start to last row.
    pub time_max: Duration,
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self { row_count_max: 5_000_000, bytes_max: 4 << 30, time_max: Duration::from_secs(300) }
    }
}

/// The identity of a row: SHA-256 over its cells, so that staff can name a row across snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub [u8; 32]);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// How staff point at a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowRef {
    /// Its number in the search's result, from 1, counted before anything is withheld.
    Number(u64),
    /// Its identity; holds as well when the source has changed in between.
    Id(RowId),
}

/// A row that staff keep back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffWithheld {
    /// Which row.
    pub row: RowRef,
    /// Why, in words that the authority will read.
    pub reason: String,
}

/// Why a row that the source returned is not in the exhibit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WithheldReason {
    /// None of the selectors stands in the row, though the query returned it.
    OtherSubject,
    /// The row's time lies outside the range.
    OutsideRange,
    /// The row has no time, so nobody can say that it is inside the range.
    NoTime,
    /// Staff kept it back, with their reason.
    Staff(String),
}

/// A withheld row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Its number in the search's result, from 1.
    pub row_number: u64,
    /// Its identity.
    pub row_id: RowId,
    /// Why.
    pub reason: WithheldReason,
}

/// What is known of one search: the facts that stand beside its rows in the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExhibitFacts {
    /// The catalog's name of the search.
    pub search: String,
    /// Its title.
    pub title: String,
    /// The data category.
    pub category: Category,
    /// The source's name and title.
    pub source: String,
    /// See `source`.
    pub source_title: String,
    /// The query as the catalog has it.
    pub query: String,
    /// SHA-256 of that text, hex.
    pub query_sha256: String,
    /// The moment that the rows show, by the database's own clock.
    pub snapshot_at: Timestamp,
    /// What the engine promises about that moment, in words.
    pub snapshot_promise: String,
    /// Every value that was bound to the query, run by run. Personal data.
    pub bound: Vec<BoundRun>,
    /// Rows in the exhibit.
    pub row_count: u64,
    /// Rows that a second selector returned again, which stand in the exhibit once.
    pub repeated_count: u64,
    /// Time of the earliest row in the exhibit, when rows have a time.
    pub time_min: Option<Timestamp>,
    /// Time of the latest.
    pub time_max: Option<Timestamp>,
    /// Was every row's time compared with the range? Not where the search has no time column.
    pub range_checked: bool,
    /// Every withheld row, up to [`WITHHELD_LISTED_COUNT_MAX`].
    pub withheld: Vec<Withheld>,
    /// All withheld rows, counted by reason.
    pub withheld_counts: BTreeMap<WithheldReason, u64>,
    /// Length and digests of the CSV.
    pub csv: Digests,
    /// Length and digests of the JSON.
    pub json: Digests,
}

/// One run of a search's query: which selector, which range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundRun {
    /// The selector whose parameter was set; those of other kinds were null.
    pub selector: Selector,
    /// The range that was bound.
    pub range: TimeRange,
    /// Rows that this run returned, before anything was withheld.
    pub row_count: u64,
}

/// One look at the records: every search of an ask sees the same moment of a source.
///
/// Dropping it stops whatever its sources are still doing.
pub struct Snapshot {
    records: Records,
    open: BTreeMap<String, (Connection, Moment)>,
    /// Its place among the looks at the same time, from its first source on.
    place: Option<OwnedSemaphorePermit>,
}

impl Records {
    /// Starts a look. Each source is opened, and its moment fixed, when it is first searched.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { records: self.clone(), open: BTreeMap::new(), place: None }
    }
}

impl Snapshot {
    /// Runs one search and writes its rows. After an error, what was written is to be thrown away.
    ///
    /// The query runs once for each selector of a kind that it answers to. The rows never stand in
    /// memory together; only when several selectors are asked, 16 bytes a row are kept to leave out
    /// repeats. The writers are called from an async task: give files or buffers, not sockets.
    ///
    /// # Errors
    /// Unknown search, category outside the scope, a limit reached, a cell of the wrong kind, a
    /// staff entry that names no row, or the source failing.
    pub async fn search(
        &mut self,
        search: &str,
        scope: &Scope,
        withheld: &[StaffWithheld],
        limits: &SearchLimits,
        csv: impl Write + Send,
        json: impl Write + Send,
    ) -> Result<ExhibitFacts, SearchError> {
        let records = self.records.clone();
        let catalog = records.catalog();
        let search = catalog.search(search).ok_or_else(|| SearchError::NotInCatalog {
            file: catalog.file.clone(),
            what: format!("search `{search}`"),
        })?;
        if !scope.categories.contains(&search.category) {
            let (search, category) = (search.name.clone(), search.category);
            return Err(SearchError::OutsideScope { search, category });
        }
        let selectors = run::selectors(search, scope)?;
        let source = records.source(&search.source)?;
        let (mut connection, moment) = self.connection(&search.source, limits.time_max).await?;
        let facts = run::search(
            run::Run {
                search,
                scope,
                selectors,
                withheld,
                limits,
                source,
                connection: &mut connection,
                moment: &moment,
            },
            csv,
            json,
        )
        .await?;
        // After an error the connection is dropped instead: its state is not known.
        self.keep(&search.source, connection, moment);
        Ok(facts)
    }

    /// Ends the look and gives the connections back.
    pub async fn end(mut self) {
        for (name, (connection, _)) in std::mem::take(&mut self.open) {
            if let Ok(source) = self.records.source(&name) {
                source.give_back(connection).await;
            }
        }
    }

    pub(crate) fn records(&self) -> &Records {
        &self.records
    }

    /// The look's connection to a source. Taken out; put back by [`Snapshot::keep`].
    pub(crate) async fn connection(
        &mut self,
        source: &str,
        wait: Duration,
    ) -> Result<(Connection, Moment), SourceError> {
        if let Some(open) = self.open.remove(source) {
            return Ok(open);
        }
        if self.place.is_none() {
            self.place = Some(self.records.may_look(source, wait).await?);
        }
        let open = self.records.source(source)?;
        let mut connection = open.connect_reading().await?;
        let moment = open.begin_reading(&mut connection, wait).await?;
        Ok((connection, moment))
    }

    pub(crate) fn keep(&mut self, source: &str, connection: Connection, moment: Moment) {
        self.open.insert(source.to_owned(), (connection, moment));
    }
}

/// A search gave no exhibit.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// No such search, or no lookup, in the catalog.
    #[error("catalog {file} has no {what}")]
    NotInCatalog {
        /// The catalog.
        file: String,
        /// What was asked for.
        what: String,
    },
    /// The ask does not cover the search's category.
    #[error("search `{search}` returns {category} data, which the scope does not cover")]
    OutsideScope {
        /// The search.
        search: String,
        /// Its category.
        category: Category,
    },
    /// None of the scope's selectors is of a kind that the search answers to.
    #[error("search `{search}` answers to none of the selectors given; it needs one of {needs}")]
    NoSelector {
        /// The search.
        search: String,
        /// The kinds that it answers to.
        needs: String,
    },
    /// More rows than allowed.
    #[error(
        "search `{search}` reached the limit of {limit} rows; nothing was shortened, narrow \
             the scope or raise the limit"
    )]
    RowLimit {
        /// The search.
        search: String,
        /// The limit.
        limit: u64,
    },
    /// More bytes than allowed.
    #[error(
        "search `{search}` reached the limit of {limit} bytes; nothing was shortened, narrow \
             the scope or raise the limit"
    )]
    ByteLimit {
        /// The search.
        search: String,
        /// The limit.
        limit: u64,
    },
    /// It took too long and was stopped, in the database too.
    #[error(
        "search `{search}` was stopped after {limit:?}; narrow the scope, add an index or \
             raise the limit"
    )]
    TimeLimit {
        /// The search.
        search: String,
        /// The limit.
        limit: Duration,
    },
    /// A staff entry gives no reason, or a very long one.
    #[error(
        "search `{search}`: the withheld entry {index} needs a reason of 1 to \
             {WITHHELD_REASON_BYTES_MAX} bytes"
    )]
    WithheldReason {
        /// The search.
        search: String,
        /// Position in the list given, from 1.
        index: usize,
    },
    /// A cell does not hold what the catalog declares.
    #[error("search `{search}`, row {row_number}, column `{column}`: {why}")]
    Cell {
        /// The search.
        search: String,
        /// The row, from 1.
        row_number: u64,
        /// The column.
        column: String,
        /// What is wrong; the value itself is not shown.
        why: String,
    },
    /// Staff withheld a row that the result does not have, so something else went out instead.
    #[error(
        "search `{search}`: the withheld entry {index} names a row that the result does not \
             have; look at the result again"
    )]
    WithheldMissing {
        /// The search.
        search: String,
        /// Position in the list given, from 1.
        index: usize,
    },
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The query was stopped because the lookup took too long.
    #[error("the deposit address lookup was stopped after {limit:?}")]
    LookupTime {
        /// The limit.
        limit: Duration,
    },
    /// The deposit address lookup returned something unfit.
    #[error("[deposit_addresses], column `{column}`: {why}")]
    Lookup {
        /// The column.
        column: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The lookup of languages returned something unfit, or took too long.
    #[error("[languages]: {why}")]
    Language {
        /// What is wrong.
        why: String,
    },
    /// The exhibit could not be written.
    #[error("search `{search}`: the exhibit cannot be written")]
    Write {
        /// The search.
        search: String,
        /// Why.
        #[source]
        source: TableError,
    },
}
