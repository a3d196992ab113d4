//! One node, and the one path that every act takes.
//!
//! Portal, HI-1, JSON API, jobs and command line all end in [`Node::act`]: load, fold, permit,
//! decide, hand to the writer, and read again when others were faster.

pub mod accounts;
mod act;
mod address;
pub mod anew;
pub mod assemble;
mod assess;
pub mod at_rest;
pub mod audit;
mod bags;
pub mod blocks;
pub mod case;
mod cases;
pub mod dead;
pub mod deliver;
pub mod derived;
pub mod drafts;
pub mod effects;
mod files;
pub mod intake;
pub mod lookup;
mod open;
mod people;
mod practice;
pub mod preserve;
pub mod quarantine;
pub mod queue;
pub mod receipt;
pub mod report;
pub mod retention;
pub mod saved;
pub mod search;
pub mod security;
pub mod spool;
mod subject;
pub mod trace;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context as _;
use desk::ids::{ActorId, RequestId};
use desk::pack::RulePack;
use desk::policy::{Actor, Facts, Permit, Standing, permit};
use desk::request::{Command, Event, Request, decide, evolve};
use desk::suspicion::Assessment;
use jiff::Timestamp;
use ledger::LeafIndex;
use quick_cache::sync::Cache;
use store::{
    Append, AppendError, Appended, ExpectedSeq, NewEvent, NewJob, SeenTransaction, Store,
    StoredEvent,
};

pub use act::{Act, Done};
pub use open::{Opening, open_store};

use crate::config::Config;
use crate::directory::Directory;
use crate::error::Error;
use crate::keys::Seal;
use crate::wrong::Wrong;
use crate::{jobs, view};

// Whatever the desk lets a request become can be read.
const _: () = assert!(desk::request::EVENTS_MAX as usize <= store::limits::STREAM_EVENTS_MAX);

/// An act is decided again at most this often when others were faster.
const DECIDE_AGAIN_MAX: u32 = 3;

/// Where the time comes from; tests and the demo own it.
pub type Clock = store::Clock;

/// A running node: everything an act needs.
pub struct Node {
    /// What the node was told.
    pub config: Config,
    /// Events, leaves, jobs, blobs.
    pub store: Store,
    /// The company's own records.
    pub records: records::Records,
    /// Made-up records for practice requests.
    practice: Option<records::Records>,
    /// Blocks that traces may use; none when no blocks were given.
    pub chain: Option<blocks::Blocks>,
    /// Account chains that traces may use.
    pub accounts: accounts::AccountChains,
    /// What is looked for in requests that may be false, and with what.
    pub(crate) defences: crate::fraud::Defences,
    /// Looks at files before they are kept.
    pub scanner: Option<crate::scan::Scanner>,
    /// The company's seal.
    pub seal: Arc<Seal>,
    /// Signs what the log says, and documents that the company stands for.
    log_key: ledger::note::SigningKey,
    /// What is known of encryption at rest.
    pub at_rest: at_rest::AtRest,
    /// Where the time comes from.
    pub clock: Clock,
    /// For calls to the company's systems and to agencies.
    pub http: reqwest::Client,
    /// Through which people and machines are told to look.
    pub notices: crate::notice::Notices,
    /// What was noticed at the door.
    guard: security::Guard,
    drafts: drafts::DraftKey,
    links: address::LinkKey,
    directory: RwLock<Arc<Directory>>,
    folded: Cache<RequestId, Arc<Folded>>,
    remembering: Mutex<()>,
    bags: bags::Bags,
    cases: cases::Cases,
    package_turns: tokio::sync::Semaphore,
    /// How often somebody may ask, whichever way he asks.
    pub rates: crate::rate::Rates,
    /// What officers were given to sign and have not signed yet.
    to_sign: Mutex<intake::Issued>,
}

/// A request as folded from its events, with the sequence number of the newest.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    /// The state.
    pub request: Request,
    /// Events folded in.
    pub seq: u64,
}

