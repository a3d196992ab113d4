//! Index runs: sorted arrays of keys with numbers, in files that never change. Knows not what keys
//! stand for; who asks compares the thing itself, because keys of 64 bits may collide.
//!
//! Each segment adds one run per kind. When [`MERGE_COUNT`] runs of a level stand together they are
//! merged into one of the next level, so that a chain of n segments has about 3/2 log4 n runs per
//! kind and an entry is written log4 n times.
//!
//! Runs of ids and scripts begin with a filter, because most scripts that are looked for are new:
//! a run that does not have a key says so after one look at one cache line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bitcoin::hashes::{Hash as _, sha256};

use super::StoreError;
use super::column::{HEADER_BYTES, Written, header, open_map};
use super::links::mixed;
use super::manifest::RunFacts;
use crate::FileDigest;
use crate::map::Map;

/// So many runs of one level become one of the next.
const MERGE_COUNT: usize = 4;
/// Numbers of a run are kept as 32 bits above its first.
const RANGE_MAX: u64 = 1 << 32;
/// Guesses by proportion before halving takes over; keys made to mislead cost no more than halving.
const GUESSES_MAX: u32 = 6;
const WRITE_BUFFER_BYTES: usize = 1 << 20;

/// What an index finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Kind {
    /// First eight bytes of a transaction id to the transaction.
    Txid = 0,
    /// Fingerprint of an output script to the address.
    Script = 1,
    /// Address to outputs that pay it: the posting list.
    Posting = 2,
    /// First eight bytes of a transaction id outside the chain to what is spent of it.
    Outside = 3,
}

/// All kinds.
pub(super) const KINDS: [Kind; 4] = [Kind::Txid, Kind::Script, Kind::Posting, Kind::Outside];

impl Kind {
    pub(super) fn of(byte: u8) -> Option<Kind> {
        KINDS.into_iter().find(|kind| *kind as u8 == byte)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Txid => "txid",
            Kind::Script => "script",
            Kind::Posting => "posting",
            Kind::Outside => "outside",
        }
    }

    /// Bytes of a key.
    fn key_bytes(self) -> usize {
        if self == Kind::Posting { 4 } else { 8 }
    }

    fn header(self) -> [u8; HEADER_BYTES] {
        header(256 + self as u32, self.key_bytes() + 4)
    }

    /// Bytes of the filter over so many keys.
    fn filter_bytes(self, count: u64) -> u64 {
        match self {
            Kind::Txid | Kind::Script => count.div_ceil(FILTER_BLOCK_KEYS) * FILTER_BLOCK_BYTES,
            // Addresses with postings are asked for because they have some.
            Kind::Posting | Kind::Outside => 0,
        }
    }
}

/// A filter is made of blocks of one cache line: eight words of 64 bits.
const FILTER_BLOCK_BYTES: u64 = 64;
const FILTER_WORDS: usize = 8;
/// Keys that share a block on average: 10.7 bits each, and about one in sixty that is not there is
/// looked for in vain.
const FILTER_BLOCK_KEYS: u64 = 48;

/// The block of a key and the bit of it in each of the block's words: the high bits of the key's
/// mix choose the block, six bits each of a second mix the bits (a blocked Bloom filter; Putze,
/// Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007).
#[inline]
fn filter_places(key: u64, blocks: u64) -> (usize, [u64; FILTER_WORDS]) {
    let mix = mixed(key);
    let block = (u128::from(mix) * u128::from(blocks)) >> 64;
    let bits = mixed(mix);
    (block as usize, std::array::from_fn(|word| 1 << (bits >> (6 * word) & 63)))
}

/// One run, open.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) facts: RunFacts,
    map: Map,
    /// Where the keys begin, after header and filter.
    keys: usize,
}

/// All runs of a store, those of a kind in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) runs: Vec<Run>,
}

impl Index {
    /// Opens the runs of a manifest.
    pub(super) fn open(dir: &Path, facts: &[RunFacts]) -> Result<Index, StoreError> {
        let runs = facts.iter().map(|facts| Run::open(dir, facts.clone()));
        Ok(Index { runs: runs.collect::<Result<_, _>>()? })
    }

    /// Every number that has this key, the highest first.
    pub(super) fn find(&self, kind: Kind, key: u64) -> impl Iterator<Item = u64> {
        let runs = self.runs.iter().rev().filter(move |run| run.facts.kind == kind);
        runs.flat_map(move |run| run.find(key).rev().map(|at| run.number(at)))
    }

    /// Every number that has this key, the lowest first.
    pub(super) fn find_ascending(&self, kind: Kind, key: u64) -> impl Iterator<Item = u64> {
        let runs = self.runs.iter().filter(move |run| run.facts.kind == kind);
        runs.flat_map(move |run| run.find(key).map(|at| run.number(at)))
    }
}

impl Run {
    fn open(dir: &Path, facts: RunFacts) -> Result<Run, StoreError> {
        let path = path(dir, &facts);
        let map = open_map(&path, &facts.kind.header(), file_bytes(&facts))?;
        Ok(Run::of(facts, map))
    }

