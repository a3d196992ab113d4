//! What is kept in memory about the blocks that are not sealed: made by appending, taken back by
//! rolling back, and made again from the journal. Trusts what it is given.

use std::collections::VecDeque;
use std::hash::Hash;
use std::ops::Range;
use std::sync::OnceLock;

use super::append::UNKNOWN;
use super::column::{COLUMN_COUNT, Lengths, Name};
use super::index::{script_key, txid_key};
use super::journal::{self, Record, Records};
use super::links::Links;
use super::manifest::Journals;
use super::{ChainStore, StoreError};
use crate::utxo::{AddressNumber, OutputNumber, Utxo as _};
use crate::view::TxNumber;

/// The highest bit of an input's origin says that it is outside the chain.
pub(super) const OUTSIDE_BIT: u64 = 1 << 39;

/// The tail. What finds its transactions, scripts, outputs and rows by key is made when it is first
/// asked for, because that takes longer than all the rest of opening; a writer makes all at once.
#[derive(Debug)]
pub(super) struct Tail {
    /// Lengths of the columns and worth of all outputs after each block of the tail.
    pub(super) marks: VecDeque<Mark>,
    /// Transactions by the first bytes of their ids.
    pub(super) transactions: OnceLock<Links<u64>>,
    /// Addresses by the fingerprint of their scripts.
    pub(super) scripts: OnceLock<Links<u64>>,
    /// Outputs by their address.
    pub(super) postings: OnceLock<Links<u32>>,
    /// Rows of what is spent from outside, by the first bytes of its transaction's id.
    pub(super) outside: OnceLock<Links<u64>>,
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

/// A block out of a journal, and where it lies.
struct Replayed<'a> {
    /// Of the journal.
    number: u64,
    bytes: Range<u64>,
    columns: [&'a [u8]; COLUMN_COUNT],
}

/// What a writer made when it opened the store.
pub(super) fn linked<K>(links: &mut OnceLock<Links<K>>) -> &mut Links<K> {
    links.get_mut().expect("a writer links everything when it opens a store")
}

impl Tail {
    /// No blocks above what is sealed.
    pub(super) fn new(worth: u64) -> Tail {
        Tail {
            marks: VecDeque::new(),
            transactions: OnceLock::new(),
            scripts: OnceLock::new(),
            postings: OnceLock::new(),
            outside: OnceLock::new(),
            spender: Vec::new(),
            worth,
            boundary: None,
        }
    }
}

impl ChainStore {
    /// Reads the journals into the tail; says how much of the last was sound.
    pub(super) fn replay(&mut self) -> Result<u64, StoreError> {
        let Journals { first, base, last } = self.manifest.journals;
        let files: Vec<Vec<u8>> = (first..=last)
            .map(|number| journal::read(&self.dir, number))
            .collect::<Result<_, StoreError>>()?;
        // What was rolled back lay on blocks that may be sealed otherwise by now, so only what
        // stayed is replayed: the blocks of the chain from number `start` on.
        let mut stayed: Vec<Replayed<'_>> = Vec::new();
        let (mut start, mut sound) = (base as usize, 0);
        for (number, bytes) in (first..=last).zip(&files) {
            self.journal_bases.push_back((start + stayed.len()) as u32);
            let path = journal::path(&self.dir, number);
            let mut records = Records::new(bytes, number).ok_or_else(|| {
                let what = "this is not the header that belongs there".to_owned();
                StoreError::damaged(&path, 0..journal::HEADER_BYTES as u64, what)
            })?;
            loop {
                let at = records.offset();
                match records.next() {
                    None => break,
                    Some(Record::Block(columns)) => {
                        stayed.push(Replayed { number, bytes: at..records.offset(), columns });
                    }
                    Some(Record::Rollback(blocks)) => {
                        start = start.min(blocks as usize);
                        stayed.truncate(blocks as usize - start);
                    }
                }
            }
            sound = records.offset();
            if number < last && records.left() > 0 {
                let what = "these bytes verify as no record, and a later journal follows";
                return Err(StoreError::damaged(&path, sound..bytes.len() as u64, what.to_owned()));
            }
        }
        let sealed = self.manifest.sealed()[Name::BlockHash as usize] as usize;
        let Some(newer) = stayed.get(sealed.saturating_sub(start)..) else {
            let what = "the journals end below what is sealed".to_owned();
            return Err(StoreError::damaged(&journal::path(&self.dir, last), 0..sound, what));
        };
        for block in newer {
            self.replay_block(&block.columns).ok_or_else(|| {
                let what = "a record does not fit the blocks before it".to_owned();
                let path = journal::path(&self.dir, block.number);
                StoreError::damaged(&path, block.bytes.clone(), what)
            })?;
        }
        Ok(sound)
    }

