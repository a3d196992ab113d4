//! Where somebody's mails go: the own address, its link, and addresses set for others.
//!
//! Knows no rule: `server::app::Node` says which address may be whose. A new own address counts
//! when its link was opened by the same person, logged in; until then mails go to the old one.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::ids::{ActorId, KeyId, StaffId};
use serde::Deserialize;
use server::error::Error;
use uuid::Uuid;

use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::rate;
use crate::site::Site;

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/address", get(show).post(propose))
        .route("/address/{token}", get(link).post(confirm))
        .route("/people/{staff}/address", post(of_staff))
        .route("/officers/{officer}/address", post(of_officer))
}

#[derive(Template)]
#[template(path = "people/address.html")]
struct AddressPage {
    frame: Frame,
    /// Whose, when it is somebody else's.
    other: Option<Other>,
    current: String,
    wanted: String,
    mistakes: Mistakes,
    typed: String,
    sent: bool,
}

/// Somebody whose address is set by another person.
struct Other {
    name: String,
    /// The page of that person.
    page: String,
}

/// What the form of an address posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AddressForm {
    address: String,
    passkey: String,
}

/// The own address, and the form for another one.
///
/// # Errors
/// When it cannot be written.
pub async fn show(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    own_page(&site, by.frame.clone(), by.id(), Mistakes::default(), String::new(), false)
}

fn own_page(
    site: &Site,
    frame: Frame,
    holder: ActorId,
    mistakes: Mistakes,
    typed: String,
    sent: bool,
) -> Result<Response, Problem> {
    let directory = site.node.directory();
    let current = directory.addresses(holder).0.unwrap_or_default().to_owned();
    let wanted = directory.wanted_address(holder, frame.now).unwrap_or_default().to_owned();
    html(&AddressPage { frame, other: None, current, wanted, mistakes, typed, sent })
}

/// Mails the link to a new address.
///
/// # Errors
/// Without a fresh proof, and for whoever asks too often.
pub async fn propose(
    State(site): State<Arc<Site>>,
    posted: Posted<AddressForm>,
) -> Result<Response, Problem> {
    let (by, form) = (posted.by, posted.fields);
    site.confirmed(&by.viewer, &form.passkey)?;
    site.take(rate::ADDRESSES, &by.id().to_string())?;
    let mut mistakes = Mistakes::default();
    match site.node.propose_address(by.actor(), &form.address).await {
        Ok(()) => own_page(&site, by.frame.clone(), by.id(), mistakes, String::new(), true),
        // A store that takes no acts now is told beside the field as well: it can be tried again.
        Err(Error::Unavailable(_)) => {
            mistakes.add("address", by.frame.say("address-not-sent"));
            own_page(&site, by.frame.clone(), by.id(), mistakes, form.address, false)
        }
        Err(error) => {
            mistakes.take(&by.frame, error)?;
            own_page(&site, by.frame.clone(), by.id(), mistakes, form.address, false)
        }
    }
}

#[derive(Template)]
#[template(path = "people/address_link.html")]
struct LinkPage {
    frame: Frame,
    token: String,
    address: String,
}

/// What the link of an address opens.
///
/// # Errors
/// For anybody but the person who asked for it.
pub async fn link(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let address = site.node.address_to_confirm(by.actor(), &token);
    let address = address.ok_or_else(Problem::hidden)?;
    html(&LinkPage { frame: by.frame, token, address })
}

/// Confirms the address.
///
/// # Errors
/// As [`link`].
pub async fn confirm(
    State(site): State<Arc<Site>>,
    Path(token): Path<String>,
    posted: Posted<serde_json::Value>,
) -> Result<Response, Problem> {
    site.node.confirm_address(posted.by.actor(), &token).await?;
    Ok(Redirect::to("/address").into_response())
}

/// Sets the address of a member of staff.
///
/// # Errors
/// Without a fresh proof, or for whoever may not manage staff.
pub async fn of_staff(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<AddressForm>,
) -> Result<Response, Problem> {
    set(&site, posted, ActorId::Staff(StaffId(id)), format!("/people/{id}")).await
}

/// Sets the address of an officer.
///
/// # Errors
/// Without a fresh proof, or for whoever may not manage the officers of that agency.
pub async fn of_officer(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<AddressForm>,
) -> Result<Response, Problem> {
    set(&site, posted, ActorId::Key(KeyId(id)), format!("/officers/{id}")).await
}

async fn set(
    site: &Site,
    posted: Posted<AddressForm>,
    holder: ActorId,
    page: String,
) -> Result<Response, Problem> {
    let (by, form) = (posted.by, posted.fields);
    site.confirmed(&by.viewer, &form.passkey)?;
    match site.node.set_address(by.actor(), holder, &form.address).await {
        Ok(()) => Ok(Redirect::to(&page).into_response()),
        Err(error) => {
            let mut mistakes = Mistakes::default();
            mistakes.take(&by.frame, error)?;
            // The directory's own rules are about this field too.
            let mistakes = mistakes.all_about("address");
            let directory = site.node.directory();
            let current = directory.addresses(holder).0.unwrap_or_default().to_owned();
            let other = Some(Other { name: directory.name(holder), page });
            let (frame, typed, wanted) = (by.frame, form.address, String::new());
            html(&AddressPage { frame, other, current, wanted, mistakes, typed, sent: false })
        }
    }
}
