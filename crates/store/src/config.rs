//! How a store is opened, and what it says of itself. Knows no SQL.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use ledger::note::SigningKey;
use ledger::{Hash, TreeSize};

use crate::error::AppendError;
use crate::faults::Faults;

/// Tells the time. The store asks it once for each group of acts.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Tells the store's URL anew when the database has refused who we are: a password that was changed
/// since. Or why it cannot.
pub type UrlAgain = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct Config {
    /// The log's key, whose name is the log's origin; then further keys that sign every checkpoint
    /// as well while the log changes its key.
    pub signers: Vec<SigningKey>,
    /// Tells the time.
    pub clock: Clock,
    /// Where the newest checkpoint is kept; beside the log key, not beside the store. `None` keeps
    /// none, and then an older copy of the store cannot be told from the newest.
    pub kept_checkpoint: Option<PathBuf>,
    /// What to do when the store has leaves but no checkpoint is kept.
    pub kept_missing: KeptMissing,
    /// Folder of large blobs. `None` is `blobs` beside an SQLite file; a store on PostgreSQL then
    /// takes small ones only.
    pub blob_folder: Option<PathBuf>,
    /// Where a changed password is read, on PostgreSQL. `None` goes on with that of the URL.
    pub url_again: Option<UrlAgain>,
    /// Failures on purpose.
    pub faults: Faults,
}

/// What to do when the store has leaves but no checkpoint is kept beside the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptMissing {
    /// Refuse: the file may have been left behind when an older copy was restored.
    Refuse,
    /// Take the store as it is and keep its checkpoint from now on. A person's decision.
    Accept,
}

impl Config {
    /// One key, no kept checkpoint, blobs beside the store.
    pub fn new(signer: SigningKey, clock: Clock) -> Config {
        Config {
            signers: vec![signer],
            clock,
            kept_checkpoint: None,
            kept_missing: KeptMissing::Refuse,
            blob_folder: None,
            url_again: None,
            faults: Faults::default(),
        }
    }
}

/// A checkpoint that may be given to anyone: it is stored, and kept beside the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Leaves it covers.
    pub size: TreeSize,
    /// Root over them.
    pub root: Hash,
    /// The signed note.
    pub note: Arc<str>,
}

/// Whether the store takes acts.
#[derive(Clone, Debug)]
pub enum WriterState {
    /// It does.
    Serving,
    /// The clock is behind the newest event; acts are refused until it has caught up.
    ClockBehind {
        /// What the clock said.
        now: Timestamp,
        /// Time of the newest event.
        newest: Timestamp,
    },
    /// It takes no more, for good.
    Stopped {
        /// What every act is answered.
        error: AppendError,
    },
}

impl PartialEq for WriterState {
    /// By kind: that is what watchers act on.
    fn eq(&self, other: &WriterState) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// For `/healthz`.
#[derive(Clone, Debug)]
pub struct Health {
    /// Whether the store takes acts.
    pub state: WriterState,
    /// Leaves of the newest published checkpoint.
    pub size: TreeSize,
    /// Acts that wait for the writer.
    pub waiting: usize,
}
