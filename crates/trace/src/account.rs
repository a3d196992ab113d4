//! Taint over ledgers of accounts (EVM, Tron): five rules, a walk forward, an exhibit. Knows no
//! node, no prices and no owners: an account is not a person, and a contract is not its user.
//!
//! - [`haircut`]: pro rata in exact integers; [`lots`]: what one account holds, under five rules.
//! - [`follow`](follow()): the walk forward in chain order, and where it stops.
//! - [`exhibit`](exhibit()): the JSON that a court receives, and its replay.
//!
//! Gas stays with the payer: a fee takes its part of the payer's money and is not followed. A
//! contract mixes many people's money under rules of its own, so that the trace ends there; what
//! came back in the same transaction is listed by [`crate::swap`] and never followed in silence.
//! Wrapping coin one to one is no such end: the money is followed into the wrapped coin and back.

use chain::account::{
    Account, AccountChain, Asset, AssetNumber, Event, EventNumber, Hash256, Ledgers,
    TransactionNumber,
};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

pub mod exhibit;
mod follow;
pub mod haircut;
pub mod lots;

pub use exhibit::{exhibit, replay};
pub use follow::{Held, Onward, Step, StepFate, follow, follow_as_seen};
pub use haircut::haircut_pass;

use crate::Tags;
use crate::poisoning::PoisoningRules;

/// How tainted money leaves an account that also holds clean money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountPolicy {
    /// Any tainted money taints the whole account for as long as it holds anything.
    Poison,
    /// Each payment carries the tainted share of the balance.
    Haircut,
    /// What came first goes first.
    Fifo,
    /// What came last goes first.
    Lifo,
    /// The account's own money goes first; what was spent of the tainted is gone.
    LowestBalance,
}

/// Where the money that is followed came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountSource {
    /// All that one transaction moved in the asset.
    Transaction(Hash256),
    /// All that an account paid in the asset, within blocks; fees are not payments.
    Account {
        /// The account.
        account: Account,
        /// The first block.
        block_first: u64,
        /// The last block.
        block_last: u64,
    },
}

/// What is done at contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contracts {
    /// The trace ends there.
    Stop,
    /// They are treated like anybody's account: right for wallets that are contracts.
    Follow,
}

/// Where the trace stops on its own. Every limit is in the exhibit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLimits {
    /// Accounts further from the source than this are not entered.
    pub hops_max: u32,
    /// Payments that carry less taint are not followed; in the asset's smallest unit.
    pub amount_min: u128,
    /// Payments of which a smaller part is tainted are not followed; parts per billion.
    pub share_min_ppb: u32,
    /// Events read in all.
    pub events_max: u64,
    /// The last block read; none for the newest.
    pub block_last: Option<u64>,
}

/// Everything that determines a trace, besides the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountParameters {
    /// What is followed.
    pub source: AccountSource,
    /// In which asset it starts.
    pub asset: Asset,
    /// Under which rule.
    pub policy: AccountPolicy,
    /// Whether contracts end the trace.
    pub contracts: Contracts,
    /// How far.
    pub limits: AccountLimits,
    /// Which payments are bait.
    pub poisoning: PoisoningRules,
    /// Where it stops because the account is known; keyed by the address as its chain writes it.
    pub tags: Tags,
    /// What stands behind the tags, where they come from tag packs.
    pub attribution: Option<Box<crate::attribution::Attribution>>,
}

/// Where the money went, under one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFlow {
    /// The rule.
    pub policy: AccountPolicy,
    /// Every payment that carried taint, in chain order; fees are summed only.
    pub steps: Vec<Step>,
    /// Who holds tainted money at the end, by asset and account.
    pub held: Vec<Held>,
    /// Sums.
    pub totals: AccountTotals,
    /// Payments that look like bait and touched an account of the trace, followed or not.
    pub bait: Vec<(EventNumber, crate::poisoning::Bait)>,
    /// Whether `events_max` ended the walk.
    pub capped: bool,
    /// Events read.
    pub events_read: u64,
}

/// Sums of taint. `source` and `added_by_poison` together are all the others together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountTotals {
    /// What is followed.
    pub source: u128,
    /// Clean money that poison tainted.
    pub added_by_poison: u128,
    /// Still in accounts.
    pub held: u128,
    /// At named accounts.
    pub reached: u128,
    /// At contracts.
    pub contracts: u128,
    /// Not followed because of a limit.
    pub limited: u128,
    /// Not followed because it is bait.
    pub bait: u128,
    /// Paid as fees.
    pub fees: u128,
    /// Burned.
    pub destroyed: u128,
    /// What traced accounts paid beyond what had come in: not taint, and in no sum above.
    pub unattributed: u128,
}

