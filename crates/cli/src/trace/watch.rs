//! `comity trace watch`: alerts from a chain that grows. Knows arguments, waiting, the clock and
//! the journal's file; what an alert is, `trace::watch` knows.

mod file;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chain::account::{AccountChain, Ledgers};
use chain::store::Layout;
use chain::store::accounts::{AccountFile, AccountLogReader};
use chain::{ChainStore, Height, Network, Utxo as _};
use feed::account::keep;
use feed::{AccountNode, BitcoinNode};
use trace::account::{AccountParameters, AccountPolicy};
use trace::attribution::TagSet;
use trace::attribution::cited::{ending_account, ending_addresses};
use trace::watch::WatchNumber;
use trace::watch::accounts::AccountWatch;
use trace::watch::journal::{Happened, Line, Raised, Watched, of_outputs};
use trace::{Source, Tags};

use self::file::JournalFile;
use super::run::{From, account_source, from};
use super::{chains, rpc};
use crate::tags::TraceTags;

/// Arguments.
#[derive(clap::Args)]
#[command(after_help = "The chain is a store or an account log that `comity chain follow` keeps \
beside it, or that this command keeps itself with --rpc. Alerts are numbered and kept in the \
journal, each once, whenever the watch is stopped and started again; a reorganisation takes alerts \
back. Amounts are in satoshis or the asset's smallest unit; lots move first in, first out.
Examples:
  comity trace watch --chain chain --journal theft.jsonl --from TXID:0 --tags tagpacks/ --json
  comity trace watch --chain chain --journal theft.jsonl --rpc http://127.0.0.1:8332 \\
    --cookie ~/.bitcoin/.cookie
  comity trace watch --chain accounts.log --journal hack.jsonl --from 0xHASH --asset 0xTOKEN \\
    --rpc http://127.0.0.1:8545 --account-chain 'evm 1'")]
pub struct Watch {
    /// The store's folder, or the account log.
    #[arg(long)]
    chain: PathBuf,
    /// The file that remembers what was told; made where there is none.
    #[arg(long)]
    journal: PathBuf,
    /// TXID, TXID:VOUT, on account chains 0xHASH or an account; once for each source. Sources in
    /// the journal are watched on.
    #[arg(long, value_parser = from_text)]
    from: Vec<String>,
    /// native, a token's contract, CONTRACT/NUMBER or trc10/NUMBER; accounts only.
    #[arg(long, default_value = "native")]
    asset: String,
    /// Sources given now raise nothing for blocks up to this height.
    #[arg(long)]
    after: Option<u64>,
    /// Keep the chain at the tip of the node with this address.
    #[arg(long)]
    rpc: Option<String>,
    #[command(flatten)]
    secret: rpc::Secret,
    /// mainnet, testnet, signet or regtest, of a node with --rpc.
    #[arg(long, default_value = "mainnet")]
    network: Network,
    /// The account chain of a node with --rpc: `evm NUMBER` or tron.
    #[arg(long)]
    account_chain: Option<AccountChain>,
    /// Where a chain that is empty begins, with --rpc.
    #[arg(long, default_value_t = 0)]
    start: u32,
    /// End when the chain was read to its end, instead of waiting for more.
    #[arg(long)]
    once: bool,
    /// Seconds between two looks at a chain at whose end we are.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=3600))]
    every: u32,
    /// Each alert as a line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    tags: TraceTags,
}

fn from_text(text: &str) -> Result<String, String> {
    from(text).map(|_| text.to_owned())
}

