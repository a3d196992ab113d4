//! The scope of one ask: which kinds of data, about whom, of when.
//!
//! Knows no database. A scope is written twice into every search: as bound parameters of the query,
//! and as the test that every row must pass afterwards.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::Selector;

/// The data categories of the catalog: Regulation (EU) 2023/1543 Article 3(9) to (12), and
/// `transaction` for what that Regulation has no word for (deposits, withdrawals, trades).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Customer file, contact, registration, payment instrument (Article 3(9)).
    Subscriber,
    /// IP address, port and time, asked for solely to identify the user (Article 3(10)).
    Identification,
    /// Log-ins, devices, routing (Article 3(11)).
    Traffic,
    /// Support chat, uploads, everything else in digital form (Article 3(12)).
    Content,
    /// Deposits, withdrawals, trades, balances, addresses.
    Transaction,
}

impl Category {
    /// Every category, from the least to the most sensitive.
    pub const ALL: [Self; 5] =
        [Self::Subscriber, Self::Identification, Self::Traffic, Self::Content, Self::Transaction];

    /// The word used in `catalog.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber",
            Self::Identification => "identification",
            Self::Traffic => "traffic",
            Self::Content => "content",
            Self::Transaction => "transaction",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is not a data category.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no data category; use subscriber, identification, traffic, content or transaction"
)]
pub struct UnknownCategory(pub String);

impl FromStr for Category {
    type Err = UnknownCategory;
    fn from_str(word: &str) -> Result<Self, UnknownCategory> {
        let known = Self::ALL.into_iter().find(|category| category.as_str() == word);
        known.ok_or_else(|| UnknownCategory(word.to_owned()))
    }
}

/// A half-open stretch of time: `from` belongs to it, `until` does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// First moment inside; nothing means from the beginning.
    pub from: Option<Timestamp>,
    /// First moment outside; nothing means without end.
    pub until: Option<Timestamp>,
}

impl TimeRange {
    /// Is the moment inside?
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Does the range leave anything out?
    pub fn is_bounded(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

/// What one search may return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The categories that the ask covers. A search of another category is refused.
    pub categories: Vec<Category>,
    /// About whom or what. A row must name at least one of them.
    pub selectors: Vec<Selector>,
    /// Of when.
    pub range: TimeRange,
}
