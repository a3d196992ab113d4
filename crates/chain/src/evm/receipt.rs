//! Receipts and logs. Knows no prices: what gas cost is computed in `money`.

use super::wire;
use super::{CHAIN, LOGS_MAX};
use crate::account::field::{self, AnswerError, AnswerFault, At, Text};
use crate::account::token;
use crate::account::{Account, AccountBlock, Hash256, Outcome};
use std::collections::HashMap;

/// What receipts or logs told.
pub(super) struct Told {
    /// One a transaction where receipts were given, none where logs were.
    pub gas: Vec<Gas>,
    /// All logs that say something about tokens, by transaction and index.
    pub logs: Vec<token::Log>,
}

/// What a receipt says about cost.
pub(super) struct Gas {
    pub used: u64,
    pub price: Option<u128>,
    pub blob_fee: u128,
    pub layer_one_fee: u128,
    pub contract: Option<Account>,
}

/// Reads receipts, one a transaction and in order, and sets the outcomes.
pub(super) fn receipts(
    bytes: &[u8],
    block_wire: &wire::Block<'_>,
    block: &mut AccountBlock,
) -> Result<Told, AnswerError> {
    let at_block = At::block(CHAIN, block.number);
    let wire: Vec<wire::Receipt> = field::read(bytes, &at_block, "receipts")?;
    if wire.len() != block.transactions.len() {
        let expected = block.transactions.len() as u64;
        return Err(at_block.fault("receipts", AnswerFault::Order { expected }));
    }
    let mut told = Told { gas: Vec::with_capacity(wire.len()), logs: Vec::new() };
    let mut gas_sum = 0u128;
    for (index, receipt) in wire.iter().enumerate() {
        let hash = block.transactions[index].hash;
        let at = at_block.transaction(index, Some(hash));
        if at.hash("receipt.transactionHash", &receipt.transaction_hash)? != hash {
            return Err(at.fault("receipt.transactionHash", AnswerFault::Stranger));
        }
        same_block(&at, "receipt.blockHash", &receipt.block_hash, block.hash)?;
        block.transactions[index].outcome = outcome(&at, receipt)?;
        let gas = gas(&at, receipt)?;
        gas_sum += u128::from(gas.used);
        told.gas.push(gas);
        at.limit("receipt.logs", told.logs.len() + receipt.logs.len(), LOGS_MAX)?;
        for log in &receipt.logs {
            told.logs.push(one_log(&at, index, log)?);
        }
    }
    // A node that leaves out a receipt's gas, or gives another block's, is caught here.
    if gas_sum != u128::from(at_block.u64("gasUsed", &block_wire.gas_used)?) {
        let words = format!("the receipts' gas sums to {gas_sum}, not to the block's gasUsed");
        return Err(at_block.fault("gasUsed", AnswerFault::Contradiction(words)));
    }
    ascending(&at_block, &told.logs)?;
    Ok(told)
}

/// Reads `eth_getLogs`: whatever logs took effect, because a failed transaction has none.
pub(super) fn logs(bytes: &[u8], block: &mut AccountBlock) -> Result<Told, AnswerError> {
    let at_block = At::block(CHAIN, block.number);
    let wire: Vec<wire::Log> = field::read(bytes, &at_block, "logs")?;
    at_block.limit("logs", wire.len(), LOGS_MAX)?;
    let known: HashMap<Hash256, usize> =
        block.transactions.iter().enumerate().map(|(index, one)| (one.hash, index)).collect();
    let mut logs = Vec::with_capacity(wire.len());
    for log in &wire {
        let text = at_block.needed("log.transactionHash", &log.transaction_hash)?;
        let hash = at_block.hash("log.transactionHash", text)?;
        let index = *known
            .get(&hash)
            .ok_or_else(|| at_block.fault("log.transactionHash", AnswerFault::Stranger))?;
        let at = at_block.transaction(index, Some(hash));
        same_block(&at, "log.blockHash", &log.block_hash, block.hash)?;
        logs.push(one_log(&at, index, log)?);
        block.transactions[index].outcome = Outcome::Succeeded;
    }
    ascending(&at_block, &logs)?;
    Ok(Told { gas: Vec::new(), logs })
}

