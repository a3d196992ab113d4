//! `comity trace run`: follows money. Knows arguments and files; the rules are `trace`'s.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chain::account::{Account, AccountChain, Hash256, Ledgers};
use chain::{Satoshi, Utxo};
use clap::ArgGroup;
use trace::account::{
    AccountParameters, AccountPolicy, AccountSource, AccountTrace, Contracts, StepFate,
};
use trace::attribution::cited;
use trace::{Parameters, Policy, Source, Trace};

use super::Blocks;
use super::chains::{self, Opened};
use crate::tags::TraceTags;

/// Arguments.
#[derive(clap::Args)]
#[command(after_help = "On an account chain (EVM, Tron) --from is a transaction's hash, or an \
account whose payments in --first-block to --last-block are followed; --asset names a token.
Examples:
  comity trace run --blocks comity-demo/blocks/702861.raw --policy haircut --json \\
    --from 38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3
  comity trace run --chain chain --policy fifo --from TXID:0 --csv flow.csv --svg flow.svg
  comity trace run --chain accounts.log --from 0xHASH --policy lowest-balance --tags tagpacks/
  comity trace run --chain accounts.log --from 0xACCOUNT --first-block 100 --last-block 120 \\
    --asset 0xdAC17F958D2ee523a2206206994597C13D831ec7")]
#[command(group(ArgGroup::new("where").args(["blocks", "chain"]).required(true)))]
pub struct Run {
    #[command(flatten)]
    blocks: Blocks,
    /// A store or an account log that `comity chain` keeps, instead of block files.
    #[arg(long, conflicts_with_all = ["blocks", "undo"])]
    chain: Option<PathBuf>,
    /// TXID, or TXID:VOUT for one output; on account chains 0xHASH or an account.
    #[arg(long, value_parser = from)]
    from: From,
    /// poison, haircut, fifo, lifo; of outputs also tiho, of accounts also lowest-balance.
    #[arg(long, default_value = "haircut", value_parser = rule)]
    policy: Rule,
    /// Transactions (of accounts: payments) from the source that are entered.
    #[arg(long)]
    hops_max: Option<u32>,
    /// The least taint that is followed, in satoshis or the asset's smallest unit.
    #[arg(long)]
    amount_min: Option<u128>,
    /// The least tainted share of a payment that is followed, in parts per billion.
    #[arg(long)]
    share_min_ppb: Option<u32>,
    #[command(flatten)]
    accounts: Accounts,
    /// The exhibit as JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Also write the picture.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Also write the flow as a table, see docs/formats/trace-csv.md.
    #[arg(long)]
    csv: Option<PathBuf>,
    #[command(flatten)]
    tags: TraceTags,
}

/// What only account chains have.
#[derive(clap::Args)]
pub struct Accounts {
    /// native, a token's contract, CONTRACT/NUMBER or trc10/NUMBER; accounts only.
    #[arg(long, default_value = "native")]
    asset: String,
    /// stop: the trace ends at contracts; follow: they are treated like anybody. Accounts only.
    #[arg(long, default_value = "stop")]
    contracts: Contracts,
    /// The first block whose payments by the account --from are followed.
    #[arg(long)]
    first_block: Option<u64>,
    /// The last one.
    #[arg(long)]
    last_block: Option<u64>,
    /// The last block that is read; all without it. Accounts only.
    #[arg(long)]
    until_block: Option<u64>,
}

impl Accounts {
    /// Says no to what was given though the chain has outputs and no accounts.
    fn refuse(&self) -> anyhow::Result<()> {
        let given = [
            ("--asset", self.asset != "native"),
            ("--contracts", self.contracts != Contracts::Stop),
            ("--first-block", self.first_block.is_some()),
            ("--last-block", self.last_block.is_some()),
            ("--until-block", self.until_block.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => bail!("{name}: this chain has outputs, no accounts; leave it out"),
            None => Ok(()),
        }
    }
}

/// Where money came from, on whatever chain.
#[derive(Clone, Debug)]
pub enum From {
    /// Outputs; without an index also the hash of a transaction of accounts.
    Outputs(Source),
    /// A transaction or an account.
    Accounts(String),
}

/// A policy, of outputs or accounts.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Of either.
    Both(Policy, AccountPolicy),
    /// Of outputs only.
    Outputs(Policy),
    /// Of accounts only.
    Accounts(AccountPolicy),
}

