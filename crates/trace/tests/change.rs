//! Change heuristics, hypotheses and peel chains: cases with the outputs that stay, and real blocks.

mod made;

use chain::{ChainView, Features, Network, OutputNumber, TxNumber, Utxo};
use expect_test::{Expect, expect};
use made::{Made, NOBODY, address, number};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use trace::change::{Heuristic, left_by, may_have_change};
use trace::cluster::{Actors, Rule, clusters};
use trace::hypothesis::{change_link, change_links, clusters_under};
use trace::peel::{Agreement, Feature, PeelStop, follow};
use trace::synthetic::Plan;

/// For each heuristic the places of the outputs that it leaves.
fn left(view: &ChainView, transaction: TxNumber) -> String {
    let first = view.outputs_of(transaction).start;
    let mut said = String::new();
    for heuristic in Heuristic::ALL {
        let left = match left_by(view, heuristic, transaction) {
            Some(outputs) => {
                let places: Vec<String> =
                    outputs.iter().map(|output| (output.0 - first).to_string()).collect();
                if places.is_empty() { "none".to_owned() } else { places.join(" ") }
            }
            None => "does not apply".to_owned(),
        };
        said += &format!("{heuristic}: {left}\n");
    }
    said
}

fn check(view: &ChainView, transaction: TxNumber, expected: Expect) {
    expected.assert_eq(&left(view, transaction));
}

