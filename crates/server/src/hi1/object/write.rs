//! From objects to JSON, schema-valid.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::value::{
    Members, microseconds, seconds, write_approval, write_id, write_national, write_timespan,
    write_word,
};
use super::{
    Authorisation, Common, Delivery, DeliveryContent, DeliveryReference, DisclosureTask, Document,
    FileFacts, Manifest, Notification, Object, PreservationTask, RequestDetails, RequestValue,
};

pub(super) const AUTHORISATION: &str =
    "{http://uri.etsi.org/03120/common/2020/09/Authorisation}AuthorisationObject";
pub(super) const DISCLOSURE: &str = "{http://uri.etsi.org/03120/common/2020/09/Task}LDTaskObject";
pub(super) const PRESERVATION: &str = "{http://uri.etsi.org/03120/common/2020/09/Task}LPTaskObject";
pub(super) const DOCUMENT: &str =
    "{http://uri.etsi.org/03120/common/2020/09/Document}DocumentObject";
pub(super) const NOTIFICATION: &str =
    "{http://uri.etsi.org/03120/common/2016/02/Notification}NotificationObject";
pub(super) const DELIVERY: &str =
    "{http://uri.etsi.org/03120/common/2019/10/Delivery}DeliveryObject";

impl Object {
    /// The object as a JSON value, schema-valid.
    pub fn to_value(&self) -> Value {
        match self {
            Object::Authorisation(object) => authorisation(object),
            Object::Disclosure(object) => disclosure(object),
            Object::Preservation(object) => preservation(object),
            Object::Document(object) => document(object),
            Object::Notification(object) => notification(object),
            Object::Delivery(object) => delivery(object),
        }
    }
}

fn common(common: &Common, kind: &str) -> Members {
    Members::default()
        .with("@xsi:type", kind)
        .with("ObjectIdentifier", write_id(&common.id))
        .with_some("CountryCode", common.country.as_ref().map(|it| it.as_str()))
        .with_some("OwnerIdentifier", common.owner.as_deref())
        .with_some("Generation", common.generation)
        .with_some("ExternalIdentifier", common.external.as_deref())
        .with_wrapped_list(("AssociatedObjects", "AssociatedObject"), &common.associated, write_id)
        .with_some("LastChanged", common.last_changed.map(seconds))
        .with_some(
            "NationalHandlingParameters",
            common.handling_country.map(|country| write_national(country, "CountryCode")),
        )
}

fn authorisation(object: &Authorisation) -> Value {
    let span = ("auth:StartTime", "auth:EndTime");
    common(&object.common, AUTHORISATION)
        .with_some("auth:AuthorisationReference", object.reference.as_deref())
        .with_some("auth:AuthorisationLegalType", object.legal_type.as_ref())
        .with_some("auth:AuthorisationPriority", object.priority.as_ref())
        .with_some("auth:AuthorisationStatus", object.status.as_ref())
        .with_some("auth:AuthorisationDesiredStatus", object.desired_status.as_ref())
        .with_some(
            "auth:AuthorisationTimespan",
            object.timespan.as_ref().and_then(|it| write_timespan(it, span)),
        )
        .with_wrapped_list(("auth:AuthorisationCSPID", "auth:CSPID"), &object.csp, |csp| csp.into())
        .with_some("auth:AuthorisationCreationTimestamp", object.created.map(seconds))
        .with_some("auth:AuthorisationServedTimestamp", object.served.map(seconds))
        .with_some("auth:AuthorisationTerminationTimestamp", object.terminated.map(seconds))
        .with_list("auth:AuthorisationApprovalDetails", &object.approvals, write_approval)
        .with_some("auth:AuthorisationInvalidReason", object.invalid_reason.as_ref())
        .with_wrapped_list(
            ("auth:AuthorisationFlags", "auth:AuthorisationFlag"),
            &object.flags,
            write_word,
        )
        .with_some("auth:AuthorisationManualInformation", object.manual.as_deref())
        .with_some(
            "auth:NationalAuthorisationParameters",
            object.national.map(|country| write_national(country, "auth:CountryCode")),
        )
        .with_some("auth:AuthorisationJurisdiction", object.jurisdiction.as_deref())
        .with_some("auth:AuthorisationTypeOfCase", object.type_of_case.as_ref())
        .with_some("auth:AuthorisationLegalEntity", object.legal_entity.as_deref())
        .into()
}

