//! The look for signs of fraud at every request that comes in or is corrected, before anything is
//! searched. It is part of the one path, so no door leads around it.
//!
//! Whether a decoy is named changes neither what is answered nor what is read: the same query and
//! the same event for every request; what follows is a job.

use desk::ids::{Country, KeyId, RequestId};
use desk::order::Order;
use desk::pack::RulePack;
use desk::policy::{Action, Actor, Facts, Standing, permit};
use desk::request::{Command, Event, Request, decide};
use desk::suspicion::{self, Assessment, EARLIER_REQUESTS_MAX, Past, Sketch, assess};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{QueueFilter, ViewQuery};

use super::{Act, Node};
use crate::error::Error;
use crate::payload::{Received, SelectorValue, SignedSaid};

/// What a list's row keeps for comparison.
#[derive(Deserialize)]
struct Habit {
    habit: Option<Past>,
}

impl Node {
    /// What a look at an act finds; `None` for acts that bring no new facts of an order.
    pub(super) async fn assess(&self, act: &Act) -> Result<Option<Assessment>, Error> {
        match &act.command {
            Command::Receive { agency, key, order, .. } => {
                let received: Received = part(act).unwrap_or_default();
                let named =
                    received.selectors.iter().map(|it| (it.kind.as_str(), it.value.as_str()));
                let accounts = received.accounts.iter();
                let accounts = accounts.map(|it| ("account_id", it.account.as_str()));
                let canaries = self.canaries_among(named.chain(accounts));
                let labels = received.contacts.iter().map(|(label, _)| label.as_str());
                let media = received.files.iter().map(|file| file.media_type.as_str());
                let (reference, basis) = (&received.reference, &received.legal_basis);
                let sketch = Sketch::of(order, reference, basis, labels.chain(media));
                let sender = Sender { request: act.request, agency: *agency, key: *key };
                let regime = act.regime.as_deref();
                self.look(sender, order, regime, sketch, canaries).await.map(Some)
            }
            Command::ProvideInformation { order, .. } => {
                let said: Option<SignedSaid> = part(act);
                let selectors: Vec<SelectorValue> =
                    said.and_then(|said| said.selectors).unwrap_or_default();
                if order.is_none() && selectors.is_empty() {
                    return Ok(None);
                }
                let before = self.folded(act.request).await?;
                let request = &before.request;
                let Some(order) = order.as_deref().or(request.order.as_ref()) else {
                    return Ok(None);
                };
                let named = selectors.iter().map(|it| (it.kind.as_str(), it.value.as_str()));
                let canaries = self.canaries_among(named);
                let sketch = request.assessed.last();
                let sketch = sketch.map(|it| it.assessment.sketch.clone()).unwrap_or_default();
                let sender =
                    Sender { request: act.request, agency: request.agency, key: request.key };
                let regime = request.pack.as_ref().map(|pack| pack.id.as_str());
                self.look(sender, order, regime, sketch, canaries).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    fn canaries_among<'a>(&self, named: impl Iterator<Item = (&'a str, &'a str)>) -> u32 {
        let hits = named.filter(|(kind, value)| self.canaries.has(kind, value)).count();
        u32::try_from(hits).unwrap_or(u32::MAX)
    }

    /// One bounded query, whatever is found.
    async fn look(
        &self,
        sender: Sender,
        order: &Order,
        regime: Option<&str>,
        sketch: Sketch,
        canaries: u32,
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
            sketch,
            earlier: &earlier,
            canaries,
            marks: sender.key.map_or_else(Vec::new, |key| directory.foreign_marks_of(key, now)),
        };
        Ok(assess(&facts, &self.signs))
    }
}

/// Whose request it is.
struct Sender {
    request: RequestId,
    agency: Option<desk::ids::AgencyId>,
    key: Option<KeyId>,
}

/// The personal part of an act, when it is of this form.
fn part<P: DeserializeOwned>(act: &Act) -> Option<P> {
    act.payload.as_ref().and_then(|payload| P::deserialize(payload).ok())
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
