//! What an officer asks, as the desk's commands and as the words that are signed. Knows no key and
//! no store: the same act always gives the same of both.

use anyhow::Context as _;
use desk::ids::{AgencyId, AskNumber, KeyId, RequestId};
use desk::order::{Authentication, Channel, Demand, Order, Scope, SelectorKind};
use desk::request::Command;
use evidence::digest::Sha256;
use evidence::signed::{SignedAccount, SignedAct, SignedFile, SignedSelector};
use records::Selector;

use super::super::InFile;
use crate::error::Error;
use crate::payload::SelectorValue;
use crate::selector::desk_kind;

/// What an officer asks.
#[derive(Clone, Debug)]
pub enum OfficerAct {
    /// A new request.
    File(OfficerOrder),
    /// Clarified or corrected facts of one ask.
    Correct {
        /// The request.
        request: RequestId,
        /// The ask.
        ask: AskNumber,
        /// The whole corrected order, when facts changed.
        order: Option<Box<Order>>,
        /// The authority's reference, when it changed.
        reference: Option<String>,
        /// Law and article, when they changed.
        legal_basis: Option<String>,
        /// The ask's selectors, when they changed.
        selectors: Option<Vec<Selector>>,
        /// The ask's account, when it changed.
        account: Option<String>,
        /// Files to add to the instrument.
        files: Vec<OfficerFile>,
        /// What is said with it.
        text: String,
    },
    /// Asks that are taken back.
    Withdraw {
        /// The request.
        request: RequestId,
        /// Which.
        asks: Vec<AskNumber>,
        /// What is said with it.
        text: String,
    },
    /// Preserved records that are to be kept longer.
    Extend {
        /// The request.
        request: RequestId,
        /// Which.
        asks: Vec<AskNumber>,
        /// What is said with it.
        text: String,
    },
}

/// A new request, as an officer wrote it.
#[derive(Clone, Debug)]
pub struct OfficerOrder {
    /// The facts. Channel, proof of the sender and numbers of selectors are set here.
    pub order: Order,
    /// The authority's reference.
    pub reference: String,
    /// Law and article that the order names.
    pub legal_basis: String,
    /// Selectors by ask.
    pub selectors: Vec<(AskNumber, Selector)>,
    /// Accounts to freeze or release, by ask.
    pub accounts: Vec<(AskNumber, String)>,
    /// Files of the instrument.
    pub files: Vec<OfficerFile>,
    /// The request that this one is sent anew after. It is not signed.
    pub after: Option<RequestId>,
}

/// One file that an officer sends.
#[derive(Clone, Debug)]
pub struct OfficerFile {
    /// The officer's name for it.
    pub name: String,
    /// Media type as the browser says.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl From<OfficerFile> for InFile {
    fn from(file: OfficerFile) -> Self {
        Self { name: Some(file.name), media_type: file.media_type, bytes: file.bytes }
    }
}

/// The commands that an act comes to.
pub(super) fn commands(
    act: &OfficerAct,
    request: RequestId,
    agency: AgencyId,
    key: KeyId,
) -> Vec<Command> {
    match act {
        OfficerAct::File(order) => vec![Command::Receive {
            request,
            agency: Some(agency),
            key: Some(key),
            order: Box::new(facts(order)),
            instrument_sha256: desk::ids::Digest::default(),
        }],
        OfficerAct::Correct { ask, order, selectors, .. } => {
            let order = corrected(order.as_deref(), *ask, selectors.as_deref());
            vec![Command::ProvideInformation { ask: *ask, order: order.map(Box::new) }]
        }
        OfficerAct::Withdraw { asks, .. } => {
            asks.iter().map(|ask| Command::Withdraw { ask: *ask }).collect()
        }
        OfficerAct::Extend { asks, .. } => {
            asks.iter().map(|ask| Command::Extend { ask: *ask }).collect()
        }
    }
}

