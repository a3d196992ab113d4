//! Preservation, freeze, release, silence, and the effects they have in the company's systems.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use super::{Case, clocks, wrong_state};
use crate::calendar::{Length, Unit};
use crate::check::reasons_against;
use crate::clock::{ClockStart, StopReason};
use crate::ids::{ActorId, AskNumber, Digest, EffectId};
use crate::order::{AskKind, Demand};
use crate::pack::{StopEvent, Trigger};
use crate::request::command::Command;
use crate::request::event::{EffectKind, Event, RefusalCode};
use crate::request::no::{Doing, Need, No, What};
use crate::request::refusal::{Cause, Refusal};
use crate::request::state::{AskState, Effect, EffectStatus, Stage};

/// The most effects of one ask: a bound on late confirmations that must be undone again.
pub const EFFECTS_MAX: usize = 64;

/// The most attempts at one effect.
pub const ATTEMPTS_MAX: u16 = 1_000;

pub(super) fn preserve(case: Case<'_>, command: &Command) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Preserve;
    let Command::Preserve { ask: number, exhibit, exhibit_sha256, rows } = command else {
        return Ok(Vec::new());
    };
    let ask = case.ask_of(*number, &[AskKind::Preserve], WHAT)?;
    // A copy nobody can read harms nobody: it precedes proof of the sender and legal review.
    let can = matches!(
        ask.stage,
        Stage::Received | Stage::IdentityCheck | Stage::LegalReview | Stage::Accepted
    );
    if !can {
        return Err(wrong_state(ask, WHAT, Need::NotPreserved));
    }
    let Some(rule) = &case.pack.preservation else {
        let why = No::NoPreservationHere { pack: case.pack.reference.id.clone() };
        return Err(Refusal::new(Cause::Invalid, WHAT, why));
    };
    let undoable = |code: RefusalCode| {
        matches!(
            code,
            RefusalCode::OverBroad
                | RefusalCode::Incomplete
                | RefusalCode::InsufficientInformation
                | RefusalCode::ManifestError
        )
    };
    let reasons: Vec<_> = reasons_against(case.order, *number, case.pack, case.received_at)
        .into_iter()
        .filter(|reason| undoable(reason.code))
        .collect();
    if ask.legal_by.is_none() && !reasons.is_empty() {
        return Err(super::intake::not_accepted(case, *number, reasons, &BTreeSet::new()));
    }
    let all = || case.request.asks.iter().flat_map(|ask| &ask.exhibits);
    if exhibit.0 == 0 || all().any(|known| known.number == *exhibit) {
        let why = No::ExhibitNumberTaken { exhibit: *exhibit };
        return Err(Refusal::new(Cause::Duplicate, WHAT, why));
    }
    let until = ends(case, case.received_at, rule.length)?;
    if until <= case.now {
        return Err(Refusal::new(Cause::TooLate, WHAT, No::PreservationOver));
    }
    let mut events = vec![Event::Preserved {
        ask: *number,
        exhibit: *exhibit,
        exhibit_sha256: *exhibit_sha256,
        rows: *rows,
        until,
        by: case.by,
    }];
    events.extend(clocks::stop(case, ask, StopEvent::Preservation));
    // The law counts from receipt, though the copy came a moment later.
    events.extend(clocks::start(case, ask, Trigger::Preservation, case.received_at)?);
    Ok(events)
}

pub(super) fn extend(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Extend;
    let ask = case.ask_of(number, &[AskKind::Preserve], WHAT)?;
    case.proven(WHAT)?;
    let (Stage::Preserved | Stage::Extended, Some(until), Some(rule)) =
        (&ask.stage, ask.until, &case.pack.preservation)
    else {
        return Err(wrong_state(ask, WHAT, Need::KeptCopy));
    };
    if ask.extensions >= rule.extensions_max {
        return Err(Refusal::new(
            Cause::TooLate,
            What::Ask { doing: WHAT, ask: number },
            No::ExtendedEnough { times: ask.extensions, article: rule.source.article.clone() },
        ));
    }
    // The end is the first moment after the last day; the new period follows that day.
    let last_moment = until.checked_sub(1.second()).unwrap_or(until);
    let base = if rule.extension.unit == Unit::Hours { until } else { last_moment };
    let until = ends(case, base, rule.extension)?;
    let mut events = vec![Event::Extended { ask: number, until, by: case.by }];
    for clock in ask.clocks.iter().filter(|clock| clock.is_open()) {
        let counts_preservation = case
            .pack
            .clocks
            .iter()
            .any(|rule| rule.name == clock.start.name && rule.starts == Trigger::Preservation);
        if counts_preservation {
            events.push(clocks::stopped(ask, clock, StopReason::Replaced));
            let article = rule.source.article.to_string();
            let (length, unchecked) = (Some(rule.extension), rule.source.unchecked);
            let counting = format!("{} more after the first period", rule.extension);
            let start = case.now;
            let old = clock.start.clone();
            let clock =
                ClockStart { start, due: until, length, article, unchecked, counting, ..old };
            events.push(Event::ClockStarted { ask: number, clock });
        }
    }
    Ok(events)
}

