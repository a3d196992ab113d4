//! What is found by words, and what is left when the time of personal data is over.

use serde_json::json;
use store::testing::Postgres;
use store::{BlobDigest, BlobError, Overwritten};

use super::measures::checked;
use super::{account, paper, records};
use crate::support::{ACCOUNT, House, Plans, approval, days};

/// Where words are looked for.
const FIND: &str = "/api/v1/requests/find";

async fn ids_found(house: &House, by: &str, words: &str) -> Vec<String> {
    let wanted = json!({ "words": words });
    let list = house.staff(by).post(FIND, &wanted).await;
    let rows = list["requests"].as_array().expect("a list");
    rows.iter().map(|row| row["request"].as_str().expect("an id").to_owned()).collect()
}

/// Filed, answered with nothing, acknowledged, closed.
async fn closed(house: &House) -> String {
    let order =
        paper(&house.a, house.clock.now()).with(records("SubscriberData", account(ACCOUNT)));
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.accept(&id).await;
    let bo = house.staff("bo");
    bo.post(&format!("/api/v1/requests/{id}/asks/1/search"), &json!({})).await;
    let answers = json!({ "answers": [{ "ask": 1, "outcome": "full", "statement": "all of it" }] });
    let assembled = bo.post(&format!("/api/v1/requests/{id}/assemble"), &answers).await;
    let digest = assembled["tagmanifest_sha256"].as_str().expect("a digest");
    house.staff("ada").act(&id, approval(digest)).await;
    house.state(&id, 1, "delivered").await;
    let (delivery, _) = house.a.deliveries().await.pop().expect("a package");
    house.a.create(&[server::hi1::compose::acknowledge(delivery)]).await;
    house.state(&id, 1, "acknowledged").await;
    bo.act(&id, json!({ "post_message": {} })).await;
    bo.act(&id, json!({ "close": { "ask": 1 } })).await;
    id
}

