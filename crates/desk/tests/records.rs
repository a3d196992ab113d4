//! The bytes of events: golden from version 1 on, because courts hold them.

use std::collections::BTreeSet;

use desk::clock::{ClockKind, ClockName, ClockStart, StopReason};
use desk::ids::{ActorId, Amount, Asset, EffectId, ExhibitNumber, StaffId};
use desk::order::{DataCategory, InstrumentKind, IssuerType, Rank, SelectorKind};
use desk::pack::PackRef;
use desk::record::{self, KINDS_V1};
use desk::request::{
    EffectKind, Event, HoldReason, IdentityMethod, MissingReason, Outcome, RefusalCode,
};
use desk::suspicion::{
    Assessment, Connection, Finding, Imprint, MarkReason, Party, Scored, Shape, Sketch, Style,
};
use expect_test::{expect, expect_file};
use proptest::prelude::*;
use uuid::Uuid;

mod support;
use support::*;

fn one_of_each() -> Vec<Event> {
    let by = ActorId::Staff(StaffId(Uuid::from_u128(0x101)));
    let effect = EffectId::derive(REQUEST, ask(2), 1);
    let until = at("2026-12-01T00:00:00Z");
    let name = ClockName::parse("produce").expect("a name");
    let mut full = order(
        InstrumentKind::Epoc,
        "DE",
        vec![
            urgent(&[DataCategory::Subscriber, DataCategory::Traffic]),
            preserve(),
            freeze(Some("2026-12-01T00:00:00Z")),
            unfreeze(3),
            silence(None),
        ],
    );
    full.issuer = IssuerType::Police;
    full.issuer_rank = Some(Rank::Inspector);
    full.validator = Some(IssuerType::Judge);
    full.authority_zone = Some("Europe/Berlin".to_owned());
    full.answer_by = Some(until);
    let order = Box::new(full);
    let (a, d) = (ask(1), digest);
    let pack = PackRef { id: "generic".into(), version: "2026-11-22".into() };
    vec![
        Event::Received {
            request: REQUEST,
            agency: Some(AGENCY),
            key: Some(KEY),
            order: order.clone(),
            instrument_sha256: d(1),
            pack,
            by: ActorId::Key(KEY),
        },
        Event::Assessed { assessment: Box::new(every_sign()), by: ActorId::System },
        Event::IdentityCheckStarted { by },
        Event::IdentityVerified { method: IdentityMethod::ClientCertificate, by },
        Event::LegalAccepted { ask: a, despite: vec![RefusalCode::ServiceNotCovered], by },
        Event::InformationRequested { ask: a, codes: vec![RefusalCode::Incomplete], by },
        Event::InformationProvided { ask: a, order: None, by: ActorId::Key(KEY) },
        Event::Held { ask: a, reason: HoldReason::ThirdCountryReview, by },
        Event::HoldEnded { ask: a, by },
        Event::AuthorityCleared { ask: a, by },
        Event::SearchStarted { ask: a, by },
        Event::ExhibitAdded {
            ask: a,
            exhibit: ExhibitNumber(1),
            category: DataCategory::Subscriber,
            exhibit_sha256: d(2),
            rows: 3,
            withheld: 1,
            by: ActorId::System,
        },
        Event::OutcomeRecorded {
            ask: a,
            outcome: Outcome::Partial,
            missing: vec![MissingReason::Privileged],
            by,
        },
        Event::Assembled { asks: asks(&[1, 2]), tagmanifest_sha256: d(3), by },
        Event::PackageReturned { asks: asks(&[1, 2]), by },
        Event::Approved { asks: asks(&[1, 2]), tagmanifest_sha256: d(3), by },
        Event::Sealed {
            asks: asks(&[1, 2]),
            tagmanifest_sha256: d(3),
            p7s_sha256: d(4),
            tsr_sha256: None,
            chain_sha256: d(5),
        },
        Event::Sealed {
            asks: asks(&[1]),
            tagmanifest_sha256: d(3),
            p7s_sha256: d(4),
            tsr_sha256: Some(d(6)),
            chain_sha256: d(5),
        },
        Event::Delivered {
            asks: asks(&[1]),
            package_sha256: d(6),
            encrypted_sha256: d(7),
            by: ActorId::System,
        },
        Event::Acknowledged { asks: asks(&[1]), package_sha256: d(6), by: ActorId::Key(KEY) },
        Event::Closed { ask: a, by },
        Event::Refused { ask: a, code: RefusalCode::OverBroad, by },
        Event::Withdrawn { ask: a, after_delivery: true, by: ActorId::Key(KEY) },
        Event::DeletionRequested { ask: a, package_sha256: d(6) },
        Event::DeletionConfirmed { ask: a, by: ActorId::Key(KEY) },
        Event::Expired { ask: a },
        Event::Preserved {
            ask: a,
            exhibit: ExhibitNumber(2),
            exhibit_sha256: d(8),
            rows: 9,
            until,
            by: ActorId::System,
        },
        Event::Extended { ask: a, until, by: ActorId::Key(KEY) },
        Event::Linked { ask: a, order_sha256: d(9), by },
        Event::Released { ask: a, by },
        Event::CopyDeleted { ask: a, exhibit_sha256: d(8) },
        Event::Lapsed { ask: a, until },
        Event::EffectRequested {
            ask: ask(2),
            effect,
            action: EffectKind::Freeze,
            attempt: 1,
            until: Some(until),
            by,
        },
        Event::EffectConfirmed { ask: ask(2), effect, late: false, by: ActorId::System },
        Event::EffectFailed { ask: ask(2), effect, by: ActorId::System },
        Event::Frozen {
            ask: ask(2),
            asset: Asset::parse("ETH").expect("an asset"),
            amount: Amount(u128::MAX),
            until,
        },
        Event::FreezeConfirmed { ask: ask(2), order_sha256: d(9), until: None, by },
        Event::Unfrozen { ask: ask(2) },
        Event::NoticePostponed { ask: a },
        Event::InForce { ask: a, until: None },
        Event::Lifted { ask: a, by },
        Event::EmergencyReviewed { ask: a, justified: true, by },
        Event::ExPostOrderReceived { ask: a, order_sha256: d(9), by },
        Event::KeyMarked { key: KEY, by },
        Event::KeyCleared { key: KEY, by },
        Event::MessagePosted { ask: None, by },
        Event::MessagePosted { ask: Some(a), by },
        Event::Assigned { to: Some(StaffId(Uuid::from_u128(0x101))), by },
        Event::Assigned { to: None, by },
        Event::RetentionSet { days: Some(730), by: ActorId::System },
        Event::RetentionSet { days: None, by: ActorId::System },
        Event::Erased { by: ActorId::System },
        Event::ClockStarted {
            ask: a,
            clock: ClockStart {
                name: name.clone(),
                kind: ClockKind::DueBy,
                whose: desk::clock::Party::Provider,
                start: at(RECEIVED),
                due: until,
                length: desk::calendar::Length::parse("10 days"),
                counting: "days".into(),
                article: "Art 10(3)".into(),
                unchecked: false,
            },
        },
        Event::ClockPaused { ask: a, clock: name.clone() },
        Event::ClockResumed { ask: a, clock: name.clone(), due: until },
        Event::ClockStopped { ask: a, clock: name.clone(), reason: StopReason::Met },
        Event::ClockBreached { ask: a, clock: name, due: until },
    ]
}

