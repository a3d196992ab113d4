//! The seal: signature, certificate, time-stamp, log record, proof. Knows nothing of the payload;
//! the tag manifest is all it speaks about.

use jiff::{SignedDuration, Timestamp};
use ledger::proof::TlogProof;
use ledger::tree::verify_inclusion;
use ledger::{Entry, Hash};
use serde::{Deserialize, Serialize};

use super::anchors::{Anchors, canonical_chain};
use super::bag::Small;
use super::cms::{self, DATA, SetOrder, Signed};
use super::der::DerError;
use super::finding::{Findings, Subject};
use super::x509::{self, Certificate, Purpose};
use super::{Run, token};
use crate::format as f;

/// How far a signer's clock may be ahead of the time-stamp authority's.
pub const CLOCK_AHEAD_MINUTES_MAX: i64 = 10;
/// Log witnesses that `sealed.json` may name.
pub const WITNESSES_COUNT_MAX: usize = 64;

/// Checks everything in `seal/`, subject by subject.
pub fn check(run: &mut Run, small: &Small, anchors: &Anchors) {
    let chain_der = read_chain(small, &mut run.findings);
    let chain = parse_chain(&chain_der, &mut run.findings);
    let signed = read_signature(small, &mut run.findings);
    if let Some(signed) = &signed {
        check_signature(signed, &chain, small, &mut run.findings);
    }
    match &signed {
        Some(_) => run.close(Subject::Signature, "the seal certificate's key signed the lists"),
        None => run.leave(Subject::Signature, "no signature to read"),
    }
    let stamped_at = check_time_stamp(run, small, anchors, signed.as_ref());
    check_certificate(run, signed.as_ref(), &chain, anchors, stamped_at);
    let sealed = read_sealed(small, &mut run.findings);
    let leaf = sealed.as_ref().and_then(|sealed| check_record(sealed, small, &mut run.findings));
    match &sealed {
        Some(_) => run.close(Subject::LogRecord, "the log record names the seal's digests"),
        None => run.leave(Subject::LogRecord, "no record to read"),
    }
    check_proof(run, small, sealed.as_ref(), leaf, anchors);
}

fn read_chain(small: &Small, findings: &mut Findings) -> Vec<Vec<u8>> {
    let Some(bytes) = small.get(f::CHAIN_PEM_PATH) else { return Vec::new() };
    canonical_chain(bytes).unwrap_or_else(|| {
        let expected = "PEM certificates, 64 characters a line, LF, nothing around";
        findings.defect(f::CHAIN_PEM_PATH, "not the one form of PEM", expected, "other bytes");
        Vec::new()
    })
}

fn parse_chain<'a>(chain: &'a [Vec<u8>], findings: &mut Findings) -> Vec<Certificate<'a>> {
    let mut parsed = Vec::new();
    for der in chain {
        match x509::parse(der) {
            Ok(certificate) => parsed.push(certificate),
            Err(error) => {
                let what = "a certificate cannot be read";
                findings.defect(f::CHAIN_PEM_PATH, what, "DER, X.509 version 3", error);
            }
        }
    }
    parsed
}

fn read_signature<'a>(small: &'a Small, findings: &mut Findings) -> Option<Signed<'a>> {
    let bytes = small.get(f::SEAL_P7S_PATH)?;
    match cms::parse(bytes, SetOrder::Der) {
        Ok(signed) => Some(signed),
        Err(error) => {
            note_der(f::SEAL_P7S_PATH, "not a CMS signature in DER", error, findings);
            None
        }
    }
}

fn note_der(path: &str, what: &str, error: DerError, findings: &mut Findings) {
    findings.defect(path, what, "canonical DER", error);
}

