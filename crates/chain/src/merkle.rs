//! The Merkle root of a block's transactions. Knows no blocks.

use crate::Txid;
use bitcoin::hashes::{Hash as _, HashEngine as _, sha256d};

/// The root over these transaction ids, or `None` where two neighbours are equal: such a list has
/// the same root as a shorter one (CVE-2012-2459), so it proves nothing.
pub(crate) fn root(txids: impl Iterator<Item = Txid>) -> Option<[u8; 32]> {
    let mut level: Vec<[u8; 32]> = txids.map(|txid| txid.0).collect();
    while level.len() > 1 {
        let half = level.len().div_ceil(2);
        for index in 0..half {
            let left = level[2 * index];
            let right = level.get(2 * index + 1).copied();
            if right == Some(left) {
                return None;
            }
            let mut engine = sha256d::Hash::engine();
            engine.input(&left);
            engine.input(&right.unwrap_or(left));
            level[index] = sha256d::Hash::from_engine(engine).to_byte_array();
        }
        level.truncate(half);
    }
    level.first().copied()
}
