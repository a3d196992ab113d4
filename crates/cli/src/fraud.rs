//! `comity fraud`: marks exchanged with other desks, and decoys.
//!
//! Export and import open the store, so the node must not be served at the same time; a served
//! node has a page for both.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ledger::note::VerifierKey;
use server::config::Config;
use server::directory::{console, key_sha256};
use server::fraud::canary::Canaries;
use server::fraud::marks::MarksDocument;
use server::fraud::networks::{Networks as Lists, Ranges};

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
    /// Trusts a key for another desk's marks, in place of the one known until now.
    #[command(after_help = "Example:
  comity fraud trust 'log.example/desk+0123abcd+AX…' --reason 'called Ms Roe at their switchboard'
A desk's first key is trusted when its marks are first taken in. When it changes, call a person
there at a number you know, compare the key, and only then run this.
Exit codes: 0 trusted, 1 not.")]
    Trust {
        #[command(flatten)]
        at: crate::At,
        /// The other desk's log key: name+id+base64.
        key: String,
        /// With whom you compared it, and how you reached them; it stays on the record.
        #[arg(long)]
        reason: String,
    },
    /// Lists of networks by which the desk sees where a request came from.
    #[command(subcommand)]
    Networks(Networks),
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

/// Lists of networks.
#[derive(clap::Subcommand)]
pub enum Networks {
    /// Reads a list and says what is in it, or what is wrong and where; needs no node.
    #[command(after_help = "Examples:
  comity fraud networks check delegated-extended.txt
  comity fraud networks check networks.csv --address 192.0.2.1 --json
  comity fraud networks check tor-exits.txt --anonymisers
Read are the registries' statistics (delegated-extended; several files may stand one after another)
and CSV with start,end,country; with --anonymisers a network or an address on each line.
Exit codes: 0 sound, 1 not.")]
    Check {
        /// The list.
        file: PathBuf,
        /// It lists anonymisers and no countries.
        #[arg(long)]
        anonymisers: bool,
        /// Looks up this address.
        #[arg(long)]
        address: Option<std::net::IpAddr>,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `comity fraud`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Export { at } => {
            crate::people::with_node(Config::read(&at.config)?, async |node| {
                print!("{}", node.export_marks(&console()).await?);
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
        Command::Trust { at, key, reason } => {
            let key = VerifierKey::parse(key.trim()).context("the key")?;
            crate::people::with_node(Config::read(&at.config)?, async |node| {
                let (desk, before) = node.trust_desk(&console(), &key, reason).await?;
                println!("{desk}: trusted from now on is {}", key_sha256(&key));
                match before {
                    Some(before) => println!("no longer {before}"),
                    None => println!("no key of it was known before"),
                }
                Ok(())
            })
        }
        Command::Networks(Networks::Check { file, anonymisers, address, json }) => {
            check_networks(file, *anonymisers, *address, *json)
        }
        Command::Verify { file, key, json } => {
            let now = crate::clock()();
            let key = trusted(key)?;
            let document = MarksDocument::open(&read(file)?, &key, now)?;
            if *json {
                println!("{}", serde_json::to_string_pretty(&document)?);
            } else {
                let MarksDocument { desk, company, issued_at, expires_at, marks, .. } = &document;
                println!("{desk} ({company}), {issued_at} to {expires_at}");
                println!("signed by {}", key_sha256(&key));
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

/// Says what a list holds, and where an address is.
fn check_networks(
    file: &Path,
    anonymisers: bool,
    address: Option<IpAddr>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let (summary, found) = if anonymisers {
        let list = Ranges::read(file)?;
        let word = |address| if list.has(address) { "listed" } else { "not listed" };
        (list.summary(), address.map(|address| (address, word(address).to_owned())))
    } else {
        let list = Lists::read(file)?;
        let word = |address| {
            let country = list.country(address);
            country.map_or_else(|| "not listed".to_owned(), |country| country.to_string())
        };
        (list.summary(), address.map(|address| (address, word(address))))
    };
    if json {
        let mut told = serde_json::json!({
            "ipv4_ranges": summary.v4_ranges,
            "ipv4_addresses": summary.v4_addresses,
            "ipv6_ranges": summary.v6_ranges,
            "countries": summary.countries,
            "memory_bytes": summary.bytes,
        });
        if let Some((address, word)) = found {
            told["address"] = address.to_string().into();
            told["found"] = word.into();
        }
        println!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(ExitCode::SUCCESS);
    }
    let (v4, v6, kib) = (summary.v4_ranges, summary.v6_ranges, summary.bytes.div_ceil(1024));
    println!("{v4} ranges of IPv4 ({} addresses), {v6} of IPv6", summary.v4_addresses);
    if !anonymisers {
        println!("{} countries", summary.countries.len());
    }
    println!("{kib} KiB of memory");
    if let Some((address, word)) = found {
        println!("{address}: {word}");
    }
    Ok(ExitCode::SUCCESS)
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
