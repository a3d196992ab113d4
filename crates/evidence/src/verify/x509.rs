//! Certificates and the way from one up to a root. Knows nothing of seals or files
//! (RFC 5280 sections 4.1, 4.2 and 6.1; what it does not judge is listed in
//! docs/formats/verify.md: policies, name constraints, revocation).

use aws_lc_rs::signature as verify_by;
use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

use super::der::{
    BIT_STRING, BOOLEAN, DerError, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE,
    UTC_TIME, Value, dotted, only,
};

/// Certificates between a leaf and its root, both counted.
pub const PATH_CERTIFICATES_MAX: usize = 8;

/// Bit 0 of the key usage: digital signatures.
pub const USAGE_DIGITAL_SIGNATURE: u16 = 0x8000;
/// Bit 1: content commitment, once called non-repudiation.
pub const USAGE_CONTENT_COMMITMENT: u16 = 0x4000;
/// Bit 5: signing certificates.
pub const USAGE_SIGN_CERTIFICATES: u16 = 0x0400;
/// id-kp-timeStamping.
pub const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// What this module reads out of a certificate.
#[derive(Debug, Clone)]
pub struct Certificate<'a> {
    /// All of it.
    pub der: &'a [u8],
    /// Serial number, contents octets.
    pub serial: &'a [u8],
    /// Issuer's name, encoded.
    pub issuer: &'a [u8],
    /// Subject's name, encoded.
    pub subject: &'a [u8],
    /// First instant of validity.
    pub not_before: Timestamp,
    /// Last instant of validity.
    pub not_after: Timestamp,
    /// The key.
    pub key: Key<'a>,
    /// Subject key identifier, when it says one.
    pub key_id: Option<&'a [u8]>,
    /// Key usage bits, most significant first, when it says any.
    pub usage: Option<u16>,
    /// Extended key usages and whether they are critical.
    pub extended: Option<(Vec<String>, bool)>,
    authority: Option<Option<u32>>,
    unknown_critical: Vec<String>,
    tbs: &'a [u8],
    signature_algorithm: String,
    signature: &'a [u8],
}

/// A public key as SubjectPublicKeyInfo has it.
#[derive(Debug, Clone)]
pub struct Key<'a> {
    algorithm: String,
    curve: Option<String>,
    octets: &'a [u8],
}

/// One thing wrong on the way up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathFault {
    /// What.
    pub what: &'static str,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// What the leaf is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sealing documents.
    Seal,
    /// Signing time-stamps: exactly that extended usage, critical (RFC 3161 2.3).
    TimeStamp,
}

/// Reads one certificate.
///
/// # Errors
/// Not DER, or not a version 3 certificate.
pub fn parse(der: &[u8]) -> Result<Certificate<'_>, DerError> {
    let outer = only(der, "certificate")?;
    let mut parts = outer.inside();
    let tbs = parts.take(SEQUENCE, "tbsCertificate")?;
    let signature_algorithm = algorithm(parts.take(SEQUENCE, "signatureAlgorithm")?)?.0;
    let signature = parts.take(BIT_STRING, "signatureValue")?.bit_string_octets("signature")?;
    parts.end("certificate")?;
    let mut fields = tbs.inside();
    let version = fields.take(0xa0, "version")?.inside().take(INTEGER, "version")?;
    if version.content != [2] {
        return Err(version.wrong("not a version 3 certificate"));
    }
    let serial = fields.take(INTEGER, "serialNumber")?.content;
    let inner = fields.take(SEQUENCE, "signature")?;
    if algorithm(inner)?.0 != signature_algorithm {
        return Err(inner.wrong("two different signature algorithms"));
    }
    let issuer = fields.take(SEQUENCE, "issuer")?.whole;
    let mut validity = fields.take(SEQUENCE, "validity")?.inside();
    let not_before = time(validity.value("notBefore")?)?;
    let not_after = time(validity.value("notAfter")?)?;
    let subject = fields.take(SEQUENCE, "subject")?.whole;
    let key = parse_key(fields.take(SEQUENCE, "subjectPublicKeyInfo")?)?;
    fields.optional(0x81, "issuerUniqueID")?;
    fields.optional(0x82, "subjectUniqueID")?;
    let extensions = fields.optional(0xa3, "extensions")?;
    fields.end("tbsCertificate")?;
    let mut certificate = Certificate {
        der,
        serial,
        issuer,
        subject,
        not_before,
        not_after,
        key,
        key_id: None,
        usage: None,
        extended: None,
        authority: None,
        unknown_critical: Vec::new(),
        tbs: tbs.whole,
        signature_algorithm,
        signature,
    };
    if let Some(extensions) = extensions {
        read_extensions(&mut certificate, extensions)?;
    }
    Ok(certificate)
}

