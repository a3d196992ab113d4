//! Record files (CSV, JSON lines) loaded into an SQLite file.
//!
//! Knows nothing of searches. Every cell is read as its declared column, so that a line that does
//! not fit is named here and not found later in an exhibit. Times are stored in one width
//! (`2021-10-01T12:00:00.000000Z`), so that they compare as text.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use evidence::table::Value;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::catalog::{ColumnKind, FileFormat, Folder, Table};
use crate::value::{self, Raw};

/// Most rows that one file may have.
pub const FILE_ROW_COUNT_MAX: u64 = 50_000_000;
/// Longest line of a JSON lines file, in bytes.
pub const FILE_LINE_BYTES_MAX: u64 = 1 << 20;
/// Cells bound in one statement; SQLite takes at most 32,766.
const BATCH_CELL_COUNT: usize = 8_000;

/// Loads every table of `folder` into a new SQLite file at `target`; all or nothing.
///
/// # Errors
/// A file that cannot be read, or the first line that does not fit, by file and line.
pub async fn import(folder: &Folder, base: &Path, target: &Path) -> Result<(), FolderError> {
    // Loaded beside the target and renamed, so that a crash leaves no half-filled database.
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".loading");
    let loading = target.with_file_name(name);
    if loading.exists() {
        std::fs::remove_file(&loading).map_err(|error| cannot_read(&loading, error))?;
    }
    let failed = |source| FolderError::Database { target: target.display().to_string(), source };
    let options = SqliteConnectOptions::new()
        .filename(&loading)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off);
    let mut database = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    let loaded = async {
        database.execute("begin").await.map_err(failed)?;
        database
            .execute(
                "create table comity_loaded \
                 (file text primary key, sha256 text not null, row_count integer not null, \
                 loaded_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))",
            )
            .await
            .map_err(failed)?;
        for table in &folder.tables {
            load_table(&mut database, table, &base.join(&folder.path), &failed).await?;
        }
        database.execute("commit").await.map_err(failed)?;
        Ok(())
    };
    let loaded = loaded.await;
    database.close().await.map_err(failed)?;
    let placed = loaded.and_then(|()| {
        File::open(&loading)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&loading, target))
            .map_err(|error| cannot_read(target, error))
    });
    if placed.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&loading);
    }
    placed
}

async fn load_table(
    database: &mut SqliteConnection,
    table: &Table,
    folder: &Path,
    failed: &impl Fn(sqlx::Error) -> FolderError,
) -> Result<(), FolderError> {
    // Names come from the catalog's reader, which allows a-z, 0-9 and _ only.
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let unique = if table.key.as_ref() == Some(&column.name) { " primary key" } else { "" };
            format!("\"{}\" {}{unique}", column.name, sql_type(column.kind))
        })
        .collect();
    let create = format!("create table \"{}\" ({}) strict", table.name, columns.join(", "));
    database.execute(AssertSqlSafe(create)).await.map_err(failed)?;
    let mut lines = Lines::open(&folder.join(&table.file), table)?;
    let batch_rows = (BATCH_CELL_COUNT / table.columns.len()).max(1);
    let mut batch: Vec<Vec<Value<'static>>> = Vec::with_capacity(batch_rows);
    let mut first_line = 0;
    let mut row_count = 0_u64;
    while let Some((line, row)) = lines.next_row(table)? {
        row_count += 1;
        if row_count > FILE_ROW_COUNT_MAX {
            return Err(lines.wrong(line, format!("more than {FILE_ROW_COUNT_MAX} rows")));
        }
        if batch.is_empty() {
            first_line = line;
        }
        batch.push(row);
        if batch.len() == batch_rows {
            insert(database, table, &batch, first_line, &lines).await?;
            batch.clear();
        }
    }
    if !batch.is_empty() {
        insert(database, table, &batch, first_line, &lines).await?;
    }
    for column in &table.indexed {
        let create =
            format!("create index \"{0}_by_{1}\" on \"{0}\" (\"{1}\")", table.name, column);
        database.execute(AssertSqlSafe(create)).await.map_err(failed)?;
    }
    let sha256 = lines.sha256()?;
    sqlx::query("insert into comity_loaded (file, sha256, row_count) values ($1, $2, $3)")
        .bind(&table.file)
        .bind(sha256)
        .bind(i64::try_from(row_count).unwrap_or(i64::MAX))
        .execute(database)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn insert(
    database: &mut SqliteConnection,
    table: &Table,
    batch: &[Vec<Value<'static>>],
    first_line: u64,
    lines: &Lines,
) -> Result<(), FolderError> {
    let marks = vec!["?"; table.columns.len()].join(",");
    let rows = vec![format!("({marks})"); batch.len()].join(",");
    let insert = AssertSqlSafe(format!("insert into \"{}\" values {rows}", table.name));
    let mut query = sqlx::query(insert);
    for cell in batch.iter().flatten() {
        query = match cell {
            Value::Null => query.bind(None::<String>),
            Value::Text(text) => query.bind(text.to_string()),
            Value::Integer(number) => query.bind(whole(*number)),
            Value::Amount(amount) => query.bind(whole(amount.units())),
            Value::Time(at) => query.bind(value::fixed_width_time(*at)),
            Value::Boolean(truth) => query.bind(Some(i64::from(*truth))),
        };
    }
    match query.execute(database).await {
        Ok(_) => Ok(()),
        Err(error) => Err(lines.wrong(
            first_line,
            format!(
                "this line or one of the {} after it does not fit the table ({})",
                batch.len() - 1,
                error.as_database_error().map_or("database failed", |error| error.message())
            ),
        )),
    }
}

/// SQLite's integers end at 64 bits; `read_cell` has refused larger ones.
fn whole(number: i128) -> Option<i64> {
    i64::try_from(number).ok()
}

fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text | ColumnKind::Time(_) => "text",
        ColumnKind::Integer | ColumnKind::Boolean | ColumnKind::Amount { .. } => "integer",
    }
}

