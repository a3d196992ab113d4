//! From the small values to JSON.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::super::error::ErrorInformation;
use super::{Approval, Contact, CountryCode, EndpointId, ObjectId, Timespan, Word};

/// A JSON object being written; absent values leave no member.
#[derive(Default)]
pub(in super::super) struct Members(Map<String, Value>);

impl Members {
    pub(in super::super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(in super::super) fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(in super::super) fn with_list<T>(
        self,
        name: &str,
        items: &[T],
        write: fn(&T) -> Value,
    ) -> Self {
        if items.is_empty() {
            return self;
        }
        self.with(name, items.iter().map(write).collect::<Value>())
    }

    pub(in super::super) fn with_wrapped_list<T>(
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

    pub(in super::super) fn is_empty(&self) -> bool {
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
pub(in super::super) fn seconds(time: Timestamp) -> Value {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()
}

/// A time as `QualifiedMicrosecondDateTime` in UTC.
pub(in super::super) fn microseconds(time: Timestamp) -> Value {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string().into()
}

pub(in super::super) fn write_id(id: &ObjectId) -> Value {
    id.to_string().into()
}

pub(in super::super) fn write_word(word: &Word) -> Value {
    word.into()
}

pub(in super::super) fn write_national(country: CountryCode, name: &str) -> Value {
    Members::default().with(name, country.as_str()).into()
}

pub(in super::super) fn write_timespan(
    span: &Timespan,
    (start, end): (&str, &str),
) -> Option<Value> {
    let members = Members::default()
        .with_some(start, span.start.map(seconds))
        .with_some(end, span.end.map(seconds));
    (!members.is_empty()).then(|| members.into())
}

pub(in super::super) fn write_approval(approval: &Approval) -> Value {
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
