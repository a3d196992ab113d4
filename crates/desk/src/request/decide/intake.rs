//! From the instrument to its acceptance, and out again: filing, proof of the sender, legal
//! review, questions, holds, refusal, withdrawal, marks on keys.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Case, clocks, is_suspended, wrong_state};
use crate::check::{reasons_against, starting};
use crate::clock::{ClockStatus, StopReason};
use crate::ids::{ActorId, AgencyId, AskNumber, Digest, KeyId, RequestId, StaffId};
use crate::order::{ASKS_MAX, AskKind, Authentication, Channel, Demand, Order};
use crate::pack::{PauseEvent, RulePack, StopEvent, Trigger};
use crate::policy::Permit;
use crate::request::event::{Event, HoldReason, IdentityMethod, RefusalCode};
use crate::request::no::{Clause, Doing, Need, No, What};
use crate::request::refusal::{Cause, Refusal};
use crate::request::retention::{erasure_due, waits_with_erasure};
use crate::request::state::{AskState, Request, Stage};
use crate::said::AllOf;

/// What is filed.
pub(super) struct Filing<'a> {
    pub id: RequestId,
    pub agency: Option<AgencyId>,
    pub key: Option<KeyId>,
    pub order: &'a Order,
    pub instrument_sha256: Digest,
}

pub(super) fn receive(
    request: &Request,
    filing: Filing<'_>,
    permit: &Permit,
    pack: &RulePack,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::File;
    if request.id.is_some() {
        return Err(Refusal::new(Cause::Duplicate, WHAT, No::FiledAlready));
    }
    let invalid = |why| Err(Refusal::new(Cause::Invalid, WHAT, why));
    let order = filing.order;
    if order.asks.is_empty() || order.asks.len() > ASKS_MAX {
        return invalid(No::AsksCount);
    }
    match (order.channel, order.authentication, filing.key) {
        (Channel::Manual, Authentication::None, None)
        | (Channel::Hi1, Authentication::ByChannel, Some(_))
        | (Channel::Portal, Authentication::Signed, Some(_)) => {}
        _ => {
            return invalid(No::ProofDoesNotFit);
        }
    }
    let by = permit.actor().id;
    let sender_fits = match filing.key {
        Some(key) => by == ActorId::Key(key),
        None => by.is_staff(),
    };
    if !sender_fits {
        return invalid(No::FiledBySomebodyElse);
    }
    let mut events = vec![Event::Received {
        request: filing.id,
        agency: filing.agency,
        key: filing.key,
        order: Box::new(order.clone()),
        instrument_sha256: filing.instrument_sha256,
        pack: pack.reference.clone(),
        by,
    }];
    for (number, ask) in order.numbered() {
        let clocks = crate::check::at_receipt(order, ask, pack, now).map_err(|reason| {
            Refusal::new(Cause::Invalid, WHAT, No::Unreadable { problem: reason.fix })
        })?;
        events.extend(clocks.into_iter().map(|clock| Event::ClockStarted { ask: number, clock }));
    }
    Ok(events)
}

pub(super) fn start_identity_check(case: Case<'_>) -> Result<Vec<Event>, Refusal> {
    if case.request.identity.is_some()
        || !case.request.asks.iter().any(|ask| ask.stage == Stage::Received)
    {
        let doing = Doing::StartIdentityCheck;
        return Err(Refusal::new(Cause::WrongState, doing, No::CheckBegun));
    }
    Ok(vec![Event::IdentityCheckStarted { by: case.by }])
}

pub(super) fn verify_identity(
    case: Case<'_>,
    method: IdentityMethod,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::VerifyIdentity;
    // Signs of fraud that were found since ask for another proof.
    let is_held = case.request.is_held_for_signs;
    if case.request.identity.is_some() && !is_held {
        return Err(Refusal::new(Cause::Duplicate, WHAT, No::ProvenAlready));
    }
    if !case.by.is_staff() {
        return Err(Refusal::new(Cause::Invalid, WHAT, No::ProofNeedsPerson));
    }
    if is_held && method != IdentityMethod::CallBack {
        return Err(Refusal::new(Cause::NotAuthenticated, WHAT, No::SignsNeedCall));
    }
    let proof = case.order.authentication;
    let fits = match method {
        IdentityMethod::CallBack => true,
        IdentityMethod::ClientCertificate => proof == Authentication::ByChannel,
        IdentityMethod::Passkey => proof == Authentication::Signed,
        IdentityMethod::QualifiedSignature => case.order.channel != Channel::Manual,
    };
    if !fits {
        let why = No::MethodNotUsed { channel: case.order.channel, proof, method };
        return Err(Refusal::new(Cause::NotAuthenticated, WHAT, why));
    }
    Ok(vec![Event::IdentityVerified { method, by: case.by }])
}

