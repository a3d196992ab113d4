//! Publishing a report: one person proposes it, another publishes it, and from then on anybody may
//! read it. Knows no page.
//!
//! What was published cannot be taken back. What nobody outside has can be withdrawn, and then its
//! requests may be counted by another report.

use desk::policy::{Action, Actor, Facts, permit};
use desk::transparency::{Report, Scope};
use store::Reader;

use super::{Entry, Made, PublicationState, append, made, read_text};
use crate::app::Node;
use crate::error::Error;

/// What a person does with a report that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Propose to publish it.
    Propose,
    /// Publish what another person proposed.
    Publish,
    /// Withdraw it: nobody outside has it, and nobody gets it from now on.
    Withdraw,
}

impl Node {
    /// Takes a step with a report, on the record.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right, [`Error::Input`] for a step that cannot follow.
    pub async fn step_report(&self, actor: &Actor, sha256: &str, step: Step) -> Result<(), Error> {
        permit(actor, Action::PublishReport, &Facts::default()).ok_or(Error::Hidden)?;
        let all = made(self.store.reader()).await?;
        let known = all.reports.iter().find(|made| made.recorded.json_sha256 == sha256);
        let known = known.ok_or(Error::Hidden)?;
        let (json_sha256, by) = (sha256.to_owned(), actor.id);
        let entry = match (step, known.state) {
            (Step::Propose, PublicationState::Made) => Entry::Proposed { json_sha256, by },
            (Step::Publish, PublicationState::Proposed { by: first }) if first != by => {
                Entry::Published { json_sha256, by }
            }
            (Step::Withdraw, PublicationState::Made | PublicationState::Proposed { .. })
                if known.recorded.by == by =>
            {
                // Whoever makes and withdraws alone can subtract one report from the next.
                let why = "you made this report";
                return Err(Error::input("report", why, "another person withdraws it"));
            }
            (Step::Withdraw, PublicationState::Made | PublicationState::Proposed { .. }) => {
                Entry::Withdrawn { json_sha256, by }
            }
            (Step::Publish, PublicationState::Proposed { .. }) => {
                let why = "you proposed to publish this report";
                return Err(Error::input("report", why, "another person publishes it"));
            }
            (_, state) => {
                let why = format!("this report is {} already", state.word());
                return Err(Error::input("report", why, "look at the list again"));
            }
        };
        append(&self.store, all.events, &entry, Vec::new()).await?;
        Ok(())
    }

    /// The published reports, newest first, for anybody.
    ///
    /// # Errors
    /// [`Error::Hidden`] when this node publishes nothing.
    pub async fn published_reports(&self) -> Result<Vec<Made>, Error> {
        if !self.config.transparency.public {
            return Err(Error::Hidden);
        }
        let mut reports = made(self.store.reader()).await?.reports;
        reports.retain(|made| matches!(made.state, PublicationState::Published { .. }));
        Ok(reports)
    }

    /// One published report, for anybody.
    ///
    /// # Errors
    /// [`Error::Hidden`] when there is none of that name, or this node publishes nothing.
    pub async fn published_report(&self, sha256: &str) -> Result<(Made, Report), Error> {
        let all = self.published_reports().await?;
        let made = all.into_iter().find(|made| made.recorded.json_sha256 == sha256);
        let made = made.ok_or(Error::Hidden)?;
        let report = read_text(self.store.reader(), &made).await?;
        Ok((made, report))
    }

    /// The tlog policy that trusts this node's log, for whoever checks a proof.
    ///
    /// # Errors
    /// [`Error::Hidden`] when this node publishes nothing.
    pub async fn public_policy(&self) -> Result<String, Error> {
        let keys = self.config.path(&self.config.node.keys);
        let path = keys.join(crate::keys::file::LOG_POLICY);
        let text = tokio::fs::read_to_string(&path).await;
        text.ok().filter(|_| self.config.transparency.public).ok_or(Error::Hidden)
    }

    /// What proves a published report, for anybody.
    ///
    /// # Errors
    /// As [`Node::published_report`].
    pub async fn published_proof(&self, made: &Made) -> Result<String, Error> {
        let is_published = matches!(made.state, PublicationState::Published { .. });
        if !is_published || !self.config.transparency.public {
            return Err(Error::Hidden);
        }
        self.proof_of(made).await
    }
}

/// The report on the record that counts some of the same requests, so that one could be subtracted
/// from the other; none when a report of this scope can be made.
///
/// # Errors
/// When the store cannot be read.
pub async fn in_the_way(reader: &Reader, scope: &Scope) -> Result<Option<Made>, Error> {
    Ok(made(reader).await?.in_the_way(scope).cloned())
}
