//! Events as the bytes that are kept, hashed and logged. Knows no envelope: stream, sequence, time
//! and payload are put around this JSON by whoever stores it (docs/formats/record.md).
//!
//! The wire types stand apart from [`Event`], so that renaming a field there cannot change a byte
//! here. A new version gets a new enum; the old one stays for as long as anybody holds its bytes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{ClockName, ClockStart, StopReason};
use crate::ids::{
    ActorId, AgencyId, Amount, AskNumber, Asset, Digest, EffectId, ExhibitNumber, KeyId, RequestId,
    StaffId,
};
use crate::order::{DataCategory, Order};
use crate::pack::PackRef;
use crate::request::{
    EffectKind, Event, HoldReason, IdentityMethod, MissingReason, Outcome, RefusalCode,
};
use crate::suspicion::Assessment;

/// The version that `encode` writes.
pub const VERSION: u64 = 1;

/// The largest event, in bytes.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// Why bytes are no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A version this program does not know.
    #[error("record version {0} is unknown; this program reads version 1, use a newer one")]
    UnknownVersion(u64),
    /// A kind of event this program does not know.
    #[error("event kind `{0}` is unknown in version 1; use a newer program")]
    UnknownKind(String),
    /// The text is larger than any event.
    #[error("the event is larger than {EVENT_BYTES_MAX} bytes; it was not written by this program")]
    TooLarge,
    /// No JSON, or fields that are missing, unknown or of the wrong sort.
    #[error("the event is damaged {place}: {message}")]
    Damaged {
        /// Where: the kind of event, or line and column where even that cannot be read.
        place: String,
        /// What was found and what was expected.
        message: String,
    },
}

/// The compact JSON of an event, in version 1.
pub fn encode(event: &Event) -> String {
    // Every field is a word, number, text, list or map with text keys: none can fail to be JSON.
    serde_json::to_string(&EventV1::from(event.clone())).unwrap_or_default()
}

/// The event of a version 1 JSON text.
///
/// # Errors
/// Unknown kinds by their name, damage by its place.
pub fn decode(json: &str) -> Result<Event, RecordError> {
    if json.len() > EVENT_BYTES_MAX {
        return Err(RecordError::TooLarge);
    }
    match serde_json::from_str::<EventV1>(json) {
        Ok(event) => Ok(event.into()),
        Err(error) => Err(fault(json, &error)),
    }
}

/// The event of a JSON text whose envelope names its version.
///
/// # Errors
/// Those of [`decode`], and an unknown version.
pub fn decode_version(version: u64, json: &str) -> Result<Event, RecordError> {
    if version == VERSION { decode(json) } else { Err(RecordError::UnknownVersion(version)) }
}

fn fault(json: &str, error: &serde_json::Error) -> RecordError {
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    let kind = serde_json::from_str(json).ok().map(|Kind { kind }| kind);
    let place = match kind {
        Some(kind) if !KINDS_V1.contains(&kind.as_str()) => return RecordError::UnknownKind(kind),
        Some(kind) => format!("in `{kind}`"),
        None => format!("at line {}, column {}", error.line(), error.column()),
    };
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    RecordError::Damaged { place, message }
}

