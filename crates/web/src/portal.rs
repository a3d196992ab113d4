//! The portal of the officers: ask, see whether it will be accepted, sign, follow, fetch.
//!
//! Knows no rule: what would be accepted is asked of `desk::check`, what may be done of the one
//! path. Whatever changes what the company does is signed with the officer's passkey
//! (docs/formats/signed-request.md); messages and receipts of packages are not.

mod act;
mod answer;
pub mod drafts;
mod file;
mod find;
mod list;
mod new;
mod request;
mod sign;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::form::UPLOAD_BYTES_MAX;
use crate::frame::SignedIn;
use crate::problem::Problem;
use crate::site::Site;

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    let large = || DefaultBodyLimit::max(UPLOAD_BYTES_MAX);
    Router::new()
        .route("/portal", get(list::list))
        .route("/portal/new", get(new::blank).post(new::typed).layer(large()))
        .route("/portal/check", post(new::check))
        .route("/portal/drafts/{draft}", get(sign::review).post(sign::sign))
        .route("/portal/drafts/{draft}/options", post(sign::options))
        .route("/portal/drafts/{draft}/edit", get(new::edit))
        .route("/portal/drafts/{draft}/open", post(new::open))
        .route("/portal/drafts/{draft}/delete", post(new::delete))
        .route("/portal/search", get(find::blank).post(find::find))
        .route("/portal/requests/{request}", get(request::show))
        .route("/portal/requests/{request}/acts", post(request::act).layer(large()))
        .route("/portal/requests/{request}/again", post(new::again))
        .route("/portal/requests/{request}/correct", post(new::correct))
        .route("/portal/requests/{request}/packages/{package}", get(file::package))
        .route("/portal/requests/{request}/receipt", post(file::receipt))
}

/// The agency of an officer; the portal is for nobody else.
fn agency(site: &Site, by: &SignedIn) -> Result<server::directory::Agency, Problem> {
    let own = by.actor().agency.filter(|_| by.frame.is_officer());
    own.and_then(|id| site.node.directory().agency(id).cloned()).ok_or_else(Problem::hidden)
}
