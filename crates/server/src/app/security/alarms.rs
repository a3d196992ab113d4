//! Alarms on the record: raised once for each cause, acknowledged by a person. An alarm is an
//! event; the network it is about and what the person found are its payloads.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use desk::ids::ActorId;
use desk::policy::{Action, Actor, Facts, permit, permit_read};
use jiff::Timestamp;
use ledger::LeafIndex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::{Append, AppendError, ExpectedSeq, NewEvent, NewJob, Reader, WriterState};
use uuid::Uuid;

use super::{HOUR_ROWS_MAX, end_of};
use crate::app::{Node, payload_of};
use crate::error::Error;
use crate::security::LOG_TARGET;
use crate::security::alarm::{
    Cause, Hour, Rule, State, causes, hour_before, start_of_hour, troubles,
};
use crate::{notice, view};

/// The stream of the log in which alarms stand.
pub const STREAM: Uuid = Uuid::from_u128(0x636f_6d69_7479_416c_8161_726d_7300_0001);
/// Readers of one hour that are looked at, the busiest.
const READERS_MAX: usize = 200;
/// Reads that open what leaves the company.
const EXPORTS: [&str; 2] = ["read_exhibit", "read_package"];
/// Characters of what a person found.
const NOTE_CHARACTERS_MAX: usize = 1_000;
/// Old alarms whose payloads one call erases.
const ERASED_ALARMS_MAX: usize = 500;
/// Alarms of one answer.
const SHOWN_MAX: usize = 200;

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Made of its cause's name.
    pub id: Uuid,
    /// Why.
    pub cause: Cause,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Its place in the log.
    pub leaf: LeafIndex,
    /// Who looked into it; nobody yet while it is open.
    pub acknowledged: Option<Acknowledged>,
}

/// That somebody looked into an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Who.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub note: String,
    /// Its place in the log.
    pub leaf: LeafIndex,
}

/// Every alarm of the record.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    by_id: BTreeMap<Uuid, Alarm>,
    seq: u64,
    /// Found and not yet on the record, because the store takes no acts.
    waiting: BTreeMap<Uuid, Cause>,
    /// Leaves whose payloads are erased.
    erased: BTreeSet<LeafIndex>,
    /// When this process began to look.
    since: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Event {
    AlarmRaised { alarm: Uuid, rule: String, who: Option<Uuid>, from: Timestamp, count: u64 },
    AlarmAcknowledged { alarm: Uuid, by: ActorId },
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Payload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

impl Alarms {
    /// Folds the stream.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn read(reader: &Reader, since: Timestamp) -> Result<Self, Error> {
        let mut alarms = Self { since, ..Self::default() };
        loop {
            let page = reader.load_page(STREAM, alarms.seq, store::limits::PAGE_ROWS_MAX).await?;
            if page.is_empty() {
                return Ok(alarms);
            }
            for event in &page {
                let payload: Payload = payload_of(event)?.unwrap_or_default();
                if matches!(event.payload, store::Payload::Erased(_)) {
                    alarms.erased.insert(event.leaf);
                }
                let said = serde_json::from_str(&event.event_json)
                    .with_context(|| format!("alarm event {}", event.seq))?;
                alarms.apply(said, payload, event.at, event.leaf);
            }
        }
    }

    /// Every alarm: the open ones first, then the newest.
    #[must_use]
    pub fn all(&self) -> Vec<&Alarm> {
        let mut all: Vec<&Alarm> = self.by_id.values().collect();
        all.sort_by_key(|alarm| {
            (alarm.acknowledged.is_some(), std::cmp::Reverse((alarm.raised_at, alarm.leaf)))
        });
        all
    }

    /// Leaves before a time whose payloads are still there: the oldest first, and so many that one
    /// call erases them.
    fn to_erase(&self, before: Timestamp) -> Vec<LeafIndex> {
        let raised = self.by_id.values().map(|alarm| (alarm.raised_at, alarm.leaf));
        let done = self.by_id.values().filter_map(|alarm| alarm.acknowledged.as_ref());
        let written = raised.chain(done.map(|done| (done.at, done.leaf)));
        let is_due = |(at, leaf): &(_, _)| *at < before && !self.erased.contains(leaf);
        let due: BTreeSet<LeafIndex> = written.filter(is_due).map(|(_, leaf)| leaf).collect();
        due.into_iter().take(ERASED_ALARMS_MAX).collect()
    }

    /// What the payloads of these leaves said is forgotten here as well.
    fn forget(&mut self, leaves: Vec<LeafIndex>) {
        self.erased.extend(leaves);
        for alarm in self.by_id.values_mut() {
            if self.erased.contains(&alarm.leaf) {
                alarm.cause.source = None;
            }
            if let Some(done) = &mut alarm.acknowledged
                && self.erased.contains(&done.leaf)
            {
                done.note.clear();
            }
        }
    }

    fn apply(&mut self, event: Event, payload: Payload, at: Timestamp, leaf: LeafIndex) {
        self.seq += 1;
        match event {
            Event::AlarmRaised { alarm, rule, who, from, count } => {
                // A rule of a later release is not ours to show.
                let Some(rule) = Rule::of_word(&rule) else { return };
                let cause = Cause { rule, who, source: payload.source, from, count };
                let raised = Alarm { id: alarm, cause, raised_at: at, leaf, acknowledged: None };
                self.waiting.remove(&alarm);
                self.by_id.insert(alarm, raised);
            }
            Event::AlarmAcknowledged { alarm, by } => {
                if let Some(known) = self.by_id.get_mut(&alarm) {
                    known.acknowledged = Some(Acknowledged { by, at, note: payload.note, leaf });
                }
            }
        }
    }
}

