//! The manifest: which bytes of which files make the store. Reads no file.
//!
//! It is small, ends in its own SHA-256 and is replaced as a whole, so that a store is always in
//! the state of one manifest. Its bytes are described in docs/formats/chain-store.md.

use bitcoin::hashes::{Hash as _, sha256};

use super::bytes::Bytes;
use super::column::{COLUMN_COUNT, Lengths, Name};
use super::index::Kind;
use super::{FORMAT_VERSION, Layout};
use crate::{BlockHash, FileDigest, Network};

/// What a manifest begins with.
const MAGIC: [u8; 8] = *b"COMITYCM";
/// Segments of one store: at some 4 million rows each, many times all of Bitcoin.
pub const SEGMENTS_MAX: u32 = 1 << 20;
/// Index runs of one store; merging keeps a few per kind.
pub const RUNS_MAX: u32 = 1 << 12;
const DIGEST_BYTES: usize = 32;

/// All that is fixed about a store at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) network: Network,
    pub(super) layout: Layout,
    /// Which journals hold the tail.
    pub(super) journals: Journals,
    /// How many segments' spends are in the spender file.
    pub(super) spent_segments: u32,
    pub(super) segments: Vec<Segment>,
    pub(super) runs: Vec<RunFacts>,
}

/// The journals of a store: the first may begin below the tail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Journals {
    /// Number of the oldest that holds a block of the tail.
    pub(super) first: u64,
    /// Blocks that the chain had when that was begun.
    pub(super) base: u32,
    /// Number of the one that is written.
    pub(super) last: u64,
}

/// A range of heights that never changes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The hash of its first block, where known.
    pub first_block: Option<BlockHash>,
    /// The hash of its last block, where known.
    pub last_block: Option<BlockHash>,
    /// Satoshis in all outputs up to its end.
    pub(super) worth: u64,
    /// Elements of every column up to its end.
    pub(super) lengths: Lengths,
    /// SHA-256 over its elements, by column.
    pub(super) digests: [FileDigest; COLUMN_COUNT],
}

/// One file of the indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunFacts {
    pub(super) kind: Kind,
    /// How often its entries were merged.
    pub(super) level: u8,
    /// The first number it may hold.
    pub(super) first: u64,
    /// One past the last number it may hold.
    pub(super) end: u64,
    /// Entries.
    pub(super) count: u64,
    /// SHA-256 over the file.
    pub(super) digest: FileDigest,
}

/// Why bytes are no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// Not even the magic.
    #[error("this is no manifest of a chain store")]
    Magic,
    /// Written by another version.
    #[error("it has format version {0}, this program reads {FORMAT_VERSION}; import again with it")]
    Version(u32),
    /// Cut or changed.
    #[error("its digest does not fit; restore it from a copy, or import again")]
    Digest,
    /// Digest fits, contents do not.
    #[error("byte {offset}: {what}")]
    Contents {
        /// Where.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
}

impl Segment {
    /// One digest for all of it: two stores that hold the same chain under the same layout agree.
    pub fn digest(&self) -> FileDigest {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        FileDigest(sha256::Hash::hash(&bytes).to_byte_array())
    }

    /// One past the number of its last block.
    pub fn blocks_end(&self) -> u32 {
        self.lengths[Name::BlockHash as usize] as u32
    }

    /// One past the number of its last transaction.
    pub fn transactions_end(&self) -> u32 {
        self.lengths[Name::Txid as usize] as u32
    }

    /// One past the number of its last output.
    pub fn outputs_end(&self) -> u64 {
        self.lengths[Name::OutputWord as usize]
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        for hash in [self.first_block, self.last_block] {
            bytes.extend_from_slice(&hash.map_or([0; 32], |hash| hash.0));
        }
        bytes.extend_from_slice(&self.worth.to_le_bytes());
        for length in self.lengths {
            bytes.extend_from_slice(&length.to_le_bytes());
        }
        for digest in self.digests {
            bytes.extend_from_slice(&digest.0);
        }
    }

    fn read(bytes: &mut Bytes<'_>) -> Option<Segment> {
        let known = |hash: [u8; 32]| (hash != [0; 32]).then_some(BlockHash(hash));
        let (first_block, last_block) = (known(bytes.array()?), known(bytes.array()?));
        let worth = bytes.u64()?;
        let mut lengths = [0; COLUMN_COUNT];
        for length in &mut lengths {
            *length = bytes.u64()?;
        }
        let mut digests = [FileDigest([0; 32]); COLUMN_COUNT];
        for digest in &mut digests {
            *digest = FileDigest(bytes.array()?);
        }
        Some(Segment { first_block, last_block, worth, lengths, digests })
    }
}

