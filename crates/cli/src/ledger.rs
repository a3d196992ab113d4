//! `comity ledger`, `backup` and `restore`: the store, looked at from outside.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use ledger::note::VerifierKey;
use server::config::Config;
use store::Reader;

/// The log.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Derives every leaf, node, checkpoint and list row again from the events and compares.
    #[command(after_help = "Exit codes: 0 everything agrees, 1 something does not.
Works while the node is served.")]
    Check {
        /// The node's folder, with its comity.toml.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
}

/// Copies a store.
#[derive(clap::Args)]
#[command(after_help = "Example:
  comity backup --dir comity-demo --to backup-2026-11-22
The keys are not in a backup: keep them apart.")]
pub struct Backup {
    /// The node's folder, with its comity.toml.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// A folder that does not exist yet.
    #[arg(long)]
    to: PathBuf,
}

/// Makes a store out of a backup.
#[derive(clap::Args)]
#[command(after_help = "Example:
  comity restore --dir comity-demo --from backup-2026-11-22
Nothing is overwritten: move an old store away first.")]
pub struct Restore {
    /// The node's folder, with its comity.toml; its store must not be there.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// The backup.
    #[arg(long)]
    from: PathBuf,
}

/// Runs `comity ledger`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Check { dir, json } = command;
    let config = Config::read(&dir.join("comity.toml"))?;
    crate::block_on(async {
        let reader = reader(&config).await?;
        let path = config.path(&config.node.keys).join(server::keys::file::LOG_PUBLIC);
        let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let keys = text
            .lines()
            .map(VerifierKey::parse)
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("{}", path.display()))?;
        let mut derive = server::app::derived::deriver();
        let report = store::check::check(&reader, &keys, Some(&mut derive)).await?;
        if *json {
            let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
            let shown = serde_json::json!({
                "size": report.size.0,
                "root": report.root.to_string(),
                "derived": report.derived,
                "erased": report.erased,
                "checkpoints": report.checkpoints,
                "views": report.views,
                "blobs": report.blobs,
                "findings": findings,
                "findings_count": report.findings_count,
            });
            println!("{shown}");
        } else {
            println!("{} leaves, root {}", report.size, report.root);
            println!("{} derived again from their events", report.derived);
            println!("{} kept, not re-derivable (payload erased)", report.erased);
            println!(
                "{} nodes, {} checkpoints, {} list rows, {} blobs compared",
                report.nodes, report.checkpoints, report.views, report.blobs
            );
            for finding in &report.findings {
                println!("defect: {finding}");
            }
            println!("{} defects", report.findings_count);
        }
        let sound = report.findings_count == 0;
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Runs `comity backup`.
pub fn backup(options: &Backup) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.dir.join("comity.toml"))?;
    crate::block_on(async {
        let copied = store::backup::backup(&reader(&config).await?, &options.to).await?;
        let (size, blobs) = (copied.size, copied.blobs);
        eprintln!("copied {size} leaves and {blobs} large blobs to {}", options.to.display());
        eprintln!("the keys are not in it: keep {} apart", config.node.keys.display());
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs `comity restore`.
pub fn restore(options: &Restore) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.dir.join("comity.toml"))?;
    crate::block_on(async {
        let copied = store::backup::restore(&options.from, &config.database_url()?).await?;
        let (size, blobs) = (copied.size, copied.blobs);
        eprintln!("restored {size} leaves and {blobs} large blobs");
        eprintln!("`comity serve` will refuse it if the log key has signed a larger tree");
        Ok(ExitCode::SUCCESS)
    })
}

/// The store of a node, for reading only.
pub async fn reader(config: &Config) -> anyhow::Result<Reader> {
    let blobs = config.path(&config.node.data).join("blobs");
    Ok(Reader::open(&config.database_url()?, Some(blobs)).await?)
}
