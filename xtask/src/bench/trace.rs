//! `bench trace`: ours and the peers on the same seeded arrays, in one run. Fails when two programs
//! that should agree do not: a quick wrong answer is no figure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::table::{figure, median, print};
use crate::{install, run};

const EXAMPLES: &str = "Examples:
  cargo xtask bench trace                      the table of docs/scale.md; some 3 minutes
  cargo xtask bench trace --no-peers --rounds 21
  cargo xtask bench trace --edges 1000000 --json > trace.json";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Rows of each input: spends, pairs of addresses, transfers.
    #[arg(long, default_value_t = 10_000_000)]
    edges: u64,
    /// How often ours are run; the medians are printed.
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// How often each peer is run.
    #[arg(long, default_value_t = 1)]
    peer_rounds: u32,
    /// Only ours.
    #[arg(long)]
    no_peers: bool,
    /// Also the peer that takes minutes (rustworkx).
    #[arg(long)]
    slow: bool,
    /// One JSON document instead of the table.
    #[arg(long)]
    json: bool,
}

/// What peers and generator need, as they were measured in docs/scale.md.
const PYTHON: [&str; 5] = [
    "numpy==2.4.6",
    "scipy==1.17.1",
    "duckdb==2.0.1",
    "igraph==1.0.0",
    "graphsense-clustering==0.2.0",
];
const PYTHON_SLOW: &str = "rustworkx==0.18.1";

/// A program on a task.
struct Entry {
    task: &'static str,
    program: &'static str,
    /// The name that `peers.py` or the example `kernels` gives it.
    name: &'static str,
    /// The Python module it needs; none for ours.
    module: Option<&'static str>,
}

const fn ours(task: &'static str, program: &'static str, name: &'static str) -> Entry {
    Entry { task, program, name, module: None }
}

const fn peer(
    task: &'static str,
    program: &'static str,
    name: &'static str,
    module: &'static str,
) -> Entry {
    Entry { task, program, name, module: Some(module) }
}

const SCAN: &str = "haircut, all descendants";
const EXACT: &str = "the same in satoshis";
const WALK: &str = "haircut, frontier, cut 1e-9";
const CLUSTERS: &str = "clusters";
const ACCOUNTS: &str = "accounts, haircut";

/// The rows of the table. The first of a task is what the others are compared with.
const ENTRIES: [Entry; 12] = [
    ours(SCAN, "Comity", "haircut_scan_shares"),
    peer(SCAN, "SciPy triangular solve", "taint_scipy", "scipy"),
    ours(EXACT, "Comity", "haircut_scan_satoshis"),
    ours(WALK, "Comity", "haircut_frontier_shares"),
    peer(WALK, "DuckDB level by level", "taint_duckdb", "duckdb"),
    peer(WALK, "DuckDB recursive query", "taint_duckdb_recursive", "duckdb"),
    ours(CLUSTERS, "Comity, 2 threads", "clusters_2"),
    ours(CLUSTERS, "Comity, 1 thread", "clusters_1"),
    peer(CLUSTERS, "SciPy", "clusters_scipy", "scipy"),
    peer(CLUSTERS, "igraph", "clusters_igraph", "igraph"),
    peer(CLUSTERS, "graphsense-clustering", "clusters_graphsense", "gs_clustering"),
    ours(ACCOUNTS, "Comity", "account_haircut"),
];
const SLOW: Entry = peer(CLUSTERS, "rustworkx", "clusters_rustworkx", "rustworkx");

/// What a program said about itself.
#[derive(Clone)]
struct Measured {
    load: f64,
    wall: f64,
    cpu: f64,
    peak_gb: f64,
    result: Value,
}

