//! A chain on disk: columns in mapped files, a tail in memory. Knows no meaning and no network; it
//! is handed blocks in chain order and answers [`Utxo`](crate::Utxo).
//!
//! Blocks are appended to the *tail*, which lives in memory and in a journal and can be rolled
//! back. When the tail holds a whole *segment* (a height range bounded by rows) below its newest
//! blocks, that segment is sealed: its elements go to the ends of the column files and never
//! change again. What a segment is depends on the chain and the [`Layout`] alone, so that two
//! stores of one chain agree in every segment's digest.
//!
//! A store is always in the state of its manifest, which is replaced as a whole after all it names
//! is on disk (docs/formats/chain-store.md says in which order, and why). One process writes, under
//! a lock; any number read.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::block::{DecodedBlock, Transaction};
use crate::view::{BlockNumber, TxNumber, ViewError};
use crate::{BlockHash, Height, Network, Utxo as _};

pub mod accounts;
mod answer;
mod append;
mod bytes;
mod check;
mod column;
pub mod export;
pub mod import;
mod index;
mod journal;
mod links;
mod manifest;
mod seal;
mod source;
mod spender;
mod stats;
pub mod tables;
mod tail;

pub use check::{FINDINGS_MAX, Finding, Report, check};
pub use journal::{RECORD_BYTES_MAX, count_records, record_bytes};
pub use manifest::{ManifestFault, RUNS_MAX, SEGMENTS_MAX, Segment, parse_manifest};

pub use stats::Stats;

use column::{Columns, Name};
use index::Index;
use journal::Journal;
use manifest::{Journals, Manifest};
use spender::Spenders;
use tail::Tail;

/// The version of every file of a store. Stores of other versions are refused.
pub const FORMAT_VERSION: u32 = 3;

/// How a store is cut into segments; chosen once, when it is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// A segment ends with the block that gives it so many blocks,
    pub segment_blocks_max: u32,
    /// or so many inputs and outputs.
    pub segment_rows_max: u64,
    /// The newest blocks that are never sealed: the deepest reorganisation that can be followed.
    pub tail_blocks_min: u32,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout { segment_blocks_max: 10_000, segment_rows_max: 1 << 20, tail_blocks_min: 144 }
    }
}

impl Layout {
    /// Whether segments of this layout can be.
    fn check(&self) -> Result<(), StoreError> {
        let blocks = (1..=1 << 20).contains(&self.segment_blocks_max);
        let rows = (1..=1 << 28).contains(&self.segment_rows_max);
        if blocks && rows && self.tail_blocks_min <= 1 << 16 {
            return Ok(());
        }
        Err(StoreError::Layout(*self))
    }
}

/// A block with what is known about it; a table of rows may not tell hashes or times.
#[derive(Clone, Debug)]
pub struct NewBlock {
    /// Its hash.
    pub hash: Option<BlockHash>,
    /// The hash of the block before it.
    pub previous: Option<BlockHash>,
    /// Its height; counted from the block before where that is known.
    pub height: Option<Height>,
    /// Seconds since 1970 as its miner claims.
    pub time: Option<u32>,
    /// Its transactions, the coinbase first.
    pub transactions: Vec<Transaction>,
}

impl From<DecodedBlock> for NewBlock {
    fn from(block: DecodedBlock) -> NewBlock {
        NewBlock {
            hash: Some(block.hash),
            previous: Some(block.previous),
            height: block.height,
            time: Some(block.time),
            transactions: block.transactions,
        }
    }
}

/// The newest block of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its number.
    pub block: BlockNumber,
    /// Its hash, where known.
    pub hash: Option<BlockHash>,
    /// Its height, where known.
    pub height: Option<Height>,
}

