//! The row that a list of requests shows: derived from the folded request, never read back by it.

use desk::clock::ClockStatus;
use desk::ids::{ActorId, AgencyId};
use desk::order::AskKind;
use desk::request::{AskState, Request};
use desk::suspicion::Past;
use jiff::Timestamp;
use serde_json::json;
use store::{Label, Labels, NewView};
use uuid::Uuid;

/// The row of a request. A function of its events alone, so that it can be checked and rebuilt.
#[must_use]
pub fn of(request: &Request) -> NewView {
    let asks: Vec<_> = request
        .asks
        .iter()
        .map(|ask| {
            json!({
                "ask": ask.number.0,
                "kind": ask.kind().as_str(),
                "state": ask.stage.name(),
                "emergency": ask.is_emergency(),
            })
        })
        .collect();
    let mut summary = json!({
        "received_at": request.received_at,
        "regime": request.pack.as_ref().map(|pack| pack.id.clone()),
        "asks": asks,
    });
    if request.order.as_ref().is_some_and(|order| order.is_test) {
        summary["is_test"] = true.into();
    }
    // What later requests of the agency are compared with, and what a list warns of.
    if let Some(past) = Past::of(request) {
        summary["habit"] = json!(past);
    }
    if request.is_held_for_signs {
        summary["is_held"] = true.into();
    }
    let order_due = request.asks.iter().filter_map(AskState::order_due).min();
    if let Some(due) = order_due {
        summary["order_due"] = json!(due);
    }
    let reviews = request.reviews_owed();
    if !reviews.is_empty() {
        summary["review_due"] = json!(reviews.iter().filter_map(|review| review.due).min());
    }
    NewView {
        agency: request.agency.unwrap_or(AgencyId(Uuid::nil())).0,
        state: state(request).to_owned(),
        summary_json: summary.to_string(),
        next_due: time_due(request).or_else(|| erasure(request)),
        labels: labels(request),
        assignee: Some(request.assignee.map_or(NOBODY, |person| person.0)),
    }
}

/// Stands for nobody where a queue is asked for by who works on it.
pub const NOBODY: Uuid = Uuid::nil();

/// The mark of requests that have an ask of a kind. The numbers are part of stored rows: a change
/// of them needs another [`crate::app::derived::VERSION`].
#[must_use]
pub const fn label(kind: AskKind) -> Label {
    Label::new(match kind {
        AskKind::Disclose => 0,
        AskKind::Preserve => 1,
        AskKind::Freeze => 2,
        AskKind::Unfreeze => 3,
        AskKind::NonDisclosure => 4,
    })
}

fn labels(request: &Request) -> Labels {
    request.asks.iter().fold(Labels::default(), |labels, ask| labels.with(label(ask.kind())))
}

/// Something is still to be done.
pub const OPEN: &str = "open";
/// The same, and an emergency was claimed.
pub const URGENT: &str = "urgent";
/// Every ask has come to its end.
pub const CLOSED: &str = "closed";

/// One word for the whole request.
fn state(request: &Request) -> &'static str {
    // An emergency that let something out owes an order and a review, and a clock may run on,
    // whatever became of the ask.
    let is_owed = |ask: &AskState| {
        ask.delivered_at.is_some() && ask.order_due().is_some() || next_due(ask).is_some()
    };
    let has_ended = request.asks.iter().all(|ask| ask.stage.is_final() && !is_owed(ask));
    if has_ended && request.reviews_owed().is_empty() {
        return CLOSED;
    }
    let is_urgent = request.order.as_ref().is_some_and(|order| order.has_emergency());
    if is_urgent { URGENT } else { OPEN }
}

/// The next moment at which time alone changes a request.
#[must_use]
pub fn time_due(request: &Request) -> Option<Timestamp> {
    request.asks.iter().filter_map(next_due).min()
}

/// When the personal data of a request that has ended is erased; `None` for one that was judged
/// by a version of its rule pack that is not here.
#[must_use]
pub fn erasure(request: &Request) -> Option<Timestamp> {
    let judged_by = request.pack.as_ref()?;
    let pack = desk::pack::embedded(&judged_by.id)?;
    desk::request::erasure_due(request, pack).filter(|_| pack.reference == *judged_by)
}

/// The next moment at which time alone changes an ask: a lapse, an expiry, the end of a clock.
fn next_due(ask: &AskState) -> Option<Timestamp> {
    let running = ask.clocks.iter().filter(|clock| clock.status == ClockStatus::Running);
    let ends = [ask.lapses_at(), ask.expires_at()].into_iter().flatten();
    ends.chain(running.map(|clock| clock.start.due)).min()
}

/// The UUID of an actor for the read audit; the company's own jobs have the nil UUID.
#[must_use]
pub fn actor_uuid(actor: ActorId) -> Uuid {
    match actor {
        ActorId::Staff(id) => id.0,
        ActorId::Key(id) => id.0,
        ActorId::Partner(id) => id.0,
        ActorId::System => Uuid::nil(),
    }
}
