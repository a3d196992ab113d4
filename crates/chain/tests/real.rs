//! Real blocks, and real blocks made wrong.

use chain::block::{NamedBytes, decode_file};
use chain::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

fn path(name: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain/btc-blocks");
    let file = PathBuf::from(root).join(name);
    if !file.exists() {
        println!("SKIPPED: real data is absent: shared/data/chain/btc-blocks/{name}");
        return None;
    }
    Some(file)
}

fn data(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(path(name)?).unwrap())
}

fn named<'a>(name: &'a str, bytes: &'a [u8]) -> NamedBytes<'a> {
    NamedBytes { name, bytes }
}

fn block_702861() -> &'static [u8] {
    bitcoin_test_data::blocks::mainnet_702861()
}

/// What is in a view, in words.
fn summary(view: &ChainView) -> String {
    let mut said = String::new();
    let mut types: BTreeMap<ScriptType, (u32, u32)> = BTreeMap::new();
    for (index, block) in view.blocks().iter().enumerate() {
        let range = view.transactions_of(BlockNumber(index as u32));
        let (mut fees, mut unknown, mut inputs) = (0, 0, 0);
        for transaction in range.clone().map(TxNumber) {
            match view.fee(transaction) {
                Some(fee) => fees += fee.0,
                None => unknown += 1,
            }
            inputs += view.inputs(transaction).len();
            for output in view.outputs(transaction) {
                let counts = types.entry(output.script_type()).or_default();
                counts.0 += 1;
                counts.1 += u32::from(output.address().is_some());
            }
        }
        let coinbase: u64 = view.outputs(TxNumber(range.start)).map(|output| output.value.0).sum();
        said.push_str(&format!(
            "block {} height {:?}: {} transactions, {inputs} inputs, coinbase {coinbase}, \
             fees {fees}, of {unknown} not known\n",
            block.hash.unwrap(),
            block.height.map(|height| height.0),
            range.len(),
        ));
    }
    for (name, (count, addresses)) in types {
        said.push_str(&format!("{name}: {count} outputs, {addresses} addresses\n"));
    }
    said
}

fn check(blocks: &[&str], undo: &[&str], network: Network, expected: Expect) {
    let read = |names: &[&str]| names.iter().map(|name| data(name)).collect::<Option<Vec<_>>>();
    let (Some(block_bytes), Some(undo_bytes)) = (read(blocks), read(undo)) else { return };
    let blocks: Vec<NamedBytes> =
        blocks.iter().zip(&block_bytes).map(|(name, bytes)| named(name, bytes)).collect();
    let undo: Vec<NamedBytes> =
        undo.iter().zip(&undo_bytes).map(|(name, bytes)| named(name, bytes)).collect();
    let view = ChainView::load(&blocks, &undo, network).unwrap();
    expected.assert_eq(&summary(&view));
}

