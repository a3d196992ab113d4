//! One life of a store, told on both engines by the same function: acts, conflicts, jobs, lists,
//! proofs, erasure, audit, a restart, and a check that finds nothing until something is wrong.

use std::path::PathBuf;

use expect_test::expect;
use jiff::SignedDuration;
use ledger::tile::{TileId, TileKind, TileWidth};
use ledger::tree::{verify_consistency, verify_inclusion};
use ledger::{LeafIndex, TreeSize, leaf_hash};
use store::check::{Finding, check};
use store::testing::{
    Postgres, TestClock, erase_streams, run_sql, sqlite_url, test_config, test_key,
};
use store::*;
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(0xA);
const OTHER_AGENCY: Uuid = Uuid::from_u128(0xB);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    life(&sqlite_url(folder.path()), folder.path().join("key/checkpoint"), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_on_postgres() {
    let Some(postgres) = Postgres::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = Some(folder.path().join("blobs"));
    life(&postgres.database().await, folder.path().join("key/checkpoint"), blobs).await;
}

fn stream(number: u128) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn event(kind: &str) -> NewEvent {
    NewEvent::new(format!("{{\"kind\":\"{kind}\"}}"), None)
}

fn personal(kind: &str, name: &str) -> NewEvent {
    let payload = format!("{{\"name\":\"{name}\"}}");
    let words = Words::of([name]);
    NewEvent { words, ..NewEvent::new(format!("{{\"kind\":\"{kind}\"}}"), Some(payload)) }
}

fn view(agency: Uuid, state: &str) -> NewView {
    let (summary_json, next_due, labels) = ("{}".into(), None, Labels::default());
    NewView { agency, state: state.into(), summary_json, next_due, labels, assignee: None }
}

/// An event whose payload names a blob.
fn naming(blob: BlobDigest) -> NewEvent {
    let mut event = personal("named", &blob.to_string());
    event.names.personal = vec![blob];
    event
}

/// What must be derived: the kind of the newest event is the state, a name is found by its words, a
/// name that is a digest owns its blob.
fn derive(part: &Part<'_>) -> Derived {
    let mut derived = Derived::default();
    for event in part.events {
        let Payload::Kept(text) = &event.payload else { continue };
        let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let Some(name) = json["name"].as_str() else { continue };
        let words = Words::of([name]);
        let is_seen = json["seen"] == true;
        let words = if is_seen { words.read_by(Uuid::from_u128(0xFEED)) } else { words };
        derived.words.push((event.leaf, words));
        let mut digest = [0; 32];
        if hex::decode_to_slice(name, &mut digest).is_ok() {
            let personal = vec![BlobDigest(digest)];
            derived.names.push((event.leaf, Names { personal, ..Names::default() }));
        }
    }
    derived.view = derived_view(part.events).filter(|_| part.is_last);
    derived
}

fn derived_view(events: &[StoredEvent]) -> Option<NewView> {
    let first = events.first()?;
    let agency = if first.stream.as_u128() % 2 == 0 { OTHER_AGENCY } else { AGENCY };
    let json: serde_json::Value = serde_json::from_str(&events.last()?.event_json).ok()?;
    Some(view(agency, json["kind"].as_str()?))
}

async fn life(url: &str, kept: PathBuf, blobs: Option<PathBuf>) {
    let clock = TestClock::new();
    let config = || {
        let mut config = test_config(&clock);
        config.kept_checkpoint = Some(kept.clone());
        config.blob_folder = blobs.clone();
        config
    };
    let missing = Store::open(url, config()).await.err().expect("there is no store yet");
    assert!(matches!(missing, OpenError::Missing { .. }), "{missing}");
    let store = Store::open_or_create(url, config()).await.expect("a store is made");
    assert_eq!(store.checkpoint().size, TreeSize(0));

    acts_and_conflicts(&store, &clock).await;
    jobs(&store, &clock).await;
    keys(&store, &clock).await;
    list(&store).await;
    proofs(&store).await;
    blobs_come_and_go(&store).await;
    drafts(&store).await;
    audit_and_settings(&store, &clock).await;
    security_log(&store, &clock, url).await;
    words(&store).await;
    erasure(&store, url).await;
    nothing_is_rewritten(&store, url).await;

    let before = store.checkpoint();
    store.close().await;
    let store = Store::open(url, config()).await.expect("it opens again");
    assert_eq!(store.checkpoint(), before);
    let newest = store.reader().newest_checkpoint().await.expect("read").expect("one");
    assert_eq!(newest, *before);
    let rebuilt = store.rebuild_derived(&mut derive).await.expect("the list is rebuilt");
    let report = sound(&store).await;
    assert_eq!((report.size, report.views), (before.size, rebuilt));
    damage_is_found(&store, url).await;
    store.close().await;
}

async fn sound(store: &Store) -> check::Report {
    let keys = [test_key().verifier()];
    let report = check(store.reader(), &keys, Some(&mut derive)).await.expect("it can be checked");
    assert!(report.is_sound(), "{:#?}", report.findings);
    report
}

async fn acts_and_conflicts(store: &Store, clock: &TestClock) {
    let mut act = Append::events(
        stream(1),
        ExpectedSeq::Exactly(0),
        vec![personal("received", "Žofie"), event("checked")],
    );
    act.view = Some(view(AGENCY, "checked"));
    act.seen = vec![SeenTransaction {
        agency: AGENCY,
        transaction: "T-1".into(),
        reference: "first".into(),
    }];
    let appended = store.append(act.clone()).await.expect("the first act");
    assert_eq!((appended.first_seq, appended.leaves.clone()), (1, 0..2));
    assert_eq!(appended.size, TreeSize(2));
    assert_eq!(appended.at, clock.now());
    assert_eq!(appended.checkpoint, store.checkpoint().note);

    let again = store.append(act.clone()).await.expect_err("the identifier was used");
    expect![[r#"agency 00000000-0000-0000-0000-00000000000a has already used transaction identifier "T-1""#]]
        .assert_eq(&again.to_string());
    let AppendError::Duplicate { stream: first, reference, .. } = again else { panic!("{again}") };
    assert_eq!((first, reference.as_str()), (stream(1), "first"));
    let (first, seen) =
        store.reader().transaction(AGENCY, "T-1").await.expect("read").expect("known");
    assert_eq!((first, seen.reference.as_str()), (stream(1), "first"));

    act.seen.clear();
    let late = store.append(act).await.expect_err("others came first");
    expect!["stream 01920000-0000-7000-8000-000000000001 ends at event 2, the act expected 0"]
        .assert_eq(&late.to_string());
    let wrong = Append::events(stream(1), ExpectedSeq::Any, vec![NewEvent::new("[1]", None)]);
    let wrong = store.append(wrong).await.expect_err("not an object");
    expect!["event is not a JSON object without spaces around it"].assert_eq(&wrong.to_string());
    let wrong = NewEvent::new("{\"a\":1}, \"seq\":{}", None);
    let wrong = Append::events(stream(1), ExpectedSeq::Any, vec![wrong]);
    let wrong = store.append(wrong).await.expect_err("two values");
    expect!["event is not JSON: trailing characters at line 1 column 8"]
        .assert_eq(&wrong.to_string());

    clock.move_by(SignedDuration::from_millis(1));
    for number in 2..20 {
        let mut act = Append::events(stream(number), ExpectedSeq::Exactly(0), vec![event("open")]);
        let agency = if number.is_multiple_of(2) { OTHER_AGENCY } else { AGENCY };
        act.view = Some(view(agency, "open"));
        store.append(act).await.expect("an act");
    }
    let events = store.reader().load(stream(1)).await.expect("read");
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].payload, Payload::Kept("{\"name\":\"Žofie\"}".into()));
    assert_eq!(events[1].payload, Payload::None);
    assert_eq!(events[1].event_json, "{\"kind\":\"checked\"}");
    let after = store.reader().load_after(stream(1), 1).await.expect("read");
    assert_eq!(after, events[1..]);
    let many = store.reader().load_many(&[stream(1), stream(5), stream(99)]).await.expect("read");
    assert_eq!(many.len(), 2);
    assert_eq!(many[&stream(1)], events);
}

async fn jobs(store: &Store, clock: &TestClock) {
    let job = |key: Option<&str>, kind: &str| NewJob {
        kind: kind.into(),
        key: key.map(str::to_owned),
        stream: stream(1),
        body: "{}".into(),
        run_at: None,
        attempts_max: 2,
    };
    let lease = SignedDuration::from_secs(60);
    let mut act = Append::events(stream(1), ExpectedSeq::Exactly(2), Vec::new());
    act.jobs = vec![job(Some("effect-1"), "effect"), job(None, "seal"), job(None, "seal")];
    store.append(act).await.expect("jobs are stored");
    let mut again = Append::events(stream(1), ExpectedSeq::Any, Vec::new());
    again.jobs = vec![job(Some("effect-1"), "effect")];
    store.append(again).await.expect("the same key again is nothing");
    assert_eq!(store.reader().job_counts().await.expect("read"), (3, 0));

    let claimed = store.claim_jobs(&["effect", "seal"], lease, 2).await.expect("claimed");
    assert_eq!(claimed.len(), 2);
    let rest = store.claim_jobs(&["effect", "seal"], lease, 9).await.expect("claimed");
    assert_eq!(rest.len(), 1, "a leased job is not claimed again");
    assert!(store.claim_jobs(&["seal"], lease, 9).await.expect("claimed").is_empty());

    // The outcome and the end of the job are one act, and only once.
    let mut outcome = Append::events(stream(1), ExpectedSeq::Exactly(2), vec![event("sealed")]);
    outcome.completes = Some(claimed[0].lease);
    outcome.view = Some(view(AGENCY, "sealed"));
    store.append(outcome.clone()).await.expect("the outcome");
    outcome.expected_seq = ExpectedSeq::Exactly(3);
    let lost = store.append(outcome).await.expect_err("the job is gone");
    assert!(matches!(lost, AppendError::LeaseLost { .. }), "{lost}");

    // A lease that runs out makes the job claimable, and the late worker is refused.
    clock.move_by(SignedDuration::from_secs(61));
    let late = store.claim_jobs(&["effect", "seal"], lease, 1).await.expect("claimed");
    let first_claim = claimed.iter().chain(&rest).find(|job| job.lease.id == late[0].lease.id);
    assert_eq!(late[0].attempt, 2);
    let lost = store.complete_job(first_claim.expect("it was claimed before").lease).await;
    assert!(matches!(lost, Err(AppendError::LeaseLost { .. })), "{lost:?}");

    store.postpone_job(&late[0], clock.now() + SignedDuration::from_secs(5)).await.expect("later");
    clock.move_by(SignedDuration::from_secs(6));
    let all = store.claim_jobs(&["effect", "seal"], lease, 9).await.expect("claimed");
    assert_eq!(all.iter().map(|job| job.attempt).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(store.fail_job(&all[0], "no answer").await.expect("failed"), JobState::Dead);
    // The other worker says nothing: its lease runs out after the last attempt.
    clock.move_by(SignedDuration::from_secs(61));
    assert!(store.claim_jobs(&["effect", "seal"], lease, 9).await.expect("claimed").is_empty());
    let kinds = ["effect", "seal"];
    let dead = store.reader().dead_jobs(&kinds, None, 9).await.expect("read");
    assert_eq!(store.reader().dead_jobs(&["mail"], None, 9).await.expect("read"), []);
    let errors: Vec<&str> = dead.iter().map(|job| job.error.as_str()).collect();
    assert_eq!(errors, ["no answer", "the lease of its last attempt ran out"]);
    assert_eq!(dead[1].failed_at, Some(clock.now()));
    let next = store.reader().dead_jobs(&kinds, Some(dead[0].id), 9).await.expect("read");
    assert_eq!(next, dead[1..], "a page begins after the one before");
    // The decision and the event that says so are one act, and only about what is dead.
    let decide = async |job, verdict| {
        let mut act = Append::events(stream(1), ExpectedSeq::Any, vec![event("sealed")]);
        act.decides = Some((job, verdict));
        act.view = Some(view(AGENCY, "sealed"));
        store.append(act).await
    };
    let events = async || store.reader().load(stream(1)).await.expect("read").len();
    decide(dead[0].id, Verdict::Retry).await.expect("revived");
    let before = events().await;
    let late = decide(dead[0].id, Verdict::GiveUp).await.expect_err("it is not dead");
    assert!(matches!(late, AppendError::NotDead { .. }), "{late}");
    assert_eq!(events().await, before, "what was not done is not on the record");
    let job = store.claim_jobs(&["effect", "seal"], lease, 9).await.expect("claimed").remove(0);
    assert_eq!(store.fail_job(&job, "busy").await.expect("failed"), JobState::Waiting);
    assert!(store.claim_jobs(&["effect", "seal"], lease, 9).await.expect("claimed").is_empty());
    clock.move_by(SignedDuration::from_secs(3));
    let job = store.claim_jobs(&["effect", "seal"], lease, 9).await.expect("claimed").remove(0);
    store.complete_job(job.lease).await.expect("done");
    assert_eq!(store.reader().job_counts().await.expect("read"), (0, 1));
    let both = [Verdict::GiveUp, Verdict::Retry].map(|verdict| decide(dead[1].id, verdict));
    let [first, second] = both;
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_ok() && matches!(second, Err(AppendError::NotDead { .. })), "{second:?}");
    assert_eq!(store.reader().dead_job(dead[1].id).await.expect("read"), None);
    assert_eq!(store.reader().job_counts().await.expect("read"), (0, 0));
}

/// Many reasons to do one thing do it once; where it had failed for good, they do it anew.
async fn keys(store: &Store, clock: &TestClock) {
    let job = |body: &str, run_at| NewJob {
        kind: "mail".into(),
        key: Some("mail:vera".into()),
        stream: stream(1),
        body: body.into(),
        run_at,
        attempts_max: 1,
    };
    let ask = async |jobs| {
        let mut act = Append::events(stream(1), ExpectedSeq::Any, Vec::new());
        act.jobs = jobs;
        store.append(act).await.expect("stored");
    };
    let counts = async || store.reader().job_counts().await.expect("read");
    let lease = SignedDuration::from_secs(60);
    let later = clock.now() + SignedDuration::from_secs(60);
    ask(vec![job("first", Some(later))]).await;
    assert!(store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").is_empty(), "not yet");
    // What is to be done at once brings it forward, also out of the same act.
    ask(vec![job("first", Some(later)), job("second", None)]).await;
    ask(vec![job("third", Some(later))]).await;
    assert_eq!(counts().await, (1, 0));
    let first = store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").remove(0);
    assert_eq!(first.body, "first");
    assert_eq!(store.fail_job(&first, "no answer").await.expect("failed"), JobState::Dead);
    ask(vec![job("fourth", None)]).await;
    assert_eq!(counts().await, (1, 0), "the dead one lives again");
    let again = store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").remove(0);
    assert_eq!((again.body.as_str(), again.attempt), ("fourth", 1));
    // Whoever completes a job may ask for the same thing again in the same act.
    let mut done = Append::events(stream(1), ExpectedSeq::Any, Vec::new());
    done.completes = Some(again.lease);
    done.jobs = vec![job("fifth", None)];
    store.append(done).await.expect("stored");
    let last = store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").remove(0);
    assert_eq!(last.body, "fifth");
    // Asked for anew while it is done, it does not wait for what it waited for.
    ask(vec![job("sixth", None)]).await;
    store.postpone_job(&last, later).await.expect("asked for meanwhile");
    let last = store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").remove(0);
    assert_eq!(last.attempt, 1);
    let later = clock.now() + SignedDuration::from_secs(60);
    store.postpone_job(&last, later).await.expect("nobody asked");
    assert!(store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").is_empty(), "once");
    ask(vec![job("seventh", None)]).await;
    let last = store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").remove(0);
    // Also when its lease has run out, and it is done all the same.
    clock.move_by(SignedDuration::from_secs(61));
    ask(vec![job("eighth", None)]).await;
    let failed = store.fail_job(&last, "no answer").await.expect("failed");
    assert_eq!(failed, JobState::Waiting, "its attempts begin anew");
    ask(vec![job("ninth", None)]).await;
    let last = store.claim_jobs(&["mail"], lease, 9).await.expect("claimed").remove(0);
    store.complete_job(last.lease).await.expect("done");
    assert_eq!(counts().await, (0, 0));
}

async fn list(store: &Store) {
    let page = |agency, state: Option<&str>, after| ViewQuery {
        filter: QueueFilter { agency, ..QueueFilter::default() },
        states: state.into_iter().map(str::to_owned).collect(),
        after,
        rows_max: 6,
    };
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let rows = store.reader().views(&page(None, None, after)).await.expect("read");
        let Some(last) = rows.last() else { break };
        after = Some(last.cursor);
        seen.extend(rows.iter().map(|row| row.stream));
    }
    let newest_first: Vec<Uuid> = (1..20).rev().map(stream).collect();
    assert_eq!(seen, newest_first);
    let sealed =
        store.reader().views(&page(Some(AGENCY), Some("sealed"), None)).await.expect("read");
    assert_eq!(sealed.iter().map(|row| row.stream).collect::<Vec<_>>(), [stream(1)]);
    let none = store.reader().views(&page(Some(OTHER_AGENCY), Some("sealed"), None)).await;
    assert!(none.expect("read").is_empty());
    let open = store.reader().views(&page(None, Some("open"), None)).await.expect("read");
    assert_eq!(open.len(), 6);
    assert_eq!(store.reader().view(stream(1)).await.expect("read").expect("row").state, "sealed");

    let due = |state: &str, seconds: i64| NewView {
        next_due: Some(jiff::Timestamp::constant(1_900_000_000 + seconds, 0)),
        ..view(AGENCY, state)
    };
    for (number, seconds) in [(3, 50), (5, 10), (7, 30)] {
        let mut act = Append::events(stream(number), ExpectedSeq::Any, Vec::new());
        act.view = Some(due("open", seconds));
        store.append(act).await.expect("a deadline");
    }
    let before = jiff::Timestamp::constant(1_900_000_040, 0);
    let urgent = store.reader().views_due("open", before, 9).await.expect("read");
    assert_eq!(urgent.iter().map(|row| row.stream).collect::<Vec<_>>(), [stream(5), stream(7)]);
    queue(store).await;
    for number in [3, 5, 7] {
        let mut act = Append::events(stream(number), ExpectedSeq::Any, Vec::new());
        act.view = Some(view(AGENCY, "open"));
        store.append(act).await.expect("no deadline");
    }
}

/// The queue by pages of two: each open request once, what is due first, what never is last.
async fn queue(store: &Store) {
    let of = |agency| QueueFilter { agency: Some(agency), ..QueueFilter::default() };
    let mut seen = Vec::new();
    let mut after = QueueCursor::START;
    loop {
        let page = store.reader().queue("open", &of(AGENCY), after, 2).await.expect("read");
        let Some(last) = page.last() else { break };
        after = QueueCursor::of(last);
        seen.extend(page.iter().map(|row| row.stream));
    }
    assert_eq!(seen[..3], [stream(5), stream(7), stream(3)]);
    let by_age =
        ViewQuery { filter: of(AGENCY), states: vec!["open".into()], after: None, rows_max: 50 };
    assert_eq!(seen.len(), store.reader().views(&by_age).await.expect("read").len());
    let other = store.reader().queue("open", &of(OTHER_AGENCY), QueueCursor::START, 50).await;
    assert!(other.expect("read").iter().all(|row| row.agency == OTHER_AGENCY));
    let whole = store
        .reader()
        .queue("open", &QueueFilter::default(), QueueCursor::START, 50)
        .await
        .expect("read");
    assert!(whole.len() >= seen.len());
    marks_and_people(store).await;
}

/// Each mark and each person has a queue; the row says which.
async fn marks_and_people(store: &Store) {
    let ana = Uuid::from_u128(0xa);
    for number in 0..8 {
        let mut act = Append::events(stream(7), ExpectedSeq::Any, Vec::new());
        let labels = Labels::default().with(Label::new(number));
        act.view = Some(NewView { labels, assignee: Some(ana), ..view(AGENCY, "open") });
        store.append(act).await.expect("a mark");
        for other in 0..8 {
            let filter = QueueFilter {
                label: Some(Label::new(other)),
                assignee: Some(ana),
                agency: Some(AGENCY),
            };
            let found = store.reader().queue("open", &filter, QueueCursor::START, 9).await;
            let found = found.expect("read");
            assert_eq!(found.len(), usize::from(other == number), "{number}, {other}");
            assert!(found.iter().all(|row| row.labels == labels && row.assignee == Some(ana)));
        }
    }
    let nobody = QueueFilter { assignee: Some(Uuid::nil()), ..QueueFilter::default() };
    let none = store.reader().queue("open", &nobody, QueueCursor::START, 9).await.expect("read");
    assert!(none.is_empty(), "rows without a person are in no queue of nobody");
}

/// Words find the payloads that have them, on both engines alike, until they are erased.
async fn words(store: &Store) {
    let text = "Ref 2027/114: jo.doe@example.org, Müller, bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5";
    for (number, text) in [(201, text), (202, "jo said: example.org, not MULLER"), (203, "Doe")] {
        let payload = serde_json::json!({ "name": text }).to_string();
        let mut named = NewEvent::new("{\"kind\":\"received\"}", Some(payload));
        named.words = Words::of([text]);
        let mut act = Append::events(stream(number), ExpectedSeq::Exactly(0), vec![named]);
        act.view =
            Some(view(if number.is_multiple_of(2) { OTHER_AGENCY } else { AGENCY }, "received"));
        store.append(act).await.expect("found by words");
    }
    let find = async |asked: &str| {
        let question = Question::parse(asked).expect(asked);
        let found = store.reader().find(&question, None, 9).await.expect(asked).rows;
        let numbers: Vec<String> =
            found.iter().map(|row| (row.stream.as_u128() & 0xffff).to_string()).collect();
        format!("{asked}: {}\n", numbers.join(" "))
    };
    let mut found = String::new();
    for asked in [
        "muller",
        "MÜLLER",
        "doe",
        "jo.doe@example.org",
        "example.org",
        "jo doe",
        "bc1qar0*",
        "bc1qar0",
        "2027/114",
        "zofie",
        "muller doe missing",
        "Ref: müller",
    ] {
        found.push_str(&find(asked).await);
    }
    expect![[r#"
        muller: 202 201
        MÜLLER: 202 201
        doe: 203 201
        jo.doe@example.org: 201
        example.org: 202 201
        jo doe: 201
        bc1qar0*: 201
        bc1qar0: 
        2027/114: 201
        zofie: 1
        muller doe missing: 
        Ref: müller: 201
    "#]]
    .assert_eq(&found);
    let muller = Question::parse("muller").expect("a word");
    let first = store.reader().find(&muller, None, 1).await.expect("read");
    let second = store.reader().find(&muller, first.next, 1).await.expect("read");
    assert_eq!((first.rows[0].stream, second.rows[0].stream), (stream(202), stream(201)));
    let last = store.reader().find(&muller, second.next, 1).await.expect("read");
    assert_eq!((last.rows.len(), last.next), (0, None));
    // Another payload of a request: all words in one request, and the newest on top.
    let mut message = NewEvent::new("{\"kind\":\"message\"}", Some("{\"name\":\"m\"}".to_owned()));
    message.words = Words::of(["Doe was seen; Doe again, at jo's"]);
    let mut act = Append::events(stream(202), ExpectedSeq::Exactly(1), vec![message]);
    act.view = Some(view(OTHER_AGENCY, "message"));
    store.append(act).await.expect("found by words");
    let mut phrases = String::new();
    for asked in ["muller doe", "doe", "\"jo said\"", "\"said jo\"", "\"doe again\" muller"] {
        phrases.push_str(&find(asked).await);
    }
    expect![[r#"
        muller doe: 202 201
        doe: 202 203 201
        "jo said": 202
        "said jo": 
        "doe again" muller: 202
    "#]]
    .assert_eq(&phrases);
    let doe = Question::parse("doe").expect("a word");
    readers(store).await;
    let best = store.reader().find_best(&doe, 9).await.expect("read");
    let best: Vec<Uuid> = best.iter().map(|found| found.stream).collect();
    assert_eq!(best, [stream(202), stream(203), stream(201)], "twice, once of one, once of many");
    let newest = store.reader().find(&doe, None, 1).await.expect("read").rows[0].leaf;
    store.erase_events(&[newest]).await.expect("erased");
    expect!["muller doe: 201\n"].assert_eq(&find("muller doe").await);
    expect!["muller: 202 201\n"].assert_eq(&find("muller").await);
    erase_streams(store, &[stream(201)]).await.expect("erased");
    expect!["muller: 202\n"].assert_eq(&find("muller").await);
    expect!["bc1qar0*: \n"].assert_eq(&find("bc1qar0*").await);
}

/// Who does not see all of a request finds it by what he sees, where that stands.
async fn readers(store: &Store) {
    let readers = Uuid::from_u128(0xFEED);
    let say = async |number: u128, seq, text: &str, is_seen: bool| {
        let payload = serde_json::json!({ "name": text, "seen": is_seen }).to_string();
        let mut event = NewEvent::new("{\"kind\":\"noted\"}", Some(payload));
        let words = Words::of([text]);
        event.words = if is_seen { words.read_by(readers) } else { words };
        let mut act = Append::events(stream(number), ExpectedSeq::Exactly(seq), vec![event]);
        act.view =
            Some(view(if number.is_multiple_of(2) { OTHER_AGENCY } else { AGENCY }, "noted"));
        LeafIndex(store.append(act).await.expect("found by words").leaves.start)
    };
    let find = async |asked: &str, readers: Option<Uuid>| {
        let mut question = Question::parse(asked).expect(asked);
        if let Some(readers) = readers {
            question = question.read_by(readers);
        }
        let (mut numbers, mut leaves, mut before) = (Vec::new(), Vec::new(), None);
        loop {
            let page = store.reader().find(&question, before, 1).await.expect(asked);
            numbers.extend(page.rows.iter().map(|row| row.stream.as_u128() & 0xffff));
            leaves.extend(page.rows.iter().map(|row| row.leaf));
            before = page.next;
            if before.is_none() {
                return (numbers, leaves);
            }
        }
    };
    let first = say(211, 0, "gray heron at the lake", true).await;
    let second = say(212, 0, "gray heron at the river", true).await;
    assert_eq!(find("heron", Some(readers)).await, (vec![212, 211], vec![second, first]));
    // What readers do not see moves the request for whoever sees all, and nothing for them.
    let note = say(211, 1, "the heron is forged", false).await;
    assert_eq!(find("heron", None).await, (vec![211, 212], vec![note, second]));
    assert_eq!(find("heron", Some(readers)).await, (vec![212, 211], vec![second, first]));
    assert_eq!(find("forged", Some(readers)).await.0, [0; 0]);
    assert_eq!(find("\"heron is\"", Some(readers)).await.0, [0; 0]);
    assert_eq!(find("\"heron is forged\"", None).await.0, [211]);
    assert_eq!(find("heron", Some(Uuid::from_u128(0xBEEF))).await.0, [0; 0]);
    // A phrase whose pairs all stand there, and which nobody wrote.
    assert_eq!(find("\"the heron at\"", None).await.0, [0; 0]);
    assert_eq!(find("\"gray heron at the\"", Some(readers)).await.0, [212, 211]);
    let answer = say(211, 2, "which heron?", true).await;
    assert_eq!(find("heron", Some(readers)).await, (vec![211, 212], vec![answer, second]));
    // An erasure takes it from both rows, and each stands where its newest words do.
    store.erase_events(&[answer]).await.expect("erased");
    assert_eq!(find("heron", Some(readers)).await, (vec![212, 211], vec![second, first]));
    assert_eq!(find("heron", None).await.1, [note, second]);
    store.erase_events(&[note]).await.expect("erased");
    assert_eq!(find("heron", None).await, (vec![212, 211], vec![second, first]));
}

async fn proofs(store: &Store) {
    let reader = store.reader();
    // Enough leaves for a full tile and one above it.
    for round in 0..6 {
        let events = (0..50).map(|_| event("noise")).collect();
        let expected = ExpectedSeq::Exactly(round * 50);
        let mut act = Append::events(stream(100), expected, events);
        act.view = Some(view(OTHER_AGENCY, "noise"));
        store.append(act).await.expect("an act");
    }
    let head = store.checkpoint();
    let size = head.size.0;
    for leaf in [0, 1, 2, size / 2, size - 1] {
        let record = reader.record(LeafIndex(leaf)).await.expect("read").expect("a record");
        let entry = ledger::Entry::of(record::RECORD_TAG, &record.salt, record.json.as_bytes());
        let proof = reader.inclusion_proof(LeafIndex(leaf), head.size).await.expect("a proof");
        verify_inclusion(leaf_hash(entry), LeafIndex(leaf), head.size, &proof, head.root)
            .expect("it is proved");
        let entries = reader.entries(leaf..leaf + 1).await.expect("read");
        assert_eq!(entries, [entry]);
    }
    let old = reader.checkpoint_from(TreeSize(5)).await.expect("read").expect("a checkpoint");
    assert_eq!(reader.checkpoint_at(old.size).await.expect("read").as_ref(), Some(&old));
    let proof = reader.consistency_proof(old.size, head.size).await.expect("a proof");
    verify_consistency(old.size, head.size, &proof, old.root, head.root).expect("it is proved");

    let tile = |kind, index, width| {
        TileId::new(kind, index, TileWidth::new(width).expect("a width")).expect("a tile")
    };
    let hashes = |level| TileKind::Hashes { level };
    let full = reader.tile(tile(hashes(0), 0, 256), head.size).await.expect("read").expect("full");
    assert_eq!(full.len(), 256 * 32);
    let upper = reader.tile(tile(hashes(1), 0, 1), head.size).await.expect("read").expect("upper");
    let mut frontier = ledger::tree::Frontier::new();
    for leaf in full.chunks(32) {
        frontier.append(ledger::Hash::try_from(leaf).expect("32 bytes"), &mut Vec::new());
    }
    assert_eq!(upper, frontier.root().0, "the level above is made of this tile");
    let width = (size - 256) as u16;
    for kind in [hashes(0), TileKind::Entries] {
        let partial = reader.tile(tile(kind, 1, width), head.size).await.expect("read");
        assert!(partial.is_some());
        let beyond = reader.tile(tile(kind, 1, width + 1), head.size).await.expect("read");
        assert_eq!(beyond, None);
    }
    store
        .add_cosignatures(head.size, vec![("w.example/1".into(), "— w 1".into())])
        .await
        .expect("kept");
    assert_eq!(reader.cosignatures(head.size).await.expect("read"), ["— w 1"]);
}

async fn blobs_come_and_go(store: &Store) {
    let name = async |number, blob: &NewBlob| {
        let mut act = Append::events(stream(number), ExpectedSeq::Any, vec![naming(blob.digest())]);
        act.blobs = vec![blob.clone()];
        act.view =
            Some(view(if number.is_multiple_of(2) { OTHER_AGENCY } else { AGENCY }, "named"));
        store.append(act).await.expect("blob and event");
    };
    let small = store.put_blob(b"an order".to_vec()).await.expect("ready");
    assert_eq!(small.digest(), BlobDigest::of(b"an order"));
    let nobody = Append {
        blobs: vec![small.clone()],
        ..Append::events(stream(3), ExpectedSeq::Any, vec![event("open")])
    };
    let refused = store.append(nobody).await.expect_err("nobody names it").to_string();
    assert!(refused.ends_with(" is named by no event of the act"), "{refused}");
    let none = store.reader().blob(small.digest()).await;
    assert!(matches!(none, Err(BlobError::Missing(_))), "what nobody names is not there");
    let bytes: Vec<u8> = (0..1_000_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let large = store.put_blob(bytes.clone()).await.expect("stored");
    let (same, length) = store.put_blob_from(&mut bytes.as_slice()).await.expect("stored");
    assert_eq!((same.digest(), length), (large.digest(), 1_000_000));
    assert!(store.reader().blob(large.digest()).await.expect("read") == bytes);
    let source = store.reader().blob_source(large.digest()).await.expect("there");
    for _ in 0..2 {
        let mut read = Vec::new();
        std::io::Read::read_to_end(&mut source.open().expect("opens"), &mut read).expect("read");
        assert!(read == bytes);
    }
    for number in [301, 302] {
        name(number, &small).await;
        name(number, &large).await;
    }
    drop((same, large.clone()));
    // A blob is erased when the last payload that names it is.
    for (number, blobs) in [(301, 0), (302, 1)] {
        let erased = erase_streams(store, &[stream(number)]).await.expect("erased");
        assert_eq!((erased.payloads, erased.blobs), (2, blobs), "the large one is held");
    }
    let gone = store.reader().blob(small.digest()).await;
    assert!(matches!(gone, Err(BlobError::Erased { .. })), "{gone:?}");
    assert!(store.reader().blob(large.digest()).await.expect("held by us") == bytes);
    let digest = large.digest();
    drop(large);
    store.put_setting("any", "write").await.expect("kept");
    let gone = store.reader().blob(digest).await;
    assert!(matches!(gone, Err(BlobError::Erased { .. })), "{gone:?}");
    // Both come back when they are named again.
    name(303, &small).await;
    let large = store.put_blob(bytes).await.expect("stored");
    name(303, &large).await;
    assert_eq!(store.reader().blob(small.digest()).await.expect("read"), b"an order");
    drop(large);
    assert!(store.reader().blob(digest).await.is_ok());
}

async fn drafts(store: &Store) {
    let (ana, ben) = (Uuid::from_u128(0xa), Uuid::from_u128(0xb));
    let at = |second: i64| jiff::Timestamp::from_second(1_800_000_000 + second).expect("a time");
    let draft = |name: &str, owner, second, form: &[u8]| store::Draft {
        name: name.to_owned(),
        owner,
        touched_at: at(second),
        form: form.to_vec(),
        files: vec![7; 300_000],
    };
    let reader = store.reader();
    assert!(store.put_draft(draft("one", ana, 1, b"sealed")).await.expect("kept"));
    assert!(store.put_draft(draft("two", ana, 2, b"sealed too")).await.expect("kept"));
    assert!(store.put_draft(draft("three", ben, 3, b"b")).await.expect("kept"));
    assert!(store.put_draft(draft("one", ana, 4, b"changed")).await.expect("kept"));
    let taken = store.put_draft(draft("one", ben, 5, b"another's name")).await.expect("no fault");
    assert!(!taken, "nobody writes over another's draft");
    let one = reader.draft("one", ana).await.expect("read").expect("there");
    assert_eq!(one, draft("one", ana, 4, b"changed"));
    assert_eq!(reader.draft("one", ben).await.expect("read"), None);
    let form = b"changed".to_vec();
    let put = async |name, owner, times| {
        store.put_draft_form(name, owner, times, form.clone()).await.expect("no fault")
    };
    assert!(put("one", ana, (at(4), at(4))).await);
    assert!(!put("one", ben, (at(0), at(9))).await);
    assert!(!put("none", ana, (at(0), at(9))).await);
    assert!(!put("one", ana, (at(5), at(9))).await, "what is too old does not come back");
    assert_eq!(reader.draft("one", ana).await.expect("read"), Some(one));
    let listed = reader.drafts_of(ana).await.expect("listed");
    let told: Vec<_> = listed.iter().map(|info| (info.name.as_str(), info.bytes)).collect();
    assert_eq!(told, [("one", 300_007), ("two", 300_010)]);
    assert!(listed.iter().all(|info| info.files_begin == [7; 12]));
    assert_eq!(reader.drafts_bytes().await.expect("measured"), 900_018);
    assert_eq!(reader.draft_owners().await.expect("listed"), [ana, ben]);
    let large = draft("large", ana, 6, &vec![0; store::limits::DRAFT_FORM_BYTES_MAX + 1]);
    assert!(store.put_draft(large).await.is_err());
    assert!(!store.remove_draft("two", ben).await.expect("no fault"));
    assert!(store.remove_draft("two", ana).await.expect("removed"));
    assert_eq!(store.remove_drafts_before(at(4)).await.expect("removed"), 1);
    assert_eq!(store.remove_drafts_of(ana).await.expect("removed"), 1);
    assert_eq!(reader.drafts_bytes().await.expect("measured"), 0);
}

async fn audit_and_settings(store: &Store, clock: &TestClock) {
    let start = clock.now();
    for number in 0..3 {
        let stream = (number > 0).then(|| stream(number));
        let audit = ReadAudit { actor: AGENCY, stream, action: "open request".into() };
        store.audit_read(audit).await.expect("noted");
    }
    clock.move_by(SignedDuration::from_secs(1));
    let digest = store.reader().read_audit_digest(start..clock.now()).await.expect("read");
    assert_eq!(digest.count, 3);
    let later = store.reader().read_audit_digest(clock.now()..clock.now()).await.expect("read");
    expect!["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
        .assert_eq(&later.sha256.to_string());
    store.put_setting("staff/ana", "1").await.expect("kept");
    store.put_setting("staff/bo", "2").await.expect("kept");
    store.put_setting("staff/ana", "3").await.expect("replaced");
    store.put_setting("other", "4").await.expect("kept");
    assert_eq!(store.reader().setting("staff/ana").await.expect("read").as_deref(), Some("3"));
    let staff = store.reader().settings("staff/").await.expect("read");
    let staff: Vec<_> = staff.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(staff, ["staff/ana=3", "staff/bo=2"]);
}

fn noticed(hour: jiff::Timestamp, kind: &str, who: Option<Uuid>, count: u64) -> Noticed {
    let (source, place) = ("192.0.2.0/24".to_owned(), "POST /login".to_owned());
    let last_at = hour.checked_add(SignedDuration::from_secs(9)).expect("a time");
    Noticed { hour, kind: kind.to_owned(), who, source, place, count, first_at: hour, last_at }
}

async fn security_log(store: &Store, clock: &TestClock, url: &str) {
    let now = clock.now().as_second();
    let hour = jiff::Timestamp::from_second(now - now.rem_euclid(3_600)).expect("a time");
    let old = hour.checked_sub(SignedDuration::from_hours(24 * 100)).expect("a time");
    let next = hour.checked_add(SignedDuration::from_hours(1)).expect("a time");
    let some =
        |count| vec![noticed(hour, "failed", None, count), noticed(hour, "in", Some(AGENCY), 1)];
    store.note_security(some(2)).await.expect("noted");
    store.note_security(some(40)).await.expect("counted up");
    store.note_security(vec![noticed(old, "failed", None, 7)]).await.expect("noted");
    let reader = store.reader();
    let all = reader.noticed(&NoticedFilter::default(), None, 10).await.expect("read");
    let told: Vec<_> =
        all.iter().map(|row| (row.noticed.kind.as_str(), row.noticed.count)).collect();
    assert_eq!(told, [("failed", 7), ("in", 2), ("failed", 42)], "one row for what repeats");
    assert_eq!(all[2].noticed, noticed(hour, "failed", None, 42));
    let before = reader.noticed(&NoticedFilter::default(), Some(all[0].number), 1).await;
    assert_eq!(before.expect("read")[0], all[1]);
    for (filter, count) in [
        (NoticedFilter { who: Some(AGENCY), ..NoticedFilter::default() }, 1),
        (NoticedFilter { kind: Some("failed".into()), ..NoticedFilter::default() }, 2),
        (NoticedFilter { since: Some(hour), ..NoticedFilter::default() }, 2),
        (NoticedFilter { source: Some("10.0.0.0/24".into()), ..NoticedFilter::default() }, 0),
    ] {
        let found = reader.noticed(&filter, None, 10).await.expect("read");
        assert_eq!(found.len(), count, "{filter:?}");
    }
    // An hour's rows have a digest, which any change of them changes.
    let (count, digest) = reader.noticed_digest(hour..next).await.expect("read");
    assert_eq!(count, 2);
    assert_eq!(reader.noticed_in(hour..next, 10).await.expect("read").len(), 2);
    store.note_security(vec![noticed(hour, "in", Some(AGENCY), 1)]).await.expect("noted");
    let (_, changed) = reader.noticed_digest(hour..next).await.expect("read");
    assert_ne!(digest, changed);
    // The clock stepped back between two looks: it is counted, and the last time stays.
    let early = Noticed { last_at: hour, ..noticed(hour, "failed", None, 1) };
    store.note_security(vec![early]).await.expect("counted up");
    let rows = reader.noticed_in(hour..next, 10).await.expect("read");
    assert_eq!(rows[0].noticed, noticed(hour, "failed", None, 43));
    // The audit's reads, counted by reader.
    let span = hour..clock.now();
    let readings = reader.readings(span, ["open request", "other"], 10).await.expect("read");
    assert_eq!(readings, [Reading { who: AGENCY, reads: 3, of_kinds: 3 }]);
    // Counts grow and rows of the last 90 days stay, whoever asks; older ones go.
    for sql in [
        "update security_log set count = 1",
        "update security_log set source = 'elsewhere', count = count + 1",
        "delete from security_log",
    ] {
        let refused = run_sql(url, sql).await.expect_err(sql).to_string();
        assert!(refused.contains("security_log rows are"), "{sql}: {refused}");
    }
    assert_eq!(store.erase_security(hour).await.expect("erased"), 1);
    assert_eq!(store.erase_security(next).await.expect("no fault"), 0, "rows of today stay");
    let left = reader.noticed(&NoticedFilter::default(), None, 10).await.expect("read");
    assert_eq!(left.len(), 2);
}

async fn erasure(store: &Store, url: &str) {
    let before = store.checkpoint();
    let proof = store.reader().inclusion_proof(LeafIndex(0), before.size).await.expect("a proof");
    let erased = erase_streams(store, &[stream(1)]).await.expect("erased");
    assert_eq!(erased.payloads, 1);
    let expected =
        if url.starts_with("sqlite") { Overwritten::Yes } else { Overwritten::AfterVacuum };
    assert_eq!(erased.overwritten, expected);
    let events = store.reader().load(stream(1)).await.expect("read");
    assert!(matches!(events[0].payload, Payload::Erased(_)), "{:?}", events[0].payload);
    assert_eq!(events[1].payload, Payload::None);
    assert_eq!(store.reader().record(LeafIndex(0)).await.expect("read"), None);
    let again = store.reader().inclusion_proof(LeafIndex(0), before.size).await.expect("a proof");
    assert_eq!(proof, again, "proofs stay");
    assert_eq!(store.checkpoint(), before);
    assert_eq!(store.erase_events(&[LeafIndex(0)]).await.expect("erased").payloads, 0);
    store.overwrite_erased().await.expect("tables are written anew");
    nothing_is_left(url).await;
    let report = sound(store).await;
    assert_eq!(report.erased, 9);
    assert_eq!(report.derived + report.erased, before.size.0);
}

/// No file of the database has the names and words that were erased; PostgreSQL's write-ahead log,
/// which is kept as long as its backups want, is not among them.
async fn nothing_is_left(url: &str) {
    let files: Vec<PathBuf> = match url.strip_prefix("sqlite://") {
        Some(path) => vec![path.into(), format!("{path}-wal").into()],
        None => {
            run_sql(url, "checkpoint").await.expect("what is in memory is written");
            let folder = url.split_once("?host=").expect("a socket's folder").1;
            let pattern = PathBuf::from(folder).join("data/base");
            let databases = std::fs::read_dir(pattern).expect("the server's files");
            let tables = |database: std::io::Result<std::fs::DirEntry>| {
                std::fs::read_dir(database.expect("a database").path()).expect("its files")
            };
            databases.flat_map(tables).map(|file| file.expect("a file").path()).collect()
        }
    };
    assert!(files.len() > 1);
    for file in files {
        let bytes = std::fs::read(&file).expect("the file");
        for name in ["Žofie", "zofie", "bc1qar0srrr"] {
            let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
            assert!(!found, "{name} still stands in {}", file.display());
        }
    }
}

async fn nothing_is_rewritten(store: &Store, url: &str) {
    for sql in [
        "update event set event = '{}' where leaf_index = 1",
        "delete from event where leaf_index = 1",
        "update leaf set entry = hash where leaf_index = 1",
        "delete from leaf where leaf_index = 1",
        "delete from node where level = 1",
        "update checkpoint set note = ''",
        "update payload set body = '{}' where payload_id = 1",
        "delete from payload where payload_id = 1",
        "delete from read_audit",
        "update transaction_seen set reference = 'other'",
    ] {
        let refused = run_sql(url, sql).await.expect_err(sql).to_string();
        assert!(refused.contains("rows are"), "{sql}: {refused}");
    }
    sound(store).await;
}

/// Somebody takes the triggers away and changes rows: the check names each.
async fn damage_is_found(store: &Store, url: &str) {
    let free = |table: &str| {
        if url.starts_with("sqlite") {
            format!("drop trigger {table}_update; drop trigger {table}_delete;")
        } else if table == "payload" {
            "drop trigger payload_update on payload; drop trigger payload_delete on payload;".into()
        } else {
            format!("drop trigger {table}_once on {table};")
        }
    };
    for table in ["event", "leaf", "node", "checkpoint", "payload"] {
        run_sql(url, &free(table)).await.expect("the owner may do this");
    }
    let keys = [test_key().verifier()];
    let find = async |harm: &str, heal: &str| {
        run_sql(url, harm).await.expect(harm);
        let report = check(store.reader(), &keys, Some(&mut derive)).await.expect("checked");
        run_sql(url, heal).await.expect(heal);
        report.findings
    };
    let found = find(
        "update event set event = '{\"kind\":\"Checked\"}' where leaf_index = 1",
        "update event set event = '{\"kind\":\"checked\"}' where leaf_index = 1",
    )
    .await;
    assert!(matches!(found[..], [Finding::EntryDiffers { leaf: LeafIndex(1), .. }]), "{found:#?}");
    let found = find(
        "update node set level = 60 where level = 1 and node_index = 0",
        "update node set level = 1 where level = 60",
    )
    .await;
    assert!(matches!(found[..], [Finding::NodeMissing(_)]), "{found:#?}");
    let found = find(
        "update leaf set leaf_index = 1000000 where leaf_index = 3",
        "update leaf set leaf_index = 3 where leaf_index = 1000000",
    )
    .await;
    assert!(found.contains(&Finding::LeafMissing(LeafIndex(3))), "{found:#?}");
    let found = find(
        "update payload set erased_at = 1 where payload_id = 1",
        "update payload set erased_at = null where payload_id = 1",
    )
    .await;
    assert_eq!(found, [], "an erased payload is not a defect");
    let found = find(
        "update request_view set state = 'lost' where state = 'noise'",
        "update request_view set state = 'noise' where state = 'lost'",
    )
    .await;
    assert_eq!(found, [Finding::ViewDiffers(stream(100))]);
    let found = find(
        "update checkpoint set size = 1000000 where size = 2",
        "update checkpoint set size = 2 where size = 1000000",
    )
    .await;
    assert!(matches!(found[..], [Finding::CountDiffers { .. }]), "{found:#?}");
    let found = find(
        "update event set at = at + 100000000 where leaf_index = 4",
        "update event set at = at - 100000000 where leaf_index = 4",
    )
    .await;
    assert!(matches!(found[..], [Finding::EntryDiffers { .. }, Finding::TimeBackwards { .. }]));
    sound(store).await;
}
