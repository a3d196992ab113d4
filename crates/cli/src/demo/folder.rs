//! The demo's folder: a complete deployment of the example exchange, written from the binary.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// A folder that holds this file is an earlier demo's and may be made anew.
const MARK: &str = ".comity-demo";

/// Root certificates of the time-stamp authority, when one is asked.
pub const TSA_ROOT: &str = "tsa-root.pem";

macro_rules! example {
    ($path:literal) => {
        ($path, include_bytes!(concat!("../../../../examples/exchange/", $path)).as_slice())
    };
}

/// The files of `examples/exchange`.
const FILES: [(&str, &[u8]); 15] = [
    example!("README.md"),
    example!("comity.toml"),
    example!("catalog.toml"),
    example!("orders/production-order.json"),
    example!("orders/production-order.txt"),
    example!("records/accounts.csv"),
    example!("records/customers.csv"),
    example!("records/deposit_addresses.csv"),
    example!("records/deposits.csv"),
    example!("records/holds.csv"),
    example!("records/logins.csv"),
    example!("records/merchants.csv"),
    example!("records/notices.csv"),
    example!("records/record_holds.csv"),
    example!("records/withdrawals.csv"),
];

/// Makes the folder: new, or in the place of an earlier demo.
pub fn prepare(dir: &Path, authority: Option<(&str, &Path)>) -> Result<()> {
    let place = || format!("{}", dir.display());
    // Read first: a wrong path must not cost an earlier demo.
    let authority = match authority {
        Some((url, roots)) => {
            let read = std::fs::read(roots);
            Some((url, read.with_context(|| format!("{}", roots.display()))?))
        }
        None => None,
    };
    if dir.join(MARK).is_file() {
        refuse_served(dir)?;
        std::fs::remove_dir_all(dir).with_context(place)?;
    }
    if dir.exists() && std::fs::read_dir(dir).with_context(place)?.next().is_some() {
        bail!(
            "{} is not empty and not an earlier demo's; nothing in it was touched; \
             give another folder with --dir",
            dir.display()
        );
    }
    server::keys::development::private_folder(dir)?;
    write(dir, MARK, b"Made by `comity demo`; it may be deleted.\n")?;
    furnish(dir)?;
    if let Some((url, roots)) = authority {
        add_authority(dir, url, &roots)?;
    }
    Ok(())
}

/// Writes the example exchange and its block into a folder.
pub fn furnish(dir: &Path) -> Result<()> {
    for (path, bytes) in FILES {
        write(dir, path, bytes)?;
    }
    write(dir, "blocks/702861.raw", bitcoin_test_data::blocks::mainnet_702861())
}

/// A node that is served from the folder would lose its store under its hands.
fn refuse_served(dir: &Path) -> Result<()> {
    let Ok(lock) = std::fs::File::open(dir.join("desk.sqlite.lock")) else { return Ok(()) };
    if let Err(std::fs::TryLockError::WouldBlock) = lock.try_lock() {
        bail!("{} is served right now; stop `comity serve`, or give another --dir", dir.display());
    }
    Ok(())
}

fn add_authority(dir: &Path, url: &str, roots: &[u8]) -> Result<()> {
    let url = toml::Value::String(url.to_owned());
    let table = format!("\n[timestamp]\nurl = {url}\nroots = \"{TSA_ROOT}\"\n");
    let path = dir.join("comity.toml");
    let place = || format!("{}", path.display());
    let mut text = std::fs::read_to_string(&path).with_context(place)?;
    text.push_str(&table);
    std::fs::write(&path, text).with_context(place)?;
    write(dir, TSA_ROOT, roots)
}

fn write(dir: &Path, path: &str, bytes: &[u8]) -> Result<()> {
    let path = dir.join(path);
    let place = || format!("{}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(place)?;
    }
    std::fs::write(&path, bytes).with_context(place)
}
