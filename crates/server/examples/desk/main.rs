//! A desk with very many requests: how long the queue, its filters, a search by words and the
//! opening of a request take, and a start of the node.
//!
//! `cargo xtask bench desk [--requests N] [--engine both|sqlite|postgres]`
//!
//! Knows no page and no socket: what is measured is what pages and the JSON API call, with its
//! permit and its note in the read audit. The generated requests have the events, payloads, rows
//! and words that real ones have; they are filed by the rules of the desk, and stored past
//! `Node::act`, because that would take hours. Their files and exhibits are left out.

#[allow(dead_code, reason = "the other bench uses the rest")]
#[path = "../year/deployment.rs"]
mod deployment;
mod generate;
#[allow(dead_code, reason = "the other bench uses the rest")]
#[path = "../year/machine.rs"]
mod machine;
mod measure;
#[allow(dead_code, reason = "the other bench uses the rest")]
#[path = "../year/orders.rs"]
mod orders;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use jiff::Timestamp;
use server::app::{Node, Opening};
use store::testing::Postgres;

use deployment::Deployment;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Fills a desk and measures it.
#[derive(Parser)]
struct Arguments {
    /// How many requests.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// Which database.
    #[arg(long, value_parser = ["both", "sqlite", "postgres"], default_value = "both")]
    engine: String,
    /// Times that each question is asked.
    #[arg(long, default_value_t = 1_000)]
    rounds: usize,
    /// Seed of what is generated and what is asked.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the node's files; a folder of its own is made below it and removed.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.requests >= 1_000 && arguments.rounds > 0, "give at least 1,000 requests");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{}", machine::describe());
    if arguments.engine != "postgres" {
        runtime.block_on(run(&arguments, "SQLite", None))?;
    }
    if arguments.engine != "sqlite" {
        runtime.block_on(async {
            let server = Postgres::start().await.context("PostgreSQL is not there")?;
            let url = server.database().await;
            run(&arguments, "PostgreSQL", Some(&url)).await?;
            anyhow::Ok(())
        })?;
    }
    Ok(())
}

async fn run(arguments: &Arguments, engine: &str, url: Option<&str>) -> Result<()> {
    println!("\n{engine}, {} requests, {} rounds", arguments.requests, arguments.rounds);
    let folder = tempfile::Builder::new().prefix("desk").tempdir_in(&arguments.folder)?;
    let deployment = Deployment::make(folder.path(), url).await?;
    let began = Instant::now();
    let made = generate::fill(&deployment, arguments.requests, arguments.seed).await?;
    let seconds = began.elapsed().as_secs_f64();
    let rate = arguments.requests as f64 / seconds;
    println!("filled in {seconds:.0} s, {rate:.0} requests/s, {} events", made.events);
    if let Some(url) = url {
        // As its own daemon does within minutes of such a load.
        store::testing::run_sql(url, "analyze").await?;
    }
    let Deployment { node, verifier, folder: place, .. } = deployment;
    let config = node.config.clone();
    let node = Arc::into_inner(node).context("nobody else holds the node")?;
    node.store.close().await;
    let began = Instant::now();
    let node = Node::open(config, Arc::new(Timestamp::now), Opening::Existing).await?;
    println!("start: {:.2} s", began.elapsed().as_secs_f64());
    if url.is_none() {
        let bytes = std::fs::metadata(place.join("desk.sqlite"))?.len();
        println!("database: {:.2} GB", bytes as f64 / 1e9);
    }
    let colleague = made.colleague;
    measure::all(&node, &verifier, colleague, arguments.requests, arguments.rounds, arguments.seed)
        .await?;
    println!("resident: {}, load average: {}", machine::memory("VmRSS"), machine::load());
    node.store.close().await;
    Ok(())
}
