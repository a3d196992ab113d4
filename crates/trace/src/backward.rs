//! Where an output's money came from. Knows no theft: it follows satoshis back to where they were
//! made, to a transaction that the caller asked about, or to the edge of what is here.
//!
//! Under FIFO and LIFO every satoshi has one way back, so the answer is exact and agrees with the
//! forward trace satoshi by satoshi. Under haircut an output came from each input by its share of
//! them all; rounded to whole satoshis as forward, so that both directions agree up to one satoshi
//! for each transaction passed. Poison names all that can have contributed. "Taint in, highest out"
//! depends on what is called taint and has no way back.

use crate::taint::{Range, shares};
use crate::{FeeRule, Limits, Policy};
use chain::utxo::{InputNumber, OutputNumber, Spent};
use chain::{OutPoint, Satoshi, TxNumber, Utxo};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose past.
    pub output: OutputNumber,
    /// Which of its satoshis, under FIFO and LIFO; all where none are given.
    pub ranges: Vec<Range>,
    /// Under which rule.
    pub policy: Policy,
    /// Whether a coinbase's money is followed into the fees it collected.
    pub fees: FeeRule,
    /// How far.
    pub limits: Limits,
    /// Transactions at which the way back ends.
    pub until: BTreeSet<TxNumber>,
}

/// Where the money came from. The amounts of all sources make what was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backward {
    /// What was asked about.
    pub asked: Satoshi,
    /// Transactions passed, the newest first.
    pub passed: Vec<TxNumber>,
    /// The sources, the newest first.
    pub sources: Vec<Found>,
}

/// A place where the way back ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What kind of end it is.
    pub end: End,
    /// How much of what was asked came from there. Under poison, all that can have.
    pub amount: Satoshi,
    /// Under FIFO and LIFO, which of the end's satoshis, ascending and apart.
    pub ranges: Vec<Range>,
}

/// Where a way back ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// An output of a transaction that the caller asked about.
    Until(OutputNumber),
    /// New money: a coinbase, with its subsidy or, where fees are not followed, all it claimed.
    Coinbase(TxNumber),
    /// An output from outside the chain that is here.
    Outside(OutPoint),
    /// The fee of a transaction at which the way back ends, for one of the reasons here.
    FeeOf(TxNumber),
    /// An output of a transaction of which some input's value is not known.
    UnknownInputs(OutputNumber),
    /// An output beyond a limit.
    Limit(OutputNumber),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackwardError {
    /// No way back under this rule.
    #[error("under {0} money has no single way back; ask under haircut, fifo, lifo or poison")]
    Policy(Policy),
    /// Satoshis that the output does not have, or in no order.
    #[error("the output has satoshis 0 to {last}; ranges must lie in it, ascending and apart")]
    Ranges {
        /// Its last satoshi.
        last: u64,
    },
}

/// Follows an output back.
pub fn backward<C: Utxo>(chain: &C, question: &Question) -> Result<Backward, BackwardError> {
    if question.policy == Policy::Tiho {
        return Err(BackwardError::Policy(question.policy));
    }
    let value = chain.value(question.output).0;
    let whole = Range { start: 0, length: value };
    let ranges = match (question.ranges.is_empty(), question.policy.tells_satoshis_apart()) {
        (false, true) => question.ranges.clone(),
        _ => vec![whole],
    };
    let mut end = 0;
    for range in &ranges {
        let next = range.start.checked_add(range.length);
        if range.start < end || next.is_none_or(|next| next > value) {
            return Err(BackwardError::Ranges { last: value.saturating_sub(1) });
        }
        end = range.start + range.length;
    }
    let asked = Satoshi(ranges.iter().map(|range| range.length).sum());
    let mut walk = Walk {
        chain,
        question,
        wanted: BTreeMap::new(),
        found: BTreeMap::new(),
        passed: Vec::new(),
    };
    walk.want(question.output, Wanted { ranges, hop: 0 });
    while let Some(((_, transaction), places)) = walk.wanted.pop_last() {
        walk.visit(transaction, places);
    }
    let source = |(end, ranges): (End, Vec<Range>)| {
        let amount = Satoshi(ranges.iter().map(|range| range.length).sum());
        let ranges = if question.policy.tells_satoshis_apart() { ranges } else { Vec::new() };
        Found { end, amount, ranges }
    };
    let mut sources: Vec<Found> =
        walk.found.into_iter().map(|(end, ranges)| source((end, joined(ranges)))).collect();
    sources.reverse();
    Ok(Backward { asked, passed: walk.passed, sources })
}

