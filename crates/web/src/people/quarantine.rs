//! One agency under suspicion: its keys, what they still ask, and every package that left.
//!
//! Knows no rule: what a mark binds is the policy's, who may free a key the directory's.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{ActorId, AgencyId, KeyId, RequestId};
use desk::policy::Action;
use desk::suspicion::MarkReason;
use jiff::Timestamp;
use serde::Deserialize;
use server::app::quarantine::Touched;
use server::directory::{Change, ChangePayload, Directory, MarkKind};
use uuid::Uuid;

use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// One key of the agency.
struct KeyRow {
    id: KeyId,
    name: String,
    is_machine: bool,
    mark: Option<MarkShown>,
    foreign: Vec<(String, &'static str)>,
    may_freeze: bool,
    may_free: bool,
    /// The viewer set the mark, so another person must take it away.
    is_own_mark: bool,
}

/// A mark as the page shows it.
struct MarkShown {
    is_watch: bool,
    reason: &'static str,
    words: String,
    by: String,
    at: Timestamp,
    request: Option<RequestId>,
}

/// One request with what hangs on it.
struct RequestRow {
    touched: Touched,
    key: String,
    is_marked: bool,
}

#[derive(Template)]
#[template(path = "people/quarantine.html")]
struct ShowPage {
    frame: Frame,
    agency: AgencyId,
    name: String,
    keys: Vec<KeyRow>,
    rows: Vec<RequestRow>,
    next: Option<u64>,
    reasons: &'static [MarkReason],
    mistakes: Mistakes,
}

/// Where the page before ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    after: Option<u64>,
}

/// What a form of this page posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeyForm {
    key: String,
    reason: String,
    words: String,
    passkey: String,
}

/// The page.
///
/// # Errors
/// For everybody but staff who list requests, or when there is no such agency.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(id): Path<Uuid>,
    Query(place): Query<Place>,
) -> Result<Response, Problem> {
    page(&site, by, AgencyId(id), place.after, Mistakes::default()).await
}

async fn page(
    site: &Site,
    by: SignedIn,
    id: AgencyId,
    after: Option<u64>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let after = after.map(store::ViewCursor);
    let touched = site.node.touched(by.actor(), id, after).await?;
    let directory = site.node.directory();
    let agency = directory.agency(id).ok_or_else(Problem::hidden)?;
    let keys = directory.keys_of(agency).map(|key| key_row(&directory, &by, key, agency.key));
    let row = |touched: Touched| RequestRow {
        key: touched.key.map(|key| directory.name(ActorId::Key(key))).unwrap_or_default(),
        is_marked: touched.key.is_some_and(|key| directory.mark(key).is_some()),
        touched,
    };
    let page = ShowPage {
        agency: id,
        name: agency.name.clone(),
        keys: keys.collect(),
        rows: touched.rows.into_iter().map(row).collect(),
        next: touched.next.map(|cursor| cursor.0),
        reasons: MarkReason::ALL,
        mistakes,
        frame: by.frame,
    };
    html(&page)
}

fn key_row(directory: &Directory, by: &SignedIn, key: KeyId, machine: KeyId) -> KeyRow {
    let mark = directory.mark(key);
    let is_own_mark = mark.is_some_and(|mark| mark.by == by.id());
    KeyRow {
        id: key,
        name: directory.name(ActorId::Key(key)),
        is_machine: key == machine,
        mark: mark.map(|mark| MarkShown {
            is_watch: mark.is_watch(),
            reason: mark.reason.as_str(),
            words: mark.words.clone(),
            by: by.frame.who(directory, mark.by),
            at: mark.at,
            request: match mark.kind {
                MarkKind::Watched { request } => Some(request),
                MarkKind::Frozen => None,
            },
        }),
        foreign: directory
            .foreign_marks_of(key, by.frame.now)
            .into_iter()
            .map(|(desk, reason)| (desk, reason.as_str()))
            .collect(),
        may_freeze: by.frame.may(Action::MarkKey) && !directory.is_marked(key),
        may_free: by.frame.may(Action::ClearKey) && mark.is_some() && !is_own_mark,
        is_own_mark,
    }
}

/// Freezes a key: it opens nothing from now on, and nothing it asked for leaves.
///
/// # Errors
/// Without a fresh proof, or for whoever may not.
pub async fn freeze(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<KeyForm>,
) -> Result<Response, Problem> {
    let reason = MarkReason::from_word(&posted.fields.reason).ok_or_else(Problem::hidden)?;
    let key = key_of(&site, &posted, AgencyId(id))?;
    let by = posted.by.id();
    let change = Change::KeyMarked { key, reason: Some(reason), by };
    changed(&site, posted, AgencyId(id), key, change).await
}

/// Takes a mark away. The directory says by whom, and that a reason must be given.
///
/// # Errors
/// Without a fresh proof, or for whoever may not.
pub async fn free(
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    posted: Posted<KeyForm>,
) -> Result<Response, Problem> {
    let key = key_of(&site, &posted, AgencyId(id))?;
    let change = Change::KeyCleared { key, by: posted.by.id() };
    changed(&site, posted, AgencyId(id), key, change).await
}

/// The key that a form names, if it is one of this agency.
fn key_of(site: &Site, posted: &Posted<KeyForm>, agency: AgencyId) -> Result<KeyId, Problem> {
    let key = posted.fields.key.parse().map(KeyId).map_err(|_| Problem::hidden())?;
    let is_theirs = site.node.directory().agency_of_key(key) == Some(agency);
    if is_theirs && posted.by.id().is_staff() { Ok(key) } else { Err(Problem::hidden()) }
}

async fn changed(
    site: &Site,
    posted: Posted<KeyForm>,
    agency: AgencyId,
    key: KeyId,
    change: Change,
) -> Result<Response, Problem> {
    let needed = match change {
        Change::KeyCleared { .. } => Action::ClearKey,
        _ => Action::MarkKey,
    };
    posted.by.allowed(needed)?;
    site.confirmed(&posted.by.viewer, &posted.fields.passkey)?;
    let reason = posted.fields.words.trim().to_owned();
    if reason.is_empty() {
        let mut mistakes = Mistakes::default();
        mistakes.add(&format!("words-{key}"), posted.by.frame.say("quarantine-words-missing"));
        return page(site, posted.by, agency, None, mistakes).await;
    }
    let payload = ChangePayload { reason, ..ChangePayload::default() };
    site.node.change_directory(posted.by.actor(), &change, &payload).await?;
    Ok(Redirect::to(&format!("/agencies/{agency}/quarantine")).into_response())
}
