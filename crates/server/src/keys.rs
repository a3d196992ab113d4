//! Keys of one node: where they lie, how they are read, what they sign.
//!
//! Knows no requests. Private keys are files only their owner may read; anything else is
//! refused, so that a careless copy is noticed before it is used. The seal key and the log's key
//! may lie in a token instead, and are never here then.

pub mod development;
pub mod token;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::AES_256_GCM;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use evidence::cms::certificate::Chain;
use evidence::cms::signature::SignatureAlgorithm;
use ledger::note::SigningKey as LogKey;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use token::{Public, TokenKey};
use zeroize::Zeroizing;

use crate::config::Config;

/// A key file larger than this is not a key file.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;
/// Environment variable with the passphrase of an encrypted seal key.
pub const SEAL_PASSPHRASE_VARIABLE: &str = "COMITY_SEAL_PASSPHRASE";

/// What a key that is derived from the log's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derived {
    /// Drafts are sealed under it (docs/decisions/189).
    Drafts,
    /// The secrets of mailed links are made with it (docs/decisions/198).
    Links,
}

impl Derived {
    /// Without a line feed at its end it is no text of a note.
    fn label(self) -> &'static str {
        match self {
            Self::Drafts => "comity drafts v1",
            Self::Links => "comity links v1",
        }
    }
}

/// Names of the files in a key folder.
pub mod file {
    /// Root certificate of the development authority, in PEM.
    pub const ROOT_CERTIFICATE: &str = "root.pem";
    /// Its key. Absent in production, where certificates come from elsewhere.
    pub const ROOT_KEY: &str = "root.key";
    /// The server's TLS certificate chain.
    pub const SERVER_CERTIFICATE: &str = "server.pem";
    /// The server's TLS key.
    pub const SERVER_KEY: &str = "server.key";
    /// The seal certificate, followed by any intermediates.
    pub const SEAL_CERTIFICATE: &str = "seal.pem";
    /// The seal key: PKCS#8 in PEM, plain or passphrase-protected.
    pub const SEAL_KEY: &str = "seal.key";
    /// The log's key as a signed-note private key text.
    pub const LOG_KEY: &str = "log.key";
    /// The log's public key as a vkey, to hand out.
    pub const LOG_PUBLIC: &str = "log.vkey";
    /// A C2SP tlog policy naming that log, to hand to those who verify.
    pub const LOG_POLICY: &str = "policy.txt";
    /// The newest checkpoint this log has signed, kept apart from the database.
    pub const LOG_CHECKPOINT: &str = "log.checkpoint";
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is missing or unreadable.
    #[error("{}: {source}; `comity key new --dir DIR` makes development keys", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read the key.
    #[error(
        "{path}: other users may read this key (mode {mode:o}); run: chmod 600 {path}",
        path = path.display()
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The contents are not what they should be.
    #[error("{}: {why}", path.display())]
    Contents {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        why: String,
    },
    /// The key cannot sign.
    #[error("the seal key refused to sign")]
    Signing,
    /// The token in which the key lies does not do what it is asked.
    #[error("{uri}: {source}")]
    Token {
        /// Which key.
        uri: String,
        /// Why not.
        source: Box<token::TokenError>,
    },
    /// The folder already holds keys.
    #[error("{} already holds {name}; keys are never overwritten", dir.display())]
    Exists {
        /// The folder.
        dir: PathBuf,
        /// The first file found.
        name: &'static str,
    },
    /// A certificate could not be made.
    #[error("certificate for {subject}: {why}")]
    Certificate {
        /// Whose.
        subject: String,
        /// What the library said.
        why: String,
    },
}

/// The company's seal: signs tag manifests, and carries the certificates that say whose it is.
pub struct Seal {
    key: SealKey,
    chain: Chain,
}

enum SealKey {
    EcdsaP256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Token(Box<TokenKey>, SignatureAlgorithm),
}

