//! Parquet to records, and rows to Parquet. Knows no columns' meaning. Flat columns only: whole
//! numbers, decimals without a fraction, times, text, and bytes, which are read as hexadecimal.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::basic::{
    Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical,
};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::FileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescriptor, Type};

use super::stream::{Header, Record};
use super::write::{Kind, Table};
use super::{RowPlace, Schema, Spot, TableError, TableFault};

/// Rows read or kept at a time.
const BATCH_ROWS: usize = 4_096;
/// Rows of a group, which is what a reader has to hold.
const GROUP_ROWS: usize = 1 << 17;
/// A decimal of so many bytes fits into 128 bits.
const DECIMAL_BYTES_MAX: usize = 16;

/// How a column's values become text.
#[derive(Clone, Copy)]
enum Shape {
    Plain,
    Unsigned,
    Text,
    Hexadecimal,
    Decimal,
    /// Parts of a second.
    Time(i64),
}

pub(super) struct ParquetRows {
    file: Box<dyn FileReader>,
    header: Arc<Header>,
    /// For each column of the schema: the file's column, its shape, how deep it may be missing.
    wanted: Vec<Option<(usize, Shape, i16)>>,
    group: usize,
    left: usize,
    readers: Vec<Option<ColumnReader>>,
    batch: Vec<Vec<Option<String>>>,
    at: usize,
    count: usize,
    row: u64,
}

