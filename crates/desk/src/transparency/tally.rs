//! The exact counts. Knows of each request only that it was added: what it keeps is bounded by the
//! number of countries, regimes and tenths of an hour, not by that of requests.

mod breakdown;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::sums::withheld;
use super::suppress::{Folded, fold, is_small};
use super::{
    AskFacts, AssetRow, Deadline, DetailRow, End, FORMAT, Fate, Group, Heading, Notice, Report,
    RequestFacts, SMALL_CELL_BELOW, Section, Spread, VERSION,
};
use crate::ids::{Amount, Asset, Country};
use crate::order::{AskKind, DataCategory, InstrumentKind, IssuerType};
use crate::request::RefusalCode;

/// A median or a ninth decile is told of no fewer asks: it is the time of one of them.
pub const SPREAD_ASKS_MIN: u64 = 10;
/// A sum frozen is told of no fewer freezes, and as a band.
pub const AMOUNT_ASKS_MIN: u64 = SMALL_CELL_BELOW;
/// An exact sum frozen is told of no fewer freezes.
const EXACT_ASKS_MIN: u64 = 10;
/// And only when what is left without the two largest is at least this share of the largest, in
/// percent: whoever ordered the second could otherwise tell the largest too well (the p% rule of
/// disclosure control).
const REST_PERCENT_MIN: u128 = 20;

/// Counts over requests that were added one by one.
#[derive(Debug, Clone)]
pub struct Tally {
    heading: Heading,
    requests: u64,
    kinds: BTreeMap<AskKind, Kind>,
}

/// What a request is broken down by, from the first to the last.
type Leaf = (Country, String, IssuerType, Option<DataCategory>, bool, InstrumentKind);
/// How often each length of time was seen, in tenths of its unit.
type Times = BTreeMap<u64, u64>;

#[derive(Debug, Clone, Default)]
struct Kind {
    leaves: BTreeMap<Leaf, Counted>,
    refusals: BTreeMap<RefusalCode, u64>,
    deadlines: BTreeMap<Deadline, u64>,
    notices: BTreeMap<Notice, u64>,
    ends: BTreeMap<End, u64>,
    accounts_named: u64,
    silenced: u64,
    sent_back: u64,
    fraud_suspected: u64,
    emergencies_done: u64,
    emergencies_unvalidated: u64,
    days: Times,
    assets: BTreeMap<Asset, Frozen>,
}

/// What is counted of the asks of one leaf.
#[derive(Debug, Clone, Default)]
struct Counted {
    fates: BTreeMap<Fate, u64>,
    hours: Times,
}

#[derive(Debug, Clone, Default)]
struct Frozen {
    count: u64,
    ends: BTreeMap<End, u64>,
    amount: u128,
    /// The largest two, the largest first.
    largest: (u128, u128),
}

/// A row of the finest table that is told, and the leaves it is made of.
type Branch<'a> = (DetailRow, Vec<(&'a Leaf, &'a Counted)>);

impl Tally {
    /// Nothing counted yet.
    pub const fn new(heading: Heading) -> Self {
        Self { heading, requests: 0, kinds: BTreeMap::new() }
    }

    /// Counts a request; leaves it out when it is practice, of another period or country.
    pub fn add(&mut self, request: &RequestFacts) {
        let period = self.heading.period.moments();
        let wanted = self.heading.agency_countries.as_ref();
        if request.is_test
            || !period.contains(&request.received_at)
            || wanted.is_some_and(|countries| !countries.contains(&request.country))
        {
            return;
        }
        self.requests += 1;
        for ask in &request.asks {
            self.kinds.entry(ask.kind).or_default().add(request, ask);
        }
    }

    /// What may be told of it.
    pub fn report(&self) -> Report {
        let mut sections = Vec::new();
        let mut withheld = Vec::new();
        for kind in AskKind::ALL {
            match self.kinds.get(kind).filter(|kind| kind.received() >= SMALL_CELL_BELOW) {
                Some(counted) => sections.push(counted.section(*kind)),
                None => withheld.push(*kind),
            }
        }
        // Every request has an ask: more requests than told asks would say how many asks of a
        // withheld kind there are at least.
        let told = sections.iter().map(|section| section.received).sum();
        let requests = self.requests;
        let tells_more = is_small(requests) || requests > told;
        let Heading { company, log, period, as_of, agency_countries } = self.heading.clone();
        Report {
            format: FORMAT.to_owned(),
            v: VERSION,
            company,
            log,
            from: period.from(),
            to: period.to(),
            as_of,
            agency_countries,
            small_cell_below: SMALL_CELL_BELOW,
            requests: (!tells_more).then_some(requests),
            withheld,
            sections,
        }
    }
}

