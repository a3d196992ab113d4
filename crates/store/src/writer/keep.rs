//! Keeps each group's checkpoint beside the key, publishes it, and gives the answers. A thread of
//! its own, so that its sync runs beside the next group's commit; several groups that wait are
//! kept with one write of the newest. Knows no SQL.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinHandle;

use super::Reply;
use crate::config::{Published, WriterState};
use crate::error::{AppendError, CommitOutcome, DbError};
use crate::faults::{Faults, Point};
use crate::kept::KeptFile;

/// Groups that may be committed but not yet acknowledged.
const GROUPS_UNKEPT_MAX: usize = 16;

/// A committed group.
pub(super) struct Committed {
    pub published: Arc<Published>,
    pub replies: Vec<Reply>,
    /// Acts that are stored but whose commit reported a failure: told when it is published.
    pub refused: Vec<(Reply, AppendError)>,
    /// Room in the queue, given back with the answers.
    pub _permits: Vec<OwnedSemaphorePermit>,
}

/// The writer's end of the thread.
pub(crate) struct Keeper {
    groups: mpsc::Sender<Committed>,
    thread: JoinHandle<()>,
}

struct Thread {
    kept: Option<KeptFile>,
    publish: Arc<watch::Sender<Arc<Published>>>,
    state: Arc<watch::Sender<WriterState>>,
    faults: Faults,
}

impl Keeper {
    pub fn start(
        kept: Option<KeptFile>,
        publish: Arc<watch::Sender<Arc<Published>>>,
        state: Arc<watch::Sender<WriterState>>,
        faults: Faults,
    ) -> Keeper {
        let (groups, waiting) = mpsc::channel(GROUPS_UNKEPT_MAX);
        let thread = Thread { kept, publish, state, faults };
        Keeper { groups, thread: tokio::task::spawn_blocking(move || thread.run(waiting)) }
    }

    pub(super) async fn take(&self, group: Committed) {
        if let Err(refused) = self.groups.send(group).await {
            // The thread ended early: it must have panicked. What is stored is not published.
            let error = AppendError::Stopped { reason: "checkpoints cannot be kept".into() };
            refused.0.replies.into_iter().for_each(|reply| reply.refuse(error.clone()));
        }
    }

    pub async fn finish(self) {
        drop(self.groups);
        if self.thread.await.is_err() {
            tracing::error!("The thread that keeps checkpoints has failed");
        }
    }
}

impl Thread {
    fn run(mut self, mut waiting: mpsc::Receiver<Committed>) {
        let mut failure: Option<DbError> = None;
        while let Some(first) = waiting.blocking_recv() {
            let mut newest = Arc::clone(&first.published);
            let mut groups = vec![first];
            while groups.len() < GROUPS_UNKEPT_MAX {
                let Ok(next) = waiting.try_recv() else { break };
                newest = Arc::clone(&next.published);
                groups.push(next);
            }
            if failure.is_none()
                && let Err(error) = self.keep_and_publish(newest)
            {
                self.stop(&error);
                failure = Some(error);
            }
            for group in &mut groups {
                for (reply, error) in group.refused.drain(..) {
                    reply.refuse(error);
                }
            }
            for reply in groups.into_iter().flat_map(|group| group.replies) {
                match &failure {
                    None => reply.give(),
                    Some(source) => reply.refuse(AppendError::Commit {
                        outcome: CommitOutcome::Stored,
                        source: source.clone(),
                    }),
                }
            }
        }
    }

    fn keep_and_publish(&mut self, newest: Arc<Published>) -> Result<(), DbError> {
        if self.publish.borrow().size == newest.size {
            return Ok(()); // these groups had no event
        }
        if let Some(kept) = &mut self.kept {
            let fault = self.faults.at(Point::Kept);
            fault.before()?;
            let written = kept.write(&newest.note);
            written.map_err(|error| {
                crate::db::failed("keeping the checkpoint beside the key")(sqlx::Error::Io(error))
            })?;
            fault.after()?;
        }
        self.publish.send_replace(newest);
        Ok(())
    }

    /// A checkpoint that is not kept must not be given out, so nothing can be acknowledged.
    fn stop(&self, error: &DbError) {
        tracing::error!(%error, "The newest checkpoint cannot be kept; no more acts are taken");
        let reason = format!("the newest checkpoint cannot be kept beside the key: {error}").into();
        self.state.send_replace(WriterState::Stopped { error: AppendError::Stopped { reason } });
    }
}
