//! Jobs that wait for a person: listed, tried again, given up.
//!
//! Administrators read no case. They see every job but the watch of a key, which would tell them
//! that a request named a decoy; of a job of a case they see what was to be done, never for which
//! request, nor what the company's records said. They may have it tried again. Whoever works on
//! cases sees those jobs whole and decides which of them are given up, as far as the request waits
//! for nothing they would have done (docs/decisions/181).

use anyhow::Context as _;
use desk::ids::{ActorId, AskNumber, EffectId, RequestId};
use desk::policy::{Action, Actor, Facts, permit};
use desk::request::{AskState, Command, EffectStatus, Request, Stage};
use jiff::Timestamp;
use serde::Serialize;
pub use store::Verdict;
use store::{Append, DeadJob, ExpectedSeq, JobId, NewEvent};
use uuid::Uuid;

use super::{Act, Node, subject};
use crate::error::Error;
use crate::jobs::{CASE_KINDS, SENT_KINDS, TOLD_KINDS, Task};
use crate::notice::ALARM_RAISED;
use crate::payload::EffectAnswer;

/// The stream of the log in which it stands which dead jobs were tried again or given up.
pub const STREAM: Uuid = Uuid::from_u128(0x636f_6d69_7479_4a6f_8262_7344_6561_6431);
/// The kind of job that watches the key of a request which named a decoy.
const WATCH: &str = "watch";
/// Kinds of job whose errors may repeat what the company's records say.
const SPEAK_OF_CASES: [&str; 4] = ["preserve", "effect", "delete_copy", WATCH];
/// Dead jobs of one page.
pub const DEAD_JOBS_PAGE_MAX: usize = 50;

/// A job that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// Its number.
    pub id: JobId,
    /// What was to be done: one of [`crate::jobs::CASE_KINDS`] or [`crate::jobs::SENT_KINDS`].
    pub kind: String,
    /// The request it works for; none for mails, which belong to many, and for whoever reads no
    /// case.
    pub request: Option<RequestId>,
    /// Whom a mail was for.
    pub to: Option<ActorId>,
    /// The endpoint a webhook was for.
    pub endpoint: Option<String>,
    /// Attempts made.
    pub attempts: u16,
    /// What the last attempt said; none where it may say something of a case to whoever reads none.
    pub error: Option<String>,
    /// When that was.
    pub failed_at: Option<Timestamp>,
    /// Whether whoever asked may give it up.
    pub may_give_up: bool,
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

#[derive(Serialize)]
struct Decided<'a> {
    kind: &'static str,
    job: u64,
    job_kind: &'a str,
    request: Option<RequestId>,
    by: ActorId,
}

/// What somebody may see.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sight {
    /// Every job but the watch of a key, without any case.
    house: bool,
    /// The jobs of cases.
    cases: bool,
}

impl Sight {
    fn of(actor: &Actor) -> Result<Self, Error> {
        let may = |action| permit(actor, action, &Facts::default()).is_some();
        let sight = Self { house: may(Action::ManageJobs), cases: may(Action::ManageCaseJobs) };
        if sight.house || sight.cases { Ok(sight) } else { Err(Error::Hidden) }
    }

    fn kinds(self) -> Vec<&'static str> {
        let all = CASE_KINDS.into_iter().chain(TOLD_KINDS).chain(SENT_KINDS);
        all.filter(|kind| self.sees(kind)).collect()
    }

    fn sees(self, kind: &str) -> bool {
        let of_case = CASE_KINDS.contains(&kind);
        (self.cases && of_case) || (self.house && kind != WATCH)
    }

    /// A job as it is shown.
    fn shown(self, job: DeadJob) -> Dead {
        let task = serde_json::from_str::<Task>(&job.body).ok();
        let is_alarm = matches!(&task, Some(Task::Webhook { event, .. }) if event == ALARM_RAISED);
        let (to, endpoint) = match task {
            Some(Task::Mail { to, .. } | Task::Access { to, .. } | Task::Link { to, .. }) => {
                (Some(to), None)
            }
            Some(Task::Webhook { endpoint, .. }) => (None, Some(endpoint)),
            _ => (None, None),
        };
        let of_case = CASE_KINDS.contains(&job.kind.as_str());
        let speaks_of_case = SPEAK_OF_CASES.contains(&job.kind.as_str());
        let request = RequestId(job.stream);
        Dead {
            id: job.id,
            request: (self.cases && !job.stream.is_nil() && !is_alarm).then_some(request),
            to,
            endpoint,
            attempts: job.attempts,
            error: (self.cases || !speaks_of_case).then_some(job.error),
            failed_at: job.failed_at,
            may_give_up: if of_case { self.cases && job.kind != WATCH } else { self.house },
            kind: job.kind,
        }
    }
}

impl Node {
    /// A page of the jobs that wait for a person.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to manage jobs.
    pub async fn dead_jobs(&self, actor: &Actor, after: Option<JobId>) -> Result<DeadPage, Error> {
        let sight = Sight::of(actor)?;
        let (reader, kinds) = (self.store.reader(), sight.kinds());
        let jobs = reader.dead_jobs(&kinds, after, DEAD_JOBS_PAGE_MAX).await?;
        let (waiting, count) = reader.job_counts_of(&kinds).await?;
        let is_full = jobs.len() == DEAD_JOBS_PAGE_MAX;
        let next = jobs.last().filter(|_| is_full).map(|job| job.id);
        let jobs = jobs.into_iter().map(|job| sight.shown(job)).collect();
        Ok(DeadPage { jobs, count, waiting, next })
    }

