//! Blocks to rows. Knows no folders: it is handed something to write to for each table.

use std::borrow::Cow;
use std::io;

use super::account::{PLACES, REASONS};
#[cfg(feature = "parquet")]
use super::parquet::ParquetWriter;
use crate::account::{Account, AccountBlock, Outcome, Place, block::HashCheck};
use crate::utxo::{InputNumber, OutputNumber, Spent, Utxo};
use crate::view::{BlockNumber, TxNumber};

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of 64 bits.
    Number,
    /// Text; amounts of 128 bits among it, since no number of Parquet holds all of them.
    Text,
}

/// A table as it is written.
#[derive(Debug)]
pub struct Table {
    /// Its file's name without endings.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
}

/// One cell; nothing where nothing is known.
type Cell<'a> = Option<Value<'a>>;

enum Value<'a> {
    Number(i64),
    Text(Cow<'a, str>),
}

/// The tables of a chain of outputs.
pub const UTXO_TABLES: [Table; 4] = [
    Table {
        name: "blocks",
        columns: &[
            ("number", Kind::Number),
            ("hash", Kind::Text),
            ("previous_hash", Kind::Text),
            ("timestamp", Kind::Number),
            ("transaction_count", Kind::Number),
        ],
    },
    Table {
        name: "transactions",
        columns: &[
            ("block_number", Kind::Number),
            ("index", Kind::Number),
            ("hash", Kind::Text),
            ("version", Kind::Number),
            ("lock_time", Kind::Number),
            ("replaceable", Kind::Text),
            ("witness", Kind::Text),
            ("input_count", Kind::Number),
            ("output_count", Kind::Number),
        ],
    },
    Table {
        name: "inputs",
        columns: &[
            ("block_number", Kind::Number),
            ("transaction_hash", Kind::Text),
            ("index", Kind::Number),
            ("spent_transaction_hash", Kind::Text),
            ("spent_output_index", Kind::Number),
            ("value", Kind::Number),
            ("spent_script_hex", Kind::Text),
        ],
    },
    Table {
        name: "outputs",
        columns: &[
            ("block_number", Kind::Number),
            ("transaction_hash", Kind::Text),
            ("index", Kind::Number),
            ("value", Kind::Number),
            ("script_hex", Kind::Text),
            ("type", Kind::Text),
            ("address", Kind::Text),
        ],
    },
];

/// The tables of a chain of accounts.
pub const ACCOUNT_TABLES: [Table; 4] = [
    Table {
        name: "blocks",
        columns: &[
            ("number", Kind::Number),
            ("hash", Kind::Text),
            ("parent_hash", Kind::Text),
            ("timestamp", Kind::Number),
            ("hash_recomputed", Kind::Text),
            ("transaction_count", Kind::Number),
        ],
    },
    Table {
        name: "transactions",
        columns: &[
            ("block_number", Kind::Number),
            ("transaction_index", Kind::Number),
            ("hash", Kind::Text),
            ("from_address", Kind::Text),
            ("to_address", Kind::Text),
            ("value", Kind::Text),
            ("status", Kind::Number),
        ],
    },
    Table {
        name: "movements",
        columns: &[
            ("block_number", Kind::Number),
            ("transaction_index", Kind::Number),
            ("place", Kind::Text),
            ("place_index", Kind::Number),
            ("kind", Kind::Text),
            ("asset", Kind::Text),
            ("from_address", Kind::Text),
            ("to_address", Kind::Text),
            ("value", Kind::Text),
        ],
    },
    Table {
        name: "gaps",
        columns: &[
            ("block_number", Kind::Number),
            ("transaction_index", Kind::Number),
            ("place", Kind::Text),
            ("place_index", Kind::Number),
            ("reason", Kind::Text),
        ],
    },
];

/// An output that carries data: the store keeps that it does, and not what.
const DATA_SCRIPT: &str = "6a";

/// Writes the rows of one table.
pub enum Writer {
    /// Lines.
    Csv(Box<csv::Writer<Box<dyn io::Write + Send>>>),
    /// Columns.
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetWriter>),
}

/// Why a block is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Rows are found by height.
    #[error("the height of block {0} is not known, and tables need it")]
    NoHeight(String),
    /// Beyond what a column of numbers holds.
    #[error("{0} does not fit into a column of 64 bits")]
    Beyond(u64),
}

