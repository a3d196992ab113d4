//! The page `/security`: what was noticed, and alarms that a person looks into.

use axum::body::Body;
use axum::http::{StatusCode, header};
use desk::policy::Role;
use jiff::SignedDuration;
use store::NoticedFilter;

use crate::visitor::{House, SITE, Session, request};

/// Kind, place and count of every row, by the alphabet.
async fn rows(house: &House, kind: Option<&str>) -> Vec<String> {
    let node = &house.site.node;
    node.keep_noticed().await.expect("stored");
    let filter = NoticedFilter { kind: kind.map(str::to_owned), ..NoticedFilter::default() };
    let rows = node.store.reader().noticed(&filter, None, 100).await.expect("read");
    let line = |row: &store::NoticedRow| {
        let noticed = &row.noticed;
        format!("{} {} {}", noticed.kind, noticed.place, noticed.count)
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.sort();
    lines
}

async fn fail_to_log_in(house: &House) -> StatusCode {
    let asked = request("POST", "/login", None)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, SITE)
        .body(Body::from("passkey=%7B%7D"));
    house.send(asked.expect("a request")).await.status
}

#[tokio::test]
async fn failed_log_ins_and_refusals_are_kept_and_counted() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    for _ in 0..12 {
        fail_to_log_in(&house).await;
    }
    house.get("/enrol/abc", None).await;
    house.get("/people", Some(&vera)).await;
    house.get("/requests/00000000-0000-0000-0000-000000000007", Some(&vera)).await;
    let strange = Session { form_secret: "0".repeat(64), ..vera.clone() };
    house.post("/sessions", &strange, &[("name", "x")]).await;
    house.post("/logout", &vera, &[]).await;
    assert_eq!(
        rows(&house, None).await,
        [
            "foreign_form POST /sessions 1",
            "log_in_failed POST /login 10",
            "log_out POST /logout 1",
            "not_allowed GET /people 1",
            "not_allowed GET /requests/{request} 1",
            "too_often GET /enrol/{token} 1",
            "too_often POST /login 2",
        ]
    );
}

#[tokio::test]
async fn the_security_page_is_for_auditors_and_administrators_and_holds_no_case() {
    let house = House::open().await;
    let rut = house.staff("Rut", &[Role::Administrator]).await;
    let aud = house.staff("Aud", &[Role::Auditor]).await;
    for (name, role) in [("Bo", Role::Analyst), ("Cora", Role::Counsel), ("Vera", Role::Verifier)] {
        let person = house.staff(name, &[role]).await;
        let answer = house.get("/security", Some(&person)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        let alarm = format!("/security/alarms/{}", uuid::Uuid::nil());
        assert_eq!(house.post(&alarm, &person, &[("note", "x")]).await.status, 404);
    }
    let id = "0192a000-0000-7000-8000-000000000007";
    house.get(&format!("/requests/{id}"), Some(&rut)).await;
    for reader in [&rut, &aud] {
        let page = house.get("/security", Some(reader)).await;
        assert_eq!(page.status, StatusCode::OK);
        let page = page.text();
        assert!(page.contains("GET /requests/{request}"), "{page}");
        assert!(!page.contains(id), "no address of a request");
    }
    let one = house.get("/security?kind=log_in_failed", Some(&aud)).await.text();
    assert!(one.contains("Nothing fits."), "{one}");
}

#[tokio::test]
async fn an_alarm_is_looked_into_by_somebody_it_is_not_about() {
    let house = House::open().await;
    let rut = house.staff("Rut", &[Role::Administrator]).await;
    let ruth = house.staff("Ruth", &[Role::Administrator]).await;
    let node = &house.site.node;
    for _ in 0..node.config.alarm.refusals {
        house.get("/queue/nothing", Some(&rut)).await;
    }
    assert_eq!(node.look_for_alarms().await.expect("looked"), 1);
    let page = house.get("/security", Some(&ruth)).await.text();
    let action = page.split("action=\"").find(|part| part.starts_with("/security/alarms/"));
    let action = action.and_then(|part| part.split('"').next()).expect("a form").to_owned();
    let empty = house.post(&action, &ruth, &[("note", " ")]).await.text();
    assert!(empty.contains("id=\"mistakes\"") && empty.contains("aria-invalid"), "{empty}");
    let own = house.post(&action, &rut, &[("note", "it was me")]).await.text();
    assert!(own.contains("this alarm is about you"), "{own}");
    let done = house.post(&action, &ruth, &[("note", "a bookmark of hers")]).await;
    assert_eq!(done.header("location"), "/security?done=1");
    let page = house.get("/security?done=1", Some(&rut)).await.text();
    for said in ["It is on the record", "a bookmark of hers", "Ruth"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("action=\"/security/alarms/"), "nothing is open");
    // The next hour it would be another alarm; the same hour never.
    house.clock.forward(SignedDuration::from_mins(1));
    assert_eq!(node.look_for_alarms().await.expect("looked"), 0);
}

#[tokio::test]
async fn everybody_sees_the_own_log_ins_and_passkeys() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let bo = house.staff("Bo", &[Role::Analyst]).await;
    let node = &house.site.node;
    for network in ["192.0.2.0/24", "198.51.100.0/24"] {
        node.logged_in(vera.holder, network, "POST /login").await.expect("noted");
    }
    let page = house.get("/sessions", Some(&vera)).await.text();
    let code = web::door::code(&crate::visitor::credential("Vera"));
    for said in ["logged in", "came from a new network", "198.51.100.0/24", &code] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let other = house.get("/sessions", Some(&bo)).await.text();
    assert!(!other.contains("198.51.100.0/24"), "nobody else's");
}

