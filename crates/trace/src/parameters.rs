//! What a trace is asked to do. Knows no chain.

use chain::{OutPoint, ParseIdError, Satoshi, Txid, parse_vout};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Where the money that is followed came from: all outputs of a transaction, or one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The transaction.
    pub txid: Txid,
    /// The output, where only one is followed.
    pub vout: Option<u32>,
}

/// How taint passes through a transaction that mixes tainted and clean money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Any tainted input taints every output whole.
    Poison,
    /// Every output carries the tainted share of the inputs.
    Haircut,
    /// First in, first out: inputs are a queue of satoshis which the outputs take in order.
    Fifo,
    /// Last in, first out: the same queue, taken from its end.
    Lifo,
    /// Taint in, highest out: the largest outputs take the taint first.
    Tiho,
}

/// What becomes of the taint in a transaction's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeeRule {
    /// The trace ends at the fee and reports its amount.
    Stop,
    /// The fee enters the block's coinbase, after the subsidy, in the order of transactions.
    Coinbase,
}

/// Where the trace stops on its own. Every limit is in the exhibit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions further from the source than this are not entered.
    pub hops_max: u32,
    /// Outputs with less taint are not followed.
    pub amount_min: Satoshi,
    /// Outputs of whose value a smaller part is tainted are not followed; parts per billion.
    pub share_min_ppb: u32,
    /// Transactions entered in all, the source not counted.
    pub transactions_max: u32,
}

/// An address that somebody has named; the trace stops there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Whose address it is said to be.
    pub label: String,
    /// Who says so.
    pub source: String,
    /// Made up for an example: the address is real, the attribution is not.
    pub fiction: bool,
}

/// Named addresses.
pub type Tags = BTreeMap<String, Tag>;

/// Everything that determines a trace, besides the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// What is followed.
    pub source: Source,
    /// Under which rule.
    pub policy: Policy,
    /// Whether taint in fees is followed.
    pub fees: FeeRule,
    /// How far.
    pub limits: Limits,
    /// Where it stops because the address is known.
    pub tags: Tags,
    /// What stands behind the tags, where they come from tag packs.
    pub attribution: Option<Box<crate::attribution::Attribution>>,
}

/// Text that is no parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A transaction id or output index.
    #[error(transparent)]
    Id(#[from] ParseIdError),
    /// A policy.
    #[error("`{0}` is not a policy: write poison, haircut, fifo, lifo or tiho")]
    Policy(String),
    /// A fee rule.
    #[error("`{0}` is not a fee rule: write stop or coinbase")]
    FeeRule(String),
}

/// Named addresses in one trace.
pub const TAGS_MAX: usize = 1_000_000;

/// Parts per billion that make a whole.
pub const SHARE_WHOLE_PPB: u32 = 1_000_000_000;

impl Parameters {
    /// The usual parameters: the policy's own fee rule, default limits, no tags.
    pub fn new(source: Source, policy: Policy) -> Parameters {
        let (limits, tags) = (Limits::default(), Tags::new());
        Parameters { source, policy, fees: policy.fee_rule(), limits, tags, attribution: None }
    }

    /// The same trace under another policy, with that policy's own fee rule.
    pub fn under(&self, policy: Policy) -> Parameters {
        let fees = if policy == self.policy { self.fees } else { policy.fee_rule() };
        Parameters { policy, fees, ..self.clone() }
    }
}

impl Policy {
    /// All policies, in the order of tables.
    pub const ALL: [Policy; 5] =
        [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo, Policy::Tiho];

    /// The name under which lawyers know the rule.
    pub fn legal_name(self) -> &'static str {
        match self {
            Policy::Poison => "full taint (no legal rule of apportionment; an upper bound)",
            Policy::Haircut => "pro rata (pari passu)",
            Policy::Fifo => "first in, first out (Clayton's case, 1816)",
            Policy::Lifo => {
                "last in, first out (a bookkeeping convention; its kin for accounts is the lowest \
                 intermediate balance)"
            }
            Policy::Tiho => "taint in, highest out (a research heuristic; no legal rule)",
        }
    }

    /// Where taint in fees goes unless the caller says otherwise. FIFO as published follows it to
    /// the miner, and so does its mirror; under the others it would soon taint every coinbase, so
    /// they end there.
    pub fn fee_rule(self) -> FeeRule {
        match self {
            Policy::Poison | Policy::Haircut | Policy::Tiho => FeeRule::Stop,
            Policy::Fifo | Policy::Lifo => FeeRule::Coinbase,
        }
    }

    /// Whether a lot says which of its satoshis are tainted, which makes the rule lossless: from
    /// every satoshi there is one way back.
    pub fn tells_satoshis_apart(self) -> bool {
        matches!(self, Policy::Fifo | Policy::Lifo)
    }

    /// The name used on command lines and in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Poison => "poison",
            Policy::Haircut => "haircut",
            Policy::Fifo => "fifo",
            Policy::Lifo => "lifo",
            Policy::Tiho => "tiho",
        }
    }
}

impl FeeRule {
    /// The name used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            FeeRule::Stop => "stop",
            FeeRule::Coinbase => "coinbase",
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { hops_max: 100, amount_min: Satoshi(1), share_min_ppb: 0, transactions_max: 10_000 }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Policy, ParseError> {
        let found = Policy::ALL.into_iter().find(|policy| policy.name() == text);
        found.ok_or_else(|| ParseError::Policy(text.chars().take(40).collect()))
    }
}

impl FromStr for FeeRule {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<FeeRule, ParseError> {
        let found = [FeeRule::Stop, FeeRule::Coinbase].into_iter().find(|rule| rule.name() == text);
        found.ok_or_else(|| ParseError::FeeRule(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.vout {
            Some(vout) => OutPoint { txid: self.txid, vout }.fmt(f),
            None => self.txid.fmt(f),
        }
    }
}

impl FromStr for Source {
    type Err = ParseError;

    /// Reads `TXID` or `TXID:VOUT`.
    fn from_str(text: &str) -> Result<Source, ParseError> {
        let (txid, vout) = match text.split_once(':') {
            Some((txid, vout)) => (txid, Some(parse_vout(vout)?)),
            None => (text, None),
        };
        Ok(Source { txid: txid.parse()?, vout })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let said = match text.parse::<Source>() {
            Ok(source) => format!("{source}\n{:?}", source.vout),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn sources_read() {
        let txid = "00".repeat(31) + "ff";
        check(
            &txid,
            expect![[r#"
                00000000000000000000000000000000000000000000000000000000000000ff
                None"#]],
        );
        check(
            &format!("{txid}:12"),
            expect![[r#"
                00000000000000000000000000000000000000000000000000000000000000ff:12
                Some(12)"#]],
        );
        check("12", expect!["`12` is not a transaction id: write 64 hexadecimal digits"]);
        check(
            &format!("{txid}:"),
            expect!["`` is not an output index: write a whole number from 0 after the colon"],
        );
        check(
            &format!("{txid}:4294967296"),
            expect![
                "`4294967296` is not an output index: write a whole number from 0 after the colon"
            ],
        );
    }

    #[test]
    fn policies_read() {
        for policy in Policy::ALL {
            assert_eq!(policy.name().parse(), Ok(policy));
        }
        expect!["`LIFO` is not a policy: write poison, haircut, fifo, lifo or tiho"]
            .assert_eq(&"LIFO".parse::<Policy>().unwrap_err().to_string());
    }
}
