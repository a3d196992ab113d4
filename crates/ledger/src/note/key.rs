//! Keys of signed notes: names, ids, the switch over signature types, signing and verifying.
//! Knows no key file, no passphrase and no token: a secret comes in as its 32-byte seed, or stays
//! where it is and comes in as a function that signs.

use std::fmt;
use std::sync::Arc;

use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};

use super::NoteSignature;
use crate::cosignature::cosigned_message;
use crate::text::{base64_bytes, base64_text};

/// Longest key name, in bytes. An ML-DSA-44 cosignature names its cosigner with one length byte.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Name of a key: not empty, without spaces, plus signs or control characters. For a log it is
/// the origin of its checkpoints; a URL without scheme is suggested (signed-note, "Format").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// First four bytes of `SHA-256(name || LF || type byte || public key)`. Printed as 8 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

/// Seconds since 1970-01-01T00:00:00Z, at most 2^63 - 1 (tlog-cosignature, "Format").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PosixSeconds(u64);

/// The type byte of a key (signed-note, "Signature types"). Decision 020 says why only two of
/// them are made and verified today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureType {
    /// 0x01: Ed25519 over the text. Logs sign with it.
    Ed25519,
    /// 0x04: Ed25519 cosignature/v1 with a time. Witnesses sign with it.
    CosignatureV1,
    /// 0x06: ML-DSA-44 with a time. Known, not yet verified here: its lines are passed over.
    MlDsa44,
    /// Any other type: passed over.
    Other(u8),
}

/// The two kinds of key that this crate verifies and signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// A log's key, type 0x01.
    Log,
    /// A witness's key, type 0x04.
    Witness,
}

/// A public key that signatures are verified with. Printed as its vkey text.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    kind: KeyKind,
    key: ed25519_dalek::VerifyingKey,
}

/// A secret key of a log. Its debug text does not show the secret, and its memory is cleared.
#[derive(Clone)]
pub struct SigningKey {
    name: KeyName,
    public: ed25519_dalek::VerifyingKey,
    secret: Secret,
}

/// Signs bytes with an Ed25519 key that is not ours to hold (RFC 8032, without prehash): 64 bytes,
/// or why there are none.
pub type SignElsewhere = Arc<dyn Fn(&[u8]) -> Result<[u8; 64], String> + Send + Sync>;

#[derive(Clone)]
enum Secret {
    Here(Box<ed25519_dalek::SigningKey>),
    Elsewhere(SignElsewhere),
}

/// A key that lies elsewhere has not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {name} has not signed: {why}")]
pub struct NotSigned {
    /// Name of the key.
    pub name: KeyName,
    /// What was said where it lies.
    pub why: String,
}

/// Why a key or its name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty, too long, or with a space, a plus sign or a control character.
    #[error(
        "key name {0:?} is not allowed: 1 to {KEY_NAME_BYTES_MAX} bytes without spaces, plus \
         signs or control characters"
    )]
    Name(String),
    /// Not `name+hash+base64`.
    #[error("a verifier key is written name+hash+key, this is not")]
    Form,
    /// The hash is not 8 lower-case hex digits or does not belong to the key.
    #[error("the key id should be {expected}, but the text says {found:?}")]
    Id {
        /// What name, type and public key give.
        expected: KeyId,
        /// What stands in the text.
        found: String,
    },
    /// The key part is not standard padded base64, or empty.
    #[error("the key is not standard padded base64")]
    Base64,
    /// A type this version does not verify.
    #[error("keys of {0} are not supported by this version")]
    Unsupported(SignatureType),
    /// The key has not 32 bytes.
    #[error("an Ed25519 public key has 32 bytes, this has {0}")]
    Length(usize),
    /// The 32 bytes are no point on the curve, or one of the few that verify anything.
    #[error("the Ed25519 public key is invalid or weak")]
    Point,
}

impl SigningKey {
    /// The log key with this name and this Ed25519 seed (RFC 8032 section 5.1.5).
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<SigningKey, KeyError> {
        let name = KeyName::parse(name)?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        Ok(SigningKey { name, public: key.verifying_key(), secret: Secret::Here(Box::new(key)) })
    }

    /// The log key with this name whose secret lies elsewhere: its public half, and who signs.
    pub fn elsewhere(
        name: &str,
        public: &[u8; 32],
        sign: SignElsewhere,
    ) -> Result<SigningKey, KeyError> {
        let name = KeyName::parse(name)?;
        let public = point(public)?;
        Ok(SigningKey { name, public, secret: Secret::Elsewhere(sign) })
    }

    /// Whether the secret lies elsewhere, so that signing may take long and may fail.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.secret, Secret::Elsewhere(_))
    }

    /// Name of the key; for a log its origin.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The public half, type 0x01.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.name.clone(), KeyKind::Log, self.public)
    }

    /// The public half as vkey text, to be published and put into policies.
    pub fn vkey(&self) -> String {
        self.verifier().to_string()
    }

    /// Signs a note text, which ends in a line feed. The same text gives the same bytes. Only a key
    /// that lies elsewhere can fail; what comes from there is verified before it is believed.
    pub fn sign(&self, text: &str) -> Result<NoteSignature, NotSigned> {
        let bytes = match &self.secret {
            Secret::Here(key) => key.sign(text.as_bytes()).to_bytes(),
            Secret::Elsewhere(sign) => {
                let failed = |why| NotSigned { name: self.name.clone(), why };
                let bytes = sign(text.as_bytes()).map_err(failed)?;
                let why = "the signature from there does not verify with its public half";
                let verified = self.verifier().verify_ed25519(text.as_bytes(), &bytes);
                verified.map_err(|()| failed(why.to_owned()))?;
                bytes
            }
        };
        let key_id = self.verifier().id;
        Ok(NoteSignature { name: self.name.clone(), key_id, bytes: bytes.to_vec() })
    }
}

