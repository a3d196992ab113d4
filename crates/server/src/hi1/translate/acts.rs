//! From an agency's UPDATE, or a later Document or Notification, to an act on a known request.
//! Whether the request's state allows the act is the desk's to say.

use desk::ids::{AskNumber, RequestId};
use desk::order::AskKind;
use jiff::Timestamp;

use super::super::error::{ActionError, ErrorCode};
use super::super::object::{Object, ObjectKind};
use super::super::value::{ObjectId, Word};
use super::super::words::{OWNER, TASK_DESIRED_STATUS};
use super::{Context, Known, Part, no_such_object, refusal};

/// What an agency does to a request it sent earlier.
#[derive(Debug)]
pub struct AgencyAct {
    /// The request.
    pub request: RequestId,
    /// The object that the action names: the answer repeats it.
    pub object: ObjectId,
    /// The version of the object after the act.
    pub generation: u64,
    /// What is done.
    pub change: Change,
}

/// What is done to a request.
#[derive(Debug)]
pub enum Change {
    /// Take back one ask, or all (`None`): `Command::Withdraw`.
    Withdraw(Option<AskNumber>),
    /// Keep a preserved copy longer: `Command::Extend`. The length is the regime's; the wish is
    /// kept for the record.
    Extend {
        /// The ask.
        ask: AskNumber,
        /// Until when the agency wishes.
        wished_until: Timestamp,
    },
    /// End a freeze or a ban before its time: `Command::Release`.
    Release(AskNumber),
    /// A delivery arrived: `Command::Acknowledge`.
    Acknowledge {
        /// The delivery.
        delivery: ObjectId,
    },
    /// A new version of the Authorisation or a task, or a file added: `Command::ProvideInformation`
    /// with [`super::corrected`], or a message, as the state of the ask wants.
    Correct {
        /// The ask, where a task was changed.
        ask: Option<AskNumber>,
        /// The object as sent, contents and all.
        object: Box<Object>,
    },
    /// A message in words: `Command::PostMessage`.
    Message {
        /// The ask it is about, if it names one.
        ask: Option<AskNumber>,
        /// The words: personal data.
        text: String,
        /// The Notification, to be kept.
        object: Box<Object>,
    },
}

/// Reads an UPDATE.
pub(super) fn update(
    object: Object,
    path: &str,
    context: &Context<'_>,
) -> Result<AgencyAct, ActionError> {
    let at = format!("{path}.UPDATE.HI1Object");
    let id = object.id();
    let known = *context
        .known
        .get(&id)
        .ok_or_else(|| no_such_object(id, format!("{at}.ObjectIdentifier")))?;
    check_kind(&object, &known, &at)?;
    let generation = next_generation(&object, &known, &at)?;
    let change = match (&object, known.part) {
        (Object::Authorisation(authorisation), Part::Authorisation) => {
            let wish = authorisation.desired_status.as_ref();
            match wished(wish, "ETSI", "AuthorisationDesiredStatus") {
                Some("Cancelled") => Change::Withdraw(None),
                Some("Approved" | "SubmittedToCSP") | None => correct(None, object),
                Some(_) => return Err(not_a_wish(wish, &at, "auth:AuthorisationDesiredStatus")),
            }
        }
        (Object::Disclosure(task), Part::Ask(ask, _)) => {
            let wish = task.desired_status.as_ref();
            match wished(wish, "ETSI", "LDTaskDesiredStatus") {
                Some("Cancelled") => Change::Withdraw(Some(ask)),
                Some("AwaitingDisclosure" | "Disclosed") | None => correct(Some(ask), object),
                Some(_) => return Err(not_a_wish(wish, &at, "task:DesiredStatus")),
            }
        }
        (Object::Preservation(task), Part::Ask(ask, kind)) => {
            let wish = task.desired_status.as_ref();
            let own = wished(wish, OWNER, TASK_DESIRED_STATUS);
            match (own.or(wished(wish, "ETSI", "LPTaskDesiredStatus")), kind) {
                (Some("Cancelled"), _) => Change::Withdraw(Some(ask)),
                (Some("Unfrozen"), AskKind::Freeze) | (Some("Lifted"), AskKind::NonDisclosure) => {
                    Change::Release(ask)
                }
                (Some("Preserved" | "AwaitingPreservation") | None, AskKind::Preserve)
                | (Some("Frozen") | None, AskKind::Freeze)
                | (Some("InForce") | None, AskKind::NonDisclosure)
                | (Some("Unfrozen") | None, AskKind::Unfreeze) => {
                    match (task.desired_expiration, kind) {
                        (Some(until), AskKind::Preserve) => {
                            Change::Extend { ask, wished_until: until }
                        }
                        _ => correct(Some(ask), object),
                    }
                }
                _ => return Err(not_a_wish(wish, &at, "task:DesiredStatus")),
            }
        }
        (Object::Document(_), Part::Document) => correct(None, object),
        (Object::Delivery(delivery), Part::Delivery) => {
            let wish = delivery.desired_status.as_ref();
            let wished = wished(wish, "ETSI", "DeliveryDesiredStatus").or_else(|| {
                // Some profiles set the state itself.
                wished(delivery.status.as_ref(), "ETSI", "DeliveryStatus")
            });
            match wished {
                Some("Received" | "Acknowledged") => Change::Acknowledge { delivery: id },
                _ => return Err(not_a_wish(wish, &at, "delivery:DeliveryDesiredStatus")),
            }
        }
        _ => {
            let problem = format!("a {} cannot be changed", object.kind().as_str());
            return Err(refusal(ErrorCode::WRONG_STATE, at, problem));
        }
    };
    Ok(AgencyAct { request: known.request, object: id, generation, change })
}

