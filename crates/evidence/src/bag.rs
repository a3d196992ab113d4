//! The bag: every file of a package but its seal, in fixed order, with manifests (RFC 8493).
//!
//! Knows no key, no log and no zip. [`Bag::build`] is deterministic: the same input gives the
//! same bytes, so the digest that was approved is the digest that is sealed. Whether a time-stamp
//! or a proof will be there is not known yet, so no file in the bag depends on it.

use std::fmt::Write as _;

use crate::case;
use crate::digest::Sha256;
use crate::format::{self, label};
use crate::package::{
    ApprovalFiles, Authentication, Content, ExhibitFacts, Name, Outcome, PRACTICE_NOTICE,
    PackageInput, Purpose, ReportWanted, TimeRange, TraceExhibit,
};
use crate::report;
use crate::verify_text;

/// A package without its seal.
pub struct Bag<'a> {
    name: Name,
    root: Vec<BagFile<'a>>,
    payload: Vec<BagFile<'a>>,
    tagmanifest_sha256: Sha256,
}

/// One file of the bag.
pub struct BagFile<'a> {
    /// Path below the top folder, `/` between folders.
    pub path: String,
    /// Its bytes.
    pub content: Content<'a>,
}

/// Why no bag was made.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Two things share a number or name, or stand out of order.
    #[error("{what} `{found}` stands twice or out of order; give each its own, ascending")]
    Order {
        /// Kind of thing.
        what: &'static str,
        /// Its number or name.
        found: String,
    },
    /// A number that no file name can carry.
    #[error("exhibit number {found} does not fit; number exhibits from 1 to 9999")]
    ExhibitNumber {
        /// The number.
        found: u16,
    },
    /// Too many exhibits or files.
    #[error("{found} {what} are too many; at most {max} fit in one package")]
    TooMany {
        /// Kind of thing.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// How many fit.
        max: usize,
    },
    /// Something names an exhibit that is not in the package.
    #[error("{what} names exhibit {exhibit}, which is not in the package")]
    UnknownExhibit {
        /// What names it.
        what: String,
        /// The number.
        exhibit: u16,
    },
    /// Something names an account that is not among the entities.
    #[error("{what} names account `{account}`, which is not among the entities")]
    UnknownAccount {
        /// What names it.
        what: String,
        /// The account.
        account: String,
    },
    /// A negative answer may not carry rows.
    #[error("ask {ask} is answered negatively, yet its exhibit {exhibit} has {row_count} rows")]
    NegativeWithRows {
        /// Number of the ask.
        ask: u16,
        /// The exhibit.
        exhibit: u16,
        /// Its rows.
        row_count: u64,
    },
    /// No answer, or no instrument: then there is nothing to package.
    #[error("a package needs at least one {what}")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// A file of the instrument has a name that only a signed request's own files have.
    #[error("order file `{found}` has a name kept for signed requests; give it another")]
    ReservedName {
        /// The name.
        found: String,
    },
    /// The query's digest is not that of its text.
    #[error("exhibit {exhibit}: the query digest is not that of the query text ({expected})")]
    QueryDigest {
        /// The exhibit.
        exhibit: u16,
        /// What the text digests to.
        expected: Sha256,
    },
    /// The report could not be made.
    #[error("the report cannot be rendered")]
    Report(#[from] report::ReportError),
}

impl<'a> Bag<'a> {
    /// Makes every file of the package but its seal.
    pub fn build(input: PackageInput<'a>) -> Result<Self, PackageError> {
        check(&input)?;
        let report = match input.report {
            ReportWanted::Pdf => Some(Content::bytes(report::render(&input)?)),
            ReportWanted::None => None,
        };
        let bag_info_facts = bag_info(&input);
        let verify_txt = verify_text::text(&input);
        let mut payload = Vec::with_capacity(payload_count(&input));
        let name = input.name.clone();
        let case = case::Graph::begin(&input);
        push_payload(&mut payload, input, report);
        payload.sort_by(|left, right| left.path.cmp(&right.path));
        let case = Content::bytes(case.finish(&payload).into_bytes());
        let place = payload.partition_point(|file| file.path.as_str() < format::CASE_PATH);
        payload.insert(place, BagFile { path: format::CASE_PATH.into(), content: case });
        let root = root_files(&payload, bag_info_facts, verify_txt);
        let tagmanifest_sha256 = root[root.len() - 1].content.digests().sha256;
        Ok(Self { name, root, payload, tagmanifest_sha256 })
    }

