//! What is counted of one request. Knows no other request, and no count.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Deadline, End, Fate, Notice};
use crate::clock::{Clock, ClockKind, ClockStatus, Party, StopReason};
use crate::ids::{Amount, AskNumber, Asset, Country, KeyId};
use crate::order::{AskKind, DataCategory, Demand, InstrumentKind, IssuerType, SelectorKind};
use crate::pack::{ClockRule, RulePack, StopEvent};
use crate::request::{
    AskState, Effect, EffectKind, EffectStatus, Event, Outcome, RefusalCode, Request, Stage, evolve,
};

/// One request, as far as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// When it was received.
    pub received_at: Timestamp,
    /// The country whose authority issued the order.
    pub country: Country,
    /// The rule pack it is judged by.
    pub regime: String,
    /// What issued the order.
    pub agency_class: IssuerType,
    /// What the order is in law.
    pub instrument: InstrumentKind,
    /// Practice: never counted.
    pub is_test: bool,
    /// Its asks.
    pub asks: Vec<AskFacts>,
}

/// One ask, as far as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskFacts {
    /// Its kind.
    pub kind: AskKind,
    /// The most intrusive category it asks for.
    pub category: Option<DataCategory>,
    /// An emergency was claimed.
    pub is_emergency: bool,
    /// How many accounts the order names.
    pub accounts_named: u64,
    /// What became of it.
    pub fate: Fate,
    /// Why it was refused.
    pub refusal: Option<RefusalCode>,
    /// When it was done: handed over, copied, frozen, released, in force.
    pub done_at: Option<Timestamp>,
    /// When what was done ended.
    pub ended_at: Option<Timestamp>,
    /// What became of our deadline.
    pub deadline: Deadline,
    /// Answered in an emergency, and the later order did not come in time or at all.
    pub is_unvalidated: bool,
    /// Refused as fraud, or the key that sent it is suspected.
    pub is_suspected: bool,
    /// Whether the user was told.
    pub notice: Notice,
    /// The same request orders silence, and that order was ever in force or not yet judged.
    pub is_silenced: bool,
    /// It was sent back to the authority at least once, to be completed.
    pub is_sent_back: bool,
    /// Where a copy, freeze or silence that came about stands.
    pub end: Option<End>,
    /// What was frozen.
    pub frozen: Option<(Asset, Amount)>,
}

/// What the fold of a request does not keep of one ask.
#[derive(Debug, Clone, Default)]
struct Noted {
    done_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    end: Option<End>,
    frozen: Option<(Asset, Amount)>,
    is_sent_back: bool,
    is_postponed: bool,
}

impl RequestFacts {
    /// The facts of a request at a moment, from its events in their order; events after that
    /// moment do not count. `None` when it was not received by then.
    pub fn of(
        history: &[(Timestamp, Event)],
        as_of: Timestamp,
        suspected: &BTreeSet<KeyId>,
    ) -> Option<Self> {
        let mut request = Request::default();
        let mut notes: Vec<Noted> = Vec::new();
        for (at, event) in history.iter().take_while(|(at, _)| *at <= as_of) {
            request = evolve(request, event, *at);
            notes.resize_with(request.asks.len(), Noted::default);
            note(&mut notes, &request, event, *at);
        }
        let order = request.order.as_ref()?;
        let pack = request.pack.as_ref()?;
        let rules = crate::pack::embedded(&pack.id);
        let is_key_suspected = request
            .key
            .is_some_and(|key| request.marked_keys.contains(&key) || suspected.contains(&key));
        // An order of silence that was refused silenced nobody.
        let is_silenced = request
            .asks
            .iter()
            .any(|ask| ask.kind() == AskKind::NonDisclosure && refusal(ask).is_none());
        let asks = request.asks.iter().zip(&notes);
        let asks = asks.map(|(ask, noted)| AskFacts {
            is_silenced: is_silenced && ask.kind() != AskKind::NonDisclosure,
            is_suspected: is_key_suspected || refusal(ask) == Some(RefusalCode::SuspectedFraud),
            ..facts(ask, noted, rules, as_of)
        });
        Some(Self {
            received_at: request.received_at?,
            country: order.issuing_country,
            regime: pack.id.clone(),
            agency_class: order.issuer,
            instrument: order.instrument,
            is_test: order.is_test,
            asks: asks.collect(),
        })
    }
}

fn facts(ask: &AskState, noted: &Noted, rules: Option<&RulePack>, as_of: Timestamp) -> AskFacts {
    let lapsed = ask.lapses_at().filter(|until| *until <= as_of);
    AskFacts {
        kind: ask.kind(),
        category: ask.ask.scope().and_then(|scope| {
            scope.categories.iter().copied().max_by_key(|category| intrusion(*category))
        }),
        is_emergency: ask.is_emergency(),
        accounts_named: accounts_named(&ask.ask.demand),
        fate: fate(ask, noted, as_of),
        refusal: refusal(ask),
        done_at: noted.done_at,
        ended_at: noted.done_at.and(noted.ended_at.or(lapsed)),
        deadline: deadline(ask, rules, as_of),
        is_unvalidated: ask.unvalidated(as_of).is_some_and(|late| late.has_answer),
        is_suspected: false,
        notice: match (is_user_told(ask), noted.is_postponed) {
            (true, _) => Notice::Told,
            (false, true) => Notice::Withheld,
            (false, false) => Notice::None,
        },
        is_silenced: false,
        is_sent_back: noted.is_sent_back,
        end: end(ask, noted, lapsed.is_some()),
        frozen: noted.frozen.clone(),
    }
}

