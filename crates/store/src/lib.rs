//! SQLite and PostgreSQL: knows SQL, knows no rules.
//!
//! Knows nothing of requests, roles, laws or HTTP. An event and a payload are JSON text that this
//! crate never reads, a stream is a UUID, a job is a word and a body. What it does know is how to
//! keep them: an event, its ledger leaf and its follow-up jobs are stored together or not at all,
//! and what was acknowledged survives `kill -9` and power loss.
//!
//! | item | what it is about |
//! |---|---|
//! | [`Store`] | one open store that may write; there is one at a time |
//! | [`Reader`] | everything that only reads; cheap to clone, never waits for the writer |
//! | [`Append`] | one act: events of one stream and all that follows from them |
//! | [`check`] | derives everything again from the events and compares |
//! | [`backup`] | one file out, one file in |

pub mod act;
pub mod error;
pub mod limits;

pub use act::{
    Append, Appended, BlobDigest, ErasedCount, ExpectedSeq, Job, JobId, JobLease, NewBlob,
    NewEvent, NewJob, NewView, ReadAudit, ReadAuditDigest, SeenTransaction, StoredEvent, View,
    ViewCursor, ViewQuery,
};
pub use error::{
    AppendError, BackupError, BlobError, CommitOutcome, DbError, OpenError, ReadError,
};
