//! The queue: what breaches next on top.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use desk::policy::Action;
use jiff::Timestamp;
use serde::Deserialize;
use server::app::queue::{QueueAsk, QueueCursor, QueueOrder, QueueQuery, QueueState};
use uuid::Uuid;

use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// What was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    state: String,
    order: String,
    agency: String,
    kind: String,
    after: Option<String>,
}

struct Row {
    request: Uuid,
    agency: String,
    regime: String,
    received_at: Option<Timestamp>,
    next_due: Option<Timestamp>,
    left: String,
    press: &'static str,
    asks: Vec<QueueAsk>,
    is_test: bool,
    is_emergency: bool,
    is_held: bool,
    is_unvalidated: bool,
}

#[derive(Template)]
#[template(path = "cases/queue.html")]
struct QueuePage {
    frame: Frame,
    rows: Vec<Row>,
    agencies: Vec<(String, String)>,
    chosen: Chosen,
    kinds: Vec<&'static str>,
    next: Option<String>,
}

/// The queue.
///
/// # Errors
/// For whoever may not list requests; an officer has the portal.
pub async fn queue(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Problem> {
    by.allowed(Action::ListRequests)?;
    let after = chosen.after.as_deref().map(cursor).transpose()?;
    if by.frame.is_officer() {
        return Err(Problem::hidden());
    }
    let directory = site.node.directory();
    let query = QueueQuery {
        order: if chosen.order == "newest" { QueueOrder::Newest } else { QueueOrder::Due },
        state: match chosen.state.as_str() {
            "closed" => QueueState::Closed,
            "urgent" => QueueState::Urgent,
            _ => QueueState::Open,
        },
        agency: chosen.agency.parse().ok().map(desk::ids::AgencyId),
        after,
    };
    let page = site.node.queue(by.actor(), &query).await?;
    let now = by.frame.now;
    let wanted = |asks: &[QueueAsk]| {
        chosen.kind.is_empty()
            || asks
                .iter()
                .any(|ask| ask.kind == chosen.kind || (chosen.kind == "emergency" && ask.emergency))
    };
    let rows = page.rows.into_iter().filter(|row| wanted(&row.asks)).map(|row| {
        let (left, press) = time_left(&by.frame, row.next_due, now);
        let is_unvalidated = row.is_unvalidated(now);
        Row {
            request: row.request,
            agency: directory.agency(row.agency).map_or_else(String::new, |a| a.name.clone()),
            regime: row.regime,
            received_at: row.received_at,
            next_due: row.next_due,
            left,
            press,
            is_emergency: row.asks.iter().any(|ask| ask.emergency),
            is_held: row.is_held,
            is_unvalidated,
            asks: row.asks,
            is_test: row.is_test,
        }
    });
    let agencies = directory.agencies().map(|a| (a.id.to_string(), a.name.clone())).collect();
    let next = page.next.map(cursor_text).map(|after| {
        let Chosen { state, order, agency, kind, .. } = &chosen;
        format!("/queue?state={state}&order={order}&agency={agency}&kind={kind}&after={after}")
    });
    let mut kinds: Vec<&'static str> =
        desk::order::AskKind::ALL.iter().map(|kind| kind.as_str()).collect();
    kinds.push("emergency");
    let rows = rows.collect();
    html(&QueuePage { rows, agencies, chosen, kinds, next, frame: by.frame })
}

/// A place in a queue as an address has it: `due.opened`.
pub(crate) fn cursor(text: &str) -> Result<QueueCursor, Problem> {
    let read = text.split_once('.').and_then(|(due, opened)| {
        let opened = store::ViewCursor(opened.parse().ok()?);
        Some(QueueCursor { due: due.parse().ok()?, opened })
    });
    read.ok_or_else(Problem::hidden)
}

/// The same, written.
pub(crate) fn cursor_text(cursor: QueueCursor) -> String {
    format!("{}.{}", cursor.due, cursor.opened.0)
}

/// How long there is, in words, and how much it presses.
pub(crate) fn time_left(
    frame: &Frame,
    due: Option<Timestamp>,
    now: Timestamp,
) -> (String, &'static str) {
    let Some(due) = due else { return (String::new(), "") };
    let minutes = due.duration_since(now).as_secs() / 60;
    let press = match minutes {
        ..=0 => "alarm",
        1..=480 => "press",
        _ => "",
    };
    let words = match minutes {
        ..=0 => frame.say("left-over"),
        1..=119 => frame.say1("left-minutes", "count", minutes),
        120..=2_879 => frame.say1("left-hours", "count", minutes / 60),
        _ => frame.say1("left-days", "count", minutes / 1_440),
    };
    (words, press)
}
