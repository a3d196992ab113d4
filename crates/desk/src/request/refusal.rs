//! Why the desk says no: what was wrong, why, and what to do. Knows no personal data.

use std::fmt;

use jiff::Timestamp;

use super::no::{No, What};
use crate::check::Reason;

/// A command was not carried out; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What sort of no it is, for whoever must act on it.
    pub cause: Cause,
    /// What was refused.
    pub what: What,
    /// Why, with the rule; it says what to do instead as well.
    pub why: No,
}

/// What sort of no a refusal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The permit is for another action or another request: a fault of the program.
    WrongPermit,
    /// There is no such request, ask, clock, effect or exhibit.
    Missing,
    /// It exists already.
    Duplicate,
    /// The ask is in a state in which this cannot be done.
    WrongState,
    /// The ask is of a kind for which this is not meant.
    WrongKind,
    /// A second person must do this.
    SamePerson,
    /// The sender is not proven.
    NotAuthenticated,
    /// The rule pack refuses the ask, for these reasons.
    NotAccepted(Vec<Reason>),
    /// Nothing may be handed over before this moment.
    TooEarly(Timestamp),
    /// The time for this is over.
    TooLate,
    /// The history of the request is too long for it.
    TooLong,
    /// The package is not the one that was assembled or approved.
    DifferentPackage,
    /// The rule pack is not the one the request is judged by.
    DifferentPack,
    /// The order or the command contradicts itself or a limit.
    Invalid,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}; {}", self.what, self.why, self.why.fix())
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    pub(crate) fn new(cause: Cause, what: impl Into<What>, why: No) -> Self {
        Self { cause, what: what.into(), why }
    }
}
