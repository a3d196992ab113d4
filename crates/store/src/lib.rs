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
//! | [`backup`] | a folder out, a store in |
//! | [`record`] | the bytes that are hashed for an event |

pub mod act;
pub mod backup;
pub mod blob;
pub mod check;
pub mod config;
mod db;
pub mod draft;
pub mod error;
pub mod faults;
mod files;
mod kept;
pub mod limits;
mod lists;
mod open;
mod pins;
mod place;
mod read;
pub mod record;
mod security;
mod store;
mod stray;
#[cfg(all(feature = "testing", unix))]
pub mod testing;
mod tree;
mod walk;
mod words;
mod writer;

pub use act::{
    Append, Appended, BlobDigest, DeadJob, Derived, ErasedCount, ExpectedSeq, Found, Job, JobId,
    JobLease, JobState, Label, Labels, Names, NewBlob, NewEvent, NewJob, NewView, Overwritten,
    Part, Payload, QueueCursor, QueueFilter, ReadAudit, ReadAuditDigest, ReadRow, Record,
    SeenTransaction, StoredEvent, Verdict, View, ViewCursor, ViewQuery,
};
pub use blob::BlobSource;
pub use config::{Clock, Config, Health, KeptMissing, Published, UrlAgain, WriterState};
pub use draft::{Draft, DraftInfo};
pub use error::{
    AppendError, BackupError, BlobError, CommitOutcome, DbError, OpenError, ReadError, RebuildError,
};
pub use lists::{FoundPage, ORDER_WALKED_MAX, RANKED_MAX};
pub use read::Reader;
pub use security::{Noticed, NoticedFilter, NoticedRow, Reading};
pub use store::{Running, Store};
pub use stray::STRAY_FILES_MAX;
pub use walk::BareEvent;
pub use words::{Question, QuestionError, Words};
