//! The one task that writes. Knows nothing of what an event means.
//!
//! Everything that waits is taken together, up to named limits, and committed in one transaction:
//! the head's compare-and-swap, events, payloads, leaves, nodes, a signed checkpoint, jobs, rows
//! of the list. Then the checkpoint is kept beside the key, and only then is anything
//! acknowledged. Keeping runs beside the next group's commit, so that it costs little time.

mod blobs;
mod commit;
mod found;
mod keep;
mod plan;
mod recover;
mod rest;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use ledger::note::SigningKey;
use ledger::tree::Frontier;
use ledger::{Hash, LeafIndex, TreeSize};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::act::{Append, Appended, ErasedCount, Job, JobId, JobLease, Names, NewView, ReadAudit};
use crate::config::{Clock, Published, WriterState};
use crate::db::{Connection, Db};
use crate::draft::DraftChange;
use crate::error::AppendError;
use crate::faults::Faults;
use crate::limits::{CLOCK_STEP_WAIT_MAX, GROUP_ACTS_MAX, GROUP_KIB_MAX, SEQ_CACHE_STREAMS_MAX};
use crate::pins::{Pin, Pins};
use crate::security::Noticed;
use crate::words::Words;
pub(crate) use blobs::{
    Erasure, FILE_GIVEN_UP, LookedAt, erase_unowned, file_of, forget_files, remove_files,
};
pub(crate) use commit::sign;
pub(crate) use found::kept_of;
pub(crate) use keep::Keeper;
pub(crate) use recover::read_head;

/// How often the clock is asked again while a small step back is waited for.
const CLOCK_ASK_EVERY: std::time::Duration = std::time::Duration::from_millis(20);

pub(crate) type Answer<T> = oneshot::Sender<Result<T, AppendError>>;

/// Work in the queue, and its share of the queue's size.
pub(crate) struct Queued {
    pub work: Work,
    pub size_kib: usize,
    pub permit: OwnedSemaphorePermit,
}

pub(crate) enum Work {
    Append(Box<Append>, Answer<Appended>),
    Audit(ReadAudit, Answer<u64>),
    Claim(Claim, Answer<Vec<Job>>),
    Erase(Erase, Answer<ErasedCount>),
    Other(Other, Answer<u64>),
    /// Answered when all before it is done; the writer ends then.
    Close(Answer<u64>),
}

pub(crate) struct Claim {
    pub kinds: Vec<String>,
    pub lease: jiff::SignedDuration,
    pub jobs_max: usize,
    /// Jobs that are being done here.
    pub running: Vec<JobId>,
}

pub(crate) enum Erase {
    /// One that has not moved on since it was judged.
    Stream {
        stream: Uuid,
        seq: u64,
    },
    Events(Vec<u64>),
}

/// Writes that answer how many rows they touched.
pub(crate) enum Other {
    Job(JobChange),
    /// A file is about to be made; it is nobody's until a blob has it.
    NewFile(String),
    /// A file is made. The pin is let go when this is written.
    FileBlob {
        pin: Arc<Pin>,
        length: u64,
        file: String,
    },
    /// Files that no row named, to be removed.
    StrayFiles(Vec<String>),
    Setting {
        name: String,
        value: String,
    },
    Draft(DraftChange),
    Cosignatures {
        size: TreeSize,
        lines: Vec<(String, String)>,
    },
    ClearDerived,
    Views(Vec<(Uuid, NewView, i64)>),
    Words(Vec<(Uuid, LeafIndex, Words)>),
    Owners(Vec<(LeafIndex, Names)>),
    Noticed(Vec<Noticed>),
    EraseNoticed {
        before: i64,
    },
}

/// Instead of a number of rows: the job that failed was asked for anew meanwhile.
pub(crate) const HASTENED: u64 = 2;

/// What becomes of a job that was not completed.
pub(crate) enum JobChange {
    /// `dead` and `wait` were worked out from the attempt.
    Fail {
        lease: JobLease,
        dead: bool,
        wait: jiff::SignedDuration,
        error: String,
    },
    Postpone {
        lease: JobLease,
        until: Timestamp,
    },
    Progress {
        lease: JobLease,
        body: String,
        until: Timestamp,
    },
}

/// An answer that is given once the group is on the disk.
enum Reply {
    Appended(Answer<Appended>, Appended),
    Rows(Answer<u64>, u64),
    Jobs(Answer<Vec<Job>>, Vec<Job>),
    Erased(Answer<ErasedCount>, ErasedCount),
}

impl Reply {
    fn give(self) {
        // The asker may have gone away; the act is stored all the same.
        match self {
            Reply::Appended(answer, value) => drop(answer.send(Ok(value))),
            Reply::Rows(answer, value) => drop(answer.send(Ok(value))),
            Reply::Jobs(answer, value) => drop(answer.send(Ok(value))),
            Reply::Erased(answer, value) => drop(answer.send(Ok(value))),
        }
    }

    fn refuse(self, error: AppendError) {
        match self {
            Reply::Appended(answer, _) => drop(answer.send(Err(error))),
            Reply::Rows(answer, _) => drop(answer.send(Err(error))),
            Reply::Jobs(answer, _) => drop(answer.send(Err(error))),
            Reply::Erased(answer, _) => drop(answer.send(Err(error))),
        }
    }
}

impl Work {
    fn refuse(self, error: AppendError) {
        match self {
            Work::Append(_, answer) => drop(answer.send(Err(error))),
            Work::Audit(_, answer) | Work::Other(_, answer) | Work::Close(answer) => {
                drop(answer.send(Err(error)));
            }
            Work::Claim(_, answer) => drop(answer.send(Err(error))),
            Work::Erase(_, answer) => drop(answer.send(Err(error))),
        }
    }
}

