//! Who may do what: one plain table. Knows nothing of the state of a request beyond the facts
//! passed in, and nothing of how people log in. Only this module can make a [`Permit`].

use std::collections::BTreeSet;

use Action as A;

pub use self::action::{Action, Role};

use crate::ids::{ActorId, AgencyId, RequestId};
use crate::request::Request;

mod action;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The identifier that goes on the record.
    pub id: ActorId,
    /// What the actor may be.
    pub roles: BTreeSet<Role>,
    /// The agency, for officers and an agency's systems.
    pub agency: Option<AgencyId>,
}

impl Actor {
    /// The company's own jobs.
    pub fn system() -> Self {
        Self { id: ActorId::System, roles: BTreeSet::from([Role::System]), agency: None }
    }

    /// True when the actor has the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// The marks that bind at once, read by the shell from its own tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The key (the acting one, or the one that sent the request) is suspected of fraud.
    pub key_suspected: bool,
    /// The key that sent the request is watched, because it named a decoy: nothing leaves, and
    /// the sender is not told.
    pub key_watched: bool,
    /// Another key of the agency is suspected: its requests wait for staff, jobs leave them.
    pub agency_held: bool,
}

/// What the table looks at besides role and action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The request; none for actions that concern no single request.
    pub request: Option<RequestId>,
    /// The agency the request belongs to.
    pub agency: Option<AgencyId>,
    /// The request has an emergency ask.
    pub has_emergency: bool,
    /// A preserved copy of the request may be read: its order is linked.
    pub has_linked_copy: bool,
    /// Marks on the keys.
    pub standing: Standing,
}

impl Facts {
    /// The facts of a request as it stands; `standing` comes from the shell's tables.
    pub fn of(request: &Request, standing: Standing) -> Self {
        let marked = request.key.is_some_and(|key| request.marked_keys.contains(&key));
        Self {
            request: request.id,
            agency: request.agency,
            has_emergency: request.order.as_ref().is_some_and(|order| order.has_emergency()),
            has_linked_copy: request.asks.iter().any(|ask| ask.is_copy_readable()),
            standing: Standing { key_suspected: standing.key_suspected || marked, ..standing },
        }
    }

    /// The facts of a request that is about to be filed.
    pub fn new_request(request: RequestId, agency: Option<AgencyId>, standing: Standing) -> Self {
        Self { request: Some(request), agency, standing, ..Self::default() }
    }
}

/// Proof that an actor may do an action upon a request. It cannot be made anywhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    actor: Actor,
    action: Action,
    role: Role,
    request: Option<RequestId>,
}

impl Permit {
    /// Who may.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// By virtue of which role.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Upon which request.
    pub const fn request(&self) -> Option<RequestId> {
        self.request
    }
}

/// Gives a permit, or nothing. An ordinary role is used before the on-call one.
pub fn permit(actor: &Actor, action: Action, facts: &Facts) -> Option<Permit> {
    let by_role = |on_call: bool| {
        actor
            .roles
            .iter()
            .copied()
            .filter(|role| (*role == Role::OnCall) == on_call)
            .find(|role| allows(*role, action, actor, facts))
    };
    let role = by_role(false).or_else(|| by_role(true))?;
    Some(Permit { actor: actor.clone(), action, role, request: facts.request })
}

/// The same question, asked for reads: a permit for one of the `Read..` or `List..` actions.
pub fn permit_read(actor: &Actor, action: Action, facts: &Facts) -> Option<Permit> {
    is_read(action).then(|| permit(actor, action, facts)).flatten()
}

/// True for actions that change nothing.
pub const fn is_read(action: Action) -> bool {
    matches!(
        action,
        Action::Precheck
            | Action::ReadCase
            | Action::ReadStatus
            | Action::ListRequests
            | Action::SearchRequests
            | Action::SearchOwnRequests
            | Action::ReadExhibit
            | Action::ReadPreservedCopy
            | Action::ReadPackage
            | Action::FollowMoney
            | Action::ReadAudit
            | Action::ReadSecurity
            | Action::ReadMetrics
            | Action::ReadReports
    )
}

