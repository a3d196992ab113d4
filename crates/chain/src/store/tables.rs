//! Imports folders of tables, into a store or an account log. Knows no clock and no columns: those
//! are [`crate::table`]'s.
//!
//! Every row is read twice: once to find all that is wrong with the tables themselves, before
//! anything is imported, and once to import, a block at a time. What only the chain can contradict
//! ends the import at its block; the blocks before it stay. Stopping and dying between two blocks
//! leave a store that goes on from there.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::accounts::{AccountFile, AccountFileError};
use super::import::Progress;
use super::{ChainStore, StoreError};
use crate::account::AccountChain;
use crate::evm::EvmRules;
use crate::table::TableError;
use crate::table::account::AccountRow;
use crate::table::utxo::{RowBlock, UtxoTables};
use crate::utxo::{OutputNumber, Utxo as _};
use crate::view::{BlockNumber, TxNumber};
use crate::{Height, OutPoint, Satoshi};

mod folder;

use folder::Folder;

/// After so many inputs, outputs or movements what was imported is made safe.
const COMMIT_ROWS: usize = 1 << 18;
/// Most files of tables in one folder.
pub const FILES_MAX: usize = 100_000;

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines: `.csv`, or `.csv.gz`.
    Csv,
    /// Columns: `.parquet`.
    #[cfg(feature = "parquet")]
    Parquet,
}

/// What an import is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Nothing is imported yet.
    Checking,
    /// Blocks are.
    Importing,
}

/// What an import of tables did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TablesImported {
    /// Blocks added.
    pub added: u32,
    /// Blocks that were there already.
    pub known: u32,
    /// Inputs from outside of which the tables tell a worth and no script: they stay unknown.
    pub unvalued: u64,
    /// Whether it was asked to stop before the end.
    pub stopped: bool,
}

/// Why an import failed. What came before the failure is kept.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// A table is at fault.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The store could not write.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be written.
    #[error(transparent)]
    Log(#[from] AccountFileError),
    /// The disk.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A table that is needed.
    #[error(
        "{} has no table of {table}: no file whose name begins with {names} and ends with \
         {ending}", .dir.display()
    )]
    NoTable {
        /// The folder.
        dir: PathBuf,
        /// The table.
        table: &'static str,
        /// How its files' names may begin.
        names: String,
        /// How they end.
        ending: &'static str,
    },
    /// More than are looked at.
    #[error("{} holds more than {FILES_MAX} files of tables; join some", .0.display())]
    TooManyFiles(PathBuf),
    /// Tables that only EVM chains have.
    #[error(
        "{}: without a table of movements these are tables of an EVM chain, not of {chain}",
        .dir.display()
    )]
    NotEvm {
        /// The folder.
        dir: PathBuf,
        /// The chain asked for.
        chain: AccountChain,
    },
}

/// Imports a folder of tables of a chain of outputs. Stops after the current block when `stop` is
/// set.
///
/// # Errors
/// A table is at fault, or contradicts the chain.
pub fn import(
    store: &mut ChainStore,
    dir: &Path,
    format: Format,
    stop: &AtomicBool,
    mut progress: impl FnMut(Pass, &Progress),
) -> Result<TablesImported, TablesError> {
    let folder = Folder::open(dir, format)?;
    let network = store.network();
    let mut checked = Counter::new(&folder);
    let mut tables = UtxoTables::new(folder.utxo(&checked.bytes)?, network);
    while let Some(row) = tables.next_block()? {
        checked.count(row.block.transactions.len(), row.block.height);
        progress(Pass::Checking, &checked.now());
        if stop.load(Ordering::Relaxed) {
            return Ok(TablesImported { stopped: true, ..TablesImported::default() });
        }
    }
    let mut counter = Counter { blocks_total: checked.blocks, ..Counter::new(&folder) };
    let mut tables = UtxoTables::new(folder.utxo(&counter.bytes)?, network);
    let mut imported = TablesImported::default();
    let outcome = append_blocks(store, &mut tables, stop, &mut imported, &mut counter, progress);
    // What was appended before an error is sound.
    store.commit()?;
    outcome.map(|()| imported)
}

