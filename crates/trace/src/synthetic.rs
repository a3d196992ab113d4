//! Made-up chains of which every owner is known. Knows nothing of the real chain's statistics: what
//! is measured here says how a heuristic meets the habits written below, and no more.
//!
//! For tests, for measured error where no truth can be had from a real chain (docs/error-rates.md),
//! and for benchmarks: blocks come one at a time and only unspent coins are kept, so that hundreds
//! of millions of edges need no more memory than their unspent outputs. The same plan makes the
//! same chain, to the byte, on every machine. Hashes are not real: nothing was mined.
//!
//! What the owners do: pay each other with change, to a fresh address or back to an old one; put
//! coins together; withdraw from exchanges one by one (peel chains) or many at once; deposit with
//! them, and have the deposits swept; join coins of equal value; and now and then pay together with
//! the one they pay (PayJoin), which no heuristic sees.

use chain::block::{Coin, DecodedBlock, FileFacts, NamedBytes, Transaction};
use chain::{BlockHash, Height, Network, Satoshi, TransactionRow, Txid};
use std::collections::VecDeque;
use std::sync::Arc;

pub mod accounts;
mod random;
mod wallet;
mod write;

pub use random::Random;
pub use wallet::{AddressHabit, ChangeHabit, Wallet};

use wallet::Money;
use write::Draft;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The same seed, the same chain.
    pub seed: u64,
    /// People and services; at least [`OWNERS_MIN`].
    pub owners: u32,
    /// How many blocks.
    pub blocks: u32,
    /// Transactions in a block, as soon as there are coins enough.
    pub transactions_per_block: u32,
}

/// Fewer owners cannot join coins.
pub const OWNERS_MIN: u32 = 16;

/// Somebody, or a service. Owner 0 is the first miner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(pub u32);

/// Why a transaction was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// New money.
    Coinbase,
    /// One pays one.
    Payment,
    /// One pays one, out of the change of the payment before: a link of a peel chain.
    Peel,
    /// A customer pays into an exchange.
    Deposit,
    /// One exchange pays many.
    Payout,
    /// One puts own coins together.
    Consolidation,
    /// Several join coins of equal value.
    CoinJoin,
    /// Payer and payee both bring coins.
    PayJoin,
}

/// What is true of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Why it was made.
    pub kind: Kind,
    /// Who owns what each input spends.
    pub spenders: Vec<Owner>,
    /// Who owns each output.
    pub owners: Vec<Owner>,
    /// The change of a single payer, where there is any.
    pub change: Option<u32>,
}

/// A block, and what is true of it.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its height.
    pub height: Height,
    /// Ten minutes after the one before.
    pub time: u32,
    /// The coinbase first.
    pub transactions: Vec<Transaction>,
    /// One for each transaction.
    pub truths: Vec<Truth>,
}

/// Makes blocks, one at a time.
#[derive(Clone, Debug)]
pub struct Synthetic {
    plan: Plan,
    random: Random,
    wallets: Vec<Wallet>,
    /// Who was paid lately; they spend more often than others.
    recent: VecDeque<Owner>,
    /// Coinbases of the last blocks, which cannot be spent yet.
    immature: VecDeque<(u32, Owner, Money)>,
    /// Addresses handed out.
    addresses: u64,
    transactions: u64,
    height: u32,
}

/// A coinbase's outputs may be spent so many blocks later (consensus rule).
pub const MATURITY_BLOCKS: u32 = 100;

/// 3 January 2009, as in Bitcoin.
const FIRST_TIME: u32 = 1_231_006_505;
const BLOCK_SECONDS: u32 = 600;

/// Owners that are remembered as paid lately.
const RECENT_MAX: usize = 4_096;

/// What an exchange pays out together at least.
const PAYOUT_SATOSHI_MIN: u64 = 10_000_000;

/// Tries to find somebody with coins.
const TRIES_MAX: u32 = 24;

impl Synthetic {
    /// Before the first block. Panics on fewer than [`OWNERS_MIN`] owners.
    pub fn new(plan: Plan) -> Synthetic {
        assert!(plan.owners >= OWNERS_MIN, "{} owners; at least {OWNERS_MIN}", plan.owners);
        let mut random = Random::new(plan.seed);
        let wallets = (0..plan.owners).map(|owner| Wallet::new(owner, &mut random)).collect();
        Synthetic {
            plan,
            random,
            wallets,
            recent: VecDeque::new(),
            immature: VecDeque::new(),
            addresses: 0,
            transactions: 0,
            height: 0,
        }
    }

    /// The habits of an owner. Panics on one that is not there.
    pub fn wallet(&self, owner: Owner) -> &Wallet {
        &self.wallets[owner.0 as usize]
    }