fn allows(role: Role, action: Action, actor: &Actor, facts: &Facts) -> bool {
    role_fits_actor(role, actor.id) && table(role, action) && conditions(role, action, actor, facts)
}

/// A staff role held by a key, or an agency role held by staff, is worth nothing.
const fn role_fits_actor(role: Role, id: ActorId) -> bool {
    match role {
        Role::Officer | Role::AgencySupervisor | Role::AgencyKeyHolder => {
            matches!(id, ActorId::Key(_))
        }
        Role::Partner => matches!(id, ActorId::Partner(_)),
        Role::System => matches!(id, ActorId::System),
        _ => matches!(id, ActorId::Staff(_)),
    }
}

/// The table: what each role may do at all.
fn table(role: Role, action: Action) -> bool {
    let own = match role {
        Role::Verifier => VERIFIER,
        Role::Counsel => COUNSEL,
        Role::Analyst => ANALYST,
        Role::Approver => APPROVER,
        Role::OnCall => ON_CALL,
        Role::Administrator => ADMINISTRATOR,
        Role::Intake => INTAKE,
        Role::Officer => AGENCY,
        Role::AgencySupervisor => return AGENCY.contains(&action) || SUPERVISOR.contains(&action),
        Role::AgencyKeyHolder => KEY_HOLDER,
        Role::Partner => PARTNER,
        Role::System => JOBS,
        // Reads all, acts on nothing; even so, a preserved copy is for an order's eyes only.
        Role::Auditor => {
            let kept = matches!(action, Action::Precheck | Action::ReadPreservedCopy);
            return is_read(action) && !kept;
        }
    };
    let works_on_cases = matches!(
        role,
        Role::Verifier | Role::Counsel | Role::Analyst | Role::Approver | Role::OnCall
    );
    own.contains(&action) || (works_on_cases && STAFF.contains(&action))
}

/// What everybody who works on cases may do.
const STAFF: &[Action] = &[
    A::ReadCase,
    A::ReadStatus,
    A::ListRequests,
    A::Precheck,
    A::SearchRequests,
    A::PostMessage,
    A::Assign,
    A::MarkKey,
    A::FollowMoney,
];

/// Proves who sent a request.
const VERIFIER: &[Action] = &[
    A::StartIdentityCheck,
    A::VerifyIdentity,
    A::RequestInformation,
    A::Refuse,
    A::Freeze,
    A::RetryEffect,
    A::ManageOfficers,
    A::AdmitOfficer,
    A::StopKeys,
    A::ResumeKeys,
];

/// Judges in law.
const COUNSEL: &[Action] = &[
    A::AcceptLegal,
    A::RequestInformation,
    A::Hold,
    A::EndHold,
    A::ClearByAuthority,
    A::Refuse,
    A::Withdraw,
    A::Link,
    A::Release,
    A::ConfirmFreeze,
    A::Unfreeze,
    A::RetryEffect,
    A::ReviewEmergency,
    A::ReceiveExPostOrder,
    A::ConfirmDeletion,
    A::ClearKey,
    A::ShareMarks,
    A::StopKeys,
    A::Close,
    A::FailEffect,
    A::ManageCaseJobs,
    A::ReadExhibit,
    A::ReadReports,
    A::MakeReport,
    A::PublishReport,
];

/// Searches and assembles.
const ANALYST: &[Action] = &[
    A::StartSearch,
    A::AddExhibit,
    A::Assemble,
    A::Freeze,
    A::Unfreeze,
    A::Preserve,
    A::RetryEffect,
    A::FailEffect,
    A::ManageCaseJobs,
    A::Close,
    A::ReadExhibit,
    A::ReadPreservedCopy,
];

/// Lets out.
const APPROVER: &[Action] = &[
    A::ReturnPackage,
    A::Approve,
    A::Deliver,
    A::ReviewEmergency,
    A::Close,
    A::ReadExhibit,
    A::ReadPreservedCopy,
];

