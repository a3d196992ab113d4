//! The form of an order: what an officer types in the portal, and intake from paper.
//!
//! Knows no law: whether the order will be accepted is asked of `desk::check`. What cannot be read
//! is a mistake beside its field; a line of selectors that cannot be read is named with its number.

use std::collections::{BTreeMap, BTreeSet};

use desk::ids::{Amount, AskNumber, Asset};
use desk::order::{
    Ask, AskKind, Authentication, Channel, DataCategory, Demand, EmergencyKind, Format,
    InstrumentKind, IssuerType, ListedOffence, Notification, Offence, Order, Rank, Scope,
    SelectorKind as DeskKind, Service, TimeRange,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use records::{Selector, read_many};
use serde::{Deserialize, Serialize};
use server::directory::Agency;
use server::payload::SelectorValue;
use server::selector::desk_kind;

use crate::form::{File, Mistakes};
use crate::frame::Frame;

/// Lines that cannot be read, named one by one; more are counted.
const UNREADABLE_SHOWN_MAX: usize = 10;
/// Selectors of one order.
const SELECTORS_COUNT_MAX: usize = 10_000;

/// What was typed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderForm {
    /// The agency, for intake.
    pub agency: String,
    /// What sort of paper it is.
    pub instrument: String,
    /// What the issuer is.
    pub issuer: String,
    /// The issuer's rank.
    pub rank: String,
    /// What the validator is.
    pub validator: String,
    /// A listed offence.
    pub listed: String,
    /// The highest sentence, in months.
    pub sentence: String,
    /// The date on the paper.
    pub issued_on: String,
    /// The authority's reference.
    pub reference: String,
    /// Law and article.
    pub legal_basis: String,
    /// What is asked.
    pub asks: Vec<String>,
    /// Categories of data.
    pub categories: Vec<String>,
    /// First day of the records meant.
    pub from: String,
    /// Last day of the records meant.
    pub to: String,
    /// Selectors, one a line; `kind,value` or a value alone.
    pub selectors: String,
    /// Account to freeze.
    pub account: String,
    /// Asset to freeze.
    pub asset: String,
    /// The most that may be frozen, in smallest units.
    pub amount: String,
    /// The kind of emergency, if any.
    pub emergency: String,
    /// Practice.
    pub is_test: String,
    /// What is said with a correction.
    pub said: String,
    /// The ask that is corrected, if one is; only this site says so.
    pub corrects: String,
    /// Which button was pressed.
    #[serde(skip_serializing)]
    pub step: String,
    /// Name of the draft that holds the files so far.
    #[serde(skip_serializing)]
    pub draft: String,
    /// How often the draft had been kept when the page was made.
    #[serde(skip_serializing)]
    pub revision: String,
    /// Name of the page, used once.
    #[serde(skip_serializing)]
    pub page: String,
    /// How often the page has sent the form before; only a script counts.
    #[serde(skip_serializing)]
    pub turn: String,
    /// Files to take out of the draft, by their place in it.
    #[serde(skip_serializing)]
    pub dropped: Vec<String>,
    /// Names of files that are chosen and not sent yet; only a script says so.
    #[serde(skip_serializing)]
    pub chosen: Vec<String>,
}

/// An order as read.
#[derive(Clone, Debug)]
pub struct ReadOrder {
    /// The facts.
    pub order: Order,
    /// Selectors, by ask.
    pub selectors: Vec<SelectorValue>,
    /// The same, as the records know them.
    pub known: Vec<(AskNumber, Selector)>,
    /// Accounts to freeze, by ask.
    pub accounts: Vec<(AskNumber, String)>,
}

/// What is known of the paper itself.
#[derive(Clone, Copy, Debug)]
pub enum Paper<'a> {
    /// It comes with the form.
    Files(&'a [File]),
    /// It came with the request that the form corrects.
    Known,
}

/// The words that lists of the form offer.
pub struct Words {
    /// Sorts of paper.
    pub instruments: &'static [InstrumentKind],
    /// Issuers and validators.
    pub issuers: &'static [IssuerType],
    /// Ranks.
    pub ranks: &'static [Rank],
    /// Listed offences.
    pub offences: &'static [ListedOffence],
    /// What can be asked.
    pub asks: [AskKind; 4],
    /// Categories of data.
    pub categories: &'static [DataCategory],
    /// Emergencies.
    pub emergencies: &'static [EmergencyKind],
}

