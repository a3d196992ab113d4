//! One report, and its files.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use desk::policy::Action;
use serde::Deserialize;
use server::app::report::{Made, PublicationState, Step};

use super::shown::Shown;
use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;
use crate::words::Words;

#[derive(Template)]
#[template(path = "reports/show.html")]
struct ShowPage {
    frame: Frame,
    words: &'static Words,
    made: Made,
    by: String,
    shown: Shown,
    public: bool,
    next: Next,
    mistakes: Mistakes,
}

/// What the viewer may do with it.
struct Next {
    propose: bool,
    publish: bool,
    withdraw: bool,
}

impl Next {
    fn of(by: &SignedIn, made: &Made) -> Self {
        let may = by.frame.may(Action::PublishReport);
        let is_made = made.state == PublicationState::Made;
        let (is_proposed, is_mine) = match made.state {
            PublicationState::Proposed { by: first } => (true, first == by.id()),
            _ => (false, false),
        };
        Self {
            propose: may && is_made,
            publish: may && is_proposed && !is_mine,
            withdraw: may && (is_made || is_proposed) && made.recorded.by != by.id(),
        }
    }
}

/// One report.
///
/// # Errors
/// For whoever may not read it.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(report): Path<String>,
) -> Result<Response, Problem> {
    by.allowed(Action::ReadReports)?;
    page(&site, by, &report, Mistakes::default()).await
}

async fn page(
    site: &Site,
    by: SignedIn,
    report: &str,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let (made, report) = site.node.report(by.actor(), report).await?;
    let maker = site.node.directory().name(made.recorded.by);
    let words = by.frame.words;
    let shown = Shown::of(&report, words);
    let (next, public) = (Next::of(&by, &made), site.node.config.transparency.public);
    html(&ShowPage { frame: by.frame, words, made, by: maker, shown, public, next, mistakes })
}

/// What is done with a report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StepForm {
    step: String,
    passkey: String,
}

/// Proposes to publish a report, publishes it, or withdraws it.
///
/// # Errors
/// Without a fresh proof, and for whoever may not.
pub async fn step(
    State(site): State<Arc<Site>>,
    Path(report): Path<String>,
    posted: Posted<StepForm>,
) -> Result<Response, Problem> {
    let (by, form) = (posted.by, posted.fields);
    by.allowed(Action::PublishReport)?;
    site.confirmed(&by.viewer, &form.passkey)?;
    let step = match form.step.as_str() {
        "propose" => Step::Propose,
        "publish" => Step::Publish,
        "withdraw" => Step::Withdraw,
        _ => return Err(Problem::hidden()),
    };
    match site.node.step_report(by.actor(), &report, step).await {
        Ok(()) if step == Step::Withdraw => Ok(Redirect::to("/reports").into_response()),
        Ok(()) => Ok(Redirect::to(&format!("/reports/{report}")).into_response()),
        Err(error) => {
            let mut mistakes = Mistakes::default();
            mistakes.take(&by.frame, error)?;
            page(&site, by, &report, mistakes).await
        }
    }
}

/// A file of a report: its JSON, its CSV, its proof, its page.
///
/// # Errors
/// For whoever may not read it.
pub async fn file(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path((name, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    by.allowed(Action::ReadReports)?;
    let (made, report) = site.node.report(by.actor(), &name).await?;
    let (kind, text) = match file.as_str() {
        "json" => ("application/json", report.to_json()),
        "csv" => ("text/csv; charset=utf-8", report.to_csv()),
        "proof.json" => ("application/json", site.node.report_proof(by.actor(), &name).await?),
        "html" => ("application/octet-stream", super::alone(&report, by.frame.words)?),
        _ => return Err(Problem::hidden()),
    };
    let (from, to) = (made.recorded.from, made.recorded.to);
    let disposition = format!("attachment; filename=\"transparency-{from}--{to}.{file}\"");
    let headers =
        [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, text).into_response())
}
