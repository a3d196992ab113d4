//! What an officer's passkey signs: the exact bytes of a request, and the challenge over them.
//!
//! Knows no desk, no browser and no key. Facts of the order come in as the JSON of
//! docs/formats/record.md, everything else as plain values. The construction stands in
//! docs/formats/signed-request.md; `evidence::verify` checks it with code of its own.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::format::{NONCE_BYTES, SIGNED_REQUEST_TAG, SIGNED_REQUEST_VERSION};

/// One thing that an officer asks, as it is signed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignedRequest {
    /// The site that showed it, as browsers write an origin: `https://desk.example`.
    pub origin: String,
    /// The company that is asked.
    pub company: String,
    /// The officer's agency.
    pub agency: Uuid,
    /// The officer's key on the record.
    pub key: Uuid,
    /// The request: the one that is filed, or the one that is acted upon.
    pub request: Uuid,
    /// When these bytes were made, by the company's clock.
    pub at: Timestamp,
    /// What is asked.
    #[serde(flatten)]
    pub act: SignedAct,
}

/// What is asked. Whatever changes what the company does is signed; reading and messages are not.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum SignedAct {
    /// A new request.
    File {
        /// The facts of the order (docs/formats/record.md); `is_test` says whether it is practice.
        order: Value,
        /// The authority's own reference.
        reference: String,
        /// Law and article that the order names.
        legal_basis: String,
        /// Selectors, by ask, in their normal spelling.
        selectors: Vec<SignedSelector>,
        /// Accounts that a freeze or its end is about.
        accounts: Vec<SignedAccount>,
        /// Files of the instrument.
        files: Vec<SignedFile>,
    },
    /// Clarified or corrected facts of one ask.
    Correct {
        /// The ask, from 1.
        ask: u16,
        /// The whole corrected order; `null` when only words are added.
        order: Option<Value>,
        /// The authority's reference, when it is corrected.
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Law and article, when they are corrected.
        #[serde(skip_serializing_if = "Option::is_none")]
        legal_basis: Option<String>,
        /// The selectors of that ask, when they are corrected.
        selectors: Option<Vec<SignedSelector>>,
        /// The account of that ask, when it is corrected.
        #[serde(skip_serializing_if = "Option::is_none")]
        accounts: Option<Vec<SignedAccount>>,
        /// Files that are added.
        files: Vec<SignedFile>,
        /// What is said with it.
        text: String,
    },
    /// Asks that are taken back.
    Withdraw {
        /// Which.
        asks: Vec<u16>,
        /// What is said with it.
        text: String,
    },
    /// Preserved records that are to be kept longer.
    Extend {
        /// Which.
        asks: Vec<u16>,
        /// What is said with it.
        text: String,
    },
}

/// One selector of one ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedSelector {
    /// The ask, from 1.
    pub ask: u16,
    /// Its kind: `account_id`, `address`, ...
    pub kind: String,
    /// Its value.
    pub value: String,
}

/// The account that one ask is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedAccount {
    /// The ask, from 1.
    pub ask: u16,
    /// The account.
    pub account: String,
}

/// One file of the instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedFile {
    /// The officer's name for it.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
}

/// Why a request has no canonical form.
#[derive(Debug, thiserror::Error)]
#[error("the request cannot be written as RFC 8785 has it: {0}")]
pub struct CanonicalError(String);

impl SignedRequest {
    /// The canonical bytes: `data/order/request.json`, JSON as RFC 8785 has it.
    ///
    /// # Errors
    /// When the order holds a number that JSON cannot say exactly.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let told = |error: serde_json::Error| CanonicalError(error.to_string());
        let mut value = serde_json::to_value(self).map_err(told)?;
        value["v"] = SIGNED_REQUEST_VERSION.into();
        serde_json_canonicalizer::to_vec(&value).map_err(told)
    }
}

/// The challenge that the passkey signs: SHA-256 of `comity request v1`, a zero byte, the nonce
/// and the canonical request. The tag ends with its zero byte and the nonce has one length, so no
/// two inputs share their bytes.
pub fn challenge(nonce: &[u8; NONCE_BYTES], request: &[u8]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    hash.update(SIGNED_REQUEST_TAG.as_bytes());
    hash.update(&[0]);
    hash.update(nonce);
    hash.update(request);
    let mut challenge = [0; 32];
    challenge.copy_from_slice(hash.finish().as_ref());
    challenge
}

