//! The shapes that others write: each gives the same blocks as the same chain's in our own columns.

use std::io::Write as _;

use chain::{BlockNumber, Spent, Utxo as _};
use expect_test::{Expect, expect};

use super::{Files, Place, contents, id, run, sound};

/// One line a transaction: height, place, spends, outputs.
fn said(place: &Place) -> String {
    let store = place.store();
    let mut text = String::new();
    let short = |txid: String| txid.trim_end_matches('0').to_owned();
    for block in (0..store.block_count()).map(BlockNumber) {
        for number in store.transactions_of(block).map(chain::TxNumber) {
            let spent =
                store.inputs_of(number).map(|input| match store.spent(chain::InputNumber(input)) {
                    Spent::Inside(output) => {
                        let point = store.outpoint(output);
                        format!("{}:{}", short(point.txid.to_string()), point.vout)
                    }
                    Spent::Outside { point, value, .. } => {
                        let value = value.map_or("?".to_owned(), |value| value.to_string());
                        format!("outside {}:{} {value}", short(point.txid.to_string()), point.vout)
                    }
                });
            let spent = spent.collect::<Vec<_>>().join(" ");
            let outputs = store.outputs_of(number).map(chain::OutputNumber);
            let paid = outputs
                .map(|output| format!("{} {}", store.value(output), store.script_type(output)));
            let (txid, height) = (short(store.txid(number).to_string()), store.height(block));
            let paid = paid.collect::<Vec<_>>().join(", ");
            let traits = store.features(number).map_or("no traits".to_owned(), |traits| {
                format!("version {} until {}", traits.version, traits.lock_time)
            });
            let height = height.map_or(String::new(), |height| height.to_string());
            text += &format!("{height} {txid}: [{spent}] -> {paid}; {traits}\n");
        }
    }
    text
}

#[track_caller]
fn check(files: &Files, expected: Expect) {
    let place = Place::new();
    place.import(&place.tables(files)).unwrap_or_else(|error| panic!("{error}"));
    expected.assert_eq(&said(&place));
}

