//! The row that a list of requests shows: derived from the folded request, never read back by it.

use desk::ids::{ActorId, AgencyId};
use desk::request::Request;
use jiff::Timestamp;
use serde_json::json;
use store::NewView;
use uuid::Uuid;

/// The row of a request as it stands at `now`.
#[must_use]
pub fn of(request: &Request, now: Timestamp) -> NewView {
    let asks: Vec<_> = request
        .asks
        .iter()
        .map(|ask| {
            json!({
                "ask": ask.number.0,
                "kind": ask.kind().as_str(),
                "state": ask.stage_at(now).name(),
                "emergency": ask.is_emergency(),
            })
        })
        .collect();
    let summary = json!({
        "received_at": request.received_at,
        "regime": request.pack.as_ref().map(|pack| pack.id.clone()),
        "asks": asks,
    });
    NewView {
        agency: request.agency.unwrap_or(AgencyId(Uuid::nil())).0,
        state: state(request, now).to_owned(),
        summary_json: summary.to_string(),
        next_due: request.next_change(now),
    }
}

/// One word for the whole request: `closed` when every ask has come to its end, else `open`.
fn state(request: &Request, now: Timestamp) -> &'static str {
    if request.asks.iter().all(|ask| ask.stage_at(now).is_final()) { "closed" } else { "open" }
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
