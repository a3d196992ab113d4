//! Tron's HTTP API on a port of loopback: blocks and infos in the shape that a full node answers,
//! real rows where they are at hand, and a node that is late, lies, goes back or changes its chain.

mod common;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chain::account::{AccountBlock, AccountChain, Ledgers};
use common::{LIMITS, PATIENT, cut, ok, portless, serve, silent};
use expect_test::{Expect, expect};
use feed::{Endpoint, Head, Limits, Next, TronNode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where the made-up chain begins.
const FIRST: u64 = 70_000_000;

/// A block as `getblockbynum` gives it, and its infos.
type Pair = (Value, Value);

fn address(number: u64) -> String {
    format!("41{number:040x}")
}

/// A block's id begins with its height.
fn block_id(number: u64, salt: u8) -> String {
    format!("{number:016x}{salt:048x}")
}

fn txid(number: u64, index: u64) -> String {
    format!("{number:032x}{index:032x}")
}

/// A made-up block: a payment, and a call that pays on and moves a token.
fn pair(number: u64, salt: u8, parent: &str) -> Pair {
    let contract = |kind: &str, value: Value| json!({"contract": [{"type": kind, "parameter": {"value": value}}]});
    let pay = json!({
        "owner_address": address(1), "to_address": address(2), "amount": 1_000_000 + number - FIRST,
    });
    let call = json!({
        "owner_address": address(2), "contract_address": address(3), "call_value": 40,
    });
    let transaction = |index: u64, raw: Value| json!({"txID": txid(number, index), "ret": [{"contractRet": "SUCCESS"}], "raw_data": raw});
    let block = json!({
        "blockID": block_id(number, salt),
        "block_header": {"raw_data": {
            "number": number, "parentHash": parent, "timestamp": 1_700_000_000_000u64 + number,
            "witness_address": address(9), "version": 27,
        }},
        "transactions": [
            transaction(1, contract("TransferContract", pay)),
            transaction(2, contract("TriggerSmartContract", call)),
        ],
    });
    let infos = json!([
        {"id": txid(number, 1), "blockNumber": number, "fee": 100, "receipt": {"net_usage": 268}},
        {
            "id": txid(number, 2), "blockNumber": number, "fee": 345,
            "contract_address": address(3), "receipt": {"result": "SUCCESS", "energy_fee": 345},
            "log": [{
                "address": format!("{:040x}", 3), "data": format!("{:064x}", 42),
                "topics": [
                    "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
                    format!("{:064x}", 2), format!("{:064x}", 4),
                ],
            }],
            "internal_transactions": [{
                "caller_address": address(3), "transferTo_address": address(5),
                "callValueInfo": [{"callValue": 30}, {}], "note": hex::encode("call"),
            }],
        },
    ]);
    (block, infos)
}

fn blocks(count: u64, salt: u8) -> Vec<Pair> {
    extended(Vec::new(), count, salt)
}

/// The same chain with more blocks on it.
fn extended(mut chain: Vec<Pair>, count: u64, salt: u8) -> Vec<Pair> {
    for _ in 0..count {
        let parent = match chain.last() {
            Some((block, _)) => block["blockID"].as_str().unwrap().to_owned(),
            None => block_id(FIRST - 1, 0),
        };
        chain.push(pair(FIRST + chain.len() as u64, salt, &parent));
    }
    chain
}

/// What a full node with these blocks answers.
fn honest(chain: &[Pair], path: &str, asked: u64) -> Value {
    let number = |(block, _): &Pair| block["block_header"]["raw_data"]["number"].as_u64();
    let found = chain.iter().find(|pair| number(pair) == Some(asked));
    match path {
        "/wallet/getnowblock" => chain.last().unwrap().0.clone(),
        "/wallet/getblockbynum" => found.map_or(json!({}), |(block, _)| block.clone()),
        "/wallet/gettransactioninfobyblocknum" => {
            found.map_or(json!([]), |(_, infos)| infos.clone())
        }
        _ => json!({"Error": format!("class java.lang.NoSuchMethodException : {path}")}),
    }
}

async fn serve_chain(chain: Vec<Pair>) -> String {
    serve_lies(chain, |_, _, _| None).await
}

/// Serves these blocks, except where `lie` answers in their place.
async fn serve_lies<L>(chain: Vec<Pair>, lie: L) -> String
where
    L: Fn(&[Pair], &str, u64) -> Option<Response> + Send + Sync + 'static,
{
    serve(move |path, body| {
        let asked: Value = serde_json::from_slice(&body).unwrap();
        let number = asked["num"].as_u64().unwrap_or(0);
        lie(&chain, &path, number).unwrap_or_else(|| ok(&honest(&chain, &path, number)))
    })
    .await
}

fn node(url: &str, limits: Limits) -> TronNode {
    TronNode::new(Endpoint::parse(url).unwrap(), limits).unwrap()
}

fn head(block: &AccountBlock) -> Head {
    Head { number: block.number, hash: block.hash }
}

/// Everything from the node that follows these blocks; the first error ends it.
async fn follow(node: &TronNode, blocks: &mut Vec<AccountBlock>, start: u64) -> Result<(), String> {
    loop {
        match node.next(blocks.last().map(head), start).await.map_err(|error| portless(&error))? {
            Next::Block(block) => blocks.push(*block),
            Next::AtTip => return Ok(()),
            Next::Replaced => {
                blocks.pop();
            }
        }
    }
}

#[tokio::test]
async fn a_chain_is_followed_to_its_tip() {
    let url = serve_chain(blocks(12, 0)).await;
    let mut read = Vec::new();
    follow(&node(&url, PATIENT), &mut read, FIRST).await.unwrap();
    let mut ledgers = Ledgers::new(AccountChain::Tron);
    for block in &read {
        ledgers.append(block).unwrap();
        assert_eq!(block.gaps, []);
    }
    assert_eq!((read.len(), ledgers.event_count()), (12, 12 * 6));
    let name = |account: Option<chain::account::Account>| {
        account.map_or("nobody".to_owned(), |account| account.0[19].to_string())
    };
    let said: Vec<String> = read[7]
        .movements
        .iter()
        .map(|one| {
            format!("{}: {} -> {}, {}", one.kind.name(), name(one.from), name(one.to), one.amount)
        })
        .collect();
    expect![[r#"
        fee burned: 1 -> nobody, 100
        value: 1 -> 2, 1000007
        fee burned: 2 -> nobody, 345
        value: 2 -> 3, 40
        internal call: 3 -> 5, 30
        token: 2 -> 4, 42"#]]
    .assert_eq(&said.join("\n"));
}

/// GraphSense's rows of Tron as the node that they were read from gave them.
fn real() -> Option<Vec<Pair>> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/chain/graphsense/trx/56804500to56805500"
    );
    let rows = |name: &str| -> Option<Vec<Value>> {
        let Ok(text) = std::fs::read_to_string(format!("{folder}/{name}")) else {
            println!("SKIPPED: real rows of Tron are not at {folder}/{name}");
            return None;
        };
        Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    };
    let hexed = |row: &Value, field: &str| {
        hex::encode(STANDARD.decode(row[field].as_str().unwrap()).unwrap())
    };
    let (blocks, traces) = (rows("blocks.json")?, rows("traces.json")?);
    let mut by_block: BTreeMap<u64, BTreeMap<(u64, String), Vec<Value>>> = BTreeMap::new();
    for trace in &traces {
        let key = (trace["internalIndex"].as_u64().unwrap(), hexed(trace, "txHash"));
        // The table's writer ran over 32 bits; a node cannot answer that.
        let value = trace["callValue"].as_i64().unwrap().max(0);
        let call = json!({
            "caller_address": format!("41{}", hexed(trace, "callerAddress")),
            "transferTo_address": format!("41{}", hexed(trace, "transfertoAddress")),
            "callValueInfo": [{"callValue": value}],
            "note": hex::encode(trace["note"].as_str().unwrap()),
            "rejected": trace["rejected"],
        });
        let block = by_block.entry(trace["blockId"].as_u64().unwrap()).or_default();
        block.entry(key).or_default().push(call);
    }
    let mut pairs = BTreeMap::new();
    for row in &blocks {
        let number = row["blockId"].as_u64().unwrap();
        let (mut transactions, mut infos) = (Vec::new(), Vec::new());
        for ((_, hash), calls) in by_block.remove(&number).unwrap_or_default() {
            transactions.push(json!({
                "txID": hash, "ret": [{"contractRet": "SUCCESS"}],
                "raw_data": {"contract": [{
                    "type": "TriggerSmartContract",
                    "parameter": {"value": {
                        "owner_address": address(1), "contract_address": address(2),
                    }},
                }]},
            }));
            infos.push(json!({
                "id": hash, "blockNumber": number, "internal_transactions": calls,
                "receipt": {"result": "SUCCESS"},
            }));
        }
        let block = json!({
            "blockID": hexed(row, "blockHash"),
            "block_header": {"raw_data": {
                "number": number, "parentHash": hexed(row, "parentHash"),
                "timestamp": 1_000 * row["timestamp"].as_u64().unwrap(),
            }},
            "transactions": transactions,
        });
        pairs.insert(number, (block, Value::Array(infos)));
    }
    Some(pairs.into_values().collect())
}

#[tokio::test]
async fn a_thousand_real_blocks_come_through_http_and_follow_each_other() {
    let Some(pairs) = real() else { return };
    let direct: Vec<AccountBlock> = pairs
        .iter()
        .map(|(block, infos)| {
            let (block, infos) = (block.to_string(), infos.to_string());
            let infos = Some(infos.as_bytes());
            chain::tron::decode(chain::tron::TronAnswers { block: block.as_bytes(), infos })
                .unwrap()
        })
        .collect();
    let url = serve_chain(pairs).await;
    let mut read = Vec::new();
    follow(&node(&url, PATIENT), &mut read, 56_804_500).await.unwrap();
    assert_eq!(read.len(), 1_001);
    assert!(read == direct, "what came through HTTP is what the decoder makes of the rows");
}

/// Follows four honest blocks, then a node that lies about the next three, then an honest one.
async fn check_lie<L>(lie: L, expected: Expect)
where
    L: Fn(&[Pair], &str, u64) -> Option<Response> + Send + Sync + 'static,
{
    let (before, truth) = (blocks(4, 0), blocks(7, 0));
    let mut read = Vec::new();
    let url = serve_chain(before).await;
    follow(&node(&url, PATIENT), &mut read, FIRST).await.unwrap();
    let liar = serve_lies(truth.clone(), lie).await;
    let said = follow(&node(&liar, LIMITS), &mut read, FIRST).await;
    expected.assert_eq(&said.expect_err("a lie is found"));
    assert!((4..=6).contains(&read.len()), "nothing of the lie was taken");
    let url = serve_chain(truth).await;
    follow(&node(&url, PATIENT), &mut read, FIRST).await.unwrap();
    let numbers: Vec<u64> = read.iter().map(|block| block.number - FIRST).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6]);
}

