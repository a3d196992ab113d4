//! Made-up chains: sound regtest blocks with real proof of work, and blocks of rows with made-up
//! ids.

use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version};
use bitcoin::consensus::serialize;
use bitcoin::hashes::Hash as _;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, TxIn, TxMerkleNode,
    TxOut, Witness, transaction,
};
use chain::block::{Coin, Transaction, TransactionInput};
use chain::store::NewBlock;
use chain::{Height, Satoshi, Txid};

/// The network's first block, as a file has it.
pub fn genesis() -> Block {
    bitcoin::constants::genesis_block(bitcoin::Network::Regtest)
}

/// A block that follows another, with a coinbase to a key of its own and these transactions.
pub fn mine(previous: &Block, height: u32, salt: u8, others: Vec<bitcoin::Transaction>) -> Block {
    let coinbase = bitcoin::Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: ScriptBuf::builder()
                .push_int(i64::from(height))
                .push_int(salt.into())
                .into_script(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![pay(5_000_000_000, &[height.to_le_bytes(), [salt; 4]].concat())],
    };
    let mut txdata = vec![coinbase];
    txdata.extend(others);
    let mut block = Block {
        header: Header {
            version: Version::TWO,
            prev_blockhash: previous.block_hash(),
            merkle_root: TxMerkleNode::all_zeros(),
            time: previous.header.time + 600,
            bits: CompactTarget::from_consensus(0x207f_ffff),
            nonce: 0,
        },
        txdata,
    };
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    block
}

/// An output to a made-up key hash.
pub fn pay(value: u64, to: &[u8]) -> TxOut {
    let mut hash = [0; 20];
    hash[..to.len()].copy_from_slice(to);
    let script_pubkey = ScriptBuf::new_p2pkh(&bitcoin::PubkeyHash::from_byte_array(hash));
    TxOut { value: Amount::from_sat(value), script_pubkey }
}

/// A transaction that spends outputs of others.
pub fn spend(from: &[(&bitcoin::Transaction, u32)], to: Vec<TxOut>) -> bitcoin::Transaction {
    let input = from.iter().map(|(from, vout)| TxIn {
        previous_output: OutPoint { txid: from.compute_txid(), vout: *vout },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::from_slice(&[b"signature"]),
    });
    bitcoin::Transaction {
        version: transaction::Version(77),
        lock_time: LockTime::from_consensus(5),
        input: input.collect(),
        output: to,
    }
}

/// A chain of so many blocks above the first, in each a spend of the coinbase before it.
pub fn blocks(count: u32) -> Vec<Block> {
    let mut chain = vec![genesis()];
    for height in 1..=count {
        let previous = &chain[height as usize - 1];
        let mut others = Vec::new();
        if height > 1 {
            let to = vec![pay(1_000_000_000, b"shop"), pay(3_999_990_000, &height.to_le_bytes())];
            others.push(spend(&[(&previous.txdata[0], 0)], to));
        }
        let next = mine(previous, height, 0, others);
        chain.push(next);
    }
    chain
}

/// Blocks as a file of frames.
pub fn framed<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in blocks {
        let content = serialize(block);
        bytes.extend_from_slice(&chain::Network::Regtest.magic());
        bytes.extend_from_slice(&(content.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&content);
    }
    bytes
}

pub fn hash(block: &Block) -> chain::BlockHash {
    let hash: BlockHash = block.block_hash();
    chain::BlockHash(hash.to_byte_array())
}

/// A made-up id.
pub fn txid(number: u64) -> Txid {
    let mut txid = [0xab; 32];
    txid[..8].copy_from_slice(&(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes());
    txid[8..16].copy_from_slice(&number.to_le_bytes());
    Txid(txid)
}

/// A transaction of rows: inputs as outpoints, outputs as values and scripts.
pub fn row(id: Txid, inputs: &[(Txid, u32)], outputs: &[(u64, &[u8])]) -> Transaction {
    let previous = |(txid, vout): &(Txid, u32)| chain::OutPoint { txid: *txid, vout: *vout };
    let input = |point| TransactionInput { previous: previous(point), coin: None };
    let coin =
        |(value, script): &(u64, &[u8])| Coin { value: Satoshi(*value), script: (*script).into() };
    Transaction {
        txid: id,
        inputs: inputs.iter().map(input).collect(),
        outputs: outputs.iter().map(coin).collect(),
        features: None,
    }
}

/// A block of rows, of which no hash is known.
pub fn rows(height: u32, transactions: Vec<Transaction>) -> NewBlock {
    NewBlock { hash: None, previous: None, height: Some(Height(height)), time: None, transactions }
}