impl ParquetRows {
    pub(super) fn new(
        name: Arc<str>,
        file: Box<dyn FileReader>,
        schema: &Schema,
    ) -> Result<ParquetRows, TableError> {
        let columns = file.metadata().file_metadata().schema_descr_ptr();
        let roots = columns.columns().iter().map(|column| &*column.path().parts()[0]);
        let mut names: Vec<&str> = roots.collect();
        // The columns of a list share its name.
        let all = names.clone();
        for (index, name) in names.iter_mut().enumerate() {
            if all[..index].contains(name) {
                *name = "";
            }
        }
        let header = Arc::new(Header::find(name, None, &names, schema)?);
        let mut wanted = Vec::with_capacity(header.columns.len());
        for found in &header.columns {
            let Some((index, called)) = found else {
                wanted.push(None);
                continue;
            };
            let column = columns.column(*index);
            let shape = shape(&column).map_err(|what| {
                let (file, column) = (Arc::clone(&header.file), Some(called.to_string()));
                Spot { file, row: None, column }.fault(TableFault::ColumnType(what))
            })?;
            wanted.push(Some((*index, shape, column.max_def_level())));
        }
        let (readers, batch) = (Vec::new(), Vec::new());
        Ok(ParquetRows {
            file,
            header,
            wanted,
            group: 0,
            left: 0,
            readers,
            batch,
            at: 0,
            count: 0,
            row: 0,
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Record>, TableError> {
        while self.at == self.count {
            // The library may give up on a damaged file in ways that are no error.
            let read = catch_unwind(AssertUnwindSafe(|| self.read_batch()));
            let read = read.unwrap_or_else(|_| Err("the Parquet reader gave up".to_owned()));
            let more = read.map_err(|words| {
                let (file, row) = (Arc::clone(&self.header.file), RowPlace::Row(self.row + 1));
                let spot = Spot { file, row: Some(row), column: None };
                spot.fault(TableFault::Unreadable(words))
            })?;
            if !more {
                return Ok(None);
            }
        }
        let at = self.at;
        self.at += 1;
        self.row += 1;
        let texts = self.batch.iter().map(|column| column.get(at).and_then(Option::as_deref));
        Ok(Some(Record::new(&self.header, RowPlace::Row(self.row), texts)))
    }

    /// Reads the next rows; false at the end.
    fn read_batch(&mut self) -> Result<bool, String> {
        let words = |error: parquet::errors::ParquetError| error.to_string();
        while self.left == 0 {
            if self.group == self.file.metadata().num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.group).map_err(words)?;
            self.left = usize::try_from(group.metadata().num_rows())
                .map_err(|_| "a group has fewer than no rows".to_owned())?;
            self.readers.clear();
            for wanted in &self.wanted {
                if let Some((column, ..)) = wanted {
                    let chunk = group.metadata().column(*column);
                    let first = chunk.dictionary_page_offset();
                    let first = first.unwrap_or_else(|| chunk.data_page_offset());
                    if first < 0 || chunk.compressed_size() < 0 {
                        return Err(format!("column {column} lies before the file's first byte"));
                    }
                }
                let reader = wanted.map(|(column, ..)| group.get_column_reader(column));
                self.readers.push(reader.transpose().map_err(words)?);
            }
            self.group += 1;
        }
        let count = self.left.min(BATCH_ROWS);
        self.batch.clear();
        for (reader, wanted) in self.readers.iter_mut().zip(&self.wanted) {
            let column = match (reader, wanted) {
                (Some(reader), Some((_, shape, depth))) => {
                    let read = cells(reader, *shape, *depth, count)?;
                    if read.len() != count {
                        return Err("a column ends before the others".to_owned());
                    }
                    read
                }
                _ => Vec::new(),
            };
            self.batch.push(column);
        }
        (self.at, self.count) = (0, count);
        self.left -= count;
        Ok(true)
    }
}

/// The text of a column's next values.
fn cells(
    reader: &mut ColumnReader,
    shape: Shape,
    depth: i16,
    count: usize,
) -> Result<Vec<Option<String>>, String> {
    let number = |value: i64| match shape {
        Shape::Time(parts) => value.div_euclid(parts).to_string(),
        _ => value.to_string(),
    };
    match reader {
        ColumnReader::BoolColumnReader(reader) => {
            read(reader, depth, count, |value| Ok(value.to_string()))
        }
        ColumnReader::Int32ColumnReader(reader) => {
            read(reader, depth, count, |value| match shape {
                Shape::Unsigned => Ok((value as u32).to_string()),
                _ => Ok(number(i64::from(value))),
            })
        }
        ColumnReader::Int64ColumnReader(reader) => {
            read(reader, depth, count, |value| match shape {
                Shape::Unsigned => Ok((value as u64).to_string()),
                _ => Ok(number(value)),
            })
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            read(reader, depth, count, |value| bytes(value.data(), shape))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            read(reader, depth, count, |value| bytes(value.data(), shape))
        }
        _ => Err("a column of fractions".to_owned()),
    }
}

fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    depth: i16,
    count: usize,
    text: impl Fn(T::T) -> Result<String, String>,
) -> Result<Vec<Option<String>>, String> {
    let (mut values, mut levels, mut records) = (Vec::new(), Vec::new(), 0);
    while records < count {
        let read = reader.read_records(count - records, Some(&mut levels), None, &mut values);
        let (more, ..) = read.map_err(|error| error.to_string())?;
        if more == 0 {
            break;
        }
        records += more;
    }
    let mut values = values.into_iter();
    let mut next = || values.next().map(&text).transpose();
    if depth == 0 {
        return (0..records).map(|_| next()).collect();
    }
    levels.into_iter().map(|level| if level == depth { next() } else { Ok(None) }).collect()
}

fn bytes(bytes: &[u8], shape: Shape) -> Result<String, String> {
    match shape {
        Shape::Text => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(format!("byte {} of a text is not UTF-8", error.valid_up_to())),
        },
        Shape::Decimal if bytes.len() <= DECIMAL_BYTES_MAX => {
            let negative = bytes.first().is_some_and(|first| *first >= 0x80);
            let mut wide = [if negative { 0xff } else { 0 }; DECIMAL_BYTES_MAX];
            wide[DECIMAL_BYTES_MAX - bytes.len()..].copy_from_slice(bytes);
            Ok(i128::from_be_bytes(wide).to_string())
        }
        Shape::Decimal => Err("a decimal of more than 128 bits".to_owned()),
        _ => Ok(hex::encode(bytes)),
    }
}