/// A finished trace: the flow under the chosen rule, and under the others for comparison.
#[derive(Clone, Debug)]
pub struct AccountTrace<'a> {
    /// The ledgers it rests on.
    pub ledgers: &'a Ledgers,
    /// What was asked.
    pub parameters: AccountParameters,
    /// Where the money went under the chosen rule.
    pub flow: AccountFlow,
    /// The same source under every rule, in the order of [`AccountPolicy::ALL`].
    pub comparison: Vec<AccountFlow>,
}

/// Why a trace cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountTraceError {
    /// The source is not there.
    #[error("transaction {0} is not in the blocks given")]
    NoTransaction(String),
    /// The asset is not there.
    #[error("nothing here is paid in asset {0}")]
    NoAsset(String),
    /// The source moves nothing.
    #[error(
        "the source pays nothing in asset {asset}; {}",
        match .paid.is_empty() {
            true => "a failed transaction moves only its fee".to_owned(),
            false => format!("it pays in {}", .paid.join(", ")),
        }
    )]
    NoPayment {
        /// The asset asked for.
        asset: String,
        /// Assets that it pays in, the first ones.
        paid: Vec<String>,
    },
    /// More payments than a source may have.
    #[error("the source makes more than {ORIGINS_MAX} payments; name fewer blocks")]
    TooManyPayments,
    /// A ledger beyond 128 bits.
    #[error("event {0}: the balance passes 128 bits; no honest token has as many units")]
    Overflow(u64),
}

/// Assets that an error names.
const ASSETS_NAMED_MAX: usize = 5;
/// Most payments of a source.
pub const ORIGINS_MAX: usize = 1_000_000;

/// Follows the source under the chosen rule and, for comparison, under all others.
pub fn run<'a>(
    ledgers: &'a Ledgers,
    parameters: &AccountParameters,
) -> Result<AccountTrace<'a>, AccountTraceError> {
    let parameters = parameters.clone();
    let comparison = AccountPolicy::ALL
        .into_iter()
        .map(|policy| follow(ledgers, &AccountParameters { policy, ..parameters.clone() }))
        .collect::<Result<Vec<AccountFlow>, AccountTraceError>>()?;
    let chosen = comparison.iter().find(|flow| flow.policy == parameters.policy);
    let flow = chosen.expect("ALL holds every policy").clone();
    Ok(AccountTrace { ledgers, parameters, flow, comparison })
}

/// The payments at which the trace starts, in chain order.
pub(crate) fn origins(
    ledgers: &Ledgers,
    parameters: &AccountParameters,
) -> Result<Vec<u64>, AccountTraceError> {
    let text = || parameters.asset.text(ledgers.chain());
    let asset =
        ledgers.asset_number(parameters.asset).ok_or_else(|| AccountTraceError::NoAsset(text()))?;
    let paid = |event: &Event| {
        event.asset == asset && !event.kind.is_fee() && event.amount > 0 && event.to.is_some()
    };
    let found: Vec<u64> = match parameters.source {
        AccountSource::Transaction(hash) => {
            let number = ledgers
                .transaction_number(&hash)
                .ok_or_else(|| AccountTraceError::NoTransaction(ledgers.chain().hash_text(hash)))?;
            events_of(ledgers, number).filter(paid).map(|event| event.number.0).collect()
        }
        AccountSource::Account { account, block_first, block_last } => {
            let number = ledgers.account_number(account);
            let rows = number.map_or(&[][..], |number| ledgers.postings(asset, number));
            let within = |event: &Event| {
                let block = ledgers.block(event.block).number;
                event.from == number && (block_first..=block_last).contains(&block)
            };
            let events = rows.iter().map(|row| ledgers.event(EventNumber(*row)));
            events.filter(|event| paid(event) && within(event)).map(|one| one.number.0).collect()
        }
    };
    match found.len() {
        0 => {
            let paid = assets_paid(ledgers, &parameters.source);
            let paid = paid.into_iter().take(ASSETS_NAMED_MAX);
            let paid = paid.map(|asset| asset.text(ledgers.chain())).collect();
            Err(AccountTraceError::NoPayment { asset: text(), paid })
        }
        count if count > ORIGINS_MAX => Err(AccountTraceError::TooManyPayments),
        _ => Ok(found),
    }
}

/// The assets that a source pays in, in order of their numbers.
pub fn assets_paid(ledgers: &Ledgers, source: &AccountSource) -> Vec<Asset> {
    let paid = |event: &Event| !event.kind.is_fee() && event.amount > 0 && event.to.is_some();
    let assets: BTreeSet<AssetNumber> = match *source {
        AccountSource::Transaction(hash) => match ledgers.transaction_number(&hash) {
            Some(number) => {
                events_of(ledgers, number).filter(paid).map(|event| event.asset).collect()
            }
            None => BTreeSet::new(),
        },
        AccountSource::Account { account, block_first, block_last } => {
            let Some(number) = ledgers.account_number(account) else { return Vec::new() };
            let pays = |rows: &[u64]| {
                rows.iter().map(|row| ledgers.event(EventNumber(*row))).any(|event| {
                    let block = ledgers.block(event.block).number;
                    event.from == Some(number)
                        && (block_first..=block_last).contains(&block)
                        && paid(&event)
                })
            };
            let own = ledgers.ledgers_of(number).filter(|(_, rows)| pays(rows));
            own.map(|(asset, _)| asset).collect()
        }
    };
    assets.into_iter().map(|asset| ledgers.asset(asset)).collect()
}

