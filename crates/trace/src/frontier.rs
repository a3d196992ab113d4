//! The walk itself, on dense numbers. Knows no text: ids and addresses are looked up by whoever
//! shows the result, so that a walk over a mapped store touches numbers and values only.
//!
//! Transactions wait in a queue in chain order, each tainted output beside the transaction that
//! spends it, so a transaction is entered once, after everything before it, and its tainted inputs
//! leave the queue together. A walk looks at nothing that its rule does not ask for: the clean
//! inputs of a transaction are worth what its outputs and its fee say, and only rules that tell
//! satoshis apart ask where among them the tainted ones stand.

mod found;

pub use found::{Entered, From, Frontier, Left, Refusal, Visit, Why};

use crate::flow::Fate;
use crate::pending::Pending;
use crate::taint::{self, Lot, Memory, pass_queue};
use crate::{FeeRule, Limits, Policy};
use chain::utxo::{AddressNumber, InputNumber, OutputNumber, Spent};
use chain::{Satoshi, ScriptType, TxNumber, Utxo};
use found::{Income, Place, unknown_inputs};
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

/// Walks forward from the source until nothing is left to follow.
pub fn walk<C: Utxo>(chain: &C, request: &Request) -> Frontier {
    let mut walk = Walk {
        chain,
        request,
        pending: Pending::new(),
        arrived: Vec::new(),
        values: Vec::new(),
        lots: Vec::new(),
        memory: Memory::default(),
        entered: 0,
        found: Frontier::default(),
    };
    walk.start();
    while walk.entered < request.limits.transactions_max
        && let Some(key) = walk.pending.take_group(&mut walk.arrived)
    {
        walk.visit(Place(key));
        walk.arrived.clear();
    }
    walk.refuse_rest();
    let totals = walk.found.totals;
    assert_eq!(totals.balance(), (0, 0), "taint is conserved: {totals:?}");
    walk.found
}

/// Tainted money on its way into a pending transaction.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// The output; for a coinbase, the transaction whose fee it is.
    from: u64,
    taint: Satoshi,
    hop: u32,
    /// Which of the things found it is.
    passed: u32,
}

struct Walk<'a, C> {
    chain: &'a C,
    request: &'a Request,
    pending: Pending<Arrival>,
    /// What enters the transaction at hand.
    arrived: Vec<Arrival>,
    /// Of the transaction at hand: outputs and then the fee, and, under rules that tell satoshis
    /// apart, what each carries.
    values: Vec<Satoshi>,
    lots: Vec<Lot>,
    memory: Memory,
    entered: u32,
    found: Frontier,
}

