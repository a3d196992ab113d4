//! CMS SignedData with one signer: what it is, and whether its signature holds. Knows nothing of
//! who may sign (RFC 5652 section 5, EN 319 122-1 for the attributes).

use aws_lc_rs::digest;
use jiff::Timestamp;

use super::der::{
    DerError, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET, Value, dotted, only,
};
use super::x509::{self, Certificate, SHA256, SHA384, SHA512};

/// Certificates that one signature may carry.
pub const CERTIFICATES_COUNT_MAX: usize = 16;

/// id-data.
pub const DATA: &str = "1.2.840.113549.1.7.1";
/// id-ct-TSTInfo.
pub const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";

/// How the members of a SET must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOrder {
    /// Ascending, as DER has it: what we write.
    Der,
    /// As it comes: time-stamp authorities differ, and the token's digest is in the log anyway.
    Any,
}

/// A SignedData with one signer.
#[derive(Debug, Clone)]
pub struct Signed<'a> {
    /// eContentType.
    pub content_type: String,
    /// eContent, when it is inside.
    pub content: Option<&'a [u8]>,
    /// The certificates inside, in their order.
    pub certificates: Vec<Certificate<'a>>,
    /// The signer.
    pub signer: Signer<'a>,
    /// Departures from what a CAdES signature of ours looks like; each makes it unsound.
    pub oddities: Vec<Oddity>,
}

/// Something that is well-formed CMS but that we never write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// What.
    pub what: &'static str,
    /// What we write.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// The SignerInfo.
#[derive(Debug, Clone)]
pub struct Signer<'a> {
    id: SignerId<'a>,
    digest: String,
    signed_attributes: &'a [u8],
    attributes: Vec<(String, Vec<Value<'a>>)>,
    algorithm: String,
    signature: &'a [u8],
}

#[derive(Debug, Clone)]
enum SignerId<'a> {
    IssuerAndSerial { issuer: &'a [u8], serial: &'a [u8] },
    KeyId(&'a [u8]),
}

/// Reads a ContentInfo with SignedData in it.
///
/// # Errors
/// Not DER, not SignedData, not exactly one signer.
pub fn parse(bytes: &[u8], order: SetOrder) -> Result<Signed<'_>, DerError> {
    parse_value(only(bytes, "ContentInfo")?, order)
}

/// As [`parse`], for a value inside another.
///
/// # Errors
/// As [`parse`].
pub fn parse_value(outer: Value<'_>, order: SetOrder) -> Result<Signed<'_>, DerError> {
    let mut info = expect_sequence(outer)?.inside();
    let kind = info.take(OID, "contentType")?;
    if dotted(kind.content) != SIGNED_DATA {
        return Err(kind.wrong("not SignedData"));
    }
    let wrapper = info.take(0xa0, "content")?;
    info.end("ContentInfo")?;
    let mut wrapped = wrapper.inside();
    let mut data = wrapped.take(SEQUENCE, "SignedData")?.inside();
    wrapped.end("content")?;
    let mut oddities = Vec::new();
    let version = data.take(INTEGER, "version")?.small_integer("version")?;
    let digests = members(data.take(SET, "digestAlgorithms")?, "digestAlgorithms", order)?;
    let (content_type, content) = encapsulated(data.take(SEQUENCE, "encapContentInfo")?)?;
    let certificates = match data.optional(0xa0, "certificates")? {
        Some(set) => read_certificates(set, order)?,
        None => Vec::new(),
    };
    if let Some(lists) = data.optional(0xa1, "crls")? {
        odd(&mut oddities, "the signature carries revocation lists", "none", lists.content.len());
    }
    let signers = data.take(SET, "signerInfos")?;
    data.end("SignedData")?;
    let list = members(signers, "signerInfos", order)?;
    let [signer] = list[..] else {
        return Err(signers.wrong(format!("{} signers, not one", list.len())));
    };
    let signer = read_signer(signer, order, &mut oddities)?;
    let wanted = if content_type == DATA { 1 } else { 3 };
    if version != wanted {
        odd(&mut oddities, "the version of SignedData is wrong", wanted, version);
    }
    let names = digests.iter().map(|d| x509::algorithm(*d).map(|a| a.0));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    if names != [signer.digest.clone()] {
        let what = "digestAlgorithms is not the signer's alone";
        odd(&mut oddities, what, &signer.digest, names.join(" "));
    }
    Ok(Signed { content_type, content, certificates, signer, oddities })
}

impl<'a> Signed<'a> {
    /// The signer's certificate among those inside.
    pub fn signer_certificate(&self) -> Option<&Certificate<'a>> {
        self.certificates.iter().find(|certificate| match &self.signer.id {
            SignerId::IssuerAndSerial { issuer, serial } => {
                certificate.issuer == *issuer && certificate.serial == *serial
            }
            SignerId::KeyId(id) => certificate.key_id == Some(*id),
        })
    }
}

