//! A real EVM node: tokens, payments by contracts, a payment that is undone, failed transactions, a
//! swap. Every balance that the decoded movements add up to is compared with the node's own answer.
//! A tampering server in front of the node shows what happens to its lies.

mod common;

use chain::account::{Account, AccountBlock, Asset, Kind, Outcome};
use chain::evm::EvmRules;
use common::nodes::EvmProcess;
use common::{LIMITS, PATIENT, portless};
use expect_test::{Expect, expect};
use feed::evm::{OfferedReceipts, OfferedTraces};
use feed::{Endpoint, EvmNode, Head, Next};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Enough for anything here.
const GAS: &str = "0x1e8480";

const TOKEN: &str = include_str!("nodes/contracts/Token.hex");
const POOL: &str = include_str!("nodes/contracts/Pool.hex");
const SPLITTER: &str = include_str!("nodes/contracts/Splitter.hex");

/// A call's data: the function's selector and its arguments as words.
fn call_data(selector: &str, arguments: &[String]) -> String {
    let words = arguments.iter().map(|argument| format!("{argument:0>64}"));
    format!("0x{selector}{}", words.collect::<String>())
}

fn word(account: &str) -> String {
    account.trim_start_matches("0x").to_owned()
}

struct Story {
    process: EvmProcess,
    accounts: Vec<String>,
    token: String,
}

impl Story {
    async fn send(&self, from: usize, to: Option<&str>, value: u64, data: &str) -> String {
        let mut transaction = json!({
            "from": self.accounts[from], "value": format!("{value:#x}"), "gas": GAS, "data": data,
        });
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let hash = self.process.call("eth_sendTransaction", json!([transaction])).await;
        hash.as_str().unwrap().to_owned()
    }

    async fn mine(&self) {
        self.process.call("evm_mine", json!([])).await;
    }

    async fn contract(&self, creation: &str) -> String {
        let receipt = self.process.call("eth_getTransactionReceipt", json!([creation])).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt["contractAddress"].as_str().unwrap().to_owned()
    }

    /// Five blocks.
    async fn play() -> Option<Story> {
        let process = EvmProcess::start(&["--chain-id", "1"]).await?;
        let accounts = process.call("eth_accounts", json!([])).await;
        let accounts: Vec<String> = serde_json::from_value(accounts).unwrap();
        let mut story = Story { process, accounts, token: String::new() };
        let creation = |code: &str| format!("0x{}", code.trim());
        let token = story.send(0, None, 0, &creation(TOKEN)).await;
        let splitter = story.send(0, None, 0, &creation(SPLITTER)).await;
        story.mine().await;
        story.token = story.contract(&token).await;
        let splitter = story.contract(&splitter).await;
        let pool = format!("{}{:0>64}", creation(POOL), word(&story.token));
        let pool = story.send(0, None, 5_000_000_000, &pool).await;
        story.mine().await;
        let pool = story.contract(&pool).await;

        let (one, three, four) =
            (word(&story.accounts[1]), word(&story.accounts[3]), word(&story.accounts[4]));
        let amount = |amount: u64| format!("{amount:x}");
        let transfer = call_data("a9059cbb", &[one.clone(), amount(250_000)]);
        story.send(0, Some(&story.token), 0, &transfer).await;
        // The third has no tokens: this fails.
        story.send(2, Some(&story.token), 0, &call_data("a9059cbb", &[one, amount(1)])).await;
        story.send(0, Some(&story.accounts[1]), 1_000_000_007, "0x").await;
        story.mine().await;
        let approve = call_data("095ea7b3", &[word(&pool), amount(100_000)]);
        story.send(1, Some(&story.token), 0, &approve).await;
        story.send(1, Some(&pool), 0, &call_data("e4849b32", &[amount(100_000)])).await;
        story.send(0, Some(&splitter), 1_000, &call_data("0f2c9329", &[three, four])).await;
        // Value sent along with a call that fails does not arrive.
        story.send(5, Some(&pool), 77, &call_data("e4849b32", &[amount(1)])).await;
        story.mine().await;
        story.mine().await;
        Some(story)
    }
}

