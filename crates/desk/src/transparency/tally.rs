//! The exact counts. Knows of each request only that it was added: what it keeps is bounded by the
//! number of countries, regimes and tenths of an hour, not by that of requests.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::suppress::{Folded, fold, is_small, part, withheld};
use super::{
    AskFacts, AssetRow, CountryRow, Deadline, DetailRow, FORMAT, Fate, Group, Heading, Report,
    RequestFacts, SMALL_CELL_BELOW, Section, Spread, VERSION,
};
use crate::ids::{Amount, Asset, Country};
use crate::order::{AskKind, DataCategory, IssuerType};
use crate::request::RefusalCode;

/// A median or a ninth decile is told of no fewer asks: it is the time of one of them.
pub const SPREAD_ASKS_MIN: u64 = 10;
/// A sum frozen is told of no fewer freezes, and as a band.
pub const AMOUNT_ASKS_MIN: u64 = SMALL_CELL_BELOW;

/// Counts over requests that were added one by one.
#[derive(Debug, Clone)]
pub struct Tally {
    heading: Heading,
    requests: u64,
    kinds: BTreeMap<AskKind, Kind>,
}

/// What a request is broken down by, from the first to the last.
type Leaf = (Country, String, IssuerType, Option<DataCategory>, bool);
/// How often each length of time was seen, in tenths of its unit.
type Times = BTreeMap<u64, u64>;

#[derive(Debug, Clone, Default)]
struct Kind {
    leaves: BTreeMap<Leaf, u64>,
    fates: BTreeMap<(Country, Fate), u64>,
    refusals: BTreeMap<RefusalCode, u64>,
    deadlines: BTreeMap<Deadline, u64>,
    accounts_named: u64,
    user_told: u64,
    fraud_suspected: u64,
    emergencies_done: u64,
    emergencies_unvalidated: u64,
    hours: BTreeMap<Country, Times>,
    days: Times,
    assets: BTreeMap<Asset, Frozen>,
}

