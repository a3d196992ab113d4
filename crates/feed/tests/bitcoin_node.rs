//! A real Bitcoin node is followed: plain and segwit spends, a reorganisation by a longer branch, a
//! node that goes back and comes again. Every output is compared with the node's own answer.

mod common;

use chain::{BlockHash, Height, Network, OutPoint, OutputNumber, TxNumber, Utxo};
use common::nodes::BitcoinProcess;
use common::{PATIENT, Store, portless};
use expect_test::expect;
use feed::{BitcoinNode, Endpoint, follow};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Segwit is in force on this node's regtest from here.
const SEGWIT_HEIGHT: u32 = 432;

async fn connect(process: &BitcoinProcess) -> BitcoinNode {
    let endpoint = Endpoint::parse(&process.url()).unwrap();
    BitcoinNode::rpc(endpoint, Network::Regtest, PATIENT).await.unwrap()
}

async fn catch_up(node: &BitcoinNode, store: &mut Store) -> Vec<String> {
    let mut said = Vec::new();
    for _ in 0..100 {
        match follow::step(node, &mut store.chain, Height(0)).await.unwrap() {
            Some(step) => said.push(format!("-{} +{} = {}", step.removed, step.added, step.height)),
            None => return said,
        }
    }
    panic!("following does not end: {said:?}");
}

/// Every output, and whether it is unspent, as the chain here has it.
fn outputs<C: Utxo>(chain: &C) -> BTreeMap<OutPoint, (u64, Option<String>, bool)> {
    let one = |output| {
        let script = chain.address_of(output).map(|address| hex::encode(chain.script_of(address)));
        let unspent = chain.spender(output).is_none();
        (chain.outpoint(output), (chain.value(output).0, script, unspent))
    };
    (0..chain.output_count()).map(|output| one(OutputNumber(output))).collect()
}

/// Asks the node about every output and compares. Returns how many are unspent and how many not.
async fn compare(process: &BitcoinProcess, store: &Store) -> (usize, usize) {
    let tip = process.call("getblockchaininfo", json!([])).await;
    let (height, hash) = store.tip().unwrap();
    assert_eq!(
        (&tip["blocks"], &tip["bestblockhash"]),
        (&json!(height.0), &json!(hash.to_string()))
    );
    let chain = &store.chain;
    let outputs = outputs(chain);
    let genesis = chain.txid(TxNumber(0));
    let mut unspent_count = 0;
    for (point, (value, script, unspent)) in &outputs {
        // The genesis block's output can never be spent, so nodes do not list it.
        let listed = *unspent && point.txid != genesis && script.is_some();
        let coin = process.get(&format!("coin/{}/{}", point.txid, point.vout)).await;
        assert_eq!(coin.is_null(), !listed, "{point}: {coin}");
        if listed {
            assert_eq!(
                (&coin["value"], coin["script"].as_str()),
                (&json!(value), script.as_deref())
            );
            unspent_count += 1;
        }
    }
    (unspent_count, outputs.len() - unspent_count)
}

async fn mine(process: &BitcoinProcess, blocks: u32, to: &str) -> Vec<Value> {
    process.call("generatetoaddress", json!([blocks, to])).await.as_array().unwrap().clone()
}

async fn hand_over(from: &BitcoinProcess, to: &BitcoinProcess, heights: std::ops::Range<u32>) {
    for height in heights {
        let hash = from.call("getblockhash", json!([height])).await;
        let block = from.call("getblock", json!([hash, 0])).await;
        to.call("submitblock", json!([block])).await;
    }
}

/// A wallet with a plain and a segwit address, both with a history. Returns the plain address.
async fn history(process: &BitcoinProcess) -> String {
    let account = json!({ "type": "pubkeyhash", "witness": true });
    process.send(reqwest::Method::PUT, "wallet/primary/account/segwit", &account).await;
    let address = |account| async move {
        let address = process.wallet("getnewaddress", json!([account])).await;
        address.as_str().unwrap().to_owned()
    };
    let (plain, segwit) = (address("default").await, address("segwit").await);
    mine(process, SEGWIT_HEIGHT, &plain).await;
    process.wallet("sendtoaddress", json!([segwit, 10])).await;
    mine(process, 1, &plain).await;
    let spend = json!({
        "account": "segwit",
        "rate": 10_000,
        "outputs": [{ "address": plain, "value": 300_000_000 }, { "address": segwit, "value": 5_000 }],
    });
    let sent = process.send(reqwest::Method::POST, "wallet/primary/send", &spend).await;
    assert!(sent["tx"].as_str().unwrap().starts_with("01000000000101"), "it has a witness");
    mine(process, 2, &plain).await;
    plain
}

