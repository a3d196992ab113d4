//! The same over account chains (EVM, Tron).

use std::collections::BTreeSet;

use chain::account::{AccountChain, Asset, Hash256, Ledgers};
use desk::policy::Actor;
use records::{Selector, SelectorKind};
use trace::Tag;
use trace::account::{
    AccountLimits, AccountParameters, AccountPolicy, AccountSource, AccountTrace,
    AccountTraceError, Contracts, StepFate,
};

use super::{LOOK_HOPS_MAX, Node, TITLE, Traced, TracedReach};
use crate::error::Error;
use crate::payload;

/// Assets of one transaction that are each followed for a request.
const ASSETS_MAX: usize = 8;

/// What somebody wants followed on a chain of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountQuestion {
    /// Which of the node's chains.
    pub chain: AccountChain,
    /// Where the money came from.
    pub source: AccountSource,
    /// In which asset it starts.
    pub asset: Asset,
    /// Under which rule.
    pub policy: AccountPolicy,
    /// Whether contracts end the trace.
    pub contracts: Contracts,
    /// How far.
    pub limits: AccountLimits,
}

impl AccountQuestion {
    pub(super) fn parameters(&self) -> AccountParameters {
        let mut parameters = AccountParameters::new(self.source, self.asset, self.policy);
        parameters.contracts = self.contracts;
        parameters.limits = self.limits;
        parameters
    }

    /// What a trace of it is called.
    pub(super) fn title(&self) -> String {
        let name = match self.source {
            AccountSource::Transaction(hash) => self.chain.hash_text(hash),
            AccountSource::Account { account, .. } => self.chain.text(account),
        };
        format!("{TITLE}{name} on {}, {}", self.chain, self.asset.text(self.chain))
    }
}

