//! Everything that one answer says, as types: request, answers, exhibits, custodian.
//!
//! Knows nothing of files, databases or keys, and judges nothing: whether an answer may leave the
//! house was decided before. Text fields are printed as given; [`crate::bag`] makes the files.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use jiff::Timestamp;

use crate::digest::{Digests, Sha256};
use crate::format::NAME_BYTES_MAX;
use crate::table::Column;

/// All that goes into one package. Same input, same bytes.
pub struct PackageInput<'a> {
    /// Top folder and file name of the zip: `<request>-<n>`.
    pub name: Name,
    /// Who asked for what, under which law.
    pub request: RequestFacts,
    /// One per ask that this package answers, in the order of their numbers.
    pub answers: Vec<AskAnswer>,
    /// The instrument as received, byte for byte.
    pub order: Vec<OrderFile<'a>>,
    /// What proves who sent it.
    pub authentication: Authentication,
    /// Tables of records, numbers ascending.
    pub exhibits: Vec<Exhibit<'a>>,
    /// Traces of money, numbers ascending and distinct from those of `exhibits`.
    pub traces: Vec<TraceExhibit<'a>>,
    /// Accounts, addresses and events for the CASE graph; they stand in an exhibit already.
    pub entities: Vec<Entity>,
    /// What was done with the request, by whom and when, oldest first.
    pub custody: Vec<CustodyStep>,
    /// Who speaks for the records.
    pub custodian: CustodianStatement,
    /// When the package was made.
    pub made_at: Timestamp,
    /// Name and version of the software: `comity 0.1.0`.
    pub tool_version: String,
    /// Whether `data/report.pdf` is in it.
    pub report: ReportWanted,
}

/// Whether the report for people is made: rendering costs more than all the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportWanted {
    /// `data/report.pdf` is rendered.
    Pdf,
    /// Only tables, traces and the graph.
    None,
}

/// Facts of the request, as the agency stated them and the desk accepted them.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    /// Id in the company's desk.
    pub request_id: uuid::Uuid,
    /// Number of this package among those of the request, from 1.
    pub package_number: u16,
    /// The company that answers.
    pub company_name: String,
    /// The agency that asked.
    pub agency_name: String,
    /// The agency's own file number.
    pub agency_reference: String,
    /// Kind of instrument: `EPOC`, `production order`, ...
    pub instrument: String,
    /// The instrument's own number, where it has one apart from the agency's reference.
    pub instrument_number: Option<String>,
    /// Law and article that the instrument names.
    pub legal_basis: String,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// When it was received.
    pub received_at: Timestamp,
    /// The range of time asked for, both ends included.
    pub time_range: Option<TimeRange>,
    /// Data categories asked for.
    pub categories: Vec<String>,
    /// Whether it is about anything.
    pub purpose: Purpose,
}

/// Whether a request is about a case or for practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A case.
    Case,
    /// Practice: every row is made up, and nothing of it is evidence.
    Practice,
}

/// What a package of a practice request says of itself.
pub const PRACTICE_NOTICE: &str =
    "practice request; everything in this package is made up and evidence of nothing";

/// What proves who sent a request. The proofs are never called by each other's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Nothing that came with it; the custody list says how the sender was proven.
    None,
    /// The channel: a client certificate of the agency.
    ByChannel,
    /// An officer's passkey signed this very request, and each correction since.
    Signed(Vec<ApprovalFiles>),
}

/// The three files of one approval: `request.json`, `assertion.json`, `enrolment.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalFiles {
    /// The canonical request: [`crate::signed::SignedRequest::to_bytes`].
    pub request: Vec<u8>,
    /// The passkey's answer: [`crate::signed::Assertion::to_json`].
    pub assertion: Vec<u8>,
    /// How the passkey came to be trusted: [`crate::signed::enrolment_json`].
    pub enrolment: Vec<u8>,
}

impl Authentication {
    /// The word in `bag-info.txt` and in the log record of the seal.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ByChannel => "by_channel",
            Self::Signed(_) => "signed",
        }
    }

    /// In words, for the report.
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::None => "nothing that came with it; see the custody list",
            Self::ByChannel => "by channel: the agency's certificate; nobody signed the request",
            Self::Signed(_) => "signed: an officer's passkey approved it (data/order/request.json)",
        }
    }

    /// The approvals, when it is signed.
    pub fn approvals(&self) -> &[ApprovalFiles] {
        match self {
            Self::Signed(approvals) => approvals,
            _ => &[],
        }
    }
}

