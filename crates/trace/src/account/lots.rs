//! What one account holds of one asset, under five rules. Knows no chain.
//!
//! A holding is never negative: whoever pays more than came in had something before, or the token
//! changes balances by itself (rebasing) or keeps a part on the way (fee on transfer). The
//! difference is an opening lot that nobody attributes, clean under every rule but poison.

use super::AccountPolicy;
use super::haircut::mul_div;
use std::collections::VecDeque;

/// Consecutive units of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// How many.
    pub amount: u128,
    /// Whether they are tainted, all of them.
    pub tainted: bool,
}

/// What a payment carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// All of it.
    pub amount: u128,
    /// The tainted part.
    pub taint: u128,
    /// Its lots in the order in which they were taken, under the rules that tell lots apart.
    pub lots: Vec<Lot>,
    /// Paid from the unattributed opening lot.
    pub unattributed: u128,
    /// Clean money that poison tainted on the way out.
    pub added_by_poison: u128,
}

/// What an account holds of one asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    policy: AccountPolicy,
    balance: u128,
    taint: u128,
    /// Oldest first; together the balance. Empty under rules that do not tell lots apart.
    lots: VecDeque<Lot>,
    unattributed: u128,
}

/// A sum beyond 128 bits: no honest token has as many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

impl Moved {
    /// A payment without taint.
    pub fn clean(amount: u128) -> Moved {
        Moved { amount, lots: lot(amount, false), ..Moved::default() }
    }

    /// A payment of which every unit is tainted.
    pub fn stolen(amount: u128) -> Moved {
        Moved { amount, taint: amount, lots: lot(amount, true), ..Moved::default() }
    }
}

impl Holding {
    /// An account that holds clean money only.
    pub fn clean(policy: AccountPolicy, balance: u128) -> Holding {
        Holding { policy, balance, taint: 0, lots: lot(balance, false).into(), unattributed: 0 }
    }

    /// The same account with another balance, all of it clean.
    pub fn with_clean_balance(&self, balance: u128) -> Holding {
        Holding { unattributed: self.unattributed, ..Holding::clean(self.policy, balance) }
    }

    /// All that is there.
    pub fn balance(&self) -> u128 {
        self.balance
    }

    /// The tainted part.
    pub fn taint(&self) -> u128 {
        self.taint
    }

    /// What was paid beyond what had come in, so far.
    pub fn unattributed(&self) -> u128 {
        self.unattributed
    }

    /// Takes in a payment; says how much clean money poison tainted by that.
    pub fn receive(&mut self, moved: &Moved) -> Result<u128, TooMuch> {
        self.balance = self.balance.checked_add(moved.amount).ok_or(TooMuch)?;
        if self.policy == AccountPolicy::Poison {
            let tainted = self.taint > 0 || moved.taint > 0;
            let before = self.taint + moved.taint;
            self.taint = if tainted { self.balance } else { 0 };
            return Ok(self.taint - before.min(self.taint));
        }
        self.taint += moved.taint;
        if self.policy.tells_lots_apart() {
            moved.lots.iter().for_each(|lot| push(&mut self.lots, *lot));
        }
        Ok(0)
    }

    /// Pays out under the rule.
    pub fn pay(&mut self, amount: u128) -> Moved {
        let taken = amount.min(self.balance);
        let missing = amount - taken;
        let mut moved = Moved { amount, unattributed: missing, ..Moved::default() };
        match self.policy {
            AccountPolicy::Poison => {
                if self.taint > 0 {
                    (moved.taint, moved.added_by_poison) = (amount, missing);
                    self.taint -= taken;
                }
            }
            AccountPolicy::Haircut => {
                moved.taint = match taken == self.balance {
                    true => self.taint,
                    false => mul_div(taken, self.taint, self.balance),
                };
                self.taint -= moved.taint;
            }
            AccountPolicy::LowestBalance => {
                moved.taint = self.taint.saturating_sub(self.balance - taken);
                self.taint -= moved.taint;
            }
            AccountPolicy::Fifo | AccountPolicy::Lifo => self.take(taken, missing, &mut moved),
        }
        self.balance -= taken;
        self.unattributed += missing;
        moved
    }

    fn take(&mut self, taken: u128, missing: u128, moved: &mut Moved) {
        let oldest_first = self.policy == AccountPolicy::Fifo;
        let mut left = taken;
        let mut queue = VecDeque::new();
        // The opening lot is the oldest there is.
        if oldest_first {
            push(&mut queue, Lot { amount: missing, tainted: false });
        }
        while left > 0 {
            let end = if oldest_first { self.lots.front_mut() } else { self.lots.back_mut() };
            let Some(end) = end else { break };
            let part = end.amount.min(left);
            push(&mut queue, Lot { amount: part, tainted: end.tainted });
            end.amount -= part;
            left -= part;
            if end.amount == 0 {
                let _ = if oldest_first { self.lots.pop_front() } else { self.lots.pop_back() };
            }
        }
        assert_eq!(left, 0, "the lots are the balance");
        if !oldest_first {
            push(&mut queue, Lot { amount: missing, tainted: false });
        }
        moved.taint = queue.iter().filter(|lot| lot.tainted).map(|lot| lot.amount).sum();
        self.taint -= moved.taint;
        moved.lots = queue.into();
    }
}

