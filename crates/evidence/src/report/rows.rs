//! Rows of an exhibit, read back from its JSON as far as they are printed. Knows the table format
//! (see [`crate::table`]) and nothing of pages.

use std::io::{BufRead, BufReader, Read};

use crate::package::Content;

use super::ReportError;
use super::grid::GridCell;

/// Rows printed per exhibit; the rest is in the CSV and JSON, and the page says so.
pub const ROWS_PRINTED_MAX: u64 = 500;
/// Longest line of the JSON that is read for printing.
pub const PRINTED_ROW_BYTES_MAX: u64 = 1 << 20;

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum JsonCell {
    Null(()),
    Boolean(bool),
    Text(String),
}

/// The first [`ROWS_PRINTED_MAX`] rows.
///
/// # Errors
/// When the file cannot be read or a line is no row.
pub fn first_rows(path: &str, json: &Content<'_>) -> Result<Vec<Vec<GridCell>>, ReportError> {
    let read_error = |source| ReportError::Read { path: path.to_owned(), source };
    let mut reader = BufReader::new(json.open().map_err(read_error)?);
    let mut rows = Vec::new();
    let mut line = Vec::new();
    let mut number = 0;
    while (rows.len() as u64) < ROWS_PRINTED_MAX {
        line.clear();
        let mut limited = reader.by_ref().take(PRINTED_ROW_BYTES_MAX);
        limited.read_until(b'\n', &mut line).map_err(read_error)?;
        number += 1;
        if number == 1 {
            continue;
        }
        let text = line.trim_ascii_end();
        let text = text.strip_suffix(b",").unwrap_or(text);
        if text.is_empty() || text == b"]}" {
            break;
        }
        let cells: Vec<JsonCell> = serde_json::from_slice(text)
            .map_err(|source| ReportError::Row { path: path.to_owned(), line: number, source })?;
        rows.push(cells.into_iter().map(JsonCell::words).collect());
    }
    Ok(rows)
}

impl JsonCell {
    fn words(self) -> GridCell {
        match self {
            JsonCell::Null(()) => None,
            JsonCell::Boolean(true) => Some("yes".into()),
            JsonCell::Boolean(false) => Some("no".into()),
            JsonCell::Text(text) => Some(text),
        }
    }
}
