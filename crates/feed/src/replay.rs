//! Fetches the blocks that an exhibit names, so that it can be replayed with nothing but a node.
//! Knows no taint: the comparison is `trace`'s.
//!
//! A block's hash fixes its content, so whatever file it was once read from, the same block comes
//! from any node. What its inputs were worth is asked of the node too.

use crate::bitcoin::BitcoinNode;
use crate::limits::CALLS_AT_ONCE_MAX;
use crate::{Fault, FeedError};
use chain::block::FileFacts;
use chain::{BlockHash, ChainView, DecodedBlock, Height, Network, ViewError};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

mod accounts;

pub use accounts::{AccountRests, fetch_accounts};

/// Most blocks that are fetched for one exhibit; they are held in memory together.
pub const REPLAY_BLOCKS_MAX: usize = 4_000;
/// Largest exhibit that is read.
pub const EXHIBIT_BYTES_MAX: usize = 512 * 1024 * 1024;

/// What an exhibit rests on.
#[derive(Clone, Debug)]
pub struct Rests {
    /// Its network.
    pub network: Network,
    /// Its blocks, in its order.
    pub blocks: Vec<NamedBlock>,
}

/// What an exhibit of either sort rests on.
#[derive(Clone, Debug)]
pub enum Rested {
    /// Blocks of outputs.
    Outputs(Rests),
    /// Blocks of accounts.
    Accounts(AccountRests),
}

/// A block that an exhibit names.
#[derive(Clone, Debug)]
pub struct NamedBlock {
    /// The block.
    pub hash: BlockHash,
    /// Its height, where the exhibit tells.
    pub height: Option<Height>,
    /// The file it was read from; none where it came from a store.
    pub file: Option<Arc<FileFacts>>,
    /// The file that told what its inputs were worth.
    pub undo: Option<Arc<FileFacts>>,
}

/// Why an exhibit's blocks cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Not an exhibit.
    #[error("not a trace exhibit: {0}")]
    Shape(String),
    /// Rows have no hash by which a node would know them.
    #[error(
        "the exhibit rests on rows of a table, which no node can give; replay it on the same files"
    )]
    Rows,
    /// More than is fetched.
    #[error("the exhibit rests on {count} blocks; at most {max} are fetched: replay it on a store")]
    TooMany {
        /// How many.
        count: u64,
        /// How many are fetched.
        max: u64,
    },
    /// The node is at fault.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The blocks contradict each other.
    #[error("{0}")]
    View(Box<ViewError>),
    /// The node does not have so many.
    #[error("the node has no block {number}, on which the exhibit rests; ask another node")]
    NoBlock {
        /// Which.
        number: u64,
    },
    /// Blocks of accounts contradict each other.
    #[error(transparent)]
    Ledger(#[from] chain::account::LedgerError),
}

#[derive(Deserialize)]
struct Exhibit {
    network: String,
    inputs: Inputs,
}

#[derive(Deserialize)]
struct Inputs {
    files: Vec<File>,
    blocks: Vec<Block>,
    block_count: u64,
    #[serde(default)]
    segments: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    sha256: String,
}

#[derive(Deserialize)]
struct Block {
    hash: String,
    height: Option<u32>,
    file_sha256: Option<String>,
    undo_sha256: Option<String>,
}

/// Reads from an exhibit of either sort what it rests on.
///
/// # Errors
/// It is no exhibit, or rests on what no node has.
pub fn rested(exhibit: &[u8]) -> Result<Rested, ReplayError> {
    match accounts::account_rests(exhibit)? {
        Some(rests) => Ok(Rested::Accounts(rests)),
        None => rests(exhibit).map(Rested::Outputs),
    }
}

/// Reads from an exhibit of outputs what it rests on.
///
/// # Errors
/// It is no exhibit, or rests on what no node has.
pub fn rests(exhibit: &[u8]) -> Result<Rests, ReplayError> {
    if exhibit.len() > EXHIBIT_BYTES_MAX {
        return Err(ReplayError::Shape(format!("{} bytes", exhibit.len())));
    }
    let shape = |words: String| ReplayError::Shape(crate::error::clip(&words));
    let read: Exhibit =
        serde_json::from_slice(exhibit).map_err(|error| shape(error.to_string()))?;
    let network =
        read.network.parse().map_err(|error: chain::UnknownNetwork| shape(error.to_string()))?;
    let count = read.inputs.blocks.len();
    if read.inputs.segments.is_empty() && read.inputs.block_count != count as u64 {
        return Err(ReplayError::Rows);
    }
    if count > REPLAY_BLOCKS_MAX {
        let (count, max) = (count as u64, REPLAY_BLOCKS_MAX as u64);
        return Err(ReplayError::TooMany { count, max });
    }
    let mut files = HashMap::new();
    for file in read.inputs.files {
        let sha256 = file.sha256.parse().map_err(|error| shape(format!("{error}")))?;
        files.insert(file.sha256, Arc::new(FileFacts { sha256, name: file.name }));
    }
    let known = |digest: Option<String>| match digest {
        None => Ok(None),
        Some(digest) => match files.get(&digest) {
            Some(file) => Ok(Some(Arc::clone(file))),
            None => Err(shape(format!("no file has the digest {digest}"))),
        },
    };
    let mut blocks = Vec::with_capacity(count);
    for block in read.inputs.blocks {
        blocks.push(NamedBlock {
            hash: block.hash.parse().map_err(|error| shape(format!("{error}")))?,
            height: block.height.map(Height),
            file: known(block.file_sha256)?,
            undo: known(block.undo_sha256)?,
        });
    }
    Ok(Rests { network, blocks })
}

/// Fetches those blocks, with what their inputs were worth where the exhibit's maker knew it, and
/// joins them.
///
/// # Errors
/// The node fails, lies, or lacks a block; or the blocks contradict each other.
pub async fn fetch(node: &BitcoinNode, rests: &Rests) -> Result<ChainView, ReplayError> {
    let fetched: Vec<DecodedBlock> = futures_util::stream::iter(&rests.blocks)
        .map(|named| async move {
            let mut block = node.block(named.hash, named.height).await?.block;
            block.height = named.height.or(block.height);
            if let Some(file) = &named.file {
                block.file = Arc::clone(file);
            }
            block.undo.clone_from(&named.undo);
            Ok::<_, FeedError>(block)
        })
        .buffered(CALLS_AT_ONCE_MAX)
        .try_collect()
        .await?;
    // From files without undo data the maker did not know the values either, and said so.
    let (mut with, mut blocks): (Vec<_>, Vec<_>) = fetched
        .into_iter()
        .zip(&rests.blocks)
        .partition(|(_, named)| named.file.is_none() || named.undo.is_some());
    let mut known: Vec<DecodedBlock> = with.drain(..).map(|(block, _)| block).collect();
    node.attach_coins(&mut known).await?;
    known.extend(blocks.drain(..).map(|(block, _)| block));
    if known.is_empty() {
        let nothing = Fault::Missing("the exhibit names no block".to_owned());
        return Err(node.error("getblock", None, nothing).into());
    }
    ChainView::from_blocks(known).map_err(|error| ReplayError::View(Box::new(error)))
}
