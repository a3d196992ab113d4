//! The columns of an EVM chain's tables, by the names that they go by.

use crate::table::{Column, Schema};

/// Columns of every table but blocks.
const NUMBERS: &[&str] = &["block_number", "block_id"];
/// Columns that name a transaction.
const HASHES: &[&str] = &["transaction_hash", "tx_hash", "hash"];

/// Blocks.
pub const BLOCKS: Schema = Schema {
    name: "blocks",
    files: &["blocks", "block"],
    columns: &[
        Column::needed(&["number", "block_number", "block_id"]),
        Column::needed(&["hash", "block_hash"]),
        Column::needed(&["parent_hash"]),
        Column::needed(&["timestamp", "block_timestamp"]),
        Column::needed(&["miner"]),
        Column::optional(&["gas_used"]),
        Column::optional(&["base_fee_per_gas"]),
        Column::optional(&["sha3_uncles"]),
        Column::optional(&["transaction_count"]),
        Column::optional(&["withdrawals"]),
    ],
};

/// Transactions, with their receipts where GraphSense writes them.
pub const TRANSACTIONS: Schema = Schema {
    name: "transactions",
    files: &["transactions", "transaction", "txs", "tx"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(HASHES),
        Column::needed(&["transaction_index"]),
        Column::needed(&["from_address"]),
        Column::needed(&["to_address"]),
        Column::needed(&["value"]),
        Column::optional(&["gas_price"]),
        Column::optional(&["max_fee_per_gas"]),
        Column::optional(&["max_priority_fee_per_gas"]),
        Column::optional(&["receipt_gas_used"]),
        Column::optional(&["receipt_status"]),
        Column::optional(&["receipt_effective_gas_price"]),
        Column::optional(&["receipt_contract_address"]),
    ],
};

/// Receipts.
pub const RECEIPTS: Schema = Schema {
    name: "receipts",
    files: &["receipts", "receipt"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(HASHES),
        Column::needed(&["gas_used"]),
        Column::optional(&["status"]),
        Column::optional(&["effective_gas_price"]),
        Column::optional(&["contract_address"]),
        Column::optional(&["blob_gas_used"]),
        Column::optional(&["blob_gas_price"]),
        Column::optional(&["l1_fee"]),
    ],
};

/// Logs.
pub const LOGS: Schema = Schema {
    name: "logs",
    files: &["logs", "log"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(HASHES),
        Column::needed(&["log_index"]),
        Column::needed(&["address"]),
        Column::needed(&["data"]),
        Column::needed(&["topics"]),
    ],
};

/// Token transfers.
pub const TRANSFERS: Schema = Schema {
    name: "token_transfers",
    files: &["token_transfers"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(HASHES),
        Column::needed(&["log_index"]),
        Column::needed(&["token_address"]),
        Column::needed(&["from_address"]),
        Column::needed(&["to_address"]),
        Column::needed(&["value"]),
    ],
};

/// Calls and rewards.
pub const TRACES: Schema = Schema {
    name: "traces",
    files: &["traces", "trace"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(&["transaction_index"]),
        Column::needed(&["trace_type"]),
        Column::needed(&["call_type"]),
        Column::needed(&["from_address"]),
        Column::needed(&["to_address"]),
        Column::needed(&["value"]),
        Column::needed(&["trace_address"]),
        Column::optional(&["error"]),
        Column::optional(&["status"]),
        Column::optional(&["reward_type"]),
        Column::optional(&["trace_index"]),
    ],
};
