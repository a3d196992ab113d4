//! The small values that every HI-1 object is made of, read from and written to JSON. Knows what
//! TS 103 280 and the Common schema say of their form, and nothing of what they mean to a desk.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::error::{ErrorCode, ErrorInformation, Fault};
use super::json::{At, Fields, Node, integer, shown, text};
use super::limits::{
    LIST_ENTRIES_MAX, LONG_TEXT_CHARACTERS_MAX, SHORT_TEXT_CHARACTERS_MAX, YEAR_MIN,
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

/// A word of somebody's dictionary (`DictionaryEntry`): who owns the dictionary, its name, the word.
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

// Reading.

pub(super) fn text_up_to<'n>(
    node: &'n Node<'_>,
    at: &At<'_>,
    max: usize,
) -> Result<&'n str, Fault> {
    let text = text(node, at)?;
    // A text of few bytes has few characters: count only when it matters.
    if text.len() > max && text.chars().count() > max {
        return Err(at.fault(format!("has more than {max} characters; shorten it")));
    }
    Ok(text)
}

pub(super) fn short(node: &Node<'_>, at: &At<'_>) -> Result<String, Fault> {
    text_up_to(node, at, SHORT_TEXT_CHARACTERS_MAX).map(str::to_owned)
}

pub(super) fn long(node: &Node<'_>, at: &At<'_>) -> Result<String, Fault> {
    text_up_to(node, at, LONG_TEXT_CHARACTERS_MAX).map(str::to_owned)
}

pub(super) fn uuid(node: &Node<'_>, at: &At<'_>) -> Result<Uuid, Fault> {
    let text = text(node, at)?;
    let well_formed = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    match Uuid::try_parse(text) {
        Ok(uuid) if well_formed => Ok(uuid),
        _ => Err(at.fault(format!(
            "{:?} is not a UUID; give one in lower case, like 7dbbc880-8750-4d3c-abe7-ea4a17646045",
            shown(text)
        ))),
    }
}

pub(super) fn object_id(node: &Node<'_>, at: &At<'_>) -> Result<ObjectId, Fault> {
    uuid(node, at).map(ObjectId)
}

pub(super) fn country(node: &Node<'_>, at: &At<'_>) -> Result<CountryCode, Fault> {
    let text = text(node, at)?;
    CountryCode::new(text).ok_or_else(|| {
        at.fault(format!("{:?} is not a country; give two capital letters", shown(text)))
    })
}

/// The one member of a national extension that the schemas define: its country.
pub(super) fn national(node: &Node<'_>, at: &At<'_>, name: &str) -> Result<CountryCode, Fault> {
    Fields::open(node, at, &[name])?.required(name, country)
}

pub(super) fn endpoint(node: &Node<'_>, at: &At<'_>) -> Result<EndpointId, Fault> {
    let fields = Fields::open(node, at, &["CountryCode", "UniqueIdentifier"])?;
    Ok(EndpointId {
        country: fields.required("CountryCode", country)?,
        identifier: fields.required("UniqueIdentifier", long)?,
    })
}

pub(super) fn word(node: &Node<'_>, at: &At<'_>) -> Result<Word, Fault> {
    let fields = Fields::open(node, at, &["common:Owner", "common:Name", "common:Value"])?;
    Ok(Word {
        owner: fields.required("common:Owner", short)?,
        name: fields.required("common:Name", short)?,
        value: fields.required("common:Value", short)?,
    })
}

/// `QualifiedDateTime`: whole seconds, Z or an offset.
pub(super) fn time(node: &Node<'_>, at: &At<'_>) -> Result<Timestamp, Fault> {
    timestamp(text(node, at)?, at, 0, "2026-11-22T14:30:00Z")
}

/// `QualifiedMicrosecondDateTime`: exactly six decimals, Z or an offset.
pub(super) fn time_microseconds(node: &Node<'_>, at: &At<'_>) -> Result<Timestamp, Fault> {
    timestamp(text(node, at)?, at, 6, "2026-11-22T14:30:00.000000Z")
}

fn timestamp(text: &str, at: &At<'_>, decimals: usize, example: &str) -> Result<Timestamp, Fault> {
    let malformed =
        || at.fault(format!("{:?} is not a time; give one like {example}", shown(text)));
    if !has_form_of_time(text, decimals) {
        return Err(malformed());
    }
    let year: i16 = text[..4].parse().map_err(|_| malformed())?;
    if year < YEAR_MIN {
        let problem = format!("{text} is before {YEAR_MIN}; give a date from {YEAR_MIN} to 9999");
        return Err(at.fault(problem));
    }
    // Second 60 would silently become 59, and the same moment must read the same everywhere.
    if &text[17..19] == "60" {
        return Err(malformed());
    }
    let moment: Timestamp = text.parse().map_err(|_| {
        at.fault(format!("{text} is not a day and time that exists; give one like {example}"))
    })?;
    if moment < Timestamp::UNIX_EPOCH {
        let problem = format!("{text} is before {YEAR_MIN}; give a date from {YEAR_MIN} to 9999");
        return Err(at.fault(problem));
    }
    Ok(moment)
}

