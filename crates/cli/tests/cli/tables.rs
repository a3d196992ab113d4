//! `comity chain export` and `import` of tables, by the real binary: words, exit codes, and an import
//! that is killed.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Said, comity, command, scratch, shared, text};

fn import(folder: &Path, csv: &str) -> Said {
    let dir = text(folder.join("again"));
    comity(&["chain", "import", "--dir", &dir, "--csv", csv, "--json"])
}

fn stats(dir: &str) -> Value {
    let said = comity(&["chain", "stats", "--dir", dir, "--json"]).exits(0);
    serde_json::from_str(&said.out).expect("JSON")
}

#[test]
fn a_store_becomes_tables_and_the_tables_the_same_store() {
    let folder = scratch();
    let (dir, csv) = (text(folder.path().join("chain")), text(folder.path().join("tables")));
    let block = shared().path("blocks/702861.raw");
    comity(&["chain", "import", "--dir", &dir, "--blocks", &block]).exits(0);
    comity(&["chain", "export", "--dir", &dir, "--csv", &csv])
        .exits(0)
        .tells("1 blocks written to ");
    comity(&["chain", "export", "--dir", &dir, "--csv", &csv])
        .exits(1)
        .complains("is there already; an export never overwrites, choose another folder");
    let said = import(folder.path(), &csv).exits(0);
    let done: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&done["added"], &done["already_there"]), (&1.into(), &0.into()));
    let again = text(folder.path().join("again"));
    let mut both = [stats(&dir), stats(&again)];
    assert_eq!(both[0].take(), both[1].take());
    comity(&["chain", "check", "--dir", &again]).exits(0).tells("sound: ");
    // A trace on the store of rows says the same as one on the block's own.
    let run = |store: &str| {
        let from = crate::support::PEEL;
        comity(&["trace", "run", "--chain", store, "--from", from]).exits(0).out
    };
    assert_eq!(run(&dir), run(&again));
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let folder = scratch();
    let csv = text(folder.path());
    import(folder.path(), &csv)
        .exits(1)
        .complains("has no table of transactions: no file whose name begins with transactions");
    let dir = text(folder.path().join("again"));
    let table = folder.path().join("transactions.csv");
    std::fs::write(&table, "block_number,hash\n1,xyz\n").expect("written");
    import(folder.path(), &csv)
        .exits(1)
        .complains("transactions.csv, line 2, column `hash`: `xyz` is not a hash");
    std::fs::write(&table, b"block_number,h\xe4sh\n1,xyz\n").expect("written");
    import(folder.path(), &csv).exits(1).complains("transactions.csv, line 1: byte 1");
    comity(&["chain", "stats", "--dir", &dir]).exits(0).tells("blocks          0");
    let log = text(folder.path().join("log"));
    comity(&["chain", "import", "--log", &log, "--csv", &csv])
        .exits(2)
        .complains("--chain <CHAIN>");
    comity(&["chain", "import", "--log", &log, "--chain", "solana", "--csv", &csv])
        .exits(2)
        .complains("`solana` is no chain: write `tron` or `evm NUMBER`");
    comity(&["chain", "import", "--dir", &dir]).exits(2).complains("--blocks");
    comity(&["chain", "export", "--dir", &dir])
        .exits(1)
        .complains("say where to write to with --csv or --parquet");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_parquet_the_command_says_how_to_get_it() {
    let folder = scratch();
    let (dir, to) = (text(folder.path().join("chain")), text(folder.path().join("tables")));
    comity(&["chain", "export", "--dir", &dir, "--parquet", &to])
        .exits(1)
        .complains("this comity was built without Parquet")
        .complains("cargo build --release --features parquet");
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_goes_there_and_back() {
    let folder = scratch();
    let path = |name: &str| text(folder.path().join(name));
    let (dir, again, to) = (path("chain"), path("again"), path("tables"));
    let block = shared().path("blocks/702861.raw");
    comity(&["chain", "import", "--dir", &dir, "--blocks", &block]).exits(0);
    comity(&["chain", "export", "--dir", &dir, "--parquet", &to]).exits(0);
    comity(&["chain", "import", "--dir", &again, "--parquet", &to]).exits(0);
    assert_eq!(stats(&dir), stats(&again));
}

/// Rows of ten thousand blocks, each with a payment of the coinbase before it.
fn many(folder: &Path, blocks: u32) {
    let id = |kind: u32, number: u32| format!("{kind:08x}{number:056x}");
    let (mut transactions, mut inputs, mut outputs) = (String::new(), String::new(), String::new());
    transactions += "block_number,index,hash\n";
    inputs += "block_number,transaction_hash,index,spent_transaction_hash,spent_output_index\n";
    outputs += "block_number,transaction_hash,index,value,script_hex\n";
    for number in 1..=blocks {
        let (coinbase, spend) = (id(1, number), id(2, number));
        transactions += &format!("{number},0,{coinbase}\n{number},1,{spend}\n");
        let before = id(1, number - 1);
        inputs += &format!("{number},{spend},0,{before},0\n");
        outputs += &format!("{number},{coinbase},0,5000,0014{number:040x}\n");
        outputs += &format!("{number},{spend},0,4000,0014{:040x}\n", number % 97);
    }
    for (name, rows) in [("transactions", transactions), ("inputs", inputs), ("outputs", outputs)] {
        std::fs::write(folder.join(format!("{name}.csv")), rows).expect("written");
    }
}

#[test]
fn an_import_that_is_killed_goes_on_where_it_was() {
    let folder = scratch();
    let tables = folder.path().join("tables");
    std::fs::create_dir(&tables).expect("a folder");
    many(&tables, 30_000);
    let csv = text(&tables);
    let (whole, killed) = (text(folder.path().join("whole")), text(folder.path().join("killed")));
    let arguments =
        |dir: &str| ["chain", "import", "--json", "--csv", &csv, "--dir", dir].map(str::to_owned);
    comity(&arguments(&whole)).exits(0);
    let manifest = folder.path().join("killed/manifest");
    let mut deaths = 0;
    for _ in 0..4 {
        let before = std::fs::read(&manifest).ok();
        let mut child = command()
            .args(arguments(&killed))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // Killed once it has sealed something more, or done when there is nothing more to seal.
        while child.try_wait().expect("it runs").is_none() {
            if std::fs::read(&manifest).ok() != before && before.is_some() {
                child.kill().expect("it is killed");
                deaths += 1;
                break;
            }
            if before.is_none() && manifest.exists() {
                child.kill().expect("it is killed");
                deaths += 1;
                break;
            }
            std::thread::yield_now();
        }
        child.wait().expect("it ended");
        comity(&["chain", "check", "--dir", &killed]).exits(0).tells("sound: ");
    }
    assert!(deaths > 1, "it was killed {deaths} times");
    let said = comity(&arguments(&killed)).exits(0);
    let done: Value = serde_json::from_str(&said.out).expect("JSON");
    let sum = done["added"].as_u64().zip(done["already_there"].as_u64()).expect("counts");
    assert_eq!(sum.0 + sum.1, 30_000);
    assert!(sum.1 > 0, "what was imported before counts");
    let digests = |dir: &str| stats(dir)["segment_digests"].clone();
    assert_eq!(digests(&killed), digests(&whole));
    assert!(digests(&whole).as_array().expect("a list").len() > 1);
}
