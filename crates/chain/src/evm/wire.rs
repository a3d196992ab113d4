//! The JSON of nodes, field for field, as text. Knows no meaning: numbers stay hexadecimal text
//! until someone can say which block and transaction they belong to. Fields not named are skipped.

use crate::account::field::Text;
use serde::Deserialize;

/// What following needs of a block.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    pub number: Text<'a>,
    #[serde(borrow)]
    pub hash: Text<'a>,
    #[serde(borrow)]
    pub parent_hash: Text<'a>,
}

/// `eth_getBlockByNumber`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Block<'a> {
    #[serde(borrow)]
    pub number: Text<'a>,
    #[serde(borrow)]
    pub hash: Text<'a>,
    #[serde(borrow)]
    pub parent_hash: Text<'a>,
    #[serde(borrow)]
    pub timestamp: Text<'a>,
    #[serde(borrow)]
    pub miner: Text<'a>,
    #[serde(borrow)]
    pub gas_used: Text<'a>,
    pub base_fee_per_gas: Option<Text<'a>>,
    #[serde(default)]
    pub uncles: Vec<Text<'a>>,
    #[serde(borrow)]
    pub transactions: Vec<Transaction<'a>>,
    pub withdrawals: Option<Vec<Withdrawal<'a>>>,
    #[serde(flatten, borrow)]
    pub header: Header<'a>,
}

/// What else the block's hash covers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub sha3_uncles: Option<Text<'a>>,
    pub state_root: Option<Text<'a>>,
    pub transactions_root: Option<Text<'a>>,
    pub receipts_root: Option<Text<'a>>,
    pub logs_bloom: Option<Text<'a>>,
    pub difficulty: Option<Text<'a>>,
    pub gas_limit: Option<Text<'a>>,
    pub extra_data: Option<Text<'a>>,
    pub mix_hash: Option<Text<'a>>,
    pub nonce: Option<Text<'a>>,
    pub withdrawals_root: Option<Text<'a>>,
    pub blob_gas_used: Option<Text<'a>>,
    pub excess_blob_gas: Option<Text<'a>>,
    pub parent_beacon_block_root: Option<Text<'a>>,
    pub requests_hash: Option<Text<'a>>,
}

/// A transaction in full.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    pub hash: Text<'a>,
    pub block_hash: Option<Text<'a>>,
    pub transaction_index: Option<Text<'a>>,
    pub chain_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub from: Text<'a>,
    pub to: Option<Text<'a>>,
    #[serde(borrow)]
    pub value: Text<'a>,
    pub gas_price: Option<Text<'a>>,
    pub max_fee_per_gas: Option<Text<'a>>,
    pub max_priority_fee_per_gas: Option<Text<'a>>,
}

/// Stake that comes back (EIP-4895).
#[derive(Deserialize)]
pub(super) struct Withdrawal<'a> {
    #[serde(borrow)]
    pub address: Text<'a>,
    /// In gwei.
    #[serde(borrow)]
    pub amount: Text<'a>,
}

/// `eth_getBlockReceipts`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt<'a> {
    #[serde(borrow)]
    pub transaction_hash: Text<'a>,
    pub block_hash: Option<Text<'a>>,
    pub status: Option<Text<'a>>,
    #[serde(borrow)]
    pub gas_used: Text<'a>,
    pub effective_gas_price: Option<Text<'a>>,
    pub contract_address: Option<Text<'a>>,
    pub blob_gas_used: Option<Text<'a>>,
    pub blob_gas_price: Option<Text<'a>>,
    pub l1_fee: Option<Text<'a>>,
    #[serde(borrow)]
    pub logs: Vec<Log<'a>>,
}

/// A log, in a receipt or of `eth_getLogs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log<'a> {
    #[serde(borrow)]
    pub address: Text<'a>,
    #[serde(borrow)]
    pub topics: Vec<Text<'a>>,
    #[serde(borrow)]
    pub data: Text<'a>,
    #[serde(borrow)]
    pub log_index: Text<'a>,
    pub block_hash: Option<Text<'a>>,
    pub transaction_index: Option<Text<'a>>,
    pub transaction_hash: Option<Text<'a>>,
    #[serde(default)]
    pub removed: bool,
}

/// An entry of `trace_block`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FlatTrace<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub action: Action<'a>,
    pub block_hash: Option<Text<'a>>,
    pub result: Option<FlatResult<'a>>,
    pub error: Option<Text<'a>>,
    #[serde(default)]
    pub trace_address: Vec<u32>,
    pub transaction_hash: Option<Text<'a>>,
    pub transaction_position: Option<u64>,
}

/// What was done: calls, creations, self-destructions and rewards share one shape here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action<'a> {
    #[serde(borrow)]
    pub call_type: Option<Text<'a>>,
    pub from: Option<Text<'a>>,
    pub to: Option<Text<'a>>,
    pub value: Option<Text<'a>>,
    pub address: Option<Text<'a>>,
    pub refund_address: Option<Text<'a>>,
    pub balance: Option<Text<'a>>,
    pub author: Option<Text<'a>>,
    pub reward_type: Option<Text<'a>>,
}

/// What came of it.
#[derive(Deserialize)]
pub(super) struct FlatResult<'a> {
    #[serde(borrow)]
    pub address: Option<Text<'a>>,
}

/// An entry of `debug_traceBlockByNumber`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NestedTrace<'a> {
    pub tx_hash: Option<Text<'a>>,
    #[serde(borrow)]
    pub result: Option<Call<'a>>,
    pub error: Option<Text<'a>>,
}

/// A call of `callTracer`.
#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub from: Text<'a>,
    pub to: Option<Text<'a>>,
    pub value: Option<Text<'a>>,
    pub error: Option<Text<'a>>,
    #[serde(default)]
    pub calls: Vec<Call<'a>>,
}
