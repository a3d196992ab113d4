//! Merges that would put two known owners into one cluster. Knows no confidence: who counts as
//! known beyond doubt is the caller's decision.
//!
//! One wrong merge, a CoinJoin of no known shape perhaps, can collapse two services into one
//! (Möser and Narayanan, "Resurrecting Address Clustering in Bitcoin", FC 2022, arXiv 2107.05749,
//! on preventing collapse). So in chain order: a transaction whose inputs belong to clusters of two
//! names merges nothing, and stands in a list with both sides until an analyst decides.

use super::guarded::Guarded;
use super::{Actors, Clusters, merged_by};
use chain::{AddressNumber, TxNumber, Utxo};
use std::collections::{BTreeMap, BTreeSet};

/// A transaction that merges by the rule and was not allowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contested {
    /// Which.
    pub transaction: TxNumber,
    /// The clusters that its inputs belonged to when it came, in the order of their smallest
    /// address; two names at least among them.
    pub sides: Vec<Side>,
}

/// One of the clusters that meet in a contested transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Who is known to own the cluster.
    pub actor: Option<String>,
    /// Its addresses among the transaction's inputs, ascending.
    pub addresses: Vec<AddressNumber>,
}

/// Names as numbers, in the order of the alphabet.
pub(super) fn names(actors: &Actors) -> Vec<&str> {
    let distinct: BTreeSet<&str> = actors.values().map(String::as_str).collect();
    distinct.into_iter().collect()
}

/// Merges what a transaction says belongs together, or tells what stands against it.
pub(super) fn merge(
    groups: &mut Guarded,
    names: &[&str],
    transaction: TxNumber,
    merged: &[AddressNumber],
    number: impl Fn(AddressNumber) -> u32,
) -> Option<Contested> {
    let numbers: Vec<u32> = merged.iter().map(|address| number(*address)).collect();
    groups.merge(&numbers).err()?;
    let mut sides: BTreeMap<u32, Side> = BTreeMap::new();
    for (address, number) in merged.iter().zip(numbers) {
        let actor = groups.name_of(number).map(|name| names[name as usize].to_owned());
        let side = Side { actor, addresses: Vec::new() };
        sides.entry(groups.label(number)).or_insert(side).addresses.push(*address);
    }
    Some(Contested { transaction, sides: sides.into_values().collect() })
}

/// Takes clusters with two names or more apart again, in chain order.
pub(super) fn keep_apart<C: Utxo>(chain: &C, clusters: &mut Clusters, actors: &Actors) {
    let mut names_of: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for (address, name) in actors {
        let Some(label) = clusters.labels.get(address.0 as usize) else { continue };
        names_of.entry(*label).or_default().insert(name);
    }
    names_of.retain(|_, names| names.len() > 1);
    if names_of.is_empty() {
        return;
    }
    // The members of all these clusters, ascending, so that a smaller place is a smaller address.
    let numbered = clusters.labels.iter().enumerate();
    let members: Vec<AddressNumber> = numbered
        .filter(|(_, label)| names_of.contains_key(label))
        .map(|(index, _)| AddressNumber(index as u32))
        .collect();
    let place = |address: AddressNumber| {
        members.binary_search(&address).expect("a merge stays within its cluster") as u32
    };
    let names = names(actors);
    let mut groups = Guarded::default();
    groups.grow(members.len());
    for (address, name) in actors {
        if let Ok(place) = members.binary_search(address) {
            let name = names.binary_search(&name.as_str()).expect("every actor's name is there");
            groups.name(place as u32, name as u32);
        }
    }
    let merges: BTreeSet<TxNumber> =
        members.iter().flat_map(|address| clusters.merges_of(chain, *address)).collect();
    for transaction in merges {
        let merged = merged_by(chain, &clusters.rule, transaction);
        clusters.contested.extend(merge(&mut groups, &names, transaction, &merged, place));
    }
    for (index, address) in members.iter().enumerate() {
        let least = groups.label(index as u32);
        clusters.labels[address.0 as usize] = members[least as usize].0;
    }
}
