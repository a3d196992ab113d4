//! From JSON to objects: every member of the schemas, and no other.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::super::error::Fault;
use super::super::json::{At, Fields, Node, boolean, integer, shown, text};
use super::super::limits::{LIST_ENTRIES_MAX, SELECTORS_MAX};
use super::super::value::{
    approval, country, endpoint, error_information, long, national, object_id, short, time,
    timespan, word,
};
use super::{
    Authorisation, Common, Deadline, DisclosureTask, Document, DocumentBody, Notification, Object,
    ObjectStatus, PreservationReference, PreservationTask, Property, RequestDetails, RequestValue,
};

/// The schema allows padding or none, in the standard alphabet.
pub(in super::super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An object of the standard; some kinds are not served.
pub(in super::super) enum ReadObject {
    Served(Object),
    NotServed(Fault),
}

/// Reads one object by its `@xsi:type`.
pub(in super::super) fn object(node: &Node<'_>, at: &At<'_>) -> Result<ReadObject, Fault> {
    let fields = Fields::open_any(node, at)?;
    let kind = fields.required("@xsi:type", text)?;
    let local = kind.rsplit('}').next().unwrap_or(kind);
    let served = match kind {
        super::write::AUTHORISATION => Object::Authorisation(Box::new(authorisation(node, at)?)),
        super::write::DISCLOSURE => Object::Disclosure(Box::new(disclosure(node, at)?)),
        super::write::PRESERVATION => Object::Preservation(Box::new(preservation(node, at)?)),
        super::write::DOCUMENT => Object::Document(Box::new(document(node, at)?)),
        super::write::NOTIFICATION => Object::Notification(Box::new(notification(node, at)?)),
        super::write::DELIVERY => {
            Object::Delivery(Box::new(super::read_delivery::delivery(node, at)?))
        }
        _ => {
            let path = At::Member(at, "@xsi:type");
            return Ok(ReadObject::NotServed(path.fault(why_not_served(local))));
        }
    };
    Ok(ReadObject::Served(served))
}

fn why_not_served(local: &str) -> String {
    const SERVED: &str = "served are AuthorisationObject, LDTaskObject, LPTaskObject, \
                          DocumentObject, NotificationObject, DeliveryObject";
    match local {
        "LITaskObject" | "TrafficPolicyObject" | "TrafficRuleObject" => format!(
            "{local} asks for interception, which this service does not carry out; {SERVED}"
        ),
        "LDDestinationObject" | "LIDestinationObject" | "EncryptionObject" => format!(
            "{local} is not taken from a message: evidence goes to the endpoint and the key that \
             were enrolled; leave it out"
        ),
        other => format!("{:?} is not served; {SERVED}", shown(other)),
    }
}

const COMMON: &[&str] = &[
    "@xsi:type",
    "ObjectIdentifier",
    "CountryCode",
    "OwnerIdentifier",
    "Generation",
    "ExternalIdentifier",
    "AssociatedObjects",
    "LastChanged",
    "NationalHandlingParameters",
];

/// Opens an object and reads what every object has; `own` are the members of its kind.
pub(super) fn open<'n, 'a, 'p>(
    node: &'n Node<'a>,
    at: &'p At<'p>,
    own: &[&str],
) -> Result<(Common, Fields<'n, 'a, 'p>), Fault> {
    let known: Vec<&str> = COMMON.iter().chain(own).copied().collect();
    let fields = Fields::open(node, at, &known)?;
    let common = Common {
        id: fields.required("ObjectIdentifier", object_id)?,
        country: fields.optional("CountryCode", country)?,
        owner: fields.optional("OwnerIdentifier", short)?,
        generation: fields.optional("Generation", integer)?,
        external: fields.optional("ExternalIdentifier", long)?,
        associated: fields.wrapped_list(
            ("AssociatedObjects", "AssociatedObject"),
            LIST_ENTRIES_MAX,
            object_id,
        )?,
        last_changed: fields.optional("LastChanged", time)?,
        handling_country: fields
            .optional("NationalHandlingParameters", |node, at| national(node, at, "CountryCode"))?,
    };
    Ok((common, fields))
}

const AUTHORISATION: &[&str] = &[
    "auth:AuthorisationReference",
    "auth:AuthorisationLegalType",
    "auth:AuthorisationPriority",
    "auth:AuthorisationStatus",
    "auth:AuthorisationDesiredStatus",
    "auth:AuthorisationTimespan",
    "auth:AuthorisationCSPID",
    "auth:AuthorisationCreationTimestamp",
    "auth:AuthorisationServedTimestamp",
    "auth:AuthorisationTerminationTimestamp",
    "auth:AuthorisationApprovalDetails",
    "auth:AuthorisationInvalidReason",
    "auth:AuthorisationFlags",
    "auth:AuthorisationManualInformation",
    "auth:NationalAuthorisationParameters",
    "auth:AuthorisationJurisdiction",
    "auth:AuthorisationTypeOfCase",
    "auth:AuthorisationLegalEntity",
];

