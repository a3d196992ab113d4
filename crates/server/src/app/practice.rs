//! Practice requests: worked like any other, on made-up records, and marked everywhere.
//!
//! The real records are never asked and never changed for one. A node whose whole company is made
//! up practises on itself; any other needs a catalog of its own for it, or takes none.

use std::path::Path;

use anyhow::Context as _;
use desk::order::Order;

use super::Node;
use super::case::Case;
use crate::config::Config;
use crate::error::Error;
use crate::wrong::Wrong;

impl Node {
    /// The records that a request is answered from, and whose effects it may ask for.
    ///
    /// # Errors
    /// [`Error::Input`] for a practice request on a node without made-up records.
    pub fn records_for(&self, order: Option<&Order>) -> Result<&records::Records, Error> {
        let is_practice = order.is_some_and(|order| order.is_test);
        match &self.practice {
            Some(practice) if is_practice => Ok(practice),
            None if is_practice && self.config.company.fiction.is_none() => {
                Err(Error::wrong("practice", Wrong::NoPractice))
            }
            _ => Ok(&self.records),
        }
    }

    /// The note that every exhibit of a case carries when nothing in it is real.
    pub(super) fn fiction(&self, case: &Case) -> Option<String> {
        let is_practice = case.request.order.as_ref().is_some_and(|order| order.is_test);
        if is_practice {
            return Some(evidence::package::PRACTICE_NOTICE.to_owned());
        }
        self.config.company.fiction.clone()
    }
}

/// Opens the made-up records, when the configuration names any.
pub(super) async fn open(config: &Config) -> anyhow::Result<Option<records::Records>> {
    let Some(named) = &config.records.practice else { return Ok(None) };
    let path = config.path(named);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let catalog = records::Catalog::parse(&text, &path.display().to_string())?;
    let base = path.parent().map_or_else(|| config.folder.clone(), Path::to_path_buf);
    Ok(Some(records::Records::open(catalog, &base).await?))
}
