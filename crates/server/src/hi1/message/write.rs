//! From messages to JSON.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::super::error::MessageError;
use super::super::object::Object;
use super::super::value::{EndpointId, Members, ObjectId, microseconds, seconds, write_id};
use super::{Act, ActionAnswer, Answer, EtsiVersion, Header, Version};

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
                profile_owner: super::super::words::OWNER.into(),
                profile_version: super::super::words::PROFILE_VERSION.into(),
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
                .and_then(|span| super::super::value::write_timespan(span, within));
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
