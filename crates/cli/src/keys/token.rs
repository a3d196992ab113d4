//! `comity key make`, `request`, `show`: keys that lie in a token (PKCS#11).

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use server::config::Config;
use server::keys::token::{Kind, TokenKey};
use server::keys::{self, Seal, development, file};

/// Options of `comity key make`.
#[derive(clap::Args)]
#[command(after_help = "Example:
  comity key make --config comity.toml seal
  comity key make --config comity.toml log
The token, its module and its PIN stand in comity.toml under [token]. A log's key writes log.vkey
and policy.txt into the folder of keys, to hand out; they must not be there yet.")]
pub struct Make {
    #[command(flatten)]
    at: crate::At,
    /// Which key.
    which: Which,
    /// RSA of 3072 bits instead of ECDSA on P-256, for the seal.
    #[arg(long)]
    rsa: bool,
}

/// Options of `comity key request`.
#[derive(clap::Args)]
#[command(after_help = "Example:
  comity key request --config comity.toml --out seal.csr
What the trust service answers belongs into seal.pem among the keys, intermediates after it.")]
pub struct Request {
    #[command(flatten)]
    at: crate::At,
    /// Name in the certificate, in place of the company's.
    #[arg(long)]
    name: Option<String>,
    /// The file to write (PKCS#10 in PEM).
    #[arg(long)]
    out: PathBuf,
}

/// Options of `comity key show`.
#[derive(clap::Args)]
#[command(after_help = "Example:
  comity key show --config comity.toml
Exit code 0: each key is there and signs. 1: one does not.")]
pub struct Show {
    #[command(flatten)]
    at: crate::At,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// The company's seal under packages.
    Seal,
    /// The log's key.
    Log,
}

/// Runs `comity key make`.
pub fn make(options: &Make) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.at.config)?;
    let dir = config.path(&config.node.keys);
    let (place, kind) = match options.which {
        Which::Seal if options.rsa => (config.seal_token(), Kind::Rsa),
        Which::Seal => (config.seal_token(), Kind::EcdsaP256),
        Which::Log if options.rsa => anyhow::bail!("a log is signed with Ed25519; leave out --rsa"),
        Which::Log => (config.log_token(), Kind::Ed25519),
    };
    let place = place.context(
        "comity.toml names no such key in a token: give [token] seal or log a URI like \
         pkcs11:token=LABEL;object=NAME",
    )?;
    let object = place.object.clone();
    if options.which == Which::Seal {
        TokenKey::make(place, kind)?;
        eprintln!("made {object}; next: comity key request, for its certificate");
        return Ok(ExitCode::SUCCESS);
    }
    for name in [file::LOG_KEY, file::LOG_PUBLIC, file::LOG_POLICY] {
        if dir.join(name).exists() {
            return Err(keys::KeyError::Exists { dir, name }.into());
        }
    }
    let key = TokenKey::make(place, kind)?;
    let key = keys::log_of_token(key, &config.node.origin)?;
    development::private_folder(&dir)?;
    development::write_log_public(&dir, &key.vkey())?;
    eprintln!("made {object}: {}", key.vkey());
    Ok(ExitCode::SUCCESS)
}

/// Runs `comity key request`.
pub fn request(options: &Request) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.at.config)?;
    let place = config.seal_token().context("[token] in comity.toml names no seal")?;
    let key = TokenKey::open(place)?;
    let company = &config.company;
    let name = options.name.clone().unwrap_or_else(|| format!("{} seal", company.name));
    let pem = development::seal_request(&key, &company.country, &company.name, &name)?;
    development::write_new(&options.out, &pem, 0o644)?;
    eprintln!("made {}: have it certified, for digital signatures", options.out.display());
    Ok(ExitCode::SUCCESS)
}

/// Runs `comity key show`.
pub fn show(options: &Show) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.at.config)?;
    let dir = config.path(&config.node.keys);
    let place = |token: Option<keys::token::Place>, name: &str| {
        token.map_or_else(|| dir.join(name).display().to_string(), |it| it.object.to_string())
    };
    let seal = Seal::of(&config).map_err(anyhow::Error::from).and_then(|seal| {
        seal.sign(b"comity key show")?;
        Ok(seal.algorithm().name().to_owned())
    });
    let log = keys::log_key_of(&config).map_err(anyhow::Error::from).and_then(|key| {
        key.sign("comity key show")?;
        Ok(key.vkey())
    });
    let known = [
        ("seal", place(config.seal_token(), file::SEAL_KEY), seal),
        ("log", place(config.log_token(), file::LOG_KEY), log),
    ];
    let sound = known.iter().all(|(.., key)| key.is_ok());
    for (name, place, key) in &known {
        let (is, why) = (key.as_ref().ok(), key.as_ref().err().map(|why| format!("{why:#}")));
        if options.json {
            let line = serde_json::json!({ "key": name, "place": place, "is": is, "fault": why });
            println!("{line}");
        } else {
            let said = is.cloned().unwrap_or_else(|| why.unwrap_or_default());
            println!("{name}  {place}  {said}");
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