fn authorisation(node: &Node<'_>, at: &At<'_>) -> Result<Authorisation, Fault> {
    let (common, fields) = open(node, at, AUTHORISATION)?;
    let approvals = "auth:AuthorisationApprovalDetails";
    let flags = ("auth:AuthorisationFlags", "auth:AuthorisationFlag");
    Ok(Authorisation {
        common,
        reference: fields.optional("auth:AuthorisationReference", long)?,
        legal_type: fields.optional("auth:AuthorisationLegalType", word)?,
        priority: fields.optional("auth:AuthorisationPriority", word)?,
        status: fields.optional("auth:AuthorisationStatus", word)?,
        desired_status: fields.optional("auth:AuthorisationDesiredStatus", word)?,
        timespan: fields.optional("auth:AuthorisationTimespan", |node, at| {
            timespan(node, at, ("auth:StartTime", "auth:EndTime"))
        })?,
        csp: fields.wrapped_list(
            ("auth:AuthorisationCSPID", "auth:CSPID"),
            LIST_ENTRIES_MAX,
            endpoint,
        )?,
        created: fields.optional("auth:AuthorisationCreationTimestamp", time)?,
        served: fields.optional("auth:AuthorisationServedTimestamp", time)?,
        terminated: fields.optional("auth:AuthorisationTerminationTimestamp", time)?,
        approvals: fields.list(approvals, LIST_ENTRIES_MAX, approval)?,
        invalid_reason: fields.optional("auth:AuthorisationInvalidReason", error_information)?,
        flags: fields.wrapped_list(flags, LIST_ENTRIES_MAX, word)?,
        manual: fields.optional("auth:AuthorisationManualInformation", long)?,
        national: fields.optional("auth:NationalAuthorisationParameters", |node, at| {
            national(node, at, "auth:CountryCode")
        })?,
        jurisdiction: fields.optional("auth:AuthorisationJurisdiction", long)?,
        type_of_case: fields.optional("auth:AuthorisationTypeOfCase", word)?,
        legal_entity: fields.optional("auth:AuthorisationLegalEntity", short)?,
    })
}

const DETAILS: &[&str] = &[
    "task:Type",
    "task:StartTime",
    "task:EndTime",
    "task:ObservedTime",
    "task:ObservedTimes",
    "task:RequestValues",
    "task:Subtype",
    "task:TargetIdentifierSubtype",
];

fn details(node: &Node<'_>, at: &At<'_>) -> Result<RequestDetails, Fault> {
    let fields = Fields::open(node, at, DETAILS)?;
    let mut observed = fields.list("task:ObservedTimes", LIST_ENTRIES_MAX, time)?;
    observed.extend(fields.optional("task:ObservedTime", time)?);
    let span = super::super::value::Timespan {
        start: fields.optional("task:StartTime", time)?,
        end: fields.optional("task:EndTime", time)?,
    };
    if let (Some(start), Some(end)) = (span.start, span.end)
        && end < start
    {
        let at = At::Member(at, "task:EndTime");
        return Err(at.fault(format!("{end} is before task:StartTime {start}; correct one")));
    }
    Ok(RequestDetails {
        kind: fields.optional("task:Type", word)?,
        span,
        observed,
        values: fields.wrapped_list(
            ("task:RequestValues", "task:RequestValue"),
            SELECTORS_MAX,
            request_value,
        )?,
        subtypes: fields.wrapped_list(
            ("task:Subtype", "task:RequestSubtype"),
            LIST_ENTRIES_MAX,
            word,
        )?,
        target_subtype: fields.optional("task:TargetIdentifierSubtype", word)?,
    })
}

fn request_value(node: &Node<'_>, at: &At<'_>) -> Result<RequestValue, Fault> {
    let fields = Fields::open(node, at, &["task:FormatType", "task:Value"])?;
    let (format_owner, format_name) = fields.required("task:FormatType", |node, at| {
        let fields = Fields::open(node, at, &["task:FormatOwner", "task:FormatName"])?;
        let owner = fields.required("task:FormatOwner", short)?;
        Ok((owner, fields.required("task:FormatName", short)?))
    })?;
    Ok(RequestValue { format_owner, format_name, value: fields.required("task:Value", long)? })
}

const DISCLOSURE: &[&str] = &[
    "task:Reference",
    "task:Status",
    "task:StatusReason",
    "task:DesiredStatus",
    "task:RequestDetails",
    "task:DeliveryDetails",
    "task:ApprovalDetails",
    "task:CSPID",
    "task:HandlingProfile",
    "task:Flags",
    "task:AlternativePreservationReferences",
    "task:NationalLDTaskingParameters",
    "task:Deadlines",
    "task:ManualInformation",
];

