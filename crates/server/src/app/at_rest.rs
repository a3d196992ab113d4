//! What of the node lies on encrypted volumes, and what its operator states. Knows no device.

use std::path::Path;

use anyhow::bail;

use crate::config::Config;
use crate::disk::{EncryptedDisk, Seen, What, look};

/// What is known of encryption at rest.
#[derive(Clone, Debug)]
pub struct AtRest {
    /// Each place and what was seen of it.
    pub places: Vec<(What, Seen)>,
    /// What the operator states, in the operator's words; nobody has checked it.
    pub stated: Option<String>,
}

impl AtRest {
    /// Looks at every place of a node.
    ///
    /// # Errors
    /// When it is required that they are encrypted and one is not seen to be.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        let node = &config.node;
        let database = match config.database_url()?.strip_prefix("sqlite://") {
            Some(file) => look(Path::new(file)),
            None => Seen::Server,
        };
        let places = vec![
            (What::Database, database),
            (What::Data, look(&config.path(&node.data))),
            (What::Keys, look(&config.path(&node.keys))),
        ];
        let at_rest = Self { places, stated: node.encrypted_disk_statement.clone() };
        if node.encrypted_disk == EncryptedDisk::Required && !at_rest.meets_what_is_required() {
            bail!(
                "node.encrypted_disk is \"required\", and not everything is seen to be encrypted: \
                 {at_rest}. Put it on a volume with LUKS; of a database server, say in \
                 node.encrypted_disk_statement how it is encrypted and who vouches for it; where \
                 nothing of it can be seen, encrypted_disk = \"stated\""
            );
        }
        Ok(at_rest)
    }

    /// A statement stands for a database server only: everything else can be looked at.
    fn meets_what_is_required(&self) -> bool {
        let is_stated = |seen: &Seen| self.stated.is_some() && *seen == Seen::Server;
        self.places.iter().all(|(_, seen)| *seen == Seen::Encrypted || is_stated(seen))
    }

    /// Whether every place is seen to be encrypted.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.places.iter().all(|(_, seen)| *seen == Seen::Encrypted)
    }
}

impl std::fmt::Display for AtRest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (what, seen)) in self.places.iter().enumerate() {
            let comma = if index == 0 { "" } else { "; " };
            write!(f, "{comma}{} {seen}", what.as_str())?;
        }
        if let Some(words) = &self.stated {
            write!(f, "; the operator states: {words}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_stands_for_a_server_and_for_no_folder() {
        let check = |database: Seen, data: Seen, stated: Option<&str>| {
            let places =
                vec![(What::Database, database), (What::Data, data), (What::Keys, Seen::Encrypted)];
            AtRest { places, stated: stated.map(str::to_owned) }.meets_what_is_required()
        };
        let open = || Seen::Open(vec!["sda".to_owned()]);
        assert!(check(Seen::Encrypted, Seen::Encrypted, None));
        assert!(!check(Seen::Server, Seen::Encrypted, None));
        assert!(check(Seen::Server, Seen::Encrypted, Some("by the provider; Bo Lind")));
        assert!(!check(open(), Seen::Encrypted, Some("trust me")));
        assert!(!check(Seen::Server, Seen::Unseen("zfs".to_owned()), Some("trust me")));
    }
}