impl Node {
    /// Follows money through one of the node's account chains for a person, as [`Node::follow`]
    /// does through blocks of outputs.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right; [`Error::Input`] when the node has no such chain, the
    /// source is not in it or pays nothing in the asset; or a log or store cannot be read.
    pub async fn follow_accounts<T>(
        &self,
        actor: &Actor,
        question: &AccountQuestion,
        tell: impl FnOnce(&AccountTrace<'_>) -> T,
    ) -> Result<T, Error> {
        self.may_follow(actor).await?;
        let (parameters, _) = self.with_own_accounts(question.chain, question.parameters()).await?;
        self.ask(question.chain, |ledgers| {
            let traced = trace::account::run(ledgers, &parameters)?;
            Ok(tell(&traced))
        })
    }

    /// Every trace that a transaction of account chains calls for: one for each chain that has it
    /// and each asset that it pays in.
    pub(super) async fn account_traces(&self, hash: Hash256) -> Result<Vec<Traced>, Error> {
        let mut traces = Vec::new();
        for chain in self.accounts.names() {
            let source = AccountSource::Transaction(hash);
            let assets =
                self.accounts.ask(chain, |ledgers| trace::account::assets_paid(ledgers, &source));
            let assets = assets.map_err(Error::Internal)?.unwrap_or_default();
            for asset in assets.into_iter().take(ASSETS_MAX) {
                let (policy, contracts) = (AccountPolicy::Haircut, Contracts::Stop);
                let limits = AccountLimits { hops_max: LOOK_HOPS_MAX, ..AccountLimits::default() };
                let question = AccountQuestion { chain, source, asset, policy, contracts, limits };
                traces.push(self.written_account(&question, question.title()).await?);
            }
        }
        Ok(traces)
    }

    /// Runs a trace with the company's own deposit accounts as boundaries and writes it down.
    pub(super) async fn written_account(
        &self,
        question: &AccountQuestion,
        title: String,
    ) -> Result<Traced, Error> {
        let (parameters, owners) =
            self.with_own_accounts(question.chain, question.parameters()).await?;
        let fiction = self.config.company.fiction.is_some();
        self.ask(question.chain, |ledgers| {
            let traced = trace::account::run(ledgers, &parameters)?;
            let json = trace::account::exhibit(&traced);
            Ok(Traced {
                svg: trace::account_svg(&traced).into_bytes(),
                title,
                inputs: inputs(ledgers, &json),
                json,
                reached: TracedReach::Accounts(reached(&traced, &owners)),
                fiction,
            })
        })
    }

    /// Asks a chain's ledgers something that may be impossible to answer.
    fn ask<T>(
        &self,
        chain: AccountChain,
        question: impl FnOnce(&Ledgers) -> Result<T, AccountTraceError>,
    ) -> Result<T, Error> {
        let answer = self.accounts.ask(chain, question).map_err(Error::Internal)?;
        let missing = || {
            let fix = "name its log under [chain] accounts in comity.toml";
            Error::input("chain", format!("this node has no blocks of {chain}"), fix)
        };
        answer.ok_or_else(missing)?.map_err(refused)
    }

    /// The same parameters as of the newest block, with the company's own deposit accounts as
    /// boundaries: a first walk learns the accounts, and the catalog is asked about them.
    async fn with_own_accounts(
        &self,
        chain: AccountChain,
        mut parameters: AccountParameters,
    ) -> Result<(AccountParameters, Vec<records::Owner>), Error> {
        let (tip, payees) = self.ask(chain, |ledgers| {
            let mut payees = BTreeSet::new();
            // Under poison money goes wherever it goes under any rule.
            for policy in [parameters.policy, AccountPolicy::Poison] {
                let parameters = AccountParameters { policy, ..parameters.clone() };
                let flow = trace::account::follow(ledgers, &parameters)?;
                payees.extend(flow.steps.iter().filter_map(|step| ledgers.event(step.event).to));
            }
            let payees = payees.into_iter().map(|payee| ledgers.account_text(payee));
            Ok((ledgers.tip().map(|tip| tip.number), payees.collect::<Vec<String>>()))
        })?;
        parameters.limits.block_last = parameters.limits.block_last.or(tip);
        let read = |account: &String| Selector::read(SelectorKind::Address, account).ok();
        let owners = self.owners_of(&payees.iter().filter_map(read).collect::<Vec<_>>()).await?;
        for owner in &owners {
            let tag: Tag = self.own_tag();
            // The catalog may spell an account in another way than its chain.
            if let Ok(account) = chain.parse(owner.address.value()) {
                parameters.tags.insert(chain.text(account), tag);
            }
        }
        Ok((parameters, owners))
    }
}

/// What the trace rests on, as `name sha256`: one digest over the hashes of all blocks.
fn inputs(ledgers: &Ledgers, exhibit: &[u8]) -> Vec<String> {
    let exhibit: serde_json::Value = serde_json::from_slice(exhibit).unwrap_or_default();
    let inputs = &exhibit["inputs"];
    let number = |which: &str| inputs[which]["number"].as_u64().unwrap_or_default();
    let (first, last) = (number("block_first"), number("block_last"));
    let digest = inputs["blocks_sha256"].as_str().unwrap_or_default();
    vec![format!("hashes of blocks {first} to {last} of {} {digest}", ledgers.chain())]
}

fn reached(traced: &AccountTrace<'_>, owners: &[records::Owner]) -> Vec<payload::ReachedAccount> {
    let (ledgers, chain) = (traced.ledgers, traced.ledgers.chain());
    let came = traced.flow.steps.iter().filter(|step| step.fate == StepFate::Reached);
    came.filter_map(|step| {
        let event = ledgers.event(step.event);
        let payee = event.to?;
        let owner = owners.iter().find(|owner| {
            chain.parse(owner.address.value()).ok() == Some(ledgers.account(payee))
        })?;
        let hash = event.transaction.map(|number| ledgers.transaction(number).hash);
        Some(payload::ReachedAccount {
            transaction: hash.map_or(String::new(), |hash| chain.hash_text(hash)),
            address: ledgers.account_text(payee),
            account: owner.account.value().to_owned(),
            hop: step.hop,
            asset: ledgers.asset(event.asset).text(chain),
            amount: event.amount.to_string(),
            taint: step.taint.to_string(),
        })
    })
    .collect()
}

/// What a person asked and no trace can answer.
fn refused(error: AccountTraceError) -> Error {
    let (field, fix) = match &error {
        AccountTraceError::NoAsset(_) | AccountTraceError::NoPayment { .. } => {
            ("asset", "write `native`, or the contract of a token that it pays in")
        }
        AccountTraceError::TooManyPayments => ("first_block", "name fewer blocks"),
        AccountTraceError::NoTransaction(_) | AccountTraceError::Overflow(_) => {
            ("from", "take a transaction or an account of the blocks that this node has")
        }
    };
    Error::input(field, error.to_string(), fix)
}
