//! Backward agrees with forward, one pass with many traces, and a watch with a trace.

mod common;

use chain::*;
use common::{chains, transaction, txid, view};
use expect_test::expect;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use trace::backward::{BackwardError, End, Question, backward};
use trace::exposure::{Category, Exposure, Sources};
use trace::frontier::{Request, walk};
use trace::taint::Range;
use trace::watch::{Event, Watch, WatchNumber};
use trace::*;

fn request(transaction: TxNumber, vout: Option<u32>, policy: Policy) -> Request {
    let limits = Limits { hops_max: u32::MAX, transactions_max: u32::MAX, ..Limits::default() };
    let (fees, tagged) = (policy.fee_rule(), HashSet::new());
    Request { transaction, vout, policy, fees, limits, tagged }
}

fn question(request: &Request, output: OutputNumber, until: BTreeSet<TxNumber>) -> Question {
    let Request { policy, fees, limits, .. } = *request;
    Question { output, ranges: Vec::new(), policy, fees, limits, until }
}

/// All that an exposure says.
fn said_of(view: &ChainView, exposure: &Exposure) -> String {
    let mut said = format!("{} {}\n", exposure.next_block().0, exposure.unspent_count());
    for output in (0..Utxo::output_count(view)).map(OutputNumber) {
        said += &format!("{output:?} {:?}\n", exposure.of_output(output));
    }
    for address in (0..Utxo::address_count(view)).map(AddressNumber) {
        let of = |category| exposure.received(address, Category(category)).0;
        said += &format!("{address:?} {:?}\n", (0..5).map(of).collect::<Vec<_>>());
    }
    said
}

