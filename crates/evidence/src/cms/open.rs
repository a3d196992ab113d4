//! The recipient's side of an envelope: opens what [`super::envelope`] and [`super::recipient`]
//! write, with the certificate it was encrypted to and that certificate's private key.
//!
//! Knows no password, no key store and no trust: the private key comes in as an argument, and
//! whether the certificate is valid is not asked. AES-CBC proves nothing either: a changed
//! envelope can open to changed bytes. Whether the content is what the sender made is shown by
//! the seal inside ([`crate::verify`]), not by the fact that it opened.
//!
//! Opened: RSA-OAEP with SHA-256 (RFC 4055); ECDH on P-256, P-384 or P-521 with X9.63 key
//! derivation by SHA-256 and AES-256 key wrap (RFC 5753); content by AES-256-CBC. Anything else is
//! refused by name. Recipients are named by issuer and serial number, never by key identifier. The
//! frame is read here and not by the `cms` types, because those stop at 256 MiB and copy the
//! content; the small values inside the frame are read by them.

mod frame;

use std::io::{self, Write};

use ::cms::cert::IssuerAndSerialNumber;
use ::cms::content_info::CmsVersion;
use ::cms::enveloped_data::{
    KeyAgreeRecipientIdentifier, KeyAgreeRecipientInfo, KeyTransRecipientInfo,
    OriginatorIdentifierOrKey, RecipientIdentifier, RecipientInfo,
};
use ::der::asn1::ObjectIdentifier;
use ::der::oid::db::{rfc5911, rfc5912};
use ::der::{Any, Decode, Encode, Sequence};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, UnparsedPublicKey};
use aws_lc_rs::cipher::{AES_256, DecryptionContext, StreamingDecryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPublicKeyCompressedBin, PublicKeyX509Der};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::key_wrap::{self, AesKek, KeyWrap};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use x509_cert::Certificate;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};

use super::der;
use super::envelope::RECIPIENTS_COUNT_MAX;
use crate::digest::Sha256;

const BLOCK_BYTES: usize = 16;
const CHUNK_BYTES: usize = 16 * 1024;
const KEY_BYTES: usize = 32;
const UNCOMPRESSED_POINT: u8 = 0x04;
/// dhSinglePass-stdDH-sha256kdf-scheme, RFC 5753.
const ECDH_SHA256_KDF: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.1.11.1");

/// Decrypts an envelope (EnvelopedData in DER) into `out`, piece by piece; gives `out` back with
/// the number of bytes written.
///
/// `certificate_der` is the X.509 certificate the envelope was made for,
/// `private_key_pkcs8_der` its private key as PKCS#8 without a password. The recipient is found
/// by the certificate's issuer and serial number (RFC 5652 section 6.2).
///
/// What was written before an error is not the content: throw it away.
pub fn open<W: Write>(
    envelope: &[u8],
    certificate_der: &[u8],
    private_key_pkcs8_der: &[u8],
    out: W,
) -> Result<(W, u64), OpenError> {
    let frame = frame::read(envelope)?;
    let vector = content_vector(&frame.algorithm)?;
    let certificate = Certificate::from_der(certificate_der).map_err(OpenError::Certificate)?;
    let own_key = OwnKey::read(&certificate, private_key_pkcs8_der)?;
    let wrapped = wrapped_for(&certificate, &frame)?;
    let content_key = match (&own_key, wrapped) {
        (OwnKey::Rsa(key), Wrapped::Transport(info)) => unwrap_rsa(key, &info)?,
        (OwnKey::Ec { key, curve }, Wrapped::Agreement(info, wrapped)) => {
            unwrap_ec(key, *curve, &info, &wrapped)?
        }
        (OwnKey::Rsa(_), Wrapped::Agreement(..)) => {
            let found = "a key agreement for an RSA certificate".into();
            return Err(not_opened(PART_WRAPPING, found, RSA_EXPECTED));
        }
        (OwnKey::Ec { .. }, Wrapped::Transport(_)) => {
            let found = "a key transport for an EC certificate".into();
            return Err(not_opened(PART_WRAPPING, found, EC_EXPECTED));
        }
    };
    decrypt(frame.encrypted, &content_key, vector, out)
}