pub(super) fn accept_legal(
    case: Case<'_>,
    number: AskNumber,
    despite: &[RefusalCode],
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Accept;
    let ask = case.ask(number, WHAT)?;
    let waits = match ask.kind() {
        AskKind::NonDisclosure => {
            matches!(ask.stage, Stage::Received | Stage::IdentityCheck | Stage::LegalReview)
        }
        _ => ask.stage == Stage::LegalReview,
    };
    // What went ahead of legal review is judged afterwards, in whatever state it is by then.
    let went_ahead = ask.legal_by.is_none()
        && !is_suspended(&ask.stage)
        && !matches!(ask.stage, Stage::Received | Stage::IdentityCheck)
        && !matches!(ask.stage, Stage::Refused { .. } | Stage::Withdrawn | Stage::Expired);
    if !waits && !went_ahead {
        return Err(wrong_state(ask, WHAT, Need::LegalReview));
    }
    if ask.kind() != AskKind::NonDisclosure {
        case.authenticated(WHAT)?;
    }
    let reasons = reasons_against(case.order, number, case.pack, case.received_at);
    let against: BTreeSet<RefusalCode> = reasons.iter().map(|reason| reason.code).collect();
    let set_aside: BTreeSet<RefusalCode> = despite.iter().copied().collect();
    if against != set_aside || set_aside.contains(&RefusalCode::SuspectedFraud) {
        return Err(not_accepted(case, number, reasons, &set_aside));
    }
    let mut events =
        vec![Event::LegalAccepted { ask: number, despite: despite.to_vec(), by: case.by }];
    if let Demand::NonDisclosure { until } = ask.ask.demand
        && waits
    {
        events.push(Event::InForce { ask: number, until });
    }
    Ok(events)
}

pub(super) fn not_accepted(
    case: Case<'_>,
    number: AskNumber,
    reasons: Vec<crate::check::Reason>,
    set_aside: &BTreeSet<RefusalCode>,
) -> Refusal {
    let against = reasons.iter().filter(|reason| !set_aside.contains(&reason.code));
    let mut clauses: Vec<Clause> = against.map(Clause::from).collect();
    clauses.extend(
        set_aside
            .iter()
            .filter(|code| !reasons.iter().any(|reason| reason.code == **code))
            .map(|code| Clause::SetAsideForNothing { code: *code }),
    );
    let pack = case.pack.reference.id.clone();
    Refusal::new(
        Cause::NotAccepted(reasons),
        What::AskUnder { doing: Doing::Accept, ask: number, pack },
        No::NotAccepted { reasons: AllOf(clauses) },
    )
}

pub(super) fn request_information(
    case: Case<'_>,
    number: AskNumber,
    codes: &[RefusalCode],
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::AskAuthority;
    let ask = case.ask(number, WHAT)?;
    if !ask.stage.is_before_sealed() || is_suspended(&ask.stage) {
        return Err(wrong_state(ask, WHAT, Need::NotYetSealed));
    }
    if codes.is_empty() {
        return Err(Refusal::new(Cause::Invalid, WHAT, No::NoReasonNamed));
    }
    let mut events =
        vec![Event::InformationRequested { ask: number, codes: codes.to_vec(), by: case.by }];
    events.extend(clocks::pause(case, ask, PauseEvent::Clarification));
    events.extend(clocks::start(case, ask, Trigger::Clarification, case.now)?);
    Ok(events)
}

pub(super) fn provide_information(
    case: Case<'_>,
    number: AskNumber,
    corrected: Option<&Order>,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Clarify;
    let ask = case.ask(number, WHAT)?;
    if !matches!(ask.stage, Stage::NeedsInformation { .. }) {
        return Err(wrong_state(ask, WHAT, Need::Question));
    }
    let by = case.by;
    let order = corrected.map(|order| Box::new(order.clone()));
    let mut events = vec![Event::InformationProvided { ask: number, order, by }];
    events.extend(clocks::stop(case, ask, StopEvent::Clarified));
    let Some(corrected) = corrected else {
        events.extend(clocks::resume(case, ask));
        return Ok(events);
    };
    check_correction(case, number, corrected)?;
    events.extend(restart(case, ask, corrected)?);
    Ok(events)
}

