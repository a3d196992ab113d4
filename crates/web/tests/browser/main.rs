//! The site in a real browser. Each story of the desk is a module here, in one binary.
//!
//! Needs Debian's chromium and chromium-driver, which `cargo xtask test` installs.

#[path = "../support/mod.rs"]
mod support;

mod drafts;
mod fraud;
mod guard;
mod harness;
mod house;
mod jobs;
mod money;
mod queue;
mod reports;
mod rooms;
mod story;
mod walks;
