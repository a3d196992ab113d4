//! Chains for the store's tests, and the comparison with a view in memory.

use std::path::PathBuf;
use std::process::Command;

use chain::block::{NamedBytes, decode_file};
use chain::store::{ChainStore, Layout};
use chain::{
    AddressNumber, BlockNumber, ChainView, DecodedBlock, InputNumber, Network, OutputNumber,
    TxNumber, Utxo,
};

/// Segments so small that a few blocks make several, and their indexes merge.
pub const SMALL: Layout =
    Layout { segment_blocks_max: 10, segment_rows_max: 2_000, tail_blocks_min: 5 };

pub fn path(name: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain");
    let file = PathBuf::from(root).join(name);
    if !file.exists() {
        println!("SKIPPED: real data is absent: shared/data/chain/{name}");
        return None;
    }
    Some(file)
}

pub fn data(name: &str) -> Option<Vec<u8>> {
    let path = path(name)?;
    if !name.ends_with(".bz2") {
        return Some(std::fs::read(path).unwrap());
    }
    let Ok(unpacked) = Command::new("bzip2").arg("-dc").arg(path).output() else {
        println!("SKIPPED: bzip2 is not installed");
        return None;
    };
    assert!(unpacked.status.success());
    Some(unpacked.stdout)
}

/// Mainnet blocks 1 to 256, as a file of frames.
pub fn first_blocks() -> Option<Vec<u8>> {
    data("btc-blocks/btcd-blocks1-256.bz2")
}

pub fn decode(bytes: &[u8], network: Network) -> Vec<DecodedBlock> {
    decode_file(NamedBytes { name: "blocks", bytes }, network).unwrap()
}

/// Every question of [`Utxo`], asked of both.
pub fn assert_same(store: &ChainStore, view: &ChainView) {
    let (a, b): (&dyn Utxo, &dyn Utxo) = (store, view);
    assert_eq!(a.network(), b.network());
    assert_eq!(a.block_count(), b.block_count());
    assert_eq!(a.transaction_count(), b.transaction_count());
    assert_eq!(a.output_count(), b.output_count());
    assert_eq!(a.address_count(), b.address_count());
    for block in (0..b.block_count()).map(BlockNumber) {
        assert_eq!(a.block_hash(block), b.block_hash(block));
        assert_eq!(a.height(block), b.height(block));
        assert_eq!(a.block_time(block), b.block_time(block));
        assert_eq!(a.transactions_of(block), b.transactions_of(block));
    }
    for transaction in (0..b.transaction_count()).map(TxNumber) {
        assert_eq!(a.block_of(transaction), b.block_of(transaction));
        let txid = b.txid(transaction);
        assert_eq!(a.txid(transaction), txid);
        assert_eq!(a.transaction(&txid), b.transaction(&txid), "{txid}");
        assert_eq!(a.features(transaction), b.features(transaction), "{txid}");
        assert_eq!(a.outputs_of(transaction), b.outputs_of(transaction));
        // The store keeps what the view adds up.
        assert_eq!(a.fee(transaction), b.fee(transaction));
        assert_eq!(a.inputs_of(transaction), b.inputs_of(transaction));
        for input in b.inputs_of(transaction).map(InputNumber) {
            assert_eq!(a.spent(input), b.spent(input), "input {} of {txid}", input.0);
        }
    }
    for output in (0..b.output_count()).map(OutputNumber) {
        assert_eq!(a.creator(output), b.creator(output));
        assert_eq!(a.value(output), b.value(output));
        assert_eq!(a.script_type(output), b.script_type(output));
        assert_eq!(a.address_of(output), b.address_of(output));
        assert_eq!(a.spender(output), b.spender(output), "output {}", output.0);
    }
    for address in (0..b.address_count()).map(AddressNumber) {
        let script = b.script_of(address);
        assert_eq!(a.script_of(address), script);
        assert_eq!(a.address_number(&script), Some(address));
        assert_eq!(a.outputs_to(address), b.outputs_to(address), "address {}", address.0);
    }
    assert_eq!(a.transaction(&chain::Txid([9; 32])), None);
    assert_eq!(a.address_number(b"no such script"), None);
}
