//! Signed notes (C2SP signed-note): a text with signature lines, and the keys that made them.
//! Knows nothing of what a text says, of trees, of time, or of where keys are kept.
//!
//! A note is `TEXT`, an empty line, and one or more lines `— name base64(key id || signature)`.
//! Lines by keys that the reader does not know are kept but say nothing; a line by a known key
//! that does not verify spoils the whole note.

mod key;

pub use key::{
    KeyError, KeyId, KeyKind, KeyName, NotSigned, PosixSeconds, SignElsewhere, SignatureType,
    SigningKey, VerifierKey,
};

use std::fmt;

use crate::text::{base64_bytes, base64_text};

/// Longest note that is read, in bytes. Room for 100 ML-DSA-44 signatures and a long text.
pub const NOTE_BYTES_MAX: usize = 512 * 1024;
/// Most signature lines of one note; signed-note asks for at least 16.
pub const NOTE_SIGNATURES_MAX: usize = 100;
/// Longest signature of one line, in bytes, key id not counted. ML-DSA-44 needs 2,428.
pub const SIGNATURE_BYTES_MAX: usize = 8 * 1024;

/// A text with at least one signature line. That it parses says nothing about trust: see
/// [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line of a note. Printed without its final line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Who says to have signed.
    pub name: KeyName,
    /// Short id of the key that is said to have signed.
    pub key_id: KeyId,
    /// What the key's type makes of it: for Ed25519 64 bytes, for cosignature/v1 72.
    pub bytes: Vec<u8>,
}

/// A signature line that verified under a known key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// The time the cosigner gave; `None` for a plain signature, which has none.
    pub at: Option<PosixSeconds>,
}

/// Why bytes are not a signed note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More than [`NOTE_BYTES_MAX`] bytes.
    #[error("the note has {0} bytes; at most {NOTE_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("byte {0} of the note is not UTF-8")]
    NotUtf8(usize),
    /// A control character other than line feed.
    #[error("byte {0} of the note is a control character; only line feed is allowed")]
    ControlByte(usize),
    /// The text is empty or does not end in a line feed.
    #[error("the text of a note must end in a line feed")]
    TextNotEnded,
    /// No empty line before the signatures, or nothing after it.
    #[error(
        "the note has no signatures: after the text, an empty line and one or more signature \
             lines are expected"
    )]
    NoSignatures,
    /// More than [`NOTE_SIGNATURES_MAX`] signature lines.
    #[error("the note has more than {NOTE_SIGNATURES_MAX} signature lines")]
    TooManySignatures,
    /// A signature line is not of the form `— name base64`.
    #[error("signature line {line} is malformed: {fault}")]
    SignatureLine {
        /// Number of the line among the signature lines, from 1.
        line: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
}

/// Why a note is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteVerifyError {
    /// A line names a known key, but its signature is not by that key.
    #[error("the signature by {name} (key {id}) does not verify")]
    BadSignature {
        /// The known key's name.
        name: KeyName,
        /// The known key's id.
        id: KeyId,
    },
    /// No line is by a known key.
    #[error("no signature is by a known key")]
    NoKnownSignature,
    /// Two different known keys share a name and the 4-byte id, so that a line cannot be judged.
    #[error("two known keys share the name {name} and the id {id}")]
    AmbiguousKey {
        /// The shared name.
        name: KeyName,
        /// The shared id.
        id: KeyId,
    },
}

impl Note {
    /// Puts a text and its signatures together.
    pub fn new(text: String, signatures: Vec<NoteSignature>) -> Result<Note, NoteError> {
        check_text(&text)?;
        let note = Note { text, signatures };
        note.check_counts()?;
        Ok(note)
    }

