//! Blocks of Tron from the JSON of its HTTP API. Knows no node and no connection.
//!
//! - `getblockbynum`: the block with its transactions, always;
//! - `gettransactioninfobyblocknum`: fees, logs, internal transactions.
//!
//! Addresses may be hexadecimal (41...) or base58check (`visible`). TRC-20 logs are ERC-20's. TRX
//! that is frozen stays with its owner; a witness's reward moves when it is withdrawn. Fees are
//! entered as destroyed, which they are since 2021; before, a black-hole account received them.
//!
//! Not followed, and said so in a gap: exchanges and sales of TRC-10 tokens inside the chain's own
//! market, shielded transfers, token sales by `ParticipateAssetIssueContract`.

use crate::account::field::{self, At};
use crate::account::{Account, Hash256, block::HashCheck};
use crate::account::{
    AccountBlock, AccountChain, AccountTransaction, AnswerError, AnswerFault, Asset, Gap,
    GapReason, Kind, Movement, Outcome, Place, WRAPPED_TRX, order, token,
};

mod contract;
mod info;
mod wire;

/// Most transactions in a block.
pub const TRANSACTIONS_MAX: usize = 1_000_000;
/// Most logs, or internal transactions, in a block.
pub const ENTRIES_MAX: usize = 4_000_000;

/// As errors name the chain.
const CHAIN: &str = "Tron";

/// What a node said about one block.
#[derive(Clone, Copy, Debug)]
pub struct TronAnswers<'a> {
    /// `getblockbynum`.
    pub block: &'a [u8],
    /// `gettransactioninfobyblocknum`, where it was asked.
    pub infos: Option<&'a [u8]>,
}

/// Decodes one block.
pub fn decode(answers: TronAnswers<'_>) -> Result<AccountBlock, AnswerError> {
    let wire: wire::Block = field::read(answers.block, &At::head(CHAIN), "block")?;
    let mut block = frame(&wire)?;
    let at = At::block(CHAIN, block.number);
    at.limit("transactions", wire.transactions.len(), TRANSACTIONS_MAX)?;
    let mut actions = Vec::with_capacity(wire.transactions.len());
    for (index, transaction) in wire.transactions.iter().enumerate() {
        let (decoded, action) = contract::read(&at, index, transaction)?;
        block.transactions.push(decoded);
        actions.push(action);
    }
    let infos = match answers.infos {
        Some(bytes) => Some(info::read(bytes, &mut block)?),
        None => None,
    };
    for (index, action) in actions.into_iter().enumerate() {
        let info = infos.as_ref().map(|infos| &infos[index]);
        fill(&mut block, index, action, info);
    }
    if infos.is_none() && !block.transactions.is_empty() {
        for reason in [GapReason::CallsUnknown, GapReason::LogsUnknown] {
            block.gaps.push(Gap { transaction: None, place: Place::Block(0), reason });
        }
    }
    Ok(block)
}

/// Number, id and parent only, for following a chain without decoding it.
pub fn decode_head(block: &[u8]) -> Result<(u64, Hash256, Hash256), AnswerError> {
    let wire: wire::Head = field::read(block, &At::head(CHAIN), "block")?;
    head(&wire.block_id, &wire.block_header.raw_data)
}

fn frame(wire: &wire::Block<'_>) -> Result<AccountBlock, AnswerError> {
    let header = &wire.block_header.raw_data;
    let (number, hash, parent) = head(&wire.block_id, header)?;
    Ok(AccountBlock {
        chain: AccountChain::Tron,
        number,
        hash,
        parent,
        time: header.timestamp / MILLISECONDS_PER_SECOND,
        hash_checked: HashCheck::NotRecomputed,
        transactions: Vec::with_capacity(wire.transactions.len()),
        movements: Vec::new(),
        gaps: Vec::new(),
    })
}

const MILLISECONDS_PER_SECOND: u64 = 1_000;

/// A block's id begins with its number: the one thing that can be checked without the protocol.
fn head(id: &str, header: &wire::Raw<'_>) -> Result<(u64, Hash256, Hash256), AnswerError> {
    let at = At::block(CHAIN, header.number);
    let hash = at.bare_hash("blockID", id)?;
    let parent = match &header.parent_hash {
        Some(text) => at.bare_hash("block_header.raw_data.parentHash", text)?,
        None => Hash256::default(),
    };
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    let told = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    if told != header.number {
        let words = format!("the id is of block {told}");
        return Err(at.fault("blockID", AnswerFault::Contradiction(words)));
    }
    Ok((header.number, hash, parent))
}

/// Enters one transaction: fee, its own payment, payments by contracts, tokens.
fn fill(
    block: &mut AccountBlock,
    index: usize,
    action: contract::Action,
    info: Option<&info::Info>,
) {
    let (number, first) = (index as u32, block.movements.len());
    let gap = |place, reason| Gap { transaction: Some(number), place, reason };
    let (sender, outcome) = (block.transactions[index].sender, block.transactions[index].outcome);
    let movement = |place, kind, asset, from, to, amount| Movement {
        transaction: Some(number),
        place,
        kind,
        asset,
        from,
        to,
        amount,
    };
    match info {
        None => block.gaps.push(gap(Place::Fee, GapReason::FeeUnknown)),
        Some(info) if info.fee > 0 => {
            let (fee, native) = (u128::from(info.fee), Asset::Native);
            let paid = movement(Place::Fee, Kind::FeeBurned, native, Some(sender), None, fee);
            block.movements.push(paid);
        }
        Some(_) => {}
    }
    if outcome == Outcome::Failed {
        return;
    }
    for (asset, to, amount) in action.payments {
        let to = to.or(info.and_then(|info| info.created));
        match (outcome, to) {
            (Outcome::Succeeded, Some(to)) => block.movements.push(movement(
                Place::Call(0),
                Kind::Value,
                asset,
                Some(sender),
                Some(to),
                u128::from(amount),
            )),
            _ => block.gaps.push(gap(Place::Call(0), GapReason::OutcomeUnknown)),
        }
    }
    if action.unfollowed {
        block.gaps.push(gap(Place::Call(0), GapReason::ContractType));
    }
    let Some(info) = info else { return };
    if info.rewarded > 0 {
        let (amount, native) = (u128::from(info.rewarded), Asset::Native);
        let paid = movement(Place::Call(0), Kind::Reward, native, None, Some(sender), amount);
        block.movements.push(paid);
    }
    for call in &info.calls {
        let (from, to, amount) = (Some(call.from), Some(call.to), u128::from(call.amount));
        let place = Place::Call(call.number);
        block.movements.push(movement(place, call.kind, call.asset, from, to, amount));
    }
    token::movements(&info.logs, &[WRAPPED_TRX], &mut block.movements, &mut block.gaps);
    order::interleave(&mut block.movements, first);
}

/// An address in either form.
fn account(at: &At, field: &str, text: &str) -> Result<Account, AnswerError> {
    Account::from_tron(text).map_err(|error| at.fault(field, error.into()))
}

/// A token's number as text of decimal digits.
fn token_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// A transaction before its outcome is known.
fn transaction(hash: Hash256, sender: Account, outcome: Outcome) -> AccountTransaction {
    AccountTransaction { hash, sender, recipient: None, value: 0, outcome }
}
