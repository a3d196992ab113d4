//! The facts of an instrument that a machine can check. Knows no personal data: no names, no
//! selector values, no reference numbers, no wording; those stay in the payload of the event.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{Amount, AskNumber, Asset, Country, RequestId};
use crate::words::words;

/// The most asks one request may carry.
pub const ASKS_MAX: usize = 64;

/// What a machine can check of an order as received.
///
/// Its JSON is part of the record format: docs/formats/record.md.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What sort of paper it is.
    pub instrument: InstrumentKind,
    /// The country whose authority issued it.
    pub issuing_country: Country,
    /// What the issuer is.
    pub issuer: IssuerType,
    /// The issuer's police rank, where the regime asks for one.
    #[serde(default)]
    pub issuer_rank: Option<Rank>,
    /// What the validating authority is, if the order was validated.
    #[serde(default)]
    pub validator: Option<IssuerType>,
    /// The offence, as far as a threshold depends on it.
    pub offence: Offence,
    /// The way it came in.
    pub channel: Channel,
    /// What proves who sent it.
    pub authentication: Authentication,
    /// The format of the instrument as received.
    pub format: Format,
    /// The date written on the instrument.
    pub issued_on: Date,
    /// The day by which the order must be carried out or is void, if it says so.
    #[serde(default)]
    pub valid_until: Option<Timestamp>,
    /// The time the order itself gives for the answer, if it gives one.
    #[serde(default)]
    pub answer_by: Option<Timestamp>,
    /// IANA name of the authority's zone; without it the zone of the rule pack counts.
    #[serde(default)]
    pub authority_zone: Option<String>,
    /// The company's service the data come from.
    pub service: Service,
    /// Notification of an enforcing authority (Regulation (EU) 2023/1543 Art 8).
    #[serde(default)]
    pub notification: Notification,
    /// True for practice runs: handled alike, marked everywhere.
    #[serde(default)]
    pub is_test: bool,
    /// What is asked, in the order of their numbers.
    pub asks: Vec<Ask>,
}

impl Order {
    /// The ask of a number (from 1).
    pub fn ask(&self, number: AskNumber) -> Option<&Ask> {
        self.asks.get(usize::from(number.0).checked_sub(1)?)
    }

    /// The asks with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (AskNumber, &Ask)> {
        (1u16..).map(AskNumber).zip(&self.asks)
    }

    /// True when at least one ask is an emergency.
    pub fn has_emergency(&self) -> bool {
        self.asks.iter().any(|ask| ask.emergency.is_some())
    }
}

/// One thing asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// What is wanted.
    pub demand: Demand,
    /// The kind of emergency claimed for this ask, if any.
    #[serde(default)]
    pub emergency: Option<EmergencyKind>,
}

impl Ask {
    /// The kind of the ask.
    pub const fn kind(&self) -> AskKind {
        match self.demand {
            Demand::Disclose { .. } => AskKind::Disclose,
            Demand::Preserve { .. } => AskKind::Preserve,
            Demand::Freeze { .. } => AskKind::Freeze,
            Demand::Unfreeze { .. } => AskKind::Unfreeze,
            Demand::NonDisclosure { .. } => AskKind::NonDisclosure,
        }
    }

    /// The scope, for the kinds that have one.
    pub const fn scope(&self) -> Option<&Scope> {
        match &self.demand {
            Demand::Disclose { scope } | Demand::Preserve { scope, .. } => Some(scope),
            _ => None,
        }
    }
}

/// What an ask wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Demand {
    /// Hand over records.
    Disclose {
        /// Which records.
        scope: Scope,
    },
    /// Keep a copy of records until an order for them arrives.
    Preserve {
        /// Which records.
        scope: Scope,
        /// Until when the authority wishes; the regime's own length binds.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Stop outgoing dealings in one asset up to an amount. Credits may still come in.
    Freeze {
        /// The asset; without one the ask is over-broad.
        #[serde(default)]
        asset: Option<Asset>,
        /// The most that may be blocked, in the smallest unit; without one it is over-broad.
        #[serde(default)]
        amount: Option<Amount>,
        /// The period stated in the instrument.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// End a freeze.
    Unfreeze {
        /// The request of the freeze; absent when it is this one.
        #[serde(default)]
        request: Option<RequestId>,
        /// The ask of the freeze in that request.
        freeze: AskNumber,
    },
    /// Do not tell the user.
    NonDisclosure {
        /// When the ban ends, if the instrument says so.
        #[serde(default)]
        until: Option<Timestamp>,
    },
}

/// What records are meant: selectors x data categories x time range.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// How many selectors of each kind the order names.
    pub selectors: BTreeMap<SelectorKind, u32>,
    /// The categories of data.
    pub categories: BTreeSet<DataCategory>,
    /// The time range; needed for everything but subscriber data.
    #[serde(default)]
    pub range: Option<TimeRange>,
}

