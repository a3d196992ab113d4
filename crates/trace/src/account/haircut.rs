//! Pro rata in exact integers, one payment at a time and ten million at once. Knows no chain.
//!
//! A payment of `amount` out of `balance`, of which `taint` is tainted, carries
//! `floor(amount x taint / balance)`; the remainder stays with the payer. So taint never exceeds a
//! balance, and what one side loses the other gains, to the last unit. Whoever pays more than it is
//! known to have pays the difference from an opening balance that nobody attributes: clean.

/// What an account holds of one asset, in 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// All of it.
    pub balance: u64,
    /// The tainted part, at most all of it.
    pub taint: u64,
}

/// What a pass over transfers saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Transfers that carried taint.
    pub tainted_transfers: u64,
    /// Paid beyond what was known to be there, over all transfers.
    pub unattributed: u128,
}

/// Why a pass stops. Everything before the transfer has been applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// The columns have different lengths.
    #[error("the columns have {from}, {to} and {amount} rows; they must be as long as each other")]
    Columns {
        /// Rows of payers.
        from: usize,
        /// Rows of payees.
        to: usize,
        /// Rows of amounts.
        amount: usize,
    },
    /// A balance beyond 64 bits.
    #[error("transfer {0}: the payee's balance passes 64 bits; use the ledgers in 128 bits")]
    Overflow(usize),
    /// An account that is not there.
    #[error("transfer {0}: it names an account that is not in the ledgers")]
    Account(usize),
}

/// How far ahead ledgers are touched so that the memory answers while earlier ones are computed.
const AHEAD: usize = 24;

/// Applies transfers in order to ledgers of one asset. The columns are those of a segment: payer,
/// payee, amount.
pub fn haircut_pass(
    ledgers: &mut [Held],
    from: &[u32],
    to: &[u32],
    amount: &[u64],
) -> Result<Passed, PassError> {
    if from.len() != to.len() || from.len() != amount.len() {
        let (from, to, amount) = (from.len(), to.len(), amount.len());
        return Err(PassError::Columns { from, to, amount });
    }
    let mut passed = Passed::default();
    let mut early = 0;
    for (index, ((from_number, to_number), amount)) in from.iter().zip(to).zip(amount).enumerate() {
        // Loads that nobody waits for: by the time the row comes, its ledgers are in the cache.
        if let (Some(payer), Some(payee)) = (from.get(index + AHEAD), to.get(index + AHEAD)) {
            early |= touch(ledgers, *payer) | touch(ledgers, *payee);
        }
        let payer = ledgers.get_mut(*from_number as usize).ok_or(PassError::Account(index))?;
        let (balance, taint) = (payer.balance, payer.taint);
        let moved = if taint == 0 { 0 } else { share(*amount, taint, balance) };
        let missing = amount.saturating_sub(balance);
        *payer = Held { balance: balance - (*amount - missing), taint: taint - moved };
        passed.unattributed += u128::from(missing);
        passed.tainted_transfers += u64::from(moved > 0);
        let payee = ledgers.get_mut(*to_number as usize).ok_or(PassError::Account(index))?;
        payee.balance = payee.balance.checked_add(*amount).ok_or(PassError::Overflow(index))?;
        payee.taint += moved;
    }
    std::hint::black_box(early);
    Ok(passed)
}

fn touch(ledgers: &[Held], account: u32) -> u64 {
    ledgers.get(account as usize).map_or(0, |held| held.balance)
}

/// `floor(amount x taint / balance)`, all of the taint where all of the balance goes.
#[inline]
fn share(amount: u64, taint: u64, balance: u64) -> u64 {
    if amount >= balance {
        return taint;
    }
    match amount.checked_mul(taint) {
        Some(product) => product / balance,
        None => wide_share(amount, taint, balance),
    }
}

/// The same where the product passes 64 bits: a floating quotient is off by little, and integers
/// say by how much. Twice as fast as a division in 128 bits.
fn wide_share(amount: u64, taint: u64, balance: u64) -> u64 {
    let product = u128::from(amount) * u128::from(taint);
    let mut quotient = (amount as f64 * (taint as f64 / balance as f64)) as u64;
    // One correction brings the error of 2^-51 of the quotient below 2.
    for _ in 0..2 {
        let rest = product.wrapping_sub(u128::from(quotient) * u128::from(balance)) as i128;
        let step = (rest as f64 / balance as f64).floor() as i64;
        quotient = quotient.wrapping_add_signed(step);
    }
    let rest = product.wrapping_sub(u128::from(quotient) * u128::from(balance)) as i128;
    match rest {
        rest if rest < 0 => quotient - 1,
        rest if rest >= i128::from(balance) => quotient + 1,
        _ => quotient,
    }
}

/// `floor(amount x taint / balance)` in 128 bits; `amount` must be below `balance`, so that the
/// result fits.
pub fn mul_div(amount: u128, taint: u128, balance: u128) -> u128 {
    assert!(amount < balance, "less is paid than is there");
    if let Some(product) = amount.checked_mul(taint) {
        return product / balance;
    }
    let (high, low) = widening_mul(amount, taint);
    divide(high, low, balance)
}

const HALF: u32 = 64;
const LOW: u128 = u64::MAX as u128;