/// Flat, as BigQuery's views `blocks`, `transactions`, `inputs` and `outputs` are exported: times in
/// words, coinbases without inputs, the worth and address of what is spent.
#[test]
fn bitcoin_etl_in_four_tables() {
    let mut files = Files::new();
    let block = |number: u32, name: &str| {
        format!(
            "{},200,160,800,{number},1,{},2010-01-0{} 00:00:00 UTC,0x0,1d00ffff,04ff,2\n",
            id(name),
            id("77"),
            number - 500
        )
    };
    files.insert(
        "blocks_00000501_00000502.csv",
        format!(
            "hash,size,stripped_size,weight,number,version,merkle_root,timestamp,nonce,bits,\
             coinbase_param,transaction_count\n{}{}",
            block(501, "b1"),
            block(502, "b2")
        ),
    );
    let transaction = |name: &str, number: u32, coinbase: bool| {
        format!(
            "{},250,{},1,{number},{},{number},2010-01-01 00:00:00 UTC,{},1,{coinbase},0\n",
            id(name),
            if coinbase { 250 } else { 150 },
            id("b1"),
            i32::from(!coinbase)
        )
    };
    // Of one block the payment stands before the coinbase.
    files.insert(
        "transactions.csv",
        format!(
            "hash,size,virtual_size,version,lock_time,block_hash,block_number,block_timestamp,\
             input_count,output_count,is_coinbase,fee\n{}{}{}{}",
            transaction("a1", 501, true),
            transaction("a2", 501, false),
            transaction("a4", 502, false),
            transaction("a3", 502, true)
        ),
    );
    let address = "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn";
    let input = |name: &str, number: u32, spent: &str, value: u64| {
        format!(
            "{},{},{number},2010-01-01 00:00:00 UTC,0,{},0,asm,473044,4294967293,,pubkeyhash,\
             {address},{value}\n",
            id(name),
            id("b1"),
            id(spent)
        )
    };
    files.insert(
        "inputs.csv",
        format!(
            "transaction_hash,block_hash,block_number,block_timestamp,index,\
             spent_transaction_hash,spent_output_index,script_asm,script_hex,sequence,\
             required_signatures,type,addresses,value\n{}{}",
            input("a2", 501, "99", 7_000),
            input("a4", 502, "a1", 5_000)
        ),
    );
    let output = |name: &str, number: u32, value: u64, script: &str| {
        format!(
            "{},{},{number},2010-01-01 00:00:00 UTC,0,asm,{script},1,pubkeyhash,[\"{address}\"],\
             {value}\n",
            id(name),
            id("b1")
        )
    };
    let pay = format!("76a914{}88ac", "24".repeat(20));
    files.insert(
        "outputs.csv",
        format!(
            "transaction_hash,block_hash,block_number,block_timestamp,index,script_asm,\
             script_hex,required_signatures,type,addresses,value\n{}{}{}{}",
            output("a1", 501, 5_000, &pay),
            output("a2", 501, 6_900, ""),
            output("a3", 502, 5_000, "51"),
            output("a4", 502, 4_900, &pay)
        ),
    );
    check(
        &files,
        expect![[r#"
        501 a1: [] -> 5000 p2pkh; no traits
        501 a2: [outside 99:0 7000] -> 6900 p2pkh; version 1 until 501
        502 a3: [] -> 5000 nonstandard; no traits
        502 a4: [a1:0] -> 4900 p2pkh; version 1 until 502
    "#]],
    );
}

/// With inputs and outputs in the transaction's own row, as `transactions.json` has them.
#[test]
fn bitcoin_etl_with_lists() {
    let mut files = Files::new();
    let cell = |json: &str| format!("\"{}\"", json.replace('"', "\"\""));
    let coinbase =
        cell(r#"[{"index": 0, "script_hex": "51", "type": "nonstandard", "value": 50}]"#);
    let spend = cell(&format!(
        r#"[{{"index": 0, "spent_transaction_hash": "{}", "spent_output_index": 0,
             "script_asm": "", "sequence": 4294967295, "addresses": ["x"], "value": 50}}]"#,
        id("a1")
    ));
    let paid = cell(
        r#"[{"index": 0, "script_hex": "0x6a02beef", "addresses": [], "value": 0},
            {"index": 1, "script_hex": null, "value": 40,
             "addresses": ["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"]}]"#,
    );
    files.insert(
        "transactions.csv",
        format!(
            "hash,version,lock_time,block_number,block_hash,block_timestamp,is_coinbase,inputs,\
             outputs\n\
             {},1,0,8,{b},1262304000,true,[],{coinbase}\n\
             {},2,3,8,{b},1262304000,false,{spend},{paid}\n",
            id("a1"),
            id("a2"),
            b = id("b1")
        ),
    );
    // A spend within the block of a coinbase is refused; of another transaction it is not.
    let place = Place::new();
    let error = place.import(&place.tables(&files)).unwrap_err();
    expect!["transactions.csv, line 3, column `inputs`: transaction a200000000000000000000000000000000000000000000000000000000000000 spends a100000000000000000000000000000000000000000000000000000000000000:0, which is created later in the chain; nothing of the block was kept"].assert_eq(&place.said(&error));
    let text = files["transactions.csv"].clone();
    files.insert("transactions.csv", text.replacen(&id("a1"), &id("a0"), 1));
    check(
        &files,
        expect![[r#"
        8 a: [] -> 50 nonstandard; no traits
        8 a2: [outside a1:0 ?] -> 0 op_return, 40 p2pkh; no traits
    "#]],
    );
    let broken = text.replacen("[{\"\"index\"\": 0, \"\"spent", "[{\"\"index\"\": 1, \"\"spent", 1);
    files.insert("transactions.csv", broken);
    let error = place.import(&place.tables(&files)).unwrap_err();
    expect!["transactions.csv, line 3, column `inputs`: input 0 should stand here: a row is missing, or out of order"].assert_eq(&place.said(&error));
    files.insert(
        "transactions.csv",
        text.replacen(&coinbase, "\"[{\"\"value\"\": [[[[50]]]]}]\"", 1),
    );
    let error = place.import(&place.tables(&files)).unwrap_err();
    expect![[r#"transactions.csv, line 2, column `outputs`: `[{"value": [[[[50]]]]}]` is not a list of objects"#]].assert_eq(&place.said(&error));
    files.insert("transactions.csv", text.replacen(&coinbase, "\"[{\"\"value\"\": 50}]\"", 1));
    let error = place.import(&place.tables(&files)).unwrap_err();
    expect![
        "transactions.csv, line 2, column `outputs`: there is neither a script nor a single address"
    ]
    .assert_eq(&place.said(&error));
}

/// GraphSense's raw tables, as `cqlsh` copies them out: lists in Cassandra's spelling, and what
/// inputs spend in a table of its own.
#[test]
fn graphsense_of_a_chain_of_outputs() {
    let mut files = Files::new();
    files.insert(
        "block.csv",
        format!(
            "block_id_group,block_id,block_hash,no_transactions,timestamp\n\
             0,11,0x{},1,1230948000\n0,12,0x{},2,1231466400\n",
            id("b1"),
            id("b2")
        ),
    );
    let one = "\"[{address: ['mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'], value: 2500000, \
               address_type: 3, script_hex: null}]\"";
    let two = "\"[{address: ['mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'], value: 1480000, \
               address_type: 5, script_hex: 0x0014000000000000000000000000000000000000000a}, \
               {address: ['a', 'b'], value: 495000, script_hex: 0x51}]\"";
    files.insert(
        "transaction.csv",
        format!(
            "tx_id_group,tx_id,block_id,coinbase,coinjoin,inputs,lock_time,outputs,timestamp,\
             total_input,total_output,tx_hash,version\n\
             0,1,11,True,False,,0,{one},1230948000,0,2500000,0x{},1\n\
             0,3,12,False,False,{one},0,{two},1231466400,2500000,1975000,0x{},1\n\
             0,2,12,True,False,,0,{one},1231466400,0,2500000,0x{},1\n",
            id("a1"),
            id("a3"),
            id("a2")
        ),
    );
    files.insert(
        "transaction_spending.csv",
        format!(
            "spending_tx_prefix,spending_tx_hash,spending_input_index,spent_output_index,\
             spent_tx_hash\na3000,0x{},0,0,0x{}\n",
            id("a3"),
            id("a1")
        ),
    );
    check(
        &files,
        expect![[r#"
        11 a1: [] -> 2500000 p2pkh; no traits
        12 a2: [] -> 2500000 p2pkh; no traits
        12 a3: [a1:0] -> 1480000 p2wpkh, 495000 nonstandard; no traits
    "#]],
    );
    files.remove("transaction_spending.csv");
    let place = Place::new();
    let error = place.import(&place.tables(&files)).unwrap_err();
    expect!["transaction.csv, line 3, column `inputs`: an object of the list has no `spent_transaction_hash`"].assert_eq(&place.said(&error));
}

#[test]
fn packed_files_and_many_files_of_one_table() {
    let place = Place::new();
    let folder = place.tables(&sound());
    place.import(&folder).unwrap();
    let whole = contents(&place.store());
    // The same rows, each table packed and in two files.
    let split = place.path("split");
    std::fs::create_dir(&split).unwrap();
    for (name, text) in sound() {
        let stem = name.trim_end_matches(".csv");
        let (header, rows) = text.split_once('\n').unwrap();
        let middle = rows[..rows.len() / 2].rfind('\n').unwrap() + 1;
        for (part, rows) in [(0, &rows[..middle]), (1, &rows[middle..])] {
            let file = std::fs::File::create(split.join(format!("{stem}_{part}.csv.gz"))).unwrap();
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            write!(packed, "{header}\n{rows}").unwrap();
            packed.finish().unwrap();
        }
    }
    // Tables that are not read, and files that are none, do no harm.
    std::fs::write(split.join("contracts.csv"), "\u{0}").unwrap();
    std::fs::write(split.join("README"), "\u{0}").unwrap();
    let path = place.path("again");
    let network = chain::Network::Regtest;
    let mut again = chain::store::ChainStore::create(&path, network, super::TINY).unwrap();
    assert_eq!(run(&mut again, &split).unwrap().added, 4);
    assert_eq!(contents(&again), whole);
    let broken = split.join("blocks_0.csv.gz");
    let bytes = std::fs::read(&broken).unwrap();
    std::fs::write(&broken, &bytes[..bytes.len() - 9]).unwrap();
    let error = place.import(&split).unwrap_err();
    expect!["blocks_0.csv.gz, line 4: it cannot be read: incomplete deflate stream"]
        .assert_eq(&place.said(&error));
}

/// Rows of which no block's hash is known: what is spent from before them stays a boundary.
#[test]
fn rows_without_hashes() {
    let mut files = sound();
    files.remove("blocks.csv");
    for text in files.values_mut() {
        let late = |line: &&str| !line.starts_with("0,") && !line.starts_with("1,");
        *text = text.lines().filter(late).map(|line| format!("{line}\n")).collect();
    }
    check(
        &files,
        expect![[r#"
        2 a2: [] -> 5000000000 nonstandard; no traits
        2 a3: [outside a1:0 ?] -> 3000000000 p2wpkh, 1999990000 p2pkh; no traits
        3 a4: [] -> 5000010000 op_return; no traits
        3 a5: [a3:1 a2:0] -> 6999990000 nonstandard; no traits
    "#]],
    );
}
