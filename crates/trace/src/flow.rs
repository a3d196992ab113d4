//! Follows taint forward in chain order. Knows no JSON and no picture.
//!
//! Each transaction that tainted money enters is visited once, after everything before it in the
//! chain, so the result depends on the chain and the parameters only, never on the order of a walk.

use crate::taint::{Lot, pass};
use crate::{FeeRule, Limits, Parameters, Policy};
use chain::{BlockNumber, ChainView, OutPoint, Satoshi, ScriptType, TxNumber, Txid};
use std::collections::{BTreeMap, HashMap};

/// Where the money went under one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The rule.
    pub policy: Policy,
    /// What became of taint in fees.
    pub fees: FeeRule,
    /// The source, as hop 0, and every transaction entered, in chain order.
    pub hops: Vec<Hop>,
    /// Transactions that tainted money enters and the trace does not.
    pub stops: Vec<Stop>,
    /// The sums, which agree.
    pub totals: Totals,
}

/// One transaction that the money passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Transactions from the source on the shortest way; the source itself has 0.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    /// What goes in; empty for the source, whose own inputs are not asked about.
    pub inputs: Vec<HopInput>,
    /// What comes out.
    pub outputs: Vec<HopOutput>,
    /// What is left to the miner, or what a coinbase leaves unclaimed; not known of a source whose
    /// inputs are not known.
    pub fee: Option<Lot>,
}

/// What goes into a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopInput {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is worth and how much of it is tainted.
    pub lot: Lot,
}

/// Where an input's money comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An output.
    Output(OutPoint),
    /// New money of a coinbase.
    Subsidy,
    /// A transaction's fee, collected by a coinbase.
    Fee(Txid),
}

/// What comes out of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopOutput {
    /// Its index.
    pub vout: u32,
    /// What it is worth and how much of it is tainted.
    pub lot: Lot,
    /// The shape of its script.
    pub script_type: ScriptType,
    /// Its address, where there is one.
    pub address: Option<String>,
    /// The transaction in the view that spends it.
    pub spent_by: Option<TxNumber>,
    /// What the trace did with it.
    pub fate: Fate,
}

/// What the trace did with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It carries no taint.
    Clean,
    /// Its taint goes to the transaction that spends it.
    Followed,
    /// No transaction in the blocks given spends it.
    Unspent,
    /// It can never be spent.
    Unspendable,
    /// It pays a tagged address.
    Reached,
    /// Its taint is below the least amount.
    BelowAmount,
    /// Its tainted share is below the least share.
    BelowShare,
}

/// A transaction that tainted money enters and the trace does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The hop it would have had.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    /// Why.
    pub reason: StopReason,
    /// The tainted money that enters it and stays here in the sums.
    pub inputs: Vec<HopInput>,
}

/// Why a transaction was not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// What these of its inputs are worth is not in the view: nothing is guessed.
    UnknownInputs(Vec<OutPoint>),
    /// A coinbase, and the fees of this many transactions of its block are not known.
    UnknownFees {
        /// How many.
        count: u32,
    },
    /// A coinbase that claims more than subsidy and fees: block and height do not belong together.
    Claim,
    /// Too far from the source.
    Hops,
    /// Enough transactions were entered.
    Transactions,
}

/// Sums of taint in satoshis. `source + added` is the sum of all the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What the source put in.
    pub source: Satoshi,
    /// Clean money that poison tainted on the way; 0 under the other policies.
    pub added: Satoshi,
    /// At tagged addresses.
    pub reached: Satoshi,
    /// In outputs that nothing in the blocks given spends, or that nothing can.
    pub unspent: Satoshi,
    /// In outputs below the limits, or at transactions beyond them.
    pub limited: Satoshi,
    /// At transactions whose other inputs are not known.
    pub boundary: Satoshi,
    /// In fees that were not followed.
    pub fees: Satoshi,
}

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The source is not in the blocks.
    #[error("transaction {0} is not in the blocks given; give the block that holds it")]
    UnknownSource(Txid),
    /// The source has fewer outputs.
    #[error("transaction {txid} has outputs 0 to {last}, not {vout}")]
    UnknownOutput {
        /// The transaction.
        txid: Txid,
        /// Its last output.
        last: u32,
        /// The output asked for.
        vout: u32,
    },
    /// Too many tags.
    #[error("{0} tags were given; the limit is {max}", max = crate::parameters::TAGS_MAX)]
    Tags(usize),
    /// A share above one.
    #[error("the least share is {0} parts per billion; it cannot be above 1000000000")]
    Share(u32),
}

