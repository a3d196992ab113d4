//! Our own tables of a chain of accounts, which say all that a block of an account log says:
//! blocks, transactions, movements and gaps. Knows no balances and no log.

use super::stream::{Part, Record, Stream};
use super::{Column, Schema, TableError, TableFault, cell, clip};
use crate::account::block::HashCheck;
use crate::account::{
    Account, AccountBlock, AccountChain, AccountTransaction, Asset, Gap, GapReason, Kind, Movement,
    Outcome, Place,
};

/// Blocks.
pub const BLOCKS: Schema = Schema {
    name: "blocks",
    files: &["blocks", "block"],
    columns: &[
        Column::needed(&["number"]),
        Column::needed(&["hash"]),
        Column::needed(&["parent_hash"]),
        Column::needed(&["timestamp"]),
        Column::needed(&["hash_recomputed"]),
        Column::optional(&["transaction_count"]),
    ],
};

/// Transactions.
pub const TRANSACTIONS: Schema = Schema {
    name: "transactions",
    files: &["transactions"],
    columns: &[
        Column::needed(&["block_number"]),
        Column::needed(&["transaction_index"]),
        Column::needed(&["hash"]),
        Column::needed(&["from_address"]),
        Column::needed(&["to_address"]),
        Column::needed(&["value"]),
        Column::needed(&["status"]),
    ],
};

/// Movements.
pub const MOVEMENTS: Schema = Schema {
    name: "movements",
    files: &["movements"],
    columns: &[
        Column::needed(&["block_number"]),
        Column::needed(&["transaction_index"]),
        Column::needed(&["place"]),
        Column::needed(&["place_index"]),
        Column::needed(&["kind"]),
        Column::needed(&["asset"]),
        Column::needed(&["from_address"]),
        Column::needed(&["to_address"]),
        Column::needed(&["value"]),
    ],
};

/// Gaps.
pub const GAPS: Schema = Schema {
    name: "gaps",
    files: &["gaps"],
    columns: &[
        Column::needed(&["block_number"]),
        Column::needed(&["transaction_index"]),
        Column::needed(&["place"]),
        Column::needed(&["place_index"]),
        Column::needed(&["reason"]),
    ],
};

/// The words for gaps.
pub(super) const REASONS: [(GapReason, &str); 12] = [
    (GapReason::OutcomeUnknown, "outcome unknown"),
    (GapReason::FeeUnknown, "fee unknown"),
    (GapReason::CallsUnknown, "calls unknown"),
    (GapReason::LogsUnknown, "logs unknown"),
    (GapReason::AmountBeyond128Bits, "amount beyond 128 bits"),
    (GapReason::TransferShape, "transfer shape"),
    (GapReason::MultiToken, "multi token"),
    (GapReason::AmountNegative, "amount negative"),
    (GapReason::UncleUnknown, "uncle unknown"),
    (GapReason::Irregular, "irregular"),
    (GapReason::ContractType, "contract type"),
    (GapReason::TransfersOnly, "transfers only"),
];
/// The words for places.
pub(super) const PLACES: [&str; 4] = ["fee", "call", "log", "block"];

/// The files of each table.
#[derive(Debug, Default)]
pub struct AccountParts {
    /// Blocks.
    pub blocks: Vec<Part>,
    /// Transactions.
    pub transactions: Vec<Part>,
    /// Movements.
    pub movements: Vec<Part>,
    /// Gaps; none where there are no gaps.
    pub gaps: Vec<Part>,
}

/// Tables read block by block.
pub struct AccountTables {
    chain: AccountChain,
    blocks: Stream,
    transactions: Stream,
    movements: Stream,
    gaps: Stream,
}

/// A block, and the row that it begins with.
pub struct AccountRow {
    /// The block.
    pub block: AccountBlock,
    pub(super) head: Record,
}

impl AccountRow {
    /// The block as a whole is refused.
    pub fn refused(&self, words: String) -> TableError {
        self.head.refused(words)
    }
}

impl AccountTables {
    /// Begins to read.
    pub fn new(parts: AccountParts, chain: AccountChain) -> AccountTables {
        AccountTables {
            chain,
            blocks: Stream::new(&BLOCKS, parts.blocks),
            transactions: Stream::new(&TRANSACTIONS, parts.transactions),
            movements: Stream::new(&MOVEMENTS, parts.movements),
            gaps: Stream::new(&GAPS, parts.gaps),
        }
    }