/// All of it, in an emergency, and still with a second person.
const ON_CALL: &[Action] = &[
    A::StartIdentityCheck,
    A::VerifyIdentity,
    A::AcceptLegal,
    A::RequestInformation,
    A::Refuse,
    A::StartSearch,
    A::AddExhibit,
    A::Assemble,
    A::ReturnPackage,
    A::Approve,
    A::Deliver,
    A::Freeze,
    A::RetryEffect,
    A::ReviewEmergency,
    A::ReadExhibit,
];

/// No case at all.
const ADMINISTRATOR: &[Action] = &[
    A::ReadMetrics,
    A::ReadSecurity,
    A::AcknowledgeAlarm,
    A::ManageStaff,
    A::ManageAgencies,
    A::StopKeys,
    A::ManageJobs,
    A::ShareMarks,
    A::ReadReports,
    A::MakeReport,
    A::PublishReport,
];

/// Post and mail.
const INTAKE: &[Action] = &[
    A::Receive,
    A::ProvideInformation,
    A::Withdraw,
    A::Precheck,
    A::ReadStatus,
    A::PostMessage,
    A::Extend,
    A::Acknowledge,
];

/// Fetches and opens packages.
const KEY_HOLDER: &[Action] = &[A::ReadStatus, A::ReadPackage, A::Acknowledge];

/// Asks whether something would be accepted.
const PARTNER: &[Action] = &[A::Precheck];

/// What runs without a person: never a judgement.
const JOBS: &[Action] = &[
    A::Assess,
    A::WatchKey,
    A::Preserve,
    A::AddExhibit,
    A::Seal,
    A::Deliver,
    A::ConfirmEffect,
    A::FailEffect,
    A::RetryEffect,
    A::Tick,
    A::ReadStatus,
    A::ListRequests,
    A::ReadMetrics,
    A::ReadCase,
    A::ReadExhibit,
    A::ReadPackage,
    A::ErasePayload,
];

/// An officer, for the own agency's requests.
const AGENCY: &[Action] = &[
    A::Receive,
    A::ProvideInformation,
    A::Withdraw,
    A::ConfirmDeletion,
    A::Acknowledge,
    A::Extend,
    A::PostMessage,
    A::Precheck,
    A::ReadStatus,
    A::ReadPackage,
    A::ListRequests,
    A::SearchOwnRequests,
];

/// What a supervisor may do besides, for the officers of the own agency.
const SUPERVISOR: &[Action] = &[A::MarkKey, A::ManageOfficers, A::StopKeys];

/// What the table cannot say: whose request it is, emergencies, marks.
fn conditions(role: Role, action: Action, actor: &Actor, facts: &Facts) -> bool {
    let Standing { key_suspected, key_watched, agency_held } = facts.standing;
    let is_agency = matches!(role, Role::Officer | Role::AgencySupervisor | Role::AgencyKeyHolder);
    // A suspected key opens nothing; a request it sent lets nothing out.
    if key_suspected && (is_agency || matches!(action, Action::Approve | Action::Seal)) {
        return false;
    }
    let hands_over = matches!(action, Action::Deliver | Action::Freeze | Action::ReadPackage);
    if hands_over && key_suspected && role != Role::Auditor {
        return false;
    }
    // A watched key lets nothing out either, and nothing is taken from it that its holder would
    // notice: what left before stays within reach.
    let lets_out =
        matches!(action, Action::Approve | Action::Seal | Action::Deliver | Action::Freeze);
    if lets_out && key_watched {
        return false;
    }
    // Other keys of that agency are held for staff: people may go on, jobs and keys may not.
    if hands_over && agency_held && (is_agency || role == Role::System) {
        return false;
    }
    if is_agency
        && facts.request.is_some()
        && (actor.agency.is_none() || actor.agency != facts.agency)
    {
        return false;
    }
    let on_call_reads =
        matches!(action, Action::Precheck | Action::ListRequests | Action::FollowMoney);
    if role == Role::OnCall && !facts.has_emergency && !on_call_reads {
        return false;
    }
    action != Action::ReadPreservedCopy || facts.has_linked_copy
}