/// Why an envelope was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No CMS at all.
    #[error("the file is not a CMS envelope: {what}")]
    NotCms {
        /// What it looks like, and what to do.
        what: &'static str,
    },
    /// CMS, but no EnvelopedData.
    #[error("the file is CMS of the type {found}, not an envelope (EnvelopedData)")]
    ContentType {
        /// Its type.
        found: String,
    },
    /// The end is missing.
    #[error(
        "the envelope is cut short: at least {bytes_missing} bytes are missing at its end; \
         get the file again"
    )]
    Truncated {
        /// How many are known to be missing.
        bytes_missing: u64,
    },
    /// Something follows the envelope.
    #[error("{bytes} bytes follow the envelope; get the file again, as binary and not as text")]
    Trailing {
        /// How many.
        bytes: u64,
    },
    /// Lengths are not stated (BER).
    #[error(
        "byte {offset}: the envelope is written in BER pieces, not in DER; rewrite it by \
         `openssl cms -cmsout -inform DER -outform DER`"
    )]
    Indefinite {
        /// Where, from 0.
        offset: u64,
    },
    /// The structure is broken.
    #[error(
        "byte {offset}: {field} {what}; the envelope is damaged or of another kind, get it again"
    )]
    Structure {
        /// Where, from 0.
        offset: u64,
        /// Which part.
        field: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// No recipient, or too many.
    #[error("an envelope has 1 to {RECIPIENTS_COUNT_MAX} recipients, not {found}")]
    RecipientCount {
        /// How many were found, or one more than allowed.
        found: usize,
    },
    /// The certificate cannot be read.
    #[error("the certificate cannot be read; give it as X.509 in DER")]
    Certificate(#[source] ::der::Error),
    /// The private key cannot be read.
    #[error("the private key is not {expected}; give it as PKCS#8 in DER without a password")]
    PrivateKey {
        /// What the certificate asks for.
        expected: &'static str,
    },
    /// The private key is another certificate's.
    #[error("the private key does not belong to the certificate; give the key made with it")]
    WrongKey,
    /// Encrypted to others.
    #[error(
        "the envelope is not encrypted to this certificate (none of its {recipients} recipients \
         has this issuer and serial number); give the certificate it was made for, or ask the \
         sender to encrypt to this one"
    )]
    NotForCertificate {
        /// How many recipients there are.
        recipients: usize,
    },
    /// An algorithm that is not opened here.
    #[error("{part} uses {found}, which is not opened here; ask the sender for {expected}")]
    Algorithm {
        /// What it is used for.
        part: &'static str,
        /// Its name.
        found: String,
        /// What works.
        expected: &'static str,
    },
    /// The key for this recipient does not unwrap.
    #[error("the key wrapped for this certificate is damaged; ask for the envelope again")]
    WrappedKey,
    /// The content does not end as it has to.
    #[error(
        "the encrypted content is damaged: its padding is wrong; throw away what was written and \
         get the envelope again"
    )]
    Padding,
    /// The output failed.
    #[error("the content cannot be written")]
    Write(#[from] io::Error),
}

const PART_CONTENT: &str = "the content";
const PART_WRAPPING: &str = "the wrapping of the content key";
const CONTENT_EXPECTED: &str = "AES-256-CBC";
const RSA_EXPECTED: &str = "RSA-OAEP with SHA-256 and MGF1 with SHA-256, without a label";
const EC_EXPECTED: &str = "ephemeral ECDH with X9.63 KDF SHA-256 and AES-256 key wrap";

/// The recipient's private key, proven to belong to the certificate.
enum OwnKey {
    Rsa(OaepPrivateDecryptingKey),
    Ec { key: agreement::PrivateKey, curve: ObjectIdentifier },
}

