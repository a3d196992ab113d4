//! Installs what the tests call: Debian packages with apt, three Python checkers in a venv, two
//! real nodes (Bitcoin and EVM) with npm.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

/// A file that shows a package is there, the Debian package that brings it, and who needs it.
const PACKAGES: [(&str, &str, &str); 16] = [
    ("openssl", "openssl", "seal, encryption and time-stamp checks"),
    ("sha256sum", "coreutils", "manifest checks"),
    ("jq", "jq", "signed requests by hand"),
    ("xxd", "xxd", "the same"),
    ("unzip", "unzip", "package checks"),
    ("qpdf", "qpdf", "report checks"),
    ("pdftotext", "poppler-utils", "report checks"),
    ("strace", "strace", "power-loss test"),
    ("/usr/lib/postgresql/15/bin/postgres", "postgresql-15", "PostgreSQL tests"),
    ("python3", "python3-venv", "bagit and case_validate"),
    ("/usr/bin/chromium", "chromium", "browser tests"),
    ("/usr/bin/chromedriver", "chromium-driver", "browser tests"),
    (EXIM, "exim4-daemon-light", "mail tests"),
    ("/usr/sbin/clamd", "clamav-daemon", "tests of scanned files; no signatures are fetched"),
    ("softhsm2-util", "softhsm2", "tests of keys in a token"),
    ("npm", "npm", "real Bitcoin and EVM nodes"),
];

/// The mail server of the mail tests; it listens on loopback and on ports of their own only.
const EXIM: &str = "/usr/sbin/exim4";

/// Python packages with their versions.
const PYTHON: [&str; 3] = ["bagit==1.9.0", "case-utils==0.18.0", "schemathesis==4.32.5"];

/// Installs what is missing and says what could not be had. Never fails the run: a test without
/// its checker says so itself.
pub fn missing(root: &Path) {
    // Debian has one mail server at a time; that of the machine is not ours to replace.
    let has_another = present("/usr/sbin/sendmail") && !present(EXIM);
    let absent: Vec<_> = PACKAGES
        .iter()
        .filter(|(probe, ..)| !(present(probe) || has_another && *probe == EXIM))
        .collect();
    if has_another {
        println!(
            "NOT INSTALLED: {EXIM}, this machine has another mail server; mail tests will skip"
        );
    }
    if !absent.is_empty() {
        for (_, package, need) in &absent {
            println!("missing: Debian package {package} ({need})");
        }
        let names: Vec<&str> = absent.iter().map(|(_, package, _)| *package).collect();
        if !apt_install(&names) {
            println!("NOT INSTALLED; install them with: apt-get install {}", names.join(" "));
            println!("tests that need them will say SKIPPED");
        }
    }
    if let Err(error) = python(root) {
        println!("NOT INSTALLED: Python checkers ({error:#}); their tests will say SKIPPED");
    }
    if let Err(error) = nodes(root) {
        println!("NOT INSTALLED: Bitcoin and EVM nodes ({error:#}); their tests will say SKIPPED");
    }
}

/// Where the Python checkers live once installed.
pub fn venv_bin(root: &Path) -> PathBuf {
    root.join("target/venv/bin")
}

fn present(probe: &str) -> bool {
    if probe.starts_with('/') {
        return Path::new(probe).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(probe).is_file())
}

/// Whether a Python package of that very version (`name==version`) is installed.
pub fn has_package(pip: &Path, package: &str) -> bool {
    let Some((name, version)) = package.split_once("==") else { return false };
    let said = quiet(&pip.display().to_string(), &["show", "--disable-pip-version-check", name]);
    let line = format!("Version: {version}");
    said.is_some_and(|text| text.lines().any(|found| found == line))
}

fn apt_install(packages: &[&str]) -> bool {
    let root = quiet("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if !root || !present("apt-get") {
        println!("not root, or no apt-get here");
        return false;
    }
    let quietly = |arguments: &[&str]| {
        println!("> apt-get {}", arguments.join(" "));
        Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    quietly(&["update", "-q"]) && quietly(&install)
}

fn python(root: &Path) -> Result<()> {
    let bin = venv_bin(root);
    if ["case_validate", "bagit.py", "schemathesis"].iter().all(|name| bin.join(name).exists()) {
        return Ok(());
    }
    let venv = root.join("target/venv");
    let path = venv.display().to_string();
    crate::run::command(root, "python3", &["-m", "venv", &path])?;
    let pip = bin.join("pip").display().to_string();
    let mut arguments = vec!["install", "--quiet", "--disable-pip-version-check"];
    arguments.extend(PYTHON);
    crate::run::command(root, &pip, &arguments)
}

/// The nodes that the tests of crate feed start, as its committed lock file has them.
fn nodes(root: &Path) -> Result<()> {
    let source = root.join("crates/feed/tests/nodes");
    let target = root.join("target/nodes");
    let mut fresh = target.join("node_modules/bcoin").is_dir();
    std::fs::create_dir_all(&target)?;
    for name in ["package.json", "package-lock.json"] {
        let (wanted, here) = (std::fs::read(source.join(name))?, target.join(name));
        if std::fs::read(&here).ok().as_ref() != Some(&wanted) {
            std::fs::write(&here, wanted)?;
            fresh = false;
        }
    }
    if fresh {
        return Ok(());
    }
    // Nothing is compiled: the Bitcoin node has all its parts in JavaScript, the EVM node and the
    // database come built.
    let place = target.display().to_string();
    let quiet = ["--ignore-scripts", "--no-save", "--no-audit", "--no-fund"];
    let arguments = [&["install", "--prefix", &place], &quiet[..]].concat();
    crate::run::command(root, "npm", &arguments)
}

fn quiet(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()
}
