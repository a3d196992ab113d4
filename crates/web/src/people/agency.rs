//! Agencies: the record that comes before every officer, and the kill switch for all of them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{ActorId, AgencyId, KeyId};
use desk::policy::{Action, Role};
use serde::Deserialize;
use server::directory::{Agency, Change, ChangePayload, Directory, Officer, OfficerState};
use uuid::Uuid;

use super::staff::ProvenForm;
use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Lines of a text field that lists numbers or domains.
const LINES_MAX: usize = 20;

struct Row {
    id: AgencyId,
    name: String,
    country: String,
    regime: String,
    officers_count: usize,
    is_stopped: bool,
}

#[derive(Template)]
#[template(path = "people/agencies.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    may_add: bool,
}

/// Whoever sees the agencies: staff who enrol or verify, and a supervisor the own one.
fn allowed(by: &SignedIn, agency: Option<AgencyId>) -> Result<(), Problem> {
    let is_staff = by.frame.may(Action::ManageAgencies) || by.frame.may(Action::AdmitOfficer);
    let is_own = by.actor().roles.contains(&Role::AgencySupervisor)
        && agency.is_some()
        && by.actor().agency == agency;
    if is_staff || is_own { Ok(()) } else { Err(Problem::hidden()) }
}

/// All agencies.
///
/// # Errors
/// For whoever neither enrols nor verifies.
pub async fn list(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    if by.actor().roles.contains(&Role::AgencySupervisor)
        && let Some(own) = by.actor().agency
    {
        return Ok(Redirect::to(&format!("/agencies/{own}")).into_response());
    }
    allowed(&by, None)?;
    let directory = site.node.directory();
    let row = |agency: &Agency| Row {
        id: agency.id,
        name: agency.name.clone(),
        country: agency.country.clone(),
        regime: agency.regime.clone(),
        officers_count: directory.officers().filter(|one| one.agency == agency.id).count(),
        is_stopped: agency.is_stopped,
    };
    let mut rows: Vec<Row> = directory.agencies().map(row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    let may_add = by.frame.may(Action::ManageAgencies);
    html(&ListPage { frame: by.frame, rows, may_add })
}

/// A new agency.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    name: String,
    country: String,
    regime: String,
    switchboard: String,
    domains: String,
    recipient: String,
}

#[derive(Template)]
#[template(path = "people/agency_new.html")]
struct NewPage {
    frame: Frame,
    typed: NewForm,
    regimes: Vec<String>,
    mistakes: Mistakes,
}

/// The form for a new agency.
///
/// # Errors
/// For whoever may not manage agencies.
pub async fn blank(by: SignedIn) -> Result<Response, Problem> {
    by.allowed(Action::ManageAgencies)?;
    new_page(by.frame, NewForm::default(), Mistakes::default())
}

fn new_page(frame: Frame, typed: NewForm, mistakes: Mistakes) -> Result<Response, Problem> {
    let packs = desk::pack::embedded_all();
    let regimes = packs.iter().map(|pack| pack.reference.id.clone()).collect();
    html(&NewPage { frame, typed, regimes, mistakes })
}

/// Adds an agency.
///
/// # Errors
/// For whoever may not manage agencies.
pub async fn add(
    State(site): State<Arc<Site>>,
    posted: Posted<NewForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    by.allowed(Action::ManageAgencies)?;
    let mut mistakes = Mistakes::default();
    if typed.name.trim().is_empty() {
        mistakes.add("name", by.frame.say("agency-name-missing"));
    }
    let switchboard = lines(&typed.switchboard);
    if switchboard.is_empty() {
        mistakes.add("switchboard", by.frame.say("agency-switchboard-missing"));
    }
    let is_age = typed.recipient.trim().starts_with("age1");
    let recipient = vec![typed.recipient.trim().to_owned()];
    let (recipients_pem, recipients_age) =
        if is_age { (Vec::new(), recipient) } else { (recipient, Vec::new()) };
    if let Err(error) = server::directory::check_agency(
        typed.country.trim(),
        &typed.regime,
        &recipients_pem,
        &recipients_age,
    ) {
        mistakes.take(&by.frame, error)?;
    }
    if !mistakes.is_empty() {
        return new_page(by.frame, typed, mistakes);
    }
    let agency = AgencyId(server::random_id()?);
    let change = Change::AgencyAdded {
        agency,
        country: typed.country.trim().to_owned(),
        regime: typed.regime.clone(),
        key: KeyId(server::random_id()?),
        certificate_sha256: None,
        by: by.id(),
    };
    let payload = ChangePayload {
        name: typed.name.trim().to_owned(),
        switchboard,
        domains: lines(&typed.domains),
        recipients_pem,
        recipients_age,
        ..ChangePayload::default()
    };
    site.node.change_directory(by.actor(), &change, &payload).await?;
    Ok(Redirect::to(&format!("/agencies/{agency}")).into_response())
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.take(LINES_MAX).map(str::to_owned).collect()
}

