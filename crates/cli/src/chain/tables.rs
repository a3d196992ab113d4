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
            return parquet(PARQUET, folder).map(Some);
        }
        Ok(self.csv.as_deref().map(|folder| (Format::Csv, folder)))
    }
}

/// How Parquet is read and written, where that was built in.
#[cfg(feature = "parquet")]
const PARQUET: Option<Format> = Some(Format::Parquet);
#[cfg(not(feature = "parquet"))]
const PARQUET: Option<Format> = None;

/// A folder of Parquet, by a program that has it or has it not.
fn parquet(built_in: Option<Format>, folder: &Path) -> anyhow::Result<(Format, &Path)> {
    match built_in {
        Some(format) => Ok((format, folder)),
        None => anyhow::bail!(
            "this comity was built without Parquet; build it with `cargo build --release \
             --features parquet`, or use --csv"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Given {
        #[command(flatten)]
        tables: Tables,
    }

    /// Both builds of the program, whichever this is.
    #[test]
    fn without_parquet_the_program_says_how_to_get_it() {
        let folder = Path::new("tables");
        let said = parquet(None, folder).map(|_| ()).map_err(|error| error.to_string());
        let words = "this comity was built without Parquet; build it with `cargo build --release \
                     --features parquet`, or use --csv";
        assert_eq!(said, Err(words.to_owned()));
        assert!(parquet(Some(Format::Csv), folder).is_ok_and(|(_, given)| given == folder));
        let given = <Given as clap::Parser>::parse_from(["comity", "--parquet", "tables"]);
        assert_eq!(given.tables.given().is_ok(), cfg!(feature = "parquet"));
    }
}