/// Goes from `leaf` up to one of `roots`, all valid at `at`, and says everything wrong on the way.
pub fn check_path(
    leaf: &Certificate<'_>,
    pool: &[Certificate<'_>],
    roots: &[Certificate<'_>],
    at: Timestamp,
    purpose: Purpose,
) -> Vec<PathFault> {
    let mut faults = Vec::new();
    check_leaf(leaf, purpose, &mut faults);
    let mut current = leaf.clone();
    for below in 0..PATH_CERTIFICATES_MAX as u32 {
        check_validity(&current, at, &mut faults);
        if roots.iter().any(|root| root.der == current.der) {
            return faults;
        }
        let anchor = roots.iter().find(|root| root.issued(&current));
        // A root that nobody trusts has issued itself; going there would not end.
        let upwards = |other: &&Certificate<'_>| other.der != current.der && other.issued(&current);
        let between = || pool.iter().find(upwards);
        let Some(above) = anchor.or_else(between) else {
            faults.push(PathFault {
                what: "no path from the certificate to a given root",
                expected: "an issuer that signed it".into(),
                found: format!("issuer {}", name_text(current.issuer)),
            });
            return faults;
        };
        check_authority(above, below, &mut faults);
        if anchor.is_some() {
            check_validity(above, at, &mut faults);
            return faults;
        }
        current = above.clone();
    }
    faults.push(PathFault {
        what: "the way to a root is too long",
        expected: format!("at most {PATH_CERTIFICATES_MAX} certificates"),
        found: "more".into(),
    });
    faults
}

impl Certificate<'_> {
    /// Whether this certificate's name and key are those that signed `other`.
    pub fn issued(&self, other: &Certificate<'_>) -> bool {
        self.subject == other.issuer
            && self.key.verifies(&other.signature_algorithm, None, other.tbs, other.signature)
    }
}

impl Key<'_> {
    /// Whether `signature` over `message` is by this key. `digest` is asked only where the
    /// signature algorithm leaves the digest open (CMS says `rsaEncryption` and names it apart).
    pub fn verifies(
        &self,
        algorithm: &str,
        digest: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let Some(algorithm) = self.choose(algorithm, digest) else {
            return false;
        };
        UnparsedPublicKey::new(algorithm, self.octets).verify(message, signature).is_ok()
    }

    fn choose(&self, algorithm: &str, digest: Option<&str>) -> Option<&'static VerifyAlgorithm> {
        let kind = self.algorithm.as_str();
        let curve = self.curve.as_deref();
        Some(match (kind, curve, algorithm, digest) {
            (EC, Some(P256), ECDSA_SHA256, _) => &verify_by::ECDSA_P256_SHA256_ASN1,
            (EC, Some(P256), ECDSA_SHA384, _) => &verify_by::ECDSA_P256_SHA384_ASN1,
            (EC, Some(P384), ECDSA_SHA256, _) => &verify_by::ECDSA_P384_SHA256_ASN1,
            (EC, Some(P384), ECDSA_SHA384, _) => &verify_by::ECDSA_P384_SHA384_ASN1,
            (EC, Some(P521), ECDSA_SHA512, _) => &verify_by::ECDSA_P521_SHA512_ASN1,
            (RSA, _, RSA_SHA256, _) | (RSA, _, RSA, Some(SHA256)) => {
                &verify_by::RSA_PKCS1_2048_8192_SHA256
            }
            (RSA, _, RSA_SHA384, _) | (RSA, _, RSA, Some(SHA384)) => {
                &verify_by::RSA_PKCS1_2048_8192_SHA384
            }
            (RSA, _, RSA_SHA512, _) | (RSA, _, RSA, Some(SHA512)) => {
                &verify_by::RSA_PKCS1_2048_8192_SHA512
            }
            (ED25519, _, ED25519, _) => &verify_by::ED25519,
            _ => return None,
        })
    }
}

