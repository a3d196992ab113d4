//! Forms from elsewhere, forms too large, files with hostile names.

use axum::body::Body;
use axum::http::{StatusCode, header};
use desk::policy::Role;

use crate::visitor::{House, SITE, Session, request};

const FORM: &str = "application/x-www-form-urlencoded";

async fn added(house: &House, session: &Session, origin: &str, fetch: &str, secret: &str) -> u16 {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("name", "Mallory"), ("roles[]", "approver"), ("form_secret", secret)])
        .finish();
    let mut asked = request("POST", "/people", Some(session)).header(header::CONTENT_TYPE, FORM);
    if !origin.is_empty() {
        asked = asked.header(header::ORIGIN, origin);
    }
    if !fetch.is_empty() {
        asked = asked.header("sec-fetch-site", fetch);
    }
    house.send(asked.body(Body::from(body)).expect("a request")).await.status.as_u16()
}

#[tokio::test]
async fn a_form_of_another_site_or_session_does_nothing() {
    let house = House::open().await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let other = house.staff("Ruth", &[Role::Administrator]).await;
    let own = root.form_secret.clone();
    let count = house.site.node.directory().staff().count();
    for (origin, fetch, secret, why) in [
        (SITE, "", "", "no secret"),
        (SITE, "same-origin", other.form_secret.as_str(), "another session's secret"),
        ("https://evil.example", "", own.as_str(), "another origin"),
        ("null", "", own.as_str(), "a hidden origin"),
        ("http://localhost:8081", "", own.as_str(), "another port"),
        (SITE, "cross-site", own.as_str(), "the browser says cross-site"),
        (SITE, "same-site", own.as_str(), "a neighbour of this host"),
    ] {
        assert_eq!(added(&house, &root, origin, fetch, secret).await, 403, "{why}");
    }
    assert_eq!(house.site.node.directory().staff().count(), count, "nothing was done");
    assert_eq!(added(&house, &root, SITE, "same-origin", &own).await, 200);
    assert_eq!(house.site.node.directory().staff().count(), count + 1);
}

#[tokio::test]
async fn grave_acts_need_a_fresh_touch_of_the_passkey() {
    let house = House::open().await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let agency = house.agency("Harbour Police").await;
    let desk::ids::ActorId::Staff(staff) = vera.holder else { panic!("staff") };
    let before = house.site.node.store.checkpoint().size;
    for path in [
        format!("/people/{staff}/roles"),
        format!("/people/{staff}/invite"),
        format!("/people/{staff}/remove"),
        format!("/agencies/{agency}/stop"),
    ] {
        for passkey in ["", "{}", "{\"ceremony\":\"00\",\"credential\":{}}"] {
            let fields = [("passkey", passkey), ("roles[]", "approver")];
            let answer = house.post(&path, &root, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} with {passkey:?}");
        }
    }
    assert_eq!(house.site.node.store.checkpoint().size, before, "nothing was done");
}

#[tokio::test]
async fn rights_are_never_taken_from_a_form() {
    let house = House::open().await;
    let ines = house.staff("Ines", &[Role::Intake]).await;
    let count = house.site.node.directory().staff().count();
    for (path, field) in [("/people", "roles[]"), ("/agencies/new", "name")] {
        let fields = [(field, "administrator"), ("actor", "system"), ("roles[]", "administrator")];
        let answer = house.post(path, &ines, &fields).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(house.site.node.directory().staff().count(), count);
    // A field that is there twice counts once; the last one does.
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let fields = [("name", "First"), ("name", "Second"), ("roles[]", "intake")];
    house.post("/people", &root, &fields).await;
    let directory = house.site.node.directory();
    let names: Vec<_> = directory.staff().map(|person| person.name.clone()).collect();
    assert!(names.contains(&"Second".to_owned()) && !names.contains(&"First".to_owned()));
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_and_kept_nowhere() {
    let house = House::open().await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let long = "x".repeat(1024 * 1024);
    let answer = house.post("/people", &root, &[("name", &long)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let agency = house.agency("Harbour Police").await;
    let nils = house.officer(agency, "Nils", &vera).await;
    let large = vec![b'%'; 26 * 1024 * 1024];
    let answer = upload(&house, "/portal/new", &nils, &[("files", "order.pdf", &large)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let files: Vec<(&str, &str, &[u8])> =
        (0..11).map(|_| ("files", "a.pdf", &b"%PDF-"[..])).collect();
    let answer = upload(&house, "/portal/new", &nils, &files).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "eleven files");
}

async fn upload(
    house: &House,
    path: &str,
    session: &Session,
    files: &[(&str, &str, &[u8])],
) -> crate::visitor::Answer {
    upload_with(house, path, session, &[], files).await
}

pub async fn upload_with(
    house: &House,
    path: &str,
    session: &Session,
    fields: &[(&str, &str)],
    files: &[(&str, &str, &[u8])],
) -> crate::visitor::Answer {
    let mut body = Vec::new();
    let secret = ("form_secret", session.form_secret.as_str());
    for (name, value) in fields.iter().copied().chain([secret]) {
        let head =
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(head.bytes());
    }
    for (field, name, bytes) in files {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: text/html\r\n\r\n"
        );
        body.extend(head.bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let asked = request("POST", path, Some(session))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .header(header::ORIGIN, SITE)
        .body(Body::from(body));
    house.send(asked.expect("a request")).await
}

#[tokio::test]
async fn a_file_comes_back_as_bytes_under_a_name_of_ours() {
    let house = House::open().await;
    let ines = house.staff("Ines", &[Role::Intake]).await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let agency = house.agency("Harbour Police").await.to_string();
    let fields = [
        ("agency", agency.as_str()),
        ("asks[]", "disclose"),
        ("categories[]", "subscriber"),
        ("selectors", "account_id,LX-004711"),
        ("instrument", "production_order"),
        ("issuer", "judge"),
        ("issued_on", "2021-10-04"),
        ("reference", "HP 2021/118"),
    ];
    let page = b"<html><script>alert(document.cookie)</script>";
    let hostile = [("files", "../../etc/x%22.html", &page[..])];
    let answer = upload_with(&house, "/intake", &ines, &fields, &hostile).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let to = answer.header("location").to_owned();
    let file = house.get(&format!("{to}/instrument/0"), Some(&vera)).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.body, page);
    assert_eq!(file.header("content-type"), "application/octet-stream");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    let name = file.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"instrument-1"), "{name}");
    assert!(!name.contains("..") && !name.contains('/'), "{name}");
    assert_eq!(house.get(&format!("{to}/instrument/0"), Some(&ines)).await.status, 404, "no right");
}
