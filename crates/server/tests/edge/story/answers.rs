//! Answers that are corrected, negative, withdrawn, late, urgent.

use desk::order::IssuerType;
use evidence::verify::{Anchors, verify};
use jiff::SignedDuration;
use serde_json::{Value, json};
use server::hi1::object::{Authorisation, Object};
use server::hi1::value::{Approval, Approver};
use server::hi1::words::{APPROVAL_ISSUER, OrderFact};
use server::hi1::{Act, compose};
use store::testing::Postgres;

use super::{Paper, account, disclose, paper, records};
use crate::support::{ACCOUNT, House, Plans, approval, days};

/// The kinds of a request's events, oldest first.
pub(super) fn kinds(request: &Value) -> Vec<&str> {
    let history = request["history"].as_array().expect("a history");
    history.iter().map(|entry| entry["event"]["kind"].as_str().expect("a kind")).collect()
}

pub(crate) fn sound(house: &House, zip: &[u8]) -> String {
    let policy = std::fs::read(house.path("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    let anchors = Anchors::none().with_roots(&house.root_pem).expect("a root");
    let anchors = anchors.with_policy(policy);
    let report = verify(std::io::Cursor::new(zip), &anchors).expect("readable");
    assert_eq!(report.exit_code(), 0, "{}: {:?}", report.summary(), report.defects);
    report.summary()
}

pub(super) async fn postgres(story: impl AsyncFn(&House)) {
    let Some(server) = Postgres::start().await else { return };
    let database = Some(server.database().await);
    let house = House::with(Plans { database, ..Plans::default() }).await;
    story(&house).await;
    house.close().await;
}

/// Refused in law with a code, asked back, corrected by UPDATE, then accepted; another ask stays
/// refused, and the agency reads why.
async fn corrected(house: &House) {
    let mut order = paper(&house.a, house.clock.now())
        .with(records("SubscriberData", account(ACCOUNT)))
        .with(records("TrafficData", account(ACCOUNT)));
    order.0.issuer.0 = IssuerType::Police;
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.prove(&id).await;
    let cora = house.staff("cora");
    let told = cora.refused(&id, json!({ "accept_legal": { "ask": 1 } })).await;
    assert!(told.starts_with("409 refused | accept ask 1 under generic"), "{told}");
    assert!(told.contains("issuer_not_competent"), "{told}");
    cora.act(&id, json!({ "refuse": { "ask": 2, "code": "over_broad" } })).await;
    let codes = json!(["issuer_not_competent"]);
    cora.act(&id, json!({ "request_information": { "ask": 1, "codes": codes } })).await;
    let status = house.a.status(order.task(0)).await;
    assert!(status.contains("issuer_not_competent: as agreed"), "{status}");
    let status = house.a.status(order.task(1)).await;
    assert!(status.starts_with("Rejected") || status.starts_with("Invalid"), "{status}");

    house.a.create(&[by_a_judge(&order)]).await;
    let request = house.state(&id, 1, "legal_review").await;
    assert_eq!(request["kind"], "disclose");
    house.staff("cora").act(&id, json!({ "accept_legal": { "ask": 1 } })).await;
    let request = house.until(&id, |request| request["asks"][0]["state"] == "accepted").await;
    assert_eq!(request["order"]["issuer"], "judge");
    assert_eq!(request["asks"][1]["state"], "refused");
    assert_eq!(request["received"]["reference"], "7 Gs 12/26", "the case is still readable");
}

fn by_a_judge(order: &Paper) -> Act {
    let approval = Approval {
        kind: Some(APPROVAL_ISSUER.to_owned()),
        approver: Some(Approver {
            name: Some("B. Sample".to_owned()),
            role: Some("judge".to_owned()),
            ..Approver::default()
        }),
        at: order.0.issuer.2.into(),
        ..Approval::default()
    };
    let id = order.0.authorisation;
    let object = Authorisation { approvals: vec![approval], ..Authorisation::new(id) };
    Act::Update(Object::Authorisation(Box::new(object)))
}

/// A negative answer is a package like any other, and verifies.
async fn negative(house: &House) {
    let order =
        paper(&house.a, house.clock.now()).with(records("SubscriberData", account("LX-999999")));
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.accept(&id).await;
    let bo = house.staff("bo");
    bo.post(&format!("/api/v1/requests/{id}/asks/1/search"), &json!({})).await;
    let answers = |outcome: &str| json!({ "answers": [{ "ask": 1, "outcome": outcome, "statement": "no such account" }] });
    let path = format!("/api/v1/requests/{id}/assemble");
    let told = bo.told("POST", &path, &answers("full")).await;
    assert!(told.starts_with("422 refused | assemble ask 1 as `full`"), "{told}");
    let assembled = bo.post(&path, &answers("no_data")).await;
    let tagmanifest = assembled["tagmanifest_sha256"].as_str().expect("a digest");
    house.staff("ada").act(&id, approval(tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let deliveries = house.a.deliveries().await;
    let [(delivery, zip)] = deliveries.as_slice() else { panic!("{}", deliveries.len()) };
    sound(house, zip);
    house.a.create(&[compose::acknowledge(*delivery)]).await;
    house.state(&id, 1, "acknowledged").await;
    assert!(house.b.deliveries().await.is_empty(), "another agency sees nothing of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_with_a_code_then_corrected() {
    let house = House::open().await;
    corrected(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_negative_answer_verifies() {
    let house = House::open().await;
    negative(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_postgresql() {
    postgres(async |house: &House| {
        corrected(house).await;
        negative(house).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withdrawn_before_delivery() {
    let house = House::open().await;
    let order = disclose(&house.a);
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.accept(&id).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.a.create(&[compose::withdraw_disclosure(order.task(0))]).await;
    let told = house.staff("ada").refused(&id, approval(&tagmanifest)).await;
    assert!(
        told.starts_with("409 refused | approve for ask 1 | it is in state `withdrawn`"),
        "{told}"
    );
    let request = house.until(&id, |request| request["asks"][0]["state"] == "withdrawn").await;
    assert!(!kinds(&request).contains(&"deletion_requested"));
    assert!(house.a.deliveries().await.is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withdrawn_after_delivery() {
    let house = House::open().await;
    let order = disclose(&house.a);
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.accept(&id).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let deliveries = house.a.deliveries().await;
    sound(&house, &deliveries[0].1);
    house.a.create(&[compose::acknowledge(deliveries[0].0)]).await;
    house.a.create(&[compose::withdraw_disclosure(order.task(0))]).await;
    let request = house.until(&id, |request| request["asks"][0]["state"] == "withdrawn").await;
    let told = kinds(&request);
    let at = |kind: &str| {
        told.iter().position(|it| *it == kind).unwrap_or_else(|| panic!("{kind} in {told:?}"))
    };
    assert!(at("acknowledged") < at("withdrawn") && at("withdrawn") < at("deletion_requested"));
    let cora = house.staff("cora");
    cora.act(&id, json!({ "confirm_deletion": { "ask": 1 } })).await;
    let told = cora.refused(&id, json!({ "confirm_deletion": { "ask": 1 } })).await;
    assert!(told.starts_with("409 "), "confirmed twice: {told}");
    house.close().await;
}

/// Regulation (EU) 2023/1543 Art 10(2): with a notified authority, nothing leaves for ten days.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leaves_before_the_authority_had_its_days() {
    let house = House::open().await;
    let mut order = paper(&house.a, house.clock.now())
        .with(records("TrafficData", account(ACCOUNT)))
        .fact(OrderFact::Instrument, "epoc")
        .fact(OrderFact::EnforcingAuthorityNotified, "true");
    order.0.rule_pack = Some("eu-e-evidence-2023-1543".to_owned());
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.prove(&id).await;
    let cora = house.staff("cora");
    let told = cora.refused(&id, json!({ "accept_legal": { "ask": 1 } })).await;
    assert!(told.contains("under eu-e-evidence-2023-1543"), "judged by its own pack: {told}");
    let despite: Vec<&str> =
        ["service_not_covered", "wrong_channel", "manifest_error", "incomplete"]
            .into_iter()
            .filter(|code| told.contains(code))
            .collect();
    cora.act(&id, json!({ "accept_legal": { "ask": 1, "despite": despite } })).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    let ask = house.state(&id, 1, "sealed").await;
    assert!(ask["not_before"].is_string(), "{ask:#}");
    // The job that hands over comes round, finds that it is early, and goes to sleep again.
    house.clock.forward(SignedDuration::from_mins(2));
    house.clock.forward(days(5));
    assert!(house.a.deliveries().await.is_empty());
    let request = house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
    assert_eq!(request["asks"][0]["state"], "sealed");
    house.clock.forward(days(12));
    house.state(&id, 1, "delivered").await;
    let request = house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
    let delivered = request["deliveries"][0]["at"].as_str().expect("a time").to_owned();
    assert!(delivered.as_str() >= ask["not_before"].as_str().expect("a time"), "{delivered}");
    house.close().await;
}

/// What was due before an act stands before it, and the act keeps its own personal part.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_late_is_whole() {
    let house = House::open().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    house.accept(&id).await;
    let bo = house.staff("bo");
    bo.post(&format!("/api/v1/requests/{id}/asks/1/search"), &json!({})).await;
    house.clock.forward(days(60));
    let answer = json!({ "ask": 1, "outcome": "full", "statement": "late, and whole" });
    let body = json!({ "answers": [answer] });
    let done = bo.post(&format!("/api/v1/requests/{id}/assemble"), &body).await;
    let tagmanifest = done["tagmanifest_sha256"].as_str().expect("a tag manifest");
    house.staff("ada").act(&id, approval(tagmanifest)).await;
    let ask = house.state(&id, 1, "delivered").await;
    assert_eq!(ask["clocks"][0]["status"], "breached");
    assert_eq!(house.a.deliveries().await.len(), 1);
    house.close().await;
}

/// Two people on call do everything; neither does it alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emergency_needs_two_on_call() {
    let house = House::open().await;
    let calm = disclose(&house.a);
    house.a.create(&calm.acts()).await;
    let calm = house.newest().await;
    let mut order = paper(&house.a, house.clock.now())
        .with(records("SubscriberData", account(ACCOUNT)))
        .fact(OrderFact::Instrument, "emergency_request")
        .fact(OrderFact::EmergencyKind, "person");
    order.0.issuer.0 = IssuerType::Police;
    order.0.flags = vec!["IsEmergency".to_owned()];
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    let (olga, omar) = (house.staff("olga"), house.staff("omar"));
    let hidden = olga.refused(&calm, json!({ "start_identity_check": {} })).await;
    assert!(hidden.starts_with("404 "), "on call is for emergencies: {hidden}");
    olga.act(&id, json!({ "start_identity_check": {} })).await;
    olga.act(&id, json!({ "verify_identity": { "method": "client_certificate" } })).await;
    let tagmanifest = house.assemble("olga", &id, "full").await;
    let told = olga.refused(&id, approval(&tagmanifest)).await;
    assert!(
        told.contains("whoever filed, verified, searched or assembled cannot approve"),
        "{told}"
    );
    omar.act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let review = json!({ "review_emergency": { "ask": 1, "justified": true } });
    let told = omar.refused(&id, review.clone()).await;
    assert!(told.contains("whoever let it out cannot review it"), "{told}");
    house.staff("cora").act(&id, review).await;
    house.close().await;
}
