//! Certificate paths from a time-stamp signer to a root that the caller trusts (RFC 5280, the
//! part that an authority's short chains use: names, signatures, validity, CA flag, path length).
//! Knows nothing of revocation: that is asked when the authority is chosen, not per token.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use der::Encode;
use der::asn1::ObjectIdentifier;
use der::oid::db::rfc5912;
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// Certificates between signer and root, both counted.
const CHAIN_COUNT_MAX: usize = 8;

/// Whether a path leads from `signer` over `pool` to one of `roots`, each link valid at `at`.
pub(super) fn check_chain(
    signer: &Certificate,
    pool: &[Certificate],
    roots: &[Certificate],
    at: Timestamp,
) -> Result<(), String> {
    let mut current = signer;
    for below in 0..CHAIN_COUNT_MAX {
        check_validity(current, at)?;
        if roots.contains(current) {
            return Ok(());
        }
        if let Some(root) = roots.iter().find(|root| issued(root, current, below)) {
            return check_validity(root, at);
        }
        let above = pool.iter().find(|above| *above != current && issued(above, current, below));
        current = above.ok_or_else(|| {
            let own = &current.tbs_certificate;
            format!("nobody known issued the certificate of {}: {}", own.subject, own.issuer)
        })?;
    }
    Err(format!("more than {CHAIN_COUNT_MAX} certificates lead to no root"))
}

/// Whether `issuer` may issue certificates and signed `certificate`. `below` counts the issuing
/// certificates between it and the signer.
fn issued(issuer: &Certificate, certificate: &Certificate, below: usize) -> bool {
    let above = &issuer.tbs_certificate;
    if above.subject != certificate.tbs_certificate.issuer {
        return false;
    }
    let Ok(Some((_, constraints))) = above.get::<BasicConstraints>() else { return false };
    let too_deep = constraints.path_len_constraint.is_some_and(|most| usize::from(most) < below);
    if !constraints.ca || too_deep {
        return false;
    }
    let Ok(usage) = above.get::<KeyUsage>() else { return false };
    if usage.is_some_and(|(_, usage)| !usage.key_cert_sign()) {
        return false;
    }
    let Ok(message) = certificate.tbs_certificate.to_der() else { return false };
    let Some(signature) = certificate.signature.as_bytes() else { return false };
    let algorithm = certificate.signature_algorithm.oid;
    let key = &above.subject_public_key_info;
    check_signature(key, algorithm, algorithm, &message, signature).is_ok()
}

fn check_validity(certificate: &Certificate, at: Timestamp) -> Result<(), String> {
    let own = &certificate.tbs_certificate;
    let second = at.as_second();
    let not_before = own.validity.not_before.to_unix_duration().as_secs();
    let not_after = own.validity.not_after.to_unix_duration().as_secs();
    let inside = u64::try_from(second).is_ok_and(|at| not_before <= at && at <= not_after);
    if inside {
        return Ok(());
    }
    Err(format!("the certificate of {} was not valid at {at}", own.subject))
}

/// Whether `signature` over `message` holds. For RSA under the bare `rsaEncryption` the digest
/// comes from `digest_oid`, as CMS has it; otherwise the signature algorithm names it.
pub(super) fn check_signature(
    key: &SubjectPublicKeyInfoOwned,
    signature_oid: ObjectIdentifier,
    digest_oid: ObjectIdentifier,
    message: &[u8],
    signature: &[u8],
) -> Result<(), String> {
    let algorithm = algorithm(key, signature_oid, digest_oid)
        .ok_or_else(|| format!("signature algorithm {signature_oid} with this key is not known"))?;
    let key = key.to_der().map_err(|_| "the public key cannot be read".to_owned())?;
    UnparsedPublicKey::new(algorithm, &key)
        .verify(message, signature)
        .map_err(|_| "the signature does not hold".to_owned())
}

fn algorithm(
    key: &SubjectPublicKeyInfoOwned,
    signature_oid: ObjectIdentifier,
    digest_oid: ObjectIdentifier,
) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let p256 = curve == Some(rfc5912::SECP_256_R_1);
    let p384 = curve == Some(rfc5912::SECP_384_R_1);
    let p521 = curve == Some(rfc5912::SECP_521_R_1);
    Some(match signature_oid {
        rfc5912::SHA_256_WITH_RSA_ENCRYPTION => &signature::RSA_PKCS1_2048_8192_SHA256,
        rfc5912::SHA_384_WITH_RSA_ENCRYPTION => &signature::RSA_PKCS1_2048_8192_SHA384,
        rfc5912::SHA_512_WITH_RSA_ENCRYPTION => &signature::RSA_PKCS1_2048_8192_SHA512,
        rfc5912::RSA_ENCRYPTION => match digest_oid {
            rfc5912::ID_SHA_256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            rfc5912::ID_SHA_384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            rfc5912::ID_SHA_512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            _ => return None,
        },
        rfc5912::ECDSA_WITH_SHA_256 if p256 => &signature::ECDSA_P256_SHA256_ASN1,
        rfc5912::ECDSA_WITH_SHA_384 if p256 => &signature::ECDSA_P256_SHA384_ASN1,
        rfc5912::ECDSA_WITH_SHA_512 if p256 => &signature::ECDSA_P256_SHA512_ASN1,
        rfc5912::ECDSA_WITH_SHA_256 if p384 => &signature::ECDSA_P384_SHA256_ASN1,
        rfc5912::ECDSA_WITH_SHA_384 if p384 => &signature::ECDSA_P384_SHA384_ASN1,
        rfc5912::ECDSA_WITH_SHA_512 if p384 => &signature::ECDSA_P384_SHA512_ASN1,
        rfc5912::ECDSA_WITH_SHA_256 if p521 => &signature::ECDSA_P521_SHA256_ASN1,
        rfc5912::ECDSA_WITH_SHA_384 if p521 => &signature::ECDSA_P521_SHA384_ASN1,
        rfc5912::ECDSA_WITH_SHA_512 if p521 => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}
