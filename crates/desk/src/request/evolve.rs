//! Folding events into a request. Knows no rules: whatever is on the record is taken as it is,
//! and an event that names something unknown changes nothing.

use jiff::Timestamp;

use super::event::{EffectKind, Event, IdentityMethod};
use super::state::{
    AskState, Assessed, Effect, EffectStatus, Exhibit, Identity, Package, Request, Stage,
};
use crate::clock::{Clock, ClockName, ClockStart, ClockStatus, StopReason};
use crate::ids::{ActorId, AskNumber, Digest};
use crate::order::Order;
use crate::suspicion::Assessment;

/// The request after an event that was recorded at `at`.
#[must_use]
pub fn evolve(mut request: Request, event: &Event, at: Timestamp) -> Request {
    apply(&mut request, event, at);
    request.events_count = request.events_count.saturating_add(1);
    // How long something is kept begins nothing anew.
    if matches!(event, Event::RetentionSet { .. }) {
        return request;
    }
    request.touched_at = Some(at);
    // Whatever happens later may bring new personal data, whose time begins anew.
    request.erased_at = request.erased_at.filter(|_| matches!(event, Event::Erased { .. }));
    request
}

pub(super) fn apply(request: &mut Request, event: &Event, at: Timestamp) {
    match event {
        Event::KeyMarked { .. }
        | Event::KeyCleared { .. }
        | Event::Assigned { .. }
        | Event::RetentionSet { .. }
        | Event::Erased { .. }
        | Event::MessagePosted { .. } => apply_to_whole(request, event, at),
        Event::Received { request: id, agency, key, order, instrument_sha256, pack, by } => {
            request.id = Some(*id);
            request.agency = *agency;
            request.key = *key;
            request.filed_by = Some(*by);
            request.instrument_sha256 = *instrument_sha256;
            request.pack = Some(pack.clone());
            request.received_at = Some(at);
            request.asks = order
                .numbered()
                .map(|(number, ask)| AskState::new(number, ask.clone(), order.valid_until))
                .collect();
            request.order = Some(Order::clone(order));
        }
        Event::Assessed { assessment, .. } => assessed(request, assessment, at),
        Event::IdentityCheckStarted { .. } => {
            for ask in &mut request.asks {
                if ask.stage == Stage::Received {
                    ask.stage = Stage::IdentityCheck;
                }
            }
        }
        Event::IdentityVerified { method, by } => {
            identified(request, Identity { method: *method, by: *by, at });
        }
        Event::InformationProvided { ask, order, .. } => informed(request, *ask, order.as_deref()),
        Event::Assembled { asks, tagmanifest_sha256, by } => each(request, asks, |ask| {
            ask.stage = Stage::Assembled;
            ask.package =
                Some(Package { tagmanifest_sha256: *tagmanifest_sha256, package_sha256: None });
            prepared(ask, *by);
        }),
        Event::PackageReturned { asks, .. } => each(request, asks, |ask| {
            ask.stage = Stage::Searching;
            ask.package = None;
            ask.approved_by = None;
        }),
        Event::Approved { asks, by, .. } => each(request, asks, |ask| {
            ask.stage = Stage::Approved;
            ask.approved_by = Some(*by);
        }),
        Event::Sealed { asks, .. } => each(request, asks, |ask| ask.stage = Stage::Sealed),
        Event::Delivered { asks, package_sha256, .. } => {
            each(request, asks, |ask| delivered(ask, *package_sha256, at));
        }
        Event::Acknowledged { asks, .. } => each(request, asks, |ask| {
            if ask.stage == Stage::Delivered {
                ask.stage = Stage::Acknowledged;
            }
        }),
        event => {
            if let Some(number) = event.ask()
                && let Some(ask) = ask_mut(request, number)
            {
                apply_to_ask(ask, event, at);
            }
        }
    }
}

/// What concerns no single ask.
fn apply_to_whole(request: &mut Request, event: &Event, at: Timestamp) {
    match event {
        Event::KeyMarked { key, .. } => {
            request.marked_keys.insert(*key);
        }
        Event::KeyCleared { key, .. } => {
            request.marked_keys.remove(key);
        }
        Event::Assigned { to, .. } => request.assignee = *to,
        Event::RetentionSet { days, .. } => request.retention_days = *days,
        Event::Erased { .. } => request.erased_at = Some(at),
        _ => {}
    }
}

