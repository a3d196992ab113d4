//! Clusters that follow the tip of the chain, block by block, and step back from blocks that a
//! reorganisation took away. Knows no files; whoever holds it says which blocks come and go.
//!
//! Costs 9 bytes for an address and, for a block that can still go, some 16 for a merge.

use super::contested::{self, Contested};
use super::guarded::Guarded;
use super::{Actors, Beside, ClusterNumber, Clusters, Rule, beside_of, merged_by};
use chain::{AddressNumber, BlockNumber, InputNumber, OutputNumber, TxNumber, Utxo};
use std::collections::{BTreeMap, VecDeque};

/// Blocks that can be taken back; older ones are final.
pub const UNDO_BLOCKS_MAX: usize = 144;

/// Clusters up to some block.
#[derive(Clone, Debug)]
pub struct LiveClusters {
    rule: Rule,
    actors: Actors,
    groups: Guarded,
    contested: Vec<Contested>,
    beside: Beside,
    blocks: VecDeque<Mark>,
}

/// What there was before a block.
#[derive(Clone, Debug)]
struct Mark {
    links: usize,
    addresses: usize,
    contested: usize,
    first_transaction: TxNumber,
}

impl LiveClusters {
    /// Before the first block.
    pub fn new(rule: Rule, actors: Actors) -> LiveClusters {
        let (groups, contested) = (Guarded::default(), Vec::new());
        let (beside, blocks) = (Beside::new(), VecDeque::new());
        LiveClusters { rule, actors, groups, contested, beside, blocks }
    }

    /// After all blocks that made these clusters. The actors must be those they were made with.
    pub fn after(clusters: Clusters, actors: Actors) -> LiveClusters {
        let mut live = LiveClusters::new(clusters.rule, actors);
        live.groups = Guarded::from_labels(&clusters.labels);
        live.name(0, clusters.labels.len());
        live.contested = clusters.contested;
        live.beside = clusters.beside;
        live
    }

    /// Adds the chain's next block.
    pub fn push_block<C: Utxo>(&mut self, chain: &C, block: BlockNumber) {
        let transactions = chain.transactions_of(block);
        self.blocks.push_back(Mark {
            links: self.groups.mark(),
            addresses: self.groups.len(),
            contested: self.contested.len(),
            first_transaction: TxNumber(transactions.start),
        });
        if self.blocks.len() > UNDO_BLOCKS_MAX {
            self.blocks.pop_front();
            let links = self.blocks.front().map_or(0, |mark| mark.links);
            self.groups.forget(links);
            self.blocks.iter_mut().for_each(|mark| mark.links -= links);
        }
        let known = self.groups.len();
        self.groups.grow(
            transactions
                .clone()
                .fold(known, |count, number| count.max(addresses_until(chain, TxNumber(number)))),
        );
        self.name(known, self.groups.len());
        let names: Vec<String> =
            contested::names(&self.actors).into_iter().map(str::to_owned).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for number in transactions.map(TxNumber) {
            let merged = merged_by(chain, &self.rule, number);
            if merged.is_empty() {
                continue;
            }
            for address in beside_of(chain, &self.rule, number) {
                self.beside.entry(address).or_default().push(number);
            }
            let place = |address: AddressNumber| address.0;
            let refused = contested::merge(&mut self.groups, &names, number, &merged, place);
            self.contested.extend(refused);
        }
    }

    /// Takes the last block back; false when it is final, or there is none.
    pub fn pop_block(&mut self) -> bool {
        let Some(mark) = self.blocks.pop_back() else { return false };
        self.groups.undo_to(mark.links, mark.addresses);
        self.contested.truncate(mark.contested);
        for transactions in self.beside.values_mut() {
            transactions.retain(|number| *number < mark.first_transaction);
        }
        self.beside.retain(|_, transactions| !transactions.is_empty());
        true
    }

    /// The cluster of an address. Panics on one that no block so far has used.
    pub fn of(&self, address: AddressNumber) -> ClusterNumber {
        ClusterNumber(AddressNumber(self.groups.label(address.0)))
    }

    /// All of them as of now, the same as [`super::clusters`] over the same blocks.
    pub fn clusters(&self) -> Clusters {
        Clusters {
            rule: self.rule.clone(),
            labels: (0..self.groups.len() as u32).map(|n| self.groups.label(n)).collect(),
            contested: self.contested.clone(),
            beside: self.beside.clone(),
        }
    }

    /// Names the new numbers among those that somebody is known to own.
    fn name(&mut self, from: usize, until: usize) {
        let names: BTreeMap<&str, u32> =
            (0..).zip(contested::names(&self.actors)).map(flip).collect();
        let new = AddressNumber(from as u32)..AddressNumber(until as u32);
        for (address, name) in self.actors.range(new) {
            self.groups.name(address.0, names[name.as_str()]);
        }
    }
}

fn flip<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

/// One more than the largest address number in a transaction.
fn addresses_until<C: Utxo>(chain: &C, transaction: TxNumber) -> usize {
    let paid = chain.outputs_of(transaction).map(OutputNumber);
    let paid = paid.filter_map(|output| chain.address_of(output));
    let spent = chain.inputs_of(transaction).map(InputNumber);
    let spent = spent.filter_map(|input| chain.input_address(input));
    paid.chain(spent).map(|address| address.0 as usize + 1).max().unwrap_or(0)
}
