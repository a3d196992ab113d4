//! What an emergency still owes: the order that comes after it, and the look of a third person.
//!
//! Knows no length of its own: the clocks of the rule pack say how long there is. A regime whose
//! pack has no clock for a later order owes none, so nothing of it is ever unvalidated.

use jiff::Timestamp;

use super::state::{AskState, Request};
use crate::clock::{Clock, ClockName};
use crate::ids::AskNumber;
use crate::pack::{StopEvent, embedded_all};

/// An emergency whose later order is not there in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unvalidated {
    /// The ask.
    pub ask: AskNumber,
    /// The first moment at which the order was late.
    pub since: Timestamp,
    /// The article that gives the time.
    pub article: String,
    /// True when nobody has checked the rule against the text of the law.
    pub unchecked: bool,
    /// True when something was handed over under this ask.
    pub has_answer: bool,
}

/// An emergency answer that a third person has not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewOwed {
    /// The ask.
    pub ask: AskNumber,
    /// By when it must be reviewed, where the pack has a clock for it.
    pub due: Option<Timestamp>,
}

impl Request {
    /// The emergencies that are unvalidated now: their order did not come in the time its clock
    /// gives, and has not come since. Whether the ask was closed meanwhile makes no difference.
    pub fn unvalidated(&self, now: Timestamp) -> Vec<Unvalidated> {
        self.asks.iter().filter_map(|ask| ask.unvalidated(now)).collect()
    }

    /// The emergency answers that were handed over and that nobody has reviewed.
    pub fn reviews_owed(&self) -> Vec<ReviewOwed> {
        let owed = |ask: &&AskState| {
            ask.is_emergency() && ask.delivered_at.is_some() && ask.reviewed_by.is_none()
        };
        let review = |ask: &AskState| ReviewOwed {
            ask: ask.number,
            due: ask.clock_that_stops_with(StopEvent::Review).map(|clock| clock.start.due),
        };
        self.asks.iter().filter(owed).map(review).collect()
    }
}

impl AskState {
    /// See [`Request::unvalidated`].
    pub fn unvalidated(&self, now: Timestamp) -> Option<Unvalidated> {
        if !self.is_emergency() || self.validated_at.is_some() {
            return None;
        }
        let clock = self.ex_post_clock().filter(|clock| clock.start.due <= now)?;
        let has_answer = self.delivered_at.is_some();
        // An ask that ended and let nothing out owes no order any more.
        (has_answer || !self.stage_at(now).is_final()).then(|| Unvalidated {
            ask: self.number,
            since: clock.start.due,
            article: clock.start.article.clone(),
            unchecked: clock.start.unchecked,
            has_answer,
        })
    }

    /// The first moment at which the order after an emergency is late, while it is owed and not
    /// there.
    pub fn order_due(&self) -> Option<Timestamp> {
        let is_owed = self.delivered_at.is_some() || !self.stage.is_final();
        let waits = self.is_emergency() && self.validated_at.is_none() && is_owed;
        self.ex_post_clock().filter(|_| waits).map(|clock| clock.start.due)
    }

    fn ex_post_clock(&self) -> Option<&Clock> {
        self.clock_that_stops_with(StopEvent::ExPostOrder)
    }

    /// The newest clock of that duty. Packs name their clocks as they like; those that come with
    /// the program tell which name is which duty.
    fn clock_that_stops_with(&self, event: StopEvent) -> Option<&Clock> {
        self.clocks.iter().rev().find(|clock| stops_with(&clock.start.name, event))
    }
}

fn stops_with(name: &ClockName, event: StopEvent) -> bool {
    let rules = embedded_all().iter().flat_map(|pack| &pack.clocks);
    rules.filter(|rule| rule.name == *name).any(|rule| rule.stops.contains(&event))
}
