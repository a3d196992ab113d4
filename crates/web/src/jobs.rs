//! Work that failed for good: administrators have it tried again or give it up; what was for a case
//! is given up by whoever works on cases.
//!
//! Knows no case. What a row says is cut to what its reader may know (`server::app::dead`).

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::policy::Action;
use jiff::Timestamp;
use serde::Deserialize;
use server::app::dead::{Dead, Verdict};
use server::error::Error;
use store::JobId;

use crate::form::Posted;
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/jobs", get(list))
        .route("/jobs/{job}/retry", post(retry))
        .route("/jobs/{job}/give-up", post(give_up))
}

/// Which page, and what was just decided.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    after: Option<u64>,
    done: String,
}

struct Row {
    job: u64,
    kind: String,
    whose: String,
    is_request: bool,
    attempts: u16,
    error: Option<String>,
    may_give_up: bool,
    failed_at: Option<Timestamp>,
}

#[derive(Template)]
#[template(path = "jobs/list.html")]
struct ListPage {
    frame: Frame,
    lead_key: &'static str,
    rows: Vec<Row>,
    count: u64,
    waiting: u64,
    next: Option<u64>,
    done_key: &'static str,
}

/// The jobs that wait for a person.
///
/// # Errors
/// For whoever may not manage jobs.
pub async fn list(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Problem> {
    may_manage(&by)?;
    let page = site.node.dead_jobs(by.actor(), chosen.after.map(JobId)).await?;
    let directory = site.node.directory();
    let row = |job: Dead| Row {
        job: job.id.0,
        is_request: job.request.is_some(),
        whose: match (job.to, job.endpoint, job.request) {
            (Some(person), ..) => directory.name(person),
            (_, Some(endpoint), _) => endpoint,
            (.., Some(request)) => request.to_string(),
            _ => String::new(),
        },
        kind: job.kind,
        attempts: job.attempts,
        error: job.error,
        may_give_up: job.may_give_up,
        failed_at: job.failed_at,
    };
    let done_key = match chosen.done.as_str() {
        "retried" => "jobs-retried",
        "given-up" => "jobs-given-up",
        "gone" => "jobs-gone",
        "waited-for" => "jobs-waited-for",
        _ => "",
    };
    let runs_the_house = by.allowed(Action::ManageJobs).is_ok();
    let page = ListPage {
        lead_key: if runs_the_house { "jobs-lead" } else { "jobs-lead-cases" },
        rows: page.jobs.into_iter().map(row).collect(),
        count: page.count,
        waiting: page.waiting,
        next: page.next.map(|job| job.0),
        done_key,
        frame: by.frame,
    };
    html(&page)
}

/// Whoever runs the house, or works on cases.
fn may_manage(by: &SignedIn) -> Result<(), Problem> {
    by.allowed(Action::ManageJobs).or_else(|_| by.allowed(Action::ManageCaseJobs))
}

/// A form with nothing in it.
#[derive(Debug, Deserialize)]
pub struct EmptyForm {}

/// Has a dead job tried again.
///
/// # Errors
/// For whoever may not manage jobs.
pub async fn retry(
    State(site): State<Arc<Site>>,
    Path(job): Path<u64>,
    posted: Posted<EmptyForm>,
) -> Result<Response, Problem> {
    decide(&site, job, &posted, Verdict::Retry).await
}

/// Gives a dead job up.
///
/// # Errors
/// For whoever may not manage jobs.
pub async fn give_up(
    State(site): State<Arc<Site>>,
    Path(job): Path<u64>,
    posted: Posted<EmptyForm>,
) -> Result<Response, Problem> {
    decide(&site, job, &posted, Verdict::GiveUp).await
}

async fn decide(
    site: &Site,
    job: u64,
    posted: &Posted<EmptyForm>,
    verdict: Verdict,
) -> Result<Response, Problem> {
    may_manage(&posted.by)?;
    let done = match site.node.decide_dead_job(posted.by.actor(), JobId(job), verdict).await {
        Ok(()) if verdict == Verdict::Retry => "retried",
        Ok(()) => "given-up",
        // The right was there: somebody else was faster, or the job came back to life.
        Err(Error::Hidden) => "gone",
        Err(Error::Input { .. }) => "waited-for",
        Err(error) => return Err(error.into()),
    };
    Ok(Redirect::to(&format!("/jobs?done={done}")).into_response())
}
