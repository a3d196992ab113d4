use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// What comes out, with memory of its own.
fn pass<'a>(
    policy: Policy,
    inputs: impl Iterator<Item = &'a Lot> + Clone,
    values: &[Satoshi],
) -> Vec<Lot> {
    let mut lots = Vec::new();
    super::pass(policy, inputs, values, &mut Memory::default(), &mut lots);
    lots
}

/// Inputs as (value, taint), the taint of FIFO at the front; values are the outputs and the fee.
fn check(inputs: &[(u64, u64)], values: &[u64], expected: Expect) {
    let mut said = String::new();
    for policy in Policy::ALL {
        let lots: Vec<Lot> = inputs.iter().map(|input| lot(policy, *input)).collect();
        let values: Vec<Satoshi> = values.iter().copied().map(Satoshi).collect();
        let taints: Vec<u64> =
            pass(policy, lots.iter(), &values).iter().map(|lot| lot.taint.0).collect();
        said.push_str(&format!("{policy} {taints:?}\n"));
    }
    expected.assert_eq(&said);
}

fn lot(policy: Policy, (value, taint): (u64, u64)) -> Lot {
    let ranged = policy.tells_satoshis_apart() && taint > 0;
    let ranges = if ranged { vec![Range { start: 0, length: taint }] } else { Vec::new() };
    Lot { value: Satoshi(value), taint: Satoshi(taint), ranges }
}

