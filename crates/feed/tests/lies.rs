//! Nodes that are late, lie, go back or stop in the middle: what is stored stays as it was, the
//! error says which node, call and height, and an honest node is followed afterwards.

mod common;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chain::{Height, Network};
use common::{
    LIMITS, PATIENT, Store, cut, endless, extended, hash, honest, next, ok, portless, regtest,
    reply, serve, serve_rpc, silent,
};
use expect_test::{Expect, expect};
use feed::{BitcoinNode, Endpoint, Limits, follow};
use serde_json::{Value, json};

/// Everything from the node into the store; the first error ends it.
async fn catch_up(url: &str, limits: Limits, store: &mut Store) -> Result<Vec<String>, String> {
    let endpoint = Endpoint::parse(url).unwrap();
    let node = if url.ends_with("/rest") {
        let endpoint = Endpoint::parse(url.trim_end_matches("/rest")).unwrap();
        BitcoinNode::rest(endpoint, Network::Regtest, limits).await
    } else {
        BitcoinNode::rpc(endpoint, Network::Regtest, limits).await
    };
    let node = node.map_err(|error| portless(&error))?;
    let mut said = Vec::new();
    for _ in 0..1000 {
        match follow::step(&node, &mut store.chain, Height(0))
            .await
            .map_err(|error| portless(&error))?
        {
            Some(step) => said.push(format!("-{} +{} = {}", step.removed, step.added, step.height)),
            None => return Ok(said),
        }
    }
    panic!("following does not end: {said:?}");
}

/// Follows seven honest blocks, then a node that lies about the next five, then an honest one.
async fn check_lie<L>(lie: L, expected: Expect)
where
    L: Fn(&[Vec<u8>], &str, &Value, &Value) -> Option<Response> + Send + Sync + 'static,
{
    let before = regtest(7, 0);
    let blocks = extended(before.clone(), 5, 0);
    let honest_url = |blocks: Vec<Vec<u8>>| {
        serve_rpc(move |method, parameters, id| ok(&reply(id, honest(&blocks, method, parameters))))
    };
    let mut store = Store::new();
    catch_up(&honest_url(before).await, PATIENT, &mut store).await.unwrap();
    let tip = store.tip();

    let truth = blocks.clone();
    let liar = serve_rpc(move |method, parameters, id| {
        lie(&truth, method, parameters, id)
            .unwrap_or_else(|| ok(&reply(id, honest(&truth, method, parameters))))
    });
    let said = catch_up(&liar.await, LIMITS, &mut store).await;
    expected.assert_eq(&said.expect_err("a lie is found"));
    assert_eq!(store.tip(), tip, "nothing was stored");

    let said = catch_up(&honest_url(blocks).await, PATIENT, &mut store).await.unwrap();
    assert_eq!(said, ["-0 +5 = 12"]);
}

fn is_block_at(blocks: &[Vec<u8>], parameters: &Value, height: usize) -> bool {
    parameters[0] == hash(&blocks[height]).as_str()
}

#[tokio::test]
async fn bytes_of_another_block() {
    let lie = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        (method == "getblock" && is_block_at(blocks, parameters, 9))
            .then(|| ok(&reply(id, Ok(json!(hex::encode(&blocks[3]))))))
    };
    check_lie(lie, expect!["http://NODE, getblock, height 9: block 5428dc9e03b13d182e3f9c6360887dff068ccc40143474131dbb1a566581de67 was asked for, the bytes are block 37e4e0fb5daf79de610b9cdca10d874651e306b54b70848b6521f3b52ecb0817"]).await;
}

#[tokio::test]
async fn bytes_with_a_bit_flipped() {
    let lie = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        let mut bytes = blocks[9].clone();
        let last = bytes.len() - 6;
        bytes[last] ^= 1;
        (method == "getblock" && is_block_at(blocks, parameters, 9))
            .then(|| ok(&reply(id, Ok(json!(hex::encode(bytes))))))
    };
    check_lie(lie, expect!["http://NODE, getblock, height 9: block 5428dc9e03b13d182e3f9c6360887dff068ccc40143474131dbb1a566581de67, byte 0: block 5428dc9e03b13d182e3f9c6360887dff068ccc40143474131dbb1a566581de67: the Merkle root over its transactions is not the one in its header"]).await;
}

