//! Work that follows from events: which job each event calls for, and the workers that do it.
//!
//! A job is stored in the same transaction as its event, so it is never forgotten, and its outcome
//! is an act like any other. Doing one twice is harmless: effects have ids, packages have digests.
//! Mails and webhooks have workers of their own, so that a mail server that does not answer holds
//! up no case.

use std::sync::Arc;
use std::time::Duration;

use desk::clock::ClockName;
use desk::ids::{ActorId, AskNumber, EffectId, RequestId};
use desk::order::AskKind;
use desk::policy::Actor;
use desk::request::{Command, EffectKind, Event};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Job, JobState, NewJob};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{Act, Node, deliver, effects, preserve, security};
use crate::error::Error;
use crate::notice::{self, Urgency};
use crate::{mail, webhook};

/// Jobs done at the same time.
const JOBS_AT_ONCE_MAX: usize = 64;
/// Mails and webhooks sent at the same time.
const SENT_AT_ONCE_MAX: usize = 8;
/// A job of a process that has ended is taken up again after this. As long as the process lives,
/// nobody else gets the job, however long it takes ([`store::Running`]).
pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(120);
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
/// Tries of finding out who is told of an act.
const NOTIFY_ATTEMPTS_MAX: u16 = 8;
/// The kinds of job that work on cases, each with a handler below.
pub const CASE_KINDS: [&str; 7] =
    ["preserve", "effect", "delete_copy", "seal", "deliver", "push", "watch"];
/// The kinds of job that find out who is told, each with a handler below.
pub const TOLD_KINDS: [&str; 3] = ["notify", "warn", "remind"];
/// The kinds of job that talk to people and machines outside, each with a handler below.
pub const SENT_KINDS: [&str; 2] = ["mail", "webhook"];

