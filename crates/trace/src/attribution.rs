//! Who is said to own an address: by whom, with what confidence, since when. Knows no files, no
//! clock and no chain; a tag is a statement of its source, never a fact.
//!
//! - [`address`]: the one spelling of an address on each blockchain.

pub mod address;

pub use address::{AddressFault, BadBlockchain, Blockchain, Spelling};
