//! From one task to one ask: what is wanted, with which selectors, in which range. Knows no state.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use desk::ids::{Amount, AskNumber, Asset, RequestId};
use desk::order::{AskKind, DataCategory, Demand, EmergencyKind, Scope, TimeRange};
use jiff::{SignedDuration, Timestamp};
use records::Selector;

use super::super::error::{ActionError, ErrorCode};
use super::super::json::shown;
use super::super::object::{
    DisclosureTask, Object, PreservationTask, RequestDetails, RequestValue,
};
use super::super::selector::{AMOUNT, ASSET, format, format_names};
use super::super::value::{EndpointId, ObjectId, Word};
use super::super::words::{
    DATA_CATEGORY, OWNER, OwnTask, REQUEST_TYPE, REQUEST_TYPES, TASK_DESIRED_STATUS, categories,
};
use super::facts::Facts;
use super::{Context, Part, refusal};
use crate::selector::desk_kind;

/// A task, understood.
pub(super) struct ReadTask {
    pub(super) demand: Demand,
    pub(super) emergency: Option<EmergencyKind>,
    pub(super) selectors: Vec<Selector>,
    /// Earlier preservations it links to.
    pub(super) links: Vec<(RequestId, AskNumber)>,
    /// The earliest deadline it gives.
    pub(super) answer_by: Option<Timestamp>,
}

/// The kind of ask that a task is; decides nothing else.
pub(super) fn kind(object: &Object) -> Option<AskKind> {
    match object {
        Object::Disclosure(_) => Some(AskKind::Disclose),
        Object::Preservation(task) => Some(match own_task(task) {
            Some(OwnTask::Freeze) => AskKind::Freeze,
            Some(OwnTask::Unfreeze) => AskKind::Unfreeze,
            Some(OwnTask::NonDisclosure) => AskKind::NonDisclosure,
            None => AskKind::Preserve,
        }),
        _ => None,
    }
}

/// Our own kind of task, if the LPTask is one.
pub(super) fn own_task(task: &PreservationTask) -> Option<OwnTask> {
    let word = task.details.as_ref()?.kind.as_ref()?;
    if word.owner != OWNER || word.name != REQUEST_TYPE {
        return None;
    }
    OwnTask::from_word(&word.value)
}

/// What reading a task needs besides the task.
pub(super) struct Around<'a> {
    pub(super) context: &'a Context<'a>,
    /// Freezes of the same request, by the identifier of their task.
    pub(super) freezes: &'a [(ObjectId, AskNumber)],
    /// Its place in the message.
    pub(super) at: String,
}

/// Reads one task.
pub(super) fn read(
    object: &Object,
    around: &Around<'_>,
    facts: &mut Facts,
) -> Result<ReadTask, ActionError> {
    match object {
        Object::Disclosure(task) => disclosure(task, around, facts),
        Object::Preservation(task) => preservation(task, around, facts),
        other => Err(refusal(
            ErrorCode::NOT_SERVED,
            around.at.clone(),
            format!("a {} is not a task", other.kind().as_str()),
        )),
    }
}

fn disclosure(
    task: &DisclosureTask,
    around: &Around<'_>,
    facts: &mut Facts,
) -> Result<ReadTask, ActionError> {
    around.check_csp(task.csp.as_ref())?;
    let wishes = ["AwaitingDisclosure", "Disclosed"];
    around.check_wish(task.desired_status.as_ref(), ("ETSI", "LDTaskDesiredStatus"), &wishes)?;
    let mut is_emergency = false;
    for (index, flag) in task.flags.iter().enumerate() {
        let at = format!("{}.task:Flags.task:LDTaskFlag[{index}]", around.at);
        let (emergency, test) = facts.take_flag(flag, "LDTaskFlag", &at)?;
        is_emergency |= emergency;
        facts.order.is_test |= test;
    }
    is_emergency |= task.approvals.iter().any(|approval| approval.emergency == Some(true));
    if task.names_destination {
        let note = "The message names delivery destinations; evidence goes to the enrolled \
                    endpoint and key only";
        facts.note(note.to_owned());
    }
    facts.contact("task reference", task.reference.as_deref());
    facts.contact("task information", task.manual.as_deref());
    for reference in &task.preservations {
        facts.contact("earlier preservation", Some(&reference.value));
    }
    let (scope, selectors) = around.scope(task.details.as_ref())?;
    Ok(ReadTask {
        demand: Demand::Disclose { scope },
        emergency: facts.emergency(is_emergency),
        selectors,
        links: around.links(&task.common.associated),
        answer_by: task.deadlines.iter().filter_map(|deadline| deadline.at).min(),
    })
}

