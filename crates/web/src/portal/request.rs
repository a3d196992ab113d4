//! One request as its agency sees it: state, clocks, messages, packages. No selector and no row is
//! on this page: a stolen session sees how far things are, never about whom.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::{AskNumber, RequestId};
use desk::policy::Action;
use desk::request::{AskState, Command, Event};
use jiff::Timestamp;
use serde::Deserialize;
use server::app::anew::Anew;
use server::app::case::Case;
use server::app::{Act, Node};
use server::error::Error;
use uuid::Uuid;

use super::act;
use super::agency;
use super::drafts::{self, Draft, What};
use crate::cases::show::{AskShown, MessageShown, ask, messages};
use crate::changes::{CorrectionShown, Values, corrections};
use crate::form::Uploaded;
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// A delivered package.
struct PackageShown {
    number: usize,
    at: Timestamp,
    name: String,
    bytes: u64,
    encrypted_sha256: String,
    may_acknowledge: bool,
}

/// An act that the officer's side did or must know of, and that a receipt can be had for.
struct ReceiptShown {
    leaf: u64,
    at: Timestamp,
    /// The desk's word for what happened.
    what: &'static str,
    ask: Option<u16>,
    by: String,
}

/// The acts of a request that have a receipt, oldest first.
fn receipts(directory: &server::directory::Directory, case: &Case) -> Vec<ReceiptShown> {
    let acts = case.history.iter().zip(&case.leaves);
    let acts = acts.filter_map(|((at, event), leaf)| {
        let (what, by) = server::app::receipt::receipted(event)?;
        let by = by.map(|by| directory.name(by)).unwrap_or_default();
        let ask = event.ask().map(|ask| ask.0);
        Some(ReceiptShown { leaf: leaf.0, at: *at, what, ask, by })
    });
    acts.collect()
}

#[derive(Template)]
#[template(path = "portal/request.html")]
struct ShowPage {
    frame: Frame,
    id: RequestId,
    reference: String,
    regime: String,
    received_at: Option<Timestamp>,
    authentication: &'static str,
    is_proven: bool,
    is_test: bool,
    /// Where the request stands in the log.
    leaf: Option<u64>,
    asks: Vec<AskShown>,
    packages: Vec<PackageShown>,
    messages: Vec<MessageShown>,
    may_post: bool,
    /// Something was refused or taken back, so it may be sent anew.
    may_send_again: bool,
    anew: Anew,
    corrections: Vec<CorrectionShown>,
    receipts: Vec<ReceiptShown>,
}

/// One request.
///
/// # Errors
/// For whoever may not see it.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(request): Path<Uuid>,
) -> Result<Response, Problem> {
    page(&site, by, RequestId(request)).await
}

async fn page(site: &Site, by: SignedIn, id: RequestId) -> Result<Response, Problem> {
    agency(site, &by)?;
    site.node.read_permit(by.actor(), Action::ReadStatus, id).await?;
    let case = site.node.case(id).await?;
    let request = &case.request;
    let mut asks = Vec::new();
    for state in &request.asks {
        let mut shown = ask(&by.frame, &case, state, by.frame.now);
        shown.acts = possible(&site.node, &by, id, state).await?;
        asks.push(shown);
    }
    let ended = |shown: &AskShown| matches!(shown.state, "refused" | "withdrawn" | "expired");
    let post = Act::new(id, Command::PostMessage { ask: None });
    let page = ShowPage {
        id,
        reference: case.received.as_ref().map(|r| r.reference.clone()).unwrap_or_default(),
        regime: request.pack.as_ref().map(|pack| pack.id.clone()).unwrap_or_default(),
        received_at: request.received_at,
        authentication: request.order.as_ref().map_or("none", |o| o.authentication.as_str()),
        is_proven: request.identity.is_some(),
        is_test: request.order.as_ref().is_some_and(|order| order.is_test),
        leaf: case.leaves.first().map(|leaf| leaf.0),
        may_send_again: asks.iter().any(ended) && case.received.is_some(),
        anew: site.node.anew(&case).await?,
        packages: packages(site, &by, &case).await?,
        messages: messages(site, &case).into_iter().filter(is_for_officers).collect(),
        may_post: would(&site.node, &by, &post).await?,
        corrections: corrections(&by.frame, &site.node.directory(), &case, Values::Counted),
        receipts: receipts(&site.node.directory(), &case),
        asks,
        frame: by.frame,
    };
    html(&page)
}

