//! A small exchange that is served on loopback, and the people and agencies that call it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::policy::Role;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use server::api::directory::{NewAgency, NewStaff};
use server::app::{Node, Opening};
use server::config::Config;
use server::directory::console;
use server::fraud::canary::Canaries;
use server::hi1::value::{CountryCode, EndpointId, ObjectId};
use server::hi1::{Act, Answer, Object, ObjectKind, Payload, compose, parse, write_requests};
use server::keys::development::{self, Issued, Purpose};
use server::serve::Running;
use server::tls::Fingerprint;
use uuid::Uuid;

/// The account that the stories are about: it holds 2.54121928 BTC.
pub(crate) const ACCOUNT: &str = "LX-004711";
/// A second account, with nothing in it.
pub(crate) const OTHER_ACCOUNT: &str = "LX-000001";
/// The site that officers' browsers see.
pub(crate) const SITE: &str = "http://localhost:8080";
/// A step of the node's own jobs that takes longer has failed.
const WAIT_SECONDS_MAX: u64 = 30;
/// Customers that are loaded, besides the one of the stories.
const LINES_MAX: usize = 20;

/// Everybody on the staff, each with one role.
const STAFF: [(&str, Role); 9] = [
    ("vera", Role::Verifier),
    ("cora", Role::Counsel),
    ("bo", Role::Analyst),
    ("ada", Role::Approver),
    ("olga", Role::OnCall),
    ("omar", Role::OnCall),
    ("aud", Role::Auditor),
    ("root", Role::Administrator),
    ("ines", Role::Intake),
];

/// A clock that stands still until it is moved. It starts at the present second, because TLS on
/// both sides looks at the machine's own clock and the certificates must hold for both.
#[derive(Clone)]
pub(crate) struct Hands(Arc<Mutex<Timestamp>>);

