//! `comity trace watch` over a real Bitcoin node: a lot moves, reaches a named address, is taken
//! back by a reorganisation; a killed watch loses and repeats nothing.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::nodes::BitcoinProcess;
use crate::support::{Said, comity, command, scratch, text};

/// Enough for a coinbase to be spent.
const MATURE: u32 = 105;

struct Story {
    node: BitcoinProcess,
    folder: TempDir,
    miner: String,
    thief: String,
    exchange: String,
    /// The exchange's address as exhibits write it.
    named: String,
    /// Where the stolen output lies.
    theft: String,
}

async fn mine(node: &BitcoinProcess, blocks: u32, to: &str) {
    node.call("generatetoaddress", json!([blocks, to])).await;
}

async fn account(node: &BitcoinProcess, name: &str) -> String {
    let kind = json!({ "type": "pubkeyhash" });
    node.send(reqwest::Method::PUT, &format!("wallet/primary/account/{name}"), &kind).await;
    let address = node.wallet("getnewaddress", json!([name])).await;
    address.as_str().expect("an address").to_owned()
}

/// The wallet reads blocks after the node has them.
async fn funded(node: &BitcoinProcess, account: &str, least: f64) {
    const ASKED_MAX: u32 = 20_000;
    for _ in 0..ASKED_MAX {
        let balance = node.wallet("getbalance", json!([account, 1])).await;
        if balance.as_f64().is_some_and(|balance| balance >= least) {
            return;
        }
    }
    panic!("{account} has no {least}");
}

async fn hand_over(from: &BitcoinProcess, to: &BitcoinProcess, heights: std::ops::Range<u32>) {
    for height in heights {
        let hash = from.call("getblockhash", json!([height])).await;
        let block = from.call("getblock", json!([hash, 0])).await;
        to.call("submitblock", json!([block])).await;
    }
}