    /// The network whose rules hold.
    pub fn network(&self) -> Network {
        Network::Mainnet
    }

    fn transaction(&mut self) -> Option<(Transaction, Truth)> {
        let draft = match self.random.below(1_000) {
            0..=519 => self.payment(),
            520..=619 => self.peel(),
            620..=779 => self.deposit(),
            780..=829 => self.payout(),
            830..=939 => self.consolidation(),
            940..=997 => self.coinjoin(),
            _ => self.payjoin(),
        }?;
        Some(draft.write(self))
    }

    fn payment(&mut self) -> Option<Draft> {
        let payer = self.somebody()?;
        let payee = self.anybody_but(payer);
        let amount = self.amount(payer);
        let mut draft = Draft::new(Kind::Payment, payer);
        draft.spend(self.wallets[payer.0 as usize].take(amount)?, payer);
        draft.pay(self, payee, amount);
        draft.change(self, payer);
        Some(draft)
    }

    /// An exchange withdraws out of one coin again and again.
    fn peel(&mut self) -> Option<Draft> {
        let payer = self.exchange()?;
        let payee = self.anybody_but(payer);
        let wallet = &mut self.wallets[payer.0 as usize];
        let largest = wallet.largest_value()?;
        let coin = wallet.take_change().or_else(|| wallet.take_largest())?;
        let share = 20 + self.random.below(80);
        let amount = self.round((coin.value.min(largest) / share).max(10_000));
        if amount >= coin.value {
            self.wallets[payer.0 as usize].put_back(vec![coin]);
            return None;
        }
        let mut draft = Draft::new(Kind::Peel, payer);
        draft.spend(vec![coin], payer);
        draft.pay(self, payee, amount);
        draft.change(self, payer);
        Some(draft)
    }

    fn deposit(&mut self) -> Option<Draft> {
        let payer = self.somebody()?;
        let exchange = self.exchange()?;
        if exchange == payer {
            return None;
        }
        let amount = self.amount(payer);
        let mut draft = Draft::new(Kind::Deposit, payer);
        draft.spend(self.wallets[payer.0 as usize].take(amount)?, payer);
        draft.deposit(exchange, payer, amount);
        draft.change(self, payer);
        Some(draft)
    }

    fn payout(&mut self) -> Option<Draft> {
        let payer = self.exchange()?;
        let count = 3 + self.random.below(18);
        let worth = self.wallets[payer.0 as usize].largest_value()?;
        if worth < PAYOUT_SATOSHI_MIN {
            return None;
        }
        let mut amounts = Vec::new();
        for _ in 0..count {
            let part = worth / (count + 2) / (1 + self.random.below(3));
            amounts.push(self.round(part));
        }
        let sum: u64 = amounts.iter().sum();
        let mut draft = Draft::new(Kind::Payout, payer);
        draft.spend(self.wallets[payer.0 as usize].take(sum)?, payer);
        for amount in amounts {
            let payee = self.anybody_but(payer);
            draft.pay(self, payee, amount);
        }
        draft.change(self, payer);
        Some(draft)
    }

    fn consolidation(&mut self) -> Option<Draft> {
        let owner = if self.random.below(3) == 0 { self.exchange()? } else { self.somebody()? };
        let coins = self.wallets[owner.0 as usize].take_many(2 + self.random.below(14) as usize)?;
        let mut draft = Draft::new(Kind::Consolidation, owner);
        draft.spend(coins, owner);
        draft.rest(self, owner);
        Some(draft)
    }

    fn coinjoin(&mut self) -> Option<Draft> {
        let count = 3 + self.random.below(10) as usize;
        let equal = [1_000_000, 5_000_000, 10_000_000][self.random.below(3) as usize];
        let mut people: Vec<Owner> = Vec::new();
        for _ in 0..count * 8 {
            let owner = self.somebody()?;
            let able = self.wallet(owner).worth() > 2 * equal;
            if able && !self.wallet(owner).exchange && !people.contains(&owner) {
                people.push(owner);
            }
            if people.len() == count {
                break;
            }
        }
        let mut taken = Vec::new();
        for owner in people {
            let coins = self.wallets[owner.0 as usize].take(equal);
            taken.extend(coins.map(|coins| (owner, coins)));
        }
        let Some((maker, _)) = taken.get(2) else {
            for (owner, coins) in taken {
                self.wallets[owner.0 as usize].put_back(coins);
            }
            return None;
        };
        let mut draft = Draft::new(Kind::CoinJoin, *maker);
        for (owner, coins) in taken {
            let sum: u64 = coins.iter().map(|coin| coin.value).sum();
            draft.spend(coins, owner);
            draft.mix(self, owner, equal, sum);
        }
        Some(draft)
    }

