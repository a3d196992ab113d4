//! The list of requests as people work it: what breaches next on top.
//!
//! Knows no page. Rows come from the list that is kept with the events; they hold no personal data.

use desk::ids::AgencyId;
use desk::policy::{Action, Actor, Facts, permit_read};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{View, ViewCursor, ViewQuery};
use uuid::Uuid;

use super::Node;
use crate::error::Error;

/// Rows of one page of the queue.
pub const QUEUE_ROWS_MAX: usize = 100;
/// Deadlines further away than this are not looked for.
const DUE_DAYS_MAX: i64 = 366 * 10;

/// Which requests are wanted.
#[derive(Clone, Debug, Default)]
pub struct QueueQuery {
    /// What comes first.
    pub order: QueueOrder,
    /// One agency's only.
    pub agency: Option<AgencyId>,
    /// Closed ones instead of open ones.
    pub state: QueueState,
    /// Where the page before ended, for lists by age.
    pub after: Option<u64>,
}

/// What comes first in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// What breaches next.
    #[default]
    Due,
    /// The newest.
    Newest,
}

/// Which requests are in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueState {
    /// Something is still to be done.
    #[default]
    Open,
    /// Every ask has come to its end.
    Closed,
}

/// One request of a queue.
#[derive(Clone, Debug)]
pub struct QueueRow {
    /// Its id.
    pub request: Uuid,
    /// The agency that asks.
    pub agency: AgencyId,
    /// When it came.
    pub received_at: Option<Timestamp>,
    /// The rule pack.
    pub regime: String,
    /// Its asks.
    pub asks: Vec<QueueAsk>,
    /// What falls due next.
    pub next_due: Option<Timestamp>,
    /// True for practice.
    pub is_test: bool,
}

/// One ask of a row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QueueAsk {
    /// Its number.
    pub ask: u16,
    /// Its kind.
    pub kind: String,
    /// Its state.
    pub state: String,
    /// True when an emergency is claimed.
    pub emergency: bool,
}

/// One page of a queue.
#[derive(Clone, Debug)]
pub struct QueuePage {
    /// The rows.
    pub rows: Vec<QueueRow>,
    /// Where the next page begins, for lists by age.
    pub next: Option<u64>,
}

#[derive(Deserialize)]
struct Summary {
    received_at: Option<Timestamp>,
    regime: Option<String>,
    asks: Vec<QueueAsk>,
    #[serde(default)]
    is_test: bool,
}

impl Node {
    /// A page of the queue. An agency sees its own requests only.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to list requests.
    pub async fn queue(&self, actor: &Actor, query: &QueueQuery) -> Result<QueuePage, Error> {
        permit_read(actor, Action::ListRequests, &Facts::default()).ok_or(Error::Hidden)?;
        let agency = actor.agency.or(query.agency);
        let reader = self.store.reader();
        // What falls due comes from an index of its own; an agency's list is read by age.
        if query.order == QueueOrder::Due && agency.is_none() && query.state == QueueState::Open {
            let far = SignedDuration::from_hours(24 * DUE_DAYS_MAX);
            let until = self.now().checked_add(far).unwrap_or(Timestamp::MAX);
            let views = reader.views_due(until, QUEUE_ROWS_MAX).await?;
            let open = views.iter().filter(|view| view.state == "open");
            let rows = open.map(row).collect::<Result<_, _>>()?;
            return Ok(QueuePage { rows, next: None });
        }
        let state = match query.state {
            QueueState::Open => "open",
            QueueState::Closed => "closed",
        };
        let wanted = ViewQuery {
            agency: agency.map(|agency| agency.0),
            state: Some(state.to_owned()),
            after: query.after.map(ViewCursor),
            rows_max: QUEUE_ROWS_MAX,
        };
        let views = reader.views(&wanted).await?;
        let next = (views.len() == QUEUE_ROWS_MAX)
            .then(|| views.last().map(|view| view.cursor.0))
            .flatten();
        let rows = views.iter().map(row).collect::<Result<_, _>>()?;
        Ok(QueuePage { rows, next })
    }
}

fn row(view: &View) -> Result<QueueRow, Error> {
    let summary: Summary = serde_json::from_str(&view.summary_json)
        .map_err(|error| Error::Internal(anyhow::anyhow!("a list row is not ours: {error}")))?;
    Ok(QueueRow {
        request: view.stream,
        agency: AgencyId(view.agency),
        received_at: summary.received_at,
        regime: summary.regime.unwrap_or_default(),
        asks: summary.asks,
        next_due: view.next_due,
        is_test: summary.is_test,
    })
}