fn append_blocks(
    store: &mut ChainStore,
    tables: &mut UtxoTables,
    stop: &AtomicBool,
    imported: &mut TablesImported,
    counter: &mut Counter,
    mut progress: impl FnMut(Pass, &Progress),
) -> Result<(), TablesError> {
    let (mut at, mut not_safe) = (0, 0);
    while let Some(row) = tables.next_block()? {
        if stop.load(Ordering::Relaxed) {
            imported.stopped = true;
            return Ok(());
        }
        let (count, height) = (row.block.transactions.len(), row.block.height);
        if is_known(store, &row, &mut at)? {
            imported.known += 1;
        } else {
            not_safe += row.values.iter().map(Vec::len).sum::<usize>() + count;
            append(store, row, &mut imported.unvalued)?;
            imported.added += 1;
            at = store.block_count();
        }
        if not_safe >= COMMIT_ROWS {
            store.commit()?;
            not_safe = 0;
        }
        counter.count(count, height);
        progress(Pass::Importing, &counter.now());
    }
    Ok(())
}

/// Whether the store has the block already; `at` is how far it was compared. A store is never
/// changed to suit a table.
fn is_known(store: &ChainStore, row: &RowBlock, at: &mut u32) -> Result<bool, TableError> {
    while *at < store.block_count() {
        let block = BlockNumber(*at);
        let (height, hash) = (store.height(block), store.block_hash(block));
        let (wanted, told) = (Height(row.number), row.block.hash);
        let here = match height {
            Some(height) if height > wanted => {
                let words = format!(
                    "block {wanted} lies before block {height}, which is in the store; import into \
                     a new folder"
                );
                return Err(row.refused(words));
            }
            Some(height) => height == wanted,
            None => hash.is_some() && hash == told,
        };
        *at += 1;
        if !here {
            continue;
        }
        let other = hash.zip(told).is_some_and(|(hash, told)| hash != told);
        let range = store.transactions_of(block);
        let same = range.len() == row.block.transactions.len()
            && range
                .zip(&row.block.transactions)
                .all(|(number, given)| store.txid(TxNumber(number)) == given.txid);
        if other || !same {
            let words = format!(
                "block {wanted} is in the store with {}; import into a new folder",
                if other { "another hash" } else { "other transactions" }
            );
            return Err(row.refused(words));
        }
        return Ok(true);
    }
    Ok(false)
}

fn append(
    store: &mut ChainStore,
    mut row: RowBlock,
    unvalued: &mut u64,
) -> Result<(), TablesError> {
    follows(store, &row)?;
    // A worth that a table tells is compared where the output is here, and kept where it is not.
    let mut inside = Vec::new();
    for (transaction, values) in row.values.iter().enumerate() {
        for (input, told) in values.iter().enumerate() {
            let given = &row.block.transactions[transaction].inputs[input];
            let Some(told) = told else { continue };
            match worth(store, &row, &given.previous) {
                Worth::Known(value) if value != *told => {
                    let words = format!(
                        "output {} is worth {value} satoshis, not {told}; nothing of the block was \
                         kept",
                        given.previous
                    );
                    return Err(row.input_fault(transaction, input, words).into());
                }
                Worth::Known(_) | Worth::NoSuchOutput => inside.push((transaction, input)),
                Worth::Outside => *unvalued += u64::from(given.coin.is_none()),
            }
        }
    }
    for (transaction, input) in inside {
        row.block.transactions[transaction].inputs[input].coin = None;
    }
    let points = |inputs: &Vec<crate::block::TransactionInput>| {
        inputs.iter().map(|input| input.previous).collect::<Vec<OutPoint>>()
    };
    let given: Vec<Vec<OutPoint>> =
        row.block.transactions.iter().map(|transaction| points(&transaction.inputs)).collect();
    match store.append_block(row.take_block()) {
        Ok(_) => Ok(()),
        Err(StoreError::Block { fault, .. }) => Err(row.fault(&fault, &given).into()),
        Err(error @ StoreError::NotNext { .. }) => Err(row.refused(error.to_string()).into()),
        Err(error) => Err(error.into()),
    }
}

/// That no height is left out where hashes say that blocks follow one another: the store counts
/// heights by itself, and would count past the hole.
fn follows(store: &ChainStore, row: &RowBlock) -> Result<(), TableError> {
    let Some(hash) = row.block.hash else { return Ok(()) };
    let genesis = store.network().genesis();
    let expected = match store.tip() {
        Some(tip) => tip.height.map(|height| height.0.saturating_add(1)),
        None if hash == genesis => Some(0),
        None if row.block.previous == Some(genesis) => Some(1),
        None => None,
    };
    match expected {
        Some(expected) if expected != row.number => {
            let number = row.number;
            Err(row.refused(format!("block {expected} should stand here, not block {number}")))
        }
        _ => Ok(()),
    }
}

