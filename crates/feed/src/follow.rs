//! Brings a store up to a node's best chain, through reorganisations. Knows no meaning of blocks.
//!
//! A step asks for the node's tip, finds the last block that both have, fetches what stands above
//! it, and only then changes the store: a node that dies, lies or reorganises within a step leaves
//! the store untouched. A process that is killed at any point goes on from what the store has.

use crate::bitcoin::{BitcoinNode, FetchedBlock, NodeTip};
use crate::limits::CALLS_AT_ONCE_MAX;
use crate::{Fault, FeedError};
use chain::store::{ChainStore, StoreError};
use chain::{BlockHash, BlockNumber, Height, Utxo as _};
use futures_util::{StreamExt as _, TryStreamExt as _};

/// Deepest reorganisation that is followed; Bitcoin's deepest since 2013 took 24 blocks, and a
/// coinbase may not be spent for 100.
pub const REORGANISATION_BLOCKS_MAX: u32 = 100;
/// Blocks handed over in one step, where nothing is replaced.
pub const STEP_BLOCKS_MAX: u32 = 128;
/// Times that a round begins again because the node's chain moved under it.
pub const MOVES_MAX: u32 = 5;

/// What a step did, for telling people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Blocks taken away.
    pub removed: u32,
    /// Blocks added.
    pub added: u32,
    /// Bytes of the blocks added.
    pub bytes: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Height of the last block now.
    pub height: Height,
    /// Where the node's chain ended when the step began.
    pub node: Height,
}

impl FollowError {
    /// Whether trying again later may help, without anybody doing anything here.
    pub fn may_pass(&self) -> bool {
        match self {
            FollowError::Feed(error) => error.fault.may_pass() || error.fault.is_of_the_moment(),
            _ => false,
        }
    }
}

/// Why following stopped.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The node is at fault.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The store does not take the blocks.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store made of rows.
    #[error(
        "the store's newest block has no hash or no height, as in a store made of rows; blocks \
         cannot be joined to it: import the chain from blocks"
    )]
    Rows,
    /// Another network.
    #[error("the store is of {store}, the node is read as {node}")]
    Network {
        /// Of the store.
        store: chain::Network,
        /// Of the node.
        node: chain::Network,
    },
}

/// Which blocks are fetched and what they follow.
struct Plan {
    /// The last block that both have.
    keep: Option<BlockHash>,
    /// How many blocks the store keeps.
    keep_count: u32,
    first: Height,
    last: Height,
    /// Blocks that will be taken away.
    removed: u32,
}

/// What came of fetching.
enum Fetched {
    Blocks(Vec<FetchedBlock>),
    /// The node's chain moved meanwhile, or does not hang together.
    Moved(FeedError),
}

/// Does one step towards the node's tip; none when the store is there already. An empty store
/// begins at height `start`.
///
/// # Errors
/// The node fails, lies, is behind the store or parts from it too deep: the store is as before. Or
/// the store does not take a block: then it ends with the block before it, all of them sound.
pub async fn step(
    node: &BitcoinNode,
    store: &mut ChainStore,
    start: Height,
) -> Result<Option<Step>, FollowError> {
    if store.network() != node.network() {
        return Err(FollowError::Network { store: store.network(), node: node.network() });
    }
    let mut moves = 0;
    let (plan, tip, blocks) = loop {
        let tip = node.tip().await?;
        let moved = match plan(node, store, start, tip).await? {
            Planned::Nothing => return Ok(None),
            Planned::Fetch(plan) => match fetch(node, &plan, moves + 1).await? {
                Fetched::Blocks(blocks) => break (plan, tip, blocks),
                Fetched::Moved(error) => error,
            },
            Planned::Moved(error) => error,
        };
        moves += 1;
        if moves == MOVES_MAX {
            return Err(moved.into());
        }
    };
    let done = Step {
        removed: plan.removed,
        added: blocks.len() as u32,
        bytes: blocks.iter().map(|fetched| fetched.bytes.len() as u64).sum(),
        transactions: blocks.iter().map(|fetched| fetched.block.transactions.len() as u64).sum(),
        height: plan.last,
        node: tip.height,
    };
    if plan.removed > 0 {
        store.rollback(plan.keep_count)?;
    }
    for (height, fetched) in (plan.first.0..).map(Height).zip(blocks) {
        let mut block = fetched.block;
        block.height = Some(height);
        if let Err(error) = store.append(block) {
            // What came before is sound and stays, and so does the rollback.
            store.commit()?;
            return Err(error.into());
        }
    }
    store.commit()?;
    Ok(Some(done))
}

