//! EVM nodes that are late, lie, go back or stop in the middle, served on loopback from made-up
//! blocks; tests/evm_node.rs does the same to a real node's answers where one is installed.

mod common;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chain::account::AccountBlock;
use chain::evm::EvmRules;
use common::{LIMITS, PATIENT, cut, ok, portless, serve_rpc, silent};
use expect_test::{Expect, expect};
use feed::{Endpoint, EvmNode, Head, Limits, Next};
use serde_json::{Value, json};

/// Not mainnet: the made-up headers hash to nothing in particular.
const CHAIN: u64 = 31_337;

fn hash(number: u64, salt: u8) -> String {
    format!("0x{salt:032x}{number:032x}")
}

fn address(number: u64) -> String {
    format!("0x{number:040x}")
}

fn quantity(number: u64) -> String {
    format!("{number:#x}")
}

/// A made-up block with a payment: block, receipts, calls.
#[derive(Clone)]
struct Made {
    block: Value,
    receipts: Value,
    traces: Value,
}

fn made(number: u64, salt: u8, parent: &str) -> Made {
    let (own, id) = (hash(number, salt), format!("0x{:064x}", 1_000 + number));
    let value = quantity(7_000 + number);
    let block = json!({
        "number": quantity(number), "hash": own, "parentHash": parent,
        "timestamp": quantity(1_700_000_000 + number), "miner": address(9),
        "gasUsed": quantity(21_000), "baseFeePerGas": quantity(5), "uncles": [],
        "transactions": [{
            "hash": id, "blockHash": own, "transactionIndex": "0x0", "chainId": quantity(CHAIN),
            "from": address(1), "to": address(2), "value": value, "gasPrice": quantity(8),
        }],
    });
    let receipts = json!([{
        "transactionHash": id, "blockHash": own, "status": "0x1", "gasUsed": quantity(21_000),
        "effectiveGasPrice": quantity(8), "logs": [],
    }]);
    let traces = json!([{
        "type": "call", "blockHash": own, "transactionHash": id, "transactionPosition": 0,
        "traceAddress": [], "result": {},
        "action": {"callType": "call", "from": address(1), "to": address(2), "value": value},
    }]);
    Made { block, receipts, traces }
}

fn blocks(count: u64, salt: u8) -> Vec<Made> {
    extended(Vec::new(), count, salt)
}

fn extended(mut chain: Vec<Made>, count: u64, salt: u8) -> Vec<Made> {
    for _ in 0..count {
        let parent = match chain.last() {
            Some(last) => last.block["hash"].as_str().unwrap().to_owned(),
            None => format!("0x{}", "0".repeat(64)),
        };
        chain.push(made(chain.len() as u64, salt, &parent));
    }
    chain
}

/// What a node with these blocks answers.
fn honest(chain: &[Made], method: &str, parameters: &Value) -> Value {
    let asked = match parameters[0].as_str() {
        Some("latest") => chain.len() - 1,
        Some(text) => usize::from_str_radix(text.trim_start_matches("0x"), 16).unwrap(),
        None => 0,
    };
    let found = chain.get(asked);
    match method {
        "eth_chainId" => json!(quantity(CHAIN)),
        "eth_blockNumber" => json!(quantity(chain.len() as u64 - 1)),
        "eth_getBlockByNumber" => found.map_or(Value::Null, |made| made.block.clone()),
        "eth_getBlockReceipts" => found.map_or(Value::Null, |made| made.receipts.clone()),
        "trace_block" => found.map_or(Value::Null, |made| made.traces.clone()),
        _ => Value::Null,
    }
}

