//! Block files on disk: where each block lies, and which of them make the chain. Reads headers
//! first and blocks one by one, so that memory does not grow with the files.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bitcoin::hashes::Hash as _;

use super::import::ImportError;
use crate::block::decode::{self, HEADER_BYTES};
use crate::block::{BLOCK_BYTES_MAX, BlockFault, DecodeError, FILE_BLOCKS_MAX};
use crate::undo::RECORD_BYTES_MAX as UNDO_BYTES_MAX;
use crate::{BlockHash, Network};

/// Magic and length before each block.
const FRAME_BYTES: usize = 8;
/// Bytes after an undo record: its checksum.
const CHECKSUM_BYTES: u64 = 32;
/// Bytes of the key in `xor.dat`.
const KEY_BYTES: usize = 8;
/// Zero bytes that are looked at in one go.
const PADDING_BYTES: usize = 1 << 16;
/// Headers kept in memory, some 100 bytes each; ten times as many as Bitcoin has.
pub const HEADERS_MAX: usize = 10_000_000;

/// An open file, its obscuring key undone.
#[derive(Debug)]
pub(super) struct BlockFile {
    pub(super) name: String,
    path: PathBuf,
    /// One position for all who read.
    file: Mutex<File>,
    length: u64,
    key: Option<[u8; KEY_BYTES]>,
}

/// Where a block lies and what its header says.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) hash: BlockHash,
    pub(super) previous: BlockHash,
    pub(super) work: bitcoin::Work,
    /// Which file.
    pub(super) file: usize,
    /// Its first byte in that file.
    pub(super) offset: u64,
    pub(super) length: usize,
}

/// Where an undo record lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct UndoRecord {
    pub(super) file: usize,
    pub(super) offset: u64,
    pub(super) length: usize,
}

impl BlockFile {
    /// Opens a file and, where its folder has a key (Bitcoin Core 28 and later), undoes it.
    pub(super) fn open(path: &Path, network: Network) -> Result<BlockFile, ImportError> {
        let fail = |source| ImportError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = Mutex::new(file);
        let mut file = BlockFile { name, path: path.to_owned(), file, length, key: None };
        let magic = file.read(0, length.min(4) as usize)?;
        let key_path = path.with_file_name("xor.dat");
        if magic != network.magic() && key_path.exists() {
            let fail = |source| ImportError::Io { path: key_path.clone(), source };
            let key = std::fs::read(&key_path).map_err(fail)?;
            let key = key.try_into().map_err(|_| ImportError::Key(key_path.clone()))?;
            file.key = Some(key);
            if file.read(0, length.min(4) as usize)? != network.magic() {
                // Not obscured, such as one raw block that lies beside.
                file.key = None;
            }
        }
        Ok(file)
    }

    /// Reads bytes of the file as they were before they were obscured.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ImportError> {
        let mut bytes = vec![0; length];
        let read = |bytes: &mut [u8]| {
            let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(bytes)
        };
        read(&mut bytes).map_err(|source| ImportError::Io { path: self.path.clone(), source })?;
        if let Some(key) = self.key {
            for (place, byte) in bytes.iter_mut().enumerate() {
                *byte ^= key[((offset + place as u64) % KEY_BYTES as u64) as usize];
            }
        }
        Ok(bytes)
    }

    pub(super) fn fault(&self, offset: u64, fault: BlockFault) -> ImportError {
        DecodeError { file: self.name.clone(), offset: offset as usize, fault }.into()
    }

    /// Whether only zero bytes follow: Bitcoin Core grows its files ahead of need.
    fn only_zeros(&self, mut offset: u64) -> Result<bool, ImportError> {
        // Zeros that were written as a hole are not obscured.
        while offset < self.length {
            let length = (self.length - offset).min(PADDING_BYTES as u64) as usize;
            let bytes = self.read(offset, length)?;
            let key = |place: usize| {
                self.key.map_or(0, |key| key[((offset + place as u64) % KEY_BYTES as u64) as usize])
            };
            let zero = |(place, byte): (usize, &u8)| *byte == 0 || *byte == key(place);
            if !bytes.iter().enumerate().all(zero) {
                return Ok(false);
            }
            offset += length as u64;
        }
        Ok(true)
    }

    /// Walks the frames of a file: the offset and length of each content.
    fn frames(
        &self,
        network: Network,
        trailer: u64,
        length_max: usize,
        mut each: impl FnMut(u64, usize) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut offset = 0;
        let mut count = 0;
        while offset < self.length {
            let left = self.length - offset;
            if left < FRAME_BYTES as u64 {
                if self.only_zeros(offset)? {
                    break;
                }
                return Err(self.fault(offset, BlockFault::Short));
            }
            let head = self.read(offset, FRAME_BYTES)?;
            let (magic, length) = head.split_at(4);
            if magic != network.magic() {
                if self.only_zeros(offset)? {
                    break;
                }
                return Err(self.fault(offset, BlockFault::Magic { network }));
            }
            let length = u32::from_le_bytes(*length.first_chunk().expect("8 bytes")) as usize;
            let available = left - FRAME_BYTES as u64;
            if length > length_max || length as u64 + trailer > available {
                let available = available as usize;
                return Err(self.fault(offset + 4, BlockFault::Length { length, available }));
            }
            count += 1;
            if count > FILE_BLOCKS_MAX {
                return Err(self.fault(offset, BlockFault::TooMany));
            }
            each(offset + FRAME_BYTES as u64, length)?;
            offset += FRAME_BYTES as u64 + length as u64 + trailer;
        }
        Ok(())
    }

    /// The header of the block at a place.
    fn locate(&self, file: usize, offset: u64, length: usize) -> Result<Located, ImportError> {
        let bytes = self.read(offset, length.min(HEADER_BYTES))?;
        let header = decode::header(&bytes).map_err(|fault| self.fault(offset, fault))?;
        Ok(Located {
            hash: BlockHash(header.block_hash().to_byte_array()),
            previous: BlockHash(header.prev_blockhash.to_byte_array()),
            work: header.work(),
            file,
            offset,
            length,
        })
    }
}

