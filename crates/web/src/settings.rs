//! Where the site lives, as `[web]` of comity.toml says it.
//!
//! Knows no network. The passkeys' relying party is the host of the origin (W3C WebAuthn level 2,
//! section 5.1.2), so an origin that changes its host loses every passkey.

use server::config::Web;
use url::Url;

/// The site's own address and what follows from it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As the browser's address bar shows it.
    pub origin: Url,
    /// The same as text, without a slash at its end: what browsers send as `Origin`.
    pub origin_text: String,
    /// The relying party of the passkeys: the origin's host.
    pub rp_id: String,
    /// The company that runs the desk.
    pub company: String,
    /// Set when everything this node serves is made up.
    pub fiction: Option<String>,
    /// Proxies whose word for the sender's address is taken.
    pub proxies: Vec<std::net::IpAddr>,
}

/// Why a site cannot live there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL.
    #[error("web.origin is {0:?}, which is no address; write it like https://desk.example")]
    NoAddress(String),
    /// Browsers give passkeys to secure sites only.
    #[error(
        "web.origin is {0:?}; passkeys need https, or http://localhost on the machine itself \
         (an IP address is no name for them)"
    )]
    NotSecure(String),
    /// More than scheme, host and port.
    #[error("web.origin is {0:?}; it ends after the host and the port")]
    HasPath(String),
}

impl Settings {
    /// Reads the site's address.
    ///
    /// # Errors
    /// When browsers would refuse passkeys there.
    pub fn of(web: &Web, company: &server::config::Company) -> Result<Self, OriginError> {
        let text = web.origin.trim_end_matches('/');
        let origin = Url::parse(text).map_err(|_| OriginError::NoAddress(text.to_owned()))?;
        let no_address = || OriginError::NoAddress(text.to_owned());
        let host = origin.domain().ok_or_else(no_address)?.to_owned();
        let is_local = host == "localhost";
        if origin.scheme() != "https" && !(origin.scheme() == "http" && is_local) {
            return Err(OriginError::NotSecure(text.to_owned()));
        }
        if origin.path() != "/" || origin.query().is_some() || origin.fragment().is_some() {
            return Err(OriginError::HasPath(text.to_owned()));
        }
        Ok(Self {
            origin_text: origin.origin().ascii_serialization(),
            origin,
            rp_id: host,
            company: company.name.clone(),
            fiction: company.fiction.clone(),
            proxies: web.proxies.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use server::config::{Company, Custodian, Web};

    use super::Settings;

    fn check(origin: &str, expected: &Expect) {
        let custodian = Custodian::default();
        let company = Company {
            name: "Lantern".into(),
            country: "XX".into(),
            hi1_identifier: "L".into(),
            fiction: None,
            custodian,
        };
        let web = Web { origin: origin.into(), ..Web::default() };
        let said = match Settings::of(&web, &company) {
            Ok(settings) => format!("{} for {}", settings.origin_text, settings.rp_id),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn only_secure_names_are_sites() {
        check("https://desk.example/", &expect!["https://desk.example for desk.example"]);
        check("http://localhost:8080", &expect!["http://localhost:8080 for localhost"]);
        check(
            "http://desk.example",
            &expect![[
                r#"web.origin is "http://desk.example"; passkeys need https, or http://localhost on the machine itself (an IP address is no name for them)"#
            ]],
        );
        check(
            "https://127.0.0.1:8443",
            &expect![[
                r#"web.origin is "https://127.0.0.1:8443", which is no address; write it like https://desk.example"#
            ]],
        );
        check(
            "https://desk.example/portal",
            &expect![[
                r#"web.origin is "https://desk.example/portal"; it ends after the host and the port"#
            ]],
        );
    }
}
