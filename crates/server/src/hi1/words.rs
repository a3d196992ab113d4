//! Our own dictionaries under the owner COMITY, and which of ETSI's words mean which of the desk's.
//! docs/formats/hi1.md shows them to outsiders; GETCSPCONFIG publishes them.

use desk::order::{DataCategory, InstrumentKind, IssuerType, ListedOffence, Rank, Service};

/// The owner of our dictionaries and of our formats.
pub const OWNER: &str = "COMITY";
/// The version of this profile.
pub const PROFILE_VERSION: &str = "v1";

/// Dictionary of kinds of task and categories of data that ETSI has no word for.
pub const REQUEST_TYPE: &str = "RequestType";
/// Dictionary of data categories for `task:Subtype`, so that any union can be said.
pub const DATA_CATEGORY: &str = "DataCategory";
/// Dictionary of rule packs, for `auth:AuthorisationLegalType`.
pub const RULE_PACK: &str = "RulePack";
/// Dictionary of facts of an order, for `doc:PropertyType`.
pub const ORDER_FACT: &str = "OrderFact";
/// Dictionary of states of our own kinds of task.
pub const TASK_STATUS: &str = "TaskStatus";
/// Dictionary of states that an agency may wish for our own kinds of task.
pub const TASK_DESIRED_STATUS: &str = "TaskDesiredStatus";
/// Dictionary of what a delivery follows.
pub const MANIFEST: &str = "Manifest";
/// The one word of [`MANIFEST`]: the package of docs/formats/package.md.
pub const MANIFEST_PACKAGE: &str = "EvidencePackageV1";

/// Kinds of task under our owner; `Type` of an LPTask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnTask {
    /// Stop outgoing dealings in one asset up to an amount.
    Freeze,
    /// End a freeze.
    Unfreeze,
    /// Do not tell the user.
    NonDisclosure,
}

impl OwnTask {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Freeze, Self::Unfreeze, Self::NonDisclosure];

    /// The word in COMITY/RequestType.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "Freeze",
            Self::Unfreeze => "Unfreeze",
            Self::NonDisclosure => "NonDisclosure",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Freeze => {
                "LPTask: stop outgoing dealings in COMITY/Asset up to COMITY/Amount until \
                 task:DesiredPreservationExpiration"
            }
            Self::Unfreeze => "LPTask: end the freeze named in AssociatedObjects",
            Self::NonDisclosure => {
                "LPTask: do not tell the user until task:DesiredPreservationExpiration"
            }
        }
    }
}

/// The word of COMITY/RequestType for the company's own ledger.
pub const TRANSACTION_DATA: &str = "TransactionData";

/// The categories that a `task:Type` of a disclosure or preservation means.
pub fn categories(owner: &str, name: &str, value: &str) -> Option<&'static [DataCategory]> {
    use DataCategory::{Content, Identification, Subscriber, Traffic, Transaction};
    match (owner, name, value) {
        ("ETSI", REQUEST_TYPE, "SubscriberData") => Some(&[Subscriber]),
        ("ETSI", REQUEST_TYPE, "UserIdentifyingData") => Some(&[Identification]),
        ("ETSI", REQUEST_TYPE, "TrafficData") => Some(&[Traffic]),
        ("ETSI", REQUEST_TYPE, "StoredContentData") => Some(&[Content]),
        ("ETSI", REQUEST_TYPE, "SubscriberDataAndUserIdentifyingData") => {
            Some(&[Subscriber, Identification])
        }
        ("ETSI", REQUEST_TYPE, "TrafficDataAndStoredContentData") => Some(&[Traffic, Content]),
        // "Other" says nothing itself; task:Subtype then names the categories.
        ("ETSI", REQUEST_TYPE, "Other") => Some(&[]),
        (OWNER, REQUEST_TYPE, TRANSACTION_DATA) => Some(&[Transaction]),
        _ => None,
    }
}

/// The `task:Type` words a disclosure or preservation may have, as `owner/value`.
pub const REQUEST_TYPES: &[(&str, &str)] = &[
    ("ETSI", "SubscriberData"),
    ("ETSI", "UserIdentifyingData"),
    ("ETSI", "TrafficData"),
    ("ETSI", "StoredContentData"),
    ("ETSI", "SubscriberDataAndUserIdentifyingData"),
    ("ETSI", "TrafficDataAndStoredContentData"),
    ("ETSI", "Other"),
    (OWNER, TRANSACTION_DATA),
];

