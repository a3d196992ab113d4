//! "Will this be accepted, by when, and if not, why?" for the regimes that have a pack.

use desk::check::check;
use desk::order::{
    DataCategory, EmergencyKind, Format, InstrumentKind, IssuerType, ListedOffence, Offence, Order,
    Rank, Service, TimeRange,
};
use desk::pack::RulePack;
use expect_test::{Expect, expect};

mod support;
use support::*;

use DataCategory::{Content, Identification, Subscriber, Traffic, Transaction};

/// Reasons and clocks in words; the notes only by number, they have tests of their own.
fn says(pack: &RulePack, order: Order, expected: Expect) {
    let answer = check(&order, pack, at(RECEIVED));
    let mut text = String::new();
    for ask in &answer.asks {
        let verdict = if ask.is_accepted() { "accepted" } else { "refused" };
        text.push_str(&format!("ask {} {}: {verdict}\n", ask.ask, ask.kind));
        for reason in &ask.reasons {
            text.push_str(&format!("  {} ({}): {}\n", reason.code, reason.article, reason.fix));
        }
        for clock in &ask.clocks {
            let unchecked = if clock.unchecked { ", unchecked" } else { "" };
            text.push_str(&format!(
                "  {} {} {} ({}{unchecked})\n",
                clock.name, clock.kind, clock.due, clock.article
            ));
        }
    }
    expected.assert_eq(&text);
}

macro_rules! answers {
    ($($name:ident: $pack:expr, $order:expr => $then:expr;)*) => {$(
        #[test]
        fn $name() {
            says($pack, $order, $then);
        }
    )*};
}

fn from(issuer: IssuerType, mut order: Order) -> Order {
    order.issuer = issuer;
    order
}
fn validated(validator: IssuerType, mut order: Order) -> Order {
    order.validator = Some(validator);
    order
}
fn of(offence: Offence, mut order: Order) -> Order {
    order.offence = offence;
    order
}
fn ranked(rank: Rank, mut order: Order) -> Order {
    (order.issuer, order.issuer_rank) = (IssuerType::Police, Some(rank));
    order
}
fn at_home(mut order: Order) -> Order {
    order.notification.offence_in_issuing_state = true;
    order.notification.person_in_issuing_state = true;
    order
}
fn traffic() -> Order {
    epoc(vec![disclose(&[Traffic])])
}
fn card_fraud(by_information_system: bool) -> Offence {
    let listed = Some(ListedOffence::NonCashPaymentFraud);
    Offence { listed, by_information_system, ..Offence::default() }
}
fn section_20(category: DataCategory) -> Order {
    order(InstrumentKind::CpcSection20Order, "SG", vec![disclose(&[category])])
}
fn american(kind: InstrumentKind, category: DataCategory) -> Order {
    order(kind, "US", vec![disclose(&[category])])
}

