//! Acts upon a request, as forms post them.
//!
//! A form's fields become the JSON API's own body, so that both doors say the same things by the
//! same words (`server::api::requests::StaffAct`).

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{AskNumber, RequestId};
use desk::policy::Action;
use desk::request::{Answer, Command, MissingReason, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};
use server::api::requests::ActBody;
use server::app::assemble::Statement;
use server::app::search::Withhold;
use server::error::Error;
use server::wrong::{Detail, Wrong};
use uuid::Uuid;

use super::show::{package_asks, title};
use crate::form::Posted;
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Rows of each search that the preview shows.
const PREVIEW_ROWS_MAX: usize = 200;

/// What the form of an act posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    act: String,
    ask: String,
    text: String,
    method: String,
    code: String,
    codes: Vec<String>,
    despite: Vec<String>,
    reason: String,
    digest: String,
    effect: String,
    justified: String,
    passkey: String,
}

impl ActForm {
    /// The act as the JSON API has it.
    fn body(&self) -> Result<Value, Problem> {
        let ask = || self.ask.parse::<u16>().map_err(|_| Problem::hidden());
        let act = match self.act.as_str() {
            "start_identity_check" => json!({}),
            "verify_identity" => json!({ "method": self.method }),
            "accept_legal" => json!({ "ask": ask()?, "despite": self.despite }),
            "request_information" => json!({ "ask": ask()?, "codes": self.codes }),
            "hold" => json!({ "ask": ask()?, "reason": self.reason }),
            "refuse" => json!({ "ask": ask()?, "code": self.code }),
            "link" | "confirm_freeze" | "receive_ex_post_order" => {
                json!({ "ask": ask()?, "order_sha256": self.digest.trim() })
            }
            "review_emergency" => json!({ "ask": ask()?, "justified": self.justified == "yes" }),
            "retry_effect" => json!({ "effect": self.effect }),
            "post_message" if self.ask.is_empty() => json!({}),
            "provide_information"
            | "end_hold"
            | "clear_by_authority"
            | "close"
            | "withdraw"
            | "confirm_deletion"
            | "extend"
            | "release"
            | "unfreeze"
            | "post_message" => {
                json!({ "ask": ask()? })
            }
            _ => return Err(Problem::hidden()),
        };
        let text = Some(self.text.trim()).filter(|text| !text.is_empty());
        Ok(json!({ "act": { self.act.as_str(): act }, "text": text }))
    }
}

/// Does one act and comes back to the request.
///
/// # Errors
/// As the desk says: what, why, and what to do.
pub async fn act(
    State(site): State<Arc<Site>>,
    Path(request): Path<Uuid>,
    posted: Posted<ActForm>,
) -> Result<Response, Problem> {
    let (by, fields, id) = (posted.by, posted.fields, RequestId(request));
    if matches!(fields.act.as_str(), "approve" | "return_package") {
        return package(&site, &by, &fields, id).await;
    }
    let body: ActBody = serde_json::from_value(fields.body()?)
        .map_err(|error| Error::wrong("form", Wrong::NotOfTheList { detail: Detail::of(error) }))?;
    let act = body.into_act(id)?;
    let unfreezes = match act.command {
        Command::Unfreeze { ask } => Some(ask),
        _ => None,
    };
    site.node.act(by.actor(), act).await?;
    if let Some(ask) = unfreezes {
        site.node.release_elsewhere(by.actor(), id, ask).await?;
    }
    Ok(back(request))
}

/// Approves exactly the package that the page showed, or sends it back.
async fn package(
    site: &Site,
    by: &SignedIn,
    fields: &ActForm,
    id: RequestId,
) -> Result<Response, Problem> {
    site.node.read_permit(by.actor(), Action::ReadCase, id).await?;
    let digest = desk::ids::Digest::from_hex(&fields.digest).ok_or_else(Problem::hidden)?;
    let asks = package_asks(site.node.case(id).await?.as_ref(), digest);
    let command = if fields.act == "approve" {
        site.confirmed(&by.viewer, &fields.passkey)?;
        Command::Approve { asks, tagmanifest_sha256: digest }
    } else {
        Command::ReturnPackage { asks }
    };
    let text = fields.text.trim().to_owned();
    let act = server::app::Act::new(id, command).with(&server::payload::Said { text })?;
    site.node.act(by.actor(), act).await?;
    Ok(back(id.0))
}

fn back(request: Uuid) -> Response {
    Redirect::to(&format!("/requests/{request}")).into_response()
}

