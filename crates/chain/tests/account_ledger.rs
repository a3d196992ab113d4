//! Ledgers against a slow scan, appended, rolled back and appended again.

use chain::account::block::HashCheck;
use chain::account::log::{Entry, LogError, LogWriter, recover};
use chain::account::{
    Account, AccountBlock, AccountChain, AccountTransaction, Asset, AssetNumber, EventNumber,
    Hash256, Kind, LedgerError, Ledgers, Movement, Outcome, Place, TransactionNumber,
};
use proptest::prelude::*;

const CHAIN: AccountChain = AccountChain::Evm { chain_id: 7 };

fn account(number: u8) -> Account {
    Account([number; 20])
}

fn hash(number: u64, fork: u8) -> Hash256 {
    let mut bytes = [fork; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Hash256(bytes)
}

type Row = (u8, u8, u8, u128);

/// A block of one transaction a row, then a reward.
fn block(number: u64, fork: u8, parent_fork: u8, rows: &[Row]) -> AccountBlock {
    let somebody = |number: u8| (number > 0).then(|| account(number));
    let mut movements: Vec<Movement> = rows
        .iter()
        .enumerate()
        .map(|(index, (from, to, asset, amount))| Movement {
            transaction: Some(index as u32),
            place: Place::Log(index as u32),
            kind: Kind::Token,
            asset: if *asset == 0 { Asset::Native } else { Asset::Token(account(100 + asset)) },
            from: somebody(*from),
            to: somebody(*to),
            amount: *amount,
        })
        .collect();
    movements.push(Movement {
        transaction: None,
        place: Place::Block(0),
        kind: Kind::Reward,
        asset: Asset::Native,
        from: None,
        to: Some(account(200)),
        amount: 5,
    });
    let transaction = |index: usize| AccountTransaction {
        hash: hash(1_000 * number + index as u64, fork),
        sender: account(1 + (index % 5) as u8),
        recipient: None,
        value: 0,
        outcome: Outcome::Succeeded,
    };
    AccountBlock {
        chain: CHAIN,
        number,
        hash: hash(number, fork),
        parent: hash(number - 1, parent_fork),
        time: 10 * number,
        hash_checked: HashCheck::NotRecomputed,
        transactions: (0..rows.len()).map(transaction).collect(),
        movements,
        gaps: Vec::new(),
    }
}

/// Everything that can be asked, as text.
fn all(ledgers: &Ledgers) -> String {
    let mut text = format!("{:?}\n", ledgers.tip().map(|tip| (tip.number, tip.hash)));
    for row in 0..ledgers.event_count() {
        let event = ledgers.event(EventNumber(row));
        let name = |side: Option<_>| side.map(|one| ledgers.account(one));
        let (from, to) = (name(event.from), name(event.to));
        let asset = ledgers.asset(event.asset);
        text += &format!(
            "{row} {:?} {:?} {from:?} {to:?} {asset:?} {}\n",
            event.block, event.transaction, event.amount
        );
    }
    for (asset, account) in ledgers.pairs() {
        let postings = ledgers.postings(asset, account);
        text +=
            &format!("{:?} {:?} {postings:?}\n", ledgers.account(account), ledgers.asset(asset));
    }
    text
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let amount = prop_oneof![0u128..1_000, Just(u128::from(u64::MAX)), any::<u128>()];
    proptest::collection::vec((0u8..6, 0u8..6, 0u8..3, amount), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_index_equals_a_slow_scan(blocks in proptest::collection::vec(rows(), 1..6)) {
        let mut ledgers = Ledgers::new(CHAIN);
        let mut slow = Vec::new();
        for (index, rows) in blocks.iter().enumerate() {
            let block = block(index as u64 + 5, 1, 1, rows);
            ledgers.append(&block).unwrap();
            slow.extend(block.movements);
        }
        prop_assert_eq!(ledgers.event_count(), slow.len() as u64);
        for (row, movement) in slow.iter().enumerate() {
            let event = ledgers.event(EventNumber(row as u64));
            prop_assert_eq!(event.amount, movement.amount);
            prop_assert_eq!(event.from.map(|one| ledgers.account(one)), movement.from);
            prop_assert_eq!(event.to.map(|one| ledgers.account(one)), movement.to);
            prop_assert_eq!(ledgers.asset(event.asset), movement.asset);
            prop_assert_eq!(event.transaction.is_some(), movement.transaction.is_some());
        }
        for (asset, owner) in ledgers.pairs() {
            let (name, own) = (ledgers.asset(asset), ledgers.account(owner));
            let expected: Vec<u64> = (0..slow.len())
                .filter(|row| {
                    let one = &slow[*row];
                    one.asset == name && (one.from == Some(own) || one.to == Some(own))
                })
                .map(|row| row as u64)
                .collect();
            prop_assert_eq!(ledgers.postings(asset, owner), expected);
        }
        for transaction in 0..ledgers.transaction_count() {
            let number = TransactionNumber(transaction);
            let found = ledgers.events_of(number).map(|row| ledgers.event(EventNumber(row)));
            let expected = (0..ledgers.event_count())
                .map(|row| ledgers.event(EventNumber(row)))
                .filter(|event| event.transaction == Some(number));
            prop_assert!(found.eq(expected));
            let hash = ledgers.transaction(number).hash;
            prop_assert_eq!(ledgers.transaction_number(&hash), Some(number));
        }
    }

    #[test]
    fn a_reorganisation_leaves_no_trace_of_the_other_branch(
        common in proptest::collection::vec(rows(), 1..4),
        lost in proptest::collection::vec(rows(), 1..4),
        kept in proptest::collection::vec(rows(), 1..4),
    ) {
        let mut ledgers = Ledgers::new(CHAIN);
        let mut straight = Ledgers::new(CHAIN);
        let number = |index: usize| index as u64 + 1;
        for (index, rows) in common.iter().enumerate() {
            ledgers.append(&block(number(index), 1, 1, rows)).unwrap();
            straight.append(&block(number(index), 1, 1, rows)).unwrap();
        }
        let fork = common.len();
        let branch = |ledgers: &mut Ledgers, blocks: &[Vec<Row>], name: u8| {
            for (index, rows) in blocks.iter().enumerate() {
                let parent = if index == 0 { 1 } else { name };
                ledgers.append(&block(number(fork + index), name, parent, rows)).unwrap();
            }
        };
        branch(&mut ledgers, &lost, 2);
        let next = block(number(fork + lost.len()), 3, 3, &[]);
        let said = ledgers.append(&next);
        prop_assert!(matches!(said, Err(LedgerError::Reorganised { .. })), "{:?}", said);
        prop_assert_eq!(ledgers.rollback_to(fork as u64), lost.len() as u32);
        branch(&mut ledgers, &kept, 3);
        branch(&mut straight, &kept, 3);
        prop_assert_eq!(all(&ledgers), all(&straight));
        prop_assert_eq!(ledgers.account_count(), straight.account_count());
        prop_assert_eq!(ledgers.asset_count(), straight.asset_count());
    }
}

/// Three blocks, the last two of which a reorganisation replaced.
fn a_log() -> (Vec<u8>, Vec<usize>, Ledgers) {
    let blocks = [
        Entry::Block(block(1, 1, 1, &[(1, 2, 0, 10), (2, 0, 1, u128::MAX)])),
        Entry::Block(block(2, 1, 1, &[(2, 1, 2, 7)])),
        Entry::RollbackTo(1),
        Entry::Block(block(2, 2, 1, &[(0, 1, 2, 0)])),
    ];
    let (mut writer, mut bytes) = LogWriter::begin(CHAIN);
    let mut ends = vec![bytes.len()];
    for entry in &blocks {
        bytes.extend(writer.entry(entry));
        ends.push(bytes.len());
    }
    let mut ledgers = Ledgers::new(CHAIN);
    for entry in [&blocks[0], &blocks[3]] {
        let Entry::Block(block) = entry else { continue };
        ledgers.append(block).unwrap();
    }
    (bytes, ends, ledgers)
}

#[test]
fn a_log_gives_back_what_was_written_and_goes_on() {
    let (bytes, _, ledgers) = a_log();
    let mut found = recover(&bytes).unwrap();
    assert_eq!((found.whole_bytes, found.entry_count), (bytes.len(), 4));
    assert_eq!(all(&found.ledgers), all(&ledgers));
    let mut longer = bytes;
    longer.extend(found.writer.entry(&Entry::Block(block(3, 2, 2, &[(1, 2, 0, 1)]))));
    assert_eq!(recover(&longer).unwrap().ledgers.tip().unwrap().number, 3);
}

#[test]
fn a_log_cut_anywhere_keeps_its_whole_entries() {
    let (bytes, ends, _) = a_log();
    assert_eq!(recover(&bytes[..ends[0] - 1]).unwrap_err(), LogError::Header);
    for length in ends[0]..bytes.len() {
        let found = recover(&bytes[..length]).unwrap();
        let whole = *ends.iter().rev().find(|end| **end <= length).unwrap();
        assert_eq!(found.whole_bytes, whole, "cut at {length}");
    }
}

#[test]
fn every_changed_bit_of_a_log_is_found() {
    let (bytes, _, _) = a_log();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(recover(&changed).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn a_block_that_does_not_follow_changes_nothing() {
    let mut ledgers = Ledgers::new(CHAIN);
    ledgers.append(&block(5, 1, 1, &[(1, 2, 0, 10)])).unwrap();
    let before = all(&ledgers);
    let said = |ledgers: &mut Ledgers, block: AccountBlock| {
        ledgers.append(&block).unwrap_err().to_string()
    };
    let gap = said(&mut ledgers, block(7, 1, 1, &[]));
    assert_eq!(gap, "block 7 does not follow block 5: append 6 first");
    let fork = said(&mut ledgers, block(6, 2, 2, &[]));
    assert!(fork.starts_with("block 6 follows 0x") && fork.ends_with("where both chains agree"));
    let other = AccountBlock { chain: AccountChain::Tron, ..block(6, 1, 1, &[]) };
    assert_eq!(said(&mut ledgers, other), "block 6 is of tron, these ledgers are of evm 7");
    assert_eq!(all(&ledgers), before);
    assert_eq!(ledgers.rollback_to(0), 1);
    assert_eq!((ledgers.event_count(), ledgers.account_count(), ledgers.asset_count()), (0, 0, 1));
    assert_eq!(ledgers.asset(AssetNumber(0)), Asset::Native);
}
