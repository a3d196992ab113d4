//! Detached signatures: CMS SignedData with the signed attributes of CAdES baseline B-B
//! (ETSI EN 319 122-1): content-type, message-digest, signing-time, signing-certificate-v2.
//!
//! Holds no key: a closure signs. Knows nothing of trust.

use aws_lc_rs::signature as verify;
use jiff::Timestamp;

use super::CmsError;
use super::certificate::Chain;
use super::{der, oid};
use crate::digest::Sha256;

/// How the seal key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 with SHA-256; the closure returns the ASN.1 form.
    EcdsaP256Sha256,
    /// RSA PKCS#1 v1.5 with SHA-256, 2048 to 8192 bits.
    RsaPkcs1Sha256,
}

impl SignatureAlgorithm {
    /// The algorithm as people name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SignatureAlgorithm::EcdsaP256Sha256 => "ECDSA P-256 with SHA-256",
            SignatureAlgorithm::RsaPkcs1Sha256 => "RSA PKCS#1 v1.5 with SHA-256",
        }
    }
}

/// A detached signature over `content`, DER, canonical to the last byte.
///
/// `sign` is given the message to sign (not its digest). Its answer is verified with the
/// certificate's key, so that a wrong key is found now and not in court.
pub fn sign_detached<E>(
    content: &[u8],
    chain: &Chain,
    algorithm: SignatureAlgorithm,
    signing_time: Timestamp,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, CmsError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let attributes = signed_attributes(content, chain, signing_time);
    // RFC 5652 section 5.4: what is signed carries the tag SET OF, what is stored the tag [0].
    let message = der::set_of(der::SET, attributes.clone());
    let signature = sign(&message).map_err(|error| CmsError::Sign(error.into()))?;
    check_signature(chain, algorithm, &message, &signature)?;

    let sha256 = der::sequence(&[oid::SHA256]);
    let signature_algorithm = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => der::sequence(&[oid::ECDSA_SHA256]),
        SignatureAlgorithm::RsaPkcs1Sha256 => der::sequence(&[oid::RSA, oid::NULL]),
    };
    let signer_info = der::sequence(&[
        &der::unsigned(&[1]),
        &der::sequence(&[&chain.issuer, &chain.serial_number]),
        &sha256,
        &der::set_of(der::context(0), attributes),
        &signature_algorithm,
        &der::value(der::OCTET_STRING, &[&signature]),
    ]);
    let signed_data = der::sequence(&[
        &der::unsigned(&[1]),
        &der::value(der::SET, &[&sha256]),
        &der::sequence(&[oid::DATA]),
        &der::set_of(der::context(0), chain.certificates().to_vec()),
        &der::value(der::SET, &[&signer_info]),
    ]);
    Ok(der::sequence(&[oid::SIGNED_DATA, &der::value(der::context(0), &[&signed_data])]))
}

fn signed_attributes(content: &[u8], chain: &Chain, signing_time: Timestamp) -> Vec<Vec<u8>> {
    let attribute =
        |kind: &[u8], value: &[u8]| der::sequence(&[kind, &der::value(der::SET, &[value])]);
    let message_digest = der::value(der::OCTET_STRING, &[&Sha256::of(content).0]);
    vec![
        attribute(oid::CONTENT_TYPE, oid::DATA),
        attribute(oid::MESSAGE_DIGEST, &message_digest),
        attribute(oid::SIGNING_TIME, &time(signing_time)),
        attribute(oid::SIGNING_CERTIFICATE_V2, &signing_certificate(chain)),
    ]
}

/// SigningCertificateV2 (RFC 5035): digest, issuer and serial number of the own certificate. The
/// hash algorithm is left out because SHA-256 is the default.
fn signing_certificate(chain: &Chain) -> Vec<u8> {
    let directory_name = der::value(der::context(4), &[&chain.issuer]);
    let issuer_serial = der::sequence(&[&der::sequence(&[&directory_name]), &chain.serial_number]);
    let digest = der::value(der::OCTET_STRING, &[&chain.own_sha256().0]);
    let certificate_id = der::sequence(&[&digest, &issuer_serial]);
    der::sequence(&[&der::sequence(&[&certificate_id])])
}

/// UTCTime from 1950 to 2049, GeneralizedTime outside (RFC 5652 section 11.3), whole seconds.
fn time(at: Timestamp) -> Vec<u8> {
    let civil = at.to_zoned(jiff::tz::TimeZone::UTC);
    if (1950..2050).contains(&civil.year()) {
        let text = at.strftime("%y%m%d%H%M%SZ").to_string();
        der::value(der::UTC_TIME, &[text.as_bytes()])
    } else {
        let text = at.strftime("%Y%m%d%H%M%SZ").to_string();
        der::value(der::GENERALIZED_TIME, &[text.as_bytes()])
    }
}

fn check_signature(
    chain: &Chain,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), CmsError> {
    let algorithm: &dyn verify::VerificationAlgorithm = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &verify::ECDSA_P256_SHA256_ASN1,
        SignatureAlgorithm::RsaPkcs1Sha256 => &verify::RSA_PKCS1_2048_8192_SHA256,
    };
    // aws-lc-rs takes a SubjectPublicKeyInfo here as well as a bare key.
    verify::UnparsedPublicKey::new(algorithm, &chain.public_key)
        .verify(message, signature)
        .map_err(|_| CmsError::WrongKey)
}
