//! What may not happen twice, too often or by the wrong hand: users told, searches made, work of
//! cases given up.

use desk::ids::{AskNumber, EffectId};
use records::{Selector, SelectorKind};
use serde_json::{Value, json};
use server::app::intake::OfficerAct;
use server::app::lookup::FoundOrder;
use sqlx::{ConnectOptions as _, Connection as _};
use uuid::Uuid;

use crate::signed::{Officer, agency, order};
use crate::story::freezing_order;
use crate::support::{ACCOUNT, House, OTHER_ACCOUNT, approval};

/// Runs SQL in one of the house's databases.
async fn run(house: &House, database: &str, sql: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(house.path(database))
        .busy_timeout(std::time::Duration::from_secs(20));
    let mut connection = options.connect().await.expect("a database");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect(sql);
    connection.close().await.expect("closed");
}

/// Accounts whose users were told, as the exchange's own mailing finds them.
async fn told(house: &House) -> Vec<String> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(house.path("exchange.sqlite"));
    let mut connection = options.connect().await.expect("the exchange's database");
    let sql = "select account_id from notices order by account_id";
    let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect("rows");
    connection.close().await.expect("closed");
    rows
}

fn status(request: &Value) -> &str {
    request["asks"][0]["effects"][0]["status"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_failed_in_the_middle_goes_on_where_it_stopped() {
    let house = House::open().await;
    let officer = Officer::enrol_with(&house, agency(&house).await, "Iris Tan", None).await;
    let mut act = order(&house, ACCOUNT);
    if let OfficerAct::File(filed) = &mut act {
        let other = Selector::read(SelectorKind::AccountId, OTHER_ACCOUNT).expect("an account");
        filed.selectors.push((AskNumber(1), other));
    }
    // The exchange's mailing takes one notice and then no more.
    let stop = "create trigger stop before insert on notices \
                when (select count(*) from notices) >= 1 \
                begin select raise(abort, 'no more today'); end";
    run(&house, "exchange.sqlite", stop).await;
    let id = officer.send(&house, act).await.expect("filed");
    house.prove_by(&id, "passkey").await;
    house.staff("cora").act(&id, json!({ "accept_legal": { "ask": 1 } })).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    let request = house.until(&id, |request| status(request) == "failed").await;
    let first = told(&house).await;
    assert_eq!(first.len(), 1, "{first:?}");

    // Whatever the mailing has forgotten since: nobody is told again.
    run(&house, "exchange.sqlite", "drop trigger stop; delete from notices").await;
    let effect = request["asks"][0]["effects"][0]["effect"].clone();
    house.staff("bo").act(&id, json!({ "retry_effect": { "effect": effect } })).await;
    house.until(&id, |request| status(request) == "confirmed").await;
    let second = told(&house).await;
    assert_eq!(second.len(), 1, "{second:?}");
    assert_ne!(first, second);
    let case = house.node().case(desk::ids::RequestId(id.parse().expect("an id"))).await;
    let case = case.expect("readable");
    let answer = case.confirmed.values().next().expect("confirmed");
    assert_eq!(answer.detail, "2 account(s) told");
    assert_eq!(answer.notice.as_ref().expect("a notice").accounts, [OTHER_ACCOUNT, ACCOUNT]);
    house.close().await;
}

/// A dead job, as one that used up its attempts.
async fn bury(house: &House, number: u64, kind: &str, request: &str, body: &Value) {
    let stream = request.parse::<Uuid>().expect("an id").simple();
    run(
        house,
        "desk.sqlite",
        &format!(
            "insert into job (job_id, kind, stream, body, run_at, attempts, attempts_max, state, \
             last_error) values ({number}, '{kind}', x'{stream}', '{body}', 0, 8, 8, 'dead', \
             'account LX-000001 said no')"
        ),
    )
    .await;
}

fn jobs(list: &Value) -> Vec<String> {
    let jobs = list["jobs"].as_array().expect("a list");
    jobs.iter()
        .map(|job| {
            let request = if job["request"].is_null() { "-" } else { "request" };
            let may = if job["may_give_up"] == true { "may give up" } else { "-" };
            let error = job["error"].as_str().unwrap_or("-");
            format!("{} {request} {may} {error}", job["kind"].as_str().expect("a kind"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_of_a_case_is_given_up_by_whoever_works_on_cases_and_the_case_says_so() {
    let house = House::open().await;
    // An empty account is never frozen, so the effect stays open.
    let id = freezing_order(&house, OTHER_ACCOUNT).await;
    let request = house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
    assert_eq!(status(&request), "requested");
    let effect = request["asks"][0]["effects"][0]["effect"].as_str().expect("an id").to_owned();
    let effect_id = EffectId(effect.parse().expect("an id"));
    bury(&house, 901, "effect", &id, &json!({ "kind": "effect", "ask": 1, "effect": effect_id }))
        .await;
    bury(&house, 902, "watch", &id, &json!({ "kind": "watch" })).await;
    bury(&house, 903, "push", &id, &json!({ "kind": "push", "asks": [1] })).await;
    bury(&house, 904, "notify", &id, &json!({ "kind": "notify", "first": 1, "last": 1 })).await;
    let dead = async |who: &str| jobs(&house.staff(who).get("/api/v1/jobs/dead").await);
    // An administrator learns neither of the request nor of the watch nor what records said.
    assert_eq!(
        dead("root").await,
        [
            "effect - - -",
            "push - - account LX-000001 said no",
            "notify - may give up account LX-000001 said no",
        ]
    );
    for who in ["bo", "cora"] {
        assert_eq!(
            dead(who).await,
            [
                "effect request may give up account LX-000001 said no",
                "watch request - account LX-000001 said no",
                "push request may give up account LX-000001 said no",
            ]
        );
    }
    let give_up = async |who: &str, job: u64| {
        let path = format!("/api/v1/jobs/{job}/give-up");
        let (status, _) = house.staff(who).call("POST", &path, Vec::new()).await;
        status
    };
    for (who, job) in [("root", 901), ("root", 902), ("vera", 901), ("aud", 901), ("bo", 904)] {
        assert_eq!(give_up(who, job).await, 404, "{who} {job}");
    }
    assert_eq!(give_up("cora", 902).await, 400, "the watch is owed");
    assert_eq!(dead("cora").await.len(), 3);
    let leaves = house.leaves();
    let (one, two) = tokio::join!(give_up("bo", 901), give_up("cora", 901));
    assert_eq!([one.min(two), one.max(two)], [204, 404], "one of them was faster");
    assert_eq!(house.leaves(), leaves + 1, "and only that one is on the record");
    let request = house.staff("bo").get(&format!("/api/v1/requests/{id}")).await;
    assert_eq!(status(&request), "failed");
    assert_eq!(give_up("bo", 903).await, 204, "the package stays where it can be fetched");
    assert_eq!(give_up("root", 904).await, 204);
    // What was given up can be tried again, by the case's own rules.
    house.staff("bo").act(&id, json!({ "retry_effect": { "effect": effect } })).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_search_no_more_often_than_people() {
    let house = House::open().await;
    let find = "/api/v1/requests/find";
    let wanted = json!({ "words": "LX-999999" });
    let (vera, burst) = (house.staff("vera"), server::rate::SEARCHES.burst);
    for _ in 0..burst - 1 {
        vera.post(find, &wanted).await;
    }
    // The page and the program draw from the same bucket.
    let directory = house.node().directory();
    let who = directory.staff().find(|person| person.name == "vera").expect("vera").id;
    let who = directory.person(desk::ids::ActorId::Staff(who), house.clock.now()).expect("vera");
    house.node().look_up(&who, "LX-999999", FoundOrder::Newest, None).await.expect("the last");
    let told = vera.told("POST", find, &wanted).await;
    assert_eq!(told, "429 too_often | this was asked for too often; try again in 10 s");
    let wait = vera.answered_header("POST", find, &wanted, "retry-after").await;
    assert_eq!(wait, "10");
    house.staff("cora").post(find, &wanted).await;
    house.clock.forward(jiff::SignedDuration::from_secs(10));
    vera.post(find, &wanted).await;
    house.close().await;
}
