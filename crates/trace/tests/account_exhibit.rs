//! Exhibits over accounts: a golden one, its schema, its replay, and what is refused.

#[path = "account/mod.rs"]
mod common;

use chain::account::{Account, AccountNumber, EventNumber, Kind, Ledgers};
use common::{Row, WRAPPER, account, asset, block, hash, ledgers, pay};
use expect_test::{expect, expect_file};
use trace::account::{AccountParameters, AccountPolicy, AccountSource, exhibit, replay, run};
use trace::swap::{BridgeRules, bridge_candidates, candidates};
use trace::{Replay, Tag};

const POOL: u8 = 50;
const TOKEN: u8 = 60;

/// A theft, a bit of gas, wrapping, a swap, a tagged exchange, bait.
fn story() -> Vec<Vec<Row>> {
    let mut look_alike = [0x5a; 20];
    look_alike[..2].fill(6);
    look_alike[18..].fill(6);
    let (nobody, bait) = (Account::ZERO, Account(look_alike));
    vec![
        vec![pay(1, 2, 0, 1_000_000_000_000_000_000_000)],
        vec![pay(9, 2, 0, 500_000_000_000_000_000_000)],
        vec![
            Row(Kind::FeeBurned, account(2), nobody, 0, 2_100_000_000_000_000),
            pay(2, 6, 0, 300_000_000_000_000_000_000),
        ],
        vec![Row(Kind::Value, bait, account(2), 0, 1), Row(Kind::Value, account(2), bait, 0, 7)],
        vec![
            pay(2, WRAPPER, 0, 100_000_000_000_000_000_000),
            Row(Kind::Wrap, nobody, account(2), WRAPPER, 100_000_000_000_000_000_000),
        ],
        vec![
            pay(2, POOL, WRAPPER, 100_000_000_000_000_000_000),
            pay(POOL, 2, TOKEN, 250_000_000_000),
            Row(Kind::Internal, account(POOL), account(2), 0, 3),
        ],
        vec![pay(6, 7, 0, 299_000_000_000_000_000_000)],
    ]
}

fn parameters(policy: AccountPolicy) -> AccountParameters {
    let source = AccountSource::Transaction(hash(1, 0));
    let mut parameters = AccountParameters::new(source, asset(0), policy);
    let tag = Tag {
        label: "An exchange".to_owned(),
        source: "made up for this test".to_owned(),
        fiction: true,
    };
    parameters.tags.insert(account(7).eip55(), tag);
    parameters
}

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../docs/formats/account-exhibit.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

#[test]
fn an_exhibit_is_golden_fits_its_schema_and_replays() {
    let ledgers = ledgers(&story());
    let bytes = exhibit(&run(&ledgers, &parameters(AccountPolicy::Haircut)).unwrap());
    expect_file!["golden/account-theft.json"].assert_eq(std::str::from_utf8(&bytes).unwrap());
    let value = serde_json::from_slice(&bytes).unwrap();
    let fault = schema().iter_errors(&value).next().map(|error| error.to_string());
    assert_eq!(fault, None);
    for policy in AccountPolicy::ALL {
        let bytes = exhibit(&run(&ledgers, &parameters(policy)).unwrap());
        assert_eq!(replay(&bytes, &ledgers), Ok(Replay::Same), "{policy}");
        assert!(schema().is_valid(&serde_json::from_slice(&bytes).unwrap()));
    }
}

#[test]
fn newer_blocks_change_no_replay_and_other_blocks_are_refused() {
    let mut longer = ledgers(&story());
    let bytes = exhibit(&run(&longer, &parameters(AccountPolicy::Fifo)).unwrap());
    // 6 shows itself to be a contract, later.
    let later = vec![pay(7, 6, 0, 1), Row(Kind::Internal, account(6), account(7), 0, 1)];
    longer.append(&block(8, &[later])).unwrap();
    assert_eq!(replay(&bytes, &longer), Ok(Replay::Same));
    let shorter = ledgers(&story()[..5]);
    let error = replay(&bytes, &shorter).unwrap_err().to_string();
    assert!(error.starts_with("the exhibit rests on evm 1 blocks 1 to 7, digest "), "{error}");
    assert!(error.contains("; given were evm 1 blocks 1 to 5, digest "), "{error}");
}

