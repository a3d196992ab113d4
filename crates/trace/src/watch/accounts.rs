//! Lots of accounts: what left the source, as FIFO tells units apart. Knows no clock and no node.
//!
//! What is told of a block never changes by newer blocks: an account counts as a contract from
//! where it showed itself to be one. So a look reads new blocks only ([`AccountWatch`]); what it
//! tells is what a walk over all blocks tells ([`of_accounts`]).

use std::collections::VecDeque;

use chain::account::{AccountNumber, Hash256, Ledgers};

use super::WatchNumber;
use super::journal::{Happened, JournalError, What};
use crate::Tag;
use crate::account::{
    AccountParameters, AccountPolicy, AccountSource, AccountTraceError, Onward, Step, StepFate,
    follow_as_seen,
};

/// Blocks from one place to which a watch can go back to the next.
pub const STRIDE_BLOCKS: usize = 64;
/// Places to which a watch can go back. A reorganisation that reaches below all of them is read
/// from the first block.
pub const PLACES_MAX: usize = 3;

/// Sources that are watched while their chain grows.
#[derive(Clone, Debug)]
pub struct AccountWatch {
    sources: Vec<(WatchNumber, AccountParameters)>,
    now: Place,
    /// Where the walks stood at older blocks, oldest first.
    kept: VecDeque<Place>,
}

/// What a look found: everything that the sources' money did from a height on. Below it nothing
/// changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The lowest height that was read.
    pub height: u64,
    /// What happened there and above.
    pub happened: Happened,
    /// Blocks that were read.
    pub block_count: usize,
}

/// How far the walks have come.
#[derive(Clone, Debug)]
struct Place {
    block_count: usize,
    newest: Option<Hash256>,
    /// Accounts up to this number have been named, where they have a name.
    named: u32,
    walks: Vec<Onward>,
}

impl Place {
    fn begin(count: usize) -> Place {
        Place { block_count: 0, newest: None, named: 0, walks: vec![Onward::begin(); count] }
    }

    /// Whether the chain still has the block at which this place is.
    fn is_on(&self, ledgers: &Ledgers) -> bool {
        let newest = self.block_count.checked_sub(1).map(|index| ledgers.blocks().get(index));
        newest.is_none_or(|block| block.is_some_and(|block| Some(block.hash) == self.newest))
    }
}

impl AccountWatch {
    /// Watches these; nothing was read yet.
    pub fn new(sources: Vec<(WatchNumber, AccountParameters)>) -> AccountWatch {
        let fifo = |(number, parameters): (WatchNumber, AccountParameters)| {
            (number, AccountParameters { policy: AccountPolicy::Fifo, ..parameters })
        };
        let sources: Vec<_> = sources.into_iter().map(fifo).collect();
        let now = Place::begin(sources.len());
        AccountWatch { sources, now, kept: VecDeque::new() }
    }

    /// Reads what is new, from the last block that the chain still has. Accounts that turn up are
    /// asked a name for, as their chain writes them; money that reaches a named one ends there.
    ///
    /// # Errors
    /// A trace fails, as over a ledger beyond 128 bits; the next look begins at the first block.
    pub fn look(
        &mut self,
        ledgers: &Ledgers,
        now_seconds: u64,
        name: impl Fn(&str) -> Option<Tag>,
    ) -> Result<News, JournalError> {
        self.go_back(ledgers);
        for number in self.now.named..ledgers.account_count() {
            let account = ledgers.account_text(AccountNumber(number));
            let Some(tag) = name(&account) else { continue };
            for (_, parameters) in &mut self.sources {
                parameters.tags.insert(account.clone(), tag.clone());
            }
        }
        let blocks = ledgers.blocks();
        let begun = self.now.block_count;
        let height = begun.checked_sub(1).map_or(0, |last| blocks[last].number + 1);
        let mut happened = Happened::new();
        while self.now.block_count < blocks.len() {
            let stride_end = (self.now.block_count / STRIDE_BLOCKS + 1) * STRIDE_BLOCKS;
            let end = stride_end.min(blocks.len());
            for ((number, parameters), walk) in self.sources.iter().zip(&mut self.now.walks) {
                match walk.read_on(ledgers, parameters, end) {
                    Ok(steps) => {
                        let steps = steps.into_iter().filter(|step| is_told(parameters, step));
                        tell(ledgers, *number, parameters, steps, now_seconds, &mut happened);
                    }
                    Err(error) => {
                        let watch = number.0;
                        *self = AccountWatch::new(std::mem::take(&mut self.sources));
                        return Err(JournalError::Trace { watch, error });
                    }
                }
            }
            self.now.block_count = end;
            self.now.newest = Some(blocks[end - 1].hash);
            if end == stride_end && blocks.len() - end < PLACES_MAX * STRIDE_BLOCKS {
                self.kept.push_back(self.now.clone());
                if self.kept.len() > PLACES_MAX {
                    self.kept.pop_front();
                }
            }
        }
        // The places kept on the way have named fewer: asking twice does no harm.
        self.now.named = ledgers.account_count();
        Ok(News { height, happened, block_count: blocks.len() - begun })
    }

