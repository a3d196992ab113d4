//! Tables of records: the same rows as CSV and as JSON, written together.
//!
//! Knows nothing of where rows come from. Evidence is byte-exact: a cell that starts with `=` or
//! `+` is written as it is, without the quote mark that some tools add against formulas, because
//! a changed byte would be a changed record; VERIFY.txt tells readers to import columns as text.
//!
//! CSV is RFC 4180 with CR LF and one heading line. JSON is
//! `{"columns":[{"name":..,"kind":..},..],"rows":[[..],..]}`, one row a line. A cell has the same
//! text in both: in JSON numbers are strings too, so that no reader rounds them. Only two values
//! differ in form: null is `null` in JSON and an empty cell in CSV (empty text is `""` there), and
//! booleans are bare in JSON.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};

use jiff::Timestamp;

use crate::digest::{DigestWriter, Digests};
use crate::format::{AMOUNT_DECIMALS_MAX, CELL_BYTES_MAX, COLUMNS_COUNT_MAX, ROWS_COUNT_MAX};
use crate::package::TimeRange;

/// A column: its heading and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading; unique within the table, not empty.
    pub name: String,
    /// What its cells hold.
    pub kind: ColumnKind,
}

/// What the cells of a column hold. Any cell may also be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A decimal amount.
    Amount,
    /// An instant, UTC ISO 8601.
    Time,
    /// `true` or `false`.
    Boolean,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing is recorded.
    Null,
    /// Text, byte for byte.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i128),
    /// An amount.
    Amount(Amount),
    /// An instant.
    Time(Timestamp),
    /// A truth value.
    Boolean(bool),
}

/// An exact amount: whole smallest units, and how many decimals they make. Displays as a decimal
/// text with exactly that many decimals: 40000000 units of 8 decimals are `0.40000000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    units: i128,
    decimals: u8,
}

/// Writes CSV and JSON in lockstep.
pub struct TableWriter<C, J> {
    columns: Vec<Column>,
    time_column: Option<usize>,
    csv: DigestWriter<C>,
    json: DigestWriter<J>,
    csv_line: String,
    json_line: String,
    row_count: u64,
    time_range: Option<TimeRange>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSummary {
    /// Length and digests of the CSV.
    pub csv: Digests,
    /// Length and digests of the JSON.
    pub json: Digests,
    /// Rows, the heading not counted.
    pub row_count: u64,
    /// First and last instant in the first column of kind Time; none when it holds none.
    pub time_range: Option<TimeRange>,
}

/// Why a table was not written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// No column, or too many.
    #[error("a table has 1 to {COLUMNS_COUNT_MAX} columns, not {found}")]
    ColumnCount {
        /// How many were given.
        found: usize,
    },
    /// A heading is empty or stands twice.
    #[error("column {column} has the name `{name}`, which is empty or taken; name each once")]
    ColumnName {
        /// Which column, from 1.
        column: usize,
        /// Its name.
        name: String,
    },
    /// A row has more or fewer cells than the table has columns.
    #[error("row {row} has {found} cells; the table has {expected} columns")]
    CellCount {
        /// Which row, from 1.
        row: u64,
        /// Cells found.
        found: usize,
        /// Columns.
        expected: usize,
    },
    /// A cell is not of its column's kind.
    #[error("row {row}, column `{column}` holds {found}; the column is {expected}")]
    CellKind {
        /// Which row, from 1.
        row: u64,
        /// Name of the column.
        column: String,
        /// Kind found.
        found: ColumnKind,
        /// Kind of the column.
        expected: ColumnKind,
    },
    /// A cell is too long.
    #[error("row {row}, column `{column}` has {bytes} bytes; at most {CELL_BYTES_MAX}")]
    CellBytes {
        /// Which row, from 1.
        row: u64,
        /// Name of the column.
        column: String,
        /// Its length.
        bytes: usize,
    },
    /// Null in the only column would be an empty line, which CSV readers skip.
    #[error("row {row} is null in the only column; select a second column, such as a row id")]
    BlankRow {
        /// Which row, from 1.
        row: u64,
    },
    /// Too many rows.
    #[error("a table has at most {ROWS_COUNT_MAX} rows; narrow the range and answer in parts")]
    RowCount,
    /// More decimals than an amount may have.
    #[error("an amount has at most {AMOUNT_DECIMALS_MAX} decimals, not {decimals}")]
    Decimals {
        /// How many were given.
        decimals: u8,
    },
    /// The file cannot be written.
    #[error("the table cannot be written")]
    Write(#[from] io::Error),
}

impl<C: Write, J: Write> TableWriter<C, J> {
    /// Starts both files and writes the headings.
    pub fn new(columns: Vec<Column>, csv: C, json: J) -> Result<Self, TableError> {
        check_columns(&columns)?;
        let time_column = columns.iter().position(|column| column.kind == ColumnKind::Time);
        let mut table = Self {
            columns,
            time_column,
            csv: DigestWriter::new(csv),
            json: DigestWriter::new(json),
            csv_line: String::new(),
            json_line: String::new(),
            row_count: 0,
            time_range: None,
        };
        table.write_heading()?;
        Ok(table)
    }

