//! People, orders and a little stage on which commands are played.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::{BTreeMap, BTreeSet};

use desk::ids::{
    ActorId, AgencyId, Amount, AskNumber, Asset, Country, Digest, ExhibitNumber, KeyId, RequestId,
    StaffId,
};
use desk::order::{
    Ask, Authentication, Channel, DataCategory, Demand, EmergencyKind, Format, InstrumentKind,
    IssuerType, Offence, Order, Scope, SelectorKind, Service, TimeRange,
};
use desk::pack::{RulePack, embedded};
use desk::policy::{Actor, Facts, Role, Standing, permit};
use desk::record;
use desk::request::{
    Answer, Command, Event, IdentityMethod, Outcome, Refusal, Request, decide, evolve,
};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

pub const REQUEST: RequestId = RequestId(Uuid::from_u128(0x1));
pub const AGENCY: AgencyId = AgencyId(Uuid::from_u128(0xA));
pub const KEY: KeyId = KeyId(Uuid::from_u128(0xE));

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A Monday morning.
pub const RECEIVED: &str = "2026-11-23T09:00:00Z";

pub fn staff(number: u128, roles: &[Role]) -> Actor {
    let id = ActorId::Staff(StaffId(Uuid::from_u128(0x100 + number)));
    Actor { id, roles: roles.iter().copied().collect(), agency: None }
}

pub fn vera() -> Actor {
    staff(1, &[Role::Verifier])
}
pub fn carl() -> Actor {
    staff(2, &[Role::Counsel])
}
pub fn anna() -> Actor {
    staff(3, &[Role::Analyst])
}
pub fn bo() -> Actor {
    staff(4, &[Role::Approver])
}
pub fn one() -> Actor {
    staff(5, &[Role::OnCall])
}
pub fn two() -> Actor {
    staff(6, &[Role::OnCall])
}
pub fn ina() -> Actor {
    staff(7, &[Role::Intake])
}
/// Has every role that staff can have: the state machine must hold all the same.
pub fn all_roles(number: u128) -> Actor {
    staff(
        number,
        &[
            Role::Verifier,
            Role::Counsel,
            Role::Analyst,
            Role::Approver,
            Role::OnCall,
            Role::Intake,
            Role::Administrator,
        ],
    )
}
pub fn officer() -> Actor {
    Actor { id: ActorId::Key(KEY), roles: BTreeSet::from([Role::Officer]), agency: Some(AGENCY) }
}
pub fn system() -> Actor {
    Actor::system()
}

pub fn pack(id: &str) -> &'static RulePack {
    embedded(id).expect("an embedded pack")
}
pub fn eu() -> &'static RulePack {
    pack("eu-e-evidence-2023-1543")
}
pub fn sg() -> &'static RulePack {
    pack("sg-cpc-2010")
}
pub fn us() -> &'static RulePack {
    pack("us-sca")
}
pub fn generic() -> &'static RulePack {
    pack("generic")
}

pub fn scope(categories: &[DataCategory]) -> Scope {
    Scope {
        selectors: BTreeMap::from([(SelectorKind::AccountId, 1)]),
        categories: categories.iter().copied().collect(),
        range: Some(TimeRange { from: at("2026-01-01T00:00:00Z"), to: at("2026-07-01T00:00:00Z") }),
    }
}

pub fn disclose(categories: &[DataCategory]) -> Ask {
    Ask { demand: Demand::Disclose { scope: scope(categories) }, emergency: None }
}
pub fn urgent(categories: &[DataCategory]) -> Ask {
    Ask { emergency: Some(EmergencyKind::Person), ..disclose(categories) }
}
pub fn preserve() -> Ask {
    let scope = scope(&[DataCategory::Subscriber, DataCategory::Transaction]);
    Ask { demand: Demand::Preserve { scope, until: None }, emergency: None }
}
pub fn freeze(until: Option<&str>) -> Ask {
    let demand = Demand::Freeze {
        asset: Asset::parse("BTC"),
        amount: Some(Amount(150_000_000)),
        until: until.map(at),
    };
    Ask { demand, emergency: None }
}
pub fn unfreeze(freeze: u16) -> Ask {
    let demand = Demand::Unfreeze { request: None, freeze: AskNumber(freeze) };
    Ask { demand, emergency: None }
}
pub fn silence(until: Option<&str>) -> Ask {
    Ask { demand: Demand::NonDisclosure { until: until.map(at) }, emergency: None }
}

