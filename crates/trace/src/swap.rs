//! What may have come back for what was given: swaps in one transaction, and bridges between two
//! chains, as ranked candidates with the parts of each score. Knows no prices and no contracts by
//! name, and never says that a candidate is the one: all are listed, an analyst chooses.
//!
//! Wrapping is no swap: the walk follows it by itself ([`crate::account`]).

use crate::account::events_of;
use chain::account::{AccountNumber, AssetNumber, Event, EventNumber, Kind, Ledgers};

/// Something that may have come back in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwapCandidate {
    /// What was given.
    pub given: EventNumber,
    /// What may have come for it.
    pub received: EventNumber,
    /// Why it may be, and what it adds.
    pub components: Vec<Component>,
    /// The sum of what the components add, in parts per million.
    pub score_ppm: u32,
}

/// A withdrawal on another chain that may belong to a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeCandidate {
    /// The withdrawal.
    pub received: EventNumber,
    /// Seconds after the deposit.
    pub seconds: u64,
    /// What is missing of the amount, in parts per million of it.
    pub fee_ppm: u32,
    /// Why it may be, and what it adds.
    pub components: Vec<Component>,
    /// The sum of what the components add, in parts per million.
    pub score_ppm: u32,
}

/// A part of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// What was seen.
    pub name: &'static str,
    /// What it adds, in parts per million.
    pub adds_ppm: u32,
}

/// Which withdrawals are compared with a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BridgeRules {
    /// How long after the deposit a withdrawal may come.
    pub window_seconds: u64,
    /// How much of the amount a bridge may keep, in parts per million.
    pub fee_max_ppm: u32,
    /// The amount there is the amount here times this...
    pub multiply: u128,
    /// ...and divided by this, where the tokens count in other units.
    pub divide: u128,
}

/// Most candidates listed for one payment; the count of all is given beside them.
pub const CANDIDATES_MAX: usize = 1_000;
/// Most events read for one deposit.
pub const WINDOW_EVENTS_MAX: usize = 1_000_000;

const WHOLE_PPM: u32 = 1_000_000;
const PAYER_ADDS_PPM: u32 = 300_000;
const SIGNER_ADDS_PPM: u32 = 100_000;
const COUNTERPARTY_ADDS_PPM: u32 = 200_000;
const CONTRACT_ADDS_PPM: u32 = 100_000;
const ONLY_ADDS_PPM: u32 = 400_000;
const TIME_ADDS_PPM: u32 = 200_000;
const FEE_ADDS_PPM: u32 = 200_000;

/// Everything that came to the payer, or to whoever signed, in another asset and in the same
/// transaction; best first, ties in the order of the chain.
pub fn candidates(ledgers: &Ledgers, given: &Event) -> Vec<SwapCandidate> {
    let (Some(transaction), Some(payer)) = (given.transaction, given.from) else {
        return Vec::new();
    };
    let signer = ledgers.transaction(transaction).sender;
    let end = EventNumber(ledgers.events_of(transaction).end);
    let comes = |event: &Event| {
        let to_them = event.to == Some(payer) || event.to == Some(signer);
        let back = matches!(
            event.kind,
            Kind::Token | Kind::Mint | Kind::Internal | Kind::Wrap | Kind::SelfDestruct
        );
        to_them && back && event.asset != given.asset && event.amount > 0
    };
    let came: Vec<Event> = events_of(ledgers, transaction).filter(comes).collect();
    let mut assets: Vec<AssetNumber> = came.iter().map(|event| event.asset).collect();
    assets.sort_unstable();
    assets.dedup();
    let mut found: Vec<SwapCandidate> = came
        .iter()
        .map(|event| {
            let counterparty = event.from.is_some() && event.from == given.to;
            let contract = event.from.is_some_and(|from| ledgers.is_contract_before(from, end));
            let components = seen([
                (event.to == Some(payer), "came to the payer", PAYER_ADDS_PPM),
                (event.to == Some(signer), "came to the signer", SIGNER_ADDS_PPM),
                (counterparty, "came from whom it was given to", COUNTERPARTY_ADDS_PPM),
                (contract, "came from a contract", CONTRACT_ADDS_PPM),
                (assets.len() == 1, "nothing else came back", ONLY_ADDS_PPM / came.len() as u32),
            ]);
            let score_ppm = sum(&components);
            let (given, received) = (given.number, event.number);
            SwapCandidate { given, received, components, score_ppm }
        })
        .collect();
    found.sort_by_key(|one| (std::cmp::Reverse(one.score_ppm), one.received));
    found.truncate(CANDIDATES_MAX);
    found
}

