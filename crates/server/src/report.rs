//! Counting for the transparency report: every request of a period, a page at a time.
//!
//! Reads events without their personal parts, from a store that somebody else may be writing to.
//! What is counted and what is told of it is `desk::transparency`'s; who may ask is decided before.

use std::collections::BTreeSet;

use anyhow::Context as _;
use desk::ids::{Country, KeyId};
use desk::request::Event;
use desk::transparency::{Heading, LogHead, Period, Report, RequestFacts, Tally};
use jiff::Timestamp;
use ledger::checkpoint::SignedCheckpoint;
use store::{BareEvent, Reader};

use crate::directory;
use crate::error::Error;

/// Requests that are in memory at a time.
const REQUESTS_AT_ONCE_MAX: usize = 200;

/// What a report is to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The company, as the report names it.
    pub company: String,
    /// When requests were received.
    pub period: Period,
    /// What became of them is told as of this moment; what was recorded later does not count.
    pub as_of: Timestamp,
    /// Requests of authorities of these countries only; all when there is none.
    pub agency_countries: Option<BTreeSet<Country>>,
}

/// How far a count has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Requests counted.
    pub requests: u64,
    /// Leaves of the log passed, of those in the period.
    pub leaves: u64,
    /// All leaves of the period.
    pub leaves_all: u64,
}

/// Counts the requests of a period. `tell` hears of the progress after every page.
///
/// # Errors
/// When the store cannot be read, or holds an event that this release does not know.
pub async fn count(
    reader: &Reader,
    question: &Question,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let suspected = suspected_keys(reader).await?;
    let mut tally = Tally::new(Heading {
        company: question.company.clone(),
        log: log_head(reader).await?,
        period: question.period,
        as_of: question.as_of,
        agency_countries: question.agency_countries.clone(),
    });
    let leaves = reader.leaves_between(question.period.moments()).await?;
    let mut progress = Progress { requests: 0, leaves: 0, leaves_all: leaves.end - leaves.start };
    let mut next = leaves.start;
    loop {
        let page = reader.streams_opened(next..leaves.end, REQUESTS_AT_ONCE_MAX).await?;
        let Some((_, last)) = page.last() else { break };
        next = last.0 + 1;
        let streams: Vec<_> = page.iter().map(|(stream, _)| *stream).collect();
        let events = reader.bare_events(&streams).await?;
        for history in events.chunk_by(|one, other| one.stream == other.stream) {
            let Some(history) = decoded(history)? else { continue };
            if let Some(facts) = RequestFacts::of(&history, question.as_of, &suspected) {
                tally.add(&facts);
                progress.requests += 1;
            }
        }
        progress.leaves = next - leaves.start;
        tell(progress);
    }
    Ok(tally.report())
}

/// The events of a request; `None` for the log's other streams.
fn decoded(history: &[BareEvent]) -> Result<Option<Vec<(Timestamp, Event)>>, Error> {
    let is_request = history.first().is_some_and(|first| kind(first) == Some("received".into()));
    if !is_request {
        return Ok(None);
    }
    let mut events = Vec::with_capacity(history.len());
    for stored in history {
        let event = desk::record::decode(&stored.event_json)
            .with_context(|| format!("stream {}, event {}", stored.stream, stored.seq))?;
        events.push((stored.at, event));
    }
    Ok(Some(events))
}

fn kind(event: &BareEvent) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Kind {
        kind: String,
    }
    serde_json::from_str(&event.event_json).ok().map(|Kind { kind }| kind)
}

/// Keys that the directory says are suspected of fraud.
async fn suspected_keys(reader: &Reader) -> Result<BTreeSet<KeyId>, Error> {
    let mut suspected = BTreeSet::new();
    for event in reader.bare_events(&[directory::STREAM]).await? {
        let change: directory::Change = serde_json::from_str(&event.event_json)
            .with_context(|| format!("directory event {}", event.seq))?;
        match change {
            directory::Change::KeyMarked { key, .. } => {
                suspected.insert(key);
            }
            directory::Change::KeyCleared { key, .. } => {
                suspected.remove(&key);
            }
            _ => {}
        }
    }
    Ok(suspected)
}

async fn log_head(reader: &Reader) -> Result<LogHead, Error> {
    let newest = reader.newest_checkpoint().await?.context("the log has no checkpoint yet")?;
    let note = SignedCheckpoint::parse(newest.note.as_bytes())
        .context("the newest checkpoint cannot be read; run `comity ledger check`")?;
    let head = note.checkpoint();
    Ok(LogHead {
        origin: head.origin().to_owned(),
        size: head.size().0,
        root: head.root().to_string(),
    })
}
