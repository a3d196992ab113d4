//! Running other programs: cargo and the examples.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a command in `root`, showing what it prints.
///
/// # Errors
/// When it cannot be started or does not exit with 0.
pub fn command(root: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let line = format!("{program} {}", arguments.join(" "));
    eprintln!("> {line}");
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("`{line}` could not be started"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Builds an example in release; with arguments, runs it too.
///
/// # Errors
/// As [`command`].
pub fn example(root: &Path, package: &str, name: &str, arguments: Option<&[&str]>) -> Result<()> {
    let verb = if arguments.is_some() { "run" } else { "build" };
    let mut all = vec![verb, "--release", "--locked", "--all-features"];
    all.extend(["--package", package, "--example", name]);
    if let Some(arguments) = arguments.filter(|list| !list.is_empty()) {
        all.push("--");
        all.extend(arguments);
    }
    command(root, "cargo", &all)
}

/// Builds an example in release, runs it, shows what it prints and gives it back by line.
///
/// # Errors
/// As [`command`].
pub fn example_lines(
    root: &Path,
    package: &str,
    name: &str,
    arguments: &[&str],
) -> Result<Vec<String>> {
    example(root, package, name, None)?;
    let target = cargo_metadata::MetadataCommand::new().no_deps().current_dir(root).exec()?;
    let program = target.target_directory.join("release/examples").join(name);
    eprintln!("> {program} {}", arguments.join(" "));
    let mut child = Command::new(&program)
        .args(arguments)
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program} could not be started"))?;
    let mut lines = Vec::new();
    let output = child.stdout.take().context("it has no standard output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        eprintln!("  {line}");
        lines.push(line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    Ok(lines)
}
