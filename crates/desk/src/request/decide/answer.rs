//! From the search to the acknowledged package, and the review of what an emergency let out.

use std::collections::BTreeSet;

use super::{Case, clocks, wrong_state};
use crate::check::reasons_against;
use crate::ids::{AskNumber, Digest};
use crate::order::AskKind;
use crate::pack::{StopEvent, Trigger};
use crate::policy::Role;
use crate::request::command::{Answer, Command};
use crate::request::event::{Event, Outcome};
use crate::request::no::{Contradiction, Doing, Need, No, What};
use crate::request::refusal::{Cause, Refusal};
use crate::request::state::{AskState, Stage};
use crate::said::StageName;

/// The most exhibits of one request.
pub const EXHIBITS_MAX: usize = 10_000;

pub(super) fn start_search(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::StartSearch;
    let ask = case.ask_of(number, &[AskKind::Disclose], WHAT)?;
    case.authenticated(WHAT)?;
    match ask.stage {
        Stage::Accepted => {}
        Stage::LegalReview if ask.is_emergency() => go_ahead(case, ask)?,
        _ => return Err(wrong_state(ask, WHAT, Need::Acceptance)),
    }
    Ok(vec![Event::SearchStarted { ask: number, by: case.by }])
}

/// An emergency goes ahead of legal review: by somebody on call, and only when no rule of the
/// pack speaks against it.
fn go_ahead(case: Case<'_>, ask: &AskState) -> Result<(), Refusal> {
    if !case.permit.actor().has(Role::OnCall) {
        return Err(wrong_state(ask, Doing::StartSearch, Need::AcceptanceOrOnCall));
    }
    let reasons = reasons_against(case.order, ask.number, case.pack, case.received_at);
    if reasons.is_empty() {
        return Ok(());
    }
    Err(super::intake::not_accepted(case, ask.number, reasons, &BTreeSet::new()))
}

pub(super) fn add_exhibit(case: Case<'_>, command: &Command) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::AddExhibit;
    let Command::AddExhibit { ask, exhibit, category, exhibit_sha256, rows, withheld } = command
    else {
        return Ok(Vec::new());
    };
    let state = case.ask_of(*ask, &[AskKind::Disclose], WHAT)?;
    if state.stage != Stage::Searching {
        return Err(wrong_state(state, WHAT, Need::SearchBegun));
    }
    let all = || case.request.asks.iter().flat_map(|ask| &ask.exhibits);
    if exhibit.0 == 0
        || all().any(|known| known.number == *exhibit)
        || all().count() >= EXHIBITS_MAX
    {
        let why = No::ExhibitNumber { exhibit: *exhibit };
        return Err(Refusal::new(Cause::Duplicate, WHAT, why));
    }
    if !state.ask.scope().is_some_and(|scope| scope.categories.contains(category)) {
        let why = No::NotInScope { category: *category, ask: *ask };
        return Err(Refusal::new(Cause::Invalid, WHAT, why));
    }
    Ok(vec![Event::ExhibitAdded {
        ask: *ask,
        exhibit: *exhibit,
        category: *category,
        exhibit_sha256: *exhibit_sha256,
        rows: *rows,
        withheld: *withheld,
        by: case.by,
    }])
}

pub(super) fn assemble(
    case: Case<'_>,
    answers: &[Answer],
    tagmanifest_sha256: Digest,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Assemble;
    let asks: Vec<AskNumber> = answers.iter().map(|answer| answer.ask).collect();
    distinct(&asks, WHAT)?;
    let mut events = Vec::new();
    for answer in answers {
        let ask = case.ask_of(answer.ask, &[AskKind::Disclose], WHAT)?;
        if ask.stage != Stage::Searching {
            return Err(wrong_state(ask, WHAT, Need::SearchBegun));
        }
        check_outcome(ask, answer)?;
        events.push(Event::OutcomeRecorded {
            ask: answer.ask,
            outcome: answer.outcome,
            missing: answer.missing.clone(),
            by: case.by,
        });
    }
    if in_package(case, tagmanifest_sha256).next().is_some() {
        return Err(Refusal::new(Cause::DifferentPackage, WHAT, No::DigestTaken));
    }
    events.push(Event::Assembled { asks, tagmanifest_sha256, by: case.by });
    Ok(events)
}