fn preservation(
    task: &PreservationTask,
    around: &Around<'_>,
    facts: &mut Facts,
) -> Result<ReadTask, ActionError> {
    around.check_csp(task.csp.as_ref())?;
    let until = task.desired_expiration;
    let own = own_task(task);
    let wish = task.desired_status.as_ref();
    match own {
        None => {
            let wishes = ["AwaitingPreservation", "Preserved"];
            around.check_wish(wish, ("ETSI", "LPTaskDesiredStatus"), &wishes)?;
        }
        Some(own) => {
            let wished = match own {
                OwnTask::Freeze => "Frozen",
                OwnTask::Unfreeze => "Unfrozen",
                OwnTask::NonDisclosure => "InForce",
            };
            around.check_wish(wish, (OWNER, TASK_DESIRED_STATUS), &[wished])?;
        }
    }
    let details = task.details.as_ref();
    let (demand, selectors) = match own {
        None => {
            let (scope, selectors) = around.scope(details)?;
            (Demand::Preserve { scope, until }, selectors)
        }
        Some(OwnTask::Freeze) => {
            let (asset, amount, selectors) = around.freeze(details)?;
            (Demand::Freeze { asset, amount, until }, selectors)
        }
        Some(OwnTask::Unfreeze) => {
            (around.unfreeze(&task.common.associated)?, around.selectors(details)?)
        }
        Some(OwnTask::NonDisclosure) => {
            (Demand::NonDisclosure { until }, around.selectors(details)?)
        }
    };
    // Ending a freeze and keeping silent have no emergency; freezing and preserving may.
    let may_be_urgent = matches!(own, None | Some(OwnTask::Freeze));
    let emergency = if may_be_urgent { facts.emergency(false) } else { None };
    Ok(ReadTask { demand, emergency, selectors, links: Vec::new(), answer_by: None })
}

