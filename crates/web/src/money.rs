//! Following the money: a question, its tables, its picture.
//!
//! Knows no rule of tracing: `trace` follows, `server::app` asks the policy and knows which
//! addresses are the company's own. The address of a page is the whole question, so a link can be
//! kept and sent; the table comes first, the picture is an addition.

mod accounts;
mod page;
mod question;
mod sheet;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::site::Site;

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/money", get(page::show))
        .route("/money/board.json", get(page::board))
        .route("/money/exhibit.json", get(page::exhibit))
        .route("/money/picture.svg", get(page::picture))
        .route("/money/flow.csv", get(page::flow_csv))
        .route("/money/package", post(page::keep))
        .route("/money/accounts", get(accounts::page::show))
        .route("/money/accounts/board.json", get(accounts::page::board))
        .route("/money/accounts/exhibit.json", get(accounts::page::exhibit))
        .route("/money/accounts/picture.svg", get(accounts::page::picture))
        .route("/money/accounts/flow.csv", get(accounts::page::flow_csv))
        .route("/money/accounts/package", post(accounts::page::keep))
}
