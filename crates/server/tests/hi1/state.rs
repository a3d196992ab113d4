//! Answers: states in words, lists, deliveries, configuration. All judged by ETSI's schemas.

use desk::ids::AskNumber;
use desk::order::{AskKind, SelectorKind};
use expect_test::expect;
use server::hi1::config::{Deployment, configuration};
use server::hi1::object::{DeliveryContent, FileFacts};
use server::hi1::status::{DeliveryFacts, delivery, is_listed, list_record};
use server::hi1::{
    Act, ActionAnswer, ActionNumber, Answer, CountryCode, Defect, ErrorCode, ErrorInformation,
    ListFilter, MessageError, Object, Payload, Word, compose, parse, write_answers, write_refusal,
};
use uuid::Uuid;

use crate::plan::{actions, draft};
use crate::schema::Judge;
use crate::{at, endpoint, id};

fn answered(answers: Vec<Answer>) -> Vec<Answer> {
    let header = compose::header(
        &endpoint("A"),
        &endpoint("B"),
        Uuid::from_u128(1),
        at("2026-11-22T10:00:00Z"),
    );
    let numbered: Vec<ActionAnswer> = (0..)
        .zip(&answers)
        .map(|(number, answer)| ActionAnswer {
            number: ActionNumber(number),
            answer: answer.clone(),
        })
        .collect();
    let raw = write_answers(&header, at("2026-11-22T10:00:01Z"), &numbered);
    if let Some(judge) = Judge::load() {
        judge.check(&raw);
    }
    let message = parse(&raw).expect("we read what we write");
    assert_eq!(message.header.transaction, header.transaction);
    let Payload::Answers(read) = message.payload else { panic!("answers were written") };
    let read: Vec<Answer> = read.into_iter().map(|answer| answer.answer).collect();
    assert_eq!(read, answers);
    read
}

#[test]
fn every_answer_is_valid_and_reads_back() {
    let objects: Vec<Object> = actions(&compose::create(&draft()))
        .into_iter()
        .map(|action| match action.act {
            Ok(Act::Create(object)) => object,
            other => panic!("{other:?}"),
        })
        .collect();
    let records = objects.iter().map(list_record).collect();
    let mut answers: Vec<Answer> = objects.iter().cloned().map(Answer::Got).collect();
    answers.push(Answer::Listed(records));
    answers.push(Answer::Listed(Vec::new()));
    answers.push(Answer::Created(id(1), None));
    answers.push(Answer::Created(id(1), Some(objects[0].clone())));
    answers.push(Answer::Updated(id(1), None));
    answers.push(Answer::Delivered(id(1)));
    answers.push(Answer::Refused(ErrorInformation::new(ErrorCode::NOT_SERVED, "no")));
    for content in [
        DeliveryContent::Inline {
            data: b"encrypted".to_vec(),
            file: FileFacts {
                content_type: Some("application/pkcs7-mime".into()),
                length: Some(9),
                sha256: Some(
                    "5b54fdec2dd15a88ebb41cf3ee9f7ee3d6a0c6d5a9ee7c4b0be0ee04a8b7ad06".into(),
                ),
                name: Some("package.zip.p7m".into()),
            },
        },
        DeliveryContent::Url {
            url: "https://lantern.example/hi1/delivery/8".into(),
            expires: Some(at("2026-12-22T10:00:00Z")),
            file: FileFacts::default(),
        },
        DeliveryContent::DataExistence(false),
    ] {
        let mut content = content;
        if let DeliveryContent::Inline { data, file } = &mut content {
            use sha2::Digest as _;
            file.sha256 = Some(hex::encode(sha2::Sha256::digest(data)));
        }
        let delivery = delivery(DeliveryFacts {
            id: id(8),
            delivery: Uuid::from_u128(80),
            tasks: vec![id(3), id(4)],
            reference: Some("XX-POLICE01-77".into()),
            owner: (CountryCode::new("XX").expect("two letters"), "LANTERN".into()),
            made_at: at("2026-11-22T10:00:00Z"),
            part: (1, true),
            content,
            encryption: "CMS EnvelopedData (RFC 5652), AES-256-CBC, to the enrolled certificate"
                .into(),
            is_acknowledged: false,
        });
        answers.push(Answer::Got(Object::Delivery(Box::new(delivery))));
    }
    answers.push(Answer::Config(configuration(&deployment())));
    assert_eq!(answered(answers).len(), 18);
}

fn deployment() -> Deployment {
    Deployment {
        last_changed: at("2026-11-22T00:00:00Z"),
        rule_packs: vec![("generic".into(), "Any other order".into())],
        selectors: vec![SelectorKind::AccountId, SelectorKind::Address, SelectorKind::Phone],
        url: "https://lantern.example/hi1".into(),
    }
}

