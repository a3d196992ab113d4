//! Requests and the acts upon them, for staff.
//!
//! Wire types live here, apart from the desk's. Every act ends in `Node::act`.

mod acts;
mod list;
mod show;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::ids::{AskNumber, RequestId};
use desk::order::Order;
use desk::policy::{Action, Actor, Facts, permit, permit_read};
use desk::request::Command;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

pub use acts::{ActBody, ActDone, StaffAct};
pub use list::{__path_find, __path_list, List, ListQuery, Words, find, list};
pub use show::acceptance as acceptance_json;

use crate::api::{At, Body, Caller, stream};
use crate::app::Node;
use crate::app::assemble::Statement;
use crate::app::intake::ManualOrder;
use crate::app::search::Withhold;
use crate::error::Error;
use crate::payload;

/// Most rows that a preview shows of each search.
const PREVIEW_ROWS_MAX: usize = 200;

/// An instrument filed by intake: it came by post or mail, so nothing proves its sender yet.
#[utoipa::path(
    post, path = "/api/v1/requests", tag = "requests", request_body = ManualOrder,
    responses((status = 201, body = ActDone), (status = 404, description = "Not for this caller"))
)]
pub async fn file(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    order: Body<ManualOrder>,
) -> Result<Response, Error> {
    permit(&actor, Action::Receive, &Facts::default()).ok_or(Error::Hidden)?;
    let done = node.file(&actor, order.read()?).await?;
    Ok((axum::http::StatusCode::CREATED, Json(ActDone::of(&done))).into_response())
}

/// One request: with its personal data for staff who may read it, else its state and clocks.
#[utoipa::path(
    get, path = "/api/v1/requests/{request}", tag = "requests",
    params(("request" = Uuid, Path, description = "Its id")),
    responses((status = 200, body = Value),
              (status = 404, description = "Not there, or not for this caller"))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At(request): At<Uuid>,
) -> Result<Json<Value>, Error> {
    let id = RequestId(request);
    let now = node.now();
    match node.read_permit(&actor, Action::ReadCase, id).await {
        Ok(_) => {
            let case = node.case(id).await?;
            Ok(Json(show::with_links(show::case(&case, now), &node.anew(&case).await?)))
        }
        Err(Error::Hidden) => {
            let (_, folded) = node.read_permit(&actor, Action::ReadStatus, id).await?;
            let anew = node.anew(node.case(id).await?.as_ref()).await?;
            Ok(Json(show::with_links(show::status(id, &folded, now), &anew)))
        }
        Err(other) => Err(other),
    }
}

/// One act upon a request.
#[utoipa::path(
    post, path = "/api/v1/requests/{request}/acts", tag = "requests", request_body = ActBody,
    params(("request" = Uuid, Path, description = "Its id")),
    responses(
        (status = 200, body = ActDone),
        (status = 404, description = "Not there, or not for this caller"),
        (status = 409, description = "The desk says no, why, and what to do")
    )
)]
pub async fn act(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At(request): At<Uuid>,
    body: Body<ActBody>,
) -> Result<Json<ActDone>, Error> {
    let id = RequestId(request);
    let read = body.read().and_then(|body| body.into_act(id));
    let act = told(&node, &actor, Action::ReadStatus, id, read).await?;
    let unfreezes = match act.command {
        Command::Unfreeze { ask } => Some(ask),
        _ => None,
    };
    let done = node.act(&actor, act).await?;
    if let Some(ask) = unfreezes
        && let Err(error) = node.release_elsewhere(&actor, id, ask).await
    {
        tracing::warn!("The freeze that ask {ask} of `{id}` is about was not released: {error}");
    }
    Ok(Json(ActDone::of(&done)))
}

/// An order to be judged before it is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    /// Rule pack: `eu-e-evidence-2023-1543`, `sg-cpc-2010`, `us-sca` or `generic`.
    regime: String,
    /// The facts of the order; docs/formats/record.md has its fields.
    #[schema(value_type = Object)]
    order: Order,
}

/// Will this be accepted, by when, and if not, why?
#[utoipa::path(
    post, path = "/api/v1/check", tag = "requests", request_body = CheckBody,
    responses((status = 200, body = Value), (status = 404, description = "Not for this caller"))
)]
pub async fn check(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    body: Body<CheckBody>,
) -> Result<Json<Value>, Error> {
    permit_read(&actor, Action::Precheck, &Facts::default()).ok_or(Error::Hidden)?;
    let body = body.read()?;
    let pack = desk::pack::embedded(&body.regime).ok_or_else(|| {
        let known: Vec<_> =
            desk::pack::embedded_all().iter().map(|p| p.reference.id.as_str()).collect();
        Error::input("regime", format!("there is no {:?}", body.regime), known.join(", "))
    })?;
    let acceptance = desk::check::check(&body.order, pack, node.now());
    Ok(Json(show::acceptance(&acceptance)))
}

