//! Tables of a chain of outputs to blocks: our own columns, which are bitcoin-etl's and a few more,
//! and GraphSense's names. Knows no store: whether what is spent exists is not asked here.
//!
//! Tables: blocks (may be left out), transactions, inputs, outputs. Inputs and outputs may stand in
//! the transactions' own rows, as lists of objects ([`nested`]).

use std::collections::HashMap;
use std::rc::Rc;

use super::stream::{Part, Record, Stream, each};
use super::{Schema, TableError, TableFault, cell};
use crate::block::{Coin, Transaction, TransactionInput};
use crate::store::{BlockFault, NewBlock};
use crate::view::ViewError;
use crate::{Features, Height, Network, OutPoint, Satoshi, Txid};

pub mod columns;
mod nested;

use columns::*;

/// An input may be replaced where its sequence is below this (BIP 125).
const SEQUENCE_REPLACEABLE_MAX: u32 = 0xffff_fffd;

/// The files of each table.
#[derive(Debug, Default)]
pub struct UtxoParts {
    /// Blocks; may be none.
    pub blocks: Vec<Part>,
    /// Transactions.
    pub transactions: Vec<Part>,
    /// Inputs; none where the transactions hold them.
    pub inputs: Vec<Part>,
    /// Outputs; none where the transactions hold them.
    pub outputs: Vec<Part>,
    /// What the inputs in transactions spend, where those do not say so.
    pub spending: Vec<Part>,
}

/// The tables of a chain, read block by block.
pub struct UtxoTables {
    network: Network,
    blocks: Option<Stream>,
    transactions: Stream,
    inputs: Option<Stream>,
    outputs: Option<Stream>,
    spending: Vec<Part>,
    spent: Spending,
}

/// What an input spends, by its transaction and its index.
type Spending = HashMap<(Txid, u32), OutPoint>;

/// A block of rows, and where each stands.
pub struct RowBlock {
    /// Its height.
    pub number: u32,
    /// What is known of it. Inputs carry what a table says they are worth, wherever that came from.
    pub block: NewBlock,
    /// What the tables say each input is worth, by transaction; they may say it without a script.
    pub values: Vec<Vec<Option<Satoshi>>>,
    head: Rc<Record>,
    rows: Vec<Rc<Record>>,
    inputs: Vec<Vec<Place>>,
    by_txid: HashMap<Txid, usize>,
}

/// Where something stands: a row and a column of it.
type Place = (Rc<Record>, usize);

/// An input as a table tells it.
struct RowInput {
    place: Place,
    input: TransactionInput,
    value: Option<Satoshi>,
    sequence: Option<u32>,
}