/// The product of two numbers of 128 bits as two of them.
fn widening_mul(left: u128, right: u128) -> (u128, u128) {
    let (left_high, left_low) = (left >> HALF, left & LOW);
    let (right_high, right_low) = (right >> HALF, right & LOW);
    let low = left_low * right_low;
    let middle = left_high * right_low + (low >> HALF);
    let other = left_low * right_high + (middle & LOW);
    let high = left_high * right_high + (middle >> HALF) + (other >> HALF);
    (high, other << HALF | low & LOW)
}

/// The quotient of a number of 256 bits, its high half below the divisor (Knuth, The Art of
/// Computer Programming, volume 2, 4.3.1, algorithm D with two digits of 64 bits).
fn divide(high: u128, low: u128, divisor: u128) -> u128 {
    assert!(high < divisor, "the quotient fits");
    let shift = divisor.leading_zeros();
    let divisor = divisor << shift;
    let carried = if shift == 0 { 0 } else { low >> (2 * HALF - shift) };
    let (high, low) = (high << shift | carried, low << shift);
    let (first, rest) = digit(high, low >> HALF, divisor);
    let (second, _) = digit(rest, low & LOW, divisor);
    first << HALF | second
}

/// One digit of the quotient, and what is left over.
fn digit(high: u128, next: u128, divisor: u128) -> (u128, u128) {
    let (top, bottom) = (divisor >> HALF, divisor & LOW);
    let mut quotient = high / top;
    let mut rest = high % top;
    while quotient > LOW || quotient * bottom > (rest << HALF | next) {
        quotient -= 1;
        rest += top;
        if rest > LOW {
            break;
        }
    }
    let whole = (high << HALF).wrapping_add(next);
    (quotient, whole.wrapping_sub(quotient.wrapping_mul(divisor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Long division bit by bit: slow, and plainly right.
    fn slow(amount: u128, taint: u128, balance: u128) -> u128 {
        let (mut high, mut low) = widening_mul(amount, taint);
        let mut quotient = 0u128;
        let mut rest = 0u128;
        for _ in 0..256 {
            let carry = rest >> 127;
            rest = rest << 1 | high >> 127;
            high = high << 1 | low >> 127;
            low <<= 1;
            quotient <<= 1;
            if carry == 1 || rest >= balance {
                rest = rest.wrapping_sub(balance);
                quotient |= 1;
            }
        }
        quotient
    }

    fn number() -> impl Strategy<Value = u128> {
        (any::<u128>(), 0u32..128).prop_map(|(number, shift)| number >> shift)
    }

    proptest! {
        #[test]
        fn a_share_is_the_floor_in_64_bits(a: u64, t: u64, b: u64, s in 0u32..64, u in 0u32..64) {
            let balance = (b >> s.min(u)).max(1);
            let (amount, taint) = ((a >> s) % balance, (t >> u).min(balance));
            let exact = u128::from(amount) * u128::from(taint) / u128::from(balance);
            prop_assert_eq!(u128::from(share(amount, taint, balance)), exact);
            prop_assert_eq!(u128::from(wide_share(amount, taint, balance)), exact);
        }

        #[test]
        fn a_share_is_the_floor_in_128_bits(a in number(), t in number(), b in number()) {
            let balance = b.max(1);
            let (amount, taint) = (a % balance, t.min(balance));
            prop_assert_eq!(mul_div(amount, taint, balance), slow(amount, taint, balance));
        }

        #[test]
        fn a_pass_conserves_value_and_taint(
            rows in proptest::collection::vec((0u32..8, 0u32..8, 0u64..1_000), 0..200),
        ) {
            let mut ledgers = vec![Held::default(); 8];
            ledgers[0] = Held { balance: 5_000, taint: 3_000 };
            type Row = (u32, u32, u64);
            let column = |pick: fn(&Row) -> u32| rows.iter().map(pick).collect::<Vec<_>>();
            let (from, to) = (column(|row| row.0), column(|row| row.1));
            let amount: Vec<u64> = rows.iter().map(|row| row.2).collect();
            let passed = haircut_pass(&mut ledgers, &from, &to, &amount).unwrap();
            let balance: u128 = ledgers.iter().map(|held| u128::from(held.balance)).sum();
            let taint: u64 = ledgers.iter().map(|held| held.taint).sum();
            prop_assert_eq!(balance, 5_000 + passed.unattributed);
            prop_assert_eq!(taint, 3_000);
            prop_assert!(ledgers.iter().all(|held| held.taint <= held.balance));
        }
    }

    #[test]
    fn the_ends_of_the_range_divide() {
        let most = u128::MAX;
        assert_eq!(mul_div(most - 1, most, most), most - 1);
        assert_eq!(mul_div(most - 1, most - 1, most), most - 2);
        assert_eq!(mul_div(0, most, most), 0);
        assert_eq!(wide_share(u64::MAX - 1, u64::MAX, u64::MAX), u64::MAX - 1);
        assert_eq!(wide_share(u64::MAX - 1, u64::MAX - 1, u64::MAX), u64::MAX - 2);
    }

    #[test]
    fn bad_columns_are_refused() {
        let mut ledgers = vec![Held::default(); 2];
        let columns = haircut_pass(&mut ledgers, &[0], &[1, 1], &[1]);
        assert_eq!(columns, Err(PassError::Columns { from: 1, to: 2, amount: 1 }));
        assert_eq!(haircut_pass(&mut ledgers, &[2], &[1], &[1]), Err(PassError::Account(0)));
        let most = u64::MAX;
        let over = haircut_pass(&mut ledgers, &[0, 0], &[1, 1], &[most, 1]);
        assert_eq!(over, Err(PassError::Overflow(1)));
    }
}
