//! One report, and its files.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::policy::Action;
use server::app::report::Made;

use super::shown::Shown;
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
    let (made, report) = site.node.report(by.actor(), &report).await?;
    let maker = site.node.directory().name(made.recorded.by);
    let words = by.frame.words;
    let shown = Shown::of(&report, words);
    html(&ShowPage { frame: by.frame, words, made, by: maker, shown })
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
