//! `test` and `ci`: everything a change must pass, and an honest list of what was skipped.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{install, run, tidy};

/// Installs, checks the house, runs every test, and lists what was skipped.
///
/// # Errors
/// When anything fails.
pub fn test(root: &Path, install: bool) -> Result<()> {
    let started = Instant::now();
    if install {
        install::missing(root);
    }
    tidy::tidy(root)?;
    if !root.join("../shared/data").is_dir() {
        println!("SKIPPED: ../shared/data is absent; tests on real data that is not committed");
        println!("         (HI-1 schemas, blocks 300025, 928848, 928849, all of 2009) will skip");
    }
    let skipped = cargo_test(root)?;
    println!();
    if skipped.is_empty() {
        println!("nothing was skipped");
    }
    for line in &skipped {
        println!("{line}");
    }
    println!("test: all passed in {} s", started.elapsed().as_secs());
    Ok(())
}

/// Formatting, lints and docs first, since they fail fastest; then [`test`].
///
/// # Errors
/// When anything fails.
pub fn ci(root: &Path) -> Result<()> {
    run::command(root, "cargo", &["fmt", "--all", "--check"])?;
    let lint = ["clippy", "--locked", "--workspace", "--all-targets", "--all-features"];
    run::command(root, "cargo", &[&lint[..], &["--", "-D", "warnings"]].concat())?;
    let doc = ["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"];
    run::command(root, "cargo", &doc)?;
    test(root, true)
}

/// Runs every test of the workspace; returns the lines that say what was skipped.
fn cargo_test(root: &Path) -> Result<BTreeSet<String>> {
    let arguments = ["test", "--locked", "--workspace", "--all-features", "--no-fail-fast"];
    println!("> cargo {}", arguments.join(" "));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let with_venv = std::env::join_paths(
        std::iter::once(install::venv_bin(root)).chain(std::env::split_paths(&path)),
    )?;
    let mut child = Command::new("cargo")
        .args(arguments)
        .args(["--", "--show-output"])
        .env("PATH", with_venv)
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo could not be started")?;
    let log_path = root.join("target/test.log");
    let mut log = std::fs::File::create(&log_path)?;
    let mut skipped = BTreeSet::new();
    let mut failures = Vec::new();
    let output = child.stdout.take().context("cargo has no standard output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        writeln!(log, "{line}")?;
        if line.starts_with("SKIPPED") {
            skipped.insert(line.clone());
        }
        if line.starts_with("test result:") {
            println!("  {line}");
        }
        if line.ends_with("... FAILED") {
            println!("  {line}");
            failures.push(line);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        let text = std::fs::read_to_string(&log_path)?;
        let tail: Vec<&str> = text.lines().filter(|line| worth_showing(line)).collect();
        for line in tail.iter().rev().take(200).rev() {
            println!("{line}");
        }
        bail!("{} tests failed; all they printed is in target/test.log", failures.len());
    }
    Ok(skipped)
}

/// Everything but the long lists of what passed.
fn worth_showing(line: &str) -> bool {
    !line.ends_with("... ok") && !line.is_empty() && !line.starts_with("running ")
}
