//! `test` and `ci`: everything a change must pass, and an honest list of what was skipped.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::Message;

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

/// The tests that take longest and mostly wait; they run beside all others.
const BESIDE: &str = "browser";

/// A compiled program of tests.
struct Built {
    name: String,
    program: PathBuf,
    /// Where cargo would run it.
    folder: PathBuf,
}

/// What was said so far.
struct Said {
    log: File,
    skipped: BTreeSet<String>,
    failures: Vec<String>,
}

/// Runs every test of the workspace, in two lanes; returns the lines that say what was skipped.
fn cargo_test(root: &Path) -> Result<BTreeSet<String>> {
    let (beside, others): (Vec<Built>, Vec<Built>) =
        build(root)?.into_iter().partition(|built| built.name == BESIDE);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let with_venv = std::env::join_paths(
        std::iter::once(install::venv_bin(root)).chain(std::env::split_paths(&path)),
    )?;
    let log_path = root.join("target/test.log");
    let log = File::create(&log_path)?;
    let said = Mutex::new(Said { log, skipped: BTreeSet::new(), failures: Vec::new() });
    let lane = |built: Vec<Built>| -> Result<()> {
        for Built { name, program, folder } in built {
            let mut command = Command::new(program);
            command.arg("--show-output").current_dir(folder);
            listen(&name, command.env("PATH", &with_venv), &said)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| lane(beside));
        let mut docs = Command::new("cargo");
        docs.args(["test", "--doc"]).args(WHAT).args(["--no-fail-fast", "--", "--show-output"]);
        let others = lane(others).and_then(|()| {
            listen("examples in docs", docs.current_dir(root).env("PATH", &with_venv), &said)
        });
        beside.join().expect("a lane does not panic").and(others)
    })?;
    let said = said.into_inner().expect("nobody panics while holding it");
    if !said.failures.is_empty() {
        let text = std::fs::read_to_string(&log_path)?;
        let tail: Vec<&str> = text.lines().filter(|line| worth_showing(line)).collect();
        for line in tail.iter().rev().take(200).rev() {
            println!("{line}");
        }
        bail!("{} tests failed; all they printed is in target/test.log", said.failures.len());
    }
    Ok(said.skipped)
}

/// What is tested.
const WHAT: [&str; 3] = ["--locked", "--workspace", "--all-features"];

/// Compiles all tests, and the examples, which they run.
fn build(root: &Path) -> Result<Vec<Built>> {
    println!("> cargo test {}", WHAT.join(" "));
    let mut child = Command::new("cargo")
        .args(["test", "--no-run", "--message-format=json-render-diagnostics"])
        .args(WHAT)
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo could not be started")?;
    let output = child.stdout.take().context("cargo has no standard output")?;
    let mut built = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(artifact) = message?
            && artifact.profile.test
            && let Some(program) = artifact.executable
        {
            let folder = artifact.manifest_path.parent().context("a manifest lies in a folder")?;
            built.push(Built {
                name: artifact.target.name,
                program: program.into(),
                folder: folder.into(),
            });
        }
    }
    ensure!(child.wait()?.success(), "the tests do not compile");
    ensure!(!built.is_empty(), "cargo built no test");
    Ok(built)
}

/// Runs one program of tests and keeps what it says, in one piece.
fn listen(name: &str, command: &mut Command, said: &Mutex<Said>) -> Result<()> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("the tests `{name}` could not be started"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut said = said.lock().expect("nobody panics while holding it");
    writeln!(said.log, "\n{name}\n{text}")?;
    for line in text.lines() {
        if line.starts_with("SKIPPED") {
            said.skipped.insert(line.to_owned());
        }
        if line.starts_with("test result:") {
            println!("  {name}: {}", line.trim_start_matches("test result: "));
        }
        if line.ends_with("... FAILED") {
            println!("  {name}: {line}");
            said.failures.push(line.to_owned());
        }
    }
    // A program that dies says no test's name.
    if !output.status.success() && !text.lines().any(|line| line.ends_with("... FAILED")) {
        println!("  {name}: ended with {}", output.status);
        said.failures.push(name.to_owned());
    }
    Ok(())
}

/// Everything but the long lists of what passed.
fn worth_showing(line: &str) -> bool {
    !line.ends_with("... ok") && !line.is_empty() && !line.starts_with("running ")
}
