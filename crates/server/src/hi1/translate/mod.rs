//! From the actions of one message to what the desk is asked: new requests, acts on known ones,
//! reads, refusals. Knows no state of any request beyond what the caller looked up.
//!
//! One Authorisation with its tasks and documents is one request of the desk, its tasks the asks
//! in the order of their actions. A task without an Authorisation is a request of its own.

mod acts;
mod asks;
mod facts;
mod group;

use std::collections::{HashMap, HashSet};

use desk::ids::{AskNumber, RequestId};
use desk::order::{AskKind, Authentication, IssuerType, Order, Service};
use jiff::Timestamp;
use records::Selector;

pub use acts::{AgencyAct, Change};
pub use facts::corrected;

use super::error::{ActionError, ErrorCode, Fault};
use super::message::{Act, Action, ActionNumber, ListFilter};
use super::object::{Object, ObjectKind};
use super::value::{CountryCode, EndpointId, ObjectId};

/// What is known of a sender before the message is read.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The agency's country.
    pub country: CountryCode,
    /// The rule pack by which its requests are judged when the message names none.
    pub rule_pack: String,
    /// Rule packs that this deployment has.
    pub rule_packs: Vec<String>,
    /// What its issuers are when the message does not say.
    pub issuer: IssuerType,
    /// Its time zone, IANA name.
    pub zone: Option<String>,
    /// The company's service when the message does not say.
    pub service: Service,
    /// What proves the sender: an HI-1 message is authenticated by its channel, never `Signed`,
    /// which is said of a passkey only.
    pub authentication: Authentication,
}

/// An object that exists already and belongs to the sender's agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The request it is part of.
    pub request: RequestId,
    /// Which part.
    pub part: Part,
    /// Its version.
    pub generation: u64,
}

/// Which part of a request an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The legal basis: the request as a whole.
    Authorisation,
    /// One ask.
    Ask(AskNumber, AskKind),
    /// A file of the instrument.
    Document,
    /// A message.
    Notification,
    /// A package handed over.
    Delivery,
}

/// What a message means, action by action.
#[derive(Debug)]
pub struct Plan {
    /// One step for each action, in the order sent.
    pub steps: Vec<Step>,
    /// The new requests that steps refer to.
    pub requests: Vec<NewRequest>,
}

/// What one action means.
#[derive(Debug)]
pub struct Step {
    /// The action's number, for the answer.
    pub number: ActionNumber,
    /// What to do.
    pub task: StepTask,
}

/// What to do for one action.
#[derive(Debug)]
pub enum StepTask {
    /// Answer with an error.
    Refuse(ActionError),
    /// Part of the new request of this index: answer when that request is filed.
    File {
        /// Index into [`Plan::requests`].
        request: usize,
        /// The object created.
        object: ObjectId,
    },
    /// An act on a known request.
    Act(AgencyAct),
    /// Show an object.
    Get(ObjectId, Known),
    /// List objects.
    List(ListFilter),
    /// Show what this service supports.
    GetCspConfig,
}

/// A request to file: facts for the desk, and the personal part for the payload.
#[derive(Debug)]
pub struct NewRequest {
    /// The facts; no personal data.
    pub order: Order,
    /// The rule pack to judge it by.
    pub rule_pack: String,
    /// Its objects by part, to be stored for GET and LIST. Document contents are taken out.
    pub objects: Vec<(Part, Object)>,
    /// The agency's reference of the order.
    pub reference: String,
    /// Law and words on it that the message names.
    pub legal_basis: String,
    /// People and places that the message names, as label and text.
    pub contacts: Vec<(String, String)>,
    /// Values of the selectors, each once for its ask.
    pub selectors: Vec<(AskNumber, Selector)>,
    /// Files of the instrument.
    pub files: Vec<InstrumentFile>,
    /// Earlier preservations that an ask of this request links to: ask, their request, their ask.
    pub links: Vec<(AskNumber, RequestId, AskNumber)>,
    /// What was understood with an assumption, or not acted on: for the people who review.
    pub notes: Vec<String>,
}

/// A file of the instrument as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstrumentFile {
    /// The Document that brought it.
    pub document: ObjectId,
    /// The sender's name for it.
    pub name: Option<String>,
    /// Media type as received.
    pub media_type: String,
    /// The bytes.
    pub contents: Vec<u8>,
}

/// The identifiers that a message names: look them up, and give what belongs to the sender's
/// agency to [`plan`].
pub fn mentioned(actions: &[Action]) -> HashSet<ObjectId> {
    let mut ids = HashSet::new();
    for act in actions.iter().filter_map(|action| action.act.as_ref().ok()) {
        match act {
            Act::Create(object) | Act::Update(object) => {
                ids.insert(object.id());
                ids.extend(&object.common().associated);
            }
            Act::Get(id) => {
                ids.insert(*id);
            }
            Act::Deliver { .. } | Act::List(_) | Act::GetCspConfig => {}
        }
    }
    ids
}

