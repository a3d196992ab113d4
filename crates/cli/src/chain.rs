//! `comity chain`: a chain on disk. Knows arguments, progress and exit codes.

mod accounts;
mod export;
mod follow;
mod import;
mod tables;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chain::Utxo as _;
use chain::store::ChainStore;
use chain::store::import::Progress;
use chain::store::tables::Pass;
use serde_json::json;

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// Chains on disk.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Imports block files or tables. Stopped by Ctrl-C or however, it goes on when started again.
    #[command(after_help = import::HELP)]
    Import(import::Options),
    /// Writes a store, or an account log, as a folder of tables.
    #[command(after_help = export::HELP)]
    Export(export::Options),
    /// Keeps a store, or an account log, at a node's tip, through reorganisations; stop it with
    /// Ctrl-C.
    #[command(
        after_help = "Blocks are checked as files are; a node that lies or goes back changes \
nothing.
Examples:
  comity chain follow --dir chain --rpc http://127.0.0.1:8332 --cookie ~/.bitcoin/.cookie
  comity chain follow --dir chain --rest http://127.0.0.1:8332 --once
  comity chain follow --log ethereum.log --chain 'evm 1' --rpc http://127.0.0.1:8545"
    )]
    Follow(follow::Options),
    /// Compares every byte of a store, or an account log, with what it should be.
    #[command(after_help = "Exit codes: 0 sound, 1 damaged, or it could not be read.
Examples:
  comity chain check --dir chain
  comity chain check --log ethereum.log")]
    Check {
        #[command(flatten)]
        what: Kept,
        /// The findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says how much a store, or an account log, holds and how large it is.
    #[command(after_help = "Examples:
  comity chain stats --dir chain --json
  comity chain stats --log ethereum.log")]
    Stats {
        #[command(flatten)]
        what: Kept,
        /// The counts as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What is on disk.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Kept {
    /// The store's folder.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// The file of an account log.
    #[arg(long)]
    log: Option<PathBuf>,
}

/// Runs `comity chain`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Import(options) => import::run(options),
        Command::Export(options) => export::run(options),
        Command::Follow(options) => follow::run(options),
        Command::Check { what, json } => match (&what.dir, &what.log) {
            (_, Some(log)) => accounts::check(log, *json),
            (Some(dir), None) => check(dir, *json),
            (None, None) => anyhow::bail!("give a store with --dir, or an account log with --log"),
        },
        Command::Stats { what, json } => match (&what.dir, &what.log) {
            (_, Some(log)) => accounts::stats(log, *json),
            (Some(dir), None) => stats(&ChainStore::open(dir)?, *json),
            (None, None) => anyhow::bail!("give a store with --dir, or an account log with --log"),
        },
    }
}

/// Set by the first Ctrl-C, after which the import ends with the block at hand; the second Ctrl-C
/// ends the process, which loses nothing that was kept either.
fn stop_on_interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
                eprintln!("\nstopping after this block; press Ctrl-C again to stop at once");
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
    });
    Ok(stop)
}

/// Shows how far something is, on standard error.
struct Meter {
    begun: Instant,
    shown: Option<Instant>,
    on_terminal: bool,
}

impl Meter {
    fn new() -> Meter {
        let on_terminal = std::io::stderr().is_terminal();
        Meter { begun: Instant::now(), shown: None, on_terminal }
    }

    fn show(&mut self, now: &Progress) {
        if !self.is_due() {
            return;
        }
        let elapsed = self.begun.elapsed().as_secs_f64().max(0.001);
        let rate = now.bytes as f64 / elapsed;
        let left = (now.bytes_total - now.bytes) as f64 / rate.max(1.0);
        let height = now.height.map_or_else(|| "unknown".to_owned(), |height| height.to_string());
        self.say(&format!(
            "block {} of {}, height {height}, {:.1} MB/s, {:.0} transactions/s, {} left",
            now.blocks,
            now.blocks_total,
            rate / 1e6,
            now.transactions as f64 / elapsed,
            clock_time(left),
        ));
    }

    fn show_pass(&mut self, pass: Pass, now: &Progress) {
        match pass {
            Pass::Checking => self.show_bytes("of the tables checked", now.bytes, now.bytes_total),
            Pass::Importing => self.show(now),
        }
    }

