//! The requests of the officer's own agency, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use desk::policy::Action;
use serde::Deserialize;
use server::app::queue::{QueueOrder, QueueQuery, QueueRow, QueueState};

use super::agency;
use super::drafts::{self, DRAFT_DAYS_MAX, Listed};
use crate::cases::list::{cursor, cursor_text};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Which requests.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    state: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/list.html")]
struct ListPage {
    frame: Frame,
    agency: server::directory::Agency,
    rows: Vec<QueueRow>,
    is_closed: bool,
    next: Option<String>,
    /// The officer answers for the agency's officers.
    is_supervisor: bool,
    drafts: Vec<Listed>,
}

impl ListPage {
    fn is_unvalidated(&self, row: &QueueRow) -> bool {
        row.is_unvalidated(self.frame.now)
    }
}

/// The agency's requests.
///
/// # Errors
/// For whoever is no officer.
pub async fn list(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let agency = agency(&site, &by)?;
    let is_closed = wanted.state == "closed";
    let query = QueueQuery {
        order: QueueOrder::Newest,
        agency: Some(agency.id),
        state: if is_closed { QueueState::Closed } else { QueueState::Open },
        after: wanted.after.as_deref().map(cursor).transpose()?,
        ..QueueQuery::default()
    };
    let page = site.node.queue(by.actor(), &query).await?;
    let is_supervisor = by.frame.may(Action::ManageOfficers);
    let drafts = drafts::list(&site, &by).await?;
    html(&ListPage {
        frame: by.frame,
        agency,
        rows: page.rows,
        is_closed,
        next: page.next.map(cursor_text),
        is_supervisor,
        drafts,
    })
}
