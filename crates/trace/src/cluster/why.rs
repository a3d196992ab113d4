//! Why two addresses are in one cluster, and what would be without one transaction. Knows only what
//! the chain says, recomputed when asked: clusters keep no reasons.

use super::{ClusterNumber, Clusters, merged_by};
use chain::{AddressNumber, TxNumber, Utxo};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Addresses that one question looks at, at most.
pub const ADDRESSES_VISITED_MAX: usize = 5_000_000;

/// One link of the chain between two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The address nearer to the first one asked about.
    pub from: AddressNumber,
    /// The transaction that spends from both.
    pub transaction: TxNumber,
    /// The address nearer to the second one.
    pub to: AddressNumber,
}

/// Why there is no chain of merges to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyError {
    /// They are in two clusters.
    #[error("the addresses are in two clusters, {} and {}: no merge joins them", .0.0.0, .1.0.0)]
    Apart(ClusterNumber, ClusterNumber),
    /// The search became too large.
    #[error("more than {ADDRESSES_VISITED_MAX} addresses lie between them; the search stopped")]
    TooMany,
}

/// What a cluster is without one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The transaction left out.
    pub transaction: TxNumber,
    /// The cluster it is in.
    pub cluster: ClusterNumber,
    /// What remains together, by cluster number; one part means that nothing rests on this
    /// transaction alone.
    pub parts: Vec<Part>,
}

/// Addresses that stay together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number.
    pub cluster: ClusterNumber,
    /// All of them, ascending.
    pub addresses: Vec<AddressNumber>,
}

/// Why a transaction cannot be cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// It merges nothing.
    #[error(
        "the transaction merges no addresses: it spends from fewer than two, or looks like a \
         CoinJoin, or is contested or cut already"
    )]
    MergesNothing,
    /// The cluster is too large to take apart.
    #[error("the cluster has more than {ADDRESSES_VISITED_MAX} addresses; the search stopped")]
    TooMany,
}

/// The shortest chain of merging transactions from one address to another, empty from an address
/// to itself. Of several shortest chains the same one is always told.
pub fn why_merged<C: Utxo>(
    chain: &C,
    clusters: &Clusters,
    from: AddressNumber,
    to: AddressNumber,
) -> Result<Vec<Step>, WhyError> {
    let (first, second) = (clusters.of(from), clusters.of(to));
    if first != second {
        return Err(WhyError::Apart(first, second));
    }
    let merges = Merges::new(chain, clusters, None);
    let (mut near, mut far) = (Wave::from(from), Wave::from(to));
    // Both waves are whole levels, so the first meeting lies on a shortest chain.
    let middle = loop {
        let (small, large) =
            if near.edge.len() <= far.edge.len() { (&mut near, &far) } else { (&mut far, &near) };
        if let Some(middle) = small.meets(large) {
            break middle;
        }
        small.advance(&merges);
        if near.reached.len() + far.reached.len() > ADDRESSES_VISITED_MAX {
            return Err(WhyError::TooMany);
        }
        assert!(
            !(near.edge.is_empty() && far.edge.is_empty()),
            "addresses of one cluster are connected"
        );
    };
    let mut steps = near.path(middle);
    steps.reverse();
    let turned = far.path(middle).into_iter();
    steps.extend(turned.map(|step| Step { from: step.to, to: step.from, ..step }));
    Ok(steps)
}

/// How a transaction's cluster falls apart when the transaction merges nothing.
pub fn what_if_cut<C: Utxo>(
    chain: &C,
    clusters: &Clusters,
    transaction: TxNumber,
) -> Result<Cut, CutError> {
    let mut refused = clusters.contested.iter().map(|contested| contested.transaction);
    let merged = merged_by(chain, &clusters.rule, transaction);
    let Some(first) = merged.first() else { return Err(CutError::MergesNothing) };
    if refused.any(|contested| contested == transaction) {
        return Err(CutError::MergesNothing);
    }
    let merges = Merges::new(chain, clusters, Some(transaction));
    let mut parts: BTreeMap<AddressNumber, Part> = BTreeMap::new();
    let mut placed: BTreeSet<AddressNumber> = BTreeSet::new();
    for address in &merged {
        if placed.contains(address) {
            continue;
        }
        let mut wave = Wave::from(*address);
        while !wave.edge.is_empty() {
            wave.advance(&merges);
            if placed.len() + wave.reached.len() > ADDRESSES_VISITED_MAX {
                return Err(CutError::TooMany);
            }
        }
        let mut addresses: Vec<AddressNumber> = wave.reached.into_keys().collect();
        addresses.sort_unstable();
        placed.extend(addresses.iter().copied());
        parts.insert(addresses[0], Part { cluster: ClusterNumber(addresses[0]), addresses });
    }
    let cluster = clusters.of(*first);
    Ok(Cut { transaction, cluster, parts: parts.into_values().collect() })
}

/// The merging transactions of a chain, but for those that were refused or are left out.
struct Merges<'a, C> {
    chain: &'a C,
    clusters: &'a Clusters,
    out: BTreeSet<TxNumber>,
}

impl<'a, C: Utxo> Merges<'a, C> {
    fn new(chain: &'a C, clusters: &'a Clusters, without: Option<TxNumber>) -> Merges<'a, C> {
        let refused = clusters.contested.iter().map(|contested| contested.transaction);
        Merges { chain, clusters, out: refused.chain(without).collect() }
    }

    fn of(&self, address: AddressNumber) -> impl Iterator<Item = TxNumber> {
        let merges = self.clusters.merges_of(self.chain, address).into_iter();
        merges.filter(|number| !self.out.contains(number))
    }
}

/// Addresses reached level by level from one.
struct Wave {
    /// How each was reached first: over this transaction from that address.
    reached: HashMap<AddressNumber, Option<(TxNumber, AddressNumber)>>,
    /// Those of the last level, ascending.
    edge: Vec<AddressNumber>,
    /// Transactions that were looked at: each leads everywhere it can at once.
    passed: BTreeSet<TxNumber>,
}

impl Wave {
    fn from(address: AddressNumber) -> Wave {
        let reached = HashMap::from([(address, None)]);
        Wave { reached, edge: vec![address], passed: BTreeSet::new() }
    }

    /// The smallest address of the edge that the other wave has reached.
    fn meets(&self, other: &Wave) -> Option<AddressNumber> {
        self.edge.iter().copied().find(|address| other.reached.contains_key(address))
    }

    /// One level further. Of several ways to an address the one over the smallest address, then
    /// transaction, is kept.
    fn advance<C: Utxo>(&mut self, merges: &Merges<'_, C>) {
        let mut next = Vec::new();
        for from in std::mem::take(&mut self.edge) {
            for number in merges.of(from) {
                if !self.passed.insert(number) {
                    continue;
                }
                for to in merged_by(merges.chain, &merges.clusters.rule, number) {
                    if let std::collections::hash_map::Entry::Vacant(free) = self.reached.entry(to)
                    {
                        free.insert(Some((number, from)));
                        next.push(to);
                    }
                }
            }
        }
        next.sort_unstable();
        self.edge = next;
    }

    /// The steps back from an address to where the wave began.
    fn path(&self, mut address: AddressNumber) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some(Some((transaction, from))) = self.reached.get(&address).copied() {
            steps.push(Step { from, transaction, to: address });
            address = from;
        }
        steps
    }
}
