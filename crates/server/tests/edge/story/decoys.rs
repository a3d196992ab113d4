//! Every way in which a sender can name a decoy, and from where he sends.

use desk::ids::{ActorId, AskNumber, KeyId, RequestId};
use records::{Selector, SelectorKind};
use serde_json::json;
use server::app::intake::{OfficerAct, OfficerFile};
use server::hi1::object::{Authorisation, Object};
use server::hi1::value::{Approval, Approver};
use server::hi1::words::APPROVAL_ISSUER;
use server::hi1::{Act, compose};

use super::{account, disclose, object, paper, records};
use crate::signed;
use crate::support::{ACCOUNT, House, Plans};

/// An account that no customer has.
const DECOY: &str = "LX-900017";

async fn baited() -> House {
    House::with(Plans { decoy: Some(DECOY), ..Plans::default() }).await
}

/// The last sign of a request, or nothing.
async fn last_sign(house: &House, id: &str) -> String {
    let request = house.node().folded(RequestId(id.parse().expect("an id"))).await.expect("one");
    let last = request.request.assessed.last().expect("it was looked at");
    last.assessment.signs.last().map(|sign| sign.finding.to_string()).unwrap_or_default()
}

/// Waits until the key of a request's sender is watched, and sees that it was not before.
async fn watched(house: &House, key: KeyId) {
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(20));
    let wait = async {
        while house.node().directory().mark(key).is_none() {
            pace.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect("it is watched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decoy_in_a_message_is_seen_and_its_sender_is_told_nothing() {
    let house = baited().await;
    let key = KeyId(house.a.key);
    let order = disclose(&house.a);
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    let seq = async || house.a.caller.get(&format!("/api/v1/requests/{id}")).await["seq"].as_u64();
    let first = seq().await.expect("a number");
    let say = |words: &str| compose::message(object(), order.task(0), words);
    house.a.create(&[say("any news? there is LX-000001 too")]).await;
    let innocent = seq().await.expect("a number") - first;
    assert_eq!(last_sign(&house, &id).await, "");
    assert!(house.node().directory().mark(key).is_none());

    house.a.create(&[say("please look at account=LX-900017, too.")]).await;
    assert_eq!(seq().await, Some(first + innocent * 2), "as many events as for any message");
    assert_eq!(
        last_sign(&house, &id).await,
        "0 of its selectors and 1 identifiers in its words are decoys that nobody honest names"
    );
    watched(&house, key).await;
    let vera = house.staff("vera");
    vera.act(&id, json!({ "start_identity_check": {} })).await;
    let told = vera.refused(&id, json!({ "verify_identity": { "method": "client_certificate" } }));
    assert!(told.await.contains("there are signs of fraud"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_staff_write_of_a_decoy_marks_nobody() {
    let house = baited().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    let body = json!({ "act": { "post_message": {} }, "text": "is LX-900017 one of ours?" });
    house.staff("vera").post(&format!("/api/v1/requests/{id}/acts"), &body).await;
    let request = house.node().folded(RequestId(id.parse().expect("an id"))).await.expect("one");
    assert_eq!(request.request.assessed.len(), 1, "only the order was looked at");
    assert!(!request.request.is_held_for_signs);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decoy_in_a_correction_by_machine_is_seen() {
    let house = baited().await;
    let mut order =
        paper(&house.a, house.clock.now()).with(records("SubscriberData", account(ACCOUNT)));
    order.0.issuer.0 = desk::order::IssuerType::Police;
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.prove(&id).await;
    let codes = json!(["issuer_not_competent"]);
    let asked = json!({ "request_information": { "ask": 1, "codes": codes } });
    house.staff("cora").act(&id, asked).await;
    let approval = Approval {
        kind: Some(APPROVAL_ISSUER.to_owned()),
        approver: Some(Approver {
            name: Some(format!("B. Sample (re {DECOY})")),
            role: Some("judge".to_owned()),
            ..Approver::default()
        }),
        at: order.0.issuer.2.into(),
        ..Approval::default()
    };
    let known = order.0.authorisation;
    let object = Authorisation { approvals: vec![approval], ..Authorisation::new(known) };
    house.a.create(&[Act::Update(Object::Authorisation(Box::new(object)))]).await;
    assert!(last_sign(&house, &id).await.contains("1 identifiers in its words"));
    watched(&house, KeyId(house.a.key)).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decoy_in_a_text_file_of_the_order_is_seen() {
    let house = baited().await;
    let mut order = disclose(&house.a);
    if let Some((_, _, _, contents)) = &mut order.0.document {
        *contents = b"account;holder\r\nLX-900017;unknown\r\n".to_vec();
    }
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    assert!(last_sign(&house, &id).await.contains("1 identifiers in its words"));
    watched(&house, KeyId(house.a.key)).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decoys_that_an_officer_adds_by_a_correction_are_seen() {
    let house = baited().await;
    let agency = signed::agency(&house).await;
    let officer = signed::Officer::enrol(&house, agency, "Iris Tan").await;
    let ActorId::Key(key) = officer.actor.id else { panic!("an officer") };
    let id = officer.send(&house, signed::order(&house, ACCOUNT)).await.expect("filed");
    let vera = house.staff("vera");
    vera.act(&id, json!({ "start_identity_check": {} })).await;
    vera.act(&id, json!({ "verify_identity": { "method": "passkey" } })).await;
    let asked = json!({ "request_information": { "ask": 1, "codes": ["wrong_identifier"] } });
    house.staff("cora").act(&id, asked).await;
    let selector = |text: &str| Selector::read(SelectorKind::AccountId, text).expect("an account");
    let correction = OfficerAct::Correct {
        request: RequestId(id.parse().expect("an id")),
        ask: AskNumber(1),
        order: None,
        reference: None,
        legal_basis: None,
        account: None,
        selectors: Some(vec![selector(ACCOUNT), selector(DECOY)]),
        files: vec![OfficerFile {
            name: "list.csv".to_owned(),
            media_type: "text/csv".to_owned(),
            bytes: b"LX-900017".to_vec(),
        }],
        text: "one more: LX-900017".to_owned(),
    };
    officer.send(&house, correction).await.expect("corrected");
    // The same decoy counts once, as the selector that it is.
    assert_eq!(
        last_sign(&house, &id).await,
        "1 of its selectors are decoys that no honest order names"
    );
    watched(&house, key).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_where_it_was_sent_is_looked_up_and_the_address_is_payload() {
    const NETWORKS: &str = "127.0.0.0,127.0.0.255,DE\n192.0.2.0,192.0.2.255,NL\n";
    let networks = Some((NETWORKS, "127.0.0.0/31\n"));
    let house = House::with(Plans { networks, ..Plans::default() }).await;
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    let request = RequestId(id.parse().expect("an id"));
    let folded = house.node().folded(request).await.expect("one");
    let found = &folded.request.assessed[0].assessment;
    let said: Vec<String> = found.signs.iter().map(|sign| sign.finding.to_string()).collect();
    assert!(
        said.contains(&"sent from a network of DE; the agency is in XX".to_owned()),
        "{said:?}"
    );
    assert!(said.contains(&"sent through an anonymiser".to_owned()), "{said:?}");
    assert!(found.holds, "both together ask for a call-back");
    // The address stands in the payload alone, which is erased.
    let events = house.node().store.reader().load(request.0).await.expect("events");
    for stored in &events {
        assert!(!stored.event_json.contains("127.0.0."), "{}", stored.event_json);
    }
    let case = house.node().case(request).await.expect("a case");
    assert_eq!(case.sent_from.as_deref(), Some("127.0.0.1"));
    // Nor does it stand beside what the order says, which its sender may be given.
    let received = case.received.as_ref().expect("received");
    assert_eq!(received.connection, None);
    // Its sender sees nothing of it.
    let shown = house.a.caller.get(&format!("/api/v1/requests/{id}")).await.to_string();
    assert!(!shown.contains("127.0.0.1") && !shown.contains("anonymiser"), "{shown}");
    let row = house.node().store.reader().view(request.0).await.expect("read").expect("a row");
    assert!(row.summary_json.contains("\"country\":\"DE\""), "{}", row.summary_json);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_lists_nothing_is_said_of_the_connection() {
    let house = House::open().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    let folded = house.node().folded(RequestId(id.parse().expect("an id"))).await.expect("one");
    assert_eq!(folded.request.assessed[0].assessment.connection, None);
    house.close().await;
}
