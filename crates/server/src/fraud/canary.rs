//! Decoys: accounts and other identifiers that exist for no customer, so that no honest request
//! names one. Whoever does has them from somewhere he should not.
//!
//! The list holds keyed digests only, so that whoever reads it learns no decoy; the key lies in
//! the folder of keys. Knows nothing of what follows: see `jobs::Task::Watch`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use aws_lc_rs::hmac;
use records::{Selector, SelectorKind};

/// Decoys of one list.
const CANARIES_COUNT_MAX: usize = 100_000;
/// A list larger than this is something else.
const LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The file of the key, in the folder of keys.
pub const KEY_FILE: &str = "canary.key";

/// The decoys of this company.
#[derive(Default)]
pub struct Canaries {
    key: Option<hmac::Key>,
    digests: HashSet<[u8; 32]>,
}

impl Canaries {
    /// Reads a list, and its key from the folder of keys. A list that is not there yet is empty.
    ///
    /// # Errors
    /// Naming the file and the line.
    pub fn read(keys: &Path, list: &Path) -> anyhow::Result<Self> {
        let shown = list.display();
        if !list.exists() {
            return Ok(Self::default());
        }
        let bytes = std::fs::metadata(list).with_context(|| format!("{shown}"))?.len();
        anyhow::ensure!(
            bytes <= LIST_BYTES_MAX,
            "{shown}: {bytes} bytes, at most {LIST_BYTES_MAX}"
        );
        let text = std::fs::read_to_string(list).with_context(|| format!("{shown}"))?;
        let mut digests = HashSet::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut digest = [0; 32];
            let number = index + 1;
            hex::decode_to_slice(line, &mut digest).with_context(|| {
                format!("{shown}:{number}: not 64 hexadecimal digits; use `comity fraud canary`")
            })?;
            digests.insert(digest);
            anyhow::ensure!(
                digests.len() <= CANARIES_COUNT_MAX,
                "{shown}: more than {CANARIES_COUNT_MAX} decoys"
            );
        }
        Ok(Self { key: Some(read_key(keys)?), digests })
    }

    /// How many decoys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Whether an identifier is a decoy. `value` is in its normal spelling.
    #[must_use]
    pub fn has(&self, kind: &str, value: &str) -> bool {
        let Some(key) = &self.key else { return false };
        self.digests.contains(&digest(key, kind, value))
    }

    /// Adds a decoy to a list, and makes the key when there is none. Returns false when it was in
    /// the list already. A served node knows it from its next start on.
    ///
    /// # Errors
    /// When the identifier cannot be read, or a file cannot be written.
    pub fn add(keys: &Path, list: &Path, kind: SelectorKind, value: &str) -> anyhow::Result<bool> {
        let selector = Selector::read(kind, value)?;
        let path = key_path(keys);
        if !path.exists() {
            let text = format!("{}\n", hex::encode(crate::random_bytes::<32>()?));
            crate::keys::development::write_new(&path, &text, 0o600)?;
        }
        let known = Self::read(keys, list)?;
        let digest = digest(&read_key(keys)?, kind.as_str(), selector.value());
        if known.digests.contains(&digest) {
            return Ok(false);
        }
        let mut text = match std::fs::read_to_string(list) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                "# Keyed digests of decoys; `comity fraud canary` adds to them.\n".to_owned()
            }
            Err(error) => return Err(error).with_context(|| format!("{}", list.display())),
        };
        text.push_str(&format!("{}\n", hex::encode(digest)));
        // Beside it first, so that a full disk leaves the old list whole.
        let fresh = list.with_extension("new");
        std::fs::write(&fresh, text).with_context(|| format!("{}", fresh.display()))?;
        std::fs::rename(&fresh, list).with_context(|| format!("{}", list.display()))?;
        Ok(true)
    }
}

fn key_path(keys: &Path) -> PathBuf {
    keys.join(KEY_FILE)
}

fn read_key(keys: &Path) -> anyhow::Result<hmac::Key> {
    let path = key_path(keys);
    let text = crate::keys::private_text(&path)?;
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *bytes)
        .with_context(|| format!("{}: not 64 hexadecimal digits", path.display()))?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &*bytes))
}

fn digest(key: &hmac::Key, kind: &str, value: &str) -> [u8; 32] {
    let tag = hmac::sign(key, format!("{kind}\0{value}").as_bytes());
    let mut digest = [0; 32];
    digest.copy_from_slice(tag.as_ref());
    digest
}
