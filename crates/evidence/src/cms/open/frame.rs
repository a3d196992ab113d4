//! The frame of an envelope: lengths and tags around the recipients and the encrypted bytes, in
//! strict DER (X.690 section 10). Knows no key and decrypts nothing; copies no content.

use ::cms::content_info::CmsVersion;
use ::cms::enveloped_data::RecipientInfo;
use ::der::Decode;
use ::der::asn1::ObjectIdentifier;
use ::der::oid::db::rfc5911;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::OpenError;
use crate::cms::der;
use crate::cms::envelope::RECIPIENTS_COUNT_MAX;

/// All recipients together: far more than 16 of the largest keys and longest names take.
const RECIPIENTS_BYTES_MAX: usize = 256 * 1024;
const OBJECT_IDENTIFIER: u8 = 0x06;
const INTEGER: u8 = 0x02;

/// An envelope, taken apart.
pub(super) struct Frame<'a> {
    pub recipients: Vec<RecipientInfo>,
    pub algorithm: AlgorithmIdentifierOwned,
    pub encrypted: &'a [u8],
}

/// Reads ContentInfo, EnvelopedData and EncryptedContentInfo (RFC 5652 sections 3 and 6.1).
pub(super) fn read(envelope: &[u8]) -> Result<Frame<'_>, OpenError> {
    let mut all = outermost(envelope)?;
    let kind: ObjectIdentifier = all.typed(OBJECT_IDENTIFIER, "the content type")?;
    if kind != rfc5911::ID_ENVELOPED_DATA {
        return Err(OpenError::ContentType { found: name(&kind) });
    }
    let mut explicit = all.value(der::context(0), "the content")?;
    all.end("the file")?;
    let mut enveloped = explicit.value(der::SEQUENCE, "the enveloped data")?;
    explicit.end("the content")?;
    let version_offset = enveloped.offset;
    let version: CmsVersion = enveloped.typed(INTEGER, "the version")?;
    let recipients = recipients(enveloped.value(der::SET, "the set of recipients")?)?;
    let expected = version_for(&recipients);
    if version != expected {
        let what = format!("is {}, not {} as its recipients ask", version as u8, expected as u8);
        return Err(structure(version_offset, "the version", what));
    }

    let mut info = enveloped.value(der::SEQUENCE, "the encrypted content info")?;
    enveloped.end("the enveloped data")?;
    let inner_offset = info.offset;
    let inner: ObjectIdentifier = info.typed(OBJECT_IDENTIFIER, "the inner content type")?;
    if inner != rfc5911::ID_DATA {
        let what = format!("is {}, not plain data", name(&inner));
        return Err(structure(inner_offset, "the inner content type", what));
    }
    let algorithm = info.typed(der::SEQUENCE, "the content encryption algorithm")?;
    if info.peek() == Some(der::context(0)) {
        // Encrypted bytes in pieces: BER.
        return Err(OpenError::Indefinite { offset: info.offset as u64 });
    }
    let encrypted = info.value(der::context_primitive(0), "the encrypted content")?;
    info.end("the encrypted content info")?;
    Ok(Frame { recipients, algorithm, encrypted: encrypted.rest() })
}

/// Name of an algorithm or content type people meet, with its number.
pub(super) fn name(oid: &ObjectIdentifier) -> String {
    let number = oid.to_string();
    let known = NAMES.iter().find(|(known, _)| *known == number);
    known.map_or(number.clone(), |(_, name)| format!("{name} ({number})"))
}