impl Kind {
    fn received(&self) -> u64 {
        self.leaves.values().map(Counted::received).sum()
    }

    fn add(&mut self, request: &RequestFacts, ask: &AskFacts) {
        let count = |flag: bool| u64::from(flag);
        let (country, regime) = (request.country, request.regime.clone());
        let (class, instrument) = (request.agency_class, request.instrument);
        let leaf = (country, regime, class, ask.category, ask.is_emergency, instrument);
        let counted = self.leaves.entry(leaf).or_default();
        *counted.fates.entry(ask.fate).or_default() += 1;
        if let Some(done_at) = ask.done_at {
            let hours = tenths(request.received_at, done_at, 3_600);
            *counted.hours.entry(hours).or_default() += 1;
        }
        if ask.fate.is_done() {
            *self.deadlines.entry(ask.deadline).or_default() += 1;
            *self.notices.entry(ask.notice).or_default() += 1;
        }
        if let Some(code) = ask.refusal {
            *self.refusals.entry(code).or_default() += 1;
        }
        self.accounts_named = self.accounts_named.saturating_add(ask.accounts_named);
        self.silenced += count(ask.is_silenced);
        self.sent_back += count(ask.is_sent_back);
        self.fraud_suspected += count(ask.is_suspected);
        self.emergencies_done += count(ask.is_emergency && ask.done_at.is_some());
        self.emergencies_unvalidated += count(ask.is_unvalidated);
        if let (Some(done_at), Some(ended_at)) = (ask.done_at, ask.ended_at) {
            *self.days.entry(tenths(done_at, ended_at, 86_400)).or_default() += 1;
        }
        // Counted with the carried out ones alone, so that their sum is one that is told.
        let Some(end) = ask.end.filter(|_| ask.fate == Fate::CarriedOut) else { return };
        *self.ends.entry(end).or_default() += 1;
        if let Some((asset, amount)) = &ask.frozen {
            self.assets.entry(asset.clone()).or_default().add(amount.0, end);
        }
    }

    fn section(&self, kind: AskKind) -> Section {
        let received = self.received();
        let outcomes = groups(fold(&self.fates_of(kind)));
        let branches = self.branches();
        let (countries, breakdowns) = breakdown::broken_down(&branches, &outcomes);
        let alone = |fate| super::alone(&outcomes, fate);
        let refused_by_itself = alone(Fate::Refused);
        let refused = refused_by_itself.unwrap_or(0);
        let refusals = if refused > 0 { listed(&self.refusals, RefusalCode::ALL) } else { vec![] };
        let refusals: Vec<_> = refusals.into_iter().filter(|group| group.count > 0).collect();
        let times = self.leaves.values().map(|leaf| &leaf.hours).fold(Times::new(), add_times);
        let carried_out = alone(Fate::CarriedOut).unwrap_or(0);
        let done = super::done(&outcomes);
        // Whoever knows that a mark follows every refusal as fraud could subtract one from the
        // other; so with every count below that is a part of another told one, or holds it.
        let refused_as_fraud = super::alone(&refusals, RefusalCode::SuspectedFraud);
        let emergencies = [self.emergencies_done, self.emergencies(), received];
        let emergencies = [emergencies.map(Some).as_slice(), &[done]].concat();
        let of_done = done.is_some_and(|done| done > 0);
        let notices = if of_done { listed(&self.notices, Notice::ALL) } else { vec![] };
        let not_told = super::alone(&notices, Notice::Withheld);
        let ends = if carried_out > 0 { listed(&self.ends, End::ALL) } else { vec![] };
        let has_ends = kind != AskKind::Unfreeze;
        Section {
            ask_type: kind,
            received,
            countries,
            breakdowns,
            detail: branches.into_iter().map(|(row, _)| row).collect(),
            deadlines: if of_done { listed(&self.deadlines, Deadline::ALL) } else { vec![] },
            accounts_named: (!is_small(self.accounts_named)).then_some(self.accounts_named),
            notices,
            silenced: parts(self.silenced, &[Some(received), done, not_told]),
            sent_back: parts(self.sent_back, &[Some(received), refused_by_itself, done]),
            fraud_suspected: parts(self.fraud_suspected, &[Some(received), refused_as_fraud]),
            emergencies_unvalidated: parts(self.emergencies_unvalidated, &emergencies),
            refusals,
            hours_to_answer: spread(&times),
            days_in_force: spread(&self.days),
            assets: self.asset_rows(&ends),
            ends: if has_ends { ends } else { Vec::new() },
            outcomes,
        }
    }