/// A transaction's events.
pub(crate) fn events_of(
    ledgers: &Ledgers,
    transaction: TransactionNumber,
) -> impl Iterator<Item = Event> + '_ {
    ledgers.events_of(transaction).map(|row| ledgers.event(EventNumber(row)))
}

impl AccountParameters {
    /// The usual parameters: contracts stop, default limits, bait is left out, no tags.
    pub fn new(source: AccountSource, asset: Asset, policy: AccountPolicy) -> AccountParameters {
        AccountParameters {
            source,
            asset,
            policy,
            contracts: Contracts::Stop,
            limits: AccountLimits::default(),
            poisoning: PoisoningRules::default(),
            tags: Tags::new(),
            attribution: None,
        }
    }
}

impl Default for AccountLimits {
    fn default() -> AccountLimits {
        AccountLimits {
            hops_max: 100,
            amount_min: 1,
            share_min_ppb: 0,
            events_max: 1_000_000,
            block_last: None,
        }
    }
}

impl AccountTotals {
    /// What came in less what is accounted for; zero in every flow.
    pub fn difference(&self) -> i128 {
        let out = self.held
            + self.reached
            + self.contracts
            + self.limited
            + self.bait
            + self.fees
            + self.destroyed;
        (self.source + self.added_by_poison).wrapping_sub(out) as i128
    }
}

impl AccountPolicy {
    /// All policies, in the order of tables.
    pub const ALL: [AccountPolicy; 5] = [
        AccountPolicy::Poison,
        AccountPolicy::Haircut,
        AccountPolicy::Fifo,
        AccountPolicy::Lifo,
        AccountPolicy::LowestBalance,
    ];

    /// Whether it matters in which order money came.
    pub fn tells_lots_apart(self) -> bool {
        matches!(self, AccountPolicy::Fifo | AccountPolicy::Lifo)
    }

    /// The name used on command lines and in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            AccountPolicy::Poison => "poison",
            AccountPolicy::Haircut => "haircut",
            AccountPolicy::Fifo => "fifo",
            AccountPolicy::Lifo => "lifo",
            AccountPolicy::LowestBalance => "lowest-balance",
        }
    }

    /// The name under which lawyers know the rule.
    pub fn legal_name(self) -> &'static str {
        match self {
            AccountPolicy::Poison => "full taint (no legal rule of apportionment; an upper bound)",
            AccountPolicy::Haircut => "pro rata (pari passu)",
            AccountPolicy::Fifo => "first in, first out (Clayton's case, 1816)",
            AccountPolicy::Lifo => "last in, first out (an accounting rule, for comparison)",
            AccountPolicy::LowestBalance => {
                "lowest intermediate balance (Roscoe v Winder, 1915; own money is spent first)"
            }
        }
    }
}

impl Contracts {
    /// The name used on command lines and in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            Contracts::Stop => "stop",
            Contracts::Follow => "follow",
        }
    }
}

impl fmt::Display for AccountPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for AccountPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<AccountPolicy, String> {
        let found = AccountPolicy::ALL.into_iter().find(|policy| policy.name() == text);
        found.ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            format!("`{text}` is not a policy: poison, haircut, fifo, lifo or lowest-balance")
        })
    }
}

impl FromStr for Contracts {
    type Err = String;

    fn from_str(text: &str) -> Result<Contracts, String> {
        match text {
            "stop" => Ok(Contracts::Stop),
            "follow" => Ok(Contracts::Follow),
            _ => Err("write `stop` or `follow` for contracts".to_owned()),
        }
    }
}

/// Reads an asset as exhibits write it: `native`, a contract, `CONTRACT/NUMBER` in hexadecimal, or
/// `trc10/NUMBER`.
pub fn parse_asset(chain: AccountChain, text: &str) -> Result<Asset, String> {
    if text == "native" {
        return Ok(Asset::Native);
    }
    if let Some(number) = text.strip_prefix("trc10/") {
        return number.parse().map(Asset::Trc10).map_err(|_| format!("`{number}` is no number"));
    }
    let (contract, number) = match text.split_once('/') {
        Some((contract, number)) => (contract, Some(number)),
        None => (text, None),
    };
    let contract = chain.parse(contract).map_err(|error| error.to_string())?;
    let Some(number) = number else { return Ok(Asset::Token(contract)) };
    let mut id = [0; 32];
    hex::decode_to_slice(format!("{number:0>64}"), &mut id)
        .map_err(|_| "a token's number has at most 64 hexadecimal digits".to_owned())?;
    Ok(Asset::Item { contract, id })
}
