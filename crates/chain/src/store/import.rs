//! Imports block files into a store. Knows no clock; the caller tells people how far it is.
//!
//! All headers are read first, so that blocks may lie in any order, stale branches are left out and
//! a damaged file is refused before anything is imported. Then the blocks come one by one: other
//! threads read and decode, this one appends, in chain order. Stopping and dying between two blocks
//! leave a store that goes on from there.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::source::{self, BlockFile, Located, UndoRecord};
use super::{ChainStore, NewBlock, StoreError};
use crate::block::decode::decode;
use crate::block::{BlockFault, DecodeError};
use crate::undo::{self, UndoError};
use crate::utxo::Utxo as _;
use crate::view::BlockNumber;
use crate::{BlockHash, Height, Network};

pub use source::HEADERS_MAX;

/// Blocks that one thread may have decoded before they are appended: bounds memory.
const DECODED_BLOCKS_MAX: usize = 16;
/// Threads that decode; more than the appending thread can keep up with help no one.
const DECODERS_MAX: usize = 4;
/// After so many bytes of blocks what was imported is made safe.
const COMMIT_BYTES: u64 = 64 << 20;

/// What to import.
#[derive(Debug)]
pub struct Files {
    /// `blk*.dat` files or single blocks, in any order.
    pub blocks: Vec<PathBuf>,
    /// `rev*.dat` files or single undo records, for chains that do not begin with the first block.
    pub undo: Vec<PathBuf>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Blocks imported, of
    pub blocks: u32,
    /// all that are to be imported.
    pub blocks_total: u32,
    /// Bytes of them, of
    pub bytes: u64,
    /// all.
    pub bytes_total: u64,
    /// Transactions of them.
    pub transactions: u64,
    /// The height of the last, where known.
    pub height: Option<Height>,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Blocks added.
    pub added: u32,
    /// Blocks taken away, because the files have a chain of more work.
    pub removed: u32,
    /// Blocks of the files that the store had already.
    pub known: u32,
    /// Blocks of branches that lost.
    pub stale: u32,
    /// Blocks that hang on none of the chain's.
    pub orphans: u32,
    /// Where the first of those lies: file, byte, hash.
    pub first_orphan: Option<(String, u64, BlockHash)>,
    /// Blocks whose inputs' worth an undo record told.
    pub undo_fitted: u32,
    /// Whether it was asked to stop before the end.
    pub stopped: bool,
}

/// Why an import failed. What came before the failure is kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A block file is at fault.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An undo file is at fault.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// The store refused a block, or could not write.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block that the store refused, and where it lies.
    #[error("{file}, byte {offset}: {source}")]
    Block {
        /// The file.
        file: String,
        /// Where the block begins.
        offset: u64,
        /// Why it was refused.
        source: Box<StoreError>,
    },
    /// The disk.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No key to undo the obscuring with.
    #[error("{}: the key is not 8 bytes long", .0.display())]
    Key(PathBuf),
    /// No files.
    #[error("no block files were given")]
    NoFiles,
    /// Blocks that hang on nothing that is in the store.
    #[error(
        "{file}, byte {offset}: block {block} follows {previous}, which is neither in the store \
         nor in the files; give the files between them too"
    )]
    Apart {
        /// The file.
        file: String,
        /// Where the block begins.
        offset: u64,
        /// The first block of the files' chain.
        block: BlockHash,
        /// Its predecessor.
        previous: BlockHash,
    },
}

/// Which blocks come, and how many of the store's stay.
struct Plan {
    keep: u32,
    blocks: Vec<Located>,
    imported: Imported,
}

/// Imports the chain of most work of these files. Stops after the current block when `stop` is set.
pub fn import(
    store: &mut ChainStore,
    files: &Files,
    stop: &AtomicBool,
    mut progress: impl FnMut(&Progress),
) -> Result<Imported, ImportError> {
    let network = store.network();
    if files.blocks.is_empty() {
        return Err(ImportError::NoFiles);
    }
    let open = |paths: &[PathBuf]| -> Result<Vec<BlockFile>, ImportError> {
        paths.iter().map(|path| BlockFile::open(path, network)).collect()
    };
    let (blocks, undo) = (open(&files.blocks)?, open(&files.undo)?);
    let plan = plan(store, &blocks, network)?;
    let records = source::undo_records(&undo, network)?;
    let records = Records::of(&undo, records)?;
    let undo_fitted = AtomicU32::new(0);
    let source = Source { blocks: &blocks, undo: &undo, records, network, undo_fitted };
    if plan.imported.removed > 0 {
        store.rollback(plan.keep)?;
    }
    let outcome = append_all(store, &source, &plan, stop, &mut progress);
    // What was appended before an error is sound, and so is the rollback.
    store.commit()?;
    let mut imported = outcome?;
    imported.undo_fitted = source.undo_fitted.into_inner();
    Ok(imported)
}

