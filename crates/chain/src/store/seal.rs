//! Turns the oldest blocks of the tail into a segment. The order of writes is the promise: each
//! step is on disk before the next begins, and only the manifest makes them count.

use super::column::{self, COLUMN_COUNT, COLUMNS, HEADER_BYTES, Lengths, Name, Written};
use super::index::{self, Index, Kind, Run, script_key, txid_key};
use super::journal::{self, Journal};
use super::manifest::{Journals, Segment};
use super::tail::{Mark, linked};
use super::{ChainStore, Mode, StoreError, spender, sync_folder, write_manifest};
use crate::FileDigest;
use crate::utxo::{AddressNumber, OutputNumber, Utxo as _};
use crate::view::{BlockNumber, TxNumber};
use bitcoin::hashes::{Hash as _, sha256};
use std::path::PathBuf;

/// Spends of sealed segments wait in memory until they are as many as this many segments have rows,
/// some 50 MB: old outputs lie all over the file, so that writing several segments' at once touches
/// its pages less often.
const SPENDS_WAITING_SEGMENTS: u64 = 2;

impl ChainStore {
    /// Looks whether the newest block ends a segment: the first that gives it enough blocks or
    /// rows, so that segments depend on the chain alone.
    pub(super) fn note_boundary(&mut self) {
        if self.tail.boundary.is_none() {
            let newest = self.tail.marks.len() - 1;
            if self.ends_segment(newest) {
                self.tail.boundary = Some(newest);
            }
        }
    }

    fn ends_segment(&self, index: usize) -> bool {
        let below = self.manifest.sealed();
        let grown =
            |name: Name| self.tail.marks[index].lengths[name as usize] - below[name as usize];
        let rows = grown(Name::OutputWord) + grown(Name::InputOrigin);
        let layout = self.manifest.layout;
        grown(Name::BlockHash) >= u64::from(layout.segment_blocks_max)
            || rows >= layout.segment_rows_max
    }

    /// Seals every segment that lies deep enough.
    pub(super) fn seal_what_is_due(&mut self) -> Result<(), StoreError> {
        while let Some(boundary) = self.tail.boundary {
            let above = self.tail.marks.len() - 1 - boundary;
            if above < self.manifest.layout.tail_blocks_min as usize {
                break;
            }
            if let Err(error) = self.seal(boundary) {
                self.mode = Mode::Failed;
                // What was written for nothing must not answer twice.
                self.index = Index::open(&self.dir, &self.manifest.runs)?;
                return Err(error);
            }
            let marks = self.tail.marks.len();
            self.tail.boundary = (0..marks).find(|index| self.ends_segment(*index));
        }
        Ok(())
    }

    /// Seals the blocks of the tail up to and with `boundary`.
    fn seal(&mut self, boundary: usize) -> Result<(), StoreError> {
        let mark = self.tail.marks[boundary];
        let mut written = Vec::new();
        // 1. The elements, behind what is sealed already. A crash here leaves bytes that no
        //    manifest counts; the next attempt writes over them.
        let segment = self.write_columns(&mark, &mut written)?;
        // 2. The indexes, in new files; merging replaces files that stay until the manifest is new.
        let merged_away = self.write_runs(&mark.lengths, &mut written)?;
        written.retain(|(path, _)| !merged_away.contains(path));
        column::sync(&written)?;
        // 3. Room for the spenders, zero until after the manifest.
        let outputs = mark.lengths[Name::OutputWord as usize];
        spender::grow(&self.dir, outputs)?;
        // 4. A new journal for the blocks to come. The blocks that stay lie in older ones, which
        //    are whole from here on.
        self.writer()?.journal.sync()?;
        let journals = self.journals_after(mark.lengths[Name::BlockHash as usize] as u32);
        let journal = Journal::create(&self.dir, journals.last)?;
        for folder in [self.dir.join("columns"), self.dir.join("index"), self.dir.clone()] {
            sync_folder(&folder)?;
        }
        // 5. All maps that can fail to be made, then the manifest: from here on it is sealed.
        let maps = column::map_all(&self.dir, &mark.lengths)?;
        self.spenders.map(&self.dir, outputs, self.manifest.spent_transactions())?;
        let old_journals = self.manifest.journals.first..journals.first;
        let mut manifest = self.manifest.clone();
        manifest.segments.push(segment);
        manifest.journals = journals;
        manifest.runs = self.index.runs.iter().map(|run| run.facts.clone()).collect();
        write_manifest(&self.dir, &manifest)?;
        self.manifest = manifest;
        // 6. Memory follows.
        if let Mode::Writing(writer) = &mut self.mode {
            writer.journal = journal;
        }
        self.journal_bases.push_back(self.block_count());
        self.journal_bases.drain(..(old_journals.end - old_journals.start) as usize);
        self.forget_sealed(boundary, &mark.lengths);
        self.columns.seal(&mark.lengths, maps);
        // 7. The spends, for several segments at once; the manifest counts them when they are on
        //    disk.
        let waiting_max = SPENDS_WAITING_SEGMENTS * self.manifest.layout.segment_rows_max;
        if self.waiting_spends() >= waiting_max {
            self.finish_spends()?;
        }
        // 8. What no manifest names any more. Readers that have it open keep it.
        let old = old_journals.map(|number| journal::path(&self.dir, number));
        for path in merged_away.into_iter().chain(old) {
            std::fs::remove_file(&path).map_err(|error| StoreError::io(&path, error))?;
        }
        Ok(())
    }