    /// The next block; none at the end.
    ///
    /// # Errors
    /// A table cannot be read, or its rows do not make a block.
    pub fn next_block(&mut self) -> Result<Option<AccountRow>, TableError> {
        let Some(number) = self.blocks.peek()? else {
            for stream in [&mut self.transactions, &mut self.movements, &mut self.gaps] {
                stream.finish(BLOCKS.name)?;
            }
            return Ok(None);
        };
        let mut heads = self.blocks.take(number, BLOCKS.name)?.into_iter();
        let head = heads.next().expect("it was peeked at");
        if let Some(again) = heads.next() {
            return Err(again.fault(0, TableFault::Twice(format!("block {number}"))));
        }
        let recomputed = head.must(4, cell::flag)?;
        let mut block = AccountBlock {
            chain: self.chain,
            number,
            hash: head.must(1, cell::hash)?,
            parent: head.must(2, cell::hash)?,
            time: head.must(3, cell::time)?,
            hash_checked: match recomputed {
                true => HashCheck::Recomputed,
                false => HashCheck::NotRecomputed,
            },
            transactions: Vec::new(),
            movements: Vec::new(),
            gaps: Vec::new(),
        };
        for row in self.transactions.take(number, BLOCKS.name)? {
            let transaction = self.transaction(&row, block.transactions.len())?;
            block.transactions.push(transaction);
        }
        if let Some(expected) = head.may(5, cell::number)? {
            let (what, found) = ("transactions", block.transactions.len() as u64);
            if found != expected {
                return Err(head.fault(5, TableFault::Count { what, expected, found }));
            }
        }
        let count = block.transactions.len();
        for row in self.movements.take(number, BLOCKS.name)? {
            block.movements.push(self.movement(&row, count)?);
        }
        for row in self.gaps.take(number, BLOCKS.name)? {
            let transaction = transaction_of(&row, count)?;
            let place = place_of(&row)?;
            let reason = row.must(4, |text| {
                let found = REASONS.iter().find(|(_, word)| *word == text);
                let words = "the reasons of docs/formats/csv.md";
                found.map(|(reason, _)| *reason).ok_or(TableFault::Word { text: clip(text), words })
            })?;
            block.gaps.push(Gap { transaction, place, reason });
        }
        Ok(Some(AccountRow { block, head }))
    }

    fn transaction(&self, row: &Record, expected: usize) -> Result<AccountTransaction, TableError> {
        let (what, expected) = ("transaction", expected as u64);
        if row.must(1, cell::number)? != expected {
            return Err(row.fault(1, TableFault::Gap { what, expected }));
        }
        let outcome = match row.text(6) {
            None => Outcome::Unknown,
            Some("1") => Outcome::Succeeded,
            Some("0") => Outcome::Failed,
            Some(text) => {
                let words = "1 (it took effect), 0 (it failed), nothing (not known)";
                return Err(row.fault(6, TableFault::Word { text: clip(text), words }));
            }
        };
        Ok(AccountTransaction {
            hash: row.must(2, cell::hash)?,
            sender: row.must(3, cell::account(self.chain))?,
            recipient: row.may(4, cell::account(self.chain))?,
            value: row.must(5, cell::wide)?,
            outcome,
        })
    }

    fn movement(&self, row: &Record, count: usize) -> Result<Movement, TableError> {
        let account = || cell::account(self.chain);
        Ok(Movement {
            transaction: transaction_of(row, count)?,
            place: place_of(row)?,
            kind: row.must(4, |text| {
                let found = Kind::ALL.into_iter().find(|kind| kind.name() == text);
                let words = "the kinds of docs/formats/csv.md";
                found.ok_or(TableFault::Word { text: clip(text), words })
            })?,
            asset: row.must(5, |text| asset(text, self.chain))?,
            from: row.may(6, account())?,
            to: row.may(7, account())?,
            amount: row.must(8, cell::wide)?,
        })
    }
}

fn transaction_of(row: &Record, count: usize) -> Result<Option<u32>, TableError> {
    match row.may(1, cell::small)? {
        Some(index) if index as usize >= count => {
            let block = row.must(0, cell::number)?;
            Err(row.fault(1, TableFault::Stranger { block }))
        }
        index => Ok(index),
    }
}

fn place_of(row: &Record) -> Result<Place, TableError> {
    let place = row.must(2, |text| {
        let words = "fee, call, log, block";
        let found = PLACES.iter().position(|place| *place == text);
        found.ok_or(TableFault::Word { text: clip(text), words })
    })?;
    let number = || row.must(3, cell::small);
    Ok(match place {
        0 => Place::Fee,
        1 => Place::Call(number()?),
        2 => Place::Log(number()?),
        _ => Place::Block(number()?),
    })
}

/// `native`, a contract, `CONTRACT/NUMBER` with the number in hexadecimal, `trc10/NUMBER`.
fn asset(text: &str, chain: AccountChain) -> Result<Asset, TableFault> {
    let contract = |text: &str| -> Result<Account, TableFault> { cell::account(chain)(text) };
    match text.split_once('/') {
        None if text == "native" => Ok(Asset::Native),
        None => contract(text).map(Asset::Token),
        Some(("trc10", number)) => cell::number(number).map(Asset::Trc10),
        Some((text, digits)) => {
            let mut id = [0; 32];
            let padded = format!("{digits:0>64}");
            hex::decode_to_slice(&padded, &mut id).map_err(|_| TableFault::Bytes(clip(digits)))?;
            Ok(Asset::Item { contract: contract(text)?, id })
        }
    }
}