    fn emergencies(&self) -> u64 {
        let emergencies = self.leaves.iter().filter(|((.., is_emergency, _), _)| *is_emergency);
        emergencies.map(|(_, leaf)| leaf.received()).sum()
    }

    /// What became of the asks, words that never occurred included.
    fn fates_of(&self, kind: AskKind) -> BTreeMap<Fate, u64> {
        let is_possible = |fate: &Fate| match fate {
            Fate::Full | Fate::Partial | Fate::NoData => kind == AskKind::Disclose,
            Fate::CarriedOut => kind != AskKind::Disclose,
            _ => true,
        };
        let mut fates: BTreeMap<Fate, u64> =
            Fate::ALL.iter().copied().filter(is_possible).map(|fate| (fate, 0)).collect();
        for (fate, count) in self.leaves.values().flat_map(|leaf| &leaf.fates) {
            *fates.entry(*fate).or_default() += count;
        }
        fates
    }

    /// Countries as they are told: by themselves, and those with too few together.
    fn told_countries(&self) -> Vec<(Option<Country>, Vec<Country>)> {
        let mut received: BTreeMap<Country, u64> = BTreeMap::new();
        for ((country, ..), leaf) in &self.leaves {
            *received.entry(*country).or_default() += leaf.received();
        }
        let Folded { shown, rest } = fold(&received);
        let mut told: Vec<_> =
            shown.into_iter().map(|(country, _)| (Some(country), vec![country])).collect();
        told.extend(rest.map(|(countries, _)| (None, countries)));
        told
    }

    /// A tree, country at the root: at each fork the small branches go together, so that every
    /// leaf is large and every sum of leaves too.
    fn branches(&self) -> Vec<Branch<'_>> {
        let mut rows = Vec::new();
        for (country, countries) in self.told_countries() {
            let leaves = self.leaves.iter().filter(|((of, ..), _)| countries.contains(of));
            let row = DetailRow {
                country,
                regime: None,
                agency_class: None,
                data_category: None,
                emergency: None,
                instrument: None,
                received: 0,
            };
            split(&FORKS, leaves.collect(), row, &mut rows);
        }
        rows
    }

    fn asset_rows(&self, ends: &[Group<End>]) -> Vec<AssetRow> {
        if ends.is_empty() {
            return Vec::new();
        }
        let counts = self.assets.iter().map(|(asset, frozen)| (asset.clone(), frozen.count));
        let Folded { shown, rest } = fold(&counts.collect());
        let alone = shown.into_iter().map(|(asset, _)| (Some(asset.clone()), vec![asset]));
        let told: Vec<(Option<Asset>, Vec<Asset>)> =
            alone.chain(rest.map(|(assets, _)| (None, assets))).collect();
        let frozen: Vec<Vec<&Frozen>> = told
            .iter()
            .map(|(_, assets)| assets.iter().filter_map(|it| self.assets.get(it)).collect())
            .collect();
        let cell = |of: &[&Frozen], group: &Group<End>| {
            let ends = of.iter().flat_map(|it| group.of.iter().filter_map(|end| it.ends.get(end)));
            ends.sum::<u64>()
        };
        let cells: Vec<Vec<u64>> =
            frozen.iter().map(|of| ends.iter().map(|group| cell(of, group)).collect()).collect();
        let hidden = withheld(&cells);
        let rows = told.into_iter().zip(frozen).zip(cells.iter().zip(hidden));
        rows.map(|(((asset, _), frozen), (cells, hidden))| {
            // A list without freezes has no row; one asset by itself has one sum.
            let of_one = if asset.is_some() { frozen.first() } else { None };
            let (from, below) = of_one.map(|one| band(one.amount)).unzip();
            let counts = cells.iter().zip(hidden);
            AssetRow {
                asset,
                frozen: cells.iter().sum(),
                ends: counts.map(|(count, hidden)| (!hidden).then_some(*count)).collect(),
                amount: of_one.filter(|one| one.is_told()).map(|one| Amount(one.amount)),
                amount_from: from.map(Amount),
                amount_below: below.map(Amount),
            }
        })
        .collect()
    }
}

impl Counted {
    fn received(&self) -> u64 {
        self.fates.values().sum()
    }
}

impl Frozen {
    fn add(&mut self, amount: u128, end: End) {
        self.count += 1;
        *self.ends.entry(end).or_default() += 1;
        self.amount = self.amount.saturating_add(amount);
        let (first, second) = self.largest;
        self.largest = (first.max(amount), second.max(first.min(amount)));
    }