    /// How many jobs wait or run, and how many are dead, as far as whoever runs the house may know:
    /// the watch of a key is not among them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn house_job_counts(&self) -> Result<(u64, u64), Error> {
        let kinds = Sight { house: true, cases: false }.kinds();
        Ok(self.store.reader().job_counts_of(&kinds).await?)
    }

    /// Tries a dead job again, or gives it up. That it was decided, and by whom, is on the record
    /// in the same transaction. An effect that is given up has failed, on its request's record.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to decide about it, or when no dead job has this number:
    /// somebody else was faster. [`Error::Input`] when the request still waits for it.
    pub async fn decide_dead_job(
        &self,
        actor: &Actor,
        job: JobId,
        verdict: Verdict,
    ) -> Result<(), Error> {
        let sight = Sight::of(actor)?;
        let found = self.store.reader().dead_job(job).await?.ok_or(Error::Hidden)?;
        if !sight.sees(&found.kind) {
            return Err(Error::Hidden);
        }
        if verdict == Verdict::GiveUp && CASE_KINDS.contains(&found.kind.as_str()) {
            let folded = self.folded(RequestId(found.stream)).await?;
            let facts = Facts::of(&folded.request, self.standing(&folded.request, actor));
            permit(actor, Action::ManageCaseJobs, &facts).ok_or(Error::Hidden)?;
            if let Some((ask, effect, told)) = given_up(&found, &folded.request)? {
                let id = RequestId(found.stream);
                let case = self.case(id).await?;
                let told = subject::told_so_far(self, &case, (ask, effect), told).await?;
                let detail = "the desk's own work failed and was given up".to_owned();
                let said = EffectAnswer::told(detail, told);
                let act = Act::new(id, Command::FailEffect { effect });
                let act = Act { decides: Some((job, verdict)), ..act.with(&said)? };
                return match self.act(actor, act).await {
                    // Whoever was faster has made the effect fail, and ended the job with it.
                    Err(Error::Refused(_))
                        if self.store.reader().dead_job(job).await?.is_none() =>
                    {
                        Err(Error::Hidden)
                    }
                    done => done.map(|_| ()),
                };
            }
        } else if verdict == Verdict::GiveUp {
            permit(actor, Action::ManageJobs, &Facts::default()).ok_or(Error::Hidden)?;
        }
        let kind = match verdict {
            Verdict::Retry => "job_retried",
            Verdict::GiveUp => "job_given_up",
        };
        let request = (!found.stream.is_nil()).then_some(RequestId(found.stream));
        let (job_kind, by) = (found.kind.as_str(), actor.id);
        let event = Decided { kind, job: job.0, job_kind, request, by };
        let event_json = serde_json::to_string(&event).context("a decision on a job")?;
        let event = NewEvent::new(event_json, None);
        let mut append = Append::events(STREAM, ExpectedSeq::Any, vec![event]);
        append.decides = Some((job, verdict));
        self.store.append(append).await?;
        Ok(())
    }
}

fn open_effect(
    request: &Request,
    ask: AskNumber,
    effect: EffectId,
    told: usize,
) -> Option<(AskNumber, EffectId, usize)> {
    let status = request.effect(effect).map(|(_, known)| known.status);
    (status == Some(EffectStatus::Requested)).then_some((ask, effect, told))
}

/// Whether a job of a case can be given up; the effect that fails with it, and how many users it
/// has told.
fn given_up(
    job: &DeadJob,
    request: &Request,
) -> Result<Option<(AskNumber, EffectId, usize)>, Error> {
    let waits = |asks: &[AskNumber], wanted: &Stage| {
        asks.iter().filter_map(|ask| request.ask(*ask)).any(|ask| match &ask.stage {
            Stage::NeedsInformation { back } | Stage::OnHold { back, .. } => **back == *wanted,
            stage => stage == wanted,
        })
    };
    // A body that this release cannot read does nothing, whatever becomes of it.
    let Ok(task) = serde_json::from_str::<Task>(&job.body) else { return Ok(None) };
    let (is_owed, fix) = match task {
        Task::Effect { ask, effect, told } => return Ok(open_effect(request, ask, effect, told)),
        Task::DeleteCopy { ask, effect } => return Ok(open_effect(request, ask, effect, 0)),
        Task::Preserve { ask } => {
            let owed = |ask: &&AskState| ask.exhibits.is_empty() && !ask.stage.is_final();
            (request.ask(ask).filter(owed).is_some(), "try it again, or refuse the ask")
        }
        Task::Seal { asks } => {
            (waits(&asks, &Stage::Approved), "try it again, or return the package")
        }
        Task::Deliver { asks } => {
            (waits(&asks, &Stage::Sealed), "try it again; enrol a key of the agency if it has none")
        }
        Task::Watch => (true, "try it again"),
        // The package stays where the agency can fetch it; the rest is no case's.
        _ => (false, ""),
    };
    if is_owed {
        return Err(Error::input("job", "the request waits for it", fix));
    }
    Ok(None)
}
