//! HTTP API, HI-1, jobs, keys, clock: the shell in which the pure rooms meet.
//!
//! Knows no rule of law and no SQL. `app` holds the one path that every act takes.
pub mod hi1;
pub mod tls;
