//! Every route without rights. The list comes from the OpenAPI document, so that a new route
//! cannot be forgotten.

use serde_json::{Value, json};
use server::hi1::{Act, Answer};
use uuid::Uuid;

use crate::story::disclose;
use crate::support::{Caller, House};

/// Answers on loopback, where the tests run, to anybody.
const LOOPBACK: &str = "/metrics";

/// Every method and path, its tag, and whether anybody may call it.
fn routes() -> Vec<(String, String, String)> {
    let value = serde_json::to_value(server::api::document()).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in value["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let tag = operation["tags"][0].as_str().expect("a tag").to_owned();
            routes.push((method.clone(), path.clone(), tag));
        }
    }
    routes
}

/// A path with parameters that name what is there.
fn filled(path: &str, request: &str, key: Uuid) -> String {
    let path = path.replace("{request}", request).replace("{key}", &key.to_string());
    let path = path.replace("{staff}", &Uuid::nil().to_string()).replace("{format}", "csv");
    let path = path.replace("{ask}", "1").replace("{table}", "1").replace("{exhibit}", "1");
    let path = path.replace("{job}", "1").replace("{alarm}", &Uuid::nil().to_string());
    let path = path.replace("{package}", "1").replace("{path}", "0/000");
    assert!(!path.contains('{'), "the test does not know a parameter of {path}; teach it");
    path
}

async fn hidden(who: &Caller, name: &str, method: &str, path: &str, nothing: &[u8]) {
    let bodies = match method {
        "get" => vec![Value::Null],
        // Neither a body that cannot be read nor a sound one may tell that something is here.
        _ => vec![
            json!({}),
            json!({ "act": { "close": { "ask": 1 } } }),
            json!({ "account": "LX-004711" }),
            json!({ "answers": [] }),
            json!({ "reason": "none" }),
        ],
    };
    for body in bodies {
        let sent = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (status, bytes) = who.call(method, path, sent).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(status, 404, "{name}: {method} {path} with {body}: {text}");
        assert_eq!(bytes, nothing, "{name}: {method} {path} with {body}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_rights_there_is_nothing() {
    let house = House::open().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let request = house.newest().await;
    // So many refusals may raise an alarm, which is on the record too.
    let alarms = server::app::security::ALARM_STREAM;
    let done = async || {
        let raised = house.node().store.reader().load(alarms).await.expect("alarms").len();
        house.leaves() - raised as u64
    };
    let before = done().await;
    let (stranger, unknown) = (house.stranger(), house.unknown());
    let (status, nothing) = stranger.call("GET", "/nothing/at/all", Vec::new()).await;
    assert_eq!(status, 404);
    let mut tried = 0;
    for (method, path, tag) in routes() {
        let full = filled(&path, &request, house.a.key);
        if server::api::PUBLIC.contains(&path.as_str()) || path == LOOPBACK {
            let (status, _) = stranger.call(&method, &full, Vec::new()).await;
            let absent_tile = path.contains("tile") && status == 404;
            assert!(status == 200 || absent_tile, "{path} is public and answered {status}");
            continue;
        }
        hidden(&stranger, "no certificate", &method, &full, &nothing).await;
        hidden(&unknown, "unknown certificate", &method, &full, &nothing).await;
        let lacking: &[&str] = match tag.as_str() {
            "requests" => &["root"],
            // Whoever works on cases may mark a key; the others of the directory are not theirs.
            "directory" if path.contains("fraud-mark") => &["root", "ines", "aud"],
            // Auditors read alarms, administrators say what they were.
            "alarms" if method == "get" => &["bo", "vera", "ada", "ines", "olga"],
            "alarms" => &["bo", "vera", "ada", "ines", "aud"],
            "jobs" => &["ada", "vera", "aud", "ines"],
            "directory" => &["bo", "cora", "aud", "ines"],
            // An agency's edge: no staff at all.
            "hi1" => &["root", "bo", "cora", "ada", "ines"],
            other => panic!("{method} {path} has tag {other:?}: who may call it?"),
        };
        for name in lacking {
            hidden(house.staff(name), name, &method, &full, &nothing).await;
        }
        tried += 1;
    }
    assert!(tried >= 18, "only {tried} routes were tried");
    // A method that a path does not know tells no more than a path that is not there.
    for (method, path) in [("GET", "/hi1"), ("PUT", "/api/v1/staff"), ("PATCH", "/healthz")] {
        hidden(&stranger, "no certificate", &method.to_lowercase(), path, &nothing).await;
    }
    assert_eq!(done().await, before, "something was done");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_looks_like_what_is_missing() {
    let house = House::open().await;
    let order = disclose(&house.a);
    house.a.create(&order.acts()).await;
    let (there, nowhere) = (house.newest().await, Uuid::from_u128(4711).to_string());
    for (method, path, tag) in routes() {
        if tag != "requests" || !path.contains("{request}") {
            continue;
        }
        let own = filled(&path, &there, house.a.key);
        let none = filled(&path, &nowhere, house.a.key);
        for who in [&house.b.caller, house.staff("omar"), house.staff("root")] {
            for body in [json!({}), json!({ "act": { "withdraw": { "ask": 1 } } })] {
                let sent = body.to_string().into_bytes();
                let hidden = who.call(&method, &own, sent.clone()).await;
                let missing = who.call(&method, &none, sent).await;
                assert_eq!(hidden, missing, "{method} {path} with {body}");
                assert_eq!(hidden.0, 404);
            }
        }
    }
    // The same over HI-1: another agency's object and one that is not there.
    let unknown = server::hi1::value::ObjectId(Uuid::from_u128(4711));
    for act in [|id| Act::Get(id), server::hi1::compose::withdraw_disclosure] {
        let answers = house.b.send(&[act(order.task(0)), act(unknown)]).await;
        let told = |answer: &Answer, id: String| match answer {
            Answer::Refused(error) => {
                let place = error.description.replace(&id, "ID").replace("[1]", "[0]");
                format!("{} {place}", error.code.0)
            }
            other => panic!("{other:?}"),
        };
        let hidden = told(&answers[0], order.task(0).to_string());
        assert_eq!(hidden, told(&answers[1], unknown.to_string()));
    }
    house.close().await;
}
