//! One HI-1 message: what it means is `hi1`'s to say, what becomes of it the desk's.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use desk::ids::{AgencyId, AskNumber, KeyId, RequestId};
use desk::order::{Authentication, IssuerType, SelectorKind, Service};
use desk::policy::{Action, Actor};
use desk::request::{Command, Event, Stage};
use jiff::{SignedDuration, Timestamp};
use store::{SeenTransaction, ViewQuery};
use uuid::Uuid;

use super::InFile;
use crate::app::case::Case;
use crate::app::{Act, Node};
use crate::directory::Agency;
use crate::error::Error;
use crate::hi1::object::{DeliveryContent, FileFacts, Object};
use crate::hi1::status::{self, DeliveryFacts, View};
use crate::hi1::translate::{
    AgencyAct, Change, Context, Known, NewRequest, Part, Plan, Sender, Step, StepTask,
};
use crate::hi1::value::{CountryCode, EndpointId, ObjectId};
use crate::hi1::{
    self, ActionAnswer, Answer, Defect, ErrorCode, ErrorInformation, Fault, Header, Inbound,
    Payload,
};
use crate::payload::{Received, Said, SelectorValue};

/// A message's own time may differ from ours by this much.
const TIME_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Requests that one LIST looks through, newest first.
const LIST_REQUESTS_MAX: usize = 500;
/// A package up to this size travels inside the message; a larger one is fetched.
const INLINE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// An object as it was sent, kept in the request's payload.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct KeptObject {
    part: String,
    json: serde_json::Value,
}

/// Answers one HI-1 message. The answer is always an HI-1 message as well.
///
/// # Errors
/// [`Error::Hidden`] for whoever is no agency; everything else is told inside the answer.
pub async fn receive(node: &Node, actor: &Actor, raw: &[u8]) -> Result<Vec<u8>, Error> {
    let directory = node.directory();
    let agency = actor.agency.and_then(|id| directory.agency(id)).ok_or(Error::Hidden)?;
    let us = endpoint_of(node)?;
    let now = node.now();
    let inbound = match hi1::parse(raw) {
        Ok(inbound) => inbound,
        Err(error) => return Ok(hi1::write_refusal(&error, &us, now)),
    };
    let Inbound { header, payload, claim } = inbound;
    if let Err(defect) = check_header(node, &header, agency, &us, now).await? {
        return Ok(hi1::write_refusal(&defect.of(&header), &us, now));
    }
    if let Err(error) = hi1::signature::verify(&claim, &agency.signing_keys()) {
        let defect = Defect::BadSignature(error);
        return Ok(hi1::write_refusal(&defect.of(&header), &us, now));
    }
    let Payload::Requests(actions) = payload else {
        let problem = "this is an answer; send a RequestPayload".to_owned();
        let defect = Defect::Misshapen(Fault { path: "$.Payload".to_owned(), problem });
        return Ok(hi1::write_refusal(&defect.of(&header), &us, now));
    };
    let (known, taken) = look_up(node, agency, &hi1::translate::mentioned(&actions)).await?;
    let sender = sender_of(agency)?;
    let ours = [us];
    let context = Context {
        sender: &sender,
        ours: &ours,
        known: &known,
        taken: &taken,
        sent_at: header.timestamp,
    };
    let plan = hi1::translate::plan(actions, &context);
    let answers = carry_out(node, actor, agency, &header, plan).await?;
    Ok(hi1::write_answers(&header, node.now(), &answers))
}