    /// The top folder, and the zip's name without its ending.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Root files, then payload files by path: their order in the zip. The seal comes after.
    pub fn files(&self) -> impl Iterator<Item = &BagFile<'a>> {
        self.root.iter().chain(&self.payload)
    }

    /// The bytes that the seal signs.
    pub fn tagmanifest(&self) -> &[u8] {
        let file = &self.root[self.root.len() - 1];
        file.content.in_memory().expect("the tag manifest was made in memory, just above")
    }

    /// What an approver approves and the log records.
    pub fn tagmanifest_sha256(&self) -> Sha256 {
        self.tagmanifest_sha256
    }

    /// Bytes of the payload, as in `Payload-Oxum`.
    pub fn payload_bytes(&self) -> u64 {
        self.payload.iter().map(|file| file.content.digests().bytes).sum()
    }
}

/// `exhibit-0007`: the stem of an exhibit's files.
pub fn exhibit_stem(number: u16) -> String {
    format!("{}{number:04}", format::EXHIBIT_STEM)
}

fn check(input: &PackageInput<'_>) -> Result<(), PackageError> {
    if input.answers.is_empty() {
        return Err(PackageError::Missing { what: "answer" });
    }
    if input.order.is_empty() {
        return Err(PackageError::Missing { what: "order file" });
    }
    let exhibits_count = input.exhibits.len() + input.traces.len();
    check_count("exhibits", exhibits_count, format::EXHIBITS_COUNT_MAX)?;
    check_count("files", payload_count(input), FILES_COUNT_MAX)?;
    check_ascending("ask", input.answers.iter().map(|answer| answer.number))?;
    check_ascending("exhibit", input.exhibits.iter().map(|exhibit| exhibit.facts.number))?;
    check_ascending("trace exhibit", input.traces.iter().map(|trace| trace.number))?;
    for (index, file) in input.order.iter().enumerate() {
        if input.order[..index].iter().any(|earlier| earlier.name == file.name) {
            let found = file.name.to_string();
            return Err(PackageError::Order { what: "order file", found });
        }
    }
    check_authentication(input)?;
    for trace in &input.traces {
        if input.exhibits.iter().any(|exhibit| exhibit.facts.number == trace.number) {
            let found = trace.number.to_string();
            return Err(PackageError::Order { what: "exhibit", found });
        }
    }
    for exhibit in &input.exhibits {
        let expected = Sha256::of(exhibit.facts.query_text.as_bytes());
        if exhibit.facts.query_sha256 != expected {
            let exhibit = exhibit.facts.number;
            return Err(PackageError::QueryDigest { exhibit, expected });
        }
    }
    check_answers(input)?;
    case::check(input)
}

/// Payload files, with the root and the seal kept free.
const FILES_COUNT_MAX: usize =
    format::FILES_COUNT_MAX - format::ROOT_PATHS.len() - format::SEAL_PATHS.len();
const EXHIBIT_NUMBER_MAX: u16 = 9999;

fn check_count(what: &'static str, found: usize, max: usize) -> Result<(), PackageError> {
    if found > max { Err(PackageError::TooMany { what, found, max }) } else { Ok(()) }
}

fn check_ascending(
    what: &'static str,
    numbers: impl Iterator<Item = u16>,
) -> Result<(), PackageError> {
    let mut last = 0;
    for number in numbers {
        if number == 0 || number > EXHIBIT_NUMBER_MAX {
            return Err(PackageError::ExhibitNumber { found: number });
        }
        if number <= last {
            return Err(PackageError::Order { what, found: number.to_string() });
        }
        last = number;
    }
    Ok(())
}

/// A signed request comes with its approvals, and no other file has their names.
fn check_authentication(input: &PackageInput<'_>) -> Result<(), PackageError> {
    if let Authentication::Signed(approvals) = &input.authentication {
        if approvals.is_empty() {
            return Err(PackageError::Missing { what: "approval of a signed request" });
        }
        check_count("approvals", approvals.len(), format::APPROVALS_COUNT_MAX)?;
    }
    let stems = [format::SIGNED_REQUEST_STEM, format::ASSERTION_STEM, format::ENROLMENT_STEM];
    let reserved = |name: &str| {
        let stem = name.strip_suffix(".json").unwrap_or_default();
        stems.iter().any(|kept| stem == *kept || stem.starts_with(&format!("{kept}-")))
    };
    match input.order.iter().find(|file| reserved(file.name.as_str())) {
        Some(file) => Err(PackageError::ReservedName { found: file.name.to_string() }),
        None => Ok(()),
    }
}

