//! What the machine can do without us, and what the kernel counts about this process.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// Rows in each transaction and statement of the bare insert.
const BARE_GROUP_ROWS: u64 = 512;
/// More rows than this tell nothing new; the time is then scaled.
const BARE_ROWS_MAX: u64 = 400_000;
/// Syncs that are timed, and for how long at most.
const SYNCS: u32 = 4_000;
const SYNC_SPAN_MAX: Duration = Duration::from_secs(2);
const PAGE: [u8; 4096] = [7; 4096];
/// Tables of the store whose rows are counted.
const TABLES: [&str; 8] =
    ["event", "payload", "leaf", "node", "checkpoint", "request_view", "transaction_seen", "blob"];

/// The machine in one line, and how busy it is with other things.
pub fn describe() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown CPU", |(_, name)| name);
    format!("{cpus} cores ({model}), load average before: {}", load())
}

/// The load averages of the last 1, 5 and 15 minutes.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// User and system time of this process, from the kernel's own count (100 ticks a second).
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// A line of the kernel's account of this process's memory: `VmRSS` now, `VmHWM` at its peak.
pub fn memory(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1024))
}

/// Starts the peak anew (Linux); where it cannot be, the peak is that of the whole process.
pub fn forget_peak_memory() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// What a run left in the store.
pub struct Stored {
    pub rows: u64,
    pub bytes: u64,
    pub commits: u64,
}

impl Stored {
    /// Counts rows; the store is closed.
    pub async fn count(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut connection = options.connect().await?;
        let mut rows = 0;
        for table in TABLES {
            let sql = format!("select count(*) from {table}");
            rows += number(&mut connection, sql).await?;
        }
        let commits = number(&mut connection, "select commits from head".to_owned()).await?;
        connection.close().await?;
        Ok(Self { rows, bytes: std::fs::metadata(path)?.len(), commits })
    }
}

async fn number(connection: &mut SqliteConnection, sql: String) -> Result<u64> {
    let number: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await?;
    Ok(u64::try_from(number)?)
}

/// How fast this machine does the parts that nobody can do without.
pub struct Limits {
    /// Rows per second into bare SQLite.
    pub rows_per_second: f64,
    /// fdatasync of an appended page, per second.
    pub syncs_per_second: f64,
    /// ECDSA P-256 signatures per second on one core; none without openssl.
    pub signs_per_second: Option<f64>,
}

impl Limits {
    /// Measures all three in a folder of the same disk.
    pub async fn measure(folder: &Path, stored: &Stored) -> Result<Self> {
        Ok(Self {
            rows_per_second: bare_rows(folder, stored).await?,
            syncs_per_second: bare_syncs(folder)?,
            signs_per_second: openssl_signs(),
        })
    }
}

/// The same number of rows of the same mean size, with the same durability and no meaning.
async fn bare_rows(folder: &Path, stored: &Stored) -> Result<f64> {
    let rows = stored.rows.min(BARE_ROWS_MAX);
    let body = vec![5_u8; usize::try_from(stored.bytes / stored.rows.max(1))?];
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    connection.execute("create table bare (id integer primary key, body blob not null)").await?;
    let begin = Instant::now();
    let mut left = rows;
    while left > 0 {
        let group = left.min(BARE_GROUP_ROWS);
        let values = vec!["(?)"; usize::try_from(group)?].join(", ");
        let sql = format!("insert into bare (body) values {values}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for _ in 0..group {
            query = query.bind(&body);
        }
        query.execute(&mut connection).await?;
        left -= group;
    }
    let seconds = begin.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(rows as f64 / seconds)
}

fn bare_syncs(folder: &Path) -> Result<f64> {
    let mut file = std::fs::File::create(folder.join("bare"))?;
    let (begin, mut syncs) = (Instant::now(), 0);
    while syncs < SYNCS && begin.elapsed() < SYNC_SPAN_MAX {
        file.write_all(&PAGE)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / begin.elapsed().as_secs_f64())
}

/// The `sign/s` column of the last line that `openssl speed` prints.
fn openssl_signs() -> Option<f64> {
    let arguments = ["speed", "-seconds", "1", "ecdsap256"];
    let output = Command::new("openssl").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).context("openssl speaks UTF-8").ok()?;
    let last = text.lines().rfind(|line| line.contains("nistp256"))?;
    last.split_whitespace().rev().nth(1)?.parse().ok()
}
