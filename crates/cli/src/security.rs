//! `comity security`: who came in, who was refused, and the alarms. Reads only, also beside a
//! served node; an alarm is acknowledged on the page `/security`, by a person.

use std::process::ExitCode;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::json;
use server::app::security::{Alarms, compare};
use server::config::Config;
use server::security::Kind;
use store::{NoticedFilter, NoticedRow};
use uuid::Uuid;

/// Rows of one page of the store.
const PAGE_ROWS: usize = 500;

/// Security.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Who came in, who was refused: the newest first, one row for what repeats within an hour.
    #[command(after_help = "Examples:
  comity security log
  comity security log --kind log_in_failed --since 2026-10-01T00:00:00Z --json
Works while the node is served. A row tells no case; a network is 24 bits of an address.")]
    Log {
        #[command(flatten)]
        at: crate::At,
        /// Only this kind, by its word: log_in, log_in_failed, not_allowed...
        #[arg(long, value_parser = kind)]
        kind: Option<Kind>,
        /// Only of this person or key.
        #[arg(long)]
        who: Option<Uuid>,
        /// Only of this hour or later.
        #[arg(long)]
        since: Option<Timestamp>,
        /// At most so many rows.
        #[arg(long, default_value_t = 1_000)]
        rows: usize,
        /// One JSON object for each row.
        #[arg(long)]
        json: bool,
    },
    /// The alarms, open ones first.
    #[command(after_help = "Example:\n  comity security alarms --json
Exit codes: 0 none is open, 1 one is.")]
    Alarms {
        #[command(flatten)]
        at: crate::At,
        /// One JSON object for each alarm.
        #[arg(long)]
        json: bool,
    },
    /// Compares the rows with their hourly digests in the tamper-evident log.
    #[command(after_help = "Example:\n  comity security check
Exit codes: 0 everything agrees, 1 something does not.")]
    Check {
        #[command(flatten)]
        at: crate::At,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `comity security`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Log { at, kind, who, since, rows, json } => {
            let kind = kind.map(|kind| kind.as_str().to_owned());
            let filter = NoticedFilter { who: *who, kind, source: None, since: *since };
            log(&Config::read(&at.config)?, &filter, *rows, *json)
        }
        Command::Alarms { at, json } => alarms(&Config::read(&at.config)?, *json),
        Command::Check { at, json } => check(&Config::read(&at.config)?, *json),
    }
}

fn log(
    config: &Config,
    filter: &NoticedFilter,
    rows_max: usize,
    json: bool,
) -> anyhow::Result<ExitCode> {
    crate::block_on(async {
        let reader = crate::ledger::reader(config).await?;
        let (mut before, mut left) = (None, rows_max);
        while left > 0 {
            let rows = reader.noticed(filter, before, left.min(PAGE_ROWS)).await?;
            let Some(last) = rows.last() else { break };
            before = Some(last.number);
            left -= rows.len();
            rows.iter().for_each(|row| println!("{}", if json { object(row) } else { line(row) }));
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn outcome(row: &NoticedRow) -> &'static str {
    Kind::of_word(&row.noticed.kind).map_or("unknown", |kind| kind.outcome().as_str())
}

fn object(row: &NoticedRow) -> String {
    let noticed = &row.noticed;
    json!({
        "number": row.number,
        "kind": noticed.kind,
        "outcome": outcome(row),
        "who": noticed.who,
        "network": noticed.source,
        "place": noticed.place,
        "count": noticed.count,
        "first_at": noticed.first_at,
        "last_at": noticed.last_at,
    })
    .to_string()
}

fn line(row: &NoticedRow) -> String {
    let noticed = &row.noticed;
    let who = noticed.who.map_or_else(|| "-".to_owned(), |who| who.to_string());
    format!(
        "{}  {:>6}x  {:<18} {:<9} {:<36}  {:<20} {}",
        noticed.last_at,
        noticed.count,
        noticed.kind,
        outcome(row),
        who,
        noticed.source,
        noticed.place
    )
}

fn alarms(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    crate::block_on(async {
        let reader = crate::ledger::reader(config).await?;
        let alarms = Alarms::read(&reader, crate::clock()()).await?;
        let all = alarms.all();
        let open = all.iter().filter(|alarm| alarm.acknowledged.is_none()).count();
        for alarm in all {
            let cause = &alarm.cause;
            let by = alarm.acknowledged.as_ref();
            if json {
                let object = json!({
                    "alarm": alarm.id,
                    "rule": cause.rule.as_str(),
                    "who": cause.who,
                    "network": cause.source,
                    "count": cause.count,
                    "about": cause.from,
                    "raised_at": alarm.raised_at,
                    "acknowledged_by": by.map(|done| done.by.to_string()),
                    "acknowledged_at": by.map(|done| done.at),
                });
                println!("{object}");
            } else {
                let who = cause.who.map(|who| who.to_string()).or_else(|| cause.source.clone());
                let state = if by.is_some() { "looked into" } else { "open" };
                println!(
                    "{}  {state:<11}  {:<26} {:>6}  {}",
                    alarm.raised_at,
                    cause.rule.as_str(),
                    cause.count,
                    who.unwrap_or_default()
                );
            }
        }
        eprintln!("{open} open");
        Ok(if open == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn check(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    crate::block_on(async {
        let reader = crate::ledger::reader(config).await?;
        let compared = compare(&reader).await.context("the security log")?;
        if json {
            println!("{}", serde_json::to_string(&compared)?);
        } else {
            println!("{} hours with {} rows agree", compared.hours, compared.rows);
            println!("{} hours erased, their time was over", compared.erased);
            for hour in &compared.wrong {
                println!("defect: the rows of the hour from {hour} are not those of its digest");
            }
        }
        Ok(if compared.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn kind(word: &str) -> Result<Kind, String> {
    Kind::of_word(word).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("no such kind; one of {}", known.join(", "))
    })
}
