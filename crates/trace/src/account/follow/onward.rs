//! A walk that goes on as its chain grows. Knows no alerts and no reorganisation: whoever goes on
//! from a block sees to it that the block is still there.
//!
//! A look costs what the new blocks cost: of what was read before, only ledgers that hold taint
//! and have a new event are touched. What is found is what a walk from the beginning finds, as it
//! looked from block to block.

use super::super::{AccountSource, ORIGINS_MAX};
use super::*;
use chain::account::Event;
use std::ops::Range;

/// How far a walk has come, and what it must know to go on.
#[derive(Clone, Debug)]
pub struct Onward {
    tracked: BTreeMap<Key, Tracked>,
    origin_count: usize,
    totals: AccountTotals,
    events_read: u64,
    capped: bool,
    /// Events up to here are behind.
    rows: u64,
}

impl Onward {
    /// Before the first block.
    pub fn begin() -> Onward {
        Onward {
            tracked: BTreeMap::new(),
            origin_count: 0,
            totals: AccountTotals::default(),
            events_read: 0,
            capped: false,
            rows: 0,
        }
    }

    /// Reads on through the first `block_count` blocks of the ledgers; gives the payments that
    /// carried taint in those that are new. After an error nothing can be read on from here.
    ///
    /// # Errors
    /// More payments at the source than it may have, or a ledger beyond 128 bits. A source that is
    /// not there yet is no error: it paid nothing.
    pub fn read_on(
        &mut self,
        ledgers: &Ledgers,
        parameters: &AccountParameters,
        block_count: usize,
    ) -> Result<Vec<Step>, AccountTraceError> {
        let next = ledgers.blocks().get(block_count).map(|_| BlockIndex(block_count as u32));
        let end = next.map_or(ledgers.event_count(), |next| ledgers.events_of_block(next).start);
        let rows_end = end.min(rows_end(ledgers, parameters.limits.block_last));
        let fresh = self.rows..rows_end.max(self.rows);
        let origins = origins_among(ledgers, parameters, fresh.clone());
        self.origin_count += origins.len();
        if self.origin_count > ORIGINS_MAX {
            return Err(AccountTraceError::TooManyPayments);
        }
        let waiting = self.waiting(ledgers, fresh.clone());
        let mut walk = Walk {
            known: Known::AtPayment,
            ledgers,
            parameters,
            tracked: std::mem::take(&mut self.tracked),
            queue: origins.iter().copied().chain(waiting).map(Reverse).collect(),
            origins,
            carried: BTreeMap::new(),
            rows_end: fresh.end,
            flow: AccountFlow {
                totals: self.totals,
                capped: self.capped,
                events_read: self.events_read,
                ..empty(parameters.policy)
            },
        };
        let walked = walk.walk();
        self.rows = fresh.end;
        self.tracked = walk.tracked;
        (self.totals, self.capped) = (walk.flow.totals, walk.flow.capped);
        self.events_read = walk.flow.events_read;
        walked.map(|()| walk.flow.steps)
    }

    /// The first new event of every ledger that holds taint; those after it follow from it. Looks
    /// at whichever are fewer, the ledgers or the new events.
    fn waiting(&self, ledgers: &Ledgers, fresh: Range<u64>) -> Vec<u64> {
        if (self.tracked.len() as u64) < fresh.end - fresh.start {
            let tainted = self.tracked.iter().filter(|(_, one)| one.holding.taint() > 0);
            let first = |((asset, account), _): (&Key, &Tracked)| {
                let rows = ledgers.postings(*asset, *account);
                let first = rows.partition_point(|row| *row < fresh.start);
                rows.get(first).copied().filter(|row| *row < fresh.end)
            };
            return tainted.filter_map(first).collect();
        }
        let mut seen: BTreeSet<Key> = BTreeSet::new();
        let mut first = Vec::new();
        for event in fresh.map(|row| ledgers.event(EventNumber(row))) {
            for account in [event.from, event.to].into_iter().flatten() {
                let key = (event.asset, account);
                let tainted = self.tracked.get(&key).is_some_and(|one| one.holding.taint() > 0);
                if tainted && seen.insert(key) {
                    first.push(event.number.0);
                }
            }
        }
        first
    }
}

/// The source's payments among these events.
fn origins_among(
    ledgers: &Ledgers,
    parameters: &AccountParameters,
    fresh: Range<u64>,
) -> BTreeSet<u64> {
    let Some(asset) = ledgers.asset_number(parameters.asset) else { return BTreeSet::new() };
    let paid = |event: &Event| {
        event.asset == asset && !event.kind.is_fee() && event.amount > 0 && event.to.is_some()
    };
    let numbers = |events: &mut dyn Iterator<Item = Event>| {
        events.filter(paid).map(|event| event.number.0).collect::<BTreeSet<u64>>()
    };
    match parameters.source {
        AccountSource::Transaction(hash) => {
            let Some(number) = ledgers.transaction_number(&hash) else { return BTreeSet::new() };
            let is_fresh = |event: &Event| fresh.contains(&event.number.0);
            numbers(&mut events_of(ledgers, number).filter(is_fresh))
        }
        AccountSource::Account { account, block_first, block_last } => {
            let number = ledgers.account_number(account);
            let rows = number.map_or(&[][..], |number| ledgers.postings(asset, number));
            let first = rows.partition_point(|row| *row < fresh.start);
            let count = rows[first..].partition_point(|row| *row < fresh.end);
            let own = rows[first..first + count].iter();
            let within = |event: &Event| {
                let block = ledgers.block(event.block).number;
                event.from == number && (block_first..=block_last).contains(&block)
            };
            numbers(&mut own.map(|row| ledgers.event(EventNumber(*row))).filter(within))
        }
    }
}
