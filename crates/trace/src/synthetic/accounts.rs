//! A made-up chain of accounts of which every owner is known: people with wallets, exchanges with
//! deposit accounts. Knows nothing of a real chain's statistics.
//!
//! What they do. People hold coin and a token in one to four wallets and pay each other. Each has a
//! deposit account at one or two of three exchanges and pays into it now and then; a friend does so
//! in one payment of twelve, and one time in forty somebody sends it dust in the token. An exchange
//! empties a deposit account soon after, mostly within a few hundred blocks, one time in twenty
//! after days; for a token it first sends coin for gas. The first exchange empties into the account
//! that is known; the second waits, half the time, until a second payment is in; the third empties
//! into accounts of its own that nobody knows, and from there into the known one. One person in
//! thirty pays an exchange's known account directly, out of a wallet that only passes on. Exchanges
//! pay out to people's wallets.

use chain::account::block::HashCheck;
use chain::account::{
    Account, AccountBlock, AccountChain, AccountTransaction, Asset, Hash256, Kind, Movement,
    Outcome, Place,
};
use std::collections::{BTreeMap, BTreeSet};

use super::random::{Random, bytes};

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPlan {
    /// The same seed, the same chain.
    pub seed: u64,
    /// How many people; at least two.
    pub people: u32,
    /// How many blocks.
    pub blocks: u64,
    /// Things that people do in a block.
    pub acts_per_block: u32,
}

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountOwner {
    /// A person's wallet.
    Person(u32),
    /// An exchange's account for one person.
    Deposit {
        /// Which exchange.
        exchange: u32,
        /// For whom.
        person: u32,
    },
    /// An exchange's own account.
    Exchange(u32),
}

/// A chain, and what is true of it.
#[derive(Clone, Debug)]
pub struct MadeAccounts {
    /// Its blocks, from number 1.
    pub blocks: Vec<AccountBlock>,
    /// Whose each account is.
    pub owners: BTreeMap<Account, AccountOwner>,
    /// The account of each exchange that everybody knows.
    pub known: Vec<Account>,
    /// Deposit accounts that were emptied at least once.
    pub emptied: BTreeSet<Account>,
}

/// Exchanges of a made-up chain.
pub const EXCHANGES: u32 = 3;
/// Exchanges that wait for a second payment, and that empty into accounts nobody knows.
const WAITS: u32 = 1;
const COLLECTS: u32 = 2;
/// The token's contract, which neither pays nor is paid.
const TOKEN: Account = Account([0x70; 20]);
const CHAIN: AccountChain = AccountChain::Evm { chain_id: 1 };
/// What moving coin costs, in wei, and what is sent ahead for moving a token.
const FEE: u128 = 420_000_000_000_000;
const GAS: u128 = 1_300_000_000_000_000;
const SECONDS_PER_BLOCK: u64 = 12;
/// What everybody begins with.
const BEGIN_COIN: u128 = 400_000_000_000_000_000_000;
const BEGIN_TOKEN: u128 = 900_000_000_000;

struct Person {
    wallets: Vec<Account>,
    deposits: Vec<(u32, Account)>,
    /// A wallet that only passes on to an exchange.
    passes: Option<(u32, Account)>,
}

/// A payment that is yet to come.
struct Due {
    from: Account,
    to: Account,
    asset: Asset,
    gas_from: Option<Account>,
}

struct Maker {
    plan: AccountPlan,
    random: Random,
    made: MadeAccounts,
    people: Vec<Person>,
    collectors: Vec<Account>,
    balances: BTreeMap<(Account, Asset), u128>,
    due: BTreeMap<u64, Vec<Due>>,
    /// Deposit accounts that wait for a second payment.
    waiting: BTreeSet<(Account, Asset)>,
    accounts: u64,
    rows: Vec<Vec<Movement>>,
    senders: Vec<Account>,
}

/// Makes a chain.
pub fn made_accounts(plan: AccountPlan) -> MadeAccounts {
    let made = MadeAccounts {
        blocks: Vec::new(),
        owners: BTreeMap::new(),
        known: Vec::new(),
        emptied: BTreeSet::new(),
    };
    let mut maker = Maker {
        plan,
        random: Random::new(plan.seed),
        made,
        people: Vec::new(),
        collectors: Vec::new(),
        balances: BTreeMap::new(),
        due: BTreeMap::new(),
        waiting: BTreeSet::new(),
        accounts: 0,
        rows: Vec::new(),
        senders: Vec::new(),
    };
    maker.settle();
    for number in 2..=plan.blocks.max(2) {
        for due in maker.due.remove(&number).unwrap_or_default() {
            maker.empty(number, &due);
        }
        (0..plan.acts_per_block).for_each(|_| maker.act(number));
        maker.seal(number);
    }
    maker.made
}