/// What is there for one recipient.
enum Wrapped {
    Transport(KeyTransRecipientInfo),
    Agreement(KeyAgreeRecipientInfo, Vec<u8>),
}

/// RSAES-OAEP-params, RFC 4055 section 4.1. An absent value stands for SHA-1.
#[derive(Sequence)]
struct OaepParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    label_source: Option<Any>,
}

impl OwnKey {
    fn read(certificate: &Certificate, pkcs8: &[u8]) -> Result<Self, OpenError> {
        let public_key = &certificate.tbs_certificate.subject_public_key_info;
        let certified = public_key.subject_public_key.raw_bytes();
        match public_key.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => {
                let unusable = || OpenError::PrivateKey { expected: "an RSA key from 2048 bits" };
                let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| unusable())?;
                let own: PublicKeyX509Der<'_> =
                    key.public_key().as_der().map_err(|_| unusable())?;
                let own =
                    SubjectPublicKeyInfoRef::from_der(own.as_ref()).map_err(|_| unusable())?;
                if own.subject_public_key.raw_bytes() != certified {
                    return Err(OpenError::WrongKey);
                }
                OaepPrivateDecryptingKey::new(key).map(Self::Rsa).map_err(|_| unusable())
            }
            rfc5912::ID_EC_PUBLIC_KEY => {
                let unusable =
                    || OpenError::PrivateKey { expected: "an EC key on the certificate's curve" };
                let curve = public_key.algorithm.parameters.as_ref();
                let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
                let curve =
                    curve.ok_or_else(|| certificate_key("EC without a named curve".into()))?;
                let algorithm = match curve {
                    rfc5912::SECP_256_R_1 => &ECDH_P256,
                    rfc5912::SECP_384_R_1 => &ECDH_P384,
                    rfc5912::SECP_521_R_1 => &ECDH_P521,
                    other => return Err(certificate_key(format!("EC on curve {other}"))),
                };
                let key = agreement::PrivateKey::from_private_key_der(algorithm, pkcs8)
                    .map_err(|_| unusable())?;
                let own = key.compute_public_key().map_err(|_| unusable())?;
                let short: EcPublicKeyCompressedBin<'_> =
                    own.as_be_bytes().map_err(|_| unusable())?;
                if own.as_ref() != certified && short.as_ref() != certified {
                    return Err(OpenError::WrongKey);
                }
                Ok(Self::Ec { key, curve })
            }
            other => Err(certificate_key(frame::name(&other))),
        }
    }
}

/// Finds the recipient that the certificate names.
fn wrapped_for(certificate: &Certificate, frame: &frame::Frame<'_>) -> Result<Wrapped, OpenError> {
    let own = IssuerAndSerialNumber {
        issuer: certificate.tbs_certificate.issuer.clone(),
        serial_number: certificate.tbs_certificate.serial_number.clone(),
    };
    for info in &frame.recipients {
        match info {
            RecipientInfo::Ktri(info) => {
                if info.rid == RecipientIdentifier::IssuerAndSerialNumber(own.clone()) {
                    return Ok(Wrapped::Transport(info.clone()));
                }
            }
            RecipientInfo::Kari(info) => {
                let own = KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(own.clone());
                if let Some(one) = info.recipient_enc_keys.iter().find(|one| one.rid == own) {
                    let wrapped = one.enc_key.as_bytes().to_vec();
                    return Ok(Wrapped::Agreement(info.clone(), wrapped));
                }
            }
            // Kept for a key, a password or another scheme: never for a certificate.
            RecipientInfo::Kekri(_) | RecipientInfo::Pwri(_) | RecipientInfo::Ori(_) => {}
        }
    }
    Err(OpenError::NotForCertificate { recipients: frame.recipients.len() })
}