    fn of(facts: RunFacts, map: Map) -> Run {
        let keys = HEADER_BYTES + facts.kind.filter_bytes(facts.count) as usize;
        Run { facts, map, keys }
    }

    /// Whether the key may be here; no is certain.
    #[inline]
    fn may_have(&self, key: u64) -> bool {
        let blocks = self.facts.kind.filter_bytes(self.facts.count) / FILTER_BLOCK_BYTES;
        if blocks == 0 {
            return true;
        }
        let (block, bits) = filter_places(key, blocks);
        let start = HEADER_BYTES + block * FILTER_BLOCK_BYTES as usize;
        let words = self.map.bytes()[start..].first_chunk::<64>().expect("in range");
        let (words, _) = words.as_chunks::<8>();
        words.iter().zip(bits).all(|(word, bit)| u64::from_le_bytes(*word) & bit != 0)
    }

    #[inline]
    fn key(&self, at: u64) -> u64 {
        let bytes = self.map.bytes();
        match self.facts.kind.key_bytes() {
            4 => {
                let at = self.keys + 4 * at as usize;
                u64::from(u32::from_le_bytes(*bytes[at..].first_chunk().expect("in range")))
            }
            _ => {
                let at = self.keys + 8 * at as usize;
                u64::from_le_bytes(*bytes[at..].first_chunk().expect("in range"))
            }
        }
    }

    #[inline]
    fn number(&self, at: u64) -> u64 {
        let keys = self.facts.kind.key_bytes() * self.facts.count as usize;
        let at = self.keys + keys + 4 * at as usize;
        let bytes = self.map.bytes()[at..].first_chunk().expect("in range");
        self.facts.first + u64::from(u32::from_le_bytes(*bytes))
    }

    /// The places of a key.
    fn find(&self, key: u64) -> std::ops::Range<u64> {
        if !self.may_have(key) {
            return 0..0;
        }
        let start = self.lower_bound(key);
        let mut end = start;
        while end < self.facts.count && self.key(end) == key {
            end += 1;
        }
        start..end
    }

    /// The first place whose key is not below this one: by proportion first, because fingerprints
    /// are evenly spread, then by halving.
    fn lower_bound(&self, key: u64) -> u64 {
        let (mut low, mut high) = (0, self.facts.count);
        if low == high {
            return 0;
        }
        let (mut low_key, mut high_key) = (self.key(0), self.key(high - 1));
        if key <= low_key {
            return 0;
        }
        if key > high_key {
            return high;
        }
        // From here, the key at `low` is below and the key at `high` (if there is one) is not.
        high -= 1;
        let mut guesses = 0;
        while high - low > 1 {
            let span = high - low;
            let middle = if guesses < GUESSES_MAX && span > 16 {
                guesses += 1;
                // Rounding moves a guess, never what is found.
                let share = (key - low_key) as f64 / (high_key - low_key) as f64;
                low + (share * span as f64) as u64
            } else {
                low + span / 2
            };
            let middle = middle.clamp(low + 1, high - 1);
            let found = self.key(middle);
            if found < key {
                (low, low_key) = (middle, found);
            } else {
                (high, high_key) = (middle, found);
            }
        }
        high
    }
}

/// Where a run lies.
pub(super) fn path(dir: &Path, facts: &RunFacts) -> PathBuf {
    let (kind, level) = (facts.kind.name(), facts.level);
    dir.join("index").join(format!("{kind}-{}-{}-{level}", facts.first, facts.end))
}

/// Bytes of a run's file.
pub(super) fn file_bytes(facts: &RunFacts) -> u64 {
    let filter = facts.kind.filter_bytes(facts.count);
    HEADER_BYTES as u64 + filter + facts.count * (facts.kind.key_bytes() as u64 + 4)
}

/// Writes a run of one segment; entries are keys and numbers. It is not on disk yet.
pub(super) fn write(
    dir: &Path,
    kind: Kind,
    range: std::ops::Range<u64>,
    mut entries: Vec<(u64, u32)>,
    written: &mut Vec<Written>,
) -> Result<Run, StoreError> {
    entries.sort_unstable();
    let count = entries.len() as u64;
    let (first, end) = (range.start, range.end);
    assert!(end - first <= RANGE_MAX, "a segment has less than 2^32 of anything");
    let facts = RunFacts { kind, level: 0, first, end, count, digest: FileDigest([0; 32]) };
    write_entries(dir, facts, entries.into_iter(), written)
}