    fn payjoin(&mut self) -> Option<Draft> {
        let payer = self.somebody()?;
        let payee = self.somebody()?;
        if payer == payee {
            return None;
        }
        let amount = self.amount(payer);
        let brought = self.wallets[payee.0 as usize].take(1)?;
        let mut draft = Draft::new(Kind::PayJoin, payer);
        let Some(coins) = self.wallets[payer.0 as usize].take(amount) else {
            self.wallets[payee.0 as usize].put_back(brought);
            return None;
        };
        let sum: u64 = brought.iter().map(|coin| coin.value).sum();
        draft.spend(coins, payer);
        draft.spend(brought, payee);
        draft.pay(self, payee, amount + sum);
        draft.change(self, payer);
        Some(draft)
    }

    /// Somebody with coins, more often one who was paid lately.
    fn somebody(&mut self) -> Option<Owner> {
        for _ in 0..TRIES_MAX {
            let owner = if self.recent.is_empty() || self.random.below(2) == 0 {
                Owner(self.random.below(u64::from(self.plan.owners)) as u32)
            } else {
                self.recent[self.random.below(self.recent.len() as u64) as usize]
            };
            if self.wallet(owner).worth() > 0 {
                return Some(owner);
            }
        }
        None
    }

    fn anybody_but(&mut self, other: Owner) -> Owner {
        let owners = u64::from(self.plan.owners);
        // A few are paid by everybody: the hubs of the graph.
        let number = if self.random.below(6) == 0 {
            self.random.below(owners.isqrt())
        } else {
            self.random.below(owners)
        } as u32;
        Owner(if number == other.0 { (number + 1) % self.plan.owners } else { number })
    }

    /// Every sixteenth owner is an exchange; the first of them is the largest.
    fn exchange(&mut self) -> Option<Owner> {
        let count = u64::from(self.plan.owners / wallet::OWNERS_PER_EXCHANGE);
        let place = self.random.below(count).min(self.random.below(count));
        let owner = Owner(place as u32 * wallet::OWNERS_PER_EXCHANGE + 1);
        Some(owner)
    }

    /// What somebody pays: a part of what is there, often a round sum.
    fn amount(&mut self, payer: Owner) -> u64 {
        let worth = self.wallet(payer).worth();
        let amount = worth / (2 + self.random.below(12));
        self.round(amount.max(10_000))
    }

    fn round(&mut self, amount: u64) -> u64 {
        let unit = match self.random.below(5) {
            0 => 10_000_000,
            1 => 1_000_000,
            2 => 100_000,
            _ => 1,
        };
        if amount > 2 * unit { amount / unit * unit } else { amount }
    }
}

impl Iterator for Synthetic {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        if self.height == self.plan.blocks {
            return None;
        }
        let mut block = Block {
            height: Height(self.height),
            time: FIRST_TIME + self.height * BLOCK_SECONDS,
            transactions: Vec::new(),
            truths: Vec::new(),
        };
        let mut push = |made: (Transaction, Truth)| {
            block.transactions.push(made.0);
            block.truths.push(made.1);
        };
        push(write::coinbase(self));
        for _ in 1..self.plan.transactions_per_block {
            if let Some(made) = self.transaction() {
                push(made);
            }
        }
        self.height += 1;
        Some(block)
    }
}

impl Block {
    /// The same as rows of a table.
    pub fn rows(self) -> impl Iterator<Item = TransactionRow> {
        let height = self.height;
        self.transactions.into_iter().map(move |transaction| TransactionRow { height, transaction })
    }

    /// The same as a block from a file would be, with made-up hashes.
    pub fn decoded(self) -> DecodedBlock {
        DecodedBlock {
            hash: block_hash(Some(self.height)),
            previous: block_hash(self.height.0.checked_sub(1).map(Height)),
            time: self.time,
            height: Some(self.height),
            network: Network::Mainnet,
            file: Arc::new(facts()),
            offset: 0,
            undo: None,
            transactions: self.transactions,
        }
    }
}

/// What an exhibit would say about the file that these blocks did not come from.
pub fn facts() -> FileFacts {
    FileFacts::of(NamedBytes { name: "synthetic", bytes: b"" })
}

/// A made-up hash; the real one of what lies before the first block.
fn block_hash(height: Option<Height>) -> BlockHash {
    let Some(height) = height else { return BlockHash([0; 32]) };
    BlockHash(random::bytes(u64::from(height.0) ^ (0xb10c << 40)))
}

/// A made-up id.
fn txid(seed: u64, number: u64) -> Txid {
    Txid(random::bytes(seed.rotate_left(32) ^ number))
}

fn coin(value: u64, script: Box<[u8]>) -> Coin {
    Coin { value: Satoshi(value), script }
}