fn reply(id: &Value, result: Value) -> Response {
    ok(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

async fn connect(url: &str, limits: Limits) -> Result<EvmNode, String> {
    let rules = EvmRules::of(CHAIN);
    let node = EvmNode::connect(Endpoint::parse(url).unwrap(), rules, limits).await;
    node.map_err(|error| portless(&error))
}

async fn serve_chain(chain: Vec<Made>) -> String {
    serve_rpc(move |method, parameters, id| reply(id, honest(&chain, method, parameters))).await
}

fn head(block: &AccountBlock) -> Head {
    Head { number: block.number, hash: block.hash }
}

async fn follow(url: &str, limits: Limits, read: &mut Vec<AccountBlock>) -> Result<(), String> {
    let node = connect(url, limits).await?;
    loop {
        match node.next(read.last().map(head), 0).await.map_err(|error| portless(&error))? {
            Next::Block(block) => read.push(*block),
            Next::AtTip => return Ok(()),
            Next::Replaced => {
                read.pop();
            }
        }
    }
}

/// Follows four honest blocks, then a node that lies about the next three, then an honest one.
async fn check_lie<L>(lie: L, expected: Expect)
where
    L: Fn(&[Made], &str, &Value, &Value) -> Option<Response> + Send + Sync + 'static,
{
    let truth = blocks(7, 0);
    let mut read = Vec::new();
    follow(&serve_chain(blocks(4, 0)).await, PATIENT, &mut read).await.unwrap();
    let lied = truth.clone();
    let liar = serve_rpc(move |method, parameters, id| {
        lie(&lied, method, parameters, id)
            .unwrap_or_else(|| reply(id, honest(&lied, method, parameters)))
    });
    let said = follow(&liar.await, LIMITS, &mut read).await;
    expected.assert_eq(&said.expect_err("a lie is found"));
    assert!((4..=6).contains(&read.len()), "nothing of the lie was taken");
    follow(&serve_chain(truth).await, PATIENT, &mut read).await.unwrap();
    let numbers: Vec<u64> = read.iter().map(|block| block.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6]);
}

/// The answer about the block at height 5, changed.
fn changed(
    method: &'static str,
    change: fn(&mut Value),
) -> impl Fn(&[Made], &str, &Value, &Value) -> Option<Response> + Send + Sync + 'static {
    move |chain, asked, parameters, id| {
        let mut answer = honest(chain, asked, parameters);
        (asked == method && parameters[0] == "0x5").then(|| {
            change(&mut answer);
            reply(id, answer)
        })
    }
}

#[tokio::test]
async fn lies_about_a_block() {
    let height = changed("eth_getBlockByNumber", |block| block["number"] = json!("0x2"));
    check_lie(height, expect!["http://NODE, eth_getBlockByNumber, height 5: block 0x0000000000000000000000000000000000000000000000000000000000000005 claims height 2"]).await;
    let amount = changed("eth_getBlockByNumber", |block| {
        block["transactions"][0]["value"] = json!(format!("0x1{}", "0".repeat(32)));
    });
    check_lie(amount, expect!["http://NODE, eth_getBlockByNumber, height 5: EVM block 5, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000003ed), field `value`: `0x100000000000000000000000000000000` does not fit into 128 bits"]).await;
    let chain = changed("eth_getBlockByNumber", |block| {
        block["transactions"][0]["chainId"] = json!("0x1");
    });
    check_lie(chain, expect!["http://NODE, eth_getBlockByNumber, height 5: EVM block 5, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000003ed), field `chainId`: it names another chain than 31337"]).await;
    let receipts = changed("eth_getBlockReceipts", |receipts| {
        receipts[0]["blockHash"] = json!(hash(4, 0));
    });
    check_lie(receipts, expect!["http://NODE, eth_getBlockByNumber, height 5: EVM block 5, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000003ed), field `receipt.blockHash`: it names another block; the chain moved between two answers, ask again"]).await;
    let gas = changed("eth_getBlockReceipts", |receipts| receipts[0]["gasUsed"] = json!("0x1"));
    check_lie(gas, expect!["http://NODE, eth_getBlockByNumber, height 5: EVM block 5, field `gasUsed`: the answers contradict each other: the receipts' gas sums to 1, not to the block's gasUsed"]).await;
    let failed = changed("trace_block", |traces| traces[0]["error"] = json!("Reverted"));
    check_lie(failed, expect!["http://NODE, eth_getBlockByNumber, height 5: EVM block 5, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000003ed), field `trace.error`: the answers contradict each other: the receipt says Succeeded, the trace Failed"]).await;
    let value = changed("trace_block", |traces| traces[0]["action"]["value"] = json!("0x1"));
    check_lie(value, expect!["http://NODE, eth_getBlockByNumber, height 5: EVM block 5, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000003ed), field `trace.value`: the answers contradict each other: the trace's own call has another sender or value"]).await;
    let none = changed("trace_block", |traces| *traces = json!([]));
    check_lie(none, expect!["http://NODE, eth_getBlockByNumber, height 5: EVM block 5, transaction 0 (0x00000000000000000000000000000000000000000000000000000000000003ed), field `traces`: it is missing"]).await;
    let gone = changed("eth_getBlockByNumber", |block| *block = Value::Null);
    check_lie(gone, expect!["http://NODE, eth_getBlockByNumber, height 5: half an answer: no block there, and a tip of 6"]).await;
}

