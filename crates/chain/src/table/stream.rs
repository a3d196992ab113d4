//! Rows of one table from one file after another, a block at a time. Knows no meaning of any column
//! but the first, the number of the row's block.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::csv::CsvRows;
#[cfg(feature = "parquet")]
use super::parquet::ParquetRows;
use super::{
    BLOCK_ROWS_MAX, COLUMNS_MAX, RowPlace, Schema, Spot, TableError, TableFault, cell, clip,
};

/// Longest list of columns that an error repeats.
const NAMES_CHARACTERS_MAX: usize = 600;
/// The column that every table has first.
const BLOCK: usize = 0;

/// One file of a table.
pub struct Part {
    /// As errors call it.
    pub name: Arc<str>,
    /// Opens it, when its turn comes.
    pub open: Box<dyn Fn() -> io::Result<Input>>,
}

/// An open file.
pub enum Input {
    /// Text with commas.
    Csv(Box<dyn io::Read>),
    /// Columns.
    #[cfg(feature = "parquet")]
    Parquet(Box<dyn ::parquet::file::reader::FileReader>),
}

/// Rows of one table.
pub(super) struct Stream {
    schema: &'static Schema,
    parts: VecDeque<Part>,
    rows: Option<Rows>,
    next: Option<(u64, Record)>,
    /// Of the row that was read last.
    block: Option<u64>,
}

enum Rows {
    Csv(Box<CsvRows>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRows>),
}

/// The columns of a file as a schema sees them.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) file: Arc<str>,
    /// For each column of the schema: which of the file's, and its name there.
    pub(super) columns: Vec<Option<(usize, Box<str>)>>,
}

/// A row: a text per column of the schema, or none.
#[derive(Clone, Debug)]
pub(super) struct Record {
    header: Arc<Header>,
    place: RowPlace,
    text: Box<str>,
    cells: Box<[Option<Range<u32>>]>,
}

impl Stream {
    pub(super) fn new(schema: &'static Schema, parts: Vec<Part>) -> Stream {
        Stream { schema, parts: parts.into(), rows: None, next: None, block: None }
    }

    /// The block of the next row.
    pub(super) fn peek(&mut self) -> Result<Option<u64>, TableError> {
        if self.next.is_none() {
            self.next = self.read()?;
        }
        Ok(self.next.as_ref().map(|(block, _)| *block))
    }

    /// All rows of a block, which must be the next; `owner` is the table that has the block.
    pub(super) fn take(
        &mut self,
        block: u64,
        owner: &'static str,
    ) -> Result<Vec<Record>, TableError> {
        let mut records = Vec::new();
        while let Some(next) = self.peek()? {
            if next > block {
                break;
            }
            let Some((number, record)) = self.next.take() else { break };
            if number < block {
                let fault = TableFault::NoSuchBlock { number, table: owner };
                return Err(record.fault(BLOCK, fault));
            }
            if records.len() == BLOCK_ROWS_MAX {
                return Err(record.fault(BLOCK, TableFault::TooManyRows { block }));
            }
            records.push(record);
        }
        Ok(records)
    }