/// The block of a height, changed.
fn changed_block(
    at: u64,
    change: fn(&mut Value),
) -> impl Fn(&[Pair], &str, u64) -> Option<Response> + Send + Sync + 'static {
    move |chain, path, number| {
        (path.ends_with("getblockbynum") && number == FIRST + at).then(|| {
            let mut block = honest(chain, path, number);
            change(&mut block);
            ok(&block)
        })
    }
}

/// The infos of a height, changed.
fn changed_infos(
    at: u64,
    change: fn(&mut Value),
) -> impl Fn(&[Pair], &str, u64) -> Option<Response> + Send + Sync + 'static {
    move |chain, path, number| {
        (path.ends_with("infobyblocknum") && number == FIRST + at).then(|| {
            let mut infos = honest(chain, path, number);
            change(&mut infos);
            ok(&infos)
        })
    }
}

#[tokio::test]
async fn lies_about_a_block() {
    let other = |chain: &[Pair], path: &str, number: u64| {
        (path.ends_with("getblockbynum") && number == FIRST + 5)
            .then(|| ok(&honest(chain, path, FIRST + 2)))
    };
    check_lie(other, expect!["http://NODE, wallet/getblockbynum, height 70000005: block 00000000042c1d82000000000000000000000000000000000000000000000000 claims height 70000002"]).await;
    let id = changed_block(5, |block| block["blockID"] = json!(block_id(FIRST + 6, 0)));
    check_lie(id, expect!["http://NODE, wallet/getblockbynum, height 70000005: Tron block 70000005, field `blockID`: the answers contradict each other: the id is of block 70000006"]).await;
    let short = changed_block(4, |block| block["blockID"] = json!("0xabc"));
    check_lie(short, expect!["http://NODE, wallet/getblockbynum, height 70000004: Tron block 70000004, field `blockID`: `0xabc` is not a hash: expected 64 hexadecimal digits"]).await;
    let amount = changed_block(4, |block| {
        let contract = &mut block["transactions"][0]["raw_data"]["contract"][0];
        contract["parameter"]["value"]["amount"] = json!(-5);
    });
    check_lie(amount, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: Tron block, field `block.transactions[0].raw_data.contract[0].parameter.value.amount`: invalid value: integer `-5`, expected u64 at line 1 column 383"]).await;
    let beyond = changed_block(4, |block| {
        let contract = &mut block["transactions"][0]["raw_data"]["contract"][0];
        contract["parameter"]["value"]["amount"] = json!(1e30);
    });
    check_lie(beyond, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: Tron block, field `block.transactions[0].raw_data.contract[0].parameter.value.amount`: invalid type: floating point `1e+30`, expected u64 at line 1 column 386"]).await;
    let nobody = changed_block(4, |block| {
        let contract = &mut block["transactions"][0]["raw_data"]["contract"][0];
        contract["parameter"]["value"]["to_address"] = json!("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u");
    });
    check_lie(nobody, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: Tron block 70000004, transaction 0 (0x000000000000000000000000042c1d8400000000000000000000000000000001), field `to_address`: `TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u` is not a Tron address: its checksum is wrong, a character was mistyped"]).await;
}

#[tokio::test]
async fn lies_about_infos() {
    let other = changed_infos(5, |infos| infos[0]["blockNumber"] = json!(FIRST + 4));
    check_lie(other, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000005: Tron block 70000005, transaction 0 (0x000000000000000000000000042c1d8500000000000000000000000000000001), field `info.blockNumber`: it names another block; the chain moved between two answers, ask again"]).await;
    let fewer = changed_infos(5, |infos| {
        infos.as_array_mut().unwrap().pop();
    });
    check_lie(fewer, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000005: Tron block 70000005, transaction 1 (0x000000000000000000000000042c1d8500000000000000000000000000000002), field `info`: it is missing"]).await;
    let twice = changed_infos(5, |infos| infos[1] = infos[0].clone());
    check_lie(twice, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000005: Tron block 70000005, transaction 1 (0x000000000000000000000000042c1d8500000000000000000000000000000001), field `info.id`: the answers contradict each other: it is there twice"]).await;
    let stranger = changed_infos(5, |infos| {
        let more = infos[0].clone();
        infos.as_array_mut().unwrap().push(more);
        infos[2]["id"] = json!("77".repeat(32));
    });
    check_lie(stranger, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000005: Tron block 70000005, field `infos`: it belongs to no transaction of this block"]).await;
    let topics = changed_infos(4, |infos| infos[1]["log"][0]["topics"] = json!(["12"]));
    check_lie(topics, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: Tron block 70000004, transaction 1 (0x000000000000000000000000042c1d8400000000000000000000000000000002), field `info.log.topics`: `12` is not a hash: expected 64 hexadecimal digits"]).await;
    let fee = changed_infos(4, |infos| infos[0]["fee"] = json!(-1));
    check_lie(fee, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: Tron block 70000004, field `infos.[0].fee`: invalid value: integer `-1`, expected u64 at line 1 column 33"]).await;
}

#[tokio::test]
async fn answers_that_are_no_answers() {
    let late = |_: &[Pair], path: &str, _: u64| path.ends_with("getblockbynum").then(silent);
    check_lie(late, expect!["http://NODE, wallet/getblockbynum, height 70000004: no complete answer within 400 ms, asked 2 times"]).await;
    let half = |chain: &[Pair], path: &str, number: u64| {
        let whole = honest(chain, path, number).to_string();
        path.ends_with("getblockbynum").then(|| cut(&whole))
    };
    check_lie(half, expect!["http://NODE, wallet/getblockbynum, height 70000004: the answer stops in the middle: connection closed before message completed"]).await;
    let text = |chain: &[Pair], path: &str, number: u64| {
        let whole = honest(chain, path, number).to_string();
        path.ends_with("getblockbynum").then(|| whole[..whole.len() / 2].to_owned().into_response())
    };
    check_lie(text, expect!["http://NODE, wallet/getblockbynum, height 70000004: Tron block, field `block.transactions`: EOF while parsing a string at line 1 column 491"]).await;
    let page = |_: &[Pair], path: &str, _: u64| {
        path.ends_with("getblockbynum").then(|| "<html>\nlogin</html>".into_response())
    };
    check_lie(page, expect!["http://NODE, wallet/getblockbynum, height 70000004: Tron block, field `block`: expected value at line 1 column 1"]).await;
    let deep = |_: &[Pair], path: &str, _: u64| {
        path.ends_with("infobyblocknum").then(|| "[".repeat(100_000).into_response())
    };
    check_lie(deep, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: Tron block 70000004, field `infos.[0][0]`: invalid type: sequence, expected a string at line 1 column 2"]).await;
    let error = |_: &[Pair], path: &str, _: u64| {
        let words = "class org.tron.core.exception.BadItemException : block not found\nat Wallet";
        path.ends_with("infobyblocknum").then(|| ok(&json!({ "Error": words })))
    };
    check_lie(error, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: the node says: class org.tron.core.exception.BadItemException : block not found (code 0)"]).await;
    let gone =
        |_: &[Pair], path: &str, _: u64| path.ends_with("getblockbynum").then(|| ok(&json!({})));
    check_lie(gone, expect!["http://NODE, wallet/getblockbynum, height 70000004: half an answer: no block there, and a tip of 70000006"]).await;
    let tip =
        |_: &[Pair], path: &str, _: u64| path.ends_with("getnowblock").then(|| ok(&json!({})));
    check_lie(tip, expect!["http://NODE, wallet/getnowblock: Tron block, field `block`: missing field `blockID` at line 1 column 2"]).await;
}

#[tokio::test]
async fn refusals() {
    let key = |_: &[Pair], _: &str, _: u64| Some(StatusCode::UNAUTHORIZED.into_response());
    check_lie(key, expect!["http://NODE, wallet/getnowblock: refused (HTTP 401); give the node's user and password, or its cookie file"]).await;
    let busy = |_: &[Pair], path: &str, _: u64| {
        let busy = (StatusCode::TOO_MANY_REQUESTS, "lack of computing resources");
        path.ends_with("infobyblocknum").then(|| busy.into_response())
    };
    check_lie(busy, expect!["http://NODE, wallet/gettransactioninfobyblocknum, height 70000004: HTTP 429: lack of computing resources"]).await;
    let absent = |_: &[Pair], _: &str, _: u64| Some(StatusCode::NOT_FOUND.into_response());
    check_lie(absent, expect!["http://NODE, wallet/getnowblock: HTTP 404"]).await;
    let elsewhere = |_: &[Pair], _: &str, _: u64| {
        let to = [("location", "http://127.0.0.1:1/")];
        Some((StatusCode::TEMPORARY_REDIRECT, to).into_response())
    };
    check_lie(elsewhere, expect!["http://NODE, wallet/getnowblock: HTTP 307"]).await;
}

#[tokio::test]
async fn a_node_that_goes_back_in_height_is_waited_for() {
    let back = |chain: &[Pair], path: &str, number: u64| {
        path.ends_with("getnowblock").then(|| ok(&honest(&chain[..2], path, number)))
    };
    check_lie(back, expect!["http://NODE, wallet/getnowblock: the node's chain ends at height 70000001, below 70000003, which was read before; wait until the node has caught up, or ask another node"]).await;
}

#[tokio::test]
async fn a_chain_that_changes_is_followed_from_where_both_agree() {
    let common = blocks(4, 0);
    let url = serve_chain(extended(common.clone(), 3, 1)).await;
    let mut read = Vec::new();
    follow(&node(&url, PATIENT), &mut read, FIRST).await.unwrap();
    let theirs = extended(common, 5, 2);
    let url = serve_chain(theirs.clone()).await;
    let other = node(&url, PATIENT);
    assert_eq!(other.next(read.last().map(head), FIRST).await.unwrap(), Next::Replaced);
    follow(&other, &mut read, FIRST).await.unwrap();
    let ids: Vec<String> = read.iter().map(|block| hex::encode(block.hash.0)).collect();
    let expected: Vec<&str> =
        theirs.iter().map(|(block, _)| block["blockID"].as_str().unwrap()).collect();
    assert_eq!(ids, expected);
    let mut ledgers = Ledgers::new(AccountChain::Tron);
    read.iter().for_each(|block| ledgers.append(block).unwrap());
}

#[tokio::test]
async fn a_node_that_is_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api-key", listener.local_addr().unwrap());
    drop(listener);
    let said = follow(&node(&url, LIMITS), &mut Vec::new(), FIRST).await.unwrap_err();
    expect!["http://NODE/..., wallet/getnowblock: cannot be reached: Connection refused (os error 111); is the node running, and does it listen there?"].assert_eq(&said);
}
