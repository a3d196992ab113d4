//! Every output's and address's exposure to many categories of sources at once, in one pass over
//! the chain; the next block costs only itself. Knows no tags, only which address or output belongs
//! to which category.
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

use crate::taint::shares;
use chain::utxo::{AddressNumber, InputNumber, OutputNumber, Spent};
use chain::{BlockNumber, Satoshi, TxNumber, Utxo};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

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
    /// Outputs that are unspent and exposed.
    unspent_bits: Bits,
    unspent: HashMap<OutputNumber, Amounts, ByNumber>,
    /// What each address ever received.
    received: HashMap<AddressNumber, Amounts, ByNumber>,
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
            unspent_bits: Bits::default(),
            unspent: HashMap::default(),
            received: HashMap::default(),
        }
    }

    /// The block that comes next.
    pub fn next_block(&self) -> BlockNumber {
        BlockNumber(self.next_block)
    }

    /// Reads all blocks that are here and were not read yet.
    pub fn advance<C: Utxo>(&mut self, chain: &C) {
        self.advance_to(chain, BlockNumber(chain.block_count()));
    }

    /// Reads the blocks before this one that were not read yet. Panics on one that is not here.
    pub fn advance_to<C: Utxo>(&mut self, chain: &C, end: BlockNumber) {
        while self.next_block < end.0 {
            for transaction in chain.transactions_of(BlockNumber(self.next_block)).map(TxNumber) {
                self.pass(chain, transaction);
            }
            self.next_block += 1;
        }
    }

    /// An unspent output's exposure; nothing for one that is spent or not read yet.
    pub fn of_output(&self, output: OutputNumber) -> &[(Category, Satoshi)] {
        self.unspent.get(&output).map_or(&[], Vec::as_slice)
    }

    /// What an address ever received from a category.
    pub fn received(&self, address: AddressNumber, category: Category) -> Satoshi {
        let amounts = self.received.get(&address).map_or(&[][..], Vec::as_slice);
        let place = amounts.binary_search_by_key(&category, |(of, _)| *of);
        place.map_or(Satoshi(0), |place| amounts[place].1)
    }

    /// Unspent outputs that are exposed.
    pub fn unspent_count(&self) -> usize {
        self.unspent.len()
    }

    /// All of a category that is still in unspent outputs.
    pub fn unspent_total(&self, category: Category) -> Satoshi {
        let amounts = self.unspent.values().flatten();
        let mine = amounts.filter(|(of, _)| *of == category);
        Satoshi(mine.map(|(_, amount)| amount.0).sum())
    }

    fn pass<C: Utxo>(&mut self, chain: &C, transaction: TxNumber) {
        let mut entering: Amounts = Vec::new();
        let mut all_known = true;
        for input in chain.inputs_of(transaction).map(InputNumber) {
            match chain.spent(input) {
                Spent::Inside(output) if self.unspent_bits.get(output.0) => {
                    self.unspent_bits.set(output.0, false);
                    entering.extend(self.unspent.remove(&output).unwrap_or_default());
                }
                Spent::Inside(_) | Spent::Outside { value: Some(_), .. } => {}
                Spent::Outside { value: None, .. } => all_known = false,
            }
        }
        if entering.is_empty() || !all_known {
            return self.offer(chain, transaction, &[]);
        }
        entering.sort_unstable_by_key(|(category, _)| *category);
        entering.dedup_by(|next, sum| {
            let same = next.0 == sum.0;
            if same {
                sum.1.0 += next.1.0;
            }
            same
        });
        let inputs = chain.inputs_of(transaction).map(InputNumber);
        let worth = inputs.filter_map(|input| chain.input_value(input)).map(|value| value.0).sum();
        let outputs = chain.outputs_of(transaction).map(OutputNumber);
        let mut values: Vec<Satoshi> = outputs.map(|output| chain.value(output)).collect();
        let paid: u64 = values.iter().map(|value| value.0).sum();
        values.push(Satoshi(worth - paid));
        let by_category: Vec<(Category, Vec<u64>)> = entering
            .into_iter()
            .map(|(category, amount)| (category, shares(amount.0, worth, &values)))
            .collect();
        self.offer(chain, transaction, &by_category);
    }

    fn offer<C: Utxo>(
        &mut self,
        chain: &C,
        transaction: TxNumber,
        by_category: &[(Category, Vec<u64>)],
    ) {
        let outputs = chain.outputs_of(transaction);
        let plain = self.sources.addresses.is_empty() && !self.source_outputs.any(&outputs);
        if plain && by_category.is_empty() {
            return;
        }
        for (place, number) in outputs.enumerate() {
            let output = OutputNumber(number);
            let amounts: Amounts = match self.source(chain, output) {
                Some(category) => vec![(category, chain.value(output))],
                None => {
                    by_category.iter().map(|(c, shares)| (*c, Satoshi(shares[place]))).collect()
                }
            };
            let amounts: Amounts = amounts.into_iter().filter(|(_, amount)| amount.0 > 0).collect();
            if amounts.is_empty() {
                continue;
            }
            if let Some(address) = chain.address_of(output) {
                add(self.received.entry(address).or_default(), &amounts);
            }
            self.unspent_bits.set(number, true);
            self.unspent.insert(output, amounts);
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

/// Adds amounts, which are in the order of categories as the sums are.
fn add(sums: &mut Amounts, amounts: &[(Category, Satoshi)]) {
    for (category, amount) in amounts {
        match sums.binary_search_by_key(category, |(of, _)| *of) {
            Ok(place) => sums[place].1.0 += amount.0,
            Err(place) => sums.insert(place, (*category, *amount)),
        }
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
