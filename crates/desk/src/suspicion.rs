//! Signs of fraud in a request: a score that shows its reasons.
//!
//! [`assess`] is a function of the order, of what is known of its sender's earlier requests and of
//! [`Rules`]. It never decides: from [`Rules::hold_from`] on, a request waits until staff have
//! called back ([`Assessment::holds`]); nothing is refused.
//!
//! What it does not know: which court stands behind an order (only its kind, country and agency),
//! what was asked outside the earlier requests it is shown, holidays, any address of a network, and
//! whether an order is true. A fraud that copies the agency's habits scores nothing.

mod connection;
mod finding;
mod rules;
mod style;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use connection::Connection;
pub use finding::{Finding, MarkReason, Party, Scored};
pub use rules::{Rules, RulesError};
pub use style::{IMPRINTS_MAX, Imprint, SHAPE_CHARS_MAX, Shape, Style};
pub use template::{SKETCH_HASHES_MAX, Sketch};

use crate::ids::{Country, KeyId};
use crate::order::{DataCategory, InstrumentKind, IssuerType, Order, SelectorKind};
use crate::request::Request;

/// The most points a request can have.
pub const SCORE_MAX: u16 = 100;
/// Earlier requests of an agency that are looked at; the newest.
pub const EARLIER_REQUESTS_MAX: usize = 100;
/// Hours of a working day: what a habit by the day is by the hour.
const WORKING_HOURS: u64 = 8;
/// Habits are told in hundredths of a request, so that no float is kept.
const HUNDREDTHS: u64 = 100;

/// One earlier request of the same agency: what of it is compared. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// When it came.
    pub at: Timestamp,
    /// The key that sent it; none for paper.
    pub key: Option<KeyId>,
    /// How many selectors of each kind it named.
    pub selectors: BTreeMap<SelectorKind, u32>,
    /// The sort of paper.
    pub instrument: InstrumentKind,
    /// What issued it.
    pub issuer: IssuerType,
    /// True when it claimed an emergency.
    pub emergency: bool,
    /// What its order looks like.
    pub sketch: Sketch,
    /// The categories of records it asked for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<DataCategory>,
    /// How its order was written.
    #[serde(default, skip_serializing_if = "Style::is_empty")]
    pub style: Style,
    /// The country of the network it was sent from, where that was looked at and known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
}

impl Past {
    /// What is compared of a filed request; `None` when it was never assessed.
    pub fn of(request: &Request) -> Option<Self> {
        let (order, assessed) = (request.order.as_ref()?, request.assessed.last()?);
        let found = &assessed.assessment;
        Some(Self {
            at: request.received_at?,
            key: request.key,
            selectors: selectors(order),
            instrument: order.instrument,
            issuer: order.issuer,
            emergency: order.has_emergency(),
            sketch: found.sketch.clone(),
            categories: style::categories(order),
            style: found.style.clone(),
            country: found.connection.and_then(|connection| connection.country),
        })
    }
}

/// What is known when a request comes in.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The facts of the order.
    pub order: &'a Order,
    /// When it came.
    pub at: Timestamp,
    /// The key that sent it; none for paper.
    pub key: Option<KeyId>,
    /// The agency's country, as staff enrolled it.
    pub agency_country: Option<Country>,
    /// IANA name of the zone in which the authority works, where the order names none.
    pub zone: &'a str,
    /// What its order looks like.
    pub sketch: Sketch,
    /// The agency's earlier requests, in any order.
    pub earlier: &'a [Past],
    /// How many of its selectors are decoys.
    pub canaries: u32,
    /// How many more decoys stand in its words and text files.
    pub canaries_in_words: u32,
    /// How its order is written.
    pub style: Style,
    /// Where it was sent from; none for paper, and where no list of networks is given.
    pub connection: Option<Connection>,
    /// What other desks say of this sender: the desk and its reason.
    pub marks: Vec<(String, MarkReason)>,
    /// What other desks say of this very paper.
    pub order_marks: Vec<(String, MarkReason)>,
}

/// What speaks for fraud, as it goes on the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The version of the rules it was judged by.
    pub rules: String,
    /// Earlier requests of the agency that were compared.
    pub earlier: u32,
    /// 0 to [`SCORE_MAX`].
    pub score: u16,
    /// True when only a call-back proves the sender.
    pub holds: bool,
    /// The reasons, in a fixed order.
    pub signs: Vec<Scored>,
    /// What the order looks like, for later comparison.
    pub sketch: Sketch,
    /// How the order is written, for later comparison.
    #[serde(default, skip_serializing_if = "Style::is_empty")]
    pub style: Style,
    /// Where it was sent from; none when that was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// True when only words were looked at, for decoys: a message, a withdrawal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub words_only: bool,
}

