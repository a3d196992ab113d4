//! What the company's own systems are asked to do: freeze, unfreeze, hold records, tell a user.
//!
//! Knows no request and keeps no state: retries and the wait for a late confirmation are jobs of
//! the server. Asking twice with the same effect id is asking once.

mod http;
mod sql;
pub(crate) mod template;

use jiff::Timestamp;

pub(crate) use sql::CONFIRM_COLUMNS;

use crate::catalog::{EffectKind, EffectWay};
use crate::source::Records;

/// Longest detail that is kept of an answer, in bytes.
pub const DETAIL_BYTES_MAX: usize = 1_000;

/// The id of an effect; its UUID is the idempotency key of every attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EffectId(pub uuid::Uuid);

/// One thing to do.
#[derive(Clone, PartialEq, Eq)]
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
    pub amount: Option<u128>,
    /// When it lapses by itself; none means never.
    pub until: Option<Timestamp>,
    /// The earlier effect that an unfreeze or release undoes.
    pub releases: Option<EffectId>,
    /// What the user is told, for a notice.
    pub notice: Option<String>,
}

/// Without the account, so that it cannot slip into a log.
impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Effect").field("id", &self.id).field("kind", &self.kind).finish()
    }
}

/// How it stands after one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The company's system says that it holds.
    Confirmed {
        /// What it said, at most [`DETAIL_BYTES_MAX`] bytes.
        detail: String,
        /// The amount that is held, in smallest units, if it said so; may be less than asked.
        amount: Option<u128>,
    },
    /// Accepted but not confirmed; ask again with [`Records::poll_effect`].
    Pending {
        /// What it said.
        detail: String,
    },
    /// Not done, as far as can be told. When `retryable`, the same effect may be asked again: if it
    /// was done after all, the effect id makes the second request find the first.
    Failed {
        /// May the same effect be asked again later?
        retryable: bool,
        /// What went wrong, free of personal data.
        why: String,
    },
}

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
    pub async fn request_effect(&self, effect: &Effect) -> Result<Outcome, EffectError> {
        let entry = self.effect_entry(effect.kind)?;
        Ok(match &entry.way {
            EffectWay::Http(way) => {
                http::request(&self.inner.http, way, effect, entry.wait_max).await
            }
            EffectWay::Sql(way) => match self.source(&way.source) {
                Ok(source) => sql::request(source, way, effect, entry.wait_max).await,
                Err(error) => Outcome::Failed { retryable: false, why: error.detail() },
            },
        })
    }

    /// Asks how an effect stands that was [`Outcome::Pending`]. By SQL and by an HTTP effect with a
    /// `poll` call it only looks; an HTTP effect without one repeats its request, which the
    /// idempotency key makes harmless.
    ///
    /// # Errors
    /// As for [`Records::request_effect`].
    pub async fn poll_effect(&self, effect: &Effect) -> Result<Outcome, EffectError> {
        let entry = self.effect_entry(effect.kind)?;
        Ok(match &entry.way {
            EffectWay::Http(way) => http::poll(&self.inner.http, way, effect, entry.wait_max).await,
            EffectWay::Sql(way) => match self.source(&way.source) {
                Ok(source) => sql::poll(source, way, effect, entry.wait_max).await,
                Err(error) => Outcome::Failed { retryable: false, why: error.detail() },
            },
        })
    }

    fn effect_entry(&self, kind: EffectKind) -> Result<&crate::catalog::EffectEntry, EffectError> {
        let catalog = &self.inner.catalog;
        catalog.effect(kind).ok_or_else(|| EffectError::NotInCatalog {
            file: catalog.file.clone(),
            kind: kind.as_str(),
        })
    }
}

/// What a system said, cut to [`DETAIL_BYTES_MAX`] at a character.
fn detail(text: &str) -> String {
    text[..text.floor_char_boundary(DETAIL_BYTES_MAX)].to_owned()
}
