//! A report on the record: recording it, proving it, checking the proof.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use desk::transparency::Report;
use evidence::verify::{ReportFiles, check_report};
use server::app::report::{Made, find, leave_waiting, name_of, proof, record as record_in};
use server::app::{Opening, open_store};
use server::config::Config;
use server::directory::console;
use store::Reader;

/// Exit code when nothing could be judged.
const UNREADABLE: u8 = 2;
/// Exit code when everything holds that could be checked, and the origin could not.
const ORIGIN_NOT_CHECKED: u8 = 3;
/// A served node looks every second; one that has not recorded a report after this is not there.
const WAIT_SECONDS_MAX: u32 = 30;

/// What to check.
#[derive(clap::Args)]
pub struct Verify {
    /// The report's JSON.
    report: PathBuf,
    /// Its proof; the file beside it without this.
    #[arg(long)]
    proof: Option<PathBuf>,
    /// C2SP tlog policy: logs, witnesses, quorum.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// JSON instead of words.
    #[arg(long)]
    json: bool,
}

/// What to prove.
#[derive(clap::Args)]
pub struct Prove {
    /// The report's JSON.
    report: PathBuf,
    /// The node's folder, with its comity.toml.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

/// Records a report and writes its proof beside it. While the node is served, the node records it.
pub async fn record(
    config: &Config,
    reader: &Reader,
    report: &Report,
    json: &Path,
) -> anyhow::Result<()> {
    let key = server::keys::log_key_of(config)?;
    match open_store(config, key, crate::clock(), Opening::Existing).await {
        Ok(store) => {
            record_in(&store, console().id, report).await?;
            store.close().await;
        }
        Err(error) if is_served(&error) => {
            leave_waiting(config, report)?;
            wait(reader, &report.to_json()).await.with_context(|| {
                format!(
                    "the report waits to be recorded by the served node; once it is, run `comity \
                     report prove {}`",
                    json.display()
                )
            })?;
        }
        Err(error) => return Err(error),
    }
    write_proof(config, reader, json).await
}

/// Runs `comity report prove`.
pub fn prove(options: &Prove) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.dir.join("comity.toml"))?;
    crate::block_on(async {
        let reader = crate::ledger::reader(&config).await?;
        write_proof(&config, &reader, &options.report).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs `comity report verify`.
pub fn verify(options: &Verify) -> ExitCode {
    verified(options).unwrap_or_else(|error| {
        eprintln!("comity: {error:#}");
        ExitCode::from(UNREADABLE)
    })
}

fn verified(options: &Verify) -> anyhow::Result<ExitCode> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("{}", path.display()));
    let name = |path: &Path| format!("{}", path.display());
    let proof_path = options.proof.clone().unwrap_or_else(|| proof_of(&options.report));
    let csv_path = options.report.with_extension("csv");
    let (json, proof) = (read(&options.report)?, read(&proof_path)?);
    let csv = if csv_path.exists() { Some(read(&csv_path)?) } else { None };
    let policy = match &options.policy {
        Some(path) => {
            Some(ledger::policy::Policy::parse(&read(path)?).with_context(|| name(path))?)
        }
        None => None,
    };
    let (json_name, csv_name, proof_name) =
        (name(&options.report), name(&csv_path), name(&proof_path));
    let files = ReportFiles {
        json: (&json_name, &json),
        csv: csv.as_deref().map(|bytes| (csv_name.as_str(), bytes)),
        proof: (&proof_name, &proof),
    };
    let checked = check_report(&files, policy.as_ref());
    if options.json {
        let said = match &checked {
            Ok(proof) => serde_json::json!({
                "holds": true, "from": proof.from, "to": proof.to, "recorded_at": proof.at,
                "leaf": proof.leaf, "tree_size": proof.tree_size, "origin": proof.origin,
                "head_trusted": policy.is_some(), "csv_checked": csv.is_some(),
            }),
            Err(defects) => {
                let defects: Vec<String> = defects.iter().map(ToString::to_string).collect();
                serde_json::json!({ "holds": false, "defects": defects })
            }
        };
        println!("{}", serde_json::to_string_pretty(&said)?);
    } else {
        match &checked {
            Ok(proof) => {
                println!(
                    "the report of {} to {} was recorded at {}",
                    proof.from, proof.to, proof.at
                );
                println!(
                    "it is leaf {} of {}, proven for {} leaves",
                    proof.leaf, proof.origin, proof.tree_size
                );
                if policy.is_none() {
                    println!("whose log head and signature this is was not checked: give --policy");
                }
            }
            Err(defects) => defects.iter().for_each(|defect| println!("defect: {defect}")),
        }
    }
    Ok(match (checked.is_ok(), policy.is_some()) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(ORIGIN_NOT_CHECKED),
    })
}

fn is_served(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(store::OpenError::Locked { .. }))
}

/// Waits until a served node has recorded a report.
async fn wait(reader: &Reader, json: &str) -> anyhow::Result<Made> {
    let sha256 = name_of(json.as_bytes());
    for _ in 0..WAIT_SECONDS_MAX * 4 {
        if let Some(made) = find(reader, &sha256).await? {
            return Ok(made);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    anyhow::bail!("it was not recorded within {WAIT_SECONDS_MAX} seconds")
}

async fn write_proof(config: &Config, reader: &Reader, json: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(json).with_context(|| format!("{}", json.display()))?;
    let sha256 = name_of(&bytes);
    let made = find(reader, &sha256).await?;
    let made = made.with_context(|| {
        format!(
            "{} is not on the record; `comity report transparency --out` records a report",
            json.display()
        )
    })?;
    let key = server::keys::log_key_of(config)?;
    let published = reader.newest_checkpoint().await?.context("the log has no checkpoint")?;
    let text = proof(reader, &published, &key, &made).await?;
    super::put(&proof_of(json), &text)
}

/// Where the proof of a report lies: beside it.
fn proof_of(json: &Path) -> PathBuf {
    json.with_extension("proof.json")
}
