//! The page of a trace: where the money came to rest, the policies side by side, the way it took.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use chain::Utxo as _;
use desk::ids::{AskNumber, RequestId};
use desk::policy::Action;
use serde_json::{Value, json};
use server::app::trace::FollowedTrace as Trace;
use trace::Policy;
use trace::flow::{Fate, Hop, HopOutput, StopReason};
use trace::layout::{Board, Role};

use super::question::Typed;
use super::sheet::{Keep, Rows, Sheet, View, choices, first_mistake};
use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// The sums of a rule, as headings of columns.
const SUMS: [&str; 6] =
    ["sum-source", "sum-reached", "sum-unspent", "sum-limited", "sum-boundary", "sum-fees"];

/// An output at which the money came to rest.
struct End {
    hop: u32,
    output: String,
    address: Option<String>,
    label: Option<String>,
    value: u64,
    taint: u64,
    fate_key: &'static str,
}

/// A transaction that the money passed.
struct Passed {
    hop: u32,
    txid: String,
    height: Option<u32>,
    entered: u64,
    worth: u64,
    outputs: usize,
}

/// Where the trace could not go on.
struct Boundary {
    hop: u32,
    txid: String,
    reason_key: &'static str,
    count: usize,
    taint: u64,
}

/// All that the page shows of a trace.
struct Shown {
    ends: Rows<End>,
    passed: Rows<Passed>,
    boundaries: Rows<Boundary>,
    sheet: Sheet,
}

impl Shown {
    /// The exhibit calls the company's own deposit addresses in English; the page does not.
    fn name_own_deposits(&mut self, frame: &Frame) {
        let own = server::app::trace::own_label(&frame.company);
        let labels = self.ends.rows.iter_mut().filter_map(|end| end.label.as_mut());
        for label in labels.filter(|label| **label == own) {
            *label = frame.say1("money-own-deposit", "company", &frame.company);
        }
    }
}

#[derive(Template)]
#[template(path = "money/show.html")]
struct ShowPage {
    frame: Frame,
    typed: Typed,
    view: View,
    policies: Vec<(&'static str, bool)>,
    mistakes: Mistakes,
    shown: Option<Shown>,
    has_blocks: bool,
}

fn bitcoin(satoshi: u64) -> String {
    chain::Satoshi(satoshi).bitcoin()
}

impl ShowPage {
    /// An amount as people read it.
    fn bitcoin(&self, satoshi: &u64) -> String {
        bitcoin(*satoshi)
    }
}

/// The form, and below it the trace that it asks for.
///
/// # Errors
/// For whoever may not follow money.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(typed): Query<Typed>,
    Query(view): Query<View>,
) -> Result<Response, Problem> {
    by.allowed(Action::FollowMoney)?;
    let (mut mistakes, mut shown) = (Mistakes::default(), None);
    if !typed.from.trim().is_empty() {
        match typed.question(&by.frame) {
            Err(wrong) => mistakes = wrong,
            Ok(question) => {
                let tell = |traced: &Trace<'_>| tell(traced, &typed, &view);
                match site.node.follow(by.actor(), &question, tell).await {
                    Ok(mut told) => {
                        told.name_own_deposits(&by.frame);
                        told.sheet.offer(&site, &by).await?;
                        shown = Some(told);
                    }
                    Err(error) => mistakes.take(&by.frame, error)?,
                }
            }
        }
    }
    let has_blocks = site.node.chain.is_some();
    let policies = choices(&Policy::ALL, typed.policy(), Policy::name);
    html(&ShowPage { frame: by.frame, typed, view, policies, mistakes, shown, has_blocks })
}

