//! Peel chains: a large coin from which one payment after another is peeled off. Knows no owners; a
//! hop is a claim that the same software made two transactions, with the evidence beside it.
//!
//! After Kappos, Yousaf, Stütz, Rollet, Haslhofer, Meiklejohn, "How to Peel a Million: Validating
//! and Expanding Bitcoin Clusters", USENIX Security 2022 (arXiv 2205.13882): follow the output
//! whose spending transaction has the features of this one, and stop when several do, or none. The
//! choice of features is ours from what a chain tells ([`Feature`]); the paper's error rates do not
//! carry over, ours are in docs/error-rates.md.

use crate::change::{input_type, is_first_use};
use crate::coinjoin;
use chain::{OutputNumber, TxNumber, Utxo};
use std::fmt;

/// What two transactions can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// The version field.
    Version,
    /// Whether a lock time is set at all.
    LockTime,
    /// Whether it can be replaced (BIP 125).
    Replaceable,
    /// Whether it has witnesses.
    Witness,
    /// The script type of all inputs.
    InputType,
    /// One input, as peeling needs.
    Inputs,
    /// Two outputs, as peeling makes.
    Outputs,
    /// The output pays an address that was never used before, as change does.
    FreshAddress,
}

/// Whether a feature is the same on both sides of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agreement {
    /// The same.
    Agrees,
    /// Not the same: the output does not continue the chain.
    Differs,
    /// The blocks given do not tell.
    Unknown,
}

/// What speaks for an output as the chain's next link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The output.
    pub output: OutputNumber,
    /// Who spends it, where anybody here does.
    pub spender: Option<TxNumber>,
    /// Each feature in the order of [`Feature::ALL`].
    pub features: [Agreement; Feature::ALL.len()],
}

/// One transaction of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeelHop {
    /// Which.
    pub transaction: TxNumber,
    /// What was weighed, for each output that somebody can spend.
    pub evidence: Vec<Evidence>,
    /// The output that continues the chain; none in the last hop.
    pub next: Option<OutputNumber>,
}

/// A chain, as far as it can be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeelChain {
    /// From the first transaction on.
    pub hops: Vec<PeelHop>,
    /// Why it ends where it does.
    pub stop: PeelStop,
}

/// Why a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeelStop {
    /// No output continues it by its features.
    None,
    /// Nobody here spends any of its outputs yet.
    Unspent,
    /// More than one output continues it: following either would be a guess.
    Several,
    /// One output that somebody can spend, or none: nothing was peeled off.
    Single,
    /// A transaction of several people.
    CoinJoin,
    /// As many hops as were asked for.
    Hops,
}

/// Hops that a chain is followed for at most, unless the caller says less.
pub const HOPS_MAX: u32 = 100_000;

impl Feature {
    /// All, in the order of evidence.
    pub const ALL: [Feature; 8] = [
        Feature::Version,
        Feature::LockTime,
        Feature::Replaceable,
        Feature::Witness,
        Feature::InputType,
        Feature::Inputs,
        Feature::Outputs,
        Feature::FreshAddress,
    ];

    /// The name used in exhibits and reports.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Version => "version",
            Feature::LockTime => "lock-time",
            Feature::Replaceable => "replaceable",
            Feature::Witness => "witness",
            Feature::InputType => "input-type",
            Feature::Inputs => "inputs",
            Feature::Outputs => "outputs",
            Feature::FreshAddress => "fresh-address",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Evidence {
    /// Spent, and nothing differs.
    pub fn continues(&self) -> bool {
        self.spender.is_some() && !self.features.contains(&Agreement::Differs)
    }
}

/// Follows a chain forward from its first transaction, over at most so many hops.
pub fn follow<C: Utxo>(chain: &C, first: TxNumber, hops_max: u32) -> PeelChain {
    let mut hops: Vec<PeelHop> = Vec::new();
    let mut transaction = first;
    loop {
        let evidence = evidence(chain, transaction);
        let stop = match step(chain, transaction, &evidence) {
            Ok(_) if hops.len() >= hops_max.min(HOPS_MAX) as usize => PeelStop::Hops,
            Ok((output, spender)) => {
                hops.push(PeelHop { transaction, evidence, next: Some(output) });
                transaction = spender;
                continue;
            }
            Err(stop) => stop,
        };
        hops.push(PeelHop { transaction, evidence, next: None });
        return PeelChain { hops, stop };
    }
}

/// The one output that continues, and its spender, or why there is none.
fn step<C: Utxo>(
    chain: &C,
    transaction: TxNumber,
    evidence: &[Evidence],
) -> Result<(OutputNumber, TxNumber), PeelStop> {
    if coinjoin::is_joint(chain, transaction) {
        return Err(PeelStop::CoinJoin);
    }
    if evidence.len() < 2 {
        return Err(PeelStop::Single);
    }
    let mut continuing = evidence.iter().filter(|one| one.continues());
    match (continuing.next(), continuing.next()) {
        (Some(_), Some(_)) => Err(PeelStop::Several),
        (Some(Evidence { output, spender: Some(spender), .. }), None) => Ok((*output, *spender)),
        _ if evidence.iter().all(|one| one.spender.is_none()) => Err(PeelStop::Unspent),
        _ => Err(PeelStop::None),
    }
}

/// Weighs every output of a transaction that somebody can spend.
pub fn evidence<C: Utxo>(chain: &C, transaction: TxNumber) -> Vec<Evidence> {
    let outputs = chain.outputs_of(transaction).map(OutputNumber);
    let outputs = outputs.filter(|output| chain.address_of(*output).is_some());
    let weigh = |output| {
        let spender = chain.spender(output);
        let features =
            Feature::ALL.map(|feature| agreement(chain, feature, transaction, output, spender));
        Evidence { output, spender, features }
    };
    outputs.map(weigh).collect()
}

fn agreement<C: Utxo>(
    chain: &C,
    feature: Feature,
    here: TxNumber,
    output: OutputNumber,
    spender: Option<TxNumber>,
) -> Agreement {
    if feature == Feature::FreshAddress {
        return truth(Some(is_first_use(chain, here, output)));
    }
    let Some(there) = spender else { return Agreement::Unknown };
    let both = chain.features(here).zip(chain.features(there));
    truth(match feature {
        Feature::Version => both.map(|(a, b)| a.version == b.version),
        Feature::LockTime => both.map(|(a, b)| (a.lock_time > 0) == (b.lock_time > 0)),
        Feature::Replaceable => both.map(|(a, b)| a.replaceable == b.replaceable),
        Feature::Witness => both.map(|(a, b)| a.witness == b.witness),
        Feature::InputType => {
            // What the next transaction spends is this output, so its type is that of change.
            input_type(chain, here).map(|kind| kind == chain.script_type(output))
        }
        Feature::Inputs => Some(count(chain.inputs_of(there)) == 1),
        Feature::Outputs => Some(count(chain.outputs_of(there)) == 2),
        Feature::FreshAddress => None,
    })
}

fn truth(same: Option<bool>) -> Agreement {
    match same {
        Some(true) => Agreement::Agrees,
        Some(false) => Agreement::Differs,
        None => Agreement::Unknown,
    }
}

fn count(range: std::ops::Range<u64>) -> u64 {
    range.end - range.start
}
