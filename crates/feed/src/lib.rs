//! How chains are read from nodes: clients of Bitcoin Core, EVM and Tron nodes, and following the
//! tip through reorganisations.
//!
//! Knows no meaning: what a block says is decoded by crate `chain`, what it means by `trace`. A
//! node is not trusted: bytes must hash to the id that was asked for, blocks must follow one
//! another, and every wait, answer and retry has a limit. What cannot be checked is said where it
//! is read.
//!
//! - [`endpoint`]: an address of a node, and the secret that opens it.
//! - [`limits`]: how long, how much and how often.
//! - [`bitcoin`]: blocks by JSON-RPC or REST.
//! - [`evm`], [`tron`]: blocks of chains of accounts; [`account`]: what follows what.
//! - [`follow`]: a store brought up to a node's best chain.
//! - [`coins`]: what a block's inputs were worth.
//! - [`replay`]: the blocks that an exhibit names.
//! - [`error`]: which node, which call, which height, what went wrong.
#![forbid(unsafe_code)]

pub mod account;
pub mod bitcoin;
pub mod coins;
pub mod endpoint;
pub mod error;
pub mod evm;
pub mod follow;
mod http;
mod jsonrpc;
pub mod limits;
pub mod replay;
pub mod tron;

pub use account::{AccountNode, Head, Next};
pub use bitcoin::{BitcoinNode, FetchedBlock, NodeTip};
pub use endpoint::{Auth, BadEndpoint, Endpoint};
pub use error::{Fault, FeedError};
pub use evm::EvmNode;
pub use follow::{FollowError, Step};
pub use limits::Limits;
pub use tron::TronNode;