struct OfficerRow {
    id: KeyId,
    name: String,
    post: String,
    role_key: &'static str,
    state_key: &'static str,
    attest_before: Option<jiff::Timestamp>,
}

#[derive(Template)]
#[template(path = "people/agency.html")]
struct ShowPage {
    frame: Frame,
    agency: Agency,
    officers: Vec<OfficerRow>,
    may_propose: bool,
    may_propose_supervisor: bool,
    may_stop: bool,
    may_resume: bool,
    sees_requests: bool,
    mistakes: Mistakes,
    typed: super::officer::NewForm,
}

/// One agency and its officers.
///
/// # Errors
/// For whoever may not see it, or when there is none of that id.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    allowed(&by, Some(AgencyId(id)))?;
    show_page(&site, by, AgencyId(id), Mistakes::default(), super::officer::NewForm::default())
}

/// The page of an agency, with what was typed into the form of a new officer.
pub(super) fn show_page(
    site: &Site,
    by: SignedIn,
    id: AgencyId,
    mistakes: Mistakes,
    typed: super::officer::NewForm,
) -> Result<Response, Problem> {
    let directory = site.node.directory();
    let agency = directory.agency(id).ok_or_else(Problem::hidden)?.clone();
    let officers = rows(&directory, id, by.frame.now);
    let page = ShowPage {
        officers,
        may_propose: by.frame.may(Action::ManageOfficers),
        may_propose_supervisor: by.frame.may(Action::AdmitOfficer),
        may_stop: by.frame.may(Action::StopKeys),
        may_resume: by.frame.may(Action::ResumeKeys),
        sees_requests: by.frame.may(Action::ListRequests) && by.id().is_staff(),
        frame: by.frame,
        agency,
        mistakes,
        typed,
    };
    html(&page)
}

fn rows(directory: &Directory, agency: AgencyId, now: jiff::Timestamp) -> Vec<OfficerRow> {
    let row = |officer: &Officer| OfficerRow {
        id: officer.id,
        name: officer.name.clone(),
        post: officer.post.clone(),
        role_key: super::officer::role_key(officer.role),
        state_key: state_key(directory, officer, now),
        attest_before: officer.attest_before(),
    };
    let mut rows: Vec<_> =
        directory.officers().filter(|officer| officer.agency == agency).map(row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

/// Words for how far an officer has come.
pub(super) fn state_key(
    directory: &Directory,
    officer: &Officer,
    now: jiff::Timestamp,
) -> &'static str {
    let has_passkey = directory.passkeys_of(ActorId::Key(officer.id)).next().is_some();
    match officer.state(now) {
        _ if directory.is_marked(officer.id) => "officer-marked",
        OfficerState::Stopped => "officer-stopped",
        OfficerState::Unattested => "officer-unattested",
        OfficerState::Admitted => "officer-admitted",
        OfficerState::Proposed if !officer.is_confirmed() => "officer-to-call",
        OfficerState::Proposed if !has_passkey => "officer-to-enrol",
        OfficerState::Proposed => "officer-to-admit",
    }
}

/// Pulls the kill switch of an agency: none of its keys opens anything from now on.
///
/// # Errors
/// Without a fresh proof, or for whoever may not.
pub async fn stop(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let change = Change::AgencyStopped { agency: AgencyId(id), by: posted.by.id() };
    switch(&site, &posted, &change, id).await
}

/// Lets the keys of an agency act again.
///
/// # Errors
/// As [`stop`].
pub async fn resume(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let change = Change::AgencyResumed { agency: AgencyId(id), by: posted.by.id() };
    switch(&site, &posted, &change, id).await
}

async fn switch(
    site: &Site,
    posted: &Posted<ProvenForm>,
    change: &Change,
    id: Uuid,
) -> Result<Response, Problem> {
    allowed(&posted.by, Some(AgencyId(id)))?;
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    let reason = posted.fields.reason.trim().to_owned();
    let payload = ChangePayload { reason, ..ChangePayload::default() };
    site.node.change_directory(posted.by.actor(), change, &payload).await?;
    Ok(Redirect::to(&format!("/agencies/{id}")).into_response())
}