impl Hands {
    fn new() -> Self {
        let now = Timestamp::from_second(Timestamp::now().as_second()).expect("now is a time");
        Self(Arc::new(Mutex::new(now)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panics with the clock in hand")
    }

    pub(crate) fn forward(&self, by: SignedDuration) {
        let mut now = self.0.lock().expect("nobody panics with the clock in hand");
        *now = now.checked_add(by).expect("a time within the calendar");
    }
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// One node that is served, and everybody who knows it.
pub(crate) struct House {
    pub(crate) running: Running,
    pub(crate) clock: Hands,
    pub(crate) a: Agency,
    pub(crate) b: Agency,
    pub(crate) root_pem: Vec<u8>,
    staff: BTreeMap<&'static str, Caller>,
    identities: BTreeMap<&'static str, Issued>,
    dir: tempfile::TempDir,
}

/// What is different about a house.
#[derive(Default)]
pub(crate) struct Plans {
    /// Another store than SQLite.
    pub(crate) database: Option<String>,
    /// Changes of the catalog's text.
    pub(crate) catalog: Vec<(&'static str, &'static str)>,
    /// A company that is not made up.
    pub(crate) real: bool,
    /// Made-up records for practice: the same catalog over a database of its own.
    pub(crate) practice: bool,
    /// A mail server.
    pub(crate) mail: Option<server::config::Mail>,
    /// Machines that are told what happens.
    pub(crate) webhook: Vec<server::config::Webhook>,
    /// An account that is a decoy.
    pub(crate) decoy: Option<&'static str>,
    /// A list of networks and one of anonymisers.
    pub(crate) networks: Option<(&'static str, &'static str)>,
    /// Days that data of a rule pack is kept, where they are not the pack's own.
    pub(crate) retention: Option<(&'static str, u16)>,
    /// A scanner of files.
    pub(crate) scan: Option<server::config::Scan>,
    /// A token in which seal and log lie.
    pub(crate) token: Option<server::config::Token>,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Plans::default()).await
    }

    pub(crate) async fn with(plans: Plans) -> Self {
        // The node's own warnings say why a test that waits for a job waits in vain.
        let _ = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_test_writer()
            .try_init();
        let dir = tempfile::tempdir().expect("a folder for the test");
        furnish(dir.path(), &plans.catalog);
        let mut config = Config::read(&dir.path().join("comity.toml")).expect("a sound config");
        config.node.listen = "127.0.0.1:0".to_owned();
        if plans.real {
            config.company.fiction = None;
        }
        if plans.practice {
            let folder = dir.path().join("practice");
            std::fs::create_dir(&folder).expect("a folder");
            furnish(&folder, &[("Lantern Exchange core database", "Practice database")]);
            config.records.practice = Some("practice/catalog.toml".into());
        }
        config.web = Some(server::config::Web {
            listen: "127.0.0.1:0".to_owned(),
            origin: SITE.to_owned(),
            ..Default::default()
        });
        (config.mail, config.webhook) = (plans.mail, plans.webhook);
        if let Some(url) = plans.database {
            config.node.database = url;
        }
        let clock = Hands::new();
        let keys = dir.path().join("keys");
        let (company, origin) = (config.company.name.clone(), config.node.origin.clone());
        let hosts = config.node.hosts.clone();
        development::create(&keys, &company, &origin, &hosts, [7; 32], clock.now()).expect("keys");
        if let Some(token) = plans.token {
            config.token = Some(token);
            crate::token::furnish(&config, &keys, clock.now());
        }
        config.scan = plans.scan;
        if let Some((pack, days_after_end)) = plans.retention {
            config.retention.insert(pack.to_owned(), server::config::Retention { days_after_end });
        }
        if let Some((networks, anonymisers)) = plans.networks {
            std::fs::write(dir.path().join("networks.csv"), networks).expect("written");
            std::fs::write(dir.path().join("exits.txt"), anonymisers).expect("written");
            config.fraud.networks = Some("networks.csv".into());
            config.fraud.anonymisers = Some("exits.txt".into());
        }
        if let Some(account) = plans.decoy {
            config.fraud.canaries = Some("canaries.txt".into());
            let list = dir.path().join("canaries.txt");
            let kind = records::SelectorKind::AccountId;
            assert!(Canaries::add(&keys, &list, kind, account).expect("a decoy"), "it is new");
        }
        let hands = clock.clone();
        let tells = Arc::new(move || hands.now());
        let node = Node::open(config, tells, Opening::CreateIfMissing).await.expect("a node");
        let node = Arc::new(node);
        let mut identities = Vec::new();
        for (name, role) in STAFF {
            let issued = issue(&keys, name, Purpose::Client, clock.now());
            let certificate_sha256 = Fingerprint::of(&issued.certificate_der).to_string();
            let new = NewStaff {
                name: name.to_owned(),
                roles: vec![role],
                certificate_sha256,
                email: None,
            };
            node.enrol_staff(&console(), &new).await.expect("staff");
            identities.push((name, issued));
        }
        let a = enrol(&node, &keys, "POLICE-A", clock.now()).await;
        let b = enrol(&node, &keys, "POLICE-B", clock.now()).await;
        let running = server::serve::start(node).await.expect("served");
        let root_pem = std::fs::read(keys.join("root.pem")).expect("a root");
        let connect = |issued: &Issued| Caller::new(&running, &root_pem, Some(issued));
        let staff = identities.iter().map(|(name, issued)| (*name, connect(issued))).collect();
        let agency = |new: Enrolled| Agency {
            caller: connect(&new.client),
            us: endpoint(new.identifier),
            recipient: new.recipient,
            key: new.key,
            id: new.id,
            clock: clock.clone(),
        };
        let (a, b) = (agency(a), agency(b));
        let identities = identities.into_iter().collect();
        Self { running, clock, a, b, root_pem, staff, identities, dir }
    }

    pub(crate) fn node(&self) -> &Node {
        &self.running.node
    }

    pub(crate) fn staff(&self, name: &str) -> &Caller {
        self.staff.get(name).expect("somebody of that name")
    }

    /// Certificate and key of somebody of the staff, as files for other programs.
    pub(crate) fn identity(&self, name: &str) -> (PathBuf, PathBuf) {
        let issued = self.identities.get(name).expect("somebody of that name");
        let files = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        std::fs::write(&files.0, &issued.certificate_pem).expect("written");
        std::fs::write(&files.1, &issued.key_pem).expect("written");
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn leaves(&self) -> u64 {
        self.node().store.checkpoint().size.0
    }

    /// Somebody with no certificate.
    pub(crate) fn stranger(&self) -> Caller {
        Caller::new(&self.running, &self.root_pem, None)
    }

    /// Somebody whose certificate nobody enrolled, though our own root certified it.
    pub(crate) fn unknown(&self) -> Caller {
        let issued = issue(&self.path("keys"), "unknown", Purpose::Client, self.clock.now());
        Caller::new(&self.running, &self.root_pem, Some(&issued))
    }

    /// The newest request's id.
    pub(crate) async fn newest(&self) -> String {
        let list = self.staff("vera").get("/api/v1/requests").await;
        list["requests"][0]["request"].as_str().expect("a request").to_owned()
    }

    /// Looks at a request whenever something was stored, until it is as wanted.
    pub(crate) async fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut changed = self.node().store.checkpoint_changed();
        let limit = tokio::time::Instant::now() + Duration::from_secs(WAIT_SECONDS_MAX);
        loop {
            changed.borrow_and_update();
            let request = self.staff("aud").get(&format!("/api/v1/requests/{id}")).await;
            if wanted(&request) {
                return request;
            }
            let stored = tokio::time::timeout_at(limit, changed.changed()).await;
            assert!(stored.is_ok(), "it never came to that: {:#}", request["asks"]);
        }
    }

    /// Waits until an ask is in a state; the node's jobs take it there.
    pub(crate) async fn state(&self, id: &str, ask: usize, state: &str) -> Value {
        let request = self.until(id, |request| request["asks"][ask - 1]["state"] == state).await;
        request["asks"][ask - 1].clone()
    }

    /// Proves the sender and accepts ask 1 in law.
    pub(crate) async fn accept(&self, id: &str) {
        self.prove(id).await;
        self.staff("cora").act(id, json!({ "accept_legal": { "ask": 1 } })).await;
    }

    pub(crate) async fn prove(&self, id: &str) {
        self.prove_by(id, "client_certificate").await;
    }

    pub(crate) async fn prove_by(&self, id: &str, method: &str) {
        let vera = self.staff("vera");
        vera.act(id, json!({ "start_identity_check": {} })).await;
        vera.act(id, json!({ "verify_identity": { "method": method } })).await;
    }

    /// Searches for ask 1 and assembles the answer; its tag manifest.
    pub(crate) async fn assemble(&self, who: &str, id: &str, outcome: &str) -> String {
        let who = self.staff(who);
        who.post(&format!("/api/v1/requests/{id}/asks/1/search"), &json!({})).await;
        let body = json!({
            "answers": [{ "ask": 1, "outcome": outcome, "statement": "what we hold follows" }],
        });
        let assembled = who.post(&format!("/api/v1/requests/{id}/assemble"), &body).await;
        assembled["tagmanifest_sha256"].as_str().expect("a tag manifest").to_owned()
    }

    /// Closes everything, so that a test ends without workers behind it.
    pub(crate) async fn close(self) {
        drop(self.staff);
        drop((self.a, self.b));
        self.running.stop().await.expect("an orderly end");
    }
}

/// What approves ask 1's package.
pub(crate) fn approval(tagmanifest: &str) -> Value {
    json!({ "approve": { "asks": [1], "tagmanifest_sha256": tagmanifest } })
}

/// One caller of the node.
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
}

impl Caller {
    fn new(running: &Running, root_pem: &[u8], identity: Option<&Issued>) -> Self {
        let root = reqwest::Certificate::from_pem(root_pem).expect("a root in PEM");
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root])
            .resolve("localhost", running.address);
        if let Some(issued) = identity {
            let pem = format!("{}{}", issued.certificate_pem, issued.key_pem);
            let identity = reqwest::Identity::from_pem(pem.as_bytes()).expect("an identity");
            builder = builder.identity(identity);
        }
        let http = builder.build().expect("a client");
        Self { http, base: format!("https://localhost:{}", running.address.port()) }
    }

    /// Any call: status and body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
        let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).expect("one");
        let call = self.http.request(method, format!("{}{path}", self.base)).body(body);
        let call = call.header("content-type", "application/json");
        let answer = call.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.bytes().await.expect("a whole answer").to_vec())
    }

    /// One header of an answer; empty when it is not there.
    pub(crate) async fn header(&self, path: &str, name: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        let answer = answer.expect("an answer");
        let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// One header of the answer to a call with a body.
    pub(crate) async fn answered_header(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        name: &str,
    ) -> String {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("one");
        let call = self.http.request(method, format!("{}{path}", self.base));
        let call = call.header("content-type", "application/json").body(body.to_string());
        let answer = call.send().await.expect("an answer");
        let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// Status and text of an answer, on one line.
    pub(crate) async fn told(&self, method: &str, path: &str, body: &Value) -> String {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.told_raw(method, path, body).await
    }

    pub(crate) async fn told_raw(&self, method: &str, path: &str, body: Vec<u8>) -> String {
        let (status, bytes) = self.call(method, path, body).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Ok(body) = serde_json::from_str::<Value>(&text) else {
            return format!("{status} not JSON: {text}");
        };
        let words = ["error", "what", "why", "fix"].map(|name| body[name].as_str());
        let words: Vec<&str> = words.into_iter().flatten().collect();
        format!("{status} {}", words.join(" | "))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.sound("GET", path, Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.sound("POST", path, body.to_string().into_bytes()).await
    }

    async fn sound(&self, method: &str, path: &str, body: Vec<u8>) -> Value {
        let (status, bytes) = self.call(method, path, body).await;
        let text = String::from_utf8_lossy(&bytes);
        assert!((200..300).contains(&status), "{method} {path} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// An act that must be done.
    pub(crate) async fn act(&self, id: &str, act: Value) -> Value {
        let body = json!({ "act": act, "text": "as agreed" });
        self.post(&format!("/api/v1/requests/{id}/acts"), &body).await
    }

    /// An act that must be refused; how.
    pub(crate) async fn refused(&self, id: &str, act: Value) -> String {
        let body = json!({ "act": act });
        let told = self.told("POST", &format!("/api/v1/requests/{id}/acts"), &body).await;
        assert!(!told.starts_with('2'), "it was done: {told}");
        told
    }
}

struct Enrolled {
    identifier: &'static str,
    client: Issued,
    recipient: Issued,
    id: Uuid,
    key: Uuid,
}

/// An agency's machine.
pub(crate) struct Agency {
    pub(crate) caller: Caller,
    pub(crate) us: EndpointId,
    pub(crate) id: Uuid,
    pub(crate) key: Uuid,
    pub(crate) recipient: Issued,
    clock: Hands,
}

impl Agency {
    /// The node's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A message of these acts, ready to send.
    pub(crate) fn message(&self, acts: &[Act]) -> Vec<u8> {
        let transaction = server::random_id().expect("random bytes");
        let header = compose::header(&self.us, &endpoint("LANTERN"), transaction, self.clock.now());
        write_requests(&header, acts)
    }

    /// Sends acts; the answers.
    pub(crate) async fn send(&self, acts: &[Act]) -> Vec<Answer> {
        let (status, bytes) = self.caller.call("POST", "/hi1", self.message(acts)).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
        match parse(&bytes).expect("an HI-1 answer").payload {
            Payload::Answers(answers) => answers.into_iter().map(|it| it.answer).collect(),
            other => panic!("not answered action by action: {other:?}"),
        }
    }

    /// Sends acts that must all be taken.
    pub(crate) async fn create(&self, acts: &[Act]) {
        for answer in self.send(acts).await {
            assert!(matches!(answer, Answer::Created(..) | Answer::Updated(..)), "{answer:?}");
        }
    }

    /// An object's state in HI-1's words.
    pub(crate) async fn status(&self, id: ObjectId) -> String {
        let answers = self.send(&[Act::Get(id)]).await;
        let status = match &answers[0] {
            Answer::Got(Object::Disclosure(task)) => (&task.status, &task.status_reason),
            Answer::Got(Object::Preservation(task)) => (&task.status, &task.status_reason),
            Answer::Refused(information) => {
                return format!("{} {}", information.code.0, information.description);
            }
            other => panic!("{other:?}"),
        };
        let state = status.0.as_ref().map_or("none", |word| word.value.as_str());
        match status.1 {
            Some(reason) => format!("{state}: {} {}", reason.code.0, reason.description),
            None => state.to_owned(),
        }
    }

    /// The deliveries that are there: object and plain zip.
    pub(crate) async fn deliveries(&self) -> Vec<(ObjectId, Vec<u8>)> {
        let listed = self.send(&[Act::List(server::hi1::ListFilter::default())]).await;
        let Some(Answer::Listed(records)) = listed.into_iter().next() else {
            panic!("LIST was not answered");
        };
        let mut found = Vec::new();
        for record in records {
            if record.kind.value != ObjectKind::Delivery.as_str() {
                continue;
            }
            let got = self.send(&[Act::Get(record.object)]).await;
            let Answer::Got(Object::Delivery(delivery)) = &got[0] else { panic!("{got:?}") };
            let Some(server::hi1::object::DeliveryContent::Inline { data, .. }) = &delivery.content
            else {
                panic!("no content")
            };
            found.push((record.object, self.decrypt(data)));
        }
        found
    }

    pub(crate) fn decrypt(&self, envelope: &[u8]) -> Vec<u8> {
        let path = Path::new("recipient.key");
        let key = server::keys::plain_pkcs8(path, &self.recipient.key_pem).expect("a key");
        let certificate = &self.recipient.certificate_der;
        let opened = evidence::cms::open::open(envelope, certificate, &key, Vec::new());
        opened.expect("a package for this agency").0
    }
}

pub(crate) fn endpoint(identifier: &str) -> EndpointId {
    let country = CountryCode::new("XX").expect("two letters");
    EndpointId { country, identifier: identifier.to_owned() }
}

async fn enrol(node: &Node, keys: &Path, identifier: &'static str, now: Timestamp) -> Enrolled {
    let client = issue(keys, identifier, Purpose::Client, now);
    let recipient = issue(keys, identifier, Purpose::Recipient, now);
    let new = NewAgency {
        name: identifier.to_owned(),
        country: "XX".to_owned(),
        hi1_identifier: identifier.to_owned(),
        regime: "generic".to_owned(),
        certificate_sha256: Fingerprint::of(&client.certificate_der).to_string(),
        recipients_pem: vec![recipient.certificate_pem.clone()],
        recipients_age: Vec::new(),
        endpoint: None,
        signature_keys: Vec::new(),
    };
    let (id, key) = node.enrol_agency(&console(), &new).await.expect("an agency");
    Enrolled { identifier, client, recipient, id: id.0, key: key.0 }
}

fn issue(keys: &Path, name: &str, purpose: Purpose, now: Timestamp) -> Issued {
    development::issue(keys, "Lantern Exchange", name, purpose, &[], now).expect("a certificate")
}

/// Writes a deployment of the example exchange, with a few of its customers and no blocks.
fn furnish(dir: &Path, changes: &[(&str, &str)]) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange");
    let read = |name: &str| std::fs::read_to_string(from.join(name)).expect("the example's file");
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("written");
    let config = read("comity.toml");
    let (config, _) = config.split_once("[chain]").expect("the example names its blocks last");
    write("comity.toml", config);
    let mut catalog = read("catalog.toml");
    for (old, new) in changes {
        assert!(catalog.contains(old), "the example's catalog has no {old:?}");
        catalog = catalog.replace(old, new);
    }
    write("catalog.toml", &catalog);
    std::fs::create_dir(dir.join("records")).expect("a folder");
    for entry in std::fs::read_dir(from.join("records")).expect("the example's records") {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        let text = read(&format!("records/{name}"));
        let wanted = text.lines().enumerate().filter(|(number, line)| {
            *number <= LINES_MAX || line.split(',').any(|field| field == ACCOUNT)
        });
        let kept: String = wanted.map(|(_, line)| format!("{line}\n")).collect();
        write(&format!("records/{name}"), &kept);
    }
}
