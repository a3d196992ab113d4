//! How taint passes one transaction: five rules, one signature each. Knows no chain.
//!
//! A transaction is a list of lots that go in and a list of values that come out; the caller puts
//! the fee last, as a value like any other. What goes in comes out, to the satoshi.

use crate::Policy;
use chain::Satoshi;

/// An amount of which some part is tainted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lot {
    /// The whole.
    pub value: Satoshi,
    /// The tainted part, never more than the whole.
    pub taint: Satoshi,
    /// Under FIFO and LIFO, which of its satoshis are tainted: ascending, apart, never empty. Other
    /// rules do not tell satoshis apart and leave this empty.
    pub ranges: Vec<Range>,
}

/// Consecutive satoshis of a lot, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub start: u64,
    /// How many.
    pub length: u64,
}

impl Lot {
    /// A lot without taint.
    pub fn clean(value: Satoshi) -> Lot {
        Lot { value, ..Lot::default() }
    }

    /// A lot of which every satoshi is tainted.
    pub fn stolen(value: Satoshi, policy: Policy) -> Lot {
        let ranged = policy.tells_satoshis_apart() && value.0 > 0;
        let ranges = if ranged { vec![Range { start: 0, length: value.0 }] } else { Vec::new() };
        Lot { value, taint: value, ranges }
    }
}

/// Values of one transaction among which the largest remainder is looked for one by one.
const SCANNED_MAX: usize = 8;

/// Memory of sharing, kept from one transaction to the next.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    shares: Vec<u64>,
    remainders: Vec<(u64, u32)>,
}

/// Passes taint on under a policy, and adds the lots that come out to `lots`. `values` are the
/// outputs in order and then the fee; they must sum to what the inputs are worth.
pub fn pass<'a>(
    policy: Policy,
    inputs: impl Iterator<Item = &'a Lot> + Clone,
    values: &[Satoshi],
    memory: &mut Memory,
    lots: &mut Vec<Lot>,
) {
    let sum_in: u128 = inputs.clone().map(|lot| u128::from(lot.value.0)).sum();
    let sum_out: u128 = values.iter().map(|value| u128::from(value.0)).sum();
    assert!(sum_in <= u128::from(chain::view::WORTH_MAX), "a view holds no more");
    assert_eq!(sum_in, sum_out, "outputs and fee make what the inputs are worth");
    let worth = sum_in as u64;
    if policy.tells_satoshis_apart() {
        return pass_queue(policy, worth, queue(inputs), values, lots);
    }
    let taint = inputs.map(|lot| lot.taint.0).sum();
    let taints = memory.pass_pool(policy, taint, worth, values);
    let lot =
        |(value, taint): (&Satoshi, &u64)| Lot { taint: Satoshi(*taint), ..Lot::clean(*value) };
    lots.extend(values.iter().zip(taints).map(lot));
}

/// The same under FIFO and LIFO: `queue` are the tainted satoshis among the `worth` that go in, as
/// (first, how many), ascending in input order.
pub(crate) fn pass_queue(
    policy: Policy,
    worth: u64,
    mut queue: Vec<(u64, u64)>,
    values: &[Satoshi],
    lots: &mut Vec<Lot>,
) {
    if policy == Policy::Lifo {
        queue.reverse();
        queue.iter_mut().for_each(|(start, length)| *start = worth - *start - *length);
    }
    first_in_first_out(queue, values, lots);
}

/// Haircut, as [`Memory::shares`] says.
pub fn shares(taint: u64, worth: u64, values: &[Satoshi]) -> Vec<u64> {
    let mut memory = Memory::default();
    memory.shares(taint, worth, values);
    memory.shares
}

impl Memory {
    /// What each value carries under the rules that do not tell satoshis apart.
    pub(crate) fn pass_pool(
        &mut self,
        policy: Policy,
        taint: u64,
        worth: u64,
        values: &[Satoshi],
    ) -> &[u64] {
        match policy {
            Policy::Haircut => return self.shares(taint, worth, values),
            Policy::Tiho => self.shares = highest_first(taint, values),
            // Any taint in taints all that comes out (Möser, Böhme, Breuker, "Towards Risk Scoring
            // of Bitcoin Transactions", 2014).
            Policy::Poison => {
                self.shares.clear();
                self.shares.extend(values.iter().map(|value| if taint > 0 { value.0 } else { 0 }));
            }
            Policy::Fifo | Policy::Lifo => panic!("{policy} asks which satoshis are tainted"),
        }
        &self.shares
    }

