//! One HI-1 message: what it means is `hi1`'s to say, what becomes of it the desk's.

mod show;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use anyhow::Context as _;
use desk::ids::{AskNumber, KeyId, RequestId};
use desk::order::{Authentication, IssuerType, Service};
use desk::policy::Actor;
use desk::request::{Command, Event, Stage};
use jiff::{SignedDuration, Timestamp};
use store::SeenTransaction;

pub use show::{delivery_known, delivery_message, delivery_object_id};

use super::InFile;
use crate::app::case::Case;
use crate::app::{Act, Node};
use crate::directory::Agency;
use crate::error::Error;
use crate::hi1::translate::{
    AgencyAct, Change, Context, Known, NewRequest, Part, Plan, Sender, Step, StepTask,
};
use crate::hi1::value::{CountryCode, EndpointId, ObjectId};
use crate::hi1::{
    self, ActionAnswer, Answer, Defect, ErrorCode, ErrorInformation, Fault, Header, Inbound,
    Payload,
};
use crate::payload::{Received, Said, SelectorValue};
use crate::security::{self, Kind, NOWHERE};

/// A message's own time may differ from ours by this much.
const TIME_WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// An object as it was sent, kept in the request's payload.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct KeptObject {
    part: String,
    json: serde_json::Value,
}

/// Answers one HI-1 message, sent from an address. The answer is always an HI-1 message as well.
///
/// # Errors
/// [`Error::Hidden`] for whoever is no agency; everything else is told inside the answer.
pub async fn receive(
    node: &Node,
    actor: &Actor,
    raw: &[u8],
    from: Option<IpAddr>,
) -> Result<Vec<u8>, Error> {
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
        let place = "POST /hi1";
        let source = from.map_or_else(|| NOWHERE.to_owned(), security::network);
        node.notice(Kind::SignatureFailed, Some(actor.id), &source, place);
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
    let answers = carry_out(node, (actor, from), agency, &header, plan).await?;
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
    (actor, from): (&Actor, Option<IpAddr>),
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
        let outcome = file(node, (actor, from), agency, request, first.clone()).await;
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
                match perform(node, (actor, from), act, first.clone()).await {
                    Ok(()) => {
                        first = None;
                        Answer::Updated(object, None)
                    }
                    Err(error) => Answer::Refused(information(&error)),
                }
            }
            StepTask::Get(object, known) => match show::show(node, actor, object, known).await {
                Ok(object) => Answer::Got(object),
                Err(error) => Answer::Refused(information(&error)),
            },
            StepTask::List(filter) => show::list(node, actor, agency, &filter).await?,
            StepTask::GetCspConfig => Answer::Config(show::configuration(node)),
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
    (actor, from): (&Actor, Option<IpAddr>),
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
    let act = Act { seen, regime: Some(new.rule_pack), ..act };
    node.act(actor, act.from_address(from)).await?;
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
    (actor, from): (&Actor, Option<IpAddr>),
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
            commands.push((acknowledgement(node.case(id).await?.as_ref(), delivery)?, None));
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
        let mut act = Act::new(id, command).from_address(from);
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

/// Which of the identifiers are this agency's, and which somebody else's.
async fn look_up(
    node: &Node,
    agency: &Agency,
    ids: &HashSet<ObjectId>,
) -> Result<(HashMap<ObjectId, Known>, HashSet<ObjectId>), Error> {
    let mut known = HashMap::new();
    let ids: HashMap<String, ObjectId> = ids.iter().map(|id| (object_key(*id), *id)).collect();
    let keys: Vec<String> = ids.keys().cloned().collect();
    for (stream, seen) in node.store.reader().transactions(agency.id.0, &keys).await? {
        let Some(id) = ids.get(&seen.transaction) else { continue };
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
            desk::request::Cause::TooLong => ErrorCode::LIMIT,
            _ => ErrorCode::WRONG_STATE,
        },
        Error::Input { .. } => ErrorCode::WRONG_VALUE,
        Error::TooLarge { .. } | Error::TooOften { .. } => ErrorCode::LIMIT,
        Error::Busy | Error::Unavailable(_) => ErrorCode::UNAVAILABLE,
        Error::Internal(inner) => {
            tracing::error!("An HI-1 action failed: {inner:#}");
            let words = "a fault of this service; it is in its log";
            return ErrorInformation::new(ErrorCode::UNAVAILABLE, words);
        }
    };
    ErrorInformation::new(code, error.to_string())
}
