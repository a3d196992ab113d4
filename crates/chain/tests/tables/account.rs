//! Our own tables of chains of accounts: what an account log holds comes back from them, and what is
//! wrong with them is told.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use chain::account::block::HashCheck;
use chain::account::log::{block_places, read_block};
use chain::account::{
    Account, AccountBlock, AccountChain, AccountTransaction, Asset, Gap, GapReason, Hash256, Kind,
    Movement, Outcome, Place as Where,
};
use chain::evm::EvmRules;
use chain::store::accounts::AccountFile;
use chain::store::export::export_accounts;
use chain::store::tables::{Format, TablesError, TablesImported, import_accounts};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Files, Place};

const TRON: AccountChain = AccountChain::Tron;

pub fn read_log(path: &Path) -> Vec<AccountBlock> {
    let bytes = std::fs::read(path).unwrap();
    let (chain, places) = block_places(&bytes).unwrap();
    places.into_iter().map(|place| read_block(&bytes, chain, place).unwrap()).collect()
}

pub fn import(
    log: &Path,
    chain: AccountChain,
    folder: &Path,
    rules: &EvmRules,
) -> Result<TablesImported, TablesError> {
    let mut log = AccountFile::open_or_create(log, chain)?;
    let stop = AtomicBool::new(false);
    import_accounts(&mut log, folder, Format::Csv, rules, &stop, |_, _| {})
}

fn account() -> impl Strategy<Value = Account> {
    (0u8..6).prop_map(|number| {
        let mut bytes = [0; 20];
        bytes[19] = number;
        Account(bytes)
    })
}

fn asset() -> impl Strategy<Value = Asset> {
    prop_oneof![
        Just(Asset::Native),
        account().prop_map(Asset::Token),
        (account(), any::<[u8; 32]>()).prop_map(|(contract, id)| Asset::Item { contract, id }),
        account().prop_map(|contract| Asset::Item { contract, id: [0; 32] }),
        any::<u64>().prop_map(Asset::Trc10),
    ]
}

fn place() -> impl Strategy<Value = Where> {
    prop_oneof![
        Just(Where::Fee),
        any::<u32>().prop_map(Where::Call),
        any::<u32>().prop_map(Where::Log),
        any::<u32>().prop_map(Where::Block),
    ]
}

fn transaction() -> impl Strategy<Value = AccountTransaction> {
    let outcome =
        prop_oneof![Just(Outcome::Succeeded), Just(Outcome::Failed), Just(Outcome::Unknown)];
    let parts = (any::<[u8; 32]>(), account(), proptest::option::of(account()), any::<u128>());
    (parts, outcome).prop_map(|((hash, sender, recipient, value), outcome)| AccountTransaction {
        hash: Hash256(hash),
        sender,
        recipient,
        value,
        outcome,
    })
}

fn reason() -> impl Strategy<Value = GapReason> {
    use GapReason::*;
    prop_oneof![
        Just(OutcomeUnknown),
        Just(FeeUnknown),
        Just(CallsUnknown),
        Just(LogsUnknown),
        Just(AmountBeyond128Bits),
        Just(TransferShape),
        Just(MultiToken),
        Just(AmountNegative),
        Just(UncleUnknown),
        Just(Irregular),
        Just(ContractType),
        Just(TransfersOnly),
    ]
}

prop_compose! {
    fn block()(
        transactions in proptest::collection::vec(transaction(), 0..4),
        recomputed in any::<bool>(),
        time in 0u64..1 << 40,
    )(
        movements in proptest::collection::vec(
            (
                proptest::option::of(any::<prop::sample::Index>()), place(), 0usize..16, asset(),
                proptest::option::of(account()), proptest::option::of(account()), any::<u128>(),
            ),
            0..6,
        ),
        gaps in proptest::collection::vec(
            (proptest::option::of(any::<prop::sample::Index>()), place(), reason()), 0..3,
        ),
        transactions in Just(transactions),
        recomputed in Just(recomputed),
        time in Just(time),
    ) -> AccountBlock {
        let count = transactions.len();
        let index = |index: Option<prop::sample::Index>| {
            index.filter(|_| count > 0).map(|index| index.index(count) as u32)
        };
        let movement = |(transaction, place, kind, asset, from, to, amount)| Movement {
            transaction: index(transaction), place, kind: Kind::ALL[kind], asset, from, to, amount,
        };
        let gap = |(transaction, place, reason)| Gap {
            transaction: index(transaction), place, reason,
        };
        AccountBlock {
            chain: TRON,
            number: 0,
            hash: Hash256::default(),
            parent: Hash256::default(),
            time,
            hash_checked: if recomputed { HashCheck::Recomputed } else { HashCheck::NotRecomputed },
            transactions,
            movements: movements.into_iter().map(movement).collect(),
            gaps: gaps.into_iter().map(gap).collect(),
        }
    }
}

