//! How cost grows with the chain: `scale DIR MILLIONS_OF_EDGES [SEED] [STEP,STEP] [SOURCES]` makes
//! a chain with known owners, imports it into a store, and measures what import, reopening, frontier traces,
//! clusters and the exposure pass take: one line of JSON each. An edge is one input. The store is
//! left in DIR; where there is one already, it is measured and not made again.
//!
//! Steps: `import`, `reopen`, `haircut`, `fifo`, `clusters`, `exposure`; all where none is named.
//! Traces start at so many sources, 1,000 where no number is named.

#[path = "kernels/meter.rs"]
mod meter;

use chain::store::{ChainStore, Layout};
use chain::{AddressNumber, BlockNumber, Network, Satoshi, TxNumber, Utxo as _};
use meter::{Meter, bytes_below, median, memory_gb, quantile};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};
use trace::cluster::{Rule, clusters_with};
use trace::exposure::{Category, Exposure, Sources};
use trace::frontier::{Request, walk};
use trace::synthetic::{OWNERS_MIN, Plan, Random, Synthetic};
use trace::{FeeRule, Limits, Policy};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Edges for each person and service, so that a longer chain has more people and not richer ones:
/// 200,000 at 10 M edges. Bitcoin has fewer than that for each owner.
const EDGES_PER_OWNER: u64 = 50;
const TRANSACTIONS_PER_BLOCK: u32 = 4_000;
/// Blocks between two waits for the disk.
const COMMIT_BLOCKS: u32 = 64;
const SOURCES: u32 = 1_000;
const VISITED_MAX: u32 = 100_000;
const CATEGORIES: u16 = 16;
const CATEGORY_ADDRESSES: u32 = 16;
const REOPENS: usize = 5;
/// The exposure pass stops after so long and says how far it came: money of this chain mixes so
/// fast that the pass grows faster than the chain.
const EXPOSURE_TIME_MAX: Duration = Duration::from_secs(120);
const EXPOSURE_GB_MAX: f64 = 10.0;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("a folder for the store");
    let millions: f64 = arguments.next().map_or(1.0, |text| text.parse().expect("a number"));
    let seed: u64 = arguments.next().map_or(1, |text| text.parse().expect("a number"));
    let steps = arguments.next();
    let sources = arguments.next().map_or(SOURCES, |text| text.parse().expect("a number"));
    let asked = |step: &str| steps.as_deref().is_none_or(|text| text.split(',').any(|s| s == step));
    let dir = Path::new(&dir);
    std::fs::create_dir_all(dir).expect("a folder that can be made");
    if asked("import") && !dir.join("manifest").exists() {
        import(dir, (millions * 1e6) as u64, seed);
    }
    if asked("reopen") {
        reopen(dir);
    }
    let store = ChainStore::open(dir).expect("the store that was made");
    for policy in [Policy::Haircut, Policy::Fifo] {
        if asked(&policy.to_string()) {
            frontiers(&store, policy, seed, sources);
        }
    }
    if asked("clusters") {
        clusters(&store);
    }
    if asked("exposure") {
        exposure(&store, seed);
    }
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
        owners: u32::try_from(edges / EDGES_PER_OWNER).expect("fewer owners").max(OWNERS_MIN),
        blocks: u32::MAX,
        transactions_per_block: TRANSACTIONS_PER_BLOCK,
    };
    let mut made = Synthetic::new(plan);
    let mut store =
        ChainStore::create(dir, Network::Mainnet, Layout::default()).expect("an empty folder");
    let (mut done, mut last_done, mut tenth) = (0u64, 0u64, 1);
    let (mut all, mut part) = (Meter::default(), Meter::default());
    let (mut anonymous, mut slowest_block) = (0f64, 0f64);
    while done < edges {
        let block = made.next().expect("the plan has no end").decoded();
        let count: usize = block.transactions.iter().map(|tx| tx.inputs.len()).sum();
        let spent = Meter::of(|| {
            let number = store.append(block).expect("a block that follows").0;
            if number.is_multiple_of(COMMIT_BLOCKS) {
                store.commit().expect("on disk");
            }
        });
        all.add(spent);
        part.add(spent);
        slowest_block = slowest_block.max(spent.wall);
        done += count as u64;
        if done * 10 >= edges * tenth {
            let grown = (done - last_done) as f64;
            anonymous = anonymous.max(memory_gb("RssAnon"));
            println!(
                "{{\"step\":\"tenth\",\"tenth\":{tenth},\"edges\":{grown},\"wall_s\":{:.3},\
                 \"cpu_s\":{:.3},\"edges_per_s\":{:.0},\"edges_per_cpu_s\":{:.0},\
                 \"anonymous_gb\":{:.3},\"resident_gb\":{:.3}}}",
                part.wall,
                part.cpu,
                grown / part.wall,
                grown / part.cpu,
                memory_gb("RssAnon"),
                memory_gb("VmRSS"),
            );
            (last_done, part) = (done, Meter::default());
            tenth = done * 10 / edges + 1;
        }
    }
    all.add(Meter::of(|| store.commit().expect("on disk")));
    // What the maker of the chain holds is no cost of importing.
    drop(made);
    println!(
        "{{\"step\":\"import\",\"edges\":{done},\"wall_s\":{:.3},\"cpu_s\":{:.3},\
         \"edges_per_s\":{:.0},\"edges_per_cpu_s\":{:.0},\"slowest_block_s\":{slowest_block:.3},\
         \"anonymous_gb\":{:.3},\"anonymous_with_maker_gb\":{anonymous:.3}}}",
        all.wall,
        all.cpu,
        done as f64 / all.wall,
        done as f64 / all.cpu,
        memory_gb("RssAnon"),
    );
}

