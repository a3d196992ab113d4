//! Staff, agencies and the marks upon their keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use desk::ids::{AgencyId, KeyId, StaffId};
use desk::policy::{Action, Facts, Role, permit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::{At, Body, Caller};
use crate::app::Node;
use crate::directory::{Change, ChangePayload, SignatureKey, check_agency};
use crate::error::Error;
use crate::tls::Fingerprint;

/// A new member of staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStaff {
    /// Name, as it stands in custody lists.
    pub name: String,
    /// `verifier`, `counsel`, `analyst`, `approver`, `on_call`, `auditor`, `administrator`,
    /// `intake`.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// SHA-256 of the client certificate's DER, in hex.
    pub certificate_sha256: String,
    /// Where "look at the portal" is mailed to; without one this person is told nothing.
    #[serde(default)]
    pub email: Option<String>,
}

/// A new agency.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgency {
    /// Name.
    pub name: String,
    /// Country, ISO 3166-1 alpha-2.
    pub country: String,
    /// How its HI-1 messages name it.
    pub hi1_identifier: String,
    /// Rule pack its requests are judged by.
    pub regime: String,
    /// SHA-256 of its client certificate's DER, in hex.
    pub certificate_sha256: String,
    /// Certificates in PEM to which packages are encrypted.
    #[serde(default)]
    pub recipients_pem: Vec<String>,
    /// age recipients.
    #[serde(default)]
    pub recipients_age: Vec<String>,
    /// Where DELIVER messages are posted; without one the agency fetches with GET.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Keys that sign its HI-1 messages; unsigned ones are proven by the certificate alone.
    #[serde(default)]
    pub signature_keys: Vec<SignatureKey>,
}

/// Somebody known.
#[derive(Debug, Serialize, ToSchema)]
pub struct Known {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Roles, for staff; rule pack, for agencies.
    pub is: Vec<String>,
    /// Key, for agencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Uuid>,
}

/// Why a key is marked or cleared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkBody {
    /// Why.
    pub reason: String,
}

/// Enrols a member of staff.
#[utoipa::path(
    post, path = "/api/v1/staff", tag = "directory", request_body = NewStaff,
    responses((status = 201, body = Known), (status = 404, description = "Not for this caller"))
)]
pub async fn add_staff(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    new: Body<NewStaff>,
) -> Result<(StatusCode, Json<Known>), Error> {
    permit(&actor, Action::ManageStaff, &Facts::default()).ok_or(Error::Hidden)?;
    let new = new.read()?;
    let id = node.enrol_staff(&actor, &new).await?;
    let is = new.roles.iter().map(|role| role.as_str().to_owned()).collect();
    Ok((StatusCode::CREATED, Json(Known { id: id.0, name: new.name, is, key: None })))
}

/// All staff.
#[utoipa::path(
    get, path = "/api/v1/staff", tag = "directory",
    responses((status = 200, body = Vec<Known>),
              (status = 404, description = "Not for this caller"))
)]
pub async fn list_staff(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
) -> Result<Json<Vec<Known>>, Error> {
    permit(&actor, Action::ManageStaff, &Facts::default()).ok_or(Error::Hidden)?;
    let known = node.directory();
    let list = known.staff().map(|person| Known {
        id: person.id.0,
        name: person.name.clone(),
        is: person.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        key: None,
    });
    Ok(Json(list.collect()))
}

/// Removes a member of staff; the certificate means nothing from now on.
#[utoipa::path(
    delete, path = "/api/v1/staff/{staff}", tag = "directory",
    params(("staff" = Uuid, Path, description = "Id")),
    responses((status = 204), (status = 404, description = "Not there, or not for this caller"))
)]
pub async fn remove_staff(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At(staff): At<Uuid>,
) -> Result<StatusCode, Error> {
    permit(&actor, Action::ManageStaff, &Facts::default()).ok_or(Error::Hidden)?;
    if !node.directory().staff().any(|person| person.id.0 == staff) {
        return Err(Error::Hidden);
    }
    let change = Change::StaffRemoved { staff: StaffId(staff), by: actor.id };
    node.change_directory(&actor, &change, &ChangePayload::default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enrols an agency and its key.
#[utoipa::path(
    post, path = "/api/v1/agencies", tag = "directory", request_body = NewAgency,
    responses((status = 201, body = Known), (status = 404, description = "Not for this caller"))
)]
pub async fn add_agency(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    new: Body<NewAgency>,
) -> Result<(StatusCode, Json<Known>), Error> {
    permit(&actor, Action::ManageAgencies, &Facts::default()).ok_or(Error::Hidden)?;
    let new = new.read()?;
    let (id, key) = node.enrol_agency(&actor, &new).await?;
    let known = Known { id: id.0, name: new.name, is: vec![new.regime], key: Some(key.0) };
    Ok((StatusCode::CREATED, Json(known)))
}

/// All agencies.
#[utoipa::path(
    get, path = "/api/v1/agencies", tag = "directory",
    responses((status = 200, body = Vec<Known>),
              (status = 404, description = "Not for this caller"))
)]
pub async fn list_agencies(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
) -> Result<Json<Vec<Known>>, Error> {
    permit(&actor, Action::ManageAgencies, &Facts::default()).ok_or(Error::Hidden)?;
    let known = node.directory();
    let list = known.agencies().map(|agency| Known {
        id: agency.id.0,
        name: agency.name.clone(),
        is: vec![agency.regime.clone()],
        key: Some(agency.key.0),
    });
    Ok(Json(list.collect()))
}

