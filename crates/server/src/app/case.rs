//! A request with everything personal in it, as read from its events and payloads.
//!
//! Only the code that serves a permit reads a case: see `Node::read_permit` and the jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use desk::ids::{ActorId, AskNumber, EffectId, RequestId};
use desk::order::Order;
use desk::request::{Event, Request, evolve};
use jiff::Timestamp;
use records::{Selector, SelectorKind};
use store::StoredEvent;

use super::{Node, payload_of};
use crate::error::Error;
use crate::payload::{self, SelectorValue};
use crate::wrong::{Detail, Wrong};

/// A request and its payloads.
#[derive(Clone)]
pub struct Case {
    /// Its id.
    pub id: RequestId,
    /// The folded state.
    pub request: Request,
    /// Events folded in.
    pub seq: u64,
    /// Who asks, about whom; as first received. None when it was erased.
    pub received: Option<payload::Received>,
    /// The address that the request came from, where it came by a connection.
    pub sent_from: Option<String>,
    /// What officers' passkeys approved, oldest first.
    pub approvals: Vec<payload::Approval>,
    /// Exhibits by number.
    pub exhibits: BTreeMap<u16, payload::Exhibit>,
    /// Who added each exhibit.
    pub operators: BTreeMap<u16, ActorId>,
    /// Preserved copies by ask.
    pub preserved: BTreeMap<u16, (payload::Preserved, u64)>,
    /// What the company's systems said when they confirmed an effect.
    pub confirmed: BTreeMap<EffectId, payload::EffectAnswer>,
    /// Whose users an effect had told before it failed.
    pub told: BTreeMap<EffectId, BTreeSet<String>>,
    /// What was last assembled.
    pub assembled: Option<payload::Assembled>,
    /// Where the last delivery lies.
    pub delivered: Vec<(Timestamp, Event, payload::Delivered)>,
    /// Seal parts of sealed packages, by tag manifest digest.
    pub sealed: Vec<SealedPackage>,
    /// What the company last said of an ask: its question, or why it refused. By ask.
    pub said: BTreeMap<u16, String>,
    /// Messages on the record, oldest first.
    pub messages: Vec<Message>,
    /// The leaf of the log of each event in `history`.
    pub leaves: Vec<ledger::LeafIndex>,
    /// What corrections changed, oldest first.
    pub corrections: Vec<Correction>,
    /// Every event with its time, oldest first.
    pub history: Vec<(Timestamp, Event)>,
    /// Length of all that was read, for the limit on what is kept in memory.
    pub(super) text_bytes: u64,
}

/// Something that was said on the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: ActorId,
    /// The ask it is about, if it is about one.
    pub ask: Option<u16>,
    /// The act it came with: a word of the desk.
    pub with: &'static str,
    /// The words.
    pub text: String,
}

/// What one correction changed: before and after, for what did.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// When it came.
    pub at: Timestamp,
    /// From whom.
    pub by: ActorId,
    /// The ask it is about.
    pub ask: u16,
    /// The facts of the order.
    pub order: Option<(Box<Order>, Box<Order>)>,
    /// The authority's reference.
    pub reference: Option<(String, String)>,
    /// Law and article.
    pub legal_basis: Option<(String, String)>,
    /// The ask's selectors.
    pub selectors: Option<(Vec<SelectorValue>, Vec<SelectorValue>)>,
    /// The ask's account.
    pub account: Option<(String, String)>,
    /// Officers' names of files that were added.
    pub files: Vec<String>,
}

/// Where the parts of a seal lie.
#[derive(Clone, Debug)]
pub struct SealedPackage {
    /// The Sealed event.
    pub event: Event,
    /// Leaf of that event.
    pub leaf: ledger::LeafIndex,
}

impl Node {
    /// Reads a case. The caller holds a permit.
    ///
    /// # Errors
    /// [`Error::Hidden`] when there is none of that name.
    pub async fn case(&self, id: RequestId) -> Result<Arc<Case>, Error> {
        let read = self.cases.erasures();
        let known = self.cases.get(id);
        // The store is always asked for what is newer: a job may run before the act that called for
        // it has come back to its caller and told the memory.
        let seq = known.as_ref().map_or(0, |known| known.seq);
        let newer = self.store.reader().load_after(id.0, seq).await?;
        let case = match known {
            Some(known) if newer.is_empty() => return Ok(known),
            None if newer.is_empty() => return Err(Error::Hidden),
            known => {
                let mut case = known.map_or_else(|| Case::new(id), Arc::unwrap_or_clone);
                for stored in &newer {
                    case.take(stored)?;
                }
                Arc::new(case)
            }
        };
        self.cases.keep(&case, read);
        Ok(case)
    }

    /// Brings a case that is in memory up to date with what was just stored.
    pub(super) fn extend_case(&self, id: RequestId, stored: &[StoredEvent]) {
        let read = self.cases.erasures();
        let (Some(known), Some(first)) = (self.cases.take(id), stored.first()) else { return };
        if known.seq + 1 != first.seq {
            return;
        }
        let mut case = Arc::unwrap_or_clone(known);
        if stored.iter().all(|event| case.take(event).is_ok()) {
            self.cases.keep(&Arc::new(case), read);
        }
    }
}