fn check_signature(
    signed: &Signed<'_>,
    chain: &[Certificate<'_>],
    small: &Small,
    findings: &mut Findings,
) {
    const P7S: &str = f::SEAL_P7S_PATH;
    for oddity in &signed.oddities {
        findings.defect(P7S, oddity.what, &oddity.expected, &oddity.found);
    }
    if signed.content_type != DATA || signed.content.is_some() {
        findings.defect(P7S, "not a detached signature over data", DATA, &signed.content_type);
    }
    let signer = &signed.signer;
    for other in signer.other_attributes() {
        findings.defect(P7S, "a signed attribute we never write", "the four of CAdES B-B", other);
    }
    if signer.content_type().as_deref() != Some(DATA) {
        let found = signer.content_type().unwrap_or_else(|| "none".into());
        findings.defect(P7S, "the signed content-type is wrong or missing", DATA, found);
    }
    if signer.signing_time().is_none() {
        findings.defect(P7S, "signing-time is missing", "a time", "none");
    }
    if let Some(tagmanifest) = small.get(f::TAGMANIFEST_PATH) {
        let expected = signer.digest_of(tagmanifest).map_or("no known digest".into(), hex::encode);
        let found = signer.message_digest().map_or("none".into(), hex::encode);
        if expected != found {
            let what = format!("the signature is over another {}", f::TAGMANIFEST_PATH);
            findings.defect(P7S, what, expected, found);
        }
    }
    check_signer_certificate(signed, chain, findings);
}

fn check_signer_certificate(
    signed: &Signed<'_>,
    chain: &[Certificate<'_>],
    findings: &mut Findings,
) {
    const P7S: &str = f::SEAL_P7S_PATH;
    let Some(certificate) = signed.signer_certificate() else {
        findings.defect(P7S, "the signer's certificate is not inside", "a certificate", "none");
        return;
    };
    if !signed.signer.signed_by(certificate) {
        let found = x509::name_text(certificate.subject);
        findings.defect(P7S, "the signature is not by the signer's key", "a good one", found);
    }
    match signed.signer.names(certificate) {
        Some(true) => {}
        Some(false) => {
            let what = "signing-certificate-v2 names another certificate";
            findings.defect(P7S, what, hex::encode(certificate.serial), "another");
        }
        None => {
            findings.defect(P7S, "signing-certificate-v2 is missing", "the attribute", "none");
        }
    }
    let inside: Vec<_> = signed.certificates.iter().map(|c| c.der).collect();
    let mut listed: Vec<_> = chain.iter().map(|c| c.der).collect();
    if listed.first().is_some_and(|first| *first != certificate.der) {
        let expected = x509::name_text(certificate.subject);
        let found = x509::name_text(chain[0].subject);
        let what = "the first certificate is not the signer's";
        findings.defect(f::CHAIN_PEM_PATH, what, expected, found);
        return;
    }
    // In the signature they stand as DER orders a set, in the chain from the seal upwards.
    listed.sort_unstable();
    if !listed.is_empty() && listed != inside {
        let expected = format!("the {} in {}", listed.len(), f::CHAIN_PEM_PATH);
        let what = "the certificates inside are not those of the chain";
        findings.defect(P7S, what, expected, inside.len());
    }
}

/// Checks the token; gives its time when it leads to a trusted authority.
fn check_time_stamp(
    run: &mut Run,
    small: &Small,
    anchors: &Anchors,
    signed: Option<&Signed<'_>>,
) -> Option<Timestamp> {
    const TSR: &str = f::SEAL_TSR_PATH;
    let Some(bytes) = small.get(TSR) else {
        run.leave(Subject::TimeStamp, "the package has none");
        return None;
    };
    let findings = &mut run.findings;
    let token = match token::parse(bytes) {
        Ok(token) => token,
        Err(error) => {
            note_der(TSR, "not a time-stamp response in DER", error, findings);
            run.close(Subject::TimeStamp, "");
            return None;
        }
    };
    if let Some(p7s) = small.get(f::SEAL_P7S_PATH)
        && !token.is_over(p7s)
    {
        let expected = format!("the digest of {}", f::SEAL_P7S_PATH);
        findings.defect(TSR, "the token is over another file", expected, token.imprint());
    }
    if let Some(fault) = token.signature_fault() {
        findings.defect(TSR, "the token's signature does not hold", "a good one", fault);
    }
    let stamped_at = token.stamped_at;
    let ahead = SignedDuration::from_mins(CLOCK_AHEAD_MINUTES_MAX);
    let claimed = signed.and_then(|signed| signed.signer.signing_time());
    if let Some(claimed) = claimed.filter(|claimed| *claimed > stamped_at + ahead) {
        let expected = format!("before {stamped_at}");
        findings.defect(TSR, "the signing time is after the time-stamp", expected, claimed);
    }
    let before = findings.defects.len();
    let roots = anchors.tsa_roots();
    if roots.is_empty() {
        findings.fact("time-stamp", format!("{stamped_at}, authority not checked"));
        run.leave(Subject::TimeStamp, "no root of the time-stamp authority was given");
        return None;
    }
    if let Some(leaf) = token.signed.signer_certificate() {
        let pool = &token.signed.certificates;
        for fault in x509::check_path(leaf, pool, &roots, stamped_at, Purpose::TimeStamp) {
            findings.defect(TSR, fault.what, fault.expected, fault.found);
        }
    }
    let trusted = run.findings.defects.len() == before;
    run.close(Subject::TimeStamp, "the seal existed at the time the authority states");
    trusted.then_some(stamped_at)
}

fn check_certificate(
    run: &mut Run,
    signed: Option<&Signed<'_>>,
    chain: &[Certificate<'_>],
    anchors: &Anchors,
    stamped_at: Option<Timestamp>,
) {
    let certificate = signed.and_then(Signed::signer_certificate);
    let (Some(signed), Some(certificate)) = (signed, certificate) else {
        return run.leave(Subject::Certificate, "no certificate to judge");
    };
    run.findings.fact("sealed by", x509::name_text(certificate.subject));
    let claimed = signed.signer.signing_time();
    let (at, why) = match (stamped_at, anchors.judged_at(), claimed) {
        (Some(at), _, _) => (at, "the time-stamp authority's"),
        (None, Some(at), _) => (at, "the reader's"),
        (None, None, Some(at)) => (at, "the signer's own, which nobody vouches for"),
        (None, None, None) => return run.leave(Subject::Certificate, "no time to judge at"),
    };
    run.findings.fact("time of the seal", format!("{at}, {why}"));
    let roots = anchors.roots();
    if roots.is_empty() {
        return run.leave(Subject::Certificate, "no company root was given");
    }
    for fault in x509::check_path(certificate, chain, &roots, at, Purpose::Seal) {
        run.findings.defect(f::CHAIN_PEM_PATH, fault.what, fault.expected, fault.found);
    }
    run.close(Subject::Certificate, "the seal certificate leads to the company's root");
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    v: u64,
    record: String,
    salt: String,
    witnesses: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u64,
    stream: uuid::Uuid,
    seq: u64,
    at: Timestamp,
    event: SealedEvent,
    payload: serde_json::Value,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SealedEvent {
    kind: String,
    asks: Vec<u16>,
    tagmanifest_sha256: String,
    p7s_sha256: String,
    tsr_sha256: Option<String>,
    chain_sha256: String,
}

fn read_sealed(small: &Small, findings: &mut Findings) -> Option<Sealed> {
    let bytes = small.get(f::SEALED_JSON_PATH)?;
    let sealed: Sealed = match serde_json::from_slice(bytes) {
        Ok(sealed) => sealed,
        Err(error) => {
            let expected = "{\"v\",\"record\",\"salt\",\"witnesses\"}";
            findings.defect(f::SEALED_JSON_PATH, "not the sealed record", expected, error);
            return None;
        }
    };
    let written = serde_json::to_string(&sealed).map(|text| text + "\n");
    if written.ok().as_deref().map(str::as_bytes) != Some(&bytes[..]) {
        let expected = "compact, keys in order, one LF at the end";
        findings.defect(f::SEALED_JSON_PATH, "not in its one spelling", expected, "another");
    }
    if sealed.v != f::SEALED_JSON_VERSION {
        let what = "a version this verifier does not know";
        findings.defect(f::SEALED_JSON_PATH, what, f::SEALED_JSON_VERSION, sealed.v);
    }
    let count = sealed.witnesses.len();
    if count > WITNESSES_COUNT_MAX {
        findings.defect(f::SEALED_JSON_PATH, "too many witnesses", WITNESSES_COUNT_MAX, count);
    }
    Some(sealed)
}

/// Compares the record with the files beside it; gives the leaf hash it must have in the log.
fn check_record(sealed: &Sealed, small: &Small, findings: &mut Findings) -> Option<Hash> {
    const PATH: &str = f::SEALED_JSON_PATH;
    match serde_json::from_str::<Record>(&sealed.record) {
        Ok(record) => check_event(&record, sealed, small, findings),
        Err(error) => {
            findings.defect(PATH, "the record is not one of a seal", "kind sealed", error);
        }
    }
    let salt: Option<[u8; f::SALT_BYTES]> =
        hex::decode(&sealed.salt).ok().and_then(|bytes| bytes.try_into().ok());
    let Some(salt) = salt.filter(|salt| hex::encode(salt) == sealed.salt) else {
        let expected = format!("{} bytes in lower-case hex", f::SALT_BYTES);
        findings.defect(PATH, "the salt is not one", expected, &sealed.salt);
        return None;
    };
    Some(Entry::of(f::RECORD_TAG, &salt, sealed.record.as_bytes()).leaf_hash())
}

fn check_event(record: &Record, sealed: &Sealed, small: &Small, findings: &mut Findings) {
    const PATH: &str = f::SEALED_JSON_PATH;
    let event = &record.event;
    if event.kind != "sealed" || record.v != 1 {
        let found = format!("{} of version {}", event.kind, record.v);
        findings.defect(PATH, "the record is of another act", "sealed of version 1", found);
    }
    findings.fact("log record", format!("{} of request {}", record.at, record.stream));
    let request = super::info::request_id(small);
    if let Some(request) = request.filter(|request| *request != record.stream.to_string()) {
        findings.defect(PATH, "the record is of another request", request, record.stream);
    }
    let named = [
        (f::TAGMANIFEST_PATH, Some(&event.tagmanifest_sha256)),
        (f::SEAL_P7S_PATH, Some(&event.p7s_sha256)),
        (f::SEAL_TSR_PATH, event.tsr_sha256.as_ref()),
        (f::CHAIN_PEM_PATH, Some(&event.chain_sha256)),
    ];
    for (path, named) in named {
        let found = small.get(path).map(|bytes| crate::digest::Sha256::of(bytes).to_string());
        match (named, found) {
            (Some(named), Some(found)) if *named != found => {
                findings.defect(path, "not the file that the log record names", named, found);
            }
            (Some(named), None) if path == f::SEAL_TSR_PATH => {
                findings.defect(
                    path,
                    "the file that the log record names is missing",
                    named,
                    "none",
                );
            }
            (None, Some(found)) => {
                findings.defect(path, "a file that the log record does not name", "none", found);
            }
            _ => {}
        }
    }
    // The personal part may say what proved the sender; then it says what the package says.
    if let Some(said) = record.payload.get("authentication") {
        let packaged = super::info::said(small, f::label::AUTHENTICATION).join(" and ");
        if said.as_str() != Some(packaged.as_str()) {
            let what = "the record and the package differ on what proves the sender";
            findings.defect(PATH, what, packaged, said);
        }
    }
    let _ = (&sealed.witnesses, record.seq, &event.asks);
}

fn check_proof(
    run: &mut Run,
    small: &Small,
    sealed: Option<&Sealed>,
    leaf: Option<Hash>,
    anchors: &Anchors,
) {
    const PATH: &str = f::SEALED_PROOF_PATH;
    let Some(bytes) = small.get(PATH) else {
        return run.leave(Subject::LogProof, "no proof to read");
    };
    let findings = &mut run.findings;
    let proof = match TlogProof::parse(bytes) {
        Ok(proof) => proof,
        Err(error) => {
            findings.defect(PATH, "not a C2SP tlog-proof", "tlog-proof@v1", error);
            return run.close(Subject::LogProof, "");
        }
    };
    if proof.to_string().as_bytes() != bytes || proof.extra().is_some() {
        findings.defect(PATH, "not in its one spelling", "no extra line, canonical", "another");
    }
    let checkpoint = match proof.checkpoint() {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            findings.defect(PATH, "the checkpoint cannot be read", "a C2SP checkpoint", error);
            return run.close(Subject::LogProof, "");
        }
    };
    let head = checkpoint.checkpoint();
    if let Some(leaf) = leaf {
        let (index, hashes) = (proof.index(), proof.hashes());
        if let Err(error) = verify_inclusion(leaf, index, head.size(), hashes, head.root()) {
            let expected = format!("a path from leaf {leaf} to the signed root");
            findings.defect(PATH, "the record is not in the log at this place", expected, error);
        }
    }
    let size = head.size();
    findings.fact("log", format!("{}, leaf {} of {size}", head.origin(), proof.index()));
    check_signers(&checkpoint, sealed, anchors, findings);
    match (anchors.policy(), leaf) {
        (Some(_), Some(_)) => {
            run.close(Subject::LogProof, "the record is in a log that the policy trusts");
        }
        (None, _) => run.leave(Subject::LogProof, "no log policy was given"),
        (_, None) => run.leave(Subject::LogProof, "no leaf to look for"),
    }
}

/// The checkpoint's signatures: by the log, by every witness that the seal expected, by no
/// stranger. The policy's own quorum is judged when there is a policy.
fn check_signers(
    checkpoint: &ledger::checkpoint::SignedCheckpoint,
    sealed: Option<&Sealed>,
    anchors: &Anchors,
    findings: &mut Findings,
) {
    const PATH: &str = f::SEALED_PROOF_PATH;
    let names: Vec<&str> =
        checkpoint.note().signatures().iter().map(|line| line.name.as_str()).collect();
    let expected = sealed.map_or(&[][..], |sealed| &sealed.witnesses);
    let origin = checkpoint.checkpoint().origin();
    for witness in expected.iter().filter(|witness| !names.contains(&witness.as_str())) {
        findings.defect(PATH, "the cosignature of an expected witness is missing", witness, "none");
    }
    for name in &names {
        let known = *name == origin || expected.iter().any(|witness| witness == name);
        if !known && sealed.is_some() {
            let what = "a signature by a key that the seal does not name";
            findings.defect(PATH, what, "the log and its witnesses", name);
        }
    }
    if !names.contains(&origin) {
        findings.defect(PATH, "the log has not signed", origin, names.join(" "));
    }
    let Some(policy) = anchors.policy() else { return };
    match policy.satisfied(checkpoint) {
        Ok(satisfied) => {
            for witness in satisfied.cosigned {
                let at = i64::try_from(witness.at.get()).ok();
                let at = at.and_then(|seconds| Timestamp::from_second(seconds).ok());
                let at = at.map_or_else(|| witness.at.get().to_string(), |at| at.to_string());
                findings.fact("cosigned", format!("{} at {at}", witness.key));
            }
        }
        Err(error) => {
            findings.defect(PATH, "the policy does not trust this checkpoint", "trust", error);
        }
    }
    for name in expected {
        if !policy.witnesses().any(|witness| witness.key.name().as_str() == name) {
            findings.fact("not in the policy", format!("witness {name}, its line was not checked"));
        }
    }
}
