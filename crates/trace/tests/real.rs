//! Traces over real blocks.

mod common;

use chain::block::{Coin, FileFacts, NamedBytes, Transaction, TransactionInput};
use chain::*;
use common::data;
use expect_test::{Expect, expect, expect_file};
use std::collections::{BTreeMap, HashMap};
use trace::*;

const PEEL: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";
const PEEL_END: &str = "bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s";

fn block_702861() -> ChainView {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    ChainView::load(&[NamedBytes { name: "702861.raw", bytes }], &[], Network::Mainnet).unwrap()
}

fn peel_parameters(policy: Policy) -> Parameters {
    let mut parameters = Parameters::new(PEEL.parse().unwrap(), policy);
    let tag = Tag {
        label: "Example Exchange <deposits> & Söhne".to_owned(),
        source: "the example's own records".to_owned(),
        fiction: true,
    };
    parameters.tags.insert(PEEL_END.to_owned(), tag);
    parameters
}

#[test]
fn the_peel_chain_of_block_702861_ends_at_hop_16() {
    let view = block_702861();
    for policy in Policy::ALL {
        let trace = run(&view, &peel_parameters(policy)).unwrap();
        assert_eq!(trace.flow.hops.len(), 17, "the source and sixteen hops");
        for (number, hop) in trace.flow.hops.iter().enumerate() {
            assert_eq!(hop.hop as usize, number);
            assert_eq!((hop.outputs.len(), hop.outputs[0].fate), (2, Fate::Unspent));
        }
        let reached = trace.reached();
        assert_eq!(reached.len(), 1);
        assert_eq!((reached[0].hop, reached[0].taint), (16, Satoshi(278_621_928)));
        assert_eq!(
            reached[0].output.to_string(),
            "96ab45d75957f1084784dd27a4cda5f12f85e076be1b63afd131d5a2fd87d298:1"
        );
        assert_eq!(reached[0].address, PEEL_END);
        // Every hop has one input, so the policies agree; only where fees go differs.
        let fees = trace.flow.totals.fees.0 + trace.flow.totals.boundary.0;
        assert_eq!(fees, 6_377);
    }
}

#[test]
fn the_exhibit_of_the_peel_chain_is_golden_and_replays() {
    let view = block_702861();
    let trace = run(&view, &peel_parameters(Policy::Haircut)).unwrap();
    let bytes = exhibit(&trace);
    expect_file!["golden/peel-702861.json"].assert_eq(std::str::from_utf8(&bytes).unwrap());
    expect_file!["golden/peel-702861.svg"].assert_eq(&svg(&trace));
    assert!(common::schema().is_valid(&serde_json::from_slice(&bytes).unwrap()));
    assert_eq!(replay(&bytes, &view).unwrap(), Replay::Same);
    // Under another file name the same bytes come out.
    let block = bitcoin_test_data::blocks::mainnet_702861();
    let files = [NamedBytes { name: "elsewhere/copy", bytes: block }];
    let renamed = ChainView::load(&files, &[], Network::Mainnet).unwrap();
    assert_eq!(replay(&bytes, &renamed).unwrap(), Replay::Same);
}