impl UtxoTables {
    /// Begins to read.
    pub fn new(parts: UtxoParts, network: Network) -> UtxoTables {
        let some = |schema: &'static Schema, parts: Vec<Part>| {
            (!parts.is_empty()).then(|| Stream::new(schema, parts))
        };
        UtxoTables {
            network,
            blocks: some(&BLOCKS, parts.blocks),
            transactions: Stream::new(&TRANSACTIONS, parts.transactions),
            inputs: some(&INPUTS, parts.inputs),
            outputs: some(&OUTPUTS, parts.outputs),
            spending: parts.spending,
            spent: Spending::new(),
        }
    }

    /// The next block; none at the end.
    ///
    /// # Errors
    /// A table cannot be read, or its rows do not make a block.
    pub fn next_block(&mut self) -> Result<Option<RowBlock>, TableError> {
        self.read_spending()?;
        let owner = if self.blocks.is_some() { BLOCKS.name } else { TRANSACTIONS.name };
        let first = match &mut self.blocks {
            Some(blocks) => blocks.peek()?,
            None => self.transactions.peek()?,
        };
        let others = [Some(&mut self.transactions), self.inputs.as_mut(), self.outputs.as_mut()];
        let Some(number) = first else {
            for stream in others.into_iter().flatten() {
                stream.finish(owner)?;
            }
            return Ok(None);
        };
        let rows = self.transactions.take(number, owner)?;
        let rows: Vec<Rc<Record>> = rows.into_iter().map(Rc::new).collect();
        let head = self.head(number, rows.first())?;
        let rows = in_order(rows)?;
        let mut by_txid = HashMap::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            if by_txid.insert(row.must(HASH, cell::txid)?, index).is_some() {
                return Err(row.fault(HASH, TableFault::Twice("the transaction".to_owned())));
            }
        }
        let mut inputs = grouped(&mut self.inputs, number, &by_txid, owner)?;
        let mut outputs = grouped(&mut self.outputs, number, &by_txid, owner)?;
        let mut made = RowBlock::begin(number, head, rows, by_txid)?;
        for index in 0..made.rows.len() {
            let row = Rc::clone(&made.rows[index]);
            let told = match &mut inputs {
                Some(inputs) => self.inputs_of(std::mem::take(&mut inputs[index]), index == 0)?,
                None => nested::inputs(&row, index, &self.spent, self.network)?,
            };
            let coins = match &mut outputs {
                Some(outputs) => self.outputs_of(std::mem::take(&mut outputs[index]))?,
                None => nested::outputs(&row, self.network)?,
            };
            made.push(&row, index, told, coins)?;
        }
        Ok(Some(made))
    }

    /// Reads what inputs spend, once.
    fn read_spending(&mut self) -> Result<(), TableError> {
        let (spent, parts) = (&mut self.spent, std::mem::take(&mut self.spending));
        each(&SPENDING, parts, |row| {
            if spent.len() == SPENDING_ROWS_MAX {
                let words = format!("more than {SPENDING_ROWS_MAX} rows; give a table of inputs");
                return Err(row.refused(words));
            }
            let key = (row.must(0, cell::txid)?, row.must(1, cell::small)?);
            let point =
                OutPoint { txid: row.must(2, cell::txid)?, vout: row.must(3, cell::small)? };
            match spent.insert(key, point) {
                None => Ok(()),
                Some(_) => Err(row.fault(1, TableFault::Twice(format!("input {}", key.1)))),
            }
        })
    }

    /// The row that says the block's hash and time: its own, or its first transaction's.
    fn head(&mut self, number: u64, first: Option<&Rc<Record>>) -> Result<Head, TableError> {
        let Some(blocks) = &mut self.blocks else {
            let row = first.map(Rc::clone);
            return Ok(Head { row: row.expect("it was peeked at"), own: false });
        };
        let mut rows = blocks.take(number, BLOCKS.name)?.into_iter();
        let row = Rc::new(rows.next().expect("it was peeked at"));
        match rows.next() {
            Some(again) => Err(again.fault(0, TableFault::Twice(format!("block {number}")))),
            None => Ok(Head { row, own: true }),
        }
    }

    fn inputs_of(
        &self,
        rows: Vec<Rc<Record>>,
        is_first: bool,
    ) -> Result<Vec<RowInput>, TableError> {
        // Some write the coinbase's own input, which spends nothing.
        let nothing = |row: &Record| row.text(SPENT_HASH).is_none_or(is_null);
        if is_first && rows.len() == 1 && nothing(&rows[0]) {
            return Ok(Vec::new());
        }
        let mut made = Vec::with_capacity(rows.len());
        for row in numbered(rows, "input")? {
            let txid = row.must(SPENT_HASH, cell::txid)?;
            let previous = OutPoint { txid, vout: row.must(SPENT_INDEX, cell::small)? };
            let value = row.may(IN_VALUE, cell::satoshi)?;
            let script = match row.may(IN_SCRIPT, cell::script)? {
                None => single(row.text(IN_ADDRESSES))
                    .and_then(|address| crate::script::script_of(address, self.network).ok())
                    .map(Vec::into_boxed_slice),
                script => script,
            };
            let coin = value.zip(script).map(|(value, script)| Coin { value, script });
            let sequence = row.may(IN_SEQUENCE, cell::small)?;
            let (input, place) = (TransactionInput { previous, coin }, (row, SPENT_HASH));
            made.push(RowInput { place, input, value, sequence });
        }
        Ok(made)
    }

    fn outputs_of(&self, rows: Vec<Rc<Record>>) -> Result<Vec<Coin>, TableError> {
        let mut coins = Vec::with_capacity(rows.len());
        for row in numbered(rows, "output")? {
            let value = row.must(OUT_VALUE, cell::satoshi)?;
            let script = match row.may(OUT_SCRIPT, cell::script)? {
                Some(script) => script,
                None => {
                    let column = if row.has(OUT_SCRIPT) { OUT_SCRIPT } else { OUT_ADDRESSES };
                    let fail = |fault| row.fault(column, fault);
                    script_to(row.text(OUT_ADDRESSES), self.network).map_err(fail)?
                }
            };
            coins.push(Coin { value, script });
        }
        Ok(coins)
    }
}

struct Head {
    row: Rc<Record>,
    own: bool,
}

