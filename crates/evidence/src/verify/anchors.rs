//! What the reader trusts beforehand, got by another way than the package.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ledger::policy::Policy;

use super::der::DerError;
use super::x509::{self, Certificate};

/// Certificates that one anchor file may hold.
pub const ROOTS_COUNT_MAX: usize = 256;

/// Trust anchors. Without any, the verifier can say that a package is intact, not whose it is.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    roots: Vec<Vec<u8>>,
    tsa_roots: Vec<Vec<u8>>,
    policy: Option<Policy>,
    at: Option<Timestamp>,
}

/// Why a file is no anchor.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// Neither PEM with certificates nor one DER certificate.
    #[error("no certificate in the file; give PEM blocks CERTIFICATE, or one certificate in DER")]
    Empty,
    /// A block that is not base64.
    #[error("certificate {number} in the file is not base64")]
    Base64 {
        /// Which, from 1.
        number: usize,
    },
    /// A block that is no certificate.
    #[error("certificate {number} in the file cannot be read")]
    Certificate {
        /// Which, from 1.
        number: usize,
        /// Why.
        #[source]
        source: DerError,
    },
    /// Too many.
    #[error("more than {ROOTS_COUNT_MAX} certificates in the file")]
    TooMany,
}

impl Anchors {
    /// No anchors: integrity only.
    pub fn none() -> Self {
        Self::default()
    }

    /// Trusts these roots for the company's seal; PEM or DER.
    ///
    /// # Errors
    /// When the file holds no certificate, or something else.
    pub fn with_roots(mut self, file: &[u8]) -> Result<Self, AnchorError> {
        self.roots.extend(certificates(file)?);
        Ok(self)
    }

    /// Trusts these roots for time-stamps; PEM or DER.
    ///
    /// # Errors
    /// As [`Anchors::with_roots`].
    pub fn with_tsa_roots(mut self, file: &[u8]) -> Result<Self, AnchorError> {
        self.tsa_roots.extend(certificates(file)?);
        Ok(self)
    }

    /// Trusts the logs and witnesses of this policy (C2SP tlog-policy).
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Judges certificates at this time instead of the time that the signer states; a token that
    /// leads to a trusted root goes before it.
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    pub(super) fn roots(&self) -> Vec<Certificate<'_>> {
        self.roots.iter().filter_map(|der| x509::parse(der).ok()).collect()
    }

    pub(super) fn tsa_roots(&self) -> Vec<Certificate<'_>> {
        self.tsa_roots.iter().filter_map(|der| x509::parse(der).ok()).collect()
    }

    pub(super) fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    pub(super) fn judged_at(&self) -> Option<Timestamp> {
        self.at
    }
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Reads an anchor file the way people keep them: text around blocks, any line length.
fn certificates(file: &[u8]) -> Result<Vec<Vec<u8>>, AnchorError> {
    let mut found = Vec::new();
    let text = std::str::from_utf8(file).ok().filter(|text| text.contains(BEGIN));
    match text {
        Some(text) => {
            for block in text.split(BEGIN).skip(1) {
                let number = found.len() + 1;
                let body = block.split_once(END).map_or(block, |(body, _)| body);
                let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
                let der = STANDARD.decode(body).map_err(|_| AnchorError::Base64 { number })?;
                found.push(der);
            }
        }
        None if file.is_empty() => return Err(AnchorError::Empty),
        None => found.push(file.to_vec()),
    }
    if found.len() > ROOTS_COUNT_MAX {
        return Err(AnchorError::TooMany);
    }
    for (index, der) in found.iter().enumerate() {
        let number = index + 1;
        x509::parse(der).map_err(|source| AnchorError::Certificate { number, source })?;
    }
    Ok(found)
}

/// Reads `chain.pem`, which has one spelling: 64 characters a line, LF, nothing around. None when
/// the bytes are anything else.
pub(super) fn canonical_chain(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(file).ok()?;
    let mut found = Vec::new();
    let mut written = String::new();
    for block in text.split_inclusive(&format!("{END}\n")) {
        let body = block.strip_prefix(BEGIN)?.strip_suffix(&format!("{END}\n"))?;
        let body: String = body.split('\n').collect();
        let der = STANDARD.decode(&body).ok()?;
        written.push_str(BEGIN);
        written.push('\n');
        let encoded = STANDARD.encode(&der);
        for line in encoded.as_bytes().chunks(64) {
            written.push_str(std::str::from_utf8(line).ok()?);
            written.push('\n');
        }
        written.push_str(END);
        written.push('\n');
        found.push(der);
    }
    (written == text && !found.is_empty()).then_some(found)
}
