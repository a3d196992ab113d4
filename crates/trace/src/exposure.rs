//! Every output's and address's exposure to many categories of sources at once, in one pass over
//! the chain; the next block costs only itself, and so does taking one back. Knows no tags, only
//! which address or output belongs to which category.
//!
//! The rule is haircut (Möser, Böhme, Breuker, 2014) with fees not followed. An output of a source
//! belongs to its category whole, whatever came in: what passes through an exchange is the
//! exchange's. Behind a transaction with an input of unknown value nothing is claimed.
//!
//! Rounding: each category is shared out by itself, floor and largest remainder as in a trace. So a
//! category's amounts equal, to the satoshi, those of a haircut trace from its source that stops at
//! all other sources, whichever categories are carried beside it, and are conserved. The price is
//! that at one output categories together may pass its value by rounding: each share is less than
//! one satoshi above its exact part and the exact parts of a transaction's money make at most the
//! whole, so `k` categories add at most `k - 1` satoshis for each transaction on the way
//! (`rounding_adds_less_than_one_satoshi_a_category_and_hop` in the tests).

use crate::taint::Memory;
use chain::utxo::{AddressNumber, InputNumber, OutputNumber, Spent};
use chain::{BlockNumber, Satoshi, TxNumber, Utxo};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

mod row;

use row::{Row, Rows, Sums};

/// A category of sources, numbered by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Category(pub u16);

/// Which addresses and outputs are sources, and of what.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// All outputs that pay the address.
    pub addresses: HashMap<AddressNumber, Category>,
    /// Single outputs; they win over their address.
    pub outputs: HashMap<OutputNumber, Category>,
}

/// Newest blocks that can be taken back; a coinbase may not be spent for as many.
pub const UNDO_BLOCKS_MAX: u32 = 100;

/// A block below those that can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("exposure goes back to block {first} at most, not to {asked}: begin it anew")]
pub struct TooDeep {
    /// How many blocks may remain at least.
    pub first: u32,
    /// How many were to remain.
    pub asked: u32,
}

/// One change of the state, as it is undone.
#[derive(Clone, Debug)]
enum Change {
    /// This output was exposed.
    Offered(OutputNumber),
    /// This exposed output was spent.
    Spent(OutputNumber, Row),
    /// This address received.
    Received(AddressNumber, Row),
}

/// Amounts by category, ascending, none of them 0.
pub type Amounts = Vec<(Category, Satoshi)>;

/// The state after some block.
#[derive(Clone, Debug)]
pub struct Exposure {
    sources: Sources,
    /// Addresses that are sources, so that most outputs are passed without a look-up.
    source_bits: Bits,
    source_outputs: Bits,
    next_block: u32,
    /// Changes of the newest blocks, the oldest block first.
    undo: VecDeque<Vec<Change>>,
    /// Whether the block at hand is one of them.
    recording: bool,
    /// Outputs that are unspent and exposed.
    unspent_bits: Bits,
    unspent: HashMap<OutputNumber, Row, ByNumber>,
    /// What each address ever received, by its number.
    received: Rows,
    work: Work,
}

/// Memory that is kept from one transaction to the next, and nothing else.
#[derive(Clone, Debug, Default)]
struct Work {
    sums: Sums,
    /// What enters, by category.
    entering: Vec<(Category, u64)>,
    /// Outputs, and then the fee.
    values: Vec<Satoshi>,
    memory: Memory,
    /// A category's shares of all values, then the next one's.
    shares: Vec<u64>,
    bytes: Vec<u8>,
}

impl Exposure {
    /// Before the first block.
    pub fn new(sources: Sources) -> Exposure {
        let mut source_bits = Bits::default();
        sources.addresses.keys().for_each(|address| source_bits.set(u64::from(address.0), true));
        let mut source_outputs = Bits::default();
        sources.outputs.keys().for_each(|output| source_outputs.set(output.0, true));
        Exposure {
            sources,
            source_bits,
            source_outputs,
            next_block: 0,
            undo: VecDeque::new(),
            recording: false,
            unspent_bits: Bits::default(),
            unspent: HashMap::default(),
            received: Rows::default(),
            work: Work::default(),
        }
    }