/// Runs all and prints the table.
///
/// # Errors
/// When ours cannot be built or run, the arrays cannot be made, or results differ.
pub fn bench(root: &Path, arguments: &Arguments) -> Result<()> {
    ensure!(arguments.rounds > 0 && arguments.peer_rounds > 0, "at least one round");
    // Smaller arrays have no transaction 1,000 whose money goes anywhere.
    ensure!(arguments.edges >= 100_000, "at least 100,000 edges");
    let python = python(root, arguments.slow)?;
    let arrays = arrays(root, &python, arguments.edges)?;
    let entries = || ENTRIES.iter().chain(arguments.slow.then_some(&SLOW));
    let mut measured: BTreeMap<&str, Measured> = BTreeMap::new();
    let mut skipped = Vec::new();
    if !arguments.no_peers {
        for entry in entries() {
            let Some(module) = entry.module else { continue };
            if !has_module(&python, module) {
                let reason = format!("the Python module {module} is not installed");
                skipped.push((entry.program, reason));
                continue;
            }
            eprintln!("> {} ({})", entry.program, entry.task);
            match one_peer(root, &python, &arrays, entry.name, arguments.peer_rounds) {
                Ok(found) => drop(measured.insert(entry.name, found)),
                Err(error) => skipped.push((entry.program, format!("{error:#}"))),
            }
        }
    }
    // Ours last: the comparison with SciPy's shares needs the file it left.
    let (ours, apart) = kernels(root, &arrays, arguments.rounds)?;
    for entry in entries().filter(|entry| entry.module.is_none()) {
        let found = ours.get(entry.name).with_context(|| format!("no line {}", entry.name))?;
        measured.insert(entry.name, found.clone());
    }
    for (program, reason) in &skipped {
        eprintln!("SKIPPED: {program}: {reason}");
    }
    let rows: Vec<(&Entry, &Measured)> =
        entries().filter_map(|entry| Some((entry, measured.get(entry.name)?))).collect();
    agree(&measured, apart)?;
    if arguments.json {
        let rows: Vec<Value> = rows.iter().map(|(entry, found)| row_json(entry, found)).collect();
        let skipped: Vec<Value> = skipped
            .iter()
            .map(|(program, reason)| json!({"program": program, "reason": reason}))
            .collect();
        let all = json!({
            "edges": arguments.edges,
            "rounds": arguments.rounds,
            "load_average": load_average(),
            "furthest_from_scipy": apart,
            "rows": rows,
            "skipped": skipped,
        });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    table(&rows);
    if let Some(apart) = apart {
        println!("no share is further from SciPy's than {apart:e}");
    }
    println!(
        "{} edges; ours are medians of {} rounds (frontier: 15 times as many), peers of {}; load \
         average {} on {} processors",
        figure(arguments.edges as f64),
        arguments.rounds,
        arguments.peer_rounds,
        load_average(),
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    );
    Ok(())
}

fn row_json(entry: &Entry, found: &Measured) -> Value {
    json!({
        "task": entry.task,
        "program": entry.program,
        "ours": entry.module.is_none(),
        "wall_s": found.wall,
        "cpu_s": found.cpu,
        "load_s": found.load,
        "peak_gb": found.peak_gb,
        "result": found.result,
    })
}

fn table(rows: &[(&Entry, &Measured)]) {
    let first = |task| rows.iter().find(|(entry, _)| entry.task == task).map(|(_, found)| *found);
    let text: Vec<Vec<String>> = rows
        .iter()
        .map(|(entry, found)| {
            let ratio = first(entry.task).map_or(1.0, |first| found.wall / first.wall);
            vec![
                entry.task.to_owned(),
                entry.program.to_owned(),
                figure(found.wall),
                figure(found.cpu),
                figure(found.load),
                figure(found.peak_gb),
                figure(ratio),
                found.result.to_string().replace('"', ""),
            ]
        })
        .collect();
    let head =
        ["task", "program", "wall s", "CPU s", "load s", "peak GB", "ratio (wall)", "result"];
    print(&head, &text);
}

/// Programs of a task must have found the same.
fn agree(measured: &BTreeMap<&str, Measured>, apart: Option<f64>) -> Result<()> {
    let result = |name: &str| measured.get(name).map(|found| found.result.clone());
    for name in ["clusters_1", "clusters_scipy", "clusters_igraph", "clusters_graphsense"]
        .into_iter()
        .chain(["clusters_rustworkx"])
    {
        let (ours, other) = (result("clusters_2"), result(name));
        ensure!(other.is_none() || ours == other, "{name} found {other:?}, ours {ours:?}");
    }
    if let Some(apart) = apart {
        ensure!(apart < 1e-9, "a share is {apart:e} from SciPy's");
    }
    let sum = |name: &str| result(name).and_then(|result| result["sum"].as_f64());
    if let (Some(ours), Some(other)) = (sum("haircut_scan_shares"), sum("taint_scipy")) {
        ensure!((ours - other).abs() < 1e-6, "SciPy's shares sum to {other}, ours to {ours}");
    }
    // The levels' cut loses what the sum of small contributions would keep.
    if let (Some(ours), Some(other)) = (sum("haircut_frontier_shares"), sum("taint_duckdb")) {
        ensure!((ours - other).abs() < 1e-4, "DuckDB's shares sum to {other}, ours to {ours}");
    }
    Ok(())
}

/// The interpreter of a venv of the bench's own, with whatever could be installed.
fn python(root: &Path, slow: bool) -> Result<PathBuf> {
    let venv = root.join("target/bench/venv");
    let (python, pip) = (venv.join("bin/python"), venv.join("bin/pip"));
    if !python.exists() {
        let path = venv.display().to_string();
        run::command(root, "python3", &["-m", "venv", &path])
            .context("the bench needs python3 with venv (Debian: python3-venv)")?;
    }
    for package in PYTHON.iter().chain(slow.then_some(&PYTHON_SLOW)) {
        if install::has_package(&pip, package) {
            continue;
        }
        let pip = pip.display().to_string();
        let arguments = ["install", "--quiet", "--disable-pip-version-check", package];
        if let Err(error) = run::command(root, &pip, &arguments) {
            eprintln!("NOT INSTALLED: {package} ({error:#})");
        }
    }
    if !has_module(&python, "numpy") {
        bail!("the arrays are made with numpy, which is not installed; install it and run again");
    }
    Ok(python)
}

fn has_module(python: &Path, module: &str) -> bool {
    let import = format!("import {module}");
    let output = Command::new(python).args(["-c", &import]).output();
    output.is_ok_and(|output| output.status.success())
}

/// The seeded arrays, made once for each size.
fn arrays(root: &Path, python: &Path, edges: u64) -> Result<PathBuf> {
    let folder = root.join(format!("target/bench/arrays-{edges}"));
    if folder.join("sizes.json").exists() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)?;
    let (python, place) = (python.display().to_string(), folder.display().to_string());
    run::command(root, &python, &["xtask/bench/arrays.py", &place, &edges.to_string()])?;
    Ok(folder)
}

