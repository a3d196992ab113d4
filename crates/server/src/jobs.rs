//! Work that follows from events: which job each event calls for, and the workers that do it.
//!
//! A job is stored in the same transaction as its event, so it is never forgotten, and its outcome
//! is an act like any other. Doing one twice is harmless: effects have ids, packages have digests.

use std::sync::Arc;
use std::time::Duration;

use desk::ids::{AskNumber, EffectId, RequestId};
use desk::order::AskKind;
use desk::policy::Actor;
use desk::request::{Command, EffectKind, Event};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Job, NewJob};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::{Act, Node, deliver, effects, preserve};
use crate::error::Error;

/// Jobs done at the same time.
const JOBS_AT_ONCE_MAX: usize = 64;
/// A worker holds a job this long; a crashed worker's job is taken up again after it.
const LEASE_SECONDS: i64 = 120;
/// Longest wait between looks for jobs whose time has come.
const LOOK_MILLISECONDS_MAX: u64 = 1_000;
/// Requests whose time has come, handled in one look.
const DUE_REQUESTS_MAX: usize = 200;
/// Tries of an effect in the company's systems before a person is needed.
const EFFECT_ATTEMPTS_MAX: u16 = 12;
/// Tries of our own work.
const OWN_ATTEMPTS_MAX: u16 = 8;
/// A sealed package is handed over at once; should that be interrupted, a job does it after this.
const DELIVER_AGAIN_SECONDS: i64 = 60;
/// The kinds of job, each with a handler below.
pub const KINDS: [&str; 6] = ["preserve", "effect", "delete_copy", "seal", "deliver", "push"];

/// What a worker needs to know; no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Copy the matching rows of a Preserve ask.
    Preserve {
        /// The ask.
        ask: AskNumber,
    },
    /// Have the company's systems freeze or unfreeze.
    Effect {
        /// The ask.
        ask: AskNumber,
        /// The effect.
        effect: EffectId,
    },
    /// Delete a preserved copy.
    DeleteCopy {
        /// The ask.
        ask: AskNumber,
        /// The effect.
        effect: EffectId,
    },
    /// Sign and log an approved package.
    Seal {
        /// Asks of the package.
        asks: Vec<AskNumber>,
    },
    /// Encrypt a sealed package and hand it over.
    Deliver {
        /// Asks of the package.
        asks: Vec<AskNumber>,
    },
    /// Post a delivered package to the agency's endpoint.
    Push {
        /// Asks of the package.
        asks: Vec<AskNumber>,
    },
}

impl Task {
    fn kind(&self) -> &'static str {
        match self {
            Self::Preserve { .. } => "preserve",
            Self::Effect { .. } => "effect",
            Self::DeleteCopy { .. } => "delete_copy",
            Self::Seal { .. } => "seal",
            Self::Deliver { .. } => "deliver",
            Self::Push { .. } => "push",
        }
    }
}

/// The jobs that an event calls for.
#[must_use]
pub fn follow_up(request: RequestId, event: &Event, now: Timestamp) -> Vec<NewJob> {
    let tasks = match event {
        Event::Received { order, .. } => order
            .numbered()
            .filter(|(_, ask)| ask.kind() == AskKind::Preserve)
            .map(|(ask, _)| (Task::Preserve { ask }, OWN_ATTEMPTS_MAX))
            .collect(),
        Event::EffectRequested { ask, effect, action, .. } => match action {
            EffectKind::Freeze | EffectKind::Unfreeze => {
                let task = Task::Effect { ask: *ask, effect: *effect };
                vec![(task, EFFECT_ATTEMPTS_MAX)]
            }
            EffectKind::DeleteCopy => {
                vec![(Task::DeleteCopy { ask: *ask, effect: *effect }, OWN_ATTEMPTS_MAX)]
            }
        },
        Event::Approved { asks, .. } => {
            vec![(Task::Seal { asks: asks.clone() }, OWN_ATTEMPTS_MAX)]
        }
        Event::Sealed { asks, .. } => {
            vec![(Task::Deliver { asks: asks.clone() }, OWN_ATTEMPTS_MAX)]
        }
        Event::Delivered { asks, .. } => {
            vec![(Task::Push { asks: asks.clone() }, EFFECT_ATTEMPTS_MAX)]
        }
        _ => Vec::new(),
    };
    let again = now.checked_add(SignedDuration::from_secs(DELIVER_AGAIN_SECONDS)).ok();
    tasks
        .into_iter()
        .map(|(task, attempts)| {
            let run_at = matches!(task, Task::Deliver { .. }).then_some(again).flatten();
            NewJob { run_at, ..new_job(request, &task, attempts) }
        })
        .collect()
}

