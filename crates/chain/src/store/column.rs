//! Columns: arrays of fixed-width elements, sealed ones in a mapped file and newer ones in memory.
//! Knows widths and bytes, not what an element means.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::{FORMAT_VERSION, StoreError};
use crate::map::Map;

/// Bytes before the first element of a column, an index run or the spender file.
pub(super) const HEADER_BYTES: usize = 64;

/// What every file of elements begins with.
const MAGIC: [u8; 8] = *b"COMITYCS";

/// Every column, in the order of the manifest. The numbers are part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Name {
    /// 32 bytes; all zero where not known.
    BlockHash,
    /// Seconds since 1970; all ones where not known.
    BlockTime,
    /// All ones where not known.
    BlockHeight,
    /// One past the block's last transaction.
    BlockTxEnd,
    /// 32 bytes.
    Txid,
    /// The lock time field.
    TxLockTime,
    /// Bits of the wallet's traits.
    TxTraits,
    /// One past the transaction's last output, one past its last input, and its fee: all that a
    /// walk asks of it, in one place.
    TxRow,
    /// The block of each [`TX_STEP`]th transaction.
    TxBlock,
    /// Value in the low 56 bits, type of script above.
    OutputWord,
    /// All ones where it can never be spent.
    OutputAddress,
    /// The creator of each [`OUTPUT_STEP`]th output.
    OutputCreator,
    /// Number of the output spent, or with the highest bit a row of `Outside`.
    InputOrigin,
    /// One past the address's last byte of script.
    AddressScriptEnd,
    /// Scripts of addresses, one after the other.
    ScriptBytes,
    /// What is spent from outside the chain.
    Outside,
    /// Transactions whose version does not fit in their traits.
    OddVersion,
}

/// How many columns there are.
pub(super) const COLUMN_COUNT: usize = 17;

/// Two ends of 40 bits and a fee of 48.
const TX_ROW_BYTES: usize = 16;
/// Stands for a fee that its row does not tell: of a coinbase, where an input's value is not known,
/// or more than 2.8 million bitcoin.
const FEE_UNTOLD: u64 = (1 << 48) - 1;

/// What [`Name::TxRow`] holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TxRow {
    pub(super) output_end: u64,
    pub(super) input_end: u64,
    /// None where the inputs have to be asked.
    pub(super) fee: Option<u64>,
}

impl TxRow {
    fn to_bytes(self) -> [u8; TX_ROW_BYTES] {
        assert!(
            self.output_end < 1 << 40 && self.input_end < 1 << 40,
            "40 bits are enough for every output there will be"
        );
        let fee = self.fee.filter(|fee| *fee < FEE_UNTOLD).unwrap_or(FEE_UNTOLD);
        let ends = u128::from(self.output_end) | u128::from(self.input_end) << 40;
        (ends | u128::from(fee) << 80).to_le_bytes()
    }

    #[inline]
    fn from_bytes(bytes: &[u8; TX_ROW_BYTES]) -> TxRow {
        let word = u128::from_le_bytes(*bytes);
        let end = |shift: u32| (word >> shift) as u64 & ((1 << 40) - 1);
        let fee = (word >> 80) as u64;
        let fee = (fee != FEE_UNTOLD).then_some(fee);
        TxRow { output_end: end(0), input_end: end(40), fee }
    }
}

/// How many elements each column has.
pub(super) type Lengths = [u64; COLUMN_COUNT];

/// Every so many transactions the block is written down, so that it is found in a few steps.
pub(super) const TX_STEP: u64 = 256;
/// The same for outputs and their creators.
pub(super) const OUTPUT_STEP: u64 = 32;

/// File name and bytes of an element.
pub(super) const COLUMNS: [(&str, usize); COLUMN_COUNT] = [
    ("block-hash", 32),
    ("block-time", 4),
    ("block-height", 4),
    ("block-tx-end", 4),
    ("txid", 32),
    ("tx-lock-time", 4),
    ("tx-traits", 1),
    ("tx-row", TX_ROW_BYTES),
    ("tx-block", 4),
    ("output-word", 8),
    ("output-address", 4),
    ("output-creator", 4),
    ("input-origin", 5),
    ("address-script-end", 5),
    ("script-bytes", 1),
    ("outside", 52),
    ("odd-version", 8),
];

