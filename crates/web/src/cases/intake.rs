//! Filing an order that came by post or mail: nothing proves its sender yet.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use desk::policy::Action;
use server::app::intake::{ManualFile, ManualOrder, ManualSelector};

use crate::form::{Mistakes, Uploaded};
use crate::frame::{Frame, SignedIn};
use crate::order_form::{OrderForm, Paper, Words};
use crate::problem::{Problem, html};
use crate::site::Site;

#[derive(Template)]
#[template(path = "cases/intake.html")]
struct IntakePage {
    frame: Frame,
    typed: OrderForm,
    words: Words,
    agencies: Vec<(String, String)>,
    mistakes: Mistakes,
}

/// The form for an order that came by post or mail.
///
/// # Errors
/// For whoever may not file.
pub async fn blank(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    allowed(&by)?;
    page(&site, by.frame, OrderForm::default(), Mistakes::default())
}

/// Officers file in the portal, with their signature.
fn allowed(by: &SignedIn) -> Result<(), Problem> {
    by.allowed(Action::Receive)?;
    if by.frame.is_officer() { Err(Problem::hidden()) } else { Ok(()) }
}

fn page(
    site: &Site,
    frame: Frame,
    typed: OrderForm,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let directory = site.node.directory();
    let agencies = directory.agencies().map(|a| (a.id.to_string(), a.name.clone())).collect();
    html(&IntakePage { frame, typed, words: Words::all(), agencies, mistakes })
}

/// Files it.
///
/// # Errors
/// For whoever may not file.
pub async fn file(
    State(site): State<Arc<Site>>,
    uploaded: Uploaded<OrderForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (uploaded.by, uploaded.fields);
    allowed(&by)?;
    let mut mistakes = Mistakes::default();
    let agency = typed.agency.parse().unwrap_or_default();
    let Some(known) = site.node.directory().agency(desk::ids::AgencyId(agency)).cloned() else {
        mistakes.add("agency", by.frame.say("order-agency-missing"));
        return page(&site, by.frame, typed, mistakes);
    };
    let read = typed.read(&by.frame, &known, Paper::Files(&uploaded.files), &mut mistakes);
    let Some(read) = read else { return page(&site, by.frame, typed, mistakes) };
    let engine = base64::engine::general_purpose::STANDARD;
    let files = uploaded.files.iter().map(|file| ManualFile {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        contents: engine.encode(&file.bytes),
    });
    let selectors = read.selectors.iter().map(|selector| ManualSelector {
        ask: selector.ask,
        kind: selector.kind.clone(),
        value: selector.value.clone(),
    });
    let manual = ManualOrder {
        agency,
        order: read.order,
        reference: typed.reference.trim().to_owned(),
        legal_basis: typed.legal_basis.trim().to_owned(),
        selectors: selectors.collect(),
        files: files.collect(),
    };
    match site.node.file(by.actor(), manual).await {
        Ok(done) => {
            let to = format!("/requests/{}", done.appended.stream);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            mistakes.take(&by.frame, error)?;
            page(&site, by.frame, typed, mistakes)
        }
    }
}
