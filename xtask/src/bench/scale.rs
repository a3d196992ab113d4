//! `bench scale`: a made-up chain at several sizes, and what the slopes between them say about all
//! of Bitcoin. What is drawn out is marked as such: it is arithmetic and no measurement.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Map, Value, json};

use super::table::{figure, print};
use super::trace::load_average;
use crate::run;

const EXAMPLES: &str = "Examples:
  cargo xtask bench scale                              1 and 10 million edges; some 6 minutes
  cargo xtask bench scale --edges 100m --keep          10 GB of disk; the store stays
  cargo xtask bench scale --edges 10m --steps import,reopen --json > scale.json";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Inputs of the chain, several sizes apart by commas, ascending; `10m` is ten million.
    #[arg(long, value_delimiter = ',', value_parser = edges, default_value = "1m,10m")]
    edges: Vec<u64>,
    /// The seed of the chain and of the sources.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only some steps: import, reopen, haircut, fifo, clusters, exposure.
    #[arg(long, default_value = "import,reopen,haircut,fifo,clusters,exposure")]
    steps: String,
    /// Leave the stores in target/bench, so that a later run measures without importing.
    #[arg(long)]
    keep: bool,
    /// One JSON document instead of the tables.
    #[arg(long)]
    json: bool,
}

/// Inputs of all of Bitcoin, late in 2026: an estimate.
const BITCOIN_EDGES: f64 = 3.2e9;

fn edges(text: &str) -> Result<u64, String> {
    let lower = text.to_lowercase();
    let (digits, factor) = match lower.strip_suffix(['k', 'm', 'g']) {
        Some(digits) if lower.ends_with('k') => (digits, 1e3),
        Some(digits) if lower.ends_with('m') => (digits, 1e6),
        Some(digits) => (digits, 1e9),
        None => (&lower[..], 1.0),
    };
    let number: f64 = digits.parse().map_err(|_| format!("`{text}` is no number of edges"))?;
    let edges = number * factor;
    if (1e4..=1e10).contains(&edges) {
        return Ok(edges as u64);
    }
    Err(format!("`{text}`: between 10k and 10g edges can be made"))
}

/// Steps by name; the tenths of an import are a list.
struct Run {
    edges: u64,
    steps: Map<String, Value>,
    tenths: Vec<Value>,
}

