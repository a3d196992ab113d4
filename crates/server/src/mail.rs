//! "Look at the portal" by mail, and nothing else.
//!
//! Knows no request. A mail has one recipient, whose address comes from our own directory; it says
//! where to look and whether at once. What a mail server answers may repeat that address, so only
//! its code is kept.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use desk::ids::ActorId;
use jiff::Timestamp;
use store::Job;

use crate::app::Node;
use crate::config::{Config, Mail, MailLanguage, MailTls};
use crate::error::Error;
use crate::keys::private_text;
use crate::notice::{Urgency, address_of};

/// Each step of a talk with the mail server takes no longer.
const STEP_SECONDS_MAX: u64 = 30;
/// The whole talk takes no longer; below the lease of a job.
const TALK_SECONDS_MAX: u64 = 90;

/// A mail server that takes our mails.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    origin: String,
    host: String,
    language: MailLanguage,
}

impl Mailer {
    /// Reads what the configuration names; nothing is sent yet.
    ///
    /// # Errors
    /// Naming the setting or the file that is wrong.
    pub fn open(config: &Config, mail: &Mail) -> anyhow::Result<Self> {
        let from: Mailbox =
            mail.from.parse().with_context(|| format!("mail.from is {:?}", mail.from))?;
        let web = config.web.as_ref().context("[mail] needs [web]")?;
        let origin = web.origin.trim_end_matches('/').to_owned();
        let host = url::Url::parse(&origin)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .with_context(|| format!("web.origin is {origin:?}, which is no address"))?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
            .port(mail.port.unwrap_or_else(|| mail.tls.port()))
            .timeout(Some(Duration::from_secs(STEP_SECONDS_MAX)))
            .hello_name(ClientId::Domain(host.clone()))
            .tls(secrecy(config, mail)?);
        if let (Some(user), Some(file)) = (&mail.user, &mail.password_file) {
            let password = private_text(&config.path(file)).context("mail.password_file")?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self { transport: builder.build(), from, origin, host, language: mail.language })
    }

    /// Talks with the mail server without sending anything: name, TLS, password.
    ///
    /// # Errors
    /// What is wrong, without any address of a person.
    pub async fn check(&self) -> Result<(), String> {
        match limited(self.transport.test_connection()).await? {
            Ok(true) => Ok(()),
            Ok(false) => Err("the mail server says that it is not ready".to_owned()),
            Err(error) => Err(trouble(&error)),
        }
    }

    /// Sends one mail.
    async fn send(&self, address: &str, urgency: Urgency, now: Timestamp) -> Result<(), Error> {
        let to: Mailbox = address.parse().map_err(|_| {
            Error::input("directory", "the address of this person is none", "enrol another")
        })?;
        let (subject, text) = words(self.language, urgency);
        let text = text.replace("{site}", &format!("{}/", self.origin));
        let message = self.message(to, subject, text, now)?;
        let sent = limited(self.transport.send(message)).await.map_err(Error::Unavailable)?;
        sent.map(drop).map_err(|error| Error::Unavailable(trouble(&error)))
    }

    /// Mails the link that confirms an address, and nothing else. `path` is below the site.
    pub(crate) async fn send_link(
        &self,
        address: &str,
        path: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let to: Mailbox = address
            .parse()
            .map_err(|_| Error::input("address", "that is no mail address", "write name@host"))?;
        let (subject, text) = link_words(self.language);
        let text = text.replace("{link}", &format!("{}/{path}", self.origin));
        let message = self.message(to, subject, text, now)?;
        let sent = limited(self.transport.send(message)).await.map_err(Error::Unavailable)?;
        sent.map(drop).map_err(|error| Error::Unavailable(trouble(&error)))
    }

    fn message(
        &self,
        to: Mailbox,
        subject: &str,
        text: String,
        now: Timestamp,
    ) -> Result<Message, Error> {
        let id = hex::encode(crate::random_bytes::<16>()?);
        let automatic = header::HeaderName::new_from_ascii_str("Auto-Submitted");
        let date = SystemTime::UNIX_EPOCH
            + Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default());
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .date(date)
            .message_id(Some(format!("<{id}@{}>", self.host)))
            // RFC 3834: no absence note answers this.
            .raw_header(header::HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(header::ContentType::TEXT_PLAIN)
            .body(text);
        Ok(message.context("a mail could not be written")?)
    }
}

/// Sends the mail of a job, unless its recipient may no longer act or has no address any more.
///
/// # Errors
/// When the mail server does not take it; tried again later.
pub async fn deliver(node: &Node, to: ActorId, urgency: Urgency, job: &Job) -> Result<(), Error> {
    let address = address_of(&node.directory(), to, node.now());
    if let (Some(mailer), Some(address)) = (&node.notices.mail, address) {
        mailer.send(&address, urgency, node.now()).await?;
    }
    node.store.complete_job(job.lease).await?;
    Ok(())
}

/// Sends the mail of a job about somebody's own access: also to whoever may not act now.
///
/// # Errors
/// When the mail server does not take it; tried again later.
pub async fn deliver_access(
    node: &Node,
    (to, as_of): (ActorId, Option<u64>),
    urgency: Urgency,
    job: &Job,
) -> Result<(), Error> {
    let address = crate::notice::address_for(node, to, as_of).await?;
    if let (Some(mailer), Some(address)) = (&node.notices.mail, address) {
        mailer.send(&address, urgency, node.now()).await?;
    }
    node.store.complete_job(job.lease).await?;
    Ok(())
}

