//! Made-up ledgers for tests: one block a line, one transaction a list of movements.
#![allow(dead_code)]

use chain::account::block::HashCheck;
use chain::account::{
    Account, AccountBlock, AccountChain, AccountTransaction, Asset, Hash256, Kind, Ledgers,
    Movement, Outcome, Place,
};

pub const CHAIN: AccountChain = AccountChain::Evm { chain_id: 1 };

/// A wrapper whose account is 77.
pub const WRAPPER: u8 = 77;

pub fn account(number: u8) -> Account {
    Account([number; 20])
}

pub fn hash(block: u64, index: usize) -> Hash256 {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&block.to_be_bytes());
    bytes[31] = index as u8 + 1;
    Hash256(bytes)
}

/// What moved: sort, payer, payee, asset (0 is the coin), amount.
#[derive(Clone, Copy, Debug)]
pub struct Row(pub Kind, pub Account, pub Account, pub u8, pub u128);

pub fn pay(from: u8, to: u8, asset: u8, amount: u128) -> Row {
    let kind = if asset == 0 { Kind::Value } else { Kind::Token };
    Row(kind, account(from), account(to), asset, amount)
}

pub fn asset(number: u8) -> Asset {
    if number == 0 { Asset::Native } else { Asset::Token(account(number)) }
}

fn side(account: Account) -> Option<Account> {
    (account != Account::ZERO).then_some(account)
}

/// Transactions of one block; each is signed by its first payer, or by account 1.
pub fn block(number: u64, transactions: &[Vec<Row>]) -> AccountBlock {
    let mut movements = Vec::new();
    for (index, rows) in transactions.iter().enumerate() {
        for (place, Row(kind, from, to, number, amount)) in rows.iter().enumerate() {
            movements.push(Movement {
                transaction: Some(index as u32),
                place: Place::Call(place as u32),
                kind: *kind,
                asset: asset(*number),
                from: side(*from),
                to: side(*to),
                amount: *amount,
            });
        }
    }
    let signer = |rows: &Vec<Row>| rows.first().map_or(account(1), |row| row.1);
    let transaction = |(index, rows): (usize, &Vec<Row>)| AccountTransaction {
        hash: hash(number, index),
        sender: signer(rows),
        recipient: None,
        value: 0,
        outcome: Outcome::Succeeded,
    };
    AccountBlock {
        chain: CHAIN,
        number,
        hash: hash(number, 200),
        parent: hash(number - 1, 200),
        time: 60 * number,
        hash_checked: HashCheck::NotRecomputed,
        transactions: transactions.iter().enumerate().map(transaction).collect(),
        movements,
        gaps: Vec::new(),
    }
}

/// Blocks from number 1, one transaction in each.
pub fn ledgers(blocks: &[Vec<Row>]) -> Ledgers {
    let mut ledgers = Ledgers::new(CHAIN);
    for (index, rows) in blocks.iter().enumerate() {
        ledgers.append(&block(index as u64 + 1, std::slice::from_ref(rows))).unwrap();
    }
    ledgers
}
