//! Blocks of EVM chains from the JSON that nodes give. Knows no node and no connection: the caller
//! hands over the `result` member of each answer as bytes.
//!
//! - `eth_getBlockByNumber` with full transactions, always;
//! - `eth_getBlockReceipts`, or an array of receipts, or `eth_getLogs`: fees, outcomes, tokens;
//! - `trace_block`, or `debug_traceBlockByNumber` with `callTracer`: payments by contracts.
//!
//! What is not given is missing and said so in the block's gaps; what contradicts itself is an
//! error that names block, transaction and field. A failed transaction pays its fee and moves
//! nothing else, and so do calls within a failed call, even where the node does not mark them.
//!
//! Not followed: ERC-1155, and balances that a contract changes without a log (rebasing).

use crate::account::block::HashCheck;
use crate::account::field::{self, At};
use crate::account::token::WRAPPED_ETHER;
use crate::account::{Account, AccountBlock, AccountChain, AccountTransaction, Gap, GapReason};
use crate::account::{AnswerError, AnswerFault, Hash256, Outcome, Place};

mod header;
mod money;
mod receipt;
mod trace;
mod wire;

/// Chains of the Ethereum virtual machine, as errors name them.
const CHAIN: &str = "EVM";
/// Most transactions in a block.
pub const TRANSACTIONS_MAX: usize = 1_000_000;
/// Most logs in a block.
pub const LOGS_MAX: usize = 4_000_000;
/// Most calls in a block.
pub const CALLS_MAX: usize = 16_000_000;

/// What a node said about one block, as the bytes of each answer's `result`.
#[derive(Clone, Copy, Debug)]
pub struct EvmAnswers<'a> {
    /// `eth_getBlockByNumber` with full transactions.
    pub block: &'a [u8],
    /// Receipts or logs.
    pub receipts: Receipts<'a>,
    /// Calls.
    pub traces: Traces<'a>,
}

/// How outcomes and logs were told.
#[derive(Clone, Copy, Debug)]
pub enum Receipts<'a> {
    /// Not at all.
    Absent,
    /// `eth_getBlockReceipts`, or one `eth_getTransactionReceipt` each in an array.
    Receipts(&'a [u8]),
    /// `eth_getLogs` of this block: tokens, but no fees, and no outcome where there is no log.
    Logs(&'a [u8]),
}

/// How calls were told.
#[derive(Clone, Copy, Debug)]
pub enum Traces<'a> {
    /// Not at all.
    Absent,
    /// `trace_block`: a flat list (Erigon, Nethermind, Reth, anvil).
    Flat(&'a [u8]),
    /// `debug_traceBlockByNumber` with `callTracer`: nested (Geth and most others). Calls nested
    /// deeper than about 60 are refused; ask for `trace_block` then.
    Nested(&'a [u8]),
}

/// What the decoder must know about the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvmRules {
    /// The chain's number (EIP-155); transactions that name another are refused.
    pub chain_id: u64,
    /// Contracts that wrap the coin one to one and log `Deposit` and `Withdrawal`.
    pub wrappers: Vec<Account>,
    /// What to do about value where nothing says whether it arrived.
    pub unknown_outcome: UnknownOutcome,
}

/// What to do about value where nothing says whether it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownOutcome {
    /// Leave it out and say so in a gap.
    LeaveOut,
    /// Move it, marked [`crate::account::Kind::ValueAssumed`].
    AssumeSuccess,
}

impl EvmRules {
    /// The rules of a chain by its number, with wrapped ether where that is mainnet.
    pub fn of(chain_id: u64) -> EvmRules {
        let wrappers = if chain_id == 1 { vec![WRAPPED_ETHER] } else { Vec::new() };
        EvmRules { chain_id, wrappers, unknown_outcome: UnknownOutcome::LeaveOut }
    }
}

/// Decodes one block.
pub fn decode(answers: EvmAnswers<'_>, rules: &EvmRules) -> Result<AccountBlock, AnswerError> {
    let wire: wire::Block = field::read(answers.block, &At::head(CHAIN), "block")?;
    let (mut block, transactions) = frame(&wire, rules)?;
    let receipts = match answers.receipts {
        Receipts::Absent => None,
        Receipts::Receipts(bytes) => Some(receipt::receipts(bytes, &wire, &mut block)?),
        Receipts::Logs(bytes) => Some(receipt::logs(bytes, &mut block)?),
    };
    let calls = match answers.traces {
        Traces::Absent => None,
        Traces::Flat(bytes) => Some(trace::flat(bytes, &block)?),
        Traces::Nested(bytes) => Some(trace::nested(bytes, &block)?),
    };
    if let Some(calls) = &calls {
        trace::outcomes(calls, &mut block)?;
    }
    money::fill(&mut block, &wire, &transactions, receipts.as_ref(), calls.as_ref(), rules)?;
    Ok(block)
}