fn check_answers(input: &PackageInput<'_>) -> Result<(), PackageError> {
    for answer in &input.answers {
        for &number in &answer.exhibits {
            let table = input.exhibits.iter().find(|exhibit| exhibit.facts.number == number);
            let trace = input.traces.iter().any(|trace| trace.number == number);
            if table.is_none() && !trace {
                let what = format!("ask {}", answer.number);
                return Err(PackageError::UnknownExhibit { what, exhibit: number });
            }
            let row_count = table.map_or(0, |exhibit| exhibit.facts.row_count);
            if matches!(answer.outcome, Outcome::Negative { .. }) && row_count > 0 {
                let (ask, exhibit) = (answer.number, number);
                return Err(PackageError::NegativeWithRows { ask, exhibit, row_count });
            }
        }
    }
    Ok(())
}

fn payload_count(input: &PackageInput<'_>) -> usize {
    let approvals = 3 * input.authentication.approvals().len();
    input.order.len() + approvals + 2 * (input.exhibits.len() + input.traces.len()) + 2
}

fn push_payload<'a>(
    payload: &mut Vec<BagFile<'a>>,
    input: PackageInput<'a>,
    report: Option<Content<'a>>,
) {
    for file in input.order {
        let path = format!("{}{}", format::ORDER_FOLDER, file.name);
        payload.push(BagFile { path, content: file.content });
    }
    if let Authentication::Signed(approvals) = input.authentication {
        for (number, files) in (1..).zip(approvals) {
            push_approval(payload, number, files);
        }
    }
    for exhibit in input.exhibits {
        let stem = format!("{}{}", format::RECORDS_FOLDER, exhibit_stem(exhibit.facts.number));
        payload.push(BagFile { path: format!("{stem}.csv"), content: exhibit.csv });
        payload.push(BagFile { path: format!("{stem}.json"), content: exhibit.json });
    }
    for trace in input.traces {
        let stem = format!("{}{}", format::TRACE_FOLDER, exhibit_stem(trace.number));
        payload.push(BagFile { path: format!("{stem}.json"), content: trace.json });
        payload.push(BagFile { path: format!("{stem}.svg"), content: trace.svg });
    }
    if let Some(content) = report {
        payload.push(BagFile { path: format::REPORT_PATH.into(), content });
    }
}

/// `request.json`, or `request-2.json` for what was signed next, and the two beside it.
fn push_approval(payload: &mut Vec<BagFile<'_>>, number: usize, files: ApprovalFiles) {
    let ending = if number == 1 { ".json".to_owned() } else { format!("-{number}.json") };
    for (stem, bytes) in [
        (format::SIGNED_REQUEST_STEM, files.request),
        (format::ASSERTION_STEM, files.assertion),
        (format::ENROLMENT_STEM, files.enrolment),
    ] {
        let path = format!("{}{stem}{ending}", format::ORDER_FOLDER);
        payload.push(BagFile { path, content: Content::bytes(bytes) });
    }
}

/// The files of the root, in the order of [`format::ROOT_PATHS`]; the tag manifest is the last.
fn root_files<'a>(
    payload: &[BagFile<'_>],
    bag_info_facts: String,
    verify_txt: String,
) -> Vec<BagFile<'a>> {
    let payload_bytes: u64 = payload.iter().map(|file| file.content.digests().bytes).sum();
    let bag_info = format!("Payload-Oxum: {payload_bytes}.{}\n{bag_info_facts}", payload.len());
    let mut sha256_lines = String::new();
    let mut sha512_lines = String::new();
    for file in payload {
        let digests = file.content.digests();
        push_manifest_line(&mut sha256_lines, &digests.sha256, &file.path);
        push_manifest_line(&mut sha512_lines, &digests.sha512, &file.path);
    }
    let texts = [format::BAGIT_TXT.to_owned(), bag_info, verify_txt, sha256_lines, sha512_lines];
    let mut tagmanifest = String::new();
    let mut root = Vec::with_capacity(format::ROOT_PATHS.len());
    for (path, text) in format::TAGMANIFEST_LISTS.into_iter().zip(texts) {
        let content = Content::bytes(text.into_bytes());
        push_manifest_line(&mut tagmanifest, &content.digests().sha256, path);
        root.push(BagFile { path: path.into(), content });
    }
    let content = Content::bytes(tagmanifest.into_bytes());
    root.push(BagFile { path: format::TAGMANIFEST_PATH.into(), content });
    root
}

/// A line that `sha256sum -c` reads: digest, two spaces, path. Writing to a `String` cannot fail.
fn push_manifest_line(lines: &mut String, digest: &impl std::fmt::Display, path: &str) {
    let _ = writeln!(lines, "{digest}  {path}");
}

