//! What the report says, in order: title page with the custodian's statement, answers, exhibits,
//! instrument and custody. Knows the package; the setting is the business of its neighbours.

use crate::bag::exhibit_stem;
use crate::format::{
    MANIFEST_SHA256_PATH, ORDER_FOLDER, RECORDS_FOLDER, SEAL_P7S_PATH, TAGMANIFEST_PATH,
    TRACE_FOLDER,
};
use crate::package::{Outcome, PRACTICE_NOTICE, PackageInput, Purpose, TimeRange};

use super::ReportError;
use super::draw::Attachment;
use super::exhibits::{Attachments, record_exhibit, trace_exhibit};
use super::faces::Face;
use super::flow::{
    BOTTOM, Flow, Ink, Kind, MARGIN, MEASURE, Mark, PAGE_HEIGHT, Place, Side, Style,
};
use super::grid::{Grid, GridCell, GridColumn};

/// Running text.
pub const BODY: Style = Style::new(Face::Text, 9.6, 14.0);
/// Small print below tables.
pub const NOTE: Style = Style::new(Face::Text, 8.2, 11.6).ink(Ink::Quiet);
/// Heading of a section.
pub const SECTION: Style = Style::new(Face::Heading, 15.0, 20.0);
/// Heading inside a section.
pub const MINOR: Style = Style::new(Face::Strong, 8.4, 12.0);
const TITLE: Style = Style::new(Face::Heading, 25.0, 31.0);
const SUBTITLE: Style = Style::new(Face::Text, 12.0, 17.0).ink(Ink::Quiet);
const LABEL: Style = Style::new(Face::Sans, 7.6, 12.0).ink(Ink::Quiet);
const VALUE: Style = Style::new(Face::Sans, 8.4, 12.0);
const RUNNING: Style = Style::new(Face::Sans, 7.0, 9.0).ink(Ink::Quiet);

/// Puts the whole report on pages.
pub fn compose(input: &PackageInput<'_>) -> Result<(Flow, Vec<Attachment>), ReportError> {
    let mut flow = Flow::new();
    let mut attachments = Attachments::default();
    title_page(&mut flow, input);
    statement(&mut flow, input);
    answers(&mut flow, input);
    for exhibit in &input.exhibits {
        record_exhibit(&mut flow, exhibit, &mut attachments)?;
    }
    for trace in &input.traces {
        trace_exhibit(&mut flow, trace, &mut attachments)?;
    }
    instrument(&mut flow, input);
    custody(&mut flow, input);
    about_this_report(&mut flow);
    running_matter(&mut flow, input);
    Ok((flow, attachments.list))
}

fn title_page(flow: &mut Flow, input: &PackageInput<'_>) {
    let request = &input.request;
    flow.down(18.0);
    let kicker = Style::new(Face::Strong, 8.0, 12.0);
    let kind = match request.purpose {
        Purpose::Case => "Evidence report".to_owned(),
        Purpose::Practice => format!("PRACTICE: {PRACTICE_NOTICE}"),
    };
    flow.paragraph(Kind::Paragraph, &kind, kicker, 0.0);
    flow.down(6.0);
    let title = format!("Answer to {} {}", request.instrument, request.agency_reference);
    flow.heading(1, &title, TITLE, 0.0);
    flow.down(5.0);
    let from = format!("from {} to {}", request.company_name, request.agency_name);
    flow.paragraph(Kind::Paragraph, &from, SUBTITLE, 0.0);
    flow.down(16.0);
    let y = flow.y();
    flow.rule(MARGIN, y, MEASURE, 0.9, Ink::Full);
    flow.down(9.0);
    let mut pairs = vec![
        ("Request", request.request_id.to_string()),
        ("Package", format!("{} (number {})", input.name, request.package_number)),
        ("Legal basis", request.legal_basis.clone()),
    ];
    if let Some(number) = &request.instrument_number {
        pairs.push(("Instrument number", number.clone()));
    }
    if let Some(issued_at) = &request.issued_at {
        pairs.push(("Issued", issued_at.to_string()));
    }
    pairs.push(("Received", request.received_at.to_string()));
    pairs.push(("Sender proven", input.authentication.sentence().to_owned()));
    if let Some(range) = &request.time_range {
        pairs.push(("Range asked for", range_words(range)));
    }
    if !request.categories.is_empty() {
        pairs.push(("Categories", request.categories.join(", ")));
    }
    pairs.push(("Made", format!("{}, by {}", input.made_at, input.tool_version)));
    facts(flow, &pairs);
}

/// Labels and values on the grid's two columns.
pub fn facts(flow: &mut Flow, pairs: &[(&str, String)]) {
    const LABEL_WIDTH: f32 = 96.0;
    flow.open(Kind::Table);
    for (label, value) in pairs {
        let lines = VALUE.face.cell(value, VALUE.size, MEASURE - LABEL_WIDTH);
        let height = lines.len().max(1) as f32 * VALUE.leading + 3.0;
        flow.need(height);
        flow.open(Kind::Row);
        let y = flow.y();
        let head = flow.open(Kind::RowHead);
        flow.close();
        let label = LABEL.face.cell(label, LABEL.size, LABEL_WIDTH);
        flow.put(Place::left(MARGIN, y), label, LABEL, Some(head));
        let cell = flow.open(Kind::Cell);
        flow.close();
        flow.put(Place::left(MARGIN + LABEL_WIDTH, y), lines, VALUE, Some(cell));
        flow.close();
        flow.down(height);
    }
    flow.close();
}

