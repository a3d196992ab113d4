//! Law-enforcement requests: what may be asked, by whom, until when, and who lets it out.
//!
//! This crate knows the rules and nothing else: no storage, no network, no clock, no randomness
//! and no personal data. Whoever calls it passes in the time, the identifiers and the permit.
//!
//! Where to look:
//!
//! | module | holds |
//! |---|---|
//! | [`order`] | the facts of an instrument that a machine can check |
//! | [`pack`] | the law of a regime as data, one TOML file each |
//! | [`check`] | "will this be accepted, by when, and if not, why?" |
//! | [`calendar`], [`clock`] | deadlines, and what became of them |
//! | [`policy`] | who may do what; the only maker of permits |
//! | [`request`] | the life of a request: `decide` and `evolve` |
//! | [`suspicion`] | signs of fraud: a score that shows its reasons |
//! | [`record`] | events as the bytes that are kept and logged |
//! | [`transparency`] | what is told in public of all requests together |
//! | [`said`] | sentences with codes and blanks, apart from any language |
//! | [`ids`] | names, digests, amounts |

pub mod calendar;
pub mod check;
pub mod clock;
pub mod ids;
pub mod order;
pub mod pack;
pub mod policy;
pub mod record;
pub mod request;
pub mod said;
pub mod suspicion;
pub mod transparency;
mod words;
