//! Development keys: a root of our own, and what it certifies.
//!
//! For trying things out and for tests. In production the seal certificate comes from a trust
//! service, server certificates from the company's own authority, and no root key lies here.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use ledger::note::SigningKey as LogKey;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::token::{Public, TokenKey};
use super::{KeyError, file, private_text};

/// Root certificates live this long.
const ROOT_YEARS: i16 = 10;
/// Everything the root certifies lives this long.
const LEAF_YEARS: i16 = 2;

/// What a certificate is for; decides its key usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// TLS server.
    Server,
    /// TLS client: one member of staff, or one agency.
    Client,
    /// The company's seal under tag manifests.
    Seal,
    /// The key to which packages for an agency are encrypted.
    Recipient,
}

/// A certificate and its key, both in PEM.
pub struct Issued {
    /// The certificate alone.
    pub certificate_pem: String,
    /// Its DER bytes.
    pub certificate_der: Vec<u8>,
    /// PKCS#8 in PEM.
    pub key_pem: String,
}

/// Makes every key a node needs in the empty or missing folder `dir`: root, server, seal, log.
///
/// `origin` names the log (a host and a path, no spaces); `hosts` are the names and addresses the
/// server answers to; `seed` is fresh randomness for the log's key.
///
/// # Errors
/// When a key is already there (nothing is overwritten) or the folder cannot be written.
pub fn create(
    dir: &Path,
    company: &str,
    origin: &str,
    hosts: &[String],
    seed: [u8; 32],
    now: Timestamp,
) -> Result<(), KeyError> {
    private_folder(dir)?;
    for name in [file::ROOT_KEY, file::SERVER_KEY, file::SEAL_KEY, file::LOG_KEY] {
        if dir.join(name).exists() {
            return Err(KeyError::Exists { dir: dir.to_owned(), name });
        }
    }
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let root_key = KeyPair::generate().map_err(|e| certificate_error(company, &e))?;
    let mut root = named(company, &format!("{company} development root"))?;
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut root, today, ROOT_YEARS);
    let root_certificate =
        root.self_signed(&root_key).map_err(|e| certificate_error(company, &e))?;
    write_new(&dir.join(file::ROOT_CERTIFICATE), &root_certificate.pem(), 0o644)?;
    write_new(&dir.join(file::ROOT_KEY), &root_key.serialize_pem(), 0o600)?;

    let server = issue(dir, company, "server", Purpose::Server, hosts, now)?;
    write_new(&dir.join(file::SERVER_CERTIFICATE), &server.certificate_pem, 0o644)?;
    write_new(&dir.join(file::SERVER_KEY), &server.key_pem, 0o600)?;
    let seal = issue(dir, company, &format!("{company} seal"), Purpose::Seal, &[], now)?;
    write_new(&dir.join(file::SEAL_CERTIFICATE), &seal.certificate_pem, 0o644)?;
    write_new(&dir.join(file::SEAL_KEY), &seal.key_pem, 0o600)?;

    let log = LogKey::from_seed(origin, seed)
        .map_err(|e| KeyError::Certificate { subject: origin.to_owned(), why: e.to_string() })?;
    let vkey = log.vkey().to_string();
    let id = vkey.split('+').nth(1).unwrap_or_default();
    let secret: Vec<u8> = std::iter::once(1).chain(seed).collect();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, secret);
    let text = format!("PRIVATE+KEY+{origin}+{id}+{encoded}\n");
    write_new(&dir.join(file::LOG_KEY), &text, 0o600)?;
    write_log_public(dir, &vkey)
}

/// Writes what is handed out of a log's key: the vkey, and a policy that names that log alone.
///
/// # Errors
/// When they are there already or cannot be written.
pub fn write_log_public(dir: &Path, vkey: &str) -> Result<(), KeyError> {
    write_new(&dir.join(file::LOG_PUBLIC), &format!("{vkey}\n"), 0o644)?;
    let policy = format!("log {vkey}\nquorum none\n");
    write_new(&dir.join(file::LOG_POLICY), &policy, 0o644)
}

