//! Owners and their habits. Knows no transactions.

use super::random::{Random, bytes};
use chain::{Features, ScriptType};
use std::collections::VecDeque;

/// One owner in so many is an exchange.
pub(super) const OWNERS_PER_EXCHANGE: u32 = 16;

/// Where change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeHabit {
    /// To a new address each time.
    Fresh,
    /// Back to the address of the first coin spent.
    Back,
}

/// Which address is given to payers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressHabit {
    /// A new one each time.
    Fresh,
    /// Always the same.
    Same,
}

/// What an owner has, and how the owner's software behaves.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// Whether it is an exchange.
    pub exchange: bool,
    /// The type of all its addresses.
    pub script_type: ScriptType,
    /// Which address is given to payers.
    pub address_habit: AddressHabit,
    /// Where change goes.
    pub change_habit: ChangeHabit,
    /// Whether the lock time is the height, as against fee sniping.
    pub locks: bool,
    /// Whether payments can be replaced.
    pub replaceable: bool,
    /// The version field.
    pub version: i32,
    /// The fee of a transaction in satoshis, when it is always the same.
    pub fixed_fee: Option<u64>,
    /// The address that is always the same, once there is one.
    pub(super) address: Option<u64>,
    /// The newest last.
    coins: VecDeque<Money>,
    worth: u64,
}

/// An unspent coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Money {
    /// The transaction's number in chain order.
    pub(super) transaction: u64,
    pub(super) vout: u32,
    pub(super) value: u64,
    pub(super) address: u64,
    pub(super) is_change: bool,
}

/// Inputs of an ordinary payment at most.
const PAYMENT_INPUTS_MAX: usize = 12;
/// Coins that an owner looks through.
const LATELY_MAX: usize = 64;

impl Wallet {
    pub(super) fn new(owner: u32, random: &mut Random) -> Wallet {
        let exchange = owner % OWNERS_PER_EXCHANGE == 1;
        let script_type = match random.below(10) {
            0..=3 => ScriptType::P2pkh,
            4..=5 => ScriptType::P2sh,
            6..=8 => ScriptType::P2wpkh,
            _ => ScriptType::P2tr,
        };
        let often = |random: &mut Random, percent| random.below(100) < percent;
        Wallet {
            exchange,
            script_type,
            address_habit: if often(random, 15) { AddressHabit::Same } else { AddressHabit::Fresh },
            change_habit: if often(random, 12) { ChangeHabit::Back } else { ChangeHabit::Fresh },
            locks: often(random, 40),
            replaceable: often(random, 50),
            version: if often(random, 60) { 2 } else { 1 },
            fixed_fee: often(random, 30).then(|| 1_000 * (1 + random.below(20))),
            address: None,
            coins: VecDeque::new(),
            worth: 0,
        }
    }

    /// Satoshis in all its coins.
    pub fn worth(&self) -> u64 {
        self.worth
    }

    /// What its software leaves in a transaction.
    pub fn features(&self, height: u32) -> Features {
        Features {
            version: self.version,
            lock_time: if self.locks { height } else { 0 },
            replaceable: self.replaceable,
            witness: !matches!(self.script_type, ScriptType::P2pkh | ScriptType::P2sh),
        }
    }

    pub(super) fn add(&mut self, coin: Money) {
        self.worth += coin.value;
        self.coins.push_back(coin);
    }

    pub(super) fn put_back(&mut self, coins: Vec<Money>) {
        coins.into_iter().for_each(|coin| self.add(coin));
    }

    /// The largest of the newest coins.
    pub(super) fn largest_value(&self) -> Option<u64> {
        self.lately().map(|place| self.coins[place].value).max()
    }

    /// Coins worth more than an amount: the newest one that does alone, or the newest together.
    pub(super) fn take(&mut self, amount: u64) -> Option<Vec<Money>> {
        let enough = |coin: &Money| coin.value > amount + amount / 50;
        if let Some(place) = self.lately().rev().find(|place| enough(&self.coins[*place])) {
            return Some(vec![self.remove(place)]);
        }
        let (mut sum, mut count) = (0u64, 0);
        for coin in self.coins.iter().rev().take(PAYMENT_INPUTS_MAX) {
            sum += coin.value;
            count += 1;
            if sum > amount + amount / 50 {
                return Some((0..count).map(|_| self.remove(self.coins.len() - 1)).collect());
            }
        }
        None
    }

    /// The change of the last payment.
    pub(super) fn take_change(&mut self) -> Option<Money> {
        let is_change = |coin: &Money| coin.is_change && coin.value > 1_000_000;
        let place = self.lately().rev().find(|place| is_change(&self.coins[*place]))?;
        Some(self.remove(place))
    }

    pub(super) fn take_largest(&mut self) -> Option<Money> {
        let place = self.lately().max_by_key(|place| self.coins[*place].value)?;
        Some(self.remove(place))
    }

    /// The oldest coins, two at least.
    pub(super) fn take_many(&mut self, count: usize) -> Option<Vec<Money>> {
        if self.coins.len() < 2 {
            return None;
        }
        let taken: Vec<Money> = self.coins.drain(..count.min(self.coins.len())).collect();
        self.worth -= taken.iter().map(|coin| coin.value).sum::<u64>();
        Some(taken)
    }

    /// The places of the newest coins, which alone are looked through: an exchange has too many.
    fn lately(&self) -> std::ops::Range<usize> {
        self.coins.len().saturating_sub(LATELY_MAX)..self.coins.len()
    }

    fn remove(&mut self, place: usize) -> Money {
        let coin = self.coins.remove(place).expect("the caller found it there");
        self.worth -= coin.value;
        coin
    }

    /// The script of an address of this owner.
    pub(super) fn script(&self, address: u64) -> Box<[u8]> {
        let hash = bytes(address ^ (0xadd7 << 44));
        let mut script = match self.script_type {
            ScriptType::P2pkh => vec![0x76, 0xa9, 20],
            ScriptType::P2sh => vec![0xa9, 20],
            ScriptType::P2wpkh => vec![0, 20],
            _ => vec![0x51, 32],
        };
        match self.script_type {
            ScriptType::P2tr => script.extend(hash),
            _ => script.extend(&hash[..20]),
        }
        match self.script_type {
            ScriptType::P2pkh => script.extend([0x88, 0xac]),
            ScriptType::P2sh => script.push(0x87),
            _ => {}
        }
        script.into()
    }
}
