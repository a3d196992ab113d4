//! Fraud marks for other desks, and theirs for us. Knows no format: that is `server::fraud::marks`.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use desk::policy::Action;
use jiff::Timestamp;
use ledger::note::VerifierKey;
use serde::Deserialize;
use server::directory::ForeignList;

use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// One desk whose marks were taken in.
struct Row {
    desk: String,
    count: usize,
    at: Timestamp,
    by: String,
    until: Timestamp,
    is_over: bool,
}

/// What the form posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ImportForm {
    document: String,
    key: String,
    passkey: String,
}

#[derive(Template)]
#[template(path = "people/marks.html")]
struct ShowPage {
    frame: Frame,
    own_count: usize,
    canaries_count: usize,
    rows: Vec<Row>,
    typed: ImportForm,
    mistakes: Mistakes,
}

/// The page.
///
/// # Errors
/// For whoever may not share marks.
pub async fn show(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    by.allowed(Action::ShareMarks)?;
    page(&site, by, ImportForm::default(), Mistakes::default())
}

fn page(
    site: &Site,
    by: SignedIn,
    typed: ImportForm,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let directory = site.node.directory();
    let canaries_count = site.node.canaries_count(by.actor())?;
    let frame = by.frame;
    let row = |(desk, list): (&str, &ForeignList)| Row {
        desk: desk.to_owned(),
        count: list.marks.len(),
        at: list.at,
        by: directory.name(list.by),
        until: list.until,
        is_over: list.until <= frame.now,
    };
    let rows = directory.foreign_lists().map(row).collect();
    let own_count = directory.marks().count();
    html(&ShowPage { own_count, canaries_count, rows, typed, mistakes, frame })
}

/// This desk's marks, signed, as a file.
///
/// # Errors
/// For whoever may not share marks.
pub async fn export(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    let note = site.node.export_marks(by.actor())?;
    let name = "attachment; filename=\"fraud-marks.note\"";
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, note).into_response())
}

/// Takes in another desk's marks.
///
/// # Errors
/// Without a fresh proof, or for whoever may not share marks.
pub async fn import(
    State(site): State<Arc<Site>>,
    posted: Posted<ImportForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    by.allowed(Action::ShareMarks)?;
    site.confirmed(&by.viewer.session, &typed.passkey)?;
    let mut mistakes = Mistakes::default();
    let key = VerifierKey::parse(typed.key.trim());
    // Browsers send lines that end as in mail; a note's lines end in a line feed alone.
    let document = format!("{}\n", typed.document.replace("\r\n", "\n").trim());
    match key {
        Err(_) => mistakes.add("key", by.frame.say("marks-key-wrong")),
        Ok(key) => {
            if let Err(error) = site.node.import_marks(by.actor(), document.as_bytes(), &key).await
            {
                mistakes.take(&by.frame, error)?;
            }
        }
    }
    if mistakes.is_empty() {
        return Ok(Redirect::to("/marks").into_response());
    }
    page(&site, by, typed, mistakes)
}