fn unwrap_rsa(
    key: &OaepPrivateDecryptingKey,
    info: &KeyTransRecipientInfo,
) -> Result<[u8; KEY_BYTES], OpenError> {
    let refused = |found: String| not_opened(PART_WRAPPING, found, RSA_EXPECTED);
    if info.version != CmsVersion::V0 {
        return Err(OpenError::WrappedKey);
    }
    if info.key_enc_alg.oid != rfc5912::ID_RSAES_OAEP {
        return Err(refused(frame::name(&info.key_enc_alg.oid)));
    }
    let parameters = info.key_enc_alg.parameters.as_ref();
    let parameters = parameters.and_then(|any| any.decode_as::<OaepParameters>().ok());
    let parameters =
        parameters.ok_or_else(|| refused("RSA-OAEP of unreadable parameters".into()))?;
    let mask_hash = match &parameters.mask {
        Some(mask) if mask.oid == rfc5912::ID_MGF_1 => mask
            .parameters
            .as_ref()
            .and_then(|any| any.decode_as::<AlgorithmIdentifierOwned>().ok()),
        Some(mask) => return Err(refused(format!("the mask {}", frame::name(&mask.oid)))),
        None => None,
    };
    for (hash, of) in [(parameters.hash, "RSA-OAEP"), (mask_hash, "MGF1")] {
        match hash {
            Some(hash) if is_plain(&hash, rfc5912::ID_SHA_256) => {}
            Some(hash) => return Err(refused(format!("{of} with {}", frame::name(&hash.oid)))),
            None => return Err(refused(format!("{of} with SHA-1"))),
        }
    }
    if parameters.label_source.is_some() {
        return Err(refused("RSA-OAEP with a label".into()));
    }
    let mut room = vec![0; key.min_output_size()];
    let content_key = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, info.enc_key.as_bytes(), &mut room, None)
        .map_err(|_| OpenError::WrappedKey)?;
    (&*content_key).try_into().map_err(|_| OpenError::WrappedKey)
}

fn unwrap_ec(
    key: &agreement::PrivateKey,
    curve: ObjectIdentifier,
    info: &KeyAgreeRecipientInfo,
    wrapped: &[u8],
) -> Result<[u8; KEY_BYTES], OpenError> {
    let refused = |found: String| not_opened(PART_WRAPPING, found, EC_EXPECTED);
    if info.version != CmsVersion::V3 {
        return Err(OpenError::WrappedKey);
    }
    if info.key_enc_alg.oid != ECDH_SHA256_KDF {
        return Err(refused(frame::name(&info.key_enc_alg.oid)));
    }
    let wrap = info.key_enc_alg.parameters.as_ref();
    let wrap = wrap.and_then(|any| any.decode_as::<AlgorithmIdentifierOwned>().ok());
    let wrap = wrap.ok_or_else(|| refused("an unnamed key wrap".into()))?;
    if !is_plain(&wrap, rfc5911::ID_AES_256_WRAP) {
        return Err(refused(frame::name(&wrap.oid)));
    }
    if info.ukm.is_some() {
        return Err(refused("user keying material".into()));
    }
    let OriginatorIdentifierOrKey::OriginatorKey(originator) = &info.originator else {
        return Err(refused("a fixed key of the sender".into()));
    };
    if originator.algorithm.oid != rfc5912::ID_EC_PUBLIC_KEY {
        return Err(refused(frame::name(&originator.algorithm.oid)));
    }
    // Absent, NULL or the recipient's curve (RFC 5753 section 3.1.1).
    let named = originator.algorithm.parameters.as_ref().filter(|named| !named.is_null());
    if named.is_some_and(|named| named.decode_as() != Ok(curve)) {
        return Err(refused("an ephemeral key on another curve".into()));
    }
    // Only the one form that RFC 5753 demands of everyone; others are other bytes for one point.
    let point = originator.public_key.as_bytes().unwrap_or_default();
    if point.first() != Some(&UNCOMPRESSED_POINT) {
        return Err(OpenError::WrappedKey);
    }
    let peer = UnparsedPublicKey::new(key.algorithm(), point);
    agreement::agree(key, peer, OpenError::WrappedKey, |shared| {
        let kek = derive_key_x963(shared, &wrap)?;
        let mut room = [0; KEY_BYTES];
        let unwrapped = AesKek::new(&key_wrap::AES_256, &kek)
            .and_then(|kek| kek.unwrap(wrapped, &mut room))
            .map_err(|_| OpenError::WrappedKey)?;
        (&*unwrapped).try_into().map_err(|_| OpenError::WrappedKey)
    })
}