/// A range of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant.
    pub from: Timestamp,
    /// Last instant.
    pub to: Timestamp,
}

/// What one ask was answered.
#[derive(Clone, Debug)]
pub struct AskAnswer {
    /// Number of the ask in the request, from 1.
    pub number: u16,
    /// What was asked: `disclose`, `preserve`, `freeze`, ...
    pub kind: String,
    /// The answer.
    pub outcome: Outcome,
    /// Numbers of the exhibits that bear on it; those of a negative answer have no rows.
    pub exhibits: Vec<u16>,
}

/// The answer to one ask.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// In full, with a sentence on it ("frozen 0.40000000 BTC at ...").
    Full {
        /// The sentence.
        statement: String,
    },
    /// In part.
    Partial {
        /// What is given and what is not, and why.
        statement: String,
    },
    /// Nothing held: "no such account as of T; searched so and so". Signed like any other.
    Negative {
        /// What was searched and that nothing was found.
        statement: String,
    },
}

/// One file of `data/order/`.
pub struct OrderFile<'a> {
    /// Our name for it in the package.
    pub name: Name,
    /// The sender's name for it, kept in `case.jsonld`.
    pub original_name: Option<String>,
    /// Media type as received.
    pub media_type: String,
    /// The bytes as received.
    pub content: Content<'a>,
}

/// A table of records, as CSV and JSON with the same rows.
pub struct Exhibit<'a> {
    /// What it is and where it came from.
    pub facts: ExhibitFacts,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// `data/records/exhibit-<number>.csv`.
    pub csv: Content<'a>,
    /// `data/records/exhibit-<number>.json`.
    pub json: Content<'a>,
}

/// What a court asks about a table of records.
#[derive(Clone, Debug)]
pub struct ExhibitFacts {
    /// Number within the package, 1 to 9999.
    pub number: u16,
    /// Title for people.
    pub title: String,
    /// Data category of the request that it answers.
    pub category: String,
    /// The system that was asked.
    pub source_system: String,
    /// The query as sent, without the values of its parameters.
    pub query_text: String,
    /// SHA-256 of that text.
    pub query_sha256: Sha256,
    /// The instant whose state of the source the rows show.
    pub snapshot_at: Timestamp,
    /// Rows in CSV and JSON, the heading not counted.
    pub row_count: u64,
    /// First and last time in the rows; none when no row has one.
    pub time_range: Option<TimeRange>,
    /// Rows left out, by reason.
    pub withheld: Vec<Withheld>,
    /// Who ran the search.
    pub operator: String,
    /// Who approved the disclosure. None while the package waits for it.
    pub approver: Option<String>,
    /// Set when the data was made up for a demonstration: the note that says so.
    pub fiction: Option<String>,
}

/// Rows left out of an exhibit, and why.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// How many.
    pub row_count: u64,
    /// Why.
    pub reason: String,
}

/// A trace of money over a public chain.
pub struct TraceExhibit<'a> {
    /// Number within the package, distinct from those of the tables.
    pub number: u16,
    /// Title for people.
    pub title: String,
    /// Name and version of the engine that can replay it.
    pub engine: String,
    /// Digests of the blocks it was computed from, as `name sha256`.
    pub inputs: Vec<String>,
    /// Who ran it.
    pub operator: String,
    /// Who approved the disclosure. None while the package waits for it.
    pub approver: Option<String>,
    /// Set when attributions in it were made up for a demonstration.
    pub fiction: Option<String>,
    /// `data/trace/exhibit-<number>.json`.
    pub json: Content<'a>,
    /// `data/trace/exhibit-<number>.svg`.
    pub svg: Content<'a>,
}

/// One thing in the CASE graph. It stands in the exhibit it names; nothing is told only here.
#[derive(Clone, Debug)]
pub enum Entity {
    /// An account with the company.
    Account {
        /// The company's id of it.
        identifier: String,
        /// Login name.
        login: Option<String>,
        /// Whether it is open, if known.
        is_active: Option<bool>,
        /// The exhibit it stands in.
        exhibit: u16,
    },
    /// An address on a chain.
    Address {
        /// The address.
        value: String,
        /// What it is ("BTC deposit address").
        description: String,
        /// Account it belongs to, by identifier.
        account: Option<String>,
        /// The exhibit it stands in.
        exhibit: u16,
    },
    /// A deposit, withdrawal, login, freeze, ...
    Event {
        /// Kind: `crypto-withdrawal`, `login`, `freeze`.
        kind: String,
        /// Id in the source: `txid:...`.
        identifier: String,
        /// Account it concerns, by identifier.
        account: Option<String>,
        /// When it happened.
        at: Timestamp,
        /// The exhibit it stands in, or none for an act of the company itself (a freeze).
        exhibit: Option<u16>,
    },
}