/// Reads `--from`.
pub fn from(text: &str) -> Result<From, String> {
    let error = match text.parse::<Source>() {
        Ok(source) => return Ok(From::Outputs(source)),
        Err(error) => error,
    };
    let accounts = text.starts_with("0x") && Hash256::from_hex(text).is_some()
        || Account::from_hex(text).is_ok()
        || Account::from_tron(text).is_ok();
    match accounts {
        true => Ok(From::Accounts(text.to_owned())),
        false => Err(format!(
            "{error}; write --from TXID, or TXID:VOUT for one output; on account chains 0xHASH or \
             an account"
        )),
    }
}

fn rule(text: &str) -> Result<Rule, String> {
    match (text.parse::<Policy>(), text.parse::<AccountPolicy>()) {
        (Ok(outputs), Ok(accounts)) => Ok(Rule::Both(outputs, accounts)),
        (Ok(outputs), Err(_)) => Ok(Rule::Outputs(outputs)),
        (Err(_), Ok(accounts)) => Ok(Rule::Accounts(accounts)),
        (Err(error), Err(_)) => Err(format!("{error}; of accounts also lowest-balance")),
    }
}

/// Runs `comity trace run`.
pub fn run(run: &Run) -> anyhow::Result<ExitCode> {
    match &run.chain {
        None => outputs(run, &super::load(&run.blocks)?),
        Some(path) => match chains::open(path)? {
            Opened::Outputs(store) => outputs(run, &*store),
            Opened::Accounts(ledgers) => accounts(run, &ledgers),
        },
    }
}

/// One trace of outputs, whatever answers for the chain.
fn outputs<C: Utxo>(run: &Run, chain: &C) -> anyhow::Result<ExitCode> {
    let From::Outputs(source) = run.from else {
        bail!("--from: a chain of outputs is traced from TXID, or TXID:VOUT for one output");
    };
    let (Rule::Both(policy, _) | Rule::Outputs(policy)) = run.policy else {
        bail!("--policy: lowest-balance is a rule for accounts; outputs are never mixed in one");
    };
    run.accounts.refuse()?;
    let mut parameters = Parameters::new(source, policy);
    let limits = &mut parameters.limits;
    limits.hops_max = run.hops_max.unwrap_or(limits.hops_max);
    limits.share_min_ppb = run.share_min_ppb.unwrap_or(limits.share_min_ppb);
    if let Some(least) = run.amount_min {
        limits.amount_min = Satoshi(u64::try_from(least).context("--amount-min")?);
    }
    let traced = match &run.tags.load()? {
        None => trace::run(chain, &parameters)?,
        Some(set) => cited::run(chain, &parameters, &run.tags.view(set), run.tags.boundaries())?,
    };
    write(run.svg.as_deref(), || trace::svg(&traced))?;
    write(run.csv.as_deref(), || trace::table::flow_csv(&traced))?;
    tell(run.json, || trace::exhibit(&traced), || table(&traced))
}

/// One trace over accounts.
fn accounts(run: &Run, ledgers: &Ledgers) -> anyhow::Result<ExitCode> {
    let parameters = account_parameters(run, ledgers.chain())?;
    let traced = match &run.tags.load()? {
        None => trace::account::run(ledgers, &parameters)?,
        Some(set) => {
            let (day, boundaries) = (run.tags.view(set), run.tags.boundaries());
            cited::run_accounts(ledgers, &parameters, &day, boundaries)?
        }
    };
    write(run.svg.as_deref(), || trace::account_svg(&traced))?;
    write(run.csv.as_deref(), || trace::table::account_csv(&traced))?;
    tell(run.json, || trace::account::exhibit(&traced), || account_table(&traced))
}

