//! What an order looks like, as hashes that can be compared and not read.
//!
//! Knows no layout and no picture: only facts of the order, the shape of its reference, the words
//! of its legal basis in threes, labels of contacts and media types of files. Two orders with the
//! same facts look the same, whoever wrote them.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::order::Order;

/// The most hashes of a sketch: the smallest are kept (a bottom-k sketch; Broder 1997, "On the
/// resemblance and containment of documents").
pub const SKETCH_HASHES_MAX: usize = 48;
/// Words of one shingle.
const SHINGLE_WORDS: usize = 3;
/// Words of one text that are looked at.
const WORDS_MAX: usize = 200;

/// The smallest hashes of an order's features.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch(BTreeSet<u32>);

/// The texts of an order that are compared. They are hashed and not kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a> {
    /// The authority's reference: only its shape counts.
    pub reference: &'a str,
    /// Law and article.
    pub legal_basis: &'a str,
}

impl Sketch {
    /// The sketch of an order. `labels` are words about its parts: labels of contacts, media types.
    #[must_use]
    pub fn of<'a>(
        order: &Order,
        reference: &str,
        legal_basis: &str,
        labels: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let texts = Texts { reference, legal_basis };
        let mut hashes: BTreeSet<u32> =
            features(order, texts).iter().map(|text| hash(text)).collect();
        hashes.extend(labels.into_iter().map(|label| hash(&format!("label {label}"))));
        while hashes.len() > SKETCH_HASHES_MAX {
            hashes.pop_last();
        }
        Self(hashes)
    }

    /// How alike two orders are, 0 to 100: the share of common features (Jaccard), exact while
    /// both have at most [`SKETCH_HASHES_MAX`], an estimate beyond.
    #[must_use]
    pub fn similarity_percent(&self, other: &Self) -> u8 {
        let union: BTreeSet<u32> =
            self.0.union(&other.0).copied().take(SKETCH_HASHES_MAX).collect();
        if union.is_empty() {
            return 100;
        }
        let is_common = |hash: &&u32| self.0.contains(hash) && other.0.contains(hash);
        let common = union.iter().filter(is_common).count();
        u8::try_from(common * 100 / union.len()).unwrap_or(100)
    }
}

fn features(order: &Order, texts: Texts<'_>) -> Vec<String> {
    let mut all = vec![
        format!("instrument {}", order.instrument),
        format!("issuer {}", order.issuer),
        format!("country {}", order.issuing_country),
        format!("format {}", order.format),
        format!("channel {}", order.channel),
        format!("service {}", order.service),
        format!("reference {}", shape(texts.reference)),
    ];
    all.extend(order.issuer_rank.map(|rank| format!("rank {rank}")));
    all.extend(order.validator.map(|validator| format!("validator {validator}")));
    all.extend(order.authority_zone.as_ref().map(|zone| format!("zone {zone}")));
    all.extend(order.offence.listed.map(|listed| format!("offence {listed}")));
    all.extend(order.valid_until.map(|_| "has an end".to_owned()));
    all.extend(order.answer_by.map(|_| "names a time for the answer".to_owned()));
    for ask in &order.asks {
        all.push(format!("ask {}", ask.kind()));
        if let Some(scope) = ask.scope() {
            all.extend(scope.categories.iter().map(|category| format!("category {category}")));
            all.extend(scope.selectors.keys().map(|kind| format!("selector {kind}")));
            all.push(format!("has a range {}", scope.range.is_some()));
        }
    }
    let words: Vec<String> =
        texts.legal_basis.split_whitespace().take(WORDS_MAX).map(str::to_lowercase).collect();
    let size = SHINGLE_WORDS.min(words.len()).max(1);
    all.extend(words.windows(size).map(|some| format!("basis {}", some.join(" "))));
    all
}

/// `12 Js 345/26` and `7 Js 9/25` have one shape: runs of digits and of letters are one sign each.
pub(super) fn shape(reference: &str) -> String {
    let mut shape = String::new();
    for sign in reference.chars() {
        let class = match sign {
            sign if sign.is_numeric() => '9',
            sign if sign.is_alphabetic() => 'a',
            other => other,
        };
        if !shape.ends_with(class) {
            shape.push(class);
        }
    }
    shape
}

fn hash(text: &str) -> u32 {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// Eight hexadecimal digits for each hash, smallest first.
impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text: String = self.0.iter().map(|hash| format!("{hash:08x}")).collect();
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("a sketch is at most 48 times 8 hex digits");
        let text = String::deserialize(from)?;
        let (groups, rest) = text.as_bytes().as_chunks::<8>();
        if groups.len() > SKETCH_HASHES_MAX || !rest.is_empty() {
            return Err(wrong());
        }
        let read = |group: &[u8; 8]| {
            let group = std::str::from_utf8(group).map_err(|_| wrong())?;
            u32::from_str_radix(group, 16).map_err(|_| wrong())
        };
        groups.iter().map(read).collect::<Result<BTreeSet<u32>, _>>().map(Self)
    }
}
