//! What ledgers keep of blocks, transactions and events, and why a block is refused. Knows no
//! order.

use super::{BlockIndex, LEDGER_IDS_MAX};
use crate::account::AccountNumber;
use crate::account::block::{Kind, Outcome, Place};
use crate::account::name::{AccountChain, Hash256};
use std::collections::BTreeMap;

/// What is kept of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// How many blocks lie below it.
    pub number: u64,
    /// Its hash.
    pub hash: Hash256,
    /// The hash of the block before it.
    pub parent: Hash256,
    /// Seconds since 1970.
    pub time: u64,
    /// Where its rows begin, and how many accounts, assets and gaps there were before it.
    pub(super) start: Counts,
}

/// What is kept of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionRow {
    /// Its hash.
    pub hash: Hash256,
    /// Its block.
    pub block: BlockIndex,
    /// Who signed it.
    pub sender: AccountNumber,
    /// Whether it took effect.
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub events: u64,
    pub transactions: u64,
    pub accounts: u32,
    pub assets: u32,
    pub gaps: u64,
}

/// Why a block is not appended. The ledgers stay as they were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Of another chain.
    #[error("block {number} is of {found}, these ledgers are of {expected}")]
    OtherChain {
        /// The block.
        number: u64,
        /// Its chain.
        found: AccountChain,
        /// The ledgers' chain.
        expected: AccountChain,
    },
    /// Not the block after the newest.
    #[error("block {found} does not follow block {tip}: append {} first", .tip + 1)]
    NotNext {
        /// The newest block here.
        tip: u64,
        /// The block that was given.
        found: u64,
    },
    /// The chain went another way.
    #[error(
        "block {number} follows {parent:?}, but block {} here is {tip:?}: roll back to where both \
         chains agree",
        .number - 1
    )]
    Reorganised {
        /// The block that was given.
        number: u64,
        /// What it follows.
        parent: Hash256,
        /// What is here.
        tip: Hash256,
    },
    /// More than 32-bit numbers can tell apart.
    #[error("block {number}: more than {LEDGER_IDS_MAX} {what}")]
    TooMany {
        /// The block.
        number: u64,
        /// Accounts, assets or blocks.
        what: &'static str,
    },
}

/// Stands for nobody in columns, and for an amount in the side table.
pub(super) const NOBODY: u32 = u32::MAX;
pub(super) const WIDE: u64 = u64::MAX;

/// One row an event.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub from: Vec<u32>,
    pub to: Vec<u32>,
    pub asset: Vec<u32>,
    pub amount: Vec<u64>,
    pub wide: BTreeMap<u64, u128>,
    pub transaction: Vec<u64>,
    pub place: Vec<Place>,
    pub kind: Vec<Kind>,
}

impl Columns {
    /// Payer and payee of a row, without nobody and each once.
    pub fn sides(&self, row: u64) -> impl Iterator<Item = u32> + use<> {
        let (from, to) = (self.from[row as usize], self.to[row as usize]);
        let second = if to == from { NOBODY } else { to };
        [from, second].into_iter().filter(|account| *account != NOBODY)
    }

    pub fn amount(&self, row: u64) -> u128 {
        match self.amount[row as usize] {
            WIDE => self.wide[&row],
            amount => u128::from(amount),
        }
    }

    pub fn truncate(&mut self, count: u64) {
        let length = count as usize;
        self.from.truncate(length);
        self.to.truncate(length);
        self.asset.truncate(length);
        self.amount.truncate(length);
        self.wide.split_off(&count);
        self.transaction.truncate(length);
        self.place.truncate(length);
        self.kind.truncate(length);
    }
}
