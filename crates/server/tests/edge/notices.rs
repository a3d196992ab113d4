//! People and machines that are told to look, through a real mail server and real sockets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::ids::StaffId;
use desk::order::{EmergencyKind, InstrumentKind, IssuerType};
use desk::policy::Role;
use expect_test::expect;
use jiff::SignedDuration;
use serde_json::{Value, json};
use server::app::intake::OfficerAct;
use server::config::Webhook;
use server::directory::{Change, ChangePayload, console};
use store::JobId;

use crate::post::{PostOffice, until};
use crate::signed::{Officer, agency, order};
use crate::story::disclose;
use crate::support::{ACCOUNT, House, Plans, approval};

/// Attempts of a job before a person is needed, with some to spare.
const ATTEMPTS_MAX: usize = 40;

pub(crate) async fn person(house: &House, name: &str, role: Role) {
    let by = console();
    let staff = StaffId(server::random_id().expect("random bytes"));
    let roles = vec![role];
    let change = Change::StaffAdded { staff, roles, certificate_sha256: None, by: by.id };
    let email = Some(format!("{name}@lantern.example"));
    let said = ChangePayload { name: name.to_owned(), email, ..ChangePayload::default() };
    house.node().change_directory(&by, &change, &said).await.expect("added");
}

pub(crate) async fn officer(house: &House) -> Officer {
    Officer::enrol_with(house, agency(house).await, "Iris Tan", Some("iris@harbour.example")).await
}

fn emergency(house: &House) -> OfficerAct {
    let mut act = order(house, ACCOUNT);
    if let OfficerAct::File(filed) = &mut act {
        filed.order.instrument = InstrumentKind::EmergencyRequest;
        filed.order.issuer = IssuerType::Police;
        filed.order.asks[0].emergency = Some(EmergencyKind::Person);
    }
    act
}

async fn a_minute(house: &House) {
    settled(house).await;
    house.clock.forward(SignedDuration::from_secs(61));
}

/// Who a mail is for, and what it says to do.
fn line(mail: &str) -> String {
    let of = |name: &str| {
        let lines = mail.lines().take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.strip_prefix(name)).next().unwrap_or("nothing").to_owned()
    };
    format!("{}: {}", of("To: "), of("Subject: "))
}

pub(crate) fn lines(mails: &[String]) -> Vec<String> {
    mails.iter().map(|mail| line(mail)).collect()
}

/// Who got work is told, once for all that came within a minute; whoever took it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_given_requests_is_told_to_look() {
    let Some(office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    person(&house, "bea", Role::Analyst).await;
    let mut requests = Vec::new();
    for _ in 0..3 {
        house.a.create(&disclose(&house.a).acts()).await;
        requests.push(house.newest().await);
    }
    let directory = house.node().directory();
    let bea = directory.staff().find(|person| person.name == "bea").expect("added").id;
    for id in &requests {
        house.staff("cora").act(id, json!({ "assign": { "to": bea } })).await;
    }
    a_minute(&house).await;
    assert_eq!(lines(&office.mails(1).await), ["bea@lantern.example: Please look at the portal"]);
    // Her own doing, and nobody's: no mail.
    let actor = house
        .node()
        .directory()
        .person(desk::ids::ActorId::Staff(bea), house.clock.now())
        .expect("bea");
    let id = desk::ids::RequestId(requests[0].parse().expect("a uuid"));
    for to in [None, Some(bea)] {
        let act = server::app::Act::new(id, desk::request::Command::Assign { to });
        house.node().act(&actor, act).await.expect("assigned");
    }
    a_minute(&house).await;
    settled(&house).await;
    assert_eq!(office.mails(1).await.len(), 1);
    house.close().await;
}

