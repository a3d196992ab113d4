//! The proof of a transparency report: the note that the log's key signed, and the leaf
//! (docs/formats/transparency.md).
//!
//! Knows no request and cannot count: that the company stood by exactly these bytes since then is
//! proven, not that they are true.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use ledger::note::Note;
use ledger::policy::Policy;
use ledger::proof::TlogProof;
use serde::{Deserialize, Serialize};

use super::finding::{Defect, Findings};
use super::leaf::{Leaf, Record, check_leaf, read_file};

/// What the proof of a report proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportProof {
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// When it was recorded, by the company's clock.
    pub at: Timestamp,
    /// Number of the leaf, from 0.
    pub leaf: u64,
    /// The head of the log under which it was proven.
    pub tree_size: u64,
    /// Origin of that log.
    pub origin: String,
}

/// The files of a report, with the names that defects call them.
#[derive(Clone, Copy, Debug)]
pub struct ReportFiles<'a> {
    /// Its JSON.
    pub json: (&'a str, &'a [u8]),
    /// Its CSV, where it is there.
    pub csv: Option<(&'a str, &'a [u8])>,
    /// Its proof.
    pub proof: (&'a str, &'a [u8]),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u64,
    note: String,
    leaf: Leaf,
}

/// What the record says of a report.
#[derive(Deserialize)]
struct Event {
    kind: String,
    from: String,
    to: String,
    json_sha256: String,
    csv_sha256: String,
}

/// Checks a report against its proof. With a policy, a log of the policy must have signed the note
/// and the head; without one, only that the digests lead to that head.
///
/// # Errors
/// Every defect.
pub fn check_report(
    files: &ReportFiles<'_>,
    policy: Option<&Policy>,
) -> Result<ReportProof, Vec<Defect>> {
    let mut findings = Findings::default();
    let proof = read(files, policy, &mut findings);
    match proof {
        Some(proof) if findings.defects.is_empty() => Ok(proof),
        _ => Err(findings.defects),
    }
}

fn read(
    files: &ReportFiles<'_>,
    policy: Option<&Policy>,
    findings: &mut Findings,
) -> Option<ReportProof> {
    let (name, bytes) = files.proof;
    let file: File = read_file(bytes, name, ("a proof", "{\"v\",\"note\",\"leaf\"}"), findings)?;
    if file.v != 1 {
        findings.defect(name, "a version this verifier does not know", 1, file.v);
    }
    let record: Record = serde_json::from_str(&file.leaf.record)
        .map_err(|error| findings.defect(name, "no log record", "a log record", error))
        .ok()?;
    let event: Event = serde_json::from_value(record.event.clone())
        .map_err(|error| findings.defect(name, "no record of a report", "one", error))
        .ok()?;
    if record.v != 1 || event.kind != "transparency_report" {
        let found = format!("version {}, {}", record.v, event.kind);
        findings.defect(name, "not the record of a report", "version 1, its kind", found);
    }
    check_digest(files.json, &event.json_sha256, findings);
    if let Some(csv) = files.csv {
        check_digest(csv, &event.csv_sha256, findings);
    }
    check_leaf(&file.leaf, 1, name, policy, findings);
    let proof = TlogProof::parse(file.leaf.proof.as_bytes()).ok()?;
    let signed = proof.checkpoint().ok()?;
    let head = signed.checkpoint();
    let Event { from, to, json_sha256, csv_sha256, .. } = event;
    let text = format!(
        "comity transparency report v1\n{}\n{from} {to}\njson sha256 {json_sha256}\n\
         csv sha256 {csv_sha256}\n",
        head.origin()
    );
    check_note(&file.note, &text, name, policy, findings);
    Some(ReportProof {
        from,
        to,
        at: record.at,
        leaf: proof.index().0,
        tree_size: head.size().0,
        origin: head.origin().to_string(),
    })
}

fn check_digest((name, bytes): (&str, &[u8]), expected: &str, findings: &mut Findings) {
    let found = hex::encode(digest(&SHA256, bytes));
    if found != expected {
        findings.defect(name, "not the file that was recorded", expected, found);
    }
}

fn check_note(
    note: &str,
    text: &str,
    name: &str,
    policy: Option<&Policy>,
    findings: &mut Findings,
) {
    let parsed = match Note::parse(note.as_bytes()) {
        Ok(parsed) => parsed,
        Err(error) => return findings.defect(name, "the note cannot be read", "a note", error),
    };
    if parsed.text() != text {
        let what = "the note says something else than the record";
        return findings.defect(name, what, text, parsed.text());
    }
    let keys = policy.map(|policy| policy.logs().iter().map(|log| &log.key));
    if let Some(Err(error)) = keys.map(|keys| parsed.verify(keys)) {
        findings.defect(name, "no log of the policy signed the report", "its signature", error);
    }
}
