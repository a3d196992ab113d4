//! Puts the objects that one message creates together into requests.

use std::collections::HashMap;

use desk::ids::AskNumber;
use desk::order::{Ask, AskKind, EmergencyKind, InstrumentKind, Order};

use super::super::error::{ActionError, ErrorCode};
use super::super::limits::{ASKS_MAX, DOCUMENTS_MAX};
use super::super::message::ActionNumber;
use super::super::object::{Object, ObjectKind};
use super::super::value::ObjectId;
use super::asks::{self, Around};
use super::facts::Facts;
use super::{
    Context, InstrumentFile, NewRequest, Part, Pending, Plan, Step, StepTask, acts, refusal,
};

/// What was seen on the first pass over the actions.
#[derive(Default)]
pub(super) struct Groups {
    /// Number and place of every action.
    pub(super) numbers: Vec<(ActionNumber, String)>,
    /// Every object created: its action, its kind, and what it names.
    created: Vec<Created>,
}

struct Created {
    action: usize,
    id: ObjectId,
    kind: ObjectKind,
    associated: Vec<ObjectId>,
}

/// The objects of one request, as indices of actions.
#[derive(Default)]
struct Group {
    authorisation: Option<usize>,
    tasks: Vec<usize>,
    documents: Vec<usize>,
}

impl Groups {
    pub(super) fn note(&mut self, action: usize, _: ActionNumber, _: &str, object: &Object) {
        self.created.push(Created {
            action,
            id: object.id(),
            kind: object.kind(),
            associated: object.common().associated.clone(),
        });
    }

    /// Second pass: makes requests of what belongs together.
    pub(super) fn finish(self, mut steps: Vec<Pending>, context: &Context<'_>) -> Plan {
        let groups = self.group(&mut steps, context);
        let mut plan = Plan { steps: Vec::new(), requests: Vec::new() };
        for group in groups {
            self.file(group, &mut steps, context, &mut plan.requests);
        }
        plan.steps = steps
            .into_iter()
            .zip(&self.numbers)
            .map(|(step, (number, path))| Step {
                number: *number,
                task: match step {
                    Pending::Done(task) => task,
                    Pending::Create(object) => StepTask::Refuse(belongs_nowhere(&object, path)),
                },
            })
            .collect();
        plan
    }

    fn created(&self, id: ObjectId) -> Option<&Created> {
        self.created.iter().find(|created| created.id == id)
    }

    fn of_kind(&self, kinds: &[ObjectKind]) -> impl Iterator<Item = &Created> {
        self.created.iter().filter(move |created| kinds.contains(&created.kind))
    }

    fn group(&self, steps: &mut [Pending], context: &Context<'_>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut group_of: HashMap<ObjectId, usize> = HashMap::new();
        for created in self.of_kind(&[ObjectKind::Authorisation]) {
            group_of.insert(created.id, groups.len());
            groups.push(Group { authorisation: Some(created.action), ..Group::default() });
        }
        for created in self.of_kind(&[ObjectKind::Disclosure, ObjectKind::Preservation]) {
            match self.authorisation_of(created, context) {
                Ok(Some(authorisation)) => {
                    let index = group_of[&authorisation];
                    group_of.insert(created.id, index);
                    groups[index].tasks.push(created.action);
                }
                Ok(None) => {
                    group_of.insert(created.id, groups.len());
                    groups.push(Group { tasks: vec![created.action], ..Group::default() });
                }
                Err(error) => refuse(steps, created.action, error),
            }
        }
        for created in self.of_kind(&[ObjectKind::Document, ObjectKind::Notification]) {
            self.place_document(created, &group_of, &mut groups, steps, context);
        }
        groups
    }

    /// The Authorisation of this message that a task rests on.
    fn authorisation_of(
        &self,
        task: &Created,
        context: &Context<'_>,
    ) -> Result<Option<ObjectId>, ActionError> {
        let at = || {
            let path = &self.numbers[task.action].1;
            format!("{path}.CREATE.HI1Object.AssociatedObjects")
        };
        let mut found = None;
        for id in &task.associated {
            match (self.created(*id), context.known.get(id)) {
                (Some(created), _) if created.kind == ObjectKind::Authorisation => {
                    if found.replace(*id).is_some() {
                        let problem =
                            "names two Authorisations; a task rests on one, send two tasks";
                        return Err(refusal(ErrorCode::WRONG_VALUE, at(), problem));
                    }
                }
                (Some(_), _) => {}
                (None, Some(known)) if known.part == Part::Authorisation => {
                    let problem = format!(
                        "the Authorisation {id} was received before, and its request is closed to \
                         new tasks; CREATE an Authorisation and the task in one message"
                    );
                    return Err(refusal(ErrorCode::WRONG_STATE, at(), problem));
                }
                (None, Some(_)) => {}
                // Perhaps it was refused in this very message; without it the task has no basis.
                (None, None) => return Err(super::no_such_object(*id, at())),
            }
        }
        Ok(found)
    }

