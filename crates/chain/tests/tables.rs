//! Chains from tables and back: our own columns, those of bitcoin-etl, ethereum-etl and GraphSense,
//! and everything that can be wrong with them.

#[path = "tables/account.rs"]
mod account;
#[path = "../../../fuzz/src/table.rs"]
#[allow(dead_code)]
mod checks;
#[path = "store/common.rs"]
#[allow(dead_code)]
mod common;
#[path = "tables/corpus.rs"]
mod corpus;
#[path = "store/drawn.rs"]
mod drawn;
#[path = "tables/evm.rs"]
mod evm;
#[path = "tables/faults.rs"]
mod faults;
#[path = "store/made.rs"]
#[allow(dead_code)]
mod made;
#[cfg(feature = "parquet")]
#[path = "tables/parquet.rs"]
mod parquet;
#[path = "tables/shapes.rs"]
mod shapes;
#[path = "tables/there_and_back.rs"]
mod there_and_back;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chain::store::tables::{Format, TablesError, TablesImported, import};
use chain::store::{ChainStore, Layout, check};
use chain::{FileDigest, Network, Utxo as _};
use tempfile::TempDir;

/// Segments so small that a few blocks make several.
const TINY: Layout = Layout { segment_blocks_max: 2, segment_rows_max: 12, tail_blocks_min: 1 };

/// The network's first block.
const GENESIS: &str = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

/// Files by name.
type Files = BTreeMap<&'static str, String>;

/// A hash that shows what it is of.
fn id(name: &str) -> String {
    format!("{name:0<64}")
}

/// A folder with a store, or a log, and tables in it.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A folder of tables; what was in it before goes.
    fn tables(&self, files: &Files) -> PathBuf {
        let folder = self.path("tables");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        folder
    }

    fn store(&self) -> ChainStore {
        ChainStore::open_or_create(&self.path("chain"), Network::Regtest, TINY).unwrap()
    }

    fn import(&self, folder: &Path) -> Result<TablesImported, TablesError> {
        run(&mut self.store(), folder)
    }

    /// An error without the test's folder.
    fn said(&self, error: &impl ToString) -> String {
        error.to_string().replace(&self.dir.path().display().to_string(), "DIR")
    }
}

fn run(store: &mut ChainStore, folder: &Path) -> Result<TablesImported, TablesError> {
    import(store, folder, Format::Csv, &AtomicBool::new(false), |_, _| {})
}

/// What a store holds: its sealed segments' digests, and all of its rows.
fn contents(store: &ChainStore) -> (Vec<FileDigest>, Vec<String>) {
    let report = check(store.dir(), |_, _| {}).unwrap();
    assert_eq!((report.findings, report.notes), (vec![], vec![]));
    let digests = store.segments().iter().map(|segment| segment.digest()).collect();
    (digests, checks::utxo_text(store))
}

/// Four blocks' tables of a chain from its first block on, and nothing wrong with them.
fn sound() -> Files {
    let mut files = Files::new();
    let (b1, b2, b3) = (id("b1"), id("b2"), id("b3"));
    files.insert(
        "blocks.csv",
        format!(
            "number,hash,previous_hash,timestamp,transaction_count\n\
             0,{GENESIS},,1296688602,1\n\
             1,{b1},{GENESIS},1296689202,1\n\
             2,{b2},{b1},2011-02-02 23:36:42 UTC,2\n\
             3,{b3},{b2},1296690402,2\n"
        ),
    );
    let (a0, a1, a2, a3, a4, a5) = (id("a0"), id("a1"), id("a2"), id("a3"), id("a4"), id("a5"));
    files.insert(
        "transactions.csv",
        format!(
            "block_number,index,hash,version,lock_time,input_count,output_count\n\
             0,0,{a0},1,0,0,1\n\
             1,0,{a1},1,0,0,1\n\
             2,0,{a2},1,0,0,1\n\
             2,1,{a3},2,0,1,2\n\
             3,0,{a4},1,0,0,1\n\
             3,1,{a5},1,7,2,1\n"
        ),
    );
    files.insert(
        "inputs.csv",
        format!(
            "block_number,transaction_hash,index,spent_transaction_hash,spent_output_index,value\n\
             2,{a3},0,{a1},0,5000000000\n\
             3,{a5},0,{a3},1,1999990000\n\
             3,{a5},1,{a2},0,5000000000\n"
        ),
    );
    let pay = format!("76a914{}88ac", "01".repeat(20));
    files.insert(
        "outputs.csv",
        format!(
            "block_number,transaction_hash,index,value,script_hex\n\
             0,{a0},0,5000000000,51\n\
             1,{a1},0,5000000000,{pay}\n\
             2,{a2},0,5000000000,52\n\
             2,{a3},0,3000000000,0014{}\n\
             2,{a3},1,1999990000,{pay}\n\
             3,{a4},0,5000010000,6a0401020304\n\
             3,{a5},0,6999990000,0x\n",
            "02".repeat(20)
        ),
    );
    files
}

#[test]
fn sound_tables_make_a_store_once() {
    let place = Place::new();
    let folder = place.tables(&sound());
    let done = place.import(&folder).unwrap();
    assert_eq!((done.added, done.known), (4, 0));
    let store = place.store();
    assert!(store.is_complete());
    assert_eq!((store.transaction_count(), store.output_count()), (6, 7));
    assert_eq!(store.block_time(chain::BlockNumber(2)), Some(1_296_689_802));
    let before = contents(&store);
    drop(store);
    let done = place.import(&folder).unwrap();
    assert_eq!((done.added, done.known), (0, 4));
    assert_eq!(contents(&place.store()), before);
}
