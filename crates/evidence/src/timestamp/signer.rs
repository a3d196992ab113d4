//! Who signed a time-stamp token, and whether the signature holds (RFC 5652 section 5.6,
//! RFC 3161 section 2.4.2). Knows nothing of what the token states.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Any, Encode, Sequence};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectKeyIdentifier};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{ID_CT_TST_INFO, TimestampError, chain, octets};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const SHA256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// A token taken apart.
pub(super) struct SignedToken {
    /// The statement, TSTInfo in DER.
    pub(super) content: Vec<u8>,
    signer: SignerInfo,
    certificates: Vec<Certificate>,
}

/// ESSCertIDv2 (RFC 5035); with the hash algorithm absent it also reads ESSCertID (RFC 2634).
#[derive(Sequence)]
struct EssCertificateId {
    #[asn1(optional = "true")]
    algorithm: Option<AlgorithmIdentifierOwned>,
    hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

#[derive(Sequence)]
struct SigningCertificate {
    ids: Vec<EssCertificateId>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

/// Takes a token apart.
pub(super) fn read(token: &ContentInfo) -> Result<SignedToken, TimestampError> {
    let part = |part| move |source| TimestampError::Unreadable { part, source };
    if token.content_type != SIGNED_DATA {
        return Err(TimestampError::Missing { what: "signed data" });
    }
    let signed: SignedData = token.content.decode_as().map_err(part("signed data"))?;
    let content = &signed.encap_content_info;
    if content.econtent_type != ID_CT_TST_INFO {
        return Err(TimestampError::Missing { what: "time-stamp statement" });
    }
    let content = content.econtent.as_ref();
    let content = content.ok_or(TimestampError::Missing { what: "time-stamp statement" })?;
    let content = octets(content, "token's statement")?;
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(TimestampError::Missing { what: "single signer" });
    };
    let certificates = signed.certificates.iter().flat_map(|set| set.0.iter());
    let certificates = certificates
        .filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => Some(certificate.clone()),
            CertificateChoices::Other(_) => None,
        })
        .collect();
    Ok(SignedToken { content, signer: signer.clone(), certificates })
}

impl SignedToken {
    /// Whether the signature holds, by a certificate for time-stamps that leads to a root.
    pub(super) fn check(&self, roots: &[Certificate], at: Timestamp) -> Result<(), TimestampError> {
        let signer = self.certificate()?;
        let message = self.check_attributes(signer)?;
        chain::check_signature(
            &signer.tbs_certificate.subject_public_key_info,
            self.signer.signature_algorithm.oid,
            self.signer.digest_alg.oid,
            &message,
            self.signer.signature.as_bytes(),
        )
        .map_err(untrusted)?;
        check_usage(signer)?;
        chain::check_chain(signer, &self.certificates, roots, at).map_err(untrusted)
    }

    fn certificate(&self) -> Result<&Certificate, TimestampError> {
        let found = self.certificates.iter().find(|certificate| {
            let own = &certificate.tbs_certificate;
            match &self.signer.sid {
                SignerIdentifier::IssuerAndSerialNumber(id) => {
                    id.issuer == own.issuer && id.serial_number == own.serial_number
                }
                SignerIdentifier::SubjectKeyIdentifier(id) => {
                    let key_id = own.get::<SubjectKeyIdentifier>();
                    key_id.ok().flatten().is_some_and(|(_, own_id)| own_id == *id)
                }
            }
        });
        found.ok_or(TimestampError::Missing { what: "certificate of its signer" })
    }

    /// The signed attributes say what they must; returns them as they were signed.
    fn check_attributes(&self, signer: &Certificate) -> Result<Vec<u8>, TimestampError> {
        let part = |part| move |source| TimestampError::Unreadable { part, source };
        let attributes = self.signer.signed_attrs.as_ref();
        let attributes = attributes.ok_or(TimestampError::Missing { what: "signed attributes" })?;
        let only = |oid: ObjectIdentifier| -> Option<&Any> {
            let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
            match (found.next(), found.next()) {
                (Some(attribute), None) if attribute.values.len() == 1 => attribute.values.get(0),
                _ => None,
            }
        };
        let kind = only(CONTENT_TYPE).ok_or(TimestampError::Missing { what: "content type" })?;
        let kind: ObjectIdentifier = kind.decode_as().map_err(part("content type"))?;
        if kind != ID_CT_TST_INFO {
            return Err(untrusted("the signature is over another kind of content".into()));
        }
        let digest = only(MESSAGE_DIGEST);
        let digest = digest.ok_or(TimestampError::Missing { what: "message digest" })?;
        let algorithm = digest_algorithm(self.signer.digest_alg.oid)?;
        if octets(digest, "message digest")? != digest::digest(algorithm, &self.content).as_ref() {
            return Err(untrusted("the signature is over another statement".into()));
        }
        match (only(SIGNING_CERTIFICATE_V2), only(SIGNING_CERTIFICATE)) {
            (Some(value), _) => check_signing_certificate(value, &SHA256, signer)?,
            (None, Some(value)) => {
                check_signing_certificate(value, &SHA1_FOR_LEGACY_USE_ONLY, signer)?;
            }
            (None, None) => return Err(TimestampError::Missing { what: "signing certificate" }),
        }
        attributes.to_der().map_err(part("signed attributes"))
    }
}

/// The first certificate named is the signer's (RFC 5035 section 4).
fn check_signing_certificate(
    value: &Any,
    default: &'static digest::Algorithm,
    signer: &Certificate,
) -> Result<(), TimestampError> {
    let part = |part| move |source| TimestampError::Unreadable { part, source };
    let named: SigningCertificate = value.decode_as().map_err(part("signing certificate"))?;
    let first = named.ids.first();
    let first = first.ok_or(TimestampError::Missing { what: "signing certificate" })?;
    let algorithm = match &first.algorithm {
        Some(algorithm) => digest_algorithm(algorithm.oid)?,
        None => default,
    };
    let certificate = signer.to_der().map_err(part("certificate"))?;
    if first.hash.as_bytes() == digest::digest(algorithm, &certificate).as_ref() {
        return Ok(());
    }
    Err(untrusted("the signer's certificate is not the one that it signed for".into()))
}

/// RFC 3161 section 2.3: extended key usage, critical, time-stamping and nothing else.
fn check_usage(signer: &Certificate) -> Result<(), TimestampError> {
    let part = |part| move |source| TimestampError::Unreadable { part, source };
    let usage = signer.tbs_certificate.get::<ExtendedKeyUsage>();
    let usage = usage.map_err(part("extended key usage"))?;
    let right = usage.is_some_and(|(critical, usage)| critical && usage.0 == [TIME_STAMPING]);
    if right {
        return Ok(());
    }
    let oid = EXTENDED_KEY_USAGE;
    Err(untrusted(format!(
        "its certificate must be for time-stamps only (critical extension {oid})"
    )))
}

fn digest_algorithm(oid: ObjectIdentifier) -> Result<&'static digest::Algorithm, TimestampError> {
    match oid {
        SHA256_OID => Ok(&SHA256),
        SHA384_OID => Ok(&SHA384),
        SHA512_OID => Ok(&SHA512),
        other => Err(untrusted(format!("digest algorithm {other} is not SHA-256, 384 or 512"))),
    }
}

fn untrusted(why: String) -> TimestampError {
    TimestampError::Untrusted { why }
}
