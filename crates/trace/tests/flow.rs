//! The walk over made-up chains: worked cases, boundaries, limits, and properties on random ones.

mod common;

use std::collections::BTreeSet;

use chain::{ChainView, Satoshi, TxNumber};
use common::{chains, point, transaction, txid, view};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use trace::flow::follow;
use trace::*;

const COIN: u64 = 100_000_000;

fn source(number: u32) -> Source {
    Source { txid: txid(number), vout: None }
}

/// Which made-up transaction this is.
fn number(view: &ChainView, transaction: TxNumber) -> u32 {
    u32::from_le_bytes(view.txid(transaction).0[..4].try_into().unwrap())
}

fn say(view: &ChainView, flow: &Flow) -> String {
    let mut said = format!("{}\n", flow.policy);
    for hop in &flow.hops {
        let outputs: Vec<String> = hop
            .outputs
            .iter()
            .map(|output| format!("{} {:?}", output.lot.taint, output.fate))
            .collect();
        let fee = hop.fee.as_ref().map(|fee| fee.taint.0).unwrap_or_default();
        let number = number(view, hop.transaction);
        let outputs = outputs.join(", ");
        said.push_str(&format!("  hop {} tx {number}: {outputs}; fee {fee}\n", hop.hop));
    }
    for stop in &flow.stops {
        let taint: u64 = stop.inputs.iter().map(|input| input.lot.taint.0).sum();
        let number = number(view, stop.transaction);
        said.push_str(&format!("  stop at tx {number}, hop {}: {taint} ", stop.hop));
        said.push_str(&format!("{:?}\n", stop.reason));
    }
    said
}

fn check(view: &ChainView, change: impl Fn(&mut Parameters), expected: Expect) {
    let mut said = String::new();
    for policy in Policy::ALL {
        let mut parameters = Parameters::new(source(1), policy);
        change(&mut parameters);
        said.push_str(&say(view, &follow(view, &parameters).unwrap()));
    }
    expected.assert_eq(&said);
}

/// Transaction 1 steals 600 satoshis in one output and 400 in another. Transaction 4 spends, in
/// this order, 1,000 clean ones of transaction 2, the stolen 600, 400 clean ones of transaction 3,
/// and pays 700, 900, 300; 100 remain as fee. Transaction 5 spends the 900 and the stolen 400 and
/// pays 1,250; 50 remain.
fn mixing() -> ChainView {
    view(&[
        vec![transaction(90, &[], &[5 * COIN, 5 * COIN, 5 * COIN])],
        vec![
            transaction(91, &[], &[50 * COIN]),
            transaction(1, &[(90, 0)], &[600, 400]),
            transaction(2, &[(90, 1)], &[1_000]),
            transaction(3, &[(90, 2)], &[400]),
            transaction(4, &[(2, 0), (1, 0), (3, 0)], &[700, 900, 300]),
            transaction(5, &[(4, 1), (1, 1)], &[1_250]),
        ],
    ])
}

