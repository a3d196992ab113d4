//! `comity retention`: personal data whose time is over. A served node erases it by itself, every
//! hour; this shows what is due, and erases it on a node that is not served.

use std::process::ExitCode;

use server::app::retention::Erased;
use server::app::{Node, Opening};
use server::config::Config;

/// Options of `comity retention`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  comity retention                        what is due, and nothing else
  comity retention --erase --overwrite    erases it, and has the engine write its tables anew
  comity retention --json                 the same for machines
  comity retention --apply                gives requests the times of comity.toml, on their records
How long data is kept stands in the rule packs, under [retention]; comity.toml may say otherwise for
a pack, for requests that come in from then on: [retention] us-sca = { days_after_end = 730 }.
Hashes and proofs stay.")]
pub struct Options {
    #[command(flatten)]
    at: crate::At,
    /// Erases what is due, and removes files in the folder of blobs that belong to nothing: an
    /// earlier release left them where it was interrupted. The node must not be served at the same
    /// time.
    #[arg(long)]
    erase: bool,
    /// Afterwards PostgreSQL writes its tables of personal data anew, so that no free page keeps
    /// what was erased; SQLite has overwritten it already.
    #[arg(long, requires = "erase")]
    overwrite: bool,
    /// Gives requests that are kept the times of comity.toml; nothing is erased. The node must not
    /// be served at the same time.
    #[arg(long, conflicts_with = "erase")]
    apply: bool,
    /// For machines.
    #[arg(long)]
    json: bool,
}

/// Runs `comity retention`.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.at.config)?;
    crate::block_on(async {
        let node = Node::open(config, crate::clock(), Opening::Existing).await?;
        if options.apply {
            let changed = node.apply_retention().await?;
            if options.json {
                println!("{}", serde_json::json!({ "changed": changed }));
            } else {
                println!("{changed} requests are kept for another time from now on");
            }
            return Ok(ExitCode::SUCCESS);
        }
        if !options.erase {
            show(&node.requests_to_erase().await?, &node.stray_files().await?, options.json);
            return Ok(ExitCode::SUCCESS);
        }
        let mut all = Erased::default();
        loop {
            let some = node.erase_due().await?;
            if some.requests == 0 {
                break;
            }
            all = all.and(some);
            eprintln!("{} requests erased so far", all.requests);
        }
        all = all.and(node.remove_stray_files().await?);
        if options.overwrite {
            node.store.overwrite_erased().await?;
            all.needs_overwriting = false;
        }
        if options.json {
            println!("{}", serde_json::to_string(&all)?);
        } else {
            let Erased { requests, payloads, blobs, stray_files, .. } = all;
            println!("{requests} requests, {payloads} payloads, {blobs} files and tables erased");
            if stray_files > 0 {
                println!("{stray_files} files that belonged to nothing removed");
            }
            if all.needs_overwriting {
                println!("free pages may still hold them: run it again with --overwrite");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn show(due: &[desk::ids::RequestId], stray: &[String], json: bool) {
    if json {
        let max = server::app::retention::ERASED_REQUESTS_MAX;
        let may_be_more = due.len() == max || stray.len() == store::STRAY_FILES_MAX;
        let shown =
            serde_json::json!({ "due": due, "stray_files": stray, "may_be_more": may_be_more });
        println!("{shown}");
        return;
    }
    for id in due {
        println!("{id}");
    }
    eprintln!("{} requests whose personal data may be kept no longer", due.len());
    if !stray.is_empty() {
        eprintln!("{} files that belong to nothing, of an earlier release", stray.len());
    }
}