#[test]
fn a_changed_exhibit_differs_or_is_refused() {
    let ledgers = ledgers(&story());
    let text =
        String::from_utf8(exhibit(&run(&ledgers, &parameters(AccountPolicy::Fifo)).unwrap()));
    let text = text.unwrap();
    let said = |from: &str, to: &str| match replay(text.replacen(from, to, 1).as_bytes(), &ledgers)
    {
        Ok(Replay::Same) => "same".to_owned(),
        Ok(Replay::Different(difference)) => difference.to_string(),
        Err(error) => error.to_string(),
    };
    expect![[
        r#"line 62 reads `"fees": "0",`, but recomputing gives `"fees": "2100000000000000",`"#
    ]]
    .assert_eq(&said("\"fees\": \"2100000000000000\"", "\"fees\": \"0\""));
    expect![
        "parameters.policy: `gut` is not a policy: poison, haircut, fifo, lifo or lowest-balance"
    ]
    .assert_eq(&said("\"policy\": \"fifo\"", "\"policy\": \"gut\""));
    assert!(said("\"version\": 1,", "\"version\": 2,").starts_with("this engine reads"));
    assert!(said("{", "[").starts_with("not an account exhibit: "));
}

#[test]
fn what_came_back_is_ranked_and_all_of_it_is_listed() {
    let ledgers = ledgers(&story());
    let given = (0..ledgers.event_count())
        .map(|row| ledgers.event(EventNumber(row)))
        .find(|event| event.to.map(|to| ledgers.account(to)) == Some(account(POOL)))
        .unwrap();
    let mut said = String::new();
    for one in candidates(&ledgers, &given) {
        let event = ledgers.event(one.received);
        let parts: Vec<_> = one.components.iter().map(|part| part.name).collect();
        said += &format!("{} {}: {}\n", one.score_ppm, event.amount, parts.join(", "));
    }
    expect![[r#"
        700000 250000000000: came to the payer, came to the signer, came from whom it was given to, came from a contract
        700000 3: came to the payer, came to the signer, came from whom it was given to, came from a contract
    "#]]
    .assert_eq(&said);
}

#[test]
fn withdrawals_on_another_chain_are_ranked() {
    let here = ledgers(&[vec![pay(1, 90, 0, 1_000_000)]]);
    // Too early, too much, too late; three that fit.
    let bridge = |to: u8, amount: u128| vec![pay(91, to, 0, amount)];
    let blocks: Vec<Vec<Row>> = [
        (1u64, 5u8, 999_000u128),
        (2, 1, 1_000_001),
        (3, 1, 999_000),
        (4, 6, 999_900),
        (5, 7, 990_000),
        (6, 8, 800_000),
        (9, 1, 999_000),
    ]
    .windows(2)
    .flat_map(|pair| {
        let mut blocks = vec![bridge(pair[0].1, pair[0].2)];
        blocks.extend((pair[0].0 + 1..pair[1].0).map(|_| Vec::new()));
        blocks
    })
    .collect();
    let there = ledgers(&blocks);
    let number = |ledgers: &Ledgers, one: u8| ledgers.account_number(account(one)).unwrap();
    let payers: [AccountNumber; 1] = [number(&there, 91)];
    let deposit = here.event(EventNumber(0));
    let rules = BridgeRules { window_seconds: 300, fee_max_ppm: 20_000, multiply: 1, divide: 1 };
    let coin = there.asset_number(asset(0)).unwrap();
    let mut said = String::new();
    for one in bridge_candidates(&here, &deposit, &there, coin, &payers, &rules) {
        let to = there.event(one.received).to.map_or(0, |to| there.account(to).0[0]);
        said += &format!("{} to {to}: {} s, {} ppm\n", one.score_ppm, one.seconds, one.fee_ppm);
    }
    expect![[r#"
        685000 to 1: 120 s, 1000 ppm
        465000 to 5: 0 s, 1000 ppm
        354000 to 6: 180 s, 100 ppm
        215000 to 7: 240 s, 10000 ppm
    "#]]
    .assert_eq(&said);
}
