//! When the personal data of a request is erased. Knows not where it lies: the shell erases it, and
//! the event says that it did. Events hold none, so the request's history and its proofs stay.

use jiff::{SignedDuration, Timestamp};

use super::Request;
use crate::pack::RulePack;

/// Hours of a day of a retention period.
const DAY_HOURS: i64 = 24;

/// From when on the personal data may be kept no longer; `None` while an ask is open, or when it
/// was erased.
#[must_use]
pub fn erasure_due(request: &Request, pack: &RulePack) -> Option<Timestamp> {
    let has_ended = !request.asks.is_empty() && request.asks.iter().all(|ask| ask.stage.is_final());
    if !has_ended || request.erased_at.is_some() {
        return None;
    }
    let days = request.retention_days.unwrap_or(pack.retention.days_after_end);
    let hours = i64::from(days) * DAY_HOURS;
    request.touched_at?.checked_add(SignedDuration::from_hours(hours)).ok()
}