    fn show_blocks(&mut self, blocks: u64, blocks_total: u64) {
        if self.is_due() {
            let rate = blocks as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
            let left = blocks_total.saturating_sub(blocks) as f64 / rate.max(1.0);
            let left = clock_time(left);
            self.say(&format!("block {blocks} of {blocks_total}, {rate:.0} a second, {left} left"));
        }
    }

    fn show_bytes(&mut self, what: &str, bytes: u64, bytes_total: u64) {
        if self.is_due() {
            let rate = bytes as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
            let left = bytes_total.saturating_sub(bytes) as f64 / rate.max(1.0);
            let percent = 100 * bytes / bytes_total.max(1);
            let rate = rate / 1e6;
            self.say(&format!("{percent} % {what}, {rate:.0} MB/s, {} left", clock_time(left)));
        }
    }

    fn is_due(&mut self) -> bool {
        let due = self.shown.is_none_or(|shown| shown.elapsed() >= SHOWN_EVERY);
        if due {
            self.shown = Some(Instant::now());
        }
        due && self.on_terminal
    }

    fn say(&self, words: &str) {
        eprint!("\r{words:<100}");
        // Progress that cannot be shown is no reason to fail.
        let _ = std::io::stderr().flush();
    }

    fn end(&self) {
        if self.on_terminal && self.shown.is_some() {
            eprintln!();
        }
    }
}

/// `3:07:09`, `7:09`.
fn clock_time(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

fn check(dir: &std::path::Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut meter = Meter::new();
    let report =
        chain::store::check(dir, |bytes, total| meter.show_bytes("compared", bytes, total));
    meter.end();
    let report = report.with_context(|| format!("{} cannot be checked", dir.display()))?;
    let sound = report.finding_count == 0;
    if as_json {
        let findings: Vec<_> = report
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "file": finding.path.display().to_string(),
                    "from": finding.range.start,
                    "to": finding.range.end,
                    "what": finding.what,
                })
            })
            .collect();
        let told = json!({
            "sound": sound,
            "bytes": report.bytes,
            "blocks": report.blocks,
            "finding_count": report.finding_count,
            "findings": findings,
            "notes": report.notes,
        });
        println!("{told}");
    } else {
        for finding in &report.findings {
            let (path, range) = (finding.path.display(), &finding.range);
            println!("{path}, bytes {} to {}: {}", range.start, range.end, finding.what);
        }
        for note in &report.notes {
            println!("note: {note}");
        }
        let verdict = if sound { "sound" } else { "damaged" };
        println!("{verdict}: {} bytes compared, {} blocks", report.bytes, report.blocks);
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn stats(store: &ChainStore, as_json: bool) -> anyhow::Result<ExitCode> {
    let stats = store.stats()?;
    let hash = store.tip().and_then(|tip| tip.hash).map(|hash| hash.to_string());
    let height = store.tip().and_then(|tip| tip.height).map(|height| height.0);
    if as_json {
        let files: serde_json::Map<String, serde_json::Value> =
            stats.files.iter().map(|(name, bytes)| (name.clone(), json!(bytes))).collect();
        let told = json!({
            "network": store.network().to_string(),
            "blocks": stats.blocks,
            "tip": hash,
            "height": height,
            "transactions": stats.transactions,
            "inputs": stats.inputs,
            "inputs_outside": stats.inputs_outside,
            "outputs": stats.outputs,
            "addresses": stats.addresses,
            "segments": stats.segments,
            "tail_blocks": stats.tail_blocks,
            "index_runs": stats.index_runs,
            "bytes": stats.bytes(),
            "files": files,
            "segment_digests": store.segments().iter().map(|segment| {
                let digest = segment.digest().to_string();
                json!({ "blocks_end": segment.blocks_end(), "digest": digest })
            }).collect::<Vec<_>>(),
        });
        println!("{told}");
        return Ok(ExitCode::SUCCESS);
    }
    println!("network         {}", store.network());
    println!("blocks          {} ({} of them not sealed)", stats.blocks, stats.tail_blocks);
    println!("newest          {}", hash.as_deref().unwrap_or("none"));
    println!("transactions    {}", stats.transactions);
    println!("inputs          {} ({} from outside)", stats.inputs, stats.inputs_outside);
    println!("outputs         {}", stats.outputs);
    println!("addresses       {}", stats.addresses);
    println!("segments        {}, index runs {}", stats.segments, stats.index_runs);
    println!("bytes           {}", stats.bytes());
    for (name, bytes) in &stats.files {
        println!("  {name:<28} {bytes}");
    }
    Ok(ExitCode::SUCCESS)
}