/// X9.63 key derivation with SHA-256 over ECC-CMS-SharedInfo (RFC 5753 section 7.2), which holds
/// the wrap algorithm in the sender's encoding.
fn derive_key_x963(
    shared_secret: &[u8],
    wrap: &AlgorithmIdentifierOwned,
) -> Result<[u8; KEY_BYTES], OpenError> {
    let wrap = wrap.to_der().map_err(|_| OpenError::WrappedKey)?;
    let key_bits = der::value(der::OCTET_STRING, &[&(KEY_BYTES as u32 * 8).to_be_bytes()]);
    let shared_info = der::sequence(&[&wrap, &der::value(der::context(2), &[&key_bits])]);
    let counter = 1u32.to_be_bytes();
    Ok(Sha256::of(&[shared_secret, &counter, &shared_info].concat()).0)
}

/// The initialisation vector of AES-256-CBC.
fn content_vector(algorithm: &AlgorithmIdentifierOwned) -> Result<[u8; BLOCK_BYTES], OpenError> {
    if algorithm.oid != rfc5911::ID_AES_256_CBC {
        return Err(not_opened(PART_CONTENT, frame::name(&algorithm.oid), CONTENT_EXPECTED));
    }
    let vector = algorithm.parameters.as_ref();
    let vector = vector.and_then(|any| any.decode_as::<::der::asn1::OctetString>().ok());
    let vector = vector.and_then(|octets| octets.as_bytes().try_into().ok());
    vector.ok_or_else(|| {
        let found = "AES-256-CBC without an initialisation vector of 16 bytes".into();
        not_opened(PART_CONTENT, found, CONTENT_EXPECTED)
    })
}

fn decrypt<W: Write>(
    encrypted: &[u8],
    content_key: &[u8; KEY_BYTES],
    vector: [u8; BLOCK_BYTES],
    mut out: W,
) -> Result<(W, u64), OpenError> {
    if encrypted.is_empty() || !encrypted.len().is_multiple_of(BLOCK_BYTES) {
        return Err(OpenError::Padding);
    }
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    let mut cipher = UnboundCipherKey::new(&AES_256, content_key)
        .and_then(|key| StreamingDecryptingKey::cbc_pkcs7(key, context))
        .map_err(|_| OpenError::WrappedKey)?;
    let mut room = vec![0; CHUNK_BYTES + BLOCK_BYTES];
    let mut bytes = 0;
    for chunk in encrypted.chunks(CHUNK_BYTES) {
        let update = cipher.update(chunk, &mut room).map_err(|_| OpenError::Padding)?;
        out.write_all(update.written())?;
        bytes += update.written().len() as u64;
    }
    let last = cipher.finish(&mut room).map_err(|_| OpenError::Padding)?;
    out.write_all(last.written())?;
    bytes += last.written().len() as u64;
    out.flush()?;
    Ok((out, bytes))
}

/// The algorithm with no parameters or NULL, which mean the same (RFC 4055 section 2.1).
fn is_plain(found: &AlgorithmIdentifierOwned, expected: ObjectIdentifier) -> bool {
    found.oid == expected && found.parameters.as_ref().is_none_or(Any::is_null)
}

fn not_opened(part: &'static str, found: String, expected: &'static str) -> OpenError {
    OpenError::Algorithm { part, found, expected }
}

fn certificate_key(found: String) -> OpenError {
    let expected = "RSA from 2048 bits, or EC on P-256, P-384 or P-521";
    not_opened("the certificate's key", found, expected)
}
