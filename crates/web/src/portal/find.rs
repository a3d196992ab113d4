//! The own agency's requests by words, reference and state. The words are posted, never in an
//! address, and every search is noted as a read (OWASP ASVS 4.0.3, 8.3.1).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::RequestId;
use desk::policy::Action;
use serde::Deserialize;
use server::app::lookup::{FoundRow, FoundState, LeafIndex};
use uuid::Uuid;

use super::agency;
use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FindForm {
    words: String,
    state: String,
    before: String,
}

#[derive(Template)]
#[template(path = "portal/find.html")]
struct FindPage {
    frame: Frame,
    mistakes: Mistakes,
    words: String,
    state: String,
    found: Option<Vec<FoundRow>>,
    next: Option<u64>,
}

/// The blank form.
///
/// # Errors
/// For whoever is no officer.
pub async fn blank(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    agency(&site, &by)?;
    by.allowed(Action::SearchOwnRequests)?;
    let (words, state) = (String::new(), String::new());
    let mistakes = Mistakes::default();
    html(&FindPage { frame: by.frame, mistakes, words, state, found: None, next: None })
}

/// What was found. The name of a request leads to it at once.
///
/// # Errors
/// For whoever is no officer, or when somebody asks too often.
pub async fn find(
    State(site): State<Arc<Site>>,
    posted: Posted<FindForm>,
) -> Result<Response, Problem> {
    let (by, form) = (posted.by, posted.fields);
    agency(&site, &by)?;
    by.allowed(Action::SearchOwnRequests)?;
    if let Ok(request) = form.words.trim().parse::<Uuid>()
        && site.node.read_permit(by.actor(), Action::ReadStatus, RequestId(request)).await.is_ok()
    {
        return Ok(Redirect::to(&format!("/portal/requests/{request}")).into_response());
    }
    let before = form.before.parse().ok().map(LeafIndex);
    let state = match form.state.as_str() {
        "open" => FoundState::Open,
        "closed" => FoundState::Closed,
        _ => FoundState::Any,
    };
    let mut mistakes = Mistakes::default();
    let page = match site.node.look_up_own(by.actor(), &form.words, state, before).await {
        Ok(page) => Some(page),
        Err(error) => {
            mistakes.take(&by.frame, error)?;
            None
        }
    };
    let next = page.as_ref().and_then(|page| page.next).map(|leaf| leaf.0);
    html(&FindPage {
        frame: by.frame,
        mistakes,
        words: form.words,
        state: form.state,
        found: page.map(|page| page.rows),
        next,
    })
}
