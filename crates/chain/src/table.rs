//! Rows of tables to blocks and back: CSV, and Parquet where that is built in. Knows no files and
//! no store: the caller opens files and appends blocks. docs/formats/csv.md has the columns.
//!
//! - [`utxo`]: blocks, transactions, inputs and outputs; our columns, bitcoin-etl's, GraphSense's.
//! - [`account`]: our own columns of chains of accounts, which lose nothing.
//! - [`evm`]: ethereum-etl's and GraphSense's tables, through the decoder of nodes' answers.
//! - [`mod@write`]: blocks to rows.
//!
//! Tables of one chain are read side by side, a block at a time, so each must be sorted by block.
//! Nothing in a table proves itself: no proof of work, no Merkle root, no signature is checked.
//! What can be checked is: shapes, amounts, counts, references, and that each row belongs to its
//! block.

use std::fmt;
use std::sync::Arc;

pub mod account;
mod cell;
mod csv;
pub mod evm;
mod list;
#[cfg(feature = "parquet")]
mod parquet;
mod stream;
pub mod utxo;
pub mod write;

pub use stream::{Input, Part};

/// Most bytes of one row: a script of a whole block in hexadecimal, and then some.
pub const ROW_BYTES_MAX: u64 = 64 << 20;
/// Most columns of a table.
pub const COLUMNS_MAX: usize = 1_000;
/// Most rows of one table that one block may have.
pub const BLOCK_ROWS_MAX: usize = 4_000_000;
/// Longest piece of a cell that an error repeats.
const ECHO_CHARACTERS_MAX: usize = 80;

/// What is wrong with a table, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{spot}: {fault}")]
pub struct TableError {
    /// File, row and column.
    pub spot: Spot,
    /// What is wrong.
    pub fault: TableFault,
}

/// A place in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file's name.
    pub file: Arc<str>,
    /// Which row, where it is about one.
    pub row: Option<RowPlace>,
    /// The column's name in the file, where it is about one.
    pub column: Option<String>,
}

/// Which row of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPlace {
    /// A line of text, from 1; the first names the columns.
    Line(u64),
    /// A row of a Parquet file, from 1.
    Row(u64),
}