enum Worth {
    Known(Satoshi),
    NoSuchOutput,
    Outside,
}

fn worth(store: &ChainStore, row: &RowBlock, point: &OutPoint) -> Worth {
    if let Some(transaction) = row.transaction(&point.txid) {
        let output = transaction.outputs.get(point.vout as usize);
        return output.map_or(Worth::NoSuchOutput, |output| Worth::Known(output.value));
    }
    let Some(creator) = store.transaction(&point.txid) else { return Worth::Outside };
    let outputs = store.outputs_of(creator);
    match outputs.start + u64::from(point.vout) {
        output if output < outputs.end => Worth::Known(store.value(OutputNumber(output))),
        _ => Worth::NoSuchOutput,
    }
}

/// Imports a folder of tables of a chain of accounts: our own where there is a table of movements,
/// else those of ethereum-etl or GraphSense. Stops after the current block when `stop` is set.
///
/// # Errors
/// A table is at fault, or contradicts the log.
pub fn import_accounts(
    log: &mut AccountFile,
    dir: &Path,
    format: Format,
    rules: &EvmRules,
    stop: &AtomicBool,
    mut progress: impl FnMut(Pass, &Progress),
) -> Result<TablesImported, TablesError> {
    let folder = Folder::open(dir, format)?;
    let chain = log.ledgers().chain();
    let mut checked = Counter::new(&folder);
    let mut tables = folder.accounts(chain, rules, &checked.bytes)?;
    while let Some(row) = tables.next_block()? {
        checked.count(row.block.transactions.len(), None);
        progress(Pass::Checking, &checked.now());
        if stop.load(Ordering::Relaxed) {
            return Ok(TablesImported { stopped: true, ..TablesImported::default() });
        }
    }
    let mut counter = Counter { blocks_total: checked.blocks, ..Counter::new(&folder) };
    let mut tables = folder.accounts(chain, rules, &counter.bytes)?;
    let mut imported = TablesImported::default();
    let mut not_safe = 0;
    let mut append_all = || -> Result<(), TablesError> {
        while let Some(row) = tables.next_block()? {
            if stop.load(Ordering::Relaxed) {
                imported.stopped = true;
                break;
            }
            let count = row.block.transactions.len();
            if is_logged(log, &row)? {
                imported.known += 1;
            } else {
                not_safe += row.block.movements.len() + count;
                let block = row.block.clone();
                log.append(block).map_err(|error| match error {
                    AccountFileError::Ledger(error) => {
                        TablesError::Table(row.refused(error.to_string()))
                    }
                    other => other.into(),
                })?;
                imported.added += 1;
            }
            if not_safe >= COMMIT_ROWS {
                log.commit()?;
                not_safe = 0;
            }
            counter.count(count, None);
            progress(Pass::Importing, &counter.now());
        }
        Ok(())
    };
    let outcome = append_all();
    log.commit()?;
    outcome.map(|()| imported)
}

fn is_logged(log: &AccountFile, row: &AccountRow) -> Result<bool, TableError> {
    let (ledgers, block) = (log.ledgers(), &row.block);
    let Some(index) = ledgers.block_from(block.number) else { return Ok(false) };
    let here = ledgers.block(index);
    let words = match () {
        () if here.number != block.number => format!(
            "block {} lies before block {}, the first in the log; import into a new file",
            block.number, here.number
        ),
        () if here.hash != block.hash => format!(
            "block {} is in the log with another hash; import into a new file",
            block.number
        ),
        () => return Ok(true),
    };
    Err(row.refused(words))
}

/// How far a pass is.
struct Counter {
    bytes: Arc<AtomicU64>,
    bytes_total: u64,
    blocks: u32,
    blocks_total: u32,
    transactions: u64,
    height: Option<Height>,
}

impl Counter {
    fn new(folder: &Folder) -> Counter {
        Counter {
            bytes: Arc::default(),
            bytes_total: folder.bytes(),
            blocks: 0,
            blocks_total: 0,
            transactions: 0,
            height: None,
        }
    }

    fn count(&mut self, transactions: usize, height: Option<Height>) {
        self.blocks += 1;
        self.transactions += transactions as u64;
        self.height = height;
    }

    fn now(&self) -> Progress {
        Progress {
            blocks: self.blocks,
            blocks_total: self.blocks_total.max(self.blocks),
            bytes: self.bytes.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
            transactions: self.transactions,
            height: self.height,
        }
    }
}
