//! Blobs between being put, being named and being erased, in every order: what an act names is
//! there, what nobody names any more is gone, in the database and in the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use store::check::{Finding, check};
use store::testing::{
    Postgres, TestClock, erase_streams, run_sql, sqlite_url, test_config, test_key,
};
use store::*;
use uuid::Uuid;

/// Steps of one history.
const STEPS: usize = 60;
/// Histories on each engine.
const SEEDS: u64 = 12;

fn bytes(number: u8) -> Vec<u8> {
    // The even ones are files, the odd ones rows.
    vec![number; if number.is_multiple_of(2) { 300_000 } else { 300 }]
}

fn naming(digest: BlobDigest, lasts: bool) -> NewEvent {
    let mut event = NewEvent::new("{\"kind\":\"named\"}", Some("{\"a\":1}".into()));
    let names = if lasts { &mut event.names.lasting } else { &mut event.names.personal };
    names.push(digest);
    event
}

async fn name(store: &Store, stream: Uuid, blob: NewBlob, lasts: bool) {
    let mut act = Append::events(stream, ExpectedSeq::Any, vec![naming(blob.digest(), lasts)]);
    act.blobs = vec![blob];
    store.append(act).await.expect("named");
}

fn files_in(folder: &Path) -> usize {
    let Ok(shelves) = std::fs::read_dir(folder) else { return 0 };
    let shelves = shelves.map(|shelf| shelf.expect("a shelf").path());
    shelves.map(|shelf| std::fs::read_dir(shelf).expect("a shelf").count()).sum()
}

fn config(folder: &Path) -> Config {
    let mut config = test_config(&TestClock::new());
    config.blob_folder = Some(folder.join("blobs"));
    config
}

/// What should be so, kept beside the store.
#[derive(Default)]
struct Model {
    /// Streams that own a blob.
    owners: BTreeMap<BlobDigest, BTreeSet<Uuid>>,
    /// Blobs that were put and not named yet.
    held: Vec<NewBlob>,
}

impl Model {
    fn erased(&mut self, owner: Uuid) {
        for streams in self.owners.values_mut() {
            streams.remove(&owner);
        }
    }

    fn is_there(&self, digest: &BlobDigest) -> bool {
        self.owners.get(digest).is_some_and(|streams| !streams.is_empty())
    }
}

async fn agrees(store: &Store, model: &Model, seed: u64) {
    for number in 0..6 {
        let digest = BlobDigest::of(&bytes(number));
        let found = store.reader().blob(digest).await;
        let held_file = number % 2 == 0 && model.held.iter().any(|held| held.digest() == digest);
        if model.is_there(&digest) || held_file {
            assert!(found.is_ok_and(|found| found == bytes(number)), "seed {seed}, {number}");
        } else {
            let gone = matches!(found, Err(BlobError::Missing(_) | BlobError::Erased { .. }));
            assert!(gone, "seed {seed}: blob {number} is left");
        }
    }
}