impl Writer {
    /// Lines, the first of which names the columns.
    ///
    /// # Errors
    /// The disk.
    pub fn csv(table: &Table, to: Box<dyn io::Write + Send>) -> Result<Writer, WriteError> {
        let mut writer = csv::WriterBuilder::new().from_writer(to);
        let names = table.columns.iter().map(|(name, _)| name);
        writer.write_record(names).map_err(io::Error::from)?;
        Ok(Writer::Csv(Box::new(writer)))
    }

    /// Columns.
    ///
    /// # Errors
    /// The disk.
    #[cfg(feature = "parquet")]
    pub fn parquet(table: &Table, to: Box<dyn io::Write + Send>) -> Result<Writer, WriteError> {
        Ok(Writer::Parquet(Box::new(ParquetWriter::new(table, to)?)))
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        match self {
            Writer::Csv(writer) => {
                for cell in cells {
                    let text: Cow<'_, str> = match cell {
                        None => Cow::Borrowed(""),
                        Some(Value::Number(number)) => number.to_string().into(),
                        Some(Value::Text(text)) => Cow::Borrowed(text),
                    };
                    writer.write_field(text.as_ref()).map_err(io::Error::from)?;
                }
                writer.write_record(None::<&[u8]>).map_err(io::Error::from)?;
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(writer) => {
                for (column, cell) in cells.iter().enumerate() {
                    match cell {
                        None => writer.nothing(column),
                        Some(Value::Number(number)) => writer.number(column, *number),
                        Some(Value::Text(text)) => writer.text(column, text),
                    }
                }
                writer.end_row()?;
            }
        }
        Ok(())
    }

