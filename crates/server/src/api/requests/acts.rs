//! The acts of staff as JSON, and what they answer.

use desk::ids::{AskNumber, Digest, EffectId, RequestId};
use desk::request::{Command, Event, HoldReason, IdentityMethod, RefusalCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::{Act, Done};
use crate::error::Error;
use crate::payload::Said;
use crate::wrong::Wrong;

/// One act and what is said with it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActBody {
    /// What is done.
    pub act: StaffAct,
    /// Words on the record: a reason, a question, a note of a call. Personal data belongs here.
    #[serde(default)]
    pub text: Option<String>,
}

/// What staff can do to a request, besides searching, freezing and assembling.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "asks are numbers from 1, digests 64 hex digits, as in the desk")]
pub enum StaffAct {
    /// Take up the question who sent it.
    StartIdentityCheck {},
    /// Say how the sender was proven.
    VerifyIdentity {
        #[schema(value_type = String)]
        method: IdentityMethod,
    },
    /// Accept an ask in law, naming each reason against it that is knowingly set aside.
    AcceptLegal {
        ask: u16,
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        despite: Vec<RefusalCode>,
    },
    /// Ask the authority to clarify or correct.
    RequestInformation {
        ask: u16,
        #[schema(value_type = Vec<String>)]
        codes: Vec<RefusalCode>,
    },
    /// Note what the authority clarified by other means.
    ProvideInformation { ask: u16 },
    /// Stop an ask for an authority or a court.
    Hold {
        ask: u16,
        #[schema(value_type = String)]
        reason: HoldReason,
    },
    /// Let it go on.
    EndHold { ask: u16 },
    /// Note that the enforcing authority raises no ground for refusal.
    ClearByAuthority { ask: u16 },
    /// Send a package back to the analyst.
    ReturnPackage { asks: Vec<u16> },
    /// Approve exactly this package; then it is sealed and delivered.
    Approve { asks: Vec<u16>, tagmanifest_sha256: String },
    /// Put an ask away.
    Close { ask: u16 },
    /// Refuse an ask.
    Refuse {
        ask: u16,
        #[schema(value_type = String)]
        code: RefusalCode,
    },
    /// Note that the authority took an ask back.
    Withdraw { ask: u16 },
    /// Note that what was received under a withdrawn ask is deleted.
    ConfirmDeletion { ask: u16 },
    /// Keep a preserved copy longer.
    Extend { ask: u16 },
    /// Link the order for preserved rows.
    Link { ask: u16, order_sha256: String },
    /// End a preservation, a freeze or silence before its time.
    Release { ask: u16 },
    /// Link the order that confirms a freeze.
    ConfirmFreeze {
        ask: u16,
        order_sha256: String,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        until: Option<Timestamp>,
    },
    /// Release a freeze, as an accepted Unfreeze ask wants.
    Unfreeze { ask: u16 },
    /// Try a failed effect again.
    RetryEffect { effect: uuid::Uuid },
    /// Review an emergency answer as a third person.
    ReviewEmergency { ask: u16, justified: bool },
    /// Link the order that an emergency went before.
    ReceiveExPostOrder { ask: u16, order_sha256: String },
    /// Put a message on the record.
    PostMessage {
        #[serde(default)]
        ask: Option<u16>,
    },
    /// Say who of the staff works on it; nobody when absent.
    Assign {
        #[serde(default)]
        to: Option<uuid::Uuid>,
    },
}

/// An act that was done: it is on disk and in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActDone {
    /// The request.
    pub request: String,
    /// What happened, as in docs/formats/record.md; not what the desk suspects.
    pub events: Vec<Value>,
    /// When.
    pub at: String,
    /// Number of the first event in the request.
    pub seq: u64,
    /// Leaves of the log, first and one past the last.
    pub leaves: [u64; 2],
    /// The checkpoint that covers them.
    pub checkpoint: String,
}

