//! Small made-up answers of EVM nodes: what moves, what does not, and what is refused.

use chain::account::{Account, AccountBlock, Asset, WRAPPED_ETHER};
use chain::evm::{self, EvmAnswers, EvmRules, Receipts, Traces};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const DEPOSIT: &str = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c";
const WITHDRAWAL: &str = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65";
const WETH: &str = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";

fn address(number: u8) -> String {
    format!("0x{number:040x}")
}

fn hash(number: u8) -> String {
    format!("0x{number:064x}")
}

fn topic(text: &str) -> String {
    format!("0x{:0>64}", text.trim_start_matches("0x"))
}

/// A block of a private chain with base fee 7 and these transactions: payer, payee, value.
fn block(transactions: &[(u8, Option<u8>, u64)]) -> Value {
    let one = |(index, (from, to, value)): (usize, &(u8, Option<u8>, u64))| {
        json!({
            "hash": hash(index as u8 + 1), "blockHash": hash(200), "chainId": "0x1",
            "transactionIndex": format!("0x{index:x}"), "from": address(*from),
            "to": to.map(address), "value": format!("0x{value:x}"), "gasPrice": "0xa",
        })
    };
    let gas = format!("0x{:x}", 100 * transactions.len());
    json!({
        "number": "0x1312d00", "hash": hash(200), "parentHash": hash(199), "timestamp": "0x10",
        "miner": address(99), "gasUsed": gas, "baseFeePerGas": "0x7", "uncles": [],
        "transactions": transactions.iter().enumerate().map(one).collect::<Vec<_>>(),
    })
}

/// A receipt that used 100 gas at a price of 10.
fn receipt(index: u8, status: u8, logs: Vec<Value>) -> Value {
    json!({
        "transactionHash": hash(index + 1), "blockHash": hash(200), "gasUsed": "0x64",
        "status": format!("0x{status}"), "effectiveGasPrice": "0xa", "contractAddress": null,
        "logs": logs,
    })
}

fn log(index: u32, contract: &str, topics: &[&str], data: &str) -> Value {
    json!({
        "address": contract, "topics": topics, "data": data, "blockHash": hash(200),
        "logIndex": format!("0x{index:x}"),
    })
}

fn call(kind: &str, from: &str, to: &str, value: u64, error: Option<&str>, calls: Value) -> Value {
    let mut call = json!({
        "type": kind, "from": from, "to": to, "value": format!("0x{value:x}"), "calls": calls,
    });
    if let Some(error) = error {
        call["error"] = json!(error);
    }
    call
}

/// The same calls as `trace_block` tells them.
fn flatten(index: usize, call: &Value, address: Vec<u32>, list: &mut Vec<Value>) {
    let kind = call["type"].as_str().unwrap();
    let mut trace = json!({
        "blockHash": hash(200), "transactionHash": hash(index as u8 + 1),
        "transactionPosition": index, "traceAddress": address,
        "result": {"gasUsed": "0x0", "output": "0x"},
    });
    match kind {
        "SELFDESTRUCT" => {
            trace["type"] = json!("suicide");
            trace["action"] = json!({
                "address": call["from"], "refundAddress": call["to"], "balance": call["value"],
            });
        }
        "CREATE" => {
            trace["type"] = json!("create");
            trace["action"] = json!({"from": call["from"], "value": call["value"]});
            trace["result"]["address"] = call["to"].clone();
        }
        _ => {
            trace["type"] = json!("call");
            trace["action"] = json!({
                "callType": kind.to_lowercase(), "from": call["from"], "to": call["to"],
                "value": call["value"],
            });
        }
    }
    if let Some(error) = call.get("error") {
        trace["error"] = error.clone();
        trace["result"] = Value::Null;
    }
    list.push(trace);
    for (position, inner) in call["calls"].as_array().unwrap().iter().enumerate() {
        let mut address = address.clone();
        address.push(position as u32);
        flatten(index, inner, address, list);
    }
}

fn decode(
    block: &Value,
    receipts: Option<&Value>,
    traces: Traces<'_>,
) -> Result<AccountBlock, String> {
    let block = block.to_string();
    let receipts = receipts.map(Value::to_string);
    let receipts = match &receipts {
        Some(text) => Receipts::Receipts(text.as_bytes()),
        None => Receipts::Absent,
    };
    let answers = EvmAnswers { block: block.as_bytes(), receipts, traces };
    // A header of so few fields has no hash to recompute.
    evm::decode(answers, &EvmRules::of(1)).map_err(|error| error.to_string())
}

fn name(account: Option<Account>) -> String {
    match account {
        None => "nobody".to_owned(),
        Some(WRAPPED_ETHER) => "weth".to_owned(),
        Some(account) => account.0[19].to_string(),
    }
}

