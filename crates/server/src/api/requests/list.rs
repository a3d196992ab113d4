//! The list of requests: newest first, or those that have certain words.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use desk::policy::{Action, Facts, permit_read};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{QueueFilter, ViewCursor, ViewQuery};
use utoipa::{IntoParams, ToSchema};

use super::show;
use crate::api::{Body, Caller};
use crate::app::Node;
use crate::app::lookup::FoundOrder;
use crate::error::{Error, ErrorBody};
use crate::view;

/// Rows of a list unless fewer are asked for.
const LIST_ROWS_DEFAULT: usize = 50;
/// Most rows of a list.
const LIST_ROWS_MAX: usize = 500;
/// Which requests are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `open` or `closed`; both without it.
    state: Option<String>,
    /// Rows of one page, at most 500.
    rows: Option<usize>,
    /// The `next` of the page before.
    after: Option<u64>,
}

/// One page of requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct List {
    /// Newest first; without personal data.
    requests: Vec<Value>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Requests, newest first.
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "requests", params(ListQuery),
    responses((status = 200, body = List), (status = 404, description = "Not for this caller"))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<List>, Error> {
    permit_read(&actor, Action::ListRequests, &Facts::default()).ok_or(Error::Hidden)?;
    let Query(query) = query.map_err(|error| {
        Error::input("query", error.body_text(), "see /api/v1/openapi.json for the parameters")
    })?;
    if let Some(state) = query.state.as_deref().filter(|state| !["open", "closed"].contains(state))
    {
        return Err(Error::input("query, at state", format!("{state:?}"), "say open or closed"));
    }
    let rows_max = query.rows.unwrap_or(LIST_ROWS_DEFAULT).clamp(1, LIST_ROWS_MAX);
    let query = ViewQuery {
        filter: QueueFilter::of_agency(actor.agency.map(|agency| agency.0)),
        states: match query.state.as_deref() {
            Some("open") => vec![view::OPEN.to_owned(), view::URGENT.to_owned()],
            Some(_) => vec![view::CLOSED.to_owned()],
            None => Vec::new(),
        },
        after: query.after.map(ViewCursor),
        rows_max,
    };
    let rows = node.store.reader().views(&query).await?;
    let next = (rows.len() == rows_max).then(|| rows.last().map(|row| row.cursor.0)).flatten();
    let requests =
        rows.iter().map(|row| show::row(row, actor.id.is_staff())).collect::<Result<_, _>>()?;
    Ok(Json(List { requests, next }))
}

/// What is looked for. In a body, because histories and logs keep addresses.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// All of these must stand in the filings, answers and messages of one request; `*` at the end
    /// of one stands for the rest of it, and words in quotation marks follow each other in one of
    /// them.
    words: String,
    /// What comes first.
    #[serde(default)]
    order: FoundOrder,
    /// Rows of one page, at most 500.
    #[serde(default)]
    rows: Option<usize>,
    /// The `next` of the page before. A page of a phrase may have few rows, or none, and a `next`:
    /// so many requests were looked at, and there are older ones.
    #[serde(default)]
    after: Option<u64>,
}

/// Requests by the words of their filings and messages. Staff only; each search
/// is noted in the read audit, without the words.
#[utoipa::path(
    post, path = "/api/v1/requests/find", tag = "requests", request_body = Words,
    responses((status = 200, body = List), (status = 404, description = "Not for this caller"),
              (status = 429, body = ErrorBody, description = "Searched too often: 60 at once, then \
               one more every 10 seconds",
               headers(("Retry-After" = u64, description = "Seconds until there is one more"))))
)]
pub async fn find(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    wanted: Body<Words>,
) -> Result<Json<List>, Error> {
    permit_read(&actor, Action::SearchRequests, &Facts::default()).ok_or(Error::Hidden)?;
    let wanted = wanted.read()?;
    let rows_max = wanted.rows.unwrap_or(LIST_ROWS_DEFAULT).clamp(1, LIST_ROWS_MAX);
    let before = wanted.after.map(ledger::LeafIndex);
    let (found, next) =
        node.look_up_views(&actor, &wanted.words, wanted.order, before, rows_max).await?;
    let requests = found.iter().map(|(row, _)| show::row(row, true)).collect::<Result<_, _>>()?;
    Ok(Json(List { requests, next: next.map(|leaf| leaf.0) }))
}
