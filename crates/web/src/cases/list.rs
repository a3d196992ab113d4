//! The queue: what breaches next on top; who works on it; views that people keep.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{ActorId, AgencyId, RequestId, StaffId};
use desk::order::AskKind;
use desk::policy::{Action, Facts, permit};
use desk::request::{Cause, Command};
use jiff::Timestamp;
use serde::Deserialize;
use server::app::Act;
use server::app::queue::{
    Assignee, QUEUE_ROWS_MAX, QueueAsk, QueueCursor, QueueOrder, QueueQuery, QueueRow, QueueState,
};
use server::app::saved::SavedView;
use server::directory::{Directory, Staff};
use server::error::Error;
use uuid::Uuid;

use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// What was chosen, as the queue's address has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    state: String,
    order: String,
    agency: String,
    kind: String,
    who: String,
    after: Option<String>,
}

impl Chosen {
    /// The address's question without the page; empty when nothing is chosen.
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("state", &self.state),
            ("order", &self.order),
            ("agency", &self.agency),
            ("kind", &self.kind),
            ("who", &self.who),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).for_each(|(name, value)| {
            query.append_pair(name, value);
        });
        query.finish()
    }

    fn address(&self) -> String {
        match self.query() {
            query if query.is_empty() => "/queue".to_owned(),
            query => format!("/queue?{query}"),
        }
    }

    /// What it asks of the node. A word that an address may not have is taken as not chosen.
    fn wanted(&self, me: ActorId) -> Result<QueueQuery, Problem> {
        let is_emergency = self.kind == EMERGENCY;
        Ok(QueueQuery {
            order: if self.order == "newest" { QueueOrder::Newest } else { QueueOrder::Due },
            state: match self.state.as_str() {
                "closed" => QueueState::Closed,
                "urgent" => QueueState::Urgent,
                _ if is_emergency => QueueState::Urgent,
                _ => QueueState::Open,
            },
            agency: self.agency.parse().ok().map(AgencyId),
            kind: AskKind::ALL.iter().find(|kind| kind.as_str() == self.kind).copied(),
            assignee: match (self.who.as_str(), me) {
                ("me", ActorId::Staff(person)) => Some(Assignee::Staff(person)),
                ("nobody", _) => Some(Assignee::Nobody),
                (other, _) => other.parse().ok().map(|id| Assignee::Staff(StaffId(id))),
            },
            after: self.after.as_deref().map(cursor).transpose()?,
        })
    }
}

/// Stands among the kinds of ask in the filter.
const EMERGENCY: &str = "emergency";

/// A request as lists of the desk show it.
pub(super) struct Row {
    pub request: Uuid,
    pub agency: String,
    pub regime: String,
    pub received_at: Option<Timestamp>,
    pub next_due: Option<Timestamp>,
    pub left: String,
    pub press: &'static str,
    pub asks: Vec<QueueAsk>,
    pub who: String,
    pub is_test: bool,
    pub is_emergency: bool,
    pub is_held: bool,
    pub is_unvalidated: bool,
}

impl Row {
    pub(super) fn of(row: QueueRow, directory: &Directory, frame: &Frame) -> Self {
        let (left, press) = time_left(frame, row.next_due, frame.now);
        let is_unvalidated = row.is_unvalidated(frame.now);
        Self {
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
            who: row.assignee.map_or_else(String::new, |id| directory.name(ActorId::Staff(id))),
            is_test: row.is_test,
        }
    }
}

#[derive(Template)]
#[template(path = "cases/queue.html")]
struct QueuePage {
    frame: Frame,
    rows: Vec<Row>,
    agencies: Vec<(String, String)>,
    colleagues: Vec<(String, String)>,
    chosen: Chosen,
    query: String,
    kinds: Vec<&'static str>,
    views: Vec<SavedView>,
    mistakes: Mistakes,
    name: String,
    next: Option<String>,
    may_assign: bool,
    may_search: bool,
    empty_key: &'static str,
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
    page(&site, by, chosen, Mistakes::default(), String::new()).await
}

