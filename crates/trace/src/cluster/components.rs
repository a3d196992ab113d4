//! Connected components over plain numbers. Knows nothing of chains: whoever wants clusters gives
//! pairs of numbers that belong together.
//!
//! A forest where every node points at a smaller number or, as a root, at itself; so the root is
//! the smallest number of its tree whatever the order of the pairs and however many threads work.
//! Linking is Rem's algorithm with splicing (Dijkstra, "A Discipline of Programming", 1976, chapter
//! 23; Patwary, Blair, Manne, SEA 2010), made safe for threads by compare-and-swap (the variant
//! that ConnectIt, Dhulipala et al., VLDB 2020, found fastest).

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Threads that work on one clustering at most.
pub const WORKERS_MAX: usize = 16;

/// Pairs below which one thread does all: starting another costs more.
const PAIRS_ALONE_MAX: usize = 1 << 15;

/// Pairs whose memory is asked for at once.
const BATCH_PAIRS: usize = 64;

/// Numbers of a block at least: their parents take 1 MiB and stay in a core's own cache.
const BLOCK_BITS_MIN: u32 = 18;
/// Blocks at most; sorting into more would miss the cache itself.
const BLOCKS_MAX: u32 = 256;
/// Pairs that a thread sorts into blocks at a time: bounds memory to 8 bytes each.
const ROUND_PAIRS: usize = 1 << 21;

/// For each number below `count`, the smallest number it is connected with.
///
/// Uses as many threads as the machine has processors, [`WORKERS_MAX`] at most; the result does not
/// depend on it. Panics on a pair with a number that is not below `count`.
pub fn components(count: u32, pairs: &[(u32, u32)]) -> Vec<u32> {
    components_with(count, pairs, workers())
}

/// The same with a given number of threads.
///
/// A join waits for memory twice, and little else; so the pairs are first sorted into blocks of
/// numbers whose parents fit the cache of a core, and those within a block are joined there, where
/// no other thread interferes and plain stores do. Only pairs across two blocks come at the end, at
/// the memory's own pace and with compare-and-swap. Numbers in order of first use make such pairs
/// few.
pub fn components_with(count: u32, pairs: &[(u32, u32)], workers: usize) -> Vec<u32> {
    let forest = Forest::new(count);
    if pairs.len() <= PAIRS_ALONE_MAX {
        pairs.iter().for_each(|(first, second)| forest.join_alone(*first, *second));
        return forest.labels(1);
    }
    let needed = u32::BITS - (count.saturating_sub(1) / BLOCKS_MAX).leading_zeros();
    let workers = workers.clamp(1, WORKERS_MAX);
    join_blocked(&forest, pairs, workers, needed.max(BLOCK_BITS_MIN), ROUND_PAIRS);
    forest.labels(workers)
}

/// Joins pairs block by block, `1 << bits` numbers a block, and then across blocks.
fn join_blocked(
    forest: &Forest,
    pairs: &[(u32, u32)],
    workers: usize,
    bits: u32,
    round_pairs: usize,
) {
    let blocks = (forest.parents.len() >> bits) + 1;
    let mut sorters: Vec<Sorter> = (0..workers).map(|_| Sorter::new(bits, blocks)).collect();
    for round in pairs.chunks(workers * round_pairs) {
        let part = round.len().div_ceil(workers);
        std::thread::scope(|scope| {
            let mut parts = round.chunks(part);
            for sorter in &mut sorters {
                let mine = parts.next().unwrap_or_default();
                scope.spawn(move || sorter.sort(mine));
            }
        });
        let next = AtomicU32::new(0);
        let join = || {
            loop {
                let block = next.fetch_add(1, Relaxed) as usize;
                if block >= blocks {
                    break;
                }
                sorters.iter().for_each(|sorter| forest.join_within(sorter.within(block)));
            }
        };
        std::thread::scope(|scope| {
            (1..workers).for_each(|_| drop(scope.spawn(join)));
            join();
        });
    }
    std::thread::scope(|scope| {
        for sorter in &sorters {
            scope.spawn(|| forest.join_across(&sorter.across, workers == 1));
        }
    });
}

