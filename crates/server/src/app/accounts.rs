//! The account chains (EVM, Tron) that a node may trace through: logs that `comity chain` keeps
//! beside it.
//!
//! Knows no trace. A log is read once and then only on: every answer is as of the newest block
//! there, and its exhibit says which that was.

use std::sync::{PoisonError, RwLock};

use anyhow::{Context as _, ensure};
use chain::account::{AccountChain, Ledgers};
use chain::store::accounts::AccountLogReader;

use crate::config::Config;

/// Account logs of one node; their ledgers are held in memory.
pub const ACCOUNT_LOGS_MAX: usize = 16;

/// The account chains of a node, in the order of its configuration.
#[derive(Debug, Default)]
pub struct AccountChains {
    logs: Vec<(AccountChain, RwLock<AccountLogReader>)>,
}

/// Reads the logs that a node is configured with.
///
/// # Errors
/// Naming the file that is no log, is damaged, or is of a chain that another one has.
pub fn read(config: &Config) -> anyhow::Result<AccountChains> {
    let files = &config.chain.accounts;
    ensure!(
        files.len() <= ACCOUNT_LOGS_MAX,
        "comity.toml: chain.accounts names {} logs; a node reads {ACCOUNT_LOGS_MAX}",
        files.len()
    );
    let mut chains = AccountChains::default();
    for file in files {
        let path = config.path(file);
        let reader = AccountLogReader::open(&path).context("chain.accounts")?;
        let chain = reader.ledgers().chain();
        ensure!(
            !chains.names().contains(&chain),
            "comity.toml: chain.accounts names two logs of {chain}; {} is the second",
            path.display()
        );
        chains.logs.push((chain, RwLock::new(reader)));
    }
    Ok(chains)
}

impl AccountChains {
    /// Which chains there are.
    #[must_use]
    pub fn names(&self) -> Vec<AccountChain> {
        self.logs.iter().map(|(chain, _)| *chain).collect()
    }

    /// Asks the ledgers of a chain as they are now; none where the node has no such chain.
    ///
    /// # Errors
    /// The log cannot be read any more.
    pub fn ask<T>(
        &self,
        chain: AccountChain,
        question: impl FnOnce(&Ledgers) -> T,
    ) -> anyhow::Result<Option<T>> {
        let Some((_, log)) = self.logs.iter().find(|(name, _)| *name == chain) else {
            return Ok(None);
        };
        in_place(|| {
            // A reader that fails keeps what it had read, so that a poisoned lock holds sound
            // ledgers. Who asks waits for nobody who asks as well, as long as nothing is new.
            if log.read().unwrap_or_else(PoisonError::into_inner).has_changed()? {
                log.write().unwrap_or_else(PoisonError::into_inner).refresh()?;
            }
            let reader = log.read().unwrap_or_else(PoisonError::into_inner);
            Ok(Some(question(reader.ledgers())))
        })
    }
}

/// Does long work where it stands, while other tasks go on elsewhere. A runtime of one thread has
/// no elsewhere.
fn in_place<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
