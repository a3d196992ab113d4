//! For tests only (feature `testing`): a PostgreSQL server of one's own, a clock that goes when it
//! is told to, a log key. Knows nothing of what is tested.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ledger::note::SigningKey;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::act::ErasedCount;
use crate::config::{Clock, Config};
use crate::error::AppendError;
use crate::store::Store;

/// How long a new server may take to answer.
const START_WAIT_MAX: Duration = Duration::from_secs(30);

/// Erases the payloads of whole streams, whatever comes to them meanwhile.
///
/// # Errors
/// As [`Store::erase_events`].
pub async fn erase_streams(
    store: &Store,
    streams: &[uuid::Uuid],
) -> Result<ErasedCount, AppendError> {
    let mut leaves = Vec::new();
    for stream in streams {
        let events = store.reader().load(*stream).await;
        let events = events.map_err(|error| AppendError::Malformed {
            what: "a stream to erase",
            why: error.to_string(),
        })?;
        leaves.extend(events.iter().map(|event| event.leaf));
    }
    store.erase_events(&leaves).await
}

/// A PostgreSQL server in a folder of its own, on a Unix socket, without password and without
/// durability. It ends with this value.
#[derive(Debug)]
pub struct Postgres {
    folder: tempfile::TempDir,
    binaries: PathBuf,
    user: Option<(u32, u32)>,
    server: Child,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server; prints a line that begins with `SKIPPED:` and gives `None` when there is
    /// none on this machine.
    pub async fn start() -> Option<Postgres> {
        let binaries = find_binaries();
        let Some(binaries) = binaries else {
            println!("SKIPPED: PostgreSQL is not installed (Debian: apt install postgresql-15)");
            return None;
        };
        match Postgres::start_from(binaries).await {
            Ok(postgres) => Some(postgres),
            Err(why) => {
                println!("SKIPPED: PostgreSQL did not start: {why}");
                None
            }
        }
    }