    /// Haircut: each value gets floor(taint x value / worth); the left-over satoshis go one each to
    /// the largest remainders, ties to the lower index, so that the fee comes last (the same paper,
    /// there in real numbers). `values` sum to `worth`, at most 2^63; `taint` is at most `worth`.
    pub fn shares(&mut self, taint: u64, worth: u64, values: &[Satoshi]) -> &[u64] {
        let Memory { shares, remainders } = self;
        shares.clear();
        if taint == 0 || taint == worth {
            shares.extend(values.iter().map(|value| if taint == 0 { 0 } else { value.0 }));
            return shares;
        }
        remainders.clear();
        let mut left = taint;
        for (index, value) in values.iter().enumerate() {
            // Most products fit 64 bits, where a division takes a third of the time.
            let (share, remainder) = match taint.checked_mul(value.0) {
                Some(product) => (product / worth, product % worth),
                None => {
                    let product = u128::from(taint) * u128::from(value.0);
                    let share = (product / u128::from(worth)) as u64;
                    (share, (product - u128::from(share) * u128::from(worth)) as u64)
                }
            };
            left -= share;
            shares.push(share);
            remainders.push((remainder, index as u32));
        }
        if left == 0 {
            return shares;
        }
        let left = left as usize;
        if values.len() <= SCANNED_MAX {
            // Of few, the largest are found quicker by looking through all.
            for _ in 0..left {
                let best = (0..remainders.len()).rev().max_by_key(|index| remainders[*index].0);
                let best = best.expect("what is left over is less than there are values");
                shares[best] += 1;
                remainders[best].0 = 0;
            }
            return shares;
        }
        // Fewer satoshis are left over than values have a remainder, so selecting replaces sorting.
        let order = |(remainder, index): &(u64, u32)| (std::cmp::Reverse(*remainder), *index);
        remainders.select_nth_unstable_by_key(left - 1, order);
        for (_, index) in &remainders[..left] {
            shares[*index as usize] += 1;
        }
        shares
    }
}

/// Taint in, highest out: the largest outputs take the taint first, ties to the lower index; the
/// fee, which stands last, takes what is left over (Tironsakkul, Maarek, Eross, Just, "Probing the
/// Mystery of Cryptocurrency Theft", 2019).
fn highest_first(taint: u64, values: &[Satoshi]) -> Vec<u64> {
    let mut taints = vec![0; values.len()];
    let mut order: Vec<usize> = (0..values.len().saturating_sub(1)).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(values[*index]), *index));
    order.extend(values.len().checked_sub(1));
    let mut left = taint;
    for index in order {
        taints[index] = left.min(values[index].0);
        left -= taints[index];
    }
    taints
}

/// The tainted satoshis of all inputs as one queue of (first, how many), in input order.
fn queue<'a>(inputs: impl Iterator<Item = &'a Lot>) -> Vec<(u64, u64)> {
    let mut queue = Vec::new();
    let mut before = 0;
    for lot in inputs {
        queue.extend(lot.ranges.iter().map(|range| (before + range.start, range.length)));
        before += lot.value.0;
    }
    queue
}

/// The inputs are one queue of satoshis in input order, and the outputs take from its front in
/// output order (Anderson, Shumailov, Ahmed, "Making Bitcoin Legal", 2018; Clayton's case, 1816).
/// Last in, first out is the same on the queue read from its end, satoshi by satoshi.
fn first_in_first_out(queue: Vec<(u64, u64)>, values: &[Satoshi], lots: &mut Vec<Lot>) {
    let mut queue = queue.into_iter().peekable();
    let mut taken = 0;
    for value in values {
        let end = taken + value.0;
        let mut lot = Lot::clean(*value);
        while let Some((start, length)) = queue.peek_mut() {
            let cut = (*start + *length).min(end).saturating_sub(*start);
            if cut == 0 {
                break;
            }
            add_range(&mut lot, Range { start: *start - taken, length: cut });
            *start += cut;
            *length -= cut;
            if *length > 0 {
                break;
            }
            queue.next();
        }
        taken = end;
        lots.push(lot);
    }
}

/// Appends a range, joining it to its neighbour where they touch.
fn add_range(lot: &mut Lot, range: Range) {
    lot.taint.0 += range.length;
    match lot.ranges.last_mut() {
        Some(last) if last.start + last.length == range.start => last.length += range.length,
        _ => lot.ranges.push(range),
    }
}

#[cfg(test)]
mod tests;
