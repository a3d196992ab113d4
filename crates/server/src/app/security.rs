//! The security log in the store: what is noticed is counted in memory, stored within a quarter of
//! a second, and each hour's digest is a leaf, as that of the read audit.
//!
//! For auditors and administrators; no row holds case data. A crash loses what was noticed in the
//! last quarter of a second.

mod alarms;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use desk::ids::ActorId;
use desk::policy::{Action, Actor, Facts, permit_read};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Append, ExpectedSeq, NewEvent, NoticedFilter, NoticedRow, Reader, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use alarms::{Acknowledged, Alarm, Alarms};

use super::Node;
use crate::error::Error;
use crate::security::alarm::start_of_hour;
use crate::security::{Kind, LOG_TARGET, NOWHERE, Note, Outcome, Tally};
use crate::{notice, view};

/// The stream of the log in which the digests stand.
pub const STREAM: Uuid = Uuid::from_u128(0x636f_6d69_7479_5365_8375_7269_7479_4c31);
/// The stream of the log in which alarms stand.
pub const ALARM_STREAM: Uuid = alarms::STREAM;
/// Setting that says up to when the security log was digested.
const DIGESTED_UNTIL: &str = "security_log_digested_until";
/// Hours that one call catches up on, after a long stand-still.
const HOURS_CAUGHT_UP_MAX: usize = 48;
/// An hour is digested when it has been over for so long: what was noticed in it is stored by then.
const SETTLED_SECONDS: i64 = 60;
/// What is noticed is stored at most this often.
const STORE_MILLISECONDS: u64 = 250;
/// Rows stored with one act of the writer.
const ROWS_AT_ONCE_MAX: usize = 1_000;
/// Rows of an hour that alarms look at; an hour has fewer (`security::tally`).
pub(crate) const HOUR_ROWS_MAX: usize = 4_000;
/// Rows that a person sees of the own log-ins.
const OWN_ROWS_MAX: usize = 20;

/// What of the security log is in memory.
#[derive(Debug, Default)]
pub struct Guard {
    tally: Mutex<Tally>,
    noticed: tokio::sync::Notify,
    /// Held while rows are on their way to the store.
    storing: tokio::sync::Mutex<()>,
    alarms: tokio::sync::Mutex<Alarms>,
}

impl Guard {
    /// Goes on where the store ends.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn open(store: &Store, now: Timestamp) -> anyhow::Result<Self> {
        let reader = store.reader();
        let digested = reader.setting(DIGESTED_UNTIL).await?.and_then(|text| text.parse().ok());
        let mut tally = Tally::default();
        tally.close_until(digested.unwrap_or(Timestamp::MIN));
        let hour = start_of_hour(now).max(digested.unwrap_or(Timestamp::MIN));
        let rows = reader.noticed_in(hour..end_of(hour), HOUR_ROWS_MAX).await?;
        let rows: Vec<_> = rows.into_iter().map(|row| row.noticed).collect();
        tally.resume(&rows, now);
        let alarms = Alarms::read(reader, now).await?;
        Ok(Self { tally: Mutex::new(tally), alarms: alarms.into(), ..Self::default() })
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        // Whoever panicked with it left whole counts behind.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event of the stream of digests.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Digested {
    /// One hour's rows.
    SecurityDigested { from: Timestamp, until: Timestamp, count: u64, sha256: String },
    /// Rows of hours before a time were erased.
    SecurityErased { before: Timestamp, rows: u64 },
}

/// What a comparison of the log's digests with the rows found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Hours whose rows agree with their digest.
    pub hours: u64,
    /// Rows in them.
    pub rows: u64,
    /// Hours whose rows were erased, because their time was over.
    pub erased: u64,
    /// Starts of hours whose rows do not agree.
    pub wrong: Vec<Timestamp>,
}

impl Node {
    /// Notes something; never waits, never fails. It is stored within a moment.
    pub fn notice(&self, kind: Kind, who: Option<ActorId>, source: &str, place: &str) {
        let who = who.map(view::actor_uuid);
        let note = Note { kind, who, source: source.to_owned(), place: place.to_owned() };
        let told = self.guard.tally().add(note, self.now());
        self.guard.noticed.notify_one();
        let Some((note, count)) = told else { return };
        let (kind, outcome) = (note.kind.as_str(), note.kind.outcome().as_str());
        let who = note.who.map_or_else(|| NOWHERE.to_owned(), |who| who.to_string());
        let (source, place) = (note.source, note.place);
        if note.kind.outcome() == Outcome::Succeeded {
            tracing::info!(target: LOG_TARGET, kind, outcome, who, source, place, count, "noticed");
        } else {
            tracing::warn!(target: LOG_TARGET, kind, outcome, who, source, place, count, "noticed");
        }
    }

