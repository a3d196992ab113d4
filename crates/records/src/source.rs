//! Connections to the sources: read-only for searches, read-write only for effects.

use std::path::Path;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::folder::FolderError;

/// An opened catalog: sources are connected when they are first asked. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) catalog: Catalog,
}

impl Records {
    /// Opens a catalog. `base` is its folder; relative paths start there. Record files are loaded
    /// and SQLite files with `import` made, if absent; PostgreSQL is connected when first asked.
    ///
    /// # Errors
    /// A source cannot be opened, an environment variable is missing, a record file is unsound.
    pub async fn open(catalog: Catalog, _base: &Path) -> Result<Self, SourceError> {
        Ok(Self { inner: Arc::new(Inner { catalog }) })
    }

    /// The catalog it was opened from.
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// Prepares every query of the catalog on its source and compares the columns; for
    /// `serve --check`. Runs none of them.
    ///
    /// # Errors
    /// The first source, search or effect that does not work, by name.
    pub async fn check(&self) -> Result<(), SourceError> {
        unimplemented!("signature first")
    }
}

/// A source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The database refused or failed.
    #[error("source `{source_name}`: {doing} failed")]
    Database {
        /// The catalog's name of the source.
        source_name: String,
        /// What was being done.
        doing: String,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// An environment variable that the catalog names is not set.
    #[error("source `{source_name}`: environment variable {variable} is not set")]
    NoVariable {
        /// The catalog's name of the source.
        source_name: String,
        /// The variable.
        variable: String,
    },
    /// A record file is unsound.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The columns are not those that the catalog declares.
    #[error(
        "search `{search}`: the query returns columns ({found}), the catalog declares ({declared})"
    )]
    Columns {
        /// The search.
        search: String,
        /// What the query returns.
        found: String,
        /// What the catalog says.
        declared: String,
    },
}
