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

    /// Whether less than this share of it is tainted, in parts per billion.
    pub fn below_share(&self, share_min_ppb: u32) -> bool {
        let whole = u128::from(crate::parameters::SHARE_WHOLE_PPB);
        u128::from(self.taint.0) * whole < u128::from(self.value.0) * u128::from(share_min_ppb)
    }
}

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
    let (worth, taint) = (sum_in as u64, inputs.clone().map(|lot| lot.taint.0).sum());
    match policy {
        Policy::Poison => lots.extend(poison(taint, values)),
        Policy::Haircut => lots.extend(with_taint(values, memory.shares(taint, worth, values))),
        Policy::Fifo => first_in_first_out(queue(inputs), values, lots),
        Policy::Lifo => {
            let mut queue = queue(inputs);
            queue.reverse();
            let mirrored = |(start, length): (u64, u64)| (worth - start - length, length);
            let queue = queue.into_iter().map(mirrored).collect();
            first_in_first_out(queue, values, lots);
        }
        Policy::Tiho => lots.extend(with_taint(values, &highest_first(taint, values))),
    }
}

/// Any taint in taints all that comes out (Möser, Böhme, Breuker, "Towards Risk Scoring of
/// Bitcoin Transactions", 2014).
fn poison(taint: u64, values: &[Satoshi]) -> impl Iterator<Item = Lot> {
    let tainted = move |value| if taint > 0 { value } else { Satoshi(0) };
    values.iter().map(move |value| Lot { taint: tainted(*value), ..Lot::clean(*value) })
}

fn with_taint(values: &[Satoshi], taints: &[u64]) -> impl Iterator<Item = Lot> {
    let lot =
        |(value, taint): (&Satoshi, &u64)| Lot { taint: Satoshi(*taint), ..Lot::clean(*value) };
    values.iter().zip(taints).map(lot)
}

/// Haircut, as [`Memory::shares`] says.
pub fn shares(taint: u64, worth: u64, values: &[Satoshi]) -> Vec<u64> {
    let mut memory = Memory::default();
    memory.shares(taint, worth, values);
    memory.shares
}

impl Memory {
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