fn said(block: &AccountBlock) -> String {
    let mut text = String::new();
    for one in &block.movements {
        let transaction = one.transaction.map_or("block".to_owned(), |index| index.to_string());
        let asset = match one.asset {
            Asset::Native => "wei".to_owned(),
            Asset::Token(contract) => format!("token {}", name(Some(contract))),
            Asset::Item { contract, id } => format!("item {}/{}", name(Some(contract)), id[31]),
            Asset::Trc10(number) => format!("trc10 {number}"),
        };
        let (from, to) = (name(one.from), name(one.to));
        let kind = one.kind.name();
        text += &format!("{transaction} {kind}: {from} -> {to}, {} {asset}\n", one.amount);
    }
    for gap in &block.gaps {
        let transaction = gap.transaction.map_or("block".to_owned(), |index| index.to_string());
        text += &format!("{transaction} gap: {}\n", gap.reason);
    }
    text
}

/// Both shapes of traces must tell the same.
fn check(block: &Value, receipts: &Value, roots: &[Value], expected: Expect) {
    let nested: Vec<Value> = roots
        .iter()
        .enumerate()
        .map(|(index, root)| json!({"txHash": hash(index as u8 + 1), "result": root}))
        .collect();
    let mut flat = Vec::new();
    for (index, root) in roots.iter().enumerate() {
        flatten(index, root, Vec::new(), &mut flat);
    }
    let (nested, flat) = (json!(nested).to_string(), json!(flat).to_string());
    let nested = decode(block, Some(receipts), Traces::Nested(nested.as_bytes())).unwrap();
    let flat = decode(block, Some(receipts), Traces::Flat(flat.as_bytes())).unwrap();
    assert_eq!(said(&nested), said(&flat));
    expected.assert_eq(&said(&nested));
}

