//! When the personal data of a request is erased. Knows not where it lies: the shell erases it, and
//! the event says that it did. Events hold none, so the request's history and its proofs stay.

use jiff::{SignedDuration, Timestamp};

use super::no::No;
use super::{Effect, EffectKind, EffectStatus, Request};
use crate::pack::RulePack;

/// Hours of a day of a retention period.
const DAY_HOURS: i64 = 24;

/// From when on the personal data may be kept no longer; `None` while an ask is open or something
/// still needs it ([`waits_with_erasure`]), or when it was erased.
#[must_use]
pub fn erasure_due(request: &Request, pack: &RulePack) -> Option<Timestamp> {
    let has_ended = !request.asks.is_empty() && request.asks.iter().all(|ask| ask.stage.is_final());
    if !has_ended || request.erased_at.is_some() || waits_with_erasure(request).is_some() {
        return None;
    }
    let days = request.retention_days.unwrap_or(pack.retention.days_after_end);
    let hours = i64::from(days) * DAY_HOURS;
    request.touched_at?.checked_add(SignedDuration::from_hours(hours)).ok()
}

/// Why the personal data of a request that has ended is still needed, if so: whose account must be
/// let go and who must be told stands nowhere else. The time of the rule pack begins when it is
/// done, because that is an event.
///
/// A freeze or a notice that failed does not wait: staff have seen it, and have the pack's whole
/// time to try again or do it by hand. A release that failed does: somebody's account is blocked
/// without a reason, and only this request knows whose (docs/decisions/182).
#[must_use]
pub fn waits_with_erasure(request: &Request) -> Option<No> {
    let effects = || request.asks.iter().flat_map(|ask| &ask.effects);
    if effects().any(|effect| effect.status == EffectStatus::Requested) {
        return Some(No::EffectUnanswered);
    }
    let is_blocked = |effect: &Effect| {
        effect.kind == EffectKind::Unfreeze && effect.status == EffectStatus::Failed
    };
    if effects().any(is_blocked) {
        return Some(No::ReleaseFailed);
    }
    let owed = request.asks.iter().any(|ask| ask.notice_waits);
    owed.then_some(No::NoticeWaits)
}
