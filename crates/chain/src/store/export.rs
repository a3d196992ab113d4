//! Writes a store or an account log as a folder of tables. Knows no columns: those are
//! [`crate::table::write`]'s. The folder appears whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::ChainStore;
use super::accounts::AccountFileError;
use super::tables::Format;
use crate::account::log::{LogError, block_places, read_block};
use crate::table::write::{
    ACCOUNT_TABLES, Table, UTXO_TABLES, WriteError, Writer, account_block, utxo_block,
};
use crate::utxo::Utxo as _;
use crate::view::BlockNumber;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The disk.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A block that does not fit into rows.
    #[error("{}: {source}", .path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        source: WriteError,
    },
    /// The folder holds something.
    #[error("{} is there already; an export never overwrites, choose another folder", .0.display())]
    Exists(PathBuf),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] AccountFileError),
    /// It was asked to stop.
    #[error("stopped; nothing was exported")]
    Stopped,
}

/// Writes every block of a store. `progress` is told how many of how many are written.
///
/// # Errors
/// The folder is there already, or the disk.
pub fn export(
    store: &ChainStore,
    dir: &Path,
    format: Format,
    stop: &AtomicBool,
    mut progress: impl FnMut(u64, u64),
) -> Result<u64, ExportError> {
    let count = u64::from(store.block_count());
    whole(dir, format, &UTXO_TABLES, |writers| {
        for block in 0..store.block_count() {
            if stop.load(Ordering::Relaxed) {
                return Err(ExportError::Stopped);
            }
            let written = utxo_block(store, BlockNumber(block), writers);
            written.map_err(|source| ExportError::Write { path: dir.to_owned(), source })?;
            progress(u64::from(block) + 1, count);
        }
        Ok(count)
    })
}

/// Writes every block of an account log.
///
/// # Errors
/// The folder is there already, the log is damaged, or the disk.
pub fn export_accounts(
    log: &Path,
    dir: &Path,
    format: Format,
    stop: &AtomicBool,
    mut progress: impl FnMut(u64, u64),
) -> Result<u64, ExportError> {
    let io = |source| ExportError::Io { path: log.to_owned(), source };
    let bytes = std::fs::read(log).map_err(io)?;
    let bad = |error| AccountFileError::Log { path: log.to_owned(), error };
    let (chain, places) = block_places(&bytes).map_err(bad)?;
    let count = places.len() as u64;
    whole(dir, format, &ACCOUNT_TABLES, |writers| {
        for (done, place) in (1..).zip(places) {
            if stop.load(Ordering::Relaxed) {
                return Err(ExportError::Stopped);
            }
            let offset = place.start;
            let block = read_block(&bytes, chain, place);
            let block = block.ok_or_else(|| bad(LogError::Damaged { offset }))?;
            let written = account_block(&block, writers);
            written.map_err(|source| ExportError::Write { path: dir.to_owned(), source })?;
            progress(done, count);
        }
        Ok(count)
    })
}

/// Writes into a folder beside, which takes the name once all is on disk.
fn whole(
    dir: &Path,
    format: Format,
    tables: &[Table; 4],
    fill: impl FnOnce(&mut [Writer; 4]) -> Result<u64, ExportError>,
) -> Result<u64, ExportError> {
    let io = |path: &Path, source| ExportError::Io { path: path.to_owned(), source };
    if dir.exists() {
        return Err(ExportError::Exists(dir.to_owned()));
    }
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = dir.with_file_name(name);
    if part.exists() {
        // Of an export that was interrupted.
        std::fs::remove_dir_all(&part).map_err(|error| io(&part, error))?;
    }
    std::fs::create_dir_all(&part).map_err(|error| io(&part, error))?;
    let done = write_all(&part, format, tables, fill);
    let named = done.and_then(|count| {
        std::fs::rename(&part, dir).map_err(|error| io(dir, error))?;
        Ok(count)
    });
    if named.is_err() {
        // What is left of it is of no use, and the error at hand says more than another would.
        let _ = std::fs::remove_dir_all(&part);
    }
    named
}

fn write_all(
    part: &Path,
    format: Format,
    tables: &[Table; 4],
    fill: impl FnOnce(&mut [Writer; 4]) -> Result<u64, ExportError>,
) -> Result<u64, ExportError> {
    let mut writers = Vec::with_capacity(tables.len());
    let mut files = Vec::with_capacity(tables.len());
    for table in tables {
        let ending = match format {
            Format::Csv => "csv",
            #[cfg(feature = "parquet")]
            Format::Parquet => "parquet",
        };
        let path = part.join(format!("{}.{ending}", table.name));
        let io = |source| ExportError::Io { path: path.clone(), source };
        let file = File::create(&path).map_err(io)?;
        files.push((path.clone(), file.try_clone().map_err(io)?));
        let to = Box::new(BufWriter::new(file));
        let writer = match format {
            Format::Csv => Writer::csv(table, to),
            #[cfg(feature = "parquet")]
            Format::Parquet => Writer::parquet(table, to),
        };
        writers.push(writer.map_err(|source| ExportError::Write { path: path.clone(), source })?);
    }
    let Ok(mut writers) = <[Writer; 4]>::try_from(writers) else {
        unreachable!("one writer a table")
    };
    let count = fill(&mut writers)?;
    for (writer, (path, file)) in writers.into_iter().zip(files) {
        let write = |source| ExportError::Write { path: path.clone(), source };
        writer.finish().map_err(write)?;
        file.sync_all().map_err(|source| ExportError::Io { path: path.clone(), source })?;
    }
    Ok(count)
}