/// Everything of a message's head that can be wrong, in the order in which it is told.
async fn check_header(
    node: &Node,
    header: &Header,
    agency: &Agency,
    us: &EndpointId,
    now: Timestamp,
) -> Result<Result<(), Defect>, Error> {
    let own_sender = header.sender.country.as_str() == agency.country
        && header.sender.identifier == agency.hi1_identifier;
    if !own_sender {
        return Ok(Err(Defect::WrongCertificate(header.sender.to_string())));
    }
    if let Err(defect) = header.check_receiver(std::slice::from_ref(us)) {
        return Ok(Err(defect));
    }
    if let Err(defect) = header.check_time(now, TIME_WINDOW) {
        return Ok(Err(defect));
    }
    let transaction = header.transaction.to_string();
    let seen = node.store.reader().transaction(agency.id.0, &transaction).await?;
    if seen.is_some() {
        return Ok(Err(Defect::RepeatedTransaction(header.transaction)));
    }
    Ok(Ok(()))
}

/// Carries out a plan. The transaction identifier is stored with the first act, so that a message
/// that changed something is never taken twice.
async fn carry_out(
    node: &Node,
    actor: &Actor,
    agency: &Agency,
    header: &Header,
    plan: Plan,
) -> Result<Vec<ActionAnswer>, Error> {
    let mut first = Some(SeenTransaction {
        agency: agency.id.0,
        transaction: header.transaction.to_string(),
        reference: "message".to_owned(),
    });
    let mut filed: Vec<Result<(), ErrorInformation>> = Vec::with_capacity(plan.requests.len());
    for request in plan.requests {
        let outcome = file(node, actor, agency, request, first.clone()).await;
        if outcome.is_ok() {
            first = None;
        }
        filed.push(outcome.map_err(|error| information(&error)));
    }
    let mut answers = Vec::with_capacity(plan.steps.len());
    for Step { number, task } in plan.steps {
        let answer = match task {
            StepTask::Refuse(error) => Answer::Refused(error.information()),
            StepTask::File { request, object } => match &filed[request] {
                Ok(()) => Answer::Created(object, None),
                Err(information) => Answer::Refused(information.clone()),
            },
            StepTask::Act(act) => {
                let object = act.object;
                match perform(node, actor, act, first.clone()).await {
                    Ok(()) => {
                        first = None;
                        Answer::Updated(object, None)
                    }
                    Err(error) => Answer::Refused(information(&error)),
                }
            }
            StepTask::Get(object, known) => match show(node, actor, object, known).await {
                Ok(object) => Answer::Got(object),
                Err(error) => Answer::Refused(information(&error)),
            },
            StepTask::List(filter) => list(node, actor, agency, &filter).await?,
            StepTask::GetCspConfig => Answer::Config(configuration(node)),
        };
        answers.push(ActionAnswer { number, answer });
    }
    if let Some(seen) = first {
        node.note_seen(seen).await?;
    }
    Ok(answers)
}

/// Files one new request.
async fn file(
    node: &Node,
    actor: &Actor,
    agency: &Agency,
    new: NewRequest,
    transaction: Option<SeenTransaction>,
) -> Result<(), Error> {
    let request = RequestId(crate::time_ordered_id(node.now())?);
    let mut seen: Vec<SeenTransaction> = transaction.into_iter().collect();
    let mut objects = Vec::with_capacity(new.objects.len());
    for (part, object) in &new.objects {
        let word = part_word(part);
        seen.push(SeenTransaction {
            agency: agency.id.0,
            transaction: object_key(object.id()),
            reference: format!("{request} {word}"),
        });
        let json = serde_json::from_str(&object.to_json()).context("an object is JSON")?;
        objects.push(KeptObject { part: word, json });
    }
    let received = Received {
        reference: new.reference,
        legal_basis: new.legal_basis,
        contacts: new.contacts,
        selectors: new
            .selectors
            .iter()
            .map(|(ask, selector)| SelectorValue {
                ask: ask.0,
                kind: selector.kind().as_str().to_owned(),
                value: selector.value().to_owned(),
            })
            .collect(),
        notes: new.notes,
        hi1: Some(serde_json::to_value(&objects).context("objects are JSON")?),
        ..Received::default()
    };
    let files = new
        .files
        .into_iter()
        .map(|file| InFile { name: file.name, media_type: file.media_type, bytes: file.contents })
        .collect();
    let key = match actor.id {
        desk::ids::ActorId::Key(key) => Some(key),
        _ => None::<KeyId>,
    };
    let act = node.receive_act(request, new.order, agency.id, key, received, files).await?;
    node.act(actor, Act { seen, regime: Some(new.rule_pack), ..act }).await?;
    for (_, earlier, ask) in new.links {
        let digest = node.folded(request).await?.request.instrument_sha256;
        let link = Act::new(earlier, Command::Link { ask, order_sha256: digest });
        if let Err(error) = node.act(actor, link).await {
            tracing::info!("Request `{earlier}` was not linked by the agency: {error}");
        }
    }
    Ok(())
}

