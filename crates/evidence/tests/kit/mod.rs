//! The tamper kit: one sound package, keys of everybody concerned, and ways to make it again from
//! any layer upwards, so that a defect is the only one.

#![allow(dead_code, missing_docs)] // each test file uses another part of the kit

pub mod asn1;
pub mod officer;
pub mod pack;
pub mod sample;

use evidence::archive::write_zip;
use evidence::bag::Bag;
use evidence::cms::certificate::Chain;
use evidence::cms::signature::SignatureAlgorithm;
use evidence::format as f;
use evidence::package::{PackageInput, ReportWanted};
use evidence::seal;
use evidence::verify::{Anchors, Report, verify};
use ledger::checkpoint::Checkpoint;
use ledger::cosignature::CosigningKey;
use ledger::note::{KeyName, PosixSeconds, SigningKey};
use ledger::policy::Policy;
use ledger::proof::TlogProof;
use ledger::{Entry, Hash, LeafIndex, TreeSize, leaf_hash, node_hash};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

pub use asn1::Cms;
pub use pack::{Item, Tail};

pub const TOP: &str = "req-2026-000417-1";
pub const ORIGIN: &str = "log.example/desk";
pub const WITNESS: &str = "witness.example/w1";
pub const SALT: [u8; 32] = [0x5a; 32];

/// A certificate with its key.
pub struct Identity {
    pub der: Vec<u8>,
    pub key: Vec<u8>,
}

/// What a test certificate is to be.
pub struct Wanted<'a> {
    pub name: &'a str,
    pub serial: u8,
    pub until_year: i32,
    pub authority: bool,
    pub usage: Vec<KeyUsagePurpose>,
    pub extended: Vec<ExtendedKeyUsagePurpose>,
    pub eku_critical: bool,
}

/// Everybody concerned.
pub struct Kit {
    pub root: Identity,
    pub seal: Identity,
    pub expired: Identity,
    pub encipher_only: Identity,
    pub other_root: Identity,
    pub other_seal: Identity,
    pub below_leaf: Identity,
    pub tsa_root: Identity,
    pub tsa: Identity,
    pub tsa_loose: Identity,
    pub tsa_plain: Identity,
    pub log: SigningKey,
    pub other_log: SigningKey,
    pub witness: CosigningKey,
    pub stranger: CosigningKey,
}

/// A package as its files, seal included.
pub type Files = BTreeMap<String, Vec<u8>>;

pub fn leaf_wanted(name: &str) -> Wanted<'_> {
    Wanted {
        name,
        serial: 17,
        until_year: 2028,
        authority: false,
        usage: vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment],
        extended: Vec::new(),
        eku_critical: false,
    }
}

fn root_wanted(name: &str) -> Wanted<'_> {
    let usage = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Wanted { authority: true, serial: 1, usage, ..leaf_wanted(name) }
}

/// A certificate by `issuer`, or by itself.
pub fn identity(wanted: Wanted<'_>, issuer: Option<(&Wanted<'_>, &Identity)>) -> Identity {
    let parameters = |wanted: &Wanted<'_>| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, wanted.name);
        parameters.serial_number = Some(SerialNumber::from_slice(&[wanted.serial]));
        parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(wanted.until_year, 1, 1);
        parameters.key_usages = wanted.usage.clone();
        parameters.extended_key_usages = wanted.extended.clone();
        parameters.is_ca =
            if wanted.authority { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        if wanted.eku_critical {
            parameters.extended_key_usages.clear();
            let usage = asn1::tlv(0x30, &[&asn1::oid("1.3.6.1.5.5.7.3.8")]);
            let mut extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 37], usage);
            extension.set_criticality(true);
            parameters.custom_extensions.push(extension);
        }
        parameters
    };
    let key = KeyPair::generate().expect("a key");
    let certificate = match issuer {
        None => parameters(&wanted).self_signed(&key),
        Some((above, identity)) => {
            let above_key = KeyPair::try_from(&identity.key[..]).expect("its key");
            let issuer = Issuer::new(parameters(above), above_key);
            parameters(&wanted).signed_by(&key, &issuer)
        }
    };
    let der = certificate.expect("a certificate").der().to_vec();
    Identity { der, key: key.serialize_der() }
}