    /// That nothing is left, once all blocks were read.
    pub(super) fn finish(&mut self, owner: &'static str) -> Result<(), TableError> {
        match self.peek()? {
            Some(number) => {
                self.take(number.saturating_add(1), owner)?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn read(&mut self) -> Result<Option<(u64, Record)>, TableError> {
        loop {
            if self.rows.is_none() {
                let Some(part) = self.parts.pop_front() else { return Ok(None) };
                self.rows = Some(open(part, self.schema)?);
            }
            let record = self.rows.as_mut().map(Rows::next).transpose()?.flatten();
            let Some(record) = record else {
                self.rows = None;
                continue;
            };
            let number = record.must(BLOCK, cell::number)?;
            if let Some(before) = self.block
                && number < before
            {
                return Err(record.fault(BLOCK, TableFault::Order { number, before }));
            }
            self.block = Some(number);
            return Ok(Some((number, record)));
        }
    }
}

/// Every row of a table that has no order and no blocks.
pub(super) fn each(
    schema: &'static Schema,
    parts: Vec<Part>,
    mut act: impl FnMut(&Record) -> Result<(), TableError>,
) -> Result<(), TableError> {
    for part in parts {
        let mut rows = open(part, schema)?;
        while let Some(record) = rows.next()? {
            act(&record)?;
        }
    }
    Ok(())
}

impl Rows {
    fn next(&mut self) -> Result<Option<Record>, TableError> {
        match self {
            Rows::Csv(rows) => rows.next(),
            #[cfg(feature = "parquet")]
            Rows::Parquet(rows) => rows.next(),
        }
    }
}

fn open(part: Part, schema: &'static Schema) -> Result<Rows, TableError> {
    let opened = (part.open)().map_err(|error| {
        let spot = Spot { file: Arc::clone(&part.name), row: None, column: None };
        spot.fault(TableFault::Unreadable(error.to_string()))
    })?;
    Ok(match opened {
        Input::Csv(bytes) => Rows::Csv(Box::new(CsvRows::new(part.name, bytes, schema)?)),
        #[cfg(feature = "parquet")]
        Input::Parquet(file) => Rows::Parquet(Box::new(ParquetRows::new(part.name, file, schema)?)),
    })
}

impl Header {
    /// Finds a schema's columns among a file's. `row` is where their names stand.
    pub(super) fn find(
        file: Arc<str>,
        row: Option<RowPlace>,
        names: &[&str],
        schema: &Schema,
    ) -> Result<Header, TableError> {
        let fail = |column: Option<&str>, fault| {
            let column = column.map(clip);
            Spot { file: Arc::clone(&file), row, column }.fault(fault)
        };
        if names.len() > COLUMNS_MAX {
            return Err(fail(None, TableFault::TooManyColumns));
        }
        let mut columns = Vec::with_capacity(schema.columns.len());
        for column in schema.columns {
            let mut found: Option<(usize, Box<str>)> = None;
            for (index, name) in names.iter().enumerate() {
                if !column.names.contains(name) {
                    continue;
                }
                if let Some((_, first)) = &found {
                    return Err(fail(Some(*name), TableFault::SameColumn(first.to_string())));
                }
                found = Some((index, (*name).into()));
            }
            if found.is_none() && column.needed {
                let quoted = column.names.iter().map(|name| format!("`{name}`"));
                let wanted = quoted.collect::<Vec<_>>().join(" or ");
                let found = names.join(", ").chars().take(NAMES_CHARACTERS_MAX).collect();
                return Err(fail(None, TableFault::MissingColumn { wanted, found }));
            }
            columns.push(found);
        }
        Ok(Header { file, columns })
    }

    fn name(&self, column: usize) -> Option<String> {
        self.columns[column].as_ref().map(|(_, name)| name.to_string())
    }

    pub(super) fn fault(&self, place: RowPlace, column: usize, fault: TableFault) -> TableError {
        let (file, column) = (Arc::clone(&self.file), self.name(column));
        Spot { file, row: Some(place), column }.fault(fault)
    }
}

impl Record {
    /// From the texts of a schema's columns; an empty one is none.
    pub(super) fn new<'a>(
        header: &Arc<Header>,
        place: RowPlace,
        texts: impl Iterator<Item = Option<&'a str>>,
    ) -> Record {
        let (mut text, mut cells) = (String::new(), Vec::with_capacity(header.columns.len()));
        for one in texts {
            let start = text.len() as u32;
            text.push_str(one.unwrap_or_default());
            let range = start..text.len() as u32;
            cells.push((!range.is_empty()).then_some(range));
        }
        let (text, cells) = (text.into_boxed_str(), cells.into_boxed_slice());
        Record { header: Arc::clone(header), place, text, cells }
    }

    /// A cell's text; none where the column is absent or the cell is empty.
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        let range = self.cells[column].clone()?;
        Some(&self.text[range.start as usize..range.end as usize])
    }

    /// A cell's value, where there is one.
    pub(super) fn may<T>(
        &self,
        column: usize,
        read: impl FnOnce(&str) -> Result<T, TableFault>,
    ) -> Result<Option<T>, TableError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        read(text).map(Some).map_err(|fault| self.fault(column, fault))
    }

    /// A cell's value, which must be there.
    pub(super) fn must<T>(
        &self,
        column: usize,
        read: impl FnOnce(&str) -> Result<T, TableFault>,
    ) -> Result<T, TableError> {
        let value = self.may(column, read)?;
        value.ok_or_else(|| self.fault(column, TableFault::Empty))
    }

    /// Whether the file has the column at all.
    pub(super) fn has(&self, column: usize) -> bool {
        self.header.columns[column].is_some()
    }

    pub(super) fn fault(&self, column: usize, fault: TableFault) -> TableError {
        self.header.fault(self.place, column, fault)
    }

    /// The row as a whole is at fault.
    pub(super) fn refused(&self, words: String) -> TableError {
        let (file, row) = (Arc::clone(&self.header.file), Some(self.place));
        Spot { file, row, column: None }.fault(TableFault::Refused(words))
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({})", self.name)
    }
}
