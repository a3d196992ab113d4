//! Messages as an agency composes them: what the desk is asked, and what ETSI's schemas say.

use std::collections::{HashMap, HashSet};

use desk::ids::{Amount, AskNumber, Asset, RequestId};
use desk::order::{AskKind, IssuerType};
use expect_test::{Expect, expect};
use server::hi1::compose::{self, Draft, DraftTask, value};
use server::hi1::translate::{Context, Known, Part, Plan, StepTask, corrected, mentioned, plan};
use server::hi1::value::Timespan;
use server::hi1::words::OrderFact;
use server::hi1::{
    Act, ListFilter, Object, ObjectId, Payload, Word, message::Action, parse, write_requests,
};
use uuid::Uuid;

use crate::schema::Judge;
use crate::{at, endpoint, id, sender};

pub(crate) const TXID: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";

pub(crate) fn span() -> Timespan {
    Timespan { start: Some(at("2021-09-01T00:00:00Z")), end: Some(at("2021-10-01T00:00:00Z")) }
}

/// An order with one task of each kind.
pub(crate) fn draft() -> Draft {
    let account = value("COMITY", "AccountID", "LX-00042");
    let transaction = value("COMITY", "BitcoinTransactionID", TXID);
    Draft {
        authorisation: id(1),
        owner: endpoint("POLICE01"),
        reference: "5 Js 1234/26".to_owned(),
        rule_pack: Some("eu-e-evidence-2023-1543".to_owned()),
        valid: Timespan {
            start: Some(at("2026-11-20T00:00:00Z")),
            end: Some(at("2027-02-20T00:00:00Z")),
        },
        issuer: (IssuerType::Prosecutor, "Dr. A. Example".to_owned(), at("2026-11-20T09:00:00Z")),
        validator: Some((IssuerType::Judge, "B. Sample".to_owned())),
        type_of_case: Some("MoneyLaundering".to_owned()),
        flags: Vec::new(),
        facts: vec![
            (OrderFact::Instrument, "epoc".to_owned()),
            (OrderFact::SentenceMaxMonths, "60".to_owned()),
            (OrderFact::ListedOffence, "non_cash_payment_fraud".to_owned()),
            (OrderFact::CaseNumber, "CYB-2026-77".to_owned()),
        ],
        document: Some((
            id(2),
            "order.pdf".into(),
            "application/pdf".into(),
            b"%PDF-1.7 order".to_vec(),
        )),
        tasks: vec![
            (
                id(3),
                DraftTask::Disclose {
                    reference: "XX-POLICE01-77".to_owned(),
                    category: Word::etsi("RequestType", "SubscriberData"),
                    span: span(),
                    values: vec![transaction.clone(), account.clone(), account.clone()],
                    deadline: Some(at("2026-12-01T12:00:00Z")),
                },
            ),
            (
                id(4),
                DraftTask::Preserve {
                    category: Word::comity("RequestType", "TransactionData"),
                    span: span(),
                    values: vec![transaction],
                    until: Some(at("2027-01-20T00:00:00Z")),
                },
            ),
            (
                id(5),
                DraftTask::Freeze {
                    values: vec![account],
                    asset: Asset::parse("BTC").expect("BTC is an asset"),
                    amount: Amount(120_000_000),
                    until: Some(at("2026-12-20T00:00:00Z")),
                },
            ),
            (id(6), DraftTask::Unfreeze { freeze: id(5) }),
            (id(7), DraftTask::NonDisclosure { until: None }),
        ],
    }
}

pub(crate) fn bytes(acts: &[Act]) -> Vec<u8> {
    let header = compose::header(
        &endpoint("POLICE01"),
        &endpoint("LANTERN"),
        Uuid::from_u128(99),
        at("2026-11-22T10:00:00.123456Z"),
    );
    write_requests(&header, acts)
}

/// Writes, judges, reads again.
pub(crate) fn actions(acts: &[Act]) -> Vec<Action> {
    let raw = bytes(acts);
    if let Some(judge) = Judge::load() {
        judge.check(&raw);
    }
    let Payload::Requests(actions) = parse(&raw).expect("we read what we write").payload else {
        panic!("requests were written");
    };
    actions
}

pub(crate) fn planned(acts: &[Act], known: &[(ObjectId, Known)]) -> Plan {
    let actions = actions(acts);
    let known: HashMap<ObjectId, Known> = known.iter().copied().collect();
    let mentioned = mentioned(&actions);
    assert!(known.keys().all(|id| mentioned.contains(id)), "not asked for what is looked up");
    plan_with(actions, &known)
}

