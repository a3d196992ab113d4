//! A journal of alerts: what stands is what happened, whatever came in between.

#[path = "account/mod.rs"]
mod common;

use chain::account::{Account, AccountBlock, Hash256, Kind, Ledgers};
use common::{CHAIN, Row, account, asset, block, hash, pay};
use expect_test::expect;
use proptest::prelude::*;
use trace::Tag;
use trace::account::{AccountParameters, AccountPolicy, AccountSource};
use trace::watch::WatchNumber;
use trace::watch::accounts::{AccountWatch, PLACES_MAX, STRIDE_BLOCKS, of_accounts};
use trace::watch::journal::{Journal, Line};

fn sources() -> Vec<(WatchNumber, AccountParameters)> {
    let source = AccountSource::Transaction(hash(1, 0));
    let mut parameters = AccountParameters::new(source, asset(0), AccountPolicy::Fifo);
    let (label, source) = ("An exchange".to_owned(), "made up".to_owned());
    parameters.tags.insert(account(6).eip55(), Tag { label, source, fiction: true });
    vec![(WatchNumber(0), parameters)]
}

/// The file, as far as it was written.
#[derive(Default)]
struct Disk(String);

impl Disk {
    /// One look by a process that was just started and ends at once.
    fn look(&mut self, ledgers: &Ledgers, now: u64) -> Vec<Line> {
        let mut journal = match Journal::read(&self.0).unwrap() {
            Some((journal, whole)) => {
                self.0.truncate(whole);
                journal
            }
            None => {
                let (journal, line) = Journal::begin("evm 1");
                self.0 = line.text();
                journal
            }
        };
        if let Some(line) = journal.watch("0x01", Some("native"), None).unwrap() {
            self.0 += &line.text();
        }
        let happened = of_accounts(ledgers, &sources(), now).unwrap();
        for line in journal.compare(happened).unwrap() {
            self.0 += &line.text();
        }
        let untold = journal.untold().to_vec();
        if let Some(line) = journal.told() {
            self.0 += &line.text();
        }
        untold
    }
}