type VerifyAlgorithm = dyn VerificationAlgorithm;

const EC: &str = "1.2.840.10045.2.1";
const RSA: &str = "1.2.840.113549.1.1.1";
const ED25519: &str = "1.3.101.112";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
const P521: &str = "1.3.132.0.35";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const ECDSA_SHA512: &str = "1.2.840.10045.4.3.4";
const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
const RSA_SHA384: &str = "1.2.840.113549.1.1.12";
const RSA_SHA512: &str = "1.2.840.113549.1.1.13";
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub(super) const SHA384: &str = "2.16.840.1.101.3.4.2.2";
pub(super) const SHA512: &str = "2.16.840.1.101.3.4.2.3";

/// An AlgorithmIdentifier: its identifier, and its parameters if there are any but NULL.
pub(super) fn algorithm(value: Value<'_>) -> Result<(String, Option<Value<'_>>), DerError> {
    let mut parts = value.inside();
    let id = dotted(parts.take(OID, "algorithm")?.content);
    let parameters = if parts.is_empty() { None } else { Some(parts.value("parameters")?) };
    parts.end("AlgorithmIdentifier")?;
    Ok((id, parameters.filter(|parameters| parameters.tag != 0x05)))
}

/// UTCTime or GeneralizedTime, in UTC; fractions of a second only in the latter.
pub(super) fn time(value: Value<'_>) -> Result<Timestamp, DerError> {
    let wrong = || value.wrong("not a time in UTC");
    let text = std::str::from_utf8(value.content).map_err(|_| wrong())?;
    let text = text.strip_suffix('Z').ok_or_else(wrong)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let long = match (value.tag, whole.len()) {
        (UTC_TIME, 12) => {
            let century = if &whole[..1] >= "5" { "19" } else { "20" };
            format!("{century}{whole}")
        }
        (GENERALIZED_TIME, 14) => whole.to_owned(),
        _ => return Err(wrong()),
    };
    let canonical = fraction.len() <= 9 && !fraction.ends_with('0');
    if !digits(&long) || !digits(fraction) || !canonical || text.ends_with('.') {
        return Err(wrong());
    }
    let number = |from: usize, to: usize| long[from..to].parse::<i16>().unwrap_or(-1);
    let small = |from: usize| i8::try_from(number(from, from + 2)).unwrap_or(-1);
    let nanoseconds = format!("{fraction:0<9}").parse().unwrap_or(0);
    civil::DateTime::new(
        number(0, 4),
        small(4),
        small(6),
        small(8),
        small(10),
        small(12),
        nanoseconds,
    )
    .and_then(|civil| civil.to_zoned(TimeZone::UTC))
    .map(|zoned| zoned.timestamp())
    .map_err(|_| wrong())
}

/// The common name in an encoded name, or all its strings.
pub(super) fn name_text(name: &[u8]) -> String {
    let mut strings = Vec::new();
    let Ok(value) = only(name, "name") else {
        return hex::encode(name);
    };
    for set in value.members("name").unwrap_or_default() {
        for pair in set.members("attribute").unwrap_or_default() {
            let mut parts = pair.inside();
            let (Ok(id), Ok(text)) = (parts.take(OID, "type"), parts.value("value")) else {
                continue;
            };
            let text = String::from_utf8_lossy(text.content).into_owned();
            if dotted(id.content) == "2.5.4.3" {
                return text;
            }
            strings.push(text);
        }
    }
    strings.join(", ")
}

