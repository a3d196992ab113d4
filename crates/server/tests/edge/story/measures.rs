//! Freezes and copies: released, lapsed, linked, deleted.

use desk::order::IssuerType;
use ledger::note::VerifierKey;
use serde_json::json;
use server::hi1::Act;
use server::hi1::compose::{self, DraftTask};
use server::hi1::words::OrderFact;
use server::jobs::tick_due;
use sqlx::{ConnectOptions as _, Connection as _};

use super::answers::kinds;
use super::{Paper, freezing, keeping, object, paper};
use crate::support::{ACCOUNT, House, OTHER_ACCOUNT, days};

/// The holds that the example exchange's own database shows: account, amount, state.
async fn holds(house: &House) -> Vec<(String, i64, String)> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(house.path("exchange.sqlite"));
    let mut connection = options.connect().await.expect("the exchange's database");
    let sql = "select account_id, cast(amount_sat as integer), state from holds order by placed_at";
    let rows = sqlx::query_as(sql).fetch_all(&mut connection).await.expect("holds");
    connection.close().await.expect("closed");
    rows
}

fn hold(state: &str) -> Vec<(String, i64, String)> {
    vec![(ACCOUNT.to_owned(), 100_000_000, state.to_owned())]
}

async fn frozen(house: &House, order: &Paper) -> String {
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.prove(&id).await;
    let path = format!("/api/v1/requests/{id}/asks/1/freeze");
    house.staff("bo").post(&path, &json!({ "account": ACCOUNT })).await;
    house.state(&id, 1, "frozen").await;
    assert_eq!(holds(house).await, hold("active"));
    id
}

fn freeze_order(house: &House) -> Paper {
    paper(&house.a, house.clock.now()).with(freezing(ACCOUNT, None))
}

fn release_order(house: &House, freeze: &Paper) -> Paper {
    let agency = &house.a;
    let order = paper(agency, agency.now()).with(DraftTask::Unfreeze { freeze: freeze.task(0) });
    order.fact(OrderFact::Instrument, "release_order")
}

/// The order to release comes as a request of its own, as it does in life.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_order_releases_the_hold() {
    let house = House::open().await;
    let freeze = freeze_order(&house);
    let first = frozen(&house, &freeze).await;
    house.a.create(&release_order(&house, &freeze).acts()).await;
    let second = house.newest().await;
    assert_ne!(first, second);
    house.accept(&second).await;
    house.staff("cora").act(&second, json!({ "unfreeze": { "ask": 1 } })).await;
    house.state(&first, 1, "unfrozen").await;
    assert_eq!(holds(&house).await, hold("released"));
    // The job of the second request looks again after a while.
    house.clock.forward(days(1));
    house.state(&second, 1, "unfrozen").await;
    house.close().await;
}

/// The agency ends its own freeze with an UPDATE.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agency_ends_its_own_freeze() {
    let house = House::open().await;
    let freeze = freeze_order(&house);
    let id = frozen(&house, &freeze).await;
    house.a.create(&[compose::wish_own(freeze.task(0), "Unfrozen")]).await;
    house
        .until(&id, |request| {
            kinds(request).contains(&"effect_confirmed")
                && request["asks"][0]["effects"][1]["status"] == "confirmed"
        })
        .await;
    assert_eq!(holds(&house).await, hold("released"));
    house.close().await;
}