fn tell(traced: &Trace<'_>, typed: &Typed, view: &View) -> Shown {
    let mut ends: Vec<End> = traced.flow.hops.iter().flat_map(|hop| ends(traced, hop)).collect();
    let (column, way) = view.order();
    match column {
        "taint" => ends.sort_by_key(|end| end.taint),
        "value" => ends.sort_by_key(|end| end.value),
        "address" => ends.sort_by(|a, b| a.address.cmp(&b.address)),
        _ => ends.sort_by_key(|end| end.hop),
    }
    if way == "down" {
        ends.reverse();
    }
    let mut sheet = Sheet::new(typed.asked(), view, &trace::exhibit(traced));
    let columns = traced.comparison.iter().map(|flow| {
        let totals = &flow.totals;
        let sums = [
            totals.source.0 + totals.added.0,
            totals.reached.0,
            totals.unspent.0,
            totals.limited.0,
            totals.boundary.0,
            totals.fees.0,
        ];
        let (policy, chosen) = (flow.policy.name(), traced.parameters.policy.name());
        sheet.column(policy, chosen, sums.map(bitcoin).to_vec(), flow.hops.len() - 1)
    });
    sheet.columns = columns.collect();
    sheet.drawn = trace::layout::board(traced, &view.open_layers()).pieces.len();
    let passed = traced.flow.hops.iter().map(|hop| pass(traced, hop)).collect();
    Shown {
        ends: sheet.rows("ends", ends),
        passed: sheet.rows("way", passed),
        boundaries: sheet.rows("boundaries", boundaries(traced)),
        sheet,
    }
}

fn ends<'a>(traced: &'a Trace<'_>, hop: &'a Hop) -> impl Iterator<Item = End> + 'a {
    let rests = |output: &&HopOutput| !matches!(output.fate, Fate::Clean | Fate::Followed);
    hop.outputs.iter().filter(rests).map(|output| {
        let tag = output.address.as_ref().and_then(|address| traced.parameters.tags.get(address));
        End {
            hop: hop.hop,
            output: format!("{}:{}", traced.view.txid(hop.transaction), output.vout),
            address: output.address.clone(),
            label: tag.map(|tag| tag.label.clone()),
            value: output.lot.value.0,
            taint: output.lot.taint.0,
            fate_key: match output.fate {
                Fate::Reached => "fate-reached",
                Fate::BelowAmount => "fate-below-amount",
                Fate::BelowShare => "fate-below-share",
                Fate::Unspendable => "fate-unspendable",
                Fate::Clean | Fate::Followed | Fate::Unspent => "fate-unspent",
            },
        }
    })
}

fn pass(traced: &Trace<'_>, hop: &Hop) -> Passed {
    let sum = |of: fn(&trace::taint::Lot) -> u64| hop.inputs.iter().map(|i| of(&i.lot)).sum();
    let block = traced.view.block_of(hop.transaction);
    Passed {
        hop: hop.hop,
        txid: traced.view.txid(hop.transaction).to_string(),
        height: traced.view.height(block).map(|height| height.0),
        entered: if hop.hop == 0 { traced.flow.totals.source.0 } else { sum(|lot| lot.taint.0) },
        worth: sum(|lot| lot.value.0),
        outputs: hop.outputs.iter().filter(|output| output.lot.taint.0 > 0).count(),
    }
}

fn boundaries(traced: &Trace<'_>) -> Vec<Boundary> {
    let stops = traced.flow.stops.iter();
    stops
        .map(|stop| {
            let (reason_key, count) = match &stop.reason {
                StopReason::UnknownInputs(points) => ("stop-unknown-inputs", points.len()),
                StopReason::UnknownFees { count } => ("stop-unknown-fees", *count as usize),
                StopReason::Claim => ("stop-claim", 0),
                StopReason::Hops => ("stop-hops", 0),
                StopReason::Transactions => ("stop-transactions", 0),
            };
            Boundary {
                hop: stop.hop,
                txid: traced.view.txid(stop.transaction).to_string(),
                reason_key,
                count,
                taint: stop.inputs.iter().map(|input| input.lot.taint.0).sum(),
            }
        })
        .collect()
}

