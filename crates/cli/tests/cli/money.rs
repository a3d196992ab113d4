//! `comity trace`: the same bytes again, and errors that say where.

use std::path::PathBuf;

use chain::{ChainView, NamedBytes, Network, OutPoint};

use crate::support::{PEEL, comity, scratch, shared, text};

#[test]
fn an_exhibit_replays_to_the_same_bytes_and_a_changed_one_does_not() {
    let folder = scratch();
    let block = shared().path("blocks/702861.raw");
    let picture = text(folder.path().join("exhibit.svg"));
    for policy in ["poison", "haircut", "fifo", "lifo", "tiho"] {
        let run = ["trace", "run", "--blocks", &block, "--from", PEEL, "--policy", policy];
        let said = comity(&[&run[..], &["--json", "--svg", &picture]].concat()).exits(0);
        let exhibit = text(folder.path().join("exhibit.json"));
        std::fs::write(&exhibit, &said.out).expect("written");
        let replay = ["trace", "replay", &exhibit, "--blocks", &block];
        comity(&replay).exits(0).complains("the same bytes");
        let changed = said.out.replacen("278621928", "278621929", 1);
        assert_ne!(changed, said.out);
        std::fs::write(&exhibit, changed).expect("written");
        comity(&replay).exits(1).complains("different: line").complains("278621928");
        let words = comity(&run).exits(0);
        words.tells(
            "2.78621928  96ab45d75957f1084784dd27a4cda5f12f85e076be1b63afd131d5a2fd87d298:1",
        );
        let svg = std::fs::read_to_string(&picture).expect("a picture");
        assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"), "{svg}");
    }
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let folder = scratch();
    let block = shared().path("blocks/702861.raw");
    let run =
        |block: &str, from: &str| comity(&["trace", "run", "--blocks", block, "--from", from]);
    let unknown = PEEL.replacen("380", "381", 1);
    run(&block, &unknown)
        .exits(1)
        .complains(&format!("transaction {unknown} is not in the blocks given"));
    run(&block, &format!("{PEEL}:9")).exits(1).complains("has outputs 0 to 1, not 9");
    run(&block, "loot")
        .exits(2)
        .complains("`loot` is not a transaction id")
        .complains("write --from TXID, or TXID:VOUT for one output");
    run(&block, &format!("{PEEL}:two")).exits(2).complains("TXID:VOUT");
    run("absent.raw", PEEL).exits(1).complains("absent.raw: No such file");
    // Whatever is no file of blocks says what it is, once.
    let empty = text(folder.path().join("empty"));
    std::fs::create_dir(&empty).expect("a folder");
    run(&empty, PEEL)
        .exits(1)
        .complains("empty: Is a directory (os error 21); name a file, not a folder\n");
    comity(&["chain", "stats", "--log", "absent.log"])
        .exits(1)
        .complains("comity: absent.log: No such file or directory (os error 2)\n");
    comity(&["chain", "import", "--dir", &text(folder.path().join("new")), "--csv", &block])
        .exits(1)
        .complains("702861.raw: Not a directory (os error 20); name a folder, not a file\n");
    comity(&["trace", "run", "--from", PEEL])
        .exits(2)
        .complains("<--blocks <BLOCKS>...|--chain <CHAIN>>");
    comity(&["trace", "replay", &block, "--chain", &empty])
        .exits(1)
        .complains("702861.raw: not a trace exhibit: ")
        .complains("; give what `comity trace run --json` or a package's data/trace says\n");
    // What cannot be imported leaves nothing behind, and what was of no use is said.
    let (store, log) = (text(folder.path().join("store")), folder.path().join("new.log"));
    let tables = text(folder.path().join("tables"));
    let junk = text(folder.path().join("junk"));
    std::fs::write(&junk, "hello").expect("written");
    comity(&["chain", "import", "--dir", &store, "--blocks", &block, "--undo", &junk])
        .exits(0)
        .complains("the undo files fit none of these blocks");
    comity(&["chain", "export", "--dir", &store, "--csv", &tables]).exits(0);
    comity(&["chain", "import", "--log", &text(log.clone()), "--chain", "evm 1", "--csv", &tables])
        .exits(1)
        .complains("there is no column `parent_hash`");
    assert!(!log.exists(), "half a log");
    // What this kind of chain does not have is not passed over.
    let asked = |more: &[&str]| {
        comity(&[&["trace", "run", "--blocks", &block, "--from", PEEL][..], more].concat())
    };
    for more in [["--asset", "0x11"], ["--until-block", "3"], ["--contracts", "follow"]] {
        asked(&more)
            .exits(1)
            .complains(&format!("{}: this chain has outputs, no accounts", more[0]));
    }
    asked(&["--tags", &empty]).exits(1).complains("empty: the folder has no file of tags: .yaml");
    let bytes = std::fs::read(&block).expect("a block");
    let cut = text(folder.path().join("cut.raw"));
    std::fs::write(&cut, &bytes[..500_000]).expect("written");
    run(&cut, PEEL).exits(1).complains("cut.raw, byte 500000: the file ends in the middle");
}

