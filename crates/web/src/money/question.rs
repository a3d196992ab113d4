//! The question of a trace as the address of a page has it.
//!
//! Knows no chain. What cannot be read is a mistake beside its field; nothing is guessed.

use chain::Satoshi;
use serde::Deserialize;
use server::app::trace::Question;
use trace::{Limits, Policy};

use super::sheet::Asked;
use crate::form::Mistakes;
use crate::frame::Frame;

/// Transactions that a page enters at most; the command line goes further.
pub const TRANSACTIONS_MAX: u32 = 10_000;
/// Hops that a page follows at most.
pub const HOPS_MAX: u32 = 1_000;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// `TXID` or `TXID:VOUT`.
    pub from: String,
    /// A policy's name.
    pub policy: String,
    /// Transactions from the source.
    pub hops_max: String,
    /// Satoshis below which an output is not followed.
    pub amount_min: String,
}

impl Typed {
    /// The question, or what is wrong with it.
    pub fn question(&self, frame: &Frame) -> Result<Question, Mistakes> {
        let mut mistakes = Mistakes::default();
        let source = self.from.trim().parse::<trace::Source>();
        if source.is_err() {
            mistakes.add("from", frame.say("money-from-wrong"));
        }
        let policy = self.policy().unwrap_or_else(|| {
            mistakes.add("policy", frame.say("money-policy-wrong"));
            Policy::Haircut
        });
        let mut limits = Limits { transactions_max: TRANSACTIONS_MAX, ..Limits::default() };
        match number(&self.hops_max, limits.hops_max) {
            Some(hops) if (1..=HOPS_MAX).contains(&hops) => limits.hops_max = hops,
            _ => mistakes.add("hops_max", frame.say1("money-hops-wrong", "most", HOPS_MAX)),
        }
        match number(&self.amount_min, limits.amount_min.0) {
            Some(amount) if amount > 0 => limits.amount_min = Satoshi(amount),
            _ => mistakes.add("amount_min", frame.say("money-amount-wrong")),
        }
        match source {
            Ok(source) if mistakes.is_empty() => Ok(Question { source, policy, limits }),
            _ => Err(mistakes),
        }
    }

    /// The policy chosen; haircut when nothing was.
    pub fn policy(&self) -> Option<Policy> {
        if self.policy.is_empty() { Some(Policy::Haircut) } else { self.policy.parse().ok() }
    }

    /// The question as the address of its page has it.
    pub fn asked(&self) -> Asked {
        let fields = [
            ("from", self.from.as_str()),
            ("policy", &self.policy),
            ("hops_max", &self.hops_max),
            ("amount_min", &self.amount_min),
        ];
        Asked::of("/money", &fields)
    }
}

/// A whole number, or the default where nothing is typed.
pub(super) fn number<N: std::str::FromStr>(text: &str, default: N) -> Option<N> {
    if text.trim().is_empty() { Some(default) } else { text.trim().parse().ok() }
}