/// Nobody lets go another authority's freeze.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_agency_releases_nothing() {
    let house = House::open().await;
    let freeze = freeze_order(&house);
    frozen(&house, &freeze).await;
    let theirs = paper(&house.b, house.clock.now())
        .with(DraftTask::Unfreeze { freeze: freeze.task(0) })
        .fact(OrderFact::Instrument, "release_order");
    let answers = house.b.send(&theirs.acts()).await;
    for answer in answers {
        assert!(matches!(answer, server::hi1::Answer::Refused(_)), "{answer:?}");
    }
    let wish = compose::wish_own(freeze.task(0), "Unfrozen");
    let answers = house.b.send(&[wish]).await;
    assert!(matches!(answers[0], server::hi1::Answer::Refused(_)), "{answers:?}");
    assert_eq!(holds(&house).await, hold("active"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_freeze_lapses_and_lets_go() {
    let house = House::open().await;
    let id = frozen(&house, &freeze_order(&house)).await;
    house.clock.forward(days(6));
    tick_due(house.node()).await;
    assert_eq!(holds(&house).await, hold("active"), "seven days are seven days");
    house.clock.forward(days(2));
    tick_due(house.node()).await;
    let request =
        house.until(&id, |request| request["asks"][0]["effects"][1]["status"] == "confirmed").await;
    assert!(kinds(&request).contains(&"lapsed"), "{:?}", kinds(&request));
    assert_eq!(holds(&house).await, hold("released"));
    house.close().await;
}

async fn kept(house: &House) -> (Paper, String) {
    let mut order = paper(&house.a, house.clock.now()).with(keeping());
    order.0.issuer.0 = IssuerType::Police;
    let order = order.fact(OrderFact::Instrument, "preservation_letter");
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.state(&id, 1, "preserved").await;
    (order, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_opens_with_a_linked_order() {
    let house = House::open().await;
    let (_, id) = kept(&house).await;
    let copy = format!("/api/v1/requests/{id}/asks/1/copy/1/csv");
    let bo = house.staff("bo");
    assert_eq!(bo.call("GET", &copy, Vec::new()).await.0, 404, "no order, no copy");
    let verify = json!({ "verify_identity": { "method": "client_certificate" } });
    house.staff("vera").act(&id, verify).await;
    assert_eq!(bo.call("GET", &copy, Vec::new()).await.0, 404, "no order, no copy");
    let link = json!({ "link": { "ask": 1, "order_sha256": "ab".repeat(32) } });
    house.staff("cora").act(&id, link).await;
    let (status, csv) = bo.call("GET", &copy, Vec::new()).await;
    let csv = String::from_utf8(csv).expect("text");
    assert_eq!(status, 200, "{csv}");
    assert!(csv.contains("Rosmund Driftwood"), "{csv}");
    for (who, path) in [
        ("aud", copy.clone()),
        ("bo", copy.replace("copy/1", "copy/2")),
        ("bo", copy.replace("copy/1", "copy/0")),
        ("bo", copy.replace("csv", "svg")),
    ] {
        assert_eq!(house.staff(who).call("GET", &path, Vec::new()).await.0, 404, "{who} {path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_lapses_and_is_erased() {
    let house = House::open().await;
    let (_, id) = kept(&house).await;
    let case = house.node().case(desk::ids::RequestId(id.parse().expect("a UUID"))).await;
    let case = case.expect("a case");
    let (copy, _) = case.preserved.get(&1).expect("a copy");
    let blobs: Vec<store::BlobDigest> = copy
        .tables
        .iter()
        .flat_map(|table| [&table.csv_blob, &table.json_blob])
        .map(|name| store::BlobDigest(desk::ids::Digest::from_hex(name).expect("hex").0))
        .collect();
    let before = checked(&house).await;
    assert!(before.is_sound() && before.erased == 0, "{:?}", before.findings);
    house.clock.forward(days(92));
    tick_due(house.node()).await;
    house.until(&id, |request| kinds(request).contains(&"copy_deleted")).await;
    for blob in blobs {
        assert!(house.node().store.reader().blob(blob).await.is_err(), "{blob} is still there");
    }
    let after = checked(&house).await;
    assert!(after.is_sound(), "{:?}", after.findings);
    assert_eq!(after.erased, 1, "the copy's key is gone, its leaf stays");
    house.close().await;
}

pub(crate) async fn checked(house: &House) -> store::check::Report {
    let text = std::fs::read_to_string(house.path("keys/log.vkey")).expect("a vkey");
    let key = VerifierKey::parse(text.trim()).expect("a vkey");
    let mut derive = server::app::derived::deriver();
    let reader = house.node().store.reader();
    store::check::check(reader, &[key], Some(&mut derive)).await.expect("a check")
}

/// A freeze that is ordered and asked for; its id.
pub(crate) async fn freezing_order(house: &House, account: &str) -> String {
    let order = paper(&house.a, house.clock.now()).with(freezing(account, None));
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.prove(&id).await;
    let path = format!("/api/v1/requests/{id}/asks/1/freeze");
    house.staff("bo").post(&path, &json!({ "account": account })).await;
    id
}

/// A freeze of an account with nothing in it never holds anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_account_is_not_called_frozen() {
    let house = House::open().await;
    let order = paper(&house.a, house.clock.now()).with(freezing(OTHER_ACCOUNT, None));
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.prove(&id).await;
    let path = format!("/api/v1/requests/{id}/asks/1/freeze");
    house.staff("bo").post(&path, &json!({ "account": OTHER_ACCOUNT })).await;
    let answers = house.a.send(&[Act::Get(order.task(0)), Act::Get(object())]).await;
    assert!(matches!(answers[1], server::hi1::Answer::Refused(_)));
    let request = house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
    assert_eq!(request["asks"][0]["state"], "freezing");
    assert!(holds(&house).await.is_empty());
    house.close().await;
}
