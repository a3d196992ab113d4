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

/// For each number below `count`, the smallest number it is connected with.
///
/// Uses as many threads as the machine has processors, [`WORKERS_MAX`] at most; the result does not
/// depend on it. Panics on a pair with a number that is not below `count`.
pub fn components(count: u32, pairs: &[(u32, u32)]) -> Vec<u32> {
    components_with(count, pairs, workers())
}

/// The same with a given number of threads.
///
/// Each thread takes a range of numbers and joins the pairs within it, where nobody interferes and
/// plain stores do; only pairs across two ranges pay for compare-and-swap, which stops a processor
/// from looking ahead. Numbers in order of first use make such pairs few.
pub fn components_with(count: u32, pairs: &[(u32, u32)], workers: usize) -> Vec<u32> {
    let forest = Forest::new(count);
    if workers <= 1 || pairs.len() <= PAIRS_ALONE_MAX {
        forest.join_within(pairs, 0..count);
        return forest.labels(1);
    }
    let width = count.div_ceil(workers as u32);
    let range = |worker: u32| match worker + 1 == workers as u32 {
        true => worker.saturating_mul(width)..u32::MAX,
        false => worker.saturating_mul(width)..(worker + 1).saturating_mul(width),
    };
    let across: Vec<Vec<(u32, u32)>> = std::thread::scope(|scope| {
        let join = |worker| forest.join_within(pairs, range(worker));
        let tasks: Vec<_> =
            (0..workers as u32).map(|worker| scope.spawn(move || join(worker))).collect();
        tasks.into_iter().map(|task| task.join().expect("every number is below count")).collect()
    });
    std::thread::scope(|scope| {
        // All pairs across two ranges of two threads are in the lower one's list.
        for part in across.iter().filter(|part| !part.is_empty()) {
            for chunk in part.chunks(part.len().div_ceil(workers)) {
                scope.spawn(|| forest.join_across(chunk));
            }
        }
    });
    forest.labels(workers)
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

    /// Joins the pairs within a range that no other thread touches meanwhile; returns those that
    /// reach from it up into another one.
    fn join_within(&self, pairs: &[(u32, u32)], range: Range<u32>) -> Vec<(u32, u32)> {
        let mut across = Vec::new();
        let mut here = Vec::with_capacity(BATCH_PAIRS);
        for batch in pairs.chunks(BATCH_PAIRS) {
            here.clear();
            for (first, second) in batch {
                let (low, high) = (*first.min(second), *first.max(second));
                match (range.contains(&low), range.contains(&high)) {
                    (true, true) => here.push((low, high)),
                    (true, false) => across.push((low, high)),
                    _ => {}
                }
            }
            self.touch(&here);
            here.iter().for_each(|(low, high)| self.join_alone(*low, *high));
        }
        across
    }

    fn join_across(&self, pairs: &[(u32, u32)]) {
        for batch in pairs.chunks(BATCH_PAIRS) {
            self.touch(batch);
            batch.iter().for_each(|(low, high)| self.join(*low, *high));
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
        for workers in [2, 3, 8] {
            for _ in 0..5 {
                assert_eq!(components_with(count, &pairs, workers), alone);
            }
        }
        let slow = slow(count, &pairs);
        assert_eq!(alone, slow);
    }

    #[test]
    fn nothing_to_connect() {
        assert_eq!(components(0, &[]), Vec::<u32>::new());
        assert_eq!(components(3, &[(1, 1)]), [0, 1, 2]);
    }
}