impl RowBlock {
    fn begin(
        number: u64,
        head: Head,
        rows: Vec<Rc<Record>>,
        by_txid: HashMap<Txid, usize>,
    ) -> Result<RowBlock, TableError> {
        let Head { row, own } = head;
        let (hash, time) = if own { (HASH, BLOCK_TIME) } else { (TX_BLOCK_HASH, TX_TIME) };
        let height = row.must(0, cell::small)?;
        let time = row.may(time, |text| {
            let beyond = TableFault::Beyond { text: text.to_owned(), bits: 32 };
            cell::time(text).and_then(|time| u32::try_from(time).map_err(|_| beyond))
        })?;
        if own && let Some(expected) = row.may(BLOCK_COUNT, cell::number)? {
            let found = rows.len() as u64;
            if found != expected {
                let what = "transactions";
                return Err(row.fault(BLOCK_COUNT, TableFault::Count { what, expected, found }));
            }
        }
        let previous = if own { row.may(BLOCK_PREVIOUS, cell::block_hash)? } else { None };
        let block = NewBlock {
            hash: row.may(hash, cell::block_hash)?,
            // What stands before the first block.
            previous: previous.filter(|_| number > 0),
            height: Some(Height(height)),
            time,
            transactions: Vec::with_capacity(rows.len()),
        };
        let count = rows.len();
        Ok(RowBlock {
            number: height,
            block,
            values: Vec::with_capacity(count),
            head: row,
            rows,
            inputs: Vec::with_capacity(count),
            by_txid,
        })
    }

    fn push(
        &mut self,
        row: &Record,
        index: usize,
        inputs: Vec<RowInput>,
        outputs: Vec<Coin>,
    ) -> Result<(), TableError> {
        let txid = row.must(HASH, cell::txid)?;
        for (column, what, found) in [
            (TX_INPUT_COUNT, "inputs", inputs.len() as u64),
            (TX_OUTPUT_COUNT, "outputs", outputs.len() as u64),
        ] {
            // A coinbase's own input counts for some and for others not.
            let coinbase = column == TX_INPUT_COUNT && index == 0 && found == 0;
            let told = row.may(column, cell::number)?;
            match told {
                Some(expected) if expected != found && !(coinbase && expected == 1) => {
                    return Err(row.fault(column, TableFault::Count { what, expected, found }));
                }
                _ => {}
            }
        }
        let features = features(row, &inputs)?;
        let (mut given, mut values, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for RowInput { place, input, value, .. } in inputs {
            given.push(input);
            values.push(value);
            places.push(place);
        }
        self.values.push(values);
        self.inputs.push(places);
        self.block.transactions.push(Transaction { txid, inputs: given, outputs, features });
        Ok(())
    }

    /// The block itself; the rows stay, for what is said about it.
    pub fn take_block(&mut self) -> NewBlock {
        let transactions = std::mem::take(&mut self.block.transactions);
        NewBlock { transactions, ..self.block.clone() }
    }

    /// Whether a transaction is in this block.
    pub fn transaction(&self, txid: &Txid) -> Option<&Transaction> {
        self.by_txid.get(txid).map(|index| &self.block.transactions[*index])
    }

    /// A fault at an input, by the index of its transaction and its own.
    pub fn input_fault(&self, transaction: usize, input: usize, words: String) -> TableError {
        let (row, column) = &self.inputs[transaction][input];
        row.fault(*column, TableFault::Refused(words))
    }

    /// A fault of the block as a whole.
    pub fn refused(&self, words: String) -> TableError {
        self.head.refused(words)
    }

    /// Where what a store says about this block stands.
    pub fn fault(&self, fault: &BlockFault, given: &[Vec<OutPoint>]) -> TableError {
        let words = format!("{fault}; nothing of the block was kept");
        let (txid, spent) = match fault {
            BlockFault::MissingPrevious { txid, previous }
            | BlockFault::Chain(
                ViewError::NoSuchOutput { txid, previous, .. }
                | ViewError::SpentBeforeCreated { txid, previous }
                | ViewError::DoubleSpend { second: txid, previous, .. },
            ) => (Some(txid), Some(previous)),
            BlockFault::NullPrevious(txid)
            | BlockFault::Coinbase(txid)
            | BlockFault::Chain(
                ViewError::DuplicateTxid(txid)
                | ViewError::Amount(txid)
                | ViewError::Worth(txid)
                | ViewError::ValueCreated { txid, .. },
            ) => (Some(txid), None),
            BlockFault::Chain(ViewError::Undo(previous)) => (None, Some(previous)),
            _ => (None, None),
        };
        let index = txid.and_then(|txid| self.by_txid.get(txid)).copied();
        let null = index.filter(|_| matches!(fault, BlockFault::NullPrevious(_)));
        let spent = match null {
            Some(index) => given[index].iter().find(|point| point.txid.0 == [0; 32]),
            None => spent,
        };
        if let Some(spent) = spent {
            // The last, because the first spend of an output that is spent twice is not at fault.
            let wanted = |at: &usize| index.is_none_or(|index| index == *at);
            let found = (0..given.len()).filter(wanted).find_map(|at| {
                let input = given[at].iter().rposition(|point| point == spent)?;
                Some((at, input))
            });
            if let Some((at, input)) = found {
                return self.input_fault(at, input, words);
            }
        }
        match index {
            Some(index) => self.rows[index].fault(HASH, TableFault::Refused(words)),
            None => self.refused(words),
        }
    }
}

/// A transaction's traits, where its row and its inputs tell all of them.
fn features(row: &Record, inputs: &[RowInput]) -> Result<Option<Features>, TableError> {
    let version = row.may(TX_VERSION, cell::version)?;
    let lock_time = row.may(TX_LOCK_TIME, cell::small)?;
    let replaceable = match row.may(TX_REPLACEABLE, cell::flag)? {
        None => inputs
            .iter()
            .map(|input| Some(input.sequence? <= SEQUENCE_REPLACEABLE_MAX))
            .try_fold(false, |any, one| Some(any | one?))
            .filter(|_| !inputs.is_empty()),
        told => told,
    };
    let size = row.may(TX_SIZE, cell::number)?.zip(row.may(TX_VIRTUAL_SIZE, cell::number)?);
    // Witnesses count a quarter (BIP 141).
    let witness = match row.may(TX_WITNESS, cell::flag)? {
        None => size.map(|(size, virtual_size)| virtual_size < size),
        told => told,
    };
    let all = version.zip(lock_time).zip(replaceable.zip(witness));
    Ok(all.map(|((version, lock_time), (replaceable, witness))| Features {
        version,
        lock_time,
        replaceable,
        witness,
    }))
}

/// Transactions in the order of the block: by their index, by their number in the chain, or as they
/// come, the coinbase first.
fn in_order(mut rows: Vec<Rc<Record>>) -> Result<Vec<Rc<Record>>, TableError> {
    let Some(first) = rows.first() else { return Ok(rows) };
    if first.has(TX_INDEX) {
        return numbered_by(rows, TX_INDEX, "transaction");
    }
    if first.has(TX_ID) {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            keyed.push((row.must(TX_ID, cell::number)?, row));
        }
        keyed.sort_by_key(|(id, _)| *id);
        return Ok(keyed.into_iter().map(|(_, row)| row).collect());
    }
    let mut coinbases = Vec::with_capacity(rows.len());
    for row in &rows {
        coinbases.push(row.may(TX_COINBASE, cell::flag)? == Some(true));
    }
    if let Some(at) = coinbases.iter().position(|coinbase| *coinbase) {
        rows[..=at].rotate_right(1);
    }
    Ok(rows)
}