/// Follows the source under the parameters' policy alone.
pub fn follow(view: &ChainView, parameters: &Parameters) -> Result<Flow, TraceError> {
    if parameters.tags.len() > crate::parameters::TAGS_MAX {
        return Err(TraceError::Tags(parameters.tags.len()));
    }
    if parameters.limits.share_min_ppb > crate::parameters::SHARE_WHOLE_PPB {
        return Err(TraceError::Share(parameters.limits.share_min_ppb));
    }
    let mut walk = Walk::new(view, parameters);
    walk.start()?;
    while let Some((key, entry)) = walk.pending.pop_first() {
        walk.visit(key.transaction(view), entry);
    }
    let totals = walk.totals;
    let flow = Flow {
        policy: parameters.policy,
        fees: parameters.fees,
        hops: walk.hops,
        stops: walk.stops,
        totals,
    };
    assert_eq!(totals.balance(), (0, 0), "taint is conserved: {totals:?}");
    Ok(flow)
}

impl Totals {
    /// Both sides of the account, less what they share: (0, 0) when they agree.
    fn balance(&self) -> (u128, u128) {
        let sum = |amounts: &[Satoshi]| amounts.iter().map(|a| u128::from(a.0)).sum::<u128>();
        let left = sum(&[self.source, self.added]);
        let ends = [self.reached, self.unspent, self.limited, self.boundary, self.fees];
        let right = sum(&ends);
        let common = left.min(right);
        (left - common, right - common)
    }
}

/// Chain order, in which a coinbase comes after the transactions whose fees it collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    block: BlockNumber,
    /// `u32::MAX` stands for the coinbase.
    position: u32,
}

impl Key {
    fn of(view: &ChainView, transaction: TxNumber) -> Key {
        let position = view.position(transaction);
        let position = if position == 0 { u32::MAX } else { position };
        Key { block: view.block_of(transaction), position }
    }

    fn transaction(self, view: &ChainView) -> TxNumber {
        let first = view.transactions_of(self.block).start;
        TxNumber(if self.position == u32::MAX { first } else { first + self.position })
    }
}

/// A transaction that tainted money enters.
#[derive(Debug)]
struct Entry {
    hop: u32,
}

struct Walk<'a> {
    view: &'a ChainView,
    parameters: &'a Parameters,
    pending: BTreeMap<Key, Entry>,
    /// Tainted outputs on their way into a pending transaction.
    outputs: HashMap<OutPoint, Lot>,
    /// Tainted fees on their way into a pending coinbase, by the transaction that paid them.
    fees: HashMap<TxNumber, Lot>,
    entered: u32,
    hops: Vec<Hop>,
    stops: Vec<Stop>,
    totals: Totals,
}

