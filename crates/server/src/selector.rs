//! Selectors in the words of two crates: `records` reads and searches them, `desk` counts them by
//! kind.

use std::collections::BTreeSet;

use desk::order::SelectorKind as Desk;
use records::{Catalog, Selector, SelectorKind};

/// A selector's kind in the desk's words.
#[must_use]
pub fn desk_kind(selector: &Selector) -> Desk {
    match desk_kinds(selector.kind()) {
        [_, v6] if selector.value().contains(':') => *v6,
        [only, ..] => *only,
        [] => Desk::Name,
    }
}

/// The desk's words for a kind; two for an IP address, whose spelling tells which.
const fn desk_kinds(kind: SelectorKind) -> &'static [Desk] {
    match kind {
        SelectorKind::AccountId => &[Desk::AccountId],
        SelectorKind::Address => &[Desk::Address],
        SelectorKind::Txid => &[Desk::TransactionId],
        SelectorKind::Email => &[Desk::Email],
        SelectorKind::Phone => &[Desk::Phone],
        SelectorKind::Iban => &[Desk::Iban],
        SelectorKind::Ip => &[Desk::Ipv4, Desk::Ipv6],
        SelectorKind::IpPort => &[Desk::IpPort],
        SelectorKind::Domain => &[Desk::Domain],
        SelectorKind::DeviceId => &[Desk::DeviceId],
        SelectorKind::Imei => &[Desk::Imei],
        SelectorKind::Imsi => &[Desk::Imsi],
        SelectorKind::Mac => &[Desk::Mac],
    }
}

/// The kinds that some search of a catalog answers to, and transactions, which are followed.
pub fn searched(catalog: &Catalog) -> impl Iterator<Item = SelectorKind> {
    let answers = |kind: &SelectorKind| {
        let mut answers = catalog.searches.iter().flat_map(|search| &search.answers_to);
        *kind == SelectorKind::Txid || answers.any(|answer| answer.kind == *kind)
    };
    SelectorKind::ALL.into_iter().filter(answers)
}

/// The same in the desk's words.
#[must_use]
pub fn desk_searched(catalog: &Catalog) -> BTreeSet<Desk> {
    searched(catalog).flat_map(desk_kinds).copied().collect()
}
