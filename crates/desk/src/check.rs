//! "Will this be accepted, by when, and if not, why?" Knows no state: an order, a rule pack and
//! a moment give the answer, for the officer before sending and for legal review after.

mod clocks;
mod fix;
mod reasons;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::calendar::Length;
use crate::clock::{ClockKind, ClockName, ClockStart, Party};
use crate::ids::AskNumber;
use crate::order::{AskKind, Channel, Order};
use crate::pack::{Article, PackRef, RulePack, Source, Text, Trigger};
use crate::request::RefusalCode;

pub(crate) use clocks::{at_receipt, starting};
pub use fix::{Aim, Fix, Note, Way};

/// A rule of the desk, which no pack changes.
const DESK_RULE: Source = Source { article: Article::DeskRule, unchecked: false };

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
    pub article: Article,
    /// True when nobody has compared the rule with the text of the law.
    pub unchecked: bool,
    /// What is wrong and what to change.
    pub fix: Fix,
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
    pub article: Article,
    /// True when nobody has compared the rule with the text of the law.
    pub unchecked: bool,
}

/// Something else to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerNote {
    /// The words.
    pub text: NoteText,
    /// The article.
    pub article: Article,
    /// True when nobody has compared it with the text of the law.
    pub unchecked: bool,
}

/// Whose words a note is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteText {
    /// The rule pack's.
    Pack(Text),
    /// The desk's own.
    Desk(Note),
}

impl std::fmt::Display for NoteText {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pack(text) => text.fmt(out),
            Self::Desk(note) => note.fmt(out),
        }
    }
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
    fn new(code: RefusalCode, source: &Source, fix: Fix) -> Self {
        let Source { article, unchecked } = source.clone();
        Self { code, article, unchecked, fix }
    }
}

fn notes(order: &Order, pack: &RulePack) -> Vec<AnswerNote> {
    let note = |text: NoteText, source: &Source| AnswerNote {
        text,
        article: source.article.clone(),
        unchecked: source.unchecked,
    };
    let kinds: BTreeSet<AskKind> = order.asks.iter().map(|ask| ask.kind()).collect();
    let mut notes: Vec<AnswerNote> = pack
        .notes
        .iter()
        .filter(|rule| rule.asks.is_empty() || !rule.asks.is_disjoint(&kinds))
        .map(|rule| note(NoteText::Pack(rule.text.clone()), &rule.source))
        .collect();
    if pack.service.doubtful.contains(&order.service) {
        let doubt = Note::ServiceDoubtful { service: order.service };
        notes.push(note(NoteText::Desk(doubt), &pack.service.source));
    }
    for rule in pack.channels.iter().filter(|rule| rule.instruments.contains(&order.instrument)) {
        notes.extend(rule.note.clone().map(|text| note(NoteText::Pack(text), &rule.source)));
    }
    if pack.instruments.iter().any(|rule| rule.kind == order.instrument && rule.voluntary) {
        notes.push(note(
            NoteText::Desk(Note::Voluntary),
            &pack
                .instruments
                .iter()
                .find(|rule| rule.kind == order.instrument)
                .map_or_else(|| pack.counting_source.clone(), |rule| rule.source.clone()),
        ));
    }
    if order.channel == Channel::Manual {
        notes.push(note(NoteText::Desk(Note::CallBackFirst), &DESK_RULE));
    }
    let lacks_time =
        pack.clocks.iter().any(|rule| rule.starts == Trigger::Receipt && rule.length.is_none());
    if lacks_time && order.answer_by.is_none() && kinds.contains(&AskKind::Disclose) {
        notes.push(note(NoteText::Desk(Note::NoTimeSet), &DESK_RULE));
    }
    let told = NoteText::Pack(pack.user_notice.text.clone());
    notes.push(note(told, &pack.user_notice.source));
    notes.push(note(NoteText::Desk(Note::HowDaysAreCounted), &pack.counting_source));
    notes
}
