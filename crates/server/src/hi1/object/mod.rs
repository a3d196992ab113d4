//! The HI-1 objects this service understands, as types. Knows the schemas' members; knows no
//! desk, no law and no state.

mod delivery;
mod read;
mod read_delivery;
mod task;
mod write;

use jiff::Timestamp;

use super::error::{ErrorInformation, Fault};
use super::value::{Approval, CountryCode, EndpointId, ObjectId, Timespan, Word};

pub use delivery::{
    Delivery, DeliveryContent, DeliveryEncryption, DeliveryReference, FileFacts, Manifest,
};
pub use task::{
    Deadline, DisclosureTask, PreservationReference, PreservationTask, RequestDetails, RequestValue,
};

pub(super) use read::{ReadObject, object};

/// What every object has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// The identifier its creator chose.
    pub id: ObjectId,
    /// The owner's country.
    pub country: Option<CountryCode>,
    /// The owner.
    pub owner: Option<String>,
    /// Counts the object's versions, from 1.
    pub generation: Option<u64>,
    /// An identifier outside HI-1.
    pub external: Option<String>,
    /// Objects this one belongs to.
    pub associated: Vec<ObjectId>,
    /// When it last changed.
    pub last_changed: Option<Timestamp>,
    /// The country of national handling parameters, of which the schema says no more.
    pub handling_country: Option<CountryCode>,
}

impl Common {
    /// An object of that identifier and nothing else.
    pub fn new(id: ObjectId) -> Self {
        Self {
            id,
            country: None,
            owner: None,
            generation: None,
            external: None,
            associated: Vec::new(),
            last_changed: None,
            handling_country: None,
        }
    }
}

/// Any object we serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// The legal basis.
    Authorisation(Box<Authorisation>),
    /// Disclose.
    Disclosure(Box<DisclosureTask>),
    /// Preserve; and our own freeze, unfreeze and non-disclosure (docs/formats/hi1.md).
    Preservation(Box<PreservationTask>),
    /// The order's file and facts.
    Document(Box<Document>),
    /// A message in words.
    Notification(Box<Notification>),
    /// Evidence handed over.
    Delivery(Box<Delivery>),
}

impl Object {
    /// Reads one object, such as one that was stored.
    ///
    /// # Errors
    /// A [`Fault`] that names the place when the bytes are not one of the objects served.
    pub fn parse(raw: &[u8]) -> Result<Self, Fault> {
        let at = super::json::At::Root;
        let node = super::json::read(raw).map_err(|defect| at.fault(defect.to_string()))?;
        match object(&node, &at)? {
            ReadObject::Served(object) => Ok(object),
            ReadObject::NotServed(fault) => Err(fault),
        }
    }

    /// The object as compact JSON, schema-valid.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// What every object has.
    pub fn common(&self) -> &Common {
        match self {
            Object::Authorisation(object) => &object.common,
            Object::Disclosure(object) => &object.common,
            Object::Preservation(object) => &object.common,
            Object::Document(object) => &object.common,
            Object::Notification(object) => &object.common,
            Object::Delivery(object) => &object.common,
        }
    }

    /// What every object has, to be changed.
    pub fn common_mut(&mut self) -> &mut Common {
        match self {
            Object::Authorisation(object) => &mut object.common,
            Object::Disclosure(object) => &mut object.common,
            Object::Preservation(object) => &mut object.common,
            Object::Document(object) => &mut object.common,
            Object::Notification(object) => &mut object.common,
            Object::Delivery(object) => &mut object.common,
        }
    }

    /// The identifier.
    pub fn id(&self) -> ObjectId {
        self.common().id
    }

    /// Its word in ETSI's dictionary `ObjectType`.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Object::Authorisation(_) => ObjectKind::Authorisation,
            Object::Disclosure(_) => ObjectKind::Disclosure,
            Object::Preservation(_) => ObjectKind::Preservation,
            Object::Document(_) => ObjectKind::Document,
            Object::Notification(_) => ObjectKind::Notification,
            Object::Delivery(_) => ObjectKind::Delivery,
        }
    }
}

