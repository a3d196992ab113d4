//! Wraps a content key for the holder of a certificate: RSA by OAEP with SHA-256 (RFC 4055),
//! EC by one-pass ECDH, X9.63 key derivation with SHA-256 and AES-256 key wrap (RFC 5753).
//!
//! Here the crypto library draws its own random bytes (the OAEP seed, the ephemeral key): it
//! offers no way to pass them in, and a way around it would be worse than the exception
//! (docs/decisions/040). Does not judge whether the certificate is trusted or still valid.

use ::der::asn1::ObjectIdentifier;
use ::der::oid::db::rfc5912;
use ::der::{Decode, Encode};
use aws_lc_rs::agreement::{
    self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, EphemeralPrivateKey, UnparsedPublicKey,
};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use x509_cert::Certificate;
use x509_cert::ext::pkix::KeyUsage;

use super::CmsError;
use super::certificate::certificates_from_pem;
use super::envelope::{ContentKey, RecipientInfo, RecipientKind};
use super::{der, oid};
use crate::digest::Sha256;

const KEY_BYTES: usize = 32;
const WRAPPED_KEY_BYTES: usize = KEY_BYTES + 8;

/// A certificate to which content keys can be wrapped.
#[derive(Clone)]
pub struct Recipient {
    issuer_and_serial: Vec<u8>,
    key: RecipientKey,
}

#[derive(Clone)]
enum RecipientKey {
    /// SubjectPublicKeyInfo.
    Rsa(Vec<u8>),
    /// The uncompressed point, and the curve by name and by algorithm.
    Ec { point: Vec<u8>, curve: Vec<u8>, algorithm: &'static Algorithm },
}

impl Recipient {
    /// Reads a certificate in DER.
    pub fn from_der(certificate: &[u8]) -> Result<Self, CmsError> {
        let read = |source| CmsError::Certificate { number: 1, source };
        let certificate = Certificate::from_der(certificate).map_err(read)?;
        let own = &certificate.tbs_certificate;
        let issuer = own.issuer.to_der().map_err(read)?;
        let serial_number = own.serial_number.to_der().map_err(read)?;
        let issuer_and_serial = der::sequence(&[&issuer, &serial_number]);
        let usage = own.get::<KeyUsage>().map_err(read)?.map(|(_, usage)| usage);
        let public_key = &own.subject_public_key_info;
        let key = match public_key.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => {
                if usage.is_some_and(|usage| !usage.key_encipherment()) {
                    return Err(CmsError::KeyUsage { needed: "keyEncipherment" });
                }
                RecipientKey::Rsa(public_key.to_der().map_err(read)?)
            }
            rfc5912::ID_EC_PUBLIC_KEY => {
                if usage.is_some_and(|usage| !usage.key_agreement()) {
                    return Err(CmsError::KeyUsage { needed: "keyAgreement" });
                }
                let parameters = public_key.algorithm.parameters.to_der().map_err(read)?;
                let point = public_key.subject_public_key.raw_bytes().to_vec();
                let algorithm = curve_algorithm(public_key)?;
                RecipientKey::Ec { point, curve: parameters, algorithm }
            }
            other => return Err(key_kind(other.to_string())),
        };
        Ok(Self { issuer_and_serial, key })
    }

    /// Reads the first certificate of a PEM text.
    pub fn from_pem(text: &str) -> Result<Self, CmsError> {
        match certificates_from_pem(text)?.first() {
            Some(certificate) => Self::from_der(certificate),
            None => Err(CmsError::ChainCount { found: 0 }),
        }
    }

    /// The content key, wrapped for this recipient. Draws random bytes: two calls differ.
    pub fn wrap(&self, content_key: &ContentKey) -> Result<RecipientInfo, CmsError> {
        match &self.key {
            RecipientKey::Rsa(public_key) => self.wrap_rsa(public_key, content_key),
            RecipientKey::Ec { point, curve, algorithm } => {
                self.wrap_ec(point, curve, algorithm, content_key)
            }
        }
    }

