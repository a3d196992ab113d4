//! What a transparency report counts, and that no small count can be had from it.

use std::collections::{BTreeMap, BTreeSet};

use desk::ids::{Amount, Asset, Country};
use desk::order::{AskKind, DataCategory, InstrumentKind, IssuerType, Order};
use desk::policy::Actor;
use desk::request::{Command, Event, RefusalCode};
use desk::transparency::{
    AskFacts, Deadline, End, Fate, Heading, LogHead, Notice, Period, Report, RequestFacts,
    SMALL_CELL_BELOW, Scope, Tally, fold, told_sums, withheld,
};
use expect_test::expect;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

mod support;
use support::*;

fn heading() -> Heading {
    Heading {
        company: "Lantern Exchange".to_owned(),
        log: LogHead { origin: "log.example/1".to_owned(), size: 7, root: "AAAA".to_owned() },
        period: Period::new("2026-01-01".parse().unwrap(), "2026-06-30".parse().unwrap()).unwrap(),
        as_of: at("2026-07-15T00:00:00Z"),
        agency_countries: None,
    }
}

fn country(text: &str) -> Country {
    Country::parse(text).expect("two letters")
}

/// An answered demand for records: received on a day of March, done after some hours.
fn answered(day: i64, hours: i64) -> AskFacts {
    AskFacts {
        kind: AskKind::Disclose,
        category: Some(DataCategory::Subscriber),
        is_emergency: false,
        accounts_named: 1,
        fate: Fate::Full,
        refusal: None,
        done_at: Some(received(day) + SignedDuration::from_hours(hours)),
        ended_at: None,
        deadline: Deadline::Kept,
        is_unvalidated: false,
        is_suspected: false,
        notice: Notice::None,
        is_silenced: false,
        is_sent_back: false,
        end: None,
        frozen: None,
    }
}

fn refused(code: RefusalCode) -> AskFacts {
    let deadline = Deadline::None;
    AskFacts { fate: Fate::Refused, refusal: Some(code), done_at: None, deadline, ..answered(1, 0) }
}

fn freeze(amount: u128) -> AskFacts {
    AskFacts {
        kind: AskKind::Freeze,
        category: None,
        fate: Fate::CarriedOut,
        end: Some(End::InForce),
        frozen: Some((Asset::parse("BTC").unwrap(), Amount(amount))),
        ..answered(1, 3)
    }
}

fn received(day: i64) -> Timestamp {
    at("2026-03-01T09:00:00Z") + SignedDuration::from_hours(24 * (day - 1))
}

fn request(country: Country, day: i64, asks: Vec<AskFacts>) -> RequestFacts {
    RequestFacts {
        received_at: received(day),
        country,
        regime: "generic".to_owned(),
        agency_class: IssuerType::Court,
        instrument: InstrumentKind::ProductionOrder,
        is_test: false,
        asks,
    }
}

fn report(requests: &[RequestFacts]) -> Report {
    let mut tally = Tally::new(heading());
    requests.iter().for_each(|request| tally.add(request));
    tally.report()
}

fn half_year() -> Vec<RequestFacts> {
    let (germany, france, malta) = (country("DE"), country("FR"), country("MT"));
    let mut requests = Vec::new();
    for day in 1..=20 {
        requests.push(request(germany, day, vec![answered(day, 10 * day)]));
    }
    for day in 1..=12 {
        let partial = AskFacts { fate: Fate::Partial, ..answered(day, 48) };
        requests.push(request(
            france,
            day,
            vec![if day > 9 { partial } else { answered(day, 24) }],
        ));
    }
    for day in 1..=3 {
        let urgent = AskFacts { is_emergency: true, ..answered(day, 5) };
        requests.push(request(malta, day, vec![urgent]));
        requests.push(request(france, day, vec![refused(RefusalCode::OverBroad)]));
        requests.push(request(germany, day, vec![refused(RefusalCode::WrongIdentifier)]));
    }
    for day in 1..=6 {
        requests.push(request(germany, day, vec![freeze(40_000_000)]));
    }
    requests
}

