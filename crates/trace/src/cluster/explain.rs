//! Reasons in words and as JSON, for people who check them with any node. Knows no case.

use super::{Clusters, Contested, Cut, Rule, WhyError, what_if_cut, why_merged};
use super::{Coinjoins, CutError, Multisig};
use chain::{AddressNumber, TxNumber, Utxo};
use serde::Serialize;
use std::fmt;

/// What every cluster rests on.
pub const ASSUMPTION: &str = "whoever signs for two inputs of a transaction owns both; wrong for \
     PayJoins and for CoinJoins of unknown shape (docs/error-rates.md)";

/// Addresses of one part that are listed.
pub const LISTED_MAX: usize = 20;

/// Whether and why two addresses have one owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The version that found it.
    pub engine_version: &'static str,
    /// What it rests on.
    pub assumption: &'static str,
    /// Which transactions merge.
    pub rule: RuleText,
    /// The first address.
    pub from: String,
    /// The second address.
    pub to: String,
    /// Addresses in the cluster of the first.
    pub from_cluster_addresses: u64,
    /// Addresses in the cluster of the second.
    pub to_cluster_addresses: u64,
    /// The shortest chain of merges; none when no merges join them.
    pub steps: Option<Vec<StepText>>,
    /// Merges between the two that were not made.
    pub contested: Vec<ContestedText>,
}

/// A rule by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleText {
    /// What is done with CoinJoins.
    pub coinjoins: &'static str,
    /// What is done with bare multisig.
    pub multisig: &'static str,
    /// Transactions taken out.
    pub cut: Vec<String>,
}

/// One merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepText {
    /// The transaction that spends from both.
    pub txid: String,
    /// One address.
    pub from: String,
    /// The other.
    pub to: String,
}

/// A merge that two names stand against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContestedText {
    /// The transaction.
    pub txid: String,
    /// For each side the name, where one is known, and addresses that the transaction spends from.
    pub sides: Vec<(Option<String>, Vec<String>)>,
}

/// A cluster without one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CutText {
    /// The transaction.
    pub txid: String,
    /// What stays together, by the smallest address number.
    pub parts: Vec<PartText>,
}

/// Addresses that stay together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartText {
    /// How many.
    pub address_count: u64,
    /// The first of them, [`LISTED_MAX`] at most.
    pub addresses: Vec<String>,
}

/// Explains why two addresses are in one cluster, or that they are not.
///
/// # Errors
/// When the search between them becomes too large.
pub fn explain<C: Utxo>(
    chain: &C,
    clusters: &Clusters,
    from: AddressNumber,
    to: AddressNumber,
) -> Result<Explanation, WhyError> {
    let steps = match why_merged(chain, clusters, from, to) {
        Ok(steps) => Some(steps),
        Err(WhyError::Apart(..)) => None,
        Err(error) => return Err(error),
    };
    let step = |step: super::Step| StepText {
        txid: chain.txid(step.transaction).to_string(),
        from: name(chain, step.from),
        to: name(chain, step.to),
    };
    let size = |address| clusters.members(clusters.of(address)).len() as u64;
    let ends = [clusters.of(from), clusters.of(to)];
    let between = |one: &&Contested| {
        let mut sides = one.sides.iter().flat_map(|side| side.addresses.first());
        ends[0] != ends[1] && sides.all(|address| ends.contains(&clusters.of(*address)))
    };
    let contested = clusters.contested().iter().filter(between);
    Ok(Explanation {
        engine_version: crate::ENGINE_VERSION,
        assumption: ASSUMPTION,
        rule: rule_text(chain, clusters.rule()),
        from: name(chain, from),
        to: name(chain, to),
        from_cluster_addresses: size(from),
        to_cluster_addresses: size(to),
        steps: steps.map(|steps| steps.into_iter().map(step).collect()),
        contested: contested.map(|one| contested_text(chain, one)).collect(),
    })
}

/// Tells how a transaction's cluster falls apart without it.
///
/// # Errors
/// As [`what_if_cut`].
pub fn explain_cut<C: Utxo>(
    chain: &C,
    clusters: &Clusters,
    transaction: TxNumber,
) -> Result<CutText, CutError> {
    let Cut { parts, .. } = what_if_cut(chain, clusters, transaction)?;
    let parts = parts.iter().map(|part| PartText {
        address_count: part.addresses.len() as u64,
        addresses: part.addresses.iter().take(LISTED_MAX).map(|one| name(chain, *one)).collect(),
    });
    Ok(CutText { txid: chain.txid(transaction).to_string(), parts: parts.collect() })
}

/// The address as people write it; its script where it has no such form.
fn name<C: Utxo>(chain: &C, address: AddressNumber) -> String {
    let spelled = chain.address_text(address);
    spelled.unwrap_or_else(|| format!("script:{}", hex::encode(chain.script_of(address))))
}

fn rule_text<C: Utxo>(chain: &C, rule: &Rule) -> RuleText {
    RuleText {
        coinjoins: match rule.coinjoins {
            Coinjoins::LeaveOut => "left out by every known shape",
            Coinjoins::LeaveOutGeneral => "left out by the general shape",
            Coinjoins::Merge => "merged",
        },
        multisig: match rule.multisig {
            Multisig::Whole => "a script is one address",
            Multisig::Keys => "each key is the spender's",
        },
        cut: rule.cut.iter().map(|cut| chain.txid(*cut).to_string()).collect(),
    }
}

fn contested_text<C: Utxo>(chain: &C, contested: &Contested) -> ContestedText {
    let sides = contested.sides.iter().map(|side| {
        let addresses = side.addresses.iter().take(LISTED_MAX).map(|one| name(chain, *one));
        (side.actor.clone(), addresses.collect())
    });
    ContestedText { txid: chain.txid(contested.transaction).to_string(), sides: sides.collect() }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (&self.from, &self.to);
        match &self.steps {
            None => {
                writeln!(f, "no merge joins {from} and {to}")?;
                let (first, second) = (self.from_cluster_addresses, self.to_cluster_addresses);
                writeln!(f, "their clusters have {first} and {second} addresses")?;
            }
            Some(steps) => {
                let (size, count) = (self.from_cluster_addresses, steps.len());
                writeln!(f, "{from} and {to} are in one cluster of {size} addresses")?;
                writeln!(f, "the shortest chain of merges between them has {count}:")?;
                for (place, step) in (1..).zip(steps) {
                    writeln!(f, "{place:>4}. {} and {}", step.from, step.to)?;
                    writeln!(f, "      both spent by {}", step.txid)?;
                }
            }
        }
        for one in &self.contested {
            writeln!(f, "contested: {} would join them", one.txid)?;
            for (actor, addresses) in &one.sides {
                let actor = actor.as_deref().unwrap_or("nobody known");
                writeln!(f, "      {actor}: {}", addresses.join(", "))?;
            }
        }
        let RuleText { coinjoins, multisig, .. } = &self.rule;
        writeln!(f, "CoinJoins are {coinjoins}; bare multisig: {multisig}")?;
        writeln!(f, "assumed: {}", self.assumption)
    }
}

impl fmt::Display for CutText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.parts.len();
        match count {
            1 => writeln!(f, "without {} the cluster stays whole", self.txid)?,
            _ => writeln!(f, "without {} the cluster falls into {count} parts", self.txid)?,
        }
        for (place, part) in (1..).zip(&self.parts) {
            let more = part.address_count - part.addresses.len() as u64;
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let (count, addresses) = (part.address_count, part.addresses.join(", "));
            writeln!(f, "{place:>4}. {count}: {addresses}{more}")?;
        }
        Ok(())
    }
}
