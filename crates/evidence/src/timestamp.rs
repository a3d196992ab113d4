//! Time-stamps (RFC 3161): the request over a signature, and the check of the answer before it
//! goes into a package.
//!
//! Talks to no authority and draws no nonce; sends and times are the caller's. Does not share a
//! line with [`crate::verify`], which checks the same answer years later from the other side.

use der::asn1::{Int, ObjectIdentifier, OctetString};
use der::{Any, Decode, Encode, Sequence, Tag, Tagged};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralName;
use x509_tsp::{Accuracy, MessageImprint, TimeStampResp, TspVersion};

use crate::cms::{der as write, oid};
use crate::digest::Sha256;

mod chain;
mod signer;

/// Bytes of one answer.
pub const RESPONSE_BYTES_MAX: usize = 256 * 1024;

const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const ID_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// A request, and what its answer must repeat.
#[derive(Clone, Debug)]
pub struct TimestampRequest {
    der: Vec<u8>,
    imprint: Sha256,
    nonce: [u8; 8],
    policy: Option<ObjectIdentifier>,
}

/// A checked answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampToken {
    /// The whole answer, status and token, DER: the `.tsr` file.
    pub response: Vec<u8>,
    /// The token alone, DER.
    pub token: Vec<u8>,
    /// The time that the authority states.
    pub at: Timestamp,
    /// The authority's policy.
    pub policy: String,
    /// The authority's number of this token, hex.
    pub serial_number: String,
}

/// Why an answer is not used.
#[derive(Debug, thiserror::Error)]
pub enum TimestampError {
    /// The policy asked for is no object identifier.
    #[error("policy `{policy}` is no object identifier; write numbers with dots")]
    Policy {
        /// What was given.
        policy: String,
    },
    /// Too long.
    #[error("the answer has {bytes} bytes; at most {RESPONSE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not what RFC 3161 describes.
    #[error("the {part} of the answer cannot be read")]
    Unreadable {
        /// Which part.
        part: &'static str,
        /// What the parser said.
        #[source]
        source: der::Error,
    },
    /// The authority refused.
    #[error("the authority refused: status {status}")]
    Refused {
        /// Its status and, where given, its reason.
        status: String,
    },
    /// Something that must be as asked is not.
    #[error("the token's {what} is not what was asked: found {found}, expected {expected}")]
    Differs {
        /// What differs.
        what: &'static str,
        /// What the token has.
        found: String,
        /// What was asked.
        expected: String,
    },
    /// Something that must be there is not.
    #[error("the token has no {what}")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// The signature or a certificate does not hold.
    #[error("the token is not trusted: {why}")]
    Untrusted {
        /// Why.
        why: String,
    },
}

/// TSTInfo (RFC 3161 section 2.4.2). The time stays raw: authorities write fractions of seconds,
/// which the `der` crate's type refuses.
#[derive(Sequence)]
struct TstInfo {
    version: TspVersion,
    policy: ObjectIdentifier,
    message_imprint: MessageImprint,
    serial_number: Int,
    gen_time: Any,
    #[asn1(optional = "true")]
    accuracy: Option<Accuracy>,
    #[asn1(default = "Default::default")]
    ordering: bool,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    tsa: Option<GeneralName>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

impl TimestampRequest {
    /// A request over `data`, with eight random bytes as nonce, that asks for the certificates.
    pub fn new(data: &[u8], nonce: [u8; 8], policy: Option<&str>) -> Result<Self, TimestampError> {
        let policy = match policy {
            Some(text) => Some(
                ObjectIdentifier::new(text)
                    .map_err(|_| TimestampError::Policy { policy: text.to_owned() })?,
            ),
            None => None,
        };
        let unreadable = |source| TimestampError::Unreadable { part: "policy", source };
        let policy_der = policy.map(|oid| oid.to_der()).transpose().map_err(unreadable)?;
        let imprint = Sha256::of(data);
        let der = write::sequence(&[
            &write::unsigned(&[1]),
            &write::sequence(&[
                &write::sequence(&[oid::SHA256, oid::NULL]),
                &write::value(write::OCTET_STRING, &[&imprint.0]),
            ]),
            policy_der.as_deref().unwrap_or_default(),
            &write::unsigned(&nonce),
            write::TRUE,
        ]);
        Ok(Self { der, imprint, nonce, policy })
    }

