//! The agency's side of the story: its order as an HI-1 message, and what it does with the answer.

use anyhow::{Context as _, Result, bail};
use desk::ids::{Amount, Asset};
use desk::order::IssuerType;
use jiff::{SignedDuration, Timestamp};
use server::hi1::compose::{self, Draft, DraftTask};
use server::hi1::message::{Act, ListFilter};
use server::hi1::object::{DeliveryContent, Object, ObjectKind};
use server::hi1::value::{CountryCode, EndpointId, ObjectId, Timespan, Word};
use server::hi1::words::{DATA_CATEGORY, OrderFact};
use server::hi1::{Answer, Payload, parse, write_requests};

use super::client::Client;

/// The transaction by which the victim paid.
pub const SOURCE: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";
/// The most that the order lets freeze, in satoshis.
pub const FREEZE_SATOSHI: u128 = 278_621_928;
/// Days that the order lets freeze.
const FREEZE_DAYS: i64 = 90;

/// The agency as a sender of HI-1 messages.
pub struct Agency<'a> {
    client: &'a Client,
    us: EndpointId,
    company: EndpointId,
}

impl<'a> Agency<'a> {
    /// Sends as `identifier` to `company`.
    pub fn new(client: &'a Client, identifier: &str, company: &str) -> Result<Self> {
        let country = CountryCode::new("XX").context("XX is two letters")?;
        let endpoint = |identifier: &str| EndpointId { country, identifier: identifier.into() };
        Ok(Self { client, us: endpoint(identifier), company: endpoint(company) })
    }

    /// Sends the order: disclose, preserve, freeze.
    pub async fn order(&self, text: &[u8], now: Timestamp) -> Result<()> {
        let mut acts = compose::create(&draft(&self.us, text, now)?);
        for act in &mut acts {
            name_categories(act);
        }
        for answer in self.send(&acts, now).await? {
            match answer {
                Answer::Created(..) => {}
                other => bail!("the order was not taken: {other:?}"),
            }
        }
        Ok(())
    }

    /// The deliveries that are there: asks with LIST, fetches with GET.
    pub async fn deliveries(&self, now: Timestamp) -> Result<Vec<(ObjectId, Vec<u8>)>> {
        let listed = self.send(&[Act::List(ListFilter::default())], now).await?;
        let Some(Answer::Listed(records)) = listed.into_iter().next() else {
            bail!("LIST was not answered");
        };
        let ids =
            records.iter().filter(|record| record.kind.value == ObjectKind::Delivery.as_str());
        let gets: Vec<Act> = ids.map(|record| Act::Get(record.object)).collect();
        if gets.is_empty() {
            return Ok(Vec::new());
        }
        let mut deliveries = Vec::new();
        for answer in self.send(&gets, now).await? {
            let Answer::Got(Object::Delivery(delivery)) = answer else {
                bail!("GET was not answered with a delivery: {answer:?}");
            };
            let Some(DeliveryContent::Inline { data, .. }) = delivery.content else {
                bail!("the delivery has no content");
            };
            deliveries.push((delivery.common.id, data));
        }
        Ok(deliveries)
    }

    /// Says that a delivery arrived.
    pub async fn acknowledge(&self, delivery: ObjectId, now: Timestamp) -> Result<()> {
        match self.send(&[compose::acknowledge(delivery)], now).await?.as_slice() {
            [Answer::Updated(..)] => Ok(()),
            other => bail!("the receipt was not taken: {other:?}"),
        }
    }

    async fn send(&self, acts: &[Act], now: Timestamp) -> Result<Vec<Answer>> {
        let transaction = server::random_id()?;
        let header = compose::header(&self.us, &self.company, transaction, now);
        let answer = self.client.hi1(write_requests(&header, acts)).await?;
        let inbound = parse(&answer).context("the answer is no HI-1 message")?;
        match inbound.payload {
            Payload::Answers(answers) => Ok(answers.into_iter().map(|a| a.answer).collect()),
            Payload::Refused(error) => bail!("refused: {}", error.description),
            Payload::Requests(_) => bail!("the answer is a request"),
        }
    }
}

fn draft(us: &EndpointId, text: &[u8], now: Timestamp) -> Result<Draft> {
    let id = || server::random_id().map(ObjectId);
    let span = Timespan {
        start: Some("2021-09-01T00:00:00Z".parse()?),
        end: Some("2021-11-01T00:00:00Z".parse()?),
    };
    let named = vec![compose::value("COMITY", "BitcoinTransactionID", SOURCE)];
    let category = Word::etsi("RequestType", "Other");
    let until = now.checked_add(SignedDuration::from_hours(24 * FREEZE_DAYS))?;
    let tasks = vec![
        (
            id()?,
            DraftTask::Disclose {
                reference: "XX-NORTHHAVEN-4GS1187".to_owned(),
                category: category.clone(),
                span,
                values: named.clone(),
                deadline: None,
            },
        ),
        (id()?, DraftTask::Preserve { category, span, values: named.clone(), until: None }),
        (
            id()?,
            DraftTask::Freeze {
                values: named,
                asset: Asset::parse("BTC").context("BTC is an asset")?,
                amount: Amount(FREEZE_SATOSHI),
                until: Some(until),
            },
        ),
    ];
    Ok(Draft {
        authorisation: id()?,
        owner: us.clone(),
        reference: "4 Gs 1187/21".to_owned(),
        rule_pack: None,
        valid: Timespan { start: Some(now), end: Some(until) },
        issuer: (IssuerType::Judge, "A. Fallowmere".to_owned(), now),
        validator: None,
        type_of_case: None,
        flags: Vec::new(),
        facts: vec![
            (OrderFact::Instrument, "production_order".to_owned()),
            (OrderFact::IssuedOn, "2021-10-04".to_owned()),
            (OrderFact::SentenceMaxMonths, "120".to_owned()),
        ],
        document: Some((
            id()?,
            "production-order.txt".to_owned(),
            "text/plain".to_owned(),
            text.to_vec(),
        )),
        tasks,
    })
}

/// Names the three categories that the order asks for.
fn name_categories(act: &mut Act) {
    let words = ["subscriber", "traffic", "transaction"];
    let details = match act {
        Act::Create(Object::Disclosure(task)) => task.details.as_mut(),
        Act::Create(Object::Preservation(task)) => task.details.as_mut(),
        _ => None,
    };
    if let Some(details) = details.filter(|d| d.kind.as_ref().is_some_and(|k| k.owner == "ETSI")) {
        details.subtypes = words.iter().map(|w| Word::comity(DATA_CATEGORY, w)).collect();
    }
}
