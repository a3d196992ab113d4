//! How cost grows with the chain: `scale DIR MILLIONS_OF_EDGES [SEED]` makes a chain with known
//! owners, imports it into a store, and prints what import, reopening, frontier traces, the exposure
//! pass and clusters take. An edge is one input. The store is left in DIR.

#[path = "kernels/dag.rs"]
#[allow(dead_code)]
mod dag;

use chain::store::{ChainStore, Layout};
use chain::{AddressNumber, Network, Satoshi, TxNumber, Utxo as _};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Instant;
use trace::cluster::{Rule, clusters_with};
use trace::exposure::{Category, Exposure, Sources};
use trace::frontier::{Request, walk};
use trace::synthetic::{Plan, Random, Synthetic};
use trace::{FeeRule, Limits, Policy};

const OWNERS: u32 = 200_000;
const TRANSACTIONS_PER_BLOCK: u32 = 4_000;
/// Blocks between two waits for the disk.
const COMMIT_BLOCKS: u32 = 64;
const SOURCES: usize = 1_000;
const VISITED_MAX: u32 = 100_000;
const CATEGORIES: u16 = 16;
const CATEGORY_ADDRESSES: u32 = 16;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("a folder for the store");
    let millions: f64 = arguments.next().map_or(1.0, |text| text.parse().expect("a number"));
    let seed: u64 = arguments.next().map_or(1, |text| text.parse().expect("a number"));
    let dir = Path::new(&dir);
    if !dir.join("manifest").exists() && std::fs::read_dir(dir).map_or(true, |d| d.count() == 0) {
        import(dir, (millions * 1e6) as u64, seed);
    }
    let started = Instant::now();
    let store = ChainStore::open(dir).expect("the store that was made");
    println!(
        "reopen {:.1} ms: {} blocks, {} transactions, {} outputs, {} inputs, {} addresses, \
         {:.2} GB on disk, resident {:.2} GB",
        started.elapsed().as_secs_f64() * 1e3,
        store.block_count(),
        store.transaction_count(),
        store.output_count(),
        inputs(&store),
        store.address_count(),
        bytes_below(dir) as f64 / 1e9,
        resident(),
    );
    frontiers(&store, seed);
    exposure(&store, seed);
    clusters(&store);
}

fn inputs(store: &ChainStore) -> u64 {
    match store.transaction_count().checked_sub(1) {
        Some(last) => store.inputs_of(TxNumber(last)).end,
        None => 0,
    }
}

/// Makes and imports in turn; only the import is counted, by tenth of the edges.
fn import(dir: &Path, edges: u64, seed: u64) {
    let plan = Plan {
        seed,
        owners: OWNERS,
        blocks: u32::MAX,
        transactions_per_block: TRANSACTIONS_PER_BLOCK,
    };
    let mut made = Synthetic::new(plan);
    let mut store =
        ChainStore::create(dir, Network::Mainnet, Layout::default()).expect("an empty folder");
    let (mut done, mut tenth) = (0u64, 1);
    let (mut spent, mut before) = (0.0, 0.0);
    let started = Instant::now();
    let mut last_done = 0;
    while done < edges {
        let block = made.next().expect("the plan has no end").decoded();
        let count: usize = block.transactions.iter().map(|tx| tx.inputs.len()).sum();
        let begun = Instant::now();
        let number = store.append(block).expect("a block that follows").0;
        if number.is_multiple_of(COMMIT_BLOCKS) {
            store.commit().expect("on disk");
        }
        spent += begun.elapsed().as_secs_f64();
        done += count as u64;
        if done * 10 >= edges * tenth {
            println!(
                "import, tenth {tenth}: {:.0} edges/s over {} edges, resident {:.2} GB",
                (done - last_done) as f64 / (spent - before),
                done - last_done,
                resident(),
            );
            (before, last_done) = (spent, done);
            tenth = done * 10 / edges + 1;
        }
    }
    store.commit().expect("on disk");
    println!(
        "import {spent:.1} s of {:.1} s with making the chain: {:.0} edges/s",
        started.elapsed().as_secs_f64(),
        done as f64 / spent
    );
}

fn frontiers(store: &ChainStore, seed: u64) {
    let mut random = Random::new(seed ^ 0xf407);
    let limits = Limits {
        hops_max: u32::MAX,
        amount_min: Satoshi(1),
        share_min_ppb: 1,
        transactions_max: VISITED_MAX,
    };
    for policy in [Policy::Haircut, Policy::Fifo] {
        let mut millis = Vec::with_capacity(SOURCES);
        let (mut capped, mut visited) = (0, Vec::with_capacity(SOURCES));
        for _ in 0..SOURCES {
            let transaction = TxNumber(random.below(u64::from(store.transaction_count())) as u32);
            let (fees, tagged) = (FeeRule::Stop, HashSet::new());
            let request = Request { transaction, vout: None, policy, fees, limits, tagged };
            let started = Instant::now();
            let walked = walk(store, &request);
            millis.push(started.elapsed().as_secs_f64() * 1e3);
            capped += u32::from(walked.visits.len() as u32 > VISITED_MAX);
            visited.push(walked.visits.len() as f64);
        }
        millis.sort_by(f64::total_cmp);
        visited.sort_by(f64::total_cmp);
        println!(
            "frontier {policy}, {SOURCES} random sources, cut 1e-9: p50 {:.2} ms, p90 {:.2} ms, \
             p99 {:.2} ms, most {:.2} ms; visited p50 {}, p99 {}; capped at {VISITED_MAX}: {:.1} %",
            millis[SOURCES / 2],
            millis[SOURCES * 9 / 10],
            millis[SOURCES * 99 / 100],
            millis[SOURCES - 1],
            visited[SOURCES / 2],
            visited[SOURCES * 99 / 100],
            f64::from(capped) * 100.0 / SOURCES as f64,
        );
        let all: f64 = visited.iter().sum::<f64>() / (millis.iter().sum::<f64>() / 1e3);
        println!("frontier {policy}: {all:.0} transactions/s, resident {:.2} GB", resident());
    }
}

fn exposure(store: &ChainStore, seed: u64) {
    let mut random = Random::new(seed ^ 0xe490);
    let mut sources = Sources { addresses: HashMap::new(), outputs: HashMap::new() };
    for category in 0..CATEGORIES {
        for _ in 0..CATEGORY_ADDRESSES {
            let address = AddressNumber(random.below(u64::from(store.address_count())) as u32);
            sources.addresses.insert(address, Category(category));
        }
    }
    let started = Instant::now();
    let mut exposure = Exposure::new(sources);
    exposure.advance(store);
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "exposure pass, {CATEGORIES} categories: {seconds:.2} s, {:.0} edges/s, {} unspent outputs \
         exposed, resident {:.2} GB",
        inputs(store) as f64 / seconds,
        exposure.unspent_count(),
        resident(),
    );
}

fn clusters(store: &ChainStore) {
    for workers in [1, 2] {
        let started = Instant::now();
        let found = clusters_with(store, Rule::default(), &Default::default(), workers);
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "clusters, {workers} threads: {seconds:.2} s, {:.0} edges/s, {} clusters of {} \
             addresses, resident {:.2} GB",
            inputs(store) as f64 / seconds,
            found.count(),
            store.address_count(),
            resident(),
        );
    }
}

/// Memory of this process that is in use, mapped pages of the store included.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 976_562.5
}

fn bytes_below(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => bytes_below(&entry.path()),
        Ok(facts) => facts.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}
