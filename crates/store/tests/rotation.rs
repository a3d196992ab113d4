//! A database password that changes while the store is open.

use std::path::Path;
use std::sync::Arc;

use store::testing::{Postgres, TestClock, test_config};
use store::*;
use uuid::Uuid;

const STREAM: Uuid = Uuid::from_u128(0x5);

fn act(text: &str) -> Append {
    let event = NewEvent::new(format!("{{\"text\":\"{text}\"}}"), Some("{}".into()));
    Append::events(STREAM, ExpectedSeq::Any, vec![event])
}

fn config(folder: &Path) -> Config {
    let mut config = test_config(&TestClock::new());
    config.kept_checkpoint = Some(folder.join("checkpoint"));
    config.blob_folder = Some(folder.join("blobs"));
    let file = folder.join("database.url");
    let read = move || std::fs::read_to_string(&file).map_err(|error| error.to_string());
    config.url_again = Some(Arc::new(read));
    config
}

/// One server whose password is changed, and a store on it whose URL lies in a file.
struct House {
    postgres: Postgres,
    folder: tempfile::TempDir,
    database: String,
    store: Store,
}

impl House {
    async fn open() -> Option<House> {
        let postgres = Postgres::start().await?;
        let folder = tempfile::tempdir().expect("a folder");
        let database = postgres.database_with_password("desk", "the first").await;
        let url = postgres.url_as("desk", "the first", &database);
        let store = Store::open_or_create(&url, config(folder.path())).await.expect("opens");
        Some(House { postgres, folder, database, store })
    }

    fn writes(&self, url: &str) {
        std::fs::write(self.folder.path().join("database.url"), url).expect("written");
    }

    /// The server's password becomes another one, and every session of the role ends.
    async fn changes(&self, password: &str) {
        let alter = format!("alter role desk password '{password}'");
        self.postgres.run(&alter).await.expect("another password");
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'desk'";
        self.postgres.run(end).await.expect("sessions end");
    }

    /// An act is stored. The first after a session was ended may be refused, unstored; so may a
    /// read on a connection that was ended.
    async fn goes_on(&self, text: &str) {
        let before = self.store.checkpoint().size.0;
        if let Err(error) = self.store.append(act(text)).await {
            let not_stored =
                matches!(error, AppendError::Commit { outcome: CommitOutcome::NotStored, .. });
            assert!(not_stored, "{error:?}");
            self.store.append(act(text)).await.expect("an act");
        }
        assert_eq!(self.store.checkpoint().size.0, before + 1);
        let events = self.store.reader().load_page(STREAM, 0, 10).await.expect("events");
        let newest = &events.last().expect("an event").event_json;
        assert!(newest.contains(text), "{newest}");
    }

    async fn refused(&self) -> String {
        let error = self.store.append(act("refused")).await.expect_err("no login");
        assert!(matches!(error, AppendError::Commit { .. }), "{error:?}");
        let AppendError::Commit { source, .. } = &error else { unreachable!() };
        source.to_string()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_may_change_while_the_store_is_open() {
    let Some(house) = House::open().await else { return };
    house.goes_on("one").await;
    for password in ["the second", "the third"] {
        house.writes(&house.postgres.url_as("desk", password, &house.database));
        house.changes(password).await;
        house.goes_on(password).await;
    }
    house.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_not_replaced_is_said() {
    let Some(house) = House::open().await else { return };
    house.goes_on("one").await;
    house.changes("the second").await;
    // No file; the old password; another database. Nothing of it is said aloud.
    let first = house.refused().await;
    let second = house.refused().await;
    assert!(format!("{first}{second}").contains("no other password could be read"), "{second}");
    house.writes(&house.postgres.url_as("desk", "the first", &house.database));
    let told = house.refused().await;
    assert!(told.contains("password authentication failed"), "{told}");
    house.writes(&house.postgres.url_as("desk", "the second", "postgres"));
    let told = house.refused().await;
    assert!(told.contains("it names another database, localhost/postgres"), "{told}");
    assert!(!told.contains("the second"), "{told}");
    // As soon as the right one is there, it goes on: nobody starts it anew.
    house.writes(&house.postgres.url_as("desk", "the second", &house.database));
    house.goes_on("two").await;
    house.store.close().await;
}
