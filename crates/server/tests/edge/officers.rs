//! What officers have of their own: drafts, a search in their agency's requests, receipts of acts.

use desk::ids::{ActorId, RequestId};
use desk::policy::Action;
use evidence::verify::check_receipt;
use expect_test::{Expect, expect};
use jiff::SignedDuration;
use ledger::LeafIndex;
use serde_json::json;
use server::app::drafts::{DRAFT_DAYS_MAX, DRAFT_FILES_BYTES_MAX, DRAFTS_EACH_MAX, FormKept};
use server::app::intake::OfficerAct;
use server::app::lookup::{FoundOrder, FoundState};
use server::directory::{Change, ChangePayload, console};
use server::error::Error;

use crate::signed::{HERE, Officer, agency, order};
use crate::support::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_are_their_officer_s_alone_and_go_in_time() {
    let house = House::open().await;
    let police = agency(&house).await;
    let iris = Officer::enrol(&house, police, "Iris Tan").await;
    let olaf = Officer::enrol(&house, police, "Olaf Berg").await;
    let node = house.node();
    let name = node.keep_draft(&iris.actor, None, b"whom", b"a file").await.expect("kept");
    let kept = node.draft(&iris.actor, &name).await.expect("read").expect("there");
    assert_eq!((kept.form.as_slice(), kept.files.as_slice()), (&b"whom"[..], &b"a file"[..]));
    assert_eq!(node.draft(&olaf.actor, &name).await.expect("read"), None);
    // A name that is somebody else's is not taken, nor is what was kept under it.
    let other = node.keep_draft(&olaf.actor, Some(&name), b"mine", b"").await.expect("kept");
    assert_ne!(other, name);
    assert_eq!(node.draft(&iris.actor, &name).await.expect("read"), Some(kept));
    assert!(!node.forget_draft(&olaf.actor, &name).await.expect("no fault"));
    // What was typed is kept without the files, over what was seen and nothing else.
    let seen = async || node.draft(&iris.actor, &name).await.expect("read").expect("there").seen;
    let typed = async |form: &[u8], seen| {
        node.keep_draft_form(&iris.actor, &name, form, seen).await.expect("no fault")
    };
    let first = seen().await;
    assert_eq!(typed(b"about whom", Some(&first)).await, FormKept::Kept(name.clone()));
    assert_eq!(typed(b"older", Some(&first)).await, FormKept::Overtaken);
    let second = seen().await;
    assert_eq!(typed(b"about whom else", Some(&second)).await, FormKept::Kept(name.clone()));
    let third = seen().await;
    node.keep_draft(&iris.actor, Some(&name), b"whole", b"files").await.expect("kept");
    for stale in [Some(&first), Some(&second), Some(&third), None] {
        assert_eq!(typed(b"stale", stale).await, FormKept::Overtaken);
    }
    let kept = node.draft(&iris.actor, &name).await.expect("read").expect("there");
    assert_eq!((kept.form.as_slice(), kept.files.as_slice()), (&b"whole"[..], &b"files"[..]));
    // Staff have none.
    let vera = node.directory().staff().find(|one| one.name == "vera").expect("vera").id;
    let vera = node.directory().person(ActorId::Staff(vera), node.now()).expect("staff");
    assert!(matches!(node.drafts(&vera).await, Err(Error::Hidden)));
    // So many, so large.
    for _ in 1..DRAFTS_EACH_MAX {
        node.keep_draft(&iris.actor, None, b"another", b"").await.expect("kept");
    }
    let told = node.keep_draft(&iris.actor, None, b"too many", b"").await.unwrap_err();
    expect!["draft: 20 drafts of yours are kept already; send or delete one of them first"]
        .assert_eq(&words(&told));
    node.keep_draft(&iris.actor, Some(&name), b"changed", b"").await.expect("no new one");
    let large = vec![0; DRAFT_FILES_BYTES_MAX + 1];
    let told = node.keep_draft(&iris.actor, Some(&name), b"", &large).await;
    assert!(matches!(told, Err(Error::TooLarge { max: DRAFT_FILES_BYTES_MAX })));
    // Untouched for too long.
    house.clock.forward(SignedDuration::from_hours(24 * DRAFT_DAYS_MAX + 1));
    assert_eq!(node.drafts(&iris.actor).await.expect("listed"), []);
    assert_eq!(node.draft(&iris.actor, &name).await.expect("read"), None);
    let seen = Some(&kept.seen);
    // Nor what was given up, by what was on its way to it.
    let gone = node.keep_draft(&olaf.actor, None, b"olaf's", b"").await.expect("kept");
    assert!(node.forget_draft(&olaf.actor, &gone).await.expect("no fault"));
    let late = node.keep_draft_form(&olaf.actor, &gone, b"late", None).await.expect("no fault");
    assert_eq!(late, FormKept::Overtaken);
    let saved = node.keep_draft(&olaf.actor, Some(&gone), b"saved", b"").await.expect("kept");
    assert_ne!(saved, gone, "what somebody saves is kept");
    assert!(node.forget_draft(&olaf.actor, &saved).await.expect("no fault"));
    let told = node.keep_draft_form(&iris.actor, &name, b"again", seen).await.expect("no fault");
    assert_eq!(told, FormKept::Overtaken, "what is too old does not come back");
    node.keep_draft(&olaf.actor, None, b"olaf's", b"").await.expect("kept");
    assert!(node.store.reader().drafts_of(key(&iris)).await.expect("listed").is_empty());
    // The kill switch.
    let ActorId::Key(officer) = olaf.actor.id else { panic!("an officer has a key") };
    let stopped = Change::OfficerStopped { officer, by: console().id };
    let why = ChangePayload { reason: "left the force".to_owned(), ..ChangePayload::default() };
    node.change_directory(&console(), &stopped, &why).await.expect("stopped");
    assert_eq!(node.store.reader().drafts_bytes().await.expect("measured"), 0);
    let told = node.keep_draft(&olaf.actor, None, b"after", b"").await;
    assert!(matches!(told, Err(Error::Hidden)));
    house.close().await;
}

