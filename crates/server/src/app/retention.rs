//! Personal data whose time is over: payloads, words, blobs. Hashes, events and proofs stay.
//!
//! The period is the rule pack's, or that of `[retention]` in comity.toml, which then stands on the
//! record of the request (`desk::request::erasure_due`). First everything is erased, in one
//! transaction, then the event says so; whoever is interrupted between the two does it again. A
//! blob that something else names as well stays until that one's time.

use desk::ids::RequestId;
use desk::pack::RulePack;
use desk::policy::{Action, Actor, Facts, permit};
use desk::request::Command;
use jiff::{SignedDuration, Timestamp};
use store::{Overwritten, ViewQuery};

use super::{Act, Node};
use crate::error::Error;
use crate::view;

/// Requests that one call erases; the next call goes on.
pub const ERASED_REQUESTS_MAX: usize = 200;

/// A file in the folder of blobs that belongs to none is removed when it is so old, in hours.
pub const STRAY_FILE_HOURS_MIN: i64 = 24;

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    /// Requests.
    pub requests: u64,
    /// Payloads of their events.
    pub payloads: u64,
    /// Files and tables.
    pub blobs: u64,
    /// Files that belonged to nothing: what an erasure left that an earlier release began.
    pub stray_files: u64,
    /// True when the engine still holds bytes that only [`store::Store::overwrite_erased`]
    /// overwrites.
    pub needs_overwriting: bool,
}

impl Erased {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            payloads: self.payloads + other.payloads,
            blobs: self.blobs + other.blobs,
            stray_files: self.stray_files + other.stray_files,
            needs_overwriting: self.needs_overwriting || other.needs_overwriting,
        }
    }
}

impl Node {
    /// Requests whose personal data may be kept no longer, those longest over first.
    ///
    /// # Errors
    /// When the list cannot be read. A request that cannot be read is left out and told.
    pub async fn requests_to_erase(&self) -> Result<Vec<RequestId>, Error> {
        // The row's time is the last moment at which it may be kept. An emergency that still owes
        // something has ended too, and is still shown as open.
        let now = self.now();
        let mut ids = Vec::new();
        for state in [view::CLOSED, view::URGENT, view::OPEN] {
            for row in self.store.reader().views_due(state, now, ERASED_REQUESTS_MAX).await? {
                let id = RequestId(row.stream);
                match self.folded(id).await {
                    Ok(folded) if view::erasure(&folded.request).is_some_and(|due| due <= now) => {
                        ids.push(id);
                    }
                    Ok(_) => {}
                    Err(error) => tracing::warn!("Request {id} could not be read: {error}"),
                }
            }
        }
        Ok(ids)
    }

    /// The days of `[retention]` for a rule pack, where they are not its own.
    pub(super) fn retention_of(&self, pack: &RulePack) -> Option<u16> {
        let set = self.config.retention.get(&pack.reference.id)?;
        Some(set.days_after_end).filter(|days| *days != pack.retention.days_after_end)
    }

    /// Gives every request that is kept the time that `[retention]` says, each change on its own
    /// record; says how many changed. Requests that come in have it from the start. One that cannot
    /// be changed is told and left as it is.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn apply_retention(&self) -> Result<u64, Error> {
        let mut changed = 0;
        let mut query = ViewQuery { rows_max: ERASED_REQUESTS_MAX, ..ViewQuery::default() };
        loop {
            let rows = self.store.reader().views(&query).await?;
            let Some(last) = rows.last() else { return Ok(changed) };
            query.after = Some(last.cursor);
            for row in &rows {
                let request = &self.folded(RequestId(row.stream)).await?.request;
                let judged_by = request.pack.as_ref().map(|pack| pack.id.as_str());
                let Some(pack) = judged_by.and_then(desk::pack::embedded) else { continue };
                let days = self.retention_of(pack);
                if request.erased_at.is_some() || request.retention_days == days {
                    continue;
                }
                let act = Act::new(RequestId(row.stream), Command::SetRetention { days });
                match self.act(&Actor::system(), act).await {
                    Ok(_) => changed += 1,
                    Err(error) => {
                        let id = row.stream;
                        tracing::warn!("Request {id} keeps its retention: {error}");
                    }
                }
            }
        }
    }

    /// Erases the personal data of one request, as its rule pack wants. The act is the system's
    /// own: no person decides on it.
    ///
    /// # Errors
    /// [`Error::Refused`] before its time.
    pub async fn erase_request(&self, id: RequestId) -> Result<Erased, Error> {
        let system = Actor::system();
        let act = || Act::new(id, Command::Erase);
        // Judged as it stands on the disk; whatever comes after that is not erased with it.
        self.folded.remove(&id);
        let folded = self.folded(id).await?;
        let facts = Facts::of(&folded.request, self.standing(&folded.request, &system));
        permit(&system, Action::ErasePayload, &facts).ok_or(Error::Hidden)?;
        self.trial(&system, &act()).await?;
        let erased = self.store.erase_stream(id.0, folded.seq).await?;
        self.cases.forget(id);
        self.act(&system, act()).await?;
        let needs_overwriting = erased.overwritten != Overwritten::Yes;
        let (payloads, blobs) = (erased.payloads, erased.blobs);
        Ok(Erased { requests: 1, payloads, blobs, stray_files: 0, needs_overwriting })
    }

    /// Names of the files that belong to nothing and are old enough to be removed.
    ///
    /// # Errors
    /// When the folder or the store cannot be read.
    pub async fn stray_files(&self) -> Result<Vec<String>, Error> {
        Ok(self.store.reader().stray_files(self.stray_before()).await?)
    }

    /// Removes the files that belong to nothing.
    ///
    /// # Errors
    /// As [`Node::stray_files`], and when one cannot be removed.
    pub async fn remove_stray_files(&self) -> Result<Erased, Error> {
        let mut all = Erased::default();
        loop {
            let removed = self.store.remove_stray_files(self.stray_before()).await?;
            if removed == 0 {
                return Ok(all);
            }
            all.stray_files += removed;
        }
    }

    fn stray_before(&self) -> Timestamp {
        let age = SignedDuration::from_hours(STRAY_FILE_HOURS_MIN);
        self.now().checked_sub(age).unwrap_or(Timestamp::MIN)
    }

    /// Erases what is due. A request whose turn fails is told and tried again with the next call.
    ///
    /// # Errors
    /// When what is due cannot be listed.
    pub async fn erase_due(&self) -> Result<Erased, Error> {
        let mut all = Erased::default();
        for id in self.requests_to_erase().await? {
            match self.erase_request(id).await {
                Ok(one) => all = all.and(one),
                Err(error) => tracing::warn!("Request {id} could not be erased: {error}"),
            }
        }
        Ok(all)
    }
}
