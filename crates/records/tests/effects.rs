//! Effects on a real HTTP server (flaky, slow, late) and by SQL on SQLite and PostgreSQL.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use expect_test::{Expect, expect};
use records::effect::{Effect, EffectId, Outcome};
use records::{Catalog, EffectKind, Records};
use serde_json::{Value, json};
use store::testing::{Postgres, run_sql};

/// The company's system: holds by effect id, and a script of how it misbehaves.
#[derive(Default)]
struct Company {
    holds: HashMap<String, u64>,
    /// What the next calls answer instead of working.
    script: Vec<Fault>,
    /// Looks until a new hold is confirmed.
    looks_to_confirm: u32,
    calls: u32,
}

#[derive(Clone, Copy)]
enum Fault {
    Answer(u16),
    /// Does it, then says that it failed.
    DoneButFails,
    NeverAnswers,
    NoJson,
    Redirect,
    Huge,
}

type Shared = Arc<Mutex<Company>>;

async fn freeze(
    State(company): State<Shared>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, HeaderMap, String) {
    let fault = {
        let mut company = company.lock().unwrap();
        company.calls += 1;
        (!company.script.is_empty()).then(|| company.script.remove(0))
    };
    let plain = |code: u16, text: &str| {
        (StatusCode::from_u16(code).unwrap(), HeaderMap::new(), text.to_owned())
    };
    match fault {
        Some(Fault::Answer(code)) => return plain(code, "{}"),
        Some(Fault::NeverAnswers) => std::future::pending().await,
        Some(Fault::NoJson) => return plain(202, "accepted"),
        Some(Fault::Huge) => return plain(200, &"x".repeat(100_000)),
        Some(Fault::Redirect) => {
            let mut headers = HeaderMap::new();
            headers.insert("location", "http://127.0.0.1:1/".parse().unwrap());
            return (StatusCode::TEMPORARY_REDIRECT, headers, String::new());
        }
        Some(Fault::DoneButFails) | None => {}
    }
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    assert_eq!(body["hold"], json!(key));
    assert_eq!(headers["x-caller"], "comity");
    let mut company = company.lock().unwrap();
    let amount = body["amount"].as_str().unwrap().parse::<u64>().unwrap().min(900);
    company.holds.entry(key.clone()).or_insert(amount);
    if matches!(fault, Some(Fault::DoneButFails)) {
        return plain(500, "{}");
    }
    plain(201, &status(&mut company, &key).to_string())
}

async fn look(State(company): State<Shared>, UrlPath(id): UrlPath<String>) -> (StatusCode, String) {
    let mut company = company.lock().unwrap();
    if !company.holds.contains_key(&id) {
        return (StatusCode::NOT_FOUND, "{}".to_owned());
    }
    (StatusCode::OK, status(&mut company, &id).to_string())
}

fn status(company: &mut Company, id: &str) -> Value {
    if company.looks_to_confirm > 0 {
        company.looks_to_confirm -= 1;
        return json!({ "state": "queued", "held": null });
    }
    json!({ "state": "frozen", "held": { "units": company.holds[id] } })
}

async fn serve(company: Company) -> (SocketAddr, Shared) {
    let shared = Arc::new(Mutex::new(company));
    let routes = Router::new()
        .route("/holds", post(freeze))
        .route("/holds/{id}", get(look))
        .with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (address, shared)
}

async fn http_records(address: SocketAddr) -> Records {
    let text = format!(
        r#"version = 1
[effects.freeze]
way = "http"
seconds_max = 1
confirmation = {{ state = "/state", confirmed = "frozen", failed = ["rejected"], amount = "/held/units" }}
[effects.freeze.request]
method = "POST"
url = "http://{address}/holds"
headers = {{ x-caller = "comity" }}
body = {{ hold = "{{id}}", account = "{{account}}", asset = "{{asset}}", amount = "{{amount}}" }}
[effects.freeze.poll]
method = "GET"
url = "http://{address}/holds/{{id}}"
"#
    );
    let catalog = Catalog::parse(&text, "catalog.toml").unwrap();
    Records::open(catalog, Path::new(".")).await.unwrap()
}

