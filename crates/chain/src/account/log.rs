//! Blocks of an account chain as bytes of one file that only grows; docs/formats/account-log.md.
//! Knows no files: the caller appends what [`LogWriter`] gives and hands back what it has read.
//!
//! Every entry is sealed with a digest that covers all before it, so that a changed bit is found
//! wherever it lies. A file that ends within an entry was cut off while it was written: the whole
//! entries before count, and the caller takes the rest away before it appends.

use super::block::AccountBlock;
use super::ledger::{LedgerError, Ledgers};
use super::name::AccountChain;
use bitcoin::hashes::{Hash as _, HashEngine as _, sha256};
use std::ops::Range;

mod code;

/// The first bytes of a file.
pub const MAGIC: [u8; 8] = *b"COMITYAL";
/// The version of the format that is written and read.
pub const VERSION: u8 = 1;
/// Most bytes of one entry.
pub const ENTRY_BYTES_MAX: usize = 1 << 30;

/// Magic, version, sort of chain, its number.
const HEADER_BYTES: usize = 8 + 1 + 1 + 8;
/// Length and its complement.
const LENGTH_BYTES: usize = 8;
const DIGEST_BYTES: usize = 32;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The next block.
    Block(AccountBlock),
    /// A reorganisation: this block is the newest again.
    RollbackTo(u64),
}

/// Makes entries; keeps the digest over all before.
#[derive(Clone, Debug)]
pub struct LogWriter {
    digest: [u8; 32],
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// All of its blocks.
    pub ledgers: Ledgers,
    /// Continues it.
    pub writer: LogWriter,
    /// Bytes of whole entries, the header included; what follows them was cut off.
    pub whole_bytes: usize,
    /// Whole entries.
    pub entry_count: u64,
}

/// Why a file is not such a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not begun like one.
    #[error("byte 0: not an account log, version {VERSION}")]
    Header,
    /// A changed byte.
    #[error("byte {offset}: the entry there is damaged; restore the file from a copy")]
    Damaged {
        /// Where the entry begins.
        offset: usize,
    },
    /// Sealed, and still not an entry.
    #[error("byte {offset}: the entry there is of no known shape: {fault}")]
    Shape {
        /// Where the entry begins.
        offset: usize,
        /// What is wrong.
        fault: &'static str,
    },
    /// Sealed, and it does not follow.
    #[error("byte {offset}: {error}")]
    Order {
        /// Where the entry begins.
        offset: usize,
        /// What is wrong.
        error: LedgerError,
    },
}

impl LogWriter {
    /// A new log: its writer, and the bytes with which its file begins.
    pub fn begin(chain: AccountChain) -> (LogWriter, Vec<u8>) {
        let mut header = MAGIC.to_vec();
        header.push(VERSION);
        let (sort, number) = match chain {
            AccountChain::Evm { chain_id } => (0, chain_id),
            AccountChain::Tron => (1, 0),
        };
        header.push(sort);
        header.extend_from_slice(&number.to_le_bytes());
        let digest = sha256::Hash::hash(&header).to_byte_array();
        (LogWriter { digest }, header)
    }

