//! Who came in, who was refused, and the alarms: for auditors, who read, and administrators, who
//! say what an alarm was. No row holds case data; a place is the shape of an address.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::policy::Action;
use jiff::Timestamp;
use serde::Deserialize;
use server::app::security::Alarm;
use server::disk::{Seen, What};
use server::security::Kind;
use store::{Noticed, NoticedFilter, NoticedRow};
use uuid::Uuid;

use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Rows of one page.
const ROWS_MAX: usize = 100;

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/security", get(list)).route("/security/alarms/{alarm}", post(acknowledge))
}

/// Which rows are wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    kind: String,
    who: String,
    source: String,
    before: Option<u64>,
    done: String,
}

struct Row {
    noticed: Noticed,
    who: String,
    outcome: &'static str,
}

struct By {
    name: String,
    at: Timestamp,
    note: String,
}

struct Shown {
    id: Uuid,
    raised_at: Timestamp,
    rule: &'static str,
    who: String,
    source: Option<String>,
    count: u64,
    by: Option<By>,
    written: String,
}

impl Shown {
    /// Name of the field in which it is said what the alarm was.
    fn field(&self) -> String {
        field_of(self.id)
    }
}

fn field_of(alarm: Uuid) -> String {
    format!("note-{alarm}")
}

#[derive(Template)]
#[template(path = "guard/list.html")]
struct ListPage {
    frame: Frame,
    wanted: Wanted,
    kinds: Vec<&'static str>,
    people: Vec<(String, String)>,
    alarms: Vec<Shown>,
    rows: Vec<Row>,
    next: Option<String>,
    may_acknowledge: bool,
    mistakes: Mistakes,
    done: bool,
    places: Vec<Place>,
    stated: Option<String>,
}

/// What is known of one place where the node keeps things.
struct Place {
    what: &'static str,
    seen: &'static str,
    detail: String,
}

/// The alarms and a page of the security log.
///
/// # Errors
/// For whoever may not read it.
pub async fn list(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    by.allowed(Action::ReadSecurity)?;
    show(&site, by, wanted, Mistakes::default(), None).await
}

/// What was found about an alarm.
#[derive(Debug, Default, Deserialize)]
pub struct NoteForm {
    #[serde(default)]
    note: String,
}

/// Puts on the record what an alarm was.
///
/// # Errors
/// For whoever may not, and for an alarm that is not open.
pub async fn acknowledge(
    State(site): State<Arc<Site>>,
    Path(alarm): Path<Uuid>,
    posted: Posted<NoteForm>,
) -> Result<Response, Problem> {
    posted.by.allowed(Action::AcknowledgeAlarm)?;
    let note = posted.fields.note;
    let mut said = Mistakes::default();
    match site.node.acknowledge_alarm(posted.by.actor(), alarm, &note).await {
        Ok(()) => return Ok(Redirect::to("/security?done=1").into_response()),
        Err(error) => said.take(&posted.by.frame, error)?,
    }
    // There is a field for each alarm: the mistake belongs to this one's.
    let mut mistakes = Mistakes::default();
    said.0.into_iter().for_each(|mistake| mistakes.add(&field_of(alarm), mistake.text));
    show(&site, posted.by, Wanted::default(), mistakes, Some((alarm, note))).await
}

async fn show(
    site: &Site,
    by: SignedIn,
    wanted: Wanted,
    mistakes: Mistakes,
    written: Option<(Uuid, String)>,
) -> Result<Response, Problem> {
    let names: HashMap<Uuid, String> = site.node.directory().names();
    let name = |who: Uuid| names.get(&who).cloned().unwrap_or_else(|| who.to_string());
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = NoticedFilter {
        who: wanted.who.parse().ok(),
        kind: some(wanted.kind.trim()),
        source: some(wanted.source.trim()),
        since: None,
    };
    let rows = site.node.security_log(by.actor(), &filter, wanted.before, ROWS_MAX).await?;
    let next = rows.last().filter(|_| rows.len() == ROWS_MAX).map(|last| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let pairs = [("kind", &wanted.kind), ("who", &wanted.who), ("source", &wanted.source)];
        for (name, value) in pairs {
            query.append_pair(name, value.trim());
        }
        format!("/security?{}&before={}", query.finish(), last.number)
    });
    let shown = |alarm: Alarm| Shown {
        id: alarm.id,
        raised_at: alarm.raised_at,
        rule: alarm.cause.rule.as_str(),
        who: alarm.cause.who.map(name).unwrap_or_default(),
        source: alarm.cause.source,
        count: alarm.cause.count,
        by: alarm.acknowledged.map(|done| By {
            name: site.node.directory().name(done.by),
            at: done.at,
            note: done.note,
        }),
        written: written
            .as_ref()
            .filter(|(id, _)| *id == alarm.id)
            .map_or("", |(_, note)| note)
            .to_owned(),
    };
    let row = |row: NoticedRow| Row {
        who: row.noticed.who.map(name).unwrap_or_default(),
        outcome: Kind::of_word(&row.noticed.kind).map_or("", |kind| kind.outcome().as_str()),
        noticed: row.noticed,
    };
    let mut people: Vec<_> =
        names.iter().map(|(id, name)| (id.to_string(), name.clone())).collect();
    people.sort_by(|a, b| a.1.cmp(&b.1));
    let alarms = site.node.alarms(by.actor()).await?.into_iter().map(shown).collect();
    html(&ListPage {
        kinds: Kind::ALL.map(Kind::as_str).to_vec(),
        people,
        alarms,
        rows: rows.into_iter().map(row).collect(),
        next,
        may_acknowledge: by.frame.may(Action::AcknowledgeAlarm),
        mistakes,
        done: !wanted.done.is_empty(),
        places: site.node.at_rest.places.iter().map(place).collect(),
        stated: site.node.at_rest.stated.clone(),
        wanted,
        frame: by.frame,
    })
}

fn place((what, seen): &(What, Seen)) -> Place {
    Place { what: what.as_str(), seen: seen.as_str(), detail: seen.detail() }
}
