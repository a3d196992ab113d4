//! Officers: proposed, called back, enrolled, admitted, attested, stopped.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{ActorId, AgencyId, KeyId};
use desk::policy::{Action, Role};
use serde::Deserialize;
use server::directory::{CallBack, Change, ChangePayload, Officer, OfficerRole};
use uuid::Uuid;

use super::agency;
use super::staff::ProvenForm;
use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// A new officer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    /// Name.
    pub name: String,
    /// Post and rank.
    pub post: String,
    /// Where "look at the portal" is mailed to.
    pub email: String,
    /// `officer` or `supervisor`.
    pub role: String,
}

/// Words for an officer's role.
pub(super) const fn role_key(role: OfficerRole) -> &'static str {
    match role {
        OfficerRole::Officer => "officer-role-officer",
        OfficerRole::Supervisor => "officer-role-supervisor",
    }
}

/// Proposes an officer of an agency; nothing is proven yet.
///
/// # Errors
/// For whoever may not manage this agency's officers.
pub async fn propose(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<NewForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    by.allowed(Action::ManageOfficers)?;
    if by.actor().agency.is_some_and(|own| own != AgencyId(id)) {
        return Err(Problem::hidden());
    }
    let mut mistakes = Mistakes::default();
    if typed.name.trim().is_empty() {
        mistakes.add("name", by.frame.say("officer-name-missing"));
    }
    let agency = site.node.directory().agency(AgencyId(id)).cloned();
    let agency = agency.ok_or_else(Problem::hidden)?;
    let domain = typed.email.rsplit_once('@').map(|(_, domain)| domain.trim().to_lowercase());
    let is_theirs =
        |domain: &String| agency.domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
    if !typed.email.trim().is_empty() && !domain.as_ref().is_some_and(is_theirs) {
        mistakes.add("email", by.frame.say("officer-email-foreign"));
    }
    if !mistakes.is_empty() {
        return agency::show_page(&site, by, AgencyId(id), mistakes, typed);
    }
    let is_supervisor = typed.role == "supervisor";
    let role = if is_supervisor { OfficerRole::Supervisor } else { OfficerRole::Officer };
    let officer = KeyId(server::random_id()?);
    let change = Change::OfficerProposed { officer, agency: AgencyId(id), role, by: by.id() };
    let payload = ChangePayload {
        name: typed.name.trim().to_owned(),
        post: typed.post.trim().to_owned(),
        email: Some(typed.email.trim().to_owned()).filter(|email| !email.is_empty()),
        ..ChangePayload::default()
    };
    site.node.change_directory(by.actor(), &change, &payload).await?;
    Ok(Redirect::to(&format!("/officers/{officer}")).into_response())
}

struct CallRow {
    number: String,
    outcome_key: &'static str,
    by: String,
    at: jiff::Timestamp,
    note: String,
}

#[derive(Template)]
#[template(path = "people/officer.html")]
struct ShowPage {
    frame: Frame,
    officer: Officer,
    agency_name: String,
    role_key: &'static str,
    state_key: &'static str,
    numbers: Vec<String>,
    calls: Vec<CallRow>,
    codes: Vec<String>,
    is_confirmed: bool,
    is_admitted: bool,
    may_invite: bool,
    may_admit: bool,
    may_attest: bool,
    may_stop: bool,
    may_resume: bool,
    may_set_address: bool,
}