    /// Notes a log-in by passkey, and tells the person when it is from a network that nobody has
    /// seen this person come from (OWASP ASVS 4.0.3, 2.2.3). A store that takes no acts keeps
    /// nobody out: what is noticed waits in memory.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn logged_in(&self, holder: ActorId, source: &str, place: &str) -> Result<(), Error> {
        if let Err(error) = self.keep_noticed().await {
            tracing::warn!("What was noticed could not be stored: {error}");
        }
        let mut filter = NoticedFilter {
            who: Some(view::actor_uuid(holder)),
            kind: Some(Kind::LogIn.as_str().to_owned()),
            ..NoticedFilter::default()
        };
        let reader = self.store.reader();
        let came_before = !reader.noticed(&filter, None, 1).await?.is_empty();
        filter.source = Some(source.to_owned());
        let is_known = !reader.noticed(&filter, None, 1).await?.is_empty();
        self.notice(Kind::LogIn, Some(holder), source, place);
        if came_before && !is_known {
            self.notice(Kind::NewPlace, Some(holder), source, place);
            if let Err(error) = notice::tell_of_new_place(self, holder).await {
                tracing::warn!("Nobody is told of a log-in from a new network: {error}");
            }
        }
        Ok(())
    }

    /// Stores what was noticed.
    ///
    /// # Errors
    /// When the store takes no acts; it is tried again with what comes next.
    pub async fn keep_noticed(&self) -> Result<(), Error> {
        let _storing = self.guard.storing.lock().await;
        let mut rows = self.guard.tally().take();
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(ROWS_AT_ONCE_MAX));
            if let Err(error) = self.store.note_security(rows.clone()).await {
                let mut tally = self.guard.tally();
                tally.give_back(rows);
                tally.give_back(rest);
                return Err(error.into());
            }
            rows = rest;
        }
        Ok(())
    }

    /// A page of the security log, the newest first.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to read it.
    pub async fn security_log(
        &self,
        actor: &Actor,
        filter: &NoticedFilter,
        before: Option<u64>,
        rows_max: usize,
    ) -> Result<Vec<NoticedRow>, Error> {
        permit_read(actor, Action::ReadSecurity, &Facts::default()).ok_or(Error::Hidden)?;
        // What the store does not take now is not shown; what it holds is.
        let _ = self.keep_noticed().await;
        Ok(self.store.reader().noticed(filter, before, rows_max).await?)
    }

    /// What was noticed of somebody's own comings and goings, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn own_security_log(&self, holder: ActorId) -> Result<Vec<NoticedRow>, Error> {
        let _ = self.keep_noticed().await;
        let who = Some(view::actor_uuid(holder));
        let filter = NoticedFilter { who, ..NoticedFilter::default() };
        Ok(self.store.reader().noticed(&filter, None, OWN_ROWS_MAX).await?)
    }

    /// Appends the digest of every hour that has ended since the last call, as
    /// [`Node::digest_reads`] does, and erases what is older than `alarm.log_days`.
    ///
    /// # Errors
    /// When the store cannot be read or takes no acts; the next call goes on where this one ended.
    pub async fn digest_noticed(&self) -> Result<(), Error> {
        self.keep_noticed().await?;
        let settled = SignedDuration::from_secs(SETTLED_SECONDS);
        let settled = self.now().checked_sub(settled).context("the security log's time")?;
        let this_hour = start_of_hour(settled);
        let known = self.store.reader().setting(DIGESTED_UNTIL).await?;
        let mut from = match known {
            Some(text) => text.parse().context("the security log's setting is no time")?,
            None => {
                // The first call of a new store only notes where the first hour begins.
                self.store.put_setting(DIGESTED_UNTIL, &this_hour.to_string()).await?;
                return Ok(());
            }
        };
        for _ in 0..HOURS_CAUGHT_UP_MAX {
            let until = end_of(from);
            if until > this_hour {
                break;
            }
            let (count, sha256) = self.store.reader().noticed_digest(from..until).await?;
            let sha256 = sha256.to_string();
            self.append_digest(&Digested::SecurityDigested { from, until, count, sha256 }).await?;
            self.store.put_setting(DIGESTED_UNTIL, &until.to_string()).await?;
            self.guard.tally().close_until(until);
            from = until;
        }
        let days = i64::from(self.config.alarm.log_days);
        let before = this_hour.checked_sub(SignedDuration::from_hours(24 * days));
        let before = before.context("the security log's time")?;
        let rows = self.store.erase_security(before).await?;
        if rows > 0 {
            self.append_digest(&Digested::SecurityErased { before, rows }).await?;
        }
        self.erase_old_alarms(before).await
    }

    async fn append_digest(&self, event: &Digested) -> Result<(), Error> {
        let event_json = serde_json::to_string(event).context("a digest")?;
        let event = NewEvent::new(event_json, None);
        self.store.append(Append::events(STREAM, ExpectedSeq::Any, vec![event])).await?;
        Ok(())
    }
}

/// Stores what is noticed as it comes, until `stop`.
pub async fn keep(node: &Node, stop: &CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = node.guard.noticed.notified() => {}
        }
        if let Err(error) = node.keep_noticed().await {
            tracing::warn!("What was noticed could not be stored: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(STORE_MILLISECONDS)) => {}
        }
    }
}

/// Compares the rows of the security log with the digests in the tamper-evident log.
///
/// # Errors
/// When the store cannot be read.
pub async fn compare(reader: &Reader) -> Result<Compared, Error> {
    let (mut compared, mut after) = (Compared::default(), 0);
    let mut hours: Vec<(Range<Timestamp>, u64, String)> = Vec::new();
    let mut erased = Timestamp::MIN;
    loop {
        let events = reader.load_page(STREAM, after, store::limits::PAGE_ROWS_MAX).await?;
        let Some(last) = events.last() else { break };
        after = last.seq;
        for event in &events {
            let read = serde_json::from_str(&event.event_json);
            match read.with_context(|| format!("digest {}", event.seq))? {
                Digested::SecurityDigested { from, until, count, sha256 } => {
                    hours.push((from..until, count, sha256));
                }
                Digested::SecurityErased { before, .. } => erased = erased.max(before),
            }
        }
    }
    for (hour, count, sha256) in hours {
        if hour.start < erased {
            compared.erased += 1;
            continue;
        }
        let start = hour.start;
        let (found, digest) = reader.noticed_digest(hour).await?;
        if (found, digest.to_string()) == (count, sha256) {
            compared.hours += 1;
            compared.rows += count;
        } else {
            compared.wrong.push(start);
        }
    }
    Ok(compared)
}

pub(crate) fn end_of(hour: Timestamp) -> Timestamp {
    hour.checked_add(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MAX)
}
