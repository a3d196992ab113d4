//! A trace that somebody looked at, put into the package of a request.
//!
//! It is run again and must come to the bytes that were shown. Whose deposit addresses it reached
//! stays in the house, unless the order asks about them: following money does not widen an order.

use std::collections::BTreeSet;

use desk::ids::{AgencyId, AskNumber, Digest, ExhibitNumber, RequestId};
use desk::order::{AskKind, DataCategory};
use desk::policy::{Action, Actor};
use desk::request::{Command, Request, Stage};
use jiff::Timestamp;
use records::{Selector, SelectorKind};
use store::BlobDigest;

use super::{AccountQuestion, Question, Traced, TracedReach, refused};
use crate::app::case::Case;
use crate::app::queue::{QueueQuery, QueueRow};
use crate::app::search::disclosed_categories;
use crate::app::{Act, Node};
use crate::error::Error;
use crate::payload::{Exhibit, ExhibitBody};
use crate::wrong::Wrong;

/// An ask that is being searched, so that exhibits can be added to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The request.
    pub request: RequestId,
    /// Its ask.
    pub ask: AskNumber,
    /// Whose it is.
    pub agency: AgencyId,
    /// When it came.
    pub received_at: Option<Timestamp>,
}

/// The digest by which a page names the exhibit that it shows.
#[must_use]
pub fn digest(exhibit: &[u8]) -> Digest {
    Digest(BlobDigest::of(exhibit).0)
}

