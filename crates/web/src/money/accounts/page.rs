//! The page of a trace over accounts, and the files that are taken along.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chain::account::AccountChain;
use desk::policy::Action;
use trace::account::{AccountPolicy, AccountTrace};

use super::super::page::{attached, board_json, kept};
use super::super::sheet::{Keep, View, choices, first_mistake};
use super::question::Typed;
use super::shown::{SUMS, Shown, tell};
use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::site::Site;

#[derive(Template)]
#[template(path = "money/accounts.html")]
struct AccountsPage {
    frame: Frame,
    typed: Typed,
    view: View,
    chains: Vec<AccountChain>,
    policies: Vec<(&'static str, bool)>,
    mistakes: Mistakes,
    shown: Option<Shown>,
}

impl AccountsPage {
    fn is_chain(&self, chain: &AccountChain) -> bool {
        self.typed.chain(&self.chains) == Some(*chain)
    }

    /// A chain's name for people; the EIP-155 number where there is none.
    fn chain_name(&self, chain: &AccountChain) -> String {
        match chain {
            AccountChain::Evm { chain_id: 1 } => "Ethereum".to_owned(),
            AccountChain::Evm { chain_id } => format!("EVM {chain_id}"),
            AccountChain::Tron => "Tron".to_owned(),
        }
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
    let chains = site.node.accounts.names();
    let (mut mistakes, mut shown) = (Mistakes::default(), None);
    if !typed.from.trim().is_empty() && !chains.is_empty() {
        match typed.question(&by.frame, &chains) {
            Err(wrong) => mistakes = wrong,
            Ok(question) => {
                let tell = |traced: &AccountTrace<'_>| tell(traced, &typed, &view);
                match site.node.follow_accounts(by.actor(), &question, tell).await {
                    Ok(mut told) => {
                        told.sheet.offer(&site, &by).await?;
                        shown = Some(told);
                    }
                    Err(error) => mistakes.take(&by.frame, error)?,
                }
            }
        }
    }
    let policies = choices(&AccountPolicy::ALL, typed.policy(), AccountPolicy::name);
    html(&AccountsPage { frame: by.frame, typed, view, chains, policies, mistakes, shown })
}

/// Follows what an address asks, for whoever may, and makes a file of it.
async fn file<T>(
    site: &Site,
    by: &SignedIn,
    typed: &Typed,
    make: impl FnOnce(&AccountTrace<'_>) -> T,
) -> Result<T, Problem> {
    by.allowed(Action::FollowMoney)?;
    let chains = site.node.accounts.names();
    let question =
        typed.question(&by.frame, &chains).map_err(|wrong| first_mistake(&by.frame, wrong))?;
    Ok(site.node.follow_accounts(by.actor(), &question, make).await?)
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
    let bytes = file(&site, &by, &typed, trace::account::exhibit).await?;
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
    let text = file(&site, &by, &typed, trace::account_svg).await?;
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
    let text = file(&site, &by, &typed, trace::table::account_csv).await?;
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
    let chains = site.node.accounts.names();
    let question = fields.typed.question(&by.frame, &chains);
    let question = question.map_err(|wrong| first_mistake(&by.frame, wrong))?;
    let (place, shown) = (fields.place()?, fields.shown()?);
    site.node.keep_account_trace(by.actor(), place, &question, shown).await?;
    Ok(kept(place))
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
    let draw = |traced: &AccountTrace<'_>| trace::layout::account_board(traced, &open);
    let board = file(&site, &by, &typed, draw).await?;
    Ok(Json(board_json(&board)).into_response())
}