/// A request for a certificate of a seal key in a token (PKCS#10, PEM), signed by that key.
///
/// # Errors
/// When the token does not sign, or the names cannot stand in a certificate.
pub fn seal_request(
    key: &TokenKey,
    country: &str,
    company: &str,
    name: &str,
) -> Result<String, KeyError> {
    let failed = |e: &rcgen::Error| certificate_error(name, e);
    let key = match key.public() {
        Public::EcdsaP256(_) => Remote { key, algorithm: &rcgen::PKCS_ECDSA_P256_SHA256 },
        Public::Rsa(_) => Remote { key, algorithm: &rcgen::PKCS_RSA_SHA256 },
        Public::Ed25519(_) => {
            let why = "a seal is signed with ECDSA on P-256 or RSA, not Ed25519".to_owned();
            return Err(KeyError::Certificate { subject: name.to_owned(), why });
        }
    };
    let mut params = named(company, name)?;
    params.distinguished_name.push(DnType::CountryName, country);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    let request = params.serialize_request(&key).map_err(|e| failed(&e))?;
    request.pem().map_err(|e| failed(&e))
}

/// A key in a token, as rcgen wants one.
struct Remote<'a> {
    key: &'a TokenKey,
    algorithm: &'static rcgen::SignatureAlgorithm,
}

impl rcgen::PublicKeyData for Remote<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.public().bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

impl rcgen::SigningKey for Remote<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        // rcgen has no place for words; `comity key show` has them.
        self.key.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// Certifies a fresh P-256 key with the development root in `dir`.
///
/// # Errors
/// When there is no development root here, or the name cannot stand in a certificate.
pub fn issue(
    dir: &Path,
    company: &str,
    subject: &str,
    purpose: Purpose,
    hosts: &[String],
    now: Timestamp,
) -> Result<Issued, KeyError> {
    let failed = |e: &rcgen::Error| certificate_error(subject, e);
    let root_path = dir.join(file::ROOT_CERTIFICATE);
    let root_pem = std::fs::read_to_string(&root_path)
        .map_err(|source| KeyError::Unreadable { path: root_path, source })?;
    let root_key =
        KeyPair::from_pem(&private_text(&dir.join(file::ROOT_KEY))?).map_err(|e| failed(&e))?;
    let issuer = Issuer::from_ca_cert_pem(&root_pem, root_key).map_err(|e| failed(&e))?;
    let mut params = named(company, subject)?;
    params.subject_alt_names =
        CertificateParams::new(hosts.to_vec()).map_err(|e| failed(&e))?.subject_alt_names;
    params.use_authority_key_identifier_extension = true;
    (params.key_usages, params.extended_key_usages) = match purpose {
        Purpose::Server => {
            (vec![KeyUsagePurpose::DigitalSignature], vec![ExtendedKeyUsagePurpose::ServerAuth])
        }
        Purpose::Client => {
            (vec![KeyUsagePurpose::DigitalSignature], vec![ExtendedKeyUsagePurpose::ClientAuth])
        }
        Purpose::Seal => {
            (vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment], vec![])
        }
        Purpose::Recipient => (vec![KeyUsagePurpose::KeyAgreement], vec![]),
    };
    valid(&mut params, now.to_zoned(jiff::tz::TimeZone::UTC).date(), LEAF_YEARS);
    let key = KeyPair::generate().map_err(|e| failed(&e))?;
    let certificate = params.signed_by(&key, &issuer).map_err(|e| failed(&e))?;
    Ok(Issued {
        certificate_pem: certificate.pem(),
        certificate_der: certificate.der().to_vec(),
        key_pem: key.serialize_pem(),
    })
}

/// Writes a file that must not exist yet, with the given permission bits.
///
/// # Errors
/// When it exists or cannot be written.
pub fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), KeyError> {
    let unwritable = |source| KeyError::Unreadable { path: path.to_owned(), source };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    file.sync_all().map_err(unwritable)
}

/// Makes a folder only its owner may enter, if it is not there yet.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder(dir: &Path) -> Result<(), KeyError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| KeyError::Unreadable { path: dir.to_owned(), source })
}

fn named(company: &str, common_name: &str) -> Result<CertificateParams, KeyError> {
    let mut params =
        CertificateParams::new(Vec::new()).map_err(|e| certificate_error(common_name, &e))?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, company);
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}

/// From the start of yesterday, so that a clock a little behind ours still accepts it.
fn valid(params: &mut CertificateParams, today: Date, years: i16) {
    let from = today.yesterday().unwrap_or(today);
    params.not_before = rcgen::date_time_ymd(
        i32::from(from.year()),
        from.month().unsigned_abs(),
        from.day().unsigned_abs(),
    );
    params.not_after = rcgen::date_time_ymd(
        i32::from(from.year() + years),
        // The 29th of February has no namesake in other years.
        from.month().unsigned_abs(),
        from.day().unsigned_abs().min(28),
    );
}

fn certificate_error(subject: &str, error: &rcgen::Error) -> KeyError {
    KeyError::Certificate { subject: subject.to_owned(), why: error.to_string() }
}
