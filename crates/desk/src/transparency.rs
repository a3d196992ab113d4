//! What the company says in public about the requests it receives: counts, and nothing else.
//!
//! Knows no storage, no page and no person: histories come in as events, a [`Report`] goes out.
//! It does not know other reports either: two reports that count the same requests can be
//! subtracted from each other, so nobody makes the second ([`Scope::can_be_subtracted`]).
//!
//! | module | holds |
//! |---|---|
//! | `facts` | what is counted of one request, from its events |
//! | `tally` | the exact counts, in memory that does not grow with the number of requests |
//! | `suppress` | which counts of a list are told: none that is small, none that gives one away |
//! | `sums` | the same for a table of which sums are told |
//! | `scope` | whether two reports count the same requests |
//! | `csv` | the same report as a table for other programs |

mod csv;
mod facts;
mod scope;
mod sums;
mod suppress;
mod tally;

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use facts::{AskFacts, RequestFacts};
pub use scope::Scope;
pub use sums::{told_sums, withheld};
pub use suppress::{Folded, SMALL_CELL_BELOW, fold};
pub use tally::{AMOUNT_ASKS_MIN, SPREAD_ASKS_MIN, Tally};

use crate::ids::{Amount, Country};
use crate::order::{AskKind, DataCategory, InstrumentKind, IssuerType};
use crate::request::RefusalCode;
use crate::words::words;

/// What the JSON of a report calls itself.
pub const FORMAT: &str = "comity transparency report";
/// The version that is written.
pub const VERSION: u64 = 2;
/// The largest report that is read, in bytes.
pub const REPORT_BYTES_MAX: usize = 16 * 1024 * 1024;

words! {
    /// What became of an ask, in one word; each ask has exactly one.
    Fate {
        /// Everything asked for was handed over.
        Full = "full",
        /// A part was.
        Partial = "partial",
        /// A signed negative answer was.
        NoData = "no_data",
        /// Preserved, frozen, released, or the user not told: done as asked.
        CarriedOut = "carried_out",
        /// Refused.
        Refused = "refused",
        /// Taken back by the authority.
        Withdrawn = "withdrawn",
        /// Outlived by its instrument or its time, with nothing done.
        Expired = "expired",
        /// Not decided at the moment the report speaks of.
        Open = "open",
    }
}

words! {
    /// What became of the company's own deadline for an ask that was done.
    Deadline {
        /// Met.
        Kept = "kept",
        /// Passed with the duty not done.
        Missed = "missed",
        /// None was set.
        None = "none",
    }
}

words! {
    /// Whether the user of an answered ask was told.
    Notice {
        /// Told.
        Told = "told",
        /// Not told yet: silence is ordered, or an emergency was not looked back at.
        Withheld = "withheld",
        /// Nothing was owed, or the authority tells.
        None = "none",
    }
}

words! {
    /// Where a copy, freeze or silence stands that came about.
    End {
        /// In force, and nothing followed yet.
        InForce = "in_force",
        /// In force, and the order that it waited for has come.
        Confirmed = "confirmed",
        /// Ended by a person: released, unfrozen, lifted.
        Released = "released",
        /// Its time was over.
        Lapsed = "lapsed",
    }
}

words! {
    /// What asks are broken down by, besides the country.
    Dimension {
        /// The rule pack.
        Regime = "regime",
        /// Country and rule pack.
        CountryRegime = "country_regime",
        /// What issued the order.
        AgencyClass = "agency_class",
        /// The most intrusive category of data.
        DataCategory = "data_category",
        /// Whether an emergency was claimed.
        Emergency = "emergency",
        /// What the order is in law.
        Instrument = "instrument",
    }
}

/// Days, both included, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Date,
    to: Date,
}

impl Period {
    /// From a day to a day; `None` when it ends before it begins.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// The first day.
    pub const fn from(self) -> Date {
        self.from
    }

    /// The last day.
    pub const fn to(self) -> Date {
        self.to
    }

    /// The moments that belong to it.
    pub fn moments(self) -> Range<Timestamp> {
        let start = |day: Date| day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        let from = start(self.from).unwrap_or(Timestamp::MIN);
        let to = self.to.tomorrow().and_then(start).unwrap_or(Timestamp::MAX);
        from..to
    }
}

