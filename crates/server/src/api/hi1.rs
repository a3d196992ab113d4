//! The machine edge: ETSI TS 103 120 (HI-1) JSON. docs/formats/hi1.md is the profile.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::api::{Caller, unread};
use crate::app::{Node, intake};
use crate::error::Error;
use crate::tls::Peer;

/// One HI-1 message from an agency; the answer is one as well, whatever was wrong with it.
#[utoipa::path(
    post, path = "/hi1", tag = "hi1",
    request_body(content = String, content_type = "application/json",
                 description = "An HI1Message with a RequestPayload"),
    responses(
        (status = 200, description = "An HI1Message with a ResponsePayload",
         content_type = "application/json"),
        (status = 404, description = "No agency's certificate")
    )
)]
pub async fn receive(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let body = body.map_err(|error| unread(&error))?;
    let answer = intake::receive(&node, &actor, &body, Some(peer.address.ip())).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}
