//! `bench trace`: our kernels and the peers, each in a process of its own, on the same arrays.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Peers with their versions, from PyPI.
const PACKAGES: [&str; 7] = [
    "numpy==2.4.6",
    "scipy==1.17.1",
    "duckdb==2.0.0",
    "igraph==1.0.0",
    "rustworkx==0.18.1",
    "pyarrow==26.0.1",
    "graphsense-clustering==0.2.0",
];

/// The peers, and our task that does the same.
const PEERS: [(&str, &str); 7] = [
    ("taint_scipy", "haircut_scan_shares"),
    ("taint_duckdb", "haircut_frontier_shares"),
    ("taint_duckdb_recursive", "haircut_frontier_shares"),
    ("clusters_scipy", "clusters_2"),
    ("clusters_graphsense", "clusters_2"),
    ("clusters_igraph", "clusters_2"),
    ("clusters_rustworkx", "clusters_2"),
];

/// One line of a program's JSON, as far as the table needs it.
struct Row {
    name: String,
    load: f64,
    wall: f64,
    cpu: f64,
    peak: f64,
    result: String,
}

/// Makes the arrays, runs everything one after another, prints the table.
///
/// # Errors
/// When our own side cannot be run; a peer that cannot is named and left out.
pub fn bench(root: &Path, rounds: u32, without: &[String]) -> Result<()> {
    let folder = root.join("target/bench/arrays");
    std::fs::create_dir_all(&folder)?;
    let python = match environment(root) {
        Ok(python) => python,
        Err(error) => bail!("the arrays are made by numpy, which could not be had: {error:#}"),
    };
    let folder_text = folder.display().to_string();
    if !folder.join("pair_b.u32").exists() {
        let script = root.join("xtask/bench/arrays.py").display().to_string();
        run::command(root, &python, &[&script, &folder_text])?;
    }
    let mut rows = Vec::new();
    let all = without.iter().any(|name| name == "all");
    for (peer, _) in PEERS.iter().filter(|(peer, _)| !all && !without.contains(&(*peer).into())) {
        let script = root.join("xtask/bench/peers.py").display().to_string();
        match output(root, &python, &[&script, &folder_text, peer]) {
            Ok(text) => rows.extend(text.lines().filter_map(row)),
            Err(error) => println!("SKIPPED: {peer}: {error:#}"),
        }
    }
    run::example(root, "trace", "kernels", None)?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let ours = target.join("release/examples/kernels").display().to_string();
    let text = output(root, &ours, &[&folder_text, &rounds.to_string()])?;
    for line in text.lines().filter(|line| line.contains("apart_from_scipy")) {
        println!("{line}");
    }
    let ours: Vec<Row> = text.lines().filter_map(row).collect();
    print_table(&ours, &rows);
    Ok(())
}

fn print_table(ours: &[Row], peers: &[Row]) {
    println!("| task | wall s | CPU s | load s | peak GiB | ratio | result |");
    println!("|---|---|---|---|---|---|---|");
    for row in ours.iter().chain(peers) {
        let same = PEERS.iter().find(|(peer, _)| *peer == row.name);
        let base = same.and_then(|(_, task)| ours.iter().find(|ours| ours.name == *task));
        let ratio = base.map_or("".into(), |ours| format!("{:.1}", row.wall / ours.wall));
        let Row { name, load, wall, cpu, peak, result } = row;
        println!("| {name} | {wall:.4} | {cpu:.3} | {load:.2} | {peak:.2} | {ratio} | {result} |");
    }
}

/// A Python with the peers, made once.
fn environment(root: &Path) -> Result<String> {
    let venv = root.join("target/venv-bench");
    let python = venv.join("bin/python").display().to_string();
    if !venv.join("ready").exists() {
        run::command(root, "python3", &["-m", "venv", &venv.display().to_string()])?;
        let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        arguments.extend(PACKAGES);
        run::command(root, &python, &arguments)?;
        std::fs::write(venv.join("ready"), PACKAGES.join("\n"))?;
    }
    Ok(python)
}

fn output(root: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    println!("> {program} {}", arguments.join(" "));
    let made = Command::new(program).args(arguments).current_dir(root).output();
    let made = made.with_context(|| format!("{program} could not be started"))?;
    if !made.status.success() {
        let text = String::from_utf8_lossy(&made.stderr);
        bail!("{}: {}", made.status, text.lines().last().unwrap_or_default());
    }
    Ok(String::from_utf8(made.stdout)?)
}

/// Reads a line of the programs' own making; anything else is none.
fn row(line: &str) -> Option<Row> {
    let field = |name: &str| {
        let rest = line.split_once(&format!("\"{name}\":"))?.1.trim_start();
        Some(rest.split(&[',', '}'][..]).next()?.trim_matches('"').to_owned())
    };
    let number = |name| field(name)?.parse::<f64>().ok();
    let result = line.split_once("\"result\":")?.1.trim().trim_end_matches('}');
    Some(Row {
        name: field("name")?,
        load: number("load_s")?,
        wall: number("wall_s")?,
        cpu: number("cpu_s")?,
        peak: number("peak_gib")?,
        result: format!("{}}}", result.replace('"', "")),
    })
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn a_line_of_a_program_is_read() {
        let line = r#"{"name": "x", "load_s": 1.5, "wall_s": 0.25, "cpu_s": 0.5, "peak_gib": 2.0, "result": {"sum": 3.4}}"#;
        let read = row(line).unwrap();
        assert_eq!((read.name.as_str(), read.wall, read.peak), ("x", 0.25, 2.0));
        assert_eq!(read.result, "{sum: 3.4}");
        assert!(row("Traceback").is_none());
    }
}