impl Case {
    fn new(id: RequestId) -> Self {
        Self {
            id,
            request: Request::default(),
            seq: 0,
            received: None,
            sent_from: None,
            approvals: Vec::new(),
            exhibits: BTreeMap::new(),
            operators: BTreeMap::new(),
            preserved: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            told: BTreeMap::new(),
            assembled: None,
            delivered: Vec::new(),
            sealed: Vec::new(),
            said: BTreeMap::new(),
            messages: Vec::new(),
            leaves: Vec::new(),
            corrections: Vec::new(),
            history: Vec::new(),
            text_bytes: 0,
        }
    }

    /// Takes in the next event.
    fn take(&mut self, stored: &StoredEvent) -> Result<(), Error> {
        let event = desk::record::decode(&stored.event_json)
            .with_context(|| format!("stream {}, event {}", stored.stream, stored.seq))?;
        self.take_payload(stored, &event)?;
        self.request = evolve(std::mem::take(&mut self.request), &event, stored.at);
        self.seq = stored.seq;
        let payload = match &stored.payload {
            store::Payload::Kept(text) => text.len(),
            _ => 0,
        };
        self.text_bytes += (stored.event_json.len() + payload) as u64;
        self.leaves.push(stored.leaf);
        self.history.push((stored.at, event));
        Ok(())
    }

    /// What was said with an act, for those acts with which something is said.
    fn take_message(&mut self, stored: &StoredEvent, event: &Event) -> Result<(), Error> {
        let (with, by, ask) = match event {
            Event::MessagePosted { ask, by } => ("message", *by, *ask),
            Event::InformationRequested { ask, by, .. } => ("question", *by, Some(*ask)),
            Event::InformationProvided { ask, by, .. } => ("answer", *by, Some(*ask)),
            Event::Refused { ask, by, .. } => ("refusal", *by, Some(*ask)),
            Event::Held { ask, by, .. } => ("hold", *by, Some(*ask)),
            Event::IdentityVerified { by, .. } => ("identity", *by, None),
            Event::PackageReturned { by, .. } => ("return", *by, None),
            _ => return Ok(()),
        };
        // A correction may carry another shape; only words are shown as words.
        let said: Option<payload::Said> = payload_of(stored).unwrap_or_default();
        if let Some(text) = said.map(|said| said.text).filter(|text| !text.is_empty()) {
            let ask = ask.map(|ask| ask.0);
            self.messages.push(Message { at: stored.at, by, ask, with, text });
        }
        Ok(())
    }

