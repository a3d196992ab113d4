//! Who is told that something about an access changed, runs out, or is unusual (OWASP ASVS 4.0.3,
//! 2.2.3, 2.3.3, 2.5.5). The mail says "look", and nothing of what happened.
//!
//! | change | told |
//! |---|---|
//! | a passkey is enrolled or removed; a new link is made for somebody who has one | that person |
//! | a log-in from a network that a person never came from | that person |
//! | roles change, a member of staff is removed | that person |
//! | the mail address changes | that person, at the old and the new address |
//! | an officer is stopped or may act again | the officer and the agency's supervisors |
//! | an agency is stopped or may act again | its supervisors |
//! | an attestation runs out in 14 and in 3 days | that person and the agency's supervisors |
//! | an unused link runs out in 4 hours | the same, and whoever made the link |
//! | an alarm is raised | `alarm.people`, or all administrators and auditors |
//!
//! Unlike other mails these go to people who may not act now: whoever is stopped must hear of it.
//! Whoever is suspected of fraud does not hear of a kill switch.

use std::collections::BTreeSet;

use anyhow::Context as _;
use desk::ids::{ActorId, AgencyId, KeyId, RequestId, StaffId};
use desk::policy::Role;
use jiff::{SignedDuration, Timestamp};
use store::{Job, NewJob};
use uuid::Uuid;

use super::fan::{ATTEMPTS_MAX, JOBS_AT_ONCE_MAX, OWN_ATTEMPTS_MAX, append};
use super::{ALARM_RAISED, Urgency};
use crate::app::Node;
use crate::directory::{self, Change, Directory, OfficerRole, OfficerState};
use crate::error::Error;
use crate::jobs::{Task, new_job};
use crate::webhook;

/// Mails that one change leads to; an agency has fewer supervisors.
const MAILS_OF_A_CHANGE_MAX: usize = 40;
/// Days before its end at which an attestation is told to run out.
const ATTESTATION_DAYS: [i64; 2] = [14, 3];
/// Hours before its end at which an unused link is told to run out.
const LINK_HOURS: i64 = 4;

/// Somebody to be told, at the address of now or that before the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    who: ActorId,
    at_old_address: bool,
}

/// The jobs that follow from a change of the directory; `before` and `after` are around it.
pub(crate) fn jobs_of_change(
    before: &Directory,
    after: &Directory,
    change: &Change,
    now: Timestamp,
) -> Vec<NewJob> {
    let seq = after.seq;
    let mails = told(before, after, change).into_iter().take(MAILS_OF_A_CHANGE_MAX).map(|told| {
        let as_of = told.at_old_address.then_some(before.seq);
        let when = if told.at_old_address { "before" } else { "after" };
        let key = format!("access:{}:{seq}:{when}", told.who);
        mail(told.who, as_of, Urgency::Access, key)
    });
    let link = match change {
        Change::Invited { holder, until, .. } => {
            link_reminder(*until, now).map(|at| reminder(*holder, *until, at))
        }
        _ => None,
    };
    let attested = directory::officer_about(change).and_then(|key| after.officer(key));
    let due = attested.and_then(directory::Officer::attest_before);
    let attestation = attested.zip(due).and_then(|(officer, due)| {
        let is_new = before.officer(officer.id).and_then(directory::Officer::attest_before);
        let at = attestation_reminder(due, now).filter(|_| is_new != Some(due))?;
        Some(reminder(ActorId::Key(officer.id), due, at))
    });
    mails.chain(link).chain(attestation).collect()
}

fn told(before: &Directory, after: &Directory, change: &Change) -> BTreeSet<Told> {
    let mut all = BTreeSet::new();
    let mut tell = |who, at_old_address| {
        all.insert(Told { who, at_old_address });
    };
    match change {
        Change::PasskeyEnrolled { holder, .. } => tell(*holder, false),
        Change::PasskeyRemoved { credential_sha256, .. } => {
            let holder = before.passkey(credential_sha256).map(|passkey| passkey.holder);
            holder.into_iter().for_each(|holder| tell(holder, false));
        }
        Change::Invited { holder, .. } if before.passkeys_of(*holder).next().is_some() => {
            tell(*holder, false);
        }
        Change::StaffRolesChanged { staff, .. } => tell(ActorId::Staff(*staff), false),
        Change::StaffRemoved { staff, .. } => tell(ActorId::Staff(*staff), true),
        Change::OfficerStopped { officer, .. } | Change::OfficerResumed { officer, .. } => {
            if !after.is_marked(*officer) {
                tell(ActorId::Key(*officer), false);
            }
            let agency = after.officer(*officer).map(|known| known.agency);
            let supervisors = agency.into_iter().flat_map(|agency| supervisors(after, agency));
            supervisors.for_each(|key| tell(ActorId::Key(key), false));
        }
        Change::AgencyStopped { agency, .. } | Change::AgencyResumed { agency, .. } => {
            supervisors(after, *agency).for_each(|key| tell(ActorId::Key(key), false));
        }
        _ => {}
    }
    for (who, old) in addresses(before) {
        let new = address(after, who);
        if after.knows(who) && new.as_deref() != Some(old) {
            tell(who, true);
            if new.is_some() {
                tell(who, false);
            }
        }
    }
    all
}

