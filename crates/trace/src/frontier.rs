//! The walk itself, on dense numbers. Knows no text: ids and addresses are looked up by whoever
//! shows the result, so that a walk over a mapped store touches numbers and values only.
//!
//! Transactions wait in a queue in chain order, each tainted output beside the transaction that
//! spends it, so a transaction is entered once, after everything before it, and its tainted inputs
//! leave the queue together.

use crate::flow::{Fate, Totals};
use crate::pending::Pending;
use crate::taint::{Lot, pass};
use crate::{FeeRule, Limits, Policy};
use chain::utxo::{AddressNumber, InputNumber, OutputNumber, Spent};
use chain::{OutPoint, Satoshi, ScriptType, TxNumber, Utxo};
use std::collections::HashSet;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    /// The source, as hop 0, and every transaction entered, in chain order.
    pub visits: Vec<Visit>,
    /// Transactions that tainted money enters and the walk does not.
    pub refusals: Vec<Refusal>,
    /// The sums, which agree.
    pub totals: Totals,
}

/// A transaction that the money passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Transactions from the source on the shortest way.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    /// What goes in; empty for the source.
    pub inputs: Vec<Entered>,
    /// What comes out, in order.
    pub outputs: Vec<Left>,
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
    /// An output of this chain.
    Inside(OutputNumber),
    /// An output from before or beside it.
    Outside(OutPoint),
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
        lots: Vec::new(),
        arrived: Vec::new(),
        entered: 0,
        visits: Vec::new(),
        refusals: Vec::new(),
        totals: Totals::default(),
    };
    walk.start();
    while let Some(key) = walk.pending.take_group(&mut walk.arrived) {
        walk.arrived.sort_unstable_by_key(|arrival| arrival.from);
        let hop = walk.arrived.iter().map(|arrival| arrival.hop).min().expect("a group has one");
        walk.visit(Key(key), hop);
        walk.arrived.clear();
    }
    let Walk { visits, refusals, totals, .. } = walk;
    assert_eq!(totals.balance(), (0, 0), "taint is conserved: {totals:?}");
    Frontier { visits, refusals, totals }
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
    /// Its place in `lots`.
    lot: u32,
}

struct Walk<'a, C> {
    chain: &'a C,
    request: &'a Request,
    pending: Pending<Arrival>,
    lots: Vec<Lot>,
    /// What enters the transaction at hand, in the order of `from`.
    arrived: Vec<Arrival>,
    entered: u32,
    visits: Vec<Visit>,
    refusals: Vec<Refusal>,
    totals: Totals,
}

