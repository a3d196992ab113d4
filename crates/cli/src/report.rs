//! `comity report`: what the company says in public about the requests it receives.

mod prove;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use desk::ids::Country;
use desk::transparency::{Period, Report, Scope};
use jiff::civil::Date;
use server::app::report::{in_the_way, subtractable};
use server::config::Config;
use server::report::{Progress, Question};
use web::words::Words;

/// Reports.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Counts the requests of a period, and tells no small count.
    #[command(after_help = "Examples:
  comity report transparency --from 2026-01-01 --to 2026-06-30 --out published
  comity report transparency --from 2026-01-01 --to 2026-06-30 --agency-countries DE,FR --json
Works while the node is served; reads no personal data. With --out the report goes on the record:
its digest becomes a leaf of the log, and the log's key signs it. docs/formats/transparency.md
explains every column, and why some counts are withheld. A report that counts some of the same
requests as an earlier one is refused: one could be subtracted from the other. On the page Reports
two people publish a report; [transparency] public shows it to anybody at /transparency.")]
    Transparency(Transparency),
    /// Checks a report against its proof; needs no server, no network, no trust in us.
    #[command(after_help = "Exit codes:
  0  the report is the one on the record, and the policy trusts the log that signed it
  3  the report leads to the log's head; whose head it is was not checked: --policy was not given
  1  it does not hold; every defect is named
  2  a file named here cannot be read
The CSV beside the report is checked too, when it is there.
Example:
  comity report verify transparency-2026-01-01--2026-06-30.json --policy policy.txt")]
    Verify(prove::Verify),
    /// Writes the proof of a report that was recorded since.
    #[command(after_help = "Example:
  comity report prove published/transparency-2026-01-01--2026-06-30.json --dir comity-demo")]
    Prove(prove::Prove),
}

/// What to count.
#[derive(clap::Args)]
pub struct Transparency {
    /// The node's folder, with its comity.toml.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// The first day (UTC) on which a request was received.
    #[arg(long)]
    from: Date,
    /// The last day (UTC).
    #[arg(long)]
    to: Date,
    /// Only requests of authorities of these countries: two capital letters each.
    #[arg(long, value_delimiter = ',', value_parser = country)]
    agency_countries: Vec<Country>,
    /// Count what was on the record at this moment (UTC ISO 8601); now without it.
    #[arg(long)]
    as_of: Option<jiff::Timestamp>,
    /// Folder for the files of the report; made when it is not there.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Language of the page: en or de.
    #[arg(long, default_value = "en", value_parser = ["en", "de"])]
    language: String,
    /// The report's JSON to standard output, instead of words.
    #[arg(long)]
    json: bool,
}

/// Runs `comity report`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Transparency(options) => transparency(options),
        Command::Verify(options) => Ok(prove::verify(options)),
        Command::Prove(options) => prove::prove(options),
    }
}

fn transparency(options: &Transparency) -> anyhow::Result<ExitCode> {
    let period = Period::new(options.from, options.to).with_context(|| {
        format!("the period ends on {}, before it begins on {}", options.to, options.from)
    })?;
    let config = Config::read(&options.dir.join("comity.toml"))?;
    crate::block_on(async {
        let reader = crate::ledger::reader(&config).await?;
        let countries: BTreeSet<Country> = options.agency_countries.iter().copied().collect();
        let question = Question {
            company: config.company.name.clone(),
            period,
            as_of: options.as_of.unwrap_or_else(|| crate::clock()()),
            agency_countries: (!countries.is_empty()).then_some(countries),
        };
        let scope = Scope {
            period,
            agency_countries: question.agency_countries.clone(),
            as_of: question.as_of,
        };
        if let Some(earlier) = in_the_way(&reader, &scope).await? {
            let why = subtractable(&earlier);
            if options.out.is_some() {
                return Err(why.into());
            }
            eprintln!("for your eyes only: {why}");
        }
        let report = server::report::count(&reader, &question, &mut tell).await?;
        if options.json {
            print!("{}", report.to_json());
        } else {
            print!("{}", words(&report));
        }
        if let Some(folder) = &options.out {
            let page = web::reports::alone(&report, Words::of(Some(options.language.as_str())))?;
            let json = write(folder, &report, &page)?;
            prove::record(&config, &reader, &report, &json).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn country(text: &str) -> Result<Country, String> {
    Country::parse(text).ok_or_else(|| "a country is two capital letters (ISO 3166-1)".to_owned())
}

/// One line that is written over; only where somebody sits in front of it.
fn tell(progress: Progress) {
    if std::io::stderr().is_terminal() {
        let percent = progress.leaves * 100 / progress.leaves_all.max(1);
        eprint!("\r{} requests counted, {percent} % of the period", progress.requests);
        if progress.leaves == progress.leaves_all {
            eprintln!();
        }
    }
}

/// The name of a report's files without their ending.
fn file_name(report: &Report) -> String {
    let countries = report.agency_countries.iter().flatten().map(|it| format!("-{it}"));
    let countries: String = countries.collect();
    format!("transparency-{}--{}{countries}", report.from, report.to)
}

/// Writes the files of a report and says where its JSON is.
fn write(folder: &Path, report: &Report, page: &str) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let json = folder.join(format!("{}.json", file_name(report)));
    put(&json, &report.to_json())?;
    put(&json.with_extension("csv"), &report.to_csv())?;
    put(&json.with_extension("html"), page)?;
    Ok(json)
}

/// Writes one file and says so.
fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("{}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

fn words(report: &Report) -> String {
    let mut text = format!("{}, {} to {}\n", report.company, report.from, report.to);
    let told = |count: Option<u64>| count.map_or_else(|| "withheld".into(), |n| n.to_string());
    text += &format!("requests: {}\n", told(report.requests));
    for section in &report.sections {
        text += &format!("{}: {} received\n", section.ask_type, section.received);
        for group in &section.outcomes {
            let of: Vec<_> = group.of.iter().map(|fate| fate.as_str()).collect();
            text += &format!("  {}: {}\n", of.join(" or "), group.count);
        }
        if let Some(hours) = &section.hours_to_answer {
            text += &format!("  hours: median {}, p90 {}\n", hours.median, hours.p90);
        }
        let countries = section.countries.iter().map(|row| {
            let name = row.country.map_or_else(|| "others".into(), |country| country.to_string());
            format!("{name} {}", row.received)
        });
        text += &format!("  by country: {}\n", countries.collect::<Vec<_>>().join(", "));
    }
    for kind in &report.withheld {
        text += &format!("{kind}: fewer than {}\n", report.small_cell_below);
    }
    text
}
