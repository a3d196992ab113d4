//! Lines of text to records. Knows no columns' meaning. UTF-8, commas, quotes as in RFC 4180, the
//! first line names the columns; others than the schema's are passed over.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::stream::{Header, Record};
use super::{ROW_BYTES_MAX, RowPlace, Schema, Spot, TableError, TableFault};

/// The reader asks for so many bytes ahead of the row it is in.
const BUFFER_BYTES: usize = 1 << 16;
/// What stands at the start of a file in UTF-16.
const UTF16_MARKS: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

pub(super) struct CsvRows {
    reader: csv::Reader<Guard>,
    left: Rc<Cell<u64>>,
    record: csv::ByteRecord,
    header: Arc<Header>,
}

/// Lets a row have so many bytes and no more: the reader itself would read on to the end of a file
/// in which a quote is never closed.
struct Guard {
    bytes: Box<dyn Read>,
    left: Rc<Cell<u64>>,
}

impl Read for Guard {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let count = self.bytes.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(count as u64));
        Ok(count)
    }
}

impl CsvRows {
    pub(super) fn new(
        file: Arc<str>,
        bytes: Box<dyn Read>,
        schema: &Schema,
    ) -> Result<CsvRows, TableError> {
        let left = Rc::new(Cell::new(ROW_BYTES_MAX));
        let guard = Guard { bytes, left: Rc::clone(&left) };
        let builder = &mut csv::ReaderBuilder::new();
        let mut reader = builder.buffer_capacity(BUFFER_BYTES).from_reader(guard);
        let first = Some(RowPlace::Line(1));
        let spot = || Spot { file: Arc::clone(&file), row: first, column: None };
        let names = match reader.byte_headers() {
            Ok(names) => names.clone(),
            Err(error) => return Err(spot().fault(fault(&error))),
        };
        if names.iter().next().is_some_and(|name| {
            UTF16_MARKS.iter().any(|mark| name.starts_with(mark)) || name.contains(&0)
        }) {
            return Err(spot().fault(TableFault::Utf16));
        }
        if names.is_empty() {
            return Err(spot().fault(TableFault::NoColumns));
        }
        let mut texts = Vec::with_capacity(names.len());
        for name in &names {
            texts.push(text(name).map_err(|fault| spot().fault(fault))?);
        }
        let header = Arc::new(Header::find(Arc::clone(&file), first, &texts, schema)?);
        Ok(CsvRows { reader, left, record: csv::ByteRecord::new(), header })
    }

    pub(super) fn next(&mut self) -> Result<Option<Record>, TableError> {
        self.left.set(ROW_BYTES_MAX);
        let place = |line| RowPlace::Line(line);
        let begins = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                let line = match error.kind() {
                    csv::ErrorKind::UnequalLengths { pos: Some(at), .. } => at.line(),
                    _ => begins,
                };
                let (file, row) = (Arc::clone(&self.header.file), Some(place(line)));
                return Err(Spot { file, row, column: None }.fault(fault(&error)));
            }
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        let mut texts = Vec::with_capacity(self.header.columns.len());
        for (index, column) in self.header.columns.iter().enumerate() {
            let bytes = column.as_ref().and_then(|(at, _)| self.record.get(*at));
            let text = bytes.map(text).transpose();
            texts.push(text.map_err(|fault| self.header.fault(place(line), index, fault))?);
        }
        Ok(Some(Record::new(&self.header, place(line), texts.into_iter())))
    }
}

fn text(bytes: &[u8]) -> Result<&str, TableFault> {
    std::str::from_utf8(bytes).map_err(|error| TableFault::Encoding(error.valid_up_to()))
}

fn fault(error: &csv::Error) -> TableFault {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            TableFault::Cells { expected: *expected_len, found: *len }
        }
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            TableFault::RowTooLong
        }
        csv::ErrorKind::Io(error) => TableFault::Unreadable(error.to_string()),
        _ => TableFault::Unreadable(error.to_string()),
    }
}
