//! Blobs that acts are about to name. Knows no SQL and no file.
//!
//! A large blob is stored before the act that names it, and until then nobody owns it. The pin says
//! that somebody is about to: the writer, which alone erases, leaves pinned blobs alone. Pins need
//! no table: an act that was not stored when its process ended never will be, because the next
//! process fences the old one off before it looks at anything (docs/decisions/180).

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::act::BlobDigest;

/// All pins of an open store, and what is left to look at when one is gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    counts: HashMap<BlobDigest, usize>,
    /// Blobs whose last pin went, to be looked at: they may have no owner.
    dropped: BTreeSet<BlobDigest>,
    /// Files whose making ended before a blob had them.
    abandoned: BTreeSet<String>,
}

/// Keeps one blob from being erased, as long as it lives.
#[derive(Debug)]
pub(crate) struct Pin {
    digest: BlobDigest,
    pins: Pins,
}

impl Pins {
    pub fn pin(&self, digest: BlobDigest) -> Pin {
        *self.held().counts.entry(digest).or_default() += 1;
        Pin { digest, pins: self.clone() }
    }

    pub fn is_pinned(&self, digest: &BlobDigest) -> bool {
        self.held().counts.contains_key(digest)
    }

    /// Blobs whose last pin went since they were forgotten here; some may be pinned again.
    pub fn dropped(&self, count_max: usize) -> Vec<BlobDigest> {
        self.held().dropped.iter().take(count_max).copied().collect()
    }

    /// These were looked at while nobody had them pinned.
    pub fn forget(&self, digests: &[BlobDigest]) {
        let mut held = self.held();
        for digest in digests {
            held.dropped.remove(digest);
        }
    }

    pub fn abandon(&self, file: String) {
        self.held().abandoned.insert(file);
    }

    pub fn abandoned(&self, count_max: usize) -> Vec<String> {
        self.held().abandoned.iter().take(count_max).cloned().collect()
    }

    pub fn forget_files(&self, files: &[String]) {
        let mut held = self.held();
        for file in files {
            held.abandoned.remove(file);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Every change below is whole before the lock is let go.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pin {
    pub fn digest(&self) -> BlobDigest {
        self.digest
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut held = self.pins.held();
        let Some(count) = held.counts.get_mut(&self.digest) else { return };
        *count -= 1;
        if *count == 0 {
            held.counts.remove(&self.digest);
            held.dropped.insert(self.digest);
        }
    }
}
