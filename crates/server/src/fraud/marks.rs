//! Marks of suspected fraud as desks exchange them: a signed note whose text is one JSON object
//! (docs/formats/fraud-marks.md).
//!
//! Knows no directory. No case, no name of a person and no request is in a document; an officer is
//! a digest. What another desk says is hearsay: whoever takes it in names the key he trusts.

use jiff::{SignedDuration, Timestamp};
use ledger::note::{NotSigned, Note, NoteError, NoteVerifyError, SigningKey, VerifierKey};
use serde::{Deserialize, Serialize};

use desk::ids::{Country, Digest};
use desk::suspicion::MarkReason;

/// The first word of every document.
pub const FORMAT: &str = "comity fraud marks 1";
/// Marks of one document.
pub const MARKS_COUNT_MAX: usize = 1_000;
/// Identifiers of one mark.
pub const IDENTIFIERS_COUNT_MAX: usize = 32;
/// A document that we issue says something for so long, in days.
pub const ISSUED_DAYS: i64 = 30;
/// No document says something for longer, in days: suspicion must be renewed or end.
pub const VALID_DAYS_MAX: i64 = 90;
/// The clocks of two desks may differ by this much.
const CLOCKS_APART_MINUTES_MAX: i64 = 10;

/// What one desk suspects, all of it: a newer document takes the place of an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarksDocument {
    /// [`FORMAT`].
    pub format: String,
    /// The name of the log whose key signs.
    pub desk: String,
    /// The company.
    pub company: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// It says nothing from then on.
    pub expires_at: Timestamp,
    /// The marks.
    pub marks: Vec<SharedMark>,
}

/// One suspected sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedMark {
    /// The agency that the sender claims to be of, as enrolled at the issuing desk.
    pub agency: String,
    /// Its country.
    pub country: Country,
    /// Domains of its mail.
    pub domains: Vec<String>,
    /// By what the sender can be recognised.
    pub identifiers: Vec<Identifier>,
    /// Why.
    pub reason: MarkReason,
    /// Since when.
    pub marked_at: Timestamp,
}

/// By what a sender can be recognised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// What is digested.
    pub kind: IdentifierKind,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// What an identifier is a digest of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// The DER of a client certificate.
    Certificate,
    /// The DER of the SubjectPublicKeyInfo of a key that signs HI-1 messages.
    SignatureKey,
    /// `comity officer e-mail v1`, a zero byte, and the officer's address in lower case.
    OfficerEmail,
    /// An instrument that the sender sent and that was refused as fraud: its file, or the hex
    /// digests of its files, a line feed between them.
    Order,
}

/// Why a document is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum MarksError {
    /// It is no signed note.
    #[error("it is not a signed note: {0}")]
    Note(#[from] NoteError),
    /// The log's key lies elsewhere and did not sign.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// The signature does not hold.
    #[error("it is not signed by the key you name: {0}")]
    Signature(#[from] NoteVerifyError),
    /// The text is not a document.
    #[error("its text is not a document of fraud marks: {0}")]
    Contents(String),
    /// It names another desk than its key does.
    #[error("it speaks for {said}, but {signed} signed it")]
    OtherDesk {
        /// The desk in the text.
        said: String,
        /// The name of the key.
        signed: String,
    },
    /// Its time has not come, or is over.
    #[error("it is valid from {from} to {until}, not now ({now}); ask for a newer one")]
    NotNow {
        /// When it was issued.
        from: Timestamp,
        /// When it ends.
        until: Timestamp,
        /// Now.
        now: Timestamp,
    },
}

impl MarksDocument {
    /// A document of these marks, valid for [`ISSUED_DAYS`] from now on.
    ///
    /// # Errors
    /// When there are more than [`MARKS_COUNT_MAX`].
    pub fn new(
        desk: &str,
        company: &str,
        marks: Vec<SharedMark>,
        now: Timestamp,
    ) -> Result<Self, MarksError> {
        let end = now.checked_add(SignedDuration::from_hours(24 * ISSUED_DAYS));
        let document = Self {
            format: FORMAT.to_owned(),
            desk: desk.to_owned(),
            company: company.to_owned(),
            issued_at: now,
            expires_at: end.map_err(|error| MarksError::Contents(error.to_string()))?,
            marks,
        };
        document.check()?;
        Ok(document)
    }

    /// The document as a note signed by the log's key.
    ///
    /// # Errors
    /// When it is too long for a note.
    pub fn sign(&self, key: &SigningKey) -> Result<Note, MarksError> {
        let json = serde_json::to_string(self);
        let json = json.map_err(|error| MarksError::Contents(error.to_string()))?;
        // One line that begins with a brace: no checkpoint, whose first line is a log's name and
        // whose second is a number, can be taken for it, nor it for a checkpoint.
        let text = format!("{json}\n");
        let signature = key.sign(&text)?;
        Ok(Note::new(text, vec![signature])?)
    }

    /// Reads a note that this key must have signed, valid now.
    ///
    /// # Errors
    /// Each way in which it can be wrong, in words.
    pub fn open(bytes: &[u8], key: &VerifierKey, now: Timestamp) -> Result<Self, MarksError> {
        let note = Note::parse(bytes)?;
        note.verify([key])?;
        let text = note.text().trim_end_matches('\n');
        let document: Self =
            serde_json::from_str(text).map_err(|error| MarksError::Contents(error.to_string()))?;
        document.check()?;
        if document.desk != key.name().as_str() {
            let (said, signed) = (document.desk.clone(), key.name().to_string());
            return Err(MarksError::OtherDesk { said, signed });
        }
        let (from, until) = (document.issued_at, document.expires_at);
        let apart = SignedDuration::from_mins(CLOCKS_APART_MINUTES_MAX);
        let is_early = now.checked_add(apart).is_ok_and(|latest| latest < from);
        if is_early || until <= now {
            return Err(MarksError::NotNow { from, until, now });
        }
        Ok(document)
    }

    fn check(&self) -> Result<(), MarksError> {
        let wrong = |why: String| Err(MarksError::Contents(why));
        if self.format != FORMAT {
            return wrong(format!("format is {:?}; this program reads {FORMAT:?}", self.format));
        }
        let longest = SignedDuration::from_hours(24 * VALID_DAYS_MAX);
        let life = self.expires_at.duration_since(self.issued_at);
        if life <= SignedDuration::ZERO || life > longest {
            return wrong(format!("it would be valid for {life}; at most {VALID_DAYS_MAX} days"));
        }
        if self.marks.len() > MARKS_COUNT_MAX {
            return wrong(format!("{} marks; at most {MARKS_COUNT_MAX}", self.marks.len()));
        }
        for (index, mark) in self.marks.iter().enumerate() {
            let identifiers = &mark.identifiers;
            if identifiers.is_empty() || identifiers.len() > IDENTIFIERS_COUNT_MAX {
                return wrong(format!(
                    "marks[{index}] has {} identifiers; 1 to {IDENTIFIERS_COUNT_MAX}",
                    identifiers.len()
                ));
            }
            let is_digest = |text: &str| Digest::from_hex(text).is_some();
            if let Some(at) = identifiers.iter().position(|known| !is_digest(&known.sha256)) {
                return wrong(format!(
                    "marks[{index}].identifiers[{at}].sha256 is not 64 lower-case hex digits"
                ));
            }
        }
        Ok(())
    }
}