/// One step in the custody of the request and its answer.
#[derive(Clone, Debug)]
pub struct CustodyStep {
    /// When.
    pub at: Timestamp,
    /// What: `received`, `identity verified`, `searched`, `approved`.
    pub act: String,
    /// By whom: a role or a staff member's name as the company wants it in court.
    pub by: String,
}

/// The custodian's statement: who vouches for the records, and how they are made and kept.
/// Fields follow US Federal Rules of Evidence 902(11) to (14) and 803(6); other countries'
/// variants take the same facts.
#[derive(Clone, Debug)]
pub struct CustodianStatement {
    /// Name of the custodian.
    pub name: String,
    /// Post within the company.
    pub post: String,
    /// Why this person can speak for the records.
    pub qualification: String,
    /// Systems and process that made the records.
    pub process: String,
    /// Why the result is accurate: clocks, checks, digests.
    pub accuracy: String,
    /// That the records are made at the time and kept in the regular course of business.
    pub practice: String,
    /// Form that the law wants ("I declare under penalty of perjury ...").
    pub declaration: String,
    /// Where it was made.
    pub place: String,
}

/// A file name or package name: 1 to 100 of `a-z 0-9 . _ -`, not starting with `.` or `-`.
/// So no path, no case, no encoding and no option can hide in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// Why a text is no [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty or too long.
    #[error("name `{name}` has {bytes} bytes; it must have 1 to {NAME_BYTES_MAX}")]
    Length {
        /// The text.
        name: String,
        /// Its length.
        bytes: usize,
    },
    /// A character that is not allowed there.
    #[error("name `{name}` has {found:?} at byte {offset}; use a-z, 0-9, and inside also . _ -")]
    Character {
        /// The text.
        name: String,
        /// Where, from 0.
        offset: usize,
        /// What.
        found: char,
    },
}

impl Name {
    /// Checks `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let name: String = text.into();
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let bytes = name.len();
            return Err(NameError::Length { name, bytes });
        }
        let wrong = name.char_indices().find(|&(offset, found)| match found {
            'a'..='z' | '0'..='9' | '_' => false,
            '.' | '-' => offset == 0,
            _ => true,
        });
        match wrong {
            Some((offset, found)) => Err(NameError::Character { name, offset, found }),
            None => Ok(Self(name)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bytes of one file, or the way to read them again, with length and digests known.
#[derive(Clone)]
pub struct Content<'a> {
    body: Body<'a>,
    digests: Digests,
}

#[derive(Clone)]
enum Body<'a> {
    Bytes(Cow<'a, [u8]>),
    Source(Arc<dyn Reopen + 'a>),
}

/// A file that can be read from its start as often as needed: a blob, a spool file.
pub trait Reopen: Send + Sync {
    /// Opens it at its start.
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>>;
}

impl<'a> Content<'a> {
    /// A file held in memory.
    pub fn bytes(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digests: Digests::of(&bytes), body: Body::Bytes(bytes) }
    }

    /// A file in memory whose digests were taken while it was written.
    pub fn digested_bytes(bytes: impl Into<Cow<'a, [u8]>>, digests: Digests) -> Self {
        let bytes = bytes.into();
        assert!(bytes.len() as u64 == digests.bytes, "digests of another file");
        Self { digests, body: Body::Bytes(bytes) }
    }

    /// A file too large for memory, whose digests were taken while it was written. They are
    /// checked again whenever it is read into a zip.
    pub fn source(source: Arc<dyn Reopen + 'a>, digests: Digests) -> Self {
        Self { digests, body: Body::Source(source) }
    }

    /// Length and digests.
    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    /// The bytes, when they are in memory.
    pub fn in_memory(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Bytes(bytes) => Some(bytes),
            Body::Source(_) => None,
        }
    }

    /// Reads from the start.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        match &self.body {
            Body::Bytes(bytes) => Ok(Box::new(&bytes[..])),
            Body::Source(source) => source.open(),
        }
    }
}
