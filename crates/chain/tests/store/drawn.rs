//! Blocks drawn from seeds.

use std::sync::Arc;

use chain::block::{Coin, DecodedBlock, FileFacts, Transaction, TransactionInput};
use chain::{BlockHash, Features, FileDigest, Height, Network, OutPoint, Satoshi};

use super::made::txid;

/// A small stream of numbers from a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

/// The outputs nobody has spent, in the order of their creation.
fn unspent(blocks: &[DecodedBlock]) -> Vec<(OutPoint, Coin)> {
    let mut unspent: Vec<(OutPoint, Coin)> = Vec::new();
    for transaction in blocks.iter().flat_map(|block| &block.transactions) {
        for input in &transaction.inputs {
            unspent.retain(|(point, _)| *point != input.previous);
        }
        for (vout, coin) in transaction.outputs.iter().enumerate() {
            let point = OutPoint { txid: transaction.txid, vout: vout as u32 };
            unspent.push((point, coin.clone()));
        }
    }
    unspent
}

fn script(draw: &mut Draw) -> Box<[u8]> {
    match draw.below(8) {
        0 => [&[0x6a, 4][..], &[draw.below(3) as u8; 4]].concat().into(),
        1 => Box::new([]),
        2 => [&[0x00, 0x14][..], &[draw.below(40) as u8; 20]].concat().into(),
        _ => [&[0x76, 0xa9, 0x14][..], &[draw.below(30) as u8; 20], &[0x88, 0xac]].concat().into(),
    }
}

/// A block on top of these, with spends of what is there and of what is not.
pub fn block(blocks: &[DecodedBlock], seed: u64) -> DecodedBlock {
    let mut draw = Draw(seed);
    let mut available = unspent(blocks);
    let number = blocks.len() as u64;
    let mut transactions = Vec::new();
    for position in 0..1 + draw.below(4) {
        let id = txid(seed ^ (number << 8) ^ position << 56);
        let mut inputs = Vec::new();
        let mut sum = 5_000_000_000;
        if position > 0 {
            sum = 0;
            for _ in 0..1 + draw.below(3) {
                if draw.below(4) == 0 || available.is_empty() {
                    let outside = txid(draw.below(u64::MAX >> 33) | 1 << 40);
                    let previous = OutPoint { txid: outside, vout: draw.below(3) as u32 };
                    let twice = |input: &TransactionInput| input.previous == previous;
                    let spent = |given: &Transaction| given.inputs.iter().any(twice);
                    let before = blocks.iter().flat_map(|block| &block.transactions).any(spent);
                    if before || inputs.iter().any(twice) || transactions.iter().any(spent) {
                        continue;
                    }
                    let coin = Coin { value: Satoshi(draw.below(1000)), script: script(&mut draw) };
                    sum += coin.value.0;
                    inputs.push(TransactionInput { previous, coin: Some(coin) });
                } else {
                    let at = draw.below(available.len() as u64) as usize;
                    let (previous, coin) = available.remove(at);
                    sum += coin.value.0;
                    let told = (draw.below(3) == 0).then_some(coin);
                    inputs.push(TransactionInput { previous, coin: told });
                }
            }
            if inputs.is_empty() {
                continue;
            }
        }
        let mut outputs = Vec::new();
        for _ in 0..1 + draw.below(4) {
            let value = draw.below(sum + 1).min(sum);
            sum -= value;
            outputs.push(Coin { value: Satoshi(value), script: script(&mut draw) });
        }
        let features = (draw.below(4) > 0).then(|| Features {
            version: [1, 2, -1, 30, 31, 1 << 30][draw.below(6) as usize],
            lock_time: draw.below(1 << 31) as u32,
            replaceable: draw.below(2) == 0,
            witness: draw.below(2) == 0,
        });
        if position > 0 {
            for (vout, coin) in outputs.iter().enumerate() {
                available.push((OutPoint { txid: id, vout: vout as u32 }, coin.clone()));
            }
        }
        transactions.push(Transaction { txid: id, inputs, outputs, features });
    }
    let previous = blocks.last().map_or(BlockHash([1; 32]), |block| block.hash);
    let mut hash = txid(seed.wrapping_add(number)).0;
    hash[31] = number as u8;
    let file = Arc::new(FileFacts { sha256: FileDigest([0; 32]), name: "made up".to_owned() });
    DecodedBlock {
        hash: BlockHash(hash),
        previous,
        time: 1_600_000_000 + number as u32,
        height: Some(Height(500 + number as u32)),
        network: Network::Regtest,
        file,
        offset: 0,
        undo: None,
        transactions,
    }
}
