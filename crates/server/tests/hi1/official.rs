//! ETSI's own eleven messages, and what we understand in each.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use expect_test::{Expect, expect};
use server::hi1::translate::{Context, StepTask, plan};
use server::hi1::{Answer, Payload, parse};

use crate::schema::Judge;
use crate::{at, endpoint, etsi, sender};

/// What a message means, in lines.
fn meaning(raw: &[u8]) -> String {
    let message = parse(raw).expect("an official message can be read");
    let header = &message.header;
    let signed = if message.claim.is_unsigned() { "unsigned" } else { "signed" };
    let mut out = format!(
        "{} {} to {} at {} {signed}\n",
        header.version.etsi, header.sender, header.receiver, header.timestamp
    );
    match message.payload {
        Payload::Requests(actions) => {
            let (known, taken) = (HashMap::new(), HashSet::new());
            let sender = sender();
            let ours = [endpoint("ACTOR02")];
            let context = Context {
                sender: &sender,
                ours: &ours,
                known: &known,
                taken: &taken,
                sent_at: at("2026-01-01T00:00:00Z"),
            };
            let plan = plan(actions, &context);
            for step in &plan.steps {
                let words = match &step.task {
                    StepTask::Refuse(error) => format!("refused {} {error}", error.code.0),
                    StepTask::File { request, .. } => format!("part of request {request}"),
                    StepTask::GetCspConfig => "what do you support".to_owned(),
                    other => format!("{other:?}"),
                };
                writeln!(out, "{}: {words}", step.number.0).expect("a String takes all");
            }
            for request in &plan.requests {
                writeln!(out, "{} {:?}", request.reference, request.rule_pack).expect("");
                for ask in &request.order.asks {
                    writeln!(out, "  {}", serde_json::to_string(ask).expect("")).expect("");
                }
                for (ask, selector) in &request.selectors {
                    writeln!(out, "  ask {ask}: {} {}", selector.kind(), selector.value())
                        .expect("");
                }
                for note in &request.notes {
                    writeln!(out, "  note: {note}").expect("");
                }
            }
        }
        Payload::Answers(answers) => {
            for answer in answers {
                let words = match answer.answer {
                    Answer::Created(id, _) => format!("created {id}"),
                    Answer::Got(object) => format!("{} {}", object.kind().as_str(), object.id()),
                    Answer::Config(value) => {
                        let configurations =
                            &value["TargetingConfigurations"]["config:TargetingConfiguration"];
                        format!(
                            "{} targeting configurations",
                            configurations.as_array().map_or(0, Vec::len)
                        )
                    }
                    Answer::Refused(information) => {
                        format!("error {} {}", information.code.0, information.description)
                    }
                    other => format!("{other:?}"),
                };
                writeln!(out, "{}: {words}", answer.number.0).expect("a String takes all");
            }
        }
        Payload::Refused(information) => writeln!(out, "{information:?}").expect(""),
    }
    out
}

fn check(name: &str, expected: Expect) {
    let Some(folder) = etsi("examples") else { return };
    let raw = std::fs::read(folder.join(name)).expect("the example can be read");
    expected.assert_eq(&meaning(&raw));
}

