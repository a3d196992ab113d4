//! RFC 4180 with CR LF, record by record. Knows nothing of tables. Keeps what most readers lose:
//! an empty cell without quotes is null, one with quotes is empty text.

use std::io::{self, BufRead};

use super::content::ROW_BYTES_MAX;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing between the commas.
    Null,
    /// Text, quoted or not.
    Text(String),
}

/// What is wrong, and in which record.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// Not this format.
    #[error("record {record}: {what}")]
    Format {
        /// From 1, the heading counted.
        record: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The source failed.
    #[error("cannot read")]
    Io(#[from] io::Error),
}

/// Reads records.
pub struct CsvReader<R> {
    source: R,
    record: u64,
}

impl Cell {
    /// The text; null has none.
    pub fn text(&self) -> &str {
        match self {
            Cell::Null => "",
            Cell::Text(text) => text,
        }
    }

    /// For messages.
    pub fn words(&self) -> String {
        match self {
            Cell::Null => "nothing".into(),
            Cell::Text(text) => format!("`{text}`"),
        }
    }
}

impl<R: BufRead> CsvReader<R> {
    /// From the first record on.
    pub fn new(source: R) -> Self {
        Self { source, record: 0 }
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// Quotes out of place, a line not ended by CR LF, text that is not UTF-8.
    pub fn record(&mut self) -> Result<Option<Vec<Cell>>, CsvError> {
        self.record += 1;
        let mut bytes = Vec::new();
        let mut quotes = 0;
        // A record ends at the first line end that is not inside quotes.
        loop {
            let start = bytes.len();
            self.source.read_until(b'\n', &mut bytes)?;
            quotes += bytes[start..].iter().filter(|byte| **byte == b'"').count();
            if bytes.len() > ROW_BYTES_MAX {
                return Err(self.wrong("too long"));
            }
            if bytes.len() == start || quotes % 2 == 0 {
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let Some(line) = bytes.strip_suffix(b"\r\n") else {
            return Err(self.wrong("no CR LF at its end"));
        };
        let line = std::str::from_utf8(line).map_err(|_| self.wrong("not UTF-8"))?;
        self.cells(line).map(Some)
    }

    fn cells(&self, line: &str) -> Result<Vec<Cell>, CsvError> {
        let mut cells = Vec::new();
        let mut rest = line;
        loop {
            let (cell, after) = match rest.strip_prefix('"') {
                Some(quoted) => self.quoted(quoted)?,
                None => {
                    let end = rest.find(',').unwrap_or(rest.len());
                    let (text, after) = rest.split_at(end);
                    if text.contains(['"', '\r', '\n']) {
                        return Err(self.wrong("a quote or line end outside quotes"));
                    }
                    let cell =
                        if text.is_empty() { Cell::Null } else { Cell::Text(text.to_owned()) };
                    (cell, after)
                }
            };
            cells.push(cell);
            if after.is_empty() {
                return Ok(cells);
            }
            rest = after.strip_prefix(',').ok_or_else(|| self.wrong("text after a quote"))?;
        }
    }

    fn quoted<'a>(&self, mut rest: &'a str) -> Result<(Cell, &'a str), CsvError> {
        let mut text = String::new();
        loop {
            let end = rest.find('"').ok_or_else(|| self.wrong("a quote that is not closed"))?;
            text.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                Some(more) => {
                    text.push('"');
                    rest = more;
                }
                None => return Ok((Cell::Text(text), rest)),
            }
        }
    }

    fn wrong(&self, what: &'static str) -> CsvError {
        CsvError::Format { record: self.record, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let mut reader = CsvReader::new(text.as_bytes());
        let mut said = String::new();
        loop {
            match reader.record() {
                Ok(Some(cells)) => {
                    let words: Vec<_> = cells.iter().map(Cell::words).collect();
                    said += &format!("{}\n", words.join(" | ").escape_debug());
                }
                Ok(None) => break,
                Err(error) => {
                    said += &format!("{error}\n");
                    break;
                }
            }
        }
        expected.assert_eq(&said);
    }

    #[test]
    fn null_and_empty_differ_and_line_ends_may_stand_in_quotes() {
        check(
            "a,b\r\n,\"\"\r\n",
            expect![[r#"
            `a` | `b`
            nothing | ``
        "#]],
        );
        check(
            "\"x\"\"y\",\"1\r\n2\"\r\n",
            expect![[r#"
                `x\"y` | `1\r\n2`
            "#]],
        );
    }

    #[test]
    fn what_is_not_csv_is_named() {
        check("a,b\n", expect![["record 1: no CR LF at its end\n"]]);
        check("a\"b\"\r\n", expect![["record 1: a quote or line end outside quotes\n"]]);
        check("\"a\"b\r\n", expect![["record 1: text after a quote\n"]]);
        check("a\r\n\"b\r\n", expect![["`a`\nrecord 2: a quote that is not closed\n"]]);
    }
}
