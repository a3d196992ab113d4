//! `comity check`: will this order be accepted?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

/// An order file larger than this is something else.
const ORDER_BYTES_MAX: u64 = 1024 * 1024;
/// Exit code when nothing could be judged.
const UNREADABLE: u8 = 2;

/// Says whether an order will be accepted.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 accepted, 1 refused, 2 the order cannot be read.
Example:
  comity check comity-demo/orders/production-order.json --regime generic
The fields of an order are in docs/formats/record.md.")]
pub struct Options {
    /// The order's facts as JSON.
    order: PathBuf,
    /// Rule pack: eu-e-evidence-2023-1543, sg-cpc-2010, us-sca or generic.
    #[arg(long, default_value = "generic")]
    regime: String,
    /// Moment of receipt (UTC ISO 8601); now without it.
    #[arg(long)]
    at: Option<jiff::Timestamp>,
    /// JSON instead of words.
    #[arg(long)]
    json: bool,
}

/// Runs `comity check`.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let order = match read(&options.order) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("comity: {error:#}; docs/formats/record.md has the fields of an order");
            return Ok(ExitCode::from(UNREADABLE));
        }
    };
    let Some(pack) = desk::pack::embedded(&options.regime) else {
        let known: Vec<_> =
            desk::pack::embedded_all().iter().map(|p| p.reference.id.as_str()).collect();
        eprintln!("comity: no rule pack {:?}; known: {}", options.regime, known.join(", "));
        return Ok(ExitCode::from(UNREADABLE));
    };
    let now = options.at.unwrap_or_else(|| crate::clock()());
    let acceptance = desk::check::check(&order, pack, now);
    if options.json {
        println!("{}", server::api::requests::acceptance_json(&acceptance));
    } else {
        print!("{}", words(&acceptance));
    }
    Ok(if acceptance.is_accepted() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> anyhow::Result<desk::order::Order> {
    let place = || format!("{}", path.display());
    let size = std::fs::metadata(path).with_context(place)?.len();
    anyhow::ensure!(
        size <= ORDER_BYTES_MAX,
        "{}: {size} bytes, at most {ORDER_BYTES_MAX}",
        path.display()
    );
    let text = std::fs::read_to_string(path).with_context(place)?;
    serde_json::from_str(&text).with_context(place)
}

fn words(acceptance: &desk::check::Acceptance) -> String {
    let mut text = format!("{} {}\n", acceptance.pack.id, acceptance.pack.version);
    for ask in &acceptance.asks {
        let verdict = if ask.is_accepted() { "accepted" } else { "not accepted" };
        text += &format!("ask {} ({}): {verdict}\n", ask.ask, ask.kind);
        for reason in &ask.reasons {
            text += &format!("  {}: {} [{}]\n", reason.code, reason.fix, reason.article);
        }
        for clock in &ask.clocks {
            let (name, due) = (clock.name.as_str(), clock.due);
            text += &format!("  {name}: {} {due} [{}]\n", clock.kind, clock.article);
        }
    }
    for note in &acceptance.notes {
        let mark = if note.unchecked { ", unchecked" } else { "" };
        text += &format!("note: {} [{}{mark}]\n", note.text, note.article);
    }
    text
}
