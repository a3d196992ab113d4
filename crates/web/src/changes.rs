//! What a correction changed: each fact before and after.
//!
//! Knows no page. Values of selectors are shown only where the page may show them; elsewhere they
//! are counted by kind, so that a stolen session sees how far things are, never about whom.

use std::collections::BTreeMap;

use desk::order::{Ask, Demand, Order, Scope};
use server::app::case::{Case, Correction};
use server::payload::SelectorValue;

use crate::cases::show::facts;
use crate::frame::Frame;

/// One fact that is no longer what it was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Key of its name.
    pub key: &'static str,
    /// As it was; empty when it was not there.
    pub before: String,
    /// As it is.
    pub after: String,
}

/// One correction as a page shows it.
pub(crate) struct CorrectionShown {
    pub at: jiff::Timestamp,
    pub by: String,
    pub ask: u16,
    pub facts: Vec<Changed>,
    /// What its table is called, once on a page.
    pub label: String,
}

/// Whether values of selectors and accounts are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    Shown,
    Counted,
}

/// The corrections of a request in which something changed, oldest first.
pub(crate) fn corrections(
    frame: &Frame,
    directory: &server::directory::Directory,
    case: &Case,
    values: Values,
) -> Vec<CorrectionShown> {
    let shown = |(number, correction): (usize, &Correction)| CorrectionShown {
        at: correction.at,
        by: directory.name(correction.by),
        ask: correction.ask,
        facts: changed(frame, correction, values),
        label: format!("{} {number}", frame.say("changes-title")),
    };
    let shown = (1..).zip(&case.corrections).map(shown);
    shown.filter(|correction| !correction.facts.is_empty()).collect()
}

/// Every fact that a correction changed.
pub(crate) fn changed(frame: &Frame, correction: &Correction, values: Values) -> Vec<Changed> {
    let mut all = Vec::new();
    let mut add = |key, before: String, after: String| {
        if before != after {
            all.push(Changed { key, before, after });
        }
    };
    for (key, pair) in
        [("order-reference", &correction.reference), ("order-legal-basis", &correction.legal_basis)]
    {
        if let Some((before, after)) = pair {
            add(key, before.clone(), after.clone());
        }
    }
    if let Some((before, after)) = &correction.order {
        let facts_of = |order: &Order| facts(frame, order).into_iter().collect::<BTreeMap<_, _>>();
        let (old, new) = (facts_of(before), facts_of(after));
        let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
        let text = |facts: &BTreeMap<&'static str, String>, key| {
            facts.get(key).cloned().unwrap_or_default()
        };
        for key in keys {
            add(key, text(&old, key), text(&new, key));
        }
        let about = |order: &Order| asks(order, correction.ask);
        for (key, say) in DEMANDED {
            add(key, say(frame, &about(before)), say(frame, &about(after)));
        }
        if values == Values::Counted || correction.selectors.is_none() {
            let counted = |order: &Order| counts(frame, &about(order));
            add("order-selectors", counted(before), counted(after));
        }
    }
    if values == Values::Shown {
        if let Some((before, after)) = &correction.selectors {
            add("order-selectors", listed(frame, before), listed(frame, after));
        }
        if let Some((before, after)) = &correction.account {
            add("fact-account", before.clone(), after.clone());
        }
    }
    if !correction.files.is_empty() {
        let files = match values {
            Values::Shown => correction.files.join(" · "),
            Values::Counted => frame.say1("changes-files", "count", correction.files.len()),
        };
        add("case-files", String::new(), files);
    }
    all
}

type Say = fn(&Frame, &[Ask]) -> String;

/// What an ask demands, fact by fact.
const DEMANDED: [(&str, Say); 5] = [
    ("order-asks", |frame, asks| joined(asks, |ask| frame.term("ask", ask.kind().as_str()))),
    ("order-categories", |frame, asks| {
        let words = |scope: &Scope| {
            let words = scope.categories.iter().map(|it| frame.term("category", it.as_str()));
            words.collect::<Vec<_>>().join(", ")
        };
        joined(asks, |ask| ask.scope().map(words).unwrap_or_default())
    }),
    ("order-range", |frame, asks| {
        joined(asks, |ask| {
            let range = ask.scope().and_then(|scope| scope.range);
            let text = |range: desk::order::TimeRange| {
                format!("{} – {}", frame.moment(&range.from), frame.moment(&range.to))
            };
            range.map(text).unwrap_or_default()
        })
    }),
    ("fact-asset", |_, asks| {
        joined(asks, |ask| match &ask.demand {
            Demand::Freeze { asset: Some(asset), .. } => asset.to_string(),
            _ => String::new(),
        })
    }),
    ("fact-amount", |_, asks| {
        joined(asks, |ask| match &ask.demand {
            Demand::Freeze { amount: Some(amount), .. } => amount.0.to_string(),
            _ => String::new(),
        })
    }),
];

/// What is said of each ask, once.
fn joined(asks: &[Ask], say: impl Fn(&Ask) -> String) -> String {
    let mut said: Vec<String> = Vec::new();
    for text in asks.iter().map(say).filter(|text| !text.is_empty()) {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said.join(" · ")
}

/// The ask of a number; all of them for 0.
fn asks(order: &Order, number: u16) -> Vec<Ask> {
    match number {
        0 => order.asks.clone(),
        number => order.ask(desk::ids::AskNumber(number)).cloned().into_iter().collect(),
    }
}

fn counts(frame: &Frame, asks: &[Ask]) -> String {
    joined(asks, |ask| {
        let Some(scope) = ask.scope() else { return String::new() };
        let count = |(kind, count): (&desk::order::SelectorKind, &u32)| {
            format!("{}: {count}", frame.term("selector", kind.as_str()))
        };
        scope.selectors.iter().map(count).collect::<Vec<_>>().join(", ")
    })
}

fn listed(frame: &Frame, selectors: &[SelectorValue]) -> String {
    let mut all: Vec<String> = selectors
        .iter()
        .map(|one| format!("{} ({})", one.value, frame.term("selector", &one.kind)))
        .collect();
    all.sort();
    all.dedup();
    all.join(" · ")
}
