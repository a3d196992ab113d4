//! Deposit accounts of exchanges, guessed from what they do, and who shares one. Knows no truth:
//! every link says which signs speak for and against it, and can be recomputed from the ledgers.
//!
//! An exchange gives each customer an account to pay into and empties it into one of its own; so an
//! account that passes on what it receives to a known account of an exchange, soon and whole, is
//! taken for such a one, and whoever pays into it for one customer (Victor, "Address Clustering
//! Heuristics for Ethereum", FC 2020, "deposit address reuse"). The paper's limits, 0.01 ether and
//! 3,200 blocks, are the defaults here; they were taken from programs that follow it. One payment
//! may take several that wait, all of them or the oldest; one in ten may go on late, and dust that
//! stays behind counts for nothing: these limits are ours ([`DepositRules`]).
//!
//! Wrong where an exchange has accounts between deposits and the one that is known (it then looks
//! like one customer of all), where somebody passes others' money on, and where a friend pays into
//! a customer's account. The score ranks links and is no probability: measured rates by number of
//! votes are in docs/error-rates.md.
//!
//! - [`deposit_links`]: the hypothesis. - [`owners`]: who is one customer under it, and why.

use std::collections::{BTreeMap, BTreeSet};

use chain::account::{
    AccountChain, AccountNumber, AssetNumber, Event, EventNumber, Ledgers, NATIVE,
};

use crate::Tags;
use crate::account::haircut::mul_div;
use crate::hypothesis::SCORE_WHOLE_PPM;

pub mod owners;

/// An exchange, numbered in the order of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeNumber(pub u32);

/// Known accounts of exchanges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchanges {
    names: Vec<String>,
    accounts: BTreeMap<AccountNumber, ExchangeNumber>,
}

/// What counts as passing on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositRules {
    /// Blocks from a payment in to the payment on, at most.
    pub blocks_max: u64,
    /// How much less of the chain's coin may be passed on, for fees; tokens are passed on whole.
    pub difference_max: u128,
    /// The least part of the payments in that makes a payer a customer, parts per million: a
    /// friend's payment must not join two people. Ours, not the paper's.
    pub customer_share_min_ppm: u32,
    /// The least part of the payments in that must go on in time for [`Sign::PassesAllOn`], parts
    /// per million: exchanges are late at times. Ours.
    pub passed_share_min_ppm: u32,
    /// A payment in of a token is dust up to this part of the account's largest, parts per million:
    /// nobody moves it on, and anybody can send it. Of coin it is `difference_max`. Ours.
    pub dust_share_max_ppm: u32,
}

/// Something that an account does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// All that it pays goes to that exchange.
    PaysOneExchange,
    /// After each payment on, at most the difference is left.
    EmptiesItself,
    /// Nearly all payments by others were passed on in time; dust does not count.
    PassesAllOn,
    /// It passed on more than once.
    Repeats,
    /// The exchange paid it coin, as it must before a token can be moved.
    GasFromExchange,
}

/// The guess that an account is a deposit account of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositLink {
    /// The account.
    pub deposit: AccountNumber,
    /// Whose.
    pub exchange: ExchangeNumber,
    /// What was paid in, and the payment on that it is paired with, in chain order.
    pub pairs: Vec<(EventNumber, EventNumber)>,
    /// Who made no small part of the payments in, ascending; contracts and known accounts are left
    /// out.
    pub customers: Vec<AccountNumber>,
    /// Signs for it.
    pub votes: Vec<Sign>,
    /// Signs against it.
    pub against: Vec<Sign>,
}

/// All such links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositHypothesis {
    /// How exhibits and reasons call it.
    pub name: String,
    /// By account.
    pub links: Vec<DepositLink>,
}

impl Exchanges {
    /// The accounts of these ledgers that tags name; accounts of one label are one exchange's.
    pub fn named(ledgers: &Ledgers, tags: &Tags) -> Exchanges {
        let chain = ledgers.chain();
        let labels: BTreeSet<&str> = tags.values().map(|tag| tag.label.as_str()).collect();
        let names: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        let account = |(text, tag): (&String, &crate::Tag)| {
            let number = ledgers.account_number(chain.parse(text).ok()?)?;
            let place = names.binary_search(&tag.label).ok()?;
            Some((number, ExchangeNumber(place as u32)))
        };
        let accounts = tags.iter().filter_map(account).collect();
        Exchanges { names, accounts }
    }

    /// An exchange's name.
    pub fn name(&self, exchange: ExchangeNumber) -> &str {
        &self.names[exchange.0 as usize]
    }

    /// Whose account it is known to be.
    pub fn of(&self, account: AccountNumber) -> Option<ExchangeNumber> {
        self.accounts.get(&account).copied()
    }
}

