//! Bytes of a file to blocks. Knows nothing of other blocks, so it cannot say what an input was
//! worth: that comes from [`crate::undo`] or from the view.
//!
//! Two shapes of file are read: one raw block, and a file of blocks each framed by the network's
//! magic and a length (`blk*.dat` of Bitcoin Core, which may end in zero bytes). Every byte is
//! accounted for, every transaction id recomputed, the Merkle root and the proof of work checked.
//! Witnesses are skipped: nothing in a trace rests on them, and transaction ids do not cover them.

use crate::{BlockHash, Features, FileDigest, Height, Network, OutPoint, Satoshi, Txid};
use bitcoin::hashes::{Hash as _, sha256};
use std::sync::Arc;

pub(crate) mod decode;

/// A block's serialised size cannot pass its weight limit (BIP 141).
pub const BLOCK_BYTES_MAX: usize = 4_000_000;
/// No file of framed blocks holds more; Bitcoin Core starts a new one after 128 MiB.
pub const FILE_BLOCKS_MAX: usize = 2_000_000;

/// A file that the caller has read.
#[derive(Clone, Copy, Debug)]
pub struct NamedBytes<'a> {
    /// The name by which errors and exhibits call the file.
    pub name: &'a str,
    /// All of its bytes.
    pub bytes: &'a [u8],
}

/// What an exhibit says about a file it used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileFacts {
    /// SHA-256 over all of its bytes.
    pub sha256: FileDigest,
    /// Its name as given by the caller.
    pub name: String,
}

/// One block, checked on its own.
#[derive(Clone, Debug)]
pub struct DecodedBlock {
    /// The block's hash.
    pub hash: BlockHash,
    /// The hash of the block before it.
    pub previous: BlockHash,
    /// What the miner's clock said, seconds since 1970; may be two hours off.
    pub time: u32,
    /// The height its coinbase claims (BIP 34), where it claims one.
    pub height: Option<Height>,
    /// Whose rules it was read under.
    pub network: Network,
    /// The file it came from.
    pub file: Arc<FileFacts>,
    /// Where in that file the block starts, after magic and length.
    pub offset: usize,
    /// The file that told what its inputs were worth.
    pub undo: Option<Arc<FileFacts>>,
    /// Its transactions; the first is the coinbase.
    pub transactions: Vec<Transaction>,
}

/// A transaction without its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its id, recomputed from its bytes.
    pub txid: Txid,
    /// What it spends, in order; empty for a coinbase.
    pub inputs: Vec<TransactionInput>,
    /// What it creates, in order.
    pub outputs: Vec<Coin>,
    /// What its wallet left in it; tables of rows may not tell.
    pub features: Option<Features>,
}

/// The spending of one output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionInput {
    /// Which output is spent.
    pub previous: OutPoint,
    /// That output, where an undo file told.
    pub coin: Option<Coin>,
}

/// A value and the script that guards it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    /// The value.
    pub value: Satoshi,
    /// The output script.
    pub script: Box<[u8]>,
}

/// Why a file is not the blocks it should be. Offsets count bytes from the start of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, byte {offset}: {fault}")]
pub struct DecodeError {
    /// The file's name.
    pub file: String,
    /// Where the fault was seen.
    pub offset: usize,
    /// What it is.
    pub fault: BlockFault,
}

/// What can be wrong with the bytes of a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The file ends within a block.
    #[error("the file ends in the middle of a block")]
    Short,
    /// The decoder stopped.
    #[error("not a block: {0}")]
    Encoding(String),
    /// A block, and then more.
    #[error(
        "{count} bytes are left over after the block; give one raw block, or blocks framed by \
         magic and length"
    )]
    Leftover {
        /// How many bytes.
        count: usize,
    },
    /// Neither the magic nor zero padding follows.
    #[error(
        "expected the {network} magic {} or only zero bytes to the end (files of Bitcoin Core 28 \
         and later may be obscured: see xor.dat)",
        hex::encode(.network.magic())
    )]
    Magic {
        /// Whose magic was expected.
        network: Network,
    },
    /// The file's magic is of another network.
    #[error("the file is of {found}, not of {expected}")]
    OtherNetwork {
        /// The network asked for.
        expected: Network,
        /// The network whose magic stands there.
        found: Network,
    },
    /// A frame's length runs beyond the file or the block limit.
    #[error("a block of {length} bytes is announced, {available} follow (limit {BLOCK_BYTES_MAX})")]
    Length {
        /// The announced length.
        length: usize,
        /// What is left of the file.
        available: usize,
    },
    /// More blocks than a file can hold.
    #[error("more than {FILE_BLOCKS_MAX} blocks in one file; split it")]
    TooMany,
    /// The hash is above the target in the header.
    #[error("block {0}: the proof of work does not meet the block's own target")]
    ProofOfWork(BlockHash),
    /// The header commits to other transactions.
    #[error("block {0}: the Merkle root over its transactions is not the one in its header")]
    MerkleRoot(BlockHash),
    /// The same transaction twice.
    #[error("block {block}: transaction {txid} is in it twice")]
    DuplicateTxid {
        /// The block.
        block: BlockHash,
        /// The transaction.
        txid: Txid,
    },
    /// The same output spent twice within a block.
    #[error("block {block}: output {previous} is spent twice")]
    DoubleSpend {
        /// The block.
        block: BlockHash,
        /// The output.
        previous: OutPoint,
    },
    /// First transaction no coinbase, or a later one is.
    #[error(
        "block {block}: transaction {position} {}",
        if *.position == 0 { "is no coinbase" } else { "is a second coinbase" }
    )]
    Coinbase {
        /// The block.
        block: BlockHash,
        /// Index in the block.
        position: usize,
    },
    /// More than 21 million bitcoin.
    #[error("block {block}: transaction {txid} creates more than 21 million bitcoin")]
    Amount {
        /// The block.
        block: BlockHash,
        /// The transaction.
        txid: Txid,
    },
}

