//! Blobs on their way into the store, and the names that own them.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::pins::Pin;

/// SHA-256 of a blob: its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobDigest(pub [u8; 32]);

/// A blob for an act that is about to name it. A small one travels with the act; a large one is on
/// the disk and held there as long as this value or a copy of it lives.
#[derive(Clone, Debug)]
pub struct NewBlob {
    pub(crate) digest: BlobDigest,
    pub(crate) bytes: NewBytes,
}

#[derive(Clone, Debug)]
pub(crate) enum NewBytes {
    Small(Vec<u8>),
    Kept(Arc<Pin>),
}

impl NewBlob {
    /// Names the bytes by their digest. At most [`crate::limits::BLOB_INLINE_BYTES_MAX`] can be
    /// appended so; [`crate::Store::put_blob`] takes any.
    pub fn new(bytes: Vec<u8>) -> NewBlob {
        NewBlob { digest: BlobDigest::of(&bytes), bytes: NewBytes::Small(bytes) }
    }

    /// Its name.
    pub fn digest(&self) -> BlobDigest {
        self.digest
    }
}

/// The blobs that an event owns. A blob is there as long as it has an owner, and no longer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Named by the event itself, which is never erased: they stay as long as the log.
    pub lasting: Vec<BlobDigest>,
    /// Named by the payload: erased with the last payload that names them.
    pub personal: Vec<BlobDigest>,
}

impl Names {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lasting.is_empty() && self.personal.is_empty()
    }

    /// Each blob once, and whether its name lasts.
    pub(crate) fn owned(&self) -> BTreeMap<BlobDigest, bool> {
        let personal = self.personal.iter().map(|digest| (*digest, false));
        personal.chain(self.lasting.iter().map(|digest| (*digest, true))).collect()
    }
}

impl BlobDigest {
    /// Digest of these bytes.
    pub fn of(bytes: &[u8]) -> BlobDigest {
        BlobDigest(Sha256::digest(bytes).into())
    }
}

impl std::fmt::Display for BlobDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for BlobDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlobDigest({self})")
    }
}