/// An agency's act upon a request it sent earlier.
async fn perform(
    node: &Node,
    actor: &Actor,
    act: AgencyAct,
    transaction: Option<SeenTransaction>,
) -> Result<(), Error> {
    let id = act.request;
    let folded = node.folded(id).await?;
    let mut commands: Vec<(Command, Option<String>)> = Vec::new();
    match act.change {
        Change::Withdraw(Some(ask)) => commands.push((Command::Withdraw { ask }, None)),
        Change::Withdraw(None) => {
            let open =
                folded.request.asks.iter().filter(|ask| !ask.stage_at(node.now()).is_final());
            commands.extend(open.map(|ask| (Command::Withdraw { ask: ask.number }, None)));
        }
        Change::Extend { ask, wished_until } => {
            let text = format!("wished until {wished_until}");
            commands.push((Command::Extend { ask }, Some(text)));
        }
        // An authority ends its own measure by taking it back; `Release` is the company's word.
        Change::Release(ask) => commands.push((Command::Withdraw { ask }, None)),
        Change::Acknowledge { delivery } => {
            commands.push((acknowledgement(&node.case(id).await?, delivery)?, None));
        }
        Change::Correct { ask, object } => {
            let order = folded.request.order.as_ref().ok_or(Error::Hidden)?;
            let corrected = hi1::translate::corrected(order, std::slice::from_ref(&object))
                .map_err(|error| Error::input(error.fault.path, error.fault.problem, ""))?;
            let waiting = folded.request.asks.iter().filter(|state| {
                matches!(state.stage, Stage::NeedsInformation { .. })
                    && ask.is_none_or(|wanted| state.number == wanted)
            });
            for state in waiting {
                let order = Some(Box::new(corrected.clone()));
                commands.push((
                    Command::ProvideInformation { ask: state.number, order },
                    Some(object.to_json()),
                ));
            }
            if commands.is_empty() {
                commands.push((Command::PostMessage { ask }, Some(object.to_json())));
            }
        }
        Change::Message { ask, text, .. } => {
            commands.push((Command::PostMessage { ask }, Some(text)));
        }
    }
    let mut seen: Vec<SeenTransaction> = transaction.into_iter().collect();
    for (command, text) in commands {
        // What is said with a correction is a message; the order's own payload stays as it is.
        let mut act = Act::new(id, command);
        if let Some(text) = text {
            act = act.with(&Said { text })?;
        }
        act.seen = std::mem::take(&mut seen);
        node.act(actor, act).await?;
    }
    Ok(())
}

fn acknowledgement(case: &Case, delivery: ObjectId) -> Result<Command, Error> {
    let found = (1u16..).zip(&case.delivered).find_map(|(number, (_, event, _))| {
        let id = delivery_object_id(case.id, number);
        (id == delivery).then_some(event)
    });
    match found {
        Some(Event::Delivered { asks, package_sha256, .. }) => {
            Ok(Command::Acknowledge { asks: asks.clone(), package_sha256: *package_sha256 })
        }
        _ => Err(Error::Hidden),
    }
}

