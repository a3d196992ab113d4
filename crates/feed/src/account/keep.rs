//! An account log (docs/formats/account-log.md) kept at a node's tip through reorganisations. Knows
//! no meaning of blocks.
//!
//! A step fetches all it needs before it writes: a node that dies, lies or reorganises within a
//! step leaves the log untouched.

use super::{AccountNode, Head, Next};
use crate::{Fault, FeedError};
use chain::account::AccountBlock;
use chain::store::accounts::{AccountFile, AccountFileError};

/// Deepest reorganisation that is followed.
pub const REORGANISATION_BLOCKS_MAX: usize = 100;
/// Blocks taken over in one step, where nothing is replaced.
pub const STEP_BLOCKS_MAX: usize = 64;

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Blocks taken away.
    pub removed: u32,
    /// Blocks added.
    pub added: u32,
    /// The newest block now.
    pub height: u64,
    /// The node's newest block.
    pub node: u64,
}

/// Why a log cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The node is at fault.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The log is at fault.
    #[error(transparent)]
    File(#[from] AccountFileError),
    /// The node's chain parts from the log's too far down.
    #[error(
        "the node's chain parts from the log's more than {REORGANISATION_BLOCKS_MAX} blocks below \
         block {tip}; nothing was changed: check the node"
    )]
    Deep {
        /// The log's newest block.
        tip: u64,
    },
    /// The node's chain is another one, and still shorter.
    #[error(
        "the node's chain is another one and ends at block {node}, below block {log} of the log; \
         nothing was changed: wait until the node has caught up"
    )]
    Shorter {
        /// Where the node's ends.
        node: u64,
        /// Where the log ends.
        log: u64,
    },
}

impl KeepError {
    /// Whether trying again later may help, without anybody doing anything here.
    pub fn may_pass(&self) -> bool {
        match self {
            KeepError::Feed(error) => error.fault.may_pass() || error.fault.is_of_the_moment(),
            KeepError::Shorter { .. } => true,
            _ => false,
        }
    }
}

/// Does one step towards the node's tip; none when the log is there already. An empty log begins at
/// block `start`.
///
/// # Errors
/// The node fails, lies, is behind the log or parts from it too deep: the log is as before.
pub async fn step(
    node: &AccountNode,
    log: &mut AccountFile,
    start: u64,
) -> Result<Option<Kept>, KeepError> {
    let ours: Vec<Head> = log
        .ledgers()
        .blocks()
        .iter()
        .rev()
        .take(REORGANISATION_BLOCKS_MAX + 1)
        .map(|block| Head { number: block.number, hash: block.hash })
        .collect();
    let tip = ours.first().copied();
    let mut depth = 0;
    let first = loop {
        let after = ours.get(depth).copied();
        if after.is_none() && tip.is_some() {
            return Err(KeepError::Deep { tip: tip.map_or(0, |head| head.number) });
        }
        match below(node, after, tip, start, depth).await? {
            Next::Block(block) => break *block,
            Next::AtTip if depth == 0 => return Ok(None),
            Next::AtTip => {
                let (node, log) =
                    (after.map_or(0, |head| head.number), tip.map_or(0, |t| t.number));
                return Err(KeepError::Shorter { node, log });
            }
            Next::Replaced => depth += 1,
        }
    };
    let keep = (depth > 0).then(|| ours[depth].number);
    let mut blocks = vec![first];
    // What replaces must reach as high as what is replaced.
    let enough = |blocks: &[AccountBlock]| {
        let height = blocks.last().map_or(0, |block| block.number);
        blocks.len() >= STEP_BLOCKS_MAX && tip.is_none_or(|tip| height >= tip.number)
    };
    while !enough(&blocks) {
        let last = blocks.last().map(|block| Head { number: block.number, hash: block.hash });
        match node.next(last, start).await? {
            Next::Block(block) => blocks.push(*block),
            Next::AtTip => break,
            // It moved again; the next step begins from what is written.
            Next::Replaced => {
                blocks.pop();
                break;
            }
        }
    }
    let height = blocks.last().map_or(0, |block| block.number);
    let told = node.tip().await?;
    if let Some(tip) = tip.filter(|tip| height < tip.number) {
        return Err(KeepError::Shorter { node: height, log: tip.number });
    }
    let added = blocks.len() as u32;
    let removed = keep.map_or(Ok(0), |keep| log.rollback_to(keep))?;
    for block in blocks {
        log.append(block)?;
    }
    log.commit()?;
    Ok(Some(Kept { removed, added, height, node: told }))
}

/// What follows one of our blocks. A node whose tip is below our newest block is behind only where
/// its chain is ours.
async fn below(
    node: &AccountNode,
    after: Option<Head>,
    tip: Option<Head>,
    start: u64,
    depth: usize,
) -> Result<Next, KeepError> {
    match node.next(after, start).await {
        Ok(next) => Ok(next),
        Err(FeedError { fault: Fault::NodeBehind { node, .. }, .. }) if depth > 0 => {
            Err(KeepError::Shorter { node, log: tip.map_or(0, |tip| tip.number) })
        }
        Err(error) => Err(error.into()),
    }
}
