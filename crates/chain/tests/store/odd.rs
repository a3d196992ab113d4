//! Rows and blocks that are odd: repeated coinbases, rows of 2009, huge scripts, no genesis.

use chain::block::Transaction;
use chain::store::{ChainStore, Layout, NewBlock};
use chain::{BlockNumber, Network, OutputNumber, ScriptType, TxNumber, Txid, Utxo as _};
use expect_test::{Expect, expect};
use tempfile::TempDir;

use super::made::{row, rows, txid};

const PAY: &[u8] = &[0x51];

fn store(dir: &TempDir) -> ChainStore {
    let layout = Layout { segment_blocks_max: 2, segment_rows_max: 100, tail_blocks_min: 1 };
    ChainStore::create(&dir.path().join("chain"), Network::Mainnet, layout).unwrap()
}

fn coinbase(id: u64) -> Transaction {
    row(txid(id), &[], &[(50, PAY)])
}

#[test]
fn the_two_repeated_coinbases_are_taken_and_the_later_wins() {
    let id: Txid =
        "d5d27987d2a3dfc724e359870c6644b40e497bdc0589a033220fe15429d88599".parse().unwrap();
    let dir = TempDir::new().unwrap();
    let mut store = store(&dir);
    let repeated = || vec![row(id, &[], &[(50, PAY)])];
    store.append_block(rows(91_812, repeated())).unwrap();
    for height in 91_813..91_820 {
        store.append_block(rows(height, vec![coinbase(u64::from(height))])).unwrap();
    }
    assert!(store.segments().len() > 1, "the first is sealed");
    store.append_block(rows(91_842, repeated())).unwrap();
    let second = TxNumber(8);
    assert_eq!(store.transaction(&id), Some(second));
    let spend = row(txid(1), &[(id, 0)], &[(50, PAY)]);
    store.append_block(rows(91_900, vec![coinbase(2), spend.clone()])).unwrap();
    assert_eq!(store.spender(OutputNumber(0)), None, "the first can never be spent");
    assert_eq!(store.spender(OutputNumber(8)), Some(TxNumber(10)));
    // Sealed, both are still found, the later first; taken back, the earlier counts again.
    for height in 91_901..91_910 {
        store.append_block(rows(height, vec![coinbase(u64::from(height))])).unwrap();
    }
    assert_eq!(store.transaction(&id), Some(second));
    let other = row(txid(3), &[(id, 0)], &[(50, PAY)]);
    let error = store.append_block(rows(91_920, vec![coinbase(4), other])).unwrap_err();
    assert!(error.to_string().contains("is spent by"), "{error}");
}

/// What is said of a block on top of two sound ones, and that it leaves nothing.
fn refused(block: NewBlock, expected: Expect) {
    let dir = TempDir::new().unwrap();
    let mut store = store(&dir);
    store.append_block(rows(1, vec![coinbase(1)])).unwrap();
    let pay = row(txid(3), &[(txid(1), 0)], &[(20, PAY), (30, &[0x6a, 1, 7])]);
    store.append_block(rows(2, vec![coinbase(2), pay])).unwrap();
    let outside = row(txid(5), &[(txid(900), 3)], &[(1, PAY)]);
    store.append_block(rows(3, vec![coinbase(4), outside])).unwrap();
    let counts = |store: &ChainStore| {
        let outputs = store.output_count();
        let spenders: Vec<_> = (0..outputs).map(|at| store.spender(OutputNumber(at))).collect();
        (store.block_count(), store.transaction_count(), outputs, store.address_count(), spenders)
    };
    let before = counts(&store);
    let error = store.append_block(block).unwrap_err();
    expected.assert_eq(&error.to_string());
    assert_eq!(counts(&store), before);
    store.append_block(rows(4, vec![coinbase(10)])).unwrap();
    store.commit().unwrap();
    let again = ChainStore::open(store.dir()).unwrap();
    assert_eq!(again.transaction(&txid(10)), Some(TxNumber(5)));
}