/// Consecutive testnet blocks: money that crosses from one into the other, with undo files.
#[test]
fn money_crosses_from_block_928848_into_928849() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain/btc-blocks");
    let path = |name: &str| PathBuf::from(folder).join(format!("bcoin-block{name}.raw"));
    let (blocks, undo) = (["928848", "928849"], ["928848-undo", "928849-undo"]);
    if let Some(absent) = blocks.iter().chain(&undo).find(|name| !path(name).is_file()) {
        println!("SKIPPED: real data is absent: shared/data/chain/btc-blocks, block {absent}");
        return;
    }
    let read = |name: &&str| std::fs::read(path(name)).expect("a block");
    let bytes: Vec<_> = blocks.iter().map(read).collect();
    let named: Vec<_> =
        blocks.iter().zip(&bytes).map(|(name, bytes)| NamedBytes { name, bytes }).collect();
    let view = ChainView::load(&named, &[], Network::Testnet).expect("two blocks");
    let crossing = (0..view.transaction_count()).map(chain::TxNumber).find(|transaction| {
        let txid = view.txid(*transaction);
        let outputs = u32::try_from(view.outputs(*transaction).count()).expect("few");
        (0..outputs)
            .filter_map(|vout| view.spender(&OutPoint { txid, vout }))
            .any(|spend| view.block_of(spend.transaction) != view.block_of(*transaction))
    });
    let from = view.txid(crossing.expect("the pair is known to have one")).to_string();
    let files: Vec<String> = blocks.iter().chain(&undo).map(|name| text(path(name))).collect();
    let mut both: Vec<&str> = vec!["--network", "testnet", "--blocks", &files[0], &files[1]];
    both.extend(["--undo", &files[2], &files[3]]);
    let run = [&["trace", "run", "--from", &from, "--json"][..], &both].concat();
    let said = comity(&run).exits(0);
    let exhibit: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let hops = exhibit["hops"].as_array().expect("hops");
    let heights: std::collections::BTreeSet<_> =
        hops.iter().map(|hop| hop["block"].to_string() + &hop["height"].to_string()).collect();
    assert!(hops.len() >= 2 && heights.len() == 2, "{heights:?}");
    let scratch = scratch();
    let path = text(scratch.path().join("exhibit.json"));
    std::fs::write(&path, &said.out).expect("written");
    let replay = ["trace", "replay", &path];
    comity(&[&replay[..], &both].concat()).exits(0).complains("the same bytes");
    // Without the second block the trace is another one, and replay says so.
    let one = ["--network", "testnet", "--blocks", &files[0], "--undo", &files[2]];
    assert_eq!(comity(&[&replay[..], &one].concat()).code, 1);
}
