//! What the index has of a request: the set of its words, a key for every two that stand side by
//! side, and who sees it. Knows no SQL and no question.
//!
//! A request has one row if all of its words are for the same eyes. If some are not seen by its
//! readers, it has two: one with all words, and one with those that the readers see, which stands
//! where the newest of *them* does. So nothing that readers may not see moves what they find.
//!
//! Keys begin with a sign that no word has, because words have letters and digits only.

use std::collections::BTreeSet;

use ledger::LeafIndex;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{WORDS_BYTES_MAX, cut, parts_of};

/// Bytes of the keys of the pairs of one request. Together with its words they stay below the 1 MiB
/// of PostgreSQL's vector of words.
const PAIRS_BYTES_MAX: usize = 256 * 1024;
/// Stands for the keys of a request that has more pairs than that: its texts are read.
pub(super) const TOO_MANY_PAIRS: &str = "··";
/// What a row must be besides to have all words of its request.
pub(super) const IS_WHOLE: &str = " and (rowid & 1) = 0";

/// The kept words of one payload.
#[derive(PartialEq, Eq)]
pub(crate) struct Kept {
    pub leaf: LeafIndex,
    /// Who sees them without seeing all of the request.
    pub readers: Option<Uuid>,
    pub text: String,
}

/// The rows of one request, each by its number: those of all words have an even one.
pub(crate) fn rows(payloads: &[Kept]) -> Vec<(u64, String)> {
    let row = |readers: Option<Uuid>, is_seen: &dyn Fn(&&Kept) -> bool| {
        let seen = || payloads.iter().filter(is_seen);
        let newest = seen().map(|kept| kept.leaf.0).max()?;
        let mut set = set_of(seen().map(|kept| kept.text.as_str()));
        set.extend(readers.map(key_of));
        Some((2 * newest, set.into_iter().collect::<Vec<_>>().join(" ")))
    };
    let readers = payloads.iter().find_map(|kept| kept.readers);
    if payloads.iter().all(|kept| kept.readers == readers) {
        return row(readers, &|_| true).into_iter().collect();
    }
    let whole = row(None, &|_| true);
    let seen = row(readers, &|kept| kept.readers == readers);
    whole.into_iter().chain(seen.map(|(number, words)| (number + 1, words))).collect()
}

/// Numbers of the rows that may stand at a leaf.
pub(crate) fn numbers_at(leaf: LeafIndex) -> [u64; 2] {
    [2 * leaf.0, 2 * leaf.0 + 1]
}

/// The leaf that a row stands at.
pub(crate) fn leaf_at(number: u64) -> LeafIndex {
    LeafIndex(number / 2)
}

/// Stands in every row of which these readers see all words.
pub(super) fn key_of(readers: Uuid) -> String {
    format!("·{}", readers.simple())
}

/// Says that two words stand side by side. Others may have the same key, so that a text is looked
/// at before anything is found by it.
pub(super) fn pair(one: &str, other: &str) -> String {
    let digest = Sha256::new().chain_update(one).chain_update(" ").chain_update(other).finalize();
    format!("·{}", hex::encode(&digest[..4]))
}

/// The set of all words and parts of some kept texts, and the keys of their pairs. Digests come
/// first, so that none falls to the limit.
pub(super) fn set_of<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> BTreeSet<String> {
    let words = texts.clone().flat_map(|text| text.split(' '));
    let (digests, others): (Vec<&str>, Vec<&str>) = words.partition(|word| is_digest(word));
    let mut set: BTreeSet<String> = BTreeSet::new();
    let mut bytes = 0;
    'words: for kept in digests.into_iter().chain(others) {
        let parts = || kept.split('.').map(str::to_owned);
        let whole = kept.contains('.').then(|| cut(kept.replace('.', "")));
        for word in whole.into_iter().chain(parts()) {
            if word.is_empty() || set.contains(&word) {
                continue;
            }
            bytes += word.len() + 1;
            if bytes > WORDS_BYTES_MAX {
                break 'words;
            }
            set.insert(word);
        }
    }
    match pairs_of(texts) {
        Some(pairs) => set.extend(pairs),
        None => drop(set.insert(TOO_MANY_PAIRS.to_owned())),
    }
    set
}

/// The keys of all pairs; nothing if they are too many.
fn pairs_of<'a>(texts: impl Iterator<Item = &'a str>) -> Option<BTreeSet<String>> {
    let mut pairs = BTreeSet::new();
    let mut bytes = 0;
    for text in texts {
        for two in parts_of(text).windows(2) {
            let pair = pair(two[0], two[1]);
            let length = pair.len() + 1;
            bytes += if pairs.insert(pair) { length } else { 0 };
            if bytes > PAIRS_BYTES_MAX {
                return None;
            }
        }
    }
    Some(pairs)
}

fn is_digest(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}