/// One officer: how far the enrolment has come, and what comes next.
///
/// # Errors
/// For whoever may not see the agency, or when there is nobody of that id.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let directory = site.node.directory();
    let officer = directory.officer(KeyId(id)).ok_or_else(Problem::hidden)?.clone();
    let is_own = by.actor().roles.contains(&Role::AgencySupervisor)
        && by.actor().agency == Some(officer.agency);
    if !is_own && !by.frame.may(Action::AdmitOfficer) && !by.frame.may(Action::ManageAgencies) {
        return Err(Problem::hidden());
    }
    let agency = directory.agency(officer.agency).ok_or_else(Problem::hidden)?;
    let call = |call: &server::directory::Call| CallRow {
        number: agency.switchboard.get(usize::from(call.number)).cloned().unwrap_or_default(),
        outcome_key: match call.outcome {
            CallBack::Confirmed => "call-confirmed",
            CallBack::Denied => "call-denied",
            CallBack::NotReached => "call-not-reached",
        },
        by: directory.name(call.by),
        at: call.at,
        note: call.note.clone(),
    };
    let passkeys = directory.passkeys_of(ActorId::Key(officer.id));
    let is_self = by.id() == ActorId::Key(officer.id);
    let page = ShowPage {
        agency_name: agency.name.clone(),
        role_key: role_key(officer.role),
        state_key: agency::state_key(&directory, &officer, by.frame.now),
        numbers: agency.switchboard.clone(),
        calls: officer.calls.iter().map(call).collect(),
        codes: passkeys.map(|(credential, _)| crate::door::code(credential)).collect(),
        is_confirmed: officer.is_confirmed(),
        is_admitted: officer.admitted_at.is_some(),
        may_set_address: by.frame.may(Action::ManageOfficers) && !is_self,
        may_invite: by.frame.may(Action::ManageOfficers) && officer.is_confirmed(),
        may_admit: by.frame.may(Action::AdmitOfficer),
        may_attest: by.frame.may(Action::ManageOfficers)
            && officer.admitted_at.is_some()
            && !officer.is_stopped
            && !is_self,
        may_stop: by.frame.may(Action::StopKeys) && !officer.is_stopped,
        may_resume: by.frame.may(Action::ResumeKeys) && officer.is_stopped,
        officer,
        frame: by.frame,
    };
    html(&page)
}

/// What a call to the agency's own number said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallForm {
    number: String,
    outcome: String,
    note: String,
}

/// Records a call to a number of our own directory.
///
/// # Errors
/// For whoever may not admit officers, or when the number is none of the agency's.
pub async fn call_back(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<CallForm>,
) -> Result<Response, Problem> {
    let outcome = match posted.fields.outcome.as_str() {
        "confirmed" => CallBack::Confirmed,
        "denied" => CallBack::Denied,
        "not_reached" => CallBack::NotReached,
        _ => return Err(Problem::hidden()),
    };
    let number = posted.fields.number.parse().unwrap_or(u16::MAX);
    let by = posted.by.id();
    let change = Change::CallBackRecorded { officer: KeyId(id), number, outcome, by };
    recorded(&site, &posted.by, &change, &posted.fields.note, id).await
}

/// Makes the officer's one-time link; only after a call has confirmed the person.
///
/// # Errors
/// Without a fresh proof or a call, or for whoever may not manage this officer.
pub async fn invite(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    posted.by.allowed(Action::ManageOfficers)?;
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    super::staff::invited(&site, posted.by, ActorId::Key(KeyId(id))).await
}

/// Admits an officer whose code was read out and compared.
///
/// # Errors
/// Without a fresh proof, a call or a passkey, or for whoever may not admit.
pub async fn admit(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    let change = Change::OfficerAdmitted { officer: KeyId(id), by: posted.by.id() };
    recorded(&site, &posted.by, &change, "", id).await
}

/// The agency says again that this is its officer.
///
/// # Errors
/// For the officer himself, or for whoever may not.
pub async fn attest(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    let change = Change::OfficerAttested { officer: KeyId(id), by: posted.by.id() };
    recorded(&site, &posted.by, &change, "", id).await
}

/// Pulls the kill switch of an officer.
///
/// # Errors
/// Without a fresh proof, or for whoever may not.
pub async fn stop(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    let change = Change::OfficerStopped { officer: KeyId(id), by: posted.by.id() };
    recorded(&site, &posted.by, &change, &posted.fields.reason, id).await
}

/// Lets a stopped officer act again.
///
/// # Errors
/// As [`stop`].
pub async fn resume(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    let change = Change::OfficerResumed { officer: KeyId(id), by: posted.by.id() };
    recorded(&site, &posted.by, &change, &posted.fields.reason, id).await
}

async fn recorded(
    site: &Site,
    by: &SignedIn,
    change: &Change,
    reason: &str,
    id: Uuid,
) -> Result<Response, Problem> {
    let payload = ChangePayload { reason: reason.trim().to_owned(), ..ChangePayload::default() };
    site.node.change_directory(by.actor(), change, &payload).await?;
    Ok(Redirect::to(&format!("/officers/{id}")).into_response())
}
