//! `comity chain export`: a store or an account log as tables. Knows arguments and progress.

use std::path::PathBuf;
use std::process::ExitCode;

use chain::store::ChainStore;
use serde_json::json;

use super::tables::Tables;
use super::{Meter, stop_on_interrupt};

/// Longer help.
pub const HELP: &str =
    "Writes four tables (docs/formats/csv.md), from which `comity chain import` makes \
the same store
again. The folder must not be there yet; it appears when all is written.
Examples:
  comity chain export --dir chain --csv tables
  comity chain export --dir chain --parquet tables
  comity chain export --log ethereum.log --csv tables";

/// Arguments.
#[derive(clap::Args)]
pub struct Options {
    /// The store's folder.
    #[arg(long, required_unless_present = "log", conflicts_with = "log")]
    dir: Option<PathBuf>,
    /// The file of an account log.
    #[arg(long)]
    log: Option<PathBuf>,
    #[command(flatten)]
    tables: Tables,
    /// What was done, as JSON.
    #[arg(long)]
    json: bool,
}

/// Exports.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let Some((format, folder)) = options.tables.given()? else {
        anyhow::bail!("say where to write to with --csv or --parquet")
    };
    let stop = stop_on_interrupt()?;
    let mut meter = Meter::new();
    let show = |done, total| meter.show_blocks(done, total);
    let blocks = match (&options.log, &options.dir) {
        (Some(log), _) => chain::store::export::export_accounts(log, folder, format, &stop, show),
        (None, Some(dir)) => {
            let store = ChainStore::open(dir)?;
            chain::store::export::export(&store, folder, format, &stop, show)
        }
        (None, None) => anyhow::bail!("give a store's folder with --dir"),
    };
    meter.end();
    let blocks = blocks?;
    if options.json {
        println!("{}", json!({ "blocks": blocks, "folder": folder.display().to_string() }));
    } else {
        println!("{blocks} blocks written to {}", folder.display());
    }
    Ok(ExitCode::SUCCESS)
}
