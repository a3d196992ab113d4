//! Merging that can refuse and be undone. Knows numbers and names, no chain.
//!
//! Trees are linked by rank and paths stay as they are, so that undoing a link is writing one
//! number; finding a root takes some log2 of the tree's size.

use super::{Actors, Clusters, contested};
use chain::AddressNumber;
use std::collections::BTreeMap;

/// Numbers in groups, each with at most one name.
#[derive(Clone, Debug, Default)]
pub(super) struct Guarded {
    parents: Vec<u32>,
    ranks: Vec<u8>,
    /// The smallest number of the tree, at its root.
    least: Vec<u32>,
    /// The name of a tree, at its root.
    names: BTreeMap<u32, u32>,
    undo: Vec<Link>,
}

/// A link, and what its upper end was before.
#[derive(Clone, Debug)]
struct Link {
    child: u32,
    rank: u8,
    least: u32,
    name: Option<u32>,
}

impl Guarded {
    /// Groups that exist already: each number's smallest member.
    pub(super) fn from_labels(labels: &[u32]) -> Guarded {
        Guarded {
            parents: labels.to_vec(),
            ranks: vec![1; labels.len()],
            least: (0..labels.len() as u32).collect(),
            names: BTreeMap::new(),
            undo: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// Adds numbers, each alone, until there are as many.
    pub(super) fn grow(&mut self, count: usize) {
        let added = self.parents.len() as u32..count as u32;
        self.parents.extend(added.clone());
        self.least.extend(added);
        self.ranks.resize(self.parents.len(), 0);
    }

    /// Says whose a number is. The name holds for its group; an earlier one stays.
    pub(super) fn name(&mut self, number: u32, name: u32) {
        let root = self.root(number);
        self.names.entry(root).or_insert(name);
    }

    pub(super) fn name_of(&self, number: u32) -> Option<u32> {
        self.names.get(&self.root(number)).copied()
    }

    /// The smallest number of the group.
    pub(super) fn label(&self, number: u32) -> u32 {
        self.least[self.root(number) as usize]
    }

    /// Merges all these, or nothing if two names would meet.
    pub(super) fn merge(&mut self, numbers: &[u32]) -> Result<(), Conflict> {
        let mut found = None;
        for number in numbers {
            let Some(name) = self.name_of(*number) else { continue };
            if *found.get_or_insert(name) != name {
                return Err(Conflict);
            }
        }
        let Some((first, others)) = numbers.split_first() else { return Ok(()) };
        others.iter().for_each(|other| self.link(*first, *other));
        Ok(())
    }

    /// How many links were made since the last [`Guarded::forget`]; a place to return to.
    pub(super) fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Takes back all links after a mark and all numbers from `count` on.
    pub(super) fn undo_to(&mut self, mark: usize, count: usize) {
        while self.undo.len() > mark {
            let Some(link) = self.undo.pop() else { break };
            let child = link.child as usize;
            let upper = std::mem::replace(&mut self.parents[child], link.child);
            self.ranks[upper as usize] = link.rank;
            self.least[upper as usize] = link.least;
            match link.name {
                Some(name) => self.names.insert(upper, name),
                None => self.names.remove(&upper),
            };
        }
        self.parents.truncate(count);
        self.ranks.truncate(count);
        self.least.truncate(count);
        self.names.split_off(&(count as u32));
    }

    /// Makes the first links final.
    pub(super) fn forget(&mut self, links: usize) {
        self.undo.drain(..links);
    }

    fn root(&self, number: u32) -> u32 {
        let mut root = number;
        while self.parents[root as usize] != root {
            root = self.parents[root as usize];
        }
        root
    }

    fn link(&mut self, first: u32, second: u32) {
        let (mut upper, mut child) = (self.root(first), self.root(second));
        if upper == child {
            return;
        }
        if self.ranks[upper as usize] < self.ranks[child as usize] {
            std::mem::swap(&mut upper, &mut child);
        }
        let (up, down) = (upper as usize, child as usize);
        let name = self.names.get(&upper).copied();
        let (rank, least) = (self.ranks[up], self.least[up]);
        self.undo.push(Link { child, rank, least, name });
        self.parents[down] = upper;
        self.ranks[up] = rank.max(self.ranks[down] + 1);
        self.least[up] = least.min(self.least[down]);
        // The lower tree's own name stays in the map for the undo; nobody asks for it meanwhile.
        if let (None, Some(below)) = (name, self.names.get(&child).copied()) {
            self.names.insert(upper, below);
        }
    }
}

/// Clusters that further links may join, but for two known owners.
pub(crate) struct Named(Guarded);

impl Named {
    pub(crate) fn new(base: &Clusters, actors: &Actors) -> Named {
        let mut groups = Guarded::from_labels(base.labels());
        let names = contested::names(actors);
        for (address, name) in actors {
            let name = names.binary_search(&name.as_str()).expect("every actor's name is there");
            groups.name(address.0, name as u32);
        }
        Named(groups)
    }

    /// Whether they are in one cluster now.
    pub(crate) fn join(&mut self, first: AddressNumber, second: AddressNumber) -> bool {
        self.0.merge(&[first.0, second.0]).is_ok()
    }

    pub(crate) fn labels(&self) -> Vec<u32> {
        (0..self.0.len() as u32).map(|number| self.0.label(number)).collect()
    }
}

/// Two names would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict;