fn hex_bytes(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

impl Story {
    async fn begin() -> Option<Story> {
        let node = BitcoinProcess::start().await?;
        let miner = node.wallet("getnewaddress", json!(["default"])).await;
        let miner = miner.as_str().expect("an address").to_owned();
        let (thief, exchange) = (account(&node, "thief").await, account(&node, "exchange").await);
        mine(&node, MATURE, &miner).await;
        funded(&node, "default", 50.0 * f64::from(MATURE)).await;
        let txid = node.wallet("sendtoaddress", json!([thief, 10])).await;
        mine(&node, 1, &miner).await;
        let txid = txid.as_str().expect("a txid");
        let paid = node.get(&format!("tx/{txid}")).await;
        let outputs = paid["outputs"].as_array().expect("outputs");
        let vout = outputs.iter().position(|output| output["address"] == thief.as_str());
        let theft = format!("{txid}:{}", vout.expect("it was paid"));
        funded(&node, "thief", 10.0).await;
        let outputs = json!([[{ "txid": txid, "vout": 0 }], { (exchange.as_str()): 1 }]);
        let raw = node.call("createrawtransaction", outputs).await;
        let raw = raw.as_str().expect("a transaction");
        let start = raw.find("76a914").expect("it pays a key's hash");
        let script = hex_bytes(&raw[start..start + 50]);
        let named = chain::script::address(&script, chain::Network::Regtest).expect("an address");
        Some(Story { node, folder: scratch(), miner, thief, exchange, named, theft })
    }

    fn path(&self, name: &str) -> String {
        text(self.folder.path().join(name))
    }

    /// The thief pays these; the rest comes back to the thief.
    async fn pay(&self, outputs: &[(&str, u64)]) {
        let outputs: Vec<Value> = outputs
            .iter()
            .map(|(address, value)| json!({ "address": address, "value": value }))
            .collect();
        let spend = json!({ "account": "thief", "rate": 10_000, "outputs": outputs });
        self.node.send(reqwest::Method::POST, "wallet/primary/send", &spend).await;
    }

    fn arguments(&self) -> Vec<String> {
        let path = self.path("own.csv");
        let header = "network,address,label,actor,concepts,confidence,source,recorded,valid_from,\
                      valid_to,sanctioned_by,sanctioned_from,sanctioned_to,whole_cluster,fiction,note";
        // This node writes regtest addresses in a way of its own; the same script as others write it.
        let row = format!(
            "BTC,{},An exchange,example-exchange,exchange,service_data,made up,2021-05-04,,,,,,\
             true,true,",
            self.named
        );
        std::fs::write(&path, format!("{header}\n{row}\n")).expect("written");
        let (chain, journal) = (self.path("chain"), self.path("journal.jsonl"));
        let url = self.node.url();
        [
            "trace",
            "watch",
            "--chain",
            &chain,
            "--journal",
            &journal,
            "--json",
            "--tags",
            &path,
            "--rpc",
            &url,
            "--network",
            "regtest",
            "--every",
            "1",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn look(&self, rest: &[&str]) -> Said {
        let mut arguments = self.arguments();
        arguments.extend(rest.iter().map(|one| (*one).to_owned()));
        arguments.push("--once".to_owned());
        comity(&arguments).exits(0)
    }
}

/// An alert without hashes and times.
fn short(line: &str) -> String {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    match line["line"].as_str() {
        Some("alert") => {
            assert!(line["seconds_since_block"].is_u64(), "{line}");
            let word = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            let (what, label) = (word("what"), word("label"));
            format!("{} {what} {} at {}, {label}", line["number"], word("amount"), line["height"])
        }
        _ => format!("{} takes back {}", line["number"], line["alert"]),
    }
}

fn alerts(said: &Said) -> Vec<String> {
    said.out.lines().map(short).collect()
}

/// A watch that runs until it is killed, as a crash would.
struct Running(Child, Lines<BufReader<ChildStdout>>);

impl Running {
    fn start(story: &Story) -> Running {
        let mut child = command()
            .args(story.arguments())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("comity starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Running(child, lines)
    }

    /// The next lines above a number. A watch that was killed between printing and noting it prints
    /// the last ones again, under their numbers.
    fn above(&mut self, told: u64, count: usize) -> Vec<String> {
        let mut said = Vec::new();
        while said.len() < count {
            let line = self.1.next().expect("the watch goes on").expect("text");
            let number: Value = serde_json::from_str(&line).expect("a line of JSON");
            if number["number"].as_u64().expect("a number") > told {
                said.push(short(&line));
            }
        }
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lot_is_watched_through_a_crash_and_a_reorganisation() {
    let (Some(story), Some(other)) = (Story::begin().await, BitcoinProcess::start().await) else {
        return;
    };
    assert_eq!(alerts(&story.look(&["--from", &story.theft])), [""; 0]);
    story.pay(&[(&story.exchange, 300_000_000)]).await;
    mine(&story.node, 1, &story.miner).await;
    let said = alerts(&story.look(&[]));
    // What the exchange receives and what comes back stand in an order that the wallet chooses.
    let of = |word: &str| said.iter().filter(|one| one.contains(word)).count();
    assert_eq!((said.len(), of(" reached 300000000 at 107, An exchange")), (3, 1), "{said:?}");
    assert_eq!((of(" moved "), of(" fee ")), (1, 1), "{said:?}");
    assert_eq!(alerts(&story.look(&[])), [""; 0], "each once");

    // A watch that goes on tells of a block as it comes; killed and begun again, it repeats nothing.
    let mut running = Running::start(&story);
    story.pay(&[(&story.miner, 100_000_000)]).await;
    mine(&story.node, 1, &story.miner).await;
    let said = running.above(3, 3);
    assert!(said.iter().all(|one| one.contains(" at 108")), "{said:?}");
    drop(running);
    let mut running = Running::start(&story);
    // Another branch from block 106 on, in which the thief's money does not move.
    hand_over(&story.node, &other, 1..107).await;
    let theirs = other.wallet("getnewaddress", json!(["default"])).await;
    mine(&other, 3, theirs.as_str().expect("an address")).await;
    hand_over(&other, &story.node, 107..110).await;
    let said = running.above(6, 6);
    assert!(said.iter().all(|one| one.contains("takes back")), "{said:?}");
    assert!(said[5].starts_with("12 "), "{said:?}");
    drop(running);
    // The payments are mined again, both in one block now.
    story.node.wallet("resendwallettransactions", json!([])).await;
    mine(&story.node, 1, &story.miner).await;
    let said = alerts(&story.look(&[]));
    assert!(said.iter().any(|one| one.contains(" reached 300000000 at 110")), "{said:?}");
    assert_eq!(alerts(&story.look(&[])), [""; 0]);
    let journal = std::fs::read_to_string(story.path("journal.jsonl")).expect("a journal");
    let numbers: Vec<u64> = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|line| line["line"] == "alert" || line["line"] == "taken_back")
        .map(|line| line["number"].as_u64().expect("a number"))
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());

    // A store that somebody else keeps is watched without a node.
    let (chain, journal) = (story.path("chain"), story.path("second.jsonl"));
    let watch = ["trace", "watch", "--chain", &chain, "--journal", &journal, "--once"];
    comity(&watch).exits(1).complains("nothing is watched: name a source with --from");
    comity(&[&watch[..], &["--from", &story.theft]].concat()).exits(0).tells(": moved: ");
    let quiet = [&watch[..], &["--from", &story.thief]].concat();
    comity(&quiet).exits(2);
}
