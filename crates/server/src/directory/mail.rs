//! Where people's mails go, and the links by which they confirm another address. Sends nothing.

use desk::ids::ActorId;
use jiff::Timestamp;

use super::Directory;

/// A link that confirms a mail address and has not been used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLink {
    /// Whose address it will be.
    pub holder: ActorId,
    /// It confirms nothing from then on.
    pub until: Timestamp,
    /// The address.
    pub address: String,
}

impl Directory {
    /// An unused link that confirms an address, by the SHA-256 of its secret.
    #[must_use]
    pub fn mail_link(&self, token_sha256: &str, now: Timestamp) -> Option<&MailLink> {
        self.mail_links.get(token_sha256).filter(|link| now < link.until)
    }

    /// The address that somebody wants and has not confirmed yet.
    #[must_use]
    pub fn wanted_address(&self, holder: ActorId, now: Timestamp) -> Option<&str> {
        let mut links = self.mail_links.values();
        let link = links.find(|link| link.holder == holder && now < link.until);
        link.map(|link| link.address.as_str())
    }

    /// Where somebody's mails go, whether or not that person may act, and where they went before.
    #[must_use]
    pub fn addresses(&self, holder: ActorId) -> (Option<&str>, Option<&str>) {
        let known = match holder {
            ActorId::Staff(id) => self.staff.get(&id).map(|it| (&it.email, &it.former_email)),
            ActorId::Key(key) => self.officers.get(&key).map(|it| (&it.email, &it.former_email)),
            ActorId::Partner(_) | ActorId::System => None,
        };
        let (now, before) = known.unwrap_or((&None, &None));
        (now.as_deref(), before.as_deref())
    }

    /// Somebody wants another address. A newer link takes the place of an older one.
    pub(super) fn propose_mail(&mut self, token_sha256: &str, link: MailLink) {
        self.mail_links.retain(|_, known| known.holder != link.holder);
        self.mail_links.insert(token_sha256.to_owned(), link);
    }

    /// From now on the mails go there.
    pub(super) fn mail_to(&mut self, holder: ActorId, address: Option<&String>) {
        self.mail_links.retain(|_, known| known.holder != holder);
        let (email, former) = match holder {
            ActorId::Staff(id) => match self.staff.get_mut(&id) {
                Some(person) => (&mut person.email, &mut person.former_email),
                None => return,
            },
            ActorId::Key(key) => match self.officers.get_mut(&key) {
                Some(officer) => (&mut officer.email, &mut officer.former_email),
                None => return,
            },
            ActorId::Partner(_) | ActorId::System => return,
        };
        *former = std::mem::replace(email, address.cloned());
    }
}
