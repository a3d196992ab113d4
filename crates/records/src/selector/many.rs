//! Selectors as people paste and upload them: one a line, or CSV with the kind before the value.
//!
//! Knows no request. A kind is found only where nothing else could be meant; otherwise the line is
//! named with what to write, never guessed.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::kind::KINDS;
use super::{SELECTOR_LINE_COUNT_MAX, Selector, SelectorError, SelectorKind};

/// Characters of an unreadable line that are shown again.
const HINT_CHARACTERS_MAX: usize = 24;

/// Everything that was in a text, line by line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReadMany {
    /// What could be read, each once, in normal spelling, in the order of the lines.
    pub selectors: Vec<Selector>,
    /// Lines that repeat an earlier one.
    pub duplicates: Vec<DuplicateLine>,
    /// Lines that could not be read.
    pub unreadable: Vec<UnreadableLine>,
    /// Lines beyond [`SELECTOR_LINE_COUNT_MAX`], which were not looked at.
    pub beyond_limit_count: usize,
}

/// A line that says what an earlier one said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuplicateLine {
    /// Its number, from 1.
    pub line: usize,
    /// The earlier one.
    pub first: usize,
}

/// A line that could not be read.
#[derive(Clone, PartialEq, Eq)]
pub struct UnreadableLine {
    /// Its number, from 1.
    pub line: usize,
    /// How it begins. For whoever typed it; never for a log.
    pub hint: String,
    /// What is wrong with it.
    pub flaw: LineFlaw,
}

/// What is wrong with a line, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineFlaw {
    /// The first of two columns is no kind.
    NoKind,
    /// More columns than two, or none.
    Columns {
        /// How many.
        count: usize,
    },
    /// Nothing shows of what kind it is.
    Unclear,
    /// It is no selector of its kind.
    Selector {
        /// The kind.
        kind: SelectorKind,
        /// What does not fit.
        error: SelectorError,
    },
}

impl LineFlaw {
    /// What to write instead, in English.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::NoKind => format!("write {KINDS}, then the value"),
            Self::Columns { .. } => "write the value alone, or kind and value; address, port and \
                                     moment may have a column each"
                .to_owned(),
            Self::Unclear => format!("write the kind before it: {KINDS}, then a comma"),
            Self::Selector { kind, .. } => {
                format!("correct it, or name its kind if it is no {kind}")
            }
        }
    }
}

impl fmt::Display for LineFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKind => f.write_str("the first of two columns is no kind of selector"),
            Self::Columns { count } => write!(f, "it has {count} columns"),
            Self::Unclear => f.write_str("it does not show what it is"),
            Self::Selector { error, .. } => error.fmt(f),
        }
    }
}

/// Shows no text of the line, so that none slips into a log.
impl fmt::Debug for UnreadableLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnreadableLine({}: {}; {})", self.line, self.flaw, self.flaw.fix())
    }
}

/// Reads selectors from pasted or uploaded text.
///
/// Each line is a value, or a kind and a value in two columns (comma, semicolon or tab; quotes as
/// in RFC 4180, within one line). An IP address with port and moment may stand in columns of its
/// own: address, port, moment, and the end of an interval if it is one. A first line that only
/// names columns is passed over. `given` is the kind of lines that name none; without it the kind
/// is found where it is beyond doubt. docs/formats/selectors.md has the columns.
pub fn read_many(text: &str, given: Option<SelectorKind>) -> ReadMany {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut read = ReadMany::default();
    let mut first_lines: HashMap<Selector, usize> = HashMap::new();
    let mut given = given;
    let mut is_first = true;
    for (line, content) in (1..).zip(text.lines()) {
        if line > SELECTOR_LINE_COUNT_MAX {
            read.beyond_limit_count += 1;
            continue;
        }
        if content.trim().is_empty() {
            continue;
        }
        let columns = columns(content);
        if std::mem::take(&mut is_first)
            && let Some(kind) = heading(&columns)
        {
            given = kind.or(given);
            continue;
        }
        match read_line(&columns, given) {
            Ok(selector) => match first_lines.get(&selector) {
                Some(&first) => read.duplicates.push(DuplicateLine { line, first }),
                None => {
                    first_lines.insert(selector.clone(), line);
                    read.selectors.push(selector);
                }
            },
            Err(flaw) => {
                let mut hint: String = content.trim().chars().take(HINT_CHARACTERS_MAX).collect();
                hint.retain(|character| !character.is_control());
                read.unreadable.push(UnreadableLine { line, hint, flaw });
            }
        }
    }
    read
}

/// What a first line of headings says: that it is one, and perhaps the kind of all lines.
fn heading(columns: &[String]) -> Option<Option<SelectorKind>> {
    let words: Vec<String> = columns.iter().map(|word| word.to_ascii_lowercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["kind" | "type", "value" | "selector"] => Some(None),
        ["value" | "selector" | "selectors"] => Some(None),
        ["ip" | "ip_address" | "address", "port", "time" | "at" | "from"]
        | ["ip" | "ip_address" | "address", "port", "from", "until" | "to"] => {
            Some(Some(SelectorKind::IpPort))
        }
        ["kind" | "type", "ip" | "value", "port", "time" | "at" | "from"]
        | ["kind" | "type", "ip" | "value", "port", "from", "until" | "to"] => Some(None),
        [word] => kind_of_word(word).map(Some),
        _ => None,
    }
}

