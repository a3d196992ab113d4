//! The state of a request in HI-1's words, and objects as GET and LIST show them. Knows the folded
//! request; decides nothing.
//!
//! Whether a preserved copy holds any rows is never told: `PreservationNotAvailable` would say that
//! an account exists before an order for it does.

use desk::ids::AskNumber;
use desk::order::AskKind;
use desk::request::{AskState, EffectStatus, Outcome, Request, Stage};
use jiff::Timestamp;
use uuid::Uuid;

use super::error::{ErrorCode, ErrorInformation};
use super::message::{ListFilter, ListRecord};
use super::object::{
    Common, Delivery, DeliveryContent, DeliveryEncryption, DeliveryReference, Manifest,
    Notification, Object, ObjectStatus,
};
use super::translate::Part;
use super::value::{CountryCode, ObjectId, Word};
use super::words::{MANIFEST, MANIFEST_PACKAGE, TASK_STATUS};

/// What an object is shown by.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The request it is part of, folded.
    pub request: &'a Request,
    /// The moment of showing: lapses count from their moment.
    pub now: Timestamp,
    /// The object's version.
    pub generation: u64,
    /// When it last changed.
    pub last_changed: Timestamp,
    /// The words that went with the latest refusal or question, if any.
    pub said: Option<&'a str>,
}

/// The object in its present state.
pub fn show(mut object: Object, part: Part, view: &View<'_>) -> Object {
    let common = object.common_mut();
    common.generation = Some(view.generation);
    common.last_changed = Some(view.last_changed);
    let ask = match part {
        Part::Ask(number, _) => view.request.ask(number),
        _ => None,
    };
    match &mut object {
        Object::Authorisation(object) => {
            let (word, reason) = whole(view);
            object.status = Some(Word::etsi("AuthorisationStatus", word));
            object.invalid_reason = reason;
        }
        Object::Document(object) => {
            let (word, reason) = whole(view);
            object.status = Some(Word::etsi("DocumentStatus", word));
            object.invalid_reason = reason;
        }
        Object::Disclosure(object) => {
            if let Some(ask) = ask {
                object.status = Some(status(ask, view.now));
                object.status_reason = reason(ask, view);
            }
        }
        Object::Preservation(object) => {
            if let Some(ask) = ask {
                object.status = Some(status(ask, view.now));
                object.status_reason = reason(ask, view);
                object.expiration = ask.until;
            }
        }
        // A delivery carries its own state, and a notification has none.
        Object::Delivery(_) | Object::Notification(_) => {}
    }
    object
}

/// The state of one ask as a word: ETSI's for disclosure and preservation, ours for the rest.
pub fn status(ask: &AskState, now: Timestamp) -> Word {
    let stage = settled(ask.stage_at(now));
    match ask.kind() {
        AskKind::Disclose => Word::etsi("LDTaskStatus", disclosure(&stage, ask.outcome)),
        AskKind::Preserve => Word::etsi("LPTaskStatus", preservation(&stage)),
        AskKind::Freeze => Word::comity(TASK_STATUS, freeze(&stage, "AwaitingFreeze")),
        AskKind::Unfreeze => Word::comity(TASK_STATUS, freeze(&stage, "AwaitingUnfreeze")),
        AskKind::NonDisclosure => Word::comity(TASK_STATUS, non_disclosure(&stage)),
    }
}

/// A stage in which an ask waits counts as the stage it waits in.
fn settled(stage: Stage) -> Stage {
    match stage {
        Stage::NeedsInformation { back } | Stage::OnHold { back, .. } => settled(*back),
        stage => stage,
    }
}

fn disclosure(stage: &Stage, outcome: Option<Outcome>) -> &'static str {
    match stage {
        Stage::Received | Stage::IdentityCheck | Stage::LegalReview => "AwaitingApproval",
        Stage::Delivered | Stage::Acknowledged | Stage::Closed => match outcome {
            Some(Outcome::NoData) => "DisclosureNotAvailable",
            _ => "Disclosed",
        },
        Stage::Refused { .. } => "Rejected",
        Stage::Withdrawn => "Cancelled",
        // LDTaskStatus has no Expired; the reason says it.
        Stage::Expired | Stage::Lapsed => "Invalid",
        _ => "AwaitingDisclosure",
    }
}