/// A chain on disk. All numbers are those of [`Utxo`](crate::Utxo); a number of another chain may
/// panic.
#[derive(Debug)]
pub struct ChainStore {
    dir: PathBuf,
    manifest: Manifest,
    columns: Columns,
    index: Index,
    spenders: Spenders,
    tail: Tail,
    /// Blocks that the chain had when each journal was begun, the oldest first.
    journal_bases: VecDeque<u32>,
    mode: Mode,
}

/// What may be done with an open store.
#[derive(Debug)]
enum Mode {
    Reading,
    Writing(Box<Writer>),
    /// A write failed; memory and disk may differ.
    Failed,
}

/// What a writer holds open.
#[derive(Debug)]
struct Writer {
    journal: Journal,
    /// Holds the lock as long as it is open.
    _lock: File,
}

/// Why a store cannot be used, or does not take a block.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the file system.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is a store already.
    #[error("{} holds a chain store already; open it, or choose another folder", .0.display())]
    Exists(PathBuf),
    /// There is none.
    #[error("{} holds no chain store; `comity chain import` makes one", .0.display())]
    Missing(PathBuf),
    /// Another process writes.
    #[error("{}: another process is writing to this store; wait for it, or stop it", .0.display())]
    Locked(PathBuf),
    /// Opened for reading.
    #[error("the store was opened for reading only")]
    ReadOnly,
    /// A write failed before.
    #[error("an earlier write to the store failed; open it again, nothing that was kept is lost")]
    Failed,
    /// The manifest cannot be used.
    #[error("{}: {fault}", .path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: ManifestFault,
    },
    /// A file does not hold what the manifest says.
    #[error(
        "{}, bytes {} to {}: {what}; run `comity chain check`",
        .path.display(), .range.start, .range.end
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it.
        range: Range<u64>,
        /// What is wrong.
        what: String,
    },
    /// No store can be cut like this.
    #[error("{0:?} is no possible layout of segments")]
    Layout(Layout),
    /// A block of another network.
    #[error("the store is of {store}, the block of {block}")]
    Network {
        /// The store's.
        store: Network,
        /// The block's.
        block: Network,
    },
    /// A block that does not follow the newest one.
    #[error("block {block} follows {previous}, but the store's newest block is {tip}")]
    NotNext {
        /// The block.
        block: BlockHash,
        /// Its predecessor.
        previous: BlockHash,
        /// The store's newest block.
        tip: BlockHash,
    },
    /// A block whose transactions contradict the chain, or each other.
    #[error("block {block}: {fault}; nothing of it was kept")]
    Block {
        /// Its hash, or what is known of it.
        block: String,
        /// What is wrong.
        fault: Box<BlockFault>,
    },
    /// A reorganisation deeper than the tail.
    #[error(
        "the chain parts from the store {depth} blocks below its newest; {kept} blocks can be \
         undone; import into a new folder"
    )]
    TooDeep {
        /// How many blocks would have to be undone.
        depth: u32,
        /// How many can.
        kept: u32,
    },
}

/// What can be wrong with a block in its chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// It contradicts the chain.
    #[error(transparent)]
    Chain(#[from] ViewError),
    /// It spends what is not there, in a chain that begins with its network's first block.
    #[error("transaction {txid} spends {previous}, which no transaction of the chain created")]
    MissingPrevious {
        /// The spender.
        txid: crate::Txid,
        /// What it spends.
        previous: crate::OutPoint,
    },
    /// Rows of a table that go back.
    #[error("its height is {claimed}, and that of the block before it {below}; rows go up")]
    RowHeight {
        /// The block's.
        claimed: Height,
        /// That of the block before it.
        below: Height,
    },
    /// It spends what only a coinbase names.
    #[error("transaction {0} spends the null output, which only a coinbase may name")]
    NullPrevious(crate::Txid),
    /// A script that no block could hold.
    #[error("an output script of {0} bytes is longer than a whole block may be")]
    Script(usize),
    /// More than any block can hold.
    #[error("it holds more transactions than any block can")]
    TooLarge,
    /// Nothing in it.
    #[error("it has no transactions")]
    Empty,
    /// A coinbase with inputs, or another transaction without.
    #[error("transaction {0}: the first of a block, and no other, is a coinbase without inputs")]
    Coinbase(crate::Txid),
    /// More addresses than 32 bits number.
    #[error("the chain has more addresses than can be numbered")]
    TooManyAddresses,
}