/// The rows of one file, read line by line and digested on the way.
struct Lines {
    path: PathBuf,
    file: String,
    reader: Format,
}

enum Format {
    Csv(Box<csv::Reader<Digesting>>),
    JsonLines { reader: BufReader<Digesting>, line: u64 },
}

impl Lines {
    fn open(path: &Path, table: &Table) -> Result<Self, FolderError> {
        let file = File::open(path).map_err(|error| cannot_read(path, error))?;
        let digesting = Digesting { file, sha256: Sha256::new() };
        let mut lines = match table.format {
            FileFormat::JsonLines => {
                let reader = BufReader::with_capacity(1 << 16, digesting);
                Format::JsonLines { reader, line: 0 }
            }
            FileFormat::Csv => {
                let reader =
                    csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(digesting);
                Format::Csv(Box::new(reader))
            }
        };
        let file = table.file.clone();
        if let Format::Csv(reader) = &mut lines {
            let wrong = |why| FolderError::Line { file: file.clone(), line: 1, why };
            let heading = reader.headers().map_err(|error| wrong(csv_words(&error)))?;
            let expected: Vec<&str> =
                table.columns.iter().map(|column| column.name.as_str()).collect();
            if !heading.iter().eq(expected.iter().copied()) {
                return Err(wrong(format!("the heading must be {}", expected.join(","))));
            }
        }
        Ok(Self { path: path.to_owned(), file, reader: lines })
    }

    /// The next row and its line.
    fn next_row(
        &mut self,
        table: &Table,
    ) -> Result<Option<(u64, Vec<Value<'static>>)>, FolderError> {
        let (line, cells) = match &mut self.reader {
            Format::Csv(reader) => {
                let mut record = csv::StringRecord::new();
                let line = reader.position().line();
                match reader.read_record(&mut record) {
                    Ok(false) => return Ok(None),
                    Ok(true) => {}
                    Err(error) => {
                        let line = error.position().map_or(line, csv::Position::line);
                        return Err(self.wrong(line, csv_words(&error)));
                    }
                }
                let line = record.position().map_or(line, csv::Position::line);
                (line, csv_cells(&record, table))
            }
            Format::JsonLines { reader, line } => {
                *line += 1;
                let number = *line;
                let text = read_line(reader).map_err(|error| match error {
                    LineError::Long => FolderError::Line {
                        file: self.file.clone(),
                        line: number,
                        why: format!("longer than {FILE_LINE_BYTES_MAX} bytes"),
                    },
                    LineError::Read(error) => cannot_read(&self.path, error),
                })?;
                let Some(text) = text else { return Ok(None) };
                let cells = json_cells(&text, table).map_err(|why| self.wrong(number, why))?;
                (number, cells)
            }
        };
        let mut row = Vec::with_capacity(cells.len());
        for (raw, column) in cells.into_iter().zip(&table.columns) {
            let cell = read_cell(raw, column.kind)
                .map_err(|why| self.wrong(line, format!("column `{}`: {why}", column.name)))?;
            row.push(cell);
        }
        Ok(Some((line, row)))
    }

