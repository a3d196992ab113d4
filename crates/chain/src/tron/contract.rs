//! What a transaction asks for, by its contract type. Knows no outcome but the one it names.

use super::{CHAIN, account, token_number, transaction, wire};
use crate::account::field::{At, Text};
use crate::account::{
    Account, AccountTransaction, AnswerError, AnswerFault, Asset, Hash256, Outcome,
};

/// What a transaction moves if it succeeds.
#[derive(Default)]
pub(super) struct Action {
    /// Assets, whom they go to (none: to the contract that it creates), amounts above 0.
    pub payments: Vec<(Asset, Option<Account>, u64)>,
    /// Whether it moves money in a way that is not followed here.
    pub unfollowed: bool,
}

/// Contract types that move money in ways that are not followed.
const UNFOLLOWED: [&str; 7] = [
    "ParticipateAssetIssueContract",
    "ExchangeCreateContract",
    "ExchangeInjectContract",
    "ExchangeWithdrawContract",
    "ExchangeTransactionContract",
    "MarketSellAssetContract",
    "ShieldedTransferContract",
];

/// Reads one transaction; Tron allows one contract in each.
pub(super) fn read(
    at_block: &At,
    index: usize,
    wire: &wire::Transaction<'_>,
) -> Result<(AccountTransaction, Action), AnswerError> {
    let id = at_block.transaction(index, None).bare_hash("txID", &wire.id)?;
    let at = at_block.transaction(index, Some(id));
    let [contract] = wire.raw_data.contract.as_slice() else {
        let words = format!("{} contracts, {CHAIN} allows one", wire.raw_data.contract.len());
        return Err(at.fault("raw_data.contract", AnswerFault::Contradiction(words)));
    };
    let value = &contract.parameter.value;
    let sender = match &value.owner_address {
        Some(text) => account(&at, "owner_address", text)?,
        // A shielded transfer from the hidden side has no owner.
        None if &*contract.kind == "ShieldedTransferContract" => Account::ZERO,
        None => return Err(at.fault("owner_address", AnswerFault::Missing)),
    };
    let mut decoded = transaction(id, sender, outcome(wire));
    let action = action(&at, contract, &mut decoded)?;
    Ok((decoded, action))
}

/// The oldest blocks name no result: there, what is in the block succeeded.
fn outcome(wire: &wire::Transaction<'_>) -> Outcome {
    let told = wire.ret.iter().find_map(|ret| ret.contract_ret.as_deref());
    match told {
        None | Some("SUCCESS" | "DEFAULT" | "") => Outcome::Succeeded,
        Some(_) => Outcome::Failed,
    }
}

fn action(
    at: &At,
    contract: &wire::Contract<'_>,
    decoded: &mut AccountTransaction,
) -> Result<Action, AnswerError> {
    let value = &contract.parameter.value;
    let needed = |field: &str, text: &Option<Text<'_>>| account(at, field, at.needed(field, text)?);
    let mut action = Action::default();
    match &*contract.kind {
        "TransferContract" => {
            decoded.recipient = Some(needed("to_address", &value.to_address)?);
            decoded.value = u128::from(value.amount);
            action.pay(Asset::Native, decoded.recipient, value.amount);
        }
        "TransferAssetContract" => {
            decoded.recipient = Some(needed("to_address", &value.to_address)?);
            match asset(at.needed("asset_name", &value.asset_name)?) {
                Some(number) => action.pay(Asset::Trc10(number), decoded.recipient, value.amount),
                // Before 2019 tokens went by names that need not be unique.
                None => action.unfollowed = true,
            }
        }
        "TriggerSmartContract" => {
            decoded.recipient = Some(needed("contract_address", &value.contract_address)?);
            decoded.value = u128::from(value.call_value);
            action.pay(Asset::Native, decoded.recipient, value.call_value);
            let token = Asset::Trc10(value.token_id);
            action.pay(token, decoded.recipient, value.call_token_value);
        }
        "CreateSmartContract" => {
            let endowed = value.new_contract.as_ref().map_or(0, |new| new.call_value);
            decoded.value = u128::from(endowed);
            action.pay(Asset::Native, None, endowed);
            action.pay(Asset::Trc10(value.token_id), None, value.call_token_value);
        }
        kind => action.unfollowed = UNFOLLOWED.contains(&kind),
    }
    Ok(action)
}

impl Action {
    fn pay(&mut self, asset: Asset, to: Option<Account>, amount: u64) {
        if amount > 0 {
            self.payments.push((asset, to, amount));
        }
    }
}

/// A token's number: decimal digits, or those digits in hexadecimal.
fn asset(text: &str) -> Option<u64> {
    let bytes = hex::decode(text).ok();
    let inner = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    // `1002000` is an odd number of digits; an even one that decodes to digits is the coded form.
    inner.as_deref().and_then(token_number).or_else(|| token_number(text))
}

/// For errors of other modules that concern one transaction.
pub(super) fn at(block: u64, index: usize, id: Hash256) -> At {
    At::block(CHAIN, block).transaction(index, Some(id))
}
