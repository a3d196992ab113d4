//! Which counts are told. Knows nothing of what is counted.
//!
//! Lists are *folded*: what is small is counted together with something else until the sum is not
//! small, so that a list has no gaps and every sum of it is a sum of large counts. Tables have
//! their small cells *withheld* (`sums`).

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
