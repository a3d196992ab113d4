//! Asking a log witness, and being one (C2SP tlog-witness, `add-checkpoint`). Knows no HTTP
//! client, no server and no state: a request, what the witness saw last, and an answer are values.
//!
//! The real witness must look up, [`check`] and store in one atomic step, and store before it
//! answers; otherwise two requests can roll it back.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::hash::{Hash, TREE_SIZE_MAX, TreeSize};
use crate::note::{
    NOTE_BYTES_MAX, NoteError, NoteSignature, NoteVerifyError, VerifierKey, parse_signatures,
};
use crate::text::decimal;
use crate::tree::{PROOF_HASHES_MAX, VerifyError, verify_consistency};

/// Longest add-checkpoint body that is read, in bytes.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = NOTE_BYTES_MAX + 64 * PROOF_HASHES_MAX;
/// Content type of a 409 answer.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// The body of `POST <prefix>/add-checkpoint`. Printed as that body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size the witness is believed to have seen last; 0 if none.
    pub old: TreeSize,
    /// Consistency proof from `old` to the checkpoint.
    pub proof: Vec<Hash>,
    /// The new checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// The tree a witness cosigned last for an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number of leaves.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
}

/// Why a witness does not cosign; the status is that of tlog-witness main.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// 404.
    #[error("this witness does not know the log {0:?}")]
    UnknownOrigin(String),
    /// 403: no line by a trusted key, or such a line does not verify.
    #[error("the checkpoint is not signed by its log")]
    Signature(#[source] NoteVerifyError),
    /// 400.
    #[error("the old size {old} is beyond the checkpoint's size {new}")]
    OldBeyondNew {
        /// The old size of the request.
        old: TreeSize,
        /// The checkpoint's size.
        new: TreeSize,
    },
    /// 409, with the size as the body.
    #[error("this witness saw {0} leaves last; prove consistency from there")]
    Conflict(TreeSize),
    /// 422: an empty tree has one root only.
    #[error("a checkpoint of size 0 must have the root of the empty tree")]
    EmptyRoot,
    /// 422: same size, other root. The log has forked; main says 422, tag v1.0.0 said 409.
    #[error("a checkpoint of the same size with another root was seen: the log has forked")]
    Forked,
    /// 422.
    #[error("the consistency proof does not hold")]
    Proof(#[source] VerifyError),
}

/// What a witness's answer means to the log that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Cosignature lines by known keys that verify over the checkpoint; at least one.
    Cosigned(Vec<NoteSignature>),
    /// The witness saw another size last. Prove consistency from there and ask again.
    Retry(TreeSize),
    /// The witness saw a larger tree than the one sent: ask again with the newest checkpoint. If
    /// there is no larger one, the log lost its end or somebody else signs with its key.
    Behind(TreeSize),
    /// The witness saw another root for the same size. Do not ask again: raise an alarm.
    Forked,
}

/// Why an answer of a witness is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// 404: the witness must first be told of this log.
    #[error("the witness does not know this log")]
    UnknownOrigin,
    /// 403: the witness trusts another key for this origin.
    #[error("the witness does not accept the log's signature")]
    Signature,
    /// 400: it could not read the request.
    #[error("the witness could not read the request")]
    BadRequest,
    /// 422: the proof we sent does not hold. Do not ask again.
    #[error("the witness found the consistency proof wrong")]
    Proof,
    /// 409 without a number, or with the very size that was proved from.
    #[error("the witness answered 409 without a size to prove from")]
    Size,
    /// 200, but the body is no signature line.
    #[error("the witness's answer is no list of signature lines")]
    Malformed(#[source] NoteError),
    /// 200, but a known witness's line does not verify, or none is by a known witness.
    #[error("the witness's answer holds no valid cosignature by a known key")]
    Cosignature(#[source] NoteVerifyError),
    /// Any other status.
    #[error("the witness answered with status {0}")]
    Status(u16),
}

/// Why bytes are not an add-checkpoint body. A witness answers 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// More than [`ADD_CHECKPOINT_BYTES_MAX`] bytes.
    #[error("the body has {0} bytes; at most {ADD_CHECKPOINT_BYTES_MAX} are read")]
    TooLong(usize),
    /// The proof lines are not ASCII, or not ended by an empty line.
    #[error("the body has no empty line between the proof and the checkpoint")]
    NoCheckpoint,
    /// The first line is not `old` and a size.
    #[error("line 1: expected the word old, a space and a size in decimal")]
    Old,
    /// A proof line is not the base64 of 32 bytes.
    #[error("line {0}: expected a hash, 32 bytes in standard padded base64")]
    Hash(usize),
    /// More than 63 proof lines.
    #[error("the body has more than {PROOF_HASHES_MAX} proof lines")]
    TooManyHashes,
    /// What follows is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Decides as a witness, in the order that tlog-witness prescribes. `keys` are the log keys
/// trusted for the checkpoint's origin (none: the origin is unknown), `seen` is what was cosigned
/// last for that origin. `Ok` means: store the checkpoint as seen, then cosign it.
pub fn check<'r>(
    request: &'r AddCheckpoint,
    keys: &[VerifierKey],
    seen: Option<Seen>,
) -> Result<&'r Checkpoint, WitnessRefusal> {
    let checkpoint = request.checkpoint.checkpoint();
    let trusted: Vec<&VerifierKey> =
        keys.iter().filter(|key| key.name().as_str() == checkpoint.origin()).collect();
    if trusted.is_empty() {
        return Err(WitnessRefusal::UnknownOrigin(checkpoint.origin().to_owned()));
    }
    request.checkpoint.note().verify(trusted).map_err(WitnessRefusal::Signature)?;
    let (old, new) = (request.old, checkpoint.size());
    if old > new {
        return Err(WitnessRefusal::OldBeyondNew { old, new });
    }
    let seen = seen.unwrap_or(Seen { size: TreeSize(0), root: Hash::EMPTY_ROOT });
    if old != seen.size {
        return Err(WitnessRefusal::Conflict(seen.size));
    }
    if new.0 == 0 && checkpoint.root() != Hash::EMPTY_ROOT {
        return Err(WitnessRefusal::EmptyRoot);
    }
    if old == new && checkpoint.root() != seen.root {
        return Err(WitnessRefusal::Forked);
    }
    verify_consistency(old, new, &request.proof, seen.root, checkpoint.root())
        .map_err(WitnessRefusal::Proof)?;
    Ok(checkpoint)
}