/// Declares the wire form of every event: its word, its fields in their order, their types.
macro_rules! wire {
    ($($word:literal $name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {
        /// The kinds of event in version 1.
        pub const KINDS_V1: &[&str] = &[$($word,)*];

        #[derive(Serialize, Deserialize)]
        #[serde(tag = "kind", deny_unknown_fields)]
        enum EventV1 {
            $(#[serde(rename = $word)] $name { $($field: $kind),* },)*
        }

        impl From<Event> for EventV1 {
            fn from(event: Event) -> Self {
                match event {
                    $(Event::$name { $($field),* } => Self::$name { $($field),* },)*
                }
            }
        }

        impl From<EventV1> for Event {
            fn from(event: EventV1) -> Self {
                match event {
                    $(EventV1::$name { $($field),* } => Self::$name { $($field),* },)*
                }
            }
        }
    };
}

wire! {
    "received" Received {
        request: RequestId,
        agency: Option<AgencyId>,
        key: Option<KeyId>,
        order: Box<Order>,
        instrument_sha256: Digest,
        pack: PackRef,
        by: ActorId,
    }
    "assessed" Assessed { assessment: Box<Assessment>, by: ActorId }
    "identity_check_started" IdentityCheckStarted { by: ActorId }
    "identity_verified" IdentityVerified { method: IdentityMethod, by: ActorId }
    "legal_accepted" LegalAccepted { ask: AskNumber, despite: Vec<RefusalCode>, by: ActorId }
    "information_requested" InformationRequested {
        ask: AskNumber,
        codes: Vec<RefusalCode>,
        by: ActorId,
    }
    "information_provided" InformationProvided {
        ask: AskNumber,
        order: Option<Box<Order>>,
        by: ActorId,
    }
    "held" Held { ask: AskNumber, reason: HoldReason, by: ActorId }
    "hold_ended" HoldEnded { ask: AskNumber, by: ActorId }
    "authority_cleared" AuthorityCleared { ask: AskNumber, by: ActorId }
    "search_started" SearchStarted { ask: AskNumber, by: ActorId }
    "exhibit_added" ExhibitAdded {
        ask: AskNumber,
        exhibit: ExhibitNumber,
        category: DataCategory,
        exhibit_sha256: Digest,
        rows: u64,
        withheld: u64,
        by: ActorId,
    }
    "outcome_recorded" OutcomeRecorded {
        ask: AskNumber,
        outcome: Outcome,
        missing: Vec<MissingReason>,
        by: ActorId,
    }
    "assembled" Assembled { asks: Vec<AskNumber>, tagmanifest_sha256: Digest, by: ActorId }
    "package_returned" PackageReturned { asks: Vec<AskNumber>, by: ActorId }
    "approved" Approved { asks: Vec<AskNumber>, tagmanifest_sha256: Digest, by: ActorId }
    "sealed" Sealed {
        asks: Vec<AskNumber>,
        tagmanifest_sha256: Digest,
        p7s_sha256: Digest,
        tsr_sha256: Option<Digest>,
        chain_sha256: Digest,
    }
    "delivered" Delivered {
        asks: Vec<AskNumber>,
        package_sha256: Digest,
        encrypted_sha256: Digest,
        by: ActorId,
    }
    "acknowledged" Acknowledged { asks: Vec<AskNumber>, package_sha256: Digest, by: ActorId }
    "closed" Closed { ask: AskNumber, by: ActorId }
    "refused" Refused { ask: AskNumber, code: RefusalCode, by: ActorId }
    "withdrawn" Withdrawn { ask: AskNumber, after_delivery: bool, by: ActorId }
    "deletion_requested" DeletionRequested { ask: AskNumber, package_sha256: Digest }
    "deletion_confirmed" DeletionConfirmed { ask: AskNumber, by: ActorId }
    "expired" Expired { ask: AskNumber }
    "preserved" Preserved {
        ask: AskNumber,
        exhibit: ExhibitNumber,
        exhibit_sha256: Digest,
        rows: u64,
        until: Timestamp,
        by: ActorId,
    }
    "extended" Extended { ask: AskNumber, until: Timestamp, by: ActorId }
    "linked" Linked { ask: AskNumber, order_sha256: Digest, by: ActorId }
    "released" Released { ask: AskNumber, by: ActorId }
    "copy_deleted" CopyDeleted { ask: AskNumber, exhibit_sha256: Digest }
    "lapsed" Lapsed { ask: AskNumber, until: Timestamp }
    "effect_requested" EffectRequested {
        ask: AskNumber,
        effect: EffectId,
        // `kind` is the event's own word.
        action: EffectKind,
        attempt: u16,
        until: Option<Timestamp>,
        by: ActorId,
    }
    "effect_confirmed" EffectConfirmed { ask: AskNumber, effect: EffectId, late: bool, by: ActorId }
    "effect_failed" EffectFailed { ask: AskNumber, effect: EffectId, by: ActorId }
    "frozen" Frozen { ask: AskNumber, asset: Asset, amount: Amount, until: Timestamp }
    "freeze_confirmed" FreezeConfirmed {
        ask: AskNumber,
        order_sha256: Digest,
        until: Option<Timestamp>,
        by: ActorId,
    }
    "unfrozen" Unfrozen { ask: AskNumber }
    "notice_postponed" NoticePostponed { ask: AskNumber }
    "in_force" InForce { ask: AskNumber, until: Option<Timestamp> }
    "lifted" Lifted { ask: AskNumber, by: ActorId }
    "emergency_reviewed" EmergencyReviewed { ask: AskNumber, justified: bool, by: ActorId }
    "ex_post_order_received" ExPostOrderReceived {
        ask: AskNumber,
        order_sha256: Digest,
        by: ActorId,
    }
    "key_marked" KeyMarked { key: KeyId, by: ActorId }
    "key_cleared" KeyCleared { key: KeyId, by: ActorId }
    "message_posted" MessagePosted { ask: Option<AskNumber>, by: ActorId }
    "assigned" Assigned { to: Option<StaffId>, by: ActorId }
    "retention_set" RetentionSet { days: Option<u16>, by: ActorId }
    "erased" Erased { by: ActorId }
    "clock_started" ClockStarted { ask: AskNumber, clock: ClockStart }
    "clock_paused" ClockPaused { ask: AskNumber, clock: ClockName }
    "clock_resumed" ClockResumed { ask: AskNumber, clock: ClockName, due: Timestamp }
    "clock_stopped" ClockStopped { ask: AskNumber, clock: ClockName, reason: StopReason }
    "clock_breached" ClockBreached { ask: AskNumber, clock: ClockName, due: Timestamp }
}