pub(super) fn link(
    case: Case<'_>,
    number: AskNumber,
    order_sha256: Digest,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Link;
    let ask = case.ask_of(number, &[AskKind::Preserve], WHAT)?;
    case.authenticated(WHAT)?;
    if !matches!(ask.stage, Stage::Preserved | Stage::Extended) {
        return Err(wrong_state(ask, WHAT, Need::KeptCopy));
    }
    let mut events = vec![Event::Linked { ask: number, order_sha256, by: case.by }];
    events.extend(clocks::stop(case, ask, StopEvent::Link));
    Ok(events)
}

pub(super) fn release(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Release;
    let ask = case.ask(number, WHAT)?;
    let by = case.by;
    let mut events = match (ask.kind(), &ask.stage) {
        (AskKind::Preserve, Stage::Preserved | Stage::Extended | Stage::Linked) => {
            vec![Event::Released { ask: number, by }]
        }
        (AskKind::NonDisclosure, Stage::InForce) => vec![Event::Lifted { ask: number, by }],
        (AskKind::Freeze, Stage::Freezing | Stage::Frozen | Stage::FreezeConfirmed) => Vec::new(),
        _ => return Err(wrong_state(ask, WHAT, Need::KeptCopyFreezeOrBan)),
    };
    events.extend(clocks::undo(case.request, ask, by));
    // The clocks of a freeze end with the confirmation that it is released.
    if ask.kind() != AskKind::Freeze {
        events.extend(clocks::end_all(ask));
    }
    Ok(events)
}

pub(super) fn freeze(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Freeze;
    let ask = case.ask_of(number, &[AskKind::Freeze], WHAT)?;
    case.authenticated(WHAT)?;
    if !matches!(ask.stage, Stage::LegalReview | Stage::Accepted) {
        return Err(wrong_state(ask, WHAT, Need::SenderProven));
    }
    let reasons = reasons_against(case.order, number, case.pack, case.received_at);
    if ask.legal_by.is_none() && !reasons.is_empty() {
        return Err(super::intake::not_accepted(case, number, reasons, &BTreeSet::new()));
    }
    let (Demand::Freeze { asset: Some(_), amount: Some(_), until: stated }, Some(rule)) =
        (&ask.ask.demand, &case.pack.freeze)
    else {
        return Err(Refusal::new(
            Cause::Invalid,
            What::ForAsk { doing: WHAT, ask: number },
            No::FreezeNotNarrow,
        ));
    };
    let provisional = ends(case, case.now, rule.provisional)?;
    let until = match stated {
        Some(stated) if rule.orders.contains(&case.order.instrument) => *stated,
        Some(stated) => provisional.min(*stated),
        None => provisional,
    };
    if until <= case.now {
        return Err(Refusal::new(Cause::TooLate, WHAT, No::FreezeOver));
    }
    Ok(vec![clocks::effect(case.request, ask, EffectKind::Freeze, Some(until), case.by)])
}

pub(super) fn confirm_freeze(
    case: Case<'_>,
    number: AskNumber,
    order_sha256: Digest,
    until: Option<Timestamp>,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::ConfirmFreeze;
    let ask = case.ask_of(number, &[AskKind::Freeze], WHAT)?;
    if !matches!(ask.stage, Stage::Frozen | Stage::FreezeConfirmed) {
        return Err(wrong_state(ask, WHAT, Need::FreezeInEffect));
    }
    if until.is_some_and(|until| until <= case.now) {
        return Err(Refusal::new(Cause::TooLate, WHAT, No::OrderOver));
    }
    Ok(vec![Event::FreezeConfirmed { ask: number, order_sha256, until, by: case.by }])
}

pub(super) fn unfreeze(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Unfreeze;
    let ask = case.ask_of(number, &[AskKind::Unfreeze], WHAT)?;
    case.authenticated(WHAT)?;
    if ask.stage != Stage::Accepted {
        return Err(wrong_state(ask, WHAT, Need::Acceptance));
    }
    if let Some(frozen) = own_freeze(case, ask)
        && !matches!(frozen.stage, Stage::Frozen | Stage::FreezeConfirmed | Stage::Unfreezing)
    {
        // A release sent while the freeze is under way could overtake it.
        return Err(wrong_state(frozen, WHAT, Need::FreezeInEffect));
    }
    Ok(vec![clocks::effect(case.request, ask, EffectKind::Unfreeze, None, case.by)])
}

/// The freeze of the same request that an Unfreeze ask is about.
fn own_freeze<'a>(case: Case<'a>, ask: &AskState) -> Option<&'a AskState> {
    match ask.ask.demand {
        Demand::Unfreeze { request, freeze }
            if request.is_none_or(|id| Some(id) == case.request.id) =>
        {
            case.request.ask(freeze).filter(|other| other.kind() == AskKind::Freeze)
        }
        _ => None,
    }
}