fn one_log(at: &At, index: usize, log: &wire::Log<'_>) -> Result<token::Log, AnswerError> {
    if log.removed {
        return Err(at.fault("log.removed", AnswerFault::Removed));
    }
    if let Some(told) = &log.transaction_index
        && at.u64("log.transactionIndex", told)? != index as u64
    {
        let fault = AnswerFault::Order { expected: index as u64 };
        return Err(at.fault("log.transactionIndex", fault));
    }
    at.limit("log.topics", log.topics.len(), token::TOPICS_MAX)?;
    let mut topics = Vec::with_capacity(log.topics.len());
    for topic in &log.topics {
        topics.push(at.hash("log.topics", topic)?.0);
    }
    let place = at.u64("log.logIndex", &log.log_index)?;
    let place = u32::try_from(place)
        .map_err(|_| at.fault("log.logIndex", AnswerFault::TooMany { limit: LOGS_MAX }))?;
    Ok(token::Log {
        transaction: index as u32,
        index: place,
        contract: at.account("log.address", &log.address)?,
        data: at.bytes("log.data", &log.data)?,
        topics,
    })
}

/// Logs of a block are numbered upwards through all of its transactions.
fn ascending(at: &At, logs: &[token::Log]) -> Result<(), AnswerError> {
    for pair in logs.windows(2) {
        if (pair[0].transaction, pair[0].index) >= (pair[1].transaction, pair[1].index)
            || pair[0].index >= pair[1].index
        {
            let expected = u64::from(pair[0].index) + 1;
            return Err(at.fault("log.logIndex", AnswerFault::Order { expected }));
        }
    }
    Ok(())
}

/// Before Byzantium a receipt held a state root and no status.
fn outcome(at: &At, receipt: &wire::Receipt<'_>) -> Result<Outcome, AnswerError> {
    let Some(status) = &receipt.status else {
        return Ok(match receipt.logs.is_empty() {
            true => Outcome::Unknown,
            false => Outcome::Succeeded,
        });
    };
    match at.u64("receipt.status", status)? {
        1 => Ok(Outcome::Succeeded),
        0 if receipt.logs.is_empty() => Ok(Outcome::Failed),
        0 => {
            let words = "it failed, and yet there are logs".to_owned();
            Err(at.fault("receipt.status", AnswerFault::Contradiction(words)))
        }
        _ => Err(at.fault("receipt.status", AnswerFault::Quantity(status.to_string()))),
    }
}

fn gas(at: &At, receipt: &wire::Receipt<'_>) -> Result<Gas, AnswerError> {
    let blob_gas = at.optional("receipt.blobGasUsed", &receipt.blob_gas_used)?.unwrap_or(0);
    let blob_price = at.optional("receipt.blobGasPrice", &receipt.blob_gas_price)?.unwrap_or(0);
    let overflow = || at.fault("receipt.blobGasUsed", AnswerFault::Overflow);
    Ok(Gas {
        used: at.u64("receipt.gasUsed", &receipt.gas_used)?,
        price: at.optional("receipt.effectiveGasPrice", &receipt.effective_gas_price)?,
        blob_fee: blob_gas.checked_mul(blob_price).ok_or_else(overflow)?,
        layer_one_fee: at.optional("receipt.l1Fee", &receipt.l1_fee)?.unwrap_or(0),
        contract: match &receipt.contract_address {
            Some(text) => Some(at.account("receipt.contractAddress", text)?),
            None => None,
        },
    })
}

/// An answer that names a block must name this one: nodes are asked more than once.
pub(super) fn same_block(
    at: &At,
    field: &str,
    told: &Option<Text<'_>>,
    hash: Hash256,
) -> Result<(), AnswerError> {
    match told {
        Some(told) if at.hash(field, told)? != hash => {
            Err(at.fault(field, AnswerFault::OtherBlock))
        }
        _ => Ok(()),
    }
}