/// Steps in an order that the seed decides, several of them under way at the same time.
async fn history(url: &str, folder: &Path, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut store = Store::open_or_create(url, config(folder)).await.expect("opens");
    let mut model = Model::default();
    let stream = |number: u8| Uuid::from_u128((u128::from(seed) << 64) + u128::from(number) + 1);
    for _ in 0..STEPS {
        let (number, place) = (random.random_range(0..6u8), random.random_range(0..4u8));
        let owner = stream(place);
        match random.random_range(0..10u8) {
            // Put, while an erasure of the same bytes is under way.
            0..=3 => {
                let (put, erased) = tokio::join!(store.put_blob(bytes(number)), async {
                    if random.random_bool(0.5) {
                        erase_streams(&store, &[owner]).await.expect("erased");
                        return true;
                    }
                    false
                });
                model.held.push(put.expect("put"));
                if erased {
                    model.erased(owner);
                }
            }
            // Name what was put, however long ago, while another owner goes.
            4..=6 => {
                let Some(blob) = model.held.pop() else { continue };
                let other = stream((place + random.random_range(1..4u8)) % 4);
                let (digest, others) = (blob.digest(), [other]);
                let (_, erased) =
                    tokio::join!(name(&store, owner, blob, false), erase_streams(&store, &others));
                erased.expect("erased");
                model.erased(other);
                model.owners.entry(digest).or_default().insert(owner);
            }
            7 => {
                erase_streams(&store, &[owner]).await.expect("erased");
                model.erased(owner);
            }
            // The act is not done after all.
            8 => {
                model.held.pop();
                store.put_setting("any", "write").await.expect("the writer looks around");
            }
            _ => {
                // The process ends, and with it all that was held.
                store.close().await;
                store = Store::open(url, config(folder)).await.expect("opens again");
                model.held.clear();
            }
        }
        agrees(&store, &model, seed).await;
    }
    model.held.clear();
    let all: Vec<Uuid> = (0..6).map(stream).collect();
    erase_streams(&store, &all).await.expect("erased");
    store.put_setting("any", "write").await.expect("the writer looks around");
    agrees(&store, &Model::default(), seed).await;
    let report = check(store.reader(), &[test_key().verifier()], None).await.expect("checked");
    assert!(report.is_sound() && report.blobs == 0, "{:?}", report.findings);
    store.close().await;
    assert_eq!(files_in(&folder.join("blobs")), 0, "seed {seed}: files are left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_order_of_puts_names_and_erasures_loses_or_leaves_a_blob_on_sqlite() {
    for seed in 0..SEEDS {
        let folder = tempfile::tempdir().expect("a folder");
        history(&sqlite_url(folder.path()), folder.path(), seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_order_of_puts_names_and_erasures_loses_or_leaves_a_blob_on_postgres() {
    let Some(postgres) = Postgres::start().await else { return };
    for seed in 0..SEEDS / 2 {
        let folder = tempfile::tempdir().expect("a folder");
        history(&postgres.database().await, folder.path(), seed).await;
    }
}

/// An order file may have the very bytes of a seal or of a report.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_event_names_stays_though_a_payload_named_it_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = sqlite_url(folder.path());
    let store = Store::open_or_create(&url, config(folder.path())).await.expect("opens");
    for number in [1, 2] {
        let [order, seal] = [10, 20].map(|stream| Uuid::from_u128(stream + u128::from(number)));
        let blob = store.put_blob(bytes(number)).await.expect("put");
        name(&store, order, blob.clone(), false).await;
        name(&store, seal, blob, true).await;
        // Neither the order's erasure nor that of the sealed request takes it.
        for stream in [order, seal] {
            assert_eq!(erase_streams(&store, &[stream]).await.expect("erased").blobs, 0);
            let digest = BlobDigest::of(&bytes(number));
            assert_eq!(store.reader().blob(digest).await.expect("there"), bytes(number));
        }
    }
    store.close().await;
}

/// A process that has been taken over may still be about to remove a file or to name a blob.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_taken_over_neither_erases_nor_keeps_anything() {
    let Some(postgres) = Postgres::start().await else { return };
    let (url, folder) = (postgres.database().await, tempfile::tempdir().expect("a folder"));
    let folder = folder.path();
    let old = Store::open_or_create(&url, config(folder)).await.expect("opens");
    let (kept, lost) = (bytes(2), bytes(4));
    let blob = old.put_blob(kept.clone()).await.expect("put");
    name(&old, Uuid::from_u128(1), blob, false).await;
    let held = old.put_blob(lost.clone()).await.expect("put");
    // The old process loses its session, and another opens the store.
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
                where application_name = 'comity' and pid <> pg_backend_pid()";
    run_sql(&url, kill).await.expect("the session ends");
    let new = Store::open(&url, config(folder)).await.expect("opens");
    let gone = new.reader().blob(held.digest()).await;
    assert!(matches!(gone, Err(BlobError::Erased { .. })), "nobody can name it any more");
    // Here the same bytes come back under a name of their own ...
    let again = new.put_blob(lost.clone()).await.expect("put");
    name(&new, Uuid::from_u128(2), again, false).await;
    // ... and whatever the old one does now, it is refused.
    let mut late = Append::events(Uuid::from_u128(3), ExpectedSeq::Any, Vec::new());
    late.events = vec![naming(held.digest(), false)];
    late.blobs = vec![held];
    old.append(late).await.expect_err("taken over");
    erase_streams(&old, &[Uuid::from_u128(1), Uuid::from_u128(2)]).await.expect_err("taken over");
    old.put_blob(bytes(6)).await.expect_err("taken over");
    old.close().await;
    for (number, expected) in [(2, kept), (4, lost)] {
        let digest = BlobDigest::of(&bytes(number));
        assert!(new.reader().blob(digest).await.expect("there") == expected);
    }
    new.close().await;
    assert_eq!(files_in(&folder.join("blobs")), 2);
}

/// Nobody is told that something is erased while its file is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_removed_is_told_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (url, stream) = (sqlite_url(folder.path()), Uuid::from_u128(1));
    let store = Store::open_or_create(&url, config(folder.path())).await.expect("opens");
    let blob = store.put_blob(bytes(2)).await.expect("put");
    name(&store, stream, blob, false).await;
    let shelf = std::fs::read_dir(folder.path().join("blobs")).expect("a folder").next();
    let shelf = shelf.expect("a shelf").expect("a shelf").path();
    let file = std::fs::read_dir(&shelf).expect("a shelf").next().expect("a file");
    let file = file.expect("a file").path();
    // What cannot be removed: a folder that is not empty stands in its place.
    std::fs::rename(&file, shelf.join("aside")).expect("moved");
    std::fs::create_dir(&file).expect("made");
    std::fs::write(file.join("in-the-way"), "x").expect("written");
    for _ in 0..2 {
        let left = erase_streams(&store, &[stream]).await.expect_err("a file is left");
        assert!(matches!(left, AppendError::FileLeft { .. }), "{left}");
    }
    store.close().await;
    let store = Store::open(&url, config(folder.path())).await.expect("opens");
    erase_streams(&store, &[stream]).await.expect_err("it is not forgotten");
    std::fs::remove_dir_all(&file).expect("out of the way");
    std::fs::rename(shelf.join("aside"), &file).expect("back");
    erase_streams(&store, &[stream]).await.expect("erased at last");
    assert!(!file.exists());
    store.close().await;
}

/// A file as an erasure of a release without names of their own left it: its row is erased, its
/// name is the digest.
fn left_file(folder: &Path, digest: BlobDigest, written: &str) -> PathBuf {
    let name = digest.to_string();
    let shelf = folder.join("blobs").join(&name[..2]);
    std::fs::create_dir_all(&shelf).expect("a shelf");
    let path = shelf.join(name);
    std::fs::write(&path, "whom somebody asked about").expect("written");
    let written: jiff::Timestamp = written.parse().expect("a time");
    let file = std::fs::File::options().write(true).open(&path).expect("opened");
    file.set_modified(written.into()).expect("its time");
    path
}

async fn strays(url: &str, folder: &Path) {
    let store = Store::open_or_create(url, config(folder)).await.expect("opens");
    let kept = store.put_blob(bytes(2)).await.expect("put");
    name(&store, Uuid::from_u128(1), kept.clone(), false).await;
    let gone = store.put_blob(bytes(4)).await.expect("put");
    name(&store, Uuid::from_u128(2), gone.clone(), false).await;
    erase_streams(&store, &[Uuid::from_u128(2)]).await.expect("erased");
    // One of an earlier release that is still a blob's, under its digest.
    let old = store.put_blob(bytes(6)).await.expect("put");
    name(&store, Uuid::from_u128(3), old.clone(), false).await;
    let named = old.digest().to_string();
    let (shelf, digest) = (folder.join("blobs").join(&named[..2]), old.digest());
    std::fs::create_dir_all(&shelf).expect("a shelf");
    std::fs::write(shelf.join(&named), bytes(6)).expect("written");
    let sql = if url.starts_with("sqlite") {
        format!("update blob set file = null where digest = x'{named}'")
    } else {
        format!("update blob set file = null where digest = '\\x{named}'")
    };
    let at = "2020-01-01T00:00:00Z";
    let before = "2021-01-01T00:00:00Z".parse().expect("a time");
    let theirs = store.reader().stray_files(jiff::Timestamp::MAX).await.expect("listed");
    run_sql(url, &sql).await.expect("as before this release");
    assert_eq!(
        theirs,
        [format!("{}/{named}", &named[..2])],
        "the digest is no name of its own yet"
    );
    assert!(store.reader().blob(digest).await.expect("there") == bytes(6));
    // What was its file has no row now; what the erasure left has none either.
    let [first, second] = [gone.digest(), BlobDigest::of(b"another")];
    let first = left_file(folder, first, at);
    let second = left_file(folder, second, "2020-12-31T23:59:59Z");
    let young = left_file(folder, BlobDigest::of(b"young"), "2021-01-01T00:00:00Z");
    let aside = folder.join("blobs/notes.txt");
    std::fs::write(&aside, "an operator's own").expect("written");
    let report = check(store.reader(), &[test_key().verifier()], None).await.expect("checked");
    let told: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(report.findings_count, 4, "{told:?}");
    assert!(told.iter().all(|one| one.contains("belongs to no blob")), "{told:?}");
    assert_eq!(store.reader().stray_files(before).await.expect("listed").len(), 2);
    // One that cannot be removed is told, and tried again.
    std::fs::remove_file(&second).expect("out of the way");
    std::fs::create_dir(&second).expect("made");
    std::fs::write(second.join("in-the-way"), "x").expect("written");
    let when = "2020-06-01T00:00:00Z".parse::<jiff::Timestamp>().expect("a time");
    let open = std::fs::File::open(&second).expect("opened");
    open.set_modified(when.into()).expect("its time");
    let left = store.remove_stray_files(before).await.expect_err("one is left").to_string();
    assert!(left.contains("could not be removed"), "{left}");
    assert!(!first.exists() && second.exists());
    std::fs::remove_dir_all(&second).expect("out of the way");
    assert_eq!(store.remove_stray_files(before).await.expect("nothing is left"), 0);
    assert!(young.exists() && aside.exists(), "too young, and none of ours");
    assert_eq!(store.remove_stray_files(jiff::Timestamp::MAX).await.expect("removed"), 2);
    assert!(!young.exists() && aside.exists());
    for (number, blob) in [(2, &kept), (6, &old)] {
        let read = store.reader().blob(blob.digest()).await.expect("it has a row");
        assert!(read == bytes(number));
    }
    let report = check(store.reader(), &[test_key().verifier()], None).await.expect("checked");
    assert!(report.is_sound(), "{:?}", report.findings);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_an_earlier_release_left_are_told_and_removed_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    strays(&sqlite_url(folder.path()), folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_an_earlier_release_left_are_told_and_removed_on_postgres() {
    let Some(postgres) = Postgres::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    strays(&postgres.database().await, folder.path()).await;
}

/// Nothing that is being put is ever taken for a file that was left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_being_made_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = sqlite_url(folder.path());
    let store = Store::open_or_create(&url, config(folder.path())).await.expect("opens");
    for round in 0..20u8 {
        let whole: Vec<u8> = (0..400_000u32).map(|at| (at as u8).wrapping_add(round)).collect();
        let (put, removed) = tokio::join!(
            store.put_blob(whole.clone()),
            store.remove_stray_files(jiff::Timestamp::MAX)
        );
        let blob = put.expect("put");
        assert_eq!(removed.expect("looked"), 0);
        name(&store, Uuid::from_u128(1), blob.clone(), false).await;
        assert!(store.reader().blob(blob.digest()).await.expect("there") == whole);
    }
    store.close().await;
}

/// What comes while an erasure is on its way was not judged, and is not erased.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_has_moved_on_is_not_erased() {
    let folder = tempfile::tempdir().expect("a folder");
    let (url, stream) = (sqlite_url(folder.path()), Uuid::from_u128(1));
    let store = Store::open_or_create(&url, config(folder.path())).await.expect("opens");
    let blob = store.put_blob(bytes(1)).await.expect("put");
    name(&store, stream, blob.clone(), false).await;
    let (late, erased) =
        tokio::join!(name(&store, stream, blob, false), store.erase_stream(stream, 1));
    let () = late;
    assert!(matches!(erased, Err(AppendError::Conflict { current: 2, .. })), "{erased:?}");
    assert!(store.reader().blob(BlobDigest::of(&bytes(1))).await.is_ok());
    assert_eq!(store.erase_stream(stream, 2).await.expect("erased").payloads, 2);
    store.close().await;
}

/// Streams of any length are checked and derived from, page by page, and owners are added.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_longer_than_can_be_loaded_is_checked_and_derived_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = sqlite_url(folder.path());
    let store = Store::open_or_create(&url, config(folder.path())).await.expect("opens");
    let stream = Uuid::from_u128(1);
    let blob = store.put_blob(bytes(2)).await.expect("put");
    name(&store, stream, blob, true).await;
    let mut left = limits::STREAM_EVENTS_MAX;
    while left > 0 {
        let count = left.min(limits::ACT_EVENTS_MAX);
        let events = vec![NewEvent::new("{\"kind\":\"noise\"}", None); count];
        store.append(Append::events(stream, ExpectedSeq::Any, events)).await.expect("stored");
        left -= count;
    }
    let refused = store.reader().load(stream).await.expect_err("too long at once");
    assert!(matches!(refused, ReadError::TooLarge { .. }), "{refused}");
    let digest = BlobDigest::of(&bytes(2));
    let counting = || {
        let mut count = 0u64;
        move |part: &Part<'_>| {
            count += part.events.len() as u64;
            let mut derived = Derived::default();
            for event in part.events.iter().filter(|event| event.seq == 1) {
                let names = Names { lasting: vec![digest], ..Names::default() };
                derived.names.push((event.leaf, names));
            }
            derived.view = part.is_last.then(|| NewView {
                agency: stream,
                state: format!("{count} events"),
                summary_json: "{}".into(),
                next_due: None,
                labels: Labels::default(),
                assignee: None,
            });
            derived
        }
    };
    run_sql(&url, "delete from blob_owner").await.expect("as before this release");
    let keys = [test_key().verifier()];
    let report = check(store.reader(), &keys, Some(&mut counting())).await.expect("checked");
    assert!(report.findings.contains(&Finding::OwnersDiffer(ledger::LeafIndex(0))));
    assert_eq!(store.rebuild_derived(&mut counting()).await.expect("derived"), 1);
    let view = store.reader().view(stream).await.expect("read").expect("a row");
    assert_eq!(view.state, format!("{} events", limits::STREAM_EVENTS_MAX + 1));
    let report = check(store.reader(), &keys, Some(&mut counting())).await.expect("checked");
    assert!(report.is_sound(), "{:?}", report.findings);
    store.close().await;
}