const NAMES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.7.1", "plain data"),
    ("1.2.840.113549.1.7.2", "signed data"),
    ("1.2.840.113549.1.7.3", "enveloped data"),
    ("1.2.840.113549.1.7.6", "encrypted data"),
    ("1.2.840.113549.1.9.16.1.23", "authenticated enveloped data"),
    ("1.2.840.113549.1.1.1", "RSA with PKCS #1 v1.5 padding"),
    ("1.2.840.113549.1.1.7", "RSA-OAEP"),
    ("1.2.840.113549.3.7", "triple DES in CBC mode"),
    ("1.3.14.3.2.26", "SHA-1"),
    ("1.3.101.110", "X25519"),
    ("1.3.132.1.11.0", "ECDH with X9.63 KDF SHA-224"),
    ("1.3.132.1.11.1", "ECDH with X9.63 KDF SHA-256"),
    ("1.3.132.1.11.2", "ECDH with X9.63 KDF SHA-384"),
    ("1.3.132.1.11.3", "ECDH with X9.63 KDF SHA-512"),
    ("1.3.133.16.840.63.0.2", "ECDH with X9.63 KDF SHA-1"),
    ("1.3.133.16.840.63.0.3", "cofactor ECDH with X9.63 KDF SHA-1"),
    ("2.16.840.1.101.3.4.1.2", "AES-128-CBC"),
    ("2.16.840.1.101.3.4.1.5", "AES-128 key wrap"),
    ("2.16.840.1.101.3.4.1.22", "AES-192-CBC"),
    ("2.16.840.1.101.3.4.1.25", "AES-192 key wrap"),
    ("2.16.840.1.101.3.4.1.42", "AES-256-CBC"),
    ("2.16.840.1.101.3.4.1.45", "AES-256 key wrap"),
    ("2.16.840.1.101.3.4.2.1", "SHA-256"),
    ("2.16.840.1.101.3.4.2.2", "SHA-384"),
    ("2.16.840.1.101.3.4.2.3", "SHA-512"),
];

/// The part of the file that is still to be read inside one value.
struct Cursor<'a> {
    file: &'a [u8],
    offset: usize,
    end: usize,
}

/// The first value, which has to be the whole file.
fn outermost(file: &[u8]) -> Result<Cursor<'_>, OpenError> {
    if let Some(what) = foreign(file) {
        return Err(OpenError::NotCms { what });
    }
    let (length, start) = length(file, 1, "the file")?;
    let end = (start as u64).saturating_add(length);
    let found = file.len() as u64;
    if end > found {
        return Err(OpenError::Truncated { bytes_missing: end - found });
    }
    if end < found {
        return Err(OpenError::Trailing { bytes: found - end });
    }
    Ok(Cursor { file, offset: start, end: file.len() })
}

/// What people give by mistake.
fn foreign(file: &[u8]) -> Option<&'static str> {
    if file.is_empty() {
        Some("it is empty")
    } else if file.starts_with(b"-----BEGIN") {
        Some("it is PEM text; change it by `openssl cms -cmsout -inform PEM -outform DER`")
    } else if file.starts_with(b"age-encryption.org/") {
        Some("it is an age file; open it with the age identity")
    } else if file.starts_with(b"PK") {
        Some("it is a zip, so it is not encrypted or already opened")
    } else if file.starts_with(b"MIME-Version:") || file.starts_with(b"Content-Type:") {
        Some("it is mail; change it by `openssl cms -cmsout -inform SMIME -outform DER`")
    } else if file[0] != der::SEQUENCE {
        Some("it does not start as one; give the file as it was received, in DER")
    } else {
        None
    }
}

