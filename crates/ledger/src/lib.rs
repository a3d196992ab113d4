//! Tamper-evident log: Merkle tree, tiles, signed checkpoints, cosignatures, proofs.
//!
//! Knows nothing of requests, storage, HTTP, files, the clock or randomness: hashes, keys, times
//! and stored nodes come in as values, and bytes and verdicts go out. It holds no record either;
//! the log keeps 32-byte [`Entry`] values, and what they commit to lives elsewhere.
//!
//! The formats are those of C2SP (Community Cryptography Specification Project) and RFC 6962;
//! `docs/formats/log.md` says exactly which parts outsiders may rely on.
//!
//! | module | what it is about | specification |
//! |---|---|---|
//! | [`hash`] | entries, leaf and node hashes | RFC 6962 section 2.1 |
//! | [`tree`] | append, prove, verify | RFC 6962 section 2.1, RFC 9162 section 2.1 |
//! | [`tile`] | what is served to anyone who asks | C2SP tlog-tiles |
//! | [`note`] | signed text, keys | C2SP signed-note |
//! | [`checkpoint`] | the signed head of the tree | C2SP tlog-checkpoint |
//! | [`cosignature`] | a witness saw this head | C2SP tlog-cosignature |
//! | [`policy`] | which logs and witnesses are trusted | C2SP tlog-policy |
//! | [`proof`] | one file that proves one entry offline | C2SP tlog-proof |
//! | [`witness`] | asking a witness, and being one | C2SP tlog-witness |

pub mod checkpoint;
pub mod cosignature;
pub mod hash;
pub mod note;
pub mod policy;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod witness;

mod text;

pub use hash::{Entry, Hash, LeafIndex, TreeSize, leaf_hash, node_hash};
