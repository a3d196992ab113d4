//! `comity serve`.

use std::process::ExitCode;
use std::sync::Arc;

use server::app::{Node, Opening};
use server::config::Config;

/// Serves a node.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  comity serve --config comity.toml            serve
  comity serve --config comity.toml --create   make the store first, if there is none
  comity serve --config comity.toml --check    read everything, serve nothing
COMITY_SEAL_PASSPHRASE opens a seal key that is protected by a passphrase.")]
pub struct Options {
    #[command(flatten)]
    at: crate::At,
    /// Make the store when there is none yet.
    #[arg(long)]
    create: bool,
    /// Read configuration, keys, catalog and blocks, try every query's shape, and stop.
    #[arg(long)]
    check: bool,
}

/// Runs `comity serve`.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.at.config)?;
    crate::block_on(async {
        let opening = if options.create { Opening::CreateIfMissing } else { Opening::Existing };
        let node = Arc::new(Node::open(config, crate::clock(), opening).await?);
        if options.check {
            node.records.check().await?;
            eprintln!("{} is sound", options.at.config.display());
            node.store.clone().close().await;
            return Ok(ExitCode::SUCCESS);
        }
        let running = server::serve::start(node).await?;
        eprintln!("serving on https://{}; stop with Ctrl-C", running.address);
        running.until_signal().await?;
        Ok(ExitCode::SUCCESS)
    })
}