fn key(officer: &Officer) -> uuid::Uuid {
    let ActorId::Key(key) = officer.actor.id else { panic!("an officer has a key") };
    key.0
}

fn words(error: &Error) -> String {
    match error {
        Error::Input { place, why, fix, .. } => format!("{place}: {why}; {fix}"),
        other => other.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn officers_find_their_own_agency_s_requests_and_no_others() {
    let house = House::open().await;
    let (police, customs) = (agency(&house).await, agency(&house).await);
    let iris = Officer::enrol(&house, police, "Iris Tan").await;
    let olaf = Officer::enrol(&house, customs, "Olaf Berg").await;
    let node = house.node();
    let of_iris = iris.send(&house, order(&house, "LX-999999")).await.expect("filed");
    let of_olaf = olaf.send(&house, order(&house, "LX-999999")).await.expect("filed");
    let find = async |officer: &Officer, text: &str, state| {
        let page = node.look_up_own(&officer.actor, text, state, None).await.expect("found");
        page.rows.iter().map(|one| one.row.request.to_string()).collect::<Vec<_>>()
    };
    for text in ["LX-999999", "7 Gs 12/26", "stpo", "account_id,LX-999999"] {
        assert_eq!(find(&iris, text, FoundState::Any).await, [of_iris.as_str()], "{text}");
        assert_eq!(find(&olaf, text, FoundState::Open).await, [of_olaf.as_str()], "{text}");
    }
    assert_eq!(find(&iris, "LX-999999", FoundState::Closed).await, [""; 0]);
    // Whoever writes the other agency's key into a message finds nothing more by it.
    let word = customs.0.simple().to_string();
    let request = RequestId(of_iris.parse().expect("an id"));
    let said = server::payload::Said { text: format!("LX-999999 {word}") };
    let post = desk::request::Command::PostMessage { ask: None };
    let act = server::app::Act::new(request, post).with(&said).expect("an act");
    node.act(&iris.actor, act).await.expect("said");
    assert_eq!(find(&iris, &word, FoundState::Any).await, [of_iris.as_str()], "its own words");
    assert_eq!(find(&olaf, "LX-999999", FoundState::Any).await, [of_olaf.as_str()]);
    // Nor by a word that staff wrote for each other, alone or beside words of their own.
    let vera = node.directory().staff().find(|one| one.name == "vera").expect("vera").id;
    let vera = node.directory().person(ActorId::Staff(vera), node.now()).expect("staff");
    let note = server::payload::Said { text: "zebracrossing looks forged".to_owned() };
    let start = server::app::Act::new(request, desk::request::Command::StartIdentityCheck);
    node.act(&vera, start.with(&note).expect("an act")).await.expect("started");
    for text in [
        "zebracrossing",
        "zebra*",
        "zebracrossing LX-999999",
        "\"zebracrossing looks\"",
        "\"zebracrossing\"",
    ] {
        assert_eq!(find(&iris, text, FoundState::Any).await, [""; 0], "{text}");
        let page = node.look_up(&vera, text, FoundOrder::Newest, None).await.expect("found");
        let found: Vec<_> = page.rows.iter().map(|one| one.row.request.to_string()).collect();
        assert_eq!(found, [of_iris.as_str()], "staff: {text}");
    }
    let post = desk::request::Command::PostMessage { ask: None };
    let said = server::payload::Said { text: "please send a walrus".to_owned() };
    let act = server::app::Act::new(request, post).with(&said).expect("an act");
    node.act(&vera, act).await.expect("said");
    assert_eq!(find(&iris, "walrus 12/26", FoundState::Any).await, [of_iris.as_str()], "to them");
    // The staff's search is not theirs, nor theirs the staff's; both are noted as reads.
    let told = node.look_up(&iris.actor, "LX-999999", FoundOrder::Newest, None).await;
    assert!(matches!(told, Err(Error::Hidden)));
    let told = node.look_up_own(&vera, "LX-999999", FoundState::Any, None).await;
    assert!(matches!(told, Err(Error::Hidden)));
    let reads = node.store.reader().reads(None, Some(key(&iris)), None, 50).await.expect("reads");
    let searched = Action::SearchOwnRequests.as_str();
    assert!(reads.iter().any(|row| row.read.action == searched && row.read.stream.is_none()));
    let report = crate::story::measures::checked(&house).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    house.close().await;
}

/// Staff's words for each other move no request in what its officers find: its place would tell
/// them that somebody wrote, and what about.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_staff_write_for_each_other_moves_nothing_that_officers_find() {
    let house = House::open().await;
    let iris = Officer::enrol(&house, agency(&house).await, "Iris Tan").await;
    let node = house.node();
    let first = iris.send(&house, order(&house, "LX-999999")).await.expect("filed");
    house.clock.forward(SignedDuration::from_hours(1));
    let second = iris.send(&house, order(&house, "LX-999999")).await.expect("filed");
    let find = async |text: &str| {
        let page = node.look_up_own(&iris.actor, text, FoundState::Any, None).await.expect("found");
        let row = |one: &server::app::lookup::FoundRow| (one.row.request.to_string(), one.at);
        page.rows.iter().map(row).collect::<Vec<_>>()
    };
    let vera = node.directory().staff().find(|one| one.name == "vera").expect("vera").id;
    let vera = node.directory().person(ActorId::Staff(vera), node.now()).expect("staff");
    let newest = async |text: &str| {
        let page = node.look_up(&vera, text, FoundOrder::Newest, None).await.expect("found");
        page.rows.first().map(|one| one.row.request.to_string())
    };
    let before = find("LX-999999").await;
    let order: Vec<&str> = before.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(order, [second.as_str(), first.as_str()]);
    assert_eq!(newest("LX-999999").await.as_ref(), Some(&second));
    // A note upon the older one, with its words and others.
    house.clock.forward(SignedDuration::from_hours(1));
    let request = RequestId(first.parse().expect("an id"));
    let note = server::payload::Said { text: "LX-999999 stpo looks forged".to_owned() };
    let start = server::app::Act::new(request, desk::request::Command::StartIdentityCheck);
    node.act(&vera, start.with(&note).expect("an act")).await.expect("started");
    assert_eq!(newest("LX-999999").await.as_ref(), Some(&first), "for staff it is the newest");
    for text in ["LX-999999", "stpo", "\"7 Gs 12/26\"", "LX-99999*"] {
        assert_eq!(find(text).await, before, "{text}: neither places nor times");
    }
    // What staff write to them does.
    let post = desk::request::Command::PostMessage { ask: None };
    let said = server::payload::Said { text: "please name the period".to_owned() };
    node.act(&vera, server::app::Act::new(request, post).with(&said).expect("an act"))
        .await
        .expect("said");
    let after = find("LX-999999").await;
    assert_eq!((after[0].0.as_str(), after[0].1 > before[0].1), (first.as_str(), true));
    let report = crate::story::measures::checked(&house).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_sent_anew_and_the_one_before_name_each_other() {
    let house = House::open().await;
    let (police, customs) = (agency(&house).await, agency(&house).await);
    let iris = Officer::enrol(&house, police, "Iris Tan").await;
    let olaf = Officer::enrol(&house, customs, "Olaf Berg").await;
    let old = iris.send(&house, order(&house, "LX-999999")).await.expect("filed");
    house.prove_by(&old, "passkey").await;
    let refuse = json!({ "refuse": { "ask": 1, "code": "over_broad" } });
    house.staff("cora").act(&old, refuse).await;
    let after = Some(RequestId(old.parse().expect("an id")));
    let sent_after = |mut act: OfficerAct| {
        if let OfficerAct::File(order) = &mut act {
            order.after = after;
        }
        act
    };
    let filing = || sent_after(order(&house, "LX-999999"));
    // Another agency's officer neither learns nor says anything of it.
    let told = olaf.send(&house, filing()).await;
    assert!(matches!(told, Err(Error::Hidden)), "{told:?}");
    let first = iris.send(&house, filing()).await.expect("filed");
    let second = iris.send(&house, filing()).await.expect("filed");
    // A text with the same word is no link.
    let said = format!("anew{}", old.replace('-', ""));
    let third = RequestId(
        olaf.send(&house, order(&house, "LX-999999")).await.expect("filed").parse().expect("an id"),
    );
    let post = desk::request::Command::PostMessage { ask: None };
    let act = server::app::Act::new(third, post).with(&server::payload::Said { text: said });
    house.node().act(&olaf.actor, act.expect("an act")).await.expect("said");
    let links = async |id: &str| {
        let shown = house.staff("vera").get(&format!("/api/v1/requests/{id}")).await;
        (shown["after"].clone(), shown["sent_anew"].clone())
    };
    assert_eq!(links(&old).await, (json!(null), json!([second, first])), "the newest first");
    assert_eq!(links(&first).await, (json!(old), json!([])));
    assert_eq!(links(&second).await, (json!(old), json!([])));
    assert_eq!(links(&third.to_string()).await, (json!(null), json!([])));
    // With the payload the link goes.
    let case = house.node().case(RequestId(second.parse().expect("an id"))).await.expect("a case");
    house.node().store.erase_events(&case.leaves[..1]).await.expect("erased");
    assert_eq!(links(&old).await.1, json!([first]));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_act_has_a_receipt_that_outlives_the_erasure() {
    let house = House::open().await;
    let iris = Officer::enrol(&house, agency(&house).await, "Iris Tan").await;
    let id = iris.send(&house, order(&house, "LX-999999")).await.expect("filed");
    let request = RequestId(id.parse().expect("an id"));
    let vera = house.staff("vera");
    vera.act(&id, json!({ "start_identity_check": {} })).await;
    let asks = vec![desk::ids::AskNumber(1)];
    let withdraw = OfficerAct::Withdraw { request, asks, text: "the case is closed".to_owned() };
    iris.send(&house, withdraw).await.expect("taken back");
    let node = house.node();
    let case = node.case(request).await.expect("a case");
    let policy = std::fs::read(house.path("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    let check = |text: &str, expected: Expect| {
        let receipt = check_receipt(text.as_bytes(), "receipt", Some(&policy)).expect("it holds");
        assert_eq!(receipt.request, id);
        let told = format!(
            "{}, ask {:?}, derived {}, time {}",
            receipt.act,
            receipt.ask,
            receipt.is_derived,
            receipt.at.is_some()
        );
        expected.assert_eq(&told);
    };
    let mut leaves: Vec<LeafIndex> = Vec::new();
    for ((_, event), leaf) in case.history.iter().zip(&case.leaves) {
        let told = node.receipt(&iris.actor, request, Some(*leaf)).await;
        assert_eq!(told.is_ok(), server::app::receipt::receipted(event).is_some());
        leaves.extend(told.is_ok().then_some(*leaf));
    }
    assert_eq!(leaves.len(), 2, "the filing and the taking back");
    let receipt = async |leaf| node.receipt(&iris.actor, request, Some(leaf)).await.expect("one");
    let before = [receipt(leaves[0]).await, receipt(leaves[1]).await];
    check(&before[0], expect!["received, ask None, derived true, time true"]);
    check(&before[1], expect!["withdrawn, ask Some(1), derived true, time true"]);
    // The address that it came from is no part of what its sender takes home.
    assert_eq!(case.sent_from, HERE.map(|address| address.to_string()));
    let from = case.sent_from.as_deref().expect("an address");
    assert!(before.iter().all(|text| !text.contains(from)));
    node.store.erase_events(&leaves).await.expect("erased");
    let after = [receipt(leaves[0]).await, receipt(leaves[1]).await];
    check(&after[0], expect!["received, ask None, derived false, time false"]);
    check(&after[1], expect!["withdrawn, ask None, derived false, time false"]);
    // What was kept from before holds on, and nothing of it stands in what is given now.
    check(&before[1], expect!["withdrawn, ask Some(1), derived true, time true"]);
    assert!(before[1].contains("the case is closed") && !after[1].contains("the case is closed"));
    for (old, new) in
        [("\"seq\":1,", "\"seq\":2,"), ("\"entry\":\"", "\"entry\":\"00"), ("}\n", "}")]
    {
        let changed = after[0].replacen(old, new, 1);
        assert_ne!(changed, after[0]);
        assert!(check_receipt(changed.as_bytes(), "receipt", Some(&policy)).is_err(), "{new}");
    }
    house.close().await;
}