fn details(details: &RequestDetails) -> Members {
    Members::default()
        .with_some("task:Type", details.kind.as_ref())
        .with_some("task:StartTime", details.span.start.map(seconds))
        .with_some("task:EndTime", details.span.end.map(seconds))
        .with_list("task:ObservedTimes", &details.observed, |time| seconds(*time))
        .with_wrapped_list(
            ("task:RequestValues", "task:RequestValue"),
            &details.values,
            request_value,
        )
        .with_wrapped_list(("task:Subtype", "task:RequestSubtype"), &details.subtypes, write_word)
        .with_some("task:TargetIdentifierSubtype", details.target_subtype.as_ref())
}

fn request_value(value: &RequestValue) -> Value {
    let format = Members::default()
        .with("task:FormatOwner", value.format_owner.as_str())
        .with("task:FormatName", value.format_name.as_str());
    Members::default()
        .with("task:FormatType", format)
        .with("task:Value", value.value.as_str())
        .into()
}

fn disclosure(object: &DisclosureTask) -> Value {
    let preservations =
        ("task:AlternativePreservationReferences", "task:AlternativePreservationReference");
    common(&object.common, DISCLOSURE)
        .with_some("task:Reference", object.reference.as_deref())
        .with_some("task:Status", object.status.as_ref())
        .with_some("task:StatusReason", object.status_reason.as_ref())
        .with_some("task:DesiredStatus", object.desired_status.as_ref())
        .with_some("task:RequestDetails", object.details.as_ref().map(details))
        .with_list("task:ApprovalDetails", &object.approvals, write_approval)
        .with_some("task:CSPID", object.csp.as_ref())
        .with_some("task:HandlingProfile", object.handling_profile.as_ref())
        .with_wrapped_list(("task:Flags", "task:LDTaskFlag"), &object.flags, write_word)
        .with_wrapped_list(preservations, &object.preservations, |reference| {
            Members::default()
                .with("task:ReferenceValue", reference.value.as_str())
                .with_some("task:NatureOfReference", reference.nature.as_deref())
                .with_some("task:TransmissionTime", reference.sent.map(seconds))
                .into()
        })
        .with_some(
            "task:NationalLDTaskingParameters",
            object.national.map(|country| write_national(country, "task:CountryCode")),
        )
        .with_wrapped_list(("task:Deadlines", "task:LDDeadline"), &object.deadlines, |deadline| {
            Members::default()
                .with_some("task:DateTime", deadline.at.map(seconds))
                .with_some("task:NatureOfDeadline", deadline.nature.as_ref())
                .with_some("task:OtherInformation", deadline.other.as_deref())
                .into()
        })
        .with_some("task:ManualInformation", object.manual.as_deref())
        .into()
}

fn preservation(object: &PreservationTask) -> Value {
    common(&object.common, PRESERVATION)
        .with_some("task:Status", object.status.as_ref())
        .with_some("task:StatusReason", object.status_reason.as_ref())
        .with_some("task:DesiredStatus", object.desired_status.as_ref())
        .with_some("task:RequestDetails", object.details.as_ref().map(details))
        .with_some("task:DesiredPreservationExpiration", object.desired_expiration.map(seconds))
        .with_some("task:PreservationExpiration", object.expiration.map(seconds))
        .with_some("task:CSPID", object.csp.as_ref())
        .with_some(
            "task:NationalLPTaskingParameters",
            object.national.map(|country| write_national(country, "task:CountryCode")),
        )
        .into()
}

fn document(object: &Document) -> Value {
    let body = object.body.as_ref().map(|body| {
        Members::default()
            .with_some("doc:Contents", body.contents.as_ref().map(|bytes| STANDARD.encode(bytes)))
            .with_some("doc:ContentType", body.content_type.as_deref())
            .with_some("doc:Checksum", body.checksum.as_deref())
            .with_some("doc:ChecksumType", body.checksum_type.as_deref())
    });
    let span = ("doc:StartTime", "doc:EndTime");
    common(&object.common, DOCUMENT)
        .with_some("doc:DocumentReference", object.reference.as_deref())
        .with_some("doc:DocumentName", object.name.as_deref())
        .with_some("doc:DocumentStatus", object.status.as_ref())
        .with_some("doc:DocumentDesiredStatus", object.desired_status.as_ref())
        .with_some(
            "doc:DocumentTimespan",
            object.timespan.as_ref().and_then(|it| write_timespan(it, span)),
        )
        .with_some("doc:DocumentType", object.kind.as_ref())
        .with_wrapped_list(
            ("doc:DocumentProperties", "doc:DocumentProperty"),
            &object.properties,
            |property| {
                Members::default()
                    .with("doc:PropertyType", &property.kind)
                    .with("doc:PropertyValue", property.value.as_str())
                    .into()
            },
        )
        .with_some("doc:DocumentBody", body)
        .with_list("doc:DocumentSignature", &object.signatures, write_approval)
        .with_some("doc:DocumentInvalidReason", object.invalid_reason.as_ref())
        .with_some(
            "doc:NationalDocumentParameters",
            object.national.map(|country| write_national(country, "doc:CountryCode")),
        )
        .into()
}