/// A store whose clock went back takes no acts; people come in all the same, and it is kept later.
#[tokio::test]
async fn a_clock_that_went_back_keeps_nobody_out() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let node = &house.site.node;
    house.clock.forward(SignedDuration::from_mins(-5));
    node.notice(server::security::Kind::LogOut, Some(vera.holder), "192.0.2.0/24", "POST /logout");
    assert!(node.keep_noticed().await.is_err(), "the store's newest act is later");
    node.logged_in(vera.holder, "192.0.2.0/24", "POST /login").await.expect("let in");
    house.clock.forward(SignedDuration::from_mins(6));
    assert_eq!(rows(&house, None).await, ["log_in POST /login 1", "log_out POST /logout 1"]);
}

/// Sends twelve wrong log-ins, each with the headers that `says` gives it; tells how many were
/// refused as too many, and the networks that the security log has.
async fn guesses(house: &House, says: impl Fn(u8) -> String) -> (u16, Vec<String>) {
    let mut refused = 0;
    for guess in 0..12 {
        let asked = request("POST", "/login", None)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, SITE)
            .header("x-forwarded-for", says(guess))
            .header("forwarded", format!("for=198.18.{guess}.1"))
            .header("x-real-ip", format!("198.18.{guess}.1"))
            .body(Body::from("passkey=%7B%7D"));
        let status = house.send(asked.expect("a request")).await.status;
        refused += u16::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    let node = &house.site.node;
    node.keep_noticed().await.expect("stored");
    let rows = node.store.reader().noticed(&NoticedFilter::default(), None, 100).await;
    let rows = rows.expect("read").into_iter();
    let networks: std::collections::BTreeSet<String> = rows.map(|row| row.noticed.source).collect();
    (refused, networks.into_iter().collect())
}

#[tokio::test]
async fn no_header_is_believed_where_no_proxy_is_named() {
    let house = House::open().await;
    let (refused, networks) = guesses(&house, |guess| format!("203.0.{guess}.9")).await;
    assert_eq!(refused, 2, "one address, whatever it says of itself");
    assert_eq!(networks, ["192.0.2.0/24"]);
}

#[tokio::test]
async fn a_named_proxy_says_for_whom_it_asks_and_nobody_else_does() {
    async fn behind(proxy: &str) -> House {
        let named = format!("[web]\nproxies = [\"{proxy}\"]\n");
        House::open_where(|text| text.replace("[web]\n", &named)).await
    }
    let house = behind("192.0.2.7").await;
    let (refused, networks) = guesses(&house, |guess| format!("203.0.{guess}.9")).await;
    assert_eq!(refused, 0, "twelve people behind one proxy");
    let mut expected: Vec<String> = (0..12).map(|guess| format!("203.0.{guess}.0/24")).collect();
    expected.sort();
    assert_eq!(networks, expected);

    // What somebody writes himself stands before what the proxy adds.
    let house = behind("192.0.2.7").await;
    let (refused, networks) =
        guesses(&house, |guess| format!("198.18.{guess}.2, 203.0.113.9")).await;
    assert_eq!(refused, 2, "one address, whatever it says of itself");
    assert_eq!(networks, ["203.0.113.0/24"]);

    // A proxy of another address is nobody's.
    let house = behind("192.0.2.8").await;
    let (refused, networks) = guesses(&house, |guess| format!("203.0.{guess}.9")).await;
    assert_eq!((refused, networks), (2, vec!["192.0.2.0/24".to_owned()]));
}
