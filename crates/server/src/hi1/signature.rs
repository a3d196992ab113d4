//! The two signatures an HI-1 message may carry, checked over the bytes as sent. Knows no agency:
//! the caller supplies the keys that were enrolled for the sender.
//!
//! 1. `Signature`: a detached JWS. It signs the text of the message with both of its own members
//!    emptied in place, so it covers every byte.
//! 2. `Signatures`: JSS (ITU-T X.590, 10/2023). It signs the canonical form (RFC 8785), so it
//!    covers the meaning: white space and the order of members may change.
//!
//! Both constructions were derived from ETSI's own signed examples and reproduce them exactly.

use std::ops::Range;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};

use super::error::{Defect, Fault};
use super::json::{At, Fields, Node, list, shown, text};
use super::limits::SIGNATURES_MAX;

/// What a message claims about who signed it.
#[derive(Debug)]
pub struct Claim(Form);

#[derive(Debug)]
enum Form {
    Unsigned,
    Detached(Box<Detached>),
    Jss(Vec<Jss>),
}

/// A detached JWS, ready to be checked.
#[derive(Debug)]
struct Detached {
    algorithm: Result<Algorithm, SignatureError>,
    /// What was signed; the second is without white space around the message.
    inputs: Vec<Vec<u8>>,
    signature: Vec<u8>,
}

/// One signature after X.590, ready to be checked.
#[derive(Debug)]
struct Jss {
    algorithm: Result<Algorithm, SignatureError>,
    /// The key that the message shows, if it does.
    public_key: Option<Vec<u8>>,
    /// What was signed, under each of the two spellings of the member.
    inputs: Vec<Vec<u8>>,
    signature: Vec<u8>,
}

impl Claim {
    /// Whether the message carries no signature.
    pub fn is_unsigned(&self) -> bool {
        matches!(self.0, Form::Unsigned)
    }
}

/// Signature algorithms we check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on P-256 with SHA-256, 64 bytes (RFC 7518).
    Es256,
    /// RSA PKCS#1 v1.5 with SHA-256, 2048 to 8192 bits.
    Rs256,
    /// HMAC with SHA-256: a shared secret proves nothing to a third party. Only ETSI's example
    /// uses it, so only tests know it.
    #[cfg(test)]
    Hs256,
}

/// A key enrolled for an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledKey {
    /// What it signs with. A message cannot choose another algorithm for this key.
    pub algorithm: Algorithm,
    /// The public key: DER of SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
}

/// What the signatures of a message proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// There is no signature; the channel may still say who sends.
    Unsigned,
    /// Every signature verifies; these enrolled keys, by index, made them.
    SignedBy(Vec<usize>),
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The algorithm is not one we check.
    #[error("{path}: the algorithm {name:?} is not accepted; sign with EdDSA, ES256 or RS256")]
    Algorithm {
        /// The place.
        path: String,
        /// The algorithm named.
        name: String,
    },
    /// The digest is not one we compute.
    #[error("{path}: the hash {name:?} is not accepted; use sha-256")]
    Hash {
        /// The place.
        path: String,
        /// The hash named.
        name: String,
    },
    /// The key is printed in a standard: anybody can sign with it.
    #[error("{path}: this key is published in ITU-T X.590 as a test key; sign with your own")]
    PublishedKey {
        /// The place.
        path: String,
    },
    /// No enrolled key made it.
    #[error(
        "{path}: no key enrolled for the sender made this signature; sign with an enrolled key, \
         over the message exactly as it is sent"
    )]
    NotByEnrolledKey {
        /// The place.
        path: String,
    },
}

/// Checks every signature of a message against the keys enrolled for its sender.
///
/// # Errors
/// [`SignatureError`] for the first signature that no enrolled key made: a message with one bad
/// signature among good ones is refused.
pub fn verify(claim: &Claim, keys: &[EnrolledKey]) -> Result<Verified, SignatureError> {
    let sound: Vec<EnrolledKey> =
        keys.iter().filter(|key| !is_published(&key.public_key)).cloned().collect();
    if let Form::Jss(signatures) = &claim.0 {
        for (index, signature) in signatures.iter().enumerate() {
            if signature.public_key.as_deref().is_some_and(is_published) {
                return Err(SignatureError::PublishedKey { path: jss_path(index) });
            }
        }
    }
    check(claim, &sound).map(|verified| match verified {
        Verified::SignedBy(found) => {
            let original = |index: &usize| keys.iter().position(|key| *key == sound[*index]);
            Verified::SignedBy(found.iter().filter_map(original).collect())
        }
        Verified::Unsigned => Verified::Unsigned,
    })
}