impl Seal {
    /// Opens the seal of a node: the key in its token or folder, the certificates in the folder.
    ///
    /// # Errors
    /// As [`Seal::read`] and [`TokenKey::open`].
    pub fn of(config: &Config) -> Result<Self, KeyError> {
        let dir = config.path(&config.node.keys);
        let Some(place) = config.seal_token() else {
            let passphrase = std::env::var(SEAL_PASSPHRASE_VARIABLE).ok().map(Zeroizing::new);
            return Self::read(&dir, passphrase.as_ref().map(|secret| secret.as_str()));
        };
        let uri = place.object.to_string();
        let key = TokenKey::open(place)?;
        let algorithm = match key.public() {
            Public::EcdsaP256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Public::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            Public::Ed25519(_) => {
                let why = "a seal is signed with ECDSA on P-256 or RSA, and this is Ed25519";
                return Err(key.refused(why.to_owned()));
            }
        };
        Self::with(SealKey::Token(Box::new(key), algorithm), &dir, &uri)
    }

    /// Reads the seal key and its certificates from `dir`.
    ///
    /// # Errors
    /// When a file is missing, readable by others, not a P-256 or RSA key in PKCS#8, or when key
    /// and certificate are not of one pair.
    pub fn read(dir: &Path, passphrase: Option<&str>) -> Result<Self, KeyError> {
        let path = dir.join(file::SEAL_KEY);
        let pem = private_text(&path)?;
        let der = pkcs8_der(&path, &pem, passphrase)?;
        let key = if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der)
        {
            SealKey::EcdsaP256(pair)
        } else if let Ok(pair) = RsaKeyPair::from_pkcs8(&der) {
            SealKey::Rsa(pair)
        } else {
            let why = "neither an ECDSA P-256 nor an RSA key in PKCS#8".to_owned();
            return Err(KeyError::Contents { path, why });
        };
        Self::with(key, dir, file::SEAL_KEY)
    }

    fn with(key: SealKey, dir: &Path, name: &str) -> Result<Self, KeyError> {
        let path = dir.join(file::SEAL_CERTIFICATE);
        let chain = Chain::from_der(certificates(&path)?)
            .map_err(|error| KeyError::Contents { path: path.clone(), why: error.to_string() })?;
        let seal = Self { key, chain };
        if !seal.belongs_together() {
            let why = format!(
                "the first certificate is of another key than {name}; give the certificate that \
                 was issued for that key"
            );
            return Err(KeyError::Contents { path, why });
        }
        Ok(seal)
    }

    /// Whether the first certificate holds the key's public half: an uncompressed point, or an
    /// RSAPublicKey, as both stand in a certificate.
    fn belongs_together(&self) -> bool {
        let public = match &self.key {
            SealKey::EcdsaP256(pair) => pair.public_key().as_ref(),
            SealKey::Rsa(pair) => pair.public_key().as_ref(),
            SealKey::Token(key, _) => key.public().bytes(),
        };
        let own = self.chain.certificates().first();
        own.is_some_and(|der| der.windows(public.len()).any(|part| part == public))
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        match &self.key {
            SealKey::EcdsaP256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            SealKey::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            SealKey::Token(_, algorithm) => *algorithm,
        }
    }

    /// The seal certificate and those above it.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Signs `message` with SHA-256 and the seal key. A key in a token may block the caller.
    ///
    /// # Errors
    /// When the library or the token refuses; nothing was signed then.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.key {
            SealKey::EcdsaP256(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Signing),
            SealKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| KeyError::Signing)?;
                Ok(signature)
            }
            SealKey::Token(key, _) => key.sign(message),
        }
    }
}

