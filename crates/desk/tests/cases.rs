//! Given what happened, when somebody acts, then these events or this refusal.

use desk::order::{
    Authentication, Channel, DataCategory, Demand, InstrumentKind, IssuerType, Rank,
};
use desk::policy::Role;
use desk::request::{
    Answer, Command, HoldReason, IdentityMethod, MissingReason, Outcome, RefusalCode,
};
use expect_test::{Expect, expect};

mod support;
use support::*;

use DataCategory::{Content, Identification, Subscriber, Traffic, Transaction};

fn check(stage: Stage, actor: desk::policy::Actor, command: Command, then: Expect) {
    then.assert_eq(&stage.when(&actor, command));
}

macro_rules! cases {
    ($($name:ident: $given:expr, $actor:expr, $when:expr => $then:expr;)*) => {$(
        #[test]
        fn $name() {
            check($given, $actor, $when, $then);
        }
    )*};
}

fn one_disclosure() -> Stage {
    Stage::verified(eu(), epoc(vec![disclose(&[Subscriber])]))
}
fn accepted() -> Stage {
    one_disclosure().then(&carl(), accept(1))
}
fn searching() -> Stage {
    accepted().then(&anna(), search(1))
}
fn searched() -> Stage {
    searching().then(&anna(), exhibit(1, 1, Subscriber, 3))
}
fn assembled() -> Stage {
    searched().then(&anna(), assemble(1, Outcome::Full))
}
fn sealed() -> Stage {
    assembled().then(&bo(), approve(1)).then(&system(), seal(1))
}
fn delivered() -> Stage {
    sealed().then(&system(), deliver(1))
}
fn notified() -> Stage {
    Stage::sealed(eu(), epoc(vec![disclose(&[Traffic])]), Traffic)
}
fn emergency() -> Stage {
    let mut order = epoc(vec![urgent(&[Subscriber])]);
    order.issuer = IssuerType::Police;
    Stage::new(eu()).then(&officer(), receive(order)).then(&one(), verify())
}
fn emergency_delivered() -> Stage {
    emergency()
        .then(&one(), search(1))
        .then(&one(), exhibit(1, 1, Subscriber, 1))
        .then(&one(), assemble(1, Outcome::Full))
        .then(&two(), approve(1))
        .then(&system(), seal(1))
        .then(&system(), deliver(1))
}
fn preservation() -> Stage {
    let order = order(InstrumentKind::EpocPr, "DE", vec![preserve()]);
    Stage::new(eu()).then(&officer(), receive(order))
}
fn kept() -> Stage {
    preservation().then(&system(), keep(1))
}
fn freeze_order() -> Stage {
    let ask = freeze(Some("2026-12-20T00:00:00Z"));
    Stage::verified(generic(), order(InstrumentKind::FreezeOrder, "DE", vec![ask, unfreeze(1)]))
}
fn freezing() -> Stage {
    freeze_order().then(&anna(), Command::Freeze { ask: ask(1) })
}
fn effect(stage: &Stage, ask: usize) -> desk::ids::EffectId {
    stage.request.asks[ask - 1].effects.last().expect("an effect").id
}
fn frozen() -> Stage {
    let stage = freezing();
    let effect = effect(&stage, 1);
    stage.then(&system(), Command::ConfirmEffect { effect })
}
fn confirm_last(stage: Stage) -> (Stage, Command) {
    let effect = effect(&stage, 1);
    (stage, Command::ConfirmEffect { effect })
}
fn silent() -> Stage {
    let ask = silence(Some("2027-03-01T00:00:00Z"));
    let order = order(InstrumentKind::NonDisclosureOrder, "US", vec![ask]);
    Stage::verified(us(), order).then(&carl(), accept(1))
}
fn by_hand() -> Stage {
    let mut order = epoc(vec![disclose(&[Subscriber])]);
    (order.channel, order.authentication) = (Channel::Manual, Authentication::None);
    Stage::new(eu()).then(&ina(), receive(order))
}
fn answers(outcome: Outcome, missing: &[MissingReason]) -> Command {
    let answers = vec![Answer { ask: ask(1), outcome, missing: missing.to_vec() }];
    Command::Assemble { answers, tagmanifest_sha256: digest(0x33) }
}
fn two_asks() -> Stage {
    Stage::verified(eu(), epoc(vec![disclose(&[Subscriber]), disclose(&[Identification])]))
        .then(&carl(), accept(1))
        .then(&carl(), accept(2))
        .then(&anna(), search(1))
        .then(&anna(), search(2))
        .then(&anna(), exhibit(1, 1, Subscriber, 1))
        .then(&anna(), exhibit(2, 2, Identification, 1))
        .then(
            &anna(),
            Command::Assemble {
                answers: vec![
                    Answer { ask: ask(1), outcome: Outcome::Full, missing: vec![] },
                    Answer { ask: ask(2), outcome: Outcome::Full, missing: vec![] },
                ],
                tagmanifest_sha256: digest(0x33),
            },
        )
}
fn asked() -> Stage {
    let codes = vec![RefusalCode::Incomplete];
    one_disclosure().then(&carl(), Command::RequestInformation { ask: ask(1), codes })
}