impl Words {
    /// All of them.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            instruments: InstrumentKind::ALL,
            issuers: IssuerType::ALL,
            ranks: Rank::ALL,
            offences: ListedOffence::ALL,
            asks: [AskKind::Disclose, AskKind::Preserve, AskKind::Freeze, AskKind::NonDisclosure],
            categories: DataCategory::ALL,
            emergencies: EmergencyKind::ALL,
        }
    }
}

impl OrderForm {
    /// Whether an ask is ticked.
    #[must_use]
    pub fn asks_for(&self, kind: &AskKind) -> bool {
        self.asks.iter().any(|word| word == kind.as_str())
    }

    /// Whether the form has fields for records: a correction has those of its own ask only.
    #[must_use]
    pub fn may_name_records(&self) -> bool {
        self.corrects.is_empty()
            || self.asks_for(&AskKind::Disclose)
            || self.asks_for(&AskKind::Preserve)
    }

    /// Whether the form has fields for an account, asset and amount.
    #[must_use]
    pub fn may_name_money(&self) -> bool {
        self.corrects.is_empty() || self.asks_for(&AskKind::Freeze)
    }

    /// Whether the fields of a freeze are to be seen at once.
    #[must_use]
    pub fn names_money(&self) -> bool {
        let typed = [&self.account, &self.asset, &self.amount];
        self.asks_for(&AskKind::Freeze) || typed.iter().any(|text| !text.is_empty())
    }

    /// Whether a category is ticked.
    #[must_use]
    pub fn has_category(&self, category: &DataCategory) -> bool {
        self.categories.iter().any(|word| word == category.as_str())
    }

