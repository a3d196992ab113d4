//! What emergencies still owe: orders that did not follow in time, reviews by a third person.
//!
//! Knows no length of time: the clocks of the rule packs say what is late.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use desk::policy::Action;
use jiff::Timestamp;
use server::app::queue::{QueueOrder, QueueQuery, QueueRow, QueueState};
use uuid::Uuid;

use super::list::time_left;
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Pages of the urgent queue that are looked through.
const PAGES_MAX: usize = 20;

/// One request that owes something.
struct Row {
    request: Uuid,
    agency: String,
    due: Timestamp,
    left: String,
    press: &'static str,
}

#[derive(Template)]
#[template(path = "cases/emergencies.html")]
struct OwedPage {
    frame: Frame,
    /// The order is late.
    unvalidated: Vec<Row>,
    /// The order may still come in time.
    awaited: Vec<Row>,
    /// Nobody has reviewed the answer.
    reviews: Vec<Row>,
    /// More emergencies are open than were looked through.
    is_cut: bool,
}

/// The page.
///
/// # Errors
/// For whoever may not list requests; an officer has the portal.
pub async fn owed(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    by.allowed(Action::ListRequests)?;
    if by.frame.is_officer() {
        return Err(Problem::hidden());
    }
    let now = by.frame.now;
    let mut rows = Vec::new();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let query = QueueQuery {
            order: QueueOrder::Due,
            state: QueueState::Urgent,
            after,
            ..QueueQuery::default()
        };
        let page = site.node.queue(by.actor(), &query).await?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let directory = site.node.directory();
    let shown = |row: &QueueRow, due: Timestamp| {
        let (left, press) = time_left(&by.frame, Some(due), now);
        let agency = directory.agency(row.agency).map(|agency| agency.name.clone());
        Row { request: row.request, agency: agency.unwrap_or_default(), due, left, press }
    };
    let mut unvalidated = Vec::new();
    let mut awaited = Vec::new();
    let mut reviews = Vec::new();
    for row in &rows {
        if let Some(due) = row.order_due {
            let list = if due <= now { &mut unvalidated } else { &mut awaited };
            list.push(shown(row, due));
        }
        reviews.extend(row.review_due.map(|due| shown(row, due)));
    }
    for list in [&mut unvalidated, &mut awaited, &mut reviews] {
        list.sort_by_key(|row| row.due);
    }
    html(&OwedPage { unvalidated, awaited, reviews, is_cut: after.is_some(), frame: by.frame })
}
