//! Everything that moved in a block, in the order of ledgers. Knows no balances.

use super::receipt::{Gas, Told};
use super::trace::{Calls, Paid};
use super::{CHAIN, EvmRules, UnknownOutcome, gap_of_block, wire};
use crate::account::field::{AnswerError, AnswerFault, At};
use crate::account::{
    Account, AccountBlock, Asset, Gap, GapReason, Kind, Movement, Outcome, Place,
};
use crate::account::{order, token};

/// What a transaction offers for gas.
pub(super) struct Price {
    pub gas_price: Option<u128>,
    pub fee_max: Option<u128>,
    pub tip_max: Option<u128>,
}

/// Wei in a gwei, the unit of withdrawals.
const WEI_PER_GWEI: u128 = 1_000_000_000;
/// Wei in an ether.
const WEI_PER_ETHER: u128 = 1_000_000_000 * WEI_PER_GWEI;
/// Reward for a block of Ethereum mainnet from each height on (EIP-649, EIP-1234, EIP-3675).
const REWARDS: [(u64, u128); 4] = [
    (0, 5 * WEI_PER_ETHER),
    (4_370_000, 3 * WEI_PER_ETHER),
    (7_280_000, 2 * WEI_PER_ETHER),
    (15_537_394, 0),
];
/// The block of Ethereum mainnet at which balances were moved by agreement (EIP-779).
const IRREGULAR_BLOCK: u64 = 1_920_000;

/// Fills movements and gaps.
pub(super) fn fill(
    block: &mut AccountBlock,
    wire: &wire::Block<'_>,
    prices: &[Price],
    told: Option<&Told>,
    calls: Option<&Calls>,
    rules: &EvmRules,
) -> Result<(), AnswerError> {
    let at = At::block(CHAIN, block.number);
    let producer = at.account("miner", &wire.miner)?;
    let base_fee = match &wire.base_fee_per_gas {
        Some(text) => Some(at.u128("baseFeePerGas", text)?),
        None => None,
    };
    let fees = Fees { producer, base_fee };
    let (mut paid, mut logs) = (
        calls.map_or(&[][..], |calls| &calls.paid).iter().peekable(),
        told.map_or(&[][..], |told| &told.logs),
    );
    for (index, price) in prices.iter().enumerate() {
        let (number, first) = (index as u32, block.movements.len());
        let gas = told.and_then(|told| told.gas.get(index));
        match gas {
            Some(gas) => fees.pay(block, index, gas, price)?,
            None => gap(block, index, Place::Fee, GapReason::FeeUnknown),
        }
        match calls {
            Some(_) => {
                while let Some(one) = paid.next_if(|one| one.transaction == number) {
                    push_paid(block, one);
                }
            }
            None => value(block, index, gas, rules),
        }
        let count = logs.partition_point(|log| log.transaction <= number);
        let (own, rest) = logs.split_at(count);
        token::movements(own, &rules.wrappers, &mut block.movements, &mut block.gaps);
        logs = rest;
        order::interleave(&mut block.movements, first);
    }
    if calls.is_none() && !block.transactions.is_empty() {
        gap_of_block(block, GapReason::CallsUnknown);
    }
    if told.is_none() && !block.transactions.is_empty() {
        gap_of_block(block, GapReason::LogsUnknown);
    }
    rewards(block, wire, calls, producer, rules);
    withdrawals(block, wire, &at)
}

struct Fees {
    producer: Account,
    base_fee: Option<u128>,
}

impl Fees {
    /// What the sender paid for gas: the base fee is destroyed, the rest is the producer's.
    fn pay(
        &self,
        block: &mut AccountBlock,
        index: usize,
        gas: &Gas,
        price: &Price,
    ) -> Result<(), AnswerError> {
        let transaction = &block.transactions[index];
        let at = At::block(CHAIN, block.number).transaction(index, Some(transaction.hash));
        let Some(paid) = gas.price.or_else(|| self.effective(price)) else {
            gap(block, index, Place::Fee, GapReason::FeeUnknown);
            return Ok(());
        };
        let overflow = || at.fault("receipt.effectiveGasPrice", AnswerFault::Overflow);
        let total = paid.checked_mul(u128::from(gas.used)).ok_or_else(overflow)?;
        // Below the base fee only where a chain lets its own transactions in for free.
        let burned = self.base_fee.unwrap_or(0).min(paid) * u128::from(gas.used);
        let sender = transaction.sender;
        for (kind, to, amount) in [
            (Kind::FeeBurned, None, burned),
            (Kind::FeeTip, Some(self.producer), total - burned),
            (Kind::FeeBlob, None, gas.blob_fee),
            (Kind::FeeLayerOne, None, gas.layer_one_fee),
        ] {
            if amount > 0 {
                block.movements.push(Movement {
                    transaction: Some(index as u32),
                    place: Place::Fee,
                    kind,
                    asset: Asset::Native,
                    from: Some(sender),
                    to,
                    amount,
                });
            }
        }
        Ok(())
    }

