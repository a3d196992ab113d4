//! The signed head of a log (C2SP tlog-checkpoint). Knows nothing of which log is trusted
//! ([`crate::policy`]) nor of what stands in the tree.

use std::fmt;

use crate::hash::{Hash, TREE_SIZE_MAX, TreeSize};
use crate::note::{
    KeyName, NotSigned, Note, NoteError, NoteSignature, NoteVerifyError, SigningKey, Verified,
    VerifierKey,
};
use crate::text::decimal;

/// Most extension lines that are read. We write none, tlog-checkpoint advises against them.
pub const EXTENSION_LINES_MAX: usize = 16;

/// What a log says of itself: who it is, how many leaves it has, and their root.
/// Printed as the note text that gets signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: TreeSize,
    root: Hash,
    extensions: Vec<String>,
}

/// A checkpoint with its signature lines: the log's, and those of witnesses.
/// Printed as the note that is served at `/checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why bytes are not a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note at all.
    #[error("the checkpoint is not a signed note")]
    Note(#[from] NoteError),
    /// Fewer than three lines, or an empty line.
    #[error("line {0} of the checkpoint is missing or empty")]
    Line(usize),
    /// A character that no note may hold.
    #[error("line {0} of the checkpoint holds a control character")]
    ControlCharacter(usize),
    /// More than [`EXTENSION_LINES_MAX`] extension lines.
    #[error("the checkpoint has more than {EXTENSION_LINES_MAX} extension lines")]
    TooManyExtensions,
    /// Line 2 is not a plain decimal number.
    #[error(
        "line 2 of the checkpoint must be the tree size in decimal without leading zeros, at most \
         {TREE_SIZE_MAX}"
    )]
    Size,
    /// Line 3 is not the base64 of 32 bytes.
    #[error("line 3 of the checkpoint must be the root hash, 32 bytes in standard padded base64")]
    Root,
}

/// Why a checkpoint was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key's name is not the origin; a reader would look for another key.
    #[error("the key is named {key}, but the checkpoint's origin is {origin:?}")]
    OtherOrigin {
        /// Name of the signing key.
        key: KeyName,
        /// Origin of the checkpoint.
        origin: String,
    },
    /// The key lies elsewhere and did not sign.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// The note would be malformed or too long.
    #[error("the checkpoint cannot be made into a note")]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// The checkpoint of the log named `origin`, without extension lines.
    pub fn new(origin: &KeyName, size: TreeSize, root: Hash) -> Checkpoint {
        Checkpoint { origin: origin.as_str().to_owned(), size, root, extensions: Vec::new() }
    }

    /// Reads a note text: origin, size, root, extension lines, each ended by a line feed.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Line(1))?;
        let mut lines = Vec::new();
        for (number, line) in body.split('\n').enumerate() {
            if number >= 3 + EXTENSION_LINES_MAX {
                return Err(CheckpointError::TooManyExtensions);
            }
            if line.is_empty() {
                return Err(CheckpointError::Line(number + 1));
            }
            if line.contains(|c: char| c < ' ') {
                return Err(CheckpointError::ControlCharacter(number + 1));
            }
            lines.push(line.to_owned());
        }
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(CheckpointError::Line(lines.len() + 1));
        };
        Ok(Checkpoint {
            origin: origin.clone(),
            size: TreeSize(decimal(size, TREE_SIZE_MAX).ok_or(CheckpointError::Size)?),
            root: Hash::from_base64(root).map_err(|_| CheckpointError::Root)?,
            extensions: extensions.to_vec(),
        })
    }

    /// Signs as the log. The same checkpoint and key give the same bytes.
    pub fn sign(self, key: &SigningKey) -> Result<SignedCheckpoint, SignError> {
        if key.name().as_str() != self.origin {
            return Err(SignError::OtherOrigin { key: key.name().clone(), origin: self.origin });
        }
        let text = self.to_string();
        let note = Note::new(text.clone(), vec![key.sign(&text)?])?;
        Ok(SignedCheckpoint { checkpoint: self, note })
    }

    /// Name of the log: the first line.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves: the second line.
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// Root over all leaves: the third line.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Further lines. They are signed, but say nothing to us.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint. That it parses says nothing about trust.
    pub fn parse(bytes: &[u8]) -> Result<SignedCheckpoint, CheckpointError> {
        let note = Note::parse(bytes)?;
        Ok(SignedCheckpoint { checkpoint: Checkpoint::parse(note.text())?, note })
    }

    /// What is signed. Trust it after [`SignedCheckpoint::verify`] or a policy said so.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note with its text and signature lines.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Checks the log's own signature. The key's name must be the checkpoint's origin.
    pub fn verify<'k>(&self, log: &'k VerifierKey) -> Result<Verified<'k>, NoteVerifyError> {
        if log.name().as_str() != self.checkpoint.origin {
            return Err(NoteVerifyError::NoKnownSignature);
        }
        let verified = self.note.verify([log])?;
        verified.into_iter().next().ok_or(NoteVerifyError::NoKnownSignature)
    }

    /// Adds a cosignature (or a second log signature, when a key is changed).
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        self.note.add(signature)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root.to_base64())?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}
