//! Tables that are wrong: the error says file, line and column, the store stays as it was and takes
//! the sound tables afterwards.

use expect_test::{Expect, expect};

use super::{Files, Place, contents, id, sound};
use chain::Utxo as _;

/// What is said of sound tables in which one text was replaced by another.
#[track_caller]
fn changed(file: &'static str, from: &str, to: &str, expected: Expect) {
    let mut files = sound();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from} is in {text}");
    *text = text.replacen(from, to, 1);
    refused(&files, 0, expected);
}

/// What is said of these tables, and how many of their blocks were sound and stay.
#[track_caller]
fn refused(files: &Files, kept: u32, expected: Expect) {
    refused_bytes(files, None, kept, expected);
}

#[track_caller]
fn refused_bytes(files: &Files, bytes: Option<(&str, Vec<u8>)>, kept: u32, expected: Expect) {
    let place = Place::new();
    let folder = place.tables(files);
    if let Some((name, bytes)) = bytes {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let error = place.import(&folder).expect_err("the tables are wrong");
    expected.assert_eq(&place.said(&error));
    let store = place.store();
    assert_eq!(store.block_count(), kept);
    contents(&store);
    drop(store);
    let done = place.import(&place.tables(&sound())).unwrap();
    assert_eq!((done.added, done.known), (4 - kept, kept), "the store is of use afterwards");
}

#[test]
fn columns() {
    changed(
        "blocks.csv",
        "number,hash",
        "height_of_it,hash",
        expect![
            "blocks.csv, line 1: there is no column `number` or `block_number` or `block_id` or `height`; there are: height_of_it, hash, previous_hash, timestamp, transaction_count"
        ],
    );
    changed(
        "outputs.csv",
        ",value,",
        ",amount,",
        expect![
            "outputs.csv, line 1: there is no column `value`; there are: block_number, transaction_hash, index, amount, script_hex"
        ],
    );
    changed(
        "blocks.csv",
        "previous_hash",
        "block_hash",
        expect![
            "blocks.csv, line 1, column `block_hash`: it says the same as column `hash`; leave one of them out"
        ],
    );
    changed(
        "blocks.csv",
        "previous_hash",
        "hash",
        expect![
            "blocks.csv, line 1, column `hash`: it says the same as column `hash`; leave one of them out"
        ],
    );
    changed(
        "inputs.csv",
        ",0,5000000000\n",
        ",0\n",
        expect!["inputs.csv, line 2: the row has 5 cells, the first line names 6 columns"],
    );
    let mut files = sound();
    files.insert("blocks.csv", String::new());
    refused(
        &files,
        0,
        expect!["blocks.csv, line 1: the file is empty; its first line names the columns"],
    );
}

#[test]
fn a_table_that_is_not_there() {
    let mut files = sound();
    files.remove("transactions.csv");
    refused(
        &files,
        0,
        expect![
            "DIR/tables has no table of transactions: no file whose name begins with transactions or transaction or txs or tx and ends with .csv or .csv.gz"
        ],
    );
    let mut files = sound();
    files.remove("inputs.csv");
    refused(
        &files,
        0,
        expect![
            "transactions.csv, line 5: there is no table of inputs, and the transaction tells none"
        ],
    );
    let mut files = sound();
    files.remove("outputs.csv");
    refused(
        &files,
        0,
        expect![
            "transactions.csv, line 2: there is no table of outputs, and the transaction tells none"
        ],
    );
}

#[test]
fn encodings() {
    let place = sound();
    let latin = |text: &str| text.replacen("0,a", "0,\u{e4}", 1).chars().map(|c| c as u8).collect();
    let bytes: Vec<u8> = latin(&place["outputs.csv"]);
    refused_bytes(
        &place,
        Some(("outputs.csv", bytes)),
        0,
        expect![
            "outputs.csv, line 2, column `transaction_hash`: byte 0 of the cell is not UTF-8; save the file as UTF-8"
        ],
    );
    let wide = |mark: u16, text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(mark).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let bytes = wide(0xfeff, &place["blocks.csv"], u16::to_le_bytes);
    refused_bytes(
        &place,
        Some(("blocks.csv", bytes)),
        0,
        expect!["blocks.csv, line 1: the file is UTF-16; save it as UTF-8"],
    );
    let bytes = wide(0xfeff, &place["blocks.csv"], u16::to_be_bytes);
    refused_bytes(
        &place,
        Some(("blocks.csv", bytes)),
        0,
        expect!["blocks.csv, line 1: the file is UTF-16; save it as UTF-8"],
    );
    let header = place["blocks.csv"].replacen("timestamp", "timest\u{e4}mp", 1);
    let bytes = header.chars().map(|c| c as u8).collect();
    refused_bytes(
        &place,
        Some(("blocks.csv", bytes)),
        0,
        expect!["blocks.csv, line 1: byte 6 of the cell is not UTF-8; save the file as UTF-8"],
    );
    // A mark before UTF-8 says nothing and does no harm.
    let place = Place::new();
    let mut files = sound();
    let marked = format!("\u{feff}{}", files["blocks.csv"]).replace('\n', "\r\n");
    files.insert("blocks.csv", marked);
    assert_eq!(place.import(&place.tables(&files)).unwrap().added, 4);
}

#[test]
fn amounts() {
    changed(
        "outputs.csv",
        ",3000000000,",
        ",18446744073709551616,",
        expect![
            "outputs.csv, line 5, column `value`: `18446744073709551616` does not fit into 64 bits"
        ],
    );
    changed(
        "outputs.csv",
        ",3000000000,",
        ",2100000000000001,",
        expect![
            "outputs.csv, line 5, column `value`: `2100000000000001` satoshis cannot be: there are never more than 21 million bitcoin"
        ],
    );
    changed(
        "outputs.csv",
        ",3000000000,",
        ",-3000000000,",
        expect!["outputs.csv, line 5, column `value`: `-3000000000` is below zero"],
    );
    changed(
        "outputs.csv",
        ",3000000000,",
        ",30.00000000,",
        expect![
            "outputs.csv, line 5, column `value`: `30.00000000` is not a whole number of digits only"
        ],
    );
    changed(
        "outputs.csv",
        ",3000000000,",
        ",,",
        expect!["outputs.csv, line 5, column `value`: the cell is empty"],
    );
    changed(
        "inputs.csv",
        ",1999990000",
        ",99999999999999999999999",
        expect![
            "inputs.csv, line 3, column `value`: `99999999999999999999999` does not fit into 64 bits"
        ],
    );
    changed(
        "blocks.csv",
        "1296689202",
        "4294967296",
        expect!["blocks.csv, line 3, column `timestamp`: `4294967296` does not fit into 32 bits"],
    );
    changed(
        "blocks.csv",
        "23:36:42",
        "25:36:42",
        expect![
            "blocks.csv, line 4, column `timestamp`: `2011-02-02 25:36:42 UTC` is not a time: write seconds since 1970, or 2009-01-03 18:15:05 UTC"
        ],
    );
    changed(
        "transactions.csv",
        ",2,0,1,2\n",
        ",2,4294967296,1,2\n",
        expect![
            "transactions.csv, line 5, column `lock_time`: `4294967296` does not fit into 32 bits"
        ],
    );
}

#[test]
fn names_and_scripts() {
    let short = id("a3");
    changed(
        "transactions.csv",
        &short,
        &short[1..],
        expect![
            "transactions.csv, line 5, column `hash`: `300000000000000000000000000000000000000000000000000000000000000` is not a hash: write 64 hexadecimal digits"
        ],
    );
    changed(
        "outputs.csv",
        ",51\n",
        ",5\n",
        expect![
            "outputs.csv, line 2, column `script_hex`: `5` is not bytes: write pairs of hexadecimal digits"
        ],
    );
    changed(
        "outputs.csv",
        ",51\n",
        ",OP_TRUE\n",
        expect![
            "outputs.csv, line 2, column `script_hex`: `OP_TRUE` is not bytes: write pairs of hexadecimal digits"
        ],
    );
    changed(
        "outputs.csv",
        ",51\n",
        ",\n",
        expect![
            "outputs.csv, line 2, column `script_hex`: there is neither a script nor a single address"
        ],
    );
    let huge = format!(",{}\n", "51".repeat(10_000_000));
    changed(
        "outputs.csv",
        ",51\n",
        &huge,
        expect![
            "outputs.csv, line 2, column `script_hex`: a script of 10000000 bytes is longer than a whole block may be"
        ],
    );
    let address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    let mut files = sound();
    let outputs = files["outputs.csv"].replace("script_hex", "address");
    files.insert("outputs.csv", outputs.replacen(",51\n", &format!(",{address}\n"), 1));
    refused(
        &files,
        0,
        expect![
            "outputs.csv, line 2, column `address`: `bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4` is not an address: it is of another network than regtest"
        ],
    );
}

#[test]
fn rows_that_are_too_long() {
    let mut files = sound();
    let open = format!("{}4,\"{}", files["blocks.csv"], "1,2,3\n".repeat(12_000_000));
    files.insert("blocks.csv", open);
    refused(
        &files,
        0,
        expect![
            "blocks.csv, line 6: the row is longer than 67108864 bytes; is a quote never closed?"
        ],
    );
}

#[test]
fn rows_that_belong_nowhere_or_are_missing() {
    let (a3, a5, b2) = (id("a3"), id("a5"), id("b2"));
    changed(
        "outputs.csv",
        &format!("2,{a3},0"),
        &format!("2,{a5},0"),
        expect!["outputs.csv, line 5, column `transaction_hash`: block 2 has no such transaction"],
    );
    changed(
        "outputs.csv",
        &format!("2,{a3},0"),
        &format!("2,{a3},2"),
        expect![
            "outputs.csv, line 6, column `index`: output 0 should stand here: a row is missing, or out of order"
        ],
    );
    changed(
        "outputs.csv",
        &format!("2,{a3},0"),
        &format!("2,{a3},1"),
        expect![
            "outputs.csv, line 5, column `index`: output 0 should stand here: a row is missing, or out of order"
        ],
    );
    changed(
        "inputs.csv",
        &format!("3,{a5},0"),
        &format!("3,{a5},1"),
        expect![
            "inputs.csv, line 3, column `index`: input 0 should stand here: a row is missing, or out of order"
        ],
    );
    changed(
        "transactions.csv",
        ",1,2\n",
        ",1,3\n",
        expect![
            "transactions.csv, line 5, column `output_count`: 3 outputs are announced, 2 are there"
        ],
    );
    changed(
        "transactions.csv",
        ",2,0,1,2\n",
        ",2,0,2,2\n",
        expect![
            "transactions.csv, line 5, column `input_count`: 2 inputs are announced, 1 are there"
        ],
    );
    changed(
        "blocks.csv",
        "UTC,2\n",
        "UTC,3\n",
        expect![
            "blocks.csv, line 4, column `transaction_count`: 3 transactions are announced, 2 are there"
        ],
    );
    changed(
        "transactions.csv",
        &format!("2,1,{a3}"),
        &format!("2,2,{a3}"),
        expect![
            "transactions.csv, line 5, column `index`: transaction 1 should stand here: a row is missing, or out of order"
        ],
    );
    changed(
        "blocks.csv",
        &format!("2,{b2}"),
        &format!("1,{b2}"),
        expect!["blocks.csv, line 4, column `number`: block 1 is there twice"],
    );
    changed(
        "blocks.csv",
        &format!("2,{b2}"),
        &format!("4,{b2}"),
        expect!["transactions.csv, line 4, column `block_number`: block 2 is not in blocks"],
    );
    let mut files = sound();
    let twice = format!("{}3,0,{},1,0,0,1\n", files["transactions.csv"], id("a9"));
    files.insert("transactions.csv", twice);
    refused(
        &files,
        0,
        expect!["transactions.csv, line 8, column `index`: transaction 0 is there twice"],
    );
    let mut files = sound();
    let more = format!("{}9,{a5},0,1,51\n", files["outputs.csv"]);
    files.insert("outputs.csv", more);
    refused(
        &files,
        0,
        expect!["outputs.csv, line 9, column `block_number`: block 9 is not in blocks"],
    );
}

/// Sound tables in which a text was replaced, of which only the chain shows that they are wrong.
#[track_caller]
fn contradicts(file: &'static str, from: &str, to: &str, kept: u32, expected: Expect) {
    let mut files = sound();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from} is in {text}");
    *text = text.replacen(from, to, 1);
    refused(&files, kept, expected);
}