/// Decodes all blocks of a file.
pub fn decode_file(
    file: NamedBytes<'_>,
    network: Network,
) -> Result<Vec<DecodedBlock>, DecodeError> {
    let fail = |offset, fault| DecodeError { file: file.name.to_owned(), offset, fault };
    let facts = Arc::new(FileFacts::of(file));
    let magic: &[u8] = file.bytes.get(..4).unwrap_or(&[]);
    if file.bytes.is_empty() {
        return Err(fail(0, BlockFault::Empty));
    }
    if magic == network.magic() {
        return decode_frames(file, network, &facts);
    }
    let others = [Network::Mainnet, Network::Testnet, Network::Signet, Network::Regtest];
    if let Some(found) = others.into_iter().find(|other| magic == other.magic()) {
        return Err(fail(0, BlockFault::OtherNetwork { expected: network, found }));
    }
    let limit = file.bytes.len().min(BLOCK_BYTES_MAX);
    let (block, used) = decode_one(&file.bytes[..limit], network, &facts, 0)
        .map_err(|(offset, fault)| fail(offset, fault))?;
    if used < file.bytes.len() {
        return Err(fail(used, BlockFault::Leftover { count: file.bytes.len() - used }));
    }
    Ok(vec![block])
}

impl FileFacts {
    /// Digests a file.
    pub fn of(file: NamedBytes<'_>) -> FileFacts {
        let sha256 = FileDigest(sha256::Hash::hash(file.bytes).to_byte_array());
        FileFacts { sha256, name: file.name.to_owned() }
    }
}

fn decode_frames(
    file: NamedBytes<'_>,
    network: Network,
    facts: &Arc<FileFacts>,
) -> Result<Vec<DecodedBlock>, DecodeError> {
    let fail = |offset, fault| DecodeError { file: file.name.to_owned(), offset, fault };
    let mut blocks = Vec::new();
    let mut frames = Frames { bytes: file.bytes, offset: 0, magic: network.magic() };
    while let Some(frame) = frames.next(0) {
        let (offset, bytes) = frame.map_err(|(offset, fault)| {
            fail(offset, fault.unwrap_or(BlockFault::Magic { network }))
        })?;
        if blocks.len() == FILE_BLOCKS_MAX {
            return Err(fail(offset, BlockFault::TooMany));
        }
        let (block, used) = decode_one(bytes, network, facts, offset)
            .map_err(|(at, fault)| fail(offset + at, fault))?;
        if used < bytes.len() {
            let count = bytes.len() - used;
            return Err(fail(offset + used, BlockFault::Leftover { count }));
        }
        blocks.push(block);
    }
    Ok(blocks)
}

/// Walks frames of magic, length and content; `blk*.dat` and `rev*.dat` share the shape.
pub(crate) struct Frames<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
    pub(crate) magic: [u8; 4],
}

/// A fault at an offset; `None` says that the magic is missing there.
type FrameFault = (usize, Option<BlockFault>);

impl<'a> Frames<'a> {
    /// The next frame's offset and content, with `trailer` bytes that follow it and that the
    /// length does not count.
    pub(crate) fn next(&mut self, trailer: usize) -> Option<Result<(usize, &'a [u8]), FrameFault>> {
        let rest = &self.bytes[self.offset..];
        // Bitcoin Core grows its files ahead of need; the unused end is zero.
        if rest.iter().all(|byte| *byte == 0) {
            return None;
        }
        Some(self.frame(rest, trailer))
    }

    fn frame(&mut self, rest: &'a [u8], trailer: usize) -> Result<(usize, &'a [u8]), FrameFault> {
        let Some(content) = rest.strip_prefix(&self.magic) else {
            return Err((self.offset, None));
        };
        let at = self.offset + 4;
        let Some((length, content)) = content.split_first_chunk::<4>() else {
            return Err((at, Some(BlockFault::Short)));
        };
        let length = u32::from_le_bytes(*length) as usize;
        let available = content.len();
        if length > BLOCK_BYTES_MAX || length + trailer > available {
            return Err((at, Some(BlockFault::Length { length, available })));
        }
        self.offset = at + 4 + length + trailer;
        Ok((at + 4, &content[..length + trailer]))
    }
}

/// One block from the front of `bytes`, and how many bytes it took. Fault offsets are relative.
fn decode_one(
    bytes: &[u8],
    network: Network,
    file: &Arc<FileFacts>,
    offset: usize,
) -> Result<(DecodedBlock, usize), (usize, BlockFault)> {
    let (body, used) = decode::decode(bytes)?;
    let block = DecodedBlock {
        hash: body.hash,
        previous: body.previous,
        time: body.time,
        height: body.height,
        network,
        file: Arc::clone(file),
        offset,
        undo: None,
        transactions: body.transactions,
    };
    Ok((block, used))
}
