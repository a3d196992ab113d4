//! Files of Bitcoin Core, sound and broken.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bitcoin::Block;
use bitcoin::consensus::serialize;
use chain::store::import::{Files, ImportError, Imported, import};
use chain::store::{ChainStore, Layout, check};
use chain::{ChainView, NamedBytes, Network, Utxo as _};
use expect_test::{Expect, expect};
use tempfile::TempDir;

use super::common::{SMALL, assert_same, data};
use super::made::{blocks, framed, genesis, hash, mine};

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: TempDir::new().unwrap() }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("chain")
    }

    fn open(&self, network: Network) -> ChainStore {
        ChainStore::open_or_create(&self.store(), network, SMALL).unwrap()
    }

    fn import(&self, blocks: &[PathBuf]) -> Result<Imported, ImportError> {
        run(&mut self.open(Network::Regtest), blocks, &[])
    }
}

fn run(
    store: &mut ChainStore,
    blocks: &[PathBuf],
    undo: &[PathBuf],
) -> Result<Imported, ImportError> {
    let files = Files { blocks: blocks.to_vec(), undo: undo.to_vec() };
    import(store, &files, &AtomicBool::new(false), |_| {})
}

fn view(blocks: &[Block]) -> ChainView {
    let bytes = framed(blocks);
    let file = NamedBytes { name: "blocks", bytes: &bytes };
    ChainView::load(&[file], &[], Network::Regtest).unwrap()
}

fn assert_sound(dir: &Path) {
    let report = check(dir, |_, _| {}).unwrap();
    assert_eq!((report.findings, report.notes), (vec![], vec![]));
}

#[test]
fn blocks_in_any_order_with_stale_branches_obscured_and_padded_make_the_chain() {
    let chain = blocks(60);
    let mut stale = vec![mine(&chain[20], 21, 9, vec![])];
    stale.push(mine(&stale[0], 22, 9, vec![]));
    let mut mixed: Vec<&Block> = chain.iter().chain(&stale).collect();
    mixed[3..50].reverse();
    let (first, second) = mixed.split_at(31);
    let place = Place::new();
    let key = [3, 1, 4, 1, 5, 9, 2, 6];
    place.file("xor.dat", &key);
    let obscured = |mut bytes: Vec<u8>| {
        bytes.extend_from_slice(&[0; 1000]);
        bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte ^= key[at % 8]);
        bytes
    };
    let files = [
        place.file("blk00000.dat", &obscured(framed(first.iter().copied()))),
        place.file("blk00001.dat", &obscured(framed(second.iter().copied()))),
    ];
    let done = place.import(&files).unwrap();
    assert_eq!((done.added, done.stale, done.orphans, done.removed), (61, 2, 0, 0));
    let store = place.open(Network::Regtest);
    assert_same(&store, &view(&chain));
    assert!(store.is_complete());
    drop(store);
    assert_sound(&place.store());
    // Once more: nothing to do.
    let again = place.import(&files).unwrap();
    assert_eq!((again.added, again.known), (0, 61));
}

#[test]
fn an_import_stops_where_it_is_told_and_goes_on_from_there() {
    let chain = blocks(60);
    let place = Place::new();
    let files = Files { blocks: vec![place.file("blk00000.dat", &framed(&chain))], undo: vec![] };
    let mut added = 0;
    for _ in 0..7 {
        let mut store = place.open(Network::Regtest);
        let stop = AtomicBool::new(false);
        let told = |now: &chain::store::import::Progress| {
            assert_eq!(now.blocks_total, 61 - added);
            stop.store(now.blocks >= 9, Ordering::Relaxed);
        };
        let done = import(&mut store, &files, &stop, told).unwrap();
        added += done.added;
        assert_eq!(done.stopped, added < 61);
        assert_eq!(store.block_count(), added);
        assert_same(&store, &view(&chain[..added as usize]));
    }
    assert_eq!(added, 61);
}

#[test]
fn a_longer_branch_in_the_files_takes_the_place_of_a_shorter_one() {
    let chain = blocks(30);
    let place = Place::new();
    place.import(&[place.file("blk00000.dat", &framed(&chain))]).unwrap();
    let mut branch = vec![mine(&chain[27], 28, 7, vec![])];
    for height in 29..=31 {
        branch.push(mine(&branch[branch.len() - 1], height, 7, vec![]));
    }
    // As long as the chain: nothing changes. Longer: it does.
    let equal = place.import(&[place.file("blk00001.dat", &framed(&branch[..3]))]).unwrap();
    assert_eq!((equal.added, equal.removed, equal.stale), (0, 0, 3));
    let longer = place.import(&[place.file("blk00002.dat", &framed(&branch))]).unwrap();
    assert_eq!((longer.added, longer.removed), (4, 3));
    let whole: Vec<Block> = chain[..28].iter().chain(&branch).cloned().collect();
    assert_same(&place.open(Network::Regtest), &view(&whole));
    assert_sound(&place.store());
    // A branch from below what is sealed cannot be followed, and says so.
    let mut deep = vec![mine(&chain[3], 4, 8, vec![])];
    for height in 5..=40 {
        deep.push(mine(&deep[deep.len() - 1], height, 8, vec![]));
    }
    let error = place.import(&[place.file("blk00003.dat", &framed(&deep))]).unwrap_err();
    expect!["the chain parts from the store 28 blocks below its newest; 12 blocks can be undone; import into a new folder"].assert_eq(&error.to_string());
    assert_same(&place.open(Network::Regtest), &view(&whole));
}