fn new_job(request: RequestId, task: &Task, attempts_max: u16) -> NewJob {
    NewJob {
        kind: task.kind().to_owned(),
        key: None,
        stream: request.0,
        // A task is words and numbers; writing it cannot fail.
        body: serde_json::to_string(task).unwrap_or_default(),
        run_at: None,
        attempts_max,
    }
}

/// Does jobs until `stop`; then finishes those begun.
pub async fn work(node: Arc<Node>, stop: CancellationToken) {
    let tracker = tokio_util::task::TaskTracker::new();
    let slots = Arc::new(tokio::sync::Semaphore::new(JOBS_AT_ONCE_MAX));
    let mut changed = node.store.jobs_changed();
    let look = Duration::from_millis(LOOK_MILLISECONDS_MAX);
    let mut next_look = Instant::now();
    let mut looked_at_hour = i64::MIN;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            slot = slots.acquire() => drop(slot),
        }
        if Instant::now() >= next_look {
            next_look = Instant::now() + look;
            tick_due(&node).await;
            if let Err(error) = node.record_waiting_reports().await {
                tracing::warn!("Reports that wait could not be recorded: {error}");
            }
            if looked_at_hour != hour_of(node.now()) {
                looked_at_hour = hour_of(node.now());
                if let Err(error) = node.digest_reads().await {
                    tracing::warn!("The reads of the last hour could not be digested: {error}");
                }
            }
        }
        let (free, lease) = (slots.available_permits(), SignedDuration::from_secs(LEASE_SECONDS));
        let claimed = node.store.claim_jobs(&KINDS, lease, free).await.unwrap_or_else(|error| {
            tracing::warn!("No jobs could be claimed: {error}");
            Vec::new()
        });
        let idle = claimed.is_empty();
        for job in claimed {
            let Ok(slot) = slots.clone().acquire_owned().await else { break };
            let node = node.clone();
            tracker.spawn(async move {
                run(&node, job).await;
                drop(slot);
            });
        }
        if idle {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = changed.changed() => {}
                () = tokio::time::sleep_until(next_look) => {}
            }
        }
    }
    tracker.close();
    tracker.wait().await;
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3_600)
}

/// Does one job; a failure is written down with it and tried again later.
pub async fn run(node: &Node, job: Job) {
    let (id, kind) = (job.lease.id, job.kind.clone());
    let outcome = match serde_json::from_str::<Task>(&job.body) {
        Ok(task) => perform(node, &job, task).await,
        Err(error) => Err(Error::Internal(error.into())),
    };
    let Err(error) = outcome else { return };
    tracing::warn!(job = id.0, kind, "Job {} ({kind}) failed: {error}", id.0);
    if let Err(error) = node.store.fail_job(&job, &error.to_string()).await {
        tracing::warn!("The failure of job {} could not be noted: {error}", id.0);
    }
}

async fn perform(node: &Node, job: &Job, task: Task) -> Result<(), Error> {
    let request = RequestId(job.stream);
    match task {
        Task::Preserve { ask } => preserve::copy(node, request, ask, job).await,
        Task::Effect { ask, effect } => effects::attempt(node, request, ask, effect, job).await,
        Task::DeleteCopy { ask, effect } => preserve::delete(node, request, ask, effect, job).await,
        Task::Seal { asks } => deliver::seal(node, request, &asks, job).await,
        Task::Deliver { asks } => deliver::deliver(node, request, &asks, job).await,
        Task::Push { asks } => deliver::push(node, request, &asks, job).await,
    }
}

/// Records what time alone has done to requests: lapses, expiries, breaches.
pub async fn tick_due(node: &Node) {
    let now = node.now();
    let due = match node.store.reader().views_due(now, DUE_REQUESTS_MAX).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!("Requests that fall due could not be listed: {error}");
            return;
        }
    };
    for row in due {
        let act = Act::new(RequestId(row.stream), Command::Tick);
        if let Err(error) = node.act(&Actor::system(), act).await {
            tracing::warn!("Request {} could not be brought up to date: {error}", row.stream);
        }
    }
}
