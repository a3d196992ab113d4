//! The columns of a chain of outputs, by the names that they go by, and their places.

use crate::table::{Column, Schema};

/// Columns of every table: the block by its height.
const NUMBERS: &[&str] = &["block_number", "block_id", "block_height"];

/// Blocks.
pub const BLOCKS: Schema = Schema {
    name: "blocks",
    files: &["blocks", "block"],
    columns: &[
        Column::needed(&["number", "block_number", "block_id", "height"]),
        Column::optional(&["hash", "block_hash"]),
        Column::optional(&["previous_hash", "previous_block_hash", "parent_hash"]),
        Column::optional(&["timestamp", "time", "block_timestamp"]),
        Column::optional(&["transaction_count", "no_transactions"]),
    ],
};

/// Transactions.
pub const TRANSACTIONS: Schema = Schema {
    name: "transactions",
    files: &["transactions", "transaction", "txs", "tx"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(&["hash", "transaction_hash", "tx_hash", "txid"]),
        Column::optional(&["index", "transaction_index"]),
        Column::optional(&["tx_id"]),
        Column::optional(&["block_hash"]),
        Column::optional(&["block_timestamp", "block_time", "timestamp"]),
        Column::optional(&["is_coinbase", "coinbase"]),
        Column::optional(&["version"]),
        Column::optional(&["lock_time"]),
        Column::optional(&["replaceable"]),
        Column::optional(&["witness"]),
        Column::optional(&["size"]),
        Column::optional(&["virtual_size"]),
        Column::optional(&["input_count"]),
        Column::optional(&["output_count"]),
        Column::optional(&["inputs"]),
        Column::optional(&["outputs"]),
    ],
};

/// Inputs.
pub const INPUTS: Schema = Schema {
    name: "inputs",
    files: &["inputs", "input"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(&["transaction_hash", "tx_hash", "spending_tx_hash"]),
        Column::needed(&["index", "input_index", "spending_input_index"]),
        Column::needed(&["spent_transaction_hash", "spent_tx_hash"]),
        Column::needed(&["spent_output_index"]),
        Column::optional(&["value"]),
        Column::optional(&["spent_script_hex"]),
        Column::optional(&["addresses", "address"]),
        Column::optional(&["sequence"]),
    ],
};

/// Outputs.
pub const OUTPUTS: Schema = Schema {
    name: "outputs",
    files: &["outputs", "output"],
    columns: &[
        Column::needed(NUMBERS),
        Column::needed(&["transaction_hash", "tx_hash"]),
        Column::needed(&["index", "output_index"]),
        Column::needed(&["value"]),
        Column::optional(&["script_hex"]),
        Column::optional(&["addresses", "address"]),
    ],
};

/// What each input spends, apart and in no order: GraphSense's table, held in memory.
pub const SPENDING: Schema = Schema {
    name: "transaction_spending",
    files: &["transaction_spending"],
    columns: &[
        Column::needed(&["spending_tx_hash"]),
        Column::needed(&["spending_input_index"]),
        Column::needed(&["spent_tx_hash"]),
        Column::needed(&["spent_output_index"]),
    ],
};
/// Most rows of that table, some 100 bytes of memory each.
pub const SPENDING_ROWS_MAX: usize = 50_000_000;

// The places of these columns.
pub(super) const HASH: usize = 1;
pub(super) const BLOCK_PREVIOUS: usize = 2;
pub(super) const BLOCK_TIME: usize = 3;
pub(super) const BLOCK_COUNT: usize = 4;
pub(super) const TX_INDEX: usize = 2;
pub(super) const TX_ID: usize = 3;
pub(super) const TX_BLOCK_HASH: usize = 4;
pub(super) const TX_TIME: usize = 5;
pub(super) const TX_COINBASE: usize = 6;
pub(super) const TX_VERSION: usize = 7;
pub(super) const TX_LOCK_TIME: usize = 8;
pub(super) const TX_REPLACEABLE: usize = 9;
pub(super) const TX_WITNESS: usize = 10;
pub(super) const TX_SIZE: usize = 11;
pub(super) const TX_VIRTUAL_SIZE: usize = 12;
pub(super) const TX_INPUT_COUNT: usize = 13;
pub(super) const TX_OUTPUT_COUNT: usize = 14;
pub(super) const TX_INPUTS: usize = 15;
pub(super) const TX_OUTPUTS: usize = 16;
pub(super) const ROW_INDEX: usize = 2;
pub(super) const SPENT_HASH: usize = 3;
pub(super) const SPENT_INDEX: usize = 4;
pub(super) const IN_VALUE: usize = 5;
pub(super) const IN_SCRIPT: usize = 6;
pub(super) const IN_ADDRESSES: usize = 7;
pub(super) const IN_SEQUENCE: usize = 8;
pub(super) const OUT_VALUE: usize = 3;
pub(super) const OUT_SCRIPT: usize = 4;
pub(super) const OUT_ADDRESSES: usize = 5;
