//! Suspected senders: what hangs on a key, what has left already, and marks exchanged with other
//! desks.
//!
//! Knows no page. Freezing and freeing a key are changes of the directory
//! (`Node::change_directory`).

use anyhow::Context as _;
use desk::ids::{AgencyId, AskNumber, Country, Digest, KeyId, RequestId};
use desk::policy::{Action, Actor, Facts, permit, permit_read};
use desk::request::{AskState, Event, RefusalCode, Stage};
use jiff::Timestamp;
use ledger::note::VerifierKey;
use sha2::{Digest as _, Sha256};
use store::{QueueFilter, ViewCursor, ViewQuery};

use super::{Node, fold};
use crate::directory::{Change, ChangePayload, DeskKey, key_sha256};
use crate::error::Error;
use crate::fraud::marks::{
    IDENTIFIERS_COUNT_MAX, Identifier, IdentifierKind, MarksDocument, MarksError, SharedMark,
};
use crate::wrong::Wrong;

/// Requests of one page; each is folded from its events.
pub const QUARANTINE_ROWS_MAX: usize = 50;

/// Requests of an agency that are looked through for papers refused as fraud, the newest.
const FORGED_ORDERS_LOOKED_AT_MAX: usize = 100;

/// One request of a suspected agency.
#[derive(Clone, Debug)]
pub struct Touched {
    /// Its id.
    pub request: RequestId,
    /// The key that sent it; none for paper.
    pub key: Option<KeyId>,
    /// When it came.
    pub received_at: Option<Timestamp>,
    /// Asks to which something can still happen: number, kind, state.
    pub open: Vec<(AskNumber, &'static str, &'static str)>,
    /// Packages that left the house.
    pub left: Vec<Left>,
}

/// A package that left the house.
#[derive(Clone, Debug)]
pub struct Left {
    /// When.
    pub at: Timestamp,
    /// The asks it answers.
    pub asks: Vec<AskNumber>,
    /// Its digest, before encryption.
    pub package_sha256: Digest,
    /// True when the authority said that it has it.
    pub is_acknowledged: bool,
}

/// One page of what an agency asked and got.
#[derive(Clone, Debug)]
pub struct TouchedPage {
    /// The requests, newest first: those with something open or something that left.
    pub rows: Vec<Touched>,
    /// Where the next page begins.
    pub next: Option<ViewCursor>,
}

impl Node {
    /// What an agency's keys asked and got, newest first: everything that is open, and every
    /// package that left.
    ///
    /// # Errors
    /// [`Error::Hidden`] for everybody but staff who may list requests.
    pub async fn touched(
        &self,
        actor: &Actor,
        agency: AgencyId,
        after: Option<ViewCursor>,
    ) -> Result<TouchedPage, Error> {
        permit_read(actor, Action::ListRequests, &Facts::default()).ok_or(Error::Hidden)?;
        if !actor.id.is_staff() || self.directory().agency(agency).is_none() {
            return Err(Error::Hidden);
        }
        let query = ViewQuery {
            filter: QueueFilter::of_agency(Some(agency.0)),
            states: Vec::new(),
            after,
            rows_max: QUARANTINE_ROWS_MAX,
        };
        let views = self.store.reader().views(&query).await?;
        let streams: Vec<_> = views.iter().map(|view| view.stream).collect();
        let mut loaded = self.store.reader().load_many(&streams).await?;
        let now = self.now();
        let mut rows = Vec::new();
        for stream in streams {
            let Some(events) = loaded.remove(&stream) else { continue };
            let request = fold(&events)?.request;
            let mut left = Vec::new();
            for stored in &events {
                let event = desk::record::decode(&stored.event_json)
                    .with_context(|| format!("stream {stream}, event {}", stored.seq))?;
                note(&mut left, stored.at, event);
            }
            let open = request.asks.iter().filter(|ask| !ask.stage_at(now).is_final());
            let open: Vec<_> =
                open.map(|a| (a.number, a.kind().as_str(), a.stage_at(now).name())).collect();
            if open.is_empty() && left.is_empty() {
                continue;
            }
            let (key, received_at) = (request.key, request.received_at);
            rows.push(Touched { request: RequestId(stream), key, received_at, open, left });
        }
        let is_full = views.len() == QUARANTINE_ROWS_MAX;
        let next = views.last().filter(|_| is_full).map(|view| view.cursor);
        Ok(TouchedPage { rows, next })
    }

    /// How many decoys there are. Which they are, nobody can read.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to share marks.
    pub fn canaries_count(&self, actor: &Actor) -> Result<usize, Error> {
        permit(actor, Action::ShareMarks, &Facts::default()).ok_or(Error::Hidden)?;
        Ok(self.defences.canaries.len())
    }

