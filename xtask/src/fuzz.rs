//! Fuzzing: builds the targets of `fuzz/` with libFuzzer and runs them.
//!
//! Needs no nightly compiler and no cargo-fuzz: the coverage that steers the fuzzer comes from
//! flags that the stable compiler takes. What it does not have is an address sanitizer; the one
//! `unsafe` place of the house is `chain::map`, which no target reaches.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

/// Counts every branch taken and shows comparisons to the fuzzer. libFuzzer brings the other side.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                        -Cllvm-args=-sanitizer-coverage-pc-table \
                        -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Features of `fuzz/` by the targets that need them; what nobody needs is not built.
const FEATURES: [(&str, &[&str]); 3] = [
    ("evidence", &["evidence_approval", "evidence_passkey", "evidence_verify"]),
    ("hi1", &["hi1_parse", "records_selectors"]),
    ("parquet", &["table_parquet"]),
];
/// One input may take this long; longer is a finding.
const INPUT_SECONDS_MAX: u32 = 25;
/// One run may take this much memory; more is a finding.
const MEMORY_MEGABYTES_MAX: u32 = 2_048;

/// What one run did.
struct Ran {
    target: String,
    seconds: u64,
    executions: u64,
    edges: u64,
    is_clean: bool,
}

/// Runs these targets, or all, one after the other, each for so many seconds.
///
/// # Errors
/// A target is unknown, cannot be built, or found something; all of them run before that is said.
pub fn fuzz(root: &Path, wanted: &[String], seconds: u32) -> Result<()> {
    let all = targets(root)?;
    for name in wanted {
        ensure!(all.contains(name), "no target {name:?}; there are {}", all.join(", "));
    }
    let chosen = if wanted.is_empty() { &all } else { wanted };
    let folder = build(root, chosen)?;
    let mut ran = Vec::new();
    for target in chosen {
        ran.push(run(root, &folder, target, seconds)?);
    }
    println!("| target | seconds | executions | edges | found |");
    println!("|---|---|---|---|---|");
    for Ran { target, seconds, executions, edges, is_clean } in &ran {
        let found = if *is_clean { "nothing" } else { "SOMETHING" };
        println!("| {target} | {seconds} | {executions} | {edges} | {found} |");
    }
    let found: Vec<&str> =
        ran.iter().filter(|ran| !ran.is_clean).map(|ran| ran.target.as_str()).collect();
    if !found.is_empty() {
        let place = "the inputs are in target/fuzz/artifacts: mend the code and put them into \
                     fuzz/corpus";
        bail!("{} found something; {place}", found.join(", "));
    }
    Ok(())
}

/// The names of all targets.
fn targets(root: &Path) -> Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(root.join("fuzz/fuzz_targets"))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Builds what is wanted; gives the folder of the programs.
fn build(root: &Path, chosen: &[String]) -> Result<PathBuf> {
    let said = Command::new("rustc").arg("-vV").output().context("rustc could not be started")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say for which host it is")?;
    let needs = |targets: &[&str]| chosen.iter().any(|name| targets.contains(&name.as_str()));
    let features: Vec<&str> =
        FEATURES.iter().filter(|(_, of)| needs(of)).map(|(feature, _)| *feature).collect();
    let features = features.join(",");
    let mut arguments = [
        &["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"][..],
        &["--target", host, "--target-dir", "target/fuzz"],
        &["--no-default-features", "--features", &features],
    ]
    .concat();
    chosen.iter().for_each(|target| arguments.extend(["--bin", target]));
    eprintln!("> cargo {}", arguments.join(" "));
    let status = Command::new("cargo")
        .args(&arguments)
        .env("RUSTFLAGS", COVERAGE)
        .current_dir(root)
        .status()
        .context("cargo could not be started")?;
    ensure!(status.success(), "the fuzz targets could not be built: {status}");
    Ok(root.join("target/fuzz").join(host).join("release"))
}

/// Runs one target at the lowest priority. What it learns stays in `target/fuzz/corpus`; the
/// committed inputs are where it begins.
fn run(root: &Path, folder: &Path, target: &str, seconds: u32) -> Result<Ran> {
    let learned = root.join("target/fuzz/corpus").join(target);
    let artifacts = root.join("target/fuzz/artifacts");
    std::fs::create_dir_all(&learned)?;
    std::fs::create_dir_all(&artifacts)?;
    let begun = Instant::now();
    let prefix = artifacts.join(format!("{target}-"));
    let output = Command::new("nice")
        .args(["-n", "19"])
        .arg(folder.join(target))
        .arg(&learned)
        .arg(root.join("fuzz/corpus").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MEGABYTES_MAX}"))
        .arg(format!("-artifact_prefix={}", prefix.display()))
        .arg("-print_final_stats=1")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{target} could not be started"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let is_clean = output.status.success();
    if !is_clean {
        let lines: Vec<&str> = said.lines().collect();
        let from = lines.len().saturating_sub(60);
        lines[from..].iter().for_each(|line| eprintln!("{target}: {line}"));
    }
    let ran = Ran {
        target: target.to_owned(),
        seconds: begun.elapsed().as_secs(),
        executions: number_after(&said, "stat::number_of_executed_units:"),
        edges: number_after(&said, " cov: "),
        is_clean,
    };
    eprintln!("{target}: {} executions in {} s", ran.executions, ran.seconds);
    Ok(ran)
}

/// The number after the last of these marks; 0 where there is none.
fn number_after(said: &str, mark: &str) -> u64 {
    let rest = said.rsplit_once(mark).map_or("", |(_, rest)| rest.trim_start());
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::number_after;

    #[test]
    fn the_last_word_of_the_fuzzer_counts() {
        let said = "#2 INITED cov: 7 ft: 8\n#9 NEW    cov: 12 ft: 13\n\
                    stat::number_of_executed_units: 4096\n";
        assert_eq!(number_after(said, " cov: "), 12);
        assert_eq!(number_after(said, "stat::number_of_executed_units:"), 4096);
        assert_eq!(number_after(said, "nothing"), 0);
    }
}