    /// The request, to be sent as `application/timestamp-query`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Checks an answer (`application/timestamp-reply`): granted, for this digest, nonce and
    /// policy, signed by a certificate made for time-stamps only, which was valid at the stated
    /// time and leads to one of `roots` (DER).
    pub fn check(
        &self,
        response: &[u8],
        roots: &[Vec<u8>],
    ) -> Result<TimestampToken, TimestampError> {
        if response.len() > RESPONSE_BYTES_MAX {
            return Err(TimestampError::TooLong { bytes: response.len() });
        }
        let part = |part| move |source| TimestampError::Unreadable { part, source };
        let parsed = TimeStampResp::from_der(response).map_err(part("response"))?;
        let token = granted(parsed)?;
        let token_der = token.to_der().map_err(part("token"))?;
        let signed = signer::read(&token)?;
        let info = TstInfo::from_der(&signed.content).map_err(part("token's statement"))?;
        self.check_statement(&info)?;
        let at = gen_time(&info.gen_time)?;
        let roots: Vec<Certificate> = roots
            .iter()
            .map(|root| Certificate::from_der(root).map_err(part("root given")))
            .collect::<Result<_, _>>()?;
        signed.check(&roots, at)?;
        Ok(TimestampToken {
            response: response.to_vec(),
            token: token_der,
            at,
            policy: info.policy.to_string(),
            serial_number: hex::encode(info.serial_number.as_bytes()),
        })
    }

    fn check_statement(&self, info: &TstInfo) -> Result<(), TimestampError> {
        let imprint = &info.message_imprint;
        let algorithm = imprint.hash_algorithm.oid;
        check_equal("digest algorithm", &algorithm.to_string(), &ID_SHA_256.to_string())?;
        let found = hex::encode(imprint.hashed_message.as_bytes());
        check_equal("digest", &found, &self.imprint.to_string())?;
        let Some(nonce) = &info.nonce else {
            return Err(TimestampError::Missing { what: "nonce" });
        };
        let found = hex::encode(without_zeros(nonce.as_bytes()));
        check_equal("nonce", &found, &hex::encode(without_zeros(&self.nonce)))?;
        match &self.policy {
            Some(policy) => check_equal("policy", &info.policy.to_string(), &policy.to_string()),
            None => Ok(()),
        }
    }
}

fn granted(response: TimeStampResp<'_>) -> Result<cms::content_info::ContentInfo, TimestampError> {
    // 0 granted, 1 granted with modifications (RFC 3161 section 2.4.2).
    let status = response.status.status as u8;
    if status > 1 {
        let text = response.status.status_string;
        let reason: Vec<String> =
            text.iter().flatten().map(|line| line.as_str().to_owned()).collect();
        let status = format!("{status} {}", reason.join(" "));
        return Err(TimestampError::Refused { status: status.trim_end().to_owned() });
    }
    response.time_stamp_token.ok_or(TimestampError::Missing { what: "token after the status" })
}

fn check_equal(what: &'static str, found: &str, expected: &str) -> Result<(), TimestampError> {
    if found == expected {
        return Ok(());
    }
    Err(TimestampError::Differs { what, found: found.into(), expected: expected.into() })
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    &bytes[start..]
}

/// GeneralizedTime in UTC, with or without a fraction: `20261122103000Z`, `20261122103000.25Z`.
fn gen_time(value: &Any) -> Result<Timestamp, TimestampError> {
    let wrong = || TimestampError::Missing { what: "time in UTC" };
    if value.tag() != Tag::GeneralizedTime {
        return Err(wrong());
    }
    let text = std::str::from_utf8(value.value()).map_err(|_| wrong())?;
    let (digits, fraction) = match text.strip_suffix('Z').ok_or_else(wrong)?.split_once('.') {
        Some((digits, fraction)) => (digits, format!(".{fraction}")),
        None => (text.trim_end_matches('Z'), String::new()),
    };
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let (date, time) = digits.split_at(8);
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let (hour, minute, second) = (&time[..2], &time[2..4], &time[4..]);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}Z");
    text.parse().map_err(|_| wrong())
}

/// The octets of an OCTET STRING inside an `Any`.
fn octets(value: &Any, part: &'static str) -> Result<Vec<u8>, TimestampError> {
    let octets: OctetString =
        value.decode_as().map_err(|source| TimestampError::Unreadable { part, source })?;
    Ok(octets.into_bytes())
}
