//! The pages of one exhibit: what it is, how it was found, what was withheld, its rows. Knows the
//! exhibit and nothing of the request.

mod accounts;

use serde_json::Value;

use crate::bag::exhibit_stem;
use crate::format::{RECORDS_FOLDER, TRACE_FOLDER};
use crate::package::{Content, Exhibit, ExhibitFacts, TraceExhibit};
use crate::table::ColumnKind;

use super::draw::Attachment;
use super::faces::Face;
use super::flow::{Flow, Ink, Kind, MARGIN, Side, Style};
use super::grid::{self, GridCell, GridColumn};
use super::rows::{ROWS_PRINTED_MAX, first_rows};
use super::text::{BODY, MINOR, NOTE, SECTION, column, facts, number_column, range_words, table};
use super::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_BYTES_MAX, ReportError};

const QUERY: Style = Style::new(Face::Mono, 7.4, 10.4);

/// Files that go into the PDF.
#[derive(Default)]
pub struct Attachments {
    /// In the order of the exhibits.
    pub list: Vec<Attachment>,
    bytes: u64,
}

impl Attachments {
    /// Attaches a JSON file if it is small enough; says whether it did.
    fn take(&mut self, path: &str, title: &str, json: &Content<'_>) -> Result<bool, ReportError> {
        let bytes = json.digests().bytes;
        if bytes > ATTACHMENT_BYTES_MAX || self.bytes + bytes > ATTACHMENTS_BYTES_MAX {
            return Ok(false);
        }
        let content = read_whole(path, json)?;
        self.bytes += bytes;
        self.list.push(Attachment {
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            media_type: "application/json",
            description: format!("{title} ({path})"),
            bytes: content,
        });
        Ok(true)
    }
}

fn read_whole(path: &str, content: &Content<'_>) -> Result<Vec<u8>, ReportError> {
    if let Some(bytes) = content.in_memory() {
        return Ok(bytes.to_vec());
    }
    let read_error = |source| ReportError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let mut reader = std::io::Read::take(content.open().map_err(read_error)?, ATTACHMENT_BYTES_MAX);
    std::io::Read::read_to_end(&mut reader, &mut bytes).map_err(read_error)?;
    Ok(bytes)
}

/// A table of records.
pub fn record_exhibit(
    flow: &mut Flow,
    exhibit: &Exhibit<'_>,
    attachments: &mut Attachments,
) -> Result<(), ReportError> {
    let said = &exhibit.facts;
    let stem = format!("{RECORDS_FOLDER}{}", exhibit_stem(said.number));
    let path = format!("{stem}.json");
    head(flow, said.number, &said.title, said.fiction.as_deref());
    let attached = attachments.take(&path, &said.title, &exhibit.json)?;
    facts(flow, &record_facts(said, &path, attached));
    query(flow, said);
    withheld(flow, said);
    let rows = first_rows(&path, &exhibit.json)?;
    minor(flow, "Rows");
    if rows.is_empty() {
        flow.paragraph(Kind::Paragraph, "The search found no row.", BODY, 0.0);
        return Ok(());
    }
    let columns: Vec<GridColumn> = exhibit
        .columns
        .iter()
        .map(|column| GridColumn {
            head: column.name.replace('_', " "),
            side: match column.kind {
                ColumnKind::Amount | ColumnKind::Integer => Side::Right,
                ColumnKind::Text | ColumnKind::Time | ColumnKind::Boolean => Side::Left,
            },
            face: Face::Sans,
        })
        .collect();
    if grid::fits(&columns) {
        table(flow, columns, &rows);
    } else {
        pairs_table(flow, &columns, &rows);
    }
    if said.row_count > ROWS_PRINTED_MAX {
        flow.space(4.0);
        let note = format!(
            "Printed: the first {ROWS_PRINTED_MAX} of {} rows. All of them are in {stem}.csv and \
             {path}.",
            said.row_count
        );
        flow.paragraph(Kind::Paragraph, &note, NOTE, 0.0);
    }
    Ok(())
}