/// The patterns of TS 103 280, by hand: `0000-00-00T00:00:00[.000000](Z|+00:00)`.
fn has_form_of_time(text: &str, decimals: usize) -> bool {
    let bytes = text.as_bytes();
    let form = |part: &[u8], form: &[u8]| {
        part.len() == form.len()
            && part.iter().zip(form).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'+' => matches!(byte, b'+' | b'-'),
                other => byte == other,
            })
    };
    let (whole, rest) = match bytes.split_at_checked(19) {
        Some(parts) => parts,
        None => return false,
    };
    let fraction: &[u8] = if decimals == 0 { b"" } else { b".000000" };
    let Some((decimals, zone)) = rest.split_at_checked(fraction.len()) else { return false };
    form(whole, b"0000-00-00T00:00:00")
        && form(decimals, fraction)
        && (zone == b"Z" || form(zone, b"+00:00"))
}

pub(super) fn timespan(
    node: &Node<'_>,
    at: &At<'_>,
    (start, end): (&str, &str),
) -> Result<Timespan, Fault> {
    let fields = Fields::open(node, at, &[start, end])?;
    let span = Timespan { start: fields.optional(start, time)?, end: fields.optional(end, time)? };
    if let (Some(from), Some(to)) = (span.start, span.end)
        && to < from
    {
        return Err(at.fault(format!("ends at {to}, before it starts at {from}; correct one")));
    }
    Ok(span)
}

pub(super) fn error_information(node: &Node<'_>, at: &At<'_>) -> Result<ErrorInformation, Fault> {
    let fields = Fields::open(node, at, &["ErrorCode", "ErrorDescription"])?;
    Ok(ErrorInformation {
        code: ErrorCode(fields.required("ErrorCode", integer)?),
        description: fields.required("ErrorDescription", long)?,
    })
}

const APPROVAL: &[&str] = &[
    "common:ApprovalType",
    "common:ApprovalDescription",
    "common:ApprovalReference",
    "common:ApproverDetails",
    "common:ApprovalTimestamp",
    "common:ApprovalIsEmergency",
    "common:ApprovalDigitalSignature",
    "common:ApprovalNationalDetails",
];

pub(super) fn approval(node: &Node<'_>, at: &At<'_>) -> Result<Approval, Fault> {
    let fields = Fields::open(node, at, APPROVAL)?;
    let signature = "common:NationalDigitalSignature";
    Ok(Approval {
        kind: fields.optional("common:ApprovalType", long)?,
        description: fields.optional("common:ApprovalDescription", long)?,
        reference: fields.optional("common:ApprovalReference", long)?,
        approver: fields.optional("common:ApproverDetails", approver)?,
        at: fields.optional("common:ApprovalTimestamp", time)?,
        emergency: fields.optional("common:ApprovalIsEmergency", super::json::boolean)?,
        signature_country: fields.optional("common:ApprovalDigitalSignature", |node, at| {
            Fields::open(node, at, &[signature])?
                .required(signature, |node, at| national(node, at, "common:CountryCode"))
        })?,
        details_country: fields.optional("common:ApprovalNationalDetails", |node, at| {
            national(node, at, "common:CountryCode")
        })?,
    })
}

const APPROVER: &[&str] = &[
    "common:ApproverName",
    "common:ApproverRole",
    "common:ApproverIdentity",
    "common:ApproverContactDetails",
];

fn approver(node: &Node<'_>, at: &At<'_>) -> Result<Approver, Fault> {
    let fields = Fields::open(node, at, APPROVER)?;
    let identity = "common:NationalApproverIdentity";
    Ok(Approver {
        name: fields.optional("common:ApproverName", long)?,
        role: fields.optional("common:ApproverRole", long)?,
        identity_country: fields.optional("common:ApproverIdentity", |node, at| {
            Fields::open(node, at, &[identity])?
                .required(identity, |node, at| national(node, at, "common:CountryCode"))
        })?,
        contacts: fields.list("common:ApproverContactDetails", LIST_ENTRIES_MAX, contact)?,
    })
}

const CONTACT: &[&str] = &[
    "common:Name",
    "common:Role",
    "common:EmailAddress",
    "common:PhoneNumber",
    "common:FaxNumber",
    "common:Address",
    "common:Languages",
    "common:ApproverAlternateName",
    "common:ApproverEmailAddress",
    "common:ApproverPhoneNumber",
];

