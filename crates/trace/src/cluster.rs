//! Addresses that one owner controls, by what they spend together. Knows no names, and no change:
//! guesses about change live in [`crate::hypothesis`], apart from this.
//!
//! The assumption is that whoever signs for two inputs of a transaction owns both (Nakamoto 2008,
//! section 10; Meiklejohn et al., "A Fistful of Bitcoins", IMC 2013, heuristic 1). It is wrong for
//! CoinJoins, which are left out by their shape ([`crate::coinjoin`]), and for PayJoins, which have
//! no shape; a custodian's addresses are its own and not its customers'. So a cluster is a claim
//! with reasons: [`why_merged`] recomputes them from the chain, and [`what_if_cut`] says what
//! remains without one of them.
//!
//! A cluster's number is its smallest address number; it does not depend on the order of work or on
//! the number of threads. Adding blocks only ever merges, so that numbers only ever get smaller.
//!
//! - [`components`]: the kernel over plain numbers.
//! - [`live`]: block by block, with undo.
//! - [`explain`]: reasons in words and as JSON.

use crate::coinjoin;
use chain::{AddressNumber, InputNumber, ScriptType, Spent, TxNumber, Utxo};
use components::Forest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

pub mod components;
mod contested;
pub mod explain;
mod guarded;
pub mod live;
mod why;

pub use components::components;
pub use contested::{Contested, Side};
pub(crate) use guarded::Named;
pub use why::{Cut, CutError, Part, Step, WhyError, what_if_cut, why_merged};

/// A cluster, named by its smallest address number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterNumber(pub AddressNumber);

/// Which transactions merge, and what they merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Transactions of several people.
    pub coinjoins: Coinjoins,
    /// Bare multisig.
    pub multisig: Multisig,
    /// Transactions that an analyst took out; they merge nothing.
    pub cut: BTreeSet<TxNumber>,
}

/// What is done with transactions that look like CoinJoins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coinjoins {
    /// None merges, whatever its shape.
    #[default]
    LeaveOut,
    /// Those of BlockSci's general rule do not merge; what GraphSense does.
    LeaveOutGeneral,
    /// They merge like all others: known to be wrong, for comparison.
    Merge,
}

/// What spending a bare multisig output says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Multisig {
    /// Its script counts as one address; whose the keys are is not said.
    #[default]
    Whole,
    /// Each of its keys is taken for the spender's, as bare key and as key hash: what GraphSense
    /// does. An escrow between strangers becomes one owner by this.
    Keys,
}

/// Who is known, beyond doubt, to own an address. Two different names never share a cluster.
pub type Actors = BTreeMap<AddressNumber, String>;

/// All addresses of a chain in clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    rule: Rule,
    /// The smallest address number of each address's cluster.
    labels: Vec<u32>,
    /// In chain order.
    contested: Vec<Contested>,
    /// Transactions that merge an address without spending an output of this chain that pays it.
    beside: Beside,
}

/// Merging transactions that the chain's own posting lists do not lead to.
type Beside = BTreeMap<AddressNumber, Vec<TxNumber>>;

/// Puts all addresses into clusters, on all processors.
pub fn clusters<C: Utxo>(chain: &C, rule: Rule, actors: &Actors) -> Clusters {
    clusters_with(chain, rule, actors, components::workers())
}

/// The same with a given number of threads; the result does not depend on it.
pub fn clusters_with<C: Utxo>(chain: &C, rule: Rule, actors: &Actors, workers: usize) -> Clusters {
    let forest = Forest::new(chain.address_count());
    let next = AtomicU32::new(0);
    let mut beside = Beside::new();
    std::thread::scope(|scope| {
        let work = || merge_batches(chain, &rule, &forest, &next);
        let others: Vec<_> = (1..workers.max(1)).map(|_| scope.spawn(work)).collect();
        let mut found = vec![work()];
        found.extend(others.into_iter().map(|other| other.join().expect("no worker panics")));
        for (address, transaction) in found.into_iter().flatten() {
            beside.entry(address).or_default().push(transaction);
        }
    });
    beside.values_mut().for_each(|transactions| transactions.sort_unstable());
    let labels = forest.labels(workers);
    let mut clusters = Clusters { rule, labels, contested: Vec::new(), beside };
    contested::keep_apart(chain, &mut clusters, actors);
    clusters
}

impl Clusters {
    /// The cluster of an address. Panics on a number of another chain.
    pub fn of(&self, address: AddressNumber) -> ClusterNumber {
        ClusterNumber(AddressNumber(self.labels[address.0 as usize]))
    }

    /// By which rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// How many addresses are in them.
    pub fn address_count(&self) -> u32 {
        self.labels.len() as u32
    }

    /// How many there are, those of one address included.
    pub fn count(&self) -> u32 {
        let roots = self.labels.iter().enumerate();
        roots.filter(|(index, label)| *index as u32 == **label).count() as u32
    }