async fn connect(url: &str, limits: feed::Limits) -> Result<EvmNode, feed::FeedError> {
    EvmNode::connect(Endpoint::parse(url).unwrap(), EvmRules::of(1), limits).await
}

/// Every block from the first on.
async fn follow(node: &EvmNode) -> Vec<AccountBlock> {
    let mut blocks: Vec<AccountBlock> = Vec::new();
    for _ in 0..100 {
        let after = blocks.last().map(|last| Head { number: last.number, hash: last.hash });
        match node.next(after, 0).await.unwrap() {
            Next::Block(block) => blocks.push(*block),
            Next::AtTip => return blocks,
            Next::Replaced => panic!("nothing was replaced"),
        }
    }
    panic!("following does not end");
}

fn hexadecimal(account: Account) -> String {
    format!("0x{}", hex::encode(account.0))
}

/// What movements add up to, by asset and account.
fn balances(blocks: &[AccountBlock]) -> BTreeMap<(Asset, String), i128> {
    let mut balances = BTreeMap::new();
    let movements = blocks.iter().flat_map(|block| &block.movements);
    // This node's traces name a reward per block, by the rules of 2015, that it does not pay.
    for movement in movements.filter(|movement| movement.kind != Kind::Reward) {
        let amount = i128::try_from(movement.amount).unwrap();
        if let Some(from) = movement.from {
            *balances.entry((movement.asset, hexadecimal(from))).or_insert(0) -= amount;
        }
        if let Some(to) = movement.to {
            *balances.entry((movement.asset, hexadecimal(to))).or_insert(0) += amount;
        }
    }
    balances
}