/// What a worker needs to know; no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Copy the matching rows of a Preserve ask.
    Preserve {
        /// The ask.
        ask: AskNumber,
    },
    /// Have the company's systems freeze, unfreeze or tell a user.
    Effect {
        /// The ask.
        ask: AskNumber,
        /// The effect.
        effect: EffectId,
        /// How many of several users are told already, in the order of their accounts.
        #[serde(default, skip_serializing_if = "is_zero")]
        told: usize,
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
    /// Find out who is told of the events of an act.
    Notify {
        /// Sequence number of the first event.
        first: u64,
        /// Sequence number of the last.
        last: u64,
    },
    /// Warn of a clock that has used up more of its time.
    Warn {
        /// The ask.
        ask: AskNumber,
        /// The clock.
        clock: ClockName,
        /// Its end; with another one it is another job's.
        due: Timestamp,
    },
    /// Mail somebody to look at the portal.
    Mail {
        /// Who; the address is looked up when it is sent.
        to: ActorId,
        /// How soon to look.
        urgency: Urgency,
    },
    /// Mail somebody, who perhaps may not act, to look at the own access.
    Access {
        /// Who; the address is looked up when it is sent.
        to: ActorId,
        /// The address is that of the directory after so many changes; the present one without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<u64>,
        /// How to say it.
        urgency: Urgency,
    },
    /// Mail the link that confirms a new address.
    Link {
        /// Whose link.
        to: ActorId,
        /// What its secret is made of, with a key that is not in the store.
        number: Uuid,
    },
    /// Tell that an attestation or an unused link runs out.
    Remind {
        /// Whose.
        holder: ActorId,
        /// Its end; with another one it is another job's.
        due: Timestamp,
    },
    /// Tell a machine what happened.
    Webhook {
        /// Name of the endpoint in comity.toml.
        endpoint: String,
        /// Id of the message.
        id: String,
        /// The event's word.
        event: String,
        /// When it happened.
        at: Timestamp,
    },
    /// Watch the key of a request that named a decoy.
    Watch,
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
            Self::Notify { .. } => "notify",
            Self::Warn { .. } => "warn",
            Self::Mail { .. } | Self::Access { .. } | Self::Link { .. } => "mail",
            Self::Remind { .. } => "remind",
            Self::Webhook { .. } => "webhook",
            Self::Watch => "watch",
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
        Event::Assessed { assessment, .. } if assessment.names_canary() => {
            vec![(Task::Watch, OWN_ATTEMPTS_MAX)]
        }
        Event::EffectRequested { ask, effect, action, .. } => match action {
            EffectKind::Freeze | EffectKind::Unfreeze | EffectKind::NotifyUser => {
                let task = Task::Effect { ask: *ask, effect: *effect, told: 0 };
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

/// The job that tells people and machines of events with these sequence numbers.
#[must_use]
pub fn notify(request: RequestId, (first, last): (u64, u64)) -> NewJob {
    new_job(request, &Task::Notify { first, last }, NOTIFY_ATTEMPTS_MAX)
}

pub(crate) fn new_job(request: RequestId, task: &Task, attempts_max: u16) -> NewJob {
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
    tokio::join!(security::keep(&node, &stop), work_off(node.clone(), stop.clone()));
}

async fn work_off(node: Arc<Node>, stop: CancellationToken) {
    if node.notices.is_silent() {
        // What an earlier configuration left behind has nowhere to go, and ends at once.
        let all = [&CASE_KINDS[..], &TOLD_KINDS[..], &SENT_KINDS[..]].concat();
        let cases = lane(&node, &all, JOBS_AT_ONCE_MAX, &stop);
        tokio::join!(tend(&node, &stop), cases);
    } else {
        let own = [&CASE_KINDS[..], &TOLD_KINDS[..]].concat();
        let cases = lane(&node, &own, JOBS_AT_ONCE_MAX, &stop);
        // A machine that hangs holds up no mail to whoever is on call.
        let [mails, machines] = SENT_KINDS.map(|kind| [kind]);
        let mails = lane(&node, &mails, SENT_AT_ONCE_MAX, &stop);
        let machines = lane(&node, &machines, SENT_AT_ONCE_MAX, &stop);
        tokio::join!(tend(&node, &stop), cases, mails, machines);
    }
}

/// Does what time alone calls for, until `stop`.
async fn tend(node: &Node, stop: &CancellationToken) {
    let look = Duration::from_millis(LOOK_MILLISECONDS_MAX);
    let (mut looked_at_hour, mut looked_at_minute) = (i64::MIN, i64::MIN);
    let mut looked_at_day = i64::MIN;
    if let Err(error) = notice::make_reminders(node).await {
        tracing::warn!("Reminders could not be made: {error}");
    }
    loop {
        tick_due(node).await;
        if let Err(error) = node.record_waiting_reports().await {
            tracing::warn!("Reports that wait could not be recorded: {error}");
        }
        if looked_at_hour != hour_of(node.now()) {
            looked_at_hour = hour_of(node.now());
            if let Err(error) = node.digest_reads().await {
                tracing::warn!("The reads of the last hour could not be digested: {error}");
            }
            if let Err(error) = node.digest_noticed().await {
                tracing::warn!("What was noticed in the last hour could not be digested: {error}");
            }
            erase_due(node).await;
        }
        if looked_at_day != hour_of(node.now()) / 24 {
            looked_at_day = hour_of(node.now()) / 24;
            remove_stray_files(node).await;
        }
        if looked_at_minute != minute_of(node.now()) {
            looked_at_minute = minute_of(node.now());
            if let Err(error) = node.look_for_alarms().await {
                tracing::warn!("Alarms could not be looked for: {error}");
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(look) => {}
        }
    }
}

/// Does jobs of these kinds, so many at the same time, until `stop`; then finishes those begun.
async fn lane(node: &Arc<Node>, kinds: &[&str], at_once: usize, stop: &CancellationToken) {
    let tracker = tokio_util::task::TaskTracker::new();
    let slots = Arc::new(tokio::sync::Semaphore::new(at_once));
    let mut changed = node.store.jobs_changed();
    let look = Duration::from_millis(LOOK_MILLISECONDS_MAX);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            slot = slots.acquire() => drop(slot),
        }
        let next_look = Instant::now() + look;
        let free = slots.available_permits();
        let claimed = node.store.claim_jobs(kinds, LEASE, free).await.unwrap_or_else(|error| {
            tracing::warn!("No jobs could be claimed: {error}");
            Vec::new()
        });
        let idle = claimed.is_empty();
        for job in claimed {
            let Ok(slot) = slots.clone().acquire_owned().await else { break };
            let (node, running) = (node.clone(), node.store.run_job(&job));
            tracker.spawn(async move {
                run(&node, job).await;
                drop((running, slot));
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

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
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
    match node.store.fail_job(&job, &told(&error)).await {
        Ok(JobState::Waiting) => {}
        // A dead mail cannot be told of by mail.
        Ok(JobState::Dead) if kind == "mail" => {}
        Ok(JobState::Dead) => {
            if let Err(error) = notice::tell_of_dead_job(node, &kind).await {
                tracing::warn!("Nobody could be told that job {} is dead: {error}", id.0);
            }
        }
        Err(error) => tracing::warn!("The failure of job {} could not be noted: {error}", id.0),
    }
}

/// What administrators, who read no case, are told of a failure. The words of our own refusals
/// and of failed calls name no person; whatever else went wrong may, and stays in the log.
fn told(error: &Error) -> String {
    match error {
        // Why the desk refuses an act tells how a case stands; that is on its own page.
        Error::Refused(_) => "the state of the request does not allow it now".to_owned(),
        Error::Internal(_) => {
            "a fault of this server; its log says more under the number of the job".to_owned()
        }
        other => other.to_string(),
    }
}

async fn perform(node: &Node, job: &Job, task: Task) -> Result<(), Error> {
    let request = RequestId(job.stream);
    match task {
        Task::Preserve { ask } => preserve::copy(node, request, ask, job).await,
        Task::Effect { ask, effect, told } => {
            effects::attempt(node, request, (ask, effect), told, job).await
        }
        Task::DeleteCopy { ask, effect } => preserve::delete(node, request, ask, effect, job).await,
        Task::Seal { asks } => deliver::seal(node, request, &asks, job).await,
        Task::Deliver { asks } => deliver::deliver(node, request, &asks, job).await,
        Task::Push { asks } => deliver::push(node, request, &asks, job).await,
        Task::Notify { first, last } => notice::notify(node, request, (first, last), job).await,
        Task::Warn { ask, clock, due } => {
            notice::warn(node, request, ask, (&clock, due), job).await
        }
        Task::Mail { to, urgency } => mail::deliver(node, to, urgency, job).await,
        Task::Access { to, as_of, urgency } => {
            mail::deliver_access(node, (to, as_of), urgency, job).await
        }
        Task::Link { to, number } => node.mail_link(to, number, job).await,
        Task::Remind { holder, due } => notice::remind(node, holder, due, job).await,
        Task::Webhook { endpoint, id, event, at } => {
            webhook::post(node, (&endpoint, &id), (&event, at), job).await
        }
        Task::Watch => node.watch_sender(request, job.lease).await,
    }
}

/// Erases personal data whose time is over; what is left over waits for the next hour.
async fn erase_due(node: &Node) {
    node.drop_old_drafts().await;
    match node.erase_due().await {
        Ok(erased) if erased.requests > 0 => {
            let (requests, payloads, blobs) = (erased.requests, erased.payloads, erased.blobs);
            tracing::info!(
                requests,
                payloads,
                blobs,
                "Personal data whose time was over is erased"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!("Personal data could not be erased: {error}"),
    }
}

/// Removes files that belong to nothing, which no erasure of this release leaves.
async fn remove_stray_files(node: &Node) {
    match node.remove_stray_files().await {
        Ok(removed) if removed.stray_files > 0 => {
            let files = removed.stray_files;
            tracing::info!(files, "Files that belonged to nothing are removed");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!("Files that belong to nothing are left: {error}"),
    }
}

/// Records what time alone has done to requests: lapses, expiries, breaches.
pub async fn tick_due(node: &Node) {
    let now = node.now();
    let mut due = Vec::new();
    // What has ended falls due only for erasure, which has an hour of its own.
    for state in [crate::view::OPEN, crate::view::URGENT] {
        match node.store.reader().views_due(state, now, DUE_REQUESTS_MAX).await {
            Ok(rows) => due.extend(rows),
            Err(error) => {
                tracing::warn!("Requests that fall due could not be listed: {error}");
                return;
            }
        }
    }
    for row in due {
        // A request that has ended may be due for erasure only, which has an hour of its own.
        let by_time = match node.folded(RequestId(row.stream)).await {
            Ok(folded) => crate::view::time_due(&folded.request),
            Err(error) => {
                tracing::warn!("Request {} could not be read: {error}", row.stream);
                continue;
            }
        };
        if by_time.is_none_or(|due| due > now) {
            continue;
        }
        let act = Act::new(RequestId(row.stream), Command::Tick);
        if let Err(error) = node.act(&Actor::system(), act).await {
            tracing::warn!("Request {} could not be brought up to date: {error}", row.stream);
        }
    }
}