fn plan(store: &ChainStore, files: &[BlockFile], network: Network) -> Result<Plan, ImportError> {
    let found = source::locate(files, network)?;
    let have: HashMap<BlockHash, u32> = (0..store.block_count())
        .filter_map(|number| Some((store.block_hash(BlockNumber(number))?, number)))
        .collect();
    let best = source::best(&found, |hash| have.contains_key(hash));
    let mut imported = Imported {
        added: 0,
        removed: 0,
        known: 0,
        stale: best.stale,
        orphans: best.orphans,
        first_orphan: best.first_orphan.map(|index| {
            let block = &found[index];
            (files[block.file].name.clone(), block.offset, block.hash)
        }),
        undo_fitted: 0,
        stopped: false,
    };
    let new = best.blocks.iter().position(|index| !have.contains_key(&found[*index].hash));
    imported.known = new.unwrap_or(best.blocks.len()) as u32;
    let count = store.block_count();
    let Some(new) = new else { return Ok(Plan { keep: count, blocks: Vec::new(), imported }) };
    let blocks: Vec<Located> =
        best.blocks[new..].iter().map(|index| found[*index].clone()).collect();
    let first = &blocks[0];
    let keep = match have.get(&first.previous) {
        Some(number) => number + 1,
        None if count == 0 => 0,
        None => {
            return Err(ImportError::Apart {
                file: files[first.file].name.clone(),
                offset: first.offset,
                block: first.hash,
                previous: first.previous,
            });
        }
    };
    // A branch that is not longer than what the store has replaces nothing. (The store keeps no
    // targets; within the depth that can be undone blocks are of about equal work.)
    if blocks.len() as u32 <= count - keep {
        imported.stale += blocks.len() as u32;
        return Ok(Plan { keep: count, blocks: Vec::new(), imported });
    }
    imported.removed = count - keep;
    if imported.removed > store.tail_block_count() {
        let (depth, kept) = (imported.removed, store.tail_block_count());
        return Err(StoreError::TooDeep { depth, kept }.into());
    }
    Ok(Plan { keep, blocks, imported })
}

/// Files to read from.
struct Source<'a> {
    blocks: &'a [BlockFile],
    undo: &'a [BlockFile],
    records: Records,
    network: Network,
    undo_fitted: AtomicU32,
}

/// Undo records by the number of transactions they are of.
struct Records {
    by_count: HashMap<u64, Vec<UndoRecord>>,
    flat: Vec<UndoRecord>,
}

impl Records {
    fn of(files: &[BlockFile], records: Vec<UndoRecord>) -> Result<Records, ImportError> {
        let mut sorted = Records { by_count: HashMap::new(), flat: Vec::new() };
        for record in records {
            if record.offset == 0 {
                sorted.flat.push(record);
                continue;
            }
            let head = files[record.file].read(record.offset, record.length.min(9))?;
            let count = undo::leading_count(&head).unwrap_or(0);
            sorted.by_count.entry(count).or_default().push(record);
        }
        Ok(sorted)
    }
}

type Decoded = Result<NewBlock, ImportError>;

/// Threads decode every n-th block each; this one takes them in turn, so the order is the chain's.
fn append_all(
    store: &mut ChainStore,
    source: &Source<'_>,
    plan: &Plan,
    stop: &AtomicBool,
    progress: &mut impl FnMut(&Progress),
) -> Result<Imported, ImportError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let decoders = cores.saturating_sub(1).clamp(1, DECODERS_MAX);
    std::thread::scope(|scope| {
        let mut turns: Vec<Receiver<Decoded>> = Vec::new();
        for decoder in 0..decoders {
            let (sender, receiver) = sync_channel(DECODED_BLOCKS_MAX);
            let mine = plan.blocks.iter().skip(decoder).step_by(decoders);
            scope.spawn(move || decode_turn(source, mine, &sender));
            turns.push(receiver);
        }
        // Dropping the receivers, at whatever end, ends the threads.
        append_turns(store, source, plan, &turns, stop, progress)
    })
}