#[tokio::test]
async fn blocks_that_are_cut_or_not_hexadecimal() {
    let half = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        (method == "getblock" && is_block_at(blocks, parameters, 9))
            .then(|| ok(&reply(id, Ok(json!(hex::encode(&blocks[9][..100]))))))
    };
    check_lie(half, expect!["http://NODE, getblock, height 9: block 5428dc9e03b13d182e3f9c6360887dff068ccc40143474131dbb1a566581de67, byte 100: the file ends in the middle of a block"]).await;
    let words = |_: &[Vec<u8>], method: &str, _: &Value, id: &Value| {
        (method == "getblock").then(|| ok(&reply(id, Ok(json!("what block?")))))
    };
    check_lie(words, expect!["http://NODE, getblock, height 8: not an answer to this call: a block is hexadecimal: Odd number of digits"]).await;
}

#[tokio::test]
async fn a_block_of_another_height() {
    let lie = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        (method == "getblockhash" && parameters[0] == 10)
            .then(|| ok(&reply(id, Ok(json!(hash(&blocks[11]))))))
    };
    check_lie(lie, expect!["http://NODE, getblock, height 10: block 051bbd5a0a02bbb9368354c4ead03d722cc865d8c687a84f016fc7ed9f2ef397 follows 48cbbebaa79368e7291c9bee66084a3dd854d18e61a4a4ff6d14c78c873b8d10, but the node gave 5428dc9e03b13d182e3f9c6360887dff068ccc40143474131dbb1a566581de67 for the height below; asked 5 times"]).await;
}

#[tokio::test]
async fn a_block_that_claims_another_height() {
    let genesis = regtest(0, 0);
    let blocks = [genesis[0].clone(), next(&genesis[0], 700, 0)];
    let url = serve_rpc(move |method, parameters, id| {
        ok(&reply(id, honest(&blocks, method, parameters)))
    });
    let said = catch_up(&url.await, LIMITS, &mut Store::new()).await.unwrap_err();
    expect!["http://NODE, getblock, height 1: block 558c5ae56bfd48e5dbf6e3806259c2cacca233a9aaada5a57058a82a93d623a4 claims height 700"].assert_eq(&said);
}

#[tokio::test]
async fn a_block_that_follows_another() {
    let lie = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        let stray = next(&blocks[5], 10, 9);
        match method {
            "getblockhash" if parameters[0] == 10 => Some(ok(&reply(id, Ok(json!(hash(&stray)))))),
            "getblock" if parameters[0] == hash(&stray).as_str() => {
                Some(ok(&reply(id, Ok(json!(hex::encode(&stray))))))
            }
            _ => None,
        }
    };
    check_lie(lie, expect!["http://NODE, getblock, height 10: block 6a2449c4d57cef2b1f9b9793532d3e45c759e5e1897807ea5c14d80cf5e1e8a8 follows 6042d58f759bfabfac6155d0f4be190e93430480811d3631e359c58a4ba9cfe4, but the node gave 5428dc9e03b13d182e3f9c6360887dff068ccc40143474131dbb1a566581de67 for the height below; asked 5 times"]).await;
}

#[tokio::test]
async fn a_node_that_goes_back_in_height() {
    let lie = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        Some(ok(&reply(id, honest(&blocks[..5], method, parameters))))
    };
    check_lie(lie, expect!["http://NODE, getblockchaininfo: the node's chain ends at height 4, the store's at 7; nothing was rolled back: wait until the node has caught up, or ask another node"]).await;
}

#[tokio::test]
async fn a_tip_without_its_blocks() {
    let lie = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        (method == "getblockhash")
            .then(|| ok(&reply(id, honest(&blocks[..10], method, parameters))))
    };
    check_lie(lie, expect!["http://NODE, getblockhash, height 10: half an answer: no block there, and a tip of 12 or more"]).await;
    let pruned = |_: &[Vec<u8>], method: &str, _: &Value, id: &Value| {
        let pruned = Err((-1, "Block not available (pruned data)".to_owned()));
        (method == "getblock").then(|| ok(&reply(id, pruned)))
    };
    check_lie(pruned, expect!["http://NODE, getblock, height 8: the node says: Block not available (pruned data) (code -1)"]).await;
}

