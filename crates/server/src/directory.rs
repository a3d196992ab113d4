//! Who is known to this node: staff, agencies, their certificates and the marks upon them.
//!
//! Knows no requests. Every change is an event of one stream of the log (`STREAM`), so that nobody
//! is added or removed unseen; names and certificates are the payloads of those events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use desk::ids::{ActorId, AgencyId, KeyId, StaffId};
use desk::policy::{Actor, Role, Standing};
use jiff::Timestamp;
use uuid::Uuid;

pub use agency::check_agency;
pub use change::{CallBack, Change, ChangePayload, EnrolledPasskey, OfficerRole, SignatureKey};
pub use mail::MailLink;
pub use marks::{DeskKey, ForeignList, Mark, MarkKind, key_sha256};
pub(crate) use officer::about as officer_about;
pub use officer::{ATTESTED_DAYS_MAX, Call, Officer, OfficerState};
pub use rules::Fault;

use crate::hi1::signature::EnrolledKey;
use crate::tls::Fingerprint;

mod agency;
mod change;
mod mail;
mod marks;
mod officer;
mod rules;

/// The stream of the log in which the directory lives.
pub const STREAM: Uuid = Uuid::from_u128(0x636f_6d69_7479_4469_8265_6374_6f72_7931);

/// The console of the machine: whoever may open the store's files. It manages staff and agencies
/// and reads no case.
#[must_use]
pub fn console() -> Actor {
    Actor {
        id: ActorId::Staff(StaffId(Uuid::nil())),
        roles: BTreeSet::from([Role::Administrator]),
        agency: None,
    }
}

/// One member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Id on the record.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// What this person may be.
    pub roles: BTreeSet<Role>,
    /// Where "look at the portal" is mailed to.
    pub email: Option<String>,
    /// Where it was mailed to before.
    pub former_email: Option<String>,
    /// True when a client certificate lets this person in.
    pub has_certificate: bool,
}

/// An enrolled passkey and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Whose.
    pub holder: ActorId,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Who made the link by which it was enrolled.
    pub invited_by: ActorId,
    /// Sequence number of its enrolment in the directory's stream.
    pub seq: u64,
    /// The public facts.
    pub facts: EnrolledPasskey,
}

/// A one-time link that has not been used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// For whom.
    pub holder: ActorId,
    /// It opens nothing from then on.
    pub until: Timestamp,
    /// Who made it.
    pub by: ActorId,
}

/// One agency and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Id on the record.
    pub id: AgencyId,
    /// Name.
    pub name: String,
    /// ISO country.
    pub country: String,
    /// Identifier in HI-1 messages.
    pub hi1_identifier: String,
    /// Rule pack by default.
    pub regime: String,
    /// Its key.
    pub key: KeyId,
    /// Certificates in PEM to which packages are encrypted.
    pub recipients_pem: Vec<String>,
    /// age recipients.
    pub recipients_age: Vec<String>,
    /// Where DELIVER messages are posted.
    pub endpoint: Option<String>,
    /// Keys that sign its HI-1 messages.
    pub signature_keys: Vec<SignatureKey>,
    /// Its published numbers, the only ones that are called back.
    pub switchboard: Vec<String>,
    /// Domains of its mail.
    pub domains: Vec<String>,
    /// True when its machine may send by HI-1.
    pub has_certificate: bool,
    /// True while its kill switch is pulled.
    pub is_stopped: bool,
}

impl Agency {
    /// Keys that sign its HI-1 messages, as HI-1 checks them.
    #[must_use]
    pub fn signing_keys(&self) -> Vec<EnrolledKey> {
        self.signature_keys.iter().filter_map(SignatureKey::enrolled).collect()
    }
}

/// Everyone known, folded from the changes.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    staff: BTreeMap<StaffId, Staff>,
    agencies: BTreeMap<AgencyId, Agency>,
    officers: BTreeMap<KeyId, Officer>,
    by_certificate: BTreeMap<String, Holder>,
    passkeys: BTreeMap<String, Passkey>,
    invitations: BTreeMap<String, Invitation>,
    mail_links: BTreeMap<String, MailLink>,
    marks: marks::Marks,
    /// Sequence number of the newest change folded in.
    pub seq: u64,
}

#[derive(Clone, Copy, Debug)]
enum Holder {
    Staff(StaffId),
    Agency(AgencyId),
}

