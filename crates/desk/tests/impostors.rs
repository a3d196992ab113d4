//! Honest agencies and impostors send requests; every impostor raises the sign of his case, and it
//! is printed how often the honest are asked for a call-back (docs/fraud.md has the numbers):
//!
//! `cargo test --test impostors -- --nocapture`
//!
//! The habits of these agencies are made up. What is measured is the rules against such habits, not
//! against real requests, of which no study is known to us.

use std::collections::{BTreeMap, BTreeSet};

use desk::ids::{Country, KeyId};
use desk::order::{
    Channel, DataCategory, Demand, EmergencyKind, Format, IssuerType, Order, SelectorKind,
};
use desk::suspicion::{
    Assessment, Connection, EARLIER_REQUESTS_MAX, Facts, Imprint, MarkReason, Past, Rules, Shape,
    Sketch, Style, assess,
};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

mod support;
use support::*;

const SEED: u64 = 1;
const AGENCIES: u64 = 120;
const DAYS: i64 = 180;
/// Each case of an impostor is tried against so many agencies.
const TRIES: u64 = 100;
/// From so many requests on an agency has habits.
const HABITS_FROM: usize = 20;

/// How one agency asks.
struct Agency {
    country: &'static str,
    zone: &'static str,
    keys: Vec<KeyId>,
    /// Requests on a working day, in hundredths.
    a_day: i64,
    reference: fn(i64) -> String,
    issuers: Vec<u32>,
    /// What makes its PDFs; a new one comes now and then.
    programs: Vec<u32>,
    kinds: Vec<SelectorKind>,
    categories: Vec<DataCategory>,
    /// One request in so many names a list.
    list_in: u32,
    earlier: Vec<Past>,
}

/// One request on its way in.
struct Sent {
    order: Order,
    at: Timestamp,
    key: Option<KeyId>,
    style: Style,
    basis: &'static str,
    reference: String,
    connection: Option<Connection>,
    canaries: u32,
    canaries_in_words: u32,
    marks: Vec<(String, MarkReason)>,
    order_marks: Vec<(String, MarkReason)>,
}

const PLACES: [(&str, &str); 5] = [
    ("DE", "Europe/Berlin"),
    ("FR", "Europe/Paris"),
    ("SG", "Asia/Singapore"),
    ("US", "America/New_York"),
    ("PL", "Europe/Warsaw"),
];
const REFERENCES: [fn(i64) -> String; 4] = [
    |number| format!("{} Js {}/26", 1 + number % 90, 100 + number * 7),
    |number| format!("PV-2026-{number:05}"),
    |number| format!("{}/2026/GZ{}", 10 + number, number % 7),
    |number| format!("26-{number:04}-MJ"),
];
const BASIS: &str = "Art 5 Regulation (EU) 2023/1543 in conjunction with section 100k of the code";

fn agency(rng: &mut ChaCha8Rng, number: u64) -> Agency {
    let (country, zone) = PLACES[rng.random_range(0..PLACES.len())];
    let keys = rng.random_range(1..8u128);
    let own = |rng: &mut ChaCha8Rng, many: u32| -> Vec<u32> {
        (0..rng.random_range(1..=many)).map(|_| rng.random_range(0..1 << 30)).collect()
    };
    let mut kinds = vec![SelectorKind::AccountId, SelectorKind::Address];
    if rng.random_bool(0.5) {
        kinds.push(SelectorKind::Email);
    }
    let mut categories = vec![DataCategory::Subscriber, DataCategory::Transaction];
    if rng.random_bool(0.5) {
        categories.push(DataCategory::Identification);
    }
    Agency {
        country,
        zone,
        keys: (0..keys).map(|key| KeyId(Uuid::from_u128(u128::from(number) << 32 | key))).collect(),
        a_day: *pick(rng, &[5, 10, 30, 100, 300, 800]),
        reference: REFERENCES[rng.random_range(0..REFERENCES.len())],
        issuers: own(rng, 12),
        programs: own(rng, 3),
        kinds,
        categories,
        list_in: rng.random_range(20..200),
        earlier: Vec::new(),
    }
}

fn pick<'a, T>(rng: &mut ChaCha8Rng, from: &'a [T]) -> &'a T {
    &from[rng.random_range(0..from.len())]
}

fn hit(rng: &mut ChaCha8Rng, in_thousand: u32) -> bool {
    rng.random_range(0..1_000) < in_thousand
}

