//! Defences against false requests that are no law: decoys, lists of networks, marks exchanged
//! between desks.
//!
//! Knows no request. The score itself is `desk::suspicion`, and who may do what is the policy's.

pub mod canary;
pub mod imprint;
pub mod marks;
pub mod networks;
pub mod papers;
pub mod pdf;
pub mod words;

use anyhow::Context as _;
use desk::suspicion::Rules;

use crate::config::Config;

/// What a node looks with.
pub struct Defences {
    /// What each sign is worth.
    pub rules: Rules,
    /// Decoys that no honest request names.
    pub canaries: canary::Canaries,
    /// Countries of networks, and anonymisers.
    pub networks: networks::Lists,
    /// Makes names comparable without telling them.
    pub imprinter: imprint::Imprinter,
}

/// The rules, decoys and lists that a configuration names.
///
/// # Errors
/// Naming the file and what is wrong in it.
pub fn open(config: &Config) -> anyhow::Result<Defences> {
    let keys = config.path(&config.node.keys);
    let rules = match &config.fraud.rules {
        None => Rules::embedded().clone(),
        Some(path) => {
            let path = config.path(path);
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(&path).with_context(|| shown.clone())?;
            Rules::parse(&text, &shown)?
        }
    };
    let canaries = match &config.fraud.canaries {
        None => canary::Canaries::default(),
        Some(path) => canary::Canaries::read(&keys, &config.path(path))?,
    };
    let networks = config.fraud.networks.as_ref();
    let networks = networks.map(|list| networks::Networks::read(&config.path(list))).transpose()?;
    let anonymisers = config.fraud.anonymisers.as_ref();
    let anonymisers =
        anonymisers.map(|list| networks::Ranges::read(&config.path(list))).transpose()?;
    let imprinter = imprint::Imprinter::open(&keys)?;
    let networks = networks::Lists { networks, anonymisers };
    Ok(Defences { rules, canaries, networks, imprinter })
}

#[cfg(test)]
mod tests;