impl StoreError {
    fn io(path: &Path, source: std::io::Error) -> StoreError {
        StoreError::Io { path: path.to_owned(), source }
    }

    fn damaged(path: &Path, range: Range<u64>, what: String) -> StoreError {
        StoreError::Damaged { path: path.to_owned(), range, what }
    }
}

const MANIFEST: &str = "manifest";
/// A writer may replace the manifest and remove merged runs while a reader opens what it named.
const OPEN_TRIES_MAX: u32 = 5;

impl ChainStore {
    /// Makes an empty store in a folder that has none, open for writing.
    pub fn create(dir: &Path, network: Network, layout: Layout) -> Result<ChainStore, StoreError> {
        layout.check()?;
        for folder in [dir.to_owned(), dir.join("columns"), dir.join("index")] {
            std::fs::create_dir_all(&folder).map_err(|error| StoreError::io(&folder, error))?;
        }
        let lock = lock(dir)?;
        if dir.join(MANIFEST).exists() {
            return Err(StoreError::Exists(dir.to_owned()));
        }
        for index in 0..column::COLUMN_COUNT {
            let header = column::header(index as u32, column::COLUMNS[index].1);
            column::sync(&[column::write_at(&column::path(dir, index), 0, &header)?])?;
        }
        spender::grow(dir, 0)?;
        let journal = Journal::create(dir, 0)?;
        for folder in [dir.join("columns"), dir.to_owned()] {
            sync_folder(&folder)?;
        }
        let manifest = Manifest {
            network,
            layout,
            journals: Journals::default(),
            spent_segments: 0,
            segments: Vec::new(),
            runs: Vec::new(),
        };
        write_manifest(dir, &manifest)?;
        let mut store = ChainStore::load(dir, manifest)?.0;
        store.link_all();
        store.mode = Mode::Writing(Box::new(Writer { journal, _lock: lock }));
        Ok(store)
    }

    /// Opens a store for reading. What a writer adds later is not seen.
    pub fn open(dir: &Path) -> Result<ChainStore, StoreError> {
        let mut tries = 1;
        loop {
            let manifest = read_manifest(dir)?;
            match ChainStore::load(dir, manifest.clone()) {
                Ok((store, _)) => return Ok(store),
                Err(error) if tries == OPEN_TRIES_MAX || read_manifest(dir)? == manifest => {
                    return Err(error);
                }
                Err(_) => tries += 1,
            }
        }
    }

    /// Opens a store for writing and finishes what a crash interrupted. Only one process can.
    pub fn open_writer(dir: &Path) -> Result<ChainStore, StoreError> {
        if !dir.join(MANIFEST).exists() {
            return Err(StoreError::Missing(dir.to_owned()));
        }
        let lock = lock(dir)?;
        let manifest = read_manifest(dir)?;
        let (mut store, journal_bytes) = ChainStore::load(dir, manifest)?;
        store.link_all();
        let journal = Journal::resume(dir, store.manifest.journals.last, journal_bytes)?;
        store.mode = Mode::Writing(Box::new(Writer { journal, _lock: lock }));
        store.finish_spends()?;
        store.remove_left_over()?;
        Ok(store)
    }

    /// Opens a store for writing, making it where there is none.
    pub fn open_or_create(
        dir: &Path,
        network: Network,
        layout: Layout,
    ) -> Result<ChainStore, StoreError> {
        if !dir.join(MANIFEST).exists() {
            return ChainStore::create(dir, network, layout);
        }
        let store = ChainStore::open_writer(dir)?;
        if store.manifest.network != network {
            return Err(StoreError::Network { store: store.manifest.network, block: network });
        }
        Ok(store)
    }

