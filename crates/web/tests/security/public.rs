//! What anybody may read without a log-in: published reports, and nothing else.

use axum::body::Body;
use axum::http::StatusCode;
use desk::policy::{Actor, Role};
use desk::transparency::Period;
use evidence::verify::{ReportFiles, check_report};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use server::app::report::Step;

use crate::exchange::file_orders;
use crate::visitor::{House, Session, credential, request};

const PUBLIC: &str = "[transparency]\npublic = true\n";

fn actor(house: &House, session: &Session) -> Actor {
    let directory = house.site.node.directory();
    directory.person(session.holder, house.clock.now()).expect("known")
}

/// A report of yesterday, as far as it was published.
async fn made(house: &House, steps: &[(&Session, Step)]) -> String {
    let node = &house.site.node;
    let day = house.clock.now().to_zoned(TimeZone::UTC).date();
    file_orders(node, &[("DE", 7), ("FR", 6)]).await;
    house.clock.forward(SignedDuration::from_hours(24));
    let period = Period::new(day, day).expect("a day");
    let (by, _) = steps.first().expect("somebody");
    let made = node.make_report(&actor(house, by), period, None).await.expect("recorded");
    for (by, step) in steps {
        let name = &made.recorded.json_sha256;
        node.step_report(&actor(house, by), name, *step).await.expect("done");
    }
    made.recorded.json_sha256
}

#[tokio::test]
async fn a_stranger_reads_and_checks_what_was_published() {
    let house = House::open_with(PUBLIC).await;
    let cora = house.staff("Cora", &[Role::Counsel]).await;
    let rut = house.staff("Rut", &[Role::Administrator]).await;
    let page = house.get("/transparency", None).await;
    assert!(page.text().contains("will stand here"), "{}", page.text());
    let name = made(&house, &[(&cora, Step::Propose), (&rut, Step::Publish)]).await;
    let list = house.get("/transparency", None).await;
    assert_eq!(list.header("cache-control"), "public, max-age=300");
    assert_eq!(list.header("vary"), "Accept-Language");
    assert!(list.text().contains(&format!("/transparency/{name}")), "{}", list.text());
    let page = house.get(&format!("/transparency/{name}"), None).await;
    assert_eq!(
        (page.status, page.header("cache-control")),
        (StatusCode::OK, "public, max-age=300")
    );
    assert!(page.text().contains("<svg class=\"chart\" role=\"img\""), "{}", page.text());
    // The same page for everybody, so that caches may keep it.
    let hers = house.get(&format!("/transparency/{name}"), Some(&cora)).await;
    assert_eq!(hers.text(), page.text());

    let file = async |file: &str| house.get(&format!("/transparency/{name}/{file}"), None).await;
    let (json, csv, proof) = (file("json").await, file("csv").await, file("proof.json").await);
    for answer in [&json, &csv] {
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
    assert_eq!(json.header("etag"), format!("\"{name}\""));
    let known = request("GET", &format!("/transparency/{name}/json"), None)
        .header("if-none-match", format!("\"{name}\""))
        .body(Body::empty());
    let unchanged = house.send(known.expect("a request")).await;
    assert_eq!((unchanged.status, unchanged.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let policy = house.get("/transparency/policy.txt", None).await;
    let policy = ledger::policy::Policy::parse(&policy.body).expect("a policy");
    let files = ReportFiles {
        json: ("json", &json.body),
        csv: Some(("csv", &csv.body)),
        proof: ("proof", &proof.body),
    };
    check_report(&files, Some(&policy)).expect("it holds");
    assert_eq!(file("html").await.status, StatusCode::NOT_FOUND);
    let many = async || {
        for _ in 0..400 {
            if house.get("/transparency", None).await.status == StatusCode::TOO_MANY_REQUESTS {
                return true;
            }
        }
        false
    };
    assert!(many().await, "nobody asks without end");
}

#[tokio::test]
async fn what_was_not_published_is_nobodys() {
    let house = House::open_with(PUBLIC).await;
    let cora = house.staff("Cora", &[Role::Counsel]).await;
    let name = made(&house, &[(&cora, Step::Propose)]).await;
    for path in ["", "/json", "/csv", "/proof.json"] {
        let answer = house.get(&format!("/transparency/{name}{path}"), None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    assert!(house.get("/transparency", None).await.text().contains("will stand here"));
    // Without a passkey nobody takes a step.
    let step = [("step", "withdraw"), ("passkey", "")];
    // Her first session ended with the day.
    let again = house.begin(cora.holder, credential("Cora"));
    let answer = house.post(&format!("/reports/{name}"), &again, &step).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_node_that_publishes_nothing_has_no_such_page() {
    let house = House::open().await;
    let cora = house.staff("Cora", &[Role::Counsel]).await;
    let rut = house.staff("Rut", &[Role::Administrator]).await;
    let name = made(&house, &[(&cora, Step::Propose), (&rut, Step::Publish)]).await;
    for address in web::reports::PUBLIC {
        let path = address.replace("{report}", &name).replace("{file}", "json");
        assert_eq!(house.get(&path, None).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
