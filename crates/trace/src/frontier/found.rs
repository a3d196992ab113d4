//! What a walk found, and what it did not have to look at until somebody asks: which clean money
//! went into a transaction beside the tainted.

use std::ops;

use crate::flow::{Fate, Totals};
use crate::taint::{Lot, Range};
use chain::utxo::{InputNumber, OutputNumber, Spent};
use chain::{OutPoint, Satoshi, TxNumber, Utxo};

/// Where the money went, in the numbers of one chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    /// The source, as hop 0, and every transaction entered, in chain order.
    pub visits: Vec<Visit>,
    /// Transactions that tainted money enters and the walk does not.
    pub refusals: Vec<Refusal>,
    /// The sums, which agree.
    pub totals: Totals,
    /// What comes out of all visits, one after the other: outputs, then the fee.
    pub(super) passed: Vec<Passed>,
    /// Which satoshis of those are tainted, under rules that tell them apart.
    ranges: Vec<Range>,
}

/// A transaction that the money passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Transactions from the source on the shortest way.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    place: Place,
    /// Its outputs among what comes out of all visits; where its fee is known, it follows them.
    outputs: ops::Range<u32>,
    is_fee_known: bool,
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

/// A [`Left`] as it is kept: a third as large, because the chain says what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    taint: Satoshi,
    /// One past its last among all ranges; the first follows those before.
    ranges_end: u32,
    fate: Fate,
}

/// A place in chain order at which a coinbase comes after the transactions whose fees it collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) u64);

impl Place {
    pub(super) fn spend(spender: TxNumber) -> Place {
        Place(u64::from(spender.0) << 1)
    }

    /// The coinbase of a transaction's block.
    pub(super) fn coinbase<C: Utxo>(chain: &C, transaction: TxNumber) -> Place {
        let last = chain.transactions_of(chain.block_of(transaction)).end - 1;
        Place(u64::from(last) << 1 | 1)
    }

    fn of<C: Utxo>(chain: &C, transaction: TxNumber) -> Place {
        match chain.is_coinbase(transaction) {
            true => Place::coinbase(chain, transaction),
            false => Place::spend(transaction),
        }
    }

    /// The transaction; for a coinbase, one of its block.
    pub(super) fn spender(self) -> TxNumber {
        TxNumber((self.0 >> 1) as u32)
    }

    pub(super) fn transaction_of<C: Utxo>(self, chain: &C) -> TxNumber {
        match self.is_coinbase() {
            true => TxNumber(chain.transactions_of(chain.block_of(self.spender())).start),
            false => self.spender(),
        }
    }

    pub(super) fn is_coinbase(self) -> bool {
        self.0 & 1 == 1
    }
}

/// What goes into a transaction altogether.
#[derive(Clone, Copy, Debug)]
pub(super) struct Income {
    pub(super) worth: u64,
    /// New money, which only a coinbase has.
    pub(super) subsidy: u64,
}

impl Income {
    /// What a coinbase collects that claims so much; says where fees are not known.
    pub(super) fn of_coinbase<C: Utxo>(
        chain: &C,
        coinbase: TxNumber,
        claimed: u64,
    ) -> Result<Income, Why> {
        let block = chain.block_of(coinbase);
        let (mut unknown, mut collected) = (0, 0);
        for number in chain.transactions_of(block).skip(1) {
            match chain.fee(TxNumber(number)) {
                Some(fee) => collected += fee.0,
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            return Err(Why::UnknownFees(unknown));
        }
        let subsidy = match chain.height(block) {
            Some(height) => chain.network().subsidy(height).0,
            None => claimed.saturating_sub(collected),
        };
        Ok(Income { worth: subsidy + collected, subsidy })
    }

    fn unclaimed<C: Utxo>(chain: &C, coinbase: TxNumber) -> Option<Satoshi> {
        let claimed = paid(chain, coinbase);
        let income = Income::of_coinbase(chain, coinbase, claimed).ok()?;
        income.worth.checked_sub(claimed).map(Satoshi)
    }
}

/// Memory of a long list grows in large steps: what is asked for and not used costs nothing, and
/// what is moved at each step does.
#[inline]
fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve(list.len().max(64) * 15);
    }
}

/// What a transaction's outputs are worth.
fn paid<C: Utxo>(chain: &C, transaction: TxNumber) -> u64 {
    chain.outputs_of(transaction).map(|output| chain.value(OutputNumber(output)).0).sum()
}

/// The inputs of which nobody says what they are worth.
pub(super) fn unknown_inputs<C: Utxo>(chain: &C, transaction: TxNumber) -> Vec<OutPoint> {
    let unknown = |input| match chain.spent(InputNumber(input)) {
        Spent::Outside { point, value: None, .. } => Some(point),
        _ => None,
    };
    chain.inputs_of(transaction).filter_map(unknown).collect()
}

impl Frontier {
    /// What comes out of a visit of this walk, in order.
    pub fn outputs<C: Utxo>(&self, chain: &C, visit: &Visit) -> impl Iterator<Item = Left> {
        let outputs = chain.outputs_of(visit.transaction).map(OutputNumber);
        let passed = visit.outputs.start as usize..visit.outputs.end as usize;
        passed.zip(outputs).map(|(index, output)| Left {
            lot: self.lot(index, chain.value(output)),
            fate: self.passed[index].fate,
        })
    }