impl Kit {
    pub fn new() -> Self {
        let (root_w, other_w) = (root_wanted("Example Exchange Root"), root_wanted("Other Root"));
        let tsa_w = root_wanted("Time Root");
        let root = identity(root_wanted("Example Exchange Root"), None);
        let other_root = identity(root_wanted("Other Root"), None);
        let tsa_root = identity(root_wanted("Time Root"), None);
        let below = leaf_wanted("Example Exchange Seal");
        let by_root = |wanted| identity(wanted, Some((&root_w, &root)));
        let by_tsa = |wanted| identity(wanted, Some((&tsa_w, &tsa_root)));
        let seal = by_root(leaf_wanted("Example Exchange Seal"));
        let stamping = vec![ExtendedKeyUsagePurpose::TimeStamping];
        Self {
            expired: by_root(Wanted { until_year: 2026, ..leaf_wanted("Old Seal") }),
            encipher_only: by_root(Wanted {
                usage: vec![KeyUsagePurpose::KeyEncipherment],
                ..leaf_wanted("Web Server")
            }),
            other_seal: identity(leaf_wanted("Other Seal"), Some((&other_w, &other_root))),
            below_leaf: identity(leaf_wanted("Below Seal"), Some((&below, &seal))),
            tsa: by_tsa(Wanted { eku_critical: true, ..leaf_wanted("Time Authority") }),
            tsa_loose: by_tsa(Wanted { extended: stamping, ..leaf_wanted("Loose Authority") }),
            tsa_plain: by_tsa(leaf_wanted("No Authority")),
            log: SigningKey::from_seed(ORIGIN, [1; 32]).expect("a key"),
            other_log: SigningKey::from_seed(ORIGIN, [2; 32]).expect("a key"),
            witness: CosigningKey::from_seed(WITNESS, [3; 32]).expect("a key"),
            stranger: CosigningKey::from_seed("stranger.example/x", [4; 32]).expect("a key"),
            root,
            seal,
            other_root,
            tsa_root,
        }
    }

    pub fn policy(&self) -> Policy {
        let text =
            format!("log {}\nwitness w1 {}\nquorum w1\n", self.log.vkey(), self.witness.vkey());
        Policy::parse(text.as_bytes()).expect("a policy")
    }

    /// All anchors.
    pub fn anchors(&self) -> Anchors {
        Anchors::none()
            .with_roots(&self.root.der)
            .and_then(|anchors| anchors.with_tsa_roots(&self.tsa_root.der))
            .expect("certificates")
            .with_policy(self.policy())
    }

