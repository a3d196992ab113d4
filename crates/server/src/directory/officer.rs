//! Officers of agencies, from the first proposal to the kill switch.
//!
//! Knows no certificate and no passkey. An officer's key on the record stays the same when the
//! officer gets another passkey.

use std::collections::BTreeMap;

use desk::ids::{ActorId, AgencyId, KeyId};
use desk::policy::Role;
use jiff::{SignedDuration, Timestamp};

use super::change::{CallBack, Change, ChangePayload, OfficerRole};

/// The agency says again that this is its officer at least this often, in days: a person who left
/// the police must not keep a key for longer (research: sold accounts).
pub const ATTESTED_DAYS_MAX: i64 = 90;

/// One officer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// The key on the record.
    pub id: KeyId,
    /// Whose officer.
    pub agency: AgencyId,
    /// Officer or supervisor.
    pub role: OfficerRole,
    /// Name.
    pub name: String,
    /// Post and rank, as the agency writes it.
    pub post: String,
    /// Where "look at the portal" is mailed to.
    pub email: Option<String>,
    /// Where it was mailed to before.
    pub former_email: Option<String>,
    /// Who proposed this person.
    pub proposed_by: ActorId,
    /// The calls to the agency about this person: number, outcome, who called, when.
    pub calls: Vec<Call>,
    /// When staff admitted this person; none before.
    pub admitted_at: Option<Timestamp>,
    /// When the agency last said that this is its officer.
    pub attested_at: Option<Timestamp>,
    /// True while the kill switch is pulled.
    pub is_stopped: bool,
}

/// One call to an agency's own number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which of the agency's numbers, from 0.
    pub number: u16,
    /// What was said.
    pub outcome: CallBack,
    /// Who called.
    pub by: ActorId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who answered, and what.
    pub note: String,
}

/// Whether an officer may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficerState {
    /// Nobody has confirmed this person by a call yet, or staff has not admitted.
    Proposed,
    /// May act.
    Admitted,
    /// The agency has not attested for too long.
    Unattested,
    /// The kill switch is pulled.
    Stopped,
}

impl Officer {
    /// Whether this officer may act at a time.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> OfficerState {
        if self.is_stopped {
            return OfficerState::Stopped;
        }
        if self.admitted_at.is_none() {
            return OfficerState::Proposed;
        }
        if self.attest_before().is_none_or(|until| until <= now) {
            return OfficerState::Unattested;
        }
        OfficerState::Admitted
    }

    /// The moment from which the officer may no longer act unless attested again.
    #[must_use]
    pub fn attest_before(&self) -> Option<Timestamp> {
        let days = SignedDuration::from_hours(24 * ATTESTED_DAYS_MAX);
        self.attested_at.and_then(|at| at.checked_add(days).ok())
    }

    /// True when the newest call that reached somebody confirmed this person.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        let reached = self.calls.iter().rev().find(|call| call.outcome != CallBack::NotReached);
        reached.is_some_and(|call| call.outcome == CallBack::Confirmed)
    }

    /// The role in the policy's words.
    #[must_use]
    pub const fn policy_role(&self) -> Role {
        match self.role {
            OfficerRole::Officer => Role::Officer,
            OfficerRole::Supervisor => Role::AgencySupervisor,
        }
    }
}

/// Folds one change of an officer in.
pub(super) fn apply(
    officers: &mut BTreeMap<KeyId, Officer>,
    change: &Change,
    payload: &ChangePayload,
    at: Timestamp,
) {
    if let Change::OfficerProposed { officer, agency, role, by } = change {
        let proposed = Officer {
            id: *officer,
            agency: *agency,
            role: *role,
            name: payload.name.clone(),
            post: payload.post.clone(),
            email: payload.email.clone(),
            former_email: None,
            proposed_by: *by,
            calls: Vec::new(),
            admitted_at: None,
            attested_at: None,
            is_stopped: false,
        };
        officers.insert(*officer, proposed);
        return;
    }
    let Some(officer) = about(change).and_then(|id| officers.get_mut(&id)) else { return };
    match change {
        Change::CallBackRecorded { number, outcome, by, .. } => {
            let note = payload.reason.clone();
            officer.calls.push(Call { number: *number, outcome: *outcome, by: *by, at, note });
        }
        Change::OfficerAdmitted { .. } => {
            officer.admitted_at = Some(at);
            officer.attested_at = Some(at);
        }
        Change::OfficerAttested { .. } => officer.attested_at = Some(at),
        Change::OfficerStopped { .. } => officer.is_stopped = true,
        Change::OfficerResumed { .. } => officer.is_stopped = false,
        _ => {}
    }
}

/// The officer that a change is about, for changes of one known officer.
pub(crate) const fn about(change: &Change) -> Option<KeyId> {
    match change {
        Change::CallBackRecorded { officer, .. }
        | Change::OfficerAdmitted { officer, .. }
        | Change::OfficerAttested { officer, .. }
        | Change::OfficerStopped { officer, .. }
        | Change::OfficerResumed { officer, .. } => Some(*officer),
        _ => None,
    }
}
