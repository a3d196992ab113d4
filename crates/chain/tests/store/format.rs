//! What outsiders rely on: the bytes of a small store. A difference is a new format version.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chain::Network;
use chain::store::{ChainStore, Layout};
use expect_test::expect_file;
use tempfile::TempDir;

use super::checks;
use super::made::{row, rows, txid};

/// Two sealed blocks and two in the tail, one of them in a journal that began below: a repeated address, data, an input from outside, an odd
/// version, a spend within the segment and one of the tail.
fn store(dir: &Path) -> PathBuf {
    let layout = Layout { segment_blocks_max: 2, segment_rows_max: 100, tail_blocks_min: 1 };
    let path = dir.join("chain");
    let mut store = ChainStore::create(&path, Network::Regtest, layout).unwrap();
    store.append_block(rows(7, vec![row(txid(1), &[], &[(50, &[0x51]), (3, &[0x6a])])])).unwrap();
    let mut odd = row(txid(3), &[(txid(1), 0), (txid(9), 2)], &[(20, &[0x51]), (30, &[0x52])]);
    odd.features =
        Some(chain::Features { version: -3, lock_time: 11, replaceable: true, witness: false });
    store.append_block(rows(8, vec![row(txid(2), &[], &[(50, &[0x53])]), odd])).unwrap();
    let spend = row(txid(5), &[(txid(3), 1)], &[(30, &[0x51])]);
    store.append_block(rows(10, vec![row(txid(4), &[], &[(50, &[0x53])]), spend])).unwrap();
    store.append_block(rows(11, vec![row(txid(6), &[], &[(50, &[0x53])])])).unwrap();
    store.commit().unwrap();
    assert_eq!(store.segments().len(), 1);
    path
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn the_bytes_of_a_small_store_are_golden() {
    let dir = TempDir::new().unwrap();
    let store = store(dir.path());
    let mut found = Vec::new();
    files(&store, &mut found);
    found.sort();
    let mut text = String::new();
    for path in found {
        let name = path.strip_prefix(&store).unwrap().display().to_string();
        let bytes = std::fs::read(&path).unwrap();
        writeln!(text, "{name}: {} bytes", bytes.len()).unwrap();
        for line in bytes.chunks(40) {
            writeln!(text, "  {}", hex::encode(line)).unwrap();
        }
    }
    expect_file!["../golden/chain-store.txt"].assert_eq(&text);
}

/// Inputs of the fuzzer, replayed on a stable compiler, and each with bytes changed and cut off.
#[test]
fn every_input_of_the_corpus_is_read_without_a_panic() {
    let dir = TempDir::new().unwrap();
    let store = store(dir.path());
    let corpus = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let manifest = std::fs::read(store.join("manifest")).unwrap();
        let journal = std::fs::read(store.join("journal-000001")).unwrap();
        let one = |folder: &str, name: &str, bytes: &[u8]| {
            std::fs::create_dir_all(corpus.join(folder)).unwrap();
            std::fs::write(corpus.join(folder).join(name), bytes).unwrap();
        };
        one("chain_manifest", "one_segment", &manifest[..manifest.len() - 32]);
        one("chain_journal", "empty", &std::fs::read(store.join("journal-000001")).unwrap()[..20]);
        one("chain_journal", "one_block", &journal);
        // Kind and contents of its only record.
        let record = [&journal[20..21], &journal[25..journal.len() - 16]].concat();
        one("chain_journal", "record", &record);
    }
    for (name, check) in checks::TARGETS {
        let folder = corpus.join(name);
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let input = std::fs::read(entry.unwrap().path()).unwrap();
            check(&input);
            count += 1;
            for at in 0..input.len() {
                let mut changed = input.clone();
                changed[at] ^= 1 << (at % 8);
                check(&changed);
                check(&input[..at]);
            }
        }
        assert!(count > 0, "{} holds no inputs", folder.display());
    }
}