impl Maker {
    fn account(&mut self, owner: AccountOwner) -> Account {
        self.accounts += 1;
        let seed = self.plan.seed.wrapping_mul(1_000_003).wrapping_add(self.accounts);
        let mut account = [0; 20];
        account.copy_from_slice(&bytes(seed)[..20]);
        self.made.owners.insert(Account(account), owner);
        Account(account)
    }

    /// One in so many.
    fn one_in(&mut self, count: u64) -> bool {
        self.random.below(count) == 0
    }

    /// People and exchanges, and what they begin with, in block 1.
    fn settle(&mut self) {
        for exchange in 0..EXCHANGES {
            let known = self.account(AccountOwner::Exchange(exchange));
            self.made.known.push(known);
            self.give(known, 1_000);
        }
        self.collectors = (0..4).map(|_| self.account(AccountOwner::Exchange(COLLECTS))).collect();
        for person in 0..self.plan.people.max(2) {
            let wallets = 1 + self.random.below(4);
            let wallets: Vec<Account> =
                (0..wallets).map(|_| self.account(AccountOwner::Person(person))).collect();
            wallets.iter().for_each(|wallet| self.give(*wallet, 1));
            let first = self.random.below(u64::from(EXCHANGES)) as u32;
            let count = 1 + self.random.below(2) as u32;
            let deposits = (0..count)
                .map(|other| (first + other) % EXCHANGES)
                .map(|exchange| {
                    (exchange, self.account(AccountOwner::Deposit { exchange, person }))
                })
                .collect();
            let passes =
                self.one_in(30).then(|| (first, self.account(AccountOwner::Person(person))));
            self.people.push(Person { wallets, deposits, passes });
        }
        self.seal(1);
    }

    fn give(&mut self, to: Account, times: u128) {
        let begins = [
            (Asset::Native, BEGIN_COIN, Kind::Reward),
            (Asset::Token(TOKEN), BEGIN_TOKEN, Kind::Mint),
        ];
        for (asset, amount, kind) in begins {
            *self.balances.entry((to, asset)).or_default() += amount * times;
            let movement = Movement {
                transaction: Some(self.rows.len() as u32),
                place: Place::Call(0),
                kind,
                asset,
                from: None,
                to: Some(to),
                amount: amount * times,
            };
            self.rows.push(vec![movement]);
            self.senders.push(to);
        }
    }

    fn balance(&self, account: Account, asset: Asset) -> u128 {
        self.balances.get(&(account, asset)).copied().unwrap_or(0)
    }

    /// A payment with its fee; whether there was enough.
    fn pay(&mut self, from: Account, to: Account, asset: Asset, amount: u128) -> bool {
        let coin = if asset == Asset::Native { amount + FEE } else { FEE };
        let enough =
            self.balance(from, Asset::Native) >= coin && self.balance(from, asset) >= amount;
        if !enough || amount == 0 || from == to {
            return false;
        }
        let transaction = Some(self.rows.len() as u32);
        let (kind, place) = match asset {
            Asset::Native => (Kind::Value, Place::Call(0)),
            _ => (Kind::Token, Place::Log(self.rows.len() as u32)),
        };
        let fee = Movement {
            transaction,
            place: Place::Fee,
            kind: Kind::FeeBurned,
            asset: Asset::Native,
            from: Some(from),
            to: None,
            amount: FEE,
        };
        let paid =
            Movement { transaction, place, kind, asset, from: Some(from), to: Some(to), amount };
        *self.balances.entry((from, Asset::Native)).or_default() -= FEE;
        *self.balances.entry((from, asset)).or_default() -= amount;
        *self.balances.entry((to, asset)).or_default() += amount;
        self.rows.push(vec![fee, paid]);
        self.senders.push(from);
        true
    }

    fn act(&mut self, number: u64) {
        let person = self.random.below(self.people.len() as u64) as usize;
        let asset = if self.one_in(2) { Asset::Native } else { Asset::Token(TOKEN) };
        let wallet = self.wallet_of(person);
        // 1 to 20 in a thousand of what is there.
        let amount = self.balance(wallet, asset) / 1_000 * u128::from(1 + self.random.below(20));
        match self.random.below(10) {
            0..=3 => {
                let other = self.random.below(self.people.len() as u64) as usize;
                let to = self.wallet_of(other);
                self.pay(wallet, to, asset, amount);
            }
            4..=7 => self.deposit(number, person, wallet, asset, amount),
            8 => self.pass(number, person, wallet, amount),
            _ => {
                let exchange = self.random.below(u64::from(EXCHANGES)) as usize;
                let known = self.made.known[exchange];
                let amount =
                    self.balance(known, asset) / 100_000 * u128::from(1 + self.random.below(9));
                self.pay(known, wallet, asset, amount);
            }
        }
    }