impl Scope {
    /// The number of selectors of all kinds.
    pub fn selector_count(&self) -> u64 {
        self.selectors.values().map(|count| u64::from(*count)).sum()
    }
}

/// From (inclusive) to (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    /// The first moment meant.
    pub from: Timestamp,
    /// The first moment no longer meant.
    pub to: Timestamp,
}

/// The facts of the offence that thresholds depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offence {
    /// The highest sentence the offence carries in the issuing country, in months.
    #[serde(default)]
    pub sentence_max_months: Option<u16>,
    /// The listed offence, where the list and not the sentence opens the door.
    #[serde(default)]
    pub listed: Option<ListedOffence>,
    /// True when it was committed wholly or partly by means of an information system.
    #[serde(default)]
    pub by_information_system: bool,
    /// Months of a custodial sentence being executed on someone who absconded and was not
    /// sentenced in absentia.
    #[serde(default)]
    pub executed_sentence_months: Option<u16>,
}

/// Facts about the notification of an enforcing authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// The certificate names a notified enforcing authority (Annex I section K is filled).
    #[serde(default)]
    pub is_notified: bool,
    /// The issuer says that the offence was committed in the issuing State.
    #[serde(default)]
    pub offence_in_issuing_state: bool,
    /// The issuer says that the person sought resides in the issuing State.
    #[serde(default)]
    pub person_in_issuing_state: bool,
}

words! {
    /// What an ask is about.
    AskKind {
        /// Hand over records.
        Disclose = "disclose",
        /// Keep a copy.
        Preserve = "preserve",
        /// Stop outgoing dealings.
        Freeze = "freeze",
        /// End a freeze.
        Unfreeze = "unfreeze",
        /// Do not tell the user.
        NonDisclosure = "non_disclosure",
    }
}

words! {
    /// What sort of paper an instrument is.
    InstrumentKind {
        /// European Production Order Certificate, Annex I.
        Epoc = "epoc",
        /// European Preservation Order Certificate, Annex II.
        EpocPr = "epoc_pr",
        /// Administrative, grand jury or trial subpoena.
        Subpoena = "subpoena",
        /// Court order under 18 USC 2703(d).
        CourtOrder2703d = "court_order_2703d",
        /// Search warrant on probable cause.
        Warrant = "warrant",
        /// Letter under 18 USC 2703(f) or alike.
        PreservationLetter = "preservation_letter",
        /// Order of a foreign government under an executive agreement.
        ExecutiveAgreementOrder = "executive_agreement_order",
        /// Order of a court not to tell the user.
        NonDisclosureOrder = "non_disclosure_order",
        /// Written order under s 20 of Singapore's Criminal Procedure Code 2010.
        CpcSection20Order = "cpc_section_20_order",
        /// Written order under s 35 of the same Code.
        CpcSection35Order = "cpc_section_35_order",
        /// Any other production order.
        ProductionOrder = "production_order",
        /// Any other order to freeze.
        FreezeOrder = "freeze_order",
        /// Any order to release a freeze.
        ReleaseOrder = "release_order",
        /// A request on the ground of an emergency, with no order yet.
        EmergencyRequest = "emergency_request",
        /// A letter that asks and orders nothing.
        Letter = "letter",
    }
}

words! {
    /// What an issuer or validator is.
    IssuerType {
        /// A judge.
        Judge = "judge",
        /// A court.
        Court = "court",
        /// An investigating judge.
        InvestigatingJudge = "investigating_judge",
        /// A public prosecutor.
        Prosecutor = "prosecutor",
        /// Police.
        Police = "police",
        /// Another authority competent to investigate.
        OtherAuthority = "other_authority",
    }
}

