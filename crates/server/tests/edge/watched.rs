//! What is noticed at the door, the alarms that follow, and certificates that are taken away.

use desk::ids::{ActorId, AgencyId, StaffId};
use desk::policy::{Actor, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use server::app::security::compare;
use server::directory::{Change, ChangePayload, console};
use server::error::Error;
use store::NoticedFilter;
use store::testing::{Postgres, run_sql};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_rustls::client::TlsStream;

use crate::notices::{Ear, checked, lines, person, webhook};
use crate::post::PostOffice;
use crate::support::{House, Plans};

fn somebody(house: &House, name: &str, role: Role) -> Actor {
    let known = house.node().directory();
    let id = known.staff().find(|one| one.name == name).expect("somebody of that name").id;
    Actor { id: ActorId::Staff(id), roles: [role].into(), agency: None }
}

/// Kind, whether anybody is known, place and count of every row, by the alphabet.
async fn noticed(house: &House) -> Vec<String> {
    let aud = somebody(house, "aud", Role::Auditor);
    let filter = NoticedFilter::default();
    let rows = house.node().security_log(&aud, &filter, None, 100).await.expect("an auditor");
    let line = |row: &store::NoticedRow| {
        let noticed = &row.noticed;
        assert_eq!(noticed.source, "127.0.0.0/24");
        let who = if noticed.who.is_some() { "known" } else { "-" };
        format!("{} {who} {} {}", noticed.kind, noticed.place, noticed.count)
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_came_and_who_was_refused_is_kept_without_any_case() {
    let house = House::open().await;
    let id = "00000000-0000-0000-0000-000000000007";
    let path = format!("/api/v1/requests/{id}");
    house.stranger().call("GET", &path, Vec::new()).await;
    house.unknown().call("GET", &path, Vec::new()).await;
    house.unknown().call("GET", "/healthz", Vec::new()).await;
    for _ in 0..3 {
        house.staff("root").call("GET", &path, Vec::new()).await;
    }
    house.staff("vera").call("POST", &format!("{path}/acts"), b"{".to_vec()).await;
    house.staff("vera").call("PROPFIND", "/nowhere", Vec::new()).await;
    let rows = noticed(&house).await;
    let mut expected = [
        "nothing_there - GET /api/v1/requests/{request} 1",
        "certificate_failed - GET /api/v1/requests/{request} 1",
        "certificate known - 3",
        "not_allowed known GET /api/v1/requests/{request} 3",
        "certificate known - 2",
        "not_allowed known POST /api/v1/requests/{request}/acts 1",
        "not_allowed known OTHER - 1",
    ];
    expected.sort_unstable();
    assert_eq!(rows, expected);
    assert!(!rows.concat().contains(id), "no row names a request");
    for (name, role) in [("bo", Role::Analyst), ("cora", Role::Counsel), ("vera", Role::Verifier)] {
        let actor = somebody(&house, name, role);
        let read = house.node().security_log(&actor, &NoticedFilter::default(), None, 1).await;
        assert!(matches!(read, Err(Error::Hidden)), "{name} reads no security log");
    }
    house.close().await;
}

/// Each hour is pinned by a leaf, and a row that is changed or removed afterwards shows.
async fn pinned(house: &House, url: &str) {
    let root = house.staff("root");
    root.call("GET", "/nowhere", Vec::new()).await;
    house.node().digest_noticed().await.expect("the first hour begins");
    house.clock.forward(SignedDuration::from_hours(1));
    root.call("GET", "/nowhere", Vec::new()).await;
    house.clock.forward(SignedDuration::from_hours(1) + SignedDuration::from_mins(2));
    house.node().digest_noticed().await.expect("digested");
    let reader = house.node().store.reader();
    let compared = compare(reader).await.expect("compared");
    assert!(compared.hours >= 2 && compared.rows >= 4, "{compared:?}");
    assert_eq!(compared.wrong, []);
    let drop = if url.starts_with("sqlite") {
        "drop trigger security_log_update"
    } else {
        "drop trigger security_log_update on security_log"
    };
    run_sql(url, drop).await.expect("whoever owns the database can do that");
    let changed = "update security_log set source = '10.0.0.0/24' where kind = 'not_allowed'";
    run_sql(url, changed).await.expect("and that");
    let compared = compare(reader).await.expect("compared");
    assert!(!compared.wrong.is_empty(), "{compared:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hour_of_the_security_log_is_a_leaf() {
    let house = House::open().await;
    let url = format!("sqlite://{}", house.path("desk.sqlite").display());
    pinned(&house, &url).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hour_of_the_security_log_is_a_leaf_on_postgresql() {
    let Some(postgres) = Postgres::start().await else { return };
    let url = postgres.database().await;
    let house = House::with(Plans { database: Some(url.clone()), ..Plans::default() }).await;
    pinned(&house, &url).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_is_raised_once_told_by_mail_and_webhook_and_acknowledged_by_another() {
    let Some(office) = PostOffice::open().await else { return };
    let (ear, dir) = (Ear::open().await, tempfile::tempdir().expect("a folder"));
    let (hook, secret) = webhook(dir.path(), &ear, &["alarm_raised"]);
    let (mail, webhook) = (Some(office.settings()), vec![hook]);
    let house = House::with(Plans { mail, webhook, ..Plans::default() }).await;
    person(&house, "rut", Role::Administrator).await;
    let refusals = house.node().config.alarm.refusals;
    for _ in 0..refusals {
        house.staff("root").call("GET", "/api/v1/requests", Vec::new()).await;
    }
    let node = house.node();
    node.look_for_alarms().await.expect("looked");
    let rut = somebody(&house, "rut", Role::Administrator);
    let alarms = node.alarms(&rut).await.expect("an administrator");
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    let alarm = &alarms[0];
    assert_eq!(alarm.cause.rule.as_str(), "many_refusals");
    let root = somebody(&house, "root", Role::Administrator);
    assert_eq!(alarm.cause.who, Some(server::view::actor_uuid(root.id)));

    // Told to administrators alone, who are asked to look and not told why.
    assert_eq!(
        lines(&office.mails(1).await),
        ["rut@lantern.example: Please look at the portal now"]
    );
    let heard = ear.heard(1).await;
    assert!(checked(&heard[0].0, &heard[0].1, &secret));
    let body: Value = serde_json::from_str(&heard[0].1).expect("JSON");
    assert_eq!(
        (&body["type"], &body["data"]),
        (&json!("alarm.raised"), &json!({ "alarm": alarm.id }))
    );

    // The same cause, grown and looked at again and again, is the same alarm.
    for _ in 0..refusals {
        house.staff("root").call("GET", "/api/v1/requests", Vec::new()).await;
    }
    for _ in 0..3 {
        assert_eq!(node.look_for_alarms().await.expect("looked"), 0);
        house.clock.forward(SignedDuration::from_secs(30));
    }
    let event =
        &node.store.reader().load(server::app::security::ALARM_STREAM).await.expect("read")[0];
    assert!(!event.event_json.contains("127.0.0"), "the record names no network: {event:?}");

    // Not by whom it is about, not without a word, not by an auditor; then by another, once.
    let cause = node.acknowledge_alarm(&root, alarm.id, "it was me").await;
    assert!(matches!(cause, Err(Error::Input { .. })), "{cause:?}");
    let silent = node.acknowledge_alarm(&rut, alarm.id, "  ").await;
    assert!(matches!(silent, Err(Error::Input { .. })), "{silent:?}");
    let auditor = somebody(&house, "aud", Role::Auditor);
    let hidden = node.acknowledge_alarm(&auditor, alarm.id, "fine").await;
    assert!(matches!(hidden, Err(Error::Hidden)), "{hidden:?}");
    node.acknowledge_alarm(&rut, alarm.id, "a wrong script; mended").await.expect("looked into");
    let again = node.acknowledge_alarm(&rut, alarm.id, "again").await;
    assert!(matches!(again, Err(Error::Hidden)), "{again:?}");
    let folded = server::app::security::Alarms::read(node.store.reader(), node.now()).await;
    let folded = folded.expect("read");
    let known = folded.all()[0];
    let done = known.acknowledged.as_ref().expect("acknowledged");
    assert_eq!((done.by, done.note.as_str()), (rut.id, "a wrong script; mended"));
    assert_eq!(office.mails(1).await.len(), 1, "one mail in all");
    house.close().await;
}

/// What the page *Security* shows and does, for programs, with the same rights.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alarms_are_read_and_answered_by_programs_too() {
    let house = House::open().await;
    let (aud, root, bo) = (house.staff("aud"), house.staff("root"), house.staff("bo"));
    assert_eq!(aud.get("/api/v1/alarms").await, json!({ "open": 0, "alarms": [] }));
    for _ in 0..house.node().config.alarm.refusals {
        bo.call("GET", "/api/v1/staff", Vec::new()).await;
    }
    house.node().look_for_alarms().await.expect("looked");
    let list = aud.get("/api/v1/alarms").await;
    let alarm = &list["alarms"][0];
    let about = somebody(&house, "bo", Role::Analyst);
    assert_eq!(
        (&list["open"], &alarm["rule"], &alarm["who"], &alarm["acknowledged"]),
        (
            &json!(1),
            &json!("many_refusals"),
            &json!(server::view::actor_uuid(about.id)),
            &json!(null)
        )
    );
    let id = alarm["alarm"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/alarms/{id}/acknowledge");
    let note = json!({ "note": "a wrong script; mended" });
    assert!(aud.told("POST", &path, &note).await.starts_with("404"), "auditors read only");
    assert!(bo.told("POST", &path, &note).await.starts_with("404"));
    let told = root.told("POST", &path, &json!({ "note": " " })).await;
    assert!(told.starts_with("400 input | note"), "{told}");
    let told = root.told("POST", &path, &json!({ "words": "fine" })).await;
    assert!(told.starts_with("400 input | body"), "{told}");
    let body = note.to_string().into_bytes();
    assert_eq!(root.call("POST", &path, body.clone()).await.0, 204);
    assert_eq!(root.call("POST", &path, body.clone()).await.0, 404, "it is open no more");
    assert_eq!(root.call("POST", "/api/v1/alarms/none/acknowledge", body).await.0, 404);
    let list = root.get("/api/v1/alarms").await;
    let done = &list["alarms"][0]["acknowledged"];
    let by = somebody(&house, "root", Role::Administrator).id.to_string();
    assert_eq!((&list["open"], &done["note"]), (&json!(0), &note["note"]));
    assert_eq!(done["by"], json!(by));
    house.close().await;
}

/// That the watch of a key is dead would tell that a request named a decoy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_watch_of_a_key_raises_no_alarm_and_is_in_no_count() {
    let house = House::open().await;
    let url = format!("sqlite://{}", house.path("desk.sqlite").display());
    let root = somebody(&house, "root", Role::Administrator);
    for (kind, body, count, rules) in [
        ("watch", r#"{"kind":"watch"}"#, 0, vec![]),
        ("seal", r#"{"kind":"seal","asks":[1]}"#, 1, vec!["dead_jobs"]),
    ] {
        let sql = format!(
            "insert into job (kind, stream, body, run_at, attempts, attempts_max, state, last_error)
             values ('{kind}', zeroblob(16), '{body}', 0, 8, 8, 'dead', 'no')"
        );
        run_sql(&url, &sql).await.expect("stored");
        let metrics = house.staff("root").call("GET", "/metrics", Vec::new()).await.1;
        let metrics = String::from_utf8_lossy(&metrics).into_owned();
        assert!(metrics.contains(&format!("\ncomity_jobs_dead {count}\n")), "{kind}: {metrics}");
        house.node().look_for_alarms().await.expect("looked");
        let alarms = house.node().alarms(&root).await.expect("an administrator");
        let told: Vec<_> = alarms.iter().map(|alarm| alarm.cause.rule.as_str()).collect();
        assert_eq!(told, rules, "{kind}");
    }
    house.close().await;
}

/// One connection that stays open.
struct Line(BufReader<TlsStream<tokio::net::TcpStream>>);

impl Line {
    async fn open(house: &House, name: &str) -> Self {
        use rustls_pki_types::pem::PemObject as _;
        use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
        let (certificate, key) = house.identity(name);
        let chain = CertificateDer::pem_file_iter(certificate).expect("PEM");
        let chain: Vec<_> = chain.collect::<Result<_, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_file(key).expect("a key");
        let mut roots = rustls::RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(&house.root_pem).expect("a root");
        roots.add(root).expect("a root");
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .expect("a pair");
        let tcp = tokio::net::TcpStream::connect(house.running.address).await.expect("connected");
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let name = ServerName::try_from("localhost").expect("a name");
        Self(BufReader::new(connector.connect(name, tcp).await.expect("TLS")))
    }

    /// Asks once more on the same connection.
    async fn get(&mut self, path: &str) -> u16 {
        let asked = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.0.write_all(asked.as_bytes()).await.expect("the connection is open");
        self.0.flush().await.expect("the connection is open");
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.expect("an answer");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            }
            if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.expect("a whole answer");
        status
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_taken_away_opens_nothing_on_an_open_connection_either() {
    let house = House::open().await;
    let mut line = Line::open(&house, "vera").await;
    for _ in 0..2 {
        assert_eq!(line.get("/api/v1/requests").await, 200);
    }
    let by = console();
    let ActorId::Staff(staff) = somebody(&house, "vera", Role::Verifier).id else {
        panic!("staff")
    };
    let removed = Change::StaffRemoved { staff: StaffId(staff.0), by: by.id };
    let none = ChangePayload::default();
    house.node().change_directory(&by, &removed, &none).await.expect("removed");
    assert_eq!(line.get("/api/v1/requests").await, 404, "the very next call on that connection");
    assert_eq!(line.get("/healthz").await, 200, "it is still the same connection");
    let mut again = Line::open(&house, "vera").await;
    assert_eq!(again.get("/api/v1/requests").await, 404);

    // An agency's machine, by the agency's kill switch.
    let message = house.a.message(&[]);
    assert_eq!(house.a.caller.call("POST", "/hi1", message.clone()).await.0, 200);
    let agency = AgencyId(house.a.id);
    let stopped = Change::AgencyStopped { agency, by: by.id };
    house.node().change_directory(&by, &stopped, &none).await.expect("stopped");
    assert_eq!(house.a.caller.call("POST", "/hi1", message).await.0, 404);
    house.close().await;
}

/// What a real client with an older protocol is told by the server: an alert, not a session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_older_than_1_2_is_refused() {
    let house = House::open().await;
    let port = house.running.address.port();
    let speak = async |version: &'static str| {
        let speaking = move || {
            std::process::Command::new("openssl")
                .args(["s_client", "-connect", &format!("127.0.0.1:{port}"), version])
                .args(["-cipher", "ALL:@SECLEVEL=0", "-brief"])
                .stdin(std::process::Stdio::null())
                .output()
        };
        let output = tokio::task::spawn_blocking(speaking).await.expect("no panic").ok()?;
        Some(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let Some(sound) = speak("-tls1_2").await else {
        println!("SKIPPED: older TLS needs the program openssl");
        return;
    };
    assert!(sound.contains("Protocol version: TLSv1.2"), "{sound}");
    for older in ["-tls1", "-tls1_1"] {
        let said = speak(older).await.expect("openssl is there");
        // It is the server that says no, and there is no session.
        assert!(said.contains("SSL alert number"), "{older}: {said}");
        assert!(!said.contains("Protocol version:"), "{older}: {said}");
    }
    house.close().await;
}