#[tokio::test]
async fn half_answers() {
    let connection = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        let whole = reply(id, honest(blocks, method, parameters)).to_string();
        (method == "getblock").then(|| cut(&whole))
    };
    check_lie(connection, expect!["http://NODE, getblock, height 8: the answer stops in the middle: connection closed before message completed"]).await;
    let text = |blocks: &[Vec<u8>], method: &str, parameters: &Value, id: &Value| {
        let whole = reply(id, honest(blocks, method, parameters)).to_string();
        (method == "getblock").then(|| whole[..whole.len() / 2].to_owned().into_response())
    };
    check_lie(text, expect!["http://NODE, getblock, height 8: the answer stops in the middle: EOF while parsing a string at line 1 column 162"]).await;
    let nothing = |_: &[Vec<u8>], method: &str, _: &Value, id: &Value| {
        (method == "getblock").then(|| ok(&reply(id, Ok(Value::Null))))
    };
    check_lie(
        nothing,
        expect!["http://NODE, getblock, height 8: the answer holds neither a result nor an error"],
    )
    .await;
}

#[tokio::test]
async fn answers_that_never_come_or_never_end() {
    let late =
        |_: &[Vec<u8>], method: &str, _: &Value, _: &Value| (method == "getblock").then(silent);
    check_lie(
        late,
        expect!["http://NODE, getblock, height 8: no complete answer within 400 ms, asked 2 times"],
    )
    .await;
    let much =
        |_: &[Vec<u8>], method: &str, _: &Value, _: &Value| (method == "getblock").then(endless);
    check_lie(much, expect!["http://NODE, getblock, height 8: the answer is larger than 8004096 bytes; it was not read on"]).await;
}

