//! Who may come in: staff, agencies and their officers, under supervision.
//!
//! Knows no rule: the directory says what may follow what (`server::directory::Fault`), the
//! policy who may do it. Administrators enrol staff and agencies; verifiers call back, admit and
//! stop officers; a supervisor proposes and attests the officers of the own agency.

mod agency;
mod audit;
mod marks;
mod officer;
mod quarantine;
mod staff;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::site::Site;

/// The pages of this room.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/people", get(staff::list).post(staff::add))
        .route("/people/{staff}", get(staff::show))
        .route("/people/{staff}/roles", post(staff::roles))
        .route("/people/{staff}/invite", post(staff::invite))
        .route("/people/{staff}/remove", post(staff::remove))
        .route("/audit", get(audit::audit))
        .route("/agencies", get(agency::list))
        .route("/agencies/new", get(agency::blank).post(agency::add))
        .route("/agencies/{agency}", get(agency::show))
        .route("/agencies/{agency}/stop", post(agency::stop))
        .route("/agencies/{agency}/resume", post(agency::resume))
        .route("/agencies/{agency}/quarantine", get(quarantine::show))
        .route("/agencies/{agency}/quarantine/freeze", post(quarantine::freeze))
        .route("/agencies/{agency}/quarantine/free", post(quarantine::free))
        .route("/marks", get(marks::show).post(marks::import))
        .route("/marks/export", post(marks::export))
        .route("/marks/trust", post(marks::trust))
        .route("/agencies/{agency}/officers", post(officer::propose))
        .route("/officers/{officer}", get(officer::show))
        .route("/officers/{officer}/call-back", post(officer::call_back))
        .route("/officers/{officer}/invite", post(officer::invite))
        .route("/officers/{officer}/admit", post(officer::admit))
        .route("/officers/{officer}/attest", post(officer::attest))
        .route("/officers/{officer}/stop", post(officer::stop))
        .route("/officers/{officer}/resume", post(officer::resume))
}
