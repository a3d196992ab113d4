//! Telling the user whose data were disclosed: when it is owed, when it must wait, when it is due.
//!
//! Knows no user and no words; the shell finds both in the case. Whether it is owed at all is the
//! rule pack's (`user_notice`). That it waits for silence and for the look back at an emergency is
//! a rule of the desk.

use jiff::Timestamp;

use super::clocks;
use crate::ids::ActorId;
use crate::order::AskKind;
use crate::pack::{RulePack, UserNotice};
use crate::request::event::{EffectKind, Event, Outcome};
use crate::request::evolve::apply;
use crate::request::state::{AskState, Request};

/// What follows for the users from events that were just decided: a notice to send, or one that
/// must wait.
pub(super) fn follow(
    before: &Request,
    events: &[Event],
    pack: &RulePack,
    now: Timestamp,
) -> Vec<Event> {
    let is_delivery = |event: &Event| matches!(event, Event::Delivered { .. });
    let waits = before.asks.iter().any(|ask| ask.notice_waits);
    if events.is_empty() || !(waits || events.iter().any(is_delivery)) {
        return Vec::new();
    }
    let mut after = before.clone();
    for event in events {
        apply(&mut after, event, now);
    }
    let delivered = |ask: &AskState| {
        events.iter().any(
            |event| matches!(event, Event::Delivered { asks, .. } if asks.contains(&ask.number)),
        )
    };
    let owed = |ask: &&AskState| ask.notice_waits || (delivered(ask) && owes(&after, ask, pack));
    let follow = |ask: &AskState| match (must_wait(&after, ask), ask.notice_waits) {
        (true, true) => None,
        (true, false) => Some(Event::NoticePostponed { ask: ask.number }),
        (false, _) => {
            Some(clocks::effect(&after, ask, EffectKind::NotifyUser, None, ActorId::System))
        }
    };
    after.asks.iter().filter(owed).filter_map(follow).collect()
}

/// Something about somebody left the house, for real, and the law leaves the telling to us.
fn owes(request: &Request, ask: &AskState, pack: &RulePack) -> bool {
    let is_real = request.order.as_ref().is_some_and(|order| !order.is_test);
    let disclosed = matches!(ask.outcome, Some(Outcome::Full | Outcome::Partial));
    is_real
        && disclosed
        && ask.kind() == AskKind::Disclose
        && pack.user_notice.rule == UserNotice::UnlessForbidden
}

/// An order to keep silent is in force or not yet judged, or nobody has looked back at the
/// emergency: whoever endangers a life must not be warned by us.
fn must_wait(request: &Request, ask: &AskState) -> bool {
    let is_silenced = request
        .asks
        .iter()
        .any(|other| other.kind() == AskKind::NonDisclosure && !other.stage.is_final());
    is_silenced || (ask.is_emergency() && ask.reviewed_by.is_none())
}