fn one_peer(
    root: &Path,
    python: &Path,
    arrays: &Path,
    name: &str,
    rounds: u32,
) -> Result<Measured> {
    let mut found = Vec::new();
    for _ in 0..rounds {
        let output = Command::new(python)
            .arg("xtask/bench/peers.py")
            .arg(arrays)
            .arg(name)
            .current_dir(root)
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{}", said.lines().last().unwrap_or("it failed without a word"));
        }
        let text = String::from_utf8(output.stdout)?;
        found.push(parse(&serde_json::from_str(text.lines().last().unwrap_or_default())?)?);
    }
    let of = |pick: fn(&Measured) -> f64| median(&found.iter().map(pick).collect::<Vec<_>>());
    Ok(Measured {
        load: of(|one| one.load),
        wall: of(|one| one.wall),
        cpu: of(|one| one.cpu),
        peak_gb: of(|one| one.peak_gb),
        result: found[0].result.clone(),
    })
}

/// Ours by name, and how far the furthest share is from SciPy's.
fn kernels(
    root: &Path,
    arrays: &Path,
    rounds: u32,
) -> Result<(BTreeMap<String, Measured>, Option<f64>)> {
    let (place, rounds) = (arrays.display().to_string(), rounds.to_string());
    let lines = run::example_lines(root, "trace", "kernels", &[&place, &rounds])?;
    let (mut ours, mut apart) = (BTreeMap::new(), None);
    for line in lines {
        let value: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        let name = value["name"].as_str().context("a line without a name")?.to_owned();
        match value["most"].as_f64() {
            Some(most) => apart = Some(most),
            None => drop(ours.insert(name, parse(&value)?)),
        }
    }
    Ok((ours, apart))
}

fn parse(value: &Value) -> Result<Measured> {
    let number = |name: &str| value[name].as_f64().with_context(|| format!("no {name}: {value}"));
    Ok(Measured {
        load: number("load_s")?,
        wall: number("wall_s")?,
        cpu: number("cpu_s")?,
        peak_gb: number("peak_gb")?,
        result: value["result"].clone(),
    })
}

/// The kernel's load average over a minute: what else ran.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
