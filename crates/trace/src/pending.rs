//! What waits on a walk in chain order. Knows no chain: things with a key, of which the smallest
//! come first, and none is added below what came last.
//!
//! That order makes a radix heap possible (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster Algorithms for
//! the Shortest Path Problem", 1990): things lie in buckets by the highest bit in which their key
//! differs from the last one, and are moved down in stretches of memory, where a binary heap jumps
//! through all of it for each of them.

/// One bucket for equal keys and one for each bit.
const BUCKETS: usize = u64::BITS as usize + 1;

/// Things that wait.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    last: u64,
    buckets: [Vec<(u64, T)>; BUCKETS],
    /// Empty between calls; keeps its memory.
    moving: Vec<(u64, T)>,
}

impl<T> Pending<T> {
    /// Nothing waits.
    pub(crate) fn new() -> Pending<T> {
        let buckets = std::array::from_fn(|_| Vec::new());
        Pending { last: 0, buckets, moving: Vec::new() }
    }

    /// Adds one. Panics on a key below the one that came last.
    pub(crate) fn push(&mut self, key: u64, thing: T) {
        assert!(key >= self.last, "money moves forward in chain order");
        self.buckets[bucket(key, self.last)].push((key, thing));
    }

    /// Moves all of the smallest key to `group`, in no order; says which key that is.
    pub(crate) fn take_group(&mut self, group: &mut Vec<T>) -> Option<u64> {
        let first = self.buckets.iter().position(|bucket| !bucket.is_empty())?;
        if first > 0 {
            std::mem::swap(&mut self.moving, &mut self.buckets[first]);
            self.last = self.moving.iter().map(|(key, _)| *key).min().expect("it is not empty");
            for (key, thing) in self.moving.drain(..) {
                self.buckets[bucket(key, self.last)].push((key, thing));
            }
        }
        group.extend(self.buckets[0].drain(..).map(|(_, thing)| thing));
        Some(self.last)
    }
}

/// The place of the highest bit in which two keys differ, counted from 1.
fn bucket(key: u64, last: u64) -> usize {
    (u64::BITS - (key ^ last).leading_zeros()) as usize
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