    /// Whether its exact sum says little of each single freeze.
    fn is_told(&self) -> bool {
        let (first, second) = self.largest;
        let rest = self.amount.saturating_sub(first).saturating_sub(second);
        let wanted = first / 100 * REST_PERCENT_MIN;
        self.count >= EXACT_ASKS_MIN && rest >= wanted.max(1)
    }
}

/// A list of all words, the small ones told together.
fn listed<T: Ord + Copy>(counts: &BTreeMap<T, u64>, all: &[T]) -> Vec<Group<T>> {
    let mut counted: BTreeMap<T, u64> = all.iter().map(|word| (*word, 0)).collect();
    counted.extend(counts.iter().map(|(word, count)| (*word, *count)));
    groups(fold(&counted))
}

/// The forks of the tree of [`Kind::branches`], from the first to the last. Each sets one member of
/// a row from a leaf, or leaves it untold.
const FORKS: [fn(&mut DetailRow, &Leaf); 5] = [
    |row, leaf| row.regime = Some(leaf.1.clone()),
    |row, leaf| row.agency_class = Some(leaf.2),
    |row, leaf| row.data_category = leaf.3,
    |row, leaf| row.emergency = Some(leaf.4),
    |row, leaf| row.instrument = Some(leaf.5),
];

fn split<'a>(
    forks: &[fn(&mut DetailRow, &Leaf)],
    leaves: Vec<(&'a Leaf, &'a Counted)>,
    row: DetailRow,
    rows: &mut Vec<Branch<'a>>,
) {
    let sum = |members: &[(&Leaf, &Counted)]| members.iter().map(|(_, it)| it.received()).sum();
    let Some((fork, rest)) = forks.split_first() else {
        rows.push((DetailRow { received: sum(&leaves), ..row }, leaves));
        return;
    };
    // Branches by the row they would give; the first leaf of each stands for it.
    let mut branches: Vec<Branch<'a>> = Vec::new();
    for leaf in leaves {
        let mut told = row.clone();
        fork(&mut told, leaf.0);
        match branches.iter_mut().find(|(known, _)| *known == told) {
            Some((_, members)) => members.push(leaf),
            None => branches.push((told, vec![leaf])),
        }
    }
    let counts = branches.iter().enumerate().map(|(at, (_, members))| (at, sum(members)));
    let Folded { shown, rest: together } = fold(&counts.collect());
    for (at, _) in shown {
        let (told, members) = &branches[at];
        split(rest, members.clone(), told.clone(), rows);
    }
    if let Some((together, _)) = together {
        let members = together.iter().flat_map(|at| branches[*at].1.clone()).collect();
        split(rest, members, row, rows);
    }
}

/// A count that is told only when it differs from none of the others, where they are told, by a
/// small number.
fn parts(count: u64, others: &[Option<u64>]) -> Option<u64> {
    let is_apart = |other: &u64| !is_small(other.abs_diff(count));
    (!is_small(count) && others.iter().flatten().all(is_apart)).then_some(count)
}

fn groups<T>(folded: Folded<T>) -> Vec<Group<T>> {
    let shown = folded.shown.into_iter().map(|(word, count)| Group { of: vec![word], count });
    shown.chain(folded.rest.map(|(of, count)| Group { of, count })).collect()
}

fn tenths(from: Timestamp, to: Timestamp, unit_seconds: u64) -> u64 {
    let seconds = u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0);
    // Half a tenth rounds up.
    (seconds * 20 + unit_seconds) / (2 * unit_seconds)
}

fn add_times(mut sum: Times, some: &Times) -> Times {
    for (time, count) in some {
        *sum.entry(*time).or_default() += count;
    }
    sum
}

fn spread(times: &Times) -> Option<Spread> {
    let all: u64 = times.values().sum();
    let rank = |percent: u64| {
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let at = times.iter().find(|(_, count)| {
            seen += **count;
            seen >= wanted
        });
        let tenths = at.map_or(0, |(time, _)| *time);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    (all >= SPREAD_ASKS_MIN).then(|| Spread { median: rank(50), p90: rank(90) })
}

/// The steps 1, 2, 5, 10, ... between which a sum lies: at least the first, below the second.
fn band(amount: u128) -> (u128, u128) {
    let mut from = 0u128;
    let mut ten = 1u128;
    loop {
        for step in [1, 2, 5] {
            let Some(below) = ten.checked_mul(step) else { return (from, u128::MAX) };
            if amount < below {
                return (from, below);
            }
            from = below;
        }
        let Some(next) = ten.checked_mul(10) else { return (from, u128::MAX) };
        ten = next;
    }
}