impl<'a> Signer<'a> {
    /// The value of messageDigest.
    pub fn message_digest(&self) -> Option<&'a [u8]> {
        self.single(MESSAGE_DIGEST, OCTET_STRING).map(|value| value.content)
    }

    /// The value of contentType.
    pub fn content_type(&self) -> Option<String> {
        self.single(CONTENT_TYPE, OID).map(|value| dotted(value.content))
    }

    /// What the signer says of the time; nobody vouches for it.
    pub fn signing_time(&self) -> Option<Timestamp> {
        let (_, values) = self.attributes.iter().find(|(id, _)| id == SIGNING_TIME)?;
        let [value] = values[..] else { return None };
        x509::time(value).ok()
    }

    /// The digest of `content` by the signer's algorithm.
    pub fn digest_of(&self, content: &[u8]) -> Option<Vec<u8>> {
        digest_by(&self.digest, content)
    }

    /// Whether the signature over the signed attributes is by this certificate's key.
    pub fn signed_by(&self, certificate: &Certificate<'_>) -> bool {
        // Signed as a SET OF although it is stored under [0] (RFC 5652 5.4).
        let mut message = self.signed_attributes.to_vec();
        message[0] = SET;
        certificate.key.verifies(&self.algorithm, Some(&self.digest), &message, self.signature)
    }

    /// Whether signing-certificate(-v2) names this certificate; none when it is not there.
    pub fn names(&self, certificate: &Certificate<'_>) -> Option<bool> {
        if let Some(value) = self.single(SIGNING_CERTIFICATE_V2, SEQUENCE) {
            return Some(names_certificate(value, certificate, SHA256).unwrap_or(false));
        }
        let old = self.single(SIGNING_CERTIFICATE, SEQUENCE)?;
        Some(names_certificate(old, certificate, SHA1).unwrap_or(false))
    }

    /// Signed attributes that CAdES B-B does not ask for, by identifier.
    pub fn other_attributes(&self) -> Vec<&str> {
        let known = [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, SIGNING_CERTIFICATE_V2];
        let ids = self.attributes.iter().map(|(id, _)| id.as_str());
        ids.filter(|id| !known.contains(id)).collect()
    }

    fn single(&self, id: &str, tag: u8) -> Option<Value<'a>> {
        let (_, values) = self.attributes.iter().find(|(found, _)| found == id)?;
        let [value] = values[..] else { return None };
        (value.tag == tag).then_some(value)
    }
}

const SHA1: &str = "1.3.14.3.2.26";

/// A digest by its identifier.
pub(super) fn digest_by(id: &str, content: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match id {
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        SHA512 => &digest::SHA512,
        // Only to recognise a certificate in an authority's old-style attribute (RFC 2634).
        SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        _ => return None,
    };
    Some(digest::digest(algorithm, content).as_ref().to_vec())
}

fn odd(
    oddities: &mut Vec<Oddity>,
    what: &'static str,
    expected: impl ToString,
    found: impl ToString,
) {
    oddities.push(Oddity { what, expected: expected.to_string(), found: found.to_string() });
}

fn expect_sequence(value: Value<'_>) -> Result<Value<'_>, DerError> {
    if value.tag == SEQUENCE { Ok(value) } else { Err(value.wrong("not a SEQUENCE")) }
}

fn members<'a>(set: Value<'a>, name: &str, order: SetOrder) -> Result<Vec<Value<'a>>, DerError> {
    match order {
        SetOrder::Der => set.set_members(name),
        SetOrder::Any => set.members(name),
    }
}

fn encapsulated(value: Value<'_>) -> Result<(String, Option<&[u8]>), DerError> {
    let mut parts = value.inside();
    let kind = dotted(parts.take(OID, "eContentType")?.content);
    let content = match parts.optional(0xa0, "eContent")? {
        Some(wrapper) => {
            let mut inside = wrapper.inside();
            let content = inside.take(OCTET_STRING, "eContent")?.content;
            inside.end("eContent")?;
            Some(content)
        }
        None => None,
    };
    parts.end("encapContentInfo")?;
    Ok((kind, content))
}

