//! Which sums of a table are told, when the table is not. Knows nothing of what is counted.
//!
//! The rows of the table are the finest kinds of ask that are told at all, its columns what became
//! of them. Told are the sums of all rows and columns, and the sums of a column over *groups* of
//! rows (a country, a rule pack ...). A [`Part`] is a set of cells; a small part gets a *swap*: two
//! rows and two columns, one taken from two opposite corners, one added to the two others. All sums
//! of rows and columns stay, the part changes by one, and no sum that the swap changes is told. So
//! for every small part there is another table with all told numbers and another part: nobody can
//! tell which of the two tables is the true one.
//!
//! Parts are: each cell, each group's cell, what the told cells of a group leave of its row or of
//! its column, and what is left of a told cell when the told cells inside it are taken away. Other
//! sums and differences are not looked at.

use super::suppress::{SMALL_CELL_BELOW, is_small};

/// Some cells of the table: all that lie in one of these rows and one of these columns.
struct Part {
    rows: Vec<bool>,
    columns: Vec<bool>,
}

/// Two rows and two columns.
#[derive(Clone, Copy)]
struct Swap {
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Swap {
    /// Whether it changes a part's sum.
    fn changes(&self, part: &Part) -> bool {
        let ((one, other), (left, right)) = (self.rows, self.columns);
        part.rows[one] != part.rows[other] && part.columns[left] != part.columns[right]
    }
}

/// Some rows that are told together.
struct Group {
    rows: Vec<bool>,
    /// The sums, column by column.
    sums: Vec<u64>,
    /// Which of them are told.
    told: Vec<bool>,
}

struct Table<'a> {
    cells: &'a [Vec<u64>],
    groupings: &'a [Vec<usize>],
    /// By grouping, by group.
    groups: Vec<Vec<Group>>,
    swaps: Vec<Swap>,
}

/// The sums of each column over the groups of each grouping, without those that are withheld.
///
/// A grouping says for each row which of its groups it belongs to, counted from 0. No row sum and
/// no column sum may be small.
pub fn told_sums(cells: &[Vec<u64>], groupings: &[Vec<usize>]) -> Vec<Vec<Vec<Option<u64>>>> {
    let mut table = Table::new(cells, groupings);
    // Each round hides more or ends; a swap that was found keeps its part open for good.
    while table.open_small_parts() {}
    let told = |group: &Group| {
        let sums = group.sums.iter().zip(&group.told);
        sums.map(|(sum, told)| told.then_some(*sum)).collect()
    };
    table.groups.iter().map(|groups| groups.iter().map(told).collect()).collect()
}

/// Which cells of a table are withheld, when its row sums and column sums are told. All rows have
/// the same number of cells; no row sum and no column sum may be small.
pub fn withheld(cells: &[Vec<u64>]) -> Vec<Vec<bool>> {
    let each_row = vec![(0..cells.len()).collect()];
    let rows = told_sums(cells, &each_row).into_iter().flatten();
    rows.map(|row| row.iter().map(Option::is_none).collect()).collect()
}

impl<'a> Table<'a> {
    fn new(cells: &'a [Vec<u64>], groupings: &'a [Vec<usize>]) -> Self {
        let columns = cells.first().map_or(0, Vec::len);
        let group = |grouping: &[usize], number: usize| {
            let rows: Vec<bool> = grouping.iter().map(|of| *of == number).collect();
            let members = || cells.iter().zip(&rows).filter(|(_, is_in)| **is_in);
            let sum = |column: usize| -> u64 { members().map(|(row, _)| row[column]).sum() };
            let sums: Vec<u64> = (0..columns).map(sum).collect();
            Group { rows, sums, told: vec![true; columns] }
        };
        let groups = groupings.iter().map(|grouping| {
            let count = grouping.iter().max().map_or(0, |last| last + 1);
            (0..count).map(|number| group(grouping, number)).collect()
        });
        Self { cells, groupings, groups: groups.collect(), swaps: Vec::new() }
    }

