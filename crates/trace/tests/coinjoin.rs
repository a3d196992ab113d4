//! Shapes of CoinJoins: one of each, and for each rule what just misses it.

mod made;

use expect_test::{Expect, expect};
use made::{Made, NOBODY, number};
use trace::coinjoin::{is_general, is_joint, shapes};

/// The shapes of a transaction that spends these coins, an address each from 1 on, and pays these
/// amounts, an address each; amounts at the end of `data` carry no address.
fn shapes_of(coins: &[u64], amounts: &[u64], data: usize) -> String {
    let coins: Vec<(u32, u64)> = (1..).zip(coins.iter().copied()).collect();
    shapes_from(&coins, amounts, data)
}

fn shapes_from(coins: &[(u32, u64)], amounts: &[u64], data: usize) -> String {
    let mut made = Made::default();
    let coins: Vec<_> = coins.iter().map(|(address, value)| made.coin(*address, *value)).collect();
    let mut outputs: Vec<(u32, u64)> = (500..).zip(amounts.iter().copied()).collect();
    outputs.extend((0..data).map(|_| (NOBODY, 0)));
    let payment = made.pay(&coins, &outputs);
    let view = made.view();
    let payment = number(&view, payment);
    let found = shapes(&view, payment);
    let joins = found.iter().any(|one| one.shape.joins());
    assert_eq!(is_joint(&view, payment), joins);
    let general = found.iter().any(|one| one.shape.name() == "coinjoin");
    assert_eq!(is_general(&view, payment), general);
    let lines: Vec<String> = found.iter().map(|one| one.to_string()).collect();
    if lines.is_empty() { "none".to_owned() } else { lines.join("\n") }
}

fn check(coins: &[u64], amounts: &[u64], expected: Expect) {
    expected.assert_eq(&shapes_of(coins, amounts, 0));
}

#[test]
fn joinmarket_is_general_too() {
    let amounts = [500_000, 500_000, 500_000, 90_000, 80_000, 70_000];
    let coins = [600_000; 3];
    check(
        &coins,
        &amounts,
        expect![[r#"
        coinjoin: 3 outputs of 0.00500000 bitcoin, 3 participants or more
        joinmarket: 3 outputs of 0.00500000 bitcoin, 3 participants or more"#]],
    );
    // Two of three coins from one address: fewer people than equal outputs.
    let text = shapes_from(&[(1, 600_000), (1, 600_000), (2, 600_000)], &amounts, 0);
    assert_eq!(text, "none");
    // Equal amounts of dust carry tokens.
    check(&coins, &[2_730, 2_730, 2_730, 90_000, 80_000, 70_000], expect![["none"]]);
    // Two equal outputs and change: half of three, rounded up.
    check(
        &[600_000, 700_000],
        &[500_000, 500_000, 90_000],
        expect!["coinjoin: 2 outputs of 0.00500000 bitcoin, 2 participants or more"],
    );
    check(&[1_300_000], &[500_000, 500_000, 90_000], expect![["none"]]);
}

#[test]
fn a_large_payout_is_no_joinmarket() {
    let equal =
        |count: usize| -> Vec<u64> { (0..count).map(|_| 500_000).chain([12_345]).collect() };
    assert_ne!(shapes_of(&[600_000; 10], &equal(9), 0), "none");
    assert_eq!(shapes_of(&[600_000; 60], &equal(50), 0), "none", "few take change");
}

#[test]
fn wasabi_1_near_a_tenth_of_a_bitcoin() {
    let round = |equal: u64, people: usize| -> Vec<u64> {
        let equal = std::iter::repeat_n(equal, people);
        let change = (0..people as u64).map(|n| 1_000_000 + 7_919 * n);
        equal.chain(change).chain([31_337]).collect()
    };
    check(
        &[13_000_000; 24],
        &round(9_973_210, 20),
        expect!["wasabi-1.0: 20 outputs of 0.09973210 bitcoin, 20 participants or more"],
    );
    // Outside the window of five percent.
    check(&[13_000_000; 24], &round(9_400_000, 20), expect!["none"]);
    // One address holds a third of all coins.
    let sweep: Vec<(u32, u64)> =
        (0..24u32).map(|n| (if n < 8 { 1 } else { n }, 13_000_000)).collect();
    assert!(!shapes_from(&sweep, &round(9_973_210, 12), 0).contains("wasabi"));
}

#[test]
fn wasabi_1_with_levels() {
    let mut amounts = vec![10_010_000; 12];
    amounts.extend([20_020_000; 6]);
    amounts.extend([40_040_000; 2]);
    amounts.extend((0..9).map(|n| 2_000_000 + 104_729 * n));
    check(
        &[45_000_000; 22],
        &amounts,
        expect![[r#"
        wasabi-1.1: 20 outputs of 0.10000000, 0.20000000, 0.40000000 bitcoin, 12 participants or more
        wasabi-2: 20 outputs of 0.10010000, 0.20020000, 0.40040000 bitcoin, 2 participants or more"#]],
    );
}

#[test]
fn wasabi_2_with_many_denominations() {
    let mut amounts = Vec::new();
    for value in [5_000, 6_561, 8_192, 10_000, 59_049, 131_072] {
        amounts.extend([value; 4]);
    }
    amounts.extend([77_777, 123_456]);
    let coins = [400_000; 30];
    check(
        &coins,
        &amounts,
        expect![
            "wasabi-2: 24 outputs of 0.00005000, 0.00006561, 0.00008192, 0.00010000, 0.00059049, 0.00131072 bitcoin, 3 participants or more"
        ],
    );
    assert_eq!(shapes_of(&coins[..19], &amounts, 0), "none", "too small a round");
    let even: Vec<u64> = amounts[..24].to_vec();
    assert_eq!(shapes_of(&coins, &even, 0), "none", "nothing is left over");
    let tiny: Vec<u64> = amounts.iter().copied().chain([4_999]).collect();
    assert_eq!(shapes_of(&coins, &tiny, 0), "none", "an output below the least");
}

#[test]
fn whirlpool_and_its_preparation() {
    let pool = 1_000_000;
    let coins = [pool, pool, pool, pool + 302, pool + 50_000];
    check(
        &coins,
        &[pool; 5],
        expect!["whirlpool: 5 outputs of 0.01000000 bitcoin, 5 participants or more"],
    );
    // All new, or none: somebody pays the fee, and somebody mixes again.
    assert_eq!(shapes_of(&[pool + 302; 5], &[pool; 5], 0), "none");
    assert_eq!(shapes_of(&[pool; 5], &[pool; 5], 0), "none");
    assert_eq!(shapes_of(&coins, &[900_000; 5], 0), "none", "no pool has this amount");
    let premix = [1_005_000, 1_005_000, 1_005_000, 50_000, 3_456_789];
    let text = shapes_of(&[9_000_000], &premix, 1);
    expect!["whirlpool-tx0: 3 outputs of 0.01005000 bitcoin, 1 participants or more"]
        .assert_eq(&text);
    assert_eq!(shapes_of(&[9_000_000], &premix, 0), "none", "it carries data for the fee");
    assert_eq!(shapes_of(&[9_000_000], &[1_005_000, 1_005_000, 3_456_789], 1), "none", "no fee");
}
