//! The jobs that find out who is meant, and make one job for each mail and each webhook.
//!
//! Addresses are looked up when a mail is sent, never before: a job holds ids only.

use std::collections::BTreeMap;

use desk::clock::{ClockKind, ClockName, ClockStatus, Party, Progress};
use desk::ids::{ActorId, AskNumber, RequestId};
use desk::policy::Role;
use desk::request::{Event, Request};
use jiff::{SignedDuration, Timestamp};
use store::{Append, ExpectedSeq, Job, NewJob};
use uuid::Uuid;

use super::{Audience, CLOCK_WARNING, Call, Urgency, calls, warning_calls};
use crate::app::{Node, fold};
use crate::directory::Directory;
use crate::error::Error;
use crate::jobs::{CASE_KINDS, Task, new_job};
use crate::webhook;

/// What happens to somebody within this time is one mail.
const COLLAPSE_SECONDS: i64 = 60;
/// Tries of a mail or a webhook: the last comes about half a day after the first.
pub(super) const ATTEMPTS_MAX: u16 = 24;
/// Tries of finding out who is meant.
pub(super) const OWN_ATTEMPTS_MAX: u16 = 8;
/// Jobs stored at once, below what one act may have.
pub(super) const JOBS_AT_ONCE_MAX: usize = 48;

/// Finds out who is told of the events of one act, and makes the jobs that do it.
///
/// # Errors
/// When the store fails; tried again later.
pub async fn notify(
    node: &Node,
    request: RequestId,
    (first, last): (u64, u64),
    job: &Job,
) -> Result<(), Error> {
    let events = node.store.reader().load(request.0).await?;
    let folded = fold(&events)?;
    // A minute from the event, however late this job is.
    let mut told = events.iter().filter(|stored| stored.seq == last).map(|stored| stored.at);
    let since = told.next().unwrap_or_else(|| node.now());
    let mut fan = Fan::new(node, request, &folded.request, since);
    for stored in events.iter().filter(|stored| (first..=last).contains(&stored.seq)) {
        let event = desk::record::decode(&stored.event_json)
            .map_err(|error| Error::Internal(error.into()))?;
        let (calls, by) = calls(&event, &folded.request);
        fan.call(&calls, by);
        let id = webhook::message_id(request, stored.seq, "");
        fan.hook(super::kind_of(&stored.event_json), &id, stored.at);
        fan.watch(&event);
    }
    fan.store(job).await
}

/// Warns of a clock that has used up more of its time, and comes back for the next share.
///
/// # Errors
/// When the store fails; tried again later.
pub async fn warn(
    node: &Node,
    request: RequestId,
    ask: AskNumber,
    (clock, due): (&ClockName, Timestamp),
    job: &Job,
) -> Result<(), Error> {
    let folded = node.folded(request).await?;
    let mut fan = Fan::new(node, request, &folded.request, node.now());
    let clocks = folded.request.ask(ask).map(|ask| ask.clocks.as_slice()).unwrap_or_default();
    // A clock that was stopped, or resumed to a later end, is no longer this job's.
    let running = clocks.iter().find(|known| {
        known.start.name == *clock && known.start.due == due && known.status == ClockStatus::Running
    });
    if let Some(running) = running {
        let now = node.now();
        if let Some(Progress::Warned(percent)) = running.progress(now) {
            fan.call(&warning_calls(&folded.request, ask, percent), None);
            let what = format!("{ask} {clock} {due} {percent}");
            fan.hook(CLOCK_WARNING, &webhook::message_id(request, 0, &what), now);
        }
        // The end itself is an event of its own.
        let next = running.next_change(now).filter(|next| *next < due);
        fan.jobs.extend(next.map(|next| warning(request, ask, clock, due, next)));
    }
    fan.store(job).await
}

/// Tells whoever decides about it that a job waits for a person.
///
/// # Errors
/// When the store takes no acts.
pub async fn tell_of_dead_job(node: &Node, kind: &str) -> Result<(), Error> {
    let request = Request::default();
    let mut fan = Fan::new(node, RequestId(Uuid::nil()), &request, node.now());
    let roles: &[Role] = match kind {
        // Administrators must not learn that a request named a decoy.
        "watch" => &[Role::Counsel],
        kind if CASE_KINDS.contains(&kind) => &[Role::Administrator, Role::Analyst, Role::Counsel],
        _ => &[Role::Administrator],
    };
    let call = |role: &Role| Call { audience: Audience::Staff(*role), urgency: Urgency::Ordinary };
    fan.call(&roles.iter().map(call).collect::<Vec<_>>(), None);
    let jobs = fan.into_jobs();
    if jobs.is_empty() { Ok(()) } else { append(node, jobs, None).await }
}

/// What one job leads to.
struct Fan<'a> {
    node: &'a Node,
    id: RequestId,
    request: &'a Request,
    /// When it happened.
    since: Timestamp,
    people: BTreeMap<ActorId, Urgency>,
    jobs: Vec<NewJob>,
}

impl<'a> Fan<'a> {
    const fn new(node: &'a Node, id: RequestId, request: &'a Request, since: Timestamp) -> Self {
        Self { node, id, request, since, people: BTreeMap::new(), jobs: Vec::new() }
    }