impl<'a> Walk<'a> {
    fn new(view: &'a ChainView, parameters: &'a Parameters) -> Walk<'a> {
        Walk {
            view,
            parameters,
            pending: BTreeMap::new(),
            outputs: HashMap::new(),
            fees: HashMap::new(),
            entered: 0,
            hops: Vec::new(),
            stops: Vec::new(),
            totals: Totals::default(),
        }
    }

    fn start(&mut self) -> Result<(), TraceError> {
        let source = self.parameters.source;
        let txid = source.txid;
        let transaction = self.view.transaction(&txid).ok_or(TraceError::UnknownSource(txid))?;
        let count = self.view.outputs(transaction).len() as u32;
        if let Some(vout) = source.vout
            && vout >= count
        {
            return Err(TraceError::UnknownOutput { txid, last: count.saturating_sub(1), vout });
        }
        let outputs = self.view.outputs(transaction).enumerate();
        let lots: Vec<Lot> = outputs
            .map(|(vout, output)| match source.vout {
                Some(only) if only as usize != vout => Lot::clean(output.value),
                _ => Lot::stolen(output.value, self.parameters.policy),
            })
            .collect();
        self.totals.source = Satoshi(lots.iter().map(|lot| lot.taint.0).sum());
        let outputs = self.offer(transaction, 0, lots);
        let fee = self.view.fee(transaction).map(Lot::clean);
        self.hops.push(Hop { hop: 0, transaction, inputs: Vec::new(), outputs, fee });
        Ok(())
    }

    fn visit(&mut self, transaction: TxNumber, entry: Entry) {
        let gathered = if self.view.is_coinbase(transaction) {
            self.gather_coinbase(transaction)
        } else {
            self.gather(transaction)
        };
        let limits = self.parameters.limits;
        let refused = if entry.hop > limits.hops_max {
            Some(StopReason::Hops)
        } else if self.entered == limits.transactions_max {
            Some(StopReason::Transactions)
        } else {
            gathered.fault
        };
        if let Some(reason) = refused {
            let inputs: Vec<HopInput> =
                gathered.inputs.into_iter().filter(|input| input.lot.taint.0 > 0).collect();
            let parked = inputs.iter().map(|input| input.lot.taint.0).sum::<u64>();
            match reason {
                StopReason::Hops | StopReason::Transactions => self.totals.limited.0 += parked,
                _ => self.totals.boundary.0 += parked,
            }
            self.stops.push(Stop { hop: entry.hop, transaction, reason, inputs });
            return;
        }
        self.enter(transaction, entry.hop, gathered.inputs);
    }

    fn enter(&mut self, transaction: TxNumber, hop: u32, inputs: Vec<HopInput>) {
        self.entered += 1;
        let policy = self.parameters.policy;
        let lots: Vec<Lot> = inputs.iter().map(|input| input.lot.clone()).collect();
        let mut values: Vec<Satoshi> =
            self.view.outputs(transaction).map(|output| output.value).collect();
        let worth: u64 = lots.iter().map(|lot| lot.value.0).sum();
        let paid: u64 = values.iter().map(|value| value.0).sum();
        values.push(Satoshi(worth - paid));
        let mut passed = pass(policy, &lots, &values);
        let taint = |lots: &[Lot]| lots.iter().map(|lot| lot.taint.0).sum::<u64>();
        let (before, after) = (taint(&lots), taint(&passed));
        assert!(
            policy == Policy::Poison || before == after,
            "taint in is taint out and in the fee"
        );
        self.totals.added.0 += after - before;
        let fee = passed.pop().unwrap_or_default();
        self.offer_fee(transaction, hop, &fee);
        let outputs = self.offer(transaction, hop, passed);
        self.hops.push(Hop { hop, transaction, inputs, outputs, fee: Some(fee) });
    }

    /// The transaction's inputs with their taint.
    fn gather(&mut self, transaction: TxNumber) -> Gathered {
        let mut unknown = Vec::new();
        let mut inputs = Vec::new();
        for input in self.view.inputs(transaction) {
            if input.value.is_none() {
                unknown.push(input.previous);
            }
            let clean = || Lot::clean(input.value.unwrap_or_default());
            let lot = self.outputs.remove(&input.previous).unwrap_or_else(clean);
            inputs.push(HopInput { origin: Origin::Output(input.previous), lot });
        }
        let fault = (!unknown.is_empty()).then_some(StopReason::UnknownInputs(unknown));
        Gathered { inputs, fault }
    }

    /// What a coinbase collects: the subsidy, then the fees in the order of transactions.
    fn gather_coinbase(&mut self, coinbase: TxNumber) -> Gathered {
        let block = self.view.block_of(coinbase);
        let mut inputs = vec![HopInput { origin: Origin::Subsidy, lot: Lot::default() }];
        let (mut unknown, mut collected) = (0, 0);
        for number in self.view.transactions_of(block).skip(1).map(TxNumber) {
            let fee = self.view.fee(number);
            unknown += u32::from(fee.is_none());
            let lot = self.fees.remove(&number);
            let lot = lot.unwrap_or_else(|| Lot::clean(fee.unwrap_or_default()));
            collected += lot.value.0;
            if lot.value.0 > 0 {
                inputs.push(HopInput { origin: Origin::Fee(self.view.txid(number)), lot });
            }
        }
        let claimed: u64 = self.view.outputs(coinbase).map(|output| output.value.0).sum();
        let height = self.view.block(block).height;
        let subsidy = match height {
            Some(height) => self.view.network().subsidy(height).0,
            None => claimed.saturating_sub(collected),
        };
        inputs[0].lot = Lot::clean(Satoshi(subsidy));
        let fault = if unknown > 0 {
            Some(StopReason::UnknownFees { count: unknown })
        } else {
            (claimed > subsidy + collected).then_some(StopReason::Claim)
        };
        Gathered { inputs, fault }
    }

    /// Decides what becomes of each output, and books those where the trace ends.
    fn offer(&mut self, transaction: TxNumber, hop: u32, lots: Vec<Lot>) -> Vec<HopOutput> {
        let view = self.view;
        let txid = view.txid(transaction);
        let mut offered = Vec::with_capacity(lots.len());
        for (vout, (output, lot)) in view.outputs(transaction).zip(lots).enumerate() {
            let vout = vout as u32;
            let point = OutPoint { txid, vout };
            let spent_by = view.spender(&point).map(|spend| spend.transaction);
            let (script_type, address) = (output.script_type(), output.address());
            let tagged =
                address.as_ref().is_some_and(|text| self.parameters.tags.contains_key(text));
            let fate = fate(&lot, tagged, script_type, spent_by, self.parameters.limits);
            match (fate, spent_by) {
                (Fate::Followed, Some(spender)) => {
                    self.outputs.insert(point, lot.clone());
                    self.expect(spender, hop + 1);
                }
                (Fate::Reached, _) => self.totals.reached.0 += lot.taint.0,
                (Fate::BelowAmount | Fate::BelowShare, _) => self.totals.limited.0 += lot.taint.0,
                _ => self.totals.unspent.0 += lot.taint.0,
            }
            offered.push(HopOutput { vout, lot, script_type, address, spent_by, fate });
        }
        offered
    }

    fn offer_fee(&mut self, transaction: TxNumber, hop: u32, fee: &Lot) {
        if fee.taint.0 == 0 {
            return;
        }
        // What a coinbase leaves unclaimed belongs to nobody.
        if self.parameters.fees == FeeRule::Stop || self.view.is_coinbase(transaction) {
            self.totals.fees.0 += fee.taint.0;
            return;
        }
        self.fees.insert(transaction, fee.clone());
        let coinbase = self.view.transactions_of(self.view.block_of(transaction)).start;
        self.expect(TxNumber(coinbase), hop + 1);
    }

    fn expect(&mut self, transaction: TxNumber, hop: u32) {
        let key = Key::of(self.view, transaction);
        let entry = self.pending.entry(key).or_insert(Entry { hop });
        entry.hop = entry.hop.min(hop);
    }
}

struct Gathered {
    inputs: Vec<HopInput>,
    fault: Option<StopReason>,
}

fn fate(
    lot: &Lot,
    tagged: bool,
    script_type: ScriptType,
    spent_by: Option<TxNumber>,
    limits: Limits,
) -> Fate {
    let whole = u128::from(crate::parameters::SHARE_WHOLE_PPB);
    let share_of_whole = u128::from(lot.taint.0) * whole;
    let share_least = u128::from(lot.value.0) * u128::from(limits.share_min_ppb);
    match () {
        () if lot.taint.0 == 0 => Fate::Clean,
        () if tagged => Fate::Reached,
        () if spent_by.is_none() && script_type == ScriptType::OpReturn => Fate::Unspendable,
        () if spent_by.is_none() => Fate::Unspent,
        () if lot.taint < limits.amount_min => Fate::BelowAmount,
        () if share_of_whole < share_least => Fate::BelowShare,
        () => Fate::Followed,
    }
}
