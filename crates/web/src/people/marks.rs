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
    /// The digest of the key that is trusted for it, and since when.
    key: Option<(String, Timestamp)>,
}

/// What the form posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ImportForm {
    document: String,
    key: String,
    passkey: String,
}

/// What the form that trusts a key posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TrustForm {
    new_key: String,
    words: String,
    passkey: String,
}

/// What the form that signs the own marks posts: nothing.
#[derive(Debug, Default, Deserialize)]
pub struct ExportForm {}

#[derive(Template)]
#[template(path = "people/marks.html")]
struct ShowPage {
    frame: Frame,
    own_count: usize,
    canaries_count: usize,
    rows: Vec<Row>,
    typed: ImportForm,
    trusting: TrustForm,
    exported: Option<(Timestamp, String)>,
    mistakes: Mistakes,
}

/// The page.
///
/// # Errors
/// For whoever may not share marks.
pub async fn show(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    by.allowed(Action::ShareMarks)?;
    page(&site, by, ImportForm::default(), TrustForm::default(), Mistakes::default())
}

fn page(
    site: &Site,
    by: SignedIn,
    typed: ImportForm,
    trusting: TrustForm,
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
        key: directory.desk_key(desk).map(|key| (key.sha256.clone(), key.at)),
    };
    let rows = directory.foreign_lists().map(row).collect();
    let own_count = directory.marks().count();
    let exported = directory.marks_exported().map(|(at, by)| (at, directory.name(by)));
    html(&ShowPage { own_count, canaries_count, rows, typed, trusting, exported, mistakes, frame })
}

/// This desk's marks, signed, as a file.
///
/// # Errors
/// For whoever may not share marks.
pub async fn export(
    State(site): State<Arc<Site>>,
    posted: Posted<ExportForm>,
) -> Result<Response, Problem> {
    let note = site.node.export_marks(posted.by.actor()).await?;
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
    site.confirmed(&by.viewer, &typed.passkey)?;
    let mut mistakes = Mistakes::default();
    let key = VerifierKey::parse(typed.key.trim());
    // Browsers send lines that end as in mail; a note's lines end in a line feed alone.
    let document = format!("{}\n", typed.document.replace("\r\n", "\n").trim());
    match key {
        Err(_) => mistakes.add("key", by.frame.say("marks-key-wrong")),
        Ok(key) => {
            let imported = site.node.import_marks(by.actor(), document.as_bytes(), &key).await;
            if let Err(error) = imported {
                beside(&by.frame, &mut mistakes, "document", error)?;
            }
        }
    }
    if mistakes.is_empty() {
        return Ok(Redirect::to("/marks").into_response());
    }
    page(&site, by, typed, TrustForm::default(), mistakes)
}

/// Trusts a key for another desk's marks, once somebody compared it.
///
/// # Errors
/// Without a fresh proof, or for whoever may not share marks.
pub async fn trust(
    State(site): State<Arc<Site>>,
    posted: Posted<TrustForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    by.allowed(Action::ShareMarks)?;
    site.confirmed(&by.viewer, &typed.passkey)?;
    let mut mistakes = Mistakes::default();
    if typed.words.trim().is_empty() {
        mistakes.add("words", by.frame.say("marks-trust-words-missing"));
    }
    match VerifierKey::parse(typed.new_key.trim()) {
        Err(error) => mistakes.add("new_key", error.to_string()),
        Ok(key) if mistakes.is_empty() => {
            if let Err(error) = site.node.trust_desk(by.actor(), &key, typed.words.trim()).await {
                beside(&by.frame, &mut mistakes, "new_key", error)?;
            }
        }
        Ok(_) => {}
    }
    if mistakes.is_empty() {
        return Ok(Redirect::to("/marks").into_response());
    }
    page(&site, by, ImportForm::default(), typed, mistakes)
}

/// What the directory's rules refuse stands beside the field it is about.
fn beside(
    frame: &Frame,
    mistakes: &mut Mistakes,
    field: &str,
    error: server::error::Error,
) -> Result<(), Problem> {
    match error {
        server::error::Error::Input { place, said: Some(said), .. } if place == "directory" => {
            mistakes.add(field, frame.words.sentence_and_fix(&said));
            Ok(())
        }
        other => mistakes.take(frame, other),
    }
}
