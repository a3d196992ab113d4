//! Following the money of a request, and what it reaches in this company.
//!
//! Knows no policy of its own: the walk is `trace`'s, the attribution the catalog's.

use anyhow::Context as _;
use chain::{ChainView, NamedBytes, Network, Txid};
use records::{Selector, SelectorKind};
use trace::{Parameters, Policy, Source, Tag};

use super::Node;
use crate::config::Config;
use crate::error::Error;
use crate::payload::{Exhibit, ExhibitBody};

/// Hops that are followed to find addresses of this company.
const LOOK_HOPS_MAX: u32 = 64;

/// A trace made for a request.
pub struct Traced {
    /// Exhibit JSON, replayable.
    pub json: Vec<u8>,
    /// The picture.
    pub svg: Vec<u8>,
    /// Title for people.
    pub title: String,
    /// Digests of the blocks, as `name sha256`.
    pub inputs: Vec<String>,
    /// Deposit addresses of this company that the money reached.
    pub reached: Vec<Reached>,
    /// Whether attributions in it are made up.
    pub fiction: bool,
}

/// A deposit address that the money reached.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The output, `txid:vout`.
    pub output: String,
    /// The address.
    pub address: String,
    /// The account it belongs to.
    pub account: Selector,
    /// Transactions from the source.
    pub hop: u32,
    /// Value of the output in satoshis.
    pub value: u64,
    /// How much of it is tainted.
    pub taint: u64,
}

/// Reads the blocks a node is configured with.
///
/// # Errors
/// Naming the file and offset of whatever is not a block.
pub fn read_chain(config: &Config) -> anyhow::Result<Option<ChainView>> {
    if config.chain.blocks.is_empty() {
        return Ok(None);
    }
    let read = |paths: &[std::path::PathBuf]| -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        paths
            .iter()
            .map(|path| {
                let full = config.path(path);
                let bytes = std::fs::read(&full).with_context(|| format!("{}", full.display()))?;
                let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ok((name, bytes))
            })
            .collect()
    };
    let (blocks, undo) = (read(&config.chain.blocks)?, read(&config.chain.undo)?);
    fn borrow(files: &[(String, Vec<u8>)]) -> Vec<NamedBytes<'_>> {
        files.iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect()
    }
    Ok(Some(ChainView::load(&borrow(&blocks), &borrow(&undo), Network::Mainnet)?))
}

impl Node {
    /// Follows one transaction's money and says which of it reached this company.
    ///
    /// Runs twice: once without tags to learn the addresses, which the catalog is then asked
    /// about, and once with the company's own deposit addresses as boundaries.
    ///
    /// # Errors
    /// When the transaction is not in the node's blocks or a source fails.
    pub async fn trace(&self, txid: &Selector) -> Result<Option<Traced>, Error> {
        let Some(view) = &self.chain else { return Ok(None) };
        let id: Txid = txid
            .value()
            .parse()
            .map_err(|error: chain::ParseIdError| Error::Internal(error.into()))?;
        if view.transaction(&id).is_none() {
            return Ok(None);
        }
        let mut parameters = Parameters::new(Source { txid: id, vout: None }, Policy::Haircut);
        parameters.limits.hops_max = LOOK_HOPS_MAX;
        let fault = |error: trace::TraceError| Error::Internal(error.into());
        let first = trace::run(view, &parameters).map_err(fault)?;
        let addresses: Vec<Selector> = first
            .flow
            .hops
            .iter()
            .flat_map(|hop| &hop.outputs)
            .filter_map(|output| output.address.as_deref())
            .filter_map(|address| Selector::read(SelectorKind::Address, address).ok())
            .collect();
        let owners =
            self.records.owners(&addresses).await.map_err(|e| Error::Internal(e.into()))?;
        let fiction = self.config.company.fiction.is_some();
        for owner in &owners {
            let tag = Tag {
                label: format!("deposit address of {}", self.config.company.name),
                source: format!("{}, own records", self.config.company.name),
                fiction,
            };
            parameters.tags.insert(owner.address.value().to_owned(), tag);
        }
        let traced = trace::run(view, &parameters).map_err(fault)?;
        let reached = traced
            .reached()
            .into_iter()
            .filter_map(|reached| {
                let owner = owners.iter().find(|owner| owner.address.value() == reached.address)?;
                Some(Reached {
                    output: reached.output.to_string(),
                    address: reached.address.clone(),
                    account: owner.account.clone(),
                    hop: reached.hop,
                    value: reached.value.0,
                    taint: reached.taint.0,
                })
            })
            .collect();
        let files = view.blocks().iter().map(|block| &block.file);
        let inputs = files.map(|file| format!("{} {}", file.name, file.sha256)).collect();
        Ok(Some(Traced {
            json: trace::exhibit(&traced),
            svg: trace::svg::svg(&traced).into_bytes(),
            title: format!("Forward trace from {}", txid.value()),
            inputs,
            reached,
            fiction,
        }))
    }
}

impl Traced {
    /// The payload of the exhibit, once its files have names.
    #[must_use]
    pub fn exhibit(&self, number: u16, json_sha256: String, svg_sha256: String) -> Exhibit {
        Exhibit {
            number,
            title: self.title.clone(),
            body: ExhibitBody::Trace {
                engine: format!("comity trace {}", trace::ENGINE_VERSION),
                inputs: self.inputs.clone(),
                json_sha256,
                svg_sha256,
                reached: self.reached.iter().map(Reached::payload).collect(),
                fiction: self.fiction,
            },
        }
    }
}

impl Reached {
    fn payload(&self) -> crate::payload::Reached {
        crate::payload::Reached {
            output: self.output.clone(),
            address: self.address.clone(),
            account: self.account.value().to_owned(),
            hop: self.hop,
            value_satoshi: self.value,
            taint_satoshi: self.taint,
        }
    }
}