/// Pairs sorted by the block that both numbers are in.
struct Sorter {
    bits: u32,
    pairs: Vec<(u32, u32)>,
    /// Where each block's pairs end.
    ends: Vec<usize>,
    /// Pairs of numbers of two blocks, of all rounds.
    across: Vec<(u32, u32)>,
}

impl Sorter {
    fn new(bits: u32, blocks: usize) -> Sorter {
        Sorter { bits, pairs: Vec::new(), ends: vec![0; blocks + 1], across: Vec::new() }
    }

    /// Panics on a number beyond the last block.
    fn sort(&mut self, pairs: &[(u32, u32)]) {
        let across = self.ends.len() - 1;
        let bits = self.bits;
        // A choice without a branch, which no processor could foresee.
        let place = |pair: &(u32, u32)| {
            let (first, second) = ((pair.0 >> bits) as usize, (pair.1 >> bits) as usize);
            if first == second { first } else { across }
        };
        let mut next = vec![0usize; self.ends.len() + 1];
        pairs.iter().for_each(|pair| next[place(pair) + 1] += 1);
        for index in 1..next.len() {
            next[index] += next[index - 1];
        }
        self.pairs.resize(pairs.len(), (0, 0));
        for pair in pairs {
            let next = &mut next[place(pair)];
            self.pairs[*next] = *pair;
            *next += 1;
        }
        self.ends.copy_from_slice(&next[..across + 1]);
        let start = if across == 0 { 0 } else { self.ends[across - 1] };
        self.across.extend_from_slice(&self.pairs[start..]);
    }

    fn within(&self, block: usize) -> &[(u32, u32)] {
        let start = if block == 0 { 0 } else { self.ends[block - 1] };
        &self.pairs[start..self.ends[block]]
    }
}

/// Threads worth starting on this machine.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get().min(WORKERS_MAX))
}

/// Numbers and what they are connected with so far; several threads may add at once.
#[derive(Debug)]
pub struct Forest {
    parents: Vec<AtomicU32>,
}

impl Forest {
    /// Every number below `count` on its own.
    pub fn new(count: u32) -> Forest {
        Forest { parents: (0..count).map(AtomicU32::new).collect() }
    }

    /// Connects two numbers. Panics on a number that is not below the count.
    // Relaxed loads suffice: a parent only ever becomes a smaller number that is connected with the
    // node, so that an old value is still true, and the compare-and-swap refuses to build on it.
    #[inline]
    pub fn join(&self, first: u32, second: u32) {
        let (mut low, mut high) = (first, second);
        let mut low_parent = self.parents[low as usize].load(Relaxed);
        let mut high_parent = self.parents[high as usize].load(Relaxed);
        while low_parent != high_parent {
            if low_parent > high_parent {
                std::mem::swap(&mut low, &mut high);
                std::mem::swap(&mut low_parent, &mut high_parent);
            }
            let swapped = self.parents[high as usize].compare_exchange_weak(
                high_parent,
                low_parent,
                Relaxed,
                Relaxed,
            );
            match swapped {
                // The root hangs below the other tree now.
                Ok(_) if high_parent == high => return,
                // Spliced: what stood above still has to be connected.
                Ok(_) => {
                    high = high_parent;
                    high_parent = self.parents[high as usize].load(Relaxed);
                }
                Err(now) => high_parent = now,
            }
            low_parent = self.parents[low as usize].load(Relaxed);
        }
    }

    /// Joins pairs of a block that no other thread touches meanwhile.
    fn join_within(&self, pairs: &[(u32, u32)]) {
        pairs.iter().for_each(|(first, second)| self.join_alone(*first, *second));
    }

    fn join_across(&self, pairs: &[(u32, u32)], alone: bool) {
        for batch in pairs.chunks(BATCH_PAIRS) {
            self.touch(batch);
            match alone {
                true => self.join_within(batch),
                false => batch.iter().for_each(|(first, second)| self.join(*first, *second)),
            }
        }
    }

    /// Loads all at once, none waiting for another, so that what follows finds them in the cache.
    #[inline]
    fn touch(&self, pairs: &[(u32, u32)]) {
        let load = |number: u32| self.parents[number as usize].load(Relaxed);
        let touched = pairs.iter().fold(0, |sum, (low, high)| sum ^ load(*low) ^ load(*high));
        std::hint::black_box(touched);
    }

