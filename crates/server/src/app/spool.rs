//! Files that are being made: in memory while small, in the spool folder when large.

use std::io::{Read as _, Seek as _};

use anyhow::Context as _;
use evidence::digest::{DigestWriter, Digests};
use store::NewBlob;
use tempfile::{SpooledData, SpooledTempFile};

use super::Node;
use crate::error::Error;

/// A file stays in memory up to this size.
const MEMORY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A finished file, with length and digests.
pub struct Spooled {
    file: SpooledTempFile,
    /// Length and digests.
    pub digests: Digests,
}

impl Node {
    /// A file to write to.
    #[must_use]
    pub fn spool(&self) -> SpooledTempFile {
        SpooledTempFile::new_in(MEMORY_BYTES_MAX, self.spool_folder())
    }
}

impl From<DigestWriter<SpooledTempFile>> for Spooled {
    fn from(writer: DigestWriter<SpooledTempFile>) -> Self {
        let (file, digests) = writer.finish();
        Self { file, digests }
    }
}

impl Spooled {
    /// Takes the digests of a file that was not written front to back.
    ///
    /// # Errors
    /// When the spool file cannot be read.
    pub fn of(mut file: SpooledTempFile) -> Result<Self, Error> {
        file.rewind().context("spool file")?;
        let mut digest = DigestWriter::new(std::io::sink());
        std::io::copy(&mut file, &mut digest).context("spool file")?;
        Ok(Self { file, digests: digest.finish().1 })
    }

    /// The file at its start.
    ///
    /// # Errors
    /// When the spool file cannot be read.
    pub fn rewound(&mut self) -> Result<&mut SpooledTempFile, Error> {
        self.file.rewind().context("spool file")?;
        Ok(&mut self.file)
    }

    /// The whole file; for files known to be small.
    ///
    /// # Errors
    /// When the spool file cannot be read.
    pub fn read_all(&mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.rewound()?.read_to_end(&mut bytes).context("spool file")?;
        Ok(bytes)
    }

    /// Makes the file ready for the act that names it.
    ///
    /// # Errors
    /// When the store refuses it.
    pub async fn keep(mut self, node: &Node) -> Result<NewBlob, Error> {
        self.rewound()?;
        Ok(match self.file.into_inner() {
            SpooledData::InMemory(cursor) => node.store.put_blob(cursor.into_inner()).await?,
            SpooledData::OnDisk(file) => {
                let mut file = tokio::fs::File::from_std(file);
                node.store.put_blob_from(&mut file).await?.0
            }
        })
    }
}