/// Runs each size and prints the tables.
///
/// # Errors
/// When the example cannot be built or fails.
pub fn bench(root: &Path, arguments: &Arguments) -> Result<()> {
    ensure!(arguments.edges.is_sorted(), "give the sizes in ascending order");
    let mut runs = Vec::new();
    for edges in &arguments.edges {
        let dir = root.join(format!("target/bench/scale-{edges}-{}", arguments.seed));
        // A store that is half made would be measured as if it were whole.
        let whole = dir.with_extension("whole");
        if !(whole.exists() && arguments.keep) && dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        runs.push(one(root, &dir, *edges, arguments)?);
        if arguments.keep {
            std::fs::write(&whole, [])?;
        } else {
            std::fs::remove_dir_all(&dir)?;
        }
    }
    if arguments.json {
        let runs: Vec<Value> = runs
            .iter()
            .map(|run| json!({"edges": run.edges, "steps": run.steps, "tenths": run.tenths}))
            .collect();
        let all = json!({"seed": arguments.seed, "load_average": load_average(), "runs": runs});
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    show(&runs);
    draw_out(&runs);
    println!("load average {} at the end", load_average());
    Ok(())
}

fn one(root: &Path, dir: &Path, edges: u64, arguments: &Arguments) -> Result<Run> {
    let (place, seed) = (dir.display().to_string(), arguments.seed.to_string());
    let millions = (edges as f64 / 1e6).to_string();
    let given = [&place[..], &millions, &seed, &arguments.steps];
    let lines = run::example_lines(root, "trace", "scale", &given)?;
    let mut found = Run { edges, steps: Map::new(), tenths: Vec::new() };
    for line in lines {
        let value: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        let step = value["step"].as_str().context("a line without a step")?.to_owned();
        if step == "tenth" {
            found.tenths.push(value);
        } else {
            found.steps.insert(step, value);
        }
    }
    Ok(found)
}

/// A line of the table: a label, a step, and which of its figures.
const LINES: [(&str, &str, &str); 26] = [
    ("transactions", "reopen", "transactions"),
    ("outputs", "reopen", "outputs"),
    ("addresses", "reopen", "addresses"),
    ("import, edges/s", "import", "edges_per_s"),
    ("import, edges/CPU s", "import", "edges_per_cpu_s"),
    ("slowest block, s", "import", "slowest_block_s"),
    ("memory at its end, not mapped, GB", "import", "anonymous_gb"),
    ("store on disk, GB", "reopen", "disk_gb"),
    ("reopen, ms", "reopen", "wall_ms"),
    ("reopen, CPU ms", "reopen", "cpu_ms"),
    ("haircut frontier, p50 ms", "haircut", "p50_ms"),
    ("haircut frontier, p99 ms", "haircut", "p99_ms"),
    ("haircut, capped at 100,000, %", "haircut", "capped_percent"),
    ("haircut, capped walk, p50 ms", "haircut", "capped_p50_ms"),
    ("haircut, transactions/CPU s", "haircut", "transactions_per_cpu_s"),
    ("FIFO frontier, p50 ms", "fifo", "p50_ms"),
    ("FIFO frontier, p99 ms", "fifo", "p99_ms"),
    ("FIFO, visited p99", "fifo", "visited_p99"),
    ("FIFO, capped at 100,000, %", "fifo", "capped_percent"),
    ("FIFO, transactions/CPU s", "fifo", "transactions_per_cpu_s"),
    ("clusters, 1 thread, s", "clusters_1", "wall_s"),
    ("clusters, 2 threads, s", "clusters_2", "wall_s"),
    ("exposure pass, edges done", "exposure", "edges"),
    ("exposure pass, CPU s", "exposure", "cpu_s"),
    ("exposure pass, edges/CPU s", "exposure", "edges_per_cpu_s"),
    ("exposure pass, memory, GB", "exposure", "anonymous_gb"),
];

fn show(runs: &[Run]) {
    let sizes: Vec<String> = runs.iter().map(|run| figure(run.edges as f64)).collect();
    let head: Vec<&str> =
        std::iter::once("edges").chain(sizes.iter().map(String::as_str)).collect();
    let mut rows: Vec<Vec<String>> = LINES
        .iter()
        .map(|(label, step, name)| {
            let cells = runs.iter().map(|run| number(run, step, name).map_or("-".into(), figure));
            std::iter::once((*label).to_owned()).chain(cells).collect()
        })
        .collect();
    for tenth in 0..10 {
        let cell = |run: &Run| {
            let rate = run.tenths.get(tenth).and_then(|one| one["edges_per_cpu_s"].as_f64());
            rate.map_or("-".into(), figure)
        };
        let label = format!("import, tenth {}, edges/CPU s", tenth + 1);
        rows.push(std::iter::once(label).chain(runs.iter().map(cell)).collect());
    }
    print(&head, &rows);
}

fn number(run: &Run, step: &str, name: &str) -> Option<f64> {
    run.steps.get(step)?[name].as_f64()
}

/// All of Bitcoin by the slope between the two largest runs.
fn draw_out(runs: &[Run]) {
    let [.., small, large] = runs else {
        return println!("one size alone has no slope");
    };
    // Seconds or GB at two sizes to those of all of Bitcoin, on a straight line.
    let line = |pick: &dyn Fn(&Run) -> Option<f64>| {
        let (low, high) = (pick(small)?, pick(large)?);
        let slope = (high - low) / (large.edges - small.edges) as f64;
        Some((slope, high + slope * (BITCOIN_EDGES - large.edges as f64)))
    };
    let of = |step: &'static str, name: &'static str| move |run: &Run| number(run, step, name);
    let drawn = [
        ("store on disk", "GB", line(&of("reopen", "disk_gb")), 1.0),
        ("import, CPU", "hours", line(&of("import", "cpu_s")), 3_600.0),
        ("clusters, 1 thread", "minutes", line(&of("clusters_1", "wall_s")), 60.0),
    ];
    println!("drawn out to {} edges, which is no measurement:", figure(BITCOIN_EDGES));
    for (what, unit, found, divisor) in drawn {
        let Some((slope, total)) = found else { continue };
        let million = slope * 1e6;
        println!("  {what}: {} {unit} ({million:.4} a million edges)", figure(total / divisor));
    }
}

#[cfg(test)]
mod tests {
    use super::edges;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(edges("10m"), Ok(10_000_000));
        assert_eq!(edges("1G"), Ok(1_000_000_000));
        assert_eq!(edges("12500"), Ok(12_500));
        assert_eq!(edges("ten"), Err("`ten` is no number of edges".to_owned()));
        assert_eq!(edges("1"), Err("`1`: between 10k and 10g edges can be made".to_owned()));
    }
}