fn numbered(rows: Vec<Rc<Record>>, what: &'static str) -> Result<Vec<Rc<Record>>, TableError> {
    numbered_by(rows, ROW_INDEX, what)
}

/// Rows by a column that counts from 0.
fn numbered_by(
    rows: Vec<Rc<Record>>,
    column: usize,
    what: &'static str,
) -> Result<Vec<Rc<Record>>, TableError> {
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        keyed.push((row.must(column, cell::number)?, row));
    }
    keyed.sort_by_key(|(index, _)| *index);
    for (expected, (index, row)) in (0..).zip(&keyed) {
        if *index < expected {
            return Err(row.fault(column, TableFault::Twice(format!("{what} {index}"))));
        }
        if *index > expected {
            return Err(row.fault(column, TableFault::Gap { what, expected }));
        }
    }
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}

type Grouped = Option<Vec<Vec<Rc<Record>>>>;

/// A block's rows of inputs or outputs, by the index of their transaction.
fn grouped(
    stream: &mut Option<Stream>,
    block: u64,
    by_txid: &HashMap<Txid, usize>,
    owner: &'static str,
) -> Result<Grouped, TableError> {
    let Some(stream) = stream else { return Ok(None) };
    let mut groups = vec![Vec::new(); by_txid.len()];
    for row in stream.take(block, owner)? {
        let txid = row.must(HASH, cell::txid)?;
        match by_txid.get(&txid) {
            Some(index) => groups[*index].push(Rc::new(row)),
            None => return Err(row.fault(HASH, TableFault::Stranger { block })),
        }
    }
    Ok(Some(groups))
}

/// The script that pays the only address of a cell.
fn script_to(addresses: Option<&str>, network: Network) -> Result<Box<[u8]>, TableFault> {
    let address = single(addresses).ok_or(TableFault::NoScript)?;
    let script = crate::script::script_of(address, network);
    script.map(Vec::into_boxed_slice).map_err(|error| TableFault::Address(error.to_string()))
}

/// The only address of a cell: bare, or in a list of one.
fn single(addresses: Option<&str>) -> Option<&str> {
    let text = addresses?.trim_matches(|mark: char| "[]{}\"' ".contains(mark));
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(text)
}

/// The hash of nothing, which a coinbase spends.
fn is_null(text: &str) -> bool {
    text.trim_start_matches("0x").bytes().all(|byte| byte == b'0')
}