fn write_entries(
    dir: &Path,
    mut facts: RunFacts,
    entries: impl Iterator<Item = (u64, u32)>,
    written: &mut Vec<Written>,
) -> Result<Run, StoreError> {
    let path = path(dir, &facts);
    let place = |offset: u64| -> io::Result<BufWriter<File>> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(BufWriter::with_capacity(WRITE_BUFFER_BYTES, file))
    };
    let key_bytes = facts.kind.key_bytes();
    let filter_bytes = facts.kind.filter_bytes(facts.count);
    let blocks = filter_bytes / FILTER_BLOCK_BYTES;
    let mut filter = vec![[0u64; FILTER_WORDS]; blocks as usize];
    let run = || -> io::Result<File> {
        // A crash may have left a longer file of that name, which no manifest knows.
        OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        let mut head = place(0)?;
        head.write_all(&facts.kind.header())?;
        let start = HEADER_BYTES as u64 + filter_bytes;
        let mut keys = place(start)?;
        let mut numbers = place(start + facts.count * key_bytes as u64)?;
        let mut count = 0;
        for (key, number) in entries {
            keys.write_all(&key.to_le_bytes()[..key_bytes])?;
            numbers.write_all(&number.to_le_bytes())?;
            if blocks > 0 {
                let (block, bits) = filter_places(key, blocks);
                filter[block].iter_mut().zip(bits).for_each(|(word, bit)| *word |= bit);
            }
            count += 1;
        }
        assert_eq!(count, facts.count, "as many entries as announced");
        for word in filter.as_flattened() {
            head.write_all(&word.to_le_bytes())?;
        }
        head.flush()?;
        keys.flush()?;
        numbers.into_inner().map_err(io::IntoInnerError::into_error)
    };
    let file = run().map_err(|error| StoreError::io(&path, error))?;
    let map = open_map(&path, &facts.kind.header(), file_bytes(&facts))?;
    facts.digest = FileDigest(sha256::Hash::hash(map.bytes()).to_byte_array());
    written.push((path, file));
    Ok(Run::of(facts, map))
}

/// Merges neighbours while there are enough of one level; gives back the files not needed any more.
pub(super) fn merge(
    dir: &Path,
    runs: &mut Vec<Run>,
    written: &mut Vec<Written>,
) -> Result<Vec<PathBuf>, StoreError> {
    let mut done = Vec::new();
    for kind in KINDS {
        loop {
            let of_kind: Vec<usize> =
                (0..runs.len()).filter(|index| runs[*index].facts.kind == kind).collect();
            let Some(last) = of_kind.last_chunk::<MERGE_COUNT>() else { break };
            let level = runs[last[0]].facts.level;
            let first = runs[last[0]].facts.first;
            let end = runs[last[MERGE_COUNT - 1]].facts.end;
            let alike = last.iter().all(|index| runs[*index].facts.level == level);
            if !alike || end - first > RANGE_MAX {
                break;
            }
            let parts: Vec<&Run> = last.iter().map(|index| &runs[*index]).collect();
            let count = parts.iter().map(|run| run.facts.count).sum();
            let digest = FileDigest([0; 32]);
            let facts = RunFacts { kind, level: level + 1, first, end, count, digest };
            let merged = write_entries(dir, facts, Merge::of(&parts), written)?;
            done.extend(parts.iter().map(|run| path(dir, &run.facts)));
            let place = last[0];
            for index in last.iter().rev() {
                runs.remove(*index);
            }
            runs.insert(place, merged);
        }
    }
    Ok(done)
}

/// The entries of neighbouring runs in the order of (key, number).
struct Merge<'a> {
    first: u64,
    /// The next entry of each part that is not at its end, the parts in order.
    heads: Vec<Head<'a>>,
}

/// The next entry of a part.
struct Head<'a> {
    run: &'a Run,
    key: u64,
    at: u64,
}

impl<'a> Merge<'a> {
    fn of(parts: &[&'a Run]) -> Merge<'a> {
        let filled = parts.iter().filter(|run| run.facts.count > 0);
        let heads = filled.map(|run| Head { run, key: run.key(0), at: 0 });
        Merge { first: parts[0].facts.first, heads: heads.collect() }
    }
}

impl Iterator for Merge<'_> {
    type Item = (u64, u32);

    fn next(&mut self) -> Option<(u64, u32)> {
        // Of so few, looking at all is quicker than a heap. The first of equal ones is taken, whose
        // numbers are lower.
        let heads = self.heads.iter_mut().enumerate();
        let (place, head) = heads.min_by_key(|(_, head)| head.key)?;
        let entry = (head.key, (head.run.number(head.at) - self.first) as u32);
        head.at += 1;
        if head.at < head.run.facts.count {
            head.key = head.run.key(head.at);
        } else {
            self.heads.remove(place);
        }
        Some(entry)
    }
}

/// A fingerprint of an output script, the same in every store: SipHash-2-4 with a zero key. Who
/// makes scripts collide on purpose makes their own lookups slow, never wrong.
pub(super) fn script_key(script: &[u8]) -> u64 {
    bitcoin::hashes::siphash24::Hash::hash_to_u64_with_keys(0, 0, script)
}

/// The key of a transaction id, which is evenly spread by itself.
pub(super) fn txid_key(txid: &crate::Txid) -> u64 {
    u64::from_le_bytes(*txid.0.first_chunk().expect("32 bytes hold 8"))
}