/// ITU-T X.590 Appendix II, whose private half is printed beside it.
const PUBLISHED_TEST_KEY: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0xb9, 0xb3, 0x28, 0x9c,
    0x17, 0xd4, 0xf6, 0x9b, 0xc8, 0x6e, 0x3e, 0x51, 0x0a, 0x25, 0x90, 0x2c, 0x3e, 0x39, 0x26, 0xfb,
    0xba, 0x98, 0xaa, 0xfe, 0x91, 0x05, 0xe3, 0xbe, 0x35, 0xbc, 0x66, 0x45,
];

/// With or without its DER wrapping: the last 32 bytes are the key.
fn is_published(key: &[u8]) -> bool {
    key.ends_with(&PUBLISHED_TEST_KEY[PUBLISHED_TEST_KEY.len() - 32..])
}

fn jss_path(index: usize) -> String {
    format!("$.Signatures[{index}]")
}

/// Without the rule on published keys, so that tests can check ETSI's own examples.
fn check(claim: &Claim, keys: &[EnrolledKey]) -> Result<Verified, SignatureError> {
    match &claim.0 {
        Form::Unsigned => Ok(Verified::Unsigned),
        Form::Detached(jws) => {
            let algorithm = jws.algorithm.clone()?;
            find(keys, algorithm, None, &jws.inputs, &jws.signature)
                .map(|index| Verified::SignedBy(vec![index]))
                .ok_or(SignatureError::NotByEnrolledKey { path: "$.Signature".into() })
        }
        Form::Jss(signatures) => {
            let mut found = Vec::new();
            for (index, jss) in signatures.iter().enumerate() {
                let algorithm = jss.algorithm.clone()?;
                let shown = jss.public_key.as_deref();
                found.push(
                    find(keys, algorithm, shown, &jss.inputs, &jss.signature).ok_or_else(|| {
                        SignatureError::NotByEnrolledKey { path: jss_path(index) }
                    })?,
                );
            }
            Ok(Verified::SignedBy(found))
        }
    }
}

fn find(
    keys: &[EnrolledKey],
    algorithm: Algorithm,
    shown: Option<&[u8]>,
    inputs: &[Vec<u8>],
    signature: &[u8],
) -> Option<usize> {
    keys.iter().position(|key| {
        key.algorithm == algorithm
            && shown.is_none_or(|shown| shown == key.public_key)
            && inputs.iter().any(|input| verifies(key, input, signature))
    })
}

fn verifies(key: &EnrolledKey, input: &[u8], signature: &[u8]) -> bool {
    let algorithm: &'static dyn VerificationAlgorithm = match key.algorithm {
        Algorithm::Ed25519 => &ED25519,
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        #[cfg(test)]
        Algorithm::Hs256 => {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key.public_key);
            return aws_lc_rs::hmac::verify(&key, input, signature).is_ok();
        }
    };
    UnparsedPublicKey::new(algorithm, &key.public_key).verify(input, signature).is_ok()
}

/// Takes the signatures out of a message that was read.
pub(super) fn claim(raw: &[u8], fields: &Fields<'_, '_, '_>) -> Result<Claim, Defect> {
    let at = fields.at();
    let form = match (fields.get("Signature"), fields.get("Signatures")) {
        (None, None) => Form::Unsigned,
        (Some(node), None) => {
            Form::Detached(Box::new(detached(raw, node, &At::Member(at, "Signature"))?))
        }
        (None, Some(node)) => Form::Jss(jss(raw, node, &At::Member(at, "Signatures"))?),
        (Some(_), Some(_)) => {
            let problem = "has both Signature and Signatures; send one of them";
            return Err(at.fault(problem).into());
        }
    };
    Ok(Claim(form))
}

fn detached(raw: &[u8], node: &Node<'_>, at: &At<'_>) -> Result<Detached, Fault> {
    let fields = Fields::open(node, at, &["protected", "signature"])?;
    let (protected, protected_at) = fields.required("protected", |node, at| span(raw, node, at))?;
    let (signature, signature_at) = fields.required("signature", |node, at| span(raw, node, at))?;
    let place = |name| At::Member(at, name);
    let header = base64_url(protected, &place("protected"))?;
    let algorithm = jws_algorithm(&header, &place("protected"))?;
    let (first, second) = if protected_at.start < signature_at.start {
        (protected_at, signature_at)
    } else {
        (signature_at, protected_at)
    };
    let blanked = [&raw[..first.start], &raw[first.end..second.start], &raw[second.end..]].concat();
    let input =
        |payload: &[u8]| format!("{protected}.{}", URL_SAFE_NO_PAD.encode(payload)).into_bytes();
    let mut inputs = vec![input(&blanked)];
    // A file on disk ends its last line; the message that was signed did not.
    if blanked.trim_ascii().len() != blanked.len() {
        inputs.push(input(blanked.trim_ascii()));
    }
    Ok(Detached { algorithm, inputs, signature: base64_url(signature, &place("signature"))? })
}

