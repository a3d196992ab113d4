//! The machine edge: ETSI TS 103 120 (HI-1) JSON, V1.13 to V1.23.
//!
//! Knows neither the network nor the store, keeps no state and reads no clock: bytes and facts in,
//! values out. The caller fetches, then asks this module, then writes:
//!
//! 1. [`parse`] the bytes; [`Header::check_receiver`], [`Header::check_time`]; whether the
//!    transaction is new and whose certificate this is, the caller knows.
//! 2. [`signature::verify`] what the message claims, against the agency's enrolled keys.
//! 3. [`translate::mentioned`] names the objects to look up; [`translate::plan`] says what each
//!    action means: a part of a new request, an act on a known one, or a refusal.
//! 4. The caller acts, then answers with [`write_answers`]; objects are shown in the state that
//!    [`status`] gives them.
//!
//! [`compose`] is the agency's side. docs/formats/hi1.md is the profile for outsiders.

pub mod compose;
pub mod config;
pub mod error;
mod json;
pub mod limits;
pub mod message;
pub mod object;
pub mod selector;
pub mod signature;
pub mod status;
pub mod translate;
pub mod value;
pub mod words;

pub use error::{ActionError, Defect, ErrorCode, ErrorInformation, Fault, MessageError};
pub use message::{
    Act, Action, ActionAnswer, ActionNumber, Answer, EtsiVersion, Header, Inbound, ListFilter,
    ListRecord, Payload, Version, parse, write_answers, write_refusal, write_requests,
};
pub use object::{Object, ObjectKind};
pub use value::{CountryCode, EndpointId, ObjectId, Word};
