//! Transactions that several people make together. Knows no names: a shape says how a transaction
//! looks, not who made it, and somebody alone can imitate every shape here. A PayJoin cannot be
//! told from an ordinary payment by its shape, so co-spend clusters stay wrong about it.
//!
//! Why it matters: whoever spends two outputs together is taken for one owner ([`crate::cluster`]),
//! and a CoinJoin breaks exactly that assumption.
//!
//! Sources of the rules: the general one is BlockSci's (Kalodner et al., "BlockSci", USENIX
//! Security 2020; the same in graphsense-lib's ingest); the shapes of single wallets are those of
//! Schnoering and Vazirgiannis, "Heuristics for Detecting CoinJoin Transactions on the Bitcoin
//! Blockchain", arXiv 2311.12491, with the constants and the guards against exchange payouts of
//! graphsense-lib (`heuristics_service.py`, 2026). Shares are compared as integers.

use chain::{AddressNumber, Satoshi, TxNumber, Utxo};
use std::collections::BTreeMap;
use std::fmt;

mod wallets;

/// The shape of a transaction that several people make, or prepare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// BlockSci's general rule: half of the outputs, rounded up, are equal, and as many distinct
    /// addresses spend.
    General,
    /// JoinMarket: at least three equal outputs and at least one other.
    JoinMarket,
    /// Wasabi 1.0: one denomination near 0.1 bitcoin and a coordinator's fee.
    Wasabi10,
    /// Wasabi 1.1: levels of twice the denomination each.
    Wasabi11,
    /// Wasabi 2 (WabiSabi): large rounds with many denominations.
    Wasabi2,
    /// Whirlpool: five to eight equal outputs of a known pool.
    Whirlpool,
    /// Whirlpool's preparation, made by one person alone; not a CoinJoin itself.
    WhirlpoolTx0,
}

/// A shape that matched, and what matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The shape.
    pub shape: Shape,
    /// How many people took part at least, as the shape implies.
    pub participants: u32,
    /// The equal amounts, ascending.
    pub denominations: Vec<Satoshi>,
    /// How many outputs have one of these amounts.
    pub equal_outputs: u32,
}

impl Shape {
    /// All, in the order in which matches are listed.
    pub const ALL: [Shape; 7] = [
        Shape::General,
        Shape::JoinMarket,
        Shape::Wasabi10,
        Shape::Wasabi11,
        Shape::Wasabi2,
        Shape::Whirlpool,
        Shape::WhirlpoolTx0,
    ];

    /// The name used in exhibits and reports.
    pub fn name(self) -> &'static str {
        match self {
            Shape::General => "coinjoin",
            Shape::JoinMarket => "joinmarket",
            Shape::Wasabi10 => "wasabi-1.0",
            Shape::Wasabi11 => "wasabi-1.1",
            Shape::Wasabi2 => "wasabi-2",
            Shape::Whirlpool => "whirlpool",
            Shape::WhirlpoolTx0 => "whirlpool-tx0",
        }
    }

    /// Whether inputs of several people meet in it; a preparation has one owner.
    pub fn joins(self) -> bool {
        self != Shape::WhirlpoolTx0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amounts: Vec<String> = self.denominations.iter().map(|one| one.bitcoin()).collect();
        write!(
            f,
            "{}: {} outputs of {} bitcoin, {} participants or more",
            self.shape,
            self.equal_outputs,
            amounts.join(", "),
            self.participants
        )
    }
}

/// Every shape that a transaction has; none for a coinbase.
///
/// An input whose address is not known counts as an address of its own, and one whose value is not
/// known contradicts no amount: missing data makes a match likelier and a false merge rarer.
pub fn shapes<C: Utxo>(chain: &C, transaction: TxNumber) -> Vec<Match> {
    let Some(facts) = Facts::of(chain, transaction) else { return Vec::new() };
    Shape::ALL.into_iter().filter_map(|shape| facts.is(shape)).collect()
}

/// Whether any shape matches in which inputs of several people meet.
pub fn is_joint<C: Utxo>(chain: &C, transaction: TxNumber) -> bool {
    let inputs = chain.inputs_of(transaction);
    // Only Wasabi 1.1's levels do without two outputs of the same value.
    let levels = inputs.end - inputs.start >= wallets::WASABI_1_INPUTS_MIN as u64;
    if !levels && !has_equal_outputs(chain, transaction) {
        return false;
    }
    let Some(facts) = Facts::of(chain, transaction) else { return false };
    Shape::ALL.into_iter().any(|shape| shape.joins() && facts.is(shape).is_some())
}