fn linked(mut blocks: Vec<AccountBlock>, chain: AccountChain) -> Vec<AccountBlock> {
    for (number, block) in blocks.iter_mut().enumerate() {
        block.chain = chain;
        block.number = 40 + number as u64;
        block.hash = Hash256([number as u8 + 1; 32]);
        block.parent = Hash256([number as u8; 32]);
    }
    blocks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_log_comes_back_from_its_tables(
        blocks in proptest::collection::vec(block(), 1..8),
        evm in any::<bool>(),
        undone in 0usize..4,
    ) {
        let chain = if evm { AccountChain::Evm { chain_id: 137 } } else { TRON };
        let blocks = linked(blocks, chain);
        let place = Place::new();
        let (path, folder) = (place.path("log"), place.path("tables"));
        let mut log = AccountFile::open_or_create(&path, chain).unwrap();
        for block in &blocks {
            log.append(block.clone()).unwrap();
        }
        // What was rolled back and appended again is there once.
        let keep = blocks.len().saturating_sub(undone);
        if keep > 0 {
            log.rollback_to(blocks[keep - 1].number).unwrap();
            for block in &blocks[keep..] {
                log.append(block.clone()).unwrap();
            }
        }
        log.commit().unwrap();
        drop(log);
        let stop = AtomicBool::new(false);
        let count = export_accounts(&path, &folder, Format::Csv, &stop, |_, _| {}).unwrap();
        prop_assert_eq!(count, blocks.len() as u64);
        let again = place.path("again");
        let rules = EvmRules::of(137);
        let done = import(&again, chain, &folder, &rules).unwrap();
        prop_assert_eq!((done.added as usize, done.known), (blocks.len(), 0));
        prop_assert_eq!(read_log(&again), blocks.clone());
        // Once more, and on a log that was cut off within its last entry.
        let done = import(&again, chain, &folder, &rules).unwrap();
        prop_assert_eq!((done.added, done.known as usize), (0, blocks.len()));
        let bytes = std::fs::read(&again).unwrap();
        std::fs::write(&again, &bytes[..bytes.len() - 7]).unwrap();
        let done = import(&again, chain, &folder, &rules).unwrap();
        prop_assert_eq!((done.added, done.known as usize), (1, blocks.len() - 1));
        prop_assert_eq!(std::fs::read(&again).unwrap(), bytes);
    }
}

const USDT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

pub fn sound() -> Files {
    let hash = |number: u8| format!("{number:02x}").repeat(32);
    let mut files = Files::new();
    files.insert(
        "blocks.csv",
        format!(
            "number,hash,parent_hash,timestamp,hash_recomputed,transaction_count\n\
             7,{},{},1700000000,false,1\n8,{},{},1700000003,false,0\n",
            hash(7),
            hash(6),
            hash(8),
            hash(7)
        ),
    );
    files.insert(
        "transactions.csv",
        format!(
            "block_number,transaction_index,hash,from_address,to_address,value,status\n\
             7,0,{},{USDT},,5,1\n",
            hash(0x77)
        ),
    );
    files.insert(
        "movements.csv",
        format!(
            "block_number,transaction_index,place,place_index,kind,asset,from_address,\
             to_address,value\n7,0,fee,,fee burned,native,{USDT},,100\n\
             7,0,log,3,token,{USDT},{USDT},{USDT},42\n8,,block,0,reward,native,,{USDT},9\n"
        ),
    );
    files.insert(
        "gaps.csv",
        "block_number,transaction_index,place,place_index,reason\n8,,block,0,calls unknown\n"
            .to_owned(),
    );
    files
}

#[track_caller]
fn changed(file: &'static str, from: &str, to: &str, expected: Expect) {
    let mut files = sound();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from} is in {text}");
    *text = text.replacen(from, to, 1);
    let place = Place::new();
    let log = place.path("log");
    let rules = EvmRules::of(0);
    let error = import(&log, TRON, &place.tables(&files), &rules).unwrap_err();
    expected.assert_eq(&place.said(&error));
    let done = import(&log, TRON, &place.tables(&sound()), &rules).unwrap();
    assert_eq!(done.added + done.known, 2, "the log is of use afterwards");
}

