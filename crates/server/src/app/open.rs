//! Opening a node: keys, store, the company's records, blocks, the directory. Knows no act.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use quick_cache::sync::Cache;
use store::Store;

use super::{Clock, Node, accounts, bags, blocks, cases, derived, people, practice, security};
use crate::config::Config;
use crate::fraud;
use crate::keys::{Derived, Seal};

/// Folded requests kept in memory.
const FOLDED_REQUESTS_MAX: usize = 20_000;
/// Packages that are rendered at the same time; more wait for their turn.
const PACKAGES_MADE_AT_ONCE_MAX: usize = 8;
/// A call to another system takes no longer.
const HTTP_SECONDS_MAX: u64 = 30;

/// Whether a store may be made when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It must be there.
    Existing,
    /// It is made when it is not.
    CreateIfMissing,
}

impl Node {
    /// Opens everything a node needs.
    ///
    /// # Errors
    /// Naming the file, key, block or setting that is wrong.
    pub async fn open(config: Config, clock: Clock, opening: Opening) -> anyhow::Result<Self> {
        let at_rest = super::at_rest::AtRest::of(&config)?;
        // What is made up needs no encryption.
        if !at_rest.is_seen() && at_rest.stated.is_none() && config.company.fiction.is_none() {
            tracing::warn!("Not everything is seen to be encrypted at rest: {at_rest}");
        }
        let seal = Arc::new(Seal::of(&config)?);
        let log_key = crate::keys::log_key_of(&config)?;
        let derived = |what| crate::keys::derived_key(&config, &log_key, what);
        let drafts = super::drafts::DraftKey::new(derived(Derived::Drafts)?);
        let links = super::address::LinkKey::new(&derived(Derived::Links)?);
        let store = open_store(&config, log_key.clone(), clock.clone(), opening).await?;
        derived::bring_up_to_date(&store).await?;
        let catalog_path = config.path(&config.records.catalog);
        let text = std::fs::read_to_string(&catalog_path)
            .with_context(|| format!("{}", catalog_path.display()))?;
        let catalog = records::Catalog::parse(&text, &catalog_path.display().to_string())?;
        let base = catalog_path.parent().map_or_else(|| config.folder.clone(), PathBuf::from);
        let records = records::Records::open(catalog, &base).await?;
        let practice = practice::open(&config).await?;
        let chain = blocks::read(&config)?;
        let accounts = accounts::read(&config)?;
        let defences = fraud::open(&config)?;
        let scanner = config.scan.as_ref().map(crate::scan::Scanner::new);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(HTTP_SECONDS_MAX))
            .build()
            .context("the HTTP client could not be made")?;
        let notices = crate::notice::Notices::open(&config)?;
        let directory = RwLock::new(Arc::new(people::read_directory(&store).await?));
        let guard = security::Guard::open(&store, clock()).await?;
        let folded = Cache::new(FOLDED_REQUESTS_MAX);
        let remembering = Mutex::new(());
        let bags = bags::Bags::default();
        let cases = cases::Cases::default();
        let package_turns = tokio::sync::Semaphore::new(PACKAGES_MADE_AT_ONCE_MAX);
        let node = Self {
            config,
            store,
            records,
            practice,
            chain,
            accounts,
            defences,
            scanner,
            seal,
            log_key,
            at_rest,
            clock,
            http,
            notices,
            guard,
            drafts,
            links,
            directory,
            folded,
            remembering,
            bags,
            cases,
            package_turns,
            rates: crate::rate::Rates::default(),
            to_sign: Mutex::default(),
        };
        std::fs::create_dir_all(node.spool_folder())
            .with_context(|| format!("{}", node.spool_folder().display()))?;
        Ok(node)
    }
}

/// Opens the store of a node, for writing.
///
/// # Errors
/// Naming what is wrong with it; when another process has it open, that is the cause.
pub async fn open_store(
    config: &Config,
    log_key: ledger::note::SigningKey,
    clock: Clock,
    opening: Opening,
) -> anyhow::Result<Store> {
    let keys = config.path(&config.node.keys);
    let mut settings = store::Config::new(log_key, clock);
    settings.kept_checkpoint = Some(keys.join(crate::keys::file::LOG_CHECKPOINT));
    settings.blob_folder = Some(config.path(&config.node.data).join("blobs"));
    if config.node.database.is_empty() {
        // It stands in a file or credential, which may be another one by tomorrow.
        let config = config.clone();
        let read = move || config.database_url().map_err(|error| error.to_string());
        settings.url_again = Some(Arc::new(read));
    }
    let url = config.database_url()?;
    Ok(match opening {
        Opening::Existing => Store::open(&url, settings).await?,
        Opening::CreateIfMissing => Store::open_or_create(&url, settings).await?,
    })
}