/// Watches until it is stopped, or with `--once` until the end of the chain.
pub fn run(watch: &Watch) -> anyhow::Result<ExitCode> {
    crate::block_on(async {
        // Dropped at a wait, never within a change of a file.
        tokio::select! {
            done = keep(watch) => done?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn keep(watch: &Watch) -> anyhow::Result<()> {
    let tags = watch.tags.load()?;
    let accounts = chains::account_log(&watch.chain)?;
    match (&watch.rpc, accounts, watch.account_chain) {
        (None, None, _) => watch_store(watch, tags.as_ref()).await,
        (None, Some(log), _) => watch_log(watch, tags.as_ref(), &log).await,
        (Some(url), None, None) => follow_store(watch, tags.as_ref(), url).await,
        (Some(url), log, chain) => follow_log(watch, tags.as_ref(), url, log, chain).await,
    }
}

/// Waits between two looks.
async fn pause(watch: &Watch) {
    tokio::time::sleep(Duration::from_secs(u64::from(watch.every))).await;
}

/// A store that another process keeps.
async fn watch_store(watch: &Watch, tags: Option<&TagSet>) -> anyhow::Result<()> {
    let store = ChainStore::open(&watch.chain)?;
    let mut keeper = Keeper::of_outputs(watch, tags, store.network())?;
    keeper.look_at_outputs(&store)?;
    let mut seen = store.tip();
    drop(store);
    if watch.once {
        return Ok(());
    }
    loop {
        pause(watch).await;
        let store = ChainStore::open(&watch.chain)?;
        if store.tip() != seen {
            keeper.look_at_outputs(&store)?;
            seen = store.tip();
        }
    }
}

/// A store that is kept here.
async fn follow_store(watch: &Watch, tags: Option<&TagSet>, url: &str) -> anyhow::Result<()> {
    let mut store = ChainStore::open_or_create(&watch.chain, watch.network, Layout::default())?;
    let mut keeper = Keeper::of_outputs(watch, tags, store.network())?;
    let node: BitcoinNode = watch.secret.rpc(url, watch.network).await?;
    loop {
        match feed::follow::step(&node, &mut store, Height(watch.start)).await {
            // What came with others is looked at once, when all of them are there.
            Ok(Some(_)) => continue,
            Ok(None) => keeper.look_at_outputs(&store)?,
            Err(error) if watch.once || !error.may_pass() => return Err(error.into()),
            Err(error) => eprintln!("comity: {error}; asking again"),
        }
        if watch.once {
            return Ok(());
        }
        pause(watch).await;
    }
}

/// An account log that another process keeps.
async fn watch_log(watch: &Watch, tags: Option<&TagSet>, log: &Path) -> anyhow::Result<()> {
    let mut reader = AccountLogReader::open(log)?;
    let mut keeper = Keeper::of_accounts(watch, tags, reader.ledgers().chain())?;
    keeper.look_at_accounts(reader.ledgers())?;
    if watch.once {
        return Ok(());
    }
    loop {
        pause(watch).await;
        if reader.refresh()? {
            keeper.look_at_accounts(reader.ledgers())?;
        }
    }
}

/// An account log that is kept here.
async fn follow_log(
    watch: &Watch,
    tags: Option<&TagSet>,
    url: &str,
    log: Option<PathBuf>,
    chain: Option<AccountChain>,
) -> anyhow::Result<()> {
    let (path, chain) = match (log, chain) {
        (Some(log), Some(chain)) => (log, chain),
        (Some(log), None) => {
            let chain = chains::ledgers(&log)?.chain();
            (log, chain)
        }
        (None, Some(chain)) if watch.chain.is_dir() => {
            (watch.chain.join(chains::ACCOUNT_LOG), chain)
        }
        (None, Some(chain)) => (watch.chain.clone(), chain),
        (None, None) => bail!("--account-chain: say which, `evm NUMBER` or tron"),
    };
    let mut kept = AccountFile::open_or_create(&path, chain)?;
    let mut keeper = Keeper::of_accounts(watch, tags, chain)?;
    let endpoint = watch.secret.endpoint(url)?;
    let node = AccountNode::connect(endpoint, chain, watch.secret.limits()).await?;
    loop {
        match keep::step(&node, &mut kept, u64::from(watch.start)).await {
            Ok(Some(_)) => continue,
            Ok(None) => keeper.look_at_accounts(kept.ledgers())?,
            Err(error) if watch.once || !error.may_pass() => return Err(error.into()),
            Err(error) => eprintln!("comity: {error}; asking again"),
        }
        if watch.once {
            return Ok(());
        }
        pause(watch).await;
    }
}

/// The journal, and what is watched by it.
struct Keeper<'a> {
    watch: &'a Watch,
    tags: Option<&'a TagSet>,
    /// Named addresses of a chain of outputs.
    named: Tags,
    file: JournalFile,
    outputs: Vec<(WatchNumber, Source)>,
    accounts: AccountWatch,
}

impl<'a> Keeper<'a> {
    fn of_outputs(
        watch: &'a Watch,
        tags: Option<&'a TagSet>,
        network: Network,
    ) -> anyhow::Result<Keeper<'a>> {
        if watch.asset != "native" {
            bail!("--asset: this chain has outputs, no accounts; leave it out");
        }
        let mut keeper = Keeper::open(watch, tags, &format!("bitcoin {network}"), None)?;
        if let Some(set) = tags {
            let (view, boundaries) = (watch.tags.view(set), watch.tags.boundaries());
            keeper.named = ending_addresses(&view, boundaries, network);
        }
        let read = |watched: &Watched| match from(&watched.from) {
            Ok(From::Outputs(source)) => Ok((WatchNumber(watched.watch), source)),
            _ => bail!("{}: write TXID, or TXID:VOUT for one output", watched.from),
        };
        let watches = keeper.file.journal().watches();
        keeper.outputs = watches.iter().map(read).collect::<anyhow::Result<_>>()?;
        Ok(keeper)
    }

    fn of_accounts(
        watch: &'a Watch,
        tags: Option<&'a TagSet>,
        chain: AccountChain,
    ) -> anyhow::Result<Keeper<'a>> {
        let mut keeper = Keeper::open(watch, tags, &chain.to_string(), Some(&watch.asset))?;
        let read = |watched: &Watched| -> anyhow::Result<(WatchNumber, AccountParameters)> {
            let given = from(&watched.from).map_err(anyhow::Error::msg)?;
            let source = account_source(&given, chain, None, None)?;
            let asset = watched.asset.as_deref().unwrap_or("native");
            let asset = trace::account::parse_asset(chain, asset).map_err(anyhow::Error::msg)?;
            let parameters = AccountParameters::new(source, asset, AccountPolicy::Fifo);
            Ok((WatchNumber(watched.watch), parameters))
        };
        let watches = keeper.file.journal().watches();
        keeper.accounts =
            AccountWatch::new(watches.iter().map(read).collect::<anyhow::Result<_>>()?);
        Ok(keeper)
    }

    fn open(
        watch: &'a Watch,
        tags: Option<&'a TagSet>,
        chain: &str,
        asset: Option<&str>,
    ) -> anyhow::Result<Keeper<'a>> {
        let mut file = JournalFile::open(&watch.journal, chain)?;
        for from in &watch.from {
            file.watch(from, asset, watch.after)?;
        }
        if file.journal().watches().is_empty() {
            bail!("nothing is watched: name a source with --from");
        }
        let (outputs, named) = (Vec::new(), Tags::new());
        let accounts = AccountWatch::new(Vec::new());
        let keeper = Keeper { watch, tags, named, file, outputs, accounts };
        Ok(keeper)
    }

    fn look_at_outputs(&mut self, store: &ChainStore) -> anyhow::Result<()> {
        let missing =
            self.outputs.iter().filter(|(_, from)| store.transaction(&from.txid).is_none());
        for (_, from) in missing.filter(|_| self.watch.once) {
            eprintln!("comity: {from} is not in this chain yet; it is watched for");
        }
        let happened = of_outputs(store, &self.outputs, &self.named, now());
        self.tell(happened)
    }

    fn look_at_accounts(&mut self, ledgers: &Ledgers) -> anyhow::Result<()> {
        let named = self.tags.map(|set| (self.watch.tags.view(set), self.watch.tags.boundaries()));
        let name = |account: &str| {
            let (view, boundaries) = named.as_ref()?;
            ending_account(ledgers.chain(), view, *boundaries, account)
        };
        let news = self.accounts.look(ledgers, now(), name)?;
        self.file.compare_from(news)?;
        self.print()
    }

    /// Keeps what is new, then prints it.
    fn tell(&mut self, happened: Happened) -> anyhow::Result<()> {
        self.file.compare(happened)?;
        self.print()
    }

    /// Prints what was kept and not printed, then keeps that it was printed.
    fn print(&mut self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        for line in self.file.journal().untold() {
            let text = if self.watch.json { line.text() } else { self.words(line) };
            out.write_all(text.as_bytes())?;
        }
        out.flush()?;
        self.file.told()
    }

    fn words(&self, line: &Line) -> String {
        let Line::Alert(Raised { number, seconds_since_block, what }) = line else {
            return match line {
                Line::TakenBack { number, alert } => {
                    format!("{number}: alert {alert} no longer holds\n")
                }
                _ => String::new(),
            };
        };
        let from = self.file.journal().watches().get(what.watch as usize);
        let from = from.map_or("?", |watched| watched.from.as_str());
        let asset = what.asset.as_deref().map_or(String::new(), |asset| format!(" ({asset})"));
        let to = what.address.as_deref().map_or(String::new(), |to| format!(" to {to}"));
        let whose = what.label.as_deref().map_or(String::new(), |label| format!(", {label}"));
        let seconds =
            seconds_since_block.map_or("unknown".to_owned(), |seconds| format!("{seconds} s"));
        let transaction = what.transaction.as_deref().unwrap_or("no transaction");
        let (word, amount, height) = (&what.what, &what.amount, what.height);
        format!(
            "{number}: {word}: {amount}{asset} of {from}{to}{whose}; {transaction}, block \
             {height}, seen after {seconds}\n"
        )
    }
}

/// The clock of this machine, in seconds since 1970.
fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0)
}

/// Where the journal lies, for errors.
fn at(path: &Path) -> String {
    format!("{}", path.display())
}

/// Adds the path to an error.
trait At<T> {
    fn at(self, path: &Path) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> At<T> for Result<T, E> {
    fn at(self, path: &Path) -> anyhow::Result<T> {
        self.map_err(Into::into).with_context(|| at(path))
    }
}
