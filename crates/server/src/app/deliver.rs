//! Sealing an approved package, and handing it over encrypted.
//!
//! The seal is an act like any other, but only the company's own jobs can do it, and only for the
//! tag manifest that a second person approved.

use std::io::Write as _;

use anyhow::Context as _;
use desk::ids::{ActorId, AskNumber, Digest, RequestId};
use desk::policy::Actor;
use desk::request::{Cause, Command, Event};
use evidence::archive::write_zip;
use evidence::bag::Bag;
use evidence::cms::envelope::{ContentIv, ContentKey, EnvelopeWriter};
use evidence::cms::recipient::Recipient;
use evidence::cms::signature::sign_detached;
use evidence::digest::DigestWriter;
use evidence::seal::{Seal, SealParts};
use evidence::timestamp::TimestampRequest;
use ledger::LeafIndex;
use ledger::checkpoint::SignedCheckpoint;
use ledger::proof::TlogProof;
use store::{Job, NewBlob};

use super::assemble::{answers_of, package_name};
use super::case::Case;
use super::spool::Spooled;
use super::{Act, Done, Node};
use crate::directory::Agency;
use crate::error::Error;
use crate::payload;
use crate::wrong::Wrong;

/// Makes an approved package again, signs it, records the seal, and hands it over.
///
/// # Errors
/// When it is not the package that was approved; then nothing was signed.
pub async fn seal(
    node: &Node,
    request: RequestId,
    asks: &[AskNumber],
    job: &Job,
) -> Result<(), Error> {
    let case = node.case(request).await?;
    let Some((approved, approved_by, approved_at)) = approval(&case, asks) else {
        return Err(Error::Internal(anyhow::anyhow!("no approval of these asks on the record")));
    };
    let notes = case.assembled.as_ref().ok_or(Error::Hidden)?;
    let bag = match node.bags.take(approved, &case, notes) {
        Some(bag) => bag,
        None => node.bag(&case, notes, &answers_of(&case, asks)).await?.into(),
    };
    if bag.tagmanifest_sha256().0 != approved.0 {
        let what = format!(
            "the package made now has tag manifest {}, approved was {approved}: the software or \
             comity.toml has changed since; return the package and assemble it again",
            bag.tagmanifest_sha256()
        );
        return Err(Error::Unavailable(what));
    }
    let parts = sign(node, &bag).await?;
    let digests = parts.digests(&bag);
    let directory = node.directory();
    let sealed = payload::Sealed {
        package: package_name(request, notes.package_number),
        assembled_by: notes.assembled_by.clone(),
        approved_by: directory.name(approved_by),
        approved_at,
        authentication: case
            .request
            .order
            .as_ref()
            .map_or_else(String::new, |order| order.authentication.as_str().to_owned()),
    };
    let command = Command::Seal {
        asks: asks.to_vec(),
        tagmanifest_sha256: Digest(digests.tagmanifest_sha256.0),
        p7s_sha256: Digest(digests.p7s_sha256.0),
        tsr_sha256: digests.tsr_sha256.map(|sha256| Digest(sha256.0)),
        chain_sha256: Digest(digests.chain_sha256.0),
    };
    let mut act = Act::new(request, command).with(&sealed)?.completing(job.lease);
    act.blobs =
        vec![NewBlob::new(parts.p7s.clone()), NewBlob::new(parts.chain_pem.clone().into_bytes())];
    act.blobs.extend(parts.tsr.clone().map(NewBlob::new));
    let done = node.act(&Actor::system(), act).await?;
    // The follow-up job does this as well, should this process end here; whoever is first wins.
    match hand_over(node, &case, &bag, parts, sealed_leaf(&done)?, asks, None).await {
        Ok(()) | Err(Error::Refused(_) | Error::Busy) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Hands over a sealed package whose delivery was interrupted, or had to wait for a clock.
///
/// # Errors
/// When the agency has no key to encrypt to, or the store fails.
pub async fn deliver(
    node: &Node,
    request: RequestId,
    asks: &[AskNumber],
    job: &Job,
) -> Result<(), Error> {
    let case = node.case(request).await?;
    let delivered = case
        .history
        .iter()
        .any(|(_, event)| matches!(event, Event::Delivered { asks: list, .. } if list == asks));
    let sealed =
        case.sealed.iter().rev().find(
            |sealed| matches!(&sealed.event, Event::Sealed { asks: list, .. } if list == asks),
        );
    let (false, Some(sealed), Some(notes)) = (delivered, sealed, &case.assembled) else {
        node.store.complete_job(job.lease).await?;
        return Ok(());
    };
    let Event::Sealed { p7s_sha256, tsr_sha256, chain_sha256, .. } = &sealed.event else {
        return Err(Error::Hidden);
    };
    let bag = node.bag(&case, notes, &answers_of(&case, asks)).await?;
    let reader = node.store.reader();
    let tsr = match tsr_sha256 {
        Some(digest) => Some(reader.blob(store::BlobDigest(digest.0)).await?),
        None => None,
    };
    let chain = reader.blob(store::BlobDigest(chain_sha256.0)).await?;
    let parts = SealParts {
        p7s: reader.blob(store::BlobDigest(p7s_sha256.0)).await?,
        tsr,
        chain_pem: String::from_utf8(chain).context("the kept chain.pem is not text")?,
    };
    match hand_over(node, &case, &bag, parts, sealed.leaf, asks, Some(job)).await {
        Err(Error::Refused(refusal)) => match refusal.cause {
            Cause::TooEarly(until) => Ok(node.store.postpone_job(job, until).await?),
            _ => Err(Error::Refused(refusal)),
        },
        other => other,
    }
}

/// Posts a delivered package to the agency's endpoint, when it has one.
///
/// # Errors
/// When the endpoint does not take it; tried again later.
pub async fn push(
    node: &Node,
    request: RequestId,
    asks: &[AskNumber],
    job: &Job,
) -> Result<(), Error> {
    let directory = node.directory();
    let agency = node.folded(request).await?.request.agency.and_then(|id| directory.agency(id));
    let Some((agency, endpoint)) =
        agency.and_then(|agency| Some((agency, agency.endpoint.as_deref()?)))
    else {
        node.store.complete_job(job.lease).await?;
        return Ok(());
    };
    let case = node.case(request).await?;
    let message = super::intake::delivery_message(node, &case, agency, asks).await?;
    let answer = node
        .http
        .post(endpoint)
        .header("content-type", "application/json")
        .body(message)
        .send()
        .await
        .map_err(|error| {
            Error::Unavailable(format!("the agency's endpoint: {}", error.without_url()))
        })?;
    if !answer.status().is_success() {
        let status = answer.status();
        return Err(Error::Unavailable(format!("the agency's endpoint answered {status}")));
    }
    node.store.complete_job(job.lease).await?;
    Ok(())
}

/// Signs the tag manifest, and asks for a time-stamp when an authority is configured.
async fn sign(node: &Node, bag: &Bag<'_>) -> Result<SealParts, Error> {
    let (seal, manifest, now) = (node.seal.clone(), bag.tagmanifest().to_vec(), node.now());
    let chain_pem = seal.chain().to_pem();
    // A key in a token keeps its thread waiting.
    let signing = tokio::task::spawn_blocking(move || {
        let (chain, algorithm) = (seal.chain(), seal.algorithm());
        sign_detached(&manifest, chain, algorithm, now, |message| seal.sign(message))
    });
    let signed = signing.await.map_err(|error| Error::Internal(error.into()))?;
    let p7s =
        signed.map_err(|error| Error::Unavailable(format!("{:#}", anyhow::Error::from(error))))?;
    let mut parts = SealParts { p7s, tsr: None, chain_pem };
    if let Some(authority) = &node.config.timestamp {
        let nonce: [u8; 8] = crate::random_bytes()?;
        let asked = TimestampRequest::new(&parts.p7s, nonce, None)
            .map_err(|error| Error::Internal(error.into()))?;
        let wait = std::time::Duration::from_secs(u64::from(authority.wait_seconds));
        let roots = crate::keys::certificates(&node.config.path(&authority.roots))
            .map_err(|error| Error::Internal(error.into()))?;
        let answer = node
            .http
            .post(&authority.url)
            .header("content-type", "application/timestamp-query")
            .timeout(wait)
            .body(asked.der().to_vec())
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| Error::Unavailable(format!("time-stamp authority: {error}")))?;
        let bytes = answer
            .bytes()
            .await
            .map_err(|error| Error::Unavailable(format!("time-stamp authority: {error}")))?;
        let token = asked
            .check(&bytes, &roots)
            .map_err(|error| Error::Unavailable(format!("time-stamp authority: {error}")))?;
        parts.tsr = Some(token.response);
    }
    Ok(parts)
}

/// Writes the zip with its proof, encrypts it, stores it and records the delivery.
async fn hand_over(
    node: &Node,
    case: &Case,
    bag: &Bag<'static>,
    parts: SealParts,
    leaf: LeafIndex,
    asks: &[AskNumber],
    job: Option<&Job>,
) -> Result<(), Error> {
    let directory = node.directory();
    let agency = case
        .request
        .agency
        .and_then(|id| directory.agency(id))
        .ok_or_else(|| Error::wrong("agency", Wrong::NoAgency))?;
    let seal = Seal {
        parts,
        sealed_json: sealed_json(node, leaf).await?,
        proof: proof(node, leaf).await?,
    };
    let zip = write_zip(bag, &seal, node.spool()).map_err(|e| Error::Internal(e.into()))?;
    let mut zip = Spooled::of(zip)?;
    let package = zip.digests.sha256;
    let (encrypted, encryption) = encrypt(node, agency, &mut zip)?;
    let digests = encrypted.digests;
    let kept = encrypted.keep(node).await?;
    let facts = payload::Delivered {
        package: bag.name().to_string(),
        encrypted_sha256: kept.digest().to_string(),
        encryption: encryption.to_owned(),
        encrypted_bytes: digests.bytes,
    };
    let command = Command::Deliver {
        asks: asks.to_vec(),
        package_sha256: Digest(package.0),
        encrypted_sha256: Digest(digests.sha256.0),
    };
    let mut act = Act::new(case.id, command).with(&facts)?;
    act.blobs.push(kept);
    let number = u16::try_from(case.delivered.len() + 1).context("too many deliveries")?;
    act.seen.push(super::intake::delivery_known(agency.id, case.id, number));
    act.completes = job.map(|job| job.lease);
    node.act(&Actor::system(), act).await.map(|_| ())
}

fn encrypt(
    node: &Node,
    agency: &Agency,
    zip: &mut Spooled,
) -> Result<(Spooled, &'static str), Error> {
    let internal = |error: anyhow::Error| Error::Internal(error);
    let bytes = zip.digests.bytes;
    let zip = zip.rewound()?;
    let out = DigestWriter::new(node.spool());
    if agency.recipients_pem.is_empty() {
        let recipients = agency
            .recipients_age
            .iter()
            .map(|text| evidence::age::AgeRecipient::parse(text))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| internal(error.into()))?;
        let mut writer = evidence::age::AgeWriter::new(out, &recipients)
            .map_err(|error| internal(error.into()))?;
        std::io::copy(zip, &mut writer).context("encrypting")?;
        let out = writer.finish().map_err(|error| internal(error.into()))?;
        return Ok((out.into(), "age"));
    }
    let key = ContentKey::new(crate::random_bytes()?);
    let iv = ContentIv::new(crate::random_bytes()?);
    let wrapped = agency
        .recipients_pem
        .iter()
        .map(|pem| Recipient::from_pem(pem)?.wrap(&key))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| internal(error.into()))?;
    let mut writer = EnvelopeWriter::new(out, bytes, &key, iv, &wrapped)
        .map_err(|error| internal(error.into()))?;
    std::io::copy(zip, &mut writer).context("encrypting")?;
    writer.flush().context("encrypting")?;
    let out = writer.finish().map_err(|error| internal(error.into()))?;
    Ok((out.into(), "cms"))
}

