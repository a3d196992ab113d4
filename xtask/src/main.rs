//! The project's own commands. `cargo xtask --help` lists them.

mod bench;
mod fuzz;
mod install;
mod run;
mod sbom;
mod test;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Comity's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  cargo xtask test                     install what tests need, run them all
  cargo xtask test --no-install        the same, skipping what is not there
  cargo xtask bench year               a year of requests, measured
  cargo xtask bench trace              the trace engine beside other programs
  cargo xtask bench scale --edges 1m,10m   how its cost grows with the chain
  cargo xtask sbom --out comity.cdx.json   what is in the binary
  cargo xtask fuzz --seconds 300       every fuzz target for five minutes
  cargo xtask crash --rounds 100       kill the store at random moments";

#[derive(Subcommand)]
enum Command {
    /// Installs what tests need (Debian packages, three Python checkers, two nodes), then runs all.
    Test {
        /// Install nothing; tests say what they skip.
        #[arg(long)]
        no_install: bool,
    },
    /// Checks the house: layers, banned calls, sizes, migration names, README commands.
    Tidy,
    /// What a change must pass: formatting, lints, docs, then `test`.
    Ci,
    /// Measures. `cargo xtask bench year --help` says what the figures mean.
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Kills the store with SIGKILL at random moments under load and checks what survives.
    Crash {
        /// How many times.
        #[arg(long, default_value_t = 20)]
        rounds: u32,
        /// Seed of the moments; printed, so that a failure can be repeated.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Writes what is in the shipped binary as CycloneDX 1.5 JSON: crates, digests, licences.
    Sbom {
        /// The file; standard output without it.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Runs fuzz targets with libFuzzer on the installed compiler, one after the other.
    Fuzz {
        /// Targets, files of fuzz/fuzz_targets; all when absent.
        targets: Vec<String>,
        /// How long each.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = root();
    match Arguments::parse().command {
        Command::Test { no_install } => test::test(&root, !no_install),
        Command::Tidy => tidy::tidy(&root),
        Command::Ci => test::ci(&root),
        Command::Bench { what } => bench::bench(&root, &what),
        Command::Crash { rounds, seed } => {
            let (rounds, seed) = (rounds.to_string(), seed.to_string());
            run::example(&root, "store", "crash_worker", None)?;
            run::example(
                &root,
                "store",
                "crash_driver",
                Some(&["--rounds", &rounds, "--seed", &seed]),
            )
        }
        Command::Sbom { out } => sbom::sbom(&root, out.as_deref()),
        Command::Fuzz { targets, seconds } => fuzz::fuzz(&root, &targets, seconds),
    }
}

/// The project's root: the folder above this crate.
fn root() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}