#[test]
fn what_contradicts_the_chain() {
    let (a1, a2, a3, a5) = (id("a1"), id("a2"), id("a3"), id("a5"));
    let spend = |txid: &str, vout: u32| format!(",{txid},{vout},");
    // An output that nobody created.
    contradicts(
        "inputs.csv",
        &spend(&a1, 0),
        &spend(&id("99"), 0),
        2,
        expect![
            "inputs.csv, line 2, column `spent_transaction_hash`: transaction a300000000000000000000000000000000000000000000000000000000000000 spends 9900000000000000000000000000000000000000000000000000000000000000:0, which no transaction of the chain created; nothing of the block was kept"
        ],
    );
    contradicts(
        "inputs.csv",
        &spend(&a1, 0),
        &spend(&a1, 5),
        2,
        expect![
            "inputs.csv, line 2, column `spent_transaction_hash`: transaction a300000000000000000000000000000000000000000000000000000000000000 spends a100000000000000000000000000000000000000000000000000000000000000:5, but that transaction has 1 outputs; nothing of the block was kept"
        ],
    );
    // Spent in the block before, by a table that does not say what that was worth.
    let third = format!(",{a3},1,1999990000\n");
    contradicts(
        "inputs.csv",
        &third,
        &format!(",{a1},0,\n"),
        3,
        expect![
            "inputs.csv, line 3, column `spent_transaction_hash`: output a100000000000000000000000000000000000000000000000000000000000000:0 is spent by a300000000000000000000000000000000000000000000000000000000000000 and by a500000000000000000000000000000000000000000000000000000000000000; nothing of the block was kept"
        ],
    );
    // Spent twice by one transaction.
    let second = format!(",{a2},0,5000000000\n");
    contradicts(
        "inputs.csv",
        &second,
        &format!(",{a3},1,\n"),
        3,
        expect![
            "inputs.csv, line 4, column `spent_transaction_hash`: output a300000000000000000000000000000000000000000000000000000000000000:1 is spent by a500000000000000000000000000000000000000000000000000000000000000 and by a500000000000000000000000000000000000000000000000000000000000000; nothing of the block was kept"
        ],
    );
    // Its own output, and nothing.
    contradicts(
        "inputs.csv",
        &third,
        &format!(",{a5},0,\n"),
        3,
        expect![
            "inputs.csv, line 3, column `spent_transaction_hash`: transaction a500000000000000000000000000000000000000000000000000000000000000 spends a500000000000000000000000000000000000000000000000000000000000000:0, which no transaction of the chain created; nothing of the block was kept"
        ],
    );
    contradicts(
        "inputs.csv",
        &spend(&a3, 1),
        &spend(&"0".repeat(64), 0),
        3,
        expect![
            "inputs.csv, line 3, column `spent_transaction_hash`: transaction a500000000000000000000000000000000000000000000000000000000000000 spends the null output, which only a coinbase may name; nothing of the block was kept"
        ],
    );
    // Worth something else than the output that was created.
    contradicts(
        "inputs.csv",
        ",1999990000\n",
        ",1999990001\n",
        3,
        expect![
            "inputs.csv, line 3, column `spent_transaction_hash`: output a300000000000000000000000000000000000000000000000000000000000000:1 is worth 1999990000 satoshis, not 1999990001; nothing of the block was kept"
        ],
    );
    // More than was spent.
    contradicts(
        "outputs.csv",
        ",3000000000,",
        ",3000010001,",
        2,
        expect![
            "transactions.csv, line 5, column `hash`: transaction a300000000000000000000000000000000000000000000000000000000000000 spends 5000000000 satoshis and creates 5000000001; nothing of the block was kept"
        ],
    );
    // An id that was there before.
    let mut files = sound();
    for text in files.values_mut() {
        *text = text.replace(&id("a4"), &a1);
    }
    refused(
        &files,
        3,
        expect![
            "transactions.csv, line 6, column `hash`: transaction a100000000000000000000000000000000000000000000000000000000000000 is in two blocks; nothing of the block was kept"
        ],
    );
    // A second transaction without inputs.
    let mut files = sound();
    let inputs =
        files["inputs.csv"].replacen(&format!("2,{a3},0"), &format!("2,{},0", id("a2")), 1);
    files.insert("inputs.csv", inputs);
    let transactions = files["transactions.csv"].replace(",0,0,1\n", ",0,,1\n");
    files.insert("transactions.csv", transactions.replacen(",1,2\n", ",0,2\n", 1));
    refused(
        &files,
        2,
        expect![
            "transactions.csv, line 4, column `hash`: transaction a200000000000000000000000000000000000000000000000000000000000000: the first of a block, and no other, is a coinbase without inputs; nothing of the block was kept"
        ],
    );
}

