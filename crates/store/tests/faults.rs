//! What happens when writes fail, disks fill, clocks step and others write: nothing acknowledged
//! is lost, nothing refused is stored, nothing is there twice.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use expect_test::expect;
use jiff::SignedDuration;
use store::check::check;
use store::faults::{Fault, FaultHook, POINTS, Point};
use store::testing::{Postgres, TestClock, run_sql, sqlite_url, test_config, test_key};
use store::*;
use uuid::Uuid;

const STREAM: Uuid = Uuid::from_u128(0x5);

fn event(token: &str) -> NewEvent {
    NewEvent::new(format!("{{\"token\":\"{token}\"}}"), Some("{\"name\":\"x\"}".into()))
}

fn simple(stream: Uuid, seq: u64, token: &str) -> Append {
    Append::events(stream, ExpectedSeq::Exactly(seq), vec![event(token)])
}

/// An act that passes every point.
fn whole(seq: u64, token: &str) -> Append {
    let mut act = simple(STREAM, seq, token);
    act.events.push(event(&format!("{token}-second")));
    act.jobs.push(NewJob {
        kind: "job".into(),
        key: None,
        stream: STREAM,
        body: "{}".into(),
        run_at: None,
        attempts_max: 1,
    });
    act.view = Some(NewView {
        agency: STREAM,
        state: "open".into(),
        summary_json: "{}".into(),
        next_due: None,
        labels: store::Labels::default(),
        assignee: None,
    });
    act.seen =
        vec![SeenTransaction { agency: STREAM, transaction: token.into(), reference: "r".into() }];
    let blob = NewBlob::new(token.as_bytes().to_vec());
    act.events[0].names.personal.push(blob.digest());
    act.blobs.push(blob);
    act
}