fn statement(flow: &mut Flow, input: &PackageInput<'_>) {
    let custodian = &input.custodian;
    flow.space(20.0);
    flow.heading(2, "Statement of the custodian", SECTION, 60.0);
    flow.down(5.0);
    let company = &input.request.company_name;
    let opening =
        format!("I, {}, {} of {company}, state as follows.", custodian.name, custodian.post);
    flow.paragraph(Kind::Paragraph, &opening, BODY, 0.0);
    let digests = "The exhibits are the files listed below. Each is named by the SHA-256 digest \
        of its bytes; a copy with the same digest is the same file. The rows printed in this \
        report were taken from those files.";
    let points = [
        custodian.qualification.as_str(),
        &custodian.process,
        &custodian.accuracy,
        &custodian.practice,
        digests,
        &custodian.declaration,
    ];
    for (index, point) in points.iter().filter(|point| !point.is_empty()).enumerate() {
        numbered(flow, index + 1, point);
    }
    flow.space(10.0);
    digest_table(flow, input);
    flow.space(12.0);
    flow.need(70.0);
    let made = format!("{}, {}", custodian.place, input.made_at.strftime("%-d %B %Y"));
    flow.paragraph(Kind::Paragraph, &made, BODY, 0.0);
    let by = format!("{}, {}", custodian.name, custodian.post);
    flow.paragraph(Kind::Paragraph, &by, Style { face: Face::Heading, ..BODY }, 0.0);
    flow.space(4.0);
    let how = format!(
        "Sealed electronically for {company}: {SEAL_P7S_PATH} signs {TAGMANIFEST_PATH}, which \
         lists {MANIFEST_SHA256_PATH}, which lists this report and every exhibit. The points \
         above take the facts of US Federal Rules of Evidence 803(6)(A) to (C) and 902(11), (13) \
         and (14); for a record kept outside the United States, 902(12)."
    );
    flow.paragraph(Kind::Paragraph, &how, NOTE, 0.0);
}

fn numbered(flow: &mut Flow, number: usize, text: &str) {
    flow.space(5.0);
    flow.need(BODY.leading * 2.0);
    // The number hangs in the indent; it is part of the paragraph's first line for readers.
    let label = Style { face: Face::Sans, size: 8.0, ..BODY }.ink(Ink::Quiet);
    let lines = label.face.cell(&number.to_string(), label.size, 18.0);
    let y = flow.y();
    flow.put(Place::left(MARGIN, y), lines, label, None);
    flow.paragraph(Kind::Paragraph, text, BODY, 20.0);
}

fn digest_table(flow: &mut Flow, input: &PackageInput<'_>) {
    let mut rows: Vec<Vec<GridCell>> = Vec::new();
    for exhibit in &input.exhibits {
        let stem = format!("{RECORDS_FOLDER}{}", exhibit_stem(exhibit.facts.number));
        for (suffix, content) in [("csv", &exhibit.csv), ("json", &exhibit.json)] {
            let path = format!("{stem}.{suffix}");
            rows.push(vec![Some(path), Some(content.digests().sha256.to_string())]);
        }
    }
    for trace in &input.traces {
        let stem = format!("{TRACE_FOLDER}{}", exhibit_stem(trace.number));
        for (suffix, content) in [("json", &trace.json), ("svg", &trace.svg)] {
            let path = format!("{stem}.{suffix}");
            rows.push(vec![Some(path), Some(content.digests().sha256.to_string())]);
        }
    }
    if rows.is_empty() {
        let none = "This package has no exhibit: the answers below are statements.";
        return flow.paragraph(Kind::Paragraph, none, NOTE, 0.0);
    }
    let columns = vec![column("Exhibit", Face::Sans), column("SHA-256", Face::Mono)];
    table(flow, columns, &rows);
}

fn answers(flow: &mut Flow, input: &PackageInput<'_>) {
    flow.space(26.0);
    flow.heading(2, "Answers", SECTION, 80.0);
    flow.down(5.0);
    let rows: Vec<Vec<GridCell>> = input
        .answers
        .iter()
        .map(|answer| {
            let (how, statement) = match &answer.outcome {
                Outcome::Full { statement } => ("in full", statement),
                Outcome::Partial { statement } => ("in part", statement),
                Outcome::Negative { statement } => ("nothing held", statement),
            };
            let exhibits: Vec<_> = answer.exhibits.iter().map(|n| format!("{n:04}")).collect();
            vec![
                Some(answer.number.to_string()),
                Some(answer.kind.clone()),
                Some(how.to_owned()),
                Some(statement.clone()),
                (!exhibits.is_empty()).then(|| exhibits.join(", ")),
            ]
        })
        .collect();
    let columns = vec![
        number_column("Ask"),
        column("Kind", Face::Sans),
        column("Answer", Face::Sans),
        column("Statement", Face::Sans),
        column("Exhibits", Face::Sans),
    ];
    table(flow, columns, &rows);
}

