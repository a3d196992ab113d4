//! All mainnet transactions of 2009, from a table: a year of blocks through segments and merges.

use std::collections::HashMap;

use chain::block::{Coin, FileFacts, Transaction, TransactionInput};
use chain::store::{ChainStore, Layout, check};
use chain::{ChainView, Height, NamedBytes, Network, OutPoint, Satoshi, TransactionRow, Txid};
use tempfile::TempDir;

use super::common::{assert_same, data};
use super::made::rows;

fn table(name: &str) -> Option<Vec<Vec<String>>> {
    let text = String::from_utf8(data(&format!("btc-2009/sampledata_2009_{name}.csv"))?).unwrap();
    let fields = |line: &str| line.split(',').map(|field| field.trim().to_owned()).collect();
    Some(text.lines().skip(1).map(fields).collect())
}

/// The table numbers outputs by itself; its ids lost their leading and trailing `b`, padding keeps
/// them apart.
fn transactions() -> Option<Vec<TransactionRow>> {
    let number = |row: &[String], at: usize| row[at].parse::<u64>().unwrap();
    let hashes = table("tx_hash")?;
    let txids: Vec<Txid> =
        hashes.iter().map(|row| format!("{:b<64}", row[1]).parse().unwrap()).collect();
    let addresses: HashMap<u64, String> =
        table("adr_hash")?.into_iter().map(|row| (number(&row, 0), row[1].clone())).collect();
    let new = |txid: &Txid| super::made::row(*txid, &[], &[]);
    let mut transactions: Vec<Transaction> = txids.iter().map(new).collect();
    let mut places = HashMap::new();
    for row in table("tx_output")? {
        let outputs = &mut transactions[number(&row, 1) as usize].outputs;
        places.insert(number(&row, 0), (number(&row, 1) as usize, outputs.len() as u32));
        let address = addresses.get(&number(&row, 2)).map(String::as_str).unwrap_or_default();
        let script = chain::script::script_of(address, Network::Mainnet).unwrap_or_default();
        outputs.push(Coin { value: Satoshi(number(&row, 3)), script: script.into() });
    }
    for row in table("tx_input")? {
        let (from, vout) = places[&number(&row, 0)];
        let previous = OutPoint { txid: txids[from], vout };
        let inputs = &mut transactions[number(&row, 1) as usize].inputs;
        inputs.push(TransactionInput { previous, coin: None });
    }
    let heights = table("tx_height")?;
    let height = |row: &Vec<String>| Height(number(row, 1) as u32);
    let mut rows: Vec<TransactionRow> = heights
        .iter()
        .zip(transactions)
        .map(|(row, transaction)| TransactionRow { height: height(row), transaction })
        .collect();
    rows.sort_by_key(|row| row.height);
    Some(rows)
}

#[test]
fn a_year_of_rows_answers_as_in_memory() {
    let Some(transactions) = transactions() else { return };
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chain");
    let layout =
        Layout { segment_blocks_max: 10_000, segment_rows_max: 3_000, tail_blocks_min: 144 };
    let mut store = ChainStore::create(&path, Network::Mainnet, layout).unwrap();
    for block in transactions.chunk_by(|a, b| a.height == b.height) {
        let of_block = block.iter().map(|row| row.transaction.clone()).collect();
        store.append_block(rows(block[0].height.0, of_block)).unwrap();
    }
    store.commit().unwrap();
    let stats = store.stats().unwrap();
    assert_eq!((stats.transactions, stats.segments), (32_709, 11));
    assert!(stats.index_runs < 3 * 3 * 2, "runs were merged: {}", stats.index_runs);
    let file = FileFacts::of(NamedBytes { name: "table", bytes: b"" });
    let view = ChainView::from_rows(transactions, file, Network::Mainnet).unwrap();
    assert_same(&store, &view);
    assert_eq!(check(&path, |_, _| {}).unwrap().findings, vec![]);
}