/// The example of lightbluetouchpaper.org, 26 March 2018: three stolen coins and then seven mined
/// ones go into one address, and ten single coins come out.
#[test]
fn three_stolen_of_ten() {
    let mut inputs = vec![(1, 1); 3];
    inputs.extend([(1, 0); 7]);
    check(
        &inputs,
        &[1; 10],
        // Under haircut each coin is stolen to 30 %. In whole units each share rounds down to 0
        // and the three units left over go to equal remainders, so to the lowest indexes.
        expect![[r#"
            poison [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
            haircut [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
            fifo [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
            lifo [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
            tiho [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
        "#]],
    );
    // The same with a thousand units to a coin: 30 % of each, and the first three coins.
    let coin = 1_000;
    let mut inputs = vec![(coin, coin); 3];
    inputs.extend([(coin, 0); 7]);
    check(
        &inputs,
        &[coin; 10],
        expect![[r#"
            poison [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000]
            haircut [300, 300, 300, 300, 300, 300, 300, 300, 300, 300]
            fifo [1000, 1000, 1000, 0, 0, 0, 0, 0, 0, 0]
            lifo [0, 0, 0, 0, 0, 0, 0, 1000, 1000, 1000]
            tiho [1000, 1000, 1000, 0, 0, 0, 0, 0, 0, 0]
        "#]],
    );
}

#[test]
fn left_over_satoshis_go_to_the_largest_remainders() {
    // 5 of 12 is tainted. Outputs 7, 3 and fee 2 would get 35/12 = 2 + 11/12, 15/12 = 1 + 3/12 and
    // 10/12 = 0 + 10/12: rounded down 2, 1, 0; two left over go to remainders 11 and 10.
    check(
        &[(5, 5), (7, 0)],
        &[7, 3, 2],
        expect![[r#"
            poison [7, 3, 2]
            haircut [3, 1, 1]
            fifo [5, 0, 0]
            lifo [0, 3, 2]
            tiho [5, 0, 0]
        "#]],
    );
    // Equal remainders: the lower index first, the fee last.
    check(
        &[(3, 1), (3, 0)],
        &[2, 2, 2],
        expect![[r#"
            poison [2, 2, 2]
            haircut [1, 0, 0]
            fifo [1, 0, 0]
            lifo [0, 0, 1]
            tiho [1, 0, 0]
        "#]],
    );
}

#[test]
fn nothing_in_is_nothing_out() {
    let clean = "poison [0, 0]\nhaircut [0, 0]\nfifo [0, 0]\nlifo [0, 0]\ntiho [0, 0]\n";
    for inputs in [&[(0, 0)][..], &[(9, 0)], &[]] {
        let worth = inputs.iter().map(|(value, _)| value).sum();
        let mut said = String::new();
        for policy in Policy::ALL {
            let lots: Vec<Lot> = inputs.iter().map(|input| lot(policy, *input)).collect();
            let out = pass(policy, lots.iter(), &[Satoshi(0), Satoshi(worth)]);
            let taints: Vec<u64> = out.iter().map(|lot| lot.taint.0).collect();
            said.push_str(&format!("{policy} {taints:?}\n"));
        }
        assert_eq!(said, clean);
    }
}

#[test]
#[should_panic(expected = "outputs and fee make what the inputs are worth")]
fn a_forgotten_fee_is_a_mistake_of_the_caller() {
    pass(Policy::Haircut, [Lot::clean(Satoshi(3))].iter(), &[Satoshi(2)]);
}

/// A transaction with inputs of (value, tainted satoshis by position) and values that sum alike.
fn transactions() -> impl Strategy<Value = (Vec<Vec<bool>>, Vec<u64>)> {
    let inputs = prop::collection::vec(prop::collection::vec(any::<bool>(), 0..40), 1..6);
    (inputs, prop::collection::vec(any::<prop::sample::Index>(), 0..6)).prop_map(
        |(inputs, cuts)| {
            let worth: usize = inputs.iter().map(Vec::len).sum();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(worth + 1)).collect();
            cuts.extend([0, worth]);
            cuts.sort_unstable();
            let values = cuts.windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect();
            (inputs, values)
        },
    )
}

/// Satoshis written out one by one: the slow and obvious form of a FIFO lot.
fn ranges_of(satoshis: &[bool]) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for (start, _) in satoshis.iter().enumerate().filter(|(_, tainted)| **tainted) {
        let start = start as u64;
        match ranges.last_mut() {
            Some(last) if last.start + last.length == start => last.length += 1,
            _ => ranges.push(Range { start, length: 1 }),
        }
    }
    ranges
}

fn lots_of(inputs: &[Vec<bool>], policy: Policy) -> Vec<Lot> {
    let lot = |satoshis: &Vec<bool>| {
        let ranges = ranges_of(satoshis);
        let taint = Satoshi(ranges.iter().map(|range| range.length).sum());
        let ranges = if policy.tells_satoshis_apart() { ranges } else { Vec::new() };
        Lot { value: Satoshi(satoshis.len() as u64), taint, ranges }
    };
    inputs.iter().map(lot).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn fifo_is_a_queue_of_single_satoshis((inputs, values) in transactions()) {
        let amounts: Vec<Satoshi> = values.iter().copied().map(Satoshi).collect();
        let lots = pass(Policy::Fifo, lots_of(&inputs, Policy::Fifo).iter(), &amounts);
        let queue = inputs.concat();
        let mut rest = &queue[..];
        for (lot, value) in lots.iter().zip(values) {
            let (mine, others) = rest.split_at(value as usize);
            rest = others;
            prop_assert_eq!(&lot.ranges, &ranges_of(mine));
            prop_assert_eq!(lot.taint.0, mine.iter().filter(|tainted| **tainted).count() as u64);
        }
    }

    #[test]
    fn haircut_is_within_a_satoshi_of_the_exact_share((inputs, values) in transactions()) {
        let amounts: Vec<Satoshi> = values.iter().copied().map(Satoshi).collect();
        let given = lots_of(&inputs, Policy::Haircut);
        let worth: u128 = given.iter().map(|lot| u128::from(lot.value.0)).sum();
        let taint: u128 = given.iter().map(|lot| u128::from(lot.taint.0)).sum();
        let lots = pass(Policy::Haircut, given.iter(), &amounts);
        let out: u128 = lots.iter().map(|lot| u128::from(lot.taint.0)).sum();
        prop_assert_eq!(taint, out);
        for lot in &lots {
            prop_assert!(lot.taint <= lot.value);
            // |share - taint x value / worth| < 1, without division.
            let (ours, exact) =
                (u128::from(lot.taint.0) * worth, taint * u128::from(lot.value.0));
            prop_assert!(ours.abs_diff(exact) < worth.max(1));
        }
    }

    #[test]
    fn lifo_is_a_stack_of_single_satoshis((inputs, values) in transactions()) {
        let amounts: Vec<Satoshi> = values.iter().copied().map(Satoshi).collect();
        let lots = pass(Policy::Lifo, lots_of(&inputs, Policy::Lifo).iter(), &amounts);
        let mut stack = inputs.concat();
        for (lot, value) in lots.iter().zip(values) {
            let mine: Vec<bool> = (0..value).map(|_| stack.pop().expect("values sum up")).collect();
            prop_assert_eq!(&lot.ranges, &ranges_of(&mine));
            prop_assert_eq!(lot.taint.0, mine.iter().filter(|tainted| **tainted).count() as u64);
        }
        prop_assert!(stack.is_empty());
    }

    #[test]
    fn tiho_fills_the_largest_first((inputs, values) in transactions()) {
        let amounts: Vec<Satoshi> = values.iter().copied().map(Satoshi).collect();
        let given = lots_of(&inputs, Policy::Tiho);
        let taint: u64 = given.iter().map(|lot| lot.taint.0).sum();
        let mut lots = pass(Policy::Tiho, given.iter(), &amounts);
        prop_assert_eq!(taint, lots.iter().map(|lot| lot.taint.0).sum::<u64>());
        let fee = lots.pop().expect("the fee stands last");
        for (index, lot) in lots.iter().enumerate() {
            prop_assert!(fee.taint.0 == 0 || lot.taint == lot.value);
            for (other, less) in lots.iter().enumerate() {
                let first = lot.value > less.value || (lot.value == less.value && index < other);
                prop_assert!(!first || less.taint.0 == 0 || lot.taint == lot.value);
            }
        }
    }

    #[test]
    fn what_any_rule_taints_poison_taints((inputs, values) in transactions()) {
        let amounts: Vec<Satoshi> = values.iter().copied().map(Satoshi).collect();
        let [poison, others @ ..] =
            Policy::ALL.map(|policy| pass(policy, lots_of(&inputs, policy).iter(), &amounts));
        for (index, poison) in poison.iter().enumerate() {
            for other in &others {
                prop_assert!(other[index].taint <= poison.taint);
            }
        }
    }
}
