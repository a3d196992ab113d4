//! The journal: the tail's blocks as records of one file, so that they survive the process. Knows
//! columns as bytes only.
//!
//! Each record ends in half a SHA-256 over its place and contents. What a crash left half-written
//! does not verify; reading stops there, and a writer cuts it off.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use bitcoin::hashes::{Hash as _, HashEngine as _, sha256};

use super::bytes::Bytes;
use super::column::{COLUMN_COUNT, COLUMNS};
use super::{FORMAT_VERSION, StoreError};

const MAGIC: [u8; 8] = *b"COMITYCJ";
/// Magic, version, number of the journal.
pub(super) const HEADER_BYTES: usize = 20;
/// Kind and length before a record's contents.
const HEAD_BYTES: usize = 5;
/// Half a SHA-256 after them.
const CHECK_BYTES: usize = 16;
const BLOCK: u8 = 1;
const ROLLBACK: u8 = 2;
/// No record is longer; a block of 4 MB makes columns of less than 60 MB.
pub const RECORD_BYTES_MAX: usize = 1 << 28;
/// What is kept before it is written.
const BUFFER_BYTES_MAX: usize = 1 << 24;

/// What happened to the tail.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is read at a time, and most are blocks")]
pub(super) enum Record<'a> {
    /// A block came: the bytes it adds to each column.
    Block([&'a [u8]; COLUMN_COUNT]),
    /// Blocks went: so many remain in the chain.
    Rollback(u32),
}

/// The end of a journal, where records are added.
#[derive(Debug)]
pub(super) struct Journal {
    number: u64,
    path: PathBuf,
    file: File,
    /// Bytes in the file.
    written: u64,
    /// Bytes not yet in the file.
    pending: Vec<u8>,
}

/// Where a journal lies.
pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("journal-{number:06}"))
}

impl Journal {
    /// A new journal without records, on disk when this returns.
    pub(super) fn create(dir: &Path, number: u64) -> Result<Journal, StoreError> {
        let path = path(dir, number);
        let open = || OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        let file = open().map_err(|error| StoreError::io(&path, error))?;
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        header.extend_from_slice(&number.to_le_bytes());
        let mut journal = Journal { number, path, file, written: 0, pending: header };
        journal.sync()?;
        Ok(journal)
    }

    /// Goes on where reading stopped; what lies behind is cut off.
    pub(super) fn resume(dir: &Path, number: u64, length: u64) -> Result<Journal, StoreError> {
        let path = path(dir, number);
        let open = || -> std::io::Result<File> {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(length)?;
            std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0))?;
            file.sync_data()?;
            Ok(file)
        };
        let file = open().map_err(|error| StoreError::io(&path, error))?;
        Ok(Journal { number, path, file, written: length, pending: Vec::new() })
    }

    /// Adds a record; it is safe after [`Journal::sync`] only.
    pub(super) fn push(&mut self, record: &Record<'_>) -> Result<(), StoreError> {
        let at = self.written + self.pending.len() as u64;
        let start = self.pending.len();
        self.pending.push(match record {
            Record::Block(_) => BLOCK,
            Record::Rollback(_) => ROLLBACK,
        });
        match record {
            Record::Block(columns) => {
                let bytes: usize = columns.iter().map(|column| column.len()).sum();
                let length = (bytes + 4 * COLUMN_COUNT) as u32;
                self.pending.extend_from_slice(&length.to_le_bytes());
                for column in columns {
                    self.pending.extend_from_slice(&(column.len() as u32).to_le_bytes());
                }
                for column in columns {
                    self.pending.extend_from_slice(column);
                }
            }
            Record::Rollback(blocks) => {
                self.pending.extend_from_slice(&4u32.to_le_bytes());
                self.pending.extend_from_slice(&blocks.to_le_bytes());
            }
        }
        let check = check(self.number, at, &self.pending[start..]);
        self.pending.extend_from_slice(&check);
        if self.pending.len() > BUFFER_BYTES_MAX { self.write() } else { Ok(()) }
    }

    /// Waits until all records are on disk.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        self.write()?;
        self.file.sync_data().map_err(|error| StoreError::io(&self.path, error))
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.file.write_all(&self.pending).map_err(|error| StoreError::io(&self.path, error))?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