fn decode_turn<'a>(
    source: &Source<'_>,
    blocks: impl Iterator<Item = &'a Located>,
    sender: &SyncSender<Decoded>,
) {
    for block in blocks {
        let decoded = source.read(block);
        let failed = decoded.is_err();
        if sender.send(decoded).is_err() || failed {
            return;
        }
    }
}

fn append_turns(
    store: &mut ChainStore,
    source: &Source<'_>,
    plan: &Plan,
    turns: &[Receiver<Decoded>],
    stop: &AtomicBool,
    progress: &mut impl FnMut(&Progress),
) -> Result<Imported, ImportError> {
    let mut imported = plan.imported.clone();
    let mut now = Progress {
        blocks: 0,
        blocks_total: plan.blocks.len() as u32,
        bytes: 0,
        bytes_total: plan.blocks.iter().map(|block| block.length as u64).sum(),
        transactions: 0,
        height: None,
    };
    let mut not_safe = 0;
    for (located, turn) in plan.blocks.iter().zip(turns.iter().cycle()) {
        if stop.load(Ordering::Relaxed) {
            imported.stopped = true;
            break;
        }
        let Ok(block) = turn.recv() else { break };
        let block = block?;
        let transactions = block.transactions.len() as u64;
        let number = store.append_block(block).map_err(|error| match error {
            error @ (StoreError::Block { .. } | StoreError::NotNext { .. }) => {
                let file = source.blocks[located.file].name.clone();
                ImportError::Block { file, offset: located.offset, source: Box::new(error) }
            }
            other => other.into(),
        })?;
        imported.added += 1;
        now.blocks += 1;
        now.bytes += located.length as u64;
        now.transactions += transactions;
        now.height = store.height(number);
        not_safe += located.length as u64;
        if not_safe >= COMMIT_BYTES {
            store.commit()?;
            not_safe = 0;
        }
        progress(&now);
    }
    Ok(imported)
}

impl Source<'_> {
    fn read(&self, block: &Located) -> Decoded {
        let file = &self.blocks[block.file];
        let bytes = file.read(block.offset, block.length)?;
        let fail = |(at, fault): (usize, BlockFault)| file.fault(block.offset + at as u64, fault);
        let (body, used) = decode(&bytes).map_err(fail)?;
        if used < bytes.len() {
            let count = bytes.len() - used;
            return Err(fail((used, BlockFault::Leftover { count })));
        }
        let mut new = NewBlock {
            hash: Some(body.hash),
            previous: Some(body.previous),
            height: body.height,
            time: Some(body.time),
            transactions: body.transactions,
        };
        if self.attach(&mut new, block)? {
            self.undo_fitted.fetch_add(1, Ordering::Relaxed);
        }
        Ok(new)
    }

    /// Fills in what the block's inputs were worth, where an undo record of it is there.
    fn attach(&self, new: &mut NewBlock, block: &Located) -> Result<bool, ImportError> {
        let others = new.transactions.len() as u64 - 1;
        let facts =
            undo::Facts { previous: block.previous, height: new.height, network: self.network };
        let framed = self.records.by_count.get(&others).into_iter().flatten();
        for record in framed {
            let file = &self.undo[record.file];
            let bytes = file.read(record.offset, record.length)?;
            let fitted = undo::fill_framed(&mut new.transactions, facts, &bytes)
                .map_err(|fault| self.undo_fault(record, fault))?;
            if fitted {
                return Ok(true);
            }
        }
        for record in &self.records.flat {
            let bytes = self.undo[record.file].read(0, record.length)?;
            if undo::fill_unnamed(&mut new.transactions, facts, &bytes) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn undo_fault(&self, record: &UndoRecord, (at, fault): undo::Fault) -> ImportError {
        let file = self.undo[record.file].name.clone();
        UndoError { file, offset: record.offset as usize + at, fault }.into()
    }
}
