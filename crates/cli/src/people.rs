//! `comity staff` and `comity agency`: who may act, by client certificate.
//!
//! These open the store, so the node must not be served at the same time; a served node takes the
//! same through its API from an administrator's certificate.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use desk::policy::Role;
use server::api::directory::{NewAgency, NewStaff};
use server::app::{Node, Opening};
use server::config::Config;
use server::directory::console;
use server::keys::development::{self, Purpose};
use server::tls::Fingerprint;

/// Roles of a company's people; the other roles are the agency's, or the node's own.
const STAFF_ROLES: [Role; 8] = [
    Role::Verifier,
    Role::Counsel,
    Role::Analyst,
    Role::Approver,
    Role::OnCall,
    Role::Auditor,
    Role::Administrator,
    Role::Intake,
];

/// Staff.
#[derive(clap::Subcommand)]
pub enum Staff {
    /// Enrols a member of staff.
    #[command(after_help = "Examples:
  comity staff add --name 'Bo Lind' --role analyst --out staff/bo
  comity staff add --name 'Vera Holm' --role verifier --email vera@your.example \\
      --certificate vera.pem")]
    Add {
        #[command(flatten)]
        at: crate::At,
        /// Name, as it stands in custody lists.
        #[arg(long)]
        name: String,
        /// verifier, counsel, analyst, approver, on_call, auditor, administrator or intake; may
        /// be repeated.
        #[arg(long = "role", required = true, value_parser = role)]
        roles: Vec<Role>,
        /// Where "look at the portal" is mailed to.
        #[arg(long)]
        email: Option<String>,
        /// The person's client certificate in PEM.
        #[arg(long, conflicts_with = "out", required_unless_present = "out")]
        certificate: Option<PathBuf>,
        /// Or: certify a fresh key with the development root and write OUT.pem and OUT.key.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Lists staff.
    #[command(after_help = "Example:\n  comity staff list --config comity-demo/comity.toml")]
    List {
        #[command(flatten)]
        at: crate::At,
    },
}

/// Agencies.
#[derive(clap::Subcommand)]
pub enum Agency {
    /// Enrols an agency.
    #[command(after_help = "Example:
  comity agency add --name Police --country XX --hi1-identifier POLICE-1 --regime generic \\
    --certificate police.pem --recipient police-encryption.pem")]
    Add {
        #[command(flatten)]
        at: crate::At,
        /// Name.
        #[arg(long)]
        name: String,
        /// Country, two capital letters.
        #[arg(long)]
        country: String,
        /// How its HI-1 messages name it.
        #[arg(long)]
        hi1_identifier: String,
        /// Rule pack its requests are judged by.
        #[arg(long)]
        regime: String,
        /// Its client certificate in PEM.
        #[arg(long)]
        certificate: PathBuf,
        /// Certificate in PEM to which packages are encrypted; may be repeated.
        #[arg(long = "recipient")]
        recipients: Vec<PathBuf>,
        /// age recipient to which packages are encrypted; may be repeated.
        #[arg(long = "age-recipient")]
        age_recipients: Vec<String>,
        /// Where DELIVER messages are posted.
        #[arg(long)]
        endpoint: Option<String>,
    },
    /// Lists agencies.
    #[command(after_help = "Example:\n  comity agency list --config comity-demo/comity.toml")]
    List {
        #[command(flatten)]
        at: crate::At,
    },
}

/// Runs `comity staff`.
pub fn staff(command: &Staff) -> anyhow::Result<ExitCode> {
    match command {
        Staff::Add { at, name, roles, email, certificate, out } => {
            let config = Config::read(&at.config)?;
            let certificate_sha256 = match (certificate, out) {
                (Some(path), _) => fingerprint(path)?.to_string(),
                (None, Some(out)) => issue(&config, name, out)?.to_string(),
                (None, None) => anyhow::bail!("give --certificate or --out"),
            };
            let new = NewStaff {
                name: name.clone(),
                roles: roles.clone(),
                certificate_sha256,
                email: email.clone(),
            };
            with_node(config, async |node| {
                let id = node.enrol_staff(&console(), &new).await?;
                println!("{id}");
                Ok(())
            })
        }
        Staff::List { at } => with_node(Config::read(&at.config)?, async |node| {
            for person in node.directory().staff() {
                let roles: Vec<_> = person.roles.iter().map(|role| role.as_str()).collect();
                println!("{}  {}  {}", person.id, person.name, roles.join(" "));
            }
            Ok(())
        }),
    }
}

/// Runs `comity agency`.
pub fn agency(command: &Agency) -> anyhow::Result<ExitCode> {
    match command {
        Agency::Add {
            at,
            name,
            country,
            hi1_identifier,
            regime,
            certificate,
            recipients,
            age_recipients,
            endpoint,
        } => {
            let read = |path: &PathBuf| {
                std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))
            };
            let new = NewAgency {
                name: name.clone(),
                country: country.clone(),
                hi1_identifier: hi1_identifier.clone(),
                regime: regime.clone(),
                certificate_sha256: fingerprint(certificate)?.to_string(),
                recipients_pem: recipients.iter().map(read).collect::<anyhow::Result<_>>()?,
                recipients_age: age_recipients.clone(),
                endpoint: endpoint.clone(),
                signature_keys: Vec::new(),
            };
            with_node(Config::read(&at.config)?, async |node| {
                let (id, key) = node.enrol_agency(&console(), &new).await?;
                println!("{id} key {key}");
                Ok(())
            })
        }
        Agency::List { at } => with_node(Config::read(&at.config)?, async |node| {
            for agency in node.directory().agencies() {
                println!("{}  {}  {}  key {}", agency.id, agency.name, agency.regime, agency.key);
            }
            Ok(())
        }),
    }
}

/// Opens a node that nobody serves, and works with it.
pub(crate) fn with_node(
    config: Config,
    work: impl AsyncFnOnce(&Node) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    crate::block_on(async {
        let opened = Node::open(config, crate::clock(), Opening::CreateIfMissing).await;
        let node = opened.map_err(|error| match error.downcast_ref() {
            Some(store::OpenError::Locked { .. }) => error.context(
                "a served node holds its store: ask it (GET or POST /api/v1/staff, \
                 /api/v1/agencies) with an administrator's certificate, use its pages, or stop it",
            ),
            _ => error,
        })?;
        work(&node).await?;
        node.store.clone().close().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn fingerprint(path: &Path) -> anyhow::Result<Fingerprint> {
    let chain = server::keys::certificates(path)?;
    let first = chain.first().context("no certificate")?;
    Ok(Fingerprint::of(first))
}

fn issue(config: &Config, name: &str, out: &Path) -> anyhow::Result<Fingerprint> {
    let keys = config.path(&config.node.keys);
    let now = crate::clock()();
    let company = &config.company.name;
    let issued = development::issue(&keys, company, name, Purpose::Client, &[], now)?;
    if let Some(folder) = out.parent() {
        development::private_folder(folder)?;
    }
    development::write_new(&out.with_extension("pem"), &issued.certificate_pem, 0o644)?;
    development::write_new(&out.with_extension("key"), &issued.key_pem, 0o600)?;
    Ok(Fingerprint::of(&issued.certificate_der))
}

fn role(word: &str) -> Result<Role, String> {
    STAFF_ROLES.iter().copied().find(|role| role.as_str() == word).ok_or_else(|| {
        let known: Vec<_> = STAFF_ROLES.iter().map(|role| role.as_str()).collect();
        format!("no such role; one of {}", known.join(", "))
    })
}
