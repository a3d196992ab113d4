//! The manifest that goes with evidence sent by other means than e-CODEX (Implementing Regulation
//! (EU) 2025/1550, annex, point 3.3.3): who sent what to whom, when, how, with which digests.
//!
//! Made when the package is delivered, so it lies beside the package and never inside. Knows
//! nothing of how the file travels.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::digest::Digests;
use crate::package::Name;
use crate::table::push_json_text;

/// Fewest calendar days that evidence stays accessible (point 3.3.3).
pub const ACCESSIBLE_DAYS_MIN: i32 = 10;
/// Most calendar days that it stays accessible, unless the authority asks for more.
pub const ACCESSIBLE_DAYS_MAX: i32 = 45;
/// Files of one transmission.
pub const FILES_COUNT_MAX: usize = 1_024;

/// One sending.
#[derive(Clone, Debug)]
pub struct Transmission {
    /// Who sends.
    pub sender: String,
    /// Who receives.
    pub recipient: String,
    /// What ties it to the order or orders: numbers and references.
    pub orders: Vec<String>,
    /// When it was sent or made available.
    pub sent_at: Timestamp,
    /// How: `secure link`, `registered courier`, ...
    pub means: String,
    /// The files as sent (encrypted, if they are).
    pub files: Vec<SentFile>,
    /// Until when it can be fetched, where that has an end.
    pub accessible_until: Option<Timestamp>,
    /// Free remarks.
    pub remarks: String,
}

/// One file as sent.
#[derive(Clone, Debug)]
pub struct SentFile {
    /// Its full name.
    pub name: Name,
    /// Size and digests.
    pub digests: Digests,
}

/// Why there is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransmissionError {
    /// The regulation wants each of these.
    #[error("a transmission needs {what}")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// Too many files.
    #[error("{found} files are too many; at most {FILES_COUNT_MAX} go in one transmission")]
    FileCount {
        /// How many were given.
        found: usize,
    },
    /// Accessible too short or too long.
    #[error(
        "accessible until {until} is outside {ACCESSIBLE_DAYS_MIN} to {ACCESSIBLE_DAYS_MAX} \
         calendar days after {sent_at} (Implementing Regulation 2025/1550, 3.3.3)"
    )]
    Accessible {
        /// The end given.
        until: Timestamp,
        /// When it was sent.
        sent_at: Timestamp,
    },
}

impl Transmission {
    /// The manifest as JSON; same input, same bytes. Digests are SHA-512 and SHA-256.
    pub fn manifest(&self) -> Result<String, TransmissionError> {
        self.check()?;
        let mut json = String::from("{\"v\":1");
        push_text(&mut json, "sender", &self.sender);
        push_text(&mut json, "recipient", &self.recipient);
        json.push_str(",\"orders\":[");
        for (index, order) in self.orders.iter().enumerate() {
            json.push_str(if index > 0 { "," } else { "" });
            push_json_text(&mut json, order);
        }
        json.push(']');
        push_text(&mut json, "sent_at", &self.sent_at.to_string());
        push_text(&mut json, "means", &self.means);
        json.push_str(",\"files\":[");
        for (index, file) in self.files.iter().enumerate() {
            json.push_str(if index > 0 { "," } else { "" });
            // Names need no escape: see `Name`. Writing to a `String` cannot fail.
            let _ = write!(
                json,
                "{{\"name\":\"{}\",\"bytes\":{},\"sha512\":\"{}\",\"sha256\":\"{}\"}}",
                file.name, file.digests.bytes, file.digests.sha512, file.digests.sha256
            );
        }
        json.push(']');
        if let Some(until) = &self.accessible_until {
            push_text(&mut json, "accessible_until", &until.to_string());
        }
        push_text(&mut json, "remarks", &self.remarks);
        json.push_str("}\n");
        Ok(json)
    }

    fn check(&self) -> Result<(), TransmissionError> {
        let missing = [
            ("a sender", self.sender.trim().is_empty()),
            ("a recipient", self.recipient.trim().is_empty()),
            ("an order that it answers", self.orders.is_empty()),
            ("the means of sending", self.means.trim().is_empty()),
            ("a file", self.files.is_empty()),
        ];
        if let Some((what, _)) = missing.into_iter().find(|(_, missing)| *missing) {
            return Err(TransmissionError::Missing { what });
        }
        if self.files.len() > FILES_COUNT_MAX {
            return Err(TransmissionError::FileCount { found: self.files.len() });
        }
        let Some(until) = self.accessible_until else { return Ok(()) };
        let sent_on = self.sent_at.to_zoned(TimeZone::UTC).date();
        let until_on = until.to_zoned(TimeZone::UTC).date();
        let first = sent_on.saturating_add(ACCESSIBLE_DAYS_MIN.days());
        let last = sent_on.saturating_add(ACCESSIBLE_DAYS_MAX.days());
        if (first..=last).contains(&until_on) {
            return Ok(());
        }
        Err(TransmissionError::Accessible { until, sent_at: self.sent_at })
    }
}

fn push_text(json: &mut String, key: &str, text: &str) {
    let _ = write!(json, ",\"{key}\":");
    push_json_text(json, text);
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn sent() -> Transmission {
        Transmission {
            sender: "Example Exchange Ltd".into(),
            recipient: "Staatsanwaltschaft \"F\"".into(),
            orders: vec!["EPOC DE-FFM-2027-1".into()],
            sent_at: "2027-01-05T10:00:00Z".parse().unwrap(),
            means: "secure link".into(),
            files: vec![SentFile {
                name: Name::new("5e8d3a37-1.zip.p7m").unwrap(),
                digests: Digests::of(b"abc"),
            }],
            accessible_until: Some("2027-02-19T23:59:59Z".parse().unwrap()),
            remarks: String::new(),
        }
    }

    #[test]
    fn the_manifest_has_what_the_regulation_lists() {
        expect![[r#"
            {"v":1,"sender":"Example Exchange Ltd","recipient":"Staatsanwaltschaft \"F\"","orders":["EPOC DE-FFM-2027-1"],"sent_at":"2027-01-05T10:00:00Z","means":"secure link","files":[{"name":"5e8d3a37-1.zip.p7m","bytes":3,"sha512":"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}],"accessible_until":"2027-02-19T23:59:59Z","remarks":""}
        "#]]
        .assert_eq(&sent().manifest().unwrap());
    }

    #[test]
    fn it_is_refused_where_the_regulation_is_not_met() {
        let check = |change: fn(&mut Transmission), text: Expect| {
            let mut transmission = sent();
            change(&mut transmission);
            text.assert_eq(&transmission.manifest().unwrap_err().to_string());
        };
        check(|t| t.files.clear(), expect!["a transmission needs a file"]);
        check(|t| t.means = " ".into(), expect!["a transmission needs the means of sending"]);
        check(
            |t| t.accessible_until = Some("2027-01-14T10:00:00Z".parse().unwrap()),
            expect![
                "accessible until 2027-01-14T10:00:00Z is outside 10 to 45 calendar days after 2027-01-05T10:00:00Z (Implementing Regulation 2025/1550, 3.3.3)"
            ],
        );
        check(
            |t| t.accessible_until = Some("2027-02-20T00:00:00Z".parse().unwrap()),
            expect![
                "accessible until 2027-02-20T00:00:00Z is outside 10 to 45 calendar days after 2027-01-05T10:00:00Z (Implementing Regulation 2025/1550, 3.3.3)"
            ],
        );
    }
}
