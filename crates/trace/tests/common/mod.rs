//! Made-up chains for tests, written as rows.
#![allow(dead_code)]

use chain::block::{Coin, FileFacts, NamedBytes, Transaction, TransactionInput};
use chain::{ChainView, Height, Network, OutPoint, Satoshi, TransactionRow, Txid};
use proptest::prelude::*;
use std::path::PathBuf;

/// The id of the made-up transaction with this number.
pub fn txid(number: u32) -> Txid {
    let mut bytes = [0x5a; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    Txid(bytes)
}

/// An output of a made-up transaction.
pub fn point(number: u32, vout: u32) -> OutPoint {
    OutPoint { txid: txid(number), vout }
}

/// A pay-to-witness-public-key-hash script whose hash holds a number.
pub fn script(number: u32) -> Box<[u8]> {
    let mut script = vec![0, 20];
    script.extend([0x11; 16]);
    script.extend(number.to_be_bytes());
    script.into()
}

/// A transaction: number, spent outputs, values of its outputs. Output `v` of transaction `n` pays
/// the script with number `100 n + v`.
pub fn transaction(number: u32, inputs: &[(u32, u32)], outputs: &[u64]) -> Transaction {
    let input =
        |(from, vout): &(u32, u32)| TransactionInput { previous: point(*from, *vout), coin: None };
    let output = |(vout, value): (usize, &u64)| Coin {
        value: Satoshi(*value),
        script: script(100 * number + vout as u32),
    };
    Transaction {
        txid: txid(number),
        inputs: inputs.iter().map(input).collect(),
        outputs: outputs.iter().enumerate().map(output).collect(),
        features: None,
    }
}

/// A view of blocks of transactions on regtest, whose subsidy is 50 bitcoin.
pub fn view(blocks: &[Vec<Transaction>]) -> ChainView {
    let file = FileFacts::of(NamedBytes { name: "rows.csv", bytes: b"made up" });
    let mut rows = Vec::new();
    for (height, block) in blocks.iter().enumerate() {
        let height = Height(height as u32);
        rows.extend(block.iter().map(|transaction| {
            let transaction = transaction.clone();
            TransactionRow { height, transaction }
        }));
    }
    ChainView::from_rows(rows, file, Network::Regtest).unwrap()
}

/// A file of real data, or a loud line and `None`.
pub fn data(path: &str) -> Option<Vec<u8>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain");
    let file = PathBuf::from(root).join(path);
    let bytes = std::fs::read(&file).ok();
    if bytes.is_none() {
        println!("SKIPPED: real data is absent: shared/data/chain/{path}");
    }
    bytes
}

/// The published schema of exhibits.
pub fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../../docs/formats/trace-exhibit.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

/// Random chains: each transaction spends up to three earlier unspent outputs, sometimes one that
/// is not in the view, and pays up to four outputs and a fee; every tenth starts a block.
pub fn chains() -> impl Strategy<Value = ChainView> {
    let step = (
        prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        prop::collection::vec(0u64..1_000, 1..5),
        0u8..40,
    );
    prop::collection::vec(step, 1..60).prop_map(|steps| {
        let mut blocks = vec![vec![transaction(1, &[], &[777, 1_000, 5, 0, 123_456])]];
        let mut free: Vec<(u32, u32, u64)> =
            [777, 1_000, 5, 0, 123_456].iter().zip(0..).map(|(v, i)| (1, i, *v)).collect();
        let mut last: Vec<(u32, u32, u64)> = Vec::new();
        for (index, (picks, weights, dice)) in steps.into_iter().enumerate() {
            let number = 1_000 + index as u32;
            if index % 10 == 0 {
                let coinbase = 500_000 + index as u32;
                free.append(&mut last);
                blocks.push(vec![transaction(coinbase, &[], &[3_000, 2_000])]);
                last = vec![(coinbase, 0, 3_000), (coinbase, 1, 2_000)];
            }
            let mut inputs = Vec::new();
            let mut worth = 0;
            for pick in picks {
                if free.is_empty() {
                    break;
                }
                let (from, vout, value) = free.swap_remove(pick.index(free.len()));
                inputs.push((from, vout));
                worth += value;
            }
            if dice == 0 || inputs.is_empty() {
                inputs.push((9_999_999, number));
            }
            let weight: u64 = weights.iter().sum::<u64>() + u64::from(dice) + 1;
            let outputs: Vec<u64> = weights
                .iter()
                .map(|part| (u128::from(worth) * u128::from(*part) / u128::from(weight)) as u64)
                .collect();
            free.extend(outputs.iter().zip(0..).map(|(value, vout)| (number, vout, *value)));
            let block = blocks.last_mut().unwrap();
            block.push(transaction(number, &inputs, &outputs));
        }
        view(&blocks)
    })
}