    /// Connects two numbers while no other thread does anything to their trees.
    #[inline]
    fn join_alone(&self, first: u32, second: u32) {
        let (mut low, mut high) = (first, second);
        let mut low_parent = self.parents[low as usize].load(Relaxed);
        let mut high_parent = self.parents[high as usize].load(Relaxed);
        while low_parent != high_parent {
            if low_parent > high_parent {
                std::mem::swap(&mut low, &mut high);
                std::mem::swap(&mut low_parent, &mut high_parent);
            }
            self.parents[high as usize].store(low_parent, Relaxed);
            if high_parent == high {
                return;
            }
            high = high_parent;
            high_parent = self.parents[high as usize].load(Relaxed);
        }
    }

    /// For each number the smallest it is connected with.
    pub fn labels(self, workers: usize) -> Vec<u32> {
        let count = self.parents.len();
        if workers > 1 && count > PAIRS_ALONE_MAX {
            let forest = &self;
            std::thread::scope(|scope| {
                for start in (0..count).step_by(count.div_ceil(workers)) {
                    let end = (start + count.div_ceil(workers)).min(count);
                    scope.spawn(move || forest.flatten(start..end));
                }
            });
        } else {
            self.flatten(0..count);
        }
        self.parents.into_iter().map(AtomicU32::into_inner).collect()
    }

    /// Points numbers at their roots. Every parent is smaller than its child, so most are done.
    fn flatten(&self, range: Range<usize>) {
        for index in range {
            let parent = self.parents[index].load(Relaxed);
            let mut root = parent;
            loop {
                let above = self.parents[root as usize].load(Relaxed);
                if above == root {
                    break;
                }
                root = above;
            }
            if root != parent {
                self.parents[index].store(root, Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Labels by repeated passes until nothing changes.
    fn slow(count: u32, pairs: &[(u32, u32)]) -> Vec<u32> {
        let mut labels: Vec<u32> = (0..count).collect();
        loop {
            let before = labels.clone();
            for (a, b) in pairs {
                let low = labels[*a as usize].min(labels[*b as usize]);
                labels[*a as usize] = low;
                labels[*b as usize] = low;
            }
            if labels == before {
                return labels;
            }
        }
    }

    proptest! {
        #[test]
        fn labels_are_those_of_the_slow_scan_in_any_order(
            pairs in prop::collection::vec((0u32..60, 0u32..60), 0..90),
            seed in any::<u64>(),
        ) {
            let expected = slow(60, &pairs);
            prop_assert_eq!(&components(60, &pairs), &expected);
            let mut other = pairs.clone();
            other.sort_by_key(|(a, b)| {
                ((u64::from(*a) * 61 + u64::from(*b)) ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            });
            let other: Vec<(u32, u32)> = other.into_iter().map(|(a, b)| (b, a)).collect();
            prop_assert_eq!(&components(60, &other), &expected);
        }
    }

    #[test]
    fn threads_change_nothing() {
        let count = 40_000u32;
        // A multiplicative walk: long chains that cross the parts of the threads.
        let pair = |n: u64| ((n * 7_919 % 40_000) as u32, (n * n * 31 % 40_000) as u32);
        let pairs: Vec<(u32, u32)> = (0..70_000).map(pair).collect();
        let alone = components_with(count, &pairs, 1);
        for workers in [1, 2, 3, 8] {
            for _ in 0..5 {
                assert_eq!(components_with(count, &pairs, workers), alone);
                let forest = Forest::new(count);
                join_blocked(&forest, &pairs, workers, 10, 3_000);
                assert_eq!(forest.labels(workers), alone);
            }
        }
        let slow = slow(count, &pairs);
        assert_eq!(alone, slow);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_number_beyond_the_count_is_refused() {
        components_with(40_000, &[(1, 1 << 30); PAIRS_ALONE_MAX + 1], 1);
    }

    #[test]
    fn nothing_to_connect() {
        assert_eq!(components(0, &[]), Vec::<u32>::new());
        assert_eq!(components(3, &[(1, 1)]), [0, 1, 2]);
    }
}