pub(crate) fn plan_with(actions: Vec<Action>, known: &HashMap<ObjectId, Known>) -> Plan {
    let sender = sender();
    let ours = [endpoint("LANTERN")];
    let taken = HashSet::from([id(666)]);
    let context = Context {
        sender: &sender,
        ours: &ours,
        known,
        taken: &taken,
        sent_at: at("2026-11-22T10:00:00Z"),
    };
    plan(actions, &context)
}

fn words(plan: &Plan) -> String {
    let line = |task: &StepTask| match task {
        StepTask::Refuse(error) => format!("{} {error}", error.code.0),
        StepTask::File { request, object } => format!("request {request}: {object}"),
        StepTask::Act(act) => {
            let change = format!("{:?}", act.change);
            let change: String = change.chars().take(90).collect();
            format!("{} generation {}: {change}", act.object, act.generation)
        }
        other => format!("{other:?}"),
    };
    plan.steps.iter().map(|step| format!("{}: {}\n", step.number.0, line(&step.task))).collect()
}

#[track_caller]
fn check(acts: &[Act], known: &[(ObjectId, Known)], expected: Expect) {
    expected.assert_eq(&words(&planned(acts, known)));
}

fn ask(number: u16, kind: AskKind) -> Known {
    Known {
        request: RequestId(Uuid::from_u128(500)),
        part: Part::Ask(AskNumber(number), kind),
        generation: 1,
    }
}

fn part(part: Part) -> Known {
    Known { request: RequestId(Uuid::from_u128(500)), part, generation: 1 }
}

