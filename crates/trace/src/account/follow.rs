//! The walk forward in chain order. Knows no exhibit.
//!
//! Only ledgers that hold tainted money are read, each from the payment that tainted it; what it
//! held before is summed from its own postings. Every event is read once, after everything before
//! it, so that no order of walking changes the result.

use super::haircut::mul_div;
use super::lots::{Holding, Moved};
use super::{
    AccountFlow, AccountParameters, AccountPolicy, AccountTotals, AccountTraceError, Contracts,
    events_of, origins,
};
use crate::parameters::SHARE_WHOLE_PPB;
use crate::poisoning;
use chain::account::{
    AccountNumber, Asset, AssetNumber, BlockIndex, Event, EventNumber, Kind, Ledgers, NATIVE,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

mod onward;

pub use onward::Onward;

/// A payment that carried taint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub event: EventNumber,
    /// Payments from the source; the source's own have hop 0.
    pub hop: u32,
    /// How much of it is tainted.
    pub taint: u128,
    /// How much of it the payer was not known to have.
    pub unattributed: u128,
    /// What became of it.
    pub fate: StepFate,
}

/// What becomes of a tainted payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepFate {
    /// The payee's holding took it in.
    Followed,
    /// The payee is named by a tag.
    Reached,
    /// The payee is a contract.
    Contract,
    /// The payee is further away than the trace goes.
    HopsMax,
    /// It carries less than the least amount.
    AmountMin,
    /// A smaller part of it is tainted than the least share.
    ShareMin,
    /// It looks like bait.
    Bait,
    /// It ceased to be.
    Destroyed,
    /// It became as much of another asset, at this event.
    Wrapped(EventNumber),
}

impl StepFate {
    /// The words used in exhibits and tables.
    pub fn name(self) -> &'static str {
        match self {
            StepFate::Followed => "followed",
            StepFate::Reached => "reached a tagged account",
            StepFate::Contract => "stopped at a contract",
            StepFate::HopsMax => "stopped: too far",
            StepFate::AmountMin => "stopped: too little",
            StepFate::ShareMin => "stopped: too small a part",
            StepFate::Bait => "left out as bait",
            StepFate::Destroyed => "destroyed",
            StepFate::Wrapped(_) => "wrapped or unwrapped",
        }
    }
}

/// Tainted money that an account holds at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// In which asset.
    pub asset: AssetNumber,
    /// Who.
    pub account: AccountNumber,
    /// All that it holds, as far as the blocks tell.
    pub balance: u128,
    /// The tainted part.
    pub taint: u128,
    /// What it paid beyond what had come in.
    pub unattributed: u128,
    /// Payments from the source.
    pub hop: u32,
}

type Key = (AssetNumber, AccountNumber);

/// A ledger that holds or held tainted money.
#[derive(Clone, Debug)]
struct Tracked {
    holding: Holding,
    hop: u32,
    /// The next posting that was not applied.
    next: usize,
}

/// Money on its way through a wrapper.
struct Carried {
    moved: Moved,
    hop: u32,
}

/// Up to when it counts that an account shows itself to be a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// The end of the walk: what is known now.
    AtEnd,
    /// Each payment: what was known then, so that newer blocks change nothing before them.
    AtPayment,
}

struct Walk<'a> {
    known: Known,
    ledgers: &'a Ledgers,
    parameters: &'a AccountParameters,
    tracked: BTreeMap<Key, Tracked>,
    /// Events to read, the oldest first.
    queue: BinaryHeap<Reverse<u64>>,
    origins: BTreeSet<u64>,
    carried: BTreeMap<u64, Carried>,
    rows_end: u64,
    flow: AccountFlow,
}

/// Follows the source under one rule.
///
/// # Errors
/// The source or the asset is not there, or pays nothing; or a ledger is beyond 128 bits.
pub fn follow(
    ledgers: &Ledgers,
    parameters: &AccountParameters,
) -> Result<AccountFlow, AccountTraceError> {
    follow_knowing(ledgers, parameters, Known::AtEnd)
}

