//! What is checked on each fuzz input, one module for each crate under test. The same functions
//! are called by the crates' own tests, which replay `fuzz/corpus` on a stable compiler.

pub mod account;
pub mod chain;
#[cfg(feature = "evidence")]
pub mod evidence;
#[cfg(feature = "hi1")]
pub mod fraud;
#[cfg(feature = "hi1")]
pub mod hi1;
pub mod ledger;
#[cfg(feature = "hi1")]
pub mod selectors;
pub mod store;
pub mod table;
pub mod tags;