/// Number, hash and parent only, for following a chain without decoding it.
pub fn decode_head(block: &[u8]) -> Result<(u64, Hash256, Hash256), AnswerError> {
    let wire: wire::Head = field::read(block, &At::head(CHAIN), "block")?;
    let number = At::head(CHAIN).u64("number", &wire.number)?;
    let at = At::block(CHAIN, number);
    Ok((number, at.hash("hash", &wire.hash)?, at.hash("parentHash", &wire.parent_hash)?))
}

/// Header and transactions, before anything is known about outcomes.
fn frame(
    wire: &wire::Block<'_>,
    rules: &EvmRules,
) -> Result<(AccountBlock, Vec<money::Price>), AnswerError> {
    let number = At::head(CHAIN).u64("number", &wire.number)?;
    let at = At::block(CHAIN, number);
    let hash = at.hash("hash", &wire.hash)?;
    let hash_checked = match header::hash(wire, &at)? {
        Some(recomputed) if recomputed == hash => HashCheck::Recomputed,
        Some(recomputed) if rules.chain_id == 1 => {
            return Err(at.fault("hash", AnswerFault::HeaderHash { recomputed }));
        }
        _ => HashCheck::NotRecomputed,
    };
    if wire.transactions.len() > TRANSACTIONS_MAX {
        return Err(at.fault("transactions", AnswerFault::TooMany { limit: TRANSACTIONS_MAX }));
    }
    let mut transactions = Vec::with_capacity(wire.transactions.len());
    let mut prices = Vec::with_capacity(wire.transactions.len());
    for (index, transaction) in wire.transactions.iter().enumerate() {
        let (decoded, price) = decode_transaction(transaction, &at, index, hash, rules)?;
        transactions.push(decoded);
        prices.push(price);
    }
    let block = AccountBlock {
        chain: AccountChain::Evm { chain_id: rules.chain_id },
        number,
        hash,
        parent: at.hash("parentHash", &wire.parent_hash)?,
        time: at.u64("timestamp", &wire.timestamp)?,
        hash_checked,
        transactions,
        movements: Vec::new(),
        gaps: Vec::new(),
    };
    Ok((block, prices))
}

fn decode_transaction(
    wire: &wire::Transaction<'_>,
    at: &At,
    index: usize,
    block_hash: Hash256,
    rules: &EvmRules,
) -> Result<(AccountTransaction, money::Price), AnswerError> {
    let hash = at.transaction(index, None).hash("hash", &wire.hash)?;
    let at = at.transaction(index, Some(hash));
    if let Some(told) = &wire.block_hash
        && at.hash("blockHash", told)? != block_hash
    {
        return Err(at.fault("blockHash", AnswerFault::OtherBlock));
    }
    if let Some(told) = &wire.transaction_index
        && at.u64("transactionIndex", told)? != index as u64
    {
        return Err(at.fault("transactionIndex", AnswerFault::Order { expected: index as u64 }));
    }
    if let Some(told) = &wire.chain_id {
        let told = at.u64("chainId", told)?;
        if told != rules.chain_id {
            return Err(at.fault("chainId", AnswerFault::OtherChain { expected: rules.chain_id }));
        }
    }
    let price = money::Price {
        gas_price: at.optional("gasPrice", &wire.gas_price)?,
        fee_max: at.optional("maxFeePerGas", &wire.max_fee_per_gas)?,
        tip_max: at.optional("maxPriorityFeePerGas", &wire.max_priority_fee_per_gas)?,
    };
    let transaction = AccountTransaction {
        hash,
        sender: at.account("from", &wire.from)?,
        recipient: match &wire.to {
            Some(to) => Some(at.account("to", to)?),
            None => None,
        },
        value: at.u128("value", &wire.value)?,
        outcome: Outcome::Unknown,
    };
    Ok((transaction, price))
}

/// Adds a gap that concerns the block as a whole.
fn gap_of_block(block: &mut AccountBlock, reason: GapReason) {
    block.gaps.push(Gap { transaction: None, place: Place::Block(0), reason });
}