fn supervisors(directory: &Directory, agency: AgencyId) -> impl Iterator<Item = KeyId> {
    let officers = directory.officers().filter(move |officer| {
        let answers = officer.role == OfficerRole::Supervisor && officer.admitted_at.is_some();
        officer.agency == agency && answers && !directory.is_marked(officer.id)
    });
    officers.map(|officer| officer.id)
}

fn addresses(directory: &Directory) -> impl Iterator<Item = (ActorId, &str)> {
    let staff = directory.staff().map(|person| (ActorId::Staff(person.id), &person.email));
    let officers = directory.officers().map(|officer| (ActorId::Key(officer.id), &officer.email));
    staff.chain(officers).filter_map(|(who, email)| Some((who, email.as_deref()?)))
}

/// The address of somebody, whether or not that one may act.
fn address(directory: &Directory, who: ActorId) -> Option<String> {
    match who {
        ActorId::Staff(id) => directory.staff_member(id)?.email.clone(),
        ActorId::Key(key) => directory.officer(key)?.email.clone(),
        ActorId::Partner(_) | ActorId::System => None,
    }
}

/// The address for a job: of now, or as the directory stood after a change of long ago.
///
/// # Errors
/// When the store cannot be read.
pub async fn address_for(
    node: &Node,
    who: ActorId,
    as_of: Option<u64>,
) -> Result<Option<String>, Error> {
    match as_of {
        None => Ok(address(&node.directory(), who)),
        Some(seq) => Ok(address(&node.directory_as_of(seq).await?, who)),
    }
}

fn mail(to: ActorId, as_of: Option<u64>, urgency: Urgency, key: String) -> NewJob {
    let task = Task::Access { to, as_of, urgency };
    NewJob { key: Some(key), ..new_job(RequestId(Uuid::nil()), &task, ATTEMPTS_MAX) }
}

fn reminder(holder: ActorId, due: Timestamp, at: Timestamp) -> NewJob {
    let key = Some(format!("remind:{holder}:{due}"));
    let task = Task::Remind { holder, due };
    let job = new_job(RequestId(Uuid::nil()), &task, OWN_ATTEMPTS_MAX);
    NewJob { key, run_at: Some(at), ..job }
}

/// When an attestation is next told to run out.
fn attestation_reminder(due: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let before = |days: &i64| due.checked_sub(SignedDuration::from_hours(24 * days)).ok();
    ATTESTATION_DAYS.iter().filter_map(before).find(|at| *at > now)
}

/// When an unused link is told to run out.
fn link_reminder(until: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let at = until.checked_sub(SignedDuration::from_hours(LINK_HOURS)).ok();
    at.filter(|at| *at > now)
}

/// Tells that an attestation or an unused link runs out, if it still does.
///
/// # Errors
/// When the store takes no acts; tried again later.
pub async fn remind(node: &Node, holder: ActorId, due: Timestamp, job: &Job) -> Result<(), Error> {
    let (directory, now) = (node.directory(), node.now());
    let link = directory.invitation_of(holder, now).filter(|link| link.until == due);
    let officer = match holder {
        ActorId::Key(key) => directory.officer(key),
        _ => None,
    };
    let expiring = officer.filter(|officer| {
        officer.attest_before() == Some(due) && officer.state(now) == OfficerState::Admitted
    });
    let mut people = BTreeSet::new();
    if link.is_some() || expiring.is_some() {
        people.insert(holder);
        let agency = officer.map(|officer| officer.agency);
        let above = agency.into_iter().flat_map(|agency| supervisors(&directory, agency));
        people.extend(above.map(ActorId::Key));
        people.extend(link.map(|link| link.by));
    }
    let mails = people.into_iter().take(MAILS_OF_A_CHANGE_MAX).map(|who| {
        mail(who, None, Urgency::Ordinary, format!("reminder:{who}:{holder}:{due}:{now}"))
    });
    let mails: Vec<NewJob> = mails.filter(|_| node.notices.mail.is_some()).collect();
    // The key of this very job is still taken, so that the next reminder has one of its own.
    let again = expiring.and_then(|_| attestation_reminder(due, now)).map(|at| {
        let next = reminder(holder, due, at);
        NewJob { key: Some(format!("remind:{holder}:{due}:{at}")), ..next }
    });
    append(node, mails.into_iter().chain(again).collect(), Some(job)).await
}

