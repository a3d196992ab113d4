//! A year of law-enforcement requests: from HI-1 bytes to a sealed, encrypted, delivered and
//! acknowledged package, through the functions that the HTTP routes call.
//!
//! `cargo xtask bench year [--requests N] [--in-flight M] [--pdf both|without|with]`
//!
//! Knows no HTTP: sockets and TLS are not in the figures. What is: parsing, every act with its
//! permit and decision, searches in the example exchange's own records, packages, seals, proofs,
//! encryption, jobs, and SQLite with production durability. docs/speed.md has the figures.

mod deployment;
mod machine;
mod orders;
mod report;
mod sample;
mod story;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use tokio_util::sync::CancellationToken;

use deployment::Deployment;
use story::Story;

/// Logs of more requests are not derived again: it would take longer than the run.
const CHECKED_REQUESTS_MAX: usize = 2_000;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Answers many requests and measures it.
#[derive(Parser)]
struct Arguments {
    /// How many requests.
    #[arg(long, default_value_t = 65_000)]
    requests: usize,
    /// Requests in flight at once.
    #[arg(long, default_value_t = 512)]
    in_flight: usize,
    /// Which of the two runs: with the PDF report in each package, or without.
    #[arg(long, value_parser = ["both", "without", "with"], default_value = "both")]
    pdf: String,
    /// Seed of what is asked for and of which packages are verified.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the node's files; a folder of its own is made below it and removed.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.requests > 0 && arguments.in_flight > 0, "give at least one request");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{}", machine::describe());
    for with_pdf in [false, true] {
        if arguments.pdf == "both" || (arguments.pdf == "with") == with_pdf {
            runtime.block_on(run(&arguments, with_pdf))?;
        }
    }
    Ok(())
}

async fn run(arguments: &Arguments, with_pdf: bool) -> Result<()> {
    let (requests, in_flight) = (arguments.requests, arguments.in_flight);
    let report = if with_pdf { "with" } else { "without" };
    println!("\n{requests} requests, {in_flight} in flight, {report} PDF report");
    let folder = tempfile::Builder::new().prefix("year").tempdir_in(&arguments.folder)?;
    let deployment = Deployment::make(folder.path(), None).await?;
    let messages = orders::Messages::compose(&deployment, requests, arguments.seed)?;
    let node = deployment.node.clone();

    let stop = CancellationToken::new();
    let workers = tokio::spawn(server::jobs::work(node.clone(), stop.clone()));
    machine::forget_peak_memory();
    let story = Story { deployment, messages, with_pdf };
    let told = story::tell(Arc::new(story), in_flight).await?;
    stop.cancel();
    workers.await.context("the workers ended badly")?;

    report::times(&told);
    let sampled = sample::packages(&told, arguments.seed).await?;
    println!("{sampled}");
    if requests <= CHECKED_REQUESTS_MAX {
        println!("{}", sample::check_log(&told.story.deployment).await?);
    }
    node.store.clone().close().await;
    let stored = machine::Stored::count(&folder.path().join("desk.sqlite")).await?;
    report::limits(&told, &stored, &machine::Limits::measure(folder.path(), &stored).await?);
    Ok(())
}