#[test]
fn an_interception_is_refused_and_its_warrant_with_it() {
    check(
        "request1.json",
        expect![[r#"
        V1.13.1 XX/ACTOR01 to XX/ACTOR02 at 2015-09-01T12:00:00Z unsigned
        0: refused 3000 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        1: refused 7100 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.@xsi:type: LITaskObject asks for interception, which this service does not carry out; served are AuthorisationObject, LDTaskObject, LPTaskObject, DocumentObject, NotificationObject, DeliveryObject
    "#]],
    );
}

#[test]
fn the_signed_one_means_the_same() {
    check(
        "request1_signed.json",
        expect![[r#"
        V1.13.1 XX/ACTOR01 to XX/ACTOR02 at 2015-09-01T12:00:00Z signed
        0: refused 3000 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        1: refused 7100 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object.@xsi:type: LITaskObject asks for interception, which this service does not carry out; served are AuthorisationObject, LDTaskObject, LPTaskObject, DocumentObject, NotificationObject, DeliveryObject
    "#]],
    );
}

#[test]
fn get_of_unknown_objects() {
    check(
        "request2.json",
        expect![[r#"
        V1.13.1 XX/ACTOR01 to XX/ACTOR02 at 2015-09-01T12:01:00Z unsigned
        0: refused 7103 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].GET.Identifier: there is no object 2b36a78b-b628-416d-bd22-404e68a0cd36 of yours here; check the identifier
        1: refused 7103 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].GET.Identifier: there is no object 7dbbc880-8750-4d3c-abe7-ea4a17646045 of yours here; check the identifier
    "#]],
    );
}

#[test]
fn a_disclosure() {
    check(
        "request4.json",
        expect![[r#"
        V1.13.1 XX/ACTOR01 to XX/ACTOR02 at 2019-09-30T13:37:00Z unsigned
        0: part of request 0
        1: part of request 0
        W000001 "generic"
          {"demand":{"kind":"disclose","scope":{"selectors":{"phone":1},"categories":[],"range":{"from":"2019-09-30T12:00:00Z","to":"2019-12-30T12:00:00Z"}}},"emergency":null}
          ask 1: phone +442079460223
          note: The message names delivery destinations; evidence goes to the enrolled endpoint and key only
          note: No COMITY/OrderFact/Instrument was given: taken as production_order
    "#]],
    );
}

#[test]
fn a_preservation_without_authorisation() {
    check(
        "request8_LPTaskObject.json",
        expect![[r#"
        V1.14.1 XX/ACTOR01 to XX/ACTOR02 at 2023-06-21T12:00:00Z unsigned
        0: part of request 0
         "generic"
          {"demand":{"kind":"preserve","scope":{"selectors":{"phone":1},"categories":[],"range":{"from":"2023-05-01T12:00:00Z","to":"2023-05-02T12:00:00Z"}},"until":"2023-06-30T12:00:00Z"},"emergency":null}
          ask 1: phone +442079460223
          note: No COMITY/OrderFact/Instrument was given: taken as preservation_letter
    "#]],
    );
}

#[test]
fn a_destination_is_refused_and_the_disclosure_stands() {
    check(
        "request10_LDDestinationObject.json",
        expect![[r#"
        V1.13.1 XX/ACTOR01 to XX/ACTOR02 at 2019-09-30T13:37:00Z unsigned
        0: refused 7100 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object.@xsi:type: LDDestinationObject is not taken from a message: evidence goes to the endpoint and the key that were enrolled; leave it out
        1: part of request 0
        2: part of request 0
        W000001 "generic"
          {"demand":{"kind":"disclose","scope":{"selectors":{"phone":1},"categories":["subscriber"],"range":{"from":"2019-09-30T12:00:00Z","to":"2019-12-30T12:00:00Z"}}},"emergency":null}
          ask 1: phone +442079460223
          note: The message names delivery destinations; evidence goes to the enrolled endpoint and key only
          note: No COMITY/OrderFact/Instrument was given: taken as production_order
    "#]],
    );
}

#[test]
fn a_question_for_the_configuration() {
    check(
        "request_config.json",
        expect![[r#"
        V1.16.1 XX/ACTOR01 to XX/ACTOR02 at 2024-06-10T08:50:31Z unsigned
        0: what do you support
    "#]],
    );
}

#[test]
fn answers() {
    check(
        "response1_signed.json",
        expect![[r#"
        V1.13.1 XX/ACTOR01 to XX/ACTOR02 at 2015-09-01T12:00:01Z signed
        0: created 7dbbc880-8750-4d3c-abe7-ea4a17646045
        1: created 2b36a78b-b628-416d-bd22-404e68a0cd36
    "#]],
    );
}

#[test]
fn answers_with_objects() {
    // ETSI's example repeats ActionIdentifier 0, which we allow in answers.
    check(
        "response2.json",
        expect![[r#"
        V1.13.1 XX/ACTOR01 to XX/ACTOR02 at 2015-09-01T12:01:00Z unsigned
        0: Authorisation 7dbbc880-8750-4d3c-abe7-ea4a17646045
        0: error 7100 $.Payload.ResponsePayload.ActionResponses.ActionResponse[1].GETResponse.HI1Object.@xsi:type: LITaskObject asks for interception, which this service does not carry out; served are AuthorisationObject, LDTaskObject, LPTaskObject, DocumentObject, NotificationObject, DeliveryObject
    "#]],
    );
}

#[test]
fn answers_with_configuration() {
    check(
        "response_config.json",
        expect![[r#"
        V1.16.1 XX/ACTOR01 to XX/ACTOR02 at 2024-06-10T08:50:31Z unsigned
        0: 2 targeting configurations
    "#]],
    );
    check(
        "response_ee_config.json",
        expect![[r#"
        V1.18.1 XX/ACTOR01 to XX/ACTOR02 at 2025-05-14T15:21:03Z unsigned
        0: 2 targeting configurations
    "#]],
    );
}

#[test]
fn the_judge_accepts_every_official_message() {
    let (Some(folder), Some(judge)) = (etsi("examples"), Judge::load()) else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry can be read").path();
        judge.check(&std::fs::read(path).expect("the example can be read"));
        count += 1;
    }
    assert_eq!(count, 11);
    assert!(judge.refuses(b"{\"Header\":{}}"), "a judge that accepts everything is no judge");
}
