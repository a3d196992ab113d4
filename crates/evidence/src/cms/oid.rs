//! Object identifiers, already encoded (tag, length, value), each with its source.

/// id-data, RFC 5652 section 4.
pub(crate) const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
/// id-signedData, RFC 5652 section 5.
pub(crate) const SIGNED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// id-envelopedData, RFC 5652 section 6.
pub(crate) const ENVELOPED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3];
/// id-contentType, RFC 5652 section 11.1.
pub(crate) const CONTENT_TYPE: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
/// id-messageDigest, RFC 5652 section 11.2.
pub(crate) const MESSAGE_DIGEST: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
/// id-signingTime, RFC 5652 section 11.3.
pub(crate) const SIGNING_TIME: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];
/// id-aa-signingCertificateV2, RFC 5035.
pub(crate) const SIGNING_CERTIFICATE_V2: &[u8] =
    &[0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];
/// id-sha256, RFC 5754.
pub(crate) const SHA256: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
/// ecdsa-with-SHA256, RFC 5754.
pub(crate) const ECDSA_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// rsaEncryption, RFC 3370.
pub(crate) const RSA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// id-RSAES-OAEP, RFC 4055.
pub(crate) const RSA_OAEP: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7];
/// id-mgf1, RFC 4055.
pub(crate) const MGF1: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
/// id-ecPublicKey, RFC 5480.
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// dhSinglePass-stdDH-sha256kdf-scheme, RFC 5753.
pub(crate) const ECDH_SHA256_KDF: &[u8] = &[0x06, 6, 0x2b, 0x81, 0x04, 1, 11, 1];
/// id-aes256-wrap, RFC 3565.
pub(crate) const AES256_WRAP: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 45];
/// id-aes256-CBC, RFC 3565.
pub(crate) const AES256_CBC: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
/// NULL, for parameters.
pub(crate) const NULL: &[u8] = &[0x05, 0];
