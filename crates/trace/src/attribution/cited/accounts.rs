//! The same for a trace over accounts. Knows no rule of taint.
//!
//! A tag speaks of one chain: an address of an EVM chain is the same text on all of them, and a
//! contract there need not be the same owner's, so only tags of the very chain are used.

use std::collections::BTreeMap;

use chain::account::{AccountChain, Ledgers};

use super::{attribution, ending};
use crate::account::{self, AccountParameters, AccountTrace, AccountTraceError, StepFate};
use crate::attribution::address::Blockchain;
use crate::attribution::boundary::Boundaries;
use crate::attribution::set::TaggedNumber;
use crate::attribution::view::View;
use crate::{Tag, Tags};

/// Follows the money as [`account::run`] does, ending at the accounts whose tags say so, and
/// records what was used. Tags that the parameters hold already stay and win.
///
/// # Errors
/// As [`account::run`].
pub fn run_accounts<'a>(
    ledgers: &'a Ledgers,
    parameters: &AccountParameters,
    tags: &View<'_>,
    boundaries: Boundaries,
) -> Result<AccountTrace<'a>, AccountTraceError> {
    let mut all = parameters.clone();
    for (account, tag) in ending_accounts(ledgers, tags, boundaries) {
        all.tags.entry(account).or_insert(tag);
    }
    let mut trace = account::run(ledgers, &all)?;
    let came_to = came_to(&trace);
    let reached = |account: &String| came_to.get(account).is_some_and(|reached| *reached);
    trace
        .parameters
        .tags
        .retain(|account, _| parameters.tags.contains_key(account) || reached(account));
    let blockchain = Blockchain::of_accounts(ledgers.chain());
    let cited = attribution(tags, boundaries, &blockchain, came_to.keys());
    trace.parameters.attribution = Some(Box::new(cited));
    Ok(trace)
}

/// The accounts of these ledgers whose tags end a trace, as their chain writes them.
pub fn ending_accounts(ledgers: &Ledgers, tags: &View<'_>, boundaries: Boundaries) -> Tags {
    let (chain, set) = (ledgers.chain(), tags.set);
    let tagged = set.addresses_on(&Blockchain::of_accounts(chain)).map(TaggedNumber);
    let ending = |number: TaggedNumber| -> Option<(String, Tag)> {
        let account = chain.parse(set.address(number).1).ok()?;
        ledgers.account_number(account)?;
        Some((chain.text(account), ending(tags, boundaries, number)?))
    };
    tagged.filter_map(ending).collect()
}

/// What ends a trace at one account, as its chain writes it.
pub fn ending_account(
    chain: AccountChain,
    tags: &View<'_>,
    boundaries: Boundaries,
    account: &str,
) -> Option<Tag> {
    let blockchain = Blockchain::of_accounts(chain);
    let number = tags.set.find(&blockchain, &blockchain.spell(account).text)?;
    ending(tags, boundaries, number)
}

/// Every account that taint came to under some policy, and whether a trace ended there by its tag.
fn came_to(trace: &AccountTrace<'_>) -> BTreeMap<String, bool> {
    let mut accounts = BTreeMap::new();
    for step in trace.comparison.iter().flat_map(|flow| &flow.steps) {
        if let Some(payee) = trace.ledgers.event(step.event).to {
            let account = trace.ledgers.account_text(payee);
            *accounts.entry(account).or_insert(false) |= step.fate == StepFate::Reached;
        }
    }
    accounts
}
