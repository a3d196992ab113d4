//! Who would be one customer if the links were true, and why. Knows no ledgers.
//!
//! It is a view under a named hypothesis and another type than clusters, so that nobody can take
//! one for the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chain::account::AccountNumber;

use super::DepositHypothesis;

/// Customers of deposit accounts, those of one account taken for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HypotheticalOwners {
    /// The hypothesis.
    pub name: String,
    /// Links with fewer votes were not used.
    pub votes_min: usize,
    /// The smallest account of each account's group.
    groups: BTreeMap<AccountNumber, AccountNumber>,
}

/// A step from one account to another: the link that both are in, by its place in the hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedDeposit {
    /// From whom.
    pub from: AccountNumber,
    /// To whom.
    pub to: AccountNumber,
    /// Which link.
    pub link: usize,
}

/// Joins the customers of each deposit account whose link has enough votes.
pub fn owners_under(hypothesis: &DepositHypothesis, votes_min: usize) -> HypotheticalOwners {
    let mut parent: BTreeMap<AccountNumber, AccountNumber> = BTreeMap::new();
    for link in hypothesis.links.iter().filter(|link| link.votes.len() >= votes_min) {
        for customer in &link.customers {
            parent.entry(*customer).or_insert(*customer);
        }
        for pair in link.customers.windows(2) {
            let (a, b) = (root(&parent, pair[0]), root(&parent, pair[1]));
            parent.insert(a.max(b), a.min(b));
        }
    }
    let groups = parent.keys().map(|account| (*account, root(&parent, *account))).collect();
    HypotheticalOwners { name: hypothesis.name.clone(), votes_min, groups }
}

fn root(parent: &BTreeMap<AccountNumber, AccountNumber>, account: AccountNumber) -> AccountNumber {
    let mut at = account;
    while let Some(up) = parent.get(&at).filter(|up| **up != at) {
        at = *up;
    }
    at
}

impl HypotheticalOwners {
    /// The group of an account, named by its smallest; none for one that paid no deposit account.
    pub fn of(&self, account: AccountNumber) -> Option<AccountNumber> {
        self.groups.get(&account).copied()
    }

    /// Every account in a group, with the group.
    pub fn all(&self) -> impl Iterator<Item = (AccountNumber, AccountNumber)> + '_ {
        self.groups.iter().map(|(account, group)| (*account, *group))
    }
}

/// The shortest way from one account to another by deposit accounts that both ends of a step paid;
/// none where there is none with so many votes.
pub fn why(
    hypothesis: &DepositHypothesis,
    votes_min: usize,
    from: AccountNumber,
    to: AccountNumber,
) -> Option<Vec<SharedDeposit>> {
    let mut links_of: BTreeMap<AccountNumber, Vec<usize>> = BTreeMap::new();
    for (place, link) in hypothesis.links.iter().enumerate() {
        if link.votes.len() >= votes_min {
            link.customers.iter().for_each(|one| links_of.entry(*one).or_default().push(place));
        }
    }
    let mut came: BTreeMap<AccountNumber, SharedDeposit> = BTreeMap::new();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            break;
        }
        for link in links_of.get(&at).into_iter().flatten().copied() {
            if !used.insert(link) {
                continue;
            }
            for next in hypothesis.links[link].customers.iter().copied() {
                if next != from && !came.contains_key(&next) {
                    came.insert(next, SharedDeposit { from: at, to: next, link });
                    queue.push_back(next);
                }
            }
        }
    }
    let mut steps = Vec::new();
    let mut at = to;
    while at != from {
        let step = came.get(&at)?;
        steps.push(*step);
        at = step.from;
    }
    steps.reverse();
    Some(steps)
}
