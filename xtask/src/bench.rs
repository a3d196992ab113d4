//! Measures. What an example of a crate does alone is only started from here.

mod trace;

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

use crate::run;

/// What to measure.
#[derive(Subcommand)]
pub enum Bench {
    /// A year of requests from HI-1 bytes to sealed package, beside what the machine can do.
    Year {
        /// How many requests.
        #[arg(long, default_value_t = 65_000)]
        requests: u32,
        /// Requests in flight at once.
        #[arg(long, default_value_t = 512)]
        in_flight: u32,
        /// Only one of the two runs: with the PDF report, or without.
        #[arg(long, value_parser = ["both", "without", "with"], default_value = "both")]
        pdf: String,
    },
    /// How often each heuristic of the trace engine is wrong; writes docs/error-rates.md.
    Errors,
    /// Events per second of the store, by how many are in flight.
    Append,
    /// Packages written and verified per second.
    Evidence,
    /// Taint and clusters beside other programs, on the same 10 million edges in one run.
    Trace {
        /// Rounds of each of our tasks; medians are printed.
        #[arg(long, default_value_t = 7)]
        rounds: u32,
        /// Peers to leave out, by name; all is none but ours.
        #[arg(long)]
        without: Vec<String>,
    },
    /// A made-up chain in a store: import, reopening, traces, exposure, clusters.
    Scale {
        /// Millions of edges; ten millions take some gigabyte of disk.
        #[arg(long, default_value_t = 10)]
        millions: u32,
        /// Where the store is made; it must be empty, or a store made before.
        #[arg(long, default_value = "target/bench/scale")]
        dir: String,
    },
}

/// Runs one measurement.
///
/// # Errors
/// When a program cannot be started or fails.
pub fn bench(root: &Path, what: &Bench) -> Result<()> {
    match what {
        Bench::Year { requests, in_flight, pdf } => {
            let (requests, in_flight) = (requests.to_string(), in_flight.to_string());
            let arguments = ["--requests", &requests, "--in-flight", &in_flight, "--pdf", pdf];
            run::example(root, "server", "year", Some(&arguments))
        }
        Bench::Errors => run::example(root, "trace", "errors", Some(&[])),
        Bench::Append => run::example(root, "store", "append_rate", Some(&[])),
        Bench::Evidence => run::example(root, "evidence", "rate", Some(&[])),
        Bench::Trace { rounds, without } => trace::bench(root, *rounds, without),
        Bench::Scale { millions, dir } => {
            std::fs::create_dir_all(root.join(dir))?;
            let arguments = [dir.as_str(), &millions.to_string()];
            run::example(root, "trace", "scale", Some(&arguments))
        }
    }
}