#[test]
fn block_702861_has_taproot_neighbours() {
    let view = ChainView::load(&[named("702861", block_702861())], &[], Network::Mainnet).unwrap();
    expect![[r#"
        block 000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae height Some(702861): 2500 transactions, 6517 inputs, coinbase 629948405, fees 177177, of 2246 not known
        p2pkh: 1660 outputs, 1660 addresses
        p2sh: 1816 outputs, 1816 addresses
        p2wpkh: 2383 outputs, 2383 addresses
        p2wsh: 133 outputs, 133 addresses
        op_return: 23 outputs, 0 addresses
    "#]].assert_eq(&summary(&view));
}

#[test]
fn block_300025_with_undo_adds_up() {
    // 25 bitcoin of subsidy and the fees make the coinbase's 25.07773345.
    check(
        &["bcoin-block300025.raw"],
        &["bcoin-block300025-undo.raw"],
        Network::Mainnet,
        expect![[r#"
            block 0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c height Some(300025): 461 transactions, 1427 inputs, coinbase 2507773345, fees 7773345, of 1 not known
            p2pkh: 1221 outputs, 1221 addresses
            multisig: 5 outputs, 0 addresses
        "#]],
    );
}

#[test]
fn consecutive_testnet_blocks_with_undo_add_up() {
    // Files in any order; undo files find their blocks by themselves.
    check(
        &["bcoin-block928849.raw", "bcoin-block928848.raw"],
        &["bcoin-block928848-undo.raw", "bcoin-block928849-undo.raw"],
        Network::Testnet,
        expect![[r#"
            block 00000000000001dc1c2cbd9c2419e9fd396449be12176b3b7c78c2784eb2f5e7 height Some(928848): 676 transactions, 11215 inputs, coinbase 350976510, fees 38476510, of 1 not known
            block 000000000000008d5be88d271df4ef8559ed54d6fd9e2705a3ba9ba376d8997d height Some(928849): 993 transactions, 8594 inputs, coinbase 345636194, fees 33136194, of 1 not known
            p2pkh: 161 outputs, 161 addresses
            p2sh: 17 outputs, 17 addresses
            p2wpkh: 17434 outputs, 17434 addresses
            op_return: 29 outputs, 0 addresses
            nonstandard: 2 outputs, 0 addresses
        "#]],
    );
}

#[test]
fn the_first_255_blocks_are_counted_from_the_genesis_block() {
    let Some(file) = path("btcd-blocks1-256.bz2") else { return };
    let Ok(output) = Command::new("bzip2").arg("-dc").arg(file).output() else {
        println!("SKIPPED: bzip2 is not installed, blocks 1 to 255 cannot be unpacked");
        return;
    };
    let mut bytes = output.stdout;
    // Bitcoin Core's files end in zero bytes.
    bytes.extend([0; 1_000]);
    let blocks = decode_file(named("blk00000.dat", &bytes), Network::Mainnet).unwrap();
    let view = ChainView::from_blocks(blocks).unwrap();
    let (first, last) = (&view.blocks()[0], view.blocks().last().unwrap());
    assert_eq!(
        (view.blocks().len(), first.height, last.height),
        (255, Some(Height(1)), Some(Height(255)))
    );
    // Block 170 holds the first payment, from block 9's coinbase to Hal Finney.
    let payment =
        "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16".parse().unwrap();
    let payment = view.transaction(&payment).unwrap();
    assert_eq!(view.block(view.block_of(payment)).height, Some(Height(170)));
    let outputs: Vec<String> = view
        .outputs(payment)
        .map(|output| {
            format!("{} {} {:?}", output.value.bitcoin(), output.script_type(), output.address())
        })
        .collect();
    expect![[r#"
        10.00000000 p2pk None
        40.00000000 p2pk None"#]]
    .assert_eq(&outputs.join("\n"));
    let spent = view.inputs(payment)[0].previous;
    let coinbase = view.transaction(&spent.txid).unwrap();
    assert_eq!(view.block(view.block_of(coinbase)).height, Some(Height(9)));
    assert_eq!(view.spender(&spent), Some(Spend { transaction: payment, input: 0 }));
    assert_eq!(view.fee(payment), Some(Satoshi(0)));
}

#[test]
fn rust_bitcoin_agrees_on_ids_and_addresses() {
    let block: bitcoin::Block = bitcoin::consensus::deserialize(block_702861()).unwrap();
    let view = ChainView::load(&[named("702861", block_702861())], &[], Network::Mainnet).unwrap();
    assert!(block.check_merkle_root());
    for (number, theirs) in block.txdata.iter().enumerate() {
        let number = TxNumber(number as u32);
        assert_eq!(view.txid(number).to_string(), theirs.compute_txid().to_string());
        assert_eq!(view.outputs(number).len(), theirs.output.len());
        for (ours, theirs) in view.outputs(number).zip(&theirs.output) {
            assert_eq!(ours.value.0, theirs.value.to_sat());
            let address =
                bitcoin::Address::from_script(&theirs.script_pubkey, bitcoin::Network::Bitcoin);
            assert_eq!(ours.address(), address.ok().map(|address| address.to_string()));
        }
        if number.0 > 0 {
            for (ours, theirs) in view.inputs(number).iter().zip(&theirs.input) {
                assert_eq!(ours.previous.to_string(), theirs.previous_output.to_string());
            }
        }
    }
}

fn fault(bytes: &[u8], network: Network) -> String {
    match decode_file(named("f.dat", bytes), network) {
        Ok(_) => "read without complaint".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn wrong_files_are_named_with_the_place() {
    let good = block_702861();
    let frame =
        |magic: [u8; 4], length: usize| [&magic[..], &(length as u32).to_le_bytes(), good].concat();
    let main = Network::Mainnet.magic();
    let said = [
        fault(&[], Network::Mainnet),
        fault(&good[..good.len() - 1], Network::Mainnet),
        fault(&[good, &[0]].concat(), Network::Mainnet),
        fault(&frame(main, good.len() - 1), Network::Mainnet),
        fault(&frame(main, good.len() + 1), Network::Mainnet),
        fault(&frame(main, good.len()), Network::Testnet),
        fault(&[frame(main, good.len()), vec![1; 9]].concat(), Network::Mainnet),
        fault(&[frame(main, good.len()), main.to_vec()].concat(), Network::Mainnet),
        {
            // A bit of the coinbase's first value: the transaction's id changes, and so the root.
            let mut bad = good.to_vec();
            let value = 629_948_405u64.to_le_bytes();
            let at = bad.windows(8).position(|bytes| bytes == value).unwrap();
            bad[at] ^= 1;
            fault(&bad, Network::Mainnet)
        },
        {
            // A bit of the header's nonce.
            let mut bad = good.to_vec();
            bad[79] ^= 1;
            fault(&bad, Network::Mainnet)
        },
    ];
    expect![[r#"
        f.dat, byte 0: the file is empty
        f.dat, byte 1381835: the file ends in the middle of a block
        f.dat, byte 1381836: 1 bytes are left over after the block; give one raw block, or blocks framed by magic and length
        f.dat, byte 1381843: the file ends in the middle of a block
        f.dat, byte 4: a block of 1381837 bytes is announced, 1381836 follow (limit 4000000)
        f.dat, byte 0: the file is of mainnet, not of testnet
        f.dat, byte 1381844: expected the mainnet magic f9beb4d9 or only zero bytes to the end (files of Bitcoin Core 28 and later may be obscured: see xor.dat)
        f.dat, byte 1381848: the file ends in the middle of a block
        f.dat, byte 0: block 000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae: the Merkle root over its transactions is not the one in its header
        f.dat, byte 0: block a391ff75577369326ec8423b2a300056d7e166f94fa064d8c866501c3e0859f2: the proof of work does not meet the block's own target"#]].assert_eq(&said.join("\n"));
}

#[test]
fn undo_data_of_another_block_is_refused() {
    let names =
        ["bcoin-block300025.raw", "bcoin-block300025-undo.raw", "bcoin-block928848-undo.raw"];
    let Some(files) = names.iter().map(|name| data(name)).collect::<Option<Vec<_>>>() else {
        return;
    };
    let load = |undo: &[u8]| {
        let (blocks, undo) = ([named("block", &files[0])], [named("undo", undo)]);
        match ChainView::load(&blocks, &undo, Network::Mainnet) {
            Ok(_) => "read without complaint".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let good = &files[1];
    let mut cheap = good.clone();
    cheap[3] = 0; // the first input's value, cut from 4.7 bitcoin to a twentieth of that
    let said = [
        load(&files[2]),
        load(&good[..good.len() - 1]),
        load(&[&good[..], &[0]].concat()),
        load(&cheap),
        load(&[]),
    ];
    expect![[r#"
        undo, byte 44258: it fits none of the 1 blocks given; the best attempt (0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c) says: 303429 bytes are left over after the last input's coin
        undo, byte 48925: it fits none of the 1 blocks given; the best attempt (0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c) says: the undo data ends early or is damaged
        undo, byte 48950: it fits none of the 1 blocks given; the best attempt (0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c) says: 1 bytes are left over after the last input's coin
        undo, byte 48950: it fits none of the 1 blocks given; the best attempt (0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c) says: transaction a17cb56f386346017346398e9fe1b72a33e2a405fd1a8c826d3beb93e87521ef would spend 4474056 satoshis and create 474226104
        undo, byte 0: it fits none of the 1 blocks given; the best attempt (0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c) says: the undo data ends early or is damaged"#]].assert_eq(&said.join("\n"));
}

#[test]
fn views_refuse_what_contradicts_itself() {
    let decoded = decode_file(named("a", block_702861()), Network::Mainnet).unwrap();
    let twice = [decoded.clone(), decoded.clone()].concat();
    let mut other = decoded.clone();
    other[0].hash = BlockHash([7; 32]);
    let mut claims = decoded.clone();
    claims.extend(other.clone());
    claims[1].previous = claims[0].hash;
    let mut double = decoded.clone();
    double[0].transactions[2].inputs = double[0].transactions[1].inputs.clone();
    let mut early = decoded.clone();
    early[0].transactions.swap(1394, 2038);
    let mut missing = decoded.clone();
    missing[0].transactions[1394].inputs[0].previous.vout = 9;
    let mut value = decoded.clone();
    value[0].transactions[1394].outputs[0].value = Satoshi(286_000_000);
    let said: Vec<String> =
        [vec![], twice, [decoded, other].concat(), claims, double, early, missing, value]
            .into_iter()
            .map(|blocks| {
                ChainView::from_blocks(blocks).err().map_or_else(String::new, |e| e.to_string())
            })
            .collect();
    expect![[r#"
        no blocks were given
        block 000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae is in a and in a; give it once
        blocks 000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae and 0707070707070707070707070707070707070707070707070707070707070707 both follow 00000000000000000009c3deb8b5e706d7be57a427f4f03f01c49d5219213b5f; leave out the stale one
        block 0707070707070707070707070707070707070707070707070707070707070707 claims height 702861, but its place in the chain is 702862
        output 52d5375c349d6aed6e9e5a0f1d7bd72d17be31751ca7d6b34b1700306e5eb153:1 is spent by 7bf717689b9033eafb2f3272719989b304bb7db616c2bfb5ded2e1b76d50a4f0 and by 2b22b06220e31781c94ccaa68f654d54749eb37a1ab0de9c3aadd27f075e434b
        transaction fb34b0a973b35abccd67e6ca2356715a581ed3d191236bb141d6dfb19e0bdbcb spends 6b84c123d18aedd8159e3f0ce537ccd61b9e6af72e584bdf343a80aadcf7b502:1, which is created later in the chain
        transaction 6b84c123d18aedd8159e3f0ce537ccd61b9e6af72e584bdf343a80aadcf7b502 spends 38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3:9, but that transaction has 2 outputs
        transaction 6b84c123d18aedd8159e3f0ce537ccd61b9e6af72e584bdf343a80aadcf7b502 spends 285652078 satoshis and creates 570275657"#]].assert_eq(&said.join("\n"));
}

#[test]
fn every_standard_script_has_its_type() {
    let key = "02".to_owned() + "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    let key = key.as_str();
    let long = format!("04{}", "11".repeat(64));
    let (hash, wide) = ("22".repeat(20), "33".repeat(32));
    let mut said = String::new();
    for script in [
        format!("21{key}ac"),
        format!("41{long}ac"),
        format!("76a914{hash}88ac"),
        format!("a914{hash}87"),
        format!("0014{hash}"),
        format!("0020{wide}"),
        format!("5120{wide}"),
        "51024e73".to_owned(),
        format!("5121{key}21{key}52ae"),
        "6a0568656c6c6f".to_owned(),
        "6a".to_owned(),
        "51".to_owned(),
        String::new(),
        "ff".repeat(3),
    ] {
        let script = hex::decode(&script).unwrap();
        let name = ScriptType::of(&script);
        let address = |network| chain::script::address(&script, network);
        said.push_str(&format!(
            "{name} {:?} {:?}\n",
            address(Network::Mainnet),
            address(Network::Regtest)
        ));
        if let Some(address) = address(Network::Signet) {
            assert_eq!(chain::script::script_of(&address, Network::Signet), Ok(script));
        }
    }
    expect![[r#"
        p2pk None None
        p2pk None None
        p2pkh Some("147Us9aEq2PvBC5wobBJw1yEpQEbPKzssA") Some("midSACfDe3qAxJZZXA9gkwBZgPqJJUpy1w")
        p2sh Some("34oVnh4gNviJGMnNvgquMeLAxvXJuaRVMZ") Some("2MvMhrRzhzPDeU9QvbpTmybKSBGjUmC6TTu")
        p2wpkh Some("bc1qyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zc6v074") Some("bcrt1qyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zs4w3j0")
        p2wsh Some("bc1qxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvescr79jt") Some("bcrt1qxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxveszjzva7")
        p2tr Some("bc1pxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvesj57v2h") Some("bcrt1pxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvenxvesg9z99z")
        witness_unknown Some("bc1pfeessrawgf") Some("bcrt1pfeesnyr2tx")
        multisig None None
        op_return None None
        op_return None None
        nonstandard None None
        nonstandard None None
        nonstandard None None
    "#]].assert_eq(&said);
    let of_other = chain::script::script_of("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Network::Signet);
    expect!["`1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa` is not an address: it is of another network than signet"].assert_eq(&of_other.unwrap_err().to_string());
}

/// A small block: header and coinbase of block 1.
const BLOCK_1: &str = "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e362990101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0704ffff001d0104ffffffff0100f2052a0100000043410496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c52da7589379515d4e0a604f8141781e62294721166bf621e73a82cbf2342c858eeac00000000";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_damaged_block_is_an_error_and_never_a_panic(
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
        cut in any::<prop::sample::Index>(),
        framed in any::<bool>(),
    ) {
        let good = hex::decode(BLOCK_1).unwrap();
        let mut bytes = good.clone();
        if framed {
            let head = [Network::Mainnet.magic(), (good.len() as u32).to_le_bytes()].concat();
            bytes.splice(0..0, head);
        }
        prop_assert!(decode_file(named("f", &bytes), Network::Mainnet).is_ok());
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(decode_file(named("f", &bytes), Network::Mainnet).is_err());
        bytes[at] ^= 1 << bit;
        let cut = cut.index(bytes.len());
        prop_assert!(decode_file(named("f", &bytes[..cut]), Network::Mainnet).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_file(named("f", &bytes), Network::Regtest);
        let mut blocks =
            decode_file(named("g", &hex::decode(BLOCK_1).unwrap()), Network::Mainnet).unwrap();
        let _ = undo::attach(&mut blocks, named("u", &bytes), Network::Mainnet);
    }
}

/// The same block with undo data in Bitcoin Core's form, as one record and as a framed file with
/// its checksum, and in the flat form, gives the same view.
#[test]
fn undo_formats_agree() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/chain_block");
    let read = |name: &str| {
        let bytes = std::fs::read(format!("{corpus}/{name}")).unwrap();
        let cut = bytes.windows(4).rposition(|bytes| bytes == b"UNDO").unwrap();
        let (block, coins) = (named("block", &bytes[..cut]), named("undo", &bytes[cut + 4..]));
        let view = ChainView::load(&[block], &[coins], Network::Regtest).unwrap();
        (0..view.transaction_count()).map(|n| view.fee(TxNumber(n))).collect::<Vec<_>>()
    };
    // Transactions spend 1,000 and pay 990; spend 600 and 500 and pay 900.
    let fees = vec![None, Some(Satoshi(10)), Some(Satoshi(200))];
    assert_eq!(read("flat_undo"), fees);
    assert_eq!(read("core_undo"), fees);
    assert_eq!(read("core_rev_file"), fees);
}