fn notification(object: &Notification) -> Value {
    let statuses =
        ("notification:StatusOfAssociatedObjects", "notification:AssociatedObjectStatus");
    common(&object.common, NOTIFICATION)
        .with_some("notification:NotificationDetails", object.details.as_deref())
        .with_some("notification:NotificationType", object.kind.as_ref())
        .with_some("notification:NewNotification", object.is_new)
        .with_some("notification:NotificationTimestamp", object.at.map(seconds))
        .with_wrapped_list(statuses, &object.statuses, |status| {
            Members::default()
                .with("notification:AssociatedObject", write_id(&status.object))
                .with("notification:Status", &status.status)
                .with_some("notification:Details", status.details.as_deref())
                .into()
        })
        .with_some(
            "notification:NationalNotificationParameters",
            object.national.map(|country| write_national(country, "notification:CountryCode")),
        )
        .into()
}

fn delivery(object: &Delivery) -> Value {
    let reference = object.reference.as_ref().map(|reference| match reference {
        DeliveryReference::Disclosure(ldid) => {
            Members::default().with("delivery:LDID", ldid.as_str())
        }
        DeliveryReference::Interception(liid) => {
            Members::default().with("delivery:LIID", liid.as_str())
        }
    });
    let manifest = object.manifest.as_ref().map(|manifest| match manifest {
        Manifest::Specification(word) => Members::default().with("delivery:Specification", word),
        Manifest::External { id } => Members::default().with(
            "delivery:ExternalSchema",
            Members::default().with_some("delivery:ManifestID", id.as_deref()),
        ),
    });
    let encryption = object.encryption.as_ref().map(|encryption| {
        Members::default()
            .with_some("delivery:EncryptionReference", encryption.object.as_ref().map(write_id))
            .with_some("delivery:AdditionalInformation", encryption.information.as_deref())
    });
    common(&object.common, DELIVERY)
        .with_some("delivery:Reference", reference)
        .with_some("delivery:DeliveryID", object.delivery.map(|id| id.to_string()))
        .with_some("delivery:SequenceNumber", object.sequence)
        .with_some("delivery:LastSequence", object.is_last)
        .with_some("delivery:Manifest", manifest)
        .with_some("delivery:Delivery", object.content.as_ref().map(delivery_content))
        .with_some("delivery:DeliveryStatus", object.status.as_ref())
        .with_some("delivery:DeliveryDesiredStatus", object.desired_status.as_ref())
        .with_some("delivery:EncryptionDetails", encryption)
        .into()
}

fn delivery_content(content: &DeliveryContent) -> Members {
    match content {
        DeliveryContent::DataExistence(exists) => {
            Members::default().with("delivery:DataExistence", *exists)
        }
        DeliveryContent::Url { url, expires, file } => {
            let inner = file_facts(file)
                .with("delivery:URL", url.as_str())
                .with_some("delivery:Expiry", expires.map(microseconds));
            Members::default().with("delivery:URL", inner)
        }
        DeliveryContent::Inline { data, file } => {
            let inner = file_facts(file).with("delivery:Data", STANDARD.encode(data));
            Members::default().with("delivery:BinaryData", inner)
        }
    }
}

fn file_facts(file: &FileFacts) -> Members {
    let checksum = file.sha256.as_deref();
    Members::default()
        .with_some("delivery:ContentType", file.content_type.as_deref())
        .with_some("delivery:ContentLength", file.length)
        .with_some("delivery:Checksum", checksum)
        .with_some("delivery:ChecksumType", checksum.map(|_| "SHA-256"))
        .with_some("delivery:OriginalFilename", file.name.as_deref())
}
