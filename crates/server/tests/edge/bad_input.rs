//! Bad input over real HTTP: the words it is answered with, and that nothing of it is kept.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use server::hi1::limits::MESSAGE_BYTES_MAX;
use server::hi1::{Answer, Payload, parse};

use crate::story::disclose;
use crate::support::{Agency, House};

/// What an HI-1 answer says, action by action.
fn words(status: u16, bytes: &[u8]) -> String {
    let Ok(message) = parse(bytes) else {
        return format!("{status} {}", String::from_utf8_lossy(bytes));
    };
    match message.payload {
        Payload::Refused(error) => format!("{} {}", error.code.0, error.description),
        Payload::Answers(answers) => {
            let lines = answers.into_iter().map(|it| match it.answer {
                Answer::Refused(error) => {
                    format!("{}: {} {}", it.number.0, error.code.0, error.description)
                }
                Answer::Created(..) => format!("{}: created", it.number.0),
                other => format!("{}: {other:?}", it.number.0),
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Payload::Requests(_) => "requests".to_owned(),
    }
}

/// The same words whatever the day: identifiers and times are named, not shown.
fn steady(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive([' ', '\n', '"', ';', ',']) {
        let ends = [' ', '\n', '"', ';', ',', ')'];
        let start = word.trim_start_matches('(');
        out += &word[..word.len() - start.len()];
        let bare = start.trim_end_matches(ends);
        let rest = &start[bare.len()..];
        let shown = match bare {
            _ if bare.parse::<uuid::Uuid>().is_ok() => "UUID",
            _ if bare.parse::<jiff::Timestamp>().is_ok() && !bare.starts_with("19") => "TIME",
            _ => bare,
        };
        out += shown;
        out += rest;
    }
    out
}

struct Desk {
    house: House,
    leaves: u64,
}

impl Desk {
    async fn open() -> Self {
        let house = House::open().await;
        let leaves = house.leaves();
        Self { house, leaves }
    }

    async fn sends(&self, from: &Agency, message: Vec<u8>, expected: Expect) {
        let (status, bytes) = from.caller.call("POST", "/hi1", message).await;
        expected.assert_eq(&steady(&words(status, &bytes)));
        assert_eq!(self.house.leaves(), self.leaves, "something of it was kept");
    }

    /// Replaces a text in a sound message, which must have it.
    async fn spoilt(&self, from: &str, to: &str, expected: Expect) {
        let message = String::from_utf8(sound(&self.house.a)).expect("JSON is UTF-8");
        assert!(message.contains(from), "the sound message has no {from:?}:\n{message}");
        self.sends(&self.house.a, message.replacen(from, to, 1).into_bytes(), expected).await;
    }

    async fn told(&self, who: &str, method: &str, path: &str, body: &str, expected: Expect) {
        let told = self.house.staff(who).told_raw(method, path, body.as_bytes().to_vec()).await;
        expected.assert_eq(&steady(&told));
        assert_eq!(self.house.leaves(), self.leaves, "something of it was kept");
    }
}

fn sound(agency: &Agency) -> Vec<u8> {
    agency.message(&disclose(agency).acts())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_no_messages() {
    let desk = Desk::open().await;
    let a = &desk.house.a;
    desk.sends(a, vec![b' '; MESSAGE_BYTES_MAX + 1], expect!["7002 the message has 16777217 bytes; the limit is 16777216, send large files another way"]).await;
    desk.sends(a, vec![b' '; server::api::BODY_BYTES_MAX + 1], expect![[r#"413 {"error":"too_large","what":"the body has more than 25165824 bytes; send large files another way"}"#]]).await;
    desk.sends(
        a,
        b"[".repeat(100_000),
        expect!["7002 byte 32 opens level 33 of nesting; the limit is 32"],
    )
    .await;
    let mut raw = sound(a);
    raw[30] = 0xff;
    desk.sends(a, raw, expect!["7000 byte 30 is not UTF-8; send the message as UTF-8"]).await;
    desk.sends(
        a,
        b"{\"Header\":".to_vec(),
        expect!["7000 line 1 column 10 cannot be read as JSON: EOF while parsing a value"],
    )
    .await;
    desk.house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_do_not_fit() {
    let desk = Desk::open().await;
    let (a, b) = (&desk.house.a, &desk.house.b);
    // B's certificate, A's name.
    desk.sends(b, sound(a), expect!["7007 $.Header.SenderIdentifier: the certificate of this connection is not enrolled for XX/POLICE-A; connect with the certificate enrolled for it"]).await;
    desk.spoilt("\"LANTERN\"", "\"TORCH\"", expect!["7004 $.Header.ReceiverIdentifier: XX/TORCH is not served here; this service is XX/LANTERN"]).await;
    let now = a.now();
    let message = String::from_utf8(sound(a)).expect("JSON");
    let stamp = message.split("\"Timestamp\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let stamp = stamp.expect("a Timestamp").to_owned();
    let stale = now.checked_sub(jiff::SignedDuration::from_hours(1)).expect("a time");
    let stale = format!("{stale:.6}");
    desk.sends(a, message.replacen(&stamp, &stale, 1).into_bytes(), expect!["7005 $.Header.Timestamp: TIME is 3600 seconds before this service's clock (TIME); the limit is 600, set the clock or send the message anew"]).await;
    let old = "1969-12-31T23:59:59.999999Z";
    desk.sends(a, message.replacen(&stamp, old, 1).into_bytes(), expect!["7001 $.Header.Timestamp: 1969-12-31T23:59:59.999999Z is before 1970; give a date from 1970 to 9999"]).await;
    desk.house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_taken_once() {
    let mut desk = Desk::open().await;
    let message = sound(&desk.house.a);
    let (status, _) = desk.house.a.caller.call("POST", "/hi1", message.clone()).await;
    assert_eq!(status, 200);
    desk.leaves = desk.house.leaves();
    desk.sends(&desk.house.a, message.clone(), expect!["7006 $.Header.TransactionIdentifier: UUID was used before; use a new one for each message, and the stored answer stands"]).await;
    // An identifier is its agency's own: another may use the same number.
    let theirs = String::from_utf8(message).expect("JSON").replace("POLICE-A", "POLICE-B");
    let (_, bytes) = desk.house.b.caller.call("POST", "/hi1", theirs.into_bytes()).await;
    assert!(words(200, &bytes).contains("created"), "{}", words(200, &bytes));
    desk.house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_with_values_out_of_range() {
    let desk = Desk::open().await;
    desk.spoilt("2021-09-01T00:00:00", "1969-09-01T00:00:00", expect![[r#"
        0: 3000 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        1: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        2: 7001 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:StartTime: 1969-09-01T00:00:00Z is before 1970; give a date from 1970 to 9999"#]]).await;
    let a = &desk.house.a;
    let order = crate::story::freeze(a);
    let priced = async |amount: &str, expected: Expect| {
        let message = String::from_utf8(a.message(&order.acts())).expect("JSON");
        assert!(message.contains("\"100000000\""), "{message}");
        let spoilt = message.replacen("\"100000000\"", &format!("{amount:?}"), 1);
        desk.sends(a, spoilt.into_bytes(), expected).await;
    };
    priced("-1", expect![[r#"
        0: 3000 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        1: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        2: 7102 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:RequestValues.task:RequestValue[2].task:Value: "-1" is not an amount; give the asset's smallest unit as a whole number, like 120000000 for 1.2 BTC"#]]).await;
    priced("1.5", expect![[r#"
        0: 3000 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        1: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        2: 7102 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:RequestValues.task:RequestValue[2].task:Value: "1.5" is not an amount; give the asset's smallest unit as a whole number, like 120000000 for 1.2 BTC"#]]).await;
    // One more than the largest that is kept.
    priced("340282366920938463463374607431768211456", expect![[r#"
        0: 3000 $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        1: 7106 $.Payload.RequestPayload.ActionRequests.ActionRequest[1].CREATE.HI1Object: rests on action 0, which is refused: $.Payload.RequestPayload.ActionRequests.ActionRequest[0].CREATE.HI1Object: no task of it is served, so it was not kept; send it with its tasks
        2: 7102 $.Payload.RequestPayload.ActionRequests.ActionRequest[2].CREATE.HI1Object.task:RequestDetails.task:RequestValues.task:RequestValue[2].task:Value: 340282366920938463463374607431768211456 is out of range; the largest amount is 340282366920938463463374607431768211455"#]]).await;
    desk.house.close().await;
}

/// An interception is refused, and the disclosure in the same message goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interception_is_refused_alone() {
    let desk = Desk::open().await;
    let a = &desk.house.a;
    let mut message: Value = serde_json::from_slice(&sound(a)).expect("JSON");
    let actions = message["Payload"]["RequestPayload"]["ActionRequests"]["ActionRequest"]
        .as_array_mut()
        .expect("actions");
    let mut tapping = actions.last().expect("the task's action").clone();
    tapping["ActionIdentifier"] = json!(actions.len());
    let object = &mut tapping["CREATE"]["HI1Object"];
    object["@xsi:type"] = json!("{http://uri.etsi.org/03120/common/2020/09/Task}LITaskObject");
    object["ObjectIdentifier"] = json!(server::random_id().expect("random"));
    actions.push(tapping);
    let (status, bytes) = a.caller.call("POST", "/hi1", message.to_string().into_bytes()).await;
    expect![[r#"
        0: created
        1: created
        2: created
        3: 7100 $.Payload.RequestPayload.ActionRequests.ActionRequest[3].CREATE.HI1Object.@xsi:type: LITaskObject asks for interception, which this service does not carry out; served are AuthorisationObject, LDTaskObject, LPTaskObject, DocumentObject, NotificationObject, DeliveryObject"#]].assert_eq(&steady(&words(status, &bytes)));
    let id = desk.house.newest().await;
    let request = desk.house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
    assert_eq!(request["asks"].as_array().map(Vec::len), Some(1), "one ask, the disclosure");
    desk.house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_are_told_the_place() {
    let mut desk = Desk::open().await;
    desk.house.a.create(&disclose(&desk.house.a).acts()).await;
    let id = desk.house.newest().await;
    desk.leaves = desk.house.leaves();
    let acts = format!("/api/v1/requests/{id}/acts");
    let post = async |path: &str, body: &str, expected: Expect| {
        desk.told("cora", "POST", path, body, expected).await;
    };
    post(&acts, r#"{"act":{"close":{"ask":1}},"note":"x"}"#, expect!["400 input | body, at note | unknown field `note`, expected `act` or `text` at line 1 column 33 | see /api/v1/openapi.json for the shape"]).await;
    post(&acts, r#"{"act":{"close":{"ask":"one"}}}"#, expect![[r#"400 input | body, at act.close.ask | invalid type: string "one", expected u16 at line 1 column 28 | see /api/v1/openapi.json for the shape"#]]).await;
    post(&acts, r#"{"act":{"close":{"ask":70000}}}"#, expect!["400 input | body, at act.close.ask | invalid value: integer `70000`, expected u16 at line 1 column 28 | see /api/v1/openapi.json for the shape"]).await;
    post(&acts, r#"{"act":{"burn":{}}}"#, expect!["400 input | body, at act | unknown variant `burn`, expected one of `start_identity_check`, `verify_identity`, `accept_legal`, `request_information`, `provide_information`, `hold`, `end_hold`, `clear_by_authority`, `return_package`, `approve`, `close`, `refuse`, `withdraw`, `confirm_deletion`, `extend`, `link`, `release`, `confirm_freeze`, `unfreeze`, `retry_effect`, `review_emergency`, `receive_ex_post_order`, `post_message`, `assign` at line 1 column 14 | see /api/v1/openapi.json for the shape"]).await;
    post(
        &acts,
        r#"{"act":{"close":{"ask":1}}} {}"#,
        expect!["400 input | body | trailing characters at line 1 column 29 | send one JSON value"],
    )
    .await;
    post(&acts, "", expect!["400 input | body, at . | EOF while parsing a value at line 1 column 0 | see /api/v1/openapi.json for the shape"]).await;
    let link = r#"{"act":{"link":{"ask":1,"order_sha256":"ABCD"}}}"#;
    post(
        &acts,
        link,
        expect!["400 input | order_sha256 | not a SHA-256 | send 64 lower-case hexadecimal digits"],
    )
    .await;
    post(
        &acts,
        r#"{"act":{"close":{"ask":9}}}"#,
        expect!["404 refused | close for ask 9 | the request has asks 1 to 1 | name one of them"],
    )
    .await;
    let large = " ".repeat(server::api::BODY_BYTES_MAX + 1);
    post(
        &acts,
        &large,
        expect![
            "413 too_large | the body has more than 25165824 bytes; send large files another way"
        ],
    )
    .await;
    post("/api/v1/requests/4711/acts", "{}", expect!["400 input | path | Invalid URL: Cannot parse `request` with value `4711`: UUID parsing failed: invalid length: found 4 | see /api/v1/openapi.json for the parameters"]).await;
    post("/api/v1/check", r#"{"regime":"moon","order":{}}"#, expect!["400 input | body, at order | missing field `instrument` at line 1 column 27 | see /api/v1/openapi.json for the shape"]).await;
    let get = async |path: &str, expected: Expect| {
        desk.told("bo", "GET", path, "", expected).await;
    };
    get("/api/v1/requests?rows=many", expect!["400 input | query | Failed to deserialize query string: rows: invalid digit found in string | see /api/v1/openapi.json for the parameters"]).await;
    get("/api/v1/requests?color=red", expect!["400 input | query | Failed to deserialize query string: color: unknown field `color`, expected one of `state`, `rows`, `after` | see /api/v1/openapi.json for the parameters"]).await;
    get(
        "/api/v1/requests?state=ajar",
        expect![[r#"400 input | query, at state | "ajar" | say open or closed"#]],
    )
    .await;
    get(&format!("/api/v1/requests/{id}/exhibits/x/csv"), expect!["400 input | path | Invalid URL: Cannot parse value at index 1 with value `x` to a `u16` | see /api/v1/openapi.json for the parameters"]).await;
    let root = async |body: &str, expected: Expect| {
        desk.told("root", "POST", "/api/v1/staff", body, expected).await;
    };
    root(r#"{"name":"x","roles":["king"],"certificate_sha256":""}"#, expect!["400 input | body, at roles[0] | unknown variant `king`, expected one of `verifier`, `counsel`, `analyst`, `approver`, `on_call`, `auditor`, `administrator`, `intake`, `officer`, `agency_supervisor`, `agency_key_holder`, `partner`, `system` at line 1 column 27 | see /api/v1/openapi.json for the shape"]).await;
    root(
        r#"{"name":"x","roles":["counsel"],"certificate_sha256":"12"}"#,
        expect!["400 input | certificate_sha256 | not a SHA-256 | send 64 hexadecimal digits"],
    )
    .await;
    desk.house.close().await;
}
