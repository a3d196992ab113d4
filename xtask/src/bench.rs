//! `bench`: what is measured, one example or one module for each. Figures belong to the machine
//! they were taken on; docs/speed.md and docs/scale.md say which.

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

use crate::run;

mod scale;
mod table;
mod trace;

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
    /// A desk with a million requests: queue, filters, search by words, opening, start.
    Desk {
        /// How many requests.
        #[arg(long, default_value_t = 1_000_000)]
        requests: u64,
        /// Which database.
        #[arg(long, value_parser = ["both", "sqlite", "postgres"], default_value = "both")]
        engine: String,
    },
    /// How often each heuristic of the trace engine is wrong; writes docs/error-rates.md.
    Errors,
    /// Taint, clusters and accounts beside other programs on the same seeded inputs.
    Trace(trace::Arguments),
    /// How the cost of import, reopening, walks, clusters and exposure grows with the chain.
    Scale(scale::Arguments),
    /// Events per second of the store, by how many are in flight.
    Append,
    /// Packages written and verified per second.
    Evidence,
}

/// Runs one bench.
///
/// # Errors
/// When it cannot be built or run, or what it measures is wrong.
pub fn bench(root: &Path, what: &Bench) -> Result<()> {
    match what {
        Bench::Year { requests, in_flight, pdf } => {
            let (requests, in_flight) = (requests.to_string(), in_flight.to_string());
            let arguments = ["--requests", &requests, "--in-flight", &in_flight, "--pdf", pdf];
            run::example(root, "server", "year", Some(&arguments))
        }
        Bench::Desk { requests, engine } => {
            let requests = requests.to_string();
            let arguments = ["--requests", &requests, "--engine", engine];
            run::example(root, "server", "desk", Some(&arguments))
        }
        Bench::Errors => run::example(root, "trace", "errors", Some(&[])),
        Bench::Trace(arguments) => trace::bench(root, arguments),
        Bench::Scale(arguments) => scale::bench(root, arguments),
        Bench::Append => run::example(root, "store", "append_rate", Some(&[])),
        Bench::Evidence => run::example(root, "evidence", "package_rate", Some(&[])),
    }
}
