//! What an agency sees of its requests: objects in their present state, lists, deliveries.

use anyhow::Context as _;
use desk::ids::{AgencyId, AskNumber, RequestId};
use desk::policy::{Action, Actor};
use desk::request::Event;
use store::{SeenTransaction, ViewQuery};
use uuid::Uuid;

use super::{KeptObject, endpoint, endpoint_of, object_key, part_word, read_part_of};
use crate::app::Node;
use crate::app::case::Case;
use crate::directory::Agency;
use crate::error::Error;
use crate::hi1::object::{DeliveryContent, FileFacts, Object};
use crate::hi1::status::{self, DeliveryFacts, View};
use crate::hi1::translate::{Known, Part};
use crate::hi1::value::ObjectId;
use crate::hi1::{self, Answer};

/// Requests that one LIST looks through, newest first.
const LIST_REQUESTS_MAX: usize = 500;
/// A package up to this size travels inside the message; a larger one is fetched.
const INLINE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// One object in its present state.
pub(super) async fn show(
    node: &Node,
    actor: &Actor,
    object: ObjectId,
    known: Known,
) -> Result<Object, Error> {
    let action =
        if known.part == Part::Delivery { Action::ReadPackage } else { Action::ReadStatus };
    node.read_permit(actor, action, known.request).await?;
    let case = node.case(known.request).await?;
    if known.part == Part::Delivery {
        let numbered = (1u16..).zip(0..case.delivered.len());
        for (number, _) in numbered {
            if delivery_object_id(case.id, number) == object {
                return delivery_object(node, &case, number, Carry::Package).await;
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

/// Whether a delivery is shown with its package or only named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carry {
    /// The content is on board when it is small.
    Package,
    /// A list does not show content, so none is read.
    NameOnly,
}

/// The delivery of a package.
async fn delivery_object(
    node: &Node,
    case: &Case,
    number: u16,
    carry: Carry,
) -> Result<Object, Error> {
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
    let content = if carry == Carry::Package && facts.encrypted_bytes <= INLINE_BYTES_MAX {
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
    let object = delivery_object(node, case, number.ok_or(Error::Hidden)?, Carry::Package).await?;
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

pub(super) async fn list(
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
        filter: store::QueueFilter::of_agency(Some(agency.id.0)),
        rows_max: LIST_REQUESTS_MAX,
        ..ViewQuery::default()
    };
    let count_max = usize::try_from(filter.count_max.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let mut records = Vec::new();
    for row in node.store.reader().views(&query).await? {
        let case = node.case(RequestId(row.stream)).await?;
        let mut objects = objects_of(node, &case)?;
        for number in (1u16..).take(case.delivered.len()) {
            objects.push(delivery_object(node, &case, number, Carry::NameOnly).await?);
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

pub(super) fn configuration(node: &Node) -> serde_json::Value {
    let host = node.config.node.hosts.first().map_or("localhost", String::as_str);
    let packs = desk::pack::embedded_all();
    hi1::config::configuration(&hi1::config::Deployment {
        last_changed: node.now(),
        rule_packs: packs.iter().map(|p| (p.reference.id.clone(), p.title.to_string())).collect(),
        selectors: crate::selector::searched(node.records.catalog()).collect(),
        url: format!("https://{host}/hi1"),
    })
}

fn read_part(case: &Case, word: &str) -> Option<Part> {
    read_part_of(&case.request, word)
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
