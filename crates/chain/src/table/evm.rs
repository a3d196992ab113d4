//! Tables of an EVM chain as ethereum-etl and GraphSense write them: rows become the answers that a
//! node would have given, and the decoder of those ([`crate::evm`]) makes the block, so that fees,
//! outcomes, calls and tokens mean the same wherever they came from. Knows no log and no balances.
//!
//! What is not given is missing and said so in the block's gaps. What these tables cannot say at
//! all: how many stale blocks a block rewards, and the header's hash, since a field of it is left
//! out. A table of token transfers does not tell an item's number from an amount, and has no
//! wrapping of coin: logs tell more and are read instead where they are given.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::account::AccountRow;
use super::stream::{Part, Record, Stream};
use super::{Schema, TableError, TableFault, cell};
use crate::account::{Gap, GapReason, Hash256, Place};
use crate::evm::{EvmAnswers, EvmRules, Receipts, Traces, decode};

mod answer;
pub mod columns;

use answer::{block, calls, hash_text, log, quantity, receipt, transfer};
use columns::*;

/// Keccak-256 of an empty list: the block rewards no stale ones.
const NO_UNCLES: &str = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
/// From this block on, Ethereum mainnet rewards no stale blocks (EIP-3675),
const MERGE_BLOCK: u64 = 15_537_394;
/// and from this on stake comes back (EIP-4895).
const WITHDRAWALS_BLOCK: u64 = 17_034_870;

/// The files of each table.
#[derive(Debug, Default)]
pub struct EvmParts {
    /// Blocks.
    pub blocks: Vec<Part>,
    /// Transactions.
    pub transactions: Vec<Part>,
    /// Receipts.
    pub receipts: Vec<Part>,
    /// Logs.
    pub logs: Vec<Part>,
    /// Token transfers; not read where there are logs.
    pub transfers: Vec<Part>,
    /// Calls.
    pub traces: Vec<Part>,
}

/// Tables read block by block.
pub struct EvmTables {
    rules: EvmRules,
    blocks: Stream,
    transactions: Stream,
    receipts: Option<Stream>,
    logs: Option<Stream>,
    transfers: Option<Stream>,
    traces: Option<Stream>,
}

impl EvmTables {
    /// Begins to read.
    pub fn new(mut parts: EvmParts, rules: EvmRules) -> EvmTables {
        if !parts.logs.is_empty() {
            parts.transfers.clear();
        }
        let some = |schema: &'static Schema, parts: Vec<Part>| {
            (!parts.is_empty()).then(|| Stream::new(schema, parts))
        };
        EvmTables {
            rules,
            blocks: Stream::new(&BLOCKS, parts.blocks),
            transactions: Stream::new(&TRANSACTIONS, parts.transactions),
            receipts: some(&RECEIPTS, parts.receipts),
            logs: some(&LOGS, parts.logs),
            transfers: some(&TRANSFERS, parts.transfers),
            traces: some(&TRACES, parts.traces),
        }
    }

    /// The next block; none at the end.
    ///
    /// # Errors
    /// A table cannot be read, or its rows do not make a block.
    pub fn next_block(&mut self) -> Result<Option<AccountRow>, TableError> {
        let Some(number) = self.blocks.peek()? else {
            self.transactions.finish(BLOCKS.name)?;
            let others = [&mut self.receipts, &mut self.logs, &mut self.transfers];
            for stream in others.into_iter().flatten().chain(&mut self.traces) {
                stream.finish(BLOCKS.name)?;
            }
            return Ok(None);
        };
        let mut heads = self.blocks.take(number, BLOCKS.name)?.into_iter();
        let head = heads.next().expect("it was peeked at");
        if let Some(again) = heads.next() {
            return Err(again.fault(0, TableFault::Twice(format!("block {number}"))));
        }
        let rows = self.transactions.take(number, BLOCKS.name)?;
        let transactions = Transactions::new(number, rows)?;
        if let Some(expected) = head.may(8, cell::number)? {
            let (what, found) = ("transactions", transactions.rows.len() as u64);
            if found != expected {
                return Err(head.fault(8, TableFault::Count { what, expected, found }));
            }
        }
        let take = |stream: &mut Option<Stream>| match stream {
            Some(stream) => stream.take(number, BLOCKS.name).map(Some),
            None => Ok(None),
        };
        let receipts = take(&mut self.receipts)?;
        let (logs, transfers) = (take(&mut self.logs)?, take(&mut self.transfers)?);
        let traces = take(&mut self.traces)?;
        let only_transfers = transfers.is_some();
        let logs = match (logs, transfers) {
            (Some(rows), _) => Some(transactions.logs(&rows, log)?),
            (None, Some(rows)) => Some(transactions.logs(&rows, transfer)?),
            (None, None) => None,
        };
        let told = transactions.receipts(receipts, logs)?;
        let traces = traces.map(|rows| calls(rows, transactions.rows.len())).transpose()?;
        let block = block(&head, &transactions, &told)?;
        self.decode(head, &block, &told, traces.as_ref(), only_transfers)
    }

    fn decode(
        &self,
        head: Record,
        block: &Value,
        told: &Told,
        traces: Option<&Value>,
        only_transfers: bool,
    ) -> Result<Option<AccountRow>, TableError> {
        let text = |value: &Value| value.to_string().into_bytes();
        let (block_text, traces_text) = (text(block), traces.map(text));
        let told_text = match told {
            Told::Receipts(value) | Told::Logs(value) => text(value),
            Told::Nothing => Vec::new(),
        };
        let answers = EvmAnswers {
            block: &block_text,
            receipts: match told {
                Told::Receipts(_) => Receipts::Receipts(&told_text),
                Told::Logs(_) => Receipts::Logs(&told_text),
                Told::Nothing => Receipts::Absent,
            },
            traces: traces_text.as_deref().map_or(Traces::Absent, Traces::Flat),
        };
        let mut block =
            decode(answers, &self.rules).map_err(|error| head.refused(error.to_string()))?;
        let mut gap = |reason| {
            block.gaps.push(Gap { transaction: None, place: Place::Block(0), reason });
        };
        if only_transfers {
            gap(GapReason::TransfersOnly);
        }
        let mainnet = self.rules.chain_id == 1;
        let uncles = head.text(7).is_none_or(|digest| digest != NO_UNCLES);
        if mainnet && (1..MERGE_BLOCK).contains(&block.number) && traces.is_none() && uncles {
            gap(GapReason::UncleUnknown);
        }
        if mainnet && block.number >= WITHDRAWALS_BLOCK && !head.has(9) {
            gap(GapReason::Irregular);
        }
        Ok(Some(AccountRow { block, head }))
    }
}

