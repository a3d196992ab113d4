//! `comity fraud`: marks exchanged with other desks, and decoys.
//!
//! Export and import open the store, so the node must not be served at the same time; a served
//! node has a page for both.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use ledger::note::VerifierKey;
use server::config::Config;
use server::directory::console;
use server::fraud::canary::Canaries;
use server::fraud::marks::MarksDocument;

/// Longest document that is read, in bytes; a signed note is no longer.
const DOCUMENT_BYTES_MAX: u64 = ledger::note::NOTE_BYTES_MAX as u64;

/// Fraud.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Writes this desk's fraud marks as a signed document for other desks, to standard output.
    #[command(after_help = "Example:
  comity fraud export --config comity.toml > fraud-marks.note")]
    Export {
        #[command(flatten)]
        at: crate::At,
    },
    /// Takes in another desk's marks. They raise the score of requests and block nobody.
    #[command(after_help = "Example:
  comity fraud import theirs.note --key 'log.example/desk+0123abcd+AX…'
Exit codes: 0 taken in, 1 not.")]
    Import {
        #[command(flatten)]
        at: crate::At,
        /// The signed document.
        file: PathBuf,
        /// The other desk's log key that you trust: name+id+base64, from its own hands.
        #[arg(long)]
        key: String,
    },
    /// Checks another desk's document and shows what it says; needs no node.
    #[command(after_help = "Example:
  comity fraud verify theirs.note --key 'log.example/desk+0123abcd+AX…' --json
Exit codes: 0 sound, 1 not.")]
    Verify {
        /// The signed document.
        file: PathBuf,
        /// The other desk's log key that you trust: name+id+base64.
        #[arg(long)]
        key: String,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Adds a decoy: an identifier that no honest request names. Only a keyed digest is kept.
    #[command(after_help = "Example:
  comity fraud canary account_id LX-900017
A served node knows it from its next start on. The list is the file that comity.toml names under
[fraud] canaries; its key is canary.key among the keys.")]
    Canary {
        #[command(flatten)]
        at: crate::At,
        /// account_id, address, txid, email, phone, iban or ip.
        kind: String,
        /// The identifier.
        value: String,
    },
}

/// Runs `comity fraud`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Export { at } => {
            crate::people::with_node(Config::read(&at.config)?, async |node| {
                print!("{}", node.export_marks(&console())?);
                Ok(())
            })
        }
        Command::Import { at, file, key } => {
            let (document, key) = (read(file)?, trusted(key)?);
            crate::people::with_node(Config::read(&at.config)?, async |node| {
                let taken = node.import_marks(&console(), &document, &key).await?;
                let (count, desk, until) = (taken.marks.len(), taken.desk, taken.expires_at);
                println!("{count} marks of {desk} count until {until}");
                Ok(())
            })
        }
        Command::Verify { file, key, json } => {
            let now = crate::clock()();
            let document = MarksDocument::open(&read(file)?, &trusted(key)?, now)?;
            if *json {
                println!("{}", serde_json::to_string_pretty(&document)?);
            } else {
                let MarksDocument { desk, company, issued_at, expires_at, marks, .. } = &document;
                println!("{desk} ({company}), {issued_at} to {expires_at}");
                for mark in marks {
                    println!("{}  {}  {}", mark.marked_at, mark.reason, mark.agency);
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Canary { at, kind, value } => {
            let config = Config::read(&at.config)?;
            let list = config.fraud.canaries.as_ref().with_context(|| {
                format!(
                    "{}: name the list first: [fraud] canaries = \"canaries.txt\"",
                    at.config.display()
                )
            })?;
            let kind = kind.parse::<records::SelectorKind>()?;
            let keys = config.path(&config.node.keys);
            let is_new = Canaries::add(&keys, &config.path(list), kind, value)?;
            println!("{}", if is_new { "added" } else { "it was there already" });
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::metadata(file).with_context(|| format!("{}", file.display()))?.len();
    anyhow::ensure!(
        bytes <= DOCUMENT_BYTES_MAX,
        "{}: {bytes} bytes, at most {DOCUMENT_BYTES_MAX}",
        file.display()
    );
    std::fs::read(file).with_context(|| format!("{}", file.display()))
}

fn trusted(key: &str) -> anyhow::Result<VerifierKey> {
    VerifierKey::parse(key.trim()).context("--key")
}