pub(super) fn confirm_effect(case: Case<'_>, id: EffectId) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::ConfirmEffect;
    let (ask, effect) = known(case, id, WHAT)?;
    if effect.status == EffectStatus::Confirmed {
        return Err(Refusal::new(Cause::Duplicate, WHAT, No::ConfirmedAlready));
    }
    let confirmed =
        |late| Event::EffectConfirmed { ask: ask.number, effect: id, late, by: case.by };
    match effect.kind {
        EffectKind::Freeze => confirm_freeze_effect(case, ask, confirmed),
        EffectKind::Unfreeze => {
            let mut events = vec![confirmed(false)];
            events.extend(unfrozen(case, ask));
            if let Some(other) = own_freeze(case, ask)
                && !other.stage.is_final()
            {
                events.extend(unfrozen(case, other));
            }
            Ok(events)
        }
        EffectKind::NotifyUser => Ok(vec![confirmed(false)]),
        EffectKind::DeleteCopy => {
            let mut events = vec![confirmed(false)];
            if let Some(exhibit) = ask.exhibits.last() {
                let exhibit_sha256 = exhibit.sha256;
                events.push(Event::CopyDeleted { ask: ask.number, exhibit_sha256 });
            }
            Ok(events)
        }
    }
}

fn confirm_freeze_effect(
    case: Case<'_>,
    ask: &AskState,
    confirmed: impl Fn(bool) -> Event,
) -> Result<Vec<Event>, Refusal> {
    let (Demand::Freeze { asset: Some(asset), amount: Some(amount), .. }, Some(until)) =
        (&ask.ask.demand, ask.until)
    else {
        return Err(wrong_state(ask, Doing::ConfirmFreeze, Need::FreezeWithFacts));
    };
    if ask.stage == Stage::Freezing {
        let frozen =
            Event::Frozen { ask: ask.number, asset: asset.clone(), amount: *amount, until };
        let mut events = vec![confirmed(false), frozen];
        events.extend(clocks::stop(case, ask, StopEvent::Freeze));
        events.extend(clocks::start(case, ask, Trigger::Freeze, case.now)?);
        return Ok(events);
    }
    // The freeze took hold after it was no longer wanted: it is undone at once, whatever an
    // earlier release has met.
    if ask.effects.len() >= EFFECTS_MAX {
        let why = No::EffectsTooMany { most: EFFECTS_MAX };
        return Err(Refusal::new(Cause::Invalid, Doing::ConfirmEffect, why));
    }
    let undo = clocks::effect(case.request, ask, EffectKind::Unfreeze, None, ActorId::System);
    Ok(vec![confirmed(true), undo])
}

fn unfrozen(case: Case<'_>, ask: &AskState) -> Vec<Event> {
    let mut events = vec![Event::Unfrozen { ask: ask.number }];
    let stops = clocks::stop(case, ask, StopEvent::FreezeEnd);
    let rest = clocks::end_others(ask, &stops);
    events.extend(stops);
    events.extend(rest);
    events
}

pub(super) fn fail_effect(case: Case<'_>, id: EffectId) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::NoteFailure;
    let (ask, effect) = known(case, id, WHAT)?;
    if effect.status != EffectStatus::Requested {
        return Err(Refusal::new(Cause::WrongState, WHAT, No::NoOpenAttempt));
    }
    Ok(vec![Event::EffectFailed { ask: ask.number, effect: id, by: case.by }])
}

pub(super) fn retry_effect(case: Case<'_>, id: EffectId) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::RetryEffect;
    let (ask, effect) = known(case, id, WHAT)?;
    if effect.status != EffectStatus::Failed || effect.attempt >= ATTEMPTS_MAX {
        return Err(Refusal::new(Cause::WrongState, WHAT, No::NotFailed));
    }
    if effect.kind == EffectKind::Freeze {
        case.authenticated(WHAT)?;
        if ask.stage != Stage::Freezing {
            return Err(wrong_state(ask, WHAT, Need::FreezeWanted));
        }
    }
    Ok(vec![Event::EffectRequested {
        ask: ask.number,
        effect: id,
        action: effect.kind,
        attempt: effect.attempt.saturating_add(1),
        until: if effect.kind == EffectKind::Freeze { ask.until } else { None },
        by: case.by,
    }])
}

fn known<'a>(
    case: Case<'a>,
    id: EffectId,
    doing: Doing,
) -> Result<(&'a AskState, &'a Effect), Refusal> {
    case.request.effect(id).ok_or_else(|| Refusal::new(Cause::Missing, doing, No::NoSuchEffect))
}

fn ends(case: Case<'_>, from: Timestamp, length: Length) -> Result<Timestamp, Refusal> {
    let zone = case.order.authority_zone.as_deref().unwrap_or(&case.pack.zone);
    case.pack
        .calendar
        .deadline(from, length, case.pack.counting, zone)
        .map(|deadline| deadline.due)
        .map_err(clocks::unreadable_time)
}
