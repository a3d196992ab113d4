//! How long the history of a request may become. Knows no store; but every store of a history has
//! an end somewhere, and a request that cannot be read can be neither answered nor erased.
//!
//! Acts are refused in the order of what is lost with them: first what can go on without end, then
//! what carries a request on. What ends something is never refused: there is room for it, because
//! each of those acts can be done once only for each ask.

use super::command::Command;
use super::no::{No, What};
use super::refusal::{Cause, Refusal};
use super::state::Request;

/// From so many events on, nothing more is said, asked, held, assigned or tried again.
pub const TALK_EVENTS_MAX: u32 = 5_000;
/// From so many events on, nothing more is searched, prepared or begun.
pub const WORK_EVENTS_MAX: u32 = 7_000;
/// The most events of a request; the rest up to here is for what ends something.
pub const EVENTS_MAX: u32 = 10_000;

/// The most events before which an act is done; `None` for what ends something.
const fn events_max(command: &Command) -> Option<u32> {
    match command {
        Command::RequestInformation { .. }
        | Command::Hold { .. }
        | Command::PostMessage { .. }
        | Command::Assign { .. }
        | Command::ClearKey { .. }
        | Command::RetryEffect { .. } => Some(TALK_EVENTS_MAX),
        Command::Assess { .. }
        | Command::StartIdentityCheck
        | Command::VerifyIdentity { .. }
        | Command::AcceptLegal { .. }
        | Command::ProvideInformation { .. }
        | Command::EndHold { .. }
        | Command::ClearByAuthority { .. }
        | Command::StartSearch { .. }
        | Command::AddExhibit { .. }
        | Command::Assemble { .. }
        | Command::ReturnPackage { .. }
        | Command::Approve { .. }
        | Command::Preserve { .. }
        | Command::Extend { .. }
        | Command::Link { .. }
        | Command::Freeze { .. }
        | Command::ConfirmFreeze { .. }
        | Command::ReceiveExPostOrder { .. }
        | Command::MarkKey { .. } => Some(WORK_EVENTS_MAX),
        Command::Receive { .. }
        | Command::Tick
        | Command::Refuse { .. }
        | Command::Withdraw { .. }
        | Command::ConfirmDeletion { .. }
        | Command::Seal { .. }
        | Command::Deliver { .. }
        | Command::Acknowledge { .. }
        | Command::Close { .. }
        | Command::ReviewEmergency { .. }
        | Command::Release { .. }
        | Command::Unfreeze { .. }
        | Command::ConfirmEffect { .. }
        | Command::FailEffect { .. }
        | Command::SetRetention { .. }
        | Command::Erase => None,
    }
}

/// Refuses an act for which the history is too long; `further` events come before it.
pub(super) fn check(request: &Request, command: &Command, further: usize) -> Result<(), Refusal> {
    let further = u32::try_from(further).unwrap_or(u32::MAX);
    let count = request.events_count.saturating_add(further);
    match events_max(command) {
        Some(max) if count >= max => Err(Refusal::new(
            Cause::TooLong,
            What::Act { action: command.action() },
            No::HistoryTooLong { count, most: max },
        )),
        _ => Ok(()),
    }
}
