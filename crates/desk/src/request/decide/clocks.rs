//! Events of clocks: what starts, stands still, runs on, stops, is breached. Knows no law: rule
//! packs say which event does what.

use jiff::Timestamp;

use super::Case;
use crate::calendar::CalendarError;
use crate::check::starting;
use crate::clock::{Clock, ClockKind, ClockStart, ClockStatus, StopReason};
use crate::ids::ActorId;
use crate::order::AskKind;
use crate::pack::{PauseEvent, StopEvent, Trigger};
use crate::request::event::{EffectKind, Event};
use crate::request::no::{Doing, No};
use crate::request::refusal::{Cause, Refusal};
use crate::request::state::{AskState, Request};

/// What time alone has done by now.
pub(super) fn due(request: &Request, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    for ask in &request.asks {
        let number = ask.number;
        let over = ask
            .clocks
            .iter()
            .filter(|clock| clock.status == ClockStatus::Running && clock.start.due <= now);
        for clock in over.clone() {
            let (name, due) = (clock.start.name.clone(), clock.start.due);
            events.push(if clock.start.kind == ClockKind::DueBy {
                Event::ClockBreached { ask: number, clock: name, due }
            } else {
                let reason = StopReason::Reached;
                Event::ClockStopped { ask: number, clock: name, reason }
            });
        }
        let is_over =
            |clock: &&Clock| clock.status == ClockStatus::Running && clock.start.due <= now;
        let rest = || ask.clocks.iter().filter(move |clock| clock.is_open() && !is_over(clock));
        if let Some(until) = ask.lapses_at().filter(|until| *until <= now) {
            events.push(Event::Lapsed { ask: number, until });
            events.extend(undo(request, ask, ActorId::System));
            events.extend(rest().map(|clock| stopped(ask, clock, StopReason::Ended)));
        } else if ask.expires_at().is_some_and(|until| until <= now) {
            events.push(Event::Expired { ask: number });
            events.extend(rest().map(|clock| stopped(ask, clock, StopReason::Ended)));
        }
    }
    events
}

/// The effect that undoes what an ask has done in the company's systems, if it has done anything.
pub(super) fn undo(request: &Request, ask: &AskState, by: ActorId) -> Option<Event> {
    use crate::request::state::Stage;
    let kind = match (ask.kind(), &ask.stage) {
        (AskKind::Preserve, Stage::Preserved | Stage::Extended | Stage::Linked) => {
            EffectKind::DeleteCopy
        }
        (AskKind::Freeze, Stage::Freezing | Stage::Frozen | Stage::FreezeConfirmed) => {
            EffectKind::Unfreeze
        }
        _ => return None,
    };
    Some(effect(request, ask, kind, None, by))
}

/// The request for a new effect of an ask; its name follows from how many there were.
pub(super) fn effect(
    request: &Request,
    ask: &AskState,
    kind: EffectKind,
    until: Option<Timestamp>,
    by: ActorId,
) -> Event {
    let ordinal = u16::try_from(ask.effects.len()).unwrap_or(u16::MAX).saturating_add(1);
    let id = request.id.unwrap_or_default();
    let effect = crate::ids::EffectId::derive(id, ask.number, ordinal);
    Event::EffectRequested { ask: ask.number, effect, action: kind, attempt: 1, until, by }
}

/// Clocks that an event starts now, unless one of that name is open already.
pub(super) fn start(
    case: Case<'_>,
    ask: &AskState,
    trigger: Trigger,
    at: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let clocks = starting(case.order, &ask.ask, case.pack, trigger, at).map_err(unreadable_time)?;
    let is_new = |start: &ClockStart| {
        !ask.clocks.iter().any(|clock| clock.is_open() && clock.start.name == start.name)
    };
    Ok(clocks
        .into_iter()
        .filter(is_new)
        .map(|clock| Event::ClockStarted { ask: ask.number, clock })
        .collect())
}

pub(super) fn unreadable_time(error: CalendarError) -> Refusal {
    let why = No::TimeUnreadable { problem: error.into() };
    Refusal::new(Cause::Invalid, Doing::CountPeriod, why)
}

/// Clocks that an event ends in time.
pub(super) fn stop(case: Case<'_>, ask: &AskState, event: StopEvent) -> Vec<Event> {
    let reason = if event == StopEvent::Cleared { StopReason::Cleared } else { StopReason::Met };
    ask.clocks
        .iter()
        .filter(|clock| {
            clock.is_open() && rule(case, clock).is_some_and(|it| it.stops.contains(&event))
        })
        .map(|clock| stopped(ask, clock, reason))
        .collect()
}

/// Clocks that stand still from now on.
pub(super) fn pause(case: Case<'_>, ask: &AskState, event: PauseEvent) -> Vec<Event> {
    ask.clocks
        .iter()
        .filter(|clock| clock.status == ClockStatus::Running)
        .filter(|clock| rule(case, clock).is_some_and(|it| it.pauses.contains(&event)))
        .map(|clock| Event::ClockPaused { ask: ask.number, clock: clock.start.name.clone() })
        .collect()
}

/// Clocks that run on, with the rest of their time.
pub(super) fn resume(case: Case<'_>, ask: &AskState) -> Vec<Event> {
    let paused = ask.clocks.iter().filter_map(|clock| match clock.status {
        ClockStatus::Paused { since } => Some((clock, since)),
        _ => None,
    });
    paused
        .map(|(clock, since)| Event::ClockResumed {
            ask: ask.number,
            clock: clock.start.name.clone(),
            due: clock.due_after_pause(since, case.now),
        })
        .collect()
}

/// Every open clock of an ask ends, because the ask does.
pub(super) fn end_all(ask: &AskState) -> Vec<Event> {
    end_others(ask, &[])
}

/// Every open clock ends that the given events do not end themselves.
pub(super) fn end_others(ask: &AskState, events: &[Event]) -> Vec<Event> {
    let ends = |clock: &Clock| {
        events.iter().any(|event| {
            matches!(event, Event::ClockStopped { clock: name, .. } if *name == clock.start.name)
        })
    };
    ask.clocks
        .iter()
        .filter(|clock| clock.is_open() && !ends(clock))
        .map(|clock| stopped(ask, clock, StopReason::Ended))
        .collect()
}

pub(super) fn stopped(ask: &AskState, clock: &Clock, reason: StopReason) -> Event {
    Event::ClockStopped { ask: ask.number, clock: clock.start.name.clone(), reason }
}

fn rule<'a>(case: Case<'a>, clock: &Clock) -> Option<&'a crate::pack::ClockRule> {
    case.pack.clocks.iter().find(|rule| rule.name == clock.start.name)
}

/// Tells which stop events are about a duty that outlives the ask: the review of an emergency
/// answer is owed whatever becomes of it.
pub(super) fn owed_after_delivery<'a>(
    case: Case<'a>,
    ask: &'a AskState,
) -> impl Fn(&Event) -> bool + 'a {
    move |event| {
        let Event::ClockStopped { clock, .. } = event else { return false };
        ask.reviewed_by.is_none()
            && case
                .pack
                .clocks
                .iter()
                .any(|rule| rule.name == *clock && rule.stops.contains(&StopEvent::Review))
    }
}
