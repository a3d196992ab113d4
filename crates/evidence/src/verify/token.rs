//! RFC 3161 time-stamp responses: what was stamped, when, by whom. Knows no files.

use jiff::Timestamp;

use super::cms::{self, Signed, TST_INFO, digest_by};
use super::der::{DerError, INTEGER, OCTET_STRING, OID, SEQUENCE, only};
use super::x509;

/// A token and what it says.
#[derive(Debug, Clone)]
pub struct Token<'a> {
    /// The authority's clock.
    pub stamped_at: Timestamp,
    /// The signature around it.
    pub signed: Signed<'a>,
    digest: String,
    imprint: &'a [u8],
}

/// Reads a TimeStampResp with a token in it (RFC 3161 section 2.4.2).
///
/// # Errors
/// Not DER, a refusal, no token, or a token whose content is not TSTInfo.
pub fn parse(bytes: &[u8]) -> Result<Token<'_>, DerError> {
    let outer = only(bytes, "TimeStampResp")?;
    let mut parts = outer.inside();
    let status = parts.take(SEQUENCE, "status")?.inside().take(INTEGER, "status")?;
    if !matches!(status.content, [0] | [1]) {
        return Err(status.wrong("the authority refused"));
    }
    let token = parts.take(SEQUENCE, "timeStampToken")?;
    parts.end("TimeStampResp")?;
    let signed = cms::parse_value(token, cms::SetOrder::Any)?;
    let content = signed.content.filter(|_| signed.content_type == TST_INFO);
    let content = content.ok_or_else(|| token.wrong("the token has no TSTInfo"))?;
    let info = only(content, "TSTInfo")?;
    let mut fields = info.inside();
    let version = fields.take(INTEGER, "version")?;
    if version.content != [1] {
        return Err(version.wrong("not version 1 of TSTInfo"));
    }
    fields.take(OID, "policy")?;
    let mut imprint = fields.take(SEQUENCE, "messageImprint")?.inside();
    let digest = x509::algorithm(imprint.take(SEQUENCE, "hashAlgorithm")?)?.0;
    let hashed = imprint.take(OCTET_STRING, "hashedMessage")?.content;
    imprint.end("messageImprint")?;
    fields.take(INTEGER, "serialNumber")?;
    let stamped_at = x509::time(fields.value("genTime")?)?;
    Ok(Token { stamped_at, signed, digest, imprint: hashed })
}

impl Token<'_> {
    /// Whether the token is over these bytes.
    pub fn is_over(&self, bytes: &[u8]) -> bool {
        digest_by(&self.digest, bytes).as_deref() == Some(self.imprint)
    }

    /// The imprint in hex.
    pub fn imprint(&self) -> String {
        hex::encode(self.imprint)
    }

    /// Whether the token's own signature holds: messageDigest over its content, signature by the
    /// certificate inside that ESSCertID names.
    pub fn signature_fault(&self) -> Option<&'static str> {
        let signer = &self.signed.signer;
        let Some(certificate) = self.signed.signer_certificate() else {
            return Some("the authority's certificate is not inside");
        };
        let content = self.signed.content.unwrap_or_default();
        if signer.content_type().as_deref() != Some(TST_INFO) {
            return Some("the signed content type is not TSTInfo");
        }
        if signer.digest_of(content).as_deref() != signer.message_digest() {
            return Some("messageDigest is not that of the TSTInfo inside");
        }
        if !signer.signed_by(certificate) {
            return Some("the authority's signature is wrong");
        }
        match signer.names(certificate) {
            Some(true) => None,
            Some(false) => Some("signing-certificate names another certificate"),
            None => Some("signing-certificate is missing"),
        }
    }
}