#[test]
fn a_payment_is_told_once_and_taken_back_when_it_did_not_happen() {
    let mut ledgers = Ledgers::new(CHAIN);
    let mut disk = Disk::default();
    ledgers.append(&block(1, &[vec![pay(1, 2, 0, 100)]])).unwrap();
    assert_eq!(disk.look(&ledgers, 60), []);
    ledgers.append(&block(2, &[vec![pay(2, 3, 0, 70)]])).unwrap();
    disk.look(&ledgers, 125);
    assert_eq!(disk.look(&ledgers, 999), []);
    ledgers.append(&block(3, &[vec![pay(3, 6, 0, 50)]])).unwrap();
    disk.look(&ledgers, 180);
    ledgers.rollback_to(2);
    ledgers.append(&block(3, &[vec![pay(3, 4, 0, 20)]])).unwrap();
    disk.look(&ledgers, 200);
    expect![[r#"
        {"line":"begin","format":"comity watch","version":1,"chain":"evm 1"}
        {"line":"watch","watch":0,"from":"0x01","asset":"native"}
        {"line":"alert","number":1,"seconds_since_block":5,"height":2,"block":"0x00000000000000020000000000000000000000000000000000000000000000c9","transaction":"0x0000000000000002000000000000000000000000000000000000000000000001","place":"call 0","watch":0,"what":"moved","address":"0x0303030303030303030303030303030303030303","asset":"native","amount":"70","label":null,"tag_source":null,"fiction":false}
        {"line":"told","number":1}
        {"line":"alert","number":2,"seconds_since_block":0,"height":3,"block":"0x00000000000000030000000000000000000000000000000000000000000000c9","transaction":"0x0000000000000003000000000000000000000000000000000000000000000001","place":"call 0","watch":0,"what":"reached","address":"0x0606060606060606060606060606060606060606","asset":"native","amount":"50","label":"An exchange","tag_source":"made up","fiction":true}
        {"line":"told","number":2}
        {"line":"taken_back","number":3,"alert":2}
        {"line":"alert","number":4,"seconds_since_block":20,"height":3,"block":"0x00000000000000030000000000000000000000000000000000000000000000c9","transaction":"0x0000000000000003000000000000000000000000000000000000000000000001","place":"call 0","watch":0,"what":"moved","address":"0x0404040404040404040404040404040404040404","asset":"native","amount":"20","label":null,"tag_source":null,"fiction":false}
        {"line":"told","number":4}
    "#]]
    .assert_eq(&disk.0);
}

#[test]
fn a_line_of_another_shape_is_refused_and_half_a_line_is_left_out() {
    let said = |text: &str| match Journal::read(text) {
        Ok(Some((journal, whole))) => format!("{} whole of {}", whole, journal.chain()),
        Ok(None) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    };
    let begin = r#"{"line":"begin","format":"comity watch","version":1,"chain":"tron"}"#.to_owned();
    assert_eq!(said(&begin), "nothing");
    let begin = begin + "\n";
    assert_eq!(said(&begin), "68 whole of tron");
    assert_eq!(said(&format!("{begin}{{\"line\":\"told\",")), "68 whole of tron");
    expect!["line 1: not a journal of `comity watch`, version 1"]
        .assert_eq(&said(&begin.replace(":1,", ":2,")));
    expect!["line 2: a second beginning"].assert_eq(&said(&begin.repeat(2)));
    let back = r#"{"line":"taken_back","number":1,"alert":9}"#;
    expect!["line 2: alert 9 does not stand"].assert_eq(&said(&format!("{begin}{back}\n")));
    let gap = r#"{"line":"taken_back","number":2,"alert":9}"#;
    expect!["line 2: number 2 does not follow 0"].assert_eq(&said(&format!("{begin}{gap}\n")));
}

fn row() -> impl Strategy<Value = Row> {
    (1u8..7, 1u8..7, 1u128..60, 0u8..6).prop_map(|(from, to, amount, sort)| match sort {
        0 => Row(Kind::Internal, account(from), account(to), 0, amount),
        1 => Row(Kind::FeeBurned, account(from), Account::ZERO, 0, amount / 9),
        _ => pay(from, to, 0, amount),
    })
}

/// A block of one branch of many, of which no two have a block in common.
fn branch(ledgers: &Ledgers, salt: u8, rows: Vec<Row>) -> AccountBlock {
    let tip = ledgers.tip().map(|tip| (tip.number, tip.hash));
    let (number, parent) = tip.map_or((1, Hash256([0; 32])), |(number, hash)| (number + 1, hash));
    let mut block = block(number, &[rows]);
    block.parent = parent;
    block.hash.0[16] = salt;
    block
}

fn naming(name: &str) -> Option<Tag> {
    sources()[0].1.tags.get(name).cloned()
}

fn unnamed() -> Vec<(WatchNumber, AccountParameters)> {
    let mut sources = sources();
    sources[0].1.tags.clear();
    let source = AccountSource::Account { account: account(3), block_first: 2, block_last: 9 };
    sources.push((WatchNumber(1), AccountParameters::new(source, asset(0), AccountPolicy::Fifo)));
    sources
}

#[test]
fn a_look_reads_new_blocks_only_and_goes_back_no_further_than_it_must() {
    let mut ledgers = Ledgers::new(CHAIN);
    let mut watch = AccountWatch::new(unnamed());
    ledgers.append(&branch(&ledgers, 0, vec![pay(1, 2, 0, 1_000_000)])).unwrap();
    let strides = PLACES_MAX + 3;
    for _ in 1..strides * STRIDE_BLOCKS {
        ledgers.append(&branch(&ledgers, 0, vec![pay(2, 3, 0, 10), pay(3, 2, 0, 5)])).unwrap();
    }
    let mut read = |ledgers: &Ledgers| watch.look(ledgers, 0, naming).unwrap().block_count;
    let tip = (strides * STRIDE_BLOCKS) as u64;
    assert_eq!(read(&ledgers), strides * STRIDE_BLOCKS);
    assert_eq!(read(&ledgers), 0);
    ledgers.append(&branch(&ledgers, 0, vec![pay(2, 3, 0, 10)])).unwrap();
    assert_eq!(read(&ledgers), 1);
    // A reorganisation of 100 blocks is read from the place below it, at most 64 blocks deeper.
    ledgers.rollback_to(tip + 1 - 100);
    while ledgers.tip().unwrap().number < tip + 2 {
        ledgers.append(&branch(&ledgers, 1, vec![pay(2, 4, 0, 10)])).unwrap();
    }
    let again = read(&ledgers);
    assert!((101..=101 + STRIDE_BLOCKS).contains(&again), "{again}");
    // Deeper than all places: from the first block.
    ledgers.rollback_to(2);
    ledgers.append(&branch(&ledgers, 2, vec![pay(2, 4, 0, 10)])).unwrap();
    assert_eq!(read(&ledgers), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What looks at new blocks tell is what a walk over all blocks tells, whatever branch the chain
    /// takes and however long nobody looked.
    #[test]
    fn a_watch_that_reads_on_tells_what_a_walk_from_the_beginning_tells(
        acts in prop::collection::vec((prop::collection::vec(row(), 1..4), 1usize..90, 0u64..150, any::<u8>()), 1..14),
    ) {
        let mut ledgers = Ledgers::new(CHAIN);
        ledgers.append(&branch(&ledgers, 0, vec![pay(1, 2, 0, 100)])).unwrap();
        let mut watch = AccountWatch::new(unnamed());
        let (mut journal, _) = Journal::begin("evm 1");
        for from in ["0x01", "0x02"] {
            journal.watch(from, Some("native"), None).unwrap();
        }
        for ((rows, count, back, turn), branched) in acts.into_iter().zip(1u8..) {
            let tip = ledgers.tip().unwrap().number;
            ledgers.rollback_to(if turn % 3 == 0 { tip.saturating_sub(back) } else { tip });
            for index in 0..count {
                let turned = rows.iter().cycle().skip(index % rows.len()).take(rows.len());
                ledgers.append(&branch(&ledgers, branched, turned.copied().collect())).unwrap();
            }
            let news = watch.look(&ledgers, 7, naming).unwrap();
            journal.compare_from(news.height, news.happened.clone()).unwrap();
            let mut named = unnamed();
            named[0].1.tags = sources()[0].1.tags.clone();
            named[1].1.tags = named[0].1.tags.clone();
            let mut all = of_accounts(&ledgers, &named, 7).unwrap();
            // As the journal sees it, nothing is missing and nothing is left standing.
            prop_assert_eq!(journal.compare(all.clone()).unwrap(), []);
            all.retain(|what, _| what.height >= news.height);
            prop_assert_eq!(all, news.happened);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Blocks come and go, looks are missed, crashes cut the file anywhere after its first lines.
    #[test]
    fn what_stands_is_what_happened(
        acts in prop::collection::vec((prop::collection::vec(row(), 1..3), 0u64..4, any::<bool>(), 0usize..300), 1..20),
    ) {
        let mut ledgers = Ledgers::new(CHAIN);
        ledgers.append(&block(1, &[vec![pay(1, 2, 0, 100)]])).unwrap();
        let mut disk = Disk::default();
        disk.look(&ledgers, 0);
        let kept = disk.0.len();
        for (rows, back, looks, cut) in acts {
            let tip = ledgers.tip().unwrap().number;
            let keep = tip.saturating_sub(back).max(1);
            ledgers.rollback_to(keep);
            ledgers.append(&block(keep + 1, &[rows])).unwrap();
            if looks {
                disk.look(&ledgers, 0);
                let length = disk.0.len().saturating_sub(cut).max(kept);
                disk.0.truncate(length);
            }
        }
        disk.look(&ledgers, 0);
        let (journal, _) = Journal::read(&disk.0).unwrap().unwrap();
        let happened = of_accounts(&ledgers, &sources(), 0).unwrap();
        prop_assert_eq!(journal.standing_count(), happened.len());
        prop_assert_eq!(disk.look(&ledgers, 0), []);
    }

    /// What was told of older blocks never changes by newer ones.
    #[test]
    fn newer_blocks_change_nothing_before_them(
        blocks in prop::collection::vec(prop::collection::vec(row(), 1..3), 1..20),
    ) {
        let mut ledgers = Ledgers::new(CHAIN);
        ledgers.append(&block(1, &[vec![pay(1, 2, 0, 100)]])).unwrap();
        let mut before = of_accounts(&ledgers, &sources(), 0).unwrap();
        for (rows, number) in blocks.into_iter().zip(2..) {
            ledgers.append(&block(number, &[rows])).unwrap();
            let mut after = of_accounts(&ledgers, &sources(), 0).unwrap();
            let now = after.clone();
            after.retain(|what, _| what.height < number);
            prop_assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
            before = now;
        }
    }
}
