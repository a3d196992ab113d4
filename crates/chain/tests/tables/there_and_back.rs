//! What is exported is imported to the same store: random chains, real ones, and an import that was
//! stopped again and again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use chain::store::export::{ExportError, export};
use chain::store::tables::{Format, Pass, import};
use chain::store::{ChainStore, Layout};
use chain::{Network, Utxo as _};
use proptest::prelude::*;

use super::common::{decode, first_blocks};
use super::drawn::block;
use super::{Place, contents, run};

fn exported(store: &ChainStore, folder: &Path) -> u64 {
    export(store, folder, Format::Csv, &AtomicBool::new(false), |_, _| {}).unwrap()
}

fn same_after_csv(store: &ChainStore, place: &Place) {
    let folder = place.path("exported");
    assert_eq!(exported(store, &folder), u64::from(store.block_count()));
    let path = place.path("again");
    let mut again = ChainStore::create(&path, store.network(), store.layout()).unwrap();
    let done = run(&mut again, &folder).unwrap();
    assert_eq!((done.added, done.unvalued), (store.block_count(), 0));
    assert_eq!(contents(&again), contents(store));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_random_chain_comes_back_from_its_tables(
        seeds in proptest::collection::vec(any::<u64>(), 1..12),
        tail in 0u32..3,
    ) {
        let place = Place::new();
        let layout =
            Layout { segment_blocks_max: 3, segment_rows_max: 12, tail_blocks_min: tail };
        let path = place.path("chain");
        let mut store = ChainStore::create(&path, Network::Regtest, layout).unwrap();
        let mut blocks = Vec::new();
        for seed in seeds {
            let next = block(&blocks, seed);
            store.append(next.clone()).unwrap();
            blocks.push(next);
        }
        store.commit().unwrap();
        same_after_csv(&store, &place);
    }
}

#[test]
fn the_first_blocks_of_bitcoin_come_back_from_their_tables() {
    let Some(bytes) = first_blocks() else { return };
    let place = Place::new();
    let layout = Layout { segment_blocks_max: 50, segment_rows_max: 100, tail_blocks_min: 10 };
    let mut store = ChainStore::create(&place.path("chain"), Network::Mainnet, layout).unwrap();
    for block in decode(&bytes, Network::Mainnet) {
        store.append(block).unwrap();
    }
    store.commit().unwrap();
    assert!(store.segments().len() > 3);
    same_after_csv(&store, &place);
}

#[test]
fn a_block_of_today_comes_back_from_its_tables() {
    let place = Place::new();
    let layout = Layout { segment_blocks_max: 1, segment_rows_max: 1, tail_blocks_min: 0 };
    let mut store = ChainStore::create(&place.path("chain"), Network::Mainnet, layout).unwrap();
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    for block in decode(bytes, Network::Mainnet) {
        store.append(block).unwrap();
    }
    store.commit().unwrap();
    same_after_csv(&store, &place);
}

#[test]
fn an_import_stops_where_it_is_told_and_goes_on_from_there() {
    let place = Place::new();
    let mut store =
        ChainStore::create(&place.path("whole"), Network::Regtest, super::TINY).unwrap();
    let mut blocks = Vec::new();
    for seed in 0..20 {
        let next = block(&blocks, seed * 7_919);
        store.append(next.clone()).unwrap();
        blocks.push(next);
    }
    store.commit().unwrap();
    let folder = place.path("exported");
    exported(&store, &folder);
    let mut rounds = 0;
    loop {
        let stop = AtomicBool::new(false);
        let mut new = 0;
        let told = |pass: Pass, now: &chain::store::import::Progress| {
            assert!(now.blocks <= 20 && now.bytes <= now.bytes_total);
            if pass == Pass::Importing && now.blocks > rounds * 3 {
                new += 1;
                stop.store(new == 3, Ordering::Relaxed);
            }
        };
        let mut part = place.store();
        let done = import(&mut part, &folder, Format::Csv, &stop, told).unwrap();
        assert_eq!(done.known, rounds * 3);
        rounds += 1;
        if !done.stopped {
            assert_eq!(contents(&part), contents(&store));
            break;
        }
        assert_eq!((done.added, part.block_count()), (3, rounds * 3));
    }
    assert_eq!(rounds, 7);
}

#[test]
fn an_export_never_overwrites_and_leaves_nothing_behind() {
    let place = Place::new();
    place.import(&place.tables(&super::sound())).unwrap();
    let store = place.store();
    let to = |name: &str, stop: bool| {
        let stop = AtomicBool::new(stop);
        export(&store, &place.path(name), Format::Csv, &stop, |_, _| {})
    };
    let there = to("tables", false).unwrap_err();
    expect_test::expect![
        "DIR/tables is there already; an export never overwrites, choose another folder"
    ]
    .assert_eq(&place.said(&there));
    assert!(matches!(to("new", true), Err(ExportError::Stopped)));
    assert!(!place.path("new").exists() && !place.path("new.part").exists());
    // What an interrupted export left is no hindrance.
    std::fs::create_dir(place.path("new.part")).unwrap();
    std::fs::write(place.path("new.part/blocks.csv"), "half").unwrap();
    assert_eq!(to("new", false).unwrap(), 4);
    assert!(!place.path("new.part").exists());
}