impl DepositRules {
    /// The paper's limits, in this chain's units; of Tron, whose blocks come four times as often
    /// and whose coin is worth less, as much time and 10 TRX, which no paper has measured.
    pub fn of(chain: AccountChain) -> DepositRules {
        let (blocks_max, difference_max) = match chain {
            AccountChain::Evm { .. } => (3_200, 10_000_000_000_000_000),
            AccountChain::Tron => (12_800, 10_000_000),
        };
        DepositRules {
            blocks_max,
            difference_max,
            customer_share_min_ppm: 100_000,
            passed_share_min_ppm: 900_000,
            dust_share_max_ppm: 1_000,
        }
    }

    fn passes_on(&self, asset: AssetNumber, received: u128, paid: u128) -> bool {
        let slack = if asset == NATIVE { self.difference_max } else { 0 };
        paid <= received && received - paid <= slack
    }
}

impl Sign {
    /// All signs, in the order of tables.
    pub const ALL: [Sign; 5] = [
        Sign::PaysOneExchange,
        Sign::EmptiesItself,
        Sign::PassesAllOn,
        Sign::Repeats,
        Sign::GasFromExchange,
    ];

    /// The name used in reasons and tables.
    pub fn name(self) -> &'static str {
        match self {
            Sign::PaysOneExchange => "pays that exchange only",
            Sign::EmptiesItself => "empties itself",
            Sign::PassesAllOn => "passes nearly all on in time",
            Sign::Repeats => "passed on more than once",
            Sign::GasFromExchange => "was given coin by the exchange",
        }
    }
}

impl DepositLink {
    /// The share of votes among all that speak, as if one more had been cast for each side; parts
    /// per million.
    pub fn score_ppm(&self) -> u32 {
        let (votes, all) = (self.votes.len(), self.votes.len() + self.against.len());
        (SCORE_WHOLE_PPM as usize * (votes + 1) / (all + 2)) as u32
    }
}

/// Every account that passed something on to a known account of an exchange.
pub fn deposit_links(
    ledgers: &Ledgers,
    exchanges: &Exchanges,
    rules: &DepositRules,
    name: &str,
) -> DepositHypothesis {
    let mut payers = BTreeSet::new();
    for account in exchanges.accounts.keys() {
        for (_, rows) in ledgers.ledgers_of(*account) {
            let events = rows.iter().map(|row| ledgers.event(EventNumber(*row)));
            let paid = events.filter(|event| event.to == Some(*account) && !event.kind.is_fee());
            payers.extend(paid.filter_map(|event| event.from));
        }
    }
    let link = |account| deposit_link(ledgers, exchanges, rules, account);
    DepositHypothesis {
        name: name.to_owned(),
        links: payers.into_iter().filter_map(link).collect(),
    }
}

/// The same for one account; none where it passed nothing on, is a contract, or is known itself.
/// Where it passed on to several exchanges, the one of most payments is taken, the first by name
/// among equals.
pub fn deposit_link(
    ledgers: &Ledgers,
    exchanges: &Exchanges,
    rules: &DepositRules,
    account: AccountNumber,
) -> Option<DepositLink> {
    if exchanges.of(account).is_some() || ledgers.is_contract(account) {
        return None;
    }
    let mut seen = Seen::default();
    for (asset, rows) in ledgers.ledgers_of(account) {
        seen.read(ledgers, exchanges, rules, account, asset, rows);
    }
    let mut paid: BTreeMap<ExchangeNumber, BTreeSet<EventNumber>> = BTreeMap::new();
    for pair in &seen.pairs {
        paid.entry(pair.exchange).or_default().insert(pair.paid);
    }
    let most = paid.values().map(BTreeSet::len).max()?;
    let exchange = *paid.iter().find(|(_, payments)| payments.len() == most)?.0;
    seen.pairs.retain(|pair| pair.exchange == exchange);
    seen.pairs.sort_unstable_by_key(|pair| (pair.received, pair.paid));
    let (mut votes, mut against) = (Vec::new(), Vec::new());
    let mut vote = |sign, holds| if holds { votes.push(sign) } else { against.push(sign) };
    vote(Sign::PaysOneExchange, seen.paid_to.len() == 1 && !seen.paid_others);
    vote(Sign::EmptiesItself, !seen.kept);
    vote(Sign::PassesAllOn, seen.passes_nearly_all(rules));
    vote(Sign::Repeats, most > 1);
    // An account that holds coin only needs no gas from anybody: silence says nothing.
    if seen.gas_from.contains(&exchange) {
        vote(Sign::GasFromExchange, true);
    }
    let payers = seen.pairs.iter().filter_map(|pair| ledgers.event(pair.received).from);
    let people = payers.filter(|one| exchanges.of(*one).is_none() && !ledgers.is_contract(*one));
    let mut paid_in: BTreeMap<AccountNumber, u64> = BTreeMap::new();
    people.for_each(|payer| *paid_in.entry(payer).or_default() += 1);
    let least = seen.pairs.len() as u64 * u64::from(rules.customer_share_min_ppm);
    paid_in.retain(|_, count| *count * u64::from(SCORE_WHOLE_PPM) >= least);
    Some(DepositLink {
        deposit: account,
        exchange,
        pairs: seen.pairs.iter().map(|pair| (pair.received, pair.paid)).collect(),
        customers: paid_in.into_keys().collect(),
        votes,
        against,
    })
}