/// The log's signing key of a node, from its token or its folder of keys.
///
/// # Errors
/// As [`log_key`] and [`TokenKey::open`]; and when the folder's `log.vkey` is of another key.
pub fn log_key_of(config: &Config) -> Result<LogKey, KeyError> {
    let dir = config.path(&config.node.keys);
    let Some(place) = config.log_token() else { return log_key(&dir) };
    let key = log_of_token(TokenKey::open(place)?, &config.node.origin)?;
    // What partners were given says which log this is.
    let path = dir.join(file::LOG_PUBLIC);
    let vkey = key.vkey();
    let why = match std::fs::read_to_string(&path) {
        Ok(known) if known.trim() == vkey => return Ok(key),
        Ok(_) => format!("the token's key is {vkey}, and this file says otherwise"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            format!(
                "it is not there; the token's key is {vkey}: if that is your log, write it there"
            )
        }
        Err(source) => return Err(KeyError::Unreadable { path, source }),
    };
    Err(KeyError::Contents { path, why })
}

/// A log's signing key, named so, whose secret stays in its token.
///
/// # Errors
/// When it is no Ed25519 key, or the name cannot be a log's.
pub fn log_of_token(token: TokenKey, origin: &str) -> Result<LogKey, KeyError> {
    let Public::Ed25519(public) = *token.public() else {
        let why = "a log is signed with Ed25519, and this key is of another kind";
        return Err(token.refused(why.to_owned()));
    };
    let token = std::sync::Arc::new(token);
    let signer = token.clone();
    let sign = move |message: &[u8]| {
        let signature = signer.sign(message).map_err(|error| error.to_string())?;
        signature.try_into().map_err(|_| "an Ed25519 signature has 64 bytes".to_owned())
    };
    LogKey::elsewhere(origin, &public, std::sync::Arc::new(sign))
        .map_err(|error| token.refused(error.to_string()))
}

/// Reads the log's signing key from `dir`.
///
/// # Errors
/// When the file is missing, readable by others, or not a signed-note private key.
pub fn log_key(dir: &Path) -> Result<LogKey, KeyError> {
    let path = dir.join(file::LOG_KEY);
    let text = private_text(&path)?;
    let contents = |why: &str| KeyError::Contents { path: path.clone(), why: why.to_owned() };
    let mut parts = text.trim_end().splitn(5, '+');
    let (Some("PRIVATE"), Some("KEY"), Some(name), Some(_id), Some(encoded)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(contents("expected PRIVATE+KEY+name+id+base64"));
    };
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded)
        .map_err(|_| contents("the part after the key id is not base64"))?;
    let bytes = Zeroizing::new(bytes);
    let [1, seed @ ..] = bytes.as_slice() else {
        return Err(contents("not an Ed25519 key (type byte 0x01)"));
    };
    let seed: [u8; 32] = seed.try_into().map_err(|_| contents("the seed is not 32 bytes"))?;
    let seed = Zeroizing::new(seed);
    LogKey::from_seed(name, *seed).map_err(|e| contents(&e.to_string()))
}

/// A key of 32 bytes derived from the log's key, so that it lies in no file of its own and not in
/// the store (HKDF-SHA256, RFC 5869). From a key in a token it is derived by a signature, which
/// Ed25519 makes the same each time, over words that no note can be (docs/decisions/210).
///
/// # Errors
/// When the log's key cannot be read, or its token signs otherwise the second time.
pub fn derived_key(config: &Config, log: &LogKey, what: Derived) -> Result<[u8; 32], KeyError> {
    let dir = config.path(&config.node.keys);
    let path = dir.join(file::LOG_KEY);
    let underivable =
        || KeyError::Contents { path: path.clone(), why: "no key can be derived".to_owned() };
    let material = if log.is_elsewhere() {
        let sign = || log.sign(what.label()).map(|it| Zeroizing::new(it.bytes));
        let (first, second) = (sign(), sign());
        match (first, second) {
            (Ok(first), Ok(second)) if first == second => first,
            _ => return Err(underivable()),
        }
    } else {
        Zeroizing::new(private_text(&path)?.trim_end().as_bytes().to_vec())
    };
    let salt = Salt::new(HKDF_SHA256, what.label().as_bytes());
    let mut key = [0; 32];
    let derived = salt.extract(&material);
    let derived = derived.expand(&[b"aes-256-gcm"], &AES_256_GCM).and_then(|it| it.fill(&mut key));
    derived.map_err(|_| underivable())?;
    Ok(key)
}