#[test]
fn a_half_year_as_a_table() {
    let csv = report(&half_year()).to_csv();
    expect![[r#"
        period_from,period_to,row,ask_type,country,regime,agency_class,data_category,emergency,instrument,item,received,accounts_named,full,partial,no_data,carried_out,refused,withdrawn,expired,open,other_outcomes,median_hours,p90_hours,deadline_kept,deadline_missed,user_told,user_not_told,silenced,sent_back,fraud_suspected,emergencies_unvalidated,median_days_in_force,in_force,confirmed,released,lapsed,other_ends,amount,amount_from,amount_below
        2026-01-01,2026-06-30,total,disclose,,,,,,,,41,41,32,withheld,withheld,,withheld,withheld,withheld,withheld,9,48.0,170.0,withheld,withheld,withheld,withheld,0,0,0,withheld,,,,,,,,,
        2026-01-01,2026-06-30,country,disclose,DE,,,,,,,23,,withheld,withheld,withheld,,withheld,withheld,withheld,withheld,withheld,100.0,180.0,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,country,disclose,other,,,,,,,18,,withheld,withheld,withheld,,withheld,withheld,withheld,withheld,withheld,24.0,48.0,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,detail,disclose,DE,generic,court,subscriber,false,production_order,,23,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,detail,disclose,other,generic,court,subscriber,any,production_order,,18,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,total,freeze,,,,,,,,6,6,,,,6,0,0,0,0,,,,6,0,0,0,0,0,0,0,,6,0,0,0,,,,
        2026-01-01,2026-06-30,country,freeze,DE,,,,,,,6,,,,,6,0,0,0,0,,,,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,detail,freeze,DE,generic,court,any,false,production_order,,6,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,asset,freeze,,,,,,,BTC,,,,,,6,,,,,,,,,,,,,,,,,6,0,0,0,,,200000000,500000000
        2026-01-01,2026-06-30,total,preserve,,,,,,,,withheld,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,total,unfreeze,,,,,,,,withheld,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
        2026-01-01,2026-06-30,total,non_disclosure,,,,,,,,withheld,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
    "#]]
    .assert_eq(&csv);
}

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../docs/formats/transparency.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

#[test]
fn the_json_fits_its_schema_and_a_small_count_does_not() {
    let faults = |json: &str| {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        schema().iter_errors(&value).map(|error| error.to_string()).collect::<Vec<_>>()
    };
    let json = report(&half_year()).to_json();
    assert_eq!(faults(&json), [""; 0]);
    let small = json.replacen("\"received\": 41", "\"received\": 4", 1);
    assert_ne!(small, json);
    assert!(!faults(&small).is_empty(), "4 is a small count");
}

#[test]
fn fewer_than_five_requests_are_fewer_than_five() {
    let germany = country("DE");
    let few: Vec<_> = (1..=4).map(|day| request(germany, day, vec![answered(day, 1)])).collect();
    let told = report(&few);
    assert_eq!((told.requests, told.sections.len(), told.withheld.len()), (None, 0, 5));
    assert_eq!(told.withheld, report(&[]).withheld, "none look like few");
}

#[test]
fn other_periods_practice_and_other_countries_do_not_count() {
    let germany = country("DE");
    let ordinary = request(germany, 1, vec![answered(1, 1)]);
    let moved = |at: &str| RequestFacts { received_at: at.parse().unwrap(), ..ordinary.clone() };
    let mut tally = Tally::new(Heading { agency_countries: Some([germany].into()), ..heading() });
    for _ in 0..6 {
        tally.add(&moved("2026-01-01T00:00:00Z"));
        tally.add(&moved("2026-06-30T23:59:59.999999Z"));
        tally.add(&moved("2025-12-31T23:59:59.999999Z"));
        tally.add(&moved("2026-07-01T00:00:00Z"));
        tally.add(&RequestFacts { is_test: true, ..ordinary.clone() });
        tally.add(&RequestFacts { country: country("FR"), ..ordinary.clone() });
    }
    assert_eq!(tally.report().requests, Some(12));
}

#[test]
fn the_number_of_requests_does_not_tell_of_a_withheld_kind() {
    let germany = country("DE");
    let mut requests: Vec<_> =
        (1..=20).map(|day| request(germany, day, vec![answered(day, 1)])).collect();
    assert_eq!(report(&requests).requests, Some(20));
    requests.push(request(germany, 1, vec![freeze(1)]));
    requests.push(request(germany, 2, vec![freeze(1)]));
    // 22 requests and 20 demands for records would say that there are two freezes or more.
    assert_eq!(report(&requests).requests, None);
}

#[test]
fn a_report_is_read_in_its_one_spelling() {
    let told = report(&half_year());
    let json = told.to_json();
    assert_eq!(Report::parse(&json), Ok(told));
    let spaced = json.replacen("  ", "   ", 1);
    expect!["the report is not in its one spelling; take the file as it was made"]
        .assert_eq(&Report::parse(&spaced).unwrap_err().to_string());
    let other = json.replacen("\"v\": 2", "\"v\": 1", 1);
    expect![[r#"this says it is "comity transparency report", version 1; this program reads "comity transparency report", 2"#]]
        .assert_eq(&Report::parse(&other).unwrap_err().to_string());
}

#[test]
fn reports_that_could_be_subtracted_are_known() {
    let scope = |from: &str, to: &str, countries: &str, as_of: &str| Scope {
        period: Period::new(from.parse().unwrap(), to.parse().unwrap()).unwrap(),
        agency_countries: (!countries.is_empty())
            .then(|| countries.split(' ').map(country).collect()),
        as_of: format!("{as_of}T00:00:00Z").parse().unwrap(),
    };
    let first = scope("2026-01-01", "2026-06-30", "", "2026-07-15");
    let check = |other: &Scope, expected: bool| {
        assert_eq!(first.can_be_subtracted(other), expected, "{other:?}");
        assert_eq!(other.can_be_subtracted(&first), expected, "{other:?}");
    };
    check(&first, false);
    check(&scope("2026-07-01", "2026-12-31", "", "2027-01-15"), false);
    check(&scope("2026-06-30", "2026-12-31", "", "2027-01-15"), true);
    check(&scope("2026-01-01", "2026-12-31", "", "2027-01-15"), true);
    check(&scope("2026-02-01", "2026-02-28", "", "2026-07-15"), true);
    // The same requests later: what became of them in between.
    check(&scope("2026-01-01", "2026-06-30", "", "2026-07-16"), true);
    check(&scope("2026-01-01", "2026-06-30", "DE", "2026-07-15"), true);
    let germany = scope("2026-01-01", "2026-06-30", "DE", "2026-07-15");
    assert!(!germany.can_be_subtracted(&scope("2026-01-01", "2026-06-30", "FR MT", "2026-07-15")));
    assert!(germany.can_be_subtracted(&scope("2026-01-01", "2026-06-30", "FR DE", "2026-07-15")));
}

/// What is frozen is told exactly only when nobody stands out.
#[test]
fn an_exact_sum_says_nothing_of_one_freeze() {
    let germany = country("DE");
    let amounts = |amounts: &[u128]| {
        let requests: Vec<_> =
            amounts.iter().map(|amount| request(germany, 1, vec![freeze(*amount)])).collect();
        let told = report(&requests);
        let [asset] = &told.sections[0].assets[..] else { panic!("{told:?}") };
        let text = |amount: Option<Amount>| amount.map_or("-".to_owned(), |it| it.to_string());
        format!(
            "{} in {}..{}",
            text(asset.amount),
            text(asset.amount_from),
            text(asset.amount_below)
        )
    };
    assert_eq!(amounts(&[100; 9]), "- in 500..1000");
    assert_eq!(amounts(&[100; 10]), "1000 in 1000..2000");
    let mut one_stands_out = vec![1; 9];
    one_stands_out.push(1_000);
    assert_eq!(amounts(&one_stands_out), "- in 1000..2000");
}

/// A request as it is played, with the times of its events.
struct Life {
    stage: Stage,
    history: Vec<(Timestamp, Event)>,
}

impl Life {
    fn of(order: Order) -> Self {
        let pack = if order.instrument == InstrumentKind::Epoc { eu() } else { generic() };
        let life = Self { stage: Stage::new(pack), history: Vec::new() };
        life.then(0, &officer(), receive(order)).then(0, &vera(), verify())
    }

    /// So many hours later, somebody does something.
    fn then(mut self, hours: i64, actor: &Actor, command: Command) -> Self {
        self.stage = self.stage.hours(hours);
        let events = self.stage.play(actor, &command).unwrap_or_else(|no| panic!("{no}"));
        self.history.extend(events.into_iter().map(|event| (self.stage.now, event)));
        self
    }

    fn answered(self, hours: i64) -> Self {
        self.then(0, &carl(), accept(1))
            .then(0, &anna(), search(1))
            .then(0, &anna(), exhibit(1, 1, DataCategory::Subscriber, 3))
            .then(0, &anna(), assemble(1, desk::request::Outcome::Full))
            .then(0, &bo(), approve(1))
            .then(0, &system(), seal(1))
            .then(hours, &system(), deliver(1))
    }

    /// What is counted of its first ask, so many hours after the last act.
    fn counts(&self, hours: i64, expected: &str) {
        let as_of = self.stage.now + SignedDuration::from_hours(hours);
        let suspected = BTreeSet::new();
        let facts = RequestFacts::of(&self.history, as_of, &suspected).expect("it was received");
        let ask = &facts.asks[0];
        let mut words = vec![ask.fate.to_string(), format!("deadline {}", ask.deadline)];
        words.extend(ask.refusal.map(|code| code.to_string()));
        let hours = |from: Timestamp, to: Timestamp| to.duration_since(from).as_hours();
        words.extend(ask.done_at.map(|at| format!("after {} h", hours(facts.received_at, at))));
        let lasted = ask.done_at.zip(ask.ended_at);
        words.extend(lasted.map(|(from, to)| format!("for {} days", hours(from, to) / 24)));
        words.extend(ask.end.map(|end| end.to_string()));
        words.extend(ask.is_sent_back.then(|| "sent back".to_owned()));
        words.extend(ask.is_silenced.then(|| "silenced".to_owned()));
        words.extend((ask.notice != Notice::None).then(|| format!("user {}", ask.notice)));
        words.extend(ask.is_unvalidated.then(|| "unvalidated".to_owned()));
        words.extend(ask.is_suspected.then(|| "suspected".to_owned()));
        words.extend(ask.frozen.as_ref().map(|(asset, amount)| format!("{amount} {asset}")));
        assert_eq!(words.join(", "), expected);
    }
}

#[test]
fn what_is_counted_of_one_request() {
    let order = || epoc(vec![disclose(&[DataCategory::Subscriber])]);
    Life::of(order()).counts(1, "open, deadline none");
    Life::of(order()).counts(30 * 24, "open, deadline missed");
    let answered = Life::of(order()).answered(20);
    answered.counts(0, "full, deadline kept, after 20 h");
    answered.counts(-1, "open, deadline none");
    Life::of(order()).answered(20 * 24).counts(0, "full, deadline missed, after 480 h");
    answered
        .then(1, &officer(), Command::Withdraw { ask: ask(1) })
        .counts(0, "withdrawn, deadline kept, after 20 h");
    let refuse = |code| Command::Refuse { ask: ask(1), code };
    Life::of(order())
        .then(1, &carl(), refuse(RefusalCode::OverBroad))
        .counts(0, "refused, deadline none, over_broad");
    Life::of(order())
        .then(1, &carl(), refuse(RefusalCode::SuspectedFraud))
        .counts(0, "refused, deadline none, suspected_fraud, suspected");
    let mark = Command::MarkKey { key: KEY };
    Life::of(order()).then(1, &vera(), mark).counts(0, "open, deadline none, suspected");
    let before = Life::of(order()).history[0].0 - SignedDuration::from_secs(1);
    let suspected = BTreeSet::new();
    assert_eq!(RequestFacts::of(&Life::of(order()).history, before, &suspected), None);
    let suspected = BTreeSet::from([KEY]);
    let facts = RequestFacts::of(&Life::of(order()).history, at(RECEIVED), &suspected);
    assert!(facts.expect("received").asks[0].is_suspected, "the directory says so");
}

#[test]
fn emergencies_measures_and_bans() {
    let subscriber = &[DataCategory::Subscriber];
    let emergency = || order(InstrumentKind::EmergencyRequest, "DE", vec![urgent(subscriber)]);
    let answered = Life::of(emergency()).answered(2);
    answered.counts(47, "full, deadline kept, after 2 h, user withheld");
    answered.counts(48, "full, deadline kept, after 2 h, user withheld, unvalidated");
    let later = Command::ReceiveExPostOrder { ask: ask(1), order_sha256: digest(1) };
    answered.then(40, &carl(), later).counts(100, "full, deadline kept, after 2 h, user withheld");

    let letter = order(InstrumentKind::PreservationLetter, "DE", vec![preserve()]);
    let kept = Life::of(letter).then(3, &system(), keep(1));
    kept.counts(0, "carried_out, deadline kept, after 3 h, in_force");
    kept.counts(200 * 24, "carried_out, deadline kept, after 3 h, for 90 days, lapsed");

    let ban = silence(Some("2026-12-23T09:00:00Z"));
    let ban = order(InstrumentKind::NonDisclosureOrder, "DE", vec![ban]);
    let told = Life::of(ban).then(0, &carl(), accept(1));
    told.counts(0, "carried_out, deadline none, after 0 h, in_force");
    told.counts(40 * 24, "carried_out, deadline none, after 0 h, for 30 days, lapsed");
}

fn folded(counts: &[(&str, u64)]) -> String {
    let folded = fold(&counts.iter().copied().collect::<BTreeMap<_, _>>());
    let mut words: Vec<_> = folded.shown.iter().map(|(word, n)| format!("{word} {n}")).collect();
    words.extend(folded.rest.map(|(of, count)| format!("{} {count}", of.join("|"))));
    words.join(", ")
}

#[test]
fn small_counts_go_together() {
    let check = |counts: &[(&str, u64)], expected: &str| assert_eq!(folded(counts), expected);
    check(&[("a", 9), ("b", 0)], "a 9, b 0");
    check(&[("a", 9), ("b", 3), ("c", 4)], "a 9, b|c 7");
    // 97 by itself would give 3 away; so would 9 beside 97.
    check(&[("a", 97), ("b", 3)], "a|b 100");
    check(&[("a", 97), ("b", 3), ("c", 9)], "a 97, b|c 12");
    // Nobody learns which of the words were never counted.
    check(&[("a", 97), ("b", 3), ("c", 2), ("d", 0)], "a 97, b|c|d 5");
}

fn told(cells: &[Vec<u64>]) -> Vec<String> {
    let hidden = withheld(cells);
    let rows = cells.iter().zip(hidden).map(|(row, hidden)| {
        let cells = row.iter().zip(hidden);
        cells.map(|(n, hidden)| if hidden { "-".to_owned() } else { n.to_string() }).collect()
    });
    rows.map(|row: Vec<String>| row.join(" ")).collect()
}

#[test]
fn a_small_cell_takes_three_others_with_it() {
    let check = |cells: &[Vec<u64>], expected: &[&str]| assert_eq!(told(cells), expected);
    check(&[vec![90, 3, 7], vec![40, 9, 8], vec![60, 0, 6]], &["90 - -", "40 - -", "60 0 6"]);
    // A zero may have to go too.
    check(&[vec![3, 10], vec![50, 0]], &["- -", "- -"]);
    check(&[vec![9, 10], vec![50, 0]], &["9 10", "50 0"]);
}

/// Somebody who knows all margins and all told cells, and that no cell is below 0: whether a
/// withheld cell could as well be one more or one less. A cell can be one more exactly if from its
/// column there is a way back to its row, over other withheld cells: down a column where a cell is
/// not 0 (it is one less), along a row by any withheld cell (it is one more). These are all the
/// tables there are: margins of two ways are totally unimodular.
fn is_open(cells: &[Vec<u64>], hidden: &[Vec<bool>], row: usize, column: usize) -> bool {
    let (rows, columns) = (cells.len(), cells[0].len());
    let reaches = |from: usize, to: usize| {
        // Nodes: rows, then columns.
        let mut seen = BTreeSet::from([from]);
        let mut waiting = vec![from];
        while let Some(node) = waiting.pop() {
            for r in 0..rows {
                for c in (0..columns).filter(|c| hidden[r][*c] && (r, *c) != (row, column)) {
                    let more = (r, rows + c);
                    let less = (rows + c, r);
                    let steps = [Some(more), (cells[r][c] > 0).then_some(less)];
                    for (a, b) in steps.into_iter().flatten() {
                        if a == node && seen.insert(b) {
                            waiting.push(b);
                        }
                    }
                }
            }
        }
        seen.contains(&to)
    };
    let more = reaches(rows + column, row);
    let less = cells[row][column] > 0 && reaches(row, rows + column);
    more || less
}

fn tables() -> impl Strategy<Value = Vec<Vec<u64>>> {
    let cell = prop_oneof![3 => Just(0u64), 4 => 1u64..5, 3 => 5u64..60];
    (2usize..7, 2usize..7).prop_flat_map(move |(rows, columns)| {
        prop::collection::vec(prop::collection::vec(cell.clone(), columns), rows)
    })
}

/// The same table with margins that are not small, as callers make it.
fn with_large_margins(mut cells: Vec<Vec<u64>>) -> Vec<Vec<u64>> {
    let is_small = |sum: u64| (1..SMALL_CELL_BELOW).contains(&sum);
    for row in &mut cells {
        if is_small(row.iter().sum()) {
            row[0] += SMALL_CELL_BELOW;
        }
    }
    for column in 0..cells[0].len() {
        if is_small(cells.iter().map(|row| row[column]).sum()) {
            cells[0][column] += SMALL_CELL_BELOW;
        }
    }
    cells
}

/// Somebody who knows every sum that is told and calculates: a sum follows from others when it is a
/// combination of them. Numbers are remainders by a large prime, so that they are exact.
struct Calculator {
    /// What is known, each with a leading 1 in a column of its own.
    known: Vec<Vec<u64>>,
}

const PRIME: u64 = (1 << 61) - 1;

fn times(one: u64, other: u64) -> u64 {
    u64::try_from(u128::from(one) * u128::from(other) % u128::from(PRIME)).expect("a remainder")
}

fn inverse(of: u64) -> u64 {
    let (mut result, mut base, mut power) = (1, of, PRIME - 2);
    while power > 0 {
        if power & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        power >>= 1;
    }
    result
}

impl Calculator {
    /// What is left of a sum when all that is known is taken from it.
    fn reduced(&self, mut sum: Vec<u64>) -> Vec<u64> {
        for known in &self.known {
            let at = known.iter().position(|it| *it != 0).expect("no empty sum is kept");
            let factor = sum[at];
            if factor != 0 {
                for (it, of) in sum.iter_mut().zip(known) {
                    *it = (*it + PRIME - times(factor, *of)) % PRIME;
                }
            }
        }
        sum
    }

    fn learns(&mut self, sum: Vec<u64>) {
        let sum = self.reduced(sum);
        if let Some(first) = sum.iter().find(|it| **it != 0) {
            let by = inverse(*first);
            self.known.push(sum.iter().map(|it| times(*it, by)).collect());
        }
    }

    fn knows(&self, sum: Vec<u64>) -> bool {
        self.reduced(sum).iter().all(|it| *it == 0)
    }
}

/// A table with rows that belong to groups of two kinds, as report rows do.
fn grouped_tables() -> impl Strategy<Value = (Vec<Vec<u64>>, Vec<Vec<usize>>)> {
    tables().prop_flat_map(|cells| {
        let rows = cells.len();
        let groups = prop::collection::vec(prop::collection::vec(0usize..3, rows), 1..4);
        (Just(cells), groups)
    })
}

/// The same with numbers of groups that follow each other.
fn without_gaps(grouping: &[usize]) -> Vec<usize> {
    let known: BTreeSet<usize> = grouping.iter().copied().collect();
    grouping.iter().map(|of| known.iter().position(|it| it == of).expect("known")).collect()
}

fn facts() -> impl Strategy<Value = RequestFacts> {
    let kinds = [AskKind::Disclose, AskKind::Freeze, AskKind::NonDisclosure];
    let ask = (
        prop::sample::select(kinds.to_vec()),
        prop::sample::select(Fate::ALL.to_vec()),
        prop::sample::select(RefusalCode::ALL.to_vec()),
        prop::sample::select(Deadline::ALL.to_vec()),
        prop::sample::select(DataCategory::ALL.to_vec()),
        any::<[bool; 4]>(),
        0u64..3,
    );
    let ask = ask.prop_map(|(kind, fate, code, deadline, category, flags, accounts)| {
        let is_disclosure = kind == AskKind::Disclose;
        let fate = match fate {
            Fate::Full | Fate::Partial | Fate::NoData if !is_disclosure => Fate::CarriedOut,
            Fate::CarriedOut if is_disclosure => Fate::Full,
            fate => fate,
        };
        let is_done = matches!(fate, Fate::Full | Fate::Partial | Fate::NoData | Fate::CarriedOut);
        AskFacts {
            kind,
            category: is_disclosure.then_some(category),
            fate,
            refusal: (fate == Fate::Refused).then_some(code),
            done_at: is_done.then(|| received(2)),
            ended_at: (is_done && flags[0]).then(|| received(3)),
            deadline,
            notice: if flags[0] { Notice::Told } else { Notice::None },
            is_silenced: flags[2],
            is_sent_back: flags[3],
            end: (is_done && !is_disclosure).then_some(if flags[0] {
                End::Released
            } else {
                End::InForce
            }),
            is_emergency: flags[1],
            is_unvalidated: flags[1] && is_done && flags[2],
            is_suspected: flags[3],
            accounts_named: accounts,
            frozen: (kind == AskKind::Freeze && is_done)
                .then(|| (Asset::parse("BTC").unwrap(), Amount(1_000))),
        }
    });
    let countries = ["DE", "DE", "DE", "FR", "FR", "MT", "CY", "IE"].map(country);
    let regimes = ["generic", "us-sca", "eu-e-evidence-2023-1543"];
    (
        prop::sample::select(countries.to_vec()),
        prop::sample::select(regimes.to_vec()),
        prop::sample::select(IssuerType::ALL[..3].to_vec()),
        prop::collection::vec(ask, 1..3),
    )
        .prop_map(|(country, regime, agency_class, asks)| RequestFacts {
            regime: regime.to_owned(),
            agency_class,
            ..request(country, 1, asks)
        })
}

/// Every number of a report, with its place; amounts and times are no counts.
fn numbers(value: &serde_json::Value, place: &str, found: &mut Vec<(String, u64)>) {
    match value {
        serde_json::Value::Number(number) => {
            found.push((place.to_owned(), number.as_u64().expect("a count")));
        }
        serde_json::Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                numbers(item, &format!("{place}/{at}"), found);
            }
        }
        serde_json::Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != "v" && *name != "log")
            {
                numbers(member, &format!("{place}/{name}"), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_withheld_cell_follows_from_the_told_ones(cells in tables()) {
        let cells = with_large_margins(cells);
        let hidden = withheld(&cells);
        for (row, cells_of_row) in cells.iter().enumerate() {
            for (column, cell) in cells_of_row.iter().enumerate() {
                let is_small = (1..SMALL_CELL_BELOW).contains(cell);
                prop_assert!(hidden[row][column] || !is_small, "{cell} is told");
                if hidden[row][column] {
                    prop_assert!(is_open(&cells, &hidden, row, column), "{row},{column} follows");
                }
            }
        }
    }

    /// The attacker has every number of every table over the same asks: sums of rows and columns,
    /// and each told sum of each grouping. What is told as 0 says so of each of its cells.
    #[test]
    fn no_small_sum_follows_from_all_tables_together((cells, groups) in grouped_tables()) {
        let cells = with_large_margins(cells);
        let groups: Vec<Vec<usize>> = groups.iter().map(|it| without_gaps(it)).collect();
        let told = told_sums(&cells, &groups);
        let (rows, columns) = (cells.len(), cells[0].len());
        let over = |is_in: &dyn Fn(usize, usize) -> bool| -> Vec<u64> {
            let places = (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c)));
            places.map(|(r, c)| u64::from(is_in(r, c))).collect()
        };
        let value = |part: &[u64]| -> u64 {
            cells.iter().flatten().zip(part).map(|(cell, is_in)| cell * is_in).sum()
        };
        let mut attacker = Calculator { known: Vec::new() };
        let mut learn = |part: Vec<u64>| {
            if value(&part) == 0 {
                for (at, _) in part.iter().enumerate().filter(|(_, is_in)| **is_in == 1) {
                    attacker.learns(over(&|r, c| r * columns + c == at));
                }
            }
            attacker.learns(part);
        };
        (0..rows).for_each(|row| learn(over(&|r, _| r == row)));
        (0..columns).for_each(|column| learn(over(&|_, c| c == column)));
        let mut secrets = Vec::new();
        for (of, sums) in groups.iter().zip(&told) {
            for (group, sums) in sums.iter().enumerate() {
                for (column, sum) in sums.iter().enumerate() {
                    let part = over(&|r, c| of[r] == group && c == column);
                    match sum {
                        Some(sum) => {
                            prop_assert_eq!(*sum, value(&part));
                            prop_assert!(*sum == 0 || *sum >= SMALL_CELL_BELOW, "{sum} is told");
                            learn(part);
                        }
                        None => secrets.push(part),
                    }
                }
                secrets.push(over(&|r, c| of[r] == group && sums[c].is_none()));
            }
            let hidden = |group: usize, column: usize| sums[group][column].is_none();
            (0..columns).for_each(|column| {
                secrets.push(over(&|r, c| c == column && hidden(of[r], column)));
            });
        }
        for row in 0..rows {
            (0..columns).for_each(|column| secrets.push(over(&|r, c| (r, c) == (row, column))));
        }
        for secret in secrets {
            let sum = value(&secret);
            if (1..SMALL_CELL_BELOW).contains(&sum) {
                prop_assert!(!attacker.knows(secret), "{sum} follows");
            }
        }
    }

    #[test]
    fn a_folded_list_has_large_counts_only_and_loses_nothing(
        counts in prop::collection::btree_map(0u8..20, 0u64..30, 1..12),
    ) {
        let sum: u64 = counts.values().sum();
        prop_assume!(sum >= SMALL_CELL_BELOW);
        let folded = fold(&counts);
        let rest = folded.rest.iter().map(|(_, count)| *count);
        let told: Vec<u64> = folded.shown.iter().map(|(_, count)| *count).chain(rest).collect();
        prop_assert_eq!(told.iter().sum::<u64>(), sum);
        prop_assert!(told.iter().all(|count| *count == 0 || *count >= SMALL_CELL_BELOW));
        // What is told together is more than one word, so that the sum is nobody's.
        prop_assert!(folded.rest.is_none_or(|(of, _)| of.len() > 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_report_has_no_small_number_and_its_parts_add_up(
        requests in prop::collection::vec(facts(), 0..120),
    ) {
        let told = report(&requests);
        let mut found = Vec::new();
        let json: serde_json::Value = serde_json::from_str(&told.to_json()).unwrap();
        numbers(&json, "", &mut found);
        for (place, number) in found {
            prop_assert!(number == 0 || number >= SMALL_CELL_BELOW, "{place} is {number}");
        }
        for section in &told.sections {
            let of = |count: u64| (count, section.received);
            let check = |(sum, all): (u64, u64)| sum == all;
            prop_assert!(check(of(section.outcomes.iter().map(|group| group.count).sum())));
            prop_assert!(check(of(section.countries.iter().map(|row| row.received).sum())));
            prop_assert!(check(of(section.detail.iter().map(|row| row.received).sum())));
            for by in &section.breakdowns {
                let of_kind = section.breakdowns.iter().filter(|row| row.by == by.by);
                prop_assert!(check(of(of_kind.map(|row| row.received).sum())));
            }
            let frozen: u64 = section.assets.iter().map(|row| row.frozen).sum();
            let ends: u64 = section.ends.iter().map(|group| group.count).sum();
            prop_assert!(section.assets.is_empty() || frozen == ends);
            prop_assert!(ends == 0 || Some(ends) == section.alone(Fate::CarriedOut));
            let notices: u64 = section.notices.iter().map(|group| group.count).sum();
            prop_assert!(notices == 0 || Some(notices) == section.done());
            let deadlines: u64 = section.deadlines.iter().map(|group| group.count).sum();
            prop_assert!(deadlines == 0 || Some(deadlines) == section.done());
            let fraud = section.refusals.iter().find(|it| it.of == [RefusalCode::SuspectedFraud]);
            let pairs = [
                (section.fraud_suspected, fraud.map(|group| group.count)),
                (section.fraud_suspected, Some(section.received)),
                (section.sent_back, section.alone(Fate::Refused)),
                (section.silenced, section.done()),
                (section.emergencies_unvalidated, section.done()),
            ];
            for (one, other) in pairs.iter().filter_map(|(one, other)| one.zip(*other)) {
                let apart = one.abs_diff(other);
                prop_assert!(apart == 0 || apart >= SMALL_CELL_BELOW, "{one} beside {other}");
            }
            let refused = section.alone(Fate::Refused).unwrap_or(0);
            let codes: u64 = section.refusals.iter().map(|group| group.count).sum();
            prop_assert_eq!(codes, refused);
            // The rows of a country in the detail are those of the table, and no more.
            for row in &section.countries {
                let parts = section.detail.iter().filter(|part| part.country == row.country);
                prop_assert_eq!(parts.map(|part| part.received).sum::<u64>(), row.received);
            }
        }
        prop_assert!(schema().is_valid(&json));
        prop_assert_eq!(Report::parse(&told.to_json()), Ok(told));
    }
}