/// What the browser gave back: one passkey's answer to one challenge
/// (W3C WebAuthn level 2, section 5.2.2), with the nonce that the challenge was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The nonce of the challenge.
    pub nonce: [u8; NONCE_BYTES],
    /// Which credential answered.
    pub credential_id: Vec<u8>,
    /// `clientDataJSON`, byte for byte.
    pub client_data_json: Vec<u8>,
    /// `authenticatorData`, byte for byte.
    pub authenticator_data: Vec<u8>,
    /// `signature`, byte for byte.
    pub signature: Vec<u8>,
}

impl Assertion {
    /// `data/order/assertion.json`, in its one spelling.
    pub fn to_json(&self) -> String {
        let coded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!(
            "{{\"v\":1,\"nonce\":\"{}\",\"credential_id\":\"{}\",\"client_data_json\":\"{}\",\
             \"authenticator_data\":\"{}\",\"signature\":\"{}\"}}\n",
            hex::encode(self.nonce),
            coded(&self.credential_id),
            coded(&self.client_data_json),
            coded(&self.authenticator_data),
            coded(&self.signature),
        )
    }
}

/// One leaf of the log, with all that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRecord {
    /// The log record, byte for byte.
    pub record: String,
    /// Its salt.
    pub salt: [u8; crate::format::SALT_BYTES],
    /// Its C2SP tlog-proof.
    pub proof: String,
}

impl ProvenRecord {
    /// A receipt: this leaf alone (docs/formats/receipt.md).
    #[must_use]
    pub fn receipt_json(&self) -> String {
        let mut json = String::from("{\"v\":1,\"leaf\":");
        self.push_json(&mut json);
        json.push_str("}\n");
        json
    }

    /// What proves a transparency report: a signed note, and this leaf
    /// (docs/formats/transparency.md).
    #[must_use]
    pub fn beside_note_json(&self, note: &str) -> String {
        let mut json = String::from("{\"v\":1,\"note\":");
        crate::table::push_json_text(&mut json, note);
        json.push_str(",\"leaf\":");
        self.push_json(&mut json);
        json.push_str("}\n");
        json
    }

    fn push_json(&self, json: &mut String) {
        json.push_str("{\"record\":");
        crate::table::push_json_text(json, &self.record);
        json.push_str(",\"salt\":\"");
        json.push_str(&hex::encode(self.salt));
        json.push_str("\",\"proof\":");
        crate::table::push_json_text(json, &self.proof);
        json.push('}');
    }
}

/// One leaf of the log whose record was erased: what is left of it, and what proves that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenEntry {
    /// The request, by the company's word.
    pub request: Uuid,
    /// Number of the event in the request's stream, by the company's word.
    pub seq: u64,
    /// What happened: the record's word for it, by the company's word.
    pub kind: String,
    /// The entry: SHA-256 over tag, salt and record (docs/formats/record.md).
    pub entry: [u8; 32],
    /// Its C2SP tlog-proof.
    pub proof: String,
}

impl ProvenEntry {
    /// A receipt after erasure (docs/formats/receipt.md).
    #[must_use]
    pub fn receipt_json(&self) -> String {
        let mut json =
            format!("{{\"v\":2,\"request\":\"{}\",\"seq\":{},\"kind\":", self.request, self.seq);
        crate::table::push_json_text(&mut json, &self.kind);
        json.push_str(",\"entry\":\"");
        json.push_str(&hex::encode(self.entry));
        json.push_str("\",\"proof\":");
        crate::table::push_json_text(&mut json, &self.proof);
        json.push_str("}\n");
        json
    }
}

/// `data/order/enrolment.json`: how the officer's key came to be trusted, as leaves of the log. In
/// this order: the officer was named for an agency, enrolled the passkey, was admitted by staff.
pub fn enrolment_json(
    proposed: &ProvenRecord,
    passkey: &ProvenRecord,
    admitted: &ProvenRecord,
) -> String {
    let mut json = String::from("{\"v\":1,\"leaves\":[");
    for (index, leaf) in [proposed, passkey, admitted].into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        leaf.push_json(&mut json);
    }
    json.push_str("]}\n");
    json
}