/// A sound order of an instrument; each test changes what it is about.
pub fn order(instrument: InstrumentKind, country: &str, asks: Vec<Ask>) -> Order {
    Order {
        instrument,
        issuing_country: Country::parse(country).expect("a country"),
        issuer: IssuerType::Judge,
        issuer_rank: None,
        validator: None,
        offence: Offence { sentence_max_months: Some(60), ..Offence::default() },
        channel: Channel::Hi1,
        authentication: Authentication::ByChannel,
        format: Format::Pdf,
        issued_on: "2026-11-20".parse().expect("a date"),
        valid_until: None,
        answer_by: None,
        authority_zone: None,
        service: Service::Communication,
        notification: desk::order::Notification::default(),
        is_test: false,
        asks,
    }
}
pub fn epoc(asks: Vec<Ask>) -> Order {
    order(InstrumentKind::Epoc, "DE", asks)
}

pub fn digest(byte: u8) -> Digest {
    Digest([byte; 32])
}
pub fn ask(number: u16) -> AskNumber {
    AskNumber(number)
}
pub fn asks(numbers: &[u16]) -> Vec<AskNumber> {
    numbers.iter().copied().map(AskNumber).collect()
}

pub fn receive(order: Order) -> Command {
    let key = (order.channel != Channel::Manual).then_some(KEY);
    Command::Receive {
        request: REQUEST,
        agency: Some(AGENCY),
        key,
        order: Box::new(order),
        instrument_sha256: digest(0x11),
    }
}
pub fn verify() -> Command {
    Command::VerifyIdentity { method: IdentityMethod::ClientCertificate }
}
pub fn accept(number: u16) -> Command {
    Command::AcceptLegal { ask: ask(number), despite: Vec::new() }
}
pub fn search(number: u16) -> Command {
    Command::StartSearch { ask: ask(number) }
}
pub fn exhibit(number: u16, exhibit: u16, category: DataCategory, rows: u64) -> Command {
    Command::AddExhibit {
        ask: ask(number),
        exhibit: ExhibitNumber(exhibit),
        category,
        exhibit_sha256: digest(0x22),
        rows,
        withheld: 0,
    }
}
pub fn assemble(number: u16, outcome: Outcome) -> Command {
    let answers = vec![Answer { ask: ask(number), outcome, missing: Vec::new() }];
    Command::Assemble { answers, tagmanifest_sha256: digest(0x33) }
}
pub fn approve(number: u16) -> Command {
    Command::Approve { asks: asks(&[number]), tagmanifest_sha256: digest(0x33) }
}
pub fn seal(number: u16) -> Command {
    Command::Seal {
        asks: asks(&[number]),
        tagmanifest_sha256: digest(0x33),
        p7s_sha256: digest(0x44),
        tsr_sha256: None,
        chain_sha256: digest(0x55),
    }
}
pub fn deliver(number: u16) -> Command {
    Command::Deliver {
        asks: asks(&[number]),
        package_sha256: digest(0x66),
        encrypted_sha256: digest(0x77),
    }
}
pub fn acknowledge(number: u16) -> Command {
    Command::Acknowledge { asks: asks(&[number]), package_sha256: digest(0x66) }
}
pub fn keep(number: u16) -> Command {
    Command::Preserve {
        ask: ask(number),
        exhibit: ExhibitNumber(90),
        exhibit_sha256: digest(0x99),
        rows: 12,
    }
}