impl Directory {
    /// Folds one change in. Never fails: it happened.
    pub fn apply(&mut self, change: &Change, payload: &ChangePayload, at: Timestamp) {
        self.seq += 1;
        match change {
            Change::StaffAdded { staff, roles, certificate_sha256, .. } => {
                let has_certificate = certificate_sha256.is_some();
                self.staff.insert(*staff, staff_of(*staff, roles, has_certificate, payload));
                self.certify(certificate_sha256.as_ref(), Holder::Staff(*staff));
            }
            Change::StaffRolesChanged { staff, roles, .. } => {
                if let Some(person) = self.staff.get_mut(staff) {
                    person.roles = roles.iter().copied().collect();
                }
            }
            Change::StaffRemoved { staff, .. } => self.remove_staff(*staff),
            Change::AgencyAdded { agency, country, regime, key, certificate_sha256, .. } => {
                let has_certificate = certificate_sha256.is_some();
                let entry = agency_of(*agency, country, regime, *key, has_certificate, payload);
                self.agencies.insert(*agency, entry);
                self.certify(certificate_sha256.as_ref(), Holder::Agency(*agency));
            }
            Change::AgencyStopped { agency, .. } | Change::AgencyResumed { agency, .. } => {
                if let Some(entry) = self.agencies.get_mut(agency) {
                    entry.is_stopped = matches!(change, Change::AgencyStopped { .. });
                }
            }
            Change::KeyMarked { .. }
            | Change::KeyWatched { .. }
            | Change::KeyCleared { .. }
            | Change::MarksImported { .. }
            | Change::DeskKeyTrusted { .. }
            | Change::MarksExported { .. } => self.marks.apply(change, payload, at),
            Change::Invited { holder, token_sha256, until, by } => {
                let invitation = Invitation { holder: *holder, until: *until, by: *by };
                self.invite(token_sha256.clone(), invitation);
            }
            Change::PasskeyEnrolled { holder, credential_sha256, token_sha256, .. } => {
                let invited = self.invitations.remove(token_sha256);
                let invited_by = invited.map_or(*holder, |invitation| invitation.by);
                if let Some(facts) = payload.passkey.clone() {
                    let (holder, seq) = (*holder, self.seq);
                    let passkey = Passkey { holder, enrolled_at: at, invited_by, seq, facts };
                    self.enrol(credential_sha256.clone(), passkey);
                }
            }
            Change::PasskeyRemoved { credential_sha256, .. } => {
                self.passkeys.remove(credential_sha256);
            }
            Change::MailProposed { holder, token_sha256, until, .. } => {
                let address = payload.email.clone().unwrap_or_default();
                self.propose_mail(
                    token_sha256,
                    MailLink { holder: *holder, until: *until, address },
                );
            }
            Change::MailChanged { holder, .. } => self.mail_to(*holder, payload.email.as_ref()),
            Change::Named { holder, .. } => self.name_holder(*holder, &payload.name),
            Change::OfficerProposed { .. }
            | Change::CallBackRecorded { .. }
            | Change::OfficerAdmitted { .. }
            | Change::OfficerAttested { .. }
            | Change::OfficerStopped { .. }
            | Change::OfficerResumed { .. } => {
                officer::apply(&mut self.officers, change, payload, at);
            }
        }
    }

    /// A newer link takes the place of an older one.
    fn invite(&mut self, token_sha256: String, invitation: Invitation) {
        self.invitations.retain(|_, known| known.holder != invitation.holder);
        self.invitations.insert(token_sha256, invitation);
    }

    fn enrol(&mut self, credential_sha256: String, passkey: Passkey) {
        // Whoever holds a new passkey of an officer is admitted anew, by the code.
        if let ActorId::Key(key) = passkey.holder
            && let Some(officer) = self.officers.get_mut(&key)
        {
            officer.admitted_at = None;
        }
        self.passkeys.insert(credential_sha256, passkey);
    }

    fn certify(&mut self, certificate: Option<&String>, holder: Holder) {
        if let Some(certificate) = certificate {
            self.by_certificate.insert(certificate.clone(), holder);
        }
    }

    fn remove_staff(&mut self, staff: StaffId) {
        self.staff.remove(&staff);
        self.by_certificate
            .retain(|_, holder| !matches!(holder, Holder::Staff(id) if *id == staff));
        self.passkeys.retain(|_, passkey| passkey.holder != ActorId::Staff(staff));
        self.invitations.retain(|_, invited| invited.holder != ActorId::Staff(staff));
        self.mail_links.retain(|_, link| link.holder != ActorId::Staff(staff));
    }

