//! Defences against false requests that are no law: decoys, and marks exchanged between desks.
//!
//! Knows no request. The score itself is `desk::suspicion`, and who may do what is the policy's.

pub mod canary;
pub mod marks;

use anyhow::Context as _;
use desk::suspicion::Rules;

use crate::config::Config;

/// The rules and the decoys that a configuration names.
///
/// # Errors
/// Naming the file and what is wrong in it.
pub fn open(config: &Config) -> anyhow::Result<(Rules, canary::Canaries)> {
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
        Some(path) => canary::Canaries::read(&config.path(&config.node.keys), &config.path(path))?,
    };
    Ok((rules, canaries))
}

#[cfg(test)]
mod tests;
