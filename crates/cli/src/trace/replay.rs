//! `comity trace replay`: somebody else's exhibit, recomputed from blocks, a store or a node. Knows
//! arguments and exit codes; the comparison is `trace`'s.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chain::Network;
use feed::replay::Rested;
use trace::exhibit::Kind;

use super::chains::{self, Opened};
use super::{Blocks, rpc};

/// Arguments.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 the same bytes, 1 different, or it could not be tried.
Examples:
  comity trace replay exhibit.json --blocks comity-demo/blocks/702861.raw
  comity trace replay exhibit.json --chain accounts.log
  comity trace replay exhibit.json --rpc http://127.0.0.1:8332 --cookie ~/.bitcoin/.cookie")]
#[command(group(clap::ArgGroup::new("where").args(["blocks", "chain", "rpc"]).required(true)))]
pub struct Replay {
    /// The exhibit JSON.
    exhibit: PathBuf,
    /// The address of a node that has the blocks: nothing else is needed. Bitcoin and EVM nodes are
    /// asked by JSON-RPC, Tron's by HTTP.
    #[arg(long, conflicts_with_all = ["blocks", "undo", "chain"])]
    rpc: Option<String>,
    #[command(flatten)]
    secret: rpc::Secret,
    /// Block files: raw blocks, or blk*.dat.
    #[arg(long, num_args = 1..)]
    blocks: Vec<PathBuf>,
    /// Undo files, which tell what inputs were worth.
    #[arg(long, num_args = 1..)]
    undo: Vec<PathBuf>,
    /// mainnet, testnet, signet or regtest; a node is asked for the exhibit's own.
    #[arg(long, default_value = "mainnet")]
    network: Network,
    /// A store or an account log that `comity chain` keeps, instead of block files.
    #[arg(long, conflicts_with_all = ["blocks", "undo"])]
    chain: Option<PathBuf>,
    /// Also check that these files say what the exhibit cites.
    #[arg(long, num_args = 1..)]
    tags: Vec<PathBuf>,
}

/// Runs `comity trace replay`.
pub fn run(replay: &Replay) -> anyhow::Result<ExitCode> {
    let path = &replay.exhibit;
    let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    let kind = trace::exhibit::kind(&bytes).map_err(|error| {
        let what_to_do = "give what `comity trace run --json` or a package's data/trace says";
        anyhow::anyhow!("{}: {error}; {what_to_do}", path.display())
    })?;
    crate::tags::check_cited(&bytes, kind, &replay.tags)?;
    let replayed = match (kind, &replay.rpc, &replay.chain) {
        (_, Some(url), _) => return from_node(&bytes, url, &replay.secret),
        (Kind::Outputs, None, None) => {
            let (blocks, undo) = (replay.blocks.clone(), replay.undo.clone());
            let blocks = Blocks { blocks, undo, network: replay.network };
            trace::replay(&bytes, &super::load(&blocks)?)?
        }
        (Kind::Outputs, None, Some(dir)) => match chains::open(dir)? {
            Opened::Outputs(store) => trace::replay(&bytes, &*store)?,
            Opened::Accounts(_) => bail!("the exhibit is of outputs, {} is not", dir.display()),
        },
        (Kind::Accounts, None, Some(file)) => match chains::open(file)? {
            Opened::Accounts(ledgers) => trace::account::replay(&bytes, &ledgers)?,
            Opened::Outputs(_) => bail!("the exhibit is of accounts, {} is not", file.display()),
        },
        (Kind::Accounts, None, None) => {
            bail!("the exhibit is of accounts: give an account log with --chain, or a node's --rpc")
        }
    };
    rpc::tell(&replayed)
}

/// Fetches the blocks that an exhibit names and replays it.
fn from_node(bytes: &[u8], url: &str, secret: &rpc::Secret) -> anyhow::Result<ExitCode> {
    let replayed = match feed::replay::rested(bytes)? {
        Rested::Outputs(rests) => {
            eprintln!("fetching {} blocks of {}", rests.blocks.len(), rests.network);
            let view = crate::block_on(async {
                let node = secret.rpc(url, rests.network).await?;
                Ok(feed::replay::fetch(&node, &rests).await?)
            })?;
            trace::replay(bytes, &view)?
        }
        Rested::Accounts(rests) => {
            let (first, last) = (rests.first, rests.last);
            eprintln!("fetching blocks {first} to {last} of {}", rests.chain);
            let ledgers = crate::block_on(async {
                let endpoint = secret.endpoint(url)?;
                let limits = secret.limits();
                Ok(feed::replay::fetch_accounts(endpoint, limits, &rests).await?)
            })?;
            trace::account::replay(bytes, &ledgers)?
        }
    };
    rpc::tell(&replayed)
}
