//! Where a node listens, and the secret that opens it. Neither is ever shown: a password can stand
//! in the address, and providers put keys into path and query.

use reqwest::Url;
use std::fmt;
use std::path::{Path, PathBuf};

/// Largest cookie file; Bitcoin Core writes 75 bytes.
const COOKIE_BYTES_MAX: u64 = 4096;

/// A node's address and what opens it. Prints as scheme, host and port only.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    auth: Auth,
}

/// What opens a node.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// Nothing is asked for.
    Open,
    /// A name and password (`rpcuser`, `rpcauth`).
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// The file that Bitcoin Core writes at each start; read again at each call, since a restart
    /// changes it.
    Cookie(PathBuf),
}

/// Text that is no address of a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// Not an address.
    #[error("the node's address is not a URL: {0}; write it as http://127.0.0.1:8332")]
    Url(String),
    /// Neither http nor https.
    #[error("the node's address begins with `{0}:`; write http: or https:")]
    Scheme(String),
    /// A name without a password, or marks that are no text.
    #[error("the name and password in the node's address cannot be read; percent-encode them")]
    UserInfo,
}

impl Endpoint {
    /// Reads `http://[USER:PASSWORD@]HOST:PORT[/PATH]`.
    ///
    /// # Errors
    /// The text is no such address; the error does not repeat it.
    pub fn parse(text: &str) -> Result<Endpoint, BadEndpoint> {
        let mut url = Url::parse(text).map_err(|error| BadEndpoint::Url(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadEndpoint::Scheme(url.scheme().chars().take(20).collect()));
        }
        let auth = match (url.username(), url.password()) {
            ("", None) => Auth::Open,
            (user, password) => Auth::Password {
                user: percent_decoded(user)?,
                password: percent_decoded(password.unwrap_or_default())?,
            },
        };
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| BadEndpoint::UserInfo)?;
        Ok(Endpoint { url, auth })
    }

    /// The same node, opened otherwise.
    #[must_use]
    pub fn with(self, auth: Auth) -> Endpoint {
        Endpoint { auth, ..self }
    }

    /// Whether it is this machine, so that no proxy stands between.
    pub(crate) fn is_loopback(&self) -> bool {
        matches!(self.url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
    }

    /// The address itself; may hold a key.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The address of something below the node's.
    pub(crate) fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }

    /// The name and password of now.
    pub(crate) fn secret(&self) -> Result<Option<(String, String)>, String> {
        match &self.auth {
            Auth::Open => Ok(None),
            Auth::Password { user, password } => Ok(Some((user.clone(), password.clone()))),
            Auth::Cookie(path) => cookie(path).map(Some),
        }
    }
}

fn cookie(path: &Path) -> Result<(String, String), String> {
    let told = |problem: &str| format!("cookie file {}: {problem}", path.display());
    let length = std::fs::metadata(path).map_err(|error| told(&error.to_string()))?.len();
    if length > COOKIE_BYTES_MAX {
        return Err(told("too large to be one"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| told(&error.to_string()))?;
    let (user, password) =
        text.trim_end().split_once(':').ok_or_else(|| told("no `name:password` in it"))?;
    Ok((user.to_owned(), password.to_owned()))
}

fn percent_decoded(text: &str) -> Result<String, BadEndpoint> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = after.get(..2).ok_or(BadEndpoint::UserInfo)?;
        let mut byte = [0];
        hex::decode_to_slice(digits, &mut byte).map_err(|_| BadEndpoint::UserInfo)?;
        bytes.push(byte[0]);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| BadEndpoint::UserInfo)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())?;
        if let Some(port) = self.url.port() {
            write!(f, ":{port}")?;
        }
        let more = self.url.path() != "/" || self.url.query().is_some();
        f.write_str(if more { "/..." } else { "" })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Auth::Open => "Open",
            Auth::Password { .. } => "Password",
            Auth::Cookie(_) => "Cookie",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let said = match Endpoint::parse(text) {
            Ok(endpoint) => format!("{endpoint} {endpoint:?} {:?}", endpoint.auth),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn secrets_are_not_shown() {
        check("http://127.0.0.1:8332", expect!["http://127.0.0.1:8332 http://127.0.0.1:8332 Open"]);
        check(
            "http://ann:s%65cret@node.example:8332/",
            expect!["http://node.example:8332 http://node.example:8332 Password"],
        );
        check(
            "https://provider.example/v3/0123456789abcdef?key=1",
            expect!["https://provider.example/... https://provider.example/... Open"],
        );
        check(
            "file:///etc/passwd",
            expect!["the node's address begins with `file:`; write http: or https:"],
        );
        check(
            "127.0.0.1:8332",
            expect![[
                r#"the node's address is not a URL: relative URL without a base; write it as http://127.0.0.1:8332"#
            ]],
        );
    }

    #[test]
    fn passwords_are_decoded() {
        let endpoint = Endpoint::parse("http://ann:s%65%3Acret@node:1").unwrap();
        assert_eq!(endpoint.secret(), Ok(Some(("ann".to_owned(), "se:cret".to_owned()))));
        assert_eq!(Endpoint::parse("http://ann:%zz@node").unwrap_err(), BadEndpoint::UserInfo);
    }
}
