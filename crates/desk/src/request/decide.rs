//! What an act upon a request yields, or why it is refused. Knows no storage, no time of day and
//! no personal data. The rules here hold whatever is configured: no setting reaches them.

mod answer;
mod clocks;
mod intake;
mod measures;
mod notice;

use jiff::Timestamp;

use super::command::Command;
use super::event::Event;
use super::evolve::apply;
use super::length;
use super::no::{Doing, Need, No, What};
use super::refusal::{Cause, Refusal};
use super::state::{AskState, Request, Stage};
use crate::ids::{ActorId, AskNumber};
use crate::order::{AskKind, Order};
use crate::pack::RulePack;
use crate::policy::Permit;
use crate::said::StageName;

/// The events that a command yields now.
///
/// What time alone has done since the last event (lapses, expiries, breaches) comes first, so
/// that no act ever builds on a state that is over.
///
/// # Errors
/// A [`Refusal`] that says what was wrong, why, and what to do; then nothing happened.
pub fn decide(
    request: &Request,
    command: &Command,
    permit: &Permit,
    pack: &RulePack,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    check_permit(request, command, permit)?;
    if let Command::Receive { request: id, agency, key, order, instrument_sha256 } = command {
        let filing = intake::Filing {
            id: *id,
            agency: *agency,
            key: *key,
            order,
            instrument_sha256: *instrument_sha256,
        };
        return intake::receive(request, filing, permit, pack, now);
    }
    let (Some(order), Some(judged_by), Some(received_at)) =
        (&request.order, &request.pack, request.received_at)
    else {
        return Err(Refusal::new(
            Cause::Missing,
            What::Act { action: command.action() },
            No::NoSuchRequest,
        ));
    };
    if *judged_by != pack.reference {
        return Err(Refusal::new(
            Cause::DifferentPack,
            What::Act { action: command.action() },
            No::JudgedByAnother {
                judged: judged_by.to_string(),
                given: pack.reference.to_string(),
            },
        ));
    }
    let mut events = clocks::due(request, now);
    events.extend(notice::follow(request, &events, pack, now));
    length::check(request, command, events.len())?;
    let moved;
    let current = if events.is_empty() {
        request
    } else {
        let mut later = request.clone();
        for event in &events {
            apply(&mut later, event, now);
        }
        moved = later;
        &moved
    };
    let order = current.order.as_ref().unwrap_or(order);
    let by = permit.actor().id;
    let case = Case { request: current, order, permit, by, pack, received_at, now };
    let own = dispatch(case, command)?;
    let notices = notice::follow(current, &own, pack, now);
    events.extend(own);
    events.extend(notices);
    Ok(events)
}

/// Everything a decision may look at.
#[derive(Clone, Copy)]
struct Case<'a> {
    request: &'a Request,
    order: &'a Order,
    permit: &'a Permit,
    by: ActorId,
    pack: &'a RulePack,
    received_at: Timestamp,
    now: Timestamp,
}

