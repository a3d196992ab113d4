//! Is it well? For load balancers and for Prometheus; without any case data.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::policy::{Action, Facts, permit_read};
use serde::Serialize;
use store::WriterState;
use utoipa::ToSchema;

use crate::api::peer;
use crate::app::Node;
use crate::error::Error;

/// The state of the node.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or what is wrong.
    #[schema(example = "ok")]
    pub status: String,
    /// Leaves in the log.
    pub log_size: u64,
    /// Acts waiting for the writer.
    pub acts_waiting: usize,
}

/// Whether the node takes acts.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "node",
    responses(
        (status = 200, description = "It takes acts", body = Health),
        (status = 503, description = "It does not, and why", body = Health)
    )
)]
pub async fn healthz(State(node): State<Arc<Node>>) -> Response {
    let health = node.store.health();
    let well = matches!(health.state, WriterState::Serving);
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Health {
        status: if well { "ok".to_owned() } else { trouble(&health.state) },
        log_size: health.size.0,
        acts_waiting: health.waiting,
    };
    (status, Json(body)).into_response()
}

/// Counters for Prometheus; on loopback, or to a certificate that may read metrics.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "node",
    responses((status = 200, description = "Prometheus text", content_type = "text/plain"))
)]
pub async fn metrics(State(node): State<Arc<Node>>, parts: Parts) -> Result<Response, Error> {
    let peer = peer(&parts).ok_or(Error::Hidden)?;
    let actor = peer.certificate.and_then(|known| node.directory().actor(&known));
    let may = |actor| permit_read(&actor, Action::ReadMetrics, &Facts::default()).is_some();
    if !peer.address.ip().is_loopback() && !actor.is_some_and(may) {
        return Err(Error::Hidden);
    }
    let health = node.store.health();
    let (jobs_waiting, jobs_dead) = node.house_job_counts().await?;
    let serving = matches!(health.state, WriterState::Serving);
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: u64| {
        // Writing to a String cannot fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    };
    gauge("comity_log_leaves", "Leaves in the log.", health.size.0);
    gauge("comity_acts_waiting", "Acts waiting for the writer.", health.waiting as u64);
    gauge("comity_takes_acts", "1 while the store takes acts.", u64::from(serving));
    gauge("comity_jobs_waiting", "Jobs that wait or run.", jobs_waiting);
    gauge("comity_jobs_dead", "Jobs that need a person; /jobs lists them.", jobs_dead);
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}

/// What keeps the store from taking acts.
fn trouble(state: &WriterState) -> String {
    match state {
        WriterState::Serving => "ok".to_owned(),
        WriterState::ClockBehind { now, newest } => {
            format!("the clock says {now}, the newest event is of {newest}: set the clock right")
        }
        other => format!("{other:?}"),
    }
}