    /// KeyTransRecipientInfo, version 0.
    fn wrap_rsa(&self, public_key: &[u8], key: &ContentKey) -> Result<RecipientInfo, CmsError> {
        let size = || key_kind("RSA of an unusable size".into());
        let public_key = PublicEncryptingKey::from_der(public_key).map_err(|_| size())?;
        let public_key = OaepPublicEncryptingKey::new(public_key).map_err(|_| size())?;
        let mut room = vec![0; public_key.ciphertext_size()];
        let encrypted = public_key
            .encrypt(&OAEP_SHA256_MGF1SHA256, &key.0, &mut room, None)
            .map_err(|_| CmsError::Crypto { what: "wrap the key by RSA-OAEP" })?;
        let sha256 = der::sequence(&[oid::SHA256, oid::NULL]);
        let mgf1 = der::sequence(&[oid::MGF1, &sha256]);
        let parameters = der::sequence(&[
            &der::value(der::context(0), &[&sha256]),
            &der::value(der::context(1), &[&mgf1]),
        ]);
        let info = der::sequence(&[
            &der::unsigned(&[0]),
            &self.issuer_and_serial,
            &der::sequence(&[oid::RSA_OAEP, &parameters]),
            &der::value(der::OCTET_STRING, &[encrypted]),
        ]);
        Ok(RecipientInfo { der: info, kind: RecipientKind::KeyTransport })
    }

    /// KeyAgreeRecipientInfo, version 3, under the tag [1].
    fn wrap_ec(
        &self,
        point: &[u8],
        curve: &[u8],
        algorithm: &'static Algorithm,
        key: &ContentKey,
    ) -> Result<RecipientInfo, CmsError> {
        let refused = |_| CmsError::Crypto { what: "make an ephemeral key" };
        let ephemeral =
            EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).map_err(refused)?;
        let own_point = ephemeral.compute_public_key().map_err(refused)?;
        let peer = UnparsedPublicKey::new(algorithm, point);
        let failed = CmsError::Crypto { what: "agree on a key with the certificate's" };
        let wrapped = agreement::agree_ephemeral(ephemeral, peer, failed, |shared| {
            wrap_key(&derive_key_x963(shared), key)
        })?;
        let wrap = der::sequence(&[oid::AES256_WRAP]);
        let originator = der::value(
            der::context(1),
            &[
                &der::sequence(&[oid::EC_PUBLIC_KEY, curve]),
                &der::value(der::BIT_STRING, &[&[0], own_point.as_ref()]),
            ],
        );
        let encrypted_key =
            der::sequence(&[&self.issuer_and_serial, &der::value(der::OCTET_STRING, &[&wrapped])]);
        let info = der::value(
            der::context(1),
            &[
                &der::unsigned(&[3]),
                &der::value(der::context(0), &[&originator]),
                &der::sequence(&[oid::ECDH_SHA256_KDF, &wrap]),
                &der::sequence(&[&encrypted_key]),
            ],
        );
        Ok(RecipientInfo { der: info, kind: RecipientKind::KeyAgreement })
    }
}

/// AES-256 key wrap (RFC 3394) of the content key.
fn wrap_key(kek: &[u8; KEY_BYTES], key: &ContentKey) -> Result<Vec<u8>, CmsError> {
    let refused = |_| CmsError::Crypto { what: "wrap the key by AES" };
    let mut room = [0; WRAPPED_KEY_BYTES];
    let wrapped =
        AesKek::new(&AES_256, kek).and_then(|kek| kek.wrap(&key.0, &mut room)).map_err(refused)?;
    Ok(wrapped.to_vec())
}

/// X9.63 key derivation with SHA-256 over ECC-CMS-SharedInfo (RFC 5753 section 7.2). One round is
/// enough: a SHA-256 is as long as the key.
fn derive_key_x963(shared_secret: &[u8]) -> [u8; KEY_BYTES] {
    const COUNTER: [u8; 4] = 1u32.to_be_bytes();
    const KEY_BITS: [u8; 4] = (KEY_BYTES as u32 * 8).to_be_bytes();
    let key_bits = der::value(der::OCTET_STRING, &[&KEY_BITS]);
    let shared_info = der::sequence(&[
        &der::sequence(&[oid::AES256_WRAP]),
        &der::value(der::context(2), &[&key_bits]),
    ]);
    Sha256::of(&[shared_secret, &COUNTER, &shared_info].concat()).0
}

fn curve_algorithm(
    key: &x509_cert::spki::SubjectPublicKeyInfoOwned,
) -> Result<&'static Algorithm, CmsError> {
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let curve = curve.ok_or_else(|| key_kind("EC without a named curve".into()))?;
    match curve {
        rfc5912::SECP_256_R_1 => Ok(&ECDH_P256),
        rfc5912::SECP_384_R_1 => Ok(&ECDH_P384),
        rfc5912::SECP_521_R_1 => Ok(&ECDH_P521),
        other => Err(key_kind(format!("EC on curve {other}"))),
    }
}

fn key_kind(found: String) -> CmsError {
    CmsError::KeyKind { found, expected: "RSA from 2048 bits, or EC on P-256, P-384 or P-521" }
}