/// The header of a file of elements.
pub(super) fn header(kind: u32, width: usize) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    header[12..16].copy_from_slice(&kind.to_le_bytes());
    header[16..20].copy_from_slice(&(width as u32).to_le_bytes());
    header
}

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    map: Map,
    sealed: u64,
    width: usize,
    tail: Vec<u8>,
}

/// All columns.
#[derive(Debug)]
pub(super) struct Columns {
    list: [Column; COLUMN_COUNT],
}

impl Columns {
    /// Opens the files, each of which must have at least these elements.
    pub(super) fn open(dir: &Path, sealed: &Lengths) -> Result<Columns, StoreError> {
        let maps = map_all(dir, sealed)?;
        let mut index = 0;
        let list = maps.map(|map| {
            let (sealed, width) = (sealed[index], COLUMNS[index].1);
            index += 1;
            Column { map, sealed, width, tail: Vec::new() }
        });
        Ok(Columns { list })
    }

    /// Elements of each column.
    pub(super) fn lengths(&self) -> Lengths {
        std::array::from_fn(|index| self.list[index].length())
    }

    #[inline]
    pub(super) fn length(&self, name: Name) -> u64 {
        self.list[name as usize].length()
    }

    /// Elements that are in files.
    #[inline]
    pub(super) fn sealed(&self, name: Name) -> u64 {
        self.list[name as usize].sealed
    }

    /// One element of `W` bytes, which is the column's width. Panics beyond the end.
    #[inline]
    pub(super) fn get<const W: usize>(&self, name: Name, index: u64) -> &[u8; W] {
        let column = &self.list[name as usize];
        debug_assert_eq!(W, column.width);
        let (bytes, at) = if index < column.sealed {
            (column.map.bytes(), HEADER_BYTES + index as usize * W)
        } else {
            (&column.tail[..], (index - column.sealed) as usize * W)
        };
        bytes[at..].first_chunk().expect("a number of this chain")
    }

    #[inline]
    pub(super) fn word32(&self, name: Name, index: u64) -> u32 {
        u32::from_le_bytes(*self.get(name, index))
    }

    #[inline]
    pub(super) fn word40(&self, name: Name, index: u64) -> u64 {
        let [a, b, c, d, e] = *self.get::<5>(name, index);
        u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])
    }

    #[inline]
    pub(super) fn word64(&self, name: Name, index: u64) -> u64 {
        u64::from_le_bytes(*self.get(name, index))
    }

    /// A transaction's row, by its number.
    #[inline]
    pub(super) fn tx_row(&self, index: u64) -> TxRow {
        TxRow::from_bytes(self.get(Name::TxRow, index))
    }

    /// The row before, or ends at 0: where a transaction's outputs and inputs begin.
    #[inline]
    pub(super) fn tx_row_before(&self, index: u64) -> TxRow {
        index.checked_sub(1).map(|before| self.tx_row(before)).unwrap_or_default()
    }

    /// Adds a transaction's row at the end.
    pub(super) fn push_tx_row(&mut self, row: TxRow) {
        self.push(Name::TxRow, &row.to_bytes());
    }

    /// From the previous element, or 0, to this one: what a column of ends says.
    #[inline]
    pub(super) fn range40(&self, name: Name, index: u64) -> std::ops::Range<u64> {
        let start = if index == 0 { 0 } else { self.word40(name, index - 1) };
        start..self.word40(name, index)
    }

    #[inline]
    pub(super) fn range32(&self, name: Name, index: u64) -> std::ops::Range<u32> {
        let start = if index == 0 { 0 } else { self.word32(name, index - 1) };
        start..self.word32(name, index)
    }

    /// Bytes of a column of bytes. They never straddle what is sealed, because a block does not.
    pub(super) fn bytes(&self, name: Name, range: std::ops::Range<u64>) -> &[u8] {
        let column = &self.list[name as usize];
        let (start, end) = (range.start as usize, range.end as usize);
        let sealed = column.sealed as usize;
        if start < sealed {
            &column.map.bytes()[HEADER_BYTES + start..HEADER_BYTES + end]
        } else {
            &column.tail[start - sealed..end - sealed]
        }
    }

    /// Adds elements at the end.
    #[inline]
    pub(super) fn push(&mut self, name: Name, bytes: &[u8]) {
        self.list[name as usize].tail.extend_from_slice(bytes);
    }

    /// Adds a 40-bit element at the end.
    #[inline]
    pub(super) fn push40(&mut self, name: Name, number: u64) {
        assert!(number < 1 << 40, "40 bits are enough for every output there will be");
        self.push(name, &number.to_le_bytes()[..5]);
    }

    /// The bytes of the elements from one length to another, all of them in memory.
    pub(super) fn tail(&self, index: usize, from: u64, to: u64) -> &[u8] {
        let column = &self.list[index];
        let at = |length: u64| (length - column.sealed) as usize * column.width;
        &column.tail[at(from)..at(to)]
    }

    /// Adds bytes to a column by its index.
    pub(super) fn extend(&mut self, index: usize, bytes: &[u8]) {
        self.list[index].tail.extend_from_slice(bytes);
    }

    /// Removes all elements beyond these lengths, none of which is sealed.
    pub(super) fn truncate(&mut self, lengths: &Lengths) {
        for (column, length) in self.list.iter_mut().zip(lengths) {
            column.tail.truncate((*length - column.sealed) as usize * column.width);
        }
    }

    /// Says that elements up to these lengths are in files now, mapped by `maps`.
    pub(super) fn seal(&mut self, lengths: &Lengths, maps: [Map; COLUMN_COUNT]) {
        for ((column, length), map) in self.list.iter_mut().zip(lengths).zip(maps) {
            column.tail.drain(..(*length - column.sealed) as usize * column.width);
            column.sealed = *length;
            column.map = map;
        }
    }
}