/// Whether BlockSci's general rule matches; the flag that GraphSense clusters by.
pub fn is_general<C: Utxo>(chain: &C, transaction: TxNumber) -> bool {
    has_equal_outputs(chain, transaction)
        && Facts::of(chain, transaction).is_some_and(|facts| facts.general().is_some())
}

/// Three outputs at least, and two of the same value: what most payments fail at once.
fn has_equal_outputs<C: Utxo>(chain: &C, transaction: TxNumber) -> bool {
    let outputs = chain.outputs_of(transaction);
    if outputs.end - outputs.start < 3 {
        return false;
    }
    let mut values: Vec<u64> =
        outputs.map(|output| chain.value(chain::OutputNumber(output)).0).collect();
    values.sort_unstable();
    values.windows(2).any(|pair| pair[0] == pair[1])
}

/// Amounts that carry data or tokens rather than money and are never a denomination: the dust limit
/// and the output that Counterparty and others used.
const DUST_AMOUNTS: [u64; 2] = [546, 2_730];

/// What the rules ask of one transaction.
struct Facts {
    /// Input values, where known.
    values_in: Vec<Option<u64>>,
    /// How often each input address spends; unknown addresses count once each.
    uses: Vec<u32>,
    /// Values of outputs that can be spent.
    values_out: Vec<u64>,
    /// Whether all these outputs pay different addresses.
    distinct_out: bool,
    /// Outputs that can never be spent.
    unspendable: u32,
    /// Output values that can be spent, with how often each occurs.
    frequency: BTreeMap<u64, u32>,
    /// The same over all outputs, as the general rule counts.
    frequency_all: BTreeMap<u64, u32>,
}

impl Facts {
    fn of<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Facts> {
        let inputs = chain.inputs_of(transaction);
        if inputs.is_empty() {
            return None;
        }
        let mut addresses: BTreeMap<AddressNumber, u32> = BTreeMap::new();
        let mut facts = Facts {
            values_in: Vec::new(),
            uses: Vec::new(),
            values_out: Vec::new(),
            distinct_out: true,
            unspendable: 0,
            frequency: BTreeMap::new(),
            frequency_all: BTreeMap::new(),
        };
        for input in inputs.map(chain::InputNumber) {
            facts.values_in.push(chain.input_value(input).map(|value| value.0));
            match chain.input_address(input) {
                Some(address) => *addresses.entry(address).or_default() += 1,
                None => facts.uses.push(1),
            }
        }
        facts.uses.extend(addresses.into_values());
        let mut paid = Vec::new();
        for output in chain.outputs_of(transaction).map(chain::OutputNumber) {
            let value = chain.value(output).0;
            *facts.frequency_all.entry(value).or_default() += 1;
            let Some(address) = chain.address_of(output) else {
                facts.unspendable += 1;
                continue;
            };
            facts.values_out.push(value);
            *facts.frequency.entry(value).or_default() += 1;
            paid.push(address);
        }
        paid.sort_unstable();
        facts.distinct_out = paid.windows(2).all(|pair| pair[0] != pair[1]);
        Some(facts)
    }

    fn is(&self, shape: Shape) -> Option<Match> {
        match shape {
            Shape::General => self.general(),
            Shape::JoinMarket => self.joinmarket(),
            Shape::Wasabi10 => self.wasabi_10(),
            Shape::Wasabi11 => self.wasabi_11(),
            Shape::Wasabi2 => self.wasabi_2(),
            Shape::Whirlpool => self.whirlpool(),
            Shape::WhirlpoolTx0 => self.whirlpool_tx0(),
        }
    }

    /// Each participant adds one equal output and at most one for change.
    fn general(&self) -> Option<Match> {
        let outputs = self.values_out.len() + self.unspendable as usize;
        let participants = outputs.div_ceil(2);
        let few = self.values_in.len() < 2 || outputs < 3;
        if few || participants > self.values_in.len() || participants > self.uses.len() {
            return None;
        }
        let (value, count) = most_common(&self.frequency_all)?;
        let equal = count as usize == participants && !DUST_AMOUNTS.contains(&value);
        equal.then(|| single(Shape::General, count, value))
    }
}

/// The value that occurs most often; the largest of several.
fn most_common(frequency: &BTreeMap<u64, u32>) -> Option<(u64, u32)> {
    frequency.iter().max_by_key(|(value, count)| (**count, **value)).map(|(v, c)| (*v, *c))
}

/// A match with one denomination that each participant received once.
fn single(shape: Shape, participants: u32, value: u64) -> Match {
    Match { shape, participants, denominations: vec![Satoshi(value)], equal_outputs: participants }
}
