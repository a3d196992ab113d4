//! From what an officer wrote to the act that is signed, and what it would change.
//!
//! Knows no page and no signature: the same draft always gives the same act.

use desk::ids::{AskNumber, RequestId};
use desk::order::{Authentication, Channel, Demand, Order};
use desk::policy::Action;
use server::app::case::{Case, Correction};
use server::app::intake::{OfficerAct, OfficerFile, OfficerOrder};
use server::directory::Agency;
use server::payload::SelectorValue;

use super::drafts::{Draft, What};
use crate::form::{File, Mistakes};
use crate::frame::SignedIn;
use crate::order_form::{OrderForm, Paper, ReadOrder};
use crate::problem::Problem;
use crate::site::Site;

/// A draft as read.
pub(super) struct Read {
    /// The act; nothing while something stands in its way.
    pub act: Option<OfficerAct>,
    /// The order that the rules are asked about.
    pub order: Option<Order>,
    /// What it changes in an earlier request.
    pub correction: Option<Correction>,
    /// What stands in the way.
    pub mistakes: Mistakes,
}

/// Reads a draft as it would be sent now.
pub(super) async fn read(
    site: &Site,
    by: &SignedIn,
    agency: &Agency,
    draft: &Draft,
) -> Result<Read, Problem> {
    let mut mistakes = Mistakes::default();
    let (act, order, correction) = match &draft.what {
        What::New { typed, after } => {
            let read = typed.read(&by.frame, agency, Paper::Files(&draft.files), &mut mistakes);
            let act = read.map(|read| filing(typed, read, &draft.files, after.map(RequestId)));
            let order = act.as_ref().map(|act| act.order.clone());
            let correction = match (after, &act) {
                (Some(after), Some(act)) => {
                    let id = RequestId(*after);
                    site.node.read_permit(by.actor(), Action::ReadStatus, id).await?;
                    since(site.node.case(id).await?.as_ref(), by, act)
                }
                _ => None,
            };
            (act.map(OfficerAct::File), order, correction)
        }
        What::Correct { request, ask, typed } => {
            let id = RequestId(*request);
            site.node.read_permit(by.actor(), Action::ReadStatus, id).await?;
            let case = site.node.case(id).await?;
            let read = typed.read(&by.frame, agency, Paper::Known, &mut mistakes);
            if typed.said.trim().is_empty() {
                mistakes.add("said", by.frame.say("portal-said-missing"));
            }
            let read = read.filter(|_| mistakes.is_empty());
            match read.and_then(|read| corrected(&case, by, AskNumber(*ask), typed, read, draft)) {
                Some((act, order, correction)) => (Some(act), Some(order), Some(correction)),
                None => (None, None, None),
            }
        }
        What::Withdraw { request, ask, text } => {
            let (request, asks) = (RequestId(*request), vec![AskNumber(*ask)]);
            (Some(OfficerAct::Withdraw { request, asks, text: text.clone() }), None, None)
        }
        What::Extend { request, ask, text } => {
            let (request, asks) = (RequestId(*request), vec![AskNumber(*ask)]);
            (Some(OfficerAct::Extend { request, asks, text: text.clone() }), None, None)
        }
    };
    Ok(Read { act, order, correction, mistakes })
}

fn filing(
    typed: &OrderForm,
    read: ReadOrder,
    files: &[File],
    after: Option<RequestId>,
) -> OfficerOrder {
    let mut order = read.order;
    (order.channel, order.authentication) = (Channel::Portal, Authentication::Signed);
    OfficerOrder {
        order,
        reference: typed.reference.trim().to_owned(),
        legal_basis: typed.legal_basis.trim().to_owned(),
        selectors: read.known,
        accounts: read.accounts,
        files: files.iter().map(officer_file).collect(),
        after,
    }
}

/// A file as the one path takes it.
fn officer_file(file: &File) -> OfficerFile {
    OfficerFile {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        bytes: file.bytes.clone(),
    }
}

