//! `comity chain follow` and `comity trace` over Tron's HTTP API, in front of a real chain: run,
//! pictures, replay from the log and from the node alone, a watch through reorganisations, a node
//! that lies or says nothing.

use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::nodes::EvmProcess;
use crate::support::{Said, comity, command, scratch, text};
use crate::tron_api::{Manner, Told, honest, serve};

const TOKEN: &str = include_str!("../../../feed/tests/nodes/contracts/Token.hex");
const SPLITTER: &str = include_str!("../../../feed/tests/nodes/contracts/Splitter.hex");
const GAS: &str = "0x1e8480";
/// Where a block's first transaction says what it pays.
const VALUE: &str = "/transactions/0/raw_data/contract/0/parameter/value";
/// In sun.
const MILLION: u64 = 1_000_000;

struct Story {
    node: EvmProcess,
    /// Where it speaks as a Tron node.
    url: String,
    accounts: Vec<String>,
    folder: TempDir,
}

impl Story {
    async fn begin() -> Option<Story> {
        // Fees in sun are as small as Tron's.
        let node =
            EvmProcess::start(&["--chain-id", "31337", "--gas-price", "1", "--base-fee", "0"]);
        let node = node.await?;
        let accounts = node.call("eth_accounts", json!([])).await;
        let accounts = serde_json::from_value(accounts).expect("a list");
        let url = serve(&node.url, honest()).await;
        Some(Story { node, url, accounts, folder: scratch() })
    }

    fn path(&self, name: &str) -> String {
        text(self.folder.path().join(name))
    }

    /// An account as Tron writes it.
    fn name(&self, account: usize) -> String {
        chain::account::Account::from_hex(&self.accounts[account]).expect("an account").tron()
    }

    async fn mined(&self, mut transaction: Value) -> String {
        transaction["gasPrice"] = json!("0x1");
        let hash = self.node.call("eth_sendTransaction", json!([transaction])).await;
        self.node.call("evm_mine", json!([])).await;
        hash.as_str().expect("a hash").trim_start_matches("0x").to_owned()
    }

    /// A payment in a block of its own; its id as Tron writes it.
    async fn pay(&self, from: usize, to: usize, value: u64) -> String {
        let (from, to) = (&self.accounts[from], &self.accounts[to]);
        self.mined(json!({ "from": from, "to": to, "value": format!("{value:#x}"), "gas": GAS }))
            .await
    }

    async fn contract(&self, code: &str) -> String {
        let code = format!("0x{}", code.trim());
        let hash = self.mined(json!({ "from": self.accounts[0], "gas": GAS, "data": code })).await;
        let receipt =
            self.node.call("eth_getTransactionReceipt", json!([format!("0x{hash}")])).await;
        receipt["contractAddress"].as_str().expect("a contract").to_owned()
    }

    async fn pay_token(&self, token: &str, from: usize, to: usize, amount: u64) -> String {
        let to = self.accounts[to].trim_start_matches("0x");
        let data = format!("0xa9059cbb{to:0>64}{amount:064x}");
        self.mined(json!({ "from": self.accounts[from], "to": token, "gas": GAS, "data": data }))
            .await
    }

    fn follow(&self, url: &str) -> Said {
        let log = self.path("accounts.log");
        comity(&["chain", "follow", "--log", &log, "--chain", "tron", "--rpc", url, "--once"])
    }

    fn watch(&self, rest: &[&str]) -> Said {
        let (log, journal) = (self.path("accounts.log"), self.path("journal.jsonl"));
        let watch = ["trace", "watch", "--chain", &log, "--journal", &journal, "--json"];
        let node = ["--rpc", &self.url, "--account-chain", "tron", "--once"];
        comity(&[&watch[..], &node, rest].concat())
    }
}

