//! The question of a trace as the address of a page has it.
//!
//! Knows no chain. What cannot be read is a mistake beside its field; nothing is guessed.

use chain::Satoshi;
use serde::Deserialize;
use server::app::trace::Question;
use trace::{Limits, Policy};

use crate::form::Mistakes;
use crate::frame::Frame;

/// Transactions that a page enters at most; the command line goes further.
pub const TRANSACTIONS_MAX: u32 = 10_000;
/// Hops that a page follows at most.
pub const HOPS_MAX: u32 = 1_000;
/// Layers of a picture that may be open at once.
const OPEN_LAYERS_MAX: usize = 200;

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
    /// Column and direction of the table of ends.
    pub sort: String,
    /// Layers of the picture that are open, `a-b` and commas.
    pub open: String,
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

    /// The layers that are open.
    pub fn open_layers(&self) -> std::collections::BTreeSet<usize> {
        open_layers(&self.open)
    }

    /// The question as the query of an address, without order and open layers.
    pub fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("from", self.from.trim());
        let others = [
            ("policy", &self.policy),
            ("hops_max", &self.hops_max),
            ("amount_min", &self.amount_min),
        ];
        for (name, value) in others.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

/// The layers that are open, as an address writes them.
pub(super) fn open_layers(open: &str) -> std::collections::BTreeSet<usize> {
    let spans = open.split(',').filter_map(|span| {
        let (first, last) = span.split_once('-')?;
        Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?))
    });
    spans.flat_map(|(first, last)| first..=last).take(OPEN_LAYERS_MAX).collect()
}

/// A whole number, or the default where nothing is typed.
pub(super) fn number<N: std::str::FromStr>(text: &str, default: N) -> Option<N> {
    if text.trim().is_empty() { Some(default) } else { text.trim().parse().ok() }
}
