//! One request on one page: the order beside its scope, checks with reasons, clocks, people,
//! messages, and the history with its place in the log.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use desk::clock::{ClockKind, ClockStatus, Progress};
use desk::ids::{AskNumber, RequestId};
use desk::policy::Action;
use desk::request::{AskState, Command, Outcome, RefusalCode};
use jiff::Timestamp;
use server::app::anew::Anew;
use server::app::case::Case;
use server::app::{Act, Node};
use server::error::Error;
use server::payload::ExhibitBody;
use uuid::Uuid;

use super::list::time_left;
use super::signs::{LookShown, looks};
use crate::changes::{CorrectionShown, Values, corrections};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::said::{ReasonShown, Worded};
use crate::site::Site;

/// One clock as a page shows it.
pub(crate) struct ClockShown {
    pub name: String,
    pub is_due: bool,
    pub due: Timestamp,
    pub status_key: &'static str,
    pub left: String,
    pub press: &'static str,
    pub article: Worded,
    pub unchecked: bool,
}

/// One exhibit as a page shows it.
pub(crate) struct ExhibitShown {
    pub number: u16,
    pub title: String,
    pub rows: u64,
    pub withheld: u64,
    pub formats: Vec<&'static str>,
}

/// One ask as a page shows it.
pub(crate) struct AskShown {
    pub number: u16,
    pub kind: &'static str,
    pub state: &'static str,
    pub emergency: Option<&'static str>,
    pub categories: Vec<&'static str>,
    pub range: Option<(Timestamp, Timestamp)>,
    pub demand: Vec<(&'static str, String)>,
    pub selectors: Vec<(String, String)>,
    pub clocks: Vec<ClockShown>,
    pub reasons: Vec<ReasonShown>,
    pub exhibits: Vec<ExhibitShown>,
    pub effects: Vec<(String, &'static str)>,
    pub outcome: Option<&'static str>,
    pub acts: Vec<&'static str>,
    pub digest: Option<String>,
    /// Since when the order that should have followed an emergency is late.
    pub unvalidated: Option<Timestamp>,
}

impl AskShown {
    /// Whether an act would be done now.
    pub fn can(&self, act: &str) -> bool {
        self.acts.contains(&act)
    }
}

impl ShowPage {
    fn can(&self, act: &str) -> bool {
        self.acts.contains(&act)
    }
}

/// One line of the history.
pub(crate) struct Line {
    pub at: Timestamp,
    pub what: String,
    pub by: String,
    pub ask: Option<u16>,
    pub leaf: u64,
}

/// One message.
pub(crate) struct MessageShown {
    pub at: Timestamp,
    pub by: String,
    pub with: &'static str,
    pub ask: Option<u16>,
    pub text: String,
}

#[derive(Template)]
#[template(path = "cases/show.html")]
struct ShowPage {
    frame: Frame,
    id: RequestId,
    reference: String,
    legal_basis: String,
    agency: String,
    agency_id: Option<desk::ids::AgencyId>,
    looks: Vec<LookShown>,
    /// The address a request came from, until its payload is erased.
    sent_from: Option<String>,
    needs_call_back: bool,
    is_watched: bool,
    regime: String,
    received_at: Option<Timestamp>,
    identity: Option<(&'static str, String)>,
    authentication: &'static str,
    is_test: bool,
    is_held: bool,
    facts: Vec<(&'static str, String)>,
    contacts: Vec<(String, String)>,
    notes: Vec<Worded>,
    files: Vec<(usize, String)>,
    asks: Vec<AskShown>,
    acts: Vec<&'static str>,
    assemblable: Vec<u16>,
    messages: Vec<MessageShown>,
    history: Vec<Line>,
    corrections: Vec<CorrectionShown>,
    anew: Anew,
    refusal_codes: &'static [RefusalCode],
    methods: Vec<desk::request::IdentityMethod>,
    hold_reasons: &'static [desk::request::HoldReason],
    missing_reasons: &'static [desk::request::MissingReason],
}

/// One request.
///
/// # Errors
/// For whoever may not read the case.
pub async fn show(
    State(site): State<Arc<Site>>,
    by: SignedIn,
    Path(request): Path<Uuid>,
) -> Result<Response, Problem> {
    let id = RequestId(request);
    site.node.read_permit(by.actor(), Action::ReadCase, id).await?;
    let case = site.node.case(id).await?;
    let directory = site.node.directory();
    let request = &case.request;
    let now = by.frame.now;
    let mut asks = Vec::new();
    for state in &request.asks {
        let mut shown = ask(&by.frame, &case, state, now);
        shown.acts = possible(&site.node, &by, &case, Some(state)).await?;
        asks.push(shown);
    }
    let searching = |shown: &&AskShown| shown.acts.contains(&"assemble");
    let assemblable = asks.iter().filter(searching).map(|shown| shown.number).collect();
    let received = case.received.clone().unwrap_or_default();
    let order = request.order.as_ref();
    let standing = directory.standing(request.key, request.agency);
    let needs_call_back = request.is_held_for_signs;
    let call_back = desk::request::IdentityMethod::CallBack;
    let methods = desk::request::IdentityMethod::ALL.iter().copied();
    let words = by.frame.words;
    // What our translation of a message noted, which is on the record in English.
    let english = |note| Worded::english(words, note);
    let page = ShowPage {
        id,
        agency_id: request.agency,
        looks: looks(&by.frame, request),
        sent_from: case.sent_from.clone(),
        needs_call_back,
        is_watched: standing.key_watched,
        reference: received.reference,
        legal_basis: received.legal_basis,
        agency: request
            .agency
            .and_then(|id| directory.agency(id))
            .map_or_else(String::new, |agency| agency.name.clone()),
        regime: request.pack.as_ref().map(|pack| pack.id.clone()).unwrap_or_default(),
        received_at: request.received_at,
        identity: request.identity.map(|i| (i.method.as_str(), by.frame.who(&directory, i.by))),
        authentication: order.map_or("none", |order| order.authentication.as_str()),
        is_test: order.is_some_and(|order| order.is_test),
        is_held: standing.key_suspected || standing.agency_held,
        facts: order.map(|order| facts(&by.frame, order)).unwrap_or_default(),
        contacts: received.contacts,
        notes: received.notes.into_iter().map(english).collect(),
        files: received.files.into_iter().map(|file| file.name).enumerate().collect(),
        acts: possible(&site.node, &by, &case, None).await?,
        asks,
        assemblable,
        messages: messages(&site, &case),
        history: history(&by.frame, &site, &case),
        corrections: corrections(&by.frame, &directory, &case, Values::Shown),
        anew: site.node.anew(&case).await?,
        refusal_codes: RefusalCode::ALL,
        methods: methods.filter(|method| !needs_call_back || *method == call_back).collect(),
        hold_reasons: desk::request::HoldReason::ALL,
        missing_reasons: desk::request::MissingReason::ALL,
        frame: by.frame,
    };
    html(&page)
}

/// The facts of an order, as keys of words and values.
pub(crate) fn facts(frame: &Frame, order: &desk::order::Order) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("fact-instrument", frame.term("instrument", order.instrument.as_str())),
        ("fact-issuer", frame.term("issuer", order.issuer.as_str())),
        ("fact-country", order.issuing_country.to_string()),
        ("fact-issued-on", order.issued_on.to_string()),
        ("fact-channel", frame.term("channel", order.channel.as_str())),
        ("fact-format", frame.term("format", order.format.as_str())),
        ("fact-service", frame.term("service", order.service.as_str())),
    ];
    if let Some(validator) = order.validator {
        facts.push(("fact-validator", frame.term("issuer", validator.as_str())));
    }
    if let Some(rank) = order.issuer_rank {
        facts.push(("fact-rank", frame.term("rank", rank.as_str())));
    }
    if let Some(months) = order.offence.sentence_max_months {
        facts.push(("fact-sentence", months.to_string()));
    }
    if let Some(listed) = order.offence.listed {
        facts.push(("fact-offence", frame.term("offence", listed.as_str())));
    }
    facts
}

/// One ask, without the acts upon it.
pub(crate) fn ask(frame: &Frame, case: &Case, state: &AskState, now: Timestamp) -> AskShown {
    let scope = state.ask.scope();
    let number = state.number.0;
    let selectors = case.received.iter().flat_map(|received| &received.selectors);
    let reasons = case.request.order.as_ref().zip(case.request.pack.as_ref());
    let reasons = reasons.and_then(|(order, pack)| {
        let pack = desk::pack::embedded(&pack.id)?;
        let answer = desk::check::check(order, pack, case.request.received_at?);
        answer.asks.into_iter().find(|answer| answer.ask == state.number)
    });
    let reasons = reasons.map(|answer| answer.reasons).unwrap_or_default();
    let pack = case.request.pack.as_ref().map(|pack| pack.id.as_str());
    AskShown {
        number,
        kind: state.kind().as_str(),
        state: state.stage_at(now).name(),
        emergency: state.ask.emergency.map(|kind| kind.as_str()),
        categories: scope
            .map(|scope| scope.categories.iter().map(|category| category.as_str()).collect())
            .unwrap_or_default(),
        range: scope.and_then(|scope| scope.range).map(|range| (range.from, range.to)),
        demand: demand(state, case.account(number)),
        selectors: selectors
            .filter(|selector| selector.ask == number)
            .map(|selector| (selector.kind.clone(), selector.value.clone()))
            .collect(),
        clocks: state.clocks.iter().map(|clock| clock_shown(frame, pack, clock, now)).collect(),
        reasons: reasons.iter().map(|it| ReasonShown::of(frame.words, it)).collect(),
        exhibits: state
            .exhibits
            .iter()
            .map(|exhibit| exhibit_shown(frame, case, exhibit))
            .collect(),
        effects: state
            .effects
            .iter()
            .map(|effect| (effect.kind.as_str().to_owned(), effect_key(effect.status)))
            .collect(),
        outcome: state.outcome.map(|outcome| outcome.as_str()),
        acts: Vec::new(),
        digest: state.package.map(|package| package.tagmanifest_sha256.to_string()),
        unvalidated: state.unvalidated(now).map(|missing| missing.since),
    }
}

fn demand(state: &AskState, account: Option<&str>) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let desk::order::Demand::Freeze { asset, amount, .. } = &state.ask.demand {
        facts.extend(asset.as_ref().map(|asset| ("fact-asset", asset.to_string())));
        facts.extend(amount.map(|amount| ("fact-amount", amount.0.to_string())));
    }
    facts.extend(account.map(|account| ("fact-account", account.to_owned())));
    facts.extend(state.until.map(|until| ("fact-until", until.to_string())));
    facts
}

fn clock_shown(
    frame: &Frame,
    pack: Option<&str>,
    clock: &desk::clock::Clock,
    now: Timestamp,
) -> ClockShown {
    let (left, mut press) = time_left(frame, Some(clock.start.due), now);
    let status_key = match clock.status {
        ClockStatus::Running => "clock-running",
        ClockStatus::Paused { .. } => "clock-paused",
        ClockStatus::Stopped { .. } => "clock-stopped",
        ClockStatus::Breached { .. } => "clock-breached",
    };
    match clock.progress(now) {
        Some(Progress::Warned(80 | 95)) => press = "press",
        Some(Progress::Over) => press = "alarm",
        Some(_) => {}
        None => press = "",
    }
    ClockShown {
        name: frame.term("clock", clock.start.name.as_str()),
        is_due: clock.start.kind == ClockKind::DueBy,
        due: clock.start.due,
        status_key,
        left: if clock.status == ClockStatus::Running { left } else { String::new() },
        press,
        article: Worded::recorded(frame.words, pack, &clock.start.article),
        unchecked: clock.start.unchecked,
    }
}

fn exhibit_shown(frame: &Frame, case: &Case, exhibit: &desk::request::Exhibit) -> ExhibitShown {
    let known = case.exhibits.get(&exhibit.number.0);
    ExhibitShown {
        number: exhibit.number.0,
        title: known.map(|known| title(frame, &known.title)).unwrap_or_default(),
        rows: exhibit.rows,
        withheld: exhibit.withheld,
        formats: match known.map(|known| &known.body) {
            Some(ExhibitBody::Table { .. }) => vec!["csv", "json"],
            Some(ExhibitBody::Trace { .. } | ExhibitBody::AccountTrace { .. }) => {
                vec!["json", "svg"]
            }
            None => Vec::new(),
        },
    }
}

/// A trace is called by its transaction; a table as the company's catalog calls it.
pub(crate) fn title(frame: &Frame, title: &str) -> String {
    match title.strip_prefix(server::app::trace::TITLE) {
        Some(transaction) => frame.say1("exhibit-trace", "transaction", transaction),
        None => title.to_owned(),
    }
}

const fn effect_key(status: desk::request::EffectStatus) -> &'static str {
    match status {
        desk::request::EffectStatus::Requested => "effect-requested",
        desk::request::EffectStatus::Confirmed => "effect-confirmed",
        desk::request::EffectStatus::Failed => "effect-failed",
    }
}

