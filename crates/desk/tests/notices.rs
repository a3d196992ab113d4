//! The user whose data were disclosed is told: at once, later, or by somebody else.

use desk::order::{DataCategory, InstrumentKind, IssuerType};
use desk::request::{Answer, Command, EffectKind, Event, MissingReason, Outcome};
use expect_test::{Expect, expect};

mod support;
use support::*;

use DataCategory::Subscriber;

/// What an act yields for users, on one line each.
fn check(mut stage: Stage, actor: desk::policy::Actor, command: Command, expected: Expect) {
    let events = stage.play(&actor, &command).expect("done");
    let told = |event: &&Event| {
        matches!(
            event,
            Event::NoticePostponed { .. }
                | Event::EffectRequested { action: EffectKind::NotifyUser, .. }
        )
    };
    let lines: Vec<String> = events.iter().filter(told).map(brief).collect();
    expected.assert_eq(&lines.join("\n"));
}

fn asked(asks: Vec<desk::order::Ask>) -> Stage {
    Stage::verified(generic(), order(InstrumentKind::ProductionOrder, "DE", asks))
}

fn answered(stage: Stage, outcome: Outcome) -> Stage {
    let missing = match outcome {
        Outcome::Partial => vec![MissingReason::OutOfScope],
        _ => Vec::new(),
    };
    let rows = if outcome == Outcome::NoData { 0 } else { 3 };
    let answers = vec![Answer { ask: ask(1), outcome, missing }];
    stage
        .then(&carl(), accept(1))
        .then(&anna(), search(1))
        .then(&anna(), exhibit(1, 1, Subscriber, rows))
        .then(&anna(), Command::Assemble { answers, tagmanifest_sha256: digest(0x33) })
        .then(&bo(), approve(1))
        .then(&system(), seal(1))
}

fn sealed(outcome: Outcome) -> Stage {
    answered(asked(vec![disclose(&[Subscriber])]), outcome)
}

/// A disclosure with an order to keep silent, judged or not.
fn silenced(until: Option<&str>) -> Stage {
    answered(asked(vec![disclose(&[Subscriber]), silence(until)]), Outcome::Full)
}

#[test]
fn a_user_is_told_with_the_answer() {
    check(
        sealed(Outcome::Full),
        system(),
        deliver(1),
        expect!["effect_requested action=notify_user ask=1 attempt=1"],
    );
    check(
        sealed(Outcome::Partial),
        system(),
        deliver(1),
        expect!["effect_requested action=notify_user ask=1 attempt=1"],
    );
    // Nothing about anybody left the house.
    check(sealed(Outcome::NoData), system(), deliver(1), expect![""]);
}

#[test]
fn where_the_authority_tells_we_do_not() {
    let stage = Stage::sealed(eu(), epoc(vec![disclose(&[Subscriber])]), Subscriber);
    check(stage, system(), deliver(1), expect![""]);
}

#[test]
fn practice_tells_nobody() {
    let mut order = order(InstrumentKind::ProductionOrder, "DE", vec![disclose(&[Subscriber])]);
    order.is_test = true;
    let stage = answered(Stage::verified(generic(), order), Outcome::Full);
    check(stage, system(), deliver(1), expect![""]);
}

#[test]
fn silence_is_waited_for() {
    let until = "2027-03-01T00:00:00Z";
    check(silenced(Some(until)), system(), deliver(1), expect!["notice_postponed ask=1"]);
    // Not judged yet is not refused yet.
    let waiting = || silenced(Some(until)).then(&system(), deliver(1));
    let refusal = Command::Refuse { ask: ask(2), code: desk::request::RefusalCode::NoLegalBasis };
    let told = || expect!["effect_requested action=notify_user ask=1 attempt=1"];
    check(waiting(), carl(), refusal, told());
    check(waiting(), officer(), Command::Withdraw { ask: ask(2) }, told());
    let silent = || waiting().then(&carl(), accept(2));
    check(waiting(), carl(), accept(2), expect![""]);
    check(silent(), officer(), acknowledge(1), expect![""]);
    check(silent(), carl(), Command::Release { ask: ask(2) }, told());
    check(silent().until(until), system(), Command::Tick, told());
    // Time is first whatever the act is, and it is told once.
    let message = Command::PostMessage { ask: None };
    check(silent().until(until), officer(), message.clone(), told());
    let lapsed = silent().until(until).then(&system(), Command::Tick);
    check(lapsed, officer(), message, expect![""]);
}

#[test]
fn an_emergency_is_looked_back_at_first() {
    let mut order = order(InstrumentKind::EmergencyRequest, "DE", vec![urgent(&[Subscriber])]);
    order.issuer = IssuerType::Police;
    let answers = vec![Answer { ask: ask(1), outcome: Outcome::Full, missing: Vec::new() }];
    let stage = Stage::new(generic())
        .then(&officer(), receive(order))
        .then(&one(), verify())
        .then(&one(), search(1))
        .then(&one(), exhibit(1, 1, Subscriber, 1))
        .then(&one(), Command::Assemble { answers, tagmanifest_sha256: digest(0x33) })
        .then(&two(), approve(1))
        .then(&system(), seal(1));
    let delivered = stage.then(&system(), deliver(1));
    assert!(delivered.request.asks[0].notice_waits);
    let review = Command::ReviewEmergency { ask: ask(1), justified: true };
    check(
        delivered,
        carl(),
        review,
        expect!["effect_requested action=notify_user ask=1 attempt=1"],
    );
}

#[test]
fn a_notice_that_failed_is_tried_again_and_confirmed() {
    let stage = sealed(Outcome::Full).then(&system(), deliver(1));
    let effect = stage.request.asks[0].effects[0].id;
    let failed = stage.then(&system(), Command::FailEffect { effect });
    let again = failed.then(&anna(), Command::RetryEffect { effect });
    let told = again.then(&system(), Command::ConfirmEffect { effect });
    assert_eq!(told.request.asks[0].effects[0].attempt, 2);
    assert_eq!(told.request.asks[0].stage.name(), "delivered", "it changes nothing else");
}
