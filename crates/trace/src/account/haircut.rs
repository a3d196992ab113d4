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

/// Ledgers of one asset, by account number. Balances lie apart from taint: every transfer asks for
/// two balances, which are then twice as near, and few ask for taint.
#[derive(Clone, Debug, Default)]
pub struct Ledgers {
    balances: Vec<u64>,
    taints: Vec<u64>,
    /// A bit for each account that ever held taint; small enough to stay in the cache.
    tainted: Vec<u64>,
}

impl Ledgers {
    /// So many accounts that hold nothing.
    pub fn new(accounts: usize) -> Ledgers {
        let empty = |count| vec![0; count];
        let tainted = empty(accounts.div_ceil(u64::BITS as usize));
        Ledgers { balances: empty(accounts), taints: empty(accounts), tainted }
    }

    /// What an account holds. Panics on a number that is not in the ledgers, as does
    /// [`set`](Ledgers::set).
    pub fn of(&self, account: u32) -> Held {
        let account = account as usize;
        Held { balance: self.balances[account], taint: self.taints[account] }
    }

    /// Says what an account holds.
    pub fn set(&mut self, account: u32, held: Held) {
        let account = account as usize;
        self.balances[account] = held.balance;
        self.add_taint(account, held.taint.wrapping_sub(self.taints[account]));
    }

    /// Accounts that hold taint, ascending.
    pub fn tainted(&self) -> impl Iterator<Item = (u32, Held)> {
        let accounts = (0..self.balances.len() as u32).filter(|account| self.may_hold(*account));
        accounts.map(|account| (account, self.of(account))).filter(|(_, held)| held.taint > 0)
    }

    #[inline]
    fn may_hold(&self, account: u32) -> bool {
        self.tainted[account as usize / 64] >> (account % 64) & 1 == 1
    }

    fn add_taint(&mut self, account: usize, more: u64) {
        self.taints[account] = self.taints[account].wrapping_add(more);
        self.tainted[account / 64] |= 1 << (account % 64);
    }

    /// Loads that nobody waits for: by the time the rows come, their balances are in the cache.
    #[inline]
    fn touch(&self, from: &[u32], to: &[u32]) {
        let load = |account: &u32| self.balances.get(*account as usize).copied().unwrap_or(0);
        let touched = from.iter().zip(to).fold(0, |sum, (from, to)| sum ^ load(from) ^ load(to));
        std::hint::black_box(touched);
    }
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

/// Transfers whose balances are asked for at once.
const BATCH: usize = 64;

/// Applies transfers in order to ledgers of one asset. The columns are those of a segment: payer,
/// payee, amount.
pub fn haircut_pass(
    ledgers: &mut Ledgers,
    from: &[u32],
    to: &[u32],
    amount: &[u64],
) -> Result<Passed, PassError> {
    if from.len() != to.len() || from.len() != amount.len() {
        let (from, to, amount) = (from.len(), to.len(), amount.len());
        return Err(PassError::Columns { from, to, amount });
    }
    let mut passed = Passed::default();
    let batches = from.chunks(BATCH).zip(to.chunks(BATCH)).zip(amount.chunks(BATCH));
    for (batch, ((from, to), amount)) in batches.enumerate() {
        ledgers.touch(from, to);
        for (row, ((from, to), amount)) in from.iter().zip(to).zip(amount).enumerate() {
            let index = batch * BATCH + row;
            let payer = *from as usize;
            let left = ledgers.balances.get_mut(payer).ok_or(PassError::Account(index))?;
            let balance = *left;
            *left = balance.saturating_sub(*amount);
            passed.unattributed += u128::from(amount.saturating_sub(balance));
            let payee = *to as usize;
            let had = ledgers.balances.get_mut(payee).ok_or(PassError::Account(index))?;
            *had = had.checked_add(*amount).ok_or(PassError::Overflow(index))?;
            if ledgers.may_hold(*from) {
                let moved = share(*amount, ledgers.taints[payer], balance);
                if moved > 0 {
                    passed.tainted_transfers += 1;
                    ledgers.taints[payer] -= moved;
                    ledgers.add_taint(payee, moved);
                }
            }
        }
    }
    Ok(passed)
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
            let mut ledgers = Ledgers::new(8);
            ledgers.set(0, Held { balance: 5_000, taint: 3_000 });
            type Row = (u32, u32, u64);
            let column = |pick: fn(&Row) -> u32| rows.iter().map(pick).collect::<Vec<_>>();
            let (from, to) = (column(|row| row.0), column(|row| row.1));
            let amount: Vec<u64> = rows.iter().map(|row| row.2).collect();
            let passed = haircut_pass(&mut ledgers, &from, &to, &amount).unwrap();
            let held: Vec<Held> = (0..8).map(|account| ledgers.of(account)).collect();
            let balance: u128 = held.iter().map(|held| u128::from(held.balance)).sum();
            let taint: u64 = ledgers.tainted().map(|(_, held)| held.taint).sum();
            prop_assert_eq!(balance, 5_000 + passed.unattributed);
            prop_assert_eq!(taint, 3_000);
            prop_assert!(held.iter().all(|held| held.taint <= held.balance));
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
        let mut ledgers = Ledgers::new(2);
        let columns = haircut_pass(&mut ledgers, &[0], &[1, 1], &[1]);
        assert_eq!(columns, Err(PassError::Columns { from: 1, to: 2, amount: 1 }));
        assert_eq!(haircut_pass(&mut ledgers, &[2], &[1], &[1]), Err(PassError::Account(0)));
        let most = u64::MAX;
        let over = haircut_pass(&mut ledgers, &[0, 0], &[1, 1], &[most, 1]);
        assert_eq!(over, Err(PassError::Overflow(1)));
    }
}
