//! The dense columns of a view say the same as its queries by transaction id.

use chain::*;
use std::collections::BTreeSet;

/// Walks the whole view both ways.
fn agrees(view: &ChainView) {
    let mut first_use = Vec::new();
    let mut seen = BTreeSet::new();
    let mut meet = |script: &[u8]| {
        let spendable = ScriptType::of(script) != ScriptType::OpReturn;
        if spendable && seen.insert(script.to_vec()) {
            first_use.push(script.to_vec());
        }
    };
    let (mut inputs_seen, mut outputs_seen) = (0, 0);
    for block in (0..view.block_count()).map(BlockNumber) {
        assert_eq!(view.block_hash(block), view.block(block).hash);
        assert_eq!(view.height(block), view.block(block).height);
        for number in Utxo::transactions_of(view, block).map(TxNumber) {
            assert_eq!(Utxo::block_of(view, number), block);
            assert_eq!(Utxo::transaction(view, &Utxo::txid(view, number)), Some(number));
            assert_eq!(Utxo::is_coinbase(view, number), view.position(number) == 0);
            let inputs = view.inputs_of(number);
            assert_eq!(
                (inputs.start, inputs.clone().count()),
                (inputs_seen, view.inputs(number).len())
            );
            inputs_seen = inputs.end;
            for (input, given) in inputs.map(InputNumber).zip(view.inputs(number)) {
                assert_eq!(view.input_value(input), given.value);
                let coin = view.output(&given.previous);
                let script = view.input_address(input).map(|address| view.script_of(address));
                assert_eq!(script.as_deref(), coin.map(|coin| coin.script));
                match view.spent(input) {
                    Spent::Inside(output) => {
                        assert_eq!(view.outpoint(output), given.previous);
                        assert_eq!(Utxo::spender(view, output), Some(number));
                    }
                    Spent::Outside { point, .. } => {
                        assert_eq!(point, given.previous);
                        assert_eq!(view.transaction(&point.txid), None);
                        coin.iter().for_each(|coin| meet(coin.script));
                    }
                }
            }
            let outputs = view.outputs_of(number);
            assert_eq!(outputs.start, outputs_seen);
            outputs_seen = outputs.end;
            for (output, given) in outputs.map(OutputNumber).zip(view.outputs(number)) {
                meet(given.script);
                assert_eq!(view.creator(output), number);
                assert_eq!(view.value(output), given.value);
                assert_eq!(Utxo::script_type(view, output), given.script_type());
                let spend = view.spender(&view.outpoint(output)).map(|spend| spend.transaction);
                assert_eq!(Utxo::spender(view, output), spend);
                let address = view.address_of(output);
                assert_eq!(address.and_then(|address| view.address_text(address)), given.address());
                assert!(address.is_none_or(|address| view.script_of(address) == given.script));
                assert!(address.is_none_or(|address| view.outputs_to(address).contains(&output)));
            }
        }
    }
    assert_eq!(outputs_seen, view.output_count());
    let numbered: Vec<Vec<u8>> =
        (0..view.address_count()).map(|number| view.script_of(AddressNumber(number))).collect();
    assert_eq!(numbered, first_use, "addresses are numbered in order of first use");
    for (number, script) in (0..).map(AddressNumber).zip(&numbered) {
        assert_eq!(view.address_number(script), Some(number));
    }
    let posted: usize = (0..view.address_count())
        .map(|number| {
            let outputs = view.outputs_to(AddressNumber(number));
            assert!(outputs.is_sorted());
            outputs.len()
        })
        .sum();
    let paying = (0..view.output_count()).filter(|o| view.address_of(OutputNumber(*o)).is_some());
    assert_eq!(posted, paying.count());
    assert_eq!(view.address_number(b"no such script"), None);
}

#[test]
fn columns_agree_with_queries_on_a_real_block() {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let file = block::NamedBytes { name: "702861.raw", bytes };
    let view = ChainView::load(&[file], &[], Network::Mainnet).unwrap();
    assert_eq!(
        (view.transaction_count(), view.block_time(BlockNumber(0))),
        (2_500, Some(1_633_002_641))
    );
    agrees(&view);
}

#[test]
fn columns_agree_with_queries_where_undo_data_tells_of_outside() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain/btc-blocks/");
    let mut files = Vec::new();
    for name in ["block928848", "block928849", "block928848-undo", "block928849-undo"] {
        let Ok(bytes) = std::fs::read(format!("{root}bcoin-{name}.raw")) else {
            println!("SKIPPED: real data is absent: shared/data/chain/btc-blocks/bcoin-{name}.raw");
            return;
        };
        files.push((name, bytes));
    }
    let named: Vec<NamedBytes<'_>> =
        files.iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect();
    let (blocks, undo) = named.split_at(2);
    let view = ChainView::load(blocks, undo, Network::Testnet).unwrap();
    assert_eq!((view.block_count(), view.transaction_count()), (2, 1_669));
    agrees(&view);
}
