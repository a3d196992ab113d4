//! The same for chains of accounts. Knows no taint.
//!
//! A balance rests on all that came before it, so an exhibit names a range of blocks by one digest
//! over their hashes, and all of them are fetched. A node that offers less than the maker's (no
//! traces, say) gives other gaps, and the replay says so.

use super::ReplayError;
use crate::limits::CALLS_AT_ONCE_MAX;
use crate::{AccountNode, Endpoint, Limits};
use chain::account::{AccountChain, Ledgers};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;

/// The value of the `format` field of exhibits over accounts.
const FORMAT: &str = "comity account exhibit";
/// Most blocks of accounts that are fetched for one exhibit; their ledgers are held in memory.
pub const REPLAY_ACCOUNT_BLOCKS_MAX: u64 = 100_000;

/// Blocks of accounts on which an exhibit rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountRests {
    /// Their chain.
    pub chain: AccountChain,
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

#[derive(Deserialize)]
struct Sort {
    format: Option<String>,
}

#[derive(Deserialize)]
struct Exhibit {
    chain: String,
    inputs: Inputs,
}

#[derive(Deserialize)]
struct Inputs {
    block_first: Block,
    block_last: Block,
}

#[derive(Deserialize)]
struct Block {
    number: u64,
}

/// What an exhibit over accounts rests on; none of another sort.
pub(super) fn account_rests(exhibit: &[u8]) -> Result<Option<AccountRests>, ReplayError> {
    if exhibit.len() > super::EXHIBIT_BYTES_MAX {
        return Err(ReplayError::Shape(format!("{} bytes", exhibit.len())));
    }
    let shape = |words: String| ReplayError::Shape(crate::error::clip(&words));
    let sort: Sort = serde_json::from_slice(exhibit).map_err(|error| shape(error.to_string()))?;
    if sort.format.as_deref() != Some(FORMAT) {
        return Ok(None);
    }
    let read: Exhibit =
        serde_json::from_slice(exhibit).map_err(|error| shape(error.to_string()))?;
    let chain: AccountChain = read.chain.parse().map_err(shape)?;
    let (first, last) = (read.inputs.block_first.number, read.inputs.block_last.number);
    let count = last.checked_sub(first).ok_or_else(|| shape(format!("{first} to {last}")))?;
    if count >= REPLAY_ACCOUNT_BLOCKS_MAX {
        let count = count.saturating_add(1);
        return Err(ReplayError::TooMany { count, max: REPLAY_ACCOUNT_BLOCKS_MAX });
    }
    Ok(Some(AccountRests { chain, first, last }))
}

/// Fetches those blocks and joins them.
///
/// # Errors
/// The node fails, lies, is of another chain or lacks a block; or the blocks do not follow one
/// another.
pub async fn fetch_accounts(
    endpoint: Endpoint,
    limits: Limits,
    rests: &AccountRests,
) -> Result<Ledgers, ReplayError> {
    let node = AccountNode::connect(endpoint, rests.chain, limits).await?;
    let mut ledgers = Ledgers::new(rests.chain);
    let mut blocks = futures_util::stream::iter(rests.first..=rests.last)
        .map(|number| {
            let block = node.block(number);
            async move { block.await?.ok_or(ReplayError::NoBlock { number }) }
        })
        .buffered(CALLS_AT_ONCE_MAX);
    while let Some(block) = blocks.try_next().await? {
        ledgers.append(&block)?;
    }
    Ok(ledgers)
}
