//! Index runs: sorted arrays of keys with numbers, in files that never change. Knows not what keys
//! stand for; who asks compares the thing itself, because keys of 64 bits may collide.
//!
//! Each segment adds one run per kind. When [`MERGE_COUNT`] runs of a level stand together they are
//! merged into one of the next level, so that a chain of n segments has about 3/2 log4 n runs per
//! kind and an entry is written log4 n times.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bitcoin::hashes::{Hash as _, sha256};

use super::StoreError;
use super::column::{HEADER_BYTES, header, open_map};
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
}

/// One run, open.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) facts: RunFacts,
    map: Map,
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
        Ok(Run { facts, map })
    }

    #[inline]
    fn key(&self, at: u64) -> u64 {
        let bytes = self.map.bytes();
        match self.facts.kind.key_bytes() {
            4 => {
                let at = HEADER_BYTES + 4 * at as usize;
                u64::from(u32::from_le_bytes(*bytes[at..].first_chunk().expect("in range")))
            }
            _ => {
                let at = HEADER_BYTES + 8 * at as usize;
                u64::from_le_bytes(*bytes[at..].first_chunk().expect("in range"))
            }
        }
    }

    #[inline]
    fn number(&self, at: u64) -> u64 {
        let keys = self.facts.kind.key_bytes() * self.facts.count as usize;
        let at = HEADER_BYTES + keys + 4 * at as usize;
        let bytes = self.map.bytes()[at..].first_chunk().expect("in range");
        self.facts.first + u64::from(u32::from_le_bytes(*bytes))
    }

    /// The places of a key.
    fn find(&self, key: u64) -> std::ops::Range<u64> {
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
                let share = u128::from(key - low_key) * u128::from(span);
                low + (share / u128::from(high_key - low_key)) as u64
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
    HEADER_BYTES as u64 + facts.count * (facts.kind.key_bytes() as u64 + 4)
}

/// Writes a run of one segment; entries are keys and numbers.
pub(super) fn write(
    dir: &Path,
    kind: Kind,
    range: std::ops::Range<u64>,
    mut entries: Vec<(u64, u32)>,
) -> Result<Run, StoreError> {
    entries.sort_unstable();
    let count = entries.len() as u64;
    let (first, end) = (range.start, range.end);
    assert!(end - first <= RANGE_MAX, "a segment has less than 2^32 of anything");
    let facts = RunFacts { kind, level: 0, first, end, count, digest: FileDigest([0; 32]) };
    write_entries(dir, facts, entries.into_iter())
}

fn write_entries(
    dir: &Path,
    mut facts: RunFacts,
    entries: impl Iterator<Item = (u64, u32)>,
) -> Result<Run, StoreError> {
    let path = path(dir, &facts);
    let place = |offset: u64| -> io::Result<BufWriter<File>> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(BufWriter::with_capacity(WRITE_BUFFER_BYTES, file))
    };
    let key_bytes = facts.kind.key_bytes();
    let run = || -> io::Result<()> {
        // A crash may have left a longer file of that name, which no manifest knows.
        OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        let mut keys = place(0)?;
        keys.write_all(&facts.kind.header())?;
        let mut numbers = place(HEADER_BYTES as u64 + facts.count * key_bytes as u64)?;
        let mut written = 0;
        for (key, number) in entries {
            keys.write_all(&key.to_le_bytes()[..key_bytes])?;
            numbers.write_all(&number.to_le_bytes())?;
            written += 1;
        }
        assert_eq!(written, facts.count, "as many entries as announced");
        keys.flush()?;
        numbers.flush()?;
        numbers.get_ref().sync_data()
    };
    run().map_err(|error| StoreError::io(&path, error))?;
    let map = open_map(&path, &facts.kind.header(), file_bytes(&facts))?;
    facts.digest = FileDigest(sha256::Hash::hash(map.bytes()).to_byte_array());
    Ok(Run { facts, map })
}

/// Merges neighbours while there are enough of one level; gives back the files not needed any more.
pub(super) fn merge(dir: &Path, runs: &mut Vec<Run>) -> Result<Vec<PathBuf>, StoreError> {
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
            let merged = write_entries(dir, facts, Merge::of(&parts))?;
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
    parts: &'a [&'a Run],
    first: u64,
    heap: BinaryHeap<Head>,
}

/// The next entry of a part.
#[derive(PartialEq, Eq)]
struct Head {
    key: u64,
    part: usize,
    at: u64,
}

/// The smallest is the greatest, because a heap gives the greatest.
impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        (other.key, other.part, other.at).cmp(&(self.key, self.part, self.at))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Merge<'a> {
    fn of(parts: &'a [&'a Run]) -> Merge<'a> {
        let head = |part: usize| Head { key: parts[part].key(0), part, at: 0 };
        let filled = (0..parts.len()).filter(|part| parts[*part].facts.count > 0);
        Merge { parts, first: parts[0].facts.first, heap: filled.map(head).collect() }
    }
}

impl Iterator for Merge<'_> {
    type Item = (u64, u32);

    fn next(&mut self) -> Option<(u64, u32)> {
        let mut head = self.heap.peek_mut()?;
        let run = self.parts[head.part];
        let entry = (head.key, (run.number(head.at) - self.first) as u32);
        if head.at + 1 < run.facts.count {
            head.at += 1;
            head.key = run.key(head.at);
            drop(head);
        } else {
            std::collections::binary_heap::PeekMut::pop(head);
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
