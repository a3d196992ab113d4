//! Appends under load and prints every acknowledgement, until it is killed. The other half of
//! `crash_driver`, which kills it.
//!
//! `crash_worker URL KEPT TASKS SEED`; a line is `stream seq token leaf size base64(note)`.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::note::SigningKey;
use store::{Append, AppendError, Config, ExpectedSeq, NewEvent, NewJob, Store};
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, kept, tasks, seed] = arguments.as_slice() else {
        return Err("usage: crash_worker URL KEPT TASKS SEED".into());
    };
    let (tasks, seed): (u64, u64) = (tasks.parse()?, seed.parse()?);
    let key = SigningKey::from_seed("example.org/crash", [3; 32])?;
    let mut config = Config::new(key, Arc::new(jiff::Timestamp::now));
    let kept = PathBuf::from(kept);
    config.blob_folder = kept.parent().map(|folder| folder.join("blobs"));
    config.kept_checkpoint = Some(kept);
    let store = Store::open_or_create(url, config).await?;
    println!("open {}", store.checkpoint().size);
    let work: Vec<_> =
        (0..tasks).map(|task| tokio::spawn(append_for_ever(store.clone(), seed, task))).collect();
    for task in work {
        task.await??;
    }
    Ok(())
}

/// Each task works on a stream of its own and now and then on one that all share.
async fn append_for_ever(store: Store, seed: u64, task: u64) -> Result<(), AppendError> {
    let own = Uuid::from_u128((u128::from(seed) << 64) + u128::from(task) + 1_000);
    let shared = Uuid::from_u128(1 + u128::from(task % 3));
    for number in 0u64.. {
        let stream = if number % 4 == 3 { shared } else { own };
        let token = format!("{seed}-{task}-{number}");
        let event = format!("{{\"token\":\"{token}\"}}");
        let payload = format!("{{\"text\":\"{:y>200}\"}}", number);
        let mut act =
            Append::events(stream, ExpectedSeq::Any, vec![NewEvent::new(event, Some(payload))]);
        act.jobs.push(NewJob {
            kind: "crash".into(),
            key: Some(token.clone()),
            stream,
            body: "{}".into(),
            run_at: None,
            attempts_max: 1,
        });
        let done = store.append(act).await?;
        let line = format!(
            "{stream} {} {token} {} {} {}\n",
            done.first_seq,
            done.leaves.start,
            done.size,
            STANDARD.encode(&*done.checkpoint)
        );
        // One write a line: a kill leaves at most the last line cut off.
        if std::io::stdout().lock().write_all(line.as_bytes()).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
