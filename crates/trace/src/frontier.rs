//! The walk itself, on dense numbers. Knows no text: ids and addresses are looked up by whoever
//! shows the result, so that a walk over a mapped store touches numbers and values only.
//!
//! Transactions wait in a queue in chain order, each tainted output beside the transaction that
//! spends it, so a transaction is entered once, after everything before it, and its tainted inputs
//! leave the queue together.

use crate::flow::{Fate, Totals};
use crate::pending::Pending;
use crate::taint::{Lot, Memory, pass};
use crate::{FeeRule, Limits, Policy};
use chain::utxo::{AddressNumber, InputNumber, OutputNumber, Spent};
use chain::{OutPoint, Satoshi, ScriptType, TxNumber, Utxo};
use std::collections::HashSet;
use std::ops::Range;

/// What a walk is asked, in the numbers of one chain.
#[derive(Clone, Debug)]
pub struct Request {
    /// The transaction whose outputs are followed.
    pub transaction: TxNumber,
    /// The output, where only one is followed; it exists.
    pub vout: Option<u32>,
    /// Under which rule.
    pub policy: Policy,
    /// Whether taint in fees is followed.
    pub fees: FeeRule,
    /// How far.
    pub limits: Limits,
    /// Addresses at which the walk stops.
    pub tagged: HashSet<AddressNumber>,
}

/// Where the money went, in the numbers of one chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    /// The source, as hop 0, and every transaction entered, in chain order.
    pub visits: Vec<Visit>,
    /// Transactions that tainted money enters and the walk does not.
    pub refusals: Vec<Refusal>,
    /// The sums, which agree.
    pub totals: Totals,
    /// What goes in and comes out of all visits, one after the other.
    inputs: Vec<Entered>,
    outputs: Vec<Left>,
}

impl Frontier {
    /// What goes into a visit of this walk; empty for the source.
    pub fn inputs(&self, visit: &Visit) -> &[Entered] {
        &self.inputs[visit.inputs.clone()]
    }

    /// What comes out of a visit of this walk, in order.
    pub fn outputs(&self, visit: &Visit) -> &[Left] {
        &self.outputs[visit.outputs.clone()]
    }
}

/// A transaction that the money passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Transactions from the source on the shortest way.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    /// Where its inputs and outputs lie among those of all visits.
    inputs: Range<usize>,
    outputs: Range<usize>,
    /// What is left to the miner; not known of a source whose inputs are not known.
    pub fee: Option<Lot>,
}

/// What goes into a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Where it comes from.
    pub from: From,
    /// What it is worth and how much of it is tainted.
    pub lot: Lot,
}

/// Where an input's money comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The output that an input of the transaction spends.
    Input(InputNumber),
    /// New money of a coinbase.
    Subsidy,
    /// A transaction's fee, collected by a coinbase.
    Fee(TxNumber),
}

/// What comes out of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What it is worth and how much of it is tainted.
    pub lot: Lot,
    /// What the walk did with it.
    pub fate: Fate,
}

/// A transaction that was not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The hop it would have had.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    /// Why.
    pub why: Why,
    /// The tainted money that enters it.
    pub inputs: Vec<Entered>,
}

/// Why a transaction was not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// These of its inputs are worth nobody knows what.
    UnknownInputs(Vec<OutPoint>),
    /// The fees of this many transactions of a coinbase's block are not known.
    UnknownFees(u32),
    /// A coinbase claims more than subsidy and fees.
    Claim,
    /// Too far from the source.
    Hops,
    /// Enough transactions were entered.
    Transactions,
}

