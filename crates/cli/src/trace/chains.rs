//! What `--chain` names: a store of outputs that `comity chain` keeps, or a log of blocks of an
//! account chain. Knows no trace.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chain::ChainStore;
use chain::account::Ledgers;
use chain::account::log::MAGIC;
use chain::store::accounts::AccountLogReader;

/// The name of an account log in a folder of its own.
pub const ACCOUNT_LOG: &str = "accounts.log";

/// A chain that is open for reading.
pub enum Opened {
    /// Outputs (Bitcoin).
    Outputs(Box<ChainStore>),
    /// Accounts (EVM, Tron).
    Accounts(Box<Ledgers>),
}

/// Opens what lies there.
pub fn open(path: &Path) -> anyhow::Result<Opened> {
    match account_log(path)? {
        Some(file) => Ok(Opened::Accounts(Box::new(ledgers(&file)?))),
        None => Ok(Opened::Outputs(Box::new(ChainStore::open(path)?))),
    }
}

/// The account log that a path names: itself, or the one in that folder; none where it is neither.
pub fn account_log(path: &Path) -> anyhow::Result<Option<PathBuf>> {
    if path.is_dir() {
        let inside = path.join(ACCOUNT_LOG);
        return Ok(inside.is_file().then_some(inside));
    }
    if !path.is_file() {
        return Ok(None);
    }
    let mut start = [0; MAGIC.len()];
    let read = std::fs::File::open(path).and_then(|mut file| {
        use std::io::Read as _;
        file.read_exact(&mut start)
    });
    match read {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(error).with_context(|| format!("{}", path.display()))
        }
        _ if start == MAGIC => Ok(Some(path.to_owned())),
        _ => anyhow::bail!(
            "{}: neither a chain store's folder nor an account log; `comity chain` makes both",
            path.display()
        ),
    }
}

/// All blocks of an account log.
pub fn ledgers(file: &Path) -> anyhow::Result<Ledgers> {
    let reader = AccountLogReader::open(file)?;
    let cut = reader.cut_bytes();
    if cut > 0 {
        eprintln!(
            "comity: {}: the last {cut} bytes are half an entry and left out",
            file.display()
        );
    }
    Ok(reader.into_ledgers())
}
