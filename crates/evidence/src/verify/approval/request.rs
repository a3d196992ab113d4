//! `request.json`: the canonical request, read strictly. Knows nothing of who signed it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::Findings;
use crate::format::SIGNED_REQUEST_VERSION;

/// The members that are looked at. The others are there so that unknown ones are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    v: u64,
    /// The site that showed it.
    pub origin: String,
    #[serde(rename = "company")]
    _company: String,
    /// Whose officer.
    pub agency: Uuid,
    /// The officer's key.
    pub key: Uuid,
    /// Which request.
    pub request: Uuid,
    /// When the bytes were made.
    pub at: Timestamp,
    /// What is asked.
    pub act: String,
    order: Option<Value>,
    files: Option<Vec<File>>,
    #[serde(rename = "reference")]
    _reference: Option<String>,
    #[serde(rename = "legal_basis")]
    _legal_basis: Option<String>,
    #[serde(rename = "selectors")]
    _selectors: Option<Value>,
    #[serde(rename = "accounts")]
    _accounts: Option<Value>,
    #[serde(rename = "ask")]
    _ask: Option<u16>,
    #[serde(rename = "asks")]
    _asks: Option<Vec<u16>>,
    #[serde(rename = "text")]
    _text: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "media_type")]
    _media_type: String,
    #[serde(rename = "bytes")]
    _bytes: u64,
    sha256: String,
}

impl Request {
    /// True when the order says that it is a test.
    pub fn is_practice(&self) -> bool {
        let said = self.order.as_ref().and_then(|order| order.get("is_test"));
        said.and_then(Value::as_bool).unwrap_or(false)
    }

    /// Digests of the files that belong to it.
    pub fn files_sha256(&self) -> Vec<String> {
        self.files.iter().flatten().map(|file| file.sha256.clone()).collect()
    }
}

/// Reads the bytes; they must be in the one spelling of RFC 8785.
pub fn read(bytes: &[u8], path: &str, findings: &mut Findings) -> Option<Request> {
    let request: Request = match serde_json::from_slice(bytes) {
        Ok(request) => request,
        Err(error) => {
            findings.defect(path, "not a signed request", "its members", error);
            return None;
        }
    };
    let value: Value = serde_json::from_slice(bytes).ok()?;
    if serde_json_canonicalizer::to_vec(&value).ok().as_deref() != Some(bytes) {
        findings.defect(path, "not in its one spelling", "JSON as RFC 8785 has it", "another");
    }
    if request.v != SIGNED_REQUEST_VERSION {
        let what = "a version this verifier does not know";
        findings.defect(path, what, SIGNED_REQUEST_VERSION, request.v);
    }
    let proof = request.order.as_ref().and_then(|order| order.get("authentication"));
    if proof.is_some_and(|proof| proof != "signed") {
        let found = proof.map_or_else(String::new, Value::to_string);
        findings.defect(path, "the signed order says that it is not signed", "signed", found);
    }
    Some(request)
}
