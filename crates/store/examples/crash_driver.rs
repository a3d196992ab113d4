//! Kills a store under load, again and again, and shows that nothing acknowledged is lost.
//!
//! `crash_driver [--rounds N] [--seed S] [--postgres]`: each round starts `crash_worker`, keeps
//! its own list of every acknowledgement and every checkpoint it was given, kills the worker with
//! SIGKILL at a random moment, and then reads the store: every acknowledged act is there at its
//! place, no act is there twice, every act has its job, and the tree is consistent with every
//! checkpoint ever given out. It exits 0 only if all of that held in every round.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::checkpoint::SignedCheckpoint;
use ledger::note::SigningKey;
use ledger::tree::verify_consistency;
use ledger::{Hash, LeafIndex, TreeSize};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use store::testing::Postgres;
use store::{Reader, check};
use uuid::Uuid;

const TASKS: &str = "24";
const RUN_MILLIS_MAX: u64 = 400;
const STREAMS_PAGE: usize = 200;

type Error = Box<dyn std::error::Error>;

/// What a client was told.
struct Acknowledged {
    stream: Uuid,
    seq: u64,
    token: String,
    leaf: LeafIndex,
}

/// The driver's own list; it never reads the store to make it.
#[derive(Default)]
struct Told {
    acts: Vec<Acknowledged>,
    checkpoints: HashMap<TreeSize, Hash>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| -> Result<u64, Error> {
        let at = arguments.iter().position(|argument| argument == name);
        Ok(at.and_then(|at| arguments.get(at + 1)).map_or(Ok(default), |text| text.parse())?)
    };
    let (rounds, seed) = (number("--rounds", 10)?, number("--seed", 1)?);
    let folder = tempfile::Builder::new().prefix("crash").tempdir_in(".")?;
    let postgres = if arguments.iter().any(|argument| argument == "--postgres") {
        let Some(postgres) = Postgres::start().await else { return Ok(()) };
        Some(postgres)
    } else {
        None
    };
    let url = match &postgres {
        Some(postgres) => postgres.database().await,
        None => format!("sqlite://{}", folder.path().join("comity.sqlite").display()),
    };
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut told = Told::default();
    println!("seed {seed}, {rounds} rounds, {url}");
    for round in 1..=rounds {
        let before = told.acts.len();
        let run = Duration::from_millis(random.random_range(1..=RUN_MILLIS_MAX));
        run_and_kill(&url, folder.path(), random.next_u64() >> 1, run, &mut told)?;
        let size = judge(&url, folder.path(), &told).await?;
        println!(
            "round {round}: killed after {} ms, {} acts acknowledged, {} in all, {} stored, \
             {} checkpoints given out: all held",
            run.as_millis(),
            told.acts.len() - before,
            told.acts.len(),
            size,
            told.checkpoints.len(),
        );
    }
    Ok(())
}