    fn name_holder(&mut self, holder: ActorId, name: &str) {
        match holder {
            ActorId::Staff(id) => {
                if let Some(person) = self.staff.get_mut(&id) {
                    name.clone_into(&mut person.name);
                }
            }
            ActorId::Key(key) => {
                if let Some(officer) = self.officers.get_mut(&key) {
                    name.clone_into(&mut officer.name);
                }
            }
            ActorId::Partner(_) | ActorId::System => {}
        }
    }

    /// Who holds this certificate, as the policy wants to know it.
    #[must_use]
    pub fn actor(&self, certificate: &Fingerprint) -> Option<Actor> {
        match self.by_certificate.get(&certificate.to_string())? {
            Holder::Staff(id) => self.staff_actor(*id),
            Holder::Agency(id) => {
                let agency = self.agencies.get(id).filter(|agency| !agency.is_stopped)?;
                Some(Actor {
                    id: ActorId::Key(agency.key),
                    roles: BTreeSet::from([Role::Officer, Role::AgencyKeyHolder]),
                    agency: Some(*id),
                })
            }
        }
    }

    /// Somebody with a passkey, as the policy wants to know it: `None` for whoever may not act
    /// now, because never admitted, stopped, or not attested for [`ATTESTED_DAYS_MAX`].
    #[must_use]
    pub fn person(&self, holder: ActorId, now: Timestamp) -> Option<Actor> {
        match holder {
            ActorId::Staff(id) => self.staff_actor(id),
            ActorId::Key(key) => {
                let officer = self.officers.get(&key)?;
                let agency = self.agencies.get(&officer.agency)?;
                let may_act = officer.state(now) == OfficerState::Admitted && !agency.is_stopped;
                may_act.then(|| Actor {
                    id: holder,
                    roles: BTreeSet::from([officer.policy_role()]),
                    agency: Some(officer.agency),
                })
            }
            ActorId::Partner(_) | ActorId::System => None,
        }
    }

    fn staff_actor(&self, id: StaffId) -> Option<Actor> {
        let person = self.staff.get(&id)?;
        Some(Actor { id: ActorId::Staff(id), roles: person.roles.clone(), agency: None })
    }

    /// The marks that policy reads: on the key itself, and on any other key of its agency.
    #[must_use]
    pub fn standing(&self, key: Option<KeyId>, agency: Option<AgencyId>) -> Standing {
        let key_suspected = key.is_some_and(|key| self.is_marked(key));
        let key_watched = key.is_some_and(|key| self.mark(key).is_some_and(Mark::is_watch));
        let agency_held = agency.and_then(|id| self.agencies.get(&id)).is_some_and(|agency| {
            agency.is_stopped
                || self.keys_of(agency).any(|other| self.is_marked(other) && Some(other) != key)
        });
        Standing { key_suspected, key_watched, agency_held }
    }

    /// Every key of an agency: its machine's and its officers'.
    pub fn keys_of<'a>(&'a self, agency: &'a Agency) -> impl Iterator<Item = KeyId> + 'a {
        let officers = self.officers.values().filter(|officer| officer.agency == agency.id);
        std::iter::once(agency.key).chain(officers.map(|officer| officer.id))
    }

    /// The passkey of a credential, by the SHA-256 of its id in hex.
    #[must_use]
    pub fn passkey(&self, credential_sha256: &str) -> Option<&Passkey> {
        self.passkeys.get(credential_sha256)
    }

    /// The passkeys of somebody, with the SHA-256 of their ids.
    pub fn passkeys_of(&self, holder: ActorId) -> impl Iterator<Item = (&str, &Passkey)> {
        let all = self.passkeys.iter().map(|(id, passkey)| (id.as_str(), passkey));
        all.filter(move |(_, passkey)| passkey.holder == holder)
    }

    /// An unused link, by the SHA-256 of its secret, while it opens something.
    #[must_use]
    pub fn invitation(&self, token_sha256: &str, now: Timestamp) -> Option<&Invitation> {
        self.invitations.get(token_sha256).filter(|invitation| now < invitation.until)
    }

    /// An unused link for somebody, while it opens something.
    #[must_use]
    pub fn invitation_of(&self, holder: ActorId, now: Timestamp) -> Option<&Invitation> {
        let mut unused = self.invitations.values();
        unused.find(|invited| invited.holder == holder && now < invited.until)
    }

    /// True when some administrator can log in.
    #[must_use]
    pub fn has_administrator(&self) -> bool {
        self.staff.values().any(|person| {
            let holder = ActorId::Staff(person.id);
            person.roles.contains(&Role::Administrator)
                && self.passkeys.values().any(|passkey| passkey.holder == holder)
        })
    }