/// What staff write with a hold, a proof of identity or a returned package is for staff alone.
fn is_for_officers(message: &MessageShown) -> bool {
    matches!(message.with, "message" | "question" | "answer" | "refusal")
}

/// What this officer could do to an ask now.
async fn possible(
    node: &Node,
    by: &SignedIn,
    id: RequestId,
    state: &AskState,
) -> Result<Vec<&'static str>, Problem> {
    let ask = state.number;
    let candidates = [
        ("provide_information", Command::ProvideInformation { ask, order: None }),
        ("withdraw", Command::Withdraw { ask }),
        ("extend", Command::Extend { ask }),
        ("confirm_deletion", Command::ConfirmDeletion { ask }),
    ];
    let mut acts = Vec::new();
    for (name, command) in candidates {
        if would(node, by, &Act::new(id, command)).await? {
            acts.push(name);
        }
    }
    Ok(acts)
}

async fn would(node: &Node, by: &SignedIn, act: &Act) -> Result<bool, Problem> {
    match node.trial(by.actor(), act).await {
        Ok(()) => Ok(true),
        Err(Error::Refused(_) | Error::Hidden) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

async fn packages(site: &Site, by: &SignedIn, case: &Case) -> Result<Vec<PackageShown>, Problem> {
    let mut packages = Vec::new();
    for (number, (at, event, facts)) in (1..).zip(&case.delivered) {
        let Some(command) = acknowledge(event) else { continue };
        packages.push(PackageShown {
            number,
            at: *at,
            name: facts.package.clone(),
            bytes: facts.encrypted_bytes,
            encrypted_sha256: facts.encrypted_sha256.clone(),
            may_acknowledge: would(&site.node, by, &Act::new(case.id, command)).await?,
        });
    }
    Ok(packages)
}

/// The command that says a delivery arrived.
fn acknowledge(event: &Event) -> Option<Command> {
    match event {
        Event::Delivered { asks, package_sha256, .. } => {
            Some(Command::Acknowledge { asks: asks.clone(), package_sha256: *package_sha256 })
        }
        _ => None,
    }
}

/// What a form of this page posts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    act: String,
    ask: String,
    package: String,
    text: String,
}

/// Does what needs no signature; makes a draft of what does.
///
/// # Errors
/// As the desk says: what, why, and what to do.
pub async fn act(
    State(site): State<Arc<Site>>,
    Path(request): Path<Uuid>,
    uploaded: Uploaded<ActForm>,
) -> Result<Response, Problem> {
    let (by, fields, id) = (uploaded.by, uploaded.fields, RequestId(request));
    agency(&site, &by)?;
    site.node.read_permit(by.actor(), Action::ReadStatus, id).await?;
    let ask = || fields.ask.parse().map(AskNumber).map_err(|_| Problem::hidden());
    let text = fields.text.trim().to_owned();
    let command = match fields.act.as_str() {
        "post_message" => Command::PostMessage { ask: None },
        "confirm_deletion" => Command::ConfirmDeletion { ask: ask()? },
        "acknowledge" => {
            let at = fields.package.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
            let case = site.node.case(id).await?;
            let delivered = at.and_then(|at| case.delivered.get(at));
            delivered.and_then(|(_, event, _)| acknowledge(event)).ok_or_else(Problem::hidden)?
        }
        "withdraw" => {
            return to_sign(&site, &by, What::Withdraw { request, ask: ask()?.0, text }).await;
        }
        "extend" => {
            return to_sign(&site, &by, What::Extend { request, ask: ask()?.0, text }).await;
        }
        _ => return Err(Problem::hidden()),
    };
    let act = Act::new(id, command).with(&server::payload::Said { text })?;
    site.node.act(by.actor(), act).await?;
    Ok(Redirect::to(&format!("/portal/requests/{id}")).into_response())
}

async fn to_sign(site: &Site, by: &SignedIn, what: What) -> Result<Response, Problem> {
    let mut draft = Draft::new(what, Vec::new());
    let read = act::read(site, by, &agency(site, by)?, &draft).await?;
    // What the desk would refuse in any case is refused here, before anything is kept.
    if let Some(act) = &read.act {
        site.node.prepare_signing(by.actor(), act).await?;
    }
    let name = drafts::keep(site, by, None, &mut draft).await?;
    Ok(Redirect::to(&format!("/portal/drafts/{name}")).into_response())
}