/// A kind by our word for it or by one that officers use.
fn kind_of_word(word: &str) -> Option<SelectorKind> {
    let word = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    Some(match word.as_str() {
        "account" | "account_number" | "customer" => SelectorKind::AccountId,
        "wallet" | "wallet_address" => SelectorKind::Address,
        "transaction" | "transaction_id" | "tx" => SelectorKind::Txid,
        "mail" | "e_mail" => SelectorKind::Email,
        "telephone" | "mobile" => SelectorKind::Phone,
        "ip_address" => SelectorKind::Ip,
        "ip_and_port" | "ip_port_time" => SelectorKind::IpPort,
        "domain_name" | "host" | "hostname" => SelectorKind::Domain,
        "device" => SelectorKind::DeviceId,
        "mac_address" => SelectorKind::Mac,
        other => other.parse().ok()?,
    })
}

fn read_line(columns: &[String], given: Option<SelectorKind>) -> Result<Selector, LineFlaw> {
    let (kind, value) = match columns {
        [value] => (given, value.clone()),
        [word, value] => match kind_of_word(word) {
            Some(kind) => (Some(kind), value.clone()),
            None => return Err(LineFlaw::NoKind),
        },
        [ip, port, times @ ..] if times.len() <= 2 && ip.parse::<IpAddr>().is_ok() => {
            (Some(SelectorKind::IpPort), place(ip, port, times))
        }
        [word, ip, port, times @ ..]
            if times.len() <= 2
                && matches!(kind_of_word(word), Some(SelectorKind::Ip | SelectorKind::IpPort)) =>
        {
            (Some(SelectorKind::IpPort), place(ip, port, times))
        }
        _ => return Err(LineFlaw::Columns { count: columns.len() }),
    };
    let Some(kind) = kind.or_else(|| found_kind(&value)) else {
        return Err(LineFlaw::Unclear);
    };
    Selector::read(kind, &value).map_err(|error| LineFlaw::Selector { kind, error })
}

/// Address, port and moment, or both ends of an interval, out of their columns.
fn place(ip: &str, port: &str, times: &[String]) -> String {
    let times: Vec<&str> =
        times.iter().map(String::as_str).filter(|time| !time.is_empty()).collect();
    format!("{ip} {port} {}", times.join("/"))
}

/// The kind that a value can only be. An address or IBAN with a wrong checksum is still found to
/// be one, so that the typing error is named.
fn found_kind(value: &str) -> Option<SelectorKind> {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if value.contains('@') {
        return Some(SelectorKind::Email);
    }
    if lower.starts_with("0x") && lower.len() == 42 {
        return Some(SelectorKind::Address);
    }
    if value.len() == 64 && is_hex(value) {
        return Some(SelectorKind::Txid);
    }
    if ["bc1", "tb1", "bcrt1"].iter().any(|prefix| lower.starts_with(prefix)) {
        return Some(SelectorKind::Address);
    }
    if value.starts_with('+') {
        return Some(SelectorKind::Phone);
    }
    if value.parse::<IpAddr>().is_ok() {
        return Some(SelectorKind::Ip);
    }
    let first = value.split([' ', '\t']).next().unwrap_or(value);
    if first.parse::<SocketAddr>().is_ok() || (first != value && first.parse::<IpAddr>().is_ok()) {
        return Some(SelectorKind::IpPort);
    }
    let parts: Vec<&str> = value.split([':', '-']).collect();
    if parts.len() == 6 && parts.iter().all(|part| part.len() == 2 && is_hex(part)) {
        return Some(SelectorKind::Mac);
    }
    let packed: Vec<u8> = value.bytes().filter(|byte| *byte != b' ').collect();
    let is_iban = (15..=34).contains(&packed.len())
        && packed[..2].iter().all(u8::is_ascii_alphabetic)
        && packed[2..4].iter().all(u8::is_ascii_digit)
        && packed.iter().all(u8::is_ascii_alphanumeric);
    if is_iban {
        return Some(SelectorKind::Iban);
    }
    let is_base58 = (26..=35).contains(&value.len())
        && value.starts_with(['1', '2', '3', 'm', 'n', 'T'])
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_base58.then_some(SelectorKind::Address)
}

/// The columns of one line. Empty ones at the end are spreadsheets' habit and mean nothing. An
/// open quote ends with its line, so that it spoils no other.
fn columns(line: &str) -> Vec<String> {
    let separator = [b'\t', b';', b','].into_iter().find(|byte| line.as_bytes().contains(byte));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator.unwrap_or(b','))
        .buffer_capacity(line.len().clamp(1, 4_096))
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    let is_read = reader.read_record(&mut record).unwrap_or(false);
    let mut columns: Vec<String> = if is_read {
        record.iter().map(|column| column.trim().to_owned()).collect()
    } else {
        vec![line.trim().to_owned()]
    };
    while columns.len() > 1 && columns.last().is_some_and(String::is_empty) {
        columns.pop();
    }
    columns
}
