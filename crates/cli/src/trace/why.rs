//! `comity trace why`: why two addresses are taken for one owner's, and what if a transaction is
//! left out. Knows arguments and exit codes; the reasons are `trace::cluster`'s and `deposit`'s.

mod accounts;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chain::{AddressNumber, Network, Txid, Utxo};
use trace::cluster::explain::{explain, explain_cut};
use trace::cluster::{Actors, Coinjoins, Multisig, Rule, clusters};

use super::chains::Opened;

/// Arguments.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 the addresses are in one cluster, 1 they are not, or it \
could not be tried.
Examples:
  comity trace why --chain chain 1Address 3Address
  comity trace why --chain accounts.log 0xAccount 0xAccount --tags tagpacks/
  comity trace why --chain chain --cut TXID 1Address 3Address")]
#[command(group(clap::ArgGroup::new("where").args(["blocks", "chain"]).required(true)))]
pub struct Why {
    /// A block file: a raw block, or blk*.dat; give it once for each file.
    #[arg(long)]
    blocks: Vec<PathBuf>,
    /// An undo file, which tells whose inputs from outside were; once for each file.
    #[arg(long)]
    undo: Vec<PathBuf>,
    /// mainnet, testnet, signet or regtest.
    #[arg(long, default_value = "mainnet")]
    network: Network,
    /// A store or an account log that `comity chain` keeps, in place of block files.
    #[arg(long)]
    chain: Option<PathBuf>,
    /// On account chains, the least number of signs that must speak for a deposit account.
    #[arg(long, default_value_t = 3)]
    votes_min: usize,
    #[command(flatten)]
    tags: crate::tags::TraceTags,
    /// A transaction to leave out; says how its cluster falls apart.
    #[arg(long, num_args = 1)]
    cut: Vec<Txid>,
    /// Keys of bare multisig are the spender's too, as GraphSense takes them.
    #[arg(long)]
    multisig_keys: bool,
    /// CoinJoins merge like other transactions: known to be wrong, for comparison.
    #[arg(long)]
    merge_coinjoins: bool,
    /// The reasons as JSON.
    #[arg(long)]
    json: bool,
    /// The addresses.
    #[arg(num_args = 2, required = true, value_names = ["ADDRESS", "ADDRESS"])]
    addresses: Vec<String>,
}

/// Runs `comity trace why`.
pub fn run(why: &Why) -> anyhow::Result<ExitCode> {
    match &why.chain {
        Some(path) => match super::chains::open(path)? {
            Opened::Outputs(store) => answer(why, &*store),
            Opened::Accounts(ledgers) => accounts::answer(why, &ledgers),
        },
        None => {
            let (blocks, undo) = (why.blocks.clone(), why.undo.clone());
            answer(why, &super::load(&super::Blocks { blocks, undo, network: why.network })?)
        }
    }
}

fn answer<C: Utxo>(why: &Why, chain: &C) -> anyhow::Result<ExitCode> {
    let [from, to] = &why.addresses[..] else { bail!("give two addresses") };
    let (from, to) = (find(chain, from)?, find(chain, to)?);
    let mut rule = Rule {
        coinjoins: if why.merge_coinjoins { Coinjoins::Merge } else { Coinjoins::LeaveOut },
        multisig: if why.multisig_keys { Multisig::Keys } else { Multisig::Whole },
        cut: BTreeSet::new(),
    };
    let mut cuts = Vec::new();
    let mut made = clusters(chain, rule.clone(), &Actors::new());
    for txid in &why.cut {
        let number = chain.transaction(txid);
        let number = number.with_context(|| format!("transaction {txid} is not in the chain"))?;
        rule.cut.insert(number);
        cuts.push(explain_cut(chain, &made, number).with_context(|| format!("cut {txid}"))?);
    }
    if !rule.cut.is_empty() {
        made = clusters(chain, rule, &Actors::new());
    }
    let reasons = explain(chain, &made, from, to)?;
    if why.json {
        let all = serde_json::json!({ "reasons": reasons, "cuts": cuts });
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        cuts.iter().for_each(|cut| print!("{cut}"));
        print!("{reasons}");
    }
    let together = reasons.steps.is_some();
    Ok(if together { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn find<C: Utxo>(chain: &C, text: &str) -> anyhow::Result<AddressNumber> {
    let script = chain::script::script_of(text, chain.network())?;
    let number = chain.address_number(&script);
    number.with_context(|| format!("{text} is not used in the blocks given"))
}
