//! Every reason against an ask: instrument, issuer, offence, emergency, service, channel, format,
//! scope, and what each kind of ask needs. Knows no state and no words of its own law.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::clocks::zone;
use super::{Aim, DESK_RULE, Fix, Reason, Way};
use crate::calendar::Counting;
use crate::order::{
    Ask, AskKind, Authentication, DataCategory, Demand, InstrumentKind, IssuerType, Order, Scope,
    SelectorKind,
};
use crate::pack::{Article, IssuerRule, OffenceRule, RulePack, Source};
use crate::request::RefusalCode;
use crate::said::{AnyOf, List};

pub(super) fn all(order: &Order, ask: &Ask, pack: &RulePack, now: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    instrument(order, ask, pack, &mut reasons);
    // Without an instrument for it, the question who may issue it makes no sense.
    if reasons.is_empty() {
        issuer(order, ask, pack, &mut reasons);
        offence(order, ask, pack, &mut reasons);
    }
    emergency(ask, pack, &mut reasons);
    paper(order, pack, now, &mut reasons);
    match &ask.demand {
        Demand::Disclose { scope: wanted } | Demand::Preserve { scope: wanted, .. } => {
            scope(wanted, pack, now, &mut reasons);
        }
        Demand::Freeze { asset, amount, until } => {
            let narrow = asset.is_some() && amount.is_some_and(|amount| amount.0 > 0);
            freeze(narrow, *until, pack, now, &mut reasons);
        }
        Demand::Unfreeze { request, freeze } => {
            let known = request.is_some()
                || order.ask(*freeze).is_some_and(|ask| ask.kind() == AskKind::Freeze);
            if !known {
                let fix = Fix::FreezeUnknown { ask: *freeze };
                reasons.push(desk(RefusalCode::WrongIdentifier, fix));
            }
        }
        Demand::NonDisclosure { until } => non_disclosure(order, *until, pack, now, &mut reasons),
    }
    reasons
}

fn desk(code: RefusalCode, fix: Fix) -> Reason {
    Reason::new(code, &DESK_RULE, fix)
}

/// The regime itself, where no single rule of it can be named.
fn regime(pack: &RulePack) -> Source {
    Source { article: Article::Cited(pack.title.clone()), unchecked: false }
}

fn instrument(order: &Order, ask: &Ask, pack: &RulePack, reasons: &mut Vec<Reason>) {
    let kind = ask.kind();
    let fitting = |rule: &&crate::pack::InstrumentRule| rule.asks.contains(&kind);
    match pack.instruments.iter().find(|rule| rule.kind == order.instrument && fitting(rule)) {
        Some(rule) if rule.emergency_only && ask.emergency.is_none() => {
            let fix = Fix::OnlyInEmergency { instrument: order.instrument };
            reasons.push(Reason::new(RefusalCode::NoLegalBasis, &rule.source, fix));
        }
        Some(_) => {}
        None => {
            let others: List<_> =
                pack.instruments.iter().filter(fitting).map(|rule| rule.kind).collect();
            let instrument = order.instrument;
            let fix = if others.0.is_empty() {
                Fix::NothingCanAsk { instrument, kind, pack: pack.reference.id.clone() }
            } else {
                Fix::CannotAsk { instrument, kind, others }
            };
            reasons.push(Reason::new(RefusalCode::NoLegalBasis, &regime(pack), fix));
        }
    }
}

