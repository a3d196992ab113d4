//! The same tables as Parquet: what is exported is imported to the same store, and what is wrong is
//! told with its row.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chain::account::AccountChain;
use chain::evm::EvmRules;
use chain::store::accounts::AccountFile;
use chain::store::export::{export, export_accounts};
use chain::store::tables::{Format, import, import_accounts};
use chain::store::{ChainStore, Layout};
use chain::{Network, Utxo as _};
use expect_test::expect;
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType};
use parquet::data_type::{Int32Type, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::account::read_log;
use super::drawn::block;
use super::{Place, contents, id};

fn read(store: &mut ChainStore, folder: &Path) -> Result<u32, String> {
    let stop = AtomicBool::new(false);
    let done = import(store, folder, Format::Parquet, &stop, |_, _| {});
    done.map(|done| done.added).map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_random_chain_comes_back_from_parquet(
        seeds in proptest::collection::vec(any::<u64>(), 1..10),
    ) {
        let place = Place::new();
        let mut store =
            ChainStore::create(&place.path("chain"), Network::Regtest, super::TINY).unwrap();
        let mut blocks = Vec::new();
        for seed in seeds {
            let next = block(&blocks, seed);
            store.append(next.clone()).unwrap();
            blocks.push(next);
        }
        store.commit().unwrap();
        let (folder, path) = (place.path("tables"), place.path("again"));
        export(&store, &folder, Format::Parquet, &AtomicBool::new(false), |_, _| {}).unwrap();
        let mut again = ChainStore::create(&path, Network::Regtest, super::TINY).unwrap();
        prop_assert_eq!(read(&mut again, &folder), Ok(store.block_count()));
        prop_assert_eq!(contents(&again), contents(&store));
    }
}

#[test]
fn a_block_of_today_fills_many_batches() {
    let place = Place::new();
    let layout = Layout { segment_blocks_max: 1, segment_rows_max: 1, tail_blocks_min: 0 };
    let mut store = ChainStore::create(&place.path("chain"), Network::Mainnet, layout).unwrap();
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    for block in super::common::decode(bytes, Network::Mainnet) {
        store.append(block).unwrap();
    }
    store.commit().unwrap();
    let (folder, path) = (place.path("tables"), place.path("again"));
    export(&store, &folder, Format::Parquet, &AtomicBool::new(false), |_, _| {}).unwrap();
    let mut again = ChainStore::create(&path, Network::Mainnet, layout).unwrap();
    assert_eq!(read(&mut again, &folder), Ok(1));
    assert_eq!(contents(&again), contents(&store));
    // A file that was cut or changed is told, and nothing is imported.
    let file = folder.join("outputs.parquet");
    let whole = std::fs::read(&file).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 0x55;
    for bytes in [&whole[..whole.len() / 2], &whole[..10], &changed[..]] {
        std::fs::write(&file, bytes).unwrap();
        let path = place.path("third");
        let mut third = ChainStore::open_or_create(&path, Network::Mainnet, layout).unwrap();
        if let Err(said) = read(&mut third, &folder) {
            assert!(said.starts_with("outputs.parquet"), "{said}");
            assert_eq!(third.block_count(), 0);
        } else {
            // A changed byte may give another value; the store then holds that.
            assert_eq!(bytes, &changed[..]);
        }
    }
}

#[test]
fn a_log_comes_back_from_parquet() {
    let place = Place::new();
    let (first, second) = (place.path("first"), place.path("second"));
    let chain = AccountChain::Tron;
    let stop = AtomicBool::new(false);
    let rules = EvmRules::of(0);
    let mut log = AccountFile::open_or_create(&first, chain).unwrap();
    let csv = place.tables(&super::account::sound());
    import_accounts(&mut log, &csv, Format::Csv, &rules, &stop, |_, _| {}).unwrap();
    drop(log);
    let folder = place.path("columns");
    export_accounts(&first, &folder, Format::Parquet, &stop, |_, _| {}).unwrap();
    let mut log = AccountFile::open_or_create(&second, chain).unwrap();
    import_accounts(&mut log, &folder, Format::Parquet, &rules, &stop, |_, _| {}).unwrap();
    drop(log);
    assert_eq!(read_log(&second), read_log(&first));
    assert_eq!(std::fs::read(&second).unwrap(), std::fs::read(&first).unwrap());
}

/// Types that others use: hashes as bytes, amounts as decimals, times in milliseconds.
fn foreign(folder: &Path, value: i64) {
    std::fs::create_dir_all(folder).unwrap();
    let schema = parse_message_type(
        "message transactions {
           required int32 block_id; required fixed_len_byte_array(32) tx_hash;
           required int64 block_timestamp (TIMESTAMP_MILLIS); optional binary coinbase (UTF8);
           optional binary unread;
         }",
    );
    let file = File::create(folder.join("transactions.parquet")).unwrap();
    let schema = Arc::new(schema.unwrap());
    let mut file = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[5], None, None).unwrap();
    column.close().unwrap();
    let bytes = hex::decode(id("a1")).unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let hash = FixedLenByteArray::from(bytes.clone());
    column.typed::<FixedLenByteArrayType>().write_batch(&[hash], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[1_262_304_000_999], None, None).unwrap();
    column.close().unwrap();
    for _ in 0..2 {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&[], Some(&[0]), None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    file.close().unwrap();
    let schema = parse_message_type(
        "message outputs {
           required int32 block_id; required binary tx_hash; required int32 index;
           required fixed_len_byte_array(16) value (DECIMAL(38,0)); required binary script_hex;
         }",
    );
    let file = File::create(folder.join("outputs.parquet")).unwrap();
    let schema = Arc::new(schema.unwrap());
    let mut file = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    for number in [5, -1, 0, -2, -1] {
        let mut column = group.next_column().unwrap().unwrap();
        match number {
            -2 => {
                let value = FixedLenByteArray::from(i128::from(value).to_be_bytes().to_vec());
                column.typed::<FixedLenByteArrayType>().write_batch(&[value], None, None).unwrap()
            }
            -1 => {
                let bytes = ByteArray::from(bytes.clone());
                column.typed::<ByteArrayType>().write_batch(&[bytes], None, None).unwrap()
            }
            number => column.typed::<Int32Type>().write_batch(&[number], None, None).unwrap(),
        };
        column.close().unwrap();
    }
    group.close().unwrap();
    file.close().unwrap();
}