/// One table of a preview.
struct PreviewTable {
    search: String,
    title: String,
    rows_count: u64,
    columns: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

#[derive(Template)]
#[template(path = "cases/preview.html")]
struct PreviewPage {
    frame: Frame,
    id: RequestId,
    ask: u16,
    tables: Vec<PreviewTable>,
    traces: Vec<(String, usize)>,
}

/// What the searches for an ask find, before anything is put on the record.
///
/// # Errors
/// For whoever may not read exhibits, or when a source fails.
pub async fn preview(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path((request, ask)): Path<(Uuid, u16)>,
) -> Result<Response, Problem> {
    let id = RequestId(request);
    site.node.read_permit(by.actor(), Action::ReadExhibit, id).await?;
    let case = site.node.case(id).await?;
    let found = site.node.find(&case, AskNumber(ask), &[]).await?;
    let traces = found.traces.iter();
    let traces = traces.map(|t| (title(&by.frame, &t.title), t.accounts().len())).collect();
    let mut tables = Vec::new();
    for mut table in found.tables {
        let text = table.json.read_all()?;
        let whole: Value = serde_json::from_slice(&text).map_err(anyhow::Error::from)?;
        let columns: Vec<String> = table.columns.iter().map(|(name, _)| name.clone()).collect();
        let rows = whole["rows"].as_array().map_or(&[][..], Vec::as_slice);
        let cells = |row: &Value| columns.iter().map(|name| cell(&row[name.as_str()])).collect();
        let rows = rows.iter().take(PREVIEW_ROWS_MAX).map(cells);
        tables.push(PreviewTable {
            search: table.facts.search.clone(),
            title: table.facts.title.clone(),
            rows_count: table.facts.row_count,
            rows: (1..).zip(rows).collect(),
            columns,
        });
    }
    html(&PreviewPage { frame: by.frame, id, ask, tables, traces })
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Rows that are kept back, as `search/row`, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchForm {
    withhold: Vec<String>,
    reason: String,
}

/// Searches for an ask and puts every exhibit on the record.
///
/// # Errors
/// When rows are kept back without a reason, or as the desk says.
pub async fn search(
    State(site): State<Arc<Site>>,
    Path((request, ask)): Path<(Uuid, u16)>,
    posted: Posted<SearchForm>,
) -> Result<Response, Problem> {
    let (by, fields) = (posted.by, posted.fields);
    let reason = fields.reason.trim();
    if !fields.withhold.is_empty() && reason.is_empty() {
        return Err(Error::wrong("reason", Wrong::KeptBackWithoutReason).into());
    }
    let mut withhold = Vec::new();
    for entry in &fields.withhold {
        let (search, row) = entry.rsplit_once('/').ok_or_else(Problem::hidden)?;
        let row = row.parse().map_err(|_| Problem::hidden())?;
        withhold.push(Withhold {
            search: search.to_owned(),
            row: server::app::search::withheld_row(row, reason),
        });
    }
    site.node.search(by.actor(), RequestId(request), AskNumber(ask), &withhold).await?;
    Ok(back(request))
}

/// The account to freeze.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FreezeForm {
    account: String,
}

/// Orders the freeze that an ask wants.
///
/// # Errors
/// As the desk says.
pub async fn freeze(
    State(site): State<Arc<Site>>,
    Path((request, ask)): Path<(Uuid, u16)>,
    posted: Posted<FreezeForm>,
) -> Result<Response, Problem> {
    let account = posted.fields.account.trim().to_owned();
    let (id, ask) = (RequestId(request), AskNumber(ask));
    site.node.freeze(posted.by.actor(), id, ask, account).await?;
    Ok(back(request))
}

/// What the package says of each ask: `outcome-1`, `statement-1`, `missing-1[]`.
#[derive(Debug, Default, Deserialize)]
pub struct AssembleForm {
    asks: Vec<String>,
    #[serde(flatten)]
    said: serde_json::Map<String, Value>,
}

/// Assembles the package; another person must approve exactly this one.
///
/// # Errors
/// When nothing is answered, or as the desk says.
pub async fn assemble(
    State(site): State<Arc<Site>>,
    Path(request): Path<Uuid>,
    posted: Posted<AssembleForm>,
) -> Result<Response, Problem> {
    let fields = &posted.fields;
    let word = |name: &str, ask: u16| {
        fields.said.get(&format!("{name}-{ask}")).and_then(Value::as_str).unwrap_or_default()
    };
    let mut statements = Vec::new();
    for ask in &fields.asks {
        let ask: u16 = ask.parse().map_err(|_| Problem::hidden())?;
        let outcome = Outcome::from_word(word("outcome", ask))
            .ok_or_else(|| Error::wrong(format!("ask {ask}"), Wrong::NoOutcome))?;
        let missing = fields.said.get(&format!("missing-{ask}")).and_then(Value::as_array);
        let missing = missing.into_iter().flatten().filter_map(Value::as_str);
        statements.push(Statement {
            answer: Answer {
                ask: AskNumber(ask),
                outcome,
                missing: missing.filter_map(MissingReason::from_word).collect(),
            },
            text: word("statement", ask).trim().to_owned(),
        });
    }
    let id = RequestId(request);
    site.node.assemble(posted.by.actor(), id, &statements, true).await?;
    Ok(back(request))
}
