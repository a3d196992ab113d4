//! What can go wrong, named for what the caller does next. Knows no HTTP.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use ledger::{Hash, TreeSize};
use uuid::Uuid;

use crate::act::{BlobDigest, JobId};

/// The database refused or failed. Shared, because one failed commit is told to many callers.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct DbError {
    /// What was being done, in words.
    pub doing: &'static str,
    /// What the database said.
    #[source]
    pub source: Arc<sqlx::Error>,
}

/// Whether the acts of a failed commit are in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// They are not: the head was read again and has not moved. The act may be tried again.
    NotStored,
    /// They are, although the commit reported a failure: reading the stream again shows them.
    Stored,
    /// Not known: the head could not be read. The store takes no more acts; open it again.
    Unknown,
}

/// An act was not acknowledged.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Others came first: load the stream again and decide again, at most 3 times.
    #[error("stream {stream} ends at event {current}, the act expected {expected}")]
    Conflict {
        /// The stream.
        stream: Uuid,
        /// What the act expected.
        expected: u64,
        /// Where the stream ends.
        current: u64,
    },
    /// The agency has used this transaction identifier before: give the answer it was given.
    #[error("agency {agency} has already used transaction identifier {transaction:?}")]
    Duplicate {
        /// The agency.
        agency: Uuid,
        /// The identifier.
        transaction: String,
        /// Stream of the act that used it.
        stream: Uuid,
        /// Reference of the answer that was given.
        reference: String,
    },
    /// The job that the act completes is done, or was claimed by another: drop the result.
    #[error("job {} is no longer leased to this worker", .job.0)]
    LeaseLost {
        /// The job.
        job: JobId,
    },
    /// The job that the act decides about is not dead: others were faster, or it was asked for
    /// anew.
    #[error("job {} is not dead", .job.0)]
    NotDead {
        /// The job.
        job: JobId,
    },
    /// It is erased in the database, but a file is left. Make the folder writable; asking for the
    /// same erasure again removes it.
    #[error("an erased file could not be removed: {why}")]
    FileLeft {
        /// Which, and what the system said.
        why: Arc<str>,
    },
    /// The act is beyond a named limit; nothing of it was stored.
    #[error("{what} is {size}, the most is {max}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// The limit.
        max: usize,
    },
    /// A text is not of the form it must have; nothing of the act was stored.
    #[error("{what} {why}")]
    Malformed {
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The clock is behind the newest event by more than is waited for. Appends go on when it has
    /// caught up; set the clock right.
    #[error("the clock says {now}, but the newest event is of {newest}: appends are stopped")]
    ClockBehind {
        /// What the clock says.
        now: Timestamp,
        /// Time of the newest event.
        newest: Timestamp,
    },
    /// The database failed while the act was being stored.
    #[error("the acts could not be committed ({outcome:?})")]
    Commit {
        /// Whether they are in the store.
        outcome: CommitOutcome,
        /// What failed.
        #[source]
        source: DbError,
    },
    /// Another process has taken over this store. This one writes no more, for good.
    #[error("another process writes to this store; this one has stopped writing")]
    Fenced,
    /// The writer has stopped after a failure it cannot judge; open the store again.
    #[error("the store takes no more acts: {reason}")]
    Stopped {
        /// Why.
        reason: Arc<str>,
    },
}

/// The store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not a URL of a kind that is known.
    #[error("store URL {url:?} is not sqlite://PATH or postgres://...: {why}")]
    Url {
        /// The URL, without its password.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no store there.
    #[error("there is no store at {place}; a new one is made by `comity demo` or `serve --create`")]
    Missing {
        /// Where.
        place: String,
    },
    /// Another process has it open.
    #[error("another process has the store at {place} open")]
    Locked {
        /// Where.
        place: String,
    },
    /// The tables are not those of this release.
    #[error("the tables of the store are not those of this release: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The store is older than the checkpoint kept beside the log key: a restored backup. Serving
    /// it would fork the log.
    #[error(
        "the store has {store} leaves, but {kept_path} holds a signed checkpoint of {kept}: this \
         is an older copy, and serving it would fork the log. Bring the newer store back, or begin \
         a new log with a new key"
    )]
    OlderThanKept {
        /// Leaves in the store.
        store: TreeSize,
        /// Leaves of the kept checkpoint.
        kept: TreeSize,
        /// The file of the kept checkpoint.
        kept_path: PathBuf,
    },
    /// The store's tree does not contain the tree that was signed.
    #[error(
        "at {size} leaves the store's root is {store}, but {kept_path} holds a signed checkpoint \
         of {kept}: this is another history, and serving it would fork the log"
    )]
    InconsistentWithKept {
        /// Size of the kept checkpoint.
        size: TreeSize,
        /// Root in the store at that size.
        store: Hash,
        /// Root that was signed.
        kept: Hash,
        /// The file of the kept checkpoint.
        kept_path: PathBuf,
    },
    /// The store has leaves, but no checkpoint is kept beside the key.
    #[error(
        "the store has {store} leaves, but {kept_path} is missing: it cannot be told whether this \
         is the newest copy. Bring the file back, or accept the store as it is once"
    )]
    KeptMissing {
        /// Leaves in the store.
        store: TreeSize,
        /// Where the kept checkpoint should be.
        kept_path: PathBuf,
    },
    /// The file of the kept checkpoint cannot be read or is not signed by this log's key.
    #[error("kept checkpoint {path}: {why}")]
    Kept {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The head does not agree with the stored nodes.
    #[error("the store is damaged: {0}; run `comity ledger check`")]
    Damaged(String),
    /// A folder or file could not be made or read.
    #[error("{path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database refused or failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// No random bytes from the system.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// Reading failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The database refused or failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// What was asked for is beyond a named limit.
    #[error("{what} is {size}, the most is {max}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// The limit.
        max: usize,
    },
    /// A row is not as it was written.
    #[error("the store is damaged: {0}; run `comity ledger check`")]
    Damaged(String),
    /// The tree has no such leaf or size.
    #[error(transparent)]
    Tree(#[from] ledger::tree::TreeError),
}

/// A blob was not stored or not found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// There is none of that name.
    #[error("there is no blob {0}")]
    Missing(BlobDigest),
    /// It was erased.
    #[error("blob {digest} was erased at {at}")]
    Erased {
        /// Its name.
        digest: BlobDigest,
        /// When.
        at: Timestamp,
    },
    /// Its bytes do not have its name's digest.
    #[error("the bytes of blob {expected} have digest {found}")]
    Damaged {
        /// Its name.
        expected: BlobDigest,
        /// What was found.
        found: BlobDigest,
    },
    /// Larger than the limit.
    #[error("the blob is larger than {max} bytes")]
    TooLarge {
        /// The limit.
        max: u64,
    },
    /// A store on PostgreSQL that was given no folder cannot keep large blobs.
    #[error("this store was opened without a folder for blobs larger than {max} bytes")]
    NoFolder {
        /// The largest that needs no folder.
        max: usize,
    },
    /// The file system refused or failed.
    #[error("blob file {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The writer refused.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The database refused or failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Something is already there; nothing is overwritten.
    #[error("{0} exists; a backup or a restore never overwrites")]
    Exists(PathBuf),
    /// The engine has its own tool.
    #[error("a store on PostgreSQL is backed up with pg_dump and restored with pg_restore")]
    UsePgDump,
    /// Not a backup of a store, or a damaged one.
    #[error("{path} is not a sound backup: {why}")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file system refused or failed.
    #[error("{path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database refused or failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The copy could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A blob could not be copied.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// The list of requests was not rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The writer refused.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The events could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}
