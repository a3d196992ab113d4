//! Copies of a store, and the checkpoint beside the key that keeps an older copy from being served
//! as if it were the newest (invariant 8).

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use expect_test::{Expect, expect};
use ledger::note::SigningKey;
use store::backup::{backup, restore};
use store::testing::{Postgres, TestClock, sqlite_url, test_config, test_key};
use store::*;
use uuid::Uuid;

const STREAM: Uuid = Uuid::from_u128(0x5);

fn config(folder: &Path) -> Config {
    let mut config = test_config(&TestClock::new());
    config.kept_checkpoint = Some(folder.join("key/checkpoint"));
    config
}

fn url_in(folder: &Path, name: &str) -> String {
    sqlite_url(&folder.join(name))
}

async fn append(store: &Store, text: &str) {
    let event = NewEvent::new(format!("{{\"text\":\"{text}\"}}"), Some("{}".into()));
    let act = Append::events(STREAM, ExpectedSeq::Any, vec![event]);
    store.append(act).await.expect("an act");
}

/// A large blob and the event that names it.
async fn name_large(store: &Store) -> BlobDigest {
    let blob = store.put_blob(vec![7; 400_000]).await.expect("a large blob");
    let digest = blob.digest();
    let mut event = NewEvent::new("{\"text\":\"large\"}", None);
    event.names.lasting = vec![digest];
    let mut act = Append::events(STREAM, ExpectedSeq::Any, vec![event]);
    act.blobs = vec![blob];
    store.append(act).await.expect("an act");
    digest
}