    /// A Document belongs to what it names, or to what names it.
    fn place_document(
        &self,
        created: &Created,
        group_of: &HashMap<ObjectId, usize>,
        groups: &mut [Group],
        steps: &mut [Pending],
        context: &Context<'_>,
    ) {
        let named = created.associated.iter().find_map(|id| group_of.get(id));
        let naming = || {
            let names_it = |other: &&Created| other.associated.contains(&created.id);
            self.created.iter().find(names_it).and_then(|other| group_of.get(&other.id))
        };
        if created.kind == ObjectKind::Document
            && let Some(index) = named.copied().or_else(|| naming().copied())
        {
            groups[index].documents.push(created.action);
            return;
        }
        let known = created.associated.iter().find_map(|id| context.known.get(id));
        let known = known.copied().or_else(|| updated_with(created.id, steps, context));
        if let Some(known) = known
            && let Some(object) = take(steps, created.action)
        {
            steps[created.action] = Pending::Done(StepTask::Act(acts::added(object, &known)));
        }
    }

    /// Makes one request of one group, or refuses every action of it.
    fn file(
        &self,
        group: Group,
        steps: &mut [Pending],
        context: &Context<'_>,
        requests: &mut Vec<NewRequest>,
    ) {
        let members: Vec<usize> = group
            .authorisation
            .iter()
            .chain(&group.tasks)
            .chain(&group.documents)
            .copied()
            .collect();
        match self.request(&group, steps, context) {
            Ok(request) => {
                for action in members {
                    let Pending::Create(object) = &steps[action] else { continue };
                    let task = StepTask::File { request: requests.len(), object: object.id() };
                    steps[action] = Pending::Done(task);
                }
                requests.push(request);
            }
            Err((culprit, error)) => {
                let reason = format!(
                    "rests on action {}, which is refused: {error}",
                    self.numbers[culprit].0.0
                );
                for action in members {
                    let error = if action == culprit {
                        error.clone()
                    } else {
                        let at = format!("{}.CREATE.HI1Object", self.numbers[action].1);
                        refusal(ErrorCode::RESTS_ON_REFUSED, at, reason.clone())
                    };
                    // What was refused for itself keeps its own reason.
                    if matches!(steps[action], Pending::Create(_)) {
                        refuse(steps, action, error);
                    }
                }
            }
        }
    }

    fn request(
        &self,
        group: &Group,
        steps: &mut [Pending],
        context: &Context<'_>,
    ) -> Result<NewRequest, (usize, ActionError)> {
        let at = |action: usize| format!("{}.CREATE.HI1Object", self.numbers[action].1);
        let first = group.authorisation.or(group.tasks.first().copied()).unwrap_or_default();
        for (name, count, max) in [
            ("tasks", group.tasks.len(), ASKS_MAX),
            ("documents", group.documents.len(), DOCUMENTS_MAX),
        ] {
            if count > max {
                let problem = format!("has {count} {name}; the limit is {max}, send two of it");
                return Err((first, refusal(ErrorCode::LIMIT, at(first), problem)));
            }
        }
        let mut facts = Facts::of_sender(context);
        for &action in group.authorisation.iter().chain(&group.documents) {
            match &steps[action] {
                Pending::Create(object) => take_facts(&mut facts, object, &at(action), context)
                    .map_err(|error| (action, error))?,
                Pending::Done(_) => {}
            }
        }
        let tasks = self.read_tasks(group, steps, context, &mut facts);
        if tasks.is_empty() {
            let problem = "no task of it is served, so it was not kept; send it with its tasks";
            return Err((first, refusal(ErrorCode::NOT_IN_ORDER, at(first), problem)));
        }
        Ok(assemble(group, steps, facts, tasks))
    }

    /// The tasks that can be read; the others are refused one by one.
    fn read_tasks(
        &self,
        group: &Group,
        steps: &mut [Pending],
        context: &Context<'_>,
        facts: &mut Facts,
    ) -> Vec<(usize, asks::ReadTask)> {
        let mut freezes: Vec<(ObjectId, AskNumber)> = Vec::new();
        let mut tasks = Vec::new();
        for &action in &group.tasks {
            let Pending::Create(object) = &steps[action] else { continue };
            let around = Around {
                context,
                freezes: &freezes,
                at: format!("{}.CREATE.HI1Object", self.numbers[action].1),
            };
            match asks::read(object, &around, facts) {
                Ok(task) => {
                    if asks::kind(object) == Some(AskKind::Freeze) {
                        freezes.push((object.id(), number(tasks.len())));
                    }
                    tasks.push((action, task));
                }
                Err(error) => refuse(steps, action, error),
            }
        }
        tasks
    }
}

fn take_facts(
    facts: &mut Facts,
    object: &Object,
    at: &str,
    context: &Context<'_>,
) -> Result<(), ActionError> {
    match object {
        Object::Authorisation(object) => {
            if !object.csp.is_empty() && !object.csp.iter().any(|it| context.ours.contains(it)) {
                let ours: Vec<String> = context.ours.iter().map(ToString::to_string).collect();
                let problem = format!("does not name this service, {}", ours.join(" or "));
                let at = format!("{at}.auth:AuthorisationCSPID");
                return Err(refusal(ErrorCode::NOT_FOR_US, at, problem));
            }
            facts.take_authorisation(object, at, Some(context.sender))
        }
        Object::Document(object) => facts.take_document(object, at),
        _ => Ok(()),
    }
}

