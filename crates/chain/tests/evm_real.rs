//! Real blocks of Ethereum mainnet, from 2015 to 2024, without receipts.

use chain::account::block::HashCheck;
use chain::account::{AccountBlock, GapReason, Kind, Outcome};
use chain::evm::{self, EvmAnswers, EvmRules, Receipts, Traces, UnknownOutcome};
use std::path::PathBuf;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain/eth-blocks");

/// The blocks by height; none where the data is not there.
fn blocks() -> Vec<(u64, Vec<u8>)> {
    let Ok(folder) = std::fs::read_dir(FOLDER) else {
        println!("SKIPPED: real Ethereum blocks are not at {FOLDER}");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let number = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let mut blocks: Vec<_> =
        files.iter().map(|path| (number(path), std::fs::read(path).unwrap())).collect();
    blocks.sort();
    blocks
}

fn decode(bytes: &[u8], rules: &EvmRules) -> AccountBlock {
    let answers = EvmAnswers { block: bytes, receipts: Receipts::Absent, traces: Traces::Absent };
    evm::decode(answers, rules).unwrap()
}

#[test]
fn all_real_blocks_decode_and_hash_to_themselves() {
    let blocks = blocks();
    let (mut transactions, mut withdrawals) = (0, 0);
    for (number, bytes) in &blocks {
        let block = decode(bytes, &EvmRules::of(1));
        assert_eq!(block.number, *number);
        assert_eq!(block.hash_checked, HashCheck::Recomputed, "block {number}");
        assert!(block.transactions.iter().all(|one| one.outcome == Outcome::Unknown));
        // Without receipts nothing but rewards and withdrawals is known to have moved.
        assert!(block.movements.iter().all(|one| one.from.is_none()));
        let unknown =
            block.gaps.iter().filter(|gap| gap.reason == GapReason::OutcomeUnknown).count();
        let paying = block.transactions.iter().filter(|one| one.value > 0).count();
        assert_eq!(unknown, paying, "block {number}: nothing is left out in silence");
        transactions += block.transactions.len();
        withdrawals += block.movements.iter().filter(|one| one.kind == Kind::Withdrawal).count();
    }
    if !blocks.is_empty() {
        assert_eq!((blocks.len(), transactions, withdrawals), (43, 13_083, 224));
    }
}

#[test]
fn values_are_moved_when_the_caller_assumes_success() {
    let rules = EvmRules { unknown_outcome: UnknownOutcome::AssumeSuccess, ..EvmRules::of(1) };
    for (number, bytes) in blocks() {
        let block = decode(&bytes, &rules);
        let moved: u128 = block
            .movements
            .iter()
            .filter(|one| one.kind == Kind::ValueAssumed)
            .map(|one| one.amount)
            .sum();
        let sent: u128 =
            block.transactions.iter().filter(|one| one.recipient.is_some()).map(|t| t.value).sum();
        assert_eq!(moved, sent, "block {number}");
    }
}

#[test]
fn rewards_follow_the_forks_of_mainnet() {
    for (number, bytes) in blocks() {
        let block = decode(&bytes, &EvmRules::of(1));
        let reward = block.movements.iter().find(|one| one.kind == Kind::Reward);
        let milliether = reward.map_or(0, |one| one.amount / 1_000_000_000_000_000);
        let base = match number {
            0..4_370_000 => 5_000,
            4_370_000..7_280_000 => 3_000,
            7_280_000..15_537_394 => 2_000,
            _ => 0,
        };
        let uncles =
            block.gaps.iter().filter(|gap| gap.reason == GapReason::UncleUnknown).count() as u128;
        assert_eq!(milliether, base + base * uncles / 32, "block {number}");
    }
}

#[test]
fn a_header_that_was_changed_is_refused() {
    let Some((_, bytes)) = blocks().pop() else { return };
    let text = String::from_utf8(bytes).unwrap();
    let changed = text.replacen("\"timestamp\": \"0x66", "\"timestamp\": \"0x67", 1);
    let changed = if changed == text {
        text.replacen("\"timestamp\":\"0x66", "\"timestamp\":\"0x67", 1)
    } else {
        changed
    };
    assert_ne!(changed, text);
    let answers = EvmAnswers {
        block: changed.as_bytes(),
        receipts: Receipts::Absent,
        traces: Traces::Absent,
    };
    let error = evm::decode(answers, &EvmRules::of(1)).unwrap_err().to_string();
    assert!(error.starts_with("EVM block 19934116, field `hash`: the header's fields hash to"));
}
