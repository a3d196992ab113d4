//! Marks of suspected fraud: our own upon keys, and what other desks say of senders.
//!
//! Knows no request. A mark of ours binds at once; what another desk says binds nothing and only
//! raises the score of a request (`desk::suspicion`).

use std::collections::{BTreeMap, BTreeSet};

use desk::ids::{ActorId, AgencyId, KeyId, RequestId};
use desk::suspicion::MarkReason;
use jiff::Timestamp;
use ledger::note::VerifierKey;
use sha2::{Digest as _, Sha256};

use super::change::{Change, ChangePayload};
use super::{Directory, Holder};
use crate::fraud::marks::{Identifier, IdentifierKind, SharedMark};

/// Our own marks and those of others.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    own: BTreeMap<KeyId, Mark>,
    foreign: BTreeMap<String, ForeignList>,
    keys: BTreeMap<String, DeskKey>,
    exported: Option<(Timestamp, ActorId)>,
}

/// The key that is trusted for a desk's marks: the first one they came under, until a person trusts
/// another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskKey {
    /// SHA-256 of the key, as text.
    pub sha256: String,
    /// Since when.
    pub at: Timestamp,
    /// Who trusted it.
    pub by: ActorId,
    /// What was said when it was trusted; nothing on first use.
    pub words: String,
}

/// The digest by which a desk's key is known: of its text, `name+id+base64`.
#[must_use]
pub fn key_sha256(key: &VerifierKey) -> String {
    hex::encode(Sha256::digest(key.to_string().as_bytes()))
}

/// A mark upon a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How hard it is.
    pub kind: MarkKind,
    /// Why, in a word that other desks understand.
    pub reason: MarkReason,
    /// Why, in the words of whoever set it.
    pub words: String,
    /// Who set it.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
}

/// How hard a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// The key opens nothing any more.
    Frozen,
    /// Nothing that the key asked for leaves; its holder is not told.
    Watched {
        /// The request that named a decoy.
        request: RequestId,
    },
}

impl Mark {
    /// True for a mark that its holder is not told of.
    #[must_use]
    pub const fn is_watch(&self) -> bool {
        matches!(self.kind, MarkKind::Watched { .. })
    }
}

/// What another desk says, as taken in by staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignList {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// It says nothing from then on.
    pub until: Timestamp,
    /// Who took it in.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub marks: Vec<SharedMark>,
}

impl Marks {
    pub(super) fn apply(&mut self, change: &Change, payload: &ChangePayload, at: Timestamp) {
        let words = payload.reason.clone();
        match change {
            Change::KeyMarked { key, reason, by } => {
                let reason = reason.unwrap_or(MarkReason::Other);
                let mark = Mark { kind: MarkKind::Frozen, reason, words, by: *by, at };
                self.own.insert(*key, mark);
            }
            Change::KeyWatched { key, request, by } => {
                let kind = MarkKind::Watched { request: *request };
                let mark = Mark { kind, reason: MarkReason::Canary, words, by: *by, at };
                // A frozen key is not set free by a softer mark.
                self.own.entry(*key).or_insert(mark);
            }
            Change::KeyCleared { key, .. } => {
                self.own.remove(key);
            }
            Change::DeskKeyTrusted { desk, key_sha256, by } => {
                let key = DeskKey { sha256: key_sha256.clone(), at, by: *by, words };
                self.keys.insert(desk.clone(), key);
            }
            Change::MarksExported { by, .. } => self.exported = Some((at, *by)),
            Change::MarksImported { desk, issued_at, until, key_sha256, by, .. } => {
                if let Some(sha256) = key_sha256.clone() {
                    let key = || DeskKey { sha256, at, by: *by, words: String::new() };
                    self.keys.entry(desk.clone()).or_insert_with(key);
                }
                let (issued_at, until, by) = (*issued_at, *until, *by);
                let marks = payload.marks.clone();
                let list = ForeignList { issued_at, until, by, at, marks };
                self.foreign.insert(desk.clone(), list);
            }
            _ => {}
        }
    }
}

impl Directory {
    /// Whether a key is marked as suspected of fraud and opens nothing.
    #[must_use]
    pub fn is_marked(&self, key: KeyId) -> bool {
        self.mark(key).is_some_and(|mark| mark.kind == MarkKind::Frozen)
    }

    /// The mark upon a key.
    #[must_use]
    pub fn mark(&self, key: KeyId) -> Option<&Mark> {
        self.marks.own.get(&key)
    }

    /// All marked keys.
    pub fn marks(&self) -> impl Iterator<Item = (KeyId, &Mark)> {
        self.marks.own.iter().map(|(key, mark)| (*key, mark))
    }