/// How a column's values become text, or what it is instead.
fn shape(column: &ColumnDescriptor) -> Result<Shape, String> {
    let name = || format!("{} {:?}", column.physical_type(), column.converted_type());
    if column.max_rep_level() > 0 || column.path().parts().len() > 1 {
        return Err("a list or a group; unnest it first".to_owned());
    }
    if let Some(LogicalType::Timestamp(time)) = column.logical_type_ref() {
        return Ok(Shape::Time(match time.unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        }));
    }
    match (column.physical_type(), column.converted_type()) {
        (Physical::INT64, ConvertedType::TIMESTAMP_MILLIS) => Ok(Shape::Time(1_000)),
        (Physical::INT64, ConvertedType::TIMESTAMP_MICROS) => Ok(Shape::Time(1_000_000)),
        (_, ConvertedType::DECIMAL) if column.type_scale() != 0 => Err(name()),
        (Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY, ConvertedType::DECIMAL) => {
            Ok(Shape::Decimal)
        }
        (
            Physical::INT32 | Physical::INT64,
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64,
        ) => Ok(Shape::Unsigned),
        (Physical::INT32 | Physical::INT64 | Physical::BOOLEAN, _) => Ok(Shape::Plain),
        (Physical::BYTE_ARRAY, ConvertedType::UTF8 | ConvertedType::JSON | ConvertedType::ENUM) => {
            Ok(Shape::Text)
        }
        (Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY, _) => Ok(Shape::Hexadecimal),
        _ => Err(name()),
    }
}

/// Writes rows as columns.
pub struct ParquetWriter {
    file: SerializedFileWriter<Box<dyn io::Write + Send>>,
    columns: Vec<Values>,
    rows: usize,
}

/// A column's values, and for each row whether it has one.
enum Values {
    Numbers(Vec<i64>, Vec<i16>),
    Texts(Vec<ByteArray>, Vec<i16>),
}

impl ParquetWriter {
    pub(super) fn new(
        table: &Table,
        to: Box<dyn io::Write + Send>,
    ) -> Result<ParquetWriter, io::Error> {
        let mut fields = Vec::with_capacity(table.columns.len());
        let mut columns = Vec::with_capacity(table.columns.len());
        for (name, kind) in table.columns {
            let (physical, logical, values) = match kind {
                Kind::Number => (Physical::INT64, None, Values::Numbers(Vec::new(), Vec::new())),
                Kind::Text => {
                    let values = Values::Texts(Vec::new(), Vec::new());
                    (Physical::BYTE_ARRAY, Some(LogicalType::String), values)
                }
            };
            let builder = Type::primitive_type_builder(name, physical);
            let optional = builder.with_repetition(Repetition::OPTIONAL);
            let field = optional.with_logical_type(logical).build().map_err(io::Error::other)?;
            fields.push(Arc::new(field));
            columns.push(values);
        }
        let group = Type::group_type_builder(table.name).with_fields(fields);
        let schema = Arc::new(group.build().map_err(io::Error::other)?);
        // The version of the program would make two exports of one chain differ.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("comity".to_owned())
            .build();
        let file = SerializedFileWriter::new(to, schema, Arc::new(properties));
        Ok(ParquetWriter { file: file.map_err(io::Error::other)?, columns, rows: 0 })
    }

    pub(super) fn nothing(&mut self, column: usize) {
        match &mut self.columns[column] {
            Values::Numbers(_, levels) | Values::Texts(_, levels) => levels.push(0),
        }
    }

    pub(super) fn number(&mut self, column: usize, number: i64) {
        match &mut self.columns[column] {
            Values::Numbers(values, levels) => {
                values.push(number);
                levels.push(1);
            }
            Values::Texts(..) => self.text(column, &number.to_string()),
        }
    }

    pub(super) fn text(&mut self, column: usize, text: &str) {
        match &mut self.columns[column] {
            Values::Texts(values, levels) => {
                values.push(ByteArray::from(text));
                levels.push(1);
            }
            Values::Numbers(..) => panic!("text in a column of numbers"),
        }
    }

    pub(super) fn end_row(&mut self) -> Result<(), io::Error> {
        self.rows += 1;
        if self.rows < GROUP_ROWS { Ok(()) } else { self.flush().map_err(io::Error::other) }
    }

    pub(super) fn finish(mut self) -> Result<(), io::Error> {
        if self.rows > 0 {
            self.flush().map_err(io::Error::other)?;
        }
        self.file.close().map(|_| ()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> Result<(), parquet::errors::ParquetError> {
        let mut group = self.file.next_row_group()?;
        for values in &mut self.columns {
            let Some(mut column) = group.next_column()? else { break };
            match values {
                Values::Numbers(values, levels) => {
                    column.typed::<Int64Type>().write_batch(values, Some(levels), None)?;
                    values.clear();
                    levels.clear();
                }
                Values::Texts(values, levels) => {
                    column.typed::<ByteArrayType>().write_batch(values, Some(levels), None)?;
                    values.clear();
                    levels.clear();
                }
            }
            column.close()?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}
