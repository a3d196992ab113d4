//! The small values that every HI-1 object is made of, read from and written to JSON. Knows what
//! TS 103 280 and the Common schema say of their form, and nothing of what they mean to a desk.

mod read;
mod write;

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::json::shown;

pub(super) use read::{
    approval, country, endpoint, error_information, long, national, object_id, short, time,
    time_microseconds, timespan, uuid, word,
};
pub(super) use write::{
    Members, microseconds, seconds, write_approval, write_id, write_national, write_timespan,
    write_word,
};

/// The identifier of an HI-1 object, chosen by whoever creates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub Uuid);

impl fmt::Display for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Two capital letters (ISO 3166-1 alpha-2, or the XX of test messages).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads two capital letters.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 2] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a country code is two ASCII letters")
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Who sends or receives: a country and a name that is unique in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EndpointId {
    /// The country that gave the name.
    pub country: CountryCode,
    /// The name.
    pub identifier: String,
}

impl fmt::Display for EndpointId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.country, shown(&self.identifier))
    }
}

/// A word of somebody's dictionary (`DictionaryEntry`): the dictionary's owner, its name, the word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word {
    /// Whose dictionary: "ETSI", or ours, "COMITY".
    pub owner: String,
    /// Which dictionary.
    pub name: String,
    /// The word.
    pub value: String,
}

impl Word {
    /// A word of ETSI's dictionaries.
    pub fn etsi(name: &str, value: &str) -> Self {
        Self { owner: "ETSI".into(), name: name.into(), value: value.into() }
    }

    /// A word of our own dictionaries (docs/formats/hi1.md).
    pub fn comity(name: &str, value: &str) -> Self {
        Self { owner: super::words::OWNER.into(), name: name.into(), value: value.into() }
    }

    /// Whether this is that word.
    pub fn is(&self, owner: &str, name: &str, value: &str) -> bool {
        self.owner == owner && self.name == name && self.value == value
    }
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}/{}", shown(&self.owner), shown(&self.name), shown(&self.value))
    }
}

/// A span of time, each end of which may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timespan {
    /// From, inclusive.
    pub start: Option<Timestamp>,
    /// To.
    pub end: Option<Timestamp>,
}

/// Who approved something, as what, when (`ApprovalDetails`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approval {
    /// What kind of approval; ours are "Issuer" and "Validator".
    pub kind: Option<String>,
    /// In words.
    pub description: Option<String>,
    /// The approver's own reference.
    pub reference: Option<String>,
    /// The approver.
    pub approver: Option<Approver>,
    /// When.
    pub at: Option<Timestamp>,
    /// Whether it was given as an emergency.
    pub emergency: Option<bool>,
    /// The country of a national digital signature, of which the schema says no more.
    pub signature_country: Option<CountryCode>,
    /// The country of national details, of which the schema says no more.
    pub details_country: Option<CountryCode>,
}

/// A person who approved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approver {
    /// Name: personal data.
    pub name: Option<String>,
    /// Office: judge, prosecutor.
    pub role: Option<String>,
    /// The country of a national identity, of which the schema says no more.
    pub identity_country: Option<CountryCode>,
    /// How to reach that person.
    pub contacts: Vec<Contact>,
}

/// How to reach a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name: personal data.
    pub name: Option<String>,
    /// Office.
    pub role: Option<String>,
    /// Mailbox.
    pub email: Option<String>,
    /// Telephone, E.164 digits.
    pub phone: Option<String>,
    /// Fax, E.164 digits.
    pub fax: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Languages, ISO 639-1.
    pub languages: Vec<String>,
}