#[test]
fn an_ordinary_payment_with_fresh_change() {
    let mut made = Made::default();
    let before = made.coin(50, 1_000);
    let coin = made.coin(1, 100_000_000);
    // 0.03 bitcoin to an address seen before, of another type, and change to a new one.
    let old = made.coin(1_001, 500);
    let payment = made.pay(&[coin], &[(1_001, 3_000_000), (2, 96_990_001)]);
    made.pay(&[before, old], &[(NOBODY, 0)]);
    let view = made.view();
    check(
        &view,
        number(&view, payment),
        expect![[r#"
            address-reuse: none
            address-type: 1
            optimal-change: 0 1
            power-of-ten: 1
            first-use: 1
            lock-time: does not apply
            fixed-fee: 0 1
            peel-chain: does not apply
            one-time: 1
        "#]],
    );
    let link = change_link(&view, number(&view, payment), &Heuristic::ALL).unwrap();
    assert_eq!(link.to, address(&view, 2));
    assert_eq!(link.votes.len(), 4);
    assert_eq!(link.score_ppm(), 833_333);
}

#[test]
fn change_back_to_the_payer() {
    let mut made = Made::default();
    let coins = [made.coin(1, 5_000_000), made.coin(1, 7_000_000)];
    let payment = made.pay(&coins, &[(2, 11_000_000), (1, 990_000)]);
    let view = made.view();
    check(
        &view,
        number(&view, payment),
        expect![[r#"
            address-reuse: 1
            address-type: 0 1
            optimal-change: 1
            power-of-ten: 1
            first-use: 0
            lock-time: does not apply
            fixed-fee: 0 1
            peel-chain: does not apply
            one-time: none
        "#]],
    );
}

#[test]
fn what_the_chain_does_not_tell_rules_nothing_out() {
    let mut made = Made::default();
    let coin = made.coin(1, 9_000_000);
    let coinbase = made.coin(7, 5_000_000);
    let payment = made.pay(&[coin, coinbase], &[(2, 6_000_000), (1_003, 7_999_000), (NOBODY, 0)]);
    let view = made.view();
    let text = left(&view, number(&view, payment));
    assert!(text.contains("fixed-fee: 0 1\n"), "unspent outputs stay: {text}");
    assert!(text.contains("optimal-change: none\n"), "both are larger than 0.05: {text}");
    assert!(left_by(&view, Heuristic::FirstUse, TxNumber(0)).is_none(), "a coinbase has no change");
}

const FEATURES: Features = Features { version: 2, lock_time: 0, replaceable: true, witness: true };

/// A chain of three payments; the payees spend in their own ways.
fn peeled(payee: Features) -> (ChainView, [TxNumber; 3]) {
    let mut made = Made::default();
    let coin = made.coin(1, 100_000_000);
    let seen = [1_001, 1_002, 1_003].map(|owner| made.coin(owner, 1_000));
    let first = made.pay_with(&[coin], &[(1_001, 1_000_000), (2, 98_900_000)], Some(FEATURES));
    let second =
        made.pay_with(&[(first, 1)], &[(3, 97_800_000), (1_002, 1_000_000)], Some(FEATURES));
    let third =
        made.pay_with(&[(second, 0)], &[(1_003, 1_000_000), (4, 96_700_000)], Some(FEATURES));
    made.pay_with(&[(first, 0), seen[0]], &[(60, 1_000_500)], Some(payee));
    made.pay_with(&[(second, 1)], &[(61, 500_000), (62, 499_000)], Some(payee));
    made.pay_with(&[seen[1], seen[2]], &[(NOBODY, 0)], Some(payee));
    let view = made.view();
    let chain = [first, second, third].map(|name| number(&view, name));
    (view, chain)
}

#[test]
fn a_peel_chain_is_followed_by_agreement() {
    let other = Features { version: 1, lock_time: 7, replaceable: false, witness: false };
    let (view, expected) = peeled(other);
    let chain = follow(&view, expected[0], 100);
    let hops: Vec<TxNumber> = chain.hops.iter().map(|hop| hop.transaction).collect();
    assert_eq!(hops, expected);
    assert_eq!(chain.stop, PeelStop::Unspent);
    let [paid, change] = &chain.hops[0].evidence[..] else { panic!("two outputs") };
    assert!(change.continues() && change.features.iter().all(|one| *one == Agreement::Agrees));
    let differing: Vec<&str> = Feature::ALL
        .iter()
        .zip(paid.features)
        .filter(|(_, agreement)| *agreement == Agreement::Differs)
        .map(|(feature, _)| feature.name())
        .collect();
    expect![[r#"version lock-time replaceable witness input-type inputs outputs fresh-address"#]]
        .assert_eq(&differing.join(" "));
    assert_eq!(follow(&view, expected[0], 1).stop, PeelStop::Hops);
    assert_eq!(Utxo::spender(&view, chain.hops[0].next.unwrap()), Some(expected[1]));
}

#[test]
fn a_chain_with_two_ways_on_is_not_guessed() {
    let mut made = Made::default();
    let coin = made.coin(1, 100_000_000);
    let first = made.pay_with(&[coin], &[(2, 40_000_000), (3, 59_000_000)], Some(FEATURES));
    made.pay_with(&[(first, 0)], &[(4, 1_000), (5, 39_000_000)], Some(FEATURES));
    made.pay_with(&[(first, 1)], &[(6, 1_000), (7, 58_000_000)], Some(FEATURES));
    let view = made.view();
    let chain = follow(&view, number(&view, first), 100);
    assert_eq!((chain.hops.len(), chain.stop), (1, PeelStop::Several));
    let last = follow(&view, TxNumber(view.transaction_count() - 1), 100);
    assert_eq!(last.stop, PeelStop::Unspent);
    let coinbase = follow(&view, TxNumber(0), 100);
    assert_eq!(coinbase.stop, PeelStop::Single);
}

#[test]
fn the_peel_chain_of_block_702861() {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let file = chain::NamedBytes { name: "702861.raw", bytes };
    let view = ChainView::load(&[file], &[], Network::Mainnet).unwrap();
    let source = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";
    let first = view.transaction(&source.parse().unwrap()).unwrap();
    let chain = follow(&view, first, 100);
    let mut said = String::new();
    for hop in &chain.hops {
        let next = hop.next.map(|next| view.outpoint(next).vout);
        let value = hop.next.map_or(0, |next| view.value(next).0);
        let unknown = hop.evidence.iter().flat_map(|one| one.features);
        let unknown = unknown.filter(|one| *one == Agreement::Unknown).count();
        said += &format!("{:?} {value} satoshis, {unknown} unknown\n", next);
    }
    said += &format!("{:?}\n", chain.stop);
    expect![[r#"
        Some(1) 285652078 satoshis, 8 unknown
        Some(1) 284275657 satoshis, 7 unknown
        Some(1) 284112901 satoshis, 7 unknown
        Some(1) 283319003 satoshis, 7 unknown
        Some(1) 283230499 satoshis, 7 unknown
        Some(1) 282605988 satoshis, 7 unknown
        Some(1) 282582457 satoshis, 7 unknown
        Some(1) 282401132 satoshis, 7 unknown
        Some(1) 281962142 satoshis, 7 unknown
        Some(1) 281441939 satoshis, 7 unknown
        Some(1) 280378768 satoshis, 7 unknown
        Some(1) 280355125 satoshis, 7 unknown
        Some(1) 280289716 satoshis, 7 unknown
        Some(1) 279834484 satoshis, 7 unknown
        Some(1) 279416370 satoshis, 7 unknown
        Some(1) 279023792 satoshis, 7 unknown
        None 0 satoshis, 14 unknown
        Unspent
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_hypothesis_is_a_view_beside_the_clusters() {
    let mut made = Made::default();
    let coins = [made.coin(1, 50_000_001), made.coin(2, 50_000_001), made.coin(3, 9_000_001)];
    let seen = made.coin(1_001, 7_000);
    made.pay(&[coins[0], coins[1]], &[(1_001, 90_000_000), (4, 9_990_001)]);
    made.pay(&[coins[2]], &[(1_001, 3_000_000), (5, 5_990_001)]);
    made.pay(&[seen], &[(6, 5_000)]);
    let view = made.view();
    let at = |made| address(&view, made);
    let base = clusters(&view, Rule::default(), &Actors::new());
    let hypothesis = change_links(&view, "change", &Heuristic::ALL);
    assert_eq!(hypothesis.links.len(), 2);
    let under = clusters_under(&base, &hypothesis, 2, &Actors::new());
    assert_eq!(base.of(at(4)).0, at(4), "the clusters themselves stay");
    assert_eq!(under.of(at(4)), base.of(at(1)));
    assert_eq!(under.joined_with(&base, base.of(at(1))), [base.of(at(4))]);
    assert_eq!(base.count() - under.count(), 2);
    assert_eq!(clusters_under(&base, &hypothesis, 9, &Actors::new()).count(), base.count());
    let actors = Actors::from([(at(3), "Alpha".to_owned()), (at(5), "Beta".to_owned())]);
    let guarded = clusters_under(&base, &hypothesis, 2, &actors);
    assert_eq!((guarded.refused.clone(), base.count() - guarded.count()), (vec![1], 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_heuristic_invents_an_output(seed in any::<u64>()) {
        let plan = Plan { seed, owners: 40, blocks: 150, transactions_per_block: 8 };
        let (view, truths) = made::synthetic(plan);
        let base = clusters(&view, Rule::default(), &Actors::new());
        for (transaction, truth) in (0..).map(TxNumber).zip(&truths) {
            let outputs: BTreeSet<OutputNumber> =
                view.outputs_of(transaction).map(OutputNumber).collect();
            for heuristic in Heuristic::ALL {
                let left = left_by(&view, heuristic, transaction).unwrap_or_default();
                prop_assert!(left.iter().all(|output| outputs.contains(output)));
            }
            if truth.spenders.is_empty() {
                prop_assert!(!may_have_change(&view, transaction));
            }
            let chain = follow(&view, transaction, 20);
            for pair in chain.hops.windows(2) {
                prop_assert_eq!(Utxo::spender(&view, pair[0].next.unwrap()), Some(pair[1].transaction));
            }
        }
        // More votes asked for, fewer links: never a larger cluster.
        let hypothesis = change_links(&view, "change", &Heuristic::ALL);
        let mut counts = BTreeMap::new();
        for votes in 1..6 {
            counts.insert(votes, clusters_under(&base, &hypothesis, votes, &Actors::new()).count());
        }
        let counts: Vec<u32> = counts.into_values().collect();
        prop_assert!(counts.is_sorted() && *counts.last().unwrap() <= base.count());
    }
}
