//! Record files (CSV, JSON lines) loaded into an SQLite file.

use std::path::Path;

use crate::catalog::Folder;

/// Loads every table of `folder` into a new SQLite file at `target`; all or nothing.
///
/// # Errors
/// A file that cannot be read, or the first line that does not fit, by file and line.
pub async fn import(_folder: &Folder, _base: &Path, _target: &Path) -> Result<(), FolderError> {
    unimplemented!("signature first")
}

/// A record file cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A line does not fit the declared columns.
    #[error("{file}:{line}: {why}")]
    Line {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A file cannot be read.
    #[error("{file} cannot be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database that it is loaded into failed.
    #[error("loading into {target} failed")]
    Database {
        /// The SQLite file.
        target: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}