    async fn start_from(binaries: PathBuf) -> Result<Postgres, String> {
        let told = |error: std::io::Error| error.to_string();
        let folder = tempfile::Builder::new().prefix("comity-pg").tempdir().map_err(told)?;
        // The server refuses to run as root.
        let root = std::fs::metadata("/proc/self").map_err(told)?.uid() == 0;
        let user = if root { Some(unprivileged_user()?) } else { None };
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid)).map_err(told)?;
        }
        let data = folder.path().join("data");
        let made = command(&binaries.join("initdb"), user)
            .current_dir(folder.path())
            .args(["--username=comity", "--auth=trust", "--no-sync", "--encoding=UTF8"])
            .args(["--locale=C", "--pgdata"])
            .arg(&data)
            .output()
            .map_err(told)?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        let server = command(&binaries.join("postgres"), user)
            .current_dir(folder.path())
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(told)?;
        let postgres = Postgres { folder, binaries, user, server, databases: AtomicU32::new(0) };
        let until = Instant::now() + START_WAIT_MAX;
        while let Err(error) = postgres.run("select 1").await {
            if Instant::now() > until {
                return Err(error.to_string());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(postgres)
    }

    /// Makes an empty database and gives its URL.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run(&format!("create database {name}")).await.expect("a database can be made");
        self.url(&name)
    }

    /// Runs SQL text of the test's own in the first database.
    pub async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        run_sql(&self.url("postgres"), sql).await
    }

    /// Makes a role that has to show its password, and a database of its own; the database's name.
    ///
    /// # Panics
    /// When the server refuses, or does not read its rules again.
    pub async fn database_with_password(&self, role: &str, password: &str) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let make = format!("create role {role} login password '{password}'");
        self.run(&make).await.expect("a role can be made");
        let make = format!("create database {name} owner {role}");
        self.run(&make).await.expect("a database can be made");
        let path = self.folder.path().join("data/pg_hba.conf");
        let rules = std::fs::read_to_string(&path).expect("its rules");
        let rules = format!("local all {role} scram-sha-256\n{rules}");
        std::fs::write(&path, rules).expect("its rules are ours");
        self.run("select pg_reload_conf()").await.expect("the rules are read again");
        let until = Instant::now() + START_WAIT_MAX;
        while self.log_in(role, "no password of anybody", &name).await.is_ok() {
            assert!(Instant::now() < until, "the server does not ask for passwords");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        name
    }

    async fn log_in(&self, role: &str, password: &str, database: &str) -> Result<(), sqlx::Error> {
        run_sql(&self.url_as(role, password, database), "select 1").await
    }

    /// The URL of a database for a role with a password.
    #[must_use]
    pub fn url_as(&self, role: &str, password: &str, database: &str) -> String {
        let host = self.folder.path().display();
        format!(
            "postgres://{role}:{}@localhost/{database}?host={host}",
            password.replace(' ', "%20")
        )
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://comity@localhost/{database}?host={}", self.folder.path().display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stopped = command(&self.binaries.join("pg_ctl"), self.user)
            .current_dir("/")
            .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(self.folder.path().join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// Runs SQL text of the test's own, on either engine, past the store.
pub async fn run_sql(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    if let Some(path) = url.strip_prefix("sqlite://") {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = options.connect().await?;
        sqlx::raw_sql(sql).execute(&mut connection).await?;
        return connection.close().await;
    }
    let mut connection = sqlx::PgConnection::connect(url).await?;
    sqlx::raw_sql(sql).execute(&mut connection).await?;
    connection.close().await
}

/// A clock that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct TestClock {
    micros: Arc<AtomicI64>,
    /// Added at every look, so that waiting for the clock ends.
    step_micros: Arc<AtomicI64>,
}

impl TestClock {
    /// Begins at 2027-01-05T09:00:00Z.
    pub fn new() -> TestClock {
        let start = Timestamp::constant(1_799_139_600, 0).as_microsecond();
        TestClock {
            micros: Arc::new(AtomicI64::new(start)),
            step_micros: Arc::new(AtomicI64::new(0)),
        }
    }

    /// Moves it, forward or back.
    pub fn move_by(&self, by: jiff::SignedDuration) {
        self.micros.fetch_add(by.as_micros() as i64, Ordering::Relaxed);
    }

    /// Lets it go forward by so much at every look.
    pub fn step_by(&self, by: jiff::SignedDuration) {
        self.step_micros.store(by.as_micros() as i64, Ordering::Relaxed);
    }

    /// What it says.
    pub fn now(&self) -> Timestamp {
        let step = self.step_micros.load(Ordering::Relaxed);
        let micros = self.micros.fetch_add(step, Ordering::Relaxed) + step;
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// As the store wants it.
    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

impl Default for TestClock {
    fn default() -> TestClock {
        TestClock::new()
    }
}

/// A log key that everybody knows.
///
/// # Panics
/// Never: the name is allowed.
pub fn test_key() -> SigningKey {
    SigningKey::from_seed("example.org/test-log", [7; 32]).expect("the name is allowed")
}

/// A configuration with [`test_key`] and this clock.
pub fn test_config(clock: &TestClock) -> Config {
    Config::new(test_key(), clock.clock())
}

/// URL of an SQLite store in this folder.
pub fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("comity.sqlite").display())
}

/// Says loudly that a test was not run.
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stdout(), "SKIPPED: {what}");
}

fn command(binary: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(binary);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// The newest server that Debian's packages have put in place, or one in the path.
fn find_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok();
    let newest = versions
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, path)| path.join("postgres").exists() && path.join("initdb").exists())
        .max();
    newest.map(|(_, path)| path).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .find(|folder| folder.join("postgres").exists() && folder.join("initdb").exists())
    })
}

fn unprivileged_user() -> Result<(u32, u32), String> {
    let users = std::fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let find = |name: &str| {
        let fields: Vec<&str> =
            users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f[0] == name)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .ok_or_else(|| "there is no user to run it as".to_owned())
}
