//! The look for signs of fraud at every request that comes in or is corrected, before anything is
//! searched. It is part of the one path, so no door leads around it.
//!
//! Whether a decoy is named changes neither what is answered nor what is read: the same query and
//! the same event for every request, and an event for everything a sender says in words; what
//! follows is a job.

use std::collections::{BTreeSet, HashSet};

use desk::ids::{AgencyId, Country, KeyId, RequestId};
use desk::order::Order;
use desk::pack::RulePack;
use desk::policy::{Action, Actor, Facts, Standing, permit};
use desk::request::{Command, Event, Request, decide};
use desk::suspicion::{
    self, Assessment, Connection, EARLIER_REQUESTS_MAX, Past, Shape, Sketch, Style, assess,
    assess_words,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{QueueFilter, ViewQuery};

use super::{Act, Node};
use crate::error::Error;
use crate::fraud::words::Candidates;
use crate::payload::{Received, SelectorValue, SignedSaid};

/// Contacts that say who issued an order (`hi1::translate`).
const ISSUERS: [&str; 4] = ["issuer", "issuer contact", "validator", "validator contact"];

/// What a list's row keeps for comparison.
#[derive(Deserialize)]
struct Habit {
    habit: Option<Past>,
}

impl Node {
    /// What a look at an act finds; `None` for acts that bring neither facts of an order nor words
    /// of its sender.
    pub(super) async fn assess(
        &self,
        actor: &Actor,
        act: &Act,
    ) -> Result<Option<Assessment>, Error> {
        let is_sender = matches!(actor.id, desk::ids::ActorId::Key(_));
        let connection = act.connection.filter(|_| is_sender);
        let connection = connection.and_then(|from| self.defences.networks.look_up(from));
        match &act.command {
            Command::Receive { agency, key, order, instrument_sha256, .. } => {
                let received: Received = part(act).unwrap_or_default();
                // Without a file the digest is that of nothing.
                let whole = (!received.files.is_empty()).then(|| instrument_sha256.to_string());
                let papers = received.files.iter().map(|file| file.sha256.clone()).chain(whole);
                let looked = Looked {
                    sketch: sketch(order, &received),
                    style: self.style(&received, act),
                    decoys: self.decoys(act, &received.selectors, &received),
                    connection,
                    papers: papers.collect(),
                };
                let sender = Sender { request: act.request, agency: *agency, key: *key };
                self.look(sender, order, act.regime.as_deref(), looked).await.map(Some)
            }
            Command::ProvideInformation { order, .. } => {
                let said: SignedSaid = part(act).unwrap_or_default();
                let selectors = said.selectors.unwrap_or_default();
                let decoys = self.decoys(act, &selectors, &Received::default());
                let before = self.folded(act.request).await?;
                let request = &before.request;
                let known = request.assessed.last().map(|last| &last.assessment);
                if order.is_none() && selectors.is_empty() {
                    return Ok(Some(assess_words(decoys.words, known, &self.defences.rules)));
                }
                let Some(order) = order.as_deref().or(request.order.as_ref()) else {
                    return Ok(None);
                };
                let looked = Looked {
                    sketch: known.map(|known| known.sketch.clone()).unwrap_or_default(),
                    style: known.map(|known| known.style.clone()).unwrap_or_default(),
                    decoys,
                    connection: connection.or(known.and_then(|known| known.connection)),
                    papers: said.files.iter().map(|file| file.sha256.clone()).collect(),
                };
                let sender =
                    Sender { request: act.request, agency: request.agency, key: request.key };
                let regime = request.pack.as_ref().map(|pack| pack.id.as_str());
                self.look(sender, order, regime, looked).await.map(Some)
            }
            // Whatever else a sender writes down; what staff write may name a decoy.
            _ if is_sender && says_something(act) => {
                let decoys = self.decoys(act, &[], &Received::default());
                let before = self.folded(act.request).await?;
                let known = before.request.assessed.last().map(|last| &last.assessment);
                Ok(Some(assess_words(decoys.words, known, &self.defences.rules)))
            }
            _ => Ok(None),
        }
    }

    /// How many decoys an act names: as selectors and accounts, and in words and text files. Each
    /// counts once.
    fn decoys(&self, act: &Act, selectors: &[SelectorValue], received: &Received) -> Decoys {
        if self.defences.canaries.is_empty() {
            return Decoys::default();
        }
        let named = selectors.iter().map(|it| (it.kind.as_str(), it.value.as_str()));
        let accounts = received.accounts.iter().map(|it| ("account_id", it.account.as_str()));
        let named: HashSet<(&str, &str)> = named.chain(accounts).collect();
        let mut words = Candidates::default();
        if let Some(payload) = &act.payload {
            words.take_payload(payload);
        }
        let words: HashSet<(&str, &str)> =
            words.iter().chain(act.papers.words.iter()).filter(|it| !named.contains(it)).collect();
        Decoys { selectors: self.canaries_among(&named), words: self.canaries_among(&words) }
    }

    fn canaries_among(&self, named: &HashSet<(&str, &str)>) -> u32 {
        let is_decoy = |(kind, value): &&(&str, &str)| self.defences.canaries.has(kind, value);
        u32::try_from(named.iter().filter(is_decoy).count()).unwrap_or(u32::MAX)
    }

    fn style(&self, received: &Received, act: &Act) -> Style {
        let imprinter = &self.defences.imprinter;
        let issuers =
            received.contacts.iter().filter(|(label, _)| ISSUERS.contains(&label.as_str()));
        let imprints = |what: &str, texts: &BTreeSet<String>| {
            texts.iter().map(|text| imprinter.of(what, text)).collect()
        };
        let style = Style {
            reference: Shape::of(&received.reference),
            issuers: issuers.map(|(_, text)| imprinter.of("issuer", text)).collect(),
            programs: imprints("program", &act.papers.programs),
            fonts: imprints("font", &act.papers.fonts),
        };
        style.bounded()
    }

    /// One bounded query, whatever is found.
    async fn look(
        &self,
        sender: Sender,
        order: &Order,
        regime: Option<&str>,
        looked: Looked,
    ) -> Result<Assessment, Error> {
        let directory = self.directory();
        let agency = sender.agency.and_then(|id| directory.agency(id));
        let query = ViewQuery {
            filter: QueueFilter::of_agency(sender.agency.map(|agency| agency.0)),
            rows_max: EARLIER_REQUESTS_MAX,
            ..ViewQuery::default()
        };
        let mut earlier = Vec::new();
        for view in self.store.reader().views(&query).await? {
            let is_other = view.stream != sender.request.0;
            // A row of an older release has no habit in it; it says nothing here.
            let habit = serde_json::from_str::<Habit>(&view.summary_json).ok();
            earlier.extend(habit.and_then(|row| row.habit).filter(|_| is_other));
        }
        let now = self.now();
        let regime = regime.or(agency.map(|agency| agency.regime.as_str())).unwrap_or("generic");
        let facts = suspicion::Facts {
            order,
            at: now,
            key: sender.key,
            agency_country: agency.and_then(|agency| Country::parse(&agency.country)),
            zone: desk::pack::embedded(regime).map_or("UTC", |pack| pack.zone.as_str()),
            sketch: looked.sketch,
            style: looked.style,
            earlier: &earlier,
            canaries: looked.decoys.selectors,
            canaries_in_words: looked.decoys.words,
            connection: looked.connection,
            order_marks: directory.foreign_marks_of_order(&looked.papers, now),
            marks: sender.key.map_or_else(Vec::new, |key| directory.foreign_marks_of(key, now)),
        };
        Ok(assess(&facts, &self.defences.rules))
    }
}

/// Whose request it is.
struct Sender {
    request: RequestId,
    agency: Option<AgencyId>,
    key: Option<KeyId>,
}

/// What was seen before anything is compared.
struct Looked {
    sketch: Sketch,
    style: Style,
    decoys: Decoys,
    connection: Option<Connection>,
    /// Digests of the files, and of all of them together.
    papers: BTreeSet<String>,
}

/// How many decoys are named.
#[derive(Clone, Copy, Default)]
struct Decoys {
    selectors: u32,
    words: u32,
}

fn sketch(order: &Order, received: &Received) -> Sketch {
    let labels = received.contacts.iter().map(|(label, _)| label.as_str());
    let media = received.files.iter().map(|file| file.media_type.as_str());
    Sketch::of(order, &received.reference, &received.legal_basis, labels.chain(media))
}

/// The personal part of an act, when it is of this form.
fn part<P: DeserializeOwned>(act: &Act) -> Option<P> {
    act.payload.as_ref().and_then(|payload| P::deserialize(payload).ok())
}

/// Whether an act has words.
fn says_something(act: &Act) -> bool {
    let text = act.payload.as_ref().and_then(|payload| payload.get("text"));
    text.and_then(serde_json::Value::as_str).is_some_and(|text| !text.trim().is_empty())
}

/// What a look found, as the event that goes with the act it looked at.
pub(super) fn noted(
    after: &Request,
    assessment: &Assessment,
    pack: &RulePack,
    now: Timestamp,
) -> Result<Vec<Event>, Error> {
    let system = Actor::system();
    let facts = Facts::of(after, Standing::default());
    let permit = permit(&system, Action::Assess, &facts).ok_or(Error::Hidden)?;
    let command = Command::Assess { assessment: Box::new(assessment.clone()) };
    Ok(decide(after, &command, &permit, pack, now)?)
}