/// The number of the ask after `count` others.
fn number(count: usize) -> AskNumber {
    AskNumber(u16::try_from(count + 1).expect("ASKS_MAX fits u16"))
}

fn assemble(
    group: &Group,
    steps: &[Pending],
    facts: Facts,
    tasks: Vec<(usize, asks::ReadTask)>,
) -> NewRequest {
    let object_of = |action: usize| match &steps[action] {
        Pending::Create(object) => Some(object.as_ref()),
        Pending::Done(_) => None,
    };
    let mut request = NewRequest {
        order: facts.order,
        rule_pack: facts.rule_pack,
        objects: Vec::new(),
        reference: facts.reference,
        legal_basis: facts.legal_basis.join("; "),
        contacts: facts.contacts,
        selectors: Vec::new(),
        files: Vec::new(),
        links: Vec::new(),
        notes: facts.notes,
    };
    if let Some(object) = group.authorisation.and_then(object_of) {
        request.objects.push((Part::Authorisation, object.clone()));
    }
    for (index, (action, task)) in tasks.into_iter().enumerate() {
        let ask = number(index);
        let demand = Ask { demand: task.demand, emergency: task.emergency };
        if let Some(object) = object_of(action) {
            request.objects.push((Part::Ask(ask, demand.kind()), object.clone()));
        }
        request.order.asks.push(demand);
        request.order.answer_by = request.order.answer_by.into_iter().chain(task.answer_by).min();
        request.selectors.extend(task.selectors.into_iter().map(|selector| (ask, selector)));
        let links = task.links.into_iter().map(|(request, preserved)| (ask, request, preserved));
        request.links.extend(links);
    }
    for object in group.documents.iter().filter_map(|action| object_of(*action)) {
        let mut object = object.clone();
        request.files.extend(take_file(&mut object));
        request.objects.push((Part::Document, object));
    }
    if !facts.names_instrument {
        request.order.instrument = likely_instrument(&request.order);
        let word = request.order.instrument.as_str();
        let note = format!("No COMITY/OrderFact/Instrument was given: taken as {word}");
        request.notes.push(note);
    }
    request
}

/// Takes the file out of a Document, so that it is kept once, as a file.
pub(super) fn take_file(object: &mut Object) -> Option<InstrumentFile> {
    let Object::Document(document) = object else { return None };
    let body = document.body.as_mut()?;
    Some(InstrumentFile {
        document: document.common.id,
        name: document.name.clone(),
        media_type: body
            .content_type
            .clone()
            .unwrap_or_else(|| "application/octet-stream".to_owned()),
        contents: body.contents.take()?,
    })
}

/// What sort of paper asks for just these things; said in a note, for people to correct.
fn likely_instrument(order: &Order) -> InstrumentKind {
    let all = |kind: AskKind| order.asks.iter().all(|ask| ask.kind() == kind);
    if order.asks.iter().any(|ask| ask.emergency == Some(EmergencyKind::Person))
        && order.format == desk::order::Format::Json
    {
        return InstrumentKind::EmergencyRequest;
    }
    if all(AskKind::Preserve) {
        InstrumentKind::PreservationLetter
    } else if all(AskKind::Freeze) {
        InstrumentKind::FreezeOrder
    } else if all(AskKind::Unfreeze) {
        InstrumentKind::ReleaseOrder
    } else if all(AskKind::NonDisclosure) {
        InstrumentKind::NonDisclosureOrder
    } else {
        InstrumentKind::ProductionOrder
    }
}

/// ETSI's flow: CREATE a Document and UPDATE the Authorisation that names it, in one message.
fn updated_with(
    document: ObjectId,
    steps: &[Pending],
    context: &Context<'_>,
) -> Option<super::Known> {
    steps.iter().find_map(|step| {
        let Pending::Done(StepTask::Act(act)) = step else { return None };
        let acts::Change::Correct { object, .. } = &act.change else { return None };
        let names_it = object.common().associated.contains(&document);
        names_it.then(|| context.known.get(&act.object).copied()).flatten()
    })
}

fn refuse(steps: &mut [Pending], action: usize, error: ActionError) {
    steps[action] = Pending::Done(StepTask::Refuse(error));
}

fn take(steps: &mut [Pending], action: usize) -> Option<Object> {
    match &mut steps[action] {
        Pending::Create(object) => Some(object.as_ref().clone()),
        Pending::Done(_) => None,
    }
}

fn belongs_nowhere(object: &Object, path: &str) -> ActionError {
    let at = format!("{path}.CREATE.HI1Object.AssociatedObjects");
    let problem = format!(
        "this {} names nothing of yours; name the Authorisation or task it belongs to",
        object.kind().as_str()
    );
    refusal(ErrorCode::NO_SUCH_OBJECT, at, problem)
}