/// A payment in, and the payment on that it is paired with.
struct Pair {
    received: EventNumber,
    paid: EventNumber,
    exchange: ExchangeNumber,
}

/// What an account did.
#[derive(Default)]
struct Seen {
    pairs: Vec<Pair>,
    /// Exchanges it paid.
    paid_to: BTreeSet<ExchangeNumber>,
    /// Whether it paid anybody else.
    paid_others: bool,
    /// Whether more than the difference was left after a payment on.
    kept: bool,
    /// Payments by others that were passed on in time, and those that were not.
    in_time: u64,
    late: u64,
    /// Exchanges that paid it coin.
    gas_from: BTreeSet<ExchangeNumber>,
}

impl Seen {
    /// Reads one ledger. What came in is paired with the next payment on that takes it whole:
    /// alone, with all that waits, or with those that have waited longest.
    fn read(
        &mut self,
        ledgers: &Ledgers,
        exchanges: &Exchanges,
        rules: &DepositRules,
        account: AccountNumber,
        asset: AssetNumber,
        rows: &[u64],
    ) {
        let mut waiting: Vec<Event> = Vec::new();
        let (mut balance, mut largest): (u128, u128) = (0, 0);
        for event in rows.iter().map(|row| ledgers.event(EventNumber(*row))) {
            if event.from == event.to {
                continue;
            }
            if event.to == Some(account) {
                balance = balance.saturating_add(event.amount);
                largest = largest.max(event.amount);
                match event.from.and_then(|from| exchanges.of(from)) {
                    Some(exchange) if asset == NATIVE => drop(self.gas_from.insert(exchange)),
                    _ => waiting.push(event),
                }
                continue;
            }
            balance = balance.saturating_sub(event.amount);
            if event.kind.is_fee() {
                continue;
            }
            let Some(exchange) = event.to.and_then(|to| exchanges.of(to)) else {
                self.paid_others = true;
                continue;
            };
            self.paid_to.insert(exchange);
            let dust = if asset == NATIVE { rules.difference_max } else { 0 };
            self.kept |= balance > dust;
            self.pair(ledgers, rules, &event, exchange, &mut waiting);
        }
        // Coin that waits within the difference is what fees were paid from.
        let dust = match asset == NATIVE {
            true => rules.difference_max,
            // Less than the whole, whatever the rules say: all of it is no dust.
            false => mul_div(
                u128::from(rules.dust_share_max_ppm.min(SCORE_WHOLE_PPM - 1)),
                largest,
                u128::from(SCORE_WHOLE_PPM),
            ),
        };
        self.late += waiting.iter().filter(|event| event.amount > dust).count() as u64;
    }

    /// Whether as much went on in time as must.
    fn passes_nearly_all(&self, rules: &DepositRules) -> bool {
        let (part, all) = (u128::from(self.in_time), u128::from(self.in_time + self.late));
        part * u128::from(SCORE_WHOLE_PPM) >= all * u128::from(rules.passed_share_min_ppm)
    }

    fn pair(
        &mut self,
        ledgers: &Ledgers,
        rules: &DepositRules,
        paid: &Event,
        exchange: ExchangeNumber,
        waiting: &mut Vec<Event>,
    ) {
        let height = |event: &Event| ledgers.block(event.block).number;
        let in_time = |event: &Event| height(paid) - height(event) <= rules.blocks_max;
        let whole = |received: u128| rules.passes_on(paid.asset, received, paid.amount);
        let soon = waiting.iter().rposition(|event| in_time(event) && whole(event.amount));
        let taken: Vec<Event> = match (soon, oldest(waiting, &whole)) {
            (Some(place), _) => vec![waiting.remove(place)],
            (None, Some(count)) => waiting.drain(..count).collect(),
            // Late and alone, behind what still waits.
            (None, None) => match waiting.iter().rposition(|event| whole(event.amount)) {
                Some(place) => vec![waiting.remove(place)],
                None => return,
            },
        };
        for event in taken {
            if in_time(&event) {
                self.in_time += 1;
                let (received, paid) = (event.number, paid.number);
                self.pairs.push(Pair { received, paid, exchange });
            } else {
                self.late += 1;
            }
        }
    }
}

/// How many of the oldest that wait go on together: all of them, or else the fewest that fit.
fn oldest(waiting: &[Event], whole: &impl Fn(u128) -> bool) -> Option<usize> {
    let sums = waiting.iter().scan(0u128, |sum, event| {
        *sum = sum.saturating_add(event.amount);
        Some(*sum)
    });
    let fits: Vec<usize> = sums.zip(1..).filter(|(sum, _)| whole(*sum)).map(|(_, n)| n).collect();
    fits.iter().copied().find(|count| *count == waiting.len()).or(fits.first().copied())
}