    /// The order, or `None` with the mistakes named.
    pub fn read(
        &self,
        frame: &Frame,
        agency: &Agency,
        paper: Paper<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<ReadOrder> {
        let instrument = InstrumentKind::from_word(&self.instrument);
        let issuer = IssuerType::from_word(&self.issuer);
        let issued_on = self.issued_on.trim().parse::<Date>().ok();
        let missing = [
            ("instrument", "order-instrument-missing", instrument.is_none()),
            ("issuer", "order-issuer-missing", issuer.is_none()),
            ("issued_on", "order-date-wrong", issued_on.is_none()),
            ("reference", "order-reference-missing", self.reference.trim().is_empty()),
            ("asks", "order-asks-missing", self.asks.is_empty()),
        ];
        for (field, key, _) in missing.into_iter().filter(|(.., is_missing)| *is_missing) {
            mistakes.add(field, frame.say(key));
        }
        // A package holds the order it answers.
        if self.asks_for(&AskKind::Disclose) && matches!(paper, Paper::Files([])) {
            mistakes.add("files", frame.say("order-files-missing"));
        }
        let selectors = self.selectors(frame, mistakes);
        let range = self.range(frame, mistakes);
        let asks = self.demands(frame, &selectors, range, mistakes);
        let issuing_country = desk::ids::Country::parse(&agency.country)?;
        if !mistakes.is_empty() {
            return None;
        }
        let order = Order {
            instrument: instrument?,
            issuing_country,
            issuer: issuer?,
            issuer_rank: Rank::from_word(&self.rank),
            validator: IssuerType::from_word(&self.validator),
            offence: self.offence(),
            channel: Channel::Manual,
            authentication: Authentication::None,
            format: format(paper),
            issued_on: issued_on?,
            valid_until: None,
            answer_by: None,
            authority_zone: None,
            service: Service::Exchange,
            notification: Notification::default(),
            is_test: !self.is_test.is_empty(),
            asks,
        };
        Some(with_numbers(order, &selectors, self.account.trim()))
    }

    fn offence(&self) -> Offence {
        Offence {
            sentence_max_months: self.sentence.trim().parse().ok(),
            listed: ListedOffence::from_word(&self.listed),
            ..Offence::default()
        }
    }

    fn range(&self, frame: &Frame, mistakes: &mut Mistakes) -> Option<TimeRange> {
        if self.from.trim().is_empty() && self.to.trim().is_empty() {
            return None;
        }
        let midnight = |text: &str, days: i64| {
            let date = text.trim().parse::<Date>().ok()?;
            let date = date.checked_add(jiff::Span::new().days(days)).ok()?;
            Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
        };
        match (midnight(&self.from, 0), midnight(&self.to, 1)) {
            (Some(from), Some(to)) if from < to => Some(TimeRange { from, to }),
            _ => {
                mistakes.add("from", frame.say("order-range-wrong"));
                None
            }
        }
    }

    fn demands(
        &self,
        frame: &Frame,
        selectors: &BTreeSet<Selector>,
        range: Option<TimeRange>,
        mistakes: &mut Mistakes,
    ) -> Vec<Ask> {
        let categories: BTreeSet<DataCategory> =
            self.categories.iter().filter_map(|word| DataCategory::from_word(word)).collect();
        let wants_records = self.asks_for(&AskKind::Disclose) || self.asks_for(&AskKind::Preserve);
        if wants_records && categories.is_empty() {
            mistakes.add("categories", frame.say("order-categories-missing"));
        }
        if wants_records && selectors.is_empty() && mistakes.of("selectors").is_none() {
            mistakes.add("selectors", frame.say("order-selectors-missing"));
        }
        let mut counts: BTreeMap<DeskKind, u32> = BTreeMap::new();
        for selector in selectors {
            *counts.entry(desk_kind(selector)).or_default() += 1;
        }
        let scope = Scope { selectors: counts, categories, range };
        let amount = self.amount.trim();
        let asset = Asset::parse(self.asset.trim());
        if self.asks_for(&AskKind::Freeze) {
            if self.account.trim().is_empty() {
                mistakes.add("account", frame.say("order-account-missing"));
            }
            if amount.parse::<u128>().is_err() || asset.is_none() {
                mistakes.add("amount", frame.say("order-amount-wrong"));
            }
        }
        let emergency = EmergencyKind::from_word(&self.emergency);
        let demand = |kind: AskKind| match kind {
            AskKind::Disclose => Some(Demand::Disclose { scope: scope.clone() }),
            AskKind::Preserve => Some(Demand::Preserve { scope: scope.clone(), until: None }),
            AskKind::Freeze => Some(Demand::Freeze {
                asset: asset.clone(),
                amount: amount.parse().ok().map(Amount),
                until: None,
            }),
            AskKind::NonDisclosure => Some(Demand::NonDisclosure { until: None }),
            AskKind::Unfreeze => None,
        };
        let kinds = Words::all().asks.into_iter().filter(|kind| self.asks_for(kind));
        let asks = kinds.filter_map(demand);
        asks.map(|demand| Ask { emergency: emergency_of(&demand, emergency), demand }).collect()
    }

    /// Every selector once, in its normal spelling; what cannot be read is named by its line.
    fn selectors(&self, frame: &Frame, mistakes: &mut Mistakes) -> BTreeSet<Selector> {
        let read = read_many(&self.selectors, None);
        let mut wrong = Vec::new();
        for line in read.unreadable.iter().take(UNREADABLE_SHOWN_MAX) {
            let (number, hint) = (line.line.to_string(), line.hint.as_str());
            let said = frame.words.say_with("order-line", &[("line", &number), ("hint", hint)]);
            wrong.push(format!("{said}: {}", frame.words.line_flaw(&line.flaw)));
        }
        if read.unreadable.len() > UNREADABLE_SHOWN_MAX {
            let more = read.unreadable.len() - UNREADABLE_SHOWN_MAX;
            wrong.push(frame.say1("order-lines-more", "count", more));
        }
        if !wrong.is_empty() {
            mistakes.add("selectors", wrong.join(" · "));
        }
        if read.selectors.len() > SELECTORS_COUNT_MAX || read.beyond_limit_count > 0 {
            let text = frame.say1("order-selectors-many", "most", SELECTORS_COUNT_MAX);
            mistakes.add("selectors", text);
        }
        read.selectors.into_iter().collect()
    }

    /// A form filled in as one ask of a request stands, to be corrected.
    #[must_use]
    pub fn of_ask(case: &server::app::case::Case, ask: AskNumber) -> Self {
        let mut only = case.clone();
        if let Some(order) = &mut only.request.order {
            let kept = order.ask(ask).cloned();
            order.asks = kept.into_iter().collect();
        }
        if let Some(received) = &mut only.received {
            received.selectors.retain(|selector| selector.ask == ask.0);
            received.accounts.retain(|account| account.ask == ask.0);
        }
        Self::of(&only)
    }

    /// A form filled in as an earlier request was, to be corrected and sent anew.
    #[must_use]
    pub fn of(case: &server::app::case::Case) -> Self {
        let Some(order) = &case.request.order else { return Self::default() };
        let received = case.received.clone().unwrap_or_default();
        let word = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let mut form = Self {
            instrument: order.instrument.as_str().to_owned(),
            issuer: order.issuer.as_str().to_owned(),
            rank: word(order.issuer_rank.map(|rank| rank.as_str())),
            validator: word(order.validator.map(|validator| validator.as_str())),
            listed: word(order.offence.listed.map(|listed| listed.as_str())),
            sentence: order.offence.sentence_max_months.map_or_else(String::new, |m| m.to_string()),
            issued_on: order.issued_on.to_string(),
            reference: received.reference,
            legal_basis: received.legal_basis,
            is_test: if order.is_test { "yes".to_owned() } else { String::new() },
            account: received.accounts.first().map(|a| a.account.clone()).unwrap_or_default(),
            ..Self::default()
        };
        let mut lines = BTreeSet::new();
        for selector in &received.selectors {
            lines.insert(format!("{},{}", selector.kind, selector.value));
        }
        form.selectors = lines.into_iter().collect::<Vec<_>>().join("\n");
        for ask in &order.asks {
            form.asks.push(ask.kind().as_str().to_owned());
            if let Some(kind) = ask.emergency {
                form.emergency = kind.as_str().to_owned();
            }
            if let Some(scope) = ask.scope() {
                form.categories = scope.categories.iter().map(|c| c.as_str().to_owned()).collect();
                form.take_range(scope.range);
            }
            if let Demand::Freeze { asset, amount, .. } = &ask.demand {
                form.asset = asset.as_ref().map(ToString::to_string).unwrap_or_default();
                form.amount = amount.map(|amount| amount.0.to_string()).unwrap_or_default();
            }
        }
        form
    }

    /// Days as typed: the last one included.
    fn take_range(&mut self, range: Option<TimeRange>) {
        let Some(range) = range else { return };
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let last = range.to.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(range.to);
        (self.from, self.to) = (day(range.from).to_string(), day(last).to_string());
    }
}

/// Emergencies are about handing over, never about silence.
fn emergency_of(demand: &Demand, emergency: Option<EmergencyKind>) -> Option<EmergencyKind> {
    match demand {
        Demand::Disclose { .. } | Demand::Freeze { .. } => emergency,
        _ => None,
    }
}

fn format(paper: Paper<'_>) -> Format {
    let first = match paper {
        Paper::Files(files) => files.first(),
        Paper::Known => None,
    };
    match first.map(|file| file.bytes.as_slice()) {
        Some(bytes) if bytes.starts_with(b"%PDF-") => Format::Pdf,
        Some([0xff, 0xd8, ..]) => Format::Jpeg,
        Some(bytes) if bytes.starts_with(b"<?xml") => Format::Xml,
        Some(_) => Format::Paper,
        None => Format::Text,
    }
}

/// Every ask for records gets the order's selectors.
fn with_numbers(order: Order, selectors: &BTreeSet<Selector>, account: &str) -> ReadOrder {
    let (mut values, mut known, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
    for (number, ask) in order.numbered() {
        if ask.scope().is_some() {
            for selector in selectors {
                known.push((number, selector.clone()));
                values.push(SelectorValue {
                    ask: number.0,
                    kind: selector.kind().as_str().to_owned(),
                    value: selector.value().to_owned(),
                });
            }
        }
        if ask.kind() == AskKind::Freeze {
            accounts.push((number, account.to_owned()));
        }
    }
    ReadOrder { order, selectors: values, known, accounts }
}
