//! Every reason against an ask: instrument, issuer, offence, emergency, service, channel, format,
//! scope, and what each kind of ask needs. Knows no state and no words of its own law.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Reason;
use super::clocks::zone;
use crate::calendar::Counting;
use crate::order::{
    Ask, AskKind, Authentication, DataCategory, Demand, InstrumentKind, IssuerType, Order, Scope,
    SelectorKind,
};
use crate::pack::{IssuerRule, OffenceRule, RulePack, Source};
use crate::request::RefusalCode;

const DESK_RULE: &str = "desk rule";

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
                let fix = format!("ask {freeze} of this request is no freeze; name the freeze");
                reasons.push(desk(RefusalCode::WrongIdentifier, fix));
            }
        }
        Demand::NonDisclosure { until } => non_disclosure(order, *until, pack, now, &mut reasons),
    }
    reasons
}

fn desk(code: RefusalCode, fix: impl Into<String>) -> Reason {
    let source = Source { article: DESK_RULE.to_owned(), unchecked: false };
    Reason::new(code, &source, fix)
}

fn instrument(order: &Order, ask: &Ask, pack: &RulePack, reasons: &mut Vec<Reason>) {
    let kind = ask.kind();
    let fitting = |rule: &&crate::pack::InstrumentRule| rule.asks.contains(&kind);
    match pack.instruments.iter().find(|rule| rule.kind == order.instrument && fitting(rule)) {
        Some(rule) if rule.emergency_only && ask.emergency.is_none() => {
            let fix = format!(
                "the instrument `{}` counts only where an emergency is claimed; send an \
                 order, or say what the emergency is",
                order.instrument
            );
            reasons.push(Reason::new(RefusalCode::NoLegalBasis, &rule.source, fix));
        }
        Some(_) => {}
        None => {
            let can = words(pack.instruments.iter().filter(fitting).map(|rule| rule.kind));
            let way = if can.is_empty() {
                format!("no instrument of {} can; use another regime", pack.reference.id)
            } else {
                format!("send one of: {can}")
            };
            let fix =
                format!("the instrument `{}` cannot ask to `{kind}`; {way}", order.instrument);
            let source = Source { article: pack.title.clone(), unchecked: false };
            reasons.push(Reason::new(RefusalCode::NoLegalBasis, &source, fix));
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
        let what = category.map_or_else(|| format!("to `{kind}`"), |it| format!("`{it}` data"));
        if fitting.is_empty() {
            let fix = format!(
                "the instrument `{}` does not reach {what}; {}",
                order.instrument,
                reach(pack, kind, category,)
            );
            let source = rules.first().map_or_else(
                || Source { article: pack.title.clone(), unchecked: false },
                |rule| rule.source.clone(),
            );
            reasons.push(Reason::new(RefusalCode::IssuerNotCompetent, &source, fix));
            continue;
        }
        let problems: Vec<Reason> =
            fitting.iter().filter_map(|rule| competence(order, ask, rule, &what).err()).collect();
        // One rule that allows it is enough; else the first says what is missing.
        if problems.len() == fitting.len()
            && let Some(problem) = problems.into_iter().next()
            && told.insert((problem.article.clone(), problem.code))
        {
            reasons.push(problem);
        }
    }
}

fn reach(pack: &RulePack, kind: AskKind, category: Option<DataCategory>) -> String {
    let reaching = pack.issuers.iter().filter(|rule| {
        (rule.asks.is_empty() || rule.asks.contains(&kind))
            && category.is_none_or(|it| rule.categories.is_empty() || rule.categories.contains(&it))
    });
    let can = |instrument: &InstrumentKind| {
        pack.instruments.iter().any(|rule| rule.kind == *instrument && rule.asks.contains(&kind))
    };
    let kinds: BTreeSet<_> =
        reaching.flat_map(|rule| rule.instruments.iter().copied()).filter(can).collect();
    if kinds.is_empty() {
        "no instrument of this regime does".to_owned()
    } else {
        format!("these do: {}", words(kinds))
    }
}

fn competence(order: &Order, ask: &Ask, rule: &IssuerRule, what: &str) -> Result<(), Reason> {
    let rank_fits = match rule.rank_min {
        Some(least) if order.issuer == IssuerType::Police => {
            let Some(rank) = order.issuer_rank else {
                let fix = format!("state the officer's rank; {what}: this needs {least} or above");
                return Err(Reason::new(RefusalCode::Incomplete, &rule.source, fix));
            };
            rank >= least
        }
        _ => true,
    };
    if !rank_fits {
        let least = rule.rank_min.map_or("a higher rank", |rank| rank.as_str());
        let fix = format!("{what}: this needs an officer of rank {least} or above; have one sign");
        return Err(Reason::new(RefusalCode::IssuerNotCompetent, &rule.source, fix));
    }
    if rule.direct.contains(&order.issuer) {
        return Ok(());
    }
    let direct = words(rule.direct.iter().copied());
    if !rule.validated.contains(&order.issuer) {
        let fix = format!(
            "{what}: the issuer `{}` may not order this; have it issued by: {direct}",
            order.issuer
        );
        return Err(Reason::new(RefusalCode::IssuerNotCompetent, &rule.source, fix));
    }
    let validators = words(rule.validators.iter().copied());
    match (order.validator, ask.emergency) {
        (Some(validator), _) if rule.validators.contains(&validator) => Ok(()),
        (Some(validator), _) => {
            let fix = format!(
                "{what}: `{validator}` may not validate this; have it validated by: {validators}"
            );
            Err(Reason::new(RefusalCode::IssuerNotCompetent, &rule.source, fix))
        }
        (None, Some(kind)) if rule.unvalidated_emergencies.contains(&kind) => Ok(()),
        (None, emergency) => {
            let mut fix = format!(
                "{what}: the issuer `{}` needs a validation; have it validated by: {validators}",
                order.issuer
            );
            if emergency.is_some() {
                fix.push_str("; this emergency does not excuse it");
            }
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
        let closed = words(scope.categories.intersection(&rule.categories).copied());
        let mut ways = Vec::new();
        if let Some(months) = rule.sentence_max_months_min {
            ways.push(format!("an offence with a maximum of at least {months} months"));
        }
        if !rule.listed.is_empty() {
            let listed = words(rule.listed.iter().copied());
            let by = words(rule.by_information_system.iter().copied());
            ways.push(format!("a listed offence ({listed}; by an information system for: {by})"));
        }
        if let Some(months) = rule.executed_sentence_months_min {
            ways.push(if ways.is_empty() {
                format!("an executed sentence of at least {months} months")
            } else {
                format!("the execution of a sentence of at least {months} months for one of these")
            });
        }
        let fix = format!("`{closed}` data: this needs {}; or leave these out", ways.join(", or "));
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
        let kinds = words(pack.emergency.kinds.iter().copied());
        let fix = format!(
            "`{kind}` is no emergency here, only: {kinds}; send it without the claim of one"
        );
        reasons.push(Reason::new(RefusalCode::NoLegalBasis, &pack.emergency.source, fix));
    }
}

/// What holds for the instrument as a whole.
fn paper(order: &Order, pack: &RulePack, now: Timestamp, reasons: &mut Vec<Reason>) {
    if !pack.service.covered.contains(&order.service)
        && !pack.service.doubtful.contains(&order.service)
    {
        let fix = format!("the service `{}` is not covered; use another regime", order.service);
        reasons.push(Reason::new(RefusalCode::ServiceNotCovered, &pack.service.source, fix));
    }
    let mut channels = pack.channels.iter().filter(|it| it.instruments.contains(&order.instrument));
    if let Some(rule) = channels.find(|rule| !rule.channels.contains(&order.channel)) {
        let accepted = words(rule.channels.iter().copied());
        let fix = format!("`{}` is not accepted; send it by: {accepted}", order.channel);
        reasons.push(Reason::new(RefusalCode::WrongChannel, &rule.source, fix));
    }
    let mut formats = pack.formats.iter().filter(|it| it.instruments.contains(&order.instrument));
    if let Some(rule) = formats.find(|rule| !rule.formats.contains(&order.format)) {
        let accepted = words(rule.formats.iter().copied());
        let fix = format!("the format `{}` is not accepted; send: {accepted}", order.format);
        reasons.push(Reason::new(RefusalCode::WrongChannel, &rule.source, fix));
    }
    if order.authentication == Authentication::Signed
        && order.channel == crate::order::Channel::Manual
    {
        let fix = "post and mail carry no passkey signature; file it as not authenticated";
        reasons.push(desk(RefusalCode::ManifestError, fix));
    }
    if let Ok(time_zone) = TimeZone::get(zone(order, pack))
        && order.issued_on > now.to_zoned(time_zone).date()
    {
        let fix =
            format!("it is dated {}, which is in the future; correct the date", order.issued_on);
        reasons.push(desk(RefusalCode::ManifestError, fix));
    }
    if let Some(until) = order.valid_until.filter(|until| *until <= now) {
        let fix = format!("it was valid until {until}; have it issued again");
        reasons.push(desk(RefusalCode::NoLegalBasis, fix));
    }
}

fn scope(scope: &Scope, pack: &RulePack, now: Timestamp, reasons: &mut Vec<Reason>) {
    let rule = &pack.scope;
    let mut add = |code, fix: String| reasons.push(Reason::new(code, &rule.source, fix));
    if scope.categories.is_empty() {
        add(RefusalCode::Incomplete, "name the categories of data".to_owned());
    }
    let count = scope.selector_count();
    if count == 0 {
        add(RefusalCode::InsufficientInformation, "name at least one selector".to_owned());
    }
    if count > rule.selectors_max {
        let most = rule.selectors_max;
        add(
            RefusalCode::OverBroad,
            format!("{count} selectors; at most {most} in one ask, split it"),
        );
    }
    if let Some(count) = scope.selectors.get(&SelectorKind::Ipv4).filter(|count| **count > 0) {
        let fix = format!(
            "{count} IPv4 address(es) without port and moment: behind carrier-grade NAT one \
             address is many people's at the same moment (RFC 6302); name address, port and \
             moment (ip_port), or have counsel set this aside for an address of one subscriber"
        );
        reasons.push(desk(RefusalCode::OverBroad, fix));
    }
    let mut add = |code, fix: String| reasons.push(Reason::new(code, &rule.source, fix));
    match scope.range {
        None => {
            let needing = words(scope.categories.intersection(&rule.range_needed).copied());
            if !needing.is_empty() {
                add(RefusalCode::OverBroad, format!("name a time range for: {needing}"));
            }
        }
        Some(range) if range.from >= range.to => {
            add(RefusalCode::ManifestError, "the time range ends before it begins".to_owned());
        }
        Some(range) if range.from > now => {
            let fix = "the time range lies in the future; only stored data can be asked for";
            add(RefusalCode::NotStoredAtReceipt, fix.to_owned());
        }
        Some(range) => {
            let hours = range.to.duration_since(range.from).as_hours();
            let most = rule.range_days_max;
            if hours > i64::from(most) * 24 {
                add(
                    RefusalCode::OverBroad,
                    format!("the time range is over {most} days; narrow it"),
                );
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
        let fix = "a freeze names one asset and an amount above zero; name both";
        reasons.push(desk(RefusalCode::OverBroad, fix));
    }
    if pack.freeze.is_none() && reasons.is_empty() {
        let fix = format!("{} gives no freeze; use another regime", pack.reference.id);
        reasons.push(desk(RefusalCode::NoLegalBasis, fix));
    }
    if until.is_some_and(|until| until <= now) {
        reasons.push(desk(RefusalCode::ManifestError, "the period of the freeze is over already"));
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
            let fix = "the ban must state when it ends; state a date";
            reasons.push(Reason::new(RefusalCode::Incomplete, &rule.source, fix));
        }
        return;
    };
    if until <= now {
        reasons.push(desk(RefusalCode::ManifestError, "the ban is over already"));
    }
    let Some(length) = rule.length_max else { return };
    let counting =
        Counting { first_day: pack.counting.first_day, last_day: pack.counting.last_day };
    if let Ok(latest) = pack.calendar.deadline(now, length, counting, zone(order, pack))
        // The end of a day may be meant, so one day is not quarrelled about.
        && latest.due.checked_add(24.hours()).is_ok_and(|latest| until > latest)
    {
        let fix = format!("the ban is longer than {length}; state an earlier end");
        reasons.push(Reason::new(RefusalCode::OverBroad, &rule.source, fix));
    }
}

/// Words joined by commas.
fn words(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