/// A request, its events so far and the time.
pub struct Stage {
    pub request: Request,
    pub pack: &'static RulePack,
    pub now: Timestamp,
    pub events: Vec<Event>,
}

impl Stage {
    pub fn new(pack: &'static RulePack) -> Self {
        Self { request: Request::default(), pack, now: at(RECEIVED), events: Vec::new() }
    }

    /// Files an order and proves its sender.
    pub fn verified(pack: &'static RulePack, order: Order) -> Self {
        Self::new(pack).then(&officer(), receive(order)).then(&vera(), verify())
    }

    /// An order whose first ask is sealed, with `rows` rows of `category`.
    pub fn sealed(pack: &'static RulePack, order: Order, category: DataCategory) -> Self {
        Self::verified(pack, order)
            .then(&carl(), accept(1))
            .then(&anna(), search(1))
            .then(&anna(), exhibit(1, 1, category, 3))
            .then(&anna(), assemble(1, Outcome::Full))
            .then(&bo(), approve(1))
            .then(&system(), seal(1))
    }

    pub fn hours(mut self, hours: i64) -> Self {
        self.now = self.now.checked_add(hours.hours()).expect("a time");
        self
    }

    pub fn until(mut self, time: &str) -> Self {
        self.now = at(time);
        self
    }

    /// Plays a command that must succeed.
    pub fn then(mut self, actor: &Actor, command: Command) -> Self {
        if let Err(no) = self.play(actor, &command) {
            panic!("{command:?}: {no}");
        }
        self
    }

    /// Plays a command; `Err` is a refusal or a missing permit in words.
    pub fn play(&mut self, actor: &Actor, command: &Command) -> Result<Vec<Event>, String> {
        let facts = match command {
            Command::Receive { request, agency, order, .. } => Facts {
                has_emergency: order.has_emergency(),
                ..Facts::new_request(*request, *agency, Standing::default())
            },
            _ => Facts::of(&self.request, Standing::default()),
        };
        let Some(permit) = permit(actor, command.action(), &facts) else {
            return Err("no permit".to_owned());
        };
        let events = decide(&self.request, command, &permit, self.pack, self.now)
            .map_err(|refusal: Refusal| refusal.to_string())?;
        for event in &events {
            self.request = evolve(std::mem::take(&mut self.request), event, self.now);
        }
        self.events.extend(events.iter().cloned());
        Ok(events)
    }

    /// What a command yields, and the state of every ask after it, in words.
    pub fn when(mut self, actor: &Actor, command: Command) -> String {
        let mut text = match self.play(actor, &command) {
            Ok(events) => events.iter().map(|event| format!("{}\n", brief(event))).collect(),
            Err(no) => format!("refused: {no}\n"),
        };
        let stages: Vec<&str> =
            self.request.asks.iter().map(|ask| ask.stage_at(self.now).name()).collect();
        text.push_str(&format!("=> {}\n", stages.join(", ")));
        text
    }
}

/// An event in one line: its kind and what is worth reading.
pub fn brief(event: &Event) -> String {
    let mut json: serde_json::Value =
        serde_json::from_str(&record::encode(event)).expect("our own JSON");
    let fields = json.as_object_mut().expect("an object");
    let mut text = fields["kind"].as_str().unwrap_or_default().to_owned();
    if let Event::ClockStarted { ask, clock } = event {
        return format!(
            "{text} {ask} {} {} {} ({})",
            clock.name, clock.kind, clock.due, clock.article
        );
    }
    for boring in ["kind", "by", "order", "pack", "request", "agency", "key", "effect"] {
        fields.remove(boring);
    }
    for (name, value) in fields.iter() {
        if value.is_null() || name.ends_with("sha256") {
            continue;
        }
        text.push_str(&format!(" {name}={}", value.to_string().replace('"', "")));
    }
    text
}
