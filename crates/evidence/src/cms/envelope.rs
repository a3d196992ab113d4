//! Envelopes: CMS EnvelopedData with AES-256-CBC (RFC 5652 section 6), written as a stream. Opens
//! with `openssl cms -decrypt -binary -inform DER`.
//!
//! Draws no random bytes: content key and initialisation vector come in, and so does the key
//! wrapped for each recipient ([`super::recipient`]). An envelope hides, it does not prove: what
//! is inside carries its own seal.

use std::fmt;
use std::io::{self, Write};

use aws_lc_rs::cipher::{AES_256, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::CmsError;
use super::{der, oid};

/// Recipients of one envelope.
pub const RECIPIENTS_COUNT_MAX: usize = 16;

const BLOCK_BYTES: u64 = 16;
const CHUNK_BYTES: usize = 16 * 1024;

/// The key that encrypts the content: 32 random bytes, used for one envelope only.
pub struct ContentKey(pub(crate) [u8; 32]);

/// The initialisation vector: 16 random bytes, used for one envelope only.
pub struct ContentIv([u8; 16]);

/// One RecipientInfo, DER: the content key wrapped for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientInfo {
    pub(crate) der: Vec<u8>,
    pub(crate) kind: RecipientKind,
}

/// How the key is wrapped; the version of the envelope depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecipientKind {
    KeyTransport,
    KeyAgreement,
}

/// Encrypts what is written to it into an envelope.
pub struct EnvelopeWriter<W> {
    out: W,
    cipher: StreamingEncryptingKey,
    encrypted: Vec<u8>,
    bytes_left: u64,
}

impl ContentKey {
    /// Takes 32 random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }
}

impl ContentIv {
    /// Takes 16 random bytes.
    pub fn new(random: [u8; 16]) -> Self {
        Self(random)
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(hidden)")
    }
}

impl<W: Write> EnvelopeWriter<W> {
    /// Writes the head of an envelope whose content has exactly `content_bytes` bytes. The length
    /// is needed first so that the whole is DER, which is what strict readers ask for.
    pub fn new(
        mut out: W,
        content_bytes: u64,
        key: &ContentKey,
        iv: ContentIv,
        recipients: &[RecipientInfo],
    ) -> Result<Self, EnvelopeError> {
        let head = head(content_bytes, &iv, recipients)?;
        let refused = |_| CmsError::Crypto { what: "take the content key" };
        let unbound = UnboundCipherKey::new(&AES_256, &key.0).map_err(refused)?;
        let context = EncryptionContext::Iv128(FixedLength::from(iv.0));
        let cipher =
            StreamingEncryptingKey::less_safe_cbc_pkcs7(unbound, context).map_err(refused)?;
        out.write_all(&head)?;
        let encrypted = vec![0; CHUNK_BYTES + BLOCK_BYTES as usize];
        Ok(Self { out, cipher, encrypted, bytes_left: content_bytes })
    }

    /// Writes the last block and returns the inner writer.
    pub fn finish(mut self) -> Result<W, EnvelopeError> {
        if self.bytes_left != 0 {
            return Err(EnvelopeError::Short { bytes_missing: self.bytes_left });
        }
        let refused = |_| CmsError::Crypto { what: "end the encryption" };
        let (_, last) = self.cipher.finish(&mut self.encrypted).map_err(refused)?;
        self.out.write_all(last.written())?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Why an envelope was not written.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// No recipient, or the crypto library refused.
    #[error(transparent)]
    Cms(#[from] CmsError),
    /// Less was written than was announced.
    #[error("{bytes_missing} bytes of the announced content were not written")]
    Short {
        /// How many are missing.
        bytes_missing: u64,
    },
    /// The output failed.
    #[error("the envelope cannot be written")]
    Write(#[from] io::Error),
}

impl<W: Write> Write for EnvelopeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let chunk = &bytes[..bytes.len().min(CHUNK_BYTES)];
        let Some(bytes_left) = self.bytes_left.checked_sub(chunk.len() as u64) else {
            let what = "more content than was announced for the envelope";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        };
        let update = self.cipher.update(chunk, &mut self.encrypted);
        let update = update.map_err(|_| io::Error::other("the crypto library did not encrypt"))?;
        self.out.write_all(update.written())?;
        self.bytes_left = bytes_left;
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Everything before the encrypted bytes. Nothing follows them: they end each outer value.
fn head(
    content_bytes: u64,
    iv: &ContentIv,
    recipients: &[RecipientInfo],
) -> Result<Vec<u8>, CmsError> {
    if recipients.is_empty() || recipients.len() > RECIPIENTS_COUNT_MAX {
        return Err(CmsError::RecipientCount { found: recipients.len() });
    }
    let agreed = recipients.iter().any(|one| one.kind == RecipientKind::KeyAgreement);
    // RFC 5652 section 6.1: version 2 when a recipient is not of version 0.
    let version = der::unsigned(&[if agreed { 2 } else { 0 }]);
    let infos = recipients.iter().map(|recipient| recipient.der.clone()).collect();
    let infos = der::set_of(der::SET, infos);
    let vector = der::value(der::OCTET_STRING, &[&iv.0]);
    let algorithm = der::sequence(&[oid::AES256_CBC, &vector]);
    let encrypted_bytes = (content_bytes / BLOCK_BYTES + 1) * BLOCK_BYTES;

    // From the inside out: each length counts what is within, encrypted bytes included.
    let in_octets = encrypted_bytes;
    let in_content_info = (oid::DATA.len() + algorithm.len()) as u64 + whole(in_octets);
    let in_enveloped = (version.len() + infos.len()) as u64 + whole(in_content_info);
    let in_explicit = whole(in_enveloped);
    let in_all = oid::ENVELOPED_DATA.len() as u64 + whole(in_explicit);

    let mut head = Vec::new();
    der::push_header(&mut head, der::SEQUENCE, in_all);
    head.extend_from_slice(oid::ENVELOPED_DATA);
    der::push_header(&mut head, der::context(0), in_explicit);
    der::push_header(&mut head, der::SEQUENCE, in_enveloped);
    head.extend_from_slice(&version);
    head.extend_from_slice(&infos);
    der::push_header(&mut head, der::SEQUENCE, in_content_info);
    head.extend_from_slice(oid::DATA);
    head.extend_from_slice(&algorithm);
    der::push_header(&mut head, der::context_primitive(0), in_octets);
    Ok(head)
}

/// Length of a value with its header.
fn whole(length: u64) -> u64 {
    der::header_bytes(length) + length
}