fn account_parameters(run: &Run, chain: AccountChain) -> anyhow::Result<AccountParameters> {
    let (Rule::Both(_, policy) | Rule::Accounts(policy)) = run.policy else {
        bail!("--policy: tiho is a rule for outputs; accounts have no outputs to rank");
    };
    let given = &run.accounts;
    let source = account_source(&run.from, chain, given.first_block, given.last_block)?;
    let asset = trace::account::parse_asset(chain, &given.asset);
    let asset = asset.map_err(|problem| anyhow::anyhow!("--asset: {problem}"))?;
    let mut parameters = AccountParameters::new(source, asset, policy);
    parameters.contracts = given.contracts;
    let limits = &mut parameters.limits;
    limits.hops_max = run.hops_max.unwrap_or(limits.hops_max);
    limits.amount_min = run.amount_min.unwrap_or(limits.amount_min);
    limits.share_min_ppb = run.share_min_ppb.unwrap_or(limits.share_min_ppb);
    limits.block_last = given.until_block;
    Ok(parameters)
}

/// A transaction of accounts, or an account's payments within blocks.
pub fn account_source(
    from: &From,
    chain: AccountChain,
    first_block: Option<u64>,
    last_block: Option<u64>,
) -> anyhow::Result<AccountSource> {
    let text = match from {
        From::Accounts(text) => text.clone(),
        From::Outputs(Source { txid, vout: None }) => txid.to_string(),
        From::Outputs(_) => bail!("--from: {chain} has no outputs; write 0xHASH or an account"),
    };
    match Hash256::from_hex(&text) {
        Some(_) if first_block.or(last_block).is_some() => {
            bail!("--first-block and --last-block are for an account; {text} is a transaction")
        }
        Some(hash) => Ok(AccountSource::Transaction(hash)),
        None => Ok(AccountSource::Account {
            account: chain.parse(&text).context("--from")?,
            block_first: first_block.unwrap_or(0),
            block_last: last_block.unwrap_or(u64::MAX),
        }),
    }
}

fn write(path: Option<&Path>, text: impl FnOnce() -> String) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, text()).with_context(|| format!("{}", path.display()))
}

fn tell(
    json: bool,
    exhibit: impl FnOnce() -> Vec<u8>,
    table: impl FnOnce() -> String,
) -> anyhow::Result<ExitCode> {
    let bytes = if json { exhibit() } else { table().into_bytes() };
    std::io::Write::write_all(&mut std::io::stdout(), &bytes)?;
    Ok(ExitCode::SUCCESS)
}

/// Where the money came to rest, and how much of it.
fn table<C: Utxo>(traced: &Trace<'_, C>) -> String {
    let mut text = String::from("hop  taint             output\n");
    for hop in &traced.flow.hops {
        let txid = traced.view.txid(hop.transaction);
        for output in hop.outputs.iter().filter(|output| output.spent_by.is_none()) {
            let taint = output.lot.taint;
            let address = output.address.as_deref().unwrap_or("no address");
            text += &format!(
                "{:>3}  {:>16}  {txid}:{} {address}\n",
                hop.hop,
                taint.bitcoin(),
                output.vout
            );
        }
    }
    text
}

/// The same for accounts: where payments ended, and who holds what.
fn account_table(traced: &AccountTrace<'_>) -> String {
    let ledgers = traced.ledgers;
    let chain = ledgers.chain();
    let mut text = format!("hop  taint in {:<26}  account\n", "smallest units");
    let mut row = |hop: u32, taint: u128, account: &str, asset: String, fate: &str| {
        text += &format!("{hop:>3}  {taint:>39}  {account} ({asset}) {fate}\n");
    };
    for step in &traced.flow.steps {
        if matches!(step.fate, StepFate::Followed | StepFate::Wrapped(_)) {
            continue;
        }
        let event = ledgers.event(step.event);
        let account = event.to.map_or("nobody".to_owned(), |to| ledgers.account_text(to));
        let asset = ledgers.asset(event.asset).text(chain);
        let tag = traced.parameters.tags.get(&account);
        let fate = match tag {
            Some(tag) if step.fate == StepFate::Reached => format!("reached {}", tag.label),
            _ => step.fate.name().to_owned(),
        };
        row(step.hop, step.taint, &account, asset, &fate);
    }
    for held in &traced.flow.held {
        let asset = ledgers.asset(held.asset).text(chain);
        row(held.hop, held.taint, &ledgers.account_text(held.account), asset, "holds it");
    }
    let totals = &traced.flow.totals;
    for (taint, fate) in [(totals.fees, "paid as fees")] {
        if taint > 0 {
            text += &format!("     {taint:>39}  {fate}\n");
        }
    }
    text
}
