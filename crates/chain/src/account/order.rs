//! The order of coin and wrapped coin within one transaction. Knows no balances.
//!
//! Nodes number calls and logs apart, so a block's movements hold a transaction's coin before its
//! tokens. Only one sort of pair needs more: coin that a wrapper pays out follows the burning of as
//! much wrapped coin, and may be spent in the same transaction.

use super::block::{Asset, Kind, Movement};
use std::collections::BTreeSet;

/// Merges a transaction's coin and tokens so that each payout of a wrapper follows its burning.
/// Coin stays in the order of calls, tokens in the order of logs.
pub(crate) fn interleave(movements: &mut Vec<Movement>, first: usize) {
    if !movements[first..].iter().any(|one| one.kind == Kind::Unwrap) {
        return;
    }
    let own = movements.split_off(first);
    let (coin, tokens): (Vec<_>, Vec<_>) =
        own.into_iter().partition(|one| one.asset == Asset::Native);
    let burned = tokens.iter().filter(|one| one.kind == Kind::Unwrap);
    let wrappers: BTreeSet<Asset> = burned.map(|one| one.asset).collect();
    let mut tokens = tokens.into_iter();
    // Burnings that were entered and not yet paid out.
    let mut entered: Vec<Movement> = Vec::new();
    for paid in coin {
        if !paid.from.is_some_and(|from| wrappers.contains(&Asset::Token(from))) {
            movements.push(paid);
            continue;
        }
        let mut waiting = pays_out_of(&paid, tokens.clone());
        if let Some(at) = entered.iter().position(|burned| pays_out(&paid, burned)) {
            entered.swap_remove(at);
            waiting = None;
        }
        for _ in 0..waiting.map_or(0, |before| before + 1) {
            let Some(token) = tokens.next() else { break };
            if token.kind == Kind::Unwrap && !pays_out(&paid, &token) {
                entered.push(token.clone());
            }
            movements.push(token);
        }
        movements.push(paid);
    }
    movements.extend(tokens);
}

/// How many tokens stand before the burning that this coin pays out.
fn pays_out_of(paid: &Movement, mut tokens: impl Iterator<Item = Movement>) -> Option<usize> {
    tokens.position(|token| pays_out(paid, &token))
}

/// Whether coin is the other side of a burning.
pub(crate) fn pays_out(paid: &Movement, burned: &Movement) -> bool {
    let Asset::Token(wrapper) = burned.asset else { return false };
    burned.kind == Kind::Unwrap
        && paid.from == Some(wrapper)
        && paid.to == burned.from
        && paid.amount == burned.amount
}
