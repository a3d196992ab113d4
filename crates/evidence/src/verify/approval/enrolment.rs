//! `enrolment.json`: three leaves of the log that made a passkey an officer's. Knows nothing of
//! what the passkey signed. That the officer was not stopped since, no file can prove; the
//! company refused at intake if so (docs/formats/signed-request.md).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ledger::policy::Policy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Findings;
use super::request::Request;
use crate::digest::Sha256;
use crate::format::DIRECTORY_STREAM;
use crate::passkey::CoseKey;
use crate::verify::leaf::{Leaf, Record, check_leaf};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u64,
    leaves: [Leaf; 3],
}

#[derive(Deserialize)]
struct Proposed {
    officer: Uuid,
    agency: Uuid,
}

#[derive(Deserialize)]
struct PasskeyEnrolled {
    holder: String,
    credential_sha256: String,
}

#[derive(Deserialize)]
struct Admitted {
    officer: Uuid,
    by: String,
}

#[derive(Deserialize)]
struct EnrolledPayload {
    passkey: Passkey,
}

#[derive(Deserialize)]
struct Passkey {
    credential_id: String,
    cose_key: String,
    rp_id: String,
}

/// What the leaves say together.
pub struct Enrolled {
    officer: Uuid,
    agency: Uuid,
    holder: String,
    /// Of the passkey, base64url.
    pub credential_id: String,
    /// Its public key.
    pub key: CoseKey,
    /// The relying party it belongs to.
    pub rp_id: String,
    /// The officer that was admitted.
    admitted: Uuid,
    /// By whom.
    pub admitted_by: String,
    /// When.
    pub admitted_at: Timestamp,
}

/// Reads the three leaves and finds each in the log.
pub fn read(
    bytes: &[u8],
    path: &str,
    policy: Option<&Policy>,
    findings: &mut Findings,
) -> Option<Enrolled> {
    let file: File = match serde_json::from_slice(bytes) {
        Ok(file) => file,
        Err(error) => {
            let expected = "{\"v\",\"leaves\"} with three leaves";
            findings.defect(path, "not an enrolment", expected, error);
            return None;
        }
    };
    let written = serde_json::to_string(&file).map(|text| text + "\n");
    if written.ok().as_deref().map(str::as_bytes) != Some(bytes) {
        let expected = "compact, members in order, one LF at the end";
        findings.defect(path, "not in its one spelling", expected, "another");
    }
    if file.v != 1 {
        findings.defect(path, "a version this verifier does not know", 1, file.v);
    }
    let mut records = Vec::with_capacity(3);
    for (number, leaf) in (1..).zip(&file.leaves) {
        let record: Record = read_part(&leaf.record, number, "a log record", path, findings)?;
        if record.v != 1 || record.stream != DIRECTORY_STREAM {
            let what = format!("leaf {number} is not of the directory's stream");
            findings.defect(path, what, DIRECTORY_STREAM, &record.stream);
        }
        check_leaf(leaf, number, path, policy, findings);
        records.push(record);
    }
    if !records.is_sorted_by(|one, next| one.seq < next.seq && one.at <= next.at) {
        let expected = "named, passkey enrolled, admitted";
        findings.defect(path, "the leaves stand in another order", expected, "another");
    }
    let [proposed, passkey, admitted]: [Record; 3] = records.try_into().ok()?;
    let named: Proposed = read_event(proposed.event, 1, "officer_proposed", path, findings)?;
    let event: PasskeyEnrolled = read_event(passkey.event, 2, "passkey_enrolled", path, findings)?;
    let facts: EnrolledPayload = read_value(passkey.payload, 2, "a passkey", path, findings)?;
    let by: Admitted = read_event(admitted.event, 3, "officer_admitted", path, findings)?;
    let Passkey { credential_id, cose_key, rp_id } = facts.passkey;
    let digest = Sha256::of(credential_id.as_bytes()).to_string();
    if digest != event.credential_sha256 {
        let what = "the enrolled credential is not the one whose digest is on the record";
        findings.defect(path, what, &event.credential_sha256, digest);
    }
    let cose = URL_SAFE_NO_PAD.decode(&cose_key).unwrap_or_default();
    let key = match CoseKey::read(&cose) {
        Ok(key) => key,
        Err(error) => {
            findings.defect(path, "the enrolled key cannot be read", "a COSE key", error);
            return None;
        }
    };
    Some(Enrolled {
        officer: named.officer,
        agency: named.agency,
        holder: event.holder,
        credential_id,
        key,
        rp_id,
        admitted: by.officer,
        admitted_by: by.by,
        admitted_at: admitted.at,
    })
}

fn read_part<T: DeserializeOwned>(
    text: &str,
    number: u8,
    expected: &str,
    path: &str,
    findings: &mut Findings,
) -> Option<T> {
    serde_json::from_str(text)
        .map_err(|error| {
            let what = format!("leaf {number} cannot be read");
            findings.defect(path, what, expected, error);
        })
        .ok()
}

fn read_event<T: DeserializeOwned>(
    event: Value,
    number: u8,
    kind: &str,
    path: &str,
    findings: &mut Findings,
) -> Option<T> {
    let found = event.get("kind").and_then(Value::as_str).unwrap_or("none");
    if found != kind {
        findings.defect(path, format!("leaf {number} is of another act"), kind, found);
        return None;
    }
    read_value(event, number, kind, path, findings)
}

fn read_value<T: DeserializeOwned>(
    value: Value,
    number: u8,
    expected: &str,
    path: &str,
    findings: &mut Findings,
) -> Option<T> {
    serde_json::from_value(value)
        .map_err(|error| {
            let what = format!("leaf {number} does not say what it must");
            findings.defect(path, what, expected, error);
        })
        .ok()
}

impl Enrolled {
    /// The enrolment is that of the key and agency that ask, and went before.
    pub fn check_for(&self, request: &Request, path: &str, findings: &mut Findings) {
        let key = request.key;
        let holder = format!("key:{key}");
        for (what, officer) in [
            ("another officer was named", format!("key:{}", self.officer)),
            ("the passkey is another officer's", self.holder.clone()),
            ("another officer was admitted", format!("key:{}", self.admitted)),
        ] {
            if officer != holder {
                findings.defect(path, what, &holder, officer);
            }
        }
        if self.agency != request.agency {
            findings.defect(path, "the officer is of another agency", request.agency, self.agency);
        }
        if !self.admitted_by.starts_with("staff:") {
            let what = "the officer was not admitted by staff of the company";
            findings.defect(path, what, "staff:...", &self.admitted_by);
        }
        if self.admitted_at > request.at {
            let what = "the officer was admitted after the request";
            findings.defect(path, what, format!("before {}", request.at), self.admitted_at);
        }
        if !belongs(&request.origin, &self.rp_id) {
            let what = "the site of the request is not of the passkey's relying party";
            findings.defect(path, what, &self.rp_id, &request.origin);
        }
    }
}

/// Whether an origin's host is the relying party or below it (WebAuthn level 2, section 5.1.2).
fn belongs(origin: &str, rp_id: &str) -> bool {
    let host = origin.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(':').next().unwrap_or_default();
    host == rp_id || host.strip_suffix(rp_id).is_some_and(|below| below.ends_with('.'))
}