/// A new address counts when its link was opened by the same person; until then the old one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_counts_when_its_link_was_opened() {
    let Some(office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    person(&house, "bea", Role::Analyst).await;
    person(&house, "una", Role::Verifier).await;
    let node = house.node();
    let who = |name: &str| {
        let directory = node.directory();
        let person = directory.staff().find(|person| person.name == name).expect("added");
        directory.person(desk::ids::ActorId::Staff(person.id), house.clock.now()).expect("known")
    };
    let (bea, una) = (who("bea"), who("una"));
    let address = || {
        let directory = node.directory();
        let (now, before) = directory.addresses(bea.id);
        format!("{} before {}", now.unwrap_or("none"), before.unwrap_or("none"))
    };
    let wrong = node.propose_address(&bea, "nowhere").await.expect_err("no address");
    assert_eq!(wrong.to_string(), "address: that is no mail address; write name@host");
    node.propose_address(&bea, "b.new@lantern.example").await.expect("a link is mailed");
    // A long line is folded on its way (RFC 2045, section 6.7).
    let unfolded = |mail: &String| mail.replace("=\n", "");
    let mail = unfolded(&office.mails(1).await[0]);
    assert_eq!(line(&mail), "b.new@lantern.example: Please confirm your mail address");
    let link = mail.split("/address/").nth(1).expect("a link");
    let token: String = link.chars().take_while(char::is_ascii_hexdigit).collect();
    assert_eq!(token.len(), 64);
    assert_eq!(address(), "bea@lantern.example before none");
    assert!(node.confirm_address(&una, &token).await.is_err(), "the link is bea's");
    house.clock.forward(SignedDuration::from_hours(24));
    assert!(node.confirm_address(&bea, &token).await.is_err(), "a day is over");

    node.propose_address(&bea, "b.new@lantern.example").await.expect("another link is mailed");
    let mails: Vec<String> = office.mails(2).await.iter().map(unfolded).collect();
    let newest = mails.iter().find(|mail| !mail.contains(&token)).expect("another secret");
    let link = newest.split("/address/").nth(1).expect("a link");
    let token: String = link.chars().take_while(char::is_ascii_hexdigit).collect();
    node.confirm_address(&bea, &token).await.expect("confirmed");
    assert_eq!(address(), "b.new@lantern.example before bea@lantern.example");
    assert!(node.confirm_address(&bea, &token).await.is_err(), "a link is used once");

    // Set by an administrator, at once; nobody sets the own one so.
    node.set_address(&console(), bea.id, "bea.h@lantern.example").await.expect("set");
    assert_eq!(address(), "bea.h@lantern.example before b.new@lantern.example");
    assert!(node.set_address(&una, bea.id, "x@lantern.example").await.is_err(), "no right to it");
    let own = node.set_address(&console(), console().id, "x@lantern.example").await;
    assert!(own.expect_err("the own one").to_string().contains("ask for the link"));
    let events = node.store.reader().load(server::directory::STREAM).await.expect("read");
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event.event_json.split('"').nth(3))
        .filter(|kind| kind.starts_with("mail_"))
        .collect();
    assert_eq!(kinds, ["mail_proposed", "mail_proposed", "mail_changed", "mail_changed"]);
    assert!(events.iter().all(|event| !event.event_json.contains('@')), "no address in an event");
    house.close().await;
}