impl<C: Utxo> Walk<'_, C> {
    fn start(&mut self) {
        let Request { transaction, vout, policy, .. } = *self.request;
        let values = self.chain.outputs_of(transaction).map(|o| self.chain.value(OutputNumber(o)));
        let lots: Vec<Lot> = values
            .enumerate()
            .map(|(index, value)| match vout {
                Some(only) if only as usize != index => Lot::clean(value),
                _ => Lot::stolen(value, policy),
            })
            .collect();
        self.totals.source = Satoshi(lots.iter().map(|lot| lot.taint.0).sum());
        let outputs = self.offer(transaction, 0, lots);
        let fee = fee(self.chain, transaction).map(Lot::clean);
        self.visits.push(Visit { hop: 0, transaction, inputs: Vec::new(), outputs, fee });
    }

    fn visit(&mut self, key: Key, hop: u32) {
        let (transaction, is_coinbase) = key.transaction();
        let (transaction, inputs, fault) = if is_coinbase {
            let block = self.chain.block_of(transaction);
            let coinbase = TxNumber(self.chain.transactions_of(block).start);
            let (inputs, fault) = self.gather_coinbase(coinbase);
            (coinbase, inputs, fault)
        } else {
            let (inputs, fault) = self.gather(transaction);
            (transaction, inputs, fault)
        };
        let limits = self.request.limits;
        let refused = if hop > limits.hops_max {
            Some(Why::Hops)
        } else if self.entered == limits.transactions_max {
            Some(Why::Transactions)
        } else {
            fault
        };
        let Some(why) = refused else { return self.enter(transaction, is_coinbase, hop, inputs) };
        let inputs: Vec<Entered> =
            inputs.into_iter().filter(|input| input.lot.taint.0 > 0).collect();
        let parked = inputs.iter().map(|input| input.lot.taint.0).sum::<u64>();
        match why {
            Why::Hops | Why::Transactions => self.totals.limited.0 += parked,
            _ => self.totals.boundary.0 += parked,
        }
        self.refusals.push(Refusal { hop, transaction, why, inputs });
    }

    fn enter(&mut self, transaction: TxNumber, is_coinbase: bool, hop: u32, inputs: Vec<Entered>) {
        self.entered += 1;
        let policy = self.request.policy;
        let outputs = self.chain.outputs_of(transaction).map(OutputNumber);
        let mut values: Vec<Satoshi> = outputs.map(|output| self.chain.value(output)).collect();
        let worth: u64 = inputs.iter().map(|input| input.lot.value.0).sum();
        let before: u64 = inputs.iter().map(|input| input.lot.taint.0).sum();
        let paid: u64 = values.iter().map(|value| value.0).sum();
        values.push(Satoshi(worth - paid));
        let mut passed = pass(policy, inputs.iter().map(|input| &input.lot), &values);
        let after: u64 = passed.iter().map(|lot| lot.taint.0).sum();
        assert!(
            policy == Policy::Poison || before == after,
            "taint in is taint out and in the fee"
        );
        self.totals.added.0 += after - before;
        let fee = passed.pop().unwrap_or_default();
        self.offer_fee(transaction, is_coinbase, hop, &fee);
        let outputs = self.offer(transaction, hop, passed);
        self.visits.push(Visit { hop, transaction, inputs, outputs, fee: Some(fee) });
    }

    /// The tainted lot that arrived from there.
    fn take(&mut self, from: u64) -> Option<Lot> {
        let index = self.arrived.binary_search_by_key(&from, |arrival| arrival.from).ok()?;
        Some(std::mem::take(&mut self.lots[self.arrived[index].lot as usize]))
    }

    /// The transaction's inputs with their taint.
    fn gather(&mut self, transaction: TxNumber) -> (Vec<Entered>, Option<Why>) {
        let mut unknown = Vec::new();
        let range = self.chain.inputs_of(transaction);
        let mut inputs = Vec::with_capacity((range.end - range.start) as usize);
        for input in range.map(InputNumber) {
            inputs.push(match self.chain.spent(input) {
                Spent::Inside(output) => {
                    let lot = self.take(output.0);
                    let lot = lot.unwrap_or_else(|| Lot::clean(self.chain.value(output)));
                    Entered { from: From::Inside(output), lot }
                }
                Spent::Outside { point, value, .. } => {
                    if value.is_none() {
                        unknown.push(point);
                    }
                    let lot = Lot::clean(value.unwrap_or_default());
                    Entered { from: From::Outside(point), lot }
                }
            });
        }
        (inputs, (!unknown.is_empty()).then_some(Why::UnknownInputs(unknown)))
    }

    /// What a coinbase collects: the subsidy, then the fees in the order of transactions.
    fn gather_coinbase(&mut self, coinbase: TxNumber) -> (Vec<Entered>, Option<Why>) {
        let chain = self.chain;
        let block = chain.block_of(coinbase);
        let mut inputs = vec![Entered { from: From::Subsidy, lot: Lot::default() }];
        let (mut unknown, mut collected) = (0, 0);
        for number in chain.transactions_of(block).skip(1).map(TxNumber) {
            let lot = self.take(u64::from(number.0)).unwrap_or_else(|| {
                let fee = fee(chain, number);
                unknown += u32::from(fee.is_none());
                Lot::clean(fee.unwrap_or_default())
            });
            collected += lot.value.0;
            if lot.value.0 > 0 {
                inputs.push(Entered { from: From::Fee(number), lot });
            }
        }
        let outputs = chain.outputs_of(coinbase).map(OutputNumber);
        let claimed: u64 = outputs.map(|output| chain.value(output).0).sum();
        let subsidy = match chain.height(block) {
            Some(height) => chain.network().subsidy(height).0,
            None => claimed.saturating_sub(collected),
        };
        inputs[0].lot = Lot::clean(Satoshi(subsidy));
        let fault = if unknown > 0 {
            Some(Why::UnknownFees(unknown))
        } else {
            (claimed > subsidy + collected).then_some(Why::Claim)
        };
        (inputs, fault)
    }

    /// Decides what becomes of each output, and books those where the walk ends.
    fn offer(&mut self, transaction: TxNumber, hop: u32, lots: Vec<Lot>) -> Vec<Left> {
        let outputs = self.chain.outputs_of(transaction).map(OutputNumber);
        let mut left = Vec::with_capacity(lots.len());
        for (output, lot) in outputs.zip(lots) {
            // Clean outputs are most of a large payout; nothing about them is looked up.
            let spender = if lot.taint.0 == 0 { None } else { self.chain.spender(output) };
            let fate = self.fate(output, &lot, spender);
            match (fate, spender) {
                (Fate::Followed, Some(spender)) => {
                    self.expect(Key::spend(spender), output.0, hop + 1, lot.clone());
                }
                (Fate::Reached, _) => self.totals.reached.0 += lot.taint.0,
                (Fate::BelowAmount | Fate::BelowShare, _) => self.totals.limited.0 += lot.taint.0,
                _ => self.totals.unspent.0 += lot.taint.0,
            }
            left.push(Left { lot, fate });
        }
        left
    }

    fn offer_fee(&mut self, transaction: TxNumber, is_coinbase: bool, hop: u32, fee: &Lot) {
        if fee.taint.0 == 0 {
            return;
        }
        // What a coinbase leaves unclaimed belongs to nobody.
        if self.request.fees == FeeRule::Stop || is_coinbase {
            self.totals.fees.0 += fee.taint.0;
            return;
        }
        let last = self.chain.transactions_of(self.chain.block_of(transaction)).end - 1;
        let key = Key::coinbase(TxNumber(last));
        self.expect(key, u64::from(transaction.0), hop + 1, fee.clone());
    }

    fn expect(&mut self, key: Key, from: u64, hop: u32, lot: Lot) {
        let place = self.lots.len() as u32;
        self.lots.push(lot);
        self.pending.push(key.0, Arrival { from, hop, lot: place });
    }

    fn fate(&self, output: OutputNumber, lot: &Lot, spender: Option<TxNumber>) -> Fate {
        let limits = self.request.limits;
        let tagged = || {
            let tagged = &self.request.tagged;
            let is_in = |address| tagged.contains(&address);
            !tagged.is_empty() && self.chain.address_of(output).is_some_and(is_in)
        };
        match () {
            () if lot.taint.0 == 0 => Fate::Clean,
            () if tagged() => Fate::Reached,
            () if spender.is_none() => match self.chain.script_type(output) {
                ScriptType::OpReturn => Fate::Unspendable,
                _ => Fate::Unspent,
            },
            () if lot.taint < limits.amount_min => Fate::BelowAmount,
            () if lot.below_share(limits.share_min_ppb) => Fate::BelowShare,
            () => Fate::Followed,
        }
    }
}