impl Node {
    /// The time, never taken from anywhere else.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Who is known, as of now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        match self.directory.read() {
            Ok(directory) => directory.clone(),
            // A writer panicked between two whole values; the old value is sound.
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// Folder for files that are too large for memory while they are made.
    #[must_use]
    pub fn spool_folder(&self) -> PathBuf {
        self.config.path(&self.config.node.data).join("spool")
    }

    /// The one path: permit, decide, store. Done means on disk.
    ///
    /// # Errors
    /// [`Error::Hidden`] without a permit, [`Error::Refused`] with the desk's reasons,
    /// [`Error::Busy`] when others were faster three times over.
    pub async fn act(&self, actor: &Actor, act: Act) -> Result<Done, Error> {
        let mut is_fresh = false;
        let mut conflicts = 0;
        let assessment = self.assess(actor, &act).await?;
        loop {
            let before = self.folded(act.request).await?;
            if act.approved.is_none() && intake::needs_signature(self, actor, &act.command) {
                let action = act.command.action();
                return Err(Error::wrong("signature", Wrong::MustBeSigned { action }));
            }
            let (events, own) = match self.decided(actor, &act, &before, assessment.as_ref()) {
                // Another act may be on disk and not yet in memory: nobody is refused by a state
                // that is no longer true.
                Err(Error::Refused(_) | Error::Hidden) if !is_fresh => {
                    is_fresh = true;
                    self.folded.remove(&act.request);
                    continue;
                }
                decided => decided?,
            };
            let append = self.append_of(&act, &before, &events, own)?;
            let texts = append.events.clone();
            match self.store.append(append).await {
                Ok(appended) => {
                    return Ok(self.done(act.request, &before, events, texts, appended));
                }
                Err(AppendError::Conflict { .. }) if conflicts < DECIDE_AGAIN_MAX => {
                    conflicts += 1;
                    self.folded.remove(&act.request);
                }
                Err(AppendError::Conflict { .. }) => return Err(Error::Busy),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether an act would be done now: everything but storing it. Pages offer what this allows,
    /// so that nobody is shown a button that can only say no.
    ///
    /// # Errors
    /// As [`Node::act`] would give.
    pub async fn trial(&self, actor: &Actor, act: &Act) -> Result<(), Error> {
        let before = self.folded(act.request).await?;
        self.decided(actor, act, &before, None).map(|_| ())
    }

    /// The events that follow, and how many of them are the command's own.
    fn decided(
        &self,
        actor: &Actor,
        act: &Act,
        before: &Folded,
        assessment: Option<&Assessment>,
    ) -> Result<(Vec<Event>, usize), Error> {
        let facts = self.facts(act.request, &before.request, actor, &act.command);
        let permit = permit(actor, act.command.action(), &facts).ok_or(Error::Hidden)?;
        let pack = self.pack(&before.request, act)?;
        let now = self.now();
        let mut events = decide(&before.request, &act.command, &permit, pack, now)?;
        if let Some(assessment) = assessment {
            let after = events.iter().fold(before.request.clone(), |r, e| evolve(r, e, now));
            events.extend(assess::noted(&after, assessment, pack, now)?);
        }
        if let (Command::Receive { .. }, Some(days)) = (&act.command, self.retention_of(pack)) {
            events.push(Event::RetentionSet { days: Some(days), by: ActorId::System });
        }
        let by_time = by_time_alone(&before.request, &facts, pack, now);
        let own = events.len().saturating_sub(by_time);
        Ok((events, own))
    }

    /// A permit to read, or [`Error::Hidden`]. The read is noted in the read audit.
    ///
    /// # Errors
    /// [`Error::Hidden`] without a permit or without a request.
    pub async fn read_permit(
        &self,
        actor: &Actor,
        action: desk::policy::Action,
        request: RequestId,
    ) -> Result<(Permit, Arc<Folded>), Error> {
        let folded = self.folded(request).await?;
        if folded.seq == 0 {
            return Err(Error::Hidden);
        }
        let facts = Facts::of(&folded.request, self.standing(&folded.request, actor));
        let permit = desk::policy::permit_read(actor, action, &facts).ok_or(Error::Hidden)?;
        let audit = store::ReadAudit {
            actor: view::actor_uuid(actor.id),
            stream: Some(request.0),
            action: action.as_str().to_owned(),
        };
        self.store.audit_read(audit).await?;
        Ok((permit, folded))
    }

    /// Whether somebody may do this to a request, before anything is made ready for it.
    ///
    /// # Errors
    /// [`Error::Hidden`] without a permit or without a request.
    pub async fn may(
        &self,
        actor: &Actor,
        action: desk::policy::Action,
        request: RequestId,
    ) -> Result<(), Error> {
        let folded = self.folded(request).await?;
        if folded.seq == 0 {
            return Err(Error::Hidden);
        }
        let facts = Facts::of(&folded.request, self.standing(&folded.request, actor));
        permit(actor, action, &facts).map(|_| ()).ok_or(Error::Hidden)
    }

    /// The request as it stands; sequence number 0 when there is none of that name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn folded(&self, id: RequestId) -> Result<Arc<Folded>, Error> {
        if let Some(folded) = self.folded.get(&id) {
            return Ok(folded);
        }
        let events = self.store.reader().load(id.0).await?;
        let folded = Arc::new(fold(&events)?);
        if folded.seq > 0 {
            self.remember(id, &folded);
        }
        Ok(folded)
    }

    /// Keeps a folded request, unless a newer one is kept: answers of acts come back in any order.
    fn remember(&self, id: RequestId, folded: &Arc<Folded>) {
        // A poisoned lock guards nothing but the order of two statements.
        let _order = self.remembering.lock().unwrap_or_else(PoisonError::into_inner);
        if self.folded.peek(&id).is_none_or(|known| known.seq < folded.seq) {
            self.folded.insert(id, folded.clone());
        }
    }

    /// The rule pack of a request: the one it was judged by, or for a new one the one its message
    /// names, or its agency's.
    fn pack(&self, request: &Request, act: &Act) -> Result<&'static RulePack, Error> {
        let id = match (&request.pack, &act.command) {
            (Some(pack), _) => pack.id.clone(),
            (None, Command::Receive { .. }) if act.regime.is_some() => {
                act.regime.clone().unwrap_or_default()
            }
            (None, Command::Receive { agency: Some(agency), .. }) => self
                .directory()
                .agency(*agency)
                .map_or_else(|| "generic".to_owned(), |agency| agency.regime.clone()),
            (None, _) => "generic".to_owned(),
        };
        desk::pack::embedded(&id)
            .with_context(|| format!("there is no rule pack {id:?} in this release"))
            .map_err(Error::from)
    }

    fn facts(&self, id: RequestId, request: &Request, actor: &Actor, command: &Command) -> Facts {
        match command {
            Command::Receive { agency, key, order, .. } if request.id.is_none() => {
                let standing = self.directory().standing(*key, *agency);
                let has_emergency = order.has_emergency();
                Facts { has_emergency, ..Facts::new_request(id, *agency, standing) }
            }
            _ => Facts::of(request, self.standing(request, actor)),
        }
    }

    /// Marks that matter here: on the key that sent the request, or on the key that acts.
    fn standing(&self, request: &Request, actor: &Actor) -> Standing {
        let directory = self.directory();
        let sender = directory.standing(request.key, request.agency);
        let acting = match actor.id {
            desk::ids::ActorId::Key(key) => directory.standing(Some(key), actor.agency),
            _ => Standing::default(),
        };
        Standing {
            key_suspected: sender.key_suspected || acting.key_suspected,
            key_watched: sender.key_watched || acting.key_watched,
            agency_held: sender.agency_held || acting.agency_held,
        }
    }

    fn append_of(
        &self,
        act: &Act,
        before: &Folded,
        events: &[Event],
        own: usize,
    ) -> Result<Append, Error> {
        let now = self.now();
        let after = events.iter().fold(before.request.clone(), |r, e| evolve(r, e, now));
        // The personal part belongs to the act, not to what time did before it.
        let first_own = events.len() - own;
        let looked = events.iter().position(|event| matches!(event, Event::Assessed { .. }));
        let mut new_events = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            let payload_json = match act.payload.as_ref().filter(|_| index == first_own) {
                Some(payload) => Some(payload.to_string()),
                None if looked == Some(index) => act.connection_note().map(|note| note.to_string()),
                None => None,
            };
            let event_json = desk::record::encode(event);
            let words = |text| derived::words(&event_json, text, after.agency);
            let words = payload_json.as_deref().map(words).unwrap_or_default();
            let names = derived::names(act.request.0, &event_json, payload_json.as_deref());
            new_events.push(NewEvent { event_json, payload_json, words, names });
        }
        let mut jobs: Vec<NewJob> =
            events.iter().flat_map(|event| jobs::follow_up(act.request, event, now)).collect();
        if new_events.iter().any(|event| self.notices.concerns(&event.event_json)) {
            let last = before.seq + events.len() as u64;
            jobs.push(jobs::notify(act.request, (before.seq + 1, last)));
        }
        Ok(Append {
            stream: act.request.0,
            expected_seq: ExpectedSeq::Exactly(before.seq),
            events: new_events,
            jobs,
            completes: act.completes,
            view: Some(view::of(&after)),
            seen: act.seen.clone(),
            decides: act.decides,
            blobs: act.blobs.clone(),
        })
    }