/// A mail server that is away costs nobody the link, and nobody waits for it. What is kept of the
/// link until then opens nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_mailed_when_the_mail_server_is_back() {
    let Some(mut office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    person(&house, "bea", Role::Analyst).await;
    let node = house.node();
    let directory = node.directory();
    let bea = directory.staff().find(|person| person.name == "bea").expect("added").id;
    let bea = directory.person(desk::ids::ActorId::Staff(bea), house.clock.now()).expect("known");
    office.shut();
    node.propose_address(&bea, "b.new@lantern.example").await.expect("asked for");
    let failed = |(attempts, leased, dead): (i64, bool, bool)| attempts > 0 && !leased && !dead;
    until("an attempt fails", async || job(&house, "mail").await.is_some_and(failed)).await;
    let mut kept = String::new();
    for entry in std::fs::read_dir(house.path("")).expect("a folder").flatten() {
        if entry.file_name().to_string_lossy().contains("sqlite") {
            kept += &String::from_utf8_lossy(&std::fs::read(entry.path()).expect("a file"));
        }
    }
    assert!(kept.contains("\"kind\":\"link\""), "the job is looked for in the right files");
    office.start().await;
    house.clock.forward(SignedDuration::from_hours(1));
    let mail = office.mails(1).await[0].replace("=\n", "");
    let link = mail.split("/address/").nth(1).expect("a link");
    let token: String = link.chars().take_while(char::is_ascii_hexdigit).collect();
    assert_eq!(token.len(), 64);
    assert!(!kept.contains(&token), "a copy of the store opens the link");
    node.confirm_address(&bea, &token).await.expect("confirmed");
    until("the job is done", async || job(&house, "mail").await.is_none()).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_to_look_and_nothing_else() {
    let Some(office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    person(&house, "una", Role::Verifier).await;
    person(&house, "dora", Role::Counsel).await;
    let officer = officer(&house).await;
    office.clear(1).await;
    let id = officer.send(&house, order(&house, ACCOUNT)).await.expect("filed");
    a_minute(&house).await;
    assert_eq!(lines(&office.mails(1).await), ["una@lantern.example: Please look at the portal"]);

    // What happens within a minute is one mail, and staff are not told of what staff do.
    house.prove_by(&id, "passkey").await;
    let cora = house.staff("cora");
    cora.act(&id, json!({ "post_message": {} })).await;
    cora.act(&id, json!({ "request_information": { "ask": 1, "codes": ["incomplete"] } })).await;
    a_minute(&house).await;
    let mails = office.mails(2).await;
    assert_eq!(line(&mails[1]), "iris@harbour.example: Please look at the portal");
    // The officer answers: whose turn it is, is told, and it is counsel's again.
    let request = desk::ids::RequestId(id.parse().expect("a uuid"));
    let message = desk::request::Command::PostMessage { ask: None };
    let message = server::app::Act::new(request, message);
    house.node().act(&officer.actor, message).await.expect("posted");
    a_minute(&house).await;
    let mails = office.mails(3).await;
    assert_eq!(line(&mails[2]), "dora@lantern.example: Please look at the portal");

    let whole: Vec<&str> = mails[1]
        .lines()
        .skip_while(|line| !line.starts_with("From: "))
        .filter(|line| !line.starts_with("Date: ") && !line.starts_with("Message-ID: "))
        .collect();
    expect![[r#"
        From: "Lantern Desk" <desk@lantern.example>
        To: iris@harbour.example
        Subject: Please look at the portal
        Auto-Submitted: auto-generated
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        Please look at the portal:

        http://localhost:8080/

        Nothing else is ever sent by mail, and nobody reads answers to it."#]]
    .assert_eq(whole.join("\n").trim_end());
    let reference = "7 Gs 12/26";
    for mail in &mails {
        for told in [id.as_str(), ACCOUNT, reference, "Iris", "Harbour Police", "order", "disclose"]
        {
            assert!(!mail.contains(told), "{told:?} is in\n{mail}");
        }
        assert!(mail.contains("esmtpsa"), "over TLS, with a password:\n{mail}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emergency_calls_at_once_and_its_clock_calls_again() {
    let Some(office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    person(&house, "otto", Role::OnCall).await;
    person(&house, "dora", Role::Counsel).await;
    let officer = officer(&house).await;
    office.clear(1).await;
    // Practice wakes nobody.
    let mut practice = emergency(&house);
    if let OfficerAct::File(filed) = &mut practice {
        filed.order.is_test = true;
    }
    let practice = officer.send(&house, practice).await.expect("filed");
    // No clock is moved: it comes at once.
    let id = officer.send(&house, emergency(&house)).await.expect("filed");
    let now = "otto@lantern.example: Please look at the portal now";
    assert_eq!(lines(&office.mails(1).await), [now]);

    // Eight hours (the company's own rule): at 50, 80 and 95 percent.
    let withdrawn = OfficerAct::Withdraw {
        request: desk::ids::RequestId(practice.parse().expect("a uuid")),
        asks: vec![desk::ids::AskNumber(1)],
        text: "practised enough".to_owned(),
    };
    officer.send(&house, withdrawn).await.expect("withdrawn");
    house.clock.forward(SignedDuration::from_hours(4));
    assert_eq!(lines(&office.mails(2).await), [now, now]);
    house.clock.forward(SignedDuration::from_mins(144));
    assert_eq!(lines(&office.mails(3).await), [now, now, now]);
    // At 95 percent counsel hears of it, in the ordinary way.
    house.clock.forward(SignedDuration::from_mins(73));
    office.mails(4).await;
    a_minute(&house).await;
    let mails = office.mails(5).await;
    let ordinary = "dora@lantern.example: Please look at the portal";
    assert_eq!(lines(&mails)[3..], [now, ordinary]);
    // Past its end the breach is on the record, and calls once more.
    house.clock.forward(SignedDuration::from_hours(1));
    house.until(&id, |request| request.to_string().contains("clock_breached")).await;
    office.mails(6).await;
    a_minute(&house).await;
    let mails = office.mails(7).await;
    assert_eq!(lines(&mails)[5..], [now, ordinary]);
    house.close().await;
}

/// A job as it lies in the store: attempts made, being attempted, dead.
async fn job(house: &House, kind: &str) -> Option<(i64, bool, bool)> {
    use sqlx::{ConnectOptions as _, Connection as _, Row as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(house.path("desk.sqlite"));
    let mut connection = options.connect().await.expect("the node's store");
    let sql = "select attempts, lease_token is not null, state = 'dead' from job where kind = $1";
    let row = sqlx::query(sql).bind(kind).fetch_optional(&mut connection).await.expect("a row");
    connection.close().await.expect("closed");
    row.map(|row| (row.get(0), row.get(1), row.get(2)))
}

/// Everybody who is told was found.
async fn settled(house: &House) {
    until("who is told is found", async || job(house, "notify").await.is_none()).await;
}

/// Moves the clock, a back-off at a time, until the job of this kind is dead.
async fn until_dead(house: &House, kind: &str) -> Value {
    let mut made = 0;
    for _ in 0..ATTEMPTS_MAX {
        let over = |(attempts, leased, _): (i64, bool, bool)| attempts > made && !leased;
        until("an attempt ends", async || job(house, kind).await.is_some_and(over)).await;
        let (attempts, _, dead) = job(house, kind).await.expect("it is there");
        if dead {
            return house.staff("root").get("/api/v1/jobs/dead").await;
        }
        made = attempts;
        house.clock.forward(SignedDuration::from_mins(61));
    }
    panic!("it never died");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_away_is_waited_for_and_then_a_person_decides() {
    let Some(mut office) = PostOffice::open().await else { return };
    let house = House::with(Plans { mail: Some(office.settings()), ..Plans::default() }).await;
    person(&house, "una", Role::Verifier).await;
    let officer = officer(&house).await;
    office.clear(1).await;
    office.shut();
    officer.send(&house, order(&house, ACCOUNT)).await.expect("filed");
    a_minute(&house).await;
    let dead = until_dead(&house, "mail").await;
    let mut job = dead["jobs"][0].clone();
    let number = job["job"].take();
    let (to, failed_at) = (job["to"].take(), job["failed_at"].take());
    assert!(to.as_str().expect("somebody").starts_with("staff:"), "{to}");
    assert!(failed_at.is_string(), "{failed_at}");
    expect![[r#"{"attempts":24,"error":"this cannot be done at the moment: no mail server was there: Connection refused (os error 111)","failed_at":null,"job":null,"kind":"mail","may_give_up":true,"to":null}"#]]
        .assert_eq(&job.to_string());
    let metrics = house.staff("root").call("GET", "/metrics", Vec::new()).await.1;
    assert!(String::from_utf8_lossy(&metrics).contains("\ncomity_jobs_dead 1\n"));

    office.start().await;
    let root = house.staff("root");
    root.post(&format!("/api/v1/jobs/{number}/retry"), &json!({})).await;
    assert_eq!(lines(&office.mails(1).await), ["una@lantern.example: Please look at the portal"]);
    let decided = house.node().store.reader().load(server::app::dead::STREAM).await.expect("read");
    assert_eq!(decided.len(), 1);
    assert!(decided[0].event_json.contains("\"kind\":\"job_retried\""), "{decided:?}");
    assert!(decided[0].event_json.contains("\"by\":\"staff:"), "{decided:?}");
    let again = root.call("POST", &format!("/api/v1/jobs/{number}/retry"), Vec::new()).await;
    assert_eq!(again.0, 404, "it is no longer dead");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_mails_from_being_sent_is_told_before() {
    let Some(office) = PostOffice::open().await else { return };
    let told = async |mail| {
        let house = House::with(Plans { mail: Some(mail), ..Plans::default() }).await;
        person(&house, "otto", Role::OnCall).await;
        let said = house.node().notices.check(&house.node().directory()).await;
        house.close().await;
        said.map_or_else(|why| format!("fault: {why}"), |hints| hints.join("\n"))
    };
    expect![[r#"
        no verifier has a mail address: nobody is told when it is time
        no counsel has a mail address: nobody is told when it is time
        no analyst has a mail address: nobody is told when it is time
        no approver has a mail address: nobody is told when it is time
        no administrator has a mail address: nobody is told when it is time"#]]
    .assert_eq(&told(office.settings()).await);
    let wrong = server::config::Mail {
        password_file: Some(office.path("wrong-password")),
        ..office.settings()
    };
    expect!["fault: the mail server answered 535: it does not accept mail.user and its password"]
        .assert_eq(&told(wrong).await);
    let stranger = server::config::Mail { roots: None, ..office.settings() };
    let said = told(stranger).await;
    assert!(said.starts_with("fault: no TLS with the mail server: "), "{said}");
    let elsewhere = server::config::Mail { port: Some(9), ..office.settings() };
    expect!["fault: no mail server was there: Connection refused (os error 111)"]
        .assert_eq(&told(elsewhere).await);
}

/// A machine that listens: what it heard, and what it answers.
#[derive(Clone)]
pub(crate) struct Ear {
    heard: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answer: Arc<Mutex<StatusCode>>,
    url: String,
}

impl Ear {
    pub(crate) async fn open() -> Self {
        let heard: Arc<Mutex<Vec<(HeaderMap, String)>>> = Arc::default();
        let answer = Arc::new(Mutex::new(StatusCode::NO_CONTENT));
        let (list, says) = (heard.clone(), answer.clone());
        let hook = post(async move |headers: HeaderMap, body: String| {
            list.lock().expect("no panic").push((headers, body));
            (*says.lock().expect("no panic"), [(header::LOCATION, "/elsewhere")])
        });
        let routes = axum::Router::new().route("/hook", hook.clone()).route("/elsewhere", hook);
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", tcp.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(tcp, routes).await });
        Self { heard, answer, url }
    }

    fn says(&self, status: StatusCode) {
        *self.answer.lock().expect("no panic") = status;
    }

    pub(crate) async fn heard(&self, count: usize) -> Vec<(HeaderMap, String)> {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        let looking = async {
            while self.heard.lock().expect("no panic").len() < count {
                pace.tick().await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(30), looking).await.is_ok(), "silence");
        self.heard.lock().expect("no panic").clone()
    }
}

/// What a receiver does, as docs/formats/webhook.md says it.
pub(crate) fn checked(headers: &HeaderMap, body: &str, secret: &[u8]) -> bool {
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let signed = format!("{}.{}.{body}", of("webhook-id"), of("webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    of("webhook-signature").split(' ').any(|one| {
        let tag = one.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        tag.is_some_and(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
    })
}

pub(crate) fn webhook(dir: &std::path::Path, ear: &Ear, events: &[&str]) -> (Webhook, Vec<u8>) {
    use std::os::unix::fs::PermissionsExt as _;
    let secret: [u8; 32] = server::random_bytes().expect("random bytes");
    let file = dir.join("secret");
    std::fs::write(&file, format!("whsec_{}\n", STANDARD.encode(secret))).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("private");
    let events = events.iter().map(|word| (*word).to_owned()).collect();
    let (name, url) = ("siem".to_owned(), ear.url.clone());
    (Webhook { name, url, events, secret_file: file }, secret.to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_hears_what_it_asked_for_signed_and_without_the_case() {
    let (ear, dir) = (Ear::open().await, tempfile::tempdir().expect("a folder"));
    let events = ["received", "legal_accepted", "delivered", "clock_warning"];
    let (hook, secret) = webhook(dir.path(), &ear, &events);
    let house = House::with(Plans { webhook: vec![hook], ..Plans::default() }).await;
    // It is away for a moment: the same message comes again.
    ear.says(StatusCode::SERVICE_UNAVAILABLE);
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    ear.heard(1).await;
    ear.says(StatusCode::NO_CONTENT);
    house.clock.forward(SignedDuration::from_secs(3));
    let heard = ear.heard(2).await;
    assert_eq!(heard[0].0["webhook-id"], heard[1].0["webhook-id"], "a receiver knows it again");
    assert_eq!(heard[0].1, heard[1].1);
    house.accept(&id).await;
    let heard = ear.heard(3).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let mut heard: Vec<_> = [heard, ear.heard(4).await[3..].to_vec()].concat();
    heard.remove(0);
    let kinds: Vec<Value> = heard
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON")["type"].clone())
        .collect();
    assert_eq!(kinds, ["request.received", "request.legal_accepted", "request.delivered"]);
    for (headers, body) in &heard {
        assert!(checked(headers, body, &secret), "{headers:?} {body}");
        assert!(
            !checked(headers, &body.replace("request", "Request"), &secret),
            "any change shows"
        );
        assert!(!checked(headers, body, &[7; 32]), "another secret");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let names: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["data", "id", "timestamp", "type"]);
        assert_eq!(body["data"], json!({ "request": id }));
        assert_eq!(headers["webhook-id"], body["id"].as_str().expect("an id"));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_no_success_and_a_dead_message_can_be_given_up() {
    let (ear, dir) = (Ear::open().await, tempfile::tempdir().expect("a folder"));
    let (hook, _) = webhook(dir.path(), &ear, &["received"]);
    let house = House::with(Plans { webhook: vec![hook], ..Plans::default() }).await;
    ear.says(StatusCode::PERMANENT_REDIRECT);
    house.a.create(&disclose(&house.a).acts()).await;
    let dead = until_dead(&house, "webhook").await;
    let job = &dead["jobs"][0];
    assert_eq!(job["kind"], "webhook");
    assert_eq!(job["endpoint"], "siem");
    assert_eq!(job["request"], Value::Null, "an administrator reads no case");
    assert_eq!(
        job["error"],
        "this cannot be done at the moment: webhook siem: it answered 308 Permanent Redirect"
    );
    assert_eq!(ear.heard(24).await.len(), 24, "nobody was followed elsewhere");
    let number = job["job"].as_u64().expect("a number");
    for who in ["vera", "aud"] {
        let path = format!("/api/v1/jobs/{number}/give-up");
        let told = house.staff(who).told("POST", &path, &Value::Null).await;
        assert!(told.starts_with("404 "), "{who} runs nothing");
    }
    house.staff("root").post(&format!("/api/v1/jobs/{number}/give-up"), &json!({})).await;
    let reader = house.node().store.reader();
    assert_eq!(reader.dead_job(JobId(number)).await.expect("read"), None);
    house.close().await;
}

/// What the exchange's own mailing finds: accounts and texts.
async fn queued(house: &House) -> Vec<(String, String)> {
    use sqlx::{ConnectOptions as _, Connection as _, Row as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(house.path("exchange.sqlite"));
    let mut connection = options.connect().await.expect("the exchange's database");
    let sql = "select account_id, text from notices order by account_id";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("rows");
    connection.close().await.expect("closed");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The answer to ask 1 of a signed request, handed over.
async fn answered(house: &House, id: &str) {
    house.prove_by(id, "passkey").await;
    house.staff("cora").act(id, json!({ "accept_legal": { "ask": 1 } })).await;
    let tagmanifest = house.assemble("bo", id, "full").await;
    house.staff("ada").act(id, approval(&tagmanifest)).await;
    house.state(id, 1, "delivered").await;
}

fn confirmed(request: &Value) -> bool {
    request["asks"][0]["effects"][0]["status"] == "confirmed"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_told_once_no_order_forbids_it() {
    let house = House::open().await;
    let officer = officer(&house).await;
    let mut act = order(&house, ACCOUNT);
    let until = house.clock.now().checked_add(SignedDuration::from_hours(24 * 30)).ok();
    if let OfficerAct::File(filed) = &mut act {
        let demand = desk::order::Demand::NonDisclosure { until };
        filed.order.asks.push(desk::order::Ask { demand, emergency: None });
    }
    let id = officer.send(&house, act).await.expect("filed");
    answered(&house, &id).await;
    house.staff("cora").act(&id, json!({ "accept_legal": { "ask": 2 } })).await;
    let request = house.state(&id, 2, "in_force").await;
    assert_eq!(request["kind"], "non_disclosure");
    let history = house.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
    let history = history["history"].to_string();
    assert!(history.contains("notice_postponed"), "{history}");
    assert!(!history.contains("notify_user"), "{history}");
    assert_eq!(queued(&house).await, []);

    house.clock.forward(SignedDuration::from_hours(24 * 31));
    house.until(&id, confirmed).await;
    let told = queued(&house).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let (account, text) = &told[0];
    assert_eq!(account, ACCOUNT);
    // The records give no language for this account, and neither does the configuration.
    expect![[r#"
        Lantern Exchange disclosed data about you.

        To: Harbour Police (XX)
        What: Customer file
        From: 2021-09-01, until before: 2021-11-01
        Order: 7 Gs 12/26
        Law: s 94 StPO

        Lantern Exchange hat Daten über Sie herausgegeben.

        An: Harbour Police (XX)
        Was: Customer file
        Von: 2021-09-01, bis vor: 2021-11-01
        Anordnung: 7 Gs 12/26
        Rechtsgrundlage: s 94 StPO"#]]
    .assert_eq(&without_the_moment(text));
    for hidden in [ACCOUNT, "Iris", "vera", "bo", &id] {
        assert!(!text.split_whitespace().any(|word| word == hidden), "{hidden:?} is in {text}");
    }
    house.close().await;
}

fn without_the_moment(text: &str) -> String {
    let is_moment = |line: &&str| line.starts_with("On: ") || line.starts_with("Am: ");
    text.lines().filter(|line| !is_moment(line)).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_told_in_the_language_that_the_records_give() {
    let known = "case when country in ('AT', 'DE', 'LI') then 'de' end";
    let catalog = vec![(known, "'de-AT'")];
    let house = House::with(Plans { catalog, ..Plans::default() }).await;
    let officer = officer(&house).await;
    let id = officer.send(&house, order(&house, ACCOUNT)).await.expect("filed");
    answered(&house, &id).await;
    house.until(&id, confirmed).await;
    let told = queued(&house).await;
    expect![[r#"
        Lantern Exchange hat Daten über Sie herausgegeben.

        An: Harbour Police (XX)
        Was: Customer file
        Von: 2021-09-01, bis vor: 2021-11-01
        Anordnung: 7 Gs 12/26
        Rechtsgrundlage: s 94 StPO"#]]
    .assert_eq(&without_the_moment(&told[0].1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_exchange_takes_no_notice_staff_see_that_nobody_was_told() {
    let catalog = vec![("insert into notices", "insert into missing_notices")];
    let house = House::with(Plans { catalog, ..Plans::default() }).await;
    let officer = officer(&house).await;
    let id = officer.send(&house, order(&house, ACCOUNT)).await.expect("filed");
    answered(&house, &id).await;
    // A statement that cannot be made fails for good at once.
    let failed = |request: &Value| request["asks"][0]["effects"][0]["status"] == "failed";
    house.until(&id, failed).await;
    assert_eq!(queued(&house).await, []);
    house.close().await;
}
