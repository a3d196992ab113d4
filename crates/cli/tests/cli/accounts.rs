//! `comity trace` over an account chain of a real EVM node: run, pictures and tables, replay from
//! the log and from the node alone, and a watch through a reorganisation.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::nodes::EvmProcess;
use crate::support::{Said, comity, scratch, text};

const TOKEN: &str = include_str!("../../../feed/tests/nodes/contracts/Token.hex");
const GAS: &str = "0x1e8480";
/// A tenth of a coin, in wei: fees are a small part of it.
const TENTH: u64 = 100_000_000_000_000_000;
const CHAIN: &str = "evm 31337";
const HEADER: &str = "network,address,label,actor,concepts,confidence,source,recorded,valid_from,\
                      valid_to,sanctioned_by,sanctioned_from,sanctioned_to,whole_cluster,fiction,note";

/// A node, and a folder for what is kept of its chain.
struct Story {
    node: EvmProcess,
    accounts: Vec<String>,
    folder: TempDir,
}

impl Story {
    async fn begin() -> Option<Story> {
        let node = EvmProcess::start(&["--chain-id", "31337"]).await?;
        let accounts = node.call("eth_accounts", json!([])).await;
        let accounts = serde_json::from_value(accounts).expect("a list");
        Some(Story { node, accounts, folder: scratch() })
    }

    fn path(&self, name: &str) -> String {
        text(self.folder.path().join(name))
    }

    /// A payment in a block of its own; its hash.
    async fn pay(&self, from: usize, to: usize, value: u64) -> String {
        let transaction = json!({
            "from": self.accounts[from], "to": self.accounts[to], "value": format!("{value:#x}"),
            "gas": "0x5208",
        });
        self.mined(transaction).await
    }