/// What a report is about, besides its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The company.
    pub company: String,
    /// The head of the log that the counts were taken under.
    pub log: LogHead,
    /// When requests were received.
    pub period: Period,
    /// What became of them is told as of this moment.
    pub as_of: Timestamp,
    /// Requests of authorities of these countries only; all when there is none.
    pub agency_countries: Option<BTreeSet<Country>>,
}

/// A head of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Its origin.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// Its root, as checkpoints write it.
    pub root: String,
}

/// A transparency report. Its JSON is the report (docs/formats/transparency.md); CSV and page are
/// made from it.
///
/// Every number in it is 0 or at least [`SMALL_CELL_BELOW`], and no smaller one follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub v: u64,
    /// The company.
    pub company: String,
    /// The log.
    pub log: LogHead,
    /// The first day, UTC.
    pub from: Date,
    /// The last day, UTC.
    pub to: Date,
    /// The moment that outcomes are told of.
    pub as_of: Timestamp,
    /// Only authorities of these countries, if not all.
    pub agency_countries: Option<BTreeSet<Country>>,
    /// [`SMALL_CELL_BELOW`].
    pub small_cell_below: u64,
    /// Requests received; withheld when fewer than that, or when the number would say more of a
    /// withheld kind than its section may.
    pub requests: Option<u64>,
    /// Kinds of ask that were received fewer than [`SMALL_CELL_BELOW`] times, or never.
    pub withheld: Vec<AskKind>,
    /// The other kinds.
    pub sections: Vec<Section>,
}

/// Everything about asks of one kind. A request may have several asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The kind.
    pub ask_type: AskKind,
    /// How many were received.
    pub received: u64,
    /// What became of them; together all of `received`.
    pub outcomes: Vec<Group<Fate>>,
    /// The same by country of the authority; together all of `received`.
    pub countries: Vec<CountryRow>,
    /// The same by each other dimension that has more than one value here; the rows of each are
    /// together all of `received`.
    pub breakdowns: Vec<BreakdownRow>,
    /// `received` broken down further; together all of it.
    pub detail: Vec<DetailRow>,
    /// The refused ones by code; empty where their number is not told by itself.
    pub refusals: Vec<Group<RefusalCode>>,
    /// What became of the company's own deadlines, of the asks that were done; together all of
    /// them. Empty where the number of those is not told: it would tell it.
    pub deadlines: Vec<Group<Deadline>>,
    /// Accounts that the orders name, each order's counted by itself.
    pub accounts_named: Option<u64>,
    /// Whether the users were told, of the asks that were done, as `deadlines`.
    pub notices: Vec<Group<Notice>>,
    /// Asks whose own request orders silence towards the user.
    pub silenced: Option<u64>,
    /// Asks that were sent back to the authority to be completed, at least once.
    pub sent_back: Option<u64>,
    /// Asks refused as suspected fraud, or sent by a key that is suspected of it.
    pub fraud_suspected: Option<u64>,
    /// Emergency asks that were answered and whose later order did not come in time.
    pub emergencies_unvalidated: Option<u64>,
    /// Hours from receipt until it was done.
    pub hours_to_answer: Option<Spread>,
    /// Days that a preservation, freeze or silence lasted, of those that are over.
    pub days_in_force: Option<Spread>,
    /// Where the carried out ones stand: copies, freezes, silence. Empty where their number is not
    /// told by itself.
    pub ends: Vec<Group<End>>,
    /// What was frozen, by asset.
    pub assets: Vec<AssetRow>,
}

/// One count of one or several words: several where one alone would be too few.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group<T> {
    /// The words counted together.
    pub of: Vec<T>,
    /// How many.
    pub count: u64,
}

/// Asks of one country's authorities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountryRow {
    /// The country; none for all countries together that sent too few each.
    pub country: Option<Country>,
    /// How many were received.
    pub received: u64,
    /// What became of them, in the order of the section's `outcomes`; none where it is withheld.
    pub counts: Vec<Option<u64>>,
    /// Hours from receipt until it was done.
    pub hours_to_answer: Option<Spread>,
}

/// Asks that agree in one dimension; the others are none. All none is "not told apart".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakdownRow {
    /// The dimension.
    pub by: Dimension,
    /// The country of the authority, with its regime.
    pub country: Option<Country>,
    /// The rule pack they were judged by.
    pub regime: Option<String>,
    /// What issued the order.
    pub agency_class: Option<IssuerType>,
    /// The most intrusive category of data asked for.
    pub data_category: Option<DataCategory>,
    /// Whether an emergency was claimed.
    pub emergency: Option<bool>,
    /// What the order is in law.
    pub instrument: Option<InstrumentKind>,
    /// How many were received.
    pub received: u64,
    /// What became of them, in the order of the section's `outcomes`; none where it is withheld.
    pub counts: Vec<Option<u64>>,
    /// Hours from receipt until it was done.
    pub hours_to_answer: Option<Spread>,
}

