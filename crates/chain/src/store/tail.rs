//! What is kept in memory about the blocks that are not sealed: made by appending, taken back by
//! rolling back, and made again from the journal. Trusts what it is given.

use std::collections::VecDeque;

use super::append::UNKNOWN;
use super::column::{COLUMN_COUNT, Lengths, Name};
use super::index::{script_key, txid_key};
use super::journal::{self, Record, Records};

use super::links::Links;
use super::{ChainStore, StoreError};
use crate::utxo::{AddressNumber, OutputNumber, Utxo as _};
use crate::view::TxNumber;

/// The highest bit of an input's origin says that it is outside the chain.
pub(super) const OUTSIDE_BIT: u64 = 1 << 39;

/// The tail.
#[derive(Debug)]
pub(super) struct Tail {
    /// Lengths of the columns and worth of all outputs after each block of the tail.
    pub(super) marks: VecDeque<Mark>,
    /// Transactions by the first bytes of their ids.
    pub(super) transactions: Links<u64>,
    /// Addresses by the fingerprint of their scripts.
    pub(super) scripts: Links<u64>,
    /// Outputs by their address.
    pub(super) postings: Links<u32>,
    /// Rows of what is spent from outside, by the first bytes of its transaction's id.
    pub(super) outside: Links<u64>,
    /// For each output of the tail, 0 or one more than the transaction that spends it.
    pub(super) spender: Vec<u32>,
    /// Satoshis in all outputs, inside and outside.
    pub(super) worth: u64,
    /// The index in `marks` of the last block of the next segment.
    pub(super) boundary: Option<usize>,
}

/// The state after a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) lengths: Lengths,
    pub(super) worth: u64,
}

impl Tail {
    /// No blocks above what is sealed.
    pub(super) fn new(sealed: &Lengths, worth: u64) -> Tail {
        let base = |name: Name| sealed[name as usize];
        Tail {
            marks: VecDeque::new(),
            transactions: Links::new(base(Name::Txid)),
            scripts: Links::new(base(Name::AddressScriptEnd)),
            postings: Links::new(base(Name::OutputWord)),
            outside: Links::new(base(Name::Outside)),
            spender: Vec::new(),
            worth,
            boundary: None,
        }
    }
}

impl ChainStore {
    /// Reads the journal into the tail; says how much of it was sound.
    pub(super) fn replay(&mut self) -> Result<u64, StoreError> {
        let number = self.manifest.journal;
        let bytes = journal::read(&self.dir, number)?;
        let path = journal::path(&self.dir, number);
        let mut records = Records::new(&bytes, number).ok_or_else(|| {
            let what = "this is not the header that belongs there".to_owned();
            StoreError::damaged(&path, 0..journal::HEADER_BYTES as u64, what)
        })?;
        loop {
            let at = records.offset();
            let Some(record) = records.next() else { break };
            let done = match record {
                Record::Block(columns) => self.replay_block(&columns),
                Record::Rollback(blocks) => {
                    let depth = self.block_count().saturating_sub(blocks);
                    let fits = depth <= self.tail_block_count();
                    fits.then(|| self.take_back_to(blocks))
                }
            };
            if done.is_none() {
                let what = "a record does not fit the blocks before it".to_owned();
                return Err(StoreError::damaged(&path, at..records.offset(), what));
            }
        }
        Ok(records.offset())
    }

    fn replay_block(&mut self, columns: &[&[u8]; COLUMN_COUNT]) -> Option<()> {
        let before = self.columns.lengths();
        for (index, bytes) in columns.iter().enumerate() {
            self.columns.extend(index, bytes);
        }
        let after = self.columns.lengths();
        let ends = |name, list: Name| {
            let last = after[name as usize].checked_sub(1)?;
            (self.columns.word40(name, last) == after[list as usize]).then_some(())
        };
        ends(Name::TxOutputEnd, Name::OutputWord)?;
        ends(Name::TxInputEnd, Name::InputOrigin)?;
        self.relink(&before);
        self.tail.marks.push_back(Mark { lengths: after, worth: self.tail.worth });
        self.note_boundary();
        Some(())
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { lengths: self.columns.lengths(), worth: self.tail.worth }
    }