    /// The key that is trusted for a desk's marks.
    #[must_use]
    pub fn desk_key(&self, desk: &str) -> Option<&DeskKey> {
        self.marks.keys.get(desk)
    }

    /// All keys that are trusted for desks' marks, by the names of their logs.
    pub fn desk_keys(&self) -> impl Iterator<Item = (&str, &DeskKey)> {
        self.marks.keys.iter().map(|(desk, key)| (desk.as_str(), key))
    }

    /// When this desk's own marks were last signed for others, and by whom.
    #[must_use]
    pub fn marks_exported(&self) -> Option<(Timestamp, ActorId)> {
        self.marks.exported
    }

    /// What another desk says, by the name of its log.
    #[must_use]
    pub fn foreign_list(&self, desk: &str) -> Option<&ForeignList> {
        self.marks.foreign.get(desk)
    }

    /// What all other desks say, by the names of their logs.
    pub fn foreign_lists(&self) -> impl Iterator<Item = (&str, &ForeignList)> {
        self.marks.foreign.iter().map(|(desk, list)| (desk.as_str(), list))
    }

    /// What other desks say of a key now: which desk, and why.
    #[must_use]
    pub fn foreign_marks_of(&self, key: KeyId, now: Timestamp) -> Vec<(String, MarkReason)> {
        let own = self.identifiers(key);
        let mut said = Vec::new();
        for (desk, list) in self.foreign_lists().filter(|(_, list)| now < list.until) {
            let names_it = |mark: &&SharedMark| {
                mark.identifiers.iter().any(|identifier| own.contains(identifier))
            };
            said.extend(list.marks.iter().filter(names_it).map(|m| (desk.to_owned(), m.reason)));
        }
        said
    }

    /// What other desks say now of the paper of a request, by the digests of its files and of all
    /// of them together.
    #[must_use]
    pub fn foreign_marks_of_order(
        &self,
        digests: &BTreeSet<String>,
        now: Timestamp,
    ) -> Vec<(String, MarkReason)> {
        let mut said = Vec::new();
        for (desk, list) in self.foreign_lists().filter(|(_, list)| now < list.until) {
            let names_it = |mark: &&SharedMark| {
                mark.identifiers.iter().any(|identifier| {
                    identifier.kind == IdentifierKind::Order && digests.contains(&identifier.sha256)
                })
            };
            said.extend(list.marks.iter().filter(names_it).map(|m| (desk.to_owned(), m.reason)));
        }
        said
    }

    /// By what another desk can recognise the holder of a key: digests only. A passkey belongs to
    /// one site alone (W3C WebAuthn level 2, section 4, RP ID), so it is none of them.
    #[must_use]
    pub fn identifiers(&self, key: KeyId) -> Vec<Identifier> {
        let mut all = Vec::new();
        if let Some(officer) = self.officer(key) {
            let email = officer.email.as_deref().map(email_digest);
            all.extend(
                email.map(|sha256| Identifier { kind: IdentifierKind::OfficerEmail, sha256 }),
            );
        }
        let Some(agency) = self.agency_of_key(key).and_then(|id| self.agency(id)) else {
            return all;
        };
        if agency.key == key {
            let certificates = self.certificates_of(agency.id);
            all.extend(certificates.map(|sha256| Identifier {
                kind: IdentifierKind::Certificate,
                sha256: sha256.to_owned(),
            }));
            all.extend(agency.signing_keys().iter().map(|known| Identifier {
                kind: IdentifierKind::SignatureKey,
                sha256: hex::encode(Sha256::digest(&known.public_key)),
            }));
        }
        all
    }

    /// The agency that holds a key: its machine's or an officer's.
    #[must_use]
    pub fn agency_of_key(&self, key: KeyId) -> Option<AgencyId> {
        let of_machine = || self.agencies.values().find(|agency| agency.key == key);
        let of_officer = self.officer(key).map(|officer| officer.agency);
        of_officer.or_else(|| of_machine().map(|agency| agency.id))
    }

    fn certificates_of(&self, agency: AgencyId) -> impl Iterator<Item = &str> {
        let is_its = move |holder: &Holder| matches!(holder, Holder::Agency(id) if *id == agency);
        let all = self.by_certificate.iter().filter(move |(_, holder)| is_its(holder));
        all.map(|(fingerprint, _)| fingerprint.as_str())
    }
}

/// The digest of an officer's address: of a domain that is public and a name that can be guessed,
/// so it hides little; it is compared, not read.
fn email_digest(email: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"comity officer e-mail v1\0");
    hash.update(email.trim().to_lowercase().as_bytes());
    hex::encode(hash.finalize())
}
