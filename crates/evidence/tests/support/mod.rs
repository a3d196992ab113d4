//! A sound package to start from, keys made by openssl, and a way to call outside checkers.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use evidence::bag::Bag;
use evidence::cms::certificate::Chain;
use evidence::cms::signature::SignatureAlgorithm;
use evidence::digest::Sha256;
use evidence::package::*;
use evidence::seal::{Seal, sealed_json, sign};
use evidence::table::{Amount, Column, ColumnKind, TableWriter, Value};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use jiff::Timestamp;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An exhibit of `row_count` withdrawals.
pub fn exhibit(number: u16, row_count: u32) -> Exhibit<'static> {
    let column = |name: &str, kind| Column { name: name.into(), kind };
    let columns = vec![
        column("account", ColumnKind::Text),
        column("at", ColumnKind::Time),
        column("asset", ColumnKind::Text),
        column("amount", ColumnKind::Amount),
        column("to_address", ColumnKind::Text),
        column("confirmations", ColumnKind::Integer),
        column("two_factor", ColumnKind::Boolean),
    ];
    let mut table = TableWriter::new(columns.clone(), Vec::new(), Vec::new()).unwrap();
    for row in 0..row_count {
        let seconds = i64::from(row) * 61;
        table
            .write_row(&[
                Value::Text(format!("UID-{}", 31_337 + row % 3).into()),
                Value::Time(Timestamp::from_second(1_632_700_000 + seconds).unwrap()),
                Value::Text("BTC".into()),
                Value::Amount(Amount::new(40_000_000 + i128::from(row), 8).unwrap()),
                Value::Text("bc1qexampleaddressxxxxxxxxxxxxxxxxxxxxxxx".into()),
                Value::Integer(i128::from(row)),
                if row % 2 == 0 { Value::Boolean(true) } else { Value::Null },
            ])
            .unwrap();
    }
    let (csv, json, summary) = table.finish().unwrap();
    let query_text = "select account, at, asset, amount, to_address, confirmations, two_factor \
                      from withdrawal where account = :account and at between :from and :to";
    Exhibit {
        facts: ExhibitFacts {
            number,
            title: "Withdrawals".into(),
            category: "traffic data".into(),
            source_system: "exchange ledger (PostgreSQL, read replica)".into(),
            query_text: query_text.into(),
            query_sha256: Sha256::of(query_text.as_bytes()),
            snapshot_at: at("2027-01-05T09:00:00Z"),
            row_count: summary.row_count,
            time_range: summary.time_range,
            withheld: vec![Withheld { row_count: 2, reason: "outside the range asked for".into() }],
            operator: "Ana".into(),
            approver: Some("Bo".into()),
            fiction: Some("addresses belong to nobody in this story".into()),
        },
        columns,
        csv: Content::digested_bytes(csv, summary.csv),
        json: Content::digested_bytes(json, summary.json),
    }
}

