//! "Will this be accepted?", before anything is sent.

use std::collections::BTreeSet;

use desk::check::Acceptance;
use desk::clock::ClockKind;
use desk::order::Order;
use jiff::Timestamp;
use server::selector::desk_searched;

use crate::form::Mistakes;
use crate::frame::Frame;
use crate::said::{ReasonShown, Worded};
use crate::site::Site;

/// A deadline that would begin with the request.
pub(super) struct Deadline {
    pub name: String,
    pub is_due: bool,
    pub due: Timestamp,
    pub article: Worded,
    pub unchecked: bool,
}

/// Something else to know.
pub(super) struct NoteShown {
    pub text: Worded,
    pub article: Worded,
    pub unchecked: bool,
}

/// What the rules say of one ask.
pub(super) struct AskAnswer {
    pub kind: &'static str,
    pub reasons: Vec<ReasonShown>,
    pub deadlines: Vec<Deadline>,
}

/// What the rules say of an order.
pub(super) struct Answer {
    pub regime: String,
    pub asks: Vec<AskAnswer>,
    pub notes: Vec<NoteShown>,
    pub is_accepted: bool,
    /// Kinds of selector by which nothing is found here, whatever the rules say.
    pub unsearched: Vec<&'static str>,
}

impl Answer {
    /// By the rule pack of the agency, now.
    pub(super) fn of(site: &Site, frame: &Frame, regime: &str, order: &Order) -> Option<Self> {
        let pack = desk::pack::embedded(regime)?;
        let checked: Acceptance = desk::check::check(order, pack, frame.now);
        let (is_accepted, words) = (checked.is_accepted(), frame.words);
        let asks = checked.asks.into_iter().map(|ask| AskAnswer {
            kind: ask.kind.as_str(),
            reasons: ask.reasons.iter().map(|it| ReasonShown::of(words, it)).collect(),
            deadlines: ask
                .clocks
                .into_iter()
                .map(|clock| Deadline {
                    name: frame.term("clock", clock.name.as_str()),
                    is_due: clock.kind == ClockKind::DueBy,
                    due: clock.due,
                    article: Worded::recorded(words, Some(regime), &clock.article),
                    unchecked: clock.unchecked,
                })
                .collect(),
        });
        let records = site.node.records_for(Some(order)).ok();
        let known = records.map(|it| desk_searched(it.catalog())).unwrap_or_default();
        let scopes = order.asks.iter().filter_map(desk::order::Ask::scope);
        let asked: BTreeSet<_> = scopes.flat_map(|scope| scope.selectors.keys()).collect();
        let unsearched = asked.into_iter().filter(|kind| !known.contains(kind));
        Some(Self {
            unsearched: unsearched.map(|kind| kind.as_str()).collect(),
            regime: checked.pack.id,
            asks: asks.collect(),
            notes: checked
                .notes
                .iter()
                .map(|note| NoteShown {
                    text: Worded::note(words, &note.text),
                    article: Worded::article(words, &note.article),
                    unchecked: note.unchecked,
                })
                .collect(),
            is_accepted,
        })
    }
}

/// The answer alone, which a script puts where the old one stood.
#[derive(askama::Template)]
#[template(path = "portal/answer_alone.html")]
pub(super) struct AnswerAlone {
    pub frame: Frame,
    pub answer: Option<Answer>,
    /// What stands in the way of an answer.
    pub mistakes: Mistakes,
    /// Name of the draft in which the form was kept.
    pub kept: Option<String>,
    /// It is not kept: something newer is.
    pub is_overtaken: bool,
}