fn alerts(said: &Said) -> Vec<String> {
    let told = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let word = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        match line["line"].as_str() {
            Some("alert") => {
                let (what, amount, height) = (word("what"), word("amount"), &line["height"]);
                format!("{} {what} {amount} at {height} to {}", line["number"], word("address"))
            }
            _ => format!("{} takes back {}", line["number"], line["alert"]),
        }
    };
    said.out.lines().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn trx_and_tokens_are_traced_and_replayed_from_a_node_alone() {
    let Some(story) = Story::begin().await else { return };
    let (token, splitter) = (story.contract(TOKEN).await, story.contract(SPLITTER).await);
    let theft = story.pay(0, 1, 10 * MILLION).await;
    story.pay(1, 2, 6 * MILLION).await;
    let stolen = story.pay_token(&token, 0, 1, 500).await;
    story.pay_token(&token, 1, 2, 300).await;
    // A payment that fails moves its fee alone; a contract pays on within a transaction.
    story.pay_token(&token, 5, 2, 300).await;
    let (three, four) = (&story.accounts[3][2..], &story.accounts[4][2..]);
    let split = format!("0x0f2c9329{three:0>64}{four:0>64}");
    let (one, gas) = (&story.accounts[1], GAS);
    story
        .mined(json!({ "from": one, "to": splitter, "value": "0x3e8", "gas": gas, "data": split }))
        .await;
    story.follow(&story.url).exits(0).tells("9 blocks, newest block 8, ").complains("of 8, ");

    let (log, svg, csv) = (story.path("accounts.log"), story.path("a.svg"), story.path("a.csv"));
    let run = ["trace", "run", "--chain", &log, "--svg", &svg, "--csv", &csv];
    let exhibit = story.path("exhibit.json");
    let token = chain::account::Account::from_hex(&token).expect("an account").tron();
    for (from, asset) in [(&theft, "native"), (&stolen, token.as_str())] {
        for policy in ["poison", "haircut", "fifo", "lifo", "lowest-balance"] {
            let what = ["--from", from, "--asset", asset, "--policy", policy, "--json"];
            let said = comity(&[&run[..], &what].concat()).exits(0);
            said.tells("\"chain\": \"tron\"");
            let said = comity(&[&run[..], &what].concat()).exits(0);
            std::fs::write(&exhibit, &said.out).expect("written");
            let replay =
                |rest: &[&str]| comity(&[&["trace", "replay", &exhibit][..], rest].concat());
            replay(&["--chain", &log]).exits(0).complains("the same bytes");
            replay(&["--rpc", &story.url]).exits(0).complains("the same bytes");
        }
    }
    let picture = std::fs::read_to_string(&svg).expect("a picture");
    assert!(picture.contains(&story.name(2)[..20]), "{picture}");
    comity(&[&run[..], &["--from", &theft]].concat())
        .exits(0)
        .tells("stopped at a contract")
        .tells(&format!("{} (native) holds it", story.name(2)));
    let table = std::fs::read_to_string(&csv).expect("a table");
    assert!(table.contains(&story.name(1)), "{table}");

    // What is on disk is counted, and a changed bit is found wherever it lies.
    comity(&["chain", "stats", "--log", &log])
        .exits(0)
        .tells("9 (0 to 8)")
        .tells("chain           tron");
    comity(&["chain", "check", "--log", &log]).exits(0).tells("sound: ");
    let bytes = std::fs::read(&log).expect("a log");
    let broken = story.path("broken.log");
    for at in (0..bytes.len()).step_by(bytes.len() / 7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&broken, changed).expect("written");
        comity(&["chain", "check", "--log", &broken]).exits(1).tells("damaged: ");
    }
    comity(&["chain", "check"]).exits(2).complains("--dir <DIR>|--log <LOG>");

    // Newer blocks change no replay; a fork that never had them does.
    story.pay(3, 0, 1).await;
    comity(&["trace", "replay", &exhibit, "--rpc", &story.url]).exits(0);
    let Some(other) = Story::begin().await else { return };
    comity(&["trace", "replay", &exhibit, "--rpc", &other.url]).exits(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_over_tron_goes_through_reorganisations() {
    let Some(story) = Story::begin().await else { return };
    let theft = story.pay(0, 1, 10 * MILLION).await;
    assert_eq!(alerts(&story.watch(&["--from", &theft]).exits(0)), [""; 0]);
    story.pay(1, 2, 6 * MILLION).await;
    let first = format!("1 moved 6000000 at 2 to {}", story.name(2));
    assert_eq!(alerts(&story.watch(&[]).exits(0)), [first]);
    let snapshot = story.node.call("evm_snapshot", json!([])).await;
    story.pay(2, 3, 2 * MILLION).await;
    let second = format!("2 moved 2000000 at 3 to {}", story.name(3));
    assert_eq!(alerts(&story.watch(&[]).exits(0)), [second]);
    story.node.call("evm_revert", json!([snapshot])).await;
    story.pay(2, 4, MILLION).await;
    story.node.call("evm_mine", json!([])).await;
    let instead = format!("4 moved 1000000 at 3 to {}", story.name(4));
    assert_eq!(alerts(&story.watch(&[]).exits(0)), ["3 takes back 2".to_owned(), instead]);
    assert_eq!(alerts(&story.watch(&[]).exits(0)), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_follows_a_reorganisation_of_a_hundred_blocks_and_refuses_a_deeper_one() {
    let Some(story) = Story::begin().await else { return };
    story.pay(0, 1, MILLION).await;
    let deep = story.node.call("evm_snapshot", json!([])).await;
    story.pay(0, 1, MILLION).await;
    let snapshot = story.node.call("evm_snapshot", json!([])).await;
    story.node.call("anvil_mine", json!(["0x64"])).await;
    story.follow(&story.url).exits(0).tells("103 blocks, newest block 102, ");
    story.node.call("evm_revert", json!([snapshot])).await;
    story.pay(0, 2, MILLION).await;
    story.node.call("anvil_mine", json!(["0x64"])).await;
    story
        .follow(&story.url)
        .exits(0)
        .tells("104 blocks, newest block 103, ")
        .complains("100 blocks were replaced by 100 others");
    // One more block below is more than is followed: the log stays as it is.
    story.node.call("evm_revert", json!([deep])).await;
    story.pay(0, 3, MILLION).await;
    story.node.call("anvil_mine", json!(["0x70"])).await;
    let before = std::fs::read(story.path("accounts.log")).expect("a log");
    story.follow(&story.url).exits(1).complains(
        "parts from the log's more than 100 blocks below block 103; nothing was changed",
    );
    assert!(std::fs::read(story.path("accounts.log")).expect("a log") == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_follow_goes_on_and_ends_with_the_same_log() {
    let Some(story) = Story::begin().await else { return };
    story.node.call("anvil_mine", json!(["0x12c"])).await;
    let (whole, killed) = (story.path("accounts.log"), story.path("killed.log"));
    story.follow(&story.url).exits(0).tells("301 blocks, newest block 300, ");
    let arguments = ["chain", "follow", "--chain", "tron", "--rpc", &story.url, "--once", "--log"];
    let length = || std::fs::metadata(&killed).map_or(0, |facts| facts.len());
    let mut deaths = 0;
    for _ in 0..3 {
        let before = length();
        let mut child = command()
            .args(arguments)
            .arg(&killed)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        while child.try_wait().expect("it runs").is_none() {
            if length() > before {
                child.kill().expect("it is killed");
                deaths += 1;
                break;
            }
            std::thread::yield_now();
        }
        child.wait().expect("it ended");
        comity(&["chain", "check", "--log", &killed]).exits(0).tells("sound: ");
    }
    assert!(deaths > 1, "it was killed {deaths} times");
    comity(&[&arguments[..], &[killed.as_str()]].concat())
        .exits(0)
        .tells("301 blocks, newest block 300, ");
    let read = |path: &str| std::fs::read(path).expect("a log");
    assert!(read(&killed) == read(&whole), "not a byte is lost or doubled");
}

/// Follows a node of some manner, which fails with these words, then an honest one.
async fn refused(story: &Story, manner: Arc<Manner>, words: &str) {
    let log = story.path("accounts.log");
    let before = std::fs::read(&log).expect("a log");
    let url = serve(&story.node.url, manner).await;
    let tron = ["--chain", "tron", "--rpc", &url, "--once", "--answer-within", "1"];
    comity(&[&["chain", "follow", "--log", &log][..], &tron].concat()).exits(1).complains(words);
    assert!(std::fs::read(&log).expect("a log") == before, "nothing of it was kept");
}

fn lies(path: &'static str, change: fn(&mut Value)) -> Arc<Manner> {
    Arc::new(move |asked: &str, _: u64, mut answer: Value| {
        if asked.ends_with(path) {
            change(&mut answer);
        }
        Told::Answer(answer)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tron_node_that_lies_or_says_nothing_changes_no_log_and_passes_no_replay() {
    let Some(story) = Story::begin().await else { return };
    let theft = story.pay(0, 1, 10 * MILLION).await;
    story.follow(&story.url).exits(0);
    let log = story.path("accounts.log");
    let run = ["trace", "run", "--chain", &log, "--from", &theft, "--json"];
    let exhibit = story.path("exhibit.json");
    std::fs::write(&exhibit, comity(&run).exits(0).out).expect("written");
    story.pay(1, 2, 6 * MILLION).await;

    let id = lies("getblockbynum", |block| block["blockID"] = json!("00".repeat(32)));
    refused(&story, id, "the id is of block 0").await;
    let other = lies("getblockbynum", |block| {
        block["block_header"]["raw_data"]["number"] = json!(7);
    });
    refused(&story, other, "field `blockID`").await;
    let fewer = lies("infobyblocknum", |infos| *infos = json!([]));
    refused(&story, fewer, "field `info`: it is missing").await;
    let words = lies("getnowblock", |block| *block = json!({ "Error": "the node is starting" }));
    refused(&story, words, "the node is starting").await;
    let silent: Arc<Manner> = Arc::new(|path: &str, _: u64, answer: Value| {
        if path.ends_with("getblockbynum") { Told::Silence } else { Told::Answer(answer) }
    });
    refused(&story, silent, "no complete answer within 1000 ms").await;
    let lower = lies("getnowblock", |block| {
        block["block_header"]["raw_data"]["number"] = json!(0);
        block["blockID"] = json!("00".repeat(32));
    });
    refused(&story, lower, "the node's chain ends at height 0, below 1").await;

    // A payment of another amount, or to somebody else, is another chain's: no replay passes.
    let more = lies("getblockbynum", |block| {
        if let Some(amount) = block.pointer_mut(&format!("{VALUE}/amount")) {
            *amount = json!(9_999_999);
        }
    });
    let url = serve(&story.node.url, more).await;
    comity(&["trace", "replay", &exhibit, "--rpc", &url]).exits(1).complains("different: line");
    let to = lies("getblockbynum", |block| {
        if let Some(to) = block.pointer_mut(&format!("{VALUE}/to_address")) {
            *to = json!(format!("41{}", "22".repeat(20)));
        }
    });
    let url = serve(&story.node.url, to).await;
    comity(&["trace", "replay", &exhibit, "--rpc", &url]).exits(1).complains("different: line");
    story.follow(&story.url).exits(0).tells("3 blocks, newest block 2, ");
}
