//! The desk of the staff: the queue, one request on one page, the acts upon it.
//!
//! Knows no rule: what may be done now is asked of the one path itself (`Node::trial`), so a page
//! offers only what would be done, and says in the desk's own words why something was not.

mod act;
mod emergencies;
mod file;
mod find;
mod intake;
pub(crate) mod list;
pub(crate) mod show;
mod signs;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::site::Site;

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/queue", get(list::queue))
        .route("/queue/assign", post(list::assign))
        .route("/queue/views", post(list::views))
        .route("/search", get(find::blank).post(find::find))
        .route("/emergencies", get(emergencies::owed))
        .route("/requests/{request}", get(show::show))
        .route("/requests/{request}/acts", post(act::act))
        .route("/requests/{request}/asks/{ask}/search", get(act::preview).post(act::search))
        .route("/requests/{request}/asks/{ask}/freeze", post(act::freeze))
        .route("/requests/{request}/assemble", post(act::assemble))
        .route("/requests/{request}/exhibits/{exhibit}/{format}", get(file::exhibit))
        .route("/requests/{request}/instrument/{index}", get(file::instrument))
        .route(
            "/intake",
            get(intake::blank)
                .post(intake::file)
                .layer(DefaultBodyLimit::max(crate::form::UPLOAD_BYTES_MAX)),
        )
}