/// The same as it looked from block to block: an account that shows itself to be a contract later
/// is one from then on. What is followed up to a block never changes by newer ones.
///
/// # Errors
/// As [`follow`].
pub fn follow_as_seen(
    ledgers: &Ledgers,
    parameters: &AccountParameters,
) -> Result<AccountFlow, AccountTraceError> {
    follow_knowing(ledgers, parameters, Known::AtPayment)
}

fn follow_knowing(
    ledgers: &Ledgers,
    parameters: &AccountParameters,
    known: Known,
) -> Result<AccountFlow, AccountTraceError> {
    let origins: BTreeSet<u64> = origins(ledgers, parameters)?.into_iter().collect();
    let mut walk = Walk {
        known,
        ledgers,
        parameters,
        tracked: BTreeMap::new(),
        queue: origins.iter().map(|row| Reverse(*row)).collect(),
        origins,
        carried: BTreeMap::new(),
        rows_end: rows_end(ledgers, parameters.limits.block_last),
        flow: empty(parameters.policy),
    };
    walk.walk()?;
    Ok(walk.finish())
}

/// The first event after the last block that is read.
fn rows_end(ledgers: &Ledgers, block_last: Option<u64>) -> u64 {
    let after = block_last.and_then(|last| ledgers.block_from(last.saturating_add(1)));
    after.map_or(ledgers.event_count(), |block| ledgers.events_of_block(block).start)
}

/// A flow of nothing yet.
fn empty(policy: AccountPolicy) -> AccountFlow {
    AccountFlow {
        policy,
        steps: Vec::new(),
        held: Vec::new(),
        totals: AccountTotals::default(),
        bait: Vec::new(),
        capped: false,
        events_read: 0,
    }
}

