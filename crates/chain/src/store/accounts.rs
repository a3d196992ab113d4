//! A chain of accounts in a file: an account log (docs/formats/account-log.md) under a lock. Knows
//! no node and no table. One process writes; what was committed survives a crash, and an entry that
//! was cut off is taken away when the file is opened again.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::account::log::{Entry, LogError, LogWriter, Recovered, recover};
use crate::account::{AccountBlock, AccountChain, LedgerError, Ledgers};

/// An account log, open for writing, with the ledgers that it makes.
#[derive(Debug)]
pub struct AccountFile {
    path: PathBuf,
    file: File,
    writer: LogWriter,
    ledgers: Ledgers,
    failed: bool,
}

/// Why a log cannot be used, or does not take a block.
#[derive(Debug, thiserror::Error)]
pub enum AccountFileError {
    /// The disk or the file system.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process writes.
    #[error("{}: another process is writing to this log; wait for it, or stop it", .0.display())]
    Locked(PathBuf),
    /// Not a log, or a damaged one.
    #[error("{}, {error}", .path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: LogError,
    },
    /// Of another chain.
    #[error("{} is a log of {found}, not of {expected}", .path.display())]
    Chain {
        /// The file.
        path: PathBuf,
        /// Its chain.
        found: AccountChain,
        /// The chain asked for.
        expected: AccountChain,
    },
    /// A block that does not follow.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A write failed before.
    #[error("an earlier write to the log failed; open it again, nothing that was kept is lost")]
    Failed,
}

impl AccountFile {
    /// Opens a log, or begins one where there is none, and cuts off what a crash left half-written.
    ///
    /// # Errors
    /// The file is of another chain, damaged or in use.
    pub fn open_or_create(
        path: &Path,
        chain: AccountChain,
    ) -> Result<AccountFile, AccountFileError> {
        let io = |source| AccountFileError::Io { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(AccountFileError::Locked(path.to_owned()));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let (writer, header) = LogWriter::begin(chain);
        let path = path.to_owned();
        // New, or its first bytes were cut off.
        if bytes.len() < header.len() && header.starts_with(&bytes) {
            let begin = |file: &mut File| {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                file.write_all(&header)?;
                file.sync_all()
            };
            begin(&mut file)
                .map_err(|source| AccountFileError::Io { path: path.clone(), source })?;
            let ledgers = Ledgers::new(chain);
            return Ok(AccountFile { path, file, writer, ledgers, failed: false });
        }
        let found = recover(&bytes);
        let found = found.map_err(|error| AccountFileError::Log { path: path.clone(), error })?;
        let (ledgers, writer) = (found.ledgers, found.writer);
        if ledgers.chain() != chain {
            let (found, expected) = (ledgers.chain(), chain);
            return Err(AccountFileError::Chain { path, found, expected });
        }
        let whole = found.whole_bytes as u64;
        let cut = file.set_len(whole).and_then(|()| file.seek(SeekFrom::Start(whole)));
        cut.map_err(|source| AccountFileError::Io { path: path.clone(), source })?;
        Ok(AccountFile { path, file, writer, ledgers, failed: false })
    }

    /// What its blocks add up to.
    pub fn ledgers(&self) -> &Ledgers {
        &self.ledgers
    }

    /// Appends the next block, whole or not at all. It is safe on disk after
    /// [`commit`](AccountFile::commit).
    ///
    /// # Errors
    /// It does not follow, or the disk.
    pub fn append(&mut self, block: AccountBlock) -> Result<(), AccountFileError> {
        if self.failed {
            return Err(AccountFileError::Failed);
        }
        self.ledgers.append(&block)?;
        let bytes = self.writer.entry(&Entry::Block(block));
        self.write(&bytes)
    }

    /// Takes the newest blocks away until this one is the newest; says how many went.
    ///
    /// # Errors
    /// The disk.
    pub fn rollback_to(&mut self, number: u64) -> Result<u32, AccountFileError> {
        if self.failed {
            return Err(AccountFileError::Failed);
        }
        let gone = self.ledgers.rollback_to(number);
        if gone > 0 {
            let bytes = self.writer.entry(&Entry::RollbackTo(number));
            self.write(&bytes)?;
        }
        Ok(gone)
    }

    /// Waits until all that was appended is on disk.
    ///
    /// # Errors
    /// The disk.
    pub fn commit(&mut self) -> Result<(), AccountFileError> {
        if self.failed {
            return Err(AccountFileError::Failed);
        }
        let synced = self.file.sync_data();
        self.failed = synced.is_err();
        synced.map_err(|source| AccountFileError::Io { path: self.path.clone(), source })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), AccountFileError> {
        let written = self.file.write_all(bytes);
        self.failed = written.is_err();
        written.map_err(|source| AccountFileError::Io { path: self.path.clone(), source })
    }
}

/// An account log that another process may be writing, read as far as its entries are whole.
#[derive(Debug)]
pub struct AccountLogReader {
    path: PathBuf,
    found: Recovered,
    cut_bytes: usize,
}

impl AccountLogReader {
    /// Reads all of it.
    ///
    /// # Errors
    /// The file cannot be read, is no log or is damaged.
    pub fn open(path: &Path) -> Result<AccountLogReader, AccountFileError> {
        let io = |source| AccountFileError::Io { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(io)?;
        let found = recover(&bytes)
            .map_err(|error| AccountFileError::Log { path: path.to_owned(), error })?;
        let cut_bytes = bytes.len() - found.whole_bytes;
        Ok(AccountLogReader { path: path.to_owned(), found, cut_bytes })
    }

    /// What its blocks add up to.
    pub fn ledgers(&self) -> &Ledgers {
        &self.found.ledgers
    }

    /// The same, when nothing more is to be read.
    pub fn into_ledgers(self) -> Ledgers {
        self.found.ledgers
    }

    /// Bytes at the end that are half an entry: it is being written, or was cut off by a crash.
    pub fn cut_bytes(&self) -> usize {
        self.cut_bytes
    }

    /// Whether the file is longer or shorter than what was read of it.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub fn has_changed(&self) -> Result<bool, AccountFileError> {
        let io = |source| AccountFileError::Io { path: self.path.clone(), source };
        let found = std::fs::metadata(&self.path).map_err(io)?;
        Ok(found.len() != (self.found.whole_bytes + self.cut_bytes) as u64)
    }

    /// Reads what was appended since, and only that; says whether anything was. A log that became
    /// another one is read anew.
    ///
    /// # Errors
    /// As [`AccountLogReader::open`].
    pub fn refresh(&mut self) -> Result<bool, AccountFileError> {
        let io = |source| AccountFileError::Io { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(io)?;
        let whole = self.found.whole_bytes as u64;
        let length = file.metadata().map_err(io)?.len();
        let mut more = Vec::new();
        if length > whole {
            file.seek(SeekFrom::Start(whole)).map_err(io)?;
            file.read_to_end(&mut more).map_err(io)?;
        }
        let before = self.found.entry_count;
        // Entries are only ever appended: a shorter file, or one that does not follow, is another.
        if length < whole || self.found.read_on(&more).is_err() {
            *self = AccountLogReader::open(&self.path)?;
            return Ok(true);
        }
        self.cut_bytes = more.len() - (self.found.whole_bytes - whole as usize);
        Ok(self.found.entry_count != before)
    }
}