#[test]
fn a_changed_exhibit_is_told_at_the_line() {
    let view = block_702861();
    let good = exhibit(&run(&view, &peel_parameters(Policy::Haircut)).unwrap());
    let good = String::from_utf8(good).unwrap();
    let check = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        match replay(good.replacen(from, to, 1).as_bytes(), &view) {
            Ok(Replay::Same) => "same".to_owned(),
            Ok(Replay::Different(difference)) => difference.to_string(),
            Err(error) => error.to_string(),
        }
    };
    let hash = "000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae";
    let said = [
        check("\"278621928\"", "\"278621927\""),
        check("\"haircut\"", "\"poison\""),
        check("\"haircut\"", "\"hifo\""),
        check("\"hops_max\": 100", "\"hops_max\": 3"),
        check("\"amount_min\": \"1\"", "\"amount_min\": \"-1\""),
        check("\"fiction\": true", "\"fiction\": false"),
        check(PEEL, &"ab".repeat(32)),
        check("\"version\": 2,", "\"version\": 3,"),
        check("\"version\": \"0.1.0\"", "\"version\": \"0.0.9\""),
        check("\"mainnet\"", "\"testnet\""),
        check(hash, &"00".repeat(32)),
        check("\"format\"", "\"shape\""),
        check("]\n}\n", "]\n}"),
        check("\"format\"", " \"format\""),
        check("\"network\"", "\"extra\": 1,\n  \"network\""),
    ]
    .join("\n");
    expect![[r#"
        line 51 reads `"reached": "278621927",`, but recomputing gives `"reached": "278621928",`
        line 15 reads `"legal_name": "pro rata (pari passu)",`, but recomputing gives `"legal_name": "full taint (no legal rule of apportionment; an upper bound)",`
        parameters.policy: `hifo` is not a policy: write poison, haircut, fifo, lifo or tiho
        line 30 reads `"stop_rule": "Forward from the source through every spend in the blocks given. The trace ends at outputs that nothing in those blocks spends, at the 1 tagged addresses, at outputs with less than 1 sat (with other white space, or different beyond this)`, but recomputing gives `"stop_rule": "Forward from the source through every spend in the blocks given. The trace ends at outputs that nothing in those blocks spends, at the 1 tagged addresses, at outputs with less than 1 sat`
        parameters.amount_min: invalid digit found in string
        line 72 reads `"fiction": true`, but recomputing gives `"fiction": false`
        transaction abababababababababababababababababababababababababababababababab is not in the blocks given; give the block that holds it
        this engine reads `comity trace exhibit` version 2; the file is `comity trace exhibit` version 3
        the exhibit was made by comity trace 0.0.9; this is version 0.1.0: replay it with the version that made it
        the exhibit is about testnet, the blocks were read as mainnet
        the exhibit rests on block 0000000000000000000000000000000000000000000000000000000000000000 from a file with SHA-256 0fae3a62075a705aabac9cf063250fae07a461065157500828c1c4721a92fb5a; give the same files
        not a trace exhibit: missing field `format` at line 1182 column 1
        line 1182 reads `} (with other white space, or different beyond this)`, but recomputing gives `}`
        line 2 reads `"format": "comity trace exhibit", (with other white space, or different beyond this)`, but recomputing gives `"format": "comity trace exhibit",`
        line 8 reads `"extra": 1,`, but recomputing gives `"network": "mainnet",`"#]].assert_eq(&said);
    let genesis = NamedBytes { name: "empty", bytes: &[] };
    assert!(ChainView::load(&[genesis], &[], Network::Mainnet).is_err());
    assert!(replay(b"[]", &view).is_err() && replay(b"", &view).is_err());
}

fn load(blocks: &[&str], undo: &[&str], network: Network) -> Option<ChainView> {
    let read = |names: &[&str]| {
        names.iter().map(|name| data(&format!("btc-blocks/{name}"))).collect::<Option<Vec<_>>>()
    };
    let (block_bytes, undo_bytes) = (read(blocks)?, read(undo)?);
    let named = |names: &[&str], bytes: &[Vec<u8>]| -> Vec<(String, Vec<u8>)> {
        names.iter().map(|name| name.to_string()).zip(bytes.to_vec()).collect()
    };
    let (blocks, undo) = (named(blocks, &block_bytes), named(undo, &undo_bytes));
    let borrow = |files: &'static [(String, Vec<u8>)]| -> Vec<NamedBytes<'static>> {
        files.iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect()
    };
    let (blocks, undo) = (Vec::leak(blocks), Vec::leak(undo));
    Some(ChainView::load(&borrow(blocks), &borrow(undo), network).unwrap())
}

/// Traces every transaction of a view under every policy; `follow` asserts that each conserves.
fn trace_all(view: &ChainView) -> String {
    let mut said = String::new();
    for policy in Policy::ALL {
        let (mut hops, mut deepest, mut boundaries, mut mixed) = (0, 0, 0, 0);
        for number in (0..view.transaction_count()).map(TxNumber) {
            let source = Source { txid: view.txid(number), vout: None };
            let flow = trace::flow::follow(view, &Parameters::new(source, policy)).unwrap();
            hops += flow.hops.len() - 1;
            deepest = deepest.max(flow.hops.iter().map(|hop| hop.hop).max().unwrap());
            boundaries += flow.stops.len();
            let partly =
                |output: &&HopOutput| output.lot.taint.0 > 0 && output.lot.taint < output.lot.value;
            mixed += flow.hops.iter().flat_map(|hop| &hop.outputs).filter(partly).count();
        }
        said.push_str(&format!(
            "{policy}: {hops} hops, deepest {deepest}, {boundaries} boundaries, \
             {mixed} outputs tainted in part\n"
        ));
    }
    said
}

fn check_all(blocks: &[&str], undo: &[&str], network: Network, expected: Expect) {
    let Some(view) = load(blocks, undo, network) else { return };
    expected.assert_eq(&trace_all(&view));
}

#[test]
fn every_trace_of_block_300025_conserves() {
    check_all(
        &["bcoin-block300025.raw"],
        &["bcoin-block300025-undo.raw"],
        Network::Mainnet,
        expect![[r#"
            poison: 250 hops, deepest 6, 0 boundaries, 0 outputs tainted in part
            haircut: 250 hops, deepest 6, 0 boundaries, 2284 outputs tainted in part
            fifo: 250 hops, deepest 5, 0 boundaries, 292 outputs tainted in part
            lifo: 271 hops, deepest 4, 0 boundaries, 308 outputs tainted in part
            tiho: 165 hops, deepest 4, 0 boundaries, 91 outputs tainted in part
        "#]],
    );
}

#[test]
fn every_trace_of_the_testnet_pair_conserves() {
    check_all(
        &["bcoin-block928848.raw", "bcoin-block928849.raw"],
        &["bcoin-block928849-undo.raw", "bcoin-block928848-undo.raw"],
        Network::Testnet,
        expect![[r#"
            poison: 40 hops, deepest 8, 0 boundaries, 0 outputs tainted in part
            haircut: 40 hops, deepest 8, 0 boundaries, 2 outputs tainted in part
            fifo: 51 hops, deepest 8, 0 boundaries, 11 outputs tainted in part
            lifo: 52 hops, deepest 8, 0 boundaries, 12 outputs tainted in part
            tiho: 40 hops, deepest 8, 0 boundaries, 0 outputs tainted in part
        "#]],
    );
}

#[test]
fn block_426884_holds_chains_of_twenty_five() {
    check_all(
        &["bcoin-block426884.raw"],
        &[],
        Network::Mainnet,
        expect![[r#"
            poison: 713 hops, deepest 24, 32 boundaries, 0 outputs tainted in part
            haircut: 713 hops, deepest 24, 32 boundaries, 0 outputs tainted in part
            fifo: 713 hops, deepest 24, 116 boundaries, 0 outputs tainted in part
            lifo: 713 hops, deepest 24, 116 boundaries, 0 outputs tainted in part
            tiho: 713 hops, deepest 24, 32 boundaries, 0 outputs tainted in part
        "#]],
    );
}

fn table(name: &str) -> Option<Vec<Vec<String>>> {
    let bytes = data(&format!("btc-2009/{name}.csv"))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&bytes[..]);
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    Some(rows.collect())
}

fn column(row: &[String], index: usize) -> u64 {
    row[index].parse().unwrap()
}

/// All mainnet transactions of 2009, from a table that numbers outputs `10 tx + vout`.
fn year_2009() -> Option<(ChainView, Vec<Txid>)> {
    let hashes = table("sampledata_2009_tx_hash")?;
    let heights = table("sampledata_2009_tx_height")?;
    let inputs = table("sampledata_2009_tx_input")?;
    let outputs = table("sampledata_2009_tx_output")?;
    let addresses: HashMap<u64, String> = table("sampledata_2009_adr_hash")?
        .into_iter()
        .map(|row| (column(&row, 0), row[1].clone()))
        .collect();
    // Whoever made the table stripped `b` from both ends of each id; padding keeps them apart.
    let txids: Vec<Txid> =
        hashes.iter().map(|row| format!("{:b<64}", &row[1]).parse().unwrap()).collect();
    let mut transactions: Vec<Transaction> = txids
        .iter()
        .map(|txid| Transaction {
            txid: *txid,
            inputs: Vec::new(),
            outputs: Vec::new(),
            features: None,
        })
        .collect();
    let mut position = HashMap::new();
    for row in &outputs {
        let tx = column(row, 1) as usize;
        position.insert(column(row, 0), (tx, transactions[tx].outputs.len() as u32));
        let address = addresses.get(&column(row, 2)).map(String::as_str).unwrap_or_default();
        let script = chain::script::script_of(address, Network::Mainnet).unwrap_or_default();
        let value = Satoshi(column(row, 3));
        transactions[tx].outputs.push(Coin { value, script: script.into() });
    }
    for row in &inputs {
        let (from, vout) = position[&column(row, 0)];
        assert_eq!(column(row, 4), from as u64, "the table's two links agree");
        let previous = OutPoint { txid: txids[from], vout };
        transactions[column(row, 1) as usize]
            .inputs
            .push(TransactionInput { previous, coin: None });
    }
    let mut rows: Vec<TransactionRow> = Vec::new();
    for (row, transaction) in heights.iter().zip(transactions) {
        rows.push(TransactionRow { height: Height(column(row, 1) as u32), transaction });
    }
    // The table lists a block's coinbase first already; the sort keeps that order.
    rows.sort_by_key(|row| row.height);
    let bytes = data("btc-2009/sampledata_2009_tx_output.csv")?;
    let file = FileFacts::of(NamedBytes { name: "sampledata_2009_tx_output.csv", bytes: &bytes });
    Some((ChainView::from_rows(rows, file, Network::Mainnet).unwrap(), txids))
}

#[test]
fn money_of_2009_is_conserved_from_every_coinbase() {
    let Some((view, txids)) = year_2009() else { return };
    assert_eq!(txids.len(), 32_709);
    let mut said = String::new();
    for policy in Policy::ALL {
        let (mut traced, mut hops, mut deepest) = (0u64, 0, 0);
        // Every coinbase whose output was spent that year.
        for number in (0..view.transaction_count()).map(TxNumber) {
            let txid = view.txid(number);
            let spent = view.spender(&OutPoint { txid, vout: 0 }).is_some();
            if !view.is_coinbase(number) || !spent {
                continue;
            }
            let source = Source { txid, vout: None };
            let flow = trace::flow::follow(&view, &Parameters::new(source, policy)).unwrap();
            let totals = flow.totals;
            let ends = totals.unspent.0 + totals.fees.0 + totals.boundary.0 + totals.limited.0;
            assert_eq!(totals.source.0 + totals.added.0, ends);
            assert_eq!((totals.boundary, totals.limited), (Satoshi(0), Satoshi(0)));
            traced += 1;
            hops += flow.hops.len() - 1;
            deepest = deepest.max(flow.hops.iter().map(|hop| hop.hop).max().unwrap());
        }
        said.push_str(&format!("{policy}: {traced} coinbases, {hops} hops, deepest {deepest}\n"));
    }
    expect![[r#"
        poison: 2752 coinbases, 8677 hops, deepest 14
        haircut: 2752 coinbases, 8677 hops, deepest 14
        fifo: 2752 coinbases, 7087 hops, deepest 16
        lifo: 2752 coinbases, 7087 hops, deepest 16
        tiho: 2752 coinbases, 7489 hops, deepest 16
    "#]]
    .assert_eq(&said);
}

#[test]
fn the_first_payments_of_2009_are_followed() {
    let Some((view, txids)) = year_2009() else { return };
    // Block 9's coinbase: Satoshi's 50 bitcoin, of which 10 went to Hal Finney in block 170.
    let source = Source { txid: txids[9], vout: None };
    let trace = run(&view, &Parameters::new(source, Policy::Fifo)).unwrap();
    let mut said = String::new();
    for hop in &trace.flow.hops {
        let block = view.block(view.block_of(hop.transaction)).height.unwrap();
        let outputs: Vec<String> =
            hop.outputs.iter().map(|output| output.lot.taint.bitcoin()).collect();
        said.push_str(&format!("hop {} block {block}: {}\n", hop.hop, outputs.join(" + ")));
    }
    expect![[r#"
        hop 0 block 9: 50.00000000
        hop 1 block 170: 10.00000000 + 40.00000000
        hop 2 block 181: 10.00000000 + 30.00000000
        hop 3 block 182: 1.00000000 + 29.00000000
        hop 4 block 183: 1.00000000 + 28.00000000
        hop 5 block 187: 1.00000000
        hop 4 block 221: 1.00000000
        hop 5 block 248: 10.00000000 + 18.00000000
        hop 6 block 496: 11.00000000
    "#]]
    .assert_eq(&said);
    let bytes = exhibit(&trace);
    assert_eq!(replay(&bytes, &view).unwrap(), Replay::Same);
}

/// The 43 made-up transactions of a published taint test. Their inputs come partly from outside,
/// with values given; ids and addresses are words, so they are digested into ids of our own.
#[test]
fn the_published_taint_set_is_followed() {
    let tables = ["testdata_tx_height", "testdata_tx_input", "testdata_tx_output"];
    let Some(tables) = tables.into_iter().map(table).collect::<Option<Vec<_>>>() else { return };
    let [heights, inputs, outputs] = &tables[..] else { unreachable!("three tables") };
    let numbers: Vec<u64> = heights.iter().map(|row| column(row, 0)).collect();
    assert_eq!(numbers.len(), 43);
    let mut transactions: BTreeMap<u64, Transaction> = BTreeMap::new();
    for number in &numbers {
        let txid = common::txid(*number as u32);
        transactions.insert(
            *number,
            Transaction { txid, inputs: Vec::new(), outputs: Vec::new(), features: None },
        );
    }
    let mut places = HashMap::new();
    for row in outputs {
        let Some(transaction) = transactions.get_mut(&column(row, 1)) else { continue };
        places.insert(column(row, 0), (column(row, 1), transaction.outputs.len() as u32));
        let script = common::script(column(row, 2) as u32);
        transaction.outputs.push(Coin { value: Satoshi(column(row, 3)), script });
    }
    for (index, row) in inputs.iter().enumerate() {
        let coin =
            Coin { value: Satoshi(column(row, 3)), script: common::script(column(row, 2) as u32) };
        // Most inputs name outputs that the set does not hold; each becomes a coin from outside.
        let unknown = (2_000_000 + column(row, 4), index as u32);
        let place = places.get(&column(row, 0)).filter(|(from, _)| *from == column(row, 4));
        let (from, vout) = place.copied().unwrap_or(unknown);
        let previous = common::point(from as u32, vout);
        let input = TransactionInput { previous, coin: place.is_none().then_some(coin) };
        if let Some(transaction) = transactions.get_mut(&column(row, 1)) {
            transaction.inputs.push(input);
        }
    }
    // Some of the set's transactions pay more than they spend; a view refuses that, so a clean coin
    // from outside makes up the difference.
    for (number, transaction) in &mut transactions {
        let value = |coin: &Coin| coin.value.0;
        let inputs: u64 =
            inputs.iter().filter(|row| column(row, 1) == *number).map(|row| column(row, 3)).sum();
        let missing = transaction.outputs.iter().map(value).sum::<u64>().saturating_sub(inputs);
        if missing > 0 {
            let coin = Some(Coin { value: Satoshi(missing), script: common::script(0) });
            let previous = common::point(3_000_000, *number as u32);
            transaction.inputs.push(TransactionInput { previous, coin });
        }
    }
    let mut rows = Vec::new();
    let mut order: Vec<(u64, u64)> =
        heights.iter().map(|row| (column(row, 1), column(row, 0))).collect();
    order.sort_unstable();
    let mut last = None;
    for (height, number) in order {
        let height = Height(height as u32);
        if last.replace(height) != Some(height) {
            // The set has no coinbases; each block gets an empty one.
            let txid = common::txid(1_000_000 + height.0);
            let transaction =
                Transaction { txid, inputs: Vec::new(), outputs: Vec::new(), features: None };
            rows.push(TransactionRow { height, transaction });
        }
        rows.push(TransactionRow { height, transaction: transactions[&number].clone() });
    }
    let file = FileFacts::of(NamedBytes { name: "testdata_tx_output.csv", bytes: b"" });
    let view = ChainView::from_rows(rows, file, Network::Regtest).unwrap();
    let mut said = String::new();
    for policy in Policy::ALL {
        let source = Source { txid: common::txid(900), vout: None };
        let mut parameters = Parameters::new(source, policy);
        parameters.fees = FeeRule::Stop;
        let flow = trace::flow::follow(&view, &parameters).unwrap();
        let Totals { source, added, unspent, fees, .. } = flow.totals;
        said.push_str(&format!(
            "{policy}: {} transactions, source {source}, added {added}, unspent {unspent}, fees {fees}\n",
            flow.hops.len(),
        ));
    }
    said.push_str(&trace_all(&view));
    expect![[r#"
        poison: 2 transactions, source 8000, added 0, unspent 8000, fees 0
        haircut: 2 transactions, source 8000, added 0, unspent 8000, fees 0
        fifo: 2 transactions, source 8000, added 0, unspent 8000, fees 0
        lifo: 2 transactions, source 8000, added 0, unspent 8000, fees 0
        tiho: 2 transactions, source 8000, added 0, unspent 8000, fees 0
        poison: 51 hops, deepest 4, 0 boundaries, 0 outputs tainted in part
        haircut: 51 hops, deepest 4, 0 boundaries, 124 outputs tainted in part
        fifo: 52 hops, deepest 5, 0 boundaries, 37 outputs tainted in part
        lifo: 45 hops, deepest 4, 0 boundaries, 26 outputs tainted in part
        tiho: 38 hops, deepest 4, 0 boundaries, 32 outputs tainted in part
    "#]]
    .assert_eq(&said);
}
