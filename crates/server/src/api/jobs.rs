//! Jobs that wait for a person.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use desk::policy::{Action, Actor, Facts, permit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::JobId;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::{At, Caller};
use crate::app::Node;
use crate::app::dead::{Dead, Verdict};
use crate::error::Error;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeadQuery {
    /// Number of the last job of the page before.
    #[serde(default)]
    after: Option<u64>,
}

/// A job that waits for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadJobShown {
    /// Its number.
    pub job: u64,
    /// What was to be done: `preserve`, `effect`, `delete_copy`, `seal`, `deliver`, `push`,
    /// `watch`, `notify`, `warn`, `mail`, `webhook`.
    pub kind: String,
    /// The request it works for; only for whoever works on cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
    /// Whom a mail was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The endpoint a webhook was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Attempts made.
    pub attempts: u16,
    /// What the last attempt said; absent where it may say something of a case to whoever reads
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub failed_at: Option<Timestamp>,
    /// Whether this caller may give it up.
    pub may_give_up: bool,
}

/// One page of dead jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadJobs {
    /// How many there are in all.
    pub count: u64,
    /// How many other jobs wait or run.
    pub waiting: u64,
    /// Oldest first.
    pub jobs: Vec<DeadJobShown>,
    /// `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Jobs that used up their attempts.
#[utoipa::path(
    get, path = "/api/v1/jobs/dead", tag = "jobs", params(DeadQuery),
    responses((status = 200, body = DeadJobs), (status = 404, description = "Not for this caller"))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    query: Result<Query<DeadQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<DeadJobs>, Error> {
    // Rights first: whoever has none learns nothing of the query's shape.
    let may = |action| permit(&actor, action, &Facts::default()).is_some();
    if !may(Action::ManageJobs) && !may(Action::ManageCaseJobs) {
        return Err(Error::Hidden);
    }
    let Query(query) = query.map_err(|error| {
        Error::input("query", error.body_text(), "see /api/v1/openapi.json for the parameters")
    })?;
    let page = node.dead_jobs(&actor, query.after.map(JobId)).await?;
    Ok(Json(DeadJobs {
        count: page.count,
        waiting: page.waiting,
        jobs: page.jobs.into_iter().map(shown).collect(),
        next: page.next.map(|job| job.0),
    }))
}

/// Tries a dead job again from the start.
#[utoipa::path(
    post, path = "/api/v1/jobs/{job}/retry", tag = "jobs",
    params(("job" = u64, Path, description = "Number of the job")),
    responses((status = 204, description = "It is tried again"),
              (status = 404, description = "Not for this caller, or no such dead job"))
)]
pub async fn retry(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    job: Result<At<u64>, Error>,
) -> Result<StatusCode, Error> {
    decide(&node, &actor, job, Verdict::Retry).await
}

/// Gives a dead job up: it is never done. An effect that is given up has failed on its request.
#[utoipa::path(
    post, path = "/api/v1/jobs/{job}/give-up", tag = "jobs",
    params(("job" = u64, Path, description = "Number of the job")),
    responses((status = 204, description = "It is gone"),
              (status = 400, description = "The request waits for it"),
              (status = 404, description = "Not for this caller, or no such dead job"))
)]
pub async fn give_up(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    job: Result<At<u64>, Error>,
) -> Result<StatusCode, Error> {
    decide(&node, &actor, job, Verdict::GiveUp).await
}

async fn decide(
    node: &Node,
    actor: &Actor,
    job: Result<At<u64>, Error>,
    verdict: Verdict,
) -> Result<StatusCode, Error> {
    // A number that is none is a job that is not there.
    let Ok(At(job)) = job else { return Err(Error::Hidden) };
    node.decide_dead_job(actor, JobId(job), verdict).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(job: Dead) -> DeadJobShown {
    DeadJobShown {
        job: job.id.0,
        kind: job.kind,
        request: job.request.map(|request| request.0),
        to: job.to.map(|actor| actor.to_string()),
        endpoint: job.endpoint,
        attempts: job.attempts,
        error: job.error,
        failed_at: job.failed_at,
        may_give_up: job.may_give_up,
    }
}
