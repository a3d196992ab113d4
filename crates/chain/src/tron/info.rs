//! Fees, logs and internal transactions. Knows no contract types.

use super::{CHAIN, ENTRIES_MAX, account, contract, token_number, wire};
use crate::account::field::{self, At, Text};
use crate::account::token::{Log, TOPICS_MAX};
use crate::account::{
    Account, AccountBlock, AnswerError, AnswerFault, Asset, Hash256, Kind, Outcome,
};
use std::collections::HashMap;

/// What a node says about one transaction besides what is in the block.
pub(super) struct Info {
    /// In sun.
    pub fee: u64,
    /// A witness's reward that was withdrawn, in sun.
    pub rewarded: u64,
    /// The contract that was created.
    pub created: Option<Account>,
    pub calls: Vec<Call>,
    pub logs: Vec<Log>,
}

/// A payment by a contract.
pub(super) struct Call {
    pub number: u32,
    pub kind: Kind,
    pub asset: Asset,
    pub from: Account,
    pub to: Account,
    pub amount: u64,
}

/// Reads the answer into the block's order and settles outcomes.
pub(super) fn read(bytes: &[u8], block: &mut AccountBlock) -> Result<Vec<Info>, AnswerError> {
    let at_block = At::block(CHAIN, block.number);
    let wire: Vec<wire::Info> = field::read(bytes, &at_block, "infos")?;
    let mut by_id: HashMap<Hash256, &wire::Info<'_>> = HashMap::with_capacity(wire.len());
    for (position, info) in wire.iter().enumerate() {
        let id = at_block.bare_hash("info.id", &info.id)?;
        if by_id.insert(id, info).is_some() {
            let at = at_block.transaction(position, Some(id));
            let words = "it is there twice".to_owned();
            return Err(at.fault("info.id", AnswerFault::Contradiction(words)));
        }
    }
    if wire.len() > block.transactions.len() {
        return Err(at_block.fault("infos", AnswerFault::Stranger));
    }
    let mut infos = Vec::with_capacity(block.transactions.len());
    // Tron's logs carry no index; they are counted through the block.
    let mut log_count = 0;
    for index in 0..block.transactions.len() {
        let transaction = &mut block.transactions[index];
        let at = contract::at(block.number, index, transaction.hash);
        let Some(info) = by_id.get(&transaction.hash) else {
            return Err(at.fault("info", AnswerFault::Missing));
        };
        if info.block_number != block.number {
            return Err(at.fault("info.blockNumber", AnswerFault::OtherBlock));
        }
        settle(&at, info, &mut transaction.outcome)?;
        infos.push(one(&at, index as u32, info, transaction.outcome, &mut log_count)?);
    }
    Ok(infos)
}

/// The info may name a failure that the block does not, in the oldest blocks.
fn settle(at: &At, info: &wire::Info<'_>, outcome: &mut Outcome) -> Result<(), AnswerError> {
    let receipt = info.receipt.as_ref().and_then(|receipt| receipt.result.as_deref());
    let failed = info.result.as_deref() == Some("FAILED")
        || !matches!(receipt, None | Some("SUCCESS" | "DEFAULT" | ""));
    match (*outcome, failed) {
        (Outcome::Succeeded, true) => *outcome = Outcome::Failed,
        (Outcome::Failed, false) if receipt == Some("SUCCESS") => {
            let words = "the block says that it failed, the info that it succeeded".to_owned();
            return Err(at.fault("info.receipt.result", AnswerFault::Contradiction(words)));
        }
        _ => {}
    }
    Ok(())
}

fn one(
    at: &At,
    transaction: u32,
    info: &wire::Info<'_>,
    outcome: Outcome,
    log_count: &mut u32,
) -> Result<Info, AnswerError> {
    at.limit("info.log", *log_count as usize + info.log.len(), ENTRIES_MAX)?;
    let mut logs = Vec::with_capacity(info.log.len());
    for log in &info.log {
        logs.push(one_log(at, transaction, *log_count, log)?);
        *log_count += 1;
    }
    let calls = match outcome {
        Outcome::Failed => Vec::new(),
        _ => calls(at, info)?,
    };
    let created = match &info.contract_address {
        Some(text) if !text.is_empty() => Some(account(at, "info.contract_address", text)?),
        _ => None,
    };
    Ok(Info { fee: info.fee, rewarded: info.withdraw_amount, created, calls, logs })
}

fn calls(at: &At, info: &wire::Info<'_>) -> Result<Vec<Call>, AnswerError> {
    let internal = &info.internal_transactions;
    at.limit("info.internal_transactions", internal.len(), ENTRIES_MAX)?;
    let mut calls = Vec::new();
    for (index, call) in internal.iter().enumerate().filter(|(_, call)| !call.rejected) {
        // The transaction's own call is number 0.
        let number = index as u32 + 1;
        let kind = match call.note.as_deref() {
            // `suicide`, in hexadecimal or as it is.
            Some("73756963696465" | "suicide") => Kind::SelfDestruct,
            _ => Kind::Internal,
        };
        for paid in call.call_value_info.iter().filter(|paid| paid.call_value > 0) {
            let field = "info.internal_transactions.caller_address";
            let from = account(at, field, &call.caller_address)?;
            let field = "info.internal_transactions.transferTo_address";
            let to = account(at, field, at.needed(field, &call.transfer_to_address)?)?;
            let asset = asset(at, &paid.token_id)?;
            calls.push(Call { number, kind, asset, from, to, amount: paid.call_value });
        }
    }
    Ok(calls)
}

fn asset(at: &At, token: &Option<Text<'_>>) -> Result<Asset, AnswerError> {
    let field = "info.internal_transactions.callValueInfo.tokenId";
    match token.as_deref() {
        None | Some("" | "_") => Ok(Asset::Native),
        Some(text) => token_number(text)
            .map(Asset::Trc10)
            .ok_or_else(|| at.fault(field, AnswerFault::Quantity(text.chars().take(40).collect()))),
    }
}

fn one_log(at: &At, transaction: u32, index: u32, log: &wire::Log<'_>) -> Result<Log, AnswerError> {
    at.limit("info.log.topics", log.topics.len(), TOPICS_MAX)?;
    let mut topics = Vec::with_capacity(log.topics.len());
    for topic in &log.topics {
        topics.push(at.bare_hash("info.log.topics", topic)?.0);
    }
    let field = "info.log.address";
    // Here, and only here, an address comes without its first byte.
    let contract = match log.address.len() {
        40 => account(at, field, &format!("41{}", &*log.address))?,
        _ => account(at, field, &log.address)?,
    };
    let data = match &log.data {
        Some(text) => hex::decode(text.as_bytes()).map_err(|_| {
            at.fault("info.log.data", AnswerFault::Bytes(text.chars().take(40).collect()))
        })?,
        None => Vec::new(),
    };
    Ok(Log { transaction, index, contract, topics, data })
}
