//! Pages for officers and staff.
//!
//! Knows no rule of law, no SQL and no right: every act and every read goes through `server::app`,
//! which asks the policy. What lives here is who sits in front of the screen ([`session`],
//! [`passkey`]), in which words they are spoken to ([`words`]), and the pages, by room:
//!
//! | room | for whom |
//! |---|---|
//! | [`door`] | anybody: log in, enrol a passkey by a one-time link |
//! | [`people`] | administrators and verifiers: staff, agencies, officers |
//! | [`cases`] | staff: the queue, one request, the acts upon it, intake |
//! | [`portal`] | officers: ask, sign, follow, fetch |
//! | [`jobs`] | administrators: work that failed for good |
//! | [`guard`] | auditors, administrators: who came in, who was refused, alarms |
//! | [`money`] | whoever works on cases: follow money through the node's blocks |
//! | [`reports`] | auditors, counsel, administrators: what is said in public of all requests |
//! | [`site::router`] | every page on one screen |
//!
//! Pages work without JavaScript, except where a passkey is asked for.

mod address;
pub mod cases;
mod changes;
pub mod client;
pub mod door;
pub mod form;
pub mod frame;
pub mod guard;
pub mod jobs;
pub mod listen;
pub mod money;
pub mod order_form;
pub mod passkey;
pub mod people;
pub mod portal;
pub mod problem;
pub use server::rate;
pub mod reports;
pub mod said;
pub mod session;
pub mod settings;
pub mod site;
pub mod words;