/// Asks that agree in all of these; none is "not told apart".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailRow {
    /// The country of the authority.
    pub country: Option<Country>,
    /// The rule pack they were judged by.
    pub regime: Option<String>,
    /// What issued the order.
    pub agency_class: Option<IssuerType>,
    /// The most intrusive category of data asked for.
    pub data_category: Option<DataCategory>,
    /// Whether an emergency was claimed.
    pub emergency: Option<bool>,
    /// What the order is in law.
    pub instrument: Option<InstrumentKind>,
    /// How many were received.
    pub received: u64,
}

/// The middle and the slow end, as decimal text with one decimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Half took no longer.
    pub median: String,
    /// Nine of ten took no longer.
    pub p90: String,
}

/// Freezes of one asset, or of all assets together that were frozen too seldom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetRow {
    /// The asset's code; none for several together.
    pub asset: Option<crate::ids::Asset>,
    /// Freezes.
    pub frozen: u64,
    /// Where they stand, in the order of the section's `ends`; none where it is withheld.
    pub ends: Vec<Option<u64>>,
    /// The exact sum, in the asset's smallest unit; none for several assets, for few freezes, and
    /// where one of them makes up most of it.
    pub amount: Option<Amount>,
    /// The sum is at least this, in the asset's smallest unit; none for several assets.
    pub amount_from: Option<Amount>,
    /// And less than this.
    pub amount_below: Option<Amount>,
}

/// Why a text is not a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// No JSON, or other members than a report has.
    #[error("this is not a transparency report: {0}")]
    Unreadable(String),
    /// Another format or version.
    #[error(
        "this says it is {found:?}, version {version}; this program reads {FORMAT:?}, {VERSION}"
    )]
    Unknown {
        /// What it says it is.
        found: String,
        /// And which version.
        version: u64,
    },
    /// Another spelling of the same report: its digest would be another.
    #[error("the report is not in its one spelling; take the file as it was made")]
    Spelling,
}

impl Report {
    /// The report's bytes: JSON with two spaces of indent and one line feed at the end.
    pub fn to_json(&self) -> String {
        // Words, numbers and lists only: none can fail to be JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads a report in its one spelling.
    ///
    /// # Errors
    /// Naming what is wrong with it.
    pub fn parse(json: &str) -> Result<Self, ReportError> {
        let report: Self = serde_json::from_str(json)
            .map_err(|error| ReportError::Unreadable(error.to_string()))?;
        if report.format != FORMAT || report.v != VERSION {
            return Err(ReportError::Unknown { found: report.format, version: report.v });
        }
        if report.to_json() == json { Ok(report) } else { Err(ReportError::Spelling) }
    }

    /// The report as a table (docs/formats/transparency.md).
    pub fn to_csv(&self) -> String {
        csv::write(self)
    }
}

impl Fate {
    /// True when what was asked was done, or a negative answer given.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Full | Self::Partial | Self::NoData | Self::CarriedOut)
    }
}

impl Section {
    /// How many asks were done, where the told outcomes say so: none of them is told together with
    /// one that was not done.
    pub fn done(&self) -> Option<u64> {
        done(&self.outcomes)
    }

    /// The count of one word by itself; none where it is told together with others only.
    pub fn alone(&self, fate: Fate) -> Option<u64> {
        alone(&self.outcomes, fate)
    }
}

/// See [`Section::done`].
fn done(outcomes: &[Group<Fate>]) -> Option<u64> {
    let is_mixed = |group: &&Group<Fate>| {
        group.of.iter().any(|fate| fate.is_done()) && !group.of.iter().all(|fate| fate.is_done())
    };
    if outcomes.iter().any(|group| is_mixed(&group)) {
        return None;
    }
    let done = outcomes.iter().filter(|group| group.of.iter().all(|fate| fate.is_done()));
    Some(done.map(|group| group.count).sum())
}

/// The count of one word by itself.
pub fn alone<T: PartialEq + Copy>(groups: &[Group<T>], word: T) -> Option<u64> {
    groups.iter().find(|group| group.of == [word]).map(|group| group.count)
}