/// What is being done is nobody else's, however long it takes and whatever the clock says; what was
/// done of it stands in the job when the process has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_job_is_done_by_one_worker_and_goes_on_after_the_process_ended() {
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), TestClock::new());
    let url = sqlite_url(folder.path());
    let store = Store::open_or_create(&url, test_config(&clock)).await.expect("opens");
    let mut act = Append::events(Uuid::nil(), ExpectedSeq::Any, Vec::new());
    act.jobs = vec![NewJob {
        kind: "notice".into(),
        key: None,
        stream: Uuid::nil(),
        body: "0".into(),
        run_at: None,
        attempts_max: 1,
    }];
    store.append(act).await.expect("stored");
    let lease = jiff::SignedDuration::from_secs(120);
    let job = store.claim_jobs(&["notice"], lease, 1).await.expect("claimed").remove(0);
    let running = store.run_job(&job);
    for told in 1..=3 {
        clock.move_by(jiff::SignedDuration::from_secs(1_000));
        assert!(store.claim_jobs(&["notice"], lease, 1).await.expect("asked").is_empty());
        store.note_progress(&job, &told.to_string(), lease).await.expect("ours");
    }
    // It was the last attempt; so it is dead once its lease is over and nobody does it.
    drop(running);
    clock.move_by(jiff::SignedDuration::from_secs(121));
    assert!(store.claim_jobs(&["notice"], lease, 1).await.expect("asked").is_empty());
    let dead = store.reader().dead_jobs(&["notice"], None, 9).await.expect("read").remove(0);
    assert_eq!(dead.body, "3");
    let late = store.note_progress(&job, "4", lease).await.expect_err("no longer ours");
    assert!(matches!(late, AppendError::LeaseLost { .. }), "{late}");
    let mut again = Append::events(Uuid::nil(), ExpectedSeq::Any, Vec::new());
    again.decides = Some((dead.id, Verdict::Retry));
    store.append(again).await.expect("revived");
    let job = store.claim_jobs(&["notice"], lease, 1).await.expect("claimed").remove(0);
    assert_eq!((job.body.as_str(), job.attempt), ("3", 1));
    store.close().await;
}

