//! Sessions, one-time links, and how often anybody may try.

use axum::body::Body;
use axum::http::{StatusCode, header};
use desk::ids::{ActorId, StaffId};
use desk::policy::Role;
use jiff::SignedDuration;
use server::directory::{Change, ChangePayload, console};

use crate::visitor::{House, SITE, credential, request};

#[tokio::test]
async fn the_cookie_goes_to_this_host_alone_and_no_script_reads_it() {
    let house = House::open().await;
    let cookie = house.site.cookie("secret");
    let parts: Vec<&str> = cookie.split("; ").collect();
    assert_eq!(
        parts,
        ["__Host-comity=secret", "Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=28800"]
    );
    assert!(house.site.no_cookie().contains("Max-Age=0"));
}

#[tokio::test]
async fn every_session_has_a_new_secret_of_256_bits() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let again = house.begin(vera.holder, credential("Vera"));
    assert_ne!(vera.cookie, again.cookie);
    assert_ne!(vera.form_secret, again.form_secret);
    for secret in [&vera.cookie, &again.cookie, &again.form_secret] {
        assert_eq!(hex::decode(secret).expect("hex").len(), 32);
    }
    let page = house.get("/queue", Some(&vera)).await.text();
    assert!(!page.contains(&vera.cookie), "the cookie's secret is on no page");
}

#[tokio::test]
async fn a_session_is_over_after_log_out_idleness_and_its_life() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    assert_eq!(house.get("/queue", Some(&vera)).await.status, StatusCode::OK);
    let out = house.post("/logout", &vera, &[]).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let after = house.get("/queue", Some(&vera)).await;
    assert_eq!(
        (after.status, after.header("location")),
        (StatusCode::SEE_OTHER, "/login?back=%2Fqueue")
    );
    let idle = house.begin(vera.holder, credential("Vera"));
    house.clock.forward(SignedDuration::from_mins(15));
    assert_eq!(house.get("/queue", Some(&idle)).await.status, StatusCode::SEE_OTHER);
    let busy = house.begin(vera.holder, credential("Vera"));
    for _ in 0..47 {
        house.clock.forward(SignedDuration::from_mins(10));
        assert_eq!(house.get("/queue", Some(&busy)).await.status, StatusCode::OK);
    }
    house.clock.forward(SignedDuration::from_mins(10));
    assert_eq!(house.get("/queue", Some(&busy)).await.status, StatusCode::SEE_OTHER, "8 hours");
}

#[tokio::test]
async fn what_an_administrator_takes_away_is_gone_at_once() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let ActorId::Staff(staff) = vera.holder else { panic!("staff") };
    assert_eq!(house.get("/queue", Some(&vera)).await.status, StatusCode::OK);
    let by = console();
    let none = ChangePayload::default();
    let roles = vec![Role::Intake];
    let change = Change::StaffRolesChanged { staff, roles, by: by.id };
    house.site.node.change_directory(&by, &change, &none).await.expect("changed");
    assert_eq!(house.get("/queue", Some(&vera)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/intake", Some(&vera)).await.status, StatusCode::OK);
    let change = Change::StaffRemoved { staff, by: by.id };
    house.site.node.change_directory(&by, &change, &none).await.expect("removed");
    assert_eq!(house.get("/intake", Some(&vera)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_one_time_link_opens_once_and_for_a_day() {
    let house = House::open().await;
    let staff = StaffId(server::random_id().expect("random bytes"));
    let by = console();
    let roles = vec![Role::Verifier];
    let change = Change::StaffAdded { staff, roles, certificate_sha256: None, by: by.id };
    let said = ChangePayload { name: "Vera".into(), ..ChangePayload::default() };
    house.site.node.change_directory(&by, &change, &said).await.expect("added");
    let node = &house.site.node;
    let first = node.invite(&by, ActorId::Staff(staff)).await.expect("a link");
    assert_eq!(hex::decode(&first).expect("hex").len(), 32, "256 random bits");
    let second = node.invite(&by, ActorId::Staff(staff)).await.expect("a link");
    let opens = async |token: &str| house.get(&format!("/enrol/{token}"), None).await.status;
    assert_eq!(opens(&first).await, StatusCode::NOT_FOUND, "a newer link makes it worthless");
    assert_eq!(opens(&second).await, StatusCode::OK);
    house.clock.forward(SignedDuration::from_hours(24));
    assert_eq!(opens(&second).await, StatusCode::NOT_FOUND, "a day later");
}

#[tokio::test]
async fn whoever_guesses_is_slowed_down() {
    let house = House::open().await;
    let mut refused = 0;
    for guess in 0..40 {
        let answer = house.get(&format!("/enrol/{guess:064x}"), None).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.header("retry-after").parse::<u64>().expect("seconds") > 0);
            refused += 1;
        }
    }
    assert_eq!(refused, 30, "ten guesses at once, then one each half minute");
    let try_in = async || {
        let asked = request("POST", "/login", None)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, SITE)
            .body(Body::from("passkey=%7B%7D"));
        house.send(asked.expect("a request")).await.status
    };
    assert_eq!(try_in().await, StatusCode::TOO_MANY_REQUESTS, "doors share the limit");
    house.clock.forward(SignedDuration::from_secs(30));
    assert_eq!(try_in().await, StatusCode::FORBIDDEN);
    assert_eq!(try_in().await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn nobody_has_an_account_or_a_password_from_the_start() {
    let house = House::open().await;
    assert_eq!(house.site.node.directory().staff().count(), 0);
    let link = house.site.first_link().await.expect("a link").expect("nobody can log in yet");
    assert_eq!(house.site.node.directory().staff().count(), 1);
    let page = house.get("/login", None).await.text();
    assert!(!page.contains("type=\"password\""), "{page}");
    let page = house.get(link.strip_prefix(SITE).expect("a path"), None).await.text();
    assert!(!page.contains("type=\"password\""), "{page}");
}
