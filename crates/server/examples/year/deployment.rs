//! A node for the example exchange, with four members of staff and four agencies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use desk::policy::{Actor, Role};
use jiff::Timestamp;
use server::api::directory::{NewAgency, NewStaff};
use server::app::{Node, Opening};
use server::config::{Chain, Config};
use server::directory::console;
use server::hi1::value::{CountryCode, EndpointId};
use server::keys::development::{self, Issued, Purpose};
use server::tls::Fingerprint;

use crate::orders::{REGIMES, Regime};

macro_rules! example {
    ($path:literal) => {
        ($path, include_bytes!(concat!("../../../../examples/exchange/", $path)).as_slice())
    };
}

/// What the node needs of `examples/exchange`.
const FILES: [(&str, &[u8]); 10] = [
    example!("comity.toml"),
    example!("catalog.toml"),
    example!("records/accounts.csv"),
    example!("records/customers.csv"),
    example!("records/deposit_addresses.csv"),
    example!("records/deposits.csv"),
    example!("records/holds.csv"),
    example!("records/logins.csv"),
    example!("records/merchants.csv"),
    example!("records/withdrawals.csv"),
];
/// The same, of files that have a header only.
const EMPTY: [(&str, &[u8]); 2] =
    [example!("records/record_holds.csv"), example!("records/notices.csv")];

/// An open node and everybody who acts on it.
pub struct Deployment {
    pub node: Arc<Node>,
    pub folder: PathBuf,
    pub company: EndpointId,
    pub verifier: Actor,
    pub counsel: Actor,
    pub analyst: Actor,
    pub approver: Actor,
    /// One for each of [`REGIMES`], in that order.
    pub agencies: Vec<Agency>,
}

/// An agency: who it is to the node, and its key to open packages with.
pub struct Agency {
    pub regime: &'static Regime,
    pub actor: Actor,
    pub endpoint: EndpointId,
    pub recipient: Issued,
}

impl Deployment {
    /// Writes the folder and opens a node on it, on SQLite or on the database given.
    pub async fn make(folder: &Path, database: Option<&str>) -> Result<Self> {
        for (path, bytes) in FILES.into_iter().chain(EMPTY) {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        }
        let mut config = Config::read(&folder.join("comity.toml"))?;
        if let Some(url) = database {
            url.clone_into(&mut config.node.database);
        }
        // No order here names a transaction.
        config.chain = Chain::default();
        let keys = folder.join("keys");
        let seed = server::random_bytes()?;
        let (company, origin) = (config.company.name.clone(), config.node.origin.clone());
        development::create(&keys, &company, &origin, &config.node.hosts, seed, Timestamp::now())?;
        let own = endpoint(&config.company.country, &config.company.hi1_identifier)?;
        let node = Node::open(config, Arc::new(Timestamp::now), Opening::CreateIfMissing).await?;
        let staff = Enrolling { node: &node, keys: &keys, organisation: &company };
        let mut agencies = Vec::with_capacity(REGIMES.len());
        for regime in &REGIMES {
            agencies.push(staff.agency(regime).await?);
        }
        Ok(Self {
            verifier: staff.person("Vera Holm", Role::Verifier).await?,
            counsel: staff.person("Cora Lund", Role::Counsel).await?,
            analyst: staff.person("Bo Nyberg", Role::Analyst).await?,
            approver: staff.person("Ada Wren", Role::Approver).await?,
            agencies,
            company: own,
            folder: folder.to_owned(),
            node: Arc::new(node),
        })
    }
}

struct Enrolling<'a> {
    node: &'a Node,
    keys: &'a Path,
    organisation: &'a str,
}

impl Enrolling<'_> {
    async fn person(&self, name: &str, role: Role) -> Result<Actor> {
        let issued = self.issue(name, Purpose::Client)?;
        let certificate = Fingerprint::of(&issued.certificate_der);
        let certificate_sha256 = certificate.to_string();
        let new =
            NewStaff { name: name.to_owned(), roles: vec![role], certificate_sha256, email: None };
        self.node.enrol_staff(&console(), &new).await?;
        self.node.directory().actor(&certificate).context("enrolled staff can act")
    }

    async fn agency(&self, regime: &'static Regime) -> Result<Agency> {
        let client = self.issue(regime.agency, Purpose::Client)?;
        let recipient = self.issue(regime.agency, Purpose::Recipient)?;
        let certificate = Fingerprint::of(&client.certificate_der);
        let new = NewAgency {
            name: regime.agency.to_owned(),
            country: regime.country.to_owned(),
            hi1_identifier: regime.identifier.to_owned(),
            regime: regime.pack.to_owned(),
            certificate_sha256: certificate.to_string(),
            recipients_pem: vec![recipient.certificate_pem.clone()],
            recipients_age: Vec::new(),
            endpoint: None,
            signature_keys: Vec::new(),
        };
        self.node.enrol_agency(&console(), &new).await?;
        let actor = self.node.directory().actor(&certificate).context("enrolled agencies act")?;
        let endpoint = endpoint(regime.country, regime.identifier)?;
        Ok(Agency { regime, actor, endpoint, recipient })
    }

    fn issue(&self, name: &str, purpose: Purpose) -> Result<Issued> {
        let now = self.node.now();
        Ok(development::issue(self.keys, self.organisation, name, purpose, &[], now)?)
    }
}

fn endpoint(country: &str, identifier: &str) -> Result<EndpointId> {
    let country = CountryCode::new(country).context("two capital letters")?;
    Ok(EndpointId { country, identifier: identifier.to_owned() })
}