    fn take_payload(&mut self, stored: &StoredEvent, event: &Event) -> Result<(), Error> {
        self.take_message(stored, event)?;
        match event {
            Event::Received { .. } => {
                if let Some(received) = payload_of::<payload::Received>(stored)? {
                    self.approvals.extend(received.approval.clone());
                    self.sent_from.clone_from(&received.connection);
                    self.received = Some(received);
                }
            }
            Event::Assessed { .. } => self.take_look(stored)?,
            Event::InformationProvided { ask, order, by } => {
                self.take_answer(stored, (*ask, *by), order.clone())?;
            }
            Event::Withdrawn { ask, .. } | Event::Extended { ask, .. } => {
                if let Some(said) = payload_of(stored)? {
                    self.take_signed(ask.0, said);
                }
            }
            Event::InformationRequested { ask, codes, .. } => {
                let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
                let said: Option<payload::Said> = payload_of(stored)?;
                let words = said.map(|said| format!(": {}", said.text)).unwrap_or_default();
                self.said.insert(ask.0, format!("{}{words}", codes.join(", ")));
            }
            Event::Refused { ask, .. } => {
                let said: Option<payload::Said> = payload_of(stored)?;
                self.said.remove(&ask.0);
                self.said.extend(said.map(|said| (ask.0, said.text)));
            }
            Event::ExhibitAdded { exhibit, by, .. } => {
                self.operators.insert(exhibit.0, *by);
                if let Some(payload) = payload_of(stored)? {
                    self.exhibits.insert(exhibit.0, payload);
                }
            }
            Event::Preserved { ask, .. } => {
                if let Some(payload) = payload_of(stored)? {
                    self.preserved.insert(ask.0, (payload, stored.leaf.0));
                }
            }
            Event::EffectFailed { effect, .. } => {
                let answer: Option<payload::EffectAnswer> = payload_of(stored)?;
                for notice in answer.into_iter().flat_map(payload::EffectAnswer::notices) {
                    self.told.entry(*effect).or_default().extend(notice.accounts);
                }
            }
            Event::EffectConfirmed { effect, .. } => {
                if let Some(payload) = payload_of(stored)? {
                    self.confirmed.insert(*effect, payload);
                }
            }
            Event::Assembled { .. } | Event::OutcomeRecorded { .. } => {
                // The personal part of the act stands with its first event.
                if let Some(payload) = payload_of(stored)? {
                    self.assembled = Some(payload);
                }
            }
            Event::Sealed { .. } => {
                self.sealed.push(SealedPackage { event: event.clone(), leaf: stored.leaf });
            }
            Event::Delivered { .. } => {
                if let Some(payload) = payload_of(stored)? {
                    self.delivered.push((stored.at, event.clone(), payload));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_answer(
        &mut self,
        stored: &StoredEvent,
        (ask, by): (AskNumber, ActorId),
        order: Option<Box<Order>>,
    ) -> Result<(), Error> {
        let said = payload_of::<payload::SignedSaid>(stored)?;
        let order = self.request.order.clone().map(Box::new).zip(order);
        self.take_correction((stored.at, by, ask.0), order, said.as_ref());
        if let Some(said) = said {
            self.take_signed(ask.0, said);
        }
        Ok(())
    }

    /// Where the request came from: its own address, not that of a later correction.
    fn take_look(&mut self, stored: &StoredEvent) -> Result<(), Error> {
        let looked: Option<payload::Assessed> = payload_of(stored)?;
        let from = looked.and_then(|looked| looked.connection);
        self.sent_from = self.sent_from.take().or(from);
        Ok(())
    }

    /// Notes what a correction changes, before it does.
    fn take_correction(
        &mut self,
        (at, by, ask): (Timestamp, ActorId, u16),
        order: Option<(Box<Order>, Box<Order>)>,
        said: Option<&payload::SignedSaid>,
    ) {
        let known = self.received.as_ref();
        let text = |before: Option<&String>, after: Option<&String>| {
            let changed = before.cloned().zip(after.cloned());
            changed.filter(|(before, after)| before != after)
        };
        let selectors =
            said.and_then(|said| said.selectors.clone()).zip(known).map(|(after, known)| {
                let own = known.selectors.iter().filter(|known| known.ask == ask);
                (own.cloned().collect::<Vec<_>>(), after)
            });
        let account = known.and_then(|known| known.accounts.iter().find(|it| it.ask == ask));
        let correction = Correction {
            at,
            by,
            ask,
            order: order.filter(|(before, after)| before != after),
            reference: text(
                known.map(|known| &known.reference),
                said.and_then(|said| said.reference.as_ref()),
            ),
            legal_basis: text(
                known.map(|known| &known.legal_basis),
                said.and_then(|said| said.legal_basis.as_ref()),
            ),
            selectors: selectors.filter(|(before, after)| before != after),
            account: text(
                account.map(|known| &known.account),
                said.and_then(|said| said.account.as_ref()),
            ),
            files: said
                .map(|said| said.files.iter())
                .into_iter()
                .flatten()
                .map(|file| file.original_name.clone().unwrap_or_else(|| file.name.clone()))
                .collect(),
        };
        self.corrections.push(correction);
    }

    /// Takes in what an officer signed later: other facts of an ask, further files.
    fn take_signed(&mut self, ask: u16, said: payload::SignedSaid) {
        self.approvals.extend(said.approval);
        let Some(received) = &mut self.received else { return };
        received.files.extend(said.files);
        if let Some(corrected) = said.selectors {
            received.selectors.retain(|known| known.ask != ask);
            received.selectors.extend(corrected);
        }
        if let Some(account) = said.account {
            received.accounts.retain(|known| known.ask != ask);
            received.accounts.push(payload::AccountValue { ask, account });
        }
        if let Some(reference) = said.reference {
            received.reference = reference;
        }
        if let Some(legal_basis) = said.legal_basis {
            received.legal_basis = legal_basis;
        }
    }

    /// Selectors that an ask names.
    ///
    /// # Errors
    /// When they were erased or cannot be read any more.
    pub fn selectors(&self, ask: u16) -> Result<Vec<Selector>, Error> {
        let received = self
            .received
            .as_ref()
            .ok_or_else(|| Error::wrong("selectors", Wrong::SelectorsErased))?;
        let mut selectors = Vec::new();
        for value in received.selectors.iter().filter(|value| value.ask == ask) {
            let place = format!("selector of ask {ask}");
            let wrong = |detail| Error::wrong(&place, Wrong::SelectorUnreadable { detail });
            let kind: SelectorKind = value
                .kind
                .parse()
                .map_err(|error: records::UnknownKind| wrong(Detail::of(error)))?;
            let selector =
                Selector::read(kind, &value.value).map_err(|error| wrong(Detail::of(error)))?;
            selectors.push(selector);
        }
        Ok(selectors)
    }

    /// The account that a freeze or unfreeze names.
    #[must_use]
    pub fn account(&self, ask: u16) -> Option<&str> {
        let accounts = &self.received.as_ref()?.accounts;
        accounts.iter().find(|value| value.ask == ask).map(|value| value.account.as_str())
    }

    /// Number for the next exhibit.
    #[must_use]
    pub fn next_exhibit(&self) -> u16 {
        let used = self.request.asks.iter().flat_map(|ask| &ask.exhibits);
        used.map(|exhibit| exhibit.number.0).max().unwrap_or(0) + 1
    }
}
