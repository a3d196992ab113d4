//! From JSON to messages, by the Core schema.

use super::super::error::{ActionError, Defect, ErrorCode, Fault};
use super::super::json::{At, Fields, Node, integer, shown, text};
use super::super::limits::{ACTIONS_MAX, LIST_RECORDS_MAX};
use super::super::object::{Object, ReadObject, object};
use super::super::signature::claim;
use super::super::value::{
    ObjectId, country, endpoint, error_information, long, object_id, short, time,
    time_microseconds, timespan, uuid, word,
};
use super::{
    Act, Action, ActionAnswer, ActionNumber, Answer, EtsiVersion, Header, Inbound, ListFilter,
    ListRecord, Payload, Version,
};

pub(super) fn message(
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
