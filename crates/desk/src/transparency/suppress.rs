//! Which counts are told. Knows nothing of what is counted.
//!
//! Two means, and a proof for each. Lists are *folded*: what is small is counted together with
//! something else until the sum is not small, so that a list has no gaps and every sum of it is a
//! sum of large counts. The one table with two margins (country x outcome) has its small cells
//! *withheld*, each with three more on the corners of a rectangle: with one added on one diagonal
//! and taken from the other, all margins and all told cells stay, so that nobody who knows them
//! can tell the two tables apart.

use std::collections::BTreeMap;

/// Counts below this, other than 0, are never told. Google left countries under 30 out and later
/// did not; health statistics commonly use 5 to 10. Ours is 5.
pub const SMALL_CELL_BELOW: u64 = 5;

/// Whether a count is one that is never told.
pub const fn is_small(count: u64) -> bool {
    count > 0 && count < SMALL_CELL_BELOW
}

/// A list of counts without small ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded<K> {
    /// What is told by itself.
    pub shown: Vec<(K, u64)>,
    /// What is told together: the words, in their order, and their sum. Words that were never
    /// counted stand here too, so that nobody can tell which of them were.
    pub rest: Option<(Vec<K>, u64)>,
}

/// Folds a list: small counts go together, with the smallest of the others until they are enough.
///
/// The sum of all must not be small; then no count of the answer is.
pub fn fold<K: Ord + Clone>(counts: &BTreeMap<K, u64>) -> Folded<K> {
    let mut folded: Vec<&K> = Vec::new();
    let mut sum = 0u64;
    for (word, count) in counts.iter().filter(|(_, count)| is_small(**count)) {
        folded.push(word);
        sum = sum.saturating_add(*count);
    }
    if folded.is_empty() {
        let shown = counts.iter().map(|(word, count)| (word.clone(), *count)).collect();
        return Folded { shown, rest: None };
    }
    let mut large: Vec<(u64, &K)> =
        counts.iter().filter(|(_, n)| **n >= SMALL_CELL_BELOW).map(|(w, n)| (*n, w)).collect();
    large.sort();
    let mut large = large.into_iter();
    // One count that is too few by itself would be what is missing from the sum of the others.
    while sum < SMALL_CELL_BELOW {
        let Some((count, word)) = large.next() else { break };
        folded.push(word);
        sum = sum.saturating_add(count);
    }
    folded.extend(counts.iter().filter(|(_, count)| **count == 0).map(|(word, _)| word));
    let is_folded = |word: &K| folded.contains(&word);
    let shown =
        counts.iter().filter(|(w, _)| !is_folded(w)).map(|(w, n)| (w.clone(), *n)).collect();
    let words = counts.keys().filter(|word| is_folded(word)).cloned().collect();
    Folded { shown, rest: Some((words, sum)) }
}

/// Which cells of a table are withheld, when its row sums and column sums are told. All rows have
/// the same number of cells; no row sum and no column sum may be small.
///
/// Every withheld cell lies in a rectangle of withheld cells whose two corners on one diagonal are
/// not 0; that is why none of them follows from what is told.
pub fn withheld(cells: &[Vec<u64>]) -> Vec<Vec<bool>> {
    let mut hidden: Vec<Vec<bool>> = cells.iter().map(|row| vec![false; row.len()]).collect();
    for row in 0..cells.len() {
        for column in 0..cells[row].len() {
            if is_small(cells[row][column]) && !hidden[row][column] {
                hide(cells, &mut hidden, row, column);
            }
        }
    }
    hidden
}

/// Hides a small cell with the rectangle that costs least.
fn hide(cells: &[Vec<u64>], hidden: &mut [Vec<bool>], row: usize, column: usize) {
    let value = cells[row][column];
    let mut best: Option<((bool, u64), usize, usize)> = None;
    for (other_row, others) in cells.iter().enumerate().filter(|(at, _)| *at != row) {
        for other_column in (0..others.len()).filter(|at| *at != column) {
            let (beside, below) = (cells[row][other_column], others[column]);
            if beside == 0 || below == 0 {
                continue;
            }
            // Better when the hidden cell may for all one knows not be small at all.
            let is_tight = beside.min(below) < SMALL_CELL_BELOW - value;
            let lost = |hidden: bool, value: u64| if hidden { 0 } else { value.saturating_add(1) };
            let cost = lost(hidden[row][other_column], beside)
                .saturating_add(lost(hidden[other_row][column], below))
                .saturating_add(lost(hidden[other_row][other_column], others[other_column]));
            if best.is_none_or(|(known, ..)| (is_tight, cost) < known) {
                best = Some(((is_tight, cost), other_row, other_column));
            }
        }
    }
    hidden[row][column] = true;
    match best {
        Some((_, other_row, other_column)) => {
            hidden[row][other_column] = true;
            hidden[other_row][column] = true;
            hidden[other_row][other_column] = true;
        }
        // Only with a small row or column sum, which callers never have: hide all.
        None => hidden.iter_mut().flatten().for_each(|cell| *cell = true),
    }
}

/// A count that is a part of a told one: withheld when it, or what it leaves of the other, is
/// small.
pub fn part(count: u64, of: u64) -> Option<u64> {
    let rest = of.saturating_sub(count);
    (!is_small(count) && !is_small(rest)).then_some(count)
}
