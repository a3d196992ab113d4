//! The two tasks: disclose, and preserve with our own kinds.

use jiff::Timestamp;

use super::super::error::ErrorInformation;
use super::super::value::{Approval, CountryCode, EndpointId, ObjectId, Timespan, Word};
use super::Common;

/// What a task asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestDetails {
    /// Category of data, or our own kind of task.
    pub kind: Option<Word>,
    /// Range of time meant.
    pub span: Timespan,
    /// Moments meant.
    pub observed: Vec<Timestamp>,
    /// Identifiers.
    pub values: Vec<RequestValue>,
    /// Finer categories.
    pub subtypes: Vec<Word>,
    /// Finer kind of target.
    pub target_subtype: Option<Word>,
}

/// One identifier as sent: personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestValue {
    /// Who defines the format: "ETSI", "COMITY".
    pub format_owner: String,
    /// The format.
    pub format_name: String,
    /// The identifier.
    pub value: String,
}

/// `LDTaskObject`: disclose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosureTask {
    /// What every object has.
    pub common: Common,
    /// The agency's reference (LDID: country, agency, number).
    pub reference: Option<String>,
    /// State, set by us.
    pub status: Option<Word>,
    /// Why that state.
    pub status_reason: Option<ErrorInformation>,
    /// State wished by the agency.
    pub desired_status: Option<Word>,
    /// What is asked.
    pub details: Option<RequestDetails>,
    /// Whether the task names destinations. They are never followed: evidence goes where the
    /// agency's enrolment says (docs/decisions/072).
    pub names_destination: bool,
    /// Approvals of this task.
    pub approvals: Vec<Approval>,
    /// The addressee.
    pub csp: Option<EndpointId>,
    /// Handling, in the agency's words.
    pub handling_profile: Option<Word>,
    /// Emergency, test.
    pub flags: Vec<Word>,
    /// Earlier preservations: references outside HI-1.
    pub preservations: Vec<PreservationReference>,
    /// The country of national parameters.
    pub national: Option<CountryCode>,
    /// Deadlines the order gives.
    pub deadlines: Vec<Deadline>,
    /// Anything in words.
    pub manual: Option<String>,
}

impl DisclosureTask {
    /// A task of that identifier and nothing else.
    pub fn new(id: ObjectId) -> Self {
        Self {
            common: Common::new(id),
            reference: None,
            status: None,
            status_reason: None,
            desired_status: None,
            details: None,
            names_destination: false,
            approvals: Vec::new(),
            csp: None,
            handling_profile: None,
            flags: Vec::new(),
            preservations: Vec::new(),
            national: None,
            deadlines: Vec::new(),
            manual: None,
        }
    }
}

/// An earlier preservation, by a reference outside HI-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreservationReference {
    /// The reference.
    pub value: String,
    /// What kind of reference.
    pub nature: Option<String>,
    /// When the preservation was sent.
    pub sent: Option<Timestamp>,
}

/// A deadline the order gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// By when.
    pub at: Option<Timestamp>,
    /// What kind.
    pub nature: Option<Word>,
    /// In words.
    pub other: Option<String>,
}

/// `LPTaskObject`: preserve, and our own kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreservationTask {
    /// What every object has.
    pub common: Common,
    /// State, set by us.
    pub status: Option<Word>,
    /// Why that state.
    pub status_reason: Option<ErrorInformation>,
    /// State wished by the agency.
    pub desired_status: Option<Word>,
    /// What is asked.
    pub details: Option<RequestDetails>,
    /// Until when the agency wishes it.
    pub desired_expiration: Option<Timestamp>,
    /// Until when it holds, set by us.
    pub expiration: Option<Timestamp>,
    /// The addressee.
    pub csp: Option<EndpointId>,
    /// The country of national parameters.
    pub national: Option<CountryCode>,
}

impl PreservationTask {
    /// A task of that identifier and nothing else.
    pub fn new(id: ObjectId) -> Self {
        Self {
            common: Common::new(id),
            status: None,
            status_reason: None,
            desired_status: None,
            details: None,
            desired_expiration: None,
            expiration: None,
            csp: None,
            national: None,
        }
    }
}