impl Manifest {
    /// The bytes of the file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.network.magic());
        bytes.extend_from_slice(&self.layout.segment_blocks_max.to_le_bytes());
        bytes.extend_from_slice(&self.layout.segment_rows_max.to_le_bytes());
        bytes.extend_from_slice(&self.layout.tail_blocks_min.to_le_bytes());
        bytes.extend_from_slice(&self.journals.first.to_le_bytes());
        bytes.extend_from_slice(&self.journals.base.to_le_bytes());
        bytes.extend_from_slice(&self.journals.last.to_le_bytes());
        bytes.extend_from_slice(&self.spent_segments.to_le_bytes());
        bytes.extend_from_slice(&(self.segments.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.runs.len() as u32).to_le_bytes());
        for segment in &self.segments {
            segment.write(&mut bytes);
        }
        for run in &self.runs {
            bytes.extend_from_slice(&[run.kind as u8, run.level]);
            for number in [run.first, run.end, run.count] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            bytes.extend_from_slice(&run.digest.0);
        }
        let digest = sha256::Hash::hash(&bytes).to_byte_array();
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// Reads a manifest, strictly.
    pub(super) fn parse(bytes: &[u8]) -> Result<Manifest, ManifestFault> {
        let mut reader = Bytes::new(bytes);
        if reader.array() != Some(MAGIC) {
            return Err(ManifestFault::Magic);
        }
        match reader.u32() {
            Some(FORMAT_VERSION) => {}
            Some(other) => return Err(ManifestFault::Version(other)),
            None => return Err(ManifestFault::Digest),
        }
        let body = bytes.len().checked_sub(DIGEST_BYTES).ok_or(ManifestFault::Digest)?;
        let (body, digest) = bytes.split_at(body);
        if sha256::Hash::hash(body).to_byte_array() != *digest {
            return Err(ManifestFault::Digest);
        }
        let mut reader = Bytes::new(body);
        reader.take(MAGIC.len() + 4);
        let short = "it ends in the middle of an entry";
        let manifest = Manifest::body(&mut reader).unwrap_or(Err(short));
        let contents = |what| ManifestFault::Contents { offset: reader.offset(), what };
        let manifest = manifest.map_err(contents)?;
        if reader.left() > 0 {
            return Err(contents("bytes are left over"));
        }
        manifest.check().map_err(contents)?;
        Ok(manifest)
    }

    /// None where it is cut short.
    fn body(reader: &mut Bytes<'_>) -> Option<Result<Manifest, &'static str>> {
        let magic = reader.array()?;
        let networks = [Network::Mainnet, Network::Testnet, Network::Signet, Network::Regtest];
        let Some(network) = networks.into_iter().find(|network| network.magic() == magic) else {
            return Some(Err("the network is not known"));
        };
        let layout = Layout {
            segment_blocks_max: reader.u32()?,
            segment_rows_max: reader.u64()?,
            tail_blocks_min: reader.u32()?,
        };
        let journals = Journals { first: reader.u64()?, base: reader.u32()?, last: reader.u64()? };
        let spent_segments = reader.u32()?;
        let (segment_count, run_count) = (reader.u32()?, reader.u32()?);
        if segment_count > SEGMENTS_MAX || run_count > RUNS_MAX {
            return Some(Err("too many segments or index runs"));
        }
        let segments = (0..segment_count).map(|_| Segment::read(reader)).collect::<Option<_>>()?;
        let mut runs = Vec::new();
        for _ in 0..run_count {
            let Some(kind) = Kind::of(reader.u8()?) else {
                return Some(Err("an index of unknown kind"));
            };
            let level = reader.u8()?;
            let (first, end, count) = (reader.u64()?, reader.u64()?, reader.u64()?);
            let digest = FileDigest(reader.array()?);
            runs.push(RunFacts { kind, level, first, end, count, digest });
        }
        Some(Ok(Manifest { network, layout, journals, spent_segments, segments, runs }))
    }

    /// What later arithmetic relies on.
    fn check(&self) -> Result<(), &'static str> {
        if self.spent_segments as usize > self.segments.len() {
            return Err("more segments are spent than there are");
        }
        if self.layout.check().is_err() {
            return Err("the layout is not possible");
        }
        let Journals { first, base, last } = self.journals;
        if first > last || last - first > u64::from(SEGMENTS_MAX) {
            return Err("the journals' numbers are not possible");
        }
        if u64::from(base) > self.sealed()[Name::BlockHash as usize] {
            return Err("the first journal begins above what is sealed");
        }
        let mut below = [0; COLUMN_COUNT];
        for segment in &self.segments {
            let fits = |index: usize| {
                let (low, high) = (below[index], segment.lengths[index]);
                let limit =
                    if index == Name::Txid as usize { u64::from(u32::MAX) } else { 1 << 40 };
                low <= high && high < limit
            };
            if !(0..COLUMN_COUNT).all(fits) || segment.blocks_end() as u64 == below[0] {
                return Err("a segment does not continue the one before it");
            }
            below = segment.lengths;
        }
        let fits =
            |run: &RunFacts| run.first <= run.end && run.count < 1 << 40 && run.end < 1 << 40;
        if !self.runs.iter().all(fits) {
            return Err("an index run's range is not possible");
        }
        Ok(())
    }

    /// Elements of every column that are sealed.
    pub(super) fn sealed(&self) -> Lengths {
        self.segments.last().map_or([0; COLUMN_COUNT], |segment| segment.lengths)
    }

    /// Transactions whose spends are in the spender file.
    pub(super) fn spent_transactions(&self) -> u32 {
        let last = self.spent_segments.checked_sub(1).map(|index| &self.segments[index as usize]);
        last.map_or(0, Segment::transactions_end)
    }
}

/// Reads a manifest and, where it is one, writes it again: for fuzzing.
pub fn parse_manifest(bytes: &[u8]) -> Result<Vec<u8>, ManifestFault> {
    Manifest::parse(bytes).map(|manifest| manifest.to_bytes())
}
