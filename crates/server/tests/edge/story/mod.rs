//! The lives of a request that the demo does not tell, through HTTP and jobs.

mod answers;
mod decoys;
mod fraud;
pub(crate) mod measures;
mod report;
mod retention;
mod trouble;

pub(crate) use answers::sound;
pub(crate) use measures::freezing_order;

use desk::ids::{Amount, Asset};
use desk::order::IssuerType;
use jiff::Timestamp;
use server::hi1::Act;
use server::hi1::compose::{self, Draft, DraftTask, value};
use server::hi1::object::RequestValue;
use server::hi1::value::{ObjectId, Timespan, Word};
use server::hi1::words::OrderFact;

use crate::support::{ACCOUNT, Agency, days};

/// An order as an agency sends it.
pub(crate) struct Paper(pub(crate) Draft);

impl Paper {
    pub(crate) fn acts(&self) -> Vec<Act> {
        compose::create(&self.0)
    }

    /// The identifier of a task, counted from 0.
    pub(crate) fn task(&self, index: usize) -> ObjectId {
        self.0.tasks[index].0
    }

    fn with(mut self, task: DraftTask) -> Self {
        self.0.tasks.push((object(), task));
        self
    }

    fn fact(mut self, fact: OrderFact, value: &str) -> Self {
        self.0.facts.retain(|(known, _)| *known != fact);
        self.0.facts.push((fact, value.to_owned()));
        self
    }
}

pub(crate) fn object() -> ObjectId {
    ObjectId(server::random_id().expect("random bytes"))
}

pub(crate) fn account(name: &str) -> Vec<RequestValue> {
    vec![value("COMITY", "AccountID", name)]
}

/// A judge's production order without tasks.
pub(crate) fn paper(agency: &Agency, now: Timestamp) -> Paper {
    let until = now.checked_add(days(300)).expect("a time within the calendar");
    Paper(Draft {
        authorisation: object(),
        owner: agency.us.clone(),
        reference: "7 Gs 12/26".to_owned(),
        rule_pack: None,
        valid: Timespan { start: Some(now), end: Some(until) },
        issuer: (IssuerType::Judge, "A. Fallowmere".to_owned(), now),
        validator: None,
        type_of_case: None,
        flags: Vec::new(),
        facts: vec![
            (OrderFact::Instrument, "production_order".to_owned()),
            (OrderFact::IssuedOn, "2026-10-04".to_owned()),
            (OrderFact::SentenceMaxMonths, "120".to_owned()),
        ],
        document: Some((
            object(),
            "order.txt".to_owned(),
            "text/plain".to_owned(),
            b"It is ordered that the records of the account be produced.".to_vec(),
        )),
        tasks: Vec::new(),
    })
}

fn span() -> Timespan {
    let at = |text: &str| Some(text.parse().expect("a time"));
    Timespan { start: at("2021-09-01T00:00:00Z"), end: at("2021-11-01T00:00:00Z") }
}

fn records(category: &str, values: Vec<RequestValue>) -> DraftTask {
    DraftTask::Disclose {
        reference: "XX-POLICE-1".to_owned(),
        category: Word::etsi("RequestType", category),
        span: span(),
        values,
        deadline: None,
    }
}

fn freezing(name: &str, until: Option<Timestamp>) -> DraftTask {
    DraftTask::Freeze {
        values: account(name),
        asset: Asset::parse("BTC").expect("an asset"),
        amount: Amount(100_000_000),
        until,
    }
}

fn keeping() -> DraftTask {
    let category = Word::etsi("RequestType", "SubscriberData");
    DraftTask::Preserve { category, span: span(), values: account(ACCOUNT), until: None }
}

/// A sound order for the customer file of one account.
pub(crate) fn disclose(agency: &Agency) -> Paper {
    paper(agency, agency.now()).with(records("SubscriberData", account(ACCOUNT)))
}

/// A sound order to freeze.
pub(crate) fn freeze(agency: &Agency) -> Paper {
    paper(agency, agency.now()).with(freezing(ACCOUNT, None))
}
