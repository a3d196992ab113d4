//! Having the company's own systems freeze and unfreeze, and believing only their confirmation.

use desk::ids::{AskNumber, EffectId, RequestId};
use desk::order::Demand;
use desk::policy::Actor;
use desk::request::{Command, EffectKind, EffectStatus, Event};
use records::Outcome;
use store::{Job, StoredEvent};

use super::case::Case;
use super::{Act, Done, Node, payload_of, subject};
use crate::error::Error;
use crate::payload::{EffectAnswer, EffectTarget};
use crate::wrong::Wrong;

impl Node {
    /// Orders a freeze of `account`; it holds once the company's systems have confirmed it.
    ///
    /// # Errors
    /// As any act.
    pub async fn freeze(
        &self,
        actor: &Actor,
        request: RequestId,
        ask: AskNumber,
        account: String,
    ) -> Result<Done, Error> {
        let act = Act::new(request, Command::Freeze { ask }).with(&EffectTarget { account })?;
        self.act(actor, act).await
    }
}

impl Node {
    /// Releases the freeze of an earlier request that an accepted Unfreeze ask is about.
    ///
    /// # Errors
    /// As any act. Nothing to do is no error.
    pub async fn release_elsewhere(
        &self,
        actor: &Actor,
        request: RequestId,
        ask: AskNumber,
    ) -> Result<(), Error> {
        let case = self.case(request).await?;
        let Some((there, freeze)) = freeze_elsewhere(&case, ask) else { return Ok(()) };
        // An agency lets go what it had frozen itself, never another authority's freeze.
        if self.folded(there).await?.request.agency != case.request.agency {
            return Err(Error::Hidden);
        }
        let act = Act::new(there, Command::Release { ask: freeze });
        self.act(actor, act).await.map(|_| ())
    }
}

/// One attempt of an effect, and what the company's systems said as an act on the record.
///
/// # Errors
/// When the attempt failed and should be made again; the job's back-off says when.
pub async fn attempt(
    node: &Node,
    request: RequestId,
    (ask, effect): (AskNumber, EffectId),
    told: usize,
    job: &Job,
) -> Result<(), Error> {
    let case = node.case(request).await?;
    let Some((state, known)) = case.request.effect(effect) else {
        return Err(Error::Internal(anyhow::anyhow!("job for an effect that was never requested")));
    };
    if known.status != EffectStatus::Requested {
        node.store.complete_job(job.lease).await?;
        return Ok(());
    }
    if known.kind == EffectKind::NotifyUser {
        return subject::attempt(node, &case, (ask, effect), told, job).await;
    }
    if let Some(freeze) = freeze_elsewhere(&case, ask) {
        return follow(node, &case, effect, freeze, job).await;
    }
    let account = target(node, request, &case, ask).await?;
    let (asset, amount) = match &state.ask.demand {
        Demand::Freeze { asset, amount, .. } => (asset.clone(), *amount),
        Demand::Unfreeze { freeze, .. } => match case.request.ask(*freeze).map(|a| &a.ask.demand) {
            Some(Demand::Freeze { asset, amount, .. }) => (asset.clone(), *amount),
            _ => (None, None),
        },
        _ => (None, None),
    };
    let wanted = records::Effect {
        id: records::EffectId(effect.0),
        kind: match known.kind {
            EffectKind::Freeze => records::EffectKind::Freeze,
            _ => records::EffectKind::Unfreeze,
        },
        account,
        asset: asset.map(|asset| asset.as_str().to_owned()),
        amount: amount.map(|amount| amount.0),
        until: state.until,
        releases: released(&case, ask).map(|id| records::EffectId(id.0)),
        notice: None,
    };
    // Asking twice is asking once, so every attempt asks: the first may never have arrived.
    let records = node.records_for(case.request.order.as_ref())?;
    let outcome = records.request_effect(&wanted).await;
    match outcome.map_err(|error| Error::Internal(error.into()))? {
        Outcome::Confirmed { detail, amount } => {
            let act = Act::new(request, Command::ConfirmEffect { effect })
                .with(&EffectAnswer { detail, amount, ..EffectAnswer::default() })?
                .completing(job.lease);
            node.act(&Actor::system(), act).await.map(|_| ())
        }
        Outcome::Failed { retryable: true, why } if job.attempt < job.attempts_max => {
            Err(Error::Unavailable(why))
        }
        // What a system says on its way may name the account; it does not go into a job.
        Outcome::Pending { .. } if job.attempt < job.attempts_max => {
            Err(Error::Unavailable("the company's system has not confirmed it yet".to_owned()))
        }
        // Not confirmed is not frozen: what stays open too long is a failure that staff see.
        Outcome::Failed { why, .. } | Outcome::Pending { detail: why } => {
            let act = Act::new(request, Command::FailEffect { effect })
                .with(&EffectAnswer { detail: why, ..EffectAnswer::default() })?
                .completing(job.lease);
            node.act(&Actor::system(), act).await.map(|_| ())
        }
    }
}

