//! From JSON to the small values, by the patterns of TS 103 280 and the Common schema.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::error::{ErrorCode, ErrorInformation, Fault};
use super::super::json::{At, Fields, Node, boolean, integer, shown, text};
use super::super::limits::{
    LIST_ENTRIES_MAX, LONG_TEXT_CHARACTERS_MAX, SHORT_TEXT_CHARACTERS_MAX, YEAR_MIN,
};
use super::{Approval, Approver, Contact, CountryCode, EndpointId, ObjectId, Timespan, Word};

pub(in super::super) fn text_up_to<'n>(
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

pub(in super::super) fn short(node: &Node<'_>, at: &At<'_>) -> Result<String, Fault> {
    text_up_to(node, at, SHORT_TEXT_CHARACTERS_MAX).map(str::to_owned)
}

pub(in super::super) fn long(node: &Node<'_>, at: &At<'_>) -> Result<String, Fault> {
    text_up_to(node, at, LONG_TEXT_CHARACTERS_MAX).map(str::to_owned)
}

pub(in super::super) fn uuid(node: &Node<'_>, at: &At<'_>) -> Result<Uuid, Fault> {
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

pub(in super::super) fn object_id(node: &Node<'_>, at: &At<'_>) -> Result<ObjectId, Fault> {
    uuid(node, at).map(ObjectId)
}

pub(in super::super) fn country(node: &Node<'_>, at: &At<'_>) -> Result<CountryCode, Fault> {
    let text = text(node, at)?;
    CountryCode::new(text).ok_or_else(|| {
        at.fault(format!("{:?} is not a country; give two capital letters", shown(text)))
    })
}

/// The one member of a national extension that the schemas define: its country.
pub(in super::super) fn national(
    node: &Node<'_>,
    at: &At<'_>,
    name: &str,
) -> Result<CountryCode, Fault> {
    Fields::open(node, at, &[name])?.required(name, country)
}

pub(in super::super) fn endpoint(node: &Node<'_>, at: &At<'_>) -> Result<EndpointId, Fault> {
    let fields = Fields::open(node, at, &["CountryCode", "UniqueIdentifier"])?;
    Ok(EndpointId {
        country: fields.required("CountryCode", country)?,
        identifier: fields.required("UniqueIdentifier", long)?,
    })
}

pub(in super::super) fn word(node: &Node<'_>, at: &At<'_>) -> Result<Word, Fault> {
    let fields = Fields::open(node, at, &["common:Owner", "common:Name", "common:Value"])?;
    Ok(Word {
        owner: fields.required("common:Owner", short)?,
        name: fields.required("common:Name", short)?,
        value: fields.required("common:Value", short)?,
    })
}

/// `QualifiedDateTime`: whole seconds, Z or an offset.
pub(in super::super) fn time(node: &Node<'_>, at: &At<'_>) -> Result<Timestamp, Fault> {
    timestamp(text(node, at)?, at, 0, "2026-11-22T14:30:00Z")
}

/// `QualifiedMicrosecondDateTime`: exactly six decimals, Z or an offset.
pub(in super::super) fn time_microseconds(
    node: &Node<'_>,
    at: &At<'_>,
) -> Result<Timestamp, Fault> {
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

pub(in super::super) fn timespan(
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

pub(in super::super) fn error_information(
    node: &Node<'_>,
    at: &At<'_>,
) -> Result<ErrorInformation, Fault> {
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

pub(in super::super) fn approval(node: &Node<'_>, at: &At<'_>) -> Result<Approval, Fault> {
    let fields = Fields::open(node, at, APPROVAL)?;
    let signature = "common:NationalDigitalSignature";
    Ok(Approval {
        kind: fields.optional("common:ApprovalType", long)?,
        description: fields.optional("common:ApprovalDescription", long)?,
        reference: fields.optional("common:ApprovalReference", long)?,
        approver: fields.optional("common:ApproverDetails", approver)?,
        at: fields.optional("common:ApprovalTimestamp", time)?,
        emergency: fields.optional("common:ApprovalIsEmergency", boolean)?,
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