    /// Adds those who are called, with the greater urgency for whoever is called twice.
    fn call(&mut self, calls: &[Call], by: Option<ActorId>) {
        if self.node.notices.mail.is_none() {
            return;
        }
        let directory = self.node.directory();
        for call in calls {
            for person in audience(&directory, self.request, call.audience) {
                let has_address = address_of(&directory, person, self.node.now()).is_some();
                if has_address && by != Some(person) {
                    let urgency = self.people.entry(person).or_insert(call.urgency);
                    *urgency = (*urgency).max(call.urgency);
                }
            }
        }
    }

    /// Adds the endpoints that want this event.
    fn hook(&mut self, event: &str, id: &str, at: Timestamp) {
        for endpoint in self.node.notices.webhooks.iter().filter(|one| one.wants(event)) {
            let (endpoint, event, id) = (endpoint.name.clone(), event.to_owned(), id.to_owned());
            let key = Some(format!("webhook:{endpoint}:{id}"));
            let task = Task::Webhook { endpoint, id, event, at };
            self.jobs.push(NewJob { key, ..new_job(self.id, &task, ATTEMPTS_MAX) });
        }
    }

    /// Adds the job that warns of a clock of ours which begins or goes on.
    fn watch(&mut self, event: &Event) {
        let (ask, name) = match event {
            Event::ClockStarted { ask, clock } => (*ask, &clock.name),
            Event::ClockResumed { ask, clock, .. } => (*ask, clock),
            _ => return,
        };
        let clocks = self.request.ask(ask).map(|ask| ask.clocks.as_slice()).unwrap_or_default();
        let ours = clocks.iter().find(|clock| {
            clock.start.name == *name
                && clock.start.kind == ClockKind::DueBy
                && clock.start.whose == Party::Provider
                && clock.status == ClockStatus::Running
        });
        let Some(clock) = ours else { return };
        let due = clock.start.due;
        let next = clock.next_change(self.node.now()).filter(|next| *next < due);
        self.jobs.extend(next.map(|next| warning(self.id, ask, name, due, next)));
    }

    fn into_jobs(mut self) -> Vec<NewJob> {
        let wait = SignedDuration::from_secs(COLLAPSE_SECONDS);
        let in_a_minute = self.since.checked_add(wait).ok();
        for (person, urgency) in self.people {
            let (name, run_at) = match urgency {
                Urgency::Access | Urgency::Ordinary => ("mail", in_a_minute),
                Urgency::Now => ("mail-now", None),
            };
            let task = Task::Mail { to: person, urgency };
            // One mail calls for many requests, so it belongs to none. What happens in the seconds
            // in which it is being sent asks for no second one: whoever reads it looks after that.
            let job = new_job(RequestId(Uuid::nil()), &task, ATTEMPTS_MAX);
            self.jobs.push(NewJob { key: Some(format!("{name}:{person}")), run_at, ..job });
        }
        self.jobs
    }

    /// Stores the jobs; the last of them together with the end of the job that led to them. What
    /// is stored twice, because that was interrupted, has the same key.
    async fn store(self, job: &Job) -> Result<(), Error> {
        let node = self.node;
        let mut jobs = self.into_jobs();
        while jobs.len() > JOBS_AT_ONCE_MAX {
            let rest = jobs.split_off(JOBS_AT_ONCE_MAX);
            append(node, jobs, None).await?;
            jobs = rest;
        }
        append(node, jobs, Some(job)).await
    }
}

pub(super) async fn append(
    node: &Node,
    jobs: Vec<NewJob>,
    ends: Option<&Job>,
) -> Result<(), Error> {
    let mut act = Append::events(Uuid::nil(), ExpectedSeq::Any, Vec::new());
    act.jobs = jobs;
    act.completes = ends.map(|job| job.lease);
    node.store.append(act).await?;
    Ok(())
}

fn warning(
    request: RequestId,
    ask: AskNumber,
    clock: &ClockName,
    due: Timestamp,
    at: Timestamp,
) -> NewJob {
    let task = Task::Warn { ask, clock: clock.clone(), due };
    let key = Some(format!("warn:{request}:{ask}:{clock}:{due}"));
    NewJob { key, run_at: Some(at), ..new_job(request, &task, OWN_ATTEMPTS_MAX) }
}

fn audience(directory: &Directory, request: &Request, audience: Audience) -> Vec<ActorId> {
    match audience {
        Audience::Sender => request.key.map(ActorId::Key).into_iter().collect(),
        Audience::Person(person) => vec![ActorId::Staff(person)],
        Audience::Staff(role) => {
            let held = directory.staff().filter(|person| person.roles.contains(&role));
            held.map(|person| ActorId::Staff(person.id)).collect()
        }
    }
}

/// The address of somebody who may act now, from our own directory and nowhere else. An officer
/// who is stopped, suspected or no longer attested has none.
#[must_use]
pub fn address_of(directory: &Directory, who: ActorId, now: Timestamp) -> Option<String> {
    directory.person(who, now)?;
    match who {
        ActorId::Staff(id) => directory.staff_member(id)?.email.clone(),
        ActorId::Key(key) => {
            let officer = directory.officer(key)?;
            let standing = directory.standing(Some(key), Some(officer.agency));
            if standing.key_suspected { None } else { officer.email.clone() }
        }
        ActorId::Partner(_) | ActorId::System => None,
    }
}
