//! The page of a trace: where the money came to rest, the policies side by side, the way it took.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chain::Utxo as _;
use desk::policy::Action;
use serde_json::{Value, json};
use server::app::trace::FollowedTrace as Trace;
use trace::Policy;
use trace::flow::{Fate, Hop, HopOutput, StopReason};
use trace::layout::{Board, Role};

use super::question::Typed;
use crate::form::Mistakes;
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

/// Rows of a table on the page; the exhibit has them all.
const ROWS_MAX: usize = 500;

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

/// The sums of one policy.
struct Column {
    policy: Policy,
    is_chosen: bool,
    query: String,
    sums: [u64; 6],
    transactions: usize,
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
    ends: Vec<End>,
    ends_left_out: usize,
    columns: Vec<Column>,
    passed: Vec<Passed>,
    passed_left_out: usize,
    boundaries: Vec<Boundary>,
    boundaries_left_out: usize,
    assumptions: Vec<String>,
    drawn: usize,
}

impl Shown {
    /// The exhibit calls the company's own deposit addresses in English; the page does not.
    fn name_own_deposits(&mut self, frame: &Frame) {
        let own = server::app::trace::own_label(&frame.company);
        let labels = self.ends.iter_mut().filter_map(|end| end.label.as_mut());
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
    policies: [Policy; 5],
    mistakes: Mistakes,
    shown: Option<Shown>,
    has_blocks: bool,
}

impl ShowPage {
    /// An amount as people read it.
    fn bitcoin(&self, satoshi: &u64) -> String {
        chain::Satoshi(*satoshi).bitcoin()
    }

    fn is_chosen(&self, policy: &Policy) -> bool {
        self.typed.policy() == Some(*policy)
    }

    fn sort_link(&self, column: &str) -> String {
        sort_link("/money", &self.typed.query(), &self.typed.sort, column)
    }

    fn sorted(&self, column: &str) -> &'static str {
        sorted(&self.typed.sort, column)
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
) -> Result<Response, Problem> {
    by.allowed(Action::FollowMoney)?;
    let (mut mistakes, mut shown) = (Mistakes::default(), None);
    if !typed.from.trim().is_empty() {
        match typed.question(&by.frame) {
            Err(wrong) => mistakes = wrong,
            Ok(question) => {
                let tell = |traced: &Trace<'_>| tell(traced, &typed);
                match site.node.follow(by.actor(), &question, tell).await {
                    Ok(mut told) => {
                        told.name_own_deposits(&by.frame);
                        shown = Some(told);
                    }
                    Err(error) => mistakes.take(&by.frame, error)?,
                }
            }
        }
    }
    let has_blocks = site.node.chain.is_some();
    let (frame, policies) = (by.frame, Policy::ALL);
    html(&ShowPage { frame, typed, policies, mistakes, shown, has_blocks })
}

fn tell(traced: &Trace<'_>, typed: &Typed) -> Shown {
    let mut ends: Vec<End> = traced.flow.hops.iter().flat_map(|hop| ends(traced, hop)).collect();
    let (column, way) = typed.sort.rsplit_once('-').unwrap_or(("hop", "up"));
    match column {
        "taint" => ends.sort_by_key(|end| end.taint),
        "value" => ends.sort_by_key(|end| end.value),
        "address" => ends.sort_by(|a, b| a.address.cmp(&b.address)),
        _ => ends.sort_by_key(|end| end.hop),
    }
    if way == "down" {
        ends.reverse();
    }
    let ends_left_out = cut(&mut ends);
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
        let asked = Typed { policy: flow.policy.name().to_owned(), ..typed.clone() };
        Column {
            policy: flow.policy,
            is_chosen: flow.policy == traced.parameters.policy,
            query: asked.query(),
            sums,
            transactions: flow.hops.len() - 1,
        }
    });
    let mut passed: Vec<Passed> = traced.flow.hops.iter().map(|hop| pass(traced, hop)).collect();
    let passed_left_out = cut(&mut passed);
    let mut boundaries = boundaries(traced);
    let boundaries_left_out = cut(&mut boundaries);
    let exhibit: Value = serde_json::from_slice(&trace::exhibit(traced)).unwrap_or_default();
    let assumptions = exhibit["assumptions"].as_array().cloned().unwrap_or_default();
    let board = trace::layout::board(traced, &typed.open_layers());
    Shown {
        ends,
        ends_left_out,
        columns: columns.collect(),
        passed,
        passed_left_out,
        boundaries,
        boundaries_left_out,
        assumptions: assumptions.iter().filter_map(|a| Some(a.as_str()?.to_owned())).collect(),
        drawn: board.pieces.len(),
    }
}

/// Keeps what fits the page; returns how many do not.
pub(super) fn cut<T>(rows: &mut Vec<T>) -> usize {
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    left_out
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

/// The address that sorts the ends by a column; once more turns the order around.
pub(super) fn sort_link(page: &str, query: &str, sort: &str, column: &str) -> String {
    let way = if sort == format!("{column}-up") { "down" } else { "up" };
    format!("{page}?{query}&sort={column}-{way}#ends")
}

/// How the ends are sorted by a column, in the words of `aria-sort`.
pub(super) fn sorted(sort: &str, column: &str) -> &'static str {
    match sort.strip_prefix(column) {
        Some("-up") => "ascending",
        Some("-down") => "descending",
        _ => "none",
    }
}

/// The first mistake, where there is no form beside which to show all.
pub(super) fn first_mistake(frame: &Frame, mistakes: Mistakes) -> server::error::Error {
    let first = mistakes.0.into_iter().next();
    let (place, why) = first.map_or_else(Default::default, |wrong| (wrong.field, wrong.text));
    // It is in the reader's words already.
    server::error::Error::input(place, why, frame.say("money-back-to-the-form"))
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

/// The board: pieces with their places and links, for the script that draws it.
///
/// # Errors
/// As [`exhibit`].
pub async fn board(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Query(typed): Query<Typed>,
) -> Result<Response, Problem> {
    let open = typed.open_layers();
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