    fn done(
        &self,
        id: RequestId,
        before: &Folded,
        events: Vec<Event>,
        texts: Vec<NewEvent>,
        appended: Appended,
    ) -> Done {
        let at = appended.at;
        let stored: Vec<StoredEvent> = texts
            .into_iter()
            .zip(before.seq + 1..)
            .zip(appended.leaves.start..)
            .map(|((text, seq), leaf)| StoredEvent {
                stream: id.0,
                seq,
                at,
                event_json: text.event_json,
                payload: text.payload_json.map_or(store::Payload::None, store::Payload::Kept),
                leaf: LeafIndex(leaf),
            })
            .collect();
        self.extend_case(id, &stored);
        let request = events.iter().fold(before.request.clone(), |r, e| evolve(r, e, at));
        let seq = before.seq + events.len() as u64;
        let folded = Arc::new(Folded { request, seq });
        self.remember(id, &folded);
        Done { folded, events, appended }
    }

    /// Notes that an identifier was used by a message that changed nothing.
    ///
    /// # Errors
    /// When the store takes no acts.
    pub async fn note_seen(&self, seen: SeenTransaction) -> Result<(), Error> {
        let mut append = Append::events(uuid::Uuid::nil(), ExpectedSeq::Any, Vec::new());
        append.seen.push(seen);
        self.store.append(append).await?;
        Ok(())
    }
}