#[tokio::test]
async fn a_real_node_is_followed_through_a_reorganisation() {
    let (Some(process), Some(other)) =
        (BitcoinProcess::start().await, BitcoinProcess::start().await)
    else {
        return;
    };
    let plain = history(&process).await;
    let node = connect(&process).await;
    let mut store = Store::new();
    let said = catch_up(&node, &mut store).await;
    assert_eq!(said.last().unwrap(), "-0 +52 = 435", "{said:?}");
    assert_eq!(compare(&process, &store).await, (438, 7));

    // The other node takes all but the last two blocks, in which segwit money was spent, and
    // builds a longer branch.
    hand_over(&process, &other, 1..434).await;
    let theirs = other.wallet("getnewaddress", json!(["default"])).await;
    mine(&other, 6, theirs.as_str().unwrap()).await;
    hand_over(&other, &process, 434..440).await;
    assert_eq!(catch_up(&node, &mut store).await, ["-2 +6 = 439"]);
    let (unspent, _) = compare(&process, &store).await;
    assert_eq!(unspent, 440);

    // Back by three blocks: the store waits. Again there: it goes on.
    let tip = store.tip();
    let bad = process.call("getblockhash", json!([437])).await;
    process.call("invalidateblock", json!([bad])).await;
    let error = follow::step(&node, &mut store.chain, Height(0)).await.unwrap_err();
    expect!["http://NODE, getblockchaininfo: the node's chain ends at height 436, the store's at 439; nothing was rolled back: wait until the node has caught up, or ask another node"].assert_eq(&portless(&error));
    assert_eq!(store.tip(), tip);
    process.call("reconsiderblock", json!([bad])).await;
    mine(&other, 1, &plain).await;
    hand_over(&other, &process, 437..441).await;
    assert_eq!(catch_up(&node, &mut store).await, ["-0 +1 = 440"]);
    compare(&process, &store).await;
}

/// Whoever has the exhibit and a node needs nothing else: neither the store nor a file.
#[tokio::test]
async fn exhibits_replay_from_a_node_alone() {
    let Some(process) = BitcoinProcess::start().await else { return };
    history(&process).await;
    let node = connect(&process).await;
    let mut store = Store::new();
    catch_up(&node, &mut store).await;
    let chain = &store.chain;
    assert!(!chain.segments().is_empty(), "some of it is sealed");
    // The coinbase that was spent first: its money goes through a plain and a segwit payment.
    let spent = (0..chain.output_count()).map(OutputNumber).find(|o| chain.spender(*o).is_some());
    let txid = chain.txid(chain.creator(spent.unwrap()));
    for policy in trace::Policy::ALL {
        let source = trace::Source { txid, vout: None };
        let traced = trace::run(chain, &trace::Parameters::new(source, policy)).unwrap();
        assert!(traced.flow.hops.len() >= 3, "{policy}: {}", traced.flow.hops.len());
        let exhibit = trace::exhibit(&traced);
        let rests = feed::replay::rests(&exhibit).unwrap();
        assert!(rests.blocks.len() < 10, "{} blocks", rests.blocks.len());
        let view = feed::replay::fetch(&node, &rests).await.unwrap();
        assert_eq!(trace::replay(&exhibit, &view).unwrap(), trace::Replay::Same, "{policy}");
        // A changed amount is found.
        let text = String::from_utf8(exhibit).unwrap();
        let changed = text.replacen("\"source\": \"5", "\"source\": \"4", 1);
        assert_ne!(changed, text);
        let replayed = trace::replay(changed.as_bytes(), &view).unwrap();
        assert!(matches!(replayed, trace::Replay::Different(_)));
    }
}

#[tokio::test]
async fn a_real_node_says_what_it_does_not_have() {
    let Some(process) = BitcoinProcess::start().await else { return };
    let node = connect(&process).await;
    assert_eq!(node.hash_at(Height(1)).await.unwrap(), None);
    let unknown = BlockHash([7; 32]);
    let error = node.block(unknown, None).await.unwrap_err();
    expect!["http://NODE, getblock: the node says: Block not found (code -1)"]
        .assert_eq(&portless(&error));
    let endpoint = process.url().replace("x:test@", "x:wrong@");
    let endpoint = Endpoint::parse(&endpoint).unwrap();
    let error = BitcoinNode::rpc(endpoint, Network::Regtest, PATIENT).await.unwrap_err();
    expect!["http://NODE, getblockchaininfo: refused (HTTP 401); give the node's user and password, or its cookie file"].assert_eq(&portless(&error));
    let endpoint = Endpoint::parse(&process.url()).unwrap();
    let error = BitcoinNode::rpc(endpoint, Network::Mainnet, PATIENT).await.unwrap_err();
    expect!["http://NODE, getblockchaininfo: the node is on `regtest` (genesis 0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206), not on mainnet (genesis 000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f)"].assert_eq(&portless(&error));
}