/// Facts of an order that a machine can check, one `doc:DocumentProperty` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderFact {
    /// What sort of paper.
    Instrument,
    /// Police rank of the issuer.
    IssuerRank,
    /// Highest sentence, in months.
    SentenceMaxMonths,
    /// Offence listed by directive.
    ListedOffence,
    /// By means of an information system.
    ByInformationSystem,
    /// Sentence being executed, in months.
    ExecutedSentenceMonths,
    /// The date written on the order.
    IssuedOn,
    /// IANA zone of the authority.
    AuthorityZone,
    /// The company's service.
    Service,
    /// An enforcing authority was notified.
    EnforcingAuthorityNotified,
    /// Offence committed in the issuing State.
    OffenceInIssuingState,
    /// Person resides in the issuing State.
    PersonInIssuingState,
    /// What the emergency is about.
    EmergencyKind,
    /// Number of the case or file: personal, kept apart from the facts.
    CaseNumber,
}

impl OrderFact {
    /// Every fact.
    pub const ALL: [Self; 14] = [
        Self::Instrument,
        Self::IssuerRank,
        Self::SentenceMaxMonths,
        Self::ListedOffence,
        Self::ByInformationSystem,
        Self::ExecutedSentenceMonths,
        Self::IssuedOn,
        Self::AuthorityZone,
        Self::Service,
        Self::EnforcingAuthorityNotified,
        Self::OffenceInIssuingState,
        Self::PersonInIssuingState,
        Self::EmergencyKind,
        Self::CaseNumber,
    ];

    /// The word in COMITY/OrderFact.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instrument => "Instrument",
            Self::IssuerRank => "IssuerRank",
            Self::SentenceMaxMonths => "SentenceMaxMonths",
            Self::ListedOffence => "ListedOffence",
            Self::ByInformationSystem => "ByInformationSystem",
            Self::ExecutedSentenceMonths => "ExecutedSentenceMonths",
            Self::IssuedOn => "IssuedOn",
            Self::AuthorityZone => "AuthorityZone",
            Self::Service => "Service",
            Self::EnforcingAuthorityNotified => "EnforcingAuthorityNotified",
            Self::OffenceInIssuingState => "OffenceInIssuingState",
            Self::PersonInIssuingState => "PersonInIssuingState",
            Self::EmergencyKind => "EmergencyKind",
            Self::CaseNumber => "CaseNumber",
        }
    }

    /// The fact of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.as_str() == word)
    }

    /// What the value may be, in words for people.
    pub fn values(self) -> String {
        fn one_of<T: std::fmt::Display>(words: &[T]) -> String {
            let words: Vec<String> = words.iter().map(T::to_string).collect();
            words.join(", ")
        }
        match self {
            Self::Instrument => one_of(InstrumentKind::ALL),
            Self::IssuerRank => one_of(Rank::ALL),
            Self::ListedOffence => one_of(ListedOffence::ALL),
            Self::Service => one_of(Service::ALL),
            Self::EmergencyKind => one_of(desk::order::EmergencyKind::ALL),
            Self::SentenceMaxMonths | Self::ExecutedSentenceMonths => "months, 0 to 1200".into(),
            Self::ByInformationSystem
            | Self::EnforcingAuthorityNotified
            | Self::OffenceInIssuingState
            | Self::PersonInIssuingState => "true, false".into(),
            Self::IssuedOn => "a date like 2026-11-22".into(),
            Self::AuthorityZone => "an IANA zone like Europe/Berlin".into(),
            Self::CaseNumber => "text".into(),
        }
    }
}

/// `common:ApprovalType` of the issuer's approval.
pub const APPROVAL_ISSUER: &str = "Issuer";
/// `common:ApprovalType` of the validator's approval.
pub const APPROVAL_VALIDATOR: &str = "Validator";

/// The issuer type of a `common:ApproverRole`.
pub fn issuer_type(role: &str) -> Option<IssuerType> {
    IssuerType::from_word(role)
}
