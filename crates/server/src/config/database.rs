//! Where the database is, when its address holds a password: in a file of its owner's, or among the
//! credentials that systemd hands a service, which may lie encrypted under the machine's TPM.
//!
//! Knows no database. An address with a password may still stand in comity.toml itself, as long as
//! nobody but its owner reads that file.

use std::path::Path;

use super::secret::{credential_of_service, is_name};
use super::{Config, ConfigError, Node};
use crate::keys::private_text;

impl Config {
    /// The database URL, a relative SQLite file made absolute by the file's folder; read now, so
    /// that no secret stays in the configuration.
    ///
    /// # Errors
    /// When the file or credential that holds it is missing, or open to others.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        let node = &self.node;
        if let Some(file) = &node.database_file {
            return Ok(private_text(&self.path(file))?.trim().to_owned());
        }
        if let Some(name) = &node.database_credential {
            let read =
                credential_of_service("node.database_credential", name, "node.database_file");
            return Ok(read?.to_string());
        }
        Ok(match node.database.strip_prefix("sqlite://") {
            Some(file) => format!("sqlite://{}", self.path(Path::new(file)).display()),
            None => node.database.clone(),
        })
    }

    /// What is wrong with how the database is named, if anything; `mode` is that of comity.toml.
    pub(super) fn database_fault(&self, mode: u32) -> Option<String> {
        let Node { database, database_file, database_credential, .. } = &self.node;
        let ways = [!database.is_empty(), database_file.is_some(), database_credential.is_some()];
        if ways.into_iter().filter(|given| *given).count() != 1 {
            let ways = "node.database, node.database_file and node.database_credential";
            return Some(format!("give exactly one of {ways}"));
        }
        if database_credential.as_ref().is_some_and(|name| !is_name(name)) {
            return Some("node.database_credential is the name of a file, without a path".into());
        }
        (has_password(database) && mode & 0o077 != 0).then(|| {
            let fix = "put the address into a file of its own and name it in node.database_file, \
                       or take the rights of others away (chmod 600)";
            format!("node.database holds a password and others may read this file: {fix}")
        })
    }
}

fn has_password(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use std::os::unix::fs::PermissionsExt as _;

    use super::super::tests::{read, refused_in};
    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        let rights = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, rights).expect("rights can be set");
    }

    #[test]
    fn a_password_may_be_read_by_its_owner_only() {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let file = dir.path().join("database.url");
        std::fs::write(&file, "postgres://desk:secret@db.example/desk\n").expect("written");
        set_mode(&file, 0o600);
        let config = read(dir.path(), "database_file = \"database.url\"", 0o644).expect("read");
        let url = config.database_url().expect("an address");
        assert_eq!(url, "postgres://desk:secret@db.example/desk");
        assert!(!format!("{config:?}").contains("secret"));
        set_mode(&file, 0o640);
        let exposed = config.database_url().expect_err("others may read it").to_string();
        expect![
            "/database.url: other users may read this key (mode 640); run: chmod 600 /database.url"
        ]
        .assert_eq(&exposed.replace(&dir.path().display().to_string(), ""));
    }

    #[test]
    fn a_password_in_the_configuration_closes_it_to_others() {
        let url = "database = \"postgres://desk:secret@db.example/desk\"";
        let asked = "database = \"postgres://db.example/desk?password=secret\"";
        let none = "database = \"postgres://db.example/desk?host=/run/postgresql\"";
        for (line, mode) in [(url, 0o600), (asked, 0o600), (none, 0o644)] {
            assert_eq!(refused_in(line, mode), "accepted", "{line}");
        }
        expect!["/comity.toml: node.database holds a password and others may read this file: put the address into a file of its own and name it in node.database_file, or take the rights of others away (chmod 600)"]
            .assert_eq(&refused_in(url, 0o640));
        assert_eq!(refused_in(asked, 0o644), refused_in(url, 0o640));
        let both = format!("{none}\ndatabase_file = \"x\"");
        for line in ["", &both] {
            expect!["/comity.toml: give exactly one of node.database, node.database_file and node.database_credential"]
                .assert_eq(&refused_in(line, 0o600));
        }
        expect!["/comity.toml: node.database_credential is the name of a file, without a path"]
            .assert_eq(&refused_in("database_credential = \"../x\"", 0o600));
    }
}