/// The kinds of object we serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// The legal basis.
    Authorisation,
    /// LDTask.
    Disclosure,
    /// LPTask.
    Preservation,
    /// The order's file and facts.
    Document,
    /// A message in words.
    Notification,
    /// Evidence handed over.
    Delivery,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Authorisation,
        Self::Disclosure,
        Self::Preservation,
        Self::Document,
        Self::Notification,
        Self::Delivery,
    ];

    /// The word in ETSI's dictionary `ObjectType`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorisation => "Authorisation",
            Self::Disclosure => "LDTask",
            Self::Preservation => "LPTask",
            Self::Document => "Document",
            Self::Notification => "Notification",
            Self::Delivery => "Delivery",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The legal basis: who ordered, by what power, for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// What every object has.
    pub common: Common,
    /// The order's reference number: personal data, as it leads to the case.
    pub reference: Option<String>,
    /// By what law; our own words name a rule pack.
    pub legal_type: Option<Word>,
    /// High or Routine.
    pub priority: Option<Word>,
    /// State, set by us.
    pub status: Option<Word>,
    /// State wished by the agency.
    pub desired_status: Option<Word>,
    /// When it holds.
    pub timespan: Option<Timespan>,
    /// Whom it addresses.
    pub csp: Vec<EndpointId>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was served.
    pub served: Option<Timestamp>,
    /// When it ended.
    pub terminated: Option<Timestamp>,
    /// Issuer, validator.
    pub approvals: Vec<Approval>,
    /// Why it is invalid.
    pub invalid_reason: Option<ErrorInformation>,
    /// Emergency, test.
    pub flags: Vec<Word>,
    /// Anything in words.
    pub manual: Option<String>,
    /// The country of national parameters.
    pub national: Option<CountryCode>,
    /// Court or district.
    pub jurisdiction: Option<String>,
    /// What kind of crime.
    pub type_of_case: Option<Word>,
    /// Legal entity.
    pub legal_entity: Option<String>,
}

impl Authorisation {
    /// An Authorisation of that identifier and nothing else.
    pub fn new(id: ObjectId) -> Self {
        Self {
            common: Common::new(id),
            reference: None,
            legal_type: None,
            priority: None,
            status: None,
            desired_status: None,
            timespan: None,
            csp: Vec::new(),
            created: None,
            served: None,
            terminated: None,
            approvals: Vec::new(),
            invalid_reason: None,
            flags: Vec::new(),
            manual: None,
            national: None,
            jurisdiction: None,
            type_of_case: None,
            legal_entity: None,
        }
    }
}

/// `DocumentObject`: the order's file, and facts of the order that a machine can check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What every object has.
    pub common: Common,
    /// The document's reference.
    pub reference: Option<String>,
    /// The document's name.
    pub name: Option<String>,
    /// State, set by us.
    pub status: Option<Word>,
    /// State wished by the agency.
    pub desired_status: Option<Word>,
    /// When it holds.
    pub timespan: Option<Timespan>,
    /// What kind of document.
    pub kind: Option<Word>,
    /// Facts; ours are of the dictionary COMITY/OrderFact.
    pub properties: Vec<Property>,
    /// The file.
    pub body: Option<DocumentBody>,
    /// Signatures on the paper, as told.
    pub signatures: Vec<Approval>,
    /// Why it is invalid.
    pub invalid_reason: Option<ErrorInformation>,
    /// The country of national parameters.
    pub national: Option<CountryCode>,
}

impl Document {
    /// A document of that identifier and nothing else.
    pub fn new(id: ObjectId) -> Self {
        Self {
            common: Common::new(id),
            reference: None,
            name: None,
            status: None,
            desired_status: None,
            timespan: None,
            kind: None,
            properties: Vec::new(),
            body: None,
            signatures: Vec::new(),
            invalid_reason: None,
            national: None,
        }
    }
}

/// One fact about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Which fact.
    pub kind: Word,
    /// Its value.
    pub value: String,
}

/// A file inside a Document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentBody {
    /// The file's bytes.
    pub contents: Option<Vec<u8>>,
    /// Media type.
    pub content_type: Option<String>,
    /// Digest of the bytes; checked when its type is SHA-256.
    pub checksum: Option<String>,
    /// Which digest.
    pub checksum_type: Option<String>,
}

/// `NotificationObject`: a message in words, or a change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// What every object has.
    pub common: Common,
    /// The words.
    pub details: Option<String>,
    /// What kind.
    pub kind: Option<Word>,
    /// Whether it is new.
    pub is_new: Option<bool>,
    /// When.
    pub at: Option<Timestamp>,
    /// States of the objects it is about.
    pub statuses: Vec<ObjectStatus>,
    /// The country of national parameters.
    pub national: Option<CountryCode>,
}

impl Notification {
    /// A notification of that identifier and nothing else.
    pub fn new(id: ObjectId) -> Self {
        Self {
            common: Common::new(id),
            details: None,
            kind: None,
            is_new: None,
            at: None,
            statuses: Vec::new(),
            national: None,
        }
    }
}

/// The state of one object, inside a Notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectStatus {
    /// Which object.
    pub object: ObjectId,
    /// Its state.
    pub status: Word,
    /// In words.
    pub details: Option<String>,
}