    /// The block that comes next.
    pub fn next_block(&self) -> BlockNumber {
        BlockNumber(self.next_block)
    }

    /// Reads all blocks that are here and were not read yet.
    pub fn advance<C: Utxo>(&mut self, chain: &C) {
        self.advance_to(chain, chain.block_count());
    }

    /// Reads on until so many blocks are read, or as many as there are. The newest
    /// [`UNDO_BLOCKS_MAX`] of them can be taken back.
    pub fn advance_to<C: Utxo>(&mut self, chain: &C, blocks: u32) {
        let blocks = blocks.min(chain.block_count());
        while self.next_block < blocks {
            self.recording = blocks - self.next_block <= UNDO_BLOCKS_MAX;
            if self.recording {
                self.undo.push_back(Vec::new());
            } else {
                // Older changes would have a gap behind them.
                self.undo.clear();
            }
            if self.undo.len() > UNDO_BLOCKS_MAX as usize {
                self.undo.pop_front();
            }
            for transaction in chain.transactions_of(BlockNumber(self.next_block)).map(TxNumber) {
                self.pass(chain, transaction);
            }
            self.next_block += 1;
        }
    }

    /// Takes back the newest blocks until so many remain, as after a reorganisation of the chain;
    /// the state is then what it was. Sources must be of what remains: an address or output that
    /// only the blocks taken back had gives its number to another.
    ///
    /// # Errors
    /// More than [`UNDO_BLOCKS_MAX`] blocks: nothing was changed.
    pub fn undo_to(&mut self, blocks: u32) -> Result<(), TooDeep> {
        let first = self.next_block - self.undo.len() as u32;
        if blocks < first {
            return Err(TooDeep { first, asked: blocks });
        }
        while self.next_block > blocks {
            let changes = self.undo.pop_back().unwrap_or_default();
            changes.into_iter().rev().for_each(|change| self.revert(change));
            self.next_block -= 1;
        }
        Ok(())
    }

    fn revert(&mut self, change: Change) {
        match change {
            Change::Offered(output) => {
                self.unspent_bits.set(output.0, false);
                self.unspent.remove(&output);
            }
            Change::Spent(output, row) => {
                self.unspent_bits.set(output.0, true);
                self.unspent.insert(output, row);
            }
            Change::Received(address, row) => {
                let sum = self.received.at(address.0);
                *sum = sum.with(&row, |sum, amount| sum - amount, &mut self.work.bytes);
            }
        }
    }

    fn record(&mut self, change: impl FnOnce() -> Change) {
        if self.recording
            && let Some(changes) = self.undo.back_mut()
        {
            changes.push(change());
        }
    }

    /// An unspent output's exposure; nothing for one that is spent or not read yet.
    pub fn of_output(&self, output: OutputNumber) -> Amounts {
        self.unspent.get(&output).map_or(Vec::new(), Row::to_amounts)
    }

    /// What an address ever received from a category.
    pub fn received(&self, address: AddressNumber, category: Category) -> Satoshi {
        let mut amounts = self.received.get(address.0).into_iter().flat_map(Row::amounts);
        amounts.find(|(of, _)| *of == category).map_or(Satoshi(0), |(_, amount)| Satoshi(amount))
    }

    /// Unspent outputs that are exposed.
    pub fn unspent_count(&self) -> usize {
        self.unspent.len()
    }

    /// All of a category that is still in unspent outputs.
    pub fn unspent_total(&self, category: Category) -> Satoshi {
        let amounts = self.unspent.values().flat_map(Row::amounts);
        let mine = amounts.filter(|(of, _)| *of == category);
        Satoshi(mine.map(|(_, amount)| amount).sum())
    }

    fn pass<C: Utxo>(&mut self, chain: &C, transaction: TxNumber) {
        let mut work = std::mem::take(&mut self.work);
        let all_known = self.gather(chain, transaction, &mut work.sums);
        work.sums.take(&mut work.entering);
        if !all_known {
            work.entering.clear();
        }
        work.shares.clear();
        work.values.clear();
        if !work.entering.is_empty() {
            let outputs = chain.outputs_of(transaction).map(OutputNumber);
            work.values.extend(outputs.map(|output| chain.value(output)));
            work.values.push(chain.fee(transaction).expect("all inputs are of known value"));
            let worth = work.values.iter().map(|value| value.0).sum();
            for (_, amount) in &work.entering {
                work.shares.extend(work.memory.shares(*amount, worth, &work.values));
            }
        }
        self.offer(chain, transaction, &mut work);
        self.work = work;
    }