#[test]
fn types_of_others() {
    let place = Place::new();
    let folder = place.path("tables");
    foreign(&folder, 21);
    let mut store = place.store();
    assert_eq!(read(&mut store, &folder), Ok(1));
    assert_eq!(store.block_time(chain::BlockNumber(0)), Some(1_262_304_000));
    assert_eq!(store.value(chain::OutputNumber(0)).0, 21);
    assert_eq!(store.txid(chain::TxNumber(0)).to_string(), id("a1"));
    foreign(&folder, -21);
    let mut other =
        ChainStore::create(&place.path("other"), Network::Regtest, super::TINY).unwrap();
    expect!["outputs.parquet, row 1, column `value`: `-21` is below zero"]
        .assert_eq(&read(&mut other, &folder).unwrap_err());
    std::fs::write(folder.join("outputs.parquet"), "not parquet").unwrap();
    expect![
        "outputs.parquet: it cannot be read: Parquet error: Invalid Parquet file. Corrupt footer"
    ]
    .assert_eq(&read(&mut other, &folder).unwrap_err());
    std::fs::remove_file(folder.join("transactions.parquet")).unwrap();
    let said = read(&mut other, &folder).unwrap_err();
    expect!["DIR/tables has no table of transactions: no file whose name begins with transactions or transaction or txs or tx and ends with .parquet"].assert_eq(&place.said(&said));
}

/// Makes the input of the fuzzer: `COMITY_CORPUS=1 cargo test --all-features the_corpus_of_parquet`.
#[test]
fn the_corpus_of_parquet_is_read() {
    let place = Place::new();
    let folder = place.path("tables");
    nested_in_text(&folder);
    let mut store = place.store();
    assert_eq!(read(&mut store, &folder), Ok(1));
    if std::env::var_os("COMITY_CORPUS").is_some() {
        let to = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/table_parquet/whole");
        std::fs::copy(folder.join("transactions.parquet"), to).unwrap();
    }
}

/// A table of transactions alone, their outputs as text.
fn nested_in_text(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let schema = parse_message_type(
        "message transactions {
           optional int64 block_number; optional binary hash (UTF8); optional binary outputs (UTF8);
         }",
    );
    let file = File::create(folder.join("transactions.parquet")).unwrap();
    let schema = Arc::new(schema.unwrap());
    let mut file = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[5], Some(&[1]), None).unwrap();
    column.close().unwrap();
    let outputs = r#"[{"value": 50, "script_hex": "51"}]"#.to_owned();
    for text in [id("a1"), outputs] {
        let mut column = group.next_column().unwrap().unwrap();
        let bytes = ByteArray::from(text.into_bytes());
        column.typed::<ByteArrayType>().write_batch(&[bytes], Some(&[1]), None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    file.close().unwrap();
}
