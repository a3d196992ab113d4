//! Envelopes for recipients who have age (C2SP age.md, X25519 recipients).
//!
//! The `age` crate draws its own random bytes (file key, nonce): it offers no way to pass them in
//! (docs/decisions/040). An envelope hides, it does not prove.

use std::io::{self, Write};

use ::age::Encryptor;
use ::age::stream::StreamWriter;
use ::age::x25519;

/// Recipients of one file.
pub const RECIPIENTS_COUNT_MAX: usize = 16;

/// A recipient: `age1...`.
#[derive(Clone)]
pub struct AgeRecipient(x25519::Recipient);

/// Encrypts what is written to it.
pub struct AgeWriter<W: Write>(StreamWriter<W>);

/// Why nothing was encrypted.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    /// Not a recipient.
    #[error("`{text}` is no age recipient ({reason}); it starts with age1")]
    Recipient {
        /// What was given.
        text: String,
        /// What the parser said.
        reason: &'static str,
    },
    /// No recipient, or too many.
    #[error("an age file has 1 to {RECIPIENTS_COUNT_MAX} recipients, not {found}")]
    RecipientCount {
        /// How many were given.
        found: usize,
    },
    /// The header could not be made.
    #[error("the recipients cannot be combined in one age file")]
    Header(#[source] ::age::EncryptError),
    /// The output failed.
    #[error("the age file cannot be written")]
    Write(#[from] io::Error),
}

impl AgeRecipient {
    /// Reads `age1...`.
    pub fn parse(text: &str) -> Result<Self, AgeError> {
        let parsed = text.trim().parse::<x25519::Recipient>();
        parsed
            .map(Self)
            .map_err(|reason| AgeError::Recipient { text: text.trim().to_owned(), reason })
    }
}

impl<W: Write> AgeWriter<W> {
    /// Writes the header for these recipients.
    pub fn new(out: W, recipients: &[AgeRecipient]) -> Result<Self, AgeError> {
        if recipients.is_empty() || recipients.len() > RECIPIENTS_COUNT_MAX {
            return Err(AgeError::RecipientCount { found: recipients.len() });
        }
        let recipients = recipients.iter().map(|one| &one.0 as &dyn ::age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(AgeError::Header)?;
        Ok(Self(encryptor.wrap_output(out)?))
    }

    /// Writes the last chunk and returns the inner writer. Without it the file is cut short.
    pub fn finish(self) -> Result<W, AgeError> {
        Ok(self.0.finish()?)
    }
}

impl<W: Write> Write for AgeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
