//! What is on the chain: decoded Bitcoin blocks, outputs, spends, addresses.
//!
//! Knows no files, no network connections and no meaning: whether money is stolen, who owns an
//! address and which output is change are not facts of the chain. The caller reads files and hands
//! over their names and bytes.
//!
//! - [`block`]: bytes of a file to [`DecodedBlock`]s; leftover bytes are an error.
//! - [`undo`]: the coins that a block spends, which the block itself does not hold.
//! - [`view`]: [`ChainView`], the queries over several blocks. It is the seam behind which a later
//!   store on disk fits: callers see dense numbers, values and scripts, never the columns.
//! - [`utxo`]: the questions that traces ask, whoever answers them.
//! - [`account`]: chains of accounts, whatever node told them; [`evm`] and [`tron`]
//!   decode.
//! - [`table`]: rows of CSV and Parquet files to blocks, and back.
//! - [`store`]: [`ChainStore`], a chain on disk, larger than memory; the one module with files.
//! - [`script`]: standard output types and their addresses.
#![deny(unsafe_code)]

pub mod account;
pub mod block;
pub mod evm;
mod id;
mod map;
mod merkle;
mod network;
pub mod script;
pub mod store;
pub mod table;
pub mod tron;
pub mod undo;
pub mod utxo;
pub mod view;

pub use block::{DecodeError, DecodedBlock, NamedBytes};
pub use id::{
    BlockHash, FileDigest, Height, OutPoint, ParseIdError, SATOSHI_MAX, SATOSHI_PER_BITCOIN,
    Satoshi, Txid, parse_vout,
};
pub use network::{Network, UnknownNetwork};
pub use script::ScriptType;
pub use store::ChainStore;
pub use undo::UndoError;
pub use utxo::{AddressNumber, Features, InputNumber, OutputNumber, SegmentFacts, Spent, Utxo};
pub use view::{
    BlockFacts, BlockNumber, ChainView, Input, LoadError, Output, Spend, TransactionRow, TxNumber,
    ViewError,
};