    async fn mined(&self, transaction: Value) -> String {
        let hash = self.node.call("eth_sendTransaction", json!([transaction])).await;
        self.node.call("evm_mine", json!([])).await;
        let receipt = self.node.call("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        hash.as_str().expect("a hash").to_owned()
    }

    /// A token, of which the first account has all, and a payment of it.
    async fn token(&self, to: usize, amount: u64) -> (String, String) {
        let code = format!("0x{}", TOKEN.trim());
        let created = json!({ "from": self.accounts[0], "gas": GAS, "data": code });
        let created = self.mined(created).await;
        let receipt = self.node.call("eth_getTransactionReceipt", json!([created])).await;
        let token = receipt["contractAddress"].as_str().expect("a contract").to_owned();
        let paid = self.pay_token(&token, 0, to, amount).await;
        (token, paid)
    }

    async fn pay_token(&self, token: &str, from: usize, to: usize, amount: u64) -> String {
        let to = self.accounts[to].trim_start_matches("0x");
        let data = format!("0xa9059cbb{to:0>64}{amount:064x}");
        let paid = json!({ "from": self.accounts[from], "to": token, "gas": GAS, "data": data });
        self.mined(paid).await
    }

    /// Tags that name an account an exchange.
    fn tag(&self, account: usize) -> String {
        let path = self.path("own.csv");
        let row = format!(
            "EVM-31337,{},=Exchange,example-exchange,exchange,service_data,made up,2021-05-04,,,,,,\
             true,true,",
            self.accounts[account]
        );
        std::fs::write(&path, format!("{HEADER}\n{row}\n")).expect("written");
        path
    }

    fn watch(&self, rest: &[&str]) -> Said {
        let (log, journal) = (self.path("accounts.log"), self.path("journal.jsonl"));
        let watch = ["trace", "watch", "--chain", &log, "--journal", &journal];
        let node = ["--rpc", &self.node.url, "--account-chain", CHAIN, "--once"];
        comity(&[&watch[..], &node, rest].concat())
    }
}

/// What a watch said, without hashes and times.
fn alerts(said: &Said) -> Vec<String> {
    let told = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let word = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        match line["line"].as_str() {
            Some("alert") => {
                assert!(line["seconds_since_block"].is_u64(), "{line}");
                format!(
                    "{} {} {} at {}, {}",
                    line["number"],
                    word("what"),
                    word("amount"),
                    line["height"],
                    word("label")
                )
            }
            _ => format!("{} takes back {}", line["number"], line["alert"]),
        }
    };
    said.out.lines().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_theft_on_an_account_chain_is_traced_drawn_and_replayed() {
    let Some(story) = Story::begin().await else { return };
    let theft = story.pay(0, 1, 10 * TENTH).await;
    story.pay(1, 2, 6 * TENTH).await;
    story.pay(2, 3, 2 * TENTH).await;
    let tags = story.tag(3);
    story.watch(&["--from", &theft]).exits(0);
    let log = story.path("accounts.log");
    let (svg, csv) = (story.path("flow.svg"), story.path("flow.csv"));
    let run = ["trace", "run", "--chain", &log, "--from", &theft, "--tags", &tags];
    for policy in ["poison", "haircut", "fifo", "lifo", "lowest-balance"] {
        let policy = ["--policy", policy, "--json", "--svg", &svg, "--csv", &csv];
        let said = comity(&[&run[..], &policy].concat()).exits(0);
        let exhibit = story.path("exhibit.json");
        std::fs::write(&exhibit, &said.out).expect("written");
        let replay = |rest: &[&str]| comity(&[&["trace", "replay", &exhibit][..], rest].concat());
        replay(&["--chain", &log]).exits(0).complains("the same bytes");
        replay(&["--rpc", &story.node.url]).exits(0).complains("the same bytes");
        let checked = replay(&["--chain", &log, "--tags", &tags]).exits(0);
        checked.complains("the tags say what the exhibit cites");
        let changed = said.out.replacen("\"600000000000000000\"", "\"600000000000000001\"", 1);
        assert_ne!(changed, said.out);
        std::fs::write(&exhibit, changed).expect("written");
        replay(&["--chain", &log]).exits(1).complains("different: line");
        let picture = std::fs::read_to_string(&svg).expect("a picture");
        assert!(picture.contains(&format!("Trace under {}", policy[1])), "{picture}");
    }
    comity(&[&run[..], &["--policy", "poison"]].concat())
        .exits(0)
        .tells("reached =Exchange")
        .tells("holds it");
    let table = std::fs::read_to_string(&csv).expect("a table");
    assert!(table.starts_with("row,hop,block,time,transaction,signer,"), "{table}");
    // Newer blocks change no replay, and what is not there is said.
    let said = comity(&[&run[..], &["--json", "--policy", "poison"]].concat()).exits(0);
    let exhibit = story.path("exhibit.json");
    std::fs::write(&exhibit, &said.out).expect("written");
    story.pay(3, 0, 1).await;
    let follow = ["chain", "follow", "--log", &log, "--chain", CHAIN, "--rpc", &story.node.url];
    comity(&[&follow[..], &["--once"]].concat()).exits(0).tells("5 blocks, newest block 4, 0x");
    let replay = ["trace", "replay", &exhibit];
    comity(&[&replay[..], &["--chain", &log]].concat()).exits(0).complains("the same bytes");
    comity(&[&replay[..], &["--rpc", &story.node.url]].concat()).exits(0);
    comity(&replay).exits(2);
    let unknown = format!("0x{}", "ab".repeat(32));
    comity(&["trace", "run", "--chain", &log, "--from", &unknown])
        .exits(1)
        .complains(&format!("transaction {unknown} is not in the blocks given"));
    comity(&["trace", "run", "--chain", &log, "--from", &theft, "--policy", "tiho"])
        .exits(1)
        .complains("tiho is a rule for outputs");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_traced_and_formulas_in_tables_are_text() {
    let Some(story) = Story::begin().await else { return };
    let (token, theft) = story.token(1, 500).await;
    story.pay_token(&token, 1, 2, 300).await;
    story.pay_token(&token, 2, 3, 200).await;
    let tags = story.tag(3);
    story.watch(&["--from", &theft, "--asset", &token]).exits(0);
    let (log, csv) = (story.path("accounts.log"), story.path("flow.csv"));
    let run = ["trace", "run", "--chain", &log, "--asset", &token, "--tags", &tags];
    comity(&[&run[..], &["--from", &theft, "--csv", &csv]].concat()).exits(0);
    let table = std::fs::read_to_string(&csv).expect("a table");
    let rows: Vec<&str> = table.lines().map(|row| row.trim_end_matches('\r')).collect();
    assert_eq!(rows.len(), 1 + 3 + 2, "{table}");
    assert!(
        rows[3].ends_with(",200,200,0,reached a tagged account,'=Exchange,made up,true"),
        "{table}"
    );
    // All that an account paid, within blocks.
    let account = ["--from", &story.accounts[1], "--first-block", "3", "--last-block", "3"];
    comity(&[&run[..], &account].concat()).exits(0).tells("200  0x").tells("100  0x");
    let none = ["--from", &story.accounts[1], "--first-block", "4"];
    comity(&[&run[..], &none].concat()).exits(1).complains("the source pays nothing in asset");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_each_move_once_and_takes_back_what_did_not_happen() {
    let Some(story) = Story::begin().await else { return };
    let (token, theft) = story.token(1, 500).await;
    let tags = story.tag(3);
    let first = story.watch(&["--from", &theft, "--asset", &token, "--tags", &tags, "--json"]);
    assert_eq!(alerts(&first.exits(0)), [""; 0]);
    let look = || story.watch(&["--tags", &tags, "--json"]).exits(0);
    story.pay_token(&token, 1, 2, 300).await;
    assert_eq!(alerts(&look()), ["1 moved 300 at 3, -"]);
    assert_eq!(alerts(&look()), [""; 0], "once");
    let snapshot = story.node.call("evm_snapshot", json!([])).await;
    story.pay_token(&token, 2, 3, 200).await;
    assert_eq!(alerts(&look()), ["2 reached 200 at 4, =Exchange"]);
    // Another block 4, and one more: the payment never was; another one was.
    story.node.call("evm_revert", json!([snapshot])).await;
    story.pay_token(&token, 2, 4, 100).await;
    story.node.call("evm_mine", json!([])).await;
    assert_eq!(alerts(&look()), ["3 takes back 2", "4 moved 100 at 4, -"]);
    assert_eq!(alerts(&look()), [""; 0]);
    // A crash while the journal was written: half a line, and the line that says it was printed.
    let path = story.path("journal.jsonl");
    let whole = std::fs::read_to_string(&path).expect("a journal");
    let cut = whole.find("\"number\":4").expect("the last alert");
    std::fs::write(&path, &whole[..cut]).expect("written");
    assert_eq!(alerts(&look()), ["3 takes back 2", "4 moved 100 at 4, -"]);
    let again = std::fs::read_to_string(&path).expect("a journal");
    assert_eq!(again.lines().count(), whole.lines().count(), "{again}");
    // In words; and a journal is of one chain.
    story.pay_token(&token, 4, 0, 100).await;
    story.watch(&["--tags", &tags]).exits(0).tells("5: moved: 100 (0x");
    // Somebody's file is not a journal, and stays as it is.
    let notes = story.path("notes.txt");
    std::fs::write(&notes, "no line end").expect("written");
    let log = story.path("accounts.log");
    comity(&["trace", "watch", "--chain", &log, "--journal", &notes, "--once"])
        .exits(1)
        .complains("not a journal; choose another file for --journal");
    assert_eq!(std::fs::read_to_string(&notes).expect("notes"), "no line end");
    let journal = ["trace", "watch", "--journal", &path, "--chain", "absent", "--once"];
    comity(&journal).exits(1).complains("absent");
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_of_a_deposit_account_are_told_with_their_reasons() {
    let Some(story) = Story::begin().await else { return };
    let (token, _) = story.token(1, 900).await;
    story.pay_token(&token, 1, 2, 400).await;
    // The fifth account is the exchange's for a customer, the fourth is known.
    story.pay_token(&token, 1, 4, 100).await;
    story.pay_token(&token, 4, 3, 100).await;
    let last = story.pay_token(&token, 2, 4, 200).await;
    story.pay_token(&token, 4, 3, 200).await;
    let tags = story.tag(3);
    story.watch(&["--from", &last, "--asset", &token]).exits(0);
    let (log, accounts) = (story.path("accounts.log"), &story.accounts);
    let why = ["trace", "why", "--chain", &log];
    let (both, named) = ([accounts[1].as_str(), accounts[2].as_str()], ["--tags", &tags]);
    comity(&[&why[..], &both, &named].concat())
        .exits(0)
        .tells("which looks like a deposit account of =Exchange")
        .tells("for: pays that exchange only, empties itself, passes nearly all on in time, passed on more than once")
        .tells(&format!("200 ({}) in {last}", checksummed(&token)));
    comity(&[&why[..], &both, &["--json"], &named].concat())
        .exits(0)
        .tells("\"score_ppm\": 833333");
    let apart = [accounts[1].as_str(), accounts[0].as_str()];
    comity(&[&why[..], &apart, &named].concat()).exits(1).tells("no deposit account joins them");
    comity(&[&why[..], &both].concat()).exits(1).complains("give --tags");
}

/// A contract as exhibits write it.
fn checksummed(account: &str) -> String {
    chain::account::Account::from_hex(account).expect("an account").eip55()
}
