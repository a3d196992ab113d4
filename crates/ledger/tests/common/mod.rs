//! The log of our own vectors: `log.example/desk` with the seed 00..1f, the witness
//! `witness.example/w1` with the seed 20..3f, and the leaves "entry 0", "entry 1", ...
#![allow(dead_code)] // each test file uses its part

use std::collections::HashMap;

use ledger::checkpoint::SignedCheckpoint;
use ledger::cosignature::CosigningKey;
use ledger::note::SigningKey;
use ledger::policy::Policy;
use ledger::tree::{Frontier, Node, NodeId};
use ledger::{Hash, leaf_hash};

pub const LOG_VKEY: &str = "log.example/desk+e8b7186e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
pub const WITNESS_VKEY: &str =
    "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
pub const OWN_PROOF: &str = "c2sp.org/tlog-proof@v1
index 2
YcoROfaBWEHVuvLQ0tm9nf7pfImN1ve6DAqpQe5sAes=
WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=
SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=

log.example/desk
5
fKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=

— log.example/desk 6LcYboSl2X+81cxvAlkE4/RipzgZ14tFQ9/n77Lu24t8scwiYojGdb9328EhGzJDth97RhQBqAn4JG67E8OvTYJl7Qg=
— witness.example/w1 IDJKvgAAAABlU/EAZSdBhLX1EgtmLOa5ZOstC5aUO06qAKuO2cnKD/vqz0SfDcu1sSk2hGojnBJ65PLQRyl8tXeuPOGIFh477BUzAA==
";

pub fn log_key() -> SigningKey {
    SigningKey::from_seed("log.example/desk", std::array::from_fn(|i| i as u8)).unwrap()
}

pub fn witness_key() -> CosigningKey {
    witness_key_of("witness.example/w1", 0x20)
}

/// A further witness whose seed counts up from `first`.
pub fn witness_key_of(name: &str, first: u8) -> CosigningKey {
    CosigningKey::from_seed(name, std::array::from_fn(|i| i as u8 + first)).unwrap()
}

pub fn own_policy() -> Policy {
    let text = format!("log {LOG_VKEY}\nwitness w1 {WITNESS_VKEY}\nquorum w1\n");
    Policy::parse(text.as_bytes()).unwrap()
}

pub fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(format!("entry {i}"))).collect()
}

pub fn node_map(nodes: Vec<Node>) -> HashMap<NodeId, Hash> {
    nodes.into_iter().map(|node| (node.id, node.hash)).collect()
}

/// The tree of five leaves.
pub fn own_tree() -> (Frontier, HashMap<NodeId, Hash>) {
    let mut frontier = Frontier::new();
    let nodes = frontier.append_all(leaves(5));
    (frontier, node_map(nodes))
}

/// Its checkpoint, signed by the log alone.
pub fn own_checkpoint() -> SignedCheckpoint {
    let text = OWN_PROOF.split_once("\n\n").unwrap().1.split("— witness").next().unwrap();
    SignedCheckpoint::parse(text.as_bytes()).unwrap()
}

pub fn hash(hex: &str) -> Hash {
    Hash::from_hex(hex).unwrap()
}