#[derive(Debug, Clone, Default)]
struct Frozen {
    count: u64,
    released: u64,
    amount: u128,
}

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
        self.leaves.values().sum()
    }

    fn add(&mut self, request: &RequestFacts, ask: &AskFacts) {
        let count = |flag: bool| u64::from(flag);
        let country = request.country;
        let leaf =
            (country, request.regime.clone(), request.agency_class, ask.category, ask.is_emergency);
        *self.leaves.entry(leaf).or_default() += 1;
        *self.fates.entry((country, ask.fate)).or_default() += 1;
        if ask.fate.is_done() {
            *self.deadlines.entry(ask.deadline).or_default() += 1;
        }
        if let Some(code) = ask.refusal {
            *self.refusals.entry(code).or_default() += 1;
        }
        self.accounts_named = self.accounts_named.saturating_add(ask.accounts_named);
        self.user_told += count(ask.is_user_told);
        self.fraud_suspected += count(ask.is_suspected);
        self.emergencies_done += count(ask.is_emergency && ask.done_at.is_some());
        self.emergencies_unvalidated += count(ask.is_unvalidated);
        let Some(done_at) = ask.done_at else { return };
        let hours = tenths(request.received_at, done_at, 3_600);
        *self.hours.entry(country).or_default().entry(hours).or_default() += 1;
        if let Some(ended_at) = ask.ended_at {
            *self.days.entry(tenths(done_at, ended_at, 86_400)).or_default() += 1;
        }
        // Counted with the carried out ones alone, so that their sum is one that is told.
        if let (Some((asset, amount)), Fate::CarriedOut) = (&ask.frozen, ask.fate) {
            let frozen = self.assets.entry(asset.clone()).or_default();
            frozen.count += 1;
            frozen.released += count(ask.ended_at.is_some());
            frozen.amount = frozen.amount.saturating_add(amount.0);
        }
    }

    fn section(&self, kind: AskKind) -> Section {
        let received = self.received();
        let outcomes = groups(fold(&self.fates_of(kind)));
        let countries = self.countries(&outcomes);
        let alone = |fate| super::alone(&outcomes, fate);
        let refused = alone(Fate::Refused).unwrap_or(0);
        let refusals = if refused > 0 {
            let mut codes: BTreeMap<_, _> =
                RefusalCode::ALL.iter().map(|code| (*code, 0)).collect();
            codes.extend(self.refusals.iter().map(|(code, count)| (*code, *count)));
            groups(fold(&codes)).into_iter().filter(|group| group.count > 0).collect()
        } else {
            Vec::new()
        };
        let times = self.hours.values().fold(Times::new(), add_times);
        let carried_out = alone(Fate::CarriedOut).unwrap_or(0);
        let done = super::done(&outcomes);
        // Whoever knows that a mark follows every refusal as fraud could subtract one from the
        // other; so with every count below that is a part of another told one, or holds it.
        let refused_as_fraud = super::alone(&refusals, RefusalCode::SuspectedFraud);
        let emergencies = [self.emergencies_done, self.emergencies(), received];
        let emergencies = [emergencies.map(Some).as_slice(), &[done]].concat();
        Section {
            ask_type: kind,
            received,
            countries,
            detail: self.detail(),
            deadlines: self.told_deadlines(done),
            accounts_named: (!is_small(self.accounts_named)).then_some(self.accounts_named),
            user_told: parts(self.user_told, &[Some(received), done]),
            fraud_suspected: parts(self.fraud_suspected, &[Some(received), refused_as_fraud]),
            emergencies_unvalidated: parts(self.emergencies_unvalidated, &emergencies),
            refusals,
            hours_to_answer: spread(&times),
            days_in_force: spread(&self.days),
            assets: if carried_out > 0 { self.asset_rows() } else { Vec::new() },
            outcomes,
        }
    }

    fn emergencies(&self) -> u64 {
        self.leaves.iter().filter(|((.., is_emergency), _)| *is_emergency).map(|(_, n)| n).sum()
    }

    /// Deadlines of what was done, when it is told how much that was.
    fn told_deadlines(&self, done: Option<u64>) -> Vec<Group<Deadline>> {
        if done.is_none_or(|done| done == 0) {
            return Vec::new();
        }
        let mut deadlines: BTreeMap<_, _> = Deadline::ALL.iter().map(|it| (*it, 0)).collect();
        deadlines.extend(self.deadlines.iter().map(|(it, count)| (*it, *count)));
        groups(fold(&deadlines))
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
        for ((_, fate), count) in &self.fates {
            *fates.entry(*fate).or_default() += count;
        }
        fates
    }

    /// Countries as they are told: by themselves, and those with too few together.
    fn told_countries(&self) -> Vec<(Option<Country>, Vec<Country>)> {
        let mut received: BTreeMap<Country, u64> = BTreeMap::new();
        for ((country, ..), count) in &self.leaves {
            *received.entry(*country).or_default() += count;
        }
        let Folded { shown, rest } = fold(&received);
        let mut told: Vec<_> =
            shown.into_iter().map(|(country, _)| (Some(country), vec![country])).collect();
        told.extend(rest.map(|(countries, _)| (None, countries)));
        told
    }

    fn countries(&self, outcomes: &[Group<Fate>]) -> Vec<CountryRow> {
        let told = self.told_countries();
        let count = |countries: &[Country], group: &Group<Fate>| {
            let cells = countries.iter().flat_map(|at| group.of.iter().map(move |of| (*at, *of)));
            cells.filter_map(|cell| self.fates.get(&cell)).sum::<u64>()
        };
        let cells: Vec<Vec<u64>> = told
            .iter()
            .map(|(_, countries)| outcomes.iter().map(|group| count(countries, group)).collect())
            .collect();
        let hidden = withheld(&cells);
        let rows = told.into_iter().zip(cells).zip(hidden);
        rows.map(|(((country, countries), cells), hidden)| {
            let times = countries
                .iter()
                .filter_map(|country| self.hours.get(country))
                .fold(Times::new(), add_times);
            let counts = cells.iter().zip(hidden);
            CountryRow {
                country,
                received: cells.iter().sum(),
                counts: counts.map(|(count, hidden)| (!hidden).then_some(*count)).collect(),
                hours_to_answer: spread(&times),
            }
        })
        .collect()
    }

    /// A tree, country at the root: at each fork the small branches go together, so that every
    /// leaf is large and every sum of leaves too.
    fn detail(&self) -> Vec<DetailRow> {
        let mut rows = Vec::new();
        for (country, countries) in self.told_countries() {
            let leaves = self.leaves.iter().filter(|((of, ..), _)| countries.contains(of));
            let leaves: Vec<(&Leaf, u64)> = leaves.map(|(leaf, count)| (leaf, *count)).collect();
            let row = DetailRow {
                country,
                regime: None,
                agency_class: None,
                data_category: None,
                emergency: None,
                received: 0,
            };
            split(&FORKS, leaves, row, &mut rows);
        }
        rows
    }

    fn asset_rows(&self) -> Vec<AssetRow> {
        let counts = self.assets.iter().map(|(asset, frozen)| (asset.clone(), frozen.count));
        let Folded { shown, rest } = fold(&counts.collect());
        let mut rows = Vec::new();
        for (asset, _) in shown {
            let Some(frozen) = self.assets.get(&asset) else { continue };
            let (from, below) = band(frozen.amount);
            rows.push(AssetRow {
                asset: Some(asset),
                frozen: frozen.count,
                released: part(frozen.released, frozen.count),
                amount_from: Some(Amount(from)),
                amount_below: Some(Amount(below)),
            });
        }
        rows.extend(rest.map(|(assets, frozen)| {
            let released = assets.iter().filter_map(|it| self.assets.get(it)).map(|it| it.released);
            AssetRow {
                asset: None,
                frozen,
                released: part(released.sum(), frozen),
                amount_from: None,
                amount_below: None,
            }
        }));
        rows
    }
}

/// The forks of the tree of [`Kind::detail`], from the first to the last. Each sets one member of a
/// row from a leaf, or leaves it untold.
const FORKS: [fn(&mut DetailRow, &Leaf); 4] = [
    |row, leaf| row.regime = Some(leaf.1.clone()),
    |row, leaf| row.agency_class = Some(leaf.2),
    |row, leaf| row.data_category = leaf.3,
    |row, leaf| row.emergency = Some(leaf.4),
];

fn split(
    forks: &[fn(&mut DetailRow, &Leaf)],
    leaves: Vec<(&Leaf, u64)>,
    row: DetailRow,
    rows: &mut Vec<DetailRow>,
) {
    let Some((fork, rest)) = forks.split_first() else {
        let received = leaves.iter().map(|(_, count)| count).sum();
        rows.push(DetailRow { received, ..row });
        return;
    };
    // Branches by the row they would give; the first leaf of each stands for it.
    let mut branches: Vec<(DetailRow, Vec<(&Leaf, u64)>)> = Vec::new();
    for (leaf, count) in leaves {
        let mut told = row.clone();
        fork(&mut told, leaf);
        match branches.iter_mut().find(|(known, _)| *known == told) {
            Some((_, members)) => members.push((leaf, count)),
            None => branches.push((told, vec![(leaf, count)])),
        }
    }
    let sum = |members: &[(&Leaf, u64)]| members.iter().map(|(_, count)| count).sum::<u64>();
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