/// Follows what an address asks, for whoever may, and makes a file of it.
async fn file<T>(
    site: &Site,
    by: &SignedIn,
    typed: &Typed,
    make: impl FnOnce(&Trace<'_>) -> T,
) -> Result<T, Problem> {
    by.allowed(Action::FollowMoney)?;
    let question = typed.question(&by.frame).map_err(|wrong| first_mistake(&by.frame, wrong))?;
    Ok(site.node.follow(by.actor(), &question, make).await?)
}

pub(super) fn attached(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}

/// The exhibit, which `comity trace replay` recomputes.
///
/// # Errors
/// For whoever may not follow money, or when the question cannot be asked.
pub async fn exhibit(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(typed): Query<Typed>,
) -> Result<Response, Problem> {
    #[expect(clippy::redundant_closure, reason = "the function alone is not general enough")]
    let bytes = file(&site, &by, &typed, |traced| trace::exhibit(traced)).await?;
    Ok(attached("exhibit.json", "application/json", bytes))
}

/// The picture as it stands in a package.
///
/// # Errors
/// As [`exhibit`].
pub async fn picture(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(typed): Query<Typed>,
) -> Result<Response, Problem> {
    #[expect(clippy::redundant_closure, reason = "the function alone is not general enough")]
    let text = file(&site, &by, &typed, |traced| trace::svg(traced)).await?;
    Ok(attached("picture.svg", "image/svg+xml", text.into_bytes()))
}

/// The flow as CSV, see docs/formats/trace-csv.md.
///
/// # Errors
/// As [`exhibit`].
pub async fn flow_csv(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(typed): Query<Typed>,
) -> Result<Response, Problem> {
    #[expect(clippy::redundant_closure, reason = "the function alone is not general enough")]
    let text = file(&site, &by, &typed, |traced| trace::table::flow_csv(traced)).await?;
    Ok(attached("flow.csv", "text/csv; charset=utf-8", text.into_bytes()))
}

/// Puts the trace that a page showed into the package of a request.
///
/// # Errors
/// As [`exhibit`]; when the trace is no longer what was shown; or as the desk says.
pub async fn keep(
    State(site): State<Arc<Site>>,
    posted: Posted<Keep<Typed>>,
) -> Result<Response, Problem> {
    let (by, fields) = (posted.by, posted.fields);
    by.allowed(Action::FollowMoney)?;
    let question =
        fields.typed.question(&by.frame).map_err(|wrong| first_mistake(&by.frame, wrong))?;
    let (place, shown) = (fields.place()?, fields.shown()?);
    site.node.keep_trace(by.actor(), place, &question, shown).await?;
    Ok(kept(place))
}

/// To the request that has the exhibit now.
pub(super) fn kept((request, ask): (RequestId, AskNumber)) -> Response {
    Redirect::to(&format!("/requests/{request}#ask-{ask}")).into_response()
}

/// The board: pieces with their places and links, for the script that draws it.
///
/// # Errors
/// As [`exhibit`].
pub async fn board(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(typed): Query<Typed>,
    Query(view): Query<View>,
) -> Result<Response, Problem> {
    let open = view.open_layers();
    let board = file(&site, &by, &typed, |traced| trace::layout::board(traced, &open)).await?;
    Ok(Json(board_json(&board)).into_response())
}

pub(super) fn board_json(board: &Board) -> Value {
    let pieces: Vec<Value> = board
        .pieces
        .iter()
        .map(|piece| {
            let card = &piece.card;
            let lines: Vec<&str> = card.lines.iter().map(|line| line.text.as_str()).collect();
            json!({
                "key": piece.key,
                "role": role_word(card.role),
                "x": card.x + card.width / 2,
                "y": card.y + card.height / 2,
                "width": card.width,
                "height": card.height,
                "text": lines.join("\n"),
                "title": card.title,
                "opens": piece.opens.map(|(first, last)| format!("{first}-{last}")),
            })
        })
        .collect();
    let links: Vec<Value> = board
        .links
        .iter()
        .map(|link| {
            json!({
                "from": board.pieces[link.from].key,
                "to": board.pieces[link.to].key,
                "amount": link.amount,
                "tenths": link.thickness,
            })
        })
        .collect();
    json!({ "pieces": pieces, "links": links })
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Source => "source",
        Role::Transaction => "transaction",
        Role::Reached => "reached",
        Role::Boundary => "boundary",
        Role::Limited => "limited",
        Role::Unspent => "unspent",
        Role::Counted => "counted",
    }
}