/// `bag-info.txt` but for its first line, which counts the payload.
fn bag_info(input: &PackageInput<'_>) -> String {
    let request = &input.request;
    let mut info = BagInfo(String::new());
    info.line("Source-Organization", &request.company_name);
    info.line("External-Identifier", input.name.as_str());
    let description = format!("Answer to {} {}", request.instrument, request.agency_reference);
    info.line("External-Description", &description);
    info.line("Bagging-Date", &input.made_at.strftime("%Y-%m-%d").to_string());
    info.line("Bag-Software-Agent", &input.tool_version);
    info.line(label::MADE, &input.made_at.to_string());
    info.line(label::REQUEST, &request.request_id.to_string());
    info.line(label::PACKAGE_NUMBER, &request.package_number.to_string());
    info.line(label::AGENCY, &request.agency_name);
    info.line(label::AGENCY_REFERENCE, &request.agency_reference);
    let instrument = match &request.instrument_number {
        Some(number) => format!("{} {number}", request.instrument),
        None => request.instrument.clone(),
    };
    info.line(label::INSTRUMENT, &instrument);
    info.line(label::LEGAL_BASIS, &request.legal_basis);
    info.line(label::AUTHENTICATION, input.authentication.as_str());
    info.line(label::RECEIVED, &request.received_at.to_string());
    if let Some(range) = &request.time_range {
        info.line(label::TIME_RANGE, &range_text(range));
    }
    for category in &request.categories {
        info.line(label::CATEGORY, category);
    }
    for answer in &input.answers {
        let (how, statement) = answer.outcome.parts();
        let text = format!("ask {} ({}): {how}: {statement}", answer.number, answer.kind);
        info.line(label::ANSWER, &text);
    }
    for exhibit in &input.exhibits {
        info.line(label::EXHIBIT, &exhibit_line(&exhibit.facts));
    }
    for trace in &input.traces {
        info.line(label::EXHIBIT, &trace_line(trace));
    }
    let fictions = input.exhibits.iter().filter_map(|exhibit| exhibit.facts.fiction.as_deref());
    let fictions = fictions.chain(input.traces.iter().filter_map(|trace| trace.fiction.as_deref()));
    if let Some(note) = fictions.into_iter().next() {
        info.line(label::FICTION, note);
    }
    if request.purpose == Purpose::Practice {
        info.line(label::PRACTICE, PRACTICE_NOTICE);
    }
    let custodian = &input.custodian;
    info.line(label::CUSTODIAN, &format!("{}, {}", custodian.name, custodian.post));
    info.0
}

fn exhibit_line(facts: &ExhibitFacts) -> String {
    let mut line = format!(
        "{} {}; category {}; source {}; snapshot {}; rows {}",
        exhibit_stem(facts.number),
        facts.title,
        facts.category,
        facts.source_system,
        facts.snapshot_at,
        facts.row_count
    );
    if let Some(range) = &facts.time_range {
        let _ = write!(line, "; times {}", range_text(range));
    }
    for withheld in &facts.withheld {
        let _ = write!(line, "; withheld {} ({})", withheld.row_count, withheld.reason);
    }
    let _ = write!(line, "; query SHA-256 {}; operator {}", facts.query_sha256, facts.operator);
    if let Some(approver) = &facts.approver {
        let _ = write!(line, "; approver {approver}");
    }
    push_fiction(&mut line, facts.fiction.as_deref());
    line
}

fn trace_line(trace: &TraceExhibit<'_>) -> String {
    let mut line = format!(
        "{} {}; trace by {}; operator {}",
        exhibit_stem(trace.number),
        trace.title,
        trace.engine,
        trace.operator
    );
    if let Some(approver) = &trace.approver {
        let _ = write!(line, "; approver {approver}");
    }
    for input in &trace.inputs {
        let _ = write!(line, "; input {input}");
    }
    push_fiction(&mut line, trace.fiction.as_deref());
    line
}

fn push_fiction(line: &mut String, note: Option<&str>) {
    if let Some(note) = note {
        let _ = write!(line, "; fiction: {note}");
    }
}

fn range_text(range: &TimeRange) -> String {
    format!("{}/{}", range.from, range.to)
}

struct BagInfo(String);

impl BagInfo {
    /// One label and value. Line breaks and other control characters become one space each, so
    /// that no value can add a line (RFC 8493 section 2.2.2 would fold them).
    fn line(&mut self, label: &str, value: &str) {
        self.0.push_str(label);
        self.0.push_str(": ");
        let value = value.trim();
        self.0.extend(value.chars().map(|char| if char.is_control() { ' ' } else { char }));
        self.0.push('\n');
    }
}

impl Outcome {
    /// How it was answered in a word, and the sentence.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Outcome::Full { statement } => ("in full", statement),
            Outcome::Partial { statement } => ("in part", statement),
            Outcome::Negative { statement } => ("nothing held", statement),
        }
    }
}
