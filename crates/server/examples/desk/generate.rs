//! Requests by the hundred thousand: one in ten open, one in a thousand an emergency, a few of each
//! rare kind, most of them long closed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use desk::ids::{ActorId, Amount, AskNumber, Asset, Country, Digest, RequestId, StaffId};
use desk::order::{
    Ask, Authentication, Channel, DataCategory, Demand, EmergencyKind, Format, InstrumentKind,
    IssuerType, Notification, Offence, Order, Scope, SelectorKind, Service, TimeRange,
};
use desk::policy::{Actor, Facts, permit};
use desk::request::{Command, Event, IdentityMethod, RefusalCode, Request, decide, evolve};
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use server::app::derived;
use server::payload::{Received, Said, SelectorValue};
use server::view;
use store::{Append, ExpectedSeq, NewEvent};
use uuid::Uuid;

use crate::deployment::Deployment;

/// Acts that wait for the writer at once.
const IN_FLIGHT: usize = 512;
/// Accounts that are asked about; a popular one is in many requests.
pub const ACCOUNTS: u64 = 400_000;
/// Requests are spread over so many hours before now.
const HOURS: i64 = 4 * 365 * 24;
/// One request in so many has not ended.
const OPEN_OF: u64 = 10;

/// What was made.
pub struct Made {
    pub events: u64,
    /// Somebody who works on a twentieth of what is open.
    pub colleague: StaffId,
}

/// The name of a request by its number: neighbours in time, as real ones are.
pub fn id(number: u64) -> RequestId {
    RequestId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + u128::from(number)))
}

/// The account that a number stands for.
pub fn account(number: u64) -> String {
    format!("LX-{number:06}")
}

/// The reference of a request.
pub fn reference(number: u64) -> String {
    format!("{} Gs {}/26", 1 + number % 97, 10_000 + number)
}

/// Fills the store.
pub async fn fill(deployment: &Deployment, requests: u64, seed: u64) -> Result<Made> {
    let ActorId::Staff(colleague) = deployment.analyst.id else {
        anyhow::bail!("the analyst is of the staff");
    };
    let acts = (0..requests).map(|number| act(deployment, number, seed, colleague));
    let store = &deployment.node.store;
    let appended = futures_util::stream::iter(acts).map(|act| async {
        let act = act?;
        let events = act.events.len() as u64;
        store.append(act).await?;
        anyhow::Ok(events)
    });
    let events = appended
        .buffer_unordered(IN_FLIGHT)
        .try_fold((0, 0u64), async |(sum, count), events| {
            if (count + 1).is_multiple_of(100_000) {
                eprintln!("{} requests", count + 1);
            }
            Ok((sum + events, count + 1))
        })
        .await?;
    Ok(Made { events: events.0, colleague })
}

fn act(deployment: &Deployment, number: u64, seed: u64, colleague: StaffId) -> Result<Append> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let agency = &deployment.agencies[(number % 4) as usize];
    let ago = SignedDuration::from_mins(rng.random_range(0..HOURS * 60));
    let is_open = number.is_multiple_of(OPEN_OF);
    let ago = if is_open { ago / 200 } else { ago };
    let at = Timestamp::now().checked_sub(ago)?;
    let pack = desk::pack::embedded(agency.regime.pack).context("an embedded pack")?;
    let mut history = History { request: Request::default(), events: Vec::new(), pack, at };
    let request = id(number);
    let officer = agency.actor.clone();
    let key = match officer.id {
        ActorId::Key(key) => Some(key),
        _ => None,
    };
    let order = order(&mut rng, number, agency.regime.country, at)?;
    let asks: Vec<AskNumber> = order.numbered().map(|(ask, _)| ask).collect();
    let receive = Command::Receive {
        request,
        agency: officer.agency,
        key,
        order: Box::new(order),
        instrument_sha256: Digest([1; 32]),
    };
    history.play(&officer, receive)?;
    let stage = if is_open { rng.random_range(0..3) } else { 3 };
    let verifier = &deployment.verifier;
    if stage >= 1 {
        history.play(verifier, Command::StartIdentityCheck)?;
        let method = IdentityMethod::ClientCertificate;
        history.play(verifier, Command::VerifyIdentity { method })?;
    }
    if stage >= 1 && rng.random_range(0..20) == 0 {
        history.play(verifier, Command::Assign { to: Some(colleague) })?;
    }
    if stage == 3 {
        for ask in asks {
            let refuse = Command::Refuse { ask, code: RefusalCode::OverBroad };
            // What needs no answer has ended by itself.
            let _ = history.play(&deployment.counsel, refuse);
        }
    }
    let payload = payload(&mut rng, number);
    let said = Said { text: format!("Please narrow the period, see {}", reference(number)) };
    history.append(request, &payload, &said)
}