/// Finds every block of these files by its header.
pub(super) fn locate(files: &[BlockFile], network: Network) -> Result<Vec<Located>, ImportError> {
    let mut found = Vec::new();
    for (index, file) in files.iter().enumerate() {
        if file.length == 0 {
            return Err(file.fault(0, BlockFault::Empty));
        }
        let magic = file.read(0, file.length.min(4) as usize)?;
        let others = [Network::Mainnet, Network::Testnet, Network::Signet, Network::Regtest];
        if magic == network.magic() {
            file.frames(network, 0, BLOCK_BYTES_MAX, |offset, length| {
                if found.len() == HEADERS_MAX {
                    return Err(file.fault(offset, BlockFault::TooMany));
                }
                found.push(file.locate(index, offset, length)?);
                Ok(())
            })?;
        } else if let Some(other) = others.into_iter().find(|other| magic == other.magic()) {
            let fault = BlockFault::OtherNetwork { expected: network, found: other };
            return Err(file.fault(0, fault));
        } else {
            let length = file.length as usize;
            if length > BLOCK_BYTES_MAX {
                // Neither a frame nor one block.
                return Err(file.fault(0, BlockFault::Magic { network }));
            }
            found.push(file.locate(index, 0, length)?);
        }
    }
    Ok(found)
}

/// Finds every undo record of these files. A file without frames is one record, or bcoin's form.
pub(super) fn undo_records(
    files: &[BlockFile],
    network: Network,
) -> Result<Vec<UndoRecord>, ImportError> {
    let mut found = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let magic = file.read(0, file.length.min(4) as usize)?;
        if magic == network.magic() {
            file.frames(network, CHECKSUM_BYTES, UNDO_BYTES_MAX, |offset, length| {
                let length = length + CHECKSUM_BYTES as usize;
                found.push(UndoRecord { file: index, offset, length });
                Ok(())
            })?;
        } else {
            let length = file.length.min(UNDO_BYTES_MAX as u64) as usize;
            found.push(UndoRecord { file: index, offset: 0, length });
        }
    }
    Ok(found)
}

/// A chain among blocks.
#[derive(Debug)]
pub(super) struct Best {
    /// The blocks of most work, from the first whose predecessor is not among the blocks.
    pub(super) blocks: Vec<usize>,
    /// Blocks of other branches that begin where these begin.
    pub(super) stale: u32,
    /// Blocks that hang on something else, the first of them.
    pub(super) orphans: u32,
    pub(super) first_orphan: Option<usize>,
}

/// The chain of most work; of equals, the one whose last block was found first. A chain that the
/// store has a part of (`known`) is preferred to all others.
pub(super) fn best(found: &[Located], known: impl Fn(&BlockHash) -> bool) -> Best {
    let mut by_hash: HashMap<BlockHash, usize> = HashMap::with_capacity(found.len());
    let mut children: HashMap<BlockHash, Vec<usize>> = HashMap::with_capacity(found.len());
    for (index, block) in found.iter().enumerate() {
        // The same block twice is the same block.
        if let Entry::Vacant(entry) = by_hash.entry(block.hash) {
            entry.insert(index);
            children.entry(block.previous).or_default().push(index);
        }
    }
    let mut work: Vec<Option<bitcoin::Work>> = vec![None; found.len()];
    let mut root: Vec<usize> = vec![usize::MAX; found.len()];
    let mut attached = vec![false; found.len()];
    let mut best: Option<usize> = None;
    for start in 0..found.len() {
        let first = by_hash.get(&found[start].hash) == Some(&start);
        if !first || by_hash.contains_key(&found[start].previous) {
            continue;
        }
        let mut stack = vec![(start, None)];
        while let Some((index, below)) = stack.pop() {
            let block = &found[index];
            let total = below.map_or(block.work, |below: bitcoin::Work| below + block.work);
            work[index] = Some(total);
            root[index] = start;
            attached[start] |= known(&block.hash) || known(&block.previous);
            let above = children.get(&block.hash).into_iter().flatten();
            stack.extend(above.map(|child| (*child, Some(total))));
        }
    }
    for index in 0..found.len() {
        let Some(total) = work[index] else { continue };
        let rank = |index: usize| (attached[root[index]], work[index]);
        if best.is_none_or(|best| (attached[root[index]], Some(total)) > rank(best)) {
            best = Some(index);
        }
    }
    let mut blocks = Vec::new();
    let mut at = best;
    while let Some(index) = at {
        blocks.push(index);
        at = by_hash.get(&found[index].previous).copied();
    }
    blocks.reverse();
    let of_root = |index: &usize| best.is_some_and(|best| root[*index] == root[best]);
    let (mine, others): (Vec<usize>, Vec<usize>) =
        by_hash.values().partition(|index| of_root(index));
    let first_orphan = others.iter().min().copied();
    let stale = (mine.len() - blocks.len()) as u32;
    Best { blocks, stale, orphans: others.len() as u32, first_orphan }
}