impl<C: Utxo> Walk<'_, C> {
    fn start(&mut self) {
        let Request { transaction, vout, policy, .. } = *self.request;
        let range = self.chain.outputs_of(transaction);
        let lots = range.clone().enumerate().map(|(index, output)| {
            let value = self.chain.value(OutputNumber(output));
            match vout {
                Some(only) if only as usize != index => Lot::clean(value),
                _ => Lot::stolen(value, policy),
            }
        });
        let lots: Vec<Lot> = lots.collect();
        let first = self.found.passed.len();
        for (output, lot) in range.zip(&lots) {
            self.found.totals.source.0 += lot.taint.0;
            self.offer(OutputNumber(output), lot.value, lot.taint, &lot.ranges, 0);
        }
        let fee = self.chain.fee(transaction);
        self.found.visit(0, transaction, Place::spend(transaction), first, fee.is_some());
        if fee.is_some() {
            self.found.pass(Satoshi(0), &[], Fate::Clean);
        }
    }

    fn visit(&mut self, place: Place) {
        let transaction = place.transaction_of(self.chain);
        let hop = self.arrived.iter().map(|arrival| arrival.hop).min().expect("a group has one");
        let income = match hop > self.request.limits.hops_max {
            true => Err(Why::Hops),
            false => self.income(transaction, place.is_coinbase()),
        };
        match income {
            Ok(income) => self.enter(transaction, place, hop, income),
            Err(why) => {
                let parked = self.arrived.iter().map(|arrival| arrival.taint.0).sum();
                self.refuse(hop, transaction, parked, why);
            }
        }
    }

    /// What still waits when enough transactions were entered.
    fn refuse_rest(&mut self) {
        let rest = std::mem::replace(&mut self.pending, Pending::new()).take_all();
        for group in rest.chunk_by(|(key, _), (next, _)| key == next) {
            let hop = group.iter().map(|(_, arrival)| arrival.hop).min().expect("a group has one");
            let parked = group.iter().map(|(_, arrival)| arrival.taint.0).sum();
            let beyond = hop > self.request.limits.hops_max;
            let why = if beyond { Why::Hops } else { Why::Transactions };
            self.refuse(hop, Place(group[0].0).transaction_of(self.chain), parked, why);
        }
    }

    fn refuse(&mut self, hop: u32, transaction: TxNumber, parked: u64, why: Why) {
        match why {
            Why::Hops | Why::Transactions => self.found.totals.limited.0 += parked,
            _ => self.found.totals.boundary.0 += parked,
        }
        self.found.refusals.push(Refusal { hop, transaction, why });
    }

    /// What goes into the transaction, or what is wrong with it; leaves its outputs and its fee in
    /// `values`.
    fn income(&mut self, transaction: TxNumber, is_coinbase: bool) -> Result<Income, Why> {
        let chain = self.chain;
        self.values.clear();
        let outputs = chain.outputs_of(transaction);
        let mut paid = 0;
        self.values.extend(outputs.clone().map(|output| {
            let value = chain.value(OutputNumber(output));
            paid += value.0;
            value
        }));
        let (income, fee) = if is_coinbase {
            let income = Income::of_coinbase(chain, transaction, paid)?;
            let unclaimed = income.worth.checked_sub(paid).ok_or(Why::Claim)?;
            (income, Satoshi(unclaimed))
        } else {
            let unknown = || Why::UnknownInputs(unknown_inputs(chain, transaction));
            let fee = chain.fee(transaction).ok_or_else(unknown)?;
            (Income { worth: paid + fee.0, subsidy: 0 }, fee)
        };
        self.values.push(fee);
        Ok(income)
    }

    /// Passes what arrived on to the outputs and the fee in `values`.
    fn enter(&mut self, transaction: TxNumber, place: Place, hop: u32, income: Income) {
        self.entered += 1;
        let policy = self.request.policy;
        let before: u64 = self.arrived.iter().map(|arrival| arrival.taint.0).sum();
        let (mut lots, mut memory) =
            (std::mem::take(&mut self.lots), std::mem::take(&mut self.memory));
        let taints = if policy.tells_satoshis_apart() {
            lots.clear();
            let queue = self.queue(place, transaction, income.subsidy);
            pass_queue(policy, income.worth, queue, &self.values, &mut lots);
            &[]
        } else {
            memory.pass_pool(policy, before, income.worth, &self.values)
        };
        let carried = |index: usize| match lots.get(index) {
            Some(lot) => (lot.taint, &lot.ranges[..]),
            None => (Satoshi(taints[index]), &[][..]),
        };
        let first = self.found.passed.len();
        let mut after = 0;
        for (index, output) in self.chain.outputs_of(transaction).enumerate() {
            let (taint, ranges) = carried(index);
            after += taint.0;
            self.offer(OutputNumber(output), self.values[index], taint, ranges, hop);
        }
        let fee = self.values.len() - 1;
        let (taint, ranges) = carried(fee);
        self.found.visit(hop, transaction, place, first, true);
        self.offer_fee(place, hop, taint);
        self.found.pass(taint, ranges, Fate::Clean);
        after += taint.0;
        assert!(
            policy == Policy::Poison || before == after,
            "taint in is taint out and in the fee"
        );
        self.found.totals.added.0 += after - before;
        (self.lots, self.memory) = (lots, memory);
    }

    /// Which of the satoshis that go in are tainted, in the order of inputs; for a coinbase, of the
    /// subsidy and then the fees of its block.
    fn queue(&mut self, place: Place, transaction: TxNumber, subsidy: u64) -> Vec<(u64, u64)> {
        self.arrived.sort_unstable_by_key(|arrival| arrival.from);
        let Walk { chain, arrived, found, .. } = self;
        let (mut queue, mut before, mut awaited) = (Vec::new(), subsidy, arrived.len());
        // What comes after the last that is tainted is not looked at.
        let mut take = |from: Option<u64>, value: Satoshi| {
            let found_at = from
                .and_then(|from| arrived.binary_search_by_key(&from, |arrival| arrival.from).ok());
            if let Some(index) = found_at {
                let ranges = found.ranges_of(arrived[index].passed as usize).iter();
                queue.extend(ranges.map(|range| (before + range.start, range.length)));
                awaited -= 1;
            }
            before += value.0;
            awaited > 0
        };
        if place.is_coinbase() {
            let mut block = chain.transactions_of(chain.block_of(transaction)).skip(1);
            while block.next().is_some_and(|number| {
                take(Some(number.into()), chain.fee(TxNumber(number)).unwrap_or_default())
            }) {}
        } else {
            let mut inputs = chain.inputs_of(transaction);
            while inputs.next().is_some_and(|input| match chain.spent(InputNumber(input)) {
                Spent::Inside(output) => take(Some(output.0), chain.value(output)),
                Spent::Outside { value, .. } => take(None, value.unwrap_or_default()),
            }) {}
        }
        queue
    }

    /// Decides what becomes of an output, and books it where the walk ends there.
    fn offer(
        &mut self,
        output: OutputNumber,
        value: Satoshi,
        taint: Satoshi,
        ranges: &[taint::Range],
        hop: u32,
    ) {
        // Clean outputs are most of a large payout; nothing about them is looked up.
        let spender = if taint.0 == 0 { None } else { self.chain.spender(output) };
        let fate = fate(self.chain, self.request, output, (value, taint), spender);
        let totals = &mut self.found.totals;
        match (fate, spender) {
            (Fate::Followed, Some(spender)) => {
                let arrival = self.arrival(output.0, taint, hop);
                self.pending.push(Place::spend(spender).0, arrival);
            }
            (Fate::Reached, _) => totals.reached.0 += taint.0,
            (Fate::BelowAmount | Fate::BelowShare, _) => totals.limited.0 += taint.0,
            _ => totals.unspent.0 += taint.0,
        }
        self.found.pass(taint, ranges, fate);
    }

    fn offer_fee(&mut self, place: Place, hop: u32, taint: Satoshi) {
        if taint.0 == 0 {
            return;
        }
        // What a coinbase leaves unclaimed belongs to nobody.
        if self.request.fees == FeeRule::Stop || place.is_coinbase() {
            self.found.totals.fees.0 += taint.0;
            return;
        }
        let transaction = place.transaction_of(self.chain);
        let arrival = self.arrival(transaction.0.into(), taint, hop);
        self.pending.push(Place::coinbase(self.chain, transaction).0, arrival);
    }

    /// What is about to be found, on its way to where it is spent.
    fn arrival(&self, from: u64, taint: Satoshi, hop: u32) -> Arrival {
        let passed = u32::try_from(self.found.passed.len());
        let passed = passed.expect("memory ends before 2^32 outputs of a walk");
        Arrival { from, taint, hop: hop + 1, passed }
    }
}

/// What becomes of an output of which so much is tainted.
fn fate<C: Utxo>(
    chain: &C,
    request: &Request,
    output: OutputNumber,
    (value, taint): (Satoshi, Satoshi),
    spender: Option<TxNumber>,
) -> Fate {
    let limits = request.limits;
    let tagged = || {
        let is_in = |address| request.tagged.contains(&address);
        !request.tagged.is_empty() && chain.address_of(output).is_some_and(is_in)
    };
    match () {
        () if taint.0 == 0 => Fate::Clean,
        () if tagged() => Fate::Reached,
        () if spender.is_none() => match chain.script_type(output) {
            ScriptType::OpReturn => Fate::Unspendable,
            _ => Fate::Unspent,
        },
        () if taint < limits.amount_min => Fate::BelowAmount,
        () if below_share(value, taint, limits.share_min_ppb) => Fate::BelowShare,
        () => Fate::Followed,
    }
}

/// Whether less than this share of a value is tainted, in parts per billion.
fn below_share(value: Satoshi, taint: Satoshi, share_min_ppb: u32) -> bool {
    let whole = u128::from(crate::parameters::SHARE_WHOLE_PPB);
    u128::from(taint.0) * whole < u128::from(value.0) * u128::from(share_min_ppb)
}
