//! "Will this be accepted, by when, and if not, why?" Knows no state: an order, a rule pack and
//! a moment give the answer, for the officer before sending and for legal review after.

mod clocks;
mod reasons;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::calendar::Length;
use crate::clock::{ClockKind, ClockName, ClockStart, Party};
use crate::ids::AskNumber;
use crate::order::{AskKind, Channel, Order};
use crate::pack::{PackRef, RulePack, Source, Trigger};
use crate::request::RefusalCode;

pub(crate) use clocks::{at_receipt, starting};

/// Judges an order as if it were received at `now`.
pub fn check(order: &Order, pack: &RulePack, now: Timestamp) -> Acceptance {
    let asks = order
        .numbered()
        .map(|(number, ask)| {
            let (clocks, problem) = match clocks::at_receipt(order, ask, pack, now) {
                Ok(clocks) => (clocks, None),
                Err(problem) => (Vec::new(), Some(problem)),
            };
            let mut reasons = reasons::all(order, ask, pack, now);
            reasons.extend(problem);
            AskAnswer {
                ask: number,
                kind: ask.kind(),
                reasons,
                clocks,
                later: clocks::later(order, ask, pack),
            }
        })
        .collect();
    Acceptance { pack: pack.reference.clone(), asks, notes: notes(order, pack) }
}

/// The reasons against one ask; empty means accepted.
pub(crate) fn reasons_against(
    order: &Order,
    number: AskNumber,
    pack: &RulePack,
    now: Timestamp,
) -> Vec<Reason> {
    let Some(ask) = order.ask(number) else { return Vec::new() };
    let mut reasons = reasons::all(order, ask, pack, now);
    reasons.extend(clocks::at_receipt(order, ask, pack, now).err());
    reasons
}

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

impl Acceptance {
    /// True when no ask has a reason against it.
    pub fn is_accepted(&self) -> bool {
        self.asks.iter().all(AskAnswer::is_accepted)
    }
}

impl AskAnswer {
    /// True when there is no reason against it.
    pub const fn is_accepted(&self) -> bool {
        self.reasons.is_empty()
    }
}

impl Reason {
    fn new(code: RefusalCode, source: &Source, fix: impl Into<String>) -> Self {
        let Source { article, unchecked } = source.clone();
        Self { code, article, unchecked, fix: fix.into() }
    }
}

fn notes(order: &Order, pack: &RulePack) -> Vec<AnswerNote> {
    let note = |text: String, source: &Source| AnswerNote {
        text,
        article: source.article.clone(),
        unchecked: source.unchecked,
    };
    let kinds: BTreeSet<AskKind> = order.asks.iter().map(|ask| ask.kind()).collect();
    let mut notes: Vec<AnswerNote> = pack
        .notes
        .iter()
        .filter(|rule| rule.asks.is_empty() || !rule.asks.is_disjoint(&kinds))
        .map(|rule| note(rule.text.clone(), &rule.source))
        .collect();
    if pack.service.doubtful.contains(&order.service) {
        let text = format!(
            "It is doubtful whether the regime covers the service `{}`; counsel decides.",
            order.service
        );
        notes.push(note(text, &pack.service.source));
    }
    for rule in pack.channels.iter().filter(|rule| rule.instruments.contains(&order.instrument)) {
        notes.extend(rule.note.clone().map(|text| note(text, &rule.source)));
    }
    if pack.instruments.iter().any(|rule| rule.kind == order.instrument && rule.voluntary) {
        notes.push(note(
            "This instrument asks and does not oblige: an answer is voluntary.".to_owned(),
            &pack
                .instruments
                .iter()
                .find(|rule| rule.kind == order.instrument)
                .map_or_else(|| pack.counting_source.clone(), |rule| rule.source.clone()),
        ));
    }
    if order.channel == Channel::Manual {
        let source = Source { article: "desk rule".to_owned(), unchecked: false };
        let text = "It came by post or mail: a recorded call-back to a number from the company's \
                    own directory comes before legal review.";
        notes.push(note(text.to_owned(), &source));
    }
    let lacks_time =
        pack.clocks.iter().any(|rule| rule.starts == Trigger::Receipt && rule.length.is_none());
    if lacks_time && order.answer_by.is_none() && kinds.contains(&AskKind::Disclose) {
        let source = Source { article: "desk rule".to_owned(), unchecked: false };
        let text = "The regime sets no time and the order states none: no clock runs for the \
                    answer; state a time.";
        notes.push(note(text.to_owned(), &source));
    }
    notes.push(note(pack.user_notice.text.clone(), &pack.user_notice.source));
    notes.push(note("How days are counted.".to_owned(), &pack.counting_source));
    notes
}
