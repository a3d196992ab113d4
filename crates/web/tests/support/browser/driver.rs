//! The chromedriver process and the protocol's few rules: W3C WebDriver, section 6 ("Protocol").
//!
//! Knows no page and no element.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Script, Wanted};

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
/// Lines that a starting driver may print before the one that names its port.
const START_LINES_MAX: usize = 50;
/// Longest answer to one command; a page may take a while to load.
const COMMAND_SECONDS_MAX: u64 = 60;
/// Longest load of a page and longest run of a script, in milliseconds.
const PAGE_MILLISECONDS_MAX: u64 = 60_000;
/// Longest wait for a killed browser: its crash handler, in a group of its own, ends a moment later.
const END_SECONDS_MAX: u64 = 10;
/// Pause between two looks at it.
const LOOK_EVERY_MILLISECONDS: u64 = 5;

/// Starts the driver in a process group of its own and ends the whole group when its standard
/// input closes: on drop, on panic, and when the test itself is killed.
const WATCH: &str = r#""$0" --port=0 & cat >/dev/null; kill -s KILL -- -$$"#;

/// The program that is missing, if one is.
pub fn absent() -> Option<&'static str> {
    [CHROMIUM, CHROMEDRIVER].into_iter().find(|program| !Path::new(program).exists())
}

/// A driver on a free loopback port, with a home folder of its own.
pub struct Driver {
    watch: Child,
    /// Kept open: a driver that cannot print would die of it.
    _output: BufReader<ChildStdout>,
    home: Option<TempDir>,
    base: String,
    http: Client,
}

impl Driver {
    /// Starts it.
    pub fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, CHROMEDRIVER]).process_group(0);
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"] {
            command.env(name, home.path());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut watch = command.spawn().expect("sh starts");
        let mut output = BufReader::new(watch.stdout.take().expect("piped"));
        let port = port(&mut output);
        let wait = Duration::from_secs(COMMAND_SECONDS_MAX);
        let http = Client::builder().no_proxy().timeout(wait).build().expect("a client");
        let base = format!("http://127.0.0.1:{port}");
        Self { watch, _output: output, home: Some(home), base, http }
    }

    /// Its folder.
    pub fn home(&self) -> PathBuf {
        self.home.as_ref().expect("there until dropped").path().to_owned()
    }

    /// A browser with one window.
    pub async fn session(&self, wanted: Wanted) -> Session {
        let wanted = capabilities(wanted, &self.home());
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let root = Session { http: self.http.clone(), base: format!("{}/session", self.base) };
        match root.post("", &body).await {
            Ok(begun) => {
                let id = begun["sessionId"].as_str().expect("a session has an id");
                Session { base: format!("{}/{id}", root.base), ..root }
            }
            Err(fault) => panic!("chromium does not start: {fault}"),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        // It kills itself with its group: there is no good exit to look at.
        let _ = self.watch.wait();
        let Some(home) = self.home.take().map(TempDir::keep) else { return };
        let until = Instant::now() + Duration::from_secs(END_SECONDS_MAX);
        while running_in(&home) > 0 || std::fs::remove_dir_all(&home).is_err() {
            if Instant::now() > until {
                eprintln!("left behind: {}", home.display());
                return;
            }
            std::thread::park_timeout(Duration::from_millis(LOOK_EVERY_MILLISECONDS));
        }
    }
}

/// Processes whose command line names this folder.
pub fn running_in(home: &Path) -> usize {
    let home = home.display().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(&home)).count()
}

fn port(output: &mut BufReader<ChildStdout>) -> u16 {
    let mut line = String::new();
    for _ in 0..START_LINES_MAX {
        line.clear();
        let read = output.read_line(&mut line).expect("chromedriver's output is text");
        assert!(read > 0, "chromedriver ended before it said its port");
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end().trim_end_matches('.').parse().expect("a port");
        }
    }
    panic!("chromedriver does not say its port");
}

fn capabilities(wanted: Wanted, home: &Path) -> Value {
    let (width, height) = wanted.window;
    let mut arguments = vec![
        "--headless=new".to_owned(),
        // The pipe ends the browser with its driver.
        "--remote-debugging-pipe".to_owned(),
        format!("--user-data-dir={}", home.join("profile").display()),
        format!("--window-size={width},{height}"),
        format!("--accept-lang={}", wanted.language),
        format!("--lang={}", wanted.language),
        // Nothing beyond loopback, whatever a page or the browser itself would like to load.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        // Pictures look alike on every machine.
        "--force-device-scale-factor=1".to_owned(),
        "--font-render-hinting=none".to_owned(),
        "--hide-scrollbars".to_owned(),
    ];
    if is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    // Content settings: 1 allows, 2 blocks.
    let script = if wanted.script == Script::On { 1 } else { 2 };
    json!({
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": {
            "binary": CHROMIUM,
            "args": arguments,
            "prefs": {
                "intl.accept_languages": wanted.language,
                "profile.managed_default_content_settings.javascript": script,
            },
        },
        "timeouts": { "pageLoad": PAGE_MILLISECONDS_MAX, "script": PAGE_MILLISECONDS_MAX },
        "unhandledPromptBehavior": "ignore",
    })
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The protocol's side of one browser.
#[derive(Clone)]
pub struct Session {
    http: Client,
    base: String,
}

/// What the driver answers when it cannot do what it was told.
#[derive(Debug)]
pub struct Fault {
    /// The protocol's word, e.g. `no such element`.
    word: String,
    message: String,
}

impl Fault {
    /// True for this word of the protocol.
    pub fn is(&self, word: &str) -> bool {
        self.word == word
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Further lines are addresses in the browser's own code.
        write!(to, "{}: {}", self.word, self.message.lines().next().unwrap_or_default())
    }
}

impl Session {
    /// One command.
    ///
    /// # Errors
    /// What the driver says is wrong, or that it does not answer.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, Fault> {
        let unheard = |error: reqwest::Error| Fault {
            word: "chromedriver does not answer".to_owned(),
            message: error.to_string(),
        };
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if method == Method::POST {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(unheard)?;
        let is_good = answer.status().is_success();
        let mut answer: Value = answer.json().await.map_err(unheard)?;
        let value = answer["value"].take();
        if is_good {
            return Ok(value);
        }
        let part = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Err(Fault { word: part("error"), message: part("message") })
    }

    /// One command with a body.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.call(Method::POST, path, body).await
    }

    /// A command that asks for a text.
    pub async fn text(&self, path: &str) -> String {
        match self.call(Method::GET, path, &Value::Null).await {
            Ok(value) => value.as_str().unwrap_or_default().to_owned(),
            Err(fault) => panic!("{path}: {fault}"),
        }
    }
}