/// An assessment with every sign, and with every number that can be absent both ways.
fn every_sign() -> Assessment {
    let country = |text| desk::ids::Country::parse(text).expect("a country");
    let shape = || Shape::of("12 Js 345/26").expect("a reference");
    let findings = vec![
        Finding::Velocity { of: Party::Key, hours: 1, requests: 9, habit_hundredths: None },
        Finding::Velocity {
            of: Party::Agency,
            hours: 24,
            requests: 40,
            habit_hundredths: Some(250),
        },
        Finding::Breadth { selectors: 500, habit: Some(2) },
        Finding::NewIdentifier {
            kinds: vec![SelectorKind::Email, SelectorKind::Iban],
            earlier: 12,
        },
        Finding::OffHours {
            local: "2026-11-22 03:10".into(),
            is_weekend: true,
            zone: "Europe/Berlin".into(),
        },
        Finding::Geography { agency: country("DE"), order: country("FR") },
        Finding::Template { similarity_percent: 12, compared: 7 },
        Finding::NewKey { earlier: 12 },
        Finding::Emergency { earlier: 1, of: 12 },
        Finding::Canary { selectors: 1, words: 0 },
        Finding::Canary { selectors: 0, words: 2 },
        Finding::ForeignMark { by: "log.example/desk".into(), reason: MarkReason::StolenKey },
        Finding::KnownOrder { by: "log.example/desk".into(), reason: MarkReason::ForgedOrder },
        Finding::Connection { agency: country("DE"), connection: country("NL") },
        Finding::NewCountry { connection: country("NL"), earlier: 4 },
        Finding::Anonymiser,
        Finding::Reference { shape: shape(), compared: 7 },
        Finding::Issuer { compared: 12 },
        Finding::Document { program: true, fonts: false, compared: 7 },
        Finding::NewCategory { categories: vec![DataCategory::Content], compared: 7 },
    ];
    Assessment {
        rules: "2026-11-29".into(),
        earlier: 12,
        score: 100,
        holds: true,
        signs: findings.into_iter().map(|finding| Scored { points: 10, finding }).collect(),
        sketch: Sketch::of(&epoc(vec![preserve()]), "12 Js 345/26", "Art 5 EPOC", ["text/plain"]),
        style: Style {
            reference: Some(shape()),
            issuers: [Imprint(1), Imprint(0xffff_ffff)].into(),
            programs: [Imprint(2)].into(),
            fonts: [Imprint(3)].into(),
        },
        connection: Some(Connection { country: Some(country("NL")), is_anonymiser: true }),
        words_only: false,
    }
}

