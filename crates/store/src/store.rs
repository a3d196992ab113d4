//! The open store: what may be asked of it in writing. Knows no SQL; it checks limits, hands work
//! to the writer and waits for the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use ledger::{LeafIndex, TreeSize};
use serde::de::IgnoredAny;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::act::{
    Append, Appended, ErasedCount, ExpectedSeq, Job, JobId, JobLease, JobState, Names, NewBytes,
    NewEvent, Part, ReadAudit, SeenTransaction, back_off,
};
use crate::config::{Health, Published, WriterState};
use crate::db::Connection;
use crate::error::{AppendError, DbError, ReadError};
use crate::limits::*;
use crate::pins::Pins;
use crate::read::{Reader, streams_from};
use crate::words::Words;
use crate::writer::{Answer, Claim, Erase, HASTENED, JobChange, Other, Queued, Work};

/// An open store. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Store {
    pub(crate) queue: mpsc::Sender<Queued>,
    /// Room in the queue, in KiB.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) reader: Reader,
    pub(crate) published: watch::Receiver<Arc<Published>>,
    pub(crate) state: watch::Receiver<WriterState>,
    pub(crate) jobs: watch::Receiver<u64>,
    pub(crate) blob_folder: Option<PathBuf>,
    pub(crate) pins: Pins,
    /// Jobs that are being done in this process.
    pub(crate) running: Arc<Mutex<BTreeSet<JobId>>>,
}

/// A job that is being done: as long as this lives, nobody else is given it, whatever its lease
/// says. The lease is for the day on which the process ends in the middle.
pub struct Running {
    job: JobId,
    running: Arc<Mutex<BTreeSet<JobId>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job);
    }
}