/// A working moment of a day in the agency's zone; now and then a night or a weekend.
fn moment(rng: &mut ChaCha8Rng, agency: &Agency, day: i64) -> Option<Timestamp> {
    let zone = TimeZone::get(agency.zone).expect("a zone");
    let date = jiff::civil::date(2026, 1, 5).checked_add(day.days()).expect("a date");
    let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    if is_weekend && !hit(rng, 60) {
        return None;
    }
    let hour = if hit(rng, 40) { rng.random_range(20..24) } else { rng.random_range(8..18) };
    let minute = rng.random_range(0..60);
    Some(date.at(hour, minute, 0, 0).to_zoned(zone).expect("a time").timestamp())
}

/// What an honest officer sends.
fn honest(rng: &mut ChaCha8Rng, agency: &Agency, at: Timestamp) -> Sent {
    let categories: Vec<DataCategory> = agency
        .categories
        .iter()
        .copied()
        .enumerate()
        .filter(|(index, _)| *index == 0 || rng.random_bool(0.5))
        .map(|(_, category)| category)
        .collect();
    let mut order = epoc(vec![disclose(&categories)]);
    order.issuing_country = country(agency.country);
    order.authority_zone = Some(agency.zone.to_owned());
    order.issuer = if hit(rng, 300) { IssuerType::Prosecutor } else { IssuerType::Judge };
    if hit(rng, 15) {
        order.asks[0].emergency = Some(EmergencyKind::Person);
    }
    let named = if rng.random_range(0..agency.list_in) == 0 {
        rng.random_range(10..60)
    } else {
        rng.random_range(1..4)
    };
    let kind = if hit(rng, 10) { SelectorKind::Phone } else { *pick(rng, &agency.kinds) };
    name(&mut order, &[(kind, named)]);
    let from =
        if hit(rng, 20) { PLACES[rng.random_range(0..PLACES.len())].0 } else { agency.country };
    let connection = Connection {
        // One network in thirty is in no list.
        country: (!hit(rng, 33)).then(|| country(from)),
        is_anonymiser: hit(rng, 3),
    };
    let number = i64::try_from(agency.earlier.len()).expect("few");
    let reference =
        if hit(rng, 10) { format!("see file {number}") } else { (agency.reference)(number) };
    // One order in fifty is by somebody new, and one in a hundred comes from a new scanner.
    let issuer =
        if hit(rng, 20) { rng.random_range(0..1 << 30) } else { *pick(rng, &agency.issuers) };
    let program =
        if hit(rng, 10) { rng.random_range(0..1 << 30) } else { *pick(rng, &agency.programs) };
    let key = *pick(rng, &agency.keys);
    Sent {
        style: style(&reference, issuer, program),
        order,
        at,
        key: Some(key),
        basis: BASIS,
        reference,
        connection: Some(connection),
        canaries: 0,
        canaries_in_words: 0,
        marks: Vec::new(),
        order_marks: Vec::new(),
    }
}

fn style(reference: &str, issuer: u32, program: u32) -> Style {
    Style {
        reference: Shape::of(reference),
        issuers: [Imprint(issuer)].into(),
        programs: [Imprint(program)].into(),
        fonts: [Imprint(program ^ 0x5555)].into(),
    }
}

fn country(code: &str) -> Country {
    Country::parse(code).expect("a country")
}

fn name(order: &mut Order, selectors: &[(SelectorKind, u32)]) {
    let Demand::Disclose { scope } = &mut order.asks[0].demand else { unreachable!() };
    scope.selectors = selectors.iter().copied().collect();
}

fn look(agency: &Agency, sent: &Sent, rules: &Rules) -> Assessment {
    let newest = agency.earlier.len().saturating_sub(EARLIER_REQUESTS_MAX);
    let facts = Facts {
        order: &sent.order,
        at: sent.at,
        key: sent.key,
        agency_country: Country::parse(agency.country),
        zone: agency.zone,
        sketch: Sketch::of(&sent.order, &sent.reference, sent.basis, ["application/pdf"]),
        earlier: &agency.earlier[newest..],
        canaries: sent.canaries,
        canaries_in_words: sent.canaries_in_words,
        style: sent.style.clone(),
        connection: sent.connection,
        marks: sent.marks.clone(),
        order_marks: sent.order_marks.clone(),
    };
    assess(&facts, rules)
}

