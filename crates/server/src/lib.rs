//! HTTP API, HI-1, jobs, keys, clock: the shell in which the pure rooms meet.
//!
//! Knows no rule of law and no SQL. [`app`] holds the one path that every act takes; [`api`] shows
//! every route on one screen; [`jobs`] does what follows from events; [`notice`] says who is told.

pub mod api;
pub mod app;
pub mod config;
pub mod directory;
pub mod disk;
pub mod error;
pub mod fraud;
pub mod hi1;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod notice;
pub mod payload;
pub mod rate;
pub mod report;
pub mod scan;
pub mod security;
pub mod selector;
pub mod serve;
pub mod tls;
pub mod view;
pub mod webhook;
pub mod words;
pub mod wrong;

use error::Error;

/// Random bytes from the system.
///
/// # Errors
/// When the system has none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Internal(anyhow::anyhow!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// A UUID that sorts by the time it was made (version 7, RFC 9562). Streams have such ids, since
/// neighbours in time are then neighbours on disk.
///
/// # Errors
/// As [`random_bytes`].
pub fn time_ordered_id(now: jiff::Timestamp) -> Result<uuid::Uuid, Error> {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let random = random_bytes()?;
    Ok(uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid())
}

/// A random UUID (version 4, RFC 9562).
///
/// # Errors
/// As [`random_bytes`].
pub fn random_id() -> Result<uuid::Uuid, Error> {
    Ok(uuid::Builder::from_random_bytes(random_bytes()?).into_uuid())
}
