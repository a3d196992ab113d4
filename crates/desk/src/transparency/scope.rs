//! Whether two reports count the same requests. Knows no count.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Period;
use crate::ids::Country;

/// What a report counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// When requests were received.
    pub period: Period,
    /// Only authorities of these countries; all when there is none.
    pub agency_countries: Option<BTreeSet<Country>>,
    /// What became of them is told as of this moment.
    pub as_of: Timestamp,
}

impl Scope {
    /// Whether counts of one can be subtracted from counts of the other: both count some of the
    /// same requests, and not exactly the same ones at the same moment. What is left would be
    /// counts of few requests, or of what became of few between two moments, that neither report
    /// tells.
    pub fn can_be_subtracted(&self, other: &Self) -> bool {
        let overlap =
            |one: Period, other: Period| one.from() <= other.to() && other.from() <= one.to();
        let shares_countries = match (&self.agency_countries, &other.agency_countries) {
            (Some(one), Some(other)) => !one.is_disjoint(other),
            _ => true,
        };
        self != other && overlap(self.period, other.period) && shares_countries
    }
}