    /// Appends one row to both files. After an error the files are not to be used.
    pub fn write_row(&mut self, row: &[Value<'_>]) -> Result<(), TableError> {
        let number = self.row_count + 1;
        self.check_row(row, number)?;
        self.csv_line.clear();
        self.json_line.clear();
        self.json_line.push_str(if number == 1 { "\n[" } else { ",\n[" });
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                self.csv_line.push(',');
                self.json_line.push(',');
            }
            push_cell(&mut self.csv_line, &mut self.json_line, value);
        }
        self.csv_line.push_str("\r\n");
        self.json_line.push(']');
        self.csv.write_all(self.csv_line.as_bytes())?;
        self.json.write_all(self.json_line.as_bytes())?;
        self.row_count = number;
        if let Some(Value::Time(at)) = self.time_column.map(|index| &row[index]) {
            self.widen_range(*at);
        }
        Ok(())
    }

    /// Ends both files and returns them with their counts and digests.
    pub fn finish(mut self) -> Result<(C, J, TableSummary), TableError> {
        self.json.write_all(b"\n]}\n")?;
        self.csv.flush()?;
        self.json.flush()?;
        let (csv, csv_digests) = self.csv.finish();
        let (json, json_digests) = self.json.finish();
        let summary = TableSummary {
            csv: csv_digests,
            json: json_digests,
            row_count: self.row_count,
            time_range: self.time_range,
        };
        Ok((csv, json, summary))
    }

    /// Rows written so far.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    fn write_heading(&mut self) -> Result<(), TableError> {
        let mut csv = String::new();
        let mut json = String::from("{\"columns\":[");
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                csv.push(',');
                json.push(',');
            }
            push_csv_text(&mut csv, &column.name);
            json.push_str("{\"name\":");
            push_json_text(&mut json, &column.name);
            let _ = write!(json, ",\"kind\":\"{}\"}}", column.kind);
        }
        csv.push_str("\r\n");
        json.push_str("],\"rows\":[");
        self.csv.write_all(csv.as_bytes())?;
        self.json.write_all(json.as_bytes())?;
        Ok(())
    }

    fn check_row(&self, row: &[Value<'_>], number: u64) -> Result<(), TableError> {
        if number > ROWS_COUNT_MAX {
            return Err(TableError::RowCount);
        }
        if row.len() != self.columns.len() {
            let (found, expected) = (row.len(), self.columns.len());
            return Err(TableError::CellCount { row: number, found, expected });
        }
        if matches!(row, [Value::Null]) {
            return Err(TableError::BlankRow { row: number });
        }
        for (value, column) in row.iter().zip(&self.columns) {
            let Some(found) = value.kind() else { continue };
            if found != column.kind {
                let (column, expected) = (column.name.clone(), column.kind);
                return Err(TableError::CellKind { row: number, column, found, expected });
            }
            if let Value::Text(text) = value
                && text.len() > CELL_BYTES_MAX
            {
                let (column, bytes) = (column.name.clone(), text.len());
                return Err(TableError::CellBytes { row: number, column, bytes });
            }
        }
        Ok(())
    }

    fn widen_range(&mut self, at: Timestamp) {
        let range = self.time_range.get_or_insert(TimeRange { from: at, to: at });
        range.from = range.from.min(at);
        range.to = range.to.max(at);
    }
}

