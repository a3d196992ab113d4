//! Requests by words. The words are posted, never in an address: histories and logs keep those, and
//! whom the police asks about is personal data (OWASP ASVS 4.0.3, 8.3.1).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use desk::policy::Action;
use serde::Deserialize;
use server::app::lookup::{FoundOrder, LeafIndex, RANKED_MAX};
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
    order: String,
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
    is_ranked: bool,
    ranked_max: usize,
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
    let (is_ranked, ranked_max) = (false, RANKED_MAX);
    let page = FindPage {
        frame: by.frame,
        mistakes,
        words,
        is_ranked,
        ranked_max,
        found: None,
        next: None,
    };
    html(&page)
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
    if let Ok(request) = form.words.trim().parse::<Uuid>() {
        return Ok(Redirect::to(&format!("/requests/{request}")).into_response());
    }
    let is_ranked = form.order == "relevance";
    let order = if is_ranked { FoundOrder::Relevance } else { FoundOrder::Newest };
    let before = form.before.parse().ok().map(LeafIndex);
    let mut mistakes = Mistakes::default();
    let page = match site.node.look_up(by.actor(), &form.words, order, before).await {
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
    let (frame, words, ranked_max) = (by.frame, form.words, RANKED_MAX);
    html(&FindPage { frame, mistakes, words, is_ranked, ranked_max, found, next })
}