/// The head as the writer knows it; the row must agree, or somebody else has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub commits: i64,
    pub size: u64,
    pub root: Hash,
    /// Microseconds since 1970.
    pub newest_at: i64,
}

pub(crate) struct Writer {
    pub db: Db,
    /// `None` after a failure, until a new one is made.
    pub connection: Option<Connection>,
    /// Random, in the head's row: whoever put another one there has taken over.
    pub token: [u8; 16],
    pub head: Head,
    pub frontier: Frontier,
    pub seqs: SeqCache,
    pub clock: Clock,
    pub signers: Vec<SigningKey>,
    pub published: Arc<Published>,
    pub keeper: Keeper,
    pub state: Arc<watch::Sender<WriterState>>,
    pub jobs_changed: Arc<watch::Sender<u64>>,
    pub faults: Faults,
    /// Blobs that acts are about to name.
    pub pins: Pins,
    /// Where large blobs are; only this task removes any.
    pub blob_folder: Option<PathBuf>,
    /// Files that are to be removed: nobody has them, and it stands in the store.
    pub unused_files: BTreeSet<String>,
    /// Files that are removed, and still stand in the store.
    pub removed_files: Vec<String>,
    /// Held until the writer ends.
    pub _lock: crate::place::Lock,
}

/// Newest sequence numbers of the streams written to lately. Right as long as nobody else writes,
/// which the head's compare-and-swap assures.
#[derive(Default)]
pub(crate) struct SeqCache {
    young: HashMap<Uuid, u64>,
    old: HashMap<Uuid, u64>,
}

impl SeqCache {
    fn get(&self, stream: &Uuid) -> Option<u64> {
        self.young.get(stream).or_else(|| self.old.get(stream)).copied()
    }

    fn put(&mut self, stream: Uuid, seq: u64) {
        // Two generations: the least lately written half is forgotten when both are full.
        if self.young.len() >= SEQ_CACHE_STREAMS_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(stream, seq);
    }

    fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

impl Writer {
    /// Runs until the queue is closed or asked to close.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Queued>) {
        let mut waiting = VecDeque::new();
        let mut closing = None;
        while closing.is_none() {
            if waiting.is_empty() {
                match queue.recv().await {
                    Some(first) => waiting.push_back(first),
                    None => break,
                }
                // Those that were answered a moment ago are about to come back; a group that
                // waits for them is larger, and a sync is what costs.
                tokio::task::yield_now().await;
            }
            while waiting.len() < GROUP_ACTS_MAX {
                match queue.try_recv() {
                    Ok(next) => waiting.push_back(next),
                    Err(_) => break,
                }
            }
            let group = take_group(&mut waiting, &mut closing);
            if !group.is_empty() {
                self.commit_group(group).await;
            }
        }
        queue.close();
        let closed = AppendError::Stopped { reason: "it was closed".into() };
        for left in waiting {
            left.work.refuse(closed.clone());
        }
        while let Some(left) = queue.recv().await {
            left.work.refuse(closed.clone());
        }
        self.finish(closing).await;
    }

    async fn finish(self, closing: Option<Answer<u64>>) {
        let Writer { db, connection, keeper, _lock: lock, .. } = self;
        if let Some(connection) = connection {
            connection.discard().await;
        }
        keeper.finish().await;
        db.close().await;
        // Whoever hears that the store is closed may open it again at once.
        drop(lock);
        if let Some(answer) = closing {
            Reply::Rows(answer, 0).give();
        }
    }

    /// The time for the next group: never before the newest event's (invariant 6).
    async fn now(&mut self) -> Result<i64, AppendError> {
        let step_max = CLOCK_STEP_WAIT_MAX.as_micros() as i64;
        // One more round than the clock can need, in case it stands still.
        let rounds_max = 2 * CLOCK_STEP_WAIT_MAX.as_millis() / CLOCK_ASK_EVERY.as_millis();
        let mut now = (self.clock)();
        for _ in 0..rounds_max {
            let behind = self.head.newest_at.saturating_sub(now.as_microsecond());
            if behind <= 0 {
                self.set_state(WriterState::Serving);
                return Ok(now.as_microsecond());
            }
            if behind > step_max {
                break;
            }
            tokio::time::sleep(CLOCK_ASK_EVERY).await;
            now = (self.clock)();
        }
        let newest = time(self.head.newest_at);
        self.set_state(WriterState::ClockBehind { now, newest });
        Err(AppendError::ClockBehind { now, newest })
    }

    fn set_state(&self, state: WriterState) {
        self.state.send_if_modified(|old| {
            // Stopped is for good.
            let changes = *old != state && !matches!(old, WriterState::Stopped { .. });
            if changes {
                *old = state;
            }
            changes
        });
    }

    /// Why nothing is written any more, if so.
    fn stopped(&self) -> Option<AppendError> {
        match &*self.state.borrow() {
            WriterState::Stopped { error } => Some(error.clone()),
            _ => None,
        }
    }
}

/// Microseconds of our own tables as a time.
pub(crate) fn time(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MAX)
}

fn take_group(
    waiting: &mut VecDeque<Queued>,
    closing: &mut Option<Answer<u64>>,
) -> Vec<(Work, OwnedSemaphorePermit)> {
    let mut group = Vec::with_capacity(waiting.len());
    let mut size_kib = 0;
    while let Some(next) = waiting.pop_front() {
        size_kib += next.size_kib;
        if size_kib > GROUP_KIB_MAX && !group.is_empty() {
            waiting.push_front(next);
            break;
        }
        match next.work {
            Work::Close(answer) => {
                *closing = Some(answer);
                break;
            }
            work => group.push((work, next.permit)),
        }
    }
    group
}