fn disclosure(node: &Node<'_>, at: &At<'_>) -> Result<DisclosureTask, Fault> {
    let (common, fields) = open(node, at, DISCLOSURE)?;
    let preservations =
        ("task:AlternativePreservationReferences", "task:AlternativePreservationReference");
    Ok(DisclosureTask {
        common,
        reference: fields.optional("task:Reference", ldid)?,
        status: fields.optional("task:Status", word)?,
        status_reason: fields.optional("task:StatusReason", error_information)?,
        desired_status: fields.optional("task:DesiredStatus", word)?,
        details: fields.optional("task:RequestDetails", details)?,
        names_destination: fields.get("task:DeliveryDetails").is_some(),
        approvals: fields.list("task:ApprovalDetails", LIST_ENTRIES_MAX, approval)?,
        csp: fields.optional("task:CSPID", endpoint)?,
        handling_profile: fields.optional("task:HandlingProfile", word)?,
        flags: fields.wrapped_list(("task:Flags", "task:LDTaskFlag"), LIST_ENTRIES_MAX, word)?,
        preservations: fields.wrapped_list(preservations, LIST_ENTRIES_MAX, |node, at| {
            let [value, nature, sent] =
                ["task:ReferenceValue", "task:NatureOfReference", "task:TransmissionTime"];
            let fields = Fields::open(node, at, &[value, nature, sent])?;
            Ok(PreservationReference {
                value: fields.required(value, long)?,
                nature: fields.optional(nature, long)?,
                sent: fields.optional(sent, time)?,
            })
        })?,
        national: fields.optional("task:NationalLDTaskingParameters", |node, at| {
            national(node, at, "task:CountryCode")
        })?,
        deadlines: fields.wrapped_list(
            ("task:Deadlines", "task:LDDeadline"),
            LIST_ENTRIES_MAX,
            |node, at| {
                let [moment, nature, other] =
                    ["task:DateTime", "task:NatureOfDeadline", "task:OtherInformation"];
                let fields = Fields::open(node, at, &[moment, nature, other])?;
                Ok(Deadline {
                    at: fields.optional(moment, time)?,
                    nature: fields.optional(nature, word)?,
                    other: fields.optional(other, long)?,
                })
            },
        )?,
        manual: fields.optional("task:ManualInformation", long)?,
    })
}

/// LDID (TS 103 280): `XX-agency-number`.
pub(super) fn ldid(node: &Node<'_>, at: &At<'_>) -> Result<String, Fault> {
    let text = long(node, at)?;
    let mut parts = text.splitn(3, '-');
    let country = parts
        .next()
        .is_some_and(|it| it.len() == 2 && it.bytes().all(|it| it.is_ascii_uppercase()));
    let rest = text.get(3..).unwrap_or_default();
    // The pattern's `.` matches no line end; at least one character on each side of a dash.
    let inner_dash =
        rest.char_indices().any(|(index, it)| it == '-' && index > 0 && index + 1 < rest.len());
    if country
        && inner_dash
        && text.as_bytes().get(2) == Some(&b'-')
        && !text.contains(['\n', '\r', '\u{2028}', '\u{2029}'])
    {
        return Ok(text);
    }
    let problem = format!("{:?} is not an LDID; give one like XX-ACTOR01-1234", shown(&text));
    Err(at.fault(problem))
}

const PRESERVATION: &[&str] = &[
    "task:Status",
    "task:StatusReason",
    "task:DesiredStatus",
    "task:RequestDetails",
    "task:DesiredPreservationExpiration",
    "task:PreservationExpiration",
    "task:CSPID",
    "task:NationalLPTaskingParameters",
];

fn preservation(node: &Node<'_>, at: &At<'_>) -> Result<PreservationTask, Fault> {
    let (common, fields) = open(node, at, PRESERVATION)?;
    Ok(PreservationTask {
        common,
        status: fields.optional("task:Status", word)?,
        status_reason: fields.optional("task:StatusReason", error_information)?,
        desired_status: fields.optional("task:DesiredStatus", word)?,
        details: fields.optional("task:RequestDetails", |node, at| {
            let details = details(node, at)?;
            if !details.observed.is_empty() {
                return Err(
                    at.fault("has observed times, which an LPTask cannot have; remove them")
                );
            }
            Ok(details)
        })?,
        desired_expiration: fields.optional("task:DesiredPreservationExpiration", time)?,
        expiration: fields.optional("task:PreservationExpiration", time)?,
        csp: fields.optional("task:CSPID", endpoint)?,
        national: fields.optional("task:NationalLPTaskingParameters", |node, at| {
            national(node, at, "task:CountryCode")
        })?,
    })
}

