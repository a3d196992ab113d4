//! Which facts are which signs, what they add up to, and what never happens.

use std::collections::BTreeMap;

use desk::ids::{Country, KeyId};
use desk::order::{Channel, DataCategory, EmergencyKind, InstrumentKind, Order, SelectorKind};
use desk::request::{Command, IdentityMethod};
use desk::suspicion::{
    Assessment, Connection, Facts, Imprint, MarkReason, Past, Rules, Shape, Sketch, Style, assess,
    assess_words,
};
use expect_test::{Expect, expect};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use uuid::Uuid;

mod support;
use support::*;

const OTHER_KEY: KeyId = KeyId(Uuid::from_u128(0xE2));
/// A Monday morning in Brussels.
const MORNING: &str = "2026-11-23T09:00:00Z";

fn plain() -> Order {
    epoc(vec![disclose(&[DataCategory::Subscriber])])
}

fn sketch(order: &Order) -> Sketch {
    Sketch::of(order, "12 Js 345/26", "Art 5 Regulation (EU) 2023/1543", ["application/pdf"])
}

/// One earlier request, so many hours before the morning.
fn past(hours: i64, key: KeyId, order: &Order) -> Past {
    let mut selectors = BTreeMap::new();
    for scope in order.asks.iter().filter_map(|ask| ask.scope()) {
        selectors.extend(scope.selectors.clone());
    }
    Past {
        at: at(MORNING).checked_sub(hours.hours()).expect("a time"),
        key: Some(key),
        selectors,
        instrument: order.instrument,
        issuer: order.issuer,
        emergency: order.has_emergency(),
        sketch: sketch(order),
        categories: [DataCategory::Subscriber].into(),
        style: style("12 Js 345/26", 1),
        country: Country::parse("DE"),
    }
}

/// An order with this reference, by this issuer, made by this program.
fn style(reference: &str, maker: u32) -> Style {
    Style {
        reference: Shape::of(reference),
        issuers: [Imprint(maker)].into(),
        programs: [Imprint(maker)].into(),
        fonts: [Imprint(maker)].into(),
    }
}

/// Two requests a week for ten weeks, by this key.
fn habit() -> Vec<Past> {
    (1..=20).map(|number| past(number * 84, KEY, &plain())).collect()
}

fn facts<'a>(order: &'a Order, earlier: &'a [Past]) -> Facts<'a> {
    Facts {
        order,
        at: at(MORNING),
        key: Some(KEY),
        agency_country: Country::parse("DE"),
        zone: "Europe/Brussels",
        sketch: sketch(order),
        earlier,
        canaries: 0,
        canaries_in_words: 0,
        style: style("7 Gs 9/27", 1),
        connection: Some(Connection { country: Country::parse("DE"), is_anonymiser: false }),
        marks: Vec::new(),
        order_marks: Vec::new(),
    }
}

fn told(assessment: &Assessment) -> String {
    let mut text = String::new();
    for sign in &assessment.signs {
        let finding = &sign.finding;
        text.push_str(&format!("{:>3} {} ({})\n", sign.points, finding, finding.source()));
    }
    let end = if assessment.holds { "held" } else { "not held" };
    text + &format!("= {} of 100, {end}\n", assessment.score)
}

fn check(facts: &Facts<'_>, then: Expect) {
    then.assert_eq(&told(&assess(facts, Rules::embedded())));
}