async fn refused(url: &str, config: Config, folder: &Path, expected: Expect) {
    let error = Store::open(url, config).await.err().expect("it is refused").to_string();
    expected.assert_eq(&error.replace(&folder.display().to_string(), "FOLDER"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_restored_and_an_older_one_is_not_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let url = url_in(folder, "first");
    let store = Store::open_or_create(&url, config(folder)).await.expect("opens");
    let large = name_large(&store).await;
    let copied = backup(store.reader(), &folder.join("older")).await.expect("copied");
    assert_eq!((copied.size.0, copied.blobs), (1, 1));
    append(&store, "two").await;
    append(&store, "three").await;
    let newest = backup(store.reader(), &folder.join("newest")).await.expect("copied");
    assert_eq!(newest.size.0, 3);
    let twice = backup(store.reader(), &folder.join("newest")).await.expect_err("exists");
    assert!(matches!(twice, BackupError::Exists(_)), "{twice}");
    let checkpoint = store.checkpoint();
    store.close().await;

    // The newest copy opens and goes on.
    let restored = url_in(folder, "restored");
    assert_eq!(restore(&folder.join("newest"), &restored).await.expect("restored"), newest);
    let store = Store::open(&restored, config(folder)).await.expect("opens");
    assert_eq!(store.checkpoint(), checkpoint);
    assert_eq!(store.reader().blob(large).await.expect("read").len(), 400_000);
    append(&store, "four").await;
    store.close().await;

    // The older one is refused, as long as the key's folder knows of a newer checkpoint.
    let older = url_in(folder, "old");
    restore(&folder.join("older"), &older).await.expect("restored");
    refused(
        &older,
        config(folder),
        folder,
        expect![[
            "the store has 1 leaves, but FOLDER/key/checkpoint holds a signed checkpoint of 4: \
             this is an older copy, and serving it would fork the log. Bring the newer store \
             back, or begin a new log with a new key"
        ]],
    )
    .await;
    // The first store, which has not seen the fourth act, is an older copy by now too.
    let error = Store::open(&url, config(folder)).await.err().expect("older");
    assert!(matches!(error, OpenError::OlderThanKept { .. }), "{error}");
    let taken = restore(&folder.join("older"), &older).await.expect_err("never overwrites");
    assert!(matches!(taken, BackupError::Exists(_)), "{taken}");

    // Grown past the kept checkpoint on its own, it is another history.
    let mut forked = config(folder);
    forked.kept_checkpoint = None;
    let store = Store::open(&older, forked).await.expect("without a kept checkpoint");
    for text in ["x", "y", "z", "more"] {
        append(&store, text).await;
    }
    store.close().await;
    let error = Store::open(&older, config(folder)).await.err().expect("a fork");
    assert!(matches!(error, OpenError::InconsistentWithKept { .. }), "{error}");

    let mut lost = config(folder);
    lost.kept_checkpoint = Some(folder.join("other/checkpoint"));
    refused(
        &restored,
        lost.clone(),
        folder,
        expect![[
            "the store has 4 leaves, but FOLDER/other/checkpoint is missing: it cannot be told \
             whether this is the newest copy. Bring the file back, or accept the store as it is \
             once"
        ]],
    )
    .await;
    lost.kept_missing = KeptMissing::Accept;
    Store::open(&restored, lost.clone()).await.expect("accepted once").close().await;
    lost.kept_missing = KeptMissing::Refuse;
    Store::open(&restored, lost).await.expect("kept from now on").close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_or_foreign_kept_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let url = url_in(folder, "store");
    let path = folder.join("key/checkpoint");
    let store = Store::open_or_create(&url, config(folder)).await.expect("opens");
    for text in ["one", "two", "three"] {
        append(&store, text).await;
    }
    store.close().await;
    let whole = std::fs::read(&path).expect("kept");
    assert_eq!(whole.len(), 8192);
    let text = String::from_utf8(whole.clone()).expect("text");
    let sizes: Vec<&str> = text
        .split("example.org/test-log\n")
        .skip(1)
        .filter_map(|rest| rest.lines().next())
        .collect();
    assert_eq!(sizes, ["3", "2"], "the newest and the one before it");

    // One slot torn: the other still stands.
    let mut torn = whole.clone();
    torn[100] ^= 1;
    std::fs::write(&path, &torn).expect("written");
    Store::open(&url, config(folder)).await.expect("one slot is enough").close().await;
    // Both torn: nobody can tell.
    torn = whole.clone();
    torn[100] ^= 1;
    torn[4096 + 100] ^= 1;
    std::fs::write(&path, &torn).expect("written");
    let error = Store::open(&url, config(folder)).await.err().expect("refused");
    assert!(matches!(error, OpenError::Kept { .. }), "{error}");
    std::fs::write(&path, "").expect("written");
    let message = expect!["kept checkpoint FOLDER/key/checkpoint: the file is empty"];
    refused(&url, config(folder), folder, message).await;

    // Another key does not go on with this one's file; both together do.
    std::fs::write(&path, &whole).expect("written");
    let other = SigningKey::from_seed("example.org/other-log", [8; 32]).expect("a key");
    let mut foreign = config(folder);
    foreign.signers = vec![other];
    let message = expect![[
        "kept checkpoint FOLDER/key/checkpoint: it holds a checkpoint of \"example.org/test-log\" \
         that is not signed by this log's key"
    ]];
    refused(&url, foreign, folder, message).await;
    let mut both = config(folder);
    let second = SigningKey::from_seed("example.org/test-log", [9; 32]).expect("a key");
    both.signers = vec![second.clone(), test_key()];
    let store = Store::open(&url, both).await.expect("while the key changes");
    append(&store, "four").await;
    let note = store.checkpoint().note.to_string();
    assert_eq!(note.matches("\u{2014} example.org/test-log ").count(), 2, "{note}");
    let keys = [test_key().verifier(), second.verifier()];
    let report = store::check::check(store.reader(), &keys, None).await.expect("checked");
    assert!(report.is_sound(), "{:#?}", report.findings);
    store.close().await;
    let mut after = config(folder);
    after.signers = vec![second];
    Store::open(&url, after).await.expect("the new key alone").close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_readable_by_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = url_in(folder.path(), "deep/store");
    let store = Store::open_or_create(&url, config(folder.path())).await.expect("opens");
    append(&store, "one").await;
    name_large(&store).await;
    backup(store.reader(), &folder.path().join("copy")).await.expect("copied");
    let mut waiting = vec![folder.path().to_owned()];
    let mut seen = 0;
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let mode = path.metadata().expect("its rights").permissions().mode() & 0o777;
            seen += 1;
            if path.is_dir() {
                assert_eq!(mode, 0o700, "{}", path.display());
                waiting.push(path);
            } else {
                assert_eq!(mode, 0o600, "{}", path.display());
            }
        }
    }
    assert!(seen >= 10, "{seen} files and folders");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_backup_is_not_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let store =
        Store::open_or_create(&url_in(folder, "store"), config(folder)).await.expect("opens");
    for _ in 0..20 {
        append(&store, &"x".repeat(2_000)).await;
    }
    backup(store.reader(), &folder.join("copy")).await.expect("copied");
    store.close().await;
    let file = folder.join("copy/comity.sqlite");
    let bytes = std::fs::read(&file).expect("read");
    for cut in [0, 100, bytes.len() / 2] {
        std::fs::write(&file, &bytes[..cut]).expect("written");
        let target = url_in(folder, &format!("cut-{cut}"));
        let error = restore(&folder.join("copy"), &target).await.expect_err("damaged");
        assert!(matches!(error, BackupError::Unsound { .. }), "cut at {cut}: {error:?}");
    }
    let nothing = restore(&folder.join("none"), &url_in(folder, "target")).await;
    assert!(matches!(nothing, Err(BackupError::Unsound { .. })), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_on_postgres_is_refused_too() {
    let Some(postgres) = Postgres::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (postgres.database().await, postgres.database().await);
    let config = || config(folder.path());
    let store = Store::open_or_create(&new, config()).await.expect("opens");
    append(&store, "one").await;
    let refused = backup(store.reader(), &folder.path().join("copy")).await;
    assert!(matches!(refused, Err(BackupError::UsePgDump)), "{refused:?}");
    store.close().await;
    let mut apart = config();
    apart.kept_checkpoint = None;
    Store::open_or_create(&old, apart).await.expect("an empty store").close().await;
    let error = Store::open(&old, config()).await.err().expect("refused");
    assert!(matches!(error, OpenError::OlderThanKept { .. }), "{error}");
}
