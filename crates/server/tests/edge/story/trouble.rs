//! What goes wrong: a key in wrong hands, a system that does not answer, a letter without a sender.

use serde_json::json;
use server::hi1::{Act, ListFilter};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{disclose, freezing, paper};
use crate::support::{ACCOUNT, House, Plans, approval, days};

/// Attempts of an effect before a person is needed, with some to spare.
const ATTEMPTS_MAX: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fraud_mark_binds_at_once() {
    let house = House::open().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    house.accept(&id).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    let mark = format!("/api/v1/keys/{}/fraud-mark", house.a.key);
    let reason = json!({ "reason": "the agency's duty desk knows nothing of this order" });
    house.staff("vera").post(&mark, &reason).await;

    let nothing = house.stranger().call("GET", "/nothing", Vec::new()).await;
    for acts in
        [vec![Act::List(ListFilter::default())], vec![Act::GetCspConfig], disclose(&house.a).acts()]
    {
        let message = house.a.message(&acts);
        assert_eq!(house.a.caller.call("POST", "/hi1", message).await, nothing, "{acts:?}");
    }
    let status = format!("/api/v1/requests/{id}");
    assert_eq!(house.a.caller.call("GET", &status, Vec::new()).await, nothing);
    let told = house.staff("ada").refused(&id, approval(&tagmanifest)).await;
    assert!(told.starts_with("404 "), "{told}");
    // The other agency goes on as before.
    house.b.create(&disclose(&house.b).acts()).await;

    assert_eq!(house.staff("bo").call("DELETE", &mark, b"{}".to_vec()).await.0, 404);
    let (status, _) =
        house.staff("cora").call("DELETE", &mark, reason.to_string().into_bytes()).await;
    assert_eq!(status, 204);
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_effect_is_told_and_tried_again() {
    let catalog = vec![
        ("insert into holds\n", "insert into missing_holds\n"),
        ("from holds\nwhere effect_id", "from missing_holds\nwhere effect_id"),
    ];
    let house = House::with(Plans { catalog, ..Plans::default() }).await;
    let order = paper(&house.a, house.clock.now()).with(freezing(ACCOUNT, None));
    house.a.create(&order.acts()).await;
    let id = house.newest().await;
    house.prove(&id).await;
    let path = format!("/api/v1/requests/{id}/asks/1/freeze");
    house.staff("bo").post(&path, &json!({ "account": ACCOUNT })).await;
    let status = |request: &serde_json::Value| request["asks"][0]["effects"][0]["status"].clone();
    let mut tries = 0;
    let failed = loop {
        let request = house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
        if status(&request) == "failed" {
            break request;
        }
        tries += 1;
        assert!(tries < ATTEMPTS_MAX, "it never failed: {:#}", request["asks"]);
        // The back-off between attempts is the node's own clock's.
        house.clock.forward(jiff::SignedDuration::from_hours(1));
        let mut jobs = house.node().store.jobs_changed();
        let look = std::time::Duration::from_secs(2);
        drop(tokio::time::timeout(look, jobs.changed()).await);
    };
    assert_eq!(failed["asks"][0]["state"], "freezing", "nothing is frozen before it is confirmed");

    let sql = "alter table holds rename to missing_holds;
               create view holds as select * from missing_holds";
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(house.path("exchange.sqlite"));
    let mut connection = options.connect().await.expect("the exchange's database");
    sqlx::raw_sql(sql).execute(&mut connection).await.expect("made");
    connection.close().await.expect("closed");
    let effect = failed["asks"][0]["effects"][0]["effect"].clone();
    house.staff("bo").act(&id, json!({ "retry_effect": { "effect": effect } })).await;
    let ask = house.state(&id, 1, "frozen").await;
    assert_eq!(ask["effects"][0]["status"], "confirmed");
    assert_eq!(ask["effects"][0]["attempt"], 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_proves_nobody() {
    let house = House::open().await;
    let order = json!({
        "instrument": "production_order",
        "issuing_country": "XX",
        "issuer": "judge",
        "offence": { "sentence_max_months": 60 },
        "channel": "hi1",
        "authentication": "signed",
        "format": "paper",
        "issued_on": "2026-10-04",
        "service": "exchange",
        "asks": [{ "demand": {
            "kind": "disclose",
            "scope": { "selectors": { "account_id": 1 }, "categories": ["subscriber"] },
        } }],
    });
    let filed = json!({
        "agency": house.a.id,
        "order": order,
        "reference": "by post, 3 October",
        "selectors": [{ "ask": 1, "kind": "account_id", "value": ACCOUNT }],
        "files": [{ "name": "scan.pdf", "media_type": "application/pdf", "contents": "JVBERi0=" }],
    });
    assert_eq!(
        house.staff("vera").told("POST", "/api/v1/requests", &filed).await.get(..3),
        Some("404")
    );
    house.staff("ines").post("/api/v1/requests", &filed).await;
    let id = house.newest().await;
    let request = house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
    assert_eq!(
        request["order"]["channel"], "manual",
        "what intake says of the channel is not asked"
    );
    assert_eq!(request["order"]["authentication"], "none");
    let (vera, cora) = (house.staff("vera"), house.staff("cora"));
    let accept = json!({ "accept_legal": { "ask": 1 } });
    let told = cora.refused(&id, accept.clone()).await;
    assert!(told.starts_with("409 "), "{told}");
    vera.act(&id, json!({ "start_identity_check": {} })).await;
    for method in ["client_certificate", "passkey", "qualified_signature"] {
        let told = vera.refused(&id, json!({ "verify_identity": { "method": method } })).await;
        assert!(told.contains("call back on a number from the company's own directory"), "{told}");
    }
    let told = cora.refused(&id, accept.clone()).await;
    assert!(told.starts_with("409 "), "{told}");
    vera.act(&id, json!({ "verify_identity": { "method": "call_back" } })).await;
    cora.act(&id, accept).await;
    house.state(&id, 1, "accepted").await;
    // Whoever filed it or proved it does not approve it; that is the desk's, and tried elsewhere.
    house.clock.forward(days(1));
    house.close().await;
}