/// One object in its present state.
async fn show(node: &Node, actor: &Actor, object: ObjectId, known: Known) -> Result<Object, Error> {
    let action =
        if known.part == Part::Delivery { Action::ReadPackage } else { Action::ReadStatus };
    node.read_permit(actor, action, known.request).await?;
    let case = node.case(known.request).await?;
    if known.part == Part::Delivery {
        let numbered = (1u16..).zip(0..case.delivered.len());
        for (number, _) in numbered {
            if delivery_object_id(case.id, number) == object {
                return delivery_object(node, &case, number).await;
            }
        }
        return Err(Error::Hidden);
    }
    objects_of(node, &case)?.into_iter().find(|shown| shown.id() == object).ok_or(Error::Hidden)
}

/// The objects of a request as its agency sees them now.
fn objects_of(node: &Node, case: &Case) -> Result<Vec<Object>, Error> {
    let Some(kept) = case.received.as_ref().and_then(|received| received.hi1.clone()) else {
        return Ok(Vec::new());
    };
    let kept: Vec<KeptObject> = serde_json::from_value(kept).context("kept HI-1 objects")?;
    let last_changed = case.history.last().map_or_else(|| node.now(), |(at, _)| *at);
    let mut objects = Vec::with_capacity(kept.len());
    for entry in kept {
        let text = entry.json.to_string();
        let object = Object::parse(text.as_bytes())
            .map_err(|fault| Error::Internal(anyhow::anyhow!("kept HI-1 object: {fault}")))?;
        let part = read_part(case, &entry.part).context("kept HI-1 object without a part")?;
        let said = match &part {
            Part::Ask(ask, _) => case.said.get(&ask.0).map(String::as_str),
            _ => None,
        };
        let view = View {
            request: &case.request,
            now: node.now(),
            generation: generation(case),
            last_changed,
            said,
        };
        objects.push(status::show(object, part, &view));
    }
    Ok(objects)
}

/// The delivery of a package, its content on board when it is small.
async fn delivery_object(node: &Node, case: &Case, number: u16) -> Result<Object, Error> {
    let at = usize::from(number).checked_sub(1).ok_or(Error::Hidden)?;
    let (made_at, event, facts) = case.delivered.get(at).ok_or(Error::Hidden)?;
    let Event::Delivered { asks, encrypted_sha256, .. } = event else {
        return Err(Error::Hidden);
    };
    let ending = if facts.encryption == "age" { "age" } else { "p7m" };
    let file = FileFacts {
        content_type: Some(
            if facts.encryption == "age" {
                "application/octet-stream"
            } else {
                "application/pkcs7-mime"
            }
            .to_owned(),
        ),
        length: Some(facts.encrypted_bytes),
        sha256: Some(encrypted_sha256.to_string()),
        name: Some(format!("{}.zip.{ending}", facts.package)),
    };
    let content = if facts.encrypted_bytes <= INLINE_BYTES_MAX {
        let data = node.store.reader().blob(store::BlobDigest(encrypted_sha256.0)).await?;
        DeliveryContent::Inline { data, file }
    } else {
        let host = node.config.node.hosts.first().map_or("localhost", String::as_str);
        let url = format!("https://{host}/api/v1/requests/{}/packages/{number}", case.id);
        DeliveryContent::Url { url, expires: None, file }
    };
    let us = endpoint_of(node)?;
    let is_acknowledged = case
        .history
        .iter()
        .any(|(_, event)| matches!(event, Event::Acknowledged { asks: list, .. } if list == asks));
    let facts = DeliveryFacts {
        id: delivery_object_id(case.id, number),
        delivery: delivery_object_id(case.id, number).0,
        tasks: task_ids(case, asks)?,
        reference: None,
        owner: (us.country, us.identifier),
        made_at: *made_at,
        part: (1, true),
        content,
        encryption: format!("{} to the keys enrolled for the agency", facts.encryption),
        is_acknowledged,
    };
    Ok(Object::Delivery(Box::new(status::delivery(facts))))
}