    pub fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.seal.der.clone(), self.root.der.clone()]
    }

    /// The sound package, every byte by the writer.
    pub fn sound_zip(&self, input: PackageInput<'_>) -> Vec<u8> {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
        let bag = Bag::build(input).expect("a bag");
        let chain = Chain::from_der(self.chain()).expect("a chain");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.seal.key);
        let key = key.expect("a key");
        let random = aws_lc_rs::rand::SystemRandom::new();
        let time = sample::at("2026-11-20T11:06:40Z");
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        let sign = |message: &[u8]| {
            key.sign(&random, message).map(|s| s.as_ref().to_vec()).map_err(|e| e.to_string())
        };
        let mut parts = seal::sign(&bag, &chain, algorithm, time, sign).expect("a signature");
        parts.tsr = Some(self.token(&parts.p7s));
        let digests = parts.digests(&bag);
        let record = record(
            &digests.tagmanifest_sha256.to_string(),
            &digests.p7s_sha256.to_string(),
            digests.tsr_sha256.map(|digest| digest.to_string()).as_deref(),
            &digests.chain_sha256.to_string(),
        );
        let sealed_json = seal::sealed_json(&record, &SALT, &[WITNESS.to_owned()]);
        let proof = self.proof(&record, |_| {});
        let seal = seal::Seal { parts, sealed_json, proof };
        write_zip(&bag, &seal, Cursor::new(Vec::new())).expect("a zip").into_inner()
    }

    pub fn token(&self, p7s: &[u8]) -> Vec<u8> {
        let certificates = [self.tsa.der.clone()];
        asn1::time_stamp(p7s, "20261120110641Z", &certificates, &self.tsa.key, |_, _| {})
    }

    /// A proof for `record` as the third of five leaves.
    pub fn proof(&self, record: &str, change: impl Fn(&mut ProofPlan)) -> String {
        let mut plan = ProofPlan {
            record: record.to_owned(),
            salt: SALT,
            index: 2,
            origin: ORIGIN.to_owned(),
            log: self.log.clone(),
            cosigners: vec![self.witness.clone()],
        };
        change(&mut plan);
        let leaf = Entry::of(f::RECORD_TAG, &plan.salt, plan.record.as_bytes()).leaf_hash();
        let mut leaves: Vec<Hash> = (0..5u8).map(|n| leaf_hash([n; 32])).collect();
        leaves[2] = leaf;
        let origin = KeyName::parse(&plan.origin).expect("a name");
        let checkpoint = Checkpoint::new(&origin, TreeSize(5), root_of(&leaves));
        let mut signed = checkpoint.clone().sign(&plan.log).expect("signed");
        for cosigner in &plan.cosigners {
            let time = PosixSeconds::new(1_795_172_900).expect("a time");
            signed.add(cosigner.cosign(&checkpoint, time)).expect("added");
        }
        let path = path_of(&leaves, plan.index);
        TlogProof::new(LeafIndex(plan.index as u64), path, &signed).to_string()
    }

    /// A proof for `record` as a leaf of eight, cosigned.
    pub fn leaf_proof(&self, record: &str, place: usize) -> String {
        let mut leaves: Vec<Hash> = (0..8u8).map(|n| leaf_hash([n; 32])).collect();
        leaves[place] = Entry::of(f::RECORD_TAG, &SALT, record.as_bytes()).leaf_hash();
        let origin = KeyName::parse(ORIGIN).expect("a name");
        let checkpoint = Checkpoint::new(&origin, TreeSize(8), root_of(&leaves));
        let mut signed = checkpoint.clone().sign(&self.log).expect("signed");
        let time = PosixSeconds::new(1_795_172_000).expect("a time");
        signed.add(self.witness.cosign(&checkpoint, time)).expect("added");
        TlogProof::new(LeafIndex(place as u64), path_of(&leaves, place), &signed).to_string()
    }

    /// Manifests, signature, token, record and proof made again over the payload as it is.
    pub fn relist(&self, files: &mut Files) {
        let payload: Vec<String> =
            files.keys().filter(|path| path.starts_with("data/")).cloned().collect();
        let list = |digest: &dyn Fn(&[u8]) -> String| {
            let line = |path: &String| format!("{}  {path}\n", digest(&files[path]));
            payload.iter().map(line).collect::<String>()
        };
        let short = list(&|bytes| hex::encode(asn1::sha256(bytes)));
        let long = list(&sha512);
        let bytes: usize = payload.iter().map(|path| files[path].len()).sum();
        let info = String::from_utf8(files[f::BAG_INFO_PATH].clone()).expect("UTF-8");
        let rest = info.split_once('\n').expect("lines").1;
        let info = format!("Payload-Oxum: {bytes}.{}\n{rest}", payload.len());
        files.insert(f::BAG_INFO_PATH.into(), info.into_bytes());
        files.insert(f::MANIFEST_SHA256_PATH.into(), short.into_bytes());
        files.insert(f::MANIFEST_SHA512_PATH.into(), long.into_bytes());
        self.retag(files);
    }

    /// The tag manifest and the seal made again over the root as it is.
    pub fn retag(&self, files: &mut Files) {
        let line = |path: &&str| format!("{}  {path}\n", hex::encode(asn1::sha256(&files[*path])));
        let lines: String = f::TAGMANIFEST_LISTS.iter().map(line).collect();
        files.insert(f::TAGMANIFEST_PATH.into(), lines.into_bytes());
        self.reseal(files, |_| {});
    }

    /// The seal made again over the tag manifest as it is, after `change`.
    pub fn reseal(&self, files: &mut Files, change: impl Fn(&mut SealPlan)) {
        let mut plan = SealPlan {
            certificates: self.chain(),
            signer: self.seal.der.clone(),
            key: self.seal.key.clone(),
            cms: None,
            p7s: None,
            tsr: TokenPlan::Sound,
        };
        change(&mut plan);
        let tagmanifest = files[f::TAGMANIFEST_PATH].clone();
        let cms = plan.cms.clone();
        let cms = cms.unwrap_or_else(|| Cms::detached(&tagmanifest, &plan.certificates));
        let p7s = plan.p7s.clone().unwrap_or_else(|| cms.sign(&plan.signer, &plan.key));
        files.insert(f::SEAL_P7S_PATH.into(), p7s.clone());
        match &plan.tsr {
            TokenPlan::Sound => {
                files.insert(f::SEAL_TSR_PATH.into(), self.token(&p7s));
            }
            TokenPlan::Bytes(bytes) => {
                files.insert(f::SEAL_TSR_PATH.into(), bytes.clone());
            }
            TokenPlan::None => {
                files.remove(f::SEAL_TSR_PATH);
            }
        }
        let chain = Chain::from_der(plan.certificates).expect("a chain").to_pem();
        files.insert(f::CHAIN_PEM_PATH.into(), chain.into_bytes());
        self.rerecord(files, |_| {});
    }

    /// The log record and proof made again over the seal as it is, after `change`.
    pub fn rerecord(&self, files: &mut Files, change: impl Fn(&mut String)) {
        let digest = |path: &str| files.get(path).map(|bytes| hex::encode(asn1::sha256(bytes)));
        let mut record = record(
            &digest(f::TAGMANIFEST_PATH).expect("there"),
            &digest(f::SEAL_P7S_PATH).expect("there"),
            digest(f::SEAL_TSR_PATH).as_deref(),
            &digest(f::CHAIN_PEM_PATH).expect("there"),
        );
        change(&mut record);
        let sealed = seal::sealed_json(&record, &SALT, &[WITNESS.to_owned()]);
        files.insert(f::SEALED_JSON_PATH.into(), sealed.into_bytes());
        files.insert(f::SEALED_PROOF_PATH.into(), self.proof(&record, |_| {}).into_bytes());
    }

    /// The proof made again after `change`, for the record as it is.
    pub fn reprove(&self, files: &mut Files, change: impl Fn(&mut ProofPlan)) {
        let sealed: serde_json::Value =
            serde_json::from_slice(&files[f::SEALED_JSON_PATH]).expect("JSON");
        let record = sealed["record"].as_str().expect("text").to_owned();
        files.insert(f::SEALED_PROOF_PATH.into(), self.proof(&record, change).into_bytes());
    }
}

