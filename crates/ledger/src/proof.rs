//! One file that proves one entry offline (C2SP tlog-proof, extension `.tlog-proof`). Knows
//! nothing of what an entry commits to: the caller brings the leaf hash, made from its own data.

use std::fmt;

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::{Hash, LeafIndex, TREE_SIZE_MAX, TreeSize};
use crate::note::NOTE_BYTES_MAX;
use crate::policy::{Policy, PolicyRefusal, Satisfied};
use crate::text::{base64_bytes, base64_text, decimal};
use crate::tree::{PROOF_HASHES_MAX, VerifyError, verify_inclusion};

/// First line of every proof file.
pub const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Most bytes of extra data.
pub const PROOF_EXTRA_BYTES_MAX: usize = 64 * 1024;
/// Longest proof file that is read, in bytes.
pub const PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + 2 * PROOF_EXTRA_BYTES_MAX;

/// A proof that some leaf stands in a log. Printed as the file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: LeafIndex,
    hashes: Vec<Hash>,
    /// Verbatim: what was signed must not pass through our printer.
    checkpoint: String,
}

/// What a verified proof says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedProof {
    /// The log and the witnesses that signed.
    pub signed: Satisfied,
    /// Where the leaf stands.
    pub index: LeafIndex,
    /// The size of the tree that was signed.
    pub size: TreeSize,
    /// The root that was signed.
    pub root: Hash,
}

/// Why bytes are not a proof file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofParseError {
    /// More than [`PROOF_BYTES_MAX`] bytes.
    #[error("the proof has {0} bytes; at most {PROOF_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("byte {0} of the proof is not UTF-8")]
    NotUtf8(usize),
    /// The first line is another.
    #[error("line 1 of the proof must be {PROOF_HEADER}")]
    Header,
    /// The extra line is not base64, is empty or too long.
    #[error(
        "line 2: extra data must be standard padded base64 of 1 to {PROOF_EXTRA_BYTES_MAX} bytes"
    )]
    Extra,
    /// No index line, or no plain decimal number on it.
    #[error("line {0}: expected the word index, a space and the leaf's number in decimal")]
    Index(usize),
    /// A line of the inclusion proof is not the base64 of 32 bytes.
    #[error("line {0}: expected a hash, 32 bytes in standard padded base64")]
    Hash(usize),
    /// More hashes than any tree can need.
    #[error("the proof has more than {PROOF_HASHES_MAX} hashes")]
    TooManyHashes,
    /// The empty line or the checkpoint after it is missing.
    #[error("the proof has no empty line with a checkpoint after it")]
    NoCheckpoint,
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// What follows the empty line is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint does not satisfy the policy.
    #[error(transparent)]
    Policy(#[from] PolicyRefusal),
    /// The hashes do not lead from the leaf to the signed root.
    #[error(transparent)]
    Inclusion(#[from] VerifyError),
}

impl TlogProof {
    /// The proof that the leaf at `index` is in the tree of `checkpoint`.
    ///
    /// # Panics
    /// When there are more than [`PROOF_HASHES_MAX`] hashes: no tree needs them.
    pub fn new(index: LeafIndex, hashes: Vec<Hash>, checkpoint: &SignedCheckpoint) -> TlogProof {
        assert!(hashes.len() <= PROOF_HASHES_MAX, "{} hashes are no proof", hashes.len());
        TlogProof { extra: None, index, hashes, checkpoint: checkpoint.to_string() }
    }

    /// Adds extra data, 1 to [`PROOF_EXTRA_BYTES_MAX`] bytes. Nothing authenticates it.
    pub fn with_extra(self, extra: Vec<u8>) -> Result<TlogProof, ProofParseError> {
        if extra.is_empty() || extra.len() > PROOF_EXTRA_BYTES_MAX {
            return Err(ProofParseError::Extra);
        }
        Ok(TlogProof { extra: Some(extra), ..self })
    }

    /// Reads a proof file. The checkpoint is kept verbatim and read by [`TlogProof::verify`].
    pub fn parse(bytes: &[u8]) -> Result<TlogProof, ProofParseError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofParseError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| ProofParseError::NotUtf8(error.valid_up_to()))?;
        let mut lines = Lines { rest: text, number: 0 };
        if lines.next() != Some(PROOF_HEADER) {
            return Err(ProofParseError::Header);
        }
        let mut line = lines.next();
        let mut extra = None;
        if let Some(base64) = line.and_then(|line| line.strip_prefix("extra ")) {
            let bytes = base64_bytes(base64)
                .filter(|bytes| !bytes.is_empty() && bytes.len() <= PROOF_EXTRA_BYTES_MAX)
                .ok_or(ProofParseError::Extra)?;
            extra = Some(bytes);
            line = lines.next();
        }
        let index = line
            .and_then(|line| line.strip_prefix("index "))
            .and_then(|number| decimal(number, TREE_SIZE_MAX))
            .ok_or(ProofParseError::Index(lines.number))?;
        let mut hashes = Vec::new();
        loop {
            let line = lines.next().ok_or(ProofParseError::NoCheckpoint)?;
            if line.is_empty() {
                break;
            }
            if hashes.len() == PROOF_HASHES_MAX {
                return Err(ProofParseError::TooManyHashes);
            }
            let hash = Hash::from_base64(line).map_err(|_| ProofParseError::Hash(lines.number))?;
            hashes.push(hash);
        }
        if lines.rest.is_empty() {
            return Err(ProofParseError::NoCheckpoint);
        }
        let checkpoint = lines.rest.to_owned();
        Ok(TlogProof { extra, index: LeafIndex(index), hashes, checkpoint })
    }

    /// Checks that `leaf` is in a log that the policy trusts: the log's signature, the quorum of
    /// witnesses, and the way from the leaf to the signed root (tlog-proof, "Verification").
    pub fn verify(&self, leaf: Hash, policy: &Policy) -> Result<VerifiedProof, ProofError> {
        let signed_checkpoint = self.checkpoint()?;
        let signed = policy.satisfied(&signed_checkpoint)?;
        let checkpoint = signed_checkpoint.checkpoint();
        let (size, root) = (checkpoint.size(), checkpoint.root());
        verify_inclusion(leaf, self.index, size, &self.hashes, root)?;
        Ok(VerifiedProof { signed, index: self.index, size, root })
    }

    /// The checkpoint, read but not judged.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint, CheckpointError> {
        SignedCheckpoint::parse(self.checkpoint.as_bytes())
    }

    /// The checkpoint as it stands in the file.
    pub fn checkpoint_text(&self) -> &str {
        &self.checkpoint
    }

    /// Where the leaf is said to stand.
    pub fn index(&self) -> LeafIndex {
        self.index
    }

    /// The inclusion proof, leaf's sibling first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Extra data. Not authenticated: never trust it.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }
}

/// Lines ended by line feeds, with their numbers. A last line without one is not a line.
struct Lines<'t> {
    rest: &'t str,
    number: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<&'t str> {
        self.number += 1;
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        Some(line)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PROOF_HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64_text(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