    fn replay_block(&mut self, columns: &[&[u8]; COLUMN_COUNT]) -> Option<()> {
        let before = self.columns.lengths();
        for (index, bytes) in columns.iter().enumerate() {
            self.columns.extend(index, bytes);
        }
        let after = self.columns.lengths();
        let last = self.columns.tx_row(after[Name::TxRow as usize].checked_sub(1)?);
        let ends = (after[Name::OutputWord as usize], after[Name::InputOrigin as usize]);
        if (last.output_end, last.input_end) != ends {
            return None;
        }
        self.respend(&before);
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
            linked(&mut self.tail.postings).pop((address != UNKNOWN).then_some(address));
            self.tail.spender.pop();
        }
        for transaction in newer(Name::Txid) {
            let txid = self.txid(TxNumber(transaction as u32));
            linked(&mut self.tail.transactions).pop(Some(txid_key(&txid)));
        }
        for address in newer(Name::AddressScriptEnd) {
            let key = script_key(self.script(AddressNumber(address as u32)));
            linked(&mut self.tail.scripts).pop(Some(key));
        }
        for row in newer(Name::Outside) {
            let key = txid_key(&self.outside_row(row).point.txid);
            linked(&mut self.tail.outside).pop(Some(key));
        }
        self.columns.truncate(&mark.lengths);
        self.tail.worth = mark.worth;
    }

    /// Counts and spends what a replayed block added to the columns.
    fn respend(&mut self, before: &Lengths) {
        let now = self.columns.lengths();
        let newer = |name: Name| before[name as usize]..now[name as usize];
        for row in newer(Name::Outside) {
            let row = self.outside_row(row);
            self.tail.worth += row.value.map_or(0, |value| value.0);
        }
        for output in newer(Name::OutputWord) {
            self.tail.worth += self.value(OutputNumber(output)).0;
        }
        self.tail.spender.resize(self.tail.spender.len() + newer(Name::OutputWord).count(), 0);
        for transaction in newer(Name::Txid) {
            let number = TxNumber(transaction as u32);
            for input in self.inputs_of(number) {
                let origin = self.columns.word40(Name::InputOrigin, input);
                if origin & OUTSIDE_BIT == 0 {
                    self.set_spender(origin, Some(number));
                }
            }
        }
    }

    /// Makes everything that finds things of the tail, which a writer must keep up to date.
    pub(super) fn link_all(&self) {
        self.transaction_links();
        self.script_links();
        self.posting_links();
        self.outside_links();
    }

    /// What finds the tail's transactions.
    pub(super) fn transaction_links(&self) -> &Links<u64> {
        self.tail.transactions.get_or_init(|| {
            self.links(Name::Txid, |number| Some(txid_key(&self.txid(TxNumber(number as u32)))))
        })
    }

    /// What finds the tail's addresses.
    pub(super) fn script_links(&self) -> &Links<u64> {
        self.tail.scripts.get_or_init(|| {
            let script = |number: u64| self.script(AddressNumber(number as u32));
            self.links(Name::AddressScriptEnd, |number| Some(script_key(script(number))))
        })
    }

    /// What finds the tail's outputs.
    pub(super) fn posting_links(&self) -> &Links<u32> {
        self.tail.postings.get_or_init(|| {
            let address = |output| self.columns.word32(Name::OutputAddress, output);
            self.links(Name::OutputWord, |output| {
                Some(address(output)).filter(|address| *address != UNKNOWN)
            })
        })
    }

    /// What finds the tail's rows of what is spent from outside.
    pub(super) fn outside_links(&self) -> &Links<u64> {
        self.tail.outside.get_or_init(|| {
            self.links(Name::Outside, |row| Some(txid_key(&self.outside_row(row).point.txid)))
        })
    }

    fn links<K: Hash + Eq + Copy>(&self, name: Name, key: impl Fn(u64) -> Option<K>) -> Links<K> {
        let numbers = self.columns.sealed(name)..self.columns.length(name);
        let mut links = Links::new(numbers.start);
        links.reserve((numbers.end - numbers.start) as usize);
        numbers.for_each(|number| links.push(key(number)));
        links
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