fn run_and_kill(
    url: &str,
    folder: &Path,
    seed: u64,
    run: Duration,
    told: &mut Told,
) -> Result<(), Error> {
    let kept = folder.join("kept");
    let mut worker = Command::new(beside_me("crash_worker")?)
        .args([url, &kept.display().to_string(), TASKS, &seed.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = worker.stdout.take().ok_or("the worker has no output")?;
    let mut lines = BufReader::new(lines);
    // The moment is random from when the store was opened; opening itself is killed when `run`
    // is short, because reading goes on in another thread.
    let (opened, open) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut read = Vec::new();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            // A line that was cut off is no acknowledgement: nobody could have acted on it.
            if line.last() == Some(&b'\n') {
                if read.is_empty() {
                    let _ = opened.send(());
                }
                read.push(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            line.clear();
        }
        read
    });
    if !run.as_millis().is_multiple_of(8) {
        let _ = open.recv_timeout(Duration::from_secs(30));
    }
    let until = Instant::now() + run;
    while Instant::now() < until {
        if let Some(status) = worker.try_wait()? {
            return Err(format!("the worker ended by itself: {status}").into());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    worker.kill()?; // SIGKILL
    worker.wait()?;
    let lines = reading.join().map_err(|_| "the reading thread failed")?;
    for line in lines.iter().filter(|line| !line.starts_with("open ")) {
        hear(line, told)?;
    }
    Ok(())
}

fn hear(line: &str, told: &mut Told) -> Result<(), Error> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [stream, seq, token, leaf, size, note] = fields.as_slice() else {
        return Err(format!("not an acknowledgement: {line}").into());
    };
    let note = STANDARD.decode(note)?;
    let signed = SignedCheckpoint::parse(&note)?;
    signed.verify(&key()?.verifier())?;
    let size: TreeSize = TreeSize(size.parse()?);
    let (leaf, root) = (LeafIndex(leaf.parse()?), signed.checkpoint().root());
    if signed.checkpoint().size() != size || leaf.0 >= size.0 {
        return Err(format!("the checkpoint does not cover leaf {leaf}").into());
    }
    if *told.checkpoints.entry(size).or_insert(root) != root {
        return Err(format!("two checkpoints of {size} leaves").into());
    }
    let (stream, seq, token) = (stream.parse()?, seq.parse()?, (*token).to_owned());
    told.acts.push(Acknowledged { stream, seq, token, leaf });
    Ok(())
}

async fn judge(url: &str, folder: &Path, told: &Told) -> Result<TreeSize, Error> {
    let reader = match Reader::open(url, Some(folder.join("blobs"))).await {
        Ok(reader) => reader,
        // Killed before it had made the tables, so it cannot have acknowledged anything.
        Err(store::OpenError::Missing { .. } | store::OpenError::Db(_)) if told.acts.is_empty() => {
            return Ok(TreeSize(0));
        }
        Err(error) => return Err(error.into()),
    };
    let report = check::check(&reader, &[key()?.verifier()], None).await?;
    if !report.is_sound() {
        return Err(format!("the check found {:#?}", report.findings).into());
    }
    let stored = all_tokens(&reader, told, report.size).await?;
    for act in &told.acts {
        match stored.get(&act.token) {
            Some(place) if *place == (act.stream, act.seq, act.leaf) => (),
            other => return Err(format!("act {} is stored as {other:?}", act.token).into()),
        }
    }
    for (size, root) in &told.checkpoints {
        let proof = reader.consistency_proof(*size, report.size).await?;
        verify_consistency(*size, report.size, &proof, *root, report.root)?;
    }
    let (waiting, _) = reader.job_counts().await?;
    if waiting != report.size.0 {
        return Err(format!("{} events, but {waiting} jobs", report.size).into());
    }
    Ok(report.size)
}

/// Where every act is; an act that is there twice is an error.
async fn all_tokens(
    reader: &Reader,
    told: &Told,
    size: TreeSize,
) -> Result<HashMap<String, (Uuid, u64, LeafIndex)>, Error> {
    let mut streams: HashSet<Uuid> = told.acts.iter().map(|act| act.stream).collect();
    streams.extend((1..=3).map(Uuid::from_u128));
    let streams: Vec<Uuid> = streams.into_iter().collect();
    let mut places = HashMap::new();
    for part in streams.chunks(STREAMS_PAGE) {
        for events in reader.load_many(part).await?.into_values() {
            for event in events {
                let json: serde_json::Value = serde_json::from_str(&event.event_json)?;
                let token = json["token"].as_str().ok_or("an event without token")?.to_owned();
                let place = (event.stream, event.seq, event.leaf);
                if let Some(first) = places.insert(token.clone(), place) {
                    return Err(format!("act {token} is there twice: {first:?} {place:?}").into());
                }
            }
        }
    }
    if places.len() as u64 > size.0 {
        return Err("more acts than leaves".into());
    }
    Ok(places)
}

fn key() -> Result<SigningKey, Error> {
    Ok(SigningKey::from_seed("example.org/crash", [3; 32])?)
}

fn beside_me(name: &str) -> Result<PathBuf, Error> {
    let me = std::env::current_exe()?;
    let path = me.parent().ok_or("no folder")?.join(name);
    if path.exists() { Ok(path) } else { Err(format!("{} is missing", path.display()).into()) }
}
