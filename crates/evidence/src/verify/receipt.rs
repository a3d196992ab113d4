//! A receipt: the leaf with which an act upon a request came into the log
//! (docs/formats/receipt.md).
//!
//! Knows no package. That a filing stands in the log proves that it was filed, not that it was
//! accepted. After an erasure a receipt proves that the leaf is there; what the leaf said is then
//! the company's word, unless an earlier receipt of it was kept.

use jiff::Timestamp;
use ledger::Entry;
use ledger::policy::Policy;
use ledger::proof::TlogProof;
use serde::{Deserialize, Serialize};

use super::finding::{Defect, Findings};
use super::leaf::{Leaf, Record, check_entry, check_leaf, read_file};

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The request.
    pub request: String,
    /// What happened: the record's word for it.
    pub act: String,
    /// The ask that it is about, if it is about one.
    pub ask: Option<u64>,
    /// False after an erasure: request and act are the company's word then.
    pub is_derived: bool,
    /// When it was recorded, by the company's clock; not known after an erasure.
    pub at: Option<Timestamp>,
    /// Number of the leaf, from 0.
    pub leaf: u64,
    /// The head of the log under which it was proven.
    pub tree_size: u64,
    /// Origin of that log.
    pub origin: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u64,
    leaf: Leaf,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ErasedFile {
    v: u64,
    request: String,
    seq: u64,
    kind: String,
    entry: String,
    proof: String,
}

/// The acts that a receipt may be of, by the word of their record (docs/formats/record.md).
pub const RECEIPTED: [&str; 9] = [
    "received",
    "information_provided",
    "withdrawn",
    "extended",
    "linked",
    "acknowledged",
    "deletion_confirmed",
    "copy_deleted",
    "lapsed",
];

/// Checks a receipt. With a policy, the log's head must satisfy it; without one, only that the
/// record leads to that head.
///
/// # Errors
/// Every defect.
pub fn check_receipt(
    bytes: &[u8],
    name: &str,
    policy: Option<&Policy>,
) -> Result<Receipt, Vec<Defect>> {
    let mut findings = Findings::default();
    let receipt = read(bytes, name, policy, &mut findings);
    match receipt {
        Some(receipt) if findings.defects.is_empty() => Ok(receipt),
        _ => Err(findings.defects),
    }
}

fn read(
    bytes: &[u8],
    name: &str,
    policy: Option<&Policy>,
    findings: &mut Findings,
) -> Option<Receipt> {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    let version: Option<Version> = serde_json::from_slice(bytes).ok();
    if version.is_some_and(|version| version.v == 2) {
        return read_erased(bytes, name, policy, findings);
    }
    let file: File = read_file(bytes, name, ("a receipt", "{\"v\",\"leaf\"}"), findings)?;
    if file.v != 1 {
        findings.defect(name, "a version this verifier does not know", "1 or 2", file.v);
    }
    let record: Record = serde_json::from_str(&file.leaf.record)
        .map_err(|error| findings.defect(name, "no log record", "a log record", error))
        .ok()?;
    let kind = record.event.get("kind").and_then(|kind| kind.as_str()).unwrap_or("none");
    // A filing is the first event of its request, every other act a later one.
    let fits = RECEIPTED.contains(&kind) && (kind == "received") == (record.seq == 1);
    if record.v != 1 || !fits {
        let found = format!("version {}, event {}, {kind}", record.v, record.seq);
        let expected = format!("version 1, one of {}", RECEIPTED.join(", "));
        findings.defect(name, "not the record of an act that has a receipt", expected, found);
    }
    check_leaf(&file.leaf, 1, name, policy, findings);
    let said = Said {
        request: record.stream,
        act: kind.to_owned(),
        ask: record.event.get("ask").and_then(serde_json::Value::as_u64),
        at: Some(record.at),
    };
    proven(said, &file.leaf.proof)
}

/// The receipt of a leaf whose record was erased.
fn read_erased(
    bytes: &[u8],
    name: &str,
    policy: Option<&Policy>,
    findings: &mut Findings,
) -> Option<Receipt> {
    let shape = ("a receipt", "{\"v\",\"request\",\"seq\",\"kind\",\"entry\",\"proof\"}");
    let file: ErasedFile = read_file(bytes, name, shape, findings)?;
    let entry: Option<[u8; 32]> =
        hex::decode(&file.entry).ok().and_then(|bytes| bytes.try_into().ok());
    let Some(entry) = entry.filter(|entry| hex::encode(entry) == file.entry) else {
        let expected = "32 bytes in lower-case hex";
        findings.defect(name, "the entry is not one", expected, &file.entry);
        return None;
    };
    let kind = file.kind.as_str();
    if !RECEIPTED.contains(&kind) || (kind == "received") != (file.seq == 1) {
        let found = format!("event {}, {kind}", file.seq);
        let expected = format!("one of {}", RECEIPTED.join(", "));
        findings.defect(name, "not an act that has a receipt", expected, found);
    }
    check_entry(Entry(entry), &file.proof, 1, name, policy, findings);
    let said = Said { request: file.request, act: file.kind, ask: None, at: None };
    proven(said, &file.proof).map(|receipt| Receipt { is_derived: false, ..receipt })
}

/// What a receipt says of its leaf.
struct Said {
    request: String,
    act: String,
    ask: Option<u64>,
    at: Option<Timestamp>,
}

fn proven(said: Said, proof: &str) -> Option<Receipt> {
    let proof = TlogProof::parse(proof.as_bytes()).ok()?;
    let signed = proof.checkpoint().ok()?;
    let head = signed.checkpoint();
    Some(Receipt {
        request: said.request,
        act: said.act,
        ask: said.ask,
        at: said.at,
        is_derived: true,
        leaf: proof.index().0,
        tree_size: head.size().0,
        origin: head.origin().to_string(),
    })
}
