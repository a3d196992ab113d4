//! What browser tests stand on. Knows no page of the site.
//!
//! One test binary takes this folder in (`tests/browser/main.rs`), so that everything is linked once.
//! Not every case uses every tool.
#![allow(dead_code, unused_imports)]

pub mod accounts;
pub mod browser;
pub mod exchange;
