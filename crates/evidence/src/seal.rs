//! The seal of a bag: signature, time-stamp, chain, and the log's proof that it was recorded.
//!
//! Holds no key, asks no authority and keeps no log: the signature comes from a closure, token
//! and proof come in as bytes. The order is: [`sign`] the bag; ask for a time-stamp over the
//! signature ([`crate::timestamp`]); record [`SealParts::digests`] in the log; take the proof of
//! that record; [`crate::archive::write_zip`].

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::bag::Bag;
use crate::cms::CmsError;
use crate::cms::certificate::Chain;
use crate::cms::signature::{SignatureAlgorithm, sign_detached};
use crate::digest::Sha256;
use crate::format::{SALT_BYTES, SEALED_JSON_VERSION};
use crate::table::push_json_text;

/// The parts of the seal that exist before the log has recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealParts {
    /// Detached signature over the tag manifest, DER.
    pub p7s: Vec<u8>,
    /// RFC 3161 response over the signature, DER, when an authority was asked.
    pub tsr: Option<Vec<u8>>,
    /// The seal certificate and those above it, PEM.
    pub chain_pem: String,
}

/// What the log records of a seal (the fields of the `sealed` event).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealDigests {
    /// Of `tagmanifest-sha256.txt`.
    pub tagmanifest_sha256: Sha256,
    /// Of the signature.
    pub p7s_sha256: Sha256,
    /// Of the time-stamp response.
    pub tsr_sha256: Option<Sha256>,
    /// Of `chain.pem`.
    pub chain_sha256: Sha256,
}

/// The whole seal, ready for the zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Signature, time-stamp, chain.
    pub parts: SealParts,
    /// `seal/sealed.json`, from [`sealed_json`].
    pub sealed_json: String,
    /// `seal/sealed.json.tlog-proof`, as the log wrote it.
    pub proof: String,
}

/// Signs the bag's tag manifest. The time-stamp is not there yet; put it in when it comes.
pub fn sign<E>(
    bag: &Bag<'_>,
    chain: &Chain,
    algorithm: SignatureAlgorithm,
    signing_time: Timestamp,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<SealParts, CmsError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let p7s = sign_detached(bag.tagmanifest(), chain, algorithm, signing_time, sign)?;
    Ok(SealParts { p7s, tsr: None, chain_pem: chain.to_pem() })
}

impl SealParts {
    /// What the log is to record.
    pub fn digests(&self, bag: &Bag<'_>) -> SealDigests {
        SealDigests {
            tagmanifest_sha256: bag.tagmanifest_sha256(),
            p7s_sha256: Sha256::of(&self.p7s),
            tsr_sha256: self.tsr.as_deref().map(Sha256::of),
            chain_sha256: Sha256::of(self.chain_pem.as_bytes()),
        }
    }
}

/// `seal/sealed.json`: the log record whose leaf is proved, byte for byte as a JSON text, its
/// salt, and the names of the witnesses that are expected to have cosigned.
pub fn sealed_json(record: &str, salt: &[u8; SALT_BYTES], witnesses: &[String]) -> String {
    let mut json = format!("{{\"v\":{SEALED_JSON_VERSION},\"record\":");
    push_json_text(&mut json, record);
    // Writing to a `String` cannot fail.
    let _ = write!(json, ",\"salt\":\"{}\",\"witnesses\":[", hex::encode(salt));
    for (index, witness) in witnesses.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        push_json_text(&mut json, witness);
    }
    json.push_str("]}\n");
    json
}
