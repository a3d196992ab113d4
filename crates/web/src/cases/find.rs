//! Requests by words. The words are posted, never in an address: histories and logs keep those, and
//! whom the police asks about is personal data (OWASP ASVS 4.0.3, 8.3.1).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use desk::policy::Action;
use serde::Deserialize;
use server::app::lookup::LeafIndex;
use uuid::Uuid;

use super::list::Row;
use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FindForm {
    words: String,
    before: String,
}

struct FoundRow {
    row: Row,
    at: jiff::Timestamp,
}

#[derive(Template)]
#[template(path = "cases/find.html")]
struct FindPage {
    frame: Frame,
    mistakes: Mistakes,
    words: String,
    found: Option<Vec<FoundRow>>,
    next: Option<u64>,
}

/// The blank form.
///
/// # Errors
/// For whoever may not search.
pub async fn blank(by: SignedIn) -> Result<Response, Problem> {
    by.allowed(Action::SearchRequests)?;
    let (words, mistakes) = (String::new(), Mistakes::default());
    html(&FindPage { frame: by.frame, mistakes, words, found: None, next: None })
}

/// What was found. The name of a request leads to it at once.
///
/// # Errors
/// For whoever may not search.
pub async fn find(
    State(site): State<Arc<Site>>,
    posted: Posted<FindForm>,
) -> Result<Response, Problem> {
    let (by, form) = (posted.by, posted.fields);
    by.allowed(Action::SearchRequests)?;
    site.take(crate::rate::SEARCHES, &by.id().to_string())?;
    if let Ok(request) = form.words.trim().parse::<Uuid>() {
        return Ok(Redirect::to(&format!("/requests/{request}")).into_response());
    }
    let before = form.before.parse().ok().map(LeafIndex);
    let mut mistakes = Mistakes::default();
    let page = match site.node.look_up(by.actor(), &form.words, before).await {
        Ok(page) => Some(page),
        Err(error) => {
            mistakes.take(&by.frame, error)?;
            None
        }
    };
    let directory = site.node.directory();
    let next = page.as_ref().and_then(|page| page.next).map(|leaf| leaf.0);
    let found = page.map(|page| {
        let row = |found: server::app::lookup::FoundRow| FoundRow {
            at: found.at,
            row: Row::of(found.row, &directory, &by.frame),
        };
        page.rows.into_iter().map(row).collect()
    });
    html(&FindPage { frame: by.frame, mistakes, words: form.words, found, next })
}
