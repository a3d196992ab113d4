//! The real binary, run as its users run it, and judged by programs that are not ours.
//!
//! A checker that is not installed is named on a line that starts with `SKIPPED`.

mod checkers;
mod demo;
mod money;
mod node;
mod readme;
mod report;
mod stamped;
mod store;
mod support;
mod tags;
mod verify;
