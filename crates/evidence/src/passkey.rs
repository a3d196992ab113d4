//! What a passkey says and how it signs, read strictly: client data, authenticator data, keys.
//!
//! Knows no request and no challenge: it only reads (W3C WebAuthn level 2, sections 5.8.1, 6.1
//! and 6.5.1.1; RFC 9053 for the keys). Whether what was read is what was wanted is
//! [`crate::verify`]'s to say.

mod cose;

use serde::Deserialize;

pub use cose::{CoseError, CoseKey};

/// Longest client data that is read, in bytes.
pub const CLIENT_DATA_BYTES_MAX: usize = 8 * 1024;
/// Longest authenticator data that is read, in bytes.
pub const AUTHENTICATOR_DATA_BYTES_MAX: usize = 4 * 1024;

/// `clientDataJSON`: what the browser says that the passkey was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientData {
    /// `webauthn.get` for a signature.
    #[serde(rename = "type")]
    pub kind: String,
    /// The challenge in base64url.
    pub challenge: String,
    /// The site.
    pub origin: String,
    /// True when the page stood inside another site's.
    #[serde(default)]
    pub cross_origin: bool,
    /// The other site.
    #[serde(default)]
    pub top_origin: Option<String>,
}

/// `authenticatorData`: what the passkey itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the relying party that the passkey belongs to.
    pub rp_id_sha256: [u8; 32],
    /// Somebody touched the authenticator.
    pub is_user_present: bool,
    /// The authenticator knows who: by PIN, finger or face.
    pub is_user_verified: bool,
    /// The passkey may be copied to other devices of its holder.
    pub is_backup_eligible: bool,
    /// How often it has signed, as far as it counts.
    pub sign_count: u32,
}

/// Why bytes are not client data or authenticator data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyDataError {
    /// Longer than any real one.
    #[error("{bytes} bytes; at most {max} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Client data that is not this JSON.
    #[error("not client data: {0}")]
    Json(String),
    /// Shorter than relying party, flags and counter.
    #[error("{0} bytes; at least 37 are expected")]
    TooShort(usize),
    /// Attested credential data belong to an enrolment, not to a signature.
    #[error("byte 32: it carries a new credential, as only an enrolment does")]
    Attested,
    /// Bytes after the counter that no flag speaks of, or a flag without its bytes.
    #[error("byte 37: the flag for extensions is {flag}, {bytes} bytes follow")]
    Extensions {
        /// The flag.
        flag: bool,
        /// Bytes after the counter.
        bytes: usize,
    },
}

impl ClientData {
    /// Reads the JSON. Members that are not listed here are let pass, as the standard demands;
    /// a listed one that stands twice is not.
    ///
    /// # Errors
    /// When it is too long or not such JSON.
    pub fn read(bytes: &[u8]) -> Result<Self, PasskeyDataError> {
        within(bytes, CLIENT_DATA_BYTES_MAX)?;
        serde_json::from_slice(bytes).map_err(|error| PasskeyDataError::Json(error.to_string()))
    }
}

impl AuthenticatorData {
    /// Reads the bytes of a signature's authenticator data.
    ///
    /// # Errors
    /// When their length and flags do not fit together.
    pub fn read(bytes: &[u8]) -> Result<Self, PasskeyDataError> {
        const USER_PRESENT: u8 = 1;
        const USER_VERIFIED: u8 = 1 << 2;
        const BACKUP_ELIGIBLE: u8 = 1 << 3;
        const ATTESTED: u8 = 1 << 6;
        const EXTENSIONS: u8 = 1 << 7;
        within(bytes, AUTHENTICATOR_DATA_BYTES_MAX)?;
        let too_short = PasskeyDataError::TooShort(bytes.len());
        let Some((rp_id_sha256, rest)) = bytes.split_first_chunk::<32>() else {
            return Err(too_short);
        };
        let Some((&[flags], rest)) = rest.split_first_chunk::<1>() else { return Err(too_short) };
        let Some((count, rest)) = rest.split_first_chunk::<4>() else { return Err(too_short) };
        if flags & ATTESTED != 0 {
            return Err(PasskeyDataError::Attested);
        }
        let flag = flags & EXTENSIONS != 0;
        if flag == rest.is_empty() {
            return Err(PasskeyDataError::Extensions { flag, bytes: rest.len() });
        }
        Ok(Self {
            rp_id_sha256: *rp_id_sha256,
            is_user_present: flags & USER_PRESENT != 0,
            is_user_verified: flags & USER_VERIFIED != 0,
            is_backup_eligible: flags & BACKUP_ELIGIBLE != 0,
            sign_count: u32::from_be_bytes(*count),
        })
    }
}

fn within(bytes: &[u8], max: usize) -> Result<(), PasskeyDataError> {
    let length = bytes.len();
    if length > max {
        return Err(PasskeyDataError::TooLong { bytes: length, max });
    }
    Ok(())
}