    fn wallet_of(&mut self, person: usize) -> Account {
        let wallets = &self.people[person].wallets;
        wallets[self.random.below(wallets.len() as u64) as usize]
    }

    fn deposit(&mut self, number: u64, person: usize, own: Account, asset: Asset, amount: u128) {
        let deposits = &self.people[person].deposits;
        let (exchange, deposit) = deposits[self.random.below(deposits.len() as u64) as usize];
        let friend = self.random.below(self.people.len() as u64) as usize;
        let wallet = if self.one_in(12) { self.wallet_of(friend) } else { own };
        if !self.pay(wallet, deposit, asset, amount) {
            return;
        }
        if self.one_in(40) {
            let stranger = self.random.below(self.people.len() as u64) as usize;
            let wallet = self.wallet_of(stranger);
            self.pay(wallet, deposit, Asset::Token(TOKEN), 1);
        }
        let again = self.waiting.remove(&(deposit, asset));
        if exchange == WAITS && !again && self.one_in(2) {
            self.waiting.insert((deposit, asset));
            return;
        }
        let days = self.one_in(20);
        let delay =
            if days { 3_000 + self.random.below(20_000) } else { 1 + self.random.below(400) };
        let known = self.made.known[exchange as usize];
        let to = match exchange {
            COLLECTS => self.collectors[self.random.below(self.collectors.len() as u64) as usize],
            _ => known,
        };
        let gas_from = (asset != Asset::Native).then_some(known);
        let due = Due { from: deposit, to, asset, gas_from };
        self.due.entry(number + delay).or_default().push(due);
    }

    /// A person's payment straight to an exchange, by a wallet that only passes on.
    fn pass(&mut self, number: u64, person: usize, wallet: Account, amount: u128) {
        let Some((exchange, own)) = self.people[person].passes else { return };
        if self.pay(wallet, own, Asset::Native, amount) {
            let to = self.made.known[exchange as usize];
            let due = Due { from: own, to, asset: Asset::Native, gas_from: None };
            let at = number + 1 + self.random.below(50);
            self.due.entry(at).or_default().push(due);
        }
    }

    /// Empties an account; what came to a collector goes on a while later.
    fn empty(&mut self, number: u64, due: &Due) {
        if let Some(known) = due.gas_from
            && self.balance(due.from, Asset::Native) < FEE
        {
            self.pay(known, due.from, Asset::Native, GAS);
        }
        let there = self.balance(due.from, due.asset);
        let amount = if due.asset == Asset::Native { there.saturating_sub(FEE) } else { there };
        if !self.pay(due.from, due.to, due.asset, amount) {
            return;
        }
        if matches!(self.made.owners.get(&due.from), Some(AccountOwner::Deposit { .. })) {
            self.made.emptied.insert(due.from);
        }
        if self.collectors.contains(&due.to) {
            let known = self.made.known[COLLECTS as usize];
            let gas_from = (due.asset != Asset::Native).then_some(known);
            let on = Due { from: due.to, to: known, asset: due.asset, gas_from };
            let at = number + 1 + self.random.below(300);
            self.due.entry(at).or_default().push(on);
        }
    }

    fn seal(&mut self, number: u64) {
        let hash = |number: u64, salt: u64| {
            Hash256(bytes(
                self.plan.seed ^ number.wrapping_mul(0x1_0000_0001).wrapping_add(salt << 40),
            ))
        };
        let transactions = self.senders.iter().zip(1..).map(|(sender, index)| AccountTransaction {
            hash: hash(number, index),
            sender: *sender,
            recipient: None,
            value: 0,
            outcome: Outcome::Succeeded,
        });
        let block = AccountBlock {
            chain: CHAIN,
            number,
            hash: hash(number, 0),
            parent: hash(number - 1, 0),
            time: SECONDS_PER_BLOCK * number,
            hash_checked: HashCheck::NotRecomputed,
            transactions: transactions.collect(),
            movements: self.rows.drain(..).flatten().collect(),
            gaps: Vec::new(),
        };
        self.senders.clear();
        self.made.blocks.push(block);
    }
}