#[test]
fn calls_tokens_and_failures() {
    let (a, b, c, d) = (address(1), address(2), address(3), address(4));
    let block = block(&[(1, Some(2), 50), (1, Some(3), 60), (4, None, 5)]);
    let receipts = json!([
        receipt(
            0,
            1,
            vec![
                log(0, &c, &[TRANSFER, &topic(&a), &topic(&b)], &topic("2a")),
                log(1, &c, &[TRANSFER, &topic(&a), &topic(&b), &topic("7")], "0x"),
                log(2, &c, &[TRANSFER, &topic("0"), &topic(&d)], &topic("9")),
                log(3, &c, &[TRANSFER, &topic(&d), &topic("0")], &topic("8")),
                log(4, &c, &[TRANSFER, &topic(&a), &topic(&b)], &topic("0")),
                log(5, &c, &[TRANSFER, &topic(&a), &topic(&b)], &format!("0x{}", "f".repeat(64))),
                log(6, &c, &[TRANSFER], &topic("1")),
            ]
        ),
        receipt(1, 0, vec![]),
        receipt(2, 1, vec![]),
    ]);
    let failed_inside = call(
        "CALL",
        &b,
        &d,
        7,
        Some("Reverted"),
        json!([call("CALL", &d, &a, 3, None, json!([])),]),
    );
    let roots = [
        call(
            "CALL",
            &a,
            &b,
            50,
            None,
            json!([
                call("CALL", &b, &c, 20, None, json!([])),
                call(
                    "DELEGATECALL",
                    &b,
                    &d,
                    50,
                    None,
                    json!([call("CALL", &b, &d, 2, None, json!([]))])
                ),
                failed_inside,
                call("STATICCALL", &b, &d, 0, None, json!([])),
                call("SELFDESTRUCT", &b, &a, 28, None, json!([])),
            ]),
        ),
        call(
            "CALL",
            &a,
            &c,
            60,
            Some("out of gas"),
            json!([call("CALL", &c, &d, 60, None, json!([])),]),
        ),
        call("CREATE", &d, &address(9), 5, None, json!([])),
    ];
    check(
        &block,
        &receipts,
        &roots,
        expect![[r#"
        0 fee burned: 1 -> nobody, 700 wei
        0 fee to producer: 1 -> 99, 300 wei
        0 value: 1 -> 2, 50 wei
        0 internal call: 2 -> 3, 20 wei
        0 internal call: 2 -> 4, 2 wei
        0 self-destruct: 2 -> 1, 28 wei
        0 token: 1 -> 2, 42 token 3
        0 token: 1 -> 2, 1 item 3/7
        0 mint: nobody -> 4, 9 token 3
        0 burn: 4 -> nobody, 8 token 3
        0 token: 1 -> 2, 0 token 3
        1 fee burned: 1 -> nobody, 700 wei
        1 fee to producer: 1 -> 99, 300 wei
        2 fee burned: 4 -> nobody, 700 wei
        2 fee to producer: 4 -> 99, 300 wei
        2 value: 4 -> 9, 5 wei
        0 gap: a token amount beyond 128 bits
        0 gap: a log with the topic of a transfer and another shape
    "#]],
    );
}

#[test]
fn wrapped_coin_comes_after_what_it_stands_for_and_before_what_it_becomes() {
    let (a, b) = (address(1), address(2));
    let block = block(&[(1, Some(2), 50)]);
    let receipts = json!([receipt(
        0,
        1,
        vec![
            log(0, WETH, &[DEPOSIT, &topic(&b)], &topic("32")),
            log(1, WETH, &[TRANSFER, &topic(&b), &topic(&a)], &topic("32")),
            log(2, WETH, &[WITHDRAWAL, &topic(&a)], &topic("a")),
        ]
    )]);
    let roots = [call(
        "CALL",
        &a,
        &b,
        50,
        None,
        json!([
            call("CALL", &b, WETH, 50, None, json!([])),
            call("CALL", WETH, &a, 10, None, json!([])),
            call("CALL", &a, &b, 10, None, json!([])),
        ]),
    )];
    check(
        &block,
        &receipts,
        &roots,
        expect![[r#"
        0 fee burned: 1 -> nobody, 700 wei
        0 fee to producer: 1 -> 99, 300 wei
        0 value: 1 -> 2, 50 wei
        0 internal call: 2 -> weth, 50 wei
        0 wrap: nobody -> 2, 50 token weth
        0 token: 2 -> 1, 50 token weth
        0 unwrap: 1 -> nobody, 10 token weth
        0 internal call: weth -> 1, 10 wei
        0 internal call: 1 -> 2, 10 wei
    "#]],
    );
}

#[test]
fn without_receipts_and_traces_gaps_say_what_is_missing() {
    let block = block(&[(1, Some(2), 50), (1, Some(2), 0)]);
    let decoded = decode(&block, None, Traces::Absent).unwrap();
    expect![[r#"
        0 gap: no receipt says what was paid for gas
        0 gap: nothing given says whether the value arrived
        1 gap: no receipt says what was paid for gas
        block gap: no traces were given, so payments by contracts are unknown
        block gap: no logs were given, so payments in tokens are unknown
    "#]]
    .assert_eq(&said(&decoded));
}

#[test]
fn logs_alone_tell_tokens_and_that_their_transaction_succeeded() {
    let (a, b, c) = (address(1), address(2), address(3));
    let mut one = log(0, &c, &[TRANSFER, &topic(&a), &topic(&b)], &topic("2a"));
    one["transactionHash"] = json!(hash(1));
    let block = block(&[(1, Some(2), 50), (1, Some(2), 60)]).to_string();
    let logs = json!([one]).to_string();
    let answers = EvmAnswers {
        block: block.as_bytes(),
        receipts: Receipts::Logs(logs.as_bytes()),
        traces: Traces::Absent,
    };
    let decoded = evm::decode(answers, &EvmRules::of(1)).unwrap();
    expect![[r#"
        0 value: 1 -> 2, 50 wei
        0 token: 1 -> 2, 42 token 3
        0 gap: no receipt says what was paid for gas
        1 gap: no receipt says what was paid for gas
        1 gap: nothing given says whether the value arrived
        block gap: no traces were given, so payments by contracts are unknown
    "#]]
    .assert_eq(&said(&decoded));
}

#[test]
fn withdrawals_and_old_rewards_come_from_nobody() {
    let mut block = block(&[]);
    block["withdrawals"] = json!([{"address": address(5), "amount": "0x2"}]);
    let decoded = decode(&block, Some(&json!([])), Traces::Absent).unwrap();
    expect![[r#"
        block withdrawal: nobody -> 5, 2000000000 wei
    "#]]
    .assert_eq(&said(&decoded));
    block["number"] = json!("0x10");
    block["uncles"] = json!([hash(9)]);
    let decoded = decode(&block, Some(&json!([])), Traces::Absent).unwrap();
    expect![[r#"
        block reward: nobody -> 99, 5156250000000000000 wei
        block withdrawal: nobody -> 5, 2000000000 wei
        block gap: an uncle was rewarded whose producer is not named here
    "#]]
    .assert_eq(&said(&decoded));
}

/// One change to answers that are right, and the error that it makes.
fn refused(change: impl Fn(&mut Value, &mut Value, &mut Value), expected: Expect) {
    let (a, b, c) = (address(1), address(2), address(3));
    let mut block = block(&[(1, Some(2), 50), (3, Some(1), 0)]);
    let mut receipts = json!([
        receipt(0, 1, vec![log(0, &c, &[TRANSFER, &topic(&a), &topic(&b)], &topic("2a"))]),
        receipt(1, 1, vec![]),
    ]);
    let mut traces = json!([
        {"txHash": hash(1), "result": call("CALL", &a, &b, 50, None, json!([]))},
        {"txHash": hash(2), "result": call("CALL", &c, &a, 0, None, json!([]))},
    ]);
    let text = traces.to_string();
    decode(&block, Some(&receipts), Traces::Nested(text.as_bytes())).unwrap();
    change(&mut block, &mut receipts, &mut traces);
    let text = traces.to_string();
    let error = decode(&block, Some(&receipts), Traces::Nested(text.as_bytes())).unwrap_err();
    // One part a line.
    let error = error.replace(&"0".repeat(62), "~").replace(", field", ",\nfield");
    expected.assert_eq(&error.replace("`: ", "`:\n"));
}

#[test]
fn answers_that_contradict_themselves_name_block_transaction_and_field() {
    refused(
        |block, _, _| block["transactions"][1]["value"] = json!("12"),
        expect![[r#"
        EVM block 20000000, transaction 1 (0x~02),
        field `value`:
        `12` is not a number: expected 0x and hexadecimal digits"#]],
    );
    refused(
        |block, _, _| block["transactions"][1]["value"] = json!(format!("0x1{}", "0".repeat(32))),
        expect![[r#"
            EVM block 20000000, transaction 1 (0x~02),
            field `value`:
            `0x100000000000000000000000000000000` does not fit into 128 bits"#]],
    );
    refused(
        |block, _, _| drop(block["transactions"][1].as_object_mut().unwrap().remove("from")),
        expect![[r#"
            EVM block,
            field `block.transactions[1]`:
            missing field `from` at line 1 column 921"#]],
    );
    refused(
        |block, _, _| block["transactions"][0]["from"] = json!("0x12"),
        expect![[r#"
        EVM block 20000000, transaction 0 (0x~01),
        field `from`:
        `0x12` is not an address: write 0x and 40 hexadecimal digits"#]],
    );
    refused(
        |block, _, _| block["transactions"][0]["chainId"] = json!("0x2"),
        expect![[r#"
        EVM block 20000000, transaction 0 (0x~01),
        field `chainId`:
        it names another chain than 1"#]],
    );
    refused(
        |_, receipts, _| receipts[1]["blockHash"] = json!(hash(7)),
        expect![[r#"
        EVM block 20000000, transaction 1 (0x~02),
        field `receipt.blockHash`:
        it names another block; the chain moved between two answers, ask again"#]],
    );
    refused(
        |_, receipts, _| drop(receipts.as_array_mut().unwrap().pop()),
        expect![[r#"
        EVM block 20000000,
        field `receipts`:
        expected 2 here: something is missing, doubled or out of order"#]],
    );
    refused(
        |_, receipts, _| receipts[1]["gasUsed"] = json!("0x65"),
        expect![[r#"
        EVM block 20000000,
        field `gasUsed`:
        the answers contradict each other: the receipts' gas sums to 201, not to the block's gasUsed"#]],
    );
    refused(
        |_, receipts, _| receipts[0]["status"] = json!("0x0"),
        expect![[r#"
        EVM block 20000000, transaction 0 (0x~01),
        field `receipt.status`:
        the answers contradict each other: it failed, and yet there are logs"#]],
    );
    refused(
        |_, receipts, _| receipts[0]["logs"][0]["removed"] = json!(true),
        expect![[r#"
        EVM block 20000000, transaction 0 (0x~01),
        field `log.removed`:
        the node says that a reorganisation removed it; ask again"#]],
    );
    refused(
        |_, receipts, _| receipts[0]["effectiveGasPrice"] = json!(format!("0x{}", "f".repeat(32))),
        expect![[r#"
            EVM block 20000000, transaction 0 (0x~01),
            field `receipt.effectiveGasPrice`:
            the amounts overflow 128 bits"#]],
    );
    refused(
        |_, _, traces| traces[1]["result"]["error"] = json!("Reverted"),
        expect![[r#"
        EVM block 20000000, transaction 1 (0x~02),
        field `trace.error`:
        the answers contradict each other: the receipt says Succeeded, the trace Failed"#]],
    );
    refused(
        |_, _, traces| traces[0]["result"]["value"] = json!("0x33"),
        expect![[r#"
        EVM block 20000000, transaction 0 (0x~01),
        field `trace.value`:
        the answers contradict each other: the trace's own call has another sender or value"#]],
    );
    refused(
        |_, _, traces| traces[0]["result"]["type"] = json!("JUMP"),
        expect![[r#"
        EVM block 20000000, transaction 0 (0x~01),
        field `trace.type`:
        `JUMP` is no sort of call that is known here"#]],
    );
}