fn secrecy(config: &Config, mail: &Mail) -> anyhow::Result<Tls> {
    if mail.tls == MailTls::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(mail.host.clone());
    if let Some(roots) = &mail.roots {
        let path = config.path(roots);
        let place = || format!("mail.roots: {}", path.display());
        let pem = std::fs::read(&path).with_context(place)?;
        let certificate = Certificate::from_pem(&pem).with_context(place)?;
        parameters =
            parameters.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    let parameters = parameters.build().context("TLS with the mail server")?;
    Ok(match mail.tls {
        MailTls::Implicit => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}

async fn limited<T>(talk: impl Future<Output = T>) -> Result<T, String> {
    let limit = Duration::from_secs(TALK_SECONDS_MAX);
    tokio::time::timeout(limit, talk)
        .await
        .map_err(|_| format!("the mail server was not done after {TALK_SECONDS_MAX} s"))
}

/// What went wrong, without what the server said: that may name people.
fn trouble(error: &lettre::transport::smtp::Error) -> String {
    if let Some(code) = error.status() {
        let code: u16 = code.into();
        let meaning = match code {
            530 | 534 | 535 | 538 => "it does not accept mail.user and its password",
            550..=554 => "it refuses the sender or the recipient",
            400..=499 => "it asks to come back later",
            _ => "it refuses",
        };
        return format!("the mail server answered {code}: {meaning}");
    }
    if error.is_timeout() {
        return format!("the mail server did not answer within {STEP_SECONDS_MAX} s");
    }
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let inner = root.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if error.is_tls() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
        return format!("no TLS with the mail server: {root}");
    }
    format!("no mail server was there: {root}")
}

fn link_words(language: MailLanguage) -> (&'static str, &'static str) {
    match language {
        MailLanguage::En => (
            "Please confirm your mail address",
            "You asked for mails to this address. Log in and confirm it:\n\n{link}\n\nThe link \
             opens for 24 hours, and only for you. If you did not ask for it, do nothing: nobody \
             gets in by it.\n",
        ),
        MailLanguage::De => (
            "Bitte bestätigen Sie Ihre E-Mail-Adresse",
            "Sie möchten E-Mails an diese Adresse. Melden Sie sich an und bestätigen Sie sie:\n\n\
             {link}\n\nDer Link gilt 24 Stunden und nur für Sie. Wenn Sie nicht darum gebeten \
             haben, tun Sie nichts: Niemand kommt damit hinein.\n",
        ),
    }
}

fn words(language: MailLanguage, urgency: Urgency) -> (&'static str, &'static str) {
    match (language, urgency) {
        (MailLanguage::En, Urgency::Ordinary) => (
            "Please look at the portal",
            "Please look at the portal:\n\n{site}\n\nNothing else is ever sent by mail, and nobody \
             reads answers to it.\n",
        ),
        (MailLanguage::En, Urgency::Now) => (
            "Please look at the portal now",
            "Please look at the portal now:\n\n{site}\n\nNothing else is ever sent by mail, and \
             nobody reads answers to it.\n",
        ),
        (MailLanguage::En, Urgency::Access) => (
            "Please look at your access to the portal",
            "Please look at your access to the portal:\n\n{site}sessions\n\nIf you cannot come in, \
             or do not know what you see there, call us at the number you have always called.\n\n\
             Nothing else is ever sent by mail, and nobody reads answers to it.\n",
        ),
        (MailLanguage::De, Urgency::Access) => (
            "Bitte sehen Sie nach Ihrem Zugang zum Portal",
            "Bitte sehen Sie nach Ihrem Zugang zum Portal:\n\n{site}sessions\n\nWenn Sie nicht \
             hineinkommen oder nicht kennen, was dort steht, rufen Sie uns unter der Nummer an, \
             die Sie immer angerufen haben.\n\nEtwas anderes wird nie per E-Mail gesandt, und \
             Antworten liest niemand.\n",
        ),
        (MailLanguage::De, Urgency::Ordinary) => (
            "Bitte sehen Sie im Portal nach",
            "Bitte sehen Sie im Portal nach:\n\n{site}\n\nEtwas anderes wird nie per E-Mail \
             gesandt, und Antworten liest niemand.\n",
        ),
        (MailLanguage::De, Urgency::Now) => (
            "Bitte sehen Sie jetzt im Portal nach",
            "Bitte sehen Sie jetzt im Portal nach:\n\n{site}\n\nEtwas anderes wird nie per E-Mail \
             gesandt, und Antworten liest niemand.\n",
        ),
    }
}

#[cfg(test)]
mod tests {
    use lettre::message::Mailbox;

    #[test]
    fn an_address_with_a_line_break_is_none() {
        assert!("iris@harbour.example".parse::<Mailbox>().is_ok());
        for hostile in [
            "iris@harbour.example\r\nBcc: all@evil.example",
            "iris@harbour.example\nSubject: x",
            "iris@harbour.example, all@evil.example",
            "iris@harbour.example\0",
        ] {
            assert!(hostile.parse::<Mailbox>().is_err(), "{hostile:?}");
        }
    }
}