/// What the searches for an ask would find, without putting it on the record.
#[utoipa::path(
    post, path = "/api/v1/requests/{request}/asks/{ask}/preview", tag = "requests",
    params(("request" = Uuid, Path, description = "Its id"),
           ("ask" = u16, Path, description = "Number of the ask, from 1")),
    responses((status = 200, body = Value), (status = 404, description = "Not for this caller"))
)]
pub async fn preview(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At((request, ask)): At<(Uuid, u16)>,
) -> Result<Json<Value>, Error> {
    let id = RequestId(request);
    node.read_permit(&actor, Action::ReadExhibit, id).await?;
    let case = node.case(id).await?;
    let found = node.find(&case, AskNumber(ask), &[]).await?;
    Ok(Json(show::found(found, PREVIEW_ROWS_MAX)?))
}

/// Rows to keep back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// Rows of named searches that staff keep back, each with its reason.
    #[serde(default)]
    withhold: Vec<WithholdBody>,
}

/// One row to keep back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithholdBody {
    /// Name of the search in the catalog.
    search: String,
    /// Number of the row in the preview, from 1.
    row: u64,
    /// Why; the authority reads it.
    reason: String,
}

/// Searches for an ask and puts every exhibit on the record.
#[utoipa::path(
    post, path = "/api/v1/requests/{request}/asks/{ask}/search", tag = "requests",
    request_body = SearchBody,
    params(("request" = Uuid, Path, description = "Its id"),
           ("ask" = u16, Path, description = "Number of the ask, from 1")),
    responses((status = 200, body = Value), (status = 404, description = "Not for this caller"))
)]
pub async fn search(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At((request, ask)): At<(Uuid, u16)>,
    body: Body<SearchBody>,
) -> Result<Json<Value>, Error> {
    let id = RequestId(request);
    let body = told(&node, &actor, Action::StartSearch, id, body.read()).await?;
    let withhold: Vec<Withhold> = body
        .withhold
        .into_iter()
        .map(|entry| Withhold {
            search: entry.search,
            row: records::StaffWithheld {
                row: records::RowRef::Number(entry.row),
                reason: entry.reason,
            },
        })
        .collect();
    let exhibits = node.search(&actor, id, AskNumber(ask), &withhold).await?;
    Ok(Json(serde_json::json!({ "exhibits": exhibits })))
}

/// The account to freeze.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeBody {
    /// As the company writes it.
    account: String,
}

/// Orders the freeze that an ask wants; it holds once the company's systems confirm it.
#[utoipa::path(
    post, path = "/api/v1/requests/{request}/asks/{ask}/freeze", tag = "requests",
    request_body = FreezeBody,
    params(("request" = Uuid, Path, description = "Its id"),
           ("ask" = u16, Path, description = "Number of the ask, from 1")),
    responses((status = 200, body = ActDone), (status = 404, description = "Not for this caller"))
)]
pub async fn freeze(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At((request, ask)): At<(Uuid, u16)>,
    body: Body<FreezeBody>,
) -> Result<Json<ActDone>, Error> {
    let id = RequestId(request);
    let body = told(&node, &actor, Action::Freeze, id, body.read()).await?;
    let done = node.freeze(&actor, id, AskNumber(ask), body.account).await?;
    Ok(Json(ActDone::of(&done)))
}

/// What the package says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssembleBody {
    /// One for each ask that the package answers.
    answers: Vec<AnswerBody>,
    /// Whether the report for people is in it; yes unless said otherwise.
    #[serde(default = "yes")]
    report: bool,
}

/// The answer to one ask.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// The ask.
    ask: u16,
    /// `full`, `partial` or `no_data`.
    #[schema(value_type = String)]
    outcome: desk::request::Outcome,
    /// What is missing and why; for `partial` only.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    missing: Vec<desk::request::MissingReason>,
    /// One sentence for the authority.
    statement: String,
}

/// Assembles a package; another person must approve exactly this one.
#[utoipa::path(
    post, path = "/api/v1/requests/{request}/assemble", tag = "requests",
    request_body = AssembleBody,
    params(("request" = Uuid, Path, description = "Its id")),
    responses((status = 200, body = Value), (status = 404, description = "Not for this caller"))
)]
pub async fn assemble(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At(request): At<Uuid>,
    body: Body<AssembleBody>,
) -> Result<Json<Value>, Error> {
    let id = RequestId(request);
    let body = told(&node, &actor, Action::Assemble, id, body.read()).await?;
    let statements: Vec<Statement> = body
        .answers
        .into_iter()
        .map(|answer| Statement {
            answer: desk::request::Answer {
                ask: AskNumber(answer.ask),
                outcome: answer.outcome,
                missing: answer.missing,
            },
            text: answer.statement,
        })
        .collect();
    let (done, tagmanifest) = node.assemble(&actor, id, &statements, body.report).await?;
    let mut shown = serde_json::to_value(ActDone::of(&done)).map_err(anyhow::Error::from)?;
    shown["tagmanifest_sha256"] = tagmanifest.to_string().into();
    Ok(Json(shown))
}

