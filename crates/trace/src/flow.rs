//! Follows taint forward in chain order, and says what it found in ids and addresses. Knows no JSON
//! and no picture.
//!
//! Each transaction that tainted money enters is visited once, after everything before it in the
//! chain, so the result depends on the chain and the parameters only, never on the order of a walk.

use crate::frontier::{self, Entered, From, Frontier, Left, Refusal, Request, Visit, Why};
use crate::taint::Lot;
use crate::{FeeRule, Parameters, Policy};
use chain::utxo::{AddressNumber, OutputNumber, Spent};
use chain::{OutPoint, Satoshi, ScriptType, TxNumber, Txid, Utxo};

/// Where the money went under one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The rule.
    pub policy: Policy,
    /// What became of taint in fees.
    pub fees: FeeRule,
    /// The source, as hop 0, and every transaction entered, in chain order.
    pub hops: Vec<Hop>,
    /// Transactions that tainted money enters and the trace does not.
    pub stops: Vec<Stop>,
    /// The sums, which agree.
    pub totals: Totals,
}

/// One transaction that the money passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Transactions from the source on the shortest way; the source itself has 0.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    /// What goes in; empty for the source, whose own inputs are not asked about.
    pub inputs: Vec<HopInput>,
    /// What comes out.
    pub outputs: Vec<HopOutput>,
    /// What is left to the miner, or what a coinbase leaves unclaimed; not known of a source whose
    /// inputs are not known.
    pub fee: Option<Lot>,
}

/// What goes into a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopInput {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is worth and how much of it is tainted.
    pub lot: Lot,
}

/// Where an input's money comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An output.
    Output(OutPoint),
    /// New money of a coinbase.
    Subsidy,
    /// A transaction's fee, collected by a coinbase.
    Fee(Txid),
}

/// What comes out of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopOutput {
    /// Its index.
    pub vout: u32,
    /// What it is worth and how much of it is tainted.
    pub lot: Lot,
    /// The shape of its script.
    pub script_type: ScriptType,
    /// Its address, where there is one.
    pub address: Option<String>,
    /// The transaction in the view that spends it.
    pub spent_by: Option<TxNumber>,
    /// What the trace did with it.
    pub fate: Fate,
}

/// What the trace did with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It carries no taint.
    Clean,
    /// Its taint goes to the transaction that spends it.
    Followed,
    /// No transaction in the blocks given spends it.
    Unspent,
    /// It can never be spent.
    Unspendable,
    /// It pays a tagged address.
    Reached,
    /// Its taint is below the least amount.
    BelowAmount,
    /// Its tainted share is below the least share.
    BelowShare,
}

/// A transaction that tainted money enters and the trace does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The hop it would have had.
    pub hop: u32,
    /// The transaction.
    pub transaction: TxNumber,
    /// Why.
    pub reason: StopReason,
    /// The tainted money that enters it and stays here in the sums.
    pub inputs: Vec<HopInput>,
}

/// Why a transaction was not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// What these of its inputs are worth is not in the view: nothing is guessed.
    UnknownInputs(Vec<OutPoint>),
    /// A coinbase, and the fees of this many transactions of its block are not known.
    UnknownFees {
        /// How many.
        count: u32,
    },
    /// A coinbase that claims more than subsidy and fees: block and height do not belong together.
    Claim,
    /// Too far from the source.
    Hops,
    /// Enough transactions were entered.
    Transactions,
}

/// Sums of taint in satoshis. `source + added` is the sum of all the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What the source put in.
    pub source: Satoshi,
    /// Clean money that poison tainted on the way; 0 under the other policies.
    pub added: Satoshi,
    /// At tagged addresses.
    pub reached: Satoshi,
    /// In outputs that nothing in the blocks given spends, or that nothing can.
    pub unspent: Satoshi,
    /// In outputs below the limits, or at transactions beyond them.
    pub limited: Satoshi,
    /// At transactions whose other inputs are not known.
    pub boundary: Satoshi,
    /// In fees that were not followed.
    pub fees: Satoshi,
}

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The source is not in the blocks.
    #[error("transaction {0} is not in the blocks given; give the block that holds it")]
    UnknownSource(Txid),
    /// The source has fewer outputs.
    #[error("transaction {txid} has outputs 0 to {last}, not {vout}")]
    UnknownOutput {
        /// The transaction.
        txid: Txid,
        /// Its last output.
        last: u32,
        /// The output asked for.
        vout: u32,
    },
    /// Too many tags.
    #[error("{0} tags were given; the limit is {max}", max = crate::parameters::TAGS_MAX)]
    Tags(usize),
    /// A share above one.
    #[error("the least share is {0} parts per billion; it cannot be above 1000000000")]
    Share(u32),
}

/// Follows the source under the parameters' policy alone.
pub fn follow<C: Utxo>(chain: &C, parameters: &Parameters) -> Result<Flow, TraceError> {
    let request = request(chain, parameters)?;
    Ok(dress(chain, &request, frontier::walk(chain, &request)))
}

/// Follows the source under every policy, in the order of [`Policy::ALL`].
pub(crate) fn follow_all<C: Utxo>(
    chain: &C,
    parameters: &Parameters,
) -> Result<Vec<Flow>, TraceError> {
    let mut request = request(chain, parameters)?;
    let under = |policy| {
        request.policy = policy;
        request.fees = parameters.under(policy).fees;
        dress(chain, &request, frontier::walk(chain, &request))
    };
    Ok(Policy::ALL.into_iter().map(under).collect())
}

