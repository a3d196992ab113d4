//! Which tables are meant, and whether this program reads them.

use std::path::{Path, PathBuf};

use chain::store::tables::Format;

/// A folder of tables.
#[derive(clap::Args)]
pub struct Tables {
    /// A folder of tables as text: .csv, or .csv.gz to read.
    #[arg(long, value_name = "FOLDER", conflicts_with = "parquet")]
    csv: Option<PathBuf>,
    /// A folder of tables as Parquet, where that was built in.
    #[arg(long, value_name = "FOLDER")]
    parquet: Option<PathBuf>,
}

impl Tables {
    /// The folder and how it is written; none where none was given.
    pub fn given(&self) -> anyhow::Result<Option<(Format, &Path)>> {
        if let Some(folder) = &self.parquet {
            return parquet(folder).map(Some);
        }
        Ok(self.csv.as_deref().map(|folder| (Format::Csv, folder)))
    }
}

#[cfg(feature = "parquet")]
#[allow(clippy::unnecessary_wraps)] // the other build refuses
fn parquet(folder: &Path) -> anyhow::Result<(Format, &Path)> {
    Ok((Format::Parquet, folder))
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &Path) -> anyhow::Result<(Format, &Path)> {
    anyhow::bail!(
        "this comity was built without Parquet; build it with `cargo build --release --features \
         parquet`, or use --csv"
    )
}