impl Assessment {
    /// True when the request names a decoy.
    pub fn names_canary(&self) -> bool {
        self.signs.iter().any(|sign| matches!(sign.finding, Finding::Canary { .. }))
    }
}

/// How many selectors of each kind an order names, over all its asks.
fn selectors(order: &Order) -> BTreeMap<SelectorKind, u32> {
    let mut all = BTreeMap::new();
    for scope in order.asks.iter().filter_map(|ask| ask.scope()) {
        for (kind, count) in &scope.selectors {
            let known: &mut u32 = all.entry(*kind).or_default();
            *known = known.saturating_add(*count);
        }
    }
    all
}

/// Looks at a request for signs of fraud.
#[must_use]
pub fn assess(facts: &Facts<'_>, rules: &Rules) -> Assessment {
    let mut findings = Vec::new();
    findings.extend(velocity(facts, rules));
    findings.extend(breadth(facts, rules));
    findings.extend(new_identifiers(facts, rules));
    findings.extend(off_hours(facts, rules));
    findings.extend(geography(facts));
    findings.extend(connection::findings(facts, rules));
    findings.extend(template(facts, rules));
    findings.extend(style::findings(facts, rules));
    findings.extend(new_key(facts));
    if facts.order.has_emergency() {
        let earlier = facts.earlier.iter().filter(|past| past.emergency).count();
        findings.push(Finding::Emergency { earlier: count(earlier), of: known(facts) });
    }
    findings.extend(canary(facts.canaries, facts.canaries_in_words));
    let marks: BTreeSet<_> = facts.marks.iter().cloned().collect();
    findings.extend(marks.into_iter().map(|(by, reason)| Finding::ForeignMark { by, reason }));
    let marks: BTreeSet<_> = facts.order_marks.iter().cloned().collect();
    findings.extend(marks.into_iter().map(|(by, reason)| Finding::KnownOrder { by, reason }));
    let (signs, score, holds) = weighed(findings, rules);
    Assessment {
        rules: rules.version.clone(),
        earlier: known(facts),
        score,
        holds,
        signs,
        sketch: facts.sketch.clone(),
        style: facts.style.clone(),
        connection: facts.connection,
        words_only: false,
    }
}

/// Looks at what a sender says later, in words: only decoys are looked for. What was known of the
/// order stays known.
#[must_use]
pub fn assess_words(decoys: u32, before: Option<&Assessment>, rules: &Rules) -> Assessment {
    let (signs, score, holds) = weighed(canary(0, decoys).into_iter().collect(), rules);
    Assessment {
        rules: rules.version.clone(),
        earlier: 0,
        score,
        holds,
        signs,
        sketch: before.map(|known| known.sketch.clone()).unwrap_or_default(),
        style: before.map(|known| known.style.clone()).unwrap_or_default(),
        connection: before.and_then(|known| known.connection),
        words_only: true,
    }
}

/// Findings with their weights, what they add up to, and whether that asks for a call-back.
fn weighed(findings: Vec<Finding>, rules: &Rules) -> (Vec<Scored>, u16, bool) {
    let scored = |finding: Finding| Scored { points: rules.points(&finding), finding };
    let signs: Vec<Scored> = findings.into_iter().map(scored).collect();
    let sum = signs.iter().fold(0u16, |sum, sign| sum.saturating_add(sign.points));
    let score = sum.min(SCORE_MAX);
    let has_canary = signs.iter().any(|sign| matches!(sign.finding, Finding::Canary { .. }));
    (signs, score, has_canary || score >= rules.hold_from)
}

