//! The report as a file: deterministic, PDF/A-3a by krilla's own validator at export, sound by
//! qpdf where qpdf is installed.

#[path = "kit/sample.rs"]
mod sample;

use evidence::package::{Outcome, ReportWanted};
use evidence::report;
use std::process::Command;

fn pdf(row_count: u64) -> Vec<u8> {
    report::render(&sample::answer(row_count, ReportWanted::Pdf)).expect("a report")
}

#[test]
fn same_input_gives_the_same_bytes() {
    let first = pdf(60);
    let second = std::thread::spawn(|| pdf(60)).join().expect("a thread");
    assert!(first == second, "two renderings differ");
    assert!(first != pdf(61));
}

#[test]
fn it_says_that_it_is_pdf_a_3_and_attaches_the_json() {
    let bytes = pdf(12);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("%PDF-1.7"));
    assert!(text.contains("<pdfaid:part>3</pdfaid:part>"), "no PDF/A part in the metadata");
    assert!(text.contains("<pdfaid:conformance>A</pdfaid:conformance>"));
    for name in ["exhibit-0001.json", "exhibit-0002.json", "exhibit-0003.json"] {
        assert!(text.contains(name), "{name} is not attached");
    }
    assert!(text.contains("/AFRelationship/Data"));
    assert_eq!(text.matches("%%EOF").count(), 1);
}

#[test]
fn qpdf_finds_no_error() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pdf(120)).expect("written");
    let Ok(output) = Command::new("qpdf").arg("--check").arg(file.path()).output() else {
        println!("SKIPPED: qpdf is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("No syntax or stream encoding errors found"), "{text}");
}

#[test]
fn a_table_beyond_the_limit_is_cut_and_says_so() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pdf(report::ROWS_PRINTED_MAX + 5)).expect("written");
    let Ok(output) = Command::new("pdftotext").arg("-layout").arg(file.path()).arg("-").output()
    else {
        println!("SKIPPED: pdftotext is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Printed: the first 500 of 505 rows."), "{text}");
    assert!(text.contains("90499"), "the last printed row is missing");
    assert!(!text.contains("90500"), "a row beyond the limit is printed");
    // Kanji are not in the fonts; they are printed by number.
    assert!(text.contains("[U+7D66]"), "{text}");
}

#[test]
fn hostile_text_neither_panics_nor_breaks_the_standard() {
    let mut input = sample::answer(3, ReportWanted::Pdf);
    input.custodian.name = "\u{202e}olleH\u{0} \u{1f600}\u{fffd}".into();
    input.custodian.process = "a".repeat(30_000);
    input.request.agency_reference = "\n\n\r\t".into();
    input.exhibits[0].facts.title = String::new();
    input.exhibits[0].facts.query_text = "select\t'\u{feff}'\r\n".repeat(400);
    input.answers[0].outcome = Outcome::Full { statement: "word ".repeat(4_000) };
    report::render(&input).expect("a report of odd text");
}

#[test]
fn a_wide_table_becomes_pairs() {
    use evidence::table::{Column, ColumnKind, TableWriter, Value};
    let columns: Vec<Column> =
        (0..30).map(|i| Column { name: format!("column_{i}"), kind: ColumnKind::Text }).collect();
    let mut table = TableWriter::new(columns.clone(), Vec::new(), Vec::new()).expect("columns");
    let row: Vec<Value<'_>> = (0..30).map(|i| Value::Text(format!("value {i}").into())).collect();
    table.write_row(&row).expect("a row");
    let (csv, json, _) = table.finish().expect("memory");
    let mut input = sample::answer(1, ReportWanted::Pdf);
    input.exhibits[0].columns = columns;
    input.exhibits[0].csv = evidence::package::Content::bytes(csv);
    input.exhibits[0].json = evidence::package::Content::bytes(json);
    report::render(&input).expect("a report");
}