fn remember(agency: &mut Agency, sent: &Sent, found: &Assessment) {
    let scope = sent.order.asks[0].scope().expect("a scope");
    agency.earlier.push(Past {
        at: sent.at,
        key: sent.key,
        selectors: scope.selectors.clone(),
        instrument: sent.order.instrument,
        issuer: sent.order.issuer,
        emergency: sent.order.has_emergency(),
        sketch: found.sketch.clone(),
        categories: scope.categories.clone(),
        style: found.style.clone(),
        country: found.connection.and_then(|connection| connection.country),
    });
}

/// What was counted of honest requests.
#[derive(Default)]
struct Counted {
    requests: u32,
    held: u32,
    by_sign: BTreeMap<&'static str, u32>,
}

impl Counted {
    fn note(&mut self, found: &Assessment) {
        self.requests += 1;
        self.held += u32::from(found.holds);
        let words: BTreeSet<&'static str> =
            found.signs.iter().map(|sign| sign.finding.word()).collect();
        for word in words {
            *self.by_sign.entry(word).or_default() += 1;
        }
    }

    fn told(&self, name: &str) -> String {
        let percent = |count: u32| 100.0 * f64::from(count) / f64::from(self.requests.max(1));
        let (requests, held) = (self.requests, percent(self.held));
        let mut text = format!("{name}: {requests} requests, {held:.2} % asked for a call-back\n");
        for (word, count) in &self.by_sign {
            text.push_str(&format!("  {word:<14} {:>6.2} %\n", percent(*count)));
        }
        text
    }
}

/// Half a year of honest requests by one agency.
fn live(rng: &mut ChaCha8Rng, number: u64, counted: &mut [Counted; 2]) -> Agency {
    let rules = Rules::embedded();
    let mut agency = agency(rng, number);
    for day in 0..DAYS {
        let mut moments = Vec::new();
        let mut due = agency.a_day;
        while due > 0 {
            if i64::from(rng.random_range(0..100)) < due {
                moments.extend(moment(rng, &agency, day));
            }
            due -= 100;
        }
        moments.sort_unstable();
        for at in moments {
            let sent = honest(rng, &agency, at);
            let found = look(&agency, &sent, rules);
            counted[usize::from(agency.earlier.len() >= HABITS_FROM)].note(&found);
            remember(&mut agency, &sent, &found);
        }
    }
    agency
}

/// An impostor's case: what he changes of a request that looks honest, and the sign it raises.
type Case = (&'static str, &'static str, fn(&mut ChaCha8Rng, &mut Agency, &mut Sent));

/// Most burst requests of a harvest.
const BURST: usize = 30;

/// The attacks of the threat table (docs/fraud.md) that can send a request at all: a phished
/// mailbox, a stolen session and a repeated message send none.
const CASES: [Case; 14] = [
    ("sold account, used from abroad", "connection", |_, agency, sent| {
        sent.connection = Some(from_abroad(agency, false));
    }),
    ("sold account, a country new for it", "new_country", |_, agency, sent| {
        sent.connection = Some(from_abroad(agency, false));
    }),
    ("sold account, through an anonymiser", "anonymiser", |_, agency, sent| {
        sent.connection = Some(from_abroad(agency, true));
    }),
    ("sold account, at night", "off_hours", |_, _, sent| sent.at = night(sent)),
    ("fake agency, enrolled by deceit", "new_key", |_, agency, sent| {
        agency.earlier.clear();
        sent.key = Some(KeyId(Uuid::from_u128(7)));
    }),
    ("fake agency, of another country", "geography", |_, _, sent| {
        sent.order.issuing_country = country("XX");
    }),
    ("forged order, another file number", "reference", |_, _, sent| forge(sent)),
    ("forged order, another issuer", "issuer", |_, _, sent| forge(sent)),
    ("forged order, another program", "document", |_, _, sent| forge(sent)),
    ("forged order, on paper", "template", |_, _, sent| {
        forge(sent);
        (sent.key, sent.connection) = (None, None);
        sent.order.channel = Channel::Manual;
    }),
    ("fake emergency", "emergency", |_, _, sent| {
        sent.order.asks[0].emergency = Some(EmergencyKind::Person);
    }),
    ("harvest in a burst", "velocity", |rng, agency, sent| {
        let found = look(agency, sent, Rules::embedded());
        for _ in 0..BURST {
            let minutes = i64::from(rng.random_range(0..50));
            let at = sent.at.checked_sub(minutes.minutes()).expect("a time");
            let one = Sent { at, ..honest(rng, agency, at) };
            remember(agency, &Sent { key: sent.key, ..one }, &found);
        }
    }),
    ("harvest by lists", "breadth", |_, _, sent| {
        name(&mut sent.order, &[(SelectorKind::AccountId, 400), (SelectorKind::Card, 100)]);
    }),
    ("harvest, a new kind of identifier", "new_identifier", |_, _, sent| {
        name(&mut sent.order, &[(SelectorKind::Card, 2)]);
    }),
];

