//! `comity.toml`: the one file that says what a node is.
//!
//! Unknown keys are refused, with their line. Paths are relative to the file's own folder.

mod alarm;
mod database;
mod notices;
mod secret;
mod token;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

pub use alarm::{Alarm, OddHoursConfig};
pub use notices::{Mail, MailLanguage, MailTls, UserNotice, Webhook};
use serde::Deserialize;
pub use token::Token;

/// A configuration file larger than this is something else.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// Everything a node is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who answers.
    pub company: Company,
    /// Where the node listens and keeps its things.
    pub node: Node,
    /// The company's own records.
    pub records: Records,
    /// Blocks that traces may use.
    #[serde(default)]
    pub chain: Chain,
    /// The pages for officers and staff; without it there are none.
    #[serde(default)]
    pub web: Option<Web>,
    /// Signs of fraud; without it the program's own rules and no decoys.
    #[serde(default)]
    pub fraud: Fraud,
    /// The scanner of uploaded files; without it none are scanned.
    #[serde(default)]
    pub scan: Option<Scan>,
    /// A time-stamp authority; without one, seals are dated by the certificate's life only.
    #[serde(default)]
    pub timestamp: Option<TimestampAuthority>,
    /// What is told in public.
    #[serde(default)]
    pub transparency: Transparency,
    /// How long personal data are kept, where it differs from the rule packs.
    #[serde(default)]
    pub retention: BTreeMap<String, Retention>,
    /// What users are told of disclosures about them.
    #[serde(default)]
    pub user_notice: UserNotice,
    /// How people are told to look at the portal; without it nobody is.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// Machines that are told what happens.
    #[serde(default)]
    pub webhook: Vec<Webhook>,
    /// From when on something is unusual, and who is told.
    #[serde(default)]
    pub alarm: Alarm,
    /// Keys that lie in a token (PKCS#11) instead of files.
    #[serde(default)]
    pub token: Option<Token>,
    /// Folder that relative paths start from: where the file was read.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Who answers, and who speaks for the records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// Legal name.
    pub name: String,
    /// ISO 3166-1 alpha-2 country of the company; also its HI-1 country code.
    pub country: String,
    /// Identifier that HI-1 messages must name as receiver.
    pub hi1_identifier: String,
    /// Set when everything this node serves is made up; every package says so.
    #[serde(default)]
    pub fiction: Option<String>,
    /// Who vouches for the records (US FRE 902(11) to (14) and alike).
    pub custodian: Custodian,
}

/// Fields of the custodian's statement; evidence prints them as given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custodian {
    /// Name.
    pub name: String,
    /// Post.
    pub post: String,
    /// Why qualified to speak.
    pub qualification: String,
    /// Systems and process.
    pub process: String,
    /// Why the result is accurate.
    pub accuracy: String,
    /// Regular course of business.
    pub practice: String,
    /// The declaration in the form the law wants.
    pub declaration: String,
    /// Where it is made.
    pub place: String,
}

/// Where the node listens and keeps its things.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Address and port.
    pub listen: String,
    /// Names and addresses the server certificate is for.
    #[serde(default = "default_hosts")]
    pub hosts: Vec<String>,
    /// Name of the log: a host and a path, as C2SP tlog-checkpoint wants it.
    pub origin: String,
    /// `sqlite://FILE` or `postgres://...`; this or one of the next two.
    #[serde(default)]
    pub database: String,
    /// File with that address, readable by its owner only.
    #[serde(default)]
    pub database_file: Option<PathBuf>,
    /// Name of the credential with that address, which systemd gives the service.
    #[serde(default)]
    pub database_credential: Option<String>,
    /// Folder of the keys.
    #[serde(default = "default_keys")]
    pub keys: PathBuf,
    /// Folder of large blobs and spool files.
    #[serde(default = "default_data")]
    pub data: PathBuf,
    /// Whether those folders must lie on encrypted volumes, or what is stated of them.
    #[serde(default)]
    pub encrypted_disk: crate::disk::EncryptedDisk,
    /// How they are encrypted where it cannot be seen, and who vouches for it.
    #[serde(default)]
    pub encrypted_disk_statement: Option<String>,
}

