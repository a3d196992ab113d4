//! The shapes of single wallets. Knows their published protocols, not their users.

use super::{Facts, Match, Shape, most_common, single};
use chain::Satoshi;
use std::collections::BTreeMap;

/// A JoinMarket transaction joins at least a taker and two makers.
const JOINMARKET_PARTICIPANTS_MIN: u32 = 3;
/// Amounts up to this are no denomination.
const JOINMARKET_DUST_SATOSHI: u64 = 2_730;
/// From here on a payout of an exchange must be told apart.
const JOINMARKET_LARGE_INPUTS: usize = 50;
/// Makers bring one to three inputs; a sweep brings more.
const JOINMARKET_INPUTS_PER_PARTICIPANT_MAX: usize = 20;
/// Outputs for each ten participants: nearly all take change.
const JOINMARKET_OUTPUTS_PER_TEN_MIN: usize = 17;

/// Wasabi 1's denomination, which the coordinator lowered a little from round to round.
const WASABI_1_SATOSHI: u64 = 10_000_000;
const WASABI_1_TOLERANCE_SATOSHI: u64 = 500_000;
pub(super) const WASABI_1_INPUTS_MIN: usize = 10;
const WASABI_1_PARTICIPANTS_MIN: u32 = 3;
/// Inputs that one participant could register.
const WASABI_1_INPUTS_PER_PARTICIPANT_MAX: u32 = 7;
/// Below this many inputs an even split of one sum must be told apart.
const WASABI_1_SMALL_INPUTS: usize = 20;
/// An even split leaves less than one part in this many.
const WASABI_1_SPLIT_PARTS: u128 = 10_000;
/// Levels that 21 million bitcoin leave room for.
const WASABI_1_LEVELS_MAX: u32 = 28;

const WASABI_2_INPUTS_MIN: usize = 20;
const WASABI_2_OUTPUT_SATOSHI_MIN: u64 = 5_000;
const WASABI_2_INPUTS_PER_PARTICIPANT_MAX: usize = 10;
const WASABI_2_DENOMINATIONS_MIN: usize = 3;

/// One input address in this many may not hold a larger part of a Wasabi round.
const TOP_ADDRESS_PARTS: usize = 10;

/// Whirlpool's pools: denomination and coordinator's fee in satoshis.
const WHIRLPOOL_POOLS: [(u64, u64); 4] =
    [(100_000, 5_000), (1_000_000, 50_000), (5_000_000, 175_000), (50_000_000, 1_750_000)];
/// What an entrant brings above the denomination to pay miners.
const WHIRLPOOL_EXTRA_SATOSHI: std::ops::RangeInclusive<u64> = 100..=110_000;
const WHIRLPOOL_INPUTS: std::ops::RangeInclusive<usize> = 5..=8;
const WHIRLPOOL_ENTRANTS: std::ops::RangeInclusive<usize> = 1..=4;
const WHIRLPOOL_PREMIX_OUTPUTS_MAX: u32 = 70;

impl Facts {
    pub(super) fn joinmarket(&self) -> Option<Match> {
        let large: BTreeMap<u64, u32> = self
            .frequency
            .range(JOINMARKET_DUST_SATOSHI + 1..)
            .map(|(value, count)| (*value, *count))
            .collect();
        let (value, count) = most_common(&large)?;
        let (inputs, outputs) = (self.values_in.len(), self.values_out.len());
        let people = count as usize;
        let majority = 2 * people >= outputs;
        let enough = count >= JOINMARKET_PARTICIPANTS_MIN && people <= self.uses.len();
        let change = self.values_out.iter().any(|other| *other != value);
        let payout = inputs >= JOINMARKET_LARGE_INPUTS
            && (inputs > people * JOINMARKET_INPUTS_PER_PARTICIPANT_MAX
                || outputs * 10 < people * JOINMARKET_OUTPUTS_PER_TEN_MIN);
        let fits = majority && enough && self.distinct_out && change && !payout;
        fits.then(|| single(Shape::JoinMarket, count, value))
    }

    pub(super) fn wasabi_10(&self) -> Option<Match> {
        if !self.is_wasabi_1_round() {
            return None;
        }
        let window = WASABI_1_SATOSHI - WASABI_1_TOLERANCE_SATOSHI
            ..=WASABI_1_SATOSHI + WASABI_1_TOLERANCE_SATOSHI;
        let near: BTreeMap<u64, u32> =
            self.frequency.range(window).map(|(value, count)| (*value, *count)).collect();
        let (value, count) = most_common(&near)?;
        // One output more than the participants': the coordinator's fee.
        let majority = 2 * count as usize + 1 >= self.values_out.len();
        (majority && self.wasabi_1_people(count)).then(|| single(Shape::Wasabi10, count, value))
    }

    pub(super) fn wasabi_11(&self) -> Option<Match> {
        if !self.is_wasabi_1_round() {
            return None;
        }
        let mut levels = Vec::new();
        for level in 0..WASABI_1_LEVELS_MAX {
            let (value, tolerance) =
                (WASABI_1_SATOSHI << level, WASABI_1_TOLERANCE_SATOSHI << level);
            let near = self.frequency.range(value - tolerance..=value + tolerance);
            let count: u32 = near.map(|(_, count)| *count).sum();
            if count >= 2 {
                levels.push((value, count));
            }
        }
        // A single level at the base is Wasabi 1.0's shape.
        if levels.iter().all(|(value, _)| *value == WASABI_1_SATOSHI) {
            return None;
        }
        let mixed: u32 = levels.iter().map(|(_, count)| *count).sum();
        let people = levels.iter().map(|(_, count)| *count).max()?;
        let outputs = self.values_out.len();
        let majority = 2 * mixed as usize + 1 >= outputs;
        let sum = mixed as usize + self.uses.len() + 1 >= outputs;
        ((majority || sum) && self.wasabi_1_people(people)).then(|| Match {
            shape: Shape::Wasabi11,
            participants: people,
            denominations: levels.iter().map(|(value, _)| Satoshi(*value)).collect(),
            equal_outputs: mixed,
        })
    }

