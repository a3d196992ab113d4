//! Comity's side of docs/scale.md: `kernels FOLDER [ROUNDS]` reads the arrays that the
//! peers read and prints one line of JSON for each task, medians of the rounds. `kernels FOLDER
//! ROUNDS TASK` runs one of `taint`, `clusters` and `accounts` alone.

#[path = "kernels/dag.rs"]
mod dag;
#[path = "kernels/meter.rs"]
mod meter;

use chain::utxo::OutputNumber;
use chain::{Satoshi, TxNumber, Utxo as _};
use dag::Dag;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Instant;
use trace::account::haircut::{Held, Ledgers, haircut_pass};
use trace::exposure::{Category, Exposure, Sources};
use trace::frontier::{Request, walk};
use trace::share::{WHOLE, frontier, scan};
use trace::{FeeRule, Limits, Policy};

/// As in the program itself; it asks for large pages, as numpy does for the peers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SOURCE: u32 = 1_000;
/// The cut of the frontier traces: one part per billion.
const LEAST: u64 = WHOLE / 1_000_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("a folder of arrays");
    let rounds: usize = arguments.next().map_or(7, |rounds| rounds.parse().expect("a number"));
    let folder = Path::new(&folder);
    let sizes = std::fs::read(folder.join("sizes.json")).expect("the benchmark's sizes");
    let sizes: serde_json::Value = serde_json::from_slice(&sizes).expect("JSON");
    let size = |name: &str| sizes[name].as_u64().expect("a number") as u32;
    let only = arguments.next();
    let asked = |task: &str| only.as_deref().is_none_or(|only| only == task);
    if asked("taint") {
        taint(folder, size("transactions"), rounds);
    }
    if asked("clusters") {
        clusters(folder, size("addresses"), rounds);
    }
    if asked("accounts") {
        accounts(folder, size("accounts") as usize, rounds);
    }
}

fn taint(folder: &Path, transactions: u32, rounds: usize) {
    let started = Instant::now();
    let dag = Dag::read(folder, transactions);
    let load = started.elapsed().as_secs_f64();
    let mut shares = Vec::new();
    measure("haircut_scan_shares", load, rounds, || {
        shares = scan(dag.spends(), SOURCE);
        let count = shares.iter().filter(|share| **share > LEAST).count();
        format!("{{\"transactions\":{count},\"sum\":{:.9}}}", sum(shares.iter()))
    });
    if let Ok(bytes) = std::fs::read(folder.join("taint_scipy.f64")) {
        let theirs = bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("8")));
        let apart = |(ours, theirs): (&u64, f64)| (*ours as f64 / WHOLE as f64 - theirs).abs();
        let most = shares.iter().zip(theirs).map(apart).fold(0.0, f64::max);
        println!("{{\"name\":\"apart_from_scipy\",\"most\":{most:e}}}");
    }
    measure("haircut_scan_satoshis", load, rounds, || {
        let vouts = dag.outputs_of(TxNumber(SOURCE)).map(|o| (OutputNumber(o), Category(0)));
        let mut exposure =
            Exposure::new(Sources { addresses: HashMap::new(), outputs: vouts.collect() });
        exposure.advance(&dag);
        let rest = exposure.unspent_total(Category(0));
        format!("{{\"unspent\":{rest},\"outputs\":{}}}", exposure.unspent_count())
    });
    measure("haircut_frontier_shares", load, rounds * 15, || {
        let found = frontier(dag.spends(), dag.payments(), SOURCE, LEAST);
        let total = sum(found.iter().map(|(_, share)| share));
        format!("{{\"transactions\":{},\"sum\":{total:.9}}}", found.len())
    });
    let limits = Limits {
        hops_max: u32::MAX,
        amount_min: Satoshi(1),
        share_min_ppb: 1,
        transactions_max: 100_000,
    };
    for policy in [Policy::Haircut, Policy::Fifo] {
        let request = Request {
            transaction: TxNumber(SOURCE),
            vout: None,
            policy,
            fees: FeeRule::Stop,
            limits,
            tagged: HashSet::new(),
        };
        measure(&format!("{policy}_frontier_satoshis"), load, rounds * 15, || {
            let walked = walk(&dag, &request);
            format!(
                "{{\"transactions\":{},\"source\":{}}}",
                walked.visits.len(),
                walked.totals.source
            )
        });
    }
}

fn clusters(folder: &Path, addresses: u32, rounds: usize) {
    let started = Instant::now();
    let (a, b) = (dag::read_u32(folder, "pair_a.u32"), dag::read_u32(folder, "pair_b.u32"));
    let pairs: Vec<(u32, u32)> = a.into_iter().zip(b).collect();
    let load = started.elapsed().as_secs_f64();
    for workers in [1, 2] {
        measure(&format!("clusters_{workers}"), load, rounds, || {
            let labels = trace::cluster::components::components_with(addresses, &pairs, workers);
            let roots = (0..).zip(&labels).filter(|(number, label)| number == *label).count();
            let mut sizes = vec![0u32; labels.len()];
            labels.iter().for_each(|label| sizes[*label as usize] += 1);
            let largest = sizes.iter().max().expect("addresses");
            format!("{{\"clusters\":{roots},\"largest\":{largest}}}")
        });
    }
}

fn accounts(folder: &Path, accounts: usize, rounds: usize) {
    let started = Instant::now();
    let from = dag::read_u32(folder, "transfer_from.u32");
    let to = dag::read_u32(folder, "transfer_to.u32");
    let amount = dag::read_u64(folder, "transfer_amount.u64");
    let load = started.elapsed().as_secs_f64();
    measure("account_haircut", load, rounds, || {
        let mut ledgers = Ledgers::new(accounts);
        ledgers.set(from[0], Held { balance: 1 << 40, taint: 1 << 40 });
        haircut_pass(&mut ledgers, &from, &to, &amount).expect("columns of one length");
        let taint: u128 = ledgers.tainted().map(|(_, held)| u128::from(held.taint)).sum();
        assert_eq!(taint, 1 << 40, "taint is conserved");
        format!("{{\"holders\":{}}}", ledgers.tainted().count())
    });
}

fn sum<'a>(shares: impl Iterator<Item = &'a u64>) -> f64 {
    shares.map(|share| *share as f64 / WHOLE as f64).sum()
}

/// Runs a task some times and prints the median; every round must give the same result.
fn measure(name: &str, load: f64, rounds: usize, mut run: impl FnMut() -> String) {
    let mut walls = Vec::new();
    let mut used = Vec::new();
    let mut result = None;
    for _ in 0..rounds {
        let (cpu, started) = (meter::cpu_seconds(), Instant::now());
        let said = run();
        walls.push(started.elapsed().as_secs_f64());
        used.push(meter::cpu_seconds() - cpu);
        assert_eq!(result.get_or_insert_with(|| said.clone()), &said, "{name} repeats");
    }
    let (wall, mean) = (meter::median(walls), used.iter().sum::<f64>() / used.len() as f64);
    println!(
        "{{\"name\":\"{name}\",\"load_s\":{load},\"wall_s\":{wall},\"cpu_s\":{mean},\"peak_gb\":{:.3},\
         \"rounds\":{rounds},\"result\":{}}}",
        meter::memory_gb("VmHWM"),
        result.expect("at least one round")
    );
}
