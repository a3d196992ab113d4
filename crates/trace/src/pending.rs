//! What waits on a walk in chain order. Knows no chain: things with a key, of which the smallest
//! come first, and none is added below what came last.
//!
//! That order makes a radix heap possible (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster Algorithms for
//! the Shortest Path Problem", 1990), here with digits of four bits: things lie in buckets by the
//! highest digit in which their key differs from the last one, and by that digit. So a thing is
//! moved once for each digit at most, in stretches of memory, where a binary heap jumps through all
//! of it for each.

/// Bits of a digit. With one, things move twice as often as with four; with eight, there are more
/// buckets than a cache holds the ends of.
const DIGIT_BITS: u32 = 4;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Digits of a key.
const LEVELS: usize = (u64::BITS / DIGIT_BITS) as usize;

/// Things that wait.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    last: u64,
    /// From the lowest digit up.
    levels: [Level<T>; LEVELS],
    /// A bit for each level that holds something.
    filled: u64,
    /// Empty between calls; keeps its memory.
    moving: Vec<(u64, T)>,
}

/// Buckets for one digit of the keys.
#[derive(Debug)]
struct Level<T> {
    buckets: [Vec<(u64, T)>; DIGITS],
    /// A bit for each bucket that holds something.
    filled: u64,
}

impl<T> Pending<T> {
    /// Nothing waits.
    pub(crate) fn new() -> Pending<T> {
        let level = |_| Level { buckets: std::array::from_fn(|_| Vec::new()), filled: 0 };
        Pending { last: 0, levels: std::array::from_fn(level), filled: 0, moving: Vec::new() }
    }

    /// Adds one. Panics on a key below the one that came last.
    #[inline]
    pub(crate) fn push(&mut self, key: u64, thing: T) {
        assert!(key >= self.last, "money moves forward in chain order");
        self.put(key, thing);
    }

    #[inline]
    fn put(&mut self, key: u64, thing: T) {
        let level = (u64::BITS - 1).saturating_sub((key ^ self.last).leading_zeros()) / DIGIT_BITS;
        let digit = (key >> (level * DIGIT_BITS)) as usize % DIGITS;
        self.filled |= 1 << level;
        let level = &mut self.levels[level as usize];
        level.filled |= 1 << digit;
        level.buckets[digit].push((key, thing));
    }

    /// Moves all of the smallest key to `group`, in no order; says which key that is.
    pub(crate) fn take_group(&mut self, group: &mut Vec<T>) -> Option<u64> {
        while self.filled != 0 {
            let number = self.filled.trailing_zeros();
            let level = &mut self.levels[number as usize];
            let digit = level.filled.trailing_zeros();
            level.filled &= level.filled - 1;
            if level.filled == 0 {
                self.filled &= self.filled - 1;
            }
            let bucket = &mut level.buckets[digit as usize];
            if number == 0 || bucket.len() == 1 {
                self.last = bucket[0].0;
                group.extend(bucket.drain(..).map(|(_, thing)| thing));
                return Some(self.last);
            }
            // The smallest key that can lie in this bucket: those that do are moved down.
            let shift = number * DIGIT_BITS;
            let above = (self.last >> shift) & !(DIGITS as u64 - 1);
            self.last = (above | u64::from(digit)) << shift;
            std::mem::swap(&mut self.moving, bucket);
            let mut moving = std::mem::take(&mut self.moving);
            moving.drain(..).for_each(|(key, thing)| self.put(key, thing));
            self.moving = moving;
        }
        None
    }

    /// All that waits, in the order of keys: sorting at once is quicker than taking group by group.
    pub(crate) fn take_all(self) -> Vec<(u64, T)> {
        let buckets = self.levels.into_iter().flat_map(|level| level.buckets);
        let mut all: Vec<(u64, T)> = buckets.flatten().collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Pending;
    use proptest::prelude::*;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    proptest! {
        /// Between two takes, some more come in, above the last key.
        #[test]
        fn groups_come_as_from_a_binary_heap(
            rounds in prop::collection::vec(prop::collection::vec((0u64..40, 0u32..28), 0..6), 1..60),
        ) {
            let (mut pending, mut heap) = (Pending::new(), BinaryHeap::new());
            let mut last = 0;
            for (round, keys) in rounds.iter().enumerate() {
                for (place, (step, shift)) in keys.iter().enumerate() {
                    let (key, thing) = (last + (step << shift), (round, place));
                    pending.push(key, thing);
                    heap.push(Reverse((key, thing)));
                }
                let mut group = Vec::new();
                let taken = pending.take_group(&mut group);
                prop_assert_eq!(taken, heap.peek().map(|Reverse((key, _))| *key));
                let mut expected = Vec::new();
                while let Some(Reverse((_, thing))) =
                    heap.peek().filter(|top| Some(top.0.0) == taken).copied()
                {
                    heap.pop();
                    expected.push(thing);
                }
                group.sort_unstable();
                prop_assert_eq!(group, expected);
                last = taken.unwrap_or(last);
            }
        }
    }

    #[test]
    #[should_panic(expected = "money moves forward")]
    fn nothing_is_added_before_what_came_last() {
        let mut pending = Pending::new();
        pending.push(7, ());
        pending.take_group(&mut Vec::new());
        pending.push(6, ());
    }
}
