//! Calls within transactions, flat or nested, to payments. Knows no receipts.
//!
//! Only calls that took effect are kept, and a call within a failed call has not, whether or not
//! the node marks it. Delegated calls carry a value that does not move; static calls carry none.

use super::receipt::same_block;
use super::{CALLS_MAX, CHAIN, wire};
use crate::account::field::{self, AnswerError, AnswerFault, At};
use crate::account::{Account, AccountBlock, Kind, Outcome};

/// What the traces of a block told.
#[derive(Default)]
pub(super) struct Calls {
    /// Payments that took effect, by transaction and in the order in which calls began.
    pub paid: Vec<Paid>,
    /// Whether each transaction's own call took effect; none where there is no trace of it.
    pub succeeded: Vec<Option<bool>>,
    /// Rewards of the block, where the node tells them.
    pub rewards: Vec<(Kind, Account, u128)>,
}

/// Coin that a call carried.
pub(super) struct Paid {
    pub transaction: u32,
    /// The call's number in its transaction, from 0.
    pub call: u32,
    pub kind: Kind,
    pub from: Account,
    pub to: Account,
    pub amount: u128,
}

/// Reads `trace_block`.
pub(super) fn flat(bytes: &[u8], block: &AccountBlock) -> Result<Calls, AnswerError> {
    let at_block = At::block(CHAIN, block.number);
    let wire: Vec<wire::FlatTrace> = field::read(bytes, &at_block, "traces")?;
    at_block.limit("traces", wire.len(), CALLS_MAX)?;
    let mut calls = Calls { succeeded: vec![None; block.transactions.len()], ..Calls::default() };
    // Where in the current transaction a call failed: what lies below it did not happen.
    let mut failed: Option<Vec<u32>> = None;
    let mut previous: Option<(usize, u32)> = None;
    for trace in &wire {
        same_block(&at_block, "trace.blockHash", &trace.block_hash, block.hash)?;
        if &*trace.kind == "reward" {
            calls.rewards.push(reward(&at_block, &trace.action)?);
            continue;
        }
        let index = position(&at_block, trace, block)?;
        let at = at_block.transaction(index, Some(block.transactions[index].hash));
        let call = match previous {
            Some((last, call)) if last == index => call + 1,
            Some((last, _)) if last > index => {
                let fault = AnswerFault::Order { expected: last as u64 };
                return Err(at.fault("trace.transactionPosition", fault));
            }
            _ => 0,
        };
        previous = Some((index, call));
        if call == 0 {
            failed = None;
            if !trace.trace_address.is_empty() {
                return Err(at.fault("trace.traceAddress", AnswerFault::Order { expected: 0 }));
            }
            calls.succeeded[index] = Some(trace.error.is_none());
        }
        let below = failed.as_ref().is_some_and(|at| trace.trace_address.starts_with(at));
        if below {
            continue;
        }
        failed = trace.error.is_some().then(|| trace.trace_address.clone());
        if failed.is_none()
            && let Some((kind, from, to, amount)) = flat_payment(&at, trace, call)?
        {
            calls.paid.push(Paid { transaction: index as u32, call, kind, from, to, amount });
        }
    }
    Ok(calls)
}

/// Which transaction an entry is of.
fn position(
    at: &At,
    trace: &wire::FlatTrace<'_>,
    block: &AccountBlock,
) -> Result<usize, AnswerError> {
    let index = *at.needed("trace.transactionPosition", &trace.transaction_position)?;
    let stranger = || at.fault("trace.transactionPosition", AnswerFault::Stranger);
    let index = usize::try_from(index).map_err(|_| stranger())?;
    let transaction = block.transactions.get(index).ok_or_else(stranger)?;
    if let Some(hash) = &trace.transaction_hash {
        let at = at.transaction(index, Some(transaction.hash));
        if at.hash("trace.transactionHash", hash)? != transaction.hash {
            return Err(at.fault("trace.transactionHash", AnswerFault::Stranger));
        }
    }
    Ok(index)
}

type Payment = (Kind, Account, Account, u128);

fn flat_payment(
    at: &At,
    trace: &wire::FlatTrace<'_>,
    call: u32,
) -> Result<Option<Payment>, AnswerError> {
    let action = &trace.action;
    let kind = if call == 0 { Kind::Value } else { Kind::Internal };
    let value = || match &action.value {
        Some(value) => at.u128("trace.action.value", value),
        None => Ok(0),
    };
    match &*trace.kind {
        "call" => match action.call_type.as_deref() {
            Some("call") | None => Ok(Some((
                kind,
                at.needed_account("trace.action.from", &action.from)?,
                at.needed_account("trace.action.to", &action.to)?,
                value()?,
            ))),
            Some("callcode" | "delegatecall" | "staticcall" | "authcall") => Ok(None),
            Some(other) => Err(at.fault("trace.callType", AnswerFault::CallKind(other.to_owned()))),
        },
        "create" => {
            let result = at.needed("trace.result", &trace.result)?;
            let created = at.needed_account("trace.result.address", &result.address)?;
            Ok(Some((
                kind,
                at.needed_account("trace.action.from", &action.from)?,
                created,
                value()?,
            )))
        }
        "suicide" | "selfdestruct" => {
            let balance = match &action.balance {
                Some(balance) => at.u128("trace.action.balance", balance)?,
                None => 0,
            };
            let from = at.needed_account("trace.action.address", &action.address)?;
            let to = at.needed_account("trace.action.refundAddress", &action.refund_address)?;
            Ok(Some((Kind::SelfDestruct, from, to, balance)))
        }
        other => Err(at.fault("trace.type", AnswerFault::CallKind(other.to_owned()))),
    }
}