impl Value<'_> {
    /// The kind of column it belongs in; null belongs in any.
    pub fn kind(&self) -> Option<ColumnKind> {
        match self {
            Value::Null => None,
            Value::Text(_) => Some(ColumnKind::Text),
            Value::Integer(_) => Some(ColumnKind::Integer),
            Value::Amount(_) => Some(ColumnKind::Amount),
            Value::Time(_) => Some(ColumnKind::Time),
            Value::Boolean(_) => Some(ColumnKind::Boolean),
        }
    }
}

impl Amount {
    /// An amount of `units` smallest units, of which 10 to the power of `decimals` make one.
    pub fn new(units: i128, decimals: u8) -> Result<Self, TableError> {
        if decimals > AMOUNT_DECIMALS_MAX {
            return Err(TableError::Decimals { decimals });
        }
        Ok(Self { units, decimals })
    }

    /// Whole smallest units.
    pub fn units(&self) -> i128 {
        self.units
    }

    /// Decimals that it prints with.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let magnitude = self.units.unsigned_abs();
        if self.decimals == 0 {
            return write!(f, "{sign}{magnitude}");
        }
        // 10^38 < 2^128, so the power fits for every allowed number of decimals.
        let one = 10u128.pow(u32::from(self.decimals));
        let width = usize::from(self.decimals);
        write!(f, "{sign}{}.{:0width$}", magnitude / one, magnitude % one)
    }
}

impl ColumnKind {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ColumnKind::Text => "text",
            ColumnKind::Integer => "integer",
            ColumnKind::Amount => "amount",
            ColumnKind::Time => "time",
            ColumnKind::Boolean => "boolean",
        }
    }
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn check_columns(columns: &[Column]) -> Result<(), TableError> {
    if columns.is_empty() || columns.len() > COLUMNS_COUNT_MAX {
        return Err(TableError::ColumnCount { found: columns.len() });
    }
    for (index, column) in columns.iter().enumerate() {
        let taken = columns[..index].iter().any(|earlier| earlier.name == column.name);
        if column.name.is_empty() || taken {
            let name = column.name.clone();
            return Err(TableError::ColumnName { column: index + 1, name });
        }
    }
    Ok(())
}

/// Appends one cell to the CSV line and to the JSON line. Writing to a `String` cannot fail.
fn push_cell(csv: &mut String, json: &mut String, value: &Value<'_>) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Text(text) => {
            push_csv_text(csv, text);
            push_json_text(json, text);
        }
        Value::Integer(number) => push_plain(csv, json, number),
        Value::Amount(amount) => push_plain(csv, json, amount),
        Value::Time(at) => push_plain(csv, json, at),
        Value::Boolean(truth) => {
            let text = if *truth { "true" } else { "false" };
            csv.push_str(text);
            json.push_str(text);
        }
    }
}

/// Appends a value whose text needs no quoting in CSV and no escape in JSON.
fn push_plain(csv: &mut String, json: &mut String, value: &impl fmt::Display) {
    let start = csv.len();
    let _ = write!(csv, "{value}");
    json.push('"');
    json.push_str(&csv[start..]);
    json.push('"');
}

/// RFC 4180: quotes where a comma, a quote or a line break is inside, and quotes doubled. Empty
/// text is quoted, to tell it from null.
fn push_csv_text(line: &mut String, text: &str) {
    let quoted =
        text.is_empty() || text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
    if !quoted {
        line.push_str(text);
        return;
    }
    line.push('"');
    for (index, piece) in text.split('"').enumerate() {
        if index > 0 {
            line.push_str("\"\"");
        }
        line.push_str(piece);
    }
    line.push('"');
}

/// RFC 8259 string: only what must be escaped is escaped, always in the same way.
pub(crate) fn push_json_text(line: &mut String, text: &str) {
    line.push('"');
    let mut done = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        line.push_str(&text[done..index]);
        if escape.is_empty() {
            let _ = write!(line, "\\u{byte:04x}");
        } else {
            line.push_str(escape);
        }
        done = index + 1;
    }
    line.push_str(&text[done..]);
    line.push('"');
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