/// An emergency does not wait for the back-off of an earlier mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_reason_brings_a_job_in_back_off_forward() {
    let clock = TestClock::new();
    let sqlite = tempfile::tempdir().expect("a folder");
    let postgres = Postgres::start().await;
    let mut urls = vec![sqlite_url(sqlite.path())];
    if let Some(postgres) = &postgres {
        urls.push(postgres.database().await);
    }
    for url in urls {
        let store = Store::open_or_create(&url, test_config(&clock)).await.expect("opens");
        let lease = jiff::SignedDuration::from_secs(120);
        let ask = async |run_at| {
            let mut act = Append::events(Uuid::nil(), ExpectedSeq::Any, Vec::new());
            act.jobs = vec![NewJob {
                kind: "mail".into(),
                key: Some("mail-now:vera".into()),
                stream: Uuid::nil(),
                body: "{}".into(),
                run_at,
                attempts_max: 9,
            }];
            store.append(act).await.expect("stored");
        };
        let claim = async || store.claim_jobs(&["mail"], lease, 9).await.expect("claimed");
        ask(None).await;
        for attempt in 1..=8 {
            let job = claim().await.remove(0);
            assert_eq!(job.attempt, attempt);
            store.fail_job(&job, "no mail server").await.expect("failed");
            clock.move_by(jiff::SignedDuration::from_secs(if attempt < 8 { 3_600 } else { 1 }));
        }
        assert!(claim().await.is_empty(), "the next attempt is minutes away");
        // What can wait brings nothing forward; what must be told at once does.
        ask(Some(clock.now() + jiff::SignedDuration::from_secs(60))).await;
        assert!(claim().await.is_empty());
        ask(None).await;
        let job = claim().await.remove(0);
        assert_eq!(job.attempt, 1, "and its attempts begin anew");
        // While it is being sent it stays its worker's; should that fail, it does not wait long.
        ask(None).await;
        assert!(claim().await.is_empty());
        store.fail_job(&job, "no mail server").await.expect("failed");
        clock.move_by(jiff::SignedDuration::from_secs(2));
        let job = claim().await.remove(0);
        assert_eq!(job.attempt, 2);
        store.complete_job(job.lease).await.expect("done");
        store.close().await;
    }
}
