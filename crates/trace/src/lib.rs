//! What it means: taint policies, walks, exhibits, the layout of the picture.
//!
//! Knows no files, no clock and no keys, and nothing about a case: it is given a view of the chain
//! and parameters, and the result depends on those and the engine's version only. All three are in
//! the exhibit, so that anybody with the same blocks can [`replay()`] it to the same bytes.
//!
//! - [`parameters`]: source, policy, limits, tags.
//! - [`cluster`]: addresses of one owner, with reasons; [`coinjoin`]: transactions of several
//!   people.
//! - [`change`] and [`peel`]: guesses about what a payer keeps; [`hypothesis`]: links that rest on
//!   them, apart from clusters; [`deposit`]: the same for accounts, by exchanges' deposit accounts.
//! - [`taint`]: how taint passes one transaction, under five rules.
//! - [`frontier`]: the walk forward in chain order; [`flow`]: what it found, in ids and addresses.
//! - [`backward`]: where an output's money came from; [`exposure`]: many sources in one pass.
//! - [`share`]: shares of all transactions on plain columns, for a first look.
//! - [`watch`]: lots that move raise alerts.
//! - [`mod@exhibit`]: the JSON that a court receives, and its replay.
//! - [`layout`] and [`mod@svg`]: the picture; [`table`]: the flow as CSV.
//! - [`account`]: the same over accounts (EVM, Tron); [`poisoning`]: bait; [`swap`]: candidates for
//!   what came back.
//! - [`synthetic`]: made-up chains of which every owner is known.
#![forbid(unsafe_code)]

pub mod account;
pub mod attribution;
pub mod backward;
pub mod change;
pub mod cluster;
pub mod coinjoin;
pub mod deposit;
pub mod exhibit;
pub mod exposure;
pub mod flow;
pub mod frontier;
pub mod hypothesis;
pub mod layout;
pub mod parameters;
pub mod peel;
mod pending;
pub mod poisoning;
pub mod share;
pub mod svg;
pub mod swap;
pub mod synthetic;
pub mod table;
pub mod taint;
pub mod watch;

pub use exhibit::{Replay, ReplayError, exhibit, replay};
pub use flow::{
    Fate, Flow, Hop, HopInput, HopOutput, Origin, Stop, StopReason, Totals, TraceError,
};
pub use parameters::{FeeRule, Limits, Parameters, ParseError, Policy, Source, Tag, Tags};
pub use svg::{account_svg, svg};

use chain::{ChainView, Utxo};

/// The version recorded in exhibits; a replay needs the same.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// A finished trace: the flow under the chosen policy, and under the others for comparison.
#[derive(Clone, Debug)]
pub struct Trace<'a, C = ChainView> {
    /// The blocks it rests on.
    pub view: &'a C,
    /// What was asked.
    pub parameters: Parameters,
    /// Where the money went under the chosen policy.
    pub flow: Flow,
    /// The same source under every policy, in the order of [`Policy::ALL`].
    pub comparison: Vec<Flow>,
}

/// An output at a tagged address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The output.
    pub output: chain::OutPoint,
    /// Transactions from the source.
    pub hop: u32,
    /// The address.
    pub address: String,
    /// Whose it is said to be.
    pub tag: Tag,
    /// The output's value.
    pub value: chain::Satoshi,
    /// How much of that is tainted under the chosen policy.
    pub taint: chain::Satoshi,
}

/// Follows the source under the chosen policy and, for comparison, under all others.
pub fn run<'a, C: Utxo>(view: &'a C, parameters: &Parameters) -> Result<Trace<'a, C>, TraceError> {
    let parameters = parameters.clone();
    let comparison = flow::follow_all(view, &parameters)?;
    let chosen = comparison.iter().find(|flow| flow.policy == parameters.policy);
    let flow = chosen.expect("ALL holds every policy").clone();
    Ok(Trace { view, parameters, flow, comparison })
}

impl<C: Utxo> Trace<'_, C> {
    /// The outputs at tagged addresses, in chain order.
    pub fn reached(&self) -> Vec<Reached> {
        let mut reached = Vec::new();
        for hop in &self.flow.hops {
            for output in hop.outputs.iter().filter(|output| output.fate == Fate::Reached) {
                let Some(address) = &output.address else { continue };
                let Some(tag) = self.parameters.tags.get(address) else { continue };
                reached.push(Reached {
                    output: self.outpoint(hop, output),
                    hop: hop.hop,
                    address: address.clone(),
                    tag: tag.clone(),
                    value: output.lot.value,
                    taint: output.lot.taint,
                });
            }
        }
        reached
    }

    fn outpoint(&self, hop: &Hop, output: &HopOutput) -> chain::OutPoint {
        chain::OutPoint { txid: self.view.txid(hop.transaction), vout: output.vout }
    }
}