#[test]
fn an_ordinary_request_of_a_known_key_has_no_sign() {
    check(
        &facts(&plain(), &habit()),
        expect![[r#"
        = 0 of 100, not held
    "#]],
    );
}

#[test]
fn a_new_key_alone_is_a_small_sign() {
    let order = plain();
    check(
        &Facts { key: Some(OTHER_KEY), ..facts(&order, &habit()) },
        expect![[r#"
         10 no request by this key among the agency's 20 earlier ones (history)
        = 10 of 100, not held
    "#]],
    );
}

#[test]
fn paper_has_no_key_that_could_be_new() {
    let mut order = plain();
    order.channel = Channel::Manual;
    check(
        &Facts { key: None, ..facts(&order, &[]) },
        expect![[r#"
        = 0 of 100, not held
    "#]],
    );
}

#[test]
fn a_burst_is_told_against_the_habit_of_key_and_agency() {
    let mut earlier = habit();
    earlier.extend((0..9).map(|_| past(0, KEY, &plain())));
    check(
        &facts(&plain(), &earlier),
        expect![[r#"
         25 10 requests by this key in 1 h; usually 0.03 (history)
         25 10 requests by this agency in 1 h; usually 0.03 (history)
        = 50 of 100, held
    "#]],
    );
}

#[test]
fn a_busy_day_of_a_busy_agency_is_no_sign() {
    // Forty a day by many keys, for two days.
    let keys = |number: i64| KeyId(Uuid::from_u128(0x100 + number as u128 % 20));
    let earlier: Vec<Past> =
        (0..100).map(|number| past(1 + number * 3 / 5, keys(number), &plain())).collect();
    let order = plain();
    check(
        &Facts { key: Some(keys(3)), ..facts(&order, &earlier) },
        expect![[r#"
        = 0 of 100, not held
    "#]],
    );
}

#[test]
fn many_selectors_where_one_is_usual() {
    let mut order = plain();
    let desk::order::Demand::Disclose { scope } = &mut order.asks[0].demand else { unreachable!() };
    scope.selectors = BTreeMap::from([(SelectorKind::AccountId, 60), (SelectorKind::Email, 40)]);
    check(
        &facts(&order, &habit()),
        expect![[r#"
         20 100 selectors in one request; the agency's median is 1 (history)
         10 email: in none of the agency's 20 earlier requests (history)
        = 30 of 100, not held
    "#]],
    );
}

#[test]
fn at_night_in_the_authority_s_own_zone() {
    let mut order = plain();
    order.authority_zone = Some("Asia/Singapore".to_owned());
    check(
        &Facts { at: at("2026-11-23T16:30:00Z"), ..facts(&order, &habit()) },
        expect![[r#"
         10 sent at 2026-11-24 00:30 in Asia/Singapore, outside office hours (order)
        = 10 of 100, not held
    "#]],
    );
    check(
        &Facts { at: at("2026-11-21T11:00:00Z"), ..facts(&plain(), &habit()) },
        expect![[r#"
         10 sent at 2026-11-21 12:00 in Europe/Brussels, a weekend (order)
        = 10 of 100, not held
    "#]],
    );
}

#[test]
fn an_order_of_another_country_that_looks_like_none_before() {
    let mut order = plain();
    order.issuing_country = Country::parse("FR").expect("a country");
    order.authority_zone = Some("Europe/Paris".to_owned());
    order.format = desk::order::Format::Text;
    let habit = habit();
    let facts = Facts {
        sketch: Sketch::of(&order, "URGENT", "police business, answer today", ["text/plain"]),
        ..facts(&order, &habit)
    };
    check(
        &facts,
        expect![[r#"
         25 issued in FR; the agency is in DE (directory)
         25 the likest of 20 earlier orders of this kind is 36 % alike (history)
        = 50 of 100, held
    "#]],
    );
}

#[test]
fn an_order_that_is_written_otherwise_is_told_by_what_differs() {
    let order = epoc(vec![disclose(&[DataCategory::Subscriber, DataCategory::Content])]);
    let habit = habit();
    check(
        &Facts { style: style("2026-URGENT/7", 2), ..facts(&order, &habit) },
        expect![[r#"
         10 its reference has the form `9-a/9`, as in none of 20 earlier orders of this kind (history)
         10 issued by nobody whom 20 earlier orders of this kind name (history)
         10 its PDF is made by a program and in fonts unlike those of 20 earlier orders (history)
         10 content: in none of 20 earlier orders of this kind (history)
        = 40 of 100, held
    "#]],
    );
    // The same program in a new version, or one font of many, is not another.
    let mut same_fonts = style("8 Ds 1/26", 2);
    same_fonts.fonts.insert(Imprint(1));
    same_fonts.issuers = [Imprint(1), Imprint(7)].into();
    check(
        &Facts { style: same_fonts, ..facts(&plain(), &habit) },
        expect![[r#"
         10 its PDF is made by a program unlike those of 20 earlier orders (history)
        = 10 of 100, not held
    "#]],
    );
    // Four earlier orders are no habit, and nothing is compared with what is not known.
    check(
        &Facts { style: style("URGENT", 2), ..facts(&order, &habit[..4]) },
        expect![[r#"
        = 0 of 100, not held
    "#]],
    );
    check(
        &Facts { style: Style::default(), ..facts(&plain(), &habit) },
        expect![[r#"
        = 0 of 100, not held
    "#]],
    );
}

#[test]
fn a_shape_names_no_case() {
    let told = |reference: &str| {
        Shape::of(reference).map_or_else(|| "-".to_owned(), |shape| shape.as_str().to_owned())
    };
    assert_eq!(told("12 Js 345/26"), told("7 Gs 9/27"));
    assert_eq!(told(" A-2026-00017 "), "a-9-9");
    assert_eq!(told("  "), "-");
    assert_eq!(told("\u{2116}5\n"), "?9");
    assert_eq!(told(&"a1".repeat(100)).chars().count(), 32);
}

#[test]
fn where_a_request_is_sent_from_is_a_sign_only_where_it_was_looked_at() {
    let order = plain();
    let habit = habit();
    let from = |country: Option<&str>, is_anonymiser| {
        Some(Connection { country: country.and_then(Country::parse), is_anonymiser })
    };
    check(
        &Facts { connection: from(Some("NL"), true), ..facts(&order, &habit) },
        expect![[r#"
         20 sent from a network of NL; the agency is in DE (networks)
         20 sent from a network of NL, as none of this key's 20 earlier requests was (networks)
         30 sent through an anonymiser (networks)
        = 70 of 100, held
    "#]],
    );
    check(
        &Facts { connection: from(None, false), ..facts(&order, &habit) },
        expect![[r#"
        = 0 of 100, not held
    "#]],
    );
    check(
        &Facts { connection: None, ..facts(&order, &habit) },
        expect![[r#"
        = 0 of 100, not held
    "#]],
    );
    // Once the key has sent from there, the country is new no more; two requests are no habit.
    let mut travelled = habit.clone();
    travelled[0].country = Country::parse("NL");
    check(
        &Facts { connection: from(Some("NL"), false), ..facts(&order, &travelled) },
        expect![[r#"
             20 sent from a network of NL; the agency is in DE (networks)
            = 20 of 100, not held
        "#]],
    );
    check(
        &Facts { connection: from(Some("NL"), false), ..facts(&order, &habit[..2]) },
        expect![[r#"
             20 sent from a network of NL; the agency is in DE (networks)
            = 20 of 100, not held
        "#]],
    );
}

#[test]
fn a_decoy_in_words_holds_as_one_among_selectors_does() {
    check(
        &Facts { canaries: 1, canaries_in_words: 2, ..facts(&plain(), &habit()) },
        expect![[r#"
        100 1 of its selectors and 2 identifiers in its words are decoys that nobody honest names (canaries)
        = 100 of 100, held
    "#]],
    );
    let order = plain();
    let before = assess(&facts(&order, &habit()), Rules::embedded());
    let message = assess_words(1, Some(&before), Rules::embedded());
    expect![[r#"
        100 0 of its selectors and 1 identifiers in its words are decoys that nobody honest names (canaries)
        = 100 of 100, held
    "#]].assert_eq(&told(&message));
    let silent = assess_words(0, Some(&before), Rules::embedded());
    assert!(!silent.holds && silent.signs.is_empty() && silent.words_only);
    // What later requests are compared with stays what the order said.
    assert_eq!((&silent.sketch, &silent.style), (&before.sketch, &before.style));
    assert_eq!(silent.connection, before.connection);
}

#[test]
fn what_a_release_before_wrote_is_read_and_says_nothing_new() {
    let old = r#"{"rules":"2026-11-29","earlier":0,"score":100,"holds":true,"signs":[{"points":100,
        "finding":{"sign":"canary","selectors":1}}],"sketch":""}"#;
    let read: Assessment = serde_json::from_str(old).expect("an assessment of before");
    assert!(read.names_canary() && read.style.is_empty() && read.connection.is_none());
    let json = serde_json::to_string(&read).expect("JSON");
    assert_eq!(json, old.replace("\n        ", ""), "and written as it was");
}

#[test]
fn a_fake_emergency_by_a_stolen_new_key_at_night() {
    let mut order = plain();
    order.asks[0].emergency = Some(EmergencyKind::Person);
    let habit = habit();
    check(
        &Facts { key: Some(OTHER_KEY), at: at("2026-11-22T01:00:00Z"), ..facts(&order, &habit) },
        expect![[r#"
         10 sent at 2026-11-22 02:00 in Europe/Brussels, a weekend (order)
         10 no request by this key among the agency's 20 earlier ones (history)
         15 an emergency is claimed; 0 of 20 earlier requests did (order)
        = 35 of 100, not held
    "#]],
    );
}

#[test]
fn a_decoy_holds_whatever_else_is_said_and_whatever_it_is_worth() {
    check(
        &Facts { canaries: 2, ..facts(&plain(), &habit()) },
        expect![[r#"
        100 2 of its selectors are decoys that no honest order names (canaries)
        = 100 of 100, held
    "#]],
    );
    let mut rules = Rules::embedded().clone();
    rules.canary.points = 0;
    let order = plain();
    assert!(assess(&Facts { canaries: 1, ..facts(&order, &habit()) }, &rules).holds);
}

#[test]
fn what_another_desk_says_is_a_sign_and_counts_once() {
    let mark = ("log.example/other".to_owned(), MarkReason::StolenKey);
    let order = plain();
    let facts = Facts { marks: vec![mark.clone(), mark], ..facts(&order, &[]) };
    check(
        &facts,
        expect![[r#"
         10 no request by this key among the agency's 0 earlier ones (history)
         60 log.example/other suspects this sender: stolen key (marks)
        = 70 of 100, held
    "#]],
    );
}

#[test]
fn the_same_paper_at_another_desk_is_a_sign_even_without_a_key() {
    let order = plain();
    let order_marks = vec![("log.example/other".to_owned(), MarkReason::ForgedOrder)];
    check(
        &Facts { key: None, order_marks, ..facts(&order, &[]) },
        expect![[r#"
         60 log.example/other was sent the same paper and suspects it: forged order (marks)
        = 60 of 100, held
    "#]],
    );
}

#[test]
fn rules_that_make_no_sense_are_refused_with_their_place() {
    let embedded = include_str!("../signs.toml");
    let fault = |from: &str, to: &str| match Rules::parse(&embedded.replace(from, to), "own.toml") {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    expect!["accepted"].assert_eq(&fault("hold_from = 40", "hold_from = 41"));
    expect!["own.toml: hold_from is 0; give 1 to 100"]
        .assert_eq(&fault("hold_from = 40", "hold_from = 0"));
    expect!["own.toml: off_hours opens at 7 and shuts at 6; give full hours"]
        .assert_eq(&fault("shuts = 20", "shuts = 6"));
    expect!["own.toml: canary.points is 101; at most 100"]
        .assert_eq(&fault("points = 100", "points = 101"));
    assert!(fault("[geography]", "[geograhpy]").contains("geograhpy"));
}

fn held() -> Assessment {
    assess(&Facts { canaries: 1, ..facts(&plain(), &[]) }, Rules::embedded())
}
fn assessed(assessment: Assessment) -> Command {
    Command::Assess { assessment: Box::new(assessment) }
}
fn method(method: IdentityMethod) -> Command {
    Command::VerifyIdentity { method }
}

#[test]
fn a_held_request_is_proven_by_a_call_back_and_by_nothing_else() {
    let stage =
        || Stage::new(eu()).then(&officer(), receive(plain())).then(&system(), assessed(held()));
    expect![[r#"
        refused: verify the identity: there are signs of fraud, and whoever stole a key can use it; call back on a number from the company's own directory, and record it
        => received
    "#]]
    .assert_eq(&stage().when(&vera(), method(IdentityMethod::ClientCertificate)));
    expect![[r#"
        identity_verified method=call_back
        => legal_review
    "#]]
    .assert_eq(&stage().when(&vera(), method(IdentityMethod::CallBack)));
}

#[test]
fn signs_that_are_found_later_stop_what_was_under_way_until_somebody_calls_back() {
    let approved = || {
        Stage::verified(eu(), plain())
            .then(&carl(), accept(1))
            .then(&anna(), search(1))
            .then(&anna(), exhibit(1, 1, DataCategory::Subscriber, 3))
            .then(&anna(), assemble(1, desk::request::Outcome::Full))
            .hours(1)
            .then(&system(), assessed(held()))
    };
    expect![[r#"
        refused: approve: signs of fraud hold the request; call back on a number from the company's own directory, and record it
        => assembled
    "#]]
    .assert_eq(&approved().when(&bo(), approve(1)));
    expect![[r#"
        approved asks=[1]
        => approved
    "#]]
    .assert_eq(&approved().then(&vera(), method(IdentityMethod::CallBack)).when(&bo(), approve(1)));
}

#[test]
fn a_later_look_that_finds_nothing_does_not_end_the_hold() {
    let clean = assess(&facts(&plain(), &habit()), Rules::embedded());
    let stage = Stage::new(eu())
        .then(&officer(), receive(plain()))
        .then(&system(), assessed(held()))
        .then(&system(), assessed(clean));
    assert!(stage.request.is_held_for_signs);
    assert!(!stage.then(&vera(), method(IdentityMethod::CallBack)).request.is_held_for_signs);
}

#[test]
fn nobody_but_a_job_says_what_was_found() {
    for actor in [officer(), vera(), carl(), bo(), all_roles(7)] {
        let mut stage = Stage::new(eu()).then(&officer(), receive(plain()));
        assert_eq!(stage.play(&actor, &assessed(held())), Err("no permit".to_owned()));
    }
}

prop_compose! {
    fn any_past()(
        hours in 0i64..2_000,
        key in 0u128..4,
        account_ids in 1u32..200,
        emails in 0u32..5,
        emergency: bool,
        other: bool,
    ) -> Past {
        let mut order = plain();
        if other {
            order.instrument = InstrumentKind::Warrant;
        }
        let mut one = past(hours, KeyId(Uuid::from_u128(0xE + key)), &order);
        one.selectors = BTreeMap::from([(SelectorKind::AccountId, account_ids)]);
        if emails > 0 {
            one.selectors.insert(SelectorKind::Email, emails);
        }
        one.emergency = emergency;
        one
    }
}

fn wide(accounts: u32, emails: u32, emergency: bool) -> Order {
    let mut order = plain();
    let desk::order::Demand::Disclose { scope } = &mut order.asks[0].demand else { unreachable!() };
    scope.selectors = BTreeMap::from([(SelectorKind::AccountId, accounts)]);
    if emails > 0 {
        scope.selectors.insert(SelectorKind::Email, emails);
    }
    order.asks[0].emergency = emergency.then_some(EmergencyKind::Person);
    order
}

fn score(order: &Order, earlier: &[Past], canaries: u32, at: Timestamp) -> u16 {
    assess(&Facts { canaries, at, ..facts(order, earlier) }, Rules::embedded()).score
}

proptest! {
    #[test]
    fn the_score_is_bounded_and_the_same_in_any_order_of_the_history(
        earlier in prop::collection::vec(any_past(), 0..40).prop_shuffle(),
        accounts in 1u32..10_000,
        emails in 0u32..10,
        emergency: bool,
        canaries in 0u32..3,
        minutes in 0i64..20_000,
    ) {
        let order = wide(accounts, emails, emergency);
        let now = at(MORNING).checked_add(minutes.minutes()).expect("a time");
        let facts = Facts { canaries, at: now, ..facts(&order, &earlier) };
        let assessment = assess(&facts, Rules::embedded());
        prop_assert!(assessment.score <= 100);
        let sum: u16 = assessment.signs.iter().map(|sign| sign.points).sum();
        prop_assert_eq!(assessment.score, sum.min(100));
        prop_assert_eq!(assessment.holds, canaries > 0 || assessment.score >= 40);
        let mut turned = earlier.clone();
        turned.reverse();
        turned.sort_by_key(|past| past.selectors.values().sum::<u32>());
        prop_assert_eq!(&assess(&Facts { earlier: &turned, ..facts }, Rules::embedded()), &assessment);
    }

    #[test]
    fn more_of_what_is_a_sign_never_lowers_the_score(
        earlier in prop::collection::vec(any_past(), 0..40),
        accounts in 1u32..1_000,
        more in 0u32..1_000,
        emails in 0u32..10,
        canaries in 0u32..2,
    ) {
        let now = at(MORNING);
        let base = score(&wide(accounts, emails, false), &earlier, canaries, now);
        prop_assert!(score(&wide(accounts + more, emails, false), &earlier, canaries, now) >= base);
        prop_assert!(score(&wide(accounts, emails, true), &earlier, canaries, now) >= base);
        prop_assert!(score(&wide(accounts, emails, false), &earlier, canaries + 1, now) >= base);
    }

    #[test]
    fn more_requests_in_the_last_hour_are_never_fewer_points_of_velocity(
        earlier in prop::collection::vec(any_past(), 0..40),
        burst in 0usize..30,
    ) {
        let velocity = |earlier: &[Past]| -> u16 {
            let order = plain();
            let assessment = assess(&facts(&order, earlier), Rules::embedded());
            let signs = assessment.signs.iter();
            signs.filter(|sign| sign.finding.word() == "velocity").map(|sign| sign.points).sum()
        };
        let base = velocity(&earlier);
        let mut faster = earlier;
        faster.extend((0..burst).map(|_| past(0, KEY, &plain())));
        prop_assert!(velocity(&faster) >= base);
    }

    #[test]
    fn a_sketch_is_like_itself_and_alike_both_ways(
        reference in "[A-Za-z0-9 /.-]{0,40}",
        basis in "[a-z ]{0,400}",
        other in "[a-z ]{0,400}",
    ) {
        let one = Sketch::of(&plain(), &reference, &basis, ["a"]);
        let two = Sketch::of(&plain(), &reference, &other, ["b"]);
        prop_assert_eq!(one.similarity_percent(&one), 100);
        prop_assert_eq!(one.similarity_percent(&two), two.similarity_percent(&one));
        let text = serde_json::to_string(&one).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Sketch>(&text).expect("our own"), one);
    }
}