/// What is to be done next.
enum Planned {
    /// The store is where the node is.
    Nothing,
    Fetch(Plan),
    /// The node's chain moved meanwhile.
    Moved(FeedError),
}

/// Finds the last block that both have.
async fn plan(
    node: &BitcoinNode,
    store: &ChainStore,
    start: Height,
    tip: NodeTip,
) -> Result<Planned, FollowError> {
    let Some(newest) = store.tip() else {
        if start > tip.height {
            return Ok(Planned::Nothing);
        }
        let last = Height(tip.height.0.min(start.0.saturating_add(STEP_BLOCKS_MAX - 1)));
        return Ok(Planned::Fetch(Plan {
            keep: None,
            keep_count: 0,
            first: start,
            last,
            removed: 0,
        }));
    };
    let (Some(hash), Some(height)) = (newest.hash, newest.height) else {
        return Err(FollowError::Rows);
    };
    if (tip.height, tip.hash) == (height, hash) {
        return Ok(Planned::Nothing);
    }
    if tip.height < height {
        let fault = Fault::Behind { node: tip.height, store: height };
        return Err(node.error("getblockchaininfo", None, fault).into());
    }
    for removed in 0..=REORGANISATION_BLOCKS_MAX.min(newest.block.0) {
        let number = BlockNumber(newest.block.0 - removed);
        let (Some(ours), Some(below)) = (store.block_hash(number), store.height(number)) else {
            break;
        };
        let Some(theirs) = node.hash_at(below).await? else {
            let gone = Fault::Missing(format!("no block there, and the tip is {}", tip.height));
            return Ok(Planned::Moved(node.error("getblockhash", Some(below), gone)));
        };
        if ours != theirs {
            continue;
        }
        // What replaces must reach as high as what is replaced.
        let end = height.0.max(below.0.saturating_add(STEP_BLOCKS_MAX));
        let (first, last) = (Height(below.0 + 1), Height(tip.height.0.min(end)));
        if first > last {
            return Ok(Planned::Nothing);
        }
        let (keep, keep_count) = (Some(ours), number.0 + 1);
        return Ok(Planned::Fetch(Plan { keep, keep_count, first, last, removed }));
    }
    let fault = Fault::DeepReorganisation { blocks_max: REORGANISATION_BLOCKS_MAX, tip: hash };
    Err(node.error("getblockhash", Some(height), fault).into())
}

async fn fetch(node: &BitcoinNode, plan: &Plan, tries: u32) -> Result<Fetched, FeedError> {
    let heights = (plan.first.0..=plan.last.0).map(Height);
    let fetched: Vec<Option<FetchedBlock>> = futures_util::stream::iter(heights)
        .map(|height| async move {
            match node.hash_at(height).await? {
                Some(hash) => node.block(hash, Some(height)).await.map(Some),
                None => Ok(None),
            }
        })
        .buffered(CALLS_AT_ONCE_MAX)
        .try_collect()
        .await?;
    let mut below = plan.keep;
    let mut blocks = Vec::with_capacity(fetched.len());
    for (height, fetched) in (plan.first.0..).map(Height).zip(fetched) {
        let Some(fetched) = fetched else {
            let gone =
                Fault::Missing(format!("no block there, and a tip of {} or more", plan.last));
            return Ok(Fetched::Moved(node.error("getblockhash", Some(height), gone)));
        };
        let (hash, previous) = (fetched.block.hash, fetched.block.previous);
        if let Some(expected) = below.filter(|expected| *expected != previous) {
            let [hash, previous, expected] =
                [hash, previous, expected].map(|id| id.to_string().into());
            let fault = Fault::Previous { hash, previous, expected, tries };
            return Ok(Fetched::Moved(node.error("getblock", Some(height), fault)));
        }
        below = Some(hash);
        blocks.push(fetched);
    }
    Ok(Fetched::Blocks(blocks))
}
