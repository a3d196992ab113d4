//! Published reports for anybody, without a log-in. Knows nobody: the same page for all, so that
//! caches may keep it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use server::app::report::Made;

use super::shown::Shown;
use crate::frame::Frame;
use crate::problem::{Problem, html};
use crate::rate;
use crate::site::{Address, Site};
use crate::words::Words;

/// Pages and proofs may be minutes old: another report, a newer head of the log.
const PAGE_CACHE: &str = "public, max-age=300";
/// The name of a report's file is the digest of its bytes.
const FILE_CACHE: &str = "public, max-age=31536000, immutable";

#[derive(Template)]
#[template(path = "reports/public_list.html")]
struct ListPage {
    frame: Frame,
    reports: Vec<Made>,
}

#[derive(Template)]
#[template(path = "reports/public.html")]
struct ShowPage {
    frame: Frame,
    words: &'static Words,
    made: Made,
    shown: Shown,
}

/// What every answer here begins with: a limit for each address, and a page without a person.
fn stranger(site: &Site, address: &Address, frame: Frame) -> Result<Frame, Problem> {
    site.take(rate::PUBLIC_PAGES, &address.0)?;
    Ok(Frame { viewer: None, ..frame })
}

fn cached(mut response: Response, how: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(how));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    response
}

/// The published reports.
///
/// # Errors
/// When this node publishes nothing.
pub async fn list(
    State(site): State<Arc<Site>>,
    address: Address,
    frame: Frame,
) -> Result<Response, Problem> {
    let frame = stranger(&site, &address, frame)?;
    let reports = site.node.published_reports().await?;
    Ok(cached(html(&ListPage { frame, reports })?, PAGE_CACHE))
}

/// One published report.
///
/// # Errors
/// When there is none of that name.
pub async fn show(
    State(site): State<Arc<Site>>,
    address: Address,
    frame: Frame,
    Path(report): Path<String>,
) -> Result<Response, Problem> {
    let frame = stranger(&site, &address, frame)?;
    let (made, report) = site.node.published_report(&report).await?;
    let words = frame.words;
    let shown = Shown::of(&report, words);
    Ok(cached(html(&ShowPage { frame, words, made, shown })?, PAGE_CACHE))
}

/// A file of a published report, or of the log: JSON, CSV, proof.
///
/// # Errors
/// When there is none of that name.
pub async fn file(
    State(site): State<Arc<Site>>,
    address: Address,
    frame: Frame,
    Path((name, file)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    stranger(&site, &address, frame)?;
    let (made, report) = site.node.published_report(&name).await?;
    let (kind, how, text) = match file.as_str() {
        "json" => ("application/json", FILE_CACHE, report.to_json()),
        "csv" => ("text/csv; charset=utf-8", FILE_CACHE, report.to_csv()),
        "proof.json" => ("application/json", PAGE_CACHE, site.node.published_proof(&made).await?),
        _ => return Err(Problem::hidden()),
    };
    let tag = format!("\"{}\"", server::app::report::name_of(text.as_bytes()));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let response = if known.is_some_and(|known| known.split(", ").any(|one| one == tag)) {
        (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
    } else {
        let (from, to) = (made.recorded.from, made.recorded.to);
        let disposition = format!("attachment; filename=\"transparency-{from}--{to}.{file}\"");
        let headers = [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::ETAG, tag),
        ];
        (headers, text).into_response()
    };
    Ok(cached(response, how))
}

/// The policy by which a stranger checks a proof: it names the log's key.
///
/// # Errors
/// When this node publishes nothing.
pub async fn policy(
    State(site): State<Arc<Site>>,
    address: Address,
    frame: Frame,
) -> Result<Response, Problem> {
    stranger(&site, &address, frame)?;
    let text = site.node.public_policy().await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"policy.txt\""),
    ];
    Ok(cached((headers, text).into_response(), PAGE_CACHE))
}