/// What is wanted of an output or of a fee. Rules that do not tell satoshis apart say how many by
/// ranges whose lengths count and whose starts mean nothing.
#[derive(Clone, Debug)]
struct Wanted {
    ranges: Vec<Range>,
    hop: u32,
}

/// A place in a transaction's outputs; the fee's is one past the last.
type Places = BTreeMap<u64, Wanted>;

struct Walk<'a, C> {
    chain: &'a C,
    question: &'a Question,
    /// By place in chain order, in which a coinbase comes after the fees it collects.
    wanted: BTreeMap<(u64, TxNumber), Places>,
    found: BTreeMap<End, Vec<Range>>,
    passed: Vec<TxNumber>,
}

impl<C: Utxo> Walk<'_, C> {
    fn want(&mut self, output: OutputNumber, wanted: Wanted) {
        let transaction = self.chain.creator(output);
        let place = output.0 - self.chain.outputs_of(transaction).start;
        self.want_place(transaction, place, wanted);
    }

    fn want_place(&mut self, transaction: TxNumber, place: u64, wanted: Wanted) {
        if wanted.ranges.iter().all(|range| range.length == 0) {
            return;
        }
        let mut key = u64::from(transaction.0) << 1;
        if self.chain.is_coinbase(transaction) {
            let last = self.chain.transactions_of(self.chain.block_of(transaction)).end - 1;
            key = u64::from(last) << 1 | 1;
        }
        let places = self.wanted.entry((key, transaction)).or_default();
        let hop = wanted.hop;
        let here = places.entry(place).or_insert(Wanted { ranges: Vec::new(), hop });
        here.hop = here.hop.min(hop);
        here.ranges.extend(wanted.ranges);
    }

    fn find(&mut self, end: End, ranges: Vec<Range>) {
        self.found.entry(end).or_default().extend(ranges);
    }

    fn visit(&mut self, transaction: TxNumber, places: Places) {
        let first = self.chain.outputs_of(transaction).start;
        let outputs = self.chain.outputs_of(transaction).end - first;
        let hop = places.values().map(|wanted| wanted.hop).min().unwrap_or(0);
        let limits = self.question.limits;
        let is_until = self.question.until.contains(&transaction);
        let beyond = hop > limits.hops_max || self.passed.len() >= limits.transactions_max as usize;
        let inputs = if is_until || beyond { None } else { self.inputs(transaction) };
        let Some(inputs) = inputs else {
            for (place, wanted) in places {
                let output = OutputNumber(first + place);
                let end = match () {
                    () if place == outputs => End::FeeOf(transaction),
                    () if is_until => End::Until(output),
                    () if beyond => End::Limit(output),
                    () => End::UnknownInputs(output),
                };
                self.find(end, wanted.ranges);
            }
            return;
        };
        self.passed.push(transaction);
        let asked = self.in_queue(transaction, &inputs, places);
        self.spread(&inputs, asked, hop + 1);
    }

    /// What goes into a transaction: where from and how much; none where a value is not known.
    fn inputs(&self, transaction: TxNumber) -> Option<Vec<(Origin, u64)>> {
        let chain = self.chain;
        if chain.is_coinbase(transaction) {
            let outputs = chain.outputs_of(transaction).map(OutputNumber);
            let claimed: u64 = outputs.map(|output| chain.value(output).0).sum();
            if self.question.fees == FeeRule::Stop {
                return Some(vec![(Origin::New(transaction), claimed)]);
            }
            let block = chain.block_of(transaction);
            let mut fees = Vec::new();
            for number in chain.transactions_of(block).skip(1).map(TxNumber) {
                fees.push((Origin::Fee(number), chain.fee(number)?.0));
            }
            let collected: u64 = fees.iter().map(|(_, fee)| fee).sum();
            let subsidy = match chain.height(block) {
                Some(height) => chain.network().subsidy(height).0,
                None => claimed.saturating_sub(collected),
            };
            if claimed > subsidy + collected {
                return None;
            }
            fees.insert(0, (Origin::New(transaction), subsidy));
            return Some(fees);
        }
        let of = |input| match chain.spent(input) {
            Spent::Inside(output) => Some((Origin::Output(output), chain.value(output).0)),
            Spent::Outside { point, value, .. } => Some((Origin::Outside(point), value?.0)),
        };
        chain.inputs_of(transaction).map(InputNumber).map(of).collect()
    }

    /// The satoshis wanted, counted along the transaction's inputs.
    fn in_queue(
        &self,
        transaction: TxNumber,
        inputs: &[(Origin, u64)],
        places: Places,
    ) -> Vec<Range> {
        let chain = self.chain;
        let worth: u64 = inputs.iter().map(|(_, value)| value).sum();
        let mut asked = Vec::new();
        let mut before = 0;
        let mut next = places.into_iter().peekable();
        let outputs = chain.outputs_of(transaction).map(|output| chain.value(OutputNumber(output)));
        for (place, value) in outputs.chain([Satoshi(0)]).enumerate() {
            if let Some((_, wanted)) = next.next_if(|(wanted, _)| *wanted == place as u64) {
                let shift = |range: Range| Range { start: before + range.start, ..range };
                asked.extend(wanted.ranges.into_iter().map(shift));
            }
            before += value.0;
        }
        if self.question.policy == Policy::Lifo {
            for range in &mut asked {
                range.start = worth - range.start - range.length;
            }
        }
        asked.sort_unstable_by_key(|range| range.start);
        asked
    }

    /// Hands what is wanted on to the inputs.
    fn spread(&mut self, inputs: &[(Origin, u64)], asked: Vec<Range>, hop: u32) {
        let amount: u64 = asked.iter().map(|range| range.length).sum();
        let values: Vec<Satoshi> = inputs.iter().map(|(_, value)| Satoshi(*value)).collect();
        let worth: u64 = values.iter().map(|value| value.0).sum();
        let some = |length: u64| vec![Range { start: 0, length }];
        let parts: Vec<Vec<Range>> = match self.question.policy {
            Policy::Haircut => shares(amount, worth, &values).into_iter().map(some).collect(),
            Policy::Poison | Policy::Tiho => values.iter().map(|value| some(value.0)).collect(),
            Policy::Fifo | Policy::Lifo => cut(&asked, &values),
        };
        for ((origin, _), ranges) in inputs.iter().zip(parts) {
            if ranges.iter().all(|range| range.length == 0) {
                continue;
            }
            match *origin {
                Origin::Output(output) => self.want(output, Wanted { ranges, hop }),
                Origin::Outside(point) => self.find(End::Outside(point), ranges),
                Origin::New(coinbase) => self.find(End::Coinbase(coinbase), ranges),
                Origin::Fee(number) => {
                    let outputs = self.chain.outputs_of(number);
                    let place = outputs.end - outputs.start;
                    self.want_place(number, place, Wanted { ranges, hop });
                }
            }
        }
    }
}

/// Where an input's money comes from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Output(OutputNumber),
    Outside(OutPoint),
    New(TxNumber),
    Fee(TxNumber),
}

/// Cuts ascending ranges along a row of values, each piece counted within its value.
fn cut(asked: &[Range], values: &[Satoshi]) -> Vec<Vec<Range>> {
    let mut parts = Vec::with_capacity(values.len());
    let mut asked = asked.iter().copied().peekable();
    let mut before = 0;
    for value in values {
        let end = before + value.0;
        let mut mine = Vec::new();
        while let Some(range) = asked.peek_mut().filter(|range| range.start < end) {
            let length = (range.start + range.length).min(end) - range.start;
            mine.push(Range { start: range.start - before, length });
            range.start += length;
            range.length -= length;
            if range.length == 0 {
                asked.next();
            }
        }
        parts.push(mine);
        before = end;
    }
    parts
}

/// Sorts ranges and joins those that touch. Amounts alone add up.
fn joined(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.start + last.length == range.start => last.length += range.length,
            _ => joined.push(range),
        }
    }
    joined
}