fn correct(ask: Option<AskNumber>, object: Object) -> Change {
    Change::Correct { ask, object: Box::new(object) }
}

/// A Document or Notification that belongs to a request sent earlier.
pub(super) fn added(object: Object, known: &Known) -> AgencyAct {
    let ask = match known.part {
        Part::Ask(ask, _) => Some(ask),
        _ => None,
    };
    let id = object.id();
    let change = match &object {
        Object::Notification(notification) => Change::Message {
            ask,
            text: notification.details.clone().unwrap_or_default(),
            object: Box::new(object),
        },
        _ => correct(ask, object),
    };
    AgencyAct { request: known.request, object: id, generation: 1, change }
}

fn check_kind(object: &Object, known: &Known, at: &str) -> Result<(), ActionError> {
    let is = match known.part {
        Part::Authorisation => ObjectKind::Authorisation,
        Part::Ask(_, AskKind::Disclose) => ObjectKind::Disclosure,
        Part::Ask(..) => ObjectKind::Preservation,
        Part::Document => ObjectKind::Document,
        Part::Notification => ObjectKind::Notification,
        Part::Delivery => ObjectKind::Delivery,
    };
    if is == object.kind() {
        return Ok(());
    }
    let problem = format!(
        "{} is of kind {}, not {}; correct one of them",
        object.id(),
        is.as_str(),
        object.kind().as_str()
    );
    Err(refusal(ErrorCode::WRONG_VALUE, format!("{at}.@xsi:type"), problem))
}

/// Two changes of one version would overwrite each other: the second is told.
fn next_generation(object: &Object, known: &Known, at: &str) -> Result<u64, ActionError> {
    let next = known.generation.saturating_add(1);
    match object.common().generation {
        Some(generation) if generation != next => {
            let problem = format!(
                "{generation} does not follow {}; GET the object and send {next}",
                known.generation
            );
            Err(refusal(ErrorCode::WRONG_STATE, format!("{at}.Generation"), problem))
        }
        _ => Ok(next),
    }
}

/// The value of a wish in a dictionary; another dictionary's word has none and is refused later.
fn wished<'w>(wish: Option<&'w Word>, owner: &str, name: &str) -> Option<&'w str> {
    let wish = wish?;
    if wish.owner == owner && wish.name == name { Some(&wish.value) } else { None }
}

fn not_a_wish(wish: Option<&Word>, at: &str, member: &str) -> ActionError {
    let problem = match wish {
        Some(wish) => format!("{wish} cannot be wished of this object"),
        None => "is missing; say which state you wish".to_owned(),
    };
    refusal(ErrorCode::UNKNOWN_WORD, format!("{at}.{member}"), problem)
}