fn contact(node: &Node<'_>, at: &At<'_>) -> Result<Contact, Fault> {
    let fields = Fields::open(node, at, CONTACT)?;
    // The older spellings (before V1.18) say the same with a prefix; the newer one wins.
    let either = |new: &str, old: &str| -> Result<Option<String>, Fault> {
        let old = fields.optional(old, short)?;
        Ok(fields.optional(new, long)?.or(old))
    };
    let language = "common:ISO639Set1LanguageIdentifier";
    Ok(Contact {
        name: either("common:Name", "common:ApproverAlternateName")?,
        role: fields.optional("common:Role", long)?,
        email: either("common:EmailAddress", "common:ApproverEmailAddress")?,
        phone: either("common:PhoneNumber", "common:ApproverPhoneNumber")?,
        fax: fields.optional("common:FaxNumber", short)?,
        address: fields.optional("common:Address", long)?,
        languages: fields.list("common:Languages", LIST_ENTRIES_MAX, |node, at| {
            Fields::open(node, at, &[language])?.required(language, short)
        })?,
    })
}

// Writing.

/// A JSON object being written; absent values leave no member.
#[derive(Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn with_list<T>(self, name: &str, items: &[T], write: fn(&T) -> Value) -> Self {
        if items.is_empty() {
            return self;
        }
        self.with(name, items.iter().map(write).collect::<Value>())
    }

    pub(super) fn with_wrapped_list<T>(
        self,
        (outer, inner): (&str, &str),
        items: &[T],
        write: fn(&T) -> Value,
    ) -> Self {
        if items.is_empty() {
            return self;
        }
        let list = Members::default().with_list(inner, items, write);
        self.with(outer, list)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Value {
        Value::Object(members.0)
    }
}

impl From<&Word> for Value {
    fn from(word: &Word) -> Value {
        Members::default()
            .with("common:Owner", word.owner.as_str())
            .with("common:Name", word.name.as_str())
            .with("common:Value", word.value.as_str())
            .into()
    }
}

impl From<&EndpointId> for Value {
    fn from(endpoint: &EndpointId) -> Value {
        Members::default()
            .with("CountryCode", endpoint.country.as_str())
            .with("UniqueIdentifier", endpoint.identifier.as_str())
            .into()
    }
}

impl From<&ErrorInformation> for Value {
    fn from(information: &ErrorInformation) -> Value {
        Members::default()
            .with("ErrorCode", information.code.0)
            .with("ErrorDescription", information.description.as_str())
            .into()
    }
}

/// A time as `QualifiedDateTime` in UTC: whole seconds, earlier fractions cut.
pub(super) fn seconds(time: Timestamp) -> Value {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()
}

/// A time as `QualifiedMicrosecondDateTime` in UTC.
pub(super) fn microseconds(time: Timestamp) -> Value {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string().into()
}

pub(super) fn write_id(id: &ObjectId) -> Value {
    id.to_string().into()
}

pub(super) fn write_word(word: &Word) -> Value {
    word.into()
}

pub(super) fn write_national(country: CountryCode, name: &str) -> Value {
    Members::default().with(name, country.as_str()).into()
}

pub(super) fn write_timespan(span: &Timespan, (start, end): (&str, &str)) -> Option<Value> {
    let members = Members::default()
        .with_some(start, span.start.map(seconds))
        .with_some(end, span.end.map(seconds));
    (!members.is_empty()).then(|| members.into())
}

pub(super) fn write_approval(approval: &Approval) -> Value {
    let nested = |outer: &str, country: CountryCode| {
        Members::default().with(outer, write_national(country, "common:CountryCode"))
    };
    let signature = approval
        .signature_country
        .map(|country| nested("common:NationalDigitalSignature", country));
    let details =
        approval.details_country.map(|country| write_national(country, "common:CountryCode"));
    let approver = approval.approver.as_ref().map(|approver| {
        let identity =
            approver.identity_country.map(|it| nested("common:NationalApproverIdentity", it));
        Members::default()
            .with_some("common:ApproverName", approver.name.as_deref())
            .with_some("common:ApproverRole", approver.role.as_deref())
            .with_some("common:ApproverIdentity", identity)
            .with_list("common:ApproverContactDetails", &approver.contacts, write_contact)
    });
    Members::default()
        .with_some("common:ApprovalType", approval.kind.as_deref())
        .with_some("common:ApprovalDescription", approval.description.as_deref())
        .with_some("common:ApprovalReference", approval.reference.as_deref())
        .with_some("common:ApproverDetails", approver)
        .with_some("common:ApprovalTimestamp", approval.at.map(seconds))
        .with_some("common:ApprovalIsEmergency", approval.emergency)
        .with_some("common:ApprovalDigitalSignature", signature)
        .with_some("common:ApprovalNationalDetails", details)
        .into()
}

fn write_contact(contact: &Contact) -> Value {
    Members::default()
        .with_some("common:Name", contact.name.as_deref())
        .with_some("common:Role", contact.role.as_deref())
        .with_some("common:EmailAddress", contact.email.as_deref())
        .with_some("common:PhoneNumber", contact.phone.as_deref())
        .with_some("common:FaxNumber", contact.fax.as_deref())
        .with_some("common:Address", contact.address.as_deref())
        .with_list("common:Languages", &contact.languages, |language| {
            Members::default().with("common:ISO639Set1LanguageIdentifier", language.as_str()).into()
        })
        .into()
}