#[test]
fn rows_that_contradict_the_chain_are_refused_whole() {
    let with = |transaction| rows(4, vec![coinbase(10), transaction]);
    refused(
        rows(4, vec![]),
        expect!["block at height 4: it has no transactions; nothing of it was kept"],
    );
    refused(
        rows(3, vec![coinbase(10)]),
        expect![
            "block at height 3: its height is 3, and that of the block before it 3; rows go up; nothing of it was kept"
        ],
    );
    refused(
        rows(4, vec![row(txid(9), &[(txid(3), 0)], &[])]),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000098ff34785799e5cbd: the first of a block, and no other, is a coinbase without inputs; nothing of it was kept"
        ],
    );
    refused(
        with(coinbase(11)),
        expect![
            "block at height 4: transaction abababababababababababababababab000000000000000bcc623af8783354e7: the first of a block, and no other, is a coinbase without inputs; nothing of it was kept"
        ],
    );
    refused(
        rows(4, vec![coinbase(1)]),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000019e3779b97f4a7c15 is in two blocks; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(txid(1), 0)], &[(1, PAY)])),
        expect![
            "block at height 4: output abababababababababababababababab00000000000000019e3779b97f4a7c15:0 is spent by abababababababababababababababab0000000000000003daa66d2c7ddf743f and by abababababababababababababababab00000000000000098ff34785799e5cbd; nothing of it was kept"
        ],
    );
    let twice = row(txid(9), &[(txid(3), 0), (txid(3), 0)], &[(1, PAY)]);
    refused(
        with(twice),
        expect![
            "block at height 4: output abababababababababababababababab0000000000000003daa66d2c7ddf743f:0 is spent by abababababababababababababababab00000000000000098ff34785799e5cbd and by abababababababababababababababab00000000000000098ff34785799e5cbd; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(txid(900), 3)], &[(1, PAY)])),
        expect![
            "block at height 4: output abababababababababababababababab00000000000003843b07f02381dc39d4:3 is spent by abababababababababababababababab00000000000000051715609f7c746c69 and by abababababababababababababababab00000000000000098ff34785799e5cbd; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(txid(3), 7)], &[(1, PAY)])),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000098ff34785799e5cbd spends abababababababababababababababab0000000000000003daa66d2c7ddf743f:7, but that transaction has 2 outputs; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(txid(3), 0)], &[(21, PAY)])),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000098ff34785799e5cbd spends 20 satoshis and creates 21; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(txid(10), 0)], &[(1, PAY)])),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000098ff34785799e5cbd spends abababababababababababababababab000000000000000a2e2ac13ef8e8d8d2:0, which is created later in the chain; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(900), &[(txid(3), 0)], &[(1, PAY)])),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000051715609f7c746c69 spends abababababababababababababababab00000000000003843b07f02381dc39d4:3, which is created later in the chain; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(Txid([0; 32]), 7)], &[(1, PAY)])),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000098ff34785799e5cbd spends the null output, which only a coinbase may name; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(txid(3), 0)], &[(u64::MAX, PAY)])),
        expect![
            "block at height 4: transaction abababababababababababababababab00000000000000098ff34785799e5cbd moves more than 21 million bitcoin; nothing of it was kept"
        ],
    );
    refused(
        with(row(txid(9), &[(txid(3), 0)], &[(1, &[0x51; 10_000_000])])),
        expect![
            "block at height 4: an output script of 10000000 bytes is longer than a whole block may be; nothing of it was kept"
        ],
    );
}

#[test]
fn what_can_never_be_spent_has_no_address_and_odd_scripts_have_one() {
    let dir = TempDir::new().unwrap();
    let mut store = store(&dir);
    let data = [&[0x6a][..], &[7; 80]].concat();
    let long = vec![0x51; 1_000_000];
    let scripts: [&[u8]; 4] = [&data, &long, &[], &long];
    let outputs: Vec<(u64, &[u8])> = scripts.iter().map(|script| (1, *script)).collect();
    for height in 1..6 {
        let id = u64::from(height);
        store.append_block(rows(height, vec![row(txid(id), &[], &outputs)])).unwrap();
    }
    assert_eq!(store.address_count(), 2);
    assert_eq!(store.script_type(OutputNumber(0)), ScriptType::OpReturn);
    assert_eq!(store.address_of(OutputNumber(0)), None);
    let address = store.address_number(&long).unwrap();
    assert_eq!(store.script_of(address).len(), 1_000_000);
    let outputs: Vec<u64> = store.outputs_to(address).iter().map(|output| output.0).collect();
    assert_eq!(outputs, [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    assert_eq!(store.address_number(&[]), store.address_of(OutputNumber(2)));
    assert_eq!(store.height(BlockNumber(4)).map(|height| height.0), Some(5));
    assert_eq!(store.block_hash(BlockNumber(0)), None);
    assert_eq!(store.features(TxNumber(0)), None);
}