/// A full answer with three exhibits of `row_count` rows and one trace.
pub fn sample(row_count: u32) -> PackageInput<'static> {
    let trace_json = br#"{"v":1,"hops":[]}"#.as_slice();
    let trace_svg = br#"<svg xmlns="http://www.w3.org/2000/svg"/>"#.as_slice();
    PackageInput {
        name: Name::new("5e8d3a37-1").unwrap(),
        request: RequestFacts {
            request_id: "5e8d3a37-26a5-4b73-9d41-4b8a8b6a0a01".parse().unwrap(),
            package_number: 1,
            company_name: "Example Exchange Ltd".into(),
            agency_name: "Staatsanwaltschaft Frankfurt am Main".into(),
            agency_reference: "123 Js 1/27".into(),
            instrument: "EPOC".into(),
            instrument_number: Some("DE-FFM-2027-1".into()),
            legal_basis: "Regulation (EU) 2023/1543, Article 5".into(),
            issued_at: Some(at("2027-01-03T00:00:00Z")),
            received_at: at("2027-01-04T08:15:30Z"),
            time_range: Some(TimeRange {
                from: at("2021-09-01T00:00:00Z"),
                to: at("2021-10-01T00:00:00Z"),
            }),
            categories: vec!["subscriber data".into(), "traffic data".into()],
            purpose: Purpose::Case,
        },
        answers: vec![AskAnswer {
            number: 1,
            kind: "disclose".into(),
            outcome: Outcome::Partial { statement: "two rows are outside the range".into() },
            exhibits: vec![1, 2, 3, 4],
        }],
        authentication: Authentication::ByChannel,
        order: vec![OrderFile {
            name: Name::new("message.json").unwrap(),
            original_name: Some("Anordnung Ä/1.json".into()),
            media_type: "application/json".into(),
            content: Content::bytes(br#"{"Header":{}}"#.as_slice()),
        }],
        exhibits: (1..=3).map(|number| exhibit(number, row_count)).collect(),
        traces: vec![TraceExhibit {
            number: 4,
            title: "Path of 0.4 BTC".into(),
            engine: "comity trace 1".into(),
            inputs: vec![format!("block-702861 {}", Sha256::of(b"block"))],
            operator: "Ana".into(),
            approver: None,
            fiction: None,
            json: Content::bytes(trace_json),
            svg: Content::bytes(trace_svg),
        }],
        entities: vec![
            Entity::Account {
                identifier: "UID-31337".into(),
                login: Some("subject@example.net".into()),
                is_active: Some(true),
                exhibit: 1,
            },
            Entity::Address {
                value: "bc1qexampleaddressxxxxxxxxxxxxxxxxxxxxxxx".into(),
                description: "BTC withdrawal address".into(),
                account: Some("UID-31337".into()),
                exhibit: 1,
            },
            Entity::Event {
                kind: "crypto-withdrawal".into(),
                identifier: "txid:aa".into(),
                account: Some("UID-31337".into()),
                at: at("2021-09-27T15:29:06Z"),
                exhibit: Some(2),
            },
        ],
        custody: vec![
            CustodyStep {
                at: at("2027-01-04T08:15:30Z"),
                act: "received".into(),
                by: "desk".into(),
            },
            CustodyStep {
                at: at("2027-01-04T09:00:00Z"),
                act: "legally accepted".into(),
                by: "Cy".into(),
            },
        ],
        custodian: CustodianStatement {
            name: "Dana Custodian".into(),
            post: "Head of records".into(),
            qualification: "I supervise the systems that made these records.".into(),
            process: "The records were exported by fixed queries from the read replica.".into(),
            accuracy: "The query and every file carry a SHA-256 digest.".into(),
            practice: "They are made at the time of each transaction and kept since.".into(),
            declaration: "I declare under penalty of perjury that this is true.".into(),
            place: "Dublin".into(),
        },
        made_at: at("2027-01-05T10:00:00Z"),
        tool_version: "comity 0.1.0".into(),
        report: ReportWanted::None,
    }
}

/// A negative answer: nothing is held, and the search that found nothing is an exhibit.
pub fn negative() -> PackageInput<'static> {
    let mut input = sample(0);
    input.name = Name::new("5e8d3a37-2").unwrap();
    input.request.package_number = 2;
    input.exhibits.truncate(1);
    input.exhibits[0].facts.withheld.clear();
    input.traces.clear();
    input.entities.clear();
    input.answers = vec![AskAnswer {
        number: 1,
        kind: "disclose".into(),
        outcome: Outcome::Negative {
            statement: "no such account as of 2027-01-05T09:00:00Z; searched login and address"
                .into(),
        },
        exhibits: vec![1],
    }];
    input
}

/// A company root, seal certificates (EC and RSA), recipients, a time-stamp authority.
pub struct Keys {
    pub dir: tempfile::TempDir,
}

const CONFIG: &str = "\
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Placeholder
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[seal]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = 1.3.6.1.5.5.7.3.36
[rsa_recipient]
basicConstraints = critical,CA:false
keyUsage = critical,keyEncipherment
[ec_recipient]
basicConstraints = critical,CA:false
keyUsage = critical,keyAgreement
[tsa]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[loose_tsa]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = timeStamping
[tsa_section]
serial = ./tsaserial
crypto_device = builtin
signer_cert = ./tsa.pem
certs = ./root.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256,sha384,sha512
accuracy = secs:1
clock_precision_digits = 3
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
";

