//! Who is known to this node: staff, agencies, their certificates and the marks upon them.
//!
//! Knows no requests. Every change is an event of one stream of the log (`STREAM`), so that nobody
//! is added or removed unseen; names and certificates are the payloads of those events.

use std::collections::{BTreeMap, BTreeSet};

use desk::ids::{ActorId, AgencyId, KeyId, StaffId};
use desk::policy::{Actor, Role, Standing};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::hi1::signature::{Algorithm, EnrolledKey};
use crate::tls::Fingerprint;

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

/// A change of the directory. Its JSON is the event in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A member of staff may act.
    StaffAdded {
        /// Who.
        staff: StaffId,
        /// As what.
        roles: Vec<Role>,
        /// By which certificate.
        certificate_sha256: String,
        /// Whose act this is.
        by: ActorId,
    },
    /// A member of staff may no longer act.
    StaffRemoved {
        /// Who.
        staff: StaffId,
        /// Whose act this is.
        by: ActorId,
    },
    /// An agency may send requests.
    AgencyAdded {
        /// Which.
        agency: AgencyId,
        /// Country of the agency.
        country: String,
        /// Rule pack its requests are judged by unless they name another.
        regime: String,
        /// Its client certificate's key.
        key: KeyId,
        /// The client certificate.
        certificate_sha256: String,
        /// Whose act this is.
        by: ActorId,
    },
    /// A key is suspected of fraud; it binds at once.
    KeyMarked {
        /// Which.
        key: KeyId,
        /// Whose act this is.
        by: ActorId,
    },
    /// The suspicion is gone.
    KeyCleared {
        /// Which.
        key: KeyId,
        /// Whose act this is.
        by: ActorId,
    },
}

/// The personal part of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePayload {
    /// Name of the person or the agency.
    #[serde(default)]
    pub name: String,
    /// For an agency: how HI-1 messages name it.
    #[serde(default)]
    pub hi1_identifier: String,
    /// For an agency: certificates in PEM to which its packages are encrypted.
    #[serde(default)]
    pub recipients_pem: Vec<String>,
    /// For an agency: age recipients.
    #[serde(default)]
    pub recipients_age: Vec<String>,
    /// For an agency: where DELIVER messages are posted; without one it fetches with GET.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// For an agency: keys that sign its HI-1 messages, as algorithm and base64 of the DER.
    #[serde(default)]
    pub signature_keys: Vec<SignatureKey>,
    /// For a mark: why.
    #[serde(default)]
    pub reason: String,
}

/// A key that signs an agency's HI-1 messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureKey {
    /// `ed25519`, `es256` or `rs256`.
    pub algorithm: String,
    /// Base64 of the DER of SubjectPublicKeyInfo.
    pub public_key: String,
}

