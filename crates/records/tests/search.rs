//! Searches on real SQLite files, record files and PostgreSQL: what comes out, what cannot.

use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use proptest::prelude::*;
use records::{
    Catalog, Category, Records, Scope, SearchError, SearchLimits, Selector, SelectorKind,
    TimeRange, WithheldReason,
};
use store::testing::{Postgres, run_sql};

const SQLITE: &str = "engine = \"sqlite\"\npath = \"core.sqlite\"";

/// A catalog with one source and one search named `rows`.
fn catalog(engine: &str, search: &str) -> Catalog {
    let text = format!(
        "version = 1\n[[sources]]\nname = \"core\"\ntitle = \"Core\"\n{engine}\n\
         [[searches]]\nname = \"rows\"\ntitle = \"Rows\"\ncategory = \"transaction\"\n\
         source = \"core\"\n{search}\n"
    );
    Catalog::parse(&text, "catalog.toml").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

async fn sqlite(base: &Path, setup: &str, search: &str) -> Records {
    let path = base.join("core.sqlite");
    std::fs::write(&path, b"").unwrap();
    run_sql(&format!("sqlite://{}", path.display()), setup).await.unwrap();
    Records::open(catalog(SQLITE, search), base).await.unwrap()
}

fn scope(selectors: &[Selector], from: Option<&str>, until: Option<&str>) -> Scope {
    Scope {
        categories: vec![Category::Transaction],
        selectors: selectors.to_vec(),
        range: TimeRange {
            from: from.map(|at| at.parse().unwrap()),
            until: until.map(|at| at.parse().unwrap()),
        },
    }
}

fn account(id: &str) -> Selector {
    Selector::read(SelectorKind::AccountId, id).unwrap()
}

async fn csv(records: &Records, scope: &Scope) -> Result<String, SearchError> {
    let mut csv = Vec::new();
    let limits = SearchLimits::default();
    let mut look = records.snapshot();
    look.search("rows", scope, &[], &limits, &mut csv, std::io::sink()).await?;
    look.end().await;
    Ok(String::from_utf8(csv).unwrap().replace("\r\n", "\n"))
}

fn check_error(result: Result<String, SearchError>, expected: Expect) {
    let error = result.unwrap_err();
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    expected.assert_eq(&format!("{error}{}", source.unwrap_or_default()));
}

const DEPOSIT_SEARCH: &str = r#"
time = "at"
answers_to = { account_id = "account" }
sql = "select account, at, amount from deposit where account = :account_id and at >= :from and at < :until order by at"
columns = [{ name = "account", kind = "text" }, { name = "at", kind = "time" }, { name = "amount", kind = "amount", decimals = 8 }]
"#;
const DEPOSIT_TABLE: &str = "create table deposit (account text, at text, amount);
    insert into deposit values
    ('a', '2021-10-01T00:00:00.000000Z', 150000000), ('a', '2021-10-02T00:00:00.000000Z', 1),
    ('b', '2021-10-01T00:00:00.000000Z', 7), ('a', '2021-11-01T00:00:00.000000Z', 9)";

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_half_open() {
    let base = tempfile::tempdir().unwrap();
    let records = sqlite(base.path(), DEPOSIT_TABLE, DEPOSIT_SEARCH).await;
    let all = csv(&records, &scope(&[account("a")], None, None)).await.unwrap();
    expect![[r#"
        account,at,amount
        a,2021-10-01T00:00:00Z,1.50000000
        a,2021-10-02T00:00:00Z,0.00000001
        a,2021-11-01T00:00:00Z,0.00000009
    "#]]
    .assert_eq(&all);
    let october =
        scope(&[account("a")], Some("2021-10-01T00:00:00.000001Z"), Some("2021-11-01T00:00:00Z"));
    expect![[r#"
        account,at,amount
        a,2021-10-02T00:00:00Z,0.00000001
    "#]]
    .assert_eq(&csv(&records, &october).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_outside_the_scope_are_withheld_and_counted() {
    // The query forgets its own limits; the second check does not.
    let search = DEPOSIT_SEARCH.replace(
        "where account = :account_id and at >= :from and at < :until",
        "where :account_id <> :from || :until",
    );
    let base = tempfile::tempdir().unwrap();
    let more = "; insert into deposit values ('a', null, 3), (null, null, 4)";
    let records = sqlite(base.path(), &format!("{DEPOSIT_TABLE}{more}"), &search).await;
    let scope = scope(&[account("a")], Some("2021-10-01T00:00:00Z"), Some("2021-11-01T00:00:00Z"));
    let mut csv = Vec::new();
    let facts = records
        .snapshot()
        .search("rows", &scope, &[], &SearchLimits::default(), &mut csv, std::io::sink())
        .await
        .unwrap();
    assert_eq!(facts.row_count, 2);
    let counts: Vec<_> = facts.withheld_counts.into_iter().collect();
    let expected = [
        (WithheldReason::OtherSubject, 2),
        (WithheldReason::OutsideRange, 1),
        (WithheldReason::NoTime, 1),
    ];
    assert_eq!(counts, expected);
    assert_eq!(facts.withheld.len(), 4);
    assert_eq!(facts.time_max, Some("2021-10-02T00:00:00Z".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_covered_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let records = sqlite(base.path(), DEPOSIT_TABLE, DEPOSIT_SEARCH).await;
    let mut other = scope(&[account("a")], None, None);
    other.categories = vec![Category::Subscriber];
    check_error(
        csv(&records, &other).await,
        expect!["search `rows` returns transaction data, which the scope does not cover"],
    );
    let ip = Selector::read(SelectorKind::Ip, "192.0.2.1").unwrap();
    check_error(
        csv(&records, &scope(&[ip], None, None)).await,
        expect!["search `rows` answers to none of the selectors given; it needs one of account_id"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unfit_cells_and_columns_are_named() {
    let base = tempfile::tempdir().unwrap();
    let float = "create table deposit (account text, at text, amount);
        insert into deposit values ('a', '2021-10-01T00:00:00Z', 1.5)";
    let records = sqlite(base.path(), float, DEPOSIT_SEARCH).await;
    check_error(
        csv(&records, &scope(&[account("a")], None, None)).await,
        expect![
            "search `rows`, row 1, column `amount`: a float is not evidence; cast it to integer or text"
        ],
    );
    let renamed = DEPOSIT_SEARCH.replace("at, amount from", "at, amount as sum from");
    let records = sqlite(base.path(), DEPOSIT_TABLE, &renamed).await;
    check_error(
        csv(&records, &scope(&[account("a")], None, None)).await,
        expect![
            "search `rows`: the query returns columns (account, at, sum), the catalog declares (account, at, amount)"
        ],
    );
    assert!(records.check().await.is_err());
}

const RUNAWAY: &str = r#"
answers_to = { account_id = "account" }
sql = "with recursive n(i) as (select 1 union all select i + 1 from n) select :account_id as account, count(*) as many from n order by 1"
columns = [{ name = "account", kind = "text" }, { name = "many", kind = "integer" }]
"#;

async fn check_runaway(records: &Records) {
    let limits = SearchLimits { time_max: Duration::from_millis(300), ..SearchLimits::default() };
    let start = Instant::now();
    let mut look = records.snapshot();
    let scope = scope(&[account("a")], None, None);
    let result = look.search("rows", &scope, &[], &limits, std::io::sink(), std::io::sink()).await;
    assert!(matches!(result, Err(SearchError::TimeLimit { .. })), "{result:?}");
    // Generous for a busy machine; without a limit it would never end.
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_query_is_stopped() {
    let base = tempfile::tempdir().unwrap();
    let records = sqlite(base.path(), "select 1", RUNAWAY).await;
    check_runaway(&records).await;
    // A second one too: the first left no lock and no thread behind.
    check_runaway(&records).await;
}

/// Sorting keeps the engine busy, not us.
const MANY: &str = r#"
answers_to = { account_id = "account" }
sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) select :account_id as account, i from n order by i"
columns = [{ name = "account", kind = "text" }, { name = "i", kind = "integer" }]
"#;

const ENDLESS_TABLE: &str = "create table t (account text primary key, i bigint);
    insert into t values ('a', 0);
    insert into t with recursive n(i) as (select 1 union all select i + 1 from n where i < 99)
        select 'other ' || i, i from n";
/// Ten thousand million rows that need no sorting: whoever collected them first would never return.
const ENDLESS: &str = r#"
answers_to = { account_id = "account" }
sql = "select a.account, e.i from t a, t b, t c, t d, t e, t f where a.account = :account_id order by a.account"
columns = [{ name = "account", kind = "text" }, { name = "i", kind = "integer" }]
"#;

/// Rows are handed on as they come, so a limit on rows ends even an endless result.
async fn check_endless(records: &Records) {
    let scope = scope(&[account("a")], None, None);
    let time_max = Duration::from_secs(60);
    let limits = SearchLimits { row_count_max: 10_000, time_max, ..SearchLimits::default() };
    let mut csv_bytes = 0;
    let mut look = records.snapshot();
    let csv = Counting(&mut csv_bytes);
    let result = look.search("rows", &scope, &[], &limits, csv, std::io::sink()).await;
    expect!["search `rows` reached the limit of 10000 rows; nothing was shortened, narrow the scope or raise the limit"]
        .assert_eq(&result.unwrap_err().to_string());
    assert!(csv_bytes > 10_000 * 4, "{csv_bytes}");
}

/// Counts what goes through and keeps nothing.
struct Counting<'a>(&'a mut u64);

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        *self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn check_many(records: &Records) {
    let (mut csv_bytes, mut json_bytes) = (0, 0);
    let mut look = records.snapshot();
    let scope = scope(&[account("a")], None, None);
    let limits = SearchLimits::default();
    let (csv, json) = (Counting(&mut csv_bytes), Counting(&mut json_bytes));
    let facts = look.search("rows", &scope, &[], &limits, csv, json).await.unwrap();
    assert_eq!((facts.row_count, facts.csv.bytes), (200_000, csv_bytes));
    assert_eq!(facts.json.bytes, json_bytes);
    let small = SearchLimits { bytes_max: 1_000, ..limits };
    let mut look = records.snapshot();
    let result = look.search("rows", &scope, &[], &small, std::io::sink(), std::io::sink()).await;
    expect!["search `rows` reached the limit of 1000 bytes; nothing was shortened, narrow the scope or raise the limit"]
        .assert_eq(&result.unwrap_err().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_stream_through() {
    let base = tempfile::tempdir().unwrap();
    let records = sqlite(base.path(), "select 1", MANY).await;
    check_many(&records).await;
    let records = sqlite(base.path(), ENDLESS_TABLE, ENDLESS).await;
    check_endless(&records).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_look_shows_one_moment() {
    let base = tempfile::tempdir().unwrap();
    let setup = format!("pragma journal_mode = wal; {DEPOSIT_TABLE}");
    let records = sqlite(base.path(), &setup, DEPOSIT_SEARCH).await;
    let (limits, scope) = (SearchLimits::default(), scope(&[account("a")], None, None));
    let mut look = records.snapshot();
    let first = look.search("rows", &scope, &[], &limits, std::io::sink(), std::io::sink());
    let first = first.await.unwrap();
    let url = format!("sqlite://{}", base.path().join("core.sqlite").display());
    let insert = "insert into deposit values ('a', '2021-10-03T00:00:00.000000Z', 5)";
    run_sql(&url, insert).await.unwrap();
    let second = look.search("rows", &scope, &[], &limits, std::io::sink(), std::io::sink());
    let second = second.await.unwrap();
    assert_eq!((second.row_count, second.snapshot_at), (first.row_count, first.snapshot_at));
    look.end().await;
    let mut later = records.snapshot();
    let third = later.search("rows", &scope, &[], &limits, std::io::sink(), std::io::sink());
    assert_eq!(third.await.unwrap().row_count, first.row_count + 1);
}

const FOLDER: &str = r#"
engine = "folder"
path = "."
[[sources.tables]]
name = "deposit"
file = "deposit.FORMAT"
indexed = ["account"]
columns = [{ name = "account", kind = "text" }, { name = "at", kind = "time", form = "utc" }, { name = "amount", kind = "amount", decimals = 8, form = "whole" }]
"#;

async fn folder(format: &str, text: &str) -> Result<String, String> {
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join(format!("deposit.{format}")), text).unwrap();
    let catalog = catalog(&FOLDER.replace("FORMAT", format), DEPOSIT_SEARCH);
    let records = Records::open(catalog, base.path()).await.map_err(|error| error.to_string())?;
    let scope = scope(&[account("a")], Some("2021-10-01T00:00:00Z"), None);
    csv(&records, &scope).await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn record_files_are_loaded_or_named_by_line() {
    let sound = "account,at,amount\na,2021-10-01 10:00:00,1.5\n\"a\",2021-09-30 00:00:00,2\n";
    expect![[r#"
        account,at,amount
        a,2021-10-01T10:00:00Z,1.50000000
    "#]]
    .assert_eq(&folder("csv", sound).await.unwrap());
    let lines = "{\"account\":\"a\",\"at\":\"2021-10-01 10:00:00\",\"amount\":\"1.5\"}\n";
    expect![[r#"
        account,at,amount
        a,2021-10-01T10:00:00Z,1.50000000
    "#]]
    .assert_eq(&folder("jsonl", lines).await.unwrap());
    for (format, text, expected) in [
        (
            "csv",
            "account,amount,at\n",
            expect!["deposit.csv:1: the heading must be account,at,amount"],
        ),
        (
            "csv",
            "account,at,amount\na,2021-10-01 10:00:00,1.5\na,yesterday,1\n",
            expect!["deposit.csv:3: column `at`: not a time (2021-10-01 12:00:00)"],
        ),
        (
            "csv",
            "account,at,amount\na,2021-10-01 10:00:00\n",
            expect!["deposit.csv:2: 2 cells, the heading has 3"],
        ),
        (
            "csv",
            "account,at,amount\na,2021-10-01 10:00:00,0.123456789\n",
            expect!["deposit.csv:2: column `amount`: more than 8 decimals"],
        ),
        (
            "jsonl",
            "{\"account\":\"a\",\"at\":\"2021-10-01 10:00:00\",\"amount\":1.5}\n",
            expect![
                "deposit.jsonl:1: column `amount`: a float is not evidence; cast it to integer or text"
            ],
        ),
        (
            "jsonl",
            "{\"account\":\"a\",\"at\":null,\"amount\":1,\"x\":1}\n",
            expect!["deposit.jsonl:1: member `x` is not declared"],
        ),
        (
            "jsonl",
            "{\"account\":\"a\",\"at\":null}\n",
            expect!["deposit.jsonl:1: member `amount` is missing"],
        ),
        (
            "jsonl",
            "\n",
            expect![
                "deposit.jsonl:1: not a JSON object: EOF while parsing a value at line 2 column 0"
            ],
        ),
    ] {
        expected.assert_eq(&folder(format, text).await.unwrap_err());
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

const NAME_SEARCH: &str = r#"
answers_to = { account_id = "account", email = "email" }
sql = "select account, email from person where account = :account_id or email = :email order by account, email"
columns = [{ name = "account", kind = "text" }, { name = "email", kind = "text" }]
"#;

/// Texts that SQL would trip over if they were pasted, and ordinary ones.
fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("' or 1=1 --".to_owned()),
        Just("x'; drop table person; --".to_owned()),
        Just("$1".to_owned()),
        Just(":email".to_owned()),
        Just("%".to_owned()),
        Just("\\".to_owned()),
        "[ab'\";%_$:?\\\\é字]{1,4}",
        "\\PC{1,6}",
    ]
}

fn check_bound(records: &Records, stored: &[String], asked: &str) -> Result<(), TestCaseError> {
    // NUL and other control characters never reach SQL: the selector itself is refused.
    let Ok(selector) = Selector::read(SelectorKind::AccountId, asked) else { return Ok(()) };
    let expected: Vec<&String> =
        stored.iter().filter(|account| account.as_str() == selector.value()).collect();
    let facts = RUNTIME.block_on(async {
        let mut look = records.snapshot();
        let scope = scope(&[selector], None, None);
        let limits = SearchLimits::default();
        let facts = look
            .search("rows", &scope, &[], &limits, std::io::sink(), std::io::sink())
            .await
            .unwrap();
        look.end().await;
        facts
    });
    prop_assert_eq!(facts.row_count, expected.len() as u64);
    prop_assert!(facts.withheld.is_empty());
    Ok(())
}

fn insert_of(stored: &[String]) -> String {
    let rows: Vec<String> = stored
        .iter()
        .map(|account| format!("('{}', 'x@example.com')", account.replace('\'', "''")))
        .collect();
    format!("insert into person values {}", rows.join(","))
}

#[test]
fn whatever_a_selector_holds_is_only_a_value() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("core.sqlite");
    let url = format!("sqlite://{}", path.display());
    let table = "create table person (account text, email text)";
    let records = RUNTIME.block_on(sqlite(base.path(), table, NAME_SEARCH));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(48));
    let cases = (proptest::collection::vec(any_id(), 1..6), any_id(), any::<bool>());
    runner
        .run(&cases, |(stored, other, pick)| {
            let stored: Vec<String> = stored.iter().map(|id| id.trim().to_owned()).collect();
            let fill = format!("delete from person; {}", insert_of(&stored));
            RUNTIME.block_on(run_sql(&url, &fill)).unwrap();
            let asked = if pick { stored[0].clone() } else { other };
            check_bound(&records, &stored, &asked)
        })
        .unwrap();
}

/// One server for everything that needs PostgreSQL, so that the test run starts it once.
#[test]
fn the_same_on_postgres() {
    let Some(server) = RUNTIME.block_on(Postgres::start()) else { return };
    let open = |setup: &str, search: &str| {
        RUNTIME.block_on(async {
            let url = server.database().await;
            run_sql(&url, setup).await.unwrap();
            let engine = format!("engine = \"postgres\"\nurl = \"{url}\"");
            let records = Records::open(catalog(&engine, search), Path::new(".")).await.unwrap();
            records.check().await.unwrap();
            (url, records)
        })
    };
    // Every type comes over exactly: numeric, timestamptz, uuid, inet, boolean.
    let search = r#"
time = "at"
answers_to = { account_id = "account", ip = "ip" }
sql = "select account, at, amount, id, ip, good from deposit where (account = :account_id or ip = :ip::inet) and at >= :from::timestamptz and at < :until::timestamptz order by at -- last"
columns = [{ name = "account", kind = "text" }, { name = "at", kind = "time" }, { name = "amount", kind = "amount", decimals = 18, form = "whole" }, { name = "id", kind = "text" }, { name = "ip", kind = "text" }, { name = "good", kind = "boolean" }]
"#;
    let setup = "create table deposit (account text, at timestamptz, amount numeric, id uuid, ip inet, good boolean);
        insert into deposit values ('a', '2021-10-01 14:00:00.5+02', 123456789.123456789012345678, '00000000-0000-0000-0000-000000000001', '192.0.2.1', true),
        ('a', '2021-11-01Z', -0.1, null, null, null), ('b', '2021-10-01Z', 1, null, '2001:db8::1', false)";
    let (url, records) = open(setup, search);
    let rows = RUNTIME.block_on(async {
        let ip = Selector::read(SelectorKind::Ip, "192.0.2.1").unwrap();
        let range = (Some("2021-10-01T00:00:00Z"), Some("2022-01-01T00:00:00Z"));
        csv(&records, &scope(&[account("a"), ip], range.0, range.1)).await.unwrap()
    });
    expect![[r#"
        account,at,amount,id,ip,good
        a,2021-10-01T12:00:00.5Z,123456789.123456789012345678,00000000-0000-0000-0000-000000000001,192.0.2.1/32,true
        a,2021-11-01T00:00:00Z,-0.100000000000000000,,,
    "#]]
    .assert_eq(&rows);
    // Address, port and moment are bound with the types that they have there.
    let place = r#"
time = "at"
answers_to = { ip_port = { ip = "ip", port = "port", time = "at" } }
sql = "select account, at, ip, port from login where ip = :ip_port::inet and port = :port and at >= :seen_from::timestamptz and at < :seen_until::timestamptz and at >= :from::timestamptz and at < :until::timestamptz order by at"
columns = [{ name = "account", kind = "text" }, { name = "at", kind = "time" }, { name = "ip", kind = "text" }, { name = "port", kind = "integer" }]
"#;
    let setup = "create table login (account text, at timestamptz, ip inet, port integer);
        insert into login values ('a', '2021-10-01 12:00:00.5Z', '192.0.2.1', 443),
        ('b', '2021-10-01 12:00:01Z', '192.0.2.1', 443), ('c', '2021-10-01 12:00:00Z', '192.0.2.1', 444)";
    let (_, places) = open(setup, place);
    let rows = RUNTIME.block_on(async {
        let moment = "192.0.2.1:443 2021-10-01T14:00:00+02:00";
        let place = Selector::read(SelectorKind::IpPort, moment).unwrap();
        csv(&places, &scope(&[place], None, None)).await.unwrap()
    });
    expect![[r#"
        account,at,ip,port
        a,2021-10-01T12:00:00.5Z,192.0.2.1/32,443
    "#]]
    .assert_eq(&rows);
    // One look, one moment, though somebody writes in between.
    RUNTIME.block_on(async {
        let (limits, scope) = (SearchLimits::default(), scope(&[account("a")], None, None));
        let mut look = records.snapshot();
        let first = look.search("rows", &scope, &[], &limits, std::io::sink(), std::io::sink());
        let first = first.await.unwrap();
        run_sql(&url, "insert into deposit values ('a', '2021-10-05Z', 5)").await.unwrap();
        let second = look.search("rows", &scope, &[], &limits, std::io::sink(), std::io::sink());
        let second = second.await.unwrap();
        assert_eq!(second.row_count, first.row_count);
        assert_eq!(second.snapshot_at, first.snapshot_at);
    });
    let (_, records) = open("select 1", RUNAWAY);
    RUNTIME.block_on(check_runaway(&records));

    let (_, records) = open("select 1", MANY);
    RUNTIME.block_on(check_many(&records));
    let (_, records) = open(ENDLESS_TABLE, ENDLESS);
    RUNTIME.block_on(check_endless(&records));
    // A float column cannot be an amount.
    let float = DEPOSIT_SEARCH.replace(
        "at >= :from and at < :until",
        "at >= :from::timestamptz and at < :until::timestamptz",
    );
    let url = RUNTIME.block_on(server.database());
    let setup = "create table deposit (account text, at timestamptz, amount float8)";
    RUNTIME.block_on(run_sql(&url, setup)).unwrap();
    let engine = format!("engine = \"postgres\"\nurl = \"{url}\"");
    let records =
        RUNTIME.block_on(Records::open(catalog(&engine, &float), Path::new("."))).unwrap();
    expect!["search `rows`: column `amount` is a float; cast it to numeric or text in the query"]
        .assert_eq(&RUNTIME.block_on(records.check()).unwrap_err().to_string());
    // And whatever a selector holds is only a value here too.
    let (url, records) = open("create table person (account text, email text)", NAME_SEARCH);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(24));
    let cases = (proptest::collection::vec(any_id(), 1..6), any_id(), any::<bool>());
    runner
        .run(&cases, |(stored, other, pick)| {
            let stored: Vec<String> = stored.iter().map(|id| id.trim().to_owned()).collect();
            let fill = format!("delete from person; {}", insert_of(&stored));
            RUNTIME.block_on(run_sql(&url, &fill)).unwrap();
            let asked = if pick { stored[0].clone() } else { other };
            check_bound(&records, &stored, &asked)
        })
        .unwrap();
}