/// The DELIVER message for a package, to be posted to the agency.
///
/// # Errors
/// When there is no such delivery.
pub async fn delivery_message(
    node: &Node,
    case: &Case,
    agency: &Agency,
    asks: &[AskNumber],
) -> Result<Vec<u8>, Error> {
    let number = (1u16..).zip(&case.delivered).find_map(|(number, (_, event, _))| match event {
        Event::Delivered { asks: list, .. } if list == asks => Some(number),
        _ => None,
    });
    let object = delivery_object(node, case, number.ok_or(Error::Hidden)?).await?;
    let task = task_ids(case, asks)?.first().copied().unwrap_or(ObjectId(case.id.0));
    let receiver = endpoint(&agency.country, &agency.hi1_identifier)?;
    let transaction = crate::random_id()?;
    let header = hi1::compose::header(&endpoint_of(node)?, &receiver, transaction, node.now());
    Ok(hi1::write_requests(&header, &[hi1::Act::Deliver { task, object }]))
}

/// Makes a delivery known to its agency by identifier, with the act that delivers it.
#[must_use]
pub fn delivery_known(agency: AgencyId, request: RequestId, number: u16) -> SeenTransaction {
    SeenTransaction {
        agency: agency.0,
        transaction: object_key(delivery_object_id(request, number)),
        reference: format!("{request} {}", part_word(&Part::Delivery)),
    }
}