    /// Where a reorganisation took away the block at which we stand, stands at the newest place
    /// that is left.
    fn go_back(&mut self, ledgers: &Ledgers) {
        if self.now.is_on(ledgers) {
            return;
        }
        while self.kept.back().is_some_and(|place| !place.is_on(ledgers)) {
            self.kept.pop_back();
        }
        let begin = || Place::begin(self.sources.len());
        self.now = self.kept.back().cloned().unwrap_or_else(begin);
    }
}

/// Everything that a watched source's money did, in chain order. The payments of a transaction that
/// is watched are where the lots begin, and are told only where they ended at once.
///
/// # Errors
/// As [`crate::account::follow`]. A source that is not there yet is no error: it did nothing.
pub fn moves(
    ledgers: &Ledgers,
    parameters: &AccountParameters,
) -> Result<Vec<Step>, AccountTraceError> {
    let fifo = AccountParameters { policy: AccountPolicy::Fifo, ..parameters.clone() };
    let flow = match follow_as_seen(ledgers, &fifo) {
        Ok(flow) => flow,
        Err(
            AccountTraceError::NoTransaction(_)
            | AccountTraceError::NoAsset(_)
            | AccountTraceError::NoPayment { .. },
        ) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(flow.steps.into_iter().filter(|step| is_told(parameters, step)).collect())
}

fn is_told(parameters: &AccountParameters, step: &Step) -> bool {
    let of_transaction = matches!(parameters.source, AccountSource::Transaction(_));
    !(of_transaction && step.hop == 0 && step.fate == StepFate::Followed)
}

/// Everything that the sources' money did, walked anew over all blocks.
///
/// # Errors
/// A trace fails, as over a ledger beyond 128 bits.
pub fn of_accounts(
    ledgers: &Ledgers,
    sources: &[(WatchNumber, AccountParameters)],
    now_seconds: u64,
) -> Result<Happened, JournalError> {
    let mut happened = Happened::new();
    for (number, parameters) in sources {
        let steps = moves(ledgers, parameters)
            .map_err(|error| JournalError::Trace { watch: number.0, error })?;
        tell(ledgers, *number, parameters, steps.into_iter(), now_seconds, &mut happened);
    }
    Ok(happened)
}

fn tell(
    ledgers: &Ledgers,
    number: WatchNumber,
    parameters: &AccountParameters,
    steps: impl Iterator<Item = Step>,
    now_seconds: u64,
    happened: &mut Happened,
) {
    for step in steps {
        let event = ledgers.event(step.event);
        let block = ledgers.block(event.block);
        let payee = event.to.map(|to| ledgers.account_text(to));
        let hash = event
            .transaction
            .map(|number| ledgers.chain().hash_text(ledgers.transaction(number).hash));
        let mut what = What {
            block: ledgers.chain().hash_text(block.hash),
            transaction: hash,
            place: Some(crate::account::exhibit::place(event.place)),
            watch: number.0,
            what: word(step.fate).to_owned(),
            address: payee.clone(),
            asset: Some(ledgers.asset(event.asset).text(ledgers.chain())),
            amount: step.taint.to_string(),
            ..What::lowest(block.number)
        };
        let tag = payee.and_then(|payee| parameters.tags.get(&payee));
        if let Some(tag) = tag.filter(|_| step.fate == StepFate::Reached) {
            what.name(tag);
        }
        happened.insert(what, Some(now_seconds.saturating_sub(block.time)));
    }
}

fn word(fate: StepFate) -> &'static str {
    match fate {
        StepFate::Followed => "moved",
        StepFate::Reached => "reached",
        StepFate::Contract => "contract",
        StepFate::HopsMax | StepFate::AmountMin | StepFate::ShareMin => "limited",
        StepFate::Bait => "bait",
        StepFate::Destroyed => "destroyed",
        StepFate::Wrapped(_) => "wrapped",
    }
}