    /// The bytes to append for an entry.
    pub fn entry(&mut self, entry: &Entry) -> Vec<u8> {
        let body = code::write(entry);
        assert!(body.len() <= ENTRY_BYTES_MAX, "a block of {} bytes", body.len());
        let length = body.len() as u32;
        self.digest = seal(&self.digest, &body);
        let mut bytes = Vec::with_capacity(LENGTH_BYTES + body.len() + DIGEST_BYTES);
        bytes.extend_from_slice(&length.to_le_bytes());
        // A damaged length must not look like an entry that was cut off.
        bytes.extend_from_slice(&(!length).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(&self.digest);
        bytes
    }
}

/// Reads a whole file.
pub fn recover(bytes: &[u8]) -> Result<Recovered, LogError> {
    let header = bytes.get(..HEADER_BYTES).ok_or(LogError::Header)?;
    let chain = chain_of(header)?;
    let (writer, _) = LogWriter::begin(chain);
    let ledgers = Ledgers::new(chain);
    let mut found = Recovered { ledgers, writer, whole_bytes: HEADER_BYTES, entry_count: 0 };
    found.read_on(&bytes[HEADER_BYTES..])?;
    Ok(found)
}

impl Recovered {
    /// Takes in what the file holds from [`whole_bytes`](Recovered::whole_bytes) on. After an error
    /// the entries before it are in.
    ///
    /// # Errors
    /// An entry is damaged or does not follow; offsets are those of the file.
    pub fn read_on(&mut self, more: &[u8]) -> Result<(), LogError> {
        let base = self.whole_bytes;
        while let Some((body, digest, end)) = next_entry(more, self.whole_bytes - base, base)? {
            let offset = self.whole_bytes;
            let sealed = seal(&self.writer.digest, body);
            if digest != sealed {
                return Err(LogError::Damaged { offset });
            }
            let chain = self.ledgers.chain();
            match code::read(body, chain).map_err(|fault| LogError::Shape { offset, fault })? {
                Entry::Block(block) => {
                    let appended = self.ledgers.append(&block);
                    appended.map_err(|error| LogError::Order { offset, error })?;
                }
                Entry::RollbackTo(number) => {
                    self.ledgers.rollback_to(number);
                }
            }
            self.writer.digest = sealed;
            self.whole_bytes = base + end;
            self.entry_count += 1;
        }
        Ok(())
    }
}

/// Where the blocks lie that a file holds in the end: those of its whole entries that no later
/// entry took back, oldest first, for [`read_block`].
///
/// # Errors
/// The file is no such log, or is damaged.
pub fn block_places(bytes: &[u8]) -> Result<(AccountChain, Vec<Range<usize>>), LogError> {
    let header = bytes.get(..HEADER_BYTES).ok_or(LogError::Header)?;
    let chain = chain_of(header)?;
    let mut digest = LogWriter::begin(chain).0.digest;
    let mut places: Vec<(u64, Range<usize>)> = Vec::new();
    let mut offset = HEADER_BYTES;
    while let Some((body, sealed, end)) = next_entry(bytes, offset, 0)? {
        digest = seal(&digest, body);
        if digest != sealed {
            return Err(LogError::Damaged { offset });
        }
        let start = offset + LENGTH_BYTES;
        match code::read(body, chain).map_err(|fault| LogError::Shape { offset, fault })? {
            Entry::Block(block) => places.push((block.number, start..start + body.len())),
            Entry::RollbackTo(number) => places.retain(|(block, _)| *block <= number),
        }
        offset = end;
    }
    Ok((chain, places.into_iter().map(|(_, place)| place).collect()))
}

/// The block at one of those places; none where there is none.
pub fn read_block(bytes: &[u8], chain: AccountChain, place: Range<usize>) -> Option<AccountBlock> {
    match code::read(bytes.get(place)?, chain) {
        Ok(Entry::Block(block)) => Some(block),
        _ => None,
    }
}

fn chain_of(header: &[u8]) -> Result<AccountChain, LogError> {
    let (start, number) = header.split_at(HEADER_BYTES - 8);
    let number = u64::from_le_bytes(number.try_into().map_err(|_| LogError::Header)?);
    match start.strip_prefix(&MAGIC) {
        Some([VERSION, 0]) => Ok(AccountChain::Evm { chain_id: number }),
        Some([VERSION, 1]) if number == 0 => Ok(AccountChain::Tron),
        _ => Err(LogError::Header),
    }
}

type Sealed<'a> = (&'a [u8], &'a [u8], usize);

/// The entry at an offset of bytes that begin at `base` of the file: body, digest, end. None at the
/// end, or within an entry that was cut off.
fn next_entry(bytes: &[u8], offset: usize, base: usize) -> Result<Option<Sealed<'_>>, LogError> {
    let rest = &bytes[offset..];
    let Some((lengths, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let [a, b, c, d, e, f, g, h] = *lengths;
    let length = u32::from_le_bytes([a, b, c, d]);
    if u32::from_le_bytes([e, f, g, h]) != !length || length as usize > ENTRY_BYTES_MAX {
        return Err(LogError::Damaged { offset: base + offset });
    }
    let length = length as usize;
    if rest.len() < length + DIGEST_BYTES {
        return Ok(None);
    }
    let (body, rest) = rest.split_at(length);
    let end = offset + LENGTH_BYTES + length + DIGEST_BYTES;
    Ok(Some((body, &rest[..DIGEST_BYTES], end)))
}

fn seal(before: &[u8; 32], body: &[u8]) -> [u8; 32] {
    let mut engine = sha256::Hash::engine();
    engine.input(before);
    engine.input(body);
    sha256::Hash::from_engine(engine).to_byte_array()
}
