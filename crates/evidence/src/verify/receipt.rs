//! A receipt: the leaf with which a request came into the log (docs/formats/receipt.md).
//!
//! Knows no package. That a request stands in the log proves that it was filed, not that it was
//! accepted.

use jiff::Timestamp;
use ledger::policy::Policy;
use ledger::proof::TlogProof;
use serde::{Deserialize, Serialize};

use super::finding::{Defect, Findings};
use super::leaf::{Leaf, Record, check_leaf, read_file};

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The request.
    pub request: String,
    /// When it was recorded, by the company's clock.
    pub at: Timestamp,
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
    let file: File = read_file(bytes, name, ("a receipt", "{\"v\",\"leaf\"}"), findings)?;
    if file.v != 1 {
        findings.defect(name, "a version this verifier does not know", 1, file.v);
    }
    let record: Record = serde_json::from_str(&file.leaf.record)
        .map_err(|error| findings.defect(name, "no log record", "a log record", error))
        .ok()?;
    let kind = record.event.get("kind").and_then(|kind| kind.as_str()).unwrap_or("none");
    if record.v != 1 || record.seq != 1 || kind != "received" {
        let found = format!("version {}, event {}, {kind}", record.v, record.seq);
        findings.defect(name, "not the record of a filing", "version 1, event 1, received", found);
    }
    check_leaf(&file.leaf, 1, name, policy, findings);
    let proof = TlogProof::parse(file.leaf.proof.as_bytes()).ok()?;
    let signed = proof.checkpoint().ok()?;
    let head = signed.checkpoint();
    Some(Receipt {
        request: record.stream,
        at: record.at,
        leaf: proof.index().0,
        tree_size: head.size().0,
        origin: head.origin().to_string(),
    })
}