#[tokio::test]
async fn answers_that_are_something_else() {
    let other_call = |blocks: &[Vec<u8>], method: &str, parameters: &Value, _: &Value| {
        let answer = honest(blocks, method, parameters);
        (method == "getblockhash").then(|| ok(&reply(&json!("x"), answer)))
    };
    check_lie(
        other_call,
        expect![[r#"http://NODE, getblockhash, height 0: the answer is to call "x", not to 2"#]],
    )
    .await;
    let page = |_: &[Vec<u8>], method: &str, _: &Value, _: &Value| {
        (method == "getblock").then(|| "<html>\nlogin</html>".into_response())
    };
    check_lie(page, expect!["http://NODE, getblock, height 8: not an answer to this call: expected value at line 1 column 1"]).await;
    let deep = |_: &[Vec<u8>], method: &str, _: &Value, _: &Value| {
        (method == "getblock").then(|| "[".repeat(100_000).into_response())
    };
    check_lie(
        deep,
        expect!["http://NODE, getblock, height 8: the answer is nested deeper than 120 levels"],
    )
    .await;
    let shape = |_: &[Vec<u8>], method: &str, _: &Value, id: &Value| {
        (method == "getblockhash").then(|| ok(&reply(id, Ok(json!({ "hash": 1 })))))
    };
    check_lie(shape, expect!["http://NODE, getblockhash, height 0: not an answer to this call: invalid type: map, expected a string at line 1 column 30"]).await;
}

#[tokio::test]
async fn refusals() {
    let secret = |_: &[Vec<u8>], _: &str, _: &Value, _: &Value| {
        Some(StatusCode::UNAUTHORIZED.into_response())
    };
    check_lie(secret, expect!["http://NODE, getblockchaininfo: refused (HTTP 401); give the node's user and password, or its cookie file"]).await;
    let busy = |_: &[Vec<u8>], _: &str, _: &Value, _: &Value| {
        Some((StatusCode::SERVICE_UNAVAILABLE, "Work queue depth exceeded").into_response())
    };
    check_lie(busy, expect!["http://NODE, getblockchaininfo: HTTP 503: Work queue depth exceeded"])
        .await;
    let error = |_: &[Vec<u8>], method: &str, _: &Value, id: &Value| {
        let body = reply(id, Err((-32601, "Method not found".to_owned()))).to_string();
        (method == "getblock").then(|| (StatusCode::INTERNAL_SERVER_ERROR, body).into_response())
    };
    check_lie(
        error,
        expect!["http://NODE, getblock, height 8: the node says: Method not found (code -32601)"],
    )
    .await;
    let elsewhere = |_: &[Vec<u8>], _: &str, _: &Value, _: &Value| {
        let to = [("location", "http://127.0.0.1:1/")];
        Some((StatusCode::TEMPORARY_REDIRECT, to).into_response())
    };
    check_lie(elsewhere, expect!["http://NODE, getblockchaininfo: HTTP 307"]).await;
}

#[tokio::test]
async fn another_network() {
    let lie = |blocks: &[Vec<u8>], method: &str, _: &Value, id: &Value| {
        (method == "getblockhash").then(|| ok(&reply(id, Ok(json!(hash(&blocks[1]))))))
    };
    check_lie(lie, expect!["http://NODE, getblockchaininfo: the node is on `regtest` (genesis 14e07f7fd4c8e80fc07f616fc3a9290ae434ab98ed242a43fee79eddc42e4da1), not on regtest (genesis 0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206)"]).await;
}

#[tokio::test]
async fn a_node_that_is_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://ann:secret@{}", listener.local_addr().unwrap());
    drop(listener);
    let said = catch_up(&url, LIMITS, &mut Store::new()).await.unwrap_err();
    expect!["http://NODE, getblockchaininfo: cannot be reached: Connection refused (os error 111); is the node running, and does it listen there?"].assert_eq(&said);
}

#[tokio::test]
async fn reorganisations_of_100_blocks_are_followed_and_of_101_are_not() {
    let common = regtest(20, 0);
    let url = |blocks: Vec<Vec<u8>>| {
        serve_rpc(move |method, parameters, id| ok(&reply(id, honest(&blocks, method, parameters))))
    };
    let (ours, theirs) = (extended(common.clone(), 100, 1), extended(common.clone(), 103, 2));
    let mut store = Store::new();
    let said = catch_up(&url(ours).await, PATIENT, &mut store).await.unwrap();
    assert_eq!(said, ["-0 +121 = 120"]);
    let said = catch_up(&url(theirs.clone()).await, PATIENT, &mut store).await.unwrap();
    assert_eq!(said, ["-100 +103 = 123"], "all that is replaced comes in one step");
    assert_eq!(store.tip().unwrap().1.to_string(), hash(&theirs[123]));

    let longer = extended(common[..20].to_vec(), 110, 3);
    let mut store = Store::new();
    catch_up(&url(extended(common, 100, 1)).await, PATIENT, &mut store).await.unwrap();
    let said = catch_up(&url(longer).await, PATIENT, &mut store).await.unwrap_err();
    expect!["http://NODE, getblockhash, height 120: the node's chain parts from the store more than 100 blocks below, or below all of, what is stored up to TIP; nothing was rolled back: if the node is right, import again"].assert_eq(&said.replace(&store.tip().unwrap().1.to_string(), "TIP"));
    assert_eq!(store.tip().unwrap().0, Height(120));
}

/// What Bitcoin Core's REST interface answers with these blocks.
fn rest(blocks: &[Vec<u8>], path: &str) -> Response {
    let found = match path.trim_start_matches("/rest/").split_once('/') {
        None => {
            let info = honest(blocks, "getblockchaininfo", &json!([])).unwrap();
            Some(info.to_string().into_bytes())
        }
        Some(("blockhashbyheight", height)) => {
            let height: usize = height.trim_end_matches(".hex").parse().unwrap();
            blocks.get(height).map(|block| (hash(block) + "\n").into_bytes())
        }
        Some((_, asked)) => {
            blocks.iter().find(|block| hash(block) == asked.trim_end_matches(".bin")).cloned()
        }
    };
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

#[tokio::test]
async fn rest_gives_the_same_and_its_lies_are_found() {
    let blocks = regtest(12, 0);
    let truth = blocks.clone();
    let url = serve(move |path, _| rest(&truth, &path)).await + "/rest";
    let mut store = Store::new();
    assert_eq!(catch_up(&url, PATIENT, &mut store).await.unwrap(), ["-0 +13 = 12"]);

    let liar = serve(move |path, _| {
        if path.contains("/block/") {
            blocks[3].clone().into_response()
        } else {
            rest(&blocks, &path)
        }
    });
    let said = catch_up(&(liar.await + "/rest"), LIMITS, &mut Store::new()).await.unwrap_err();
    expect!["http://NODE, rest/block, height 0: block 0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206 was asked for, the bytes are block 37e4e0fb5daf79de610b9cdca10d874651e306b54b70848b6521f3b52ecb0817"].assert_eq(&said);
    let absent = serve(|_, _| StatusCode::NOT_FOUND.into_response()).await + "/rest";
    let said = catch_up(&absent, LIMITS, &mut Store::new()).await.unwrap_err();
    expect!["http://NODE, rest/chaininfo: HTTP 404"].assert_eq(&said);
}
