//! A block's hash from its header's fields (Yellow Paper, 4.4.3; EIP-1559, 4895, 4844, 4788, 7685).
//! Knows no difficulty rule and no signature: it tells whether the node's answer hangs together.

use super::wire::Block;
use crate::account::Hash256;
use crate::account::field::{AnswerError, At};
use sha3::{Digest as _, Keccak256};

/// The hash of the header's fields; none where a field is missing without which it has none.
pub(super) fn hash(block: &Block<'_>, at: &At) -> Result<Option<Hash256>, AnswerError> {
    let header = &block.header;
    let (Some(difficulty), Some(gas_limit)) = (&header.difficulty, &header.gas_limit) else {
        return Ok(None);
    };
    let mut list = Vec::with_capacity(700);
    let head: [(&str, Option<&str>); 7] = [
        ("parentHash", Some(&block.parent_hash)),
        ("sha3Uncles", header.sha3_uncles.as_deref()),
        ("miner", Some(&block.miner)),
        ("stateRoot", header.state_root.as_deref()),
        ("transactionsRoot", header.transactions_root.as_deref()),
        ("receiptsRoot", header.receipts_root.as_deref()),
        ("logsBloom", header.logs_bloom.as_deref()),
    ];
    for (field, text) in head {
        let Some(text) = text else { return Ok(None) };
        string(&mut list, &at.bytes(field, text)?);
    }
    number(&mut list, at.u128("difficulty", difficulty)?);
    number(&mut list, at.u128("number", &block.number)?);
    number(&mut list, at.u128("gasLimit", gas_limit)?);
    number(&mut list, at.u128("gasUsed", &block.gas_used)?);
    number(&mut list, at.u128("timestamp", &block.timestamp)?);
    let tail = [
        ("extraData", &header.extra_data),
        ("mixHash", &header.mix_hash),
        ("nonce", &header.nonce),
    ];
    for (field, text) in tail {
        let Some(text) = text else { return Ok(None) };
        string(&mut list, &at.bytes(field, text)?);
    }
    // Each fork appended its fields, so that one which is there implies those before it.
    if let Some(fee) = &block.base_fee_per_gas {
        number(&mut list, at.u128("baseFeePerGas", fee)?);
    }
    if let Some(root) = &header.withdrawals_root {
        string(&mut list, &at.bytes("withdrawalsRoot", root)?);
    }
    if let Some(gas) = &header.blob_gas_used {
        number(&mut list, at.u128("blobGasUsed", gas)?);
    }
    if let Some(gas) = &header.excess_blob_gas {
        number(&mut list, at.u128("excessBlobGas", gas)?);
    }
    for (field, text) in [
        ("parentBeaconBlockRoot", &header.parent_beacon_block_root),
        ("requestsHash", &header.requests_hash),
    ] {
        if let Some(text) = text {
            string(&mut list, &at.bytes(field, text)?);
        }
    }
    let mut encoded = Vec::with_capacity(list.len() + 4);
    prefix(&mut encoded, 0xc0, list.len());
    encoded.extend_from_slice(&list);
    Ok(Some(Hash256(Keccak256::digest(&encoded).into())))
}

/// A byte string in RLP.
fn string(list: &mut Vec<u8>, bytes: &[u8]) {
    match bytes {
        [byte @ 0..=0x7f] => list.push(*byte),
        _ => {
            prefix(list, 0x80, bytes.len());
            list.extend_from_slice(bytes);
        }
    }
}

/// A number in RLP: big endian without leading zeros.
fn number(list: &mut Vec<u8>, number: u128) {
    let bytes = number.to_be_bytes();
    let zeros = number.leading_zeros() as usize / 8;
    string(list, &bytes[zeros..]);
}

fn prefix(list: &mut Vec<u8>, base: u8, length: usize) {
    if length <= 55 {
        list.push(base + length as u8);
        return;
    }
    let bytes = (length as u64).to_be_bytes();
    let zeros = (length as u64).leading_zeros() as usize / 8;
    list.push(base + 55 + (8 - zeros) as u8);
    list.extend_from_slice(&bytes[zeros..]);
}
