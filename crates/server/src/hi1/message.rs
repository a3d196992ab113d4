//! HI-1 messages: header, requests, answers. Knows the Core schema; knows no desk and no sender.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::error::{ActionError, Defect, ErrorCode, ErrorInformation, Fault, MessageError};
use super::json::{At, Fields, Node, integer, shown, text};
use super::limits::{ACTIONS_MAX, LIST_RECORDS_MAX};
use super::object::{Object, ReadObject, object};
use super::signature::{Claim, claim};
use super::value::{
    EndpointId, Members, ObjectId, Timespan, Word, country, endpoint, error_information, long,
    microseconds, object_id, seconds, short, time, time_microseconds, timespan, uuid, word,
    write_id,
};

/// A message as received: read, but neither authenticated nor answered.
#[derive(Debug)]
pub struct Inbound {
    /// Who, to whom, when, which version.
    pub header: Header,
    /// What it asks or answers.
    pub payload: Payload,
    /// The signatures it carries, not yet checked: give it to [`super::signature::verify`].
    pub claim: Claim,
}

/// Reads one message.
///
/// An action that cannot be served does not fail the message: it is an [`Action`] whose `act` is
/// an error, and the others proceed.
///
/// # Errors
/// [`MessageError`] when there is no message to answer action by action.
pub fn parse(raw: &[u8]) -> Result<Inbound, MessageError> {
    let node = super::json::read(raw).map_err(|defect| MessageError { header: None, defect })?;
    let mut header = None;
    read_message(raw, &node, &mut header)
        .map_err(|defect| MessageError { header: header.map(Box::new), defect })
}

fn read_message(
    raw: &[u8],
    node: &Node<'_>,
    read_header: &mut Option<Header>,
) -> Result<Inbound, Defect> {
    let at = At::Root;
    let fields = Fields::open_any(node, &at)?;
    for name in fields.names() {
        let known = matches!(name, "Header" | "Payload" | "Signature" | "Signatures");
        if !known && !name.starts_with('@') {
            let known = "known: Header, Payload, Signature, Signatures, names with @";
            let problem = format!("is not known here; remove it ({known})");
            return Err(At::Member(&at, &shown(name)).fault(problem).into());
        }
    }
    let header = fields.required("Header", header)?;
    *read_header = Some(header.clone());
    let at_version = "$.Header.Version.ETSIVersion";
    if !header.version.is_served() {
        return Err(Defect::VersionNotServed(Fault {
            path: at_version.into(),
            problem: format!("{} is not served; send V1.13.1 to V1.23.1", header.version.etsi),
        }));
    }
    let claim = claim(raw, &fields)?;
    let payload = fields.required("Payload", payload)?;
    Ok(Inbound { header, payload, claim })
}

impl From<Fault> for Defect {
    fn from(fault: Fault) -> Self {
        Defect::Misshapen(fault)
    }
}

/// The header of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Who sends.
    pub sender: EndpointId,
    /// Who is meant to receive.
    pub receiver: EndpointId,
    /// Names the message and its answer; used once.
    pub transaction: Uuid,
    /// The sender's clock.
    pub timestamp: Timestamp,
    /// Version of the standard and of the national profile.
    pub version: Version,
    /// A workflow of the agency.
    pub workflow: Option<String>,
}

impl Header {
    /// Refuses a message for somebody else.
    ///
    /// # Errors
    /// [`Defect::NotForUs`] naming the receivers we are.
    pub fn check_receiver(&self, ours: &[EndpointId]) -> Result<(), Defect> {
        if ours.contains(&self.receiver) {
            return Ok(());
        }
        let names: Vec<String> = ours.iter().map(EndpointId::to_string).collect();
        let problem =
            format!("{} is not served here; this service is {}", self.receiver, names.join(" or "));
        Err(Defect::NotForUs(Fault { path: "$.Header.ReceiverIdentifier".into(), problem }))
    }

