//! `comity chain import`: block files or tables into a store, tables into an account log. Knows
//! arguments, progress and words.

use std::path::PathBuf;
use std::process::ExitCode;

use chain::account::AccountChain;
use chain::evm::{EvmRules, UnknownOutcome};
use chain::store::accounts::AccountFile;
use chain::store::import::{Files, Imported};
use chain::store::tables::{Pass, TablesImported};
use chain::store::{ChainStore, Layout};
use chain::{Network, Utxo as _};
use serde_json::json;

use super::tables::Tables;
use super::{Meter, stop_on_interrupt};

/// Longer help.
pub const HELP: &str = "Blocks may lie in any order and on stale branches; the chain of most \
work is taken.
Files obscured by Bitcoin Core 28 or later are read with the xor.dat beside them.
Tables (docs/formats/csv.md) are our own or those of bitcoin-etl, ethereum-etl and GraphSense,
sorted by block.
Examples:
  comity chain import --dir chain --blocks ~/.bitcoin/blocks/blk*.dat
  comity chain import --dir piece --blocks 300025.raw --undo 300025.undo --json
  comity chain import --dir chain --csv tables
  comity chain import --log ethereum.log --chain 'evm 1' --csv tables";

/// Arguments.
#[derive(clap::Args)]
pub struct Options {
    /// The store's folder; made where there is none.
    #[arg(long, required_unless_present = "log", conflicts_with = "log")]
    dir: Option<PathBuf>,
    /// The file of an account log, for tables of a chain of accounts; made where there is none.
    #[arg(long, requires = "chain")]
    log: Option<PathBuf>,
    /// Block files: blk*.dat, or raw blocks.
    #[arg(long, num_args = 1.., required_unless_present_any = ["csv", "parquet"],
          conflicts_with_all = ["csv", "parquet", "log"])]
    blocks: Vec<PathBuf>,
    /// Undo files (rev*.dat, or raw), which tell what inputs from outside were worth.
    #[arg(long, num_args = 1.., requires = "blocks")]
    undo: Vec<PathBuf>,
    #[command(flatten)]
    tables: Tables,
    /// mainnet, testnet, signet or regtest.
    #[arg(long, default_value = "mainnet")]
    network: Network,
    /// Which chain of accounts: `evm NUMBER` or `tron`.
    #[arg(long, requires = "log")]
    chain: Option<AccountChain>,
    /// Move value where no table says whether its transaction took effect, and mark it so.
    #[arg(long, requires = "log")]
    assume_success: bool,
    /// What was done, as JSON.
    #[arg(long)]
    json: bool,
}

/// Imports.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if let (Some(path), Some(chain)) = (&options.log, options.chain) {
        return import_accounts(options, path, chain);
    }
    let Some(dir) = &options.dir else { anyhow::bail!("give a store's folder with --dir") };
    let tables = options.tables.given()?;
    let mut store = ChainStore::open_or_create(dir, options.network, Layout::default())?;
    let stop = stop_on_interrupt()?;
    let mut meter = Meter::new();
    if let Some((format, folder)) = tables {
        let show = |pass, now: &_| meter.show_pass(pass, now);
        let done = chain::store::tables::import(&mut store, folder, format, &stop, show);
        meter.end();
        let done = done?;
        tell_tables(&store, &done, options.json);
        return Ok(code(done.stopped));
    }
    let files = Files { blocks: options.blocks.clone(), undo: options.undo.clone() };
    let imported = chain::store::import::import(&mut store, &files, &stop, |progress| {
        meter.show(progress);
    });
    meter.end();
    let imported = imported?;
    if !files.undo.is_empty() && imported.added > 0 && imported.undo_fitted == 0 {
        eprintln!(
            "comity: the undo files fit none of these blocks: give the rev*.dat with the number of \
             each blk*.dat"
        );
    }
    tell(&store, &imported, !files.undo.is_empty(), options.json)?;
    Ok(code(imported.stopped))
}