fn canary(selectors: u32, words: u32) -> Option<Finding> {
    (selectors > 0 || words > 0).then_some(Finding::Canary { selectors, words })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn known(facts: &Facts<'_>) -> u32 {
    count(facts.earlier.len())
}

/// At most one for the key and one for the agency: the hour before the day.
fn velocity(facts: &Facts<'_>, rules: &Rules) -> Vec<Finding> {
    let key = facts.key;
    let by_key = |past: &&Past| key.is_some() && past.key == key;
    let of_key: Vec<&Past> = facts.earlier.iter().filter(by_key).collect();
    let of_agency: Vec<&Past> = facts.earlier.iter().collect();
    let parties = [(Party::Key, of_key), (Party::Agency, of_agency)];
    let looked = |(of, earlier): &(Party, Vec<&Past>)| {
        if *of == Party::Key && key.is_none() {
            return None;
        }
        let day_habit = habit(earlier, facts.at);
        let windows = [
            (1, rules.velocity.hour_min, day_habit.map(|habit| habit / WORKING_HOURS)),
            (24, rules.velocity.day_min, day_habit),
        ];
        windows.into_iter().find_map(|(hours, least, habit)| {
            let span = SignedDuration::from_hours(i64::from(hours));
            let is_in =
                |past: &&&Past| past.at <= facts.at && facts.at.duration_since(past.at) < span;
            // This request counts as well.
            let requests = count(earlier.iter().filter(is_in).count()).saturating_add(1);
            let usual = habit.unwrap_or(0).saturating_mul(u64::from(rules.velocity.habit_times));
            let is_more = u64::from(requests).saturating_mul(HUNDREDTHS) > usual;
            let of = *of;
            (requests >= least && is_more).then_some(Finding::Velocity {
                of,
                hours,
                requests,
                habit_hundredths: habit,
            })
        })
    };
    parties.iter().filter_map(looked).collect()
}

/// Requests a day in hundredths, over the days before the last one; `None` when there were none.
fn habit(earlier: &[&Past], now: Timestamp) -> Option<u64> {
    let day = SignedDuration::from_hours(24);
    let before = earlier.iter().filter(|past| now.duration_since(past.at) >= day);
    let (requests, oldest) =
        before.fold((0u64, None), |(requests, oldest): (_, Option<Timestamp>), past| {
            (requests + 1, Some(oldest.map_or(past.at, |known| known.min(past.at))))
        });
    let hours = now.duration_since(oldest?).as_hours().max(25);
    // The last day is not habit; what remains of the span is at least an hour.
    let hours = u64::try_from(hours - 24).unwrap_or(1).max(1);
    Some(requests * HUNDREDTHS * 24 / hours.max(24))
}

fn breadth(facts: &Facts<'_>, rules: &Rules) -> Option<Finding> {
    let total = |selectors: &BTreeMap<SelectorKind, u32>| -> u64 {
        selectors.values().map(|count| u64::from(*count)).sum()
    };
    let named = total(&selectors(facts.order));
    let mut earlier: Vec<u64> = facts.earlier.iter().map(|past| total(&past.selectors)).collect();
    earlier.sort_unstable();
    let habit = earlier.get(earlier.len() / 2).copied();
    let times = u64::from(rules.breadth.habit_times);
    let least = u64::from(rules.breadth.selectors_min);
    // Without a habit the least number stands for it.
    let usual = habit.unwrap_or(least).saturating_mul(times);
    (named >= least && named > usual).then_some(Finding::Breadth { selectors: named, habit })
}

fn new_identifiers(facts: &Facts<'_>, rules: &Rules) -> Option<Finding> {
    if known(facts) < rules.new_identifier.earlier_min {
        return None;
    }
    let used: BTreeSet<SelectorKind> =
        facts.earlier.iter().flat_map(|past| past.selectors.keys().copied()).collect();
    let kinds: Vec<SelectorKind> =
        selectors(facts.order).into_keys().filter(|kind| !used.contains(kind)).collect();
    (!kinds.is_empty()).then(|| Finding::NewIdentifier { kinds, earlier: known(facts) })
}

fn off_hours(facts: &Facts<'_>, rules: &Rules) -> Option<Finding> {
    let zone = facts.order.authority_zone.as_deref().unwrap_or(facts.zone);
    let local = facts.at.to_zoned(TimeZone::get(zone).ok()?).datetime();
    let is_weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
    let is_open = (rules.off_hours.opens..rules.off_hours.shuts).contains(&local.hour());
    (is_weekend || !is_open).then(|| Finding::OffHours {
        local: local.strftime("%Y-%m-%d %H:%M").to_string(),
        is_weekend,
        zone: zone.to_owned(),
    })
}

fn geography(facts: &Facts<'_>) -> Option<Finding> {
    let (agency, order) = (facts.agency_country?, facts.order.issuing_country);
    (agency != order).then_some(Finding::Geography { agency, order })
}

fn template(facts: &Facts<'_>, rules: &Rules) -> Option<Finding> {
    let order = facts.order;
    let alike = |past: &&Past| past.instrument == order.instrument && past.issuer == order.issuer;
    let similar = |past: &Past| past.sketch.similarity_percent(&facts.sketch);
    let compared: Vec<u8> = facts.earlier.iter().filter(alike).map(similar).collect();
    let similarity_percent = compared.iter().copied().max()?;
    let is_other = count(compared.len()) >= rules.template.earlier_min
        && similarity_percent < rules.template.similarity_min_percent;
    is_other.then_some(Finding::Template { similarity_percent, compared: count(compared.len()) })
}

fn new_key(facts: &Facts<'_>) -> Option<Finding> {
    let key = facts.key?;
    let is_known = facts.earlier.iter().any(|past| past.key == Some(key));
    (!is_known).then(|| Finding::NewKey { earlier: known(facts) })
}
