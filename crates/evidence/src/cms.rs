//! Cryptographic Message Syntax (RFC 5652): the seal's signature and the recipient's envelope.
//!
//! Keeps no key, makes no policy and does not verify seals (that is [`crate::verify`], which
//! shares no code with this). What is written is assembled here byte by byte: the `cms` crate
//! sorts a SET OF by other bytes than its encoding, re-encodes certificates, and holds contents
//! in memory (docs/decisions/041).

pub mod certificate;
pub(crate) mod der;
pub mod envelope;
pub(crate) mod oid;
pub mod open;
pub mod recipient;
pub mod signature;

/// Why nothing was signed or enveloped.
#[derive(Debug, thiserror::Error)]
pub enum CmsError {
    /// Not a certificate.
    #[error("certificate {number} of the chain cannot be read; give DER or PEM X.509")]
    Certificate {
        /// Which, from 1.
        number: usize,
        /// What the parser said.
        #[source]
        source: ::der::Error,
    },
    /// No certificate at all, or too many.
    #[error("a chain has 1 to {max} certificates, not {found}", max = certificate::CHAIN_COUNT_MAX)]
    ChainCount {
        /// How many were found.
        found: usize,
    },
    /// PEM text that is broken.
    #[error("line {line}: {what}")]
    Pem {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The signing key failed.
    #[error("the seal key did not sign")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The signature does not belong to the certificate.
    #[error("the signature does not verify with the seal certificate; key and certificate differ")]
    WrongKey,
    /// A key that cannot be used.
    #[error("the certificate's key is {found}; use {expected}")]
    KeyKind {
        /// What the certificate has.
        found: String,
        /// What works.
        expected: &'static str,
    },
    /// The certificate does not allow the use.
    #[error("the certificate does not allow {needed}; its key usage lacks it")]
    KeyUsage {
        /// The key usage needed.
        needed: &'static str,
    },
    /// No recipient, or too many.
    #[error(
        "an envelope has 1 to {max} recipients, not {found}",
        max = envelope::RECIPIENTS_COUNT_MAX
    )]
    RecipientCount {
        /// How many were given.
        found: usize,
    },
    /// The crypto library refused.
    #[error("the crypto library refused to {what}")]
    Crypto {
        /// What it was to do.
        what: &'static str,
    },
}