#[test]
fn orphan_blocks_are_left_out_and_named() {
    let chain = blocks(12);
    let far = {
        let mut elsewhere = vec![mine(&genesis(), 1, 33, vec![])];
        for height in 2..=4 {
            elsewhere.push(mine(&elsewhere[elsewhere.len() - 1], height, 33, vec![]));
        }
        elsewhere.split_off(2)
    };
    let place = Place::new();
    let mut bytes = framed(&far);
    bytes.extend(framed(&chain));
    let done = place.import(&[place.file("blk00000.dat", &bytes)]).unwrap();
    assert_eq!((done.added, done.stale, done.orphans), (13, 0, 2));
    let first = done.first_orphan.map(|(file, offset, orphan)| {
        assert_eq!(orphan, hash(&far[0]));
        format!("{file}, byte {offset}")
    });
    expect![[r#"Some("blk00000.dat, byte 8")"#]].assert_eq(&format!("{first:?}"));
    assert_same(&place.open(Network::Regtest), &view(&chain));
    assert_sound(&place.store());
}

#[test]
fn undo_data_tells_what_inputs_from_outside_were_worth() {
    let names = ["928848", "928849"];
    let raw = |name: &str| data(&format!("btc-blocks/bcoin-block{name}.raw"));
    let undo = |name: &str| data(&format!("btc-blocks/bcoin-block{name}-undo.raw"));
    let place = Place::new();
    let (mut files, mut undo_files) = (Vec::new(), Vec::new());
    for name in names {
        let (Some(block), Some(undo)) = (raw(name), undo(name)) else { return };
        files.push(place.file(&format!("{name}.raw"), &block));
        undo_files.push(place.file(&format!("{name}.undo"), &undo));
    }
    let mut store = place.open(Network::Testnet);
    let done = run(&mut store, &files, &undo_files).unwrap();
    assert_eq!((done.added, done.undo_fitted), (2, 2));
    let bytes: Vec<Vec<u8>> =
        files.iter().chain(&undo_files).map(|path| std::fs::read(path).unwrap()).collect();
    let named: Vec<NamedBytes> =
        bytes.iter().map(|bytes| NamedBytes { name: "file", bytes }).collect();
    let view = ChainView::load(&named[..2], &named[2..], Network::Testnet).unwrap();
    assert_same(&store, &view);
}

/// What is said of bad files; afterwards the store is as before and takes the sound file.
fn refused(name: &str, bad: &[u8], expected: Expect) {
    let chain = blocks(25);
    let place = Place::new();
    let good = place.file("good.dat", &framed(&chain[..20]));
    place.import(&[good]).unwrap();
    let bad = place.file(name, bad);
    let said = match place.import(&[bad]) {
        Ok(done) => format!("{done:?}"),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&said.replace(&place.dir.path().display().to_string(), "DIR"));
    assert_same(&place.open(Network::Regtest), &view(&chain[..20]));
    assert_sound(&place.store());
    place.import(&[place.file("whole.dat", &framed(&chain))]).unwrap();
    assert_same(&place.open(Network::Regtest), &view(&chain));
}

#[test]
fn damaged_block_files_are_refused_and_nothing_is_half_imported() {
    let chain = blocks(25);
    let next = &chain[20..];
    let whole = framed(next);
    refused("blk00007.dat", b"", expect!["blk00007.dat, byte 0: the file is empty"]);
    let cut = &whole[..whole.len() - 1];
    refused(
        "blk00007.dat",
        cut,
        expect![
            "blk00007.dat, byte 1549: a block of 301 bytes is announced, 300 follow (limit 4000000)"
        ],
    );
    let mut magic = whole.clone();
    magic[serialize(&next[0]).len() + 8] ^= 1;
    refused(
        "blk00007.dat",
        &magic,
        expect![
            "blk00007.dat, byte 309: expected the regtest magic fabfb5da or only zero bytes to the end (files of Bitcoin Core 28 and later may be obscured: see xor.dat)"
        ],
    );
    let mut other = whole.clone();
    other[..4].copy_from_slice(&Network::Mainnet.magic());
    refused(
        "blk00007.dat",
        &other,
        expect!["blk00007.dat, byte 0: the file is of mainnet, not of regtest"],
    );
    let mut long = whole.clone();
    long[4..8].copy_from_slice(&5_000_000u32.to_le_bytes());
    refused(
        "blk00007.dat",
        &long,
        expect![
            "blk00007.dat, byte 4: a block of 5000000 bytes is announced, 1846 follow (limit 4000000)"
        ],
    );
    let mut changed = whole.clone();
    let middle = 8 + 80 + 1 + 60;
    changed[middle] ^= 1;
    refused(
        "blk00007.dat",
        &changed,
        expect![
            "blk00007.dat, byte 8: block 4e288553bf8316a42e4b82c6048832973ba99f76f295e67631bb7b92ee5a68cc: the Merkle root over its transactions is not the one in its header"
        ],
    );
    let mut header = whole.clone();
    header[8 + 4 + 32] ^= 0xff;
    header[8 + 75] = 0x03;
    refused(
        "blk00007.dat",
        &header,
        expect![
            "blk00007.dat, byte 8: block a93f61b61a4d68719afd202aa921f815ec08bef94171bd0427e81ad70a867990: the proof of work does not meet the block's own target"
        ],
    );
    refused(
        "raw",
        &serialize(&next[0])[..70],
        expect!["raw, byte 0: the file ends in the middle of a block"],
    );
    refused(
        "apart.dat",
        &framed(&chain[22..]),
        expect![
            "apart.dat, byte 8: block 583d7afeb57b87c5f94ebaf537124747a1c0b74e1f717d86c0d7d67a08ee4c7e follows 6bd94149f78fe54f96cdbf5ad97ffc8dd2f3f0c1c20c450441a5cced521279e1, which is neither in the store nor in the files; give the files between them too"
        ],
    );
    refused(
        "raw",
        &vec![7; 10_000_000],
        expect![
            "raw, byte 0: expected the regtest magic fabfb5da or only zero bytes to the end (files of Bitcoin Core 28 and later may be obscured: see xor.dat)"
        ],
    );
}

#[test]
fn blocks_that_contradict_the_chain_are_refused_by_file_and_place() {
    let chain = blocks(25);
    let tip = &chain[19];
    let made = |others| framed(&[mine(tip, 20, 1, others)]);
    let to = |value| vec![super::made::pay(value, b"thief")];
    // Spent already in block 3.
    let twice = super::made::spend(&[(&chain[2].txdata[0], 0)], to(1));
    refused(
        "blk9",
        &made(vec![twice]),
        expect![
            "blk9, byte 8: block 51982686c5d6e65e9641619a26af050347de3f2cfa0b459df93f3f04751ab1f9: output 4b38ec725d65182b4a3631e0c59f4612b00e557e0e9ce69e901297c245576db8:0 is spent by 52b2b3919bbcdb91ab0109de43e413bb64077d8ecc7a38f3ca43b573098b7c5c and by 023149f4e0e75ad26a0e5e6a1d4b6c4e86a155056a5c7ca7496df4a6639660ca; nothing of it was kept"
        ],
    );
    let more = super::made::spend(&[(&tip.txdata[0], 0)], to(5_000_000_001));
    refused(
        "blk9",
        &made(vec![more]),
        expect![
            "blk9, byte 8: block 5ab88e5cf69f009aac2d4c960a150e277a09d6e153df940f4218389c150100ce: transaction fb5d480c1cd60400241ff222dfd7ab20adfabcf19cb7b7df48ae662bb068b9f4 spends 5000000000 satoshis and creates 5000000001; nothing of it was kept"
        ],
    );
    let impossible = super::made::spend(&[(&tip.txdata[0], 0)], to(2_100_000_000_000_001));
    refused(
        "blk9",
        &made(vec![impossible]),
        expect![
            "blk9, byte 8: block 6f05603f69a7b12ca7f98c5e38b5b3cbc1bd47540d733b257b648bf4e20d8dc0: transaction 88d310ac36e0ef7fb4914197244274bcf5350a35821b0f30a995ba89afe0d7c7 creates more than 21 million bitcoin"
        ],
    );
    let nowhere = super::made::spend(&[(&tip.txdata[0], 1)], to(1));
    refused(
        "blk9",
        &made(vec![nowhere]),
        expect![
            "blk9, byte 8: block 33fe58840f25394f3d0cf1290109c7da83ecc1b480ea3b76a112566f846df1f9: transaction 06b05a91766837996580bb9cd9ae2b515c4c9380c2255c2df9bce524035027bb spends 054961c775e794d9ff55896225099cdb3ace15ea2510c94d472aa86a4272dcc5:1, but that transaction has 1 outputs; nothing of it was kept"
        ],
    );
    let lost = super::made::spend(&[(&genesis().txdata[0], 0)], to(1));
    let missing = super::made::spend(&[(&lost, 0)], to(1));
    refused(
        "blk9",
        &made(vec![missing.clone()]),
        expect![
            "blk9, byte 8: block 099995d9c7b5541f0ca93efdf3d5e2c0d22bab8da92b18d6dc35e687e8192c22: transaction 6fffb2be4c6c2142e23e329eae2f525f5077f49f892f6fe22609e4c4e8173057 spends 2d48e1fc94a8bf87b14a327f5a95effb99814107eccf03fbe93fc6b5757853e1:0, which no transaction of the chain created; nothing of it was kept"
        ],
    );
    let mut null = super::made::spend(&[(&tip.txdata[0], 0), (&tip.txdata[0], 0)], to(1));
    null.input[1].previous_output = bitcoin::OutPoint::null();
    refused(
        "blk9",
        &made(vec![null]),
        expect![
            "blk9, byte 8: block 613befa592bd75f39ae7acb3635e11d1b0d40ed8a994d6d6c517f564b01df1eb: transaction a1531404c09f9a15d537aee27e218f7f0b18609c3c1136eef5e52354453b9644 spends the null output, which only a coinbase may name; nothing of it was kept"
        ],
    );
    // A coinbase that was there already, and two transactions in the wrong order.
    let mut repeated = mine(tip, 20, 1, vec![]);
    repeated.txdata[0] = chain[5].txdata[0].clone();
    repeated.header.merkle_root = repeated.compute_merkle_root().unwrap();
    while repeated.header.validate_pow(repeated.header.target()).is_err() {
        repeated.header.nonce += 1;
    }
    refused(
        "blk9",
        &framed(&[repeated]),
        expect![
            "blk9, byte 8: block 05c4b929ae6278da73109547cc6d87483eecfab191f6e41c51ed60bef2c8634b: transaction f068a8a8dfb53793bd3c593e518f218127535d30e01784133c790fa5adc07ff2 is in two blocks; nothing of it was kept"
        ],
    );
    let first = super::made::spend(&[(&tip.txdata[0], 0)], to(100));
    let then = super::made::spend(&[(&first, 0)], to(90));
    refused(
        "blk9",
        &made(vec![then, first]),
        expect![
            "blk9, byte 8: block 4e1198beb9930150728c5967ab1d3edcf2d7c392f02a975dcdb8eebe38c6f9fe: transaction 76cf447d96f8e3423d8530911f235395c684d9f829f0e95426eacf7981ca3be6 spends b57b01a6a57d88a1409fe7ab476b948d7b6c07e49d7e6bdb021c85f25402fdf9:0, which no transaction of the chain created; nothing of it was kept"
        ],
    );
}

#[test]
fn a_store_is_of_one_network_and_in_one_hand() {
    let chain = blocks(3);
    let place = Place::new();
    place.import(&[place.file("blk", &framed(&chain))]).unwrap();
    let said = |result: Result<ChainStore, chain::store::StoreError>| {
        let said = result.map(|_| "opened".to_owned()).unwrap_or_else(|error| error.to_string());
        said.replace(&place.dir.path().display().to_string(), "DIR")
    };
    let store = place.store();
    let other = ChainStore::open_or_create(&store, Network::Mainnet, SMALL);
    expect!["the store is of regtest, the block of mainnet"].assert_eq(&said(other));
    let writer = place.open(Network::Regtest);
    expect!["DIR/chain: another process is writing to this store; wait for it, or stop it"]
        .assert_eq(&said(ChainStore::open_writer(&store)));
    assert_eq!(said(ChainStore::open(&store)), "opened", "reading while another writes");
    drop(writer);
    let again = ChainStore::create(&store, Network::Regtest, SMALL);
    expect!["DIR/chain holds a chain store already; open it, or choose another folder"]
        .assert_eq(&said(again));
    let none = ChainStore::open(&place.dir.path().join("nothing"));
    expect!["DIR/nothing holds no chain store; `comity chain import` makes one"]
        .assert_eq(&said(none));
    let impossible = Layout { segment_rows_max: 0, ..SMALL };
    let none = ChainStore::create(&place.dir.path().join("new"), Network::Regtest, impossible);
    expect!["Layout { segment_blocks_max: 10, segment_rows_max: 0, tail_blocks_min: 5 } is no possible layout of segments"].assert_eq(&said(none));
    let mut reader = ChainStore::open(&store).unwrap();
    let refused = reader.rollback(1).unwrap_err().to_string();
    expect!["the store was opened for reading only"].assert_eq(&refused);
    assert_eq!(reader.block_number(&hash(&chain[2])).unwrap().0, 2);
}
