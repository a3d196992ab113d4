//! Which share of each transaction's money comes from one source, for a look at all of a chain or
//! at a neighbourhood before an exact trace. Knows no satoshis of taint: shares are whole numbers
//! of [`WHOLE`]ths, rounded down at each transaction, so they are the same on every machine, at
//! most the true share, and short of it by at most one [`WHOLE`]th for each transaction on a way.
//!
//! It reads plain columns, as a segment or a table of edges holds them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// All of a transaction's money.
pub const WHOLE: u64 = 1 << 62;

/// What each transaction spends, transactions in chain order. Whatever one spends is worth at most
/// 2^63 together.
#[derive(Clone, Copy, Debug)]
pub struct Spends<'a> {
    /// Where each transaction's rows begin, and one past the last.
    pub first: &'a [u32],
    /// The transaction that is spent from; always an earlier one.
    pub from: &'a [u32],
    /// How much.
    pub value: &'a [u64],
}

/// What each transaction pays into later ones.
#[derive(Clone, Copy, Debug)]
pub struct Payments<'a> {
    /// Where each transaction's rows begin, and one past the last.
    pub first: &'a [u32],
    /// The transaction that spends it.
    pub to: &'a [u32],
    /// How much.
    pub value: &'a [u64],
}

/// Every transaction's share, in one pass. The source counts as whole, whatever it spends. Panics
/// where columns do not fit each other.
pub fn scan(spends: Spends<'_>, source: u32) -> Vec<u64> {
    let count = spends.first.len() - 1;
    let mut shares = vec![0u64; count];
    let mut end = spends.first[source as usize + 1] as usize;
    shares[source as usize] = WHOLE;
    for transaction in source as usize + 1..count {
        let start = end;
        end = spends.first[transaction + 1] as usize;
        let (from, value) = (&spends.from[start..end], &spends.value[start..end]);
        let (mut tainted, mut worth) = (0u128, 0u64);
        for (from, value) in from.iter().zip(value) {
            worth += value;
            tainted += u128::from(shares[*from as usize]) * u128::from(*value);
        }
        if tainted != 0 {
            shares[transaction] = divide(tainted, worth);
        }
    }
    shares
}

/// Shares of the transactions of which at least `least` comes from the source, in chain order,
/// followed from spender to spender; whatever falls below is not followed.
pub fn frontier(
    spends: Spends<'_>,
    payments: Payments<'_>,
    source: u32,
    least: u64,
) -> Vec<(u32, u64)> {
    let mut pending: BinaryHeap<Reverse<(u32, u128)>> = BinaryHeap::new();
    let mut found = Vec::new();
    let mut at = Some((source, WHOLE));
    while let Some((transaction, share)) = at.take() {
        if share >= least {
            found.push((transaction, share));
            let rows = rows(payments.first, transaction);
            for (to, value) in payments.to[rows.clone()].iter().zip(&payments.value[rows]) {
                pending.push(Reverse((*to, u128::from(share) * u128::from(*value))));
            }
        }
        if let Some(Reverse((next, mut tainted))) = pending.pop() {
            while let Some(Reverse((_, more))) = pending.peek().filter(|more| more.0.0 == next) {
                tainted += more;
                pending.pop();
            }
            let worth = spends.value[rows(spends.first, next)].iter().sum();
            at = Some((next, divide(tainted, worth)));
        }
    }
    found
}

fn rows(first: &[u32], transaction: u32) -> std::ops::Range<usize> {
    first[transaction as usize] as usize..first[transaction as usize + 1] as usize
}

/// `tainted` is at most [`WHOLE`] times `worth`, so the share fits.
fn divide(tainted: u128, worth: u64) -> u64 {
    match u64::try_from(tainted) {
        Ok(tainted) => tainted / worth,
        Err(_) => (tainted / u128::from(worth)) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Random transactions, each spending some earlier ones.
    fn chains() -> impl Strategy<Value = (Vec<u32>, Vec<u32>, Vec<u64>)> {
        let spends = prop::collection::vec((any::<prop::sample::Index>(), 1u64..1 << 40), 0..5);
        prop::collection::vec(spends, 1..80).prop_map(|transactions| {
            let (mut first, mut from, mut value) = (vec![0, 0], Vec::new(), Vec::new());
            for (index, spends) in transactions.into_iter().enumerate() {
                for (pick, amount) in spends {
                    from.push(pick.index(index + 1) as u32);
                    value.push(amount);
                }
                first.push(from.len() as u32);
            }
            (first, from, value)
        })
    }

    fn turned(first: &[u32], from: &[u32], value: &[u64]) -> (Vec<u32>, Vec<u32>, Vec<u64>) {
        let mut rows: Vec<(u32, u32, u64)> = Vec::new();
        for to in 0..first.len() as u32 - 1 {
            rows.extend(super::rows(first, to).map(|row| (from[row], to, value[row])));
        }
        rows.sort_unstable();
        let begins = |tx: u32| rows.partition_point(|row| row.0 < tx) as u32;
        let starts = (0..first.len() as u32).map(begins).collect();
        (starts, rows.iter().map(|row| row.1).collect(), rows.iter().map(|row| row.2).collect())
    }

    proptest! {
        #[test]
        fn the_walk_equals_the_scan_and_the_scan_the_fractions(
            (first, from, value) in chains(),
            pick in any::<prop::sample::Index>(),
        ) {
            let source = pick.index(first.len() - 1) as u32;
            let spends = Spends { first: &first, from: &from, value: &value };
            let shares = scan(spends, source);
            let (starts, to, paid) = turned(&first, &from, &value);
            let payments = Payments { first: &starts, to: &to, value: &paid };
            let walked = frontier(spends, payments, source, 1);
            let scanned: Vec<(u32, u64)> =
                (0..).zip(&shares).filter(|(_, s)| **s > 0).map(|(tx, s)| (tx, *s)).collect();
            prop_assert_eq!(walked, scanned);
            let mut real = vec![0f64; shares.len()];
            for tx in 0..shares.len() {
                let rows = super::rows(&first, tx as u32);
                let worth: u64 = value[rows.clone()].iter().sum();
                let sum: f64 = rows.map(|row| real[from[row] as usize] * value[row] as f64).sum();
                real[tx] = if tx as u32 == source { 1.0 } else { sum / worth.max(1) as f64 };
                prop_assert!((real[tx] - shares[tx] as f64 / WHOLE as f64).abs() < 1e-12);
            }
        }
    }
}
