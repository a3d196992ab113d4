//! Whether the payload agrees with itself: CSV with JSON, the graph with the manifest, the report
//! with its own end. Only files whose digests hold are compared: a changed file was named already.
//!
//! Knows nothing of signatures. Tables are read row by row, never whole.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Seek};

use jiff::Timestamp;
use serde::Deserialize;

use super::bag::{Files, Payload, Small, note_unreadable};
use super::csv::{Cell, CsvError, CsvReader};
use super::finding::Findings;
use super::zip::{Archive, Entry, EntryReader, read_error};
use super::{case, info, pdf};
use crate::format as f;

/// Longest line of an exhibit's JSON, one row, that is read.
pub const ROW_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Differences named per exhibit.
pub const DIFFERENCES_COUNT_MAX: usize = 20;

/// Compares everything that says the same thing twice.
pub fn check<R: Read + Seek>(
    archive: &Archive<R>,
    files: &Files<'_>,
    small: &Small,
    payload: &Payload,
    findings: &mut Findings,
) {
    let intact: BTreeSet<&str> = payload.intact.iter().map(String::as_str).collect();
    check_places(payload, findings);
    let mut rows = info::RowCounts::new();
    for path in intact.iter().filter(|path| path.starts_with(f::RECORDS_FOLDER)) {
        let Some(stem) = path.strip_suffix(".json") else { continue };
        let csv_path = format!("{stem}.csv");
        let both = (files.by_path.get(path), files.by_path.get(csv_path.as_str()));
        let (Some(json), Some(csv)) = both else { continue };
        if intact.contains(csv_path.as_str()) {
            let count = compare_tables(archive, (path, json), (&csv_path, csv), findings);
            let name = stem.strip_prefix(f::RECORDS_FOLDER).and_then(exhibit_number);
            if let (Some(number), Some(count)) = (name, count) {
                rows.insert(number, count);
            }
        }
    }
    let total: u64 = rows.values().sum();
    findings.fact("rows", format!("{total} in {} tables, in CSV and JSON", rows.len()));
    if intact.contains(f::REPORT_PATH) {
        pdf::check(archive, files, findings);
    }
    if intact.contains(f::CASE_PATH) {
        case::check(archive, files, payload, findings);
    }
    info::check(small, files, payload, &rows, findings);
}

/// Each payload file stands where the format has a place for it, exhibits in pairs.
fn check_places(payload: &Payload, findings: &mut Findings) {
    let listed = &payload.sha256;
    for path in listed.keys() {
        if let Some(name) = path.strip_prefix(f::RECORDS_FOLDER) {
            check_pair(path, name, [".csv", ".json"], payload, findings);
        } else if let Some(name) = path.strip_prefix(f::TRACE_FOLDER) {
            check_pair(path, name, [".json", ".svg"], payload, findings);
        } else {
            let order = path.strip_prefix(f::ORDER_FOLDER);
            let is_order = order.is_some_and(|name| !name.contains('/'));
            if !is_order && path != f::REPORT_PATH && path != f::CASE_PATH {
                findings.defect(path, "the format has no such file", "none", "a file");
            }
        }
    }
    if !listed.is_empty() && !payload.sizes.contains_key(f::CASE_PATH) {
        findings.defect(f::CASE_PATH, "the file is missing", "a file", "none");
    }
}

fn check_pair(
    path: &str,
    name: &str,
    suffixes: [&str; 2],
    payload: &Payload,
    findings: &mut Findings,
) {
    let index = suffixes.iter().position(|suffix| name.ends_with(suffix));
    let number = index.and_then(|index| exhibit_number(name.strip_suffix(suffixes[index])?));
    let (Some(index), Some(_)) = (index, number) else {
        let expected = format!("{}0001{} and {}", f::EXHIBIT_STEM, suffixes[0], suffixes[1]);
        findings.defect(path, "not the name of an exhibit", expected, name);
        return;
    };
    let other =
        path.strip_suffix(suffixes[index]).map(|stem| format!("{stem}{}", suffixes[1 - index]));
    let other = other.unwrap_or_default();
    if !payload.sha256.contains_key(&other) {
        findings.defect(&other, "the exhibit's other half is missing", "a file", "none");
    }
}

/// The number in `exhibit-0001`.
pub(super) fn exhibit_number(stem: &str) -> Option<u16> {
    let digits = stem.strip_prefix(f::EXHIBIT_STEM)?;
    let plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number > 0)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    columns: Vec<ColumnHeading>,
    rows: [(); 0],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnHeading {
    name: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JsonCell {
    Null(()),
    Boolean(bool),
    Text(String),
}

/// Reads both files side by side; returns how many rows both have, if they have the same number.
fn compare_tables<R: Read + Seek>(
    archive: &Archive<R>,
    json: (&str, &Entry),
    csv: (&str, &Entry),
    findings: &mut Findings,
) -> Option<u64> {
    let mut pair = Pair {
        json: BufReader::new(archive.reader(json.1)),
        json_path: json.0,
        csv: CsvReader::new(BufReader::new(archive.reader(csv.1))),
        csv_path: csv.0,
        columns: Vec::new(),
        differences: 0,
    };
    match pair.compare(findings) {
        Ok(count) => count,
        Err(stop) => {
            stop.note(&pair, findings);
            None
        }
    }
}

struct Pair<'a, R: Read + Seek> {
    json: BufReader<EntryReader<'a, R>>,
    json_path: &'a str,
    csv: CsvReader<BufReader<EntryReader<'a, R>>>,
    csv_path: &'a str,
    columns: Vec<ColumnHeading>,
    differences: usize,
}

/// Why a comparison cannot go on.
enum Stop {
    Json { line: u64, why: String },
    Csv(CsvError),
    Io(std::io::Error),
}

