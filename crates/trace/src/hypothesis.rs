//! Links between addresses that rest on guesses, kept apart from what co-spending says. Knows no
//! truth: a hypothesis has a name, every link says which guesses speak for and against it, and
//! clusters under a hypothesis are another type than [`Clusters`], so that nobody can take one for
//! the other.
//!
//! Möser and Narayanan ("Resurrecting Address Clustering in Bitcoin", FC 2022, arXiv 2107.05749)
//! find single change heuristics too unsafe to unite clusters by; so links are scored and the
//! analyst says how many votes are enough. The score ranks links; it is not a probability: the
//! measured rates by number of votes are in docs/error-rates.md.

use crate::change::{Heuristic, change_by, may_have_change};
use crate::cluster::{Actors, ClusterNumber, Clusters};
use chain::{AddressNumber, InputNumber, OutputNumber, TxNumber, Utxo};
use std::collections::BTreeMap;

/// Links that somebody wants to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypothesis {
    /// How exhibits call it.
    pub name: String,
    /// In chain order.
    pub links: Vec<Link>,
}

/// The guess that an output is the payer's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The payment.
    pub transaction: TxNumber,
    /// The output taken for change.
    pub output: OutputNumber,
    /// The smallest address of the inputs.
    pub from: AddressNumber,
    /// The address that the output pays.
    pub to: AddressNumber,
    /// The heuristics that leave this output alone.
    pub votes: Vec<Heuristic>,
    /// Those that leave another output alone.
    pub against: Vec<Heuristic>,
}

/// One whole, in the unit of scores.
pub const SCORE_WHOLE_PPM: u32 = 1_000_000;

impl Link {
    /// The share of votes among all that name one output, as if one more had been cast for each
    /// side; parts per million.
    pub fn score_ppm(&self) -> u32 {
        let (votes, all) = (self.votes.len(), self.votes.len() + self.against.len());
        (SCORE_WHOLE_PPM as usize * (votes + 1) / (all + 2)) as u32
    }
}

/// For each payment the output that most of these heuristics take for change; none where two have
/// the same number of votes.
pub fn change_links<C: Utxo>(chain: &C, name: &str, heuristics: &[Heuristic]) -> Hypothesis {
    let all = (0..chain.transaction_count()).map(TxNumber);
    let links = all.filter_map(|transaction| change_link(chain, transaction, heuristics)).collect();
    Hypothesis { name: name.to_owned(), links }
}

/// The same for one payment.
pub fn change_link<C: Utxo>(
    chain: &C,
    transaction: TxNumber,
    heuristics: &[Heuristic],
) -> Option<Link> {
    if !may_have_change(chain, transaction) {
        return None;
    }
    let mut named: BTreeMap<OutputNumber, Vec<Heuristic>> = BTreeMap::new();
    for heuristic in heuristics {
        if let Some(output) = change_by(chain, *heuristic, transaction) {
            named.entry(output).or_default().push(*heuristic);
        }
    }
    let most = named.values().map(Vec::len).max()?;
    let mut best = named.iter().filter(|(_, votes)| votes.len() == most);
    let (output, votes) = best.next()?;
    if best.next().is_some() {
        return None;
    }
    let others = named.iter().filter(|(other, _)| *other != output);
    let inputs = chain.inputs_of(transaction).map(InputNumber);
    Some(Link {
        transaction,
        output: *output,
        from: inputs.filter_map(|input| chain.input_address(input)).min()?,
        to: chain.address_of(*output)?,
        votes: votes.clone(),
        against: others.flat_map(|(_, votes)| votes.iter().copied()).collect(),
    })
}

/// Clusters as they would be if the links of a hypothesis were true. Co-spend clusters stay what
/// they are; this is a view of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HypotheticalClusters {
    /// The hypothesis.
    pub name: String,
    /// Links with fewer votes were not used.
    pub votes_min: usize,
    /// Links that would have put two known owners together, as places in the hypothesis.
    pub refused: Vec<usize>,
    labels: Vec<u32>,
}

/// Unites clusters along links with enough votes, the best scores first; links between two known
/// owners are refused and listed.
pub fn clusters_under(
    base: &Clusters,
    hypothesis: &Hypothesis,
    votes_min: usize,
    actors: &Actors,
) -> HypotheticalClusters {
    let mut groups = crate::cluster::Named::new(base, actors);
    let mut order: Vec<usize> = (0..hypothesis.links.len())
        .filter(|place| hypothesis.links[*place].votes.len() >= votes_min)
        .collect();
    order.sort_by_key(|place| (std::cmp::Reverse(hypothesis.links[*place].score_ppm()), *place));
    let mut refused = Vec::new();
    for place in order {
        let link = &hypothesis.links[place];
        if !groups.join(link.from, link.to) {
            refused.push(place);
        }
    }
    refused.sort_unstable();
    let name = hypothesis.name.clone();
    HypotheticalClusters { name, votes_min, refused, labels: groups.labels() }
}

impl HypotheticalClusters {
    /// The cluster of an address, if the hypothesis holds. Panics on a number of another chain.
    pub fn of(&self, address: AddressNumber) -> ClusterNumber {
        ClusterNumber(AddressNumber(self.labels[address.0 as usize]))
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        let roots = self.labels.iter().enumerate();
        roots.filter(|(index, label)| *index as u32 == **label).count() as u32
    }

    /// The co-spend clusters that the hypothesis adds to one of them, ascending.
    pub fn joined_with(&self, base: &Clusters, cluster: ClusterNumber) -> Vec<ClusterNumber> {
        let whole = self.labels[cluster.0.0 as usize];
        let all = self.labels.iter().enumerate().filter(|(_, label)| **label == whole);
        let mut joined: Vec<ClusterNumber> =
            all.map(|(index, _)| base.of(AddressNumber(index as u32))).collect();
        joined.sort_unstable();
        joined.dedup();
        joined.retain(|other| *other != cluster);
        joined
    }
}