/// Those that no habit is needed for.
const CERTAIN: [Case; 5] = [
    ("insider or thief names a decoy", "canary", |_, _, sent| sent.canaries = 1),
    ("a decoy in words", "canary", |_, _, sent| sent.canaries_in_words = 1),
    ("suspected by another desk", "foreign_mark", |_, _, sent| {
        sent.marks = vec![("log.example/other".to_owned(), MarkReason::StolenKey)];
    }),
    ("the same paper elsewhere", "known_order", |_, _, sent| {
        sent.order_marks = vec![("log.example/other".to_owned(), MarkReason::ForgedOrder)];
    }),
    ("all records for once", "new_category", |_, _, sent| {
        let Demand::Disclose { scope } = &mut sent.order.asks[0].demand else { unreachable!() };
        scope.categories.insert(DataCategory::Content);
    }),
];

fn from_abroad(agency: &Agency, is_anonymiser: bool) -> Connection {
    let abroad = if agency.country == "RO" { "MD" } else { "RO" };
    Connection { country: Country::parse(abroad), is_anonymiser }
}

/// Three in the morning of the same day.
fn night(sent: &Sent) -> Timestamp {
    let zone = TimeZone::get(sent.order.authority_zone.as_deref().expect("a zone"));
    let local = sent.at.to_zoned(zone.expect("a zone"));
    local.with().hour(3).build().expect("a time").timestamp()
}

fn forge(sent: &mut Sent) {
    sent.reference = "URGENT REQUEST #4711 (police)".to_owned();
    sent.basis = "by authority of the police and under penalty of law";
    sent.order.format = Format::Docx;
    sent.order.authority_zone = None;
    sent.style = style(&sent.reference, 1 << 31, 1 << 31);
}

#[test]
fn every_impostor_raises_his_sign_and_the_honest_are_seldom_called() {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut counted = [Counted::default(), Counted::default()];
    let mut known: Vec<Agency> = Vec::new();
    for number in 0..AGENCIES {
        let agency = live(&mut rng, number, &mut counted);
        if agency.earlier.len() >= HABITS_FROM * 2 {
            known.push(agency);
        }
    }
    print!("{}", counted[0].told("honest, the first 20 requests of an agency"));
    print!("{}", counted[1].told("honest, later"));
    assert!(counted[1].requests > 10_000, "half a year of many agencies");
    let rate = |counted: &Counted| f64::from(counted.held) / f64::from(counted.requests);
    assert!(rate(&counted[1]) < 0.03, "nobody calls back that often");

    for (case, sign, change) in CASES.iter().chain(&CERTAIN) {
        let mut held = 0;
        for number in 0..TRIES {
            let at = number as usize % known.len();
            let agency = &known[at];
            let mut agency = Agency {
                keys: agency.keys.clone(),
                issuers: agency.issuers.clone(),
                programs: agency.programs.clone(),
                kinds: agency.kinds.clone(),
                categories: agency.categories.clone(),
                earlier: agency.earlier.clone(),
                ..*agency
            };
            let last = agency.earlier.last().expect("a habit").at;
            // A week and an hour later: the same day of the week, at work.
            let later = last.checked_add(169.hours()).expect("a time");
            // The key that sent most, so that it has habits of its own.
            let mut sent = honest(&mut rng, &agency, later);
            sent.order.issuer = IssuerType::Judge;
            sent.key = busiest(&agency);
            change(&mut rng, &mut agency, &mut sent);
            let found = look(&agency, &sent, Rules::embedded());
            let words: Vec<&str> = found.signs.iter().map(|one| one.finding.word()).collect();
            assert!(words.contains(sign), "{case}: {sign} is not among {words:?} ({number})");
            held += u32::from(found.holds);
        }
        println!("{case:<36} {sign:<14} always; held {held} of {TRIES}");
    }
}

fn busiest(agency: &Agency) -> Option<KeyId> {
    let mut counts = BTreeMap::<KeyId, u32>::new();
    for past in &agency.earlier[agency.earlier.len().saturating_sub(EARLIER_REQUESTS_MAX)..] {
        *counts.entry(past.key?).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(key, _)| key)
}