#[test]
fn one_authorisation_is_one_request() {
    let plan = planned(&compose::create(&draft()), &[]);
    expect![[r#"
        0: request 0: 00000000-0000-0000-0000-000000000001
        1: request 0: 00000000-0000-0000-0000-000000000002
        2: request 0: 00000000-0000-0000-0000-000000000003
        3: request 0: 00000000-0000-0000-0000-000000000004
        4: request 0: 00000000-0000-0000-0000-000000000005
        5: request 0: 00000000-0000-0000-0000-000000000006
        6: request 0: 00000000-0000-0000-0000-000000000007
    "#]]
    .assert_eq(&words(&plan));
    let [request] = plan.requests.as_slice() else { panic!("{} requests", plan.requests.len()) };
    expect![[r#"
        {
          "instrument": "epoc",
          "issuing_country": "XX",
          "issuer": "prosecutor",
          "issuer_rank": null,
          "validator": "judge",
          "offence": {
            "sentence_max_months": 60,
            "listed": "non_cash_payment_fraud",
            "by_information_system": false,
            "executed_sentence_months": null
          },
          "channel": "hi1",
          "authentication": "by_channel",
          "format": "pdf",
          "issued_on": "2026-11-20",
          "valid_until": "2027-02-20T00:00:00Z",
          "answer_by": "2026-12-01T12:00:00Z",
          "authority_zone": null,
          "service": "exchange",
          "notification": {
            "is_notified": false,
            "offence_in_issuing_state": false,
            "person_in_issuing_state": false
          },
          "is_test": false,
          "asks": [
            {
              "demand": {
                "kind": "disclose",
                "scope": {
                  "selectors": {
                    "account_id": 1,
                    "transaction_id": 1
                  },
                  "categories": [
                    "subscriber"
                  ],
                  "range": {
                    "from": "2021-09-01T00:00:00Z",
                    "to": "2021-10-01T00:00:00Z"
                  }
                }
              },
              "emergency": null
            },
            {
              "demand": {
                "kind": "preserve",
                "scope": {
                  "selectors": {
                    "transaction_id": 1
                  },
                  "categories": [
                    "transaction"
                  ],
                  "range": {
                    "from": "2021-09-01T00:00:00Z",
                    "to": "2021-10-01T00:00:00Z"
                  }
                },
                "until": "2027-01-20T00:00:00Z"
              },
              "emergency": null
            },
            {
              "demand": {
                "kind": "freeze",
                "asset": "BTC",
                "amount": "120000000",
                "until": "2026-12-20T00:00:00Z"
              },
              "emergency": null
            },
            {
              "demand": {
                "kind": "unfreeze",
                "request": null,
                "freeze": 3
              },
              "emergency": null
            },
            {
              "demand": {
                "kind": "non_disclosure",
                "until": null
              },
              "emergency": null
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&request.order).expect("an order is JSON"));
    let personal = format!(
        "{}\n{}\n{:#?}\n{:#?}\n{:#?}",
        request.rule_pack,
        request.reference,
        request.contacts,
        request
            .selectors
            .iter()
            .map(|(ask, it)| format!("{ask} {}", it.value()))
            .collect::<Vec<_>>(),
        request.notes
    );
    expect![[r#"
        eu-e-evidence-2023-1543
        5 Js 1234/26
        [
            (
                "issuer",
                "Dr. A. Example",
            ),
            (
                "validator",
                "B. Sample",
            ),
            (
                "type of case",
                "MoneyLaundering",
            ),
            (
                "case number",
                "CYB-2026-77",
            ),
            (
                "task reference",
                "XX-POLICE01-77",
            ),
        ]
        [
            "1 38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3",
            "1 LX-00042",
            "2 38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3",
            "3 LX-00042",
        ]
        []"#]]
    .assert_eq(&personal);
    assert_eq!(request.files[0].contents, b"%PDF-1.7 order");
    let kept = request.objects.iter().map(|(_, object)| object.to_json()).collect::<String>();
    assert!(!kept.contains("JVBERi0xLjcg"), "the file is kept once, beside the objects");
}

#[test]
fn an_emergency_reaches_the_asks_it_can() {
    let mut draft = draft();
    draft.flags = vec!["IsEmergency".to_owned(), "IsTest".to_owned()];
    let plan = planned(&compose::create(&draft), &[]);
    let order = &plan.requests[0].order;
    let said: Vec<_> = order
        .asks
        .iter()
        .map(|ask| (ask.kind().as_str(), ask.emergency.map(|it| it.as_str())))
        .collect();
    expect![[r#"[("disclose", Some("person")), ("preserve", Some("person")), ("freeze", Some("person")), ("unfreeze", None), ("non_disclosure", None)] test true"#]].assert_eq(&format!("{said:?} test {}", order.is_test));
    expect!["The message flags an emergency and gives no COMITY/OrderFact/EmergencyKind: taken as a threat to a person"].assert_eq(&plan.requests[0].notes.join("\n"));
}

#[test]
fn updates_are_acts() {
    let known = [
        (id(1), part(Part::Authorisation)),
        (id(3), ask(1, AskKind::Disclose)),
        (id(4), ask(2, AskKind::Preserve)),
        (id(5), ask(3, AskKind::Freeze)),
        (id(7), ask(5, AskKind::NonDisclosure)),
        (id(8), part(Part::Delivery)),
    ];
    check(
        &[
            compose::withdraw_authorisation(id(1)),
            compose::withdraw_disclosure(id(3)),
            compose::withdraw_preservation(id(4)),
            compose::extend_preservation(id(4), at("2027-03-01T00:00:00Z")),
            compose::wish_own(id(5), "Unfrozen"),
            compose::wish_own(id(7), "Lifted"),
            compose::wish_own(id(5), "Cancelled"),
            compose::wish_own(id(5), "Lifted"),
            compose::acknowledge(id(8)),
            compose::message(id(9), id(3), "When may we expect it?"),
            Act::Get(id(3)),
            Act::Get(id(12)),
            Act::List(ListFilter {
                kind: Some(Word::etsi("ObjectType", "LDTask")),
                changed_since: Some(at("2026-11-01T00:00:00Z")),
                ..ListFilter::default()
            }),
            Act::GetCspConfig,
        ],
        &known,
        expect![[r#"
            0: 00000000-0000-0000-0000-000000000001 generation 2: Withdraw(None)
            1: 00000000-0000-0000-0000-000000000003 generation 2: Withdraw(Some(AskNumber(1)))
            2: 00000000-0000-0000-0000-000000000004 generation 2: Withdraw(Some(AskNumber(2)))
            3: 00000000-0000-0000-0000-000000000004 generation 2: Extend { ask: AskNumber(2), wished_until: 2027-03-01T00:00:00Z }
            4: 00000000-0000-0000-0000-000000000005 generation 2: Release(AskNumber(3))
            5: 00000000-0000-0000-0000-000000000007 generation 2: Release(AskNumber(5))
            6: 00000000-0000-0000-0000-000000000005 generation 2: Withdraw(Some(AskNumber(3)))
            7: 7101 $.Payload.RequestPayload.ActionRequests.ActionRequest[7].UPDATE.HI1Object.task:DesiredStatus: COMITY/TaskDesiredStatus/Lifted cannot be wished of this object
            8: 00000000-0000-0000-0000-000000000008 generation 2: Acknowledge { delivery: ObjectId(00000000-0000-0000-0000-000000000008) }
            9: 00000000-0000-0000-0000-000000000009 generation 1: Message { ask: Some(AskNumber(1)), text: "When may we expect it?", object: Notification(No
            10: Get(ObjectId(00000000-0000-0000-0000-000000000003), Known { request: RequestId(00000000-0000-0000-0000-0000000001f4), part: Ask(AskNumber(1), Disclose), generation: 1 })
            11: 7103 $.Payload.RequestPayload.ActionRequests.ActionRequest[11].GET.Identifier: there is no object 00000000-0000-0000-0000-00000000000c of yours here; check the identifier
            12: List(ListFilter { kind: Some(Word { owner: "ETSI", name: "ObjectType", value: "LDTask" }), changed_since: Some(2026-11-01T00:00:00Z), changed_within: None, count_max: None, status: None, country: None })
            13: GetCspConfig
        "#]],
    );
}

#[test]
fn a_correction_brings_a_document_and_a_new_generation() {
    // ETSI's flow: CREATE the Document, UPDATE the Authorisation that names it.
    let mut second = draft();
    second.tasks.clear();
    second.facts = vec![(OrderFact::SentenceMaxMonths, "120".to_owned())];
    let mut acts = compose::create(&second);
    let (Act::Create(mut authorisation), Act::Create(mut document)) =
        (acts.remove(0), acts.remove(0))
    else {
        panic!("two objects were composed");
    };
    authorisation.common_mut().generation = Some(2);
    authorisation.common_mut().associated = vec![id(2)];
    document.common_mut().associated.clear();
    let known = [(id(1), part(Part::Authorisation))];
    let plan =
        planned(&[Act::Create(document.clone()), Act::Update(authorisation.clone())], &known);
    expect![[r#"
        0: 00000000-0000-0000-0000-000000000002 generation 1: Correct { ask: None, object: Document(Document { common: Common { id: ObjectId(00000000-00
        1: 00000000-0000-0000-0000-000000000001 generation 2: Correct { ask: None, object: Authorisation(Authorisation { common: Common { id: ObjectId(0
    "#]].assert_eq(&words(&plan));
    let order = planned(&compose::create(&draft()), &[]).requests.remove(0).order;
    let after = corrected(&order, &[authorisation.clone(), document]).expect("facts can be read");
    assert_eq!(after.offence.sentence_max_months, Some(120));
    assert_eq!((after.asks, after.instrument), (order.asks, order.instrument));

    authorisation.common_mut().generation = Some(7);
    check(
        &[Act::Update(authorisation)],
        &known,
        expect![[r#"
        0: 7105 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].UPDATE.HI1Object.Generation: 7 does not follow 1; GET the object and send 2
    "#]],
    );
}

#[test]
fn updates_that_are_no_act_are_refused() {
    let known = [
        (id(1), part(Part::Authorisation)),
        (id(3), ask(1, AskKind::Disclose)),
        (id(4), ask(2, AskKind::Preserve)),
    ];
    // What a task asks stays; an extension may repeat it.
    let mut again = actions(&compose::create(&draft()));
    let Ok(Act::Create(disclosure)) = again.remove(2).act else { panic!("a task was composed") };
    let Ok(Act::Create(preservation)) = again.remove(2).act else { panic!("and another") };
    let mut foreign = server::hi1::object::DisclosureTask::new(id(3));
    foreign.desired_status = Some(Word {
        owner: "XX".to_owned(),
        name: "LDTaskDesiredStatus".to_owned(),
        value: "Cancelled".to_owned(),
    });
    check(
        &[
            Act::Update(disclosure),
            Act::Update(preservation),
            Act::Update(Object::Disclosure(Box::new(foreign))),
            compose::withdraw_preservation(id(3)),
            compose::withdraw_disclosure(id(77)),
            compose::acknowledge(id(1)),
        ],
        &known,
        expect![[r#"
            0: 7105 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].UPDATE.HI1Object.task:RequestDetails: what a task asks cannot be changed; UPDATE it to Cancelled and CREATE a new task, or leave the details out
            1: 00000000-0000-0000-0000-000000000004 generation 2: Extend { ask: AskNumber(2), wished_until: 2027-01-20T00:00:00Z }
            2: 7101 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].UPDATE.HI1Object.task:DesiredStatus: XX/LDTaskDesiredStatus/Cancelled cannot be wished of this object
            3: 7102 $.Payload.RequestPayload.ActionRequests.ActionRequest[3].UPDATE.HI1Object.@xsi:type: 00000000-0000-0000-0000-000000000003 is of kind LDTask, not LPTask; correct one of them
            4: 7103 $.Payload.RequestPayload.ActionRequests.ActionRequest[4].UPDATE.HI1Object.ObjectIdentifier: there is no object 00000000-0000-0000-0000-00000000004d of yours here; check the identifier
            5: 7102 $.Payload.RequestPayload.ActionRequests.ActionRequest[5].UPDATE.HI1Object.@xsi:type: 00000000-0000-0000-0000-000000000001 is of kind Authorisation, not Delivery; correct one of them
        "#]],
    );
}

#[test]
fn an_order_links_to_an_earlier_preservation() {
    let mut draft = draft();
    draft.tasks.truncate(1);
    let mut acts = compose::create(&draft);
    if let Some(Act::Create(task)) = acts.last_mut() {
        task.common_mut().associated.push(id(40));
    }
    let plan = planned(&acts, &[(id(40), ask(1, AskKind::Preserve))]);
    let (ask, request, preserved) = plan.requests[0].links[0];
    assert_eq!((ask, request.0.as_u128(), preserved), (AskNumber(1), 500, AskNumber(1)));
}

#[test]
fn what_cannot_be_served_is_refused_by_place() {
    let mut draft = draft();
    draft.rule_pack = Some("no-such-pack".to_owned());
    check(
        &compose::create(&draft),
        &[],
        expect![[r#"
        0: 7101 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationLegalType.common:Value: "no-such-pack" is not a rule pack of this service; give one of generic, eu-e-evidence-2023-1543
        1: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationLegalType.common:Value: "no-such-pack" is not a rule pack of this service; give one of generic, eu-e-evidence-2023-1543
        2: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationLegalType.common:Value: "no-such-pack" is not a rule pack of this service; give one of generic, eu-e-evidence-2023-1543
        3: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[3].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationLegalType.common:Value: "no-such-pack" is not a rule pack of this service; give one of generic, eu-e-evidence-2023-1543
        4: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[4].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationLegalType.common:Value: "no-such-pack" is not a rule pack of this service; give one of generic, eu-e-evidence-2023-1543
        5: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[5].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationLegalType.common:Value: "no-such-pack" is not a rule pack of this service; give one of generic, eu-e-evidence-2023-1543
        6: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[6].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.auth:AuthorisationLegalType.common:Value: "no-such-pack" is not a rule pack of this service; give one of generic, eu-e-evidence-2023-1543
    "#]],
    );

    let mut draft = self::draft();
    draft.facts.push((OrderFact::IssuedOn, "1969-12-31".to_owned()));
    draft.tasks.truncate(1);
    check(
        &compose::create(&draft),
        &[],
        expect![[r#"
        0: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: rests on action 1, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.doc:DocumentProperties.doc:DocumentProperty[4].doc:PropertyValue: "1969-12-31" is not a value of IssuedOn; give a date like 2026-11-22
        1: 7102 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.doc:DocumentProperties.doc:DocumentProperty[4].doc:PropertyValue: "1969-12-31" is not a value of IssuedOn; give a date like 2026-11-22
        2: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object: rests on action 1, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.doc:DocumentProperties.doc:DocumentProperty[4].doc:PropertyValue: "1969-12-31" is not a value of IssuedOn; give a date like 2026-11-22
    "#]],
    );

    let mut draft = self::draft();
    draft.tasks.truncate(3);
    if let DraftTask::Disclose { values, .. } = &mut draft.tasks[0].1 {
        values.push(value("ETSI", "VehicleIdentificationNumber", "WDB9634031L738383"));
    }
    if let DraftTask::Preserve { values, .. } = &mut draft.tasks[1].1 {
        values.push(value("COMITY", "BitcoinAddress", "1BoatSLRHtKNngkdXEeobR76b53LETtpyX"));
    }
    check(
        &compose::create(&draft),
        &[],
        expect![[r#"
            0: request 0: 00000000-0000-0000-0000-000000000001
            1: request 0: 00000000-0000-0000-0000-000000000002
            2: 7101 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:RequestValues.task:RequestValue[3].task:FormatType: ETSI/VehicleIdentificationNumber is not a format of this service; give one of ETSI/InternationalE164, ETSI/EmailAddress, ETSI/InternationalizedEmailAddress, ETSI/IPv4Address, ETSI/IPv6Address, COMITY/IPAddressPortTime, ETSI/IMEI, ETSI/IMEICheckDigit, ETSI/IMEISV, ETSI/IMSI, ETSI/MACAddress, COMITY/DomainName, COMITY/DeviceID, COMITY/AccountID, COMITY/BitcoinAddress, COMITY/BitcoinTransactionID, COMITY/IBAN
            3: 7102 $.Payload.RequestPayload.ActionRequests.ActionRequest[3].CREATE.HI1Object.task:RequestDetails.task:RequestValues.task:RequestValue[1].task:Value: not an address: its checksum does not fit; a character is wrong or missing; correct it
            4: request 0: 00000000-0000-0000-0000-000000000005
        "#]],
    );

    let mut draft = self::draft();
    draft.tasks = vec![(id(6), DraftTask::Unfreeze { freeze: id(5) })];
    check(
        &compose::create(&draft),
        &[],
        expect![[r#"
        0: 3000 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        1: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        2: 7103 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.AssociatedObjects: there is no object 00000000-0000-0000-0000-000000000005 of yours here; check the identifier
    "#]],
    );

    let mut draft = self::draft();
    draft.authorisation = id(666);
    draft.tasks.truncate(1);
    check(
        &compose::create(&draft),
        &[],
        expect![[r#"
        0: 7104 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.ObjectIdentifier: 00000000-0000-0000-0000-00000000029a is in use; choose a new identifier, or UPDATE it
        1: 7103 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.AssociatedObjects: this Document names nothing of yours; name the Authorisation or task it belongs to
        2: 7103 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.AssociatedObjects: there is no object 00000000-0000-0000-0000-00000000029a of yours here; check the identifier
    "#]],
    );
}

#[test]
fn tasks_are_not_added_later() {
    let mut draft = draft();
    draft.tasks.truncate(1);
    let acts = compose::create(&draft);
    check(
        &acts[2..],
        &[(id(1), part(Part::Authorisation))],
        expect![[r#"
        0: 7105 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.AssociatedObjects: the Authorisation 00000000-0000-0000-0000-000000000001 was received before, and its request is closed to new tasks; CREATE an Authorisation and the task in one message
    "#]],
    );
}

#[test]
fn amounts_are_whole_and_in_range() {
    let refused = |amount: &str| {
        let mut draft = draft();
        draft.tasks = draft.tasks.split_off(2);
        draft.tasks.truncate(1);
        let mut acts = compose::create(&draft);
        if let Some(Act::Create(Object::Preservation(task))) = acts.last_mut() {
            let details = task.details.as_mut().expect("a freeze has details");
            details.values.last_mut().expect("it has an amount").value = amount.to_owned();
        }
        let plan = planned(&acts, &[]);
        match &plan.steps.last().expect("there is a step").task {
            StepTask::Refuse(error) => error.fault.problem.clone(),
            _ => format!("accepted {:?}", plan.requests[0].order.asks[0].demand),
        }
    };
    let lines: Vec<String> = [
        "340282366920938463463374607431768211455",
        "340282366920938463463374607431768211456",
        "-1",
        "1.5",
        "007",
        "",
        "1e8",
    ]
    .map(|amount| format!("{amount}: {}", refused(amount)))
    .into();
    expect![[r#"
        340282366920938463463374607431768211455: accepted Freeze { asset: Some(Asset("BTC")), amount: Some(Amount(340282366920938463463374607431768211455)), until: Some(2026-12-20T00:00:00Z) }
        340282366920938463463374607431768211456: 340282366920938463463374607431768211456 is out of range; the largest amount is 340282366920938463463374607431768211455
        -1: "-1" is not an amount; give the asset's smallest unit as a whole number, like 120000000 for 1.2 BTC
        1.5: "1.5" is not an amount; give the asset's smallest unit as a whole number, like 120000000 for 1.2 BTC
        007: "007" is not an amount; give the asset's smallest unit as a whole number, like 120000000 for 1.2 BTC
        : "" is not an amount; give the asset's smallest unit as a whole number, like 120000000 for 1.2 BTC
        1e8: "1e8" is not an amount; give the asset's smallest unit as a whole number, like 120000000 for 1.2 BTC"#]].assert_eq(&lines.join("\n"));
}