/// A correction changes the facts of one ask; it never changes who sent what by which way.
fn check_correction(case: Case<'_>, number: AskNumber, new: &Order) -> Result<(), Refusal> {
    let old = case.order;
    let others_same = old.asks.len() == new.asks.len()
        && old.numbered().all(|(other, ask)| {
            let corrected = new.ask(other);
            if other == number {
                corrected.is_some_and(|it| it.kind() == ask.kind() && it.emergency == ask.emergency)
            } else {
                corrected == Some(ask)
            }
        });
    let sender_same = old.channel == new.channel
        && old.authentication == new.authentication
        && old.issuing_country == new.issuing_country
        && old.is_test == new.is_test;
    if others_same && sender_same {
        return Ok(());
    }
    Err(Refusal::new(
        Cause::Invalid,
        What::Ask { doing: Doing::Clarify, ask: number },
        No::CorrectionTooWide,
    ))
}

/// Other facts may mean other clocks: those that still apply run on, those that no longer do are
/// replaced, and those that now do start with the correction.
fn restart(case: Case<'_>, ask: &AskState, corrected: &Order) -> Result<Vec<Event>, Refusal> {
    let Some(new) = corrected.ask(ask.number) else { return Ok(Vec::new()) };
    let wanted = starting(corrected, new, case.pack, Trigger::Receipt, case.now)
        .map_err(clocks::unreadable_time)?;
    let from_receipt = |name: &crate::clock::ClockName| {
        case.pack.clocks.iter().any(|rule| rule.name == *name && rule.starts == Trigger::Receipt)
    };
    let mut events = Vec::new();
    for clock in ask.clocks.iter().filter(|clock| clock.is_open()) {
        let name = clock.start.name.clone();
        let applies = wanted.iter().any(|start| start.name == name);
        if from_receipt(&name) && !applies {
            events.push(clocks::stopped(ask, clock, StopReason::Replaced));
        } else if let ClockStatus::Paused { since } = clock.status {
            let due = clock.due_after_pause(since, case.now);
            events.push(Event::ClockResumed { ask: ask.number, clock: name, due });
        }
    }
    let is_new = |start: &crate::clock::ClockStart| {
        !ask.clocks.iter().any(|clock| clock.is_open() && clock.start.name == start.name)
    };
    let new = wanted.into_iter().filter(is_new);
    events.extend(new.map(|clock| Event::ClockStarted { ask: ask.number, clock }));
    Ok(events)
}

pub(super) fn hold(
    case: Case<'_>,
    number: AskNumber,
    reason: HoldReason,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Hold;
    let ask = case.ask(number, WHAT)?;
    let can = ask.stage.is_before_sealed() || ask.stage == Stage::Sealed;
    if !can || is_suspended(&ask.stage) {
        return Err(wrong_state(ask, WHAT, Need::NotHandedOver));
    }
    let paused = if reason.is_court() { PauseEvent::CourtHold } else { PauseEvent::AuthorityHold };
    let mut events = vec![Event::Held { ask: number, reason, by: case.by }];
    events.extend(clocks::pause(case, ask, paused));
    if reason == HoldReason::Enforcement {
        events.extend(clocks::start(case, ask, Trigger::Enforcement, case.now)?);
    }
    Ok(events)
}

pub(super) fn end_hold(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    let ask = case.ask(number, Doing::EndHold)?;
    if !matches!(ask.stage, Stage::OnHold { .. }) {
        return Err(wrong_state(ask, Doing::EndHold, Need::Hold));
    }
    let mut events = vec![Event::HoldEnded { ask: number, by: case.by }];
    events.extend(clocks::stop(case, ask, StopEvent::HoldEnd));
    events.extend(clocks::resume(case, ask));
    Ok(events)
}

pub(super) fn clear_by_authority(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::NoteClearance;
    let ask = case.ask(number, WHAT)?;
    let stops = clocks::stop(case, ask, StopEvent::Cleared);
    if stops.is_empty() {
        return Err(Refusal::new(Cause::Missing, WHAT, No::NoAuthorityClock));
    }
    let mut events = vec![Event::AuthorityCleared { ask: number, by: case.by }];
    events.extend(stops);
    Ok(events)
}

