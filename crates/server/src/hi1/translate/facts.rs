//! From Authorisation and Documents to the facts of an order. Knows which word means which fact,
//! and no law: an unlikely combination is the rule pack's to refuse.

use desk::ids::Country;
use desk::order::{
    AskKind, Channel, EmergencyKind, Format, InstrumentKind, IssuerType, ListedOffence,
    Notification, Offence, Order, Rank, Service,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::error::{ActionError, ErrorCode};
use super::super::json::shown;
use super::super::object::{Authorisation, Document, Object};
use super::super::value::Word;
use super::super::words::{
    APPROVAL_ISSUER, APPROVAL_VALIDATOR, ORDER_FACT, OWNER, OrderFact, RULE_PACK, issuer_type,
};
use super::{Context, Sender, refusal};

/// Facts of one request, while its objects are read.
pub(super) struct Facts {
    pub(super) order: Order,
    pub(super) rule_pack: String,
    pub(super) reference: String,
    pub(super) legal_basis: Vec<String>,
    pub(super) contacts: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
    /// Emergency said for the request as a whole.
    pub(super) is_emergency: bool,
    pub(super) emergency_kind: Option<EmergencyKind>,
    /// Whether a Document said what sort of paper it is.
    pub(super) names_instrument: bool,
}

/// The longest sentence that a fact may state, in months: a century.
const SENTENCE_MONTHS_MAX: u16 = 1_200;

impl Facts {
    /// What holds when the message says nothing.
    pub(super) fn of_sender(context: &Context<'_>) -> Self {
        let sender = context.sender;
        Self {
            order: Order {
                instrument: InstrumentKind::ProductionOrder,
                issuing_country: country(sender),
                issuer: sender.issuer,
                issuer_rank: None,
                validator: None,
                offence: Offence::default(),
                channel: Channel::Hi1,
                authentication: sender.authentication,
                format: Format::Json,
                issued_on: day(context.sent_at),
                valid_until: None,
                answer_by: None,
                authority_zone: sender.zone.clone(),
                service: sender.service,
                notification: Notification::default(),
                is_test: false,
                asks: Vec::new(),
            },
            rule_pack: sender.rule_pack.clone(),
            reference: String::new(),
            legal_basis: Vec::new(),
            contacts: Vec::new(),
            notes: Vec::new(),
            is_emergency: false,
            emergency_kind: None,
            names_instrument: false,
        }
    }

    /// Facts that hold already, to be corrected.
    fn of_order(order: &Order) -> Self {
        Self {
            order: order.clone(),
            rule_pack: String::new(),
            reference: String::new(),
            legal_basis: Vec::new(),
            contacts: Vec::new(),
            notes: Vec::new(),
            is_emergency: false,
            emergency_kind: order.asks.iter().find_map(|ask| ask.emergency),
            names_instrument: true,
        }
    }

    /// The kind of emergency of an ask, if it is one. A flag without a kind is taken as a threat
    /// to a person, the common core of every regime, and said so in a note.
    pub(super) fn emergency(&mut self, of_task: bool) -> Option<EmergencyKind> {
        if !(of_task || self.is_emergency) {
            return None;
        }
        if self.emergency_kind.is_none() {
            let note = "The message flags an emergency and gives no \
                        COMITY/OrderFact/EmergencyKind: taken as a threat to a person";
            self.note(note.to_owned());
        }
        Some(self.emergency_kind.unwrap_or(EmergencyKind::Person))
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn contact(&mut self, label: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.contacts.push((label.to_owned(), text.to_owned()));
        }
    }

    /// Takes the facts of an Authorisation; `at` is its place in the message.
    pub(super) fn take_authorisation(
        &mut self,
        object: &Authorisation,
        at: &str,
        sender: Option<&Sender>,
    ) -> Result<(), ActionError> {
        if let Some(country) = object.common.country.and_then(|it| Country::parse(it.as_str())) {
            self.order.issuing_country = country;
        }
        if let Some(reference) = &object.reference {
            self.reference = reference.clone();
        }
        if let Some(word) = &object.legal_type {
            self.take_legal_type(word, at, sender)?;
        }
        if let Some(span) = object.timespan {
            self.order.valid_until = span.end.or(self.order.valid_until);
        }
        if let Some(created) = object.created {
            self.order.issued_on = day(created);
        }
        for (index, approval) in object.approvals.iter().enumerate() {
            let at = format!("{at}.auth:AuthorisationApprovalDetails[{index}]");
            self.take_approval(approval, &at)?;
        }
        for (index, flag) in object.flags.iter().enumerate() {
            let at = format!("{at}.auth:AuthorisationFlags.auth:AuthorisationFlag[{index}]");
            let (emergency, test) = self.take_flag(flag, "AuthorisationFlag", &at)?;
            self.is_emergency |= emergency;
            self.order.is_test |= test;
        }
        self.contact("jurisdiction", object.jurisdiction.as_deref());
        self.contact("legal entity", object.legal_entity.as_deref());
        self.contact("information", object.manual.as_deref());
        if let Some(case) = &object.type_of_case {
            // Which offence opens which data is for the facts, never guessed from a topic.
            self.contact("type of case", Some(&case.value));
        }
        Ok(())
    }

    fn take_legal_type(
        &mut self,
        word: &Word,
        at: &str,
        sender: Option<&Sender>,
    ) -> Result<(), ActionError> {
        if word.owner != OWNER || word.name != RULE_PACK {
            self.legal_basis.push(word.value.clone());
            return Ok(());
        }
        let Some(sender) = sender else { return Ok(()) };
        if !sender.rule_packs.contains(&word.value) {
            let at = format!("{at}.auth:AuthorisationLegalType.common:Value");
            let problem = format!(
                "{:?} is not a rule pack of this service; give one of {}",
                shown(&word.value),
                sender.rule_packs.join(", ")
            );
            return Err(refusal(ErrorCode::UNKNOWN_WORD, at, problem));
        }
        self.rule_pack = word.value.clone();
        Ok(())
    }

    fn take_approval(
        &mut self,
        approval: &super::super::value::Approval,
        at: &str,
    ) -> Result<(), ActionError> {
        let role = approval.approver.as_ref().and_then(|approver| approver.role.as_deref());
        let kind = match (approval.kind.as_deref(), role) {
            (Some(APPROVAL_ISSUER | APPROVAL_VALIDATOR), Some(role)) => {
                Some(issuer_type(role).ok_or_else(|| {
                    let words: Vec<&str> =
                        IssuerType::ALL.iter().map(|kind| kind.as_str()).collect();
                    let problem =
                        format!("{:?} is not known; give one of {}", shown(role), words.join(", "));
                    let at = format!("{at}.common:ApproverDetails.common:ApproverRole");
                    refusal(ErrorCode::UNKNOWN_WORD, at, problem)
                })?)
            }
            _ => None,
        };
        let label = match approval.kind.as_deref() {
            Some(APPROVAL_ISSUER) => {
                self.order.issuer = kind.unwrap_or(self.order.issuer);
                self.order.issued_on = approval.at.map_or(self.order.issued_on, day);
                "issuer"
            }
            Some(APPROVAL_VALIDATOR) => {
                self.order.validator = kind.or(self.order.validator);
                "validator"
            }
            _ => "approver",
        };
        self.is_emergency |= approval.emergency == Some(true);
        self.contact(&format!("{label} reference"), approval.reference.as_deref());
        if let Some(approver) = &approval.approver {
            self.contact(label, approver.name.as_deref());
            for contact in &approver.contacts {
                self.contact(&format!("{label} contact"), contact.name.as_deref());
                self.contact(&format!("{label} e-mail"), contact.email.as_deref());
                self.contact(&format!("{label} telephone"), contact.phone.as_deref());
                self.contact(&format!("{label} address"), contact.address.as_deref());
            }
        }
        Ok(())
    }

    /// Whether a flag means an emergency, and whether it means a test.
    pub(super) fn take_flag(
        &mut self,
        flag: &Word,
        dictionary: &str,
        at: &str,
    ) -> Result<(bool, bool), ActionError> {
        const ETSI: &[&str] =
            &["IsEmergency", "IsTest", "IsConsensual", "IsDataAvailable", "IsNonLocal", "IsLocal"];
        if flag.owner != "ETSI" {
            if flag.owner == OWNER {
                let problem = format!("{flag} is not known; flags are words of ETSI/{dictionary}");
                return Err(refusal(ErrorCode::UNKNOWN_WORD, at.to_owned(), problem));
            }
            self.note(format!("The flag {flag} is not known here and was not acted on"));
            return Ok((false, false));
        }
        if flag.name != dictionary || !ETSI.contains(&flag.value.as_str()) {
            let problem =
                format!("{flag} is not a word of ETSI/{dictionary}; use IsEmergency, IsTest");
            return Err(refusal(ErrorCode::UNKNOWN_WORD, at.to_owned(), problem));
        }
        Ok((flag.value == "IsEmergency", flag.value == "IsTest"))
    }

    /// Takes the facts of a Document; `at` is its place in the message.
    pub(super) fn take_document(&mut self, object: &Document, at: &str) -> Result<(), ActionError> {
        if let Some(body) = &object.body
            && body.contents.is_some()
        {
            self.order.format = format_of(body.content_type.as_deref());
        }
        if self.reference.is_empty()
            && let Some(reference) = &object.reference
        {
            self.reference = reference.clone();
        }
        for (index, property) in object.properties.iter().enumerate() {
            let at = format!("{at}.doc:DocumentProperties.doc:DocumentProperty[{index}]");
            let kind = &property.kind;
            if kind.owner != OWNER {
                self.note(format!("The property {kind} is not known here and was not acted on"));
                continue;
            }
            let fact = (kind.name == ORDER_FACT).then(|| OrderFact::from_word(&kind.value));
            let Some(fact) = fact.flatten() else {
                let names: Vec<&str> = OrderFact::ALL.iter().map(|fact| fact.as_str()).collect();
                let problem =
                    format!("{kind} is not known; COMITY/OrderFact has {}", names.join(", "));
                let at = format!("{at}.doc:PropertyType");
                return Err(refusal(ErrorCode::UNKNOWN_WORD, at, problem));
            };
            self.take_fact(fact, &property.value).ok_or_else(|| {
                let problem = format!(
                    "{:?} is not a value of {}; give {}",
                    shown(&property.value),
                    fact.as_str(),
                    fact.values()
                );
                refusal(ErrorCode::WRONG_VALUE, format!("{at}.doc:PropertyValue"), problem)
            })?;
        }
        Ok(())
    }

    fn take_fact(&mut self, fact: OrderFact, value: &str) -> Option<()> {
        let order = &mut self.order;
        let yes_no = || match value {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        let months = || {
            let plain = value.bytes().all(|byte| byte.is_ascii_digit());
            let months: u16 = plain.then(|| value.parse().ok())??;
            (months <= SENTENCE_MONTHS_MAX).then_some(months)
        };
        match fact {
            OrderFact::Instrument => {
                order.instrument = InstrumentKind::from_word(value)?;
                self.names_instrument = true;
            }
            OrderFact::IssuerRank => order.issuer_rank = Some(Rank::from_word(value)?),
            OrderFact::SentenceMaxMonths => order.offence.sentence_max_months = Some(months()?),
            OrderFact::ListedOffence => {
                order.offence.listed = Some(ListedOffence::from_word(value)?);
            }
            OrderFact::ByInformationSystem => order.offence.by_information_system = yes_no()?,
            OrderFact::ExecutedSentenceMonths => {
                order.offence.executed_sentence_months = Some(months()?);
            }
            OrderFact::IssuedOn => order.issued_on = date(value)?,
            OrderFact::AuthorityZone => {
                TimeZone::get(value).ok()?;
                order.authority_zone = Some(value.to_owned());
            }
            OrderFact::Service => order.service = Service::from_word(value)?,
            OrderFact::EnforcingAuthorityNotified => order.notification.is_notified = yes_no()?,
            OrderFact::OffenceInIssuingState => {
                order.notification.offence_in_issuing_state = yes_no()?;
            }
            OrderFact::PersonInIssuingState => {
                order.notification.person_in_issuing_state = yes_no()?;
            }
            OrderFact::EmergencyKind => {
                self.emergency_kind = Some(EmergencyKind::from_word(value)?)
            }
            OrderFact::CaseNumber => self.contact("case number", Some(value)),
        }
        Some(())
    }
}

/// The facts of an order after an agency's correction: members that the new objects do not have
/// stay as they are. What a task asks is not among them: such an UPDATE is refused earlier.
///
/// # Errors
/// The first fact that cannot be read, with its place inside the object.
pub fn corrected(order: &Order, changes: &[Object]) -> Result<Order, ActionError> {
    let mut facts = Facts::of_order(order);
    for change in changes {
        match change {
            Object::Authorisation(object) => {
                facts.take_authorisation(object, "$.UPDATE.HI1Object", None)?;
            }
            Object::Document(object) => facts.take_document(object, "$.CREATE.HI1Object")?,
            _ => {}
        }
    }
    for ask in &mut facts.order.asks {
        let may_be_urgent =
            matches!(ask.kind(), AskKind::Disclose | AskKind::Preserve | AskKind::Freeze);
        if ask.emergency.is_some() || (facts.is_emergency && may_be_urgent) {
            ask.emergency = facts.emergency_kind.or(Some(EmergencyKind::Person));
        }
    }
    Ok(facts.order)
}

fn country(sender: &Sender) -> Country {
    Country::parse(sender.country.as_str()).expect("both crates read two capital letters")
}

/// The day of a moment in UTC: HI-1 gives moments, instruments give days.
fn day(moment: jiff::Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

/// A date from 1970 to 9999 as `2026-11-22`.
fn date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let plain = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date: Date = plain.then(|| text.parse().ok())??;
    (date.year() >= super::super::limits::YEAR_MIN).then_some(date)
}

fn format_of(media_type: Option<&str>) -> Format {
    let media_type = media_type.unwrap_or_default();
    match media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/pdf" => Format::Pdf,
        "application/msword" => Format::Doc,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Format::Docx,
        "image/jpeg" => Format::Jpeg,
        "application/xml" | "text/xml" => Format::Xml,
        "application/json" => Format::Json,
        _ => Format::Text,
    }
}
