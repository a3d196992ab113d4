//! The real binary, run as its users run it, and judged by programs that are not ours.
//!
//! A checker that is not installed is named on a line that starts with `SKIPPED`.

mod accounts;
mod checkers;
mod demo;
mod fraud;
mod money;
mod node;
#[path = "../../../feed/tests/common/nodes.rs"]
mod nodes;
mod readme;
mod report;
mod retention;
mod security;
mod stamped;
mod store;
mod support;
mod tables;
mod tags;
mod token;
mod tron;
#[path = "../../../feed/tests/common/tron.rs"]
mod tron_api;
mod verify;
mod watch;
