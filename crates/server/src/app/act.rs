//! One act and what became of it, as plain values. Knows no rule and no store.

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::Context as _;
use desk::ids::RequestId;
use desk::request::{Command, Event};
use serde_json::Value;
use store::{Appended, JobId, JobLease, NewBlob, SeenTransaction, Verdict};

use super::Folded;
use crate::error::Error;
use crate::fraud::papers::Papers;

/// One act upon one request, with everything that is stored with it.
pub struct Act {
    /// The request.
    pub request: RequestId,
    /// What is to be done.
    pub command: Command,
    /// For a new request: the rule pack that its message names; else its agency's.
    pub regime: Option<String>,
    /// The personal part, stored with the first event.
    pub payload: Option<Value>,
    /// Blobs that the events or the payload name.
    pub blobs: Vec<NewBlob>,
    /// The dead job that this act decides about.
    pub decides: Option<(JobId, Verdict)>,
    /// The job this act completes.
    pub completes: Option<JobLease>,
    /// Identifiers of the agency that this act uses up: its message's, its objects'.
    pub seen: Vec<SeenTransaction>,
    /// The address at the other end of the connection it came by; of acts by keys alone.
    pub connection: Option<IpAddr>,
    /// What was seen in the files that came with it.
    pub(super) papers: Papers,
    /// What an officer's passkey approved; only `intake` can say that it did.
    pub(super) approved: Option<evidence::verify::Approved>,
}

impl Act {
    /// An act with nothing beside the command.
    #[must_use]
    pub fn new(request: RequestId, command: Command) -> Self {
        Self {
            request,
            command,
            regime: None,
            payload: None,
            blobs: Vec::new(),
            decides: None,
            completes: None,
            seen: Vec::new(),
            connection: None,
            papers: Papers::default(),
            approved: None,
        }
    }

    /// The same act with a personal part.
    ///
    /// # Errors
    /// When the payload cannot be written as JSON.
    pub fn with(mut self, payload: &impl serde::Serialize) -> Result<Self, Error> {
        let value = serde_json::to_value(payload).context("a payload could not be written")?;
        self.payload = Some(value);
        Ok(self)
    }

    /// The same act, which came from this address.
    #[must_use]
    pub fn from_address(mut self, address: Option<IpAddr>) -> Self {
        self.connection = address;
        self
    }

    /// Where an order came from, as the personal part of the look at it (`assessed`): it is erased
    /// with the order, and whoever is given the order's own record does not see it.
    pub(super) fn connection_note(&self) -> Option<Value> {
        let is_order =
            matches!(self.command, Command::Receive { .. } | Command::ProvideInformation { .. });
        let address = self.connection.filter(|_| is_order && self.payload.is_some())?;
        Some(serde_json::json!({ crate::payload::CONNECTION: address.to_canonical().to_string() }))
    }

    /// The same act, which also ends the job it was done for.
    #[must_use]
    pub fn completing(mut self, lease: JobLease) -> Self {
        self.completes = Some(lease);
        self
    }
}

/// An act that was done: its events are on disk.
#[derive(Clone, Debug)]
pub struct Done {
    /// The request after it.
    pub folded: Arc<Folded>,
    /// What happened.
    pub events: Vec<Event>,
    /// Places in the log.
    pub appended: Appended,
}
