//! Changes of the directory: the events of its stream, and their personal parts.
//!
//! Their JSON is hashed into the log's leaves, so a field is only ever added, with a default.

use desk::ids::{ActorId, AgencyId, KeyId, RequestId, StaffId};
use desk::policy::Role;
use desk::suspicion::MarkReason;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fraud::marks::SharedMark;
use crate::hi1::signature::{Algorithm, EnrolledKey};

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
        /// By which certificate; without one, by a passkey that is enrolled later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate_sha256: Option<String>,
        /// Whose act this is.
        by: ActorId,
    },
    /// A member of staff has other roles.
    StaffRolesChanged {
        /// Who.
        staff: StaffId,
        /// The new roles.
        roles: Vec<Role>,
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
        /// The key of its machine; no request of an officer comes with it.
        key: KeyId,
        /// The client certificate of its machine, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate_sha256: Option<String>,
        /// Whose act this is.
        by: ActorId,
    },
    /// A key is suspected of fraud; it binds at once.
    KeyMarked {
        /// Which.
        key: KeyId,
        /// Why, in a word that other desks understand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<MarkReason>,
        /// Whose act this is.
        by: ActorId,
    },
    /// A key named a decoy: nothing it asked for leaves, and its holder is not told.
    KeyWatched {
        /// Which.
        key: KeyId,
        /// The request that named the decoy.
        request: RequestId,
        /// Whose act this is.
        by: ActorId,
    },
    /// Another desk's marks were taken in; they take the place of what it said before.
    MarksImported {
        /// The name of the key that signed them: the other desk's log.
        desk: String,
        /// SHA-256 of the document as it came.
        document_sha256: String,
        /// When it was issued.
        issued_at: Timestamp,
        /// It says nothing from then on.
        until: Timestamp,
        /// SHA-256 of the key that signed them, as text; none of releases that did not keep it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_sha256: Option<String>,
        /// Whose act this is.
        by: ActorId,
    },
    /// Somebody compared another desk's key with a person there: its marks are those signed by it,
    /// and by no other.
    DeskKeyTrusted {
        /// The name of the key: the other desk's log.
        desk: String,
        /// SHA-256 of the key, as text.
        key_sha256: String,
        /// Whose act this is.
        by: ActorId,
    },
    /// This desk's own marks were signed for others.
    MarksExported {
        /// SHA-256 of the document.
        document_sha256: String,
        /// How many marks it holds.
        marks: u32,
        /// It says nothing from then on.
        until: Timestamp,
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
    /// Somebody is named as officer or supervisor of an agency; nothing is proven yet.
    OfficerProposed {
        /// The officer's key on the record.
        officer: KeyId,
        /// Whose officer.
        agency: AgencyId,
        /// Officer or supervisor.
        role: OfficerRole,
        /// Whose act this is.
        by: ActorId,
    },
    /// Staff called the agency at a number of our own directory and asked about an officer.
    CallBackRecorded {
        /// About whom.
        officer: KeyId,
        /// Which of the agency's numbers, from 0.
        number: u16,
        /// What was said.
        outcome: CallBack,
        /// Whose act this is.
        by: ActorId,
    },
    /// An officer may act from now on.
    OfficerAdmitted {
        /// Who.
        officer: KeyId,
        /// Whose act this is.
        by: ActorId,
    },
    /// The agency says again that this is its officer.
    OfficerAttested {
        /// Who.
        officer: KeyId,
        /// Whose act this is.
        by: ActorId,
    },
    /// Kill switch: an officer's key opens nothing from now on.
    OfficerStopped {
        /// Who.
        officer: KeyId,
        /// Whose act this is.
        by: ActorId,
    },
    /// An officer's key may act again.
    OfficerResumed {
        /// Who.
        officer: KeyId,
        /// Whose act this is.
        by: ActorId,
    },
    /// Kill switch: no key of an agency opens anything from now on.
    AgencyStopped {
        /// Which.
        agency: AgencyId,
        /// Whose act this is.
        by: ActorId,
    },
    /// The keys of an agency may act again.
    AgencyResumed {
        /// Which.
        agency: AgencyId,
        /// Whose act this is.
        by: ActorId,
    },
    /// A one-time link was made, by which somebody known enrols a passkey.
    Invited {
        /// Who.
        holder: ActorId,
        /// SHA-256 of the secret in the link.
        token_sha256: String,
        /// It opens nothing from then on.
        until: Timestamp,
        /// Whose act this is.
        by: ActorId,
    },
    /// A passkey was enrolled; the link is used up.
    PasskeyEnrolled {
        /// Whose.
        holder: ActorId,
        /// SHA-256 of the credential's id.
        credential_sha256: String,
        /// The link it was enrolled by.
        token_sha256: String,
        /// Whose act this is.
        by: ActorId,
    },
    /// A passkey means nothing from now on.
    PasskeyRemoved {
        /// Which.
        credential_sha256: String,
        /// Whose act this is.
        by: ActorId,
    },
    /// Somebody wants mails at another address; it counts when the link that was mailed there is
    /// opened.
    MailProposed {
        /// Who.
        holder: ActorId,
        /// SHA-256 of the secret in the link.
        token_sha256: String,
        /// It confirms nothing from then on.
        until: Timestamp,
        /// Whose act this is.
        by: ActorId,
    },
    /// Mails go to another address from now on, or to none.
    MailChanged {
        /// Whose.
        holder: ActorId,
        /// The link that confirmed the address; none when somebody else set it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_sha256: Option<String>,
        /// Whose act this is.
        by: ActorId,
    },
    /// Somebody's name was set.
    Named {
        /// Whose.
        holder: ActorId,
        /// Whose act this is.
        by: ActorId,
    },
}

/// What an officer is in the agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficerRole {
    /// Sends requests.
    Officer,
    /// Sends requests, and answers for the agency's officers.
    Supervisor,
}

/// What became of a call to the agency's own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallBack {
    /// The agency knows the person and the enrolment.
    Confirmed,
    /// The agency does not.
    Denied,
    /// Nobody could say.
    NotReached,
}

/// A passkey as it was enrolled: public facts of a credential (W3C WebAuthn level 2, section 6.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledPasskey {
    /// Base64url of the credential's id.
    pub credential_id: String,
    /// Base64url of the COSE key, as the authenticator gave it.
    pub cose_key: String,
    /// The relying party that the credential belongs to: the host of the site.
    pub rp_id: String,
    /// The site as the browser saw it.
    pub origin: String,
    /// What the log-in library keeps of it; opaque here.
    pub library: serde_json::Value,
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
    /// For a mark, a stop, a call-back: why, or what was said and by whom.
    #[serde(default)]
    pub reason: String,
    /// For an agency: its published switchboard numbers, the only ones that are called back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switchboard: Vec<String>,
    /// For an agency: the domains of its mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// For a person: where "look at the portal" is mailed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For an officer: post and rank, as the agency writes it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub post: String,
    /// For an enrolment: the passkey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<EnrolledPasskey>,
    /// For marks of another desk: what it says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<SharedMark>,
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