fn reopen(dir: &Path) {
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..REOPENS {
        let mut store = None;
        let spent = Meter::of(|| store = ChainStore::open(dir).ok());
        store.expect("the store that was made");
        walls.push(spent.wall * 1e3);
        cpus.push(spent.cpu * 1e3);
    }
    let store = ChainStore::open(dir).expect("the store that was made");
    println!(
        "{{\"step\":\"reopen\",\"wall_ms\":{:.1},\"cpu_ms\":{:.1},\"anonymous_gb\":{:.3},\
         \"blocks\":{},\"tail_blocks\":{},\"segments\":{},\"transactions\":{},\"outputs\":{},\
         \"inputs\":{},\"addresses\":{},\"disk_gb\":{:.3}}}",
        median(walls),
        median(cpus),
        memory_gb("RssAnon"),
        store.block_count(),
        store.tail_block_count(),
        store.segments().len(),
        store.transaction_count(),
        store.output_count(),
        inputs(&store),
        store.address_count(),
        bytes_below(dir) as f64 / 1e9,
    );
}

fn frontiers(store: &ChainStore, policy: Policy, seed: u64, sources: u32) {
    let mut random = Random::new(seed ^ 0xf407);
    let limits = Limits {
        hops_max: u32::MAX,
        amount_min: Satoshi(1),
        share_min_ppb: 1,
        transactions_max: VISITED_MAX,
    };
    let (mut millis, mut visited) = (Vec::new(), Vec::new());
    let (mut capped, mut capped_millis) = (0, Vec::new());
    let mut all = Meter::default();
    for _ in 0..sources {
        let transaction = TxNumber(random.below(u64::from(store.transaction_count())) as u32);
        let (fees, tagged) = (FeeRule::Stop, HashSet::new());
        let request = Request { transaction, vout: None, policy, fees, limits, tagged };
        let mut count = 0;
        let spent = Meter::of(|| count = walk(store, &request).visits.len());
        all.add(spent);
        millis.push(spent.wall * 1e3);
        if count as u32 > VISITED_MAX {
            capped += 1;
            capped_millis.push(spent.wall * 1e3);
        }
        visited.push(count as f64);
    }
    let total: f64 = visited.iter().sum();
    let of = |figures: &[f64], part| quantile(figures, part);
    println!(
        "{{\"step\":\"{policy}\",\"sources\":{sources},\"p50_ms\":{:.3},\"p90_ms\":{:.3},\
         \"p99_ms\":{:.3},\"most_ms\":{:.3},\"visited_p50\":{},\"visited_p99\":{},\
         \"capped_percent\":{:.1},\"capped_p50_ms\":{:.3},\"transactions_per_s\":{:.0},\
         \"transactions_per_cpu_s\":{:.0}}}",
        of(&millis, 0.5),
        of(&millis, 0.9),
        of(&millis, 0.99),
        of(&millis, 1.0),
        of(&visited, 0.5),
        of(&visited, 0.99),
        f64::from(capped) * 100.0 / f64::from(sources),
        if capped_millis.is_empty() { 0.0 } else { of(&capped_millis, 0.5) },
        total / all.wall,
        total / all.cpu,
    );
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
    let mut exposure = Exposure::new(sources);
    let started = Instant::now();
    let mut end = 0;
    let spent = Meter::of(|| {
        while end < store.block_count()
            && started.elapsed() < EXPOSURE_TIME_MAX
            && memory_gb("RssAnon") < EXPOSURE_GB_MAX
        {
            end = (end + 16).min(store.block_count());
            exposure.advance_to(store, end);
        }
    });
    let edges = store.inputs_of(TxNumber(store.transactions_of(BlockNumber(end - 1)).end - 1)).end;
    println!(
        "{{\"step\":\"exposure\",\"categories\":{CATEGORIES},\"complete\":{},\"edges\":{edges},\
         \"wall_s\":{:.3},\"cpu_s\":{:.3},\"edges_per_cpu_s\":{:.0},\"exposed_outputs\":{},\
         \"anonymous_gb\":{:.3}}}",
        end == store.block_count(),
        spent.wall,
        spent.cpu,
        edges as f64 / spent.cpu,
        exposure.unspent_count(),
        memory_gb("RssAnon"),
    );
}

fn clusters(store: &ChainStore) {
    for workers in [1, 2] {
        let mut count = 0;
        let spent = Meter::of(|| {
            count = clusters_with(store, Rule::default(), &Default::default(), workers).count();
        });
        println!(
            "{{\"step\":\"clusters_{workers}\",\"wall_s\":{:.3},\"edges_per_s\":{:.0},\
             \"clusters\":{count},\"anonymous_gb\":{:.3}}}",
            spent.wall,
            inputs(store) as f64 / spent.wall,
            memory_gb("RssAnon"),
        );
    }
}
