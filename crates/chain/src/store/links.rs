//! Finds the newest of numbered things by key, while things are only added and removed at the end.
//! Knows not what they are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A table whose keys are single numbers.
pub(super) type ByNumber<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;

/// Spreads one number over 64 bits by a multiplication. Keys are ids, fingerprints and numbers:
/// who makes some collide on purpose pays hashing for each and makes look-ups of the tail slower,
/// never wrong; the standard hash was a seventh of an import's time.
#[derive(Debug, Default)]
pub(super) struct Mixer(u64);

/// An odd number without pattern: the golden ratio's digits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number spread over 64 bits. The filters of index runs are made with it, so it is part of the
/// format.
#[inline]
pub(super) fn mixed(number: u64) -> u64 {
    let product = u128::from(number ^ SPREAD) * u128::from(SPREAD);
    (product >> 64) as u64 ^ product as u64
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = mixed(self.0.rotate_left(5) ^ number);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// No earlier thing.
const NONE: u64 = u64::MAX;

/// Things numbered from `base`, each with at most one key; those of equal key form a chain from the
/// newest back, so that removing the last one restores what was there before it.
#[derive(Debug)]
pub(super) struct Links<K> {
    base: u64,
    newest: ByNumber<K, u64>,
    earlier: Vec<u64>,
}

impl<K: Hash + Eq + Copy> Links<K> {
    /// Nothing yet; the next thing has the number `base`.
    pub(super) fn new(base: u64) -> Links<K> {
        Links { base, newest: ByNumber::default(), earlier: Vec::new() }
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.newest.reserve(more);
        self.earlier.reserve(more);
    }

    /// Adds the next thing.
    pub(super) fn push(&mut self, key: Option<K>) {
        let number = self.base + self.earlier.len() as u64;
        let earlier = key.and_then(|key| self.newest.insert(key, number));
        self.earlier.push(earlier.unwrap_or(NONE));
    }

    /// Takes the last thing away, which was added with this key.
    pub(super) fn pop(&mut self, key: Option<K>) {
        let earlier = self.earlier.pop().unwrap_or(NONE);
        let Some(key) = key else { return };
        if earlier == NONE || earlier < self.base {
            self.newest.remove(&key);
        } else {
            self.newest.insert(key, earlier);
        }
    }

    /// The things of a key, the newest first.
    pub(super) fn find<'a>(&'a self, key: &K) -> impl Iterator<Item = u64> + use<'a, K> {
        let known = |number: &u64| *number != NONE && *number >= self.base;
        let newest = self.newest.get(key).copied().filter(known);
        std::iter::successors(newest, move |number| {
            Some(self.earlier[(*number - self.base) as usize]).filter(known)
        })
    }

    /// Leaves out all things below a number.
    pub(super) fn forget_below(&mut self, base: u64) {
        self.earlier.drain(..(base - self.base) as usize);
        self.base = base;
        self.newest.retain(|_, number| *number >= base);
    }
}

#[cfg(test)]
mod tests {
    use super::Links;

    #[test]
    fn the_newest_comes_first_and_removal_restores() {
        let mut links = Links::new(10);
        for key in [7, 8, 7, 7] {
            links.push(Some(key));
        }
        links.push(None);
        let find = |links: &Links<u32>, key| links.find(&key).collect::<Vec<u64>>();
        assert_eq!(find(&links, 7), [13, 12, 10]);
        links.pop(None);
        links.pop(Some(7));
        assert_eq!(find(&links, 7), [12, 10]);
        links.forget_below(12);
        assert_eq!((find(&links, 7), find(&links, 8)), (vec![12], vec![]));
        links.pop(Some(7));
        assert_eq!(find(&links, 7), [0; 0]);
    }
}
