//! What an officer takes home: the encrypted package, the receipt of the request.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::ids::RequestId;
use server::app::lookup::LeafIndex;
use uuid::Uuid;

use super::agency;
use super::new::ProvenForm;
use crate::form::Posted;
use crate::frame::SignedIn;
use crate::problem::Problem;
use crate::site::Site;

/// A package as it was delivered, encrypted to the agency's enrolled certificate.
///
/// # Errors
/// For whoever may not fetch it, or when there is none.
pub async fn package(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path((request, package)): Path<(Uuid, u16)>,
) -> Result<Response, Problem> {
    let id = RequestId(request);
    let answer = server::api::requests::package_answer(&site.node, by.actor(), id, package).await;
    Ok(answer?)
}

/// The receipt of an act: the leaf with which it came into the log, its salt and its proof. It
/// holds what the act held, which a session alone does not open.
///
/// # Errors
/// Without a fresh proof, or for whoever may not see the request.
pub async fn receipt(
    State(site): State<Arc<Site>>,
    Path(request): Path<Uuid>,
    posted: Posted<ProvenForm>,
) -> Result<Response, Problem> {
    let by = posted.by;
    agency(&site, &by)?;
    site.confirmed(&by.viewer, &posted.fields.passkey)?;
    let leaf = posted.fields.leaf.trim();
    let leaf =
        if leaf.is_empty() { None } else { Some(leaf.parse().map_err(|_| Problem::hidden())?) };
    let leaf = leaf.map(LeafIndex);
    let text = site.node.receipt(by.actor(), RequestId(request), leaf).await?;
    let of = leaf.map_or_else(|| request.to_string(), |leaf| format!("{request}-{}", leaf.0));
    let name = format!("attachment; filename=\"receipt-{of}.json\"");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, text).into_response())
}