    pub(super) fn wasabi_2(&self) -> Option<Match> {
        let outputs = self.values_out.len();
        let large = self.values_in.len() >= WASABI_2_INPUTS_MIN && !self.one_address_leads();
        let tiny = self.values_out.iter().any(|value| *value < WASABI_2_OUTPUT_SATOSHI_MIN);
        if !large || tiny || !self.distinct_out {
            return None;
        }
        let repeated = self.frequency.iter().filter(|(_, count)| **count >= 2);
        let (denominations, counts): (Vec<Satoshi>, Vec<u32>) =
            repeated.map(|(value, count)| (Satoshi(*value), *count)).unzip();
        let equal_outputs: u32 = counts.iter().sum();
        let majority = 2 * equal_outputs as usize + 1 >= outputs;
        let remainder = (equal_outputs as usize) < outputs;
        let tiers = denominations.len() >= WASABI_2_DENOMINATIONS_MIN;
        let participants = (self.uses.len() / WASABI_2_INPUTS_PER_PARTICIPANT_MAX).max(1) as u32;
        (majority && remainder && tiers).then_some(Match {
            shape: Shape::Wasabi2,
            participants,
            denominations,
            equal_outputs,
        })
    }

    pub(super) fn whirlpool(&self) -> Option<Match> {
        let count = self.values_in.len();
        let even = self.values_out.len() == count && self.unspendable == 0;
        if !WHIRLPOOL_INPUTS.contains(&count) || !even || !self.distinct_out {
            return None;
        }
        let (value, equal) = most_common(&self.frequency)?;
        let pool = WHIRLPOOL_POOLS.iter().any(|(pool, _)| *pool == value);
        if !pool || equal as usize != count || self.uses.len() != count {
            return None;
        }
        let mut entrants = 0;
        for known in self.values_in.iter().flatten() {
            let extra = known.checked_sub(value)?;
            if extra > 0 {
                entrants += 1;
                if !WHIRLPOOL_EXTRA_SATOSHI.contains(&extra) {
                    return None;
                }
            }
        }
        let unknown = self.values_in.iter().filter(|known| known.is_none()).count();
        let entered = entrants <= *WHIRLPOOL_ENTRANTS.end()
            && entrants + unknown >= *WHIRLPOOL_ENTRANTS.start();
        entered.then(|| single(Shape::Whirlpool, equal, value))
    }

    pub(super) fn whirlpool_tx0(&self) -> Option<Match> {
        let outputs = self.values_out.len();
        if self.unspendable != 1 || outputs < 2 {
            return None;
        }
        for (pool, fee) in WHIRLPOOL_POOLS {
            let window =
                pool + *WHIRLPOOL_EXTRA_SATOSHI.start()..=pool + *WHIRLPOOL_EXTRA_SATOSHI.end();
            let near: BTreeMap<u64, u32> =
                self.frequency.range(window).map(|(value, count)| (*value, *count)).collect();
            let Some((premix, count)) = most_common(&near) else { continue };
            // Beside the premixed outputs: the coordinator's fee and perhaps change.
            if count > WHIRLPOOL_PREMIX_OUTPUTS_MAX || (count as usize) + 2 < outputs {
                continue;
            }
            let is_fee = |value: &&u64| 2 * **value >= fee && **value <= 3 * fee;
            if self.values_out.iter().filter(is_fee).count() == 1 {
                let denominations = vec![Satoshi(premix)];
                let shape = Shape::WhirlpoolTx0;
                return Some(Match { shape, participants: 1, denominations, equal_outputs: count });
            }
        }
        None
    }

    fn is_wasabi_1_round(&self) -> bool {
        self.values_in.len() >= WASABI_1_INPUTS_MIN
            && !self.one_address_leads()
            && self.distinct_out
            && !(self.values_in.len() < WASABI_1_SMALL_INPUTS && self.is_even_split())
    }

    fn wasabi_1_people(&self, people: u32) -> bool {
        let addresses = self.uses.len();
        people >= WASABI_1_PARTICIPANTS_MIN
            && people as usize <= addresses
            && addresses <= (people * WASABI_1_INPUTS_PER_PARTICIPANT_MAX) as usize
    }

    /// One address holds more of the inputs than a participant would: somebody sweeps.
    fn one_address_leads(&self) -> bool {
        let top = self.uses.iter().max().copied().unwrap_or(0) as usize;
        top * TOP_ADDRESS_PARTS > self.values_in.len()
    }

    /// All outputs together are a multiple of the commonest amount: a payout of one sum.
    fn is_even_split(&self) -> bool {
        let sum: u128 = self.values_out.iter().map(|value| u128::from(*value)).sum();
        let Some((value, _)) = most_common(&self.frequency) else { return false };
        let value = u128::from(value);
        if value == 0 || sum == 0 {
            return false;
        }
        let parts = (2 * sum + value) / (2 * value);
        parts > 0 && sum.abs_diff(parts * value) * WASABI_1_SPLIT_PARTS <= sum
    }
}