/// What goes into a proof.
pub struct ProofPlan {
    pub record: String,
    pub salt: [u8; 32],
    pub index: usize,
    pub origin: String,
    pub log: SigningKey,
    pub cosigners: Vec<CosigningKey>,
}

/// What goes into a seal.
pub struct SealPlan {
    pub certificates: Vec<Vec<u8>>,
    pub signer: Vec<u8>,
    pub key: Vec<u8>,
    pub cms: Option<Cms>,
    pub p7s: Option<Vec<u8>>,
    pub tsr: TokenPlan,
}

/// Which time-stamp.
pub enum TokenPlan {
    Sound,
    Bytes(Vec<u8>),
    None,
}

/// The log record of a seal (contract of the log: key order, compact).
pub fn record(tagmanifest: &str, p7s: &str, tsr: Option<&str>, chain: &str) -> String {
    let tsr = tsr.map_or("null".to_owned(), |digest| format!("\"{digest}\""));
    format!(
        "{{\"v\":1,\"stream\":\"01934cd2-7a10-7c3e-9b51-2f6d10a477e2\",\"seq\":17,\
         \"at\":\"2026-11-20T11:06:42.000000Z\",\"event\":{{\"kind\":\"sealed\",\"asks\":[1,2,3],\
         \"tagmanifest_sha256\":\"{tagmanifest}\",\"p7s_sha256\":\"{p7s}\",\"tsr_sha256\":{tsr},\
         \"chain_sha256\":\"{chain}\"}},\"payload\":null}}"
    )
}

pub fn sha512(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, bytes))
}

/// The files of a zip, read by another library than the verifier's.
pub fn unzip(bytes: &[u8]) -> Files {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut files = Files::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("an entry");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("its bytes");
        let path = file.name().expect("a name").split_once('/').expect("a top folder").1.to_owned();
        files.insert(path, content);
    }
    files
}

/// Entries in the format's order: root, payload, seal.
pub fn items(files: &Files) -> Vec<Item> {
    let rank = |path: &str| {
        let place = |list: &[&str]| list.iter().position(|known| *known == path);
        match (place(&f::ROOT_PATHS), place(&f::SEAL_PATHS)) {
            (Some(index), _) => (0, index),
            (_, Some(index)) => (2, index),
            (None, None) => (if path.starts_with("data/") { 1 } else { 3 }, 0),
        }
    };
    let mut paths: Vec<&String> = files.keys().collect();
    paths.sort_by_key(|path| (rank(path), (*path).clone()));
    paths.iter().map(|path| Item::stored(&format!("{TOP}/{path}"), &files[*path])).collect()
}

pub fn zipped(files: &Files) -> Vec<u8> {
    pack::zip(&items(files), &Tail::default())
}

pub fn check(bytes: &[u8], anchors: &Anchors) -> Report {
    verify(Cursor::new(bytes), anchors).expect("memory can be read")
}

pub fn typical() -> PackageInput<'static> {
    sample::answer(12, ReportWanted::Pdf)
}

fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [one] => *one,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(&root_of(&leaves[..split]), &root_of(&leaves[split..]))
        }
    }
}

/// RFC 6962 section 2.1.1, leaf's sibling first.
fn path_of(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let (mut path, other) = if index < split {
        (path_of(left, index), root_of(right))
    } else {
        (path_of(right, index - split), root_of(left))
    };
    path.push(other);
    path
}