/// A text and where its characters stand in the message.
fn span<'n>(raw: &[u8], node: &'n Node<'_>, at: &At<'_>) -> Result<(&'n str, Range<usize>), Fault> {
    let value = text(node, at)?;
    // A text that borrows from the message has no escapes, so its characters are its bytes.
    let Node::Text(std::borrow::Cow::Borrowed(_)) = node else {
        return Err(at.fault("has escapes; write base64url as it is"));
    };
    let start = value.as_ptr().addr().wrapping_sub(raw.as_ptr().addr());
    let range = start..start.saturating_add(value.len());
    match raw.get(range.clone()) {
        Some(bytes) if bytes == value.as_bytes() => Ok((value, range)),
        _ => Err(at.fault("could not be found in the message; send it again")),
    }
}

fn base64_url(text: &str, at: &At<'_>) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|error| at.fault(format!("is not base64url without padding ({error})")))
}

fn jws_algorithm(header: &[u8], at: &At<'_>) -> Result<Result<Algorithm, SignatureError>, Fault> {
    let node = super::json::read(header)
        .map_err(|defect| at.fault(format!("holds no JSON header: {defect}")))?;
    let fields = Fields::open_any(&node, at)?;
    // RFC 7515 4.1.11: who does not understand an extension named in `crit` must refuse.
    if fields.get("crit").is_some() || fields.get("b64").is_some() {
        return Err(at.fault("names an extension (crit or b64), none is understood; leave it out"));
    }
    let name = fields.required("alg", text)?;
    Ok(algorithm(name, at))
}

fn algorithm(name: &str, at: &At<'_>) -> Result<Algorithm, SignatureError> {
    match name {
        "EdDSA" | "Ed25519" => Ok(Algorithm::Ed25519),
        "ES256" => Ok(Algorithm::Es256),
        "RS256" => Ok(Algorithm::Rs256),
        #[cfg(test)]
        "HS256" => Ok(Algorithm::Hs256),
        other => Err(SignatureError::Algorithm { path: at.to_string(), name: shown(other) }),
    }
}

/// X.590 says base64url without padding; ETSI's example pads with the standard alphabet.
fn base64_either(text: &str, at: &At<'_>) -> Result<Vec<u8>, Fault> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, CONFIG);
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .map_err(|error| at.fault(format!("is not base64 ({error})")))
}

fn jss(raw: &[u8], node: &Node<'_>, at: &At<'_>) -> Result<Vec<Jss>, Defect> {
    const KNOWN: &[&str] = &["hash_algorithm", "algorithm", "public_key", "value"];
    // The canonical form needs numbers as they are, which our tree does not keep.
    let message: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(raw)
        .map_err(|error| at.fault(format!("could not be read again: {error}")))?;
    let signatures = list(node, at, SIGNATURES_MAX, |node, at| {
        let fields = Fields::open(node, at, KNOWN)?;
        let hash = fields.required("hash_algorithm", text)?;
        let mut known = algorithm(fields.required("algorithm", text)?, at);
        if !hash.eq_ignore_ascii_case("sha-256") {
            known = Err(SignatureError::Hash { path: at.to_string(), name: shown(hash) });
        }
        let public_key =
            fields.optional("public_key", |node, at| base64_either(text(node, at)?, at))?;
        let signature = fields.required("value", |node, at| base64_either(text(node, at)?, at))?;
        let mut bare = node.to_value();
        if let Some(members) = bare.as_object_mut() {
            members.remove("value");
        }
        // ETSI's example was signed under X.590's spelling and stored under the schema's.
        let inputs = ["signatures", "Signatures"]
            .into_iter()
            .map(|spelling| signed_text(&message, spelling, &bare))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| at.fault(format!("has no canonical form: {error}")))?;
        Ok(Jss { algorithm: known, public_key, inputs, signature })
    })?;
    if signatures.is_empty() {
        return Err(at.fault("is empty; sign the message or leave the member out").into());
    }
    Ok(signatures)
}

/// X.590 7.1: SHA-256 of the canonical message with this one signature less its value; what is
/// signed is the digest's lower-case hexadecimal text.
fn signed_text(
    message: &serde_json::Map<String, serde_json::Value>,
    spelling: &str,
    bare: &serde_json::Value,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut message = message.clone();
    message.remove("Signatures");
    message.insert(spelling.to_owned(), serde_json::Value::Array(vec![bare.clone()]));
    let canonical = serde_json_canonicalizer::to_vec(&message)?;
    Ok(hex::encode(Sha256::digest(canonical)).into_bytes())
}

#[cfg(test)]
mod tests;
