//! The life of a request. Knows nothing of storage, transport, time of day or personal data:
//! every moment, identifier and permit is passed in, every fact is an [`Event`].
//!
//! [`decide`] says which events an act yields or why it is refused; [`evolve`] folds events into
//! a [`Request`] and cannot fail.

mod command;
mod decide;
mod emergency;
mod event;
mod evolve;
mod length;
mod no;
mod refusal;
mod retention;
mod state;

pub use command::{Answer, Command};
pub use decide::decide;
pub use emergency::{ReviewOwed, Unvalidated};
pub use event::{
    EffectKind, Event, HoldReason, IdentityMethod, MissingReason, Outcome, RefusalCode,
};
pub use evolve::evolve;
pub use length::{EVENTS_MAX, TALK_EVENTS_MAX, WORK_EVENTS_MAX};
pub use no::{Clause, Contradiction, Doing, Need, No, What};
pub use refusal::{Cause, Refusal};
pub use retention::{erasure_due, waits_with_erasure};
pub use state::{
    AskState, Assessed, Effect, EffectStatus, Exhibit, Identity, Package, Request, Stage,
};
