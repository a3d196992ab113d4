//! HTTP API, HI-1, jobs, keys, clock.