/// A file of an exhibit: `csv` or `json` of a table, `json` or `svg` of a trace.
#[utoipa::path(
    get, path = "/api/v1/requests/{request}/exhibits/{exhibit}/{format}", tag = "requests",
    params(("request" = Uuid, Path, description = "Its id"),
           ("exhibit" = u16, Path, description = "Number of the exhibit"),
           ("format" = String, Path, description = "csv, json or svg")),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"),
              (status = 404, description = "Not there, or not for this caller"))
)]
pub async fn exhibit_file(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At((request, exhibit, format)): At<(Uuid, u16, String)>,
) -> Result<Response, Error> {
    exhibit_answer(&node, &actor, RequestId(request), exhibit, &format).await
}

/// The file of an exhibit as a download, for whoever may read it.
///
/// # Errors
/// [`Error::Hidden`] without the right, or when there is no such file.
pub async fn exhibit_answer(
    node: &Node,
    actor: &Actor,
    id: RequestId,
    exhibit: u16,
    format: &str,
) -> Result<Response, Error> {
    node.read_permit(actor, Action::ReadExhibit, id).await?;
    let case = node.case(id).await?;
    let body = &case.exhibits.get(&exhibit).ok_or(Error::Hidden)?.body;
    let sha256 = match (body, format) {
        (payload::ExhibitBody::Table { csv_sha256, .. }, "csv") => csv_sha256,
        (payload::ExhibitBody::Table { json_sha256, .. }, "json")
        | (payload::ExhibitBody::Trace { json_sha256, .. }, "json")
        | (payload::ExhibitBody::AccountTrace { json_sha256, .. }, "json") => json_sha256,
        (payload::ExhibitBody::Trace { svg_sha256, .. }, "svg")
        | (payload::ExhibitBody::AccountTrace { svg_sha256, .. }, "svg") => svg_sha256,
        _ => return Err(Error::Hidden),
    };
    blob_answer(node, sha256, &format!("exhibit-{exhibit:04}.{format}")).await
}

/// A package as it was delivered: encrypted to the agency's enrolled key.
#[utoipa::path(
    get, path = "/api/v1/requests/{request}/packages/{package}", tag = "requests",
    params(("request" = Uuid, Path, description = "Its id"),
           ("package" = u16, Path, description = "Number of the delivery, from 1")),
    responses((status = 200, description = "Encrypted zip",
               content_type = "application/octet-stream"),
              (status = 404, description = "Not there, or not for this caller"))
)]
pub async fn package(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At((request, package)): At<(Uuid, u16)>,
) -> Result<Response, Error> {
    package_answer(&node, &actor, RequestId(request), package).await
}

/// A delivered package as a download, encrypted, for whoever may fetch it.
///
/// # Errors
/// [`Error::Hidden`] without the right, or when there is no such package.
pub async fn package_answer(
    node: &Node,
    actor: &Actor,
    id: RequestId,
    package: u16,
) -> Result<Response, Error> {
    node.read_permit(actor, Action::ReadPackage, id).await?;
    let case = node.case(id).await?;
    let at = usize::from(package).checked_sub(1).ok_or(Error::Hidden)?;
    let (_, _, delivered) = case.delivered.get(at).ok_or(Error::Hidden)?;
    let ending = if delivered.encryption == "age" { "age" } else { "p7m" };
    let name = format!("{}.zip.{ending}", delivered.package);
    blob_answer(node, &delivered.encrypted_sha256, &name).await
}

/// A file of a preserved copy, once an order for it is linked; before that there is nothing here.
#[utoipa::path(
    get, path = "/api/v1/requests/{request}/asks/{ask}/copy/{table}/{format}", tag = "requests",
    params(("request" = Uuid, Path, description = "Its id"),
           ("ask" = u16, Path, description = "Number of the ask, from 1"),
           ("table" = u16, Path, description = "Number of the table in the copy, from 1"),
           ("format" = String, Path, description = "csv or json")),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"),
              (status = 404, description = "Not linked, not there, or not for this caller"))
)]
pub async fn copy_file(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    At((request, ask, table, format)): At<(Uuid, u16, u16, String)>,
) -> Result<Response, Error> {
    let at = usize::from(table).checked_sub(1).ok_or(Error::Hidden)?;
    let (id, number) = (RequestId(request), AskNumber(ask));
    let bytes = node.preserved_file(&actor, id, number, at, &format).await?;
    let name = format!("attachment; filename=\"copy-{ask}-{table}.{format}\"");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    // The bytes are overwritten once the answer is out.
    Ok((headers, axum::body::Bytes::from_owner(bytes)).into_response())
}

/// What a body says; what is wrong with it is told only to whoever may do `action` here.
async fn told<T>(
    node: &Node,
    actor: &Actor,
    action: Action,
    request: RequestId,
    read: Result<T, Error>,
) -> Result<T, Error> {
    node.may(actor, action, request).await?;
    read
}

async fn blob_answer(node: &Node, sha256: &str, name: &str) -> Result<Response, Error> {
    let digest = desk::ids::Digest::from_hex(sha256).ok_or(Error::Hidden)?;
    let source = node.store.reader().blob_source(store::BlobDigest(digest.0)).await?;
    let length = source.length();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, stream::body(source)).into_response())
}

fn yes() -> bool {
    true
}
