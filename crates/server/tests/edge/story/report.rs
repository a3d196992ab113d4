//! A transparency report: counted on either engine, recorded, proven, refused to who may not.

use desk::order::AskKind;
use desk::policy::{Actor, Role};
use desk::transparency::{Fate, Period, Report};
use evidence::verify::{ReportFiles, check_report};
use jiff::tz::TimeZone;
use serde_json::json;
use server::app::report::{Step, find, leave_waiting, name_of};
use server::error::Error;
use server::report::{Question, count};

use super::answers::postgres;
use super::disclose;
use crate::support::{House, days};

fn somebody(house: &House, role: Role) -> Actor {
    let directory = house.node().directory();
    let person = directory.staff().find(|person| person.roles.contains(&role)).expect("one");
    Actor { id: desk::ids::ActorId::Staff(person.id), roles: [role].into(), agency: None }
}

/// The day of the house, and no other.
fn today(house: &House) -> Period {
    let day = house.clock.now().to_zoned(TimeZone::UTC).date();
    Period::new(day, day).expect("a day")
}

/// Eleven orders on one day: five refused, six open. Two of the next day do not count.
async fn eleven_orders(house: &House) -> Period {
    let period = today(house);
    for number in 0..11 {
        house.a.create(&disclose(&house.a).acts()).await;
        let id = house.newest().await;
        if number < 5 {
            house.prove(&id).await;
            let refusal = json!({ "refuse": { "ask": 1, "code": "wrong_identifier" } });
            house.staff("cora").act(&id, refusal).await;
        }
    }
    house.clock.forward(days(1));
    for _ in 0..2 {
        house.a.create(&disclose(&house.a).acts()).await;
    }
    period
}

fn check(report: &Report) {
    assert_eq!(report.requests, Some(11));
    let [section] = report.sections.as_slice() else { panic!("{:?}", report.sections) };
    assert_eq!((section.ask_type, section.received), (AskKind::Disclose, 11));
    let counts = [Fate::Refused, Fate::Open, Fate::Full].map(|fate| section.alone(fate));
    assert_eq!(counts, [Some(5), Some(6), Some(0)]);
    assert_eq!(section.accounts_named, Some(11));
    assert_eq!(section.refusals.iter().map(|group| group.count).collect::<Vec<_>>(), [5]);
    let [row] = section.detail.as_slice() else { panic!("{:?}", section.detail) };
    assert_eq!(row.regime.as_deref(), Some("generic"));
    assert_eq!(row.emergency, Some(false));
}

async fn counted(house: &House) {
    let period = eleven_orders(house).await;
    let node = house.node();
    let question = Question {
        company: "Lantern Exchange".to_owned(),
        period,
        as_of: house.clock.now(),
        agency_countries: None,
    };
    let mut told = Vec::new();
    let report = count(node.store.reader(), &question, &mut |progress| told.push(progress)).await;
    check(&report.expect("counted"));
    let last = told.last().expect("it tells how far it is");
    assert_eq!((last.requests, last.leaves <= last.leaves_all), (11, true));

    // Before the first was refused.
    let early = Question { as_of: period.moments().start, ..question.clone() };
    let report = count(node.store.reader(), &early, &mut |_| {}).await.expect("counted");
    assert!(report.sections.is_empty(), "nothing was on the record then");

    // By the node, for counsel.
    let made = node.make_report(&somebody(house, Role::Counsel), period, None).await;
    let made = made.expect("recorded");
    let auditor = somebody(house, Role::Auditor);
    let listed = node.reports(&auditor).await.expect("the list");
    assert_eq!(listed, std::slice::from_ref(&made));
    let name = &made.recorded.json_sha256;
    let (_, report) = node.report(&auditor, name).await.expect("the report");
    check(&report);
    let again = server::app::report::record(&node.store, auditor.id, &report).await;
    assert_eq!(again.expect("known"), made, "the same report is recorded once");

    // A day later the same requests: what became of them in between would be the difference.
    let counsel = somebody(house, Role::Counsel);
    house.clock.forward(days(1));
    let refused = node.make_report(&counsel, period, None).await;
    let why = refused.expect_err("it could be subtracted").to_string();
    assert!(why.contains("counts some of the same requests"), "{why}");
    let day = period.to().tomorrow().expect("a day");
    let wider = Period::new(period.from(), day).expect("days");
    let in_the_way = node.report_in_the_way(&counsel, wider, None).await.expect("read");
    assert_eq!(in_the_way.as_ref(), Some(&made));
    let next = Period::new(day, day).expect("a day");
    assert_eq!(node.report_in_the_way(&counsel, next, None).await.expect("read"), None);

    for role in [Role::Analyst, Role::Verifier, Role::Intake, Role::Approver] {
        let nobody = somebody(house, role);
        assert!(matches!(node.reports(&nobody).await, Err(Error::Hidden)), "{role}");
    }
    let made_by_auditor = node.make_report(&auditor, period, None).await;
    assert!(matches!(made_by_auditor, Err(Error::Hidden)), "auditors act on nothing");

    let proof = node.report_proof(&auditor, name).await.expect("a proof");
    proven(house, &report, &proof);

    // Two people publish it; nobody takes it back.
    let root = somebody(house, Role::Administrator);
    let step = async |actor: &Actor, step| match node.step_report(actor, name, step).await {
        Ok(()) => "done".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(step(&auditor, Step::Propose).await, "there is nothing here for you");
    assert!(step(&root, Step::Publish).await.contains("is made already"));
    assert_eq!(step(&root, Step::Propose).await, "done");
    assert!(step(&root, Step::Publish).await.contains("another person publishes it"));
    assert_eq!(step(&counsel, Step::Publish).await, "done");
    assert!(step(&counsel, Step::Withdraw).await.contains("is published already"));
    let hidden = node.published_reports().await;
    assert!(matches!(hidden, Err(Error::Hidden)), "this node shows nothing in public");
}

/// What nobody outside has can be withdrawn; then its requests are counted by another report.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_report_is_in_nobodys_way() {
    let house = House::open().await;
    let period = eleven_orders(&house).await;
    let (node, counsel) = (house.node(), somebody(&house, Role::Counsel));
    let made = node.make_report(&counsel, period, None).await.expect("recorded");
    let name = made.recorded.json_sha256.clone();
    let alone = node.step_report(&counsel, &name, Step::Withdraw).await.expect_err("alone");
    assert!(alone.to_string().contains("another person withdraws it"), "{alone}");
    let root = somebody(&house, Role::Administrator);
    node.step_report(&root, &name, Step::Withdraw).await.expect("withdrawn");
    assert_eq!(find(node.store.reader(), &name).await.expect("read"), None);
    let proof = node.report_proof(&counsel, &name).await;
    assert!(matches!(proof, Err(Error::Hidden)), "nobody gets it");
    let again = node.make_report(&counsel, period, None).await.expect("recorded");
    assert_eq!(node.reports(&counsel).await.expect("the list").len(), 2);
    assert_ne!(again.leaf, made.leaf);
    house.close().await;
}

