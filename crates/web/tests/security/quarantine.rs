//! Quarantine, marks and what emergencies owe: for whom, and what a form alone can do.

use axum::http::StatusCode;
use desk::ids::{ActorId, AgencyId, KeyId};
use desk::policy::Role;
use server::directory::{Change, ChangePayload, console};

use crate::visitor::House;

#[tokio::test]
async fn suspicion_is_shown_to_the_desk_and_to_nobody_else() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let cora = house.staff("Cora", &[Role::Counsel]).await;
    let aud = house.staff("Aud", &[Role::Auditor]).await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let agency = house.agency("Harbour Police").await;
    let nils = house.officer(agency, "Nils", &vera).await;
    let quarantine = format!("/agencies/{agency}/quarantine");
    let status = async |path: &str, who| house.get(path, Some(who)).await.status.as_u16();
    let mut told = String::new();
    for (name, who) in [
        ("verifier", &vera),
        ("counsel", &cora),
        ("auditor", &aud),
        ("root", &root),
        ("officer", &nils),
    ] {
        let seen = [
            status(&quarantine, who).await,
            status("/emergencies", who).await,
            status("/marks", who).await,
            house.post("/marks/export", who, &[]).await.status.as_u16(),
        ];
        told.push_str(&format!("{name:<9} {seen:?}\n"));
    }
    expect_test::expect![[r#"
        verifier  [200, 200, 404, 404]
        counsel   [200, 200, 200, 200]
        auditor   [200, 200, 404, 404]
        root      [404, 404, 200, 200]
        officer   [404, 404, 404, 404]
    "#]]
    .assert_eq(&told);
    let stranger = house.get(&quarantine, None).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER, "to the door");
    let note = house.post("/marks/export", &cora, &[]).await;
    assert!(note.header("content-disposition").starts_with("attachment"));
    assert!(note.text().contains("\"marks\":[]"), "{}", note.text());
}

#[tokio::test]
async fn no_key_is_frozen_or_freed_without_a_fresh_touch() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let cora = house.staff("Cora", &[Role::Counsel]).await;
    let agency = house.agency("Harbour Police").await;
    let other = house.agency("Northhaven Police").await;
    let nils = house.officer(agency, "Nils", &vera).await;
    let ActorId::Key(key) = nils.holder else { panic!("an officer") };
    let key_text = key.to_string();
    let fields = [
        ("key", key_text.as_str()),
        ("reason", "stolen_key"),
        ("words", "why not"),
        ("passkey", "{}"),
    ];
    let post = async |who, path: String| house.post(&path, who, &fields).await.status.as_u16();
    let freeze = |agency| format!("/agencies/{agency}/quarantine/freeze");
    assert_eq!(post(&vera, freeze(agency)).await, 403);
    assert_eq!(post(&vera, freeze(other)).await, 404, "it is no key of that agency");
    assert_eq!(post(&nils, freeze(agency)).await, 404);
    assert_eq!(post(&vera, format!("/agencies/{agency}/quarantine/free")).await, 404, "no right");
    assert_eq!(post(&cora, format!("/agencies/{agency}/quarantine/free")).await, 403);
    assert_eq!(post(&cora, "/marks".to_owned()).await, 403);
    assert_eq!(post(&vera, "/marks".to_owned()).await, 404);
    assert_eq!(post(&cora, "/marks/trust".to_owned()).await, 403, "a key is trusted by a touch");
    assert_eq!(post(&vera, "/marks/trust".to_owned()).await, 404);
    assert!(house.site.node.directory().desk_keys().next().is_none(), "no key is trusted");
    assert!(house.site.node.directory().mark(key).is_none(), "nothing was done");
}

#[tokio::test]
async fn an_emergency_without_its_order_is_marked_wherever_it_is_shown() {
    let house = House::open().await;
    let node = &house.site.node;
    let cora = house.staff("Cora", &[Role::Counsel]).await;
    let ines = house.staff("Ines", &[Role::Intake]).await;
    let agency = AgencyId(server::random_id().expect("random bytes"));
    let change = Change::AgencyAdded {
        agency,
        country: "DE".to_owned(),
        regime: "eu-e-evidence-2023-1543".to_owned(),
        key: KeyId(server::random_id().expect("random bytes")),
        certificate_sha256: None,
        by: console().id,
    };
    let said = ChangePayload { name: "Kripo Hafenstadt".to_owned(), ..ChangePayload::default() };
    node.change_directory(&console(), &change, &said).await.expect("an agency");
    // Police without a validating authority, a week ago: Art 4(5) gives 48 hours.
    let week = jiff::SignedDuration::from_hours(24 * 7);
    let issued = house.clock.now().checked_sub(week).expect("a time");
    let scope =
        serde_json::json!({ "selectors": { "account_id": 1 }, "categories": ["subscriber"] });
    let manual = serde_json::from_value(serde_json::json!({
        "agency": agency,
        "order": {
            "instrument": "epoc",
            "issuing_country": "DE",
            "issuer": "police",
            "offence": { "sentence_max_months": 60 },
            "channel": "manual",
            "authentication": "none",
            "format": "paper",
            "issued_on": issued.strftime("%Y-%m-%d").to_string(),
            "service": "communication",
            "asks": [{ "demand": { "kind": "disclose", "scope": scope }, "emergency": "person" }],
        },
        "reference": "by fax",
        "selectors": [{ "ask": 1, "kind": "account_id", "value": "LX-004711" }],
        "files": [],
    }));
    let intake = node.directory().person(ines.holder, house.clock.now()).expect("intake");
    let done = node.file(&intake, manual.expect("an order")).await.expect("filed");
    let id = done.appended.stream.to_string();
    let case = house.get(&format!("/requests/{id}"), Some(&cora)).await.text();
    assert!(case.contains("No order has followed this emergency in time"), "{case}");
    assert!(case.contains("an emergency is claimed; 0 of 0 earlier requests did"), "{case}");
    let queue = house.get("/queue", Some(&cora)).await.text();
    assert!(queue.contains("Unvalidated"), "{queue}");
    let owed = house.get("/emergencies", Some(&cora)).await.text();
    let late = owed.split("<h2>").nth(1).expect("the first list");
    assert!(late.contains("Unvalidated: the order did not follow in time"), "{late}");
    assert!(late.contains(&id) && late.contains("Kripo Hafenstadt"), "{late}");
}
