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
        (Object::Authorisation(it), Part::Authorisation) => {
            let member = "auth:AuthorisationDesiredStatus";
            let dictionaries = [("ETSI", "AuthorisationDesiredStatus")];
            match wished(it.desired_status.as_ref(), &dictionaries, &at, member)? {
                Some("Cancelled") => Change::Withdraw(None),
                Some("Approved" | "SubmittedToCSP") | None => correct(None, object),
                Some(_) => return Err(not_a_wish(it.desired_status.as_ref(), &at, member)),
            }
        }
        (Object::Disclosure(_) | Object::Preservation(_), Part::Ask(ask, kind)) => {
            task(object, ask, kind, &at)?
        }
        (Object::Document(_), Part::Document) => correct(None, object),
        (Object::Delivery(it), Part::Delivery) => {
            let member = "delivery:DeliveryDesiredStatus";
            // Some profiles set the state itself.
            let wish = it.desired_status.as_ref().or(it.status.as_ref());
            let dictionaries = [("ETSI", "DeliveryDesiredStatus"), ("ETSI", "DeliveryStatus")];
            match wished(wish, &dictionaries, &at, member)? {
                Some("Received" | "Acknowledged") => Change::Acknowledge { delivery: id },
                _ => return Err(not_a_wish(wish, &at, member)),
            }
        }
        _ => {
            let problem = format!("a {} cannot be changed", object.kind().as_str());
            return Err(refusal(ErrorCode::WRONG_STATE, at, problem));
        }
    };
    Ok(AgencyAct { request: known.request, object: id, generation, change })
}

fn task(object: Object, ask: AskNumber, kind: AskKind, at: &str) -> Result<Change, ActionError> {
    let (wish, details, until) = match &object {
        Object::Disclosure(task) => (task.desired_status.as_ref(), &task.details, None),
        Object::Preservation(task) => {
            (task.desired_status.as_ref(), &task.details, task.desired_expiration)
        }
        _ => (None, &None, None),
    };
    let member = "task:DesiredStatus";
    let dictionaries: &[(&str, &str)] = match kind {
        AskKind::Disclose => &[("ETSI", "LDTaskDesiredStatus")],
        AskKind::Preserve => &[("ETSI", "LPTaskDesiredStatus")],
        _ => &[(OWNER, TASK_DESIRED_STATUS), ("ETSI", "LPTaskDesiredStatus")],
    };
    match (wished(wish, dictionaries, at, member)?, kind) {
        (Some("Cancelled"), _) => return Ok(Change::Withdraw(Some(ask))),
        (Some("Unfrozen"), AskKind::Freeze) | (Some("Lifted"), AskKind::NonDisclosure) => {
            return Ok(Change::Release(ask));
        }
        (None, _)
        | (Some("AwaitingDisclosure" | "Disclosed"), AskKind::Disclose)
        | (Some("AwaitingPreservation" | "Preserved"), AskKind::Preserve)
        | (Some("Frozen"), AskKind::Freeze)
        | (Some("Unfrozen"), AskKind::Unfreeze)
        | (Some("InForce"), AskKind::NonDisclosure) => {}
        _ => return Err(not_a_wish(wish, at, member)),
    }
    if let (Some(wished_until), AskKind::Preserve) = (until, kind) {
        return Ok(Change::Extend { ask, wished_until });
    }
    if details.is_some() {
        // The search, the review and the clocks rest on what was asked first.
        let problem = "what a task asks cannot be changed; UPDATE it to Cancelled and CREATE a new \
                       task, or leave the details out";
        let at = format!("{at}.task:RequestDetails");
        return Err(refusal(ErrorCode::WRONG_STATE, at, problem));
    }
    Ok(correct(Some(ask), object))
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

/// The value of a wish, which must be a word of one of these dictionaries.
fn wished<'w>(
    wish: Option<&'w Word>,
    dictionaries: &[(&str, &str)],
    at: &str,
    member: &str,
) -> Result<Option<&'w str>, ActionError> {
    match wish {
        None => Ok(None),
        Some(word) if dictionaries.contains(&(word.owner.as_str(), word.name.as_str())) => {
            Ok(Some(&word.value))
        }
        Some(_) => Err(not_a_wish(wish, at, member)),
    }
}

fn not_a_wish(wish: Option<&Word>, at: &str, member: &str) -> ActionError {
    let problem = match wish {
        Some(wish) => format!("{wish} cannot be wished of this object"),
        None => "is missing; say which state you wish".to_owned(),
    };
    refusal(ErrorCode::UNKNOWN_WORD, format!("{at}.{member}"), problem)
}
