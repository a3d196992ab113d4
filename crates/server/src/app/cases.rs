//! Cases kept in memory while people work on them, so that an act does not read the whole history
//! again. Anything may be forgotten: the record is the store's.
//!
//! Personal data, so what is erased from the record must not stay here, nor come back from a read
//! that began before the erasure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use desk::ids::RequestId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::case::Case;

/// Text of all cases that are kept, in bytes.
const CASES_KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Cases expected among them; sizes the index only.
const CASES_KEPT_EXPECTED: usize = 4_096;

/// Cases by request.
pub(super) struct Cases {
    kept: Cache<RequestId, Arc<Case>, Bytes>,
    erasures: AtomicU64,
}

/// What had been erased when a read began.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Erasures(u64);

#[derive(Clone)]
struct Bytes;

impl Weighter<RequestId, Arc<Case>> for Bytes {
    fn weight(&self, _: &RequestId, case: &Arc<Case>) -> u64 {
        case.text_bytes.max(1)
    }
}

impl Default for Cases {
    fn default() -> Self {
        let kept = Cache::with_weighter(CASES_KEPT_EXPECTED, CASES_KEPT_BYTES_MAX, Bytes);
        Self { kept, erasures: AtomicU64::new(0) }
    }
}

impl Cases {
    /// To be taken before reading a case from the store.
    pub(super) fn erasures(&self) -> Erasures {
        Erasures(self.erasures.load(Ordering::SeqCst))
    }

    pub(super) fn get(&self, id: RequestId) -> Option<Arc<Case>> {
        self.kept.get(&id)
    }

    pub(super) fn take(&self, id: RequestId) -> Option<Arc<Case>> {
        self.kept.remove(&id).map(|(_, case)| case)
    }

    /// Keeps a case, unless something was erased since it was read.
    pub(super) fn keep(&self, case: &Arc<Case>, read: Erasures) {
        self.kept.insert(case.id, case.clone());
        if self.erasures() != read {
            self.kept.remove(&case.id);
        }
    }

    /// Forgets a case of which something was erased.
    pub(super) fn forget(&self, id: RequestId) {
        self.erasures.fetch_add(1, Ordering::SeqCst);
        self.kept.remove(&id);
    }
}