fn effect(kind: EffectKind, id: u128) -> Effect {
    Effect {
        id: EffectId(uuid::Uuid::from_u128(id)),
        kind,
        account: "a".to_owned(),
        asset: Some("BTC".to_owned()),
        amount: Some(1_000),
        until: None,
        releases: None,
        notice: None,
    }
}

fn check(outcome: &Outcome, expected: Expect) {
    expected.assert_eq(&match outcome {
        Outcome::Confirmed { detail, amount } => format!("confirmed {amount:?}: {detail}"),
        Outcome::Pending { detail } => format!("pending: {detail}"),
        Outcome::Failed { retryable: true, why } => format!("failed, may be retried: {why}"),
        Outcome::Failed { retryable: false, why } => format!("failed for good: {why}"),
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn http_is_confirmed_by_the_answer_only() {
    use Fault::*;
    let script = vec![
        Answer(503),
        DoneButFails,
        Answer(429),
        Answer(409),
        Answer(400),
        NoJson,
        Redirect,
        Huge,
        NeverAnswers,
    ];
    let (address, company) = serve(Company { script, ..Company::default() }).await;
    let records = http_records(address).await;
    let effect = effect(EffectKind::Freeze, 1);
    for expected in [
        expect!["failed, may be retried: the company's system answered 503"],
        expect!["failed, may be retried: the company's system answered 500"],
        expect!["failed, may be retried: the company's system answered 429"],
        expect!["pending: the company's system answered 409"],
        expect!["failed for good: the company's system answered 400"],
        expect!["pending: answer 202 holds no JSON"],
        expect!["failed for good: the company's system answered 307"],
        expect!["failed, may be retried: the answer is over 65536 bytes"],
        expect!["failed, may be retried: no answer within 1 s"],
        // The hold that the second call placed is found, not placed twice; less than asked.
        expect!["confirmed Some(900): frozen"],
        expect!["confirmed Some(900): frozen"],
    ] {
        check(&records.request_effect(&effect).await.unwrap(), expected);
    }
    let company = company.lock().unwrap();
    assert_eq!((company.holds.len(), company.calls), (1, 11));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_may_confirm_late() {
    let (address, company) = serve(Company { looks_to_confirm: 3, ..Company::default() }).await;
    let records = http_records(address).await;
    let late = effect(EffectKind::Freeze, 2);
    check(&records.request_effect(&late).await.unwrap(), expect!["pending: queued"]);
    check(&records.poll_effect(&late).await.unwrap(), expect!["pending: queued"]);
    check(&records.poll_effect(&late).await.unwrap(), expect!["pending: queued"]);
    check(&records.poll_effect(&late).await.unwrap(), expect!["confirmed Some(900): frozen"]);
    assert_eq!(company.lock().unwrap().calls, 1);
    let unknown = effect(EffectKind::Freeze, 3);
    check(
        &records.poll_effect(&unknown).await.unwrap(),
        expect!["failed, may be retried: the company's system answered 404"],
    );
    let error = records.request_effect(&effect(EffectKind::Unfreeze, 4)).await.unwrap_err();
    expect!["catalog catalog.toml has no [effects.unfreeze]; add one or refuse the ask"]
        .assert_eq(&error.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_may_be_retried() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = http_records(address).await.request_effect(&effect(EffectKind::Freeze, 5)).await;
    assert!(matches!(outcome.unwrap(), Outcome::Failed { retryable: true, .. }));
}

const TABLES: &str = "create table account (id text primary key, free bigint not null check (free >= 0));
    create table hold (effect_id text primary key, account text not null, units bigint, ready bigint);
    insert into account values ('a', 700), ('b', 5)";

/// Statements that are not idempotent by themselves: only the look before them is.
async fn sql_records(engine: &str, base: &Path) -> Records {
    let text = format!(
        r#"version = 1
[[sources]]
name = "core"
title = "Core"
writes = true
{engine}
[effects.freeze]
way = "sql"
source = "core"
statements = [
    "insert into hold select :effect_id, id, case when free < :amount then free else :amount end, 1 from account where id = :account",
    "update account set free = free - (select units from hold where effect_id = :effect_id) where id = :account",
]
confirm = "select units as amount, 'held' as detail from hold where effect_id = :effect_id and ready = 1"
[effects.unfreeze]
way = "sql"
source = "core"
statements = ["update account set free = -1 where id = :account"]
confirm = "select 0 as amount, 'x' as detail from hold where effect_id = :effect_id"
[effects.hold_records]
way = "sql"
source = "core"
statements = ["insert into hold values (:effect_id, :account, null, 0)"]
confirm = "select units as amount, 'kept' as detail from hold where effect_id = :effect_id and ready = 1"
"#
    );
    let catalog = Catalog::parse(&text, "catalog.toml").unwrap();
    let records = Records::open(catalog, base).await.unwrap();
    records.check().await.unwrap();
    records
}

async fn check_sql(url: &str, engine: &str, base: &Path, constraint: Expect) {
    run_sql(url, TABLES).await.unwrap();
    let records = sql_records(engine, base).await;
    let freeze = effect(EffectKind::Freeze, 1);
    // Eight at once with one id: each says the same, and the money is taken once.
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let (records, freeze) = (records.clone(), freeze.clone());
            tokio::spawn(async move { records.request_effect(&freeze).await.unwrap() })
        })
        .collect();
    for attempt in attempts {
        match attempt.await.unwrap() {
            Outcome::Confirmed { amount, .. } => assert_eq!(amount, Some(700)),
            // A serialisation conflict: to be asked again, which finds the first.
            Outcome::Failed { retryable, why } => assert!(retryable, "{why}"),
            Outcome::Pending { detail } => panic!("{detail}"),
        }
    }
    check(&records.request_effect(&freeze).await.unwrap(), expect!["confirmed Some(700): held"]);
    check(&records.poll_effect(&freeze).await.unwrap(), expect!["confirmed Some(700): held"]);
    // A procedure that breaks a rule of the company's is rolled back and not retried.
    let broken = records.request_effect(&effect(EffectKind::Unfreeze, 9)).await.unwrap();
    check(&broken, constraint);
    // Asked for, not yet done by the company: pending until its own job gets to it.
    let late = effect(EffectKind::HoldRecords, 3);
    let pending = expect!["pending: the confirming query has no row yet"];
    check(&records.request_effect(&late).await.unwrap(), pending);
    run_sql(url, "update hold set ready = 1").await.unwrap();
    check(&records.poll_effect(&late).await.unwrap(), expect!["confirmed None: kept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_on_sqlite_is_done_once() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("core.sqlite");
    std::fs::write(&path, b"").unwrap();
    let engine = "engine = \"sqlite\"\npath = \"core.sqlite\"";
    let url = format!("sqlite://{}", path.display());
    let constraint =
        expect!["failed for good: source `core`: a statement of the effect failed (code 275)"];
    check_sql(&url, engine, base.path(), constraint).await;
    // Somebody else holds the file: it may be retried.
    let lost = tempfile::tempdir().unwrap();
    let records = sql_records(engine, base.path()).await;
    std::fs::rename(&path, lost.path().join("away")).unwrap();
    let outcome = records.request_effect(&effect(EffectKind::Freeze, 4)).await.unwrap();
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_on_postgres_is_done_once() {
    let Some(server) = Postgres::start().await else { return };
    let url = server.database().await;
    let engine = format!("engine = \"postgres\"\nurl = \"{url}\"");
    let constraint = expect![
        "failed for good: source `core`: a statement of the effect failed (code 23514, constraint account_free_check)"
    ];
    check_sql(&url, &engine, Path::new("."), constraint).await;
}
