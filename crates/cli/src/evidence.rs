//! `comity evidence`: open and verify packages. No server, no network, no trust in us.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use evidence::verify::{Anchors, CheckOutcome, Report, verify};

/// Exit code when nothing could be judged.
const UNREADABLE: u8 = 2;
/// Exit code when everything holds that could be checked, and the origin could not.
const ORIGIN_NOT_CHECKED: u8 = 3;

/// Evidence packages.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Checks a package and names every defect.
    #[command(after_help = "Exit codes:
  0  integrity and origin both hold
  3  intact, but origin not checked: --root or --policy was not given
  1  unsound; every defect is named
  2  not an evidence package, or a file named here cannot be read
Example:
  comity evidence verify package.zip --root root.pem --policy policy.txt")]
    Verify {
        /// The package: the decrypted zip.
        package: PathBuf,
        /// Root certificates of the company's seal, in PEM; may be repeated.
        #[arg(long = "root")]
        roots: Vec<PathBuf>,
        /// C2SP tlog policy: logs, witnesses, quorum.
        #[arg(long)]
        policy: Option<PathBuf>,
        /// Root certificates of the time-stamp authority, in PEM; may be repeated.
        #[arg(long = "tsa-root")]
        tsa_roots: Vec<PathBuf>,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Checks the receipt of an act upon a request: that the log has it, since when, at which leaf.
    #[command(after_help = "Exit codes:
  0  the log has the request, and the policy trusts the log's head
  3  the record leads to the log's head; whose head it is was not checked: --policy was not given
  1  it does not hold; every defect is named
  2  a file named here cannot be read
Example:
  comity evidence receipt receipt.json --policy policy.txt")]
    Receipt {
        /// The receipt, as the portal gave it.
        file: PathBuf,
        /// C2SP tlog policy: logs, witnesses, quorum.
        #[arg(long)]
        policy: Option<PathBuf>,
        /// JSON instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Decrypts a package that was delivered to you.
    #[command(after_help = "Exit codes: 0 decrypted, 1 not; then nothing is written.
Example:
  comity evidence open package.zip.p7m --certificate me.pem --key me.key --out package.zip")]
    Open {
        /// The delivered file (.p7m).
        file: PathBuf,
        /// Your certificate in PEM.
        #[arg(long)]
        certificate: PathBuf,
        /// Your private key: PKCS#8 in PEM.
        #[arg(long)]
        key: PathBuf,
        /// Where to write the package.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Runs `comity evidence`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Verify { package, roots, policy, tsa_roots, json } => {
            let report = match check(package, roots, policy.as_ref(), tsa_roots) {
                Ok(report) => report,
                // Never 1: that would say the package is unsound, which nobody has found.
                Err(error) => {
                    eprintln!("comity: {error:#}");
                    return Ok(ExitCode::from(UNREADABLE));
                }
            };
            if *json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                print!("{}", words(&report));
            }
            Ok(ExitCode::from(report.exit_code()))
        }
        Command::Receipt { file, policy, json } => match receipt(file, policy.as_deref(), *json) {
            Ok(code) => Ok(code),
            Err(error) => {
                eprintln!("comity: {error:#}");
                Ok(ExitCode::from(UNREADABLE))
            }
        },
        Command::Open { file, certificate, key, out } => {
            let bytes = open(file, certificate, key, out)?;
            eprintln!("wrote {} ({bytes} bytes)", out.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Verifies a package with the anchors in these files.
pub fn check(
    package: &PathBuf,
    roots: &[PathBuf],
    policy: Option<&PathBuf>,
    tsa_roots: &[PathBuf],
) -> anyhow::Result<Report> {
    let mut anchors = Anchors::none();
    for path in roots {
        let place = || format!("{}", path.display());
        let pem = std::fs::read(path).with_context(place)?;
        anchors = anchors.with_roots(&pem).with_context(place)?;
    }
    for path in tsa_roots {
        let place = || format!("{}", path.display());
        let pem = std::fs::read(path).with_context(place)?;
        anchors = anchors.with_tsa_roots(&pem).with_context(place)?;
    }
    if let Some(path) = policy {
        let place = || format!("{}", path.display());
        let text = std::fs::read(path).with_context(place)?;
        let policy = ledger::policy::Policy::parse(&text).with_context(place)?;
        anchors = anchors.with_policy(policy);
    }
    let file = File::open(package).with_context(|| format!("{}", package.display()))?;
    verify(BufReader::new(file), &anchors).with_context(|| format!("{}", package.display()))
}

/// Checks a receipt and says what it proves.
fn receipt(file: &Path, policy: Option<&Path>, json: bool) -> anyhow::Result<ExitCode> {
    let place = |path: &Path| format!("{}", path.display());
    let bytes = std::fs::read(file).with_context(|| place(file))?;
    let known = match policy {
        Some(path) => {
            let text = std::fs::read(path).with_context(|| place(path))?;
            Some(ledger::policy::Policy::parse(&text).with_context(|| place(path))?)
        }
        None => None,
    };
    let checked = evidence::verify::check_receipt(&bytes, &place(file), known.as_ref());
    let (code, said) = match &checked {
        Ok(receipt) => {
            let said = serde_json::json!({
                "holds": true, "request": receipt.request, "act": receipt.act,
                "ask": receipt.ask, "recorded_at": receipt.at, "has_record": receipt.is_derived,
                "leaf": receipt.leaf, "tree_size": receipt.tree_size, "origin": receipt.origin,
                "head_trusted": known.is_some(),
            });
            (if known.is_some() { 0 } else { ORIGIN_NOT_CHECKED }, said)
        }
        Err(defects) => {
            let defects: Vec<String> = defects.iter().map(ToString::to_string).collect();
            (1, serde_json::json!({ "holds": false, "defects": defects }))
        }
    };
    match checked {
        _ if json => println!("{}", serde_json::to_string_pretty(&said)?),
        Ok(receipt) => {
            let ask = receipt.ask.map(|ask| format!(", ask {ask}")).unwrap_or_default();
            let act = receipt.act.replace('_', " ");
            match receipt.at {
                Some(at) => println!("request {}{ask}: {act}, recorded at {at}", receipt.request),
                None => println!(
                    "request {}: {act}, by the company's word; its record is not in the receipt, \
                     only its hash",
                    receipt.request
                ),
            }
            println!(
                "it is leaf {} of {}, proven for {} leaves",
                receipt.leaf, receipt.origin, receipt.tree_size
            );
            if known.is_none() {
                println!("whose log head this is was not checked: give --policy");
            }
        }
        Err(defects) => defects.iter().for_each(|defect| println!("defect: {defect}")),
    }
    Ok(ExitCode::from(code))
}

/// Decrypts a delivered file; `out` appears only when the whole of it was decrypted.
pub fn open(file: &PathBuf, certificate: &Path, key: &Path, out: &PathBuf) -> anyhow::Result<u64> {
    let place = |path: &Path| format!("{}", path.display());
    let envelope = std::fs::read(file).with_context(|| place(file))?;
    let certificates = server::keys::certificates(certificate)?;
    let certificate = certificates.first().context("no certificate")?;
    let pem = server::keys::private_text(key)?;
    let key = server::keys::plain_pkcs8(key, &pem)?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let unfinished = tempfile::NamedTempFile::new_in(folder).with_context(|| place(out))?;
    let (unfinished, bytes) = evidence::cms::open::open(&envelope, certificate, &key, unfinished)
        .with_context(|| place(file))?;
    unfinished.as_file().sync_all().with_context(|| place(out))?;
    unfinished.persist_noclobber(out).with_context(|| place(out))?;
    Ok(bytes)
}

fn words(report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let mark = match check.outcome {
            CheckOutcome::Holds => "ok",
            CheckOutcome::Fails => "FAILED",
            CheckOutcome::NotChecked => "not checked",
        };
        text += &format!("{mark:<12} {}\n", check.what);
    }
    for fact in &report.facts {
        text += &format!("{}: {}\n", fact.name, fact.value);
    }
    for defect in &report.defects {
        text += &format!("defect: {defect}\n");
    }
    text += &report.summary();
    text.push('\n');
    text
}