async fn sealed_json(node: &Node, leaf: LeafIndex) -> Result<String, Error> {
    let record = node
        .store
        .reader()
        .record(leaf)
        .await?
        .ok_or_else(|| Error::wrong("seal", Wrong::SealErased))?;
    Ok(evidence::seal::sealed_json(&record.json, &record.salt, &[]))
}

/// The `.tlog-proof` of a leaf against the newest checkpoint.
pub(super) async fn proof(node: &Node, leaf: LeafIndex) -> Result<String, Error> {
    let published = node.store.checkpoint();
    let hashes = node.store.reader().inclusion_proof(leaf, published.size).await?;
    let checkpoint = SignedCheckpoint::parse(published.note.as_bytes())
        .map_err(|error| Error::Internal(error.into()))?;
    Ok(TlogProof::new(leaf, hashes, &checkpoint).to_string())
}

/// Who approved these asks, what, and when.
fn approval(case: &Case, wanted: &[AskNumber]) -> Option<(Digest, ActorId, jiff::Timestamp)> {
    case.history.iter().rev().find_map(|(at, event)| match event {
        Event::Approved { asks, tagmanifest_sha256, by } if asks == wanted => {
            Some((*tagmanifest_sha256, *by, *at))
        }
        _ => None,
    })
}

fn sealed_leaf(done: &Done) -> Result<LeafIndex, Error> {
    let place = done.events.iter().position(|event| matches!(event, Event::Sealed { .. }));
    let place = place.context("a seal without its event")? as u64;
    Ok(LeafIndex(done.appended.leaves.start + place))
}
