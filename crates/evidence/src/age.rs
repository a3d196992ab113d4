//! Envelopes for recipients who have age (C2SP age.md, X25519 recipients).
//!
//! The `age` crate draws its own random bytes (file key, nonce): it offers no way to pass them in
//! (docs/decisions/040). An envelope hides, it does not prove.

use std::io::{self, BufReader, Read, Write};

use ::age::stream::StreamWriter;
use ::age::x25519;
use ::age::{DecryptError, Decryptor, Encryptor, Identity};

/// Recipients of one file.
pub const RECIPIENTS_COUNT_MAX: usize = 16;

/// The header of a file that is opened. Far more than 16 recipients take.
const HEADER_BYTES_MAX: u64 = 64 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;
const INTRO: &[u8] = b"age-encryption.org/v1\n";
const HEADER_END: &[u8] = b"\n--- ";

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
    /// Not an identity. What was given is a secret and is not repeated.
    #[error("this is no age identity ({reason}); it starts with AGE-SECRET-KEY-1")]
    Identity {
        /// What the parser said.
        reason: &'static str,
    },
    /// Not an age file.
    #[error("this is not an age file of version 1 in binary; {what}")]
    NotAge {
        /// What is wrong, and what to do.
        what: &'static str,
    },
    /// Encrypted to others.
    #[error(
        "the age file is not encrypted to this identity; give the identity it was made for, or \
         ask the sender to encrypt to this one"
    )]
    NotForIdentity,
    /// The header or the content is damaged or cut short.
    #[error("the age file is damaged or cut short; throw away what was written, get it again")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The content of an opened file cannot be written.
    #[error("the content of the age file cannot be written")]
    WriteContent(#[source] io::Error),
}

/// Decrypts an age file into `out`, piece by piece; gives `out` back with the number of bytes
/// written. `identity` is `AGE-SECRET-KEY-1...`, with or without the comment lines of a key file;
/// of several identities the first is taken.
///
/// Each piece is authenticated before it is written, but a cut end shows only at the end: what
/// was written before an error is not the whole content.
pub fn open_age<R: Read, W: Write>(
    mut envelope: R,
    identity: &str,
    mut out: W,
) -> Result<(W, u64), AgeError> {
    let identity = parse_identity(identity)?;
    let mut head = Vec::new();
    let damaged = |error: io::Error| AgeError::Damaged(error.into());
    envelope.by_ref().take(HEADER_BYTES_MAX).read_to_end(&mut head).map_err(damaged)?;
    check_header_is_bounded(&head)?;
    let decryptor = Decryptor::new_buffered(BufReader::new(head.chain(envelope)));
    let identities = std::iter::once(&identity as &dyn Identity);
    let mut content = decryptor.and_then(|one| one.decrypt(identities)).map_err(not_opened)?;
    let mut room = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let count = match content.read(&mut room) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(damaged(error)),
        };
        out.write_all(&room[..count]).map_err(AgeError::WriteContent)?;
        bytes += count as u64;
    }
    out.flush().map_err(AgeError::WriteContent)?;
    Ok((out, bytes))
}

fn parse_identity(text: &str) -> Result<x25519::Identity, AgeError> {
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    line.parse().map_err(|reason| AgeError::Identity { reason })
}

/// The parser starts over for every piece of an unfinished header, so an endless one would keep it
/// busy: the header's last line has to be near.
fn check_header_is_bounded(head: &[u8]) -> Result<(), AgeError> {
    if head.starts_with(b"-----BEGIN AGE") {
        return Err(AgeError::NotAge { what: "it is armored text, ask for the binary form" });
    }
    if !head.starts_with(INTRO) {
        return Err(AgeError::NotAge { what: "give the file as it was received" });
    }
    if !head.windows(HEADER_END.len()).any(|window| window == HEADER_END) {
        return Err(AgeError::NotAge { what: "its header has no end, get the file again" });
    }
    Ok(())
}

fn not_opened(error: DecryptError) -> AgeError {
    match error {
        DecryptError::NoMatchingKeys => AgeError::NotForIdentity,
        other => AgeError::Damaged(Box::new(other)),
    }
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
