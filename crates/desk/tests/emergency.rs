//! What an emergency still owes, as time passes.

use desk::order::{DataCategory, InstrumentKind, IssuerType};
use desk::request::{Command, Outcome};
use expect_test::expect;

mod support;
use support::*;

/// Handed over on 2026-11-23 at 09:00 UTC.
fn answered(pack: &'static desk::pack::RulePack, instrument: InstrumentKind) -> Stage {
    let country = if pack.reference.id == "us-sca" { "US" } else { "DE" };
    let mut order = order(instrument, country, vec![urgent(&[DataCategory::Subscriber])]);
    order.issuer = IssuerType::Police;
    Stage::new(pack)
        .then(&officer(), receive(order))
        .then(&one(), verify())
        .then(&one(), search(1))
        .then(&one(), exhibit(1, 1, DataCategory::Subscriber, 1))
        .then(&one(), assemble(1, Outcome::Full))
        .then(&two(), approve(1))
        .then(&system(), seal(1))
        .then(&system(), deliver(1))
}

fn owed(stage: &Stage) -> String {
    let mut text = String::new();
    for missing in stage.request.unvalidated(stage.now) {
        let checked = if missing.unchecked { ", unchecked" } else { "" };
        text.push_str(&format!(
            "unvalidated {} since {} ({}{checked}), answered: {}\n",
            missing.ask, missing.since, missing.article, missing.has_answer
        ));
    }
    for review in stage.request.reviews_owed() {
        let due = review.due.map_or_else(|| "-".to_owned(), |due| due.to_string());
        text.push_str(&format!("review of {} due {due}\n", review.ask));
    }
    text
}

fn letter() -> Stage {
    answered(us(), InstrumentKind::EmergencyRequest)
}
fn order_comes() -> Command {
    Command::ReceiveExPostOrder { ask: ask(1), order_sha256: digest(5) }
}

#[test]
fn within_48_hours_nothing_is_unvalidated() {
    expect![[r#"
        review of 1 due 2026-11-26T09:00:00Z
    "#]]
    .assert_eq(&owed(&letter().hours(47)));
}

#[test]
fn from_the_48th_hour_on_it_is_unvalidated_whether_or_not_a_job_has_noted_it() {
    let expected = expect![[r#"
        unvalidated 1 since 2026-11-25T09:00:00Z (the company's own, unchecked), answered: true
        review of 1 due 2026-11-26T09:00:00Z
    "#]];
    expected.assert_eq(&owed(&letter().hours(48)));
    expected.assert_eq(&owed(&letter().hours(48).then(&system(), Command::Tick)));
}

#[test]
fn an_order_in_time_leaves_nothing() {
    let stage = letter().then(&carl(), order_comes()).hours(100);
    assert!(stage.request.unvalidated(stage.now).is_empty());
}

#[test]
fn a_late_order_ends_the_mark() {
    let stage = letter().hours(60).then(&carl(), order_comes()).hours(1);
    assert!(stage.request.unvalidated(stage.now).is_empty());
    assert!(stage.request.asks[0].validated_at.is_some());
}

#[test]
fn closing_the_ask_does_not_end_it() {
    let stage = letter()
        .then(&carl(), accept(1))
        .then(&bo(), Command::ReviewEmergency { ask: ask(1), justified: true })
        .then(&anna(), Command::Close { ask: ask(1) })
        .hours(48);
    expect![[r#"
        unvalidated 1 since 2026-11-25T09:00:00Z (the company's own, unchecked), answered: true
    "#]]
    .assert_eq(&owed(&stage));
}

#[test]
fn an_emergency_taken_back_before_anything_left_owes_no_order() {
    let mut order = epoc(vec![urgent(&[DataCategory::Subscriber])]);
    order.issuer = IssuerType::Police;
    let stage = Stage::new(eu())
        .then(&officer(), receive(order))
        .then(&officer(), Command::Withdraw { ask: ask(1) })
        .hours(24 * 30);
    expect![""].assert_eq(&owed(&stage));
    assert_eq!(stage.request.asks[0].order_due(), None);
}

#[test]
fn an_epoc_that_names_no_validator_is_unvalidated_48_hours_after_the_day_of_issue() {
    let stage = answered(eu(), InstrumentKind::Epoc).hours(24 * 7);
    expect![[r#"
        unvalidated 1 since 2026-11-22T23:00:00Z (Art 4(5)), answered: true
        review of 1 due 2026-11-26T09:00:00Z
    "#]]
    .assert_eq(&owed(&stage));
}

#[test]
fn what_is_no_emergency_owes_nothing() {
    let stage = Stage::sealed(
        eu(),
        epoc(vec![disclose(&[DataCategory::Subscriber])]),
        DataCategory::Subscriber,
    );
    expect![""].assert_eq(&owed(&stage.then(&system(), deliver(1)).hours(24 * 90)));
}
