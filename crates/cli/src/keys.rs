//! `comity key`: development keys, and keys in a token.

mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use server::keys::development::{self, Purpose};

/// Development keys, and keys in a token.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes root, server, seal and log keys in an empty folder, readable by you only.
    #[command(after_help = "Example:
  comity key new --dir keys --company 'Your Company' --origin log.your.example/desk \\
    --host desk.your.example
Keys are never overwritten. In production the seal certificate comes from a trust service.")]
    New {
        /// The folder.
        #[arg(long, default_value = "keys")]
        dir: PathBuf,
        /// Name of the company in the certificates.
        #[arg(long, default_value = "Development")]
        company: String,
        /// Name of the log: a host and a path.
        #[arg(long, default_value = "log.example/desk")]
        origin: String,
        /// Name or address that the server answers to; may be repeated.
        #[arg(long = "host", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
        hosts: Vec<String>,
    },
    /// Certifies a key for a client or a recipient with the development root.
    #[command(after_help = "Example:
  comity key issue --dir keys --name 'Police' --purpose recipient --out police-encryption")]
    Issue {
        /// Folder of the development root.
        #[arg(long, default_value = "keys")]
        dir: PathBuf,
        /// Name of the company in the certificate.
        #[arg(long, default_value = "Development")]
        company: String,
        /// Name of the holder.
        #[arg(long)]
        name: String,
        /// What it is for.
        #[arg(long, value_parser = ["client", "recipient"])]
        purpose: String,
        /// Files to write: OUT.pem and OUT.key.
        #[arg(long)]
        out: PathBuf,
    },
    /// Makes the seal key or the log's key in the token that `[token]` names; it never leaves it.
    Make(token::Make),
    /// Writes a request for a certificate of the seal key in the token, for your trust service.
    Request(token::Request),
    /// Says where the seal key and the log's key lie, and has each sign once.
    Show(token::Show),
}

/// Runs `comity key`.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let now = crate::clock()();
    match command {
        Command::Make(options) => return token::make(options),
        Command::Request(options) => return token::request(options),
        Command::Show(options) => return token::show(options),
        Command::New { dir, company, origin, hosts } => {
            let seed = server::random_bytes()?;
            development::create(dir, company, origin, hosts, seed, now)?;
            eprintln!("made development keys in {}; not for production", dir.display());
        }
        Command::Issue { dir, company, name, purpose, out } => {
            let purpose = if purpose == "client" { Purpose::Client } else { Purpose::Recipient };
            let issued = development::issue(dir, company, name, purpose, &[], now)?;
            let (certificate, key) = (out.with_extension("pem"), out.with_extension("key"));
            development::write_new(&certificate, &issued.certificate_pem, 0o644)?;
            development::write_new(&key, &issued.key_pem, 0o600)?;
            eprintln!("made {} and {}", certificate.display(), key.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
