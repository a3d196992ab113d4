//! Keeping a copy of records until an order for them arrives.
//!
//! The copy is encrypted under a key of its own that lies in the payload of its event. Nobody
//! reads it before an order is linked; erasing that payload makes it unreadable for ever.

use std::io::{Read as _, Write as _};

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use anyhow::Context as _;
use desk::ids::{AskNumber, Digest, EffectId, ExhibitNumber, RequestId};
use desk::policy::{Action, Actor};
use desk::request::{Command, EffectStatus};
use evidence::digest::DigestWriter;
use ledger::LeafIndex;
use store::{BlobDigest, Job, NewBlob};
use zeroize::Zeroizing;

use super::search::describe;
use super::spool::Spooled;
use super::{Act, Node};
use crate::error::Error;
use crate::payload::{Preserved, PreservedTable};

/// Largest table of a copy that is opened for a reader at once.
const OPEN_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Copies the rows that a Preserve ask names, encrypts the copy and records it.
///
/// # Errors
/// When a source fails; the job tries again.
pub async fn copy(node: &Node, request: RequestId, ask: AskNumber, job: &Job) -> Result<(), Error> {
    let case = node.case(request).await?;
    let waiting = case.request.ask(ask).is_some_and(|state| state.exhibits.is_empty());
    if !waiting || case.received.is_none() {
        node.store.complete_job(job.lease).await?;
        return Ok(());
    }
    let found = node.find(&case, ask, &[]).await?;
    let identity = Identity::generate();
    let mut blobs: Vec<NewBlob> = Vec::new();
    let mut tables = Vec::new();
    let (number, mut rows) = (case.next_exhibit(), 0);
    for mut table in found.tables {
        rows += table.facts.row_count;
        let exhibit = describe(number, &table);
        let csv = encrypt(node, &identity, &mut table.csv)?.keep(node).await?;
        let json = encrypt(node, &identity, &mut table.json)?.keep(node).await?;
        tables.push(PreservedTable {
            exhibit,
            csv_blob: csv.digest().to_string(),
            json_blob: json.digest().to_string(),
        });
        blobs.extend([csv, json]);
    }
    let copy = Preserved { age_identity: identity.to_string().expose_secret().to_owned(), tables };
    let names: Vec<&str> = copy.tables.iter().map(|table| table.csv_blob.as_str()).collect();
    let command = Command::Preserve {
        ask,
        exhibit: ExhibitNumber(number),
        // What the event pins is the list of encrypted files; each is named by its own digest.
        exhibit_sha256: Digest(BlobDigest::of(names.join("\n").as_bytes()).0),
        rows,
    };
    let mut act = Act::new(request, command).with(&copy)?.completing(job.lease);
    act.blobs = blobs;
    node.act(&Actor::system(), act).await.map(|_| ())
}

/// Deletes a copy: its key and its files. The event that says so is the receipt.
///
/// # Errors
/// When the store fails; the job tries again.
pub async fn delete(
    node: &Node,
    request: RequestId,
    ask: AskNumber,
    effect: EffectId,
    job: &Job,
) -> Result<(), Error> {
    let case = node.case(request).await?;
    if let Some((_, leaf)) = case.preserved.get(&ask.0) {
        node.store.erase_events(&[LeafIndex(*leaf)]).await?;
        node.cases.forget(request);
    }
    let open = case
        .request
        .effect(effect)
        .is_some_and(|(_, known)| known.status != EffectStatus::Confirmed);
    if !open {
        node.store.complete_job(job.lease).await?;
        return Ok(());
    }
    let act = Act::new(request, Command::ConfirmEffect { effect }).completing(job.lease);
    node.act(&Actor::system(), act).await.map(|_| ())
}

impl Node {
    /// One table of a preserved copy, as CSV or JSON; only once an order is linked. It is
    /// overwritten when it is dropped.
    ///
    /// # Errors
    /// [`Error::Hidden`] before that, and for whoever may not read it.
    pub async fn preserved_file(
        &self,
        actor: &Actor,
        request: RequestId,
        ask: AskNumber,
        table: usize,
        format: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.read_permit(actor, Action::ReadPreservedCopy, request).await?;
        let case = self.case(request).await?;
        let (copy, _) = case.preserved.get(&ask.0).ok_or(Error::Hidden)?;
        let table = copy.tables.get(table).ok_or(Error::Hidden)?;
        let name = match format {
            "csv" => &table.csv_blob,
            "json" => &table.json_blob,
            _ => return Err(Error::Hidden),
        };
        let digest = Digest::from_hex(name).ok_or(Error::Hidden)?;
        let source = self.store.reader().blob_source(BlobDigest(digest.0)).await?;
        let identity: Identity = copy
            .age_identity
            .parse()
            .map_err(|why: &str| Error::Internal(anyhow::anyhow!("copy key: {why}")))?;
        let encrypted = source.open().context("preserved copy")?;
        let decryptor = age::Decryptor::new_buffered(std::io::BufReader::new(encrypted))
            .context("preserved copy")?;
        let length = usize::try_from(source.length()).unwrap_or(usize::MAX);
        let room = length.min(OPEN_BYTES_MAX as usize);
        // The plain text is shorter than the encrypted one: it never moves while it grows.
        let mut plain = Zeroizing::new(Vec::with_capacity(room));
        decryptor
            .decrypt(std::iter::once(&identity as &dyn age::Identity))
            .context("preserved copy")?
            .take(OPEN_BYTES_MAX)
            .read_to_end(&mut plain)
            .context("preserved copy")?;
        Ok(plain)
    }
}

fn encrypt(node: &Node, identity: &Identity, plain: &mut Spooled) -> Result<Spooled, Error> {
    let recipient = identity.to_public();
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .context("encrypting a copy")?;
    let out = DigestWriter::new(node.spool());
    let mut writer = encryptor.wrap_output(out).context("encrypting a copy")?;
    std::io::copy(plain.rewound()?, &mut writer).context("encrypting a copy")?;
    writer.flush().context("encrypting a copy")?;
    Ok(writer.finish().context("encrypting a copy")?.into())
}