/// How many of a decision's first events are not the command's, but what time alone has done.
fn by_time_alone(request: &Request, facts: &Facts, pack: &RulePack, now: Timestamp) -> usize {
    if request.id.is_none() {
        return 0;
    }
    permit(&Actor::system(), Command::Tick.action(), facts)
        .and_then(|tick| decide(request, &Command::Tick, &tick, pack, now).ok())
        .map_or(0, |events| events.len())
}

/// Folds stored events.
///
/// # Errors
/// When a stored event is not one this release can read.
pub fn fold(events: &[StoredEvent]) -> Result<Folded, Error> {
    fold_on(Folded::default(), events)
}

/// Folds further events of the same stream.
fn fold_on(mut folded: Folded, events: &[StoredEvent]) -> Result<Folded, Error> {
    for stored in events {
        let event = desk::record::decode(&stored.event_json)
            .with_context(|| format!("stream {}, event {}", stored.stream, stored.seq))?;
        folded.request = evolve(folded.request, &event, stored.at);
        folded.seq = stored.seq;
    }
    Ok(folded)
}

/// The payload of a stored event; `None` when it never had one or it was erased.
///
/// # Errors
/// When it is not of this form.
pub fn payload_of<P: serde::de::DeserializeOwned>(
    event: &StoredEvent,
) -> anyhow::Result<Option<P>> {
    match &event.payload {
        store::Payload::Kept(text) => serde_json::from_str(text)
            .map(Some)
            .with_context(|| format!("payload of stream {}, event {}", event.stream, event.seq)),
        _ => Ok(None),
    }
}
