//! What goes into the store and what comes out, as plain values. Knows no SQL.

mod blob;

use std::ops::Range;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ledger::{Hash, LeafIndex, TreeSize};
use uuid::Uuid;

pub(crate) use blob::NewBytes;
pub use blob::{BlobDigest, Names, NewBlob};

use crate::words::Words;

/// One act: events of one stream, and all that must be stored with them or not at all.
///
/// An act without events is allowed (it then has no leaf); its jobs, view and transaction are
/// still stored together.
#[derive(Clone, Debug)]
pub struct Append {
    /// The request (or other history) that the events belong to. Make it a version 7 UUID:
    /// neighbours in time are then neighbours in the index, which doubled the rate of appending.
    pub stream: Uuid,
    /// Sequence number of the last event the caller has seen.
    pub expected_seq: ExpectedSeq,
    /// At most [`crate::limits::ACT_EVENTS_MAX`].
    pub events: Vec<NewEvent>,
    /// Work that follows from the events.
    pub jobs: Vec<NewJob>,
    /// The job whose outcome these events are: it is done when they are stored. If its lease was
    /// lost, the act is refused.
    pub completes: Option<JobLease>,
    /// The row of the list of requests, replaced as a whole.
    pub view: Option<NewView>,
    /// Identifiers of an agency that this act uses up: of its message, of the objects in it.
    pub seen: Vec<SeenTransaction>,
    /// A dead job that a person decides about, in the same transaction as the event that says so.
    /// If it is no longer dead, the act is refused.
    pub decides: Option<(JobId, Verdict)>,
    /// Blobs, each named by one of the events; see [`crate::Store::put_blob`].
    pub blobs: Vec<NewBlob>,
}

/// What the writer compares with the stream's newest sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedSeq {
    /// The stream ends here; 0 means that it has no event yet.
    Exactly(u64),
    /// Whatever it is. For histories that nobody decides upon, such as the read audit.
    Any,
}

/// One event, before it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// JSON text without personal data; part of the hashed record, kept for ever.
    pub event_json: String,
    /// JSON object text with the personal part; part of the hashed record, may be erased.
    pub payload_json: Option<String>,
    /// Words of the payload that it shall be found by; derived from it, and erased with it.
    pub words: Words,
    /// Blobs that it names; derived from it.
    pub names: Names,
}

/// The acknowledgement of an act: everything in it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Stream of the act.
    pub stream: Uuid,
    /// Sequence number of the act's first event; the others follow without a gap.
    pub first_seq: u64,
    /// Time of all events of the act.
    pub at: Timestamp,
    /// Leaves of the act's events, in their order; empty when it had none.
    pub leaves: Range<u64>,
    /// Size of the tree that the checkpoint signs.
    pub size: TreeSize,
    /// The signed note of a checkpoint that covers the leaves.
    pub checkpoint: Arc<str>,
}

/// One event as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its stream.
    pub stream: Uuid,
    /// From 1, without gaps.
    pub seq: u64,
    /// Never before its predecessor's in the whole store.
    pub at: Timestamp,
    /// JSON text, byte for byte as it was appended.
    pub event_json: String,
    /// JSON text, byte for byte as it was appended.
    pub payload: Payload,
    /// Its leaf.
    pub leaf: LeafIndex,
}

/// The personal part of a stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The event never had one.
    None,
    /// JSON text, byte for byte as it was appended.
    Kept(String),
    /// Erased, with its salt, at that time; the leaf's hash is kept.
    Erased(Timestamp),
}

/// The exact bytes whose entry is a leaf, and their salt: what a proof must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its leaf.
    pub leaf: LeafIndex,
    /// The hashed JSON text.
    pub json: String,
    /// The 32 random bytes hashed before it.
    pub salt: [u8; 32],
}

/// An identifier that a partner may use once, and the reference of the answer it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenTransaction {
    /// Identifiers are unique for each agency, not over all.
    pub agency: Uuid,
    /// As the agency sent it.
    pub transaction: String,
    /// Where the answer is found again (a digest, an id, a short text).
    pub reference: String,
}

/// Number of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Work to be done after the act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Which worker takes it.
    pub kind: String,
    /// A second job with the same key is not stored while the first waits or runs, so that many
    /// reasons to do one thing do it once; in the place of a dead one it is tried from the start.
    /// One that is to be done at once brings the first forward, whatever that waited for; while
    /// the first is being done, its next attempt comes soon.
    pub key: Option<String>,
    /// The stream it works for.
    pub stream: Uuid,
    /// What the worker needs; no personal data, it may outlive an erasure.
    pub body: String,
    /// Not before this time; `None` is at once.
    pub run_at: Option<Timestamp>,
    /// After so many failures it is dead and waits for a person.
    pub attempts_max: u16,
}