impl ActDone {
    /// Describes what was done.
    #[must_use]
    pub fn of(done: &Done) -> Self {
        let events = done
            .events
            .iter()
            // Whoever acts may be whoever is suspected.
            .filter(|event| !matches!(event, Event::Assessed { .. }))
            .map(|event| serde_json::from_str(&desk::record::encode(event)).unwrap_or(Value::Null));
        let appended = &done.appended;
        Self {
            request: appended.stream.to_string(),
            events: events.collect(),
            at: appended.at.to_string(),
            seq: appended.first_seq,
            leaves: [appended.leaves.start, appended.leaves.end],
            checkpoint: appended.checkpoint.to_string(),
        }
    }
}

impl ActBody {
    /// The act upon a request.
    ///
    /// # Errors
    /// When a digest is not 64 lower-case hex digits.
    pub fn into_act(self, request: RequestId) -> Result<Act, Error> {
        let act = Act::new(request, self.act.command()?);
        match self.text {
            Some(text) => act.with(&Said { text }),
            None => Ok(act),
        }
    }
}

impl StaffAct {
    fn command(self) -> Result<Command, Error> {
        let n = AskNumber;
        let all = |asks: Vec<u16>| asks.into_iter().map(AskNumber).collect();
        Ok(match self {
            Self::StartIdentityCheck {} => Command::StartIdentityCheck,
            Self::VerifyIdentity { method } => Command::VerifyIdentity { method },
            Self::AcceptLegal { ask, despite } => Command::AcceptLegal { ask: n(ask), despite },
            Self::RequestInformation { ask, codes } => {
                Command::RequestInformation { ask: n(ask), codes }
            }
            Self::ProvideInformation { ask } => {
                Command::ProvideInformation { ask: n(ask), order: None }
            }
            Self::Hold { ask, reason } => Command::Hold { ask: n(ask), reason },
            Self::EndHold { ask } => Command::EndHold { ask: n(ask) },
            Self::ClearByAuthority { ask } => Command::ClearByAuthority { ask: n(ask) },
            Self::ReturnPackage { asks } => Command::ReturnPackage { asks: all(asks) },
            Self::Approve { asks, tagmanifest_sha256 } => Command::Approve {
                asks: all(asks),
                tagmanifest_sha256: digest("tagmanifest_sha256", &tagmanifest_sha256)?,
            },
            Self::Close { ask } => Command::Close { ask: n(ask) },
            Self::Refuse { ask, code } => Command::Refuse { ask: n(ask), code },
            Self::Withdraw { ask } => Command::Withdraw { ask: n(ask) },
            Self::ConfirmDeletion { ask } => Command::ConfirmDeletion { ask: n(ask) },
            Self::Extend { ask } => Command::Extend { ask: n(ask) },
            Self::Link { ask, order_sha256 } => {
                Command::Link { ask: n(ask), order_sha256: digest("order_sha256", &order_sha256)? }
            }
            Self::Release { ask } => Command::Release { ask: n(ask) },
            Self::ConfirmFreeze { ask, order_sha256, until } => Command::ConfirmFreeze {
                ask: n(ask),
                order_sha256: digest("order_sha256", &order_sha256)?,
                until,
            },
            Self::Unfreeze { ask } => Command::Unfreeze { ask: n(ask) },
            Self::RetryEffect { effect } => Command::RetryEffect { effect: EffectId(effect) },
            Self::ReviewEmergency { ask, justified } => {
                Command::ReviewEmergency { ask: n(ask), justified }
            }
            Self::ReceiveExPostOrder { ask, order_sha256 } => Command::ReceiveExPostOrder {
                ask: n(ask),
                order_sha256: digest("order_sha256", &order_sha256)?,
            },
            Self::PostMessage { ask } => Command::PostMessage { ask: ask.map(AskNumber) },
            Self::Assign { to } => Command::Assign { to: to.map(desk::ids::StaffId) },
        })
    }
}

fn digest(field: &str, text: &str) -> Result<Digest, Error> {
    Digest::from_hex(text).ok_or_else(|| Error::wrong(field, Wrong::NotADigest))
}