fn quantity(value: &Value) -> i128 {
    i128::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// Asks the node for every balance. Returns how many were compared.
async fn compare(story: &Story, blocks: &[AccountBlock]) -> (usize, usize) {
    let (mut coins, mut tokens) = (0, 0);
    for ((asset, account), moved) in balances(blocks) {
        let process = &story.process;
        let (before, now) = match asset {
            Asset::Native => {
                coins += 1;
                let before = process.call("eth_getBalance", json!([account, "0x0"])).await;
                let now = process.call("eth_getBalance", json!([account, "latest"])).await;
                (quantity(&before), quantity(&now))
            }
            Asset::Token(contract) => {
                tokens += 1;
                let data = call_data("70a08231", &[word(&account)]);
                let ask = json!([{ "to": hexadecimal(contract), "data": data }, "latest"]);
                (0, quantity(&process.call("eth_call", ask).await))
            }
            other => panic!("{other:?} was not played"),
        };
        assert_eq!(before + moved, now, "{account} {asset:?}");
    }
    (coins, tokens)
}

fn count(blocks: &[AccountBlock], kind: Kind) -> usize {
    blocks.iter().flat_map(|block| &block.movements).filter(|moved| moved.kind == kind).count()
}

#[tokio::test]
async fn balances_of_a_real_node_come_out() {
    let Some(story) = Story::play().await else { return };
    let node = connect(&story.process.url, PATIENT).await.unwrap();
    let offers = node.offers();
    assert_eq!((offers.receipts, offers.traces), (OfferedReceipts::Block, OfferedTraces::Flat));
    let blocks = follow(&node).await;
    assert_eq!(blocks.len(), 6, "the genesis block and five more");
    let failed = blocks.iter().flat_map(|block| &block.transactions);
    assert_eq!(failed.filter(|transaction| transaction.outcome == Outcome::Failed).count(), 2);
    assert_eq!(count(&blocks, Kind::Internal), 2, "the pool pays, the splitter pays once");
    assert_eq!(count(&blocks, Kind::Mint), 1);
    assert_eq!(count(&blocks, Kind::Token), 2, "a transfer and the swap's token leg");
    // The genesis block sets balances without transactions, and says so.
    let gaps: Vec<_> = blocks[1..].iter().flat_map(|block| &block.gaps).collect();
    assert!(gaps.is_empty(), "{gaps:?}");
    let compared = compare(&story, &blocks).await;
    expect!["(8, 3)"].assert_eq(&format!("{compared:?}"));
}

/// A server in front of the node that changes answers.
async fn tampering<F>(url: &str, change: F) -> String
where
    F: Fn(&str, &mut Value) + Send + Sync + 'static,
{
    let upstream = url.to_owned();
    common::serve_async(
        move |body| {
            let request = reqwest::Client::new().post(&upstream).body(body.to_vec());
            let call: Value = serde_json::from_slice(&body).unwrap();
            let first = if call.is_array() { &call[0] } else { &call };
            let method = first["method"].as_str().unwrap().to_owned();
            async move {
                let request = request.header("content-type", "application/json");
                let answer: Value = request.send().await.unwrap().json().await.unwrap();
                (method, answer)
            }
        },
        move |method, answer| change(method, answer),
    )
    .await
}

fn no_method(answer: &mut Value) {
    let id = answer["id"].take();
    let error = json!({ "code": -32601, "message": "the method does not exist" });
    *answer = json!({ "jsonrpc": "2.0", "id": id, "error": error });
}

#[tokio::test]
async fn a_node_that_offers_less_gives_the_same_movements() {
    let Some(story) = Story::play().await else { return };
    let full = follow(&connect(&story.process.url, PATIENT).await.unwrap()).await;
    let url = tampering(&story.process.url, |method, answer| {
        if matches!(method, "eth_getBlockReceipts" | "trace_block") {
            no_method(answer);
        }
    });
    let node = connect(&url.await, PATIENT).await.unwrap();
    let offers = node.offers();
    assert_eq!((offers.receipts, offers.traces), (OfferedReceipts::Each, OfferedTraces::Nested));
    let blocks = follow(&node).await;
    assert_eq!(balances(&blocks), balances(&full));
    assert_eq!(blocks[1..].iter().map(|block| block.gaps.len()).sum::<usize>(), 0);

    let url = tampering(&story.process.url, |method, answer| {
        if matches!(method, "debug_traceBlockByNumber" | "trace_block") {
            no_method(answer);
        }
    });
    let node = connect(&url.await, PATIENT).await.unwrap();
    assert_eq!(node.offers().traces, OfferedTraces::No);
    let blocks = follow(&node).await;
    assert_eq!(count(&blocks, Kind::Internal), 0);
    assert!(blocks[1..].iter().any(|block| !block.gaps.is_empty()), "and it says so");
}

async fn check_lie<F>(story: &Story, height: u64, change: F, expected: Expect)
where
    F: Fn(&str, &mut Value) + Send + Sync + 'static,
{
    let url = tampering(&story.process.url, change).await;
    let said = match connect(&url, LIMITS).await {
        Err(error) => portless(&error),
        Ok(node) => portless(&node.block(height).await.expect_err("a lie is found")),
    };
    expected.assert_eq(&hashless(&said));
}

/// Every run of the node makes other hashes, because its blocks have other times.
fn hashless(said: &str) -> String {
    const HASH_DIGITS: usize = 64;
    let mut text = String::new();
    let mut rest = said;
    while let Some((before, after)) = rest.split_once("0x") {
        let digits = after.chars().take_while(char::is_ascii_hexdigit).count();
        text.push_str(before);
        let shown = if digits == HASH_DIGITS { "HASH" } else { &after[..digits] };
        text.push_str("0x");
        text.push_str(shown);
        rest = &after[digits..];
    }
    text + rest
}

#[tokio::test]
async fn lies_about_evm_blocks_are_found() {
    let Some(story) = Story::play().await else { return };
    let state = |method: &str, answer: &mut Value| {
        if method == "eth_getBlockByNumber" {
            answer["result"]["stateRoot"] = json!(format!("0x{}", "11".repeat(32)));
        }
    };
    check_lie(&story, 4, state, expect!["http://NODE, eth_getBlockByNumber, height 4: EVM block 4, field `hash`: the header's fields hash to 0xHASH: the node's answer is not that block"]).await;
    let height = |method: &str, answer: &mut Value| {
        if method == "eth_getBlockByNumber" {
            answer["result"]["number"] = json!("0x3");
        }
    };
    check_lie(
        &story,
        4,
        height,
        expect!["http://NODE, eth_getBlockByNumber, height 4: block 0xHASH claims height 3"],
    )
    .await;
    let fewer = |method: &str, answer: &mut Value| {
        if method == "eth_getBlockReceipts"
            && let Some(receipts) = answer["result"].as_array_mut()
        {
            receipts.pop();
        }
    };
    check_lie(&story, 4, fewer, expect!["http://NODE, eth_getBlockByNumber, height 4: EVM block 4, field `receipts`: expected 4 here: something is missing, doubled or out of order"]).await;
    let chain = |method: &str, answer: &mut Value| {
        if method == "eth_chainId" {
            answer["result"] = json!("0x89");
        }
    };
    check_lie(
        &story,
        4,
        chain,
        expect!["http://NODE, eth_chainId: the node is on chain 137, not on chain 1"],
    )
    .await;
    let words = |method: &str, answer: &mut Value| {
        if method == "eth_chainId" {
            answer["result"] = json!("one");
        }
    };
    check_lie(&story, 4, words, expect!["http://NODE, eth_chainId: not an answer to this call: `one` is not a number of the form 0x1f"]).await;
    let half = |method: &str, answer: &mut Value| match method {
        "eth_getBlockReceipts" => no_method(answer),
        "eth_getTransactionReceipt" => {
            answer.as_array_mut().unwrap().pop();
        }
        _ => {}
    };
    check_lie(
        &story,
        4,
        half,
        expect![
            "http://NODE, eth_getTransactionReceipt, height 4: half an answer: 4 calls, 3 replies"
        ],
    )
    .await;
    let traces = |method: &str, answer: &mut Value| {
        if method == "trace_block" {
            answer["result"] = json!([{ "action": 7 }]);
        }
    };
    check_lie(&story, 4, traces, expect!["http://NODE, eth_getBlockByNumber, height 4: EVM block 4, field `traces.[0].action`: invalid type: integer `7`, expected struct Action at line 1 column 12"]).await;
}

#[tokio::test]
async fn a_chain_that_goes_back_is_waited_for_and_one_that_changes_is_told() {
    let Some(story) = Story::play().await else { return };
    let node = connect(&story.process.url, PATIENT).await.unwrap();
    let snapshot = story.process.call("evm_snapshot", json!([])).await;
    story.send(0, Some(&story.accounts[1]), 1, "0x").await;
    story.mine().await;
    let blocks = follow(&node).await;
    let head = |block: &AccountBlock| Head { number: block.number, hash: block.hash };
    let last = blocks.last().map(head);
    assert_eq!(node.next(last, 0).await.unwrap(), Next::AtTip);
    story.process.call("evm_revert", json!([snapshot])).await;
    let error = node.next(last, 0).await.unwrap_err();
    expect!["http://NODE, eth_blockNumber: the node's chain ends at height 5, below 6, which was read before; wait until the node has caught up, or ask another node"].assert_eq(&portless(&error));
    // Two other blocks in place of the one: the caller takes its own back and goes on.
    story.send(0, Some(&story.accounts[2]), 2, "0x").await;
    story.mine().await;
    story.mine().await;
    assert_eq!(node.next(last, 0).await.unwrap(), Next::Replaced);
    let below = blocks.get(blocks.len() - 2).map(head);
    let Next::Block(block) = node.next(below, 0).await.unwrap() else { panic!("it follows") };
    assert_eq!((block.number, block.transactions.len()), (6, 1));
}
