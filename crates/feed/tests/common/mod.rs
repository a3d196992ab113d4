//! What tests of several nodes share: regtest blocks made here, a server that answers as a node
//! does or as the test says, and a store.
#![allow(dead_code)] // each test file uses some of it

pub mod nodes;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, CompactTarget, ScriptBuf, Sequence, Witness, transaction};
use chain::store::{ChainStore, Layout};
use chain::{BlockHash, Height, Network};
use feed::Limits;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Short waits, so that what never comes does not hold the tests up.
pub const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    answer: Duration::from_millis(400),
    tries: 2,
    pause: Duration::ZERO,
};

/// Patient ones, for calls that must succeed on a busy machine.
pub const PATIENT: Limits = Limits {
    connect: Duration::from_secs(20),
    answer: Duration::from_secs(60),
    tries: 3,
    pause: Duration::from_millis(100),
};

/// A regtest chain of coinbases: the genesis block and `above` more. Chains of different `salt`
/// have nothing but the genesis block in common.
pub fn regtest(above: u32, salt: u8) -> Vec<Vec<u8>> {
    let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
    extended(vec![bitcoin::consensus::serialize(&genesis)], above, salt)
}

/// The same chain with more blocks on it.
pub fn extended(mut blocks: Vec<Vec<u8>>, above: u32, salt: u8) -> Vec<Vec<u8>> {
    for _ in 0..above {
        let height = blocks.len() as u32;
        blocks.push(next(blocks.last().unwrap(), height, salt));
    }
    blocks
}

/// A block that follows another and claims a height.
pub fn next(previous: &[u8], claims: u32, salt: u8) -> Vec<u8> {
    let previous: bitcoin::Block = bitcoin::consensus::deserialize(previous).unwrap();
    let script_sig = bitcoin::script::Builder::new()
        .push_int(i64::from(claims))
        .push_int(i64::from(salt) + 1000)
        .into_script();
    let coinbase = bitcoin::Transaction {
        version: transaction::Version::ONE,
        lock_time: LockTime::ZERO,
        input: vec![bitcoin::TxIn {
            previous_output: bitcoin::OutPoint::null(),
            script_sig,
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![bitcoin::TxOut {
            value: Amount::from_sat(1_000),
            script_pubkey: ScriptBuf::from_bytes(vec![0x51]),
        }],
    };
    let merkle_root =
        bitcoin::TxMerkleNode::from_byte_array(coinbase.compute_txid().to_byte_array());
    let mut header = bitcoin::block::Header {
        version: bitcoin::block::Version::from_consensus(4),
        prev_blockhash: previous.block_hash(),
        merkle_root,
        time: previous.header.time + 600,
        bits: CompactTarget::from_consensus(0x207f_ffff),
        nonce: 0,
    };
    while header.validate_pow(header.target()).is_err() {
        header.nonce += 1;
    }
    bitcoin::consensus::serialize(&bitcoin::Block { header, txdata: vec![coinbase] })
}

/// The hash of a block, as nodes write it.
pub fn hash(block: &[u8]) -> String {
    let header: bitcoin::block::Header = bitcoin::consensus::deserialize(&block[..80]).unwrap();
    header.block_hash().to_string()
}

/// What a Bitcoin Core node with these blocks answers to a JSON-RPC call.
pub fn honest(
    blocks: &[Vec<u8>],
    method: &str,
    parameters: &Value,
) -> Result<Value, (i64, String)> {
    match method {
        "getblockchaininfo" => Ok(json!({
            "chain": "regtest",
            "blocks": blocks.len() - 1,
            "bestblockhash": hash(blocks.last().unwrap()),
        })),
        "getblockhash" => {
            let height = parameters[0].as_u64().unwrap() as usize;
            let block = blocks.get(height).ok_or((-8, "Block height out of range".to_owned()))?;
            Ok(json!(hash(block)))
        }
        "getblock" => {
            let asked = parameters[0].as_str().unwrap();
            let block = blocks.iter().find(|block| hash(block) == asked);
            Ok(json!(hex::encode(block.ok_or((-5, "Block not found".to_owned()))?)))
        }
        _ => Err((-32601, "Method not found".to_owned())),
    }
}

/// One JSON-RPC answer in Bitcoin Core's shape.
pub fn reply(id: &Value, answer: Result<Value, (i64, String)>) -> Value {
    match answer {
        Ok(result) => json!({ "result": result, "error": null, "id": id }),
        Err((code, message)) => {
            json!({ "result": null, "error": { "code": code, "message": message }, "id": id })
        }
    }
}

/// Serves JSON-RPC on a port of loopback until the runtime ends; returns the node's address.
pub async fn serve_rpc<A>(answer: A) -> String
where
    A: Fn(&str, &Value, &Value) -> Response + Send + Sync + 'static,
{
    serve(move |_, body| {
        let call: Value = serde_json::from_slice(&body).unwrap();
        answer(call["method"].as_str().unwrap_or_default(), &call["params"], &call["id"])
    })
    .await
}

/// Serves any HTTP on a port of loopback until the runtime ends.
pub async fn serve<A>(answer: A) -> String
where
    A: Fn(String, Bytes) -> Response + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    let router = Router::new().fallback(move |request: Request| {
        let answer = Arc::clone(&answer);
        async move {
            let path = request.uri().path().to_owned();
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
            answer(path, body)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Serves what another server answers, after a change to it by the method that was called.
pub async fn serve_async<A, F, C>(ask: A, change: C) -> String
where
    A: Fn(Bytes) -> F + Send + Sync + 'static,
    F: Future<Output = (String, Value)> + Send,
    C: Fn(&str, &mut Value) + Send + Sync + 'static,
{
    let both = Arc::new((ask, change));
    let router = Router::new().fallback(move |request: Request| {
        let both = Arc::clone(&both);
        async move {
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
            let (method, mut answer) = (both.0)(body).await;
            (both.1)(&method, &mut answer);
            ok(&answer)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// JSON with status 200.
pub fn ok(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

/// A body that ends in the middle although more was announced.
pub fn cut(body: &str) -> Response {
    let half = Bytes::from(body.as_bytes()[..body.len() / 2].to_vec());
    let parts = [Ok(half), Err(std::io::Error::other("gone"))];
    axum::body::Body::from_stream(futures_util::stream::iter(parts)).into_response()
}

/// A body that never ends.
pub fn endless() -> Response {
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let stream = futures_util::stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone()));
    axum::body::Body::from_stream(stream).into_response()
}

/// A body that never begins.
pub fn silent() -> Response {
    let stream = futures_util::stream::pending::<Result<Bytes, Infallible>>();
    axum::body::Body::from_stream(stream).into_response()
}

/// An error without the port, which changes from run to run.
pub fn portless(error: &impl ToString) -> String {
    let text = error.to_string();
    let Some((before, rest)) = text.split_once("127.0.0.1:") else { return text };
    format!("{before}NODE{}", rest.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

/// A store in a folder that goes with it, with small segments so that some are sealed.
pub struct Store {
    pub chain: ChainStore,
    _folder: tempfile::TempDir,
}

impl Store {
    pub fn new() -> Store {
        let folder = tempfile::tempdir().unwrap();
        let layout =
            Layout { segment_blocks_max: 50, segment_rows_max: 1 << 10, tail_blocks_min: 120 };
        let chain = ChainStore::create(folder.path(), Network::Regtest, layout).unwrap();
        Store { chain, _folder: folder }
    }

    /// The newest block.
    pub fn tip(&self) -> Option<(Height, BlockHash)> {
        let tip = self.chain.tip()?;
        Some((tip.height.unwrap(), tip.hash.unwrap()))
    }
}