    fn columns(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    /// Looks at every part once; says whether one had to be opened.
    fn open_small_parts(&mut self) -> bool {
        let before = self.swaps.len();
        for row in 0..self.cells.len() {
            for column in 0..self.columns() {
                self.open(self.part(|at| at == row, |at| at == column));
            }
        }
        for grouping in 0..self.groups.len() {
            for group in 0..self.groups[grouping].len() {
                for column in 0..self.columns() {
                    let rows = self.groups[grouping][group].rows.clone();
                    self.open(self.part(|at| rows[at], |at| at == column));
                    self.open_what_is_left(grouping, group, column);
                }
                let Group { rows, told, .. } = &self.groups[grouping][group];
                let (rows, told) = (rows.clone(), told.clone());
                self.open(self.part(|at| rows[at], |at| !told[at]));
            }
            for column in 0..self.columns() {
                let groups = self.groups[grouping].iter().filter(|group| !group.told[column]);
                let hidden: Vec<&Vec<bool>> = groups.map(|group| &group.rows).collect();
                let part = self.part(|at| hidden.iter().any(|rows| rows[at]), |at| at == column);
                self.open(part);
            }
        }
        self.swaps.len() > before
    }

    /// What a told cell leaves when the told cells of another grouping inside it are taken away.
    fn open_what_is_left(&mut self, grouping: usize, group: usize, column: usize) {
        if !self.groups[grouping][group].told[column] {
            return;
        }
        for other in (0..self.groups.len()).filter(|other| *other != grouping) {
            let rows = &self.groups[grouping][group].rows;
            let is_inside = |inner: &&Group| {
                inner.told[column]
                    && inner.rows.iter().zip(rows).all(|(inner, outer)| *outer || !*inner)
            };
            let inside: Vec<&Group> = self.groups[other].iter().filter(is_inside).collect();
            if inside.is_empty() {
                continue;
            }
            let is_left = |at: usize| rows[at] && !inside.iter().any(|inner| inner.rows[at]);
            let part = self.part(is_left, |at| at == column);
            self.open(part);
        }
    }

    fn part(&self, rows: impl Fn(usize) -> bool, columns: impl Fn(usize) -> bool) -> Part {
        Part {
            rows: (0..self.cells.len()).map(rows).collect(),
            columns: (0..self.columns()).map(columns).collect(),
        }
    }

    fn sum(&self, part: &Part) -> u64 {
        let rows = self.cells.iter().zip(&part.rows).filter(|(_, is_in)| **is_in);
        let cells = rows.flat_map(|(row, _)| row.iter().zip(&part.columns));
        cells.filter(|(_, is_in)| **is_in).map(|(cell, _)| *cell).sum()
    }

    /// Gives a small part the swap that costs least, unless it has one.
    fn open(&mut self, part: Part) {
        let value = self.sum(&part);
        if !is_small(value) || self.swaps.iter().any(|swap| swap.changes(&part)) {
            return;
        }
        let (rows_in, rows_out) = halves(&part.rows);
        let (columns_in, columns_out) = halves(&part.columns);
        let mut best: Option<((bool, u64), Swap)> = None;
        for row in &rows_in {
            for other_column in columns_out.iter().filter(|at| self.cells[*row][**at] > 0) {
                for column in &columns_in {
                    for other_row in rows_out.iter().filter(|at| self.cells[**at][*column] > 0) {
                        let swap =
                            Swap { rows: (*row, *other_row), columns: (*column, *other_column) };
                        let beside = self.cells[*row][*other_column];
                        let below = self.cells[*other_row][*column];
                        // Better when the part may for all one knows not be small at all.
                        let is_tight = beside.min(below) < SMALL_CELL_BELOW - value;
                        let cost = (is_tight, self.cost(swap));
                        if best.is_none_or(|(known, _)| cost < known) {
                            best = Some((cost, swap));
                        }
                    }
                }
            }
        }
        match best {
            Some((_, swap)) => self.take(swap),
            // Only with a small row or column sum, which callers never have: tell nothing.
            None => {
                let all = self.groups.iter_mut().flatten();
                all.for_each(|group| group.told.iter_mut().for_each(|told| *told = false));
            }
        }
    }

    /// How much is told no longer when a swap is taken.
    fn cost(&self, swap: Swap) -> u64 {
        let ((one, other), (left, right)) = (swap.rows, swap.columns);
        let mut cost = 0u64;
        for (grouping, groups) in self.groupings.iter().zip(&self.groups) {
            if grouping[one] == grouping[other] {
                continue;
            }
            for group in [&groups[grouping[one]], &groups[grouping[other]]] {
                for column in [left, right].into_iter().filter(|at| group.told[*at]) {
                    cost = cost.saturating_add(group.sums[column]).saturating_add(1);
                }
            }
        }
        cost
    }

    fn take(&mut self, swap: Swap) {
        let ((one, other), (left, right)) = (swap.rows, swap.columns);
        for (grouping, groups) in self.groupings.iter().zip(&mut self.groups) {
            if grouping[one] != grouping[other] {
                for group in [grouping[one], grouping[other]] {
                    groups[group].told[left] = false;
                    groups[group].told[right] = false;
                }
            }
        }
        self.swaps.push(swap);
    }
}

/// The places that are in, and those that are not.
fn halves(flags: &[bool]) -> (Vec<usize>, Vec<usize>) {
    (0..flags.len()).partition(|at| flags[*at])
}
