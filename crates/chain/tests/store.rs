//! The store answers as a view in memory does, over real blocks, through segments, tail, journal,
//! rollback and reopening.

#[path = "../../../fuzz/src/store.rs"]
#[allow(dead_code)]
mod checks;
#[path = "store/common.rs"]
mod common;
#[path = "store/damage.rs"]
mod damage;
#[path = "store/drawn.rs"]
mod drawn;
#[path = "store/format.rs"]
mod format;
#[path = "store/import.rs"]
mod import;
#[path = "store/made.rs"]
mod made;
#[path = "store/odd.rs"]
mod odd;
#[path = "store/random.rs"]
mod random;
#[path = "store/year.rs"]
mod year;

use chain::store::{ChainStore, Layout};
use chain::{BlockNumber, ChainView, DecodedBlock, Network};
use common::{SMALL, assert_same, data, decode, first_blocks};
use tempfile::TempDir;

fn view(blocks: &[DecodedBlock]) -> ChainView {
    ChainView::from_blocks(blocks.to_vec()).unwrap()
}

fn create(dir: &TempDir, network: Network, layout: Layout) -> ChainStore {
    ChainStore::create(&dir.path().join("chain"), network, layout).unwrap()
}

#[test]
fn the_first_blocks_answer_as_in_memory_while_they_come_and_after() {
    let Some(bytes) = first_blocks() else { return };
    let blocks = decode(&bytes, Network::Mainnet);
    let dir = TempDir::new().unwrap();
    let mut store = create(&dir, Network::Mainnet, SMALL);
    for (index, block) in blocks.iter().enumerate() {
        store.append(block.clone()).unwrap();
        if [0, 14, 15, 100, 101, 254].contains(&index) {
            assert_same(&store, &view(&blocks[..=index]));
        }
    }
    assert_eq!(store.segments().len(), 25, "250 blocks sealed, 5 in the tail");
    store.commit().unwrap();
    let whole = view(&blocks);
    let reader = ChainStore::open(store.dir()).unwrap();
    assert_same(&reader, &whole);
    drop(store);
    let mut writer = ChainStore::open_writer(reader.dir()).unwrap();
    assert_same(&writer, &whole);
    writer.rollback(250).unwrap();
    assert_same(&writer, &view(&blocks[..250]));
    for block in &blocks[250..] {
        writer.append(block.clone()).unwrap();
    }
    assert_same(&writer, &whole);
    assert_same(&reader, &whole);
    assert_eq!(writer.tip().unwrap().block, BlockNumber(254));
}

#[test]
fn real_blocks_of_today_answer_as_in_memory() {
    let one = decode(bitcoin_test_data::blocks::mainnet_702861(), Network::Mainnet);
    let dir = TempDir::new().unwrap();
    let layout = Layout { segment_blocks_max: 1, segment_rows_max: 1, tail_blocks_min: 0 };
    let mut store = create(&dir, Network::Mainnet, layout);
    store.append(one[0].clone()).unwrap();
    assert_eq!(store.tail_block_count(), 0, "sealed at once");
    assert_same(&store, &view(&one));

    let undo: Option<Vec<Vec<u8>>> =
        ["928848-undo", "928849-undo"].iter().map(|name| data(&raw(name))).collect();
    let (Some(first), Some(second), Some(undo)) =
        (data(&raw("928848")), data(&raw("928849")), undo)
    else {
        return;
    };
    let mut blocks = decode(&first, Network::Testnet);
    blocks.extend(decode(&second, Network::Testnet));
    for bytes in &undo {
        let file = chain::NamedBytes { name: "undo", bytes };
        chain::undo::attach(&mut blocks, file, Network::Testnet).unwrap();
    }
    for tail_blocks_min in [0, 1, 2] {
        let dir = TempDir::new().unwrap();
        let layout = Layout { tail_blocks_min, ..layout };
        let mut store = create(&dir, Network::Testnet, layout);
        for block in &blocks {
            store.append(block.clone()).unwrap();
        }
        assert_same(&store, &view(&blocks));
    }
}

fn raw(name: &str) -> String {
    format!("btc-blocks/bcoin-block{name}.raw")
}