    /// Refuses a message that is too old or from the future.
    ///
    /// # Errors
    /// [`Defect::Stale`] naming both times.
    pub fn check_time(&self, now: Timestamp, window: SignedDuration) -> Result<(), Defect> {
        let distance = self.timestamp.duration_since(now);
        if distance.abs() <= window {
            return Ok(());
        }
        let side = if distance.is_negative() { "before" } else { "after" };
        let problem = format!(
            "{} is {} seconds {side} this service's clock ({now}); the limit is {}, set the clock \
             or send the message anew",
            self.timestamp,
            distance.abs().as_secs(),
            window.as_secs()
        );
        Err(Defect::Stale(Fault { path: "$.Header.Timestamp".into(), problem }))
    }
}

/// Versions named in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Version of TS 103 120.
    pub etsi: EtsiVersion,
    /// Who owns the national profile.
    pub profile_owner: String,
    /// Its version.
    pub profile_version: String,
}

impl Version {
    /// V1.13.x to V1.23.x are served.
    fn is_served(&self) -> bool {
        self.etsi.major == 1 && (13..=23).contains(&self.etsi.minor)
    }
}

/// A version of TS 103 120, as V1.23.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EtsiVersion {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub editorial: u16,
}

impl EtsiVersion {
    /// The version we write when we begin a conversation.
    pub const OURS: Self = Self { major: 1, minor: 23, editorial: 1 };
}

impl fmt::Display for EtsiVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "V{}.{}.{}", self.major, self.minor, self.editorial)
    }
}

/// What a message carries.
#[derive(Debug, PartialEq, Eq)]
pub enum Payload {
    /// Requests, in the order sent.
    Requests(Vec<Action>),
    /// Answers, in the order sent.
    Answers(Vec<ActionAnswer>),
    /// The whole message was refused.
    Refused(ErrorInformation),
}

/// The number of an action in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionNumber(pub u64);

/// One requested action.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its number.
    pub number: ActionNumber,
    /// Its place in the message, for errors found later.
    pub path: String,
    /// What is asked, or why it is not served.
    pub act: Result<Act, ActionError>,
}

/// What an action asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Create this object.
    Create(Object),
    /// Change this object; members absent stay as they are.
    Update(Object),
    /// Read one object.
    Get(ObjectId),
    /// List objects.
    List(ListFilter),
    /// Take this delivery.
    Deliver {
        /// The task it answers.
        task: ObjectId,
        /// The delivery.
        object: Object,
    },
    /// Read what this service supports.
    GetCspConfig,
}

/// Which objects a LIST wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only this kind.
    pub kind: Option<Word>,
    /// Only changed since.
    pub changed_since: Option<Timestamp>,
    /// Only changed in this span.
    pub changed_within: Option<Timespan>,
    /// At most so many.
    pub count_max: Option<u64>,
    /// Only in this state.
    pub status: Option<Word>,
    /// Only of this country.
    pub country: Option<super::value::CountryCode>,
}

/// The answer to one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionAnswer {
    /// The action's number.
    pub number: ActionNumber,
    /// What became of it.
    pub answer: Answer,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Created; with the object if its state says something already.
    Created(ObjectId, Option<Object>),
    /// Changed.
    Updated(ObjectId, Option<Object>),
    /// Read.
    Got(Object),
    /// Listed.
    Listed(Vec<ListRecord>),
    /// Taken.
    Delivered(ObjectId),
    /// What the service supports: the members of `GETCSPCONFIGResponse`.
    Config(Value),
    /// Refused.
    Refused(ErrorInformation),
}

/// One line of an answer to LIST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRecord {
    /// Kind of object.
    pub kind: Word,
    /// Which object.
    pub object: ObjectId,
    /// Country of its owner.
    pub country: Option<super::value::CountryCode>,
    /// Its owner.
    pub owner: Option<String>,
    /// Its version.
    pub generation: u64,
    /// When it last changed.
    pub last_changed: Option<Timestamp>,
}

// Reading.