fn head(flow: &mut Flow, number: u16, title: &str, fiction: Option<&str>) {
    flow.space(28.0);
    let label = Style::new(Face::Strong, 8.0, 12.0);
    flow.need(150.0);
    flow.paragraph(Kind::Paragraph, &format!("Exhibit {number:04}"), label, 0.0);
    flow.heading(2, title, SECTION, 100.0);
    flow.down(5.0);
    if let Some(note) = fiction {
        let text = format!("Fiction: {note}");
        let strong = Style::new(Face::Strong, 8.4, 12.0);
        flow.paragraph(Kind::Paragraph, &text, strong, 0.0);
        flow.down(4.0);
    }
}

fn minor(flow: &mut Flow, text: &str) {
    flow.space(11.0);
    flow.heading(3, text, MINOR, 50.0);
    flow.down(3.0);
}

fn record_facts(said: &ExhibitFacts, path: &str, attached: bool) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("Category", said.category.clone()),
        ("Source", said.source_system.clone()),
        ("State as of", said.snapshot_at.to_string()),
        ("Rows", said.row_count.to_string()),
    ];
    if let Some(range) = &said.time_range {
        pairs.push(("Times in the rows", range_words(range)));
    }
    pairs.push(("Searched by", said.operator.clone()));
    if let Some(approver) = &said.approver {
        pairs.push(("Approved by", approver.clone()));
    }
    pairs.push(("Attached", attached_words(path, attached)));
    pairs
}

fn attached_words(path: &str, attached: bool) -> String {
    if attached {
        format!("{path}, inside this PDF")
    } else {
        format!("not attached for its size; see {path}")
    }
}

/// The query with a line down its left side.
fn query(flow: &mut Flow, said: &ExhibitFacts) {
    minor(flow, "Query, without the values of its parameters");
    let (page, top) = (flow.pages.len(), flow.y());
    flow.paragraph(Kind::Code, said.query_text.trim_end(), QUERY, 12.0);
    if flow.pages.len() == page {
        let height = flow.y() - top;
        flow.block(MARGIN, top, 1.2, height, Ink::Hair);
    }
    flow.space(3.0);
    let digest = format!("SHA-256 of the query text: {}", said.query_sha256);
    let quiet = Style { size: 6.8, ..QUERY }.ink(Ink::Quiet);
    flow.paragraph(Kind::Paragraph, &digest, quiet, 12.0);
}

fn withheld(flow: &mut Flow, said: &ExhibitFacts) {
    if said.withheld.is_empty() {
        return;
    }
    minor(flow, "Withheld");
    let rows: Vec<Vec<GridCell>> = said
        .withheld
        .iter()
        .map(|held| vec![Some(held.row_count.to_string()), Some(held.reason.clone())])
        .collect();
    table(flow, vec![number_column("Rows"), column("Reason", Face::Sans)], &rows);
}

/// A table too wide for the page: one line a value.
fn pairs_table(flow: &mut Flow, columns: &[GridColumn], rows: &[Vec<GridCell>]) {
    let mut pairs: Vec<Vec<GridCell>> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let filled = columns.iter().zip(row).filter(|(_, cell)| cell.is_some());
        for (place, (column, cell)) in filled.enumerate() {
            let number = (place == 0).then(|| (index + 1).to_string());
            let number = number.or_else(|| Some(String::new()));
            pairs.push(vec![number, Some(column.head.clone()), cell.clone()]);
        }
    }
    let columns =
        vec![number_column("Row"), column("Column", Face::Sans), column("Value", Face::Sans)];
    table(flow, columns, &pairs);
}