fn apply_to_ask(ask: &mut AskState, event: &Event, at: Timestamp) {
    match event {
        Event::LegalAccepted { by, .. } => {
            ask.legal_by = Some(*by);
            if ask.stage == Stage::LegalReview {
                ask.stage = Stage::Accepted;
            }
        }
        Event::InformationRequested { .. } => {
            let back = Box::new(ask.stage.clone());
            ask.stage = Stage::NeedsInformation { back };
        }
        Event::Held { reason, .. } => {
            let back = Box::new(ask.stage.clone());
            ask.stage = Stage::OnHold { back, reason: *reason };
        }
        Event::HoldEnded { .. } => go_back(ask),
        Event::SearchStarted { by, .. } => {
            ask.stage = Stage::Searching;
            prepared(ask, *by);
        }
        Event::ExhibitAdded { exhibit, category, exhibit_sha256, rows, withheld, by, .. } => {
            ask.exhibits.push(Exhibit {
                number: *exhibit,
                category: Some(*category),
                sha256: *exhibit_sha256,
                rows: *rows,
                withheld: *withheld,
            });
            prepared(ask, *by);
        }
        Event::OutcomeRecorded { outcome, .. } => ask.outcome = Some(*outcome),
        Event::Closed { .. } => ask.stage = Stage::Closed,
        Event::Refused { code, .. } => ask.stage = Stage::Refused { code: *code },
        Event::Withdrawn { .. } => ask.stage = Stage::Withdrawn,
        Event::DeletionRequested { .. } => ask.deletion_open = true,
        Event::DeletionConfirmed { .. } => ask.deletion_open = false,
        Event::NoticePostponed { .. } => ask.notice_waits = true,
        Event::Expired { .. } => ask.stage = Stage::Expired,
        Event::Lapsed { .. } => ask.stage = Stage::Lapsed,
        Event::EmergencyReviewed { by, .. } => ask.reviewed_by = Some(*by),
        Event::ExPostOrderReceived { .. } => ask.validated_at = ask.validated_at.or(Some(at)),
        Event::Preserved { .. }
        | Event::Extended { .. }
        | Event::Linked { .. }
        | Event::Released { .. }
        | Event::Frozen { .. }
        | Event::FreezeConfirmed { .. }
        | Event::Unfrozen { .. }
        | Event::InForce { .. }
        | Event::Lifted { .. } => apply_measure(ask, event),
        Event::EffectRequested { .. }
        | Event::EffectConfirmed { .. }
        | Event::EffectFailed { .. } => apply_effect(ask, event),
        Event::ClockStarted { .. }
        | Event::ClockPaused { .. }
        | Event::ClockResumed { .. }
        | Event::ClockStopped { .. }
        | Event::ClockBreached { .. } => apply_clock(ask, event, at),
        // What remains was folded above, or leaves no trace in the state.
        _ => {}
    }
}

fn apply_measure(ask: &mut AskState, event: &Event) {
    match event {
        Event::Preserved { exhibit, exhibit_sha256, rows, until, .. } => {
            ask.stage = Stage::Preserved;
            ask.until = Some(*until);
            ask.exhibits.push(Exhibit {
                number: *exhibit,
                category: None,
                sha256: *exhibit_sha256,
                rows: *rows,
                withheld: 0,
            });
        }
        Event::Extended { until, .. } => {
            ask.stage = Stage::Extended;
            ask.until = Some(*until);
            ask.extensions = ask.extensions.saturating_add(1);
        }
        Event::Linked { .. } => {
            ask.stage = Stage::Linked;
            ask.until = None;
        }
        Event::Released { .. } => ask.stage = Stage::Released,
        Event::Frozen { until, .. } => {
            ask.stage = Stage::Frozen;
            ask.until = Some(*until);
        }
        Event::FreezeConfirmed { until, .. } => {
            ask.stage = Stage::FreezeConfirmed;
            ask.until = *until;
        }
        // A freeze that ended by withdrawal, refusal or lapse keeps that state.
        Event::Unfrozen { .. } if !ask.stage.is_final() => ask.stage = Stage::Unfrozen,
        Event::InForce { until, .. } => {
            ask.stage = Stage::InForce;
            ask.until = *until;
        }
        Event::Lifted { .. } => ask.stage = Stage::Lifted,
        _ => {}
    }
}

fn apply_effect(ask: &mut AskState, event: &Event) {
    match event {
        Event::EffectRequested { effect, action, attempt, until, .. } => {
            match action {
                EffectKind::Freeze => {
                    ask.stage = Stage::Freezing;
                    ask.until = *until;
                }
                EffectKind::Unfreeze if !ask.stage.is_final() => ask.stage = Stage::Unfreezing,
                EffectKind::NotifyUser => ask.notice_waits = false,
                EffectKind::Unfreeze | EffectKind::DeleteCopy => {}
            }
            let requested = Effect {
                id: *effect,
                kind: *action,
                attempt: *attempt,
                status: EffectStatus::Requested,
            };
            match ask.effects.iter_mut().find(|known| known.id == *effect) {
                Some(known) => *known = requested,
                None => ask.effects.push(requested),
            }
        }
        Event::EffectConfirmed { effect, .. } | Event::EffectFailed { effect, .. } => {
            let status = if matches!(event, Event::EffectConfirmed { .. }) {
                EffectStatus::Confirmed
            } else {
                EffectStatus::Failed
            };
            if let Some(known) = ask.effects.iter_mut().find(|known| known.id == *effect) {
                known.status = status;
            }
        }
        _ => {}
    }
}

