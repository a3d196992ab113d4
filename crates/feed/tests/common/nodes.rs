//! Real nodes, started on loopback and gone with the test. `cargo xtask test` installs them below
//! `target/nodes`; where they are absent a test says SKIPPED.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/nodes/node_modules");
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../feed/tests/nodes");

/// Name and password of the Bitcoin node.
const USER: (&str, &str) = ("x", "test");

/// Lines that a starting node may print before the one that says where it listens.
const START_LINES_MAX: usize = 200;

/// A Bitcoin node on regtest with a wallet.
pub struct BitcoinProcess {
    _child: Child,
    http: reqwest::Client,
    node: String,
    wallet: String,
}

/// An EVM node.
pub struct EvmProcess {
    _child: Child,
    http: reqwest::Client,
    /// Where it listens.
    pub url: String,
}

fn absent(what: &str) {
    println!("SKIPPED: {what} is not below target/nodes; `cargo xtask test` installs it with npm");
}

async fn lines(child: &mut Child) -> tokio::io::Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

impl BitcoinProcess {
    /// Starts one; none where it is not installed.
    pub async fn start() -> Option<BitcoinProcess> {
        let modules = Path::new(MODULES).canonicalize().unwrap_or_default();
        if !modules.join("bcoin").is_dir() {
            absent("the Bitcoin node (npm bcoin)");
            return None;
        }
        let mut child = Command::new("node")
            .arg(format!("{SCRIPTS}/bitcoin.js"))
            .env("NODE_PATH", modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let line = lines(&mut child).await.next_line().await.unwrap();
        let ports: Value = serde_json::from_str(&line.expect("the node says its ports")).unwrap();
        let url = |name: &str| format!("http://127.0.0.1:{}", ports[name]);
        let (node, wallet) = (url("node"), url("wallet"));
        Some(BitcoinProcess { _child: child, http: reqwest::Client::new(), node, wallet })
    }

    /// Its JSON-RPC address with name and password.
    pub fn url(&self) -> String {
        self.node.replace("http://", &format!("http://{}:{}@", USER.0, USER.1))
    }

    /// One call to the node.
    pub async fn call(&self, method: &str, parameters: Value) -> Value {
        self.post(&format!("{}/", self.node), method, parameters).await
    }

    /// One call to the wallet.
    pub async fn wallet(&self, method: &str, parameters: Value) -> Value {
        self.post(&format!("{}/", self.wallet), method, parameters).await
    }

    /// What a path of the node's own HTTP interface answers; null where there is nothing.
    pub async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/{path}", self.node));
        let answer = request.basic_auth(USER.0, Some(USER.1)).send().await.unwrap();
        if answer.status() == 404 { Value::Null } else { answer.json().await.unwrap() }
    }

    /// Puts or posts to the wallet's own HTTP interface.
    pub async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let request = self.http.request(method, format!("{}/{path}", self.wallet));
        let answer = request.basic_auth(USER.0, Some(USER.1)).json(body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer
    }

    async fn post(&self, url: &str, method: &str, parameters: Value) -> Value {
        let body = json!({ "method": method, "params": parameters, "id": 1 });
        let request = self.http.post(url).basic_auth(USER.0, Some(USER.1)).json(&body);
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }
}

impl EvmProcess {
    /// Starts one with a fixed clock and no blocks of its own; none where it is not installed.
    pub async fn start(arguments: &[&str]) -> Option<EvmProcess> {
        let Some(binary) = anvil() else {
            absent("the EVM node (npm @foundry-rs/anvil)");
            return None;
        };
        let mut child = Command::new(binary)
            .args(["--host", "127.0.0.1", "--port", "0", "--no-mining", "--order", "fifo"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("anvil starts");
        let mut lines = lines(&mut child).await;
        for _ in 0..START_LINES_MAX {
            let line = lines.next_line().await.unwrap().expect("anvil says where it listens");
            if let Some(address) = line.strip_prefix("Listening on ") {
                let url = format!("http://{}", address.trim());
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Some(EvmProcess { _child: child, http: reqwest::Client::new(), url });
            }
        }
        panic!("anvil does not say where it listens");
    }

    /// One call.
    pub async fn call(&self, method: &str, parameters: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "method": method, "params": parameters, "id": 1 });
        let request = self.http.post(&self.url).json(&body);
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }
}

/// The node's own binary, not the script around it, which would outlive the test.
fn anvil() -> Option<PathBuf> {
    let packages = std::fs::read_dir(Path::new(MODULES).join("@foundry-rs")).ok()?;
    let mut binaries = packages.filter_map(|entry| Some(entry.ok()?.path().join("bin/anvil")));
    binaries.find(|path| path.is_file())
}