fn preservation(stage: &Stage) -> &'static str {
    match stage {
        Stage::Preserved | Stage::Extended | Stage::Linked | Stage::Closed => "Preserved",
        Stage::Refused { .. } => "Rejected",
        Stage::Withdrawn | Stage::Released => "Cancelled",
        Stage::Expired | Stage::Lapsed => "Expired",
        _ => "AwaitingPreservation",
    }
}

fn freeze(stage: &Stage, awaiting: &'static str) -> &'static str {
    match stage {
        Stage::Frozen | Stage::FreezeConfirmed => "Frozen",
        Stage::Unfreezing => "AwaitingUnfreeze",
        Stage::Unfrozen | Stage::Closed => "Unfrozen",
        Stage::Refused { .. } => "Rejected",
        Stage::Withdrawn | Stage::Released => "Cancelled",
        Stage::Expired | Stage::Lapsed => "Expired",
        _ => awaiting,
    }
}

fn non_disclosure(stage: &Stage) -> &'static str {
    match stage {
        Stage::InForce => "InForce",
        Stage::Lifted | Stage::Released | Stage::Closed => "Lifted",
        Stage::Refused { .. } => "Rejected",
        Stage::Withdrawn => "Cancelled",
        Stage::Expired | Stage::Lapsed => "Expired",
        _ => "AwaitingInForce",
    }
}

fn reason(ask: &AskState, view: &View<'_>) -> Option<ErrorInformation> {
    let with_words = |text: String| match view.said {
        Some(said) => format!("{text}: {said}"),
        None => text,
    };
    let failed = ask.effects.last().is_some_and(|effect| effect.status == EffectStatus::Failed);
    let (code, text) = match ask.stage_at(view.now) {
        Stage::Refused { code } => {
            (ErrorCode::REFUSED_BY_LAW, with_words(format!("refused: {code}")))
        }
        Stage::NeedsInformation { .. } => {
            let text = "information is needed; UPDATE the object, or CREATE a Document for it";
            (ErrorCode::NOT_IN_ORDER, with_words(text.to_owned()))
        }
        Stage::OnHold { reason, .. } => (ErrorCode::WRONG_STATE, format!("on hold: {reason}")),
        Stage::Expired => {
            (ErrorCode::WRONG_STATE, "the validity of the order ended before the answer".to_owned())
        }
        Stage::Lapsed => (ErrorCode::WRONG_STATE, "its time ran out without an order".to_owned()),
        Stage::Freezing | Stage::Unfreezing if failed => {
            let text = "the company's system did not confirm; it is tried again";
            (ErrorCode::UNAVAILABLE, text.to_owned())
        }
        _ => match ask.outcome {
            Some(Outcome::Partial) if ask.delivered_at.is_some() => {
                let text = "answered in part; the package says what is missing and why";
                (ErrorCode::NOT_IN_ORDER, text.to_owned())
            }
            _ => return None,
        },
    };
    Some(ErrorInformation::new(code, text))
}

/// The state of the whole request, as a word that both AuthorisationStatus and DocumentStatus have.
fn whole(view: &View<'_>) -> (&'static str, Option<ErrorInformation>) {
    let asks = &view.request.asks;
    let stages: Vec<Stage> = asks.iter().map(|ask| ask.stage_at(view.now)).collect();
    let all = |test: fn(&Stage) -> bool| !stages.is_empty() && stages.iter().all(test);
    if all(|stage| matches!(stage, Stage::Withdrawn)) {
        return ("Cancelled", None);
    }
    if all(|stage| matches!(stage, Stage::Refused { .. })) {
        return ("Rejected", asks.first().and_then(|ask| reason(ask, view)));
    }
    if all(|stage| matches!(stage, Stage::Expired | Stage::Lapsed)) {
        return ("Expired", None);
    }
    let question = stages.iter().position(|it| matches!(it, Stage::NeedsInformation { .. }));
    if let Some(index) = question {
        return ("Invalid", reason(&asks[index], view));
    }
    let undecided = |stage: &Stage| {
        matches!(stage, Stage::Received | Stage::IdentityCheck | Stage::LegalReview)
    };
    if view.request.identity.is_none() || stages.iter().any(undecided) {
        return ("AwaitingApproval", None);
    }
    ("Approved", None)
}

