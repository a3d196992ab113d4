//! Every named limit of this crate, in one place.

use std::time::Duration;

/// Acts that may wait for the writer; an append beyond it waits for room.
pub const QUEUE_ACTS_MAX: usize = 4096;
/// Size of all acts that may wait for the writer; an append beyond it waits for room.
pub const QUEUE_KIB_MAX: usize = 128 * 1024;
/// Acts that are committed together.
pub const GROUP_ACTS_MAX: usize = 1024;
/// Size of the acts that are committed together; one act alone may exceed it.
pub const GROUP_KIB_MAX: usize = 16 * 1024;

/// Events of one act.
pub const ACT_EVENTS_MAX: usize = 64;
/// Jobs of one act.
pub const ACT_JOBS_MAX: usize = 64;
/// Small blobs of one act.
pub const ACT_BLOBS_MAX: usize = 64;
/// Blobs that one event names.
pub const EVENT_NAMES_MAX: usize = 4_096;
/// Transaction identifiers that one act uses up.
pub const ACT_SEEN_MAX: usize = 128;
/// JSON text of one event.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// JSON text of one payload; what is larger belongs into a blob.
pub const PAYLOAD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Body of a job, reference of a transaction, summary of a view, value of a setting.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// A name: kind or key of a job, state of a view, name of a setting, transaction identifier.
pub const NAME_BYTES_MAX: usize = 512;

/// A blob up to this size lives in the database and commits with its act; a larger one is a file.
pub const BLOB_INLINE_BYTES_MAX: usize = 256 * 1024;
/// The largest blob.
pub const BLOB_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// Form of one draft, encrypted.
pub const DRAFT_FORM_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Files of one draft, encrypted.
pub const DRAFT_FILES_BYTES_MAX: usize = 26 * 1024 * 1024;

/// Events that [`crate::Reader::load`] returns of one stream; a longer one is read page by page.
pub const STREAM_EVENTS_MAX: usize = 10_000;
/// Streams of one [`crate::Reader::load_many`].
pub const LOAD_STREAMS_MAX: usize = 256;
/// Rows of one page of a list.
pub const PAGE_ROWS_MAX: usize = 500;
/// Rows that a search takes from the index at once where it reads their texts as well.
pub const TEXTS_ROWS_MAX: usize = 150;
/// Jobs claimed at once.
pub const CLAIM_JOBS_MAX: usize = 256;
/// Jobs that are done at the same time in one process.
pub const RUNNING_JOBS_MAX: usize = 1_024;
/// Rows that check, backup and rebuild hold at a time.
pub const CHECK_ROWS_MAX: usize = 1_000;
/// Findings that a check lists; more are counted only.
pub const CHECK_FINDINGS_MAX: usize = 100;
/// Rows of the security log that are written or erased at once.
pub const NOTICED_ROWS_MAX: usize = 8_192;
/// Events of one erasure.
pub const ERASE_EVENTS_MAX: usize = 1_000;

/// A clock that steps back by no more than this is waited for; a larger step stops appends.
pub const CLOCK_STEP_WAIT_MAX: Duration = Duration::from_secs(2);
/// How long opening waits for another process to let go of the store.
pub const LOCK_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long SQLite waits for a lock before it gives up.
pub const BUSY_WAIT_MAX: Duration = Duration::from_secs(10);
/// Connections that read, besides the one that writes.
pub const READ_CONNECTIONS_MAX: u32 = 8;
/// Values bound to one statement: SQLite takes 32,766, PostgreSQL 65,535.
pub const BOUND_VALUES_MAX: usize = 32_000;
/// Streams whose newest sequence number the writer remembers.
pub const SEQ_CACHE_STREAMS_MAX: usize = 100_000;