/// Where what was done stands, of the kinds that last.
fn end(ask: &AskState, noted: &Noted, is_lapsed: bool) -> Option<End> {
    let lasts = matches!(ask.kind(), AskKind::Preserve | AskKind::Freeze | AskKind::NonDisclosure);
    if noted.done_at.is_none() || !lasts {
        return None;
    }
    let over = noted.ended_at.and(noted.end).or(is_lapsed.then_some(End::Lapsed));
    let is_confirmed = matches!(ask.stage, Stage::Linked | Stage::FreezeConfirmed);
    Some(over.unwrap_or(if is_confirmed { End::Confirmed } else { End::InForce }))
}

fn is_user_told(ask: &AskState) -> bool {
    let told = |effect: &Effect| {
        effect.kind == EffectKind::NotifyUser && effect.status == EffectStatus::Confirmed
    };
    ask.effects.iter().any(told)
}

fn note(notes: &mut [Noted], request: &Request, event: &Event, at: Timestamp) {
    let place = |ask: AskNumber| usize::from(ask.0).checked_sub(1);
    if let Event::Delivered { asks, .. } = event {
        for ask in asks {
            if let Some(noted) = place(*ask).and_then(|place| notes.get_mut(place)) {
                noted.done_at.get_or_insert(at);
            }
        }
    }
    let Some(noted) = event.ask().and_then(place).and_then(|place| notes.get_mut(place)) else {
        return;
    };
    let kind = event.ask().and_then(|ask| request.ask(ask)).map(AskState::kind);
    match event {
        Event::Preserved { .. } | Event::InForce { .. } => {
            noted.done_at.get_or_insert(at);
        }
        Event::Frozen { asset, amount, .. } => {
            noted.done_at.get_or_insert(at);
            noted.frozen = Some((asset.clone(), *amount));
        }
        Event::Unfrozen { .. } if kind == Some(AskKind::Unfreeze) => {
            noted.done_at.get_or_insert(at);
        }
        Event::Unfrozen { .. } | Event::Released { .. } | Event::Lifted { .. } => {
            noted.ended_at.get_or_insert(at);
            noted.end.get_or_insert(End::Released);
        }
        Event::Lapsed { .. } => {
            noted.ended_at.get_or_insert(at);
            noted.end.get_or_insert(End::Lapsed);
        }
        Event::InformationRequested { .. } => noted.is_sent_back = true,
        Event::NoticePostponed { .. } => noted.is_postponed = true,
        _ => {}
    }
}

fn fate(ask: &AskState, noted: &Noted, as_of: Timestamp) -> Fate {
    match ask.stage_at(as_of) {
        Stage::Refused { .. } => Fate::Refused,
        Stage::Withdrawn => Fate::Withdrawn,
        stage => match (noted.done_at, ask.kind(), ask.outcome) {
            (Some(_), AskKind::Disclose, Some(Outcome::Full)) => Fate::Full,
            (Some(_), AskKind::Disclose, Some(Outcome::Partial)) => Fate::Partial,
            (Some(_), AskKind::Disclose, Some(Outcome::NoData)) => Fate::NoData,
            (Some(_), kind, _) if kind != AskKind::Disclose => Fate::CarriedOut,
            _ if matches!(stage, Stage::Expired | Stage::Lapsed) => Fate::Expired,
            _ => Fate::Open,
        },
    }
}

const fn refusal(ask: &AskState) -> Option<RefusalCode> {
    match ask.stage {
        Stage::Refused { code } => Some(code),
        _ => None,
    }
}

/// How deep a category reaches into a person's affairs: Regulation (EU) 2023/1543 asks more of an
/// order for traffic and content data than of one for the others (Art 4, 5). Where the company's
/// own ledger stands among them is our choice.
const fn intrusion(category: DataCategory) -> u8 {
    match category {
        DataCategory::Subscriber => 0,
        DataCategory::Identification => 1,
        DataCategory::Transaction => 2,
        DataCategory::Traffic => 3,
        DataCategory::Content => 4,
    }
}

/// A freeze is about one account, which the order's personal part names.
fn accounts_named(demand: &Demand) -> u64 {
    match demand {
        Demand::Disclose { scope } | Demand::Preserve { scope, .. } => {
            scope.selectors.get(&SelectorKind::AccountId).copied().map_or(0, u64::from)
        }
        Demand::Freeze { .. } => 1,
        Demand::Unfreeze { .. } | Demand::NonDisclosure { .. } => 0,
    }
}

fn deadline(ask: &AskState, rules: Option<&RulePack>, as_of: Timestamp) -> Deadline {
    const DUTIES: [StopEvent; 3] =
        [StopEvent::Delivery, StopEvent::Preservation, StopEvent::Freeze];
    let ours = |clock: &&Clock| {
        clock.start.whose == Party::Provider
            && clock.start.kind == ClockKind::DueBy
            && rule(rules, clock)
                .is_some_and(|rule| DUTIES.iter().any(|it| rule.stops.contains(it)))
    };
    let mut found = Deadline::None;
    for clock in ask.clocks.iter().filter(ours) {
        match clock.status {
            ClockStatus::Breached { .. } => return Deadline::Missed,
            ClockStatus::Running if clock.start.due <= as_of => return Deadline::Missed,
            ClockStatus::Stopped { reason: StopReason::Met, .. } => found = Deadline::Kept,
            _ => {}
        }
    }
    found
}

fn rule<'a>(rules: Option<&'a RulePack>, clock: &Clock) -> Option<&'a ClockRule> {
    rules?.clocks.iter().find(|rule| rule.name == clock.start.name)
}
