//! How long a node may take, how much it may say and how often it is asked again.

use std::time::Duration;

/// Seconds until a connection must stand.
pub const CONNECT_SECONDS_MAX: u64 = 10;
/// Seconds until an answer must be complete; tracing an EVM block takes nodes the longest.
pub const ANSWER_SECONDS_MAX: u64 = 60;
/// Times that a call is made before its fault is reported; only faults that may pass are retried.
pub const TRIES_MAX: u32 = 4;
/// Milliseconds before the second try; each later one waits twice as long.
pub const PAUSE_MILLISECONDS: u64 = 250;
/// Bytes of an answer that holds no block.
pub const SMALL_ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an answer that holds a Bitcoin block in hexadecimal, with what stands around it.
pub const BLOCK_ANSWER_BYTES_MAX: usize = 2 * chain::block::BLOCK_BYTES_MAX + 4096;
/// Bytes of an answer about one EVM or Tron block: its transactions, receipts or traces.
pub const ACCOUNT_ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Nesting of lists and objects in an answer. Call traces nest; the flat forms are asked for first.
pub const JSON_DEPTH_MAX: usize = 120;
/// Blocks asked for at the same time.
pub const CALLS_AT_ONCE_MAX: usize = 4;

/// The limits that a caller may change; the others are constants of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until an answer is complete.
    pub answer: Duration,
    /// Times that a call is made, at least 1.
    pub tries: u32,
    /// Before the second try; doubles with each further one.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(CONNECT_SECONDS_MAX),
            answer: Duration::from_secs(ANSWER_SECONDS_MAX),
            tries: TRIES_MAX,
            pause: Duration::from_millis(PAUSE_MILLISECONDS),
        }
    }
}
