//! `[mail]` and `[[webhook]]` of comity.toml: how people and machines are told to look.
//!
//! Knows no network; [`crate::mail`] and [`crate::webhook`] open what is named here.

use std::path::PathBuf;

use serde::Deserialize;

/// Endpoints that one node tells.
pub const WEBHOOKS_COUNT_MAX: usize = 16;
/// Characters of an endpoint's name.
pub const WEBHOOK_NAME_CHARACTERS_MAX: usize = 40;

/// What users are told of disclosures about them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserNotice {
    /// Whom a user may ask: an address or a page of the company.
    #[serde(default)]
    pub contact: Option<String>,
    /// Language of the notice where the company's records give none for the account; without it
    /// the notice is in every language that the program has.
    #[serde(default)]
    pub language: Option<MailLanguage>,
}

/// The mail server that takes "look at the portal" to people.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Name of the mail server, as its certificate has it.
    pub host: String,
    /// Its port; by default what is usual for `tls`: 587, 465 or 25.
    #[serde(default)]
    pub port: Option<u16>,
    /// Whom the mail is from: `desk@your.example`, or `Your Desk <desk@your.example>`.
    pub from: String,
    /// How the connection is kept secret.
    #[serde(default)]
    pub tls: MailTls,
    /// Root certificates in PEM that the server's certificate is checked against, instead of the
    /// machine's own.
    #[serde(default)]
    pub roots: Option<PathBuf>,
    /// Name to log in with; needs `password_file`.
    #[serde(default)]
    pub user: Option<String>,
    /// File with the password, readable by its owner only.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Language of the mails: nobody's language is known before they log in.
    #[serde(default)]
    pub language: MailLanguage,
}

/// How the connection to the mail server is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// It begins in the open and must become TLS before anything is said (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None: for a mail server on the machine itself only.
    None,
}

impl MailTls {
    /// The usual port (RFC 6409, RFC 8314, RFC 5321).
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// Language of the mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailLanguage {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl MailLanguage {
    /// Its code (BCP 47).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}

/// A machine that is told what happens; docs/formats/webhook.md.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// A short name for pages and logs: lower-case letters, digits and dashes.
    pub name: String,
    /// Where it listens: https, or http on the machine itself.
    pub url: String,
    /// Which events it wants, by their words in docs/formats/record.md, `clock_warning` and
    /// `alarm_raised`.
    pub events: Vec<String>,
    /// File with the secret that signs, `whsec_` and base64, readable by its owner only.
    pub secret_file: PathBuf,
}

impl super::Config {
    /// What is wrong with how people and machines are told; none when nothing is.
    pub(super) fn notices_fault(&self) -> Option<String> {
        if let Some(mail) = &self.mail {
            if self.web.is_none() {
                return Some("[mail] needs [web]: the mails point to its origin".to_owned());
            }
            if mail.user.is_some() != mail.password_file.is_some() {
                return Some("mail.user and mail.password_file go together; give both".to_owned());
            }
            if mail.tls == MailTls::None && !is_loopback(&mail.host) {
                return Some(format!(
                    "mail.tls is \"none\" and mail.host is {:?}; use \"starttls\" or \"implicit\" \
                     for a server that is not on this machine",
                    mail.host
                ));
            }
        }
        if self.webhook.len() > WEBHOOKS_COUNT_MAX {
            let count = self.webhook.len();
            return Some(format!("{count} times [[webhook]]; at most {WEBHOOKS_COUNT_MAX}"));
        }
        let mut before: Vec<&str> = Vec::new();
        for webhook in &self.webhook {
            if let Some(why) = webhook.fault() {
                return Some(format!("webhook {:?}: {why}", webhook.name));
            }
            if before.contains(&webhook.name.as_str()) {
                return Some(format!("webhook {:?} is there twice; name them apart", webhook.name));
            }
            before.push(&webhook.name);
        }
        None
    }
}

impl Webhook {
    fn fault(&self) -> Option<String> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=WEBHOOK_NAME_CHARACTERS_MAX).contains(&self.name.len())
            || !self.name.bytes().all(good)
        {
            return Some(format!(
                "name it with 1 to {WEBHOOK_NAME_CHARACTERS_MAX} lower-case letters, digits and \
                 dashes"
            ));
        }
        let known = |word: &String| {
            [crate::notice::CLOCK_WARNING, crate::notice::ALARM_RAISED].contains(&word.as_str())
                || desk::record::KINDS_V1.contains(&word.as_str())
        };
        if let Some(word) = self.events.iter().find(|word| !known(word)) {
            return Some(format!(
                "there is no event {word:?}; docs/formats/webhook.md has the list"
            ));
        }
        if self.events.is_empty() {
            return Some("events is empty; name what it wants".to_owned());
        }
        let Ok(url) = url::Url::parse(&self.url) else {
            return Some("url is no address; write it like https://siem.example/hook".to_owned());
        };
        let local = url.host_str().is_some_and(is_loopback);
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Some("url must be https, or http on this machine".to_owned());
        }
        None
    }
}

/// True for names and addresses of the machine itself.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::tests::refused;

    fn check(extra: &str, expected: &Expect) {
        expected.assert_eq(refused(extra).trim_start_matches("/comity.toml: "));
    }

    fn hook(lines: &str) -> String {
        format!("[[webhook]]\nsecret_file = \"s\"\n{lines}")
    }

    #[test]
    fn mail_is_secret_or_on_the_machine_itself() {
        let web = "[web]\nlisten = \"127.0.0.1:0\"\norigin = \"https://desk.example\"\n";
        let mail = |host: &str, more: &str| {
            format!("{web}[mail]\nhost = \"{host}\"\nfrom = \"desk@your.example\"\n{more}")
        };
        check(&mail("mail.your.example", ""), &expect!["accepted"]);
        check(&mail("127.0.0.1", "tls = \"none\""), &expect!["accepted"]);
        check(
            &mail("mail.your.example", "tls = \"none\""),
            &expect![[r#"
            mail.tls is "none" and mail.host is "mail.your.example"; use "starttls" or "implicit" for a server that is not on this machine"#]],
        );
        check(
            &mail("mail.your.example", "user = \"desk\""),
            &expect!["mail.user and mail.password_file go together; give both"],
        );
        check(
            &mail("mail.your.example", "").replace(web, ""),
            &expect!["[mail] needs [web]: the mails point to its origin"],
        );
    }

    #[test]
    fn webhooks_are_named_and_secret() {
        let sound = "name = \"siem\"\nurl = \"https://siem.example/h\"\nevents = [\"delivered\"]";
        check(&hook(sound), &expect!["accepted"]);
        check(
            &hook(&sound.replace("https://siem.example", "http://[::1]:9")),
            &expect!["accepted"],
        );
        check(
            &hook(&sound.replace("https", "http")),
            &expect![[r#"webhook "siem": url must be https, or http on this machine"#]],
        );
        check(
            &hook(&sound.replace("siem\"", "SIEM\"")),
            &expect![[
                r#"webhook "SIEM": name it with 1 to 40 lower-case letters, digits and dashes"#
            ]],
        );
        check(
            &hook(&sound.replace("delivered", "sent")),
            &expect![[
                r#"webhook "siem": there is no event "sent"; docs/formats/webhook.md has the list"#
            ]],
        );
        check(
            &hook(&format!("{sound}\n{}", hook(sound))),
            &expect![[r#"webhook "siem" is there twice; name them apart"#]],
        );
    }
}
