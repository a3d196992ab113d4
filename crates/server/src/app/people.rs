//! The directory's place in the log: read at the start, changed by events of its own stream.

use std::sync::Arc;

use anyhow::Context as _;
use desk::policy::{Actor, Facts, permit};
use store::{Append, ExpectedSeq, NewEvent, Store};

use super::{Node, payload_of};
use crate::directory::{self, Change, ChangePayload, Directory};
use crate::error::Error;

impl Node {
    /// Changes the directory, as an event of its own stream.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to manage staff or agencies.
    pub async fn change_directory(
        &self,
        actor: &Actor,
        change: &Change,
        payload: &ChangePayload,
    ) -> Result<(), Error> {
        let action = match change {
            Change::StaffAdded { .. } | Change::StaffRemoved { .. } => {
                desk::policy::Action::ManageStaff
            }
            Change::AgencyAdded { .. } => desk::policy::Action::ManageAgencies,
            Change::KeyMarked { .. } => desk::policy::Action::MarkKey,
            Change::KeyCleared { .. } => desk::policy::Action::ClearKey,
        };
        permit(actor, action, &Facts::default()).ok_or(Error::Hidden)?;
        let expected = self.directory().seq;
        let event = NewEvent {
            event_json: serde_json::to_string(change).context("directory change")?,
            payload_json: Some(serde_json::to_string(payload).context("directory payload")?),
        };
        self.store
            .append(Append {
                stream: directory::STREAM,
                expected_seq: ExpectedSeq::Exactly(expected),
                events: vec![event],
                jobs: Vec::new(),
                completes: None,
                view: None,
                seen: Vec::new(),
                blobs: Vec::new(),
            })
            .await?;
        let mut next = (*self.directory()).clone();
        next.apply(change, payload);
        match self.directory.write() {
            Ok(mut directory) => *directory = Arc::new(next),
            Err(poisoned) => *poisoned.into_inner() = Arc::new(next),
        }
        Ok(())
    }
}

/// Everyone known, folded from the stream.
pub(super) async fn read_directory(store: &Store) -> anyhow::Result<Directory> {
    let mut directory = Directory::default();
    for event in store.reader().load(directory::STREAM).await? {
        let change: Change = serde_json::from_str(&event.event_json)
            .with_context(|| format!("directory event {}", event.seq))?;
        let payload: ChangePayload = payload_of(&event)?.unwrap_or_default();
        directory.apply(&change, &payload);
    }
    Ok(directory)
}
