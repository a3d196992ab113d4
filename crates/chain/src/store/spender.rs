//! Who spends each sealed output: one word per output, changed in place. Knows no blocks.
//!
//! Segments cannot hold it, because an output is spent by a later segment than its own. The file
//! can be made again from the segments' inputs, and that is what makes changing it safe: a word is
//! written only for a segment that the manifest already holds, the manifest counts the segments
//! whose words are on disk, and after a crash the rest is written again, to the same words. Only
//! the tail is ever rolled back, and its spends are not in the file. A reader of an older manifest
//! sees newer words and takes those beyond its own transactions for none.

use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::column::{HEADER_BYTES, header, open_file};
use super::links::ByNumber;
use crate::map::SharedWords;

/// Bytes that are read, changed and written at once at most.
const WINDOW_BYTES: u64 = 1 << 16;
/// Words further apart than a page of the system are not written together: what lies between would
/// be read and written for nothing, and old outputs lie far apart.
const PAGE_BYTES: u64 = 1 << 12;
const WORD_BYTES: u64 = 4;

/// The file and what is not in it yet.
#[derive(Debug, Default)]
pub(super) struct Spenders {
    words: SharedWords,
    /// Transactions whose spends are in the file.
    transactions_end: u32,
    /// Spends of sealed outputs that are not: by the tail, and by segments not yet written.
    pub(super) pending: ByNumber<u64, u32>,
}

/// Where the file lies.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("spender")
}

/// What the file begins with.
pub(super) fn file_header() -> [u8; HEADER_BYTES] {
    header(512, WORD_BYTES as usize)
}

impl Spenders {
    /// Maps the words of all sealed outputs.
    pub(super) fn map(
        &mut self,
        dir: &Path,
        outputs: u64,
        transactions_end: u32,
    ) -> Result<(), StoreError> {
        let path = path(dir);
        let file = open_file(&path, &file_header(), HEADER_BYTES as u64 + WORD_BYTES * outputs)?;
        self.words = SharedWords::of(&file, HEADER_BYTES, outputs as usize)
            .map_err(|error| StoreError::io(&path, error))?;
        self.transactions_end = transactions_end;
        Ok(())
    }

    /// The transaction that spends a sealed output.
    #[inline]
    pub(super) fn get(&self, output: u64) -> Option<u32> {
        let word = self.words.get(output as usize);
        if word != 0 && word <= self.transactions_end {
            return Some(word - 1);
        }
        if self.pending.is_empty() { None } else { self.pending.get(&output).copied() }
    }

    /// The word as it is in the file: 0, or one more than a transaction.
    pub(super) fn word(&self, output: u64) -> u32 {
        self.words.get(output as usize)
    }
}

/// Makes the file long enough; new words are zero.
pub(super) fn grow(dir: &Path, outputs: u64) -> Result<(), StoreError> {
    let path = path(dir);
    let grow = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        let length = HEADER_BYTES as u64 + WORD_BYTES * outputs;
        if file.metadata()?.len() < length {
            file.write_all(&file_header())?;
            file.set_len(length)?;
        }
        file.sync_data()
    };
    grow().map_err(|error| StoreError::io(&path, error))
}

/// Writes the spends of segments, sorted by output, and waits until they are on disk.
pub(super) fn write(dir: &Path, mut spends: Vec<(u64, u32)>) -> Result<(), StoreError> {
    spends.sort_unstable();
    let path = path(dir);
    let write = || {
        let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
        let place = |output: u64| HEADER_BYTES as u64 + WORD_BYTES * output;
        let mut window = Vec::new();
        let mut rest = &spends[..];
        while let Some((first, _)) = rest.first() {
            let start = place(*first);
            let near = |pair: &[(u64, u32)]| {
                place(pair[1].0) - place(pair[0].0) < PAGE_BYTES
                    && place(pair[1].0) + WORD_BYTES - start <= WINDOW_BYTES
            };
            let count = 1 + rest.windows(2).take_while(|pair| near(pair)).count();
            let (group, behind) = rest.split_at(count);
            rest = behind;
            window.resize((place(group[count - 1].0) + WORD_BYTES - start) as usize, 0);
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut window)?;
            for (output, transaction) in group {
                let at = (place(*output) - start) as usize;
                window[at..at + 4].copy_from_slice(&(transaction + 1).to_le_bytes());
            }
            file.seek(SeekFrom::Start(start))?;
            file.write_all(&window)?;
        }
        file.sync_data()
    };
    write().map_err(|error| StoreError::io(&path, error))
}
