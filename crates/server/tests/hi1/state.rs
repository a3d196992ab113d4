//! Answers: states in words, lists, deliveries, configuration. All judged by ETSI's schemas.

use desk::ids::AskNumber;
use std::collections::HashMap;

use desk::order::{Ask, AskKind, Demand, Scope};
use desk::request::{AskState, Identity, Outcome, RefusalCode, Request, Stage};
use expect_test::expect;
use records::SelectorKind;
use server::hi1::config::{Deployment, configuration};
use server::hi1::object::{DeliveryContent, FileFacts};
use server::hi1::status::{DeliveryFacts, View, delivery, is_listed, list_record, show, status};
use server::hi1::translate::Part;
use server::hi1::{
    Act, ActionAnswer, ActionNumber, Answer, CountryCode, Defect, ErrorCode, ErrorInformation,
    ListFilter, MessageError, Object, Payload, Word, compose, parse, write_answers, write_refusal,
};
use uuid::Uuid;

use crate::plan::{actions, draft, plan_with};
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
    expect![[r#"
        ["InternationalE164", "AccountID", "BitcoinAddress"]
        ["AccountID", "BitcoinAddress", "Asset", "Amount"]
        ["RequestType", "DataCategory", "IssuerType", "RulePack", "OrderFact", "TaskStatus", "TaskDesiredStatus", "Manifest"]"#]].assert_eq(&format!(
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
    expect![[r#"
        7002 the message has 99999999 bytes; the limit is 16777216, send large files another way
        7006 $.Header.TransactionIdentifier: 00000000-0000-0000-0000-000000000001 was used before; use a new one for each message, and the stored answer stands
        7007 $.Header.SenderIdentifier: the certificate of this connection is not enrolled for XX/A; connect with the certificate enrolled for it
    "#]].assert_eq(&lines);
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
            let ask = ask_state(demand.clone(), stage.clone());
            table += &format!(" {:20}", status(&ask, at("2026-11-22T10:00:00Z")).value);
        }
        table = table.trim_end().to_owned() + "\n";
    }
    assert_eq!(AskKind::ALL.len(), demands.len());
    expect![[r#"
        received           AwaitingApproval     AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        identity_check     AwaitingApproval     AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        legal_review       AwaitingApproval     AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        accepted           AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        searching          AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        assembled          AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        approved           AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        sealed             AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        delivered          Disclosed            AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        acknowledged       Disclosed            AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        closed             Disclosed            Preserved            Unfrozen             Unfrozen             Lifted
        needs_information  AwaitingApproval     AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        refused            Rejected             Rejected             Rejected             Rejected             Rejected
        withdrawn          Cancelled            Cancelled            Cancelled            Cancelled            Cancelled
        expired            Invalid              Expired              Expired              Expired              Expired
        preserved          AwaitingDisclosure   Preserved            AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        extended           AwaitingDisclosure   Preserved            AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        linked             AwaitingDisclosure   Preserved            AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        released           AwaitingDisclosure   Cancelled            Cancelled            Cancelled            Lifted
        freezing           AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     AwaitingInForce
        frozen             AwaitingDisclosure   AwaitingPreservation Frozen               Frozen               AwaitingInForce
        freeze_confirmed   AwaitingDisclosure   AwaitingPreservation Frozen               Frozen               AwaitingInForce
        unfreezing         AwaitingDisclosure   AwaitingPreservation AwaitingUnfreeze     AwaitingUnfreeze     AwaitingInForce
        unfrozen           AwaitingDisclosure   AwaitingPreservation Unfrozen             Unfrozen             AwaitingInForce
        in_force           AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     InForce
        lifted             AwaitingDisclosure   AwaitingPreservation AwaitingFreeze       AwaitingUnfreeze     Lifted
        lapsed             Invalid              Expired              Expired              Expired              Expired
    "#]].assert_eq(&table);
}

fn ask_state(demand: Demand, stage: Stage) -> AskState {
    AskState {
        number: AskNumber(1),
        ask: Ask { demand, emergency: None },
        stage,
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
        until: Some(at("2027-01-01T00:00:00Z")),
        reviewed_by: None,
        validated_at: None,
        delivered_at: None,
        deletion_open: false,
        notice_waits: false,
    }
}

#[test]
fn objects_are_shown_in_their_state() {
    let objects: Vec<(Part, Object)> =
        plan_with(actions(&compose::create(&draft())), &HashMap::new()).requests.remove(0).objects;
    let disclose = || Demand::Disclose { scope: Scope::default() };
    let freeze = || Demand::Freeze { asset: None, amount: None, until: None };
    let refused = Stage::Refused { code: RefusalCode::OverBroad };
    let question = Stage::NeedsInformation { back: Box::new(Stage::LegalReview) };
    let mut lines = String::new();
    for (stages, now) in [
        ([Stage::Received, Stage::Received], "2026-11-22T10:00:00Z"),
        ([Stage::Accepted, Stage::Frozen], "2026-11-22T10:00:00Z"),
        ([Stage::Delivered, Stage::Frozen], "2027-01-01T00:00:00Z"),
        ([question, Stage::Frozen], "2026-11-22T10:00:00Z"),
        ([refused.clone(), refused], "2026-11-22T10:00:00Z"),
        ([Stage::Withdrawn, Stage::Withdrawn], "2026-11-22T10:00:00Z"),
    ] {
        let [first, second] = stages;
        let asks = vec![ask_state(disclose(), first), ask_state(freeze(), second)];
        let identity = Identity {
            method: desk::request::IdentityMethod::ClientCertificate,
            by: desk::ids::ActorId::System,
            at: at("2026-11-22T10:00:00Z"),
        };
        let request = Request { asks, identity: Some(identity), ..Request::default() };
        let view = View {
            request: &request,
            now: at(now),
            generation: 3,
            last_changed: at("2026-11-22T09:00:00Z"),
            said: Some("name the account"),
        };
        let mut answers = Vec::new();
        for (part, object) in &objects {
            // The draft's third task is the freeze; the request here has two asks.
            let part = match part {
                Part::Ask(AskNumber(1), _) => *part,
                Part::Ask(AskNumber(3), kind) => Part::Ask(AskNumber(2), *kind),
                Part::Ask(..) => continue,
                _ => *part,
            };
            let shown = show(object.clone(), part, &view);
            let (status, reason) = match &shown {
                Object::Authorisation(it) => (it.status.clone(), it.invalid_reason.clone()),
                Object::Document(it) => (it.status.clone(), it.invalid_reason.clone()),
                Object::Disclosure(it) => (it.status.clone(), it.status_reason.clone()),
                Object::Preservation(it) => (it.status.clone(), it.status_reason.clone()),
                _ => (None, None),
            };
            let reason = reason.map(|it| format!(" ({} {})", it.code.0, it.description));
            lines += &format!(
                "{:13} {}{}\n",
                shown.kind().as_str(),
                status.expect("it has a state"),
                reason.unwrap_or_default()
            );
            answers.push(Answer::Got(shown));
        }
        answered(answers);
        lines += "\n";
    }
    expect![[r#"
        Authorisation ETSI/AuthorisationStatus/AwaitingApproval
        LDTask        ETSI/LDTaskStatus/AwaitingApproval
        LPTask        COMITY/TaskStatus/AwaitingFreeze
        Document      ETSI/DocumentStatus/AwaitingApproval

        Authorisation ETSI/AuthorisationStatus/Approved
        LDTask        ETSI/LDTaskStatus/AwaitingDisclosure
        LPTask        COMITY/TaskStatus/Frozen
        Document      ETSI/DocumentStatus/Approved

        Authorisation ETSI/AuthorisationStatus/Approved
        LDTask        ETSI/LDTaskStatus/Disclosed
        LPTask        COMITY/TaskStatus/Expired (7105 its time ran out without an order)
        Document      ETSI/DocumentStatus/Approved

        Authorisation ETSI/AuthorisationStatus/Invalid (3000 information is needed; UPDATE the object, or CREATE a Document for it: name the account)
        LDTask        ETSI/LDTaskStatus/AwaitingApproval (3000 information is needed; UPDATE the object, or CREATE a Document for it: name the account)
        LPTask        COMITY/TaskStatus/Frozen
        Document      ETSI/DocumentStatus/Invalid (3000 information is needed; UPDATE the object, or CREATE a Document for it: name the account)

        Authorisation ETSI/AuthorisationStatus/Rejected (7200 refused: over_broad: name the account)
        LDTask        ETSI/LDTaskStatus/Rejected (7200 refused: over_broad: name the account)
        LPTask        COMITY/TaskStatus/Rejected (7200 refused: over_broad: name the account)
        Document      ETSI/DocumentStatus/Rejected (7200 refused: over_broad: name the account)

        Authorisation ETSI/AuthorisationStatus/Cancelled
        LDTask        ETSI/LDTaskStatus/Cancelled
        LPTask        COMITY/TaskStatus/Cancelled
        Document      ETSI/DocumentStatus/Cancelled

    "#]].assert_eq(&lines);
}