/// The facts of a new order, with what only the desk can say of it.
pub(super) fn facts(order: &OfficerOrder) -> Order {
    let mut facts = order.order.clone();
    (facts.channel, facts.authentication) = (Channel::Portal, Authentication::Signed);
    let counted = order.selectors.iter().map(|(ask, selector)| (*ask, desk_kind(selector)));
    count_selectors(&mut facts, counted, None);
    facts
}

/// The corrected order, with the number of its ask's selectors when they changed.
fn corrected(
    order: Option<&Order>,
    ask: AskNumber,
    selectors: Option<&[Selector]>,
) -> Option<Order> {
    let mut order = order.cloned()?;
    if let Some(selectors) = selectors {
        let counted = selectors.iter().map(|selector| (ask, desk_kind(selector)));
        count_selectors(&mut order, counted, Some(ask));
    }
    Some(order)
}

/// Writes how many selectors of each kind each ask (or only one) has.
fn count_selectors(
    order: &mut Order,
    selectors: impl Iterator<Item = (AskNumber, SelectorKind)> + Clone,
    only: Option<AskNumber>,
) {
    for (number, ask) in (1..).map(AskNumber).zip(&mut order.asks) {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        if let Demand::Disclose { scope } | Demand::Preserve { scope, .. } = &mut ask.demand {
            count_scope(scope, selectors.clone().filter(|(of, _)| *of == number));
        }
    }
}

fn count_scope(scope: &mut Scope, selectors: impl Iterator<Item = (AskNumber, SelectorKind)>) {
    scope.selectors.clear();
    for (_, kind) in selectors {
        *scope.selectors.entry(kind).or_insert(0) += 1;
    }
}

pub(super) fn selector_value(ask: AskNumber, selector: &Selector) -> SelectorValue {
    let (kind, value) = (selector.kind().as_str().to_owned(), selector.value().to_owned());
    SelectorValue { ask: ask.0, kind, value }
}

/// An act in the words that are signed.
pub(super) fn signed_act(act: &OfficerAct) -> Result<SignedAct, Error> {
    let json = |order: &Order| serde_json::to_value(order).context("an order is JSON");
    let selector = |ask: AskNumber, selector: &Selector| {
        let SelectorValue { ask, kind, value } = selector_value(ask, selector);
        SignedSelector { ask, kind, value }
    };
    let numbers = |asks: &[AskNumber]| asks.iter().map(|ask| ask.0).collect();
    Ok(match act {
        OfficerAct::File(order) => SignedAct::File {
            order: json(&facts(order))?,
            reference: order.reference.clone(),
            legal_basis: order.legal_basis.clone(),
            selectors: order.selectors.iter().map(|(ask, one)| selector(*ask, one)).collect(),
            accounts: order
                .accounts
                .iter()
                .map(|(ask, account)| SignedAccount { ask: ask.0, account: account.clone() })
                .collect(),
            files: order.files.iter().map(signed_file).collect(),
        },
        OfficerAct::Correct {
            ask,
            order,
            reference,
            legal_basis,
            selectors,
            account,
            files,
            text,
            ..
        } => SignedAct::Correct {
            ask: ask.0,
            reference: reference.clone(),
            legal_basis: legal_basis.clone(),
            accounts: account
                .as_ref()
                .map(|account| vec![SignedAccount { ask: ask.0, account: account.clone() }]),
            order: corrected(order.as_deref(), *ask, selectors.as_deref())
                .as_ref()
                .map(json)
                .transpose()?,
            selectors: selectors
                .as_ref()
                .map(|list| list.iter().map(|one| selector(*ask, one)).collect()),
            files: files.iter().map(signed_file).collect(),
            text: text.clone(),
        },
        OfficerAct::Withdraw { asks, text, .. } => {
            SignedAct::Withdraw { asks: numbers(asks), text: text.clone() }
        }
        OfficerAct::Extend { asks, text, .. } => {
            SignedAct::Extend { asks: numbers(asks), text: text.clone() }
        }
    })
}

fn signed_file(file: &OfficerFile) -> SignedFile {
    SignedFile {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        bytes: file.bytes.len() as u64,
        sha256: Sha256::of(&file.bytes).to_string(),
    }
}