impl SignatureKey {
    /// The key as HI-1 checks it; `None` when the algorithm is unknown or it is not base64.
    #[must_use]
    pub fn enrolled(&self) -> Option<EnrolledKey> {
        let algorithm = match self.algorithm.as_str() {
            "ed25519" => Algorithm::Ed25519,
            "es256" => Algorithm::Es256,
            "rs256" => Algorithm::Rs256,
            _ => return None,
        };
        let engine = base64::engine::general_purpose::STANDARD;
        let public_key = base64::Engine::decode(&engine, &self.public_key).ok()?;
        Some(EnrolledKey { algorithm, public_key })
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
    by_certificate: BTreeMap<String, Holder>,
    marked: BTreeSet<KeyId>,
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
    pub fn apply(&mut self, change: &Change, payload: &ChangePayload) {
        match change {
            Change::StaffAdded { staff, roles, certificate_sha256, .. } => {
                let roles = roles.iter().copied().collect();
                let person = Staff { id: *staff, name: payload.name.clone(), roles };
                self.staff.insert(*staff, person);
                self.by_certificate.insert(certificate_sha256.clone(), Holder::Staff(*staff));
            }
            Change::StaffRemoved { staff, .. } => {
                self.staff.remove(staff);
                self.by_certificate
                    .retain(|_, holder| !matches!(holder, Holder::Staff(id) if id == staff));
            }
            Change::AgencyAdded { agency, country, regime, key, certificate_sha256, .. } => {
                let entry = Agency {
                    id: *agency,
                    name: payload.name.clone(),
                    country: country.clone(),
                    hi1_identifier: payload.hi1_identifier.clone(),
                    regime: regime.clone(),
                    key: *key,
                    recipients_pem: payload.recipients_pem.clone(),
                    recipients_age: payload.recipients_age.clone(),
                    endpoint: payload.endpoint.clone(),
                    signature_keys: payload.signature_keys.clone(),
                };
                self.agencies.insert(*agency, entry);
                self.by_certificate.insert(certificate_sha256.clone(), Holder::Agency(*agency));
            }
            Change::KeyMarked { key, .. } => {
                self.marked.insert(*key);
            }
            Change::KeyCleared { key, .. } => {
                self.marked.remove(key);
            }
        }
        self.seq += 1;
    }

    /// Who holds this certificate, as the policy wants to know it.
    #[must_use]
    pub fn actor(&self, certificate: &Fingerprint) -> Option<Actor> {
        match self.by_certificate.get(&certificate.to_string())? {
            Holder::Staff(id) => {
                let person = self.staff.get(id)?;
                Some(Actor { id: ActorId::Staff(*id), roles: person.roles.clone(), agency: None })
            }
            Holder::Agency(id) => {
                let agency = self.agencies.get(id)?;
                Some(Actor {
                    id: ActorId::Key(agency.key),
                    roles: BTreeSet::from([Role::Officer, Role::AgencyKeyHolder]),
                    agency: Some(*id),
                })
            }
        }
    }

    /// The marks that policy reads: on the key itself, and on any other key of its agency.
    #[must_use]
    pub fn standing(&self, key: Option<KeyId>, agency: Option<AgencyId>) -> Standing {
        let key_suspected = key.is_some_and(|key| self.marked.contains(&key));
        let agency_held = agency
            .and_then(|id| self.agencies.get(&id))
            .is_some_and(|agency| self.marked.contains(&agency.key) && Some(agency.key) != key);
        Standing { key_suspected, agency_held }
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
        self.agencies.values().any(|agency| agency.key == key)
    }

    /// Whether a certificate is enrolled already.
    #[must_use]
    pub fn has_certificate(&self, certificate: &Fingerprint) -> bool {
        self.by_certificate.contains_key(&certificate.to_string())
    }

    /// Name for the custody list: a person's name, an agency's name, or the actor's id.
    #[must_use]
    pub fn name(&self, actor: ActorId) -> String {
        match actor {
            ActorId::Staff(id) => {
                self.staff.get(&id).map_or_else(|| actor.to_string(), |person| person.name.clone())
            }
            ActorId::Key(key) => self
                .agencies
                .values()
                .find(|agency| agency.key == key)
                .map_or_else(|| actor.to_string(), |agency| agency.name.clone()),
            _ => actor.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use desk::policy::Role;

    use super::*;

    fn agency(key: u128) -> (Change, Fingerprint, KeyId, AgencyId) {
        let certificate = Fingerprint([u8::try_from(key).expect("small"); 32]);
        let (key, id) = (KeyId(Uuid::from_u128(key)), AgencyId(Uuid::from_u128(key + 100)));
        let change = Change::AgencyAdded {
            agency: id,
            country: "SG".into(),
            regime: "sg-cpc-2010".into(),
            key,
            certificate_sha256: certificate.to_string(),
            by: console().id,
        };
        (change, certificate, key, id)
    }

    #[test]
    fn a_certificate_is_an_agency_until_marked_and_a_stranger_is_nobody() {
        let (change, certificate, key, id) = agency(7);
        let mut directory = Directory::default();
        directory.apply(&change, &ChangePayload::default());
        let actor = directory.actor(&certificate).expect("enrolled");
        assert_eq!(actor.agency, Some(id));
        assert!(actor.has(Role::Officer));
        assert!(directory.actor(&Fingerprint([9; 32])).is_none());
        assert!(!directory.standing(Some(key), Some(id)).key_suspected);
        directory.apply(&Change::KeyMarked { key, by: console().id }, &ChangePayload::default());
        assert!(directory.standing(Some(key), Some(id)).key_suspected);
    }

    #[test]
    fn a_removed_member_of_staff_is_nobody() {
        let certificate = Fingerprint([3; 32]);
        let staff = StaffId(Uuid::from_u128(3));
        let mut directory = Directory::default();
        let added = Change::StaffAdded {
            staff,
            roles: vec![Role::Counsel],
            certificate_sha256: certificate.to_string(),
            by: console().id,
        };
        directory.apply(&added, &ChangePayload { name: "Bo".into(), ..Default::default() });
        assert_eq!(directory.name(ActorId::Staff(staff)), "Bo");
        assert!(directory.actor(&certificate).expect("enrolled").has(Role::Counsel));
        directory
            .apply(&Change::StaffRemoved { staff, by: console().id }, &ChangePayload::default());
        assert!(directory.actor(&certificate).is_none());
    }
}
