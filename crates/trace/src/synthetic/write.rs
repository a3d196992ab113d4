//! Turns what owners decide into transactions. Knows fees, not habits.

use super::wallet::{AddressHabit, ChangeHabit, Money};
use super::{Kind, MATURITY_BLOCKS, Owner, RECENT_MAX, Synthetic, Truth, coin, txid};
use chain::block::{Transaction, TransactionInput};
use chain::{Features, Height, OutPoint};

/// Below this no change is taken; the rest goes to the miner.
const DUST_SATOSHI: u64 = 600;
/// Coins of a coinbase: a pool pays its miners.
const COINBASE_OUTPUTS_MAX: u64 = 8;

/// A transaction that is being made.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    kind: Kind,
    /// Whose software makes it.
    maker: Owner,
    spent: Vec<(Money, Owner)>,
    made: Vec<Made>,
    fee: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Made {
    owner: Owner,
    address: u64,
    value: u64,
    is_change: bool,
}

impl Draft {
    pub(super) fn new(kind: Kind, maker: Owner) -> Draft {
        Draft { kind, maker, spent: Vec::new(), made: Vec::new(), fee: None }
    }

    pub(super) fn spend(&mut self, coins: Vec<Money>, owner: Owner) {
        self.spent.extend(coins.into_iter().map(|coin| (coin, owner)));
    }

    pub(super) fn pay(&mut self, world: &mut Synthetic, payee: Owner, value: u64) {
        let address = world.payment_address(payee);
        self.made.push(Made { owner: payee, address, value, is_change: false });
    }

    /// To an address that the exchange keeps for this customer.
    pub(super) fn deposit(&mut self, exchange: Owner, customer: Owner, value: u64) {
        // Above all counted addresses, one for each pair of customer and exchange.
        let address = (1 << 63) | (u64::from(exchange.0) << 32) | u64::from(customer.0);
        self.made.push(Made { owner: exchange, address, value, is_change: false });
    }

    /// What is left after the payments, less the fee, back to the payer.
    pub(super) fn change(&mut self, world: &mut Synthetic, payer: Owner) {
        let paid: u64 = self.made.iter().map(|made| made.value).sum();
        let left = self.worth().saturating_sub(paid);
        let left = left.saturating_sub(self.fee(world, payer, left));
        if left <= DUST_SATOSHI {
            return;
        }
        let first = self.spent[0].0.address;
        let address = match world.wallet(payer).change_habit {
            ChangeHabit::Back => first,
            ChangeHabit::Fresh => world.new_address(),
        };
        let change = Made { owner: payer, address, value: left, is_change: true };
        let place = world.random.below(self.made.len() as u64 + 1) as usize;
        self.made.insert(place, change);
    }

    /// All of it, less the fee, to the owner.
    pub(super) fn rest(&mut self, world: &mut Synthetic, owner: Owner) {
        let worth = self.worth();
        let value = worth - self.fee(world, owner, worth).min(worth / 2);
        let address = world.payment_address(owner);
        self.made.push(Made { owner, address, value, is_change: false });
    }

    /// An equal share and change for one who joins, both to new addresses.
    pub(super) fn mix(&mut self, world: &mut Synthetic, owner: Owner, equal: u64, brought: u64) {
        let address = world.new_address();
        self.made.push(Made { owner, address, value: equal, is_change: false });
        let left = brought.saturating_sub(equal + 2_000);
        if left > DUST_SATOSHI {
            let address = world.new_address();
            self.made.push(Made { owner, address, value: left, is_change: false });
        }
    }

    fn worth(&self) -> u64 {
        self.spent.iter().map(|(coin, _)| coin.value).sum()
    }

    fn fee(&mut self, world: &mut Synthetic, payer: Owner, left: u64) -> u64 {
        let varying = 200 * (1 + world.random.below(60));
        let fee = world.wallet(payer).fixed_fee.unwrap_or(varying).min(left);
        self.fee = Some(fee);
        fee
    }

    /// Gives the outputs to their owners.
    pub(super) fn write(mut self, world: &mut Synthetic) -> (Transaction, Truth) {
        if self.kind == Kind::CoinJoin {
            // Whoever joins sorts by value, so that places tell nothing.
            self.made.sort_by_key(|made| (std::cmp::Reverse(made.value), made.address));
        }
        let features = world.wallet(self.maker).features(world.height);
        let inputs = self.spent.iter().map(|(coin, _)| {
            let txid = txid(world.plan.seed, coin.transaction);
            TransactionInput { previous: OutPoint { txid, vout: coin.vout }, coin: None }
        });
        let inputs = inputs.collect();
        let spenders = self.spent.iter().map(|(_, owner)| *owner).collect();
        let change = self.made.iter().position(|made| made.is_change).map(|place| place as u32);
        let owners = self.made.iter().map(|made| made.owner).collect();
        let truth = Truth { kind: self.kind, spenders, owners, change };
        let transaction = world.finish(inputs, &self.made, features, |world, owner, money| {
            world.wallets[owner.0 as usize].add(money);
            world.recent.push_back(owner);
            if world.recent.len() > RECENT_MAX {
                world.recent.pop_front();
            }
        });
        (transaction, truth)
    }
}

/// The subsidy, shared among some miners, and what matured is handed out.
pub(super) fn coinbase(world: &mut Synthetic) -> (Transaction, Truth) {
    let height = world.height;
    while let Some((born, owner, money)) = world.immature.front().copied() {
        if born + MATURITY_BLOCKS > height {
            break;
        }
        world.immature.pop_front();
        world.wallets[owner.0 as usize].add(money);
    }
    let subsidy = world.network().subsidy(Height(height)).0;
    let count = if height == 0 { 1 } else { 1 + world.random.below(COINBASE_OUTPUTS_MAX) };
    let mut made = Vec::new();
    for _ in 0..count {
        let owner = if height == 0 { Owner(0) } else { world.anybody_but(Owner(1)) };
        let address = world.payment_address(owner);
        made.push(Made { owner, address, value: subsidy / count, is_change: false });
    }
    let owners = made.iter().map(|made| made.owner).collect();
    let truth = Truth { kind: Kind::Coinbase, spenders: Vec::new(), owners, change: None };
    let features = Features { version: 1, ..Features::default() };
    let transaction = world.finish(Vec::new(), &made, features, |world, owner, money| {
        world.immature.push_back((world.height, owner, money));
    });
    (transaction, truth)
}

impl Synthetic {
    fn new_address(&mut self) -> u64 {
        self.addresses += 1;
        self.addresses
    }

    fn payment_address(&mut self, owner: Owner) -> u64 {
        let wallet = &self.wallets[owner.0 as usize];
        if wallet.address_habit == AddressHabit::Fresh {
            return self.new_address();
        }
        let known = wallet.address;
        let address = known.unwrap_or_else(|| self.new_address());
        self.wallets[owner.0 as usize].address = Some(address);
        address
    }

    fn finish(
        &mut self,
        inputs: Vec<TransactionInput>,
        made: &[Made],
        features: Features,
        give: impl Fn(&mut Synthetic, Owner, Money),
    ) -> Transaction {
        let number = self.transactions;
        self.transactions += 1;
        let mut outputs = Vec::with_capacity(made.len());
        for (vout, made) in (0..).zip(made) {
            let Made { owner, address, value, is_change } = *made;
            outputs.push(coin(value, self.wallet(owner).script(address)));
            give(self, owner, Money { transaction: number, vout, value, address, is_change });
        }
        let txid = txid(self.plan.seed, number);
        Transaction { txid, inputs, outputs, features: Some(features) }
    }
}
