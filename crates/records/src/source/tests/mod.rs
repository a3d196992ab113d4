//! The second wall alone: what the database itself refuses, when no tokeniser stands before it.
//!
//! Not among the statements: SQLite's `vacuum into` is refused by `query_only` too, but leaves an
//! empty file behind. It starts with another verb than `select`, so the first wall keeps it out.

use sqlx::Executor as _;

use super::*;

async fn refused(source: &OpenSource, statements: &[&'static str]) {
    for statement in statements {
        let mut connection = source.connect_reading().await.unwrap();
        source.begin_reading(&mut connection, CHECK_WAIT_MAX).await.unwrap();
        let result = match &mut connection {
            Connection::Postgres(postgres) => postgres.execute(*statement).await.map(|_| ()),
            Connection::Sqlite(sqlite, _) => sqlite.execute(*statement).await.map(|_| ()),
        };
        assert!(result.is_err(), "{statement} was not refused");
    }
}

async fn records(engine: &str, base: &Path) -> Records {
    let text = format!("version = 1\n[[sources]]\nname = \"core\"\ntitle = \"Core\"\n{engine}\n");
    Records::open(Catalog::parse(&text, "c").unwrap(), base).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_itself_refuses_to_write() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("core.sqlite");
    let url = format!("sqlite://{}", path.display());
    std::fs::write(&path, b"").unwrap();
    store::testing::run_sql(&url, "create table t (a text); insert into t values ('kept')")
        .await
        .unwrap();
    // Marked as writable for effects: searches still cannot.
    let engine = "engine = \"sqlite\"\npath = \"core.sqlite\"\nwrites = true";
    let records = records(engine, base.path()).await;
    let source = records.source("core").unwrap();
    refused(
        source,
        &[
            "insert into t values ('x')",
            "update t set a = 'x'",
            "delete from t",
            "create table u (a)",
            "drop table t",
            "attach 'new.sqlite' as n",
            "pragma query_only = off; insert into t values ('x')",
            "pragma journal_mode = delete; pragma user_version = 7",
            "select load_extension('x')",
            "select writefile('x', 'y')",
        ],
    )
    .await;
    assert!(!base.path().join("new.sqlite").exists());
    assert!(!std::path::Path::new("new.sqlite").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_itself_refuses_to_write() {
    let Some(postgres) = store::testing::Postgres::start().await else { return };
    let url = postgres.database().await;
    let setup = "create table t (a text); insert into t values ('kept'); create sequence s; \
        create function w() returns text language sql volatile as \
        $$ insert into t values ('x') returning a $$";
    store::testing::run_sql(&url, setup).await.unwrap();
    let engine = format!("engine = \"postgres\"\nurl = \"{url}\"\nwrites = true");
    let records = records(&engine, Path::new(".")).await;
    let source = records.source("core").unwrap();
    refused(
        source,
        &[
            "insert into t values ('x')",
            "with d as (delete from t returning *) select * from d",
            "select w()",
            "select nextval('s')",
            "select set_config('transaction_read_only', 'off', true)",
            "set transaction read write",
            "create table u (a text)",
            "select a into u from t",
            "copy t from program 'true'",
            "select * from t for update",
            "truncate t",
        ],
    )
    .await;
}