/// Walks forward from the source until nothing is left to follow.
pub fn walk<C: Utxo>(chain: &C, request: &Request) -> Frontier {
    let mut walk = Walk {
        chain,
        request,
        pending: Pending::new(),
        arrived: Vec::new(),
        values: Vec::new(),
        passed: Vec::new(),
        memory: Memory::default(),
        entered: 0,
        found: Frontier::default(),
    };
    walk.start();
    while let Some(key) = walk.pending.take_group(&mut walk.arrived) {
        walk.arrived.sort_unstable_by_key(|arrival| arrival.from);
        let hop = walk.arrived.iter().map(|arrival| arrival.hop).min().expect("a group has one");
        walk.visit(Key(key), hop);
        walk.arrived.clear();
    }
    let totals = walk.found.totals;
    assert_eq!(totals.balance(), (0, 0), "taint is conserved: {totals:?}");
    walk.found
}

/// What a transaction leaves to the miner; none for a coinbase and where an input's value is not
/// known.
pub fn fee<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Satoshi> {
    let inputs = chain.inputs_of(transaction);
    if inputs.is_empty() {
        return None;
    }
    let worth = inputs.map(InputNumber).map(|input| chain.input_value(input).map(|value| value.0));
    let worth = worth.sum::<Option<u64>>()?;
    let paid = chain.outputs_of(transaction).map(|output| chain.value(OutputNumber(output)).0);
    worth.checked_sub(paid.sum()).map(Satoshi)
}

/// A place in chain order at which a coinbase comes after the transactions whose fees it collects.
#[derive(Clone, Copy, Debug)]
struct Key(u64);

impl Key {
    fn spend(spender: TxNumber) -> Key {
        Key(u64::from(spender.0) << 1)
    }

    /// The coinbase of the block that this transaction's block ends with.
    fn coinbase(last_of_block: TxNumber) -> Key {
        Key(u64::from(last_of_block.0) << 1 | 1)
    }

    /// The transaction; for a coinbase, one of its block.
    fn transaction(self) -> (TxNumber, bool) {
        (TxNumber((self.0 >> 1) as u32), self.0 & 1 == 1)
    }
}

/// Tainted money on its way into a pending transaction.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// The output; for a coinbase, the transaction whose fee it is.
    from: u64,
    hop: u32,
    /// Where its lot is among the outputs found; for a coinbase, which visit's fee it is.
    place: u32,
}

impl Arrival {
    fn new(from: u64, hop: u32, place: usize) -> Arrival {
        let place = u32::try_from(place).expect("memory ends before 2^32 outputs of a walk");
        Arrival { from, hop, place }
    }
}

struct Walk<'a, C> {
    chain: &'a C,
    request: &'a Request,
    pending: Pending<Arrival>,
    /// What enters the transaction at hand, in the order of `from`.
    arrived: Vec<Arrival>,
    /// Of the transaction at hand: outputs and then the fee, and what each carries.
    values: Vec<Satoshi>,
    passed: Vec<Lot>,
    memory: Memory,
    entered: u32,
    found: Frontier,
}