/// A claimed job. It is the worker's until the lease ends; then another may claim it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Proof of the claim.
    pub lease: JobLease,
    /// Which worker takes it.
    pub kind: String,
    /// As in [`NewJob::key`].
    pub key: Option<String>,
    /// The stream it works for.
    pub stream: Uuid,
    /// As in [`NewJob::body`].
    pub body: String,
    /// 1 for the first.
    pub attempt: u16,
    /// As in [`NewJob::attempts_max`].
    pub attempts_max: u16,
    /// End of the lease.
    pub leased_until: Timestamp,
}

/// What became of a failed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It may be claimed again after the wait.
    Waiting,
    /// Its attempts are used up; it waits for a person.
    Dead,
}

/// What a person decides about a dead job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again from the start.
    Retry,
    /// It is never done.
    GiveUp,
}

/// A job that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadJob {
    /// The job.
    pub id: JobId,
    /// As in [`NewJob::kind`].
    pub kind: String,
    /// As in [`NewJob::key`].
    pub key: Option<String>,
    /// As in [`NewJob::stream`].
    pub stream: Uuid,
    /// As in [`NewJob::body`].
    pub body: String,
    /// Attempts made.
    pub attempts: u16,
    /// What the last attempt said.
    pub error: String,
    /// When that was; none when it failed before this was noted.
    pub failed_at: Option<Timestamp>,
}

/// Proof that a job was claimed and by whom; worthless once another has claimed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobLease {
    /// The job.
    pub id: JobId,
    /// Random; a later claim has another one.
    pub token: [u8; 16],
}

/// The row of the list of requests: what is needed to filter, sort and show it. Derived from the
/// stream's events, so it may be dropped and rebuilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewView {
    /// Who owns it.
    pub agency: Uuid,
    /// One word that lists are filtered by.
    pub state: String,
    /// JSON text for the list; no personal data.
    pub summary_json: String,
    /// The next time at which something falls due.
    pub next_due: Option<Timestamp>,
    /// Marks that the queue is filtered by.
    pub labels: Labels,
    /// Who works on it; the caller may have a UUID for nobody. Rows without one are in nobody's
    /// queue and in no queue of nobody.
    pub assignee: Option<Uuid>,
}

/// One of eight marks of a row, from 0 to 7; what it means is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(u8);

impl Label {
    /// The mark of that number, which is taken modulo eight.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number % 8)
    }

    /// The mark as one bit.
    pub(crate) const fn bit(self) -> i64 {
        1 << self.0
    }
}

/// The marks of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels(i64);

impl Labels {
    /// The same with one more.
    #[must_use]
    pub const fn with(self, label: Label) -> Self {
        Self(self.0 | label.bit())
    }

    pub(crate) const fn bits(self) -> i64 {
        self.0
    }

    /// Bits as this crate wrote them.
    pub(crate) const fn of_bits(bits: i64) -> Self {
        Self(bits & 0xff)
    }
}

/// Some of a stream's events, in their order: what is derived from long streams is derived page by
/// page.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The stream.
    pub stream: Uuid,
    /// The next events; the last part may have none.
    pub events: &'a [StoredEvent],
    /// Whether the stream ends here.
    pub is_last: bool,
}

/// What a part of a stream gives: words and names of those events, and with the last part the row
/// of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// The row; `None` for a stream that is not in the list.
    pub view: Option<NewView>,
    /// Words by leaf; payloads without any are left out.
    pub words: Vec<(LeafIndex, Words)>,
    /// Names by leaf; events without any are left out, and the names of payloads that are erased.
    pub names: Vec<(LeafIndex, Names)>,
}

/// One request that has the words that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The request.
    pub stream: Uuid,
    /// The leaf of its newest event that has words.
    pub leaf: LeafIndex,
    /// That event's time.
    pub at: Timestamp,
}