/// Where the pages for officers and staff are served.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// Address and port. Without a certificate it must be loopback: behind a proxy, or for trying.
    pub listen: String,
    /// The site as the browser's address bar shows it: scheme, host, port. Passkeys belong to its
    /// host for ever.
    pub origin: String,
    /// The site's TLS certificate chain in PEM.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Its key.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Proxies in front of the site, by address: what they write into `X-Forwarded-For` is
    /// believed, of everybody else it is not read.
    #[serde(default)]
    pub proxies: Vec<std::net::IpAddr>,
}

/// The company's own records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// The catalog of sources, searches and effects.
    pub catalog: PathBuf,
    /// A catalog of made-up records, for practice requests; without it none are taken, unless the
    /// whole company is made up.
    #[serde(default)]
    pub practice: Option<PathBuf>,
}

/// Signs of fraud in requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fraud {
    /// What each sign is worth, in place of the program's own (crates/desk/signs.toml).
    #[serde(default)]
    pub rules: Option<PathBuf>,
    /// The list of decoys, made by `comity fraud canary`.
    #[serde(default)]
    pub canaries: Option<PathBuf>,
    /// Countries of networks: registry statistics or `start,end,country`.
    #[serde(default)]
    pub networks: Option<PathBuf>,
    /// Networks of anonymisers, one on each line.
    #[serde(default)]
    pub anonymisers: Option<PathBuf>,
}

/// The scanner that looks at files before they are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// Where clamd answers: `unix:/run/clamav/clamd.ctl`, or an address of this machine with a
    /// port. Files go there as they are, so no other machine can be named.
    pub clamd: crate::scan::Address,
    /// What becomes of files while it does not answer.
    pub unreachable: crate::scan::Unreachable,
    /// How long one file may take.
    #[serde(default = "default_wait")]
    pub wait_seconds: u32,
}

/// How long personal data are kept after a request has ended, for one rule pack.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days after the end, in place of the rule pack's own.
    pub days_after_end: u16,
}

/// What is told in public of the requests received.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transparency {
    /// Whether `/transparency` shows the published reports to anybody, without a log-in.
    #[serde(default)]
    pub public: bool,
}

/// Blocks that traces may use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Raw block files of Bitcoin's main network.
    #[serde(default)]
    pub blocks: Vec<PathBuf>,
    /// Their undo files, where there are any.
    #[serde(default)]
    pub undo: Vec<PathBuf>,
    /// Height of each block file, in the same order, where known.
    #[serde(default)]
    pub heights: Vec<u32>,
    /// The folder of a store that `comity chain` keeps, instead of block files.
    #[serde(default)]
    pub store: Option<PathBuf>,
    /// Account logs of EVM chains and Tron that `comity chain` keeps, one for each chain.
    #[serde(default)]
    pub accounts: Vec<PathBuf>,
}

