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
    check("request1.json", expect![[""]]);
}

#[test]
fn the_signed_one_means_the_same() {
    check("request1_signed.json", expect![[""]]);
}

#[test]
fn get_of_unknown_objects() {
    check("request2.json", expect![[""]]);
}

#[test]
fn a_disclosure() {
    check("request4.json", expect![[""]]);
}

#[test]
fn a_preservation_without_authorisation() {
    check("request8_LPTaskObject.json", expect![[""]]);
}

#[test]
fn a_destination_is_refused_and_the_disclosure_stands() {
    check("request10_LDDestinationObject.json", expect![[""]]);
}

#[test]
fn a_question_for_the_configuration() {
    check("request_config.json", expect![[""]]);
}

#[test]
fn answers() {
    check("response1_signed.json", expect![[""]]);
}

#[test]
fn answers_with_objects() {
    // ETSI's example repeats ActionIdentifier 0, which we allow in answers.
    check("response2.json", expect![[""]]);
}

#[test]
fn answers_with_configuration() {
    check("response_config.json", expect![[""]]);
    check("response_ee_config.json", expect![[""]]);
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
