//! The files of a folder by the tables they hold. Knows no rows.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{FILES_MAX, Format, TablesError};
use crate::account::AccountChain;
use crate::evm::EvmRules;
use crate::table::account::{self, AccountParts, AccountRow, AccountTables};
use crate::table::evm::columns as evm;
use crate::table::evm::{EvmParts, EvmTables};
use crate::table::utxo::UtxoParts;
use crate::table::utxo::columns as utxo;
use crate::table::{Input, Part, Schema, TableError};

/// Tables of accounts of either sort.
pub(super) enum Accounts {
    Own(Box<AccountTables>),
    Evm(Box<EvmTables>),
}

impl Accounts {
    pub(super) fn next_block(&mut self) -> Result<Option<AccountRow>, TableError> {
        match self {
            Accounts::Own(tables) => tables.next_block(),
            Accounts::Evm(tables) => tables.next_block(),
        }
    }
}

/// Files that may hold tables.
pub(super) struct Folder {
    dir: PathBuf,
    format: Format,
    /// Path, name without endings, bytes; by name.
    files: Vec<(PathBuf, String, u64)>,
}

impl Folder {
    pub(super) fn open(dir: &Path, format: Format) -> Result<Folder, TablesError> {
        let io = |source| TablesError::Io { path: dir.to_owned(), source };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let stem = match format {
                Format::Csv => name.strip_suffix(".csv").or_else(|| name.strip_suffix(".csv.gz")),
                #[cfg(feature = "parquet")]
                Format::Parquet => name.strip_suffix(".parquet"),
            };
            if let Some(stem) = stem {
                let length = entry.metadata().map_err(io)?.len();
                files.push((entry.path(), stem.to_owned(), length));
                if files.len() > FILES_MAX {
                    return Err(TablesError::TooManyFiles(dir.to_owned()));
                }
            }
        }
        files.sort();
        Ok(Folder { dir: dir.to_owned(), format, files })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|(.., bytes)| bytes).sum()
    }

    /// The files of a table, in the order of their names.
    fn parts(&self, schema: &Schema, read: &Arc<AtomicU64>) -> Vec<Part> {
        let own = self.files.iter().filter(|(_, stem, _)| schema.is_file(stem));
        let part = |(path, ..): &(PathBuf, String, u64)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let (path, format, read) = (path.clone(), self.format, Arc::clone(read));
            let open = move || open_input(&path, format, &read);
            Part { name: name.into(), open: Box::new(open) }
        };
        own.map(part).collect()
    }

    fn must(&self, schema: &Schema, read: &Arc<AtomicU64>) -> Result<Vec<Part>, TablesError> {
        let parts = self.parts(schema, read);
        if !parts.is_empty() {
            return Ok(parts);
        }
        Err(TablesError::NoTable {
            dir: self.dir.clone(),
            table: schema.name,
            names: schema.files.join(" or "),
            ending: match self.format {
                Format::Csv => ".csv or .csv.gz",
                #[cfg(feature = "parquet")]
                Format::Parquet => ".parquet",
            },
        })
    }

    pub(super) fn utxo(&self, read: &Arc<AtomicU64>) -> Result<UtxoParts, TablesError> {
        Ok(UtxoParts {
            blocks: self.parts(&utxo::BLOCKS, read),
            transactions: self.must(&utxo::TRANSACTIONS, read)?,
            inputs: self.parts(&utxo::INPUTS, read),
            outputs: self.parts(&utxo::OUTPUTS, read),
            spending: self.parts(&utxo::SPENDING, read),
        })
    }

    pub(super) fn accounts(
        &self,
        chain: AccountChain,
        rules: &EvmRules,
        read: &Arc<AtomicU64>,
    ) -> Result<Accounts, TablesError> {
        let movements = self.parts(&account::MOVEMENTS, read);
        if !movements.is_empty() {
            let parts = AccountParts {
                blocks: self.must(&account::BLOCKS, read)?,
                transactions: self.must(&account::TRANSACTIONS, read)?,
                movements,
                gaps: self.parts(&account::GAPS, read),
            };
            return Ok(Accounts::Own(Box::new(AccountTables::new(parts, chain))));
        }
        if chain == AccountChain::Tron {
            return Err(TablesError::NotEvm { dir: self.dir.clone(), chain });
        }
        let parts = EvmParts {
            blocks: self.must(&evm::BLOCKS, read)?,
            transactions: self.must(&evm::TRANSACTIONS, read)?,
            receipts: self.parts(&evm::RECEIPTS, read),
            logs: self.parts(&evm::LOGS, read),
            transfers: self.parts(&evm::TRANSFERS, read),
            traces: self.parts(&evm::TRACES, read),
        };
        Ok(Accounts::Evm(Box::new(EvmTables::new(parts, rules.clone()))))
    }
}

fn open_input(path: &Path, format: Format, read: &Arc<AtomicU64>) -> io::Result<Input> {
    let file = std::fs::File::open(path)?;
    match format {
        Format::Csv => {
            let counted = Counted { file, read: Arc::clone(read) };
            let packed = path.extension().is_some_and(|ending| ending == "gz");
            Ok(Input::Csv(match packed {
                true => Box::new(flate2::read::MultiGzDecoder::new(counted)),
                false => Box::new(counted),
            }))
        }
        #[cfg(feature = "parquet")]
        Format::Parquet => {
            // Read in no order; the whole file counts once it is open.
            read.fetch_add(file.metadata()?.len(), Ordering::Relaxed);
            let opened = parquet::file::reader::SerializedFileReader::new(file);
            Ok(Input::Parquet(Box::new(opened.map_err(io::Error::other)?)))
        }
    }
}

/// A file of which it is known how much was read.
struct Counted {
    file: std::fs::File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