words! {
    /// Police ranks, from low to high.
    Rank {
        /// Constable.
        Constable = "constable",
        /// Corporal.
        Corporal = "corporal",
        /// Sergeant.
        Sergeant = "sergeant",
        /// Inspector.
        Inspector = "inspector",
        /// Superintendent.
        Superintendent = "superintendent",
        /// Commissioner.
        Commissioner = "commissioner",
    }
}

words! {
    /// Offences that Regulation (EU) 2023/1543 Art 5(4) lists by directive.
    ListedOffence {
        /// Directive (EU) 2019/713 Art 3 to 8: fraud with means of payment other than cash.
        NonCashPaymentFraud = "non_cash_payment_fraud",
        /// Directive 2011/93/EU Art 3 to 7: sexual abuse of children.
        ChildSexualAbuse = "child_sexual_abuse",
        /// Directive 2013/40/EU Art 3 to 8: attacks against information systems.
        AttackOnInformationSystem = "attack_on_information_system",
        /// Directive (EU) 2017/541 Art 3 to 12 and 14: terrorism.
        Terrorism = "terrorism",
    }
}

words! {
    /// What an emergency is about.
    EmergencyKind {
        /// Imminent threat to life, physical integrity or safety of a person.
        Person = "person",
        /// Imminent threat to critical infrastructure with such a threat to people.
        CriticalInfrastructure = "critical_infrastructure",
        /// Money or property only: no regime here calls that an emergency.
        Property = "property",
    }
}

words! {
    /// The way a request came in.
    Channel {
        /// ETSI TS 103 120 over mutual TLS.
        Hi1 = "hi1",
        /// The officers' portal.
        Portal = "portal",
        /// Post or mail, filed by intake.
        Manual = "manual",
    }
}

words! {
    /// What proves who sent a request. The two proofs are never called by each other's name.
    Authentication {
        /// Nothing: an envelope or a mailbox proves no one.
        None = "none",
        /// The channel: a client certificate of the agency.
        ByChannel = "by_channel",
        /// The sender's passkey signed this very request.
        Signed = "signed",
    }
}

words! {
    /// The format of an instrument as received.
    Format {
        /// PDF.
        Pdf = "pdf",
        /// Word, old form.
        Doc = "doc",
        /// Word.
        Docx = "docx",
        /// JPEG picture.
        Jpeg = "jpeg",
        /// Paper, scanned by intake.
        Paper = "paper",
        /// XML form.
        Xml = "xml",
        /// JSON message.
        Json = "json",
        /// Plain mail text.
        Text = "text",
    }
}

words! {
    /// The company's service that the data come from.
    Service {
        /// Trading and custody of crypto-assets.
        Exchange = "exchange",
        /// Users write to each other.
        Communication = "communication",
        /// Storing data for the user is the point of the service.
        Storage = "storage",
    }
}

words! {
    /// Categories of data. The first four are those of Regulation (EU) 2023/1543 Art 3(9) to
    /// (12); the last is the company's own ledger, which no category of that Regulation names.
    DataCategory {
        /// Who the user is and what was contracted, means of payment included.
        Subscriber = "subscriber",
        /// Addresses and ports with times, only to identify the user.
        Identification = "identification",
        /// Context of an interaction: log-ins, routing, device places.
        Traffic = "traffic",
        /// Anything else: messages, uploads, pictures.
        Content = "content",
        /// Deposits, withdrawals, trades, balances.
        Transaction = "transaction",
    }
}

words! {
    /// Kinds of selector.
    SelectorKind {
        /// An account of ours.
        AccountId = "account_id",
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// An address on a chain.
        Address = "address",
        /// A transaction on a chain.
        TransactionId = "transaction_id",
        /// A device by the company's own id of it.
        DeviceId = "device_id",
        /// A phone.
        Imei = "imei",
        /// A SIM.
        Imsi = "imsi",
        /// A network card.
        Mac = "mac",
        /// An IP address with port and time.
        IpPort = "ip_port",
        /// An IPv4 address without them, which carrier-grade NAT may share among many.
        Ipv4 = "ipv4",
        /// An IPv6 address without them.
        Ipv6 = "ipv6",
        /// A domain.
        Domain = "domain",
        /// A bank account.
        Iban = "iban",
        /// A payment card.
        Card = "card",
        /// A person's name.
        Name = "name",
    }
}
