//! `[token]`: which keys lie in a token, and how it is opened. Knows no key.

use std::path::PathBuf;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::secret::{credential_of_service, is_name};
use super::{Config, ConfigError};
use crate::keys::token::{ObjectUri, Place};

/// Keys that lie in a token: a hardware security module, a card, a cloud's key service, whatever
/// has a PKCS#11 module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The maker's PKCS#11 module, a shared library. It runs within the node.
    #[serde(default)]
    pub module: Option<PathBuf>,
    /// File with the user's PIN, readable by its owner only; this or the next.
    #[serde(default)]
    pub pin_file: Option<PathBuf>,
    /// Name of the credential with the PIN, which systemd gives the service.
    #[serde(default)]
    pub pin_credential: Option<String>,
    /// The seal key; its certificates stay in the folder of keys.
    #[serde(default)]
    pub seal: Option<ObjectUri>,
    /// The log's key.
    #[serde(default)]
    pub log: Option<ObjectUri>,
}

impl Token {
    /// What is wrong with it, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        let keys: Vec<&ObjectUri> = self.seal.iter().chain(&self.log).collect();
        if keys.is_empty() {
            return Some("[token] names no key: give seal or log a pkcs11: URI".to_owned());
        }
        if self.module.is_none() && keys.iter().any(|key| key.module_path().is_none()) {
            return Some("[token] has no module: name the maker's PKCS#11 library".to_owned());
        }
        let pins =
            usize::from(self.pin_file.is_some()) + usize::from(self.pin_credential.is_some());
        if pins > 1 {
            return Some("give one of token.pin_file and token.pin_credential".to_owned());
        }
        if pins == 0 && keys.iter().any(|key| key.pin_source().is_none()) {
            return Some(
                "[token] has no PIN: put it into a file of its own and name that in \
                 token.pin_file, or in a credential that token.pin_credential names"
                    .to_owned(),
            );
        }
        let name = self.pin_credential.as_ref();
        (name.is_some_and(|name| !is_name(name)))
            .then(|| "token.pin_credential is the name of a file, without a path".to_owned())
    }
}

impl Config {
    /// Where the seal key lies, when it lies in a token.
    #[must_use]
    pub fn seal_token(&self) -> Option<Place> {
        self.place(self.token.as_ref()?.seal.as_ref()?)
    }

    /// Where the log's key lies, when it lies in a token.
    #[must_use]
    pub fn log_token(&self) -> Option<Place> {
        self.place(self.token.as_ref()?.log.as_ref()?)
    }

    fn place(&self, object: &ObjectUri) -> Option<Place> {
        let token = self.token.clone()?;
        let module = self.path(object.module_path().or(token.module.as_deref())?);
        let config = self.clone();
        let source = object.pin_source().map(|path| self.path(path));
        let pin = move || match &source {
            Some(file) => Ok(crate::keys::private_text(file)?),
            None => config.pin(&token),
        };
        Some(Place {
            module,
            object: object.clone(),
            pin: std::sync::Arc::new(move || {
                let text: Result<Zeroizing<String>, ConfigError> = pin();
                text.map(|it| Zeroizing::new(it.trim().to_owned())).map_err(|it| it.to_string())
            }),
        })
    }

    fn pin(&self, token: &Token) -> Result<Zeroizing<String>, ConfigError> {
        match (&token.pin_file, &token.pin_credential) {
            (Some(file), _) => Ok(crate::keys::private_text(&self.path(file))?),
            (None, name) => {
                let name = name.as_deref().unwrap_or_default();
                credential_of_service("token.pin_credential", name, "token.pin_file")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::refused;

    #[test]
    fn a_token_is_named_whole_and_without_its_pin() {
        let key = "pkcs11:token=desk;object=seal";
        let token = |lines: &str| refused(&format!("[token]\n{lines}"));
        expect!["/comity.toml: [token] names no key: give seal or log a pkcs11: URI"]
            .assert_eq(&token("module = \"m.so\""));
        expect!["/comity.toml: [token] has no module: name the maker's PKCS#11 library"]
            .assert_eq(&token(&format!("seal = \"{key}\"")));
        expect!["/comity.toml: [token] has no PIN: put it into a file of its own and name that in token.pin_file, or in a credential that token.pin_credential names"]
            .assert_eq(&token(&format!("module = \"m.so\"\nseal = \"{key}\"")));
        expect!["/comity.toml: give one of token.pin_file and token.pin_credential"].assert_eq(
            &token(&format!(
                "module = \"m.so\"\nseal = \"{key}\"\npin_file = \"p\"\npin_credential = \"p\""
            )),
        );
        expect!["/comity.toml: token.pin_credential is the name of a file, without a path"]
            .assert_eq(&token(&format!(
                "module = \"m.so\"\nseal = \"{key}\"\npin_credential = \"../p\""
            )));
        let inside = token(&format!("module = \"m.so\"\nseal = \"{key}?pin-value=1234\""));
        assert!(inside.contains("pin-value would put the PIN into the configuration"), "{inside}");
        for whole in [
            format!("module = \"m.so\"\nseal = \"{key}\"\npin_file = \"pin\""),
            format!("log = \"{key}?module-path=/m.so&pin-source=file:/run/pin\""),
            format!("module = \"m.so\"\nlog = \"{key}\"\npin_credential = \"pin\""),
        ] {
            assert_eq!(token(&whole), "accepted");
        }
    }
}