fn read_certificates(set: Value<'_>, order: SetOrder) -> Result<Vec<Certificate<'_>>, DerError> {
    let list = members(set, "certificates", order)?;
    if list.len() > CERTIFICATES_COUNT_MAX {
        return Err(set.wrong(format!("more than {CERTIFICATES_COUNT_MAX} certificates")));
    }
    let read =
        |value: &Value<'_>| -> DerError { value.wrong("a certificate inside cannot be read") };
    list.iter().map(|value| x509::parse(value.whole).map_err(|_| read(value))).collect()
}

fn read_signer<'a>(
    value: Value<'a>,
    order: SetOrder,
    oddities: &mut Vec<Oddity>,
) -> Result<Signer<'a>, DerError> {
    let mut parts = expect_sequence(value)?.inside();
    let version = parts.take(INTEGER, "version")?.small_integer("version")?;
    let (id, wanted) = read_signer_id(&mut parts)?;
    if version != wanted {
        odd(oddities, "the version of SignerInfo is wrong", wanted, version);
    }
    let digest = x509::algorithm(parts.take(SEQUENCE, "digestAlgorithm")?)?.0;
    let signed = parts.take(0xa0, "signedAttrs")?;
    let attributes = read_attributes(signed, order)?;
    let algorithm = x509::algorithm(parts.take(SEQUENCE, "signatureAlgorithm")?)?.0;
    let signature = parts.take(OCTET_STRING, "signature")?.content;
    if let Some(unsigned) = parts.optional(0xa1, "unsignedAttrs")? {
        let list = read_attributes(unsigned, order)?;
        let names: Vec<_> = list.into_iter().map(|(id, _)| id).collect();
        odd(oddities, "the signature has unsigned attributes", "none", names.join(" "));
    }
    parts.end("SignerInfo")?;
    Ok(Signer { id, digest, signed_attributes: signed.whole, attributes, algorithm, signature })
}

fn read_signer_id<'a>(parts: &mut Reader<'a>) -> Result<(SignerId<'a>, u32), DerError> {
    if let Some(key_id) = parts.optional(0x80, "subjectKeyIdentifier")? {
        return Ok((SignerId::KeyId(key_id.content), 3));
    }
    let mut pair = parts.take(SEQUENCE, "sid")?.inside();
    let issuer = pair.take(SEQUENCE, "issuer")?.whole;
    let serial = pair.take(INTEGER, "serialNumber")?.content;
    pair.end("sid")?;
    Ok((SignerId::IssuerAndSerial { issuer, serial }, 1))
}

type Attributes<'a> = Vec<(String, Vec<Value<'a>>)>;

fn read_attributes(set: Value<'_>, order: SetOrder) -> Result<Attributes<'_>, DerError> {
    let mut attributes: Attributes<'_> = Vec::new();
    for value in members(set, "attributes", order)? {
        let mut parts = expect_sequence(value)?.inside();
        let id = dotted(parts.take(OID, "attrType")?.content);
        let values = members(parts.take(SET, "attrValues")?, "attrValues", order)?;
        parts.end("attribute")?;
        if attributes.iter().any(|(other, _)| *other == id) {
            return Err(value.wrong(format!("attribute {id} twice")));
        }
        attributes.push((id, values));
    }
    Ok(attributes)
}

/// SigningCertificate(V2): the first ESSCertID is the signer's (RFC 5035 section 3).
fn names_certificate(
    value: Value<'_>,
    certificate: &Certificate<'_>,
    default_digest: &str,
) -> Result<bool, DerError> {
    let list = value.inside().take(SEQUENCE, "certs")?;
    let mut first = list.inside().take(SEQUENCE, "ESSCertID")?.inside();
    let digest = match first.optional(SEQUENCE, "hashAlgorithm")? {
        Some(algorithm) => x509::algorithm(algorithm)?.0,
        None => default_digest.to_owned(),
    };
    let hash = first.take(OCTET_STRING, "certHash")?.content;
    if digest_by(&digest, certificate.der).as_deref() != Some(hash) {
        return Ok(false);
    }
    let Some(issuer_serial) = first.optional(SEQUENCE, "issuerSerial")? else {
        return Ok(true);
    };
    let mut parts = issuer_serial.inside();
    let names = parts.take(SEQUENCE, "issuer")?;
    let serial = parts.take(INTEGER, "serialNumber")?;
    let named = names.members("issuer")?.iter().any(|name| name.content == certificate.issuer);
    Ok(named && serial.content == certificate.serial)
}
