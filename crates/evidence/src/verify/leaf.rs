//! One leaf of the log with its record, salt and proof: whether the one leads to the other.
//!
//! Knows no request and no officer; what a record says is read elsewhere.

use jiff::Timestamp;
use ledger::Entry;
use ledger::policy::Policy;
use ledger::proof::TlogProof;
use ledger::tree::verify_inclusion;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finding::Findings;
use crate::format::{RECORD_TAG, SALT_BYTES};

/// A record, its salt and its C2SP tlog-proof.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    pub record: String,
    pub salt: String,
    pub proof: String,
}

/// A record's envelope (docs/formats/record.md).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub v: u64,
    pub stream: String,
    pub seq: u64,
    pub at: Timestamp,
    pub event: Value,
    pub payload: Value,
}

/// A file around a leaf in its one spelling: compact JSON, members in order, one LF at the end.
/// `None` for bytes that are no such file; `what` and `shape` name it.
pub fn read_file<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    name: &str,
    (what, shape): (&str, &str),
    findings: &mut Findings,
) -> Option<T> {
    let file: T = serde_json::from_slice(bytes)
        .map_err(|error| findings.defect(name, format!("not {what}"), shape, error))
        .ok()?;
    let written = serde_json::to_string(&file).map(|text| text + "\n");
    if written.ok().as_deref().map(str::as_bytes) != Some(bytes) {
        let expected = "compact, members in order, one LF at the end";
        findings.defect(name, "not in its one spelling", expected, "another");
    }
    Some(file)
}

/// The record's leaf leads to a signed head of the log.
pub fn check_leaf(
    leaf: &Leaf,
    number: u8,
    path: &str,
    policy: Option<&Policy>,
    findings: &mut Findings,
) {
    let salt: Option<[u8; SALT_BYTES]> =
        hex::decode(&leaf.salt).ok().and_then(|bytes| bytes.try_into().ok());
    let Some(salt) = salt.filter(|salt| hex::encode(salt) == leaf.salt) else {
        let what = format!("the salt of leaf {number} is not one");
        let expected = format!("{SALT_BYTES} bytes in lower-case hex");
        return findings.defect(path, what, expected, &leaf.salt);
    };
    let entry = Entry::of(RECORD_TAG, &salt, leaf.record.as_bytes());
    check_entry(entry, &leaf.proof, number, path, policy, findings);
}

/// An entry leads to a signed head of the log.
pub fn check_entry(
    entry: Entry,
    proof: &str,
    number: u8,
    path: &str,
    policy: Option<&Policy>,
    findings: &mut Findings,
) {
    let text = proof;
    let proof = match TlogProof::parse(text.as_bytes()) {
        Ok(proof) if proof.to_string() == text && proof.extra().is_none() => proof,
        other => {
            let what = format!("the proof of leaf {number} is not in its one spelling");
            let found = other.err().map_or_else(|| "another".to_owned(), |e| e.to_string());
            return findings.defect(path, what, "tlog-proof@v1 without extra line", found);
        }
    };
    let checkpoint = match proof.checkpoint() {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            let what = format!("the checkpoint of leaf {number} cannot be read");
            return findings.defect(path, what, "a C2SP checkpoint", error);
        }
    };
    let head = checkpoint.checkpoint();
    let hash = entry.leaf_hash();
    let held = verify_inclusion(hash, proof.index(), head.size(), proof.hashes(), head.root());
    if let Err(error) = held {
        let what = format!("leaf {number} is not in the log at this place");
        findings.defect(path, what, format!("a path from {hash} to the signed root"), error);
    }
    if let Some(Err(error)) = policy.map(|policy| policy.satisfied(&checkpoint)) {
        let what = format!("the policy does not trust the log head under leaf {number}");
        findings.defect(path, what, "trust", error);
    }
}