async fn sound(reader: &Reader) -> store::check::Report {
    let report = check(reader, &[test_key().verifier()], None).await.expect("checked");
    assert!(report.is_sound(), "{:#?}", report.findings);
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_write_fails_once_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    each_write_fails_once(&sqlite_url(folder.path()), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_write_fails_once_on_postgres() {
    let Some(postgres) = Postgres::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    each_write_fails_once(&postgres.database().await, folder.path()).await;
}

async fn each_write_fails_once(url: &str, folder: &Path) {
    let clock = TestClock::new();
    let armed: Arc<Mutex<Option<(Point, Fault)>>> = Arc::default();
    let seen = Arc::clone(&armed);
    let hook: FaultHook = Arc::new(move |point| {
        let mut armed = seen.lock().expect("not poisoned");
        match *armed {
            Some((at, fault)) if at == point => {
                *armed = None;
                fault
            }
            _ => Fault::None,
        }
    });
    let config = || {
        let mut config = test_config(&clock);
        config.kept_checkpoint = Some(folder.join("kept"));
        config.faults.hook = Some(Arc::clone(&hook));
        config
    };
    let mut store = Store::open_or_create(url, config()).await.expect("opens");
    let mut seq = 0;
    let mut outcomes = String::new();
    for point in POINTS {
        for fault in [Fault::FailsUndone, Fault::FailsDone] {
            let token = format!("{point:?}-{fault:?}");
            let act = whole(seq, &token);
            *armed.lock().expect("not poisoned") = Some((point, fault));
            let error = store.append(act.clone()).await.expect_err(&token);
            assert_eq!(*armed.lock().expect("not poisoned"), None, "{token} was not passed");
            let AppendError::Commit { outcome, .. } = &error else { panic!("{token}: {error}") };
            outcomes.push_str(&format!("{token}: {outcome:?}\n"));
            if point == Point::Kept {
                // What is not kept is not published, and the store stops.
                let refused = store.append(act.clone()).await.expect_err("stopped");
                assert!(matches!(refused, AppendError::Stopped { .. }), "{refused}");
                store.close().await;
                store = Store::open(url, config()).await.expect("opens again");
            }
            let again = store.append(act).await;
            match outcome {
                CommitOutcome::NotStored => drop(again.expect("the second try")),
                CommitOutcome::Stored => {
                    let duplicate = again.expect_err("it was stored");
                    assert!(matches!(duplicate, AppendError::Duplicate { .. }), "{duplicate}");
                }
                CommitOutcome::Unknown => panic!("{token}: the head can be read"),
            }
            seq += 2;
            let events = store.reader().load(STREAM).await.expect("read");
            assert_eq!(events.len() as u64, seq, "{token}");
            assert_eq!(store.checkpoint().size.0, seq, "{token}");
            assert_eq!(store.reader().job_counts().await.expect("read").0 * 2, seq, "{token}");
        }
    }
    let report = sound(store.reader()).await;
    assert_eq!(report.size.0, seq);
    expect![[r#"
        Begin-FailsUndone: NotStored
        Begin-FailsDone: NotStored
        Head-FailsUndone: NotStored
        Head-FailsDone: NotStored
        Event-FailsUndone: NotStored
        Event-FailsDone: NotStored
        Payload-FailsUndone: NotStored
        Payload-FailsDone: NotStored
        Leaf-FailsUndone: NotStored
        Leaf-FailsDone: NotStored
        Node-FailsUndone: NotStored
        Node-FailsDone: NotStored
        Checkpoint-FailsUndone: NotStored
        Checkpoint-FailsDone: NotStored
        Job-FailsUndone: NotStored
        Job-FailsDone: NotStored
        View-FailsUndone: NotStored
        View-FailsDone: NotStored
        Seen-FailsUndone: NotStored
        Seen-FailsDone: NotStored
        Blob-FailsUndone: NotStored
        Blob-FailsDone: NotStored
        Commit-FailsUndone: NotStored
        Commit-FailsDone: Stored
        Kept-FailsUndone: Stored
        Kept-FailsDone: Stored
    "#]]
    .assert_eq(&outcomes);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = sqlite_url(folder.path());
    let clock = TestClock::new();
    let mut config = test_config(&clock);
    config.faults.pages_max = Some(120);
    let store = Store::open_or_create(&url, config).await.expect("opens");
    let mut stored = 0;
    let error = loop {
        assert!(stored < 1_000, "the disk never was full");
        let big = format!("{{\"text\":\"{:0>2000}\"}}", stored);
        let act = Append::events(
            STREAM,
            ExpectedSeq::Exactly(stored),
            vec![NewEvent::new("{}", Some(big))],
        );
        match store.append(act).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    let AppendError::Commit { outcome: CommitOutcome::NotStored, source } = error else {
        panic!("{error}")
    };
    assert!(source.to_string().contains("full"), "{source}");
    assert!(matches!(store.health().state, WriterState::Serving));
    assert_eq!(sound(store.reader()).await.size.0, stored);
    store.close().await;
    let store = Store::open(&url, test_config(&clock)).await.expect("opens");
    store.append(simple(STREAM, stored, "after")).await.expect("there is room");
    assert_eq!(sound(store.reader()).await.size.0, stored + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    second_process(&sqlite_url(folder.path()), folder.path()).await;
    let Some(postgres) = Postgres::start().await else { return };
    second_process(&postgres.database().await, folder.path()).await;
}

async fn second_process(url: &str, folder: &Path) {
    let clock = TestClock::new();
    let store = Store::open_or_create(url, test_config(&clock)).await.expect("opens");
    store.append(simple(STREAM, 0, "first")).await.expect("an act");
    let (worker, url_text) = (example("crash_worker"), url.to_owned());
    let kept = folder.join("other-kept").display().to_string();
    let run = move || Command::new(worker).args([&url_text, &kept, "1", "1"]).output();
    let output = tokio::task::spawn_blocking(run).await.expect("ran").expect("started");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("Locked"), "{said}");
    store.append(simple(STREAM, 1, "second")).await.expect("the first process goes on");
    sound(store.reader()).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losing_the_head_stops_the_writer_for_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = sqlite_url(folder.path());
    fenced(&url).await;
    let Some(postgres) = Postgres::start().await else { return };
    let url = postgres.database().await;
    fenced(&url).await;
}

async fn fenced(url: &str) {
    let clock = TestClock::new();
    let store = Store::open_or_create(url, test_config(&clock)).await.expect("opens");
    store.append(simple(STREAM, 0, "ours")).await.expect("an act");
    let token = if url.starts_with("sqlite") { "x'01'" } else { "'\\x01'" };
    run_sql(url, &format!("update head set writer = {token}")).await.expect("taken over");
    for _ in 0..3 {
        let error = store.append(simple(STREAM, 1, "late")).await.expect_err("fenced off");
        assert!(matches!(error, AppendError::Fenced), "{error}");
    }
    let state = store.health().state;
    assert!(matches!(state, WriterState::Stopped { error: AppendError::Fenced }), "{state:?}");
    assert_eq!(sound(store.reader()).await.size.0, 1, "nothing was written");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_session_is_not_the_end_on_postgres() {
    let Some(postgres) = Postgres::start().await else { return };
    let url = postgres.database().await;
    let clock = TestClock::new();
    let store = Store::open_or_create(&url, test_config(&clock)).await.expect("opens");
    store.append(simple(STREAM, 0, "first")).await.expect("an act");
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
                where application_name = 'comity' and pid <> pg_backend_pid()";
    run_sql(&url, kill).await.expect("sessions end");
    let error = store.append(simple(STREAM, 1, "second")).await.expect_err("its session is gone");
    let AppendError::Commit { outcome, .. } = error else { panic!("{error}") };
    assert_eq!(outcome, CommitOutcome::NotStored);
    store.append(simple(STREAM, 1, "second")).await.expect("a new session");
    assert_eq!(sound(store.reader()).await.size.0, 2);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_steps_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = TestClock::new();
    let url = sqlite_url(folder.path());
    let store = Store::open_or_create(&url, test_config(&clock)).await.expect("opens");
    let first = store.append(simple(STREAM, 0, "1")).await.expect("an act").at;
    clock.step_by(SignedDuration::from_millis(300));
    clock.move_by(SignedDuration::from_secs(-2));
    let waited = store.append(simple(STREAM, 1, "2")).await.expect("a small step is waited for").at;
    assert!(waited >= first, "{waited} is before {first}");
    clock.step_by(SignedDuration::ZERO);
    clock.move_by(SignedDuration::from_secs(-5));
    let error = store.append(simple(STREAM, 2, "3")).await.expect_err("a large step");
    expect![
        "the clock says 2027-01-05T08:59:55.1Z, but the newest event is of \
         2027-01-05T09:00:00.1Z: appends are stopped"
    ]
    .assert_eq(&error.to_string());
    assert!(matches!(store.health().state, WriterState::ClockBehind { .. }));
    clock.move_by(SignedDuration::from_secs(60));
    store.append(simple(STREAM, 2, "3")).await.expect("the clock is right again");
    assert!(matches!(store.health().state, WriterState::Serving));
    // The newest time is in the store: a restart does not forget it.
    store.close().await;
    clock.move_by(SignedDuration::from_hours(-1));
    let store = Store::open(&url, test_config(&clock)).await.expect("opens");
    let error = store.append(simple(STREAM, 3, "4")).await.expect_err("a large step");
    assert!(matches!(error, AppendError::ClockBehind { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_storm_loses_and_doubles_nothing() {
    const TASKS: usize = 64;
    const ACTS: usize = 12;
    let folder = tempfile::tempdir().expect("a folder");
    let clock = TestClock::new();
    let store = Store::open_or_create(&sqlite_url(folder.path()), test_config(&clock))
        .await
        .expect("opens");
    let conflicts = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, conflicts) = (store.clone(), Arc::clone(&conflicts));
            tokio::spawn(async move {
                for act in 0..ACTS {
                    let stream = Uuid::from_u128((task * 7 + act * 3) as u128 % 5);
                    let mut seq = store.reader().load(stream).await.expect("read").len() as u64;
                    // Everybody else may win each time once.
                    for _ in 0..TASKS * ACTS {
                        let act = simple(stream, seq, &format!("{task}-{act}"));
                        match store.append(act).await {
                            Ok(done) => {
                                assert_eq!(done.first_seq, seq + 1);
                                return_ok(&done);
                                break;
                            }
                            Err(AppendError::Conflict { current, .. }) => {
                                assert!(current > seq, "a conflict says where the stream ends");
                                seq = current;
                                conflicts.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the task");
    }
    assert!(conflicts.load(Ordering::Relaxed) > TASKS, "it was no storm");
    let mut tokens = HashSet::new();
    for stream in 0..5 {
        let events = store.reader().load(Uuid::from_u128(stream)).await.expect("read");
        for (event, seq) in events.iter().zip(1..) {
            assert_eq!(event.seq, seq);
            assert!(tokens.insert(event.event_json.clone()), "{} is there twice", event.event_json);
        }
    }
    assert_eq!(tokens.len(), TASKS * ACTS);
    assert_eq!(sound(store.reader()).await.size.0 as usize, TASKS * ACTS);
}

fn return_ok(done: &Appended) {
    assert_eq!(done.leaves.end - done.leaves.start, 1);
    assert!(done.leaves.end <= done.size.0, "the checkpoint covers the leaf");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_kept_and_say_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = TestClock::new();
    let store = Store::open_or_create(&sqlite_url(folder.path()), test_config(&clock))
        .await
        .expect("opens");
    let many = (0..limits::ACT_EVENTS_MAX + 1).map(|_| event("x")).collect();
    let error = store.append(Append::events(STREAM, ExpectedSeq::Any, many)).await;
    expect!["number of events of an act is 65, the most is 64"]
        .assert_eq(&error.expect_err("too many").to_string());
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::EVENT_BYTES_MAX));
    let error = store
        .append(Append::events(STREAM, ExpectedSeq::Any, vec![NewEvent::new(long, None)]))
        .await;
    expect!["event is 262152, the most is 262144"]
        .assert_eq(&error.expect_err("too long").to_string());
    let mut act = simple(STREAM, 0, "zero");
    let seen = |transaction: &str| SeenTransaction {
        agency: STREAM,
        transaction: transaction.into(),
        reference: String::new(),
    };
    act.seen = vec![seen("a"), seen("a")];
    expect![[r#"transaction identifier "a" stands twice in one act"#]]
        .assert_eq(&store.append(act.clone()).await.expect_err("twice").to_string());
    act.seen = vec![seen("a\0b")];
    expect!["transaction identifier has a zero character at byte 1"]
        .assert_eq(&store.append(act).await.expect_err("a zero").to_string());
    let rows_max = limits::PAGE_ROWS_MAX + 1;
    let error = store.reader().views(&ViewQuery { rows_max, ..ViewQuery::default() }).await;
    expect!["number of rows of a page is 501, the most is 500"]
        .assert_eq(&error.expect_err("too many").to_string());
    store.clone().close().await;
    let error = store.append(simple(STREAM, 0, "late")).await.expect_err("closed");
    expect!["the store takes no more acts: it was closed"].assert_eq(&error.to_string());
}

#[test]
fn after_any_interleaving_the_tree_is_the_leaves() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config as Cases, TestRunner};
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let acts = prop::collection::vec((0u128..4, 0u64..6, 0usize..4, any::<bool>()), 1..40);
    let rounds = prop::collection::vec(acts, 1..4);
    let mut runner = TestRunner::new(Cases { cases: 12, ..Cases::default() });
    let run = runner.run(&rounds, |rounds| runtime.block_on(interleave(rounds)));
    run.expect("the property holds");
}

/// Acts of one round are under way together; then the store is opened again.
async fn interleave(
    rounds: Vec<Vec<(u128, u64, usize, bool)>>,
) -> Result<(), proptest::test_runner::TestCaseError> {
    use proptest::prelude::*;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, clock) = (sqlite_url(folder.path()), TestClock::new());
    let mut stored = 0;
    for round in rounds {
        let store = Store::open_or_create(&url, test_config(&clock)).await.expect("opens");
        let acts = round.into_iter().map(|(stream, seq, events, any)| {
            let expected = if any { ExpectedSeq::Any } else { ExpectedSeq::Exactly(seq) };
            let events = (0..events).map(|_| event("x")).collect();
            let act = Append::events(Uuid::from_u128(stream), expected, events);
            let store = store.clone();
            tokio::spawn(async move { store.append(act).await })
        });
        for act in acts.collect::<Vec<_>>() {
            match act.await.expect("the task") {
                Ok(done) => stored += done.leaves.end - done.leaves.start,
                Err(AppendError::Conflict { .. }) => (),
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
        let report = check(store.reader(), &[test_key().verifier()], None).await.expect("checked");
        prop_assert!(report.is_sound(), "{:#?}", report.findings);
        prop_assert_eq!(report.size.0, stored);
        prop_assert_eq!(report.root, store.checkpoint().root);
        store.close().await;
    }
    Ok(())
}

static BUILT: AtomicBool = AtomicBool::new(false);

/// Path of an example of this crate, which `cargo test` has built; built here when one test file
/// is run alone.
fn example(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a path");
    let folder = me.parent().and_then(Path::parent).expect("a target folder");
    let path = folder.join("examples").join(name);
    if !path.exists() && !BUILT.swap(true, Ordering::Relaxed) {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let built = Command::new(cargo).args(["build", "-q", "-p", "store", "--examples"]).status();
        assert!(built.expect("cargo").success());
    }
    path
}