impl Keys {
    /// Makes a root. None when openssl is not there.
    pub fn new() -> Option<Self> {
        tool("openssl")?;
        let keys = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(keys.path("openssl.cnf"), CONFIG).unwrap();
        keys.root("root");
        Some(keys)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// A self-signed root: `<name>.pem`, `<name>.key`.
    pub fn root(&self, name: &str) {
        self.key(name, "EC:prime256v1");
        let subject = format!("/CN=Example {name}");
        let args = ["req", "-x509", "-new", "-config", "openssl.cnf", "-extensions", "ca"];
        let key = format!("{name}.key");
        let out = format!("{name}.pem");
        let rest = ["-days", "3650", "-subj", &subject, "-key", &key, "-out", &out];
        self.openssl(&[&args[..], &rest[..]].concat());
    }

    /// A certificate from the root: `<name>.pem`, `<name>.key`, `<name>.der` (PKCS#8).
    /// `kind` is `EC:<curve>` or `RSA:<bits>`; `usage` a section of the configuration.
    pub fn issue(&self, name: &str, kind: &str, usage: &str) {
        self.key(name, kind);
        let (key, csr, out) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let subject = format!("/CN=Example {name}");
        let new = ["req", "-new", "-config", "openssl.cnf", "-subj", &subject];
        self.openssl(&[&new[..], &["-key", &key, "-out", &csr]].concat());
        let sign = ["x509", "-req", "-days", "3650", "-CA", "root.pem", "-CAkey", "root.key"];
        let rest = ["-extfile", "openssl.cnf", "-extensions", usage, "-in", &csr, "-out", &out];
        self.openssl(&[&sign[..], &["-CAcreateserial"], &rest[..]].concat());
        let der = format!("{name}.der");
        let pkcs8 = ["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", &key, "-out", &der];
        self.openssl(&pkcs8);
    }

    fn key(&self, name: &str, kind: &str) {
        let (algorithm, size) = kind.split_once(':').unwrap();
        let option = match algorithm {
            "EC" => format!("ec_paramgen_curve:{size}"),
            _ => format!("rsa_keygen_bits:{size}"),
        };
        let key = format!("{name}.key");
        self.openssl(&["genpkey", "-algorithm", algorithm, "-pkeyopt", &option, "-out", &key]);
    }

    /// The chain of a certificate and the root.
    pub fn chain(&self, name: &str) -> Chain {
        let pem = self.text(&format!("{name}.pem")) + &self.text("root.pem");
        Chain::from_pem(&pem).unwrap()
    }

    /// Signs by the key of `name`.
    pub fn signature(&self, name: &str, message: &[u8]) -> Result<Vec<u8>, String> {
        let pkcs8 = self.read(&format!("{name}.der"));
        let random = SystemRandom::new();
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8) {
            return Ok(key.sign(&random, message).unwrap().as_ref().to_vec());
        }
        let key = RsaKeyPair::from_pkcs8(&pkcs8).map_err(|error| error.to_string())?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
        Ok(signature)
    }

    /// Signs the bag with the key of `name`; the proof is that of a log of one leaf.
    pub fn seal(&self, bag: &Bag<'_>, name: &str, algorithm: SignatureAlgorithm) -> Seal {
        let when = Timestamp::now_for_tests(self);
        let parts =
            sign(bag, &self.chain(name), algorithm, when, |message| self.signature(name, message))
                .unwrap();
        Seal {
            parts,
            sealed_json: sealed_json("{\"v\":1}", &[7; 32], &[]),
            proof: "c2sp.org/tlog-proof@v1\nindex 0\n\n".into(),
        }
    }

    /// Runs openssl in the folder; panics with its words when it fails.
    pub fn openssl(&self, args: &[&str]) -> String {
        let output = self.openssl_any(args);
        assert!(output.status.success(), "openssl {args:?}: {}", words(&output));
        words(&output)
    }

    pub fn openssl_any(&self, args: &[&str]) -> Output {
        run(self.dir.path(), "openssl", args)
    }
}

/// Certificates made by openssl start now; the seal's time only has to be near, so it is read
/// from the root certificate instead of a clock.
trait TimeOfKeys: Sized {
    fn now_for_tests(keys: &Keys) -> Self;
}

impl TimeOfKeys for Timestamp {
    fn now_for_tests(keys: &Keys) -> Self {
        let start = keys.openssl(&["x509", "-in", "root.pem", "-noout", "-startdate"]);
        let text = start.trim().trim_start_matches("notBefore=").trim_end_matches(" GMT");
        let civil = jiff::civil::DateTime::strptime("%b %e %H:%M:%S %Y", text).unwrap();
        civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    }
}

pub fn run(dir: &Path, program: impl AsRef<OsStr>, args: &[&str]) -> Output {
    Command::new(program).args(args).current_dir(dir).output().unwrap()
}

pub fn words(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// The path of a program, or a loud line and none.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    if found.is_none() {
        println!("SKIPPED: {name} is not installed, so it judged nothing");
    }
    found
}

/// Writes a bag and its seal as plain files; returns the top folder.
pub fn unpacked(bag: &Bag<'_>, seal: &Seal, into: &Path) -> PathBuf {
    let top = into.join(bag.name().as_str());
    let write = |path: &str, bytes: &[u8]| {
        let file = top.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    };
    for file in bag.files() {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file.content.open().unwrap(), &mut bytes).unwrap();
        write(&file.path, &bytes);
    }
    write(evidence::format::SEAL_P7S_PATH, &seal.parts.p7s);
    if let Some(tsr) = &seal.parts.tsr {
        write(evidence::format::SEAL_TSR_PATH, tsr);
    }
    write(evidence::format::SEALED_JSON_PATH, seal.sealed_json.as_bytes());
    write(evidence::format::SEALED_PROOF_PATH, seal.proof.as_bytes());
    write(evidence::format::CHAIN_PEM_PATH, seal.parts.chain_pem.as_bytes());
    top
}
