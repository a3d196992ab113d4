//! Transparency reports: the list, one that is made now, one that is shown.
//!
//! Knows no case: a report holds counts, and none that is small. What is drawn here is drawn on the
//! server and works without a script; [`alone`] is the same page as a file, for the company's own
//! site.

mod list;
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

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/reports", get(list::list).post(list::make))
        .route("/reports/{report}", get(show::show))
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