/// What of an output came from the source, and what from elsewhere.
fn from_source(found: &backward::Backward) -> (u64, u64) {
    let mut sums = (0, 0);
    for source in &found.sources {
        match source.end {
            End::Until(_) => sums.0 += source.amount.0,
            _ => sums.1 += source.amount.0,
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Every satoshi of every end is followed back: exactly the tainted ones lead to the source.
    #[test]
    fn backward_leads_every_tainted_satoshi_to_the_source(
        view in chains(),
        pick in any::<prop::sample::Index>(),
        lifo in any::<bool>(),
    ) {
        let source = TxNumber(pick.index(view.transaction_count() as usize) as u32);
        let policy = if lifo { Policy::Lifo } else { Policy::Fifo };
        let request = request(source, None, policy);
        let walked = walk(&view, &request);
        for visit in &walked.visits {
            let first = Utxo::outputs_of(&view, visit.transaction).start;
            for (place, left) in walked.outputs(&view, visit).enumerate() {
                let output = OutputNumber(first + place as u64);
                let mut question = question(&request, output, [source].into());
                let whole = backward(&view, &question).unwrap();
                prop_assert_eq!(whole.asked, left.lot.value);
                prop_assert_eq!(from_source(&whole).0, left.lot.taint.0);
                let all: u64 = whole.sources.iter().map(|found| found.amount.0).sum();
                prop_assert_eq!(all, left.lot.value.0, "nothing is lost on the way back");
                if left.lot.taint.0 > 0 {
                    question.ranges.clone_from(&left.lot.ranges);
                    let tainted = backward(&view, &question).unwrap();
                    prop_assert_eq!(from_source(&tainted), (left.lot.taint.0, 0));
                }
            }
        }
    }

    #[test]
    fn a_haircut_is_the_same_both_ways_up_to_rounding(
        view in chains(),
        pick in any::<prop::sample::Index>(),
    ) {
        let source = TxNumber(pick.index(view.transaction_count() as usize) as u32);
        let request = request(source, None, Policy::Haircut);
        let walked = walk(&view, &request);
        for visit in &walked.visits {
            let first = Utxo::outputs_of(&view, visit.transaction).start;
            for (place, left) in walked.outputs(&view, visit).enumerate() {
                let output = OutputNumber(first + place as u64);
                let back = backward(&view, &question(&request, output, [source].into())).unwrap();
                let all: u64 = back.sources.iter().map(|found| found.amount.0).sum();
                prop_assert_eq!(all, left.lot.value.0);
                // One satoshi for each transaction passed in either direction.
                let slack = (back.passed.len() + walked.visits.len()) as u64;
                prop_assert!(from_source(&back).0.abs_diff(left.lot.taint.0) <= slack);
            }
        }
    }

    /// One pass with a category for each source says what a trace from each source says.
    #[test]
    fn one_pass_equals_the_traces(
        view in chains(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
    ) {
        let outputs = Utxo::output_count(&view);
        let chosen: BTreeSet<u64> =
            picks.iter().map(|pick| pick.index(outputs as usize) as u64).collect();
        let sources: HashMap<OutputNumber, Category> =
            chosen.iter().zip(0..).map(|(o, c)| (OutputNumber(*o), Category(c))).collect();
        let mut exposure =
            Exposure::new(Sources { outputs: sources.clone(), ..Sources::default() });
        exposure.advance(&view);
        prop_assert_eq!(exposure.next_block().0, view.block_count());
        let tagged: HashSet<AddressNumber> =
            sources.keys().filter_map(|output| view.address_of(*output)).collect();
        let mut expected: BTreeMap<(OutputNumber, Category), u64> = BTreeMap::new();
        let mut longest = 0;
        for (output, category) in &sources {
            let creator = view.creator(*output);
            let vout = (output.0 - Utxo::outputs_of(&view, creator).start) as u32;
            let mut request = request(creator, Some(vout), Policy::Haircut);
            // The walk stops at other sources; its own source is not one of the stops.
            request.tagged.clone_from(&tagged);
            request.tagged.remove(&view.address_of(*output).unwrap());
            let walked = walk(&view, &request);
            longest = longest.max(walked.visits.len());
            for visit in &walked.visits {
                let first = Utxo::outputs_of(&view, visit.transaction).start;
                for (place, left) in walked.outputs(&view, visit).enumerate() {
                    let at = OutputNumber(first + place as u64);
                    if left.fate == Fate::Unspent {
                        expected.insert((at, *category), left.lot.taint.0);
                    }
                }
            }
        }
        let mut said = BTreeMap::new();
        for output in (0..outputs).map(OutputNumber) {
            let amounts = exposure.of_output(output);
            said.extend(amounts.iter().map(|(category, amount)| ((output, *category), amount.0)));
            // rounding_adds_less_than_one_satoshi_a_category_and_hop
            let sum: u64 = amounts.iter().map(|(_, amount)| amount.0).sum();
            let slack = (sources.len() as u64 - 1) * (longest as u64 + 1);
            prop_assert!(sum <= view.value(output).0 + slack);
        }
        prop_assert_eq!(said, expected);
        for category in sources.values() {
            let total: u64 = (0..outputs)
                .flat_map(|output| exposure.of_output(OutputNumber(output)))
                .filter(|(of, _)| of == category)
                .map(|(_, amount)| amount.0)
                .sum();
            prop_assert_eq!(exposure.unspent_total(*category).0, total);
        }
    }

    /// Taking blocks back gives what the blocks before them gave, and reading them again the same.
    #[test]
    fn exposure_goes_back_to_what_it_was(
        view in chains(),
        outputs in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        addresses in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        back in any::<prop::sample::Index>(),
    ) {
        let count = Utxo::output_count(&view) as usize;
        let output = |pick: &prop::sample::Index| OutputNumber(pick.index(count) as u64);
        let address = |pick: &prop::sample::Index| view.address_of(output(pick));
        let sources = Sources {
            outputs: outputs.iter().map(output).zip((0..).map(Category)).collect(),
            addresses: addresses.iter().filter_map(address).zip((1..).map(Category)).collect(),
        };
        let blocks = view.block_count();
        let keep = back.index(blocks as usize + 1) as u32;
        let mut exposure = Exposure::new(sources.clone());
        exposure.advance(&view);
        let whole = said_of(&view, &exposure);
        exposure.undo_to(keep).unwrap();
        let mut short = Exposure::new(sources);
        short.advance_to(&view, keep);
        prop_assert_eq!(said_of(&view, &exposure), said_of(&view, &short));
        exposure.advance(&view);
        prop_assert_eq!(said_of(&view, &exposure), whole);
    }

    /// What a watch says block by block ends where a trace over all blocks ends.
    #[test]
    fn a_watch_ends_where_the_trace_ends(
        view in chains(),
        pick in any::<prop::sample::Index>(),
    ) {
        let outputs = Utxo::output_count(&view);
        let start = OutputNumber(pick.index(outputs as usize) as u64);
        let creator = view.creator(start);
        let vout = (start.0 - Utxo::outputs_of(&view, creator).start) as u32;
        let mut request = request(creator, Some(vout), Policy::Fifo);
        request.fees = FeeRule::Stop;
        let walked = walk(&view, &request);
        let mut watch = Watch::new();
        watch.add(&view, WatchNumber(7), start);
        let (mut fees, mut lost) = (0, 0);
        for block in (0..view.block_count()).map(BlockNumber) {
            for alert in watch.read(&view, block, 0) {
                match alert.event {
                    Event::Fee { amount } => fees += amount.0,
                    Event::Boundary { amount } => lost += amount.0,
                    _ => {}
                }
            }
        }
        let mut expected = Vec::new();
        for visit in &walked.visits {
            let first = Utxo::outputs_of(&view, visit.transaction).start;
            for (place, left) in walked.outputs(&view, visit).enumerate() {
                if left.fate == Fate::Unspent {
                    let output = OutputNumber(first + place as u64);
                    expected.push((WatchNumber(7), output, left.lot.taint));
                }
            }
        }
        let lots: Vec<_> =
            watch.lots().into_iter().filter(|(_, _, amount)| amount.0 > 0).collect();
        prop_assert_eq!(lots, expected);
        prop_assert_eq!((fees, lost), (walked.totals.fees.0, walked.totals.boundary.0));
    }
}

/// As in `flow.rs`: transaction 4 spends 1,000 clean, 600 stolen, 400 clean; pays 700, 900, 300.
fn mixing() -> ChainView {
    view(&[
        vec![transaction(90, &[], &[5_000, 5_000, 5_000])],
        vec![
            transaction(91, &[], &[50]),
            transaction(1, &[(90, 0)], &[600, 400]),
            transaction(2, &[(90, 1)], &[1_000]),
            transaction(3, &[(90, 2)], &[400]),
            transaction(4, &[(2, 0), (1, 0), (3, 0)], &[700, 900, 300]),
            transaction(5, &[(4, 1), (1, 1)], &[1_250]),
        ],
    ])
}

fn number(view: &ChainView, number: u32, vout: u32) -> OutputNumber {
    let transaction = view.transaction(&txid(number)).unwrap();
    OutputNumber(Utxo::outputs_of(view, transaction).start + u64::from(vout))
}

#[test]
fn the_way_back_by_hand() {
    let view = mixing();
    let until: BTreeSet<TxNumber> =
        [1, 2, 3].map(|number| view.transaction(&txid(number)).unwrap()).into();
    let mut said = String::new();
    for policy in [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo] {
        let request = request(TxNumber(0), None, policy);
        let asked = question(&request, number(&view, 5, 0), until.clone());
        let mut parts = Vec::new();
        for source in backward(&view, &asked).unwrap().sources {
            let End::Until(output) = source.end else { panic!("{source:?}") };
            let ranges: Vec<String> =
                source.ranges.iter().map(|r| format!(" {}+{}", r.start, r.length)).collect();
            let point = view.outpoint(output);
            let id = u32::from_le_bytes(point.txid.0[..4].try_into().unwrap());
            parts.push(format!("{id}:{} {}{}", point.vout, source.amount, ranges.concat()));
        }
        said.push_str(&format!("{policy}: {}\n", parts.join(", ")));
    }
    // FIFO: of output 5:0's 1,250 satoshis the first 900 are output 4:1, which is satoshis 700 to
    // 1,599 of transaction 4's queue: 2:0's last 300 and 1:0's 600. The other 350 are 1:1's first.
    // LIFO: 1:1's 400 come first, then 850 of 4:1 from its end. Output 4:1 is satoshis 700 to 1,599
    // of that queue read backwards: 1:0's 300 before, then 2:0's last 600; its first 50 satoshis,
    // which stay behind, are 1:0's satoshis 250 to 299.
    expect![[r#"
        poison: 3:0 400, 2:0 1000, 1:1 400, 1:0 600
        haircut: 3:0 173, 2:0 433, 1:1 385, 1:0 259
        fifo: 2:0 300 700+300, 1:1 350 0+350, 1:0 600 0+600
        lifo: 2:0 600 400+600, 1:1 400 0+400, 1:0 250 0+250
    "#]]
    .assert_eq(&said);
    let mut asked = question(&request(TxNumber(0), None, Policy::Tiho), number(&view, 5, 0), until);
    assert_eq!(backward(&view, &asked), Err(BackwardError::Policy(Policy::Tiho)));
    asked.policy = Policy::Fifo;
    for (start, length) in [(0, 1_251), (1_250, 1), (u64::MAX, 2)] {
        asked.ranges = vec![Range { start, length }];
        assert_eq!(backward(&view, &asked), Err(BackwardError::Ranges { last: 1_249 }));
    }
}

#[test]
fn exposure_goes_back_a_hundred_blocks_and_says_so() {
    let mut blocks = vec![vec![transaction(1, &[], &[100])]];
    let next = |id: u32| {
        vec![transaction(1_000 + id, &[], &[50]), transaction(id, &[(id - 1, 0)], &[100])]
    };
    blocks.extend((2..150).map(next));
    let view = view(&blocks);
    let blocks = view.block_count();
    let sources = HashMap::from([(number(&view, 1, 0), Category(0))]);
    let mut exposure = Exposure::new(Sources { outputs: sources, ..Sources::default() });
    exposure.advance(&view);
    expect!["exposure goes back to block 49 at most, not to 48: begin it anew"]
        .assert_eq(&exposure.undo_to(blocks - 101).unwrap_err().to_string());
    exposure.undo_to(blocks - 100).unwrap();
    assert_eq!(exposure.unspent_total(Category(0)), Satoshi(100));
    assert!(exposure.undo_to(blocks - 101).is_err());
}

#[test]
fn a_lot_that_reaches_a_named_address_raises_an_alert() {
    let view = mixing();
    let mut watch = Watch::new();
    watch.add(&view, WatchNumber(1), number(&view, 1, 0));
    watch.add(&view, WatchNumber(2), number(&view, 1, 1));
    let exchange = view.address_of(number(&view, 5, 0)).unwrap();
    let (label, source) = ("Example Exchange".to_owned(), "own records".to_owned());
    let tag = Tag { label, source, fiction: true };
    watch.name(view.address_text(exchange).unwrap(), tag);
    let mut said = String::new();
    for alert in watch.read(&view, BlockNumber(1), 1_700_000_000) {
        assert_eq!(alert.seconds_since_block, None, "rows do not tell a time");
        let id = u32::from_le_bytes(alert.txid.0[..4].try_into().unwrap());
        let event = match alert.event {
            Event::Moved { to, amount, .. } => format!("moved {amount} to output {}", to.vout),
            Event::Reached { amount, tag, .. } => format!("reached {} with {amount}", tag.label),
            other => format!("{other:?}"),
        };
        said.push_str(&format!("watch {} tx {id}: {event}\n", alert.watch.0));
    }
    expect![[r#"
        watch 1 tx 4: moved 600 to output 1
        watch 1 tx 5: reached Example Exchange with 600
        watch 2 tx 5: reached Example Exchange with 350
        watch 2 tx 5: Fee { amount: Satoshi(50) }
    "#]]
    .assert_eq(&said);
    assert_eq!(watch.lots(), []);
}

/// A real block has a time: what was seen 90 seconds after it is said to be so.
#[test]
fn the_delay_is_counted_from_the_block() {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    let file = NamedBytes { name: "702861.raw", bytes };
    let view = ChainView::load(&[file], &[], Network::Mainnet).unwrap();
    let source = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";
    let transaction = view.transaction(&source.parse().unwrap()).unwrap();
    let mut watch = Watch::new();
    for output in Utxo::outputs_of(&view, transaction).map(OutputNumber) {
        watch.add(&view, WatchNumber(0), output);
    }
    let time = u64::from(view.block_time(BlockNumber(0)).unwrap());
    let alerts = watch.read(&view, BlockNumber(0), time + 90);
    assert!(alerts.iter().all(|alert| alert.seconds_since_block == Some(90)));
    let moves = alerts.iter().filter(|alert| matches!(alert.event, Event::Moved { .. })).count();
    assert_eq!(moves, 32, "sixteen hops of two outputs");
    let early = Watch::new().read(&view, BlockNumber(0), time - 1);
    assert_eq!(early, []);
}
