//! The auditor: reads events and actors, knows none of the desk's rules, states or packs.
use desk::clock::{ClockKind::NotBefore, StopReason::Reached};
use desk::ids::{ActorId, AskNumber, EffectId};
use desk::request::EffectKind::{Freeze, NotifyUser, Unfreeze};
use desk::request::{Event, IdentityMethod::CallBack};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Days for which every embedded pack keeps personal data.
const DAYS_KEPT: i64 = 1_825;

/// The eight promises, kept over a whole history that ended long after every deadline.
pub fn audit(history: &[(Timestamp, Event)]) -> Result<(), String> {
    let (mut proven, mut held) = (false, false);
    let mut workers = BTreeMap::<_, BTreeSet<ActorId>>::new();
    let (mut approver, mut clocks, mut frozen) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut before = None;
    let mut silent = BTreeSet::new();
    // What the personal data of an ended request may still be needed for.
    let mut needed = Needed::default();
    let mut days_kept = DAYS_KEPT;
    for (at, event) in history {
        // How long it is kept is told; the time before begins nothing anew.
        if let Event::RetentionSet { days, .. } = event {
            days_kept = days.map_or(DAYS_KEPT, i64::from);
            continue;
        }
        let since = before.replace(*at).map_or(0, |before| at.duration_since(before).as_hours());
        if let (Event::Erased { .. }, Some(why)) = (event, needed.why()) {
            return Err(format!("erased {why}"));
        }
        needed.take(event);
        match event {
            Event::IdentityVerified { method, by } => {
                proven = by.is_staff();
                held &= *method != CallBack;
            }
            Event::Assessed { assessment, .. } => held |= assessment.holds,
            Event::EffectRequested { action: Freeze, .. }
            | Event::Approved { .. }
            | Event::Sealed { .. }
            | Event::Delivered { .. }
                if held =>
            {
                return Err("signs of fraud held it, and nobody had called back".to_owned());
            }
            Event::SearchStarted { ask, by } | Event::ExhibitAdded { ask, by, .. } => {
                workers.entry(*ask).or_default().insert(*by);
            }
            Event::Approved { asks, by, .. } => approver.extend(asks.iter().map(|ask| (*ask, *by))),
            Event::Delivered { asks, .. } => {
                for ask in asks {
                    let people: BTreeSet<_> = workers.get(ask).into_iter().flatten().collect();
                    let second = |by: &ActorId| by.is_staff() && !people.contains(by);
                    let worked = people.iter().any(|by| by.is_staff());
                    let alone = !worked || !approver.get(ask).is_some_and(second);
                    let mut own = clocks.iter().filter(|((of, _), _)| of == ask);
                    let early = own.any(|(_, (kind, due))| *kind == NotBefore && at < due);
                    let why = format!("alone: {alone}, proven: {proven}, early: {early}");
                    if alone || !proven || early {
                        return Err(format!("ask {ask} was disclosed ({why})"));
                    }
                }
            }
            Event::ClockStarted { ask, clock } => {
                clocks.insert((*ask, clock.name.clone()), (clock.kind, clock.due));
            }
            Event::ClockStopped { ask, clock, .. } | Event::ClockBreached { ask, clock, .. } => {
                let early = clocks.remove(&(*ask, clock.clone())).is_none_or(|it| *at < it.1);
                if early && matches!(event, Event::ClockStopped { reason: Reached, .. }) {
                    return Err(format!("the clock {clock} of ask {ask} ended before its time"));
                }
            }
            Event::Erased { .. } if since < 24 * days_kept || !clocks.is_empty() => {
                return Err(format!("erased {since} hours after the last event"));
            }
            Event::InForce { ask, .. } => drop(silent.insert(*ask)),
            Event::Lifted { ask, .. }
            | Event::Lapsed { ask, .. }
            | Event::Withdrawn { ask, .. }
            | Event::Refused { ask, .. }
            | Event::Closed { ask, .. } => drop(silent.remove(ask)),
            Event::EffectRequested { ask, action: NotifyUser, .. } if !silent.is_empty() => {
                return Err(format!("the user of ask {ask} was told against an order"));
            }
            Event::Frozen { ask, until, .. } => drop(frozen.insert(*ask, Some(*until))),
            Event::FreezeConfirmed { ask, until, .. } => drop(frozen.insert(*ask, *until)),
            Event::EffectRequested { ask, action: Unfreeze, .. } | Event::Unfrozen { ask } => {
                frozen.remove(ask);
            }
            _ => {}
        }
        if matches!(event, Event::Frozen { until, .. } if at >= until) {
            return Err("a freeze took hold after its lapse".to_owned());
        }
    }
    match (frozen.iter().find(|(_, until)| until.is_some()), clocks.first_key_value()) {
        (Some((ask, _)), _) => Err(format!("the freeze of ask {ask} outlived its lapse")),
        (_, Some(((ask, clock), _))) => Err(format!("the clock {clock} of ask {ask} never ended")),
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Needed {
    open: BTreeSet<EffectId>,
    releases: BTreeSet<EffectId>,
    blocked: BTreeSet<EffectId>,
    owed: BTreeSet<AskNumber>,
}

impl Needed {
    fn take(&mut self, event: &Event) {
        match event {
            Event::EffectRequested { ask, effect, action, .. } => {
                self.open.insert(*effect);
                self.blocked.remove(effect);
                match action {
                    Unfreeze => drop(self.releases.insert(*effect)),
                    NotifyUser => drop(self.owed.remove(ask)),
                    _ => {}
                }
            }
            Event::EffectConfirmed { effect, .. } => {
                self.open.remove(effect);
                self.blocked.remove(effect);
            }
            Event::EffectFailed { effect, .. } => {
                self.open.remove(effect);
                self.blocked.extend(self.releases.get(effect));
            }
            Event::NoticePostponed { ask } => drop(self.owed.insert(*ask)),
            _ => {}
        }
    }

    fn why(&self) -> Option<&'static str> {
        if !self.open.is_empty() {
            return Some("while an effect was open");
        }
        if !self.blocked.is_empty() {
            return Some("though an account is still blocked");
        }
        (!self.owed.is_empty()).then_some("though a user was still to be told")
    }
}