/// One row of the list of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The request.
    pub stream: Uuid,
    /// As in [`NewView::agency`].
    pub agency: Uuid,
    /// As in [`NewView::state`].
    pub state: String,
    /// As in [`NewView::summary_json`].
    pub summary_json: String,
    /// As in [`NewView::next_due`].
    pub next_due: Option<Timestamp>,
    /// As in [`NewView::labels`].
    pub labels: Labels,
    /// As in [`NewView::assignee`].
    pub assignee: Option<Uuid>,
    /// Time of its newest act.
    pub updated_at: Timestamp,
    /// Its place in the list; the next page begins after it.
    pub cursor: ViewCursor,
}

/// A place in the list of requests, which is ordered by opening, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ViewCursor(pub u64);

/// Which rows of the list of requests are wanted; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewQuery {
    /// Which rows at all.
    pub filter: QueueFilter,
    /// In one of these states only; in any when there is none.
    pub states: Vec<String>,
    /// After this row; `None` is from the newest.
    pub after: Option<ViewCursor>,
    /// At most [`crate::limits::PAGE_ROWS_MAX`].
    pub rows_max: usize,
}

/// Which rows of a queue are wanted; all of the conditions hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFilter {
    /// Of this agency only.
    pub agency: Option<Uuid>,
    /// With this mark only.
    pub label: Option<Label>,
    /// Of this person only.
    pub assignee: Option<Uuid>,
}

impl QueueFilter {
    /// All rows of an agency; all there are without one.
    #[must_use]
    pub fn of_agency(agency: Option<Uuid>) -> Self {
        Self { agency, ..Self::default() }
    }
}

/// A place in the queue, which is ordered by what falls due, then by opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueCursor {
    /// When it falls due, in microseconds; the largest number for never.
    pub due: i64,
    /// Its place by opening.
    pub opened: ViewCursor,
}

impl QueueCursor {
    /// Before everything.
    pub const START: Self = Self { due: i64::MIN, opened: ViewCursor(0) };

    /// The place of a row.
    #[must_use]
    pub fn of(view: &View) -> Self {
        let due = view.next_due.map_or(i64::MAX, Timestamp::as_microsecond);
        Self { due, opened: view.cursor }
    }
}

/// Somebody looked at something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAudit {
    /// Id of the person or key that read.
    pub actor: Uuid,
    /// What was read.
    pub stream: Option<Uuid>,
    /// Which kind of read, in one word; no personal data.
    pub action: String,
}

/// One read as it was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRow {
    /// Its number, in the order of the reads.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What was read, by whom.
    pub read: ReadAudit,
}

/// Digest over the reads of a span of time, to be made an event so that it becomes a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadAuditDigest {
    /// Reads counted.
    pub count: u64,
    /// SHA-256 over one line of text for each read, in their order; docs/formats/store.md.
    pub sha256: Hash,
}

impl Append {
    /// An act of these events alone.
    pub fn events(stream: Uuid, expected_seq: ExpectedSeq, events: Vec<NewEvent>) -> Append {
        Append {
            stream,
            expected_seq,
            events,
            jobs: Vec::new(),
            completes: None,
            view: None,
            seen: Vec::new(),
            decides: None,
            blobs: Vec::new(),
        }
    }
}

impl NewEvent {
    /// An event, with or without a personal part.
    pub fn new(event_json: impl Into<String>, payload_json: Option<String>) -> NewEvent {
        let (words, names) = (Words::default(), Names::default());
        NewEvent { event_json: event_json.into(), payload_json, words, names }
    }
}

/// What an erasure did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasedCount {
    /// Payloads that were there and are gone; those erased before are not counted.
    pub payloads: u64,
    /// Blobs that have lost their last owner with them, and are gone too.
    pub blobs: u64,
    /// Whether the engine has also overwritten the bytes in its own log. PostgreSQL has not:
    /// see docs/formats/store.md.
    pub overwritten: Overwritten,
}

/// Where erased bytes may still be found on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwritten {
    /// Nowhere in the database files.
    Yes,
    /// In SQLite's write-ahead log, because a reader still used it; the next erasure or restart
    /// overwrites it.
    AfterReaders,
    /// In PostgreSQL's pages until vacuum reuses them, and in its archived log.
    AfterVacuum,
}

/// How long to wait before the next attempt of a failed job: 2 s, 4 s, 8 s ... at most an hour.
pub fn back_off(attempt: u16) -> SignedDuration {
    const BACK_OFF_SECONDS_MAX: i64 = 3_600;
    let doubled = 1i64.checked_shl(u32::from(attempt.min(32))).unwrap_or(BACK_OFF_SECONDS_MAX);
    SignedDuration::from_secs(doubled.clamp(1, BACK_OFF_SECONDS_MAX))
}