/// Certificates of a PEM file, in order.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, KeyError> {
    let text = std::fs::read(path)
        .map_err(|source| KeyError::Unreadable { path: path.to_owned(), source })?;
    let list: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(&text)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|e| KeyError::Contents { path: path.to_owned(), why: e.to_string() })?;
    if list.is_empty() {
        let why = "no certificate in PEM".to_owned();
        return Err(KeyError::Contents { path: path.to_owned(), why });
    }
    Ok(list)
}

/// Text of a private file, after checking that only its owner may read it; overwritten when it is
/// dropped.
///
/// # Errors
/// When it is missing, too large, or open to others.
pub fn private_text(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let unreadable = |source| KeyError::Unreadable { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    if metadata.len() > KEY_FILE_BYTES_MAX {
        let why = format!("{} bytes; a key has at most {KEY_FILE_BYTES_MAX}", metadata.len());
        return Err(KeyError::Contents { path: path.to_owned(), why });
    }
    // Read into room that is large enough, so that no smaller copy is left behind while it grows.
    let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_BYTES_MAX as usize + 1));
    let mut file = std::fs::File::open(path).map_err(unreadable)?.take(KEY_FILE_BYTES_MAX);
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// The DER of an unencrypted PKCS#8 key in PEM.
///
/// # Errors
/// When it is something else.
pub fn plain_pkcs8(path: &Path, pem: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    pkcs8_der(path, pem, None)
}

fn pkcs8_der(
    path: &Path,
    pem: &str,
    passphrase: Option<&str>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let contents = |why: String| KeyError::Contents { path: path.to_owned(), why };
    let (label, document) = pkcs8::SecretDocument::from_pem(pem)
        .map_err(|e| contents(format!("not a key in PEM: {e}")))?;
    match label {
        "PRIVATE KEY" => Ok(Zeroizing::new(document.as_bytes().to_vec())),
        "ENCRYPTED PRIVATE KEY" => {
            let passphrase = passphrase.ok_or_else(|| {
                contents(format!("needs a passphrase: set {SEAL_PASSPHRASE_VARIABLE}"))
            })?;
            let encrypted = pkcs8::EncryptedPrivateKeyInfo::try_from(document.as_bytes())
                .map_err(|e| contents(format!("not an encrypted PKCS#8 key: {e}")))?;
            let plain = encrypted.decrypt(passphrase).map_err(|_| {
                contents(
                    "the passphrase does not open this key (or it is encrypted with an \
                     algorithm other than PBES2)"
                        .to_owned(),
                )
            })?;
            Ok(Zeroizing::new(plain.as_bytes().to_vec()))
        }
        other => Err(contents(format!(
            "holds {other:?}; convert it with: openssl pkcs8 -topk8 -in KEY -out NEW"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use zeroize::{Zeroize as _, ZeroizeOnDrop};

    use super::*;

    /// Says at compile time that a value is overwritten when it is dropped.
    fn wiped<T: ZeroizeOnDrop>(value: T) -> T {
        value
    }

    #[test]
    fn secrets_are_overwritten_when_they_are_dropped() {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let path = dir.path().join("seal.key");
        let pem = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        std::fs::write(&path, &pem).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("private");
        let mut text = wiped(private_text(&path).expect("a private file"));
        assert_eq!(*text, pem);
        let mut der = wiped(plain_pkcs8(Path::new("seal.key"), &text).expect("a key"));
        assert!(der.len() > 100);
        // What the drop does, seen before the memory is given back.
        der.zeroize();
        text.zeroize();
        assert!(der.is_empty() && text.is_empty());
        let room = der.spare_capacity_mut();
        assert!(room.len() > 100, "the same memory, and no longer than it was");
    }
}