    /// Reads a note. The separator is the last empty line, so a text may hold empty lines.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let all =
            std::str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8(error.valid_up_to()))?;
        check_characters(all)?;
        let separator = all.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&all[..separator + 1], &all[separator + 2..]);
        check_text(text)?;
        Ok(Note { text: text.to_owned(), signatures: parse_signatures(lines)? })
    }

    /// The signed text with its final line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines in their order, known keys or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature line at the end.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        self.signatures.push(signature);
        self.check_counts().inspect_err(|_| {
            self.signatures.pop();
        })
    }

    /// The lines that verify under one of `keys`, in the order of the note. Lines by other keys
    /// are passed over (signed-note: "MUST ignore"); a line by one of `keys` that fails rejects
    /// the note; so does the absence of any known line.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey> + Clone,
    ) -> Result<Vec<Verified<'k>>, NoteVerifyError> {
        let verified = self.verify_known(keys)?;
        if verified.is_empty() { Err(NoteVerifyError::NoKnownSignature) } else { Ok(verified) }
    }

    /// As [`Note::verify`], but a note without any known line gives an empty list.
    pub(crate) fn verify_known<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey> + Clone,
    ) -> Result<Vec<Verified<'k>>, NoteVerifyError> {
        let mut verified: Vec<Verified<'k>> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = known_key(keys.clone(), signature)? else { continue };
            let at = key.verify(&self.text, &signature.bytes).map_err(|()| {
                NoteVerifyError::BadSignature { name: key.name().clone(), id: key.id() }
            })?;
            if !verified.iter().any(|earlier| earlier.key == key) {
                verified.push(Verified { key, at });
            }
        }
        Ok(verified)
    }

    fn check_counts(&self) -> Result<(), NoteError> {
        match self.signatures.len() {
            0 => return Err(NoteError::NoSignatures),
            1..=NOTE_SIGNATURES_MAX => {}
            _ => return Err(NoteError::TooManySignatures),
        }
        let length = self.to_string().len();
        if length > NOTE_BYTES_MAX { Err(NoteError::TooLong(length)) } else { Ok(()) }
    }
}

/// Reads signature lines alone, each ended by a line feed: the answer of a witness
/// (C2SP tlog-witness, add-checkpoint).
pub fn parse_signatures(lines: &str) -> Result<Vec<NoteSignature>, NoteError> {
    let body = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
    let mut signatures = Vec::new();
    for (number, line) in body.split('\n').enumerate() {
        if signatures.len() == NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        let signature = NoteSignature::parse(line)
            .map_err(|fault| NoteError::SignatureLine { line: number + 1, fault })?;
        signatures.push(signature);
    }
    Ok(signatures)
}

impl NoteSignature {
    /// Reads one line without its line feed. The error says what is wrong with it.
    pub fn parse(line: &str) -> Result<NoteSignature, &'static str> {
        let rest =
            line.strip_prefix("— ").ok_or("it does not begin with an em dash and a space")?;
        let (name, base64) = rest.split_once(' ').ok_or("it has no space after the key name")?;
        let name = KeyName::parse(name).map_err(|_| "its key name is not allowed")?;
        let bytes = base64_bytes(base64).ok_or("its signature is not standard padded base64")?;
        let (id, signature) =
            bytes.split_first_chunk::<4>().ok_or("its signature is shorter than a key id")?;
        if signature.is_empty() || signature.len() > SIGNATURE_BYTES_MAX {
            return Err("its signature is empty or too long");
        }
        Ok(NoteSignature { name, key_id: KeyId(*id), bytes: signature.to_vec() })
    }
}

fn known_key<'k>(
    keys: impl IntoIterator<Item = &'k VerifierKey>,
    signature: &NoteSignature,
) -> Result<Option<&'k VerifierKey>, NoteVerifyError> {
    let mut matching = keys
        .into_iter()
        .filter(|key| key.id() == signature.key_id && *key.name() == signature.name);
    let Some(first) = matching.next() else { return Ok(None) };
    if matching.any(|other| other != first) {
        let (name, id) = (first.name().clone(), first.id());
        return Err(NoteVerifyError::AmbiguousKey { name, id });
    }
    Ok(Some(first))
}

fn check_text(text: &str) -> Result<(), NoteError> {
    check_characters(text)?;
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::TextNotEnded) }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        Some(offset) => Err(NoteError::ControlByte(offset)),
        None => Ok(()),
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id.0[..], &self.bytes].concat();
        write!(f, "— {} {}", self.name, base64_text(&bytes))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}