    fn wrong(&self, line: u64, why: String) -> FolderError {
        FolderError::Line { file: self.file.clone(), line, why }
    }

    /// Digest of the whole file, once every row has been read.
    fn sha256(self) -> Result<String, FolderError> {
        let mut digesting = match self.reader {
            Format::Csv(reader) => reader.into_inner(),
            Format::JsonLines { reader, .. } => reader.into_inner(),
        };
        // Whatever a reader left unread still belongs to the file.
        std::io::copy(&mut digesting, &mut std::io::sink())
            .map_err(|error| cannot_read(&self.path, error))?;
        Ok(hex::encode(digesting.sha256.finalize()))
    }
}

fn read_cell(raw: Raw, kind: ColumnKind) -> Result<Value<'static>, String> {
    let cell = value::read(raw, kind)?;
    let too_large = || "beyond 64 bits, which SQLite cannot hold".to_owned();
    match &cell {
        Value::Integer(number) => whole(*number).map(|_| ()).ok_or_else(too_large)?,
        Value::Amount(amount) => whole(amount.units()).map(|_| ()).ok_or_else(too_large)?,
        _ => {}
    }
    Ok(cell)
}

/// An empty cell of a text column is empty text; of any other column, nothing.
fn csv_cells(record: &csv::StringRecord, table: &Table) -> Vec<Raw> {
    let cell = |(text, kind): (&str, ColumnKind)| match (text, kind) {
        ("", ColumnKind::Text) => Raw::Text(String::new()),
        ("", _) => Raw::Null,
        (text, _) => Raw::Text(text.to_owned()),
    };
    record.iter().zip(table.columns.iter().map(|column| column.kind)).map(cell).collect()
}

fn json_cells(text: &str, table: &Table) -> Result<Vec<Raw>, String> {
    let mut members: HashMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))?;
    let mut cells = Vec::with_capacity(table.columns.len());
    for column in &table.columns {
        let member = members.remove(&column.name);
        let member = member.ok_or_else(|| format!("member `{}` is missing", column.name))?;
        cells.push(match member {
            serde_json::Value::Null => Raw::Null,
            serde_json::Value::Bool(truth) => Raw::Integer(i64::from(truth)),
            serde_json::Value::Number(number) => number.as_i64().map_or(Raw::Real, Raw::Integer),
            serde_json::Value::String(text) => Raw::Text(text),
            _ => return Err(format!("member `{}` is a list or object", column.name)),
        });
    }
    match members.keys().min() {
        None => Ok(cells),
        Some(stray) => Err(format!("member `{stray}` is not declared")),
    }
}

enum LineError {
    Long,
    Read(std::io::Error),
}

fn read_line(reader: &mut impl BufRead) -> Result<Option<String>, LineError> {
    let mut text = String::new();
    let read = reader.take(FILE_LINE_BYTES_MAX + 1).read_line(&mut text);
    let length = read.map_err(LineError::Read)? as u64;
    if length > FILE_LINE_BYTES_MAX {
        return Err(LineError::Long);
    }
    Ok((length > 0).then_some(text))
}

/// The parser's words without the cells.
fn csv_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, the heading has {expected_len}")
        }
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "not CSV (RFC 4180)".to_owned(),
    }
}

struct Digesting {
    file: File,
    sha256: Sha256,
}

impl Read for Digesting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.sha256.update(&buffer[..length]);
        Ok(length)
    }
}

fn cannot_read(path: &Path, source: std::io::Error) -> FolderError {
    FolderError::Read { file: path.display().to_string(), source }
}

/// A record file cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A line does not fit the declared columns.
    #[error("{file}:{line}: {why}")]
    Line {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A file cannot be read.
    #[error("{file} cannot be read or written")]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database that it is loaded into failed.
    #[error("loading into {target} failed")]
    Database {
        /// The SQLite file.
        target: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}