/// The correction of one ask: only what differs is sent, and all of it is signed.
fn corrected(
    case: &Case,
    by: &SignedIn,
    ask: AskNumber,
    typed: &OrderForm,
    read: ReadOrder,
    draft: &Draft,
) -> Option<(OfficerAct, Order, Correction)> {
    let before = case.request.order.as_ref()?;
    let known = case.received.as_ref()?;
    let after = of_one_ask(before, ask, &read.order);
    let own: Vec<SelectorValue> =
        known.selectors.iter().filter(|one| one.ask == ask.0).cloned().collect();
    let wanted: Vec<SelectorValue> =
        read.selectors.iter().map(|one| SelectorValue { ask: ask.0, ..one.clone() }).collect();
    let sorted = |list: &[SelectorValue]| {
        let mut list: Vec<_> =
            list.iter().map(|one| (one.kind.clone(), one.value.clone())).collect();
        list.sort();
        list
    };
    let has_scope = before.ask(ask).is_some_and(|ask| ask.scope().is_some());
    let selectors_change = has_scope && sorted(&own) != sorted(&wanted);
    let text = |before: &str, after: &str| {
        let (before, after) = (before.trim(), after.trim());
        (before != after).then(|| (before.to_owned(), after.to_owned()))
    };
    let account = known.accounts.iter().find(|account| account.ask == ask.0);
    let correction = Correction {
        at: by.frame.now,
        by: by.id(),
        ask: ask.0,
        order: (after != *before || selectors_change)
            .then(|| (Box::new(before.clone()), Box::new(after.clone()))),
        reference: text(&known.reference, &typed.reference),
        legal_basis: text(&known.legal_basis, &typed.legal_basis),
        selectors: selectors_change.then_some((own, wanted)),
        account: account.and_then(|account| text(&account.account, &typed.account)),
        files: draft.files.iter().map(|file| file.name.clone()).collect(),
    };
    let new = |pair: &Option<(String, String)>| pair.as_ref().map(|(_, after)| after.clone());
    let act = OfficerAct::Correct {
        request: case.id,
        ask,
        order: correction.order.as_ref().map(|(_, after)| after.clone()),
        reference: new(&correction.reference),
        legal_basis: new(&correction.legal_basis),
        selectors: selectors_change
            .then(|| read.known.iter().map(|(_, selector)| selector.clone()).collect()),
        account: new(&correction.account),
        files: draft.files.iter().map(officer_file).collect(),
        text: typed.said.trim().to_owned(),
    };
    Some((act, after, correction))
}

/// The order with the facts of the form, which knows one ask. What the form has no field for, the
/// other asks, and what a correction may not change stay as they are.
fn of_one_ask(before: &Order, ask: AskNumber, read: &Order) -> Order {
    let mut order = before.clone();
    order.instrument = read.instrument;
    order.issuer = read.issuer;
    order.issuer_rank = read.issuer_rank;
    order.validator = read.validator;
    order.offence.sentence_max_months = read.offence.sentence_max_months;
    order.offence.listed = read.offence.listed;
    order.issued_on = read.issued_on;
    let slot = usize::from(ask.0).checked_sub(1).and_then(|at| order.asks.get_mut(at));
    let new = read.asks.first().map(|ask| &ask.demand);
    match (slot.map(|ask| &mut ask.demand), new) {
        (Some(Demand::Disclose { scope }), Some(Demand::Disclose { scope: new }))
        | (Some(Demand::Preserve { scope, .. }), Some(Demand::Preserve { scope: new, .. })) => {
            scope.clone_from(new);
        }
        (
            Some(Demand::Freeze { asset, amount, .. }),
            Some(Demand::Freeze { asset: new_asset, amount: new_amount, .. }),
        ) => {
            asset.clone_from(new_asset);
            *amount = *new_amount;
        }
        _ => {}
    }
    order
}

/// What a new request changes in the refused one that it follows.
fn since(earlier: &Case, by: &SignedIn, new: &OfficerOrder) -> Option<Correction> {
    let before = earlier.request.order.as_ref()?;
    let known = earlier.received.as_ref()?;
    let wanted = new.selectors.iter().map(|(ask, selector)| SelectorValue {
        ask: ask.0,
        kind: selector.kind().as_str().to_owned(),
        value: selector.value().to_owned(),
    });
    let account = |text: Option<&String>| text.cloned().unwrap_or_default();
    Some(Correction {
        at: by.frame.now,
        by: by.id(),
        ask: 0,
        order: Some((Box::new(before.clone()), Box::new(new.order.clone()))),
        reference: Some((known.reference.clone(), new.reference.clone())),
        legal_basis: Some((known.legal_basis.clone(), new.legal_basis.clone())),
        selectors: Some((known.selectors.clone(), wanted.collect())),
        account: Some((
            account(known.accounts.first().map(|account| &account.account)),
            account(new.accounts.first().map(|(_, account)| account)),
        )),
        files: Vec::new(),
    })
}
