//! Brings what is stored up to a node's best chain, through reorganisations. Knows no files: what
//! takes the blocks is a [`Tail`].
//!
//! A round asks for the node's tip, finds the last block that both have, fetches what stands above
//! it, and hands everything over in one step: a node that dies, lies or reorganises within a round
//! leaves what was stored untouched. A store that is cut off at any point goes on from what it has.

use crate::bitcoin::{BitcoinNode, FetchedBlock, NodeTip};
use crate::limits::CALLS_AT_ONCE_MAX;
use crate::{Fault, FeedError};
use chain::{BlockHash, DecodedBlock, Height};
use futures_util::{StreamExt as _, TryStreamExt as _};

/// Deepest reorganisation that is followed; Bitcoin's deepest since 2013 took 24 blocks, and a
/// coinbase may not be spent for 100.
pub const REORGANISATION_BLOCKS_MAX: u32 = 100;
/// Blocks handed over in one step, where nothing is replaced.
pub const STEP_BLOCKS_MAX: u32 = 128;
/// Times that a round begins again because the node's chain moved under it.
pub const MOVES_MAX: u32 = 5;

/// What followed blocks are handed to.
pub trait Tail {
    /// Why it does not take them.
    type Error;

    /// Its last block.
    fn tip(&self) -> Option<(Height, BlockHash)>;

    /// Its block at a height.
    fn hash_at(&self, height: Height) -> Option<BlockHash>;

    /// Takes away the blocks above `keep` and appends others, all or nothing. Without `keep` it is
    /// empty and stays in front of nothing.
    ///
    /// # Errors
    /// The blocks do not fit; then nothing has changed.
    fn replace(
        &mut self,
        keep: Option<Height>,
        blocks: Vec<DecodedBlock>,
    ) -> Result<(), Self::Error>;
}

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

/// Why following stopped.
#[derive(Debug, thiserror::Error)]
pub enum FollowError<E> {
    /// The node is at fault.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The store does not take the blocks.
    #[error("{0}")]
    Tail(E),
}

/// Where blocks are fetched from and what they follow.
struct Plan {
    /// The last block that both have.
    keep: Option<(Height, BlockHash)>,
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
/// The node fails, lies, is behind the store or parts from it too deep, or the store does not take
/// a block. The store is as before.
pub async fn step<T: Tail>(
    node: &BitcoinNode,
    tail: &mut T,
    start: Height,
) -> Result<Option<Step>, FollowError<T::Error>> {
    let mut moves = 0;
    let (plan, tip, blocks) = loop {
        let tip = node.tip().await?;
        let fault = match plan(node, tail, start, tip).await? {
            Ok(None) => return Ok(None),
            Ok(Some(plan)) => match fetch(node, &plan, moves + 1).await? {
                Fetched::Blocks(blocks) => break (plan, tip, blocks),
                Fetched::Moved(error) => error,
            },
            Err(error) => error,
        };
        moves += 1;
        if moves == MOVES_MAX {
            return Err(fault.into());
        }
    };
    let last = Height(plan.first.0 + blocks.len() as u32 - 1);
    let done = Step {
        removed: plan.removed,
        added: blocks.len() as u32,
        bytes: blocks.iter().map(|fetched| fetched.bytes.len() as u64).sum(),
        transactions: blocks.iter().map(|fetched| fetched.block.transactions.len() as u64).sum(),
        height: last,
        node: tip.height,
    };
    let blocks = blocks.into_iter().map(|fetched| fetched.block).collect();
    tail.replace(plan.keep.map(|(height, _)| height), blocks).map_err(FollowError::Tail)?;
    Ok(Some(done))
}

/// Finds the last block that both have. The inner error says that the node moved.
async fn plan<T: Tail>(
    node: &BitcoinNode,
    tail: &T,
    start: Height,
    tip: NodeTip,
) -> Result<Result<Option<Plan>, FeedError>, FeedError> {
    let Some((height, hash)) = tail.tip() else {
        let last = Height(tip.height.0.min(start.0.saturating_add(STEP_BLOCKS_MAX - 1)));
        let plan = Plan { keep: None, first: start, last, removed: 0 };
        return Ok(Ok((start <= tip.height).then_some(plan)));
    };
    if (tip.height, tip.hash) == (height, hash) {
        return Ok(Ok(None));
    }
    if tip.height < height {
        let fault = Fault::Behind { node: tip.height, store: height };
        return Err(node.error("getblockchaininfo", None, fault));
    }
    for removed in 0..=REORGANISATION_BLOCKS_MAX {
        let Some(below) = height.0.checked_sub(removed).map(Height) else { break };
        let Some(ours) = tail.hash_at(below) else { break };
        let Some(theirs) = node.hash_at(below).await? else {
            let gone = Fault::Missing(format!("no block there, and the tip is {}", tip.height));
            return Ok(Err(node.error("getblockhash", Some(below), gone)));
        };
        if ours == theirs {
            // What replaces must reach as high as what is replaced.
            let end = height.0.max(below.0.saturating_add(STEP_BLOCKS_MAX));
            let last = Height(tip.height.0.min(end));
            let (keep, first) = (Some((below, ours)), Height(below.0 + 1));
            let news = first <= last;
            return Ok(Ok(news.then_some(Plan { keep, first, last, removed })));
        }
    }
    let fault = Fault::DeepReorganisation { blocks_max: REORGANISATION_BLOCKS_MAX, tip: hash };
    Err(node.error("getblockhash", Some(height), fault))
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
    let mut below = plan.keep.map(|(_, hash)| hash);
    let mut blocks = Vec::with_capacity(fetched.len());
    for (height, fetched) in (plan.first.0..).map(Height).zip(fetched) {
        let Some(fetched) = fetched else {
            let gone =
                Fault::Missing(format!("no block there, and a tip of {} or more", plan.last));
            return Ok(Fetched::Moved(node.error("getblockhash", Some(height), gone)));
        };
        let (hash, previous) = (fetched.block.hash, fetched.block.previous);
        if let Some(expected) = below.filter(|expected| *expected != previous) {
            let [hash, previous, expected] = [hash, previous, expected].map(|id| id.to_string());
            let fault = Fault::Previous { hash, previous, expected, tries };
            return Ok(Fetched::Moved(node.error("getblock", Some(height), fault)));
        }
        below = Some(hash);
        blocks.push(fetched);
    }
    Ok(Fetched::Blocks(blocks))
}
