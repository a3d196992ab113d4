//! "Will this be accepted, by when, and if not, why?" Knows no state: an order, a rule pack and
//! a moment give the answer, for the officer before sending and for legal review after.



use crate::calendar::Length;
use crate::clock::{ClockKind, ClockName, ClockStart, Party};
use crate::ids::AskNumber;
use crate::order::AskKind;
use crate::pack::{PackRef, Trigger};
use crate::request::RefusalCode;

/// The answer for a whole order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The pack it was judged by.
    pub pack: PackRef,
    /// One answer per ask, in order.
    pub asks: Vec<AskAnswer>,
    /// What else to know.
    pub notes: Vec<AnswerNote>,
}

/// The answer for one ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskAnswer {
    /// The ask.
    pub ask: AskNumber,
    /// Its kind.
    pub kind: AskKind,
    /// Every reason against it; empty means accepted.
    pub reasons: Vec<Reason>,
    /// The clocks that start at receipt, if it were received now.
    pub clocks: Vec<ClockStart>,
    /// The clocks that something later would start.
    pub later: Vec<LaterClock>,
}

/// One reason why an ask is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The code.
    pub code: RefusalCode,
    /// The article.
    pub article: String,
    /// True when nobody has compared the rule with the text of the law.
    pub unchecked: bool,
    /// What is wrong and what to change, in plain words.
    pub fix: String,
}

/// A clock that has not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterClock {
    /// Its name.
    pub name: ClockName,
    /// What its end means.
    pub kind: ClockKind,
    /// Whose time it is.
    pub whose: Party,
    /// What would start it.
    pub starts: Trigger,
    /// Its length.
    pub length: Option<Length>,
    /// The article.
    pub article: String,
    /// True when nobody has compared the rule with the text of the law.
    pub unchecked: bool,
}

/// Something else to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerNote {
    /// The words.
    pub text: String,
    /// The article.
    pub article: String,
    /// True when nobody has compared it with the text of the law.
    pub unchecked: bool,
}