    /// Writes what is left; the file is whole after this and not before.
    ///
    /// # Errors
    /// The disk.
    pub fn finish(self) -> Result<(), WriteError> {
        match self {
            Writer::Csv(writer) => {
                let mut to = writer.into_inner().map_err(|error| error.into_error())?;
                Ok(to.flush()?)
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(writer) => Ok(writer.finish()?),
        }
    }
}

/// Writes a block of a chain of outputs, to the writers of [`UTXO_TABLES`].
///
/// # Errors
/// The disk, or a block without a height.
pub fn utxo_block(
    chain: &dyn Utxo,
    block: BlockNumber,
    to: &mut [Writer; 4],
) -> Result<(), WriteError> {
    let hash = chain.block_hash(block);
    let name = || hash.map_or_else(|| format!("number {}", block.0), |hash| hash.to_string());
    let height = chain.height(block).ok_or_else(|| WriteError::NoHeight(name()))?;
    let height = i64::from(height.0);
    let range = chain.transactions_of(block);
    let before = block.0.checked_sub(1).and_then(|before| chain.block_hash(BlockNumber(before)));
    to[0].row(&[
        number(height),
        hash.and_then(|hash| text(hash.to_string())),
        before.and_then(|hash| text(hash.to_string())),
        chain.block_time(block).and_then(|time| number(i64::from(time))),
        number(i64::from(range.end - range.start)),
    ])?;
    for (index, transaction) in (0i64..).zip(range.map(TxNumber)) {
        let (inputs, outputs) = (chain.inputs_of(transaction), chain.outputs_of(transaction));
        let features = chain.features(transaction);
        let flag = |set: bool| text(if set { "true" } else { "false" });
        let txid = chain.txid(transaction).to_string();
        to[1].row(&[
            number(height),
            number(index),
            text(&txid),
            features.and_then(|features| number(i64::from(features.version))),
            features.and_then(|features| number(i64::from(features.lock_time))),
            features.and_then(|features| flag(features.replaceable)),
            features.and_then(|features| flag(features.witness)),
            number((inputs.end - inputs.start) as i64),
            number((outputs.end - outputs.start) as i64),
        ])?;
        for (index, input) in (0i64..).zip(inputs) {
            input_row(chain, [height, index], &txid, InputNumber(input), &mut to[2])?;
        }
        for (index, output) in (0i64..).zip(outputs) {
            output_row(chain, [height, index], &txid, OutputNumber(output), &mut to[3])?;
        }
    }
    Ok(())
}

fn input_row(
    chain: &dyn Utxo,
    [height, index]: [i64; 2],
    txid: &str,
    input: InputNumber,
    to: &mut Writer,
) -> Result<(), WriteError> {
    let (point, value, script) = match chain.spent(input) {
        Spent::Inside(output) => (chain.outpoint(output), Some(chain.value(output)), None),
        Spent::Outside { point, value, address } => {
            let script = address.map(|address| hex_text(&chain.script_of(address)));
            (point, value, script.or(value.map(|_| DATA_SCRIPT.to_owned())))
        }
    };
    to.row(&[
        number(height),
        text(txid),
        number(index),
        text(point.txid.to_string()),
        number(i64::from(point.vout)),
        value.and_then(|value| number(value.0 as i64)),
        script.and_then(text),
    ])
}

fn output_row(
    chain: &dyn Utxo,
    [height, index]: [i64; 2],
    txid: &str,
    output: OutputNumber,
    to: &mut Writer,
) -> Result<(), WriteError> {
    let address = chain.address_of(output);
    let script = address.map(|address| hex_text(&chain.script_of(address)));
    to.row(&[
        number(height),
        text(txid),
        number(index),
        number(chain.value(output).0 as i64),
        text(script.unwrap_or_else(|| DATA_SCRIPT.to_owned())),
        text(chain.script_type(output).name()),
        address.and_then(|address| chain.address_text(address)).and_then(text),
    ])
}

/// Writes a block of a chain of accounts, to the writers of [`ACCOUNT_TABLES`].
///
/// # Errors
/// The disk, or a number beyond 63 bits.
pub fn account_block(block: &AccountBlock, to: &mut [Writer; 4]) -> Result<(), WriteError> {
    let chain = block.chain;
    let height = signed(block.number)?;
    let account = |account: Option<Account>| text(account.map_or(String::new(), |a| chain.text(a)));
    let recomputed = block.hash_checked == HashCheck::Recomputed;
    to[0].row(&[
        number(height),
        text(chain.hash_text(block.hash)),
        text(chain.hash_text(block.parent)),
        number(signed(block.time)?),
        text(if recomputed { "true" } else { "false" }),
        number(block.transactions.len() as i64),
    ])?;
    for (index, one) in (0i64..).zip(&block.transactions) {
        to[1].row(&[
            number(height),
            number(index),
            text(chain.hash_text(one.hash)),
            account(Some(one.sender)),
            account(one.recipient),
            text(one.value.to_string()),
            match one.outcome {
                Outcome::Succeeded => number(1),
                Outcome::Failed => number(0),
                Outcome::Unknown => None,
            },
        ])?;
    }
    for one in &block.movements {
        let (place, place_index) = place_cells(one.place);
        to[2].row(&[
            number(height),
            one.transaction.and_then(|index| number(i64::from(index))),
            place,
            place_index,
            text(one.kind.name()),
            text(one.asset.text(chain)),
            account(one.from),
            account(one.to),
            text(one.amount.to_string()),
        ])?;
    }
    for one in &block.gaps {
        let (place, place_index) = place_cells(one.place);
        let reason = REASONS.iter().find(|(reason, _)| *reason == one.reason);
        to[3].row(&[
            number(height),
            one.transaction.and_then(|index| number(i64::from(index))),
            place,
            place_index,
            reason.and_then(|(_, word)| text(*word)),
        ])?;
    }
    Ok(())
}

fn place_cells(place: Place) -> (Cell<'static>, Cell<'static>) {
    let (sort, index) = match place {
        Place::Fee => (0, None),
        Place::Call(index) => (1, Some(index)),
        Place::Log(index) => (2, Some(index)),
        Place::Block(index) => (3, Some(index)),
    };
    (text(PLACES[sort]), index.and_then(|index| number(i64::from(index))))
}

fn signed(number: u64) -> Result<i64, WriteError> {
    i64::try_from(number).map_err(|_| WriteError::Beyond(number))
}

fn number(number: i64) -> Cell<'static> {
    Some(Value::Number(number))
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
    let text = text.into();
    (!text.is_empty()).then_some(Value::Text(text))
}

/// Bytes as text; none of them are `0x`, since an empty cell says nothing.
fn hex_text(bytes: &[u8]) -> String {
    if bytes.is_empty() { "0x".to_owned() } else { hex::encode(bytes) }
}