/// A trace of money: hops as a table; the picture is a file of its own.
pub fn trace_exhibit(
    flow: &mut Flow,
    trace: &TraceExhibit<'_>,
    attachments: &mut Attachments,
) -> Result<(), ReportError> {
    let stem = format!("{TRACE_FOLDER}{}", exhibit_stem(trace.number));
    let path = format!("{stem}.json");
    head(flow, trace.number, &trace.title, trace.fiction.as_deref());
    let attached = attachments.take(&path, &trace.title, &trace.json)?;
    let mut pairs = vec![("Engine", trace.engine.clone()), ("Traced by", trace.operator.clone())];
    if let Some(approver) = &trace.approver {
        pairs.push(("Approved by", approver.clone()));
    }
    pairs.push(("Picture", format!("{stem}.svg")));
    pairs.push(("Attached", attached_words(&path, attached)));
    facts(flow, &pairs);
    if !trace.inputs.is_empty() {
        minor(flow, "Computed from");
        let rows: Vec<Vec<GridCell>> = trace
            .inputs
            .iter()
            .map(|input| {
                let (name, digest) = input.rsplit_once(' ').unwrap_or(("", input));
                vec![Some(name.to_owned()), Some(digest.to_owned())]
            })
            .collect();
        table(flow, vec![column("Input", Face::Sans), column("SHA-256", Face::Mono)], &rows);
    }
    let bytes = if attached { read_whole(&path, &trace.json)? } else { Vec::new() };
    if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
        if accounts::is_over_accounts(&value) {
            accounts::print(flow, &value, &path);
        } else {
            ends(flow, &value);
            hops(flow, &value, &path);
        }
    }
    Ok(())
}

/// Where the money came to rest.
fn ends(flow: &mut Flow, trace: &Value) {
    let text = |value: &Value, key: &str| value.get(key).and_then(scalar);
    let mut rows: Vec<Vec<GridCell>> = Vec::new();
    for list in ["reached", "unspent", "limited"] {
        for end in trace.get(list).and_then(Value::as_array).into_iter().flatten() {
            let tag = end.get("tag").and_then(|tag| text(tag, "label"));
            let at = text(end, "address").or_else(|| text(end, "txid"));
            rows.push(vec![
                text(end, "hop"),
                at,
                tag,
                Some(fate_words(&text(end, "fate").unwrap_or_else(|| list.to_owned()))),
                text(end, "value"),
                text(end, "taint"),
            ]);
        }
    }
    if rows.is_empty() {
        return;
    }
    minor(flow, "Where the money came to rest");
    rows.truncate(ROWS_PRINTED_MAX as usize);
    let columns = vec![
        number_column("Hop"),
        column("Address", Face::Mono),
        column("Known as", Face::Sans),
        column("Fate", Face::Sans),
        number_column("Value"),
        number_column("Traced"),
    ];
    table(flow, columns, &rows);
}

/// The exhibit's words for machines, in words for people.
fn fate_words(fate: &str) -> String {
    match fate {
        "reached" => "reached a known address".to_owned(),
        "unspent_in_view" => "not spent in the blocks read".to_owned(),
        "unspendable" => "can never be spent".to_owned(),
        "below_amount_min" => "below the least amount".to_owned(),
        "below_share_min" => "below the least share".to_owned(),
        other => other.replace('_', " "),
    }
}

fn hops(flow: &mut Flow, trace: &Value, path: &str) {
    let mut rows: Vec<Vec<GridCell>> = Vec::new();
    let text = |value: &Value, key: &str| value.get(key).and_then(scalar);
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned();
    for hop in list(trace, "hops").unwrap_or_default() {
        for (index, output) in list(&hop, "outputs").unwrap_or_default().iter().enumerate() {
            let first = index == 0;
            rows.push(vec![
                text(&hop, "hop").filter(|_| first).or_else(|| Some(String::new())),
                text(&hop, "txid").filter(|_| first).or_else(|| Some(String::new())),
                text(output, "address"),
                text(output, "value"),
                text(output, "taint"),
            ]);
        }
    }
    if rows.is_empty() {
        return;
    }
    minor(flow, "Hops");
    let count = rows.len();
    rows.truncate(ROWS_PRINTED_MAX as usize);
    let columns = vec![
        number_column("Hop"),
        column("Transaction", Face::Mono),
        column("Output to", Face::Mono),
        number_column("Value"),
        number_column("Traced"),
    ];
    table(flow, columns, &rows);
    if count > rows.len() {
        flow.space(4.0);
        let note =
            format!("Printed: the first {} of {count} outputs. All are in {path}.", rows.len());
        flow.paragraph(Kind::Paragraph, &note, NOTE, 0.0);
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
