//! How long a transparency report takes, and how much memory.
//!
//! `cargo run --release -p server --example report_speed -- FOLDER [REQUESTS]` fills a new store in
//! FOLDER with a year of answered requests, 17 events each, their halves apart so that streams lie
//! across each other as in life; run a second time it only counts, and prints time, rate and the
//! largest memory of that process.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use desk::transparency::Period;
use jiff::Timestamp;
use ledger::note::SigningKey;
use serde_json::{Value, json};
use server::report::{Question, count};
use store::{Append, Config, ExpectedSeq, NewEvent, Reader, Store};
use tokio::task::JoinSet;
use uuid::Uuid;

/// The first second of the year that the requests arrive in.
const YEAR: &str = "2025-01-01T00:00:00Z";
const YEAR_SECONDS: i64 = 365 * 86_400;
/// Acts in flight while the store is filled.
const IN_FLIGHT_MAX: usize = 512;
/// A request is answered when so many more have come in.
const ANSWERED_AFTER: u64 = 300;
const COUNTRIES: [&str; 12] =
    ["DE", "FR", "US", "SG", "GB", "NL", "ES", "IT", "PL", "AT", "MT", "CY"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("say in which folder")?;
    let requests: u64 = arguments.next().map_or(Ok(65_000), |text| text.parse())?;
    let folder = Path::new(&folder);
    let path = folder.join("desk.sqlite");
    let url = format!("sqlite://{}", path.display());
    if !path.exists() {
        std::fs::create_dir_all(folder)?;
        let begin = Instant::now();
        fill(&url, requests).await?;
        println!("filled with {requests} requests in {:.0} s", begin.elapsed().as_secs_f64());
    }
    let reader = Reader::open(&url, None).await?;
    let day = |text: &str| text.parse::<jiff::civil::Date>();
    let question = Question {
        company: "Lantern Exchange".to_owned(),
        period: Period::new(day("2025-01-01")?, day("2025-12-31")?).context("a year")?,
        as_of: "2026-06-01T00:00:00Z".parse()?,
        agency_countries: None,
    };
    let begin = Instant::now();
    let mut counted = 0;
    let report = count(&reader, &question, &mut |progress| counted = progress.requests).await?;
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{counted} requests counted in {seconds:.1} s, {:.0} a second; report of {} bytes; {}",
        counted as f64 / seconds,
        report.to_json().len(),
        memory().unwrap_or_default()
    );
    Ok(())
}

/// The largest memory that this process has had.
fn memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

async fn fill(url: &str, requests: u64) -> anyhow::Result<()> {
    let start = YEAR.parse::<Timestamp>()?.as_second();
    let second = Arc::new(AtomicI64::new(start));
    let hand = second.clone();
    let clock =
        move || Timestamp::from_second(hand.load(Ordering::Relaxed)).unwrap_or(Timestamp::MAX);
    let key = SigningKey::from_seed("example.org/report", [1; 32])?;
    let store = Store::open_or_create(url, Config::new(key, Arc::new(clock))).await?;
    let mut acts = JoinSet::new();
    let every = i64::try_from(requests + ANSWERED_AFTER).map(|all| YEAR_SECONDS / all)?;
    for number in 0..requests + ANSWERED_AFTER {
        second.store(start + i64::try_from(number)? * every, Ordering::Relaxed);
        let halves = [
            (number < requests).then(|| (number, 0, received(number))),
            number.checked_sub(ANSWERED_AFTER).map(|answered| (answered, 2, answer())),
        ];
        for (number, seq, events) in halves.into_iter().flatten() {
            let events =
                events.iter().map(|event| NewEvent::new(event.to_string(), None)).collect();
            let act = Append::events(stream(number), ExpectedSeq::Exactly(seq), events);
            let store = store.clone();
            acts.spawn(async move { store.append(act).await });
        }
        while acts.len() >= IN_FLIGHT_MAX {
            acts.join_next().await.context("an act")???;
        }
    }
    while let Some(done) = acts.join_next().await {
        done??;
    }
    store.close().await;
    Ok(())
}

fn stream(number: u64) -> Uuid {
    Uuid::from_u128(0x0194_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

fn staff(number: u128) -> String {
    format!("staff:{}", Uuid::from_u128(number))
}

fn received(number: u64) -> Vec<Value> {
    let digest = "07".repeat(32);
    let country = COUNTRIES[usize::try_from(number % 12).unwrap_or(0)];
    vec![
        json!({ "kind": "received", "request": stream(number), "agency": null, "key": null,
            "order": { "instrument": "production_order", "issuing_country": country,
                "issuer": if number.is_multiple_of(3) { "prosecutor" } else { "judge" },
                "offence": { "sentence_max_months": 120 }, "channel": "manual",
                "authentication": "none", "format": "paper", "issued_on": "2025-01-01",
                "service": "exchange", "asks": [{ "demand": { "kind": "disclose", "scope": {
                    "selectors": { "account_id": 1 }, "categories": ["subscriber"] } } }] },
            "instrument_sha256": digest, "pack": { "id": "generic", "version": "2026-11-22" },
            "by": staff(1) }),
        json!({ "kind": "clock_started", "ask": 1, "clock": { "name": "produce", "kind": "due_by",
            "whose": "provider", "start": "2025-01-01T00:00:00Z", "due": "2027-01-01T00:00:00Z",
            "length": "20 working days", "counting": "working days", "article": "the company's own",
            "unchecked": true } }),
    ]
}

fn answer() -> Vec<Value> {
    let digest = "07".repeat(32);
    let exhibit = |number: u16| {
        json!({ "kind": "exhibit_added", "ask": 1, "exhibit": number, "category": "subscriber",
            "exhibit_sha256": digest, "rows": 3, "withheld": 0, "by": staff(2) })
    };
    vec![
        json!({ "kind": "identity_check_started", "by": staff(1) }),
        json!({ "kind": "identity_verified", "method": "call_back", "by": staff(1) }),
        json!({ "kind": "legal_accepted", "ask": 1, "despite": [], "by": staff(3) }),
        json!({ "kind": "search_started", "ask": 1, "by": staff(2) }),
        exhibit(1),
        exhibit(2),
        json!({ "kind": "outcome_recorded", "ask": 1, "outcome": "full", "missing": [],
            "by": staff(2) }),
        json!({ "kind": "assembled", "asks": [1], "tagmanifest_sha256": digest, "by": staff(2) }),
        json!({ "kind": "approved", "asks": [1], "tagmanifest_sha256": digest, "by": staff(4) }),
        json!({ "kind": "sealed", "asks": [1], "tagmanifest_sha256": digest,
            "p7s_sha256": digest, "tsr_sha256": null, "chain_sha256": digest }),
        json!({ "kind": "delivered", "asks": [1], "package_sha256": digest,
            "encrypted_sha256": digest, "by": "system" }),
        json!({ "kind": "clock_stopped", "ask": 1, "clock": "produce", "reason": "met" }),
        json!({ "kind": "acknowledged", "asks": [1], "package_sha256": digest, "by": staff(1) }),
        json!({ "kind": "message_posted", "ask": 1, "by": staff(1) }),
        json!({ "kind": "closed", "ask": 1, "by": staff(4) }),
    ]
}
