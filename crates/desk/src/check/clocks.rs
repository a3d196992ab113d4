//! Which clocks an event starts for an ask, and when they end. Knows no state.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{DESK_RULE, LaterClock, Reason};
use crate::calendar::{CalendarError, Counting};
use crate::clock::ClockStart;
use crate::order::{Ask, Order};
use crate::pack::{ClockRule, RulePack, Trigger};
use crate::request::RefusalCode;

/// The clocks that receipt at `at` starts, those counted from the day of issue included.
pub(crate) fn at_receipt(
    order: &Order,
    ask: &Ask,
    pack: &RulePack,
    at: Timestamp,
) -> Result<Vec<ClockStart>, Reason> {
    let readable =
        |error: CalendarError| Reason::new(RefusalCode::ManifestError, &DESK_RULE, error.into());
    let mut clocks = starting(order, ask, pack, Trigger::Receipt, at).map_err(readable)?;
    let issued = end_of_issue_day(order, pack).map_err(readable)?;
    clocks.extend(starting(order, ask, pack, Trigger::Issue, issued).map_err(readable)?);
    Ok(clocks)
}

/// The clocks of an ask that an event at `at` starts.
pub(crate) fn starting(
    order: &Order,
    ask: &Ask,
    pack: &RulePack,
    trigger: Trigger,
    at: Timestamp,
) -> Result<Vec<ClockStart>, CalendarError> {
    let rules = applying(order, ask, pack).filter(|rule| rule.starts == trigger);
    rules.filter_map(|rule| start(order, pack, rule, at).transpose()).collect()
}

/// The clocks that something else would start.
pub(super) fn later(order: &Order, ask: &Ask, pack: &RulePack) -> Vec<LaterClock> {
    applying(order, ask, pack)
        .filter(|rule| !matches!(rule.starts, Trigger::Receipt | Trigger::Issue))
        .map(|rule| LaterClock {
            name: rule.name.clone(),
            kind: rule.kind,
            whose: rule.whose,
            starts: rule.starts,
            length: rule.length,
            article: rule.source.article.clone(),
            unchecked: rule.source.unchecked,
        })
        .collect()
}

/// True when an enforcing authority is notified, or would have to be.
pub(super) fn is_notified(order: &Order, ask: &Ask, pack: &RulePack) -> bool {
    let facts = order.notification;
    let needed = pack.notification.as_ref().is_some_and(|rule| {
        ask.scope().is_some_and(|scope| !scope.categories.is_disjoint(&rule.categories))
    });
    let excused = facts.offence_in_issuing_state && facts.person_in_issuing_state;
    facts.is_notified || (needed && !excused)
}

/// True when the issuer would have needed a validation and used an emergency instead.
pub(super) fn is_unvalidated(order: &Order, ask: &Ask, pack: &RulePack) -> bool {
    order.validator.is_none()
        && ask.emergency.is_some_and(|kind| {
            pack.issuers.iter().any(|rule| {
                rule.instruments.contains(&order.instrument)
                    && rule.validated.contains(&order.issuer)
                    && rule.unvalidated_emergencies.contains(&kind)
            })
        })
}

fn applying<'a>(
    order: &'a Order,
    ask: &'a Ask,
    pack: &'a RulePack,
) -> impl Iterator<Item = &'a ClockRule> {
    let notified = is_notified(order, ask, pack);
    let emergency = ask.emergency.is_some_and(|kind| pack.emergency.kinds.contains(&kind));
    let unvalidated = is_unvalidated(order, ask, pack);
    pack.clocks.iter().filter(move |rule| {
        rule.asks.contains(&ask.kind())
            && (rule.instruments.is_empty() || rule.instruments.contains(&order.instrument))
            && rule.notified.is_none_or(|wanted| wanted == notified)
            && rule.emergency.is_none_or(|wanted| wanted == emergency)
            && rule.unvalidated.is_none_or(|wanted| wanted == unvalidated)
    })
}

/// The end of a rule's period; `None` when it takes the time from an order that states none.
fn start(
    order: &Order,
    pack: &RulePack,
    rule: &ClockRule,
    at: Timestamp,
) -> Result<Option<ClockStart>, CalendarError> {
    let (due, counting) = match rule.length {
        Some(length) => {
            let counting = Counting {
                first_day: rule.first_day.unwrap_or(pack.counting.first_day),
                last_day: rule.last_day.unwrap_or(pack.counting.last_day),
            };
            let end = pack.calendar.deadline(at, length, counting, zone(order, pack))?;
            match rule.grace {
                None => (end.due, end.counting),
                Some(grace) => {
                    let late =
                        pack.calendar.deadline(end.due, grace, counting, zone(order, pack))?;
                    (late.due, format!("{}, and {grace} to act in", end.counting))
                }
            }
        }
        None => match order.answer_by.filter(|due| *due > at) {
            Some(due) => (due, "the time stated in the order".to_owned()),
            None => return Ok(None),
        },
    };
    Ok(Some(ClockStart {
        name: rule.name.clone(),
        kind: rule.kind,
        whose: rule.whose,
        start: at,
        due,
        length: rule.length,
        counting,
        article: rule.source.article.to_string(),
        unchecked: rule.source.unchecked,
    }))
}

pub(super) fn zone<'a>(order: &'a Order, pack: &'a RulePack) -> &'a str {
    order.authority_zone.as_deref().unwrap_or(&pack.zone)
}

/// Where a clock counted from issue begins: the hour is not in the facts, so the day's end.
fn end_of_issue_day(order: &Order, pack: &RulePack) -> Result<Timestamp, CalendarError> {
    let zone = zone(order, pack);
    let time_zone =
        TimeZone::get(zone).map_err(|_| CalendarError::UnknownZone { zone: zone.to_owned() })?;
    let next = order.issued_on.checked_add(1.day()).unwrap_or(order.issued_on);
    Ok(next.to_zoned(time_zone).map_or(Timestamp::MAX, |zoned| zoned.timestamp()))
}