pub(super) fn refuse(
    case: Case<'_>,
    number: AskNumber,
    code: RefusalCode,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Refuse;
    let ask = case.ask(number, WHAT)?;
    let fraud_before_delivery = ask.stage == Stage::Sealed && code == RefusalCode::SuspectedFraud;
    let undo = clocks::undo(case.request, ask, case.by);
    if !ask.stage.is_before_sealed() && !fraud_before_delivery && undo.is_none() {
        return Err(wrong_state(ask, WHAT, Need::NotSealedOrFraud));
    }
    let mut events = vec![Event::Refused { ask: number, code, by: case.by }];
    events.extend(undo);
    events.extend(clocks::end_all(ask));
    Ok(events)
}

pub(super) fn withdraw(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Withdraw;
    let ask = case.ask(number, WHAT)?;
    let after_delivery =
        matches!(ask.stage, Stage::Delivered | Stage::Acknowledged | Stage::Closed);
    if !after_delivery && (ask.stage.is_final() || ask.stage == Stage::Unfreezing) {
        return Err(wrong_state(ask, WHAT, Need::NotOver));
    }
    let mut events = vec![Event::Withdrawn { ask: number, after_delivery, by: case.by }];
    if after_delivery
        && let Some(package_sha256) = ask.package.and_then(|package| package.package_sha256)
    {
        events.push(Event::DeletionRequested { ask: number, package_sha256 });
    }
    events.extend(clocks::undo(case.request, ask, case.by));
    // The review of an emergency answer is owed whatever becomes of the ask.
    let review = clocks::owed_after_delivery(case, ask);
    events.extend(clocks::end_all(ask).into_iter().filter(|event| !review(event)));
    Ok(events)
}

pub(super) fn confirm_deletion(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    let ask = case.ask(number, Doing::ConfirmDeletion)?;
    if !ask.deletion_open {
        return Err(wrong_state(ask, Doing::ConfirmDeletion, Need::WithdrawnAfterDelivery));
    }
    Ok(vec![Event::DeletionConfirmed { ask: number, by: case.by }])
}

pub(super) fn mark_key(case: Case<'_>, key: KeyId) -> Result<Vec<Event>, Refusal> {
    if case.request.marked_keys.contains(&key) {
        return Err(Refusal::new(Cause::Duplicate, Doing::MarkKey, No::MarkedAlready));
    }
    Ok(vec![Event::KeyMarked { key, by: case.by }])
}

pub(super) fn clear_key(case: Case<'_>, key: KeyId) -> Result<Vec<Event>, Refusal> {
    if !case.request.marked_keys.contains(&key) {
        return Err(Refusal::new(Cause::Missing, Doing::ClearKey, No::NotMarked));
    }
    Ok(vec![Event::KeyCleared { key, by: case.by }])
}

/// Work is given to anybody of the staff in any state: a closed request may still be asked about.
pub(super) fn assign(case: Case<'_>, to: Option<StaffId>) -> Result<Vec<Event>, Refusal> {
    if case.request.assignee == to {
        return Err(Refusal::new(Cause::Duplicate, Doing::Assign, No::WorksOnItAlready));
    }
    Ok(vec![Event::Assigned { to, by: case.by }])
}

pub(super) fn set_retention(case: Case<'_>, days: Option<u16>) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::SetRetention;
    if case.request.erased_at.is_some() {
        return Err(Refusal::new(Cause::Duplicate, WHAT, No::ErasedAlready));
    }
    if case.request.retention_days == days {
        return Err(Refusal::new(Cause::Duplicate, WHAT, No::KeptSoAlready));
    }
    Ok(vec![Event::RetentionSet { days, by: case.by }])
}

pub(super) fn erase(case: Case<'_>) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Erase;
    if case.request.erased_at.is_some() {
        return Err(Refusal::new(Cause::Duplicate, WHAT, No::ErasedAlready));
    }
    match erasure_due(case.request, case.pack) {
        Some(due) if due <= case.now => Ok(vec![Event::Erased { by: case.by }]),
        Some(due) => Err(Refusal::new(Cause::WrongState, WHAT, No::KeptUntil { due })),
        None => {
            let is_open = case.request.asks.iter().any(|ask| !ask.stage.is_final());
            let no = waits_with_erasure(case.request).filter(|_| !is_open).unwrap_or(No::AskOpen);
            Err(Refusal::new(Cause::WrongState, WHAT, no))
        }
    }
}
