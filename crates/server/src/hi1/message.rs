//! HI-1 messages: header, requests, answers. Knows the Core schema; knows no desk and no sender.

mod read;
mod write;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::error::{ActionError, Defect, ErrorInformation, Fault, MessageError};
use super::object::Object;
use super::signature::Claim;
use super::value::{CountryCode, EndpointId, ObjectId, Timespan, Word};

pub use write::{write_answers, write_refusal, write_requests};

/// A message as received: read, but neither authenticated nor answered.
#[derive(Debug)]
pub struct Inbound {
    /// Who, to whom, when, which version.
    pub header: Header,
    /// What it asks or answers.
    pub payload: Payload,
    /// The signatures it carries, not yet checked: give it to [`super::signature::verify`].
    pub claim: Claim,
}

/// Reads one message.
///
/// An action that cannot be served does not fail the message: it is an [`Action`] whose `act` is
/// an error, and the others proceed.
///
/// # Errors
/// [`MessageError`] when there is no message to answer action by action.
pub fn parse(raw: &[u8]) -> Result<Inbound, MessageError> {
    let node = super::json::read(raw).map_err(|defect| MessageError { header: None, defect })?;
    let mut header = None;
    read::message(raw, &node, &mut header)
        .map_err(|defect| MessageError { header: header.map(Box::new), defect })
}

/// The header of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Who sends.
    pub sender: EndpointId,
    /// Who is meant to receive.
    pub receiver: EndpointId,
    /// Names the message and its answer; used once.
    pub transaction: Uuid,
    /// The sender's clock.
    pub timestamp: Timestamp,
    /// Version of the standard and of the national profile.
    pub version: Version,
    /// A workflow of the agency.
    pub workflow: Option<String>,
}

impl Header {
    /// Refuses a message for somebody else.
    ///
    /// # Errors
    /// [`Defect::NotForUs`] naming the receivers we are.
    pub fn check_receiver(&self, ours: &[EndpointId]) -> Result<(), Defect> {
        if ours.contains(&self.receiver) {
            return Ok(());
        }
        let names: Vec<String> = ours.iter().map(EndpointId::to_string).collect();
        let problem =
            format!("{} is not served here; this service is {}", self.receiver, names.join(" or "));
        Err(Defect::NotForUs(Fault { path: "$.Header.ReceiverIdentifier".into(), problem }))
    }

    /// Refuses a message that is too old or from the future.
    ///
    /// # Errors
    /// [`Defect::Stale`] naming both times.
    pub fn check_time(&self, now: Timestamp, window: SignedDuration) -> Result<(), Defect> {
        let distance = self.timestamp.duration_since(now);
        if distance.abs() <= window {
            return Ok(());
        }
        let side = if distance.is_negative() { "before" } else { "after" };
        let problem = format!(
            "{} is {} seconds {side} this service's clock ({now}); the limit is {}, set the clock \
             or send the message anew",
            self.timestamp,
            distance.abs().as_secs(),
            window.as_secs()
        );
        Err(Defect::Stale(Fault { path: "$.Header.Timestamp".into(), problem }))
    }
}

/// Versions named in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Version of TS 103 120.
    pub etsi: EtsiVersion,
    /// Who owns the national profile.
    pub profile_owner: String,
    /// Its version.
    pub profile_version: String,
}

impl Version {
    /// V1.13.x to V1.23.x are served.
    fn is_served(&self) -> bool {
        self.etsi.major == 1 && (13..=23).contains(&self.etsi.minor)
    }
}

/// A version of TS 103 120, as V1.23.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EtsiVersion {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub editorial: u16,
}

impl EtsiVersion {
    /// The version we write when we begin a conversation.
    pub const OURS: Self = Self { major: 1, minor: 23, editorial: 1 };
}

impl fmt::Display for EtsiVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "V{}.{}.{}", self.major, self.minor, self.editorial)
    }
}

/// What a message carries.
#[derive(Debug, PartialEq, Eq)]
pub enum Payload {
    /// Requests, in the order sent.
    Requests(Vec<Action>),
    /// Answers, in the order sent.
    Answers(Vec<ActionAnswer>),
    /// The whole message was refused.
    Refused(ErrorInformation),
}

/// The number of an action in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionNumber(pub u64);

/// One requested action.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its number.
    pub number: ActionNumber,
    /// Its place in the message, for errors found later.
    pub path: String,
    /// What is asked, or why it is not served.
    pub act: Result<Act, ActionError>,
}

/// What an action asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "at most 100 live at once, and briefly")]
pub enum Act {
    /// Create this object.
    Create(Object),
    /// Change this object; members absent stay as they are.
    Update(Object),
    /// Read one object.
    Get(ObjectId),
    /// List objects.
    List(ListFilter),
    /// Take this delivery.
    Deliver {
        /// The task it answers.
        task: ObjectId,
        /// The delivery.
        object: Object,
    },
    /// Read what this service supports.
    GetCspConfig,
}

/// Which objects a LIST wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only this kind.
    pub kind: Option<Word>,
    /// Only changed since.
    pub changed_since: Option<Timestamp>,
    /// Only changed in this span.
    pub changed_within: Option<Timespan>,
    /// At most so many.
    pub count_max: Option<u64>,
    /// Only in this state.
    pub status: Option<Word>,
    /// Only of this country.
    pub country: Option<CountryCode>,
}

/// The answer to one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionAnswer {
    /// The action's number.
    pub number: ActionNumber,
    /// What became of it.
    pub answer: Answer,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Created; with the object if its state says something already.
    Created(ObjectId, Option<Object>),
    /// Changed.
    Updated(ObjectId, Option<Object>),
    /// Read.
    Got(Object),
    /// Listed.
    Listed(Vec<ListRecord>),
    /// Taken.
    Delivered(ObjectId),
    /// What the service supports: the members of `GETCSPCONFIGResponse`.
    Config(Value),
    /// Refused.
    Refused(ErrorInformation),
}

/// One line of an answer to LIST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRecord {
    /// Kind of object.
    pub kind: Word,
    /// Which object.
    pub object: ObjectId,
    /// Country of its owner.
    pub country: Option<CountryCode>,
    /// Its owner.
    pub owner: Option<String>,
    /// Its version.
    pub generation: u64,
    /// When it last changed.
    pub last_changed: Option<Timestamp>,
}