/// The proof holds for these bytes and no others.
fn proven(house: &House, report: &Report, proof: &str) {
    let policy = std::fs::read(house.path("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    let told = |json: &str, csv: &str, proof: &str| {
        let files = ReportFiles {
            json: ("report.json", json.as_bytes()),
            csv: Some(("report.csv", csv.as_bytes())),
            proof: ("proof.json", proof.as_bytes()),
        };
        match check_report(&files, Some(&policy)) {
            Ok(proof) => format!("leaf {} of {}", proof.leaf, proof.origin),
            Err(defects) => defects
                .iter()
                .map(|it| format!("{}: {}", it.file, it.what))
                .collect::<Vec<_>>()
                .join("; "),
        }
    };
    let (json, csv) = (report.to_json(), report.to_csv());
    let sound = told(&json, &csv, proof);
    assert!(sound.starts_with("leaf "), "{sound}");
    let changed = json.replacen("\"received\": 11", "\"received\": 12", 1);
    assert_eq!(told(&changed, &csv, proof), "report.json: not the file that was recorded");
    assert_eq!(told(&json, "", proof), "report.csv: not the file that was recorded");
    let period = format!("{} {}", report.from, report.to);
    let forged = proof.replacen(&period, &period.replacen('2', "1", 1), 1);
    assert_ne!(forged, proof);
    assert_eq!(
        told(&json, &csv, &forged),
        "proof.json: the note says something else than the record"
    );
    let foreign = proof.replacen("\\n\\n— ", "\\n\\n— x", 1);
    assert_ne!(foreign, proof);
    assert_eq!(told(&json, &csv, &foreign), "proof.json: no log of the policy signed the report");
    assert!(told(&json, &csv, "{}").starts_with("proof.json: not a proof"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_counted_recorded_and_proven() {
    let house = House::open().await;
    counted(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_on_postgresql() {
    postgres(async |house: &House| counted(house).await).await;
}

/// What `comity report transparency` leaves beside a served node is recorded by that node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_served_node_records_what_waits() {
    let house = House::open().await;
    let node = house.node();
    let question = Question {
        company: "Lantern Exchange".to_owned(),
        period: today(&house),
        as_of: house.clock.now(),
        agency_countries: None,
    };
    let report = count(node.store.reader(), &question, &mut |_| {}).await.expect("counted");
    let folder = server::app::report::waiting_folder(&node.config);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut changed = node.store.checkpoint_changed();
    changed.borrow_and_update();
    std::fs::write(folder.join("0.json"), "{\"format\":\"another\"}").expect("written");
    leave_waiting(&node.config, &report).expect("it waits");
    changed.changed().await.expect("recorded");
    let name = name_of(report.to_json().as_bytes());
    let made = find(node.store.reader(), &name).await.expect("read").expect("on the record");
    assert_eq!(made.recorded.by, server::directory::console().id);
    assert!(folder.join("0.refused").exists(), "what is no report is set aside");
    house.close().await;
}