impl<C: Utxo> Walk<'_, C> {
    fn start(&mut self) {
        let Request { transaction, vout, policy, .. } = *self.request;
        let values = self.chain.outputs_of(transaction).map(|o| self.chain.value(OutputNumber(o)));
        self.passed.extend(values.enumerate().map(|(index, value)| match vout {
            Some(only) if only as usize != index => Lot::clean(value),
            _ => Lot::stolen(value, policy),
        }));
        self.found.totals.source = Satoshi(self.passed.iter().map(|lot| lot.taint.0).sum());
        let outputs = self.offer(transaction, 0);
        let fee = fee(self.chain, transaction).map(Lot::clean);
        self.found.visits.push(Visit { hop: 0, transaction, inputs: 0..0, outputs, fee });
    }

    fn visit(&mut self, key: Key, hop: u32) {
        let (mut transaction, is_coinbase) = key.transaction();
        let start = self.found.inputs.len();
        let fault = if is_coinbase {
            let block = self.chain.block_of(transaction);
            transaction = TxNumber(self.chain.transactions_of(block).start);
            self.gather_coinbase(transaction)
        } else {
            self.gather(transaction)
        };
        let limits = self.request.limits;
        let refused = if hop > limits.hops_max {
            Some(Why::Hops)
        } else if self.entered == limits.transactions_max {
            Some(Why::Transactions)
        } else {
            fault
        };
        let Some(why) = refused else { return self.enter(transaction, is_coinbase, hop, start) };
        let inputs = self.found.inputs.drain(start..);
        let inputs: Vec<Entered> = inputs.filter(|input| input.lot.taint.0 > 0).collect();
        let parked = inputs.iter().map(|input| input.lot.taint.0).sum::<u64>();
        match why {
            Why::Hops | Why::Transactions => self.found.totals.limited.0 += parked,
            _ => self.found.totals.boundary.0 += parked,
        }
        self.found.refusals.push(Refusal { hop, transaction, why, inputs });
    }

    /// Passes what was gathered from `start` on.
    fn enter(&mut self, transaction: TxNumber, is_coinbase: bool, hop: u32, start: usize) {
        self.entered += 1;
        let policy = self.request.policy;
        let outputs = self.chain.outputs_of(transaction).map(OutputNumber);
        self.values.clear();
        self.values.extend(outputs.map(|output| self.chain.value(output)));
        let inputs = &self.found.inputs[start..];
        let worth: u64 = inputs.iter().map(|input| input.lot.value.0).sum();
        let before: u64 = inputs.iter().map(|input| input.lot.taint.0).sum();
        let paid: u64 = self.values.iter().map(|value| value.0).sum();
        self.values.push(Satoshi(worth - paid));
        let lots = inputs.iter().map(|input| &input.lot);
        pass(policy, lots, &self.values, &mut self.memory, &mut self.passed);
        let after: u64 = self.passed.iter().map(|lot| lot.taint.0).sum();
        assert!(
            policy == Policy::Poison || before == after,
            "taint in is taint out and in the fee"
        );
        self.found.totals.added.0 += after - before;
        let fee = self.passed.pop().unwrap_or_default();
        self.offer_fee(transaction, is_coinbase, hop, &fee);
        let inputs = start..self.found.inputs.len();
        let outputs = self.offer(transaction, hop);
        self.found.visits.push(Visit { hop, transaction, inputs, outputs, fee: Some(fee) });
    }

    /// Where the tainted lot is that arrived from there.
    fn place(&self, from: u64) -> Option<usize> {
        let index = self.arrived.binary_search_by_key(&from, |arrival| arrival.from).ok()?;
        Some(self.arrived[index].place as usize)
    }

    /// Adds the transaction's inputs with their taint to those found; says what is wrong.
    fn gather(&mut self, transaction: TxNumber) -> Option<Why> {
        let mut unknown = Vec::new();
        for input in self.chain.inputs_of(transaction).map(InputNumber) {
            let lot = match self.chain.spent(input) {
                Spent::Inside(output) => match self.place(output.0) {
                    Some(place) => self.found.outputs[place].lot.clone(),
                    None => Lot::clean(self.chain.value(output)),
                },
                Spent::Outside { point, value, .. } => {
                    if value.is_none() {
                        unknown.push(point);
                    }
                    Lot::clean(value.unwrap_or_default())
                }
            };
            self.found.inputs.push(Entered { from: From::Input(input), lot });
        }
        (!unknown.is_empty()).then_some(Why::UnknownInputs(unknown))
    }

    /// What a coinbase collects: the subsidy, then the fees in the order of transactions.
    fn gather_coinbase(&mut self, coinbase: TxNumber) -> Option<Why> {
        let chain = self.chain;
        let block = chain.block_of(coinbase);
        let subsidized = self.found.inputs.len();
        self.found.inputs.push(Entered { from: From::Subsidy, lot: Lot::default() });
        let (mut unknown, mut collected) = (0, 0);
        for number in chain.transactions_of(block).skip(1).map(TxNumber) {
            let place = self.place(u64::from(number.0));
            let arrived = place.and_then(|place| self.found.visits[place].fee.clone());
            let lot = arrived.unwrap_or_else(|| {
                let fee = fee(chain, number);
                unknown += u32::from(fee.is_none());
                Lot::clean(fee.unwrap_or_default())
            });
            collected += lot.value.0;
            if lot.value.0 > 0 {
                self.found.inputs.push(Entered { from: From::Fee(number), lot });
            }
        }
        let outputs = chain.outputs_of(coinbase).map(OutputNumber);
        let claimed: u64 = outputs.map(|output| chain.value(output).0).sum();
        let subsidy = match chain.height(block) {
            Some(height) => chain.network().subsidy(height).0,
            None => claimed.saturating_sub(collected),
        };
        self.found.inputs[subsidized].lot = Lot::clean(Satoshi(subsidy));
        if unknown > 0 {
            Some(Why::UnknownFees(unknown))
        } else {
            (claimed > subsidy + collected).then_some(Why::Claim)
        }
    }

    /// Decides what becomes of each output that was passed, and books those where the walk ends.
    fn offer(&mut self, transaction: TxNumber, hop: u32) -> Range<usize> {
        let outputs = self.chain.outputs_of(transaction).map(OutputNumber);
        let start = self.found.outputs.len();
        for (output, lot) in outputs.zip(self.passed.drain(..)) {
            // Clean outputs are most of a large payout; nothing about them is looked up.
            let spender = if lot.taint.0 == 0 { None } else { self.chain.spender(output) };
            let fate = fate(self.chain, self.request, output, &lot, spender);
            let totals = &mut self.found.totals;
            match (fate, spender) {
                (Fate::Followed, Some(spender)) => {
                    let place = self.found.outputs.len();
                    let arrival = Arrival::new(output.0, hop + 1, place);
                    self.pending.push(Key::spend(spender).0, arrival);
                }
                (Fate::Reached, _) => totals.reached.0 += lot.taint.0,
                (Fate::BelowAmount | Fate::BelowShare, _) => totals.limited.0 += lot.taint.0,
                _ => totals.unspent.0 += lot.taint.0,
            }
            self.found.outputs.push(Left { lot, fate });
        }
        start..self.found.outputs.len()
    }

    fn offer_fee(&mut self, transaction: TxNumber, is_coinbase: bool, hop: u32, fee: &Lot) {
        if fee.taint.0 == 0 {
            return;
        }
        // What a coinbase leaves unclaimed belongs to nobody.
        if self.request.fees == FeeRule::Stop || is_coinbase {
            self.found.totals.fees.0 += fee.taint.0;
            return;
        }
        let last = self.chain.transactions_of(self.chain.block_of(transaction)).end - 1;
        let key = Key::coinbase(TxNumber(last));
        // The visit that is about to be found.
        let arrival = Arrival::new(transaction.0.into(), hop + 1, self.found.visits.len());
        self.pending.push(key.0, arrival);
    }
}

/// What becomes of an output that carries this.
fn fate<C: Utxo>(
    chain: &C,
    request: &Request,
    output: OutputNumber,
    lot: &Lot,
    spender: Option<TxNumber>,
) -> Fate {
    let limits = request.limits;
    let tagged = || {
        let is_in = |address| request.tagged.contains(&address);
        !request.tagged.is_empty() && chain.address_of(output).is_some_and(is_in)
    };
    match () {
        () if lot.taint.0 == 0 => Fate::Clean,
        () if tagged() => Fate::Reached,
        () if spender.is_none() => match chain.script_type(output) {
            ScriptType::OpReturn => Fate::Unspendable,
            _ => Fate::Unspent,
        },
        () if lot.taint < limits.amount_min => Fate::BelowAmount,
        () if lot.below_share(limits.share_min_ppb) => Fate::BelowShare,
        () => Fate::Followed,
    }
}
