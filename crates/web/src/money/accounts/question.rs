//! The question as the address of the page has it.
//!
//! Knows no ledger. What cannot be read is a mistake beside its field; nothing is guessed.

use chain::account::{AccountChain, Hash256};
use serde::Deserialize;
use server::app::trace::AccountQuestion;
use trace::account::{AccountLimits, AccountPolicy, AccountSource, Contracts, parse_asset};

use super::super::question::{HOPS_MAX, number};
use super::super::sheet::Asked;
use crate::form::Mistakes;
use crate::frame::Frame;

/// Events that a page reads under one rule at most; the command line goes further.
pub const EVENTS_MAX: u64 = 50_000;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// `evm NUMBER` or `tron`; empty for the node's first chain.
    pub chain: String,
    /// A transaction's hash, or an account.
    pub from: String,
    /// `native`, a token's contract, `CONTRACT/NUMBER` or `trc10/NUMBER`.
    pub asset: String,
    /// First block whose payments by the account are followed.
    pub first_block: String,
    /// The last one.
    pub last_block: String,
    /// A policy's name.
    pub policy: String,
    /// `follow` where contracts are treated like anybody.
    pub contracts: String,
    /// Payments from the source.
    pub hops_max: String,
    /// Smallest units below which a payment is not followed.
    pub amount_min: String,
    /// The newest block that is read; what is shown writes it down for what is taken along.
    pub as_of: String,
}

impl Typed {
    /// The question, or what is wrong with it.
    pub fn question(
        &self,
        frame: &Frame,
        chains: &[AccountChain],
    ) -> Result<AccountQuestion, Mistakes> {
        let mut mistakes = Mistakes::default();
        let Some(chain) = self.chain(chains) else {
            mistakes.add("chain", frame.say("accounts-chain-wrong"));
            return Err(mistakes);
        };
        let source = self.source(frame, chain, &mut mistakes);
        let asset = match self.asset.trim() {
            "" => Ok(chain::account::Asset::Native),
            text => parse_asset(chain, text),
        };
        if asset.is_err() {
            mistakes.add("asset", frame.say("accounts-asset-wrong"));
        }
        let policy = self.policy().unwrap_or_else(|| {
            mistakes.add("policy", frame.say("money-policy-wrong"));
            AccountPolicy::Haircut
        });
        let contracts = match self.contracts.as_str() {
            "follow" => Contracts::Follow,
            _ => Contracts::Stop,
        };
        let mut limits = AccountLimits { events_max: EVENTS_MAX, ..AccountLimits::default() };
        match number(&self.hops_max, limits.hops_max) {
            Some(hops) if (1..=HOPS_MAX).contains(&hops) => limits.hops_max = hops,
            _ => mistakes.add("hops_max", frame.say1("money-hops-wrong", "most", HOPS_MAX)),
        }
        match number(&self.amount_min, limits.amount_min) {
            Some(amount) if amount > 0 => limits.amount_min = amount,
            _ => mistakes.add("amount_min", frame.say("accounts-amount-wrong")),
        }
        match number(&self.as_of, u64::MAX) {
            Some(u64::MAX) => {}
            Some(newest) => limits.block_last = Some(newest),
            None => mistakes.add("from", frame.say("accounts-block-wrong")),
        }
        match (source, asset) {
            (Some(source), Ok(asset)) if mistakes.is_empty() => {
                Ok(AccountQuestion { chain, source, asset, policy, contracts, limits })
            }
            _ => Err(mistakes),
        }
    }

    fn source(
        &self,
        frame: &Frame,
        chain: AccountChain,
        mistakes: &mut Mistakes,
    ) -> Option<AccountSource> {
        let from = self.from.trim();
        let first = number(&self.first_block, 0);
        let last = number(&self.last_block, u64::MAX);
        for (field, read) in [("first_block", first), ("last_block", last)] {
            if read.is_none() {
                mistakes.add(field, frame.say("accounts-block-wrong"));
            }
        }
        if let Some(hash) = Hash256::from_hex(from) {
            if !(self.first_block.trim().is_empty() && self.last_block.trim().is_empty()) {
                mistakes.add("first_block", frame.say("accounts-blocks-of-transaction"));
            }
            return Some(AccountSource::Transaction(hash));
        }
        let Ok(account) = chain.parse(from) else {
            mistakes.add("from", frame.say("accounts-from-wrong"));
            return None;
        };
        let (block_first, block_last) = (first?, last?);
        if block_first > block_last {
            mistakes.add("last_block", frame.say("accounts-blocks-turned"));
        }
        Some(AccountSource::Account { account, block_first, block_last })
    }

    /// The chain chosen; the first where nothing was.
    pub fn chain(&self, chains: &[AccountChain]) -> Option<AccountChain> {
        if self.chain.is_empty() {
            return chains.first().copied();
        }
        let named: AccountChain = self.chain.parse().ok()?;
        chains.contains(&named).then_some(named)
    }

    /// The policy chosen; haircut when nothing was.
    pub fn policy(&self) -> Option<AccountPolicy> {
        if self.policy.is_empty() { Some(AccountPolicy::Haircut) } else { self.policy.parse().ok() }
    }

    /// The question as the address of its page has it.
    pub fn asked(&self) -> Asked {
        let fields = [
            ("from", self.from.as_str()),
            ("chain", &self.chain),
            ("asset", &self.asset),
            ("first_block", &self.first_block),
            ("last_block", &self.last_block),
            ("policy", &self.policy),
            ("contracts", &self.contracts),
            ("hops_max", &self.hops_max),
            ("amount_min", &self.amount_min),
            ("as_of", &self.as_of),
        ];
        Asked::of("/money/accounts", &fields)
    }
}