/// A time-stamp authority (RFC 3161 over HTTP).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampAuthority {
    /// Where it answers.
    pub url: String,
    /// Its root certificates in PEM.
    pub roots: PathBuf,
    /// How long one attempt waits; then the job is tried again. Nothing is sealed without a token.
    #[serde(default = "default_wait")]
    pub wait_seconds: u32,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is too large.
    #[error("{}: {bytes} bytes, at most {CONFIG_BYTES_MAX}", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// A file that holds a secret is not what it must be.
    #[error(transparent)]
    Secret(#[from] crate::keys::KeyError),
    /// No service manager has given credentials.
    #[error(
        "{setting} is {name:?}, but no service manager has set CREDENTIALS_DIRECTORY: run under \
         systemd with LoadCredential= or LoadCredentialEncrypted=, or use {instead}"
    )]
    NoCredentials {
        /// The setting that names it.
        setting: &'static str,
        /// The setting for a file instead.
        instead: &'static str,
        /// The credential that was looked for.
        name: String,
    },
    /// It is not TOML, or a key is unknown, missing or of the wrong type.
    #[error("{}: {why}", path.display())]
    Contents {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with its line.
        why: String,
    },
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Naming the file, the line and the key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        let (bytes, mode) = (metadata.len(), metadata.permissions().mode());
        if bytes > CONFIG_BYTES_MAX {
            return Err(ConfigError::TooLarge { path: path.to_owned(), bytes });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let contents = |why: String| ConfigError::Contents { path: path.to_owned(), why };
        let mut config: Self = toml::from_str(&text).map_err(|e| contents(e.to_string()))?;
        config.folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let chain = &config.chain;
        if !chain.heights.is_empty() && chain.heights.len() != chain.blocks.len() {
            return Err(contents(format!(
                "chain.heights has {} entries for {} blocks; give one for each or none",
                chain.heights.len(),
                chain.blocks.len()
            )));
        }
        if let Some(why) = config.database_fault(mode) {
            return Err(contents(why));
        }
        if let Some(regime) = config.retention.keys().find(|it| desk::pack::embedded(it).is_none())
        {
            let known = desk::pack::embedded_all().iter().map(|pack| pack.reference.id.as_str());
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(contents(format!(
                "[retention] names {regime:?}, which is no rule pack of this release; it has \
                 {known}"
            )));
        }
        if let Some(why) = config.other_fault() {
            return Err(contents(why));
        }
        let country = &config.company.country;
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(contents(format!(
                "company.country is {country:?}; use two capital letters (ISO 3166-1)"
            )));
        }
        Ok(config)
    }

    fn other_fault(&self) -> Option<String> {
        self.notices_fault()
            .or_else(|| self.alarm.fault())
            .or_else(|| self.token.as_ref().and_then(Token::fault))
            .or_else(|| {
                self.node.encrypted_disk.fault(self.node.encrypted_disk_statement.as_deref())
            })
    }

    /// A path of the configuration, made absolute by the file's folder.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

fn default_hosts() -> Vec<String> {
    vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
}

fn default_keys() -> PathBuf {
    "keys".into()
}

fn default_data() -> PathBuf {
    "data".into()
}

fn default_wait() -> u32 {
    10
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const DATABASE: &str = "database = \"sqlite://desk.sqlite\"";

    pub(super) fn refused(extra: &str) -> String {
        let dir = tempfile::tempdir().expect("a folder for the test");
        said(dir.path(), write(dir.path(), DATABASE, extra, 0o600))
    }

    /// What is said of a configuration with this line about its database.
    pub(super) fn refused_in(database: &str, mode: u32) -> String {
        let dir = tempfile::tempdir().expect("a folder for the test");
        said(dir.path(), write(dir.path(), database, "", mode))
    }

    pub(super) fn read(dir: &Path, database: &str, mode: u32) -> Result<Config, ConfigError> {
        write(dir, database, "", mode)
    }

    fn said(dir: &Path, read: Result<Config, ConfigError>) -> String {
        match read {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string().replace(&dir.display().to_string(), ""),
        }
    }

    fn write(dir: &Path, database: &str, extra: &str, mode: u32) -> Result<Config, ConfigError> {
        let path = dir.join("comity.toml");
        let text = format!(
            r#"
[company]
name = "Lantern"
country = "SG"
hi1_identifier = "LANTERN"
custodian = {{ name = "", post = "", qualification = "", process = "", accuracy = "", practice = "", declaration = "", place = "" }}
[node]
listen = "127.0.0.1:0"
origin = "log.example/desk"
{database}
[records]
catalog = "catalog.toml"
{extra}"#
        );
        std::fs::write(&path, text).expect("the test writes its file");
        let rights = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, rights).expect("rights can be set");
        Config::read(&path)
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        expect![[r#"
            /comity.toml: TOML parse error at line 13, column 1
               |
            13 | catalogue = "x"
               | ^^^^^^^^^
            unknown field `catalogue`, expected `catalog` or `practice`
        "#]]
        .assert_eq(&refused("catalogue = \"x\""));
        expect!["accepted"].assert_eq(&refused(""));
    }

    #[test]
    fn heights_fit_blocks() {
        expect![
            "/comity.toml: chain.heights has 1 entries for 2 blocks; give one for each or none"
        ]
        .assert_eq(&refused("[chain]\nblocks = [\"a\", \"b\"]\nheights = [1]"));
    }
}