#[tokio::test]
async fn answers_that_are_no_answers() {
    let of = |method: &str| method == "eth_getBlockReceipts";
    let late = move |_: &[Made], method: &str, parameters: &Value, _: &Value| {
        (of(method) && parameters[0] != "latest").then(silent)
    };
    check_lie(late, expect!["http://NODE, eth_getBlockReceipts, height 4: no complete answer within 400 ms, asked 2 times"]).await;
    let half = move |chain: &[Made], method: &str, parameters: &Value, _: &Value| {
        let whole = honest(chain, method, parameters).to_string();
        (of(method) && parameters[0] != "latest").then(|| cut(&whole))
    };
    check_lie(half, expect!["http://NODE, eth_getBlockReceipts, height 4: the answer stops in the middle: connection closed before message completed"]).await;
    let page = move |_: &[Made], method: &str, _: &Value, _: &Value| {
        (method == "eth_blockNumber").then(|| "<html>\nlogin</html>".into_response())
    };
    check_lie(page, expect!["http://NODE, eth_blockNumber: not an answer to this call: expected value at line 1 column 1"]).await;
    let deep = move |_: &[Made], method: &str, parameters: &Value, _: &Value| {
        (of(method) && parameters[0] != "latest").then(|| "[".repeat(100_000).into_response())
    };
    check_lie(deep, expect!["http://NODE, eth_getBlockReceipts, height 4: the answer is nested deeper than 120 levels"]).await;
    let other = move |chain: &[Made], method: &str, parameters: &Value, _: &Value| {
        let answer = honest(chain, method, parameters);
        (method == "eth_getBlockByNumber").then(|| reply(&json!(77), answer))
    };
    check_lie(
        other,
        expect!["http://NODE, eth_getBlockByNumber, height 4: the answer is to call 77, not to 5"],
    )
    .await;
    let busy = move |_: &[Made], method: &str, parameters: &Value, _: &Value| {
        let busy = (StatusCode::SERVICE_UNAVAILABLE, "too many requests");
        (of(method) && parameters[0] != "latest").then(|| busy.into_response())
    };
    check_lie(
        busy,
        expect!["http://NODE, eth_getBlockReceipts, height 4: HTTP 503: too many requests"],
    )
    .await;
}

#[tokio::test]
async fn a_node_that_goes_back_in_height_is_waited_for() {
    let back = |chain: &[Made], method: &str, parameters: &Value, id: &Value| {
        (method == "eth_blockNumber").then(|| reply(id, honest(&chain[..2], method, parameters)))
    };
    check_lie(back, expect!["http://NODE, eth_blockNumber: the node's chain ends at height 1, below 3, which was read before; wait until the node has caught up, or ask another node"]).await;
}

#[tokio::test]
async fn a_chain_that_moves_between_the_parts_of_a_block_is_asked_again() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let (before, after) = (blocks(6, 0), extended(blocks(5, 0), 1, 3));
    let asked = AtomicU32::new(0);
    let url = serve_rpc(move |method, parameters, id| {
        // The block at height 5 is replaced once it was told.
        let of_five = parameters[0] == "0x5" && method == "eth_getBlockByNumber";
        let told = asked.fetch_add(u32::from(of_five), Ordering::Relaxed);
        let chain = if told == 0 { &before } else { &after };
        reply(id, honest(chain, method, parameters))
    });
    let mut read = Vec::new();
    follow(&url.await, PATIENT, &mut read).await.unwrap();
    assert_eq!(format!("{:?}", read[5].hash), hash(5, 3));
}

#[tokio::test]
async fn a_chain_that_changes_is_followed_from_where_both_agree() {
    let common = blocks(4, 0);
    let mut read = Vec::new();
    let ours = extended(common.clone(), 100, 1);
    follow(&serve_chain(ours).await, PATIENT, &mut read).await.unwrap();
    assert_eq!(read.len(), 104);
    follow(&serve_chain(extended(common, 103, 2)).await, PATIENT, &mut read).await.unwrap();
    assert_eq!(read.len(), 107);
    let mut ledgers = chain::account::Ledgers::new(read[0].chain);
    read.iter().for_each(|block| ledgers.append(block).unwrap());
}