/// The acts that would be done now, by this person, to this ask or to the whole request.
async fn possible(
    node: &Node,
    by: &SignedIn,
    case: &Case,
    state: Option<&AskState>,
) -> Result<Vec<&'static str>, Problem> {
    let mut acts = Vec::new();
    for (name, command) in candidates(case, state) {
        match node.trial(by.actor(), &Act::new(case.id, command)).await {
            Ok(()) => acts.push(name),
            // Reasons that can be set aside by name are no reason not to ask.
            Err(Error::Refused(refusal))
                if matches!(refusal.cause, desk::request::Cause::NotAccepted(_)) =>
            {
                acts.push(name);
            }
            Err(Error::Refused(_) | Error::Hidden) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(acts)
}

/// What could be done at all, each with a command of its shape.
fn candidates(case: &Case, state: Option<&AskState>) -> Vec<(&'static str, Command)> {
    let Some(state) = state else {
        let method = desk::request::IdentityMethod::CallBack;
        return vec![
            ("start_identity_check", Command::StartIdentityCheck),
            ("verify_identity", Command::VerifyIdentity { method }),
            ("post_message", Command::PostMessage { ask: None }),
        ];
    };
    let ask: AskNumber = state.number;
    let code = RefusalCode::Incomplete;
    let zero = desk::ids::Digest::default();
    let mut all = vec![
        ("accept_legal", Command::AcceptLegal { ask, despite: Vec::new() }),
        ("request_information", Command::RequestInformation { ask, codes: vec![code] }),
        ("provide_information", Command::ProvideInformation { ask, order: None }),
        ("hold", Command::Hold { ask, reason: desk::request::HoldReason::CourtMotion }),
        ("end_hold", Command::EndHold { ask }),
        ("clear_by_authority", Command::ClearByAuthority { ask }),
        ("search", Command::StartSearch { ask }),
        ("freeze", Command::Freeze { ask }),
        ("unfreeze", Command::Unfreeze { ask }),
        ("release", Command::Release { ask }),
        ("link", Command::Link { ask, order_sha256: zero }),
        ("confirm_freeze", Command::ConfirmFreeze { ask, order_sha256: zero, until: None }),
        ("receive_ex_post_order", Command::ReceiveExPostOrder { ask, order_sha256: zero }),
        ("review_emergency", Command::ReviewEmergency { ask, justified: true }),
        ("withdraw", Command::Withdraw { ask }),
        ("confirm_deletion", Command::ConfirmDeletion { ask }),
        ("close", Command::Close { ask }),
        ("refuse", Command::Refuse { ask, code }),
    ];
    if let Some(category) = state.ask.scope().and_then(|scope| scope.categories.iter().next_back())
    {
        let exhibit = desk::ids::ExhibitNumber(case.next_exhibit());
        let (category, exhibit_sha256, rows, withheld) = (*category, zero, 0, 0);
        let command =
            Command::AddExhibit { ask, exhibit, category, exhibit_sha256, rows, withheld };
        all.push(("add_exhibit", command));
    }
    // Which answer fits depends on what was found; that any does is enough to offer the form.
    let missing = desk::request::MissingReason::NotStored;
    for (outcome, missing) in
        [(Outcome::Full, vec![]), (Outcome::Partial, vec![missing]), (Outcome::NoData, vec![])]
    {
        let answers = vec![desk::request::Answer { ask, outcome, missing }];
        all.push(("assemble", Command::Assemble { answers, tagmanifest_sha256: zero }));
    }
    if let Some(package) = &state.package {
        let asks: Vec<AskNumber> = package_asks(case, package.tagmanifest_sha256);
        let tagmanifest_sha256 = package.tagmanifest_sha256;
        all.push(("return_package", Command::ReturnPackage { asks: asks.clone() }));
        all.push(("approve", Command::Approve { asks, tagmanifest_sha256 }));
    }
    for effect in &state.effects {
        all.push(("retry_effect", Command::RetryEffect { effect: effect.id }));
    }
    all
}

/// The asks that one package answers.
pub(super) fn package_asks(case: &Case, digest: desk::ids::Digest) -> Vec<AskNumber> {
    let same = |state: &&AskState| {
        state.package.is_some_and(|package| package.tagmanifest_sha256 == digest)
    };
    case.request.asks.iter().filter(same).map(|state| state.number).collect()
}

/// Messages, with names.
pub(crate) fn messages(site: &Site, case: &Case) -> Vec<MessageShown> {
    let directory = site.node.directory();
    let shown = |message: &server::app::case::Message| MessageShown {
        at: message.at,
        by: directory.name(message.by),
        with: message.with,
        ask: message.ask,
        text: message.text.clone(),
    };
    case.messages.iter().map(shown).collect()
}

/// The history, newest last, with each event's leaf of the log.
pub(crate) fn history(frame: &Frame, site: &Site, case: &Case) -> Vec<Line> {
    let directory = site.node.directory();
    let lines = case.history.iter().zip(&case.leaves);
    lines
        .map(|((at, event), leaf)| {
            let told: serde_json::Value =
                serde_json::from_str(&desk::record::encode(event)).unwrap_or_default();
            let word = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
            let by = desk::ids::ActorId::parse(&word("by"));
            Line {
                at: *at,
                what: word("kind"),
                by: by.map(|by| frame.who(&directory, by)).unwrap_or_default(),
                ask: event.ask().map(|ask| ask.0),
                leaf: leaf.0,
            }
        })
        .collect()
}
