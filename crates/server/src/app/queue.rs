//! The list of requests as people work it: what breaches next on top.
//!
//! Knows no page. Rows come from the list that is kept with the events; they hold no personal data.

use desk::ids::{AgencyId, StaffId};
use desk::order::AskKind;
use desk::policy::{Action, Actor, Facts, permit_read};
use jiff::Timestamp;
use serde::Deserialize;
use store::{QueueFilter, View, ViewQuery};
use uuid::Uuid;

use super::Node;
use crate::error::Error;
use crate::view;

pub use store::QueueCursor;

/// Rows of one page of the queue.
pub const QUEUE_ROWS_MAX: usize = 100;

/// Which requests are wanted.
#[derive(Clone, Debug, Default)]
pub struct QueueQuery {
    /// What comes first.
    pub order: QueueOrder,
    /// One agency's only.
    pub agency: Option<AgencyId>,
    /// With an ask of this kind only.
    pub kind: Option<AskKind>,
    /// Of one person's only, or of nobody's.
    pub assignee: Option<Assignee>,
    /// Closed ones instead of open ones.
    pub state: QueueState,
    /// Where the page before ended.
    pub after: Option<QueueCursor>,
}

/// Whose work is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// This person's.
    Staff(StaffId),
    /// What nobody works on yet.
    Nobody,
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
    /// The same, and an emergency was claimed.
    Urgent,
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
    /// Who of the staff works on it.
    pub assignee: Option<StaffId>,
    /// True for practice.
    pub is_test: bool,
    /// Signs of fraud hold it until somebody has called back.
    pub is_held: bool,
    /// For an emergency: when the order that comes after it is late, while it is not there.
    pub order_due: Option<Timestamp>,
    /// For an emergency answer that nobody has reviewed: by when a third person must.
    pub review_due: Option<Timestamp>,
}

impl QueueRow {
    /// Whether an emergency of it is unvalidated: its order is late.
    #[must_use]
    pub fn is_unvalidated(&self, now: Timestamp) -> bool {
        self.order_due.is_some_and(|due| due <= now)
    }
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
    /// Where the next page begins.
    pub next: Option<QueueCursor>,
}

#[derive(Deserialize)]
struct Summary {
    received_at: Option<Timestamp>,
    regime: Option<String>,
    asks: Vec<QueueAsk>,
    #[serde(default)]
    is_test: bool,
    #[serde(default)]
    is_held: bool,
    #[serde(default)]
    order_due: Option<Timestamp>,
    #[serde(default)]
    review_due: Option<Timestamp>,
}

impl Node {
    /// A page of the queue. An agency sees its own requests only.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to list requests.
    pub async fn queue(&self, actor: &Actor, query: &QueueQuery) -> Result<QueuePage, Error> {
        permit_read(actor, Action::ListRequests, &Facts::default()).ok_or(Error::Hidden)?;
        let filter = QueueFilter {
            agency: actor.agency.or(query.agency).map(|agency| agency.0),
            label: query.kind.map(view::label),
            assignee: query.assignee.map(|whose| match whose {
                Assignee::Staff(person) => person.0,
                Assignee::Nobody => view::NOBODY,
            }),
        };
        let states: &[&str] = match query.state {
            QueueState::Open => &[view::OPEN, view::URGENT],
            QueueState::Urgent => &[view::URGENT],
            QueueState::Closed => &[view::CLOSED],
        };
        let views = match query.order {
            QueueOrder::Due => self.due(states, &filter, query.after).await?,
            QueueOrder::Newest => self.newest(states, &filter, query.after).await?,
        };
        let is_full = views.len() == QUEUE_ROWS_MAX;
        let next = views.last().filter(|_| is_full).map(QueueCursor::of);
        let rows = views.iter().map(row).collect::<Result<_, _>>()?;
        Ok(QueuePage { rows, next })
    }

    /// The newest in any of these states: each is a walk along an index.
    async fn newest(
        &self,
        states: &[&str],
        filter: &QueueFilter,
        after: Option<QueueCursor>,
    ) -> Result<Vec<View>, Error> {
        let mut views = Vec::new();
        for state in states {
            let wanted = ViewQuery {
                filter: *filter,
                states: vec![(*state).to_owned()],
                after: after.map(|after| after.opened),
                rows_max: QUEUE_ROWS_MAX,
            };
            views.extend(self.store.reader().views(&wanted).await?);
        }
        views.sort_by_key(|view| std::cmp::Reverse(view.cursor));
        views.truncate(QUEUE_ROWS_MAX);
        Ok(views)
    }

    /// What falls due next, in any of these states: each is a walk along an index.
    async fn due(
        &self,
        states: &[&str],
        filter: &QueueFilter,
        after: Option<QueueCursor>,
    ) -> Result<Vec<View>, Error> {
        let after = after.unwrap_or(QueueCursor::START);
        let mut views = Vec::new();
        for state in states {
            views.extend(self.store.reader().queue(state, filter, after, QUEUE_ROWS_MAX).await?);
        }
        views.sort_by_key(QueueCursor::of);
        views.truncate(QUEUE_ROWS_MAX);
        Ok(views)
    }
}

pub(super) fn row(view: &View) -> Result<QueueRow, Error> {
    let summary: Summary = serde_json::from_str(&view.summary_json)
        .map_err(|error| Error::Internal(anyhow::anyhow!("a list row is not ours: {error}")))?;
    Ok(QueueRow {
        request: view.stream,
        agency: AgencyId(view.agency),
        received_at: summary.received_at,
        regime: summary.regime.unwrap_or_default(),
        asks: summary.asks,
        next_due: view.next_due,
        assignee: view.assignee.filter(|person| *person != view::NOBODY).map(StaffId),
        is_test: summary.is_test,
        is_held: summary.is_held,
        order_due: summary.order_due,
        review_due: summary.review_due,
    })
}
