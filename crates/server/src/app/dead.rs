//! Jobs that wait for a person: listed, tried again, given up.
//!
//! For administrators, who read no case: a row says what was to be done and what went wrong, never
//! for whom. What they decide is an event of a stream of its own.

use anyhow::Context as _;
use desk::ids::{ActorId, RequestId};
use desk::policy::{Action, Actor, Facts, permit};
use jiff::Timestamp;
use serde::Serialize;
use store::{Append, DeadJob, ExpectedSeq, JobId, NewEvent};
use uuid::Uuid;

use super::Node;
use crate::error::Error;
use crate::jobs::Task;
use crate::notice::ALARM_RAISED;

/// The stream of the log in which it stands which dead jobs were tried again or given up.
pub const STREAM: Uuid = Uuid::from_u128(0x636f_6d69_7479_4a6f_8262_7344_6561_6431);
/// Dead jobs of one page.
pub const DEAD_JOBS_PAGE_MAX: usize = 50;

/// A job that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Its number.
    pub id: JobId,
    /// What was to be done: one of [`crate::jobs::CASE_KINDS`] or [`crate::jobs::SENT_KINDS`].
    pub kind: String,
    /// The request it works for; none for mails, which belong to many.
    pub request: Option<RequestId>,
    /// Whom a mail was for.
    pub to: Option<ActorId>,
    /// The endpoint a webhook was for.
    pub endpoint: Option<String>,
    /// Attempts made.
    pub attempts: u16,
    /// What the last attempt said; no case data.
    pub error: String,
    /// When that was.
    pub failed_at: Option<Timestamp>,
}

/// One page of dead jobs.
#[derive(Clone, Debug)]
pub struct DeadPage {
    /// Oldest first.
    pub jobs: Vec<Dead>,
    /// How many there are in all.
    pub count: u64,
    /// How many wait or run.
    pub waiting: u64,
    /// Where the next page begins.
    pub next: Option<JobId>,
}

/// What a person decides about a dead job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again from the start.
    Retry,
    /// It is never done.
    GiveUp,
}

#[derive(Serialize)]
struct Decided<'a> {
    kind: &'static str,
    job: u64,
    job_kind: &'a str,
    request: Option<RequestId>,
    by: ActorId,
}

impl Node {
    /// A page of the jobs that wait for a person.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to manage jobs.
    pub async fn dead_jobs(&self, actor: &Actor, after: Option<JobId>) -> Result<DeadPage, Error> {
        permit(actor, Action::ManageJobs, &Facts::default()).ok_or(Error::Hidden)?;
        let reader = self.store.reader();
        let jobs = reader.dead_jobs(after, DEAD_JOBS_PAGE_MAX).await?;
        let (waiting, count) = reader.job_counts().await?;
        let is_full = jobs.len() == DEAD_JOBS_PAGE_MAX;
        let next = jobs.last().filter(|_| is_full).map(|job| job.id);
        Ok(DeadPage { jobs: jobs.into_iter().map(dead).collect(), count, waiting, next })
    }

    /// Tries a dead job again, or gives it up; the log says who decided it.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to manage jobs, or when no dead job has this number:
    /// somebody else was faster.
    pub async fn decide_dead_job(
        &self,
        actor: &Actor,
        job: JobId,
        verdict: Verdict,
    ) -> Result<(), Error> {
        permit(actor, Action::ManageJobs, &Facts::default()).ok_or(Error::Hidden)?;
        let found = self.store.reader().dead_job(job).await?.ok_or(Error::Hidden)?;
        let known = dead(found);
        let kind = match verdict {
            Verdict::Retry => "job_retried",
            Verdict::GiveUp => "job_given_up",
        };
        let (job_kind, request, by) = (known.kind.as_str(), known.request, actor.id);
        let event = Decided { kind, job: job.0, job_kind, request, by };
        let event_json = serde_json::to_string(&event).context("a decision on a job")?;
        let event = NewEvent::new(event_json, None);
        self.store.append(Append::events(STREAM, ExpectedSeq::Any, vec![event])).await?;
        match verdict {
            Verdict::Retry => self.store.revive_job(job).await?,
            Verdict::GiveUp => self.store.give_up_job(job).await?,
        };
        Ok(())
    }
}

fn dead(job: DeadJob) -> Dead {
    let task = serde_json::from_str::<Task>(&job.body).ok();
    let is_alarm = matches!(&task, Some(Task::Webhook { event, .. }) if event == ALARM_RAISED);
    let (to, endpoint) = match task {
        Some(Task::Mail { to, .. } | Task::Access { to, .. }) => (Some(to), None),
        Some(Task::Webhook { endpoint, .. }) => (None, Some(endpoint)),
        _ => (None, None),
    };
    Dead {
        id: job.id,
        kind: job.kind,
        request: (!job.stream.is_nil() && !is_alarm).then_some(RequestId(job.stream)),
        to,
        endpoint,
        attempts: job.attempts,
        error: job.error,
        failed_at: job.failed_at,
    }
}