/// What stands for a node's second answer.
enum Told {
    Receipts(Value),
    Logs(Value),
    Nothing,
}

/// A block's transactions in order.
struct Transactions {
    number: u64,
    rows: Vec<Record>,
    by_hash: HashMap<Hash256, usize>,
}

impl Transactions {
    fn new(number: u64, rows: Vec<Record>) -> Result<Transactions, TableError> {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            keyed.push((row.must(2, cell::number)?, row));
        }
        keyed.sort_by_key(|(index, _)| *index);
        let mut by_hash = HashMap::with_capacity(keyed.len());
        for (expected, (index, row)) in (0u64..).zip(&keyed) {
            if *index != expected {
                let what = "transaction";
                return Err(row.fault(2, TableFault::Gap { what, expected }));
            }
            if by_hash.insert(row.must(1, cell::hash)?, expected as usize).is_some() {
                return Err(row.fault(1, TableFault::Twice("the transaction".to_owned())));
            }
        }
        let rows = keyed.into_iter().map(|(_, row)| row).collect();
        Ok(Transactions { number, rows, by_hash })
    }

    fn index_of(&self, row: &Record) -> Result<usize, TableError> {
        let hash = row.must(1, cell::hash)?;
        let found = self.by_hash.get(&hash).copied();
        found.ok_or_else(|| row.fault(1, TableFault::Stranger { block: self.number }))
    }

    /// Logs by transaction, each in the order of their index.
    fn logs(
        &self,
        rows: &[Record],
        one: fn(&Record) -> Result<Map<String, Value>, TableError>,
    ) -> Result<Vec<Vec<Value>>, TableError> {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            keyed.push((row.must(2, cell::small)?, self.index_of(row)?, row));
        }
        keyed.sort_by_key(|(index, ..)| *index);
        for pair in keyed.windows(2) {
            if pair[0].0 == pair[1].0 {
                let twice = TableFault::Twice(format!("log {}", pair[1].0));
                return Err(pair[1].2.fault(2, twice));
            }
        }
        let mut logs = vec![Vec::new(); self.rows.len()];
        for (index, transaction, row) in keyed {
            let mut log = one(row)?;
            log.insert("logIndex".to_owned(), quantity(u128::from(index)));
            log.insert("transactionHash".to_owned(), json!(hash_text(row.must(1, cell::hash)?)));
            logs[transaction].push(Value::Object(log));
        }
        Ok(logs)
    }

    /// Receipts with their logs, from their own table or the transactions' columns; or logs alone.
    fn receipts(
        &self,
        rows: Option<Vec<Record>>,
        logs: Option<Vec<Vec<Value>>>,
    ) -> Result<Told, TableError> {
        let mut receipts: Vec<Option<Map<String, Value>>> = vec![None; self.rows.len()];
        if let Some(rows) = &rows {
            for row in rows {
                let index = self.index_of(row)?;
                if receipts[index].is_some() {
                    return Err(row.fault(1, TableFault::Twice("the receipt".to_owned())));
                }
                receipts[index] = Some(receipt(row, [2, 3, 4, 5], Some([6, 7, 8]))?);
            }
        } else if self.rows.first().is_some_and(|row| row.has(9)) {
            for (row, own) in self.rows.iter().zip(&mut receipts) {
                *own = Some(receipt(row, [9, 10, 11, 12], None)?);
            }
        } else if let Some(logs) = logs {
            return Ok(Told::Logs(Value::Array(logs.into_iter().flatten().collect())));
        } else {
            return Ok(Told::Nothing);
        }
        let mut logs = logs.unwrap_or_else(|| vec![Vec::new(); self.rows.len()]).into_iter();
        let mut all = Vec::with_capacity(receipts.len());
        for (row, receipt) in self.rows.iter().zip(receipts) {
            let Some(mut receipt) = receipt else {
                return Err(row.refused("there is no receipt of this transaction".to_owned()));
            };
            let hash = hash_text(row.must(1, cell::hash)?);
            receipt.insert("transactionHash".to_owned(), json!(hash));
            receipt.insert("logs".to_owned(), Value::Array(logs.next().unwrap_or_default()));
            all.push(Value::Object(receipt));
        }
        Ok(Told::Receipts(Value::Array(all)))
    }
}
