//! What is handed over.

use jiff::Timestamp;

use super::super::value::{ObjectId, Word};
use super::Common;

/// `DeliveryObject`: one package, whole or in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What every object has.
    pub common: Common,
    /// The task it answers.
    pub reference: Option<DeliveryReference>,
    /// Which delivery; its parts share it.
    pub delivery: Option<uuid::Uuid>,
    /// Which part, from 1.
    pub sequence: Option<u64>,
    /// Whether it is the last part.
    pub is_last: Option<bool>,
    /// What the content follows.
    pub manifest: Option<Manifest>,
    /// The content.
    pub content: Option<DeliveryContent>,
    /// State.
    pub status: Option<Word>,
    /// State wished by the agency.
    pub desired_status: Option<Word>,
    /// How it is encrypted.
    pub encryption: Option<DeliveryEncryption>,
}

impl Delivery {
    /// A delivery of that identifier and nothing else.
    pub fn new(id: ObjectId) -> Self {
        Self {
            common: Common::new(id),
            reference: None,
            delivery: None,
            sequence: None,
            is_last: None,
            manifest: None,
            content: None,
            status: None,
            desired_status: None,
            encryption: None,
        }
    }
}

/// The task a delivery answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryReference {
    /// The reference of an LDTask.
    Disclosure(String),
    /// The reference of an LITask; never ours.
    Interception(String),
}

/// What the content of a delivery follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// A specification from a dictionary.
    Specification(Word),
    /// A schema known by name.
    External {
        /// The name.
        id: Option<String>,
    },
}

/// The content of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryContent {
    /// Inside the message.
    Inline {
        /// The bytes.
        data: Vec<u8>,
        /// About them.
        file: FileFacts,
    },
    /// To be fetched.
    Url {
        /// Where.
        url: String,
        /// Until when.
        expires: Option<Timestamp>,
        /// About it.
        file: FileFacts,
    },
    /// Only whether there are data.
    DataExistence(bool),
}

/// Facts about a delivered file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// Media type.
    pub content_type: Option<String>,
    /// Bytes.
    pub length: Option<u64>,
    /// SHA-256, lower-case hexadecimal; other digests are not kept.
    pub sha256: Option<String>,
    /// The file's name.
    pub name: Option<String>,
}

/// How a delivery is encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryEncryption {
    /// An EncryptionObject.
    pub object: Option<ObjectId>,
    /// In words.
    pub information: Option<String>,
}