#[test]
fn the_bytes_of_every_kind_are_golden() {
    let events = one_of_each();
    let lines: Vec<String> = events.iter().map(record::encode).collect();
    let kinds: BTreeSet<String> = lines
        .iter()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["kind"].to_string()
        })
        .collect();
    assert_eq!(kinds.len(), KINDS_V1.len(), "a kind of event is not in the golden file");
    expect_file!["golden/record_v1.jsonl"].assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn golden_bytes_are_read_back_and_written_alike() {
    let golden = include_str!("golden/record_v1.jsonl");
    for (line, event) in golden.lines().zip(one_of_each()) {
        assert_eq!(record::decode(line).as_ref(), Ok(&event));
        assert_eq!(record::encode(&event), line);
    }
}

#[test]
fn sealed_is_what_the_offline_verifier_reads() {
    let sealed = Event::Sealed {
        asks: asks(&[1, 3]),
        tagmanifest_sha256: digest(0xaa),
        p7s_sha256: digest(0xbb),
        tsr_sha256: None,
        chain_sha256: digest(0xcc),
    };
    expect![[r#"{"kind":"sealed","asks":[1,3],"tagmanifest_sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","p7s_sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","tsr_sha256":null,"chain_sha256":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"}"#]].assert_eq(&record::encode(&sealed));
}

#[test]
fn what_is_no_event_is_named() {
    let error = |text: &str| record::decode(text).expect_err("a fault").to_string();
    let texts = [
        r#"{"kind":"teleported","ask":1}"#,
        r#"{"kind":"expired"}"#,
        r#"{"kind":"expired","ask":1,"colour":"red"}"#,
        r#"{"kind":"expired","ask":70000}"#,
        r#"{"kind":"linked","ask":1,"order_sha256":"zz","by":"system"}"#,
        r#"{"kind":"lifted","ask":1,"by":"somebody"}"#,
        r#"{"kind":"lapsed","ask":1,"until":"yesterday"}"#,
        r#"{"ask":1}"#,
        "[]",
        "",
    ];
    let all: String = texts.iter().map(|text| format!("{text}\n  {}\n", error(text))).collect();
    expect![[r#"
        {"kind":"teleported","ask":1}
          event kind `teleported` is unknown in version 1; use a newer program
        {"kind":"expired"}
          the event is damaged in `expired`: missing field `ask`
        {"kind":"expired","ask":1,"colour":"red"}
          the event is damaged in `expired`: unknown field `colour`, expected `ask`
        {"kind":"expired","ask":70000}
          the event is damaged in `expired`: invalid value: integer `70000`, expected u16
        {"kind":"linked","ask":1,"order_sha256":"zz","by":"system"}
          the event is damaged in `linked`: a digest is 64 lower-case hex digits
        {"kind":"lifted","ask":1,"by":"somebody"}
          the event is damaged in `lifted`: an actor is `system`, `staff:<uuid>`, `key:<uuid>` or `partner:<uuid>`
        {"kind":"lapsed","ask":1,"until":"yesterday"}
          the event is damaged in `lapsed`: failed to parse four digit integer as year: invalid digit, expected 0-9 but got y
        {"ask":1}
          the event is damaged at line 1, column 9: missing field `kind`
        []
          the event is damaged at line 1, column 2: missing field `kind`

          the event is damaged at line 1, column 0: EOF while parsing a value
    "#]].assert_eq(&all);
    expect!["record version 2 is unknown; this program reads version 1, use a newer one"]
        .assert_eq(&record::decode_version(2, "{}").expect_err("a fault").to_string());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(text in ".{0,200}") {
        let _ = record::decode(&text);
    }

    #[test]
    fn no_cut_or_changed_golden_line_makes_it_panic(
        line in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), with in any::<char>(),
    ) {
        let lines: Vec<&str> = include_str!("golden/record_v1.jsonl").lines().collect();
        prop_assume!(!lines.is_empty());
        let mut text: Vec<char> = line.get(&lines).chars().collect();
        let at = at.index(text.len());
        text[at] = with;
        let text: String = text.into_iter().collect();
        if let Ok(event) = record::decode(&text) {
            // What is accepted is written back to something equal.
            prop_assert_eq!(record::decode(&record::encode(&event)), Ok(event));
        }
    }
}
