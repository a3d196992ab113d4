//! `comity`: the one binary. Knows arguments, files and exit codes; everything else is elsewhere.
//!
//! Data goes to standard output, words about it to standard error.

mod chain;
mod check;
mod demo;
mod evidence;
mod fraud;
mod keys;
mod ledger;
mod people;
mod report;
mod retention;
mod security;
mod serve;
mod tags;
mod trace;

use std::io::{ErrorKind, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// See the line of `mimalloc` in Cargo.toml.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXAMPLES: &str = "Examples:
  comity demo                                   one request, from intake to sealed evidence
  comity key new --dir keys                     development keys
  comity serve --config comity.toml --check     is the configuration sound?
  comity evidence verify PACKAGE.zip --root root.pem --policy policy.txt
  comity chain import --dir chain --blocks ~/.bitcoin/blocks/blk*.dat
  comity trace run --blocks BLOCK --from TXID --policy haircut --json

`comity COMMAND --help` has an example of each.
COMITY_LOG=server=debug says more, to standard error; COMITY_LOG_FORMAT=json says it to machines.";

/// Answer the police, follow the money, stop the next one.
#[derive(Parser)]
#[command(name = "comity", version, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers one law-enforcement request on a real Bitcoin block, in front of your eyes.
    Demo(demo::Options),
    /// Serves the request desk, the machine edge and the public log.
    Serve(serve::Options),
    /// Makes development keys.
    #[command(subcommand)]
    Key(keys::Command),
    /// Enrols staff, each by a client certificate.
    #[command(subcommand)]
    Staff(people::Staff),
    /// Enrols agencies, each by a client certificate.
    #[command(subcommand)]
    Agency(people::Agency),
    /// Exchanges fraud marks with other desks, and sets decoys.
    #[command(subcommand)]
    Fraud(fraud::Command),
    /// Says whether an order will be accepted, by when, and if not, why.
    Check(check::Options),
    /// Opens and verifies evidence packages; needs no server, no network, no trust in us.
    #[command(subcommand)]
    Evidence(evidence::Command),
    /// Keeps a chain on disk: import, check, size.
    #[command(subcommand)]
    Chain(chain::Command),
    /// Follows money through blocks, and replays what others followed.
    #[command(subcommand)]
    Trace(trace::Command),
    /// Says who is said to own an address: tag packs, sanctions lists, own tags.
    #[command(subcommand)]
    Tags(tags::Command),
    /// Checks the log and the store behind it.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Shows and erases personal data whose time is over.
    Retention(retention::Options),
    /// Shows who came in, who was refused, and the alarms.
    #[command(subcommand)]
    Security(security::Command),
    /// Says in public what the company was asked, and tells no small count.
    #[command(subcommand)]
    Report(report::Command),
    /// Copies a node's store, also while it is served, into a new folder.
    Backup(ledger::Backup),
    /// Makes a store out of a backup. An older copy than the log key knows will not be served.
    Restore(ledger::Restore),
}

/// Where a node's configuration lies.
#[derive(clap::Args)]
pub struct At {
    /// The node's configuration.
    #[arg(long, default_value = "comity.toml")]
    pub config: PathBuf,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("COMITY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,comity=info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match std::env::var("COMITY_LOG_FORMAT").as_deref() {
        Ok("json") => log.json().init(),
        _ => log.init(),
    }
    let outcome = match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Serve(options) => serve::run(&options),
        Command::Key(command) => keys::run(&command),
        Command::Staff(command) => people::staff(&command),
        Command::Agency(command) => people::agency(&command),
        Command::Fraud(command) => fraud::run(&command),
        Command::Check(options) => check::run(&options),
        Command::Evidence(command) => evidence::run(&command),
        Command::Chain(command) => chain::run(&command),
        Command::Trace(command) => trace::run(&command),
        Command::Tags(command) => tags::run(&command),
        Command::Ledger(command) => ledger::run(&command),
        Command::Retention(options) => retention::run(&options),
        Command::Security(command) => security::run(&command),
        Command::Report(command) => report::run(&command),
        Command::Backup(options) => ledger::backup(&options),
        Command::Restore(options) => ledger::restore(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("comity: {}", said(&error));
        ExitCode::FAILURE
    })
}

/// An error with its causes, none of them twice, and what to do where a file is none.
fn said(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text += &format!(": {cause}");
        }
    }
    let kinds = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    let what_to_do = kinds.map(std::io::Error::kind).find_map(|kind| match kind {
        ErrorKind::IsADirectory => Some("name a file, not a folder"),
        ErrorKind::NotADirectory => Some("name a folder, not a file"),
        ErrorKind::AlreadyExists => Some("something else has that name; choose another"),
        _ => None,
    });
    what_to_do.map_or(text.clone(), |what_to_do| format!("{text}; {what_to_do}"))
}

/// A runtime for commands that talk to a store or a network.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}

/// The clock of this machine: the only place of the binary that reads it for a node.
fn clock() -> server::app::Clock {
    std::sync::Arc::new(jiff::Timestamp::now)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    #[test]
    fn no_cause_is_told_twice_and_a_folder_for_a_file_is_explained() {
        let folder = || Error::new(ErrorKind::IsADirectory, "Is a directory");
        let told = |error: Error, text: &'static str| {
            super::said(&anyhow::Error::new(error).context(text))
        };
        assert_eq!(
            told(folder(), "blocks: Is a directory"),
            "blocks: Is a directory; name a file, not a folder"
        );
        assert_eq!(told(folder(), "blocks"), "blocks: Is a directory; name a file, not a folder");
        assert_eq!(told(Error::other("it is damaged"), "blocks"), "blocks: it is damaged");
    }
}