/// A stopped import is not a finished one.
fn code(stopped: bool) -> ExitCode {
    if stopped { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn import_accounts(
    options: &Options,
    path: &std::path::Path,
    chain: AccountChain,
) -> anyhow::Result<ExitCode> {
    let Some((format, folder)) = options.tables.given()? else {
        anyhow::bail!("an account log is imported from tables: give them with --csv or --parquet")
    };
    let number = match chain {
        AccountChain::Evm { chain_id } => chain_id,
        // Tables of Tron are our own, which no rules interpret.
        AccountChain::Tron => 0,
    };
    let mut rules = EvmRules::of(number);
    if options.assume_success {
        rules.unknown_outcome = UnknownOutcome::AssumeSuccess;
    }
    let is_new = !path.exists();
    let mut log = AccountFile::open_or_create(path, chain)?;
    let stop = stop_on_interrupt()?;
    let mut meter = Meter::new();
    let show = |pass: Pass, now: &_| meter.show_pass(pass, now);
    let done = chain::store::tables::import_accounts(&mut log, folder, format, &rules, &stop, show);
    meter.end();
    if is_new && done.is_err() && log.ledgers().blocks().is_empty() {
        // Tables that cannot be read leave nothing behind, and the next try may name another chain.
        std::fs::remove_file(path)?;
    }
    let done = done?;
    let ledgers = log.ledgers();
    let tip = ledgers.tip().map(|tip| (tip.number, chain.hash_text(tip.hash)));
    let gaps = ledgers.gaps().len();
    if options.json {
        let told = json!({
            "added": done.added,
            "already_there": done.known,
            "stopped": done.stopped,
            "blocks": ledgers.blocks().len(),
            "movements": ledgers.event_count(),
            "gaps": gaps,
            "tip": tip.as_ref().map(|(_, hash)| hash),
            "height": tip.as_ref().map(|(number, _)| number),
        });
        println!("{told}");
        return Ok(code(done.stopped));
    }
    let words = if done.stopped { "stopped; so far " } else { "" };
    println!("{words}{} blocks added, {} were there already", done.added, done.known);
    if gaps > 0 {
        println!("{gaps} times the tables do not say what moved; traces name these gaps");
    }
    match tip {
        Some((number, hash)) => println!("newest block {hash}, height {number}"),
        None => println!("no block yet"),
    }
    Ok(code(done.stopped))
}

fn tell_tables(store: &ChainStore, done: &TablesImported, json: bool) {
    let tip = store.tip();
    let hash = tip.and_then(|tip| tip.hash).map(|hash| hash.to_string());
    let height = tip.and_then(|tip| tip.height).map(|height| height.0);
    if json {
        let told = json!({
            "added": done.added,
            "already_there": done.known,
            "inputs_without_script": done.unvalued,
            "stopped": done.stopped,
            "blocks": store.block_count(),
            "tip": hash,
            "height": height,
        });
        println!("{told}");
        return;
    }
    let words = if done.stopped { "stopped; so far " } else { "" };
    println!("{words}{} blocks added, {} were there already", done.added, done.known);
    if done.unvalued > 0 {
        let count = done.unvalued;
        println!("{count} inputs from outside have a worth and no script; theirs stays unknown");
    }
    match (height, hash) {
        (Some(height), Some(hash)) => println!("newest block {hash}, height {height}"),
        (Some(height), None) => println!("newest block at height {height}, its hash is not known"),
        (None, _) => println!("no block yet"),
    }
}

fn tell(
    store: &ChainStore,
    imported: &Imported,
    undo_given: bool,
    json: bool,
) -> anyhow::Result<()> {
    let tip = store.tip();
    let hash = tip.and_then(|tip| tip.hash).map(|hash| hash.to_string());
    let height = tip.and_then(|tip| tip.height).map(|height| height.0);
    if json {
        let orphan = imported.first_orphan.as_ref();
        let done = json!({
            "added": imported.added,
            "removed": imported.removed,
            "already_there": imported.known,
            "stale": imported.stale,
            "apart": imported.orphans,
            "first_apart": orphan.map(|(file, offset, hash)| {
                json!({ "file": file, "offset": offset, "block": hash.to_string() })
            }),
            "undo_fitted": imported.undo_fitted,
            "stopped": imported.stopped,
            "blocks": store.block_count(),
            "tip": hash,
            "height": height,
        });
        println!("{done}");
        return Ok(());
    }
    let words = if imported.stopped { "stopped; so far " } else { "" };
    println!("{words}{} blocks added, {} were there already", imported.added, imported.known);
    if imported.removed > 0 {
        println!("{} blocks taken away: the files have a longer chain", imported.removed);
    }
    if imported.stale > 0 {
        println!("{} blocks of shorter branches left out", imported.stale);
    }
    if let Some((file, offset, hash)) = &imported.first_orphan {
        let count = imported.orphans;
        println!("{count} blocks left out that hang on none of these, the first of them {hash}");
        println!("  ({file}, byte {offset})");
    }
    if undo_given {
        println!("undo data fitted {} blocks", imported.undo_fitted);
    }
    match (hash, height) {
        (Some(hash), Some(height)) => println!("newest block {hash}, height {height}"),
        (Some(hash), None) => println!("newest block {hash}, its height is not known"),
        (None, _) => println!("no block yet"),
    }
    Ok(())
}