impl Stop {
    fn note<R: Read + Seek>(self, pair: &Pair<'_, R>, findings: &mut Findings) {
        match self {
            Stop::Json { line, why } => {
                let what = format!("line {line} is not a row of the table format");
                findings.defect(pair.json_path, what, "one JSON array a line", why);
            }
            Stop::Csv(CsvError::Io(error)) | Stop::Io(error) => {
                note_unreadable(pair.json_path, read_error(error), findings);
            }
            Stop::Csv(error) => {
                findings.defect(pair.csv_path, "not CSV as RFC 4180 has it", "CSV", error);
            }
        }
    }
}

impl<R: Read + Seek> Pair<'_, R> {
    fn compare(&mut self, findings: &mut Findings) -> Result<Option<u64>, Stop> {
        let bad =
            |line: u64| move |error: serde_json::Error| Stop::Json { line, why: error.to_string() };
        let head = self.json_line(1)?.unwrap_or_default();
        let heading: Heading = serde_json::from_str(&format!("{head}]}}")).map_err(bad(1))?;
        let [] = heading.rows;
        self.columns = heading.columns;
        self.check_headings(findings)?;
        let mut row = 0;
        loop {
            let line = self.json_line(row + 2)?.unwrap_or_default();
            if line == "]}" {
                break;
            }
            row += 1;
            let text = line.strip_suffix(',').unwrap_or(&line);
            let cells: Vec<JsonCell> = serde_json::from_str(text).map_err(bad(row + 1))?;
            let Some(other) = self.csv.record().map_err(Stop::Csv)? else {
                findings.defect(self.csv_path, "fewer rows than the JSON", "a row", "the end");
                return Ok(None);
            };
            self.compare_row(row, &cells, &other, findings);
        }
        if self.json_line(row + 3)?.is_some() {
            return Err(Stop::Json { line: row + 3, why: "text after the end".into() });
        }
        if self.csv.record().map_err(Stop::Csv)?.is_some() {
            let expected = format!("{row} rows");
            findings.defect(self.csv_path, "more rows than the JSON", expected, "more");
            return Ok(None);
        }
        Ok(Some(row))
    }

    fn json_line(&mut self, number: u64) -> Result<Option<String>, Stop> {
        let mut line = Vec::new();
        let limit = ROW_BYTES_MAX as u64;
        self.json.by_ref().take(limit).read_until(b'\n', &mut line).map_err(Stop::Io)?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return Err(Stop::Json { line: number, why: "a line without end".into() });
        }
        let wrong = |_| Stop::Json { line: number, why: "not UTF-8".into() };
        String::from_utf8(line).map(Some).map_err(wrong)
    }

    fn check_headings(&mut self, findings: &mut Findings) -> Result<(), Stop> {
        let record = self.csv.record().map_err(Stop::Csv)?.unwrap_or_default();
        let csv: Vec<&str> = record.iter().map(|cell| cell.text()).collect();
        let json: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        if csv != json {
            let what = "the CSV's columns are not those of the JSON";
            findings.defect(self.csv_path, what, json.join(", "), csv.join(", "));
        }
        for column in &self.columns {
            let known = ["text", "integer", "amount", "time", "boolean"];
            if !known.contains(&column.kind.as_str()) {
                let what = format!("column {} is of no known kind", column.name);
                findings.defect(self.json_path, what, known.join(", "), &column.kind);
            }
        }
        Ok(())
    }

    fn compare_row(&mut self, row: u64, json: &[JsonCell], csv: &[Cell], findings: &mut Findings) {
        if json.len() != self.columns.len() || csv.len() != json.len() {
            let what = format!("row {row} has another number of cells");
            let found = format!("{} in JSON, {} in CSV", json.len(), csv.len());
            findings.defect(self.json_path, what, self.columns.len(), found);
            return;
        }
        for ((column, one), other) in self.columns.iter().zip(json).zip(csv) {
            if self.differences == DIFFERENCES_COUNT_MAX {
                return;
            }
            if !one.is_same(other) {
                self.differences += 1;
                let what = format!("row {row}, column {}: CSV and JSON disagree", column.name);
                findings.defect(self.csv_path, what, one.words(), other.words());
            } else if !one.is_of(&column.kind) {
                self.differences += 1;
                let what = format!("row {row}, column {}: not of its kind", column.name);
                findings.defect(self.json_path, what, &column.kind, one.words());
            }
        }
    }
}

impl JsonCell {
    fn is_same(&self, other: &Cell) -> bool {
        match (self, other) {
            (JsonCell::Null(()), Cell::Null) => true,
            (JsonCell::Boolean(truth), Cell::Text(text)) => text == &truth.to_string(),
            (JsonCell::Text(one), Cell::Text(other)) => one == other,
            _ => false,
        }
    }

    fn is_of(&self, kind: &str) -> bool {
        match self {
            JsonCell::Null(()) => true,
            JsonCell::Boolean(_) => kind == "boolean",
            JsonCell::Text(text) => match kind {
                "integer" => is_decimal(text, false),
                "amount" => is_decimal(text, true),
                "time" => text.parse::<Timestamp>().is_ok_and(|at| at.to_string() == *text),
                "boolean" => false,
                _ => true,
            },
        }
    }

    fn words(&self) -> String {
        match self {
            JsonCell::Null(()) => "nothing".into(),
            JsonCell::Boolean(truth) => truth.to_string(),
            JsonCell::Text(text) => format!("`{text}`"),
        }
    }
}

/// A plain decimal: no exponent, no plus sign, no leading zeros; a point only where allowed.
fn is_decimal(text: &str, point: bool) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let lean = whole == "0" || !whole.starts_with('0');
    digits(whole) && digits(fraction) && lean && (point || !text.contains('.'))
}
