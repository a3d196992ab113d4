//! Which output of a payment goes back to the payer. Knows guesses only: nothing here joins
//! addresses. Links that rest on these guesses have a layer of their own ([`crate::hypothesis`]),
//! and how often each guess is wrong is measured in docs/error-rates.md.
//!
//! Each heuristic returns the outputs that it does *not* rule out; it names the change when exactly
//! one is left. The rules are those of BlockSci (Kalodner et al., USENIX Security 2020, section on
//! change; documented in its reference "heuristics.change") and GraphSense's one-time change
//! (graphsense-lib, `heuristics_service.py`, 2026), stated again in the doc of each.

use crate::coinjoin;
use chain::{AddressNumber, InputNumber, OutputNumber, ScriptType, Spent, TxNumber, Utxo};
use std::collections::BTreeSet;
use std::fmt;

/// A guess about change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heuristic {
    /// An output that pays an address of the inputs.
    AddressReuse,
    /// Where all inputs have one script type, change has it too.
    AddressType,
    /// Change is smaller than every input: else that input would not have been needed.
    OptimalChange,
    /// People choose round amounts; change is no multiple of 0.01 bitcoin.
    PowerOfTen,
    /// Wallets take a fresh address for change: one that this transaction uses first.
    FirstUse,
    /// The payer's software sets lock times the same way in the transaction that spends the change.
    LockTime,
    /// The payer's software leaves the same fee when it spends the change. BlockSci compares the
    /// fee for a thousand bytes; the questions of `chain` tell no sizes, so this is the fee itself.
    FixedFee,
    /// In a peel chain (one input, two outputs, again and again) change continues the chain.
    PeelChain,
    /// GraphSense's: two to ten outputs; the script type of all inputs; no multiple of 1,000
    /// satoshis; smaller than every input; an address used by this transaction alone, in hindsight.
    OneTime,
}

/// An output that is no multiple of so many satoshis was not typed by a person.
const ROUND_SATOSHI: u64 = 1_000_000;
/// The same for GraphSense's rule.
const ONE_TIME_ROUND_SATOSHI: u64 = 1_000;
/// Outputs of a transaction that GraphSense's rule looks at.
const ONE_TIME_OUTPUTS: std::ops::RangeInclusive<u64> = 2..=10;

impl Heuristic {
    /// All, in the order of reports.
    pub const ALL: [Heuristic; 9] = [
        Heuristic::AddressReuse,
        Heuristic::AddressType,
        Heuristic::OptimalChange,
        Heuristic::PowerOfTen,
        Heuristic::FirstUse,
        Heuristic::LockTime,
        Heuristic::FixedFee,
        Heuristic::PeelChain,
        Heuristic::OneTime,
    ];

    /// The name used in exhibits and reports.
    pub fn name(self) -> &'static str {
        match self {
            Heuristic::AddressReuse => "address-reuse",
            Heuristic::AddressType => "address-type",
            Heuristic::OptimalChange => "optimal-change",
            Heuristic::PowerOfTen => "power-of-ten",
            Heuristic::FirstUse => "first-use",
            Heuristic::LockTime => "lock-time",
            Heuristic::FixedFee => "fixed-fee",
            Heuristic::PeelChain => "peel-chain",
            Heuristic::OneTime => "one-time",
        }
    }

    /// What must be true of the payer for it to be right.
    pub fn assumption(self) -> &'static str {
        match self {
            Heuristic::AddressReuse => {
                "nobody pays an address of the payer's with the payer's coins"
            }
            Heuristic::AddressType => {
                "the payer's wallet uses one script type, the payee's another"
            }
            Heuristic::OptimalChange => "the wallet spends no coin that the payment does not need",
            Heuristic::PowerOfTen => "people pay round amounts, and change is not round by chance",
            Heuristic::FirstUse => "change goes to a new address and the payee's was used before",
            Heuristic::LockTime => "payer and payee use software that sets lock times differently",
            Heuristic::FixedFee => "the payer leaves the same fee each time, the payee another",
            Heuristic::PeelChain => "the payer goes on peeling, and the payee does not peel",
            Heuristic::OneTime => "change alone has a new address that is never used again",
        }
    }
}

impl fmt::Display for Heuristic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The outputs that a heuristic does not rule out, in order; none at all where it does not apply or
/// where the chain does not tell what it needs. A coinbase has no change, and an output that can
/// never be spent is nobody's.
pub fn left_by<C: Utxo>(
    chain: &C,
    heuristic: Heuristic,
    transaction: TxNumber,
) -> Option<Vec<OutputNumber>> {
    if chain.inputs_of(transaction).is_empty() {
        return None;
    }
    match heuristic {
        Heuristic::AddressReuse => Some(address_reuse(chain, transaction)),
        Heuristic::AddressType => address_type(chain, transaction),
        Heuristic::OptimalChange => optimal_change(chain, transaction),
        Heuristic::PowerOfTen => {
            Some(keep(chain, transaction, |output| chain.value(output).0 % ROUND_SATOSHI != 0))
        }
        Heuristic::FirstUse => {
            Some(keep(chain, transaction, |output| is_first_use(chain, transaction, output)))
        }
        Heuristic::LockTime => lock_time(chain, transaction),
        Heuristic::FixedFee => fixed_fee(chain, transaction),
        Heuristic::PeelChain => peel_chain(chain, transaction),
        Heuristic::OneTime => one_time(chain, transaction),
    }
}

