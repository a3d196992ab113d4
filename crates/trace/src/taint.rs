//! How taint passes one transaction: three rules, one signature each. Knows no chain.
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
    /// Under FIFO, which of its satoshis are tainted: ascending, apart, never empty. Other rules
    /// do not tell satoshis apart and leave this empty.
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
        let ranged = policy == Policy::Fifo && value.0 > 0;
        let ranges = if ranged { vec![Range { start: 0, length: value.0 }] } else { Vec::new() };
        Lot { value, taint: value, ranges }
    }
}

/// Passes taint on under a policy. `values` are the outputs in order and then the fee; they must
/// sum to what the inputs are worth.
pub fn pass(policy: Policy, inputs: &[Lot], values: &[Satoshi]) -> Vec<Lot> {
    let sum_in: u128 = inputs.iter().map(|lot| u128::from(lot.value.0)).sum();
    let sum_out: u128 = values.iter().map(|value| u128::from(value.0)).sum();
    assert!(sum_in <= u128::from(chain::view::WORTH_MAX), "a view holds no more");
    assert_eq!(sum_in, sum_out, "outputs and fee make what the inputs are worth");
    match policy {
        Policy::Poison => poison(inputs, values),
        Policy::Haircut => haircut(inputs, values),
        Policy::Fifo => fifo(inputs, values),
    }
}

/// Any taint in taints all that comes out (Möser, Böhme, Breuker, "Towards Risk Scoring of
/// Bitcoin Transactions", 2014).
fn poison(inputs: &[Lot], values: &[Satoshi]) -> Vec<Lot> {
    let tainted = inputs.iter().any(|lot| lot.taint.0 > 0);
    let taint = |value| if tainted { value } else { Satoshi(0) };
    values.iter().map(|value| Lot { taint: taint(*value), ..Lot::clean(*value) }).collect()
}

/// Each output gets floor(taint x value / inputs); the left-over satoshis go one each to the
/// largest remainders, ties to the lower index, so that the fee comes last (the same paper, there
/// in real numbers).
fn haircut(inputs: &[Lot], values: &[Satoshi]) -> Vec<Lot> {
    let worth: u128 = inputs.iter().map(|lot| u128::from(lot.value.0)).sum();
    let taint: u128 = inputs.iter().map(|lot| u128::from(lot.taint.0)).sum();
    if taint == 0 {
        return values.iter().map(|value| Lot::clean(*value)).collect();
    }
    // A view's outputs are together worth at most 2^63 satoshis, so the product fits in 128 bits.
    let product = |value: &Satoshi| taint * u128::from(value.0);
    let mut shares: Vec<u64> = values.iter().map(|v| (product(v) / worth) as u64).collect();
    let given: u128 = shares.iter().map(|share| u128::from(*share)).sum();
    let mut by_remainder: Vec<usize> = (0..values.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(product(&values[*index]) % worth));
    for index in by_remainder.into_iter().take((taint - given) as usize) {
        shares[index] += 1;
    }
    let lot = |(value, share): (&Satoshi, u64)| Lot { taint: Satoshi(share), ..Lot::clean(*value) };
    values.iter().zip(shares).map(lot).collect()
}

/// The inputs are one queue of satoshis in input order, and the outputs take from its front in
/// output order (Anderson, Shumailov, Ahmed, "Making Bitcoin Legal", 2018; Clayton's case, 1816).
fn fifo(inputs: &[Lot], values: &[Satoshi]) -> Vec<Lot> {
    let mut queue = Vec::new();
    let mut before = 0;
    for lot in inputs {
        queue.extend(lot.ranges.iter().map(|range| (before + range.start, range.length)));
        before += lot.value.0;
    }
    let mut queue = queue.into_iter().peekable();
    let mut taken = 0;
    let mut lots = Vec::with_capacity(values.len());
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
    lots
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
