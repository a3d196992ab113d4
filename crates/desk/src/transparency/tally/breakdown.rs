//! Outcomes by one thing after the other. Knows no request, only the rows that were counted.

use super::super::sums::told_sums;
use super::super::{BreakdownRow, CountryRow, DetailRow, Dimension, Fate, Group};
use super::{Branch, Counted, Leaf, Times, add_times, spread};

/// Outcomes by country, and by every other dimension of which more than one value is told. All are
/// sums over the rows of one table, so what is withheld of one is withheld with a view to the
/// others.
pub(super) fn broken_down(
    branches: &[Branch<'_>],
    outcomes: &[Group<Fate>],
) -> (Vec<CountryRow>, Vec<BreakdownRow>) {
    let cell = |leaves: &[(&Leaf, &Counted)], group: &Group<Fate>| {
        let fates = leaves
            .iter()
            .flat_map(|(_, leaf)| group.of.iter().filter_map(|fate| leaf.fates.get(fate)));
        fates.sum::<u64>()
    };
    let cells: Vec<Vec<u64>> = branches
        .iter()
        .map(|(_, leaves)| outcomes.iter().map(|group| cell(leaves, group)).collect())
        .collect();
    let by_country = grouping(branches, |row| BreakdownRow { country: row.country, ..blank() });
    let mut told = vec![by_country];
    for by in Dimension::ALL {
        let grouped = grouping(branches, |row| of_dimension(*by, row));
        if grouped.heads.len() > 1 && !told.iter().any(|known| known.of == grouped.of) {
            told.push(grouped);
        }
    }
    let groupings: Vec<Vec<usize>> = told.iter().map(|grouped| grouped.of.clone()).collect();
    let sums = told_sums(&cells, &groupings);
    let mut rows = told.into_iter().zip(sums).map(|(grouped, sums)| {
        let rows = grouped.heads.into_iter().zip(sums).enumerate();
        let row = |(number, (head, counts)): (usize, (BreakdownRow, Vec<Option<u64>>))| {
            let of = grouped.of.iter().zip(branches).filter(|(of, _)| **of == number);
            let leaves = || of.clone().flat_map(|(_, (_, leaves))| leaves);
            BreakdownRow {
                received: leaves().map(|(_, leaf)| leaf.received()).sum(),
                counts,
                hours_to_answer: spread(
                    &leaves().map(|(_, leaf)| &leaf.hours).fold(Times::new(), add_times),
                ),
                ..head
            }
        };
        rows.map(row).collect::<Vec<_>>()
    });
    let country = |row: BreakdownRow| CountryRow {
        country: row.country,
        received: row.received,
        counts: row.counts,
        hours_to_answer: row.hours_to_answer,
    };
    let countries = rows.next().unwrap_or_default().into_iter().map(country).collect();
    (countries, rows.flatten().collect())
}

/// Rows that are told together.
struct Grouped {
    /// For each row, its group.
    of: Vec<usize>,
    /// For each group, what its rows agree in.
    heads: Vec<BreakdownRow>,
}

fn grouping(branches: &[Branch<'_>], head: impl Fn(&DetailRow) -> BreakdownRow) -> Grouped {
    let mut grouped = Grouped { of: Vec::new(), heads: Vec::new() };
    for (row, _) in branches {
        let head = head(row);
        let known = grouped.heads.iter().position(|known| *known == head);
        grouped.of.push(known.unwrap_or(grouped.heads.len()));
        if known.is_none() {
            grouped.heads.push(head);
        }
    }
    grouped
}

fn of_dimension(by: Dimension, row: &DetailRow) -> BreakdownRow {
    let blank = BreakdownRow { by, ..blank() };
    match by {
        Dimension::Regime => BreakdownRow { regime: row.regime.clone(), ..blank },
        Dimension::CountryRegime => {
            BreakdownRow { country: row.country, regime: row.regime.clone(), ..blank }
        }
        Dimension::AgencyClass => BreakdownRow { agency_class: row.agency_class, ..blank },
        Dimension::DataCategory => BreakdownRow { data_category: row.data_category, ..blank },
        Dimension::Emergency => BreakdownRow { emergency: row.emergency, ..blank },
        Dimension::Instrument => BreakdownRow { instrument: row.instrument, ..blank },
    }
}

const fn blank() -> BreakdownRow {
    BreakdownRow {
        by: Dimension::Regime,
        country: None,
        regime: None,
        agency_class: None,
        data_category: None,
        emergency: None,
        instrument: None,
        received: 0,
        counts: Vec::new(),
        hours_to_answer: None,
    }
}