    fn write_columns(
        &self,
        mark: &Mark,
        written: &mut Vec<Written>,
    ) -> Result<Segment, StoreError> {
        let sealed = self.manifest.sealed();
        let mut digests = [FileDigest([0; 32]); COLUMN_COUNT];
        for index in 0..COLUMN_COUNT {
            let bytes = self.columns.tail(index, sealed[index], mark.lengths[index]);
            let offset = HEADER_BYTES as u64 + sealed[index] * COLUMNS[index].1 as u64;
            digests[index] = FileDigest(sha256::Hash::hash(bytes).to_byte_array());
            if !bytes.is_empty() {
                written.push(column::write_at(&column::path(&self.dir, index), offset, bytes)?);
            }
        }
        let block = |number: u64| self.block_hash(BlockNumber(number as u32));
        let blocks = Name::BlockHash as usize;
        Ok(Segment {
            first_block: block(sealed[blocks]),
            last_block: block(mark.lengths[blocks] - 1),
            worth: mark.worth,
            lengths: mark.lengths,
            digests,
        })
    }

    /// Adds the segment's runs and merges; gives back the files that merging made needless.
    fn write_runs(
        &mut self,
        end: &Lengths,
        written: &mut Vec<Written>,
    ) -> Result<Vec<PathBuf>, StoreError> {
        let sealed = self.manifest.sealed();
        let range = |name: Name| sealed[name as usize]..end[name as usize];
        let place = |from: u64, number: u64| (number - from) as u32;
        let mut new: Vec<Run> = Vec::new();
        let mut write = |kind, name: Name, entries: Vec<(u64, u32)>| -> Result<(), StoreError> {
            if !range(name).is_empty() {
                new.push(index::write(&self.dir, kind, range(name), entries, written)?);
            }
            Ok(())
        };
        let numbers = range(Name::Txid);
        let key = |number: u64| txid_key(&self.txid(TxNumber(number as u32)));
        let entries = numbers.clone().map(|number| (key(number), place(numbers.start, number)));
        write(Kind::Txid, Name::Txid, entries.collect())?;
        let numbers = range(Name::AddressScriptEnd);
        let key = |number: u64| script_key(self.script(AddressNumber(number as u32)));
        let entries = numbers.clone().map(|number| (key(number), place(numbers.start, number)));
        write(Kind::Script, Name::AddressScriptEnd, entries.collect())?;
        let numbers = range(Name::OutputWord);
        let entries = numbers.clone().filter_map(|number| {
            let address = self.address_of(OutputNumber(number))?;
            Some((u64::from(address.0), place(numbers.start, number)))
        });
        write(Kind::Posting, Name::OutputWord, entries.collect())?;
        let numbers = range(Name::Outside);
        let key = |row: u64| txid_key(&self.outside_row(row).point.txid);
        let entries = numbers.clone().map(|row| (key(row), place(numbers.start, row)));
        write(Kind::Outside, Name::Outside, entries.collect())?;
        self.index.runs.extend(new);
        index::merge(&self.dir, &mut self.index.runs, written)
    }