/// What [`plan`] needs to know besides the message.
#[derive(Debug)]
pub struct Context<'a> {
    /// The sender.
    pub sender: &'a Sender,
    /// The endpoints that this service is.
    pub ours: &'a [EndpointId],
    /// What [`mentioned`] found.
    pub known: &'a HashMap<ObjectId, Known>,
    /// Identifiers in use by somebody else: they cannot be created again, and nothing more is
    /// said about them.
    pub taken: &'a HashSet<ObjectId>,
    /// The message's own time: where a range is left open, it ends here.
    pub sent_at: Timestamp,
}

/// Says what each action of a message means.
pub fn plan(actions: Vec<Action>, context: &Context<'_>) -> Plan {
    let mut created = HashSet::new();
    let mut groups = group::Groups::default();
    let mut steps: Vec<Pending> = Vec::with_capacity(actions.len());
    // First what each action is by itself: documents may come after the task they belong to.
    for (index, action) in actions.into_iter().enumerate() {
        let Action { number, path, act } = action;
        let task = match act {
            Err(error) => Pending::Done(StepTask::Refuse(error)),
            Ok(act) => match pending(act, &path, context, &mut created) {
                Ok(pending) => pending,
                Err(error) => Pending::Done(StepTask::Refuse(error)),
            },
        };
        if let Pending::Create(object) = &task {
            groups.note(index, number, &path, object);
        }
        steps.push(task);
        groups.numbers.push((number, path));
    }
    groups.finish(steps, context)
}

/// A step that may still need the others.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "at most 100 live at once, and briefly")]
enum Pending {
    Done(StepTask),
    Create(Box<Object>),
}

fn pending(
    act: Act,
    path: &str,
    context: &Context<'_>,
    created: &mut HashSet<ObjectId>,
) -> Result<Pending, ActionError> {
    match act {
        Act::GetCspConfig => Ok(Pending::Done(StepTask::GetCspConfig)),
        Act::List(filter) => list(filter, path).map(Pending::Done),
        Act::Get(id) => {
            let known = context
                .known
                .get(&id)
                .ok_or_else(|| no_such_object(id, format!("{path}.GET.Identifier")))?;
            Ok(Pending::Done(StepTask::Get(id, *known)))
        }
        Act::Deliver { .. } => Err(refusal(
            ErrorCode::NOT_SERVED,
            format!("{path}.DELIVER"),
            "deliveries go from this service to the agency only; send files as a Document",
        )),
        Act::Update(object) => {
            acts::update(object, path, context).map(StepTask::Act).map(Pending::Done)
        }
        Act::Create(object) => {
            let at = format!("{path}.CREATE.HI1Object.ObjectIdentifier");
            let id = object.id();
            if context.known.contains_key(&id) || context.taken.contains(&id) || !created.insert(id)
            {
                let problem = format!("{id} is in use; choose a new identifier, or UPDATE it");
                return Err(refusal(ErrorCode::OBJECT_EXISTS, at, problem));
            }
            if let Object::Delivery(_) = object {
                return Err(refusal(
                    ErrorCode::NOT_SERVED,
                    format!("{path}.CREATE"),
                    "deliveries are made by this service only; send files as a Document",
                ));
            }
            Ok(Pending::Create(Box::new(object)))
        }
    }
}

fn list(filter: ListFilter, path: &str) -> Result<StepTask, ActionError> {
    if let Some(word) = &filter.kind {
        let known = word.owner == "ETSI"
            && word.name == "ObjectType"
            && ObjectKind::from_word(&word.value).is_some();
        if !known {
            let kinds: Vec<&str> = ObjectKind::ALL.iter().map(|kind| kind.as_str()).collect();
            let problem = format!(
                "{word} is not a kind of object; use ETSI/ObjectType with {}",
                kinds.join(", ")
            );
            return Err(refusal(
                ErrorCode::UNKNOWN_WORD,
                format!("{path}.LIST.ObjectType"),
                problem,
            ));
        }
    }
    Ok(StepTask::List(filter))
}

fn refusal(code: ErrorCode, path: String, problem: impl Into<String>) -> ActionError {
    ActionError::new(code, Fault { path, problem: problem.into() })
}

fn no_such_object(id: ObjectId, path: String) -> ActionError {
    // Somebody else's object and none at all read the same.
    let problem = format!("there is no object {id} of yours here; check the identifier");
    refusal(ErrorCode::NO_SUCH_OBJECT, path, problem)
}