/// The first half of the digest of a record and its place.
fn check(number: u64, at: u64, record: &[u8]) -> [u8; CHECK_BYTES] {
    let mut engine = sha256::Hash::engine();
    engine.input(&number.to_le_bytes());
    engine.input(&at.to_le_bytes());
    engine.input(record);
    let digest = sha256::Hash::from_engine(engine).to_byte_array();
    *digest.first_chunk().expect("32 bytes hold 16")
}

/// Reads a journal file whole.
pub(super) fn read(dir: &Path, number: u64) -> Result<Vec<u8>, StoreError> {
    let path = path(dir, number);
    let mut bytes = Vec::new();
    File::open(&path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| StoreError::io(&path, error))?;
    Ok(bytes)
}

/// The records of a journal.
#[derive(Debug)]
pub(super) struct Records<'a> {
    number: u64,
    reader: Bytes<'a>,
}

impl<'a> Records<'a> {
    /// None where the header is not that journal's.
    pub(super) fn new(bytes: &'a [u8], number: u64) -> Option<Records<'a>> {
        let mut reader = Bytes::new(bytes);
        let header = (reader.array()?, reader.u32()?, reader.u64()?);
        (header == (MAGIC, FORMAT_VERSION, number)).then_some(Records { number, reader })
    }

    /// Where the next record begins; after the last one, how much of the file verified.
    pub(super) fn offset(&self) -> u64 {
        self.reader.offset() as u64
    }

    /// Bytes after the last record that verified.
    pub(super) fn left(&self) -> u64 {
        self.reader.left() as u64
    }

    fn record(&self) -> Option<(Record<'a>, Bytes<'a>)> {
        let mut after = self.reader;
        let at = after.offset() as u64;
        let mut whole = after;
        let (kind, length) = (after.u8()?, after.u32()? as usize);
        if length > RECORD_BYTES_MAX {
            return None;
        }
        let contents = after.take(length)?;
        if after.array() != Some(check(self.number, at, whole.take(HEAD_BYTES + length)?)) {
            return None;
        }
        Some((contents_of(kind, contents)?, after))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (record, after) = self.record()?;
        self.reader = after;
        Some(record)
    }
}

/// A record out of its kind and contents.
fn contents_of(kind: u8, contents: &[u8]) -> Option<Record<'_>> {
    let mut contents = Bytes::new(contents);
    let record = match kind {
        BLOCK => {
            let mut lengths = [0; COLUMN_COUNT];
            for (length, (_, width)) in lengths.iter_mut().zip(COLUMNS) {
                *length = contents.u32()? as usize;
                if !length.is_multiple_of(width) {
                    return None;
                }
            }
            let mut columns: [&[u8]; COLUMN_COUNT] = [&[]; COLUMN_COUNT];
            for (column, length) in columns.iter_mut().zip(lengths) {
                *column = contents.take(length)?;
            }
            Record::Block(columns)
        }
        ROLLBACK => Record::Rollback(contents.u32()?),
        _ => return None,
    };
    (contents.left() == 0).then_some(record)
}

/// How many bytes the columns of a record have, by its kind and contents: for fuzzing.
pub fn record_bytes(kind: u8, contents: &[u8]) -> Option<usize> {
    contents_of(kind, contents).map(|record| match record {
        Record::Block(columns) => columns.iter().map(|column| column.len()).sum(),
        Record::Rollback(_) => 0,
    })
}

/// Counts the records of a journal and the bytes that belong to none: for fuzzing.
pub fn count_records(bytes: &[u8], number: u64) -> Option<(usize, u64)> {
    let mut records = Records::new(bytes, number)?;
    let count = records.by_ref().count();
    Some((count, records.left()))
}