#[test]
fn five_policies_by_hand() {
    // Transaction 4: 600 of 2,000 satoshis are stolen.
    //   poison:  700 + 900 + 300 + fee 100, all of it.
    //   haircut: 30 %: 210 + 270 + 90 + fee 30 = 600, no remainder.
    //   FIFO:    the stolen ones are satoshis 1,000 to 1,599 of the queue. Output 0 takes 0 to 699:
    //            none. Output 1 takes 700 to 1,599: its last 600. Output 2 and the fee: none.
    // Transaction 5: 900 satoshis of transaction 4, then the stolen 400; 1,300 in all.
    //   poison:  1,250 + fee 50.
    //   haircut: 270 + 400 = 670 of 1,300. Output 670 x 1250 / 1300 = 644.23, fee 25.77: rounded
    //            down 644 + 25, and the one left over goes to the larger remainder, the fee.
    //   FIFO:    clean are 0 to 299, stolen 300 to 1,299. The output takes 0 to 1,249: 950 stolen;
    //            the fee takes the last 50. They enter the coinbase 91 of that block behind the
    //            subsidy; it claims the subsidy only, so they stay unclaimed.
    //   LIFO:    transaction 4 reads its queue from the end: 400 clean, 600 stolen, 1,000 clean.
    //            Output 0 takes 700: its last 300 are stolen. Output 1 takes 900: its first 300.
    //            Transaction 5 reads the stolen 400 first, then the 900 of transaction 4 from the
    //            end: 600 clean and 300 stolen. The output takes 1,250: 400, 600 clean, 250; the
    //            fee the last 50.
    //   TIHO:    transaction 4: 600 to the largest output, 900. Transaction 5: 600 + 400 of 1,300
    //            to its only output.
    check(
        &mixing(),
        |parameters| parameters.fees = FeeRule::Stop,
        expect![[r#"
            poison
              hop 0 tx 1: 600 Followed, 400 Followed; fee 0
              hop 1 tx 4: 700 Unspent, 900 Followed, 300 Unspent; fee 100
              hop 1 tx 5: 1250 Unspent; fee 50
            haircut
              hop 0 tx 1: 600 Followed, 400 Followed; fee 0
              hop 1 tx 4: 210 Unspent, 270 Followed, 90 Unspent; fee 30
              hop 1 tx 5: 644 Unspent; fee 26
            fifo
              hop 0 tx 1: 600 Followed, 400 Followed; fee 0
              hop 1 tx 4: 0 Clean, 600 Followed, 0 Clean; fee 0
              hop 1 tx 5: 950 Unspent; fee 50
            lifo
              hop 0 tx 1: 600 Followed, 400 Followed; fee 0
              hop 1 tx 4: 300 Unspent, 300 Followed, 0 Clean; fee 0
              hop 1 tx 5: 650 Unspent; fee 50
            tiho
              hop 0 tx 1: 600 Followed, 400 Followed; fee 0
              hop 1 tx 4: 0 Clean, 600 Followed, 0 Clean; fee 0
              hop 1 tx 5: 1000 Unspent; fee 0
        "#]],
    );
}

#[test]
fn fees_enter_the_coinbase_after_the_subsidy() {
    // Transactions 2 and 3 pay fees of 30 and 20, in this order. The coinbase claims subsidy and
    // fees in two outputs: the first takes the subsidy and 25 of the fees, the second the rest. The
    // fees are the queue's last 50 satoshis: 2's are 0 to 29 of them, 3's tainted 20 are 30 to 49.
    // The second output therefore holds 5 clean satoshis and then 20 tainted ones.
    let subsidy = 50 * COIN;
    let chain = view(&[
        vec![transaction(90, &[], &[50, 120])],
        vec![
            transaction(91, &[], &[subsidy + 25, 25]),
            transaction(2, &[(90, 0)], &[20]),
            transaction(1, &[(90, 1)], &[120]),
            transaction(3, &[(1, 0)], &[100]),
        ],
        vec![transaction(92, &[], &[subsidy]), transaction(4, &[(91, 1), (3, 0)], &[125])],
    ]);
    check(
        &chain,
        |parameters| parameters.fees = FeeRule::Coinbase,
        expect![[r#"
            poison
              hop 0 tx 1: 120 Followed; fee 0
              hop 1 tx 3: 100 Followed; fee 20
              hop 2 tx 91: 5000000025 Unspent, 25 Followed; fee 0
              hop 2 tx 4: 125 Unspent; fee 0
            haircut
              hop 0 tx 1: 120 Followed; fee 0
              hop 1 tx 3: 100 Followed; fee 20
              hop 2 tx 91: 20 Unspent, 0 Clean; fee 0
              hop 2 tx 4: 100 Unspent; fee 0
            fifo
              hop 0 tx 1: 120 Followed; fee 0
              hop 1 tx 3: 100 Followed; fee 20
              hop 2 tx 91: 0 Clean, 20 Followed; fee 0
              hop 2 tx 4: 120 Unspent; fee 0
            lifo
              hop 0 tx 1: 120 Followed; fee 0
              hop 1 tx 3: 100 Followed; fee 20
              hop 2 tx 91: 20 Unspent, 0 Clean; fee 0
              hop 2 tx 4: 100 Unspent; fee 0
            tiho
              hop 0 tx 1: 120 Followed; fee 0
              hop 1 tx 3: 100 Followed; fee 20
              hop 2 tx 91: 20 Unspent, 0 Clean; fee 0
              hop 2 tx 4: 100 Unspent; fee 0
        "#]],
    );
}

#[test]
fn an_unknown_input_is_a_boundary() {
    let chain = view(&[
        vec![transaction(90, &[], &[600])],
        vec![
            transaction(91, &[], &[50 * COIN]),
            transaction(1, &[(90, 0)], &[300, 300]),
            transaction(2, &[(1, 0), (77, 0)], &[1_000]),
            transaction(3, &[(2, 0)], &[1_000]),
        ],
    ]);
    check(
        &chain,
        |_| {},
        expect![[r#"
            poison
              hop 0 tx 1: 300 Followed, 300 Unspent; fee 0
              stop at tx 2, hop 1: 300 UnknownInputs([OutPoint { txid: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a0000004d, vout: 0 }])
            haircut
              hop 0 tx 1: 300 Followed, 300 Unspent; fee 0
              stop at tx 2, hop 1: 300 UnknownInputs([OutPoint { txid: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a0000004d, vout: 0 }])
            fifo
              hop 0 tx 1: 300 Followed, 300 Unspent; fee 0
              stop at tx 2, hop 1: 300 UnknownInputs([OutPoint { txid: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a0000004d, vout: 0 }])
            lifo
              hop 0 tx 1: 300 Followed, 300 Unspent; fee 0
              stop at tx 2, hop 1: 300 UnknownInputs([OutPoint { txid: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a0000004d, vout: 0 }])
            tiho
              hop 0 tx 1: 300 Followed, 300 Unspent; fee 0
              stop at tx 2, hop 1: 300 UnknownInputs([OutPoint { txid: 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a0000004d, vout: 0 }])
        "#]],
    );
}

#[test]
fn the_fees_of_a_block_with_unknown_inputs_are_a_boundary() {
    let chain = view(&[
        vec![transaction(90, &[], &[600])],
        vec![
            transaction(91, &[], &[50 * COIN]),
            transaction(1, &[(90, 0)], &[600]),
            transaction(2, &[(1, 0)], &[590]),
            transaction(3, &[(77, 0)], &[1]),
        ],
    ]);
    let flow = follow(&chain, &Parameters::new(source(1), Policy::Fifo)).unwrap();
    expect![[r#"
        fifo
          hop 0 tx 1: 600 Followed; fee 0
          hop 1 tx 2: 590 Unspent; fee 10
          stop at tx 91, hop 2: 10 UnknownFees { count: 1 }
    "#]]
    .assert_eq(&say(&chain, &flow));
    assert_eq!((flow.totals.unspent, flow.totals.boundary), (Satoshi(590), Satoshi(10)));
}

/// Ten transactions in a row, each of which pays 10 away.
fn peel() -> ChainView {
    let mut block = vec![transaction(91, &[], &[50 * COIN]), transaction(1, &[(90, 0)], &[1_000])];
    for hop in 2..=11 {
        let vout = u32::from(hop > 2);
        let left = 1_000 - 10 * (u64::from(hop) - 1);
        block.push(transaction(hop, &[(hop - 1, vout)], &[10, left]));
    }
    view(&[vec![transaction(90, &[], &[1_000])], block])
}

#[test]
fn limits_end_the_trace_and_stay_in_the_sums() {
    let only = |change: fn(&mut Parameters)| {
        let mut parameters = Parameters::new(source(1), Policy::Haircut);
        change(&mut parameters);
        let flow = follow(&peel(), &parameters).unwrap();
        let Totals { reached, unspent, limited, .. } = flow.totals;
        format!("{} hops, reached {reached}, unspent {unspent}, limited {limited}", flow.hops.len())
    };
    let said = [
        only(|_| {}),
        only(|parameters| parameters.limits.hops_max = 4),
        only(|parameters| parameters.limits.hops_max = 0),
        only(|parameters| parameters.limits.transactions_max = 3),
        only(|parameters| parameters.limits.amount_min = Satoshi(960)),
        only(|parameters| {
            let output = peel().output(&point(7, 1)).and_then(|output| output.address()).unwrap();
            let (label, source) = ("deposit".to_owned(), "own records".to_owned());
            parameters.tags.insert(output, Tag { label, source, fiction: true });
        }),
    ]
    .join("\n");
    expect![[r#"
        11 hops, reached 0, unspent 1000, limited 0
        5 hops, reached 0, unspent 40, limited 960
        1 hops, reached 0, unspent 0, limited 1000
        4 hops, reached 0, unspent 30, limited 970
        6 hops, reached 0, unspent 50, limited 950
        7 hops, reached 940, unspent 60, limited 0"#]]
    .assert_eq(&said);
}

#[test]
fn a_small_share_ends_the_trace() {
    let mut parameters = Parameters::new(source(1), Policy::Haircut);
    // Output 1 of transaction 4 is tainted to 30 %.
    for (share, followed) in [(300_000_000, true), (300_000_001, false)] {
        parameters.limits.share_min_ppb = share;
        let flow = follow(&mixing(), &parameters).unwrap();
        let fate = flow.hops[1].outputs[1].fate;
        assert_eq!(fate == Fate::Followed, followed, "{share}: {fate:?}");
    }
    parameters.limits.share_min_ppb = 1_000_000_001;
    expect!["the least share is 1000000001 parts per billion; it cannot be above 1000000000"]
        .assert_eq(&follow(&mixing(), &parameters).unwrap_err().to_string());
}

#[test]
fn a_source_that_is_not_there_is_refused() {
    let chain = mixing();
    let ask = |source| follow(&chain, &Parameters::new(source, Policy::Fifo)).unwrap_err();
    let text = ask(Source { txid: txid(7), vout: None }).to_string();
    assert!(text.ends_with("is not in the blocks given; give the block that holds it"), "{text}");
    let text = ask(Source { txid: txid(1), vout: Some(2) }).to_string();
    assert!(text.ends_with("has outputs 0 to 1, not 2"), "{text}");
}

fn outputs_tainted(flow: &Flow) -> std::collections::BTreeSet<(TxNumber, u32)> {
    let mut tainted = std::collections::BTreeSet::new();
    for hop in &flow.hops {
        for output in hop.outputs.iter().filter(|output| output.lot.taint.0 > 0) {
            tainted.insert((hop.transaction, output.vout));
        }
    }
    tainted
}

/// An independent haircut in real numbers over the whole chain, and FIFO in single satoshis, would
/// repeat the walk; this auditor instead checks every hop's account by itself.
fn audit(view: &ChainView, flow: &Flow) {
    let mut open: std::collections::HashMap<chain::OutPoint, u64> = Default::default();
    let mut parked = 0;
    for hop in &flow.hops {
        let taint_in: u64 = hop.inputs.iter().map(|input| input.lot.taint.0).sum();
        let value_in: u64 = hop.inputs.iter().map(|input| input.lot.value.0).sum();
        let fee = hop.fee.clone().unwrap_or_default();
        let value_out: u64 = hop.outputs.iter().map(|output| output.lot.value.0).sum();
        let taint_out: u64 = hop.outputs.iter().map(|output| output.lot.taint.0).sum();
        if hop.hop > 0 {
            assert_eq!(value_in, value_out + fee.value.0);
            match flow.policy {
                Policy::Poison => assert_eq!(value_in, taint_out + fee.taint.0),
                _ => assert_eq!(taint_in, taint_out + fee.taint.0),
            }
        }
        for input in hop.inputs.iter().filter(|input| input.lot.taint.0 > 0) {
            if let Origin::Output(previous) = input.origin {
                assert_eq!(open.remove(&previous), Some(input.lot.taint.0));
            }
        }
        for output in hop.outputs.iter().filter(|output| output.fate == Fate::Followed) {
            let txid = view.txid(hop.transaction);
            open.insert(chain::OutPoint { txid, vout: output.vout }, output.lot.taint.0);
        }
    }
    for input in flow.stops.iter().flat_map(|stop| &stop.inputs) {
        parked += input.lot.taint.0;
        if let Origin::Output(previous) = input.origin {
            assert_eq!(open.remove(&previous), Some(input.lot.taint.0));
        }
    }
    assert!(open.is_empty(), "every followed output arrives somewhere");
    assert_eq!(parked, flow.totals.boundary.0 + flow.stops_limited());
}

trait StopsLimited {
    fn stops_limited(&self) -> u64;
}

impl StopsLimited for Flow {
    fn stops_limited(&self) -> u64 {
        let limited =
            |stop: &&Stop| matches!(stop.reason, StopReason::Hops | StopReason::Transactions);
        let stops = self.stops.iter().filter(limited);
        stops.flat_map(|stop| &stop.inputs).map(|input| input.lot.taint.0).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn value_is_conserved_on_random_chains(
        view in chains(),
        pick in any::<prop::sample::Index>(),
        hops_max in 0u32..30,
        transactions_max in 0u32..60,
        share_min_ppb in prop::sample::select(vec![0, 0, 1, 10_000_000, 500_000_000]),
        coinbase in any::<bool>(),
    ) {
        let chosen = TxNumber(pick.index(view.transaction_count() as usize) as u32);
        let source = Source { txid: view.txid(chosen), vout: None };
        for policy in Policy::ALL {
            let mut parameters = Parameters::new(source, policy);
            parameters.fees = if coinbase { FeeRule::Coinbase } else { FeeRule::Stop };
            let flow = follow(&view, &parameters).unwrap();
            audit(&view, &flow);
            if policy != Policy::Poison {
                prop_assert_eq!(flow.totals.added, Satoshi(0));
            }
            parameters.limits.hops_max = hops_max;
            parameters.limits.transactions_max = transactions_max;
            parameters.limits.share_min_ppb = share_min_ppb;
            audit(&view, &follow(&view, &parameters).unwrap());
        }
    }

    #[test]
    fn poison_reaches_whatever_the_others_reach(
        view in chains(),
        pick in any::<prop::sample::Index>(),
    ) {
        let chosen = TxNumber(pick.index(view.transaction_count() as usize) as u32);
        let source = Source { txid: view.txid(chosen), vout: None };
        let [poison, others @ ..] = Policy::ALL.map(|policy| {
            let mut parameters = Parameters::new(source, policy);
            parameters.fees = FeeRule::Stop;
            outputs_tainted(&follow(&view, &parameters).unwrap())
        });
        for other in others {
            prop_assert!(poison.is_superset(&other));
        }
    }

    #[test]
    fn an_exhibit_replays_to_the_same_bytes_and_a_picture_stays_small(
        view in chains(),
        pick in any::<prop::sample::Index>(),
    ) {
        let chosen = TxNumber(pick.index(view.transaction_count() as usize) as u32);
        let source = Source { txid: view.txid(chosen), vout: None };
        let schema = common::schema();
        for policy in Policy::ALL {
            let trace = run(&view, &Parameters::new(source, policy)).unwrap();
            let bytes = exhibit(&trace);
            let value = serde_json::from_slice(&bytes).unwrap();
            let fault = schema.iter_errors(&value).next().map(|error| error.to_string());
            prop_assert_eq!(fault, None);
            prop_assert_eq!(replay(&bytes, &view).unwrap(), Replay::Same);
            let picture = svg(&trace);
            let elements = picture.matches('<').count() - picture.matches("</").count();
            prop_assert!(elements <= trace::layout::ELEMENTS_MAX, "{} elements", elements);
        }
    }

    #[test]
    fn a_board_stays_small_keeps_all_money_and_opens_what_it_counts(
        view in chains(),
        pick in any::<prop::sample::Index>(),
    ) {
        let chosen = TxNumber(pick.index(view.transaction_count() as usize) as u32);
        let source = Source { txid: view.txid(chosen), vout: None };
        let trace = run(&view, &Parameters::new(source, Policy::Haircut)).unwrap();
        let closed = trace::layout::board(&trace, &BTreeSet::new());
        let elements = closed.pieces.len() + closed.links.len();
        prop_assert!(elements <= trace::layout::BOARD_ELEMENTS_MAX, "{} elements", elements);
        let keys: BTreeSet<&str> = closed.pieces.iter().map(|piece| piece.key.as_str()).collect();
        prop_assert_eq!(keys.len(), closed.pieces.len(), "every piece has a key of its own");
        let cards = closed.pieces.iter().map(|piece| &piece.card);
        let places: BTreeSet<_> = cards.map(|card| (card.x, card.y)).collect();
        prop_assert_eq!(places.len(), closed.pieces.len(), "no piece covers another");
        let mut open: BTreeSet<usize> = BTreeSet::new();
        for (first, last) in closed.pieces.iter().filter_map(|piece| piece.opens) {
            open.extend(first..=last);
        }
        let opened = trace::layout::board(&trace, &open);
        prop_assert!(opened.pieces.len() >= closed.pieces.len());
        if opened.pieces.len() + opened.links.len() < trace::layout::BOARD_ELEMENTS_MAX / 2 {
            prop_assert_eq!(opened.counted, (0, 0), "everything fits, so everything is shown");
        }
    }
}