const DOCUMENT: &[&str] = &[
    "doc:DocumentReference",
    "doc:DocumentName",
    "doc:DocumentStatus",
    "doc:DocumentDesiredStatus",
    "doc:DocumentTimespan",
    "doc:DocumentType",
    "doc:DocumentProperties",
    "doc:DocumentBody",
    "doc:DocumentSignature",
    "doc:DocumentInvalidReason",
    "doc:NationalDocumentParameters",
];

fn document(node: &Node<'_>, at: &At<'_>) -> Result<Document, Fault> {
    let (common, fields) = open(node, at, DOCUMENT)?;
    Ok(Document {
        common,
        reference: fields.optional("doc:DocumentReference", long)?,
        name: fields.optional("doc:DocumentName", long)?,
        status: fields.optional("doc:DocumentStatus", word)?,
        desired_status: fields.optional("doc:DocumentDesiredStatus", word)?,
        timespan: fields.optional("doc:DocumentTimespan", |node, at| {
            timespan(node, at, ("doc:StartTime", "doc:EndTime"))
        })?,
        kind: fields.optional("doc:DocumentType", word)?,
        properties: fields.wrapped_list(
            ("doc:DocumentProperties", "doc:DocumentProperty"),
            LIST_ENTRIES_MAX,
            |node, at| {
                let fields = Fields::open(node, at, &["doc:PropertyType", "doc:PropertyValue"])?;
                let kind = fields.required("doc:PropertyType", word)?;
                Ok(Property { kind, value: fields.required("doc:PropertyValue", long)? })
            },
        )?,
        body: fields.optional("doc:DocumentBody", document_body)?,
        signatures: fields.list("doc:DocumentSignature", LIST_ENTRIES_MAX, approval)?,
        invalid_reason: fields.optional("doc:DocumentInvalidReason", error_information)?,
        national: fields.optional("doc:NationalDocumentParameters", |node, at| {
            national(node, at, "doc:CountryCode")
        })?,
    })
}

fn document_body(node: &Node<'_>, at: &At<'_>) -> Result<DocumentBody, Fault> {
    let known = ["doc:Contents", "doc:ContentType", "doc:Checksum", "doc:ChecksumType"];
    let fields = Fields::open(node, at, &known)?;
    let body = DocumentBody {
        contents: fields.optional("doc:Contents", base64_bytes)?,
        content_type: fields.optional("doc:ContentType", short)?,
        checksum: fields.optional("doc:Checksum", short)?,
        checksum_type: fields.optional("doc:ChecksumType", short)?,
    };
    if let (Some(contents), Some(checksum)) = (&body.contents, &body.checksum)
        && is_sha256(body.checksum_type.as_deref())
        && !checksum.eq_ignore_ascii_case(&sha256_hex(contents))
    {
        let problem =
            format!("is {}, but the contents have {}", shown(checksum), sha256_hex(contents));
        return Err(At::Member(at, "doc:Checksum").fault(problem + "; send the file again"));
    }
    Ok(body)
}

pub(super) fn is_sha256(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| {
        let plain: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
        plain.eq_ignore_ascii_case("sha256")
    })
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

pub(super) fn base64_bytes(node: &Node<'_>, at: &At<'_>) -> Result<Vec<u8>, Fault> {
    BASE64.decode(text(node, at)?).map_err(|error| {
        at.fault(format!("is not base64 ({error}); encode the bytes again, without line ends"))
    })
}

const NOTIFICATION: &[&str] = &[
    "notification:NotificationDetails",
    "notification:NotificationType",
    "notification:NewNotification",
    "notification:NotificationTimestamp",
    "notification:StatusOfAssociatedObjects",
    "notification:NationalNotificationParameters",
];

fn notification(node: &Node<'_>, at: &At<'_>) -> Result<Notification, Fault> {
    let (common, fields) = open(node, at, NOTIFICATION)?;
    let statuses =
        ("notification:StatusOfAssociatedObjects", "notification:AssociatedObjectStatus");
    Ok(Notification {
        common,
        details: fields.optional("notification:NotificationDetails", long)?,
        kind: fields.optional("notification:NotificationType", word)?,
        is_new: fields.optional("notification:NewNotification", boolean)?,
        at: fields.optional("notification:NotificationTimestamp", time)?,
        statuses: fields.wrapped_list(statuses, LIST_ENTRIES_MAX, |node, at| {
            let [object, status, details] =
                ["notification:AssociatedObject", "notification:Status", "notification:Details"];
            let fields = Fields::open(node, at, &[object, status, details])?;
            Ok(ObjectStatus {
                object: fields.required(object, object_id)?,
                status: fields.required(status, word)?,
                details: fields.optional(details, long)?,
            })
        })?,
        national: fields.optional("notification:NationalNotificationParameters", |node, at| {
            national(node, at, "notification:CountryCode")
        })?,
    })
}