/// Reads a witness's answer to `request`. Cosignatures are checked against `witnesses`; lines by
/// other keys are dropped. `body` is read up to [`NOTE_BYTES_MAX`] by the caller.
pub fn read_answer(
    request: &AddCheckpoint,
    status: u16,
    body: &[u8],
    witnesses: &[VerifierKey],
) -> Result<Outcome, AnswerError> {
    let new = request.checkpoint.checkpoint().size();
    match status {
        200 => read_cosignatures(request, body, witnesses).map(Outcome::Cosigned),
        409 => {
            let text = std::str::from_utf8(body).map_err(|_| AnswerError::Size)?;
            let digits = text.strip_suffix('\n').unwrap_or(text);
            match decimal(digits, TREE_SIZE_MAX).map(TreeSize) {
                // Tag v1.0.0 answers 409 to a fork; a conflict with the size we named is one.
                Some(seen) if seen == request.old && seen == new => Ok(Outcome::Forked),
                // Asking again with the same size would go on for ever.
                Some(seen) if seen == request.old => Err(AnswerError::Size),
                Some(seen) if seen > new => Ok(Outcome::Behind(seen)),
                Some(seen) => Ok(Outcome::Retry(seen)),
                None if request.old == new => Ok(Outcome::Forked),
                None => Err(AnswerError::Size),
            }
        }
        422 if request.old == new => Ok(Outcome::Forked),
        422 => Err(AnswerError::Proof),
        404 => Err(AnswerError::UnknownOrigin),
        403 => Err(AnswerError::Signature),
        400 => Err(AnswerError::BadRequest),
        other => Err(AnswerError::Status(other)),
    }
}

fn read_cosignatures(
    request: &AddCheckpoint,
    body: &[u8],
    witnesses: &[VerifierKey],
) -> Result<Vec<NoteSignature>, AnswerError> {
    let lines = std::str::from_utf8(body)
        .map_err(|error| AnswerError::Malformed(NoteError::NotUtf8(error.valid_up_to())))?;
    let signatures = parse_signatures(lines).map_err(AnswerError::Malformed)?;
    let text = request.checkpoint.checkpoint().to_string();
    let note = crate::note::Note::new(text, signatures).map_err(AnswerError::Malformed)?;
    let verified = note.verify(witnesses).map_err(AnswerError::Cosignature)?;
    let known = |line: &&NoteSignature| {
        verified.iter().any(|by| by.key.id() == line.key_id && *by.key.name() == line.name)
    };
    Ok(note.signatures().iter().filter(known).cloned().collect())
}

impl AddCheckpoint {
    /// Reads a request body.
    pub fn parse(body: &[u8]) -> Result<AddCheckpoint, AddCheckpointError> {
        if body.len() > ADD_CHECKPOINT_BYTES_MAX {
            return Err(AddCheckpointError::TooLong(body.len()));
        }
        let end = body
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .ok_or(AddCheckpointError::NoCheckpoint)?;
        let head = std::str::from_utf8(&body[..end]).map_err(|_| AddCheckpointError::Old)?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(|number| decimal(number, TREE_SIZE_MAX))
            .ok_or(AddCheckpointError::Old)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == PROOF_HASHES_MAX {
                return Err(AddCheckpointError::TooManyHashes);
            }
            let number = proof.len() + 2;
            proof.push(Hash::from_base64(line).map_err(|_| AddCheckpointError::Hash(number))?);
        }
        let checkpoint = SignedCheckpoint::parse(&body[end + 2..])?;
        Ok(AddCheckpoint { old: TreeSize(old), proof, checkpoint })
    }
}

impl WitnessRefusal {
    /// HTTP status of the answer (tlog-witness main).
    pub fn status(&self) -> u16 {
        match self {
            WitnessRefusal::UnknownOrigin(_) => 404,
            WitnessRefusal::Signature(_) => 403,
            WitnessRefusal::OldBeyondNew { .. } => 400,
            WitnessRefusal::Conflict(_) => 409,
            WitnessRefusal::EmptyRoot | WitnessRefusal::Forked | WitnessRefusal::Proof(_) => 422,
        }
    }

    /// Body of the answer: for a conflict the size and a line feed, to be sent as
    /// [`SIZE_CONTENT_TYPE`]; else a sentence in plain text.
    pub fn body(&self) -> String {
        match self {
            WitnessRefusal::Conflict(seen) => format!("{seen}\n"),
            other => format!("{other}\n"),
        }
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
