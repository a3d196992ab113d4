//! Entries and the hashes of the tree. Knows neither what a record says nor where it is kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Largest tree size this crate reads or writes: sizes fit a signed 64-bit column.
pub const TREE_SIZE_MAX: u64 = i64::MAX as u64;

/// A SHA-256 hash: of a leaf, of an inner node, or the root of a tree (RFC 6962 section 2.1).
/// Printed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// Position of a leaf, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(pub u64);

/// Number of leaves of a tree; 0 is the empty tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(pub u64);

/// What the log holds for one record: 32 bytes that commit to it without telling it.
///
/// The record and its salt may be erased; the entry stays, and without the salt nobody can find
/// the record again by guessing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry(pub [u8; 32]);

impl Entry {
    /// `SHA-256(tag || 0x00 || salt || record)`. The tag names the record format, for example
    /// `comity record v1`; it separates records of different kinds.
    ///
    /// # Panics
    /// When `tag` holds a zero byte: then tag, salt and record could not be told apart.
    pub fn of(tag: &str, salt: &[u8; 32], record: &[u8]) -> Entry {
        assert!(!tag.as_bytes().contains(&0), "an entry tag must not hold a zero byte: {tag:?}");
        let digest = Sha256::new()
            .chain_update(tag.as_bytes())
            .chain_update([0])
            .chain_update(salt)
            .chain_update(record)
            .finalize();
        Entry(digest.into())
    }

    /// The leaf hash of this entry, as [`leaf_hash`].
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(self)
    }
}

/// `SHA-256(0x00 || entry)` (RFC 6962 section 2.1). Our log holds [`Entry`] values; other logs
/// hold entries of other lengths, so any bytes are taken.
pub fn leaf_hash(entry: impl AsRef<[u8]>) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry.as_ref()).finalize().into())
}

/// `SHA-256(0x01 || left || right)` (RFC 6962 section 2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // One buffer instead of three updates: appending is nothing but this call.
    let mut bytes = [1u8; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Hash(Sha256::digest(bytes).into())
}

impl Hash {
    /// Root of the empty tree: SHA-256 of nothing (RFC 6962 section 2.1).
    pub const EMPTY_ROOT: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55,
    ]);

    /// Standard base64 with padding, 44 characters, as notes and proofs print it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads what [`Hash::to_base64`] writes, and nothing else: padding is needed and unused bits
    /// must be zero, so that a hash has one spelling.
    pub fn from_base64(text: &str) -> Result<Hash, HashTextError> {
        let bytes = STANDARD.decode(text).map_err(|_| HashTextError::Base64)?;
        Hash::try_from(bytes.as_slice())
    }

    /// Reads 64 lower-case hex digits, as `Display` writes them.
    pub fn from_hex(text: &str) -> Result<Hash, HashTextError> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(HashTextError::Hex);
        }
        let bytes = hex::decode(text).map_err(|_| HashTextError::Hex)?;
        Hash::try_from(bytes.as_slice())
    }
}

/// Why a text or a run of bytes is not a hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashTextError {
    /// Not standard padded base64 with zero unused bits.
    #[error("a hash is written in standard base64 with padding")]
    Base64,
    /// Not lower-case hex digits.
    #[error("a hash is written in lower-case hex digits")]
    Hex,
    /// Decoded, but not 32 bytes.
    #[error("a hash has 32 bytes, this has {0}")]
    Length(usize),
}

impl TryFrom<&[u8]> for Hash {
    type Error = HashTextError;
    fn try_from(bytes: &[u8]) -> Result<Hash, HashTextError> {
        <[u8; 32]>::try_from(bytes).map(Hash).map_err(|_| HashTextError::Length(bytes.len()))
    }
}

impl TryFrom<&[u8]> for Entry {
    type Error = HashTextError;
    fn try_from(bytes: &[u8]) -> Result<Entry, HashTextError> {
        <[u8; 32]>::try_from(bytes).map(Entry).map_err(|_| HashTextError::Length(bytes.len()))
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Entry {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({self})")
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