impl Store {
    /// Stores an act, and returns when it is on the disk. Waits while the queue is full.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let size = check_append(&append)?;
        self.ask(size, |answer| Work::Append(Box::new(append), answer)).await
    }

    /// Everything that only reads.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The newest checkpoint that may be given to anyone.
    pub fn checkpoint(&self) -> Arc<Published> {
        Arc::clone(&self.published.borrow())
    }

    /// Tells of every newer checkpoint.
    pub fn checkpoint_changed(&self) -> watch::Receiver<Arc<Published>> {
        self.published.clone()
    }

    /// For `/healthz`.
    pub fn health(&self) -> Health {
        Health {
            state: self.state.borrow().clone(),
            size: self.checkpoint().size,
            waiting: self.queue.max_capacity() - self.queue.capacity(),
        }
    }

    /// Tells of a change of [`WriterState`].
    pub fn state_changed(&self) -> watch::Receiver<WriterState> {
        self.state.clone()
    }

    /// Tells that there may be jobs to claim; the number has no meaning.
    pub fn jobs_changed(&self) -> watch::Receiver<u64> {
        self.jobs.clone()
    }

    /// Leases jobs that are due, oldest first. Writes nothing when there is none.
    ///
    /// A lease that ends before the job is completed makes the job claimable again, so the work
    /// must be repeatable, and its outcome is stored with [`Append::completes`].
    pub async fn claim_jobs(
        &self,
        kinds: &[&str],
        lease: SignedDuration,
        jobs_max: usize,
    ) -> Result<Vec<Job>, AppendError> {
        limit("number of kinds", kinds.len(), CLAIM_JOBS_MAX)?;
        limit("number of jobs to claim", jobs_max, CLAIM_JOBS_MAX)?;
        let running = self.running_jobs();
        limit("number of jobs that are being done", running.len(), RUNNING_JOBS_MAX)?;
        let due = self.reader.has_due_jobs(kinds, (self.reader.clock)(), &running).await;
        let due = due.map_err(|source| AppendError::Commit {
            outcome: crate::error::CommitOutcome::NotStored,
            source,
        })?;
        if !due {
            return Ok(Vec::new());
        }
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let claim = Claim { kinds, lease, jobs_max, running };
        self.ask(1, |answer| Work::Claim(claim, answer)).await
    }

    /// Says that a claimed job is being done here from now on.
    #[must_use]
    pub fn run_job(&self, job: &Job) -> Running {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(job.lease.id);
        Running { job: job.lease.id, running: Arc::clone(&self.running) }
    }

    fn running_jobs(&self) -> Vec<JobId> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter().copied().collect()
    }

    /// Notes how far a job has come, in its body, and renews its lease from now. What is noted is
    /// on the disk when this returns: a later attempt goes on from there.
    ///
    /// # Errors
    /// [`AppendError::LeaseLost`] when another works on it: do not go on.
    pub async fn note_progress(
        &self,
        job: &Job,
        body: &str,
        lease: SignedDuration,
    ) -> Result<(), AppendError> {
        text("body of a job", body, TEXT_BYTES_MAX)?;
        let until = (self.reader.clock)().saturating_add(lease).unwrap_or(Timestamp::MAX);
        let progress = JobChange::Progress { lease: job.lease, body: body.to_owned(), until };
        self.with_lease(job.lease, progress).await.map(drop)
    }

    /// The job is done and has no event to store.
    pub async fn complete_job(&self, lease: JobLease) -> Result<(), AppendError> {
        let mut append = Append::events(Uuid::nil(), ExpectedSeq::Any, Vec::new());
        append.completes = Some(lease);
        self.append(append).await.map(drop)
    }

    /// The attempt failed: the job waits, longer each time, or is dead after its last attempt.
    pub async fn fail_job(&self, job: &Job, error: &str) -> Result<JobState, AppendError> {
        let dead = job.attempt >= job.attempts_max;
        let error: String = error.chars().take(1_000).filter(|c| *c != '\0').collect();
        let wait = back_off(job.attempt);
        let fail = JobChange::Fail { lease: job.lease, dead, wait, error };
        let hastened = self.with_lease(job.lease, fail).await? == HASTENED;
        Ok(if dead && !hastened { JobState::Dead } else { JobState::Waiting })
    }

    /// What the job waits for is not there yet: it is tried again then, and no attempt is counted.
    pub async fn postpone_job(&self, job: &Job, until: Timestamp) -> Result<(), AppendError> {
        let postpone = JobChange::Postpone { lease: job.lease, until };
        self.with_lease(job.lease, postpone).await.map(drop)
    }

    /// Erases the payloads of one stream that ends at this event, the salts of their leaves, and
    /// the blobs that nobody else names, all in one transaction. What came after it was not judged.
    /// The events, leaves and proofs stay.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when it has moved on; [`AppendError::FileLeft`] when the database
    /// is erased and a file could not be removed.
    pub async fn erase_stream(&self, stream: Uuid, seq: u64) -> Result<ErasedCount, AppendError> {
        self.ask(16, |answer| Work::Erase(Erase::Stream { stream, seq }, answer)).await
    }

    /// The same for the payloads of single events.
    ///
    /// # Errors
    /// [`AppendError::FileLeft`] when the database is erased and a file could not be removed.
    pub async fn erase_events(&self, leaves: &[LeafIndex]) -> Result<ErasedCount, AppendError> {
        limit("number of events to erase", leaves.len(), ERASE_EVENTS_MAX)?;
        let erase = Erase::Events(leaves.iter().map(|leaf| leaf.0).collect());
        self.ask(16, |answer| Work::Erase(erase, answer)).await
    }

    /// Has the engine write its tables of personal data anew, without what was erased from them.
    /// On PostgreSQL this locks those tables, so that acts wait until it is done; on SQLite every
    /// erasure has overwritten its bytes already, and only the log is left.
    pub async fn overwrite_erased(&self) -> Result<(), DbError> {
        let mut connection = self.reader.db.connection().await?;
        let statements: &[&'static str] = match &connection {
            Connection::Sqlite(_) => {
                &["pragma query_only = off", "pragma wal_checkpoint(truncate)"]
            }
            // A reader's connection may not write; this one is thrown away afterwards.
            Connection::Postgres(_) => &[
                "set default_transaction_read_only = off",
                "vacuum full payload",
                "vacuum full request_words",
                "vacuum full payload_words",
                "vacuum full blob",
                "vacuum full draft",
            ],
        };
        let mut done = Ok(());
        for sql in statements {
            done =
                connection.query("overwriting what was erased", *sql, Vec::new()).await.map(drop);
            if done.is_err() {
                break;
            }
        }
        connection.discard().await;
        done
    }

    /// Notes that somebody has looked at something; returns when the note is on the disk.
    pub async fn audit_read(&self, audit: ReadAudit) -> Result<(), AppendError> {
        text("action of a read", &audit.action, NAME_BYTES_MAX)?;
        self.ask(1, |answer| Work::Audit(audit, answer)).await.map(drop)
    }

    /// Keeps a small text under a name; an older one is replaced.
    pub async fn put_setting(&self, name: &str, value: &str) -> Result<(), AppendError> {
        text("name of a setting", name, NAME_BYTES_MAX)?;
        text("value of a setting", value, TEXT_BYTES_MAX)?;
        let setting = Other::Setting { name: name.to_owned(), value: value.to_owned() };
        self.other(1 + value.len() / 1024, setting).await.map(drop)
    }

    /// Keeps signature lines of log witnesses for a published checkpoint: (name, line) each.
    pub async fn add_cosignatures(
        &self,
        size: TreeSize,
        lines: Vec<(String, String)>,
    ) -> Result<(), AppendError> {
        limit("number of cosignatures", lines.len(), ACT_JOBS_MAX)?;
        for (name, line) in &lines {
            text("name of a witness", name, NAME_BYTES_MAX)?;
            text("line of a cosignature", line, TEXT_BYTES_MAX)?;
        }
        // One line for each name, the last.
        let lines: BTreeMap<String, String> = lines.into_iter().collect();
        if lines.is_empty() {
            return Ok(());
        }
        let lines = lines.into_iter().collect();
        self.other(16, Other::Cosignatures { size, lines }).await.map(drop)
    }

    /// Empties the list of requests and the words they are found by, and fills both again from the
    /// events; says how many rows the list has. Owners of blobs that are missing are added: they
    /// are never taken away, for a blob without one would go. `derive` is given each stream's
    /// events in parts, oldest stream first. To be called before the store is served from.
    pub async fn rebuild_derived(
        &self,
        derive: crate::check::Derive<'_>,
    ) -> Result<u64, crate::error::RebuildError> {
        self.other(1, Other::ClearDerived).await?;
        let mut after = None;
        let mut count = 0;
        loop {
            let mut connection = self.reader.db.connection().await.map_err(ReadError::from)?;
            let streams = streams_from(&mut connection, after, PAGE_ROWS_MAX)
                .await
                .map_err(ReadError::from)?;
            drop(connection);
            let Some((_, last)) = streams.last() else { return Ok(count) };
            after = Some(*last);
            let mut views = Vec::new();
            let (mut words, mut names) = (Vec::new(), Vec::new());
            for (stream, _) in streams {
                let (mut after, mut newest_at, mut is_last) = (0, None, false);
                while !is_last {
                    let events = self.reader.load_page(stream, after, PAGE_ROWS_MAX).await?;
                    is_last = events.len() < PAGE_ROWS_MAX;
                    if let Some(newest) = events.last() {
                        (after, newest_at) = (newest.seq, Some(newest.at));
                    }
                    let derived = derive(&Part { stream, events: &events, is_last });
                    let of_stream = derived.words.into_iter();
                    words.extend(of_stream.map(|(leaf, words)| (stream, leaf, words)));
                    names.extend(derived.names);
                    if let (Some(row), Some(at)) = (derived.view, newest_at) {
                        views.push((stream, row, at.as_microsecond()));
                    }
                    if words.len() + names.len() >= PAGE_ROWS_MAX {
                        self.keep_derived(&mut words, &mut names).await?;
                    }
                }
            }
            count += views.len() as u64;
            self.other(GROUP_KIB_MAX / 4, Other::Views(views)).await?;
            self.keep_derived(&mut words, &mut names).await?;
        }
    }

    async fn keep_derived(
        &self,
        words: &mut Vec<(Uuid, LeafIndex, Words)>,
        names: &mut Vec<(LeafIndex, Names)>,
    ) -> Result<(), AppendError> {
        self.other(GROUP_KIB_MAX / 4, Other::Words(std::mem::take(words))).await?;
        self.other(GROUP_KIB_MAX / 4, Other::Owners(std::mem::take(names))).await?;
        Ok(())
    }

    /// Stores what is queued, then closes the store. Other handles to it are refused afterwards.
    pub async fn close(self) {
        let _ = self.ask(1, Work::Close).await;
        self.reader.db.close().await;
    }

    pub(crate) async fn other(&self, size_kib: usize, other: Other) -> Result<u64, AppendError> {
        self.ask(size_kib, |answer| Work::Other(other, answer)).await
    }

    async fn with_lease(&self, lease: JobLease, change: JobChange) -> Result<u64, AppendError> {
        match self.other(1, Other::Job(change)).await? {
            0 => Err(AppendError::LeaseLost { job: lease.id }),
            rows => Ok(rows),
        }
    }

    async fn ask<T>(
        &self,
        size_kib: usize,
        work: impl FnOnce(Answer<T>) -> Work,
    ) -> Result<T, AppendError> {
        let gone = || match &*self.state.borrow() {
            WriterState::Stopped { error } => error.clone(),
            _ => AppendError::Stopped { reason: "it was closed".into() },
        };
        let size_kib = size_kib.clamp(1, QUEUE_KIB_MAX);
        // QUEUE_KIB_MAX fits 32 bits, so this cannot be cut off.
        let room = Arc::clone(&self.room).acquire_many_owned(size_kib as u32);
        let permit = room.await.map_err(|_| gone())?;
        let (answer, answered) = oneshot::channel();
        let queued = Queued { work: work(answer), size_kib, permit };
        self.queue.send(queued).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Checks an act against the limits and says how large it is, in KiB.
fn check_append(append: &Append) -> Result<usize, AppendError> {
    limit("number of events of an act", append.events.len(), ACT_EVENTS_MAX)?;
    limit("number of jobs of an act", append.jobs.len(), ACT_JOBS_MAX)?;
    limit("number of blobs of an act", append.blobs.len(), ACT_BLOBS_MAX)?;
    let mut bytes = 0;
    for event in &append.events {
        json("event", &event.event_json, EVENT_BYTES_MAX)?;
        bytes += event.event_json.len();
        if let Some(payload) = &event.payload_json {
            json("payload", payload, PAYLOAD_BYTES_MAX)?;
            bytes += payload.len();
        }
        let Names { lasting, personal } = &event.names;
        limit("number of blobs that an event names", lasting.len(), EVENT_NAMES_MAX)?;
        limit("number of blobs that a payload names", personal.len(), EVENT_NAMES_MAX)?;
    }
    for job in &append.jobs {
        text("kind of a job", &job.kind, NAME_BYTES_MAX)?;
        text("key of a job", job.key.as_deref().unwrap_or(""), NAME_BYTES_MAX)?;
        text("body of a job", &job.body, TEXT_BYTES_MAX)?;
        bytes += job.body.len();
    }
    if let Some(view) = &append.view {
        text("state of a view", &view.state, NAME_BYTES_MAX)?;
        text("summary of a view", &view.summary_json, TEXT_BYTES_MAX)?;
        bytes += view.summary_json.len();
    }
    limit("number of transaction identifiers of an act", append.seen.len(), ACT_SEEN_MAX)?;
    for (index, seen) in append.seen.iter().enumerate() {
        let twice = |other: &SeenTransaction| {
            (other.agency, &other.transaction) == (seen.agency, &seen.transaction)
        };
        if append.seen[..index].iter().any(twice) {
            let why = format!("{:?} stands twice in one act", seen.transaction);
            return Err(AppendError::Malformed { what: "transaction identifier", why });
        }
        text("transaction identifier", &seen.transaction, NAME_BYTES_MAX)?;
        text("reference of a transaction", &seen.reference, TEXT_BYTES_MAX)?;
        bytes += seen.reference.len();
    }
    for blob in &append.blobs {
        let names = |event: &NewEvent| {
            event.names.lasting.contains(&blob.digest)
                || (event.payload_json.is_some() && event.names.personal.contains(&blob.digest))
        };
        if !append.events.iter().any(names) {
            let why = format!("{} is named by no event of the act", blob.digest);
            return Err(AppendError::Malformed { what: "blob", why });
        }
        if let NewBytes::Small(small) = &blob.bytes {
            limit("size of a small blob", small.len(), BLOB_INLINE_BYTES_MAX)?;
            bytes += small.len();
        }
    }
    Ok(1 + bytes / 1024)
}

pub(crate) fn limit(what: &'static str, size: usize, max: usize) -> Result<(), AppendError> {
    if size > max { Err(AppendError::TooLarge { what, size, max }) } else { Ok(()) }
}

/// PostgreSQL has no zero characters in a text, so none may come in on either engine.
pub(crate) fn text(what: &'static str, text: &str, bytes_max: usize) -> Result<(), AppendError> {
    limit(what, text.len(), bytes_max)?;
    match text.find('\0') {
        None => Ok(()),
        Some(at) => {
            Err(AppendError::Malformed { what, why: format!("has a zero character at byte {at}") })
        }
    }
}

/// Events and payloads become parts of a larger JSON text, so each must be one whole object.
fn json(what: &'static str, json: &str, bytes_max: usize) -> Result<(), AppendError> {
    limit(what, json.len(), bytes_max)?;
    if !json.starts_with('{') || !json.ends_with('}') {
        let why = "is not a JSON object without spaces around it".to_owned();
        return Err(AppendError::Malformed { what, why });
    }
    let parsed: Result<IgnoredAny, _> = serde_json::from_str(json);
    parsed
        .map(drop)
        .map_err(|error| AppendError::Malformed { what, why: format!("is not JSON: {error}") })
}