fn order(rng: &mut ChaCha8Rng, number: u64, country: &str, at: Timestamp) -> Result<Order> {
    let scope = Scope {
        selectors: BTreeMap::from([(SelectorKind::AccountId, 1)]),
        categories: BTreeSet::from([DataCategory::Subscriber]),
        range: Some(TimeRange { from: at.checked_sub(SignedDuration::from_hours(2_400))?, to: at }),
    };
    let demand = match number % 1_000 {
        0..=849 => Demand::Disclose { scope },
        850..=949 => Demand::Preserve { scope, until: None },
        950..=998 => Demand::Freeze {
            asset: Asset::parse("BTC"),
            amount: Some(Amount(rng.random_range(1..1_000_000_000))),
            until: None,
        },
        _ => Demand::NonDisclosure { until: Some(at.checked_add(SignedDuration::from_hours(99))?) },
    };
    let emergency = (number % 1_000 == 10).then_some(EmergencyKind::Person);
    Ok(Order {
        instrument: InstrumentKind::ProductionOrder,
        issuing_country: Country::parse(country).context("a country")?,
        issuer: IssuerType::Judge,
        issuer_rank: None,
        validator: None,
        offence: Offence { sentence_max_months: Some(60), ..Offence::default() },
        channel: Channel::Hi1,
        authentication: Authentication::ByChannel,
        format: Format::Pdf,
        issued_on: at.to_zoned(jiff::tz::TimeZone::UTC).date(),
        valid_until: None,
        answer_by: None,
        authority_zone: None,
        service: Service::Communication,
        notification: Notification::default(),
        is_test: false,
        asks: vec![Ask { demand, emergency }],
    })
}

fn payload(rng: &mut ChaCha8Rng, number: u64) -> Received {
    let account = account(rng.random_range(0..ACCOUNTS));
    let email = format!("{}.{}@example.org", NAMES[(number % 16) as usize], number / 16);
    let selector = |kind: &str, value: String| SelectorValue { ask: 1, kind: kind.into(), value };
    Received {
        reference: reference(number),
        legal_basis: "section 100j of the made-up code of procedure".to_owned(),
        contacts: vec![
            ("issuer".to_owned(), format!("Judge {}", NAMES[(number % 13) as usize])),
            ("officer".to_owned(), "Cybercrime police, unit 4".to_owned()),
        ],
        selectors: vec![selector("account_id", account), selector("email", email)],
        ..Received::default()
    }
}

const NAMES: [&str; 16] = [
    "ada", "bjorn", "chidi", "dagny", "elif", "farid", "greta", "hiro", "ines", "jonas", "kemal",
    "lucia", "milos", "nadia", "olaf", "petra",
];

/// A request as it is played out by the desk's own rules.
struct History {
    request: Request,
    events: Vec<Event>,
    pack: &'static desk::pack::RulePack,
    at: Timestamp,
}

impl History {
    fn play(&mut self, actor: &Actor, command: Command) -> Result<()> {
        let facts = match &command {
            Command::Receive { request, agency, .. } => {
                Facts::new_request(*request, *agency, Default::default())
            }
            _ => Facts::of(&self.request, Default::default()),
        };
        let permit = permit(actor, command.action(), &facts).context("a permit")?;
        let events = decide(&self.request, &command, &permit, self.pack, self.at)
            .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        for event in &events {
            self.request = evolve(std::mem::take(&mut self.request), event, self.at);
        }
        self.events.extend(events);
        Ok(())
    }

    fn append(self, id: RequestId, received: &Received, said: &Said) -> Result<Append> {
        let (received, said) = (serde_json::to_string(received)?, serde_json::to_string(said)?);
        let mut new_events = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let payload_json = match event {
                Event::Received { .. } => Some(received.clone()),
                Event::Refused { .. } => Some(said.clone()),
                _ => None,
            };
            let agency = self.request.agency;
            let event_json = desk::record::encode(event);
            let words = |text| derived::words(&event_json, text, agency);
            let words = payload_json.as_deref().map(words).unwrap_or_default();
            let names = derived::names(id.0, &event_json, payload_json.as_deref());
            new_events.push(NewEvent { event_json, payload_json, words, names });
        }
        let mut append = Append::events(id.0, ExpectedSeq::Exactly(0), new_events);
        append.view = Some(view::of(&self.request));
        Ok(append)
    }
}