impl Around<'_> {
    fn refuse(&self, code: ErrorCode, member: &str, problem: String) -> ActionError {
        refusal(code, format!("{}.{member}", self.at), problem)
    }

    fn check_csp(&self, csp: Option<&EndpointId>) -> Result<(), ActionError> {
        match csp {
            Some(csp) if !self.context.ours.contains(csp) => {
                let ours: Vec<String> =
                    self.context.ours.iter().map(EndpointId::to_string).collect();
                let problem = format!("{csp} is not this service; it is {}", ours.join(" or "));
                Err(self.refuse(ErrorCode::NOT_FOR_US, "task:CSPID", problem))
            }
            _ => Ok(()),
        }
    }

    /// A new task may wish for what it asks and for nothing else.
    fn check_wish(
        &self,
        wish: Option<&Word>,
        (owner, name): (&str, &str),
        values: &[&str],
    ) -> Result<(), ActionError> {
        match wish {
            Some(wish) if !values.iter().any(|value| wish.is(owner, name, value)) => {
                let problem = format!(
                    "{wish} is not a state that a new task of this kind may wish; leave it out or \
                     give {owner}/{name} {}",
                    values.join(" or ")
                );
                Err(self.refuse(ErrorCode::UNKNOWN_WORD, "task:DesiredStatus", problem))
            }
            _ => Ok(()),
        }
    }

    fn links(&self, associated: &[ObjectId]) -> Vec<(RequestId, AskNumber)> {
        associated
            .iter()
            .filter_map(|id| self.context.known.get(id))
            .filter_map(|known| match known.part {
                Part::Ask(ask, AskKind::Preserve) => Some((known.request, ask)),
                _ => None,
            })
            .collect()
    }

    fn unfreeze(&self, associated: &[ObjectId]) -> Result<Demand, ActionError> {
        for id in associated {
            if let Some((_, freeze)) = self.freezes.iter().find(|(task, _)| task == id) {
                return Ok(Demand::Unfreeze { request: None, freeze: *freeze });
            }
            if let Some(known) = self.context.known.get(id)
                && let Part::Ask(freeze, AskKind::Freeze) = known.part
            {
                return Ok(Demand::Unfreeze { request: Some(known.request), freeze });
            }
        }
        let problem = "names no freeze of yours; give the identifier of its LPTask".to_owned();
        Err(self.refuse(ErrorCode::NO_SUCH_OBJECT, "AssociatedObjects", problem))
    }

    fn scope(
        &self,
        details: Option<&RequestDetails>,
    ) -> Result<(Scope, Vec<Selector>), ActionError> {
        let Some(details) = details else {
            // Nothing said: the rule pack refuses it as incomplete, with its article.
            return Ok((Scope::default(), Vec::new()));
        };
        let categories = self.categories(details)?;
        let range = self.range(details)?;
        let (selectors, counts) = self.counted_selectors(details)?;
        Ok((Scope { selectors: counts, categories, range }, selectors))
    }

    fn categories(&self, details: &RequestDetails) -> Result<BTreeSet<DataCategory>, ActionError> {
        let mut found = BTreeSet::new();
        if let Some(word) = &details.kind {
            let Some(known) = categories(&word.owner, &word.name, &word.value) else {
                let known: Vec<String> = REQUEST_TYPES
                    .iter()
                    .map(|(owner, value)| format!("{owner}/{REQUEST_TYPE}/{value}"))
                    .collect();
                let problem = format!("{word} is not served; give one of {}", known.join(", "));
                let member = "task:RequestDetails.task:Type";
                return Err(self.refuse(ErrorCode::UNKNOWN_WORD, member, problem));
            };
            found.extend(known);
        }
        for (index, word) in details.subtypes.iter().enumerate() {
            let category = DataCategory::from_word(&word.value)
                .filter(|_| word.owner == OWNER && word.name == DATA_CATEGORY);
            let Some(category) = category else {
                let words: Vec<&str> = DataCategory::ALL.iter().map(|it| it.as_str()).collect();
                let problem = format!(
                    "{word} is not served; give {OWNER}/{DATA_CATEGORY} with one of {}",
                    words.join(", ")
                );
                let member =
                    format!("task:RequestDetails.task:Subtype.task:RequestSubtype[{index}]");
                return Err(self.refuse(ErrorCode::UNKNOWN_WORD, &member, problem));
            };
            found.insert(category);
        }
        Ok(found)
    }

    /// From StartTime to EndTime; an open end is the moment of sending, a moment is one second.
    fn range(&self, details: &RequestDetails) -> Result<Option<TimeRange>, ActionError> {
        const SECOND: SignedDuration = SignedDuration::from_secs(1);
        // The last second of 9999 has no second after it.
        let after = |moment: Timestamp| moment.checked_add(SECOND).unwrap_or(Timestamp::MAX);
        match (details.span.start, details.span.end) {
            (Some(from), Some(to)) => {
                Ok(Some(TimeRange { from, to: if from == to { after(from) } else { to } }))
            }
            (Some(from), None) if from < self.context.sent_at => {
                Ok(Some(TimeRange { from, to: self.context.sent_at }))
            }
            (Some(from), None) => {
                let problem = format!(
                    "{from} is in the future and there is no task:EndTime; only records that are \
                     stored can be asked for"
                );
                let member = "task:RequestDetails.task:StartTime";
                Err(self.refuse(ErrorCode::WRONG_VALUE, member, problem))
            }
            (None, Some(_)) => {
                let problem = "has task:EndTime without task:StartTime; give both".to_owned();
                Err(self.refuse(ErrorCode::WRONG_VALUE, "task:RequestDetails", problem))
            }
            (None, None) => {
                let first = details.observed.iter().min();
                let last = details.observed.iter().max();
                Ok(first.zip(last).map(|(from, to)| TimeRange { from: *from, to: after(*to) }))
            }
        }
    }

    fn selectors(&self, details: Option<&RequestDetails>) -> Result<Vec<Selector>, ActionError> {
        details.map_or(Ok(Vec::new()), |details| Ok(self.counted_selectors(details)?.0))
    }

    fn counted_selectors(
        &self,
        details: &RequestDetails,
    ) -> Result<(Vec<Selector>, BTreeMap<desk::order::SelectorKind, u32>), ActionError> {
        let mut seen = HashSet::new();
        let (mut selectors, mut counts) = (Vec::new(), BTreeMap::new());
        for (index, value) in details.values.iter().enumerate() {
            let selector = self.selector(index, value)?;
            if seen.insert(selector.clone()) {
                *counts.entry(desk_kind(&selector)).or_insert(0_u32) += 1;
                selectors.push(selector);
            }
        }
        Ok((selectors, counts))
    }

    fn selector(&self, index: usize, value: &RequestValue) -> Result<Selector, ActionError> {
        let place = |member: &str| {
            format!("task:RequestDetails.task:RequestValues.task:RequestValue[{index}].{member}")
        };
        let Some(format) = format(&value.format_owner, &value.format_name) else {
            let problem = format!(
                "{}/{} is not a format of this service; give one of {}",
                shown(&value.format_owner),
                shown(&value.format_name),
                format_names()
            );
            return Err(self.refuse(ErrorCode::UNKNOWN_WORD, &place("task:FormatType"), problem));
        };
        format.read(&value.value).map_err(|error| {
            let problem = format!("{error}; correct it");
            self.refuse(ErrorCode::WRONG_VALUE, &place("task:Value"), problem)
        })
    }

    /// Asset and amount come among the values of a freeze, beside the accounts or addresses.
    #[expect(clippy::type_complexity, reason = "the parts of one demand, taken apart at once")]
    fn freeze(
        &self,
        details: Option<&RequestDetails>,
    ) -> Result<(Option<Asset>, Option<Amount>, Vec<Selector>), ActionError> {
        let Some(details) = details else { return Ok((None, None, Vec::new())) };
        let (mut asset, mut amount) = (None, None);
        let mut selectors = Vec::new();
        for (index, value) in details.values.iter().enumerate() {
            let member =
                format!("task:RequestDetails.task:RequestValues.task:RequestValue[{index}]");
            let twice = |name: &str| {
                let problem = format!("gives {name} a second time; one freeze has one, add a task");
                self.refuse(ErrorCode::WRONG_VALUE, &member, problem)
            };
            let wrong = |problem: String| {
                self.refuse(ErrorCode::WRONG_VALUE, &format!("{member}.task:Value"), problem)
            };
            match (value.format_owner.as_str(), value.format_name.as_str()) {
                (OWNER, ASSET) => {
                    let found = Asset::parse(&value.value).ok_or_else(|| {
                        wrong(format!(
                            "{:?} is not an asset; give 1 to 32 letters, digits, dots, dashes, \
                             like BTC",
                            shown(&value.value)
                        ))
                    })?;
                    if asset.replace(found).is_some() {
                        return Err(twice(ASSET));
                    }
                }
                (OWNER, AMOUNT) => {
                    let found = self::amount(&value.value).map_err(wrong)?;
                    if amount.replace(found).is_some() {
                        return Err(twice(AMOUNT));
                    }
                }
                _ => {
                    let selector = self.selector(index, value)?;
                    if !selectors.contains(&selector) {
                        selectors.push(selector);
                    }
                }
            }
        }
        Ok((asset, amount, selectors))
    }
}

/// A decimal below 2^128 without sign, point or leading zeros: the asset's smallest unit.
fn amount(text: &str) -> Result<Amount, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(format!(
            "{:?} is not an amount; give the asset's smallest unit as a whole number, like \
             120000000 for 1.2 BTC",
            shown(text)
        ));
    }
    match text.parse::<u128>() {
        Ok(amount) => Ok(Amount(amount)),
        Err(_) => {
            Err(format!("{} is out of range; the largest amount is {}", shown(text), u128::MAX))
        }
    }
}
