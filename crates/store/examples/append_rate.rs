//! How many events a second one store takes, by how many acts are in flight.
//!
//! `cargo run --release -p store --example append_rate [-- URL]`: prints for 1, 12, 64 and 512
//! acts in flight the events per second, the commits per second (each is one sync of the log and
//! one of the kept checkpoint), and the CPU seconds used, beside how often this disk syncs at all.
//! The default is an SQLite store in a new folder below the current one, with production
//! durability.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger::note::SigningKey;
use store::{Append, Config, ExpectedSeq, NewEvent, NewJob, NewView, Store};
use uuid::Uuid;

const SPAN: Duration = Duration::from_secs(4);
const STREAM_EVENTS: u64 = 12;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::Builder::new().prefix("append-rate").tempdir_in(".")?;
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| format!("sqlite://{}", folder.path().join("comity.sqlite").display()));
    println!("this disk: {:.0} bare syncs/s of one page", bare_syncs(folder.path())?);
    println!("one event an act; a payload in each, a job in every sixth");
    for with_views in [false, true] {
        for in_flight in [1, 12, 64, 512] {
            let rate = measure(&url, folder.path(), in_flight, with_views).await?;
            let list = if with_views { "with a row of the list" } else { "without the list" };
            println!("{in_flight:>4} in flight, {list}: {rate}");
        }
    }
    Ok(())
}

async fn measure(
    url: &str,
    folder: &std::path::Path,
    in_flight: usize,
    with_views: bool,
) -> Result<String, Box<dyn std::error::Error>> {
    let key = SigningKey::from_seed("example.org/rate", [1; 32])?;
    let mut config = Config::new(key, Arc::new(jiff::Timestamp::now));
    config.kept_checkpoint = Some(folder.join("kept"));
    config.blob_folder = Some(folder.join("blobs"));
    let store = Store::open_or_create(url, config).await?;
    let commits = commits(url).await?;
    let events = Arc::new(AtomicU64::new(0));
    let (begin, cpu) = (Instant::now(), cpu_seconds());
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| {
            let (store, events) = (store.clone(), Arc::clone(&events));
            tokio::spawn(async move {
                while begin.elapsed() < SPAN {
                    one_stream(&store, &events, with_views).await?;
                }
                Ok::<(), store::AppendError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let events = events.load(Ordering::Relaxed) as f64 / seconds;
    store.close().await;
    let groups = (self::commits(url).await? - commits) as f64 / seconds;
    let cpu = cpu_seconds() - cpu;
    Ok(format!(
        "{events:>7.0} events/s, {groups:>5.0} commits/s ({:.1} events each), \
         {cpu:.2} CPU s in {seconds:.1} s",
        events / groups
    ))
}

async fn one_stream(
    store: &Store,
    events: &AtomicU64,
    with_views: bool,
) -> Result<(), store::AppendError> {
    // Version 7, as requests have: neighbours in time are neighbours in the index. Random ids would
    // touch one page of it for each event.
    let mut random = [0; 10];
    let _ = getrandom::fill(&mut random);
    let millis = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    let stream = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    for seq in 0..STREAM_EVENTS {
        let event =
            format!("{{\"kind\":\"measured\",\"number\":{seq},\"text\":\"{:0>120}\"}}", seq);
        let payload = format!("{{\"name\":\"{:x>80}\"}}", seq);
        let event = NewEvent::new(event, Some(payload));
        let mut act = Append::events(stream, ExpectedSeq::Exactly(seq), vec![event]);
        if seq % 6 == 0 {
            act.jobs.push(NewJob {
                kind: "measured".into(),
                key: None,
                stream,
                body: "{}".into(),
                run_at: None,
                attempts_max: 3,
            });
        }
        act.view = with_views.then(|| NewView {
            agency: Uuid::from_u128(u128::from(random[0])),
            state: if seq % 3 == 0 { "open".into() } else { "checked".into() },
            summary_json: "{\"reference\":\"2027/1\"}".into(),
            next_due: None,
            labels: store::Labels::default(),
            assignee: None,
        });
        store.append(act).await?;
        events.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// How often this disk syncs a file that does not grow: what one commit cannot be faster than.
fn bare_syncs(folder: &std::path::Path) -> std::io::Result<f64> {
    use std::io::{Seek as _, Write as _};
    let mut file = std::fs::File::create(folder.join("bare"))?;
    file.write_all(&[1; 4096])?;
    file.sync_all()?;
    let begin = Instant::now();
    let mut syncs = 0;
    while begin.elapsed() < SPAN / 4 {
        file.rewind()?;
        file.write_all(&[2; 4096])?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / begin.elapsed().as_secs_f64())
}

/// Commits counted by the store's own head.
async fn commits(url: &str) -> Result<i64, sqlx::Error> {
    use sqlx::{ConnectOptions as _, Connection as _};
    let sql = "select commits from head where id = 1";
    match url.strip_prefix("sqlite://") {
        Some(path) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            sqlx::query_scalar(sql).fetch_one(&mut options.connect().await?).await
        }
        None => {
            sqlx::query_scalar(sql).fetch_one(&mut sqlx::PgConnection::connect(url).await?).await
        }
    }
}

/// User and system time of this process, from the kernel's own count (100 ticks a second).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}