#[test]
fn what_does_not_follow() {
    let b1 = id("b1");
    let wrong = format!("2,{},{}", id("b2"), id("b7"));
    contradicts(
        "blocks.csv",
        &format!("2,{},{b1}", id("b2")),
        &wrong,
        2,
        expect![
            "blocks.csv, line 4: block b200000000000000000000000000000000000000000000000000000000000000 follows b700000000000000000000000000000000000000000000000000000000000000, but the store's newest block is b100000000000000000000000000000000000000000000000000000000000000"
        ],
    );
    // A store that has other blocks already.
    let place = Place::new();
    place.import(&place.tables(&sound())).unwrap();
    let before = contents(&place.store());
    let renamed = |from: &str, to: &str| {
        let mut files = sound();
        files.values_mut().for_each(|text| *text = text.replace(from, to));
        place.import(&place.tables(&files)).unwrap_err()
    };
    expect![
        "blocks.csv, line 3: block 1 is in the store with another hash; import into a new folder"
    ]
    .assert_eq(&place.said(&renamed(&b1, &id("b9"))));
    expect!["blocks.csv, line 5: block 3 is in the store with other transactions; import into a new folder"].assert_eq(&place.said(&renamed(&id("a4"), &id("a9"))));
    assert_eq!(contents(&place.store()), before);
    // A height is left out.
    let mut files = sound();
    for text in files.values_mut() {
        let lines = text.lines().filter(|line| !line.starts_with("1,"));
        *text = lines.map(|line| format!("{line}\n")).collect();
    }
    let inputs = files["inputs.csv"].clone();
    files.insert("inputs.csv", inputs.replacen(&id("a1"), &id("a0"), 1));
    let blocks = files["blocks.csv"].replacen(&b1, "", 1);
    files.insert("blocks.csv", blocks);
    refused(&files, 1, expect!["blocks.csv, line 3: block 1 should stand here, not block 2"]);
}
