//! What following chains of accounts has in common: which block comes next, and whether it joins.

pub mod keep;
pub mod node;

pub use node::AccountNode;

use crate::Fault;
use chain::account::{AccountBlock, Hash256};

/// A block that the caller has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: Hash256,
}

/// What comes after a block that the caller has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This block follows it.
    Block(Box<AccountBlock>),
    /// Nothing yet.
    AtTip,
    /// The node's chain no longer has it: take it back and ask what follows the one below.
    Replaced,
}

/// The height to ask for; none at the tip.
pub(crate) fn wanted(after: Option<Head>, start: u64, tip: u64) -> Result<Option<u64>, Fault> {
    let wanted = after.map_or(start, |after| after.number + 1);
    match after {
        Some(after) if tip < after.number => {
            Err(Fault::NodeBehind { node: tip, store: after.number })
        }
        _ => Ok((wanted <= tip).then_some(wanted)),
    }
}

/// Whether a block follows.
pub(crate) fn join(after: Option<Head>, block: AccountBlock) -> Next {
    if after.is_some_and(|after| after.hash != block.parent) {
        return Next::Replaced;
    }
    Next::Block(Box::new(block))
}

/// A number as JSON-RPC writes it.
pub(crate) fn number_text(number: u64) -> String {
    format!("{number:#x}")
}
