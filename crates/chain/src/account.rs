//! Chains of accounts (EVM, Tron): who paid whom, in which asset, in which order. Knows no node
//! and no file format: [`crate::evm`] and [`crate::tron`] decode, the caller fetches.
//!
//! - [`name`]: accounts, hashes and how a chain writes them.
//! - [`block`]: [`AccountBlock`], the shape that every decoder gives, whatever the node.
//! - [`ledger`]: [`Ledgers`], what came and went for each pair of asset and account.
//! - [`log`]: blocks as bytes of a file that only grows, and back.
//!
//! A block says what moved and, beside it, what it could not tell ([`Gap`]): money is never moved
//! on a guess, and what was left out is never silent.

pub mod block;
pub(crate) mod field;
pub mod ledger;
pub mod log;
pub mod name;
pub(crate) mod order;
pub(crate) mod token;

pub use block::{
    AccountBlock, AccountTransaction, Asset, Gap, GapReason, Kind, Movement, Outcome, Place,
};
pub use field::{ANSWER_BYTES_MAX, AnswerError, AnswerFault};
pub use ledger::{
    AccountNumber, AssetNumber, BlockIndex, Event, EventNumber, LedgerError, Ledgers, NATIVE,
    TransactionNumber,
};
pub use name::{Account, AccountChain, AddressError, Checksum, Hash256};
pub use token::{TRANSFER_TOPIC, WRAPPED_ETHER, WRAPPED_TRX};