    /// The folder it lies in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How it is cut into segments.
    pub fn layout(&self) -> Layout {
        self.manifest.layout
    }

    /// The newest block.
    pub fn tip(&self) -> Option<Tip> {
        let block = BlockNumber(self.block_count().checked_sub(1)?);
        Some(Tip { block, hash: self.block_hash(block), height: self.height(block) })
    }

    /// The block of that hash, by looking at all of them from the newest.
    pub fn block_number(&self, hash: &BlockHash) -> Option<BlockNumber> {
        let blocks = (0..self.block_count()).rev().map(BlockNumber);
        blocks.into_iter().find(|block| self.block_hash(*block) == Some(*hash))
    }

    /// What is sealed, oldest first.
    pub fn segments(&self) -> &[Segment] {
        &self.manifest.segments
    }

    /// Blocks that are not sealed: so many can be rolled back.
    pub fn tail_block_count(&self) -> u32 {
        self.tail.marks.len() as u32
    }

    /// Whether the chain begins with its network's first block, so that nothing is outside it.
    pub fn is_complete(&self) -> bool {
        self.block_count() > 0
            && self.block_hash(BlockNumber(0)) == Some(self.manifest.network.genesis())
    }

    /// Opens what a manifest names and replays the journals; also says how much of the last was
    /// sound.
    fn load(dir: &Path, manifest: Manifest) -> Result<(ChainStore, u64), StoreError> {
        let sealed = manifest.sealed();
        let columns = Columns::open(dir, &sealed)?;
        let index = Index::open(dir, &manifest.runs)?;
        let mut spenders = Spenders::default();
        let outputs = sealed[Name::OutputWord as usize];
        spenders.map(dir, outputs, manifest.spent_transactions())?;
        let tail = Tail::new(manifest.segments.last().map_or(0, |last| last.worth));
        let dir = dir.to_owned();
        let mode = Mode::Reading;
        let journal_bases = VecDeque::new();
        let mut store =
            ChainStore { dir, manifest, columns, index, spenders, tail, journal_bases, mode };
        store.pend_unwritten_spends();
        let journal_bytes = store.replay()?;
        Ok((store, journal_bytes))
    }

    /// Spends of sealed segments that the spender file does not hold yet, after a crash.
    fn pend_unwritten_spends(&mut self) {
        let sealed = self.columns.sealed(Name::Txid) as u32;
        self.spenders.pending.reserve(self.waiting_spends() as usize);
        for transaction in self.manifest.spent_transactions()..sealed {
            for (output, _) in self.inside_spends(TxNumber(transaction)) {
                self.spenders.pending.insert(output, transaction);
            }
        }
    }

    fn writer(&mut self) -> Result<&mut Writer, StoreError> {
        match &mut self.mode {
            Mode::Writing(writer) => Ok(writer),
            Mode::Reading => Err(StoreError::ReadOnly),
            Mode::Failed => Err(StoreError::Failed),
        }
    }
}

/// Takes the writer's lock, which ends with the process.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let open = || OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = open().map_err(|error| StoreError::io(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked(dir.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(StoreError::io(&path, error)),
    }
}

fn read_manifest(dir: &Path) -> Result<Manifest, StoreError> {
    let path = dir.join(MANIFEST);
    let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::Missing(dir.to_owned()),
        _ => StoreError::io(&path, error),
    })?;
    Manifest::parse(&bytes).map_err(|fault| StoreError::Manifest { path, fault })
}

/// Replaces the manifest: the new one is on disk under another name before it takes the old name.
fn write_manifest(dir: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let (path, new) = (dir.join(MANIFEST), dir.join("manifest.new"));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(&manifest.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &path)
    };
    write().map_err(|error| StoreError::io(&new, error))?;
    sync_folder(dir)
}

/// Waits until the names in a folder are on disk.
fn sync_folder(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(|error| StoreError::io(dir, error))
}
