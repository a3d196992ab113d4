//! How an order is written, in ways that are compared exactly and can be told: the shape of its
//! reference, who issued it, what wrote its PDF, which categories its issuer asks for.
//!
//! Knows no name and no wording: what a person or a program is called comes here as an [`Imprint`],
//! made with a key of the node, so that a record tells it to nobody.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Facts, Finding, Past, Rules, count, template};
use crate::order::{DataCategory, Order};

/// Characters of a shape that are kept; a reference is shorter.
pub const SHAPE_CHARS_MAX: usize = 32;
/// Imprints of one kind that are kept of an order.
pub const IMPRINTS_MAX: usize = 16;

/// How an order is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Style {
    /// The shape of its reference; none without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Shape>,
    /// Who issued or validated it, by name and by title.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub issuers: BTreeSet<Imprint>,
    /// The programs that wrote its PDFs.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub programs: BTreeSet<Imprint>,
    /// The fonts of its PDFs.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub fonts: BTreeSet<Imprint>,
}

impl Style {
    /// True when nothing is known of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same, with no more than [`IMPRINTS_MAX`] of each kind: the smallest.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        for imprints in [&mut self.issuers, &mut self.programs, &mut self.fonts] {
            while imprints.len() > IMPRINTS_MAX {
                imprints.pop_last();
            }
        }
        self
    }
}

/// The shape of a reference: runs of digits and of letters are one sign each, so that
/// `12 Js 345/26` and `7 Gs 9/25` are both `9 a 9/9`. It names no case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(String);

impl Shape {
    /// The shape of a reference; `None` for a blank one.
    pub fn of(reference: &str) -> Option<Self> {
        let reference = reference.trim();
        let tame = |sign: char| if sign.is_ascii() && !sign.is_control() { sign } else { '?' };
        let shape: String =
            template::shape(reference).chars().map(tame).take(SHAPE_CHARS_MAX).collect();
        (!shape.is_empty()).then_some(Self(shape))
    }

    /// The shape as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 32 bits of a keyed digest of something an order says. Equal texts of one node have equal
/// imprints; without the node's key an imprint tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Imprint(pub u32);

/// Eight hexadecimal digits.
impl Serialize for Imprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{:08x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Imprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read = (text.len() == 8).then(|| u32::from_str_radix(&text, 16).ok()).flatten();
        read.map(Self).ok_or_else(|| serde::de::Error::custom("an imprint is 8 hex digits"))
    }
}

/// The categories of records that an order asks for, over all its asks.
pub(super) fn categories(order: &Order) -> BTreeSet<DataCategory> {
    let scopes = order.asks.iter().filter_map(|ask| ask.scope());
    scopes.flat_map(|scope| scope.categories.iter().copied()).collect()
}

/// What of an order is written unlike the earlier ones of its kind: the same sort of paper by the
/// same sort of issuer of this agency.
pub(super) fn findings(facts: &Facts<'_>, rules: &Rules) -> Vec<Finding> {
    let (order, style) = (facts.order, &facts.style);
    let is_alike =
        |past: &&Past| past.instrument == order.instrument && past.issuer == order.issuer;
    let alike: Vec<&Past> = facts.earlier.iter().filter(is_alike).collect();
    let mut found = Vec::new();
    if let Some(shape) = &style.reference {
        let known: Vec<&Shape> =
            alike.iter().filter_map(|past| past.style.reference.as_ref()).collect();
        let compared = count(known.len());
        if compared >= rules.reference.earlier_min && !known.contains(&shape) {
            found.push(Finding::Reference { shape: shape.clone(), compared });
        }
    }
    let unseen = |of: fn(&Style) -> &BTreeSet<Imprint>, earlier_min: u32| {
        let known: Vec<&BTreeSet<Imprint>> =
            alike.iter().map(|past| of(&past.style)).filter(|known| !known.is_empty()).collect();
        let own = of(style);
        let is_new = !own.is_empty() && known.iter().all(|known| known.is_disjoint(own));
        (is_new && count(known.len()) >= earlier_min).then(|| count(known.len()))
    };
    if let Some(compared) = unseen(|style| &style.issuers, rules.issuer.earlier_min) {
        found.push(Finding::Issuer { compared });
    }
    let programs = unseen(|style| &style.programs, rules.document.earlier_min);
    let fonts = unseen(|style| &style.fonts, rules.document.earlier_min);
    if let Some(compared) = programs.max(fonts) {
        let (program, fonts) = (programs.is_some(), fonts.is_some());
        found.push(Finding::Document { program, fonts, compared });
    }
    let compared = count(alike.len());
    let known: BTreeSet<DataCategory> =
        alike.iter().flat_map(|past| past.categories.iter().copied()).collect();
    let new: Vec<DataCategory> = categories(order).difference(&known).copied().collect();
    if compared >= rules.new_category.earlier_min && !known.is_empty() && !new.is_empty() {
        found.push(Finding::NewCategory { categories: new, compared });
    }
    found
}