    /// Adds up what the transaction spends; says whether all its inputs are of known value.
    fn gather<C: Utxo>(&mut self, chain: &C, transaction: TxNumber, sums: &mut Sums) -> bool {
        let mut all_known = true;
        for input in chain.inputs_of(transaction).map(InputNumber) {
            match chain.spent(input) {
                Spent::Inside(output) if self.unspent_bits.get(output.0) => {
                    self.unspent_bits.set(output.0, false);
                    let row = self.unspent.remove(&output).unwrap_or_default();
                    sums.add(&row);
                    self.record(|| Change::Spent(output, row));
                }
                Spent::Inside(_) | Spent::Outside { value: Some(_), .. } => {}
                Spent::Outside { value: None, .. } => all_known = false,
            }
        }
        all_known
    }

    fn offer<C: Utxo>(&mut self, chain: &C, transaction: TxNumber, work: &mut Work) {
        let outputs = chain.outputs_of(transaction);
        let plain = self.sources.addresses.is_empty() && !self.source_outputs.any(&outputs);
        if plain && work.entering.is_empty() {
            return;
        }
        let Work { entering, values, shares, bytes, .. } = work;
        for (place, number) in outputs.enumerate() {
            let output = OutputNumber(number);
            let row = match self.source(chain, output) {
                Some(category) => {
                    Row::of(std::iter::once((category, chain.value(output).0)), bytes)
                }
                None => {
                    let mine = shares.iter().skip(place).step_by(values.len().max(1));
                    let amounts = entering.iter().zip(mine);
                    Row::of(amounts.map(|((category, _), share)| (*category, *share)), bytes)
                }
            };
            if row.is_empty() {
                continue;
            }
            if let Some(address) = chain.address_of(output) {
                let sum = self.received.at(address.0);
                *sum = match sum.is_empty() {
                    true => row.clone(),
                    false => sum.with(&row, |sum, amount| sum + amount, bytes),
                };
                self.record(|| Change::Received(address, row.clone()));
            }
            self.record(|| Change::Offered(output));
            self.unspent_bits.set(number, true);
            self.unspent.insert(output, row);
        }
    }

    fn source<C: Utxo>(&self, chain: &C, output: OutputNumber) -> Option<Category> {
        if self.source_outputs.get(output.0) {
            return self.sources.outputs.get(&output).copied();
        }
        if self.sources.addresses.is_empty() {
            return None;
        }
        let address = chain.address_of(output)?;
        let known = self.source_bits.get(u64::from(address.0));
        known.then(|| self.sources.addresses.get(&address).copied()).flatten()
    }
}

/// Hashes dense numbers, which nobody chooses, by one multiplication.
type ByNumber = BuildHasherDefault<NumberHasher>;

#[derive(Clone, Debug, Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // 2^64 over the golden ratio; the table takes the upper bits for its tags, the lower ones
        // for places.
        let spread = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ spread >> 32;
    }
}

/// A set of numbers, one bit each.
#[derive(Clone, Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn get(&self, number: u64) -> bool {
        let word = self.0.get((number / 64) as usize);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether any number of a range is in it.
    fn any(&self, range: &std::ops::Range<u64>) -> bool {
        let words = range.start / 64..range.end.div_ceil(64).min(self.0.len() as u64);
        let near = words.clone().any(|word| self.0[word as usize] != 0);
        near && range.clone().any(|number| self.get(number))
    }

    fn set(&mut self, number: u64, is_in: bool) {
        let index = (number / 64) as usize;
        if index >= self.0.len() {
            self.0.resize((index + 1).next_power_of_two(), 0);
        }
        let bit = 1 << (number % 64);
        if is_in {
            self.0[index] |= bit;
        } else {
            self.0[index] &= !bit;
        }
    }
}