impl VerifierKey {
    pub(crate) fn new(
        name: KeyName,
        kind: KeyKind,
        key: ed25519_dalek::VerifyingKey,
    ) -> VerifierKey {
        let id = KeyId::of(&name, kind.signature_type().byte(), key.as_bytes());
        VerifierKey { name, id, kind, key }
    }

    /// Reads a vkey text: `name+8 hex digits+base64(type byte || public key)` (signed-note,
    /// "Verifier keys").
    pub fn parse(text: &str) -> Result<VerifierKey, KeyError> {
        let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
        let (found, base64) = rest.split_once('+').ok_or(KeyError::Form)?;
        let name = KeyName::parse(name)?;
        let bytes = base64_bytes(base64).ok_or(KeyError::Base64)?;
        let (&type_byte, public) = bytes.split_first().ok_or(KeyError::Base64)?;
        let expected = KeyId::of(&name, type_byte, public);
        if found != expected.to_string() {
            return Err(KeyError::Id { expected, found: found.to_owned() });
        }
        // The type switch: a new algorithm gets an arm here and one in `verify`.
        let kind = match SignatureType::from_byte(type_byte) {
            SignatureType::Ed25519 => KeyKind::Log,
            SignatureType::CosignatureV1 => KeyKind::Witness,
            other @ (SignatureType::MlDsa44 | SignatureType::Other(_)) => {
                return Err(KeyError::Unsupported(other));
            }
        };
        let public: &[u8; 32] = public.try_into().map_err(|_| KeyError::Length(public.len()))?;
        Ok(VerifierKey::new(name, kind, point(public)?))
    }

    /// Name of the key.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Short id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether a log or a witness signs with it.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The 32 bytes of the Ed25519 public key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Verifies the signature bytes of a note line over the note's text. Gives the time that a
    /// cosignature carries.
    pub(super) fn verify(&self, text: &str, bytes: &[u8]) -> Result<Option<PosixSeconds>, ()> {
        match self.kind {
            KeyKind::Log => {
                self.verify_ed25519(text.as_bytes(), bytes)?;
                Ok(None)
            }
            KeyKind::Witness => {
                let (seconds, signature) = bytes.split_first_chunk::<8>().ok_or(())?;
                let at = PosixSeconds::new(u64::from_be_bytes(*seconds)).ok_or(())?;
                self.verify_ed25519(cosigned_message(at, text).as_bytes(), signature)?;
                Ok(Some(at))
            }
        }
    }

    fn verify_ed25519(&self, message: &[u8], bytes: &[u8]) -> Result<(), ()> {
        let signature = ed25519_dalek::Signature::from_slice(bytes).map_err(drop)?;
        // Strict: a signature that only some verifiers accept is of no use in court.
        self.key.verify_strict(message, &signature).map_err(drop)
    }
}

fn point(public: &[u8; 32]) -> Result<ed25519_dalek::VerifyingKey, KeyError> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| KeyError::Point)?;
    if key.is_weak() { Err(KeyError::Point) } else { Ok(key) }
}

impl KeyName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<KeyName, KeyError> {
        let refused = |c: char| c.is_whitespace() || c == '+' || c < ' ';
        if text.is_empty() || text.len() > KEY_NAME_BYTES_MAX || text.contains(refused) {
            return Err(KeyError::Name(text.chars().take(64).collect()));
        }
        Ok(KeyName(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyId {
    fn of(name: &KeyName, type_byte: u8, public: &[u8]) -> KeyId {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(name.as_str())
            .chain_update([b'\n', type_byte])
            .chain_update(public)
            .finalize()
            .into();
        KeyId([digest[0], digest[1], digest[2], digest[3]])
    }
}

impl KeyKind {
    /// The type byte's meaning for this kind.
    pub fn signature_type(self) -> SignatureType {
        match self {
            KeyKind::Log => SignatureType::Ed25519,
            KeyKind::Witness => SignatureType::CosignatureV1,
        }
    }
}

impl SignatureType {
    /// What a type byte means.
    pub fn from_byte(byte: u8) -> SignatureType {
        match byte {
            0x01 => SignatureType::Ed25519,
            0x04 => SignatureType::CosignatureV1,
            0x06 => SignatureType::MlDsa44,
            other => SignatureType::Other(other),
        }
    }

    /// The type byte.
    pub fn byte(self) -> u8 {
        match self {
            SignatureType::Ed25519 => 0x01,
            SignatureType::CosignatureV1 => 0x04,
            SignatureType::MlDsa44 => 0x06,
            SignatureType::Other(byte) => byte,
        }
    }
}

impl PosixSeconds {
    /// `None` beyond 2^63 - 1.
    pub fn new(seconds: u64) -> Option<PosixSeconds> {
        (seconds <= i64::MAX as u64).then_some(PosixSeconds(seconds))
    }

    /// The seconds.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Display for PosixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SignatureType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureType::Ed25519 => f.write_str("type 0x01 (Ed25519)"),
            SignatureType::CosignatureV1 => f.write_str("type 0x04 (cosignature/v1)"),
            SignatureType::MlDsa44 => f.write_str("type 0x06 (ML-DSA-44)"),
            SignatureType::Other(byte) => write!(f, "type {byte:#04x}"),
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let type_byte = self.kind.signature_type().byte();
        let bytes = [&[type_byte], &self.key.as_bytes()[..]].concat();
        write!(f, "{}+{}+{}", self.name, self.id, base64_text(&bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret not shown)", self.vkey())
    }
}