    pub(super) fn take_back_to(&mut self, block_count: u32) {
        let depth = self.block_count().saturating_sub(block_count) as usize;
        let kept = self.tail.marks.len() - depth;
        let mark = match kept.checked_sub(1) {
            Some(last) => self.tail.marks[last],
            None => Mark {
                lengths: self.manifest.sealed(),
                worth: self.manifest.segments.last().map_or(0, |last| last.worth),
            },
        };
        self.take_back(&mark);
        self.tail.marks.truncate(kept);
        if self.tail.boundary.is_some_and(|boundary| boundary >= kept) {
            self.tail.boundary = None;
        }
    }

    /// Undoes everything after a mark, be it whole or in the middle of a block.
    pub(super) fn take_back(&mut self, mark: &Mark) {
        let now = self.columns.lengths();
        let newer = |name: Name| (mark.lengths[name as usize]..now[name as usize]).rev();
        for input in newer(Name::InputOrigin) {
            let origin = self.columns.word40(Name::InputOrigin, input);
            if origin & OUTSIDE_BIT == 0 {
                self.set_spender(origin, None);
            }
        }
        for output in newer(Name::OutputAddress) {
            let address = self.columns.word32(Name::OutputAddress, output);
            self.tail.postings.pop((address != UNKNOWN).then_some(address));
            self.tail.spender.pop();
        }
        for transaction in newer(Name::Txid) {
            let txid = self.txid(TxNumber(transaction as u32));
            self.tail.transactions.pop(Some(txid_key(&txid)));
        }
        for address in newer(Name::AddressScriptEnd) {
            let key = script_key(self.script(AddressNumber(address as u32)));
            self.tail.scripts.pop(Some(key));
        }
        for row in newer(Name::Outside) {
            let key = txid_key(&self.outside_row(row).point.txid);
            self.tail.outside.pop(Some(key));
        }
        self.columns.truncate(&mark.lengths);
        self.tail.worth = mark.worth;
    }

    /// Links what a replayed block added to the columns.
    fn relink(&mut self, before: &Lengths) {
        let now = self.columns.lengths();
        let newer = |name: Name| before[name as usize]..now[name as usize];
        for row in newer(Name::Outside) {
            let row = self.outside_row(row);
            self.tail.worth += row.value.map_or(0, |value| value.0);
            self.tail.outside.push(Some(txid_key(&row.point.txid)));
        }
        for address in newer(Name::AddressScriptEnd) {
            let key = script_key(self.script(AddressNumber(address as u32)));
            self.tail.scripts.push(Some(key));
        }
        for output in newer(Name::OutputWord) {
            self.tail.worth += self.value(OutputNumber(output)).0;
            let address = self.columns.word32(Name::OutputAddress, output);
            self.tail.postings.push((address != UNKNOWN).then_some(address));
            self.tail.spender.push(0);
        }
        for transaction in newer(Name::Txid) {
            let number = TxNumber(transaction as u32);
            let key = txid_key(&self.txid(number));
            self.tail.transactions.push(Some(key));
            for input in self.inputs_of(number) {
                let origin = self.columns.word40(Name::InputOrigin, input);
                if origin & OUTSIDE_BIT == 0 {
                    self.set_spender(origin, Some(number));
                }
            }
        }
    }

    pub(super) fn set_spender(&mut self, output: u64, spender: Option<TxNumber>) {
        let sealed = self.columns.sealed(Name::OutputWord);
        match (output.checked_sub(sealed), spender) {
            (Some(place), _) => {
                self.tail.spender[place as usize] = spender.map_or(0, |spender| spender.0 + 1);
            }
            (None, Some(spender)) => {
                self.spenders.pending.insert(output, spender.0);
            }
            (None, None) => {
                self.spenders.pending.remove(&output);
            }
        }
    }
}