/// The change by a heuristic: the only output it leaves.
pub fn change_by<C: Utxo>(
    chain: &C,
    heuristic: Heuristic,
    transaction: TxNumber,
) -> Option<OutputNumber> {
    match left_by(chain, heuristic, transaction)?[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether a transaction can have change to look for: one payer as far as its shape tells, and two
/// outputs at least that somebody can spend.
pub fn may_have_change<C: Utxo>(chain: &C, transaction: TxNumber) -> bool {
    !chain.inputs_of(transaction).is_empty()
        && keep(chain, transaction, |_| true).len() >= 2
        && !coinjoin::is_joint(chain, transaction)
}

/// The outputs that somebody can spend and that pass.
fn keep<C: Utxo>(
    chain: &C,
    transaction: TxNumber,
    passes: impl Fn(OutputNumber) -> bool,
) -> Vec<OutputNumber> {
    let outputs = chain.outputs_of(transaction).map(OutputNumber);
    outputs.filter(|output| chain.address_of(*output).is_some() && passes(*output)).collect()
}

fn address_reuse<C: Utxo>(chain: &C, transaction: TxNumber) -> Vec<OutputNumber> {
    let inputs = chain.inputs_of(transaction).map(InputNumber);
    let spent: BTreeSet<AddressNumber> =
        inputs.filter_map(|input| chain.input_address(input)).collect();
    keep(chain, transaction, |output| {
        chain.address_of(output).is_some_and(|address| spent.contains(&address))
    })
}

fn address_type<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Vec<OutputNumber>> {
    let spent = input_type(chain, transaction)?;
    Some(keep(chain, transaction, |output| chain.script_type(output) == spent))
}

/// The script type of all inputs, where they have one and it is known.
pub(crate) fn input_type<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<ScriptType> {
    let mut inputs = chain.inputs_of(transaction).map(InputNumber);
    let kind = |input| match chain.spent(input) {
        Spent::Inside(output) => Some(chain.script_type(output)),
        Spent::Outside { address, .. } => Some(ScriptType::of(&chain.script_of(address?))),
    };
    let first = kind(inputs.next()?)?;
    inputs.all(|input| kind(input) == Some(first)).then_some(first)
}

/// The smallest input bounds change from above even where others are not known.
fn optimal_change<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Vec<OutputNumber>> {
    let inputs = chain.inputs_of(transaction).map(InputNumber);
    let smallest = inputs.filter_map(|input| chain.input_value(input)).min()?;
    Some(keep(chain, transaction, |output| chain.value(output) < smallest))
}

pub(crate) fn is_first_use<C: Utxo>(
    chain: &C,
    transaction: TxNumber,
    output: OutputNumber,
) -> bool {
    let address = chain.address_of(output);
    let first = address.and_then(|address| chain.first_output_to(address));
    first.is_some_and(|first| chain.outputs_of(transaction).contains(&first.0))
}

fn lock_time<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Vec<OutputNumber>> {
    let locks = |transaction| chain.features(transaction).map(|features| features.lock_time > 0);
    let here = locks(transaction)?;
    Some(keep(chain, transaction, |output| {
        chain.spender(output).and_then(locks).is_none_or(|there| there == here)
    }))
}

fn fixed_fee<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Vec<OutputNumber>> {
    let here = chain.fee(transaction)?;
    Some(keep(chain, transaction, |output| {
        let spender = chain.spender(output);
        spender.and_then(|spender| chain.fee(spender)).is_none_or(|there| there == here)
    }))
}

/// One input, two outputs: as if a little were peeled off a large coin.
pub fn looks_like_peel<C: Utxo>(chain: &C, transaction: TxNumber) -> bool {
    let (inputs, outputs) = (chain.inputs_of(transaction), chain.outputs_of(transaction));
    inputs.end - inputs.start == 1 && outputs.end - outputs.start == 2
}

/// BlockSci's rule: the shape, and the transaction before or one after has it too.
fn is_peel<C: Utxo>(chain: &C, transaction: TxNumber) -> bool {
    if !looks_like_peel(chain, transaction) {
        return false;
    }
    let before = match chain.spent(InputNumber(chain.inputs_of(transaction).start)) {
        Spent::Inside(output) => looks_like_peel(chain, chain.creator(output)),
        Spent::Outside { .. } => false,
    };
    let mut after = chain.outputs_of(transaction).map(OutputNumber);
    before
        || after.any(|output| {
            chain.spender(output).is_some_and(|spender| looks_like_peel(chain, spender))
        })
}

fn peel_chain<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Vec<OutputNumber>> {
    is_peel(chain, transaction).then(|| {
        keep(chain, transaction, |output| {
            chain.spender(output).is_none_or(|spender| is_peel(chain, spender))
        })
    })
}

fn one_time<C: Utxo>(chain: &C, transaction: TxNumber) -> Option<Vec<OutputNumber>> {
    let outputs = chain.outputs_of(transaction);
    if !ONE_TIME_OUTPUTS.contains(&(outputs.end - outputs.start)) {
        return None;
    }
    let kind = input_type(chain, transaction)?;
    let small = optimal_change(chain, transaction)?;
    let candidates = small.into_iter().filter(|output| {
        let address = chain.address_of(*output);
        chain.script_type(*output) == kind
            && chain.value(*output).0 % ONE_TIME_ROUND_SATOSHI != 0
            && is_first_use(chain, transaction, *output)
            && address.is_some_and(|address| chain.outputs_to(address).len() == 1)
    });
    Some(candidates.collect())
}
