//! The spelling of `catalog.toml`.