/// Marks a key as suspected of fraud: it opens nothing from now on, and nothing it asked for
/// leaves.
#[utoipa::path(
    post, path = "/api/v1/keys/{key}/fraud-mark", tag = "directory", request_body = MarkBody,
    params(("key" = Uuid, Path, description = "Id of the key")),
    responses((status = 204), (status = 404, description = "Not there, or not for this caller"))
)]
pub async fn mark_key(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At(key): At<Uuid>,
    body: Body<MarkBody>,
) -> Result<StatusCode, Error> {
    let change = Change::KeyMarked { key: KeyId(key), reason: None, by: actor.id };
    mark(&node, &actor, Action::MarkKey, change, body).await
}

/// Takes the mark away.
#[utoipa::path(
    delete, path = "/api/v1/keys/{key}/fraud-mark", tag = "directory", request_body = MarkBody,
    params(("key" = Uuid, Path, description = "Id of the key")),
    responses((status = 204), (status = 404, description = "Not there, or not for this caller"))
)]
pub async fn clear_key(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At(key): At<Uuid>,
    body: Body<MarkBody>,
) -> Result<StatusCode, Error> {
    let change = Change::KeyCleared { key: KeyId(key), by: actor.id };
    mark(&node, &actor, Action::ClearKey, change, body).await
}

async fn mark(
    node: &Node,
    actor: &desk::policy::Actor,
    action: Action,
    change: Change,
    body: Body<MarkBody>,
) -> Result<StatusCode, Error> {
    permit(actor, action, &Facts::default()).ok_or(Error::Hidden)?;
    let key = match &change {
        Change::KeyMarked { key, .. } | Change::KeyCleared { key, .. } => *key,
        _ => return Err(Error::Hidden),
    };
    if !node.directory().has_key(key) {
        return Err(Error::Hidden);
    }
    let payload = ChangePayload { reason: body.read()?.reason, ..ChangePayload::default() };
    node.change_directory(actor, &change, &payload).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the answer to a wrong role says.
const STAFF_ROLES: &str =
    "verifier, counsel, analyst, approver, on_call, auditor, administrator or intake";

/// Whether a person of the company may have the role.
fn is_for_staff(role: Role) -> bool {
    !matches!(
        role,
        Role::Officer
            | Role::AgencySupervisor
            | Role::AgencyKeyHolder
            | Role::Partner
            | Role::System
    )
}

impl Node {
    /// Enrols a member of staff by a client certificate.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right; [`Error::Input`] naming the field that is wrong.
    pub async fn enrol_staff(
        &self,
        actor: &desk::policy::Actor,
        new: &NewStaff,
    ) -> Result<StaffId, Error> {
        let certificate_sha256 = self.new_certificate(&new.certificate_sha256)?;
        if new.roles.is_empty() {
            return Err(Error::input("roles", "none is given", "name at least one"));
        }
        if let Some(role) = new.roles.iter().find(|role| !is_for_staff(**role)) {
            return Err(Error::input("roles", format!("{role} is no role of staff"), STAFF_ROLES));
        }
        let staff = StaffId(crate::random_id()?);
        let change = Change::StaffAdded {
            staff,
            roles: new.roles.clone(),
            certificate_sha256: Some(certificate_sha256),
            by: actor.id,
        };
        let (name, email) = (new.name.clone(), new.email.clone());
        let is_address = |email: &String| email.parse::<lettre::Address>().is_ok();
        if !email.as_ref().is_none_or(is_address) {
            return Err(Error::input("email", "that is no mail address", "write name@host"));
        }
        let payload = ChangePayload { name, email, ..ChangePayload::default() };
        self.change_directory(actor, &change, &payload).await?;
        Ok(staff)
    }

    /// Enrols an agency by its client certificate.
    ///
    /// # Errors
    /// As [`Node::enrol_staff`].
    pub async fn enrol_agency(
        &self,
        actor: &desk::policy::Actor,
        new: &NewAgency,
    ) -> Result<(AgencyId, KeyId), Error> {
        let certificate_sha256 = self.new_certificate(&new.certificate_sha256)?;
        let (pem, age) = (&new.recipients_pem, &new.recipients_age);
        check_agency(&new.country, &new.regime, pem, age)?;
        for (index, key) in new.signature_keys.iter().enumerate() {
            if key.enrolled().is_none() {
                return Err(Error::input(
                    format!("signature_keys[{index}]"),
                    "not a key that HI-1 messages are checked with",
                    "give ed25519, es256 or rs256 and base64 of the DER public key",
                ));
            }
        }
        let (agency, key) = (AgencyId(crate::random_id()?), KeyId(crate::random_id()?));
        let change = Change::AgencyAdded {
            agency,
            country: new.country.clone(),
            regime: new.regime.clone(),
            key,
            certificate_sha256: Some(certificate_sha256),
            by: actor.id,
        };
        let payload = ChangePayload {
            name: new.name.clone(),
            hi1_identifier: new.hi1_identifier.clone(),
            recipients_pem: new.recipients_pem.clone(),
            recipients_age: new.recipients_age.clone(),
            endpoint: new.endpoint.clone(),
            signature_keys: new.signature_keys.clone(),
            ..ChangePayload::default()
        };
        self.change_directory(actor, &change, &payload).await?;
        Ok((agency, key))
    }

    fn new_certificate(&self, text: &str) -> Result<String, Error> {
        let fingerprint = Fingerprint::parse(text).ok_or_else(|| {
            Error::input("certificate_sha256", "not a SHA-256", "send 64 hexadecimal digits")
        })?;
        if self.directory().has_certificate(&fingerprint) {
            let fix = "one certificate is one person or one agency";
            return Err(Error::input("certificate_sha256", "it is enrolled already", fix));
        }
        Ok(fingerprint.to_string())
    }
}