/// Looks up the source and the tagged addresses, and checks the limits.
pub fn request<C: Utxo>(chain: &C, parameters: &Parameters) -> Result<Request, TraceError> {
    if parameters.tags.len() > crate::parameters::TAGS_MAX {
        return Err(TraceError::Tags(parameters.tags.len()));
    }
    if parameters.limits.share_min_ppb > crate::parameters::SHARE_WHOLE_PPB {
        return Err(TraceError::Share(parameters.limits.share_min_ppb));
    }
    let crate::Source { txid, vout } = parameters.source;
    let transaction = chain.transaction(&txid).ok_or(TraceError::UnknownSource(txid))?;
    let outputs = chain.outputs_of(transaction);
    let count = (outputs.end - outputs.start) as u32;
    if let Some(vout) = vout
        && vout >= count
    {
        return Err(TraceError::UnknownOutput { txid, last: count.saturating_sub(1), vout });
    }
    let tagged = parameters.tags.keys().filter_map(|text| tagged(chain, text)).collect();
    let Parameters { policy, fees, limits, .. } = *parameters;
    Ok(Request { transaction, vout, policy, fees, limits, tagged })
}

/// The number of a tagged address. Only the spelling that exhibits use is a tag's.
fn tagged<C: Utxo>(chain: &C, text: &str) -> Option<AddressNumber> {
    let script = chain::script::script_of(text, chain.network()).ok()?;
    let number = chain.address_number(&script)?;
    (chain.address_text(number).as_deref() == Some(text)).then_some(number)
}

/// Puts ids and addresses to the numbers.
fn dress<C: Utxo>(chain: &C, request: &Request, walked: Frontier) -> Flow {
    let hop = |visit: &Visit| Hop {
        hop: visit.hop,
        transaction: visit.transaction,
        inputs: dress_inputs(chain, walked.inputs(chain, visit)),
        outputs: outputs(chain, visit.transaction, walked.outputs(chain, visit)),
        fee: walked.fee(chain, visit),
    };
    let stop = |refusal: &Refusal| Stop {
        hop: refusal.hop,
        transaction: refusal.transaction,
        reason: match &refusal.why {
            Why::UnknownInputs(points) => StopReason::UnknownInputs(points.clone()),
            Why::UnknownFees(count) => StopReason::UnknownFees { count: *count },
            Why::Claim => StopReason::Claim,
            Why::Hops => StopReason::Hops,
            Why::Transactions => StopReason::Transactions,
        },
        inputs: dress_inputs(chain, walked.parked(chain, refusal)),
    };
    Flow {
        policy: request.policy,
        fees: request.fees,
        hops: walked.visits.iter().map(hop).collect(),
        stops: walked.refusals.iter().map(stop).collect(),
        totals: walked.totals,
    }
}

fn dress_inputs<C: Utxo>(chain: &C, entered: Vec<Entered>) -> Vec<HopInput> {
    let origin = |from| match from {
        From::Input(input) => match chain.spent(input) {
            Spent::Inside(output) => Origin::Output(chain.outpoint(output)),
            Spent::Outside { point, .. } => Origin::Output(point),
        },
        From::Subsidy => Origin::Subsidy,
        From::Fee(transaction) => Origin::Fee(chain.txid(transaction)),
    };
    entered
        .into_iter()
        .map(|Entered { from, lot }| HopInput { origin: origin(from), lot })
        .collect()
}

fn outputs<C: Utxo>(
    chain: &C,
    transaction: TxNumber,
    left: impl Iterator<Item = Left>,
) -> Vec<HopOutput> {
    let numbers = chain.outputs_of(transaction).map(OutputNumber);
    let dressed = numbers.zip(left).zip(0..).map(|((number, left), vout)| HopOutput {
        vout,
        lot: left.lot,
        script_type: chain.script_type(number),
        address: chain.address_of(number).and_then(|address| chain.address_text(address)),
        spent_by: chain.spender(number),
        fate: left.fate,
    });
    dressed.collect()
}

impl Fate {
    /// The word used in exhibits and tables.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Clean => "clean",
            Fate::Followed => "followed",
            Fate::Unspent => "unspent_in_view",
            Fate::Unspendable => "unspendable",
            Fate::Reached => "reached",
            Fate::BelowAmount => "below_amount_min",
            Fate::BelowShare => "below_share_min",
        }
    }
}

impl StopReason {
    /// The word used in exhibits and tables.
    pub fn name(&self) -> &'static str {
        match self {
            StopReason::UnknownInputs(_) => "unknown_input_values",
            StopReason::UnknownFees { .. } => "unknown_fees",
            StopReason::Claim => "coinbase_claims_too_much",
            StopReason::Hops => "hops_max",
            StopReason::Transactions => "transactions_max",
        }
    }
}

impl Totals {
    /// Both sides of the account, less what they share: (0, 0) when they agree.
    pub(crate) fn balance(&self) -> (u128, u128) {
        let sum = |amounts: &[Satoshi]| amounts.iter().map(|a| u128::from(a.0)).sum::<u128>();
        let left = sum(&[self.source, self.added]);
        let ends = [self.reached, self.unspent, self.limited, self.boundary, self.fees];
        let right = sum(&ends);
        let common = left.min(right);
        (left - common, right - common)
    }
}
