//! Running programs, and one demo that the tests share.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// The transaction that the demo's order names.
pub const PEEL: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";

/// What a program said.
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Fails unless the exit code is this one; gives both outputs back for more.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Fails unless standard error has these words.
    #[track_caller]
    pub fn complains(self, words: &str) -> Self {
        assert!(self.err.contains(words), "wanted {words:?}, got: {}", self.err);
        self
    }

    /// Fails unless standard output has these words.
    #[track_caller]
    pub fn tells(self, words: &str) -> Self {
        assert!(self.out.contains(words), "wanted {words:?}, got: {}", self.out);
        self
    }
}

/// `comity` with nothing of our surroundings that could change its answer.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    for name in ["COMITY_LOG", "COMITY_SEAL_PASSPHRASE", "http_proxy", "HTTP_PROXY"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
#[track_caller]
pub fn said(command: &mut Command) -> Said {
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        code: output.status.code().expect("no signal"),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// Runs `comity` with these arguments.
#[track_caller]
pub fn comity<S: AsRef<OsStr>>(arguments: &[S]) -> Said {
    said(command().args(arguments))
}

/// Runs a script in the shell that everybody has, in `dir`.
#[track_caller]
pub fn shell(dir: &Path, script: &str) -> Said {
    said(Command::new("sh").args(["-e", "-c", script]).current_dir(dir).stdin(Stdio::null()))
}

/// Whether a program is installed. Says loudly when it is not, and what then goes unchecked.
pub fn present(program: &str, what: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    if !found {
        println!("SKIPPED: {program} is not installed: {what}");
    }
    found
}

/// A folder that goes away with the test.
pub fn scratch() -> TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

/// The demo's folder, shared and never written to, and what the demo printed.
pub struct Demo {
    /// Its folder.
    pub dir: PathBuf,
    /// Its words.
    pub words: String,
}

impl Demo {
    /// A path in its folder, as an argument.
    pub fn path(&self, inside: &str) -> String {
        self.dir.join(inside).display().to_string()
    }

    /// A copy that the test may spoil, with a free port instead of the example's.
    pub fn copy(&self) -> TempDir {
        let copy = scratch();
        copy_into(&self.dir, copy.path());
        let config = copy.path().join("comity.toml");
        let text = std::fs::read_to_string(&config).expect("a configuration");
        assert!(text.contains("127.0.0.1:8443"), "{text}");
        let text = text.replace("127.0.0.1:8443", "127.0.0.1:0");
        std::fs::write(&config, text.replace("127.0.0.1:8080", "127.0.0.1:0")).expect("written");
        copy
    }
}

/// Copies a folder's contents with their permissions.
pub fn copy_into(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(status.expect("cp starts").success());
}

/// One demo for all who only read it.
pub fn shared() -> &'static Demo {
    static DEMO: LazyLock<Demo> = LazyLock::new(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared-demo");
        let dir_text = dir.display().to_string();
        let words = comity(&["demo", "--dir", &dir_text]).exits(0).out;
        Demo { dir, words }
    });
    &DEMO
}

/// A path as text.
pub fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

/// A served node; ends with the test.
pub struct Served(Child, std::io::Lines<BufReader<std::process::ChildStderr>>);

impl Served {
    /// Serves, and waits until it says so.
    pub fn start(dir: &Path) -> Self {
        let mut child = command()
            .args(["serve", "--config", &text(dir.join("comity.toml"))])
            .stderr(Stdio::piped())
            .spawn()
            .expect("comity starts");
        // What it says later must find an open end.
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut served = Self(child, lines);
        let mut said = Vec::new();
        while let Some(Ok(line)) = served.1.next() {
            if line.starts_with("serving on https://127.0.0.1:") {
                return served;
            }
            said.push(line);
        }
        panic!("it did not serve: {said:#?}");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
