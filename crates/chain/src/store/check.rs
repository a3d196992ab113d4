//! Looks at every byte of a store. Trusts only the manifest's digest; repairs nothing.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bitcoin::hashes::{Hash as _, HashEngine as _, sha256};

use super::column::{self, COLUMNS, HEADER_BYTES};
use super::journal::{self, Records};
use super::manifest::Manifest;
use super::{ChainStore, MANIFEST, StoreError, index, read_manifest, spender};
use crate::utxo::Utxo as _;
use crate::view::TxNumber;
use crate::{FileDigest, InputNumber, OutputNumber, Spent};

/// Findings listed; more than these are counted only.
pub const FINDINGS_MAX: usize = 1_000;
/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// Where in it: somewhere in this range.
    pub range: Range<u64>,
    /// What is wrong.
    pub what: String,
}

/// What a check saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Damage; none in a sound store. At most [`FINDINGS_MAX`] are listed.
    pub findings: Vec<Finding>,
    /// How many there were.
    pub finding_count: u64,
    /// Remains of a crash that do no harm; the next import removes them.
    pub notes: Vec<String>,
    /// Bytes that were compared.
    pub bytes: u64,
    /// Blocks of the store.
    pub blocks: u32,
}

/// Compares every byte of the store in `dir` with what it should be. `progress` is told how many
/// bytes of how many were compared.
///
/// # Errors
/// A file cannot be read at all, or the manifest is none.
pub fn check(dir: &Path, progress: impl FnMut(u64, u64)) -> Result<Report, StoreError> {
    let manifest = read_manifest(dir)?;
    let bytes_total = bytes_of(&manifest);
    let mut check = Check { dir, manifest, report: Report::default(), bytes_total, progress };
    check.columns()?;
    check.runs()?;
    let journal_is_sound = check.journals()?;
    check.others()?;
    if check.report.finding_count > 0 || !journal_is_sound {
        // What follows reads through columns and journal, and would only repeat their damage.
        let what = "the spender file was not compared, because of the damage above";
        check.report.notes.push(what.to_owned());
        return Ok(check.report);
    }
    check.spenders()?;
    Ok(check.report)
}

/// Bytes that a manifest counts in columns, runs and spenders.
fn bytes_of(manifest: &Manifest) -> u64 {
    let sealed = manifest.sealed();
    let columns = sealed.iter().zip(COLUMNS).map(|(length, (_, width))| length * width as u64);
    let runs = manifest.runs.iter().map(index::file_bytes);
    columns.sum::<u64>() + runs.sum::<u64>()
}

struct Check<'a, P> {
    dir: &'a Path,
    manifest: Manifest,
    report: Report,
    bytes_total: u64,
    progress: P,
}