    /// What a visit of this walk leaves to the miner, or a coinbase leaves unclaimed; not known of
    /// a source whose inputs are not known.
    pub fn fee<C: Utxo>(&self, chain: &C, visit: &Visit) -> Option<Lot> {
        if !visit.is_fee_known {
            return None;
        }
        let fee = match visit.place.is_coinbase() {
            true => Income::unclaimed(chain, visit.transaction),
            false => chain.fee(visit.transaction),
        };
        Some(self.lot(visit.outputs.end as usize, fee?))
    }

    /// What goes into a visit of this walk, which was over `chain`; empty for the source.
    pub fn inputs<C: Utxo>(&self, chain: &C, visit: &Visit) -> Vec<Entered> {
        if visit.hop == 0 { Vec::new() } else { self.entered(chain, visit.transaction) }
    }

    /// The tainted money that would have gone into a transaction, had this walk over `chain`
    /// entered it.
    pub fn parked<C: Utxo>(&self, chain: &C, refusal: &Refusal) -> Vec<Entered> {
        let mut entered = self.entered(chain, refusal.transaction);
        entered.retain(|input| input.lot.taint.0 > 0);
        entered
    }

    fn entered<C: Utxo>(&self, chain: &C, transaction: TxNumber) -> Vec<Entered> {
        if chain.is_coinbase(transaction) {
            return self.collected(chain, transaction);
        }
        let entered = |input| {
            let input = InputNumber(input);
            let lot = match chain.spent(input) {
                Spent::Inside(output) => self.followed(chain, output),
                Spent::Outside { value, .. } => Lot::clean(value.unwrap_or_default()),
            };
            Entered { from: From::Input(input), lot }
        };
        chain.inputs_of(transaction).map(entered).collect()
    }

    /// What a coinbase collects: the subsidy, then the fees in the order of transactions.
    fn collected<C: Utxo>(&self, chain: &C, coinbase: TxNumber) -> Vec<Entered> {
        let income = Income::of_coinbase(chain, coinbase, paid(chain, coinbase));
        let subsidy = income.map_or(0, |income| income.subsidy);
        let lot = Lot::clean(Satoshi(subsidy));
        let mut entered = vec![Entered { from: From::Subsidy, lot }];
        for number in chain.transactions_of(chain.block_of(coinbase)).skip(1).map(TxNumber) {
            let visit = self.visited(Place::spend(number)).filter(|visit| visit.hop > 0);
            let lot = visit
                .and_then(|visit| self.fee(chain, visit))
                .unwrap_or_else(|| Lot::clean(chain.fee(number).unwrap_or_default()));
            if lot.value.0 > 0 {
                entered.push(Entered { from: From::Fee(number), lot });
            }
        }
        entered
    }

    fn visited(&self, place: Place) -> Option<&Visit> {
        let index = self.visits.binary_search_by_key(&place, |visit| visit.place).ok()?;
        Some(&self.visits[index])
    }

    /// The lot in an output, whose taint went on to the transaction that spends it, or did not.
    fn followed<C: Utxo>(&self, chain: &C, output: OutputNumber) -> Lot {
        let creator = chain.creator(output);
        let source = self.visits.first().filter(|source| source.transaction == creator);
        let visit = source.or_else(|| self.visited(Place::of(chain, creator)));
        let place = (output.0 - chain.outputs_of(creator).start) as usize;
        let index = visit.map(|visit| visit.outputs.start as usize + place);
        match index.filter(|index| self.passed[*index].fate == Fate::Followed) {
            Some(index) => self.lot(index, chain.value(output)),
            None => Lot::clean(chain.value(output)),
        }
    }

    /// Books a visit whose outputs are those that were passed from `first` on.
    pub(super) fn visit(
        &mut self,
        hop: u32,
        transaction: TxNumber,
        place: Place,
        first: usize,
        is_fee_known: bool,
    ) {
        make_room(&mut self.visits);
        let outputs = first as u32..self.passed.len() as u32;
        self.visits.push(Visit { hop, transaction, place, outputs, is_fee_known });
    }

    /// Books what comes out of a visit.
    #[inline]
    pub(super) fn pass(&mut self, taint: Satoshi, ranges: &[Range], fate: Fate) {
        // Most rules have none, and a call that copies nothing still takes its time.
        if !ranges.is_empty() {
            self.ranges.extend_from_slice(ranges);
        }
        let ranges_end = u32::try_from(self.ranges.len());
        let ranges_end = ranges_end.expect("memory ends before 2^32 ranges of a walk");
        make_room(&mut self.passed);
        self.passed.push(Passed { taint, ranges_end, fate });
    }

    pub(super) fn ranges_of(&self, index: usize) -> &[Range] {
        let start = index.checked_sub(1).map_or(0, |before| self.passed[before].ranges_end);
        &self.ranges[start as usize..self.passed[index].ranges_end as usize]
    }

    fn lot(&self, index: usize, value: Satoshi) -> Lot {
        let Passed { taint, .. } = self.passed[index];
        Lot { value, taint, ranges: self.ranges_of(index).to_vec() }
    }
}