// Filing and proof of the sender.
cases! {
    an_epoc_starts_its_clocks: Stage::new(eu()), officer(),
        receive(epoc(vec![disclose(&[Subscriber])])) => expect![[r#"
            received
            clock_started 1 produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
            clock_started 1 third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
            => received
        "#]];
    traffic_waits_for_the_enforcing_authority: Stage::new(eu()), officer(),
        receive(epoc(vec![disclose(&[Traffic])])) => expect![[r#"
            received
            clock_started 1 release-window not_before 2026-12-03T23:00:00Z (Art 10(2), 8(4))
            clock_started 1 produce-notified due_by 2026-12-04T23:00:00Z (Art 10(2), 10(6))
            clock_started 1 grounds window 2026-12-03T23:00:00Z (Art 12(1))
            clock_started 1 third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
            => received
        "#]];
    an_emergency_has_eight_hours: Stage::new(eu()), officer(),
        receive(epoc(vec![urgent(&[Traffic])])) => expect![[r#"
            received
            clock_started 1 produce-emergency due_by 2026-11-23T17:00:00Z (Art 10(4), 8(4), 10(6))
            clock_started 1 grounds-emergency window 2026-11-27T09:00:00Z (Art 10(4), 12(1))
            clock_started 1 third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
            => received
        "#]];
    a_request_is_filed_once: one_disclosure(), officer(),
        receive(epoc(vec![disclose(&[Subscriber])])) => expect![[r#"
            refused: file the request: it is filed already; open the request that is there, or file under a new name
            => legal_review
        "#]];
    a_request_without_asks_is_none: Stage::new(eu()), officer(), receive(epoc(vec![]))
        => expect![[r#"
            refused: file the request: it has no ask, or more than 64; send 1 to 64 asks in one request
            => 
        "#]];
    hi1_is_never_called_signed: Stage::new(eu()), officer(), {
        let mut order = epoc(vec![disclose(&[Subscriber])]);
        order.authentication = Authentication::Signed;
        receive(order)
    } => expect![[r#"
        refused: file the request: channel, proof of the sender and key do not fit together; by HI-1: proven by channel, with the key; by portal: signed, with the key; by hand: no proof and no key
        => 
    "#]];
    an_unknown_zone_is_told_at_once: Stage::new(eu()), officer(), {
        let mut order = epoc(vec![disclose(&[Subscriber])]);
        order.authority_zone = Some("Europe/Atlantis".to_owned());
        receive(order)
    } => expect![[r#"
        refused: file the request: `Europe/Atlantis` is no IANA time zone; name one such as Europe/Brussels; correct the order
        => 
    "#]];
    nothing_can_be_done_to_what_was_never_filed: Stage::new(eu()), vera(), verify()
        => expect![[r#"
            refused: verify_identity: there is no such request; file it first
            => 
        "#]];
    a_certificate_proves_the_channel:
        Stage::new(eu()).then(&officer(), receive(epoc(vec![disclose(&[Subscriber])]))),
        vera(), verify() => expect![[r#"
            identity_verified method=client_certificate
            => legal_review
        "#]];
    a_passkey_that_was_not_used_proves_nothing:
        Stage::new(eu()).then(&officer(), receive(epoc(vec![disclose(&[Subscriber])]))),
        vera(), Command::VerifyIdentity { method: IdentityMethod::Passkey } => expect![[r#"
            refused: verify the identity: the request came by `hi1`, proven `by_channel`; `passkey` was not used; call back on a number from the company's own directory, and record it
            => received
        "#]];
    post_needs_a_call_back: by_hand(), vera(), verify() => expect![[r#"
        refused: verify the identity: the request came by `manual`, proven `none`; `client_certificate` was not used; call back on a number from the company's own directory, and record it
        => received
    "#]];
    post_with_a_call_back_goes_on: by_hand(), vera(),
        Command::VerifyIdentity { method: IdentityMethod::CallBack } => expect![[r#"
            identity_verified method=call_back
            => legal_review
        "#]];
}

// Legal review, questions, holds.
cases! {
    counsel_accepts_what_the_pack_accepts: one_disclosure(), carl(), accept(1) => expect![[r#"
        legal_accepted ask=1 despite=[]
        => accepted
    "#]];
    a_prosecutor_is_not_enough_for_traffic: {
        let mut order = epoc(vec![disclose(&[Traffic])]);
        order.issuer = IssuerType::Prosecutor;
        Stage::verified(eu(), order)
    }, carl(), accept(1) => expect![[r#"
        refused: accept ask 1 under eu-e-evidence-2023-1543: issuer_not_competent (Art 4(2)): `traffic` data: the issuer `prosecutor` needs a validation; have it validated by: judge, court, investigating_judge; refuse it, ask the authority, or have counsel accept it naming each reason set aside
        => legal_review
    "#]];
    counsel_may_set_a_named_reason_aside: {
        let mut order = epoc(vec![disclose(&[Traffic])]);
        order.issuer = IssuerType::Prosecutor;
        Stage::verified(eu(), order)
    }, carl(), Command::AcceptLegal {
        ask: ask(1), despite: vec![RefusalCode::IssuerNotCompetent],
    } => expect![[r#"
        legal_accepted ask=1 despite=[issuer_not_competent]
        => accepted
    "#]];
    counsel_cannot_set_aside_what_nobody_said: one_disclosure(), carl(), Command::AcceptLegal {
        ask: ask(1), despite: vec![RefusalCode::OverBroad],
    } => expect![[r#"
        refused: accept ask 1 under eu-e-evidence-2023-1543: over_broad is set aside though nothing speaks of it; refuse it, ask the authority, or have counsel accept it naming each reason set aside
        => legal_review
    "#]];
    disclosure_never_precedes_proof:
        Stage::new(eu()).then(&officer(), receive(epoc(vec![disclose(&[Subscriber])]))),
        carl(), accept(1) => expect![[r#"
            refused: accept for ask 1: it is in state `received`; this needs legal review, after proof of the sender
            => received
        "#]];
    a_question_stops_our_clock_and_starts_theirs: one_disclosure(), carl(),
        Command::RequestInformation { ask: ask(1), codes: vec![RefusalCode::Incomplete] }
        => expect![[r#"
            information_requested ask=1 codes=[incomplete]
            clock_paused ask=1 clock=produce
            clock_started 1 clarify-production due_by 2026-11-28T23:00:00Z (Art 10(6))
            => needs_information
        "#]];
    a_question_names_what_is_missing: one_disclosure(), carl(),
        Command::RequestInformation { ask: ask(1), codes: vec![] } => expect![[r#"
            refused: ask the authority: no reason is named; name what is missing by its code
            => legal_review
        "#]];
    an_answer_gives_back_the_rest_of_the_time: asked().hours(48), officer(),
        Command::ProvideInformation { ask: ask(1), order: None } => expect![[r#"
            information_provided ask=1
            clock_stopped ask=1 clock=clarify-production reason=met
            clock_resumed ask=1 clock=produce due=2026-12-05T23:00:00Z
            => legal_review
        "#]];
    a_correction_that_adds_traffic_starts_the_waiting: asked().hours(48), officer(),
        Command::ProvideInformation {
            ask: ask(1), order: Some(Box::new(epoc(vec![disclose(&[Subscriber, Traffic])]))),
        } => expect![[r#"
            information_provided ask=1
            clock_stopped ask=1 clock=clarify-production reason=met
            clock_stopped ask=1 clock=produce reason=replaced
            clock_started 1 release-window not_before 2026-12-07T23:00:00Z (Art 10(2), 8(4))
            clock_started 1 produce-notified due_by 2026-12-08T23:00:00Z (Art 10(2), 10(6))
            clock_started 1 grounds window 2026-12-05T23:00:00Z (Art 12(1))
            => legal_review
        "#]];
    a_correction_cannot_add_an_emergency: asked(), officer(), Command::ProvideInformation {
        ask: ask(1), order: Some(Box::new(epoc(vec![urgent(&[Subscriber])]))),
    } => expect![[r#"
        refused: clarify ask 1: the correction changes other asks, this one's kind or emergency, the country or the way it came; send a new request for what is new
        => needs_information
    "#]];
    a_late_answer_was_breached_by_them: asked().hours(24 * 7), officer(),
        Command::ProvideInformation { ask: ask(1), order: None } => expect![[r#"
            clock_breached ask=1 clock=clarify-production due=2026-11-28T23:00:00Z
            information_provided ask=1
            clock_resumed ask=1 clock=produce due=2026-12-10T23:00:00Z
            => legal_review
        "#]];
    nothing_goes_on_while_waiting: asked(), carl(), accept(1) => expect![[r#"
        refused: accept for ask 1: it is in state `needs_information`; this needs legal review, after proof of the sender
        => needs_information
    "#]];
    a_ground_for_refusal_holds_a_sealed_package: notified(), carl(),
        Command::Hold { ask: ask(1), reason: HoldReason::AuthorityGround } => expect![[r#"
            held ask=1 reason=authority_ground
            clock_paused ask=1 clock=produce-notified
            => authority_hold
        "#]];
    what_is_held_is_not_delivered: notified()
        .then(&carl(), Command::Hold { ask: ask(1), reason: HoldReason::AuthorityGround })
        .until("2026-12-10T00:00:00Z"), system(), deliver(1) => expect![[r#"
            refused: deliver for ask 1: it is in state `authority_hold`; this needs state `sealed`
            => authority_hold
        "#]];
    a_court_hold_ends: accepted()
        .then(&carl(), Command::Hold { ask: ask(1), reason: HoldReason::ThirdCountryReview })
        .hours(100), carl(), Command::EndHold { ask: ask(1) } => expect![[r#"
            hold_ended ask=1
            clock_resumed ask=1 clock=produce due=2026-12-08T03:00:00Z
            => accepted
        "#]];
    enforcement_gives_five_working_days: accepted(), carl(),
        Command::Hold { ask: ask(1), reason: HoldReason::Enforcement } => expect![[r#"
            held ask=1 reason=enforcement
            clock_paused ask=1 clock=produce
            clock_started 1 recognition window 2026-11-30T23:00:00Z (Art 16(2))
            => authority_hold
        "#]];
    a_refusal_names_its_code_and_ends_the_clocks: one_disclosure(), carl(),
        Command::Refuse { ask: ask(1), code: RefusalCode::OverBroad } => expect![[r#"
            refused ask=1 code=over_broad
            clock_stopped ask=1 clock=produce reason=ended
            clock_stopped ask=1 clock=third-country-objection reason=ended
            => refused
        "#]];
    what_is_sealed_is_not_refused: sealed(), carl(),
        Command::Refuse { ask: ask(1), code: RefusalCode::OverBroad } => expect![[r#"
            refused: refuse for ask 1: it is in state `sealed`; this needs an ask that is not yet sealed; suspected fraud, not yet delivered
            => sealed
        "#]];
    fraud_refuses_even_what_is_sealed: sealed(), vera(),
        Command::Refuse { ask: ask(1), code: RefusalCode::SuspectedFraud } => expect![[r#"
            refused ask=1 code=suspected_fraud
            clock_stopped ask=1 clock=produce reason=ended
            clock_stopped ask=1 clock=third-country-objection reason=ended
            => refused
        "#]];
}

// Search, package, two people.
cases! {
    no_search_before_acceptance: one_disclosure(), anna(), search(1) => expect![[r#"
        refused: start the search for ask 1: it is in state `legal_review`; this needs acceptance in law
        => legal_review
    "#]];
    no_search_for_a_preservation: kept(), anna(), search(1) => expect![[r#"
        refused: start the search for ask 1: it asks to `preserve`; this is only for: disclose; name another ask
        => preserved
    "#]];
    rows_outside_the_scope_stay_out: searching(), anna(), exhibit(1, 1, Content, 3)
        => expect![[r#"
            refused: add the exhibit: `content` data are not in the scope of ask 1; leave them out; the authority did not ask for them
            => searching
        "#]];
    an_exhibit_number_is_used_once: searched(), anna(), exhibit(1, 1, Subscriber, 3)
        => expect![[r#"
            refused: add the exhibit: the number 1 is used, zero, or one too many; take the next free number
            => searching
        "#]];
    full_needs_rows: searching().then(&anna(), exhibit(1, 1, Subscriber, 0)), anna(),
        assemble(1, Outcome::Full) => expect![[r#"
            refused: assemble ask 1 as `full`: the exhibits say otherwise; there are no rows; call it no data
            => searching
        "#]];
    a_negative_answer_is_an_answer: searching().then(&anna(), exhibit(1, 1, Subscriber, 0)),
        anna(), assemble(1, Outcome::NoData) => expect![[r#"
            outcome_recorded ask=1 missing=[] outcome=no_data
            assembled asks=[1]
            => assembled
        "#]];
    a_negative_answer_needs_a_search: searching(), anna(), assemble(1, Outcome::NoData)
        => expect![[r#"
            refused: assemble ask 1 as `no_data`: the exhibits say otherwise; nothing was searched; add an exhibit, empty if need be
            => searching
        "#]];
    partial_says_why: searched(), anna(), answers(Outcome::Partial, &[]) => expect![[r#"
        refused: assemble ask 1 as `partial`: the exhibits say otherwise; say what is missing and why
        => searching
    "#]];
    partial_with_a_reason: searched(), anna(),
        answers(Outcome::Partial, &[MissingReason::Privileged]) => expect![[r#"
            outcome_recorded ask=1 missing=[privileged] outcome=partial
            assembled asks=[1]
            => assembled
        "#]];
    another_person_approves: assembled(), bo(), approve(1) => expect![[r#"
        approved asks=[1]
        => approved
    "#]];
    the_analyst_cannot_approve: searched()
        .then(&all_roles(9), assemble(1, Outcome::Full)), all_roles(9), approve(1)
        => expect![[r#"
            refused: approve: whoever filed, verified, searched or assembled cannot approve; have another person approve
            => assembled
        "#]];
    the_verifier_cannot_approve: {
        Stage::new(eu())
            .then(&officer(), receive(epoc(vec![disclose(&[Subscriber])])))
            .then(&all_roles(9), verify())
            .then(&carl(), accept(1))
            .then(&anna(), search(1))
            .then(&anna(), exhibit(1, 1, Subscriber, 3))
            .then(&anna(), assemble(1, Outcome::Full))
    }, all_roles(9), approve(1) => expect![[r#"
        refused: approve: whoever filed, verified, searched or assembled cannot approve; have another person approve
        => assembled
    "#]];
    an_administrator_cannot_approve: assembled(), staff(8, &[Role::Administrator]), approve(1)
        => expect![[r#"
            refused: no permit
            => assembled
        "#]];
    another_package_is_not_approved: assembled(), bo(),
        Command::Approve { asks: asks(&[1]), tagmanifest_sha256: digest(0x34) } => expect![[r#"
            refused: approve ask 1: the digest is not that of the package the ask is in; look at the package that was assembled, and name its digest
            => assembled
        "#]];
    a_part_of_a_package_is_not_approved: two_asks(), bo(), approve(1) => expect![[r#"
        refused: approve: the package also answers ask 2, in state `assembled`; name all asks of the package; if one is over or held, return it and assemble anew
        => assembled, assembled
    "#]];
    two_asks_share_a_package: two_asks(), bo(),
        Command::Approve { asks: asks(&[1, 2]), tagmanifest_sha256: digest(0x33) }
        => expect![[r#"
            approved asks=[1,2]
            => approved, approved
        "#]];
    a_package_with_a_withdrawn_ask_is_stopped:
        two_asks().then(&officer(), Command::Withdraw { ask: ask(2) }), bo(), approve(1)
        => expect![[r#"
            refused: approve: the package also answers ask 2, in state `withdrawn`; name all asks of the package; if one is over or held, return it and assemble anew
            => assembled, withdrawn
        "#]];
    a_package_goes_back: assembled(), bo(), Command::ReturnPackage { asks: asks(&[1]) }
        => expect![[r#"
            package_returned asks=[1]
            => searching
        "#]];
    nothing_is_sealed_unapproved: assembled(), system(), seal(1) => expect![[r#"
        refused: seal for ask 1: it is in state `assembled`; this needs state `approved`
        => assembled
    "#]];
    a_delivery_stops_the_clock: sealed(), system(), deliver(1) => expect![[r#"
        delivered asks=[1]
        clock_stopped ask=1 clock=produce reason=met
        => delivered
    "#]];
    a_late_delivery_is_a_breach: sealed().until("2026-12-04T00:00:00Z"), system(), deliver(1)
        => expect![[r#"
            clock_breached ask=1 clock=produce due=2026-12-03T23:00:00Z
            clock_stopped ask=1 clock=third-country-objection reason=reached
            delivered asks=[1]
            => delivered
        "#]];
    no_delivery_before_the_window_ends: notified().until("2026-12-03T22:59:59Z"), system(),
        deliver(1) => expect![[r#"
            refused: deliver: an enforcing authority may still object until 2026-12-03T23:00:00Z; wait until then, or note that the authority cleared it
            => sealed
        "#]];
    delivery_at_the_end_of_the_window: notified().until("2026-12-03T23:00:00Z"), system(),
        deliver(1) => expect![[r#"
            clock_stopped ask=1 clock=release-window reason=reached
            clock_stopped ask=1 clock=grounds reason=reached
            clock_stopped ask=1 clock=third-country-objection reason=reached
            delivered asks=[1]
            clock_stopped ask=1 clock=produce-notified reason=met
            => delivered
        "#]];
    an_early_clearance_opens_the_way: notified()
        .then(&carl(), Command::ClearByAuthority { ask: ask(1) }), system(), deliver(1)
        => expect![[r#"
            delivered asks=[1]
            clock_stopped ask=1 clock=produce-notified reason=met
            => delivered
        "#]];
    there_must_be_something_to_clear: sealed(), carl(),
        Command::ClearByAuthority { ask: ask(1) } => expect![[r#"
            refused: note the clearance: no clock of an enforcing authority is running; there is nothing to wait for; go on
            => sealed
        "#]];
    the_receipt_names_the_package: delivered(), officer(), acknowledge(1) => expect![[r#"
        acknowledged asks=[1]
        => acknowledged
    "#]];
    another_receipt_is_refused: delivered(), officer(),
        Command::Acknowledge { asks: asks(&[1]), package_sha256: digest(1) } => expect![[r#"
            refused: acknowledge: the digest is not that of the package we delivered; fetch the package again and compare its SHA-256
            => delivered
        "#]];
    withdrawal_before_sealing_stops: assembled(), officer(), Command::Withdraw { ask: ask(1) }
        => expect![[r#"
            withdrawn after_delivery=false ask=1
            clock_stopped ask=1 clock=produce reason=ended
            clock_stopped ask=1 clock=third-country-objection reason=ended
            => withdrawn
        "#]];
    withdrawal_after_delivery_asks_to_delete: delivered(), officer(),
        Command::Withdraw { ask: ask(1) } => expect![[r#"
            withdrawn after_delivery=true ask=1
            deletion_requested ask=1
            clock_stopped ask=1 clock=third-country-objection reason=ended
            => withdrawn
        "#]];
    the_deletion_is_confirmed: delivered().then(&officer(), Command::Withdraw { ask: ask(1) }),
        officer(), Command::ConfirmDeletion { ask: ask(1) } => expect![[r#"
            deletion_confirmed ask=1
            => withdrawn
        "#]];
    a_mark_after_delivery_is_recorded: delivered(), vera(), Command::MarkKey { key: KEY }
        => expect![[r#"
            key_marked
            => delivered
        "#]];
    a_marked_key_opens_nothing: delivered().then(&vera(), Command::MarkKey { key: KEY }),
        officer(), acknowledge(1) => expect![[r#"
            refused: no permit
            => delivered
        "#]];
    what_a_marked_key_sent_is_not_delivered:
        sealed().then(&vera(), Command::MarkKey { key: KEY }), system(), deliver(1)
        => expect![[r#"
            refused: no permit
            => sealed
        "#]];
    an_instrument_can_expire: {
        let mut order = epoc(vec![disclose(&[Subscriber])]);
        order.valid_until = Some(at("2026-12-01T00:00:00Z"));
        Stage::verified(eu(), order).until("2026-12-01T00:00:00Z")
    }, carl(), accept(1) => expect![[r#"
        refused: accept for ask 1: it is in state `expired`; this needs legal review, after proof of the sender
        => expired
    "#]];
}

// Emergencies.
cases! {
    somebody_on_call_goes_ahead: emergency(), one(), search(1) => expect![[r#"
        search_started ask=1
        => searching
    "#]];
    an_analyst_does_not_go_ahead: emergency(), anna(), search(1) => expect![[r#"
        refused: start the search for ask 1: it is in state `legal_review`; this needs acceptance in law, or somebody on call
        => legal_review
    "#]];
    no_emergency_no_going_ahead: one_disclosure(), one(), search(1) => expect![[r#"
        refused: no permit
        => legal_review
    "#]];
    going_ahead_respects_the_pack: {
        let mut order = epoc(vec![urgent(&[Traffic])]);
        order.issuer = IssuerType::Police;
        Stage::new(eu()).then(&officer(), receive(order)).then(&one(), verify())
    }, one(), search(1) => expect![[r#"
        refused: accept ask 1 under eu-e-evidence-2023-1543: issuer_not_competent (Art 4(2)): `traffic` data: the issuer `police` needs a validation; have it validated by: judge, court, investigating_judge; this emergency does not excuse it; refuse it, ask the authority, or have counsel accept it naming each reason set aside
        => legal_review
    "#]];
    still_two_people: emergency()
        .then(&one(), search(1))
        .then(&one(), exhibit(1, 1, Subscriber, 1))
        .then(&one(), assemble(1, Outcome::Full)), one(), approve(1) => expect![[r#"
            refused: approve: whoever filed, verified, searched or assembled cannot approve; have another person approve
            => assembled
        "#]];
    an_emergency_answer_owes_a_review: emergency()
        .then(&one(), search(1))
        .then(&one(), exhibit(1, 1, Subscriber, 1))
        .then(&one(), assemble(1, Outcome::Full))
        .then(&two(), approve(1))
        .then(&system(), seal(1)), system(), deliver(1) => expect![[r#"
            delivered asks=[1]
            clock_stopped ask=1 clock=produce-emergency reason=met
            clock_started 1 third-person-review due_by 2026-11-26T09:00:00Z (desk rule: every emergency answer is reviewed)
            => delivered
        "#]];
    a_third_person_reviews: emergency_delivered(), bo(),
        Command::ReviewEmergency { ask: ask(1), justified: true } => expect![[r#"
            emergency_reviewed ask=1 justified=true
            clock_stopped ask=1 clock=third-person-review reason=met
            => delivered
        "#]];
    the_second_person_does_not_review: emergency_delivered(), two(),
        Command::ReviewEmergency { ask: ask(1), justified: true } => expect![[r#"
            refused: review the emergency: whoever let it out cannot review it; have a third person review it
            => delivered
        "#]];
    legal_review_follows: emergency_delivered(), carl(), accept(1) => expect![[r#"
        legal_accepted ask=1 despite=[]
        => delivered
    "#]];
    an_unreviewed_emergency_is_not_closed: emergency_delivered().then(&carl(), accept(1)),
        anna(), Command::Close { ask: ask(1) } => expect![[r#"
            refused: close ask 1: an emergency answer is not closed without legal review and a third person's review; have both done
            => delivered
        "#]];
    a_review_after_72_hours_is_late: emergency_delivered().hours(73), bo(),
        Command::ReviewEmergency { ask: ask(1), justified: false } => expect![[r#"
            clock_breached ask=1 clock=third-person-review due=2026-11-26T09:00:00Z
            emergency_reviewed ask=1 justified=false
            => delivered
        "#]];
    the_order_follows: emergency_delivered(), carl(),
        Command::ReceiveExPostOrder { ask: ask(1), order_sha256: digest(5) } => expect![[r#"
            ex_post_order_received ask=1
            => delivered
        "#]];
}

// Preservation.
cases! {
    a_copy_precedes_proof: preservation(), system(), keep(1) => expect![[r#"
        preserved ask=1 exhibit=90 rows=12 until=2027-01-22T23:00:00Z
        clock_stopped ask=1 clock=preserve reason=met
        clock_started 1 subsequent-request window 2027-01-22T23:00:00Z (Art 11(1))
        => preserved
    "#]];
    a_copy_is_made_once: kept(), system(), keep(1) => expect![[r#"
        refused: preserve for ask 1: it is in state `preserved`; this needs an ask that is not preserved, over or waiting
        => preserved
    "#]];
    an_unverified_sender_extends_nothing: kept(), officer(), Command::Extend { ask: ask(1) }
        => expect![[r#"
            refused: extend: nobody has proven who sent the request; verify the identity first
            => preserved
        "#]];
    thirty_days_more: kept().then(&vera(), verify()), officer(), Command::Extend { ask: ask(1) }
        => expect![[r#"
            extended ask=1 until=2027-02-21T23:00:00Z
            clock_stopped ask=1 clock=subsequent-request reason=replaced
            clock_started 1 subsequent-request window 2027-02-21T23:00:00Z (Art 11(1))
            => extended
        "#]];
    only_once: kept().then(&vera(), verify()).then(&officer(), Command::Extend { ask: ask(1) }),
        officer(), Command::Extend { ask: ask(1) } => expect![[r#"
            refused: extend ask 1: it was extended 1 time(s), the most that Art 11(1) allows; link an order for the records
            => extended
        "#]];
    an_order_opens_the_copy: kept().then(&vera(), verify()), carl(),
        Command::Link { ask: ask(1), order_sha256: digest(5) } => expect![[r#"
            linked ask=1
            clock_stopped ask=1 clock=subsequent-request reason=met
            => linked
        "#]];
    sixty_days_later_it_lapses: kept().until("2027-01-22T23:00:00Z"), system(), Command::Tick
        => expect![[r#"
            clock_stopped ask=1 clock=subsequent-request reason=reached
            lapsed ask=1 until=2027-01-22T23:00:00Z
            effect_requested action=delete_copy ask=1 attempt=1
            => lapsed
        "#]];
    a_moment_before_it_does_not: kept().until("2027-01-22T22:59:59Z"), system(), Command::Tick
        => expect![[r#"
            => preserved
        "#]];
    what_lapsed_cannot_be_linked:
        kept().then(&vera(), verify()).until("2027-01-23T00:00:00Z"), carl(),
        Command::Link { ask: ask(1), order_sha256: digest(5) } => expect![[r#"
            refused: link an order for ask 1: it is in state `lapsed`; this needs a copy that is kept
            => lapsed
        "#]];
    a_withdrawn_copy_is_deleted: kept(), officer(), Command::Withdraw { ask: ask(1) }
        => expect![[r#"
            withdrawn after_delivery=false ask=1
            effect_requested action=delete_copy ask=1 attempt=1
            clock_stopped ask=1 clock=subsequent-request reason=ended
            => withdrawn
        "#]];
    the_deletion_gives_a_receipt: {
        kept().then(&officer(), Command::Withdraw { ask: ask(1) })
    }, system(), {
        let id = desk::ids::EffectId::derive(REQUEST, ask(1), 1);
        Command::ConfirmEffect { effect: id }
    } => expect![[r#"
        effect_confirmed ask=1 late=false
        copy_deleted ask=1
        => withdrawn
    "#]];
    a_letter_keeps_ninety_days: {
        let order = order(InstrumentKind::PreservationLetter, "US", vec![preserve()]);
        Stage::new(us()).then(&officer(), receive(order))
    }, system(), keep(1) => expect![[r#"
        preserved ask=1 exhibit=90 rows=12 until=2027-02-23T05:00:00Z
        clock_stopped ask=1 clock=preserve reason=met
        clock_started 1 legal-process window 2027-02-23T05:00:00Z (18 USC 2703(f)(2))
        => preserved
    "#]];
}

// Freeze, release, silence.
cases! {
    no_freeze_before_proof: {
        let order = order(InstrumentKind::FreezeOrder, "DE", vec![freeze(None)]);
        Stage::new(generic()).then(&officer(), receive(order))
    }, anna(), Command::Freeze { ask: ask(1) } => expect![[r#"
        refused: freeze: nobody has proven who sent the request; verify the identity first
        => received
    "#]];
    a_freeze_may_precede_legal_review: freeze_order(), anna(), Command::Freeze { ask: ask(1) }
        => expect![[r#"
            effect_requested action=freeze ask=1 attempt=1 until=2026-12-20T00:00:00Z
            => freezing, legal_review
        "#]];
    a_letter_freezes_for_seven_days: {
        let ask = freeze(Some("2027-12-01T00:00:00Z"));
        Stage::verified(generic(), order(InstrumentKind::Letter, "DE", vec![ask]))
    }, anna(), Command::Freeze { ask: ask(1) } => expect![[r#"
        effect_requested action=freeze ask=1 attempt=1 until=2026-12-01T00:00:00Z
        => freezing
    "#]];
    a_freeze_of_everything_is_over_broad: {
        let mut ask = freeze(None);
        ask.demand = Demand::Freeze { asset: None, amount: None, until: None };
        Stage::verified(generic(), order(InstrumentKind::FreezeOrder, "DE", vec![ask]))
    }, anna(), Command::Freeze { ask: ask(1) } => expect![[r#"
        refused: accept ask 1 under generic: over_broad (desk rule): a freeze names one asset and an amount above zero; name both; refuse it, ask the authority, or have counsel accept it naming each reason set aside
        => legal_review
    "#]];
    a_sergeant_does_not_freeze: {
        let mut order = order(InstrumentKind::CpcSection35Order, "SG", vec![freeze(None)]);
        (order.issuer, order.issuer_rank) = (IssuerType::Police, Some(Rank::Sergeant));
        Stage::verified(sg(), order)
    }, anna(), Command::Freeze { ask: ask(1) } => expect![[r#"
        refused: accept ask 1 under sg-cpc-2010: issuer_not_competent (s 35(2)): to `freeze`: this needs an officer of rank inspector or above; have one sign; refuse it, ask the authority, or have counsel accept it naming each reason set aside
        => legal_review
    "#]];
    frozen_only_on_confirmation: freezing(), system(), {
        let id = desk::ids::EffectId::derive(REQUEST, ask(1), 1);
        Command::ConfirmEffect { effect: id }
    } => expect![[r#"
        effect_confirmed ask=1 late=false
        frozen amount=150000000 ask=1 asset=BTC until=2026-12-20T00:00:00Z
        clock_stopped ask=1 clock=freeze reason=met
        => frozen, legal_review
    "#]];
    a_failed_freeze_is_a_state: freezing(), system(), {
        let id = desk::ids::EffectId::derive(REQUEST, ask(1), 1);
        Command::FailEffect { effect: id }
    } => expect![[r#"
        effect_failed ask=1
        => freezing, legal_review
    "#]];
    a_confirmation_after_the_lapse_is_undone: freezing().until("2026-12-20T00:00:00Z"), system(), {
        let id = desk::ids::EffectId::derive(REQUEST, ask(1), 1);
        Command::ConfirmEffect { effect: id }
    } => expect![[r#"
        clock_breached ask=1 clock=freeze due=2026-11-24T09:00:00Z
        lapsed ask=1 until=2026-12-20T00:00:00Z
        effect_requested action=unfreeze ask=1 attempt=1
        effect_confirmed ask=1 late=true
        effect_requested action=unfreeze ask=1 attempt=1
        => lapsed, legal_review
    "#]];
    a_freeze_lapses_by_itself: frozen().until("2026-12-20T00:00:00Z"), system(), Command::Tick
        => expect![[r#"
            lapsed ask=1 until=2026-12-20T00:00:00Z
            effect_requested action=unfreeze ask=1 attempt=1
            => lapsed, legal_review
        "#]];
    an_order_confirms_a_freeze: frozen(), carl(), Command::ConfirmFreeze {
        ask: ask(1), order_sha256: digest(5), until: None,
    } => expect![[r#"
        freeze_confirmed ask=1
        => freeze_confirmed, legal_review
    "#]];
    a_confirmed_freeze_does_not_lapse: frozen().then(&carl(), Command::ConfirmFreeze {
        ask: ask(1), order_sha256: digest(5), until: None,
    }).until("2027-12-20T00:00:00Z"), system(), Command::Tick => expect![[r#"
        => freeze_confirmed, legal_review
    "#]];
    a_withdrawn_freeze_is_released: frozen(), officer(), Command::Withdraw { ask: ask(1) }
        => expect![[r#"
            withdrawn after_delivery=false ask=1
            effect_requested action=unfreeze ask=1 attempt=1
            => withdrawn, legal_review
        "#]];
    a_release_is_asked_for: frozen().then(&carl(), accept(2)), anna(),
        Command::Unfreeze { ask: ask(2) } => expect![[r#"
            effect_requested action=unfreeze ask=2 attempt=1
            => frozen, unfreezing
        "#]];
    a_release_needs_a_freeze: freeze_order().then(&carl(), accept(2)), anna(),
        Command::Unfreeze { ask: ask(2) } => expect![[r#"
            refused: unfreeze for ask 1: it is in state `legal_review`; this needs a freeze that took effect
            => legal_review, accepted
        "#]];
    a_year_is_the_officers_duty: {
        let mut order = order(InstrumentKind::CpcSection35Order, "SG",
            vec![freeze(Some("2027-06-01T00:00:00Z"))]);
        (order.issuer, order.issuer_rank) = (IssuerType::Police, Some(Rank::Inspector));
        Stage::verified(sg(), order).then(&anna(), Command::Freeze { ask: ask(1) })
    }, system(), {
        let id = desk::ids::EffectId::derive(REQUEST, ask(1), 1);
        Command::ConfirmEffect { effect: id }
    } => expect![[r#"
        effect_confirmed ask=1 late=false
        frozen amount=150000000 ask=1 asset=BTC until=2027-06-01T00:00:00Z
        clock_stopped ask=1 clock=freeze reason=met
        clock_started 1 court-report window 2027-11-23T16:00:00Z (s 370(1)(b))
        => frozen
    "#]];
    a_ban_comes_into_force: {
        let ask = silence(Some("2027-03-01T00:00:00Z"));
        Stage::verified(us(), order(InstrumentKind::NonDisclosureOrder, "US", vec![ask]))
    }, carl(), accept(1) => expect![[r#"
        legal_accepted ask=1 despite=[]
        in_force ask=1 until=2027-03-01T00:00:00Z
        => in_force
    "#]];
    a_ban_lapses: silent().until("2027-03-01T00:00:00Z"), system(), Command::Tick
        => expect![[r#"
            lapsed ask=1 until=2027-03-01T00:00:00Z
            => lapsed
        "#]];
    a_ban_is_lifted: silent(), carl(), Command::Release { ask: ask(1) } => expect![[r#"
        lifted ask=1
        => lifted
    "#]];
    a_subpoena_does_not_reach_transactions: {
        let mut order = order(InstrumentKind::Subpoena, "US", vec![disclose(&[Transaction])]);
        order.issuer = IssuerType::Prosecutor;
        Stage::verified(us(), order)
    }, carl(), accept(1) => expect![[r#"
        refused: accept ask 1 under us-sca: issuer_not_competent (18 USC 2703(c)(2)): the instrument `subpoena` does not reach `transaction` data; these do: court_order_2703d, warrant, executive_agreement_order, emergency_request; refuse it, ask the authority, or have counsel accept it naming each reason set aside
        => legal_review
    "#]];
}

#[test]
fn a_release_frees_the_freeze_it_names() {
    let stage = frozen().then(&carl(), accept(2)).then(&anna(), Command::Unfreeze { ask: ask(2) });
    let effect = effect(&stage, 2);
    check(
        stage,
        system(),
        Command::ConfirmEffect { effect },
        expect![[r#"
        effect_confirmed ask=2 late=false
        unfrozen ask=2
        unfrozen ask=1
        => unfrozen, unfrozen
    "#]],
    );
}

#[test]
fn a_freeze_confirmed_twice_is_refused() {
    let (stage, command) = confirm_last(frozen());
    check(
        stage,
        system(),
        command,
        expect![[r#"
        refused: confirm the effect: it is confirmed already; nothing is left to do
        => frozen, legal_review
    "#]],
    );
}

#[test]
fn another_pack_cannot_judge() {
    let mut stage = one_disclosure();
    stage.pack = us();
    check(
        stage,
        carl(),
        accept(1),
        expect![[r#"
        refused: accept_legal: the request is judged by eu-e-evidence-2023-1543 2026-11-22, not by us-sca 2026-11-22; load the rule pack in the version that the request names
        => legal_review
    "#]],
    );
}

#[test]
fn an_ask_that_is_not_there() {
    check(
        one_disclosure(),
        carl(),
        accept(7),
        expect![[r#"
        refused: accept for ask 7: the request has asks 1 to 1; name one of them
        => legal_review
    "#]],
    );
}
