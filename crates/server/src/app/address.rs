//! Mail addresses: a person's own, which counts when the link that was mailed there is opened, and
//! one that is set for somebody by whoever manages those people.
//!
//! Knows no page. Every change is an event (`mail_proposed`, `mail_changed`); the address itself is
//! in its personal part. A mailbox gives no right here: mails only ever say "look", and the link
//! confirms nothing without the log-in of the person who asked for it.

use anyhow::Context as _;
use aws_lc_rs::hmac;
use desk::ids::{ActorId, RequestId};
use desk::policy::Actor;
use store::{Job, NewJob};
use uuid::Uuid;

use super::Node;
use super::people::sha256_hex;
use crate::directory::{Change, ChangePayload};
use crate::error::Error;
use crate::jobs::{Task, new_job};

/// A link confirms an address for so long, in hours.
const LINK_HOURS: i64 = 24;
/// The longest address (RFC 5321, section 4.5.3.1.3, without its angle brackets).
pub const ADDRESS_BYTES_MAX: usize = 254;

/// Tries of the mail with a link; they take about half a day, and the link a whole one.
const LINK_ATTEMPTS_MAX: u16 = 24;

/// Makes the secret of a link out of the number that its job keeps, so that the secret itself is
/// kept nowhere, and a copy of the store opens no link.
pub(super) struct LinkKey(hmac::Key);

impl LinkKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn secret(&self, holder: ActorId, number: Uuid) -> String {
        hex::encode(hmac::sign(&self.0, format!("{holder} {number}").as_bytes()))
    }
}

impl Node {
    /// Has a link mailed to the address that somebody wants for himself, within a moment.
    ///
    /// # Errors
    /// [`Error::Hidden`] for whoever has no entry of his own, [`Error::Input`] for what is no
    /// address or when this node sends no mail.
    pub async fn propose_address(&self, actor: &Actor, address: &str) -> Result<(), Error> {
        let holder = actor.id;
        self.directory().person(holder, self.now()).ok_or(Error::Hidden)?;
        let address = read_address(address)?;
        self.check_domain(holder, &address)?;
        if self.notices.mail.is_none() {
            let why = "this node sends no mail, so no link can be sent";
            return Err(Error::input("address", why, "have it set by whoever enrolled you"));
        }
        let number: Uuid = crate::random_id()?;
        let token = self.links.secret(holder, number);
        let hours = jiff::SignedDuration::from_hours(LINK_HOURS);
        let until = self.now().checked_add(hours).context("the end of a link")?;
        let token_sha256 = sha256_hex(token.as_bytes());
        let change = Change::MailProposed { holder, token_sha256, until, by: holder };
        let payload = ChangePayload { email: Some(address), ..ChangePayload::default() };
        let task = Task::Link { to: holder, number };
        let job = new_job(RequestId(Uuid::nil()), &task, LINK_ATTEMPTS_MAX);
        let job = NewJob { key: Some(format!("link:{number}")), ..job };
        self.record_change_with(&change, &payload, None, Some(job)).await
    }

    /// Sends the mail of a job with a link, unless the link confirms nothing any more.
    ///
    /// # Errors
    /// When the mail server does not take it; tried again later.
    pub(crate) async fn mail_link(
        &self,
        to: ActorId,
        number: Uuid,
        job: &Job,
    ) -> Result<(), Error> {
        let token = self.links.secret(to, number);
        let (directory, now) = (self.directory(), self.now());
        let link = directory.mail_link(&sha256_hex(token.as_bytes()), now);
        if let (Some(mailer), Some(link)) = (&self.notices.mail, link) {
            mailer.send_link(&link.address, &format!("address/{token}"), now).await?;
        }
        self.store.complete_job(job.lease).await?;
        Ok(())
    }

    /// The address that a link confirms, for the person who asked for it.
    #[must_use]
    pub fn address_to_confirm(&self, actor: &Actor, token: &str) -> Option<String> {
        let directory = self.directory();
        let link = directory.mail_link(&sha256_hex(token.as_bytes()), self.now())?;
        (link.holder == actor.id).then(|| link.address.clone())
    }

    /// Confirms an address by its link: from now on mails go there.
    ///
    /// # Errors
    /// [`Error::Hidden`] for anybody but the person who asked for it, or when the link confirms
    /// nothing.
    pub async fn confirm_address(&self, actor: &Actor, token: &str) -> Result<(), Error> {
        let holder = actor.id;
        let address = self.address_to_confirm(actor, token).ok_or(Error::Hidden)?;
        let token_sha256 = Some(sha256_hex(token.as_bytes()));
        let change = Change::MailChanged { holder, token_sha256, by: holder };
        let payload = ChangePayload { email: Some(address), ..ChangePayload::default() };
        self.record_change(&change, &payload, None).await
    }

    /// Sets the address of somebody else, or takes it away with an empty one.
    ///
    /// # Errors
    /// As [`Node::change_directory`]; [`Error::Input`] for what is no address, or none of the
    /// agency's.
    pub async fn set_address(
        &self,
        actor: &Actor,
        holder: ActorId,
        address: &str,
    ) -> Result<(), Error> {
        let address = address.trim();
        let email = if address.is_empty() { None } else { Some(read_address(address)?) };
        if let Some(email) = &email {
            self.check_domain(holder, email)?;
        }
        let change = Change::MailChanged { holder, token_sha256: None, by: actor.id };
        let payload = ChangePayload { email, ..ChangePayload::default() };
        self.change_directory(actor, &change, &payload).await
    }

    /// An officer's mails go to the agency's own domains and nowhere else.
    fn check_domain(&self, holder: ActorId, address: &str) -> Result<(), Error> {
        let ActorId::Key(key) = holder else { return Ok(()) };
        let directory = self.directory();
        let agency = directory.officer(key).and_then(|it| directory.agency(it.agency));
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let domains = agency.map(|agency| agency.domains.as_slice()).unwrap_or_default();
        if domains.iter().any(|own| own.eq_ignore_ascii_case(domain)) {
            return Ok(());
        }
        let why = "this is at none of the agency's domains";
        Err(Error::input("address", why, "use an address of the agency"))
    }
}

fn read_address(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let is_address = text.len() <= ADDRESS_BYTES_MAX && text.parse::<lettre::Address>().is_ok();
    if is_address {
        return Ok(text.to_owned());
    }
    Err(Error::input("address", "that is no mail address", "write name@host"))
}

#[cfg(test)]
mod tests {
    use desk::ids::StaffId;

    use super::*;

    #[test]
    fn a_secret_follows_from_key_holder_and_number_only() {
        let key = LinkKey::new(&[7; 32]);
        let (una, bea) = (ActorId::Staff(StaffId(Uuid::from_u128(1))), ActorId::System);
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let secret = key.secret(una, first);
        assert_eq!(secret.len(), 64);
        assert_eq!(secret, LinkKey::new(&[7; 32]).secret(una, first));
        for other in [
            key.secret(una, second),
            key.secret(bea, first),
            LinkKey::new(&[8; 32]).secret(una, first),
        ] {
            assert_ne!(secret, other);
        }
    }
}
