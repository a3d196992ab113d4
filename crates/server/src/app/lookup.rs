//! Requests by the words of their filings and messages. Knows no page.
//!
//! Whoever looks for words learns which requests have them, so a search is a read of case data and
//! is noted as one; the words themselves are personal data and are not noted. All words must stand
//! in one filing, answer or message.

use std::collections::HashMap;

use desk::policy::{Action, Actor, Facts, permit_read};
use jiff::Timestamp;
pub use ledger::LeafIndex;
use store::{Question, ReadAudit, View};
use uuid::Uuid;

use super::Node;
use super::queue::{self, QueueRow};
use crate::error::Error;
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

/// One request that was found.
#[derive(Clone, Debug)]
pub struct FoundRow {
    /// Its row of the list.
    pub row: QueueRow,
    /// When the newest filing or message came that has the words.
    pub at: Timestamp,
}

impl Node {
    /// Requests that have all of the words, newest first. A selector may be typed as people write
    /// it, with spaces; it is looked for in its normal spelling.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to search, [`Error::Input`] for a text without words.
    pub async fn look_up(
        &self,
        actor: &Actor,
        text: &str,
        before: Option<LeafIndex>,
    ) -> Result<FoundPage, Error> {
        let (found, next) = self.look_up_views(actor, text, before, FOUND_ROWS_MAX).await?;
        let row = |(view, at): (View, _)| Ok(FoundRow { row: queue::row(&view)?, at });
        let rows = found.into_iter().map(row).collect::<Result<_, Error>>()?;
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
        before: Option<LeafIndex>,
        rows_max: usize,
    ) -> Result<(Vec<(View, Timestamp)>, Option<LeafIndex>), Error> {
        permit_read(actor, Action::SearchRequests, &Facts::default()).ok_or(Error::Hidden)?;
        let question = question(text)?;
        let audit = ReadAudit {
            actor: view::actor_uuid(actor.id),
            stream: None,
            action: Action::SearchRequests.as_str().to_owned(),
        };
        self.store.audit_read(audit).await?;
        let reader = self.store.reader();
        let found = reader.find(&question, before, rows_max).await?;
        let next = (found.len() == rows_max).then(|| found.last().map(|last| last.leaf)).flatten();
        let mut order: Vec<(Uuid, Timestamp)> = Vec::new();
        for one in &found {
            if !order.iter().any(|(stream, _)| *stream == one.stream) {
                order.push((one.stream, one.at));
            }
        }
        let streams: Vec<Uuid> = order.iter().map(|(stream, _)| *stream).collect();
        let mut views: HashMap<Uuid, View> =
            reader.views_of(&streams).await?.into_iter().map(|view| (view.stream, view)).collect();
        let rows = order.into_iter().filter_map(|(stream, at)| Some((views.remove(&stream)?, at)));
        Ok((rows.collect(), next))
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