async fn life(house: &House, overwritten: Overwritten) {
    let ended = closed(house).await;
    let order =
        paper(&house.a, house.clock.now()).with(records("SubscriberData", account(ACCOUNT)));
    house.a.create(&order.acts()).await;
    let open = house.newest().await;

    // Found by the account, the reference and the digest of the order's file; by nobody else.
    assert_eq!(ids_found(house, "vera", ACCOUNT).await, [open.clone(), ended.clone()]);
    assert_eq!(ids_found(house, "aud", "7 Gs 12/26").await, [open.clone(), ended.clone()]);
    assert!(ids_found(house, "vera", "LX-999999").await.is_empty());
    for name in ["root", "ines"] {
        let told = house.staff(name).told("POST", FIND, &json!({ "words": "LX" })).await;
        assert!(told.starts_with("404"), "{name}: {told}");
    }
    let told = house.a.caller.told("POST", FIND, &json!({ "words": "LX" })).await;
    assert!(told.starts_with("404"), "an agency searches nothing: {told}");
    let told = house.staff("vera").told("POST", FIND, &json!({ "words": "*" })).await;
    assert!(told.contains("`*` stands after at least 5"), "{told}");
    let reads = house.node().store.reader().reads(None, None, None, 9).await.expect("reads");
    let searches = reads.iter().filter(|row| row.read.action == "search_requests").count();
    assert_eq!(searches, 3, "a search that was made is noted, one refused is not");

    // Before its time nothing is erased, whoever asks.
    let node = house.node();
    let ended_id = desk::ids::RequestId(ended.parse().expect("an id"));
    let early = node.erase_request(ended_id).await.expect_err("too early").to_string();
    assert!(early.contains("the rule pack keeps it until"), "{early}");
    assert_eq!(node.erase_due().await.expect("nothing is due").requests, 0);
    let case = house.staff("bo").get(&format!("/api/v1/requests/{ended}")).await;
    let file = case["received"]["files"][0]["sha256"].as_str().expect("a file").to_owned();
    let file = BlobDigest(desk::ids::Digest::from_hex(&file).expect("a digest").0);
    let before = node.case(ended_id).await.expect("readable");
    let leaf = before.leaves[0];
    let package = &before.delivered[0].2.encrypted_sha256;
    let package = BlobDigest(desk::ids::Digest::from_hex(package).expect("a digest").0);
    assert!(node.store.reader().blob(package).await.is_ok());

    house.clock.forward(days(1_826));
    // The node's own hour may have come first; both ways end the same.
    let erased = node.erase_due().await.expect("erased");
    assert!(erased.requests <= 1);
    assert_eq!(node.requests_to_erase().await.expect("read"), []);
    let folded = node.folded(ended_id).await.expect("readable");
    assert!(folded.request.erased_at.is_some());
    let left = ids_found(house, "vera", ACCOUNT).await;
    assert_eq!(left, std::slice::from_ref(&open), "words are gone");
    let case = node.case(ended_id).await.expect("still there");
    assert!(case.received.is_none() && case.messages.is_empty());
    assert!(node.store.reader().blob(file).await.is_ok(), "the open request has the same file");
    let gone = node.store.reader().blob(package).await;
    assert!(matches!(gone, Err(BlobError::Erased { .. })), "{gone:?}");
    let desk::request::Event::Sealed { p7s_sha256, chain_sha256, .. } = &before.sealed[0].event
    else {
        panic!("{:?}", before.sealed);
    };
    for part in [p7s_sha256, chain_sha256] {
        let kept = node.store.reader().blob(BlobDigest(part.0)).await;
        assert!(kept.is_ok(), "what was signed can be proven for ever");
    }

    // Hashes and proofs stay, and what is derived is still what the events give.
    let head = node.store.checkpoint();
    let proof = node.store.reader().inclusion_proof(leaf, head.size).await.expect("a proof");
    let entry = node.store.reader().entries(leaf.0..leaf.0 + 1).await.expect("an entry")[0];
    let hash = ledger::leaf_hash(entry);
    ledger::tree::verify_inclusion(hash, leaf, head.size, &proof, head.root).expect("proved");
    let report = checked(house).await;
    assert!(report.is_sound() && report.erased > 0, "{:#?}", report.findings);
    assert_eq!(erased.needs_overwriting, erased.requests == 1 && overwritten != Overwritten::Yes);
    node.store.overwrite_erased().await.expect("tables are written anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_erased_and_its_proofs_stay() {
    let house = House::open().await;
    life(&house, Overwritten::Yes).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_postgresql() {
    let Some(server) = Postgres::start().await else { return };
    let database = Some(server.database().await);
    let house = House::with(Plans { database, ..Plans::default() }).await;
    life(&house, Overwritten::AfterVacuum).await;
    house.close().await;
}

/// The company's own time stands on the record of each request that comes in, and nothing is erased
/// before it or long after.
async fn own_time(house: &House) {
    let id = closed(house).await;
    let request = desk::ids::RequestId(id.parse().expect("an id"));
    let node = house.node();
    let case = node.case(request).await.expect("readable");
    let set: Vec<Option<u16>> = case
        .history
        .iter()
        .filter_map(|(_, event)| match event {
            desk::request::Event::RetentionSet { days, .. } => Some(*days),
            _ => None,
        })
        .collect();
    assert_eq!(set, [Some(30)]);
    assert_eq!(node.apply_retention().await.expect("looked at"), 0, "it has the time already");
    let is_erased = async || node.folded(request).await.expect("read").request.erased_at.is_some();
    house.clock.forward(days(29));
    node.erase_due().await.expect("looked at");
    assert!(!is_erased().await, "a day before");
    assert_eq!(ids_found(house, "vera", ACCOUNT).await, std::slice::from_ref(&id));
    house.clock.forward(days(2));
    // The node's own hour may have come first; both ways end the same.
    node.erase_due().await.expect("erased");
    assert!(is_erased().await, "the pack's own time is 1,825 days");
    assert!(ids_found(house, "vera", ACCOUNT).await.is_empty());
    assert!(node.case(request).await.expect("readable").received.is_none());
    let report = checked(house).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_companys_own_time_stands_on_the_record_and_erases() {
    let retention = Some(("generic", 30));
    let house = House::with(Plans { retention, ..Plans::default() }).await;
    own_time(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_companys_own_time_erases_on_postgresql() {
    let Some(server) = Postgres::start().await else { return };
    let (database, retention) = (Some(server.database().await), Some(("generic", 30)));
    let house = House::with(Plans { database, retention, ..Plans::default() }).await;
    own_time(&house).await;
    house.close().await;
}
