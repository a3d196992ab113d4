//! Traces over real blocks of Ethereum mainnet, each on its own: 43 blocks of 2015 to 2024. There
//! are no receipts for them, so that values are assumed to have arrived.

use chain::account::{
    AccountChain, AssetNumber, EventNumber, Hash256, Kind, Ledgers, NATIVE, TransactionNumber,
};
use chain::evm::{self, EvmAnswers, EvmRules, Receipts, Traces, UnknownOutcome};
use std::collections::BTreeMap;
use trace::Replay;
use trace::account::{AccountParameters, AccountPolicy, AccountSource, exhibit, replay, run};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chain/eth-blocks");

fn real_ledgers() -> Vec<Ledgers> {
    let Ok(folder) = std::fs::read_dir(FOLDER) else {
        println!("SKIPPED: real Ethereum blocks are not at {FOLDER}");
        return Vec::new();
    };
    let rules = EvmRules { unknown_outcome: UnknownOutcome::AssumeSuccess, ..EvmRules::of(1) };
    let one = |entry: std::io::Result<std::fs::DirEntry>| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let (receipts, traces) = (Receipts::Absent, Traces::Absent);
        let answers = EvmAnswers { block: &bytes, receipts, traces };
        let mut ledgers = Ledgers::new(AccountChain::Evm { chain_id: 1 });
        ledgers.append(&evm::decode(answers, &rules).unwrap()).unwrap();
        ledgers
    };
    folder.map(one).collect()
}

/// The transaction that moved most of the coin.
fn largest(ledgers: &Ledgers) -> Option<Hash256> {
    let events = (0..ledgers.event_count()).map(|row| ledgers.event(EventNumber(row)));
    let paid = events.filter(|event| event.kind == Kind::ValueAssumed);
    let number: Option<TransactionNumber> = paid.max_by_key(|event| event.amount)?.transaction;
    number.map(|number| ledgers.transaction(number).hash)
}

#[test]
fn every_real_block_is_traced_under_every_rule_and_replays() {
    let (mut traced, mut gapless) = (0, 0);
    let all = real_ledgers();
    for ledgers in &all {
        let Some(hash) = largest(ledgers) else { continue };
        for policy in AccountPolicy::ALL {
            let source = AccountSource::Transaction(hash);
            let parameters = AccountParameters::new(source, ledgers.asset(NATIVE), policy);
            let trace = run(ledgers, &parameters).unwrap();
            assert!(trace.comparison.iter().all(|flow| flow.totals.difference() == 0));
            let bytes = exhibit(&trace);
            assert_eq!(replay(&bytes, ledgers), Ok(Replay::Same));
            gapless += u32::from(!String::from_utf8(bytes).unwrap().contains("is not known"));
        }
        traced += 1;
    }
    if !all.is_empty() {
        assert_eq!((traced, gapless), (41, 0), "what was not given is said in every exhibit");
    }
}

#[test]
fn what_accounts_gained_is_what_came_into_being_less_what_ceased_to_be() {
    for ledgers in real_ledgers() {
        let mut made: BTreeMap<AssetNumber, i128> = BTreeMap::new();
        for row in 0..ledgers.event_count() {
            let event = ledgers.event(EventNumber(row));
            let sum = made.entry(event.asset).or_default();
            *sum += if event.from.is_none() { event.amount as i128 } else { 0 };
            *sum -= if event.to.is_none() { event.amount as i128 } else { 0 };
        }
        let mut gained: BTreeMap<AssetNumber, i128> = BTreeMap::new();
        for (asset, account) in ledgers.pairs() {
            for row in ledgers.postings(asset, account) {
                let event = ledgers.event(EventNumber(*row));
                let sum = gained.entry(asset).or_default();
                *sum += if event.to == Some(account) { event.amount as i128 } else { 0 };
                *sum -= if event.from == Some(account) { event.amount as i128 } else { 0 };
            }
        }
        assert_eq!(gained, made);
    }
}
