//! Packages kept in memory from assembling to sealing, so that most are made once and not twice.
//!
//! What is not here is made again from the record (decision 081), so anything may be forgotten.

use std::sync::Arc;

use desk::ids::Digest;
use evidence::bag::Bag;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::case::Case;
use crate::payload;

/// Payload bytes of all packages that are kept.
const BAGS_KEPT_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Packages expected among them; sizes the index only.
const BAGS_KEPT_EXPECTED: usize = 1_024;

/// Packages by the digest of their tag manifest.
pub(super) struct Bags(Cache<Digest, Arc<Bag<'static>>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<Digest, Arc<Bag<'static>>> for Bytes {
    fn weight(&self, _: &Digest, bag: &Arc<Bag<'static>>) -> u64 {
        bag.payload_bytes().max(1)
    }
}

impl Default for Bags {
    fn default() -> Self {
        Self(Cache::with_weighter(BAGS_KEPT_EXPECTED, BAGS_KEPT_BYTES_MAX, Bytes))
    }
}

impl Bags {
    /// Keeps a package that was assembled.
    pub(super) fn keep(&self, bag: Bag<'static>) {
        self.0.insert(Digest(bag.tagmanifest_sha256().0), Arc::new(bag));
    }

    /// The package with that tag manifest, taken out. What was erased from the record since it was
    /// assembled must not come back from memory.
    pub(super) fn take(
        &self,
        approved: Digest,
        case: &Case,
        notes: &payload::Assembled,
    ) -> Option<Arc<Bag<'static>>> {
        let (_, bag) = self.0.remove(&approved)?;
        let has_all = notes.exhibits.iter().all(|number| case.exhibits.contains_key(number));
        (has_all && case.received.is_some()).then_some(bag)
    }
}