/// The identifier of a delivery: the same whenever it is asked for.
#[must_use]
pub fn delivery_object_id(request: RequestId, number: u16) -> ObjectId {
    let mut text = b"comity delivery v1\0".to_vec();
    text.extend_from_slice(request.0.as_bytes());
    text.extend_from_slice(&number.to_be_bytes());
    let digest = store::BlobDigest::of(&text).0;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    ObjectId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

async fn list(
    node: &Node,
    actor: &Actor,
    agency: &Agency,
    filter: &hi1::ListFilter,
) -> Result<Answer, Error> {
    let facts = desk::policy::Facts { agency: Some(agency.id), ..Default::default() };
    if desk::policy::permit_read(actor, Action::ListRequests, &facts).is_none() {
        return Ok(Answer::Listed(Vec::new()));
    }
    let query = ViewQuery {
        agency: Some(agency.id.0),
        rows_max: LIST_REQUESTS_MAX,
        ..ViewQuery::default()
    };
    let count_max = usize::try_from(filter.count_max.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let mut records = Vec::new();
    for row in node.store.reader().views(&query).await? {
        let case = node.case(RequestId(row.stream)).await?;
        let mut objects = objects_of(node, &case)?;
        for number in (1u16..).take(case.delivered.len()) {
            objects.push(delivery_object(node, &case, number).await?);
        }
        let wanted = objects.iter().filter(|object| status::is_listed(filter, object));
        records.extend(wanted.map(status::list_record));
        if records.len() >= count_max {
            records.truncate(count_max);
            break;
        }
    }
    Ok(Answer::Listed(records))
}

fn configuration(node: &Node) -> serde_json::Value {
    let host = node.config.node.hosts.first().map_or("localhost", String::as_str);
    let packs = desk::pack::embedded_all();
    hi1::config::configuration(&hi1::config::Deployment {
        last_changed: node.now(),
        rule_packs: packs.iter().map(|p| (p.reference.id.clone(), p.title.clone())).collect(),
        selectors: SelectorKind::ALL.to_vec(),
        url: format!("https://{host}/hi1"),
    })
}

/// Which of the identifiers are this agency's, and which somebody else's.
async fn look_up(
    node: &Node,
    agency: &Agency,
    ids: &HashSet<ObjectId>,
) -> Result<(HashMap<ObjectId, Known>, HashSet<ObjectId>), Error> {
    let mut known = HashMap::new();
    for id in ids {
        let found = node.store.reader().transaction(agency.id.0, &object_key(*id)).await?;
        let Some((stream, seen)) = found else { continue };
        let request = RequestId(stream);
        let case_part = seen.reference.rsplit(' ').next().unwrap_or_default();
        let folded = node.folded(request).await?;
        if let Some(part) = read_part_of(&folded.request, case_part) {
            known.insert(*id, Known { request, part, generation: folded.seq });
        }
    }
    Ok((known, HashSet::new()))
}

fn object_key(id: ObjectId) -> String {
    format!("object {id}")
}

fn part_word(part: &Part) -> String {
    match part {
        Part::Authorisation => "authorisation".to_owned(),
        Part::Ask(number, _) => format!("ask:{number}"),
        Part::Document => "document".to_owned(),
        Part::Notification => "notification".to_owned(),
        Part::Delivery => "delivery".to_owned(),
    }
}

fn read_part(case: &Case, word: &str) -> Option<Part> {
    read_part_of(&case.request, word)
}

fn read_part_of(request: &desk::request::Request, word: &str) -> Option<Part> {
    Some(match word {
        "authorisation" => Part::Authorisation,
        "document" => Part::Document,
        "notification" => Part::Notification,
        "delivery" => Part::Delivery,
        other => {
            let number = AskNumber(other.strip_prefix("ask:")?.parse().ok()?);
            Part::Ask(number, request.ask(number)?.kind())
        }
    })
}

/// An object's version is the number of events of its request: every act makes a new one.
fn generation(case: &Case) -> u64 {
    case.seq
}

fn task_ids(case: &Case, asks: &[AskNumber]) -> Result<Vec<ObjectId>, Error> {
    let Some(kept) = case.received.as_ref().and_then(|received| received.hi1.clone()) else {
        return Ok(Vec::new());
    };
    let kept: Vec<KeptObject> = serde_json::from_value(kept).context("kept HI-1 objects")?;
    let ids = kept.iter().filter_map(|entry| {
        let ask = entry.part.strip_prefix("ask:")?.parse().ok().map(AskNumber)?;
        let id: Uuid = entry.json.get("ObjectIdentifier")?.as_str()?.parse().ok()?;
        asks.contains(&ask).then_some(ObjectId(id))
    });
    Ok(ids.collect())
}

fn sender_of(agency: &Agency) -> Result<Sender, Error> {
    let country =
        CountryCode::new(&agency.country).context("an agency's country is two letters")?;
    let packs = desk::pack::embedded_all();
    Ok(Sender {
        country,
        rule_pack: agency.regime.clone(),
        rule_packs: packs.iter().map(|pack| pack.reference.id.clone()).collect(),
        issuer: IssuerType::Police,
        zone: None,
        service: Service::Exchange,
        authentication: Authentication::ByChannel,
    })
}

fn endpoint_of(node: &Node) -> Result<EndpointId, Error> {
    endpoint(&node.config.company.country, &node.config.company.hi1_identifier)
}

fn endpoint(country: &str, identifier: &str) -> Result<EndpointId, Error> {
    let country = CountryCode::new(country).context("a country is two capital letters")?;
    Ok(EndpointId { country, identifier: identifier.to_owned() })
}

/// What went wrong, in HI-1's words.
fn information(error: &Error) -> ErrorInformation {
    let code = match error {
        Error::Hidden => ErrorCode::NO_SUCH_OBJECT,
        Error::Refused(refusal) => match refusal.cause {
            desk::request::Cause::NotAccepted(_) => ErrorCode::REFUSED_BY_LAW,
            desk::request::Cause::Missing => ErrorCode::NO_SUCH_OBJECT,
            desk::request::Cause::Invalid => ErrorCode::WRONG_VALUE,
            _ => ErrorCode::WRONG_STATE,
        },
        Error::Input { .. } => ErrorCode::WRONG_VALUE,
        Error::TooLarge { .. } => ErrorCode::LIMIT,
        Error::Busy | Error::Unavailable(_) => ErrorCode::UNAVAILABLE,
        Error::Internal(inner) => {
            tracing::error!("An HI-1 action failed: {inner:#}");
            let words = "a fault of this service; it is in its log";
            return ErrorInformation::new(ErrorCode::UNAVAILABLE, words);
        }
    };
    ErrorInformation::new(code, error.to_string())
}