    /// This desk's marks as a signed document for other desks. That it was made is on the record.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right.
    pub async fn export_marks(&self, actor: &Actor) -> Result<String, Error> {
        permit(actor, Action::ShareMarks, &Facts::default()).ok_or(Error::Hidden)?;
        let directory = self.directory();
        let mut marks = Vec::new();
        for (key, mark) in directory.marks() {
            let agency = directory.agency_of_key(key).and_then(|id| directory.agency(id));
            let mut identifiers = directory.identifiers(key);
            identifiers.extend(self.forged_orders(agency.map(|agency| agency.id), key).await?);
            identifiers.truncate(IDENTIFIERS_COUNT_MAX);
            // Without anything to recognise it by, a mark tells another desk nothing.
            let Some(agency) = agency.filter(|_| !identifiers.is_empty()) else { continue };
            // Two capital letters since its enrolment.
            let Some(country) = Country::parse(&agency.country) else { continue };
            marks.push(SharedMark {
                agency: agency.name.clone(),
                country,
                domains: agency.domains.clone(),
                identifiers,
                reason: mark.reason,
                marked_at: mark.at,
            });
        }
        let key = &self.log_key;
        let company = &self.config.company.name;
        let desk = key.name().as_str();
        let document = MarksDocument::new(desk, company, marks, self.now());
        let document = document.map_err(|error| refused(&error))?;
        let note = document.sign(key).map_err(|error| refused(&error))?.to_string();
        let change = Change::MarksExported {
            document_sha256: hex::encode(Sha256::digest(note.as_bytes())),
            // A document has at most a thousand.
            marks: u32::try_from(document.marks.len()).unwrap_or(u32::MAX),
            until: document.expires_at,
            by: actor.id,
        };
        self.change_directory(actor, &change, &ChangePayload::default()).await?;
        Ok(note)
    }

    /// The instruments that a key sent and that were refused as fraud, among the newest requests of
    /// its agency.
    async fn forged_orders(
        &self,
        agency: Option<AgencyId>,
        key: KeyId,
    ) -> Result<Vec<Identifier>, Error> {
        let query = ViewQuery {
            filter: QueueFilter::of_agency(agency.map(|agency| agency.0)),
            rows_max: FORGED_ORDERS_LOOKED_AT_MAX,
            ..ViewQuery::default()
        };
        let no_file = Digest(Sha256::digest(b"").into());
        let mut forged = Vec::new();
        for view in self.store.reader().views(&query).await? {
            let folded = self.folded(RequestId(view.stream)).await?;
            let request = &folded.request;
            let is_fraud = |ask: &AskState| {
                matches!(ask.stage, Stage::Refused { code: RefusalCode::SuspectedFraud, .. })
            };
            let is_its = request.key == Some(key) && request.instrument_sha256 != no_file;
            if is_its && request.asks.iter().any(is_fraud) {
                let sha256 = request.instrument_sha256.to_string();
                forged.push(Identifier { kind: IdentifierKind::Order, sha256 });
            }
        }
        Ok(forged)
    }

    /// Takes in another desk's marks, signed by a key that the caller trusts. They raise the score
    /// of requests by the senders they name, and do nothing else. The first key of a desk is the
    /// one that is known from then on. Returns what was taken in.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right; [`Error::Input`] saying what is wrong with the
    /// document, and loudly when it is signed by another key than the known one.
    pub async fn import_marks(
        &self,
        actor: &Actor,
        document: &[u8],
        key: &VerifierKey,
    ) -> Result<MarksDocument, Error> {
        permit(actor, Action::ShareMarks, &Facts::default()).ok_or(Error::Hidden)?;
        let opened = MarksDocument::open(document, key, self.now());
        let opened = opened.map_err(|error| refused(&error))?;
        let key_sha256 = key_sha256(key);
        if let Some(known) = self.directory().desk_key(&opened.desk)
            && known.sha256 != key_sha256
        {
            let desk = &opened.desk;
            tracing::warn!("Marks of {desk} came under another key than the known one");
            return Err(other_key(desk, known, &key_sha256));
        }
        let change = Change::MarksImported {
            key_sha256: Some(key_sha256),
            desk: opened.desk.clone(),
            document_sha256: hex::encode(Sha256::digest(document)),
            issued_at: opened.issued_at,
            until: opened.expires_at,
            by: actor.id,
        };
        let marks = opened.marks.clone();
        let payload = ChangePayload { marks, ..ChangePayload::default() };
        self.change_directory(actor, &change, &payload).await?;
        Ok(opened)
    }

    /// Trusts a key for another desk's marks, in place of the known one. What it signed before
    /// stays until the desk says otherwise. Returns the desk and the digest that was known before.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right; [`Error::Input`] without words that say how it was
    /// compared, or when the key is the known one.
    pub async fn trust_desk(
        &self,
        actor: &Actor,
        key: &VerifierKey,
        words: &str,
    ) -> Result<(String, Option<String>), Error> {
        let desk = key.name().to_string();
        let before = self.directory().desk_key(&desk).map(|known| known.sha256.clone());
        let change = Change::DeskKeyTrusted {
            desk: desk.clone(),
            key_sha256: key_sha256(key),
            by: actor.id,
        };
        let payload = ChangePayload { reason: words.to_owned(), ..ChangePayload::default() };
        self.change_directory(actor, &change, &payload).await?;
        Ok((desk, before))
    }
}

fn other_key(desk: &str, known: &DeskKey, found: &str) -> Error {
    let why = format!(
        "THE KEY OF {desk} HAS CHANGED: known since {} is {}, these marks are signed by {found}",
        known.at, known.sha256
    );
    let fix = "either the desk has a new key, or somebody else speaks in its name: call a person \
               there at a number that you know, compare the key, then trust it (the page Fraud \
               marks, or `comity fraud trust`)";
    Error::input("key", why, fix)
}

fn refused(error: &MarksError) -> Error {
    if let MarksError::NotSigned(error) = error {
        return Error::Unavailable(error.to_string());
    }
    Error::wrong("document", Wrong::from(error))
}

fn note(left: &mut Vec<Left>, at: Timestamp, event: Event) {
    match event {
        Event::Delivered { asks, package_sha256, .. } => {
            left.push(Left { at, asks, package_sha256, is_acknowledged: false });
        }
        Event::Acknowledged { package_sha256, .. } => {
            for package in left.iter_mut().filter(|one| one.package_sha256 == package_sha256) {
                package.is_acknowledged = true;
            }
        }
        _ => {}
    }
}
