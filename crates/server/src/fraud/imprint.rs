//! Imprints: keyed digests by which names and programs of orders are compared and not read
//! (`desk::suspicion::Style`).
//!
//! The key lies in the folder of keys and is made when a node first opens there. Without it nobody
//! can try names against the record; with another one, everybody is new.

use std::path::Path;

use anyhow::Context as _;
use aws_lc_rs::hmac;
use desk::suspicion::Imprint;

/// The file of the key, in the folder of keys.
pub const KEY_FILE: &str = "imprint.key";

/// Makes imprints.
pub struct Imprinter(hmac::Key);

impl Imprinter {
    /// Reads the key; makes one when there is none.
    ///
    /// # Errors
    /// Naming the file.
    pub fn open(keys: &Path) -> anyhow::Result<Self> {
        let path = keys.join(KEY_FILE);
        if !path.exists() {
            let text = format!("{}\n", hex::encode(crate::random_bytes::<32>()?));
            crate::keys::development::write_new(&path, &text, 0o600)?;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(crate::keys::private_text(&path)?.trim(), &mut bytes)
            .with_context(|| format!("{}: not 64 hexadecimal digits", path.display()))?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The imprint of a text, case and blanks aside. `what` keeps a name from being compared with
    /// a font.
    #[must_use]
    pub fn of(&self, what: &str, text: &str) -> Imprint {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let tag = hmac::sign(&self.0, format!("{what}\0{}", words.join(" ")).as_bytes());
        let bytes = tag.as_ref();
        Imprint(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}