/// Makes the reminders of everybody known, for a node that sends mails for the first time. What is
/// there already stays as it is.
///
/// # Errors
/// When the store takes no acts.
pub async fn make_reminders(node: &Node) -> Result<(), Error> {
    if node.notices.mail.is_none() {
        return Ok(());
    }
    let (directory, now) = (node.directory(), node.now());
    let jobs = directory.officers().filter_map(|officer| {
        let due =
            officer.attest_before().filter(|_| officer.state(now) == OfficerState::Admitted)?;
        // Later reminders have keys of their own; one that was sent is not made again.
        let first = due.checked_sub(SignedDuration::from_hours(24 * ATTESTATION_DAYS[0])).ok()?;
        (first > now).then(|| reminder(ActorId::Key(officer.id), due, first))
    });
    let jobs: Vec<NewJob> = jobs.collect();
    for some in jobs.chunks(JOBS_AT_ONCE_MAX) {
        append(node, some.to_vec(), None).await?;
    }
    Ok(())
}

/// Tells somebody of a log-in from a network that nobody has seen this person come from.
///
/// # Errors
/// When the store takes no acts.
pub async fn tell_of_new_place(node: &Node, who: ActorId) -> Result<(), Error> {
    if node.notices.mail.is_none() {
        return Ok(());
    }
    let key = format!("access:{who}:place:{}", node.now());
    append(node, vec![mail(who, None, Urgency::Access, key)], None).await
}

/// The jobs that tell people and machines of an alarm.
pub(crate) fn alarm_jobs(node: &Node, alarm: Uuid) -> Vec<NewJob> {
    let (directory, now) = (node.directory(), node.now());
    let named: BTreeSet<StaffId> = node.config.alarm.people.iter().copied().map(StaffId).collect();
    let is_meant = |person: &&directory::Staff| {
        let watches = [Role::Administrator, Role::Auditor];
        let by_role = watches.iter().any(|role| person.roles.contains(role));
        if named.is_empty() { by_role } else { named.contains(&person.id) }
    };
    let people = directory.staff().filter(is_meant).filter(|person| person.email.is_some());
    let people = people.filter(|_| node.notices.mail.is_some());
    let mails = people.take(MAILS_OF_A_CHANGE_MAX).map(|person| {
        let to = ActorId::Staff(person.id);
        let task = Task::Mail { to, urgency: Urgency::Now };
        let job = new_job(RequestId(Uuid::nil()), &task, ATTEMPTS_MAX);
        NewJob { key: Some(format!("mail-now:{to}")), ..job }
    });
    let wanting = node.notices.webhooks.iter().filter(|endpoint| endpoint.wants(ALARM_RAISED));
    let posts = wanting.map(|endpoint| {
        let id = webhook::message_id(RequestId(alarm), 0, ALARM_RAISED);
        let (endpoint, event) = (endpoint.name.clone(), ALARM_RAISED.to_owned());
        let key = Some(format!("webhook:{endpoint}:{id}"));
        let task = Task::Webhook { endpoint, id, event, at: now };
        NewJob { key, ..new_job(RequestId(alarm), &task, ATTEMPTS_MAX) }
    });
    mails.chain(posts).collect()
}

impl Node {
    /// The directory as it stood after so many changes.
    async fn directory_as_of(&self, seq: u64) -> Result<Directory, Error> {
        let (mut directory, mut after) = (Directory::default(), 0);
        // It grows without end.
        while after < seq {
            let (reader, rows_max) = (self.store.reader(), store::limits::PAGE_ROWS_MAX);
            let page = reader.load_page(directory::STREAM, after, rows_max).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in page.iter().take_while(|event| event.seq <= seq) {
                let change = serde_json::from_str(&event.event_json)
                    .with_context(|| format!("directory event {}", event.seq))?;
                let payload = crate::app::payload_of(event)?.unwrap_or_default();
                directory.apply(&change, &payload, event.at);
            }
        }
        Ok(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::ChangePayload;

    const UNA: StaffId = StaffId(Uuid::from_u128(1));

    fn with_address(email: &str) -> Directory {
        let mut directory = Directory::default();
        let by = ActorId::System;
        let change = Change::StaffAdded {
            staff: UNA,
            roles: vec![Role::Verifier],
            certificate_sha256: None,
            by,
        };
        let email = (!email.is_empty()).then(|| email.to_owned());
        let said = ChangePayload { email, ..ChangePayload::default() };
        directory.apply(&change, &said, Timestamp::UNIX_EPOCH);
        directory
    }

    fn check(before: &str, after: &str, expected: &[bool]) {
        let who = ActorId::Staff(UNA);
        let change = Change::Named { holder: who, by: who };
        let told = told(&with_address(before), &with_address(after), &change);
        let told: Vec<bool> = told.iter().map(|one| one.at_old_address).collect();
        assert_eq!(told, expected, "{before:?} to {after:?}");
    }

    /// Whatever change it is by which an address becomes another.
    #[test]
    fn an_address_that_changes_is_told_at_both() {
        check("una@old.example", "una@new.example", &[false, true]);
        check("una@old.example", "", &[true]);
        check("una@old.example", "una@old.example", &[]);
        check("", "una@new.example", &[]);
    }
}
