//! `comity trace`: follow money through block files, and replay what others followed.

pub mod rpc;
mod why;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chain::{ChainStore, ChainView, NamedBytes, Network, Utxo};
use trace::{Parameters, Policy, Source};

/// Traces.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Follows a transaction's money forward.
    #[command(after_help = "Example:
  comity trace run --blocks comity-demo/blocks/702861.raw --policy haircut --json \\
    --from 38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3
  comity trace run --chain chain --policy fifo --from TXID:0")]
    Run {
        #[command(flatten)]
        blocks: Blocks,
        /// A store that `comity chain import` made, instead of block files.
        #[arg(long, conflicts_with_all = ["blocks", "undo"])]
        chain: Option<PathBuf>,
        /// TXID, or TXID:VOUT for one output.
        #[arg(long, value_parser = source)]
        from: Source,
        /// poison, haircut, fifo, lifo or tiho.
        #[arg(long, default_value = "haircut")]
        policy: Policy,
        /// Transactions from the source that are entered.
        #[arg(long)]
        hops_max: Option<u32>,
        /// The exhibit as JSON instead of a table.
        #[arg(long)]
        json: bool,
        /// Also write the picture.
        #[arg(long)]
        svg: Option<PathBuf>,
        #[command(flatten)]
        tags: crate::tags::TraceTags,
    },
    /// Recomputes an exhibit and compares byte for byte.
    #[command(after_help = "Exit codes: 0 the same bytes, 1 different, or it could not be tried.
Example:
  comity trace replay exhibit.json --blocks comity-demo/blocks/702861.raw
  comity trace replay exhibit.json --rpc http://127.0.0.1:8332 --cookie ~/.bitcoin/.cookie")]
    Replay {
        /// The exhibit JSON.
        exhibit: PathBuf,
        /// The JSON-RPC address of a Bitcoin node that has the blocks: nothing else is needed.
        #[arg(long, conflicts_with_all = ["blocks", "undo"])]
        rpc: Option<String>,
        #[command(flatten)]
        secret: rpc::Secret,
        /// Block files: raw blocks, or blk*.dat.
        #[arg(long, num_args = 1.., required_unless_present = "rpc")]
        blocks: Vec<PathBuf>,
        /// Undo files, which tell what inputs were worth.
        #[arg(long, num_args = 1..)]
        undo: Vec<PathBuf>,
        /// mainnet, testnet, signet or regtest; a node is asked for the exhibit's own.
        #[arg(long, default_value = "mainnet")]
        network: Network,
        /// Also check that these files say what the exhibit cites.
        #[arg(long, num_args = 1..)]
        tags: Vec<PathBuf>,
    },
    /// Tells why two addresses are taken for one owner's, and what if a transaction is left out.
    Why(Box<why::Why>),
}

/// Block files.
#[derive(clap::Args)]
pub struct Blocks {
    /// Block files: raw blocks, or blk*.dat.
    #[arg(long, num_args = 1.., required_unless_present = "chain")]
    blocks: Vec<PathBuf>,
    /// Undo files, which tell what inputs were worth.
    #[arg(long, num_args = 1..)]
    undo: Vec<PathBuf>,
    /// mainnet, testnet, signet or regtest.
    #[arg(long, default_value = "mainnet")]
    network: Network,
}

/// Runs `comity trace`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Why(why) => why::run(why),
        Command::Run { blocks, chain, from, policy, hops_max, json, svg, tags } => {
            let mut parameters = Parameters::new(*from, *policy);
            if let Some(hops_max) = hops_max {
                parameters.limits.hops_max = *hops_max;
            }
            let svg = svg.as_deref();
            match chain {
                Some(dir) => trace_and_tell(&ChainStore::open(dir)?, &parameters, tags, *json, svg),
                None => trace_and_tell(&load(blocks)?, &parameters, tags, *json, svg),
            }
        }
        Command::Replay { exhibit, rpc: Some(url), secret, tags, .. } => {
            crate::tags::check_cited(exhibit, tags)?;
            rpc::replay(exhibit, url, secret)
        }
        Command::Replay { exhibit, blocks, undo, network, tags, .. } => {
            crate::tags::check_cited(exhibit, tags)?;
            let (blocks, undo) = (blocks.clone(), undo.clone());
            let view = load(&Blocks { blocks, undo, network: *network })?;
            let bytes = std::fs::read(exhibit).with_context(|| format!("{}", exhibit.display()))?;
            rpc::tell(&trace::replay(&bytes, &view)?)
        }
    }
}

/// One trace, whatever answers for the chain.
fn trace_and_tell<C: Utxo>(
    chain: &C,
    parameters: &Parameters,
    tags: &crate::tags::TraceTags,
    json: bool,
    svg: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let traced = match &tags.load()? {
        None => trace::run(chain, parameters)?,
        Some(set) => {
            let (day, boundaries) = (tags.view(set), tags.boundaries());
            trace::attribution::cited::run(chain, parameters, &day, boundaries)?
        }
    };
    if let Some(path) = svg {
        std::fs::write(path, trace::svg::svg(&traced))
            .with_context(|| format!("{}", path.display()))?;
    }
    if json {
        std::io::Write::write_all(&mut std::io::stdout(), &trace::exhibit(&traced))?;
    } else {
        print!("{}", table(&traced));
    }
    Ok(ExitCode::SUCCESS)
}

fn source(text: &str) -> Result<Source, String> {
    text.parse().map_err(|error| format!("{error}; write --from TXID, or TXID:VOUT for one output"))
}

fn load(blocks: &Blocks) -> anyhow::Result<ChainView> {
    let read = |paths: &[PathBuf]| -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        paths
            .iter()
            .map(|path| {
                let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ok((name, bytes))
            })
            .collect()
    };
    fn named(files: &[(String, Vec<u8>)]) -> Vec<NamedBytes<'_>> {
        files.iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect()
    }
    let (files, undo) = (read(&blocks.blocks)?, read(&blocks.undo)?);
    Ok(ChainView::load(&named(&files), &named(&undo), blocks.network)?)
}

/// Where the money came to rest, and how much of it.
fn table<C: Utxo>(traced: &trace::Trace<'_, C>) -> String {
    let mut text = String::from("hop  taint             output\n");
    for hop in &traced.flow.hops {
        let txid = traced.view.txid(hop.transaction);
        for output in hop.outputs.iter().filter(|output| output.spent_by.is_none()) {
            let taint = output.lot.taint;
            let address = output.address.as_deref().unwrap_or("no address");
            text += &format!(
                "{:>3}  {:>16}  {txid}:{} {address}\n",
                hop.hop,
                taint.bitcoin(),
                output.vout
            );
        }
    }
    text
}
