//! Certificate chains as bytes, with the few fields that a signature or an envelope names.
//! Does not judge whether a certificate is trusted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use x509_cert::Certificate;

use crate::cms::CmsError;
use crate::digest::Sha256;

/// Certificates in one chain.
pub const CHAIN_COUNT_MAX: usize = 10;
/// Bytes of one certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";
const PEM_LINE_BYTES: usize = 64;

/// A certificate and those above it, the own one first. Parsed once, used for many seals.
#[derive(Clone, Debug)]
pub struct Chain {
    certificates: Vec<Vec<u8>>,
    /// Issuer, a DER `Name`, of the first.
    pub(crate) issuer: Vec<u8>,
    /// Serial number, a DER INTEGER, of the first.
    pub(crate) serial_number: Vec<u8>,
    /// SubjectPublicKeyInfo of the first.
    pub(crate) public_key: Vec<u8>,
}

impl Chain {
    /// Reads certificates in DER, the own one first.
    pub fn from_der(certificates: Vec<Vec<u8>>) -> Result<Self, CmsError> {
        if certificates.is_empty() || certificates.len() > CHAIN_COUNT_MAX {
            return Err(CmsError::ChainCount { found: certificates.len() });
        }
        let mut parsed = Vec::with_capacity(certificates.len());
        for (index, bytes) in certificates.iter().enumerate() {
            let number = index + 1;
            let read = |source| CmsError::Certificate { number, source };
            parsed.push(Certificate::from_der(bytes).map_err(read)?);
        }
        let own = &parsed[0].tbs_certificate;
        let encoded = |source| CmsError::Certificate { number: 1, source };
        Ok(Self {
            issuer: own.issuer.to_der().map_err(encoded)?,
            serial_number: own.serial_number.to_der().map_err(encoded)?,
            public_key: own.subject_public_key_info.to_der().map_err(encoded)?,
            certificates,
        })
    }

    /// Reads certificates in PEM, the own one first; text between them is skipped.
    pub fn from_pem(text: &str) -> Result<Self, CmsError> {
        Self::from_der(certificates_from_pem(text)?)
    }

    /// All in PEM, the own one first: `seal/chain.pem`.
    pub fn to_pem(&self) -> String {
        let mut pem = String::new();
        for certificate in &self.certificates {
            pem.push_str(PEM_BEGIN);
            pem.push('\n');
            let base64 = STANDARD.encode(certificate);
            let mut rest = base64.as_str();
            while !rest.is_empty() {
                let (line, after) = rest.split_at(rest.len().min(PEM_LINE_BYTES));
                pem.push_str(line);
                pem.push('\n');
                rest = after;
            }
            pem.push_str(PEM_END);
            pem.push('\n');
        }
        pem
    }

    /// All in DER, the own one first.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// SHA-256 of the own certificate.
    pub fn own_sha256(&self) -> Sha256 {
        Sha256::of(&self.certificates[0])
    }
}

/// The certificates of a PEM text, in DER.
pub fn certificates_from_pem(text: &str) -> Result<Vec<Vec<u8>>, CmsError> {
    let mut certificates = Vec::new();
    let mut open: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        let wrong = |what| CmsError::Pem { line: line_number, what };
        match (&mut open, line.trim_end()) {
            (None, PEM_BEGIN) => open = Some(String::new()),
            (Some(_), PEM_BEGIN) => return Err(wrong("a certificate begins inside another")),
            (Some(base64), PEM_END) => {
                let bytes = STANDARD.decode(base64.as_bytes());
                certificates.push(bytes.map_err(|_| wrong("the lines above are not base64"))?);
                open = None;
                if certificates.len() > CHAIN_COUNT_MAX {
                    return Err(CmsError::ChainCount { found: certificates.len() });
                }
            }
            (Some(base64), line) => {
                base64.push_str(line);
                if base64.len() > CERTIFICATE_BYTES_MAX * 4 / 3 {
                    return Err(wrong("the certificate is too long"));
                }
            }
            (None, _) => {}
        }
    }
    match open {
        Some(_) => {
            let line = text.lines().count();
            Err(CmsError::Pem { line, what: "the certificate has no end line" })
        }
        None => Ok(certificates),
    }
}