fn lot(amount: u128, tainted: bool) -> Vec<Lot> {
    if amount == 0 { Vec::new() } else { vec![Lot { amount, tainted }] }
}

/// Appends a lot, joining it to its neighbour where they are alike.
fn push(lots: &mut VecDeque<Lot>, lot: Lot) {
    match lots.back_mut() {
        _ if lot.amount == 0 => {}
        Some(last) if last.tainted == lot.tainted => last.amount += lot.amount,
        _ => lots.push_back(lot),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    /// Deposits (stolen or clean) and payments; says what each payment carried.
    fn check(policy: AccountPolicy, acts: &str, expected: Expect) {
        let mut holding = Holding::clean(policy, 0);
        let mut said = String::new();
        for act in acts.split_whitespace() {
            let (sort, amount) = act.split_at(1);
            let amount: u128 = amount.parse().unwrap();
            match sort {
                "s" => drop(holding.receive(&Moved::stolen(amount))),
                "c" => drop(holding.receive(&Moved::clean(amount))),
                _ => {
                    let moved = holding.pay(amount);
                    said += &format!("{} of {amount}", moved.taint);
                    if moved.unattributed > 0 {
                        said += &format!(" ({} unattributed)", moved.unattributed);
                    }
                    said += "; ";
                }
            }
        }
        said += &format!("left {} of {}", holding.taint(), holding.balance());
        expected.assert_eq(&said);
    }

    #[test]
    fn three_stolen_then_seven_earned_are_paid_out() {
        // The example of lightbluetouchpaper.org, 2018-03-26, one after the other.
        let acts = "s3 c7 p3 p4 p3";
        check(AccountPolicy::Poison, acts, expect!["3 of 3; 4 of 4; 3 of 3; left 0 of 0"]);
        check(AccountPolicy::Haircut, acts, expect!["0 of 3; 1 of 4; 2 of 3; left 0 of 0"]);
        check(AccountPolicy::Fifo, acts, expect!["3 of 3; 0 of 4; 0 of 3; left 0 of 0"]);
        check(AccountPolicy::Lifo, acts, expect!["0 of 3; 0 of 4; 3 of 3; left 0 of 0"]);
        check(AccountPolicy::LowestBalance, acts, expect!["0 of 3; 0 of 4; 3 of 3; left 0 of 0"]);
    }

    #[test]
    fn the_lowest_balance_in_between_limits_the_claim() {
        // James Roscoe (Bolton) Ltd v Winder, 1915: what was spent is gone, later money does not
        // bring it back.
        check(
            AccountPolicy::LowestBalance,
            "s455 p430 c329",
            expect!["430 of 430; left 25 of 354"],
        );
        check(
            AccountPolicy::LowestBalance,
            "c100 s50 p120 c500",
            expect!["20 of 120; left 30 of 530"],
        );
    }

    #[test]
    fn what_nobody_saw_coming_in_is_unattributed() {
        for policy in AccountPolicy::ALL {
            let mut holding = Holding::clean(policy, 0);
            holding.receive(&Moved::stolen(10)).unwrap();
            let moved = holding.pay(25);
            assert_eq!((moved.unattributed, holding.balance(), holding.taint()), (15, 0, 0));
            let tainted = if policy == AccountPolicy::Poison { 25 } else { 10 };
            assert_eq!(moved.taint, tainted, "{policy:?}");
        }
    }

    fn act() -> impl Strategy<Value = (u8, u128)> {
        (0u8..4, prop_oneof![0u128..100, 0u128..(1 << 90)])
    }

    proptest! {
        /// Two holdings pay each other; nothing is lost, nothing is negative.
        #[test]
        fn value_and_taint_are_conserved(acts in proptest::collection::vec(act(), 0..60)) {
            for policy in AccountPolicy::ALL {
                let mut pair = [Holding::clean(policy, 7), Holding::clean(policy, 0)];
                let (mut value, mut taint) = (7u128, 0u128);
                for (sort, amount) in &acts {
                    match sort {
                        0 => {
                            taint += amount;
                            value += amount;
                            taint += pair[0].receive(&Moved::stolen(*amount)).unwrap();
                        }
                        1 => {
                            value += amount;
                            taint += pair[1].receive(&Moved::clean(*amount)).unwrap();
                        }
                        from => {
                            let from = usize::from(*from) - 2;
                            let moved = pair[from].pay(*amount);
                            value += moved.unattributed;
                            taint += moved.added_by_poison;
                            taint += pair[1 - from].receive(&moved).unwrap();
                            if policy.tells_lots_apart() {
                                let lots: u128 = moved.lots.iter().map(|lot| lot.amount).sum();
                                prop_assert_eq!(lots, moved.amount);
                            }
                        }
                    }
                    for holding in &pair {
                        prop_assert!(holding.taint() <= holding.balance(), "{:?}", policy);
                        let lots: u128 = holding.lots.iter().map(|lot| lot.amount).sum();
                        prop_assert!(!policy.tells_lots_apart() || lots == holding.balance());
                    }
                }
                prop_assert_eq!(pair[0].balance() + pair[1].balance(), value);
                prop_assert_eq!(pair[0].taint() + pair[1].taint(), taint, "{:?}", policy);
            }
        }
    }
}