/// What can be wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    /// The file cannot be read on.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// Not UTF-8.
    #[error("byte {0} of the cell is not UTF-8; save the file as UTF-8")]
    Encoding(usize),
    /// Every second byte is a zero.
    #[error("the file is UTF-16; save it as UTF-8")]
    Utf16,
    /// Not even a first line.
    #[error("the file is empty; its first line names the columns")]
    NoColumns,
    /// A column that is needed.
    #[error("there is no column {wanted}; there are: {found}")]
    MissingColumn {
        /// Its name, and others that it goes by.
        wanted: String,
        /// The columns there are.
        found: String,
    },
    /// Two names for one thing, or the same name twice.
    #[error("it says the same as column `{0}`; leave one of them out")]
    SameColumn(String),
    /// More than are read.
    #[error("there are more than {COLUMNS_MAX} columns")]
    TooManyColumns,
    /// A row of another length.
    #[error("the row has {found} cells, the first line names {expected} columns")]
    Cells {
        /// Columns.
        expected: u64,
        /// Cells.
        found: u64,
    },
    /// Most often a quote that is never closed.
    #[error("the row is longer than {ROW_BYTES_MAX} bytes; is a quote never closed?")]
    RowTooLong,
    /// A type of a Parquet column that has no text here.
    #[error("columns of this type are not read: {0}")]
    ColumnType(String),
    /// Nothing where something must be.
    #[error("the cell is empty")]
    Empty,
    /// Not digits.
    #[error("`{0}` is not a whole number of digits only")]
    Number(String),
    /// Below zero.
    #[error("`{0}` is below zero")]
    Negative(String),
    /// Larger than can be held.
    #[error("`{text}` does not fit into {bits} bits")]
    Beyond {
        /// The number.
        text: String,
        /// The room there is.
        bits: u32,
    },
    /// More bitcoin than there are.
    #[error("`{0}` satoshis cannot be: there are never more than 21 million bitcoin")]
    Amount(String),
    /// Not a hash.
    #[error("`{0}` is not a hash: write 64 hexadecimal digits")]
    Hash(String),
    /// Not bytes.
    #[error("`{0}` is not bytes: write pairs of hexadecimal digits")]
    Bytes(String),
    /// Not an address.
    #[error("{0}")]
    Address(String),
    /// Not one of a few words.
    #[error("`{text}` is none of: {words}")]
    Word {
        /// The cell.
        text: String,
        /// What could stand there.
        words: &'static str,
    },
    /// Not a time.
    #[error("`{0}` is not a time: write seconds since 1970, or 2009-01-03 18:15:05 UTC")]
    Time(String),
    /// A script longer than any block.
    #[error("a script of {0} bytes is longer than a whole block may be")]
    Script(usize),
    /// Out of order.
    #[error("block {number} comes after block {before}; sort the table by block")]
    Order {
        /// The row's block.
        number: u64,
        /// That of the row before.
        before: u64,
    },
    /// Rows of a block that another table does not have.
    #[error("block {number} is not in {table}")]
    NoSuchBlock {
        /// The block.
        number: u64,
        /// The table that should have it.
        table: &'static str,
    },
    /// A row of no transaction.
    #[error("block {block} has no such transaction")]
    Stranger {
        /// The block.
        block: u64,
    },
    /// The same twice.
    #[error("{0} is there twice")]
    Twice(String),
    /// One of a row of numbers is not there.
    #[error("{what} {expected} should stand here: a row is missing, or out of order")]
    Gap {
        /// What is counted.
        what: &'static str,
        /// Which should come.
        expected: u64,
    },
    /// Another count than was announced.
    #[error("{expected} {what} are announced, {found} are there")]
    Count {
        /// What is counted.
        what: &'static str,
        /// As announced.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// An output nobody could say anything about.
    #[error("there is neither a script nor a single address")]
    NoScript,
    /// More than are read.
    #[error("block {block} has more than {BLOCK_ROWS_MAX} rows here")]
    TooManyRows {
        /// The block.
        block: u64,
    },
    /// What was read, whole, is refused.
    #[error("{0}")]
    Refused(String),
}

/// A table by its file's name and its columns.
#[derive(Debug)]
pub struct Schema {
    /// As errors call it.
    pub name: &'static str,
    /// How its files' names may begin.
    pub files: &'static [&'static str],
    /// Its columns; the first is the number of the row's block.
    columns: &'static [Column],
}

/// A column by its names.
#[derive(Debug)]
struct Column {
    /// Ours first, then those of others.
    names: &'static [&'static str],
    needed: bool,
}

impl Column {
    const fn needed(names: &'static [&'static str]) -> Column {
        Column { names, needed: true }
    }

    const fn optional(names: &'static [&'static str]) -> Column {
        Column { names, needed: false }
    }
}

impl Schema {
    /// Whether a file of this name, without its endings, holds rows of this table: the table's name
    /// alone, or followed by anything that does not go on the word (`blocks_00000000_00099999`).
    pub fn is_file(&self, stem: &str) -> bool {
        self.files.iter().filter_map(|name| stem.strip_prefix(name)).any(|rest| {
            let goes_on = |text: &str| text.starts_with(char::is_alphabetic);
            !goes_on(rest) && !goes_on(rest.trim_start_matches(['_', '-', '.']))
        })
    }
}

impl Spot {
    fn fault(self, fault: TableFault) -> TableError {
        TableError { spot: self, fault }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.row {
            Some(RowPlace::Line(line)) => write!(f, ", line {line}")?,
            Some(RowPlace::Row(row)) => write!(f, ", row {row}")?,
            None => {}
        }
        match &self.column {
            Some(column) => write!(f, ", column `{column}`"),
            None => Ok(()),
        }
    }
}

fn clip(text: &str) -> String {
    text.chars().take(ECHO_CHARACTERS_MAX).collect()
}
