//! `comity demo`: one law-enforcement request, from intake to sealed evidence.
//!
//! Nothing is staged: a node with a store, real keys and a real block answers an agency over mutual
//! TLS; four people act through its API; the example exchange's own database is frozen by SQL. What
//! is made up is the exchange, its customers and the case, and every exhibit says so.

mod agency;
mod client;
pub mod folder;
mod story;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use desk::policy::Role;
use server::api::directory::{NewAgency, NewStaff};
use server::app::{Node, Opening};
use server::config::Config;
use server::directory::console;
use server::keys::development::{self, Purpose};
use server::tls::Fingerprint;

use client::{Client, Identity};

/// Answers one law-enforcement request.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 every step held, 1 one did not.
Examples:
  comity demo
  comity demo --dir DIR --tsa http://tsa.example/ --tsa-root tsa.pem
The folder is made; it must be empty, missing, or an earlier demo's own.")]
pub struct Options {
    /// Folder of the demo.
    #[arg(long, default_value = "comity-demo")]
    dir: PathBuf,
    /// One JSON object instead of words: package, root, policy, leaves, hops, elapsed_ms.
    #[arg(long)]
    json: bool,
    /// Also ask this time-stamp authority (RFC 3161 over HTTP).
    #[arg(long, value_name = "URL", requires = "tsa_root")]
    tsa: Option<String>,
    /// Its root certificates, in PEM.
    #[arg(long, value_name = "FILE", requires = "tsa")]
    tsa_root: Option<PathBuf>,
}

impl Options {
    fn authority(&self) -> Option<(&str, &Path)> {
        Some((self.tsa.as_deref()?, self.tsa_root.as_deref()?))
    }
}

/// Staff of the example exchange: name and role.
const STAFF: [(&str, Role); 4] = [
    ("Vera Holm", Role::Verifier),
    ("Cora Lund", Role::Counsel),
    ("Bo Nyberg", Role::Analyst),
    ("Ada Wren", Role::Approver),
];
/// The agency of the story.
const AGENCY_NAME: &str = "Northhaven Police, Economic Crime Unit";
/// How its HI-1 messages name it.
const AGENCY_IDENTIFIER: &str = "NORTHHAVEN-ECU";

/// Everybody who acts in the story.
pub struct Cast {
    /// Verifier, counsel, analyst, approver.
    pub staff: Vec<Client>,
    /// The agency's machine.
    pub agency: Client,
    /// Where its files lie.
    pub agency_folder: PathBuf,
}

/// Runs `comity demo`.
pub fn run(options: &Options) -> Result<ExitCode> {
    let started = Instant::now();
    folder::prepare(&options.dir, options.authority())?;
    let mut lines = Lines { started, last: started, shown: !options.json };
    let outcome = crate::block_on(play(&options.dir, &mut lines));
    let ending = outcome.context("the demo did not hold; nothing of it should be trusted")?;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if options.json {
        let shown = serde_json::json!({
            "package": ending.package,
            "root": ending.root,
            "policy": ending.policy,
            "leaves": ending.leaves,
            "hops": ending.hops,
            "elapsed_ms": elapsed_ms,
        });
        println!("{shown}");
    } else {
        print!("{}", story::commands(&options.dir, &ending, elapsed_ms)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line of the story with the time it took.
pub struct Lines {
    started: Instant,
    last: Instant,
    shown: bool,
}

impl Lines {
    /// One step is done.
    pub fn say(&mut self, text: &str) {
        let (now, step) = (Instant::now(), self.last.elapsed());
        if self.shown {
            let at = now.duration_since(self.started);
            println!("{:>6.3} s  {:>+7.0} ms  {text}", at.as_secs_f64(), step.as_secs_f64() * 1e3);
        }
        self.last = now;
    }
}

async fn play(dir: &Path, lines: &mut Lines) -> Result<story::Ending> {
    let mut config = Config::read(&dir.join("comity.toml"))?;
    // Any free port: a demo must not fail because something else listens.
    config.node.listen = "127.0.0.1:0".to_owned();
    let keys = dir.join("keys");
    let (company, origin) = (config.company.name.clone(), config.node.origin.clone());
    let (hosts, seed) = (config.node.hosts.clone(), server::random_bytes()?);
    let now = crate::clock()();
    development::create(&keys, &company, &origin, &hosts, seed, now)?;
    lines.say("keys made: a development root, TLS, the company's seal, the log's key");

    let node = Arc::new(Node::open(config, crate::clock(), Opening::CreateIfMissing).await?);
    lines.say("node opened: SQLite, 10,000 made-up customers loaded, real block 702861 decoded");
    let staff = enrol_staff(&node, dir, &keys, &company).await?;
    let agency = enrol_agency(&node, dir, &keys).await?;
    let running = server::serve::start(node).await?;
    let root = std::fs::read(keys.join("root.pem"))?;
    let connect = |identity: &Identity| Client::new(running.address, &root, identity);
    let cast = Cast {
        staff: staff.iter().map(connect).collect::<Result<_>>()?,
        agency: connect(&agency)?,
        agency_folder: dir.join("agency"),
    };
    lines.say("4 staff and 1 agency enrolled, each by a certificate; serving over mutual TLS");
    let ending = story::tell(dir, &running.node, &cast, lines).await?;
    running.stop().await?;
    Ok(ending)
}

async fn enrol_staff(node: &Node, dir: &Path, keys: &Path, company: &str) -> Result<Vec<Identity>> {
    let folder = dir.join("staff");
    development::private_folder(&folder)?;
    let mut identities = Vec::new();
    for (name, role) in STAFF {
        let issued = development::issue(keys, company, name, Purpose::Client, &[], node.now())?;
        let stem = folder.join(role.as_str());
        development::write_new(&stem.with_extension("pem"), &issued.certificate_pem, 0o644)?;
        development::write_new(&stem.with_extension("key"), &issued.key_pem, 0o600)?;
        let certificate_sha256 = Fingerprint::of(&issued.certificate_der).to_string();
        let new =
            NewStaff { name: name.to_owned(), roles: vec![role], certificate_sha256, email: None };
        node.enrol_staff(&console(), &new).await?;
        identities.push(Identity::of(&issued));
    }
    Ok(identities)
}

async fn enrol_agency(node: &Node, dir: &Path, keys: &Path) -> Result<Identity> {
    let folder = dir.join("agency");
    development::private_folder(&folder)?;
    let issue =
        |purpose| development::issue(keys, AGENCY_NAME, AGENCY_NAME, purpose, &[], node.now());
    let (client, recipient) = (issue(Purpose::Client)?, issue(Purpose::Recipient)?);
    for (stem, issued) in [("client", &client), ("recipient", &recipient)] {
        let stem = folder.join(stem);
        development::write_new(&stem.with_extension("pem"), &issued.certificate_pem, 0o644)?;
        development::write_new(&stem.with_extension("key"), &issued.key_pem, 0o600)?;
    }
    let new = NewAgency {
        name: AGENCY_NAME.to_owned(),
        country: "XX".to_owned(),
        hi1_identifier: AGENCY_IDENTIFIER.to_owned(),
        regime: "generic".to_owned(),
        certificate_sha256: Fingerprint::of(&client.certificate_der).to_string(),
        recipients_pem: vec![recipient.certificate_pem],
        recipients_age: Vec::new(),
        endpoint: None,
        signature_keys: Vec::new(),
    };
    node.enrol_agency(&console(), &new).await?;
    Ok(Identity::of(&client))
}