fn instrument(flow: &mut Flow, input: &PackageInput<'_>) {
    if input.order.is_empty() {
        return;
    }
    flow.space(26.0);
    flow.heading(2, "The instrument as received", SECTION, 80.0);
    flow.down(5.0);
    let rows: Vec<Vec<GridCell>> = input
        .order
        .iter()
        .map(|file| {
            vec![
                Some(format!("{ORDER_FOLDER}{}", file.name)),
                Some(file.media_type.clone()),
                Some(file.content.digests().sha256.to_string()),
            ]
        })
        .collect();
    let columns = vec![
        column("File", Face::Sans),
        column("Media type", Face::Sans),
        column("SHA-256", Face::Mono),
    ];
    table(flow, columns, &rows);
}

fn custody(flow: &mut Flow, input: &PackageInput<'_>) {
    if input.custody.is_empty() {
        return;
    }
    flow.space(26.0);
    flow.heading(2, "Custody", SECTION, 80.0);
    flow.down(5.0);
    let rows: Vec<Vec<GridCell>> = input
        .custody
        .iter()
        .map(|step| vec![Some(step.at.to_string()), Some(step.act.clone()), Some(step.by.clone())])
        .collect();
    let columns =
        vec![column("Time (UTC)", Face::Sans), column("Act", Face::Sans), column("By", Face::Sans)];
    table(flow, columns, &rows);
}

fn about_this_report(flow: &mut Flow) {
    flow.space(26.0);
    flow.heading(2, "About this report", SECTION, 60.0);
    flow.down(5.0);
    let text = format!(
        "All times are UTC. The CSV and JSON files are the record; this report shows them to \
         people. At most {} rows of an exhibit and {} lines of a cell are printed. A letter that \
         the fonts of this report lack is printed by its Unicode number, as in [U+4E2D]; the data \
         files hold the letter itself. The JSON files are attached to this PDF where the exhibit \
         says so. How to check the whole package, and what each check proves, stands in \
         VERIFY.txt.",
        super::ROWS_PRINTED_MAX,
        super::CELL_LINES_MAX
    );
    flow.paragraph(Kind::Paragraph, &text, BODY, 0.0);
}

/// Heads and feet, once the number of pages is known. The title page has no head.
fn running_matter(flow: &mut Flow, input: &PackageInput<'_>) {
    let count = flow.pages.len();
    let request = &input.request;
    let left = format!("{} · {}", request.company_name, input.name);
    let right = request.agency_reference.clone();
    // To the second: a line that is too long is cut, and the title page has the exact time.
    let made = input.made_at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let foot = format!("Request {} · made {made}", request.request_id);
    for (index, page) in flow.pages.iter_mut().enumerate() {
        if index > 0 {
            running(page, &left, 52.0, Side::Left);
            running(page, &right, 52.0, Side::Right);
            page.push(hairline(66.0));
        }
        page.push(hairline(BOTTOM + 22.0));
        let y = PAGE_HEIGHT - 54.0;
        running(page, &foot, y, Side::Left);
        running(page, &format!("Page {} of {count}", index + 1), y, Side::Right);
    }
}

fn hairline(y: f32) -> Mark {
    Mark::Block { x: MARGIN, y, width: MEASURE, height: 0.4, ink: Ink::Hair }
}

fn running(page: &mut Vec<Mark>, text: &str, y: f32, side: Side) {
    let lines = RUNNING.face.lines(text, RUNNING.size, MEASURE * 0.7);
    let Some(line) = lines.into_iter().next() else { return };
    let x = match side {
        Side::Left => MARGIN,
        Side::Right => MARGIN + MEASURE - line.width,
    };
    page.push(Mark::Text { x, y: y + RUNNING.size, line, ink: RUNNING.ink, element: None });
}

/// A flush-left column.
pub fn column(head: &str, face: Face) -> GridColumn {
    GridColumn { head: head.to_owned(), side: Side::Left, face }
}

/// A flush-right column of figures.
pub fn number_column(head: &str) -> GridColumn {
    GridColumn { head: head.to_owned(), side: Side::Right, face: Face::Sans }
}

/// A whole table.
pub fn table(flow: &mut Flow, columns: Vec<GridColumn>, rows: &[Vec<GridCell>]) {
    let sample = &rows[..rows.len().min(SAMPLE_ROWS_MAX)];
    let mut grid = Grid::new(flow, columns, sample);
    for row in rows {
        grid.row(row);
    }
    grid.finish();
}

/// Rows by which columns are measured.
pub const SAMPLE_ROWS_MAX: usize = 48;

/// A range for people.
pub fn range_words(range: &TimeRange) -> String {
    format!("{} to {}", range.from, range.to)
}
