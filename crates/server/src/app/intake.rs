//! How requests come in: filed by intake, as an HI-1 message, or signed by an officer.

mod message;
mod signed;

use anyhow::Context as _;
use desk::ids::{AgencyId, Digest, RequestId};
use desk::order::{Authentication, Channel, Order};
use desk::policy::Actor;
use desk::request::Command;
use records::{Selector, SelectorKind};
use serde::Deserialize;
use store::{BlobDigest, NewBlob};
use utoipa::ToSchema;
use uuid::Uuid;

pub use message::{delivery_known, delivery_message, delivery_object_id, receive};
pub(in crate::app) use signed::{Issued, needs_signature};
pub use signed::{
    OfficerAct, OfficerFile, OfficerOrder, PasskeyAnswer, SIGNING_MINUTES_MAX, SignedOrder, ToSign,
};

use super::{Act, Done, Node};
use crate::error::Error;
use crate::fraud::papers::Papers;
use crate::payload::{FileRef, Received, SelectorValue};
use crate::wrong::{Detail, Wrong};

/// Files of one instrument.
const FILES_COUNT_MAX: usize = 50;
/// Selectors of one request.
const SELECTORS_COUNT_MAX: usize = 10_000;

/// An instrument that came by post or mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualOrder {
    /// The agency that sent it, from the directory.
    pub agency: Uuid,
    /// Facts of the order; docs/formats/record.md has its fields. `channel` and `authentication`
    /// are set by the desk: `manual` and `none`.
    #[schema(value_type = Object)]
    pub order: Order,
    /// The authority's reference.
    pub reference: String,
    /// Law and article that it names.
    #[serde(default)]
    pub legal_basis: String,
    /// Values of the selectors, by ask.
    pub selectors: Vec<ManualSelector>,
    /// The paper, scanned.
    pub files: Vec<ManualFile>,
}

/// One selector.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualSelector {
    /// The ask, from 1.
    pub ask: u16,
    /// `account_id`, `address`, `txid` or another word of docs/formats/selectors.md.
    pub kind: String,
    /// As written.
    pub value: String,
}

/// One file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManualFile {
    /// The sender's name for it.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Base64.
    pub contents: String,
}

/// Files that came in: named, scanned, looked at.
struct Kept {
    files: Vec<FileRef>,
    /// Those small enough to go with the act.
    blobs: Vec<NewBlob>,
    papers: Papers,
}

