//! `comity check`: will this order be accepted?

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

/// An order file larger than this is something else.
const ORDER_BYTES_MAX: u64 = 1024 * 1024;

/// Says whether an order will be accepted.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 accepted, 1 refused, 2 the order cannot be read.
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
    let place = options.order.display();
    let size = std::fs::metadata(&options.order).with_context(|| format!("{place}"))?.len();
    if size > ORDER_BYTES_MAX {
        anyhow::bail!("{place}: {size} bytes, at most {ORDER_BYTES_MAX}");
    }
    let text = std::fs::read_to_string(&options.order).with_context(|| format!("{place}"))?;
    let order: desk::order::Order = match serde_json::from_str(&text) {
        Ok(order) => order,
        Err(error) => {
            eprintln!("comity: {place}: {error}");
            return Ok(ExitCode::from(2));
        }
    };
    let Some(pack) = desk::pack::embedded(&options.regime) else {
        let known: Vec<_> =
            desk::pack::embedded_all().iter().map(|p| p.reference.id.as_str()).collect();
        anyhow::bail!("there is no rule pack {:?}; known: {}", options.regime, known.join(", "));
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