#[test]
fn tables_that_are_wrong() {
    changed(
        "movements.csv",
        ",kind,",
        ",sort,",
        expect![
            "movements.csv, line 1: there is no column `kind`; there are: block_number, transaction_index, place, place_index, sort, asset, from_address, to_address, value"
        ],
    );
    changed(
        "movements.csv",
        ",42\n",
        ",340282366920938463463374607431768211456\n",
        expect![
            "movements.csv, line 3, column `value`: `340282366920938463463374607431768211456` does not fit into 128 bits"
        ],
    );
    changed(
        "movements.csv",
        ",42\n",
        ",-42\n",
        expect!["movements.csv, line 3, column `value`: `-42` is below zero"],
    );
    changed(
        "movements.csv",
        ",token,",
        ",tokens,",
        expect![
            "movements.csv, line 3, column `kind`: `tokens` is none of: the kinds of docs/formats/csv.md"
        ],
    );
    changed(
        "movements.csv",
        "7,0,log,3",
        "7,1,log,3",
        expect![
            "movements.csv, line 3, column `transaction_index`: block 7 has no such transaction"
        ],
    );
    changed(
        "movements.csv",
        "log,3",
        "log,",
        expect!["movements.csv, line 3, column `place_index`: the cell is empty"],
    );
    changed(
        "movements.csv",
        "log,3",
        "event,3",
        expect!["movements.csv, line 3, column `place`: `event` is none of: fee, call, log, block"],
    );
    changed(
        "movements.csv",
        ",native,,",
        ",0x12,,",
        expect![
            "movements.csv, line 4, column `asset`: `0x12` is not a Tron address: write the 34 characters that begin with T"
        ],
    );
    changed(
        "movements.csv",
        "j6t,9",
        "j6u,9",
        expect![
            "movements.csv, line 4, column `to_address`: `TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u` is not a Tron address: its checksum is wrong, a character was mistyped"
        ],
    );
    changed(
        "movements.csv",
        "8,,block",
        "9,,block",
        expect!["movements.csv, line 4, column `block_number`: block 9 is not in blocks"],
    );
    changed(
        "gaps.csv",
        "calls unknown",
        "no idea",
        expect![
            "gaps.csv, line 2, column `reason`: `no idea` is none of: the reasons of docs/formats/csv.md"
        ],
    );
    changed(
        "transactions.csv",
        ",5,1\n",
        ",5,2\n",
        expect![
            "transactions.csv, line 2, column `status`: `2` is none of: 1 (it took effect), 0 (it failed), nothing (not known)"
        ],
    );
    changed(
        "transactions.csv",
        "7,0,",
        "7,1,",
        expect![
            "transactions.csv, line 2, column `transaction_index`: transaction 0 should stand here: a row is missing, or out of order"
        ],
    );
    changed(
        "blocks.csv",
        "false,1\n",
        "false,2\n",
        expect![
            "blocks.csv, line 2, column `transaction_count`: 2 transactions are announced, 1 are there"
        ],
    );
    changed(
        "blocks.csv",
        "8,0808",
        "9,0808",
        expect!["movements.csv, line 4, column `block_number`: block 8 is not in blocks"],
    );
    let parent = format!(",{},1700000003", "07".repeat(32));
    changed(
        "blocks.csv",
        &parent,
        &parent.replace("07", "01"),
        expect![
            "blocks.csv, line 3: block 8 follows 0x0101010101010101010101010101010101010101010101010101010101010101, but block 7 here is 0x0707070707070707070707070707070707070707070707070707070707070707: roll back to where both chains agree"
        ],
    );
}

#[test]
fn a_log_is_of_one_chain_and_in_one_hand() {
    let place = Place::new();
    let (log, folder, rules) = (place.path("log"), place.tables(&sound()), EvmRules::of(0));
    import(&log, TRON, &folder, &rules).unwrap();
    let said = |error: TablesError| place.said(&error);
    let evm = AccountChain::Evm { chain_id: 1 };
    expect!["DIR/log is a log of tron, not of evm 1"]
        .assert_eq(&said(import(&log, evm, &folder, &rules).unwrap_err()));
    let open = AccountFile::open_or_create(&log, TRON).unwrap();
    expect!["DIR/log: another process is writing to this log; wait for it, or stop it"]
        .assert_eq(&said(import(&log, TRON, &folder, &rules).unwrap_err()));
    drop(open);
    let mut files = sound();
    let blocks = files["blocks.csv"].replace(&"07".repeat(32), &"17".repeat(32));
    files.insert("blocks.csv", blocks);
    let error = import(&log, TRON, &place.tables(&files), &rules).unwrap_err();
    expect!["blocks.csv, line 2: block 7 is in the log with another hash; import into a new file"]
        .assert_eq(&said(error));
    let bytes = std::fs::read(&log).unwrap();
    for (at, expected) in [
        (3, expect!["DIR/log, byte 0: not an account log, version 1"]),
        (60, expect!["DIR/log, byte 18: the entry there is damaged; restore the file from a copy"]),
    ] {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        std::fs::write(&log, bad).unwrap();
        let error = import(&log, TRON, &place.tables(&sound()), &rules).unwrap_err();
        expected.assert_eq(&said(error));
    }
    let mut files = sound();
    files.remove("movements.csv");
    std::fs::write(&log, bytes).unwrap();
    let error = import(&log, TRON, &place.tables(&files), &rules).unwrap_err();
    expect![
        "DIR/tables: without a table of movements these are tables of an EVM chain, not of tron"
    ]
    .assert_eq(&said(error));
}