/// The id of a cause's alarm: the same whoever finds it, and however often.
fn id_of(cause: &Cause) -> Uuid {
    let digest = Sha256::digest(format!("comity alarm v1\0{}", cause.name()).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl Node {
    /// Looks at this hour, the one before, and the node itself; raises an alarm for every cause
    /// that has none, on the record, by mail and by webhook. Says how many.
    ///
    /// # Errors
    /// When the store cannot be read or takes no acts. What was found waits for the next call.
    pub async fn look_for_alarms(&self) -> Result<usize, Error> {
        let now = self.now();
        let mut alarms = self.guard.alarms.lock().await;
        let mut found = troubles(&self.trouble(alarms.since).await?, now);
        // A store that takes no acts keeps what is noticed from being stored, not from being read.
        let _ = self.keep_noticed().await;
        let thresholds = self.config.alarm.thresholds();
        let this_hour = start_of_hour(now);
        // After the clock stepped back, what is noticed may stand in an hour to come.
        let counted_in = self.guard.tally().hour().max(this_hour);
        for start in BTreeSet::from([hour_before(this_hour), this_hour, counted_in]) {
            found.extend(causes(&self.hour(start).await?, &thresholds));
        }
        for cause in found {
            let id = id_of(&cause);
            if !alarms.by_id.contains_key(&id) && alarms.waiting.insert(id, cause.clone()).is_none()
            {
                // Said at once, whatever becomes of the record.
                let (rule, count) = (cause.rule.as_str(), cause.count);
                let who = cause.who.map(tracing::field::display);
                tracing::error!(target: LOG_TARGET, alarm = %id, rule, who, count, "alarm");
            }
        }
        let mut raised = 0;
        while let Some((id, cause)) = alarms.waiting.iter().next() {
            let (id, cause) = (*id, cause.clone());
            self.raise(&mut alarms, id, cause).await?;
            raised += 1;
        }
        Ok(raised)
    }

    /// The alarms, open ones first.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to read them.
    pub async fn alarms(&self, actor: &Actor) -> Result<Vec<Alarm>, Error> {
        permit_read(actor, Action::ReadSecurity, &Facts::default()).ok_or(Error::Hidden)?;
        let alarms = self.guard.alarms.lock().await;
        Ok(alarms.all().into_iter().take(SHOWN_MAX).cloned().collect())
    }

    /// Somebody looked into an alarm and says what it was. Nobody does so for an alarm that is
    /// about the same person.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right, or for an alarm that is not open; [`Error::Input`] when
    /// nothing is said.
    pub async fn acknowledge_alarm(
        &self,
        actor: &Actor,
        alarm: Uuid,
        note: &str,
    ) -> Result<(), Error> {
        permit(actor, Action::AcknowledgeAlarm, &Facts::default()).ok_or(Error::Hidden)?;
        let note = note.trim();
        if note.is_empty() || note.chars().count() > NOTE_CHARACTERS_MAX {
            let fix = format!("say in 1 to {NOTE_CHARACTERS_MAX} characters what it was");
            return Err(Error::input("note", "an alarm is not put away without a word", fix));
        }
        let mut alarms = self.guard.alarms.lock().await;
        let open = alarms.by_id.get(&alarm).filter(|alarm| alarm.acknowledged.is_none());
        let open = open.ok_or(Error::Hidden)?;
        if open.cause.who == Some(view::actor_uuid(actor.id)) {
            let fix = "another administrator must look into it";
            return Err(Error::input("note", "this alarm is about you", fix));
        }
        let event = Event::AlarmAcknowledged { alarm, by: actor.id };
        let payload = Payload { note: note.to_owned(), ..Payload::default() };
        self.append_alarm(&mut alarms, event, payload, Vec::new()).await
    }

    async fn raise(&self, alarms: &mut Alarms, id: Uuid, cause: Cause) -> Result<(), Error> {
        let Cause { rule, who, source, from, count } = cause;
        let rule = rule.as_str().to_owned();
        let event = Event::AlarmRaised { alarm: id, rule, who, from, count };
        let payload = Payload { source, ..Payload::default() };
        let jobs = notice::alarm_jobs(self, id);
        self.append_alarm(alarms, event, payload, jobs).await
    }

    async fn append_alarm(
        &self,
        alarms: &mut Alarms,
        event: Event,
        payload: Payload,
        jobs: Vec<NewJob>,
    ) -> Result<(), Error> {
        let event_json = serde_json::to_string(&event).context("an alarm")?;
        let payload_json = serde_json::to_string(&payload).context("an alarm")?;
        let new = NewEvent::new(event_json, Some(payload_json));
        let mut append = Append::events(STREAM, ExpectedSeq::Exactly(alarms.seq), vec![new]);
        append.jobs = jobs;
        match self.store.append(append).await {
            Ok(appended) => {
                let leaf = LeafIndex(appended.leaves.start);
                alarms.apply(event, payload, appended.at, leaf);
                Ok(())
            }
            Err(AppendError::Conflict { .. }) => {
                // Another hand wrote: what it said is read, and the caller comes back.
                let waiting = std::mem::take(&mut alarms.waiting);
                *alarms = Alarms::read(self.store.reader(), alarms.since).await?;
                alarms.waiting = waiting;
                let known = |id: &Uuid| alarms.by_id.contains_key(id);
                let kept = alarms.waiting.iter().filter(|(id, _)| !known(id));
                alarms.waiting = kept.map(|(id, cause)| (*id, cause.clone())).collect();
                Err(Error::Busy)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn hour(&self, start: Timestamp) -> Result<Hour, Error> {
        let reader = self.store.reader();
        let span = start..end_of(start);
        let rows = reader.noticed_in(span.clone(), HOUR_ROWS_MAX).await?;
        let readings = reader.readings(span, EXPORTS, READERS_MAX).await?;
        let staff: BTreeSet<Uuid> = self.directory().staff().map(|person| person.id.0).collect();
        let noticed = rows.into_iter().map(|row| row.noticed).collect();
        Ok(Hour { start, noticed, readings, staff })
    }

    async fn trouble(&self, since: Timestamp) -> Result<State, Error> {
        let reader = self.store.reader();
        let (_, dead_jobs) = self.house_job_counts().await?;
        let clock_behind = match self.store.health().state {
            WriterState::ClockBehind { newest, .. } => Some(newest),
            _ => None,
        };
        let digested = reader.setting(crate::app::audit::DIGESTED_UNTIL).await?;
        let digested: Option<Timestamp> = digested.and_then(|text| text.parse().ok());
        // A node that stood still catches up first; that is no alarm.
        let digested_until = digested.map(|until| until.max(since));
        Ok(State { dead_jobs, clock_behind, digested_until })
    }

    /// Erases the networks of alarms raised before a time and the notes written before it; the
    /// alarms themselves stay. What one call leaves, the next erases.
    pub(super) async fn erase_old_alarms(&self, before: Timestamp) -> Result<(), Error> {
        let mut alarms = self.guard.alarms.lock().await;
        let leaves = alarms.to_erase(before);
        if !leaves.is_empty() {
            self.store.erase_events(&leaves).await?;
            alarms.forget(leaves);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    /// Alarms raised one second after the other, each on every second leaf.
    fn raised(count: u32) -> Alarms {
        let mut alarms = Alarms::default();
        for number in 0..count {
            let (alarm, rule) = (Uuid::from_u128(number.into()), "many_refusals".to_owned());
            let event = Event::AlarmRaised { alarm, rule, who: None, from: at(0), count: 60 };
            let source = Some("192.0.2.0/24".to_owned());
            let payload = Payload { source, ..Payload::default() };
            let leaf = LeafIndex(u64::from(number) * 2);
            alarms.apply(event, payload, at(number.into()), leaf);
        }
        alarms
    }

    fn acknowledge(alarms: &mut Alarms, number: u32, second: i64, leaf: u64) {
        let alarm = Uuid::from_u128(number.into());
        let event = Event::AlarmAcknowledged { alarm, by: ActorId::System };
        let payload = Payload { note: "a bookmark".to_owned(), ..Payload::default() };
        alarms.apply(event, payload, at(second), LeafIndex(leaf));
    }

    #[test]
    fn a_note_is_kept_from_when_it_was_written() {
        let mut alarms = raised(3);
        acknowledge(&mut alarms, 0, 50, 7);
        assert_eq!(alarms.to_erase(at(2)), [LeafIndex(0), LeafIndex(2)]);
        assert!(alarms.all().iter().all(|alarm| alarm.cause.source.is_some()), "not yet erased");
        alarms.forget(vec![LeafIndex(0), LeafIndex(2)]);
        let first = alarms.by_id[&Uuid::nil()].clone();
        assert_eq!(first.cause.source, None);
        assert_eq!(first.acknowledged.expect("done").note, "a bookmark");
        assert_eq!(alarms.to_erase(at(2)), [], "nothing is erased twice");
        assert_eq!(alarms.to_erase(at(51)), [LeafIndex(4), LeafIndex(7)]);
        alarms.forget(vec![LeafIndex(4), LeafIndex(7)]);
        let first = alarms.by_id[&Uuid::nil()].clone();
        assert_eq!(first.acknowledged.expect("done").note, "");
    }

    #[test]
    fn more_than_one_call_erases_go_the_oldest_first() {
        let mut alarms = raised(700);
        let first = alarms.to_erase(at(1_000));
        assert_eq!((first.len(), first[0]), (ERASED_ALARMS_MAX, LeafIndex(0)));
        alarms.forget(first);
        let rest = alarms.to_erase(at(1_000));
        assert_eq!((rest.len(), rest[0]), (200, LeafIndex(1_000)));
    }
}
