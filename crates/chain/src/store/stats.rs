//! How large a store is. Looks at lengths only.

use super::column::{self, COLUMNS, Name};
use super::{ChainStore, StoreError, index, journal, spender};
use crate::utxo::Utxo as _;

/// Counts and sizes of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Blocks.
    pub blocks: u32,
    /// Transactions.
    pub transactions: u32,
    /// Inputs.
    pub inputs: u64,
    /// Inputs that spend what is not in the store.
    pub inputs_outside: u64,
    /// Outputs.
    pub outputs: u64,
    /// Distinct addresses.
    pub addresses: u32,
    /// Sealed segments.
    pub segments: u32,
    /// Blocks that are not sealed.
    pub tail_blocks: u32,
    /// Files of the indexes.
    pub index_runs: u32,
    /// Bytes on disk by file or kind of file, in the order of the format's description.
    pub files: Vec<(String, u64)>,
}

impl ChainStore {
    /// Counts, and sizes of files as the file system tells them.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let size = |path: &std::path::Path| {
            let facts = std::fs::metadata(path).map_err(|error| StoreError::io(path, error))?;
            Ok::<u64, StoreError>(facts.len())
        };
        let mut files = Vec::new();
        for (at, (name, _)) in COLUMNS.iter().enumerate() {
            files.push((format!("columns/{name}"), size(&column::path(&self.dir, at))?));
        }
        files.push(("spender".to_owned(), size(&spender::path(&self.dir))?));
        for kind in index::KINDS {
            let runs = self.manifest.runs.iter().filter(|run| run.kind == kind);
            let sum = runs.map(index::file_bytes).sum();
            files.push((format!("index/{}", kind.name()), sum));
        }
        let numbers = self.manifest.journals.first..=self.manifest.journals.last;
        let journals = numbers.map(|number| size(&journal::path(&self.dir, number)));
        files.push(("journal".to_owned(), journals.sum::<Result<u64, StoreError>>()?));
        files.push(("manifest".to_owned(), size(&self.dir.join(super::MANIFEST))?));
        Ok(Stats {
            blocks: self.block_count(),
            transactions: self.transaction_count(),
            inputs: self.columns.length(Name::InputOrigin),
            inputs_outside: self.columns.length(Name::Outside),
            outputs: self.output_count(),
            addresses: self.address_count(),
            segments: self.manifest.segments.len() as u32,
            tail_blocks: self.tail_block_count(),
            index_runs: self.manifest.runs.len() as u32,
            files,
        })
    }
}

impl Stats {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }
}