impl<P: FnMut(u64, u64)> Check<'_, P> {
    fn find(&mut self, path: &Path, range: Range<u64>, what: impl Into<String>) {
        self.report.finding_count += 1;
        if self.report.findings.len() < FINDINGS_MAX {
            let finding = Finding { path: path.to_owned(), range, what: what.into() };
            self.report.findings.push(finding);
        }
    }

    /// The digest of a range of a file; none where the file ends before.
    fn digest(&mut self, path: &Path, range: Range<u64>) -> Result<Option<FileDigest>, StoreError> {
        let fail = |error| StoreError::io(path, error);
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(error)),
        };
        if file.metadata().map_err(fail)?.len() < range.end {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(range.start)).map_err(fail)?;
        let mut engine = sha256::Hash::engine();
        let mut left = range.end - range.start;
        let mut buffer = vec![0; READ_BYTES.min(left as usize)];
        while left > 0 {
            let part = buffer.len().min(left as usize);
            file.read_exact(&mut buffer[..part]).map_err(fail)?;
            engine.input(&buffer[..part]);
            left -= part as u64;
            self.report.bytes += part as u64;
            (self.progress)(self.report.bytes, self.bytes_total);
        }
        Ok(Some(FileDigest(sha256::Hash::from_engine(engine).to_byte_array())))
    }

    fn columns(&mut self) -> Result<(), StoreError> {
        let segments = self.manifest.segments.clone();
        for (index, (_, width)) in COLUMNS.into_iter().enumerate() {
            let path = column::path(self.dir, index);
            self.header(&path, &column::header(index as u32, width))?;
            let at = |length: u64| HEADER_BYTES as u64 + length * width as u64;
            let mut below = 0;
            for segment in &segments {
                let range = at(below)..at(segment.lengths[index]);
                below = segment.lengths[index];
                match self.digest(&path, range.clone())? {
                    Some(digest) if digest == segment.digests[index] => {}
                    Some(_) => self.find(&path, range, "the segment's digest does not fit"),
                    None => self.find(&path, range, "the file ends before"),
                }
            }
            self.left_behind(&path, at(below));
        }
        Ok(())
    }

    fn header(&mut self, path: &Path, header: &[u8]) -> Result<(), StoreError> {
        let length = header.len() as u64;
        let expected = FileDigest(sha256::Hash::hash(header).to_byte_array());
        match self.digest(path, 0..length)? {
            Some(found) if found == expected => {}
            Some(_) => self.find(path, 0..length, "this is not the header that belongs there"),
            None => self.find(path, 0..length, "the file is missing or ends before"),
        }
        Ok(())
    }

    /// Bytes behind what the manifest counts are of no consequence.
    fn left_behind(&mut self, path: &Path, end: u64) {
        let length = std::fs::metadata(path).map_or(0, |facts| facts.len());
        if length > end {
            let (name, count) = (path.display(), length - end);
            self.report.notes.push(format!("{name}: {count} bytes behind the last segment"));
        }
    }

    fn runs(&mut self) -> Result<(), StoreError> {
        for facts in self.manifest.runs.clone() {
            let path = index::path(self.dir, &facts);
            let length = index::file_bytes(&facts);
            match self.digest(&path, 0..length)? {
                Some(digest) if digest == facts.digest => {}
                Some(_) => self.find(&path, 0..length, "the index run's digest does not fit"),
                None => self.find(&path, 0..length, "the file is missing or ends before"),
            }
            self.left_behind(&path, length);
        }
        Ok(())
    }

    /// Whether the journals can be replayed.
    fn journals(&mut self) -> Result<bool, StoreError> {
        let (first, last) = (self.manifest.journals.first, self.manifest.journals.last);
        let mut sound = true;
        for number in first..=last {
            sound &= self.journal(number, number == last)?;
        }
        Ok(sound)
    }

    fn journal(&mut self, number: u64, last: bool) -> Result<bool, StoreError> {
        let path = journal::path(self.dir, number);
        let bytes = match journal::read(self.dir, number) {
            Ok(bytes) => bytes,
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                self.find(&path, 0..journal::HEADER_BYTES as u64, "the file is missing");
                return Ok(false);
            }
            Err(other) => return Err(other),
        };
        let Some(mut records) = Records::new(&bytes, number) else {
            let what = "this is not the header that belongs there";
            self.find(&path, 0..journal::HEADER_BYTES as u64, what);
            return Ok(false);
        };
        records.by_ref().for_each(drop);
        self.report.bytes += records.offset();
        if records.left() > 0 {
            let what = match last {
                true => {
                    "these bytes verify as no record: a crash left them half-written, or they are \
                     damaged; the next import cuts them off and reads their blocks again"
                }
                false => "these bytes verify as no record, and a later journal follows",
            };
            self.find(&path, records.offset()..bytes.len() as u64, what);
            return Ok(last);
        }
        Ok(true)
    }

    /// Files that carry nothing.
    fn others(&mut self) -> Result<(), StoreError> {
        let lock = self.dir.join("lock");
        let length = std::fs::metadata(&lock).map_or(0, |facts| facts.len());
        if length > 0 {
            self.find(&lock, 0..length, "the lock file should be empty");
        }
        let manifest = self.dir.join(MANIFEST);
        self.report.bytes += std::fs::metadata(&manifest).map_or(0, |facts| facts.len());
        Ok(())
    }

    /// Every word of the spender file against the inputs, both ways.
    fn spenders(&mut self) -> Result<(), StoreError> {
        let path = spender::path(self.dir);
        self.header(&path, &spender::file_header())?;
        if self.report.finding_count > 0 {
            return Ok(());
        }
        let store = ChainStore::open(self.dir)?;
        self.report.blocks = store.block_count();
        for path in store.left_over()? {
            self.report.notes.push(format!("{}: no manifest names it", path.display()));
        }
        let written = self.manifest.spent_transactions();
        let sealed = self.manifest.sealed();
        let at = |output: u64| {
            let start = HEADER_BYTES as u64 + 4 * output;
            start..start + 4
        };
        let mut spends = 0u64;
        for transaction in (0..written).map(TxNumber) {
            for input in store.inputs_of(transaction).map(InputNumber) {
                let Spent::Inside(output) = store.spent(input) else { continue };
                spends += 1;
                if store.spenders.word(output.0) != transaction.0 + 1 {
                    self.find(&path, at(output.0), "the word is not of the spending transaction");
                }
            }
        }
        let outputs = sealed[column::Name::OutputWord as usize];
        let set = |output: &u64| store.spenders.word(*output) != 0;
        let words = (0..outputs).filter(set).count() as u64;
        if words != spends && self.report.finding_count == 0 {
            // Words of segments that the manifest does not count yet may be there, after a crash.
            let end = sealed[column::Name::Txid as usize] as u32;
            for output in (0..outputs).filter(set) {
                let spender = TxNumber(store.spenders.word(output) - 1);
                let spent = Spent::Inside(OutputNumber(output));
                let spends = |input| store.spent(InputNumber(input)) == spent;
                if spender.0 >= end || !store.inputs_of(spender).any(spends) {
                    self.find(
                        &path,
                        at(output),
                        "the word names a transaction that does not spend",
                    );
                }
            }
        }
        self.report.bytes += 4 * outputs;
        self.left_behind(&path, HEADER_BYTES as u64 + 4 * outputs);
        Ok(())
    }
}
