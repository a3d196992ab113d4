//! Requests that are not what they say: decoys, marks, bursts, emergencies without an order.

use desk::ids::{ActorId, AgencyId, KeyId};
use desk::order::IssuerType;
use desk::policy::{Actor, Role};
use desk::suspicion::MarkReason;
use ledger::note::SigningKey;
use serde_json::json;
use server::app::queue::{QueueQuery, QueueRow, QueueState};
use server::directory::{Change, ChangePayload};
use server::fraud::marks::{Identifier, IdentifierKind, MarksDocument, SharedMark};
use server::hi1::words::OrderFact;

use super::{Paper, account, disclose, paper, records};
use crate::support::{ACCOUNT, House, Plans, approval, days};

/// An account that no customer has.
const DECOY: &str = "LX-900017";

fn about(house: &House, name: &str) -> Paper {
    paper(&house.a, house.clock.now()).with(records("SubscriberData", account(name)))
}

/// Somebody on the staff, as the policy knows him.
fn person(house: &House, name: &str) -> Actor {
    let directory = house.node().directory();
    let known = directory.staff().find(|one| one.name == name).expect("somebody of that name");
    directory.person(ActorId::Staff(known.id), house.clock.now()).expect("on the staff")
}

async fn row(house: &House, id: &str) -> QueueRow {
    for state in [QueueState::Open, QueueState::Closed] {
        let query = QueueQuery { state, ..QueueQuery::default() };
        let page = house.node().queue(&person(house, "aud"), &query).await.expect("a queue");
        if let Some(row) = page.rows.into_iter().find(|row| row.request.to_string() == id) {
            return row;
        }
    }
    panic!("{id} is in no queue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decoy_holds_its_request_and_its_key_and_tells_its_sender_nothing() {
    let house = House::with(Plans { decoy: Some(DECOY), ..Plans::default() }).await;
    let key = KeyId(house.a.key);
    let honest = disclose(&house.a);
    house.a.create(&honest.acts()).await;
    let honest_id = house.newest().await;
    house.accept(&honest_id).await;
    let tagmanifest = house.assemble("bo", &honest_id, "full").await;

    let bait = about(&house, DECOY);
    house.a.create(&bait.acts()).await;
    let bait_id = house.newest().await;
    let mut pace = tokio::time::interval(std::time::Duration::from_millis(20));
    let wait = async {
        while house.node().directory().mark(key).is_none() {
            pace.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect("it is watched");

    // The sender sees what every sender sees.
    let other = disclose(&house.a);
    house.a.create(&other.acts()).await;
    let other_id = house.newest().await;
    assert_eq!(house.a.status(bait.task(0)).await, house.a.status(other.task(0)).await);
    let shown = async |id: &str| {
        let path = format!("/api/v1/requests/{id}");
        let text = house.a.caller.get(&path).await.to_string();
        assert!(!text.contains("canary") && !text.contains("decoy"), "{text}");
        assert!(!text.contains("assess") && !text.contains("signs"), "{text}");
        text.len()
    };
    assert_eq!(shown(&bait_id).await, shown(&other_id).await);
    let list = house.a.caller.get("/api/v1/requests").await;
    let fields = |id: &str| -> Vec<String> {
        let rows = list["requests"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["request"] == id).expect("a row");
        row.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(fields(&bait_id), fields(&other_id));
    assert!(!list.to_string().contains("habit"), "{list}");

    // Nothing leaves, not even what was asked before.
    let told = house.staff("ada").refused(&honest_id, approval(&tagmanifest)).await;
    assert!(told.starts_with("404 "), "{told}");
    let vera = house.staff("vera");
    vera.act(&bait_id, json!({ "start_identity_check": {} })).await;
    let by_certificate = json!({ "verify_identity": { "method": "client_certificate" } });
    let told = vera.refused(&bait_id, by_certificate).await;
    assert!(told.contains("there are signs of fraud"), "{told}");
    assert!(row(&house, &bait_id).await.is_held);
    assert!(!row(&house, &other_id).await.is_held);

    // Counsel looks into it and frees the key; the other request goes on.
    let mark = format!("/api/v1/keys/{}/fraud-mark", house.a.key);
    let reason = json!({ "reason": "" }).to_string().into_bytes();
    assert_eq!(house.staff("cora").call("DELETE", &mark, reason).await.0, 400);
    let reason = json!({ "reason": "a test by our own staff" }).to_string().into_bytes();
    assert_eq!(house.staff("cora").call("DELETE", &mark, reason).await.0, 204);
    house.staff("ada").act(&honest_id, approval(&tagmanifest)).await;
    house.state(&honest_id, 1, "delivered").await;
    vera.act(&bait_id, json!({ "verify_identity": { "method": "call_back" } })).await;
    house.state(&bait_id, 1, "legal_review").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_waits_for_a_call() {
    let house = House::open().await;
    for _ in 0..5 {
        house.a.create(&disclose(&house.a).acts()).await;
    }
    let fifth = house.newest().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let sixth = house.newest().await;
    assert!(!row(&house, &fifth).await.is_held);
    assert!(row(&house, &sixth).await.is_held);
    let id = desk::ids::RequestId(sixth.parse().expect("an id"));
    let request = house.node().folded(id).await.expect("a request").request.clone();
    let assessment = &request.assessed.last().expect("it was looked at").assessment;
    assert_eq!(assessment.earlier, 5);
    let said: Vec<String> = assessment.signs.iter().map(|sign| sign.finding.to_string()).collect();
    assert_eq!(
        said[..2],
        [
            "6 requests by this key in 1 h; no habit is known yet",
            "6 requests by this agency in 1 h; no habit is known yet",
        ]
    );
    // The list's row is what the events say, so that it can be made again.
    let view = house.node().store.reader().view(id.0).await.expect("read").expect("a row");
    assert_eq!(view.summary_json, server::view::of(&request).summary_json);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_set_a_mark_does_not_take_it_away() {
    let house = House::open().await;
    let key = KeyId(house.a.key);
    let cora = person(&house, "cora");
    let said =
        ChangePayload { reason: "the desk there knows nothing".to_owned(), ..Default::default() };
    let marked = Change::KeyMarked { key, reason: Some(MarkReason::StolenKey), by: cora.id };
    let cleared = |by: ActorId| Change::KeyCleared { key, by };
    let node = house.node();
    let unmarked = node.change_directory(&cora, &cleared(cora.id), &said).await;
    assert!(unmarked.expect_err("there is none").to_string().contains("this key is not marked"));
    node.change_directory(&cora, &marked, &said).await.expect("marked");
    let own = node.change_directory(&cora, &cleared(cora.id), &said).await;
    assert!(own.expect_err("the own mark").to_string().contains("you set this mark"));
    let vera = person(&house, "vera");
    assert!(node.change_directory(&vera, &cleared(vera.id), &said).await.is_err(), "no right");
    let other = Actor {
        id: ActorId::Staff(desk::ids::StaffId(uuid::Uuid::from_u128(7))),
        roles: [Role::Counsel].into(),
        agency: None,
    };
    node.change_directory(&other, &cleared(other.id), &said).await.expect("another counsel");
    assert!(node.directory().mark(key).is_none());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_left_and_what_is_open_is_listed_for_staff_alone() {
    let house = House::open().await;
    let agency = AgencyId(house.a.id);
    house.a.create(&disclose(&house.a).acts()).await;
    let done = house.newest().await;
    house.accept(&done).await;
    let tagmanifest = house.assemble("bo", &done, "full").await;
    house.staff("ada").act(&done, approval(&tagmanifest)).await;
    house.state(&done, 1, "delivered").await;
    house.a.create(&disclose(&house.a).acts()).await;
    let open = house.newest().await;
    house.b.create(&disclose(&house.b).acts()).await;
    let node = house.node();
    let page = node.touched(&person(&house, "vera"), agency, None).await.expect("a page");
    let told: Vec<(String, usize, Vec<&str>)> = page
        .rows
        .iter()
        .map(|row| {
            let states = row.open.iter().map(|(_, _, state)| *state).collect();
            (row.request.to_string(), row.left.len(), states)
        })
        .collect();
    assert_eq!(told, [(open, 0, vec!["received"]), (done.clone(), 1, vec!["delivered"])]);
    let id = desk::ids::RequestId(done.parse().expect("an id"));
    let case = node.case(id).await.expect("a case");
    let package = case.request.asks[0].package.and_then(|package| package.package_sha256);
    assert_eq!(Some(page.rows[1].left[0].package_sha256), package);
    assert!(page.next.is_none());
    let officer = Actor {
        id: ActorId::Key(KeyId(house.a.key)),
        roles: [Role::Officer].into(),
        agency: Some(agency),
    };
    for stranger in [officer, person(&house, "root"), person(&house, "ines")] {
        assert!(node.touched(&stranger, agency, None).await.is_err(), "{stranger:?}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_go_from_desk_to_desk_and_block_nobody() {
    let house = House::open().await;
    let (node, key) = (house.node(), KeyId(house.a.key));
    let (cora, vera) = (person(&house, "cora"), person(&house, "vera"));
    // A paper that is refused as fraud travels with the mark, by its digest.
    house.a.create(&disclose(&house.a).acts()).await;
    let refused = house.newest().await;
    let refuse = json!({ "refuse": { "ask": 1, "code": "suspected_fraud" } });
    house.staff("cora").act(&refused, refuse).await;
    let refused = desk::ids::RequestId(refused.parse().expect("an id"));
    let paper = node.folded(refused).await.expect("one").request.instrument_sha256.to_string();
    let paper = Identifier { kind: IdentifierKind::Order, sha256: paper };
    let said = ChangePayload { reason: "forged".to_owned(), ..ChangePayload::default() };
    let marked = Change::KeyMarked { key, reason: Some(MarkReason::ForgedOrder), by: vera.id };
    node.change_directory(&vera, &marked, &said).await.expect("marked");
    assert!(node.export_marks(&vera).await.is_err(), "a verifier gives nothing out");
    let text = node.export_marks(&cora).await.expect("a document");
    let keys = server::keys::log_key(&house.path("keys")).expect("the log's key");
    let now = house.clock.now();
    let own = MarksDocument::open(text.as_bytes(), &keys.verifier(), now).expect("our own");
    let [mark] = own.marks.as_slice() else { panic!("one mark: {own:?}") };
    assert_eq!((mark.reason, mark.agency.as_str()), (MarkReason::ForgedOrder, "POLICE-A"));
    let known = node.directory().identifiers(key);
    assert_eq!(mark.identifiers, [&known[..], std::slice::from_ref(&paper)].concat());
    assert_eq!(mark.identifiers[0].kind, IdentifierKind::Certificate);
    assert!(!text.contains("forged\""), "the words of the desk stay in the desk: {text}");

    // The other desk suspects agency B's machine, and an officer nobody here knows.
    let theirs = SigningKey::from_seed("log.example/other", [9; 32]).expect("a key");
    let b = node.directory().identifiers(KeyId(house.b.key));
    let stranger = Identifier { kind: IdentifierKind::OfficerEmail, sha256: "0".repeat(64) };
    let shared = |identifiers: Vec<Identifier>| SharedMark {
        agency: "Police".to_owned(),
        country: desk::ids::Country::parse("XX").expect("a country"),
        domains: Vec::new(),
        identifiers,
        reason: MarkReason::StolenKey,
        marked_at: now,
    };
    // And the very paper that everybody here sends.
    let marks = vec![shared(b), shared(vec![stranger]), shared(vec![paper])];
    let document = MarksDocument::new("log.example/other", "Other", marks, now).expect("sound");
    let note = document.sign(&theirs).expect("signed").to_string();
    let wrong = node.import_marks(&cora, note.as_bytes(), &keys.verifier()).await;
    let told = wrong.expect_err("another key").to_string();
    assert!(told.contains("it is not signed by the key you name"), "{told}");
    assert!(node.import_marks(&vera, note.as_bytes(), &theirs.verifier()).await.is_err());
    node.import_marks(&cora, note.as_bytes(), &theirs.verifier()).await.expect("taken in");
    let again = node.import_marks(&cora, note.as_bytes(), &theirs.verifier()).await;
    assert!(again.expect_err("the same again").to_string().contains("as new as this one"));

    // Another key in the same name is told loudly, and trusted by a person alone.
    house.clock.forward(days(1));
    let thief = SigningKey::from_seed("log.example/other", [8; 32]).expect("a key");
    let empty = |now| MarksDocument::new("log.example/other", "Other", Vec::new(), now);
    let forged = empty(house.clock.now()).expect("sound").sign(&thief).expect("signed").to_string();
    let told = node.import_marks(&cora, forged.as_bytes(), &thief.verifier()).await;
    let told = told.expect_err("another key").to_string();
    assert!(told.contains("THE KEY OF log.example/other HAS CHANGED"), "{told}");
    assert!(told.contains(&server::directory::key_sha256(&theirs.verifier())), "{told}");
    assert!(told.contains("call a person there"), "{told}");
    let list = node.directory().foreign_list("log.example/other").cloned().expect("known");
    assert_eq!(list.marks.len(), 3, "what was known stays");
    assert!(node.trust_desk(&vera, &thief.verifier(), "a call").await.is_err(), "no right");
    let told = node.trust_desk(&cora, &thief.verifier(), " ").await.expect_err("no words");
    assert!(told.to_string().contains("say with whom"), "{told}");
    let told = node.trust_desk(&cora, &theirs.verifier(), "a call").await.expect_err("known");
    assert!(told.to_string().contains("trusted for that desk already"), "{told}");
    let third = SigningKey::from_seed("log.example/other", [7; 32]).expect("a key");
    let (desk, before) =
        node.trust_desk(&cora, &third.verifier(), "called Ms Roe").await.expect("trusted");
    assert_eq!(desk, "log.example/other");
    assert_eq!(before, Some(server::directory::key_sha256(&theirs.verifier())));
    let told = node.import_marks(&cora, forged.as_bytes(), &thief.verifier()).await;
    assert!(told.expect_err("still another").to_string().contains("HAS CHANGED"));
    let mut fresh = empty(house.clock.now()).expect("sound");
    fresh.marks = list.marks.clone();
    let fresh = fresh.sign(&third).expect("signed").to_string();
    node.import_marks(&cora, fresh.as_bytes(), &third.verifier()).await.expect("taken in");
    let now = house.clock.now();
    // All of it is on the record.
    let stream = server::directory::STREAM;
    let record = node.store.reader().load(stream).await.expect("the directory's stream");
    let kinds: Vec<&str> = ["marks_exported", "marks_imported", "desk_key_trusted"]
        .into_iter()
        .filter(|kind| record.iter().any(|one| one.event_json.contains(kind)))
        .collect();
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    let pinned = server::directory::key_sha256(&theirs.verifier());
    assert!(record.iter().any(|one| {
        one.event_json.contains("marks_imported") && one.event_json.contains(&pinned)
    }));

    house.b.create(&disclose(&house.b).acts()).await;
    let id = house.newest().await;
    assert!(row(&house, &id).await.is_held, "it waits for a call-back, and is not refused");
    house.state(&id, 1, "received").await;
    let told = node.folded(desk::ids::RequestId(id.parse().expect("an id"))).await.expect("one");
    let signs = &told.request.assessed[0].assessment.signs;
    let said: Vec<String> = signs.iter().map(|sign| sign.finding.to_string()).collect();
    assert_eq!(
        said[said.len() - 2..],
        [
            "log.example/other suspects this sender: stolen key",
            "log.example/other was sent the same paper and suspects it: stolen key",
        ]
    );
    // A month later it says nothing any more.
    assert!(node.directory().foreign_marks_of(KeyId(house.b.key), now).len() == 1);
    let later = now.checked_add(days(31)).expect("a time");
    assert!(node.directory().foreign_marks_of(KeyId(house.b.key), later).is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emergency_without_its_order_is_unvalidated_in_public_until_the_order_comes() {
    let house = House::open().await;
    let mut order = paper(&house.a, house.clock.now())
        .with(records("SubscriberData", account(ACCOUNT)))
        .fact(OrderFact::Instrument, "emergency_request")
        .fact(OrderFact::EmergencyKind, "person");
    order.0.issuer.0 = IssuerType::Police;
    order.0.flags = vec!["IsEmergency".to_owned()];
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    let (olga, omar, cora) = (house.staff("olga"), house.staff("omar"), house.staff("cora"));
    olga.act(&id, json!({ "start_identity_check": {} })).await;
    olga.act(&id, json!({ "verify_identity": { "method": "call_back" } })).await;
    let tagmanifest = house.assemble("olga", &id, "full").await;
    omar.act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let now = house.clock.now();
    let in_time = row(&house, &id).await;
    assert!(!in_time.is_unvalidated(now));
    assert_eq!(in_time.order_due, now.checked_add(days(2)).ok());
    assert_eq!(in_time.review_due, now.checked_add(days(3)).ok());

    house.clock.forward(days(2));
    assert!(row(&house, &id).await.is_unvalidated(house.clock.now()));
    cora.act(&id, json!({ "accept_legal": { "ask": 1 } })).await;
    cora.act(&id, json!({ "review_emergency": { "ask": 1, "justified": true } })).await;
    cora.act(&id, json!({ "close": { "ask": 1 } })).await;
    let closed = row(&house, &id).await;
    assert!(closed.is_unvalidated(house.clock.now()), "closing it does not hide that");
    assert_eq!(closed.review_due, None);
    let urgent = QueueQuery { state: QueueState::Urgent, ..QueueQuery::default() };
    let page = house.node().queue(&person(&house, "aud"), &urgent).await.expect("a queue");
    assert_eq!(page.rows.len(), 1, "it stays among the open emergencies");

    let late = json!({ "receive_ex_post_order": { "ask": 1, "order_sha256": "5".repeat(64) } });
    cora.act(&id, late).await;
    assert!(!row(&house, &id).await.is_unvalidated(house.clock.now()));
    let page = house.node().queue(&person(&house, "aud"), &urgent).await.expect("a queue");
    assert!(page.rows.is_empty(), "now it is closed");
    house.close().await;
}
