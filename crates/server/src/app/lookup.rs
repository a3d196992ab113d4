//! Requests by the words of their filings and messages. Knows no page.
//!
//! Whoever looks for words learns which requests have them, so a search is a read of case data and
//! is noted as one; the words themselves are personal data and are not noted. The words may stand
//! in different filings, answers and messages of one request; words in quotation marks follow each
//! other in one of them.

use std::collections::HashMap;

use desk::policy::{Action, Actor, Facts, permit_read};
use jiff::Timestamp;
pub use ledger::LeafIndex;
pub use store::RANKED_MAX;
use store::{Question, ReadAudit, View};
use uuid::Uuid;

use super::Node;
use super::queue::{self, QueueRow};
use crate::error::Error;
use crate::rate::{SEARCHES, SEARCHES_AGENCY};
use crate::view;
use crate::wrong::Wrong;

/// Filings and messages that one page of a search shows.
pub const FOUND_ROWS_MAX: usize = 100;

/// One page of what was found.
#[derive(Clone, Debug)]
pub struct FoundPage {
    /// Each request once, the one with the newest filing or message on top.
    pub rows: Vec<FoundRow>,
    /// Where the next page begins.
    pub next: Option<LeafIndex>,
}

/// What stands on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FoundOrder {
    /// The request with the newest filing or message.
    #[default]
    Newest,
    /// The request that says it most often in the fewest words, among the newest
    /// [`RANKED_MAX`]; there is no next page.
    Relevance,
}

/// One request that was found.
#[derive(Clone, Debug)]
pub struct FoundRow {
    /// Its row of the list.
    pub row: QueueRow,
    /// When its newest filing or message came.
    pub at: Timestamp,
}

/// Which requests an officer looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FoundState {
    /// All of them.
    #[default]
    Any,
    /// Those in which something is still to be done.
    Open,
    /// Those that have come to their end.
    Closed,
}

impl FoundState {
    fn has(self, view: &View) -> bool {
        match self {
            Self::Any => true,
            Self::Closed => view.state == view::CLOSED,
            Self::Open => view.state != view::CLOSED,
        }
    }
}

impl Node {
    /// Requests that have all of the words. A selector may be typed as people write it, with
    /// spaces; it is looked for in its normal spelling.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to search, [`Error::Input`] for a text without words,
    /// [`Error::TooOften`] beyond [`SEARCHES`].
    pub async fn look_up(
        &self,
        actor: &Actor,
        text: &str,
        order: FoundOrder,
        before: Option<LeafIndex>,
    ) -> Result<FoundPage, Error> {
        let found = self.look_up_views(actor, text, order, before, FOUND_ROWS_MAX).await?;
        let (found, next) = found;
        let row = |(view, at): (View, _)| Ok(FoundRow { row: queue::row(&view)?, at });
        let rows = found.into_iter().map(row).collect::<Result<_, Error>>()?;
        Ok(FoundPage { rows, next })
    }

    /// Requests of the officer's own agency that have all of the words where its officers see them,
    /// newest first: what staff write for each other is not found, and moves no request.
    ///
    /// # Errors
    /// [`Error::Hidden`] for whoever has no agency or may not search, [`Error::TooOften`] beyond
    /// [`SEARCHES_AGENCY`] too; as [`Node::look_up`].
    pub async fn look_up_own(
        &self,
        actor: &Actor,
        text: &str,
        state: FoundState,
        before: Option<LeafIndex>,
    ) -> Result<FoundPage, Error> {
        let agency = actor.agency.ok_or(Error::Hidden)?;
        let question = question(text)?.read_by(agency.0);
        let action = Action::SearchOwnRequests;
        let (found, next) = self
            .found_views(actor, action, question, (FoundOrder::Newest, before), FOUND_ROWS_MAX)
            .await?;
        let mut rows = Vec::with_capacity(found.len());
        for (view, at) in found {
            // The second wall.
            if view.agency == agency.0 && state.has(&view) {
                rows.push(FoundRow { row: queue::row(&view)?, at });
            }
        }
        Ok(FoundPage { rows, next })
    }

    /// The same as rows of the list.
    ///
    /// # Errors
    /// As [`Node::look_up`].
    pub(crate) async fn look_up_views(
        &self,
        actor: &Actor,
        text: &str,
        order: FoundOrder,
        before: Option<LeafIndex>,
        rows_max: usize,
    ) -> Result<(Vec<(View, Timestamp)>, Option<LeafIndex>), Error> {
        let question = question(text)?;
        let action = Action::SearchRequests;
        self.found_views(actor, action, question, (order, before), rows_max).await
    }

    async fn found_views(
        &self,
        actor: &Actor,
        action: Action,
        question: Question,
        (order, before): (FoundOrder, Option<LeafIndex>),
        rows_max: usize,
    ) -> Result<(Vec<(View, Timestamp)>, Option<LeafIndex>), Error> {
        permit_read(actor, action, &Facts::default()).ok_or(Error::Hidden)?;
        // One bucket for pages and programs: nobody lists more by taking both doors.
        self.rates.take(SEARCHES, &actor.id.to_string(), self.now())?;
        // One more for all officers of an agency.
        if action == Action::SearchOwnRequests {
            let agency = actor.agency.ok_or(Error::Hidden)?;
            self.rates.take(SEARCHES_AGENCY, &agency.to_string(), self.now())?;
        }
        let audit = ReadAudit {
            actor: view::actor_uuid(actor.id),
            stream: None,
            action: action.as_str().to_owned(),
        };
        self.store.audit_read(audit).await?;
        let reader = self.store.reader();
        let found = match order {
            FoundOrder::Newest => reader.find(&question, before, rows_max).await?,
            FoundOrder::Relevance => {
                store::FoundPage { rows: reader.find_best(&question, rows_max).await?, next: None }
            }
        };
        let streams: Vec<Uuid> = found.rows.iter().map(|one| one.stream).collect();
        let mut views: HashMap<Uuid, View> =
            reader.views_of(&streams).await?.into_iter().map(|view| (view.stream, view)).collect();
        let row = |one: store::Found| Some((views.remove(&one.stream)?, one.at));
        Ok((found.rows.into_iter().filter_map(row).collect(), found.next))
    }
}

/// What is looked for: a selector in its normal spelling where the whole text is one.
fn question(text: &str) -> Result<Question, Error> {
    let read = records::read_many(text.trim(), None);
    let normal = match (&read.selectors[..], read.unreadable.is_empty()) {
        ([only], true) => Some(only.value()),
        _ => None,
    };
    Question::parse(normal.unwrap_or(text))
        .map_err(|error| Error::wrong("words", Wrong::from(error)))
}
