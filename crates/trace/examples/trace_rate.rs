//! How fast blocks decode and traces run here: `cargo run --release -p trace --example trace_rate`.
//! The first line is the decoder of the `bitcoin` crate with the same checks, for comparison. Each
//! figure is the best of many rounds, which is the least disturbed by whatever else runs.

use chain::block::{NamedBytes, decode_file};
use chain::{ChainView, Network, TxNumber};
use std::time::Instant;
use trace::{Parameters, Policy, Source};

const ROUNDS: u32 = 40;

fn main() {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let file = NamedBytes { name: "702861.raw", bytes };
    let megabytes = bytes.len() as f64 / 1e6;
    let show = |what: &str, seconds: f64| {
        let (bytes, transactions) = (megabytes / seconds, 2_500.0 / seconds);
        println!("{what:<44} {bytes:>6.1} MB/s {transactions:>9.0} tx/s");
    };
    let report = |what: &str, run: &dyn Fn()| {
        let seconds = best(run);
        show(what, seconds);
        seconds
    };
    report("bitcoin crate: decode, ids, Merkle root", &|| {
        let block: bitcoin::Block = bitcoin::consensus::deserialize(bytes).expect("a real block");
        // check_merkle_root computes every transaction id.
        assert!(block.check_merkle_root());
    });
    let digest = report("chain: the file's digest alone", &|| {
        assert_eq!(chain::block::FileFacts::of(file).name.len(), 10);
    });
    let decoded = report("chain: decode, ids, all checks, digest", &|| {
        let blocks = decode_file(file, Network::Mainnet).expect("a real block");
        assert_eq!(blocks[0].transactions.len(), 2_500);
    });
    // What an import does, and what there is to compare: the bitcoin crate digests no file.
    show("chain: the same less the digest", decoded - digest);
    report("chain: and the view over it", &|| {
        let view = ChainView::load(&[file], &[], Network::Mainnet).expect("a real block");
        assert_eq!(view.transaction_count(), 2_500);
    });
    let view = ChainView::load(&[file], &[], Network::Mainnet).expect("a real block");
    let all = || (0..view.transaction_count()).map(TxNumber);
    let count = |number| view.outputs(number).filter_map(|output| output.address()).count();
    let addresses: usize = all().map(count).sum();
    let seconds = best(&|| assert_eq!(all().map(count).sum::<usize>(), addresses));
    println!("chain: addresses as text {:>32.0} /s", addresses as f64 / seconds);
    let hops = |number| {
        let source = Source { txid: view.txid(number), vout: None };
        let parameters = Parameters::new(source, Policy::Haircut);
        trace::flow::follow(&view, &parameters).expect("in view").hops.len()
    };
    let visited: usize = all().map(hops).sum();
    let seconds = best(&|| assert_eq!(all().map(hops).sum::<usize>(), visited));
    println!("trace: haircut from every transaction {:>14.0} hops/s", visited as f64 / seconds);
    let source = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";
    let parameters = Parameters::new(source.parse().expect("an id"), Policy::Haircut);
    let seconds = best(&|| {
        let trace = trace::run(&view, &parameters).expect("in view");
        assert!(trace::exhibit(&trace).len() + trace::svg(&trace).len() > 10_000);
    });
    let micros = seconds * 1e6;
    println!("trace: 16-hop chain, 3 policies, JSON and SVG {micros:>6.0} microseconds");
}

/// Seconds of the fastest round.
fn best(run: &dyn Fn()) -> f64 {
    let seconds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}