    /// An officer by the key on the record.
    #[must_use]
    pub fn officer(&self, id: KeyId) -> Option<&Officer> {
        self.officers.get(&id)
    }

    /// All officers, in order of their ids.
    pub fn officers(&self) -> impl Iterator<Item = &Officer> {
        self.officers.values()
    }

    /// The agency that a change is about, if it is about the officers of one.
    #[must_use]
    pub fn agency_about(&self, change: &Change) -> Option<AgencyId> {
        let of_key = |key: KeyId| self.officer(key).map(|officer| officer.agency);
        match change {
            Change::OfficerProposed { agency, .. }
            | Change::AgencyStopped { agency, .. }
            | Change::AgencyResumed { agency, .. } => Some(*agency),
            Change::Invited { holder: ActorId::Key(key), .. }
            | Change::Named { holder: ActorId::Key(key), .. }
            | Change::MailChanged { holder: ActorId::Key(key), .. } => of_key(*key),
            Change::KeyMarked { key, .. } | Change::KeyCleared { key, .. } => {
                self.agency_of_key(*key)
            }
            Change::PasskeyRemoved { credential_sha256, .. } => {
                match self.passkey(credential_sha256)?.holder {
                    ActorId::Key(key) => of_key(key),
                    _ => None,
                }
            }
            _ => officer::about(change).and_then(of_key),
        }
    }

    /// A member of staff by id.
    #[must_use]
    pub fn staff_member(&self, id: StaffId) -> Option<&Staff> {
        self.staff.get(&id)
    }

    /// An agency by its id.
    #[must_use]
    pub fn agency(&self, id: AgencyId) -> Option<&Agency> {
        self.agencies.get(&id)
    }

    /// All agencies, in order of their ids.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// All staff, in order of their ids.
    pub fn staff(&self) -> impl Iterator<Item = &Staff> {
        self.staff.values()
    }

    /// Whether some agency holds this key.
    #[must_use]
    pub fn has_key(&self, key: KeyId) -> bool {
        self.officers.contains_key(&key) || self.agencies.values().any(|agency| agency.key == key)
    }

    /// Whether a certificate is enrolled already.
    #[must_use]
    pub fn has_certificate(&self, certificate: &Fingerprint) -> bool {
        self.by_certificate.contains_key(&certificate.to_string())
    }

    /// Names by the ids under which reads are noted: people, officers' and agencies' keys.
    #[must_use]
    pub fn names(&self) -> HashMap<Uuid, String> {
        let staff = self.staff.values().map(|person| (person.id.0, person.name.clone()));
        let agencies = self.agencies.values().map(|agency| (agency.key.0, agency.name.clone()));
        let officers = self.officers.iter().map(|(key, officer)| (key.0, officer.name.clone()));
        staff.chain(agencies).chain(officers).collect()
    }

    /// Name for the custody list: a person's name, an agency's name, or the actor's id.
    #[must_use]
    pub fn name(&self, actor: ActorId) -> String {
        match actor {
            ActorId::Staff(id) => {
                self.staff.get(&id).map_or_else(|| actor.to_string(), |person| person.name.clone())
            }
            ActorId::Key(key) => match self.officers.get(&key) {
                Some(officer) => officer.name.clone(),
                None => self
                    .agencies
                    .values()
                    .find(|agency| agency.key == key)
                    .map_or_else(|| actor.to_string(), |agency| agency.name.clone()),
            },
            _ => actor.to_string(),
        }
    }
}

/// The entry of a person that was added.
fn staff_of(id: StaffId, roles: &[Role], has_certificate: bool, payload: &ChangePayload) -> Staff {
    Staff {
        id,
        name: payload.name.clone(),
        roles: roles.iter().copied().collect(),
        email: payload.email.clone(),
        former_email: None,
        has_certificate,
    }
}

/// The entry of an agency that was added.
fn agency_of(
    id: AgencyId,
    country: &str,
    regime: &str,
    key: KeyId,
    has_certificate: bool,
    payload: &ChangePayload,
) -> Agency {
    Agency {
        id,
        name: payload.name.clone(),
        country: country.to_owned(),
        hi1_identifier: payload.hi1_identifier.clone(),
        regime: regime.to_owned(),
        key,
        recipients_pem: payload.recipients_pem.clone(),
        recipients_age: payload.recipients_age.clone(),
        endpoint: payload.endpoint.clone(),
        signature_keys: payload.signature_keys.clone(),
        switchboard: payload.switchboard.clone(),
        domains: payload.domains.clone(),
        has_certificate,
        is_stopped: false,
    }
}

#[cfg(test)]
mod tests;
