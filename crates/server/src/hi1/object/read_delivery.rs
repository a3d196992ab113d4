//! From JSON to deliveries: an agency reads ours, and we read what it sends back of them.

use super::super::error::Fault;
use super::super::json::{At, Fields, Node, boolean, integer};
use super::super::limits::LIST_ENTRIES_MAX;
use super::super::value::{long, object_id, short, time_microseconds, uuid, word};
use super::read::{base64_bytes, is_sha256, ldid, open, sha256_hex};
use super::{
    Delivery, DeliveryContent, DeliveryEncryption, DeliveryReference, FileFacts, Manifest,
};

const DELIVERY: &[&str] = &[
    "delivery:Reference",
    "delivery:DeliveryID",
    "delivery:SequenceNumber",
    "delivery:LastSequence",
    "delivery:Manifest",
    "delivery:Delivery",
    "delivery:DeliveryStatus",
    "delivery:DeliveryDesiredStatus",
    "delivery:EncryptionDetails",
];

pub(super) fn delivery(node: &Node<'_>, at: &At<'_>) -> Result<Delivery, Fault> {
    let (common, fields) = open(node, at, DELIVERY)?;
    let [object, information] = ["delivery:EncryptionReference", "delivery:AdditionalInformation"];
    Ok(Delivery {
        common,
        reference: fields.optional("delivery:Reference", |node, at| {
            let fields = Fields::open(node, at, &["delivery:LDID", "delivery:LIID"])?;
            match fields.optional("delivery:LDID", ldid)? {
                Some(reference) => Ok(DeliveryReference::Disclosure(reference)),
                None => {
                    fields.required("delivery:LIID", short).map(DeliveryReference::Interception)
                }
            }
        })?,
        delivery: fields.optional("delivery:DeliveryID", uuid)?,
        sequence: fields.optional("delivery:SequenceNumber", integer)?,
        is_last: fields.optional("delivery:LastSequence", boolean)?,
        manifest: fields.optional("delivery:Manifest", manifest)?,
        content: fields.optional("delivery:Delivery", delivery_content)?,
        status: fields.optional("delivery:DeliveryStatus", word)?,
        desired_status: fields.optional("delivery:DeliveryDesiredStatus", word)?,
        encryption: fields.optional("delivery:EncryptionDetails", |node, at| {
            let fields = Fields::open(node, at, &[object, information])?;
            Ok(DeliveryEncryption {
                object: fields.optional(object, object_id)?,
                information: fields.optional(information, long)?,
            })
        })?,
    })
}

fn manifest(node: &Node<'_>, at: &At<'_>) -> Result<Manifest, Fault> {
    let fields = Fields::open(node, at, &["delivery:Specification", "delivery:ExternalSchema"])?;
    if let Some(specification) = fields.optional("delivery:Specification", word)? {
        return Ok(Manifest::Specification(specification));
    }
    fields.required("delivery:ExternalSchema", |node, at| {
        let known = ["delivery:ManifestID", "delivery:ManifestContents"];
        let fields = Fields::open(node, at, &known)?;
        Ok(Manifest::External { id: fields.optional("delivery:ManifestID", long)? })
    })
}

fn delivery_content(node: &Node<'_>, at: &At<'_>) -> Result<DeliveryContent, Fault> {
    let known = ["delivery:BinaryData", "delivery:URL", "delivery:DataExistence"];
    let fields = Fields::open(node, at, &known)?;
    if let Some(exists) = fields.optional("delivery:DataExistence", boolean)? {
        return Ok(DeliveryContent::DataExistence(exists));
    }
    if let Some(content) = fields.optional("delivery:URL", |node, at| {
        let own = ["delivery:URL", "delivery:Expiry", "delivery:CSPDefinedIdentifier"];
        let fields = Fields::open(node, at, &[&own[..], FILE].concat())?;
        Ok(DeliveryContent::Url {
            url: fields.required("delivery:URL", long)?,
            expires: fields.optional("delivery:Expiry", time_microseconds)?,
            file: file_facts(&fields)?,
        })
    })? {
        return Ok(content);
    }
    fields.required("delivery:BinaryData", |node, at| {
        let fields = Fields::open(node, at, &[&["delivery:Data"], FILE].concat())?;
        let data = fields.required("delivery:Data", base64_bytes)?;
        let file = file_facts(&fields)?;
        if let Some(declared) = &file.sha256
            && *declared != sha256_hex(&data)
        {
            let problem = format!("the data have SHA-256 {}, not {declared}", sha256_hex(&data));
            return Err(fields.at().fault(problem + "; send them again"));
        }
        Ok(DeliveryContent::Inline { data, file })
    })
}

const FILE: &[&str] = &[
    "delivery:ContentType",
    "delivery:Checksum",
    "delivery:ChecksumType",
    "delivery:Checksums",
    "delivery:OriginalFilename",
    "delivery:ContentLength",
];

fn file_facts(fields: &Fields<'_, '_, '_>) -> Result<FileFacts, Fault> {
    let mut checksums = fields.wrapped_list(
        ("delivery:Checksums", "common:ChecksumAndType"),
        LIST_ENTRIES_MAX,
        |node, at| {
            let fields = Fields::open(node, at, &["common:Checksum", "common:ChecksumType"])?;
            let kind = fields.required("common:ChecksumType", short)?;
            Ok((fields.required("common:Checksum", short)?, Some(kind)))
        },
    )?;
    if let Some(checksum) = fields.optional("delivery:Checksum", short)? {
        checksums.push((checksum, fields.optional("delivery:ChecksumType", short)?));
    }
    let sha256 = checksums.into_iter().find(|(_, kind)| is_sha256(kind.as_deref()));
    Ok(FileFacts {
        content_type: fields.optional("delivery:ContentType", long)?,
        length: fields.optional("delivery:ContentLength", integer)?,
        sha256: sha256.map(|(digest, _)| digest.to_ascii_lowercase()),
        name: fields.optional("delivery:OriginalFilename", long)?,
    })
}