/// Reads the length at `offset`; gives it with the offset after it.
fn length(file: &[u8], offset: usize, field: &'static str) -> Result<(u64, usize), OpenError> {
    let missing = |bytes| OpenError::Truncated { bytes_missing: bytes };
    let first = *file.get(offset).ok_or_else(|| missing(1))?;
    let count = usize::from(first & 0x7f);
    if first < 0x80 {
        return Ok((u64::from(first), offset + 1));
    }
    if count == 0 {
        return Err(OpenError::Indefinite { offset: offset as u64 });
    }
    if count > size_of::<u64>() {
        return Err(structure(offset, field, "has a length of more than 8 bytes".into()));
    }
    let start = offset + 1;
    let bytes = file.get(start..start + count);
    let bytes = bytes.ok_or_else(|| missing((start + count - file.len()) as u64))?;
    let length = bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
    if bytes[0] == 0 || length < 0x80 {
        return Err(structure(offset, field, "has a length that is not DER".into()));
    }
    Ok((length, start + count))
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.file[self.offset..self.end].first().copied()
    }

    /// Steps over the next value and gives what is within.
    fn value(&mut self, tag: u8, field: &'static str) -> Result<Cursor<'a>, OpenError> {
        match self.peek() {
            Some(found) if found == tag => {}
            Some(found) => {
                let what = format!("has the tag {found:02x}, not {tag:02x}");
                return Err(structure(self.offset, field, what));
            }
            None => return Err(structure(self.offset, field, "is missing".into())),
        }
        // The file is whole, so whatever does not fit is damage and not a missing end.
        let too_long = || structure(self.offset, field, "is longer than what it is in".into());
        let within = &self.file[..self.end];
        let (length, start) = match length(within, self.offset + 1, field) {
            Err(OpenError::Truncated { .. }) => return Err(too_long()),
            other => other?,
        };
        let length = usize::try_from(length).map_err(|_| too_long())?;
        let end = start.checked_add(length).filter(|end| *end <= self.end);
        let end = end.ok_or_else(too_long)?;
        self.offset = end;
        Ok(Cursor { file: self.file, offset: start, end })
    }

    /// Reads the next value by its type.
    fn typed<T: Decode<'a>>(&mut self, tag: u8, field: &'static str) -> Result<T, OpenError> {
        let start = self.offset;
        self.value(tag, field)?;
        T::from_der(&self.file[start..self.offset])
            .map_err(|error| structure(start, field, format!("cannot be read ({error})")))
    }

    fn rest(&self) -> &'a [u8] {
        &self.file[self.offset..self.end]
    }

    /// Nothing may be left.
    fn end(&self, field: &'static str) -> Result<(), OpenError> {
        if self.offset == self.end {
            return Ok(());
        }
        Err(structure(self.offset, field, "has more in it than is read here".into()))
    }
}

fn recipients(mut set: Cursor<'_>) -> Result<Vec<RecipientInfo>, OpenError> {
    const FIELD: &str = "the recipient";
    if set.rest().len() > RECIPIENTS_BYTES_MAX {
        let what = format!("has more than {RECIPIENTS_BYTES_MAX} bytes");
        return Err(structure(set.offset, "the set of recipients", what));
    }
    let mut recipients = Vec::new();
    while let Some(tag) = set.peek() {
        if recipients.len() == RECIPIENTS_COUNT_MAX {
            return Err(OpenError::RecipientCount { found: RECIPIENTS_COUNT_MAX + 1 });
        }
        let start = set.offset;
        set.value(tag, FIELD)?;
        // The `cms` type cannot read a key agreement whose recipient is named by key identifier.
        let info = RecipientInfo::from_der(&set.file[start..set.offset]).map_err(|error| {
            let what = format!("is not one named by issuer and serial number ({error})");
            structure(start, FIELD, what)
        })?;
        recipients.push(info);
    }
    if recipients.is_empty() {
        return Err(OpenError::RecipientCount { found: 0 });
    }
    Ok(recipients)
}

/// RFC 5652 section 6.1, for an envelope without certificates and attributes of the sender.
fn version_for(recipients: &[RecipientInfo]) -> CmsVersion {
    let other = |one: &RecipientInfo| matches!(one, RecipientInfo::Pwri(_) | RecipientInfo::Ori(_));
    let plain = |one: &RecipientInfo| match one {
        RecipientInfo::Ktri(info) => info.version == CmsVersion::V0,
        _ => false,
    };
    if recipients.iter().any(other) {
        CmsVersion::V3
    } else if recipients.iter().all(plain) {
        CmsVersion::V0
    } else {
        CmsVersion::V2
    }
}

fn structure(offset: usize, field: &'static str, what: String) -> OpenError {
    OpenError::Structure { offset: offset as u64, field, what }
}
