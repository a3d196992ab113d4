//! Requests as JSON: what staff see, and what everyone else sees.

use anyhow::Context as _;
use desk::check::Acceptance;
use desk::clock::{Clock, ClockStatus};
use desk::ids::RequestId;
use desk::request::AskState;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::Folded;
use crate::app::anew::Anew;
use crate::app::case::Case;
use crate::app::search::Found;
use crate::app::trace::{Reached, TracedReach};
use crate::error::Error;

/// What a list's row keeps for the desk's own use: what later requests are compared with.
const COMPARED: &str = "habit";
/// What of it an agency does not see: that the desk suspects it, and what the desk owes.
const STAFF_ONLY: [&str; 2] = ["is_held", "review_due"];

/// One row of a list, for staff or for the agency.
pub fn row(row: &store::View, is_staff: bool) -> Result<Value, Error> {
    let mut shown: Value =
        serde_json::from_str(&row.summary_json).context("a list row is not JSON")?;
    if let Some(fields) = shown.as_object_mut() {
        fields.remove(COMPARED);
        fields.retain(|name, _| is_staff || !STAFF_ONLY.contains(&name.as_str()));
    }
    shown["request"] = row.stream.to_string().into();
    let is_urgent = row.state == crate::view::URGENT;
    shown["state"] = if is_urgent { crate::view::OPEN } else { &row.state }.into();
    shown["next_due"] = json!(row.next_due);
    shown["updated_at"] = json!(row.updated_at);
    Ok(shown)
}

/// State and clocks, without personal data.
pub fn status(id: RequestId, folded: &Folded, now: Timestamp) -> Value {
    let request = &folded.request;
    json!({
        "request": id,
        "seq": folded.seq,
        "received_at": request.received_at,
        "regime": request.pack,
        "identity": request.identity.map(|identity| identity.method),
        "asks": request.asks.iter().map(|state| ask(state, now)).collect::<Vec<_>>(),
    })
}

/// The same with the requests that it was sent anew after or as.
pub fn with_links(mut shown: Value, anew: &Anew) -> Value {
    shown["after"] = json!(anew.after);
    shown["sent_anew"] = json!(anew.sent_anew);
    shown
}

/// Everything, for staff who may read the case.
pub fn case(case: &Case, now: Timestamp) -> Value {
    let folded = Folded { request: case.request.clone(), seq: case.seq };
    let mut shown = status(case.id, &folded, now);
    shown["order"] = json!(case.request.order);
    shown["received"] = json!(case.received);
    let assessed = case.request.assessed.iter();
    shown["assessments"] =
        assessed.map(|it| json!({ "at": it.at, "found": it.assessment })).collect();
    shown["is_held_for_signs"] = case.request.is_held_for_signs.into();
    shown["exhibits"] = json!(case.exhibits.values().collect::<Vec<_>>());
    shown["deliveries"] =
        case.delivered.iter().map(|(at, _, facts)| json!({ "at": at, "facts": facts })).collect();
    shown["history"] = case
        .history
        .iter()
        .map(|(at, event)| {
            let event: Value =
                serde_json::from_str(&desk::record::encode(event)).unwrap_or(Value::Null);
            json!({ "at": at, "event": event })
        })
        .collect();
    shown
}

fn ask(state: &AskState, now: Timestamp) -> Value {
    json!({
        "ask": state.number,
        "kind": state.kind(),
        "demand": state.ask.demand,
        "state": state.stage_at(now).name(),
        "emergency": state.ask.emergency,
        "until": state.until,
        "outcome": state.outcome,
        "not_before": state.not_before(now),
        "unvalidated_since": state.unvalidated(now).map(|missing| missing.since),
        "clocks": state.clocks.iter().map(|c| clock(c, now)).collect::<Vec<_>>(),
        "exhibits": state.exhibits.iter().map(|exhibit| json!({
            "exhibit": exhibit.number,
            "sha256": exhibit.sha256,
            "rows": exhibit.rows,
            "withheld": exhibit.withheld,
        })).collect::<Vec<_>>(),
        "effects": state.effects.iter().map(|effect| json!({
            "effect": effect.id,
            "kind": effect.kind,
            "attempt": effect.attempt,
            "status": format!("{:?}", effect.status).to_lowercase(),
        })).collect::<Vec<_>>(),
        "tagmanifest_sha256": state.package.map(|package| package.tagmanifest_sha256),
        "package_sha256": state.package.and_then(|package| package.package_sha256),
    })
}

fn clock(clock: &Clock, now: Timestamp) -> Value {
    let status = match clock.status {
        ClockStatus::Running => "running",
        ClockStatus::Paused { .. } => "paused",
        ClockStatus::Stopped { .. } => "stopped",
        ClockStatus::Breached { .. } => "breached",
    };
    let progress = clock.progress(now).map(|progress| format!("{progress:?}").to_lowercase());
    json!({ "clock": clock.start, "status": status, "progress": progress })
}

/// The answer to "will this be accepted?".
pub fn acceptance(acceptance: &Acceptance) -> Value {
    let asks: Vec<Value> = acceptance
        .asks
        .iter()
        .map(|ask| {
            let reasons: Vec<Value> = ask
                .reasons
                .iter()
                .map(|reason| {
                    json!({
                        "code": reason.code,
                        "article": reason.article.to_string(),
                        "unchecked": reason.unchecked,
                        "fix": reason.fix.to_string(),
                    })
                })
                .collect();
            json!({
                "ask": ask.ask,
                "kind": ask.kind,
                "accepted": ask.is_accepted(),
                "reasons": reasons,
                "clocks": ask.clocks,
            })
        })
        .collect();
    let notes: Vec<Value> = acceptance
        .notes
        .iter()
        .map(|note| {
            json!({
                "text": note.text.to_string(),
                "article": note.article.to_string(),
                "unchecked": note.unchecked,
            })
        })
        .collect();
    json!({
        "regime": acceptance.pack,
        "accepted": acceptance.is_accepted(),
        "asks": asks,
        "notes": notes,
    })
}

/// What searches found: counts for all, rows for the first of them.
pub fn found(found: Found, rows_max: usize) -> Result<Value, Error> {
    let mut tables = Vec::new();
    for mut table in found.tables {
        let text = table.json.read_all()?;
        let whole: Value = serde_json::from_slice(&text).context("a table is not JSON")?;
        let rows = whole["rows"].as_array().map_or(&[][..], Vec::as_slice);
        tables.push(json!({
            "search": table.facts.search,
            "title": table.facts.title,
            "category": table.facts.category.as_str(),
            "row_count": table.facts.row_count,
            "columns": table.columns,
            "rows": rows.iter().take(rows_max).collect::<Vec<_>>(),
        }));
    }
    let traces: Vec<Value> = found
        .traces
        .iter()
        .map(|traced| {
            let reached: Vec<Value> = match &traced.reached {
                TracedReach::Outputs(reached) => reached.iter().map(reached_output).collect(),
                TracedReach::Accounts(reached) => reached.iter().map(|one| json!(one)).collect(),
            };
            json!({ "title": traced.title, "reached": reached })
        })
        .collect();
    Ok(json!({ "tables": tables, "traces": traces }))
}

fn reached_output(reached: &Reached) -> Value {
    json!({
        "output": reached.output,
        "address": reached.address,
        "account": reached.account.value(),
        "hop": reached.hop,
        "value_satoshi": reached.value.to_string(),
        "taint_satoshi": reached.taint.to_string(),
    })
}