fn parse_key(value: Value<'_>) -> Result<Key<'_>, DerError> {
    let mut parts = value.inside();
    let (algorithm, parameters) = algorithm(parts.take(SEQUENCE, "algorithm")?)?;
    let octets = parts.take(BIT_STRING, "subjectPublicKey")?.bit_string_octets("public key")?;
    parts.end("subjectPublicKeyInfo")?;
    let curve = parameters.filter(|p| p.tag == OID).map(|p| dotted(p.content));
    Ok(Key { algorithm, curve, octets })
}

fn read_extensions<'a>(
    certificate: &mut Certificate<'a>,
    extensions: Value<'a>,
) -> Result<(), DerError> {
    let list = extensions.inside().take(SEQUENCE, "extensions")?;
    let mut seen = Vec::new();
    for extension in list.members("extensions")? {
        let mut parts = extension.inside();
        let id = dotted(parts.take(OID, "extnID")?.content);
        let critical = parts.optional(BOOLEAN, "critical")?.is_some_and(|c| c.content == [0xff]);
        let content = parts.take(OCTET_STRING, "extnValue")?.content;
        parts.end("extension")?;
        if seen.contains(&id) {
            return Err(extension.wrong(format!("extension {id} twice")));
        }
        match id.as_str() {
            "2.5.29.14" => certificate.key_id = Some(only(content, "key id")?.content),
            "2.5.29.15" => certificate.usage = Some(usage(only(content, "key usage")?)),
            "2.5.29.19" => certificate.authority = authority(only(content, "constraints")?)?,
            "2.5.29.37" => {
                let list = only(content, "extended key usage")?.members("usages")?;
                let names = list.iter().map(|value| dotted(value.content)).collect();
                certificate.extended = Some((names, critical));
            }
            _ if critical => certificate.unknown_critical.push(id.clone()),
            _ => {}
        }
        seen.push(id);
    }
    Ok(())
}

fn usage(value: Value<'_>) -> u16 {
    let octet = |at: usize| u16::from(value.content.get(at).copied().unwrap_or(0));
    octet(1) << 8 | octet(2)
}

/// BasicConstraints: none for a leaf, else the path length if limited.
fn authority(value: Value<'_>) -> Result<Option<Option<u32>>, DerError> {
    let mut parts: Reader<'_> = value.inside();
    let is_authority = parts.optional(BOOLEAN, "cA")?.is_some_and(|c| c.content == [0xff]);
    let length = parts.optional(INTEGER, "pathLenConstraint")?;
    parts.end("basicConstraints")?;
    let length = length.map(|value| value.small_integer("pathLenConstraint")).transpose()?;
    Ok(is_authority.then_some(length))
}

fn check_leaf(leaf: &Certificate<'_>, purpose: Purpose, faults: &mut Vec<PathFault>) {
    let signing = USAGE_DIGITAL_SIGNATURE | USAGE_CONTENT_COMMITMENT;
    if leaf.usage.is_some_and(|usage| usage & signing == 0) {
        faults.push(PathFault {
            what: "the certificate is not for signing",
            expected: "key usage digitalSignature or contentCommitment".into(),
            found: format!("key usage {:#06x}", leaf.usage.unwrap_or(0)),
        });
    }
    let only_stamps = || match &leaf.extended {
        Some((names, critical)) => *critical && names.len() == 1 && names[0] == TIME_STAMPING,
        None => false,
    };
    if purpose == Purpose::TimeStamp && !only_stamps() {
        faults.push(PathFault {
            what: "the certificate is not a time-stamp authority's",
            expected: "extended key usage timeStamping alone, critical".into(),
            found: format!("{:?}", leaf.extended),
        });
    }
    note_unknown(leaf, faults);
}

fn note_unknown(certificate: &Certificate<'_>, faults: &mut Vec<PathFault>) {
    for id in &certificate.unknown_critical {
        faults.push(PathFault {
            what: "a certificate has a critical extension we do not know",
            expected: "none".into(),
            found: id.clone(),
        });
    }
}

fn check_authority(above: &Certificate<'_>, below: u32, faults: &mut Vec<PathFault>) {
    let allowed = above.authority.is_some_and(|length| length.is_none_or(|max| below <= max));
    if !allowed {
        faults.push(PathFault {
            what: "an issuer on the way may not issue this certificate",
            expected: "basic constraints CA with enough path length".into(),
            found: name_text(above.subject),
        });
    }
    if above.usage.is_some_and(|usage| usage & USAGE_SIGN_CERTIFICATES == 0) {
        faults.push(PathFault {
            what: "an issuer's key is not for signing certificates",
            expected: "key usage keyCertSign".into(),
            found: name_text(above.subject),
        });
    }
    note_unknown(above, faults);
}

fn check_validity(certificate: &Certificate<'_>, at: Timestamp, faults: &mut Vec<PathFault>) {
    let Certificate { not_before, not_after, .. } = *certificate;
    if at < not_before || at > not_after {
        faults.push(PathFault {
            what: "a certificate was not valid at the time of the seal",
            expected: format!("a time from {not_before} to {not_after}"),
            found: format!("{at} ({})", name_text(certificate.subject)),
        });
    }
}
