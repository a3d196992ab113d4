//! Prints how many leaves a second the tree takes, and how fast it proves and verifies.
//!
//! `cargo run --release -p ledger --example leaf_rate`

use std::collections::HashMap;
use std::time::Instant;

use ledger::checkpoint::Checkpoint;
use ledger::note::SigningKey;
use ledger::tree::{Frontier, inclusion_proof, verify_inclusion};
use ledger::{Entry, Hash, LeafIndex};

const LEAVES: u64 = 1 << 20;
const BATCH: u64 = 512;
const PROOFS: u64 = 20_000;
const SIGNATURES: u64 = 5_000;

fn main() {
    let start = Instant::now();
    let record = [b'r'; 400];
    let leaves: Vec<Hash> = (0..LEAVES)
        .map(|number| {
            let mut salt = [0; 32];
            salt[..8].copy_from_slice(&number.to_be_bytes());
            Entry::of("comity record v1", &salt, &record).leaf_hash()
        })
        .collect();
    rate("entry and leaf hash of a 400-byte record", LEAVES, start);

    let start = Instant::now();
    let (mut frontier, mut nodes) = (Frontier::new(), Vec::new());
    for batch in leaves.chunks(BATCH as usize) {
        nodes.extend(frontier.append_all(batch.iter().copied()));
        std::hint::black_box(frontier.root());
    }
    rate("append, with a root for each batch of 512", LEAVES, start);

    let stored: HashMap<_, _> = nodes.iter().map(|node| (node.id, node.hash)).collect();
    let (size, root) = (frontier.size(), frontier.root());
    let places = (0..PROOFS).map(|number| LeafIndex(number * 52_429 % LEAVES));
    let start = Instant::now();
    let proofs: Vec<_> = places
        .map(|index| {
            let proof = inclusion_proof(index, size, |id| stored.get(&id).copied());
            (index, proof.expect("every node is stored"))
        })
        .collect();
    rate("inclusion proofs made", PROOFS, start);
    let start = Instant::now();
    for (index, proof) in &proofs {
        let leaf = leaves[index.0 as usize];
        verify_inclusion(leaf, *index, size, proof, root).expect("every proof holds");
    }
    rate("inclusion proofs verified", PROOFS, start);

    let key = SigningKey::from_seed("log.example/desk", [7; 32]).expect("the name is allowed");
    let start = Instant::now();
    for _ in 0..SIGNATURES {
        let signed = Checkpoint::new(key.name(), size, root).sign(&key).expect("name is origin");
        std::hint::black_box(signed.to_string());
    }
    rate("checkpoints signed and printed", SIGNATURES, start);
    println!("{} stored nodes for {LEAVES} leaves", nodes.len());
}

fn rate(what: &str, count: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{:>12.0}/s  {what}", count as f64 / seconds);
}