fn apply_clock(ask: &mut AskState, event: &Event, at: Timestamp) {
    match event {
        Event::ClockStarted { clock, .. } => started(ask, clock, at),
        Event::ClockPaused { clock, .. } => {
            set_clock(ask, clock, |clock| clock.status = ClockStatus::Paused { since: at });
        }
        Event::ClockResumed { clock, due, .. } => set_clock(ask, clock, |clock| {
            clock.status = ClockStatus::Running;
            clock.start.due = *due;
        }),
        Event::ClockStopped { clock, reason, .. } => set_clock(ask, clock, |clock| {
            clock.status = ClockStatus::Stopped { at, reason: *reason };
        }),
        Event::ClockBreached { clock, due, .. } => {
            set_clock(ask, clock, |clock| clock.status = ClockStatus::Breached { due: *due });
        }
        _ => {}
    }
}

/// A name is one clock's while it is open: whoever starts it anew ends the old one.
fn started(ask: &mut AskState, start: &ClockStart, at: Timestamp) {
    set_clock(ask, &start.name, |clock| {
        clock.status = ClockStatus::Stopped { at, reason: StopReason::Replaced };
    });
    ask.clocks.push(Clock { start: start.clone(), status: ClockStatus::Running });
}

fn set_clock(ask: &mut AskState, name: &ClockName, set: impl FnOnce(&mut Clock)) {
    let open = |clock: &&mut Clock| clock.start.name == *name && clock.is_open();
    if let Some(clock) = ask.clocks.iter_mut().find(open) {
        set(clock);
    }
}

/// Proof of the sender moves an ask on from wherever it waited for it, also behind a hold.
fn proven(stage: &mut Stage) {
    match stage {
        Stage::Received | Stage::IdentityCheck => *stage = Stage::LegalReview,
        Stage::NeedsInformation { back } | Stage::OnHold { back, .. } => proven(back),
        _ => {}
    }
}

/// A hold stays until somebody calls back, whatever a later look finds.
fn assessed(request: &mut Request, assessment: &Assessment, at: Timestamp) {
    request.is_held_for_signs |= assessment.holds;
    request.assessed.push(Assessed { assessment: assessment.clone(), at });
}

fn identified(request: &mut Request, identity: Identity) {
    request.is_held_for_signs &= identity.method != IdentityMethod::CallBack;
    request.identity = Some(identity);
    for ask in &mut request.asks {
        proven(&mut ask.stage);
    }
}

fn informed(request: &mut Request, number: AskNumber, order: Option<&Order>) {
    if let Some(order) = order {
        request.order = Some(order.clone());
    }
    let Some(ask) = ask_mut(request, number) else { return };
    go_back(ask);
    let Some(order) = order else { return };
    if let Some(corrected) = order.ask(number) {
        ask.ask = corrected.clone();
    }
    ask.valid_until = order.valid_until;
    // Judged on other facts, so it is judged and searched again.
    if !matches!(ask.stage, Stage::Received | Stage::IdentityCheck) {
        ask.stage = Stage::LegalReview;
    }
    ask.legal_by = None;
    ask.approved_by = None;
    ask.package = None;
    ask.outcome = None;
    ask.exhibits.clear();
}

fn go_back(ask: &mut AskState) {
    if let Stage::NeedsInformation { back } | Stage::OnHold { back, .. } = &ask.stage {
        ask.stage = Stage::clone(back);
    }
}

fn delivered(ask: &mut AskState, package_sha256: Digest, at: Timestamp) {
    ask.stage = Stage::Delivered;
    ask.delivered_at = Some(at);
    if let Some(package) = &mut ask.package {
        package.package_sha256 = Some(package_sha256);
    }
}

fn prepared(ask: &mut AskState, by: ActorId) {
    if by.is_staff() {
        ask.prepared_by.insert(by);
    }
}

fn each(request: &mut Request, numbers: &[AskNumber], change: impl Fn(&mut AskState)) {
    for number in numbers {
        if let Some(ask) = ask_mut(request, *number) {
            change(ask);
        }
    }
}

fn ask_mut(request: &mut Request, number: AskNumber) -> Option<&mut AskState> {
    request.asks.get_mut(usize::from(number.0).checked_sub(1)?)
}