/// Every payment of an asset on another chain by one of `payers` (a bridge's accounts there) that
/// comes after the deposit, within the window and the fee; best first, ties in the order of time.
pub fn bridge_candidates(
    ledgers: &Ledgers,
    deposit: &Event,
    there: &Ledgers,
    asset: AssetNumber,
    payers: &[AccountNumber],
    rules: &BridgeRules,
) -> Vec<BridgeCandidate> {
    let time = ledgers.block(deposit.block).time;
    let depositor = deposit.from.map(|from| ledgers.account(from));
    let scaled = deposit.amount.checked_mul(rules.multiply);
    let Some(amount) = scaled.and_then(|amount| amount.checked_div(rules.divide)) else {
        return Vec::new();
    };
    let mut withdrawals: Vec<(Event, u64, u32)> = Vec::new();
    for payer in payers {
        let rows = there.postings(asset, *payer);
        let first = rows.partition_point(|row| {
            let block = there.event(EventNumber(*row)).block;
            there.block(block).time < time
        });
        for row in rows[first..].iter().take(WINDOW_EVENTS_MAX) {
            let event = there.event(EventNumber(*row));
            let seconds = there.block(event.block).time - time;
            if seconds > rules.window_seconds {
                break;
            }
            let Some(fee_ppm) = kept(amount, event.amount, rules.fee_max_ppm) else { continue };
            if event.from == Some(*payer) && event.to.is_some() && !event.kind.is_fee() {
                withdrawals.push((event, seconds, fee_ppm));
            }
        }
    }
    let rivals = withdrawals.len() as u32;
    let mut found: Vec<BridgeCandidate> = withdrawals
        .into_iter()
        .map(|(event, seconds, fee_ppm)| {
            let same = event.to.map(|to| there.account(to)) == depositor && depositor.is_some();
            let late = part(seconds, rules.window_seconds);
            let dear = part(u64::from(fee_ppm), u64::from(rules.fee_max_ppm));
            let components = seen([
                (same, "goes to the same address", PAYER_ADDS_PPM),
                (true, "soon after", scale(TIME_ADDS_PPM, WHOLE_PPM - late)),
                (true, "little is missing", scale(FEE_ADDS_PPM, WHOLE_PPM - dear)),
                (true, "few others fit", (WHOLE_PPM - 700_000) / rivals),
                (false, "", 0),
            ]);
            let score_ppm = sum(&components);
            BridgeCandidate { received: event.number, seconds, fee_ppm, components, score_ppm }
        })
        .collect();
    found.sort_by_key(|one| (std::cmp::Reverse(one.score_ppm), one.seconds, one.received));
    found.truncate(CANDIDATES_MAX);
    found
}

/// What a bridge kept, in parts per million, where it is within the limit.
fn kept(amount: u128, received: u128, fee_max_ppm: u32) -> Option<u32> {
    let missing = amount.checked_sub(received)?;
    let ppm = match missing.checked_mul(u128::from(WHOLE_PPM)) {
        Some(product) => product.checked_div(amount).unwrap_or(0),
        None => missing / (amount / u128::from(WHOLE_PPM)).max(1),
    };
    u32::try_from(ppm).ok().filter(|ppm| *ppm <= fee_max_ppm)
}

/// A part of a whole in parts per million, at most all of it.
fn part(some: u64, whole: u64) -> u32 {
    let ppm = u128::from(some) * u128::from(WHOLE_PPM) / u128::from(whole.max(1));
    ppm.min(u128::from(WHOLE_PPM)) as u32
}

fn scale(adds_ppm: u32, share_ppm: u32) -> u32 {
    (u64::from(adds_ppm) * u64::from(share_ppm) / u64::from(WHOLE_PPM)) as u32
}

fn seen(all: [(bool, &'static str, u32); 5]) -> Vec<Component> {
    let holds = all.into_iter().filter(|(holds, ..)| *holds);
    holds.map(|(_, name, adds_ppm)| Component { name, adds_ppm }).collect()
}

fn sum(components: &[Component]) -> u32 {
    components.iter().map(|component| component.adds_ppm).sum()
}
