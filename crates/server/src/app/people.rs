//! The directory's place in the log: read at the start, changed by events of its own stream.

use std::sync::Arc;

use anyhow::Context as _;
use desk::ids::{ActorId, RequestId, StaffId};
use desk::policy::{Action, Actor, Facts, Role, permit};
use sha2::{Digest as _, Sha256};
use store::{Append, ExpectedSeq, JobLease, NewEvent, NewJob, Store, StoredEvent};

use super::{Node, payload_of};
use crate::directory::{self, Change, ChangePayload, Directory, EnrolledPasskey};
use crate::error::Error;
use crate::notice;
use crate::wrong::Wrong;

/// A one-time link opens something for so long, in hours.
const INVITATION_HOURS: i64 = 24;

impl Node {
    /// Changes the directory, as an event of its own stream.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right, or about officers of another agency;
    /// [`Error::Input`] when the directory's own rules say no.
    pub async fn change_directory(
        &self,
        actor: &Actor,
        change: &Change,
        payload: &ChangePayload,
    ) -> Result<(), Error> {
        let action = action_of(change).ok_or(Error::Hidden)?;
        permit(actor, action, &Facts::default()).ok_or(Error::Hidden)?;
        if actor.agency.is_some() && actor.agency != self.directory().agency_about(change) {
            return Err(Error::Hidden);
        }
        if matches!(change, Change::KeyCleared { .. }) && payload.reason.trim().is_empty() {
            return Err(Error::wrong("reason", Wrong::MarkWithoutReason));
        }
        if matches!(change, Change::DeskKeyTrusted { .. }) && payload.reason.trim().is_empty() {
            let fix = "say with whom at the other desk you compared it, and how you reached them";
            return Err(Error::input("reason", "a key is not trusted without one", fix));
        }
        self.record_change(change, payload, None).await
    }

    /// Watches the key that sent a request, as the job of a decoy that was named.
    ///
    /// # Errors
    /// When the store takes no acts; the job tries again.
    pub(crate) async fn watch_sender(
        &self,
        request: RequestId,
        lease: JobLease,
    ) -> Result<(), Error> {
        let key = self.folded(request).await?.request.key;
        let unmarked = key.filter(|key| self.directory().mark(*key).is_none());
        let Some(key) = unmarked else {
            // Paper has no key, and a mark that is there binds as much or more.
            self.store.complete_job(lease).await?;
            return Ok(());
        };
        let system = Actor::system();
        let facts = Facts { request: Some(request), ..Facts::default() };
        permit(&system, Action::WatchKey, &facts).ok_or(Error::Hidden)?;
        let change = Change::KeyWatched { key, request, by: system.id };
        self.record_change(&change, &ChangePayload::default(), Some(lease)).await
    }

    /// Enrols a passkey by a one-time link: the secret in the link is the right to do it.
    ///
    /// # Errors
    /// [`Error::Input`] when the link opens nothing or the passkey is known.
    pub async fn enrol_passkey(
        &self,
        token: &str,
        name: Option<&str>,
        passkey: EnrolledPasskey,
    ) -> Result<ActorId, Error> {
        let token_sha256 = sha256_hex(token.as_bytes());
        let directory = self.directory();
        let invitation = directory.invitation(&token_sha256, self.now());
        let holder = invitation.map(|invited| invited.holder).ok_or_else(no_invitation)?;
        let credential_sha256 = sha256_hex(passkey.credential_id.as_bytes());
        let change =
            Change::PasskeyEnrolled { holder, credential_sha256, token_sha256, by: holder };
        let payload = ChangePayload { passkey: Some(passkey), ..ChangePayload::default() };
        self.record_change(&change, &payload, None).await?;
        if let Some(name) = name {
            let payload = ChangePayload { name: name.to_owned(), ..ChangePayload::default() };
            self.record_change(&Change::Named { holder, by: holder }, &payload, None).await?;
        }
        Ok(holder)
    }

    /// Makes a one-time link for somebody known; returns the secret that goes into it. It is kept
    /// nowhere: the log has its digest.
    ///
    /// # Errors
    /// As [`Node::change_directory`].
    pub async fn invite(&self, actor: &Actor, holder: ActorId) -> Result<String, Error> {
        let token = hex::encode(crate::random_bytes::<32>()?);
        let hours = jiff::SignedDuration::from_hours(INVITATION_HOURS);
        let until = self.now().checked_add(hours).context("the end of an invitation")?;
        let token_sha256 = sha256_hex(token.as_bytes());
        let change = Change::Invited { holder, token_sha256, until, by: actor.id };
        self.change_directory(actor, &change, &ChangePayload::default()).await?;
        Ok(token)
    }

