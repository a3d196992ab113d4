//! The read audit: who read which case data, newest first. For whoever may read it; the reading of
//! the audit is not itself case data, and the hourly digests in the log pin what stands here.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use desk::policy::Action;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Reads of one page.
const READS_MAX: usize = 100;

/// Which reads are wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    who: String,
    request: String,
    before: Option<u64>,
}

struct Read {
    at: Timestamp,
    who: String,
    action: String,
    request: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "people/audit.html")]
struct AuditPage {
    frame: Frame,
    wanted: Wanted,
    people: Vec<(String, String)>,
    reads: Vec<Read>,
    next: Option<String>,
}

/// A page of it.
///
/// # Errors
/// For whoever may not read the audit.
pub async fn audit(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    by.allowed(Action::ReadAudit)?;
    let (who, request) = (wanted.who.parse().ok(), wanted.request.trim().parse().ok());
    let rows = site.node.reads(by.actor(), wanted.before, who, request, READS_MAX).await?;
    let names: HashMap<Uuid, String> = site.node.directory().names();
    let next = rows.last().filter(|_| rows.len() == READS_MAX).map(|last| {
        let (who, request) = (&wanted.who, &wanted.request);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("who", who).append_pair("request", request.trim());
        format!("/audit?{}&before={}", query.finish(), last.number)
    });
    let read = |row: store::ReadRow| Read {
        at: row.at,
        who: names.get(&row.read.actor).cloned().unwrap_or_else(|| row.read.actor.to_string()),
        action: row.read.action,
        request: row.read.stream,
    };
    let mut people: Vec<_> =
        names.iter().map(|(id, name)| (id.to_string(), name.clone())).collect();
    people.sort_by(|a, b| a.1.cmp(&b.1));
    let reads = rows.into_iter().map(read).collect();
    html(&AuditPage { frame: by.frame, wanted, people, reads, next })
}
