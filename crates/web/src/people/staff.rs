//! Staff: who they are, what they may be, their one-time links.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{ActorId, StaffId};
use desk::policy::{Action, Role};
use serde::Deserialize;
use server::directory::{Change, ChangePayload, Directory};
use uuid::Uuid;

use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Roles of a company's people, in the order of the form.
const STAFF_ROLES: [Role; 8] = [
    Role::Verifier,
    Role::Counsel,
    Role::Analyst,
    Role::Approver,
    Role::OnCall,
    Role::Intake,
    Role::Auditor,
    Role::Administrator,
];

/// A person as the list shows it.
struct Row {
    id: StaffId,
    name: String,
    roles: Vec<Role>,
    state_key: &'static str,
}

#[derive(Template)]
#[template(path = "people/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    roles: [Role; 8],
    mistakes: Mistakes,
    typed: NewForm,
}

/// A new member of staff.
#[derive(Debug, Default, Deserialize)]
pub struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    roles: Vec<String>,
}

impl NewForm {
    fn has(&self, role: &Role) -> bool {
        self.roles.iter().any(|word| word == role.as_str())
    }
}

/// All staff, and the form for one more.
///
/// # Errors
/// For whoever may not manage staff.
pub async fn list(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    by.allowed(Action::ManageStaff)?;
    list_page(&site, by.frame, Mistakes::default(), NewForm::default())
}

fn list_page(
    site: &Site,
    frame: Frame,
    mistakes: Mistakes,
    typed: NewForm,
) -> Result<Response, Problem> {
    let directory = site.node.directory();
    let row = |person: &server::directory::Staff| Row {
        id: person.id,
        name: person.name.clone(),
        roles: person.roles.iter().copied().collect(),
        state_key: state_key(&directory, person.id, &frame),
    };
    let mut rows: Vec<Row> = directory.staff().map(row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    html(&ListPage { frame, rows, roles: STAFF_ROLES, mistakes, typed })
}

fn state_key(directory: &Directory, id: StaffId, frame: &Frame) -> &'static str {
    let holder = ActorId::Staff(id);
    let has_certificate = directory.staff_member(id).is_some_and(|person| person.has_certificate);
    if directory.passkeys_of(holder).next().is_some() {
        "staff-has-passkey"
    } else if directory.invitation_of(holder, frame.now).is_some() {
        "staff-invited"
    } else if has_certificate {
        "staff-has-certificate"
    } else {
        "staff-has-nothing"
    }
}

/// Adds a member of staff and makes the link by which they enrol.
///
/// # Errors
/// For whoever may not manage staff.
pub async fn add(
    State(site): State<Arc<Site>>,
    posted: Posted<NewForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    by.allowed(Action::ManageStaff)?;
    let mut mistakes = Mistakes::default();
    if typed.name.trim().is_empty() {
        mistakes.add("name", by.frame.say("staff-name-missing"));
    }
    if typed.roles.is_empty() {
        mistakes.add("roles", by.frame.say("staff-roles-missing"));
    }
    if !mistakes.is_empty() {
        return list_page(&site, by.frame, mistakes, typed);
    }
    let roles = read_roles(&typed.roles)?;
    let staff = StaffId(server::random_id()?);
    let change = Change::StaffAdded { staff, roles, certificate_sha256: None, by: by.id() };
    let payload = ChangePayload {
        name: typed.name.trim().to_owned(),
        email: Some(typed.email.trim().to_owned()).filter(|email| !email.is_empty()),
        ..ChangePayload::default()
    };
    site.node.change_directory(by.actor(), &change, &payload).await?;
    invited(&site, by, ActorId::Staff(staff)).await
}

fn read_roles(words: &[String]) -> Result<Vec<Role>, Problem> {
    let role = |word: &String| STAFF_ROLES.into_iter().find(|role| role.as_str() == word.as_str());
    let roles: Option<Vec<Role>> = words.iter().map(role).collect();
    roles.ok_or_else(Problem::hidden)
}

