//! `comity serve`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use server::app::{Node, Opening};
use server::config::Config;
use server::keys::development;

use crate::demo::folder;

/// Serves a node.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  comity serve                                 in an empty folder: make a trial desk and serve it
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
    /// Read configuration, keys, catalog and blocks, try every query's shape, talk with the mail
    /// server and the scanner, and stop.
    #[arg(long)]
    check: bool,
}

/// Runs `comity serve`.
pub fn run(options: &Options) -> Result<ExitCode> {
    let is_new = !options.check && furnish(&options.at.config)?;
    if !options.at.config.exists() {
        anyhow::bail!(
            "there is no {}: name one with --config, or begin in an empty folder, where a trial \
             desk is made",
            options.at.config.display()
        );
    }
    let config = Config::read(&options.at.config)?;
    crate::block_on(async {
        let create = options.create || is_new;
        let opening = if create { Opening::CreateIfMissing } else { Opening::Existing };
        let node = Arc::new(Node::open(config, crate::clock(), opening).await?);
        if options.check {
            node.records.check().await?;
            let told = node.notices.check(&node.directory()).await;
            for hint in told.map_err(|why| anyhow::anyhow!("[mail]: {why}"))? {
                eprintln!("{hint}");
            }
            if let Some(scanner) = &node.scanner {
                let verdict = scanner.scan(b"comity").await;
                verdict.map_err(|why| anyhow::anyhow!("[scan]: {why}"))?;
            }
            eprintln!("at rest: {}", node.at_rest);
            eprintln!("{} is sound", options.at.config.display());
            node.store.clone().close().await;
            return Ok(ExitCode::SUCCESS);
        }
        let pages = match node.config.web.clone() {
            Some(settings) => Some(web::listen::start(node.clone(), &settings).await?),
            None => None,
        };
        let running = server::serve::start(node).await?;
        eprintln!("serving on https://{}; stop with Ctrl-C", running.address);
        if let Some(pages) = &pages {
            eprintln!("pages on {}", pages.site.settings.origin_text);
            if let Some(link) = pages.site.first_link().await? {
                eprintln!("nobody can log in yet; the first administrator enrols here, once:");
                eprintln!("  {link}");
            }
        }
        running.until_signal(pages.map(web::listen::Running::stop)).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Makes a trial desk when there is nothing at all: the made-up exchange, development keys. Returns
/// whether it did.
fn furnish(config: &Path) -> Result<bool> {
    let dir = config.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_empty = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    if config.file_name() != Some("comity.toml".as_ref()) || !is_empty {
        return Ok(false);
    }
    folder::furnish(dir)?;
    let config = Config::read(config)?;
    let (company, origin) = (&config.company.name, &config.node.origin);
    let (hosts, seed) = (&config.node.hosts, server::random_bytes()?);
    let keys = config.path(&config.node.keys);
    development::create(&keys, company, origin, hosts, seed, crate::clock()())?;
    eprintln!(
        "this folder was empty: it now holds a trial desk of a made-up exchange, with development \
         keys; docs/operate.md says how to run one of your own"
    );
    Ok(true)
}