fn reward(at: &At, action: &wire::Action<'_>) -> Result<(Kind, Account, u128), AnswerError> {
    let text = at.needed("trace.action.author", &action.author)?;
    let author = at.account("trace.action.author", text)?;
    let value = at.u128("trace.action.value", at.needed("trace.action.value", &action.value)?)?;
    let kind = match action.reward_type.as_deref() {
        Some("uncle") => Kind::UncleReward,
        _ => Kind::Reward,
    };
    Ok((kind, author, value))
}

/// Reads `debug_traceBlockByNumber` with `callTracer`.
pub(super) fn nested(bytes: &[u8], block: &AccountBlock) -> Result<Calls, AnswerError> {
    let at_block = At::block(CHAIN, block.number);
    let wire: Vec<wire::NestedTrace> = field::read(bytes, &at_block, "traces")?;
    if wire.len() != block.transactions.len() {
        let expected = block.transactions.len() as u64;
        return Err(at_block.fault("traces", AnswerFault::Order { expected }));
    }
    let mut calls = Calls { succeeded: vec![None; block.transactions.len()], ..Calls::default() };
    for (index, trace) in wire.iter().enumerate() {
        let hash = block.transactions[index].hash;
        let at = at_block.transaction(index, Some(hash));
        if let Some(told) = &trace.tx_hash
            && at.hash("trace.txHash", told)? != hash
        {
            return Err(at.fault("trace.txHash", AnswerFault::Stranger));
        }
        let Some(root) = &trace.result else {
            let words = trace.error.as_deref().unwrap_or("no result").chars().take(200).collect();
            return Err(at.fault("trace.result", AnswerFault::NotTraced(words)));
        };
        calls.succeeded[index] = Some(root.error.is_none());
        let mut walk = Walk { at: &at, transaction: index as u32, call: 0, paid: &mut calls.paid };
        walk.enter(root)?;
        at.limit("trace.calls", calls.paid.len(), CALLS_MAX)?;
    }
    Ok(calls)
}

struct Walk<'a> {
    at: &'a At,
    transaction: u32,
    call: u32,
    paid: &'a mut Vec<Paid>,
}

impl Walk<'_> {
    /// Goes down in the order in which calls began. The JSON reader has bounded the depth.
    fn enter(&mut self, call: &wire::Call<'_>) -> Result<(), AnswerError> {
        let number = self.call;
        self.call += 1;
        if call.error.is_some() {
            self.call += descendants(call);
            return Ok(());
        }
        let payment = match &*call.kind {
            "CALL" | "CREATE" | "CREATE2" if number == 0 => Some(Kind::Value),
            "CALL" | "CREATE" | "CREATE2" => Some(Kind::Internal),
            "SELFDESTRUCT" => Some(Kind::SelfDestruct),
            "CALLCODE" | "DELEGATECALL" | "STATICCALL" | "AUTHCALL" => None,
            other => {
                let fault = AnswerFault::CallKind(other.chars().take(40).collect());
                return Err(self.at.fault("trace.type", fault));
            }
        };
        if let Some(kind) = payment {
            let amount = match &call.value {
                Some(value) => self.at.u128("trace.value", value)?,
                None => 0,
            };
            let to = self.at.needed("trace.to", &call.to)?;
            self.paid.push(Paid {
                transaction: self.transaction,
                call: number,
                kind,
                from: self.at.account("trace.from", &call.from)?,
                to: self.at.account("trace.to", to)?,
                amount,
            });
        }
        for inner in &call.calls {
            self.enter(inner)?;
        }
        Ok(())
    }
}

fn descendants(call: &wire::Call<'_>) -> u32 {
    call.calls.iter().map(|inner| 1 + descendants(inner)).sum()
}

/// Outcomes where receipts did not tell them (before Byzantium), and a check where they did.
pub(super) fn outcomes(calls: &Calls, block: &mut AccountBlock) -> Result<(), AnswerError> {
    let at_block = At::block(CHAIN, block.number);
    for (index, transaction) in block.transactions.iter_mut().enumerate() {
        let at = at_block.transaction(index, Some(transaction.hash));
        let Some(succeeded) = calls.succeeded[index] else {
            return Err(at.fault("traces", AnswerFault::Missing));
        };
        let traced = if succeeded { Outcome::Succeeded } else { Outcome::Failed };
        if transaction.outcome != Outcome::Unknown && transaction.outcome != traced {
            let words = format!("the receipt says {:?}, the trace {traced:?}", transaction.outcome);
            return Err(at.fault("trace.error", AnswerFault::Contradiction(words)));
        }
        transaction.outcome = traced;
    }
    for paid in calls.paid.iter().filter(|paid| paid.call == 0) {
        let transaction = &block.transactions[paid.transaction as usize];
        let at = at_block.transaction(paid.transaction as usize, Some(transaction.hash));
        if paid.from != transaction.sender || paid.amount != transaction.value {
            let words = "the trace's own call has another sender or value".to_owned();
            return Err(at.fault("trace.value", AnswerFault::Contradiction(words)));
        }
    }
    Ok(())
}
