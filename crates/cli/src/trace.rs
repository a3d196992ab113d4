//! `comity trace`: follow money through blocks, and replay what others followed.

mod chains;
mod replay;
pub mod rpc;
mod run;
mod watch;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use chain::{ChainView, NamedBytes, Network};

/// Traces.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Follows money forward.
    Run(Box<run::Run>),
    /// Recomputes an exhibit and compares byte for byte.
    Replay(Box<replay::Replay>),
    /// Watches lots, not addresses: tells when one moves or reaches a named service.
    Watch(Box<watch::Watch>),
    /// Tells why two addresses are taken for one owner's, and what if a transaction is left out.
    Why(Box<why::Why>),
}

/// Block files.
#[derive(clap::Args)]
pub struct Blocks {
    /// Block files: raw blocks, or blk*.dat.
    #[arg(long, num_args = 1..)]
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
        Command::Run(run) => run::run(run),
        Command::Replay(replay) => replay::run(replay),
        Command::Watch(watch) => watch::run(watch),
        Command::Why(why) => why::run(why),
    }
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