/// One line of an answer to LIST.
pub fn list_record(object: &Object) -> ListRecord {
    let common = object.common();
    ListRecord {
        kind: Word::etsi("ObjectType", object.kind().as_str()),
        object: common.id,
        country: common.country,
        owner: common.owner.clone(),
        generation: common.generation.unwrap_or(1),
        last_changed: common.last_changed,
    }
}

/// Whether a LIST wants an object, as [`show`] gave it.
pub fn is_listed(filter: &ListFilter, object: &Object) -> bool {
    let common = object.common();
    let status = match object {
        Object::Authorisation(object) => object.status.as_ref(),
        Object::Document(object) => object.status.as_ref(),
        Object::Disclosure(object) => object.status.as_ref(),
        Object::Preservation(object) => object.status.as_ref(),
        Object::Delivery(object) => object.status.as_ref(),
        Object::Notification(_) => None,
    };
    let changed = |test: &dyn Fn(Timestamp) -> bool| common.last_changed.is_some_and(test);
    let within = filter.changed_within.unwrap_or_default();
    filter.kind.as_ref().is_none_or(|kind| kind.value == object.kind().as_str())
        && filter.changed_since.is_none_or(|since| changed(&|at| at >= since))
        && within.start.is_none_or(|start| changed(&|at| at >= start))
        && within.end.is_none_or(|end| changed(&|at| at <= end))
        && filter.status.as_ref().is_none_or(|wanted| status == Some(wanted))
        && filter.country.is_none_or(|country| common.country == Some(country))
}

/// What a delivery says of itself.
#[derive(Debug, Clone)]
pub struct DeliveryFacts {
    /// Its identifier.
    pub id: ObjectId,
    /// Which delivery: its parts share it.
    pub delivery: Uuid,
    /// The tasks it answers.
    pub tasks: Vec<ObjectId>,
    /// The agency's reference of the first of them.
    pub reference: Option<String>,
    /// The company's country and name.
    pub owner: (CountryCode, String),
    /// When it was made.
    pub made_at: Timestamp,
    /// Which part, from 1, and whether it is the last.
    pub part: (u64, bool),
    /// The content.
    pub content: DeliveryContent,
    /// To whose key it is encrypted and how, for a person.
    pub encryption: String,
    /// Whether the agency said that it arrived.
    pub is_acknowledged: bool,
}

/// A DeliveryObject. Its content is an encrypted package (docs/formats/package.md).
pub fn delivery(facts: DeliveryFacts) -> Delivery {
    let word = if facts.is_acknowledged { "Acknowledged" } else { "Available" };
    let (sequence, is_last) = facts.part;
    Delivery {
        common: Common {
            country: Some(facts.owner.0),
            owner: Some(facts.owner.1),
            generation: Some(1 + u64::from(facts.is_acknowledged)),
            associated: facts.tasks,
            last_changed: Some(facts.made_at),
            ..Common::new(facts.id)
        },
        reference: facts.reference.map(DeliveryReference::Disclosure),
        delivery: Some(facts.delivery),
        sequence: Some(sequence),
        is_last: Some(is_last),
        manifest: Some(Manifest::Specification(Word::comity(MANIFEST, MANIFEST_PACKAGE))),
        content: Some(facts.content),
        status: Some(Word::etsi("DeliveryStatus", word)),
        desired_status: None,
        encryption: Some(DeliveryEncryption { object: None, information: Some(facts.encryption) }),
    }
}

/// A Notification that tells an agency the states of some of its objects.
pub fn notification(
    id: ObjectId,
    at: Timestamp,
    words: &str,
    states: &[(ObjectId, AskNumber)],
    request: &Request,
) -> Notification {
    let statuses = states.iter().filter_map(|(object, number)| {
        let status = status(request.ask(*number)?, at);
        Some(ObjectStatus { object: *object, status, details: None })
    });
    Notification {
        details: Some(words.to_owned()),
        is_new: Some(true),
        at: Some(at),
        statuses: statuses.collect(),
        common: Common {
            associated: states.iter().map(|(object, _)| *object).collect(),
            ..Common::new(id)
        },
        ..Notification::new(id)
    }
}