/// A file of an instrument, on its way in.
pub(super) struct InFile {
    pub name: Option<String>,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Node {
    /// Files an instrument that came by post or mail. Nothing proves its sender yet.
    ///
    /// # Errors
    /// [`Error::Input`] naming the selector or file that cannot be read.
    pub async fn file(&self, actor: &Actor, manual: ManualOrder) -> Result<Done, Error> {
        let agency = AgencyId(manual.agency);
        if self.directory().agency(agency).is_none() {
            return Err(Error::wrong("agency", Wrong::AgencyUnknown));
        }
        let mut selectors = Vec::with_capacity(manual.selectors.len());
        if manual.selectors.len() > SELECTORS_COUNT_MAX {
            let (count, most) = (manual.selectors.len(), SELECTORS_COUNT_MAX);
            return Err(Error::wrong("selectors", Wrong::SelectorsTooMany { count, most }));
        }
        for (index, entry) in manual.selectors.iter().enumerate() {
            let place = || format!("selectors[{index}]");
            let kind: SelectorKind = entry.kind.parse().map_err(|e: records::UnknownKind| {
                Error::input(place(), e.to_string(), "use one of these words")
            })?;
            let selector = Selector::read(kind, &entry.value).map_err(|error| {
                let detail = Detail::of(error);
                Error::wrong(place(), Wrong::SelectorUnreadable { detail })
            })?;
            let value = SelectorValue {
                ask: entry.ask,
                kind: kind.as_str().to_owned(),
                value: selector.value().to_owned(),
            };
            if !selectors.contains(&value) {
                selectors.push(value);
            }
        }
        let mut files = Vec::with_capacity(manual.files.len());
        for (index, file) in manual.files.into_iter().enumerate() {
            let engine = base64::engine::general_purpose::STANDARD;
            let bytes = base64::Engine::decode(&engine, &file.contents).map_err(|error| {
                Error::input(format!("files[{index}].contents"), error.to_string(), "send base64")
            })?;
            files.push(InFile { name: Some(file.name), media_type: file.media_type, bytes });
        }
        let mut order = manual.order;
        order.channel = Channel::Manual;
        order.authentication = Authentication::None;
        let received = Received {
            reference: manual.reference,
            legal_basis: manual.legal_basis,
            selectors,
            ..Received::default()
        };
        let request = RequestId(crate::time_ordered_id(self.now())?);
        let act = self.receive_act(request, order, agency, None, received, files).await?;
        self.act(actor, act).await
    }

    /// The act that files an instrument, its files stored or on board.
    pub(super) async fn receive_act(
        &self,
        request: RequestId,
        order: Order,
        agency: AgencyId,
        key: Option<desk::ids::KeyId>,
        mut received: Received,
        files: Vec<InFile>,
    ) -> Result<Act, Error> {
        self.records_for(Some(&order))?;
        if files.len() > FILES_COUNT_MAX {
            let (count, most) = (files.len(), FILES_COUNT_MAX);
            return Err(Error::wrong("files", Wrong::FilesTooMany { count, most }));
        }
        let Kept { files, blobs, papers } = self.keep_files(files, 0).await?;
        received.files = files;
        // One file is its own digest; several are pinned by the list of theirs.
        let digests: Vec<&str> = received.files.iter().map(|file| file.sha256.as_str()).collect();
        let instrument_sha256 = match digests.as_slice() {
            [only] => Digest::from_hex(only).context("a digest is hex")?,
            many => Digest(BlobDigest::of(many.join("\n").as_bytes()).0),
        };
        let command = Command::Receive {
            request,
            agency: Some(agency),
            key,
            order: Box::new(order),
            instrument_sha256,
        };
        let mut act = Act::new(request, command).with(&received)?;
        (act.blobs, act.papers) = (blobs, papers);
        Ok(act)
    }

    /// Names files from `first` on, once the scanner has looked at all of them, and makes
    /// them ready for the act that names them.
    async fn keep_files(&self, files: Vec<InFile>, first: usize) -> Result<Kept, Error> {
        let for_words = !self.defences.canaries.is_empty();
        let papers = Papers::of(files.iter().map(|file| file.bytes.as_slice()), for_words);
        let mut scanned = Vec::with_capacity(files.len());
        for (index, file) in files.iter().enumerate() {
            scanned.push(match &self.scanner {
                Some(scanner) => scanner.admit(&format!("files[{index}]"), &file.bytes).await?,
                None => None,
            });
        }
        let (mut named, mut blobs) = (Vec::with_capacity(files.len()), Vec::new());
        for ((index, file), scanned) in (first..).zip(files).zip(scanned) {
            named.push(FileRef {
                scanned,
                name: file_name(index, &file.media_type),
                original_name: file.name,
                media_type: file.media_type,
                sha256: BlobDigest::of(&file.bytes).to_string(),
            });
            blobs.push(self.store.put_blob(file.bytes).await?);
        }
        Ok(Kept { files: named, blobs, papers })
    }

    /// A file of an instrument as it was received. One that the scanner has not looked at yet is
    /// looked at first.
    ///
    /// # Errors
    /// When it was erased, when the scanner finds something in it, or does not answer.
    pub async fn instrument_file(&self, file: &FileRef) -> Result<Vec<u8>, Error> {
        let digest = Digest::from_hex(&file.sha256).context("a blob's name is not hex")?;
        let bytes = self.store.reader().blob(BlobDigest(digest.0)).await?;
        if let (Some(scanner), None) = (&self.scanner, &file.scanned) {
            scanner.release(&file.name, &bytes).await?;
        }
        Ok(bytes)
    }
}

/// Our name for a file of an instrument: `instrument-1.pdf`.
fn file_name(index: usize, media_type: &str) -> String {
    let ending = match media_type {
        "application/pdf" => "pdf",
        "application/json" => "json",
        "application/xml" | "text/xml" => "xml",
        "text/plain" => "txt",
        "image/jpeg" => "jpeg",
        _ => "bin",
    };
    format!("instrument-{}.{ending}", index + 1)
}