    /// The journals once so many blocks are sealed and a new journal is begun: one is needed until
    /// the next was begun with no block above them.
    fn journals_after(&self, sealed: u32) -> Journals {
        let mut journals = self.manifest.journals;
        journals.last += 1;
        let begun = self.journal_bases.iter().copied().skip(1).chain([self.block_count()]);
        for base in begun.take_while(|base| *base <= sealed) {
            (journals.first, journals.base) = (journals.first + 1, base);
        }
        journals
    }

    /// Inputs of sealed segments whose spends are not in the file.
    pub(super) fn waiting_spends(&self) -> u64 {
        let written = self.manifest.spent_segments.checked_sub(1);
        let inputs = |segment: &Segment| segment.lengths[Name::InputOrigin as usize];
        let below = written.map_or(0, |index| inputs(&self.manifest.segments[index as usize]));
        self.columns.sealed(Name::InputOrigin) - below
    }

    /// Lets go of what memory held of the sealed blocks. Their spends wait in `pending` until they
    /// are in the file, as do spends of sealed outputs by the tail.
    fn forget_sealed(&mut self, boundary: usize, end: &Lengths) {
        let start = self.columns.sealed(Name::OutputWord);
        let sealed = (end[Name::OutputWord as usize] - start) as usize;
        for (place, word) in self.tail.spender.drain(..sealed).enumerate() {
            if let Some(spender) = word.checked_sub(1) {
                self.spenders.pending.insert(start + place as u64, spender);
            }
        }
        self.tail.marks.drain(..=boundary);
        linked(&mut self.tail.transactions).forget_below(end[Name::Txid as usize]);
        linked(&mut self.tail.scripts).forget_below(end[Name::AddressScriptEnd as usize]);
        linked(&mut self.tail.postings).forget_below(end[Name::OutputWord as usize]);
        linked(&mut self.tail.outside).forget_below(end[Name::Outside as usize]);
    }

    /// Writes the spends of sealed segments that the file does not hold yet.
    pub(super) fn finish_spends(&mut self) -> Result<(), StoreError> {
        let from = self.manifest.spent_transactions();
        let end = self.columns.sealed(Name::Txid) as u32;
        if self.manifest.spent_segments as usize == self.manifest.segments.len() {
            return Ok(());
        }
        let transactions = (from..end).map(TxNumber);
        let spends = transactions.flat_map(|transaction| self.inside_spends(transaction));
        spender::write(&self.dir, spends.collect())?;
        self.manifest.spent_segments = self.manifest.segments.len() as u32;
        write_manifest(&self.dir, &self.manifest)?;
        let outputs = self.columns.sealed(Name::OutputWord);
        self.spenders.map(&self.dir, outputs, end)?;
        self.spenders.pending.retain(|_, spender| *spender >= end);
        Ok(())
    }

    /// Removes files that a crash left and no manifest names.
    pub(super) fn remove_left_over(&self) -> Result<(), StoreError> {
        for path in self.left_over()? {
            std::fs::remove_file(&path).map_err(|error| StoreError::io(&path, error))?;
        }
        Ok(())
    }

    /// Files of indexes and journals that the manifest does not name.
    pub(super) fn left_over(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut known: Vec<PathBuf> =
            self.manifest.runs.iter().map(|facts| index::path(&self.dir, facts)).collect();
        let numbers = self.manifest.journals.first..=self.manifest.journals.last;
        known.extend(numbers.map(|number| journal::path(&self.dir, number)));
        let mut found = Vec::new();
        for folder in [self.dir.join("index"), self.dir.clone()] {
            let fail = |error| StoreError::io(&folder, error);
            for entry in std::fs::read_dir(&folder).map_err(fail)? {
                let path = entry.map_err(fail)?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let ours = path.parent() != Some(&self.dir)
                    || name.starts_with("journal-")
                    || name == "manifest.new";
                if ours && !known.contains(&path) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}