impl Column {
    #[inline]
    fn length(&self) -> u64 {
        self.sealed + (self.tail.len() / self.width) as u64
    }
}

/// Where a column lies.
pub(super) fn path(dir: &Path, index: usize) -> PathBuf {
    dir.join("columns").join(COLUMNS[index].0)
}

/// Maps the sealed part of every column.
pub(super) fn map_all(dir: &Path, sealed: &Lengths) -> Result<[Map; COLUMN_COUNT], StoreError> {
    let mut maps: [Map; COLUMN_COUNT] = std::array::from_fn(|_| Map::default());
    for (index, map) in maps.iter_mut().enumerate() {
        let width = COLUMNS[index].1;
        let bytes = HEADER_BYTES as u64 + sealed[index] * width as u64;
        *map = open_map(&path(dir, index), &header(index as u32, width), bytes)?;
    }
    Ok(maps)
}

/// Maps the first bytes of a file that must have this header and be as long.
pub(super) fn open_map(path: &Path, header: &[u8], length: u64) -> Result<Map, StoreError> {
    let file = open_file(path, header, length)?;
    Map::of(&file, length).map_err(|error| StoreError::io(path, error))
}

/// Opens a file that must have this header and be at least as long.
pub(super) fn open_file(path: &Path, header: &[u8], length: u64) -> Result<File, StoreError> {
    let mut file = File::open(path).map_err(|error| StoreError::io(path, error))?;
    let found = file.metadata().map_err(|error| StoreError::io(path, error))?.len();
    if found < length {
        let what = format!("the file ends at byte {found}");
        return Err(StoreError::damaged(path, found..length, what));
    }
    let mut read = vec![0; header.len()];
    file.read_exact(&mut read).map_err(|error| StoreError::io(path, error))?;
    if read != header {
        let what = "this is not the header that belongs there".to_owned();
        return Err(StoreError::damaged(path, 0..header.len() as u64, what));
    }
    Ok(file)
}

/// A file that was written and may not be on disk yet.
pub(super) type Written = (PathBuf, File);

/// Threads that wait for the disk at once at most.
const WAITERS_MAX: usize = 8;

/// Writes bytes at a place of a file; they are safe after [`sync`] only.
pub(super) fn write_at(path: &Path, offset: u64, bytes: &[u8]) -> Result<Written, StoreError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        Ok(file)
    };
    let file = write().map_err(|error| StoreError::io(path, error))?;
    Ok((path.to_owned(), file))
}

/// Waits until all these files are on disk; for several at once, because a file system that keeps a
/// journal then writes it once for all of them.
pub(super) fn sync(written: &[Written]) -> Result<(), StoreError> {
    let part = written.len().div_ceil(WAITERS_MAX).max(1);
    let wait = |part: &[Written]| {
        part.iter().try_for_each(|(path, file)| {
            file.sync_data().map_err(|error| StoreError::io(path, error))
        })
    };
    std::thread::scope(|scope| {
        let waits: Vec<_> =
            written.chunks(part).map(|part| scope.spawn(move || wait(part))).collect();
        waits.into_iter().try_for_each(|one| one.join().expect("waiting does not panic"))
    })
}