#[test]
fn the_configuration_names_what_can_be_searched() {
    let value = configuration(&deployment());
    let names = |path: &str, member: &str| -> Vec<String> {
        let list = value.pointer(path).and_then(|it| it.as_array()).expect("a list");
        list.iter().map(|it| it[member].as_str().expect("a name").to_owned()).collect()
    };
    expect![[""]].assert_eq(&format!(
        "{:?}\n{:?}\n{:?}",
        names("/TargetingConfigurations/config:TargetingConfiguration", "config:FormatName"),
        names(
            "/TargetFormatTypeDefinitions/config:TargetFormatTypeDefinitionEntries/\
             config:TargetFormatTypeDefinitionEntry",
            "config:FormatName"
        ),
        names("/Dictionaries/dictionaries:Dictionary", "dictionaries:Name"),
    ));
}

#[test]
fn a_refused_message_is_answered_in_valid_form() {
    let judge = Judge::load();
    let header = compose::header(
        &endpoint("A"),
        &endpoint("B"),
        Uuid::from_u128(1),
        at("2026-11-22T10:00:00Z"),
    );
    let errors = [
        MessageError { header: None, defect: Defect::TooLarge { bytes: 99_999_999 } },
        Defect::RepeatedTransaction(header.transaction).of(&header),
        Defect::WrongCertificate("XX/A".into()).of(&header),
    ];
    let mut lines = String::new();
    for error in errors {
        let raw = write_refusal(&error, &endpoint("LANTERN"), at("2026-11-22T10:00:01Z"));
        if let Some(judge) = &judge {
            judge.check(&raw);
        }
        let Payload::Refused(information) = parse(&raw).expect("we read what we write").payload
        else {
            panic!("a refusal was written");
        };
        lines += &format!("{} {}\n", information.code.0, information.description);
    }
    expect![[""]].assert_eq(&lines);
}

#[test]
fn a_list_is_filtered() {
    let acts = compose::create(&draft());
    let Act::Create(mut task) = acts[2].clone() else { panic!("a task was composed") };
    task.common_mut().last_changed = Some(at("2026-11-22T10:00:00Z"));
    let listed = |filter: ListFilter| is_listed(&filter, &task);
    let all = ListFilter::default;
    assert!(listed(all()));
    assert!(listed(ListFilter { kind: Some(Word::etsi("ObjectType", "LDTask")), ..all() }));
    assert!(!listed(ListFilter { kind: Some(Word::etsi("ObjectType", "LPTask")), ..all() }));
    assert!(listed(ListFilter { changed_since: Some(at("2026-11-22T10:00:00Z")), ..all() }));
    assert!(!listed(ListFilter { changed_since: Some(at("2026-11-22T10:00:01Z")), ..all() }));
    assert!(!listed(ListFilter { country: CountryCode::new("DE"), ..all() }));
    assert!(!listed(ListFilter { status: Some(Word::etsi("LDTaskStatus", "Disclosed")), ..all() }));
}

#[test]
fn every_stage_has_a_word() {
    use desk::order::{Ask, Demand, Scope};
    use desk::request::{AskState, Outcome, RefusalCode, Stage};
    use server::hi1::status::status;
    let demands = [
        Demand::Disclose { scope: Scope::default() },
        Demand::Preserve { scope: Scope::default(), until: None },
        Demand::Freeze { asset: None, amount: None, until: None },
        Demand::Unfreeze { request: None, freeze: AskNumber(1) },
        Demand::NonDisclosure { until: None },
    ];
    let stages = [
        Stage::Received,
        Stage::IdentityCheck,
        Stage::LegalReview,
        Stage::Accepted,
        Stage::Searching,
        Stage::Assembled,
        Stage::Approved,
        Stage::Sealed,
        Stage::Delivered,
        Stage::Acknowledged,
        Stage::Closed,
        Stage::NeedsInformation { back: Box::new(Stage::LegalReview) },
        Stage::Refused { code: RefusalCode::OverBroad },
        Stage::Withdrawn,
        Stage::Expired,
        Stage::Preserved,
        Stage::Extended,
        Stage::Linked,
        Stage::Released,
        Stage::Freezing,
        Stage::Frozen,
        Stage::FreezeConfirmed,
        Stage::Unfreezing,
        Stage::Unfrozen,
        Stage::InForce,
        Stage::Lifted,
        Stage::Lapsed,
    ];
    let mut table = String::new();
    for stage in stages {
        table += &format!("{:18}", stage.name());
        for demand in &demands {
            let ask = AskState {
                number: AskNumber(1),
                ask: Ask { demand: demand.clone(), emergency: None },
                stage: stage.clone(),
                valid_until: None,
                clocks: Vec::new(),
                exhibits: Vec::new(),
                effects: Vec::new(),
                prepared_by: Default::default(),
                legal_by: None,
                approved_by: None,
                outcome: Some(Outcome::Full),
                package: None,
                extensions: 0,
                until: None,
                reviewed_by: None,
                delivered_at: None,
                deletion_open: false,
            };
            table += &format!(" {:20}", status(&ask, at("2026-11-22T10:00:00Z")).value);
        }
        table = table.trim_end().to_owned() + "\n";
    }
    assert_eq!(AskKind::ALL.len(), demands.len());
    expect![[""]].assert_eq(&table);
}
