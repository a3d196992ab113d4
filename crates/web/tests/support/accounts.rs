//! A made-up theft on an account chain, kept in an account log as `comity chain` keeps one.

use std::path::Path;

use chain::account::block::HashCheck;
use chain::account::{
    Account, AccountBlock, AccountChain, AccountTransaction, Asset, Hash256, Kind, Movement,
    Outcome, Place,
};
use chain::store::accounts::AccountFile;

use super::exchange::ACCOUNT;

/// The chain.
pub const CHAIN: AccountChain = AccountChain::Evm { chain_id: 1 };
/// The log in the node's folder.
pub const LOG: &str = "accounts.log";
/// A whole coin in its smallest unit.
const COIN: u128 = 1_000_000_000_000_000_000;
/// Payments of the thief to a crowd, more than a picture has room for.
const CROWD: u8 = 240;
const FIRST: u64 = 100;

/// The victim's account.
pub fn victim() -> Account {
    Account([0xa1; 20])
}

/// The deposit account of the exchange's customer.
pub fn deposit() -> Account {
    Account([0xd0; 20])
}

/// The token that the pool pays out.
pub fn token() -> Account {
    Account([0x70; 20])
}

/// The hash of the theft.
pub fn theft() -> String {
    CHAIN.hash_text(hash(FIRST, 1))
}

fn hash(block: u64, index: u8) -> Hash256 {
    let mut bytes = [index; 32];
    bytes[..8].copy_from_slice(&block.to_be_bytes());
    Hash256(bytes)
}

struct Paid(Kind, Account, Account, Asset, u128);

fn coins(from: Account, to: Account, tenths: u128) -> Paid {
    Paid(Kind::Value, from, to, Asset::Native, tenths * COIN / 10)
}

fn block(number: u64, transactions: Vec<(Account, Vec<Paid>)>) -> AccountBlock {
    let (mut made, mut movements) = (Vec::new(), Vec::new());
    for (index, (sender, paid)) in transactions.into_iter().enumerate() {
        made.push(AccountTransaction {
            hash: hash(number, index as u8),
            sender,
            recipient: None,
            value: 0,
            outcome: Outcome::Succeeded,
        });
        for (place, Paid(kind, from, to, asset, amount)) in paid.into_iter().enumerate() {
            let place = match kind {
                Kind::Token => Place::Log(place as u32),
                _ => Place::Call(place as u32),
            };
            let (from, to, transaction) = (Some(from), Some(to), Some(index as u32));
            movements.push(Movement { transaction, place, kind, asset, from, to, amount });
        }
    }
    AccountBlock {
        chain: CHAIN,
        number,
        hash: hash(number, 255),
        parent: hash(number - 1, 255),
        time: 1_700_000_000 + 12 * number,
        hash_checked: HashCheck::NotRecomputed,
        transactions: made,
        movements,
        gaps: Vec::new(),
    }
}

fn blocks() -> Vec<AccountBlock> {
    let (thief, mule, friend) = (Account([0x11; 20]), Account([0x22; 20]), Account([0x33; 20]));
    let (pool, other, miner) = (Account([0x90; 20]), Account([0x44; 20]), Account([0x55; 20]));
    let mut alike = deposit();
    alike.0[5..15].fill(0x77);
    let stands = Asset::Token(token());
    let fee = |from| Paid(Kind::FeeTip, from, miner, Asset::Native, COIN / 1_000);
    let crowd = (0..CROWD).map(|number| {
        let mut account = Account([0xe0; 20]);
        account.0[0] = number;
        (thief, vec![Paid(Kind::Value, thief, account, Asset::Native, COIN / 1_000)])
    });
    let dust = Paid(Kind::Value, alike, mule, Asset::Native, COIN / 10_000);
    let rows = vec![
        vec![
            (
                pool,
                vec![
                    Paid(Kind::Internal, pool, other, Asset::Native, COIN),
                    coins(other, mule, 20),
                ],
            ),
            (victim(), vec![fee(victim()), coins(victim(), thief, 100)]),
        ],
        vec![(thief, vec![fee(thief), coins(thief, mule, 60)])],
        vec![(mule, vec![fee(mule), coins(mule, deposit(), 30)])],
        vec![(thief, vec![coins(thief, pool, 20), Paid(Kind::Token, pool, thief, stands, 5_000)])],
        vec![(mule, vec![coins(mule, friend, 10)])],
        vec![(friend, vec![coins(friend, other, 40)])],
        vec![(alike, vec![dust])],
        crowd.collect(),
    ];
    rows.into_iter().zip(FIRST..).map(|(rows, number)| block(number, rows)).collect()
}

/// Appends an empty block to the chain, as `comity chain follow` does.
#[allow(dead_code)] // the tests of security follow no chain
pub fn add_block(dir: &Path) {
    let mut log = AccountFile::open_or_create(&dir.join(LOG), CHAIN).expect("a log");
    let next = FIRST + blocks().len() as u64;
    log.append(block(next, Vec::new())).expect("it follows");
    log.commit().expect("on disk");
}

/// Keeps the chain in the node's folder, names it in the configuration, and gives the deposit
/// account to a customer.
pub fn keep_accounts(dir: &Path) {
    let mut log = AccountFile::open_or_create(&dir.join(LOG), CHAIN).expect("a log");
    for block in blocks() {
        log.append(block).expect("it follows");
    }
    log.commit().expect("on disk");
    let config = dir.join("comity.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let text = text.replace("[chain]\n", &format!("[chain]\naccounts = [\"{LOG}\"]\n"));
    assert!(text.contains(LOG), "the example has a [chain]");
    std::fs::write(&config, text).expect("written");
    let addresses = dir.join("records/deposit_addresses.csv");
    let mut text = std::fs::read_to_string(&addresses).expect("the example's addresses");
    text += &format!("{},{ACCOUNT},ETH,2023-01-07T11:33:48Z,yes\n", deposit().eip55());
    std::fs::write(&addresses, text).expect("written");
}
