//! How fast blocks decode and traces run here: `cargo run --release -p trace --example rate`.
//! The first line is the decoder of the `bitcoin` crate with the same checks, for comparison.

use chain::block::{NamedBytes, decode_file};
use chain::{ChainView, Network, TxNumber};
use std::time::Instant;
use trace::{Parameters, Policy, Source};

const ROUNDS: u32 = 40;

fn main() {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let file = NamedBytes { name: "702861.raw", bytes };
    let megabytes = bytes.len() as f64 / 1e6;
    let report = |what: &str, transactions: usize, seconds: f64| {
        let rate = f64::from(ROUNDS) / seconds;
        println!(
            "{what:<44} {:>6.1} MB/s {:>9.0} tx/s",
            megabytes * rate,
            transactions as f64 * rate
        );
    };
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let block: bitcoin::Block = bitcoin::consensus::deserialize(bytes).expect("a real block");
        // check_merkle_root computes every transaction id.
        assert!(block.check_merkle_root());
    }
    report("bitcoin crate: decode, ids, Merkle root", 2_500, start.elapsed().as_secs_f64());
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let blocks = decode_file(file, Network::Mainnet).expect("a real block");
        assert_eq!(blocks[0].transactions.len(), 2_500);
    }
    report("chain: the same, checks and file digest", 2_500, start.elapsed().as_secs_f64());
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let view = ChainView::load(&[file], &[], Network::Mainnet).expect("a real block");
        assert_eq!(view.transaction_count(), 2_500);
    }
    report("chain: and the view over it", 2_500, start.elapsed().as_secs_f64());
    let start = Instant::now();
    let view = ChainView::load(&[file], &[], Network::Mainnet).expect("a real block");
    let mut addresses = 0;
    for _ in 0..ROUNDS {
        for number in 0..view.transaction_count() {
            addresses +=
                view.outputs(TxNumber(number)).filter_map(|output| output.address()).count();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("chain: addresses as text {:>32.0} /s", addresses as f64 / seconds);
    let start = Instant::now();
    let mut visited = 0;
    for _ in 0..ROUNDS {
        for number in (0..view.transaction_count()).map(TxNumber) {
            let source = Source { txid: view.txid(number), vout: None };
            let parameters = Parameters::new(source, Policy::Haircut);
            visited += trace::flow::follow(&view, &parameters).expect("in view").hops.len();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("trace: haircut from every transaction {:>14.0} hops/s", visited as f64 / seconds);
    let source = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";
    let parameters = Parameters::new(source.parse().expect("an id"), Policy::Haircut);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let trace = trace::run(&view, &parameters).expect("in view");
        assert!(trace::exhibit(&trace).len() + trace::svg(&trace).len() > 10_000);
    }
    let micros = start.elapsed().as_micros() / u128::from(ROUNDS);
    println!("trace: 16-hop chain, 3 policies, JSON and SVG {micros:>6} microseconds");
}