/// What is said of an answer must agree with its exhibits.
fn check_outcome(ask: &AskState, answer: &Answer) -> Result<(), Refusal> {
    let rows: u64 = ask.exhibits.iter().map(|exhibit| exhibit.rows).fold(0, u64::saturating_add);
    let withheld = ask.exhibits.iter().any(|exhibit| exhibit.withheld > 0);
    let searched: BTreeSet<_> = ask.exhibits.iter().filter_map(|it| it.category).collect();
    let wanted = ask.ask.scope().map(|scope| scope.categories.clone()).unwrap_or_default();
    let problem = match answer.outcome {
        _ if ask.exhibits.is_empty() => Some(Contradiction::NothingSearched),
        Outcome::Full if !answer.missing.is_empty() || withheld => {
            Some(Contradiction::SomethingMissing)
        }
        Outcome::Full if searched != wanted => Some(Contradiction::CategoryNotSearched),
        Outcome::Full if rows == 0 => Some(Contradiction::NoRows),
        Outcome::Partial if answer.missing.is_empty() => Some(Contradiction::SayWhatIsMissing),
        Outcome::NoData if rows > 0 || withheld => Some(Contradiction::Rows),
        Outcome::NoData if searched != wanted => Some(Contradiction::NegativeNotWhole),
        _ => None,
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(Refusal::new(
            Cause::Invalid,
            What::AskAs { doing: Doing::Assemble, ask: answer.ask, outcome: answer.outcome },
            No::ExhibitsSayOtherwise { problem },
        )),
    }
}

pub(super) fn return_package(case: Case<'_>, asks: &[AskNumber]) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::ReturnPackage;
    distinct(asks, WHAT)?;
    for number in asks {
        let ask = case.ask(*number, WHAT)?;
        if !matches!(ask.stage, Stage::Assembled | Stage::Approved) {
            return Err(wrong_state(ask, WHAT, Need::PackageNotSealed));
        }
    }
    Ok(vec![Event::PackageReturned { asks: asks.to_vec(), by: case.by }])
}

pub(super) fn approve(
    case: Case<'_>,
    asks: &[AskNumber],
    tagmanifest_sha256: Digest,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Approve;
    let members = whole_package(case, asks, tagmanifest_sha256, &Stage::Assembled, WHAT)?;
    case.authenticated(WHAT)?;
    if !case.by.is_staff() {
        return Err(Refusal::new(Cause::SamePerson, WHAT, No::ApprovalNeedsPerson));
    }
    // Two different people before anything leaves; no setting turns this off.
    if members.iter().any(|ask| took_part(case, ask)) {
        return Err(Refusal::new(Cause::SamePerson, WHAT, No::TookPart));
    }
    Ok(vec![Event::Approved { asks: asks.to_vec(), tagmanifest_sha256, by: case.by }])
}

fn took_part(case: Case<'_>, ask: &AskState) -> bool {
    let verified = case.request.identity.is_some_and(|identity| identity.by == case.by);
    verified || case.request.filed_by == Some(case.by) || ask.prepared_by.contains(&case.by)
}

pub(super) fn seal(case: Case<'_>, command: &Command) -> Result<Vec<Event>, Refusal> {
    let Command::Seal { asks, tagmanifest_sha256, p7s_sha256, tsr_sha256, chain_sha256 } = command
    else {
        return Ok(Vec::new());
    };
    whole_package(case, asks, *tagmanifest_sha256, &Stage::Approved, Doing::Seal)?;
    case.authenticated(Doing::Seal)?;
    Ok(vec![Event::Sealed {
        asks: asks.clone(),
        tagmanifest_sha256: *tagmanifest_sha256,
        p7s_sha256: *p7s_sha256,
        tsr_sha256: *tsr_sha256,
        chain_sha256: *chain_sha256,
    }])
}

pub(super) fn deliver(
    case: Case<'_>,
    asks: &[AskNumber],
    package_sha256: Digest,
    encrypted_sha256: Digest,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Deliver;
    distinct(asks, WHAT)?;
    let first = case.ask(asks[0], WHAT)?;
    let Some(package) = first.package else {
        return Err(wrong_state(first, WHAT, Need::PackageSealed));
    };
    let members = whole_package(case, asks, package.tagmanifest_sha256, &Stage::Sealed, WHAT)?;
    case.authenticated(WHAT)?;
    if let Some(until) = members.iter().filter_map(|ask| ask.not_before(case.now)).max() {
        let why = No::AuthorityMayObject { until };
        return Err(Refusal::new(Cause::TooEarly(until), WHAT, why));
    }
    let asks_vec = asks.to_vec();
    let mut events =
        vec![Event::Delivered { asks: asks_vec, package_sha256, encrypted_sha256, by: case.by }];
    for ask in members {
        events.extend(clocks::stop(case, ask, StopEvent::Delivery));
        events.extend(clocks::start(case, ask, Trigger::Delivery, case.now)?);
    }
    Ok(events)
}