    /// EIP-1559: the base fee and a tip, within what the transaction offers at most.
    fn effective(&self, price: &Price) -> Option<u128> {
        match (self.base_fee, price.fee_max, price.tip_max) {
            (Some(base), Some(most), Some(tip)) => Some(most.min(base.saturating_add(tip))),
            _ => price.gas_price,
        }
    }
}

/// Without traces, the transaction's own value is all that is known of its coin.
fn value(block: &mut AccountBlock, index: usize, gas: Option<&Gas>, rules: &EvmRules) {
    let transaction = &block.transactions[index];
    if transaction.value == 0 {
        return;
    }
    let created = gas.and_then(|gas| gas.contract);
    let kind = match (transaction.outcome, rules.unknown_outcome) {
        (Outcome::Failed, _) => return,
        (Outcome::Succeeded, _) => Kind::Value,
        (Outcome::Unknown, UnknownOutcome::AssumeSuccess) => Kind::ValueAssumed,
        (Outcome::Unknown, UnknownOutcome::LeaveOut) => {
            return gap(block, index, Place::Call(0), GapReason::OutcomeUnknown);
        }
    };
    let Some(to) = transaction.recipient.or(created) else {
        return gap(block, index, Place::Call(0), GapReason::OutcomeUnknown);
    };
    block.movements.push(Movement {
        transaction: Some(index as u32),
        place: Place::Call(0),
        kind,
        asset: Asset::Native,
        from: Some(transaction.sender),
        to: Some(to),
        amount: transaction.value,
    });
}

fn push_paid(block: &mut AccountBlock, paid: &Paid) {
    if paid.amount > 0 {
        block.movements.push(Movement {
            transaction: Some(paid.transaction),
            place: Place::Call(paid.call),
            kind: paid.kind,
            asset: Asset::Native,
            from: Some(paid.from),
            to: Some(paid.to),
            amount: paid.amount,
        });
    }
}

/// Rewards as the node traced them, or by mainnet's rule.
fn rewards(
    block: &mut AccountBlock,
    wire: &wire::Block<'_>,
    calls: Option<&Calls>,
    producer: Account,
    rules: &EvmRules,
) {
    if rules.chain_id == 1 && (block.number == 0 || block.number == IRREGULAR_BLOCK) {
        gap_of_block(block, GapReason::Irregular);
    }
    let traced = calls.map_or(&[][..], |calls| &calls.rewards);
    if !traced.is_empty() {
        for (kind, author, amount) in traced {
            push_reward(block, *kind, *author, *amount);
        }
        return;
    }
    if rules.chain_id != 1 || block.number == 0 {
        return;
    }
    let since = REWARDS.partition_point(|(from, _)| *from <= block.number);
    let reward = REWARDS[since - 1].1;
    let uncles = wire.uncles.len() as u128;
    push_reward(block, Kind::Reward, producer, reward + reward * uncles / 32);
    for _ in 0..uncles {
        gap_of_block(block, GapReason::UncleUnknown);
    }
}

fn push_reward(block: &mut AccountBlock, kind: Kind, author: Account, amount: u128) {
    if amount > 0 {
        push_of_block(block, kind, author, amount);
    }
}

fn withdrawals(
    block: &mut AccountBlock,
    wire: &wire::Block<'_>,
    at: &At,
) -> Result<(), AnswerError> {
    for withdrawal in wire.withdrawals.iter().flatten() {
        let account = at.account("withdrawals.address", &withdrawal.address)?;
        let gwei = at.u64("withdrawals.amount", &withdrawal.amount)?;
        push_of_block(block, Kind::Withdrawal, account, u128::from(gwei) * WEI_PER_GWEI);
    }
    Ok(())
}

fn push_of_block(block: &mut AccountBlock, kind: Kind, to: Account, amount: u128) {
    let of_block = block.movements.iter().rev().take_while(|one| one.transaction.is_none());
    let place = Place::Block(of_block.count() as u32);
    block.movements.push(Movement {
        transaction: None,
        place,
        kind,
        asset: Asset::Native,
        from: None,
        to: Some(to),
        amount,
    });
}

fn gap(block: &mut AccountBlock, index: usize, place: Place, reason: GapReason) {
    block.gaps.push(Gap { transaction: Some(index as u32), place, reason });
}