    /// Makes the link for the first administrator, as long as no administrator has a passkey. The
    /// person behind it has no name until the link is used; an earlier link opens nothing any more.
    ///
    /// # Errors
    /// When the store takes no acts.
    pub async fn invite_first_administrator(&self) -> Result<Option<String>, Error> {
        let console = directory::console();
        let known = self.directory();
        if known.has_administrator() {
            return Ok(None);
        }
        let is_nameless = |person: &&directory::Staff| {
            person.name.is_empty() && person.roles.contains(&Role::Administrator)
        };
        let staff = match known.staff().find(is_nameless) {
            Some(person) => person.id,
            None => {
                let staff = StaffId(crate::random_id()?);
                let roles = vec![Role::Administrator];
                let by = console.id;
                let change = Change::StaffAdded { staff, roles, certificate_sha256: None, by };
                self.change_directory(&console, &change, &ChangePayload::default()).await?;
                staff
            }
        };
        self.invite(&console, ActorId::Staff(staff)).await.map(Some)
    }

    pub(super) async fn record_change(
        &self,
        change: &Change,
        payload: &ChangePayload,
        completes: Option<JobLease>,
    ) -> Result<(), Error> {
        self.record_change_with(change, payload, completes, None).await
    }

    /// Records a change, and a job with it in the same transaction.
    pub(super) async fn record_change_with(
        &self,
        change: &Change,
        payload: &ChangePayload,
        completes: Option<JobLease>,
        job: Option<NewJob>,
    ) -> Result<(), Error> {
        let before = self.directory();
        if let Some(fault) = before.fault(change, self.now()) {
            return Err(Error::refused_change(fault));
        }
        let event_json = serde_json::to_string(change).context("directory change")?;
        let payload_json = serde_json::to_string(payload).context("directory payload")?;
        let event = NewEvent::new(event_json, Some(payload_json));
        let mut next = (*before).clone();
        next.apply(change, payload, self.now());
        let mut jobs = match &self.notices.mail {
            Some(_) => notice::jobs_of_change(&before, &next, change, self.now()),
            None => Vec::new(),
        };
        jobs.extend(job);
        let appended = self
            .store
            .append(Append {
                jobs,
                completes,
                ..Append::events(directory::STREAM, ExpectedSeq::Exactly(before.seq), vec![event])
            })
            .await?;
        let mut next = (*before).clone();
        next.apply(change, payload, appended.at);
        match self.directory.write() {
            Ok(mut directory) => *directory = Arc::new(next),
            Err(poisoned) => *poisoned.into_inner() = Arc::new(next),
        }
        self.drop_drafts_of_stopped(change).await;
        Ok(())
    }
}

/// The right that a change needs; `None` for what no right gives, only the secret of a link
/// (`Node::enrol_passkey`) or being that person (`Node::propose_address`).
const fn action_of(change: &Change) -> Option<Action> {
    Some(match change {
        Change::StaffAdded { .. }
        | Change::StaffRolesChanged { .. }
        | Change::StaffRemoved { .. }
        | Change::MailChanged { holder: ActorId::Staff(_), .. }
        | Change::Invited { holder: ActorId::Staff(_), .. }
        | Change::Named { holder: ActorId::Staff(_), .. } => Action::ManageStaff,
        Change::AgencyAdded { .. } => Action::ManageAgencies,
        Change::KeyMarked { .. } => Action::MarkKey,
        Change::KeyWatched { .. } => Action::WatchKey,
        Change::MarksImported { .. }
        | Change::DeskKeyTrusted { .. }
        | Change::MarksExported { .. } => Action::ShareMarks,
        Change::KeyCleared { .. } => Action::ClearKey,
        Change::OfficerProposed { .. }
        | Change::OfficerAttested { .. }
        | Change::Invited { .. }
        | Change::MailChanged { .. }
        | Change::Named { .. } => Action::ManageOfficers,
        Change::CallBackRecorded { .. } | Change::OfficerAdmitted { .. } => Action::AdmitOfficer,
        Change::OfficerStopped { .. }
        | Change::AgencyStopped { .. }
        | Change::PasskeyRemoved { .. } => Action::StopKeys,
        Change::OfficerResumed { .. } | Change::AgencyResumed { .. } => Action::ResumeKeys,
        Change::PasskeyEnrolled { .. } | Change::MailProposed { .. } => return None,
    })
}

fn no_invitation() -> Error {
    Error::refused_change(directory::Fault::NoInvitation)
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Everyone known, folded from the stream.
pub(super) async fn read_directory(store: &Store) -> anyhow::Result<Directory> {
    let mut directory = Directory::default();
    let mut after = 0;
    loop {
        let page = directory_page(store, after).await?;
        let Some(last) = page.last() else { return Ok(directory) };
        after = last.seq;
        for event in &page {
            let change: Change = serde_json::from_str(&event.event_json)
                .with_context(|| format!("directory event {}", event.seq))?;
            let payload: ChangePayload = payload_of(event)?.unwrap_or_default();
            directory.apply(&change, &payload, event.at);
        }
    }
}

/// The next changes of the directory, which grows without end.
pub(super) async fn directory_page(store: &Store, after: u64) -> Result<Vec<StoredEvent>, Error> {
    let reader = store.reader();
    Ok(reader.load_page(directory::STREAM, after, store::limits::PAGE_ROWS_MAX).await?)
}