pub(super) fn acknowledge(
    case: Case<'_>,
    asks: &[AskNumber],
    package_sha256: Digest,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Acknowledge;
    distinct(asks, WHAT)?;
    for number in asks {
        let ask = case.ask(*number, WHAT)?;
        if ask.stage != Stage::Delivered {
            return Err(wrong_state(ask, WHAT, Need::PackageDelivered));
        }
        if ask.package.and_then(|package| package.package_sha256) != Some(package_sha256) {
            let why = No::NotThePackageDelivered;
            return Err(Refusal::new(Cause::DifferentPackage, WHAT, why));
        }
    }
    Ok(vec![Event::Acknowledged { asks: asks.to_vec(), package_sha256, by: case.by }])
}

pub(super) fn close(case: Case<'_>, number: AskNumber) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::Close;
    let ask = case.ask(number, WHAT)?;
    if !matches!(ask.stage, Stage::Delivered | Stage::Acknowledged) {
        return Err(wrong_state(ask, WHAT, Need::PackageDelivered));
    }
    if ask.is_emergency() && (ask.legal_by.is_none() || ask.reviewed_by.is_none()) {
        return Err(Refusal::new(
            Cause::WrongState,
            What::Ask { doing: WHAT, ask: number },
            No::EmergencyNotLookedAt,
        ));
    }
    let mut events = vec![Event::Closed { ask: number, by: case.by }];
    events.extend(clocks::end_all(ask));
    Ok(events)
}

pub(super) fn review_emergency(
    case: Case<'_>,
    number: AskNumber,
    justified: bool,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::ReviewEmergency;
    let ask = case.ask_of(number, &[AskKind::Disclose], WHAT)?;
    if !ask.is_emergency() || ask.delivered_at.is_none() {
        return Err(wrong_state(ask, WHAT, Need::EmergencyAnswer));
    }
    if ask.reviewed_by.is_some() {
        return Err(Refusal::new(Cause::Duplicate, WHAT, No::ReviewedAlready));
    }
    if took_part(case, ask) || ask.approved_by == Some(case.by) {
        return Err(Refusal::new(Cause::SamePerson, WHAT, No::LetItOut));
    }
    let mut events = vec![Event::EmergencyReviewed { ask: number, justified, by: case.by }];
    events.extend(clocks::stop(case, ask, StopEvent::Review));
    Ok(events)
}

pub(super) fn receive_ex_post_order(
    case: Case<'_>,
    number: AskNumber,
    order_sha256: Digest,
) -> Result<Vec<Event>, Refusal> {
    const WHAT: Doing = Doing::LinkLaterOrder;
    let ask = case.ask(number, WHAT)?;
    if !ask.is_emergency() {
        return Err(wrong_state(ask, WHAT, Need::Emergency));
    }
    let mut events = vec![Event::ExPostOrderReceived { ask: number, order_sha256, by: case.by }];
    events.extend(clocks::stop(case, ask, StopEvent::ExPostOrder));
    Ok(events)
}

/// The asks named are exactly those in the package, and each is in the state wanted.
fn whole_package<'a>(
    case: Case<'a>,
    asks: &[AskNumber],
    tagmanifest_sha256: Digest,
    stage: &Stage,
    doing: Doing,
) -> Result<Vec<&'a AskState>, Refusal> {
    distinct(asks, doing)?;
    for number in asks {
        let ask = case.ask(*number, doing)?;
        if ask.stage != *stage {
            let need = Need::State { stage: StageName(stage.name()) };
            return Err(wrong_state(ask, doing, need));
        }
        if ask.package.map(|package| package.tagmanifest_sha256) != Some(tagmanifest_sha256) {
            return Err(Refusal::new(
                Cause::DifferentPackage,
                What::Ask { doing, ask: *number },
                No::NotThePackageOfAsk,
            ));
        }
    }
    let members: Vec<&AskState> = in_package(case, tagmanifest_sha256).collect();
    if let Some(other) = members.iter().find(|ask| !asks.contains(&ask.number)) {
        let stage = StageName(other.stage.name());
        let why = No::PackageAnswersMore { ask: other.number, stage };
        return Err(Refusal::new(Cause::DifferentPackage, doing, why));
    }
    Ok(members)
}

fn in_package(case: Case<'_>, digest: Digest) -> impl Iterator<Item = &AskState> {
    case.request
        .asks
        .iter()
        .filter(move |ask| ask.package.is_some_and(|it| it.tagmanifest_sha256 == digest))
}

fn distinct(asks: &[AskNumber], doing: Doing) -> Result<(), Refusal> {
    let unique: BTreeSet<_> = asks.iter().collect();
    if !asks.is_empty() && unique.len() == asks.len() {
        return Ok(());
    }
    Err(Refusal::new(Cause::Invalid, doing, No::AsksNotDistinct))
}