fn issuer(order: &Order, ask: &Ask, pack: &RulePack, reasons: &mut Vec<Reason>) {
    let kind = ask.kind();
    let rules: Vec<&IssuerRule> = pack
        .issuers
        .iter()
        .filter(|rule| rule.instruments.contains(&order.instrument))
        .filter(|rule| rule.asks.is_empty() || rule.asks.contains(&kind))
        .collect();
    // Each category needs a rule of its own; an ask without categories needs any one.
    let categories: Vec<Option<DataCategory>> = match ask.scope() {
        Some(scope) => scope.categories.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    let mut told = BTreeSet::new();
    for category in categories {
        let fitting: Vec<&IssuerRule> = rules
            .iter()
            .copied()
            .filter(|rule| match category {
                Some(category) => rule.categories.is_empty() || rule.categories.contains(&category),
                None => rule.categories.is_empty(),
            })
            .collect();
        let aim = category.map_or(Aim::Ask { kind }, |category| Aim::Data { category });
        if fitting.is_empty() {
            let (instrument, others) = (order.instrument, reach(pack, kind, category));
            let fix = if others.0.is_empty() {
                Fix::NothingReaches { instrument, aim }
            } else {
                Fix::DoesNotReach { instrument, aim, others }
            };
            let source = rules.first().map_or_else(|| regime(pack), |rule| rule.source.clone());
            reasons.push(Reason::new(RefusalCode::IssuerNotCompetent, &source, fix));
            continue;
        }
        let problems: Vec<Reason> =
            fitting.iter().filter_map(|rule| competence(order, ask, rule, &aim).err()).collect();
        // One rule that allows it is enough; else the first says what is missing.
        if problems.len() == fitting.len()
            && let Some(problem) = problems.into_iter().next()
            && told.insert((problem.article.clone(), problem.code))
        {
            reasons.push(problem);
        }
    }
}

/// The instruments that do reach it.
fn reach(pack: &RulePack, kind: AskKind, category: Option<DataCategory>) -> List<InstrumentKind> {
    let reaching = pack.issuers.iter().filter(|rule| {
        (rule.asks.is_empty() || rule.asks.contains(&kind))
            && category.is_none_or(|it| rule.categories.is_empty() || rule.categories.contains(&it))
    });
    let can = |instrument: &InstrumentKind| {
        pack.instruments.iter().any(|rule| rule.kind == *instrument && rule.asks.contains(&kind))
    };
    let kinds: BTreeSet<_> =
        reaching.flat_map(|rule| rule.instruments.iter().copied()).filter(can).collect();
    kinds.into_iter().collect()
}

fn competence(order: &Order, ask: &Ask, rule: &IssuerRule, aim: &Aim) -> Result<(), Reason> {
    let (aim, issuer) = (aim.clone(), order.issuer);
    match rule.rank_min {
        Some(least) if issuer == IssuerType::Police => {
            let Some(rank) = order.issuer_rank else {
                let fix = Fix::RankMissing { aim, least };
                return Err(Reason::new(RefusalCode::Incomplete, &rule.source, fix));
            };
            if rank < least {
                let fix = Fix::RankTooLow { aim, least };
                return Err(Reason::new(RefusalCode::IssuerNotCompetent, &rule.source, fix));
            }
        }
        _ => {}
    }
    if rule.direct.contains(&issuer) {
        return Ok(());
    }
    if !rule.validated.contains(&issuer) {
        let direct = rule.direct.iter().copied().collect();
        let fix = Fix::IssuerMayNot { aim, issuer, direct };
        return Err(Reason::new(RefusalCode::IssuerNotCompetent, &rule.source, fix));
    }
    let validators = rule.validators.iter().copied().collect();
    match (order.validator, ask.emergency) {
        (Some(validator), _) if rule.validators.contains(&validator) => Ok(()),
        (Some(validator), _) => {
            let fix = Fix::ValidatorMayNot { aim, validator, validators };
            Err(Reason::new(RefusalCode::IssuerNotCompetent, &rule.source, fix))
        }
        (None, Some(kind)) if rule.unvalidated_emergencies.contains(&kind) => Ok(()),
        (None, emergency) => {
            let fix = match emergency {
                None => Fix::ValidationMissing { aim, issuer, validators },
                Some(_) => Fix::ValidationMissingHere { aim, issuer, validators },
            };
            Err(Reason::new(RefusalCode::IssuerNotCompetent, &rule.source, fix))
        }
    }
}

fn offence(order: &Order, ask: &Ask, pack: &RulePack, reasons: &mut Vec<Reason>) {
    let Some(scope) = ask.scope() else { return };
    for rule in pack.offences.iter().filter(|rule| rule.instruments.contains(&order.instrument)) {
        if scope.categories.is_disjoint(&rule.categories) || opens(order, rule) {
            continue;
        }
        let categories = scope.categories.intersection(&rule.categories).copied().collect();
        let mut ways = Vec::new();
        if let Some(months) = rule.sentence_max_months_min {
            ways.push(Way::Sentence { months });
        }
        if !rule.listed.is_empty() {
            let listed = rule.listed.iter().copied().collect();
            let by = rule.by_information_system.iter().copied().collect();
            ways.push(Way::Listed { listed, by });
        }
        if let Some(months) = rule.executed_sentence_months_min {
            ways.push(if ways.is_empty() {
                Way::Executed { months }
            } else {
                Way::ExecutedForThese { months }
            });
        }
        let fix = Fix::OffenceNeeds { categories, ways: AnyOf(ways) };
        reasons.push(Reason::new(RefusalCode::OffenceNotCovered, &rule.source, fix));
    }
}

fn opens(order: &Order, rule: &OffenceRule) -> bool {
    let facts = order.offence;
    let least = |wanted: Option<u16>, given: Option<u16>| match (wanted, given) {
        (Some(wanted), Some(given)) => given >= wanted,
        _ => false,
    };
    let listed = facts.listed.is_some_and(|offence| {
        rule.listed.contains(&offence)
            && (facts.by_information_system || !rule.by_information_system.contains(&offence))
    });
    let any_offence = rule.sentence_max_months_min.is_none() && rule.listed.is_empty();
    let serious = least(rule.sentence_max_months_min, facts.sentence_max_months);
    // An executed sentence counts only for an offence that opens the category itself (Art 5(4)):
    // it is a condition beside the offence, never in its place.
    let executed_ok = facts.executed_sentence_months.is_none()
        || least(rule.executed_sentence_months_min, facts.executed_sentence_months);
    (any_offence || serious || listed) && executed_ok
}

fn emergency(ask: &Ask, pack: &RulePack, reasons: &mut Vec<Reason>) {
    let Some(kind) = ask.emergency else { return };
    if !pack.emergency.kinds.contains(&kind) {
        let kinds = pack.emergency.kinds.iter().copied().collect();
        let fix = Fix::NoEmergencyHere { kind, kinds };
        reasons.push(Reason::new(RefusalCode::NoLegalBasis, &pack.emergency.source, fix));
    }
}

/// What holds for the instrument as a whole.
fn paper(order: &Order, pack: &RulePack, now: Timestamp, reasons: &mut Vec<Reason>) {
    if !pack.service.covered.contains(&order.service)
        && !pack.service.doubtful.contains(&order.service)
    {
        let fix = Fix::ServiceNotCovered { service: order.service };
        reasons.push(Reason::new(RefusalCode::ServiceNotCovered, &pack.service.source, fix));
    }
    let mut channels = pack.channels.iter().filter(|it| it.instruments.contains(&order.instrument));
    if let Some(rule) = channels.find(|rule| !rule.channels.contains(&order.channel)) {
        let accepted = rule.channels.iter().copied().collect();
        let fix = Fix::ChannelNotAccepted { channel: order.channel, accepted };
        reasons.push(Reason::new(RefusalCode::WrongChannel, &rule.source, fix));
    }
    let mut formats = pack.formats.iter().filter(|it| it.instruments.contains(&order.instrument));
    if let Some(rule) = formats.find(|rule| !rule.formats.contains(&order.format)) {
        let accepted = rule.formats.iter().copied().collect();
        let fix = Fix::FormatNotAccepted { format: order.format, accepted };
        reasons.push(Reason::new(RefusalCode::WrongChannel, &rule.source, fix));
    }
    if order.authentication == Authentication::Signed
        && order.channel == crate::order::Channel::Manual
    {
        reasons.push(desk(RefusalCode::ManifestError, Fix::PostIsNotSigned));
    }
    if let Ok(time_zone) = TimeZone::get(zone(order, pack))
        && order.issued_on > now.to_zoned(time_zone).date()
    {
        let fix = Fix::DatedInFuture { date: order.issued_on };
        reasons.push(desk(RefusalCode::ManifestError, fix));
    }
    if let Some(until) = order.valid_until.filter(|until| *until <= now) {
        reasons.push(desk(RefusalCode::NoLegalBasis, Fix::WasValidUntil { until }));
    }
}

fn scope(scope: &Scope, pack: &RulePack, now: Timestamp, reasons: &mut Vec<Reason>) {
    let rule = &pack.scope;
    let mut add = |code, fix: Fix| reasons.push(Reason::new(code, &rule.source, fix));
    if scope.categories.is_empty() {
        add(RefusalCode::Incomplete, Fix::CategoriesMissing);
    }
    let count = scope.selector_count();
    if count == 0 {
        add(RefusalCode::InsufficientInformation, Fix::SelectorMissing);
    }
    if count > rule.selectors_max {
        let most = rule.selectors_max;
        add(RefusalCode::OverBroad, Fix::SelectorsTooMany { count, most });
    }
    if let Some(count) = scope.selectors.get(&SelectorKind::Ipv4).filter(|count| **count > 0) {
        reasons
            .push(desk(RefusalCode::OverBroad, Fix::AddressesAlone { count: u64::from(*count) }));
    }
    let mut add = |code, fix: Fix| reasons.push(Reason::new(code, &rule.source, fix));
    match scope.range {
        None => {
            let needing = scope.categories.intersection(&rule.range_needed).copied();
            let categories: List<_> = needing.collect();
            if !categories.0.is_empty() {
                add(RefusalCode::OverBroad, Fix::RangeMissing { categories });
            }
        }
        Some(range) if range.from >= range.to => {
            add(RefusalCode::ManifestError, Fix::RangeBackwards);
        }
        Some(range) if range.from > now => {
            add(RefusalCode::NotStoredAtReceipt, Fix::RangeInFuture);
        }
        Some(range) => {
            let hours = range.to.duration_since(range.from).as_hours();
            let most = rule.range_days_max;
            if hours > i64::from(most) * 24 {
                add(RefusalCode::OverBroad, Fix::RangeTooLong { most });
            }
        }
    }
}

fn freeze(
    narrow: bool,
    until: Option<Timestamp>,
    pack: &RulePack,
    now: Timestamp,
    reasons: &mut Vec<Reason>,
) {
    if !narrow {
        reasons.push(desk(RefusalCode::OverBroad, Fix::FreezeNotNarrow));
    }
    if pack.freeze.is_none() && reasons.is_empty() {
        let fix = Fix::NoFreezeHere { pack: pack.reference.id.clone() };
        reasons.push(desk(RefusalCode::NoLegalBasis, fix));
    }
    if until.is_some_and(|until| until <= now) {
        reasons.push(desk(RefusalCode::ManifestError, Fix::FreezeOver));
    }
}

fn non_disclosure(
    order: &Order,
    until: Option<Timestamp>,
    pack: &RulePack,
    now: Timestamp,
    reasons: &mut Vec<Reason>,
) {
    let rule = &pack.non_disclosure;
    let Some(until) = until else {
        if rule.needs_end {
            reasons.push(Reason::new(RefusalCode::Incomplete, &rule.source, Fix::BanNeedsEnd));
        }
        return;
    };
    if until <= now {
        reasons.push(desk(RefusalCode::ManifestError, Fix::BanOver));
    }
    let Some(length) = rule.length_max else { return };
    let counting =
        Counting { first_day: pack.counting.first_day, last_day: pack.counting.last_day };
    if let Ok(latest) = pack.calendar.deadline(now, length, counting, zone(order, pack))
        // The end of a day may be meant, so one day is not quarrelled about.
        && latest.due.checked_add(24.hours()).is_ok_and(|latest| until > latest)
    {
        let fix = Fix::BanTooLong { length };
        reasons.push(Reason::new(RefusalCode::OverBroad, &rule.source, fix));
    }
}