/// The freeze of an earlier request that an Unfreeze ask is about.
fn freeze_elsewhere(case: &Case, ask: AskNumber) -> Option<(RequestId, AskNumber)> {
    match case.request.ask(ask)?.ask.demand {
        Demand::Unfreeze { request: Some(request), freeze } if request != case.id => {
            Some((request, freeze))
        }
        _ => None,
    }
}

/// Waits until the freeze of an earlier request is released there, and says so here.
async fn follow(
    node: &Node,
    case: &Case,
    effect: EffectId,
    (request, ask): (RequestId, AskNumber),
    job: &Job,
) -> Result<(), Error> {
    let there = node.folded(request).await?;
    let same_agency = there.request.agency.is_some() && there.request.agency == case.request.agency;
    let freeze = there.request.ask(ask).filter(|_| same_agency);
    let released = freeze.is_some_and(|freeze| {
        let last = freeze.effects.last();
        last.is_some_and(|effect| {
            effect.kind == EffectKind::Unfreeze && effect.status == EffectStatus::Confirmed
        })
    });
    let (command, detail) = if released {
        let detail = format!("released as ask {ask} of request {request}");
        (Command::ConfirmEffect { effect }, detail)
    } else if freeze.is_some() && job.attempt < job.attempts_max {
        let why = format!("ask {ask} of request {request} is not released there yet");
        return Err(Error::Unavailable(why));
    } else {
        let detail = format!("ask {ask} of request {request} is no freeze that was released");
        (Command::FailEffect { effect }, detail)
    };
    let act = Act::new(case.id, command)
        .with(&EffectAnswer { detail, ..EffectAnswer::default() })?
        .completing(job.lease);
    node.act(&Actor::system(), act).await.map(|_| ())
}

/// The confirmed freeze that an effect of this ask undoes.
fn released(case: &Case, ask: AskNumber) -> Option<EffectId> {
    let freeze = match case.request.ask(ask).map(|state| &state.ask.demand) {
        Some(Demand::Unfreeze { freeze, .. }) => *freeze,
        _ => ask,
    };
    let effects = &case.request.ask(freeze)?.effects;
    effects.iter().rev().find(|effect| effect.kind == EffectKind::Freeze).map(|effect| effect.id)
}

/// The account: as staff named it with the freeze, else as the order names it.
async fn target(
    node: &Node,
    request: RequestId,
    case: &Case,
    ask: AskNumber,
) -> Result<String, Error> {
    let events = node.store.reader().load(request.0).await?;
    let freeze = match case.request.ask(ask).map(|state| &state.ask.demand) {
        Some(Demand::Unfreeze { freeze, .. }) => *freeze,
        _ => ask,
    };
    for stored in events.iter().rev() {
        if let Some(target) = named_in(stored, freeze)? {
            return Ok(target.account);
        }
    }
    case.account(freeze.0)
        .map(str::to_owned)
        .ok_or_else(|| Error::wrong(format!("ask {ask}"), Wrong::NoAccount))
}

fn named_in(stored: &StoredEvent, wanted: AskNumber) -> Result<Option<EffectTarget>, Error> {
    let event = desk::record::decode(&stored.event_json).map_err(|e| Error::Internal(e.into()))?;
    match event {
        // A later attempt says why it is made; the account stands with the first.
        Event::EffectRequested { ask, action: EffectKind::Freeze, attempt: 1, .. }
            if ask == wanted =>
        {
            Ok(payload_of(stored)?)
        }
        _ => Ok(None),
    }
}
