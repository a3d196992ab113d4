//! The HTTP API of a Tron full node in front of a real chain: blocks, receipts, logs and internal
//! calls are those of a running EVM node, told in Tron's shapes.
//!
//! Not a Tron node: ids are the EVM node's hashes with the height in front, as Tron's ids have it,
//! and gas stands for what Tron burns.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// How a node answers one question: path, height asked for, what an honest node says.
pub type Manner = dyn Fn(&str, u64, Value) -> Told + Send + Sync;

/// What comes back.
pub enum Told {
    /// This.
    Answer(Value),
    /// Nothing, ever.
    Silence,
}

/// Serves the chain of the EVM node at `upstream` until the runtime ends; gives the address.
pub async fn serve(upstream: &str, manner: Arc<Manner>) -> String {
    let source = Source { http: reqwest::Client::new(), url: upstream.to_owned() };
    let both = Arc::new((source, manner));
    let router = Router::new().fallback(move |request: Request| {
        let both = Arc::clone(&both);
        async move { answer(&both.0, &*both.1, request).await }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// An honest node.
pub fn honest() -> Arc<Manner> {
    Arc::new(|_: &str, _: u64, answer: Value| Told::Answer(answer))
}

async fn answer(source: &Source, manner: &Manner, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    let asked: Value = serde_json::from_slice(&body).expect("JSON");
    let number = asked["num"].as_u64().unwrap_or_default();
    let honest = match path.as_str() {
        "/wallet/getnowblock" => source.block("latest").await,
        "/wallet/getblockbynum" => source.block(&format!("{number:#x}")).await,
        "/wallet/gettransactioninfobyblocknum" => source.infos(&format!("{number:#x}")).await,
        _ => json!({ "Error": format!("class java.lang.NoSuchMethodException : {path}") }),
    };
    match manner(&path, number, honest) {
        Told::Answer(answer) => {
            ([("content-type", "application/json")], answer.to_string()).into_response()
        }
        Told::Silence => std::future::pending().await,
    }
}

/// The EVM node behind it.
struct Source {
    http: reqwest::Client,
    url: String,
}

impl Source {
    async fn call(&self, method: &str, parameters: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "method": method, "params": parameters, "id": 1 });
        let request = self.http.post(&self.url).json(&body);
        let mut answer: Value =
            request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    async fn block(&self, number: &str) -> Value {
        let block = self.call("eth_getBlockByNumber", json!([number, true])).await;
        if block.is_null() {
            return json!({});
        }
        let receipts = self.call("eth_getBlockReceipts", json!([number])).await;
        let height = quantity(&block["number"]);
        let transactions = list(&block["transactions"]).iter().zip(list(&receipts));
        let transactions: Vec<Value> =
            transactions.map(|(one, got)| transaction(one, got)).collect();
        let parent = match height {
            0 => bare(&block["parentHash"]),
            _ => id(height - 1, &block["parentHash"]),
        };
        json!({
            "blockID": id(height, &block["hash"]),
            "block_header": {
                "raw_data": {
                    "number": height,
                    "parentHash": parent,
                    "timestamp": quantity(&block["timestamp"]) * 1_000,
                    "txTrieRoot": bare(&block["transactionsRoot"]),
                    "witness_address": address(&block["miner"]),
                    "version": 31,
                },
                "witness_signature": "00".repeat(65),
            },
            "transactions": transactions,
        })
    }

    async fn infos(&self, number: &str) -> Value {
        let receipts = self.call("eth_getBlockReceipts", json!([number])).await;
        let traces = self.call("trace_block", json!([number])).await;
        list(&receipts).iter().map(|receipt| info(receipt, list(&traces))).collect()
    }
}

fn transaction(sent: &Value, receipt: &Value) -> Value {
    let (value, input) = (quantity(&sent["value"]), bare(&sent["input"]));
    let owner = address(&sent["from"]);
    let (kind, value) = match (sent["to"].is_null(), input.is_empty()) {
        (true, _) => (
            "CreateSmartContract",
            json!({ "owner_address": owner, "new_contract": {
                "origin_address": owner, "bytecode": input, "call_value": value,
            } }),
        ),
        (false, true) => (
            "TransferContract",
            json!({ "owner_address": owner, "to_address": address(&sent["to"]), "amount": value }),
        ),
        (false, false) => (
            "TriggerSmartContract",
            json!({
                "owner_address": owner, "contract_address": address(&sent["to"]),
                "call_value": value, "data": input,
            }),
        ),
    };
    let result = if succeeded(receipt) { "SUCCESS" } else { "REVERT" };
    json!({
        "ret": [{ "contractRet": result }],
        "signature": ["00".repeat(65)],
        "txID": bare(&sent["hash"]),
        "raw_data": {
            "contract": [{
                "type": kind,
                "parameter": { "value": value, "type_url": format!("type.googleapis.com/protocol.{kind}") },
            }],
            "expiration": 1,
        },
    })
}

fn info(receipt: &Value, traces: &[Value]) -> Value {
    let burned = quantity(&receipt["gasUsed"]) * quantity(&receipt["effectiveGasPrice"]);
    let inner = traces.iter().filter(|trace| {
        trace["transactionHash"] == receipt["transactionHash"]
            && !list(&trace["traceAddress"]).is_empty()
            && trace["action"]["callType"] == "call"
    });
    let internal = inner.map(|trace| {
        let action = &trace["action"];
        json!({
            "hash": bare(&receipt["transactionHash"]),
            "caller_address": address(&action["from"]),
            "transferTo_address": address(&action["to"]),
            "callValueInfo": [{ "callValue": quantity(&action["value"]) }],
            "note": "63616c6c",
            "rejected": trace.get("error").is_some(),
        })
    });
    let logs = list(&receipt["logs"]).iter().map(|log| {
        json!({
            "address": bare(&log["address"]),
            "topics": list(&log["topics"]).iter().map(bare).collect::<Vec<_>>(),
            "data": bare(&log["data"]),
        })
    });
    let mut info = json!({
        "id": bare(&receipt["transactionHash"]),
        "fee": burned,
        "blockNumber": quantity(&receipt["blockNumber"]),
        "receipt": { "net_usage": 268 },
        "log": logs.collect::<Vec<_>>(),
        "internal_transactions": internal.collect::<Vec<_>>(),
    });
    let contract =
        [&receipt["contractAddress"], &receipt["to"]].into_iter().find(|one| !one.is_null());
    if let Some(contract) = contract {
        info["contract_address"] = json!(address(contract));
    }
    if succeeded(receipt) {
        info["receipt"]["result"] = json!("SUCCESS");
    } else {
        info["result"] = json!("FAILED");
        info["receipt"]["result"] = json!("REVERT");
    }
    info
}

fn succeeded(receipt: &Value) -> bool {
    receipt["status"] == "0x1"
}

/// A block's id: its height, and what follows of a hash.
fn id(height: u64, hash: &Value) -> String {
    format!("{height:016x}{}", &bare(hash)[16..])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn bare(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim_start_matches("0x").to_owned()
}

fn address(value: &Value) -> String {
    format!("41{}", bare(value))
}

fn quantity(value: &Value) -> u64 {
    u64::from_str_radix(&bare(value), 16).expect("a number that Tron has room for")
}
