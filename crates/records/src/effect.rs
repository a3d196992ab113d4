//! What the company's own systems are asked to do: freeze, unfreeze, hold records.
//!
//! Knows no request and keeps no state: retries and the wait for a late confirmation are jobs of the
//! server. Asking twice with the same effect id is asking once.

use jiff::Timestamp;

use crate::catalog::EffectKind;
use crate::source::Records;

/// The id of an effect; its UUID is the idempotency key of every attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EffectId(pub uuid::Uuid);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its id, the same in every attempt.
    pub id: EffectId,
    /// What to do. The catalog says how.
    pub kind: EffectKind,
    /// The account, as the company writes its id.
    pub account: String,
    /// The asset, as the company names it; none for effects on records.
    pub asset: Option<String>,
    /// How much, in the asset's smallest unit; none means all there is.
    pub amount: Option<u64>,
    /// When it lapses by itself; none means never.
    pub until: Option<Timestamp>,
}

/// How it stands after one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The company's system says that it holds.
    Confirmed {
        /// What it said, at most [`DETAIL_BYTES_MAX`] bytes.
        detail: String,
        /// The amount that is held, in smallest units, if it said so; may be less than asked.
        amount: Option<u64>,
    },
    /// Accepted but not confirmed; ask again with [`Records::poll_effect`].
    Pending {
        /// What it said.
        detail: String,
    },
    /// Not done.
    Failed {
        /// May the same effect be asked again later?
        retryable: bool,
        /// What went wrong, free of personal data.
        why: String,
    },
}

/// Longest detail that is kept of an answer, in bytes.
pub const DETAIL_BYTES_MAX: usize = 1_000;

/// The catalog does not allow the attempt at all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EffectError {
    /// No entry for this kind.
    #[error("catalog {file} has no [effects.{kind}]; add one or refuse the ask")]
    NotInCatalog {
        /// The catalog.
        file: String,
        /// The kind.
        kind: &'static str,
    },
}

impl Records {
    /// Asks the company's system once. Safe to repeat with the same effect id.
    ///
    /// # Errors
    /// The catalog has no entry for this kind. Everything that happens outside is an [`Outcome`].
    pub async fn request_effect(&self, _effect: &Effect) -> Result<Outcome, EffectError> {
        unimplemented!("signature first")
    }

    /// Asks how an effect stands that was [`Outcome::Pending`]. Never asks for it anew.
    ///
    /// # Errors
    /// As for [`Records::request_effect`].
    pub async fn poll_effect(&self, _effect: &Effect) -> Result<Outcome, EffectError> {
        unimplemented!("signature first")
    }
}