#[derive(Template)]
#[template(path = "people/invited.html")]
struct InvitedPage {
    frame: Frame,
    name: String,
    link: String,
    back: String,
}

/// Makes a link and shows it, once.
pub(super) async fn invited(
    site: &Site,
    by: SignedIn,
    holder: ActorId,
) -> Result<Response, Problem> {
    let token = site.node.invite(by.actor(), holder).await?;
    let link = format!("{}/enrol/{token}", site.settings.origin_text);
    let name = site.node.directory().name(holder);
    let back = match holder {
        ActorId::Staff(id) => format!("/people/{id}"),
        ActorId::Key(id) => format!("/officers/{id}"),
        ActorId::Partner(_) | ActorId::System => "/".to_owned(),
    };
    html(&InvitedPage { frame: by.frame, name, link, back })
}

#[derive(Template)]
#[template(path = "people/show.html")]
struct ShowPage {
    frame: Frame,
    id: StaffId,
    name: String,
    email: Option<String>,
    is_self: bool,
    held: Vec<Role>,
    roles: [Role; 8],
    state_key: &'static str,
    passkeys: Vec<String>,
}

/// One member of staff.
///
/// # Errors
/// For whoever may not manage staff, or when there is nobody of that id.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    by.allowed(Action::ManageStaff)?;
    let (id, directory) = (StaffId(id), site.node.directory());
    let person = directory.staff_member(id).ok_or_else(Problem::hidden)?;
    let passkeys = directory.passkeys_of(ActorId::Staff(id));
    let page = ShowPage {
        id,
        name: person.name.clone(),
        email: person.email.clone(),
        is_self: by.id() == ActorId::Staff(id),
        held: person.roles.iter().copied().collect(),
        roles: STAFF_ROLES,
        state_key: state_key(&directory, id, &by.frame),
        passkeys: passkeys.map(|(credential, _)| crate::door::code(credential)).collect(),
        frame: by.frame,
    };
    html(&page)
}

/// New roles of a member of staff.
#[derive(Debug, Default, Deserialize)]
pub struct RolesForm {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    passkey: String,
}

/// Gives other roles; roles are rights, so the administrator proves it again.
///
/// # Errors
/// Without a fresh proof, or for whoever may not manage staff.
pub async fn roles(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<RolesForm>,
) -> Result<Response, Problem> {
    let by = posted.by;
    by.allowed(Action::ManageStaff)?;
    site.confirmed(&by.viewer, &posted.fields.passkey)?;
    let roles = read_roles(&posted.fields.roles)?;
    let change = Change::StaffRolesChanged { staff: StaffId(id), roles, by: by.id() };
    site.node.change_directory(by.actor(), &change, &ChangePayload::default()).await?;
    Ok(Redirect::to(&format!("/people/{id}")).into_response())
}

/// A form with nothing but a fresh proof and a reason.
#[derive(Debug, Default, Deserialize)]
pub struct ProvenForm {
    /// The fresh proof.
    #[serde(default)]
    pub passkey: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Makes a new link for a member of staff.
///
/// # Errors
/// Without a fresh proof, or for whoever may not manage staff.
pub async fn invite(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    posted.by.allowed(Action::ManageStaff)?;
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    invited(&site, posted.by, ActorId::Staff(StaffId(id))).await
}

/// Removes a member of staff: passkeys, certificate and sessions mean nothing from now on.
///
/// # Errors
/// Without a fresh proof, or for whoever may not manage staff.
pub async fn remove(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let by = posted.by;
    by.allowed(Action::ManageStaff)?;
    site.confirmed(&by.viewer, &posted.fields.passkey)?;
    let change = Change::StaffRemoved { staff: StaffId(id), by: by.id() };
    site.node.change_directory(by.actor(), &change, &ChangePayload::default()).await?;
    Ok(Redirect::to("/people").into_response())
}