impl Node {
    /// The asks that this person may put a trace into now: the one that is worked on, and those of
    /// the requests that fall due next, as many as a page of the queue has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn places(
        &self,
        actor: &Actor,
        worked_on: Option<(RequestId, AskNumber)>,
    ) -> Result<Vec<Place>, Error> {
        let page = match self.queue(actor, &QueueQuery::default()).await {
            Ok(page) => page,
            Err(Error::Hidden) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut candidates: Vec<Place> = page.rows.iter().flat_map(searched).collect();
        let is_there = |(request, ask)| {
            candidates.iter().any(|place| (place.request, place.ask) == (request, ask))
        };
        if let Some((request, ask)) = worked_on.filter(|place| !is_there(*place)) {
            let known = &self.folded(request).await?.request;
            let (agency, received_at) = (known.agency, known.received_at);
            candidates.extend(agency.map(|agency| Place { request, ask, agency, received_at }));
        }
        let mut places = Vec::new();
        for place in candidates {
            match self.can_take(actor, &place).await {
                Ok(()) => places.push(place),
                Err(Error::Hidden | Error::Refused(_) | Error::Input { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(places)
    }

    /// Puts a trace through the node's blocks into the package of a request. Once it is there,
    /// doing it again changes nothing. Returns the exhibit's number.
    ///
    /// # Errors
    /// As [`Node::follow`]; [`Error::Hidden`] or [`Error::Refused`] as any act; [`Error::Input`] at
    /// `into` when the trace is no longer what was shown, or the request is practice on a node
    /// whose records are real.
    pub async fn keep_trace(
        &self,
        actor: &Actor,
        place: (RequestId, AskNumber),
        question: &Question,
        shown: Digest,
    ) -> Result<u16, Error> {
        self.may_follow(actor).await?;
        let category = self.taker(actor, place).await?;
        let Some(blocks) = &self.chain else {
            return Err(Error::wrong("from", Wrong::NoBlocks));
        };
        let view = &blocks.now().map_err(Error::Internal)?;
        let parameters = question.parameters();
        trace::flow::request(view, &parameters).map_err(refused)?;
        let title = format!("{}{}, {}", super::TITLE, question.source, question.policy.name());
        let traced = self.written(view, parameters, title).await?;
        self.keep(actor, place, category, traced, shown).await
    }

    /// The same through one of the node's account chains.
    ///
    /// # Errors
    /// As [`Node::keep_trace`] and [`Node::follow_accounts`].
    pub async fn keep_account_trace(
        &self,
        actor: &Actor,
        place: (RequestId, AskNumber),
        question: &AccountQuestion,
        shown: Digest,
    ) -> Result<u16, Error> {
        self.may_follow(actor).await?;
        let category = self.taker(actor, place).await?;
        let title = format!("{}, {}", question.title(), question.policy.name());
        let traced = self.written_account(question, title).await?;
        self.keep(actor, place, category, traced, shown).await
    }

    /// Whether an ask takes a trace of this person now; and the category that it stands under: the
    /// widest that was asked for, as with traces that an order calls for.
    async fn taker(
        &self,
        actor: &Actor,
        (request, ask): (RequestId, AskNumber),
    ) -> Result<DataCategory, Error> {
        self.read_permit(actor, Action::ReadExhibit, request).await?;
        let case = self.case(request).await?;
        self.takes_traces(&case.request)?;
        let categories = disclosed_categories(&case, ask);
        let category = categories.iter().next_back().copied();
        let category =
            category.ok_or_else(|| Error::wrong(format!("ask {ask}"), Wrong::AsksForNoRecords))?;
        let exhibit = ExhibitNumber(case.next_exhibit());
        let act = Act::new(request, add(ask, exhibit, category, Digest::default()));
        self.trial(actor, &act).await?;
        Ok(category)
    }

    /// The same for a list: reads no payload, so nothing is noted as read.
    async fn can_take(&self, actor: &Actor, place: &Place) -> Result<(), Error> {
        self.may(actor, Action::AddExhibit, place.request).await?;
        let request = &self.folded(place.request).await?.request;
        self.takes_traces(request)?;
        let state = request.ask(place.ask).ok_or(Error::Hidden)?;
        let category = state.ask.scope().and_then(|scope| scope.categories.iter().next_back());
        let used = request.asks.iter().flat_map(|ask| &ask.exhibits);
        let last = used.map(|exhibit| exhibit.number.0).max().unwrap_or_default();
        let exhibit = ExhibitNumber(last.saturating_add(1));
        let category = *category.ok_or(Error::Hidden)?;
        let act = Act::new(place.request, add(place.ask, exhibit, category, Digest::default()));
        self.trial(actor, &act).await
    }

    /// A trace says which addresses are this company's: that is of the real records alone.
    fn takes_traces(&self, request: &Request) -> Result<(), Error> {
        let is_practice = request.order.as_ref().is_some_and(|order| order.is_test);
        if is_practice && self.config.company.fiction.is_none() {
            return Err(Error::wrong("into", Wrong::PracticeTakesNoTrace));
        }
        Ok(())
    }

    async fn keep(
        &self,
        actor: &Actor,
        (request, ask): (RequestId, AskNumber),
        category: DataCategory,
        mut traced: Traced,
        shown: Digest,
    ) -> Result<u16, Error> {
        let sha256 = digest(&traced.json);
        if sha256 != shown {
            return Err(Error::wrong("into", Wrong::TraceMovedOn));
        }
        let case = self.case(request).await?;
        let state = case.request.ask(ask).ok_or(Error::Hidden)?;
        if let Some(known) = state.exhibits.iter().find(|exhibit| exhibit.sha256 == sha256) {
            return Ok(known.number.0);
        }
        traced.reached.keep_asked(&asked_about(&case, ask)?);
        let (json, svg) = (std::mem::take(&mut traced.json), std::mem::take(&mut traced.svg));
        let svg_name = BlobDigest::of(&svg).to_string();
        let exhibit = traced.exhibit(case.next_exhibit(), sha256.to_string(), svg_name);
        let blobs = vec![self.store.put_blob(json).await?, self.store.put_blob(svg).await?];
        let command = add(ask, ExhibitNumber(exhibit.number), category, sha256);
        let mut act = Act::new(request, command).with(&exhibit)?;
        act.blobs = blobs;
        self.act(actor, act).await?;
        Ok(exhibit.number)
    }
}

fn searched(row: &QueueRow) -> impl Iterator<Item = Place> + '_ {
    let is_open = |kind: &str, state: &str| {
        kind == AskKind::Disclose.as_str() && state == Stage::Searching.name()
    };
    let asks = row.asks.iter().filter(move |ask| is_open(&ask.kind, &ask.state));
    asks.map(|ask| Place {
        request: RequestId(row.request),
        ask: AskNumber(ask.ask),
        agency: row.agency,
        received_at: row.received_at,
    })
}

/// A trace has no rows of records.
fn add(
    ask: AskNumber,
    exhibit: ExhibitNumber,
    category: DataCategory,
    exhibit_sha256: Digest,
) -> Command {
    Command::AddExhibit { ask, exhibit, category, exhibit_sha256, rows: 0, withheld: 0 }
}

/// The accounts that an order asks about: those it names, and those that the transactions it names
/// reached.
fn asked_about(case: &Case, ask: AskNumber) -> Result<BTreeSet<String>, Error> {
    let named = case.selectors(ask.0)?.into_iter();
    let named = named.filter(|selector| selector.kind() == SelectorKind::AccountId);
    let mut accounts: BTreeSet<String> =
        named.map(|one: Selector| one.value().to_owned()).collect();
    let state = case.request.ask(ask).ok_or(Error::Hidden)?;
    let exhibits = state.exhibits.iter().filter_map(|one| case.exhibits.get(&one.number.0));
    for Exhibit { body, .. } in exhibits {
        match body {
            ExhibitBody::Trace { reached, .. } => {
                accounts.extend(reached.iter().map(|one| one.account.clone()));
            }
            ExhibitBody::AccountTrace { reached, .. } => {
                accounts.extend(reached.iter().map(|one| one.account.clone()));
            }
            ExhibitBody::Table { .. } => {}
        }
    }
    Ok(accounts)
}

impl TracedReach {
    /// Forgets who else has a deposit address in it.
    fn keep_asked(&mut self, accounts: &BTreeSet<String>) {
        match self {
            Self::Outputs(reached) => reached.retain(|one| accounts.contains(one.account.value())),
            Self::Accounts(reached) => reached.retain(|one| accounts.contains(&one.account)),
        }
    }
}
