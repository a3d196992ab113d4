//! Transparency reports: the list, one that is made now, one that is shown, those that anybody may
//! read.
//!
//! Knows no case: a report holds counts, and none that is small. What is drawn here is drawn on the
//! server and works without a script; [`alone`] is the same page as a file, for the company's own
//! site.

mod list;
mod public;
mod show;
mod shown;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::get;
use desk::transparency::Report;

use crate::site::Site;
use crate::words::Words;
use shown::Shown;

/// Addresses that anybody may read without a log-in, when `[transparency] public` says so.
pub const PUBLIC: [&str; 4] = [
    "/transparency",
    "/transparency/policy.txt",
    "/transparency/{report}",
    "/transparency/{report}/{file}",
];

/// The pages that anybody may read.
pub fn public_routes() -> Router<Arc<Site>> {
    let [list, policy, one, file] = PUBLIC;
    Router::new()
        .route(list, get(public::list))
        .route(policy, get(public::policy))
        .route(one, get(public::show))
        .route(file, get(public::file))
}

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/reports", get(list::list).post(list::make))
        .route("/reports/{report}", get(show::show).post(show::step))
        .route("/reports/{report}/{file}", get(show::file))
}

#[derive(Template)]
#[template(path = "reports/alone.html")]
struct AlonePage {
    words: &'static Words,
    shown: Shown,
    style: &'static str,
}

/// A report as a page of its own: no script, no picture and nothing from anywhere else.
///
/// # Errors
/// When it cannot be written, which is a fault of ours.
pub fn alone(report: &Report, words: &'static Words) -> anyhow::Result<String> {
    let style = include_str!("../assets/style.css");
    let page = AlonePage { words, shown: Shown::of(report, words), style };
    page.render().map_err(|error| anyhow::anyhow!("the page of the report failed: {error}"))
}