impl Walk<'_> {
    fn walk(&mut self) -> Result<(), AccountTraceError> {
        while let Some(Reverse(row)) = self.queue.pop() {
            while self.queue.peek() == Some(&Reverse(row)) {
                self.queue.pop();
            }
            if row >= self.rows_end {
                break;
            }
            // Money inside a wrapper is always let out: it would be in no sum otherwise.
            if self.flow.events_read >= self.parameters.limits.events_max
                && !self.carried.contains_key(&row)
            {
                self.flow.capped = true;
                if self.carried.is_empty() {
                    break;
                }
                continue;
            }
            self.flow.events_read += 1;
            let event = self.ledgers.event(EventNumber(row));
            self.apply(&event)?;
        }
        Ok(())
    }

    /// Applies one event to both sides.
    fn apply(&mut self, event: &Event) -> Result<(), AccountTraceError> {
        let row = event.number.0;
        if event.from.is_some() && event.from == event.to {
            // Money that goes nowhere changes no order of lots.
            event.from.iter().for_each(|account| self.advance((event.asset, *account), row));
            return Ok(());
        }
        let (mut moved, mut hop) = (Moved::clean(event.amount), 0);
        if let Some(carried) = self.carried.remove(&row) {
            // The wrapper never took it in, so that it pays nothing of its own.
            event.from.iter().for_each(|payer| self.advance((event.asset, *payer), row));
            (moved, hop) = (carried.moved, carried.hop);
        } else if let Some(payer) = event.from {
            let key = (event.asset, payer);
            self.catch_up(key, row)?;
            if let Some(tracked) = self.tracked.get_mut(&key) {
                moved = tracked.holding.pay(event.amount);
                hop = tracked.hop.saturating_add(1);
                self.flow.totals.added_by_poison += moved.added_by_poison;
                self.flow.totals.unattributed += moved.unattributed;
                self.advance(key, row);
            }
        }
        if self.origins.contains(&row) {
            self.flow.totals.source += event.amount - moved.taint;
            (moved, hop) = (Moved::stolen(event.amount), 0);
        }
        let bait = self.judge(event, moved.taint);
        if moved.taint > 0 {
            self.arrive(event, moved, hop, bait)
        } else {
            self.arrive_clean(event, event.amount)
        }
    }

    /// Whether an event that touches the trace is bait; all are listed.
    fn judge(&mut self, event: &Event, taint: u128) -> bool {
        let touches = |side: Option<AccountNumber>| {
            side.is_some_and(|account| self.tracked.contains_key(&(event.asset, account)))
        };
        if taint == 0 && !touches(event.from) && !touches(event.to) {
            return false;
        }
        match poisoning::judge(self.ledgers, event, &self.parameters.poisoning) {
            Some(bait) => {
                self.flow.bait.push((event.number, bait));
                self.parameters.poisoning.excludes(&bait)
            }
            None => false,
        }
    }

    /// Tainted money comes to the payee.
    fn arrive(
        &mut self,
        event: &Event,
        moved: Moved,
        hop: u32,
        bait: bool,
    ) -> Result<(), AccountTraceError> {
        if event.kind.is_fee() {
            self.flow.totals.fees += moved.taint;
            return self.arrive_clean(event, moved.amount);
        }
        let fate = match self.wrapped_at(event) {
            Some(target) => StepFate::Wrapped(target),
            None => self.fate(event, &moved, hop, bait),
        };
        let (taint, unattributed) = (moved.taint, moved.unattributed);
        self.flow.steps.push(Step { event: event.number, hop, taint, unattributed, fate });
        let totals = &mut self.flow.totals;
        match fate {
            StepFate::Followed => return self.receive(event, &moved, hop),
            StepFate::Wrapped(target) => {
                self.queue.push(Reverse(target.0));
                self.carried.insert(target.0, Carried { moved, hop });
                return Ok(());
            }
            StepFate::Reached => totals.reached += taint,
            StepFate::Contract => totals.contracts += taint,
            StepFate::HopsMax | StepFate::AmountMin | StepFate::ShareMin => {
                totals.limited += taint;
            }
            StepFate::Bait => totals.bait += taint,
            StepFate::Destroyed => totals.destroyed += taint,
        }
        self.arrive_clean(event, moved.amount)
    }

    fn fate(&self, event: &Event, moved: &Moved, hop: u32, bait: bool) -> StepFate {
        let Some(payee) = event.to else { return StepFate::Destroyed };
        let limits = &self.parameters.limits;
        let text = || self.ledgers.account_text(payee);
        let stops = self.parameters.contracts == Contracts::Stop;
        let before = EventNumber(match self.known {
            Known::AtEnd => self.rows_end,
            Known::AtPayment => event.number.0 + 1,
        });
        if bait {
            StepFate::Bait
        } else if !self.parameters.tags.is_empty() && self.parameters.tags.contains_key(&text()) {
            StepFate::Reached
        } else if stops && self.ledgers.is_contract_before(payee, before) {
            StepFate::Contract
        } else if hop > limits.hops_max {
            StepFate::HopsMax
        } else if moved.taint < limits.amount_min {
            StepFate::AmountMin
        } else if below_share(moved, limits.share_min_ppb) {
            StepFate::ShareMin
        } else {
            StepFate::Followed
        }
    }

    /// The event at which this one's amount comes out of a wrapper in the same transaction.
    fn wrapped_at(&self, event: &Event) -> Option<EventNumber> {
        let transaction = event.transaction?;
        let later = |other: &Event| {
            other.number > event.number
                && other.amount == event.amount
                && !self.carried.contains_key(&other.number.0)
                && other.number.0 < self.rows_end
        };
        let mut events = events_of(self.ledgers, transaction).filter(later);
        if event.kind == Kind::Unwrap {
            let contract = self.contract_of(event.asset)?;
            let paid_out = |other: &Event| {
                other.asset == NATIVE && other.from == Some(contract) && other.to == event.from
            };
            return events.find(paid_out).map(|other| other.number);
        }
        if event.asset != NATIVE {
            return None;
        }
        let came_out = |other: &Event| {
            other.kind == Kind::Wrap
                && other.to == event.from
                && self.contract_of(other.asset).is_some_and(|one| Some(one) == event.to)
        };
        events.find(came_out).map(|other| other.number)
    }

    fn contract_of(&self, asset: AssetNumber) -> Option<AccountNumber> {
        match self.ledgers.asset(asset) {
            Asset::Token(contract) => self.ledgers.account_number(contract),
            _ => None,
        }
    }

    fn arrive_clean(&mut self, event: &Event, amount: u128) -> Result<(), AccountTraceError> {
        let Some(payee) = event.to else { return Ok(()) };
        let key = (event.asset, payee);
        self.catch_up(key, event.number.0)?;
        if self.tracked.contains_key(&key) {
            self.take_in(key, event, &Moved::clean(amount))?;
            self.advance(key, event.number.0);
        }
        Ok(())
    }

    fn receive(&mut self, event: &Event, moved: &Moved, hop: u32) -> Result<(), AccountTraceError> {
        let Some(payee) = event.to else { return Ok(()) };
        let (key, row) = ((event.asset, payee), event.number.0);
        self.catch_up(key, row)?;
        if !self.tracked.contains_key(&key) {
            let holding = Holding::clean(self.parameters.policy, 0);
            self.tracked.insert(key, Tracked { holding, hop, next: 0 });
            self.settle(key, row)?;
        }
        if let Some(tracked) = self.tracked.get_mut(&key) {
            let first = tracked.holding.taint() == 0;
            tracked.hop = if first { hop } else { hop.min(tracked.hop) };
        }
        self.take_in(key, event, moved)?;
        self.advance(key, row);
        Ok(())
    }

    fn take_in(&mut self, key: Key, event: &Event, moved: &Moved) -> Result<(), AccountTraceError> {
        let Some(tracked) = self.tracked.get_mut(&key) else { return Ok(()) };
        let overflow = |_| AccountTraceError::Overflow(event.number.0);
        self.flow.totals.added_by_poison += tracked.holding.receive(moved).map_err(overflow)?;
        Ok(())
    }

    /// A ledger that lost its taint was not read for a while.
    fn catch_up(&mut self, key: Key, row: u64) -> Result<(), AccountTraceError> {
        match self.tracked.get(&key) {
            Some(tracked) if tracked.holding.taint() == 0 => self.settle(key, row),
            _ => Ok(()),
        }
    }

    /// Applies clean postings before `row`.
    fn settle(&mut self, key: Key, row: u64) -> Result<(), AccountTraceError> {
        let ledgers = self.ledgers;
        let postings = ledgers.postings(key.0, key.1);
        let Some(tracked) = self.tracked.get_mut(&key) else { return Ok(()) };
        let mut balance = tracked.holding.balance();
        while let Some(posted) = postings.get(tracked.next).filter(|posted| **posted < row) {
            let event = ledgers.event(EventNumber(*posted));
            tracked.next += 1;
            if event.from == event.to {
                continue;
            }
            balance = match event.to == Some(key.1) {
                // What was paid beyond the balance came from an opening lot, long before the taint.
                false => balance.saturating_sub(event.amount),
                true => {
                    balance.checked_add(event.amount).ok_or(AccountTraceError::Overflow(*posted))?
                }
            };
        }
        tracked.holding = tracked.holding.with_clean_balance(balance);
        Ok(())
    }

    /// Puts the ledger's next event in the queue, while there is taint to follow.
    fn advance(&mut self, key: Key, row: u64) {
        let postings = self.ledgers.postings(key.0, key.1);
        let Some(tracked) = self.tracked.get_mut(&key) else { return };
        while postings.get(tracked.next).is_some_and(|posted| *posted <= row) {
            tracked.next += 1;
        }
        if tracked.holding.taint() > 0
            && let Some(next) = postings.get(tracked.next)
        {
            self.queue.push(Reverse(*next));
        }
    }

    fn finish(mut self) -> AccountFlow {
        for ((asset, account), tracked) in self.tracked {
            let holding = &tracked.holding;
            if holding.taint() > 0 {
                self.flow.totals.held += holding.taint();
                self.flow.held.push(Held {
                    asset,
                    account,
                    balance: holding.balance(),
                    taint: holding.taint(),
                    unattributed: holding.unattributed(),
                    hop: tracked.hop,
                });
            }
        }
        assert_eq!(self.flow.totals.difference(), 0, "what goes in comes out");
        self.flow
    }
}

/// Whether a payment carries less than `floor(amount x least share)`.
fn below_share(moved: &Moved, share_min_ppb: u32) -> bool {
    let (share, whole) = (u128::from(share_min_ppb), u128::from(SHARE_WHOLE_PPB));
    match share < whole {
        true => moved.taint < mul_div(share, moved.amount, whole),
        false => moved.taint < moved.amount,
    }
}
