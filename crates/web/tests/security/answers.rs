//! What answers carry, and what they never tell.

use axum::body::Body;
use axum::http::{StatusCode, header};
use desk::policy::Role;
use expect_test::expect;

use crate::visitor::{House, Session, request};

/// Every page that a visitor can ask for without knowing an id.
const PAGES: [&str; 22] = [
    "/",
    "/login",
    "/queue",
    "/intake",
    "/money",
    "/money/accounts",
    "/people",
    "/agencies",
    "/agencies/new",
    "/jobs",
    "/security",
    "/reports",
    "/reports/0000",
    "/portal",
    "/portal/new",
    "/portal/search",
    "/requests/00000000-0000-0000-0000-000000000000",
    "/portal/requests/00000000-0000-0000-0000-000000000000",
    "/enrol/0000",
    "/transparency",
    "/address",
    "/address/0000",
];

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_other_sites_out() {
    let house = House::open().await;
    let vera = house.staff("Vera Lind", &[Role::Verifier]).await;
    let mut paths: Vec<String> = PAGES.iter().map(|path| (*path).to_owned()).collect();
    let page = house.get("/login", None).await.text();
    let style = page.split("href=\"").find(|part| part.contains("style.css")).expect("a style");
    paths.push(style.split('"').next().expect("its address").to_owned());
    paths.push("/nowhere".to_owned());
    for path in paths {
        let answer = house.get(&path, Some(&vera)).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(answer.header("strict-transport-security").contains("max-age="), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        for name in ["server", "x-powered-by", "via"] {
            assert_eq!(answer.header(name), "", "{path} tells {name}");
        }
        if path.starts_with("/static/") {
            assert!(answer.header("cache-control").contains("immutable"), "{path}");
        } else {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
        if !answer.body.is_empty() {
            let kind = answer.header("content-type");
            assert!(kind.starts_with("text/") && kind.contains("charset=utf-8"), "{path}: {kind}");
        }
    }
}

#[tokio::test]
async fn who_sees_which_page() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let bo = house.staff("Bo", &[Role::Analyst]).await;
    let ines = house.staff("Ines", &[Role::Intake]).await;
    let agency = house.agency("Harbour Police").await;
    let nils = house.officer(agency, "Nils", &vera).await;
    let people = [
        ("nobody", None),
        ("officer", Some(&nils)),
        ("administrator", Some(&root)),
        ("verifier", Some(&vera)),
        ("analyst", Some(&bo)),
        ("intake", Some(&ines)),
    ];
    let mut table = String::new();
    for path in PAGES {
        let mut line = format!("{path:<56}");
        for (_, session) in people {
            line += &format!(" {}", house.get(path, session).await.status.as_u16());
        }
        table += &(line.trim_end().to_owned() + "\n");
    }
    // In this order: nobody, officer, administrator, verifier, analyst, intake.
    expect![[r#"
        /                                                        303 303 303 303 303 303
        /login                                                   200 303 303 303 303 303
        /queue                                                   303 404 404 200 200 404
        /intake                                                  303 404 404 404 404 200
        /money                                                   303 404 404 200 200 404
        /money/accounts                                          303 404 404 200 200 404
        /people                                                  303 404 200 404 404 404
        /agencies                                                303 404 200 200 404 404
        /agencies/new                                            303 404 200 404 404 404
        /jobs                                                    303 404 200 404 200 404
        /security                                                303 404 200 404 404 404
        /reports                                                 303 404 200 404 404 404
        /reports/0000                                            303 404 404 404 404 404
        /portal                                                  303 200 404 404 404 404
        /portal/new                                              303 200 404 404 404 404
        /portal/search                                           303 200 404 404 404 404
        /requests/00000000-0000-0000-0000-000000000000           303 404 404 404 404 404
        /portal/requests/00000000-0000-0000-0000-000000000000    303 404 404 404 404 404
        /enrol/0000                                              404 404 404 404 404 404
        /transparency                                            404 404 404 404 404 404
        /address                                                 303 200 200 200 200 200
        /address/0000                                            303 404 404 404 404 404
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn markup_in_a_name_is_text() {
    let house = House::open().await;
    let hostile = "<script>alert(1)</script>\" onload='x' {{7*7}} ねこ O'Hara";
    house.agency(hostile).await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let page = house.get("/agencies", Some(&root)).await.text();
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(page.contains("ねこ"), "every letter survives: {page}");
    assert!(page.contains("{{7*7}}"), "nothing is worked out: {page}");
}

#[tokio::test]
async fn refusals_tell_nothing_of_the_inside() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    for path in ["/requests/not-an-id", "/officers/1", "/agencies/%00", "/static/none", "/%ff"] {
        let answer = house.get(path, Some(&vera)).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        let text = answer.text().to_lowercase();
        for inside in ["uuid", "parse", "panicked", "sqlite", "axum", ".rs:", "invalid url"] {
            assert!(!text.contains(inside), "{path} tells {inside}: {text}");
        }
    }
}

#[tokio::test]
async fn only_the_pages_own_files_are_there() {
    let house = House::open().await;
    for path in [
        "/.git/config",
        "/static/",
        "/static/style.css",
        "/static/../Cargo.toml",
        "/static/%2e%2e/comity.toml",
        "/comity.toml",
        "/desk.sqlite",
        "/keys/root.pem",
        "/style.css.bak",
    ] {
        let answer = house.get(path, None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn methods_that_no_page_has_do_nothing() {
    let house = House::open().await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let before = house.site.node.store.checkpoint().size;
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "NONSENSE"] {
        for path in ["/people", "/agencies", "/login", "/queue"] {
            let asked = request(method, path, Some(&root)).body(Body::empty()).expect("a request");
            let answer = house.send(asked).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    assert_eq!(house.site.node.store.checkpoint().size, before);
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    for back in ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", ""]
    {
        let query: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let answer = house.get(&format!("/login?back={query}"), Some(&vera)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{back}");
        assert_eq!(answer.header("location"), "/queue?who=me", "{back}");
    }
    let answer = house.get("/login?back=%2Fmoney", Some(&vera)).await;
    assert_eq!(answer.header(header::LOCATION.as_str()), "/money");
}

#[tokio::test]
async fn dead_jobs_are_for_those_who_decide_and_no_forged_form_decides() {
    let house = House::open().await;
    let root = house.staff("Rut", &[Role::Administrator]).await;
    let bo = house.staff("Bo", &[Role::Verifier]).await;
    let page = house.get("/jobs", Some(&root)).await.text();
    assert!(page.contains("Nothing waits for you."), "{page}");
    for path in ["/jobs/1/retry", "/jobs/1/give-up"] {
        assert_eq!(house.post(path, &bo, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
        let forged = Session { form_secret: "00".to_owned(), ..root.clone() };
        assert_eq!(house.post(path, &forged, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
        // Nothing there: somebody else was faster.
        let answer = house.post(path, &root, &[]).await;
        assert_eq!(answer.header("location"), "/jobs?done=gone", "{path}");
    }
    let page = house.get("/jobs?done=gone", Some(&root)).await.text();
    assert!(page.contains("That job is no longer here"), "{page}");
    let cora = house.staff("Cora", &[Role::Counsel]).await;
    let page = house.get("/jobs", Some(&cora)).await.text();
    assert!(page.contains("The desk does work for your cases"), "{page}");
}