answers! {
    eu_prosecutor_subscriber: eu(),
        from(IssuerType::Prosecutor, epoc(vec![disclose(&[Subscriber, Identification])]))
        => expect![[r#"
            ask 1 disclose: accepted
              produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_police_unvalidated: eu(), from(IssuerType::Police, epoc(vec![disclose(&[Subscriber])]))
        => expect![[r#"
            ask 1 disclose: refused
              issuer_not_competent (Art 4(1), 4(5)): `subscriber` data: the issuer `police` needs a validation; have it validated by: judge, court, investigating_judge, prosecutor
              produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_police_validated_by_prosecutor: eu(), validated(IssuerType::Prosecutor,
        from(IssuerType::Police, epoc(vec![disclose(&[Subscriber])]))) => expect![[r#"
            ask 1 disclose: accepted
              produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_police_validated_by_prosecutor_for_content: eu(), validated(IssuerType::Prosecutor,
        from(IssuerType::Police, epoc(vec![disclose(&[Content])]))) => expect![[r#"
            ask 1 disclose: refused
              issuer_not_competent (Art 4(2)): `content` data: `prosecutor` may not validate this; have it validated by: judge, court, investigating_judge
              release-window not_before 2026-12-03T23:00:00Z (Art 10(2), 8(4))
              produce-notified due_by 2026-12-04T23:00:00Z (Art 10(2), 10(6), unchecked)
              grounds window 2026-12-03T23:00:00Z (Art 12(1), unchecked)
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_prosecutor_validated_by_judge_for_content: eu(), validated(IssuerType::Judge,
        from(IssuerType::Prosecutor, epoc(vec![disclose(&[Content])]))) => expect![[r#"
            ask 1 disclose: accepted
              release-window not_before 2026-12-03T23:00:00Z (Art 10(2), 8(4))
              produce-notified due_by 2026-12-04T23:00:00Z (Art 10(2), 10(6), unchecked)
              grounds window 2026-12-03T23:00:00Z (Art 12(1), unchecked)
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_police_in_an_emergency: eu(),
        from(IssuerType::Police, epoc(vec![urgent(&[Subscriber])])) => expect![[r#"
            ask 1 disclose: accepted
              produce-emergency due_by 2026-11-23T17:00:00Z (Art 10(4), 8(4), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
              ex-post-validation window 2026-11-22T23:00:00Z (Art 4(5))
        "#]];
    eu_police_in_an_emergency_for_traffic: eu(),
        from(IssuerType::Police, epoc(vec![urgent(&[Traffic])])) => expect![[r#"
            ask 1 disclose: refused
              issuer_not_competent (Art 4(2)): `traffic` data: the issuer `police` needs a validation; have it validated by: judge, court, investigating_judge; this emergency does not excuse it
              produce-emergency due_by 2026-11-23T17:00:00Z (Art 10(4), 8(4), 10(6))
              grounds-emergency window 2026-11-27T09:00:00Z (Art 10(4), 12(1))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
              ex-post-validation window 2026-11-22T23:00:00Z (Art 4(5))
        "#]];
    eu_money_is_no_emergency: eu(), {
        let mut ask = disclose(&[Subscriber]);
        ask.emergency = Some(EmergencyKind::Property);
        epoc(vec![ask])
    } => expect![[r#"
        ask 1 disclose: refused
          no_legal_basis (Art 3(18)): `property` is no emergency here, only: person, critical_infrastructure; send it without the claim of one
          produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
          third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
    "#]];
    eu_traffic_at_home_waits_for_nobody: eu(), at_home(traffic()) => expect![[r#"
        ask 1 disclose: accepted
          produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
          third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
    "#]];
    eu_small_offence_traffic: eu(),
        of(Offence { sentence_max_months: Some(24), ..Offence::default() }, traffic())
        => expect![[r#"
            ask 1 disclose: refused
              offence_not_covered (Art 5(4)): `traffic` data: this needs an offence with a maximum of at least 36 months, or a listed offence (non_cash_payment_fraud, child_sexual_abuse, attack_on_information_system, terrorism; by an information system for: non_cash_payment_fraud, child_sexual_abuse, attack_on_information_system), or the execution of a sentence of at least 4 months for one of these; or leave these out
              release-window not_before 2026-12-03T23:00:00Z (Art 10(2), 8(4))
              produce-notified due_by 2026-12-04T23:00:00Z (Art 10(2), 10(6), unchecked)
              grounds window 2026-12-03T23:00:00Z (Art 12(1), unchecked)
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_small_offence_subscriber: eu(), of(
        Offence { sentence_max_months: Some(3), ..Offence::default() },
        epoc(vec![disclose(&[Subscriber])])) => expect![[r#"
            ask 1 disclose: accepted
              produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_card_fraud_by_computer: eu(), at_home(of(card_fraud(true), traffic())) => expect![[r#"
        ask 1 disclose: accepted
          produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
          third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
    "#]];
    eu_card_fraud_at_the_counter: eu(), at_home(of(card_fraud(false), traffic()))
        => expect![[r#"
            ask 1 disclose: refused
              offence_not_covered (Art 5(4)): `traffic` data: this needs an offence with a maximum of at least 36 months, or a listed offence (non_cash_payment_fraud, child_sexual_abuse, attack_on_information_system, terrorism; by an information system for: non_cash_payment_fraud, child_sexual_abuse, attack_on_information_system), or the execution of a sentence of at least 4 months for one of these; or leave these out
              produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_short_sentence_executed: eu(), of(
        Offence { executed_sentence_months: Some(3), ..Offence::default() },
        epoc(vec![disclose(&[Subscriber])])) => expect![[r#"
            ask 1 disclose: refused
              offence_not_covered (Art 5(3)): `subscriber` data: this needs an executed sentence of at least 4 months; or leave these out
              produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_trades_are_traffic_by_analogy: eu(),
        from(IssuerType::Prosecutor, epoc(vec![disclose(&[Transaction])])) => expect![[r#"
            ask 1 disclose: refused
              issuer_not_competent (Art 4(2)): `transaction` data: the issuer `prosecutor` needs a validation; have it validated by: judge, court, investigating_judge
              release-window not_before 2026-12-03T23:00:00Z (Art 10(2), 8(4))
              produce-notified due_by 2026-12-04T23:00:00Z (Art 10(2), 10(6), unchecked)
              grounds window 2026-12-03T23:00:00Z (Art 12(1), unchecked)
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    eu_cannot_freeze: eu(), epoc(vec![freeze(None)]) => expect![[r#"
        ask 1 freeze: refused
          no_legal_basis (European Production and Preservation Orders, Regulation (EU) 2023/1543): the instrument `epoc` cannot ask to `freeze`; no instrument of eu-e-evidence-2023-1543 can; use another regime
    "#]];
    eu_preservation_by_a_prosecutor: eu(),
        from(IssuerType::Prosecutor, order(InstrumentKind::EpocPr, "FR", vec![preserve()]))
        => expect![[r#"
            ask 1 preserve: accepted
              preserve due_by 2026-11-24T09:00:00Z (Art 11(1) "without undue delay"; the day is the company's own, unchecked)
        "#]];
    eu_a_subpoena_is_nothing_here: eu(), american(InstrumentKind::Subpoena, Subscriber)
        => expect![[r#"
            ask 1 disclose: refused
              no_legal_basis (European Production and Preservation Orders, Regulation (EU) 2023/1543): the instrument `subpoena` cannot ask to `disclose`; send one of: epoc
              produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
              third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
        "#]];
    no_time_range: eu(), {
        let mut order = at_home(traffic());
        if let desk::order::Demand::Disclose { scope } = &mut order.asks[0].demand {
            scope.range = None;
        }
        order
    } => expect![[r#"
        ask 1 disclose: refused
          over_broad (Art 5(5); the numbers are the company's own): name a time range for: traffic
          produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
          third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
    "#]];
    a_range_in_the_future: eu(), {
        let mut order = at_home(traffic());
        if let desk::order::Demand::Disclose { scope } = &mut order.asks[0].demand {
            let (from, to) = (at("2027-01-01T00:00:00Z"), at("2027-02-01T00:00:00Z"));
            scope.range = Some(TimeRange { from, to });
        }
        order
    } => expect![[r#"
        ask 1 disclose: refused
          not_stored_at_receipt (Art 5(5); the numbers are the company's own): the time range lies in the future; only stored data can be asked for
          produce due_by 2026-12-03T23:00:00Z (Art 10(3), 10(6))
          third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
    "#]];
    everything_is_wrong_at_once: eu(), {
        let mut order = from(IssuerType::Police, traffic());
        order.offence = Offence::default();
        order.format = Format::Text;
        order.issued_on = "2026-12-24".parse().expect("a date");
        if let desk::order::Demand::Disclose { scope } = &mut order.asks[0].demand {
            scope.selectors.clear();
        }
        order
    } => expect![[r#"
        ask 1 disclose: refused
          issuer_not_competent (Art 4(2)): `traffic` data: the issuer `police` needs a validation; have it validated by: judge, court, investigating_judge
          offence_not_covered (Art 5(4)): `traffic` data: this needs an offence with a maximum of at least 36 months, or a listed offence (non_cash_payment_fraud, child_sexual_abuse, attack_on_information_system, terrorism; by an information system for: non_cash_payment_fraud, child_sexual_abuse, attack_on_information_system), or the execution of a sentence of at least 4 months for one of these; or leave these out
          wrong_channel (Art 9, 19, 20): the format `text` is not accepted; send: pdf, paper, xml, json
          manifest_error (desk rule): it is dated 2026-12-24, which is in the future; correct the date
          insufficient_information (Art 5(5); the numbers are the company's own): name at least one selector
          release-window not_before 2026-12-03T23:00:00Z (Art 10(2), 8(4))
          produce-notified due_by 2026-12-04T23:00:00Z (Art 10(2), 10(6), unchecked)
          grounds window 2026-12-03T23:00:00Z (Art 12(1), unchecked)
          third-country-objection window 2026-12-03T23:00:00Z (Art 17(2), 17(9))
    "#]];
    sg_sergeant_for_logins: sg(), ranked(Rank::Sergeant, section_20(Traffic)) => expect![[r#"
        ask 1 disclose: accepted
    "#]];
    sg_sergeant_for_customers: sg(), ranked(Rank::Sergeant, section_20(Subscriber))
        => expect![[r#"
            ask 1 disclose: refused
              issuer_not_competent (s 20(3), S 56/2019 reg 2): `subscriber` data: this needs an officer of rank inspector or above; have one sign
        "#]];
    sg_inspector_for_customers: sg(), ranked(Rank::Inspector, section_20(Subscriber))
        => expect![[r#"
            ask 1 disclose: accepted
        "#]];
    sg_rank_not_stated: sg(), from(IssuerType::Police, section_20(Subscriber)) => expect![[r#"
        ask 1 disclose: refused
          incomplete (s 20(3), S 56/2019 reg 2): state the officer's rank; `subscriber` data: this needs inspector or above
    "#]];
    sg_time_in_the_order: sg(), {
        let mut order = ranked(Rank::Inspector, section_20(Subscriber));
        order.answer_by = Some(at("2026-12-01T09:00:00Z"));
        order
    } => expect![[r#"
        ask 1 disclose: accepted
          produce due_by 2026-12-01T09:00:00Z (s 20(1): the time stated in the order)
    "#]];
    sg_an_xml_file_is_no_writing: sg(), {
        let mut order = ranked(Rank::Inspector, section_20(Subscriber));
        order.format = Format::Xml;
        order
    } => expect![[r#"
        ask 1 disclose: refused
          wrong_channel (s 20(1), s 35(2): in writing; S 56/2019 reg 2 for what is produced): the format `xml` is not accepted; send: pdf, doc, docx, jpeg, paper
    "#]];
    us_subpoena_subscriber: us(),
        from(IssuerType::Prosecutor, american(InstrumentKind::Subpoena, Subscriber))
        => expect![[r#"
            ask 1 disclose: accepted
        "#]];
    us_d_order_is_not_enough_for_content: us(), american(InstrumentKind::CourtOrder2703d, Content)
        => expect![[r#"
            ask 1 disclose: refused
              issuer_not_competent (18 USC 2703(c)(1)(B), (d)): the instrument `court_order_2703d` does not reach `content` data; these do: warrant, executive_agreement_order, emergency_request
        "#]];
    us_warrant_content: us(), american(InstrumentKind::Warrant, Content) => expect![[r#"
        ask 1 disclose: accepted
          motion-to-quash window 2026-12-08T05:00:00Z (18 USC 2703(h)(2))
    "#]];
    us_emergency_is_voluntary: us(), from(IssuerType::Police, {
        order(InstrumentKind::EmergencyRequest, "US", vec![urgent(&[Identification])])
    }) => expect![[r#"
        ask 1 disclose: accepted
          answer-emergency due_by 2026-11-23T17:00:00Z (the company's own, unchecked)
    "#]];
    us_emergency_without_one: us(), american(InstrumentKind::EmergencyRequest, Identification)
        => expect![[r#"
            ask 1 disclose: refused
              no_legal_basis (18 USC 2702(b)(8), (c)(4)): the instrument `emergency_request` counts only where an emergency is claimed; send an order, or say what the emergency is
        "#]];
    us_critical_infrastructure_is_not_in_the_act: us(), {
        let mut ask = disclose(&[Identification]);
        ask.emergency = Some(EmergencyKind::CriticalInfrastructure);
        order(InstrumentKind::EmergencyRequest, "US", vec![ask])
    } => expect![[r#"
        ask 1 disclose: refused
          no_legal_basis (18 USC 2702(b)(8), (c)(4)): `critical_infrastructure` is no emergency here, only: person; send it without the claim of one
    "#]];
    us_executive_agreement_gives_fourteen_days_to_object: us(),
        american(InstrumentKind::ExecutiveAgreementOrder, Subscriber) => expect![[r#"
            ask 1 disclose: accepted
              motion-to-quash window 2026-12-08T05:00:00Z (18 USC 2703(h)(2))
        "#]];
    generic_freeze_needs_asset_and_amount: generic(), {
        let mut ask = freeze(None);
        ask.demand = desk::order::Demand::Freeze { asset: None, amount: None, until: None };
        order(InstrumentKind::FreezeOrder, "BR", vec![ask])
    } => expect![[r#"
        ask 1 freeze: refused
          over_broad (desk rule): a freeze names one asset and an amount above zero; name both
          freeze due_by 2026-11-24T09:00:00Z (the company's own, unchecked)
    "#]];
    generic_ban_without_end: generic(),
        order(InstrumentKind::NonDisclosureOrder, "BR", vec![silence(None)]) => expect![[r#"
            ask 1 non_disclosure: refused
              incomplete (the company's own): the ban must state when it ends; state a date
        "#]];
    generic_ban_of_three_years: generic(), order(
        InstrumentKind::NonDisclosureOrder, "BR", vec![silence(Some("2029-11-01T00:00:00Z"))])
        => expect![[r#"
            ask 1 non_disclosure: refused
              over_broad (the company's own): the ban is longer than 1 years; state an earlier end
        "#]];
    generic_release_of_what_is_no_freeze: generic(),
        order(InstrumentKind::ReleaseOrder, "BR", vec![unfreeze(7)]) => expect![[r#"
            ask 1 unfreeze: refused
              wrong_identifier (desk rule): ask 7 of this request is no freeze; name the freeze
        "#]];
    generic_twenty_working_days: generic(),
        order(InstrumentKind::ProductionOrder, "BR", vec![disclose(&[Subscriber])])
        => expect![[r#"
            ask 1 disclose: accepted
              produce due_by 2026-12-22T00:00:00Z (the company's own, unchecked)
        "#]];
}

#[test]
fn an_exchange_is_told_that_the_regulation_may_not_bind_it() {
    let mut order = epoc(vec![disclose(&[Subscriber])]);
    order.service = Service::Exchange;
    let answer = check(&order, eu(), at(RECEIVED));
    assert!(answer.is_accepted());
    let notes: Vec<String> = answer
        .notes
        .iter()
        .map(|note| {
            let unchecked = if note.unchecked { ", unchecked" } else { "" };
            format!("{} ({}{unchecked})\n", note.text, note.article)
        })
        .collect();
    expect![[r#"
        Art 3(3) may leave an exchange outside: it excludes the financial services of Directive 2006/123/EC Art 2(2)(b). Crypto-asset services are named in neither text. Counsel decides for each service. (Art 3(3), unchecked)
        Orders reach only data stored at receipt. (Art 3(8))
        Preserve the data on receipt, until they are produced, the order is withdrawn, or they are said to be no longer needed. (Art 10(1), 10(9))
        Annex I section M is never for the addressee. If it is in the instrument, the sender erred. (Art 9(2), unchecked)
        Deposits, withdrawals, trades and balances fit no category of the Regulation by name. They are judged here as traffic data, by analogy with "purchase history" in Annex I section F(c)(iv). (Annex I section F(c)(iv), unchecked)
        It is doubtful whether the regime covers the service `exchange`; counsel decides. (Art 3(3), unchecked)
        Since 28 July 2026 orders go through the decentralised IT system; another way is lawful only under Art 19(5) (disruption, size, forensic or legal needs, exceptional circumstances). (Art 19, 24, 34(2), unchecked)
        The issuing authority informs the person; the addressee shall in any event refrain from informing. (Art 13(1), 13(4); Annex I section H)
        How days are counted. (Regulation (EEC, Euratom) 1182/71 Art 3, unchecked)
    "#]].assert_eq(&notes.concat());
}

#[test]
fn clocks_that_start_later_are_told() {
    let answer = check(&epoc(vec![urgent(&[Subscriber])]), eu(), at(RECEIVED));
    let later: Vec<String> = answer.asks[0]
        .later
        .iter()
        .map(|clock| format!("{} {} {}\n", clock.name, clock.kind, clock.starts))
        .collect();
    expect![[r#"
        clarify-production due_by clarification
        say-impossible due_by elsewhere
        recognition window enforcement
        reply-to-enforcing-authority due_by elsewhere
        statistics window elsewhere
        third-person-review due_by delivery
    "#]]
    .assert_eq(&later.concat());
}