fn header(node: &Node<'_>, at: &At<'_>) -> Result<Header, Fault> {
    let known = [
        "SenderIdentifier",
        "ReceiverIdentifier",
        "TransactionIdentifier",
        "Timestamp",
        "Version",
        "WorkflowIdentifier",
    ];
    let fields = Fields::open(node, at, &known)?;
    Ok(Header {
        sender: fields.required("SenderIdentifier", endpoint)?,
        receiver: fields.required("ReceiverIdentifier", endpoint)?,
        transaction: fields.required("TransactionIdentifier", uuid)?,
        timestamp: fields.required("Timestamp", time_microseconds)?,
        version: fields.required("Version", |node, at| {
            let known = ["ETSIVersion", "NationalProfileOwner", "NationalProfileVersion"];
            let fields = Fields::open(node, at, &known)?;
            Ok(Version {
                etsi: fields.required("ETSIVersion", etsi_version)?,
                profile_owner: fields.required("NationalProfileOwner", short)?,
                profile_version: fields.required("NationalProfileVersion", short)?,
            })
        })?,
        workflow: fields.optional("WorkflowIdentifier", long)?,
    })
}

fn etsi_version(node: &Node<'_>, at: &At<'_>) -> Result<EtsiVersion, Fault> {
    let text = text(node, at)?;
    let numbers = text.strip_prefix('V').map(|rest| {
        let digits = |part: &str| {
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        rest.split('.').map(digits).collect::<Vec<Option<u16>>>()
    });
    match numbers.as_deref() {
        Some(&[Some(major), Some(minor), Some(editorial)]) => {
            Ok(EtsiVersion { major, minor, editorial })
        }
        _ => Err(at.fault(format!("{:?} is not a version; give one like V1.23.1", shown(text)))),
    }
}

fn payload(node: &Node<'_>, at: &At<'_>) -> Result<Payload, Fault> {
    let fields = Fields::open(node, at, &["RequestPayload", "ResponsePayload"])?;
    match (fields.get("RequestPayload"), fields.get("ResponsePayload")) {
        (Some(node), None) => requests(node, &At::Member(at, "RequestPayload")),
        (None, Some(node)) => answers(node, &At::Member(at, "ResponsePayload")),
        _ => Err(at.fault("must have one of RequestPayload and ResponsePayload")),
    }
}

fn requests(node: &Node<'_>, at: &At<'_>) -> Result<Payload, Fault> {
    let actions = Fields::open(node, at, &["ActionRequests"])?
        .required("ActionRequests", |node, at| actions(node, at, "ActionRequest", action))?;
    for (index, action) in actions.iter().enumerate() {
        // Answers are matched by number: two actions of one number could not be told apart.
        if actions[..index].iter().any(|earlier| earlier.number == action.number) {
            let problem = format!("{} is used twice; number the actions", action.number.0);
            return Err(Fault { path: format!("{}.ActionIdentifier", action.path), problem });
        }
    }
    Ok(Payload::Requests(actions))
}

fn answers(node: &Node<'_>, at: &At<'_>) -> Result<Payload, Fault> {
    let fields = Fields::open(node, at, &["ActionResponses", "ErrorInformation"])?;
    match fields.optional("ErrorInformation", error_information)? {
        Some(information) => Ok(Payload::Refused(information)),
        None => fields
            .required("ActionResponses", |node, at| actions(node, at, "ActionResponse", answer))
            .map(Payload::Answers),
    }
}

fn actions<T>(
    node: &Node<'_>,
    at: &At<'_>,
    name: &str,
    read: fn(&Node<'_>, &At<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let actions = Fields::open(node, at, &[name])?.list(name, ACTIONS_MAX, read)?;
    if actions.is_empty() {
        return Err(at.fault(format!("has no {name}; add at least one")));
    }
    Ok(actions)
}

/// Only the number of an action is the message's concern; what is wrong in it is the action's.
fn action(node: &Node<'_>, at: &At<'_>) -> Result<Action, Fault> {
    let fields = Fields::open_any(node, at)?;
    let number = ActionNumber(fields.required("ActionIdentifier", integer)?);
    Ok(Action { number, path: at.to_string(), act: act(&fields) })
}

impl From<Fault> for ActionError {
    fn from(fault: Fault) -> Self {
        ActionError::new(ErrorCode::MISSHAPEN, fault)
    }
}

fn act(fields: &Fields<'_, '_, '_>) -> Result<Act, ActionError> {
    const VERBS: &str = "one of CREATE, GET, UPDATE, LIST, DELIVER, GETCSPCONFIG";
    let at = fields.at();
    let verbs: Vec<&str> = fields.names().filter(|name| *name != "ActionIdentifier").collect();
    let &[verb] = verbs.as_slice() else {
        return Err(at.fault(format!("must have {VERBS} beside its ActionIdentifier")).into());
    };
    let at = At::Member(at, verb);
    let node = fields.get(verb).ok_or_else(|| at.fault("is missing"))?;
    match verb {
        "CREATE" => Ok(Act::Create(wrapped_object(node, &at, &[])?)),
        "UPDATE" => Ok(Act::Update(wrapped_object(node, &at, &[])?)),
        "DELIVER" => {
            let task = Fields::open_any(node, &at)?.required("Identifier", object_id)?;
            Ok(Act::Deliver { task, object: wrapped_object(node, &at, &["Identifier"])? })
        }
        "GET" => {
            let fields = Fields::open(node, &at, &["Identifier"])?;
            Ok(Act::Get(fields.required("Identifier", object_id)?))
        }
        "LIST" => Ok(Act::List(list_filter(node, &at)?)),
        "GETCSPCONFIG" => {
            Fields::open(node, &at, &[])?;
            Ok(Act::GetCspConfig)
        }
        _ => {
            let at = At::Member(fields.at(), &shown(verb)).to_string();
            let fault = Fault { path: at, problem: format!("is not an action; give {VERBS}") };
            Err(ActionError::new(ErrorCode::NOT_SERVED, fault))
        }
    }
}

fn wrapped_object(node: &Node<'_>, at: &At<'_>, beside: &[&str]) -> Result<Object, ActionError> {
    let fields = Fields::open(node, at, &[&["HI1Object"], beside].concat())?;
    match fields.required("HI1Object", object)? {
        ReadObject::Served(object) => Ok(object),
        ReadObject::NotServed(fault) => Err(ActionError::new(ErrorCode::NOT_SERVED, fault)),
    }
}

fn list_filter(node: &Node<'_>, at: &At<'_>) -> Result<ListFilter, Fault> {
    let known = [
        "ObjectType",
        "LastChanged",
        "LastChangedTimespan",
        "MaximumObjectCount",
        "Status",
        "CountryCode",
    ];
    let fields = Fields::open(node, at, &known)?;
    Ok(ListFilter {
        kind: fields.optional("ObjectType", word)?,
        changed_since: fields.optional("LastChanged", time)?,
        changed_within: fields.optional("LastChangedTimespan", |node, at| {
            timespan(node, at, ("common:StartTime", "common:EndTime"))
        })?,
        count_max: fields.optional("MaximumObjectCount", |node, at| match integer(node, at)? {
            0 => Err(at.fault("is 0; give at least 1")),
            count => Ok(count),
        })?,
        status: fields.optional("Status", word)?,
        country: fields.optional("CountryCode", country)?,
    })
}

fn answer(node: &Node<'_>, at: &At<'_>) -> Result<ActionAnswer, Fault> {
    let fields = Fields::open_any(node, at)?;
    let number = ActionNumber(fields.required("ActionIdentifier", integer)?);
    let mut names = fields.names().filter(|name| *name != "ActionIdentifier");
    let (Some(name), None) = (names.next(), names.next()) else {
        return Err(at.fault("must have one answer beside its ActionIdentifier"));
    };
    let answer = fields.required(name, |node, at| match name {
        "CREATEResponse" => changed(node, at).map(|(id, object)| Answer::Created(id, object)),
        "UPDATEResponse" => changed(node, at).map(|(id, object)| Answer::Updated(id, object)),
        "DELIVERResponse" => changed(node, at).map(|(id, _)| Answer::Delivered(id)),
        "GETResponse" => wrapped_object(node, at, &[])
            .map(Answer::Got)
            .or_else(|error| Ok(Answer::Refused(error.information()))),
        "LISTResponse" => {
            let fields = Fields::open(node, at, &["ListResponseRecord"])?;
            fields.list("ListResponseRecord", LIST_RECORDS_MAX, list_record).map(Answer::Listed)
        }
        "GETCSPCONFIGResponse" => Ok(Answer::Config(node.to_value())),
        "ErrorInformation" => error_information(node, at).map(Answer::Refused),
        _ => Err(at.fault("is not an answer")),
    })?;
    Ok(ActionAnswer { number, answer })
}

fn changed(node: &Node<'_>, at: &At<'_>) -> Result<(ObjectId, Option<Object>), Fault> {
    let fields = Fields::open(node, at, &["Identifier", "HI1Object"])?;
    let object = fields.optional("HI1Object", |node, at| match object(node, at)? {
        ReadObject::Served(object) => Ok(object),
        ReadObject::NotServed(fault) => Err(fault),
    })?;
    Ok((fields.required("Identifier", object_id)?, object))
}

fn list_record(node: &Node<'_>, at: &At<'_>) -> Result<ListRecord, Fault> {
    let known = [
        "ObjectType",
        "Identifier",
        "CountryCode",
        "OwnerIdentifier",
        "Generation",
        "ExternalIdentifier",
        "LastChanged",
    ];
    let fields = Fields::open(node, at, &known)?;
    Ok(ListRecord {
        kind: fields.required("ObjectType", word)?,
        object: fields.required("Identifier", object_id)?,
        country: fields.optional("CountryCode", country)?,
        owner: fields.optional("OwnerIdentifier", short)?,
        generation: fields.required("Generation", integer)?,
        last_changed: fields.optional("LastChanged", time)?,
    })
}

// Writing.

/// A message of requests, as compact JSON.
pub fn write_requests(header: &Header, acts: &[Act]) -> Vec<u8> {
    let actions: Vec<Value> = (0_u64..)
        .zip(acts)
        .map(|(number, act)| {
            let (verb, value) = write_act(act);
            Members::default().with("ActionIdentifier", number).with(verb, value).into()
        })
        .collect();
    let requests = Members::default().with("ActionRequest", actions);
    let payload = Members::default()
        .with("RequestPayload", Members::default().with("ActionRequests", requests));
    write_message(header, payload)
}

/// A message of answers, as compact JSON. The header is that of the request with our time: so do
/// ETSI's examples, which keep sender and receiver as they were.
pub fn write_answers(request: &Header, now: Timestamp, answers: &[ActionAnswer]) -> Vec<u8> {
    let header = Header { timestamp: now, ..request.clone() };
    let actions: Vec<Value> = answers
        .iter()
        .map(|answer| {
            let (name, value) = write_answer(&answer.answer);
            Members::default().with("ActionIdentifier", answer.number.0).with(name, value).into()
        })
        .collect();
    let responses = Members::default().with("ActionResponse", actions);
    let payload = Members::default()
        .with("ResponsePayload", Members::default().with("ActionResponses", responses));
    write_message(&header, payload)
}

/// The answer to a message that is refused whole. `us` speaks when the header could not be read.
pub fn write_refusal(error: &MessageError, us: &EndpointId, now: Timestamp) -> Vec<u8> {
    let header = match &error.header {
        Some(header) => Header { timestamp: now, ..header.as_ref().clone() },
        None => Header {
            sender: us.clone(),
            receiver: us.clone(),
            transaction: Uuid::nil(),
            timestamp: now,
            version: Version {
                etsi: EtsiVersion::OURS,
                profile_owner: super::words::OWNER.into(),
                profile_version: super::words::PROFILE_VERSION.into(),
            },
            workflow: None,
        },
    };
    let information = Members::default().with("ErrorInformation", &error.information());
    write_message(&header, Members::default().with("ResponsePayload", information))
}

fn write_message(header: &Header, payload: Members) -> Vec<u8> {
    let namespace = |end: &str| format!("http://uri.etsi.org/{end}");
    let version = Members::default()
        .with("ETSIVersion", header.version.etsi.to_string())
        .with("NationalProfileOwner", header.version.profile_owner.as_str())
        .with("NationalProfileVersion", header.version.profile_version.as_str());
    let header = Members::default()
        .with("SenderIdentifier", &header.sender)
        .with("ReceiverIdentifier", &header.receiver)
        .with("TransactionIdentifier", header.transaction.to_string())
        .with("Timestamp", microseconds(header.timestamp))
        .with("Version", version)
        .with_some("WorkflowIdentifier", header.workflow.as_deref());
    let message: Value = Members::default()
        .with("@xmlns", namespace("03120/common/2019/10/Core"))
        .with("@xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
        .with("@xmlns:common", namespace("03120/common/2016/02/Common"))
        .with("@xmlns:task", namespace("03120/common/2020/09/Task"))
        .with("@xmlns:auth", namespace("03120/common/2020/09/Authorisation"))
        .with("@xmlns:doc", namespace("03120/common/2020/09/Document"))
        .with("@xmlns:notification", namespace("03120/common/2016/02/Notification"))
        .with("@xmlns:delivery", namespace("03120/common/2019/10/Delivery"))
        .with("@xmlns:config", namespace("03120/common/2024/06/Config"))
        .with("@xmlns:dictionaries", namespace("03280/common/2019/10/Dictionaries"))
        .with("Header", header)
        .with("Payload", payload)
        .into();
    message.to_string().into_bytes()
}

fn write_act(act: &Act) -> (&'static str, Members) {
    let wrap = |object: &Object| Members::default().with("HI1Object", object.to_value());
    match act {
        Act::Create(object) => ("CREATE", wrap(object)),
        Act::Update(object) => ("UPDATE", wrap(object)),
        Act::Get(id) => ("GET", Members::default().with("Identifier", write_id(id))),
        Act::Deliver { task, object } => {
            ("DELIVER", wrap(object).with("Identifier", write_id(task)))
        }
        Act::GetCspConfig => ("GETCSPCONFIG", Members::default()),
        Act::List(filter) => {
            let within = ("common:StartTime", "common:EndTime");
            let within = filter
                .changed_within
                .as_ref()
                .and_then(|span| super::value::write_timespan(span, within));
            let members = Members::default()
                .with_some("ObjectType", filter.kind.as_ref())
                .with_some("LastChanged", filter.changed_since.map(seconds))
                .with_some("LastChangedTimespan", within)
                .with_some("MaximumObjectCount", filter.count_max)
                .with_some("Status", filter.status.as_ref())
                .with_some("CountryCode", filter.country.as_ref().map(|it| it.as_str()));
            ("LIST", members)
        }
    }
}

fn write_answer(answer: &Answer) -> (&'static str, Value) {
    let changed = |id: &ObjectId, object: &Option<Object>| -> Value {
        Members::default()
            .with("Identifier", write_id(id))
            .with_some("HI1Object", object.as_ref().map(Object::to_value))
            .into()
    };
    match answer {
        Answer::Created(id, object) => ("CREATEResponse", changed(id, object)),
        Answer::Updated(id, object) => ("UPDATEResponse", changed(id, object)),
        Answer::Delivered(id) => ("DELIVERResponse", changed(id, &None)),
        Answer::Got(object) => {
            ("GETResponse", Members::default().with("HI1Object", object.to_value()).into())
        }
        Answer::Listed(records) => {
            let list = Members::default().with_list("ListResponseRecord", records, |record| {
                Members::default()
                    .with("ObjectType", &record.kind)
                    .with("Identifier", write_id(&record.object))
                    .with_some("CountryCode", record.country.as_ref().map(|it| it.as_str()))
                    .with_some("OwnerIdentifier", record.owner.as_deref())
                    .with("Generation", record.generation)
                    .with_some("LastChanged", record.last_changed.map(seconds))
                    .into()
            });
            ("LISTResponse", list.into())
        }
        Answer::Config(configuration) => ("GETCSPCONFIGResponse", configuration.clone()),
        Answer::Refused(information) => ("ErrorInformation", information.into()),
    }
}
