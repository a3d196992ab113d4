//! `comity chain follow`: a store or an account log kept at a node's tip. Knows arguments, progress
//! and waiting.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chain::account::AccountChain;
use chain::store::accounts::AccountFile;
use chain::store::{ChainStore, Layout};
use chain::{Height, Network, Utxo as _};
use feed::account::keep;
use feed::follow::{Step, step};
use feed::{AccountNode, BitcoinNode};

use crate::trace::rpc::Secret;

/// How often a node at whose tip we are is asked for more.
const POLL: Duration = Duration::from_secs(5);
/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_secs(2);

/// Arguments.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("node").args(["rpc", "rest"]).required(true)))]
pub struct Options {
    /// The store's folder; made where there is none.
    #[arg(long, required_unless_present = "log", conflicts_with = "log")]
    dir: Option<PathBuf>,
    /// The file of an account log, for a chain of accounts; made where there is none.
    #[arg(long, requires = "chain", conflicts_with = "rest")]
    log: Option<PathBuf>,
    /// Which chain of accounts: `evm NUMBER` or `tron`.
    #[arg(long, requires = "log")]
    chain: Option<AccountChain>,
    /// The node's JSON-RPC address.
    #[arg(long)]
    rpc: Option<String>,
    /// The node's address with its REST interface (`rest=1`), which needs no password.
    #[arg(long)]
    rest: Option<String>,
    #[command(flatten)]
    secret: Secret,
    /// mainnet, testnet, signet or regtest.
    #[arg(long, default_value = "mainnet")]
    network: Network,
    /// Where an empty store begins. Above 0 the values of older inputs stay unknown.
    #[arg(long, default_value_t = 0)]
    from: u32,
    /// End at the node's tip instead of waiting for more.
    #[arg(long)]
    once: bool,
}

/// Follows until the tip, or until it is stopped.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if let (Some(path), Some(chain)) = (&options.log, options.chain) {
        return run_log(options, path, chain);
    }
    let Some(dir) = &options.dir else { anyhow::bail!("give a store's folder with --dir") };
    let mut store = ChainStore::open_or_create(dir, options.network, Layout::default())?;
    crate::block_on(async {
        // Dropped at a wait, never within a change of the store.
        tokio::select! {
            done = follow(options, &mut store) => done?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        Ok(())
    })?;
    let tip = store.tip();
    let height = tip.and_then(|tip| tip.height).map_or("none".to_owned(), |h| h.to_string());
    let hash = tip.and_then(|tip| tip.hash).map_or("none".to_owned(), |hash| hash.to_string());
    println!("{} blocks, height {height}, {hash}", store.block_count());
    Ok(ExitCode::SUCCESS)
}

/// The same for an account log.
fn run_log(options: &Options, path: &Path, chain: AccountChain) -> anyhow::Result<ExitCode> {
    let mut log = AccountFile::open_or_create(path, chain)?;
    crate::block_on(async {
        tokio::select! {
            done = follow_log(options, &mut log) => done?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        Ok(())
    })?;
    let blocks = log.ledgers().blocks();
    let newest = blocks.last().map_or("none".to_owned(), |block| {
        format!("block {}, {}", block.number, chain.hash_text(block.hash))
    });
    println!("{} blocks, newest {newest}", blocks.len());
    Ok(ExitCode::SUCCESS)
}

async fn follow_log(options: &Options, log: &mut AccountFile) -> anyhow::Result<()> {
    let url = options.rpc.as_deref().unwrap_or_default();
    let endpoint = options.secret.endpoint(url)?;
    let chain = log.ledgers().chain();
    let node = AccountNode::connect(endpoint, chain, options.secret.limits()).await?;
    let (begun, mut blocks) = (Instant::now(), 0u64);
    let mut shown: Option<Instant> = None;
    loop {
        match keep::step(&node, log, u64::from(options.from)).await {
            Ok(Some(done)) => {
                blocks += u64::from(done.added);
                if done.removed > 0 {
                    eprintln!("{} blocks were replaced by {} others", done.removed, done.added);
                }
                if shown.is_none_or(|shown| shown.elapsed() >= SHOWN_EVERY) {
                    shown = Some(Instant::now());
                    let rate = blocks as f64 / begun.elapsed().as_secs_f64().max(0.001);
                    let left = done.node.saturating_sub(done.height) as f64 / rate;
                    eprintln!(
                        "block {} of {}, {rate:.0} blocks/s, {left:.0} s left",
                        done.height, done.node
                    );
                }
            }
            Ok(None) if options.once => return Ok(()),
            Ok(None) => tokio::time::sleep(POLL).await,
            Err(error) if options.once || !error.may_pass() => return Err(error.into()),
            Err(error) => wait_for(&error).await,
        }
    }
}

async fn follow(options: &Options, store: &mut ChainStore) -> anyhow::Result<()> {
    let node = connect(options).await?;
    let mut meter = Meter::new();
    loop {
        match step(&node, store, Height(options.from)).await {
            Ok(Some(done)) => meter.show(&done),
            Ok(None) if options.once => return Ok(()),
            Ok(None) => tokio::time::sleep(POLL).await,
            Err(error) if options.once || !error.may_pass() => return Err(error.into()),
            Err(error) => wait_for(&error).await,
        }
    }
}

/// A node that restarts or catches up is waited for.
async fn wait_for(error: &impl Display) {
    eprintln!("comity: {error}; asking again in {} s", POLL.as_secs());
    tokio::time::sleep(POLL).await;
}

async fn connect(options: &Options) -> anyhow::Result<BitcoinNode> {
    let url = options.rpc.as_ref().or(options.rest.as_ref()).map_or("", String::as_str);
    let endpoint = options.secret.endpoint(url)?;
    let limits = options.secret.limits();
    Ok(match options.rest {
        Some(_) => BitcoinNode::rest(endpoint, options.network, limits).await?,
        None => BitcoinNode::rpc(endpoint, options.network, limits).await?,
    })
}

/// Says how far it is, on standard error.
struct Meter {
    begun: Instant,
    shown: Option<Instant>,
    blocks: u64,
    bytes: u64,
    transactions: u64,
}

impl Meter {
    fn new() -> Meter {
        Meter { begun: Instant::now(), shown: None, blocks: 0, bytes: 0, transactions: 0 }
    }

    fn show(&mut self, done: &Step) {
        self.blocks += u64::from(done.added);
        self.bytes += done.bytes;
        self.transactions += done.transactions;
        if done.removed > 0 {
            eprintln!("{} blocks were replaced by {} others", done.removed, done.added);
        }
        let at_tip = done.height == done.node;
        if !at_tip && self.shown.is_some_and(|shown| shown.elapsed() < SHOWN_EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        let seconds = self.begun.elapsed().as_secs_f64().max(0.001);
        let rate = self.blocks as f64 / seconds;
        let left = f64::from(done.node.0.saturating_sub(done.height.0)) / rate;
        eprintln!(
            "height {} of {}, {rate:.0} blocks/s, {:.1} MB/s, {:.0} transactions/s, \
             {left:.0} s left",
            done.height,
            done.node,
            self.bytes as f64 / 1e6 / seconds,
            self.transactions as f64 / seconds,
        );
    }
}
