//! Flipped bits, killed processes, left-over files.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bitcoin::Block;
use chain::block::NamedBytes;
use chain::store::{ChainStore, Layout, StoreError, check};
use chain::{ChainView, Network, Utxo as _};
use expect_test::expect;
use tempfile::TempDir;

use super::common::{assert_same, decode};
use super::made::{blocks, framed};

const LAYOUT: Layout =
    Layout { segment_blocks_max: 4, segment_rows_max: 1_000, tail_blocks_min: 3 };

fn view(blocks: &[Block]) -> ChainView {
    let bytes = framed(blocks);
    ChainView::load(&[NamedBytes { name: "blocks", bytes: &bytes }], &[], Network::Regtest).unwrap()
}

fn append_all(store: &mut ChainStore, blocks: &[Block]) {
    for block in decode(&framed(blocks), Network::Regtest) {
        store.append(block).unwrap();
    }
    store.commit().unwrap();
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [dir.to_owned(), dir.join("columns"), dir.join("index")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_flipped_bit_is_found_in_its_file_and_place() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chain");
    let mut store = ChainStore::create(&path, Network::Regtest, LAYOUT).unwrap();
    append_all(&mut store, &blocks(21));
    assert_eq!(store.segments().len(), 4);
    drop(store);
    let sound = check(&path, |_, _| {}).unwrap();
    assert_eq!((&sound.findings[..], &sound.notes[..], sound.blocks), (&[][..], &[][..], 22));
    let mut bytes_seen = 0;
    for file in files(&path) {
        let whole = std::fs::read(&file).unwrap();
        bytes_seen += whole.len() as u64;
        // Every byte of small files, and of large ones the ends and some between.
        let step = whole.len().div_ceil(40).max(1);
        let places = (0..whole.len()).step_by(step).chain(whole.len().checked_sub(1));
        for (turn, at) in places.enumerate() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (turn % 8);
            std::fs::write(&file, &flipped).unwrap();
            let name = file.display();
            match check(&path, |_, _| {}) {
                Ok(report) => {
                    let named = |finding: &&chain::store::Finding| {
                        finding.path == file && finding.range.contains(&(at as u64))
                    };
                    let found = report.findings.iter().find(named);
                    assert!(found.is_some(), "{name}, byte {at}: {report:?}");
                }
                Err(StoreError::Manifest { path, .. }) => assert_eq!(path, file, "byte {at}"),
                Err(other) => panic!("{name}, byte {at}: {other}"),
            }
        }
        std::fs::write(&file, &whole).unwrap();
    }
    assert_eq!(sound.bytes, bytes_seen, "every byte of every file was compared");
    assert_eq!(check(&path, |_, _| {}).unwrap(), sound);
}

#[test]
fn what_a_crash_leaves_is_noted_and_removed_and_a_torn_journal_is_cut() {
    let chain = blocks(21);
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chain");
    let mut store = ChainStore::create(&path, Network::Regtest, LAYOUT).unwrap();
    append_all(&mut store, &chain);
    drop(store);
    std::fs::write(path.join("index/txid-0-5-0"), b"half a run").unwrap();
    std::fs::write(path.join("manifest.new"), b"half a manifest").unwrap();
    let column = path.join("columns/txid");
    let mut bytes = std::fs::read(&column).unwrap();
    bytes.extend_from_slice(&[7; 100]);
    std::fs::write(&column, bytes).unwrap();
    let report = check(&path, |_, _| {}).unwrap();
    assert_eq!(report.findings, vec![], "nothing that counts is damaged");
    let notes = report.notes.join("\n").replace(&path.display().to_string(), "DIR");
    expect![[r#"
        DIR/columns/txid: 100 bytes behind the last segment
        DIR/index/txid-0-5-0: no manifest names it
        DIR/manifest.new: no manifest names it"#]]
    .assert_eq(&notes);
    let journal = files(&path)
        .into_iter()
        .filter(|file| file.display().to_string().contains("journal"))
        .max();
    let journal = journal.unwrap();
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() - 5]).unwrap();
    let reader = ChainStore::open(&path).unwrap();
    assert_same(&reader, &view(&chain[..21]));
    let mut writer = ChainStore::open_writer(&path).unwrap();
    assert_same(&writer, &view(&chain[..21]));
    append_all(&mut writer, &chain[21..]);
    assert_same(&writer, &view(&chain));
    drop(writer);
    let report = check(&path, |_, _| {}).unwrap();
    assert_eq!(report.findings, vec![]);
    assert_eq!(report.notes.len(), 1, "the column's remains are written over in time");
}

const CHILD_DIR: &str = "COMITY_TEST_STORE";
const BLOCKS: u32 = 150;

/// Not a test: the process that [`a_killed_writer_loses_nothing_it_kept`] kills.
#[test]
#[ignore = "started by a_killed_writer_loses_nothing_it_kept"]
fn child_that_is_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let mut store = ChainStore::open_or_create(Path::new(&dir), Network::Regtest, LAYOUT).unwrap();
    let all = decode(&framed(&blocks(BLOCKS)), Network::Regtest);
    let have = store.block_count() as usize;
    println!("kept {have}");
    for (index, block) in all.into_iter().enumerate().skip(have) {
        if index % 7 == 5 && store.tail_block_count() > 1 {
            // A reorganisation on the way: two blocks go and come again.
            let (again, keep) = (store.block_count(), store.block_count() - 1);
            store.rollback(keep).unwrap();
            let last =
                decode(&framed(&blocks(BLOCKS)[keep as usize..again as usize]), Network::Regtest);
            for block in last {
                store.append(block).unwrap();
            }
        }
        store.append(block).unwrap();
        store.commit().unwrap();
        println!("kept {}", index + 1);
    }
    println!("done");
}

/// Runs the child until it has said so many lines, then kills it. Gives back the last count of
/// blocks it had kept, and whether it was done.
fn run_child(dir: &Path, lines: usize) -> (u32, bool) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "damage::child_that_is_killed", "--ignored", "--nocapture"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut kept, mut done, mut seen) = (0, false, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The harness prints the test's name before the child's first word.
        if let Some((_, count)) = line.rsplit_once("kept ") {
            kept = count.parse().unwrap();
            seen += 1;
        }
        done |= line == "done";
        if seen == lines {
            break;
        }
    }
    // SIGKILL on Unix: nothing is written after it.
    let _ = child.kill();
    child.wait().unwrap();
    (kept, done)
}

#[test]
fn a_killed_writer_loses_nothing_it_kept() {
    let chain = blocks(BLOCKS);
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chain");
    drop(ChainStore::create(&path, Network::Regtest, LAYOUT).unwrap());
    let mut rounds = 0;
    loop {
        rounds += 1;
        assert!(rounds < 100, "it gets ahead each time");
        // The child runs on while its line is read, so it dies anywhere in the next steps.
        let (kept, done) = run_child(&path, 2 + rounds * 5 % 13);
        let reader = ChainStore::open(&path).unwrap();
        let count = reader.block_count();
        assert!(count + 1 >= kept, "{kept} blocks were kept, {count} are there");
        if count > 0 {
            assert_same(&reader, &view(&chain[..count as usize]));
        }
        if done {
            assert_eq!(count as usize, chain.len());
            break;
        }
    }
    drop(ChainStore::open_writer(&path).unwrap());
    let report = check(&path, |_, _| {}).unwrap();
    assert_eq!(report.findings, vec![], "after {rounds} rounds");
    println!("killed {} times", rounds - 1);
}
