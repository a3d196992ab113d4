//! Named points at which a test may make the store fail, with the real database underneath.
//! Knows nothing else; without the feature `testing` nothing can fail here.

use crate::error::DbError;

/// A write of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// Beginning the transaction.
    Begin,
    /// The head's compare-and-swap.
    Head,
    /// Event rows.
    Event,
    /// Payload rows.
    Payload,
    /// Leaf rows.
    Leaf,
    /// Node rows.
    Node,
    /// The checkpoint's row.
    Checkpoint,
    /// Job rows, new and done.
    Job,
    /// Rows of the list of requests.
    View,
    /// Rows of used transaction identifiers.
    Seen,
    /// Small blobs.
    Blob,
    /// The commit.
    Commit,
    /// The copy of the checkpoint beside the key.
    Kept,
}

/// All points, in the order in which a commit passes them.
pub const POINTS: [Point; 13] = [
    Point::Begin,
    Point::Head,
    Point::Event,
    Point::Payload,
    Point::Leaf,
    Point::Node,
    Point::Checkpoint,
    Point::Job,
    Point::View,
    Point::Seen,
    Point::Blob,
    Point::Commit,
    Point::Kept,
];

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The write is not done, and fails.
    FailsUndone,
    /// The write is done, and fails all the same.
    FailsDone,
}

/// Decides at every point.
#[cfg(feature = "testing")]
pub type FaultHook = std::sync::Arc<dyn Fn(Point) -> Fault + Send + Sync>;

/// The hook of one store.
#[derive(Clone, Default)]
pub struct Faults {
    /// Called once at every point passed.
    #[cfg(feature = "testing")]
    pub hook: Option<FaultHook>,
    /// SQLite only: the database may have so many pages of 4 KiB, then the disk is full.
    #[cfg(feature = "testing")]
    pub pages_max: Option<u32>,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    pub(crate) fn at(&self, point: Point) -> Fault {
        #[cfg(feature = "testing")]
        if let Some(hook) = &self.hook {
            return hook(point);
        }
        let _ = point;
        Fault::None
    }
}

impl Faults {
    pub(crate) fn pages_max(&self) -> Option<u32> {
        #[cfg(feature = "testing")]
        return self.pages_max;
        #[cfg(not(feature = "testing"))]
        None
    }
}

impl Fault {
    /// To be asked before the write.
    pub(crate) fn before(self) -> Result<(), DbError> {
        if self == Fault::FailsUndone { Err(injected()) } else { Ok(()) }
    }

    /// To be asked after the write.
    pub(crate) fn after(self) -> Result<(), DbError> {
        if self == Fault::FailsDone { Err(injected()) } else { Ok(()) }
    }
}

fn injected() -> DbError {
    let error = std::io::Error::other("a test made this write fail");
    crate::db::failed("failing on purpose")(sqlx::Error::Io(error))
}
