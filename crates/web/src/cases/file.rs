//! Files of a request: always downloads, never shown inline, never sniffed.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::ids::RequestId;
use desk::policy::Action;
use uuid::Uuid;

use crate::frame::SignedIn;
use crate::problem::Problem;
use crate::site::Site;

/// A file of an exhibit.
///
/// # Errors
/// For whoever may not read it.
pub async fn exhibit(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path((request, exhibit, format)): Path<(Uuid, u16, String)>,
) -> Result<Response, Problem> {
    let id = RequestId(request);
    let answer =
        server::api::requests::exhibit_answer(&site.node, by.actor(), id, exhibit, &format).await;
    Ok(answer?)
}

/// A file of the instrument as it was received.
///
/// # Errors
/// For whoever may not read the case.
pub async fn instrument(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path((request, index)): Path<(Uuid, usize)>,
) -> Result<Response, Problem> {
    let id = RequestId(request);
    site.node.read_permit(by.actor(), Action::ReadCase, id).await?;
    let case = site.node.case(id).await?;
    let files = case.received.as_ref().map(|received| &received.files);
    let file = files.and_then(|files| files.get(index)).ok_or_else(Problem::hidden)?;
    let bytes = site.node.instrument_file(file).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
    ];
    Ok((headers, bytes).into_response())
}