fn dispatch(case: Case<'_>, command: &Command) -> Result<Vec<Event>, Refusal> {
    let by = case.by;
    match command {
        Command::Receive { .. } | Command::Tick => Ok(Vec::new()),
        Command::Assess { assessment } => {
            Ok(vec![Event::Assessed { assessment: assessment.clone(), by }])
        }
        Command::StartIdentityCheck => intake::start_identity_check(case),
        Command::VerifyIdentity { method } => intake::verify_identity(case, *method),
        Command::AcceptLegal { ask, despite } => intake::accept_legal(case, *ask, despite),
        Command::RequestInformation { ask, codes } => {
            intake::request_information(case, *ask, codes)
        }
        Command::ProvideInformation { ask, order } => {
            intake::provide_information(case, *ask, order.as_deref())
        }
        Command::Hold { ask, reason } => intake::hold(case, *ask, *reason),
        Command::EndHold { ask } => intake::end_hold(case, *ask),
        Command::ClearByAuthority { ask } => intake::clear_by_authority(case, *ask),
        Command::Refuse { ask, code } => intake::refuse(case, *ask, *code),
        Command::Withdraw { ask } => intake::withdraw(case, *ask),
        Command::ConfirmDeletion { ask } => intake::confirm_deletion(case, *ask),
        Command::StartSearch { ask } => answer::start_search(case, *ask),
        Command::AddExhibit { .. } => answer::add_exhibit(case, command),
        Command::Assemble { answers, tagmanifest_sha256 } => {
            answer::assemble(case, answers, *tagmanifest_sha256)
        }
        Command::ReturnPackage { asks } => answer::return_package(case, asks),
        Command::Approve { asks, tagmanifest_sha256 } => {
            answer::approve(case, asks, *tagmanifest_sha256)
        }
        Command::Seal { .. } => answer::seal(case, command),
        Command::Deliver { asks, package_sha256, encrypted_sha256 } => {
            answer::deliver(case, asks, *package_sha256, *encrypted_sha256)
        }
        Command::Acknowledge { asks, package_sha256 } => {
            answer::acknowledge(case, asks, *package_sha256)
        }
        Command::Close { ask } => answer::close(case, *ask),
        Command::ReviewEmergency { ask, justified } => {
            answer::review_emergency(case, *ask, *justified)
        }
        Command::ReceiveExPostOrder { ask, order_sha256 } => {
            answer::receive_ex_post_order(case, *ask, *order_sha256)
        }
        Command::Preserve { .. } => measures::preserve(case, command),
        Command::Extend { ask } => measures::extend(case, *ask),
        Command::Link { ask, order_sha256 } => measures::link(case, *ask, *order_sha256),
        Command::Release { ask } => measures::release(case, *ask),
        Command::Freeze { ask } => measures::freeze(case, *ask),
        Command::ConfirmFreeze { ask, order_sha256, until } => {
            measures::confirm_freeze(case, *ask, *order_sha256, *until)
        }
        Command::Unfreeze { ask } => measures::unfreeze(case, *ask),
        Command::ConfirmEffect { effect } => measures::confirm_effect(case, *effect),
        Command::FailEffect { effect } => measures::fail_effect(case, *effect),
        Command::RetryEffect { effect } => measures::retry_effect(case, *effect),
        Command::MarkKey { key } => intake::mark_key(case, *key),
        Command::ClearKey { key } => intake::clear_key(case, *key),
        Command::PostMessage { ask } => {
            if let Some(number) = ask {
                case.ask(*number, Doing::PostMessage)?;
            }
            Ok(vec![Event::MessagePosted { ask: *ask, by }])
        }
        Command::Assign { to } => intake::assign(case, *to),
        Command::SetRetention { days } => intake::set_retention(case, *days),
        Command::Erase => intake::erase(case),
    }
}

fn check_permit(request: &Request, command: &Command, permit: &Permit) -> Result<(), Refusal> {
    let action = command.action();
    let named = match command {
        Command::Receive { request, .. } => Some(*request),
        _ => request.id,
    };
    if permit.action() == action && permit.request() == named {
        return Ok(());
    }
    Err(Refusal::new(
        Cause::WrongPermit,
        What::Act { action },
        No::PermitForAnother { action: permit.action() },
    ))
}

impl<'a> Case<'a> {
    fn ask(&self, number: AskNumber, doing: Doing) -> Result<&'a AskState, Refusal> {
        self.request.ask(number).ok_or_else(|| {
            Refusal::new(
                Cause::Missing,
                What::ForAsk { doing, ask: number },
                No::AsksUpTo { count: self.request.asks.len() },
            )
        })
    }

    fn ask_of(
        &self,
        number: AskNumber,
        kinds: &[AskKind],
        doing: Doing,
    ) -> Result<&'a AskState, Refusal> {
        let ask = self.ask(number, doing)?;
        if kinds.contains(&ask.kind()) {
            return Ok(ask);
        }
        Err(Refusal::new(
            Cause::WrongKind,
            What::ForAsk { doing, ask: number },
            No::OtherKind { kind: ask.kind(), meant: kinds.iter().copied().collect() },
        ))
    }

    /// The sender is proven, and no signs of fraud hold the request; or a refusal. For acts of
    /// staff and jobs only: an officer must not learn that there are such signs.
    fn authenticated(&self, doing: Doing) -> Result<(), Refusal> {
        if self.request.is_held_for_signs {
            return Err(Refusal::new(Cause::NotAuthenticated, doing, No::HeldForSigns));
        }
        self.proven(doing)
    }

    /// The sender is proven, or a refusal.
    fn proven(&self, doing: Doing) -> Result<(), Refusal> {
        if self.request.identity.is_some() {
            return Ok(());
        }
        Err(Refusal::new(Cause::NotAuthenticated, doing, No::NotProven))
    }
}

fn wrong_state(ask: &AskState, doing: Doing, need: Need) -> Refusal {
    let stage = StageName(ask.stage.name());
    let what = What::ForAsk { doing, ask: ask.number };
    Refusal::new(Cause::WrongState, what, No::InState { stage, need })
}

/// True while an ask waits for an authority or court, so that nothing may be done for it.
const fn is_suspended(stage: &Stage) -> bool {
    matches!(stage, Stage::NeedsInformation { .. } | Stage::OnHold { .. })
}