    /// Its addresses, ascending; one pass over all addresses.
    pub fn members(&self, cluster: ClusterNumber) -> Vec<AddressNumber> {
        let label = cluster.0.0;
        let all = self.labels.iter().enumerate().skip(label as usize);
        let members = all.filter(|(_, other)| **other == label);
        members.map(|(index, _)| AddressNumber(index as u32)).collect()
    }

    /// Addresses of each cluster that has more than one, by cluster.
    pub fn sizes(&self) -> BTreeMap<ClusterNumber, u32> {
        let mut counts = vec![0u32; self.labels.len()];
        self.labels.iter().for_each(|label| counts[*label as usize] += 1);
        let large = counts.into_iter().enumerate().filter(|(_, count)| *count > 1);
        large.map(|(label, n)| (ClusterNumber(AddressNumber(label as u32)), n)).collect()
    }

    /// Merges that were not made because two names would share a cluster, in chain order.
    pub fn contested(&self) -> &[Contested] {
        &self.contested
    }

    /// The smallest address number of each address's cluster, by address number.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Transactions that spend from an address and merge by the rule, ascending.
    fn merges_of<C: Utxo>(&self, chain: &C, address: AddressNumber) -> Vec<TxNumber> {
        let outputs = chain.outputs_to(address);
        let mut found: Vec<TxNumber> =
            outputs.into_iter().filter_map(|output| chain.spender(output)).collect();
        found.extend(self.beside.get(&address).into_iter().flatten());
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The addresses that a transaction says have one owner, ascending: two or more, or none.
pub fn merged_by<C: Utxo>(chain: &C, rule: &Rule, transaction: TxNumber) -> Vec<AddressNumber> {
    if rule.cut.contains(&transaction) {
        return Vec::new();
    }
    let mut merged: Vec<AddressNumber> = Vec::new();
    for input in chain.inputs_of(transaction).map(InputNumber) {
        merged.extend(chain.input_address(input));
        if rule.multisig == Multisig::Keys {
            merged.extend(keys_of(chain, input));
        }
    }
    merged.sort_unstable();
    merged.dedup();
    if merged.len() < 2 || is_left_out(chain, rule, transaction) {
        merged.clear();
    }
    merged
}

fn is_left_out<C: Utxo>(chain: &C, rule: &Rule, transaction: TxNumber) -> bool {
    match rule.coinjoins {
        Coinjoins::LeaveOut => coinjoin::is_joint(chain, transaction),
        Coinjoins::LeaveOutGeneral => coinjoin::is_general(chain, transaction),
        Coinjoins::Merge => false,
    }
}

/// Transactions that a thread takes at a time: enough that taking costs nothing.
const BATCH_TRANSACTIONS: u32 = 1 << 12;

/// Merges batch after batch until none is left; returns what [`Clusters::beside`] holds.
fn merge_batches<C: Utxo>(
    chain: &C,
    rule: &Rule,
    forest: &Forest,
    next: &AtomicU32,
) -> Vec<(AddressNumber, TxNumber)> {
    let count = chain.transaction_count();
    let mut beside = Vec::new();
    loop {
        let start = next.fetch_add(BATCH_TRANSACTIONS, Ordering::Relaxed);
        if start >= count {
            return beside;
        }
        for number in (start..count.min(start + BATCH_TRANSACTIONS)).map(TxNumber) {
            let inputs = chain.inputs_of(number);
            if inputs.end - inputs.start < 2 && rule.multisig == Multisig::Whole {
                continue;
            }
            let merged = merged_by(chain, rule, number);
            let Some((first, others)) = merged.split_first() else { continue };
            others.iter().for_each(|other| forest.join(first.0, other.0));
            beside.extend(beside_of(chain, rule, number).map(|address| (address, number)));
        }
    }
}

/// The addresses that a merging transaction merges without spending an output here that pays them.
fn beside_of<C: Utxo>(
    chain: &C,
    rule: &Rule,
    transaction: TxNumber,
) -> impl Iterator<Item = AddressNumber> {
    let mut beside = BTreeSet::new();
    for input in chain.inputs_of(transaction).map(InputNumber) {
        if let Spent::Outside { address: Some(address), .. } = chain.spent(input) {
            beside.insert(address);
        }
        if rule.multisig == Multisig::Keys {
            beside.extend(keys_of(chain, input));
        }
    }
    beside.into_iter()
}

/// The addresses of single keys in a bare multisig script that an input spends, where the chain
/// has them.
fn keys_of<C: Utxo>(chain: &C, input: InputNumber) -> Vec<AddressNumber> {
    let Some(address) = chain.input_address(input) else { return Vec::new() };
    if let Spent::Inside(output) = chain.spent(input)
        && chain.script_type(output) != ScriptType::Multisig
    {
        return Vec::new();
    }
    let scripts = chain::script::keys_of_multisig(&chain.script_of(address));
    scripts.iter().filter_map(|script| chain.address_number(script)).collect()
}