async fn page(
    site: &Site,
    by: SignedIn,
    chosen: Chosen,
    mistakes: Mistakes,
    name: String,
) -> Result<Response, Problem> {
    by.allowed(Action::ListRequests)?;
    let wanted = chosen.wanted(by.id())?;
    if by.frame.is_officer() {
        return Err(Problem::hidden());
    }
    let (directory, views) = (site.node.directory(), site.node.saved_views(by.actor()).await?);
    let page = site.node.queue(by.actor(), &wanted).await?;
    let rows = page.rows.into_iter().map(|row| Row::of(row, &directory, &by.frame)).collect();
    let agencies = directory.agencies().map(|a| (a.id.to_string(), a.name.clone())).collect();
    let query = chosen.query();
    let next = page.next.map(|after| format!("/queue?{query}&after={}", cursor_text(after)));
    let kinds = AskKind::ALL.iter().map(|kind| kind.as_str()).chain([EMERGENCY]).collect();
    let empty_key = if chosen.who == "me" { "queue-mine-empty" } else { "queue-empty" };
    html(&QueuePage {
        rows,
        empty_key,
        agencies,
        colleagues: colleagues(&directory, by.frame.now),
        query,
        chosen,
        kinds,
        views,
        mistakes,
        name,
        next,
        may_assign: by.frame.may(Action::Assign),
        may_search: by.frame.may(Action::SearchRequests),
        frame: by.frame,
    })
}

/// Who may work on cases, by name.
pub(super) fn colleagues(directory: &Directory, now: Timestamp) -> Vec<(String, String)> {
    let works = |person: &&Staff| {
        let actor = directory.person(ActorId::Staff(person.id), now);
        actor.is_some_and(|actor| permit(&actor, Action::Assign, &emergency()).is_some())
    };
    let mut people: Vec<(String, String)> =
        directory.staff().filter(works).map(|p| (p.id.to_string(), p.name.clone())).collect();
    people.sort_by(|a, b| a.1.cmp(&b.1));
    people
}

/// Somebody who is only on call works on emergencies.
fn emergency() -> Facts {
    Facts { has_emergency: true, ..Facts::default() }
}

/// What the form of an assignment posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AssignForm {
    requests: Vec<Uuid>,
    to: String,
    query: String,
}

/// Gives requests to somebody, and comes back to the queue.
///
/// # Errors
/// For whoever may not assign one of them; those before it are assigned.
pub async fn assign(
    State(site): State<Arc<Site>>,
    posted: Posted<AssignForm>,
) -> Result<Response, Problem> {
    let (by, form) = (posted.by, posted.fields);
    let to = match form.to.as_str() {
        "me" => match by.id() {
            ActorId::Staff(person) => Some(person),
            _ => return Err(Problem::hidden()),
        },
        "nobody" => None,
        other => Some(StaffId(other.parse().map_err(|_| Problem::hidden())?)),
    };
    let directory = site.node.directory();
    let people = colleagues(&directory, by.frame.now);
    if to.is_some_and(|id| !people.iter().any(|(known, _)| *known == id.to_string())) {
        return Err(Problem::hidden());
    }
    for request in form.requests.iter().take(QUEUE_ROWS_MAX) {
        let act = Act::new(RequestId(*request), Command::Assign { to });
        match site.node.act(by.actor(), act).await {
            // It is this person's already: what was wanted is so.
            Err(Error::Refused(refusal)) if refusal.cause == Cause::Duplicate => {}
            done => drop(done?),
        }
    }
    let chosen: Chosen = read_query(&form.query);
    Ok(Redirect::to(&chosen.address()).into_response())
}

/// What the form of a view posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ViewForm {
    name: String,
    query: String,
    remove: String,
}

/// Keeps what the queue shows under a name, or takes such a name away.
///
/// # Errors
/// For whoever may not list requests.
pub async fn views(
    State(site): State<Arc<Site>>,
    posted: Posted<ViewForm>,
) -> Result<Response, Problem> {
    let (by, form) = (posted.by, posted.fields);
    by.allowed(Action::ListRequests)?;
    let chosen = read_query(&form.query);
    if !form.remove.is_empty() {
        site.node.remove_view(by.actor(), &form.remove).await?;
        return Ok(Redirect::to(&chosen.address()).into_response());
    }
    // Only what an address of the queue may say is kept.
    let view = SavedView { name: form.name.clone(), query: chosen.query() };
    match site.node.save_view(by.actor(), view).await {
        Ok(()) => Ok(Redirect::to(&chosen.address()).into_response()),
        Err(error) => {
            let mut mistakes = Mistakes::default();
            mistakes.take(&by.frame, error)?;
            page(&site, by, chosen, mistakes, form.name).await
        }
    }
}

/// The question of an address; one that cannot be read chooses nothing.
fn read_query(query: &str) -> Chosen {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    let fields = pairs.map(|(name, value)| (name, serde_json::Value::from(value))).collect();
    serde_json::from_value(serde_json::Value::Object(fields)).unwrap_or_default()
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
